"""What every stage does with arrays: scale them, find the box of a mask, rank values."""

import cv2
import numpy as np

AREA_UP_TO = 0.5  # of the size: below, INTER_LINEAR would skip pixels and lose thin strokes


def resize_to(image: np.ndarray, side: int) -> np.ndarray:
    """Scale an image so that its longer side is `side` pixels; small ones grow smoothly."""
    scale = side / max(image.shape[:2])
    if scale == 1:
        return image
    size = [max(1, round(n * scale)) for n in image.shape[1::-1]]
    if scale <= AREA_UP_TO:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=method)


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a mask, bool (h, w), marks; all 0 if it marks nothing."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def percentile(values: np.ndarray, share: float) -> float:
    """The value that `share` percent of all values do not exceed; NumPy's own takes much longer."""
    rank = round(share / 100 * (values.size - 1))
    return float(np.partition(values, rank, axis=None)[rank])
