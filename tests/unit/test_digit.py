"""From a picture to 28×28: what every reader's photo goes through."""

import csv

import cv2
import numpy as np
import pytest

from digitlib import reading
from digitlib.errors import ImageError
from project import SAMPLES
from synthetic import samples

LABELS = list(csv.DictReader((SAMPLES / "labels.csv").open()))


def test_the_script_draws_the_samples_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "SAMPLES", tmp_path)
    samples.main()
    for table in ("labels.csv", "pages.csv"):
        assert (tmp_path / table).read_text() == (SAMPLES / table).read_text()
    pages = csv.DictReader((SAMPLES / "pages.csv").open())
    for row in [*LABELS, *pages]:
        ours, made = (reading.read_image(f / row["file"]) for f in (SAMPLES, tmp_path))
        assert ours.shape == made.shape
        assert np.abs(ours.astype(int) - made).mean() < 1, row["file"]


def test_the_result_is_made_as_mnists_authors_made_theirs(real):
    for picture in real[0][:50]:
        digit = reading.preprocess(picture).image
        _, _, wide, high = cv2.boundingRect((digit > 0).astype(np.uint8))
        moments = cv2.moments(digit)
        assert digit.shape == (28, 28)
        assert digit.dtype == np.uint8
        assert 18 <= max(wide, high) <= 20
        assert abs(moments["m10"] / moments["m00"] - 14) <= 0.6
        assert abs(moments["m01"] / moments["m00"] - 14) <= 0.6


@pytest.mark.parametrize(("pen", "low", "high"), [(2, 1.0, 2.5), (20, 1.1, 2.0), (110, 5, 8)])
def test_strokes_are_brought_into_mnists_range(pen, low, high):
    sheet = np.full((500, 500), 255, np.uint8)
    cv2.ellipse(sheet, (250, 250), (90, 140), 0, 0, 360, 0, pen, cv2.LINE_AA)
    digit = reading.preprocess(sheet).image
    assert low <= _pen(digit) <= high


def _pen(digit):
    """The width of a ring's strokes: its ink over the length of its middle line."""
    across = digit[14].astype(float) / 255
    return across[:14].sum()


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_page_holds_no_ink(shade):
    page = np.full((400, 300), shade, np.uint8)
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    for sheet in (page, np.clip(page + noise, 0, 255).astype(np.uint8)):
        with pytest.raises(ImageError, match="No ink"):
            reading.preprocess(sheet)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (8, 8), (3000, 20)])
def test_odd_shapes_give_an_answer_or_a_plain_error(shape):
    for picture in (np.zeros(shape, np.uint8), np.eye(*shape, dtype=np.uint8) * 200):
        try:
            assert reading.preprocess(picture).image.shape == (28, 28)
        except ImageError as error:
            assert "No ink" in str(error)


def test_pictures_are_left_as_they_were(real):
    picture = real[0][0].copy()
    reading.preprocess(picture)
    assert np.array_equal(picture, real[0][0])
