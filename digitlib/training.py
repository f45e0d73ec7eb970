"""How networks learn: recipes, learning-rate schedules, callbacks, the detector's own training.

Notebooks, the command line and tools/benchmarks call it; weights.py keeps what was learned.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlib import models
from digitlib.augmentation import Augmented, of_few_pixels
from digitlib.backend import keras
from digitlib.data import Digits
from digitlib.evaluation import predict
from digitlib.models import BUILDERS, known
from digitlib.outliers import DigitsAndOutliers, draw_outlier


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
    fine_tuned: bool = False
    """Whether a second, gentler training follows: see fine_tune_and_average."""

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
            f"{epochs} of {images}{end if self.fine_tuned else ''}"
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
        BUILDERS["reader"], epochs=50, batch_size=128, peak=0.006, augmented=True, fine_tuned=True
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
    if RECIPES[name].fine_tuned and epochs is None:
        fine_tune_and_average(model, digits, seed=seed)
    return model


def fine_tune_and_average(model: keras.Model, digits: Digits, *, seed: int = 0) -> None:
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


def train_detector(
    digits: Digits, *, epochs: int | None = None, seed: int = 0
) -> tuple[keras.Model, tuple[float, float]]:
    """Train a digit detector: uint8 (n, 28, 28) -> the probability that it is a digit, (n, 1).

    Returns it, its threshold set on validation images, and what rejection_rates says of the test
    images.
    """
    keras.utils.set_random_seed(seed)
    epochs = epochs or digits.epochs(14)
    batches = DigitsAndOutliers(digits.x_train, digits.y_train, 128, seed, workers=2)
    model = models.detector()
    model.compile(
        optimizer=keras.optimizers.Adam(one_cycle(epochs * len(batches), 0.006)),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        batches,
        epochs=epochs,
        validation_data=DigitsAndOutliers(digits.x_val, digits.y_val, 500, seed + 1),
        callbacks=[Progress()],
        verbose=0,
    )
    set_rejection_threshold(model, digits.x_val)
    return model, rejection_rates(model, digits.x_test, digits.y_test)


def set_rejection_threshold(model: keras.Model, x: np.ndarray, share: float = 0.001) -> float:
    """Shift a detector's last bias so that `share` of the digits x, (n, 28, 28), fall below 0.5.

    Half of them are taken as they are, half as pictures of few pixels. Returns the probability
    that the threshold of 0.5 was before. Changes the model.
    """
    few = [of_few_pixels(image, 8 + i % 5) for i, image in enumerate(x[1::2])]
    before = float(np.quantile(predict(model, np.concatenate([x[::2], few])), share))
    weights, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([weights, bias - np.log(before / (1 - before))])
    return before


def rejection_rates(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The shares of the digits x, (n, 28, 28), and of 3,000 drawn outliers that are rejected."""
    rng = np.random.default_rng(0)
    outliers = np.stack([draw_outlier(x, y, rng) for _ in range(3000)])
    digits, others = (predict(model, images)[:, 0] < 0.5 for images in (x, outliers))
    return float(digits.mean()), float(others.mean())
