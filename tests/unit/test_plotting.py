"""Plotting: each figure says what it was given, and leaves the pixels alone."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

mpl.use("Agg")

from digitlib import plotting
from digitlib.evaluation import Evaluation


@pytest.fixture(autouse=True)
def closed_figures():
    plt.close("all")
    with mpl.rc_context():
        plotting.use_style()
        yield
    plt.close("all")


@pytest.fixture
def result():
    y_true = np.array([0] * 4 + [1] * 4 + list(range(2, 10)))
    y_pred = np.array([0] * 3 + [6] + [1] * 3 + [7] + list(range(2, 10)))
    probabilities = np.full((16, 10), 0.02)
    probabilities[np.arange(16), y_pred] = 0.82
    return Evaluation(y_true, probabilities)


def axes():
    return plt.gcf().axes


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_ink_is_dark_on_white_paper(small):
    plotting.show_digit(small.x_train[0], title="a zero")
    (ax,) = axes()
    image = ax.images[0]
    assert np.array_equal(image.get_array(), small.x_train[0])
    assert image.get_clim() == (0, 255), "faint ink stays faint"
    paper, ink = image.cmap(0.0)[:3], image.cmap(1.0)[:3]
    assert paper == (1, 1, 1) and ink == (0, 0, 0)
    assert ax.get_title() == "a zero" and not ax.axison


def test_a_grid_shows_every_image_under_its_title(small):
    plotting.show_digits(small.x_train[:7], [f"no. {i}" for i in range(7)], columns=3, title="all")
    shown = [ax for ax in axes() if ax.images]
    assert len(axes()) == 9 and len(shown) == 7
    assert [ax.get_title() for ax in shown] == [f"no. {i}" for i in range(7)]
    assert np.array_equal(shown[6].images[0].get_array(), small.x_train[6])
    assert plt.gcf().get_suptitle() == "all"


def test_pixels_are_shown_as_their_numbers(small):
    plotting.show_pixels(small.x_train[0], title="numbers")
    assert [int(text) for text in texts(axes()[0])] == small.x_train[0].ravel().tolist()


def test_learning_curves_draw_training_and_validation_apart():
    history = {
        "loss": [3, 2], "accuracy": [0.1, 0.2], "val_loss": [4, 3], "val_accuracy": [0.2, 0.3]
    }  # fmt: skip
    plotting.learning_curves({"a": history, "b": history}, title="curves")
    loss, accuracy = axes()
    assert len(loss.lines) == len(accuracy.lines) == 4
    assert loss.lines[0].get_ydata().tolist() == [3, 2]
    assert loss.lines[1].get_ydata().tolist() == [4, 3]
    assert loss.lines[0].get_linestyle() != loss.lines[1].get_linestyle()
    labels = [text.get_text() for text in accuracy.get_legend().get_texts()]
    assert labels == ["a, training", "a, validation", "b, training", "b, validation"]
    assert loss.get_xlabel() == "epoch"


def test_scores_are_ten_bars_and_the_answer_in_words(small):
    probabilities = np.full(10, 0.01)
    probabilities[7] = 0.91
    plotting.show_scores(small.x_train[0], probabilities)
    bars = axes()[1].patches
    assert [bar.get_height() for bar in bars] == pytest.approx(probabilities)
    assert axes()[1].get_title("left") == "7 with probability 91.0%"
    assert bars[7].get_facecolor() != bars[0].get_facecolor()


@pytest.mark.parametrize(
    ("show", "zero_as_six", "diagonal"),
    [("counts", "1", "3"), ("percent", "25.0", "75.0"), ("errors", "25.0", None)],
)
def test_a_confusion_matrix_shows_rows_true_and_columns_predicted(
    show, zero_as_six, diagonal, result
):
    plotting.confusion_matrix(result, show=show, title="which")
    ax = axes()[0]
    at = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in ax.texts}
    assert at[0.5, 6.5] == zero_as_six
    assert at.get((0.5, 0.5)) == diagonal
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true digit", "predicted digit")
    assert ax.get_title("left") == "which"


def test_a_mistake_is_shown_with_truth_answer_and_probability(small, result):
    plotting.mistakes(result, small.x_train[:16], result.mistakes(), columns=2)
    shown = [ax.get_title() for ax in axes() if ax.images]
    assert shown == ["true 0\npred 6\n82%", "true 1\npred 7\n82%"]


def test_reliability_draws_a_panel_per_network_and_a_point_per_occupied_bin(result):
    plotting.reliability({"one": result, "two": result})
    assert [ax.get_title("left").splitlines()[0] for ax in axes()] == ["one", "two"]
    diagonal, point = axes()[1].lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert point.get_xydata() == pytest.approx(np.array([[0.82, 14 / 16]]))
