"""Numbers in the text: that they are tied, and that the tie breaks when either side changes."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from benchmarks import handwriting, speed
from digitlib import weights
from project import ROOT
from text_numbers import loose_shares, tied_numbers

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^\|.*$", "", README, flags=re.MULTILINE)  # tables are compared as a whole


def test_the_last_number_before_the_comment_is_meant():
    (tie,) = tied_numbers("From 12 to **1,234.5 %**<!-- = 100 * a[0] ± 0.05 --> of 99.")
    assert tie == (1234.5, "100 * a[0]", 0.05)
    (below_zero,) = tied_numbers("at −3 °C<!-- = t ± 1 -->")
    assert below_zero.number == -3
    assert not tie.difference(1234.54) and "1234.5 where" in tie.difference(1234.56)


def test_a_share_must_be_tied_or_say_where_it_is_from():
    tied = "97.8 %<!-- = a ± 1 -->, **98.3 %**<!-- from: LeCun 1998 -->, a 95 % interval, 100 %"
    assert not loose_shares(tied)
    assert loose_shares("97.8 % and `3 %` and\n```\n4 %\n```\nand 5% of **6 %**") == [
        "97.8 %",
        "5%",
        "6 %",
    ]


@pytest.mark.parametrize(("source", "text", "passes"), [
    ("mnist", 97.8, True), ("mnist", 97.2, False), ("sklearn", 97.2, True)
])  # fmt: skip
def test_a_notebook_fails_when_text_and_run_differ(tmp_path, source, text, passes):
    cells = [
        nbformat.v4.new_code_cell(f"class digits:\n    name = '{source}'\n\n\na = 0.98"),
        nbformat.v4.new_markdown_cell(f"It reads {text} %<!-- = 100 * a ± 0.3 --> of them."),
        nbformat.v4.new_code_cell("a = 0"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "a.ipynb")
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "conftest"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert (done.returncode == 0) is passes, done.stdout
    assert ("the text says 97.2 where 100 * a gives 98" in done.stdout) is not passes


def test_readme_agrees_with_the_stored_measurements():
    assert not loose_shares(PROSE)
    known = {"handwriting": json.loads(handwriting.RECORD.read_text())}
    known |= {"card": weights.model_card}
    found = tied_numbers(README)
    assert found
    for tie in found:
        difference = tie.difference(float(eval(tie.expression, known)))
        assert not difference, difference


@pytest.mark.parametrize("tool", [speed, handwriting], ids=lambda tool: tool.__name__)
def test_readme_has_the_table_of_the_stored_measurements(tool):
    for line in tool.table(json.loads(tool.RECORD.read_text())):
        assert line in README, f"what {tool.__name__}.py measured last gives {line}"
