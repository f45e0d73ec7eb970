"""How it is drawn: every figure that more than one notebook shows, in one look.

Each function draws one figure and returns nothing; the notebook shows it under the cell.
Ink is always dark on white paper, whatever the pixel values' own convention. Notebooks, the command
line and the pad call these; use_style() gives them, and figures of your own, one look.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from digitlib.evaluation import wilson_interval
from digitlib.reading import Answer, Preprocessed, box_of

INK = "gray_r"  # 0 is paper and 255 is ink, so the map runs from white to black
BLUE, ORANGE, GREY = "#2b6ca3", "#d1670f", "#8a8a8a"
COLORS = [BLUE, ORANGE, "#2a7f62", "#8d4a97", GREY, "#a3333d", "#6b5b1e", "#17869a"]
MARKERS = "osD^vPX*"


def use_style() -> None:
    """Give every figure that is drawn from now on the look of the series.

    A notebook calls it once, at its top.
    """
    plt.rcParams.update(
        {
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "grid.color": "#e4e4e4",
            "axes.prop_cycle": plt.cycler(color=COLORS),
            "legend.frameon": False,
            "image.cmap": INK,
        }
    )


def show_digit(image: np.ndarray, title: str = "", ax=None) -> None:
    """Draw one image, (h, w) of 0–255, without axes, into `ax` or the current axes."""
    ax = ax or plt.gca()
    # Small images keep their square pixels, as the computer sees them; photos are smoothed.
    kind = "nearest" if max(image.shape) <= 56 else "auto"
    ax.imshow(image, cmap=INK, vmin=0, vmax=255, interpolation=kind)
    ax.set_title(title, loc="center", fontsize=10)
    ax.axis("off")


def show_digits(images, titles=None, *, columns: int = 10, title: str = "") -> None:
    """Draw a grid of images, (n, h, w) of 0–255, each under its title (n of them)."""
    n = len(images)
    columns = min(columns, max(n, 1))
    rows = -(-n // columns)
    captions = [""] * n if titles is None else [str(title) for title in titles]
    lines = [caption.split("\n") for caption in captions]
    height = 1.0 if titles is None else 1.0 + 0.22 * max(map(len, lines), default=0)
    width = max(1.0, 0.1 * max((len(line) for caption in lines for line in caption), default=0))
    fig, axes = plt.subplots(
        rows, columns, figsize=(max(columns * width, 4), rows * height + 0.4), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        show_digit(image, caption, ax=ax)
    fig.suptitle(title, x=0.01, ha="left", fontsize=12)


def show_pixels(image: np.ndarray, title: str = "") -> None:
    """Draw an image, (28, 28), as its numbers, each cell coloured by its value."""
    _, ax = plt.subplots(figsize=(9.5, 8))
    sns.heatmap(
        image,
        cmap=INK,
        annot=True,
        fmt="d",
        annot_kws={"size": 6.5},
        square=True,
        cbar=False,
        linewidths=0.3,
        linecolor="#eeeeee",
        ax=ax,
    )
    ax.set(title=title, xlabel="column", ylabel="row")


def learning_curves(histories: dict, *, metric: str = "accuracy", title: str = "") -> None:
    """Draw loss and `metric` against epochs: training dashed, validation solid.

    histories: label -> keras History (or its .history dictionary).
    """
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.6))
    for (label, history), color in zip(histories.items(), COLORS, strict=False):
        values = getattr(history, "history", history)
        epochs = range(1, len(values["loss"]) + 1)
        for ax, name in zip(axes, ("loss", metric), strict=True):
            ax.plot(epochs, values[name], "--", color=color, label=f"{label}, training")
            ax.plot(
                epochs, values[f"val_{name}"], "-o", color=color, ms=4, label=f"{label}, validation"
            )
    axes[0].set(xlabel="epoch", ylabel="loss (cross-entropy, nats)")
    axes[1].set(xlabel="epoch", ylabel=metric)
    for ax in axes:
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[1].yaxis.set_major_formatter("{x:.1%}")
    axes[1].legend(fontsize=9)
    fig.suptitle(title, x=0.01, ha="left", fontsize=12)


def show_scores(image: np.ndarray, probabilities: np.ndarray, title: str = "") -> None:
    """Draw an image, (h, w), beside its ten probabilities, (10,), as bars."""
    _, axes = plt.subplots(1, 2, figsize=(7, 2.4), width_ratios=[1, 2.4])
    show_digit(image, ax=axes[0])
    best = int(np.argmax(probabilities))
    bars = axes[1].bar(range(10), probabilities, color=GREY)
    bars[best].set_color(BLUE)
    axes[1].set(xticks=range(10), xlabel="digit", ylabel="probability", ylim=(0, 1.05))
    axes[1].set_title(title or f"{best} with probability {probabilities[best]:.1%}")


def network_diagram(image: np.ndarray, columns: list[tuple[int, str]], *, title: str = "") -> None:
    """Draw a dense network: an image, (28, 28), and a column of circles per layer.

    columns: (neurons, label) of each layer, from the pixels to the ten outputs. A column of more
    than ten is drawn with a gap. Between two columns stands the number of weights and biases.
    """
    _, ax = plt.subplots(figsize=(10, 4.4))
    show_digit(image, ax=ax.inset_axes([0, 0.28, 0.13, 0.5]))
    before = None
    for x, (size, label) in enumerate(columns):
        heights = np.linspace(1, -1, 10)
        if size > 10:
            heights = np.delete(heights, 7)
            ax.text(x, -0.58, "⋮", ha="center", va="center", fontsize=14)
        if before is not None:
            ends = np.stack(np.meshgrid(before[1], heights)).reshape(2, -1)
            ax.plot([x - 1, x], ends, color=GREY, lw=0.4, alpha=0.5, zorder=1)
            numbers = f"{before[0]:,} × {size:,} weights\n+ {size:,} biases"
            ax.text(x - 0.5, -1.38, numbers, ha="center", va="center", fontsize=10)
        ax.scatter(np.full(len(heights), x), heights, s=90, color="white", edgecolor=BLUE, zorder=2)
        ax.text(x, 1.32, label, ha="center", va="center")
        before = size, heights
    for digit, height in enumerate(before[1]):
        ax.text(x + 0.1, height, str(digit), va="center", fontsize=10)
    ax.set(xlim=(-0.75, x + 0.3), ylim=(-1.55, 1.55), title=title)
    ax.axis("off")


def confusion_matrix(evaluation, *, show: str = "counts", title: str = "") -> None:
    """Draw a confusion matrix: rows are the true digits, columns the predicted ones.

    show: "counts"; "percent" of each row; or "errors", the row's percentages off the diagonal.
    The diagonal is left pale, so that what stands out is wrong; cells without an image are blank.
    """
    counts = evaluation.confusion
    percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    values = counts if show == "counts" else percent
    form = "{:d}" if show == "counts" else "{:.1f}"
    diagonal = np.eye(10, dtype=bool)
    _, ax = plt.subplots(figsize=(7, 5.6))
    sns.heatmap(
        values,
        mask=diagonal,
        annot=np.where(counts > 0, np.vectorize(form.format)(values), ""),
        fmt="",
        cmap="Oranges",
        cbar_kws={"label": "images" if show == "counts" else "% of the true digit's images"},
        linewidths=0.5,
        square=True,
        ax=ax,
    )
    if show != "errors":
        for i in range(10):
            text = form.format(values[i, i])
            ax.text(i + 0.5, i + 0.5, text, ha="center", va="center", color=GREY, fontsize=9)
    ax.set(title=title, xlabel="predicted digit", ylabel="true digit")
    ax.tick_params(axis="y", rotation=0)
    ax.grid(False)


def mistakes(evaluation, x: np.ndarray, indices, *, columns: int = 10, title: str = "") -> None:
    """Draw the images x[indices], each with its true class, predicted class and probability."""
    show_digits(
        x[indices],
        [
            f"true {true}\npred {predicted}\n{confidence:.0%}"
            for true, predicted, confidence in zip(
                evaluation.y_true[indices],
                evaluation.y_pred[indices],
                evaluation.confidence[indices],
                strict=True,
            )
        ],
        columns=columns,
        title=title,
    )


def reliability(evaluations: dict, *, bins: int = 10, title: str = "") -> None:
    """Draw accuracy against stated confidence, a panel for each label -> Evaluation.

    A point on the dotted line keeps its word; below it, the network is surer than it is right.
    The bars are 95 % intervals; ECE is the expected calibration error.
    """
    n = len(evaluations)
    fig, axes = plt.subplots(
        1, n, figsize=(3.3 * n + 0.4, 3.9), sharex=True, sharey=True, squeeze=False
    )
    for ax, (label, evaluation), color, marker in zip(
        axes.flat, evaluations.items(), COLORS, MARKERS, strict=False
    ):
        ax.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":")
        for sure, right, count in evaluation.reliability(bins):
            ax.vlines(sure, *wilson_interval(round(right * count), count), color=color, lw=1.5)
            ax.plot(sure, right, marker, color=color, ms=6)
        ax.set_title(f"{label}\nECE {evaluation.calibration_error(bins):.1%}", fontsize=11)
        ax.set(xlabel="stated confidence", xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal")
        ax.xaxis.set_major_formatter("{x:.0%}")
        ax.yaxis.set_major_formatter("{x:.0%}")
    axes[0, 0].set_ylabel("share right")
    fig.suptitle(title, x=0.01, ha="left", fontsize=12)


def stages(preprocessed: Preprocessed, *, title: str = "") -> None:
    """Draw a picture on its way to the network: five stages of what reading.preprocess returns."""
    fig, axes = plt.subplots(1, 5, figsize=(9, 2.3))
    left, top, right, bottom = box_of(preprocessed.mask)
    views = [
        ("picture", preprocessed.picture, "gray"),
        ("one shade", preprocessed.gray, "gray"),
        ("ink on paper", preprocessed.ink, INK),
        ("the digit found", preprocessed.mask, INK),
        ("28×28, as MNIST", preprocessed.image, INK),
    ]
    for ax, (name, view, map_) in zip(axes, views, strict=True):
        ax.imshow(view, cmap=map_, vmin=0, vmax=1 if view.dtype != np.uint8 else 255)
        ax.set_title(name, loc="center", fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color(GREY)
    axes[3].plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=ORANGE)
    fig.suptitle(title, x=0.01, ha="left", fontsize=12)


def show_picture(picture: np.ndarray, title: str = "") -> None:
    """Draw a picture, uint8 (h, w) or (h, w, 3), as it is."""
    _, ax = plt.subplots(figsize=(5, 4))
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
    ax.set_title(title)
    ax.axis("off")


def page(picture: np.ndarray, answer: Answer, *, title: str = "") -> None:
    """Draw a page, uint8 (h, w) or (h, w, 3), with a box around each digit and what was read.

    What does not look like a digit has a dashed box.
    """
    height, width = picture.shape[:2]
    _, ax = plt.subplots(figsize=(9, max(2.5, 9 * height / width)))
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
    for number, row in enumerate(answer.rows):
        color = (ORANGE, BLUE)[number % 2]  # neighbouring rows differ
        for digit in row:
            left, top, right, bottom = digit.box
            dash = "--" if digit.rejected else "-"
            size = right - left, bottom - top
            ax.add_patch(plt.Rectangle((left, top), *size, fill=False, ec=color, ls=dash))
            ax.annotate(
                digit.digit, (left, top), xytext=(0, 2), textcoords="offset points",
                color=color, fontweight="bold", fontsize=11,
            )  # fmt: skip
    ax.set_title(title)
    ax.axis("off")
