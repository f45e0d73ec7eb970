"""What the networks are: one builder per architecture of the series.

Every network takes raw pixels, shape (n, 28, 28), 0 to 255, and answers with ten probabilities,
shape (n, 10). Scaling is the network's first layer, so training and prediction cannot differ in
it. Builders return an uncompiled keras.Model with new random weights; seed with
keras.utils.set_random_seed first.
"""

from digitlib.backend import keras
from digitlib.errors import ModelError

layers = keras.layers


def dense() -> keras.Model:
    """One hidden layer of 128: 101,770 parameters. Written out in notebook 02."""
    return _flat("dense", [layers.Dense(128, activation="relu")])


def dense_two() -> keras.Model:
    """Two hidden layers of 128: 118,282 parameters."""
    return _flat(
        "dense_two", [layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu")]
    )


def dropout(rate: float = 0.25) -> keras.Model:
    """Two hidden layers of 128, then dropout: 118,282 parameters.

    Dropout: Srivastava et al., Journal of Machine Learning Research 15, 2014.
    """
    return _flat(
        "dropout",
        [
            layers.Dense(128, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dropout(rate),
        ],
    )


def wide(units: int = 400, rate: float = 0.4, input_rate: float = 0.2) -> keras.Model:
    """Dropout on the pixels and after two wide layers: 478,410 parameters at 400 units."""
    hidden = [layers.Dropout(input_rate)]
    for _ in range(2):
        hidden += [layers.Dense(units, activation="relu"), layers.Dropout(rate)]
    return _flat("wide", hidden)


def cnn_small(rate: float = 0.1) -> keras.Model:
    """Two convolutions and a dense layer of 512: 35,274 parameters."""
    return _image(
        "cnn_small",
        [
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(5),
            layers.Conv2D(32, 5, activation="relu"),
            layers.Dropout(rate),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(rate),
        ],
    )


def cnn() -> keras.Model:
    """Four convolutions and a dense layer of 128: 108,154 parameters."""
    return _image(
        "cnn",
        [
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ],
    )


def cnn_fast() -> keras.Model:
    """Three convolutions, pooled before all else: 99 % in one epoch. 81,578 parameters.

    Batch normalisation: Ioffe and Szegedy, ICML 2015.
    """
    return _image(
        "cnn_fast",
        [
            layers.Conv2D(16, 5),
            layers.MaxPooling2D(3),
            layers.ReLU(),
            *_normalised(
                layers.Conv2D(64, 3, padding="same", use_bias=False), layers.MaxPooling2D(2)
            ),
            *_normalised(
                layers.Conv2D(64, 3, padding="same", use_bias=False), layers.MaxPooling2D(2)
            ),
            layers.Flatten(),
            *_normalised(layers.Dense(128, use_bias=False)),
        ],
    )


def reader() -> keras.Model:
    """Four convolutions with batch normalisation: 253,354 parameters. Reads your handwriting."""
    return _image(
        "reader",
        [
            *_normalised(layers.Conv2D(32, 5, strides=2, padding="same", use_bias=False)),
            *_normalised(layers.Conv2D(64, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(2),
            *_normalised(layers.Conv2D(128, 3, padding="same", use_bias=False)),
            *_normalised(layers.Conv2D(128, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
        ],
    )


def member(kernel: int = 5, *, normalised: bool = True, rate: float = 0.0) -> keras.Model:
    """Three convolutions of kernel size 3, 5 or 7, for an ensemble. Written out in notebook 08.

    43,950, 40,966 or 34,866 parameters: the wider the kernel, the fewer of them in a layer.
    """
    width = {3: 20, 5: 12, 7: 8}[kernel]

    def convolution(filters, strides=1):
        one = layers.Conv2D(
            filters, kernel, strides=strides, padding="same", use_bias=not normalised
        )
        return _normalised(one) if normalised else [one, layers.ReLU()]

    return _image(
        "member",
        [
            *convolution(width, strides=2),
            *convolution(2 * width),
            layers.MaxPooling2D(2),
            *convolution(4 * width),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(rate),
        ],
    )


def detector() -> keras.Model:
    """The digit detector: four convolutions, one output (is this a digit?). 205,025 parameters."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            *_normalised(layers.Conv2D(32, 5, strides=2, padding="same", use_bias=False)),
            *_normalised(layers.Conv2D(64, 3, padding="same", use_bias=False)),
            *_normalised(layers.Conv2D(64, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(2),
            *_normalised(layers.Conv2D(128, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            *_normalised(layers.Dense(64, use_bias=False)),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="detector",
    )


BUILDERS = {
    build.__name__: build
    for build in (dense, dense_two, dropout, wide, cnn_small, cnn, cnn_fast, reader)
}


def known(name: str) -> str:
    """Return `name` if there is such a network in BUILDERS, else raise ModelError."""
    if name not in BUILDERS:
        raise ModelError(f"There is no network {name!r}; choose from {', '.join(BUILDERS)}.")
    return name


def _flat(name: str, hidden: list) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            *hidden,
            layers.Dense(10, activation="softmax"),
        ],
        name=name,
    )


def _image(name: str, hidden: list) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            *hidden,
            layers.Dense(10, activation="softmax"),
        ],
        name=name,
    )


def _normalised(*before) -> list:
    # Momentum 0.9: Keras's default of 0.99 averages over more steps than a short training has.
    return [*before, layers.BatchNormalization(momentum=0.9), layers.ReLU()]
