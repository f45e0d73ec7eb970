"""What is no digit, to see whether it is doubted: letters, shapes, scribbles, textures, numbers.

    outliers(n, seed)            -> n times (kind, name, uint8 (h, w) or (h, w, 3)), by turns
    lookalikes(n, seed)          -> the same of letters that look like digits
    letter, scribble, texture    -> one of them, as ink, as curves, as a surface

They share nothing with digitlib/outliers.py, by which the detector is trained.
"""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synthetic import cameras, layout, papers, pens, strokes

LETTERS = "ACDEFGHJKLMNPQRTUVWXYacdefghjkmnpqrtuvwxy"
LOOKALIKES = "OIlSZBosz|b"
FONTS = [
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif"),
    *("DejaVuSerif-Bold", "STIXGeneral", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10"),
]


def letter(text: str, font: str, rng, shape=(200, 200)) -> np.ndarray:
    """Print letters in one of FONTS, thinner or thicker than it is: float32 `shape`, 0 to 1."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    size = round(rng.uniform(0.55, 0.8) * min(shape))
    image = Image.new("L", shape[::-1])
    ImageDraw.Draw(image).text(
        (shape[1] / 2, shape[0] / 2), text, 255, ImageFont.truetype(str(file), size), anchor="mm"
    )
    mask = np.asarray(image).astype(np.float32) / 255
    change = int(rng.integers(-1, 7))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [2 * abs(change) + 1] * 2)
    return cv2.dilate(mask, kernel) if change > 0 else cv2.erode(mask, kernel)


def _polygon(corners: int, inner=1.0) -> np.ndarray:
    """The closed outline of a regular polygon, or of a star whose notches lie at `inner`."""
    angles = np.arange(2 * corners + 1) * np.pi / corners - np.pi / 2
    radius = np.where(np.arange(2 * corners + 1) % 2, 0.5 * inner, 0.5)
    return 0.5 + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, np.newaxis]


def _ring(radius: float, x=0.5, y=0.5) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 90)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], 1)


def _shapes() -> dict[str, list[np.ndarray]]:
    t = np.linspace(0, 1, 120)
    u = t * 2 * np.pi
    heart_x = 0.5 + 0.5 * np.sin(u) ** 3
    heart_y = 0.45 - (13 * np.cos(u) - 5 * np.cos(2 * u) - 2 * np.cos(3 * u) - np.cos(4 * u)) / 34
    turns = t * 7 * np.pi
    lines = {
        "square": [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]],
        "triangle": [[(0.5, 0.05), (1, 0.95), (0, 0.95), (0.5, 0.05)]],
        "arrow": [[(0, 0.5), (1, 0.5)], [(0.65, 0.2), (1, 0.5), (0.65, 0.8)]],
        "cross": [[(0.05, 0.05), (0.95, 0.95)], [(0.95, 0.05), (0.05, 0.95)]],
        "plus": [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
        "check mark": [[(0, 0.55), (0.35, 0.95), (1, 0.05)]],
        "zigzag": [[(i / 8, 0.3 + 0.4 * (i % 2)) for i in range(9)]],
        "house": [
            [(0.1, 1), (0.1, 0.45), (0.5, 0.05), (0.9, 0.45), (0.9, 1), (0.1, 1)],
            [(0.4, 1), (0.4, 0.65), (0.6, 0.65), (0.6, 1)],
        ],
    }
    smile = np.stack([0.5 + 0.28 * np.cos(t * np.pi), 0.55 + 0.22 * np.sin(t * np.pi)], 1)
    return {name: [np.array(stroke) for stroke in parts] for name, parts in lines.items()} | {
        "star": [_polygon(5, 0.4)],
        "heart": [np.stack([heart_x, heart_y], 1)],
        "wave": [np.stack([t, 0.5 + 0.2 * np.sin(3 * u)], 1)],
        "spiral": [0.5 + np.stack([np.cos(turns), np.sin(turns)], 1) * (t / 2)[:, np.newaxis]],
        "rings": [_ring(r) for r in (0.5, 0.33, 0.16)],
        "smiley": [_ring(0.5), _ring(0.04, 0.33, 0.35), _ring(0.04, 0.67, 0.35), smile],
    }


SHAPES = _shapes()
FILLABLE = ("square", "triangle", "star", "heart")


def scribble(rng) -> list[np.ndarray]:
    """Aimless curves in a box of 1×1: one long tangle, several curves, or hatching."""
    kind = rng.integers(3)
    if kind == 0:
        return [strokes.smooth(rng.uniform(0, 1, (int(rng.integers(10, 24)), 2)))]
    if kind == 1:
        return [strokes.smooth(rng.uniform(0, 1, (5, 2))) for _ in range(int(rng.integers(3, 6)))]
    count = int(rng.integers(6, 12))
    ends = [(i / count, 0) for i in range(count)], [((i + 1) / count, 1) for i in range(count)]
    return [np.array(pair) + rng.normal(0, 0.02, (2, 2)) for pair in zip(*ends, strict=True)]


def texture(name: str, shape, rng) -> np.ndarray:
    """A surface with nothing written on it, one of TEXTURES: uint8 (h, w)."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    step = int(rng.integers(8, 36))
    if name == "noise":
        field = 128 + rng.uniform(10, 60) * papers.smooth_noise(shape, rng, rng.uniform(0.3, 3))
    elif name == "wood":
        field = 2 * papers.wood(shape, rng).mean(axis=2) - 40
    elif name == "weave":
        field = 150 + 40 * np.sin(columns * 6.28 / step) * np.sign(np.sin(rows * 6.28 / step))
    elif name == "gradient":
        field = 240 - 180 * cameras.across(shape, rng.uniform(0, 6.28))
    elif name == "checkerboard":
        field = 40 + 180 * ((rows // step + columns // step) % 2)
    elif name == "bricks":
        shifted = columns + step * (rows // step % 2)
        field = 200 - 110 * ((rows % step > 2) & (shifted % (2 * step) > 2))
    else:
        field = papers.crumpled(np.full((*shape, 1), 225, np.float32), rng, 0.25)[..., 0]
    return cameras.grain(field, 3, rng)


TEXTURES = ("noise", "wood", "weave", "gradient", "checkerboard", "bricks", "crumpled paper")


def _in_middle(rng, shape) -> tuple[float, float, float, float]:
    """A box for something drawn, somewhere near the middle of a picture."""
    height, width = rng.uniform(0.45, 0.7, 2) * shape
    left = rng.uniform(0.35, 0.65) * (shape[1] - width)
    top = rng.uniform(0.35, 0.65) * (shape[0] - height)
    return left, top, width, height


def _on_paper(mask: np.ndarray, rng) -> np.ndarray:
    """Dark ink on light paper, or one time in four the other way round: uint8 (h, w, 3)."""
    if rng.random() < 0.25:
        sheet, color = "blackboard", "chalk"
    else:
        sheet = str(rng.choice(["white", "cream", "gray", "sky", "pink"]))
        color = str(rng.choice(["black", "blue", "red"]))
    written = papers.lay(mask, papers.sheet(sheet, mask.shape), papers.INKS[color])
    return cameras.grain(written, 3, rng)


def _number(rng, pen: float) -> tuple[str, np.ndarray]:
    """Two or three digits side by side, and their ink: float32 (200, 400), 0 to 1."""
    labels = rng.integers(0, 10, int(rng.integers(2, 4)))
    masks = [
        (label, pens.ink(strokes.any_form(label, rng), (120, 100), (15, 10, 70, 100), pen))
        for label in labels
    ]
    close = {"heights": (70, 95), "gap": (0.1, 0.4), "wobble": 0.04}
    mask, _ = layout.page([masks], (200, 400), rng, **close)
    return "".join(map(str, labels)), mask


def outliers(n: int, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield n pictures of what is no digit: (kind, name, uint8 (h, w) or (h, w, 3)).

    The kinds take turns: letter, shape, scribble, texture, several digits. Letters that look like
    digits are in lookalikes() instead.
    """
    rng = np.random.default_rng(seed)
    shape = (200, 200)
    texts, figures, surfaces = cycle(LETTERS), cycle(SHAPES), cycle(TEXTURES)
    for i in range(n):
        kind = ("letter", "shape", "scribble", "texture", "several digits")[i % 5]
        pen = rng.uniform(2, 22)
        if kind == "letter":
            name = next(texts)
            picture = _on_paper(letter(name, str(rng.choice(FONTS)), rng, shape), rng)
        elif kind == "shape":
            name = next(figures)
            fill = bool(name in FILLABLE and rng.random() < 0.4)
            mask = pens.ink(SHAPES[name], shape, _in_middle(rng, shape), pen, fill=fill)
            picture = _on_paper(mask, rng)
        elif kind == "scribble":
            name = "scribble"
            mask = pens.ink(scribble(rng), shape, _in_middle(rng, shape), pen / 2)
            picture = _on_paper(mask, rng)
        elif kind == "texture":
            name = next(surfaces)
            picture = texture(name, shape, rng)
        else:
            name, mask = _number(rng, pen / 2)
            picture = _on_paper(mask, rng)
        yield kind, name, picture


def lookalikes(n: int, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield n letters that look like digits: ("look-alike", letter, uint8 (h, w, 3))."""
    rng = np.random.default_rng(seed)
    for name, _ in zip(cycle(LOOKALIKES), range(n), strict=False):
        mask = letter(name, str(rng.choice(FONTS)), rng)
        yield "look-alike", name, _on_paper(mask, rng)
