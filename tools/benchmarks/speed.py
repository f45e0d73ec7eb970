"""How fast each network learns and answers, and how well: one table and one figure.

    python tools/benchmarks/speed.py            every network by its recipe, two rounds: 40 minutes
    python tools/benchmarks/speed.py --quick    one round of the shorter ones, some five minutes
    python tools/benchmarks/speed.py --answers  the answers timed again, the curves as in speed.json
    python tools/benchmarks/speed.py --draw     the table and the figure again, from speed.json

Seconds are those of fit alone, from random weights and with TensorFlow's tracing, until the first
epoch after which the test images are read so well. They depend on the machine, so every round
holds every network, and the column to compare is the ratio to Keras's own example in that round.
(Choices were made on validation images; the test images only tell when a mark is passed.)
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from digitlib import data, evaluation, keras, models, plotting, training, weights

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("speed.json")
MARKS = (0.98, 0.99, 0.993)
EXAMPLE = "Keras's example"
ROUND = ("dense", "dense_two", "dropout", "wide", "cnn_small", "cnn")
SHORT = ("dense", "dense_two", "cnn_small")


def example() -> keras.Model:
    """The layers of Keras's code example "Simple MNIST convnet" (F. Chollet, 2015 and later)."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ],
        name="example",
    )


def set_up_example(digits: data.Digits, seed: int) -> tuple[keras.Model, dict]:
    """Compile the example as published: Adam as it comes, batches of 128, nine tenths to fit."""
    keras.utils.set_random_seed(seed)
    model = example()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = digits.x_train[:54_000], digits.y_train[:54_000]
    return model, {"x": x, "y": y, "batch_size": 128, "epochs": 15}


class Clock(keras.callbacks.Callback):
    """Note the seconds of fit and the test accuracy after each epoch; stop at a mark, if given."""

    def __init__(self, x: np.ndarray, y: np.ndarray, stop_at: float | None = None):
        super().__init__()
        self.x, self.y, self.stop_at = x, y, stop_at
        self.curve: list[tuple[float, float]] = []
        self.seconds, self.began = 0.0, time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self.began
        parts = np.array_split(self.x, math.ceil(len(self.x) / 1000))
        answers = np.concatenate([evaluation.predict(self.model, part) for part in parts])
        accuracy = evaluation.Evaluation(self.y, answers).accuracy
        self.curve.append((round(self.seconds, 3), accuracy))
        self.model.stop_training = self.stop_at is not None and accuracy >= self.stop_at
        self.began = time.perf_counter()


def learn(name: str, digits: data.Digits, seed: int, stop_at: float | None = None) -> list:
    """Fit a network from random weights: (seconds of fit, test accuracy) after each epoch."""
    if name == EXAMPLE:
        model, options = set_up_example(digits, seed)
    else:
        model, options = training.set_up(name, digits, seed=seed)
    clock = Clock(digits.x_test, digits.y_test, stop_at)
    model.fit(**options, callbacks=[clock], verbose=0)
    seconds, accuracy = clock.curve[-1]
    print(f"{name:16s} seed {seed}: {accuracy:.2%} after {seconds:6.1f} s of fit", flush=True)
    return clock.curve


def first_at(curve: list[tuple[float, float]], mark: float) -> float:
    """The seconds after which a curve first reaches a mark; NaN where it never does."""
    return next((seconds for seconds, accuracy in curve if accuracy >= mark), float("nan"))


def time_answers(networks: dict, x: np.ndarray, times: dict) -> None:
    """Add to times[name] = (for one image, for all of x) the milliseconds of each network, warm."""

    def milliseconds(model, images) -> float:
        began = time.perf_counter()
        evaluation.predict(model, images)
        return 1000 * (time.perf_counter() - began)

    for turn in range(3):  # by turns, so that a slow moment of the machine hits all
        for name, model in networks.items():
            one, all_of_them = times.setdefault(name, ([], []))
            each = [milliseconds(model, x[i : i + 1]) for i in range(120)]
            one += each[20:]  # the first ones warm up
            whole = milliseconds(model, x)
            if turn:  # the first one warms up
                all_of_them.append(whole)


def medians(times: dict) -> dict[str, tuple[float, float]]:
    """The median milliseconds of each network, for one image and for all."""
    return {
        name: (round(statistics.median(one), 3), round(statistics.median(whole), 1))
        for name, (one, whole) in times.items()
    }


def kilobytes(model: keras.Model) -> float:
    """The size of the file a network is kept in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        weights.write_model(model, path)
        return path.stat().st_size / 1000


def measure(quick: bool) -> dict:
    """Fit the networks in rounds and time their answers: {"rounds", "stopped", "milliseconds"}.

    The answers are timed before, between and after the rounds, for the machine has moods.
    stopped: the networks whose fit ended at a mark, and not after all epochs of their recipe.
    """
    digits = data.load_data("mnist")
    rounds, times, answering = [], {}, networks()
    time_answers(answering, digits.x_test, times)
    for seed in range(1 if quick else 2):
        turn = defaultdict(list)
        turn[EXAMPLE].append(learn(EXAMPLE, digits, seed, stop_at=0.99 if quick else None))
        for i, name in enumerate(SHORT if quick else ROUND):
            if i < 5:  # ten seeds in all: it is over before the machine's mood has changed
                turn["cnn_fast"].append(learn("cnn_fast", digits, 5 * seed + i))
            turn[name].append(learn(name, digits, seed))
        rounds.append(turn)
        time_answers(answering, digits.x_test, times)
    if not quick:  # its whole training takes half an hour and ends at the accuracy on its card
        rounds[-1]["reader"].append(learn("reader", digits, 0, stop_at=MARKS[-1]))
    return {
        "rounds": rounds,
        "stopped": [EXAMPLE] if quick else ["reader"],
        "milliseconds": medians(times),
    }


def networks() -> dict[str, keras.Model]:
    """Keras's example, untrained, and the networks that come with the package."""
    shipped = {
        name: weights.read_model(weights.PRETRAINED / f"{name}.keras") for name in models.BUILDERS
    }
    return {EXAMPLE: example()} | shipped


def curves_of(rounds: list[dict]) -> dict[str, list]:
    """The curves of each network, all rounds together."""
    curves = defaultdict(list)
    for turn in rounds:
        for name, runs in turn.items():
            curves[name] += runs
    return curves


def table(record: dict) -> list[str]:
    """The lines of the table, in Markdown."""
    curves = curves_of(record["rounds"])
    lines = [
        "| Network | Parameters | Fit to 98 % (s) | 99 % (s) | 99.3 % (s) | 99 %, ratio | "
        "Test accuracy | One image (ms) | 10,000 (ms) | File (kB) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, model in networks().items():
        runs = curves[name]
        cells = [name if name == EXAMPLE else f"`{name}`", f"{model.count_params():,}"]
        for mark in MARKS:
            cells.append(_seconds([first_at(run, mark) for run in runs]))
        cells.append(_ratio(name, record["rounds"]))
        if runs and name not in record["stopped"]:
            last = [run[-1][1] for run in runs]
            span = f" ({min(last):.2%} to {max(last):.2%})" if len(last) > 1 else ""
            cells.append(f"{statistics.median(last):.2%}{span}")
        else:
            cells.append(
                f"{weights.model_card(name)['accuracy']:.2%} (card)" if name != EXAMPLE else ""
            )
        one, many = record["milliseconds"][name]
        cells += [f"{one:.2f}", f"{many:.0f}", f"{kilobytes(model):,.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _seconds(values: list[float]) -> str:
    if not values:
        return ""
    # The median, with "never" as the longest time of all.
    middle = statistics.median(np.nan_to_num(values, nan=np.inf))
    return f"{middle:.1f}" if np.isfinite(middle) else "—"


def _ratio(name: str, rounds: list[dict]) -> str:
    ratios = [
        first_at(run, 0.99) / first_at(turn[EXAMPLE][0], 0.99)
        for turn in rounds
        for run in turn.get(name, [])
    ]
    text = _seconds(ratios)
    if text in ("", "—") or name == EXAMPLE:
        return text if name != EXAMPLE else "1"
    middle = statistics.median(np.nan_to_num(ratios, nan=np.inf))
    return f"1/{1 / middle:.1f}" if middle < 1 else f"{middle:.1f}"


def draw(curves: dict) -> None:
    """Store docs/bench.png: test accuracy against seconds of fit."""
    plotting.use_style()
    _, ax = plt.subplots(figsize=(8, 4.6))
    names = [EXAMPLE, *models.BUILDERS]
    for i, name in enumerate(names):
        runs = curves.get(name, [])
        single = all(len(run) == 1 for run in runs)  # points, easily overlooked: all are drawn
        for run in runs if single else runs[:1]:
            seconds, accuracy = zip(*run, strict=True)
            color, marker = f"C{i % 10}", plotting.MARKERS[i % len(plotting.MARKERS)]
            dashes = "--" if i >= len(plotting.MARKERS) else "-"  # where colours begin anew
            label = name if run is runs[0] else None
            ax.plot(
                seconds, accuracy, dashes, marker=marker, ms=8 if single else 4, color=color,
                label=label,
            )  # fmt: skip
    for mark in MARKS:
        ax.axhline(mark, color=plotting.GREY, lw=0.8, ls=":")
    ax.set(
        xscale="log", ylim=(0.96, 0.998), xlabel="seconds of fit (logarithmic, two cores)",
        ylabel="test accuracy", title="Ten seeds of cnn_fast, an epoch each, beside the others",
    )  # fmt: skip
    ax.yaxis.set_major_formatter("{x:.1%}")
    ax.legend(fontsize=8, loc="lower right")
    plt.savefig(ROOT / "docs" / "bench.png", dpi=110, bbox_inches="tight")


def main() -> None:
    """Measure, print the table and store the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="one round of the shorter ones")
    how.add_argument("--answers", action="store_true", help="time the answers alone again")
    how.add_argument("--draw", action="store_true", help="the last full run's table and figure")
    options = parser.parse_args()
    began = time.perf_counter()
    kept = options.draw or options.answers
    record = json.loads(RECORD.read_text()) if kept else measure(options.quick)
    if options.answers:
        times, answering, x_test = {}, networks(), data.load_data("mnist").x_test
        for _ in range(3):
            time_answers(answering, x_test, times)
        record["milliseconds"] = medians(times)
    if not options.draw and not options.quick:
        RECORD.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(*table(record), sep="\n")
    if not options.quick:
        draw(curves_of(record["rounds"]))
    print(f"{(time.perf_counter() - began) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
