"""The line that a test run ends with."""

from last_line import LEFT_OUT, last_line

NODES = {
    "tests/unit/test_page.py::test_a",
    "tests/unit/test_page.py::test_b[1]",
    "tests/accuracy/test_pages.py::test_c",
    "tests/notebooks/test_stored.py::test_d",
    "notebooks/01_data_exploration.ipynb::Cell 0",
    "notebooks/01_data_exploration.ipynb::Cell 1",
    "notebooks/02_dense_model.ipynb::Cell 0",
}


def test_it_counts_what_was_run_and_names_what_was_not():
    assert last_line(NODES, 0, "MNIST", whole=False, chosen=False) == (
        "Run: 2 unit tests, 1 accuracy tests on a quarter of their sets, 1 tests of stored "
        f"notebooks, 2 notebooks on MNIST. Not run: {LEFT_OUT}: make test-all"
    )


def test_a_whole_run_and_a_chosen_one_name_what_they_ran():
    nodes = {*NODES, "tests/notebooks/test_runs.py::test_e"}
    whole = last_line(nodes, 3, "scikit-learn's digits", whole=True, chosen=False)
    assert "1 accuracy tests, 1 tests of notebooks run cell by cell twice, 1 tests of" in whole
    assert whole.endswith("on scikit-learn's digits. Skipped: 3, for the reasons above.")
    one = last_line({"tests/browser/test_sketchpad.py::test"}, 0, "", whole=False, chosen=True)
    assert one == "Run: 1 tests in a browser."


def test_a_run_of_something_else_says_nothing():
    assert last_line({"../../tmp/a.ipynb::Cell 0"}, 0, "MNIST", whole=False, chosen=True) == ""
