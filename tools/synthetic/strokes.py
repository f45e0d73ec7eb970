"""The strokes of handwritten digits: the forms in which people write them, bent by chance.

    strokes(label, form, rng)  -> curves, each float (n, 2) of (x, y) in a box of 1×1
    any_form(label, rng)       -> the same, in a form chosen at random
    smooth(points)             -> a curve, float (120, 2), through points

Nobody's handwriting is in here: each digit is a few strokes through points of our own, bent anew by
a random number each time it is written.
"""

import numpy as np
from scipy.interpolate import splev, splprep


def _form(text: str) -> list[list[tuple[float, float]]]:
    """Strokes from "x,y x,y; x,y x,y", in hundredths."""
    strokes = [[point.split(",") for point in stroke.split()] for stroke in text.split(";")]
    return [[(int(x) / 100, int(y) / 100) for x, y in stroke] for stroke in strokes]


# The forms in which people write each digit. A form is strokes, separated by ";"; a stroke is
# points x,y in a box of 100×100, y downwards. A stroke of two points is a line; through more of
# them runs a smooth curve. Strokes that share a point meet there however they are bent.
HANDS = {
    0: {
        "plain": _form("55,2 20,20 12,60 40,98 80,80 88,35 50,3"),
        "narrow": _form("53,2 37,13 30,50 36,87 49,98 62,87 70,50 63,12 51,2"),
        "round": _form("52,8 14,28 10,70 50,94 90,70 86,28 50,8"),
        "open": _form("52,4 22,18 12,58 40,97 80,80 86,36 68,10"),
    },
    1: {
        "plain": _form("55,2 48,98"),
        "flagged": _form("28,28 55,2; 55,2 50,98"),
        "footed": _form("30,24 52,2; 52,2 50,97; 24,97 50,97; 50,97 76,96"),
        "long flag": _form("14,46 60,2; 60,2 56,98"),
    },
    2: {
        "plain": _form("15,25 45,2 80,22 60,58 12,96; 12,96 90,93"),
        "looped": _form("16,24 46,2 78,22 56,62 22,93 12,84 28,77 58,92 92,90"),
        "swan": _form("18,28 42,3 76,20 62,55 14,93; 14,93 40,85 66,96 93,86"),
    },
    3: {
        "round": _form("18,14 55,2 78,22 42,46; 42,46 85,66 62,96 14,88"),
        "flat": _form("18,5 80,4; 80,4 44,42; 44,42 85,64 62,96 14,89"),
        "looped": _form("18,14 55,2 78,20 50,46 36,44 48,42 84,68 58,97 14,86"),
    },
    4: {
        "open": _form("42,3 10,62; 10,62 90,60; 68,30 62,98"),
        "closed": _form("66,2 8,68; 8,68 92,67; 66,2 64,98"),
        "long bar": _form("46,2 12,56; 12,56 102,53; 66,20 60,98"),
        "square": _form("20,4 16,52; 16,52 90,50; 72,4 68,98"),
    },
    5: {
        "joined": _form("80,4 28,6; 28,6 22,45; 22,45 55,36 84,62 60,94 14,90"),
        "apart": _form("42,2 90,0; 30,10 22,45; 22,45 55,36 84,62 60,94 14,90"),
        "smooth": _form("82,5 50,4 30,10 26,26 24,44; 24,44 60,40 84,66 56,95 14,88"),
    },
    6: {
        "round": _form("70,3 30,35 16,72 45,98 80,76 55,52 20,68"),
        "straight": _form("72,2 44,28 20,64 28,94 60,97 80,76 60,57 24,70"),
        "square": _form("76,5 24,8; 24,8 22,50 22,94; 22,94 80,95; 80,95 78,52; 78,52 25,54"),
    },
    7: {
        "plain": _form("12,7 86,4; 86,4 58,45 38,98"),
        "barred": _form("12,7 86,4; 86,4 60,45 40,98; 30,50 84,47"),
        "curved": _form("10,12 45,8 86,5; 86,5 60,32 47,66 44,98"),
        "serif": _form("14,6 13,22; 14,6 86,4; 86,4 56,46 40,98"),
    },
    8: {
        "one stroke": _form("78,20 50,2 22,22 50,47 82,74 50,98 17,76 50,47 77,24"),
        "circles": _form("50,46 26,26 50,3 75,24 52,46; 50,46 17,74 50,98 84,72 52,46"),
        "crossed": _form("78,12 46,3 24,20 50,46 80,74 50,98 20,78 44,50 78,12"),
    },
    9: {
        "straight": _form("78,22 42,3 20,30 48,52 78,24; 78,24 72,98"),
        "curved": _form("78,22 42,3 20,30 48,52 78,24; 78,24 74,60 60,98"),
        "hooked": _form("78,22 42,3 20,30 48,52 78,24; 78,24 78,74 50,98 18,88"),
    },
}


def strokes(label: int, form: str, rng: np.random.Generator, wobble=1.0) -> list[np.ndarray]:
    """Write the digit once: a curve, float (n, 2) of (x, y), for each stroke, in a box of 1×1.

    wobble is how far the hand strays, 0 = as in HANDS. Raises KeyError for a form not in HANDS.
    """
    lean = wobble * rng.uniform(-0.08, 0.14)
    narrow = 1 - wobble * rng.uniform(-0.05, 0.15)
    turn = wobble * rng.uniform(-0.05, 0.05)
    shifts: dict[tuple[float, float], np.ndarray] = {}
    curves = []
    for stroke in HANDS[label][form]:
        points = [p + shifts.setdefault(p, wobble * rng.normal(0, 0.018, 2)) for p in stroke]
        if len(points) == 2:  # no hand draws a straight line
            points.insert(1, (points[0] + points[1]) / 2 + wobble * rng.normal(0, 0.008, 2))
        curves.append(smooth(points))
    x_of_middle = 0.5
    matrix = np.array([[narrow, -lean - turn], [turn * narrow, 1]]).T
    return [(curve - x_of_middle) @ matrix + x_of_middle for curve in curves]


def smooth(points) -> np.ndarray:
    """A smooth curve through two points or more, (x, y) each: float (120, 2)."""
    spline, _ = splprep(np.array(points).T, s=0, k=min(3, len(points) - 1))
    return np.array(splev(np.linspace(0, 1, 120), spline)).T


def any_form(label: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Write the digit in one of its forms, chosen at random."""
    return strokes(label, str(rng.choice(list(HANDS[label]))), rng)
