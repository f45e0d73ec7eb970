"""What is written in a picture: one digit, or every digit of a page, and how sure that is."""

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlib import evaluation, images, pages, training
from digitlib.backend import keras

NOT_A_DIGIT = "does not look like a digit"
Picture = str | Path | bytes | np.ndarray


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit as it was read."""

    probabilities: np.ndarray
    """Of each class, float32 (10,)."""
    looks_like_one: float
    """How probable it is that this is a digit at all, 0 to 1; below 0.5 is doubt."""
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


@dataclass(frozen=True, eq=False)
class Answer:
    """What was read: rows of digits from top to bottom, and a note where there is doubt."""

    rows: tuple[tuple[Digit, ...], ...]
    note: str = ""

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for row in self.rows for digit in row)

    @property
    def text(self) -> str:
        """The digits in reading order, rows separated by line breaks."""
        return "\n".join("".join(str(digit.digit) for digit in row) for row in self.rows)


@functools.cache
def judge():
    """The network that tells digits from what is none, loaded on first use."""
    return training.read(training.PRETRAINED / "judge/judge.keras", outputs=1)


def read_digit(model, picture: Picture) -> Answer:
    """Read a picture of one digit: a file, its bytes, or uint8 of shape (h, w) or (h, w, 3).

    There is one answer for all the ink; its note says where there is doubt. Raises ImageError
    where the picture cannot be used.
    """
    try:
        chain = images.prepare(picture)
    except images.NoInkError:
        return Answer((), "no ink found")
    return answer(model, chain)


def answer(model, chain: images.Chain) -> Answer:
    """Read what images.prepare made of a picture."""
    read = read_alone(model, chain)
    found = 1
    if not chain.alone or read.looks_like_one < 0.5:
        found = _count(model, chain.writing)
    if found > 1:
        note = f"{found} digits found; use --page"
    else:
        note = NOT_A_DIGIT if read.looks_like_one < 0.5 else ""
    return Answer(((read,),), note)


def read_alone(model, chain: images.Chain) -> Digit:
    """Read what images.prepare made of a picture, without asking whether it holds several."""
    return _read(model, [pages.Mark(chain.digit, chain.box)])[0]


def _count(model, writing: np.ndarray) -> int:
    """How many digits there are in a map of ink, float (h, w)."""
    mask = writing > 0.05
    rows = pages.find_marks(writing, mask, functools.partial(score, model))
    marks = [digit for row in rows for digit in _read(model, row)]
    found = sum(digit.looks_like_one > 0.5 and digit.probability > 0.5 for digit in marks)
    pieces, _ = cv2.connectedComponents(mask.astype(np.uint8))
    left, top, right, bottom = images.box_of(mask)
    # A W can be cut into ones, but digits that touch are wider together.
    narrow = right - left < 0.5 * found * (bottom - top)
    return 1 if found > pieces - 1 and narrow else found


def read_page(model, picture: Picture) -> Answer:
    """Read every digit of a page: a file, its bytes, or uint8 of shape (h, w) or (h, w, 3).

    Raises ImageError where the picture cannot be used.
    """
    picture = images.as_picture(picture)
    flat, to_picture = images.lay_flat(picture, pages.PAGE_SIDE, least=pages.PAGE_SIDE // 2)
    ink, mask = pages.find_ink(images.to_gray(flat))
    rows = []
    for marks in pages.find_marks(ink, mask, functools.partial(score, model)):
        placed = [
            pages.Mark(mark.digit, images.box_in_picture(mark.box, to_picture, picture))
            for mark in marks
        ]
        rows.append(tuple(_read(model, placed)))
    strange = sum(digit.looks_like_one < 0.5 for row in rows for digit in row)
    count = sum(map(len, rows))
    if not rows:
        note = "no ink found"
    elif strange:
        note = f"{strange} of {count} {'does' if strange == 1 else 'do'} not look like a digit"
    else:
        note = ""
    return Answer(tuple(rows), note)


def score(model, x: np.ndarray) -> np.ndarray:
    """How well each image, uint8 (n, 28, 28), can be read as one digit, in nats: float (n,).

    The logarithm of the probability that it is a digit at all, and that it is the likeliest one.
    It counts three times: both networks are lenient towards odd digits, but where there is a
    choice, the less odd way to cut is the better.
    """
    probabilities, one = _predict(model, x)
    return np.log(np.clip((one * probabilities.max(axis=1)) ** 3, 1e-6, 1))


def _predict(model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ask both networks about uint8 (n, 28, 28): float32 (n, 10) and (n,)."""
    probabilities, looks = evaluation.predict(_with_judge(model), x)
    return probabilities, looks[:, 0]


@functools.lru_cache(maxsize=4)
def _with_judge(model):
    """Both networks as one, since a call costs more than the images in it."""
    pixels = keras.Input((28, 28))
    return keras.Model(pixels, [model(pixels), judge()(pixels)])


def _read(model, marks: list[pages.Mark]) -> list[Digit]:
    if not marks:
        return []
    x = np.stack([mark.digit for mark in marks])
    return [
        Digit(probabilities, float(looks), mark.digit, mark.box)
        for mark, probabilities, looks in zip(marks, *_predict(model, x), strict=True)
    ]
