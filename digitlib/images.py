"""How a photo becomes 28×28, as MNIST's authors made theirs.

A chain of small functions, each of which can be plotted:

    read_picture   file                    -> colours on screen, upright, transparency laid on paper
    to_gray        (h, w, 3) colours       -> (h, w) the one shade that tells ink from paper best
    find_sheet     (h, w) shades           -> the part that is paper, where a table shows around it
    with_margin    (h, w) shades           -> with paper around it, for a digit cut out closely
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
# Widths of MNIST's strokes when the digit fills a box of 20: 99 % of the training images lie in
# this range. Strokes inside it are left as they are.
THINNEST, THICKEST = 1.4, 6.5


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
    whole = find_sheet(to_gray(resize_to(picture, min(max(picture.shape), 4 * WORKING_SIDE))))
    if has_no_margin(whole):
        whole = with_margin(whole)
    gray, ink, mask = _look(whole)
    if 0 < _side(mask) < 0.3 * WORKING_SIDE:
        # A small digit in a large picture: look again, from closer by.
        scale = max(whole.shape) / WORKING_SIDE
        left, top, right, bottom = _box(mask)
        margin = 0.8 * _side(mask)
        corners = np.array([top - margin, bottom + margin, left - margin, right + margin]) * scale
        y0, y1, x0, x1 = np.maximum(corners.round().astype(int), 0)
        closer = _look(whole[y0:y1, x0:x1])
        if closer[2].any():
            gray, ink, mask = closer
    if not mask.any():
        gray, ink, mask = _look(with_margin(whole))
    if not mask.any():
        raise ImageError("No ink found; use a picture with one dark digit on light paper.")
    left, top, right, bottom = box = _box(mask)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))  # its soft edge too
    crop = np.where(near, ink, 0)[top:bottom, left:right]
    digit = center_in_28(fit_in_20(pen_like_mnist(crop)))
    return Chain(picture, gray, ink, mask, digit, box, pen_width(crop))


def _look(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gray = resize_to(gray, WORKING_SIDE)
    ink = ink_on_paper(gray)
    return gray, ink, find_digit(ink)


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + wide, top + high


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
        if path.exists() and path.stat().st_size == 0:
            raise ImageError(f"{path} is empty; save or copy it again.")
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
            return _colors(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except Image.DecompressionBombError:
        most = MOST_PIXELS // 1_000_000
        raise ImageError(f"{path} is too large; make it smaller than {most} megapixels.") from None
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
    small = resize_to(picture, 64).reshape(-1, 3).astype(np.float32)
    _, (axis, *_) = cv2.PCACompute(small, mean=None)
    axis = axis if axis.sum() > 0 else -axis  # lighter stays lighter
    low, high = np.minimum(axis, 0).sum() * 255, np.maximum(axis, 0).sum() * 255
    shade = picture.astype(np.float32) @ (axis * (255 / (high - low)))
    return np.clip(shade - low * 255 / (high - low), 0, 255).astype(np.uint8)


def find_sheet(gray: np.ndarray) -> np.ndarray:
    """Return the part of a picture, uint8 (h, w), that is a sheet of paper lying on a darker table.

    The picture comes back whole where no such sheet is seen.
    """
    small = cv2.GaussianBlur(resize_to(gray, 320), (0, 0), 1.5)
    _, light = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if (edge > 0).mean() > 0.1 or not outlines:
        return gray
    sheet = max(outlines, key=cv2.contourArea)
    area, (_, sides, _) = cv2.contourArea(sheet), cv2.minAreaRect(sheet)
    if area < 0.25 * small.size or area < 0.85 * sides[0] * sides[1]:
        return gray
    left, top, wide, high = cv2.boundingRect(sheet)
    inset = 0.03 * min(wide, high) + 1
    box = np.array([top + inset, top + high - inset, left + inset, left + wide - inset])
    y0, y1, x0, x1 = (box * max(gray.shape) / 320).round().astype(int)
    return gray[y0:y1, x0:x1]


def has_no_margin(gray: np.ndarray) -> bool:
    """Whether a digit was cut out so closely that it reaches three sides of uint8 (h, w) or all.

    A shadow that does so covers a whole side, and the rules of paper fill little of their box.
    """
    small = cv2.resize(gray, (100, 100), interpolation=cv2.INTER_AREA)
    _, ink = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ring = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if ring.mean() > 0.5:  # most of the edge is paper
        ink, ring = 1 - ink, 1 - ring
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    left, top, wide, high, area = max(stats[1:], key=lambda piece: piece[-1], default=stats[0])
    sides = sum([left <= 3, top <= 3, left + wide >= 97, top + high >= 97])
    return bool(sides >= 3 and 0.15 < area / (wide * high) < 0.75 and ring.mean() < 0.24)


def with_margin(gray: np.ndarray) -> np.ndarray:
    """Lay a picture, uint8 (h, w), on a larger sheet in the shade of most of its edge."""
    paper = np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]))
    margin = [round(0.3 * max(gray.shape))] * 4
    return cv2.copyMakeBorder(gray, *margin, cv2.BORDER_CONSTANT, value=float(paper))


def ink_on_paper(gray: np.ndarray) -> np.ndarray:
    """Separate ink from paper, whichever is darker: float32 (h, w), 0 = paper, 1 = full ink.

    A hairline, whose ink comes and goes from pixel to pixel, is drawn again with a broader pen.
    """
    ink = darker_than_paper(gray if dark_on_light(gray) else 255 - gray)
    dark = ink > max(0.1, 0.5 * float(np.percentile(ink, 99.9)))
    if dark.any() and _width(dark) < 3:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
        ink = cv2.GaussianBlur(cv2.dilate(ink, brush), (0, 0), 1.5)
    return ink


def darker_than_paper(gray: np.ndarray) -> np.ndarray:
    """How much darker each pixel of uint8 (h, w) is than the paper under it: float32 (h, w), 0–1.

    A share of the paper's own lightness, as ink swallows the same share in light and in shadow.
    """
    paper = paper_under(gray)
    soft = cv2.GaussianBlur(gray, (0, 0), 0.8)
    return np.clip((paper - soft) / np.maximum(paper, 60), 0, 1)


def paper_under(gray: np.ndarray) -> np.ndarray:
    """Guess the paper's lightness everywhere, float32 (h, w), in a picture with dark strokes.

    Every stroke is closed with the light around it. What is wider than a stroke stays, so that
    shadows and uneven light count as paper.
    """
    small = resize_to(gray, 100)
    side = 2 * (round(0.38 * min(small.shape)) // 2) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = cv2.copyMakeBorder(cv2.medianBlur(small, 3), *[side] * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, brush)[side:-side, side:-side]
    soft = cv2.GaussianBlur(closed, (0, 0), 1.3).astype(np.float32)
    return cv2.resize(soft, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)


def dark_on_light(gray: np.ndarray) -> bool:
    """Whether the strokes are darker than the paper.

    Seen both ways, a digit is dark strokes around light bays and holes, or the reverse. The
    strokes are the outer of the two: their hull holds the bays and holes, not the other way round.
    """
    small = resize_to(gray, 320).astype(np.int16)
    if min(small.shape) < 20:
        return bool(np.median(small) > 127)  # too narrow to tell in from out
    flipped = 255 - small
    ways = [paper_under(image.astype(np.uint8)) - image for image in (small, flipped)]
    bar = max(10, 0.6 * max(float(np.percentile(way, 99.9)) for way in ways))
    edge = np.ones(small.shape, bool)
    high, wide = (1 + round(0.03 * n) for n in small.shape)
    edge[high:-high, wide:-wide] = False
    outer, inner = [], []
    for image, way in zip((small, flipped), ways, strict=True):
        mask = way > bar
        _, labels = cv2.connectedComponents(mask.astype(np.uint8))
        off_the_edge = mask & ~np.isin(labels, np.unique(labels[edge]))
        inner.append(off_the_edge if off_the_edge.any() else mask)
        within = image[3 * high : -3 * high, 3 * wide : -3 * wide]
        beside = cv2.copyMakeBorder(within, *[3 * high] * 2, *[3 * wide] * 2, cv2.BORDER_REPLICATE)
        outer.append(mask | (edge & (beside - image > bar)))  # a frame counts, too
    return _share_inside_hull(inner[1], outer[0]) >= _share_inside_hull(inner[0], outer[1])


def _share_inside_hull(inner: np.ndarray, outer: np.ndarray) -> float:
    if not inner.any():
        return 1.0
    if not outer.any():
        return 0.0
    hull = np.zeros(outer.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(outer.astype(np.uint8))), 1)
    return float(hull[inner].mean())


def find_digit(ink: np.ndarray) -> np.ndarray:
    """Mark the pixels of the digit, bool (h, w), in a map of ink, float (h, w).

    Dropped: specks, lines and frames at the edge, and what is much fainter than the pen, such as
    the rules of the paper. Kept: the largest piece of ink and every piece near it, such as the
    bar of a 5.
    """
    ink = cv2.GaussianBlur(ink, (0, 0), 2)
    high, wide = ink.shape
    middle = ink[round(0.08 * high) : round(0.92 * high), round(0.08 * wide) : round(0.92 * wide)]
    few = ink[::3, ::3]
    noise = float(np.median(few) + 1.4826 * np.median(np.abs(few - np.median(few))))
    floor = max(0.07, 5 * noise)
    dark = middle[middle > floor]
    full = float(np.percentile(dark, 97)) if dark.size else 0.0
    if full < 1.5 * floor:
        return np.zeros(ink.shape, bool)
    # Near half of full ink is where the edge of a stroke lies. A lower bar keeps strokes that
    # fade, unless it lets in rules or the rim of a shadow too, which shows in a far larger digit.
    mask = _digit_of(_pieces(ink > max(floor, 0.45 * full)), ink.shape)
    lower = _digit_of(_pieces(ink > max(floor, 0.25 * full)), ink.shape)
    grown = lower.sum() / max(mask.sum(), 1), _side(lower) / max(_side(mask), 1)
    return lower if 1 <= grown[0] <= 1.8 and grown[1] <= 1.3 else mask


def _side(mask: np.ndarray) -> int:
    left, top, right, bottom = _box(mask)
    return max(right - left, bottom - top)


def _digit_of(pieces: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Join the largest piece with every piece that is no speck and lies near what is joined."""
    if not pieces:
        return np.zeros(shape, bool)
    mask = pieces[0].copy()
    waiting = [piece for piece in pieces[1:] if piece.sum() > 0.03 * pieces[0].sum()]
    while waiting:
        _, _, wide, high = cv2.boundingRect(mask.astype(np.uint8))
        away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
        near = [away[piece].min() < 0.35 * max(wide, high) for piece in waiting]
        if not any(near):
            break
        mask = np.logical_or.reduce([mask, *(p for p, n in zip(waiting, near, strict=True) if n)])
        waiting = [p for p, n in zip(waiting, near, strict=True) if not n]
    return mask


def _pieces(mask: np.ndarray) -> list[np.ndarray]:
    """The connected pieces of a mask, largest first, without specks and what runs off the edge."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    high, wide = mask.shape
    found = []
    for i in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1:
        left, top, w, h, area = stats[i]
        if area < max(12, 2e-4 * mask.size):
            break
        touches = left == 0 or top == 0 or left + w == wide or top + h == high
        inside = (
            0.06 * wide < left + w / 2 < 0.94 * wide and 0.06 * high < top + h / 2 < 0.94 * high
        )
        if touches and not inside:
            continue
        found.append(labels == i)
        if len(found) == 12:
            break
    return found


def pen_width(ink: np.ndarray) -> float:
    """Return the mean width of a digit's strokes, in pixels of the box of 20 they will fill."""
    return _width(ink > 0) * 20 / max(ink.shape)


def _width(mask: np.ndarray) -> float:
    """The mean width of the strokes in a mask: four times the mean distance to the paper."""
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    away = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    return float(4 * away[framed > 0].mean() - 1)


def pen_like_mnist(ink: np.ndarray) -> np.ndarray:
    """Return a digit's ink, float (h, w), as uint8 with strokes as wide as MNIST's own.

    Full ink becomes 255. Strokes thinner or thicker than MNIST's are widened or narrowed to the
    nearest width found there; all others keep theirs.
    """
    full = np.percentile(ink[ink > 0], 97)
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
