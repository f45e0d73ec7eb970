"""What every test and every notebook run by pytest shares."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

from digitlib import data
from digitlib.errors import DataError
from text_numbers import tied_numbers

MODELS = Path(tempfile.mkdtemp(prefix="digits-models-"))


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
