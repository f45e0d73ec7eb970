"""The line that a test run ends with: what was run, what was not, and how that is run."""

from collections import Counter

# What the id of a test, or of a notebook's cell, begins with, and what such are called.
KINDS = {
    "tests/unit/": "unit tests",
    "tests/accuracy/": "accuracy tests",
    "tests/notebooks/test_runs.py": "tests of notebooks run cell by cell twice",
    "tests/notebooks/": "tests of stored notebooks",
    "tests/browser/": "tests in a browser",
    "notebooks/": "notebooks",
}
LEFT_OUT = (
    "every cell twice, without data and network, the whole fuzz, accuracy in full, the browser"
)


def last_line(nodes: set[str], skipped: int, digits: str, *, whole: bool, chosen: bool) -> str:
    """Say what was run, or "" where nothing of this project was.

    nodes: the ids of what was run. digits: what notebooks learned from. whole: whether the long
    tests were asked for; chosen: whether somebody named some tests, and knows what is left out.
    """
    files_or_tests = {n.split("::")[0] if n.startswith("notebooks/") else n for n in nodes}
    counts = Counter(
        next((kind for kind in KINDS if node.startswith(kind)), "") for node in files_or_tests
    )
    details = {"notebooks/": f" on {digits}"}
    if not whole:
        details["tests/accuracy/"] = " on a quarter of their sets"
    run = [
        f"{counts[kind]} {name}{details.get(kind, '')}"
        for kind, name in KINDS.items()
        if counts[kind]
    ]
    if not run:
        return ""
    line = f"Run: {', '.join(run)}."
    if skipped:
        line += f" Skipped: {skipped}, for the reasons above."
    if not whole and not chosen:
        line += f" Not run: {LEFT_OUT}: make test-all"
    return line
