"""How well a network does: predictions, intervals, confusion, calibration, mistakes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats
from sklearn import metrics


def predict(model, x: np.ndarray) -> np.ndarray:
    """Return the probabilities, float32 (n, 10), for raw pixels of shape (n, 28, 28).

    Up to a thousand images go in one call of a compiled function: model.predict costs some 50 ms
    however few there are. A network of several outputs gives a list of arrays.
    """
    if len(x) > 1000:
        return model.predict(x, batch_size=1000, verbose=0)
    answer = _compiled(model)(np.asarray(x, dtype=np.float32))
    return [one.numpy() for one in answer] if isinstance(answer, list) else answer.numpy()


@functools.lru_cache(maxsize=32)
def _compiled(model) -> Callable:
    """The network as one TensorFlow function, traced once for any number of images.

    It reads the weights where the network keeps them, so it never answers with old ones.
    """
    import tensorflow as tf

    pixels = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
    answer = tf.function(lambda x: model(x, training=False), input_signature=[pixels])
    return answer.get_concrete_function()


@dataclass(frozen=True)
class Evaluation:
    """What a network answered on labelled images.

    y_true: int of shape (n,). probabilities: float of shape (n, 10).
    """

    y_true: np.ndarray
    probabilities: np.ndarray

    @cached_property
    def y_pred(self) -> np.ndarray:
        """The most probable class of each image, int of shape (n,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of that class, float of shape (n,)."""
        return self.probabilities.max(axis=1)

    @property
    def correct(self) -> np.ndarray:
        """Which images were read right, bool of shape (n,)."""
        return self.y_pred == self.y_true

    @property
    def accuracy(self) -> float:
        """The share read right, 0 to 1."""
        return float(metrics.accuracy_score(self.y_true, self.y_pred))

    @property
    def loss(self) -> float:
        """The mean cross-entropy in nats, as Keras reports it (a loss, no percentage)."""
        # In float32 scikit-learn would take all that is below 1.2e-7 for 1.2e-7.
        exact = self.probabilities.astype(np.float64)
        exact /= exact.sum(axis=1, keepdims=True)
        return float(metrics.log_loss(self.y_true, exact, labels=range(10)))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, for other images of the same kind."""
        return wilson_interval(int(self.correct.sum()), len(self.y_true))

    @property
    def confusion(self) -> np.ndarray:
        """Counts, int of shape (10, 10): rows are the true digits, columns the predicted."""
        return metrics.confusion_matrix(self.y_true, self.y_pred, labels=range(10))

    def report(self) -> dict[str, dict[str, float]]:
        """Precision, recall, F1 and support of each class, as scikit-learn computes them."""
        return metrics.classification_report(
            self.y_true, self.y_pred, labels=range(10), output_dict=True, zero_division=0
        )

    def mistakes(self, true: int | None = None, predicted: int | None = None) -> np.ndarray:
        """Indices of the images read wrong, the most confident first; of one cell if asked."""
        wrong = ~self.correct
        if true is not None:
            wrong &= self.y_true == true
        if predicted is not None:
            wrong &= self.y_pred == predicted
        found = np.flatnonzero(wrong)
        return found[np.argsort(-self.confidence[found], kind="stable")]

    def hardest_pairs(self, n: int = 5) -> list[tuple[int, int, int]]:
        """The n most frequent mistakes as (true, predicted, count), most frequent first."""
        errors = self.confusion.copy()
        np.fill_diagonal(errors, 0)
        order = np.argsort(-errors, axis=None, kind="stable")[:n]
        return [(int(i // 10), int(i % 10), int(errors.flat[i])) for i in order]

    def reliability(self, bins: int = 10) -> list[tuple[float, float, int]]:
        """(mean confidence, accuracy, count) in each occupied bin of equal width."""
        which = np.minimum((self.confidence * bins).astype(int), bins - 1)
        return [
            (float(self.confidence[w].mean()), float(self.correct[w].mean()), int(w.sum()))
            for w in (which == b for b in range(bins))
            if w.any()
        ]

    def calibration_error(self, bins: int = 10) -> float:
        """The mean gap between confidence and accuracy over the bins, 0 to 1.

        Expected calibration error: Naeini, Cooper and Hauskrecht, AAAI 2015.
        """
        return sum(n * abs(c - a) for c, a, n in self.reliability(bins)) / len(self.y_true)


def evaluate(model, x: np.ndarray, y: np.ndarray) -> Evaluation:
    """Read the images x, uint8 (n, 28, 28), and set the answers beside the labels y, int (n,)."""
    return Evaluation(y_true=np.asarray(y), probabilities=predict(model, x))


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share, right also near 0 and 1 (Wilson, JASA 22, 1927)."""
    low, high = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(low), float(high)


def mcnemar_test(a: Evaluation, b: Evaluation) -> tuple[int, int, float]:
    """McNemar's exact test of two networks on the same images.

    Returns (images only `a` read right, images only `b` read right, p value): the probability
    of so uneven a split, or a more uneven one, were the two equally good.
    (McNemar, Psychometrika 12, 1947.)
    """
    only_a = int((a.correct & ~b.correct).sum())
    only_b = int((b.correct & ~a.correct).sum())
    if only_a + only_b == 0:
        return 0, 0, 1.0
    return only_a, only_b, float(stats.binomtest(only_a, only_a + only_b).pvalue)


def calibrate_temperature(model, x: np.ndarray, y: np.ndarray) -> float:
    """Fold the temperature that fits x and y best into the last layer; return it.

    Dividing the scores before the softmax by one number changes no answer, only how sure the
    network says it is (temperature scaling: Guo et al., ICML 2017). Changes the model.
    """
    logs = np.log(np.clip(predict(model, x), 1e-12, 1))

    def loss(temperature):
        scaled = logs / temperature
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -scaled[np.arange(len(y)), y].mean()

    temperatures = 0.5 * 6 ** (np.arange(-60, 300) / 180)  # 0.28 to 9.8 in steps of 1 %
    best = float(min(temperatures, key=loss))
    last = model.layers[-1]
    last.set_weights([weights / best for weights in last.get_weights()])
    return best
