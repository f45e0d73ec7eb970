"""How networks learn, and where what they have learned is kept."""

import json
import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlib.backend import keras
from digitlib.data import DATA_DIR, Digits, _keras_cache, shown, writable_folder
from digitlib.images import center_in_28, fit_in_20
from digitlib.models import BUILDERS

PRETRAINED = Path(__file__).parent / "pretrained"


class ModelError(ValueError):
    """A network could not be found or read; the message says why and what to do."""


class Progress(keras.callbacks.Callback):
    """Print one line per epoch: loss and accuracy, on training and validation data, and seconds.

    every: print only each so many epochs, and the last.
    """

    def __init__(self, every: int = 1):
        super().__init__()
        self.every = every

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every and epoch + 1 < self.params["epochs"]:
            return
        figures = "".join(
            f"   {name} {value:.2%}" if "accuracy" in name else f"   {name} {value:.4f}"
            for name, value in logs.items()
            if name != "learning_rate"
        )
        seconds = time.perf_counter() - self.began
        print(f"epoch {epoch + 1:2d}/{self.params['epochs']}{figures}   {seconds:.1f} s")


def one_cycle(steps: int, peak: float = 0.01, warmup: float = 0.25):
    """A learning rate that climbs to `peak` over the first part of `steps`, then decays to zero.

    After Smith and Topin, Super-Convergence, 2018; the descent is half a cosine.
    """
    climb = max(1, round(steps * warmup))
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=max(1, steps - climb), warmup_target=peak, warmup_steps=climb
    )


class Augmented(keras.utils.PyDataset):
    """Batches of (x, y) drawn anew in every epoch from changed copies of the images.

    x: uint8 of shape (n, 28, 28). y: int of shape (n,). strength: as in augment. The same seed
    gives the same batches, whatever the number of workers.
    """

    def __init__(
        self, x, y, batch_size: int = 128, seed: int = 0, strength: float = 1.0, **options
    ):
        super().__init__(**options)
        self.x, self.y, self.batch_size, self.seed = x, y, batch_size, seed
        self.strength = strength
        self.epoch = 0
        self._shuffle()

    def _shuffle(self):
        self.order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.x))

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, self.epoch, index])
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
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
        across = np.unique(columns[rows == top + high // 4])
        gaps = np.flatnonzero(np.diff(across) > 2)
        if len(gaps) != 1:  # not the two strokes of an open 4
            return image
        left = across[: gaps[0] + 1]
        mine = columns < (across[gaps[0]] + across[gaps[0] + 1]) / 2
        y = rows[mine].min()
        x, rise = columns[mine & (rows <= y + fine)].mean(), top + high / 4 + fine - y
        if rise < 2 * fine:
            return image
        pen, up = max(fine, round(0.9 * len(left))), high * rng.uniform(0.15, 0.5)
        lean = (x - left.mean()) / rise + rng.uniform(0, 0.35)
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


def augment(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Redraw one digit as another hand and pen might: uint8 (28, 28) to uint8 (28, 28).

    Turned, slanted, stretched and bent (elastic distortion: Simard, Steinkraus and Platt,
    ICDAR 2003), thinner or thicker, at times with a gap, a blot, fading ink, a blur, crisp edges
    or few pixels. At strength 0.5 all of it is half as large, or half as frequent.
    """
    turn = np.deg2rad(strength * rng.normal(0, 7))
    slant = strength * rng.normal(0, 0.17)
    wide, high = 1 + strength * rng.normal(0, 0.09, size=2)
    matrix = np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    ) @ np.array([[wide, slant], [0, high]])
    points = GRID @ matrix.astype(np.float32).T
    bend = np.stack(
        [cv2.GaussianBlur(rng.uniform(-1, 1, (28, 28)).astype(np.float32), (0, 0), 4)] * 2, axis=-1
    )
    bend[..., 1] = cv2.GaussianBlur(rng.uniform(-1, 1, (28, 28)).astype(np.float32), (0, 0), 4)
    bend *= rng.uniform(0, 22)
    shift = rng.uniform(-1.5, 1.5, 2).astype(np.float32)
    points += strength * (bend + shift) + 13.5
    image = cv2.remap(image, points[..., 0], points[..., 1], cv2.INTER_LINEAR)

    if rng.random() < 0.15 * strength:
        image = _crisp(image, rng)
    else:
        pen = strength * rng.normal(0, 0.5)
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        while abs(pen) > 0.02:  # a whole pixel first, then the share that is left of the next
            changed = cv2.dilate(image, cross) if pen > 0 else cv2.erode(image, cross)
            share = min(abs(pen), 1)
            image = cv2.addWeighted(image, 1 - share, changed, share, 0)
            pen -= math.copysign(share, pen)

    flaw = rng.random() / strength
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
        side = int(rng.integers(8, 17))
        few = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        image = cv2.resize(few, (28, 28), interpolation=cv2.INTER_CUBIC)
    return image


GRID = np.stack(np.meshgrid(np.arange(28) - 13.5, np.arange(28) - 13.5), axis=-1).astype(np.float32)


def _crisp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write with a pen of clean edges, of about the same width or a little thinner or broader."""
    large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), 2)
    _, solid = cv2.threshold(large, int(rng.integers(70, 150)), 255, cv2.THRESH_BINARY)
    return cv2.resize(solid, (28, 28), interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: Adam, one cycle up to `peak`, on plain or augmented images."""

    build: Callable[[], keras.Model]
    epochs: int
    batch_size: int
    peak: float
    augmented: bool = False
    settled: bool = False
    """Whether a second, gentler training follows: see settle."""

    def __str__(self):
        images = "augmented images, new ones in every epoch" if self.augmented else "plain images"
        epochs = f"{self.epochs} epochs" if self.epochs > 1 else "one epoch"
        end = (
            "; from there 5 epochs of images changed half as much, 2 of plain ones, and of their "
            "weights the mean, 3 to 1"
        )
        return (
            f"Adam, one-cycle learning rate up to {self.peak:g}, batches of {self.batch_size}, "
            f"{epochs} of {images}{end if self.settled else ''}"
        )


RECIPES = {
    "dense": Recipe(BUILDERS["dense"], epochs=10, batch_size=128, peak=0.003),
    "dense_two": Recipe(BUILDERS["dense_two"], epochs=10, batch_size=128, peak=0.003),
    "dropout": Recipe(BUILDERS["dropout"], epochs=20, batch_size=128, peak=0.003),
    "wide": Recipe(BUILDERS["wide"], epochs=25, batch_size=256, peak=0.003),
    "cnn_small": Recipe(BUILDERS["cnn_small"], epochs=10, batch_size=128, peak=0.005),
    "cnn": Recipe(BUILDERS["cnn"], epochs=8, batch_size=128, peak=0.002),
    "cnn_fast": Recipe(BUILDERS["cnn_fast"], epochs=1, batch_size=128, peak=0.01),
    "reader": Recipe(
        BUILDERS["reader"], epochs=50, batch_size=128, peak=0.006, augmented=True, settled=True
    ),
}


def train(name: str, digits: Digits, *, epochs: int | None = None, seed: int = 0) -> keras.Model:
    """Train the network `name` by its recipe and return it.

    Raises ModelError where there is no such network.
    """
    model, options = set_up(name, digits, epochs=epochs, seed=seed)
    model.fit(
        **options,
        validation_data=(digits.x_val, digits.y_val),
        validation_batch_size=1000,
        callbacks=[Progress()],
        verbose=0,
    )
    if RECIPES[name].settled and epochs is None:
        settle(model, digits, seed=seed)
    return model


def settle(model: keras.Model, digits: Digits, *, seed: int = 0) -> None:
    """Go on from here twice, gently, and keep the mean of the weights, 3 to 1. Changes the model.

    Once on images that are changed half as much, and once on plain ones. MNIST's last tenths are
    learned from MNIST as it is, but that alone costs strangers' digits more than it brings. (Means
    of networks that started from the same weights: Wortsman et al., ICML 2022.)
    """
    start, ends = model.get_weights(), []
    gentle = Augmented(digits.x_train, digits.y_train, 128, seed + 100, strength=0.5, workers=2)
    plain = {"x": digits.x_train, "y": digits.y_train, "batch_size": 128}
    for images, epochs in (({"x": gentle}, 5), (plain, 2)):
        model.set_weights(start)
        keras.utils.set_random_seed(seed)
        model.compile(
            optimizer=keras.optimizers.Adam(one_cycle(epochs * len(gentle), peak=0.001)),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        model.fit(
            **images,
            epochs=epochs,
            validation_data=(digits.x_val, digits.y_val),
            validation_batch_size=1000,
            callbacks=[Progress()],
            verbose=0,
        )
        ends.append(model.get_weights())
    model.set_weights([0.75 * a + 0.25 * b for a, b in zip(*ends, strict=True)])


def set_up(
    name: str, digits: Digits, *, epochs: int | None = None, seed: int = 0
) -> tuple[keras.Model, dict]:
    """Build and compile the network `name`; return it and what fit needs: data and epochs.

    Raises ModelError where there is no such network.
    """
    recipe = RECIPES[known(name)]
    epochs = epochs or digits.epochs(recipe.epochs)
    keras.utils.set_random_seed(seed)
    model = recipe.build()
    steps = epochs * math.ceil(len(digits.x_train) / recipe.batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(one_cycle(steps, recipe.peak)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    if recipe.augmented:
        images = Augmented(digits.x_train, digits.y_train, recipe.batch_size, seed, workers=2)
        return model, {"x": images, "epochs": epochs}
    return model, {
        "x": digits.x_train,
        "y": digits.y_train,
        "batch_size": recipe.batch_size,
        "epochs": epochs,
    }


def known(name: str) -> str:
    """Return `name` if there is such a network, else raise ModelError."""
    if name not in BUILDERS:
        raise ModelError(f"There is no network {name!r}; choose from {', '.join(BUILDERS)}.")
    return name


def save(model: keras.Model, name: str, digits: Digits) -> Path:
    """Save a trained network as data/models/<source>/<name>.keras, without its optimizer.

    The environment variable DIGITLIB_MODELS names another folder. Returns the file's path.
    """
    path = writable_folder(_folder(digits.name), _keras_cache() / digits.name) / f"{name}.keras"
    write(model, path)
    print(f"Saved as {shown(path)}.")
    return path


def write(model: keras.Model, path: Path) -> None:
    """Write a network to `path`, whole or not at all, without the optimizer's state.

    The optimizer's two averages per weight would make the file three times as large; a copy
    that was never compiled has none.
    """
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    partial = path.with_name(f".{os.getpid()}-{path.name}")
    copy.save(partial)
    partial.replace(path)


def load(name: str, digits: Digits | None = None) -> keras.Model:
    """Load the network you trained and saved in an earlier notebook, else the shipped one.

    name: of a network, or the path of a .keras file. digits: the data it was trained on (MNIST
    if left out). Prints which one it is. Raises ModelError where there is none, or the file is
    damaged.
    """
    if name.endswith(".keras"):
        return read(Path(name))
    source = digits.name if digits else "mnist"
    for folder in (_folder(source), _keras_cache() / source):  # as save() chooses
        own = folder / f"{known(name)}.keras"
        if own.exists():
            print(f"{name}: yours, from {shown(own)}.")
            return read(own)
    return shipped(name)


def shipped(name: str) -> keras.Model:
    """Load the network `name` as it comes with digitlib, trained on MNIST."""
    path = PRETRAINED / f"{known(name)}.keras"
    if not path.exists():
        raise ModelError(f"{name} is not shipped; train it with: python -m digitlib train {name}")
    print(f"{name}: the shipped weights ({card(name)['accuracy']:.2%} on MNIST's test set).")
    return read(path)


def read(path: Path, outputs: int = 10) -> keras.Model:
    """Read a .keras file of a network with input (28, 28) and ten outputs, or so many.

    Raises ModelError where the file is missing, damaged or of another kind.
    """
    if not path.exists():
        raise ModelError(f"There is no file {shown(path)}; correct the path, or name a network.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = keras.models.load_model(path, compile=False)
    except Exception as error:
        # Keras answers a damaged file with whatever its parts raise: zip, JSON, HDF5 or its own.
        raise ModelError(
            f"{shown(path)} is not a readable Keras network ({type(error).__name__}); "
            "delete it and train again, or name another."
        ) from None
    if model.input_shape != (None, 28, 28) or model.output_shape != (None, outputs):
        raise ModelError(
            f"{shown(path)} maps {model.input_shape} to {model.output_shape}; "
            f"digitlib needs (28, 28) raw pixels in and {outputs} probabilities out."
        )
    return model


def card(name: str) -> dict:
    """Return the card of a shipped network: data, recipe, seed, accuracy, command."""
    return json.loads((PRETRAINED / f"{name}.json").read_text())


def _folder(source: str) -> Path:
    return Path(os.environ.get("DIGITLIB_MODELS") or DATA_DIR / "models") / source
