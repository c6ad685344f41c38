"""One row per generator and per builder; every check runs on every row.

A new one adds a row here and inherits all the tests beside this file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from companion import (
    Blocks,
    FileColumn,
    Labels,
    ModalityDropout,
    MultiInputGenerator,
    Noise,
    PaddedText,
    PairedAugmentation,
    Pixels,
    ReplaceMissing,
    binary_head,
    category_branch,
    classes_head,
    conditional_generator,
    cut_windows,
    dense_branch,
    fuse,
    gaussian_loss,
    image_branch,
    image_text_classifier,
    image_text_to_image,
    masked_fusion,
    number_head,
    projection_discriminator,
    sensor_fusion,
    sequence_branch,
    tabular_augmenter,
    text_branch,
    with_presence,
)
from companion.building.editing import PixelAttention

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


def _with_gaps() -> dict[str, np.ndarray]:
    """Numbers of which every third row is missing, and their mask."""
    gaps = np.where(IDS[:, None] % 3 == 0, np.nan, NUMBERS)
    return with_presence({"numbers": gaps}, ["numbers"])


def _images() -> np.ndarray:
    """Images that tell the samples apart, by each of their pixels."""
    pixels = np.arange(N * 6 * 5 * 3) * 7 % 256
    return pixels.reshape(N, 6, 5, 3).astype("uint8")


def _image_files() -> list[Path]:
    paths = [Path(_FOLDER.name) / f"{n}.png" for n in range(N)]
    for path, image in zip(paths, _images()):
        Image.fromarray(image).save(path)
    return paths


def _array_files() -> list[Path]:
    paths = [Path(_FOLDER.name) / f"{n}.npy" for n in range(N)]
    for path, numbers in zip(paths, NUMBERS):
        np.save(path, numbers)
    return paths


def _record_files() -> list[Path]:
    paths = [Path(_FOLDER.name) / f"{n}.json" for n in range(N)]
    for number, path in enumerate(paths):
        path.write_text(f'{{"id": {number}}}')
    return paths


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
    "padded texts": _generator(
        inputs={
            "numbers": PaddedText([[n + 1] * (n % 4 + 1) for n in IDS], 4)
        }
    ),
    "windows of a recording": _generator(
        inputs=cut_windows(
            {"numbers": [np.arange(N + 2.0)[:, None]]}, seconds=3, every=1
        ).columns
    ),
    "pixels": _generator(inputs={"numbers": Pixels(_images())}),
    "image files": _generator(
        inputs={"numbers": FileColumn.image(_image_files(), (6, 5, 3))}
    ),
    "array files": _generator(
        inputs={"numbers": FileColumn.npy(_array_files())},
        targets=FileColumn.json(_record_files(), "id"),
    ),
    "a paired augmentation": _generator(
        inputs={
            "image": _images(),
            "text": PaddedText(IDS[:, None] + 1, 2),
        },
        targets=_images(),
        transforms=[PairedAugmentation(targets=True, shift=2)],
    ),
    "an input that may be missing": _generator(inputs=_with_gaps()),
    "inputs that are lost at random": _generator(
        inputs=_with_gaps(),
        targets=IDS,
        transforms=[ModalityDropout({"numbers": 0.5})],
    ),
    "random columns beside arrays": _generator(
        inputs={"noise": Noise((2, 3)), "label": Labels(5)}, targets=NUMBERS
    ),
    "a transform": _generator(
        inputs={"numbers": NUMBERS}, targets=IDS, transforms=[_jitter]
    ),
    "a memory map": _generator(inputs={"numbers": _memory_map()}),
    "blocks": _generator(inputs={"numbers": NUMBERS}, shuffle=Blocks(3, 2)),
    "chosen rows": lambda **more: MultiInputGenerator(
        {"id": np.tile(IDS, 2), "numbers": np.tile(NUMBERS, (2, 1))},
        rows=IDS,
        **{"batch_size": BATCH, "shuffle": True, "seed": 7} | more,
    ),
    "in the order of the rows": _generator(
        inputs={"noise": Noise(2)}, targets=IDS, shuffle=False
    ),
}


# Builders. Each row makes a model, and data to train it on for a step.


@dataclass(frozen=True)
class Builder:
    """A model made with the companion, and the same in plain Keras.

    Where a layer of ours stands for several of Keras, ``own_layer`` says
    so: the weights are the same then, the layers are not.
    """

    build: Callable[[], keras.Model]
    plain: Callable[[], keras.Model]
    loss: str = "mse"
    targets: Callable[[int], Any] = lambda n: np.ones((n, 1))
    own_layer: bool = False


def _image(height=9, width=7):
    return keras.Input((height, width, 2), name="image")


def _numbers():
    return keras.Input((3,), name="numbers")


def _plain_dense(x, *units):
    for width in units:
        x = keras.layers.Dense(width, activation="relu")(x)
    return x


def _plain_image(x, pooled=(2, 2)):
    x = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D(pooled)(x)
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


def _fused(how, merge, **options):
    def build():
        image, numbers = _image(), _numbers()
        branches = [image_branch(image), dense_branch(numbers, (64,))]
        return keras.Model(
            [image, numbers], number_head(fuse(branches, how))
        )

    def plain():
        image, numbers = _image(), _numbers()
        joined = merge([_plain_image(image), _plain_dense(numbers, 64)])
        return keras.Model([image, numbers], _plain_number(joined))

    return Builder(build, plain, **options)


def _plain_gated(branches):
    values = [
        keras.layers.Reshape((1, 64))(keras.layers.Dense(64, "tanh")(x))
        for x in branches
    ]
    gates = keras.layers.Dense(128)(keras.layers.Concatenate()(branches))
    gates = keras.layers.Reshape((2, 64))(gates)
    gates = keras.layers.Softmax(axis=1)(gates)
    values = keras.layers.Concatenate(axis=1)(values)
    weighed = keras.layers.Multiply()([values, gates])
    return keras.ops.sum(weighed, axis=1)


def _filmed():
    """Numbers that scale and shift the channels of an image."""

    def build():
        image, numbers = _image(), _numbers()
        joined = fuse([image, dense_branch(numbers, (64,))], "film")
        pooled = keras.layers.GlobalMaxPooling2D()(joined)
        return keras.Model([image, numbers], number_head(pooled))

    def plain():
        image, numbers = _image(), _numbers()
        both = keras.layers.Dense(4)(_plain_dense(numbers, 64))
        both = keras.layers.Reshape((1, 1, 4))(both)
        scale, shift = keras.ops.split(both, 2, axis=-1)
        joined = (1 + scale) * image + shift
        pooled = keras.layers.GlobalMaxPooling2D()(joined)
        return keras.Model([image, numbers], _plain_number(pooled))

    return Builder(build, plain, own_layer=True)


def _attending():
    """A vector that asks, and a sequence that answers."""

    def build():
        numbers, steps = _numbers(), keras.Input((5, 4), name="steps")
        joined = fuse(
            [dense_branch(numbers, (64,)), steps], "cross_attention"
        )
        return keras.Model([numbers, steps], number_head(joined))

    def plain():
        numbers, steps = _numbers(), keras.Input((5, 4), name="steps")
        query = _plain_dense(numbers, 64)
        asked = keras.layers.Reshape((1, 64))(query)
        found = keras.layers.MultiHeadAttention(4, 16)(asked, steps)
        found = keras.layers.Reshape((64,))(found)
        joined = keras.layers.Add()([query, found])
        return keras.Model([numbers, steps], _plain_number(joined))

    return Builder(build, plain, own_layer=True)


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


def _label_and_noise():
    label = keras.Input((), dtype="int32", name="label")
    noise = keras.Input((3,), name="noise")
    return label, noise


def _plain_made(label, noise):
    x = keras.layers.Embedding(5, 3)(label)
    x = keras.layers.Concatenate()([x, noise])
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dense(6, activation="relu")(x)
    return keras.layers.BatchNormalization()(x)


def _image_generator(**options):
    def plain():
        label, noise = _label_and_noise()
        x = keras.layers.Dense(24, **{"activation": "sigmoid"} | options)(
            _plain_made(label, noise)
        )
        image = keras.layers.Reshape((4, 3, 2))(x)
        return keras.Model([label, noise], image)

    return Builder(
        lambda: conditional_generator((4, 3, 2), 3, 5, (8, 6), **options),
        plain,
        targets=lambda n: np.ones((n, 4, 3, 2)),
    )


def _row_generator(categories, **options):
    def plain():
        label, noise = _label_and_noise()
        x = _plain_made(label, noise)
        last = {"activation": "sigmoid"} | options
        row = {"numbers": keras.layers.Dense(2, **last)(x)}
        for name, count in categories.items():
            softmax = keras.layers.Dense(count, activation="softmax")
            row[name] = softmax(x)
        return keras.Model([label, noise], row)

    return Builder(
        lambda: tabular_augmenter(2, categories, 5, 3, (8, 6), **options),
        plain,
        targets=lambda n: {
            name: np.eye(count)[np.zeros(n, int)]
            for name, count in {"numbers": 2, **categories}.items()
        },
    )


def _plain_score(x, label, width):
    fits = keras.layers.Embedding(5, width)(label)
    fits = keras.layers.Dot(1)([x, fits])
    return keras.layers.Add()([keras.layers.Dense(1)(x), fits])


def _image_discriminator():
    def plain():
        label = keras.Input((), dtype="int32", name="label")
        image = keras.Input((4, 3, 2), name="image")
        x = keras.layers.Flatten()(image)
        for width in (8, 6):
            x = keras.layers.Dense(width)(x)
            x = keras.layers.LeakyReLU(0.2)(x)
        return keras.Model([label, image], _plain_score(x, label, 6))

    return Builder(
        lambda: projection_discriminator(
            {"image": (4, 3, 2)}, 5, (8, 6), dropout=0.0
        ),
        plain,
    )


def _row_discriminator():
    def plain():
        label = keras.Input((), dtype="int32", name="label")
        numbers = keras.Input((2,), name="numbers")
        colour = keras.Input((3,), name="colour")
        x = keras.layers.Concatenate()([numbers, colour])
        x = keras.layers.LeakyReLU(0.2)(keras.layers.Dense(8)(x))
        x = keras.layers.Dropout(0.4)(x)
        x = keras.layers.LeakyReLU(0.2)(keras.layers.Dense(6)(x))
        return keras.Model(
            [label, numbers, colour], _plain_score(x, label, 6)
        )

    return Builder(
        lambda: projection_discriminator(
            {"numbers": (2,), "colour": (3,)}, 5, (8, 6)
        ),
        plain,
    )


def _text(length=6):
    return keras.Input((length,), dtype="int32", name="text")


def _plain_words(tokens, width=4):
    table = keras.layers.Embedding(5, width, mask_zero=True)
    return table(tokens)


def _plain_lstm(tokens, width=4):
    return keras.layers.LSTM(width)(_plain_words(tokens, width))


def _plain_mean(tokens, width=4):
    pooling = keras.layers.GlobalAveragePooling1D()
    return pooling(_plain_words(tokens, width))


def _plain_transformer(tokens):
    """With the mask written out, at each place where it counts."""
    places = keras.ops.cumsum(keras.ops.ones_like(tokens), axis=1) - 1
    seen = keras.ops.not_equal(tokens, 0)
    words = keras.layers.Embedding(5, 4)(tokens)
    words = words + keras.layers.Embedding(6, 4)(places)
    attention = keras.layers.MultiHeadAttention(2, 2)
    words = words + attention(words, words, value_mask=seen)
    words = keras.layers.LayerNormalization()(words)
    wider = keras.layers.Dense(8, activation="relu")(words)
    words = words + keras.layers.Dense(4)(wider)
    words = keras.layers.LayerNormalization()(words)
    pooling = keras.layers.GlobalAveragePooling1D()
    return pooling(words, mask=seen)


def _reading(how, plain_branch, length=6, own_layer=False):
    row = _alone(
        lambda: _text(length), lambda x: text_branch(x, 5, how, 4)
    )(plain_branch)
    return replace(row, own_layer=own_layer)


def _classifier():
    def plain():
        image, text = _image(8, 7), _text()
        x = keras.layers.Conv2D(3, 3, padding="same", activation="relu")(
            image
        )
        x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        x = keras.layers.Dense(10)(keras.layers.Flatten()(x))
        words = keras.layers.Dense(10)(_plain_lstm(text, 5))
        x = keras.layers.Multiply()([x, words])
        x = keras.layers.Dense(10, activation="relu")(x)
        x = keras.layers.Dense(4, activation="softmax")(x)
        return keras.Model([image, text], x)

    return Builder(
        lambda: image_text_classifier(
            (8, 7, 2), 6, 5, 4, filters=(3, 4), width=10
        ),
        plain,
        loss="sparse_categorical_crossentropy",
        targets=lambda n: np.arange(n) % 4,
    )


def _classifier_of_means():
    def plain():
        image, text = _image(8, 7), _text(None)
        x = keras.layers.Conv2D(3, 3, padding="same", activation="relu")(
            image
        )
        x = keras.layers.GlobalAveragePooling2D()(x)
        both = [x, _plain_mean(text, 5)]
        both = [keras.layers.Dense(10)(x) for x in both]
        x = keras.layers.Concatenate()(both)
        x = keras.layers.Dense(10, activation="relu")(x)
        x = keras.layers.Dense(4, activation="softmax")(x)
        return keras.Model([image, text], x)

    return Builder(
        lambda: image_text_classifier(
            (8, 7, 2),
            None,
            5,
            4,
            how="concatenate",
            reader="mean",
            pooling="average",
            filters=(3,),
            width=10,
        ),
        plain,
        loss="sparse_categorical_crossentropy",
        targets=lambda n: np.arange(n) % 4,
    )


def _plain_beside(maps, condition):
    rows, columns, _ = maps.shape[1:]
    x = keras.layers.Activation("relu")(maps)
    beside = keras.layers.RepeatVector(rows * columns)(condition)
    beside = keras.layers.Reshape((rows, columns, 6))(beside)
    return keras.layers.Concatenate()([x, beside])


def _plain_film(maps, condition):
    """A model in the model, so that it counts as one layer."""
    old, wish = keras.Input(maps.shape[1:]), keras.Input((6,))
    both = keras.layers.Dense(2 * maps.shape[-1])(wish)
    scale, shift = keras.ops.split(both[:, None, None], 2, axis=-1)
    film = keras.Model([old, wish], (1 + scale) * old + shift)
    return keras.layers.Activation("relu")(film([maps, condition]))


def _plain_looking(seen):
    """Every place of a map looks at the words that are seen."""

    def told(maps, condition):
        maps = keras.layers.Activation("relu")(maps)
        places = keras.layers.Reshape((-1, maps.shape[-1]))(maps)
        attention = keras.layers.MultiHeadAttention(4, 16)
        found = attention(places, condition, value_mask=seen)
        return maps + keras.layers.Reshape(maps.shape[1:])(found)

    return told


def _plain_maps(x, filters):
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return keras.layers.BatchNormalization(momentum=0.9)(x)


def _plain_edited(image, told):
    """A U-Net of two levels, for images of 7 x 5 pixels."""
    first = told(_plain_maps(image, 3))
    x = keras.layers.MaxPooling2D(2, padding="same")(first)
    x = told(_plain_maps(x, 4))
    x = keras.layers.UpSampling2D(2)(x)
    x = keras.layers.Cropping2D(((0, 1), (0, 1)))(x)
    x = keras.layers.Concatenate()([x, first])
    x = told(_plain_maps(x, 3))
    new = keras.layers.Conv2D(2, 3, padding="same", activation="sigmoid")(x)
    gate = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(
        x
    )
    return gate * new + (1 - gate) * image


def _editor(how, read, told, num_tokens=5, **options):
    """An image edited as a text says; how the text is read, and told."""

    def plain():
        image = _image(7, 5)
        text = _text() if num_tokens else keras.Input((6,), name="text")
        condition, tell = read(text), told(text)
        condition = keras.layers.LayerNormalization()(condition)
        edited = _plain_edited(image, lambda maps: tell(maps, condition))
        return keras.Model([image, text], edited)

    return Builder(
        lambda: image_text_to_image(
            (7, 5, 2), 6, num_tokens, how, filters=(3, 4), width=6
        ),
        plain,
        targets=lambda n: np.ones((n, 7, 5, 2)),
        **options,
    )


def _looking_up():
    """Pixels of 3 x 2 images that look pixels up."""

    def inputs():
        return _image(3, 2), _numbers()

    def head(image):
        pooled = keras.layers.Flatten()(image)
        return keras.layers.Dense(1)(pooled)

    def build():
        image, numbers = inputs()
        edited = PixelAttention(key_dim=4)([image, numbers])
        return keras.Model([image, numbers], head(edited))

    def plain():
        image, numbers = inputs()
        one_hot = 0 * numbers[:, :1, None] + keras.ops.eye(4)
        keys = keras.layers.Dense(12, use_bias=False)(one_hot)
        asked = keras.layers.Dense(6 * 4)(numbers)
        asked = keras.layers.Reshape((6, 4))(asked)
        keys = keras.layers.Permute((2, 1))(keys)
        share = keras.layers.Dot(axes=2)([keys, asked])
        share = keras.layers.Softmax(axis=1)(share)
        old = keras.layers.Reshape((6, 2))(image)
        old = keras.layers.Concatenate(axis=1)([old, 1 - old])
        new = keras.layers.Dot(axes=1)([share, old])
        new = keras.layers.Reshape((3, 2, 2))(new)
        return keras.Model([image, numbers], head(new))

    return Builder(build, plain, own_layer=True)


def _maybe_missing():
    """Two inputs, and for each a mask, which is 1 for about half."""
    numbers, more = _numbers(), keras.Input((4,), name="more")
    chance = keras.Input((2,), name="chance")
    there = keras.ops.cast(chance > 0.5, "float32")
    return [numbers, more, chance], [there[:, :1], there[:, 1:]]


def _deep(x, layers):
    """The same, so deep that its weights come before those of others."""
    for _ in range(layers):
        x = keras.layers.Identity()(x)
    return x


def _learned(shape, like):
    """A weight on its own, 0 at the start."""
    axes = tuple(range(1, 1 + len(shape)))
    learned = keras.layers.LayerNormalization(axis=axes, scale=False)
    zeros = 0 * keras.ops.sum(like, axis=1)
    for _ in shape:
        zeros = keras.ops.expand_dims(zeros, -1)
    return learned(zeros + keras.ops.zeros((1, *shape)))


def _replaced(stand_in):
    def build():
        inputs, (there, _) = _maybe_missing()
        known = ReplaceMissing(stand_in)([inputs[0], there])
        joined = keras.layers.Concatenate()([known, inputs[1]])
        return keras.Model(inputs, number_head(joined))

    def plain():
        inputs, (there, _) = _maybe_missing()
        known = there * inputs[0]
        if stand_in == "token":
            known += (1 - there) * _learned((3,), inputs[0])
        joined = keras.layers.Concatenate()([known, inputs[1]])
        return keras.Model(inputs, _plain_number(joined))

    return Builder(build, plain, own_layer=True)


def _plain_mean_of(values, masks, features):
    total = sum(mask * value for mask, value in zip(masks, values))
    return total / keras.ops.maximum(sum(masks), 1)


def _plain_gates(values, masks, features):
    gate = keras.layers.Dense(2 * 8)
    gates = gate(keras.layers.Concatenate()([*features, *masks]))
    gates = keras.layers.Reshape((2, 8))(gates)
    there = keras.ops.stack(masks, axis=1) * keras.ops.ones((1, 1, 8))
    gates = keras.layers.Softmax(axis=1)(gates, mask=there > 0)
    values = _deep(keras.ops.stack(values, axis=1), 9)
    return keras.ops.sum(gates * values, axis=1)


def _plain_attention(values, masks, features):
    places = _deep(_learned((2, 8), features[0]), 20)
    asked = keras.ops.stack(values, axis=1) + places
    there = keras.ops.stack(masks, axis=2) > 0
    found = keras.layers.MultiHeadAttention(4, 2)(
        asked, asked, attention_mask=there
    )
    found += asked
    return _plain_mean_of((found[:, 0], found[:, 1]), masks, features)


def _fused_by_mask(how, join):
    """Two branches of which one, both or none is there."""

    def build():
        inputs, masks = _maybe_missing()
        names = "numbers", "more"
        fused = masked_fusion(
            dict(zip(names, inputs)), dict(zip(names, masks)), how, units=8
        )
        return keras.Model(inputs, number_head(fused))

    def plain():
        inputs, masks = _maybe_missing()
        features = [mask * x for mask, x in zip(masks, inputs)]
        values = [_plain_dense(x, 8) for x in features]
        joined = join(values, masks, features)
        nothing = _deep(_learned((8,), inputs[0]), 30)
        some = keras.ops.maximum(*masks)
        fused = some * joined + (1 - some) * nothing
        return keras.Model(inputs, _plain_number(fused))

    return Builder(build, plain, own_layer=True)


_SENSORS = {"push": (6, 3), "turn": (4, 2)}


def _sensors():
    return [keras.Input(shape, name=n) for n, shape in _SENSORS.items()]


def _sequence(how, plain, **options):
    """A sequence, and beside it a vector that stays the same."""

    def build():
        steps, numbers = keras.Input((6, 4), name="steps"), _numbers()
        features = sequence_branch(steps, how, 5, beside=numbers, **options)
        return keras.Model([steps, numbers], number_head(features))

    def build_plain():
        steps, numbers = keras.Input((6, 4), name="steps"), _numbers()
        return keras.Model(
            [steps, numbers], _plain_number(plain(steps, numbers))
        )

    return Builder(build, build_plain)


def _plain_state(steps, numbers):
    state = keras.layers.Dense(5, "tanh")(numbers)
    zeros = keras.ops.zeros_like(state)
    return keras.layers.LSTM(5)(steps, initial_state=[state, zeros])


def _plain_steps(steps, numbers):
    ones = keras.ops.ones_like(steps[:, :, :1])
    beside = ones * keras.ops.expand_dims(numbers, 1)
    both = keras.layers.Concatenate()([steps, beside])
    return keras.layers.GRU(5)(both)


def _plain_convolution(steps, numbers):
    for dilation in (1, 2, 4, 8):
        steps = keras.layers.Conv1D(
            5,
            3,
            padding="causal",
            dilation_rate=dilation,
            activation="relu",
        )(steps)
    return keras.layers.Concatenate()([steps[:, -1], numbers])


def _sensing(plain_answer, targets, loss="mse", **options):
    def plain():
        inputs = _sensors()
        read = [keras.layers.GRU(5)(each) for each in inputs]
        joined = keras.layers.Concatenate()(read)
        return keras.Model(inputs, plain_answer(joined))

    return Builder(
        lambda: sensor_fusion(_SENSORS, units=5, **options),
        plain,
        loss,
        targets,
    )


def _plain_class(joined):
    hidden = keras.layers.Dense(5, activation="relu")(joined)
    return keras.layers.Dense(4, activation="softmax")(hidden)


def _plain_future(joined):
    series = keras.layers.RepeatVector(3)(joined)
    series = keras.layers.GRU(5, return_sequences=True)(series)
    return keras.layers.Dense(2)(series)


def _sensing_with_gaps():
    """Each reading may be missing, and a value comes with its spread."""

    def plain():
        inputs = _sensors()
        masks = [
            keras.Input((x.shape[1],), name=f"{x.name}_present")
            for x in inputs
        ]
        read = []
        for x, mask in zip(inputs, masks):
            there = keras.ops.expand_dims(mask, -1)
            both = keras.layers.Concatenate()([x, there])
            read.append(keras.layers.GRU(5)(both))
        joined = keras.layers.Concatenate()(read)
        hidden = keras.layers.Dense(5, activation="relu")(joined)
        mean, raw = keras.ops.split(keras.layers.Dense(2)(hidden), 2, -1)
        spread = keras.ops.softplus(raw) + 1e-3
        both = keras.layers.Concatenate()([mean, spread])
        return keras.Model([*inputs, *masks], both)

    return Builder(
        lambda: sensor_fusion(
            _SENSORS,
            num_values=1,
            spread=True,
            mask_each="reading",
            units=5,
        ),
        plain,
        loss=gaussian_loss,
        own_layer=True,
    )


def _sensing_step_by_step():
    def plain():
        inputs = _sensors()
        before = keras.Input((3, 2), name="before")
        read = [keras.layers.GRU(5)(each) for each in inputs]
        joined = keras.layers.Concatenate()(read)
        series = keras.layers.RepeatVector(3)(joined)
        series = keras.layers.Concatenate()([series, before])
        series = keras.layers.GRU(5, return_sequences=True)(series)
        return keras.Model([*inputs, before], keras.layers.Dense(2)(series))

    return Builder(
        lambda: sensor_fusion(
            _SENSORS, future=(3, 2), units=5, step_by_step=True
        ),
        plain,
        targets=lambda n: np.ones((n, 3, 2)),
    )


BUILDERS = {
    "dense_branch": _alone(_numbers, lambda x: dense_branch(x, (8, 4)))(
        lambda x: _plain_dense(x, 8, 4)
    ),
    "image_branch": _alone(_image, image_branch)(_plain_image),
    "image_branch of any size": _alone(
        lambda: _image(None, None), image_branch
    )(_plain_image),
    "image_branch of one line": _alone(lambda: _image(1), image_branch)(
        lambda x: _plain_image(x, (1, 2))
    ),
    "category_branch": _alone(_ids(), lambda x: category_branch(x, 5))(
        _plain_category
    ),
    "category_branch of (1,)": _alone(
        _ids(1), lambda x: category_branch(x, 5)
    )(_plain_category),
    "a shared backbone": _shared_backbone(True),
    "a frozen backbone": _shared_backbone(False),
    "fuse concatenate": _fused("concatenate", keras.layers.concatenate),
    "fuse add": _fused("add", keras.layers.add),
    "fuse average": _fused("average", keras.layers.average),
    "fuse multiply": _fused("multiply", keras.layers.multiply),
    "fuse gated": _fused("gated", _plain_gated, own_layer=True),
    "fuse film": _filmed(),
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
    "conditional_generator": _image_generator(),
    "conditional_generator tanh": _image_generator(activation="tanh"),
    "tabular_augmenter": _row_generator({"colour": 3, "size": 2}),
    "tabular_augmenter of numbers": _row_generator({}, activation=None),
    "projection_discriminator": _image_discriminator(),
    "projection_discriminator of two parts": _row_discriminator(),
    "text_branch lstm": _reading("lstm", _plain_lstm),
    "text_branch mean": _reading("mean", _plain_mean),
    "text_branch of any length": _reading("lstm", _plain_lstm, None),
    "text_branch transformer": _reading(
        "transformer", _plain_transformer, own_layer=True
    ),
    "image_text_classifier": _classifier(),
    "image_text_classifier of means": _classifier_of_means(),
    "image_text_to_image concatenate": _editor(
        "concatenate",
        lambda text: _plain_lstm(text, 6),
        lambda text: _plain_beside,
    ),
    "image_text_to_image film of a vector": _editor(
        "film",
        lambda text: _plain_dense(text, 6),
        lambda text: _plain_film,
        num_tokens=None,
        own_layer=True,
    ),
    "image_text_to_image attention": _editor(
        "attention",
        lambda text: keras.layers.LSTM(6, return_sequences=True)(
            _plain_words(text, 6)
        ),
        lambda text: _plain_looking(keras.ops.not_equal(text, 0)),
        own_layer=True,
    ),
    "PixelAttention": _looking_up(),
    "sequence_branch lstm from a state": _sequence(
        "lstm", _plain_state, place="state"
    ),
    "sequence_branch gru beside steps": _sequence(
        "gru", _plain_steps, place="steps"
    ),
    "sequence_branch convolution": _sequence(
        "convolution", _plain_convolution
    ),
    "sensor_fusion to a class": _sensing(
        _plain_class,
        lambda n: np.arange(n) % 4,
        "sparse_categorical_crossentropy",
        num_classes=4,
    ),
    "sensor_fusion to a future": _sensing(
        _plain_future, lambda n: np.ones((n, 3, 2)), future=(3, 2)
    ),
    "sensor_fusion with gaps": _sensing_with_gaps(),
    "sensor_fusion step by step": _sensing_step_by_step(),
    "ReplaceMissing zeros": _replaced("zeros"),
    "ReplaceMissing token": _replaced("token"),
    "masked_fusion mean": _fused_by_mask("mean", _plain_mean_of),
    "masked_fusion gated": _fused_by_mask("gated", _plain_gates),
    "masked_fusion attention": _fused_by_mask(
        "attention", _plain_attention
    ),
}
