"""Each notebook as an eager reader might run it, without MNIST: every cell twice, wrong answers.

These take long: make test-all.
"""

import copy
import re
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbclient import NotebookClient

from notebook_cells import CHECKED, code_cells, each_notebook, exercises, printed, read
from notebook_runner import environment, fresh_copy
from wrong_answers import WRONG

pytestmark = pytest.mark.whole


def without_times(text):
    """Mask what differs from run to run: "1.2 s", "35 ms/step", a widget's or object's address."""
    text = re.sub(r"\b\d+([.,]\d+)?\s?(s|ms|µs|seconds?|minutes?)\b", "TIME", text)
    return re.sub(r"\b0x[0-9a-f]+\b|[0-9a-f]{32}", "ADDRESS", text)


def run(path, folder, models):
    """Execute a notebook on the small digits as an eager reader might; return the code cells run.

    Each cell twice in a row; then the exercises' solutions and wrong answers. metadata.run says
    which of these a cell belongs to.
    """
    notebook = read(folder / "notebooks" / path.name)
    original, notebook.cells = notebook.cells, []

    def append(cell, kind):
        notebook.cells.append(copy.deepcopy(cell))
        notebook.cells[-1].metadata["run"] = kind
        notebook.cells[-1].id = f"cell-{len(notebook.cells)}"

    for cell in original:
        for kind in ("once", "again") if cell.cell_type == "code" else ():
            append(cell, kind)
    for name, _, call, code in exercises(original):
        for answer in (code, *(wrong for wrong, _ in WRONG[name])):
            append(nbformat.v4.new_code_cell(f"{answer}\n{call}"), name)
    where = {"metadata": {"path": str(folder / "notebooks")}}
    variables = environment(folder, offline=True) | {"DIGITLIB_MODELS": str(models / path.stem)}
    client = NotebookClient(notebook, timeout=600, resources=where, allow_errors=True)
    # What a slider's cell draws is an output like any other. The client would else send it all
    # back to the kernel, as a page does, and on a busy machine the two then wait for each other.
    client.widget_registry = {}
    client.execute(env=variables)
    return notebook.cells


def ran(cells, kind):
    """The cells of one part of a run, of which none may have failed."""
    chosen = [cell for cell in cells if cell.metadata["run"] == kind]
    for cell in chosen:
        errors = [o.evalue for o in cell.outputs if o.output_type == "error"]
        assert not errors, f"{errors[0]}\n{cell.source}"
    return chosen


@pytest.fixture(scope="module")
def run_of(request, tmp_path_factory):
    """Give the cells of a notebook's run; those that are asked for are made two at a time.

    Two threads in one process, since the notebooks share nothing and one alone leaves a core idle.
    """
    models = tmp_path_factory.mktemp("models")
    tests = [t for t in request.session.items if "run_of" in getattr(t, "fixturenames", ())]
    paths = dict.fromkeys(test.callspec.params["path"] for test in tests)
    with fresh_copy() as folder, ThreadPoolExecutor(2) as pool:
        runs = {path: pool.submit(run, path, folder, models) for path in paths}
        yield lambda path: runs[path].result()


@each_notebook
def test_every_cell_can_be_run_twice(path, run_of):
    cells = run_of(path)
    pairs = zip(ran(cells, "once"), ran(cells, "again"), strict=True)
    for number, (first, again) in enumerate(pairs, 1):
        assert first.source == again.source
        assert without_times(printed(again)) == without_times(printed(first)), f"cell {number}"


@each_notebook
def test_checked_outputs_are_the_same_without_mnist(path, run_of):
    for stored, now in zip(code_cells(read(path)), ran(run_of(path), "once"), strict=True):
        if CHECKED in stored.metadata.get("tags", []):
            assert printed(now) == printed(stored), stored.source


@each_notebook
def test_checkers_take_solutions_and_name_misconceptions(path, run_of):
    for name, *_ in exercises(read(path).cells):
        right, *wrong = (printed(cell).splitlines() for cell in ran(run_of(path), name))
        assert right[-1] == "Right.", f"{name}: {right}"
        hints = [lines[-1] for lines in wrong]
        assert len(set(hints)) == 2, f"{name}: {hints}"
        for hint, (_, part) in zip(hints, WRONG[name], strict=True):
            assert hint.startswith("Not yet: ") and part in hint, f"{name}: {hint}"
