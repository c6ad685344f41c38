"""Columns in their places: the inputs, targets and weights of a sample.

What a user passes as three arguments becomes named columns of one length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import Column, as_column, is_random
from companion.values import is_count

#: The parts of a batch in the order of Keras, as messages call them.
ROLES = ("input", "target", "sample weight")


class Parts:
    """Every column by part and name.

    Args:
        inputs: Name to array or column.
        targets: One, or a dict by name, or none.
        sample_weights: Like ``targets``.
        length: Samples in an epoch, if every column is random.

    Attributes:
        problems: What is wrong with them, all of it.
    """

    def __init__(
        self, inputs: Any, targets: Any, sample_weights: Any, length: Any
    ) -> None:
        self.problems: list[Problem] = []
        given = dict(zip(ROLES, (inputs, targets, sample_weights)))
        self._parts: dict[str, Any] = {"input": {}}
        for role, part in given.items():
            if part is not None or role == "input":
                self._add(role, part)
        if sample_weights is not None and targets is None:
            self.problems.append(
                Problem(
                    "sample_weights",
                    "targets to weigh",
                    "no targets",
                    "Pass targets as well, or leave sample_weights out.",
                )
            )
        self.lengths = self._lengths()
        self.problems += _length_problems(self.lengths, length, any(self))
        first = next(iter(self.lengths.values()), None)
        self.samples = (length or 0) if first is None else first

    def _add(self, role: str, part: Any) -> None:
        problem = _part_problem(role, part)
        if problem:
            self.problems.append(problem)
            return
        named = isinstance(part, Mapping)
        found = {}
        for name, values in part.items() if named else [("", part)]:
            try:
                found[name] = as_column(place(role, name), values)
            except DataError as error:
                self.problems += error.problems
        if named or found:
            self._parts[role] = found if named else found[""]

    def __iter__(self) -> Iterator[tuple[str, Column]]:
        """Every column with its place: ``'input "image"'``."""
        for role, columns in self.by_role().items():
            for name, column in columns.items():
                yield place(role, name), column

    def by_role(self) -> dict[str, dict[str, Column]]:
        """Columns by part and name; a lone one has the name ``""``."""
        return {
            role: part if isinstance(part, dict) else {"": part}
            for role, part in self._parts.items()
        }

    @property
    def is_random(self) -> bool:
        """Whether any column draws its rows."""
        return any(is_random(column) for _, column in self)

    def map(
        self, fetch: Callable[[str, Column], np.ndarray]
    ) -> tuple[Any, ...]:
        """A batch: what is fetched for each column, in its place."""
        return tuple(
            {name: fetch(place(role, name), c) for name, c in part.items()}
            if isinstance(part, dict)
            else fetch(role, part)
            for role, part in self._parts.items()
        )

    def refuse_new_lengths(self) -> None:
        """Refuses columns that lost or gained rows since they came."""
        for where, length in self._lengths().items():
            if length != self.samples:
                raise DataError(
                    Problem(
                        where,
                        f"{self.samples} rows, as at the start",
                        f"{length} rows",
                        "Make a new generator when the data changes.",
                    )
                )

    def _lengths(self) -> dict[str, int]:
        """Rows of each stored column, by place."""
        return {
            where: len(column)
            for where, column in self
            if not is_random(column)
        }


def _length_problems(
    lengths: dict[str, int], length: Any, columns: bool
) -> Iterator[Problem]:
    if columns and not lengths and not is_count(length, 1):
        yield Problem(
            "length",
            "the number of samples in an epoch, because every column is "
            "random",
            f"length={length!r}",
            "Pass length=1000, for example.",
        )
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
    if isinstance(part, Mapping):
        if part and all(isinstance(n, str) and n for n in part):
            return None
        received = "an empty dict"
        if part:
            received = f"the names {', '.join(map(repr, part))}"
    elif role == "input" or isinstance(part, (tuple, list)):
        received = type(part).__name__
    else:
        return None
    return Problem(
        f"{role}s",
        f"a dict from the name of each {role} to its rows",
        received,
        'Name each as in the model: {"image": images, ...}.'
        if role == "input"
        else "Name each as the output of the model, or pass one array.",
    )
