"""Networks run on NumPy alone: the same answers as by Keras, and Keras where it takes Keras."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from digitlib import keras, weights
from digitlib.errors import ModelError
from digitlib.reading import engine

layers = keras.layers
SHIPPED = sorted(weights.PRETRAINED.rglob("*.keras"))


def saved(model, path):
    weights.write_model(model, path)
    return path


def agree(network, model, x):
    """Whether both give the same answers, and probabilities within 1e-5."""
    mine, theirs = network(x), model.predict(x, batch_size=1000, verbose=0)
    assert mine.shape == theirs.shape and mine.dtype == np.float32
    assert np.abs(mine - theirs).max() <= 1e-5
    assert np.array_equal(mine.argmax(axis=1), theirs.argmax(axis=1))
    assert np.array_equal(mine > 0.5, theirs > 0.5)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_network_answers_as_by_keras(path, small):
    outputs = 1 if path.stem == "detector" else 10
    agree(engine.load(path, outputs), weights.read_model(path, outputs), small.x_train[:130])


@pytest.mark.whole
@pytest.mark.parametrize("name", ["reader", "detector/detector"])
def test_on_ten_thousand_images_too(name, mnist):
    path = weights.PRETRAINED / f"{name}.keras"
    outputs = 1 if path.stem == "detector" else 10
    agree(engine.load(path, outputs), weights.read_model(path, outputs), mnist.x_test)


def test_layers_in_every_form_that_it_knows(small, tmp_path):
    """Odd sizes, strides and paddings, with and without a bias, in an order of one's own."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(3, (4, 2), strides=(3, 2), padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(5, 2, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D((2, 3)),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(7, activation="sigmoid"),
            layers.Dense(6, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(10),
            layers.Activation("softmax"),
        ]
    )
    for layer in model.layers:  # as if it had learned
        layer.set_weights([np.abs(w) + 0.1 for w in layer.get_weights()])
    agree(engine.load(saved(model, tmp_path / "odd.keras"), 10), model, small.x_test[:60])


@pytest.mark.parametrize(
    "hidden",
    [
        [layers.Flatten(), layers.Dense(8, activation="gelu")],
        [layers.Reshape((28, 28, 1)), layers.Conv2D(2, 3, dilation_rate=2), layers.Flatten()],
        [layers.Reshape((28, 28, 1)), layers.AveragePooling2D(2), layers.Flatten()],
    ],
    ids=["activation", "setting", "layer"],
)
def test_what_it_does_not_know_is_read_by_keras(hidden, tmp_path, small):
    model = keras.Sequential(
        [keras.Input((28, 28)), *hidden, layers.Dense(10, activation="softmax")]
    )
    path = saved(model, tmp_path / "mine.keras")
    with pytest.raises(engine.UnknownLayerError):
        engine.load(path, 10)
    reader = weights.open_reader(path)
    theirs = model.predict(small.x_test[:5], verbose=0)
    assert np.allclose(reader.classifier(small.x_test[:5]), theirs, atol=1e-6)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "text.keras").write_text("no network")
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    for name in ("text", "zip", "none"):
        with pytest.raises(ModelError, match=r"delete it and train again|correct the path"):
            engine.load(tmp_path / f"{name}.keras", 10)
    with pytest.raises(ModelError, match=r"needs .* 10 probabilities"):
        engine.load(weights.PRETRAINED / "detector" / "detector.keras", 10)


def test_reading_with_the_shipped_networks_imports_nothing_large():
    code = """if True:
        import sys
        from digitlib import cli
        cli.main(["predict", sys.argv[1]])
        cli.main(["predict", "--page", sys.argv[1]])
        large = {"keras", "tensorflow", "sklearn", "scipy", "matplotlib", "pandas", "IPython"}
        print(large & set(sys.modules))
    """
    sample = weights.PRETRAINED.parents[1] / "data" / "samples" / "dark_on_light.png"
    command = [sys.executable, "-c", code, sample]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()", done.stdout + done.stderr
