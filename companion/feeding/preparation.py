"""Preparing an input by what its training rows teach: scale, vocabulary.

Keras has the layers; `adapted` adds the questions that they do not ask.
"""

from __future__ import annotations

from typing import Any, TypeVar

import keras
import numpy as np

from companion.errors import DataError, Problem
from companion.values import describe, gaps

#: What each place in an error of this module is called.
_LAYER, _ROWS = "layer", "training rows"
#: Columns that a message names, by number.
_NAMED = 5

_Layer = TypeVar("_Layer", bound=keras.Layer)


def adapted(layer: _Layer, rows: np.ndarray) -> _Layer:
    """The layer, after it has learned from training rows.

    ``Normalization`` learns mean and spread, ``StringLookup``,
    ``IntegerLookup`` and ``TextVectorization`` a vocabulary,
    ``Discretization(num_bins=...)`` limits between bins. Give it training
    rows alone: what is learned from test rows is known before the test.

    Refused are rows from which Keras learns something else than what was
    meant, without a word: gaps, a column that never changes (a later row
    that differs a little would become millions), numbers without an axis
    of their own (each row would be scaled alone), fractions as categories.

    Do this before the model first runs: one that has already predicted
    keeps the old numbers until it is compiled again.

    Taught in the chapter *Feeding*.

    Args:
        layer: A layer with a method ``adapt``.
        rows: array ``(samples, ...)`` of numbers, or of text. They are
            read whole; of a very large file give a sample.

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
    problem = _layer_problem(layer) or _rows_problem(layer, rows)
    if problem:
        raise DataError(problem)
    if rows.dtype == np.float16:  # its squares would be infinite
        rows = rows.astype("float32")
    layer.adapt(rows)
    return layer


def _layer_problem(layer: Any) -> Problem | None:
    expected = "a layer that learns from data"
    if isinstance(layer, type):
        return Problem(
            _LAYER,
            expected,
            f"the class {layer.__name__}",
            f"Make one: {layer.__name__}().",
        )
    learns = callable(getattr(layer, "adapt", None))
    if not isinstance(layer, keras.Layer) or not learns:
        return Problem(
            _LAYER,
            expected,
            type(layer).__name__,
            "Pass Normalization(), StringLookup(), TextVectorization() or "
            "the like.",
        )
    if getattr(layer, "input_mean", None) is not None:
        return Problem(
            _LAYER,
            expected,
            f"{type(layer).__name__} with a mean given",
            "Leave out mean and variance, or use the layer as it is.",
        )
    return None


def _rows_problem(layer: keras.Layer, rows: Any) -> Problem | None:
    """What Keras would learn the wrong thing from, or choke on."""
    if np.ma.isMaskedArray(rows):
        return Problem(
            _ROWS,
            "an array without a mask",
            f"a masked array {rows.shape}",
            "Leave the masked rows out, or fill them: values.filled(0).",
        )
    if not isinstance(rows, np.ndarray):
        return Problem(
            _ROWS,
            "a NumPy array",
            type(rows).__name__,
            "Convert it first: np.asarray(values).",
        )
    if rows.ndim == 0 or rows.size == 0:
        return Problem(
            _ROWS,
            "at least one row",
            describe(rows),
            "Look at where the data is loaded: it is empty.",
        )
    if found := gaps(rows):
        return Problem(
            _ROWS,
            "a number or a text in every place",
            f"{describe(rows)} with {found}",
            "Leave these rows out, or fill them.",
        )
    if isinstance(layer, keras.layers.IntegerLookup):
        return _category_problem(rows)
    if isinstance(layer, keras.layers.Normalization):
        return _scaling_problem(layer, rows)
    return None


def _category_problem(rows: np.ndarray) -> Problem | None:
    """Fractions, of which a vocabulary of whole numbers is made."""
    if rows.dtype.kind != "f":
        return None
    return Problem(
        _ROWS,
        "whole numbers, one per category",
        describe(rows),
        'Convert it: values.astype("int64"). Keras would cut 2.9 to 2 '
        "without a word.",
    )


def _scaling_problem(
    layer: keras.layers.Normalization, rows: np.ndarray
) -> Problem | None:
    """Columns without spread, rows taken for columns, or no numbers."""
    if rows.dtype.kind not in "biuf":
        fix = 'Convert it: values.astype("float32").'
        if rows.dtype.kind in "US":
            fix = "For text use StringLookup or TextVectorization."
        return Problem(
            _ROWS,
            "numbers, to learn their mean and spread",
            describe(rows),
            fix,
        )
    if any(not -rows.ndim <= axis < rows.ndim for axis in layer.axis):
        return None  # Keras says so itself
    columns = {axis % rows.ndim for axis in layer.axis}
    if 0 in columns:
        fix = "Use Normalization(), which keeps the last axis"
        if rows.ndim == 1:
            fix = "Write rows[:, None], or use Normalization(axis=None)"
        return Problem(
            _ROWS,
            "an axis of samples, and one of columns",
            f"{describe(rows)} with axis={layer.axis}",
            f"{fix}: otherwise each sample has a mean of its own.",
        )
    others = tuple(set(range(rows.ndim)) - columns)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (
            edge(rows, axis=others).astype("float32")
            for edge in (np.min, np.max)
        )
        too_large = not np.isfinite(np.square(high - low)).all()
    if too_large:
        return Problem(
            _ROWS,
            "numbers whose squares fit into float32",
            describe(rows),
            "Divide them by a large number first, or take the logarithm.",
        )
    constant = np.flatnonzero(low == high)
    if constant.size == 0:
        return None
    which = ", ".join(map(str, constant[:_NAMED]))
    which += ", ..." * (constant.size > _NAMED)
    return Problem(
        _ROWS,
        "columns that are not the same in every row",
        f"{describe(rows)}, in which {constant.size} of {low.size} never "
        f"change: {which}",
        "Leave them out: Keras divides by almost nothing, and a later row "
        "that differs a little becomes millions.",
    )
