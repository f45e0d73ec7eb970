"""The sketchpad in a real browser: JupyterLab and Notebook 7, drawn on with the mouse."""

import base64
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from itertools import pairwise

import cv2
import nbformat
import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from digitlib import reading

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: make test-browser installs it"
)

CELLS = [
    "import digitlib\npad = digitlib.Sketchpad(folder='kept')\npad",
    "print('later:', pad.digit, pad.drawing.shape)",
]


def curve(*points):
    """The points of a smooth line through `points`, as a hand draws it."""
    points = np.array(points, float)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(np.sqrt(steps))])
    return make_interp_spline(along, points, k=2)(np.linspace(0, along[-1], 24))


def line(*points):
    """The points of straight lines from each of `points` to the next."""
    points = np.array(points, float)
    return np.concatenate([np.linspace(start, end, 8) for start, end in pairwise(points)])


def ring(x, y, wide, high, *, start=-90, turn=360, slant=0.0):
    """The points of an ellipse around (x, y), begun at `start` degrees, `turn` degrees long."""
    angles = np.radians(start - np.linspace(0, turn, 24))
    up = high / 2 * np.sin(angles)
    return np.stack([x + wide / 2 * np.cos(angles) - slant * up, y + up], axis=1)


# Strokes in a box of 100 by 100, as people write the digits.
SHAPES = {
    "0 round": [ring(50, 50, 70, 100)],
    "0 narrow": [ring(50, 50, 46, 100)],
    "0 slanted, not closed": [ring(50, 50, 60, 100, start=-70, turn=335, slant=0.25)],
    "1 plain": [line((50, 0), (50, 100))],
    "1 slanted": [line((64, 0), (40, 100))],
    "1 with a flag": [line((28, 28), (54, 0), (54, 100))],
    "1 with flag and foot": [line((28, 26), (52, 0), (52, 100)), line((26, 100), (78, 100))],
    "2 with a straight base": [
        np.concatenate([
            curve((18, 24), (30, 5), (52, 0), (74, 10), (76, 34), (54, 64), (16, 100)),
            line((16, 100), (84, 100)),
        ])
    ],
    "2 looped": [
        curve(
            (20, 22), (36, 2), (62, 4), (72, 26), (56, 58), (32, 88), (16, 94), (14, 82),
            (28, 78), (50, 92), (70, 99), (88, 90),
        )
    ],
    "2 with a wave": [
        curve(
            (16, 20), (34, 0), (62, 2), (74, 22), (64, 48), (38, 78), (18, 98), (48, 92), (88, 98)
        )
    ],
    "3 round": [
        np.concatenate([
            curve((18, 14), (38, 0), (64, 4), (74, 24), (60, 42), (40, 47)),
            curve((40, 47), (66, 52), (80, 74), (66, 95), (40, 100), (14, 88)),
        ])
    ],
    "3 with a flat top": [
        np.concatenate([
            line((20, 0), (76, 0), (44, 40)),
            curve((44, 40), (70, 46), (80, 70), (64, 94), (38, 100), (14, 88)),
        ])
    ],
    "3 with a loop in the waist": [
        curve(
            (20, 12), (44, 0), (70, 12), (66, 34), (46, 46), (36, 44), (42, 38), (58, 46),
            (78, 70), (64, 94), (38, 100), (14, 90),
        )
    ],
    "4 open": [line((30, 0), (14, 58), (84, 58)), line((64, 20), (62, 100))],
    "4 closed": [line((62, 100), (62, 0), (10, 66), (88, 66))],
    "4 open, of curves": [
        curve((22, 4), (20, 30), (28, 50), (50, 50), (76, 40)),
        curve((78, 2), (76, 40), (70, 100)),
    ],
    "5 in one stroke": [
        np.concatenate([
            line((80, 0), (28, 0), (24, 42)),
            curve((24, 42), (54, 36), (80, 56), (74, 86), (46, 100), (16, 90)),
        ])
    ],
    "5 with the bar last": [
        np.concatenate([
            line((30, 0), (24, 44)),
            curve((24, 44), (54, 38), (80, 58), (72, 88), (44, 100), (16, 92)),
        ]),
        line((30, 0), (84, 0)),
    ],
    "5 with the bar apart": [
        np.concatenate([
            line((30, 4), (26, 44)),
            curve((26, 44), (54, 38), (78, 58), (72, 88), (44, 100), (18, 92)),
        ]),
        line((44, 0), (88, -3)),
    ],
    "6 curved": [
        curve(
            (70, 2), (44, 16), (24, 48), (22, 80), (42, 100), (68, 94), (76, 70), (56, 54),
            (32, 62), (23, 80),
        )
    ],
    "6 with a straight stem": [
        np.concatenate([
            line((62, 0), (24, 64)),
            curve((24, 64), (22, 86), (46, 100), (72, 88), (72, 64), (50, 54), (26, 66)),
        ])
    ],
    "6 with a small loop": [
        curve(
            (60, 0), (36, 26), (24, 62), (30, 92), (52, 100), (66, 86), (60, 68), (42, 66), (28, 80)
        )
    ],
    "7 plain": [line((16, 0), (84, 0), (40, 100))],
    "7 with a bar": [line((16, 0), (84, 0), (44, 100)), line((34, 50), (84, 50))],
    "7 with a serif": [line((16, 18), (18, 0), (84, 0), (42, 100))],
    "7 with a curved stem": [
        np.concatenate([line((16, 4), (80, 0)), curve((80, 0), (58, 36), (48, 66), (46, 100))])
    ],
    "8 of two rings": [ring(50, 24, 50, 48), ring(50, 74, 64, 52)],
    "8 in one stroke": [
        curve(
            (74, 12), (50, 0), (27, 12), (30, 34), (54, 48), (78, 68), (74, 92), (48, 100),
            (22, 88), (26, 66), (48, 50), (72, 32), (74, 12),
        )
    ],
    "8 narrow": [
        curve(
            (64, 10), (50, 0), (36, 10), (38, 34), (52, 50), (66, 70), (62, 94), (48, 100),
            (34, 90), (36, 68), (50, 50), (64, 32), (64, 10),
        )
    ],
    "9 with a straight tail": [
        np.concatenate([ring(46, 28, 56, 54, start=-20), line((73, 20), (70, 100))])
    ],
    "9 with a curved tail": [
        np.concatenate([
            ring(48, 28, 54, 54, start=-20),
            curve((74, 20), (76, 56), (66, 90), (44, 100), (22, 90)),
        ])
    ],
    "9 slanted, not closed": [
        np.concatenate([
            ring(48, 28, 54, 52, start=-40, turn=330, slant=0.2),
            line((78, 12), (54, 100)),
        ])
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start Jupyter on a folder of its own; yield its address and that folder."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "notebooks"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    changed = {
        f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folder}", f"--LabApp.user_settings_dir={home / 'settings'}",
        "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    if os.getuid() == 0:
        command.append("--allow-root")
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | changed, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, (home / "log").read_text()
                time.sleep(0.25)
        else:
            pytest.fail((home / "log").read_text())
        yield address, folder
        process.terminate()
        process.wait(20)


def opened(browser, server, kind, name, **options):
    """Open a new notebook with the pad in JupyterLab or Notebook 7, run it, return the page."""
    address, folder = server
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / name)
    page = browser.new_page(viewport={"width": 1200, "height": 1000}, **options)
    page.goto(f"{address}/{kind}/{name}")
    page.wait_for_selector(".jp-CodeCell", timeout=60_000)
    page.evaluate(
        """async () => {
            const context = jupyterapp.shell.currentWidget.sessionContext;
            await context.ready;
            await context.session.kernel.info;
            jupyterapp.commands.execute("notebook:run-all-cells");
        }"""
    )
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea-output')]"
        ".some(output => output.textContent.includes('later:'))",
        timeout=90_000,
    )
    page.wait_for_selector(".digitlib-sketchpad .paper")
    page.evaluate(
        """() => {
            const log = (window.padLog = { moved: 0, shown: 0 });
            const note = (event) => { log.moved = performance.now(); };
            for (const kind of ["pointerdown", "pointermove"])
                document.addEventListener(kind, (event) => event.buttons && note(event), true);
            const chart = document.querySelector(".digitlib-sketchpad .bars");
            new MutationObserver(() => {
                if (chart.getAttribute("aria-busy") === "false") log.shown = performance.now();
            }).observe(chart, { attributeFilter: ["aria-busy"] });
        }"""
    )
    return page


@pytest.fixture(scope="module")
def lab(browser, server):
    page = opened(browser, server, "lab/tree", "lab.ipynb")
    yield page
    page.close()


@pytest.fixture
def pad(lab):
    """The pad in JupyterLab with empty paper and the medium pen."""
    found = lab.locator(".digitlib-sketchpad").first
    clear(found)
    found.get_by_label("medium").click()
    return found


def settle(pad):
    """Wait until the bars show what is on the paper."""
    pad.page.wait_for_timeout(20)
    pad.locator('.bars[aria-busy="false"]').wait_for()


def press(pad, name):
    pad.get_by_role("button", name=name, exact=True).click()


def clear(pad):
    press(pad, "Clear")
    settle(pad)


def status(pad):
    return pad.get_by_role("status").text_content()


def digit(pad):
    return pad.locator(".answer").text_content()


def places(pad):
    """Return a function from a place in the box of 100 by 100 to one on the screen."""
    pad.locator(".paper").scroll_into_view_if_needed()
    box = pad.locator(".paper").bounding_box()
    return lambda x, y: (
        box["x"] + box["width"] * (0.24 + 0.0052 * x),
        box["y"] + box["height"] * (0.14 + 0.0072 * y),
    )


def draw(pad, strokes):
    """Draw with the mouse; return milliseconds from each stroke's last move to its bars."""
    mouse = pad.page.mouse
    at = places(pad)
    taken = []
    for stroke in strokes:
        mouse.move(*at(*stroke[0]))
        mouse.down()
        for place in stroke[1:]:
            mouse.move(*at(*place))
        mouse.up()
        settle(pad)
        taken.append(pad.page.evaluate("padLog.shown - padLog.moved"))
    return taken


def test_all_ten_digits_are_read_in_several_shapes_and_the_bars_follow_at_once(pad):
    medians = []
    while len(medians) < 3:  # as often as other work on the machine may disturb it
        wrong, taken = {}, []
        for name, strokes in SHAPES.items():
            clear(pad)
            taken += draw(pad, strokes)
            if digit(pad) != name[0]:
                wrong[name] = digit(pad)
        assert not wrong
        assert min(taken) > 0
        medians.append(statistics.median(taken))
        print(f"from pointer to bars: median {medians[-1]:.0f} ms, longest {max(taken):.0f} ms")
        if medians[-1] < 100:
            break
    assert min(medians) < 100


@pytest.mark.parametrize("pen", ["fine", "broad"])
def test_every_digit_is_read_with_the_other_pens_too(pad, pen):
    pad.get_by_label(pen).click()
    first = {name[0]: strokes for name, strokes in reversed(SHAPES.items())}
    read = {}
    for name, strokes in first.items():
        clear(pad)
        draw(pad, strokes)
        read[name] = digit(pad)
    assert read == {name: name for name in first}


def test_the_pens_are_a_group_of_three_for_the_keyboard_too(pad):
    pens = pad.get_by_role("radiogroup", name="Pen").get_by_role("radio")
    assert pens.count() == 3
    pad.get_by_label("medium").focus()
    ink = []
    for key, way in (("Left", "Up"), ("Right", "Down"), ("Right", "Up")):  # fine, medium, broad
        pad.page.keyboard.press(f"Arrow{key}")
        clear(pad)
        pad.locator(".paper").focus()
        for stroke in ("Space", *[f"Arrow{way}"] * 10, "Space"):
            pad.page.keyboard.press(stroke)
        settle(pad)
        pad.locator(".pens :checked").focus()  # so that no ring covers the stroke's end
        ink.append(dark_pixels(pad))
    assert pad.get_by_label("broad").is_checked()
    assert 1.3 * ink[0] < ink[1] < ink[2] / 1.3


def test_undo_and_redo_go_through_strokes_erasures_and_clear_alike(pad):
    seen = [paper(pad)]
    draw(pad, SHAPES["1 with flag and foot"])
    seen.append(paper(pad))
    press(pad, "Eraser")
    draw(pad, [line((0, 100), (100, 100))])
    seen.append(paper(pad))
    clear(pad)
    assert "%" not in pad.locator(".bars").text_content() and digit(pad) == ""
    assert paper(pad) == seen[0]
    for expected in (seen[2], seen[1]):
        press(pad, "Undo")
        settle(pad)
        assert paper(pad) == expected and digit(pad) == "1"
    press(pad, "Redo")
    settle(pad)
    assert paper(pad) == seen[2]
    draw(pad, [line((20, 20), (80, 80))])  # what was undone is now history of another drawing
    assert is_disabled(pad, "Redo") and not is_disabled(pad, "Undo")


def test_keys_undo_and_redo_wherever_the_focus_is_in_the_pad(pad):
    keys = pad.page.keyboard
    draw(pad, SHAPES["7 with a bar"])
    both = paper(pad)
    for place in (".paper", ".label", ".keep", ".pens :checked"):
        for undo, redo in (
            ("Control+z", "Control+Shift+z"),
            ("Meta+z", "Meta+Shift+z"),
            ("Control+z", "Control+y"),
        ):
            pad.locator(place).focus()
            keys.press(undo)
            settle(pad)
            assert paper(pad) != both, (place, undo)
            pad.locator(place).focus()
            keys.press(redo)
            settle(pad)
            assert paper(pad) == both, (place, redo)
    pad.locator(".bars").click()  # which takes no focus itself
    keys.press("Control+z")
    settle(pad)
    assert paper(pad) != both


def test_the_eraser_rubs_out_what_it_touches(pad):
    draw(pad, SHAPES["1 plain"])
    alone = dark_pixels(pad)
    draw(pad, [line((0, -5), (36, -5))])
    press(pad, "Eraser")
    assert pad.get_by_role("button", name="Eraser", pressed=True).count() == 1
    draw(pad, [line((0, -5), (34, -5))])
    press(pad, "Eraser")
    assert digit(pad) == "1" and dark_pixels(pad) < 1.1 * alone
    pad.locator(".paper").focus()
    pad.page.keyboard.press("e")
    draw(pad, SHAPES["1 plain"])
    pad.page.keyboard.press("e")
    assert pad.get_by_role("button", name="Eraser", pressed=False).count() == 1
    press(pad, "Eraser")
    draw(pad, [line((34, -5), (54, -5))])
    assert digit(pad) == "" and "%" not in pad.locator(".bars").text_content()
    press(pad, "Right – keep it")
    assert "empty" in status(pad)
    pad.get_by_label("fine").click()  # whoever chooses a pen wants to draw
    draw(pad, SHAPES["1 plain"])
    assert digit(pad) == "1"


def test_a_stroke_belongs_to_the_finger_that_began_it(pad):
    browser = pad.page.context.new_cdp_session(pad.page)
    at = places(pad)

    def touch(kind, **fingers):
        points = [
            {"id": int(name[-1]), **dict(zip("xy", at(*place), strict=True))}
            for name, place in fingers.items()
        ]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def draw_one(disturb):
        clear(pad)
        touch("touchStart", finger1=(50, 0))
        for y in range(10, 100, 10):
            touch("touchMove", finger1=(50, y), **disturb(y))
        touch("touchEnd")
        settle(pad)
        return paper(pad)

    def second_finger(y):
        if y == 30:
            touch("touchStart", finger1=(50, y), finger2=(0, 50))
        return {"finger2": (100 - y, y)} if 30 <= y < 70 else {}  # then it is lifted

    def mouse(y):
        for kind in ("mouseMoved", "mousePressed", "mouseMoved", "mouseReleased"):
            x, top = at(100 - y, y)
            more = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            browser.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": top, **more})
        return {}

    undisturbed = draw_one(lambda y: {})
    assert digit(pad) == "1"
    assert draw_one(second_finger) == undisturbed
    assert draw_one(mouse) == undisturbed


def test_what_is_kept_is_what_the_paper_shows(pad, server):
    draw(pad, SHAPES["7 with a bar"])
    press(pad, "Eraser")
    draw(pad, [line((30, 45), (40, 55))])
    press(pad, "Right – keep it")
    pad.get_by_text("Kept as").wait_for()
    path = server[1] / "kept" / re.search(r"7_[\d-]+\.png", status(pad))[0]
    kept = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    url = pad.locator(".paper").evaluate("paper => paper.toDataURL()")
    shown = cv2.imdecode(
        np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    shown = cv2.resize(shown, kept.shape, interpolation=cv2.INTER_AREA)
    assert ((kept < 128) == (shown < 128)).mean() > 0.99
    press(pad, "Take it back")
    pad.get_by_text("is deleted").wait_for()


def test_a_right_answer_is_kept_with_one_click_and_can_be_taken_back(pad, server):
    folder = server[1] / "kept"
    press(pad, "Right – keep it")
    assert "empty" in status(pad) and is_disabled(pad, "Take it back")
    before = {*folder.glob("*")}
    kept = []
    for name in ("4 open", "6 curved"):
        clear(pad)
        draw(pad, SHAPES[name])
        press(pad, "Right – keep it")
        pad.get_by_text(f"{name[0]}_").wait_for()
        kept += {*folder.glob("*")} - before - {*kept}
    assert [path.name[:2] for path in kept] == ["4_", "6_"]
    for path in reversed(kept):
        assert path.exists() and not is_disabled(pad, "Take it back")
        press(pad, "Take it back")
        pad.get_by_text(f"{path.name} is deleted").wait_for()
        assert not path.exists()
    assert {*folder.glob("*")} == before
    pad.locator('.back[aria-disabled="true"]').wait_for()
    # A file that somebody else has deleted.
    press(pad, "Right – keep it")
    pad.get_by_text("Kept as").wait_for()
    (path,) = {*folder.glob("*")} - before
    path.unlink()
    press(pad, "Take it back")
    pad.get_by_text("is gone already").wait_for()
    pad.locator('.back[aria-disabled="true"]').wait_for()


def test_a_correction_is_kept_and_said(pad, server):
    folder = server[1] / "kept"
    press(pad, "Keep it")
    assert "empty" in status(pad)
    draw(pad, SHAPES["7 with a bar"])
    before = {*folder.glob("*")}
    press(pad, "Keep it")
    assert "Choose" in status(pad) and {*folder.glob("*")} == before
    pad.get_by_label("That was wrong").select_option("7")
    press(pad, "Keep it")
    pad.get_by_text("Kept as").wait_for()
    (path,) = {*folder.iterdir()} - before
    assert path.name in status(pad)
    assert path.name.startswith("7_")
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (280, 280) and np.median(picture) == 255 and picture.min() == 0
    assert reading.preprocess(path).image.any()
    # An unwritable folder: say so, and keep the drawing on the paper.
    folder.rename(folder.with_name("kept before"))
    folder.touch()
    pad.get_by_label("That was wrong").select_option("4")
    press(pad, "Keep it")
    pad.get_by_text("Not kept").wait_for()
    assert digit(pad) == "7"
    folder.unlink()
    folder.with_name("kept before").rename(folder)
    press(pad, "Take it back")
    pad.get_by_text("is deleted").wait_for()


def test_of_two_digits_their_number_is_said(pad):
    for strokes, shift in ((SHAPES["1 with a flag"], 0), (SHAPES["7 with a bar"], 70)):
        draw(pad, [stroke * 0.5 + (shift, 25) for stroke in strokes])
    note = pad.locator(".note").text_content()
    assert "2 digits" in note and "one at a time" in note
    clear(pad)
    assert pad.locator(".note").text_content() == ""


def test_everything_can_be_done_by_keyboard(pad):
    keys = pad.page.keyboard
    cell = pad.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    pad.locator(".paper").focus()

    def press(key, times=1):
        for _ in range(times):
            keys.press(key)

    press("ArrowUp", 10)
    press("ArrowLeft", 5)
    press("Space")
    press("ArrowRight", 10)
    press("ArrowDown", 20)
    press("Space")
    settle(pad)
    assert digit(pad) == "7"
    pad.get_by_text("Read as 7").wait_for(state="attached")
    for name in ("", "Eraser", "Undo", "Redo", "Clear", "Full screen", "Right – keep it"):
        press("Tab")  # the first is the pen that is chosen
        assert pad.page.evaluate("document.activeElement.textContent") == name
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert pad.page.evaluate(outline) == "solid"
    press("Tab")
    press("3")  # a shortcut of the notebook, which must not take it
    press("Tab")
    press("Enter")
    pad.get_by_text("Kept as").wait_for()
    press("Tab")
    press("Enter")
    pad.get_by_text("is deleted").wait_for()
    assert pad.page.evaluate("document.activeElement.textContent") == "Take it back"
    for _ in range(5):
        press("Shift+Tab")
    press("Enter")
    settle(pad)
    assert digit(pad) == ""
    assert cell == pad.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    assert (
        pad.page.evaluate("jupyterapp.shell.currentWidget.content.activeCell.model.type") == "code"
    )


def test_a_pen_pressed_harder_draws_broader_and_a_finger_draws_too(pad):
    browser = pad.page.context.new_cdp_session(pad.page)
    box = pad.locator(".paper").bounding_box()
    (x, top), (_, bottom) = places(pad)(50, 5), places(pad)(50, 95)

    def pen(kind, y, force):
        options = {"button": "left", "buttons": 1, "pointerType": "pen", "force": force}
        browser.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **options})

    def finger(kind, *y):
        points = [{"x": x, "y": place} for place in y]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    ink = []
    for force in (0.1, 0.9):
        clear(pad)
        pen("mousePressed", top, force)
        pen("mouseMoved", bottom, force)
        pen("mouseReleased", bottom, 0)
        settle(pad)
        assert digit(pad) == "1"
        ink.append(dark_pixels(pad))
    assert ink[1] > 1.5 * ink[0]
    clear(pad)
    finger("touchStart", top)
    for y in np.linspace(top, bottom, 10):
        finger("touchMove", y)
    finger("touchEnd")
    settle(pad)
    assert digit(pad) == "1"
    assert pad.locator(".paper").bounding_box() == box  # nothing was scrolled


def dark_pixels(pad):
    return pad.locator(".paper").evaluate(
        """paper => {
            const { data } = paper.getContext("2d").getImageData(0, 0, paper.width, paper.height);
            return data.filter((value, i) => i % 4 === 0 && value < 128).length;
        }"""
    )


def paper(pad):
    """What the paper shows, without the ring where the keyboard's pen or the eraser is."""
    pad.locator(".paper").evaluate("paper => paper.blur()")
    was_erasing = pad.get_by_role("button", name="Eraser", pressed=True).count()
    if was_erasing:
        press(pad, "Eraser")
    shown = pad.locator(".paper").evaluate("paper => paper.toDataURL()")
    if was_erasing:
        press(pad, "Eraser")
    return shown


def is_disabled(pad, name):
    button = pad.get_by_role("button", name=name, exact=True)
    return button.get_attribute("aria-disabled") == "true"


def test_a_screen_reader_finds_names_and_values(pad):
    draw(pad, SHAPES["1 plain"])
    assert pad.get_by_role("application", name="Paper to draw one digit on").count() == 1
    meters = pad.get_by_role("meter")
    assert [meter.get_attribute("aria-label") for meter in meters.all()] == [*"0123456789"]
    assert float(meters.nth(1).get_attribute("aria-valuenow")) > 50
    assert pad.get_by_role("img", name="What the network sees").count() == 1
    assert "Space" in pad.locator(".paper").evaluate(
        "paper => document.getElementById(paper.getAttribute('aria-describedby')).textContent"
    )


def contrast(pad, selector):
    """The WCAG contrast of a part's text with the pad's background, 1 to 21."""
    colors = pad.locator(selector).first.evaluate(
        """(part) => {
            const context = new OffscreenCanvas(1, 1).getContext("2d");
            const own = getComputedStyle(part).backgroundColor;
            const back = own === "rgba(0, 0, 0, 0)"
                ? getComputedStyle(part.closest(".digitlib-sketchpad")).backgroundColor : own;
            return [getComputedStyle(part).color, back].map((color) => {
                context.fillStyle = color;
                context.fillRect(0, 0, 1, 1);
                return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
            });
        }"""
    )
    shares = np.array(colors) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_every_text_can_be_read_in_both_themes(pad, theme):
    draw(pad, SHAPES["2 looped"])
    pad.page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    pad.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
    pad.page.wait_for_timeout(500)
    for selector in (".help", ".answer", ".value", "button", "select", "label", "figcaption"):
        assert contrast(pad, selector) >= 4.5, selector


def test_a_narrow_cell_wraps(pad):
    try:
        pad.page.set_viewport_size({"width": 620, "height": 1200})
        pad.page.wait_for_timeout(500)
        above, below = (pad.locator(part).bounding_box() for part in (".tools", ".bars"))
        assert below["y"] >= above["y"] + above["height"]
        assert pad.evaluate("pad => pad.scrollWidth <= pad.clientWidth")
        draw(pad, SHAPES["4 open"])
        assert digit(pad) == "4"
    finally:
        pad.page.set_viewport_size({"width": 1200, "height": 1000})


def test_the_pad_grows_with_its_cell_up_to_a_maximum(pad):
    draw(pad, SHAPES["2 looped"])
    sizes = {}
    try:
        for cell in (340, 390, 700, 1000, 1400, 2000):
            pad.evaluate("(pad, width) => { pad.parentNode.style.width = `${width}px`; }", cell)
            pad.page.wait_for_timeout(200)
            sizes[cell] = pad.evaluate(
                """(pad) => [".paper", ".bars", ".clear", ".help"].map((part) => {
                    const found = pad.querySelector(part);
                    return part === ".help" || part === ".clear"
                        ? parseFloat(getComputedStyle(found).fontSize) : found.clientWidth;
                })"""
            )
            assert pad.evaluate("pad => pad.scrollWidth <= pad.clientWidth")
            draw(pad, [])
            assert digit(pad) == "2"
    finally:
        pad.evaluate("(pad) => { pad.parentNode.style.width = ''; }")
    assert sizes[340][0] == sizes[390][0] == 280
    assert 280 < sizes[700][0] < sizes[1000][0] <= sizes[1400][0] == sizes[2000][0] > 420
    assert sizes[700][1] < sizes[1000][1] and sizes[700][2] < sizes[1000][2]
    assert min(size[3] for size in sizes.values()) >= 12


@pytest.mark.parametrize("refused", [False, True])
def test_full_screen_is_as_large_as_the_window_and_escape_leaves(pad, refused):
    page = pad.page
    if refused:
        page.evaluate(
            """() => {
                window.asked = Element.prototype.requestFullscreen;
                Element.prototype.requestFullscreen = () => Promise.reject(new Error("no"));
            }"""
        )
    small = pad.locator(".paper").bounding_box()["width"]
    text = "pad => parseFloat(getComputedStyle(pad.querySelector('.pad')).fontSize)"
    small_text = pad.evaluate(text)
    try:
        press(pad, "Full screen")
        page.wait_for_timeout(500)
        assert page.evaluate("Boolean(document.fullscreenElement)") is not refused
        window = page.evaluate("[innerWidth, innerHeight]")
        assert pad.evaluate("pad => [pad.clientWidth, pad.clientHeight]") == window
        assert pad.evaluate(
            "pad => pad.contains(document.elementFromPoint(3, 3))"
            " && pad.contains(document.elementFromPoint(innerWidth - 3, innerHeight - 3))"
        )
        assert pad.evaluate("pad => pad.scrollHeight <= pad.clientHeight")
        assert pad.locator(".paper").bounding_box()["width"] > 1.2 * small
        assert pad.evaluate(text) > small_text
        draw(pad, SHAPES["8 of two rings"])
        assert digit(pad) == "8"
    finally:
        page.keyboard.press("Escape")
        if refused:
            page.evaluate("() => { Element.prototype.requestFullscreen = window.asked; }")
    page.wait_for_timeout(500)
    assert not page.evaluate("Boolean(document.fullscreenElement)")
    assert pad.get_by_role("button", name="Full screen", pressed=False).count() == 1
    assert pad.locator(".paper").bounding_box()["width"] == small
    assert digit(pad) == "8"


def run_cell(page, index):
    page.evaluate(
        """(index) => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            return jupyterapp.commands.execute("notebook:run-cell").then(() => null);
        }""",
        index,
    )


def test_later_cells_find_what_was_drawn(pad):
    draw(pad, SHAPES["6 curved"])
    run_cell(pad.page, 1)
    pad.page.get_by_text("later: 6 (280, 280)").wait_for()


def test_two_views_show_one_drawing_and_a_cell_can_run_twice(pad):
    page = pad.page
    page.evaluate("jupyterapp.commands.execute('notebook:insert-cell-below').then(() => null)")
    page.evaluate(
        "jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource('pad')"
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell').then(() => null)")
    page.locator(".digitlib-sketchpad").nth(1).wait_for()
    first, second = (page.locator(".digitlib-sketchpad").nth(i) for i in (0, 1))
    draw(second, SHAPES["3 round"])
    assert digit(first) == digit(second) == "3"
    run_cell(page, 0)
    fresh = page.locator(".digitlib-sketchpad").first
    page.wait_for_function(
        "document.querySelector('.digitlib-sketchpad .answer').textContent === ''"
    )
    draw(fresh, SHAPES["8 in one stroke"])
    assert digit(fresh) == "8" and digit(second) == "3"


def test_a_stopped_kernel_is_said(lab):
    pad = lab.locator(".digitlib-sketchpad").first
    lab.evaluate(
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
    )
    lab.wait_for_timeout(1000)
    lab.mouse.move(0, 0)
    box = pad.locator(".paper").bounding_box()
    lab.mouse.move(box["x"] + 90, box["y"] + 90)
    lab.mouse.down()
    lab.mouse.move(box["x"] + 90, box["y"] + 190)
    lab.mouse.up()
    pad.get_by_text("run this cell again").wait_for(timeout=10_000)


def test_the_pad_works_in_notebook_7(browser, server):
    page = opened(browser, server, "notebooks", "classic.ipynb", device_scale_factor=2)
    pad = page.locator(".digitlib-sketchpad").first
    draw(pad, SHAPES["5 with the bar last"])
    assert digit(pad) == "5"
    assert pad.locator(".paper").evaluate("paper => paper.width === 2 * paper.clientWidth")
    page.close()
