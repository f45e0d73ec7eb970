"""The sketchpad in a real browser: JupyterLab and Notebook 7, drawn on with the mouse."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

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
def browser():
    with playwright.sync_playwright() as driver:
        named = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
        program = next(
            (
                path
                for path in [*named, driver.chromium.executable_path]
                if path and Path(path).exists()
            ),
            None,
        )
        if program is None:
            pytest.exit(
                "No Chromium found; install it, or: .venv/bin/playwright install chromium", 1
            )
        options = [
            "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
        ]  # fmt: skip
        started = driver.chromium.launch(
            executable_path=program, args=options, chromium_sandbox=os.getuid() != 0
        )
        yield started
        started.close()


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
    """The pad in JupyterLab with empty paper."""
    found = lab.locator(".digitlib-sketchpad").first
    clear(found)
    return found


def settle(pad):
    """Wait until the bars show what is on the paper."""
    pad.page.wait_for_timeout(20)
    pad.locator('.bars[aria-busy="false"]').wait_for()


def clear(pad):
    pad.get_by_role("button", name="Clear").click()
    settle(pad)


def digit(pad):
    return pad.locator(".answer").text_content()


def draw(pad, strokes):
    """Draw with the mouse; return milliseconds from each stroke's last move to its bars."""
    mouse = pad.page.mouse
    pad.locator(".paper").scroll_into_view_if_needed()
    box = pad.locator(".paper").bounding_box()
    taken = []
    for stroke in strokes:
        places = [
            (
                box["x"] + box["width"] * (0.24 + 0.0052 * x),
                box["y"] + box["height"] * (0.14 + 0.0072 * y),
            )
            for x, y in stroke
        ]
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place)
        mouse.up()
        settle(pad)
        taken.append(pad.page.evaluate("padLog.shown - padLog.moved"))
    return taken


def test_all_ten_digits_are_read_in_several_shapes_and_the_bars_follow_at_once(pad):
    wrong, taken = {}, []
    for name, strokes in SHAPES.items():
        clear(pad)
        taken += draw(pad, strokes)
        if digit(pad) != name[0]:
            wrong[name] = digit(pad)
    median, longest = statistics.median(taken), max(taken)
    print(f"from pointer to bars: median {median:.0f} ms, longest {longest:.0f} ms")
    assert not wrong
    assert min(taken) > 0
    assert median < 100


def test_undo_and_clear(pad):
    undo = pad.get_by_role("button", name="Undo")
    draw(pad, SHAPES["1 with flag and foot"])
    before = pad.locator(".seen").screenshot()
    draw(pad, [line((0, 50), (100, 50))])
    assert pad.locator(".seen").screenshot() != before
    undo.click()
    settle(pad)
    assert digit(pad) == "1" and pad.locator(".seen").screenshot() == before
    clear(pad)
    assert digit(pad) == "" and "%" not in pad.locator(".bars").text_content()
    undo.click()
    settle(pad)
    assert digit(pad) == "1"


def test_a_correction_is_kept_and_said(pad, server):
    folder = server[1] / "kept"
    pad.get_by_role("button", name="Keep it").click()
    assert "empty" in pad.get_by_role("status").text_content()
    draw(pad, SHAPES["7 with a bar"])
    pad.get_by_role("button", name="Keep it").click()
    assert "Choose" in pad.get_by_role("status").text_content() and not folder.exists()
    pad.get_by_label("That was wrong").select_option("7")
    pad.get_by_role("button", name="Keep it").click()
    pad.get_by_text("Kept as").wait_for()
    (path,) = folder.iterdir()
    assert path.name in pad.get_by_role("status").text_content()
    assert path.name.startswith("7_")
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (280, 280) and np.median(picture) == 255 and picture.min() == 0
    assert reading.preprocess(path).digit.any()
    # An unwritable folder: say so, and keep the drawing on the paper.
    folder.rename(folder.with_name("kept before"))
    folder.touch()
    pad.get_by_label("That was wrong").select_option("4")
    pad.get_by_role("button", name="Keep it").click()
    pad.get_by_text("Not kept").wait_for()
    assert digit(pad) == "7"
    folder.unlink()


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
    for name in ("Undo", "Clear"):
        press("Tab")
        assert pad.page.evaluate("document.activeElement.textContent") == name
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert pad.page.evaluate(outline) == "solid"
    press("Tab")
    press("3")  # a shortcut of the notebook, which must not take it
    press("Tab")
    press("Enter")
    pad.get_by_text("Kept as").wait_for()
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
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
    x, top, bottom = (box["x"] + 140, box["y"] + 50, box["y"] + 230)

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
        left, right = (pad.locator(part).bounding_box() for part in (".left", ".right"))
        assert right["y"] >= left["y"] + left["height"]
        assert pad.evaluate("pad => pad.scrollWidth <= pad.clientWidth")
        draw(pad, SHAPES["4 open"])
        assert digit(pad) == "4"
    finally:
        pad.page.set_viewport_size({"width": 1200, "height": 1000})


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
