"""Where the digits come from: MNIST, or the real digits that ship inside scikit-learn.

Notebooks, the command line and the tools call load_data().
"""

import hashlib
import os
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from digitlib.errors import DataError

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
# The contents, array by array: a file written anew by other tools is still MNIST if these agree.
_ARRAYS = {
    "x_train": (
        (60_000, 28, 28),
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    ),
    "y_train": ((60_000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": (
        (10_000, 28, 28),
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    ),
    "y_test": ((10_000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}
STALL_SECONDS = 12  # a network that delivers nothing for this long is taken to be closed
DOWNLOAD_SECONDS = 300

_ROOT = Path(__file__).resolve().parents[1]
# Installed from a wheel, digitlib has a folder of the user's own, and leaves the one they stand in.
_IN_PROJECT = (_ROOT / "pyproject.toml").is_file()
DATA_DIR = _ROOT / "data" if _IN_PROJECT else platformdirs.user_data_path("digitlib")
_REMEDY = (
    "delete it and run this again to download MNIST anew, or name a good copy in DIGITLIB_DATA"
)


@dataclass(frozen=True)
class Digits:
    """Images and labels, split once for the whole series. All arrays are read-only.

    x_*: uint8 of shape (n, 28, 28), 0 = paper, 255 = ink. y_*: int64 of shape (n,), 0 to 9.
    name: "mnist" or "sklearn".
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str

    def __post_init__(self):
        for part in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"):
            getattr(self, part).setflags(write=False)

    def epochs(self, on_mnist: int) -> int:
        """How many epochs to train: `on_mnist` on MNIST, more on a smaller set (at most 25).

        A network learns by updates, not by epochs. scikit-learn's digits are 42 times fewer,
        so one pass over them gives 42 times fewer updates.
        """
        return max(on_mnist, min(25, round(on_mnist * 55_000 / len(self.x_train))))


def load_data(source: str = "auto", path: str | Path | None = None) -> Digits:
    """Load the digits and say in one line which ones they are.

    source: "auto" takes the first of: `path` or the file (or folder) named by the environment
        variable DIGITLIB_DATA; data/mnist.npz; Keras's cache; Keras's download; and, with no
        network, scikit-learn's bundled digits. "mnist" does the same but never falls back.
        "sklearn" takes the bundled digits: 1,797 of them, enlarged to 28×28.

    Returns the split used everywhere: of MNIST 55,000 training, 5,000 validation (the last of
    the 60,000 training images) and 10,000 test images; of scikit-learn's 1,297, 200 and 300.

    Raises DataError where a file is missing, damaged or not MNIST, and for "mnist" where there
    is no network. No file is ever changed or deleted.

    MNIST: Y. LeCun, C. Cortes and C. Burges, 1998. scikit-learn's: E. Alpaydin and C. Kaynak,
    Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    if source not in ("auto", "mnist", "sklearn"):
        raise DataError(f'source is {source!r}; use "auto", "mnist" or "sklearn".')
    if source == "sklearn":
        if path is not None:
            raise DataError("path names a file of MNIST; leave it out for scikit-learn's digits.")
        print("scikit-learn's 1,797 digits, enlarged to 28×28, as asked.")
        return _bundled_digits()
    named = path or os.environ.get("DIGITLIB_DATA")
    if named:
        return _mnist(_named_file(named))
    for file in (DATA_DIR / "mnist.npz", keras_cache() / "mnist.npz"):
        if file.exists():
            return _mnist(file)
    try:
        file = download()
    except DataError as error:
        if source == "mnist":
            raise
        print(f"{error}\nUsing scikit-learn's 1,797 digits, enlarged to 28×28, instead.")
        return _bundled_digits()
    return _mnist(file)


def _named_file(name: str | Path) -> Path:
    """The file of MNIST that a path, relative to here or to the project's folder, stands for.

    Notebooks run in notebooks/, but the variable is mostly set in the project's folder. Raises
    DataError where there is none.
    """
    path = Path(name).expanduser()
    places = [path] if path.is_absolute() else [Path.cwd() / path, _ROOT / path]
    for place in places:
        file = place / "mnist.npz" if place.is_dir() else place
        if file.exists():
            return file
    looked_in = "" if path.is_absolute() else f" in {shown(Path.cwd())} or {shown(_ROOT)}"
    raise DataError(f"There is no file {path}{looked_in}; correct the path or leave it out.")


def download() -> Path:
    """Download MNIST with Keras into data/ (or Keras's cache) and return the file's path.

    The file appears whole or not at all, also when two notebooks download at once. Raises
    DataError where nothing arrives for 12 seconds, or the whole takes over five minutes.
    """
    folder = writable_folder(DATA_DIR, keras_cache())
    target = folder / "mnist.npz"
    partial = tempfile.TemporaryDirectory(dir=folder, prefix=".mnist-", ignore_cleanup_errors=True)
    failures: list[Exception] = []
    # A thread, because neither the look-up of a name nor a silent server can be timed out
    # otherwise. It is left behind when it hangs; what it may still bring is only ever whole.
    worker = threading.Thread(target=_fetch, args=(partial.name, target, failures), daemon=True)
    worker.start()
    if _is_stalled(worker, Path(partial.name)):
        failures.append(TimeoutError("the network does not answer"))
    else:
        partial.cleanup()
    if failures:
        raise DataError(
            f"MNIST is not on this machine and could not be downloaded ({_short(failures[0])}); "
            f"copy mnist.npz into {shown(DATA_DIR)}/ or name it in DIGITLIB_DATA."
        )
    return target


def _fetch(folder: str, target: Path, failures: list[Exception]) -> None:
    """Download MNIST into a folder, move it to `target` when it is whole, and note a failure."""
    try:
        from digitlib.backend import keras

        keras.config.disable_interactive_logging()  # no progress bar; of this thread alone
        file = keras.utils.get_file(
            "mnist.npz",
            origin=_URL,
            cache_dir=folder,
            cache_subdir=".",
            file_hash=_SHA256,
        )
        Path(file).replace(target)
    except Exception as error:
        failures.append(error.__context__ or error)  # Keras wraps the network's own words


def _is_stalled(worker: threading.Thread, folder: Path) -> bool:
    """Wait for a download into a folder; True where it has stood still, or taken, too long."""
    began = last_news = time.monotonic()
    arrived = 0
    while worker.is_alive():
        worker.join(0.2)
        now, size = time.monotonic(), _bytes_in(folder)
        if size > arrived:
            arrived, last_news = size, now
        if now - last_news > STALL_SECONDS or now - began > DOWNLOAD_SECONDS:
            return worker.is_alive()
    return False


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def read_mnist(file: Path) -> dict[str, np.ndarray]:
    """Read and verify an .npz in Keras's layout: x_train, y_train, x_test, y_test, all uint8.

    Raises DataError where the file is damaged, holds anything else, or holds pickled objects,
    which are never loaded since loading them would run their code.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 100_000_000:
                raise DataError(f"{shown(file)} is larger than MNIST can be; {_REMEDY}.")
        with np.load(file, allow_pickle=False) as archive:
            missing = sorted(_ARRAYS.keys() - set(archive.files))
            if missing:
                raise DataError(f"{shown(file)} has no array {missing[0]}; {_REMEDY}.")
            arrays = {name: archive[name] for name in _ARRAYS}
    except DataError:
        raise
    except (OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise DataError(
            f"{shown(file)} is damaged or no .npz file ({_short(error)}); {_REMEDY}."
        ) from None
    except Exception as error:
        # NumPy and zlib answer damaged or hostile contents with many types of their own.
        raise DataError(f"{shown(file)} cannot be read ({_short(error)}); {_REMEDY}.") from None
    for name, (shape, checksum) in _ARRAYS.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise DataError(
                f"{name} in {shown(file)} is {array.dtype} of shape {array.shape}, "
                f"not uint8 of shape {shape}; {_REMEDY}."
            )
        if hashlib.sha256(np.ascontiguousarray(array)).hexdigest() != checksum:
            raise DataError(f"{name} in {shown(file)} is not MNIST's; {_REMEDY}.")
    return arrays


def writable_folder(wanted: Path, otherwise: Path) -> Path:
    """Return `wanted` if a file can be made in it, else `otherwise`, with a notice.

    On a shared server the course's folder often belongs to the teacher. Raises DataError where
    neither can be written.
    """
    for folder in (wanted, otherwise):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        if folder is not wanted:
            print(f"{shown(wanted)} cannot be written; using {shown(folder)}.")
        return folder
    raise DataError(
        f"Neither {shown(wanted)} nor {shown(otherwise)} can be written; "
        "set KERAS_HOME to a folder of your own."
    )


def shown(path: Path) -> str:
    """Name a path as a reader would: from the project's folder, or from home."""
    path = path.absolute()
    places = [(DATA_DIR.parent, "")] if _IN_PROJECT else []
    for start, mark in (*places, (Path.home(), "~/")):
        if path.is_relative_to(start):
            return mark + path.relative_to(start).as_posix()
    return str(path)


def _mnist(file: Path) -> Digits:
    arrays = read_mnist(file)
    x, y = arrays["x_train"], arrays["y_train"].astype(np.int64)
    print(f"MNIST's 70,000 digits, read from {shown(file)}.")
    return Digits(
        x_train=x[:55_000],
        y_train=y[:55_000],
        x_val=x[55_000:],
        y_val=y[55_000:],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"].astype(np.int64),
        name="mnist",
    )


def _bundled_digits() -> Digits:
    """scikit-learn's digits, unshuffled: neighbours are often by one hand, and stay together."""
    from sklearn.datasets import load_digits

    bundled = load_digits()
    x = np.stack([_enlarge(image) for image in bundled.images])
    y = bundled.target.astype(np.int64)
    return Digits(x[500:], y[500:], x[300:500], y[300:500], x[:300], y[:300], "sklearn")


def _enlarge(image: np.ndarray) -> np.ndarray:
    """Turn an 8×8 image of 0.0–16.0 into 28×28 of 0–255, fitted and centred as MNIST's are."""
    from digitlib.reading.mnist_format import center_in_28, fit_in_20

    return center_in_28(fit_in_20((image * (255 / 16)).astype(np.uint8)))


def keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def _short(error: Exception) -> str:
    text = str(getattr(error, "reason", error)).splitlines()
    return text[0].strip().rstrip(".")[:120] if text else type(error).__name__
