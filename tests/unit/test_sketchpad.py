"""The sketchpad's Python side; tests/browser draws on it with the mouse."""

import base64
import io
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlib
from digitlib import reading
from digitlib.widget import sketchpad
from notebook_runner import WIDGET, without_widgets

SEVEN = [[[x, 60, 16] for x in range(80, 200, 6)], [[199, 60, 16], [130, 230, 16]]]


@pytest.fixture
def pad(tmp_path):
    return digitlib.Sketchpad(folder=tmp_path / "mine")


def draw(pad, strokes):
    """Send strokes as the page does, and return what it gets back."""
    pad.set_state({"_paper": {"strokes": strokes, "turn": pad._paper["turn"] + 1}})
    return pad.get_state()["_reading"]


def ask(pad, monkeypatch, request):
    """Send a request as the page does, and return the messages it gets back."""
    sent = []
    monkeypatch.setattr(pad, "send", sent.append)
    pad._handle_custom_msg(request, [])
    return sent


def put_right(pad, monkeypatch, label, strokes):
    return ask(pad, monkeypatch, {"label": label, "strokes": strokes})


def test_a_drawing_is_answered_and_later_cells_find_it(pad):
    answer = draw(pad, SEVEN)
    assert answer["turn"] == 1
    assert pad.digit == 7
    assert len(pad.probabilities) == 10 and sum(pad.probabilities) == pytest.approx(1, abs=1e-4)
    assert list(pad.probabilities) == answer["probabilities"]
    assert pad.image.shape == (28, 28) and pad.image.dtype == np.uint8
    assert answer["image"] == pad.image.tobytes()
    assert pad.drawing.shape == (280, 280) and pad.drawing.dtype == np.uint8
    assert pad.drawing[60, 140] == 0 and pad.drawing[150, 60] == 255


def test_empty_paper_has_no_answer(pad):
    for strokes in ([], SEVEN, []):
        answer = draw(pad, strokes)
    assert answer["probabilities"] is None and answer["image"] is None
    assert (pad.digit, pad.probabilities, pad.image) == (None, None, None)
    assert (pad.drawing == 255).all()


def test_a_single_point_is_a_dot_as_wide_as_the_pen():
    dot = sketchpad.draw([[[140, 100, 20]]]) < 128
    assert np.argwhere(dot).mean(axis=0) == pytest.approx([100, 140], abs=0.6)
    assert 18 <= dot.sum(axis=1).max() <= 22


def test_the_eraser_takes_away_what_it_touches_and_later_ink_stays(pad):
    stem, bar = [[140, 40, 16], [140, 240, 16]], [[60, 140, 16], [220, 140, 16]]
    rubbed = [[40, 140, -32], [240, 140, -32]]
    cut = sketchpad.draw([stem, bar, rubbed])
    assert (cut[126:155] == 255).all() and cut[80, 140] == cut[200, 140] == 0
    again = sketchpad.draw([stem, bar, rubbed, bar])
    assert again[140, 80] == 0
    mixed = sketchpad.draw([[[140, 40, 16], [140, 140, 16], [140, 240, -32]]])
    assert mixed[80, 140] == 0 and mixed[200, 140] == 255


def test_a_paper_with_everything_rubbed_out_is_empty(pad):
    for width in (-17, -32):  # the narrow one leaves a faint rim
        rubbed = [[[x, y, width] for x, y, _ in stroke] for stroke in SEVEN]
        answer = draw(pad, SEVEN + rubbed)
        assert answer["probabilities"] is None and pad.digit is None and pad.image is None
        assert answer["note"] == ""
        with pytest.raises(ValueError, match="empty"):
            pad.keep(7)
    assert "read as 3" in pad._repr_mimebundle_()[0]["text/plain"]


@pytest.mark.parametrize(
    ("strokes", "left"),
    [
        (None, []),
        (7, []),
        ("strokes", []),
        ({"0": SEVEN}, []),
        ([None, 7, "stroke", [], {}], []),
        ([[None, 7, [], [1], [1, 2], [1, 2, 3, 4], ["1", "2", "3"], [True, 2, 3]]], []),
        ([[[float("nan"), 60, 16], [60, float("inf"), 16], [60, 60, float("nan")]]], []),
        ([[[1e300, 60, 16], [60, -(10**400), 16], [60, 60, 1e9], [None, 60, 16]]], []),
        ([SEVEN[0], [None], SEVEN[1]], SEVEN),
        ([[[60, None, 16], *SEVEN[0]], [*SEVEN[1], "up"]], SEVEN),
    ],
)
def test_what_is_malformed_is_ignored(pad, monkeypatch, caplog, strokes, left):
    draw(pad, strokes)
    assert np.array_equal(pad.drawing, sketchpad.draw(left))
    assert pad.digit == (7 if left else None)
    (sent,) = put_right(pad, monkeypatch, 7, strokes)
    assert sent["kept"] == bool(left)
    assert not caplog.records


@pytest.mark.parametrize("paper", [None, 7, [], {}, {"turn": 3}, {"strokes": SEVEN}])
def test_a_paper_of_another_form_is_no_traceback(pad, caplog, paper):
    pad.set_state({"_paper": paper})
    assert pad.digit == (7 if paper == {"strokes": SEVEN} else None)
    assert not caplog.records


@pytest.mark.parametrize(
    "request_", [None, 7, [], {}, {"label": 7}, {"strokes": SEVEN}, {"take_back": "all"}]
)
def test_a_request_that_no_button_makes_is_ignored(pad, monkeypatch, tmp_path, caplog, request_):
    draw(pad, SEVEN)
    pad.keep(7)
    assert ask(pad, monkeypatch, request_) == []
    assert len([*(tmp_path / "mine").iterdir()]) == 1 and not caplog.records


def test_of_too_many_points_some_thousands_are_drawn():
    x = np.linspace(40, 240, 200_000)
    endless = [[[a, 140 + 60 * np.sin(a / 20), 16] for a in x.tolist()]]
    thinned = sketchpad.sound(endless)
    assert 2000 < len(thinned[0]) <= 5000 and thinned[0][-1] == endless[0][-1]
    rest = sketchpad.draw(thinned).astype(int) - sketchpad.draw([endless[0][::10]])
    assert np.abs(rest).mean() < 1
    dots = [[[140, 140, 16]]] * 100_000
    assert len(sketchpad.sound(dots)) == 5000
    assert sketchpad.sound(SEVEN) == SEVEN


def test_what_was_kept_is_taken_back_newest_first(pad, tmp_path):
    with pytest.raises(ValueError, match="nothing"):
        pad.take_back()
    draw(pad, SEVEN)
    other = digitlib.Sketchpad(folder=tmp_path / "mine")
    draw(other, SEVEN)
    foreign = other.keep(np.int64(1))
    paths = [pad.keep(label) for label in (7, 7, 2)]
    assert pad._can_take_back
    for path in reversed(paths):
        assert pad.take_back() == path and not path.exists()
    assert not pad._can_take_back
    with pytest.raises(ValueError, match="nothing"):
        pad.take_back()
    assert [*(tmp_path / "mine").iterdir()] == [foreign] and foreign.name.startswith("1_")


def test_the_page_takes_back_and_is_told(pad, monkeypatch, tmp_path):
    put_right(pad, monkeypatch, 7, SEVEN)
    (path,) = (tmp_path / "mine").iterdir()
    (sent,) = ask(pad, monkeypatch, {"take_back": True})
    assert f"{path.name} is deleted" in sent["message"] and not path.exists()
    (sent,) = ask(pad, monkeypatch, {"take_back": True})
    assert "nothing" in sent["message"]


def test_a_kept_file_that_has_vanished_is_said_and_the_one_before_is_next(pad, monkeypatch):
    draw(pad, SEVEN)
    first, second, third = (pad.keep(7) for _ in range(3))
    third.unlink()
    with pytest.raises(FileNotFoundError, match=f"{third.name} is gone already"):
        pad.take_back()
    second.unlink()
    (sent,) = ask(pad, monkeypatch, {"take_back": True})
    assert f"{second.name} is gone already" in sent["message"]
    assert pad.take_back() == first


def test_a_file_that_cannot_be_deleted_is_still_the_one_to_take_back(pad, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    draw(pad, SEVEN)
    path = pad.keep(7)
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", refuse)
        (sent,) = ask(pad, patch, {"take_back": True})
    assert "Not deleted" in sent["message"] and "Permission denied" in sent["message"]
    assert pad.take_back() == path


def test_of_two_digits_their_number_is_said_and_not_that_it_is_no_digit(pad):
    one = [[[x, y, 16] for x, y in ((50, 90), (75, 60), (75, 220))]]
    seven = [[[x, y, 16] for x, y in ((140, 60), (220, 60), (170, 220))]]
    note = draw(pad, one + seven)["note"]
    assert "2 digits" in note and "one at a time" in note
    assert "not look like a digit" not in note


def test_the_javascript_is_sound(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    module = tmp_path / "sketchpad.mjs"  # the ending says that it is an ES module
    shutil.copy(Path(sketchpad.__file__).with_suffix(".js"), module)
    done = subprocess.run([node, "--check", module], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_corrected_drawing_is_kept_with_its_label(pad, monkeypatch, tmp_path):
    (sent,) = put_right(pad, monkeypatch, 7, SEVEN)
    (path,) = (tmp_path / "mine").iterdir()
    assert sent["kept"] and path.name in sent["message"]
    label, when = path.stem.split("_")
    assert label == "7"
    made = datetime.strptime(when.rpartition("-")[0], "%Y%m%d-%H%M%S")
    assert abs((datetime.now() - made).total_seconds()) < 60
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), sketchpad.draw(SEVEN))
    assert reading.preprocess(path).image.shape == (28, 28)


def test_no_kept_drawing_is_overwritten(pad, tmp_path):
    draw(pad, SEVEN)
    paths = {pad.keep(7) for _ in range(12)}  # several within one second
    assert len(paths) == 12
    assert {*(tmp_path / "mine").iterdir()} == paths


def test_a_disk_that_fills_up_leaves_no_part_of_a_file(pad, monkeypatch, tmp_path):
    def full(partial, target):
        raise OSError(28, "No space left on device")

    draw(pad, SEVEN)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        pad.keep(7)
    assert [*(tmp_path / "mine").iterdir()] == []


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    pad = digitlib.Sketchpad(folder=tmp_path / "file" / "mine")
    draw(pad, SEVEN)
    (sent,) = put_right(pad, monkeypatch, 7, SEVEN)
    assert not sent["kept"]
    assert "file/mine cannot be written" in sent["message"] and "\n" not in sent["message"]
    assert pad.digit == 7 and pad._paper["strokes"] == SEVEN


def test_neither_empty_paper_nor_a_wrong_label_is_kept(pad, tmp_path):
    with pytest.raises(ValueError, match="empty"):
        pad.keep(7)
    draw(pad, SEVEN)
    for label in (-1, 10, "7", None, True, 7.0):
        with pytest.raises(ValueError, match="label"):
            pad.keep(label)
    assert not (tmp_path / "mine").exists()


def test_a_page_without_a_kernel_shows_a_still_picture_of_the_drawing(pad):
    example, _ = pad._repr_mimebundle_()
    draw(pad, SEVEN)
    drawn, _ = pad._repr_mimebundle_()
    assert WIDGET in drawn
    assert "read as 3" in example["text/plain"] and "read as 7" in drawn["text/plain"]
    pictures = [base64.b64decode(parts["image/png"]) for parts in (example, drawn)]
    assert pictures[0] != pictures[1]
    with Image.open(io.BytesIO(pictures[1])) as picture:
        assert picture.format == "PNG" and picture.width > 500


def test_a_stored_notebook_keeps_the_still_picture_and_no_widget(pad):
    sketch, _ = pad._repr_mimebundle_()
    slider = {WIDGET: {}, "text/plain": "IntSlider(value=0)"}
    printed = {"output_type": "stream", "text": "seven"}
    stored = without_widgets([{"data": sketch}, {"data": slider}, printed])
    assert [{*output.get("data", {})} for output in stored] == [{"image/png", "text/plain"}, set()]


def test_a_network_of_ones_own_can_be_asked(tmp_path):
    layers = digitlib.keras.layers
    always_four = digitlib.keras.Sequential(
        [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    always_four.layers[-1].set_weights([np.zeros((784, 10)), 20 * np.eye(10)[4]])
    pad = digitlib.Sketchpad(always_four, folder=tmp_path)
    draw(pad, SEVEN)
    assert pad.digit == 4
