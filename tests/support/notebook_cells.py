"""The notebooks, read: their cells, what these printed, and their exercises."""

import itertools
import re

import nbformat
import pytest

from project import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
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


def exercises(cells):
    """(checker's name, code cell, its call of the checker, solution's code) of each exercise."""
    found = []
    for cell, following in itertools.pairwise(cells):
        if "exercise" in cell.metadata.get("tags", []):
            call = cell.source[cell.source.rindex("\ncheck.") :].strip()
            assert "solution" in following.metadata.get("tags", []), cell.source
            (code,) = re.findall(r"```python\n(.*?)\n```", following.source, re.DOTALL)
            found.append((re.match(r"check\.(\w+)\(", call)[1], cell, call, code))
    return found
