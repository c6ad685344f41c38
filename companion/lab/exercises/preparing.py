"""Checkers of the sheet *Practice: preparing inputs*."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    numbers_of,
    tried,
    wrong_cost_of_classes,
    wrong_inputs,
    wrong_step,
)

#: Words of the exercises; the last one is never in training rows.
WORDS = "city", "coast", "islands", "desert"
_Arrays = dict[str, np.ndarray]


@exercise
def scale_of_batches(
    mean_and_variance: Callable[[Iterator[np.ndarray]], Any],
    sizes: tuple[int, ...] = (64, 64, 10),
    centre: float = 40.0,
    spreads: tuple[float, ...] = (1.0, 5.0, 20.0),
    seed: int = 0,
) -> Iterator[str]:
    """Mean and variance of all rows, from batches that come once.

    Args:
        mean_and_variance: An iterator of batches ``(rows, columns)`` to
            two arrays ``(columns,)``.
        sizes: Rows of each batch.
        centre: What the numbers are about.
        spreads: How far those of each column lie apart in a batch.
        seed: Decides them.

    Raises:
        Hint: If they are those of something else.
    """
    rng = np.random.default_rng(seed)
    levels = centre + 10 * rng.permutation(len(sizes))
    batches = [
        rng.normal(level, spreads, (size, len(spreads)))
        for level, size in zip(levels, sizes)
    ]
    made = yield from tried(mean_and_variance, iter(batches))
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        yield "Give back two arrays: the mean and the variance."
    mean = yield from numbers_of(made[0], "The means")
    variance = yield from numbers_of(made[1], "The variances")
    rows, width = np.concatenate(batches), len(spreads)
    if not mean.shape == variance.shape == (width,):
        yield (
            f"The batches have {width} columns, so mean and variance have "
            f"{width} numbers each. Yours: {mean.shape} and "
            f"{variance.shape}."
        )
    means = [batch.mean(axis=0) for batch in batches]
    if np.allclose(mean, np.mean(means, axis=0), rtol=1e-9):
        yield (
            "Your mean is the mean of the batches' means, although the "
            "batches have different lengths."
        )
    if not np.allclose(mean, rows.mean(axis=0), rtol=1e-6):
        yield "Your mean is not that of all rows of all batches."
    yield from _wrong_variance(variance, rows, batches)


def _wrong_variance(
    variance: np.ndarray, rows: np.ndarray, batches: list[np.ndarray]
) -> Iterator[str]:
    expected = rows.var(axis=0)
    if np.allclose(variance, rows.std(axis=0), rtol=1e-6):
        yield "The variance is asked for; yours is the standard deviation."
    within = np.sum([len(b) * b.var(axis=0) for b in batches], axis=0)
    if np.allclose(variance, within / len(rows), rtol=1e-6):
        yield (
            "Your variance only counts how rows differ within a batch. "
            "The batches also differ from each other."
        )
    if np.allclose(variance, rows.var(axis=0, ddof=1), rtol=1e-9):
        yield (
            "You divide by one row less than there are. `Normalization` "
            "divides by the number of rows."
        )
    if not np.allclose(variance, expected, rtol=1e-4):
        yield "Your variance is not that of all rows of all batches."


@exercise
def learned_from_training(
    learned: Callable[[Any, int], Any],
    num_train: int = 3,
    num_batches: int = 5,
    size: int = 16,
    seed: int = 0,
) -> Iterator[str]:
    """Scale and vocabulary are those of the training batches.

    Args:
        learned: A data set of batches as for ``fit``, and how many of the
            first batches are for training, to two layers by name.
        num_train: How many that is.
        num_batches: How many there are in all.
        size: Rows of a batch.
        seed: Decides what is in them.

    Raises:
        Hint: If a layer learned nothing, or from other rows.
    """
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    level = np.repeat(np.arange(num_batches), size)[:, None]
    numbers = rng.normal([500, 40], [90, 8], (len(level), 2)) + 50 * level
    last = np.array(WORDS[:-1], object)[rng.integers(3, size=len(level))]
    last[: size - 1] = WORDS[0]
    last[(num_train - 1) * size] = WORDS[1]
    last[num_train * size - 1] = WORDS[2]
    last[num_train * size :] = WORDS[3]
    inputs = {"numbers": numbers.astype("float32"), "region": last}
    slices = (inputs, np.zeros(len(level), "int32"))
    dataset = tf.data.Dataset.from_tensor_slices(slices).batch(size)
    layers = yield from tried(learned, dataset, num_train)
    if not isinstance(layers, Mapping) or set(layers) != set(inputs):
        yield "Give back a dict of two layers, numbers and region."
    yield from _wrong_scale(layers["numbers"], numbers, num_train, size)
    yield from _wrong_words(layers["region"], last[: num_train * size])


def _wrong_scale(
    layer: Any, numbers: np.ndarray, num_train: int, size: int
) -> Iterator[str]:
    train = num_train * size
    scaled = yield from tried(layer, numbers, who="Your layer for numbers")
    found = array_of(scaled)
    if found.shape != numbers.shape:
        yield (
            f"The layer for numbers turns {numbers.shape} into "
            f"{found.shape}."
        )

    def is_by(rows: np.ndarray) -> bool:
        wanted = (numbers - rows.mean(axis=0)) / rows.std(axis=0)
        return np.allclose(found, wanted, atol=1e-3)

    if np.allclose(found, numbers, rtol=1e-4):
        yield "The layer for numbers changes nothing: it never learned."
    if is_by(numbers):
        yield (
            "The scale is that of all batches. Those after the first "
            f"{num_train} are for the test, and must teach nothing."
        )
    if is_by(numbers[:size]):
        yield "The scale is that of the first batch alone."
    if is_by(numbers[train - size : train]):
        yield (
            "The scale is that of the last training batch: each `adapt` "
            "begins anew."
        )
    if not is_by(numbers[:train]):
        yield "The layer for numbers does not scale by the training rows."


def _wrong_words(layer: Any, words: np.ndarray) -> Iterator[str]:
    if not isinstance(layer, keras.layers.StringLookup):
        yield (
            "A StringLookup is asked for under region; yours has the type "
            f"{type(layer).__name__}."
        )
    known = {str(word) for word in layer.get_vocabulary()} & set(WORDS)
    if WORDS[3] in known:
        yield (
            f"The vocabulary has {WORDS[3]}, a word of the test rows: "
            "these must teach nothing."
        )
    if missing := sorted(set(words) - known):
        yield (
            f"The vocabulary lacks {', '.join(missing)}, which training "
            "rows have."
        )


@exercise
def takes_raw_samples(
    build: Callable[[_Arrays], Any],
    rows: int = 200,
    seed: int = 0,
) -> Iterator[str]:
    """The model takes raw numbers and words, and is saved with them.

    Args:
        build: Training rows by input to a compiled model.
        rows: How many there are.
        seed: Decides them.

    Raises:
        Hint: If the scale is not that of the training rows, a word is not
            read, or the saved model answers otherwise.
    """
    train = _parcels(rows, seed)
    batch = {name: values[:20] for name, values in train.items()}
    given = {name: values.copy() for name, values in train.items()}
    model = yield from tried(build, given)
    if not all(np.array_equal(given[name], train[name]) for name in train):
        yield "The training rows that came in are changed: make new arrays."
    yield from wrong_inputs(model, batch)
    answers = yield from answers_of(model, batch)
    if answers.shape != (20, 3) or not np.allclose(answers.sum(axis=1), 1):
        yield "Three probabilities per row are asked for: they add up to 1."
    yield from _unscaled(build, model, train, answers)
    yield from _wrong_reading(model, batch, answers)
    yield from _not_saved(model, batch, answers)
    targets = np.arange(20) % 3
    yield from wrong_step(model, batch, targets)
    yield from wrong_cost_of_classes(model, np.arange(2), 3)


def _parcels(rows: int, seed: int) -> _Arrays:
    rng = np.random.default_rng(seed)
    region = np.array(WORDS[:-1], object)[rng.integers(3, size=rows)]
    region[:3] = WORDS[:-1]
    numbers = rng.normal([3000, 40], [900, 12], (rows, 2))
    return {"numbers": numbers.astype("float32"), "region": region}


def _wrong_reading(
    model: keras.Model, batch: _Arrays, answers: np.ndarray
) -> Iterator[str]:
    """Words and numbers that change nothing, or stop the model."""
    for name, what in {"region": "word", "numbers": "number"}.items():
        turned = batch | {name: np.roll(batch[name], 1, axis=0)}
        found = yield from answers_of(model, turned)
        if not differs(found, answers):
            yield f"With every {what} changed the answers are as before."
    for column in range(2):
        numbers = batch["numbers"].copy()
        numbers[:, column] = np.roll(numbers[:, column], 1)
        found = yield from answers_of(model, batch | {"numbers": numbers})
        if not differs(found, answers):
            yield f"Column {column} of the numbers makes no difference."
    seen = []
    for word in WORDS:
        region = np.full(len(batch["region"]), word, object)
        found = yield from answers_of(model, batch | {"region": region})
        seen.append(found)
    if not all(differs(seen[0], other) for other in seen[1:]):
        yield "Two different words are read as the same."


def _unscaled(
    build: Callable[[_Arrays], Any],
    model: keras.Model,
    train: _Arrays,
    answers: np.ndarray,
) -> Generator[str, None, None]:
    """Whether another unit and zero for the same parcels change answers."""
    units = np.array([0.001, 0.1], "float32")
    shifted = train["numbers"] - 2 * train["numbers"].mean(axis=0)
    other = train | {"numbers": shifted * units}
    batch = {name: values[: len(answers)] for name, values in other.items()}
    again = yield from tried(build, dict(other))
    yield from answers_of(again, batch)  # some make their weights now
    for new, old in zip(
        again.trainable_variables, model.trainable_variables
    ):
        new.assign(old)
    found = yield from answers_of(again, batch)
    if np.max(np.abs(found - answers)) > 1e-2:
        yield (
            "The same parcels, measured in another unit and from another "
            "zero, get other answers with the same weights: the numbers "
            "are not scaled by what the training rows say about them."
        )


def _not_saved(
    model: keras.Model, batch: _Arrays, answers: np.ndarray
) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        yield from tried(lambda: model.save(path) or 1, who="Saving it")
        loaded = yield from tried(
            keras.models.load_model, path, who="Loading the saved model"
        )
    found = yield from answers_of(loaded, batch)
    if differs(found, answers):
        yield "The saved and loaded model answers otherwise."
