"""What every test and every notebook run by pytest shares."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from digitlib import data

MODELS = Path(tempfile.mkdtemp(prefix="digits-models-"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Give each notebook and test file a models folder of its own, empty at first.

    So yours in data/models stays as it is, and no notebook leans on another having run.
    """
    os.environ["DIGITLIB_MODELS"] = str(MODELS / item.path.stem)


def pytest_sessionfinish():
    shutil.rmtree(MODELS, ignore_errors=True)


@pytest.fixture(scope="session")
def small():
    """scikit-learn's digits, which every machine has."""
    return data.load_data("sklearn")


@pytest.fixture(scope="session")
def mnist():
    """MNIST; a test that needs it is skipped where it cannot be had."""
    try:
        return data.load_data("mnist")
    except data.DataError as error:
        pytest.skip(f"needs MNIST: {error}")
