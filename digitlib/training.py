"""How networks learn, and where what they have learned is kept."""

import json
import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digitlib.augmentation import Augmented
from digitlib.backend import keras
from digitlib.data import DATA_DIR, Digits, _keras_cache, shown, writable_folder
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


def nesterov(learning_rate) -> keras.optimizers.Optimizer:
    """Gradient descent with Nesterov's momentum, 0.9: less work in every update than Adam.

    After Sutskever, Martens, Dahl and Hinton, ICML 2013.
    """
    return keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: one cycle up to `peak`, by Adam, on plain or augmented images."""

    build: Callable[[], keras.Model]
    epochs: int
    batch_size: int
    peak: float
    optimizer: Callable[..., keras.optimizers.Optimizer] = keras.optimizers.Adam
    steps_per_execution: int = 1
    """Updates in one call of TensorFlow: more of them change the time only, not the weights."""
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
        adam = self.optimizer is keras.optimizers.Adam
        return (
            f"{'Adam' if adam else 'SGD with Nesterov momentum 0.9'}, "
            f"one-cycle learning rate up to {self.peak:g}, batches of {self.batch_size}, "
            f"{epochs} of {images}{end if self.settled else ''}"
        )


RECIPES = {
    "dense": Recipe(BUILDERS["dense"], epochs=10, batch_size=128, peak=0.003),
    "dense_two": Recipe(BUILDERS["dense_two"], epochs=10, batch_size=128, peak=0.003),
    "dropout": Recipe(BUILDERS["dropout"], epochs=20, batch_size=128, peak=0.003),
    "wide": Recipe(BUILDERS["wide"], epochs=25, batch_size=256, peak=0.003),
    "cnn_small": Recipe(BUILDERS["cnn_small"], epochs=10, batch_size=128, peak=0.005),
    "cnn": Recipe(BUILDERS["cnn"], epochs=8, batch_size=128, peak=0.002),
    "cnn_fast": Recipe(
        BUILDERS["cnn_fast"],
        epochs=1,
        batch_size=128,
        peak=0.15,
        optimizer=nesterov,
        steps_per_execution=43,
    ),
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
        optimizer=recipe.optimizer(one_cycle(steps, recipe.peak)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=recipe.steps_per_execution,
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
