"""Draw docs/result.png, the picture in README: samples, what preprocessing makes of them, answers.

python tools/readme_picture.py
"""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

from digitlib import plotting, reading, weights

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data/samples"
SHOWN = ("shadow", "light_on_dark", "thin", "thick", "ruled_paper", "small_in_large", "pencil")


def main() -> None:
    """Write the picture."""
    with (SAMPLES / "labels.csv").open() as file:
        paths = [SAMPLES / row["file"] for row in csv.DictReader(file)]
    paths = [path for path in paths if path.stem in SHOWN]
    reader = weights.open_reader(weights.shipped_model("reader"))
    plotting.use_style()
    fig, axes = plt.subplots(2, len(paths), figsize=(11, 3.9))
    for (above, below), path in zip(axes.T, paths, strict=True):
        seen = reading.preprocess(path)
        digit = reader.read_digit(seen).digits[0]
        above.imshow(seen.picture)
        above.set_title(path.stem.replace("_", " "), loc="center", fontsize=10)
        above.axis("off")
        plotting.show_digit(seen.image, ax=below)
        below.set_title(f"{digit.digit}  ({digit.probability:.0%})", loc="center", fontsize=13)
    fig.suptitle("Your picture, what the network sees, and what it reads", x=0.01, ha="left")
    fig.savefig(ROOT / "docs/result.png", dpi=90)


if __name__ == "__main__":
    main()
