"""digitlib: what the handwritten-digit notebooks use more than once.

    errors       what a person can put right
    data         where the digits come from, and the one split
    models       what the networks are
    augmentation how one hand becomes many
    forms        how other schools write
    outliers     what is no digit
    evaluation   how well they do
    training     how they learn
    weights      where what they learned is kept
    plotting     how it is drawn
    check        the exercises' checkers
    reading      from a picture to an answer
    widget       the sketchpad
    cli          the command line

Imports go one way: errors -> data, models -> forms -> augmentation -> outliers; evaluation ->
training -> weights; reading stands beside them and needs errors alone; plotting, check, widget and
cli come last. Everything is imported on first use, so that ``import digitlib`` is instant:
TensorFlow alone takes seconds.
"""

from importlib import import_module

__version__ = "0.2.0"

_MODULES = {
    "augmentation", "check", "cli", "data", "errors", "evaluation", "forms", "models", "outliers",
    "plotting", "reading", "training", "weights", "widget",
}  # fmt: skip
_NAMES = {
    "load_data": "data",
    "Digits": "data",
    "DigitlibError": "errors",
    "DataError": "errors",
    "ImageError": "errors",
    "ModelError": "errors",
    "Reader": "reading",
    "Sketchpad": "widget",
    "keras": "backend",
    "open_reader": "weights",
}

__all__ = [*sorted(_MODULES), *_NAMES]


def __getattr__(name: str):
    if name in _MODULES:
        return import_module(f"digitlib.{name}")
    if name in _NAMES:
        return getattr(import_module(f"digitlib.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'digitlib' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
