"""How a photo becomes 28×28, as MNIST's authors made theirs.

A chain of small functions, each of which can be plotted:

    read_picture   file                    -> colours on screen, upright, transparency laid on paper
    to_gray        (h, w, 3) colours       -> (h, w) the one shade in which ink and paper differ most
    find_sheet     (h, w) shades           -> the part that is paper, where a table shows around it
    ink_on_paper   (h, w) shades           -> (h, w) how much ink: 0 = paper, 1 = full ink
    find_digit     (h, w) ink              -> (h, w) which pixels belong to the digit
    pen_like_mnist (h, w) ink of the digit -> the same with strokes as wide as MNIST's
    fit_in_20      (h, w) ink              -> longer side 20 pixels
    center_in_28   (≤20, ≤20)              -> (28, 28), centre of mass in the middle

The last two are the normalisation that LeCun, Bottou, Bengio and Haffner describe in Gradient-Based
Learning Applied to Document Recognition, 1998.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS = 50_000_000
WORKING_SIDE = 640  # the longer side, in pixels, of the picture the chain works on
# Widths of MNIST's strokes when the digit fills a box of 20: the range that 98 % of the training
# images lie in. Strokes inside it are left as they are.
THINNEST, THICKEST = 1.5, 5.0


class ImageError(ValueError):
    """A picture cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Chain:
    """One picture on its way to the network, stage by stage (shapes as in the module's text)."""

    picture: np.ndarray
    gray: np.ndarray
    ink: np.ndarray
    mask: np.ndarray
    digit: np.ndarray
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the digit in `gray`, in pixels."""
    pen: float
    """Width of the strokes before they were changed, in pixels of a box of 20."""


def prepare(picture: str | Path | np.ndarray) -> Chain:
    """Take a picture, a file or uint8 of shape (h, w) or (h, w, 3), through the whole chain.

    chain.digit is what the network reads: uint8 of shape (28, 28). Raises ImageError where the
    file cannot be read or the picture shows no ink.
    """
    if isinstance(picture, str | Path):
        picture = read_picture(picture)
    if picture.ndim not in (2, 3) or picture.dtype != np.uint8 or min(picture.shape[:2]) < 1:
        raise ImageError("A picture must be uint8 of shape (h, w) or (h, w, 3).")
    gray = find_sheet(resize_to(to_gray(picture), WORKING_SIDE))
    ink = ink_on_paper(gray)
    mask = find_digit(ink)
    if not mask.any():
        raise ImageError("No ink found; use a picture with one dark digit on light paper.")
    left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    crop = np.where(mask, ink, 0)[top : top + high, left : left + wide]
    pen = pen_width(crop)
    digit = center_in_28(fit_in_20(pen_like_mnist(crop)))
    return Chain(picture, gray, ink, mask, digit, (left, top, left + wide, top + high), pen)


def read_digit(model, picture: str | Path | np.ndarray) -> tuple[int, float]:
    """Read one digit: return it and the probability the network gives it.

    Raises ImageError where the picture cannot be used.
    """
    from digitlib.evaluation import predict

    probabilities = predict(model, prepare(picture).digit[np.newaxis])[0]
    return int(probabilities.argmax()), float(probabilities.max())


def read_picture(path: str | Path) -> np.ndarray:
    """Read an image file into uint8 (h, w, 3): upright, and on paper where it is transparent.

    Raises ImageError where there is no such file, or it is no image, damaged or too large.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder; name the pictures in it.")
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > MOST_PIXELS:
                raise ImageError(
                    f"{path} has {image.width}×{image.height} pixels; "
                    f"make it smaller than {MOST_PIXELS // 1_000_000} megapixels."
                )
            image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
            return _colors(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"There is no file {path}; correct the path.") from None
    except PermissionError:
        raise ImageError(f"{path} may not be read; change its permissions.") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path} is no image; save it as PNG or JPEG.") from None
    except Exception as error:
        # Damaged files make the decoders raise many types: OSError, SyntaxError, struct.error …
        raise ImageError(
            f"{path} is damaged ({type(error).__name__}); save or copy it again."
        ) from None


def _colors(image: Image.Image) -> np.ndarray:
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits per pixel: spread over 0–255
        values = np.asarray(image, dtype=np.float32)
        low, high = np.nanmin(values), np.nanmax(values)
        gray = np.nan_to_num((values - low) * (255 / max(high - low, 1e-6)))
        return np.repeat(gray.astype(np.uint8)[..., np.newaxis], 3, axis=2)
    if "A" not in image.getbands() and "transparency" not in image.info:
        return np.asarray(image.convert("RGB"))
    layers = np.asarray(image.convert("RGBA")).astype(np.float32)
    color, alpha = layers[..., :3], layers[..., 3:] / 255
    opaque = color[alpha[..., 0] > 0.5]
    if len(opaque) == 0:
        paper = np.array([255, 255, 255], np.float32)
    elif len(opaque) > alpha.size / 2:  # a picture with clear corners: go on with its own paper
        paper = np.median(opaque, axis=0)
    else:  # strokes on a clear layer: lay them on what they stand out from
        paper = np.full(3, 0 if opaque.mean() > 127 else 255, np.float32)
    return (color * alpha + paper * (1 - alpha)).round().astype(np.uint8)


def resize_to(image: np.ndarray, side: int) -> np.ndarray:
    """Scale an image so that its longer side is `side`; small ones grow smoothly."""
    scale = side / max(image.shape[:2])
    size = [max(1, round(n * scale)) for n in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def to_gray(picture: np.ndarray) -> np.ndarray:
    """Reduce colours, uint8 (h, w, 3), to the shade that varies most, uint8 (h, w).

    The first principal component of the colours: for red on white it is the lack of green and
    blue; for black on white, brightness. Grey pictures pass unchanged.
    """
    if picture.ndim == 2:
        return picture
    small = cv2.resize(resize_to(picture, 64), None, fx=1, fy=1).reshape(-1, 3).astype(np.float32)
    _, (axis, *_) = cv2.PCACompute(small, mean=None)
    axis = axis if axis.sum() > 0 else -axis  # lighter stays lighter
    low, high = np.minimum(axis, 0).sum() * 255, np.maximum(axis, 0).sum() * 255
    shade = picture.astype(np.float32) @ (axis * (255 / (high - low)))
    return np.clip(shade - low * 255 / (high - low), 0, 255).astype(np.uint8)


def find_sheet(gray: np.ndarray) -> np.ndarray:
    """Return the part of a picture, uint8 (h, w), that is a sheet of paper lying on a darker table.

    The picture comes back whole where no such sheet is seen.
    """
    level, light = cv2.threshold(
        cv2.GaussianBlur(gray, (0, 0), 3), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    if (edge > 0).mean() > 0.4:
        return gray
    _, _, stats, _ = cv2.connectedComponentsWithStats(light)
    if len(stats) < 2:
        return gray
    left, top, wide, high, area = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()]
    if area < 0.6 * wide * high or area < 0.15 * gray.size:
        return gray
    inset = round(0.03 * min(wide, high)) + 2
    return gray[top + inset : top + high - inset, left + inset : left + wide - inset]


def ink_on_paper(gray: np.ndarray) -> np.ndarray:
    """Separate ink from paper, whichever is darker: float32 (h, w), 0 = paper, 1 = full ink.

    The paper under the ink is guessed by closing every dark stroke with the light around it, so
    shadows and uneven light, being wider than a stroke, count as paper.
    """
    if not _dark_on_light(gray):
        gray = 255 - gray
    gray = cv2.GaussianBlur(gray, (0, 0), 1.2)
    small = resize_to(gray, 160)
    side = 2 * (round(0.38 * min(small.shape)) // 2) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = cv2.copyMakeBorder(cv2.medianBlur(small, 5), *[side] * 4, cv2.BORDER_REFLECT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, brush)[side:-side, side:-side]
    paper = cv2.resize(
        cv2.GaussianBlur(closed, (0, 0), 2), gray.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    paper = np.maximum(paper, 1).astype(np.float32)
    return np.clip((paper - gray) / np.maximum(paper, 60), 0, 1)


def _dark_on_light(gray: np.ndarray) -> bool:
    """Whether the strokes are darker than the paper, which is what the picture's edge shows."""
    soft = cv2.GaussianBlur(resize_to(gray, 160), (0, 0), 1.5).astype(np.float32)
    rows, columns = np.mgrid[-1 : 1 : soft.shape[0] * 1j, -1 : 1 : soft.shape[1] * 1j]
    plane = np.stack([np.ones_like(rows), rows, columns], axis=-1).reshape(-1, 3)
    values, weights = soft.ravel(), np.ones(soft.size)
    for _ in range(5):  # a tilted plane of light, fitted again without what stands out from it
        fit = np.linalg.lstsq(plane * weights[:, None], values * weights, rcond=None)[0]
        rest = values - plane @ fit
        weights = np.exp(-((rest / (1.5 * np.median(np.abs(rest)) + 4)) ** 2))
    return float(np.mean(np.sign(rest) * np.minimum(np.abs(rest), 90) ** 2)) < 0


def find_digit(ink: np.ndarray) -> np.ndarray:
    """Mark the pixels of the digit, bool (h, w), in a map of ink, float (h, w).

    Dropped: what is fainter than a quarter of the ink, specks, and lines or frames at the edge.
    Kept: the largest piece of ink and every piece near it, such as the bar of a 5.
    """
    noise = 1.4826 * float(np.median(np.abs(ink - np.median(ink)))) + float(np.median(ink))
    floor = max(0.07, 5 * noise)
    pieces = _pieces(ink > floor, ink)
    if not pieces:
        return np.zeros(ink.shape, bool)
    full = max(np.percentile(ink[p], 90) for p in pieces[:3])
    pieces = [p for p in _pieces(ink > max(floor, 0.3 * full), ink) if ink[p].max() > 0.5 * full]
    if not pieces:
        return np.zeros(ink.shape, bool)
    mask = pieces[0].copy()
    waiting = [p for p in pieces[1:] if p.sum() > 0.02 * pieces[0].sum()]
    while True:
        _, _, wide, high = cv2.boundingRect(mask.astype(np.uint8))
        reach = 0.2 * max(wide, high)
        away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
        near = [p for p in waiting if away[p].min() < reach]
        if not near:
            return mask
        mask = np.logical_or.reduce([mask, *near])
        waiting = [p for p in waiting if not any(p is n for n in near)]


def _pieces(mask: np.ndarray, ink: np.ndarray) -> list[np.ndarray]:
    """The connected pieces of a mask, largest first, without specks and what runs off the edge."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    high, wide = mask.shape
    found = []
    for i in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1:
        left, top, w, h, area = stats[i]
        if area < max(12, 2e-4 * mask.size):
            break
        touches = (left == 0) + (top == 0) + (left + w == wide) + (top + h == high)
        inside = 0.06 * wide < left + w / 2 < 0.94 * wide and 0.06 * high < top + h / 2 < 0.94 * high
        if touches and (touches > 1 or not inside):
            continue
        found.append(labels == i)
        if len(found) == 12:
            break
    return found


def pen_width(ink: np.ndarray) -> float:
    """Return the mean width of the strokes, in pixels of the box of 20 they will fill.

    Twice the mean distance to the paper is half of a stroke's width.
    """
    mask = cv2.copyMakeBorder((ink > 0).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    away = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    return float(4 * away[mask > 0].mean() - 1) * 20 / max(ink.shape)


def pen_like_mnist(ink: np.ndarray) -> np.ndarray:
    """Return a digit's ink, float (h, w), as uint8 with strokes as wide as MNIST's own.

    Full ink becomes 255. Strokes thinner or thicker than MNIST's are widened or narrowed to the
    nearest width found there; all others keep theirs.
    """
    full = np.percentile(ink[ink > 0], 75)
    solid = np.clip(ink / full, 0, 1)
    pen = pen_width(ink)
    change = round((np.clip(pen, THINNEST, THICKEST) - pen) * max(ink.shape) / 20)
    if change > 0:
        solid = cv2.copyMakeBorder(solid, *[change] * 4, cv2.BORDER_CONSTANT)
    if change:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [abs(change) + 1] * 2)
        solid = cv2.dilate(solid, brush) if change > 0 else cv2.erode(solid, brush)
        left, top, wide, high = cv2.boundingRect((solid > 0.05).astype(np.uint8))
        if wide and high:
            solid = solid[top : top + high, left : left + wide]
    return (solid * 255).astype(np.uint8)


def fit_in_20(ink: np.ndarray) -> np.ndarray:
    """Scale a cropped digit, uint8 (h, w), so that its longer side is 20 pixels."""
    high, wide = ink.shape
    scale = 20 / max(high, wide)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def center_in_28(box: np.ndarray) -> np.ndarray:
    """Lay a digit, uint8 (≤20, ≤20), into (28, 28) with its centre of mass on pixel (14, 14)."""
    high, wide = box.shape
    moments = cv2.moments(box)
    mass = max(moments["m00"], 1)
    top = round(14 - moments["m01"] / mass)
    left = round(14 - moments["m10"] / mass)
    top, left = np.clip([top, left], 0, [28 - high, 28 - wide])
    image = np.zeros((28, 28), np.uint8)
    image[top : top + high, left : left + wide] = box
    return image
