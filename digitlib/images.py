"""How a photo becomes 28×28, as MNIST's authors made theirs."""

import cv2
import numpy as np


class ImageError(ValueError):
    """A picture cannot be used; the message says why and what to do."""


def fit_in_20(ink: np.ndarray) -> np.ndarray:
    """Scale a cropped digit, uint8 (h, w), so that its longer side is 20 pixels."""
    high, wide = ink.shape
    scale = 20 / max(high, wide)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def center_in_28(box: np.ndarray) -> np.ndarray:
    """Lay a digit, uint8 (≤20, ≤20), into (28, 28) with its centre of mass in the middle."""
    high, wide = box.shape
    moments = cv2.moments(box)
    mass = max(moments["m00"], 1)
    top = round(13.5 - moments["m01"] / mass)
    left = round(13.5 - moments["m10"] / mass)
    top, left = np.clip([top, left], 0, [28 - high, 28 - wide])
    image = np.zeros((28, 28), np.uint8)
    image[top : top + high, left : left + wide] = box
    return image
