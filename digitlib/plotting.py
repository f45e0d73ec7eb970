"""How it is drawn: every figure that more than one notebook shows, in one look.

Each function draws one figure and returns nothing; the notebook shows it under the cell.
Ink is always dark on white paper, whatever the pixel values' own convention.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

INK = "gray_r"  # 0 is paper and 255 is ink, so the map runs from white to black
BLUE, ORANGE, GREY = "#2b6ca3", "#d1670f", "#8a8a8a"
COLORS = [BLUE, ORANGE, "#2a7f62", "#8d4a97", GREY, "#a3333d", "#6b5b1e", "#17869a"]
MARKERS = "osD^vPX*"

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
    ax.imshow(image, cmap=INK, vmin=0, vmax=255)
    ax.set_title(title, loc="center", fontsize=10)
    ax.axis("off")


def show_digits(images, titles=None, *, columns: int = 10, title: str = "") -> None:
    """Draw a grid of images, (n, h, w) of 0–255, each under its title (n of them)."""
    n = len(images)
    columns = min(columns, max(n, 1))
    rows = -(-n // columns)
    high = 1.0 if titles is None else 1.0 + 0.22 * max(str(t).count("\n") + 1 for t in titles)
    fig, axes = plt.subplots(
        rows, columns, figsize=(max(columns, 4), rows * high + 0.4), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for i, image in enumerate(images):
        show_digit(image, "" if titles is None else str(titles[i]), ax=axes.flat[i])
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


def confusion_matrix(evaluation, *, show: str = "counts", title: str = "") -> None:
    """Draw a confusion matrix: rows are the true digits, columns the predicted ones.

    show: "counts"; "percent" of each row; or "errors", the row's percentages off the diagonal.
    The diagonal is left pale, so that what stands out is wrong.
    """
    counts = evaluation.confusion
    percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    values = counts if show == "counts" else percent
    diagonal = np.eye(10, dtype=bool)
    _, ax = plt.subplots(figsize=(7, 5.6))
    sns.heatmap(
        values,
        mask=diagonal,
        annot=True,
        fmt="d" if show == "counts" else ".1f",
        cmap="Oranges",
        cbar_kws={"label": "images" if show == "counts" else "% of the true digit's images"},
        linewidths=0.5,
        square=True,
        ax=ax,
    )
    if show != "errors":
        for i in range(10):
            text = f"{values[i, i]:d}" if show == "counts" else f"{values[i, i]:.1f}"
            ax.text(i + 0.5, i + 0.5, text, ha="center", va="center", color=GREY, fontsize=9)
    ax.set(title=title, xlabel="predicted digit", ylabel="true digit")
    ax.tick_params(axis="y", rotation=0)


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
    """Draw accuracy against stated confidence for each label -> Evaluation.

    A point on the diagonal keeps its word; below it, the network is surer than it is right.
    """
    _, ax = plt.subplots(figsize=(5.6, 4.6))
    ax.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":", label="as sure as right")
    for (label, evaluation), color, marker in zip(
        evaluations.items(), COLORS, MARKERS, strict=False
    ):
        points = evaluation.reliability(bins)
        ax.plot(
            [p[0] for p in points],
            [p[1] for p in points],
            color=color,
            marker=marker,
            ms=5,
            label=label,
        )
    ax.set(xlabel="confidence (stated probability)", ylabel="accuracy (share right)", title=title)
    ax.legend(fontsize=9)
