"""Checkers of the sheet *Practice: two kinds of masks*."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

import keras
import numpy as np

from companion.graph import has_layer, inputs_of
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    shake,
    tried,
    wrong_inputs,
    wrong_step,
)

Batch = dict[str, np.ndarray]


@exercise
def mean_by_hand(
    mean: Callable[[np.ndarray, np.ndarray], np.ndarray],
    shape: tuple[int, int, int] = (3, 4, 2),
    seed: int = 0,
) -> Iterator[str]:
    """The mean is taken over the steps that count, and never NaN.

    Args:
        mean: Values and a mask, to the mean of each row.
        shape: Rows, steps and channels.
        seed: Decides the values.

    Raises:
        Hint: If a mean is another, or an array that came in is changed.

    Example:
        >>> mean_by_hand(lambda values, mask: values.mean(axis=1))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: Your mean is taken over all 4 ...
    """
    values, mask, right = _rows(shape, seed)
    yield from _wrong_mean(mean, values, mask, right)
    # Nothing that stands in the padding makes a difference, not even NaN.
    values[~mask] = np.nan
    found = yield from _found(mean, values, mask)
    if np.isnan(found).any():
        yield (
            "NaN in a step that does not count comes through: NaN times 0 "
            "is NaN. Put another number in its place, with np.where."
        )
    if not _same(found, right):
        yield "What stands in a step that does not count changes a mean."


def _rows(
    shape: tuple[int, int, int], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, a mask, the right means; in the last row no step counts."""
    rng = np.random.default_rng(seed)
    rows, steps, channels = shape
    values = rng.integers(1, 9, shape).astype("float64")
    mask = np.zeros((rows, steps), bool)
    right = np.zeros((rows, channels))
    for row in range(rows - 1):
        counting = rng.choice(steps, steps - 1 - row, replace=False)
        mask[row, counting] = True
        right[row] = values[row, counting].mean(axis=0)
    return values, mask, right


def _wrong_mean(
    mean: Any, values: np.ndarray, mask: np.ndarray, right: np.ndarray
) -> Iterator[str]:
    """The first mistake on values without gaps."""
    given = values.copy(), mask.copy()
    found = yield from _found(mean, *given)
    if not all(map(np.array_equal, given, (values, mask))):
        yield (
            "An array that came in is changed: values[...] = 0 works in "
            "place. Leave the arrays as they are."
        )
    if found.shape != right.shape:
        yield (
            f"For values {values.shape} the means should be {right.shape}, "
            f"one per row and channel; yours are {found.shape}."
        )
    counting, steps = mask.sum(axis=1), mask.shape[1]
    filled = np.where(mask[:, :, None], values, 0)
    if _same(found, values.mean(axis=1)):
        yield (
            f"Your mean is taken over all {steps} steps, and the mask "
            "makes no difference."
        )
    if _same(found[:-1], filled.mean(axis=1)[:-1]):
        yield (
            f"You add up the right steps and divide by all {steps}. Of the "
            f"first row {counting[0]} steps count."
        )
    if _same(
        found[:-1], np.where(mask[:, :, None], 0, values).mean(1)[:-1]
    ):
        yield "You take the other steps: True is a step that counts."
    if not _same(found[:-1], right[:-1]):
        yield (
            f"Look at the first row: steps {np.flatnonzero(mask[0])} "
            f"count, and the mean should be {right[0].round(2)}; yours is "
            f"{found[0].round(2)}."
        )
    if not _same(found[-1], right[-1]):
        yield (
            "No step of the last row counts. Its mean should be 0; yours "
            f"is {found[-1]}. What do you divide by there?"
        )


def _found(
    mean: Any, values: np.ndarray, mask: np.ndarray
) -> Generator[str, None, np.ndarray]:
    """The means of an answer; it may divide by 0, and mend it later."""
    with contextlib.ExitStack() as calm:
        calm.enter_context(warnings.catch_warnings())
        calm.enter_context(np.errstate(all="ignore"))
        warnings.simplefilter("ignore")
        result = yield from tried(mean, values, mask)
    return array_of(result)


def _same(found: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(found, right, atol=1e-5))


@exercise
def padding_of_two_sensors(
    build: Callable[[], keras.Model],
    lengths: tuple[int, int] = (5, 9),
    seed: int = 0,
) -> Iterator[str]:
    """Padding makes no difference; every day of both sensors does.

    Args:
        build: Gives back a model of rain and temperature.
        lengths: To how many days the same rows are padded.
        seed: Decides weights and readings.

    Raises:
        Hint: If padding counts, or a reading does not.
    """
    model = yield from tried(build)
    short, long = (_sensors(length, lengths[0], seed) for length in lengths)
    yield from _wrong_form(model, long)
    shake(model, seed)
    answers = yield from answers_of(model, long)
    if differs(answers, (yield from answers_of(model, short))):
        yield _why_padding_counts(model, *lengths)
    for name in long:
        yield from _unread(model, long, name, answers)
    # One more dry day: a day like any other, however cold.
    rows = _real(long).sum(axis=1) < lengths[0]
    for degrees in (0, -1, -9):
        longer = {
            name: values[rows].copy() for name, values in long.items()
        }
        ends = _real(longer).sum(axis=1)
        for name, reading in (("rain", 0), ("temperature", degrees)):
            longer[name][np.arange(len(ends)), ends] = reading
        found = yield from answers_of(model, longer)
        if not differs(answers[rows], found):
            yield (
                f"A dry day at {degrees} degrees makes no difference, as "
                "if it were padding. Only -1 mm of rain says that there "
                "was no day."
            )


def _sensors(length: int, most: int, seed: int) -> Batch:
    """Rain and temperature of 1 to ``most`` days, padded to a length."""
    rng = np.random.default_rng(seed)
    rows = 2 * most
    real = np.arange(most) <= np.arange(rows)[:, None] % most
    batch = {}
    for name, padding in {"rain": -1, "temperature": 0}.items():
        readings = rng.integers(1, 9, (rows, most))
        padded = np.full((rows, length, 1), padding, "float32")
        padded[:, :most, 0] = np.where(real, readings, padding)
        batch[name] = padded
    return batch


def _real(batch: Batch) -> np.ndarray:
    """Which steps are days, ``(rows, steps)``."""
    there: np.ndarray = batch["rain"][:, :, 0] >= 0
    return there


def _wrong_form(model: Any, batch: Batch) -> Iterator[str]:
    """Inputs of other names or lengths, or answers of another shape."""
    yield from wrong_inputs(model, batch)
    for name, tensor in inputs_of(model).items():
        if tensor.shape[1] is not None:
            yield (
                f"Your input {name} takes {tensor.shape} only. A size that "
                "differs from batch to batch is None."
            )
    answers = yield from answers_of(model, batch)
    yield from _wrong_shape(answers, batch)


def _wrong_shape(answers: np.ndarray, batch: Batch) -> Iterator[str]:
    rows = len(next(iter(batch.values())))
    if answers.shape != (rows, 1):
        yield (
            f"For {rows} rows the answers should be {(rows, 1)}; yours are "
            f"{answers.shape}."
        )


def _why_padding_counts(model: keras.Model, short: int, long: int) -> str:
    """What can be said of a model whose answer padding changes."""
    changed = (
        f"The same rows, padded to {short} and to {long} days, get "
        "different answers"
    )
    if has_layer(model, keras.layers.Masking):
        return (
            f"{changed}, although Masking makes a mask. Which layer after "
            "it loses the mask, or calls every step a step that counts?"
        )
    return (
        f"{changed}. Where in your model is it said that a day with -1 mm "
        "of rain is no day?"
    )


def _unread(
    model: keras.Model, batch: Batch, name: str, answers: np.ndarray
) -> Iterator[str]:
    """A sensor, or a day of it, that makes no difference."""
    real = _real(batch)
    days = real.sum(axis=1, keepdims=True)
    day = np.arange(real.shape[1])
    for which, read in (
        ("", real),
        (" of day 1", real & (day == 0) & (days > 3)),
        (" of day 2", real & (day == 1) & (days > 3)),
        (" of the last day", (day == days - 1) & (days > 3)),
    ):
        moved = batch[name].copy()
        moved[read] += 2
        found = yield from answers_of(model, {**batch, name: moved})
        if not differs(answers, found):
            yield f"The input {name}{which} makes no difference."


@exercise
def absent_sensor(
    build: Callable[[int, int], keras.Model],
    num_numbers: int = 3,
    num_readings: int = 4,
    seed: int = 0,
) -> Iterator[str]:
    """An absent sensor makes no difference, not even as NaN.

    Args:
        build: How many numbers and readings a row has, to a compiled
            model.
        num_numbers: Width of the input ``numbers``.
        num_readings: Width of the input ``sensor``.
        seed: Decides weights and rows.

    Raises:
        Hint: If an absent sensor counts, if a present one does not, or if
            training makes NaN.
    """
    model = yield from tried(build, num_numbers, num_readings)
    batch = _with_gaps(num_numbers, num_readings, seed)
    yield from wrong_inputs(model, batch)
    answers = yield from answers_of(model, batch)
    yield from _wrong_shape(answers, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    yield from _wrong_absence(model, batch, answers)
    yield from _ignored(model, batch, answers)
    yield from wrong_step(
        model,
        batch,
        np.ones((len(batch["sensor"]), 1), "float32"),
        _gaps(batch, np.nan),
        "The answers are right, but after one step of training with NaN in "
        "sensor a weight is NaN: its gradient is NaN times 0. Replace the "
        "readings before the first layer that has weights.",
    )


def _with_gaps(num_numbers: int, num_readings: int, seed: int) -> Batch:
    """Rows of which every other one has no sensor."""
    rng = np.random.default_rng(seed)
    rows = 12
    return {
        "numbers": rng.normal(0, 1, (rows, num_numbers)).astype("float32"),
        "sensor": rng.normal(0, 1, (rows, num_readings)).astype("float32"),
        "has_sensor": (np.arange(rows)[:, None] % 2).astype("float32"),
    }


def _gaps(batch: Batch, value: float) -> Batch:
    """The same rows, with another number where there is no sensor."""
    there = batch["has_sensor"] > 0
    return {**batch, "sensor": np.where(there, batch["sensor"], value)}


def _wrong_absence(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """An absent sensor that changes an answer."""
    absent = batch["has_sensor"][:, 0] == 0
    found = yield from answers_of(model, _gaps(batch, 5))
    if differs(answers[absent], found[absent]):
        yield (
            "Where has_sensor is 0, other numbers in sensor still change "
            "the answer."
        )
    result = yield from tried(model, _gaps(batch, np.nan))
    found = array_of(result)
    if np.isnan(found).any():
        yield (
            "Where has_sensor is 0, NaN in sensor makes the answer NaN. A "
            "product cannot help: NaN times 0 is NaN. What replaces a "
            "number, whatever it is?"
        )
    if differs(answers, found):
        yield (
            "Where has_sensor is 0, NaN in sensor gives another answer "
            "than a number does."
        )


def _ignored(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """An input that is there and makes no difference."""
    there = batch["has_sensor"] > 0
    for name, rows, which in (
        ("sensor", there, "have a sensor"),
        ("numbers", there, "have a sensor"),
        ("numbers", ~there, "have no sensor"),
    ):
        for place in range(batch[name].shape[1]):
            moved = batch[name].copy()
            moved[:, place] += 1
            found = yield from answers_of(model, {**batch, name: moved})
            if not differs(answers[rows], found[rows]):
                yield (
                    f"The input {name} makes no difference in rows that "
                    f"{which}: look at column {place}."
                )
    zeros = {**batch, "sensor": np.zeros_like(batch["sensor"])}
    with_sensor = yield from answers_of(
        model, {**zeros, "has_sensor": np.ones_like(batch["has_sensor"])}
    )
    without = yield from answers_of(
        model, {**zeros, "has_sensor": np.zeros_like(batch["has_sensor"])}
    )
    if not differs(with_sensor, without):
        yield (
            "A sensor that reads 0 everywhere and a sensor that is absent "
            "get the same answer. Let has_sensor itself go on to the end."
        )
