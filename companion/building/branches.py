"""One input to features: a vector per sample, ready to be fused.

A branch is a function on Keras tensors; ``Input`` and ``Model`` stay in
sight. Any ``keras.Model`` is a branch too: call it on the input,
``backbone(image)``, frozen or not, also the same one for two inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from companion.errors import ContractError, Problem
from companion.rules import choice_problem, count_problem
from companion.values import Shape, shape_text


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


#: What makes a vector of the last feature maps.
POOLINGS = {
    "max": keras.layers.GlobalMaxPooling2D,
    "average": keras.layers.GlobalAveragePooling2D,
    "flatten": keras.layers.Flatten,
}


def image_branch(
    image: keras.KerasTensor,
    filters: Sequence[int] = (32, 64),
    pooling: str = "max",
) -> keras.KerasTensor:
    """An image to features: convolutions, then pooling.

    Pooling over the whole map says *what* is in the image, and the number
    of weights does not grow with the image. Only ``"flatten"`` keeps
    *where* it is. An axis of one pixel is not halved.

    Taught in the chapters *Several inputs* and *Image and text*.

    Args:
        image: float32 ``(batch, height, width, channels)``, 0 to 1. An
            axis of free size needs ``2 ** (len(filters) - 1)`` pixels.
        filters: Width of each convolution; the image is halved between
            them.
        pooling: ``"max"``, the largest response to each filter;
            ``"average"``, its mean; ``"flatten"``, every response at every
            place, for images of one size.

    Returns:
        float32 ``(batch, filters[-1])``; with ``"flatten"`` as wide as the
        last map has numbers.

    Raises:
        ContractError: If ``pooling`` is unknown.

    Example:
        >>> image_branch(keras.Input((28, 28, 1))).shape
        (None, 64)
        >>> image_branch(keras.Input((8, 16, 1)), pooling="flatten").shape
        (None, 2048)
    """
    ContractError.raise_if(
        choice_problem("pooling", pooling, POOLINGS, of="image_branch")
    )
    features = image
    for place, width in enumerate(filters):
        if place:
            features = _halved(features)
        features = keras.layers.Conv2D(
            width, 3, padding="same", activation="relu"
        )(features)
    return POOLINGS[pooling]()(features)


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


@keras.saving.register_keras_serializable("companion")
class WordOrder(keras.layers.Layer):
    """Adds to each word a learned vector that says at which place it is.

    Attention by itself sees a bag of words; this tells their order. Known
    as a learned position embedding. A mask is handed on.

    Source: convolutional sequence to sequence learning, Gehring et al.
    (https://arxiv.org/abs/1705.03122). Taught in the chapter *Image and
    text*.

    Call arguments:
        words: float32 ``(batch, tokens, width)``, of one length.

    Returns:
        float32, the same shape.

    Example:
        >>> WordOrder()(keras.Input((20, 32))).shape
        (None, 20, 32)
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Makes one vector per place."""
        self.places = self.add_weight(
            shape=tuple(input_shape[1:]), initializer="uniform"
        )

    def call(self, words: Any) -> Any:
        """Adds the vectors of the places."""
        return words + self.places


#: Ways to make one vector of the words of a text.
READERS = ("lstm", "mean", "transformer")


def text_branch(
    tokens: keras.KerasTensor,
    num_tokens: int,
    how: str = "lstm",
    width: int = 32,
) -> keras.KerasTensor:
    """A text, as token ids, to features: padding is left out.

    Taught in the chapter *Image and text*.

    Args:
        tokens: int32 ``(batch, tokens)``, from 0, which is padding, to
            ``num_tokens - 1``. Each row needs a token: of padding alone
            ``"mean"`` and ``"transformer"`` make NaN.
        num_tokens: How many ids there are, padding included:
            ``vectorizer.vocabulary_size()``.
        how: ``"lstm"``, which reads word by word; ``"mean"``, the mean of
            the words whatever their order; ``"transformer"``, one block
            in which every word looks at all others, for texts of one
            length.
        width: Length of the vector of a word, and of the result.

    Returns:
        float32 ``(batch, width)``.

    Raises:
        ContractError: If ``how`` is unknown, a size is not a whole number,
            or the tokens have another shape, or a free length where
            ``how`` needs one.

    Example:
        >>> tokens = keras.Input((20,), dtype="int32")
        >>> text_branch(tokens, num_tokens=1000).shape
        (None, 32)
    """
    fix = "Give how many ids there are, padding included."
    ContractError.raise_if(
        choice_problem("how", how, READERS, of="text_branch"),
        count_problem("num_tokens", num_tokens, 2, fix, of="text_branch"),
        count_problem("width", width, 1, "Give a width.", of="text_branch"),
        _tokens_problem(tuple(tokens.shape[1:]), how),
    )
    num_tokens, width = int(num_tokens), int(width)
    embedding = keras.layers.Embedding(num_tokens, width, mask_zero=True)
    words = embedding(tokens)
    if how == "lstm":
        return keras.layers.LSTM(width)(words)
    if how == "transformer":
        words = _transformer_block(WordOrder()(words), width)
    return keras.layers.GlobalAveragePooling1D()(words)


def _tokens_problem(shape: Shape, how: str) -> Problem | None:
    """Tokens that are no text, or of no length where one is needed."""
    expected, fix = "tokens (batch, tokens)", "Give one text per sample."
    if len(shape) == 1:
        if how != "transformer" or shape[0] is not None:
            return None
        expected = 'texts of one length for how="transformer"'
        fix = "Give the text a length, or read it in another way."
    return Problem("text_branch", expected, shape_text(shape), fix)


def _transformer_block(
    words: keras.KerasTensor, width: int
) -> keras.KerasTensor:
    """Every word looks at all others; then each is changed by itself."""
    layers = keras.layers
    attention = layers.MultiHeadAttention(2, max(width // 2, 1))
    words = layers.Add()([words, attention(words, words)])
    words = layers.LayerNormalization()(words)
    wider = layers.Dense(2 * width, activation="relu")(words)
    words = layers.Add()([words, layers.Dense(width)(wider)])
    return layers.LayerNormalization()(words)
