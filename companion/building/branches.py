"""One input to features: a vector per sample, ready to be fused.

A branch is a function on Keras tensors; ``Input`` and ``Model`` stay in
sight. Any ``keras.Model`` is a branch too: call it on the input,
``backbone(image)``, frozen or not, also the same one for two inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras


def dense_branch(
    numbers: keras.KerasTensor, units: Sequence[int] = (32,)
) -> keras.KerasTensor:
    """Numbers to features, through dense layers with ReLU.

    Taught in the chapter *Several inputs*.

    Args:
        numbers: float32 ``(batch, features)``, scaled to about 1.
        units: Width of each layer.

    Returns:
        float32 ``(batch, units[-1])``.

    Example:
        >>> dense_branch(keras.Input((2,)), units=(64, 16)).shape
        (None, 16)
    """
    features = numbers
    for width in units:
        features = keras.layers.Dense(width, activation="relu")(features)
    return features


def image_branch(
    image: keras.KerasTensor, filters: Sequence[int] = (32, 64)
) -> keras.KerasTensor:
    """An image of any size to features: convolutions, then pooling.

    The largest response to each filter is kept, wherever it is in the
    image. So the number of weights does not grow with the image, as it
    would with ``Flatten``. An axis of one pixel is not halved.

    Taught in the chapter *Several inputs*.

    Args:
        image: float32 ``(batch, height, width, channels)``, 0 to 1. An
            axis of free size needs ``2 ** (len(filters) - 1)`` pixels.
        filters: Width of each convolution; the image is halved between
            them.

    Returns:
        float32 ``(batch, filters[-1])``.

    Example:
        >>> image_branch(keras.Input((28, 28, 1))).shape
        (None, 64)
    """
    features = image
    for place, width in enumerate(filters):
        if place:
            features = _halved(features)
        features = keras.layers.Conv2D(
            width, 3, padding="same", activation="relu"
        )(features)
    return keras.layers.GlobalMaxPooling2D()(features)


def _halved(image: keras.KerasTensor) -> keras.KerasTensor:
    """An image pooled along each axis that can be."""
    size = tuple(1 if pixels == 1 else 2 for pixels in image.shape[1:3])
    return keras.layers.MaxPooling2D(size)(image)


def category_branch(
    ids: keras.KerasTensor, num_categories: int, width: int = 8
) -> keras.KerasTensor:
    """Category numbers to features: one learned vector per category.

    Taught in the chapter *Merging*.

    Args:
        ids: int32 ``(batch,)`` or ``(batch, 1)``, from 0 to
            ``num_categories - 1``.
        num_categories: How many categories there are.
        width: Length of the vector.

    Returns:
        float32 ``(batch, width)``.

    Example:
        >>> category_branch(keras.Input((), dtype="int32"), 10).shape
        (None, 8)
    """
    features = keras.layers.Embedding(num_categories, width)(ids)
    if len(features.shape) == 3:
        features = keras.layers.Flatten()(features)
    return features
