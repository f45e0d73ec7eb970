"""The sketchpad as a page of its own, without Jupyter: python -m digitlib draw.

A server on the loopback address shows the very page that notebooks show, sketchpad.js, and answers
what is drawn on it. Nothing leaves the machine, and nothing is stored but what is kept.
"""

import base64
import json
import secrets
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from digitlib.widget.pad import Pad

_FOLDER = Path(__file__).parent
_MOST_BYTES = 2_000_000  # of a drawing: some hundred times what a digit takes
# What sketchpad.js asks of Jupyter's model, spoken to the server: the paper goes there, its
# reading comes back, and of papers that wait only the newest goes.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Draw a digit</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sketchpad.css">
<style>body { margin: 0; background: Canvas; } main { max-width: 60em; margin: auto; }</style>
<main id="pad"></main>
<script type="module">
import pad from "/sketchpad.js";

const { initialize, render } = pad();

const state = START;
const listeners = {};
let waiting = false;
let busy = false;

function tell(name, ...what) {
  for (const listener of listeners[name] ?? []) listener(...what);
}

function take(reading) {
  const bytes = reading.image && Uint8Array.from(atob(reading.image), (c) => c.charCodeAt(0));
  model.set("_reading", { ...reading, image: bytes && new DataView(bytes.buffer) });
}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "X-Pad": "KEY", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

async function read() {
  if (busy) return;
  busy = true;
  while (waiting) {
    waiting = false;
    await ask("/read", state._paper).then(take, () => {}); // the page itself tells of silence
  }
  busy = false;
}

const model = {
  get: (name) => state[name],
  set(name, value) {
    state[name] = value;
    tell(`change:${name}`);
  },
  save_changes() {
    waiting = true;
    read();
  },
  send(request) {
    ask("/obey", request).then(({ said, canTakeBack }) => {
      model.set("_can_take_back", canTakeBack);
      if (said) tell("msg:custom", said);
    }, () => {});
  },
  on: (name, listener) => (listeners[name] ??= []).push(listener),
  off: (name, listener) =>
    (listeners[name] = (listeners[name] ?? []).filter((other) => other !== listener)),
};

take(await ask("/read", state._paper));
initialize({ model });
render({ model, el: document.getElementById("pad") });
</script>
</html>
"""
_START = {"_paper": {"strokes": [], "turn": 0}, "_reading": {}, "_can_take_back": False}


class _Handler(BaseHTTPRequestHandler):
    """Answers one page; whoever else on this machine asks lacks the page's key."""

    def __init__(self, *arguments, pad: Pad, key: str, lock: threading.Lock):
        self.pad, self.key, self.lock = pad, key, lock
        super().__init__(*arguments)  # which answers the request

    def do_GET(self):
        path, _, given = self.path.partition("?")
        if path == "/" and self._is_key(given):
            page = _PAGE.replace("START", json.dumps(_START)).replace("KEY", self.key)
            self._send(page.encode(), "text/html; charset=utf-8")
        elif path in ("/sketchpad.js", "/sketchpad.css"):
            kind = "text/javascript" if path.endswith(".js") else "text/css"
            self._send((_FOLDER / path[1:]).read_bytes(), f"{kind}; charset=utf-8")
        else:
            self.send_error(404)

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else 0
        # A page of another site cannot set this header without leave, and gets none.
        if not self._is_key(self.headers.get("X-Pad", "")):
            return self.send_error(403)
        if size > _MOST_BYTES:
            return self.send_error(413)
        try:
            body = json.loads(self.rfile.read(size))
        except (ValueError, RecursionError):
            return self.send_error(400)
        with self.lock:  # one at a time, as in a notebook
            if self.path == "/read":
                reply = self.pad.answer(body)
                image = reply["image"]
                reply["image"] = image and base64.b64encode(image).decode()
            elif self.path == "/obey":
                reply = {"said": self.pad.obey(body), "canTakeBack": self.pad.can_take_back}
            else:
                return self.send_error(404)
        self._send(json.dumps(reply).encode(), "application/json")

    def _is_key(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.key.encode())

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing: a terminal is for what a person asked for."""


def serve(pad: Pad, port: int = 0) -> tuple[ThreadingHTTPServer, str]:
    """Return a server on the loopback address, ready for serve_forever(), and its page's address.

    port: 0 for any that is free. Raises OSError where the port is taken.
    """
    key = secrets.token_urlsafe(16)
    handler = partial(_Handler, pad=pad, key=key, lock=threading.Lock())
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server, f"http://127.0.0.1:{server.server_port}/?{key}"
