"""From a picture to 28×28: what every reader's photo goes through."""

import csv

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from digitlib import data, evaluation, reading
from digitlib.errors import ImageError
from project import SAMPLES
from synthetic import samples

LABELS = list(csv.DictReader((SAMPLES / "labels.csv").open()))


@pytest.fixture(scope="module")
def real():
    """200 real digits, each 8×8, enlarged to dark ink on light paper of 200×200."""
    bundled = load_digits()
    pictures = [
        225 - cv2.copyMakeBorder(grown // 4 * 3, *[30] * 4, cv2.BORDER_CONSTANT)
        for grown in (
            reading.resize_to((image * (255 / 16)).astype(np.uint8), 140)
            for image in bundled.images[:200]
        )
    ]
    return pictures, bundled.target[:200]


def share_read(network, pictures, y_true):
    x = np.stack([reading.preprocess(picture).image for picture in pictures])
    return evaluation.evaluate(network, x, y_true).accuracy


def in_color(gray, paper, pen):
    share = gray[..., np.newaxis] / 225
    return (np.asarray(paper) * share + np.asarray(pen) * (1 - share)).clip(0, 255).astype(np.uint8)


def test_every_sample_is_read_right(reader):
    wrong = [
        (row["file"], answer)
        for row in LABELS
        if (answer := reader.read_digit(SAMPLES / row["file"]).text) != row["label"]
    ]
    assert len(LABELS) == 100
    assert not wrong


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


def test_real_digits_come_out_right_from_every_kind_of_picture(network, real):
    pictures, y_true = real
    columns = np.mgrid[0:1:200j, 0:1:200j][1]
    rng = np.random.default_rng(0)
    kinds = {
        "dark on light": pictures,
        "light on dark": [255 - p for p in pictures],
        "shadow": [(p * (1 - 0.6 * columns)).astype(np.uint8) for p in pictures],
        "noise": [
            np.clip(p + rng.normal(0, 12, p.shape), 0, 255).astype(np.uint8) for p in pictures
        ],
        "red on yellow": [in_color(p, (250, 240, 120), (200, 20, 30)) for p in pictures],
        "in a corner": [np.pad(p, ((0, 150), (220, 0)), constant_values=225) for p in pictures],
        "tiny": [cv2.resize(p, (30, 30), interpolation=cv2.INTER_AREA) for p in pictures],
        "frame": [cv2.copyMakeBorder(p, *[9] * 4, cv2.BORDER_CONSTANT) for p in pictures],
    }
    shares = {kind: share_read(network, made, y_true) for kind, made in kinds.items()}
    assert min(shares.values()) >= 0.96, shares


def test_a_digit_cut_out_without_a_margin_is_read(network, real):
    pictures, y_true = real
    tight = []
    for picture in pictures:
        left, top, wide, high = cv2.boundingRect((picture < 130).astype(np.uint8))
        tight.append(picture[top : top + high, left : left + wide])
    assert share_read(network, tight, y_true) >= 0.7


def test_ruled_paper_is_not_read(network, real):
    pictures, y_true = real
    lined = [p.copy() for p in pictures]
    for picture in lined:
        picture[10::24] = np.minimum(picture[10::24], 175)
    assert share_read(network, lined, y_true) >= 0.95


def test_mnist_comes_through_the_chain_almost_unchanged(network):
    try:
        digits = data.load_data("mnist")
    except data.DataError as error:
        pytest.skip(f"needs MNIST: {error}")
    x, y_true = digits.x_val[:500], digits.y_val[:500]
    pictures = [
        255 - cv2.copyMakeBorder(reading.resize_to(image, 160), *[20] * 4, cv2.BORDER_CONSTANT)
        for image in x
    ]
    direct = evaluation.evaluate(network, x, y_true).accuracy
    assert share_read(network, pictures, y_true) >= direct - 0.004


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
