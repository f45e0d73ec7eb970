"""One digit or a page: answers, warnings and boxes; networks come in as callables."""

import cv2
import numpy as np
import pytest
from PIL import Image

from digitlib import reading
from digitlib.errors import ModelError, NoInkError
from digitlib.reading import Reader, ReadWarning
from digitlib.reading.mnist_format import is_straight_stroke
from synthetic import layout, pens, strokes


def test_two_digits_where_one_was_asked_are_counted(reader):
    rng = np.random.default_rng(0)
    row = [
        (n, pens.ink(strokes.any_form(n, rng), (120, 100), (15, 10, 70, 100), 9)) for n in (4, 7, 2)
    ]
    mask, _ = layout.page([row], (200, 460), rng, heights=(80, 95), gap=(0.3, 0.5))
    answer = reader.read_digit(((1 - mask) * 240).astype(np.uint8))
    assert answer.warning == ReadWarning.SEVERAL_DIGITS and answer.found == 3
    assert len(answer.digits) == 1


def test_a_blank_page_is_no_digit_and_no_error(reader):
    answer = reader.read_digit(np.full((300, 300), 250, np.uint8))
    assert answer.digits == () and answer.warning == ReadWarning.NO_INK


def test_a_five_whose_bar_is_apart_is_one_digit(reader):
    sheet = np.full((300, 300), 245, np.uint8)
    for stroke in strokes.strokes(5, "apart", np.random.default_rng(2)):
        points = (stroke * 150 + 75).round().astype(np.int32)
        sheet = cv2.polylines(sheet, [points], False, 30, 12, cv2.LINE_AA)
    answer = reader.read_digit(sheet)
    assert answer.text == "5" and answer.warning is None and answer.found == 1


def test_the_box_holds_the_ink_in_the_pictures_own_pixels(reader):
    sheet = np.full((1500, 2200), 245, np.uint8)
    cv2.putText(sheet, "4", (1500, 900), 0, 12, 20, 26, cv2.LINE_AA)
    rows, columns = np.nonzero(sheet < 128)
    (digit,) = reader.read_digit(sheet).digits
    truth = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert np.abs(np.subtract(digit.box, truth)).max() <= 12


def test_bytes_a_path_and_an_array_give_the_same_answer(reader, tmp_path):
    picture = layout.digit(3, "round", "felt-tip", np.random.default_rng(0))
    path = tmp_path / "three.png"
    Image.fromarray(picture).save(path)
    answers = [reader.read_digit(p) for p in (path, path.read_bytes(), picture)]
    assert {(a.text, a.digits[0].box, a.digits[0].probability) for a in answers} == {
        (a.text, a.digits[0].box, a.digits[0].probability) for a in answers[:1]
    }


def test_no_ink_is_an_image_error_of_its_own():
    with pytest.raises(NoInkError, match="No ink"):
        reading.preprocess(np.full((200, 200), 200, np.uint8))


def test_networks_come_in_as_callables(network):
    """A Keras model as it is, and a plain function: each is asked with uint8 (n, 28, 28)."""
    seen = []

    def always_a_digit(x):
        seen.append((x.dtype, x.shape))
        return np.ones(len(x))

    picture = layout.digit(3, "round", "felt-tip", np.random.default_rng(0))
    answer = Reader(network, always_a_digit).read_digit(picture)
    assert answer.text == "3" and answer.warning is None
    assert answer.digits[0].digit_probability == 1
    assert seen == [(np.uint8, (1, 28, 28))]
    refused = Reader(network, lambda x: np.zeros((len(x), 1))).read_digit(picture)
    assert refused.text == "3" and refused.digits[0].rejected
    assert refused.warning == ReadWarning.NOT_A_DIGIT


@pytest.mark.parametrize(("classes", "values"), [(5, 1), (10, 3)])
def test_a_network_that_answers_in_another_shape_is_refused(classes, values):
    reader = Reader(lambda x: np.ones((len(x), classes)), lambda x: np.ones((len(x), values)))
    with pytest.raises(ModelError, match=r"answers 1 images with .* must give"):
        reader.read_digit(layout.digit(3, "round", "felt-tip", np.random.default_rng(0)))


def test_what_preprocess_made_can_be_read_without_making_it_again(reader):
    picture = layout.digit(7, "barred", "ballpoint", np.random.default_rng(1))
    one, other = reader.read_digit(picture), reader.read_digit(reading.preprocess(picture))
    assert np.array_equal(one.digits[0].image, other.digits[0].image)
    assert one.text == other.text == "7" and one.digits[0].box == other.digits[0].box


def test_a_page_says_which_of_its_marks_are_no_digits(network):
    sheet = np.full((400, 700), 245, np.uint8)
    for text, x in (("4", 80), ("7", 440)):
        cv2.putText(sheet, text, (x, 280), cv2.FONT_HERSHEY_SIMPLEX, 6, 30, 14, cv2.LINE_AA)

    def no_seven(x):
        return np.where(network(x).numpy().argmax(axis=1) == 7, 0.4, 1)

    answer = Reader(network, no_seven).read_page(sheet)
    assert answer.warning == ReadWarning.SOME_NOT_DIGITS
    assert [digit.digit for digit in answer.digits if digit.rejected] == [7]
    assert [digit.digit for digit in answer.digits if not digit.rejected] == [4]


@pytest.mark.parametrize("pen", [8, 16, 24])
@pytest.mark.parametrize("lean", [0, 12])
def test_a_1_drawn_with_a_ruler_is_a_digit(reader, pen, lean):
    """As the arrow keys of the sketchpad draw it: nothing in MNIST is so straight."""
    for length in (80, 160, 240):
        sheet = np.full((280, 280), 255, np.uint8)
        ends = (140 + lean, 140 - length // 2), (140 - lean, 140 + length // 2)
        cv2.line(sheet, *ends, 0, pen, cv2.LINE_AA)
        answer = reader.read_digit(sheet)
        assert answer.text == "1" and answer.warning is None, length


def test_only_one_straight_upright_stroke_is_taken_for_a_ruled_1(small):
    def drawn(*lines):
        image = np.zeros((28, 28), np.uint8)
        for line in lines:
            cv2.polylines(image, [np.array(line)], False, 255, 3)
        return image

    assert is_straight_stroke(drawn([(14, 4), (14, 23)]))
    assert is_straight_stroke(drawn([(17, 4), (11, 23)]))
    for other in (
        drawn([(4, 14), (23, 14)]),  # it lies
        drawn([(20, 4), (8, 23)]),  # a slash
        drawn([(14, 10), (14, 18)]),  # a dash
        drawn([(14, 4), (14, 23)], [(9, 9), (14, 4)]),  # a 1 with a flag: the networks know it
        drawn([(9, 4), (9, 23)], [(18, 4), (18, 23)]),
        drawn([(14, 4), (10, 13), (14, 23)]),
        np.zeros((28, 28), np.uint8),
    ):
        assert not is_straight_stroke(other)
    others = small.x_train[small.y_train != 1]
    assert not any(is_straight_stroke(image) for image in others)
