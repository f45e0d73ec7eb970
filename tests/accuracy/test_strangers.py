"""How well strangers' digits are read, and what is said of what is no digit: the floors."""

from collections import Counter

import numpy as np
import pytest

import synthetic.outliers
from benchmarks import handwriting as bench
from digitlib import evaluation
from synthetic import pens


@pytest.fixture(scope="module")
def bundled(reader, sized):
    """scikit-learn's 1,797 digits as pictures: what was read, and which came with a note."""
    pictures, y_true = bench.scikit_learn()
    step = 4 // sized(4)  # every one, or every fourth
    probabilities, notes = bench.read(reader, pictures[::step])
    return evaluation.Evaluation(y_true[::step], probabilities), notes


def test_scikit_learns_digits_are_read(bundled):
    result, _ = bundled
    assert result.accuracy >= 0.985
    assert result.calibration_error() <= 0.02


def test_at_most_one_in_a_hundred_of_them_is_doubted(bundled):
    assert bundled[1].mean() <= 0.01


def test_mnist_loses_nothing_on_its_way_through_the_chain(network, reader, mnist, sized):
    x, y_true = mnist.x_test[: sized(1500)], mnist.y_test[: sized(1500)]
    direct = evaluation.evaluate(network, x, y_true)
    probabilities, notes = bench.read(reader, bench.as_pictures(x))
    result = evaluation.Evaluation(y_true, probabilities)
    assert result.accuracy >= direct.accuracy - 0.001
    assert result.calibration_error() <= 0.01
    assert notes.mean() <= 0.01


def test_digits_drawn_in_many_hands_and_pens_are_read(reader, sized):
    results = {}
    step = 4 // sized(4)  # every one, or every fourth, so that each pen draws all ten digits
    for first, pen in enumerate(pens.PENS):
        pictures, y_true = (part[first % step :: step] for part in bench.drawn(pen, 68))
        probabilities, notes = bench.read(reader, pictures)
        results[pen] = evaluation.Evaluation(y_true, probabilities), notes
    assert min(result.accuracy for result, _ in results.values()) >= 0.93
    together = evaluation.Evaluation(
        np.concatenate([result.y_true for result, _ in results.values()]),
        np.concatenate([result.probabilities for result, _ in results.values()]),
    )
    assert together.accuracy >= 0.97
    assert together.calibration_error() <= 0.02
    assert np.concatenate([notes for _, notes in results.values()]).mean() <= 0.02


def test_what_is_no_digit_is_told(reader, sized):
    kinds, names, pictures = zip(*synthetic.outliers.outliers(sized(400), 1), strict=True)
    told = bench.flagged(reader, pictures)
    missed = Counter(zip(np.array(kinds)[~told], np.array(names)[~told], strict=True))
    assert told.mean() >= 0.95, missed
