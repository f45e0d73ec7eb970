"""How other schools write: regional forms (allographs), as strokes added to MNIST's digits.

MNIST's writers were American: their 1 is mostly a bare stroke, their 7 has no bar, their 9 no hook,
their 6 no flat top, and both strokes of their open 4 are equally high. Some of what the reader
learns from gets an upstroke and perhaps a foot, a bar, a hook, a flat top, or a taller left stroke.

augmentation.py calls it while a network trains; what measures (tools/synthetic) never does.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from digitlib.reading.mnist_format import center_in_28, fit_in_20

SHARES = {1: 1 / 4, 4: 1 / 4, 6: 1 / 3, 7: 1 / 4, 9: 1 / 4}  # of each digit that is changed
_FINE = 4  # times as large while it is drawn, for soft edges


def regional_form(image: np.ndarray, label: int, rng: np.random.Generator) -> np.ndarray:
    """Give some digits the form that another country's schools teach: uint8 (28, 28), both.

    As many as SHARES says are changed, and centred anew.
    """
    if rng.random() >= SHARES.get(int(label), 0):
        return image
    large = cv2.resize(image, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, *[10 * _FINE] * 4, cv2.BORDER_CONSTANT)
    if not (large > 127).any():
        return image
    pen = round(rng.uniform(1.2, 3) * _FINE)
    if not _FORMS[int(label)](_Digit(large), pen, rng):
        return image
    left, top, width, height = cv2.boundingRect((large > 60).astype(np.uint8))
    return center_in_28(fit_in_20(large[top : top + height, left : left + width]))


class _Digit:
    """A digit, enlarged, that strokes can be added to."""

    def __init__(self, canvas: np.ndarray):
        self.canvas = canvas
        self.rows, self.columns = np.nonzero(canvas > 127)
        self.top = int(self.rows.min())
        self.height = int(np.ptp(self.rows)) + 1
        self.bottom = self.top + self.height

    def stem(self, row: float) -> float:
        """The middle column of the ink in a row."""
        near = np.abs(self.rows - row) <= 2
        return self.columns[near].mean() if near.any() else self.columns.mean()

    def stroke(self, pen: int, *points) -> None:
        line = np.array(points).round().astype(int)
        cv2.polylines(self.canvas, [line], False, 255, pen, cv2.LINE_AA)


def _flagged_1(digit: _Digit, _pen: int, rng: np.random.Generator) -> bool:
    """An upstroke before the stem, and one time in five a foot below it."""
    # Of one stroke, so its area over its height is its pen.
    pen = digit.rows.size / digit.height * rng.uniform(0.6, 1)
    pen = int(np.clip(pen, 4, 5 * _FINE))
    away, angle = digit.height * rng.uniform(0.15, 0.6), np.deg2rad(rng.uniform(25, 65))
    x, y = digit.stem(digit.top + 2), digit.top + pen / 2
    digit.stroke(pen, (x, y), (x - away * math.sin(angle), y + away * math.cos(angle)))
    if rng.random() < 0.2:
        x, y = digit.stem(digit.bottom - 3), digit.bottom - pen / 2
        reach = digit.height * rng.uniform(0.12, 0.3)
        digit.stroke(pen, (x - reach, y), (x + reach, y))
    return True


def _tall_4(digit: _Digit, _pen: int, rng: np.random.Generator) -> bool:
    """An open 4 whose left stroke begins higher than its stem; of any other 4, nothing."""
    found = _tip_of_open_4(digit)
    if found is None:
        return False
    (x, y), lean, width = found
    pen, up = max(_FINE, round(0.9 * width)), digit.height * rng.uniform(0.15, 0.5)
    lean += rng.uniform(0, 0.35)
    digit.stroke(pen, (x, y + pen / 2), (x + lean * up, y + pen / 2 - up))
    digit.canvas[round(digit.top + digit.height * rng.uniform(0.85, 1)) :] = 0
    return True


def _tip_of_open_4(digit: _Digit) -> tuple[tuple[float, float], float, int] | None:
    """The tip (x, y) of the left stroke, its lean and its width; None of any other 4."""
    rows, columns, top = digit.rows, digit.columns, digit.top
    across = np.unique(columns[rows == top + digit.height // 4])
    gaps = np.flatnonzero(np.diff(across) > 2)
    if len(gaps) != 1:  # not two strokes
        return None
    left = across[: gaps[0] + 1]
    of_left_stroke = columns < (across[gaps[0]] + across[gaps[0] + 1]) / 2
    y = rows[of_left_stroke].min()
    x = columns[of_left_stroke & (rows <= y + 4)].mean()
    rise = top + digit.height / 4 + 4 - y
    return ((x, y), (x - left.mean()) / rise, len(left)) if rise >= 8 else None


def _flat_6(digit: _Digit, pen: int, rng: np.random.Generator) -> bool:
    """A 6 with a bar on top."""
    x, y = digit.stem(digit.top + 2), digit.top + pen / 2
    length = digit.height * rng.uniform(0.2, 0.7)
    digit.stroke(pen, (x, y), (x + length, y + length * rng.normal(0, 0.12)))
    return True


def _barred_7(digit: _Digit, pen: int, rng: np.random.Generator) -> bool:
    """A 7 with a bar across its stem."""
    y = digit.top + digit.height * rng.uniform(0.45, 0.65)
    x = digit.stem(y)
    reach, tilt = digit.height * rng.uniform(0.16, 0.3), rng.normal(0, 0.15)
    digit.stroke(pen, (x - reach, y + tilt * reach), (x + reach, y - tilt * reach))
    return True


def _hooked_9(digit: _Digit, pen: int, rng: np.random.Generator) -> bool:
    """A 9 whose tail ends in a hook to the left."""
    width, depth = digit.height * rng.uniform(0.12, 0.42), digit.height * rng.uniform(0.04, 0.18)
    angle = np.linspace(0, rng.uniform(0.6, 1.05) * np.pi, 20)
    x, y = digit.stem(digit.bottom - 3), digit.bottom - pen / 2
    hook = np.stack([x - width + width * np.cos(angle), y + depth * np.sin(angle)], axis=1)
    digit.stroke(pen, *hook)
    return True


# Each draws into the enlarged digit with a pen of so many of its pixels (a 1 and a 4 with their own
# pen), and says whether it could.
_FORMS: dict[int, Callable[[_Digit, int, np.random.Generator], bool]] = {
    1: _flagged_1,
    4: _tall_4,
    6: _flat_6,
    7: _barred_7,
    9: _hooked_9,
}
