"""How well strangers' handwriting is read: one table over several sets, and a figure of pages.

    python tools/benchmarks/handwriting.py                 measure the reader, for README
    python tools/benchmarks/handwriting.py NAME|PATH       measure another network

No single set stands for strangers, so there are several, none of which the network was trained on:
scikit-learn's digits as pictures, digits drawn by code in many hands and pens, MNIST's test images
as pictures, pages of them that get harder and harder to see, and what is no digit at all.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_digits

from digitlib import data, evaluation, reading, weights
from digitlib.reading import resize_to

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where the package synthetic lies
from synthetic import cameras, layout, outliers, papers, pens, strokes

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("handwriting.json")
STRENGTHS = (0, 0.25, 0.5, 0.75, 1)


def scikit_learn() -> tuple[list[np.ndarray], np.ndarray]:
    """scikit-learn's 1,797 digits, 8×8, as dark ink on light grey sheets of 200×200."""
    bundled = load_digits()
    large = (resize_to((x * (255 / 16)).astype(np.uint8), 140) for x in bundled.images)
    return [_on_sheet(image, 30, 225) for image in large], bundled.target


def as_pictures(x: np.ndarray) -> list[np.ndarray]:
    """MNIST images, uint8 (n, 28, 28), as black on white pictures: 160 pixels and a margin."""
    return [_on_sheet(resize_to(image, 160), 20, 255) for image in x]


def _on_sheet(ink: np.ndarray, margin: int, paper: int) -> np.ndarray:
    ink = cv2.copyMakeBorder(ink, *[margin] * 4, cv2.BORDER_CONSTANT)
    return (paper * (1 - ink / 255)).astype(np.uint8)


def drawn(pen: str, n: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """n digits drawn with one pen, in all the forms of strokes.HANDS by turns."""
    rng = np.random.default_rng([seed, *pen.encode()])
    forms = [(label, form) for label, hand in strokes.HANDS.items() for form in hand]
    chosen = [forms[i % len(forms)] for i in range(n)]
    pictures = [layout.digit(label, form, pen, rng) for label, form in chosen]
    return pictures, np.array([label for label, _ in chosen])


def read(reader: reading.Reader, pictures: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Read pictures one by one: probabilities, float32 (n, 10), and which got a warning, (n,)."""
    answers = [reader.read_digit(picture) for picture in pictures]
    none = np.full(10, 0.1)
    rows = [answer.digits[0].probabilities if answer.digits else none for answer in answers]
    return np.stack(rows), np.array([answer.warning is not None for answer in answers])


def flagged(reader: reading.Reader, pictures: list[np.ndarray]) -> np.ndarray:
    """Which pictures are answered with a warning, bool (n,)."""
    return read(reader, pictures)[1]


# --- pages --------------------------------------------------------------------------------------


def a_page(x, y, rng, *, rows: int = 6, columns: int = 9, **spacing):
    """Ink (1100, 1400) of a page of digits picked from x, y; (label, box) of each.

    spacing: gap, left, wobble, slope and heights, as in layout.page().
    """
    chosen = rng.integers(len(x), size=(rows, columns))
    items = [[(int(y[i]), x[i].astype(np.float32) / 255) for i in row] for row in chosen]
    return layout.page(items, (1100, 1400), rng, **{"heights": (60, 90)} | spacing)


def _photo(ink, rng, *, paper=None, pen="black", light=None, noise=2.0, soft=0.0) -> np.ndarray:
    paper = papers.sheet("white", ink.shape) if paper is None else paper
    picture = papers.lay(ink, paper, papers.INKS[pen])
    picture = light(picture) if light else picture
    return cameras.grain(cameras.blur(picture, soft) if soft else picture, noise, rng)


def _bent(picture, truth, matrix):
    """Warp a page and carry its boxes along."""
    warped = cameras.warp(picture, matrix, papers.PAPERS["white"])
    moved = []
    for label, (left, top, right, bottom) in truth:
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
        found = cv2.perspectiveTransform(corners, matrix)[0]
        moved.append((label, (*found.min(axis=0), *found.max(axis=0))))
    return warped, moved


def _plain(ink, truth, rng, strength):
    return _photo(ink, rng), truth


def _shadow(ink, truth, rng, strength):
    return _photo(ink, rng, light=lambda p: cameras.shadow(p, 0.7 * strength)), truth


def _blur(ink, truth, rng, strength):
    return _photo(ink, rng, soft=0.3 + 6 * strength), truth


def _noise(ink, truth, rng, strength):
    return _photo(ink, rng, noise=2 + 58 * strength), truth


def _faint(ink, truth, rng, strength):
    return _photo(ink * (1 - 0.85 * strength), rng, noise=4), truth


def _ruled(ink, truth, rng, strength):
    white = papers.sheet("white", ink.shape)
    lines = papers.ruled(white, 92, 40)
    return _photo(ink, rng, pen="blue", paper=white + (lines - white) * 2 * strength), truth


def _perspective(ink, truth, rng, strength):
    matrix = cameras.tilt(ink.shape, rng, 0.25 * strength)
    return _bent(_photo(ink, rng), truth, matrix)


def _turned(ink, truth, rng, strength):
    height, width = ink.shape
    middle = width / 2, height / 2
    matrix = np.vstack([cv2.getRotationMatrix2D(middle, 8 * strength, 0.86), [0, 0, 1]])
    return _bent(_photo(ink, rng), truth, matrix)


def _small(ink, truth, rng, strength):
    scale = 1 - 0.8 * strength
    picture = cv2.resize(_photo(ink, rng), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return picture, [(label, tuple(scale * n for n in box)) for label, box in truth]


CONDITIONS: dict[str, Callable] = {
    "shadow": _shadow,
    "blur": _blur,
    "noise": _noise,
    "faint ink": _faint,
    "ruled paper": _ruled,
    "perspective": _perspective,
    "turned": _turned,
    "few pixels": _small,
}


def score_page(answer: reading.Answer, truth) -> tuple[int, int, int]:
    """(digits found at their place and read right, digits there are, marks found)."""
    left = list(answer.digits)
    right = 0
    for label, box in truth:
        best = max(left, key=lambda digit: _overlap(digit.box, box), default=None)
        if best is not None and _overlap(best.box, box) > 0.4:
            left.remove(best)
            right += best.digit == label
    return right, len(truth), len(answer.digits)


def _overlap(a, b) -> float:
    """The area that two boxes share over the area they cover."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (sum(areas) - width * height)


def pages(reader, x, y, n: int, condition=_plain, strength=0.0, **spacing) -> tuple[int, int, int]:
    """Read n pages of digits from x, y under a condition; the sums of score_page."""
    total = np.zeros(3, int)
    for seed in range(n):
        rng = np.random.default_rng([seed, 7])
        picture, truth = condition(*a_page(x, y, rng, **spacing), rng, strength)
        total += score_page(reader.read_page(picture), truth)
    return tuple(total.tolist())


def draw(curves: dict[str, list[float]]) -> None:
    """Store the figure: accuracy against strength, for each condition."""
    import matplotlib

    matplotlib.use("agg")
    from digitlib import plotting

    plotting.use_style()
    plt = plotting.plt
    plt.figure(figsize=(8, 4.2))
    for (name, curve), marker, color in zip(
        curves.items(), plotting.MARKERS, plotting.COLORS, strict=True
    ):
        plt.plot(STRENGTHS, curve, marker=marker, color=color, label=name)
    plt.gca().yaxis.set_major_formatter("{x:.0%}")
    plt.xlabel("strength of what was done to the page (0 none, 1 more than a reader should do)")
    plt.ylabel("digits found and right")
    plt.title("Pages of MNIST's test digits, harder and harder to see")
    plt.legend(loc="lower left", ncols=2)
    plt.savefig(ROOT / "docs/pages.png", dpi=90)


# --- the table ----------------------------------------------------------------------------------


def lines(model, record: dict[str, dict]) -> Iterator[str]:
    """Yield the table line by line, each as soon as it is measured; enter README's in `record`."""
    digits, reader = data.load_data("mnist"), weights.open_reader(model)

    def enter(name, result, warned):
        low, high = result.interval
        record[name] = {"number": len(result.y_true), "right": result.accuracy}
        record[name] |= {"low": low, "high": high}
        if warned is not None:
            record[name]["doubted"] = float(warned.mean())
        flags = "" if warned is None else f"{warned.mean():8.2%}"
        return (
            f"{name:34s} {len(result.y_true):8d} {result.accuracy:7.2%} {low:7.2%} –{high:7.2%} "
            f"{result.calibration_error():6.2%} {flags}"
        )

    yield f"{'single digits':34s} pictures   right    95 % interval    ECE  flagged"
    yield enter("MNIST", evaluation.evaluate(model, digits.x_test, digits.y_test), None)
    sets = {
        "MNIST as pictures": (as_pictures(digits.x_test), digits.y_test),
        "scikit-learn": scikit_learn(),
    }
    for name, (pictures, y_true) in sets.items():
        probabilities, warned = read(reader, pictures)
        yield enter(name, evaluation.Evaluation(y_true, probabilities), warned)
    every = []
    for pen in pens.PENS:
        pictures, y_true = drawn(pen, 340)
        probabilities, warned = read(reader, pictures)
        every.append((y_true, probabilities, warned))
        yield enter(f"drawn: {pen}", evaluation.Evaluation(y_true, probabilities), warned)
    y_true, probabilities, warned = map(np.concatenate, zip(*every, strict=True))
    yield enter("drawn", evaluation.Evaluation(y_true, probabilities), warned)

    yield f"\n{'no digits, flagged as such':34s} {'pictures':>8s} {'flagged':>8s}"
    kinds, _, pictures = zip(*outliers.outliers(600, 0), strict=True)
    warned = flagged(reader, pictures)
    for kind, count in Counter(kinds).items():
        share = warned[np.array(kinds) == kind].mean()
        yield f"{kind:34s} {count:8d} {share:8.1%}"
    alike = flagged(reader, [picture for *_, picture in outliers.lookalikes(200, 0)])
    for name, doubted in (("no digits", warned), ("look-alikes", alike)):
        record[name] = {"number": len(doubted), "doubted": float(doubted.mean())}
        yield f"{name:34s} {len(doubted):8d} {doubted.mean():8.1%}"

    yield f"\n{'pages, by strength':34s}" + "".join(f"{strength:>8g}" for strength in STRENGTHS)
    record["curves"] = {}
    for name, condition in CONDITIONS.items():
        sums = [
            pages(reader, digits.x_test, digits.y_test, 4, condition, strength)
            for strength in STRENGTHS
        ]
        record["curves"][name] = [right / there for right, there, _ in sums]
        yield f"{name:34s}" + "".join(f"{share:8.1%}" for share in record["curves"][name])
    for name, spacing in (("clean", {}), ("touching", {"gap": (-0.05, 0.02), "columns": 8})):
        right, there, found = pages(reader, digits.x_test, digits.y_test, 20, **spacing)
        record[name] = {"number": there, "right": right / there}
        share = f"{right / there:8.2%} of {there} digits, {found} marks found"
        yield f"{name + ', 20 pages':34s}{share}"


def table(record: dict[str, dict]) -> list[str]:
    """README's table, in Markdown."""
    direct, as_images, bundled, drawn_ones, none, alike, clean = (
        record[name]
        for name in (
            "MNIST", "MNIST as pictures", "scikit-learn", "drawn", "no digits", "look-alikes",
            "clean",
        )
    )  # fmt: skip

    def interval(row):
        return f"{row['right']:.2%} ({row['low']:.2%} to {row['high']:.2%})"

    return [
        "| Pictures | Number | Read right | Doubted |",
        "|---|---|---|---|",
        f"| MNIST's test images, drawn as 160-pixel pictures | {as_images['number']:,} | "
        f"{as_images['right']:.2%} (the images themselves: {direct['right']:.2%}) | "
        f"{as_images['doubted']:.2%} |",
        f"| scikit-learn's digits as pictures | {bundled['number']:,} | {interval(bundled)} | "
        f"{bundled['doubted']:.2%} |",
        f"| digits drawn by code: {sum(map(len, strokes.HANDS.values()))} forms, "
        f"{len(pens.PENS)} pens | {drawn_ones['number']:,} | {interval(drawn_ones)} | "
        f"{drawn_ones['doubted']:.2%} |",
        "| letters, shapes, scribbles, textures, several digits in one | "
        f"{none['number']} | | {none['doubted']:.1%} |",
        f"| letters that look like digits (O, l, S, Z, B) | {alike['number']} | | "
        f"{alike['doubted']:.1%} |",
        f"| digits on 20 pages, of MNIST's test images | {clean['number']:,} | "
        f"{clean['right']:.2%} found and right | |",
    ]


def main() -> None:
    """Print the tables; of the reader, keep the figures and store the picture of pages."""
    name = sys.argv[1] if sys.argv[1:] else "reader"
    record = {}
    for line in lines(weights.load_model(name), record):
        print(line, flush=True)
    print("", *table(record), sep="\n")
    if name == "reader":
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        draw(record["curves"])


if __name__ == "__main__":
    main()
