"""The sketchpad as a page of its own: on the loopback address, for whoever has the page's key."""

import base64
import json
import threading
import urllib.error
import urllib.request

import pytest

from digitlib.widget.pad import Pad
from digitlib.widget.server import serve

# Straight to the loopback address, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SEVEN = [[[x, 60, 16] for x in range(80, 200, 6)], [[199, 60, 16], [130, 230, 16]]]


@pytest.fixture
def page(reader, tmp_path):
    """A server's address, and the key of its page."""
    server, address = serve(Pad(reader, tmp_path / "mine"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address.split("/?")
    server.shutdown()
    server.server_close()


def get(address):
    with OPENER.open(address, timeout=20) as answer:
        return answer.read().decode()


def post(page, path, body, key=None):
    root, own = page
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(root + path, data, {"X-Pad": own if key is None else key})
    with OPENER.open(request, timeout=20) as answer:
        return json.load(answer)


def test_it_listens_on_the_loopback_address_alone(page):
    assert page[0].startswith("http://127.0.0.1:")


def test_the_page_is_the_widgets_own(page):
    root, key = page
    assert "sketchpad.js" in get(f"{root}/?{key}")
    assert "export default () =>" in get(f"{root}/sketchpad.js")
    assert ".digitlib-sketchpad" in get(f"{root}/sketchpad.css")


def test_a_drawing_is_read_kept_and_taken_back(page, tmp_path):
    read = post(page, "/read", {"strokes": SEVEN, "turn": 3})
    assert read["turn"] == 3 and max(range(10), key=lambda i: read["probabilities"][i]) == 7
    assert len(base64.b64decode(read["image"])) == 784
    assert post(page, "/read", {"strokes": [], "turn": 4})["probabilities"] is None
    assert not (tmp_path / "mine").exists(), "nothing is stored that is not kept"
    kept = post(page, "/obey", {"label": 7, "strokes": SEVEN})
    (file,) = (tmp_path / "mine").iterdir()
    assert file.name.startswith("7_") and file.name in kept["said"]["message"]
    assert kept["canTakeBack"]
    back = post(page, "/obey", {"take_back": True})
    assert not list((tmp_path / "mine").iterdir()) and not back["canTakeBack"]


@pytest.mark.parametrize(
    ("path", "body", "key", "status"),
    [
        ("/read", {"strokes": []}, "", 403),
        ("/read", {"strokes": []}, "guessed", 403),
        ("/read", b"no JSON", None, 400),
        ("/read", b"[" * 100_000, None, 400),
        ("/elsewhere", {}, None, 404),
    ],
)
def test_who_has_no_key_or_asks_for_nonsense_is_refused(page, path, body, key, status):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(page, path, body, key)
    assert refused.value.code == status


@pytest.mark.parametrize(
    "path", ["/", "/?wrong", "/?%C3%A9", "/pad.py", "/../cli.py", "/sketchpad.py"]
)
def test_nothing_else_is_served(page, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(page[0] + path)
    assert refused.value.code == 404
