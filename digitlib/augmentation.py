"""How one hand becomes many: changed copies of the digits to learn from."""

import math

import cv2
import numpy as np

from digitlib.backend import keras
from digitlib.images import center_in_28, fit_in_20


class Augmented(keras.utils.PyDataset):
    """Batches of (x, y) drawn anew in every epoch from changed copies of the images.

    x: uint8 of shape (n, 28, 28). y: int of shape (n,). strength: as in augment. only_moved: leave
    pens and habits as they are. The same seed gives the same batches, whatever the number of
    workers.
    """

    def __init__(
        self,
        x,
        y,
        batch_size: int = 128,
        seed: int = 0,
        strength: float = 1.0,
        only_moved: bool = False,
        **options,
    ):
        super().__init__(**options)
        self.x, self.y, self.batch_size, self.seed = x, y, batch_size, seed
        self.strength, self.only_moved = strength, only_moved
        self.epoch = 0
        self._shuffle()

    def _shuffle(self):
        self.order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.x))

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, self.epoch, index])
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.only_moved:
            images = [moved(self.x[i], rng, self.strength) for i in chosen]
        else:
            images = [
                augment(with_habit(self.x[i], self.y[i], rng), rng, self.strength) for i in chosen
            ]
        return np.stack(images), self.y[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        self._shuffle()


HABITS = {1: 1 / 4, 4: 1 / 4, 6: 1 / 3, 7: 1 / 4, 9: 1 / 4}  # the share of each that is changed


def with_habit(image: np.ndarray, label: int, rng: np.random.Generator) -> np.ndarray:
    """Give some digits what other countries' schools teach: uint8 (28, 28) to uint8 (28, 28).

    MNIST's writers were American: their 1 is mostly a bare stroke, their 7 has no bar, their 9 no
    hook, their 6 no flat top, and both strokes of their open 4 are equally high. As many as HABITS
    says get an upstroke and perhaps a foot, a bar, a hook, a flat top, or a taller left stroke, and
    are centred anew.
    """
    if rng.random() >= HABITS.get(int(label), 0):
        return image
    fine = 4  # drawn larger and shrunk, for soft edges
    large = cv2.resize(image, None, fx=fine, fy=fine, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, *[10 * fine] * 4, cv2.BORDER_CONSTANT)
    rows, columns = np.nonzero(large > 127)
    if rows.size == 0:
        return image
    top, high = int(rows.min()), int(np.ptp(rows)) + 1
    pen = round(rng.uniform(1.2, 3) * fine)
    if label == 1:  # of one stroke, so its area over its height is its pen
        pen = int(np.clip(rows.size / high * rng.uniform(0.6, 1), 4, 5 * fine))

    def stem(row):
        near = np.abs(rows - row) <= 2
        return columns[near].mean() if near.any() else columns.mean()

    def stroke(*points):
        cv2.polylines(large, [np.array(points).round().astype(int)], False, 255, pen, cv2.LINE_AA)

    if label == 7:
        y = top + high * rng.uniform(0.45, 0.65)
        x, reach, tilt = stem(y), high * rng.uniform(0.16, 0.3), rng.normal(0, 0.15)
        stroke((x - reach, y + tilt * reach), (x + reach, y - tilt * reach))
    elif label == 9:
        wide, deep = high * rng.uniform(0.12, 0.42), high * rng.uniform(0.04, 0.18)
        angle = np.linspace(0, rng.uniform(0.6, 1.05) * np.pi, 20)
        x, y = stem(top + high - 3), top + high - pen / 2
        hook = np.stack([x - wide + wide * np.cos(angle), y + deep * np.sin(angle)], axis=1)
        stroke(*hook)
    elif label == 4:
        found = _tip_of_open_4(rows, columns)
        if found is None:
            return image
        (x, y), lean, wide = found
        pen, up = max(fine, round(0.9 * wide)), high * rng.uniform(0.15, 0.5)
        lean += rng.uniform(0, 0.35)
        stroke((x, y + pen / 2), (x + lean * up, y + pen / 2 - up))
        large[round(top + high * rng.uniform(0.85, 1)) :] = 0
    elif label == 6:
        x, y, wide = stem(top + 2), top + pen / 2, high * rng.uniform(0.2, 0.7)
        stroke((x, y), (x + wide, y + wide * rng.normal(0, 0.12)))
    else:
        away, angle = high * rng.uniform(0.15, 0.6), np.deg2rad(rng.uniform(25, 65))
        x, y = stem(top + 2), top + pen / 2
        stroke((x, y), (x - away * math.sin(angle), y + away * math.cos(angle)))
        if rng.random() < 0.2:
            x, y, reach = stem(top + high - 3), top + high - pen / 2, high * rng.uniform(0.12, 0.3)
            stroke((x - reach, y), (x + reach, y))
    left, top, wide, high = cv2.boundingRect((large > 60).astype(np.uint8))
    return center_in_28(fit_in_20(large[top : top + high, left : left + wide]))


def _tip_of_open_4(rows, columns) -> tuple[tuple[float, float], float, int] | None:
    """The tip (x, y) of the left stroke, its lean and its width; None of any other 4.

    rows, columns: where the ink of a fourfold enlarged digit is, int (n,) each.
    """
    top, high = int(rows.min()), int(np.ptp(rows)) + 1
    across = np.unique(columns[rows == top + high // 4])
    gaps = np.flatnonzero(np.diff(across) > 2)
    if len(gaps) != 1:  # not two strokes
        return None
    left = across[: gaps[0] + 1]
    mine = columns < (across[gaps[0]] + across[gaps[0] + 1]) / 2
    y = rows[mine].min()
    x, rise = columns[mine & (rows <= y + 4)].mean(), top + high / 4 + 4 - y
    return ((x, y), (x - left.mean()) / rise, len(left)) if rise >= 8 else None


def augment(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Redraw one digit as another hand and pen might: uint8 (28, 28) to uint8 (28, 28).

    Moved, penned, flawed, in this order. At strength 0.5 all is half as large, or half as frequent.
    """
    return flawed(penned(moved(image, rng, strength), rng, strength), rng, strength)


def moved(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Turn, slant, stretch, bend and shift one digit by chance: uint8 (28, 28), both."""
    turn = np.deg2rad(strength * rng.normal(0, 7))
    slant = strength * rng.normal(0, 0.17)
    stretch = 1 + strength * rng.normal(0, 0.09, size=2)
    bend = elastic(rng) * rng.uniform(0, 22)
    shift = rng.uniform(-1.5, 1.5, 2).astype(np.float32)
    return warp(image, turn, slant, stretch, strength * (bend + shift))


def elastic(rng: np.random.Generator) -> np.ndarray:
    """A smooth random field of displacements, float32 (28, 28, 2), to be scaled.

    Elastic distortion: Simard, Steinkraus and Platt, ICDAR 2003.
    """
    fields = [rng.uniform(-1, 1, (28, 28)).astype(np.float32) for _ in range(2)]
    return np.stack([cv2.GaussianBlur(field, (0, 0), 4) for field in fields], axis=-1)


def warp(image: np.ndarray, turn=0.0, slant=0.0, stretch=(1.0, 1.0), field=0.0) -> np.ndarray:
    """Look up each pixel elsewhere in the image: uint8 (28, 28) to uint8 (28, 28).

    turn: radians. slant: columns per row. stretch: across and down. field: pixels (x, y), for all
    or for each, (28, 28, 2). All of it is done to where is looked, about the centre.
    """
    wide, high = stretch
    matrix = np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    ) @ np.array([[wide, slant], [0, high]])
    points = GRID @ matrix.astype(np.float32).T
    points += np.asarray(field, np.float32) + 13.5
    return cv2.remap(image, points[..., 0], points[..., 1], cv2.INTER_LINEAR)


def penned(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Write one digit with a thinner or thicker pen, at times with crisp edges: uint8 (28, 28)."""
    if rng.random() < 0.15 * strength:
        return _crisp(image, rng)
    return thicken(image, strength * rng.normal(0, 0.5))


def thicken(image: np.ndarray, pen: float) -> np.ndarray:
    """Widen the strokes of a digit, uint8 (28, 28), by `pen` pixels to each side; below 0, thin."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    while abs(pen) > 0.02:  # a whole pixel first, then the share that is left of the next
        changed = cv2.dilate(image, cross) if pen > 0 else cv2.erode(image, cross)
        share = min(abs(pen), 1)
        image = cv2.addWeighted(image, 1 - share, changed, share, 0)
        pen -= math.copysign(share, pen)
    return image


def flawed(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """At times add a gap, a blot, fading ink, a blur or few pixels: uint8 (28, 28), both."""
    flaw = rng.random() / strength
    if flaw < 0.14:
        image = image.copy()  # drawn into below
    if flaw < 0.08:
        ends = rng.integers(0, 28, 4)
        cv2.line(image, ends[:2].tolist(), ends[2:].tolist(), 0, 1)
    elif flaw < 0.14:
        cv2.circle(image, rng.integers(3, 25, 2).tolist(), int(rng.integers(0, 2)), 255, -1)
    elif flaw < 0.28:
        fade = cv2.resize(rng.uniform(0.35, 1, (3, 3)), (28, 28), interpolation=cv2.INTER_CUBIC)
        image = np.clip(image * fade, 0, 255).astype(np.uint8)
    elif flaw < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 0.9))
    elif flaw < 0.55:  # few pixels, as of a far or small picture
        image = of_few_pixels(image, int(rng.integers(8, 17)))
    return image


def of_few_pixels(image: np.ndarray, side: int) -> np.ndarray:
    """See uint8 (28, 28) from so far that `side` pixels are left of each side."""
    few = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (28, 28), interpolation=cv2.INTER_CUBIC)


GRID = np.stack(np.meshgrid(np.arange(28) - 13.5, np.arange(28) - 13.5), axis=-1).astype(np.float32)


def _crisp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write with a pen of clean edges, of about the same width or a little thinner or broader."""
    large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), 2)
    _, solid = cv2.threshold(large, int(rng.integers(70, 150)), 255, cv2.THRESH_BINARY)
    return cv2.resize(solid, (28, 28), interpolation=cv2.INTER_AREA)
