"""What digits are written on, blank or ruled, and how ink lies on it; a table's wood.

sheet(name, shape)              -> (h, w, 3) float32 in RGB, 0 to 255
ruled, squared, crumpled        -> the same sheet, no longer blank
lay(ink, paper, color)          -> (h, w, 3) float32, the paper with ink on it
wood(shape, rng)                -> (h, w, 3) float32
smooth_noise(shape, rng, size)  -> (h, w) float32, the unevenness of any surface
"""

import cv2
import numpy as np

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
    height, width = paper.shape[:2]
    light = np.zeros((height, width), np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    for _ in range(14):  # each fold lights one side of a line and darkens the other
        angle, at = rng.uniform(0, np.pi), rng.uniform(0, 1)
        away = (columns - at) * np.cos(angle) + (rows - rng.uniform(0, 1)) * np.sin(angle)
        light += rng.uniform(-1, 1) * np.tanh(away * 40) * np.exp(-np.abs(away) * 5)
    return paper * (1 + strength * np.clip(light / 2, -1, 1))[..., np.newaxis]


def lay(mask: np.ndarray, paper: np.ndarray, color) -> np.ndarray:
    """Lay ink, float (h, w), of a colour in RGB on paper, float (h, w, 3)."""
    share = mask[..., np.newaxis]
    return paper * (1 - share) + np.asarray(color, np.float32) * share


def wood(shape, rng) -> np.ndarray:
    """The grain of a wooden table: float32 (h, w, 3)."""
    noise = rng.normal(0, 1, shape).astype(np.float32)
    lines = cv2.GaussianBlur(noise, (0, 0), sigmaX=shape[1] / 6, sigmaY=max(1.0, shape[0] / 250))
    lines = lines / max(float(lines.std()), 1e-6)
    return np.clip(np.array((118, 82, 52)) + lines[..., np.newaxis] * (14, 11, 8), 0, 255).astype(
        np.float32
    )


def smooth_noise(shape, rng, size: float) -> np.ndarray:
    """Smooth noise whose blots are `size` pixels across: float32 `shape`, deviation 1."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), size)
    return noise / max(float(noise.std()), 1e-6)
