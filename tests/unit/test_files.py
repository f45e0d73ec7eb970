"""From a file to colours on paper: formats, modes, and what is no picture."""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digitlib.errors import ImageError
from digitlib.reading.files import read_image, read_scaled
from fuzz_images import peak_memory
from project import ROOT

# Drawn by code as `seven` below (pen 9, shades 40 and 235, 128 × 160 pixels) and encoded with
# pillow-heif: what this project installs only decodes HEIC.
HEIC = ROOT / "tests" / "data" / "seven.heic"
Turn = Image.Transpose


@pytest.fixture(scope="module")
def seven():
    """A dark blue 7 on white, higher than wide."""
    sheet = np.full((120, 90, 3), 255, np.uint8)
    stroke = np.array([[20, 30], [68, 26], [40, 98]])
    return Image.fromarray(cv2.polylines(sheet, [stroke], False, (0, 0, 60), 9, cv2.LINE_AA))


def saved(image, name, **options):
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def converted(image, mode):
    """The image in any of Pillow's modes, 16 bits included, to which it converts none."""
    if mode.startswith("I;16"):
        values = np.asarray(image.convert("L")).astype(np.uint16) * 257
        return Image.fromarray(values.astype(">u2" if mode.endswith("B") else "<u2"))
    image = image.convert("P") if mode == "PA" else image
    return image.convert(mode, dither=Image.Dither.NONE)


def shade(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)


def with_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def strokes(color, alpha=255):
    """A bar of one colour in the middle of a clear layer, RGBA, 60 × 40 pixels."""
    layer = np.zeros((40, 60, 4), np.uint8)
    layer[10:30, 25:35] = [*color, alpha]
    return Image.fromarray(layer)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_that_claims(wide, high):
    header = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode, {"quality": 90}) for mode in ("L", "RGB", "CMYK", "YCbCr")),
        *(("TIFF", mode, {}) for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA")),
        *(("TIFF", mode, {}) for mode in ("RGBX", "CMYK", "LAB", "I", "I;16", "F")),
        ("TIFF", "I;16B", {}),
        ("TIFF", "YCbCr", {"compression": "tiff_lzw"}),
        ("TIFF", "1", {"compression": "group4"}),
        ("TIFF", "L", {"tiffinfo": {262: 0}}),  # white is zero
        ("WEBP", "RGB", {"quality": 90}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("GIF", "P", {}),
        *((name, "RGB", {}) for name in ("BMP", "PPM", "TGA", "AVIF")),
    ],
)
def test_every_format_and_mode_shows_the_same_picture(seven, tmp_path, name, mode, options):
    content = saved(converted(seven, mode), name, **options)
    (tmp_path / "seven").write_bytes(content)  # the name says nothing about the format
    for source in (content, tmp_path / "seven", str(tmp_path / "seven")):
        picture = read_image(source)
        assert picture.shape == (120, 90, 3)
        assert picture.dtype == np.uint8
        assert np.abs(shade(picture) - shade(np.asarray(seven))).mean() < 3


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_heic_of_a_phone_is_read(brand):
    content = HEIC.read_bytes()
    picture = shade(read_image(content[:8] + brand + content[12:]))
    assert picture.shape == (160, 128)
    on, off = picture[[40, 38, 80], [30, 60, 77]], picture[[10, 80, 150], [10, 20, 100]]
    assert np.abs(on - 40).max() < 12
    assert np.abs(off - 235).max() < 6


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, None), (2, Turn.FLIP_LEFT_RIGHT), (3, Turn.ROTATE_180), (4, Turn.FLIP_TOP_BOTTOM),
        (5, Turn.TRANSPOSE), (6, Turn.ROTATE_90), (7, Turn.TRANSVERSE), (8, Turn.ROTATE_270),
        (0, None), (9, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_photo_is_turned_upright_as_its_camera_says(seven, name, orientation, stored):
    photo = seven if stored is None else seven.transpose(stored)
    picture = read_image(saved(photo, name, exif=with_exif(orientation)))
    assert picture.shape == (120, 90, 3)
    assert np.abs(shade(picture) - shade(np.asarray(seven))).mean() < 3


def test_broken_exif_does_no_harm(seven):
    for exif in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"):
        assert np.array_equal(read_image(saved(seven, "PNG", exif=exif)), np.asarray(seven))


@pytest.mark.parametrize(("pen", "paper"), [(0, 255), (100, 255), (255, 0), (180, 0)])
def test_strokes_on_a_clear_layer_are_laid_on_what_they_stand_out_from(pen, paper):
    for alpha in (255, 90):  # a pen and a highlighter
        picture = read_image(saved(strokes([pen] * 3, alpha), "PNG"))
        assert (picture[:5] == paper).all()
        assert (picture[20, 30] == round(paper + (pen - paper) * alpha / 255)).all()


def test_a_stroke_that_fills_most_of_a_clear_layer_is_still_seen():
    picture = read_image(saved(strokes((0, 0, 0)).crop((22, 8, 38, 32)), "PNG"))
    assert picture.min() == 0
    assert (picture[0] == 255).all()


def test_clear_corners_get_the_paper_of_the_picture(seven):
    sheet = Image.new("RGBA", seven.size, (240, 220, 180, 255))
    sheet.paste((0, 0, 90, 255), (40, 30, 50, 90))
    sheet.paste((0, 0, 0, 0), (0, 0, 12, 12))
    picture = read_image(saved(sheet, "PNG"))
    assert (picture[:12, :12] == (240, 220, 180)).all()


@pytest.mark.parametrize("name", ["PNG", "GIF"])
def test_a_clear_colour_of_a_palette_is_paper(name):
    image = Image.new("P", (60, 40), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])  # clear black, and ink
    image.paste(1, (25, 10, 35, 30))
    picture = read_image(saved(image, name, transparency=0))
    assert (picture[0] == 255).all()
    assert (picture[20, 30] == 10).all()


def test_sixteen_bits_are_scaled_by_their_range_unless_that_is_nearly_black():
    steps = np.array([[0, 1000, 32_768, 65_535]], np.uint16)
    noise = np.random.default_rng(0).integers(64_000, 65_000, (50, 50)).astype(np.uint16)
    assert read_image(saved(Image.fromarray(steps), "PNG"))[0, :, 0].tolist() == [0, 4, 128, 255]
    assert np.ptp(read_image(saved(Image.fromarray(noise), "PNG"))) < 6  # a blank page stays so
    twelve = read_image(saved(Image.fromarray(steps // 16), "PNG"))[0, :, 0]
    assert twelve.tolist() == [0, 4, 128, 255]


@pytest.mark.parametrize("scale", [1, 255, 1e6])
def test_floats_of_any_scale_are_read_and_holes_are_paper(scale):
    values = np.array([[0, 0.5, 1, np.nan, np.inf, -np.inf]], np.float32) * np.float32(scale)
    picture = read_image(saved(Image.fromarray(values), "TIFF"))[0, :, 0]
    assert picture.tolist() == [0, 128, 255, 255, 255, 0]


@pytest.mark.parametrize("name", ["GIF", "WEBP", "TIFF", "PNG", "MPO", "AVIF"])
def test_of_several_frames_the_first_is_read(seven, name):
    frames = [Image.new("RGB", seven.size, color) for color in ("black", "red")]
    picture = read_image(saved(seven, name, save_all=True, append_images=frames))
    assert np.abs(shade(picture) - shade(np.asarray(seven))).mean() < 3


def test_a_single_pixel_is_a_picture():
    for mode in ("1", "L", "P", "RGBA", "I;16", "F", "CMYK"):
        content = saved(Image.new(mode, (1, 1)), "TIFF")
        assert read_image(content).shape == (1, 1, 3)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_a_file_that_is_cut_short_is_refused(seven, name):
    content = HEIC.read_bytes() if name == "HEIF" else saved(seven, name)
    for tenths in range(1, 10):
        with pytest.raises(ImageError, match=r"^The picture is damaged or .* again"):
            read_image(content[: len(content) * tenths // 10])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"I am no picture.", "is no image"),
        (b"%PDF-1.7 and so on", "is a PDF"),
        (b'<?xml version="1.0"?>\n<svg width="9"/>', "is an SVG drawing"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "is a video"),
        (saved(Image.new("L", (9, 9)), "EPS"), "is no image"),  # no Ghostscript is started
        (b"P5 0 5 255\n", "damaged|no pixels"),
        (
            b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 0, 5, 1, 24, *[0] * 6),
            "damaged|no p",
        ),
        (png_that_claims(0, 5), "damaged|no pixels"),
        (png_that_claims(7200, 7200), "than 50 megapixels"),
        (png_that_claims(10_000, 10_000), "than 50 megapixels"),
        (png_that_claims(60_000, 60_000), "than 50 megapixels"),
        (png_that_claims(70_000, 9), "65,536 pixels a side"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "line\nbreak.png"
    path.write_bytes(content)
    for source, name in ((content, "The picture "), (path, f"{tmp_path}/line\\nbreak.png ")):
        with warnings.catch_warnings(action="error"), pytest.raises(ImageError, match=words) as it:
            read_image(source)
        message = str(it.value)
        assert message.startswith(name)
        assert message.endswith(".")
        assert message.isprintable()


def test_what_cannot_be_opened_is_refused_in_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "pad.png").write_bytes(png_that_claims(9, 9))
    bad = {
        tmp_path: "is a folder",
        tmp_path / "none\r.png": "There is no file",
        tmp_path / "pad.png" / "7.png": "There is no file",
        "a\0b.png": "cannot be a file's name",
        "7" * 5000: "cannot be opened .*too long",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        bad |= {tmp_path / "pipe.png": "is a device or a pipe", "/dev/zero": "is a device"}
    for path, words in bad.items():
        with pytest.raises(ImageError, match=words) as caught:
            read_image(path)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageError, match="may not be read; change its permissions"):
        read_image(tmp_path / "pad.png")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of open files")
def test_no_file_is_left_open(seven, tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("PNG", "TIFF", "WEBP", "GIF"):
        two = saved(seven, name, save_all=True, append_images=[seven.rotate(90)])
        (tmp_path / "whole").write_bytes(two)
        (tmp_path / "cut").write_bytes(two[: len(two) // 4])
        kept = read_image(tmp_path / "whole")
        with pytest.raises(ImageError) as caught:
            read_image(tmp_path / "cut")
        assert len(list(Path("/proc/self/fd").iterdir())) == before, (name, kept.shape, caught)


def test_a_large_photograph_is_shrunk_while_it_is_decoded(tmp_path):
    """A JPEG of 60 megapixels; other formats, and a progressive JPEG, keep the bound of 50."""
    sheet = np.full((6000, 10_000), 240, np.uint8)
    cv2.rectangle(sheet, (4000, 1000), (4800, 5000), 10, -1)
    large = Image.fromarray(sheet)
    picture, scale = read_scaled(saved(large, "JPEG", exif=with_exif(6)))
    assert scale == 2 and picture.shape == (5000, 3000, 3)
    (rows, columns) = np.nonzero(picture[..., 0] < 128)
    assert abs(rows.min() - 2000) <= 2 and abs(columns.min() - (3000 - 2500)) <= 2
    for content in (saved(large, "PNG"), saved(large, "JPEG", progressive=True)):
        with pytest.raises(ImageError, match=r"than 50 megapixels \(a JPEG .* 200\)"):
            read_image(content)


@pytest.mark.skipif(not peak_memory(), reason="needs a system that says how much memory was taken")
@pytest.mark.parametrize(("name", "mode"), [("PNG", "RGBA"), ("TIFF", "F"), ("JPEG", "CMYK")])
def test_fifty_megapixels_take_less_than_a_gibibyte(tmp_path, name, mode):
    large = Image.new(mode, (8000, 6250))
    large.save(tmp_path / "large", name, exif=with_exif(6))
    script = """if True:
        import sys
        from digitlib.reading.files import read_image, read_scaled
        from fuzz_images import peak_memory
        before = peak_memory()
        assert read_image(sys.argv[1]).shape == (8000, 6250, 3)
        print(peak_memory() - before)
    """
    taken = subprocess.check_output(
        [sys.executable, "-c", script, tmp_path / "large"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")])},
    )
    assert 1e8 < int(taken) < 2**30
