"""Checkers of the exercise sheets: each says ✓, or gives a hint.

A checker is a generator function that yields a hint for every mistake it
finds; `exercise` makes a test of it. There is one module per sheet.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import ParamSpec

Arguments = ParamSpec("Arguments")

NOTHING_YET = (
    "Nothing here yet: your answer still raises NotImplementedError. "
    "Write it in the cell above, and run that cell again."
)


class Hint(AssertionError):  # noqa: N818 (students read its name)
    """What is wrong with an answer, and where to look."""


def exercise(
    checker: Callable[Arguments, Iterator[str]],
) -> Callable[Arguments, None]:
    """Makes a test of a checker.

    The test prints ✓ and the first line of the checker's docstring. What
    the answer itself raises comes through as it is.

    Args:
        checker: A generator function that yields a hint, a sentence in the
            second person, for each mistake it finds. Only the first counts,
            so what comes later may rely on what was checked before.

    Returns:
        A function of the same arguments that gives back nothing. It raises
        `Hint` if there is a hint, or if the answer is still missing.

    Example:
        >>> @exercise
        ... def doubles(answer, number=3):
        ...     "Your answer doubles a number."
        ...     if answer(number) != 2 * number:
        ...         yield f"Look at {number}: you get {answer(number)}."
        >>> doubles(lambda number: number + number)
        ✓ Your answer doubles a number
        >>> doubles(lambda number: number * number)
        Traceback (most recent call last):
        companion.lab.exercises.Hint: Look at 3: you get 9.
    """

    @functools.wraps(checker)
    def test(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            hint = next(checker(*args, **kwargs), None)
        except NotImplementedError:
            raise Hint(NOTHING_YET) from None
        if hint is not None:
            raise Hint(hint)
        summary = inspect.getdoc(checker) or checker.__name__
        print("✓", summary.splitlines()[0].rstrip("."))

    return test
