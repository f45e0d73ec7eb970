"""What an image file shows: its pixels, upright, on paper. digit.py and the command call it."""

import io
import re
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageStat, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from digitlib.errors import ImageError

MOST_PIXELS = 50_000_000
_JPEG_START = b"\xff\xd8"
MOST_JPEG_PIXELS = 200_000_000  # of a photograph, which is shrunk while it is decoded …
SHRUNK_SIDE = 4_000  # … to a longer side of at least this: twice what a page is looked at with
MOST_SIDE = 65_535  # pixels, as in JPEG; the time some decoders take grows with the width's square
MOST_BYTES = 8 * MOST_PIXELS  # what 16 bits of red, green, blue and alpha take, uncompressed
# No decoder that starts other programs (EPS), takes minutes (QOI) or gigabytes (JPEG 2000) for
# 50 megapixels, or accepts files that are no pictures. MPO, of some phones, counts as JPEG.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA")
_NO_PICTURES = (
    (rb"%PDF", "a PDF"),
    (rb"(?s).*<svg", "an SVG drawing"),
    (rb"(?s)....(ftyp|moov|mdat)|RIFF....AVI |\x1aE\xdf\xa3|\0\0\1[\xb3\xba]", "a video"),
)
STRIP_PIXELS = 2**15  # converted at a time: larger copies take fresh memory, and twice as long
DARKEST_WHITE = 8  # times darker than its type's white: a darker picture is stretched
CLEAR_SAMPLE = 1000  # pixels a side that show what lies on a clear layer
EVEN_STROKES = 8  # grey levels of spread: strokes of one colour have less, a picture more
_UPRIGHT = {  # EXIF orientation -> what turns the stored pixels, uint8 (h, w, 3), upright
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: lambda pixels: cv2.transpose(pixels),
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def read_image(source: str | Path | bytes) -> np.ndarray:
    """Read an image file, or its bytes, into uint8 (h, w, 3): RGB, upright, on paper if clear.

    Reads JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PNM and TGA in every mode Pillow knows: of
    several frames the first, turned as EXIF says. More than 8 bits are scaled by their type's
    range, or from the darkest to the lightest pixel where that would show next to nothing. Colour
    profiles are not applied. Up to 50 megapixels, each side up to 65,535; takes less than 1 GiB. A
    larger JPEG, up to 200 megapixels, comes out smaller: see read_scaled.

    Raises ImageError, whose message is one sentence in one line, where there is no such file, or
    it is no image, damaged, cut short, empty or too large.
    """
    return read_scaled(source)[0]


def read_scaled(source: str | Path | bytes) -> tuple[np.ndarray, int]:
    """Read an image file as read_image does, and say how many of its pixels make one here.

    That is 1, but for a JPEG of more than 50 megapixels, which is shrunk while it is decoded: 2, 4
    or 8.
    """
    name = "The picture" if isinstance(source, bytes) else _shown(source)
    with _open(source, name) as file:
        head = file.read(1024)
        formats = _formats(head)
        try:
            with warnings.catch_warnings(action="ignore"):
                pixels, turn, scale = _decode(file, name, formats)
                return (_UPRIGHT[turn](pixels) if turn in _UPRIGHT else pixels), scale
        except ImageError:
            raise
        except Image.DecompressionBombError:
            raise _too_large(name) from None
        except UnidentifiedImageError:
            raise _unidentified(name, head, formats) from None
        except Exception:  # decoders raise many types: OSError, SyntaxError, struct.error …
            raise ImageError(f"{name} is damaged or cut short; save or copy it again.") from None


def _shown(path: str | Path) -> str:
    """The path as it can stand in one line of a message."""
    text = str(Path(path))
    text = text if len(text) <= 200 else f"{text[:80]}…{text[-80:]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _open(source: str | Path | bytes, name: str) -> BinaryIO:
    """Open what has some bytes, and not too many, for reading."""
    try:
        if isinstance(source, bytes):
            size = len(source)
        elif re.match(r"[a-z][a-z0-9+.-]+://", str(source), re.IGNORECASE):
            raise ImageError(f"{source} is an address; save the picture and name the file.")
        else:
            status = Path(source).stat()
            if stat.S_ISDIR(status.st_mode):
                raise ImageError(f"{name} is a folder; name the pictures in it.")
            if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device may never end
                raise ImageError(f"{name} is a device or a pipe; save the picture as a file.")
            size = status.st_size
        if size == 0:
            raise ImageError(f"{name} is empty; save or copy it again.")
        if size > MOST_BYTES:
            raise _too_large(name)
        return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError(f"There is no file {name}; correct the path.") from None
    except PermissionError:
        raise ImageError(f"{name} may not be read; change its permissions.") from None
    except ImageError:
        raise
    except ValueError:  # a NUL, or what no encoding of names can hold
        raise ImageError(f"{name} cannot be a file's name; correct the path.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ImageError(f"{name} cannot be opened ({reason}); correct the path.") from None


def _formats(head: bytes) -> tuple[str, ...]:
    if head[4:8] != b"ftyp":
        return _FORMATS
    if b"avi" in head[8:64]:  # avif or avis, one of the brands that the file lists first
        return ("AVIF",)
    import pi_heif  # here, as it takes longer to load than most pictures take to read

    pi_heif.register_heif_opener()
    return ("HEIF",)


def _too_large(name: str) -> ImageError:
    most, jpeg = MOST_PIXELS // 1_000_000, MOST_JPEG_PIXELS // 1_000_000
    return ImageError(
        f"{name} is too large; make it smaller than {most} megapixels "
        f"(a JPEG that is not progressive: {jpeg}) and {MOST_SIDE + 1:,} pixels a side."
    )


def _unidentified(name: str, head: bytes, formats: tuple[str, ...]) -> ImageError:
    """The error for a file that no decoder took: another kind, or damaged at its beginning."""
    signatures = [Image.OPEN[kind][1] for kind in formats]
    if any(accepts(head[:16]) for accepts in signatures if accepts):
        return ImageError(f"{name} is damaged or of a rare kind; save it again as PNG or JPEG.")
    for pattern, kind in _NO_PICTURES:
        if re.match(pattern, head):
            return ImageError(f"{name} is {kind}; save it as PNG or JPEG.")
    return ImageError(f"{name} is no image; save it as PNG or JPEG.")


def _decode(file: BinaryIO, name: str, formats: tuple[str, ...]) -> tuple[np.ndarray, int, int]:
    """Return the pixels as they are stored, uint8 (h, w, 3), EXIF's orientation, and the scale."""
    with _opened(file, formats) as image:
        if 0 in image.size:
            raise ImageError(f"{name} has no pixels; save or copy it again.")
        scale = _shrink(image)
        if image.width * image.height > MOST_PIXELS or max(image.size) > MOST_SIDE:
            raise Image.DecompressionBombError
        image.load()
        try:
            turn = int(image.getexif().get(ExifTags.Base.Orientation, 1))
        except Exception:  # a damaged note about the picture, not a damaged picture
            turn = 1
        return _colors(image), turn, scale


def _opened(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    file.seek(0)
    try:
        return Image.open(file, formats=formats)
    except Image.DecompressionBombError:
        file.seek(0)
        if file.read(2) != _JPEG_START:
            raise
        file.seek(0)
        return JpegImageFile(file)  # Pillow's own bound lies below ours for photographs


def _shrink(image: Image.Image) -> int:
    """Have a large JPEG decoded at 1/2, 1/4 or 1/8, as its format allows; return 2, 4, 8, or 1."""
    pixels, side = image.width * image.height, max(image.size)
    # A progressive one is held whole in memory while it is decoded, at whatever scale.
    shrinks = isinstance(image, JpegImageFile) and "progressive" not in image.info
    if not shrinks or not MOST_PIXELS < pixels <= MOST_JPEG_PIXELS or side > MOST_SIDE:
        return 1
    scale = max((s for s in (2, 4, 8) if side / s >= SHRUNK_SIDE), default=8)
    image.draft(image.mode, (image.width // scale, image.height // scale))
    return scale


def _colors(image: Image.Image) -> np.ndarray:
    """Convert to uint8 (h, w, 3), a strip at a time."""
    width, height = image.size
    rows = 1 + STRIP_PIXELS // width
    strips = [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits per pixel
        convert = _scaling(image, strips)
    elif image.has_transparency_data:
        convert = _laying_on_paper(image)
    else:
        convert = _to_rgb
    picture = np.empty((height, width, 3), np.uint8)
    for strip in strips:
        picture[strip[1] : strip[3]] = convert(image.crop(strip))
    return picture


def _to_rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def _scaling(image: Image.Image, strips: list[tuple[int, ...]]) -> Callable:
    """Return what converts a part of a picture of 16 or 32 bits to uint8 (h, w, 1)."""
    ends = []
    for strip in strips:
        values = np.asarray(image.crop(strip))
        values = values[np.isfinite(values)]
        ends += [float(values.min()), float(values.max())] if values.size else []
    low, high = min(ends, default=0), max(ends, default=0)
    for white in (1, 255, 65535):
        # Spreading 0–255 over every picture would turn the noise of a blank page into ink.
        if low >= 0 and white / DARKEST_WHITE <= high <= white:
            low, high = 0, white
    span = high - low or 1

    def convert(part: Image.Image) -> np.ndarray:
        share = np.nan_to_num((np.asarray(part, np.float64) - low) / span, nan=1)
        return (np.clip(share, 0, 1) * 255).round().astype(np.uint8)[..., np.newaxis]

    return convert


def _laying_on_paper(image: Image.Image) -> Callable:
    """Return what lays a part of a transparent picture on paper that its strokes stand out from.

    It becomes uint8 (h, w, 3).
    """
    scale = min(1, CLEAR_SAMPLE / max(image.size))
    size = [max(1, round(n * scale)) for n in image.size]
    few = image.resize(size, Image.Resampling.NEAREST).convert("RGBA")
    alpha = few.getchannel("A")
    threshold = alpha.getextrema()[1] / 2
    solid = ImageStat.Stat(few.convert("RGB"), alpha.point(lambda value: 255 * (value > threshold)))
    pixels = solid.count[0]
    if pixels == 0:
        paper = (255, 255, 255)
    elif pixels > few.width * few.height / 2 and max(solid.stddev) > EVEN_STROKES:
        paper = tuple(solid.median)  # a picture with clear corners: go on with its own paper
    else:  # strokes of one colour on a clear layer
        paper = (0, 0, 0) if sum(solid.mean) / 3 > 127 else (255, 255, 255)

    def convert(part: Image.Image) -> np.ndarray:
        sheet = Image.new("RGBA", part.size, paper)
        return _to_rgb(Image.alpha_composite(sheet, part.convert("RGBA")))

    return convert
