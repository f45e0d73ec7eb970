"""How well strangers' digits are read, and what is said of what is no digit: the floors."""

from collections import Counter

import bench_handwriting as bench
import drawing
import numpy as np
import pytest

from digitlib import doubt, evaluation, images, recognition, training


@pytest.fixture(scope="module")
def reader():
    return training.read(training.PRETRAINED / "reader.keras")


@pytest.fixture(scope="module")
def bundled(reader):
    """scikit-learn's 1,797 digits as pictures: what was read, and which came with a note."""
    pictures, y_true = bench.scikit_learn()
    probabilities, notes = bench.read(reader, pictures)
    return evaluation.Evaluation(y_true, probabilities), notes


def test_scikit_learns_digits_are_read(bundled):
    result, _ = bundled
    assert result.accuracy >= 0.985
    assert result.calibration_error() <= 0.02


def test_at_most_one_in_a_hundred_of_them_is_doubted(bundled):
    assert bundled[1].mean() <= 0.01


def test_mnist_loses_nothing_on_its_way_through_the_chain(reader, mnist):
    x, y_true = mnist.x_test[:1500], mnist.y_test[:1500]
    direct = evaluation.evaluate(reader, x, y_true)
    probabilities, notes = bench.read(reader, bench.as_pictures(x))
    result = evaluation.Evaluation(y_true, probabilities)
    assert result.accuracy >= direct.accuracy - 0.001
    assert result.calibration_error() <= 0.01
    assert notes.mean() <= 0.01


def test_digits_drawn_in_many_hands_and_pens_are_read(reader):
    results = {}
    for pen in drawing.PENS:
        pictures, y_true = bench.drawn(pen, 68)
        probabilities, notes = bench.read(reader, pictures)
        results[pen] = evaluation.Evaluation(y_true, probabilities), notes
    assert min(result.accuracy for result, _ in results.values()) >= 0.93
    together = evaluation.Evaluation(
        np.concatenate([result.y_true for result, _ in results.values()]),
        np.concatenate([result.probabilities for result, _ in results.values()]),
    )
    assert together.accuracy >= 0.97
    assert together.calibration_error() <= 0.02
    assert np.concatenate([notes for _, notes in results.values()]).mean() <= 0.02


def test_what_is_no_digit_is_told(reader):
    kinds, names, pictures = zip(*drawing.nondigits(400, 1), strict=True)
    told = bench.flagged(reader, pictures)
    missed = Counter(zip(np.array(kinds)[~told], np.array(names)[~told], strict=True))
    assert told.mean() >= 0.95, missed


def test_two_digits_where_one_was_asked_are_counted(reader):
    rng = np.random.default_rng(0)
    row = [
        (n, drawing.ink(drawing.any_form(n, rng), (120, 100), (15, 10, 70, 100), 9))
        for n in (4, 7, 2)
    ]
    mask, _ = drawing.page([row], (200, 460), rng, height=(80, 95), gap=(0.3, 0.5))
    answer = recognition.read_digit(reader, ((1 - mask) * 240).astype(np.uint8))
    assert answer.note == "3 digits found; use --page"
    assert len(answer.digits) == 1


def test_a_blank_page_is_no_digit_and_no_error(reader):
    answer = recognition.read_digit(reader, np.full((300, 300), 250, np.uint8))
    assert answer.digits == () and answer.note == "no ink found"


def test_a_five_whose_bar_is_apart_is_one_digit(reader):
    sheet = np.full((300, 300), 245, np.uint8)
    for stroke in drawing.strokes(5, "apart", np.random.default_rng(2)):
        points = (stroke * 150 + 75).round().astype(np.int32)
        sheet = drawing.cv2.polylines(sheet, [points], False, 30, 12, drawing.cv2.LINE_AA)
    answer = recognition.read_digit(reader, sheet)
    assert answer.text == "5" and answer.note == ""


def test_the_box_holds_the_ink_in_the_pictures_own_pixels(reader):
    sheet = np.full((1500, 2200), 245, np.uint8)
    drawing.cv2.putText(sheet, "4", (1500, 900), 0, 12, 20, 26, drawing.cv2.LINE_AA)
    rows, columns = np.nonzero(sheet < 128)
    (digit,) = recognition.read_digit(reader, sheet).digits
    truth = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert np.abs(np.subtract(digit.box, truth)).max() <= 12


def test_bytes_a_path_and_an_array_give_the_same_answer(reader, tmp_path):
    from PIL import Image

    picture = drawing.digit(3, "round", "felt-tip", np.random.default_rng(0))
    path = tmp_path / "three.png"
    Image.fromarray(picture).save(path)
    answers = [recognition.read_digit(reader, p) for p in (path, path.read_bytes(), picture)]
    assert {(a.text, a.digits[0].box, a.digits[0].probability) for a in answers} == {
        (a.text, a.digits[0].box, a.digits[0].probability) for a in answers[:1]
    }


def test_the_judges_examples_are_no_digits_and_look_like_the_chains_own(small):
    rng = np.random.default_rng(0)
    drawn = [doubt.draw_nondigit(small.x_train, small.y_train, rng) for _ in range(300)]
    assert all(image.shape == (28, 28) and image.dtype == np.uint8 for image in drawn)
    assert np.mean([image.any() for image in drawn]) > 0.98
    widest = [
        max(np.ptp(np.nonzero(image)[0]), np.ptp(np.nonzero(image)[1])) + 1
        for image in drawn
        if image.any()
    ]
    assert np.median(widest) <= 21  # in the box of 20, give or take a blur


def test_the_threshold_doubts_about_the_share_it_was_told(mnist):
    judge = training.read(training.PRETRAINED / "judge/judge.keras", outputs=1)
    before = doubt.set_threshold(judge, mnist.x_val[:2000], share=0.05)
    x = mnist.x_val[:2000:2]
    far = np.stack([doubt.of_few_pixels(image, 10) for image in x])
    plain, few = (evaluation.predict(judge, images)[:, 0] < 0.5 for images in (x, far))
    assert 0 < before < 1
    assert 0.02 < (plain.mean() + few.mean()) / 2 < 0.08


def test_no_ink_is_an_image_error_of_its_own():
    with pytest.raises(images.NoInkError, match="No ink"):
        images.prepare(np.full((200, 200), 200, np.uint8))
