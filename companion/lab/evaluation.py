"""Comparisons: what each input is worth, and what a plain rival scores."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from sklearn.base import ClassifierMixin
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
    return SVC().fit(digits.images.reshape(-1, 64), digits.labels)


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
