"""The sketchpad's Python side; tests/browser draws on it with the mouse."""

import base64
import io
from datetime import datetime

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


def put_right(pad, monkeypatch, label, strokes):
    """Ask for a drawing to be kept as the page does, and return the message it gets back."""
    sent = []
    monkeypatch.setattr(pad, "send", sent.append)
    pad._handle_custom_msg({"label": label, "strokes": strokes}, [])
    return sent


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
    for label in (-1, 10, "7", None):
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
