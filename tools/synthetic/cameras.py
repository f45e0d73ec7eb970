"""Light and camera: what happens to a written sheet until it is a picture.

gradient, shadow, glare                    -> (h, w, 3) float32 in RGB, seen in another light
blur, turn, warp, on_table, ...            -> the same, seen by a camera held as people hold it
specks, stain, smeared, holes, framed, ... -> the same, with what else is on a sheet
grain(picture, strength, rng)              -> uint8, with the camera's noise: the last step
jpeg(picture, quality)                     -> uint8, as a file gives it back
"""

import cv2
import numpy as np

from synthetic import papers


def across(shape, angle: float) -> np.ndarray:
    """How far each pixel lies across the picture in a direction (radians), 0 to 1."""
    rows, columns = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
    away = columns * np.cos(angle) + rows * np.sin(angle)
    return (away - away.min()) / (away.max() - away.min())


def gradient(picture: np.ndarray, dark: float, angle=0.8) -> np.ndarray:
    """Let the light fall off by the share `dark` across the picture, towards `angle` (radians)."""
    return picture * (1 - dark * across(picture.shape, angle))[..., np.newaxis]


def shadow(picture: np.ndarray, dark: float, at=0.55, angle=0.6, soft=0.05) -> np.ndarray:
    """Lay a shadow over what lies beyond `at`; its edge is `soft` of the picture wide."""
    edge = 1 / (1 + np.exp(-np.clip((across(picture.shape, angle) - at) / soft * 4, -50, 50)))
    return picture * (1 - dark * edge)[..., np.newaxis]


def glare(picture: np.ndarray, at, size: float, strength=0.8) -> np.ndarray:
    """Reflect a lamp at `at` (x, y as shares of the picture), `size` of its width across."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / width
    away = ((columns - at[0]) ** 2 + (rows - at[1] * height / width) ** 2) / size**2
    light = (strength * np.exp(-away))[..., np.newaxis]
    return picture + (255 - picture) * light


def blur(picture: np.ndarray, pixels: float) -> np.ndarray:
    """Put the picture out of focus by `pixels` (standard deviation)."""
    return cv2.GaussianBlur(picture, (0, 0), pixels)


def specks(picture: np.ndarray, rng, count: int, size=2.0, color=(70, 62, 56)) -> np.ndarray:
    """Strew dirt over the picture: `count` specks of up to `size` pixels in radius."""
    dirty = picture.copy()
    height, width = picture.shape[:2]
    for x, y, r in rng.uniform(0, 1, (count, 3)) * (width, height, size):
        spot = round(x * 16), round(y * 16)
        cv2.circle(dirty, spot, round(max(r, 0.6) * 16), color, -1, cv2.LINE_AA, shift=4)
    return dirty


def stain(picture: np.ndarray, at, radius: int, color=(120, 78, 40)) -> np.ndarray:
    """Leave the ring of a coffee cup round `at` (x, y in pixels)."""
    ring = np.zeros(picture.shape[:2], np.float32)
    cv2.circle(ring, at, radius, 0.12, -1)
    cv2.circle(ring, at, radius, 0.5, max(2, radius // 12))
    return papers.lay(cv2.GaussianBlur(ring, (0, 0), radius / 60 + 0.5), picture, color)


def smeared(picture: np.ndarray, rng, strength=10.0) -> np.ndarray:
    """Wipe a board with a dusty sponge: pale streaks, `strength` grey levels deep."""
    noise = papers.smooth_noise(picture.shape[:2], rng, 6)
    streaks = cv2.GaussianBlur(noise, (0, 0), sigmaX=60, sigmaY=1)
    return picture + np.abs(streaks / streaks.std())[..., np.newaxis] * strength


def edge_of_table(picture: np.ndarray, rng, width: int) -> np.ndarray:
    """Let the sheet end `width` pixels before the right edge, where the table shows."""
    table = papers.wood((len(picture), width), rng)
    return np.hstack([picture[:, :-width], table]).astype(np.float32)


def holes(picture: np.ndarray, radius: int, color=(60, 56, 54)) -> np.ndarray:
    """Punch a binder's two holes at the left edge, through which the table shows."""
    punched = picture.copy()
    for share in (0.25, 0.75):
        spot = 2 * radius, round(share * len(picture))
        cv2.circle(punched, spot, radius, color, -1, cv2.LINE_AA)
    return punched


def framed(picture: np.ndarray, width: int, color, inset=0) -> np.ndarray:
    """Draw a frame, `width` pixels wide and `inset` pixels from the edge."""
    box = (inset, inset, picture.shape[1] - 2 * inset, picture.shape[0] - 2 * inset)
    edge = np.zeros(picture.shape[:2], np.float32)
    cv2.rectangle(edge, box, 1, 2 * width if inset == 0 else width)
    return papers.lay(edge, picture, color)


def turn(picture: np.ndarray, degrees: float, fill) -> np.ndarray:
    """Turn a picture about its middle, counter-clockwise; `fill` shows in the corners."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderValue=fill)


def tilt(shape, rng, strength: float) -> np.ndarray:
    """A perspective, 3×3, that moves the corners inwards by up to `strength` of the sides."""
    height, width = shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (width, height)
    moved = corners + inwards * rng.uniform(0, strength, (4, 2))
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def warp(picture: np.ndarray, matrix: np.ndarray, fill) -> np.ndarray:
    """See a picture through a perspective; `fill`, a colour, shows around it."""
    size = picture.shape[1::-1]
    return cv2.warpPerspective(picture, matrix, size, borderValue=fill)


def on_table(picture: np.ndarray, rng, strength=0.08, border=0.08, table=None) -> np.ndarray:
    """Photograph a sheet that lies on a table, wooden by default, float (h, w, 3), from askew."""
    pad = round(border * min(picture.shape[:2]))
    padded = cv2.copyMakeBorder(picture, *[pad] * 4, cv2.BORDER_CONSTANT, value=(-1, -1, -1))
    seen = warp(padded, tilt(padded.shape, rng, strength), (-1, -1, -1))
    if table is None:
        around = papers.wood(seen.shape[:2], rng)
    else:
        around = np.full(seen.shape, table, np.float32)
    return np.where(seen < 0, around, seen).astype(np.float32)


def grain(picture: np.ndarray, strength: float, rng) -> np.ndarray:
    """Add a camera's noise, `strength` grey levels, and round: uint8."""
    noise = rng.normal(0, strength, picture.shape[:2])
    noise = noise[..., np.newaxis] if picture.ndim == 3 else noise
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Store uint8 (h, w, 3) as JPEG of this quality, 1 to 100, and read it back."""
    _, code = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)
