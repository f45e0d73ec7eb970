"""One digit: from a picture to the 28×28 pixels that a network reads.

    preprocess   a picture    -> Preprocessed: every stage on the way, each of which can be plotted
    find_digit   (h, w) ink   -> (h, w) which pixels belong to the digit

The stages before are in paper.py, the ones after in mnist_format.py.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlib.errors import ImageError, NoInkError
from digitlib.reading.arrays import box_of, percentile, resize_to
from digitlib.reading.files import read_image
from digitlib.reading.mnist_format import to_mnist_format
from digitlib.reading.paper import (
    add_margin,
    has_no_margin,
    ink_on_paper,
    is_box,
    noise_of,
    rectify,
    remove_ruled_lines,
    to_gray,
)

WORKING_SIDE = 512  # the longer side, in pixels, of the picture that is looked at
SMALL_DIGIT = 0.3  # of that side: a smaller digit is looked at again, from closer by …
CLOSER_MARGIN = 0.8  # … with so much of its own size around it

Picture = str | Path | bytes | np.ndarray


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """One picture on its way to the network, stage by stage."""

    picture: np.ndarray
    """As it was handed in, uint8 (h, w) or (h, w, 3)."""
    gray: np.ndarray
    """The part that was looked at, in one shade: uint8, longer side 512."""
    ink: np.ndarray
    """How much ink each of its pixels has, float32, 0 to 1."""
    mask: np.ndarray
    """Which of them belong to the digit, bool."""
    image: np.ndarray
    """What the network reads, uint8 (28, 28), 255 = ink."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the digit in `picture`, in pixels."""
    stroke_width: float
    """Of the strokes before they were changed, in pixels of a box of 20."""
    writing: np.ndarray
    """All ink that may be writing, before one digit was chosen: float, half as large as `ink`."""
    alone: bool
    """Whether all of that was taken for parts of this one digit."""


@dataclass(frozen=True, eq=False)
class _Look:
    """A part of a picture as it was looked at, and where it lies."""

    gray: np.ndarray
    ink: np.ndarray
    mask: np.ndarray
    writing: np.ndarray
    corner: np.ndarray  # its upper left, (x, y) in pixels of the rectified picture
    scale: float  # pixels of the rectified picture to one of its own


def preprocess(picture: Picture) -> Preprocessed:
    """Take a picture (a file, its bytes, or uint8 of shape (h, w) or (h, w, 3)) to 28×28.

    Raises ImageError where the file cannot be read, and NoInkError, which is one, where the
    picture shows no ink.
    """
    picture = as_picture(picture)
    flat, to_picture = rectify(picture, 2 * WORKING_SIDE)
    gray, corner = to_gray(flat), np.zeros(2)
    if has_no_margin(gray):
        gray, corner = _with_margin(gray, corner)
    whole = look = _look(gray, corner)
    if not whole.mask.any():
        gray, corner = _with_margin(gray, corner)
        whole = look = _look(gray, corner)
    elif _side(whole.mask) < SMALL_DIGIT * WORKING_SIDE:
        closer = _look_closer(gray, whole)
        look = closer if closer.mask.any() else whole
    if not look.mask.any():
        raise NoInkError("No ink found; use a picture with one dark digit on light paper.")
    image, stroke_width = to_mnist_format(look.ink, look.mask)
    box = np.array(box_of(look.mask)).reshape(2, 2) * look.scale + look.corner
    return Preprocessed(
        picture=picture,
        gray=look.gray,
        ink=look.ink,
        mask=look.mask,
        image=image,
        box=box_in_picture(box.ravel(), to_picture, picture),
        stroke_width=stroke_width,
        writing=whole.writing,
        alone=_is_alone(whole.mask, whole.writing),
    )


def as_picture(source: Picture) -> np.ndarray:
    """Return uint8 (h, w) or (h, w, 3), read from a file or from its bytes unless it is that.

    Raises ImageError where it cannot be had.
    """
    if not isinstance(source, np.ndarray):
        return read_image(source)
    if source.ndim not in (2, 3) or source.dtype != np.uint8 or min(source.shape) < 1:
        raise ImageError("A picture must be uint8 of shape (h, w) or (h, w, 3).")
    if source.ndim == 3 and source.shape[2] != 3:
        raise ImageError("A picture in colour must have the shape (h, w, 3).")
    return source


def box_in_picture(box, to_picture: np.ndarray, picture: np.ndarray) -> tuple[int, int, int, int]:
    """Carry a box (left, top, right, bottom) over to `picture` by the homography of rectify."""
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    found = cv2.perspectiveTransform(corners, to_picture)[0]
    limits = picture.shape[1::-1]
    (left, top), (right, bottom) = (
        np.clip(ends.round(), 0, limits).astype(int).tolist()
        for ends in (found.min(axis=0), found.max(axis=0))
    )
    return left, top, right, bottom


def _with_margin(gray: np.ndarray, corner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    framed, margin = add_margin(gray)
    return framed, corner - margin


def _look(gray: np.ndarray, corner: np.ndarray) -> _Look:
    small = resize_to(gray, WORKING_SIDE)
    ink = ink_on_paper(small)
    return _Look(small, ink, *find_digit(ink), corner, max(gray.shape) / WORKING_SIDE)


def _look_closer(gray: np.ndarray, look: _Look) -> _Look:
    """Look again at the digit alone and what is near it; gray: the picture of the first look."""
    box, margin = np.array(box_of(look.mask)), CLOSER_MARGIN * _side(look.mask)
    x0, y0 = np.maximum((box[:2] - margin) * look.scale, 0).round().astype(int)
    x1, y1 = ((box[2:] + margin) * look.scale).round().astype(int)
    return _look(gray[y0:y1, x0:x1], look.corner + np.array([x0, y0]))


def _is_alone(mask: np.ndarray, writing: np.ndarray) -> bool:
    """Whether all writing, (h / 2, w / 2), lies under the mask of the digit, (h, w)."""
    small = cv2.resize(mask.astype(np.uint8), writing.shape[::-1], interpolation=cv2.INTER_NEAREST)
    near = cv2.dilate(small, np.ones((3, 3), np.uint8))
    return not (writing[near == 0] > 0).any()


def _side(mask: np.ndarray) -> int:
    left, top, right, bottom = box_of(mask)
    return max(right - left, bottom - top)


# --- which ink is the digit's -------------------------------------------------------------------

SAMPLED_FROM = 0.08  # of each side: full ink is measured inside, where no table or frame lies
FAINTEST_INK = 0.07  # of the paper's lightness: fainter is no writing
NOISE_FACTOR = 5  # times the paper's own noise: what is fainter may be noise
FULL_INK_PERCENTILE = 97  # of the dark pixels: the very darkest may be specks
BLANK = 1.5  # times the faintest ink: a page whose darkest is fainter than this is blank
STROKE_EDGE = 0.45  # of full ink: near half of it lies the edge of a stroke
FADED_EDGE = 0.25  # of full ink: keeps strokes that fade, unless it lets in rules or shadows …
FADED_GROWTH = 1.8  # … which shows in so many times as many pixels …
FADED_SIDE = 1.3  # … or in a digit so many times as large
OTHER_WRITING = 0.1  # of the largest piece's pixels: what is smaller is no second digit


def find_digit(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mark the pixels of the digit, bool (h, w), in a map of ink, float (h, w).

    Dropped: specks, lines and frames at the edge, and what is much fainter than the pen, such as
    the rules of the paper. Kept: the largest piece of ink and every piece near it, such as the
    bar of a 5. The second result is the ink of all that may be writing, float (h / 2, w / 2), also
    of what is not taken for part of this digit.
    """
    small = cv2.resize(ink, [max(1, n // 2) for n in ink.shape[::-1]], interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1)
    (y0, x0), (y1, x1) = (
        [round(share * n) for n in soft.shape] for share in (SAMPLED_FROM, 1 - SAMPLED_FROM)
    )
    middle = soft[y0:y1, x0:x1]
    floor = max(FAINTEST_INK, NOISE_FACTOR * noise_of(soft[::2, ::2]))  # a quarter tells as much
    dark = middle[middle > floor]
    full = percentile(dark, FULL_INK_PERCENTILE) if dark.size else 0.0
    if full < BLANK * floor:
        return np.zeros(ink.shape, bool), np.zeros_like(small)
    pieces = _pieces(remove_ruled_lines(soft > max(floor, STROKE_EDGE * full)))
    mask = _join_near(pieces, soft.shape)
    faded = _pieces(remove_ruled_lines(soft > max(floor, FADED_EDGE * full)))
    lower = _join_near(faded, soft.shape)
    grown = np.count_nonzero(lower) / max(np.count_nonzero(mask), 1)
    if 1 <= grown <= FADED_GROWTH and _side(lower) <= FADED_SIDE * _side(mask):
        mask = lower
    written = [
        piece
        for piece in pieces
        if np.count_nonzero(piece) > OTHER_WRITING * np.count_nonzero(pieces[0])
    ]
    writing = np.where(np.logical_or.reduce([mask, *written]), small, 0)
    large = cv2.resize(mask.astype(np.uint8), ink.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return large.astype(bool), writing


MOST_PIECES = 12  # a digit has at most three; the rest is for what lies about it
SPECK = 12, 2e-4  # pixels, and share of the picture: a smaller piece is dirt
EDGE_STRIP = 0.06  # of each side: what touches the edge and lies in this strip runs off it


def _pieces(mask: np.ndarray) -> list[np.ndarray]:
    """The connected components of a mask, largest first, without specks and what runs off the edge.

    Each is a mask as large as the whole, bool (h, w).
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    height, width = mask.shape
    least, share = SPECK
    found = []
    for i in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1:
        left, top, w, h, area = stats[i]
        if area < max(least, share * mask.size):
            break
        touches = left == 0 or top == 0 or left + w == width or top + h == height
        x, y = (left + w / 2) / width, (top + h / 2) / height
        inside = EDGE_STRIP < x < 1 - EDGE_STRIP and EDGE_STRIP < y < 1 - EDGE_STRIP
        if touches and not inside:
            continue
        found.append(labels == i)
        if len(found) == MOST_PIECES:
            break
    return found


PART = 0.03  # of the largest piece's pixels: what is smaller is a speck, not a bar or a dot
NEAR = 0.35  # of the digit's size: a part that lies farther off is another digit


def _join_near(pieces: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Join the largest piece with every piece that is no speck and lies near what is joined."""
    if not pieces:
        return np.zeros(shape, bool)
    left, top, right, bottom = box_of(pieces[0])
    inside = any(piece[top:bottom, left:right].any() for piece in pieces[1:])
    if inside and is_box(pieces[0][top:bottom, left:right]):
        pieces = pieces[1:]
    mask = pieces[0].copy()
    least = PART * np.count_nonzero(mask)
    waiting = [piece for piece in pieces[1:] if np.count_nonzero(piece) > least]
    while waiting:
        away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
        near = [away[piece].min() < NEAR * _side(mask) for piece in waiting]
        if not any(near):
            break
        mask = np.logical_or.reduce([mask, *(p for p, n in zip(waiting, near, strict=True) if n)])
        waiting = [p for p, n in zip(waiting, near, strict=True) if not n]
    return mask
