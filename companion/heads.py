"""Features to an answer: the last layers of a model."""

from __future__ import annotations

import keras


def classes_head(
    features: keras.KerasTensor,
    num_classes: int,
    units: int = 64,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """One of several classes: their probabilities.

    Train it with ``sparse_categorical_crossentropy`` on class numbers.
    Taught in the chapter *Several inputs*.

    Args:
        features: float32 ``(batch, features)``.
        num_classes: How many classes there are.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.

    Returns:
        float32 ``(batch, classes)``, each row adds up to 1.

    Example:
        >>> classes_head(keras.Input((96,)), 6).shape
        (None, 6)
    """
    features = _hidden(features, units, dropout)
    return keras.layers.Dense(num_classes, activation="softmax")(features)


def binary_head(
    features: keras.KerasTensor, units: int = 64, dropout: float = 0.0
) -> keras.KerasTensor:
    """Yes or no: the probability of yes.

    Train it with ``binary_crossentropy`` on 0 and 1, shaped
    ``(samples, 1)``. Taught in the chapter *Several inputs*.

    Args:
        features: float32 ``(batch, features)``.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.

    Returns:
        float32 ``(batch, 1)``, 0 to 1.

    Example:
        >>> binary_head(keras.Input((96,))).shape
        (None, 1)
    """
    features = _hidden(features, units, dropout)
    return keras.layers.Dense(1, activation="sigmoid")(features)


def number_head(
    features: keras.KerasTensor,
    num_values: int = 1,
    units: int = 64,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """One or more numbers of any size and sign.

    Train it with ``mse`` on numbers shaped ``(samples, num_values)``.

    Args:
        features: float32 ``(batch, features)``.
        num_values: How many numbers to predict.
        units: Width of the dense layer before the answer; 0 for none.
        dropout: Share of the features hidden at random in training.

    Returns:
        float32 ``(batch, num_values)``.

    Example:
        >>> number_head(keras.Input((96,))).shape
        (None, 1)
    """
    features = _hidden(features, units, dropout)
    return keras.layers.Dense(num_values)(features)


def _hidden(
    features: keras.KerasTensor, units: int, dropout: float
) -> keras.KerasTensor:
    if dropout:
        features = keras.layers.Dropout(dropout)(features)
    if units:
        features = keras.layers.Dense(units, activation="relu")(features)
    return features
