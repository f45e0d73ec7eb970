"""Paper in the notebook: draw a digit, and watch the network read it as you draw."""

import base64
import io
from functools import cache
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from digitlib import plotting, weights
from digitlib.widget.pad import Pad, draw, sound

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
        self._pad = Pad(_shipped_reader() if model is None else weights.open_reader(model), folder)
        self._pad.read(draw(EXAMPLE))  # a Keras model's first answer takes a second: not a stroke's
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
        try:
            return self._pad.keep(label, self._strokes)
        finally:
            self._can_take_back = self._pad.can_take_back

    def take_back(self) -> Path:
        """Delete the drawing that this pad kept last, and return the path it had.

        Call it again for the one before. Raises ValueError where this pad has kept nothing (more),
        FileNotFoundError where somebody else has deleted the file, and OSError where it cannot be
        deleted.
        """
        try:
            return self._pad.take_back()
        finally:
            self._can_take_back = self._pad.can_take_back

    def _obey(self, request) -> None:
        said = self._pad.obey(request)
        self._can_take_back = self._pad.can_take_back
        if said:
            self.send(said)

    @property
    def _strokes(self) -> list:
        return sound(self._paper.get("strokes") if isinstance(self._paper, dict) else None)

    @traitlets.observe("_paper")
    def _read(self, _change=None) -> None:
        self._reading = self._pad.answer(self._paper)

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
        pixels = draw(EXAMPLE if self.digit is None else self._strokes)
        read, _ = self._pad.read(pixels)
        said = f"{read.digit} with probability {read.probability:.1%}"
        fig = Figure(figsize=(8, 2.5), dpi=90, layout="constrained")
        axes = fig.subplots(1, 3, width_ratios=[1.2, 1.2, 2])
        plotting.show_digit(255 - pixels, "drawn on the pad", ax=axes[0])
        plotting.show_digit(read.image, "what the network sees", ax=axes[1])
        bars = axes[2].bar(range(10), read.probabilities, color=plotting.GREY)
        bars[read.digit].set_color(plotting.BLUE)
        axes[2].set(xticks=range(10), xlabel="digit", ylabel="probability", ylim=(0, 1.05))
        axes[2].set_title(said)
        file = io.BytesIO()
        fig.savefig(file, format="png")
        text = f"Sketchpad with a drawing, read as {said}. Run this cell to draw on it."
        return file.getvalue(), text


@cache
def _shipped_reader():
    return weights.open_reader()
