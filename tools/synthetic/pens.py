"""Pens, from a hairline to chalk: they turn the curves of strokes.py into ink.

write(pen, curves, shape, box, rng)       -> (h, w) float32, 0 = paper, 1 = full ink
felt_tip, ballpoint, pencil, chalk, ...   -> the same, with the width of a stroke in pixels
ink(curves, shape, box, pen, pressure)    -> the same, plain: what every pen begins with
"""

import cv2
import numpy as np

from synthetic import papers


def ink(curves, shape, box, pen: float, pressure=None, *, fill=False) -> np.ndarray:
    """Draw curves into `box` (left, top, width, height) of a picture: float32 `shape`, 0 to 1.

    pen is the width of a stroke in pixels; pressure, a float (n,) for each curve, is the share of
    it at each point. fill draws what the curves enclose as well.
    """
    fine = 4  # drawn larger and shrunk, for soft edges
    left, top, width, height = box
    canvas = np.zeros((shape[0] * fine, shape[1] * fine), np.uint8)
    for i, curve in enumerate(curves):
        at = (((curve * (width, height)) + (left, top)) * fine).round().astype(np.int32)
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


def felt_tip(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Even strokes of one width: a felt-tip, a hairline or a broad marker."""
    return ink(curves, shape, box, pen)


def ballpoint(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Strokes whose width and depth follow the hand's pressure."""
    mask = ink(curves, shape, box, pen, _uneven(curves, rng, 0.2))
    return mask * np.clip(0.92 + 0.08 * papers.smooth_noise(shape, rng, 2 * pen), 0, 1)


def pencil(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Faint strokes that leave the paper's grain bare."""
    soft = cv2.GaussianBlur(ink(curves, shape, box, pen), (0, 0), 0.15 * pen + 0.3)
    return soft * np.clip(0.6 + 0.22 * papers.smooth_noise(shape, rng, 0.8), 0, 1)


def chalk(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Broad strokes broken by the grain of the board."""
    mask = ink(curves, shape, box, pen, _uneven(curves, rng, 0.12))
    fine, coarse = papers.smooth_noise(shape, rng, 0.9), papers.smooth_noise(shape, rng, 4)
    cover = 0.78 + 0.3 * fine + 0.15 * coarse
    return mask * np.clip(cover, 0.05, 1)


def brush(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Strokes that swell in the middle and run out at the end."""
    swell = [0.45 + 0.75 * np.sin(np.linspace(0.4, 2.9, len(c))) for c in curves]
    return ink(curves, shape, box, pen, swell)


def pixel_art(curves, shape, box, pen: float, rng) -> np.ndarray:
    """Whole pixels, as in a paint program's pencil: 0 or 1, with no soft edges."""
    canvas = np.zeros(shape, np.uint8)
    left, top, width, height = box
    for curve in curves:
        at = (curve * (width - 1, height - 1) + (left, top)).round().astype(np.int32)
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
