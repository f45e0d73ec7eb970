"""The exercises' checkers: each takes any right answer and names the misconception in a wrong one.

A checker prints one sentence. It never raises, and it never gives the solution away: a stub, an
answer of another kind and a function that fails get their sentence, too.
"""

import functools
import inspect
from collections.abc import Callable

import numpy as np

from digitlib import reading


class _UnsolvedError(Exception):
    pass


def _given(part):
    """Return a part of an answer as it is, or as a function that notices when nothing is given."""
    if part is None or part is ...:
        raise _UnsolvedError
    if not inspect.isfunction(part):
        return part
    return functools.wraps(part)(lambda *arguments: _given(part(*arguments)))


def _checker(hint: Callable[..., str]) -> Callable[..., None]:
    """Turn a function from an answer to a hint, "" for a right one, into a checker that prints."""

    @functools.wraps(hint)
    def check(*answer) -> None:
        try:
            text = hint(*map(_given, answer))
        except _UnsolvedError:
            print("Not solved yet: put your answer in place of the dots.")
        except Exception as error:  # whatever an answer of another kind brings about
            print(f"Not yet: the answer stops with {type(error).__name__}: {error}")
        else:
            print(f"Not yet: {text}." if text else "Right.")

    return check


# Notebook 01


@_checker
def thickest_one(index, x, y):
    """The index, among all images x (n, 28, 28) with labels y (n,), of the 1 with the most ink."""
    ones = np.flatnonzero(y == 1)
    amount = x[ones].sum(axis=(1, 2))
    if index == amount.argmax() != ones[amount.argmax()]:
        return "that is its place among the ones; which place is that among all images"
    if y[index] != 1:
        return f"image {index} is labelled {y[index]}; look among the ones only"
    return "" if x[index].sum() == amount.max() else "another 1 has more ink; add up grey values"


@_checker
def ink(share):
    """A function from images (n, 28, 28) to the share of each one's pixels above 0, (n,)."""
    sample = np.zeros((2, 28, 28), np.uint8)
    sample[0, :14], sample[1, 0, 0] = 255, 1
    found = np.asarray(share(sample))
    if found.shape != (2,):
        return f"two images have two shares, and yours has the shape {found.shape}"
    if np.isclose(found[0], 127.5):
        return "that is the mean grey; first ask of each pixel whether it is above 0"
    return "" if np.allclose(found, [0.5, 1 / 784]) else "a pixel of 1 is ink as much as one of 255"


@_checker
def shared(count):
    """A function from images (n, 28, 28), (m, 28, 28) to how many of the second are in the first.

    The images here are all different, and have equally much ink.
    """
    sample = np.zeros((4, 28, 28), np.uint8)
    sample[range(4), 14, range(4)] = 255
    hints = {
        0: "a copy can stand at any place of the other array, not at the same place only",
        1: "an image that occurs twice in the second array is two leaked images",
        3: "two images with equally much ink are not yet the same image",
    }
    found = int(count(sample[[0, 1, 2]], sample[[1, 3, 1]]))
    return "" if found == 2 else hints.get(found, f"of three images you count {found}")


# Notebook 02


@_checker
def steps(number):
    """How many steps 4 epochs of 55,000 images take in batches of 32."""
    hints = {
        55_000 * 4: "a step is made for each batch, not for each image",
        55_000 // 32 + 1: "that is one epoch",
        55_000 // 32 * 4: "the images left over at the end of an epoch make a batch, too",
        55_000 * 4 / 32: "no batch reaches from one epoch into the next; count one epoch first",
    }
    return "" if number == 6876 else hints.get(number, "how many batches does one epoch have")


@_checker
def leaky_backward(backward):
    """A function from a leaky ReLU's sums, (n, m), and its outputs' gradient to the sums'."""
    sums, above = np.array([[2, -3, 0.5, -0.1]]), np.array([[1, 2, -3, -4.0]])
    found = np.asarray(backward(sums, above))
    if np.allclose(found, above * (sums > 0)):
        return "a negative sum gets no gradient still, so a dead neuron stays dead"
    if np.allclose(found, np.where(sums > 0, 1, 0.1)):
        return "those are the slopes; what comes from above has to go through them"
    if np.allclose(found, np.where(sums > 0, sums, sums / 10)):
        return "that is the way forward, from sums to outputs"
    return "" if np.allclose(found, [[1, 0.2, -3, -0.4]]) else "mind whose sign decides: the sum's"


@_checker
def deep(build):
    """A function from sizes such as (64, 32) to a network with hidden layers of these sizes."""
    network, x = build((64, 32)), np.arange(2 * 784).reshape(2, 28, 28) * 37 % 256
    if (learned := network.count_params()) != 785 * 64 + 65 * 32 + 33 * 10:
        return f"with sizes (64, 32) it learns {learned:,} numbers, not those of three dense layers"
    p = np.asarray(network(np.float32([*x, x.mean(axis=0)])))
    if not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        return "the ten outputs do not add up to 1"
    if p.max() > 0.7:
        return "untrained, it is certain already: raw pixels of 0 to 255 reach the dense layers"
    bend = [1, 1, -2] @ np.diff(np.log(p))  # by how much the last is not the mean of the others
    return "" if np.abs(bend).max() > 1e-3 else "without a bend, many layers are worth only one"


# Notebook 03


@_checker
def fourfold(rate):
    """The rate at which dropout multiplies what it keeps by 4."""
    if not 0 <= rate < 1:
        return "a rate is a probability, and not all may fall silent: it is below 1"
    if np.isclose(rate, 0.25):
        return "at that rate three in four are kept; the rate is the share that falls silent"
    factor = 1 / (1 - rate)
    return "" if np.isclose(factor, 4) else f"at that rate, what is kept grows {factor:.3g} times"


@_checker
def as_published(dropout):
    """A function (x, rate, in_training, rng): dropout that divides nothing and scales in use."""
    x, rng = np.full((100, 100), 2.0), np.random.default_rng(0)
    masked, used = dropout(x, 0.8, True, rng), dropout(x, 0.8, False, rng)
    silent, factor = np.mean(masked == 0), np.mean(used) / 2
    hints = {
        f"0.8 of all fall silent at rate 0.8, and here {silent:.2g}": abs(silent - 0.8) > 0.05,
        "in training, what is kept stays as it is; the division came later": masked.max() != 2,
        "in use nobody falls silent: no mask is drawn": np.ptp(used) > 0,
        f"in use all is multiplied by {factor:.2g}, not as in training": abs(factor - 0.2) > 0.01,
    }
    return next((hint for hint, applies in hints.items() if applies), "")


@_checker
def crowd(ask, network, images):
    """A function (network, images, n): the mean of n answers through masks, (len(images), 10)."""
    found, again, once, other = (np.asarray(ask(network, images, n)) for n in (100, 100, 1, 1))
    if found.shape != (len(images), 10):
        return f"ten numbers for each image, please, and yours have the shape {found.shape}"
    if np.allclose(found, again, atol=1e-7):
        return "asked again, it answers the same to the last digit: the masks are off"
    if not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        return f"the ten of an image add up to {found[0].sum():.3g}, so they are no mean answer"
    steadier = np.abs(found - again).mean() < np.abs(once - other).mean() / 3
    return "" if steadier else "a hundred answers waver as much as one; do all of them count"


# Notebook 04


@_checker
def pooling(size):
    """The pooling after which cnn_small's second convolution, 5×5, leaves maps of 5×5."""
    if size == 9:
        return "9×9 is the map that the kernel needs; how large are the squares that leave it"
    left = 28 // size
    if left < 5:
        return f"a map of {left}×{left} is left, too small for a kernel of 5×5"
    return "" if left == 9 else f"of the {left}×{left} left, the kernel takes four rows and columns"


@_checker
def average_backward(backward):
    """A function (gradient, size): from the gradient at the means to that at what was pooled."""
    gradient = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    right = np.kron(gradient, np.ones((1, 3, 3, 1))) / 9
    found = np.asarray(backward(gradient, 3))
    if found.shape != right.shape:
        return f"what was pooled had the shape {right.shape}, and yours has {found.shape}"
    factor = (found**2).sum() ** 0.5 / (right**2).sum() ** 0.5
    if not np.isclose(factor, 1):
        return f"{factor:.3g} times what it should be: what does one of nine do to their mean"
    return "" if np.allclose(found, right) else "all of one square have the same share in its mean"


@_checker
def anywhere(build):
    """A function that returns a network whose answer does not depend on the digit's place."""
    ink = np.random.default_rng(0).integers(0, 100, (2, 3, 3))
    one, other = np.pad(ink, ((0, 0), (12, 13), (11, 14)))
    images = np.stack([*(np.roll(one, move, axis=1) for move in range(4)), other])
    answers = np.asarray(build()(images.astype(np.float32)))
    if answers.shape != (5, 10) or not np.allclose(answers.sum(axis=1), 1, atol=1e-3):
        return "raw images, (n, 28, 28), should give ten probabilities each"
    *same, blind = np.abs(answers[1:] - answers[0]).max(axis=1) < 1e-5
    if blind or any(same) != all(same):
        return "it tells no digits apart" if blind else "a move is forgiven only in whole steps"
    return "" if all(same) else "ink moved by a pixel gets another answer; who looks at places"


# Notebook 05


@_checker
def images_needed(n):
    """How many images make the 95 % interval of an accuracy of 98 % reach 0.1 points each way."""
    half = 1.96 * np.sqrt(0.98 * 0.02 / n)
    if np.isclose(half, 0.001, atol=0.0001):
        return ""
    if 25_000 < n < 35_000:
        return "the width shrinks more slowly than the number of images grows"
    if np.isclose(n, 0.25 * 1960**2, rtol=0.1):
        return "tosses of a fair coin vary most; those of a coin that wins 98 of 100 vary less"
    return f"with {n:,.0f} images the interval reaches {100 * half:.2f} points to either side"


@_checker
def pair_accuracy(share):
    """A function (counts, a, b): the share of the images of a and b that are read right."""
    counts = np.random.default_rng(0).integers(1, 50, (10, 10))
    for a, b in ((4, 9), (3, 5)):
        found, right = share(counts, a, b), counts[a, a] + counts[b, b]
        if np.isclose(found, right / counts[np.ix_([a, b], [a, b])].sum()):
            return "some images of the two were taken for a third digit, and they count as wrong"
        if np.isclose(found, right / counts[:, [a, b]].sum()):
            return "you divide by all that was called one of the two; wanted is all that is one"
        if not np.isclose(found, right / counts[[a, b]].sum()):
            return f"for {a} and {b} it gives {found:.3g} where {right} images are read right"
    return ""


@_checker
def cheapest_threshold(choose):
    """A function (confidence, correct): the cheapest threshold; mistakes cost 10, declines 0.5."""
    first, second = np.random.default_rng(0).random((2, 5000))
    sure, right = 1 - 0.3 * first**2, second > 1.2 * first**2  # surer than it is right
    threshold = float(choose(sure, right))
    thresholds = np.array([threshold, 0.95, *np.linspace(0.7, 1, 301)])[:, np.newaxis]
    mine, rule, *costs = (10 * (~right & (sure >= thresholds)) + 0.5 * (sure < thresholds)).sum(
        axis=1
    )
    if mine > 1.03 * min(costs) and mine == rule:
        return "that takes the network at its word, and this one promises more than it keeps"
    many = "few" if (sure >= threshold).mean() < 0.2 else "many"
    return "" if mine <= 1.03 * min(costs) else f"it costs {mine:,.0f}: too {many} are answered"


# Notebook 06


@_checker
def stage_to_blame(number):
    """Which stage, 1 to 5, loses the upper ring of an 8 that stands too far off."""
    if number not in range(1, 6):
        return "the stages are numbered 1, the picture, to 5, the 28×28"
    if number == 5:
        return "that shows too little, but was more than that handed to it by the stage before"
    return "" if number == 4 else f"after stage {number} all of the digit is still to be seen"


_TURNED_WRONG = {
    "dark_on_light.png": "to the network paper is 0, and here the paper is the lighter of the two",
    "blackboard.jpg": "chalk is lighter than its board already: not every picture may be turned",
    "underexposed.jpg": "in the dark, paper may be below any fixed grey and still above the ink",
}


@_checker
def ink_bright(turn, folder):
    """A function from grey, uint8 (h, w), to the same, turned over where the ink is darker."""
    for name, hint in _TURNED_WRONG.items():
        chain = reading.preprocess(folder / name)
        found = turn(chain.gray)
        if found.dtype != np.uint8 or found.shape != chain.gray.shape:
            return f"the result should be uint8 {chain.gray.shape}: {found.dtype} {found.shape}"
        if found[chain.mask].mean() <= found[~chain.mask].mean():
            return f"{name}: {hint}"
    return ""


def _stance(image):
    """The slant, in columns per row, and the centre (row, column) of the ink of an image."""
    places = np.indices(image.shape).reshape(2, -1)
    spread = np.cov(places, aweights=image.ravel())
    return spread[0, 1] / spread[0, 0], np.average(places, axis=1, weights=image.ravel())


@_checker
def upright(straighten):
    """A function from a digit, uint8 (28, 28), to the same with its rows shifted: no slant."""
    for lean in (-0.4, 0.4):
        image = np.zeros((28, 28), np.uint8)
        for row in range(7, 25):
            image[row, round(13 + lean * (row - 15)) + np.arange(3)] = 255
        (slant, centre), (_, before) = _stance(straighten(image)), _stance(image)
        if abs(slant) > 0.1:
            return "it slants more: mind the direction" if abs(slant) > 0.5 else "it still slants"
        if np.abs(centre - before).max() > 1:
            return "it stands, but it has moved: the row of its centre should stay where it is"
    return ""


# Notebook 07


@_checker
def lowest_loss(lowest):
    """A function from a number of classes to the floor of the loss after sigmoid and softmax."""
    for n in (10, 2, 100):
        found, right = float(lowest(n)), np.log(1 + (n - 1) / np.e)
        if np.isclose(found, 0):
            return "no score is above 1, so no class gets a probability of 1"
        if np.isclose(found, np.log(n), rtol=1e-3):
            return "that is the loss of guessing; at the floor the right class scores best"
        if not np.isclose(found, right, rtol=1e-3):
            return f"for {n} classes it gives {found:.4g}; how many of them are wrong ones"
    return ""


@_checker
def guard(admits):
    """A function from an image, (28, 28), to whether it is such as MNIST's are."""
    digit, shadow = np.zeros((2, 28, 28))
    digit[6:22, 12:16], shadow[6:22, 16:] = 200, 4
    hints = {
        "it turns away a digit that lies as MNIST's do": not admits(digit),
        "pixels from 0 to 1 come in": admits(digit / 255),
        "a digit that is a hole in white paper comes in": admits(255 - digit),
        "one six pixels off comes in": any(admits(np.roll(digit, 6, axis)) for axis in (0, 1)),
        "a faint shadow beside the digit has hardly any mass": not admits(digit + shadow),
    }
    return next((hint for hint, applies in hints.items() if applies), "")


# Notebook 08


@_checker
def next_mean(step):
    """A function (mean, weights, n): from the mean of n lists of arrays to that of n + 1."""
    mean, weights = [np.ones((2, 3)), np.array([2.0])], [np.full((2, 3), 5.0), np.array([10.0])]
    found = step(mean, weights, 3)
    if [part.shape for part in found] != [(2, 3), (1,)]:
        return "wanted is a list of arrays, of the shapes that it is given"
    if mean[0].max() > 1 or weights[0].max() != 5:
        return "it changes what it is given; make new arrays"
    if np.isclose(first := float(found[0].mean()), 3):
        return "the newcomer weighs as much as all three before it"
    right = np.isclose([first, *found[1]], [2, 4]).all()
    return "" if right else f"three weights of 1 and one of 5 have the mean 2, and not {first:.3g}"


@_checker
def reported(choose):
    """A function from accuracies on validation and test, (n,) each, to the one to report."""
    found = choose(np.array([0.991, 0.995, 0.993]), np.array([0.992, 0.990, 0.994]))
    hints = {
        0.994: "now the test images choose, and they flatter whatever they chose",
        0.995: "these images made the choice, so they flatter the chosen one",
        0.993: "the winner on test images is another network; only one may choose",
    }
    return "" if found == 0.990 else hints.get(found, f"no network here has earned {found}")


# Notebook 09


@_checker
def least_change(least):
    """A function (weights, lead) to the change per pixel that takes a linear lead away."""
    found = float(least(np.array([[0.5, -2.0], [1.5, -1.0]]), 10.0))
    hints = {
        10: "weights of different sign cancel there; each pixel may move its own way",
        5: "that is what the best pixel needs alone, and all of them may help it",
        3.65: "that keeps the whole change short; the limit is one for each pixel by itself",
        8: "that is the mean; every pixel takes its part of the lead, and the parts add up",
    }
    hint = next((text for n, text in hints.items() if np.isclose(abs(found), n, atol=0.01)), "")
    return "" if np.isclose(found, 2) else hint or f"of a lead of 10 that takes {5 * found:.3g}"


@_checker
def united(find):
    """A function (answers, labels, votes) to the numbers of the images with so many votes."""
    rows = ("593076", "598116", "598319", "598419", "598510", "543210")  # the last are the labels
    *answers, labels = (np.array([*map(int, row)]) for row in rows)
    found = np.asarray(find(np.array(answers), labels, 4))
    hints = {
        "image 3 is misread by all five, but no two of them agree": 3 in found,
        "image 2 has four votes of five against its label, and four were asked for": 2 not in found,
        "image 4 has four votes, too, but for its label": 4 in found,
        f"two of six images have them, and you find {len(found)}": sorted(found) != [1, 2],
    }
    return next((hint for hint, applies in hints.items() if applies), "")
