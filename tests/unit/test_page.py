"""Every digit on a page: found, in reading order, and cut apart where digits touch."""

import csv
from difflib import SequenceMatcher

import cv2
import numpy as np
import pytest

from benchmarks import handwriting as bench
from digitlib.errors import ImageError
from digitlib.reading import ReadWarning, page, paper
from project import SAMPLES
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


def test_the_sample_pages_are_read(reader):
    with (SAMPLES / "pages.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = there = 0
    for row in rows:
        wanted = row["text"].split("|")
        found = reader.read_page(SAMPLES / row["file"]).text.split("\n")
        assert len(found) == len(wanted), row["file"]
        for line, expected in zip(found, wanted, strict=True):
            there += len(expected)
            right += sum(
                block.size for block in SequenceMatcher(a=line, b=expected).get_matching_blocks()
            )
    assert len(rows) >= 6
    assert right / there >= 0.99, f"{right} of {there}"


def test_clean_pages_of_mnist_come_out_right(reader, mnist):
    right, there, found = bench.pages(reader, mnist.x_test, mnist.y_test, 12)
    assert right / there >= 0.995, (right, there, found)
    assert abs(found - there) <= 2


def test_digits_that_touch_are_cut_apart(reader, mnist):
    right, there, _ = bench.pages(reader, mnist.x_val, mnist.y_val, 4, gap=(-0.05, 0.02), columns=8)
    assert right / there >= 0.94, (right, there)


def test_the_last_rows_of_a_full_page_are_cut_like_the_first(reader, mnist):
    layout = {"rows": 12, "columns": 14, "heights": (35, 50), "gap": (-0.05, 0.02)}
    right, there, found = bench.pages(reader, mnist.x_val, mnist.y_val, 1, **layout)
    assert there == 168 and abs(found - there) <= 4
    assert right / there >= 0.95


def test_hard_pages_lose_little(reader, mnist):
    for name in ("shadow", "noise", "ruled paper", "perspective", "turned", "few pixels"):
        right, there, _ = bench.pages(
            reader, mnist.x_val, mnist.y_val, 2, bench.CONDITIONS[name], 0.5
        )
        assert right / there >= 0.95, name


def test_an_empty_page_has_no_digits(reader):
    answer = reader.read_page(np.full((600, 800), 240, np.uint8))
    assert answer.rows == () and answer.text == "" and answer.warning == ReadWarning.NO_INK


def test_the_best_split_covers_everything_once_at_the_least_cost():
    spans = [(0, 2), (0, 1), (1, 2), (2, 3)]
    assert page.viterbi_path(spans, [5.0, 1.0, 1.0, 0.0]) == [1, 2, 3]
    assert page.viterbi_path(spans, [1.5, 1.0, 1.0, 0.0]) == [0, 3]


def test_rules_are_taken_out_and_the_strokes_across_them_stay():
    mask = np.zeros((300, 600), bool)
    mask[100:103] = mask[200:203] = True
    mask[60:240, 300:312] = True
    left = paper.remove_ruled_lines(mask)
    assert left[60:240, 302:310].all()
    assert not left[100:103, :280].any() and not left[200:203, 330:].any()


def test_a_page_is_left_as_it_was(reader, sheet):
    photo = as_photo(sheet[0])
    before = photo.copy()
    reader.read_page(photo)
    assert np.array_equal(photo, before)


def test_an_array_that_is_no_picture_is_refused(reader):
    with pytest.raises(ImageError, match="uint8"):
        reader.read_page(np.zeros((5, 5)))
