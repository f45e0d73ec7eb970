"""The sheet, the light on it, and ink apart from paper.

    rectify             (h, w, 3) colours -> the sheet alone, where a table shows around it
    to_gray             (h, w, 3) colours -> (h, w) the one shade that tells ink from paper best
    add_margin          (h, w) shades     -> with paper around it, for a digit cut out closely
    ink_on_paper        (h, w) shades     -> (h, w) how much ink: 0 = paper, 1 = full ink
    remove_ruled_lines  (h, w) mask       -> the same without the rules of the paper

Called by digit.py for one digit and by page.py for many.
"""

import cv2
import numpy as np

from digitlib.reading.arrays import percentile, resize_to

# --- one shade ----------------------------------------------------------------------------------

COLOR_SAMPLES = (
    64  # pixels a side that the colours' main direction is found from: enough, and quick
)
NEARLY_GRAY = 0.5  # of each colour in that direction: so even, and the usual weights do as well


def to_gray(picture: np.ndarray) -> np.ndarray:
    """Reduce colours, uint8 (h, w, 3), to the shade that varies most, uint8 (h, w).

    The first principal component of the colours: for red on white it is the lack of green and
    blue; for black on white, brightness. Grey pictures pass unchanged.
    """
    if picture.ndim == 2:
        return picture
    step = max(1, max(picture.shape) // COLOR_SAMPLES)
    small = picture[::step, ::step].reshape(-1, 3).astype(np.float32)
    _, (axis, *_) = cv2.PCACompute(small, mean=None)
    axis = axis if axis.sum() > 0 else -axis  # lighter stays lighter
    low, high = np.minimum(axis, 0).sum() * 255, np.maximum(axis, 0).sum() * 255
    if axis.min() > NEARLY_GRAY:
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    spread = 255 / (high - low)
    return cv2.transform(picture, np.array([[*axis * spread, -low * spread]]))  # cut to 0–255


# --- the sheet ----------------------------------------------------------------------------------

SHEET_SIDE = 200  # pixels that a sheet is looked for in: its outline needs no more
SHEET_BLUR = 1.5  # of those pixels: print and writing must not cut the sheet into pieces
SHEET_AT_EDGE = 0.1  # of the picture's edge may be as light: more, and the paper fills the picture
SHEET_AREA = 0.25  # of the picture: what is smaller may be a label, or light on the table
SHEET_FILL = 0.8  # of the box around it: what fills less of it is no four-cornered sheet
SHEET_CORNERS = 0.04  # of the outline's length that it may stray from its four sides
SHEET_INSIDE = 0.94  # of the way from its middle to its corners: the rim and its shadow stay out


def rectify(picture: np.ndarray, most: int, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Scale a picture, (h, w) or (h, w, 3), to a longer side of `least` to `most` pixels.

    Where it shows a sheet of paper on a table, only the sheet is kept, seen from straight above.
    Returns the result and the 3×3 homography that takes its pixels back to those of the picture.
    """
    scaled = resize_to(picture, min(max(*picture.shape[:2], least), most))
    scale = max(picture.shape[:2]) / max(scaled.shape[:2])
    to_picture = np.diag([scale, scale, 1.0])
    corners = _sheet_corners(scaled)
    if corners is None:
        return scaled, to_picture
    width = _longer_side(corners[1] - corners[0], corners[2] - corners[3])
    height = _longer_side(corners[3] - corners[0], corners[2] - corners[1])
    upright = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(upright, corners)
    sheet = cv2.warpPerspective(
        scaled, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return sheet, to_picture @ matrix


def _longer_side(one: np.ndarray, opposite: np.ndarray) -> int:
    return round(max(np.linalg.norm(one), np.linalg.norm(opposite)))


def _sheet_corners(picture: np.ndarray) -> np.ndarray | None:
    """Find a sheet of paper on a table in uint8 (h, w) or (h, w, 3).

    Returns its corners, float32 (4, 2), clockwise from the upper left and a little inside its
    edge; None where no sheet is seen. It must be lighter than all around it, or less coloured,
    which holds in a shadow too.
    """
    step = max(1, max(picture.shape) // SHEET_SIDE)  # blurred below, so every few pixels will do
    size = [max(1, n // step) for n in picture.shape[1::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
    if small.ndim == 2:
        views = [small]
    else:
        red, green, blue = cv2.split(small)
        most, least = (both(both(red, green), blue) for both in (cv2.max, cv2.min))
        views = [green, 255 - (most - least)]
    for view in views:
        soft = cv2.GaussianBlur(view, (0, 0), SHEET_BLUR)
        _, light = cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
        if (edge > 0).mean() > SHEET_AT_EDGE:
            continue
        outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if not outlines:
            continue
        sheet = max(outlines, key=cv2.contourArea)
        box = cv2.minAreaRect(sheet)
        area, sides = cv2.contourArea(sheet), box[1]
        if area < SHEET_AREA * light.size or area < SHEET_FILL * sides[0] * sides[1]:
            continue
        hull = cv2.convexHull(sheet)
        four = cv2.approxPolyDP(hull, SHEET_CORNERS * cv2.arcLength(hull, True), True)[:, 0]
        corners = (four if len(four) == 4 else cv2.boxPoints(box)).astype(np.float32)
        return (_inside_and_in_order(corners) * step).astype(np.float32)
    return None


def _inside_and_in_order(corners: np.ndarray) -> np.ndarray:
    """Four corners (4, 2), clockwise from the upper left, drawn in towards their middle."""
    middle = corners.mean(axis=0)
    angles = np.arctan2(*(corners - middle).T[::-1])
    corners = corners[np.argsort(angles)]  # clockwise, as y points down
    corners = np.roll(corners, -int((corners - middle).sum(axis=1).argmin()), axis=0)
    return middle + (corners - middle) * SHEET_INSIDE


# --- the margin ---------------------------------------------------------------------------------

MARGIN_SIDE = 100  # pixels a side that a close crop is looked for in
MARGIN_REACH = 3  # of those pixels from the edge still count as touching it
CROPPED_SIDES = 3  # a digit cut out closely touches at least so many; a shadow's edge fewer
CROPPED_FILL = (0.15, 0.75)  # of its box: rules fill less, a shadow or a dark sheet more
CROPPED_EDGE = 0.24  # of the picture's edge is ink at most: a shadow covers a whole side
MARGIN = 0.3  # of the longer side: as much paper as MNIST has around a digit


def has_no_margin(gray: np.ndarray) -> bool:
    """Whether a digit was cut out so closely that it reaches three sides of uint8 (h, w) or all."""
    small = cv2.resize(gray, (MARGIN_SIDE, MARGIN_SIDE), interpolation=cv2.INTER_AREA)
    _, ink = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ring = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if ring.mean() > 0.5:  # most of the edge is paper
        ink, ring = 1 - ink, 1 - ring
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    left, top, width, height, area = max(stats[1:], key=lambda piece: piece[-1], default=stats[0])
    far = MARGIN_SIDE - MARGIN_REACH
    touched = sum(
        [left <= MARGIN_REACH, top <= MARGIN_REACH, left + width >= far, top + height >= far]
    )
    least, most = CROPPED_FILL
    fills_as_a_digit = least < area / (width * height) < most
    return bool(touched >= CROPPED_SIDES and fills_as_a_digit and ring.mean() < CROPPED_EDGE)


def add_margin(gray: np.ndarray) -> tuple[np.ndarray, int]:
    """Lay a picture, uint8 (h, w), on a larger sheet in the shade of most of its edge.

    Returns the sheet and how much wider it is on each side, in pixels.
    """
    paper = np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]))
    margin = round(MARGIN * max(gray.shape))
    sides = [margin] * 4
    return cv2.copyMakeBorder(gray, *sides, cv2.BORDER_CONSTANT, value=float(paper)), margin


# --- ink and paper ------------------------------------------------------------------------------

BACKGROUND_SIDE = 160  # pixels that the paper's light and the polarity are judged in
BACKGROUND_KERNEL = 0.38  # the widest stroke, as a share of the picture: what is wider is paper
BACKGROUND_DETAIL = 27  # pixels: the kernel is 27 × its share wide, so that closing stays quick
BACKGROUND_BLUR = 1.3  # pixels: hides the kernel's own outline
DARKEST_PAPER = 60  # grey levels: below, dividing by the paper would turn noise into ink
SENSOR_BLUR = 0.8  # pixels: takes the camera's noise off, and no stroke

HAIRLINE_INK = 0.1, 0.5  # ink, and share of the darkest, that count as solid
HAIRLINE_CORE = 0.4  # of the solid pixels that survive one erosion: fewer, and strokes are hairs
HAIRLINE_PEN = 5  # pixels: a hair is drawn again so broadly, or it would come out in dots
HAIRLINE_BLUR = 1.5  # pixels, to round what was drawn again …
HAIRLINE_RIM = 0.3  # … whose rim, fainter than this share, would count as width of the stroke


def ink_on_paper(gray: np.ndarray) -> np.ndarray:
    """Separate ink from paper, whichever is darker: float32 (h, w), 0 = paper, 1 = full ink.

    A hairline, whose ink comes and goes from pixel to pixel, is drawn again with a broader pen.
    """
    small = resize_to(gray, BACKGROUND_SIDE)
    papers = estimate_background(small), estimate_background(255 - small)
    dark = _is_dark_on_light(small, papers)
    paper = cv2.resize(papers[0 if dark else 1], gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink = darker_than_paper(gray if dark else 255 - gray, paper)
    least, share = HAIRLINE_INK
    solid = ink > max(least, share * percentile(ink[::2, ::2], 99.9))
    core = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8))
    if cv2.countNonZero(core) < HAIRLINE_CORE * np.count_nonzero(solid):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (HAIRLINE_PEN, HAIRLINE_PEN))
        ink = cv2.GaussianBlur(cv2.dilate(ink, kernel), (0, 0), HAIRLINE_BLUR)
        ink = np.where(ink > HAIRLINE_RIM * ink.max(), ink, 0)
    return ink


def darker_than_paper(gray: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """How much darker each pixel of uint8 (h, w) is than the paper under it: float32 (h, w), 0–1.

    A share of the paper's own lightness, as ink swallows the same share in light and in shadow.
    """
    soft = cv2.GaussianBlur(gray, (0, 0), SENSOR_BLUR)
    ink = paper - soft
    ink /= np.maximum(paper, DARKEST_PAPER)
    return np.clip(ink, 0, 1, out=ink)


def estimate_background(gray: np.ndarray, kernel: float = BACKGROUND_KERNEL) -> np.ndarray:
    """Guess the paper's lightness everywhere, float32 (h, w), in a picture with dark strokes.

    Every stroke is closed with the light around it (morphological closing). What is wider than a
    stroke stays, so that shadows and uneven light count as paper. kernel: the widest stroke, as a
    share of the picture.
    """
    small = resize_to(gray, round(BACKGROUND_DETAIL / kernel))
    side = 2 * (round(kernel * min(small.shape)) // 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = cv2.copyMakeBorder(cv2.medianBlur(small, 3), *[side] * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[side:-side, side:-side]
    soft = cv2.GaussianBlur(closed, (0, 0), BACKGROUND_BLUR).astype(np.float32)
    return cv2.resize(soft, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)


POLARITY_SIDE = 20  # pixels: in a narrower strip there is no telling in from out
POLARITY_CONTRAST = 10, 0.6  # grey levels, and share of the strongest, that count as a stroke
POLARITY_EDGE = 0.03  # of each side: what touches this rim may be the table or a frame


def _is_dark_on_light(gray: np.ndarray, papers: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether the strokes in a small picture, uint8 (h, w), are darker than the paper.

    papers: what estimate_background says of it and of its negative. Seen both ways, a digit is
    dark strokes around light bays and holes, or the reverse. The strokes are the outer of the two:
    their hull holds the bays and holes, not the other way round.
    """
    small = gray.astype(np.int16)
    if min(small.shape) < POLARITY_SIDE:
        return bool(np.median(small) > 127)
    flipped = 255 - small
    ways = [paper - image for paper, image in zip(papers, (small, flipped), strict=True)]
    least, share = POLARITY_CONTRAST
    threshold = max(least, share * max(percentile(way, 99.9) for way in ways))
    edge = np.ones(small.shape, bool)
    height, width = (1 + round(POLARITY_EDGE * n) for n in small.shape)
    edge[height:-height, width:-width] = False
    outer, inner = [], []
    for image, way in zip((small, flipped), ways, strict=True):
        mask = way > threshold
        count, labels = cv2.connectedComponents(mask.astype(np.uint8))
        at_the_edge = np.zeros(count, bool)
        at_the_edge[labels[edge]] = True
        off_the_edge = mask & ~at_the_edge[labels]
        inner.append(off_the_edge if off_the_edge.any() else mask)
        within = image[3 * height : -3 * height, 3 * width : -3 * width]
        rim = [*[3 * height] * 2, *[3 * width] * 2]
        beside = cv2.copyMakeBorder(within, *rim, cv2.BORDER_REPLICATE)
        outer.append(mask | (edge & (beside - image > threshold)))  # a frame counts, too
    return _share_inside_hull(inner[1], outer[0]) >= _share_inside_hull(inner[0], outer[1])


def _share_inside_hull(inner: np.ndarray, outer: np.ndarray) -> float:
    if not inner.any():
        return 1.0
    if not outer.any():
        return 0.0
    hull = np.zeros(outer.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(outer.astype(np.uint8))), 1)
    return float(hull[inner].mean())


# --- noise, rules and frames --------------------------------------------------------------------

GAUSSIAN_SPREAD = 1.4826  # median absolute deviations that make one standard deviation


def noise_of(ink: np.ndarray) -> float:
    """How much ink the bare paper seems to have: its median and one standard deviation, robustly.

    The factor holds if the noise is Gaussian (Rousseeuw and Croux, JASA 88, 1993).
    """
    middle = percentile(ink, 50)
    return middle + GAUSSIAN_SPREAD * percentile(np.abs(ink - middle), 50)


RULE_SPAN = 0.85  # of the picture: only a rule is so long; a stroke of one digit is not
RULE_RUN = 9, 40  # pixels, and parts of the width: ink that lies so far without a break
RULE_GAP = 20  # parts of the width: breaks of a rule that are bridged
RULE_AREA = 0.02  # of the width's square at most: what is thicker is a shadow
RULE_CROSSING = 1.3  # times a rule's thickness, and more: ink so high is a stroke across it


def remove_ruled_lines(mask: np.ndarray, span: float = RULE_SPAN) -> np.ndarray:
    """Take the lines of ruled or squared paper out of a mask, bool (h, w).

    A line is thin and spans this share of the picture. Where a stroke crosses it, the ink is
    higher than the line is thick, and stays.
    """
    return _without_level_lines(_without_level_lines(mask, span).T, span).T


def _without_level_lines(mask: np.ndarray, span: float) -> np.ndarray:
    width = mask.shape[1]
    dense = mask.astype(np.uint8)
    # Runs of ink as long as only a line has them, joined across gaps.
    least, parts = RULE_RUN
    runs = cv2.morphologyEx(
        dense, cv2.MORPH_OPEN, np.ones((1, max(least, width // parts)), np.uint8)
    )
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, width // RULE_GAP), np.uint8))
    if np.count_nonzero(joined.any(axis=0)) <= span * width:
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    long = (stats[:, cv2.CC_STAT_WIDTH] > span * width).nonzero()[0]
    lines = [i for i in long if i and stats[i, cv2.CC_STAT_AREA] < RULE_AREA * width * width]
    if not lines:
        return mask
    on_line = cv2.dilate(np.isin(labels, lines).astype(np.uint8), np.ones((5, 1), np.uint8))
    thick = 2 + max(stats[i, cv2.CC_STAT_AREA] / stats[i, cv2.CC_STAT_WIDTH] for i in lines)
    across = np.ones((round(RULE_CROSSING * thick) + 1, 1), np.uint8)
    strokes = cv2.morphologyEx(dense, cv2.MORPH_OPEN, across)
    return (dense & ~(on_line & (1 - strokes))).astype(bool)


BOX_BAND = 0.12  # of each side: the four sides of a box lie within these bands …
BOX_CLOSED = 0.9  # … of which each is inked along at least so much of its length …
BOX_EMPTY = 0.1  # … around an inside with less ink than this


def is_box(piece: np.ndarray) -> bool:
    """Whether a piece of ink, bool (h, w), is the outline of a box, as forms have them."""
    height, width = (max(2, round(BOX_BAND * n)) for n in piece.shape)
    inner = piece[height:-height, width:-width]
    bands = piece[:height].any(axis=0), piece[-height:].any(axis=0)
    bands += piece[:, :width].any(axis=1), piece[:, -width:].any(axis=1)
    closed = min(band.mean() for band in bands) > BOX_CLOSED
    return bool(inner.size and inner.mean() < BOX_EMPTY and closed)
