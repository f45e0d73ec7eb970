"""Evaluation: against scikit-learn, SciPy and figures worked out by hand."""

import time
import timeit

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from digitlib import evaluation, keras, models, training, weights
from digitlib.evaluation import Evaluation


def answers(y_pred, confidence=0.9):
    """An (n, 10) array of probabilities whose largest are at y_pred, with these confidences."""
    y_pred, confidence = np.asarray(y_pred), np.broadcast_to(confidence, len(y_pred))
    probabilities = np.repeat(((1 - confidence) / 9)[:, None], 10, axis=1)
    probabilities[np.arange(len(y_pred)), y_pred] = confidence
    return probabilities


def invented(n=500, seed=0):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 10, n)
    y_pred = np.where(rng.random(n) < 0.7, y_true, rng.integers(0, 10, n))
    return Evaluation(y_true, answers(y_pred, rng.uniform(0.3, 0.99, n)))


def test_figures_agree_with_scikit_learn():
    result = invented()
    y, p = result.y_true, result.probabilities
    assert np.array_equal(result.y_pred, p.argmax(axis=1))
    assert result.accuracy == metrics.accuracy_score(y, result.y_pred)
    assert result.loss == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean())
    assert np.array_equal(result.confusion, metrics.confusion_matrix(y, result.y_pred))
    report = result.report()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, result.y_pred)
    for digit in range(10):
        row = report[str(digit)]
        assert row["precision"] == precision[digit] and row["recall"] == recall[digit]
        assert row["f1-score"] == f1[digit] and row["support"] == support[digit]


def test_a_confusion_matrix_is_ten_by_ten_even_if_classes_are_missing():
    result = Evaluation(np.array([4, 4, 9]), answers([4, 9, 9]))
    assert result.confusion.shape == (10, 10) and result.confusion.sum() == 3
    assert result.confusion[4, 9] == 1, "rows are true, columns predicted"
    assert result.confusion[9, 4] == 0
    assert result.report()["0"]["recall"] == 0


def test_mistakes_come_most_confident_first():
    y_pred = [1, 2, 2, 7, 4]
    result = Evaluation(np.array([1, 1, 1, 1, 4]), answers(y_pred, [0.9, 0.6, 0.8, 0.7, 0.5]))
    assert result.mistakes().tolist() == [2, 3, 1]
    assert result.mistakes(true=1, predicted=2).tolist() == [2, 1]
    assert result.mistakes(predicted=7).tolist() == [3]
    assert result.mistakes(true=4).tolist() == []


def test_hardest_pairs_are_the_largest_counts_off_the_diagonal():
    y_true = np.array([4] * 5 + [9] * 3 + [7] * 4 + [0] * 20)
    y_pred = [9] * 5 + [4] * 3 + [2] * 4 + [0] * 20
    result = Evaluation(y_true, answers(y_pred))
    assert result.hardest_pairs(3) == [(4, 9, 5), (7, 2, 4), (9, 4, 3)]


def test_wilsons_interval_is_right_also_at_the_ends():
    # By hand: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.959964
    assert evaluation.wilson_interval(9800, 10_000) == pytest.approx((0.977066, 0.982565), abs=1e-6)
    low, high = evaluation.wilson_interval(10, 10)
    assert high == pytest.approx(1) and low == pytest.approx(0.722467, abs=1e-6)
    low, high = evaluation.wilson_interval(0, 10)
    assert low == pytest.approx(0) and high == pytest.approx(0.277533, abs=1e-6)
    result = invented()
    assert result.interval == evaluation.wilson_interval(int(result.correct.sum()), 500)


def test_mcnemars_test_counts_only_where_the_two_differ():
    y = np.zeros(100, int)
    a = Evaluation(y, answers([0] * 90 + [1] * 10))
    b = Evaluation(y, answers([1] * 2 + [0] * 90 + [1] * 8))
    only_a, only_b, p = evaluation.mcnemar_test(a, b)
    assert (only_a, only_b) == (2, 2) and p == pytest.approx(1)
    worse = Evaluation(y, answers([1] * 9 + [0] * 81 + [0] + [1] * 9))
    only_a, only_b, p = evaluation.mcnemar_test(a, worse)
    assert (only_a, only_b) == (9, 1)
    assert p == pytest.approx(2 * stats.binom.cdf(1, 10, 0.5)) == pytest.approx(22 / 1024)
    assert evaluation.mcnemar_test(worse, a) == (1, 9, p)
    assert evaluation.mcnemar_test(a, a) == (0, 0, 1.0)


def test_reliability_compares_confidence_with_the_share_read_right():
    y_true = np.zeros(8, int)
    y_pred = [0, 0, 0, 1, 0, 1, 1, 1]
    result = Evaluation(y_true, answers(y_pred, [0.95] * 4 + [0.55] * 4))
    points = result.reliability()
    assert [count for *_, count in points] == [4, 4]
    assert points[0][:2] == pytest.approx((0.55, 0.25))
    assert points[1][:2] == pytest.approx((0.95, 0.75))
    assert result.calibration_error() == pytest.approx((4 * 0.30 + 4 * 0.20) / 8)
    sure = Evaluation(np.array([3]), np.eye(10)[[3]])
    assert sure.reliability() == [(1.0, 1.0, 1)], "a probability of exactly 1 has a bin too"


def test_scaling_confidence_changes_no_answer_and_lowers_the_loss(small):
    model = training.train("dense", small, epochs=15)
    last = model.layers[-1]
    last.set_weights([3 * weights for weights in last.get_weights()])  # far too sure of itself
    before = evaluation.evaluate(model, small.x_val, small.y_val)
    temperature = evaluation.calibrate_temperature(model, small.x_val, small.y_val)
    after = evaluation.evaluate(model, small.x_val, small.y_val)
    assert temperature > 1
    assert np.array_equal(before.y_pred, after.y_pred)
    assert after.loss < before.loss
    assert after.calibration_error() < before.calibration_error()
    again = evaluation.calibrate_temperature(model, small.x_val, small.y_val)
    assert again == pytest.approx(1, abs=0.02), "what is scaled needs no scaling"


def test_few_and_many_images_are_read_alike(small):
    model = models.dense()
    few = evaluation.predict(model, small.x_test[:32])
    many = evaluation.predict(model, np.concatenate([small.x_test] * 4))
    assert few.shape == (32, 10) and many.shape == (1200, 10)
    assert few.dtype == many.dtype == np.float32
    assert np.allclose(few, many[:32], atol=1e-6)


def test_an_answer_comes_from_the_weights_of_the_moment(small):
    model = models.cnn_fast()
    model.compile("adam", "sparse_categorical_crossentropy")
    x = small.x_test[:32]
    before = evaluation.predict(model, x)
    model.fit(small.x_train, small.y_train, verbose=0)
    after = evaluation.predict(model, x)
    assert not np.allclose(before, after, atol=1e-3)
    assert np.allclose(after, model.predict(x, verbose=0), atol=1e-5)


def test_one_image_does_not_pay_for_a_whole_prediction_loop(small):
    model, x = weights.shipped_model("reader"), small.x_test[:1]

    def fastest(ask, repeats):  # in time of the processor, whatever else the machine is at
        clock = time.process_time
        asked = timeit.repeat(lambda: ask(x), timer=clock, number=1, repeat=repeats)
        return min(asked[1:])

    alone = fastest(lambda x: evaluation.predict(model, x), 30)
    assert alone < fastest(lambda x: model.predict(x, verbose=0), 6) / 5


def test_a_network_of_several_outputs_answers_with_a_list(small):
    layers = keras.layers
    pixels = keras.Input((28, 28))
    flat = layers.Flatten()(pixels)
    model = keras.Model(pixels, [layers.Dense(2)(flat), layers.Dense(3)(flat)])
    for x in (small.x_test[:4], np.repeat(small.x_test, 4, axis=0)):  # in one call, and in parts
        one, other = evaluation.predict(model, x)
        assert one.shape == (len(x), 2) and other.shape == (len(x), 3)
