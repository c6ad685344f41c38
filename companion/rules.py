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
    is_array,
    is_count,
    is_one_hot,
    kind_of,
    shape_text,
    within,
)

#: What Keras does with a value of this kind: it stops; it may go on, with
#: something else than was meant; it trains on what was meant.
FAILS, SILENT, TRAINS = "fails", "silent", "trains"
#: It goes on, but one gap makes the loss NaN, unless a layer fills it.
NAN = "a loss of NaN"


class Fault(NamedTuple):
    """What a rule says: a `Problem` without its place, and how grave."""

    expected: str
    received: str
    fix: str
    outcome: str = FAILS

    @property
    def verdict(self) -> str:
        """A problem, or a warning where Keras trains on what was meant."""
        return "warning" if self.outcome == TRAINS else "problem"

    def at(self, where: str) -> Problem:
        """The same of a value at its place."""
        return Problem(where, self.expected, self.received, self.fix)


Rule = Callable[[Any], Fault | None]

NUMBERS = "biuf"
#: Classes that a message names.
_NAMED = 5
CONVERT = "Convert it first: np.asarray(values)."
_TEXTS = (
    "Number the words from 0: np.unique(values, return_inverse=True)[1]."
)
#: What to do with values that are no numbers, by the kind of their type.
_NO_NUMBERS = {
    "M": 'Count the days: (values - first_day) / np.timedelta64(1, "D").',
    "m": 'Count the days: values / np.timedelta64(1, "D").',
    "O": 'If these are numbers: values.astype("float32").',
    "U": _TEXTS,
    "S": _TEXTS,
    "V": "Give each field as an array of its own.",
    "": "If these are numbers: tf.strings.to_number(values).",  # a tensor
}


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


def choice_problem(
    setting: str, value: Any, choices: Iterable[str], *, of: str
) -> Problem | None:
    """A setting that is none of the words there are.

    Args:
        setting: Its name.
        value: What was given.
        choices: The words.
        of: What the setting belongs to.
    """
    if isinstance(value, str) and value in choices:
        return None
    expected = f"{setting} to be one of {', '.join(choices)}"
    fix = "Choose one of them."
    return Problem(of, expected, f"{setting}={value!r}", fix)


def sizes_problem(
    setting: str,
    value: Any,
    *,
    of: str,
    axes: int | None = None,
    at_least: int = 1,
) -> Problem | None:
    """A setting that is no tuple of whole numbers, at least 1.

    Args:
        setting: Its name.
        value: What was given.
        of: What the setting belongs to.
        axes: How many numbers there must be, if that is fixed.
        at_least: How many there must be otherwise.
    """
    least, most = (axes, axes) if axes else (at_least, math.inf)
    listed = isinstance(value, (tuple, list))
    if listed and least <= len(value) <= most:
        if all(is_count(size, 1) for size in value):
            return None
    many = f"{axes} " if axes else ""
    return Problem(
        f"{of}, {setting}",
        f"a tuple of {many}whole numbers, at least 1",
        f"{setting}={value!r}",
        "Give one size as a number, several in brackets.",
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
        if not is_array(value):
            return Fault(str(self), describe(value), CONVERT)
        readable = self._text if self.dtype == "string" else self._number
        return readable(value) or self._shape(value)

    def _text(self, value: Any) -> Fault | None:
        """Texts as tensors, or as objects along one axis."""
        kind, plain = kind_of(value), isinstance(value, np.ndarray)
        if not plain or (kind, value.ndim) == ("O", 1):
            return None
        make = "tf.as_string" if kind in NUMBERS else "tf.constant"
        fix = f"Make it a tensor of texts: {make}(values)."
        return Fault(str(self), describe(value), fix)

    def _number(self, value: Any) -> Fault | None:
        """Numbers that the type of the Input leaves as they are."""
        kind, viewed = kind_of(value), isinstance(value, np.ndarray)
        if kind == "c":
            fix = "Give values.real, values.imag: Keras drops the second."
            return Fault(str(self), describe(value), fix, SILENT)
        if kind not in NUMBERS:
            kind = "" if keras.ops.is_tensor(value) else kind
            fix = _NO_NUMBERS.get(kind, CONVERT)
            return Fault(str(self), describe(value), fix)
        whole_asked = self.dtype.startswith(("int", "uint"))
        if kind != "f" or not whole_asked or not viewed:
            return None
        fix = f'Convert it: values.astype("{self.dtype}").'
        if all((part == np.floor(part)).all() for part in in_chunks(value)):
            return Fault(str(self), describe(value), fix, TRAINS)
        fix = (
            f"If these are meant whole: np.rint(values).astype("
            f'"{self.dtype}"). Keras would cut 2.9 to 2 without a word.'
        )
        return Fault(
            str(self), f"{describe(value)} with fractions", fix, SILENT
        )

    def _shape(self, value: Any) -> Fault | None:
        shape = tuple(value.shape)
        text = self.dtype == "string" and isinstance(value, np.ndarray)
        fitting = fits_but_last if text else fits
        if shape and fitting(shape[1:], self.shape):
            return None
        outcome = FAILS
        if shape and fits_but_last(shape[1:], self.shape):
            outcome = TRAINS  # Keras adds the axis of 1, or drops it
        elif len(shape) == 1 + len(self.shape):
            outcome = SILENT  # it lets an axis of 1 pass for any other
        fix = self._reshaping(shape)
        return Fault(str(self), describe(value), fix, outcome)

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
        SILENT,
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
                "Divide them by a large number, or take the logarithm of "
                "numbers above 0.",
                NAN,
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
                TRAINS,
            )
    return None


def mild(rule: Callable[..., Fault | None]) -> Callable[..., Fault | None]:
    """The same as a warning, where a rule cannot be sure."""

    def milder(*asked: Any) -> Fault | None:
        fault = rule(*asked)
        return fault and fault._replace(outcome=TRAINS)

    return milder


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
            NAN,
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
            between(value),
            'Declare a wider Input: dtype="int64".',
            SILENT,
        )

    return rule


def ids_of_table(
    rows: int, kind: str = "Embedding", setting: str = "input_dim"
) -> tuple[Rule, Rule]:
    """What an Embedding of so many rows can look up."""

    def not_one_hot(value: np.ndarray) -> Fault | None:
        if not is_one_hot(value, rows):
            return None
        return Fault(
            "one category number per sample for its Embedding",
            f"{describe(value)}, one-hot",
            "Give the number: values.argmax(axis=-1). An Embedding looks "
            "up every 0 and 1.",
            SILENT if rows > 2 else TRAINS,  # else these may be two flags
        )

    def in_table(value: np.ndarray) -> Fault | None:
        if within(value, 0, rows - 1):
            return None
        more = f", or enlarge {setting}" if value.max() >= rows else ""
        return Fault(
            f"ids from 0 to {rows - 1}, the rows of its {kind}",
            f"ids from {value.min()} to {value.max()}",
            f"Number the categories from 0{more}.",
            SILENT,  # TensorFlow stops on a CPU, and nowhere else
        )

    return not_one_hot, in_table


def some_word(value: np.ndarray) -> Fault | None:
    """A word in each row, where a mean passes over id 0."""
    filled = value.any(axis=tuple(range(1, value.ndim)))
    if filled.all():
        return None
    blank = len(value) - np.count_nonzero(filled)
    return Fault(
        "an id other than 0 in every row",
        f"{describe(value)} with 0 alone in {blank} of {len(value)} rows",
        "Give them the id of the unknown word: values[~values.any(axis=1), "
        "0] = 1. With mask_zero, a mean over no word is NaN.",
        NAN,
    )


def zero_or_one(value: np.ndarray) -> Fault | None:
    """A mask that a layer reads as there, or not there."""
    if np.isin(value, (0, 1)).all():
        return None
    return Fault(
        "a mask: 1 where the value is there, 0 where it is missing",
        between(value),
        "Write (mask > 0.5): any number but 0 counts as there.",
        SILENT,
    )


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
            SILENT,
        )

    return rule


def every_class(num_classes: int) -> Rule:
    """Class numbers, of which none is left out."""
    classes = f"class numbers from 0 to {num_classes - 1}"

    def rule(labels: np.ndarray) -> Fault | None:
        fix = "Number the classes from 0."
        if labels.ndim != 1 or labels.dtype.kind not in "biu":
            received = f"{labels.dtype} {labels.shape}"
            expected = f"{classes}, one per sample"
            return Fault(expected, received, fix, SILENT)
        found = set(np.unique(labels).tolist())
        strange = sorted(found - set(range(num_classes)))
        missing = sorted(set(range(num_classes)) - found)
        if strange:
            return Fault(classes, f"class {strange[0]}", fix, SILENT)
        if not missing:
            return None
        return Fault(
            f"samples of every class from 0 to {num_classes - 1}",
            f"none of class {', '.join(map(str, missing[:_NAMED]))}",
            "Add some, or number the classes without gaps: from labels "
            "alone no network learns what a class looks like.",
            SILENT,
        )

    return rule


def between(value: np.ndarray) -> str:
    """The smallest and the largest number, in words."""
    return f"numbers from {value.min()} to {value.max()}"
