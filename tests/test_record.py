"""The long runs behind notebooks 08 and 09: their log, their networks, and how they are made."""

import json

import nbformat
import numpy as np
import pytest
import record
from test_models import NOTEBOOKS, layers_of

from digitlib import evaluation, keras, models, training

LOG = json.loads(record.LOG.read_text())


def test_every_rung_has_been_run_by_every_seed():
    runs = sorted((run["name"], run["seed"]) for run in LOG)
    assert runs == sorted((name, seed) for name in record.RUNGS for seed in record.SEEDS)
    for run in LOG:
        assert len(run["curve"]["val_accuracy"]) == record.EPOCHS
        seen = 1 - len(run["last"]["validation"]) / 5000
        assert run["curve"]["val_accuracy"][-1] == pytest.approx(seen, abs=2 / 5000)


@pytest.mark.parametrize("run", [run for run in LOG if run["seed"] == 0], ids=lambda r: r["name"])
def test_the_networks_that_are_kept_read_as_the_log_says(run, mnist):
    model = training.read(record.FOLDER / f"{run['name']}-0.keras")
    rung = record.RUNGS[run["name"]]
    found = evaluation.evaluate(model, mnist.x_test, mnist.y_test).mistakes()
    logged = run["mean" if rung.members else "last"]["test"]
    assert len(set(found) ^ set(logged)) <= 2, "other processors round otherwise"


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_the_builder_says_its_true_parameter_count(kernel):
    assert f"{models.member(kernel).count_params():,}" in models.member.__doc__


def test_the_notebook_writes_out_the_network_of_the_package():
    notebook = nbformat.read(NOTEBOOKS / "08_towards_the_record.ipynb", as_version=4)
    (source,) = (cell.source for cell in notebook.cells if "def member(" in cell.source)
    scope = {"keras": keras, "layers": keras.layers}
    exec(source, scope)
    for options in ({"kernel": 3}, {"kernel": 7, "rate": 0.3}, {"normalised": False}):
        assert layers_of(scope["member"](**options)) == layers_of(models.member(**options))


def test_a_run_keeps_its_last_weights_and_the_mean_of_those_before(monkeypatch, small):
    monkeypatch.setattr(record, "EPOCHS", 3)
    monkeypatch.setattr(record, "AVERAGED", 2)
    stations = []
    monkeypatch.setattr(
        record.MeanOfLast,
        "on_epoch_end",
        lambda self, epoch, logs=None, keep=record.MeanOfLast.on_epoch_end: (
            stations.append(self.model.get_weights()),
            keep(self, epoch, logs),
        ),
    )
    model, mean, curve = record.learn(record.RUNGS["dropout"], small, seed=0)
    assert len(curve["loss"]) == 3
    for last, middle, *two in zip(model.get_weights(), mean, *stations[1:], strict=True):
        assert np.array_equal(last, two[1])
        assert np.allclose(middle, (two[0] + two[1]) / 2, atol=1e-6)


def test_what_is_wrong_is_counted_on_every_set(small):
    sets = {"a": (small.x_test, small.y_test), "b": (small.x_test[:5], small.y_test[:5])}
    found = record.wrong(training.shipped("reader"), sets)
    answers = evaluation.evaluate(training.shipped("reader"), small.x_test, small.y_test)
    assert found["a"] == sorted(answers.mistakes().tolist())
    assert found["b"] == [i for i in found["a"] if i < 5]
