"""An image and a text to an image: what the text says is done to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
from keras import ops

from companion.building.fusion import (
    CrossAttention,
    FiLM,
    Shape,
    build_inside,
)
from companion.errors import ContractError, Problem
from companion.rules import choice_problem, count_problem, sizes_problem
from companion.values import shape_text

_Conditioned = Callable[[keras.KerasTensor], keras.KerasTensor]


@keras.saving.register_keras_serializable("companion")
class PixelAttention(keras.layers.Layer):
    """Each new pixel asks, given the text, which old pixel it shows.

    The old pixels are those of the image and of its negative, ``1 -
    image``. So whatever moves pixels, or swaps ink and paper, can be said
    exactly: turn, mirror, shift, invert. A convolution can not: it looks
    at a neighbourhood.

    A softmax over the old pixels makes a weighted mean of them; training
    sharpens it. It costs ``2 * (height * width) ** 2`` numbers a sample,
    so it is made for small images.

    Source: attention, Vaswani et al. (https://arxiv.org/abs/1706.03762),
    between places; the spatial transformer, Jaderberg et al.
    (https://arxiv.org/abs/1506.02025), is its older relative. Taught in
    the chapter *Image and text to image*.

    Args:
        key_dim: Width of a question.

    Call arguments:
        inputs: ``[image, text]``: float32
            ``(batch, height, width, channels)``, 0 to 1, of one size, and
            float32 ``(batch, features)``.

    Returns:
        float32, the shape of the image, 0 to 1.

    Raises:
        ContractError: If the image has a free size, or one of the shapes
            is another.

    Example:
        >>> image, text = keras.Input((8, 8, 1)), keras.Input((64,))
        >>> PixelAttention()([image, text]).shape
        (None, 8, 8, 1)
    """

    def __init__(self, key_dim: int = 16, **options: Any) -> None:
        super().__init__(**options)
        self.key_dim = key_dim

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the questions of a text, and a key for each old pixel."""
        image, text = (tuple(shape) for shape in input_shape)
        ContractError.raise_if(_shapes_problem(image, text))
        self.pixels = math.prod(size or 0 for size in image[1:3])
        self.ask = keras.layers.Dense(
            self.pixels * self.key_dim, name="ask", dtype=self.dtype_policy
        )
        build_inside(self, self.ask, text)
        self.keys = self.add_weight(
            shape=(self.key_dim, 2 * self.pixels), initializer="uniform"
        )

    def call(self, inputs: Sequence[Any]) -> Any:
        """Looks every new pixel up among the old ones."""
        image, text = inputs
        channels = image.shape[-1]
        old = ops.reshape(image, (-1, self.pixels, channels))
        old = ops.concatenate([old, 1 - old], axis=1)
        asked = ops.reshape(self.ask(text), (-1, self.pixels, self.key_dim))
        weights = ops.softmax(ops.matmul(asked, self.keys), axis=-1)
        return ops.reshape(ops.matmul(weights, old), ops.shape(image))

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The shape of the image."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the layer again."""
        return {**super().get_config(), "key_dim": self.key_dim}


def _shapes_problem(image: Shape, text: Shape) -> Problem | None:
    """An image without a size, or a text that is no vector."""
    if len(image) == 4 and None not in image[1:] and len(text) == 2:
        return None
    return Problem(
        "PixelAttention",
        "an image (batch, height, width, channels) of one size, and a "
        "text (batch, features)",
        f"{shape_text(image[1:])} and {shape_text(text[1:])}",
        "Give the image a size, and make a vector of the text.",
    )


#: Ways to tell the image what the text says.
_CONDITIONS = ("concatenate", "film", "attention")


def image_text_to_image(
    image_shape: Sequence[int] = (64, 64, 3),
    length: int = 8,
    num_tokens: int | None = None,
    how: str = "film",
    filters: Sequence[int] = (16, 32, 64),
    width: int = 64,
) -> keras.Model:
    """An image, edited as a text says, in the size it came in.

    An encoder makes the image smaller and a decoder brings it back, with
    skips between maps of one size (a U-Net). The text takes part at every
    level. At the end a gate decides, pixel by pixel, what is new and what
    stays: ``gate * new + (1 - gate) * image``.

    Sources: U-Net, Ronneberger et al. (https://arxiv.org/abs/1505.04597);
    `FiLM`; `CrossAttention`, as in latent diffusion, Rombach et al.
    (https://arxiv.org/abs/2112.10752). Taught in the chapter *Image and
    text to image*.

    Args:
        image_shape: Height, width and channels; any size, also odd ones.
        length: Tokens of a text; without ``num_tokens``, numbers of a
            text that is a vector already.
        num_tokens: How many token ids there are, padding included. None
            if the text is a vector.
        how: ``"concatenate"``, the text beside every pixel; ``"film"``, it
            scales and shifts the maps; ``"attention"``, every place of a
            map looks at the words, which takes tokens.
        filters: Width of each level; the image is halved between them.
        width: Width of what is made of the text.

    Returns:
        A model with the inputs ``image``, float32
        ``(batch, *image_shape)``, 0 to 1, and ``text``, int32
        ``(batch, length)``, or float32 if it is a vector. Its output is
        float32 ``(batch, *image_shape)``, 0 to 1.

    Raises:
        ContractError: If a size is not a whole number, at least 1, or
            ``how`` is unknown, or needs tokens that are not there.

    Example:
        >>> model = image_text_to_image((64, 64, 3), length=100)
        >>> model.output_shape
        (None, 64, 64, 3)
    """
    ContractError.raise_if(
        *_problems(image_shape, length, num_tokens, how, filters, width)
    )
    width = int(width)
    image = keras.Input(tuple(image_shape), name="image")
    kind = "int32" if num_tokens else "float32"
    text = keras.Input((length,), dtype=kind, name="text")
    told = _teller(text, num_tokens, how, width)
    features, skips = image, []
    for filters_here in filters[:-1]:
        features = told(_convolved(features, filters_here))
        skips.append(features)
        features = keras.layers.MaxPooling2D(2, padding="same")(features)
    features = told(_convolved(features, filters[-1]))
    for filters_here, skip in zip(filters[-2::-1], skips[::-1]):
        features = _enlarged(features, skip)
        features = keras.layers.Concatenate()([features, skip])
        features = told(_convolved(features, filters_here))
    return keras.Model([image, text], _gated(features, image))


def _convolved(
    features: keras.KerasTensor, filters: int
) -> keras.KerasTensor:
    features = keras.layers.Conv2D(
        filters, 3, padding="same", use_bias=False
    )(features)
    return keras.layers.BatchNormalization(momentum=0.9)(features)


def _enlarged(
    features: keras.KerasTensor, like: keras.KerasTensor
) -> keras.KerasTensor:
    """Twice as large, and cut to the size of another map."""
    features = keras.layers.UpSampling2D(2)(features)
    extra = [
        (0, have - want)
        for have, want in zip(features.shape[1:3], like.shape[1:3])
    ]
    if any(cut for _, cut in extra):
        features = keras.layers.Cropping2D(extra)(features)
    return features


def _gated(
    features: keras.KerasTensor, image: keras.KerasTensor
) -> keras.KerasTensor:
    """Pixel by pixel: something new, or what was there."""
    new = keras.layers.Conv2D(
        image.shape[-1], 3, padding="same", activation="sigmoid"
    )(features)
    gate = keras.layers.Conv2D(
        1, 3, padding="same", activation="sigmoid", name="gate"
    )(features)
    return gate * new + (1 - gate) * image


def _teller(
    text: keras.KerasTensor, num_tokens: int | None, how: str, width: int
) -> _Conditioned:
    """A function that tells a map of an image what the text says."""
    if num_tokens is None:
        condition = keras.layers.Dense(width, activation="relu")(text)
    else:
        table = keras.layers.Embedding(
            int(num_tokens), width, mask_zero=True
        )
        sequence = how == "attention"
        reader = keras.layers.LSTM(width, return_sequences=sequence)
        condition = reader(table(text))
    condition = keras.layers.LayerNormalization()(condition)

    def told(features: keras.KerasTensor) -> keras.KerasTensor:
        rows, columns, channels = features.shape[1:]
        if how == "film":
            features = FiLM()([features, condition])
            return keras.layers.Activation("relu")(features)
        features = keras.layers.Activation("relu")(features)
        if how == "concatenate":
            beside = keras.layers.RepeatVector(rows * columns)(condition)
            beside = keras.layers.Reshape((rows, columns, width))(beside)
            return keras.layers.Concatenate()([features, beside])
        places = keras.layers.Reshape((rows * columns, channels))(features)
        places = CrossAttention()([places, condition])
        return keras.layers.Reshape((rows, columns, channels))(places)

    return told


def _problems(
    image_shape: Sequence[int],
    length: int,
    num_tokens: int | None,
    how: str,
    filters: Sequence[int],
    width: int,
) -> Iterator[Problem | None]:
    """What is no size, or no way to tell the image what the text says."""
    of = "image_text_to_image"
    fix = "Give how many ids there are; None for a text that is a vector."
    yield sizes_problem("image_shape", image_shape, of=of, axes=3)
    yield sizes_problem("filters", filters, of=of)
    yield count_problem("length", length, 1, "Give a length.", of=of)
    yield count_problem("width", width, 1, "Give a width.", of=of)
    yield choice_problem("how", how, _CONDITIONS, of=of)
    if num_tokens is not None:
        yield count_problem("num_tokens", num_tokens, 2, fix, of=of)
    elif how == "attention":
        expected = "words to look at, num_tokens of them"
        fix = 'Give num_tokens, or use how="film" for a vector.'
        yield Problem(of, expected, "num_tokens=None", fix)
