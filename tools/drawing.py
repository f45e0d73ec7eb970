"""Digits drawn by code: hands, pens, papers and light, and what is no digit.

Nobody's handwriting is in here: each digit is a few strokes through points of our own, bent anew by
a random number each time it is written. Used by make_samples.py and bench_handwriting.py.

    strokes(label, form, rng)            -> curves in a box of 1×1
    write(pen, curves, shape, box, rng)  -> (h, w) float32, 0 = paper, 1 = full ink
    lay(ink, paper, color)               -> (h, w, 3) float32 in RGB, 0 to 255
    shadow, gradient, blur, warp, ...    -> the same, seen by a camera
    grain(picture, strength, rng)        -> (h, w, 3) uint8

Every random choice comes from the numpy Generator handed in: the same seed gives the same picture.
"""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import splev, splprep


def _form(text: str) -> list[list[tuple[float, float]]]:
    """Strokes from "x,y x,y; x,y x,y", in hundredths."""
    strokes = [[point.split(",") for point in stroke.split()] for stroke in text.split(";")]
    return [[(int(x) / 100, int(y) / 100) for x, y in stroke] for stroke in strokes]


# The forms in which people write each digit. A form is strokes, separated by ";"; a stroke is
# points x,y in a box of 100×100, y downwards. A stroke of two points is a line; through more of
# them runs a smooth curve. Strokes that share a point meet there however they are bent.
HANDS = {
    0: {
        "plain": _form("55,2 20,20 12,60 40,98 80,80 88,35 50,3"),
        "narrow": _form("53,2 37,13 30,50 36,87 49,98 62,87 70,50 63,12 51,2"),
        "round": _form("52,8 14,28 10,70 50,94 90,70 86,28 50,8"),
        "open": _form("52,4 22,18 12,58 40,97 80,80 86,36 68,10"),
    },
    1: {
        "plain": _form("55,2 48,98"),
        "flagged": _form("28,28 55,2; 55,2 50,98"),
        "footed": _form("30,24 52,2; 52,2 50,97; 24,97 50,97; 50,97 76,96"),
        "long flag": _form("14,46 60,2; 60,2 56,98"),
    },
    2: {
        "plain": _form("15,25 45,2 80,22 60,58 12,96; 12,96 90,93"),
        "looped": _form("16,24 46,2 78,22 56,62 22,93 12,84 28,77 58,92 92,90"),
        "swan": _form("18,28 42,3 76,20 62,55 14,93; 14,93 40,85 66,96 93,86"),
    },
    3: {
        "round": _form("18,14 55,2 78,22 42,46; 42,46 85,66 62,96 14,88"),
        "flat": _form("18,5 80,4; 80,4 44,42; 44,42 85,64 62,96 14,89"),
        "looped": _form("18,14 55,2 78,20 50,46 36,44 48,42 84,68 58,97 14,86"),
    },
    4: {
        "open": _form("42,3 10,62; 10,62 90,60; 68,30 62,98"),
        "closed": _form("66,2 8,68; 8,68 92,67; 66,2 64,98"),
        "long bar": _form("46,2 12,56; 12,56 102,53; 66,20 60,98"),
        "square": _form("20,4 16,52; 16,52 90,50; 72,4 68,98"),
    },
    5: {
        "joined": _form("80,4 28,6; 28,6 22,45; 22,45 55,36 84,62 60,94 14,90"),
        "apart": _form("42,2 90,0; 30,10 22,45; 22,45 55,36 84,62 60,94 14,90"),
        "smooth": _form("82,5 50,4 30,10 26,26 24,44; 24,44 60,40 84,66 56,95 14,88"),
    },
    6: {
        "round": _form("70,3 30,35 16,72 45,98 80,76 55,52 20,68"),
        "straight": _form("72,2 44,28 20,64 28,94 60,97 80,76 60,57 24,70"),
        "square": _form("76,5 24,8; 24,8 22,50 22,94; 22,94 80,95; 80,95 78,52; 78,52 25,54"),
    },
    7: {
        "plain": _form("12,7 86,4; 86,4 58,45 38,98"),
        "barred": _form("12,7 86,4; 86,4 60,45 40,98; 30,50 84,47"),
        "curved": _form("10,12 45,8 86,5; 86,5 60,32 47,66 44,98"),
        "serif": _form("14,6 13,22; 14,6 86,4; 86,4 56,46 40,98"),
    },
    8: {
        "one stroke": _form("78,20 50,2 22,22 50,47 82,74 50,98 17,76 50,47 77,24"),
        "circles": _form("50,46 26,26 50,3 75,24 52,46; 50,46 17,74 50,98 84,72 52,46"),
        "crossed": _form("78,12 46,3 24,20 50,46 80,74 50,98 20,78 44,50 78,12"),
    },
    9: {
        "straight": _form("78,22 42,3 20,30 48,52 78,24; 78,24 72,98"),
        "curved": _form("78,22 42,3 20,30 48,52 78,24; 78,24 74,60 60,98"),
        "hooked": _form("78,22 42,3 20,30 48,52 78,24; 78,24 78,74 50,98 18,88"),
    },
}


def strokes(label: int, form: str, rng: np.random.Generator, wobble=1.0) -> list[np.ndarray]:
    """Write the digit once: a curve, float (n, 2) of (x, y), for each stroke, in a box of 1×1.

    wobble is how far the hand strays, 0 = as in HANDS. Raises KeyError for a form not in HANDS.
    """
    lean = wobble * rng.uniform(-0.08, 0.14)
    narrow = 1 - wobble * rng.uniform(-0.05, 0.15)
    turn = wobble * rng.uniform(-0.05, 0.05)
    shifts: dict[tuple[float, float], np.ndarray] = {}
    curves = []
    for stroke in HANDS[label][form]:
        points = [p + shifts.setdefault(p, wobble * rng.normal(0, 0.018, 2)) for p in stroke]
        if len(points) == 2:  # no hand draws a straight line
            points.insert(1, (points[0] + points[1]) / 2 + wobble * rng.normal(0, 0.008, 2))
        curves.append(_smooth(points))
    x_of_middle = 0.5
    matrix = np.array([[narrow, -lean - turn], [turn * narrow, 1]]).T
    return [(curve - x_of_middle) @ matrix + x_of_middle for curve in curves]


def _smooth(points) -> np.ndarray:
    spline, _ = splprep(np.array(points).T, s=0, k=min(3, len(points) - 1))
    return np.array(splev(np.linspace(0, 1, 120), spline)).T


def any_form(label: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Write the digit in one of its forms, chosen at random."""
    return strokes(label, str(rng.choice(list(HANDS[label]))), rng)


# --- pens ---------------------------------------------------------------------------------------


def ink(curves, shape, box, pen: float, pressure=None, *, fill=False) -> np.ndarray:
    """Draw curves into `box` (left, top, width, height) of a picture: float32 `shape`, 0 to 1.

    pen is the width of a stroke in pixels; pressure, a float (n,) for each curve, is the share of
    it at each point. fill draws what the curves enclose as well.
    """
    fine = 4  # drawn larger and shrunk, for soft edges
    left, top, wide, high = box
    canvas = np.zeros((shape[0] * fine, shape[1] * fine), np.uint8)
    for i, curve in enumerate(curves):
        at = (((curve * (wide, high)) + (left, top)) * fine).round().astype(np.int32)
        if fill:
            cv2.fillPoly(canvas, [at], 255, cv2.LINE_AA)
        if pressure is None:
            cv2.polylines(canvas, [at], False, 255, max(1, round(pen * fine)), cv2.LINE_AA)
            continue
        for a, b, share in zip(at, at[1:], pressure[i], strict=False):
            cv2.line(canvas, a, b, 255, max(1, round(pen * fine * share)), cv2.LINE_AA)
    return cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _uneven(curves, rng, spread: float) -> list[np.ndarray]:
    """A pressure for each curve that swells and fades along it, 1 on average."""
    return [
        1 + spread * np.sin(np.linspace(0, rng.uniform(3, 8), len(c)) + rng.uniform(0, 6))
        for c in curves
    ]


def _rough(shape, rng, size: float) -> np.ndarray:
    """Smooth noise whose blots are `size` pixels across: float32 `shape`, deviation 1."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), size)
    return noise / max(float(noise.std()), 1e-6)


def felt_tip(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Even strokes of one width: a felt-tip, a hairline or a broad marker."""
    return ink(curves, shape, box, pen)


def ballpoint(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Strokes whose width and depth follow the hand's pressure."""
    mask = ink(curves, shape, box, pen, _uneven(curves, rng, 0.2))
    return mask * np.clip(0.92 + 0.08 * _rough(shape, rng, 2 * pen), 0, 1)


def pencil(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Faint strokes that leave the paper's grain bare."""
    soft = cv2.GaussianBlur(ink(curves, shape, box, pen), (0, 0), 0.15 * pen + 0.3)
    return soft * np.clip(0.6 + 0.22 * _rough(shape, rng, 0.8), 0, 1)


def chalk(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Broad strokes broken by the grain of the board."""
    mask = ink(curves, shape, box, pen, _uneven(curves, rng, 0.12))
    grain = 0.78 + 0.3 * _rough(shape, rng, 0.9) + 0.15 * _rough(shape, rng, 4)
    return mask * np.clip(grain, 0.05, 1)


def brush(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Strokes that swell in the middle and run out at the end."""
    swell = [0.45 + 0.75 * np.sin(np.linspace(0.4, 2.9, len(c))) for c in curves]
    return ink(curves, shape, box, pen, swell)


def pixel_art(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Whole pixels, as in a paint program's pencil: 0 or 1, with no soft edges."""
    canvas = np.zeros(shape, np.uint8)
    left, top, wide, high = box
    for curve in curves:
        at = (curve * (wide - 1, high - 1) + (left, top)).round().astype(np.int32)
        cv2.polylines(canvas, [at], False, 1, max(1, round(pen)), cv2.LINE_8)
    return canvas.astype(np.float32)


# Each pen with the widths it comes in, as shares of the digit's height.
PENS = {
    "felt-tip": (felt_tip, 0.05, 0.09),
    "hairline": (felt_tip, 0.008, 0.014),
    "ballpoint": (ballpoint, 0.025, 0.045),
    "pencil": (pencil, 0.03, 0.05),
    "chalk": (chalk, 0.08, 0.13),
    "marker": (felt_tip, 0.13, 0.2),
    "brush": (brush, 0.09, 0.14),
    "pixel art": (pixel_art, 0.05, 0.1),
}


def write(pen: str, curves, shape, box, rng) -> np.ndarray:
    """Draw curves with a pen of PENS, in one of its widths: float32 `shape`, 0 to 1."""
    draw, thin, thick = PENS[pen]
    return draw(curves, shape, box, rng.uniform(thin, thick) * box[3], rng)


# --- papers -------------------------------------------------------------------------------------

# Colours in RGB, 0 to 255: of the paper, and of the pens that go with it.
PAPERS = {
    "white": (250, 250, 248),
    "cream": (238, 230, 212),
    "gray": (196, 198, 200),
    "yellow": (252, 236, 120),
    "pink": (250, 196, 208),
    "sky": (176, 214, 240),
    "kraft": (188, 150, 108),
    "whiteboard": (232, 237, 240),
    "blackboard": (44, 46, 48),
    "greenboard": (38, 72, 58),
    "green": (64, 132, 76),
    "night": (24, 30, 66),
    "black": (0, 0, 0),
}
INKS = {
    "black": (25, 25, 28),
    "blue": (35, 55, 150),
    "red": (196, 30, 40),
    "green": (20, 110, 60),
    "violet": (96, 40, 130),
    "brown": (92, 52, 26),
    "lead": (92, 92, 96),
    "gray": (150, 150, 152),
    "chalk": (228, 230, 222),
    "white": (252, 252, 252),
    "yellow": (250, 226, 70),
}


def sheet(name: str, shape) -> np.ndarray:
    """An empty sheet of PAPERS: float32 (h, w, 3)."""
    return np.full((*shape, 3), PAPERS[name], np.float32)


def ruled(paper: np.ndarray, step: int, first: int, margin: int | None = None) -> np.ndarray:
    """Draw a writing pad: blue lines, `step` pixels apart from y = `first` on, and a red margin.

    margin is the x of the red line, in pixels.
    """
    lines = paper.copy()
    pen = max(1, round(step / 30))
    for row in range(first, len(paper), step):
        lines[row : row + pen] = np.minimum(lines[row : row + pen], (150, 175, 215))
    if margin is not None:
        lines[:, margin : margin + pen] = np.minimum(
            lines[:, margin : margin + pen], (225, 140, 140)
        )
    return lines


def squared(paper: np.ndarray, step: int) -> np.ndarray:
    """Draw a maths pad's pale squares, `step` pixels wide."""
    lines = paper.copy()
    for start in range(max(1, round(step / 30))):
        for rules in (lines[step // 2 + start :: step], lines[:, step // 3 + start :: step]):
            np.minimum(rules, (178, 196, 216), out=rules)
    return lines


def crumpled(paper: np.ndarray, rng, strength=0.12) -> np.ndarray:
    """Shade a sheet as folds do that were smoothed out again."""
    high, wide = paper.shape[:2]
    light = np.zeros((high, wide), np.float32)
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32) / max(high, wide)
    for _ in range(14):  # each fold lights one side of a line and darkens the other
        angle, at = rng.uniform(0, np.pi), rng.uniform(0, 1)
        away = (columns - at) * np.cos(angle) + (rows - rng.uniform(0, 1)) * np.sin(angle)
        light += rng.uniform(-1, 1) * np.tanh(away * 40) * np.exp(-np.abs(away) * 5)
    return paper * (1 + strength * np.clip(light / 2, -1, 1))[..., np.newaxis]


def lay(mask: np.ndarray, paper: np.ndarray, color) -> np.ndarray:
    """Lay ink, float (h, w), of a colour in RGB on paper, float (h, w, 3)."""
    share = mask[..., np.newaxis]
    return paper * (1 - share) + np.asarray(color, np.float32) * share


# --- light and camera ---------------------------------------------------------------------------


def _across(shape, angle: float) -> np.ndarray:
    """How far each pixel lies across the picture in a direction (radians), 0 to 1."""
    rows, columns = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
    away = columns * np.cos(angle) + rows * np.sin(angle)
    return (away - away.min()) / (away.max() - away.min())


def gradient(picture: np.ndarray, dark: float, angle=0.8) -> np.ndarray:
    """Let the light fall off by the share `dark` across the picture, towards `angle` (radians)."""
    return picture * (1 - dark * _across(picture.shape, angle))[..., np.newaxis]


def shadow(picture: np.ndarray, dark: float, at=0.55, angle=0.6, soft=0.05) -> np.ndarray:
    """Lay a shadow over what lies beyond `at`; its edge is `soft` of the picture wide."""
    edge = 1 / (1 + np.exp(-np.clip((_across(picture.shape, angle) - at) / soft * 4, -50, 50)))
    return picture * (1 - dark * edge)[..., np.newaxis]


def glare(picture: np.ndarray, at, size: float, strength=0.8) -> np.ndarray:
    """Reflect a lamp at `at` (x, y as shares of the picture), `size` of its width across."""
    high, wide = picture.shape[:2]
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32) / wide
    away = ((columns - at[0]) ** 2 + (rows - at[1] * high / wide) ** 2) / size**2
    light = (strength * np.exp(-away))[..., np.newaxis]
    return picture + (255 - picture) * light


def blur(picture: np.ndarray, pixels: float) -> np.ndarray:
    """Put the picture out of focus by `pixels` (standard deviation)."""
    return cv2.GaussianBlur(picture, (0, 0), pixels)


def specks(picture: np.ndarray, rng, count: int, size=2.0, color=(70, 62, 56)) -> np.ndarray:
    """Strew dirt over the picture: `count` specks of up to `size` pixels in radius."""
    dirty = picture.copy()
    high, wide = picture.shape[:2]
    for x, y, r in rng.uniform(0, 1, (count, 3)) * (wide, high, size):
        spot = round(x * 16), round(y * 16)
        cv2.circle(dirty, spot, round(max(r, 0.6) * 16), color, -1, cv2.LINE_AA, shift=4)
    return dirty


def stain(picture: np.ndarray, at, radius: int, color=(120, 78, 40)) -> np.ndarray:
    """Leave the ring of a coffee cup round `at` (x, y in pixels)."""
    ring = np.zeros(picture.shape[:2], np.float32)
    cv2.circle(ring, at, radius, 0.12, -1)
    cv2.circle(ring, at, radius, 0.5, max(2, radius // 12))
    return lay(cv2.GaussianBlur(ring, (0, 0), radius / 60 + 0.5), picture, color)


def smeared(picture: np.ndarray, rng, strength=10.0) -> np.ndarray:
    """Wipe a board with a dusty sponge: pale streaks, `strength` grey levels deep."""
    streaks = cv2.GaussianBlur(_rough(picture.shape[:2], rng, 6), (0, 0), sigmaX=60, sigmaY=1)
    return picture + np.abs(streaks / streaks.std())[..., np.newaxis] * strength


def edge_of_table(picture: np.ndarray, rng, wide: int) -> np.ndarray:
    """Let the sheet end `wide` pixels before the right edge, where the table shows."""
    table = wood((len(picture), wide), rng)
    return np.hstack([picture[:, :-wide], table]).astype(np.float32)


def holes(picture: np.ndarray, radius: int, color=(60, 56, 54)) -> np.ndarray:
    """Punch a binder's two holes at the left edge, through which the table shows."""
    punched = picture.copy()
    for share in (0.25, 0.75):
        spot = 2 * radius, round(share * len(picture))
        cv2.circle(punched, spot, radius, color, -1, cv2.LINE_AA)
    return punched


def framed(picture: np.ndarray, wide: int, color, inset=0) -> np.ndarray:
    """Draw a frame, `wide` pixels wide and `inset` pixels from the edge."""
    box = (inset, inset, picture.shape[1] - 2 * inset, picture.shape[0] - 2 * inset)
    edge = np.zeros(picture.shape[:2], np.float32)
    cv2.rectangle(edge, box, 1, 2 * wide if inset == 0 else wide)
    return lay(edge, picture, color)


def turn(picture: np.ndarray, degrees: float, fill) -> np.ndarray:
    """Turn a picture about its middle, counter-clockwise; `fill` shows in the corners."""
    high, wide = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
    return cv2.warpAffine(picture, matrix, (wide, high), borderValue=fill)


def tilt(shape, rng, strength: float) -> np.ndarray:
    """A perspective, 3×3, that moves the corners inwards by up to `strength` of the sides."""
    high, wide = shape[:2]
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (wide, high)
    moved = corners + inwards * rng.uniform(0, strength, (4, 2))
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def warp(picture: np.ndarray, matrix: np.ndarray, fill) -> np.ndarray:
    """See a picture through a perspective; `fill`, a colour, shows around it."""
    size = picture.shape[1::-1]
    return cv2.warpPerspective(picture, matrix, size, borderValue=fill)


def on_table(picture: np.ndarray, rng, strength=0.08, border=0.08, table=None) -> np.ndarray:
    """Photograph a sheet that lies on a table, wooden by default, float (h, w, 3), from askew."""
    pad = round(border * min(picture.shape[:2]))
    around = cv2.copyMakeBorder(picture, *[pad] * 4, cv2.BORDER_CONSTANT, value=(-1, -1, -1))
    seen = warp(around, tilt(around.shape, rng, strength), (-1, -1, -1))
    table = wood(seen.shape[:2], rng) if table is None else np.full(seen.shape, table, np.float32)
    return np.where(seen < 0, table, seen).astype(np.float32)


def grain(picture: np.ndarray, strength: float, rng) -> np.ndarray:
    """Add a camera's noise, `strength` grey levels, and round: uint8."""
    noise = rng.normal(0, strength, picture.shape[:2])
    noise = noise[..., np.newaxis] if picture.ndim == 3 else noise
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Store uint8 (h, w, 3) as JPEG of this quality, 1 to 100, and read it back."""
    _, code = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)


def digit(label: int, form: str, pen: str, rng, side=240) -> np.ndarray:
    """A picture of one digit in one hand and pen, on the paper that goes with it.

    Returns uint8 (side, side, 3); the pen "pixel art" overrides side with 12 to 32.
    """
    if pen == "pixel art":
        side = int(rng.choice([12, 16, 24, 32]))
        high = round(0.85 * side)
        wide = round(high * rng.uniform(0.8, 0.95))
        left, top = (side - wide) // 2, (side - high) // 2
    else:
        high = rng.uniform(0.45, 0.75) * side
        wide = high * rng.uniform(0.6, 0.8)
        left, top = rng.uniform(0.3, 0.7) * (side - wide), rng.uniform(0.3, 0.7) * (side - high)
    mask = write(pen, strokes(label, form, rng), (side, side), (left, top, wide, high), rng)
    papers, inks = {
        "chalk": (["blackboard", "greenboard"], ["chalk"]),
        "pencil": (["white", "cream", "gray"], ["lead"]),
        "pixel art": (["white"], ["black"]),
    }.get(pen, (["white", "cream", "gray"], ["black", "blue", "green", "violet"]))
    paper, color = sheet(str(rng.choice(papers)), mask.shape), INKS[str(rng.choice(inks))]
    return grain(lay(mask, paper, color), 0 if pen == "pixel art" else 3, rng)


# --- pages --------------------------------------------------------------------------------------


def page(
    items, shape, rng, *, height=(40, 56), gap=(0.25, 0.6), left=(0.5, 1.2), wobble=0.08, slope=0.01
) -> tuple[np.ndarray, list[tuple[int, tuple[int, int, int, int]]]]:
    """Lay digits out in rows on a page.

    items: rows of (label, ink), ink a float (h, w) from 0 to 1 of any size. height: lowest and
    highest digit in pixels (a digit wider than high is scaled by its width). gap: the space
    between neighbours' boxes, left: before the first of a row, wobble: how far a digit may stray
    off its line, all as shares of the highest digit. slope: how much a row may rise or fall, as a
    share of its length.

    Returns the ink, float32 `shape`, 0 to 1, and (label, box) in reading order, box being left,
    top, right, bottom in pixels. Digits overlap only where gap is negative. Raises ValueError
    where the rows do not fit.
    """
    high, wide = shape
    tall = height[1]
    canvas = np.zeros(shape, np.float32)
    placed = []
    pitch = high / len(items)
    if pitch < (1 + 2 * wobble) * tall + slope * wide:
        raise ValueError(f"{len(items)} rows of {tall} pixels do not fit on {high}.")
    for row, digits in enumerate(items):
        x = rng.uniform(*left) * tall
        rise = rng.uniform(-slope, slope)
        base = pitch * (row + 0.5) + tall / 2
        for label, mask in digits:
            box = cv2.boundingRect((mask > 0.1).astype(np.uint8))
            crop = mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]].astype(np.float32)
            scale = rng.uniform(*height) / max(crop.shape)
            size = [max(1, round(n * scale)) for n in crop.shape[::-1]]
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            crop = np.clip(cv2.resize(crop, size, interpolation=method), 0, 1)
            x0 = round(x)
            y0 = round(base - size[1] + rise * (x - wide / 2) + rng.uniform(-1, 1) * wobble * tall)
            x1, y1 = x0 + size[0], y0 + size[1]
            if x1 > wide:
                raise ValueError(f"Row {row} is wider than {wide} pixels.")
            part = canvas[y0:y1, x0:x1]
            np.maximum(part, crop, out=part)
            placed.append((label, (x0, y0, x1, y1)))
            x = x1 + rng.uniform(*gap) * tall
    return canvas, placed


# --- no digits ----------------------------------------------------------------------------------

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
        return [_smooth(rng.uniform(0, 1, (int(rng.integers(10, 24)), 2)))]
    if kind == 1:
        return [_smooth(rng.uniform(0, 1, (5, 2))) for _ in range(int(rng.integers(3, 6)))]
    count = int(rng.integers(6, 12))
    ends = [(i / count, 0) for i in range(count)], [((i + 1) / count, 1) for i in range(count)]
    return [np.array(pair) + rng.normal(0, 0.02, (2, 2)) for pair in zip(*ends, strict=True)]


def wood(shape, rng) -> np.ndarray:
    """The grain of a wooden table: float32 (h, w, 3)."""
    noise = rng.normal(0, 1, shape).astype(np.float32)
    lines = cv2.GaussianBlur(noise, (0, 0), sigmaX=shape[1] / 6, sigmaY=max(1.0, shape[0] / 250))
    lines = lines / max(float(lines.std()), 1e-6)
    return np.clip(np.array((118, 82, 52)) + lines[..., np.newaxis] * (14, 11, 8), 0, 255).astype(
        np.float32
    )


def texture(name: str, shape, rng) -> np.ndarray:
    """A surface with nothing written on it, one of TEXTURES: uint8 (h, w)."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    step = int(rng.integers(8, 36))
    if name == "noise":
        field = 128 + rng.uniform(10, 60) * _rough(shape, rng, rng.uniform(0.3, 3))
    elif name == "wood":
        field = 2 * wood(shape, rng).mean(axis=2) - 40
    elif name == "weave":
        field = 150 + 40 * np.sin(columns * 6.28 / step) * np.sign(np.sin(rows * 6.28 / step))
    elif name == "gradient":
        field = 240 - 180 * _across(shape, rng.uniform(0, 6.28))
    elif name == "checkerboard":
        field = 40 + 180 * ((rows // step + columns // step) % 2)
    elif name == "bricks":
        shifted = columns + step * (rows // step % 2)
        field = 200 - 110 * ((rows % step > 2) & (shifted % (2 * step) > 2))
    else:
        field = crumpled(np.full((*shape, 1), 225, np.float32), rng, 0.25)[..., 0]
    return grain(field, 3, rng)


TEXTURES = ("noise", "wood", "weave", "gradient", "checkerboard", "bricks", "crumpled paper")


def _in_middle(rng, shape) -> tuple[float, float, float, float]:
    """A box for something drawn, somewhere near the middle of a picture."""
    high, wide = rng.uniform(0.45, 0.7, 2) * shape
    left, top = (
        rng.uniform(0.35, 0.65) * (shape[1] - wide),
        rng.uniform(0.35, 0.65) * (shape[0] - high),
    )
    return left, top, wide, high


def _on_paper(mask: np.ndarray, rng) -> np.ndarray:
    """Dark ink on light paper, or one time in four the other way round: uint8 (h, w, 3)."""
    if rng.random() < 0.25:
        return grain(lay(mask, sheet("blackboard", mask.shape), INKS["chalk"]), 3, rng)
    paper = sheet(str(rng.choice(["white", "cream", "gray", "sky", "pink"])), mask.shape)
    return grain(lay(mask, paper, INKS[str(rng.choice(["black", "blue", "red"]))]), 3, rng)


def nondigits(n: int, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
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
            picture = _on_paper(
                ink(SHAPES[name], shape, _in_middle(rng, shape), pen, fill=fill), rng
            )
        elif kind == "scribble":
            name = "scribble"
            picture = _on_paper(ink(scribble(rng), shape, _in_middle(rng, shape), pen / 2), rng)
        elif kind == "texture":
            name = next(surfaces)
            picture = texture(name, shape, rng)
        else:
            labels = rng.integers(0, 10, int(rng.integers(2, 4)))
            name = "".join(map(str, labels))
            masks = [
                (label, ink(any_form(label, rng), (120, 100), (15, 10, 70, 100), pen / 2))
                for label in labels
            ]
            mask, _ = page([masks], (200, 400), rng, height=(70, 95), gap=(0.1, 0.4), wobble=0.04)
            picture = _on_paper(mask, rng)
        yield kind, name, picture


def lookalikes(n: int, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield n letters that look like digits: ("look-alike", letter, uint8 (h, w, 3))."""
    rng = np.random.default_rng(seed)
    for name, _ in zip(cycle(LOOKALIKES), range(n), strict=False):
        mask = letter(name, str(rng.choice(FONTS)), rng)
        yield "look-alike", name, _on_paper(mask, rng)
