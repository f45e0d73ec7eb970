"""The notebooks as such: stored outputs, links, and cells that may be run again.

That each runs, from a fresh kernel and with no other having run, is what nbval shows in the same
pytest run: conftest.py gives every notebook an empty models folder.
"""

import copy
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from fresh_copy import environment, fresh_copy
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
CHECKED = "nbval-check-output"


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def printed(cell):
    """The text a cell printed or showed; not its pictures, tables in HTML and widgets."""
    streams = [o.text for o in cell.outputs if o.output_type == "stream"]
    shown = [
        o.data["text/plain"]
        for o in cell.outputs
        if o.output_type == "execute_result" and "text/plain" in o.data
    ]
    return "".join(streams + shown)


def without_times(text):
    """Mask what differs from run to run: "1.2 s", "35 ms/step", a widget's or object's address."""
    text = re.sub(r"\b\d+([.,]\d+)?\s?(s|ms|µs|seconds?|minutes?)\b", "TIME", text)
    return re.sub(r"\b0x[0-9a-f]+\b|[0-9a-f]{32}", "ADDRESS", text)


def test_all_six_are_there():
    names = [path.stem for path in NOTEBOOKS]
    assert names[:6] == [
        "01_data_exploration",
        "02_dense_model",
        "03_dropout_model",
        "04_cnn",
        "05_confusion_matrix",
        "06_custom_images",
    ]


@each_notebook
def test_it_is_stored_as_executed_from_top_to_bottom(path):
    nbformat.validate(read(path))
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) > len(cells) / 2


@each_notebook
def test_its_outputs_are_clean(path):
    for number, cell in enumerate(code_cells(read(path)), 1):
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {number} failed"
            assert output.get("name") != "stderr", f"cell {number} wrote to stderr: {output.text}"
        # A picture's text is "<Figure ...>", which only those without pictures get to see.
        text = "".join(
            o.get("text", "") + str({k: v for k, v in o.get("data", {}).items() if "text" in k})
            for o in cell.outputs
            if "image/png" not in o.get("data", {})
        )
        where = re.search(r"(?:/(?:home|root|Users|tmp|work|var|opt|usr)/|[A-Z]:\\)[^\s'\"]*", text)
        assert not where, f"cell {number} shows a path of one machine: {where and where[0]}"
        assert not re.search(r"<(Axes|Figure|matplotlib|keras)[^>]*>", text), f"cell {number}"
        assert "Warning" not in text, f"cell {number} shows a warning"


@each_notebook
def test_it_is_short_and_small(path):
    notebook = read(path)
    assert path.stat().st_size <= 1_000_000
    assert len(code_cells(notebook)) <= 45
    kept = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    assert dict(notebook.metadata) == kept | {"language_info": {"name": "python"}}, (
        "versions of one machine: make notebooks leaves them out"
    )


@each_notebook
def test_no_cell_escapes_the_check(path):
    cells = code_cells(read(path))
    checked = []
    for number, cell in enumerate(cells, 1):
        tags = cell.metadata.get("tags", [])
        assert not {"nbval-ignore-output", "nbval-skip", "nbval-raises-exception"} & set(tags)
        assert not re.search(r"NBVAL_(IGNORE|SKIP|RAISES)|PYTEST_VALIDATE_IGNORE", cell.source)
        if CHECKED in tags:
            # nbval lets a cell with no stored output print what it likes
            assert printed(cell).strip(), f"cell {number} is to be checked but stores no text"
            checked.append(number)
    assert checked, "no cell's output is compared"
    assert any("assert " in cell.source for cell in cells), "no checkpoint"


def test_a_changed_output_makes_the_notebook_fail(tmp_path):
    """Notebook 01, up to its first checked cell: as stored it passes, with one letter changed not.

    Both copies are run by pytest with this project's own settings.
    """
    notebook = read(NOTEBOOKS[0])
    first = next(i for i, c in enumerate(notebook.cells) if CHECKED in c.metadata.get("tags", []))
    notebook.cells = notebook.cells[: first + 1]
    nbformat.write(notebook, tmp_path / "stored.ipynb")
    (output, *_) = [o for o in notebook.cells[first].outputs if printed(notebook.cells[first])]
    if output.output_type == "stream":
        output.text = "changed " + output.text
    else:
        output.data["text/plain"] = "changed " + output.data["text/plain"]
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    settings = ["-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "no:cacheprovider"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    failed = re.findall(r"^FAILED .*", result.stdout, re.MULTILINE)
    assert len(failed) == 1 and "changed.ipynb" in failed[0], result.stdout
    assert "changed" in result.stdout and result.returncode == 1


def run_twice(path, folder, models):
    """Execute a notebook on the small digits, each code cell twice in a row; return those cells."""
    notebook = read(folder / "notebooks" / path.name)
    once, notebook.cells = notebook.cells, []
    for cell in once:
        notebook.cells.append(cell)
        if cell.cell_type == "code":
            notebook.cells.append(copy.deepcopy(cell))
            notebook.cells[-1].id = f"{cell.id}-again"[-64:]
    where = {"metadata": {"path": str(folder / "notebooks")}}
    variables = environment(folder, offline=True) | {"DIGITLIB_MODELS": str(models / path.stem)}
    NotebookClient(notebook, timeout=600, resources=where).execute(env=variables)
    return code_cells(notebook)


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """Each asked-for notebook's run, two at a time: one alone leaves a core idle."""
    name, models = "test_every_cell_can_be_run_twice", tmp_path_factory.mktemp("models")
    tests = [t for t in request.session.items if getattr(t, "originalname", "") == name]
    paths = [test.callspec.params["path"] for test in tests]
    with fresh_copy() as folder, ThreadPoolExecutor(2) as pool:
        yield {path: pool.submit(run_twice, path, folder, models) for path in paths}


@each_notebook
def test_every_cell_can_be_run_twice(path, runs):
    cells = runs[path].result()
    for number, (first, again) in enumerate(zip(cells[::2], cells[1::2], strict=True), 1):
        assert first.source == again.source
        assert without_times(printed(again)) == without_times(printed(first)), f"cell {number}"


def links(text):
    """Targets of Markdown links and images, and of HTML's src and href, that are no addresses."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    return [target for target in found if not re.match(r"https?://|mailto:|attachment:", target)]


def anchors(text):
    """How GitHub names the headings of a Markdown text."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "data/README.md", *NOTEBOOKS],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_it_links_to_exists(path):
    if path.suffix == ".ipynb":
        text = "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    for target in links(text):
        name, _, anchor = target.partition("#")
        assert not name or (path.parent / name).exists(), f"{target} does not exist"
        if anchor and not name and path.suffix == ".md":
            assert anchor in anchors(text), f"no heading for #{anchor}"
    if path.suffix == ".ipynb":
        others = {p.name for p in NOTEBOOKS} - {path.name}
        assert others & set(links(text)), "it links to no other notebook"
