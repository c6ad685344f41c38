"""Features to an answer: the last layers of a model."""

from __future__ import annotations

from typing import Any

import keras

from companion.errors import ContractError
from companion.rules import count_problem


def classes_head(
    features: keras.KerasTensor,
    num_classes: int,
    units: int = 64,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """One of several classes: their probabilities.

    Train it with ``sparse_categorical_crossentropy`` on class numbers.
    Taught in the chapters *Several inputs* and *Outputs*.

    Args:
        features: float32 ``(batch, features)``.
        num_classes: How many classes there are, at least 2.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.

    Returns:
        float32 ``(batch, classes)``, each row adds up to 1.

    Raises:
        ContractError: If a size is not a whole number, or there are fewer
            than two classes.

    Example:
        >>> classes_head(keras.Input((96,)), 6).shape
        (None, 6)
    """
    _check("classes_head", units, 2, num_classes=num_classes)
    return _answer(features, num_classes, "softmax", units, dropout)


def binary_head(
    features: keras.KerasTensor,
    num_labels: int = 1,
    units: int = 64,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """Yes or no, to one question or to several: probabilities of yes.

    Each question is answered for itself: several may be a yes. Train it
    with ``binary_crossentropy`` on 0 and 1, shaped
    ``(samples, num_labels)``. Taught in the chapters *Several inputs* and
    *Outputs*.

    Args:
        features: float32 ``(batch, features)``.
        num_labels: How many questions there are.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.

    Returns:
        float32 ``(batch, num_labels)``, 0 to 1.

    Raises:
        ContractError: If a size is not a whole number, or there is no
            question.

    Example:
        >>> binary_head(keras.Input((96,))).shape
        (None, 1)
    """
    _check("binary_head", units, 1, num_labels=num_labels)
    return _answer(features, num_labels, "sigmoid", units, dropout)


def number_head(
    features: keras.KerasTensor,
    num_values: int = 1,
    units: int = 64,
    dropout: float = 0.0,
    activation: str | None = None,
) -> keras.KerasTensor:
    """One or more numbers; the activation says between which bounds.

    Train it with ``mse`` on numbers shaped ``(samples, num_values)``.
    Taught in the chapter *Outputs*.

    Args:
        features: float32 ``(batch, features)``.
        num_values: How many numbers to predict.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.
        activation: None for any size and sign, ``"softplus"`` for above
            0, ``"sigmoid"`` for 0 to 1, ``"tanh"`` for -1 to 1; or any
            other of Keras.

    Returns:
        float32 ``(batch, num_values)``.

    Raises:
        ContractError: If a size is not a whole number, or there is no
            number to predict.

    Example:
        >>> number_head(keras.Input((96,))).shape
        (None, 1)
    """
    _check("number_head", units, 1, num_values=num_values)
    return _answer(features, num_values, activation, units, dropout)


def _answer(
    features: keras.KerasTensor,
    count: int,
    activation: str | None,
    units: int,
    dropout: float,
) -> keras.KerasTensor:
    dense = keras.layers.Dense
    if dropout:
        features = keras.layers.Dropout(dropout)(features)
    if units:
        features = dense(int(units), activation="relu")(features)
    return dense(int(count), activation=activation)(features)


def _check(head: str, units: Any, least: int, **size: Any) -> None:
    """Refuses sizes that are not whole numbers, and a single class."""
    ((name, count),) = size.items()
    fix = "Give how many; for one yes-or-no question use binary_head."
    no_layer = "Give 0 for no dense layer before the answer."
    ContractError.raise_if(
        count_problem(name, count, least, fix, of=head),
        count_problem("units", units, 0, no_layer, of=head),
    )
