"""From a picture to 28×28: what every reader's photo goes through."""

import csv
import importlib.util
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from digitlib import data, evaluation, images, training

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
LABELS = list(csv.DictReader((SAMPLES / "labels.csv").open()))


@pytest.fixture(scope="module")
def reader():
    return training.read(training.PRETRAINED / "reader.keras")


@pytest.fixture(scope="module")
def real():
    """200 real digits, each 8×8, enlarged to dark ink on light paper of 200×200."""
    bundled = load_digits()
    pictures = [
        225 - cv2.copyMakeBorder(grown // 4 * 3, *[30] * 4, cv2.BORDER_CONSTANT)
        for grown in (
            images.resize_to((image * (255 / 16)).astype(np.uint8), 140)
            for image in bundled.images[:200]
        )
    ]
    return pictures, bundled.target[:200]


def share_read(reader, pictures, y_true):
    x = np.stack([images.prepare(picture).digit for picture in pictures])
    return evaluation.evaluate(reader, x, y_true).accuracy


def in_color(gray, paper, pen):
    share = gray[..., np.newaxis] / 225
    return (np.asarray(paper) * share + np.asarray(pen) * (1 - share)).clip(0, 255).astype(np.uint8)


def test_every_sample_is_read_right(reader):
    wrong = [
        (row["file"], answer)
        for row in LABELS
        if (answer := images.read_digit(reader, SAMPLES / row["file"]))[0] != int(row["label"])
    ]
    assert len(LABELS) == 12
    assert not wrong


def test_the_script_draws_the_samples_that_are_there(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make_samples.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    assert (tmp_path / "labels.csv").read_text() == (SAMPLES / "labels.csv").read_text()
    for row in LABELS:
        ours, made = (cv2.imread(str(f / row["file"]), -1) for f in (SAMPLES, tmp_path))
        assert ours.shape == made.shape
        assert np.abs(ours.astype(int) - made).mean() < 1, row["file"]


def test_real_digits_come_out_right_from_every_kind_of_picture(reader, real):
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
    shares = {kind: share_read(reader, made, y_true) for kind, made in kinds.items()}
    assert min(shares.values()) >= 0.96, shares


def test_a_digit_cut_out_without_a_margin_is_read(reader, real):
    pictures, y_true = real
    tight = []
    for picture in pictures:
        left, top, wide, high = cv2.boundingRect((picture < 130).astype(np.uint8))
        tight.append(picture[top : top + high, left : left + wide])
    assert share_read(reader, tight, y_true) >= 0.7


def test_ruled_paper_is_not_read(reader, real):
    pictures, y_true = real
    lined = [p.copy() for p in pictures]
    for picture in lined:
        picture[10::24] = np.minimum(picture[10::24], 175)
    assert share_read(reader, lined, y_true) >= 0.95


def test_mnist_comes_through_the_chain_almost_unchanged(reader):
    try:
        digits = data.load_data("mnist")
    except data.DataError as error:
        pytest.skip(f"needs MNIST: {error}")
    x, y_true = digits.x_val[:500], digits.y_val[:500]
    pictures = [
        255 - cv2.copyMakeBorder(images.resize_to(image, 160), *[20] * 4, cv2.BORDER_CONSTANT)
        for image in x
    ]
    direct = evaluation.evaluate(reader, x, y_true).accuracy
    assert share_read(reader, pictures, y_true) >= direct - 0.004


def test_the_result_is_made_as_mnists_authors_made_theirs(real):
    for picture in real[0][:50]:
        digit = images.prepare(picture).digit
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
    digit = images.prepare(sheet).digit
    assert low <= _pen(digit) <= high


def _pen(digit):
    """The width of a ring's strokes: its ink over the length of its middle line."""
    across = digit[14].astype(float) / 255
    return across[:14].sum()


def test_files_of_every_common_format_give_the_same_digit(tmp_path):
    picture = Image.open(SAMPLES / "dark_on_light.png").convert("RGB")
    expected = images.prepare(np.asarray(picture)).digit.astype(int)
    made = {"a.png": picture, "b.jpg": picture, "c.webp": picture, "d.bmp": picture}
    made |= {"e.tif": picture.convert("CMYK"), "f.gif": picture.convert("P")}
    made |= {"g.png": picture.convert("LA"), "h.png": picture.convert("1")}
    made["i.png"] = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    for name, image in made.items():
        image.save(tmp_path / name)
        found = images.prepare(tmp_path / name).digit
        assert np.abs(found - expected).mean() < 6, name


def test_a_photo_is_turned_upright_as_its_camera_says(tmp_path):
    picture = Image.open(SAMPLES / "dark_on_light.png").convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    upright = images.prepare(tmp_path / "turned.jpg").digit.astype(int)
    assert np.abs(upright - images.prepare(np.asarray(picture)).digit).mean() < 6


def test_transparent_strokes_are_seen_in_black_and_in_white(reader):
    layer = np.asarray(Image.open(SAMPLES / "transparent.png")).copy()
    layer[..., :3] = 255
    assert images.read_digit(reader, images._colors(Image.fromarray(layer)))[0] == 9


def bomb() -> bytes:
    """A PNG of a few bytes that claims 60,000 × 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def test_a_bad_file_is_refused_in_one_sentence(tmp_path):
    good = (SAMPLES / "shadow.jpg").read_bytes()
    bad = {
        "truncated.jpg": (good[: len(good) // 3], "damaged"),
        "empty.png": (b"", "is empty"),
        "text.png": (b"I am no picture.", "no image"),
        "bomb.png": (bomb(), "megapixels"),
    }
    for name, (content, words) in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(images.ImageError, match=words) as caught:
            images.prepare(tmp_path / name)
        assert "\n" not in str(caught.value)
    for path, words in ((tmp_path, "folder"), (tmp_path / "none.png", "no file")):
        with pytest.raises(images.ImageError, match=words):
            images.prepare(path)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_page_holds_no_ink(shade):
    page = np.full((400, 300), shade, np.uint8)
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    for sheet in (page, np.clip(page + noise, 0, 255).astype(np.uint8)):
        with pytest.raises(images.ImageError, match="No ink"):
            images.prepare(sheet)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (8, 8), (3000, 20)])
def test_odd_shapes_give_an_answer_or_a_plain_error(shape):
    for picture in (np.zeros(shape, np.uint8), np.eye(*shape, dtype=np.uint8) * 200):
        try:
            assert images.prepare(picture).digit.shape == (28, 28)
        except images.ImageError as error:
            assert "No ink" in str(error)


def test_pictures_are_left_as_they_were(real):
    picture = real[0][0].copy()
    images.prepare(picture)
    assert np.array_equal(picture, real[0][0])
