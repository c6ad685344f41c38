"""Columns in their places: the inputs, targets and weights of a sample.

What a user passes as three arguments becomes named columns of one length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import (
    Column,
    SlicedColumn,
    as_column,
    is_random,
)
from companion.feeding.files import FileColumn
from companion.feeding.transforms import ROLES
from companion.rules import count_problem, unmasked
from companion.values import describe


class Parts:
    """Every column by part and name.

    Args:
        inputs: Name to array or column.
        targets: One, or a dict by name, or none.
        sample_weights: Like ``targets``.
        length: Samples in an epoch, if every column is random.

    Attributes:
        problems: What is wrong with them, all of it.
        samples: Rows of each column.
    """

    def __init__(
        self, inputs: Any, targets: Any, sample_weights: Any, length: Any
    ) -> None:
        self.problems: list[Problem] = []
        given = dict(zip(ROLES, (inputs, targets, sample_weights)))
        self._parts: dict[str, dict[str, tuple[str, Column]]] = {}
        for role, part in given.items():
            if part is not None or role == "input":
                self._add(role, part)
        if sample_weights is not None and targets is None:
            fix = "Pass targets as well, or leave sample_weights out."
            self.problems.append(
                Problem("sample_weights", "targets", "no targets", fix)
            )
        lengths = {
            where: len(column)
            for where, column in self
            if not is_random(column)
        }
        unfit = _length_problems(lengths, length, any(self))
        self.problems += filter(None, unfit)
        first = next(iter(lengths.values()), None)
        self.samples = (length or 0) if first is None else first

    def _add(self, role: str, part: Any) -> None:
        problem = _part_problem(role, part)
        if problem:
            self.problems.append(problem)
            return
        found = self._parts[role] = {}
        named = part if isinstance(part, Mapping) else {"": part}
        for name, values in named.items():
            where = place(role, name)
            try:
                column = as_column(where, values, texts=role == "input")
                found[name] = where, column
            except DataError as error:
                self.problems += error.problems

    def __iter__(self) -> Iterator[tuple[str, Column]]:
        """Every column with its place: ``'input "image"'``."""
        for part in self._parts.values():
            yield from part.values()

    def by_role(self) -> dict[str, dict[str, Column]]:
        """Columns by part and name; a lone one has the name ``""``."""
        return {
            role: {name: column for name, (_, column) in part.items()}
            for role, part in self._parts.items()
        }

    def map(
        self, fetch: Callable[[str, Column], np.ndarray]
    ) -> tuple[Any, ...]:
        """A batch: what is fetched for each column, in its place."""
        return tuple(
            [
                fetch(*part[""])
                if "" in part
                else {name: fetch(*at) for name, at in part.items()}
                for part in self._parts.values()
            ]
        )

    def bad_files(self) -> dict[int, str]:
        """Rows whose files cannot be read, and why: the first reason."""
        found: dict[int, str] = {}
        for where, column in self:
            if isinstance(column, FileColumn):
                for row, reason in column.bad_files.items():
                    path = column.paths[row]
                    found.setdefault(row, f"{where}, {path}: {reason}")
        return dict(sorted(found.items()))

    def process_problems(self) -> Iterator[Problem]:
        """Columns that hold a file open, which processes cannot share."""
        for where, column in self:
            if isinstance(column, SlicedColumn):
                expected = "rows that worker processes can read"
                received = type(column.values).__name__
                fix = "Leave out use_multiprocessing: threads read it."
                yield Problem(where, expected, received, fix)


def _length_problems(
    lengths: dict[str, int], length: Any, columns: bool
) -> Iterator[Problem | None]:
    if columns and not lengths:
        fix = (
            "Pass length=1000, for example: every column is random, so "
            "none says how many samples an epoch has."
        )
        yield count_problem("length", length, 1, fix)
    if lengths and length is not None:
        yield Problem(
            "length",
            "no length: the arrays have one already",
            f"length={length!r}",
            "Leave it out.",
        )
        return
    first, expected = next(iter(lengths.items()), ("length", 1))
    for where, rows in lengths.items():
        if rows != expected:
            yield Problem(
                where,
                f"{expected} rows, one per sample, as in {first}",
                f"{rows} rows",
                "Row i of every array must belong to sample i.",
            )


def _part_problem(role: str, part: Any) -> Problem | None:
    """A part that is not columns by name, nor (but for inputs) one."""
    fix = "Name each as the output of the model, or pass one array."
    if role == "input":
        fix = 'Name each as in the model: {"image": images, ...}.'
    if isinstance(part, Mapping):
        if part and all(isinstance(n, str) and n for n in part):
            return None
        names = f"the names {', '.join(map(repr, part))}"
        received = names if part else "an empty dict"
    elif role == "input" or isinstance(part, (tuple, list)):
        received = type(part).__name__
    else:
        return None
    expected = f"a dict from the name of each {role} to its rows"
    return Problem(f"{role}s", expected, received, fix)


def rows_problem(rows: Any, samples: int) -> Problem | None:
    """Row numbers that the data does not have."""
    if rows is None:
        return None
    expected = f"an array of row numbers from 0 to {samples - 1}"
    received = describe(rows)
    numbers = isinstance(rows, np.ndarray) and rows.dtype.kind in "iu"
    if not numbers or rows.ndim != 1 or unmasked(rows):
        fix = "Pass what split_rows gives, or np.flatnonzero(mask)."
    elif rows.size == 0:
        expected, fix = "at least one row number", "Choose some rows."
    elif rows.min() < 0 or rows.max() >= samples:
        received = f"numbers from {rows.min()} to {rows.max()}"
        fix = "Number the rows of these arrays from 0."
    else:
        return None
    return Problem("rows", expected, received, fix)


def balance_problem(labels: Any, samples: int) -> Problem | None:
    """Labels that do not give each row its class."""
    is_array = isinstance(labels, np.ndarray) and not unmasked(labels)
    right = is_array and labels.shape == (samples,)
    if labels is None or (right and labels.dtype.kind in "biuUS"):
        return None
    return Problem(
        "balance",
        f"an array of {samples} labels, the class of each row",
        describe(labels),
        'Give whole numbers or names, for example labels.astype("str").',
    )
