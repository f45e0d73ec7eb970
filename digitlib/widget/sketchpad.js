// The sketchpad's page: the paper, ten bars, and what the network sees.
// Python reads; this file draws, sends the strokes, and shows the answer.

const SIDE = 280; // of the paper, as in pad.py
const PENS = { fine: 10, medium: 16, broad: 24 }; // width of the strokes, on the same scale
const ERASER = -32; // a negative width rubs out: the page and Python paint it in white
const STEP = 8; // of an arrow key
const PATIENCE = 5000; // milliseconds until a missing answer is worth a word
const SILENCE =
  "Python does not answer. It may be busy with another cell; " +
  "if its kernel was restarted, run this cell again.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DIGITS = [..."0123456789"];

const button = (name, text, more = "") =>
  `<button type="button" class="${name}" ${more}>${text}</button>`;

const page = (id) => `
  <div class="pad">
    <canvas class="paper" tabindex="0" role="application" aria-label="Paper to draw one digit on"
      aria-describedby="${id}-help"></canvas>
    <div class="tools">
      <div class="row">
        <div class="pens row" role="radiogroup" aria-label="Pen">${Object.entries(PENS)
          .map(
            ([name, width]) => `
          <label><input type="radio" name="${id}-pen" value="${width}"
            ${name === "medium" ? "checked" : ""}>${name}</label>`,
          )
          .join("")}
        </div>
        ${button("eraser", "Eraser", 'aria-pressed="false"')}
      </div>
      <div class="row">
        ${button("undo", "Undo")} ${button("redo", "Redo")} ${button("clear", "Clear")}
        ${button("full", "Full screen", 'aria-pressed="false"')}
      </div>
    </div>
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
    <div class="foot">
      ${button("agree", "Right – keep it")}
      <div class="row"><label>That was wrong, it is a
        <select class="label"><option value="">…</option>
          ${DIGITS.map((digit) => `<option>${digit}</option>`).join("")}</select></label>
        ${button("keep", "Keep it")}</div>
      ${button("back", "Take it back")}
      <div class="message" role="status"></div>
      <p class="help" id="${id}-help">Draw with mouse, pen or finger. By keyboard: arrow keys move
        the pen (with Shift in small steps), Space puts it down and lifts it, E changes between pen
        and eraser, Ctrl+Z undoes.</p>
    </div>
    <div class="spoken" aria-live="polite"></div>
  </div>`;

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
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    let [from] = stroke;
    let width = 0;
    for (const point of stroke) {
      if (point[2] !== width) {
        if (width) context.stroke();
        width = point[2];
        context.lineWidth = Math.abs(width); // one width per path
        context.strokeStyle = width < 0 ? "white" : "#111";
        context.beginPath();
        context.moveTo(from[0], from[1]);
      }
      context.lineTo(point[0], point[1]);
      from = point;
    }
    context.stroke();
  }
  if (!cursor) return;
  context.lineWidth = 3;
  context.strokeStyle = context.fillStyle = "#d1670f";
  context.beginPath();
  context.arc(cursor.x, cursor.y, Math.abs(cursor.width) / 2, 0, 2 * Math.PI);
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

function render({ model, el }, { past, future }) {
  const root = document.createElement("div");
  root.className = "digitlib-sketchpad";
  root.tabIndex = -1; // a click anywhere in the pad puts the focus there, for Ctrl+Z
  // The notebook's own shortcuts would take arrows, digits and Enter away from the pad.
  root.dataset.lmSuppressShortcuts = "true";
  root.innerHTML = page(`digitlib-${Math.random().toString(36).slice(2)}`);
  el.append(root);
  const part = (name) => root.querySelector(`.${name}`);
  const [paper, bars, label, message] = ["paper", "bars", "label", "message"].map(part);

  let stroke = null; // the one being drawn
  let pointer = null; // whose it is: a pointer's id, or nobody's where the keyboard draws
  let before = []; // the strokes on the paper without it
  let frame = 0;
  let patience = 0;
  let speech = 0;
  const cursor = { x: SIDE / 2, y: SIDE / 2, down: false }; // the keyboard's pen; the eraser

  const strokes = () => model.get("_paper").strokes;
  const isCurrent = () => model.get("_reading").turn === model.get("_paper").turn;
  const isEmpty = () => isCurrent() && !model.get("_reading").probabilities;
  const isOn = (name) => part(name).getAttribute("aria-pressed") === "true";
  const turn = (name, on) => part(name).setAttribute("aria-pressed", on);
  const width = () => (isOn("eraser") ? ERASER : Number(part("pens :checked").value));
  const say = (text) => (message.textContent = text);

  function paint() {
    const isShown = isOn("eraser") || paper.matches(":focus-visible");
    paintPaper(paper, strokes(), isShown && { ...cursor, width: width() });
  }

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

  function remember() {
    past.push(strokes());
    future.length = 0;
  }

  function goBack(from, to) {
    if (stroke) end();
    if (!from.length) return;
    to.push(strokes());
    change(from.pop());
  }

  const undo = () => goBack(past, future);
  const redo = () => goBack(future, past);

  function clear() {
    if (stroke) end();
    if (!strokes().length) return;
    remember();
    change([]);
  }

  const changeWithStroke = () => change([...before, [...stroke]]);

  function begin(point) {
    if (stroke) end();
    remember();
    before = strokes();
    stroke = [point];
    say("");
    changeWithStroke();
  }

  function extend(points) {
    for (const point of points) {
      const [x, y] = stroke.at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) >= 1) stroke.push(point); // the rest adds nothing
    }
    frame ||= requestAnimationFrame(changeWithStroke);
  }

  function end() {
    if (frame) changeWithStroke();
    stroke = pointer = null;
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
    showButtons();
    bars.setAttribute("aria-busy", !isCurrent());
    paint();
  }

  function showButtons() {
    const able = { undo: past.length, redo: future.length, back: model.get("_can_take_back") };
    // Disabled in name only: a button that is, and has the focus, would lose it.
    for (const [name, is] of Object.entries(able)) part(name).setAttribute("aria-disabled", !is);
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

  function keepAs(digit) {
    if (isEmpty()) return say("The paper is empty; draw a digit first.");
    if (digit === "") return say("Choose the right digit first.");
    say("");
    expectAnswer();
    model.send({ label: Number(digit), strokes: strokes() });
  }

  function agree() {
    if (!isCurrent()) return say("Wait a moment, until this has been read.");
    keepAs(part("answer").textContent);
  }

  function takeBack() {
    say("");
    expectAnswer();
    model.send({ take_back: true });
  }

  function useEraser(on) {
    turn("eraser", on);
    paint();
  }

  async function fillScreen(on) {
    turn("full", on);
    root.classList.toggle("is-full", on);
    if (!on && root.matches(":fullscreen")) document.exitFullscreen();
    root.popover = null;
    if (!on) return;
    try {
      await root.requestFullscreen();
    } catch {
      root.popover = "manual"; // refused: at least above all else in the window
      root.showPopover?.();
    }
  }

  function toPoint(event) {
    const box = paper.getBoundingClientRect();
    const press = event.pointerType === "pen" && event.pressure && !isOn("eraser");
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return [
      (x * SIDE) / box.width,
      (y * SIDE) / box.height,
      width() * (press ? 0.5 + event.pressure : 1),
    ].map((n) => Number(n.toFixed(1)));
  }

  paper.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    paper.setPointerCapture(event.pointerId);
    begin(toPoint(event));
    pointer = event.pointerId;
  });
  paper.addEventListener("pointermove", (event) => {
    if (pointer !== null && event.pointerId !== pointer) return;
    if (isOn("eraser") && !cursor.down) {
      [cursor.x, cursor.y] = toPoint(event);
      paint();
    }
    if (pointer === null) return;
    const between = event.getCoalescedEvents?.() ?? [];
    extend((between.length ? between : [event]).map(toPoint));
  });
  paper.addEventListener("lostpointercapture", (event) => event.pointerId === pointer && end());

  paper.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      if (stroke) end();
      else begin([cursor.x, cursor.y, width()]);
      cursor.down = Boolean(stroke);
      if (stroke) part("spoken").textContent = isOn("eraser") ? "Eraser down" : "Pen down";
    } else if (event.key in ARROWS) {
      const step = event.shiftKey ? STEP / 4 : STEP;
      const [x, y] = ARROWS[event.key];
      cursor.x = Math.min(SIDE, Math.max(0, cursor.x + step * x));
      cursor.y = Math.min(SIDE, Math.max(0, cursor.y + step * y));
      if (cursor.down) extend([[cursor.x, cursor.y, width()]]);
    } else if (event.key.toLowerCase() === "e") {
      useEraser(!isOn("eraser"));
      part("spoken").textContent = isOn("eraser") ? "Eraser" : "Pen";
    } else return;
    event.preventDefault();
    paint();
  });
  paper.addEventListener("focus", paint);
  paper.addEventListener("blur", () => (stroke ? end() : paint()));

  root.addEventListener("keydown", (event) => {
    if (event.key in ARROWS) event.stopPropagation(); // JupyterLab keeps them from the pens
    if (event.key === "Escape" && isOn("full")) return fillScreen(false);
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z") (event.shiftKey ? redo : undo)();
    else if (key === "y" && event.ctrlKey) redo();
    else return;
    event.preventDefault();
  });
  root.addEventListener("fullscreenchange", () => {
    if (!root.matches(":fullscreen")) fillScreen(false); // the browser has taken Escape itself
  });
  part("pens").addEventListener("click", () => useEraser(false));

  const acts = {
    undo,
    redo,
    clear,
    agree,
    keep: () => keepAs(label.value),
    back: takeBack,
    eraser: () => useEraser(!isOn("eraser")),
    full: () => fillScreen(!isOn("full")),
  };
  for (const [name, act] of Object.entries(acts)) {
    part(name).addEventListener("click", (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") act();
    });
  }

  const listeners = {
    "change:_paper": showPaper,
    "change:_reading": showReading,
    "change:_can_take_back": showButtons,
    "msg:custom": showMessage,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  const sizes = new ResizeObserver(paint);
  sizes.observe(paper);
  window.addEventListener("resize", paint); // zooming changes devicePixelRatio
  showButtons();
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

// Called once for each pad: all its views share one history, lists of strokes before and after.
export default () => {
  const history = { past: [], future: [] };
  return {
    initialize({ model }) {
      const { strokes } = model.get("_paper"); // where the page was loaded anew
      history.past = strokes.map((_, i) => strokes.slice(0, i));
    },
    render: (context) => render(context, history),
  };
};
