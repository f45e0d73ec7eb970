"""Runs networks from their .keras files on NumPy: no Keras, no TensorFlow, no second file.

    load      a .keras file            -> Network, or UnknownLayerError where it takes Keras
    Network   uint8 (n, 28, 28)        -> float32 (n, outputs)

It knows the layers of this series: a chain of Rescaling, Reshape, Flatten, Dense, Conv2D,
MaxPooling2D, BatchNormalization, ReLU, Activation and Dropout. A .keras file is a zip of
config.json, which says what the layers are, and model.weights.h5, which holds their numbers.

Convolutions are matrix products over unfolded windows (im2col: Chellapilla, Puri and Simard, High
Performance Convolutional Neural Networks for Document Processing, IWFHR 2006).
"""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from digitlib.errors import ModelError

_BATCH = 50  # images at a time: their unfolded windows fit into the processor's cache

_Step = Callable[[np.ndarray], np.ndarray]


class UnknownLayerError(ModelError):
    """A network has a layer, or a setting of one, that this engine does not know; Keras does."""


class Network:
    """A network read from a .keras file: uint8 or float (n, 28, 28) -> float32 (n, outputs)."""

    def __init__(self, steps: list[_Step]):
        self._steps = steps

    def __call__(self, x: np.ndarray) -> np.ndarray:
        parts = [self._run(x[i : i + _BATCH]) for i in range(0, len(x), _BATCH)]
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def _run(self, x: np.ndarray) -> np.ndarray:
        x = x.astype(np.float32)
        for step in self._steps:
            x = step(x)
        return x


def load(path: Path, outputs: int = 1) -> Network:
    """Read the network in a .keras file: input (28, 28), and so many outputs.

    Raises UnknownLayerError where it holds what only Keras knows, and ModelError where there is no
    such file, or it is no such network.
    """
    if not path.exists():
        raise ModelError(f"There is no file {path}; correct the path, or name a network.")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            content = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(content) as file:
            network = Network(_steps(config, file))
        answer = network(np.zeros((1, 28, 28), np.uint8))
    except UnknownLayerError:
        raise
    except Exception as error:
        # A damaged file is answered with whatever its parts raise: zip, JSON, HDF5.
        raise ModelError(
            f"{path} is not a readable Keras network ({type(error).__name__}); "
            "delete it and train again, or name another."
        ) from None
    if answer.shape != (1, outputs):
        raise ModelError(
            f"{path} answers with {answer.shape[1:]}; "
            f"digitlib needs (28, 28) raw pixels in and {outputs} probabilities out."
        )
    return network


def _steps(config: dict, file: h5py.File) -> list[_Step]:
    """What the layers do, in order; a normalisation is folded into the layer before it."""
    if config["class_name"] != "Sequential":
        raise UnknownLayerError(f"A {config['class_name']} network takes Keras.")
    steps: list[_Step] = []
    count = Counter()
    for layer in config["config"]["layers"]:
        kind, settings = layer["class_name"], layer["config"]
        if kind == "InputLayer":
            continue
        if kind not in _LAYERS:
            raise UnknownLayerError(f"A {kind} layer takes Keras.")
        numbers = _numbers(file, kind, count[kind])
        count[kind] += 1
        step = _LAYERS[kind](settings, *numbers)
        if isinstance(step, _Affine) and steps and isinstance(steps[-1], _Linear):
            steps[-1] = steps[-1].then(step)
        elif step is not None:
            steps.append(step)
    return steps


def _numbers(file: h5py.File, kind: str, index: int) -> list[np.ndarray]:
    """The weights of the layer that is number `index` of its class.

    Keras names their group after the class, in snake case, and numbers it by class, whatever the
    layers' own names.
    """
    group = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)
    group = re.sub("([a-z])([A-Z])", r"\1_\2", group).lower()
    name = f"layers/{group}_{index}/vars" if index else f"layers/{group}/vars"
    stored = file[name]
    return [stored[str(i)][()].astype(np.float32) for i in range(len(stored))]


def _only(settings: dict, **expected) -> None:
    """Raise UnknownLayerError where a setting is another than this engine computes."""
    for name, value in expected.items():
        if name in settings and settings[name] != value:
            raise UnknownLayerError(f"A layer with {name} {settings[name]} takes Keras.")


# --- layers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Affine:
    """x * scale + shift, for each channel."""

    scale: np.ndarray
    shift: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x * self.scale + self.shift


@dataclass(frozen=True)
class _Linear:
    """A matrix product and a bias: a dense layer, or a convolution if there is a window."""

    kernel: np.ndarray  # (inputs, outputs); the inputs of a window row by row
    bias: np.ndarray
    window: tuple[int, int] | None = None
    strides: tuple[int, int] = (1, 1)
    padded: bool = False

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if self.window:
            x = _unfold(x, self.window, self.strides, padded=self.padded)
        flat = x.reshape(-1, x.shape[-1]) @ self.kernel
        flat += self.bias
        return flat.reshape(*x.shape[:-1], -1)

    def then(self, affine: _Affine) -> "_Linear":
        bias = self.bias * affine.scale + affine.shift
        return replace(self, kernel=self.kernel * affine.scale, bias=bias)


def _unfold(x: np.ndarray, window, strides, *, padded: bool) -> np.ndarray:
    """Lay out the pixels under each place of a window: (n, h, w, c) to (n, h', w', pixels * c)."""
    if padded:  # as TensorFlow's "same": what is odd goes to the end
        sides = []
        for size, side, stride in zip(x.shape[1:3], window, strides, strict=True):
            missing = max((-(-size // stride) - 1) * stride + side - size, 0)
            sides.append((missing // 2, missing - missing // 2))
        x = np.pad(x, ((0, 0), *sides, (0, 0)))
    n, height, width, channels = x.shape
    rows = (height - window[0]) // strides[0] + 1
    columns = (width - window[1]) // strides[1] + 1
    by_image, by_row, by_column, by_channel = x.strides
    windows = np.lib.stride_tricks.as_strided(
        x,
        (n, rows, columns, *window, channels),
        (
            by_image, by_row * strides[0], by_column * strides[1], by_row, by_column, by_channel,
        ),
        writeable=False,
    )  # fmt: skip
    return windows.reshape(n, rows, columns, -1)


def _activated(linear: _Linear, settings: dict) -> _Step:
    activation = _activation(settings)
    return linear if activation is None else lambda x: activation(linear(x))


def _dense(settings: dict, kernel: np.ndarray, *bias: np.ndarray) -> _Step:
    bias = bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)
    return _activated(_Linear(kernel, bias), settings)


def _convolution(settings: dict, kernel: np.ndarray, *bias: np.ndarray) -> _Step:
    _only(settings, data_format="channels_last", dilation_rate=[1, 1], groups=1)
    bias = bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)
    linear = _Linear(
        kernel.reshape(-1, kernel.shape[-1]),
        bias,
        window=kernel.shape[:2],
        strides=tuple(settings["strides"]),
        padded=settings["padding"] == "same",
    )
    return _activated(linear, settings)


def _normalisation(settings: dict, *numbers: np.ndarray) -> _Step:
    _only(settings, axis=-1, center=True, scale=True)
    gamma, beta, mean, variance = numbers
    scale = gamma / np.sqrt(variance + np.float32(settings["epsilon"]))
    return _Affine(scale, beta - mean * scale)


def _pooling(settings: dict) -> _Step:
    size = settings["pool_size"]
    _only(settings, data_format="channels_last", padding="valid", strides=size)

    def largest(x):
        height, width = (n // side for n, side in zip(x.shape[1:3], size, strict=True))
        x = x[:, : height * size[0], : width * size[1]]
        parts = [x[:, i :: size[0], j :: size[1]] for i in range(size[0]) for j in range(size[1])]
        found = parts[0]
        for part in parts[1:]:
            found = np.maximum(found, part)
        return found

    return largest


def _rescaling(settings: dict) -> _Step:
    scale, offset = np.float32(settings["scale"]), np.float32(settings["offset"])
    return lambda x: x * scale + offset


def _reshape(settings: dict) -> _Step:
    return lambda x: x.reshape(len(x), *settings["target_shape"])


def _flatten(settings: dict) -> _Step:
    return lambda x: x.reshape(len(x), -1)


def _relu(settings: dict | None = None) -> _Step:
    _only(settings or {}, max_value=None, negative_slope=0.0, threshold=0.0)
    return lambda x: np.maximum(x, 0)


def _softmax(x: np.ndarray) -> np.ndarray:
    shares = np.exp(x - x.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # which overflows nowhere


def _activation(settings: dict) -> _Step | None:
    """The function of a layer's activation; None for none."""
    name = settings["activation"]
    known = {"linear": None, "relu": _relu(), "softmax": _softmax, "sigmoid": _sigmoid}
    if not isinstance(name, str) or name not in known:
        raise UnknownLayerError(f"The activation {name} takes Keras.")
    return known[name]


_LAYERS: dict[str, Callable[..., _Step | None]] = {
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Dense": _dense,
    "Conv2D": _convolution,
    "MaxPooling2D": _pooling,
    "BatchNormalization": _normalisation,
    "ReLU": _relu,
    "Activation": _activation,
    "Dropout": lambda settings, *numbers: None,  # it does nothing but while a network learns
}
