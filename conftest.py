"""What every test and every notebook run by pytest shares."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

from digitlib import data
from digitlib.errors import DataError
from last_line import last_line
from notebook_runner import find_mnist
from text_numbers import tied_numbers

MODELS = Path(tempfile.mkdtemp(prefix="digits-models-"))
# Of TensorFlow, of OpenMP and the BLAS that NumPy brings, of OpenCV.
THREADS = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def pytest_addoption(parser):
    parser.addoption(
        "--whole",
        action="store_true",
        help="run the long tests too, and measure accuracy on whole sets: make test-all",
    )


def pytest_configure(config):
    """Give each of several processes, and the kernels it starts, one thread: cores are few."""
    if getattr(config.option, "numprocesses", None) or config.getoption("--whole"):
        os.environ.update(dict.fromkeys(THREADS, "1"))


def pytest_collection_modifyitems(config, items):
    """Leave out the tests marked as whole, unless they are asked for."""
    if config.getoption("--whole"):
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Give each notebook and test file a models folder of its own, empty at first.

    So yours in data/models stays as it is, and no notebook leans on another having run.
    """
    os.environ["DIGITLIB_MODELS"] = str(MODELS / item.path.stem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After a notebook's cell has run, compare the numbers that the text below it states."""
    result = yield
    if isinstance(item, IPyNbCell):
        check_numbers(item.parent.kernel, prose_below(item.parent.nb, item.cell))
    return result


def prose_below(notebook, cell) -> str:
    """The Markdown between a code cell and the next."""
    below = notebook.cells[notebook.cells.index(cell) + 1 :]
    kinds = [following.cell_type for following in below] + ["code"]
    return "\n\n".join(following.source for following in below[: kinds.index("code")])


def check_numbers(kernel, text: str) -> None:
    """Ask a kernel for each tied number of a text; the texts are true of MNIST alone."""
    found = tied_numbers(text)
    if not found:
        return
    asked = {str(i): f"float({tie.expression})" for i, tie in enumerate(found)}
    asked["source"] = "digits.name"
    reply = kernel.kc.execute(
        "", silent=True, store_history=False, user_expressions=asked, reply=True, timeout=60
    )
    kernel.await_idle(reply["parent_header"]["msg_id"], timeout=60)
    answers = reply["content"]["user_expressions"]
    if answers["source"]["data"]["text/plain"] != "'mnist'":
        return
    for i, tie in enumerate(found):
        answer = answers[str(i)]
        assert answer["status"] == "ok", f"{tie.expression}: {answer.get('evalue')}"
        difference = tie.difference(float(answer["data"]["text/plain"]))
        assert not difference, difference


def pytest_sessionfinish():
    shutil.rmtree(MODELS, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """End with a line that says what was run: after all that pytest itself has to say."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(config, "workerinput"):
        return
    outcomes = ("passed", "failed", "error")
    options = config.option
    line = last_line(
        {report.nodeid for outcome in outcomes for report in terminal.getreports(outcome)},
        len(terminal.getreports("skipped")),
        "MNIST" if find_mnist() else "scikit-learn's digits",
        whole=options.whole,
        chosen=bool(options.file_or_dir or options.keyword or options.markexpr),
    )
    if line:
        terminal.write_line(line)


@pytest.fixture(scope="session")
def sized(request):
    """How many of n images, pages or files a test takes: all with --whole, else a quarter."""
    return lambda n: n if request.config.getoption("--whole") else -(n // -4)


@pytest.fixture(scope="session")
def network():
    """The shipped reader's network, a Keras model."""
    from digitlib import weights

    return weights.read_model(weights.PRETRAINED / "reader.keras")


@pytest.fixture(scope="session")
def reader(network):
    """The shipped Reader."""
    from digitlib import weights

    return weights.open_reader(network)


@pytest.fixture(scope="session")
def small():
    """scikit-learn's digits, which every machine has."""
    return data.load_data("sklearn")


@pytest.fixture(scope="session")
def mnist():
    """MNIST; a test that needs it is skipped where it cannot be had."""
    try:
        return data.load_data("mnist")
    except DataError as error:
        pytest.skip(f"needs MNIST: {error}")


@pytest.fixture(scope="session")
def real():
    """200 real digits, each 8×8, enlarged to dark ink on light paper of 200×200."""
    import cv2
    import numpy as np
    from sklearn.datasets import load_digits

    from digitlib import reading

    bundled = load_digits()
    pictures = [
        225 - cv2.copyMakeBorder(grown // 4 * 3, *[30] * 4, cv2.BORDER_CONSTANT)
        for grown in (
            reading.resize_to((image * (255 / 16)).astype(np.uint8), 140)
            for image in bundled.images[:200]
        )
    ]
    return pictures, bundled.target[:200]
