"""Work in a fresh copy of this project, so that what you trained and downloaded stays as it is.

python tools/notebook_runner.py notebooks     execute every notebook and store its outputs
python tools/notebook_runner.py test-offline  run the unit tests with no MNIST and no network;
                                              pytest's options may follow
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from digitlib import data

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".venv", ".git", "*.egg-info", "__pycache__", ".*_cache", ".ipynb_checkpoints", "build",
    "models", "mnist.npz", ".mnist-*", "mine",
)  # fmt: skip
WIDGET = "application/vnd.jupyter.widget-view+json"
CLOSED = "http://127.0.0.1:9"  # nothing listens on this port, so every download fails at once


@contextmanager
def fresh_copy() -> Iterator[Path]:
    """Yield a copy of the project without data/models, data/mnist.npz and your own pictures."""
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        copy = Path(folder).resolve() / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        (copy / "data/samples/mine").mkdir(parents=True)
        yield copy


def environment(copy: Path, *, offline: bool) -> dict[str, str]:
    """Return the environment where Python finds the copy's digitlib and, offline, no MNIST."""
    changed = {"PYTHONPATH": str(copy)}
    removed = {"DIGITLIB_DATA", "DIGITLIB_MODELS"}
    if offline:
        names = [f"{name}_proxy" for name in ("http", "https", "all")]
        changed |= {name: CLOSED for n in names for name in (n, n.upper())}
        changed["KERAS_HOME"] = str(copy / "no-keras")
        removed |= {"no_proxy", "NO_PROXY"}
    return {k: v for k, v in os.environ.items() if k not in removed} | changed


def execute(path: Path, copy: Path) -> None:
    """Execute the notebook at `path` in a fresh kernel and write it, with its outputs, back."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=environment(copy, offline=False))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = without_widgets(cell.outputs)
    # Versions and widget states would change with every machine; nothing here reads them.
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


def without_widgets(outputs: list) -> list:
    """Drop the widgets, which show as errors without a kernel; keep the still pictures of some."""
    kept = []
    for output in outputs:
        widget = output.get("data", {}).pop(WIDGET, None)
        if widget is None or "image/png" in output["data"]:
            kept.append(output)
    return kept


def find_mnist() -> Path | None:
    """Return the file of MNIST on this machine; None where there is none yet."""
    named = Path(os.environ.get("DIGITLIB_DATA") or data.DATA_DIR)
    places = (named, named / "mnist.npz", data.keras_cache() / "mnist.npz")
    return next((place for place in places if place.is_file()), None)


def mnist_file() -> Path:
    """Return the file of MNIST on this machine, downloaded if need be; else raise DataError."""
    data.load_data("mnist")
    return find_mnist()


def notebooks() -> int:
    """Execute all notebooks, each as if it were the first, and store those that succeed."""
    with fresh_copy() as copy:
        shutil.copy(mnist_file(), copy / "data/mnist.npz")
        for path in sorted((copy / "notebooks").glob("*.ipynb")):
            shutil.rmtree(copy / "data/models", ignore_errors=True)
            began = time.perf_counter()
            execute(path, copy)
            shutil.copy(path, ROOT / "notebooks")
            print(f"{path.name}: {time.perf_counter() - began:.0f} s", flush=True)
    return 0


def test_offline(*options: str) -> int:
    """Run pytest, with these options, where neither MNIST nor the network can be reached."""
    with fresh_copy() as copy:
        # Those of the notebooks are such runs in any case: see tests/notebooks/test_runs.py.
        command = [sys.executable, "-m", "pytest", "tests", "--ignore=tests/notebooks", *options]
        return subprocess.run(command, cwd=copy, env=environment(copy, offline=True)).returncode


if __name__ == "__main__":
    commands = {"notebooks": notebooks, "test-offline": test_offline}
    if sys.argv[1:2] == [] or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]](*sys.argv[2:]))
