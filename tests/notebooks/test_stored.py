"""The notebooks as they are stored: outputs, links, exercises, and sections that may be run again.

That each runs, from a fresh kernel and with no other having run, is what nbval shows in the same
pytest run: conftest.py gives every notebook an empty models folder.
"""

import ast
import re
import shlex
import subprocess
import symtable
import sys

import nbformat
import pytest

from notebook_cells import CHECKED, PATHS, code_cells, each_notebook, exercises, printed, read
from project import ROOT
from text_numbers import loose_shares
from wrong_answers import WRONG


def test_all_are_there():
    assert [path.stem for path in PATHS] == [
        "01_data_exploration",
        "02_dense_model",
        "03_dropout_model",
        "04_cnn",
        "05_confusion_matrix",
        "06_custom_images",
        "07_pitfalls",
        "08_towards_the_record",
        "09_look_inside",
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
    notebook = read(PATHS[0])
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


def sections(cells):
    """The cells of a notebook, split at its headings of the second order."""
    found = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, re.MULTILINE):
            found.append([])
        found[-1].append(cell)
    return found


def names(source):
    """The global names that a cell reads before it binds them, and those that it binds."""

    def symbols(table):
        yield from ((symbol, table.get_type()) for symbol in table.get_symbols())
        for inner in table.get_children():
            yield from symbols(inner)

    read, bound = set(), set()
    for statement in ast.parse(source).body:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        made = {
            s.get_name()
            for s in table.get_symbols()
            if s.is_assigned() or s.is_imported() or s.is_namespace()
        }
        used = {
            s.get_name()
            for s, kind in symbols(table)
            if s.is_referenced() and (kind == "module" or s.is_global())
        }
        if isinstance(statement, ast.AugAssign):
            used |= made
        elif not isinstance(statement, ast.Assign):  # a loop's variable, a function's own name
            used -= made
        read |= used - bound
        bound |= made
    return read, bound


@each_notebook
def test_no_section_reads_a_name_that_a_later_one_binds_anew(path):
    """So a section may be run again after all that follow it: it finds what it found before."""
    parts = []
    for section in sections(read(path).cells):
        needed, made = set(), set()
        for cell in section:
            if cell.cell_type == "code":
                used, bound = names(cell.source)
                needed |= used - made
                made |= bound
        parts.append((needed, made))
    for number, (needed, _) in enumerate(parts):
        for later, (_, made) in enumerate(parts[number + 1 :], number + 1):
            assert not needed & made, f"section {number} reads what {later} binds: {needed & made}"


def test_a_name_bound_anew_is_found():
    assert names("y = f(x)\nfor i in y:\n    z = i + k") == ({"f", "x", "k"}, {"y", "i", "z"})
    assert names("def g(a, b=c):\n    return [a * h for d in b]") == ({"c", "h"}, {"g"})
    assert names("n += 1\nm = m + n") == ({"n", "m"}, {"n", "m"})


@each_notebook
def test_its_exercises_are_stored_unsolved(path):
    found = exercises(read(path).cells)
    assert len(found) == (3 if path.stem < "07" else 2)
    for _, stub, _, _ in found:
        assert printed(stub) == "Not solved yet: put your answer in place of the dots.\n"


def test_every_checker_is_used_and_has_wrong_answers():
    tree = ast.parse((ROOT / "digitlib/check.py").read_text(encoding="utf-8"))
    names = {function.name for function in tree.body if getattr(function, "decorator_list", [])}
    used = [name for path in PATHS for name, *_ in exercises(read(path).cells)]
    assert sorted(used) == sorted(names) == sorted(WRONG)


def test_one_command_makes_copies_without_solutions(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^.*(-m jupyter nbconvert .*)$", readme, re.MULTILINE)
    arguments = [str(tmp_path) if a == "class" else a for a in shlex.split(command)]
    subprocess.run(
        [sys.executable, *arguments[:-1], PATHS[0]], cwd=ROOT, check=True, capture_output=True
    )
    copied = read(tmp_path / PATHS[0].name)
    original = read(PATHS[0])
    assert len(copied.cells) == len(original.cells) - 3
    assert "Not solved yet" in str(copied.cells)
    assert "<summary>Solution" in str(original.cells) and "<summary>Solution" not in str(
        copied.cells
    )


@each_notebook
def test_every_picture_is_described(path):
    for number, cell in enumerate(code_cells(read(path)), 1):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            text = cell.metadata.get("alt", "")
            assert len(text) >= 30, f"cell {number} needs an alt text in its metadata"


@each_notebook
def test_every_share_in_the_text_is_tied_to_a_run_or_says_where_it_is_from(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "markdown"]
    loose = [(share, cell.source[:60]) for cell in cells for share in loose_shares(cell.source)]
    assert not loose, f"see tests/support/text_numbers.py: {loose}"


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
    [ROOT / "README.md", ROOT / "data/README.md", *PATHS],
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
        others = {p.name for p in PATHS} - {path.name}
        assert others & set(links(text)), "it links to no other notebook"
