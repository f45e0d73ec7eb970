"""What the picture chain says of pictures that are always the same: the golden files.

    PYTHONPATH=tools python tests/support/golden.py    renew tests/golden/ after a meant change

Samples, pages and 200 pictures drawn by code are read, and all that is kept of them is what was
seen and said: the 28×28 pixels (in a sheet of tiles that one can look at), box, digit, probability
and warning. A move of code changes none of it; what does change it is a commit that says why.
"""

import csv
import itertools
import json
from pathlib import Path

import cv2
import numpy as np

from digitlib import weights
from project import ROOT, SAMPLES
from synthetic import layout, outliers, pens, strokes

FOLDER = ROOT / "tests" / "golden"
COLUMNS = 30  # tiles in a row of the sheet


def named(table: str) -> list[Path]:
    """The files that a table of data/samples names."""
    with (SAMPLES / table).open() as file:
        return [SAMPLES / row["file"] for row in csv.DictReader(file)]


def drawn() -> dict[str, np.ndarray]:
    """200 pictures drawn by code: 160 digits in every form and pen, 40 of what is no digit."""
    rng = np.random.default_rng(16)
    forms = [(label, form) for label, hand in strokes.HANDS.items() for form in hand]
    pictures = {}
    for i, (label, form) in zip(range(160), itertools.cycle(forms), strict=False):
        pen = list(pens.PENS)[i % len(pens.PENS)]
        pictures[f"{i}: {label} {form}, {pen}"] = layout.digit(label, form, pen, rng)
    others = [*outliers.outliers(30, 16), *outliers.lookalikes(10, 16)]
    for i, (kind, name, picture) in enumerate(others, 160):
        pictures[f"{i}: {kind} {name}"] = picture
    return pictures


def observe() -> tuple[dict, np.ndarray]:
    """Read all pictures: what is said of each, and the 28×28 of every single, uint8 (n, 28, 28)."""
    reader = weights.open_reader()
    singles = {path.name: path for path in named("labels.csv")} | drawn()
    said, seen = {}, []
    for name, picture in singles.items():
        answer = reader.read_digit(picture)
        said[name] = describe(answer)
        seen.append(answer.digits[0].image if answer.digits else np.zeros((28, 28), np.uint8))
    for path in named("pages.csv"):
        said[f"pages/{path.name}"] = describe(reader.read_page(path))
    return said, np.stack(seen)


def describe(answer) -> dict:
    """What is said of one picture, in numbers and words that JSON holds."""
    return {
        "text": answer.text,
        "warning": answer.warning or "",
        "boxes": [list(digit.box) for digit in answer.digits],
        "probabilities": [round(digit.probability, 3) for digit in answer.digits],
        "digit probabilities": [round(digit.digit_probability, 3) for digit in answer.digits],
    }


def sheet(tiles: np.ndarray) -> np.ndarray:
    """Lay tiles, uint8 (n, 28, 28), into one picture, COLUMNS in a row."""
    rows = -(len(tiles) // -COLUMNS)
    padded = np.zeros((rows * COLUMNS, 28, 28), np.uint8)
    padded[: len(tiles)] = tiles
    grid = padded.reshape(rows, COLUMNS, 28, 28)
    return grid.swapaxes(1, 2).reshape(rows * 28, COLUMNS * 28)


def tiles(picture: np.ndarray) -> np.ndarray:
    """Take a sheet apart again: uint8 (n, 28, 28), with the empty tiles at its end."""
    rows = len(picture) // 28
    return picture.reshape(rows, 28, COLUMNS, 28).swapaxes(1, 2).reshape(-1, 28, 28)


def main() -> None:
    """Write the golden files."""
    said, seen = observe()
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(f" {json.dumps(n)}: {json.dumps(said[n])}" for n in said)
    (FOLDER / "answers.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    cv2.imwrite(str(FOLDER / "seen.png"), sheet(seen))


if __name__ == "__main__":
    main()
