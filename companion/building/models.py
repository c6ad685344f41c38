"""Whole models of the chapters: the lines of a page in a function.

Each is a ``keras.Model`` made of a list of named inputs, nothing more: look
at its ``summary()``, or write it by hand as its page does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras

from companion.building.branches import (
    POOLINGS,
    READERS,
    image_branch,
    text_branch,
)
from companion.building.fusion import fuse
from companion.building.heads import classes_head
from companion.errors import ContractError, Problem
from companion.rules import choice_problem, count_problem, sizes_problem

_SIZE_OR_SIZES = "Give one size as a number, several in brackets."
#: Names that Keras can give to an input, and TensorFlow to a layer.
_NAME = re.compile(r"[A-Za-z0-9_.>-]+")


def conditional_generator(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 32,
    num_classes: int = 10,
    units: Sequence[int] = (128, 256),
    activation: str | None = "sigmoid",
) -> keras.Model:
    """A class label and noise to an image.

    The label says what to draw, the noise how. Train it with
    `ConditionalGAN`.

    Source: conditional adversarial nets, Mirza and Osindero
    (https://arxiv.org/abs/1411.1784). Taught in the chapter *A conditional
    generator*.

    Args:
        image_shape: Height, width and channels of the image; any size.
        latent_dim: How many numbers of noise one image is made of.
        num_classes: How many labels there are, from 0.
        units: Width of each dense layer.
        activation: ``"sigmoid"`` for images from 0 to 1, ``"tanh"`` for
            images from -1 to 1.

    Returns:
        A model with the inputs ``label``, int32 ``(batch,)``, and
        ``noise``, float32 ``(batch, latent_dim)``. Its output is float32
        ``(batch, *image_shape)``.

    Raises:
        ContractError: If a size is not a whole number, at least 1.

    Example:
        >>> image_generator = conditional_generator((8, 8, 1))
        >>> [tensor.name for tensor in image_generator.inputs]
        ['label', 'noise']
        >>> image_generator.output_shape
        (None, 8, 8, 1)
    """
    ContractError.raise_if(
        *_size_problems(
            "conditional_generator",
            image_shape=image_shape,
            latent_dim=latent_dim,
            num_classes=num_classes,
            units=units,
        )
    )
    label, noise, features = _from_label_and_noise(
        latent_dim, num_classes, units
    )
    pixels = keras.layers.Dense(
        int(math.prod(image_shape)), activation=activation
    )(features)
    image = keras.layers.Reshape(tuple(image_shape), name="image")(pixels)
    return keras.Model([label, noise], image)


def tabular_augmenter(
    num_numbers: int,
    categories: Mapping[str, int] | None = None,
    num_classes: int = 10,
    latent_dim: int = 16,
    units: Sequence[int] = (128, 128),
    activation: str | None = "sigmoid",
) -> keras.Model:
    """A class label and noise to a new row of a table.

    Without the noise, one label could only give one row. Train it with
    `ConditionalGAN`.

    Taught in the chapter *Augmented rows*.

    Args:
        num_numbers: How many columns hold numbers.
        categories: Name of each other column to how many values it has.
        num_classes: How many labels there are, from 0.
        latent_dim: How many numbers of noise one row is made of.
        units: Width of each dense layer.
        activation: Must reach every number of the table: ``"sigmoid"`` for
            0 to 1, ``"tanh"`` for -1 to 1, ``"softplus"`` for above 0,
            None for any size and sign.

    Returns:
        A model with the inputs ``label``, int32 ``(batch,)``, and
        ``noise``, float32 ``(batch, latent_dim)``. Its outputs are a dict:
        ``numbers``, float32 ``(batch, num_numbers)``, and each category
        under its name, float32 ``(batch, values)``, a probability for each
        value.

    Raises:
        ContractError: If a size is not a whole number, at least 1, or a
            category has the name of another part, or one that no layer
            can have.

    Example:
        >>> augmenter = tabular_augmenter(12, {"colour": 3}, num_classes=3)
        >>> {name: part.shape for name, part in augmenter.output.items()}
        {'numbers': (None, 12), 'colour': (None, 3)}
    """
    categories = dict(categories or {})
    ContractError.raise_if(
        *_size_problems(
            "tabular_augmenter",
            num_numbers=num_numbers,
            **{f'categories["{n}"]': c for n, c in categories.items()},
            num_classes=num_classes,
            latent_dim=latent_dim,
            units=units,
        ),
        _name_problem(
            "tabular_augmenter, categories",
            categories,
            ("label", "noise", "numbers"),
        ),
    )
    label, noise, features = _from_label_and_noise(
        latent_dim, num_classes, units
    )
    row = {
        "numbers": keras.layers.Dense(
            int(num_numbers), activation=activation, name="numbers"
        )(features)
    }
    for name, count in categories.items():
        row[name] = keras.layers.Dense(
            int(count), activation="softmax", name=name
        )(features)
    return keras.Model([label, noise], row)


def projection_discriminator(
    shapes: Mapping[str, Sequence[int]],
    num_classes: int = 10,
    units: Sequence[int] = (256, 128),
    dropout: float = 0.4,
) -> keras.Model:
    """Real or generated, given what the label says it should be.

    The score has two parts: does this look real at all, and does it look
    like its label? The second is a dot product of the features with a
    learned vector per label, the projection.

    Source: projection discriminator, Miyato and Koyama
    (https://arxiv.org/abs/1802.05637). Taught in the chapters *A
    conditional generator* and *Augmented rows*.

    Args:
        shapes: Name of each part of a sample to its shape, for example
            ``{"image": (28, 28, 1)}``.
        num_classes: How many labels there are, from 0.
        units: Width of each dense layer.
        dropout: Share of the features hidden at random in training, so
            that it does not learn the real samples by heart.

    Returns:
        A model with the inputs ``label``, int32 ``(batch,)``, and one
        float32 ``(batch, *shape)`` for each part. Its output is float32
        ``(batch, 1)``, a logit: above 0 for real.

    Raises:
        ContractError: If a size is not a whole number, at least 1, there
            is no part, or one has a name that is taken, or that no input
            can have.

    Example:
        >>> discriminator = projection_discriminator({"image": (8, 8, 1)})
        >>> [tensor.name for tensor in discriminator.inputs]
        ['label', 'image']
        >>> discriminator.output_shape
        (None, 1)
    """
    named = shapes if isinstance(shapes, Mapping) else {}
    where = "projection_discriminator, shapes"
    unnamed = Problem(
        where,
        "a dict with a shape for each part but the label",
        "shapes for nothing by name",
        'Give them by name, for example {"image": (28, 28, 1)}.',
    )
    ContractError.raise_if(
        *_size_problems(
            "projection_discriminator",
            **{f'shapes["{n}"]': shape for n, shape in named.items()},
            num_classes=num_classes,
            units=units,
        ),
        None if named else unnamed,
        _name_problem(where, named, ("label", "logit")),
    )
    label = keras.Input((), dtype="int32", name="label")
    parts = [
        keras.Input(shape, name=name) for name, shape in shapes.items()
    ]
    flat = [
        keras.layers.Flatten()(part) if len(part.shape) > 2 else part
        for part in parts
    ]
    features = keras.layers.Concatenate()(flat) if flat[1:] else flat[0]
    for place, width in enumerate(map(int, units)):
        if place and dropout:
            features = keras.layers.Dropout(dropout)(features)
        features = keras.layers.Dense(width)(features)
        features = keras.layers.LeakyReLU(0.2)(features)
    wanted = keras.layers.Embedding(int(num_classes), features.shape[-1])(
        label
    )
    fits_label = keras.layers.Dot(axes=1)([features, wanted])
    looks_real = keras.layers.Dense(1)(features)
    logit = keras.layers.Add(name="logit")([looks_real, fits_label])
    return keras.Model([label, *parts], logit)


def image_text_classifier(
    image_shape: Sequence[int],
    length: int | None,
    num_tokens: int,
    num_classes: int,
    how: str = "multiply",
    reader: str = "lstm",
    pooling: str = "flatten",
    filters: Sequence[int] = (32, 64),
    width: int = 128,
) -> keras.Model:
    """An image and a text to one of several classes.

    Two branches, each brought to one width, then joined. Train it with
    ``sparse_categorical_crossentropy`` on class numbers.

    Taught in the chapter *Image and text*.

    Args:
        image_shape: Height, width and channels.
        length: Tokens of a text, padding included; None for texts of any
            length, all of one batch padded to the same.
        num_tokens: How many token ids there are, padding included.
        num_classes: How many classes there are, at least 2.
        how: How the branches are joined, see `fuse`.
        reader: How the text is read, see `text_branch`.
        pooling: What is made of the image, see `image_branch`:
            ``"flatten"`` where it matters where something is.
        filters: Width of each convolution.
        width: Width of each branch, and of the layer before the answer.

    Returns:
        A model with the inputs ``image``, float32
        ``(batch, *image_shape)``, 0 to 1, and ``text``, int32
        ``(batch, length)``. Its output is float32 ``(batch, classes)``,
        each row adds up to 1.

    Raises:
        ContractError: If a size is not a whole number, or a choice is
            unknown.

    Example:
        >>> model = image_text_classifier((8, 16, 1), 12, 40, 10)
        >>> [tensor.name for tensor in model.inputs]
        ['image', 'text']
        >>> model.output_shape
        (None, 10)
    """
    of = "image_text_classifier"
    fix = "Give how many tokens a text has; None for any."
    ContractError.raise_if(
        sizes_problem("image_shape", image_shape, of=of, axes=3),
        None
        if length is None
        else count_problem("length", length, 1, fix, of=of),
        choice_problem("reader", reader, READERS, of=of),
        choice_problem("pooling", pooling, POOLINGS, of=of),
        sizes_problem("filters", filters, of=of),
        count_problem("width", width, 1, "Give a width.", of=of),
    )
    width = int(width)
    image = keras.Input(tuple(image_shape), name="image")
    text = keras.Input((length,), dtype="int32", name="text")
    branches = [
        image_branch(image, filters, pooling),
        text_branch(text, num_tokens, reader, max(width // 2, 1)),
    ]
    dense = [keras.layers.Dense(width)(features) for features in branches]
    features = fuse(dense, how=how)
    return keras.Model(
        [image, text], classes_head(features, num_classes, units=width)
    )


def _from_label_and_noise(
    latent_dim: int, num_classes: int, units: Sequence[int]
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Both inputs, and the features made of them."""
    label = keras.Input((), dtype="int32", name="label")
    noise = keras.Input((latent_dim,), name="noise")
    table = keras.layers.Embedding(int(num_classes), int(latent_dim))
    wanted = table(label)
    features = keras.layers.Concatenate()([wanted, noise])
    for width in map(int, units):
        features = keras.layers.Dense(width, activation="relu")(features)
        features = keras.layers.BatchNormalization()(features)
    return label, noise, features


def _size_problems(builder: str, **sizes: Any) -> Iterator[Problem | None]:
    """Sizes, or shapes and units, that are not whole and at least 1."""
    for name, size in sizes.items():
        no_noise = "Without noise, one label gives one result."
        fix = no_noise if name == "latent_dim" else _SIZE_OR_SIZES
        if name.startswith(("image_shape", "shapes", "units")):
            least = 0 if name == "units" else 1
            yield sizes_problem(name, size, of=builder, at_least=least)
        else:
            yield count_problem(name, size, 1, fix, of=builder)


def _name_problem(
    where: str, names: Iterable[Any], taken: Sequence[str]
) -> Problem | None:
    """Names that Keras cannot give, or that are given away already."""
    wrong = [
        repr(name)
        for name in names
        if not (isinstance(name, str) and _NAME.fullmatch(name))
        or name in taken
    ]
    if not wrong:
        return None
    expected = "names of their own, of letters A to Z, digits, _ . - and >"
    received = f"the name {', '.join(wrong)}"
    fix = f"Rename it, here and in the data; {', '.join(taken)} are taken."
    return Problem(where, expected, received, fix)
