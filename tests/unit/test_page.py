"""Every digit on a page: found, in reading order, and cut apart where digits touch."""

import cv2
import numpy as np
import pytest

from digitlib.errors import ImageError
from digitlib.reading import ReadWarning, page
from synthetic import cameras, layout, papers, pens, strokes


@pytest.fixture(scope="module")
def sheet():
    """Ink of three rows of drawn digits, and where each digit lies."""
    rng = np.random.default_rng(3)
    rows = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 0], [3, 8, 0, 2, 5]]
    made = [
        [(label, pens.ink(strokes.any_form(label, rng), (120, 90), (10, 10, 70, 100), 9))
         for label in row]
        for row in rows
    ]  # fmt: skip
    return layout.page(made, (700, 900), rng, heights=(60, 90))


def as_photo(ink):
    return cameras.grain(
        papers.lay(ink, papers.sheet("cream", ink.shape), papers.INKS["blue"]),
        3,
        np.random.default_rng(0),
    )


def test_rows_are_read_from_top_to_bottom_and_left_to_right(reader, sheet):
    ink, truth = sheet
    answer = reader.read_page(as_photo(ink))
    assert answer.text == "123456\n7890\n38025"
    for digit, (_, box) in zip(answer.digits, truth, strict=True):
        assert np.abs(np.subtract(digit.box, box)).max() <= 4


def test_boxes_are_in_the_pictures_own_pixels(reader, sheet):
    ink, truth = sheet
    large = cv2.resize(as_photo(ink), None, fx=3.5, fy=3.5)
    answer = reader.read_page(large)
    for digit, (_, box) in zip(answer.digits, truth, strict=True):
        assert np.abs(np.subtract(digit.box, 3.5 * np.array(box))).max() <= 14


def test_a_sheet_on_a_table_is_laid_flat_and_its_boxes_point_into_the_photo(reader, sheet):
    ink, truth = sheet
    rng = np.random.default_rng(1)
    table = np.full((1000, 1300, 3), (96, 62, 40), np.uint8)
    corners = np.array([(200, 120), (1130, 60), (1180, 900), (130, 860)], np.float32)
    flat = np.array([(0, 0), (900, 0), (900, 700), (0, 700)], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    photo = table.copy()
    warped = cv2.warpPerspective(as_photo(ink), matrix, (1300, 1000))
    inside = cv2.warpPerspective(np.ones((700, 900), np.uint8), matrix, (1300, 1000))
    photo[inside > 0] = warped[inside > 0]
    answer = reader.read_page(cameras.grain(photo, 3, rng))
    assert answer.text == "123456\n7890\n38025"
    for digit, (_, (left, top, right, bottom)) in zip(answer.digits, truth, strict=True):
        middle = np.array([[[(left + right) / 2, (top + bottom) / 2]]])
        x, y = cv2.perspectiveTransform(middle, matrix)[0, 0]
        assert digit.box[0] < x < digit.box[2] and digit.box[1] < y < digit.box[3]


def test_light_digits_on_a_dark_page_are_read(reader, sheet):
    assert reader.read_page(255 - as_photo(sheet[0])).text == "123456\n7890\n38025"


def test_an_empty_page_has_no_digits(reader):
    answer = reader.read_page(np.full((600, 800), 240, np.uint8))
    assert answer.rows == () and answer.text == "" and answer.warning == ReadWarning.NO_INK


def test_the_best_split_covers_everything_once_at_the_least_cost():
    spans = [(0, 2), (0, 1), (1, 2), (2, 3)]
    assert page.viterbi_path(spans, [5.0, 1.0, 1.0, 0.0]) == [1, 2, 3]
    assert page.viterbi_path(spans, [1.5, 1.0, 1.0, 0.0]) == [0, 3]


def test_a_page_is_left_as_it_was(reader, sheet):
    photo = as_photo(sheet[0])
    before = photo.copy()
    reader.read_page(photo)
    assert np.array_equal(photo, before)


def test_an_array_that_is_no_picture_is_refused(reader):
    with pytest.raises(ImageError, match="uint8"):
        reader.read_page(np.zeros((5, 5)))
