"""What can be said of an array: its type, its shape, what it lacks.

Nothing here knows a model or Keras. Shapes and types go into messages,
never what an array holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from numbers import Number
from typing import Any, TypeGuard

import numpy as np

#: Columns of numbers that are looked at one by one.
_COLUMNS = 16
#: Numbers looked at in one go.
_CHUNK = 2**22
Shape = Sequence[int | None]


def is_count(value: Any, at_least: int, at_most: float = math.inf) -> bool:
    """Whether a value is a whole number within bounds.

    Example:
        >>> is_count(3, 1), is_count(0, 1), is_count(2.0, 1)
        (True, False, False)
    """
    whole = isinstance(value, (int, np.integer))
    if not whole or isinstance(value, bool):
        return False
    return bool(at_least <= value <= at_most)


def is_array(value: Any) -> bool:
    """Whether a value is an array of NumPy, or a tensor of a library."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def is_plain(value: Any) -> TypeGuard[np.ndarray]:
    """Whether a value is an array of NumPy, and nothing is masked."""
    return isinstance(value, np.ndarray) and not np.ma.isMaskedArray(value)


def kind_of(value: Any) -> str:
    """Kind of the type of an array or tensor, as a letter of NumPy.

    Example:
        >>> kind_of(np.ones(3)), kind_of(np.array(["a"]))
        ('f', 'U')
    """
    dtype = value.dtype
    name = getattr(dtype, "name", str(dtype)).lower()  # Int64 of pandas
    if "float" in name:  # also bfloat16, which NumPy does not know
        return "f"
    if isinstance(dtype, np.dtype):
        return dtype.kind
    return name[0] if name.startswith(("int", "uint", "bool")) else "O"


def describe(value: Any) -> str:
    """Type and shape of a value, never what is in it."""
    if is_array(value):
        dtype = getattr(value.dtype, "name", value.dtype)  # of a tensor
        if isinstance(value.dtype, np.dtype):
            dtype = value.dtype
        return f"{dtype} {tuple(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return type(value).__name__


def shape_text(shape: Shape) -> str:
    """A shape after the batch axis, as Keras writes it."""
    axes = ", ".join(["batch", *map(str, shape)])
    return f"({axes}{'' if shape else ','})"


def as_fed(values: Any) -> np.ndarray:
    """An array with floats as float32, the type of Keras.

    Bytes come in the order of this machine: TensorFlow and JAX would read
    those of another in the wrong order.
    """
    values = np.asarray(values)
    return values.astype(type_as_fed(values.dtype), copy=False)


def as_array(values: Any) -> np.ndarray:
    """An array; one without an axis, if rows have unequal lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.array(None)


def type_as_fed(dtype: np.dtype) -> np.dtype:
    """The type in which numbers of a type reach the model."""
    if dtype.kind == "f":
        return np.dtype("float32")
    return dtype.newbyteorder("=")


def fits(shape: Shape, expected: Shape) -> bool:
    """Whether each axis has the length asked for, if any is."""
    return len(shape) == len(expected) and all(
        want is None or size == want for size, want in zip(shape, expected)
    )


def fits_but_last(shape: Shape, expected: Shape) -> bool:
    """The same, but for a last axis of 1, which Keras adds or drops."""
    dropped = tuple(shape[-1:]) == (1,) and fits(shape[:-1], expected)
    return fits(shape, expected) or fits((*shape, 1), expected) or dropped


def stretches(shape: Shape, expected: Shape) -> bool:
    """Whether each axis has the length asked for, or 1."""
    return len(shape) == len(expected) and all(
        want is None or size in (1, want)
        for size, want in zip(shape, expected)
    )


def within(values: np.ndarray, low: float, high: float) -> bool:
    """Whether no number lies outside these bounds."""
    return values.size == 0 or bool(
        low <= values.min() and values.max() <= high
    )


def is_one_hot(values: np.ndarray, classes: int) -> bool:
    """Whether the last axis holds a single 1 among zeros."""
    return (
        values.ndim > 1
        and values.shape[-1] == classes > 1
        and within(values, 0, 1)
        and bool((values.sum(axis=-1) == 1).all())
    )


def in_chunks(values: np.ndarray) -> Iterator[np.ndarray]:
    """An array in pieces of some million numbers, by rows."""
    step = max(1, _CHUNK * len(values) // max(1, values.size))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def gaps(values: np.ndarray) -> str:
    """How many rows have a gap, in words; empty if none.

    A gap is NaN or infinity among numbers, NaT among times, and whatever
    is neither a number nor a text among objects.
    """
    kind = values.dtype.kind
    if kind not in "fOmM" or values.size == 0:
        return ""
    axes = tuple(range(1, values.ndim))
    found = 0
    for chunk in in_chunks(values):
        bad = _is_no_value(chunk) if kind == "O" else ~np.isfinite(chunk)
        found += int(bad.any(axis=axes).sum())
    what = "NaN or infinity" if kind == "f" else "no value"
    return f"{what} in {found} of {len(values)} rows" * bool(found)


@np.vectorize(otypes=[bool])
def _is_no_value(value: Any) -> bool:
    """None, NaN, the NA of another library, a list, and the like."""
    if isinstance(value, (str, bytes)):
        return False
    return not isinstance(value, (Number, np.generic)) or value != value


def new_extremes(values: np.ndarray, rows: int) -> Iterator[int]:
    """Rows that hold what none of the first does.

    That is the first number that is not finite, and the smallest and the
    largest whole number: of each column, if there are few.

    Example:
        >>> list(new_extremes(np.array([1, 0, 2, 5, 5]), 2))
        [3]
        >>> list(new_extremes(np.array([0.5, 1.5, np.nan]), 2))
        [2]
    """
    if len(values) <= rows or not values.size:
        return
    table = values.reshape(len(values), -1)
    real, few = values.dtype.kind == "f", table.shape[1] <= _COLUMNS
    if real and np.isfinite(table[:rows]).all():
        at = rows
        for chunk in in_chunks(table[rows:]):
            if not (fine := np.isfinite(chunk).all(axis=1)).all():
                yield at + int(fine.argmin())
                break
            at += len(chunk)
    if values.dtype.kind not in "iuf" or (real and not few):
        return
    for column in table.T if few else [table]:
        if real and not (column == np.floor(column)).all():
            continue
        for extreme in (column.argmin(), column.argmax()):
            row = int(extreme) // (column.size // len(values))
            if row >= rows:  # the first such row
                yield row
