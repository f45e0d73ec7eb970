"""Two typical wrong answers to each exercise, as code, and a part of the hint each must get."""

WRONG = {
    # Notebook 01
    "thickest_one": (
        (
            "answer = digits.x_train[digits.y_train == 1].sum(axis=(1, 2)).argmax()",
            "its place among the ones",
        ),
        (
            "answer = (digits.x_train > 0).sum(axis=(1, 2)).argmax()",
            "look among the ones only",
        ),
    ),
    "ink": (
        ("def ink(images):\n    return images.mean(axis=(1, 2))", "that is the mean grey"),
        ("def ink(images):\n    return (images > 0).mean()", "two images have two shares"),
    ),
    "shared": (
        (
            "def shared(one, other):\n"
            "    n = min(len(one), len(other))\n"
            "    return (one[:n] == other[:n]).all(axis=(1, 2)).sum()",
            "not at the same place only",
        ),
        (
            "def shared(one, other):\n"
            "    known, asked = ({image.tobytes() for image in part} for part in (one, other))\n"
            "    return len(known & asked)",
            "is two leaked images",
        ),
    ),
    # Notebook 02
    "steps": (
        ("answer = 4 * (55_000 // 32)", "the images left over"),
        ("answer = 4 * 55_000 / 32", "from one epoch into the next"),
    ),
    "leaky_backward": (
        (
            "def leaky_backward(sums, gradient):\n    return gradient * (sums > 0)",
            "a dead neuron stays dead",
        ),
        (
            "def leaky_backward(sums, gradient):\n    return np.where(sums > 0, 1, 0.1)",
            "those are the slopes",
        ),
    ),
    "deep": (
        (
            "def deep(sizes):\n"
            "    hidden = [keras.layers.Dense(size) for size in sizes]\n"
            "    last = keras.layers.Dense(10, activation='softmax')\n"
            "    first = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]\n"
            "    return keras.Sequential([keras.Input((28, 28)), *first, *hidden, last])",
            "without a bend",
        ),
        (
            "def deep(sizes):\n"
            "    hidden = [keras.layers.Dense(size, activation='relu') for size in sizes]\n"
            "    last = keras.layers.Dense(10, activation='softmax')\n"
            "    first = keras.layers.Flatten()\n"
            "    return keras.Sequential([keras.Input((28, 28)), first, *hidden, last])",
            "raw pixels of 0 to 255",
        ),
    ),
    # Notebook 03
    "fourfold": (
        ("answer = 0.25", "the rate is the share that falls silent"),
        ("answer = 4", "a rate is a probability"),
    ),
    "as_published": (
        (
            "def as_published(x, rate, in_training, rng):\n"
            "    return x * (rng.random(x.shape) >= rate) / (1 - rate) if in_training else x",
            "the division came later",
        ),
        (
            "def as_published(x, rate, in_training, rng):\n"
            "    return x * (rng.random(x.shape) >= rate) if in_training else x * rate",
            "in use all is multiplied by 0.8",
        ),
    ),
    "crowd": (
        (
            "def crowd(model, images, n):\n"
            "    return np.mean([evaluation.predict(model, images) for _ in range(n)], axis=0)",
            "the masks are off",
        ),
        (
            "def crowd(model, images, n):\n"
            "    for _ in range(n):\n"
            "        answers = model(images, training=True)\n"
            "    return answers",
            "do all of them count",
        ),
    ),
    # Notebook 04
    "pooling": (
        ("answer = 5", "the kernel takes four rows and columns"),
        ("answer = 9", "how large are the squares"),
    ),
    "average_backward": (
        (
            "def average_backward(gradient, size):\n"
            "    return gradient.repeat(size, axis=1).repeat(size, axis=2)",
            "what does one of nine do to their mean",
        ),
        (
            "def average_backward(gradient, size):\n"
            "    return np.tile(gradient, (1, size, size, 1)) / size**2",
            "the same share in its mean",
        ),
    ),
    "anywhere": (
        ("anywhere = small", "who looks at places"),
        (
            "def anywhere():\n"
            "    return keras.Sequential(\n"
            "        [\n"
            "            keras.Input((28, 28)),\n"
            "            layers.Rescaling(1 / 255),\n"
            "            layers.Reshape((28, 28, 1)),\n"
            '            layers.Conv2D(16, 5, activation="relu"),\n'
            "            layers.MaxPooling2D(2),\n"
            '            layers.Conv2D(32, 3, activation="relu"),\n'
            "            layers.GlobalMaxPooling2D(),\n"
            '            layers.Dense(10, activation="softmax"),\n'
            "        ]\n"
            "    )",
            "only in whole steps",
        ),
    ),
    # Notebook 05
    "images_needed": (
        ("answer = 3 * 10_000", "more slowly"),
        ("answer = (1.96 * 0.5 / 0.001) ** 2", "fair coin"),
    ),
    "pair_accuracy": (
        (
            "def pair_accuracy(counts, a, b):\n"
            "    both = counts[np.ix_([a, b], [a, b])]\n"
            "    return both.trace() / both.sum()",
            "third digit",
        ),
        (
            "def pair_accuracy(counts, a, b):\n"
            "    return (counts[a, a] + counts[b, b]) / counts[:, [a, b]].sum()",
            "called one of the two",
        ),
    ),
    "cheapest_threshold": (
        (
            "def cheapest_threshold(confidence, correct):\n"
            "    return 1 - 0.5 / 10  # an answer less sure than this costs more than a person",
            "at its word",
        ),
        (
            "def cheapest_threshold(confidence, correct):\n"
            "    return confidence[~correct].max() + 1e-6  # above all mistakes",
            "too few",
        ),
    ),
    # Notebook 06
    "stage_to_blame": (
        ("answer = 5  # a ring is missing in the 28×28", "the stage before"),
        ("answer = 3", "still to be seen"),
    ),
    "ink_bright": (
        ("def ink_bright(gray):\n    return 255 - gray", "chalk"),
        (
            "def ink_bright(gray):\n    return 255 - gray if gray.mean() > 127 else gray",
            "any fixed grey",
        ),
    ),
    "upright": (
        (
            "def upright(image):\n"
            "    m = cv2.moments(image)\n"
            '    slant, row = m["mu11"] / m["mu02"], m["m01"] / m["m00"]\n'
            "    matrix = np.array([[1, slant, -slant * row], [0, 1, 0]])\n"
            "    return cv2.warpAffine(image, matrix, (28, 28))",
            "direction",
        ),
        (
            "def upright(image):\n"
            "    m = cv2.moments(image)\n"
            '    matrix = np.array([[1, -m["mu11"] / m["mu02"], 0], [0, 1, 0]])\n'
            "    return cv2.warpAffine(image, matrix, (28, 28))",
            "it has moved",
        ),
    ),
    # Notebook 07
    "lowest_loss": (
        ("def lowest_loss(classes):\n    return np.log(classes)", "the loss of guessing"),
        (
            "def lowest_loss(classes):\n    return np.log(1 + classes / np.e)",
            "how many of them are wrong ones",
        ),
    ),
    "guard": (
        ("def guard(image):\n    return image.max() > 100", "a hole in white paper"),
        (
            "def guard(image):\n"
            "    rows, columns = np.nonzero(image)\n"
            "    central = abs(rows.mean() - 13.5) < 3 and abs(columns.mean() - 13.5) < 3\n"
            "    return image.max() > 100 and image[::27, ::27].max() < 50 and central",
            "has hardly any mass",
        ),
    ),
    # Notebook 08
    "next_mean": (
        (
            "def next_mean(mean, weights, n):\n"
            "    return [(a + b) / 2 for a, b in zip(mean, weights)]",
            "weighs as much as all three",
        ),
        (
            "def next_mean(mean, weights, n):\n"
            "    return [a + b / (n + 1) for a, b in zip(mean, weights)]",
            "have the mean 2",
        ),
    ),
    "reported": (
        (
            "def reported(on_validation, on_test):\n    return on_test.max()",
            "the test images choose",
        ),
        (
            "def reported(on_validation, on_test):\n    return on_validation.max()",
            "made the choice",
        ),
    ),
    # Notebook 09
    "least_change": (
        (
            "def least_change(weights, lead):\n    return lead / abs(weights.sum())",
            "different sign cancel",
        ),
        (
            "def least_change(weights, lead):\n    return lead / np.abs(weights).max()",
            "the best pixel needs alone",
        ),
    ),
    "united": (
        (
            "def united(answers, labels, votes):\n"
            "    return np.flatnonzero((answers != labels).sum(axis=0) >= votes)",
            "no two of them agree",
        ),
        (
            "def united(answers, labels, votes):\n"
            "    same = (answers == answers[0]).sum(axis=0) >= votes\n"
            "    return np.flatnonzero(same & (answers[0] != labels))",
            "four were asked for",
        ),
    ),
}
