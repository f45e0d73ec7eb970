"""The long runs behind notebooks 08 and 09: each network there, by three seeds, and how it went.

    python tools/benchmarks/record.py              train what is not in the log yet
    python tools/benchmarks/record.py NAME ...     only these, such as moved

Every run is logged: the curve of its training, and the indices of the images that it reads wrong,
of the validation images by which notebook 08 chooses, of the test images, and of digits by other
people. Both for its last weights and for the mean of those at the ends of its last epochs.
"""

import json
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from digitlib import data, evaluation, keras, models, reading, training, weights
from digitlib.augmentation import Augmented

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where these packages lie
from benchmarks import handwriting
from synthetic import pens

FOLDER = weights.PRETRAINED / "record"
LOG = FOLDER / "log.json"
SEEDS = (0, 1, 2)
EPOCHS = 12


@dataclass(frozen=True)
class Rung:
    """One rung of the ladder: what it changes of the network and of its training."""

    kernel: int = 5
    normalised: bool = True
    cycle: bool = True
    images: str = "plain"  # or "moved" or "redrawn" anew in every epoch
    rate: float = 0.0  # of dropout
    members: bool = False  # whether the mean weights of all seeds are kept, and not seed 0's last


RUNGS = {
    "start": Rung(normalised=False, cycle=False),
    "normalised": Rung(cycle=False),
    "cycle": Rung(),
    "moved": Rung(images="moved"),
    "dropout": Rung(images="moved", rate=0.3, members=True),
    "redrawn": Rung(images="redrawn"),
}
RUNGS["kernel3"], RUNGS["kernel7"] = (replace(RUNGS["dropout"], kernel=k) for k in (3, 7))


class MeanOfLast(keras.callbacks.Callback):
    """Keep the mean of the weights at the ends of the last epochs (Izmailov et al., UAI 2018)."""

    def __init__(self, last=4):
        super().__init__()
        self.last = last

    def on_train_begin(self, logs=None):
        self.mean = [0 * weights for weights in self.model.get_weights()]

    def on_epoch_end(self, epoch, logs=None):
        if epoch >= self.params["epochs"] - self.last:
            for mean, weights in zip(self.mean, self.model.get_weights(), strict=True):
                mean += weights / self.last


def learn(rung: Rung, digits: data.Digits, seed: int) -> tuple[keras.Model, list, dict]:
    """Train one network: itself with its last weights, the mean ones, and the curve."""
    keras.utils.set_random_seed(seed)
    model = models.member(rung.kernel, normalised=rung.normalised, rate=rung.rate)
    steps = EPOCHS * math.ceil(len(digits.x_train) / 128)
    rate = training.one_cycle(steps, peak=0.006) if rung.cycle else 0.001
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    fed = {"x": digits.x_train, "y": digits.y_train, "batch_size": 128}
    if rung.images != "plain":
        kind = {"strength": 0.7, "only_geometry": rung.images == "moved"}
        fed = {"x": Augmented(digits.x_train, digits.y_train, 128, seed, **kind, workers=2)}
    keeper = MeanOfLast()
    history = model.fit(
        **fed,
        epochs=EPOCHS,
        validation_data=(digits.x_val, digits.y_val),
        validation_batch_size=1000,
        callbacks=[keeper],
        verbose=0,
    )
    curve = {name: np.round(values, 5).tolist() for name, values in history.history.items()}
    return model, keeper.mean, curve


def test_sets(digits: data.Digits) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images (n, 28, 28) and labels (n,) of every set that a run is measured on."""
    small = data.load_data("sklearn")
    x, y = zip(*(handwriting.drawn(pen, 340) for pen in pens.PENS), strict=True)
    drawn = [reading.preprocess(picture).image for pictures in x for picture in pictures]
    return {
        "validation": (digits.x_val, digits.y_val),
        "test": (digits.x_test, digits.y_test),
        "scikit-learn": (
            np.concatenate([small.x_test, small.x_val, small.x_train]),
            np.concatenate([small.y_test, small.y_val, small.y_train]),
        ),
        "drawn": (np.stack(drawn), np.concatenate(y)),
    }


def wrong(model, sets: dict) -> dict[str, list[int]]:
    """The indices of the images of each set that a network reads wrong."""
    found = {}
    for name, (x, y) in sets.items():
        found[name] = np.flatnonzero(~evaluation.evaluate(model, x, y).correct).tolist()
    return found


def main() -> None:
    """Train, log and keep what is missing."""
    digits = data.load_data("mnist")
    sets = test_sets(digits)
    FOLDER.mkdir(exist_ok=True)
    for seed in SEEDS:
        for name in sys.argv[1:] or RUNGS:
            log = json.loads(LOG.read_text()) if LOG.exists() else []
            if any(run["name"] == name and run["seed"] == seed for run in log):
                continue
            began = time.perf_counter()
            model, mean, curve = learn(RUNGS[name], digits, seed)
            run = {"name": name, "seed": seed, "curve": curve}
            run["seconds"] = round(time.perf_counter() - began)
            run["last"] = wrong(model, sets)
            if seed == 0 and not RUNGS[name].members:
                weights.write_model(model, FOLDER / f"{name}-0.keras")
            model.set_weights(mean)
            run["mean"] = wrong(model, sets)
            if RUNGS[name].members:
                weights.write_model(model, FOLDER / f"{name}-{seed}.keras")
            log = json.loads(LOG.read_text()) if LOG.exists() else []
            log = sorted([*log, run], key=lambda one: (list(RUNGS).index(one["name"]), one["seed"]))
            lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in log)
            LOG.write_text(f"[\n{lines}\n]\n")
            counts = {kind: {k: len(v) for k, v in run[kind].items()} for kind in ("last", "mean")}
            print(f"{name} {seed}: {run['seconds']} s, wrong {counts}", flush=True)


if __name__ == "__main__":
    main()
