"""The sketchpad without Jupyter: digitlib draw, in a real browser."""

import os
import re
import signal
import subprocess
import sys

import pytest

SEVEN = [(60, 60), (200, 60), (120, 240)]  # on paper of 280 × 280


@pytest.fixture(scope="module")
def drawn_on(browser, tmp_path_factory):
    """The page that the command opens, what it logs as errors, and the folder of drawings."""
    folder = tmp_path_factory.mktemp("page") / "kept"
    command = [sys.executable, "-m", "digitlib", "draw", "--no-browser", "--folder", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        page = browser.new_page(viewport={"width": 900, "height": 700})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto(address)
        page.locator(".digitlib-sketchpad").wait_for()
        yield page, errors, folder
        page.close()
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.CTRL_C_EVENT)
        assert process.wait(timeout=20) == 0, "Ctrl+C ends it without a word"


def draw(page, points):
    paper = page.locator(".paper").bounding_box()
    scale = paper["width"] / 280
    at = [(paper["x"] + x * scale, paper["y"] + y * scale) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.locator('.bars[aria-busy="false"]').wait_for()


def test_a_digit_is_read_kept_and_taken_back(drawn_on):
    page, errors, folder = drawn_on
    draw(page, SEVEN)
    answer = page.locator(".answer")
    assert answer.inner_text() == "7"
    page.get_by_role("button", name="Right – keep it").click()
    page.get_by_text("Kept as").wait_for()
    (kept,) = folder.iterdir()
    assert kept.name.startswith("7_")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Taken back").wait_for()
    assert not list(folder.iterdir())
    page.get_by_role("button", name="Clear").click()
    page.locator('.bars[aria-busy="false"]').wait_for()
    assert answer.inner_text() == ""
    page.keyboard.press("Control+z")
    page.locator('.bars[aria-busy="false"]').wait_for()
    assert answer.inner_text() == "7"
    assert not errors
