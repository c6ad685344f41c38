"""Checkers of the sheet *Practice: inputs that may be missing*."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    shake,
    tried,
    wrong_inputs,
)

Batch = dict[str, np.ndarray]
#: What the name of a mask ends with.
_PRESENT = "_present"


@exercise
def value_and_mask(
    fed: Callable[[Any, str], dict[str, np.ndarray]],
    values: Sequence[float | None] = (63.0, None, 0.0, 85.5, None, 12.0),
    name: str = "score",
) -> Iterator[str]:
    """The value has no NaN, and the mask says where it is.

    Args:
        fed: Values with gaps and a name, to value and mask by name.
        values: Numbers, and None in each gap.
        name: Under which name the value is fed.

    Raises:
        Hint: If a value or a mask is another, or what came in is changed.

    Example:
        >>> value_and_mask(lambda values, name: {name: values})
        Traceback (most recent call last):
        companion.lab.exercises.Hint: The dict should hold score and ...
    """
    numbers = np.array(values, dtype="float64")
    for kind, given in (("a list", list(values)), ("an array", numbers)):
        case = f"Given {kind}"
        before = given.copy()
        pair = yield from tried(
            fed, given, name, advice=f"It was given {kind}."
        )
        if not np.array_equal(
            np.array(given, "float64"),
            np.array(before, "float64"),
            equal_nan=True,
        ):
            yield (
                f"{case}, your function changes it. Work on a copy, and "
                "leave what came in as it is."
            )
        yield from _wrong_pair(pair, numbers, name, case)


def _wrong_pair(
    pair: Any, numbers: np.ndarray, name: str, case: str
) -> Iterator[str]:
    """The first mistake in a value and its mask."""
    names = [name, name + _PRESENT]
    if not isinstance(pair, Mapping):
        yield (
            "One dict with two arrays is asked for; you give back a "
            f"{type(pair).__name__}."
        )
    if set(pair) != set(names):
        yield (
            f"The dict should hold {' and '.join(names)}; yours holds "
            f"{', '.join(map(str, pair))}."
        )
    value, mask = (array_of(pair[each]) for each in names)
    asked = (len(numbers), 1)
    for each, array in zip(names, (value, mask)):
        if array.shape != asked:
            yield f"{case}, {each} should be {asked}; yours: {array.shape}."
        if array.dtype.kind != "f":
            yield f"{case}, {each} should hold floats, not {array.dtype}."
    if np.isnan(value).any():
        yield f"{case}, NaN is left in {name}: a loss would be NaN as well."
    if not np.isfinite(value).all():
        yield f"{case}, {name} holds infinity. Put a finite number there."
    yield from _wrong_mask(mask[:, 0], numbers, case)
    wrong = (value[:, 0] != numbers) & ~np.isnan(numbers)
    if wrong.any():
        yield (
            f"{case}, the value {numbers[wrong][0]:g} becomes "
            f"{value[wrong][0, 0]:g}. What is there stays as it is."
        )


def _wrong_mask(
    mask: np.ndarray, numbers: np.ndarray, case: str
) -> Iterator[str]:
    there = ~np.isnan(numbers)
    if np.array_equal(mask, ~there):
        yield (
            "Your mask is 1 in the gaps. It says what is there: 1 for a "
            "value, 0 for a gap."
        )
    wrong = mask != there
    if wrong.any() and not numbers[wrong].any():
        yield (
            f"{case}, a value of 0 counts as a gap. It is a value like any "
            "other: make the mask from the gaps, not from the numbers."
        )
    if wrong.any():
        yield (
            f"{case}, the mask of {_shown(numbers[wrong][0])} is "
            f"{mask[wrong][0]:g}; it should be {there[wrong][0]:d}."
        )


def _shown(number: float) -> str:
    return "a gap" if np.isnan(number) else f"{number:g}"


@exercise
def gap_without_influence(
    build: Callable[[int], keras.Model],
    num_columns: int = 3,
    seed: int = 0,
) -> Iterator[str]:
    """What stands in a gap makes no difference; that it is a gap does.

    Args:
        build: How many columns the table has, to a model.
        num_columns: Width of the input ``table``.
        seed: Decides weights and rows.

    Raises:
        Hint: If a gap counts, a value does not, a gap is taken for a 0,
            or training makes NaN.
    """
    model = yield from tried(build, num_columns)
    rng = np.random.default_rng(seed)
    batch = {
        "table": rng.normal(size=(12, num_columns)).astype("float32"),
        "score": rng.normal(size=(12, 1)).astype("float32"),
        "score_present": np.arange(12)[:, None] % 2 * np.float32(1),
    }
    yield from wrong_inputs(model, batch)
    yield from _wrong_shape(model, batch)
    shake(model, seed)
    yield from _read_in_gaps(model, batch, "score")
    there = batch["score_present"][:, 0] == 1
    yield from _unread(
        model, batch, "score", there, "where score_present is 1"
    )
    for rows, where in ((there, "with"), (~there, "without")):
        yield from _unread(
            model, batch, "table", rows, f"in rows {where} a score"
        )
    yield from _taken_for_zero(model, batch)
    if not model.compiled:
        model.compile(keras.optimizers.SGD(0.01), "mse")
    yield from _wrong_step(model, _with_gaps(batch, ["score"]))


@exercise
def whichever_are_there(
    build: Callable[[dict[str, tuple[int, ...]], int], keras.Model],
    table: tuple[int] = (5,),
    image: tuple[int, int, int] = (8, 8, 1),
    text: tuple[int] = (6,),
    num_tokens: int = 30,
    seed: int = 0,
) -> Iterator[str]:
    """Whichever inputs are there count, and nothing else does.

    Args:
        build: Shapes by name and how many ids there are, to a compiled
            model.
        table: Shape of a row of numbers.
        image: Height, width and channels.
        text: Shape of a row of ids.
        num_tokens: How many ids there are.
        seed: Decides weights and rows.

    Raises:
        Hint: If an absent input counts, a present one does not, or
            training fails.
    """
    shapes = {"table": table, "image": image, "text": text}
    model = yield from tried(build, dict(shapes), num_tokens)
    batch = _patterns(shapes, num_tokens, seed)
    yield from wrong_inputs(model, batch)
    yield from _not_finite(model, batch, list(shapes))
    yield from _wrong_shape(model, batch)
    shake(model, seed)
    for name in shapes:
        yield from _read_in_gaps(model, batch, name)
    there = np.stack([batch[name + _PRESENT][:, 0] for name in shapes], 1)
    lone = there.sum(axis=1) == 1
    alone = {n: lone & (column == 1) for n, column in zip(shapes, there.T)}
    for name, rows in alone.items():
        yield from _unread(
            model, batch, name, rows, "where it alone is there"
        )
    full = np.flatnonzero(there.all(axis=1))
    for name in shapes:
        yield from _unread(
            model, batch, name, full, "where all three are there"
        )
    yield from _wrong_training(model, batch, alone)


def _patterns(
    shapes: Mapping[str, tuple[int, ...]], num_tokens: int, seed: int
) -> Batch:
    """Each pattern of what is there in four rows; all places are filled."""
    rng = np.random.default_rng(seed)
    masks = np.repeat(
        [*itertools.product((0, 1), repeat=len(shapes))], 4, 0
    )
    batch: Batch = {}
    for place, (name, shape) in enumerate(shapes.items()):
        rows = (len(masks), *shape)
        batch[name] = rng.normal(size=rows).astype("float32")
        if name == "text":
            batch[name] = rng.integers(1, num_tokens, rows).astype("int32")
        batch[name + _PRESENT] = masks[:, [place]].astype("float32")
    return batch


def _part(batch: Batch, rows: np.ndarray) -> Batch:
    return {name: values[rows] for name, values in batch.items()}


def _not_finite(
    model: keras.Model, batch: Batch, names: Sequence[str]
) -> Iterator[str]:
    """A pattern of what is there that gets no number."""
    result = yield from tried(model, batch)
    answers = array_of(result)
    if answers.shape[:1] != batch[names[0]].shape[:1]:
        return  # no answers by row: told later
    finite = np.isfinite(answers).reshape(len(answers), -1)
    for row in np.flatnonzero(~finite.all(axis=1))[::-1]:
        there = [name for name in names if batch[name + _PRESENT][row, 0]]
        verb = "are" if len(there) > 1 else "is"
        which = f"only {' and '.join(there)}" if there else "none of them"
        yield (
            f"Where {which} {verb} there, the answer is NaN or infinite. "
            "Is anything divided by the number of what is there?"
        )


def _wrong_shape(model: keras.Model, batch: Batch) -> Iterator[str]:
    answers = yield from answers_of(model, batch)
    asked = (len(next(iter(batch.values()))), 1)
    if answers.shape != asked:
        yield (
            f"For {asked[0]} rows the answers should be {asked}; yours are "
            f"{answers.shape}."
        )


def _with_gaps(batch: Batch, names: Sequence[str]) -> Batch:
    """The same rows, with NaN where a mask is 0; ids stay ids."""
    changed = dict(batch)
    for name in names:
        if batch[name].dtype.kind == "f":
            there = _mask_of(batch, name)
            changed[name] = np.where(there, batch[name], np.float32(np.nan))
    return changed


def _mask_of(batch: Batch, name: str) -> np.ndarray:
    """Where an input is there, with as many axes as its value."""
    axes = (-1, *(1,) * (batch[name].ndim - 1))
    there: np.ndarray = batch[name + _PRESENT].reshape(axes) > 0
    return there


def _read_in_gaps(
    model: keras.Model, batch: Batch, name: str
) -> Iterator[str]:
    """An input that counts where its mask is 0, as a number or as NaN."""
    gap = f"Where {name}{_PRESENT} is 0"
    answers = yield from answers_of(model, batch)
    other = np.where(
        _mask_of(batch, name), batch[name], np.roll(batch[name], 1, axis=0)
    )
    found = yield from answers_of(model, {**batch, name: other})
    if differs(answers, found):
        there = batch[name + _PRESENT][:, 0] > 0
        if any(_unread(model, batch, name, there, "")):
            yield (
                f"{gap}, other values in {name} change the answer, and "
                "where it is 1 they do not: the choice is turned round."
            )
        yield f"{gap}, other values in {name} still change the answer."
    result = yield from tried(model, _with_gaps(batch, [name]))
    found = array_of(result)
    if np.isnan(found).any():
        yield (
            f"{gap}, NaN in {name} makes an answer NaN. NaN times 0 is "
            "NaN, too: choose between two numbers, do not multiply."
        )
    if differs(answers, found):
        yield (
            f"{gap}, NaN in {name} gives another answer than a number does."
        )


def _unread(
    model: keras.Model, batch: Batch, name: str, rows: np.ndarray, when: str
) -> Iterator[str]:
    """An input that makes no difference in any of some rows."""
    part = _part(batch, rows)
    moved = {**part, name: np.roll(part[name], 1, axis=0)}
    answers = yield from answers_of(model, part)
    if not differs(answers, (yield from answers_of(model, moved))):
        yield f"The input {name} makes no difference {when}."


def _taken_for_zero(model: keras.Model, batch: Batch) -> Iterator[str]:
    """A gap that gets the answer of a true 0."""
    zeros = np.zeros_like(batch["score"])
    answers = []
    for mask in (zeros, zeros + 1):
        asked = {**batch, "score": zeros, "score_present": mask}
        answers.append((yield from answers_of(model, asked)))
    if not differs(*answers):
        yield (
            "A score of 0 that is there and a gap get the same answer. "
            "Does the mask itself reach a layer after the choice?"
        )


def _wrong_step(model: keras.Model, batch: Batch) -> Iterator[str]:
    """A step of training, with NaN in the gaps, that fails or makes NaN."""
    model.run_eagerly = True  # one step is not worth making a graph
    targets = np.ones((len(next(iter(batch.values()))), 1), "float32")
    yield from tried(
        model.train_on_batch, batch, targets, who="A step of training"
    )
    if not all(np.isfinite(w).all() for w in model.get_weights()):
        yield (
            "The answers are right, but after one step of training with "
            "NaN in the gaps a weight is NaN or infinite. Which layer with "
            "weights reads a value before the gaps are filled?"
        )


def _wrong_training(
    model: keras.Model, batch: Batch, alone: Mapping[str, np.ndarray]
) -> Iterator[str]:
    """A model that is not compiled, or that a step leaves as it was."""
    if not model.compiled:
        yield (
            "The model is not compiled: an optimizer and a loss are part "
            "of the task."
        )
    before = yield from answers_of(model, batch)
    yield from _wrong_step(model, _with_gaps(batch, list(alone)))
    after = yield from answers_of(model, batch)
    for name, rows in alone.items():
        if np.array_equal(before[rows], after[rows]):
            yield (
                "After one step of training the answers are as before "
                f"where {name} alone is there."
            )
