"""Paper in the notebook: draw a digit, and watch the network read it as you draw."""

import base64
import io
import itertools
from datetime import datetime
from functools import cache
from pathlib import Path

import anywidget
import cv2
import numpy as np
import traitlets
from matplotlib.figure import Figure

from digitlib import plotting, weights
from digitlib.data import DATA_DIR, shown
from digitlib.reading import ReadWarning

SIDE = 280  # of the paper, in pixels; sketchpad.js has the same
MOST_POINTS = 5000  # of a drawing: a digit has a few hundred, and more would only take time
FARTHEST = 100 * SIDE  # from the paper's corner that a mouse can be dragged

# A stroke is a list of points (x, y, width of the pen), in pixels. Where the width is negative,
# it is the eraser's: strokes are painted in their order, and the eraser paints in white. So a
# drawing is one plain list, whatever was done to it. This one is a 3.
EXAMPLE = [
    [[x, y, 16] for x, y in (
        (95, 82), (112, 62), (138, 54), (164, 61), (178, 82), (172, 108), (148, 126), (122, 130),
        (154, 133), (180, 150), (188, 178), (178, 206), (152, 224), (120, 224), (92, 206),
    )],
]  # fmt: skip


class Sketchpad(anywidget.AnyWidget):
    """Paper to draw one digit on, with ten probabilities that move as you draw.

    model: a network with input (28, 28) and ten outputs; the shipped reader if left out.
    folder: where drawings are kept that you put right, or say are right; data/samples/mine/ if
    left out.

    Put it at the end of a cell to show it. Later cells find what was drawn last in `drawing`,
    `image`, `probabilities` and `digit`. keep() and take_back() do what the buttons do. Raises
    ModelError where the shipped reader is damaged.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    # The page counts its changes in `turn`, to know which drawing an answer is for.
    # Any: whatever the page sends is looked at in _strokes, and not refused with a traceback.
    _paper = traitlets.Any({"strokes": [], "turn": 0}).tag(sync=True)
    _reading = traitlets.Dict().tag(sync=True)
    _can_take_back = traitlets.Bool(False).tag(sync=True)

    def __init__(self, model=None, folder: str | Path | None = None):
        self._reader = _shipped_reader() if model is None else weights.open_reader(model)
        self._folder = Path(folder) if folder is not None else DATA_DIR / "samples" / "mine"
        self._kept: list[Path] = []  # by this pad, and not taken back
        self._answer(draw(EXAMPLE))  # the first answer takes a second: not at the first stroke
        super().__init__()
        self._read()
        self.on_msg(lambda _widget, content, _buffers: self._obey(content))

    @property
    def drawing(self) -> np.ndarray:
        """What is on the paper, uint8 of shape (280, 280), 0 = ink, 255 = paper."""
        return draw(self._strokes)

    @property
    def image(self) -> np.ndarray | None:
        """What the network sees, uint8 of shape (28, 28), 255 = ink; None for empty paper."""
        seen = self._reading["image"]
        return None if seen is None else np.frombuffer(seen, np.uint8).reshape(28, 28)

    @property
    def probabilities(self) -> tuple[float, ...] | None:
        """The probabilities of 0 to 9; None for empty paper."""
        found = self._reading["probabilities"]
        return None if found is None else tuple(found)

    @property
    def digit(self) -> int | None:
        """The most probable digit; None for empty paper."""
        return None if self.probabilities is None else int(np.argmax(self.probabilities))

    def keep(self, label: int) -> Path:
        """Keep the drawing in the folder as <label>_<date>-<time>-<n>.png and return its path.

        No file is overwritten, and the file is written whole or not at all. Raises ValueError
        where the paper is empty or the label is not 0 to 9, and OSError where the folder cannot
        be written.
        """
        return self._keep(label, self._strokes)

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
            self._forget_last()
            raise FileNotFoundError(
                f"{shown(path)} is gone already; somebody else moved or deleted it."
            ) from None
        self._forget_last()
        return path

    def _forget_last(self) -> None:
        self._kept.pop()
        self._can_take_back = bool(self._kept)

    def _keep(self, label: int, strokes: list) -> Path:
        is_whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        if not is_whole or not 0 <= label <= 9:
            raise ValueError(f"The label is {label!r}; it must be a whole number from 0 to 9.")
        pixels = draw(strokes)
        if is_empty(pixels):
            raise ValueError("The paper is empty; draw a digit first.")
        path = write_new(self._folder, label, pixels)
        self._kept.append(path.absolute())  # the same file even if the working folder changes
        self._can_take_back = True
        return path

    def _obey(self, request) -> None:
        """Keep a drawing, with the strokes that the page has just then, or take one back; say so.

        A request of any other form comes from no button and is ignored.
        """
        try:
            match request:
                case {"label": label, "strokes": strokes}:
                    done = "kept"
                    message = f"Kept as {shown(self._keep(label, sound(strokes)))}."
                case {"take_back": True}:
                    done = "deleted"
                    message = f"Taken back: {shown(self.take_back())} is deleted."
                case _:
                    return
        except (ValueError, FileNotFoundError) as error:
            self.send({"message": str(error), "kept": False})
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"Not {done}, as {shown(self._folder)} cannot be written ({reason})."
            self.send({"message": message, "kept": False})
        else:
            self.send({"message": message, "kept": done == "kept"})

    @property
    def _strokes(self) -> list:
        return sound(self._paper.get("strokes") if isinstance(self._paper, dict) else None)

    @traitlets.observe("_paper")
    def _read(self, _change=None) -> None:
        probabilities, digit, note = self._answer(self.drawing)
        self._reading = {
            "turn": self._paper.get("turn") if isinstance(self._paper, dict) else None,
            "probabilities": None if probabilities is None else [float(p) for p in probabilities],
            "image": None if digit is None else digit.tobytes(),
            "note": note,
        }

    def _answer(self, pixels: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None, str]:
        """Read uint8 (h, w): probabilities (10,), what the network sees (28, 28), and a note.

        Both are None where there is no ink.
        """
        if is_empty(pixels):
            return None, None, ""
        answer = self._reader.read_digit(pixels)
        if not answer.digits:
            return None, None, ""
        (digit,) = answer.digits
        return digit.probabilities, digit.image, _in_words(answer)

    def _repr_mimebundle_(self, **options):
        """Add a still picture to the widget, for pages where no kernel runs."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        parts, metadata = bundle
        picture, alternative = self._still()
        parts |= {"image/png": base64.b64encode(picture).decode(), "text/plain": alternative}
        return parts, metadata

    def _still(self) -> tuple[bytes, str]:
        """Draw the pad, with an example where it is empty, as a PNG; and say what it shows."""
        strokes = EXAMPLE if self.digit is None else self._strokes
        pixels = draw(strokes)
        probabilities, digit, _ = self._answer(pixels)
        best = int(probabilities.argmax())
        fig = Figure(figsize=(8, 2.5), dpi=90, layout="constrained")
        axes = fig.subplots(1, 3, width_ratios=[1.2, 1.2, 2])
        plotting.show_digit(255 - pixels, "drawn on the pad", ax=axes[0])
        plotting.show_digit(digit, "what the network sees", ax=axes[1])
        bars = axes[2].bar(range(10), probabilities, color=plotting.GREY)
        bars[best].set_color(plotting.BLUE)
        axes[2].set(xticks=range(10), xlabel="digit", ylabel="probability", ylim=(0, 1.05))
        axes[2].set_title(f"{best} with probability {probabilities[best]:.1%}")
        file = io.BytesIO()
        fig.savefig(file, format="png")
        text = (
            f"Sketchpad with a drawing, read as {best} with probability {probabilities[best]:.1%}."
        )
        return file.getvalue(), text + " Run this cell to draw on it."


@cache
def _shipped_reader():
    return weights.open_reader()


def _in_words(answer) -> str:
    if answer.warning == ReadWarning.SEVERAL_DIGITS:
        return f"looks like {answer.found} digits; the pad reads one at a time"
    if answer.warning == ReadWarning.NOT_A_DIGIT:
        return "does not look like a digit"
    return ""


def draw(strokes: list[list[list[float]]]) -> np.ndarray:
    """Draw strokes, lists of points (x, y, width) in pixels, on paper: uint8 (280, 280).

    A negative width rubs out. 0 = ink, 255 = paper.
    """
    paper = np.full((SIDE, SIDE), 255, np.uint8)
    for stroke in strokes:
        for start, end in itertools.pairwise([stroke[0], *stroke]):  # a single point is a dot
            points = [tuple(round(16 * n) for n in point[:2]) for point in (start, end)]
            width = max(1, round(abs(end[2])))
            cv2.line(paper, *points, 255 if end[2] < 0 else 0, width, cv2.LINE_AA, shift=4)
    return paper


def is_empty(pixels: np.ndarray) -> bool:
    """Whether a drawing has no ink left; the faint rim of what was rubbed out is none."""
    return bool(pixels.min() > 127)


def sound(strokes) -> list[list[list[float]]]:
    """Take what a page has sent to strokes that can be drawn, without what is malformed.

    Of more than 5000 points, every second, third … is left out, and all but the last 5000 strokes.
    """
    strokes = strokes[-MOST_POINTS:] if isinstance(strokes, list) else []
    found = [[point for point in s if _is_point(point)] for s in strokes if isinstance(s, list)]
    step = -(sum(map(len, found)) // -MOST_POINTS)
    # Counted from the end, so that every stroke still ends where it did.
    return [stroke[::-1][::step][::-1] for stroke in found if stroke]


def _is_point(point) -> bool:
    if not isinstance(point, (list, tuple)) or len(point) != 3:
        return False
    if any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in point):
        return False
    x, y, width = (abs(n) for n in point)
    return x <= FARTHEST and y <= FARTHEST and width <= SIDE  # NaN is not


def write_new(folder: Path, label: int, picture: np.ndarray) -> Path:
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
