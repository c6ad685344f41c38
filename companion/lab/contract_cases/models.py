"""Small models and data that the cases share.

Most have one input ``x`` and one output. What makes a model is handed
about, not the model: each case has a fresh one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from companion.building.gan import ConditionalGAN
from companion.building.masked import ReplaceMissing, masked_fusion
from companion.building.models import (
    conditional_generator,
    projection_discriminator,
)
from companion.checking.reading import Batches

layers = keras.layers
part = functools.partial
#: What makes a model.
Maker = Callable[[], keras.Model]

N = 8
IDS = np.arange(N) % 4
KINDS = np.arange(N) % 3
Y = np.linspace(1, 2, N)
X = np.linspace(0, 1, 2 * N).reshape(N, 2)
COLUMN = X[:, :1]
WORDS = np.array(["air", "sea"] * 4)
GAP = np.where(X == X[0, 0], np.nan, X)
#: The first row is missing, and its mask says so.
HOLE = np.where(np.arange(N)[:, None] == 0, np.nan, X)
THERE = 1.0 - np.isnan(HOLE[:, :1])
HIDDEN = np.ma.masked_greater(Y, 1.9)
THREE = np.stack([Y, 2 * Y, 3 * Y], 1)
BOTH = {"left": COLUMN, "right": X[:, 1:] ** 2}
RIGHT = BOTH["right"]
PAIR = {"tip": Y, "pay": 2 * Y}
DRAWN = {"label": IDS, "noise": np.linspace(-1, 1, 3 * N).reshape(N, 3)}
REAL = {"label": IDS, "image": np.linspace(0, 1, 4 * N).reshape(N, 2, 2, 1)}
embedding = part(layers.Embedding, 4, 1)
encoding = part(layers.CategoryEncoding, 4)


def numbered(words: np.ndarray) -> np.ndarray:
    """Words as numbers, as the advice is."""
    return np.unique(words, return_inverse=True)[1]


class Halved(Batches):
    """Its length is a float."""

    def __len__(self) -> Any:
        return 0.5 * len(self.batches)


def endless(*batches: Any, times: float = np.inf) -> Any:
    """Makes a generator of these batches, again and again."""

    def make() -> Iterator[Any]:
        done = 0
        while done < times:
            yield from batches
            done += 1

    return make


def without_axes(*batches: Any) -> Callable[[], Any]:
    """A function that makes a data set that knows types alone."""

    def make() -> Any:
        import tensorflow as tf

        types = ({"x": tf.float32}, tf.float32)
        return tf.data.Dataset.from_generator(lambda: batches, types)

    return make


def with_axes(*batches: Any) -> Callable[[], Any]:
    """A function that makes a data set that knows its axes."""

    def make() -> Any:
        import tensorflow as tf

        x = tf.TensorSpec((None, 2), tf.float32)
        signature = ({"x": x}, tf.TensorSpec((None,), tf.float32))
        return tf.data.Dataset.from_generator(
            lambda: batches, output_signature=signature
        )

    return make


def of_x(
    shape: tuple = (2,),
    *between: Callable[[], Any],
    loss: Any = "mse",
    last: Any = None,
    dtype: str = "float32",
    listed: bool = False,
    **compiled: Any,
) -> Maker:
    """Of one input ``x`` and one output, alone or in a list."""

    def make() -> keras.Model:
        x = keras.Input(shape, dtype=dtype, name="x")
        made = x
        for layer in between:
            made = layer()(made)
        made = (last or dense(1))()(made)
        model = keras.Model([x], [made] if listed else made)
        model.compile("sgd", loss, **compiled)
        return model

    return make


def dense(units: int, activation: str | None = None) -> Any:
    """Makes the last layer."""
    return part(layers.Dense, units, activation)


def of_classes(
    loss: Any = "sparse_categorical_crossentropy", last: Any = None
) -> Maker:
    """Of three classes."""
    return of_x(loss=loss, last=last or dense(3, "softmax"))


def of_ids(dtype: str = "int32", rows: int = 4) -> Maker:
    """Of an id, looked up in a table of so many rows."""
    return of_x((), part(layers.Embedding, rows, 1), dtype=dtype)


def of_scaled(dtype: str = "float32", by: float = 0.01) -> Maker:
    """Of a number that is made small first."""
    return of_x((1,), part(layers.Rescaling, by), dtype=dtype)


def of_texts() -> keras.Model:
    """Of a word."""
    lookup = part(layers.StringLookup, vocabulary=["air", "sea"])
    flat = layers.Flatten
    return of_x((1,), lookup, embedding, flat, dtype="string")()


def adapted(values: Any = X) -> Any:
    """A Normalization that has seen the data."""
    layer = layers.Normalization()
    layer.adapt(values)
    return layer


def of_two(
    inputs: type = list,
    outputs: type = list,
    loss: Any = "mse",
    scaling: Any = layers.Identity,
    named: bool = True,
    **compiled: Any,
) -> Maker:
    """Of two inputs, left and right, and two outputs, tip and pay."""

    def make() -> keras.Model:
        read = {
            name: keras.Input((1,), name=name if named else None)
            for name in ("left", "right")
        }
        both = [read["left"], scaling()(read["right"])]
        both = layers.Concatenate()(both)
        made = {n: layers.Dense(1, name=n)(both) for n in ("tip", "pay")}
        model = keras.Model(
            read if inputs is dict else list(read.values()),
            made if outputs is dict else list(made.values()),
        )
        model.compile("sgd", loss, **compiled)
        return model

    return make


def of_masked(fused: bool = False) -> Maker:
    """Of an input that may be missing; fused with one that is there."""

    def make() -> keras.Model:
        x = keras.Input((2,), name="x")
        present = keras.Input((1,), name="x_present")
        right = keras.Input((1,), name="right")
        if fused:
            parts = {"x": x, "right": right}
            known = masked_fusion(parts, {"x": present}, units=4)
        else:
            known = ReplaceMissing("token")([x, present])
        model = keras.Model(
            [x, present, right] if fused else [x, present],
            layers.Dense(1)(known),
        )
        model.compile("sgd", "mse")
        return model

    return make


def of_three() -> keras.Model:
    """Of two inputs and three outputs, of which the last has no loss."""
    both = [keras.Input((1,), name=name) for name in ("left", "right")]
    joined = layers.Concatenate()(both)
    made = [layers.Dense(1, name=n)(joined) for n in ("tip", "pay", "use")]
    model = keras.Model(both, made)
    model.compile("sgd", ["mse", "mse", None])
    return model


def of_gan() -> keras.Model:
    """A GAN of images of two by two pixels, in four classes."""
    model = ConditionalGAN(
        conditional_generator((2, 2, 1), 3, 4, (5,), "sigmoid"),
        projection_discriminator({"image": (2, 2, 1)}, 4, (5,)),
    )
    model.compile()
    return model


class SquaredError(keras.losses.Loss):
    """The mean squared error, as one would write it."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number for each row."""
        squares = keras.ops.square(y_true - y_pred)
        return keras.ops.mean(squares, axis=-1)


class Own(keras.Model):
    """A model that does not declare what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        """One number from ``x``."""
        return self.answer(inputs["x"])


def of_own() -> keras.Model:
    """Of a class of one's own."""
    model = Own()
    model.compile("sgd", "mse")
    return model


def frozen(after: bool = False, again: bool = True) -> Maker:
    """A layer set aside before the model is compiled, or after training."""

    def make() -> keras.Model:
        model = of_x((2,), dense(2))() if after else of_x()()
        if after:
            model.fit({"x": X}, KINDS, verbose=0)
        model.layers[1].trainable = False
        if again:
            model.compile("sgd", "mse")
        return model

    return make
