"""How a photo becomes 28×28, as MNIST's authors made theirs.

A chain of small functions, each of which can be plotted:

    read_picture   file                  -> colours on screen, upright (in pictures.py)
    lay_flat       (h, w, 3) colours     -> the sheet alone, where a table shows around it
    to_gray        (h, w, 3) colours     -> (h, w) the one shade that tells ink from paper best
    with_margin    (h, w) shades         -> with paper around it, for a digit cut out closely
    ink_on_paper   (h, w) shades         -> (h, w) how much ink: 0 = paper, 1 = full ink
    find_digit     (h, w) ink            -> (h, w) which pixels belong to the digit
    pen_like_mnist (h, w) ink            -> the same with strokes as wide as MNIST's
    fit_in_20      (h, w) ink            -> longer side 20 pixels
    center_in_28   (≤20, ≤20)            -> (28, 28), centre of mass in the middle

The last two are the normalisation that LeCun, Bottou, Bengio and Haffner describe in Gradient-Based
Learning Applied to Document Recognition, 1998.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlib.pictures import ImageError, read_picture

WORKING_SIDE = 512  # the longer side, in pixels, of the picture the chain works on
# Widths of MNIST's strokes when the digit fills a box of 20: 99 % of the training images lie in
# this range. Strokes inside it are left as they are.
THINNEST, THICKEST = 1.4, 6.5


class NoInkError(ImageError):
    """A picture can be read, but nothing is written in it."""


@dataclass(frozen=True)
class Chain:
    """One picture on its way to the network, stage by stage (shapes as in the module's text)."""

    picture: np.ndarray
    gray: np.ndarray
    ink: np.ndarray
    mask: np.ndarray
    digit: np.ndarray
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the digit in `picture`, in pixels."""
    pen: float
    """Width of the strokes before they were changed, in pixels of a box of 20."""
    writing: np.ndarray
    """All ink that may be writing, before one digit was chosen: (h / 2, w / 2), 0–1."""
    alone: bool
    """Whether all of that was taken for parts of this one digit."""


def prepare(picture: str | Path | bytes | np.ndarray) -> Chain:
    """Take a picture (a file, its bytes, or uint8 of shape (h, w) or (h, w, 3)) through the chain.

    chain.digit is what the network reads: uint8 of shape (28, 28). Raises ImageError where the
    file cannot be read, and NoInkError, which is one, where the picture shows no ink.
    """
    picture = as_picture(picture)
    flat, to_picture = lay_flat(picture, 2 * WORKING_SIDE)
    whole, origin = to_gray(flat), np.zeros(2)
    if has_no_margin(whole):
        whole, origin = with_margin(whole), origin - margin_of(whole)
    seen, corner, scale = _look(whole), origin, max(whole.shape) / WORKING_SIDE
    writing, alone = _others(*seen[2:])
    if 0 < _side(seen[2]) < 0.3 * WORKING_SIDE:
        # A small digit in a large picture: look again, from closer by.
        box, margin = np.array(box_of(seen[2])), 0.8 * _side(seen[2])
        x0, y0 = np.maximum((box[:2] - margin) * scale, 0).round().astype(int)
        x1, y1 = ((box[2:] + margin) * scale).round().astype(int)
        closer = whole[y0:y1, x0:x1]
        again = _look(closer)
        if again[2].any():
            seen, corner = again, origin + np.array([x0, y0])
            scale = max(closer.shape) / WORKING_SIDE
    if not seen[2].any():
        whole, corner = with_margin(whole), origin - margin_of(whole)
        seen, scale = _look(whole), max(whole.shape) / WORKING_SIDE
        writing, alone = _others(*seen[2:])
    gray, ink, mask, _ = seen
    if not mask.any():
        raise NoInkError("No ink found; use a picture with one dark digit on light paper.")
    box = (np.array(box_of(mask)).reshape(2, 2) * scale + corner).ravel()
    digit, pen = as_mnist(ink, mask)
    box = box_in_picture(box, to_picture, picture)
    return Chain(picture, gray, ink, mask, digit, box, pen, writing, alone)


def _others(mask: np.ndarray, writing: np.ndarray) -> tuple[np.ndarray, bool]:
    mask = cv2.resize(mask.astype(np.uint8), writing.shape[::-1], interpolation=cv2.INTER_NEAREST)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return writing, not (writing[mask == 0] > 0).any()


def as_picture(source: str | Path | bytes | np.ndarray) -> np.ndarray:
    """Return uint8 (h, w) or (h, w, 3), read from a file or from its bytes unless it is that.

    Raises ImageError where it cannot be had.
    """
    if not isinstance(source, np.ndarray):
        return read_picture(source)
    if source.ndim not in (2, 3) or source.dtype != np.uint8 or min(source.shape) < 1:
        raise ImageError("A picture must be uint8 of shape (h, w) or (h, w, 3).")
    if source.ndim == 3 and source.shape[2] != 3:
        raise ImageError("A picture in colour must have the shape (h, w, 3).")
    return source


def box_in_picture(box, to_picture: np.ndarray, picture: np.ndarray) -> tuple[int, int, int, int]:
    """Carry a box (left, top, right, bottom) over to `picture` by the 3×3 matrix of lay_flat."""
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    found = cv2.perspectiveTransform(corners, to_picture)[0]
    limits = picture.shape[1::-1]
    (left, top), (right, bottom) = (
        np.clip(ends.round(), 0, limits).astype(int).tolist()
        for ends in (found.min(axis=0), found.max(axis=0))
    )
    return left, top, right, bottom


def as_mnist(ink: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Take the ink under a mask, both (h, w), to uint8 (28, 28); return it and the pen's width."""
    left, top, right, bottom = box_of(mask)
    near = mask[top:bottom, left:right].astype(np.uint8)
    near = cv2.dilate(near, np.ones((3, 3), np.uint8))  # its soft edge too
    crop = np.where(near, ink[top:bottom, left:right], np.float32(0))
    pen = pen_width(crop)
    return center_in_28(fit_in_20(pen_like_mnist(crop, pen))), pen


def _look(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    gray = resize_to(gray, WORKING_SIDE)
    ink = ink_on_paper(gray)
    return gray, ink, *find_digit(ink)


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a mask, bool (h, w), marks."""
    left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + wide, top + high


def read_digit(model, picture: str | Path | np.ndarray) -> tuple[int, float]:
    """Read one digit: return it and the probability the network gives it.

    Raises ImageError where the picture cannot be used.
    """
    from digitlib.evaluation import predict

    probabilities = predict(model, prepare(picture).digit[np.newaxis])[0]
    return int(probabilities.argmax()), float(probabilities.max())


def resize_to(image: np.ndarray, side: int) -> np.ndarray:
    """Scale an image so that its longer side is `side`; small ones grow smoothly."""
    scale = side / max(image.shape[:2])
    if scale == 1:
        return image
    size = [max(1, round(n * scale)) for n in image.shape[1::-1]]
    ways = cv2.INTER_AREA if scale <= 0.5 else cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=ways)


def to_gray(picture: np.ndarray) -> np.ndarray:
    """Reduce colours, uint8 (h, w, 3), to the shade that varies most, uint8 (h, w).

    The first principal component of the colours: for red on white it is the lack of green and
    blue; for black on white, brightness. Grey pictures pass unchanged.
    """
    if picture.ndim == 2:
        return picture
    step = max(1, max(picture.shape) // 64)  # a few thousand pixels tell
    small = picture[::step, ::step].reshape(-1, 3).astype(np.float32)
    _, (axis, *_) = cv2.PCACompute(small, mean=None)
    axis = axis if axis.sum() > 0 else -axis  # lighter stays lighter
    low, high = np.minimum(axis, 0).sum() * 255, np.maximum(axis, 0).sum() * 255
    if axis.min() > 0.5:  # all but grey, for which OpenCV is faster
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    spread = 255 / (high - low)
    return cv2.transform(picture, np.array([[*axis * spread, -low * spread]]))  # cut to 0–255


def lay_flat(picture: np.ndarray, most: int, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Scale a picture, (h, w) or (h, w, 3), to a longer side of `least` to `most` pixels.

    Where it shows a sheet of paper on a table, only the sheet is kept, seen from straight above.
    Returns the result and the 3×3 matrix that takes its pixels back to those of the picture.
    """
    flat = resize_to(picture, min(max(*picture.shape[:2], least), most))
    scale = max(picture.shape[:2]) / max(flat.shape[:2])
    to_picture = np.diag([scale, scale, 1.0])
    corners = find_sheet(flat)
    if corners is None:
        return flat, to_picture
    wide = round(
        max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3]))
    )
    high = round(
        max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1]))
    )
    upright = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(upright, corners)
    sheet = cv2.warpPerspective(
        flat, matrix, (wide, high), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return sheet, to_picture @ matrix


def find_sheet(picture: np.ndarray) -> np.ndarray | None:
    """Find a sheet of paper on a table in uint8 (h, w) or (h, w, 3).

    Returns its corners, float32 (4, 2), clockwise from the upper left and a little inside its
    edge; None where no sheet is seen. It must be lighter than all around it, or less coloured,
    which holds in a shadow too.
    """
    step = max(1, max(picture.shape) // 200)  # blurred below, so every few pixels will do
    size = [max(1, n // step) for n in picture.shape[1::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
    if small.ndim == 2:
        views = [small]
    else:
        red, green, blue = cv2.split(small)
        most, least = (both(both(red, green), blue) for both in (cv2.max, cv2.min))
        views = [green, 255 - (most - least)]
    for view in views:
        soft = cv2.GaussianBlur(view, (0, 0), 1.5)
        _, light = cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
        if (edge > 0).mean() > 0.1:
            continue
        outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if not outlines:
            continue
        sheet = max(outlines, key=cv2.contourArea)
        box = cv2.minAreaRect(sheet)
        area, sides = cv2.contourArea(sheet), box[1]
        if area < 0.25 * light.size or area < 0.8 * sides[0] * sides[1]:
            continue
        hull = cv2.convexHull(sheet)
        four = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)[:, 0]
        corners = (four if len(four) == 4 else cv2.boxPoints(box)).astype(np.float32)
        middle = corners.mean(axis=0)
        angles = np.arctan2(*(corners - middle).T[::-1])
        corners = corners[np.argsort(angles)]  # clockwise, as y points down
        corners = np.roll(corners, -int((corners - middle).sum(axis=1).argmin()), axis=0)
        inside = middle + (corners - middle) * 0.94
        return (inside * step).astype(np.float32)
    return None


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
    margin = [margin_of(gray)] * 4
    return cv2.copyMakeBorder(gray, *margin, cv2.BORDER_CONSTANT, value=float(paper))


def margin_of(gray: np.ndarray) -> int:
    """How wide a margin with_margin adds on each side, in pixels."""
    return round(0.3 * max(gray.shape))


def ink_on_paper(gray: np.ndarray) -> np.ndarray:
    """Separate ink from paper, whichever is darker: float32 (h, w), 0 = paper, 1 = full ink.

    A hairline, whose ink comes and goes from pixel to pixel, is drawn again with a broader pen.
    """
    small = resize_to(gray, 160)
    papers = paper_under(small), paper_under(255 - small)
    dark = dark_on_light(small, papers)
    paper = cv2.resize(papers[0 if dark else 1], gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink = darker_than_paper(gray if dark else 255 - gray, paper)
    solid = ink > max(0.1, 0.5 * percentile(ink[::2, ::2], 99.9))
    core = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8))
    if cv2.countNonZero(core) < 0.4 * np.count_nonzero(solid):
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
        ink = cv2.GaussianBlur(cv2.dilate(ink, brush), (0, 0), 1.5)
        # The faint rim of the blur would count as width of the stroke.
        ink = np.where(ink > 0.3 * ink.max(), ink, 0)
    return ink


def darker_than_paper(gray: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """How much darker each pixel of uint8 (h, w) is than the paper under it: float32 (h, w), 0–1.

    A share of the paper's own lightness, as ink swallows the same share in light and in shadow.
    """
    soft = cv2.GaussianBlur(gray, (0, 0), 0.8)
    ink = paper - soft
    ink /= np.maximum(paper, 60)
    return np.clip(ink, 0, 1, out=ink)


def paper_under(gray: np.ndarray, brush: float = 0.38) -> np.ndarray:
    """Guess the paper's lightness everywhere, float32 (h, w), in a picture with dark strokes.

    Every stroke is closed with the light around it. What is wider than a stroke stays, so that
    shadows and uneven light count as paper. brush: the widest stroke, as a share of the picture.
    """
    small = resize_to(gray, round(27 / brush))
    side = 2 * (round(brush * min(small.shape)) // 2) + 1
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = cv2.copyMakeBorder(cv2.medianBlur(small, 3), *[side] * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, round_brush)[side:-side, side:-side]
    soft = cv2.GaussianBlur(closed, (0, 0), 1.3).astype(np.float32)
    return cv2.resize(soft, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)


def dark_on_light(gray: np.ndarray, papers: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether the strokes in a small picture, uint8 (h, w), are darker than the paper.

    papers: what paper_under says of it and of its negative. Seen both ways, a digit is dark
    strokes around light bays and holes, or the reverse. The strokes are the outer of the two:
    their hull holds the bays and holes, not the other way round.
    """
    small = gray.astype(np.int16)
    if min(small.shape) < 20:
        return bool(np.median(small) > 127)  # too narrow to tell in from out
    flipped = 255 - small
    ways = [paper - image for paper, image in zip(papers, (small, flipped), strict=True)]
    bar = max(10, 0.6 * max(percentile(way, 99.9) for way in ways))
    edge = np.ones(small.shape, bool)
    high, wide = (1 + round(0.03 * n) for n in small.shape)
    edge[high:-high, wide:-wide] = False
    outer, inner = [], []
    for image, way in zip((small, flipped), ways, strict=True):
        mask = way > bar
        count, labels = cv2.connectedComponents(mask.astype(np.uint8))
        at_the_edge = np.zeros(count, bool)
        at_the_edge[labels[edge]] = True
        off_the_edge = mask & ~at_the_edge[labels]
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


def find_digit(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mark the pixels of the digit, bool (h, w), in a map of ink, float (h, w).

    Dropped: specks, lines and frames at the edge, and what is much fainter than the pen, such as
    the rules of the paper. Kept: the largest piece of ink and every piece near it, such as the
    bar of a 5. The second result is the ink of all that may be writing, float (h / 2, w / 2), also
    of what is not taken for part of this digit.
    """
    small = cv2.resize(ink, [max(1, n // 2) for n in ink.shape[::-1]], interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1)
    high, wide = soft.shape
    middle = soft[round(0.08 * high) : round(0.92 * high), round(0.08 * wide) : round(0.92 * wide)]
    floor = max(0.07, 5 * noise_of(soft[::2, ::2]))  # every fourth pixel tells as much
    dark = middle[middle > floor]
    full = percentile(dark, 97) if dark.size else 0.0
    if full < 1.5 * floor:
        return np.zeros(ink.shape, bool), np.zeros_like(small)
    # Near half of full ink is where the edge of a stroke lies. A lower bar keeps strokes that
    # fade, unless it lets in rules or the rim of a shadow too, which shows in a far larger digit.
    pieces = _pieces(without_rules(soft > max(floor, 0.45 * full)))
    mask = _digit_of(pieces, soft.shape)
    lower = _digit_of(_pieces(without_rules(soft > max(floor, 0.25 * full))), soft.shape)
    grown = np.count_nonzero(lower) / max(np.count_nonzero(mask), 1)
    if 1 <= grown <= 1.8 and _side(lower) <= 1.3 * _side(mask):
        mask = lower
    written = [p for p in pieces if np.count_nonzero(p) > 0.1 * np.count_nonzero(pieces[0])]
    writing = np.where(np.logical_or.reduce([mask, *written]), small, 0)
    large = cv2.resize(mask.astype(np.uint8), ink.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return large.astype(bool), writing


def noise_of(ink: np.ndarray) -> float:
    """How much ink the bare paper seems to have: its median and one standard deviation, robustly.

    1.4826 median absolute deviations are one standard deviation, if the noise is Gaussian.
    """
    middle = percentile(ink, 50)
    return middle + 1.4826 * percentile(np.abs(ink - middle), 50)


def percentile(values: np.ndarray, share: float) -> float:
    """The value that `share` percent of all values do not exceed; NumPy's own takes much longer."""
    rank = round(share / 100 * (values.size - 1))
    return float(np.partition(values, rank, axis=None)[rank])


def without_rules(mask: np.ndarray, span: float = 0.85) -> np.ndarray:
    """Take the lines of ruled or squared paper out of a mask, bool (h, w).

    A line is thin and spans this share of the picture. Where a stroke crosses it, the ink is
    higher than the line is thick, and stays.
    """
    return _without_lying(_without_lying(mask, span).T, span).T


def _without_lying(mask: np.ndarray, span: float) -> np.ndarray:
    wide = mask.shape[1]
    dense = mask.astype(np.uint8)
    # Runs of ink as long as only a line has them, joined across gaps.
    runs = cv2.morphologyEx(dense, cv2.MORPH_OPEN, np.ones((1, max(9, wide // 40)), np.uint8))
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, wide // 20), np.uint8))
    if np.count_nonzero(joined.any(axis=0)) <= span * wide:
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    long = (stats[:, cv2.CC_STAT_WIDTH] > span * wide).nonzero()[0]
    lines = [i for i in long if i and stats[i, cv2.CC_STAT_AREA] < 0.02 * wide * wide]
    if not lines:
        return mask
    on_line = cv2.dilate(np.isin(labels, lines).astype(np.uint8), np.ones((5, 1), np.uint8))
    thick = 2 + max(stats[i, cv2.CC_STAT_AREA] / stats[i, cv2.CC_STAT_WIDTH] for i in lines)
    tall = np.ones((round(1.3 * thick) + 1, 1), np.uint8)
    strokes = cv2.morphologyEx(dense, cv2.MORPH_OPEN, tall)
    return (dense & ~(on_line & (1 - strokes))).astype(bool)


def is_box(piece: np.ndarray) -> bool:
    """Whether a piece of ink, bool (h, w), is the outline of a box, as forms have them."""
    high, wide = (max(2, round(0.12 * n)) for n in piece.shape)
    inner = piece[high:-high, wide:-wide]
    bands = piece[:high].any(axis=0), piece[-high:].any(axis=0)
    bands += piece[:, :wide].any(axis=1), piece[:, -wide:].any(axis=1)
    return bool(inner.size and inner.mean() < 0.1 and min(band.mean() for band in bands) > 0.9)


def _side(mask: np.ndarray) -> int:
    left, top, right, bottom = box_of(mask)
    return max(right - left, bottom - top)


def _digit_of(pieces: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Join the largest piece with every piece that is no speck and lies near what is joined."""
    if not pieces:
        return np.zeros(shape, bool)
    left, top, right, bottom = box_of(pieces[0])
    inside = any(piece[top:bottom, left:right].any() for piece in pieces[1:])
    if inside and is_box(pieces[0][top:bottom, left:right]):
        pieces = pieces[1:]
    mask = pieces[0].copy()
    least = 0.03 * np.count_nonzero(mask)
    waiting = [piece for piece in pieces[1:] if np.count_nonzero(piece) > least]
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
    return stroke_width(ink > 0) * 20 / max(ink.shape)


def stroke_width(mask: np.ndarray) -> float:
    """The mean width of the strokes in a mask: four times the mean distance to the paper."""
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    away = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    return float(4 * away[framed > 0].mean() - 1)


def pen_like_mnist(ink: np.ndarray, pen: float) -> np.ndarray:
    """Return a digit's ink, float (h, w), as uint8 with strokes as wide as MNIST's own.

    Full ink becomes 255. Strokes thinner or thicker than MNIST's are widened or narrowed to the
    nearest width found there; all others keep theirs. pen: what pen_width says of the ink.
    """
    full = percentile(ink[ink > 0], 97)
    solid = (np.clip(ink / full, 0, 1) * 255).astype(np.uint8)
    change = round((np.clip(pen, THINNEST, THICKEST) - pen) * max(ink.shape) / 20)
    if change > 0:
        solid = cv2.copyMakeBorder(solid, *[change] * 4, cv2.BORDER_CONSTANT)
    if change:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [abs(change) + 1] * 2)
        solid = cv2.dilate(solid, brush) if change > 0 else cv2.erode(solid, brush)
        left, top, wide, high = cv2.boundingRect((solid > 12).astype(np.uint8))
        if wide and high:
            solid = solid[top : top + high, left : left + wide]
    return solid


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
