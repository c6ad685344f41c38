"""What a value must be: one rule, one function.

A rule looks at one value and gives back what is wrong with it, or nothing.
Rules are asked in order, and the first that is broken is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np

from companion.errors import Problem
from companion.values import (
    describe,
    fits,
    fits_but_last,
    gaps,
    in_chunks,
    is_count,
    is_one_hot,
    shape_text,
    within,
)


class Fault(NamedTuple):
    """What a rule says: a `Problem` without its place, and how grave."""

    expected: str
    received: str
    fix: str
    verdict: str = "problem"

    def at(self, where: str) -> Problem:
        """The same of a value at its place."""
        return Problem(where, self.expected, self.received, self.fix)


Rule = Callable[[Any], Fault | None]

#: Kinds of NumPy types that an Input of a type reads.
_READABLE = {"f": "biuf", "i": "biu", "u": "biu", "b": "b", "s": "O"}
#: Classes that a message names.
_NAMED = 5
_CONVERT = "Convert it first: np.asarray(values)."


def first_fault(value: Any, rules: Iterable[Rule]) -> Fault | None:
    """What the first broken rule says of a value."""
    return next(filter(None, (rule(value) for rule in rules)), None)


def count_problem(
    setting: str,
    value: Any,
    at_least: int,
    fix: str,
    *,
    of: str = "",
    at_most: float = math.inf,
) -> Problem | None:
    """A setting that is no whole number within bounds.

    Args:
        setting: Its name.
        value: What was given.
        at_least: The smallest number it can be.
        fix: What to do about it.
        of: What the setting belongs to, if its name alone does not tell.
        at_most: The largest number it can be.
    """
    if is_count(value, at_least, at_most):
        return None
    most = "" if at_most == math.inf else f" and at most {at_most}"
    return Problem(
        f"{of}, {setting}" if of else setting,
        f"a whole number, at least {at_least}{most}",
        f"{setting}={value!r}",
        fix,
    )


def seed_problem(seed: Any) -> Problem | None:
    """What NumPy cannot take for a seed, or only in part.

    It takes seeds in pieces of 32 bits: a larger one would be the same as
    a smaller seed in another epoch.
    """
    return count_problem(
        "seed",
        seed,
        0,
        "Pass seed=0, or any other number up to 2**32 - 1: the same seed "
        "gives the same rows again.",
        at_most=2**32 - 1,
    )


@dataclass(frozen=True)
class Spec:
    """Shape and type of one input, without its rows.

    Args:
        shape: Axes after the batch axis; ``None`` for any length.
        dtype: Name of the type, such as ``"float32"``.

    Example:
        >>> print(Spec((8, 8, 1), "float32"))
        float32 (batch, 8, 8, 1)
    """

    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} {shape_text(self.shape)}"

    @classmethod
    def of(cls, tensor: keras.KerasTensor) -> Spec:
        """What an ``Input`` declares."""
        return cls(tuple(tensor.shape[1:]), str(tensor.dtype))

    def fault(self, value: Any) -> Fault | None:
        """What is wrong with the type, rank or shape of a batch."""
        if masked := unmasked(value):
            return masked
        if not isinstance(value, np.ndarray):
            fix = _CONVERT
        elif value.dtype.kind not in self._readable_kinds:
            fix = self._conversion(value.dtype.kind)
        elif value.ndim == 0 or not fits(value.shape[1:], self.shape):
            fix = self._reshaping(value.shape)
        else:
            return None
        return Fault(str(self), describe(value), fix)

    @property
    def _readable_kinds(self) -> str:
        kind = "f" if "float" in self.dtype else self.dtype[0]
        return _READABLE.get(kind, "")

    def _conversion(self, kind: str) -> str:
        if self.dtype == "string":
            return "Convert it: values.astype(object)."
        fix = f'Convert it: values.astype("{self.dtype}").'
        if kind == "f" and self.dtype.startswith(("int", "uint")):
            return f"{fix} Keras would cut 2.9 to 2 without a word."
        return fix

    def _reshaping(self, shape: tuple[int, ...]) -> str:
        if fits(shape, self.shape):
            return "Add the batch axis: values[None] for a single sample."
        if shape and fits((*shape[1:], 1), self.shape):
            return "Add the last axis: values[..., None]."
        if shape[-1:] == (1,) and fits(shape[1:-1], self.shape):
            return "Drop the last axis: values[..., 0]."
        if len(shape) == 1 + len(self.shape):
            return "Change the shape of the Input, or of the data."
        return (
            f"The data has {len(shape)} axes, the model expects "
            f"{1 + len(self.shape)}: reshape it."
        )


def unmasked(value: Any) -> Fault | None:
    """No mask, which Keras would pass over."""
    if not np.ma.isMaskedArray(value):
        return None
    return Fault(
        "an array without a mask",
        f"a masked array {value.shape}",
        "Fill the gaps, values.filled(0), and feed the mask as an input of "
        "its own.",
    )


def rows_of_numbers(value: Any) -> Fault | None:
    """Numbers of one type, along an axis of samples."""
    if value.shape and value.dtype.kind in "biuf":
        return None
    return Fault(
        "an array of numbers with one row per sample",
        f"{value.dtype} {value.shape}",
        "Pad rows of unequal length to one length; number words and "
        "categories from 0.",
    )


def held_in_float32(value: np.ndarray) -> Fault | None:
    """Numbers that stay what they are as float32, the type of Keras."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind not in "fiu" or size < 4 or (kind, size) == ("f", 4):
        return None
    looked = False
    for chunk in in_chunks(value):
        with np.errstate(over="ignore"):
            fed = chunk.astype("float32")
        if kind == "f" and (np.isinf(fed) & np.isfinite(chunk)).any():
            return Fault(
                "numbers that float32 can hold, up to 3.4e38",
                f"{describe(value)} with larger ones",
                "Divide them by a large number, or take the logarithm.",
            )
        if looked:  # once: it takes a sort
            continue
        large = np.abs(fed) >= 2**24
        if kind == "f":  # beyond 2**53 every float is whole
            large &= (np.abs(fed) < 2**53) & (chunk == np.floor(chunk))
        looked = bool(large.any())
        rising = np.sort(chunk[large])
        equal = np.diff(rising.astype("float32")) == 0
        merged = int((equal & (np.diff(rising) != 0)).sum())
        if merged:
            return Fault(
                "whole numbers up to 2**24, beyond which float32 has gaps",
                f"{describe(value)}, {merged} of them equal to others then",
                "Subtract a fixed start first, for example from Unix times."
                ' For ids, declare the Input with dtype="int64".',
                "warning",
            )
    return None


# Of one input


def complete(spec: Spec) -> Rule:
    """No NaN and no infinity."""

    def rule(value: np.ndarray) -> Fault | None:
        found = gaps(value)
        if not found:
            return None
        return Fault(
            f"{spec} without NaN or infinity",
            f"{describe(value)} with {found}",
            "Fill the gaps, or feed a mask that says where they are: one "
            "NaN makes every weight NaN.",
        )

    return rule


def held_by(dtype: str) -> Rule:
    """Whole numbers that the type of an Input can hold."""
    limits = np.iinfo(dtype)

    def rule(value: np.ndarray) -> Fault | None:
        if within(value, limits.min, limits.max):
            return None
        return Fault(
            f"{dtype}, from {limits.min} to {limits.max}",
            _between(value),
            'Declare a wider Input: dtype="int64".',
        )

    return rule


def ids_of_table(rows: int) -> tuple[Rule, Rule]:
    """What an Embedding of so many rows can look up."""

    def not_one_hot(value: np.ndarray) -> Fault | None:
        if not is_one_hot(value, rows):
            return None
        return Fault(
            "one category number per sample for its Embedding",
            f"{describe(value)}, one-hot",
            "Give the number: values.argmax(axis=-1). An Embedding looks "
            "up every 0 and 1.",
        )

    def in_table(value: np.ndarray) -> Fault | None:
        if within(value, 0, rows - 1):
            return None
        return Fault(
            f"ids from 0 to {rows - 1}, the rows of its Embedding",
            f"ids from {value.min()} to {value.max()}",
            "Number the categories from 0, or enlarge input_dim.",
        )

    return not_one_hot, in_table


# Of one target, by the loss that reads it


def numbers(value: Any) -> Fault | None:
    """An array of numbers without gaps."""
    if masked := unmasked(value):
        return masked
    if not isinstance(value, np.ndarray):
        return Fault("an array of numbers", describe(value), _CONVERT)
    if value.ndim == 0 or value.dtype.kind not in "biuf":
        return Fault(
            "an array of numbers",
            describe(value),
            "Give numbers, one row per sample; number the classes from 0.",
        )
    found = gaps(value)
    if not found:
        return None
    return Fault(
        "numbers without NaN or infinity",
        f"{describe(value)} with {found}",
        "Leave these samples out: the loss would be NaN.",
    )


def like_the_output(shape: tuple, value: np.ndarray) -> Fault | None:
    """One value per output."""
    if fits_but_last(value.shape[1:], shape):
        return None
    return Fault(
        f"the shape of the output, {shape_text(shape)}",
        describe(value),
        "Give one value per output. Keras stretches shapes that differ, "
        "and the loss then means something else.",
    )


def class_numbers(shape: tuple, value: np.ndarray) -> Fault | None:
    """One class number for each softmax."""
    classes = (shape[-1] or 0) if shape else 0
    expected = f"class numbers from 0 to {classes - 1}"
    if not fits_but_last(value.shape[1:], shape[:-1]):
        fix = "One-hot labels go with categorical_crossentropy."
        return Fault(expected, describe(value), fix)
    if within(value, 0, classes - 1):
        return None
    fix = "Number the classes from 0, or widen the last layer."
    return Fault(expected, _between(value), fix)


def one_hot(shape: tuple, value: np.ndarray) -> Fault | None:
    """A share for each class."""
    if value.shape[1:] == shape:
        return None
    return Fault(
        f"one-hot labels {shape_text(shape)}",
        describe(value),
        "Class numbers go with sparse_categorical_crossentropy.",
    )


def yes_or_no(shape: tuple, value: np.ndarray) -> Fault | None:
    """0 or 1, or something between."""
    if not within(value, 0, 1):
        return Fault(
            "labels from 0 to 1",
            _between(value),
            "For several classes use sparse_categorical_crossentropy.",
        )
    return like_the_output(shape, value)


#: What each loss of Keras reads. Of a loss of one's own nothing is known.
LOSSES: dict[str, Callable[[tuple, np.ndarray], Fault | None]] = {
    "sparse_categorical_crossentropy": class_numbers,
    "categorical_crossentropy": one_hot,
    "categorical_focal_crossentropy": one_hot,
    "binary_crossentropy": yes_or_no,
    "binary_focal_crossentropy": yes_or_no,
    **dict.fromkeys(
        (
            "mean_squared_error",
            "mean_absolute_error",
            "mean_absolute_percentage_error",
            "mean_squared_logarithmic_error",
            "huber",
            "log_cosh",
            "poisson",
        ),
        like_the_output,
    ),
}


# Of what is generated


def reached_by(activation: str, low: float, high: float) -> Rule:
    """Real values that what is generated can have as well."""
    above = f"from {low} to {high}" if high < np.inf else f"from {low} on"

    def rule(value: np.ndarray) -> Fault | None:
        if within(value, low, high):
            return None
        return Fault(
            f"numbers {above}, as the {activation} of the generator "
            "network",
            f"numbers from {value.min():g} to {value.max():g}",
            "Scale them, or choose another last activation: the "
            "discriminator would tell real from generated by their size "
            "alone.",
        )

    return rule


def every_class(num_classes: int) -> Rule:
    """Class numbers, of which none is left out."""
    classes = f"class numbers from 0 to {num_classes - 1}"

    def rule(labels: np.ndarray) -> Fault | None:
        fix = "Number the classes from 0."
        if labels.ndim != 1 or labels.dtype.kind not in "biu":
            received = f"{labels.dtype} {labels.shape}"
            return Fault(f"{classes}, one per sample", received, fix)
        found = set(np.unique(labels).tolist())
        strange = sorted(found - set(range(num_classes)))
        missing = sorted(set(range(num_classes)) - found)
        if strange:
            return Fault(classes, f"class {strange[0]}", fix)
        if not missing:
            return None
        return Fault(
            f"samples of every class from 0 to {num_classes - 1}",
            f"none of class {', '.join(map(str, missing[:_NAMED]))}",
            "Add some, or number the classes without gaps: from labels "
            "alone no network learns what a class looks like.",
        )

    return rule


def _between(value: np.ndarray) -> str:
    return f"numbers from {value.min()} to {value.max()}"
