"""Preparing an input by what its training rows teach: scale, vocabulary.

Keras has the layers; `adapted` adds the questions that they do not ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import keras
import numpy as np

from companion.errors import DataError
from companion.rules import Fault, unmasked
from companion.values import describe, gaps, within

#: Columns that a message names, by number.
_NAMED = 5
_TOO_LARGE = "Divide them by a large number first, or take the logarithm."
#: Keras computes with numbers up to this one.
_LARGEST = float(np.finfo("float32").max)
#: Shares of the size of a column. A standard deviation below the first is
#: rounded by a tenth in float32, or more; a range within the second is
#: what rounding in float64 makes of equal numbers.
_LEAST_SPREAD, _EQUAL = 1e-6, 4 * float(np.finfo("float64").eps)

_Layer = TypeVar("_Layer", bound=keras.Layer)


def adapted(layer: _Layer, rows: np.ndarray) -> _Layer:
    """The layer, after it has learned from training rows.

    ``Normalization`` learns mean and spread, ``StringLookup``,
    ``IntegerLookup`` and ``TextVectorization`` a vocabulary,
    ``Discretization(num_bins=...)`` limits between bins. Give it training
    rows alone: what is learned from test rows is known before the test.

    Refused are rows from which Keras learns something else than what was
    meant, without a word: gaps, a column that never changes (a later row
    that differs a little would become millions) or by less than a
    millionth (float32 rounds that away: the times of one hour, in seconds
    since 1970),
    numbers without an axis of their own (each row would be scaled alone)
    or too large for float32, fractions as categories.

    Mean and spread are taken in float64. Keras adds up float32 rows in
    float32, and of a million rows around 1000 misses the mean by far.

    Do this before the model first runs: one that has already predicted
    keeps the old numbers until it is compiled again.

    Taught in the chapter *Preparing inputs*.

    Args:
        layer: A layer with a method ``adapt``.
        rows: array ``(samples, ...)`` of numbers, or of text. They are
            read whole, and scaled ones as float64. Of a file larger than
            memory give batches instead: ``layer.adapt(dataset)``, a
            ``tf.data.Dataset`` of this one input.

    Returns:
        The same layer.

    Raises:
        DataError: If the layer learns nothing from data, or the rows
            would teach it something wrong.

    Example:
        >>> scale = adapted(
        ...     keras.layers.Normalization(), np.array([[10.0], [20.0]])
        ... )
        >>> np.asarray(scale(np.array([[15.0], [20.0]]))).tolist()
        [[0.0], [1.0]]
    """
    fault = _layer_fault(layer)
    DataError.raise_if(fault and fault.at("layer"))
    DataError.raise_if(
        *(f.at("training rows") for f in learning_faults(layer, rows))
    )
    if isinstance(layer, keras.layers.Normalization):
        rows = rows.astype("float64", copy=False)
    layer.adapt(rows)
    return layer


def _layer_fault(layer: Any) -> Fault | None:
    """What learns nothing from data."""
    received = type(layer).__name__
    if isinstance(layer, type):
        received = f"the class {layer.__name__}"
        fix = f"Make one: {layer.__name__}()."
    elif not isinstance(layer, keras.Layer) or not hasattr(layer, "adapt"):
        fix = (
            "Pass Normalization(), StringLookup(), TextVectorization() or "
            "the like."
        )
    elif getattr(layer, "input_mean", None) is not None:
        received += " with a mean given"
        fix = "Leave out mean and variance, or use the layer as it is."
    else:
        return None
    return Fault("a layer that learns from data", received, fix)


def learning_faults(layer: keras.Layer, rows: Any) -> Iterator[Fault]:
    """What Keras would learn the wrong thing from, or choke on."""
    if masked := unmasked(rows):
        yield masked
        return
    received = describe(rows)
    wide = isinstance(rows, np.ndarray) and rows.dtype == np.float64
    if not isinstance(rows, np.ndarray):
        expected, fix = (
            "a NumPy array",
            "Convert it first: np.asarray(values).",
        )
    elif rows.ndim == 0 or rows.size == 0:
        expected = "at least one row"
        fix = "Look at where the data is loaded: it is empty."
    elif found := gaps(rows):
        expected = "a number or a text in every place"
        received += f" with {found}"
        fix = "Leave these rows out, or fill them."
    elif wide and not within(rows, -_LARGEST, _LARGEST):
        expected, fix = "numbers that fit into float32", _TOO_LARGE
    elif isinstance(layer, keras.layers.Normalization):
        yield from _scaling_faults(layer, rows)
        return
    elif isinstance(layer, keras.layers.IntegerLookup) and (
        rows.dtype.kind == "f"
    ):
        expected = "whole numbers, one per category"
        fix = (
            'Convert it: values.astype("int64"). Keras would cut 2.9 to 2 '
            "without a word."
        )
    else:
        return
    yield Fault(expected, received, fix)


def _scaling_faults(
    layer: keras.layers.Normalization, rows: np.ndarray
) -> Iterator[Fault]:
    """No numbers, rows taken for columns, or columns without spread."""
    if rows.dtype.kind not in "biuf":
        fix = 'Convert it: values.astype("float32").'
        if rows.dtype.kind in "US":
            fix = "For text use StringLookup or TextVectorization."
        expected = "numbers, to learn their mean and spread"
        yield Fault(expected, describe(rows), fix)
        return
    if any(not -rows.ndim <= axis < rows.ndim for axis in layer.axis):
        return  # Keras says so itself
    columns = {axis % rows.ndim for axis in layer.axis}
    if 0 not in columns:
        axes = tuple({*range(rows.ndim)} - columns)
        yield from _spread_faults(rows, axes)
        return
    fix = "Use Normalization(), which keeps the last axis"
    if rows.ndim == 1:
        fix = "Write rows[:, None], or use Normalization(axis=None)"
    yield Fault(
        "an axis of samples, and one of columns",
        f"{describe(rows)} with axis={layer.axis}",
        f"{fix}: otherwise each sample has a mean of its own.",
    )


def _spread_faults(
    rows: np.ndarray, axes: tuple[int, ...]
) -> Iterator[Fault]:
    """Columns with too large a spread for float32, or too small a one."""
    received = describe(rows)
    low, high = (
        edge(rows, axis=axes).astype("float64") for edge in (np.min, np.max)
    )
    if (high - low).max() > _LARGEST**0.5:
        expected = "numbers whose squares fit into float32"
        yield Fault(expected, received, _TOO_LARGE)
        return
    size = np.maximum(abs(low), abs(high))
    spread = rows.std(axis=axes, dtype="float64")
    equal = high - low <= _EQUAL * size
    narrow = (spread < _LEAST_SPREAD * size) & ~equal
    if equal.any():
        yield Fault(
            "columns that are not the same in every row",
            f"{received}, in which {_named(equal, 'never change')}",
            "Leave them out: Keras divides by almost nothing, and a later "
            "row that differs a little becomes millions.",
        )
    if narrow.any():
        yield Fault(
            "columns that spread by a millionth of their size, or more",
            f"{received}, in which {_named(narrow, 'spread less')}",
            "Subtract a fixed reference first, in float64: rows - rows[0], "
            "and the same row from all later ones; or leave these columns "
            "out. Keras computes in float32, with 7 digits, and would "
            "learn from what is rounded.",
        )


def _named(found: np.ndarray, what: str) -> str:
    """How many columns have a fault, and which, by number."""
    numbers = np.flatnonzero(found)
    which = ", ".join(map(str, numbers[:_NAMED]))
    which += ", ..." * (numbers.size > _NAMED)
    return f"{numbers.size} of {found.size} {what}: {which}"
