"""Every digit on a page: where one ends and the next begins.

    find_ink       picture       -> ink (h, w) and the mask of what may be writing
    find_atoms     mask          -> pieces of ink, each a digit, a part of one, or several
    find_rows      atoms         -> rows top to bottom, each from left to right
    best_split     a row, scores -> the digits of the row

What belongs together is decided by reading: every plausible way to join pieces or to cut them is
made into 28×28 and scored by the networks, and the best-scored path through the row is taken.
This is the segmentation graph of LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning
Applied to Document Recognition, 1998, section VI.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.signal import find_peaks

from digitlib import images

PAGE_SIDE = 2000  # the longer side, in pixels, of the page at most; half of it at least
# A page has fewer pieces, and a row of touching digits fewer ways to cut it; a texture has more.
MOST_PIECES, MOST_WAYS = 500, 1000
MOST_TRIED = 60_000_000  # in the boxes of all candidates of a page: large drawings are not cut
CUT_PENALTY, JOIN_PENALTY = 0.5, 0.3  # in nats: what a cut or a join must gain to be worth it
SHARE_PENALTY = 1.0  # more for a cut along a stroke that both sides keep
DOUBT = 0.1  # nats: a piece that reads worse as one digit may be several …
NARROWEST = 0.4  # … if it is at least so wide, as a share of its height


@dataclass(frozen=True)
class Atom:
    """A piece of ink: its mask, bool (h, w), and where in the page its corner lies."""

    mask: np.ndarray
    left: int
    top: int

    @property
    def right(self) -> int:
        return self.left + self.mask.shape[1]

    @property
    def bottom(self) -> int:
        return self.top + self.mask.shape[0]

    @property
    def high(self) -> int:
        return self.mask.shape[0]

    @property
    def wide(self) -> int:
        return self.mask.shape[1]

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True)
class Mark:
    """What was taken for one digit: its pixels for the network, uint8 (28, 28), and its box."""

    digit: np.ndarray
    box: tuple[int, int, int, int]


def find_marks(
    ink: np.ndarray, mask: np.ndarray, score: Callable[[np.ndarray], np.ndarray]
) -> list[list[Mark]]:
    """Split ink, float (h, w), under a mask, bool (h, w), into rows of single digits.

    score: uint8 (n, 28, 28) -> float (n,), how well each can be read as one digit, in nats (0 is
    best). Boxes are in pixels of `ink`.
    """
    rows = find_rows(find_atoms(mask))
    if not rows:
        return []
    # Pieces, then candidates, in a batch each: a call costs more than the images in it.
    whole = iter(score(np.stack([mark_of(atom, ink).digit for row in rows for atom in row])))
    proposals = []
    pixels = 0
    for row in rows:
        doubtful = [next(whole) < -DOUBT for _ in row]
        proposals.append(_proposals(row, doubtful, MOST_WAYS if pixels < MOST_TRIED else 0))
        pixels += sum(atom.wide * atom.high for _, _, atom, _ in proposals[-1])
    made = [[mark_of(atom, ink) for _, _, atom, _ in options] for options in proposals]
    scores = iter(score(np.stack([mark.digit for marks in made for mark in marks])))
    found = []
    for options, marks in zip(proposals, made, strict=True):
        costs = [cost - next(scores) for _, _, _, cost in options]
        path = best_split([(start, end) for start, end, _, _ in options], costs)
        found.append([marks[i] for i in path])
    return found


def find_ink(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Separate writing from paper on a page of uint8 (h, w), whichever is darker.

    Returns ink, float32 (h, w), 0 to 1, and the mask of what may be writing, bool (h, w).
    """
    gray = gray if _writing_is_darker(gray) else 255 - gray
    ink = images.darker_than_paper(gray, images.paper_under(gray, brush=0.12))
    few = ink[::4, ::4]
    floor = max(0.08, 5 * images.noise_of(few))
    dark = few[few > floor]
    full = images.percentile(dark, 97) if dark.size else 0.0
    if full < 1.3 * floor:
        return ink, np.zeros(ink.shape, bool)
    mask = images.without_rules(ink > max(floor, 0.4 * full), span=0.35)
    # A stroke reaches full ink somewhere; what is left of pale rules and shadows does not.
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    written = np.unique(labels[mask & (cv2.blur(ink, (3, 3)) > 0.6 * full)])
    return ink, np.isin(labels, written) & mask


def _writing_is_darker(gray: np.ndarray) -> bool:
    """Whether the strokes of a page are darker than its paper, which covers most of it."""
    small = images.resize_to(gray, 400)
    paper = cv2.medianBlur(small, 41).astype(np.int16)
    darker, lighter = paper - small, small - paper
    bar = max(10.0, 0.4 * images.percentile(np.maximum(darker, lighter), 99.5))
    return bool(darker[darker > bar].sum() >= lighter[lighter > bar].sum())


def find_atoms(mask: np.ndarray) -> list[Atom]:
    """Cut a mask, bool (h, w), into pieces of ink, without specks, frames and cut-off shadows.

    A small piece above or below a larger one, such as the bar of a 5, is joined to it.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    high, wide = mask.shape
    least = max(4, 0.004 * max(mask.shape))
    pieces = []
    for i in range(1, count):
        left, top, w, h, area = (int(n) for n in stats[i])
        touches = left == 0 or top == 0 or left + w == wide or top + h == high
        large = w > 0.6 * wide or h > 0.6 * high
        if max(w, h) < least or area < 6 or (large and (touches or area < 0.08 * w * h)):
            continue
        pieces.append(Atom(labels[top : top + h, left : left + w] == i, left, top))
    pieces = sorted(pieces, key=lambda piece: -piece.high * piece.wide)[:MOST_PIECES]
    pieces = [p for p in pieces if not (images.is_box(p.mask) and _holds_any(p, pieces))]
    if not pieces:
        return []
    tall = typical_height(pieces)
    pieces = [p for p in pieces if max(p.high, p.wide) > 0.2 * tall and p.high < 5 * tall]
    # What lies and is no part of anything is a dash of a rule, not a digit.
    return [p for p in _stacked(pieces, tall) if p.high > 0.25 * tall or p.high > p.wide]


def _holds_any(box: Atom, others: list[Atom]) -> bool:
    return any(
        box.left < other.left < other.right < box.right
        and box.top < other.top < other.bottom < box.bottom
        and other.high > 0.3 * box.high
        for other in others
    )


def typical_height(atoms: list[Atom]) -> float:
    """The median height, in pixels, of those pieces that are no fragments."""
    heights = np.array([atom.high for atom in atoms])
    return float(np.median(heights[heights > 0.4 * np.percentile(heights, 90)]))


def _stacked(atoms: list[Atom], tall: float) -> list[Atom]:
    atoms = sorted(atoms, key=lambda atom: -atom.high * atom.wide)
    joined = []
    for atom in atoms:
        for i, other in enumerate(joined):
            shared = min(atom.right, other.right) - max(atom.left, other.left)
            gap = max(atom.top, other.top) - min(atom.bottom, other.bottom)
            height = max(atom.bottom, other.bottom) - min(atom.top, other.top)
            if (
                shared > 0.5 * min(atom.wide, other.wide)
                and gap < 0.25 * tall
                and height < 1.5 * max(tall, other.high)
                and atom.high < 0.6 * max(tall, other.high)
            ):
                joined[i] = union([other, atom])
                break
        else:
            joined.append(atom)
    return joined


def union(atoms: list[Atom]) -> Atom:
    """Lay several pieces into one mask."""
    left, top = min(a.left for a in atoms), min(a.top for a in atoms)
    right, bottom = max(a.right for a in atoms), max(a.bottom for a in atoms)
    mask = np.zeros((bottom - top, right - left), bool)
    for a in atoms:
        mask[a.top - top : a.bottom - top, a.left - left : a.right - left] |= a.mask
    return Atom(mask, left, top)


def find_rows(atoms: list[Atom]) -> list[list[Atom]]:
    """Sort pieces into rows from top to bottom, each from left to right.

    From left to right, a piece goes on the row whose last pieces end nearest to its own height
    on the page; so rows may climb, fall or bend.
    """
    if not atoms:
        return []
    tall = typical_height(atoms)
    rows: list[list[Atom]] = []
    for atom in sorted(atoms, key=lambda atom: atom.left + atom.right):
        middle = (atom.top + atom.bottom) / 2
        nearest = min(rows, key=lambda row: abs(_level(row, tall) - middle), default=None)
        reach = 0.6 * max(tall, atom.high)
        if nearest is not None and abs(_level(nearest, tall) - middle) < reach:
            nearest.append(atom)
        else:
            rows.append([atom])
    return sorted(rows, key=lambda row: np.mean([(a.top + a.bottom) / 2 for a in row]))


def _level(row: list[Atom], tall: float) -> float:
    """How far down the page a row has come, by its last pieces that are no fragments."""
    whole = [a for a in row if a.high > 0.5 * tall] or row
    return float(np.mean([(a.top + a.bottom) / 2 for a in whole[-2:]]))


def _proposals(
    row: list[Atom], doubtful: list[bool], most: int
) -> list[tuple[int, int, Atom, float]]:
    """Every plausible digit of a row: (first part, one past the last, its ink, its penalty).

    Pieces that are doubtful as one digit are cut into parts, where there are at most so many ways
    to; neighbouring pieces are joined.
    """
    tall = typical_height(row)
    options, at = [], 0
    starts = []
    for atom, in_doubt in zip(row, doubtful, strict=True):
        starts.append(at)
        lines = cut_lines(atom) if in_doubt and atom.wide > NARROWEST * atom.high else []
        edges = [None, *lines, None]
        starts_at = [0.0, *(column - kept for column, _, kept in lines)]
        ends_at = [*(column + kept for column, _, kept in lines), float(atom.wide)]
        ways = [
            (i, j)
            for i, j in itertools.combinations(range(len(edges)), 2)
            if 0.1 < (ends_at[j - 1] - starts_at[i]) / atom.high < 1.3 and j - i <= len(lines)
        ]
        if len(ways) > most:
            lines, ways = [], []
        options.append((at, at + len(lines) + 1, atom, 0.0))
        for i, j in ways:
            part = between(atom, edges[i], edges[j])
            if part is not None and 0.4 * tall < part.high > 0.6 * part.wide:
                options.append((at + i, at + j, part, penalty(edges[i], edges[j])))
        at += len(lines) + 1
    starts.append(at)
    for i in range(len(row) - 1):
        for j in range(i + 1, min(i + 3, len(row))):
            group = row[i : j + 1]
            gaps = [b.left - a.right for a, b in itertools.pairwise(group)]
            whole = union(group)
            if max(gaps) < 0.25 * tall and whole.wide < 1.3 * max(whole.high, tall):
                options.append((starts[i], starts[j + 1], whole, JOIN_PENALTY))
    return options


def cut_lines(atom: Atom) -> list[tuple[float, float, float]]:
    """Where a piece that may hold several digits might be cut, from left to right.

    Lines are (column at half the height, slant, what both sides keep, in pixels); upright and
    slanted ones, as handwriting leans. Some cross less ink than their neighbours do. Others run
    along a stroke, which may belong to both digits, and both keep it.
    """
    high, wide = atom.mask.shape
    columns = np.arange(wide)
    pen = images.stroke_width(atom.mask)
    found = []
    for slant in (-0.35, 0.0, 0.35):
        shift = (slant * (np.arange(high) - high / 2)).round().astype(int)
        at = np.clip(columns[np.newaxis, :] + shift[:, np.newaxis], 0, wide - 1)
        crossed = atom.mask[np.arange(high)[:, np.newaxis], at].sum(axis=0)
        least, _ = find_peaks(-crossed, height=-0.5 * high, distance=max(1, high // 5))
        most, _ = find_peaks(crossed, height=0.4 * high, distance=max(1, high // 5))
        found += [(float(column), slant, 0.0) for column in least]
        found += [(float(column), slant, 0.75 * pen) for column in most]
    return sorted(found)


def between(atom: Atom, left, right) -> Atom | None:
    """The part of a piece between two of its cut_lines; None stands for its own edge.

    Returns None where the two enclose nothing.
    """
    high, wide = atom.mask.shape
    reach = 0.2 * high  # how far a slanted line strays from its column
    first = 0 if left is None else max(0, int(left[0] - left[2] - reach))
    last = wide if right is None else min(wide, int(right[0] + right[2] + reach) + 1)
    rows, columns = np.ogrid[:high, first:last]
    part = atom.mask[:, first:last]
    for line, side in ((left, 1), (right, -1)):
        if line is not None:
            column, slant, kept = line
            away = side * (columns - column - slant * (rows - high / 2))
            part = part & (away >= (side < 0) - kept)
    if not part.any():
        return None
    x0, y0, x1, y1 = images.box_of(part)
    return Atom(part[y0:y1, x0:x1], atom.left + first + x0, atom.top + y0)


def penalty(left, right) -> float:
    """What the part between two cut_lines costs, in nats; two parts share the cost of a cut."""
    shared = sum(line is not None and line[2] > 0 for line in (left, right))
    return (CUT_PENALTY + shared * SHARE_PENALTY) / 2


def best_split(spans: list[tuple[int, int]], costs: list[float]) -> list[int]:
    """Return which spans (start, end) cover 0 to the last end once, at the least sum of costs.

    Viterbi's algorithm (IEEE Transactions on Information Theory 13, 1967).
    """
    last = max(end for _, end in spans)
    best: list[tuple[float, list[int]]] = [(0.0, [])] + [(np.inf, [])] * last
    for i in sorted(range(len(spans)), key=lambda i: spans[i]):
        start, end = spans[i]
        total = best[start][0] + costs[i]
        if total < best[end][0]:
            best[end] = total, [*best[start][1], i]
    return best[last][1]


def mark_of(atom: Atom, ink: np.ndarray) -> Mark:
    """Bring one piece to 28×28, with the ink, float (h, w) of the page, under it."""
    framed = np.pad(atom.mask, 2)
    under = np.zeros(framed.shape, np.float32)
    y0, x0 = max(atom.top - 2, 0), max(atom.left - 2, 0)
    crop = ink[y0 : atom.bottom + 2, x0 : atom.right + 2]
    dy, dx = y0 - (atom.top - 2), x0 - (atom.left - 2)
    under[dy : dy + crop.shape[0], dx : dx + crop.shape[1]] = crop
    if max(framed.shape) > images.WORKING_SIDE:  # a drawing: too large for a digit of a page
        under = images.resize_to(under, images.WORKING_SIDE)
        framed = images.resize_to(framed.astype(np.uint8), images.WORKING_SIDE) > 0
    return Mark(images.as_mnist(under, framed)[0], atom.box)
