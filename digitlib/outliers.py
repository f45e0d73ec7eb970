"""What is no digit: drawn by code, for the digit detector to learn to reject.

Ten probabilities that sum to one have no place for "none of these". A second small network, the
digit detector, answers that question alone. It learns from MNIST, redrawn in every epoch, and from
what is no digit: letters, shapes, scribbles and textures drawn here by code, and digits spoiled
(put side by side, mirrored, laid over each other). Showing a network examples of what it is to
reject is outlier exposure: Hendrycks, Mazeika and Dietterich, ICLR 2019.

training.py calls it; what measures (tools/synthetic) draws outliers of its own.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from digitlib.augmentation import Augmented, augment, of_few_pixels
from digitlib.reading.mnist_format import center_in_28, fit_in_20

# Letters that people write like digits (O like 0, l like 1 …) are not among them.
_LETTERS = "ACDEFGHJKLMNPQRTUVWXYabcdefghjkmnpqrtuvwxy@#$%&?+*=<>"
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
_SIDE = 96  # pixels of the canvas the non-digits are drawn on


class DigitsAndOutliers(Augmented):
    """Batches of images, half of them digits (label 1) and half not (label 0)."""

    def __getitem__(self, index):
        digits, _ = super().__getitem__(index)
        rng = np.random.default_rng([self.seed, self.epoch, index, 1])
        for i in np.flatnonzero(rng.random(len(digits)) < 0.15):
            # Else it would learn that whatever is drawn by code is no digit.
            digits[i] = _placed(_sign(str(rng.integers(10)), rng), rng)
        for i in np.flatnonzero(rng.random(len(digits)) < 0.2):
            digits[i] = of_few_pixels(digits[i], int(rng.integers(8, 13)))
        others = np.stack([draw_outlier(self.x, self.y, rng) for _ in digits])
        labels = np.repeat([1, 0], len(digits)).astype(np.float32)
        return np.concatenate([digits, others]), labels


def draw_outlier(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one image that shows no digit, uint8 (28, 28), placed as the chain places a digit.

    x, y: digits, uint8 (n, 28, 28) and their labels, some of which are spoiled.
    """
    kinds = (*[_letter] * 4, *[_shape] * 2, _scribble, _blot)
    spoilers = (_side_by_side, _overlaid, _turned)
    which = rng.integers(len(kinds) + len(spoilers))
    canvas = kinds[which](rng) if which < len(kinds) else spoilers[which - len(kinds)](x, y, rng)
    return _placed(canvas, rng)


def _placed(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    left, top, width, height = cv2.boundingRect((canvas > 20).astype(np.uint8))
    if not width:
        return np.zeros((28, 28), np.uint8)
    image = center_in_28(fit_in_20(canvas[top : top + height, left : left + width]))
    return augment(image, rng) if rng.random() < 0.6 else image


def _letter(rng: np.random.Generator) -> np.ndarray:
    """One letter or sign, or two letters, in a stroke font and a pen of any width."""
    return _sign("".join(rng.choice(list(_LETTERS), 1 if rng.random() < 0.85 else 2)), rng)


def _sign(text: str, rng: np.random.Generator) -> np.ndarray:
    """Write a text of one or two signs in a stroke font, in a pen of any width."""
    canvas = np.zeros((_SIDE, 2 * _SIDE), np.uint8)
    pen = int(rng.integers(1, 14))
    cv2.putText(canvas, text, (30, 68), _FONTS[rng.integers(len(_FONTS))], 2, 255, pen, cv2.LINE_AA)
    lean = np.array([[1, rng.normal(0, 0.12), 0], [0, rng.uniform(0.8, 1.3), 0]])
    return cv2.warpAffine(canvas, lean, (2 * _SIDE, 130))


def _shape(rng: np.random.Generator) -> np.ndarray:
    """A polygon, star, cross, arrow, tick, grid, spiral, disc, blob or lying stroke."""
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    pen = int(rng.integers(2, 12))
    draw = _SHAPES[rng.integers(len(_SHAPES))]
    draw(canvas, pen, rng.uniform(0, 2 * np.pi), rng)
    return canvas


# Each draws one shape into the canvas with a pen, turned by an angle in radians (or, where it has
# no direction, by chance one of two kinds).


def _polygon(canvas, pen, turn, rng):
    corners = int(rng.integers(3, 9))
    _closed(canvas, np.full(corners, 40.0), pen, turn, rng, outlined=corners < 6)  # else it is a 0


def _star(canvas, pen, turn, rng):
    corners = int(rng.integers(3, 9))
    radius = np.full(2 * corners, 40.0)
    radius[1::2] *= rng.uniform(0.3, 0.6)
    _closed(canvas, radius, pen, turn, rng, outlined=True)


def _closed(canvas, radius, pen, turn, rng, *, outlined: bool):
    """The corners of a closed line, by their distance from the middle: filled, or outlined."""
    angle = turn + np.arange(len(radius)) * 2 * np.pi / len(radius)
    points = _around_middle(radius, angle)
    points *= [rng.uniform(0.6, 1), 1]
    if rng.random() < 0.4:
        cv2.fillPoly(canvas, [points.astype(np.int32)], 255, cv2.LINE_AA)
    elif outlined:
        cv2.polylines(canvas, [points.astype(np.int32)], True, 255, pen, cv2.LINE_AA)


def _around_middle(radius, angle) -> np.ndarray:
    return _SIDE / 2 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _cross(canvas, pen, turn, rng):
    for angle in (turn, turn + np.pi / 2):
        end = 38 * np.array([np.cos(angle), np.sin(angle)])
        _line(canvas, 48 - end, 48 + end, pen)


def _arrow(canvas, pen, turn, rng):
    end = 38 * np.array([np.cos(turn), np.sin(turn)])
    tail, head = (48 - end).astype(int).tolist(), (48 + end).astype(int).tolist()
    cv2.arrowedLine(canvas, tail, head, 255, pen, cv2.LINE_AA, 0, rng.uniform(0.2, 0.5))


def _tick(canvas, pen, turn, rng):
    _line(canvas, (12, rng.uniform(40, 60)), (36, 80), pen)
    _line(canvas, (36, 80), (84, rng.uniform(10, 30)), pen)


def _grid(canvas, pen, turn, rng):
    step = int(rng.integers(10, 34))
    for at in range(6, _SIDE, step):
        _line(canvas, (4, at), (92, at), max(2, pen // 2))
        if turn > 2:  # else stripes
            _line(canvas, (at, 4), (at, 92), max(2, pen // 2))


def _spiral(canvas, pen, turn, rng):
    angle = np.linspace(0, rng.uniform(2.2, 4) * 2 * np.pi, 200)
    radius = 42 * angle / angle[-1]
    if turn > 4:  # concentric rings
        radius = np.ceil(radius / 14) * 14
    line = _around_middle(radius, angle + turn).astype(np.int32)
    cv2.polylines(canvas, [line], False, 255, min(pen, 6), cv2.LINE_AA)


def _disc(canvas, pen, turn, rng):
    axes = rng.integers(12, 44, 2).tolist()
    if turn < 4:
        cv2.ellipse(canvas, (48, 48), axes, math.degrees(turn), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        axes[0] = max(axes[0], axes[1] // 2)  # a tall narrow box is a 1
        corners = [(48 + sign * axes[0], 48 + sign * axes[1]) for sign in (-1, 1)]
        cv2.rectangle(canvas, *corners, 255, -1)


def _blob(canvas, pen, turn, rng):
    """A closed line with dents and bulges."""
    angle = np.linspace(0, 2 * np.pi, 120)
    waves = range(2, 6)
    radius = sum(rng.normal(0, 0.7 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in waves)
    radius = 40 * np.exp(radius) / np.exp(radius).max()
    line = _around_middle(radius, angle).astype(np.int32)
    cv2.polylines(canvas, [line], True, 255, pen, cv2.LINE_AA)


def _lying_stroke(canvas, pen, turn, rng):
    """A stroke that lies, straight or wavy."""
    columns = np.linspace(6, 90, 60)
    rows = 48 + rng.uniform(-0.3, 0.3) * (columns - 48)
    rows += rng.uniform(0, 14) * np.sin(columns * rng.uniform(0.05, 0.4))
    wave = np.stack([columns, rows], axis=1).astype(np.int32)
    cv2.polylines(canvas, [wave], False, 255, pen, cv2.LINE_AA)


_SHAPES: tuple[Callable, ...] = (
    _polygon, _star, _cross, _arrow, _tick, _grid, _spiral, _disc, _blob, _lying_stroke,
)  # fmt: skip


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """A pen that wanders: curves, zigzags or hatching, too long or too broken for a digit."""
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    pen = int(rng.integers(2, 8))
    kind = rng.integers(3)
    if kind == 0:  # one long smooth walk
        corners = rng.uniform(8, 88, (int(rng.integers(7, 22)), 2))
        _curve(canvas, corners, pen)
    elif kind == 1:  # several short strokes apart
        for _ in range(int(rng.integers(4, 10))):
            start = rng.uniform(10, 86, 2)
            _line(canvas, start, start + rng.normal(0, 18, 2), pen)
    else:  # to and fro
        turns = int(rng.integers(4, 12))
        rows = np.linspace(10, 86, turns)
        columns = np.where(np.arange(turns) % 2, 84, 12) + rng.normal(0, 5, turns)
        zigzag = np.stack([columns, rows], axis=1)
        zigzag = zigzag[:, ::-1] if rng.random() < 0.5 else zigzag
        cv2.polylines(canvas, [zigzag.astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    return canvas


def _blot(rng: np.random.Generator) -> np.ndarray:
    """A piece of texture: noise of any grain, as it is, cut at a level, or its largest blot."""
    grain = rng.uniform(0.5, 14)
    noise = rng.normal(size=(_SIDE, _SIDE)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), grain, sigmaY=grain * rng.uniform(0.3, 3))
    noise /= noise.std()
    if rng.random() < 0.3:
        return np.clip(128 + 80 * noise, 0, 255).astype(np.uint8)
    mask = (noise > rng.uniform(0, 1.2)).astype(np.uint8)
    if rng.random() < 0.6:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        if len(stats) > 1:
            mask = (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    return mask * 255


def _side_by_side(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two or three digits in a row, so close at times that they touch."""
    chosen = [x[i] for i in rng.integers(len(x), size=int(rng.integers(2, 4)))]
    row = chosen[0]
    for image in chosen[1:]:
        closer = int(rng.integers(0, 10))
        wider = np.pad(row, ((0, 0), (0, 28 - closer)))
        wider[:, -28:] = np.maximum(wider[:, -28:], image)
        row = wider
    return row


def _overlaid(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two digits of different classes written over each other, or four quarters of digits."""
    first, second, third, fourth = x[rng.integers(len(x), size=4)]
    if rng.random() < 0.4:
        return np.block([[first[:14, :14], second[:14, 14:]], [third[14:, :14], fourth[14:, 14:]]])
    canvas = np.zeros((48, 48), np.uint8)
    top, left = rng.integers(0, 20, 2)
    canvas[10:38, 10:38] = first
    canvas[top : top + 28, left : left + 28] = np.maximum(
        canvas[top : top + 28, left : left + 28], second
    )
    return canvas


def _turned(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A digit mirrored, upside down or lying, where that is no digit any more."""
    ways = {2: [2], 3: [0, 2], 4: [1, 2], 5: [2], 6: [0, 2], 7: [0, 1, 2], 9: [0, 2]}
    i = rng.integers(len(x))
    while int(y[i]) not in ways:
        i = rng.integers(len(x))
    way = rng.choice(ways[int(y[i])])
    return [x[i][:, ::-1], x[i][::-1], np.rot90(x[i], rng.choice([1, 3]))][way].copy()


def _line(canvas, start, end, pen):
    start, end = (np.asarray(p, float).round().astype(int).tolist() for p in (start, end))
    cv2.line(canvas, start, end, 255, pen, cv2.LINE_AA)


def _curve(canvas, corners, pen):
    count = len(corners)
    at = np.linspace(0, count - 1, 20 * count)
    smooth = np.stack([np.interp(at, np.arange(count), corners[:, i]) for i in (0, 1)], axis=1)
    smooth = cv2.sepFilter2D(smooth, -1, np.ones(1), cv2.getGaussianKernel(31, 7))
    cv2.polylines(canvas, [smooth.astype(np.int32)], False, 255, pen, cv2.LINE_AA)
