"""Which rows train and which test: parts that share no row.

Only row numbers are made here; no data is read, copied or moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError, Problem
from companion.rules import count_problem, seed_problem, unmasked
from companion.values import as_array, describe, gaps, is_count

#: How far from 1 shares may be that were rounded: [0.333333] * 3.
_ROUNDED = 1e-6


def split_rows(
    rows: int,
    shares: Sequence[float] | int,
    *,
    seed: int,
    labels: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> list[np.ndarray]:
    """Row numbers for training, validation and test, drawn at random.

    Each row is in one part and no other. Index every input and every
    target with the same part, and they still belong together:
    ``images[train]``, ``labels[train]``.

    What the result depends on is the arguments alone: the same seed gives
    the same parts again, and no other random numbers are touched.

    Taught in the chapter *Samples spread over files*.

    Args:
        rows: How many rows there are.
        shares: The share of each part, such as ``[0.7, 0.15, 0.15]``; or
            a number of equal parts, of which each tests once while the
            others train (k-fold cross-validation).
        seed: A whole number from 0 to 2**32 - 1.
        labels: array ``(rows,)`` of classes. Each part gets its share of
            each class, to within about a row (a stratified split).
        groups: array ``(rows,)`` of what rows have in common: the person,
            patient or file they come from. All rows of a group go into
            one part: a model that has met a person in training scores too
            well on that person in the test. Shares are met as well as the
            groups allow.

    Returns:
        One array per part, int64 ``(rows of the part,)``, in rising order.

    Raises:
        DataError: If the arguments make no such parts, or one of the
            parts would be empty.

    Example:
        >>> train, test = split_rows(10, [0.8, 0.2], seed=0)
        >>> train.tolist(), test.tolist()
        ([0, 2, 3, 4, 5, 6, 7, 9], [1, 8])
        >>> people = np.array(["Ada", "Bo", "Bo", "Ada", "Cy", "Cy"])
        >>> for part in split_rows(6, 3, seed=0, groups=people):
        ...     print(part, people[part])
        [4 5] ['Cy' 'Cy']
        [0 3] ['Ada' 'Ada']
        [1 2] ['Bo' 'Bo']
    """
    given: Any = shares
    if is_count(given, 1, 10**6):  # parts of one size
        given = [1 / given] * int(given)
    DataError.raise_if(
        count_problem(
            "rows", rows, 1, "Pass the length of an input: len(images)."
        ),
        _share_problem(given),
        seed_problem(seed),
        *_value_problems(rows, labels=labels, groups=groups),
    )
    wanted = np.asarray(given, "float64")
    wanted /= wanted.sum()
    rng = np.random.default_rng(seed)
    if groups is not None:
        part = _parts_of_groups(_codes(groups), wanted, rng)
    elif labels is not None:
        part = _parts_of_rows(_codes(labels), wanted, rng)
    else:  # all of one class
        part = _parts_of_rows(np.zeros(rows, "uint8"), wanted, rng)
    sizes = np.bincount(part, minlength=len(wanted))
    DataError.raise_if(_empty_problem(sizes, groups is not None))
    in_order = np.argsort(part, kind="stable").astype("int64", copy=False)
    return np.split(in_order, np.cumsum(sizes)[:-1])


def _codes(values: npt.ArrayLike) -> np.ndarray:
    """The number of the class or group of each row, counted from 0."""
    values = np.asarray(values)
    if values.dtype.kind == "O":  # objects may have no order
        values = values.astype(str)
    return np.unique(values, return_inverse=True)[1]


def _parts_of_rows(
    classes: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The part of each row. Rows of a class are dealt out at random."""
    counts = _dealt(np.bincount(classes), shares, rng)
    order = rng.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    part = np.empty(len(classes), np.min_scalar_type(len(shares)))
    numbers = np.tile(np.arange(len(shares)), len(counts))
    part[order] = np.repeat(numbers.astype(part.dtype), counts.ravel())
    return part


def _dealt(
    sizes: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """How many rows of each class each part gets: ``(classes, parts)``.

    Rows left over when a class is divided go to the parts that have most
    to come from it and the classes before.
    """
    counts = np.empty((len(sizes), len(shares)), "int64")
    lacks = np.zeros(len(shares))
    for index in rng.permutation(len(sizes)):
        exact = sizes[index] * shares
        count = np.floor(exact).astype("int64")
        lacks += exact - count
        left = sizes[index] - count.sum()
        first = np.argsort(-lacks, kind="stable")[:left]
        count[first] += 1
        lacks[first] -= 1
        counts[index] = count
    return counts


def _parts_of_groups(
    groups: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The part of each row: its group goes where most of a share lacks.

    Of the parts that have room for it; where none has, into the largest
    gap.

    Large groups go first, in random order among those of like size, that
    is between one power of 2 and the next.
    """
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    likeness = np.frexp(sizes[order])[1]
    order = order[np.argsort(-likeness, kind="stable")]
    lacks = shares * len(groups)
    part = np.empty(len(sizes), np.min_scalar_type(len(shares)))
    for group in order:
        room = lacks >= sizes[group]
        lacking = np.where(room, lacks / shares, -1)
        part[group] = np.argmax(lacking if room.any() else lacks)
        lacks[part[group]] -= sizes[group]
    return part[groups]


def _share_problem(shares: Any) -> Problem | None:
    """Shares of which no parts can be made."""
    wanted = as_array(shares)
    expected, total = "", 0.0
    if wanted.ndim != 1 or wanted.dtype.kind not in "iuf":
        expected = "a list of numbers, or a number of parts"
    elif len(wanted) < 2:
        expected = "two parts or more"
    elif not (np.isfinite(wanted) & (wanted > 0)).all():
        expected = "shares above 0"
    elif round(abs((total := wanted.sum()) - 1), 9) > _ROUNDED:
        expected = f"shares that add up to 1, not to {total:.7g}"
    if not expected:
        return None
    fix = "Four fifths and one fifth are [0.8, 0.2]; five folds are 5."
    return Problem("shares", expected, describe(shares), fix)


def _value_problems(rows: Any, **given: Any) -> Iterator[Problem]:
    """Labels or groups that do not say one thing of each row."""
    found = {name: x for name, x in given.items() if x is not None}
    if len(found) > 1:
        yield Problem(
            "labels",
            "labels or groups, not both",
            "both",
            "Leave the labels out: rows that belong together in two parts "
            "do more harm than parts with unequal classes.",
        )
    for name, values in found.items():
        if masked := unmasked(values):
            yield masked.at(name)
            continue
        expected = f"one value for each of {rows} rows"
        array = as_array(values)
        if array.shape != (rows,):
            fix = (
                "Take them in the order of the rows, one axis long: of "
                "one-hot classes values.argmax(axis=1)."
            )
            yield Problem(name, expected, describe(values), fix)
        elif missing := gaps(array):
            received = f"{describe(values)} with {missing}"
            fix = "Leave these rows out, or give them a value of their own."
            yield Problem(name, expected, received, fix)


def _empty_problem(sizes: np.ndarray, grouped: bool) -> Problem | None:
    """Which parts would have no row."""
    empty = np.flatnonzero(sizes == 0)
    if empty.size == 0:
        return None
    return Problem(
        "shares",
        "at least one row in every part",
        f"{sizes.sum()} rows, none of them in part {empty[0]}",
        "Use fewer parts, or shares that are less unequal."
        + " A group is never divided." * grouped,
    )
