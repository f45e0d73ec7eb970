"""Models: the published architectures exactly, raw pixels in, probabilities out."""

import ast
import json

import numpy as np
import pytest

from digitlib import keras, models, weights
from layers import layers_of
from project import NOTEBOOKS

NAMES = list(models.BUILDERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_builder_says_its_true_parameter_count(name):
    build = models.BUILDERS[name]
    model = build()
    assert f"{model.count_params():,} parameters" in " ".join(build.__doc__.split())
    assert model.name == name


@pytest.mark.parametrize("name", NAMES)
def test_raw_pixels_go_in_and_ten_probabilities_come_out(name, small):
    model = models.BUILDERS[name]()
    pixels = small.x_test[:3]
    answers = np.asarray(model(pixels))
    assert answers.shape == (3, 10)
    assert (answers >= 0).all() and np.allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(answers, model(pixels.astype("float32")), atol=1e-6)
    scaled = keras.Sequential(model.layers[:1])(pixels)
    assert np.allclose(scaled, pixels / 255), "the first layer scales 0 to 255 down to 0 to 1"


def test_dropout_is_active_in_training_only(small):
    model = models.dropout(rate=0.9)
    x = small.x_test[:8]
    assert np.array_equal(model(x), model(x))
    assert not np.array_equal(model(x, training=True), model(x, training=True))
    assert models.dropout(0.4).layers[-2].rate == 0.4


def test_notebook_02_writes_out_the_very_networks_that_digitlib_builds():
    notebook = json.loads((NOTEBOOKS / "02_dense_model.ipynb").read_text(encoding="utf-8"))
    written = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or "Sequential" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "keras.Sequential":
                names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                if names <= {"keras", "layers"}:
                    code = compile(ast.Expression(node), "notebook 02", "eval")
                    written.append(layers_of(eval(code, {"keras": keras, "layers": keras.layers})))
    assert layers_of(models.dense()) in written
    assert layers_of(models.dense_two()) in written


def test_the_names_that_need_no_keras_are_those_of_the_builders():
    assert tuple(models.BUILDERS) == weights.NETWORKS
