"""How well the networks read 28×28: those that are shipped, those of the record, a fresh one."""

import json

import numpy as np
import pytest

from benchmarks import record
from digitlib import augmentation, data, evaluation, forms, training, weights

SHIPPED = sorted(path.stem for path in weights.PRETRAINED.glob("*.keras"))
FLOORS = {
    "dense": 0.975,
    "dense_two": 0.978,
    "dropout": 0.978,
    "wide": 0.984,
    "cnn_small": 0.984,
    "cnn": 0.99,
    "cnn_fast": 0.99,
    "reader": 0.997,
}
LOG = json.loads(record.LOG.read_text())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_is_as_good_as_its_card_says(name, mnist):
    result = evaluation.evaluate(weights.shipped_model(name), mnist.x_test, mnist.y_test)
    assert result.accuracy == pytest.approx(weights.model_card(name)["accuracy"], abs=0.0005)
    assert result.accuracy >= FLOORS[name]
    assert result.calibration_error() < 0.015, "its confidence has been scaled"


def test_training_on_a_tenth_of_mnist_reaches_its_floor(mnist):
    tenth = data.Digits(
        mnist.x_train[:5500], mnist.y_train[:5500], mnist.x_val, mnist.y_val,
        mnist.x_test, mnist.y_test, name="mnist",
    )  # fmt: skip
    model = training.train("cnn_fast", tenth, epochs=4)
    assert evaluation.evaluate(model, mnist.x_test, mnist.y_test).accuracy >= 0.96


def test_what_other_schools_teach_is_still_the_digit_and_is_read(mnist):
    rng = np.random.default_rng(0)
    images, labels = [], []
    for label in (1, 4, 6, 7, 9):
        plain = mnist.x_test[mnist.y_test == label][:200]
        before = plain.copy()
        copies = [forms.regional_form(image, label, rng) for image in plain]
        changed = [not np.array_equal(a, b) for a, b in zip(copies, plain, strict=True)]
        share = forms.SHARES[label]
        assert share / 3 < np.mean(changed) < share + 0.1, "not each has room for its form"
        assert np.array_equal(plain, before)
        images += [copy for copy, new in zip(copies, changed, strict=True) if new]
        labels += [label] * sum(changed)
    result = evaluation.evaluate(
        weights.shipped_model("reader"), np.stack(images), np.array(labels)
    )
    assert result.accuracy >= 0.98


@pytest.mark.parametrize("run", [run for run in LOG if run["seed"] == 0], ids=lambda r: r["name"])
def test_the_networks_that_are_kept_read_as_the_log_says(run, mnist):
    model = weights.read_model(record.FOLDER / f"{run['name']}-0.keras")
    rung = record.RUNGS[run["name"]]
    found = evaluation.evaluate(model, mnist.x_test, mnist.y_test).mistakes()
    logged = run["mean" if rung.members else "last"]["test"]
    assert len(set(found) ^ set(logged)) <= 2, "other processors round otherwise"


def test_the_threshold_rejects_about_the_share_it_was_told(mnist):
    detector = weights.shipped_detector()
    before = training.set_rejection_threshold(detector, mnist.x_val[:2000], share=0.05)
    x = mnist.x_val[:2000:2]
    far = np.stack([augmentation.of_few_pixels(image, 10) for image in x])
    plain, few = (evaluation.predict(detector, images)[:, 0] < 0.5 for images in (x, far))
    assert 0 < before < 1
    assert 0.02 < (plain.mean() + few.mean()) / 2 < 0.08


def test_the_detector_does_what_its_card_says(mnist):
    path = weights.PRETRAINED / "detector" / "detector.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    detector = weights.shipped_detector()
    rejected, caught = training.rejection_rates(detector, mnist.x_test, mnist.y_test)
    assert abs(rejected - card["test digits rejected"]) <= 2e-4
    assert abs(caught - card["outliers rejected"]) <= 0.002
