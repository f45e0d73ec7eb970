"""From the ink of one digit to 28×28, as MNIST's authors made theirs: every way in ends here.

    to_mnist_format    ink and mask (h, w)  -> uint8 (28, 28), through the four below
    stroke_width       mask (h, w)          -> pixels
    is_straight_stroke uint8 (28, 28)       -> whether it is a 1 drawn with a ruler
    match_stroke_width ink (h, w)           -> uint8 (h, w), strokes as wide as MNIST's
    fit_in_20          uint8 (h, w)         -> longer side 20 pixels
    center_in_28       uint8 (≤20, ≤20)     -> (28, 28), centre of mass in the middle

The last two are the normalisation that LeCun, Bottou, Bengio and Haffner describe in Gradient-Based
Learning Applied to Document Recognition, 1998.
"""

import cv2
import numpy as np

from digitlib.reading.arrays import box_of, percentile

# Widths of MNIST's strokes when the digit fills a box of 20 pixels: 99 % of the training images lie
# in this range. Strokes inside it are left as they are; without it a hairline fades to nothing.
THINNEST, THICKEST = 1.4, 6.5
FULL_INK_PERCENTILE = 97  # of the inked pixels: the very darkest may be specks of noise
FAINTEST_EDGE = 12  # grey levels of 255: what is left outside is the rim of a blur, not a stroke


def to_mnist_format(ink: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Bring the ink under a mask, both (h, w), to 28×28.

    Returns uint8 (28, 28), 255 = ink, and the width of the strokes as they were, in pixels of the
    box of 20. Raises nothing; the mask must mark something.
    """
    left, top, right, bottom = box_of(mask)
    near = mask[top:bottom, left:right].astype(np.uint8)
    near = cv2.dilate(near, np.ones((3, 3), np.uint8))  # its soft edge too
    crop = np.where(near, ink[top:bottom, left:right], np.float32(0))
    width = stroke_width(crop > 0) * 20 / max(crop.shape)
    return center_in_28(fit_in_20(match_stroke_width(crop, width))), width


def stroke_width(mask: np.ndarray) -> float:
    """The mean width of the strokes in a mask, bool (h, w), in its pixels.

    Across a stroke of width w the distances to the paper rise to (w + 1) / 2 and fall again; their
    mean is about (w + 1) / 4.
    """
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    away = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    return float(4 * away[framed > 0].mean() - 1)


STROKE_LENGTH = 16, 3.2  # pixels, and times its width: a shorter stroke is a dot or a dash
STROKE_LEAN = 0.35  # columns per row: a stroke that leans more is a slash
STROKE_EVEN = 2  # pixels that its width may vary by, …
STROKE_STRAIGHT = 0.75  # … and that its middle may stray from a line


def is_straight_stroke(image: np.ndarray) -> bool:
    """Whether uint8 (28, 28) shows one straight, upright stroke and nothing else."""
    ink = image > 127
    _, top, _, bottom = box_of(ink)
    least, times = STROKE_LENGTH
    widths = ink.sum(axis=1)[top:bottom]
    if bottom - top < max(least, times * np.median(widths) if widths.size else 0):
        return False
    cap = int(np.median(widths)) // 2  # rows at each end that may be round
    rows = np.arange(top + cap, bottom - cap)
    edges = [(np.flatnonzero(ink[row])[[0, -1]] if ink[row].any() else (0, 0)) for row in rows]
    first, last = np.array(edges).T
    if (last - first + 1 != ink[rows].sum(axis=1)).any():  # a row with a gap
        return False
    middles = (first + last) / 2
    slope, start = np.polyfit(rows, middles, 1)
    return bool(
        np.ptp(last - first) <= STROKE_EVEN
        and abs(slope) <= STROKE_LEAN
        and np.abs(middles - slope * rows - start).max() <= STROKE_STRAIGHT
    )


def match_stroke_width(ink: np.ndarray, width: float) -> np.ndarray:
    """Return a digit's ink, float (h, w), as uint8 with strokes as wide as MNIST's own.

    Full ink becomes 255. Strokes thinner or thicker than MNIST's are widened or narrowed to the
    nearest width found there; all others keep theirs. width: what they have, in pixels of a box
    of 20.
    """
    full = percentile(ink[ink > 0], FULL_INK_PERCENTILE)
    solid = (np.clip(ink / full, 0, 1) * 255).astype(np.uint8)
    change = round((np.clip(width, THINNEST, THICKEST) - width) * max(ink.shape) / 20)
    if change > 0:
        solid = cv2.copyMakeBorder(solid, *[change] * 4, cv2.BORDER_CONSTANT)
    if change:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [abs(change) + 1] * 2)
        solid = cv2.dilate(solid, kernel) if change > 0 else cv2.erode(solid, kernel)
        left, top, right, bottom = box_of(solid > FAINTEST_EDGE)
        if right > left and bottom > top:
            solid = solid[top:bottom, left:right]
    return solid


def fit_in_20(ink: np.ndarray) -> np.ndarray:
    """Scale a cropped digit, uint8 (h, w), so that its longer side is 20 pixels."""
    height, width = ink.shape
    scale = 20 / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def center_in_28(box: np.ndarray) -> np.ndarray:
    """Lay a digit, uint8 (≤20, ≤20), into (28, 28) with its centre of mass on pixel (14, 14)."""
    height, width = box.shape
    moments = cv2.moments(box)
    mass = max(moments["m00"], 1)
    top = round(14 - moments["m01"] / mass)
    left = round(14 - moments["m10"] / mass)
    top, left = np.clip([top, left], 0, [28 - height, 28 - width])
    image = np.zeros((28, 28), np.uint8)
    image[top : top + height, left : left + width] = box
    return image
