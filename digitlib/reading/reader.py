"""What is written in a picture: one digit, or every digit of a page, and how sure that is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from digitlib.errors import ModelError, NoInkError
from digitlib.reading import page
from digitlib.reading.arrays import box_of
from digitlib.reading.digit import Picture, Preprocessed, as_picture, box_in_picture, preprocess
from digitlib.reading.mnist_format import THICKEST, is_straight_stroke
from digitlib.reading.paper import rectify, to_gray

REJECT_BELOW = 0.5  # of the digit probability: the detector's bias is set so that 0.5 is the place
SURE_DIGIT = 0.5  # of both probabilities: what counts as one of several digits
INK = 0.05  # of full ink: what is fainter is the rim of a stroke
NARROW = 0.5  # of its height for each digit found: a W can be cut into ones, but is as high as wide
SCORE_POWER = 3  # both networks are lenient towards odd digits: where there is a choice, be strict
LEAST_SCORE = 1e-6  # so that the logarithm of nothing is a number


class ReadWarning(StrEnum):
    """Why an answer is not to be trusted; whoever shows it says it in their own words."""

    NO_INK = "no ink"
    """Nothing is written in the picture, so there are no digits in the answer."""
    NOT_A_DIGIT = "not a digit"
    """What is written does not look like a digit."""
    SEVERAL_DIGITS = "several digits"
    """One digit was asked for, and there are `Answer.found`, all of them read as one."""
    SOME_NOT_DIGITS = "some are not digits"
    """Of a page: some do not look like digits; they are `rejected`."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit as it was read."""

    probabilities: np.ndarray
    """Of each class, float32 (10,)."""
    digit_probability: float
    """How probable it is that this is a digit at all, 0 to 1."""
    image: np.ndarray
    """What the network saw, uint8 (28, 28)."""
    box: tuple[int, int, int, int]
    """Left, top, right and bottom, in pixels of the picture."""

    @property
    def digit(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())

    @property
    def probability(self) -> float:
        """The probability of that class, 0 to 1."""
        return float(self.probabilities.max())

    @property
    def rejected(self) -> bool:
        """Whether it does not look like a digit."""
        return self.digit_probability < REJECT_BELOW


@dataclass(frozen=True, eq=False)
class Answer:
    """What was read: rows of digits from top to bottom, and a warning where there is doubt."""

    rows: tuple[tuple[Digit, ...], ...]
    warning: ReadWarning | None = None
    found: int = 0
    """How many digits the picture seems to hold: more than are in `digits` if one was asked for."""

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for row in self.rows for digit in row)

    @property
    def text(self) -> str:
        """The digits in reading order, rows separated by line breaks."""
        return "\n".join("".join(str(digit.digit) for digit in row) for row in self.rows)


Network = Callable[[np.ndarray], np.ndarray]


class Reader:
    """Reads pictures with two networks.

    classifier: uint8 (n, 28, 28), 255 = ink -> the probability of each class, (n, 10).
    detector: uint8 (n, 28, 28) -> the probability that it is a digit at all, (n,) or (n, 1).

    Each is any callable, such as a Keras model of your own (weights.open_reader makes it quick).
    Pictures are a file, its bytes, or uint8 of shape (h, w) or (h, w, 3).
    """

    def __init__(self, classifier: Network, detector: Network):
        self.classifier, self.detector = classifier, detector

    def read_digit(self, picture: Picture | Preprocessed) -> Answer:
        """Read a picture of one digit, or what preprocess has made of one.

        There is one answer for all the ink; its warning says where there is doubt. Raises
        ImageError where the picture cannot be used, and ModelError where a network answers in
        another shape than it should.
        """
        if not isinstance(picture, Preprocessed):
            try:
                picture = preprocess(picture)
            except NoInkError:
                return Answer((), ReadWarning.NO_INK)
        (digit,) = self._read([page.Crop(picture.image, picture.box)])
        # MNIST has no 1 drawn with a ruler, so the detector takes the straightest for no digit. On
        # a page such a stroke stays in doubt: there it may be the edge of the sheet.
        is_thin = picture.stroke_width <= THICKEST
        if digit.digit == 1 and is_thin and is_straight_stroke(digit.image):
            digit = replace(digit, digit_probability=1.0)
        found = 1
        if not picture.alone or digit.rejected:
            found = self._count(picture.writing)
        if found > 1:
            warning = ReadWarning.SEVERAL_DIGITS
        else:
            warning = ReadWarning.NOT_A_DIGIT if digit.rejected else None
        return Answer(((digit,),), warning, found)

    def read_page(self, picture: Picture) -> Answer:
        """Read every digit of a page, row by row.

        Raises ImageError where the picture cannot be used, and ModelError where a network answers
        in another shape than it should.
        """
        picture = as_picture(picture)
        sheet, to_picture = rectify(picture, page.PAGE_SIDE, least=page.PAGE_SIDE // 2)
        rows = []
        for crops in page.segment(*page.binarize(to_gray(sheet)), self.score):
            placed = [
                replace(crop, box=box_in_picture(crop.box, to_picture, picture)) for crop in crops
            ]
            rows.append(tuple(self._read(placed)))
        digits = [digit for row in rows for digit in row]
        if not digits:
            warning = ReadWarning.NO_INK
        elif any(digit.rejected for digit in digits):
            warning = ReadWarning.SOME_NOT_DIGITS
        else:
            warning = None
        return Answer(tuple(rows), warning, len(digits))

    def score(self, x: np.ndarray) -> np.ndarray:
        """How well each image, uint8 (n, 28, 28), can be read as one digit, in nats: float (n,).

        The logarithm of the probability that it is a digit at all, and that it is the likeliest
        one, three times: the less odd way to cut is the better. 0 is best.
        """
        probabilities, digit_probability = self._ask(x)
        sure = (digit_probability * probabilities.max(axis=1)) ** SCORE_POWER
        return np.log(np.clip(sure, LEAST_SCORE, 1))

    def _count(self, writing: np.ndarray) -> int:
        """How many digits there are in a map of ink, float (h, w)."""
        mask = writing > INK
        rows = page.segment(writing, mask, self.score)
        digits = [digit for crops in rows for digit in self._read(crops)]
        found = sum(d.digit_probability > SURE_DIGIT and d.probability > SURE_DIGIT for d in digits)
        pieces, _ = cv2.connectedComponents(mask.astype(np.uint8))
        left, top, right, bottom = box_of(mask)
        # Digits that touch are wider together than one is.
        is_narrow = right - left < NARROW * found * (bottom - top)
        return 1 if found > pieces - 1 and is_narrow else found

    def _read(self, crops: list[page.Crop]) -> list[Digit]:
        if not crops:
            return []
        answers = self._ask(np.stack([crop.image for crop in crops]))
        return [
            Digit(probabilities, float(digit_probability), crop.image, crop.box)
            for crop, probabilities, digit_probability in zip(crops, *answers, strict=True)
        ]

    def _ask(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ask both networks about uint8 (n, 28, 28): float32 (n, 10) and (n,)."""
        probabilities = np.asarray(self.classifier(x), np.float32)
        digit_probability = np.asarray(self.detector(x), np.float32)
        if probabilities.shape != (len(x), 10):
            raise ModelError(
                f"The classifier answers {len(x)} images with an array of shape "
                f"{probabilities.shape}; it must give ten probabilities for each."
            )
        if digit_probability.size != len(x):
            raise ModelError(
                f"The detector answers {len(x)} images with an array of shape "
                f"{digit_probability.shape}; it must give one probability for each."
            )
        return probabilities, digit_probability.reshape(len(x))
