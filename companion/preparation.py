"""Preparing an input by what its training rows teach: scale, vocabulary.

Keras has the layers; `adapted` adds the questions that they do not ask.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from companion.errors import DataError, Problem

#: What each place in an error of this module is called.
_LAYER, _ROWS = "layer", "training rows"


def adapted(layer: keras.Layer, rows: np.ndarray) -> Any:
    """The layer, after it has learned from training rows.

    ``Normalization`` learns mean and spread, ``StringLookup``,
    ``IntegerLookup`` and ``TextVectorization`` a vocabulary,
    ``Discretization`` limits between bins. Give it training rows alone:
    what is learned from test rows is known before the test.

    Refused are rows from which Keras learns something else than what was
    meant, without a word: gaps, no rows at all, a column that never
    changes (a test row that differs a little would become millions), and
    numbers without an axis of their own (each row would be scaled alone).

    Taught in the chapter *Feeding*.

    Args:
        layer: A layer with a method ``adapt``.
        rows: array ``(samples, ...)`` of numbers, or of text.

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
    layer.adapt(rows)
    return layer


def _layer_problem(layer: Any) -> Problem | None:
    if isinstance(layer, keras.Layer) and hasattr(layer, "adapt"):
        return None
    return Problem(
        _LAYER,
        "a layer that learns from data",
        layer.__name__ if isinstance(layer, type) else type(layer).__name__,
        "Pass Normalization(), StringLookup(), TextVectorization() or the "
        "like.",
    )


def _rows_problem(layer: keras.Layer, rows: Any) -> Problem | None:
    """What Keras would learn the wrong thing from, or choke on."""
    if not isinstance(rows, np.ndarray) or np.ma.isMaskedArray(rows):
        return Problem(
            _ROWS,
            "a NumPy array without a mask",
            type(rows).__name__,
            "Convert it first: np.asarray(values).",
        )
    received = f"{rows.dtype} {rows.shape}"
    if rows.size == 0:
        return Problem(
            _ROWS,
            "at least one row",
            received,
            "Look at where the data is loaded: it is empty.",
        )
    if _gaps(rows):
        return Problem(
            _ROWS,
            "a number or a text in every place",
            f"{received}, gaps: {_gaps(rows)}",
            "Leave these rows out, or fill them: one NaN makes the mean "
            "of its column NaN.",
        )
    if isinstance(layer, keras.layers.Normalization):
        return _scaling_problem(layer, rows)
    return None


def _scaling_problem(
    layer: keras.layers.Normalization, rows: np.ndarray
) -> Problem | None:
    """Columns without spread, or rows taken for columns."""
    received = f"{rows.dtype} {rows.shape}"
    if rows.dtype.kind not in "biuf":
        return Problem(
            _ROWS,
            "numbers, to learn their mean and spread",
            received,
            "For text use StringLookup or TextVectorization.",
        )
    kept = {axis % rows.ndim for axis in layer.axis if rows.ndim}
    if 0 in kept:
        return Problem(
            _ROWS,
            "an axis of samples, and one of columns",
            f"{received} with axis={layer.axis}",
            "Write rows[:, None], or Normalization(axis=None): otherwise "
            "each sample has a mean of its own.",
        )
    others = tuple(set(range(rows.ndim)) - kept)
    constant = rows.min(axis=others) == rows.max(axis=others)
    if not constant.any():
        return None
    return Problem(
        _ROWS,
        "columns that are not the same in every row",
        f"{received}, of which {constant.sum()} of {constant.size} columns "
        "never change",
        "Leave them out: Keras divides by almost nothing, and a later row "
        "that differs a little becomes millions.",
    )


def _gaps(rows: np.ndarray) -> int:
    """How many places hold NaN, infinity or, in text, None."""
    if rows.dtype.kind == "f":
        return int((~np.isfinite(rows)).sum())
    if rows.dtype.kind == "O":
        return sum(value is None or value != value for value in rows.flat)
    return 0
