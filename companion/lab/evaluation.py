"""Comparisons: what each input is worth, and what a plain rival scores."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from scipy.stats import ks_2samp
from sklearn.base import ClassifierMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

from companion.lab.datasets import Digits


def one_array(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Everything in one array: each input flattened, side by side.

    Args:
        inputs: Name of an input to its rows ``(samples, ...)``.

    Returns:
        float32 ``(samples, features)``.

    Example:
        >>> image, numbers = np.zeros((5, 8, 8, 1)), np.zeros((5, 2))
        >>> one_array({"image": image, "numbers": numbers}).shape
        (5, 66)
    """
    flat = [rows.reshape(len(rows), -1) for rows in inputs.values()]
    return np.concatenate(flat, axis=1).astype("float32")


def shuffle_input(
    inputs: Mapping[str, np.ndarray], name: str, seed: int = 0
) -> dict[str, np.ndarray]:
    """The same inputs, but one of them from other samples.

    What a model loses by it is what that input is worth to the model.

    Args:
        inputs: Name of an input to its rows ``(samples, ...)``.
        name: The input whose rows change places.
        seed: Decides the new places.

    Returns:
        A new dict; the arrays passed in stay as they are.

    Example:
        >>> inputs = {"a": np.arange(4), "b": np.arange(4)}
        >>> shuffled = shuffle_input(inputs, "b")
        >>> shuffled["a"].tolist(), sorted(shuffled["b"].tolist())
        ([0, 1, 2, 3], [0, 1, 2, 3])
    """
    rows = np.random.default_rng(seed).permutation(len(inputs[name]))
    return {**inputs, name: inputs[name][rows]}


def digit_reader(digits: Digits) -> ClassifierMixin:
    """A good classifier of the digits that has nothing to do with Keras.

    A support vector machine, as scikit-learn sets it up.

    Args:
        digits: The digits to learn from.

    Returns:
        A classifier whose ``predict`` takes ``(samples, 64)`` pixels.
    """
    return SVC().fit(_flat(digits.images), digits.labels)


def learn_and_test(
    learn_from: tuple[np.ndarray, np.ndarray],
    test_on: tuple[np.ndarray, np.ndarray],
) -> float:
    """Accuracy of a classifier that learns from some samples, on others.

    What it says depends on which of them are real:

    - learn from real, test on real: the score to compare others with
      (TRTR);
    - learn from real, test on generated: would a reader of real samples
      recognise them? (GAN-test)
    - learn from generated, test on real: can one learn from them?
      (GAN-train; TSTR, train on synthetic and test on real)

    The classifier is a support vector machine, as scikit-learn sets it up.

    Source: Shmelkov et al. (https://arxiv.org/abs/1807.09499); TSTR:
    Esteban et al. (https://arxiv.org/abs/1706.02633). Taught in the
    chapters *A conditional generator* and *Augmented rows*.

    Args:
        learn_from: Samples ``(samples, ...)``, numbers of about one size,
            and their labels, int ``(samples,)``.
        test_on: The same, of other samples.

    Returns:
        A share from 0 to 1.

    Example:
        >>> rows = np.array([[0.0], [0.1], [0.9], [1.0]])
        >>> labels = np.array([0, 0, 1, 1])
        >>> learn_and_test((rows, labels), (np.array([[0.2]]), [0]))
        1.0
    """
    (samples, labels), (new, answers) = learn_from, test_on
    classifier = SVC().fit(_flat(samples), labels)
    return float(classifier.score(_flat(new), answers))


def nearest(
    samples: np.ndarray, real: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest real sample of each: how far away, and which it is.

    Generated samples that lie much nearer to the training samples than
    unseen real ones do are copies.

    Taught in the chapters *A conditional generator* and *Augmented rows*.

    Args:
        samples: float ``(samples, ...)``.
        real: float ``(rows, ...)``, of the same shape.

    Returns:
        float64 ``(samples,)``, Euclidean distances, and int64
        ``(samples,)``, row numbers in ``real``.

    Example:
        >>> nearest(np.array([[1.0]]), np.array([[5.0], [2.0]]))
        (array([1.]), array([1]))
    """
    neighbors = NearestNeighbors(n_neighbors=1).fit(_flat(real))
    distances, rows = neighbors.kneighbors(_flat(samples))
    return distances[:, 0], rows[:, 0]


def marginal_distances(rows: np.ndarray, real: np.ndarray) -> np.ndarray:
    """How far each column, looked at alone, is from the real one.

    The statistic of Kolmogorov and Smirnov: the largest gap between the
    shares of rows below a value. For a column of 0 and 1, as of a
    category, it is the difference of the shares of 1.

    Taught in the chapter *Augmented rows*.

    Args:
        rows: float ``(samples, columns)``.
        real: float ``(rows, columns)``.

    Returns:
        float64 ``(columns,)``, 0 for the same, 1 for no overlap.

    Example:
        >>> real = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> marginal_distances(real + 1, real)
        array([0.25])
    """
    pairs = zip(rows.T, real.T, strict=True)
    # Nobody reads the p-value here; its exact method may give up and warn.
    tests = [ks_2samp(*pair, method="asymp") for pair in pairs]
    return np.array([test.statistic for test in tests])


def correlation_distance(rows: np.ndarray, real: np.ndarray) -> float:
    """How far the pairs of columns are from the real ones.

    The mean difference between their correlations, over all pairs of two
    columns. A column that never changes correlates with none.

    Taught in the chapter *Augmented rows*.

    Args:
        rows: float ``(samples, columns)``.
        real: float ``(rows, columns)``, at least two columns.

    Returns:
        0 for the same, 2 for exactly the opposite.

    Example:
        >>> real = np.array([[0.0, 0.0], [1.0, 1.0]])
        >>> correlation_distance(real * [1, -1], real)
        2.0
    """
    pairs = np.triu_indices(real.shape[1], k=1)
    gap = np.abs(_correlations(rows) - _correlations(real))[pairs]
    return float(gap.mean())


def _correlations(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred / np.where(spread > 0, spread, 1)
    return scaled.T @ scaled / len(rows)


def _flat(samples: np.ndarray) -> np.ndarray:
    return np.asarray(samples).reshape(len(samples), -1)


def layers_of(model: keras.Model) -> list[tuple[str, tuple, int]]:
    """Kind, output shape and number of weights of each layer, in order.

    Two models with the same list have the same layers, one by one.

    Args:
        model: A built model.

    Returns:
        One tuple per layer.

    Example:
        >>> x = keras.Input((2,))
        >>> model = keras.Model([x], keras.layers.Dense(3)(x))
        >>> layers_of(model)
        [('InputLayer', (None, 2), 0), ('Dense', (None, 3), 9)]
    """
    return [
        (
            type(layer).__name__,
            tuple(layer.output.shape),
            layer.count_params(),
        )
        for layer in model.layers
    ]
