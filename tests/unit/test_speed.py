"""The benchmark of learning and answering: what it counts, on runs short enough for a test."""

import math

from benchmarks import speed


def test_keras_example_has_the_published_layers():
    assert speed.example().count_params() == 34_826


def test_a_curve_has_the_seconds_and_test_accuracy_of_every_epoch(small, capsys):
    curve = speed.learn("dense", small, seed=0)
    seconds, accuracies = zip(*curve, strict=True)
    assert len(curve) == small.epochs(10)
    assert list(seconds) == sorted(set(seconds))
    assert accuracies[-1] > max(0.8, accuracies[0])
    assert f"{accuracies[-1]:.2%}" in capsys.readouterr().out


def test_fit_stops_at_the_mark(small):
    curve = speed.learn("dense", small, seed=0, stop_at=0.6)
    assert len(curve) < small.epochs(10)
    assert curve[-1][1] >= 0.6 and all(accuracy < 0.6 for _, accuracy in curve[:-1])


def test_a_mark_that_is_never_reached_counts_as_longest():
    curve = [(1.0, 0.97), (2.0, 0.985), (3.0, 0.983)]
    assert speed.first_at(curve, 0.98) == 2.0
    assert math.isnan(speed.first_at(curve, 0.99))
    assert speed._seconds([2.0, 3.0, float("nan")]) == "3.0"
    assert speed._seconds([2.0, float("nan"), float("nan")]) == "—"


def test_ratios_are_taken_within_a_round():
    slow, fast = [(60.0, 0.991)], [(5.0, 0.99)]
    rounds = [
        {speed.EXAMPLE: [slow], "cnn_fast": [fast]},
        {speed.EXAMPLE: [[(120.0, 0.991)]], "cnn_fast": [[(10.0, 0.99)]]},
    ]
    assert speed._ratio("cnn_fast", rounds) == "1/12.0"
