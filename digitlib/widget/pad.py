"""What a sketchpad does, whatever shows it: draw strokes, read them, keep them, take them back.

sketchpad.py shows one in a notebook, server.py in a page of its own.
"""

import itertools
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from digitlib.data import DATA_DIR, shown
from digitlib.reading import Answer, Reader, ReadWarning

_SIDE = 280  # of the paper, in pixels; sketchpad.js has the same
_MOST_POINTS = 5000  # of a drawing: a digit has a few hundred, and more would only take time
_FARTHEST = 100 * _SIDE  # from the paper's corner that a mouse can be dragged


class Pad:
    """A reader, and a folder where drawings are kept: data/samples/mine/ if left out."""

    def __init__(self, reader: Reader, folder: str | Path | None = None):
        self.reader = reader
        self.folder = Path(folder) if folder is not None else DATA_DIR / "samples" / "mine"
        self._kept: list[Path] = []  # by this pad, and not taken back

    @property
    def can_take_back(self) -> bool:
        """Whether there is a drawing that take_back would delete."""
        return bool(self._kept)

    def answer(self, paper) -> dict:
        """Read what is on the paper: {"strokes": …, "turn": …} as the page sends it.

        Returns turn, probabilities (a list of ten, or None for empty paper), image (784 bytes, the
        28×28 that the network sees, or None) and note (a sentence, or "").
        """
        paper = paper if isinstance(paper, dict) else {}
        digit, note = self.read(draw(sound(paper.get("strokes"))))
        return {
            "turn": paper.get("turn"),
            "probabilities": None if digit is None else [float(p) for p in digit.probabilities],
            "image": None if digit is None else digit.image.tobytes(),
            "note": note,
        }

    def read(self, pixels: np.ndarray):
        """Read uint8 (280, 280): a reading.Digit, or None where there is no ink, and a note."""
        answer = Answer(()) if _is_empty(pixels) else self.reader.read_digit(pixels)
        if not answer.digits:
            return None, ""
        return answer.digits[0], _in_words(answer)

    def obey(self, request) -> dict | None:
        """Keep a drawing, with the strokes that the page has just then, or take one back.

        Returns what to say: {"message": …, "kept": bool}. A request of any other form comes from
        no button: None.
        """
        try:
            match request:
                case {"label": label, "strokes": strokes}:
                    done = "kept"
                    message = f"Kept as {shown(self.keep(label, sound(strokes)))}."
                case {"take_back": True}:
                    done = "deleted"
                    message = f"Taken back: {shown(self.take_back())} is deleted."
                case _:
                    return None
        except (ValueError, FileNotFoundError) as error:
            return {"message": str(error), "kept": False}
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"Not {done}, as {shown(self.folder)} cannot be written ({reason})."
            return {"message": message, "kept": False}
        return {"message": message, "kept": done == "kept"}

    def keep(self, label: int, strokes: list) -> Path:
        """Keep a drawing in the folder as <label>_<date>-<time>-<n>.png and return its path.

        No file is overwritten, and the file is written whole or not at all. Raises ValueError
        where the paper is empty or the label is not 0 to 9, and OSError where the folder cannot
        be written.
        """
        is_whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        if not is_whole or not 0 <= label <= 9:
            raise ValueError(f"The label is {label!r}; it must be a whole number from 0 to 9.")
        pixels = draw(strokes)
        if _is_empty(pixels):
            raise ValueError("The paper is empty; draw a digit first.")
        path = _write_new(self.folder, label, pixels)
        self._kept.append(path.absolute())  # the same file even if the working folder changes
        return path

    def take_back(self) -> Path:
        """Delete the drawing that this pad kept last, and return the path it had.

        Call it again for the one before. Raises ValueError where this pad has kept nothing (more),
        FileNotFoundError where somebody else has deleted the file, and OSError where it cannot be
        deleted.
        """
        if not self._kept:
            raise ValueError("This pad has kept nothing that it could take back.")
        path = self._kept[-1]
        try:
            path.unlink()
        except FileNotFoundError:
            self._kept.pop()
            raise FileNotFoundError(
                f"{shown(path)} is gone already; somebody else moved or deleted it."
            ) from None
        return self._kept.pop()


def _in_words(answer: Answer) -> str:
    if answer.warning == ReadWarning.SEVERAL_DIGITS:
        return f"looks like {answer.found} digits; the pad reads one at a time"
    if answer.warning == ReadWarning.NOT_A_DIGIT:
        return "does not look like a digit"
    return ""


def draw(strokes: list[list[list[float]]]) -> np.ndarray:
    """Draw strokes, lists of points (x, y, width) in pixels, on paper: uint8 (280, 280).

    A negative width rubs out. 0 = ink, 255 = paper.
    """
    paper = np.full((_SIDE, _SIDE), 255, np.uint8)
    for stroke in strokes:
        for start, end in itertools.pairwise([stroke[0], *stroke]):  # a single point is a dot
            points = [tuple(round(16 * n) for n in point[:2]) for point in (start, end)]
            width = max(1, round(abs(end[2])))
            cv2.line(paper, *points, 255 if end[2] < 0 else 0, width, cv2.LINE_AA, shift=4)
    return paper


def _is_empty(pixels: np.ndarray) -> bool:
    """Whether a drawing has no ink left; the faint rim of what was rubbed out is none."""
    return bool(pixels.min() > 127)


def sound(strokes) -> list[list[list[float]]]:
    """Take what a page has sent to strokes that can be drawn, without what is malformed.

    Of more than 5000 points, every second, third … is left out, and all but the last 5000 strokes.
    """
    strokes = strokes[-_MOST_POINTS:] if isinstance(strokes, list) else []
    found = [[point for point in s if _is_point(point)] for s in strokes if isinstance(s, list)]
    step = -(sum(map(len, found)) // -_MOST_POINTS)
    # Counted from the end, so that every stroke still ends where it did.
    return [stroke[::-1][::step][::-1] for stroke in found if stroke]


def _is_point(point) -> bool:
    if not isinstance(point, (list, tuple)) or len(point) != 3:
        return False
    if any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in point):
        return False
    x, y, width = (abs(n) for n in point)
    return x <= _FARTHEST and y <= _FARTHEST and width <= _SIDE  # NaN is not


def _write_new(folder: Path, label: int, picture: np.ndarray) -> Path:
    """Write uint8 (h, w) as a new PNG, <label>_<date>-<time>-<n>.png, and return its path.

    Raises OSError where the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    png = cv2.imencode(".png", picture)[1].tobytes()
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    for n in itertools.count():
        path = folder / f"{label}_{now}-{n}.png"
        # Whoever has made the partial file, and nobody else, may make the file itself.
        partial = path.with_name(f".{path.name}.part")
        try:
            with partial.open("xb") as file:
                file.write(png)
            if not path.exists():
                return partial.replace(path)
        except FileExistsError:
            continue
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        partial.unlink()
