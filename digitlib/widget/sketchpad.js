// The sketchpad's page: the paper, ten bars, and what the network sees.
// Python reads; this file draws, sends the strokes, and shows the answer.

const SIDE = 280; // of the paper, as in sketchpad.py
const PEN = 16; // width of the strokes, on the same scale
const STEP = 8; // of an arrow key
const PATIENCE = 5000; // milliseconds until a missing answer is worth a word
const SILENCE =
  "Python does not answer. It may be busy with another cell; " +
  "if its kernel was restarted, run this cell again.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DIGITS = [..."0123456789"];

const page = (helpId) => `
  <div class="left">
    <canvas class="paper" tabindex="0" role="application" aria-label="Paper to draw one digit on"
      aria-describedby="${helpId}"></canvas>
    <button type="button" class="undo">Undo</button>
    <button type="button" class="clear">Clear</button>
    <p class="help" id="${helpId}">Draw with mouse, pen or finger. By keyboard: arrow keys move the
      pen (with Shift in small steps), Space puts it down and lifts it.</p>
  </div>
  <div class="right">
    <div class="top">
      <div><div class="answer" aria-hidden="true"></div><div class="note"></div></div>
      <figure>
        <canvas class="seen" width="28" height="28" role="img"
          aria-label="What the network sees, 28 by 28 pixels"></canvas>
        <figcaption>what the network sees</figcaption>
      </figure>
    </div>
    <div class="bars" role="group" aria-label="Probability of each digit">${DIGITS.map(
      (digit) => `
      <div class="bar" role="meter" aria-label="${digit}" aria-valuemin="0" aria-valuemax="100">
        <span>${digit}</span><span class="track"><span class="fill"></span></span>
        <span class="value"></span>
      </div>`,
    ).join("")}
    </div>
  </div>
  <div class="foot">
    <label>That was wrong, it is a <select class="label"><option value="">…</option>
      ${DIGITS.map((digit) => `<option>${digit}</option>`).join("")}</select></label>
    <button type="button" class="keep">Keep it</button>
    <div class="message" role="status"></div>
  </div>
  <div class="spoken" aria-live="polite"></div>`;

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function fillBar(bar, share, isBest) {
  bar.querySelector(".fill").style.width = `${100 * (share ?? 0)}%`;
  bar.querySelector(".value").textContent = share === null ? "" : percent(share);
  bar.classList.toggle("best", isBest);
  bar.setAttribute("aria-valuenow", (100 * (share ?? 0)).toFixed(1));
  bar.setAttribute("aria-valuetext", share === null ? "no answer" : percent(share));
}

function paintPaper(canvas, strokes, cursor) {
  const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
  context.fillStyle = "white";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "#111";
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    let [from] = stroke;
    for (const [i, point] of stroke.entries()) {
      const [x, y, width] = point;
      if (i === 0 || width !== context.lineWidth) {
        if (i > 0) context.stroke();
        context.lineWidth = width; // one width per path
        context.beginPath();
        context.moveTo(from[0], from[1]);
      }
      context.lineTo(x, y);
      from = point;
    }
    context.stroke();
  }
  if (!cursor) return;
  context.lineWidth = 3;
  context.strokeStyle = context.fillStyle = "#d1670f";
  context.beginPath();
  context.arc(cursor.x, cursor.y, PEN / 2, 0, 2 * Math.PI);
  context.stroke();
  if (cursor.down) context.fill();
}

function paintSeen(canvas, ink) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(28, 28);
  picture.data.fill(255);
  for (let i = 0; ink && i < 28 * 28; i++) {
    picture.data.fill(255 - ink.getUint8(i), 4 * i, 4 * i + 3);
  }
  context.putImageData(picture, 0, 0);
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "digitlib-sketchpad";
  // The notebook's own shortcuts would take arrows, digits and Enter away from the pad.
  root.dataset.lmSuppressShortcuts = "true";
  root.innerHTML = page(`digitlib-help-${Math.random().toString(36).slice(2)}`);
  el.append(root);
  const part = (name) => root.querySelector(`.${name}`);
  const [paper, bars, label, message] = ["paper", "bars", "label", "message"].map(part);

  let stroke = null; // the one being drawn
  let before = []; // the strokes on the paper without it
  let cleared = []; // what Undo brings back on empty paper
  let frame = 0;
  let patience = 0;
  let speech = 0;
  const cursor = { x: SIDE / 2, y: SIDE / 2, down: false }; // the keyboard's pen

  const strokes = () => model.get("_paper").strokes;
  const isCurrent = () => model.get("_reading").turn === model.get("_paper").turn;
  const say = (text) => (message.textContent = text);
  const paint = () => paintPaper(paper, strokes(), paper.matches(":focus-visible") && cursor);

  function expectAnswer() {
    clearTimeout(patience);
    patience = setTimeout(() => say(SILENCE), PATIENCE);
  }

  function change(strokes) {
    cancelAnimationFrame(frame);
    frame = 0;
    expectAnswer();
    model.set("_paper", { strokes, turn: model.get("_paper").turn + 1 });
    model.save_changes(); // one message at a time is under way; of those waiting, the newest goes
  }

  const changeWithStroke = () => change([...before, [...stroke]]);

  function begin(point) {
    if (stroke) end();
    before = strokes();
    stroke = [point];
    say("");
    changeWithStroke();
  }

  function extend(points) {
    stroke.push(...points);
    frame ||= requestAnimationFrame(changeWithStroke);
  }

  function end() {
    if (frame) changeWithStroke();
    stroke = null;
    cursor.down = false;
    paint();
    speakAnswer();
  }

  function speakAnswer() {
    clearTimeout(speech);
    // A moment's rest, so that of several answers in a row only the last is spoken.
    speech = setTimeout(() => {
      if (stroke || !isCurrent()) return;
      const { probabilities, note } = model.get("_reading");
      const best = probabilities && Math.max(...probabilities);
      const read = probabilities
        ? `Read as ${probabilities.indexOf(best)}, ${percent(best)}`
        : "The paper is empty";
      part("spoken").textContent = note ? `${read}; ${note}` : read;
    }, 300);
  }

  function showPaper() {
    bars.setAttribute("aria-busy", !isCurrent());
    paint();
  }

  function showReading() {
    const { probabilities, image, note } = model.get("_reading");
    const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    [...bars.children].forEach((bar, i) => fillBar(bar, probabilities?.[i] ?? null, i === best));
    part("answer").textContent = best < 0 ? "" : best;
    part("note").textContent = note;
    paintSeen(part("seen"), image);
    bars.setAttribute("aria-busy", !isCurrent());
    if (!isCurrent()) return;
    clearTimeout(patience);
    if (message.textContent === SILENCE) say("");
    speakAnswer();
  }

  function showMessage({ message, kept }) {
    clearTimeout(patience);
    if (kept) label.value = ""; // so that the next drawing gets no old label
    say(message);
  }

  function toPoint(event) {
    const box = paper.getBoundingClientRect();
    const width = event.pointerType === "pen" && event.pressure ? 8 + 16 * event.pressure : PEN;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return [(x * SIDE) / box.width, (y * SIDE) / box.width, width].map((n) => Number(n.toFixed(1)));
  }

  paper.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    paper.setPointerCapture(event.pointerId);
    begin(toPoint(event));
  });
  paper.addEventListener("pointermove", (event) => {
    if (!stroke || !paper.hasPointerCapture(event.pointerId)) return;
    const between = event.getCoalescedEvents?.() ?? [];
    extend((between.length ? between : [event]).map(toPoint));
  });
  paper.addEventListener("lostpointercapture", () => stroke && end());

  paper.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      if (stroke) end();
      else begin([cursor.x, cursor.y, PEN]);
      cursor.down = Boolean(stroke);
      if (stroke) part("spoken").textContent = "Pen down";
    } else if (event.key in ARROWS) {
      const step = event.shiftKey ? STEP / 4 : STEP;
      const [x, y] = ARROWS[event.key];
      cursor.x = Math.min(SIDE, Math.max(0, cursor.x + step * x));
      cursor.y = Math.min(SIDE, Math.max(0, cursor.y + step * y));
      if (stroke) extend([[cursor.x, cursor.y, PEN]]);
    } else return;
    event.preventDefault();
    paint();
  });
  paper.addEventListener("focus", paint);
  paper.addEventListener("blur", () => (stroke ? end() : paint()));

  part("undo").addEventListener("click", () => {
    change(strokes().length ? strokes().slice(0, -1) : cleared);
  });
  part("clear").addEventListener("click", () => {
    if (strokes().length) cleared = strokes();
    change([]);
  });
  part("keep").addEventListener("click", () => {
    if (!strokes().length) return say("The paper is empty; draw a digit first.");
    if (!label.value) return say("Choose the right digit first.");
    say("");
    expectAnswer();
    model.send({ label: Number(label.value), strokes: strokes() });
  });

  const listeners = {
    "change:_paper": showPaper,
    "change:_reading": showReading,
    "msg:custom": showMessage,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  const sizes = new ResizeObserver(paint);
  sizes.observe(paper);
  window.addEventListener("resize", paint); // zooming changes devicePixelRatio
  showReading();
  clearTimeout(speech); // nothing new to tell yet

  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    sizes.disconnect();
    window.removeEventListener("resize", paint);
    for (const timer of [patience, speech]) clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}

export default { render };
