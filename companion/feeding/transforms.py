"""Changing a batch on its way: each transform, and what it must return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.rules import rows_of_numbers, unmasked
from companion.values import as_array, as_fed, describe

Batch = tuple[Any, ...]
Transform = Callable[[Batch, np.random.Generator], Batch]

#: The parts of a batch in the order of Keras, as messages call them.
ROLES = ("input", "target", "sample weight")


def transform_problems(transforms: Any) -> Iterator[Problem]:
    """What is given in place of a list of functions."""
    listed = isinstance(transforms, (tuple, list))
    if not listed or not all(map(callable, transforms)):
        expected = "a list of functions f(batch, rng) -> batch"
        fix = "Write transforms=[f], also for one."
        yield Problem(
            "transforms", expected, type(transforms).__name__, fix
        )


def transformed(
    batch: Batch,
    transforms: Sequence[Transform],
    rng: Callable[[str], np.random.Generator],
) -> Batch:
    """The batch after every transform, as it is fed.

    Args:
        batch: What the columns gave.
        transforms: Functions, in order.
        rng: The random numbers of each, by its place.

    Raises:
        DataError: If a transform fails, or returns no batch.
    """
    for number, transform in enumerate(transforms):
        where = f"transform {number}"
        name = getattr(transform, "__name__", type(transform).__name__)
        try:
            changed = transform(batch, rng(where))
        except DataError as error:
            raise told_at(f"{where} ({name})", error) from error
        except Exception as error:
            problem = Problem(
                f"{where} ({name})",
                "a function that returns the batch",
                f"{type(error).__name__}: {error}",
                "Look at the function of this name.",
            )
            raise DataError(problem) from error
        batch = _checked(f"{where} ({name})", batch, changed)
    return batch


def told_at(where: str, error: DataError) -> DataError:
    """The same, with the place where it was found before its own."""
    return DataError(
        replace(problem, where=f"{where}, {problem.where}")
        for problem in error.problems
    )


def _checked(where: str, given: Batch, batch: Any) -> Batch:
    """A batch of arrays of one length, or an error that names why not."""
    DataError.raise_if(_form_problem(where, given, batch))
    if _alike(given, batch):
        return batch
    places = [
        {place(role, str(name)): values for name, values in part.items()}
        if isinstance(part, Mapping)
        else {role: part}
        for role, part in zip(ROLES, batch)
    ]
    leaves = {at: values for part in places for at, values in part.items()}
    arrays = {at: _array(f"{where}, {at}", x) for at, x in leaves.items()}
    DataError.raise_if(_unequal(where, arrays))
    return tuple(
        dict(zip(part, map(arrays.get, at)))
        if isinstance(part, Mapping)
        else arrays[role]
        for role, part, at in zip(ROLES, batch, places)
    )


def _alike(given: Any, changed: Any) -> bool:
    """Whether shapes and types stayed: then there is nothing to ask.

    What was given passed the questions before.
    """
    if isinstance(given, tuple):
        return len(given) == len(changed) and all(
            map(_alike, given, changed)
        )
    if isinstance(given, dict):
        return (
            isinstance(changed, dict)
            and given.keys() == changed.keys()
            and all(_alike(given[name], changed[name]) for name in given)
        )
    return (
        type(changed) is type(given) is np.ndarray
        and changed.dtype == given.dtype
        and changed.dtype != object
        and changed.shape == given.shape
    )


def _unequal(where: str, arrays: dict[str, np.ndarray]) -> Problem | None:
    """Rows that were added or dropped in one part alone, or all dropped."""
    first, rows = next((at, len(values)) for at, values in arrays.items())
    for at, values in arrays.items():
        if len(values) != rows or rows == 0:
            expected = f"{rows} rows, as in {first}" if rows else "a row"
            fix = "Add or drop rows in every part, and leave some."
            received = f"{len(values)} rows"
            return Problem(f"{where}, {at}", expected, received, fix)
    return None


def _array(where: str, values: Any) -> np.ndarray:
    """Values as they are fed, if they are numbers, one row per sample."""
    array = as_fed(as_array(values))
    fault = unmasked(values) or rows_of_numbers(array)
    DataError.raise_if(fault and fault.at(where))
    return array


def _form_problem(where: str, given: Batch, batch: Any) -> Problem | None:
    """What is no batch, or lacks a part or an input that was given."""
    names = []
    if isinstance(batch, tuple) and batch and isinstance(batch[0], Mapping):
        names = list(batch[0])
    if not isinstance(batch, tuple):
        expected = "a tuple, as the batch it was given"
        received = describe(batch)
        fix = "Return what it was given, changed: (inputs, targets)."
    elif not len(given) <= len(batch) <= len(ROLES):
        expected = f"the {len(given)} parts of the batch it was given"
        received = f"{len(batch)} parts"
        fix = "Return inputs, targets and weights, as many as it got."
    elif not set(given[0]) <= set(names):
        expected = f"the inputs {', '.join(given[0])} to be kept"
        received = ", ".join(map(str, names)) or describe(batch[0])
        fix = "Return every name it got; it may add others."
    else:
        return None
    return Problem(where, expected, received, fix)
