"""Keras on TensorFlow, imported without the start-up lines TensorFlow writes to the terminal.

Raises DigitlibError where they are not installed: reading digits needs neither.
"""

import logging
import os
from contextlib import contextmanager

from digitlib.errors import DigitlibError


@contextmanager
def _standard_error_closed():
    """Send file descriptor 2 to nowhere: the lines come from C++, before any log level is read."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
try:
    with _standard_error_closed():
        import keras  # noqa: F401  (this is what the module is for)
except ModuleNotFoundError as missing:
    if missing.name not in ("keras", "tensorflow"):
        raise
    raise DigitlibError(
        "This needs TensorFlow, which is not installed; "
        "install it: python -m pip install 'digitlib[train]'"
    ) from None
# Working with several networks in turn is what the notebooks do; TensorFlow warns of retracing.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
