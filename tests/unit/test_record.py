"""The long runs behind notebooks 08 and 09: their log, their networks, and how they are made."""

import ast
import inspect
import json

import nbformat
import numpy as np
import pytest

from benchmarks import record
from digitlib import evaluation, keras, models, weights
from layers import layers_of
from project import NOTEBOOKS

LOG = json.loads(record.LOG.read_text())


def test_every_rung_has_been_run_by_every_seed():
    runs = sorted((run["name"], run["seed"]) for run in LOG)
    assert runs == sorted((name, seed) for name in record.RUNGS for seed in record.SEEDS)
    for run in LOG:
        assert len(run["curve"]["val_accuracy"]) == record.EPOCHS
        seen = 1 - len(run["last"]["validation"]) / 5000
        assert run["curve"]["val_accuracy"][-1] == pytest.approx(seen, abs=2 / 5000)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_the_builder_says_its_true_parameter_count(kernel):
    assert f"{models.member(kernel).count_params():,}" in models.member.__doc__


def in_the_notebook(definition):
    """What notebook 08 defines in the cell with this line."""
    notebook = nbformat.read(NOTEBOOKS / "08_towards_the_record.ipynb", as_version=4)
    (source,) = (cell.source for cell in notebook.cells if definition in cell.source)
    return source


def test_the_notebook_writes_out_the_network_of_the_package():
    scope = {"keras": keras, "layers": keras.layers}
    exec(in_the_notebook("def member("), scope)
    for options in ({"kernel": 3}, {"kernel": 7, "rate": 0.3}, {"normalised": False}):
        assert layers_of(scope["member"](**options)) == layers_of(models.member(**options))


def test_the_notebook_shows_the_callback_that_the_runs_had():
    shown, used = in_the_notebook("class MeanOfLast("), inspect.getsource(record.MeanOfLast)
    bodies = [ast.parse(source).body[0].body[1:] for source in (shown, used)]  # no docstrings
    assert [ast.dump(part) for part in bodies[0]] == [ast.dump(part) for part in bodies[1]]


def test_a_run_keeps_its_last_weights_and_the_mean_of_the_last_epochs(monkeypatch, small):
    monkeypatch.setattr(record, "EPOCHS", 5)
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
    assert len(curve["loss"]) == 5
    for last, middle, *four in zip(model.get_weights(), mean, *stations[1:], strict=True):
        assert np.array_equal(last, four[-1])
        assert np.allclose(middle, np.mean(four, axis=0), atol=1e-6)


def test_what_is_wrong_is_counted_on_every_set(small):
    sets = {"a": (small.x_test, small.y_test), "b": (small.x_test[:5], small.y_test[:5])}
    found = record.wrong(weights.shipped_model("reader"), sets)
    answers = evaluation.evaluate(weights.shipped_model("reader"), small.x_test, small.y_test)
    assert found["a"] == sorted(answers.mistakes().tolist())
    assert found["b"] == [i for i in found["a"] if i < 5]
