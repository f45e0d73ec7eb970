"""digitlib: what the handwritten-digit notebooks use more than once.

    data         where the digits come from
    models       what the networks are
    augmentation how one hand becomes many
    training     how they learn, and where they are kept
    evaluation   how well they do
    pictures     what an image file shows
    images       how a photo becomes 28×28
    pages        where one digit ends and the next begins
    doubt        what is no digit at all
    recognition  all of these together: what is written in a picture
    plotting     how it is drawn
    check        the exercises' checkers
    sketchpad    paper in the notebook

Everything is imported on first use, so that ``import digitlib`` is instant: TensorFlow alone
takes seconds.
"""

from importlib import import_module

_MODULES = {
    "data", "models", "augmentation", "training", "evaluation", "pictures", "images", "pages",
    "doubt", "recognition", "plotting", "check", "sketchpad",
}  # fmt: skip
_NAMES = {
    "load_data": "data",
    "Digits": "data",
    "DataError": "data",
    "ImageError": "pictures",
    "ModelError": "training",
    "Sketchpad": "sketchpad",
    "keras": "backend",
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
