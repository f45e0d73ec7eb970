"""Where what networks have learned is kept: save, load, the shipped ones and their cards.

Notebooks, the command line and the pad call it. open_reader() hands networks to reading. Keras is
imported where a network is read or written, so that finding one takes no time.
"""

import functools
import json
import os
import time
import warnings
from pathlib import Path

from digitlib.data import DATA_DIR, Digits, keras_cache, shown, writable_folder
from digitlib.errors import ModelError
from digitlib.reading import Reader, engine

PRETRAINED = Path(__file__).parent / "pretrained"
# The networks of the series, which come trained; models.BUILDERS has the same, but needs Keras.
NETWORKS = ("dense", "dense_two", "dropout", "wide", "cnn_small", "cnn", "cnn_fast", "reader")


def save_model(model, name: str, digits: Digits) -> Path:
    """Save a trained network as data/models/<source>/<name>.keras, without its optimizer.

    The environment variable DIGITLIB_MODELS names another folder. Returns the file's path.
    """
    path = writable_folder(_folder(digits.name), keras_cache() / digits.name) / f"{name}.keras"
    write_model(model, path)
    print(f"Saved as {shown(path)}.")
    return path


def write_model(model, path: Path) -> None:
    """Write a network to `path`, whole or not at all, without the optimizer's state.

    The optimizer's two averages per weight would make the file three times as large; a copy
    that was never compiled has none.
    """
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    partial = path.with_name(f".{os.getpid()}-{path.name}")
    copy.save(partial)
    partial.replace(path)


def load_model(name: str, digits: Digits | None = None):
    """Load the network you trained and saved in an earlier notebook, else the shipped one.

    name: what you saved it as, of a shipped network, or the path of a .keras file. digits: the
    data it was trained on; if left out, any. Prints which one it is. Returns a Keras model. Raises
    ModelError where there is none, or the file is damaged.
    """
    path = find_model(name, digits.name if digits else None)
    if path.parent == PRETRAINED:
        return shipped_model(name)
    if path.stem == name:
        print(f"{name}: yours, from {shown(path)}.")
    return read_model(path)


def find_model(name: str, source: str | None = None) -> Path:
    """The file of a network: a path that ends in .keras, one that you saved, or a shipped one.

    source: "mnist" or "sklearn", which data your own was trained on; None for either. Raises
    ModelError, at once, where there is none of that name.
    """
    if name.endswith(".keras"):
        return Path(name)
    mine = _saved(source)
    if name in mine:
        return mine[name]
    if name in NETWORKS:
        return PRETRAINED / f"{name}.keras"
    known = ", ".join([*NETWORKS, *sorted(mine.keys() - set(NETWORKS))])
    raise ModelError(f"There is no network {name!r}; choose from {known}.")


def _saved(source: str | None) -> dict[str, Path]:
    """The networks that you saved: name -> file; those of MNIST go before others."""
    found: dict[str, Path] = {}
    for each in [source] if source else ["mnist", "sklearn"]:
        for folder in (_folder(each), keras_cache() / each):  # as save_model() chooses
            for path in sorted(folder.glob("[!.]*.keras")):
                found.setdefault(path.stem, path)
    return found


def shipped_model(name: str):
    """Load the network `name` as it comes with digitlib, trained on MNIST: a Keras model."""
    path = PRETRAINED / f"{name}.keras"
    if not path.exists():
        raise ModelError(f"{name} is not shipped; train it with: python -m digitlib train {name}")
    print(f"{name}: the shipped weights ({model_card(name)['accuracy']:.2%} on MNIST's test set).")
    return read_model(path)


def shipped_detector():
    """Load the digit detector: uint8 (n, 28, 28) -> the probability of being a digit, (n, 1)."""
    return read_model(PRETRAINED / "detector" / "detector.keras", outputs=1)


def open_reader(model=None) -> Reader:
    """Return a Reader with the shipped reader and detector, or with a network of your own.

    model: the path of a .keras file, a Keras model with input (28, 28) and ten outputs, or any
    callable as Reader takes. Where reading.engine knows the layers, Keras is not imported. Raises
    ModelError where a file is missing, damaged or of another kind.
    """
    model = PRETRAINED / "reader.keras" if model is None else model
    return Reader(_callable(model), engine.load(PRETRAINED / "detector" / "detector.keras"))


def _callable(network):
    """A file or a Keras model as a function of NumPy arrays; any other callable as it is."""
    if isinstance(network, Path):
        try:
            return engine.load(network, outputs=10)
        except engine.UnknownLayerError:
            network = read_model(network)
    if not hasattr(network, "get_config"):  # no Keras model
        return network
    from digitlib import evaluation

    return functools.partial(evaluation.predict, network)


def read_model(path: Path, outputs: int = 10):
    """Read a .keras file of a network with input (28, 28) and ten outputs, or so many.

    Raises ModelError where the file is missing, damaged or of another kind.
    """
    from digitlib.backend import keras

    if not path.exists():
        raise ModelError(f"There is no file {shown(path)}; correct the path, or name a network.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = keras.models.load_model(path, compile=False)
    except Exception as error:
        # Keras answers a damaged file with whatever its parts raise: zip, JSON, HDF5 or its own.
        raise ModelError(
            f"{shown(path)} is not a readable Keras network ({type(error).__name__}); "
            "delete it and train again, or name another."
        ) from None
    if model.input_shape != (None, 28, 28) or model.output_shape != (None, outputs):
        raise ModelError(
            f"{shown(path)} maps {model.input_shape} to {model.output_shape}; "
            f"digitlib needs (28, 28) raw pixels in and {outputs} probabilities out."
        )
    return model


def ship(model, path: Path, facts: dict) -> None:
    """Write weights to `path` and, beside them, a card: what they are, with these facts."""
    write_model(model, path)
    # Processor time, which neither other work on the machine nor a pause changes much.
    minutes = round(time.process_time() / 60, 1)
    about = {
        "name": path.stem,
        "parameters": model.count_params(),
        "trained on": f"{os.cpu_count()} processor cores, {minutes} minutes of processor time",
    }
    path.with_suffix(".json").write_text(json.dumps(about | facts, indent=2) + "\n")


def model_card(name: str) -> dict:
    """Return the card of a shipped network: data, recipe, seed, accuracy, command."""
    return json.loads((PRETRAINED / f"{name}.json").read_text())


def _folder(source: str) -> Path:
    return Path(os.environ.get("DIGITLIB_MODELS") or DATA_DIR / "models") / source
