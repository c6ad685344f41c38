"""The two errors of the package: what is wrong, where, and what to do.

An error here lists everything that is wrong at once, one
`Problem` each. Shapes and types are named, never the
contents of an array.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in four parts.

    Args:
        where: The place, by name: ``'input "image"'``.
        expected: What is required there.
        received: What was found instead.
        fix: What to do about it, as a sentence.

    Example:
        >>> print(Problem('input "age"', "numbers", "str", "Convert it."))
        input "age": expected numbers. Received: str. Convert it.
    """

    where: str
    expected: str
    received: str
    fix: str

    def __str__(self) -> str:
        return (
            f"{self.where}: expected {self.expected}. "
            f"Received: {self.received}. {self.fix}"
        )


def place(role: str, name: str) -> str:
    """A place in the data, as messages name it.

    Example:
        >>> place("input", "image"), place("target", "")
        ('input "image"', 'target')
    """
    return f'{role} "{name}"' if name else role


class CompanionError(ValueError):
    """What both errors share: the list of problems.

    Args:
        problems: One or more `Problem`; also kept in the attribute
            ``problems``.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        if isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def of(cls, where: str, expected: str, received: str, fix: str) -> Self:
        """The error of a single problem, in its four parts."""
        return cls(Problem(where, expected, received, fix))

    @classmethod
    def raise_if(cls, *problems: Problem | None) -> None:
        """Raises the error if any of these is a problem."""
        found = [problem for problem in problems if problem is not None]
        if found:
            raise cls(found)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} problems:"]
        lines += [f"  {n}. {p}" for n, p in enumerate(self.problems, 1)]
        return "\n".join(lines)


class DataError(CompanionError):
    """The data cannot be fed, whatever the model. Raised where it is held.

    Example:
        >>> raise DataError(
        ...     Problem('input "age"', "100 rows", "99 rows", "Add one.")
        ... )
        Traceback (most recent call last):
        ...
        companion.errors.DataError: input "age": expected 100 rows. ...
    """


class ContractError(CompanionError):
    """The data does not fit the model. Raised before training starts.

    Example:
        >>> raise ContractError(
        ...     Problem('input "age"', "float32", "absent", "Add it.")
        ... )
        Traceback (most recent call last):
        ...
        companion.errors.ContractError: input "age": expected float32. ...
    """


class ContractWarning(UserWarning):
    """The data fits the model, but training will probably suffer."""
