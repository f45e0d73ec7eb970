"""Whole pictures of digits: one alone on its sheet, or rows of them on a page.

digit(label, form, pen, rng)  -> (h, w, 3) uint8, photographed
page(items, shape, rng)       -> (h, w) float32 ink, and what stands where
"""

import cv2
import numpy as np

from synthetic import cameras, papers, pens, strokes


def digit(label: int, form: str, pen: str, rng, side=240) -> np.ndarray:
    """A picture of one digit in one hand and pen, on the paper that goes with it.

    Returns uint8 (side, side, 3); the pen "pixel art" overrides side with 12 to 32.
    """
    if pen == "pixel art":
        side = int(rng.choice([12, 16, 24, 32]))
        height = round(0.85 * side)
        width = round(height * rng.uniform(0.8, 0.95))
        left, top = (side - width) // 2, (side - height) // 2
    else:
        height = rng.uniform(0.45, 0.75) * side
        width = height * rng.uniform(0.6, 0.8)
        left = rng.uniform(0.3, 0.7) * (side - width)
        top = rng.uniform(0.3, 0.7) * (side - height)
    curves = strokes.strokes(label, form, rng)
    mask = pens.write(pen, curves, (side, side), (left, top, width, height), rng)
    sheets, inks = {
        "chalk": (["blackboard", "greenboard"], ["chalk"]),
        "pencil": (["white", "cream", "gray"], ["lead"]),
        "pixel art": (["white"], ["black"]),
    }.get(pen, (["white", "cream", "gray"], ["black", "blue", "green", "violet"]))
    paper = papers.sheet(str(rng.choice(sheets)), mask.shape)
    color = papers.INKS[str(rng.choice(inks))]
    return cameras.grain(papers.lay(mask, paper, color), 0 if pen == "pixel art" else 3, rng)


def page(
    items,
    shape,
    rng,
    *,
    heights=(40, 56),
    gap=(0.25, 0.6),
    left=(0.5, 1.2),
    wobble=0.08,
    slope=0.01,
) -> tuple[np.ndarray, list[tuple[int, tuple[int, int, int, int]]]]:
    """Lay digits out in rows on a page.

    items: rows of (label, ink), ink a float (h, w) from 0 to 1 of any size. heights: of the
    smallest and the tallest digit, in pixels (a digit wider than high is scaled by its width). gap:
    the space between neighbours' boxes, left: before the first of a row, wobble: how far a digit
    may stray off its line, all as shares of the tallest digit. slope: how much a row may rise or
    fall, as a share of its length.

    Returns the ink, float32 `shape`, 0 to 1, and (label, box) in reading order, box being left,
    top, right, bottom in pixels. Digits overlap only where gap is negative. Raises ValueError
    where the rows do not fit.
    """
    height, width = shape
    tallest = heights[1]
    canvas = np.zeros(shape, np.float32)
    placed = []
    pitch = height / len(items)
    if pitch < (1 + 2 * wobble) * tallest + slope * width:
        raise ValueError(f"{len(items)} rows of {tallest} pixels do not fit on {height}.")
    for row, digits in enumerate(items):
        x = rng.uniform(*left) * tallest
        rise = rng.uniform(-slope, slope)
        base = pitch * (row + 0.5) + tallest / 2
        for label, mask in digits:
            box = cv2.boundingRect((mask > 0.1).astype(np.uint8))
            crop = mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]].astype(np.float32)
            scale = rng.uniform(*heights) / max(crop.shape)
            size = [max(1, round(n * scale)) for n in crop.shape[::-1]]
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            crop = np.clip(cv2.resize(crop, size, interpolation=method), 0, 1)
            x0 = round(x)
            stray = rng.uniform(-1, 1) * wobble * tallest
            y0 = round(base - size[1] + rise * (x - width / 2) + stray)
            x1, y1 = x0 + size[0], y0 + size[1]
            if x1 > width:
                raise ValueError(f"Row {row} is wider than {width} pixels.")
            part = canvas[y0:y1, x0:x1]
            np.maximum(part, crop, out=part)
            placed.append((label, (x0, y0, x1, y1)))
            x = x1 + rng.uniform(*gap) * tallest
    return canvas, placed
