"""One row per generator and per builder; every check runs on every row.

A new one adds a row here and inherits all the tests beside this file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from companion import (
    CrossAttention,
    FiLM,
    GatedFusion,
    Labels,
    MultiInputGenerator,
    Noise,
    binary_head,
    category_branch,
    classes_head,
    dense_branch,
    fuse,
    image_branch,
    number_head,
)

# Generators. Every row has an input "id" that tells the samples apart, and
# leaves a short last batch.

N, BATCH = 22, 4
IDS = np.arange(N)
NUMBERS = np.random.default_rng(9).random((N, 3))


_FOLDER = tempfile.TemporaryDirectory()  # goes when the tests end


def _memory_map() -> np.ndarray:
    path = Path(_FOLDER.name) / "numbers.npy"
    np.save(path, NUMBERS)
    return np.load(path, mmap_mode="r")


def _jitter(batch, rng):
    inputs, *rest = batch
    noise = rng.standard_normal(inputs["numbers"].shape, "float32")
    return {**inputs, "numbers": inputs["numbers"] + noise}, *rest


def _generator(*, inputs=None, **options) -> Callable[..., object]:
    def make(**more):
        return MultiInputGenerator(
            {"id": IDS} | (inputs or {}),
            **{"batch_size": BATCH, "shuffle": True, "seed": 7}
            | options
            | more,
        )

    return make


GENERATORS = {
    "arrays": _generator(inputs={"numbers": NUMBERS}, targets=IDS),
    "several targets and weights": _generator(
        inputs={"numbers": NUMBERS},
        targets={"a": IDS, "b": NUMBERS},
        sample_weights={"a": NUMBERS[:, 0], "b": NUMBERS[:, 1]},
    ),
    "inputs alone": _generator(),
    "images as bytes": _generator(
        inputs={"image": np.zeros((N, 8, 8, 1), "uint8")}
    ),
    "random columns beside arrays": _generator(
        inputs={"noise": Noise((2, 3)), "label": Labels(5)}, targets=NUMBERS
    ),
    "a transform": _generator(
        inputs={"numbers": NUMBERS}, targets=IDS, transforms=[_jitter]
    ),
    "a memory map": _generator(inputs={"numbers": _memory_map()}),
    "in the order of the rows": _generator(
        inputs={"noise": Noise(2)}, targets=IDS, shuffle=False
    ),
}


# Builders. Each row makes a model, and data to train it on for a step.


@dataclass(frozen=True)
class Builder:
    """A model made with the companion, and the same in plain Keras."""

    build: Callable[[], keras.Model]
    plain: Callable[[], keras.Model]
    loss: str = "mse"
    targets: Callable[[int], np.ndarray] = lambda n: np.ones((n, 1))


def _image():
    return keras.Input((9, 7, 2), name="image")


def _numbers():
    return keras.Input((3,), name="numbers")


def _plain_dense(x, *units):
    for width in units:
        x = keras.layers.Dense(width, activation="relu")(x)
    return x


def _plain_image(x):
    x = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.layers.GlobalMaxPooling2D()(x)


def _plain_number(x):
    return keras.layers.Dense(1)(_plain_dense(x, 64))


def _alone(make_input, branch):
    """A model of one input with a branch and a head for a number."""

    def build():
        x = make_input()
        return keras.Model([x], number_head(branch(x)))

    def plain(plain_branch):
        def build_plain():
            x = make_input()
            return keras.Model([x], _plain_number(plain_branch(x)))

        return build_plain

    return lambda plain_branch: Builder(build, plain(plain_branch))


def _ids(*shape):
    return lambda: keras.Input(shape, dtype="int32", name="user")


def _plain_category(x):
    x = keras.layers.Embedding(5, 8)(x)
    return keras.layers.Flatten()(x) if len(x.shape) == 3 else x


def _fused(how, merge):
    def build():
        image, numbers = _image(), _numbers()
        branches = [image_branch(image), dense_branch(numbers, (64,))]
        return keras.Model(
            [image, numbers], number_head(fuse(branches, how))
        )

    def plain():
        image, numbers = _image(), _numbers()
        joined = merge()([_plain_image(image), _plain_dense(numbers, 64)])
        return keras.Model([image, numbers], _plain_number(joined))

    return Builder(build, plain)


def _attending():
    """A vector that asks, and a sequence that answers."""

    def make(join):
        numbers, steps = _numbers(), keras.Input((5, 4), name="steps")
        asking = keras.layers.Dense(64, activation="relu")(numbers)
        return keras.Model(
            [numbers, steps], number_head(join([asking, steps]))
        )

    return Builder(
        lambda: make(lambda branches: fuse(branches, "cross_attention")),
        lambda: make(lambda branches: CrossAttention()(branches)),
    )


def _headed(head, plain_head, **options):
    def build():
        x = _numbers()
        return keras.Model([x], head(x))

    def plain():
        x = _numbers()
        return keras.Model([x], plain_head(x))

    return Builder(build, plain, **options)


def _plain_head(outputs, activation=None, units=64, dropout=0.0):
    def build(x):
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
        if units:
            x = _plain_dense(x, units)
        return keras.layers.Dense(outputs, activation=activation)(x)

    return build


def _shared_backbone(trainable):
    """Any keras.Model is a branch, also the same one for two inputs."""

    def build():
        pixels = keras.Input((9, 7, 2))
        backbone = keras.Model([pixels], image_branch(pixels), name="eye")
        backbone.trainable = trainable
        left = keras.Input((9, 7, 2), name="left")
        right = keras.Input((9, 7, 2), name="right")
        joined = fuse([backbone(left), backbone(right)], "add")
        return keras.Model([left, right], number_head(joined))

    def plain():
        pixels = keras.Input((9, 7, 2))
        backbone = keras.Model([pixels], _plain_image(pixels))
        backbone.trainable = trainable
        left = keras.Input((9, 7, 2), name="left")
        right = keras.Input((9, 7, 2), name="right")
        joined = keras.layers.Add()([backbone(left), backbone(right)])
        return keras.Model([left, right], _plain_number(joined))

    return Builder(build, plain)


BUILDERS = {
    "dense_branch": _alone(_numbers, lambda x: dense_branch(x, (8, 4)))(
        lambda x: _plain_dense(x, 8, 4)
    ),
    "image_branch": _alone(_image, image_branch)(_plain_image),
    "category_branch": _alone(_ids(), lambda x: category_branch(x, 5))(
        _plain_category
    ),
    "category_branch of (1,)": _alone(
        _ids(1), lambda x: category_branch(x, 5)
    )(_plain_category),
    "a shared backbone": _shared_backbone(True),
    "a frozen backbone": _shared_backbone(False),
    "fuse concatenate": _fused("concatenate", keras.layers.Concatenate),
    "fuse add": _fused("add", keras.layers.Add),
    "fuse average": _fused("average", keras.layers.Average),
    "fuse multiply": _fused("multiply", keras.layers.Multiply),
    "fuse gated": _fused("gated", lambda: GatedFusion(64)),
    "fuse film": _fused("film", FiLM),
    "fuse cross_attention": _attending(),
    "classes_head": _headed(
        lambda x: classes_head(x, 4),
        _plain_head(4, "softmax"),
        loss="sparse_categorical_crossentropy",
        targets=lambda n: np.arange(n) % 4,
    ),
    "binary_head": _headed(
        binary_head, _plain_head(1, "sigmoid"), loss="binary_crossentropy"
    ),
    "binary_head of three": _headed(
        lambda x: binary_head(x, 3),
        _plain_head(3, "sigmoid"),
        loss="binary_crossentropy",
        targets=lambda n: np.arange(3 * n).reshape(n, 3) % 2,
    ),
    "number_head": _headed(number_head, _plain_head(1)),
    "number_head above 0": _headed(
        lambda x: number_head(x, activation="softplus"),
        _plain_head(1, "softplus"),
    ),
    "number_head without hidden layer": _headed(
        lambda x: number_head(x, units=0), _plain_head(1, units=0)
    ),
    "number_head with dropout": _headed(
        lambda x: number_head(x, dropout=0.1), _plain_head(1, dropout=0.1)
    ),
}
