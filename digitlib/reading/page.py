"""Every digit on a page: where one ends and the next begins.

    binarize          picture       -> ink (h, w) and the mask of what may be writing
    find_components   mask          -> connected components: a digit each, a part of one, or several
    find_rows         components    -> rows top to bottom, each from left to right
    segment           ink and mask  -> rows of single digits, by candidate_cuts and viterbi_path

What belongs together is decided by reading: every plausible way to join components or to cut them
is made into 28×28 and scored by the networks, and the best-scored path through the row is taken.
This is the segmentation graph of LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning
Applied to Document Recognition, 1998, section VI.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from digitlib.reading.arrays import box_of, percentile, resize_to
from digitlib.reading.digit import WORKING_SIDE
from digitlib.reading.mnist_format import stroke_width, to_mnist_format
from digitlib.reading.paper import (
    darker_than_paper,
    estimate_background,
    is_box,
    noise_of,
    remove_ruled_lines,
)

PAGE_SIDE = 2000  # the longer side, in pixels, of the page at most; half of it at least


@dataclass(frozen=True, eq=False)
class Component:
    """A piece of ink: its mask, bool (h, w), and where in the page its corner lies."""

    mask: np.ndarray
    left: int
    top: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def height(self) -> int:
        return self.mask.shape[0]

    @property
    def width(self) -> int:
        return self.mask.shape[1]

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True, eq=False)
class Crop:
    """What was taken for one digit."""

    image: np.ndarray
    """What the network sees, uint8 (28, 28)."""
    box: tuple[int, int, int, int]


class Cut(NamedTuple):
    """A line along which a component might be cut in two."""

    column: float
    """Where it crosses half the component's height, in pixels from its left."""
    slant: float
    """Columns per row."""
    shared: float
    """Pixels on each side of it that both parts keep; 0 where the line runs between strokes."""


class Candidate(NamedTuple):
    """What may be one digit of a row: it covers the row's parts from `start` up to `end`."""

    start: int
    end: int
    component: Component
    penalty: float
    """In nats, for the cuts and joins it took."""


WELL_READ = -0.1  # nats: a component that scores less as one digit may be several
# A page has fewer components, and a row of touching digits fewer ways to cut it; a texture has
# more, and would take minutes.
MOST_COMPONENTS, MOST_WAYS = 500, 1000
MOST_PIXELS = 60_000_000  # in the boxes of all candidates of a page: large drawings are not cut


def segment(
    ink: np.ndarray, mask: np.ndarray, score: Callable[[np.ndarray], np.ndarray]
) -> list[list[Crop]]:
    """Split ink, float (h, w), under a mask, bool (h, w), into rows of single digits.

    score: uint8 (n, 28, 28) -> float (n,), how well each can be read as one digit, in nats (0 is
    best). Boxes are in pixels of `ink`.
    """
    rows = find_rows(find_components(mask))
    if not rows:
        return []
    # Components, then candidates, in a batch each: a call costs more than the images in it.
    whole = iter(score(np.stack([crop_of(part, ink).image for row in rows for part in row])))
    candidates = []
    pixels = 0
    for row in rows:
        doubtful = [next(whole) < WELL_READ for _ in row]
        candidates.append(_candidates(row, doubtful, MOST_WAYS if pixels < MOST_PIXELS else 0))
        pixels += sum(one.component.width * one.component.height for one in candidates[-1])
    crops = [[crop_of(one.component, ink) for one in options] for options in candidates]
    scores = iter(score(np.stack([crop.image for made in crops for crop in made])))
    found = []
    for options, made in zip(candidates, crops, strict=True):
        costs = [one.penalty - next(scores) for one in options]
        path = viterbi_path([(one.start, one.end) for one in options], costs)
        found.append([made[i] for i in path])
    return found


# --- ink and paper ------------------------------------------------------------------------------

STROKE = 0.12  # of the page: the widest stroke, for the closing that guesses the paper
FAINTEST_INK = 0.08  # of the paper's lightness: fainter is no writing
NOISE_FACTOR = 5  # times the paper's own noise: what is fainter may be noise
FULL_INK_PERCENTILE = 97  # of the dark pixels: the very darkest may be specks
BLANK = 1.3  # times the faintest ink: a page whose darkest is fainter than this is blank
STROKE_EDGE = 0.4  # of full ink: near half of it lies the edge of a stroke
FULL_SOMEWHERE = 0.6  # of full ink: every stroke has it at one place; rules and shadows do not
RULE_SPAN = 0.35  # of the page: a longer thin line is a rule


def binarize(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Separate writing from paper on a page of uint8 (h, w), whichever is darker.

    Returns ink, float32 (h, w), 0 to 1, and the mask of what may be writing, bool (h, w).
    """
    gray = gray if _writing_is_darker(gray) else 255 - gray
    ink = darker_than_paper(gray, estimate_background(gray, kernel=STROKE))
    sample = ink[::4, ::4]
    floor = max(FAINTEST_INK, NOISE_FACTOR * noise_of(sample))
    dark = sample[sample > floor]
    full = percentile(dark, FULL_INK_PERCENTILE) if dark.size else 0.0
    if full < BLANK * floor:
        return ink, np.zeros(ink.shape, bool)
    mask = remove_ruled_lines(ink > max(floor, STROKE_EDGE * full), span=RULE_SPAN)
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    written = np.unique(labels[mask & (cv2.blur(ink, (3, 3)) > FULL_SOMEWHERE * full)])
    return ink, np.isin(labels, written) & mask


POLARITY_SIDE = 400  # pixels that it is judged in
POLARITY_KERNEL = 41  # of those pixels: the median over so wide a window is paper
POLARITY_CONTRAST = 10.0, 0.4  # grey levels, and share of the strongest, that count as a stroke


def _writing_is_darker(gray: np.ndarray) -> bool:
    """Whether the strokes of a page are darker than its paper, which covers most of it."""
    small = resize_to(gray, POLARITY_SIDE)
    paper = cv2.medianBlur(small, POLARITY_KERNEL).astype(np.int16)
    darker, lighter = paper - small, small - paper
    least, share = POLARITY_CONTRAST
    threshold = max(least, share * percentile(np.maximum(darker, lighter), 99.5))
    return bool(darker[darker > threshold].sum() >= lighter[lighter > threshold].sum())


# --- components ---------------------------------------------------------------------------------

SPECK = 4, 0.004, 6  # pixels of side, share of the page, pixels in all: what has less is dirt
LARGE = 0.6  # of the page's width or height: if it touches the edge too, a shadow or a table
FRAME_FILL = 0.08  # of its box: a large component with less is a frame
WHOLE_HEIGHT = 0.4  # of the tallest: a component lower than that is a fragment
LEAST_SIDE, MOST_HEIGHT = 0.2, 5  # times the usual height: outside, it is no part of a digit
LEAST_HEIGHT = 0.25  # of the usual height: what is lower, and wider than high, is a dash
HELD = 0.3  # of a box's height: so high is what makes it a box around a digit


def find_components(mask: np.ndarray) -> list[Component]:
    """Find the connected components of a mask, bool (h, w), without specks, frames and shadows.

    A small one above or below a larger one, such as the bar of a 5, is joined to it.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    height, width = mask.shape
    least, share, fewest = SPECK
    least = max(least, share * max(mask.shape))
    found = []
    for i in range(1, count):
        left, top, w, h, area = (int(n) for n in stats[i])
        touches = left == 0 or top == 0 or left + w == width or top + h == height
        large = w > LARGE * width or h > LARGE * height
        if max(w, h) < least or area < fewest:
            continue
        if large and (touches or area < FRAME_FILL * w * h):
            continue
        found.append(Component(labels[top : top + h, left : left + w] == i, left, top))
    found = sorted(found, key=lambda c: -c.height * c.width)[:MOST_COMPONENTS]
    found = [c for c in found if not (is_box(c.mask) and _holds_any(c, found))]
    if not found:
        return []
    usual = _usual_height(found)
    found = [
        c
        for c in found
        if max(c.height, c.width) > LEAST_SIDE * usual and c.height < MOST_HEIGHT * usual
    ]
    # What lies and is no part of anything is a dash of a rule, not a digit.
    return [
        c
        for c in _join_stacked(found, usual)
        if c.height > LEAST_HEIGHT * usual or c.height > c.width
    ]


def _holds_any(box: Component, others: list[Component]) -> bool:
    return any(
        box.left < other.left < other.right < box.right
        and box.top < other.top < other.bottom < box.bottom
        and other.height > HELD * box.height
        for other in others
    )


def _usual_height(components: list[Component]) -> float:
    """The median height, in pixels, of those components that are no fragments."""
    heights = np.array([component.height for component in components])
    return float(np.median(heights[heights > WHOLE_HEIGHT * np.percentile(heights, 90)]))


STACKED_OVERLAP = 0.5  # of the narrower one's width: so far must one lie over the other
STACKED_GAP = 0.25  # of the usual height, between them at most
STACKED_HEIGHT = 1.5  # times the usual height, together at most: more would be two rows
STACKED_PART = 0.6  # of the usual height at most, for the smaller one: more is a digit of its own


def _join_stacked(components: list[Component], usual: float) -> list[Component]:
    """Join what lies above or below a larger component to it; usual: a digit's height."""
    joined: list[Component] = []
    for part in sorted(components, key=lambda c: -c.height * c.width):
        for i, other in enumerate(joined):
            if _is_stacked(part, other, usual):
                joined[i] = _union([other, part])
                break
        else:
            joined.append(part)
    return joined


def _is_stacked(part: Component, other: Component, usual: float) -> bool:
    overlap = min(part.right, other.right) - max(part.left, other.left)
    gap = max(part.top, other.top) - min(part.bottom, other.bottom)
    height = max(part.bottom, other.bottom) - min(part.top, other.top)
    tallest = max(usual, other.height)
    return (
        overlap > STACKED_OVERLAP * min(part.width, other.width)
        and gap < STACKED_GAP * usual
        and height < STACKED_HEIGHT * tallest
        and part.height < STACKED_PART * tallest
    )


def _union(components: list[Component]) -> Component:
    """Lay several components into one mask."""
    left, top = min(c.left for c in components), min(c.top for c in components)
    right, bottom = max(c.right for c in components), max(c.bottom for c in components)
    mask = np.zeros((bottom - top, right - left), bool)
    for c in components:
        mask[c.top - top : c.bottom - top, c.left - left : c.right - left] |= c.mask
    return Component(mask, left, top)


# --- rows ---------------------------------------------------------------------------------------

ROW_REACH = 0.6  # of the usual height: so far from a row's level a component still belongs to it
LEVEL_HEIGHT = 0.5  # of the usual height: a lower component says nothing of the row's level
LEVEL_OF_LAST = 2  # components that a row's level is taken from, so that it may climb or bend


def find_rows(components: list[Component]) -> list[list[Component]]:
    """Sort components into rows from top to bottom, each from left to right.

    From left to right, a component goes on the row whose last ones end nearest to its own height
    on the page; so rows may climb, fall or bend.
    """
    if not components:
        return []
    usual = _usual_height(components)
    rows: list[list[Component]] = []
    for part in sorted(components, key=lambda c: c.left + c.right):
        middle = (part.top + part.bottom) / 2
        nearest = min(rows, key=lambda row: abs(_level(row, usual) - middle), default=None)
        reach = ROW_REACH * max(usual, part.height)
        if nearest is not None and abs(_level(nearest, usual) - middle) < reach:
            nearest.append(part)
        else:
            rows.append([part])
    return sorted(rows, key=lambda row: np.mean([(c.top + c.bottom) / 2 for c in row]))


def _level(row: list[Component], usual: float) -> float:
    """How far down the page a row has come, by its last components that are no fragments."""
    whole = [c for c in row if c.height > LEVEL_HEIGHT * usual] or row
    return float(np.mean([(c.top + c.bottom) / 2 for c in whole[-LEVEL_OF_LAST:]]))


# --- candidates ---------------------------------------------------------------------------------

NARROWEST = 0.4  # of its height: a component narrower than that is not cut
PART_WIDTH = 0.1, 1.3  # of the height: a part narrower or wider than these is no digit
PART_HEIGHT = 0.4  # of the usual height: a part lower than that is no digit
PART_SHAPE = 0.6  # of its width: a part lower than that lies
JOIN_GAP = 0.25  # of the usual height: components farther apart are not joined
JOIN_MOST = 3  # components make one digit at most
CUT_PENALTY, JOIN_PENALTY = 0.5, 0.3  # in nats: what a cut or a join must gain to be worth it
SHARE_PENALTY = 1.0  # in nats, for a cut along a stroke that both sides keep: it invents ink


def _candidates(row: list[Component], doubtful: list[bool], most: int) -> list[Candidate]:
    """Every plausible digit of a row.

    Components that are doubtful as one digit are cut into parts, where there are at most `most`
    ways to; neighbouring ones are joined.
    """
    usual = _usual_height(row)
    found: list[Candidate] = []
    starts, at = [], 0
    for component, in_doubt in zip(row, doubtful, strict=True):
        starts.append(at)
        may_be_several = in_doubt and component.width > NARROWEST * component.height
        cuts = candidate_cuts(component) if may_be_several else []
        ways = _ways(component, cuts)
        if len(ways) > most:
            cuts, ways = [], []
        found.append(Candidate(at, at + len(cuts) + 1, component, 0.0))
        edges = [None, *cuts, None]
        for i, j in ways:
            part = between(component, edges[i], edges[j])
            if part is not None and PART_HEIGHT * usual < part.height > PART_SHAPE * part.width:
                found.append(Candidate(at + i, at + j, part, cut_penalty(edges[i], edges[j])))
        at += len(cuts) + 1
    return found + _joins(row, [*starts, at], usual)


def _ways(component: Component, cuts: list[Cut]) -> list[tuple[int, int]]:
    """Pairs of edges (0 its left, then the cuts, then its right one) a digit's width apart."""
    lefts = [0.0, *(cut.column - cut.shared for cut in cuts)]
    rights = [*(cut.column + cut.shared for cut in cuts), float(component.width)]
    least, most = PART_WIDTH
    return [
        (i, j)
        for i, j in itertools.combinations(range(len(cuts) + 2), 2)
        if least < (rights[j - 1] - lefts[i]) / component.height < most and j - i <= len(cuts)
    ]


def _joins(row: list[Component], starts: list[int], usual: float) -> list[Candidate]:
    """Neighbouring components taken together; starts: the first part of each, and the end."""
    found = []
    for i in range(len(row) - 1):
        for j in range(i + 1, min(i + JOIN_MOST, len(row))):
            group = row[i : j + 1]
            gaps = [b.left - a.right for a, b in itertools.pairwise(group)]
            whole = _union(group)
            fits = whole.width < PART_WIDTH[1] * max(whole.height, usual)
            if max(gaps) < JOIN_GAP * usual and fits:
                found.append(Candidate(starts[i], starts[j + 1], whole, JOIN_PENALTY))
    return found


CUT_SLANTS = (-0.35, 0.0, 0.35)  # columns per row: handwriting leans either way
CUT_THROUGH = 0.5  # of the height: a cut through more ink than this runs along a stroke
CUT_ALONG = 0.4  # of the height: so much ink on a line is a stroke that two digits may share
CUT_DISTANCE = 5  # parts of the height: cuts of one slant are at least so far apart
CUT_SHARED = 0.75  # of the stroke's width that both sides of a shared stroke keep


def candidate_cuts(component: Component) -> list[Cut]:
    """Where a component that may hold several digits might be cut, from left to right.

    Upright and slanted lines. Some cross less ink than their neighbours do. Others run along a
    stroke, which may belong to both digits, and both keep it.
    """
    height, width = component.mask.shape
    columns = np.arange(width)
    shared = CUT_SHARED * stroke_width(component.mask)
    apart = max(1, height // CUT_DISTANCE)
    found = []
    for slant in CUT_SLANTS:
        shift = (slant * (np.arange(height) - height / 2)).round().astype(int)
        at = np.clip(columns[np.newaxis, :] + shift[:, np.newaxis], 0, width - 1)
        crossed = component.mask[np.arange(height)[:, np.newaxis], at].sum(axis=0)
        valleys = _peaks(-crossed, -CUT_THROUGH * height, apart)
        ridges = _peaks(crossed, CUT_ALONG * height, apart)
        found += [Cut(float(column), slant, 0.0) for column in valleys]
        found += [Cut(float(column), slant, shared) for column in ridges]
    return sorted(found)


def _peaks(values: np.ndarray, least: float, apart: int) -> np.ndarray:
    """Indices of the peaks of int (n,), at least so high and so far apart, from left to right.

    Of a plateau the middle counts, an end of the array never; where peaks are too close, the
    highest stays. So does scipy.signal.find_peaks, which takes a second to import.
    """
    steps = np.flatnonzero(np.diff(values)) + 1
    starts, ends = np.r_[0, steps], np.r_[steps, len(values)] - 1  # of runs of equal values
    heights = values[starts]
    inner = np.arange(1, len(starts) - 1)
    tops = inner[(heights[inner] > heights[inner - 1]) & (heights[inner] > heights[inner + 1])]
    found = (starts[tops] + ends[tops]) // 2
    found = found[values[found] >= least]
    kept = np.ones(len(found), bool)
    for i in np.argsort(values[found].astype(float))[::-1]:
        if kept[i]:
            kept &= np.abs(found - found[i]) >= apart
            kept[i] = True
    return found[kept]


CUT_STRAYS = 0.2  # of the height: how far a slanted line strays from its column at most


def between(component: Component, left: Cut | None, right: Cut | None) -> Component | None:
    """The part of a component between two of its cuts; None stands for its own edge.

    Returns None where the two enclose nothing.
    """
    height, width = component.mask.shape
    stray = CUT_STRAYS * height
    first = 0 if left is None else max(0, int(left.column - left.shared - stray))
    last = width if right is None else min(width, int(right.column + right.shared + stray) + 1)
    rows, columns = np.ogrid[:height, first:last]
    part = component.mask[:, first:last]
    for cut, side in ((left, 1), (right, -1)):
        if cut is not None:
            away = side * (columns - cut.column - cut.slant * (rows - height / 2))
            part = part & (away >= (side < 0) - cut.shared)
    if not part.any():
        return None
    x0, y0, x1, y1 = box_of(part)
    return Component(part[y0:y1, x0:x1], component.left + first + x0, component.top + y0)


def cut_penalty(left: Cut | None, right: Cut | None) -> float:
    """What the part between two cuts costs, in nats; two parts share the cost of a cut."""
    shared = sum(cut is not None and cut.shared > 0 for cut in (left, right))
    return (CUT_PENALTY + shared * SHARE_PENALTY) / 2


def viterbi_path(spans: list[tuple[int, int]], costs: list[float]) -> list[int]:
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


CROP_RIM = 2  # pixels around a component, for the soft edge of its ink


def crop_of(component: Component, ink: np.ndarray) -> Crop:
    """Bring one component to 28×28, with the ink, float (h, w) of the page, under it."""
    framed = np.pad(component.mask, CROP_RIM)
    under = np.zeros(framed.shape, np.float32)
    top, left = component.top - CROP_RIM, component.left - CROP_RIM
    y0, x0 = max(top, 0), max(left, 0)
    on_page = ink[y0 : component.bottom + CROP_RIM, x0 : component.right + CROP_RIM]
    dy, dx = y0 - top, x0 - left
    under[dy : dy + on_page.shape[0], dx : dx + on_page.shape[1]] = on_page
    if max(framed.shape) > WORKING_SIDE:  # a drawing: too large for a digit of a page
        under = resize_to(under, WORKING_SIDE)
        framed = resize_to(framed.astype(np.uint8), WORKING_SIDE) > 0
    return Crop(to_mnist_format(under, framed)[0], component.box)
