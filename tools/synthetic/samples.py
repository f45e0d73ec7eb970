"""Draw the sample pictures of data/samples, its labels.csv and pages.csv.

    python tools/synthetic/samples.py

Nobody's handwriting is in them: everything comes from this package and a seed, the sample's place
in the lists below.
"""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where this package lies
from synthetic import cameras, layout, papers, pens, strokes

SAMPLES = Path(__file__).resolve().parents[2] / "data/samples"


@dataclass(frozen=True)
class Sample:
    """A picture of one digit: what is written how, on what, seen how, stored how."""

    file: str
    label: int
    form: str
    description: str
    shape: tuple[int, int] = (400, 400)
    box: tuple[int, int, int, int] | None = None  # left, top, width, height; None: in the middle
    pen: Callable = pens.felt_tip
    width: float = 16  # of a stroke, in pixels
    color: str = "black"
    paper: str | None = "white"  # None: a clear layer
    under: Callable = lambda paper: paper  # draws on the paper before the digit is written
    seen: Callable = lambda picture, rng: picture  # light and camera
    noise: float = 0
    stored: dict = field(default_factory=dict)  # mode, quality and exif, as in store()
    more: list = field(default_factory=list)  # (label, form) of each further frame


# The two tables keep their lines as they are: one argument a line would hide what differs.
# fmt: off
DIGITS = [
    # The first twelve are those that notebook 06 began with.
    Sample("dark_on_light.png", 7, "plain", "black pen on white paper", width=22),
    Sample(
        "light_on_dark.jpg", 4, "open", "chalk on a blackboard",
        width=26, pen=pens.chalk, paper="greenboard", color="chalk", noise=5,
    ),
    Sample(
        "off_centre.png", 3, "round", "in the lower right corner",
        shape=(500, 500), box=(320, 300, 110, 160), width=13,
    ),
    Sample("thin.png", 2, "plain", "a hair-thin pen", box=(90, 50, 220, 300), width=3),
    Sample("thick.png", 6, "round", "a broad marker", box=(90, 50, 220, 300), width=58),
    Sample(
        "not_square.png", 5, "joined", "more than twice as wide as high",
        shape=(260, 620), box=(230, 40, 130, 180), width=15,
    ),
    Sample(
        "transparent.png", 9, "curved", "black strokes on nothing at all",
        shape=(320, 320), width=20, paper=None,
    ),
    Sample(
        "blue_ink.jpg", 8, "one stroke", "blue pen on cream paper",
        shape=(480, 360), width=14, color="blue", paper="cream", noise=4,
    ),
    Sample(
        "shadow.jpg", 0, "plain", "photographed in uneven light",
        shape=(600, 450), width=20, noise=4,
        seen=lambda p, rng: cameras.shadow(cameras.gradient(p, 0.25), 0.35, soft=0.2),
    ),
    Sample(
        "ruled_paper.jpg", 1, "flagged", "on a writing pad",
        shape=(420, 420), width=11, color="blue", noise=4,
        under=lambda p: papers.ruled(p, 44, 22),
    ),
    Sample(
        "pencil.jpg", 2, "plain", "a soft pencil, faint",
        shape=(420, 420), width=10, pen=pens.pencil, color="lead", paper="cream", noise=4,
    ),
    Sample(
        "small_in_large.jpg", 3, "round", "far away in a large picture",
        shape=(900, 1200), box=(700, 240, 70, 100), width=8, paper="cream", noise=2,
    ),
    # Hands
    Sample("seven_barred.png", 7, "barred", "with a bar through it"),
    Sample(
        "seven_serif.jpg", 7, "serif", "with a small hook at its start, ballpoint",
        pen=pens.ballpoint, width=9, color="blue", paper="cream", noise=3,
    ),
    Sample("one_plain.png", 1, "plain", "a single stroke", stored={"mode": "L"}),
    Sample("one_footed.png", 1, "footed", "with flag and foot, brush", pen=pens.brush, width=26),
    Sample(
        "one_long_flag.jpg", 1, "long flag", "with a long flag, on brown wrapping paper",
        width=18, paper="kraft", noise=6,
    ),
    Sample("four_closed.png", 4, "closed", "closed at the top", shape=(360, 300), width=12),
    Sample(
        "four_square.webp", 4, "square", "a broad pen on a yellow note",
        shape=(500, 500), width=40, paper="yellow", noise=2,
    ),
    Sample("nine_straight.png", 9, "straight", "with a straight stem", width=12),
    Sample(
        "nine_hooked.jpg", 9, "hooked", "with a hooked tail, ballpoint",
        pen=pens.ballpoint, width=10, color="blue", noise=3,
    ),
    Sample("two_looped.png", 2, "looped", "with a loop at its foot", width=14, color="green"),
    Sample(
        "two_swan.jpg", 2, "swan", "a violet brush pen, like a swan",
        pen=pens.brush, width=30, color="violet", paper="cream", noise=3,
    ),
    Sample("six_square.png", 6, "square", "with square corners", width=18),
    Sample("six_straight.webp", 6, "straight", "with a straight back", color="brown"),
    Sample("three_flat.png", 3, "flat", "flat at the top", width=20, color="red"),
    Sample(
        "three_looped.jpg", 3, "looped", "with a loop in its waist",
        width=10, color="blue", noise=3,
    ),
    Sample("eight_circles.png", 8, "circles", "two circles, one on the other", width=14),
    Sample(
        "eight_crossed.jpg", 8, "crossed", "crossed in the middle, ballpoint", pen=pens.ballpoint,
    ),
    Sample("zero_open.png", 0, "open", "not quite closed", width=14, color="violet"),
    Sample("zero_narrow.jpg", 0, "narrow", "narrow", width=12, paper="gray", noise=3),
    Sample("five_apart.png", 5, "apart", "its bar apart from the rest", width=15),
    Sample(
        "five_smooth.jpg", 5, "smooth", "in one stroke",
        width=18, color="green", paper="cream", noise=3,
    ),
    # Papers and boards
    Sample(
        "blackboard.jpg", 9, "curved", "chalk on a wiped blackboard",
        shape=(600, 500), width=34, pen=pens.chalk, paper="blackboard", color="chalk", noise=4,
        seen=lambda p, rng: cameras.glare(p, (0.2, 0.2), 0.7, 0.25),
    ),
    Sample(
        "chalk_on_green.jpg", 6, "round", "yellow chalk on a green board",
        shape=(450, 600), width=26, pen=pens.chalk, paper="greenboard", color="yellow",
        noise=4,
    ),
    Sample(
        "whiteboard.jpg", 5, "joined", "red marker on a whiteboard, with a lamp's reflection",
        shape=(600, 800), width=24, paper="whiteboard", color="red", noise=3,
        seen=lambda p, rng: cameras.glare(cameras.gradient(p, 0.3), (0.75, 0.3), 0.16),
    ),
    Sample(
        "squared_paper.jpg", 0, "plain", "ballpoint on squared paper",
        shape=(500, 500), width=9, pen=pens.ballpoint, color="blue", noise=3,
        under=lambda p: papers.squared(p, 50),
    ),
    Sample(
        "squared_pencil.png", 4, "long bar", "pencil on squared paper",
        shape=(320, 320), width=8, pen=pens.pencil, color="black",
        under=lambda p: papers.squared(p, 64),
    ),
    Sample(
        "ruled_margin.jpg", 3, "round", "on ruled paper with a red margin",
        shape=(500, 640), box=(300, 120, 130, 200), width=12, color="blue", noise=3,
        under=lambda p: papers.ruled(p, 66, 56, 110),
    ),
    Sample(
        "kraft.webp", 8, "one stroke", "white marker on brown wrapping paper",
        shape=(500, 400), width=24, paper="kraft", color="white", noise=3,
    ),
    Sample(
        "red_on_yellow.png", 6, "straight", "red on a yellow note",
        shape=(300, 300), width=14, paper="yellow", color="red",
    ),
    Sample(
        "white_on_blue.webp", 1, "flagged", "white on blue",
        shape=(300, 400), width=18, paper="night", color="white",
    ),
    Sample(
        "yellow_on_night.png", 0, "round", "yellow on dark blue",
        shape=(256, 256), width=14, paper="night", color="yellow",
    ),
    Sample(
        "green_on_sky.bmp", 7, "curved", "green on light blue",
        shape=(160, 120), width=7, paper="sky", color="green",
    ),
    # Light and camera
    Sample(
        "hard_shadow.jpg", 5, "smooth", "a shadow with a hard edge across it",
        shape=(600, 600), width=18, color="blue", noise=3,
        seen=lambda p, rng: cameras.shadow(p, 0.45, at=0.5, angle=0.3, soft=0.008),
    ),
    Sample(
        "lamp_from_the_left.jpg", 2, "plain", "lit from the left, dark on the right",
        shape=(500, 700), width=15, noise=3,
        seen=lambda p, rng: cameras.gradient(p, 0.7, angle=0.1),
    ),
    Sample(
        "crumpled.jpg", 9, "straight", "on crumpled paper",
        shape=(600, 600), width=17, noise=2,
        seen=lambda p, rng: papers.crumpled(p, rng, 0.2),
    ),
    Sample(
        "out_of_focus.jpg", 6, "round", "out of focus",
        shape=(500, 500), width=13, color="blue", noise=3,
        seen=lambda p, rng: cameras.blur(p, 7),
    ),
    Sample(
        "low_quality.jpg", 8, "crossed", "compressed until blocks show",
        shape=(300, 300), width=9, color="blue", paper="cream", stored={"quality": 6},
    ),
    Sample(
        "noisy.jpg", 7, "barred", "in dim light, with a noisy camera",
        shape=(360, 360), width=12, noise=20,
        seen=lambda p, rng: p * 0.5,
    ),
    Sample(
        "underexposed.jpg", 1, "footed", "far too dark",
        shape=(400, 300), width=13, noise=1.5,
        seen=lambda p, rng: p * 0.2 + 4,
    ),
    # Framing
    Sample(
        "frame.png", 4, "open", "in a black frame",
        shape=(300, 300), width=14,
        seen=lambda p, rng: cameras.framed(p, 8, (0, 0, 0)),
    ),
    Sample(
        "on_a_table.jpg", 2, "looped", "on a sheet that lies on a table, taken askew",
        shape=(640, 480), width=16, noise=3,
        seen=lambda p, rng: cameras.on_table(cameras.gradient(p, 0.2), rng),
    ),
    Sample(
        "punched.jpg", 0, "open", "on a punched sheet",
        shape=(700, 500), width=16, color="blue", noise=3,
        seen=lambda p, rng: cameras.holes(p, 18),
    ),
    Sample(
        "specks.png", 3, "round", "with specks of dirt around it",
        shape=(300, 300), width=12,
        seen=lambda p, rng: cameras.specks(p, rng, 40),
    ),
    Sample(
        "tight.png", 5, "apart", "cut out with hardly any margin",
        shape=(200, 140), box=(10, 12, 118, 176), width=14,
    ),
    Sample(
        "tight_light_on_dark.jpg", 8, "circles", "light on dark, with hardly any margin",
        shape=(240, 170), box=(10, 14, 150, 212), width=20, paper="night", color="white",
    ),
    Sample(
        "far_away.webp", 9, "curved", "80 pixels high in a picture of 2000×1500",
        shape=(1500, 2000), box=(430, 900, 56, 80), width=7, paper="gray", noise=1.5,
    ),
    Sample(
        "strip.png", 6, "round", "in a strip four times as high as wide",
        shape=(800, 200), box=(50, 330, 100, 160), width=12,
    ),
    Sample(
        "turned.jpg", 4, "square", "on a sheet turned by eight degrees",
        shape=(480, 480), width=15, color="blue", noise=3,
        under=lambda p: papers.ruled(p, 60, 30),
        seen=lambda p, rng: cameras.turn(p, 8, (120, 96, 70)),
    ),
    # Files
    Sample("gray_16_bits.png", 1, "long flag", "16 bits of grey", stored={"mode": "I;16"}),
    Sample("one_bit.png", 7, "plain", "black or white, nothing between", stored={"mode": "1"}),
    Sample(
        "palette.png", 0, "narrow", "16 colours in a palette",
        color="red", paper="sky", stored={"mode": "P"},
    ),
    Sample("cmyk.jpg", 2, "swan", "as a printer stores it", stored={"mode": "CMYK"}),
    Sample(
        "exif_3.jpg", 5, "joined", "stored upside down; the file says so",
        shape=(480, 360), noise=3, stored={"exif": 3},
    ),
    Sample(
        "exif_6.jpg", 7, "serif", "stored lying on its left side; the file says so",
        shape=(480, 360), noise=3, stored={"exif": 6},
    ),
    Sample(
        "exif_8.jpg", 4, "closed", "stored lying on its right side; the file says so",
        shape=(480, 360), noise=3, stored={"exif": 8},
    ),
    Sample(
        "scan.tif", 9, "hooked", "a scan, ballpoint",
        shape=(420, 300), width=8, pen=pens.ballpoint, stored={"mode": "L"},
    ),
    Sample(
        "white_on_clear.webp", 3, "looped", "white strokes on nothing at all",
        shape=(300, 300), width=14, paper=None, color="white",
    ),
    Sample("two_frames.gif", 8, "one stroke", "the first of two frames", more=[(3, "flat")]),
    # A few pixels
    Sample(
        "pixels_8.png", 7, "plain", "8×8 pixels",
        shape=(8, 8), box=(0, 0, 8, 8), width=1, pen=pens.pixel_art,
    ),
    Sample(
        "pixels_12.gif", 3, "flat", "12×12 pixels, white on black",
        shape=(12, 12), box=(2, 1, 8, 10), width=1, pen=pens.pixel_art,
        paper="blackboard", color="white",
    ),
    Sample(
        "pixels_16.png", 2, "plain", "16×16 pixels",
        shape=(16, 16), box=(3, 1, 10, 14), width=2, pen=pens.pixel_art, color="blue",
    ),
    Sample(
        "pixels_20.bmp", 5, "joined", "20×20 pixels",
        shape=(20, 20), box=(4, 2, 12, 16), width=2, pen=pens.pixel_art,
    ),
    Sample(
        "pixels_24.png", 6, "round", "24×24 pixels, red",
        shape=(24, 24), box=(5, 3, 13, 18), width=2, pen=pens.pixel_art, color="red",
    ),
    Sample(
        "pixels_28.png", 9, "straight", "28×28 pixels, white on black, as in MNIST",
        shape=(28, 28), box=(7, 4, 13, 20), width=2.4, paper="black", color="white",
        stored={"mode": "L"},
    ),
    Sample(
        "pixels_32.webp", 8, "one stroke", "32×32 pixels",
        shape=(32, 32), box=(7, 4, 17, 24), width=2, pen=pens.pixel_art, color="green",
    ),
    Sample(
        "thumbnail_0.jpg", 0, "plain", "a photo shrunk to 40×30",
        shape=(30, 40), box=(12, 5, 15, 20), width=2, color="blue", noise=2,
    ),
    Sample(
        "thumbnail_1.png", 1, "flagged", "a photo shrunk to 16×24",
        shape=(24, 16), box=(3, 4, 10, 16), width=2, paper="cream", noise=2,
    ),
    Sample(
        "thumbnail_4.bmp", 4, "open", "a photo shrunk to 24×24",
        shape=(24, 24), box=(5, 4, 14, 17), width=2, paper="gray", noise=2,
    ),
    # Harder ones
    Sample(
        "edge_of_table.jpg", 0, "open", "beside the edge of the sheet, where the table shows",
        shape=(500, 600), width=14, color="blue", noise=3,
        seen=lambda p, rng: cameras.edge_of_table(cameras.gradient(p, 0.2), rng, 90),
    ),
    Sample(
        "gray_alpha.png", 0, "round", "grey strokes on nothing at all, without colours",
        shape=(200, 200), width=10, color="lead", paper=None, stored={"mode": "LA"},
    ),
    Sample(
        "margin_line.jpg", 1, "plain", "a single stroke beside the red margin",
        shape=(500, 500), box=(150, 130, 120, 200), width=9, color="blue", noise=3,
        under=lambda p: papers.ruled(p, 70, 45, 130),
    ),
    Sample(
        "five_megapixels.jpg", 1, "footed", "2600×2000 pixels",
        shape=(2000, 2600), box=(1000, 600, 500, 800), width=50, paper="cream",
        seen=lambda p, rng: cameras.gradient(p, 0.3),
    ),
    Sample(
        "small_on_a_page.webp", 2, "looped", "70 pixels high on a ruled page of 1400×2000",
        shape=(2000, 1400), box=(300, 406, 48, 70), width=6, color="blue", noise=1,
        under=lambda p: papers.ruled(p, 96, 96, 200),
    ),
    Sample(
        "hairline_on_squares.png", 2, "swan", "a hair-thin pen on squared paper",
        shape=(400, 400), width=2, under=lambda p: papers.squared(p, 36),
    ),
    Sample(
        "red_on_green.png", 3, "flat", "red on green, equally bright",
        shape=(300, 300), width=16, color="red", paper="green",
    ),
    Sample(
        "dim_and_blurred.jpg", 3, "looped", "in dim light and out of focus",
        shape=(400, 400), width=11, noise=8,
        seen=lambda p, rng: cameras.blur(p, 4) * 0.35,
    ),
    Sample(
        "dark_rules.jpg", 4, "closed", "a grey pencil between rules as dark as itself",
        shape=(480, 480), width=9, pen=pens.pencil, color="lead", noise=3,
        under=lambda p: papers.ruled(p, 90, 40) * 0.85,
    ),
    Sample(
        "smeared_board.jpg", 4, "square", "chalk on a board badly wiped",
        shape=(480, 600), width=20, pen=pens.chalk, paper="greenboard", color="chalk", noise=3,
        seen=lambda p, rng: cameras.smeared(p, rng, 14),
    ),
    Sample(
        "faint_pencil.jpg", 5, "apart", "a hard pencil, hardly to be seen, on squares",
        shape=(420, 420), width=7, pen=pens.pencil, color="lead", noise=2,
        under=lambda p: papers.squared(p, 42),
    ),
    Sample(
        "form.png", 5, "joined", "in the printed box of a form",
        shape=(320, 300), box=(95, 85, 100, 150), width=9, color="blue",
        seen=lambda p, rng: cameras.framed(p, 3, (40, 40, 40), 50),
    ),
    Sample(
        "flash.jpg", 6, "square", "glossy paper, the flash beside the digit",
        shape=(500, 500), width=18, color="blue", paper="sky", noise=3,
        seen=lambda p, rng: cameras.glare(cameras.gradient(p, 0.3), (0.66, 0.4), 0.15, 0.9),
    ),
    Sample(
        "coffee.jpg", 6, "straight", "with the ring of a coffee cup across it",
        shape=(500, 500), width=13, noise=3,
        seen=lambda p, rng: cameras.stain(p, (340, 300), 150),
    ),
    Sample(
        "highlighter.jpg", 7, "barred", "a yellow highlighter on white paper",
        shape=(400, 400), width=26, color="yellow", noise=3,
    ),
    Sample(
        "fax.tif", 7, "serif", "a fax: black or white, with dirt",
        shape=(220, 170), width=5, seen=lambda p, rng: cameras.specks(p, rng, 60, 1.2),
        stored={"mode": "1"},
    ),
    Sample(
        "blot.png", 8, "circles", "so broad that its holes nearly close",
        shape=(300, 300), width=44,
    ),
    Sample(
        "gray_on_gray.webp", 8, "crossed", "grey on grey",
        shape=(360, 360), width=13, color="gray", paper="gray", noise=2,
    ),
    Sample(
        "two_shadows.jpg", 9, "hooked", "two shadows across it",
        shape=(600, 500), width=15, noise=3,
        seen=lambda p, rng: cameras.shadow(
            cameras.shadow(p, 0.4, 0.6, 0.2, 0.02), 0.35, 0.45, 1.9, 0.03
        ),
    ),
    Sample(
        "squared_board.jpg", 9, "curved", "chalk on a board with squares",
        shape=(500, 500), width=22, pen=pens.chalk, paper="blackboard", color="chalk", noise=3,
        under=lambda p: 255 - papers.squared(255 - p, 60),
    ),
]


@dataclass(frozen=True)
class Page:
    """A picture of a page of digits, what differs from Sample explained."""

    file: str
    text: str
    """Rows joined by "|". Where a row has spaces, the digits between them touch."""
    description: str
    shape: tuple[int, int]
    heights: tuple[int, int]
    """Of the smallest and the tallest digit, in pixels."""
    layout: dict = field(default_factory=dict)  # gap, wobble and slope, as in layout.page()
    pen: Callable = pens.felt_tip
    width: float = 5
    color: str = "black"
    paper: str = "white"
    under: Callable = lambda paper: paper
    seen: Callable = lambda picture, rng: picture
    noise: float = 0
    stored: dict = field(default_factory=dict)


PAGES = [
    Page(
        "rows.png", "0123456789|9876543210|3141592653", "three rows of ten",
        shape=(420, 1000), heights=(56, 66), width=6, stored={"mode": "L"},
    ),
    Page(
        "numbers.jpg", "0715528634|0894471203|0306619925|0172845390|0563370818",
        "telephone numbers, quickly written on slanting lines",
        shape=(900, 1100), heights=(62, 84), pen=pens.ballpoint, width=6, color="blue",
        layout={"slope": 0.05, "wobble": 0.1}, paper="cream", noise=3,
        seen=lambda p, rng: cameras.turn(p, 2, papers.PAPERS["cream"]),
    ),
    Page(
        "ruled.jpg", "2718281828|1414213562|1732050807|2236067977|2645751311|1618033988",
        "sixty digits on ruled paper with a red margin",
        shape=(960, 1200), heights=(58, 70), pen=pens.ballpoint, width=6, color="blue",
        layout={"slope": 0.004, "wobble": 0.03, "left": (1.2, 1.5), "gap": (0.5, 1)}, noise=2,
        under=lambda p: papers.ruled(p, 80, 38, 60),
        seen=lambda p, rng: cameras.gradient(p, 0.25),
    ),
    Page(
        "squared.webp", "4725|3086|7811", "a sum in columns on squared paper, pencil",
        shape=(600, 640), heights=(66, 72), pen=pens.pencil, width=4.5,
        layout={"slope": 0.005, "wobble": 0.03, "gap": (0.6, 0.7)}, noise=2,
        under=lambda p: papers.squared(p, 80),
    ),
    Page(
        "on_a_table.jpg", "506183|427950|869314|207536", "a sheet on a table, half in shadow",
        shape=(1200, 1000), heights=(84, 100), width=9, layout={"gap": (0.4, 0.8)}, noise=3,
        seen=lambda p, rng: cameras.on_table(cameras.shadow(p, 0.4, at=0.5, soft=0.02), rng, 0.06),
    ),
    Page(
        "blackboard.jpg", "36509|81274|90625", "chalk on a blackboard",
        shape=(750, 1000), heights=(110, 130), pen=pens.chalk, width=13, noise=3,
        paper="blackboard", color="chalk",
    ),
    Page(
        "sizes.png", "1904725|638051|27493860|5817", "large and small digits",
        shape=(640, 900), heights=(36, 84), width=5, color="violet",
    ),
    Page(
        "touching.png", "47 53 80|26 95 30|18 62 74", "pairs of digits that touch",
        shape=(600, 700), heights=(115, 130), width=7, layout={"gap": (0.4, 0.6)},
    ),
]


def draw_digit(sample: Sample, seed: int) -> np.ndarray:
    """Draw a sample: uint8 (h, w, 3), or (h, w, 4) on a clear layer."""
    rng = np.random.default_rng(seed)
    height, width = sample.shape
    in_middle = (0.5 * width - 0.21 * height, 0.18 * height, 0.42 * height, 0.64 * height)
    box = sample.box or in_middle
    curves = strokes.strokes(sample.label, sample.form, rng)
    mask = sample.pen(curves, sample.shape, box, sample.width, rng)
    if sample.paper is None:
        color = np.full((*sample.shape, 3), papers.INKS[sample.color], np.uint8)
        return np.dstack([color, (mask * 255).round().astype(np.uint8)])
    return _photograph(mask, sample, rng)


def draw_page(sheet: Page, seed: int) -> np.ndarray:
    """Draw a page in one hand, each digit in one form throughout: uint8 (h, w, 3)."""
    rng = np.random.default_rng(seed)
    forms = {label: str(rng.choice(list(strokes.HANDS[label]))) for label in strokes.HANDS}
    height = sheet.heights[1]

    def write(label):
        width, pad = round(0.64 * height), round(0.4 * height)
        curves = strokes.strokes(label, forms[label], rng)
        shape = (height + 2 * pad, width + 2 * pad)
        return label, sheet.pen(curves, shape, (pad, pad, width, height), sheet.width, rng)

    def write_word(word):
        size = round(1.8 * height), round(1.2 * height * len(word))
        close = {"heights": (height, height), "gap": (-0.1, -0.06), "wobble": 0.02, "slope": 0}
        mask, _ = layout.page([[write(int(c)) for c in word]], size, rng, **close)
        return word, mask

    rows = [
        [write_word(word) for word in row.split()] if " " in row else [write(int(c)) for c in row]
        for row in sheet.text.split("|")
    ]
    mask, _ = layout.page(rows, sheet.shape, rng, heights=sheet.heights, **sheet.layout)
    return _photograph(mask, sheet, rng)


def _photograph(mask: np.ndarray, sample: Sample | Page, rng) -> np.ndarray:
    paper = sample.under(papers.sheet(sample.paper, sample.shape))
    picture = sample.seen(papers.lay(mask, paper, papers.INKS[sample.color]), rng)
    return cameras.grain(picture, sample.noise, rng)


TURNS = {  # what undoes the turn that each EXIF orientation asks for
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


def store(path: Path, picture: np.ndarray, mode=None, quality=80, exif=None, frames=()) -> None:
    """Write uint8 (h, w, 3) or (h, w, 4) in the format of the path's suffix.

    mode: L, 1, P, CMYK or I;16, as Pillow calls them. exif: an orientation of TURNS, the picture
    stored turned accordingly. frames: more pictures, after the first.
    """
    image = Image.fromarray(picture)
    options = {}
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode == "P":
        image = image.quantize(16)
    elif mode:
        image = image.convert(mode)
    if exif:
        image = image.transpose(TURNS[exif])
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = exif
    if frames:
        options |= {"save_all": True, "append_images": [Image.fromarray(f) for f in frames]}
    if path.suffix == ".tif":
        options["compression"] = "tiff_lzw"
    if path.suffix in (".jpg", ".webp"):
        options["quality"] = quality
    image.save(path, **options)


def write_table(path: Path, rows: list[tuple]) -> None:
    """Write rows, the first of them names, as CSV."""
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main() -> None:
    """Write the pictures, labels.csv and pages.csv."""
    (SAMPLES / "pages").mkdir(parents=True, exist_ok=True)
    labels, texts = [("file", "label", "description")], [("file", "text", "description")]
    for seed, sample in enumerate(DIGITS):
        picture = draw_digit(sample, seed)
        frames = [draw_digit(replace(sample, label=n, form=form), seed) for n, form in sample.more]
        store(SAMPLES / sample.file, picture, frames=frames, **sample.stored)
        labels.append((sample.file, sample.label, sample.description))
    for seed, sheet in enumerate(PAGES, start=1000):
        store(SAMPLES / "pages" / sheet.file, draw_page(sheet, seed), **sheet.stored)
        texts.append((f"pages/{sheet.file}", sheet.text.replace(" ", ""), sheet.description))
    write_table(SAMPLES / "labels.csv", labels)
    write_table(SAMPLES / "pages.csv", texts)


if __name__ == "__main__":
    main()
