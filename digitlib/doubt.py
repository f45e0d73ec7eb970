"""Knowing when it does not know: is this a digit at all?

Ten probabilities that sum to one have no place for "none of these". A second small network, the
judge, answers that question alone. It learns from MNIST, redrawn in every epoch, and from what is
no digit: letters, shapes, scribbles and textures drawn here by code, and digits spoiled (put side
by side, mirrored, laid over each other). Showing a network examples of what it is to refuse is
outlier exposure: Hendrycks, Mazeika and Dietterich, ICLR 2019.
"""

import math

import cv2
import numpy as np

from digitlib import training
from digitlib.augmentation import Augmented, augment, of_few_pixels
from digitlib.backend import keras
from digitlib.data import Digits
from digitlib.evaluation import predict
from digitlib.images import center_in_28, fit_in_20
from digitlib.models import judge

# Letters that people write like digits (O like 0, l like 1 …) are not among them.
LETTERS = "ACDEFGHJKLMNPQRTUVWXYabcdefghjkmnpqrtuvwxy@#$%&?+*=<>"
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
SIDE = 96  # pixels of the canvas the non-digits are drawn on


def train(digits: Digits, *, epochs: int = 14, seed: int = 0) -> keras.Model:
    """Train a judge: uint8 (n, 28, 28) -> the probability that it is a digit, (n, 1)."""
    keras.utils.set_random_seed(seed)
    batches = DigitsOrNot(digits.x_train, digits.y_train, 128, seed, workers=2)
    validation = DigitsOrNot(digits.x_val, digits.y_val, 500, seed + 1)
    model = judge()
    model.compile(
        optimizer=keras.optimizers.Adam(training.one_cycle(epochs * len(batches), 0.006)),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        batches,
        epochs=epochs,
        validation_data=validation,
        callbacks=[training.Progress()],
        verbose=0,
    )
    return model


def set_threshold(model: keras.Model, x: np.ndarray, share: float = 0.001) -> float:
    """Shift the judge's last bias so that `share` of the digits x, (n, 28, 28), fall below 0.5.

    Half of them are taken as they are, half as pictures of few pixels. Returns the probability
    that the threshold of 0.5 was before. Changes the model.
    """
    few = [of_few_pixels(image, 8 + i % 5) for i, image in enumerate(x[1::2])]
    before = float(np.quantile(predict(model, np.concatenate([x[::2], few])), share))
    weights, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([weights, bias - np.log(before / (1 - before))])
    return before


def rates(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The shares of the digits x, (n, 28, 28), and of 3,000 drawn non-digits that are doubted."""
    rng = np.random.default_rng(0)
    others = np.stack([draw_nondigit(x, y, rng) for _ in range(3000)])
    digits, others = (predict(model, images)[:, 0] < 0.5 for images in (x, others))
    return float(digits.mean()), float(others.mean())


class DigitsOrNot(Augmented):
    """Batches of images, half of them digits (label 1) and half not (label 0)."""

    def __getitem__(self, index):
        digits, _ = super().__getitem__(index)
        rng = np.random.default_rng([self.seed, self.epoch, index, 1])
        for i in np.flatnonzero(rng.random(len(digits)) < 0.15):
            # Else it would learn that whatever is drawn by code is no digit.
            digits[i] = _placed(sign(str(rng.integers(10)), rng), rng)
        for i in np.flatnonzero(rng.random(len(digits)) < 0.2):
            digits[i] = of_few_pixels(digits[i], int(rng.integers(8, 13)))
        others = np.stack([draw_nondigit(self.x, self.y, rng) for _ in digits])
        labels = np.repeat([1, 0], len(digits)).astype(np.float32)
        return np.concatenate([digits, others]), labels


def draw_nondigit(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one image that shows no digit, uint8 (28, 28), placed as the chain places a digit.

    x, y: digits, uint8 (n, 28, 28) and their labels, some of which are spoiled.
    """
    kinds = (letter, letter, letter, letter, shape, shape, scribble, blot)
    spoilers = (side_by_side, overlaid, turned)
    which = rng.integers(len(kinds) + len(spoilers))
    canvas = kinds[which](rng) if which < len(kinds) else spoilers[which - len(kinds)](x, y, rng)
    return _placed(canvas, rng)


def _placed(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    left, top, wide, high = cv2.boundingRect((canvas > 20).astype(np.uint8))
    if not wide:
        return np.zeros((28, 28), np.uint8)
    image = center_in_28(fit_in_20(canvas[top : top + high, left : left + wide]))
    return augment(image, rng) if rng.random() < 0.6 else image


def letter(rng: np.random.Generator) -> np.ndarray:
    """One letter or sign, or two letters, in a stroke font and a pen of any width."""
    return sign("".join(rng.choice(list(LETTERS), 1 if rng.random() < 0.85 else 2)), rng)


def sign(text: str, rng: np.random.Generator) -> np.ndarray:
    """Write a text of one or two signs in a stroke font, in a pen of any width."""
    canvas = np.zeros((SIDE, 2 * SIDE), np.uint8)
    pen = int(rng.integers(1, 14))
    cv2.putText(canvas, text, (30, 68), FONTS[rng.integers(len(FONTS))], 2, 255, pen, cv2.LINE_AA)
    lean = np.array([[1, rng.normal(0, 0.12), 0], [0, rng.uniform(0.8, 1.3), 0]])
    return cv2.warpAffine(canvas, lean, (2 * SIDE, 130))


def shape(rng: np.random.Generator) -> np.ndarray:
    """A polygon, star, cross, arrow, tick, grid, spiral, disc or lying stroke."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    pen = int(rng.integers(2, 12))
    kind = rng.integers(10)
    turn = rng.uniform(0, 2 * np.pi)
    if kind <= 1:  # a polygon or a star, outlined or filled
        corners = int(rng.integers(3, 9))
        radius = np.full(corners * (1 + kind), 40.0)
        if kind:
            radius[1::2] *= rng.uniform(0.3, 0.6)
        angle = turn + np.arange(len(radius)) * 2 * np.pi / len(radius)
        points = 48 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        points *= [rng.uniform(0.6, 1), 1]
        if rng.random() < 0.4:
            cv2.fillPoly(canvas, [points.astype(np.int32)], 255, cv2.LINE_AA)
        elif corners < 6 or kind:  # the outline of one with many corners is a 0
            cv2.polylines(canvas, [points.astype(np.int32)], True, 255, pen, cv2.LINE_AA)
    elif kind == 2:  # a cross or plus
        for angle in (turn, turn + np.pi / 2):
            end = 38 * np.array([np.cos(angle), np.sin(angle)])
            _line(canvas, 48 - end, 48 + end, pen)
    elif kind == 3:  # an arrow
        end = 38 * np.array([np.cos(turn), np.sin(turn)])
        tail, head = (48 - end).astype(int).tolist(), (48 + end).astype(int).tolist()
        cv2.arrowedLine(canvas, tail, head, 255, pen, cv2.LINE_AA, 0, rng.uniform(0.2, 0.5))
    elif kind == 4:  # a tick
        _line(canvas, (12, rng.uniform(40, 60)), (36, 80), pen)
        _line(canvas, (36, 80), (84, rng.uniform(10, 30)), pen)
    elif kind == 5:  # a grid, or stripes
        step = int(rng.integers(10, 34))
        for at in range(6, SIDE, step):
            _line(canvas, (4, at), (92, at), max(2, pen // 2))
            if turn > 2:
                _line(canvas, (at, 4), (at, 92), max(2, pen // 2))
    elif kind == 6:  # a spiral or concentric rings
        angle = np.linspace(0, rng.uniform(2.2, 4) * 2 * np.pi, 200)
        radius = 42 * angle / angle[-1]
        if turn > 4:
            radius = np.ceil(radius / 14) * 14
        spiral = 48 + np.stack([radius * np.cos(angle + turn), radius * np.sin(angle + turn)], 1)
        cv2.polylines(canvas, [spiral.astype(np.int32)], False, 255, min(pen, 6), cv2.LINE_AA)
    elif kind == 7:  # a disc, ellipse or box, filled
        axes = rng.integers(12, 44, 2).tolist()
        if turn < 4:
            cv2.ellipse(canvas, (48, 48), axes, math.degrees(turn), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            axes[0] = max(axes[0], axes[1] // 2)  # a tall narrow box is a 1
            corners = [(48 + sign * axes[0], 48 + sign * axes[1]) for sign in (-1, 1)]
            cv2.rectangle(canvas, *corners, 255, -1)
    elif kind == 8:  # a closed line with dents and bulges
        angle = np.linspace(0, 2 * np.pi, 120)
        waves = range(2, 6)
        radius = sum(rng.normal(0, 0.7 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in waves)
        radius = 40 * np.exp(radius) / np.exp(radius).max()
        line = 48 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        cv2.polylines(canvas, [line.astype(np.int32)], True, 255, pen, cv2.LINE_AA)
    else:  # a stroke that lies, straight or wavy
        columns = np.linspace(6, 90, 60)
        rows = 48 + rng.uniform(-0.3, 0.3) * (columns - 48)
        rows += rng.uniform(0, 14) * np.sin(columns * rng.uniform(0.05, 0.4))
        wave = np.stack([columns, rows], axis=1).astype(np.int32)
        cv2.polylines(canvas, [wave], False, 255, pen, cv2.LINE_AA)
    return canvas


def scribble(rng: np.random.Generator) -> np.ndarray:
    """A pen that wanders: curves, zigzags or hatching, too long or too broken for a digit."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
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


def blot(rng: np.random.Generator) -> np.ndarray:
    """A piece of texture: noise of any grain, as it is, cut at a level, or its largest blot."""
    grain = rng.uniform(0.5, 14)
    noise = rng.normal(size=(SIDE, SIDE)).astype(np.float32)
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


def side_by_side(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two or three digits in a row, so close at times that they touch."""
    chosen = [x[i] for i in rng.integers(len(x), size=int(rng.integers(2, 4)))]
    row = chosen[0]
    for image in chosen[1:]:
        closer = int(rng.integers(0, 10))
        wider = np.pad(row, ((0, 0), (0, 28 - closer)))
        wider[:, -28:] = np.maximum(wider[:, -28:], image)
        row = wider
    return row


def overlaid(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
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


def turned(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
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
