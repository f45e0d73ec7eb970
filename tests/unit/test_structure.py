"""The house: imports go one way, reading needs no Keras, and what trains never measures."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

# Each may import those before it, and itself; modules in one line stand beside each other.
LEVELS = [
    {"errors"},
    {"backend"},
    {"reading"},  # beside all that follows: it needs errors alone (tested below)
    {"data", "models", "forms"},
    {"augmentation"},
    {"outliers", "evaluation"},
    {"training"},
    {"weights"},
    {"plotting", "check"},
    {"widget"},
    {"cli"},
    {"__main__"},
]
READING = ["arrays", "files", "engine", "mnist_format", "paper", "digit", "page", "reader"]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part(name: str) -> str:
    """Which part of digitlib a dotted name belongs to: digitlib.reading.page -> reading."""
    return name.split(".")[1] if name.startswith("digitlib.") else ""


def files_of(name: str) -> list[Path]:
    folder = ROOT / "digitlib" / name
    return sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_module_has_its_level():
    parts = {path.stem for path in (ROOT / "digitlib").glob("*.py")} - {"__init__"}
    parts |= {path.parent.name for path in (ROOT / "digitlib").glob("*/__init__.py")}
    assert parts == set.union(*LEVELS)


@pytest.mark.parametrize("level", range(len(LEVELS)), ids=lambda n: "-".join(sorted(LEVELS[n])))
def test_imports_go_one_way(level):
    allowed = set.union(*LEVELS[:level], set())
    for name in LEVELS[level]:
        for path in files_of(name):
            used = {part(n) for n in imports(path)} & set.union(*LEVELS)
            assert used <= allowed | {name}, f"{path.name} imports upwards: {used - allowed}"


def test_reading_needs_errors_alone_and_its_stages_go_one_way():
    for number, name in enumerate(READING):
        used = {
            n for n in imports(ROOT / f"digitlib/reading/{name}.py") if n.startswith("digitlib")
        }
        assert {part(n) for n in used} <= {"", "errors", "reading"}
        stages = {n.split(".")[2] for n in used if n.startswith("digitlib.reading.")}
        assert stages & set(READING) <= set(READING[:number]), name


def test_reading_works_where_keras_and_tensorflow_cannot_be_imported():
    code = """if True:
        import sys
        sys.modules["keras"] = sys.modules["tensorflow"] = sys.modules["sklearn"] = None
        import numpy as np
        from digitlib.reading import Reader
        sheet = np.full((200, 200), 250, np.uint8)
        sheet[40:160, 95:105] = 20
        reader = Reader(lambda x: np.eye(10)[[1] * len(x)], lambda x: np.ones(len(x)))
        print(reader.read_digit(sheet).text, reader.read_page(sheet).text)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "1 1\n", done.stderr


def test_what_trains_never_measures():
    trains = {"augmentation", "forms", "outliers"}
    for path in (ROOT / "tools/synthetic").glob("*.py"):
        assert not trains & {part(n) for n in imports(path)}, f"{path.name} uses what trains"
    for name in trains:
        (path,) = files_of(name)
        roots = {n.split(".")[0] for n in imports(path)}
        assert not {"synthetic", "benchmarks", "matplotlib", "PIL"} & roots, (
            f"{name} uses what measures, or its fonts"
        )


@pytest.mark.parametrize("folder", ["digitlib", "digitlib/reading", "digitlib/widget"])
def test_every_package_says_who_calls_whom(folder):
    for path in (ROOT / folder).glob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
    words = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text("utf-8")))
    modules = {path.stem for path in (ROOT / folder).glob("*.py")}
    modules |= {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}
    for module in modules - {"__init__", "__main__", "backend", Path(folder).name}:
        assert module in words, f"{folder} does not mention {module}"
