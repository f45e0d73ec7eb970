"""How one hand becomes many: changed copies of the digits to learn from.

    random_geometry      turned, slanted, stretched, bent and shifted by chance
    random_stroke_width  written with a thinner or thicker pen
    random_degradation   gaps, blots, fading, blur, few pixels
    augment              all three, one after the other
    Augmented            batches of augmented images, in regional forms too (forms.py)

training.py, outliers.py and notebook 08 call it.
"""

import math

import cv2
import numpy as np

from digitlib.backend import keras
from digitlib.forms import regional_form


class Augmented(keras.utils.PyDataset):
    """Batches of (x, y) drawn anew in every epoch from changed copies of the images.

    x: uint8 of shape (n, 28, 28). y: int of shape (n,). strength: as in augment. only_geometry:
    leave stroke widths and forms as they are. The same seed gives the same batches, whatever the
    number of workers.
    """

    def __init__(
        self,
        x,
        y,
        batch_size: int = 128,
        seed: int = 0,
        strength: float = 1.0,
        only_geometry: bool = False,
        **options,
    ):
        super().__init__(**options)
        self.x, self.y, self.batch_size, self.seed = x, y, batch_size, seed
        self.strength, self.only_geometry = strength, only_geometry
        self.epoch = 0
        self._shuffle()

    def _shuffle(self):
        self.order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.x))

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, self.epoch, index])
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.only_geometry:
            images = [random_geometry(self.x[i], rng, self.strength) for i in chosen]
        else:
            images = [
                augment(regional_form(self.x[i], self.y[i], rng), rng, self.strength)
                for i in chosen
            ]
        return np.stack(images), self.y[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        self._shuffle()


def augment(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Redraw one digit as another hand and pen might: uint8 (28, 28) to uint8 (28, 28).

    Geometry, stroke width and degradation, in this order. At strength 0.5 all is half as large, or
    half as frequent.
    """
    return random_degradation(
        random_stroke_width(random_geometry(image, rng, strength), rng, strength), rng, strength
    )


def random_geometry(
    image: np.ndarray, rng: np.random.Generator, strength: float = 1.0
) -> np.ndarray:
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
    width, height = stretch
    matrix = np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    ) @ np.array([[width, slant], [0, height]])
    points = _GRID @ matrix.astype(np.float32).T
    points += np.asarray(field, np.float32) + 13.5
    return cv2.remap(image, points[..., 0], points[..., 1], cv2.INTER_LINEAR)


def random_stroke_width(
    image: np.ndarray, rng: np.random.Generator, strength: float = 1.0
) -> np.ndarray:
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


def random_degradation(
    image: np.ndarray, rng: np.random.Generator, strength: float = 1.0
) -> np.ndarray:
    """At times add a gap, a blot, fading ink, a blur or few pixels: uint8 (28, 28), both."""
    kind = rng.random() / strength
    if kind < 0.14:
        image = image.copy()  # drawn into below
    if kind < 0.08:
        ends = rng.integers(0, 28, 4)
        cv2.line(image, ends[:2].tolist(), ends[2:].tolist(), 0, 1)
    elif kind < 0.14:
        cv2.circle(image, rng.integers(3, 25, 2).tolist(), int(rng.integers(0, 2)), 255, -1)
    elif kind < 0.28:
        fade = cv2.resize(rng.uniform(0.35, 1, (3, 3)), (28, 28), interpolation=cv2.INTER_CUBIC)
        image = np.clip(image * fade, 0, 255).astype(np.uint8)
    elif kind < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 0.9))
    elif kind < 0.55:  # few pixels, as of a far or small picture
        image = of_few_pixels(image, int(rng.integers(8, 17)))
    return image


def of_few_pixels(image: np.ndarray, side: int) -> np.ndarray:
    """See uint8 (28, 28) from so far that `side` pixels are left of each side."""
    few = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (28, 28), interpolation=cv2.INTER_CUBIC)


_GRID = np.stack(np.meshgrid(np.arange(28) - 13.5, np.arange(28) - 13.5), axis=-1).astype(
    np.float32
)


def _crisp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write with a pen of clean edges, of about the same width or a little thinner or broader."""
    large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), 2)
    _, solid = cv2.threshold(large, int(rng.integers(70, 150)), 255, cv2.THRESH_BINARY)
    return cv2.resize(solid, (28, 28), interpolation=cv2.INTER_AREA)
