"""Draw the twelve sample pictures of this folder, and labels.csv beside them.

    python data/samples/make_samples.py

Nobody's handwriting is in them: each digit is a curve through a few points of our own, bent a
little by a seeded random number, laid on paper that is made up here too.
"""

import csv
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import splev, splprep

HERE = Path(__file__).parent

# Strokes of each digit: points (x, y) in a box of 1×1, y downwards. A stroke of two points is a
# straight line; through more of them runs a smooth curve.
STROKES = {
    0: [
        [(0.55, 0.02), (0.2, 0.2), (0.12, 0.6), (0.4, 0.98), (0.8, 0.8), (0.88, 0.35), (0.5, 0.03)]
    ],
    1: [[(0.28, 0.28), (0.55, 0.02)], [(0.55, 0.02), (0.5, 0.98)]],
    2: [
        [(0.15, 0.25), (0.45, 0.02), (0.8, 0.22), (0.6, 0.58), (0.12, 0.96)],
        [(0.12, 0.96), (0.9, 0.93)],
    ],
    3: [
        [(0.18, 0.14), (0.55, 0.02), (0.78, 0.22), (0.42, 0.46)],
        [(0.42, 0.46), (0.85, 0.66), (0.62, 0.96), (0.14, 0.88)],
    ],
    4: [[(0.42, 0.03), (0.1, 0.62)], [(0.1, 0.62), (0.9, 0.6)], [(0.68, 0.3), (0.62, 0.98)]],
    5: [
        [(0.8, 0.04), (0.28, 0.06)],
        [(0.28, 0.06), (0.22, 0.45)],
        [(0.22, 0.45), (0.55, 0.36), (0.84, 0.62), (0.6, 0.94), (0.14, 0.9)],
    ],
    6: [
        [
            (0.7, 0.03),
            (0.3, 0.35),
            (0.16, 0.72),
            (0.45, 0.98),
            (0.8, 0.76),
            (0.55, 0.52),
            (0.2, 0.68),
        ]
    ],
    7: [[(0.12, 0.07), (0.86, 0.04)], [(0.86, 0.04), (0.58, 0.45), (0.38, 0.98)]],
    8: [
        [
            (0.78, 0.2),
            (0.5, 0.02),
            (0.22, 0.22),
            (0.5, 0.47),
            (0.82, 0.74),
            (0.5, 0.98),
            (0.17, 0.76),
            (0.5, 0.47),
            (0.77, 0.24),
        ]
    ],
    9: [
        [(0.78, 0.22), (0.42, 0.03), (0.2, 0.3), (0.48, 0.52), (0.78, 0.24)],
        [(0.78, 0.24), (0.74, 0.6), (0.6, 0.98)],
    ],
}


def ink(label: int, shape, box, pen: float, seed: int) -> np.ndarray:
    """Draw a digit into `box` (left, top, width, height) of a picture of `shape`: 0.0 to 1.0."""
    rng = np.random.default_rng(seed)
    fine = 4  # drawn larger and shrunk, for soft edges
    canvas = np.zeros((shape[0] * fine, shape[1] * fine), np.uint8)
    left, top, wide, high = box
    lean = rng.uniform(-0.08, 0.12)
    shifts: dict[tuple, np.ndarray] = {}  # strokes that meet in a point go on meeting
    for stroke in STROKES[label]:
        points = np.array([p + shifts.setdefault(p, rng.normal(0, 0.018, 2)) for p in stroke]).T
        if points.shape[1] > 2:
            spline, _ = splprep(points, s=0, k=min(3, points.shape[1] - 1))
            points = np.array(splev(np.linspace(0, 1, 120), spline))
        x = left + (points[0] + lean * (0.5 - points[1])) * wide
        y = top + points[1] * high
        curve = (np.stack([x, y], axis=1) * fine).round().astype(np.int32)
        cv2.polylines(canvas, [curve], False, 255, max(1, round(pen * fine)), cv2.LINE_AA)
    return cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def on_paper(mask: np.ndarray, paper, pen) -> np.ndarray:
    """Lay ink of the colour `pen` on paper of the colour `paper` (RGB): float (h, w, 3)."""
    share = mask[..., np.newaxis]
    return np.asarray(paper, np.float32) * (1 - share) + np.asarray(pen, np.float32) * share


def grain(picture: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """Add a camera's noise and round to uint8."""
    noise = np.random.default_rng(seed).normal(0, strength, picture.shape[:2])[..., np.newaxis]
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def shadow(picture: np.ndarray, dark: float) -> np.ndarray:
    """Let the light fall off towards the lower right, with a soft-edged shadow across it."""
    high, wide = picture.shape[:2]
    rows, columns = np.mgrid[0 : 1 : high * 1j, 0 : 1 : wide * 1j]
    light = 1 - 0.25 * (rows + columns) / 2
    edge = 1 / (1 + np.exp(-(columns * 0.8 + rows * 0.5 - 0.75) * 22))
    return picture * (light * (1 - dark * edge))[..., np.newaxis]


def ruled(picture: np.ndarray, step: int) -> np.ndarray:
    """Draw the blue lines of a writing pad under the ink."""
    lines = picture.copy()
    for row in range(step // 2, picture.shape[0], step):
        lines[row : row + 2] = np.minimum(lines[row : row + 2], (150, 175, 215))
    return lines


WHITE, CREAM, BLACK, BLUE = (250, 250, 248), (238, 230, 212), (25, 25, 28), (35, 55, 150)


def pictures():
    """Yield (file name, label, description, uint8 picture as RGB or RGBA)."""
    square = (400, 400)
    mask = ink(7, square, (110, 60, 180, 280), 22, 1)
    yield (
        "dark_on_light.png",
        7,
        "black pen on white paper",
        grain(on_paper(mask, WHITE, BLACK), 0, 0),
    )

    mask = ink(4, square, (100, 60, 200, 280), 24, 2)
    chalk = on_paper(mask, (38, 60, 50), (228, 230, 222))
    yield "light_on_dark.jpg", 4, "chalk on a blackboard", grain(chalk, 7, 2)

    mask = ink(3, (500, 500), (320, 300, 110, 160), 13, 3)
    yield (
        "off_centre.png",
        3,
        "in the lower right corner",
        grain(on_paper(mask, WHITE, BLACK), 0, 3),
    )

    mask = ink(2, square, (90, 50, 220, 300), 3, 4)
    yield "thin.png", 2, "a hair-thin pen", grain(on_paper(mask, WHITE, BLACK), 0, 4)

    mask = ink(6, square, (90, 50, 220, 300), 58, 5)
    yield "thick.png", 6, "a broad marker", grain(on_paper(mask, WHITE, (20, 20, 20)), 0, 5)

    mask = ink(5, (260, 620), (230, 40, 130, 180), 15, 6)
    yield (
        "not_square.png",
        5,
        "more than twice as wide as high",
        grain(on_paper(mask, WHITE, BLACK), 0, 6),
    )

    mask = ink(9, (320, 320), (80, 40, 160, 240), 20, 7)
    layer = np.dstack([np.zeros((320, 320, 3), np.uint8), (mask * 255).astype(np.uint8)])
    yield "transparent.png", 9, "black strokes on nothing at all", layer

    mask = ink(8, (480, 360), (90, 90, 170, 290), 14, 8)
    yield "blue_ink.jpg", 8, "blue pen on cream paper", grain(on_paper(mask, CREAM, BLUE), 4, 8)

    mask = ink(0, (600, 450), (110, 130, 220, 320), 20, 9)
    photo = shadow(on_paper(mask, (225, 222, 214), (45, 42, 48)), 0.35)
    yield "shadow.jpg", 0, "photographed in uneven light", grain(photo, 5, 9)

    mask = ink(1, (420, 420), (130, 70, 150, 270), 11, 10)
    yield (
        "ruled_paper.jpg",
        1,
        "on a writing pad",
        grain(
            np.minimum(ruled(on_paper(mask * 0, WHITE, BLACK), 44), on_paper(mask, WHITE, BLUE)),
            4,
            10,
        ),
    )

    mask = ink(2, (420, 420), (110, 70, 190, 270), 9, 11)
    yield (
        "pencil.jpg",
        2,
        "a soft pencil, faint",
        grain(on_paper(mask, (236, 235, 230), (160, 160, 162)), 6, 11),
    )

    mask = ink(3, (900, 1200), (700, 240, 70, 100), 8, 12)
    yield (
        "small_in_large.jpg",
        3,
        "far away in a large picture",
        grain(on_paper(mask, CREAM, BLACK), 4, 12),
    )


def main() -> None:
    """Write the pictures and labels.csv."""
    rows = []
    for name, label, description, picture in pictures():
        code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        options = [cv2.IMWRITE_JPEG_QUALITY, 85] if name.endswith("jpg") else []
        cv2.imwrite(str(HERE / name), cv2.cvtColor(picture, code), options)
        rows.append((name, label, description))
    with (HERE / "labels.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("file", "label", "description"), *rows])


if __name__ == "__main__":
    main()
