"""What a target or a weight must be, by the loss or network that reads it.

A rule looks at one value, and gives back what is wrong with it, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from companion.rules import (
    CONVERT,
    NAN,
    NUMBERS,
    SILENT,
    TRAINS,
    Fault,
    between,
    unmasked,
)
from companion.values import (
    Shape,
    describe,
    fits,
    fits_but_last,
    gaps,
    is_array,
    is_plain,
    kind_of,
    shape_text,
    stretches,
    within,
)

# Of one target, by the loss that reads it


#: What rounding may add to 1, or take from 0.
_ROUNDING = 1e-5
_AXES = (
    "Give a label for each answer. If a sample has one label and many "
    "answers, let the model flatten or pool its last steps."
)


def anything(value: Any) -> Fault | None:
    """What nothing is known of."""
    return None


def numbers(value: Any) -> Fault | None:
    """An array of numbers, gaps or not."""
    if masked := unmasked(value):
        return masked
    if not is_array(value):
        return Fault("an array of numbers", describe(value), CONVERT)
    if not value.shape or kind_of(value) not in NUMBERS:
        return Fault(
            "an array of numbers",
            describe(value),
            "Give numbers, one row per sample; number the classes from 0.",
        )
    return None


def without_gaps(value: np.ndarray) -> Fault | None:
    """No NaN and no infinity in a target or a weight."""
    found = gaps(value)
    if not found:
        return None
    return Fault(
        "numbers without NaN or infinity",
        f"{describe(value)} with {found}",
        "Leave these samples out: the loss would be NaN.",
        NAN,
    )


def like_the_output(shape: Shape, value: np.ndarray) -> Fault | None:
    """One value per output."""
    if fits_but_last(value.shape[1:], shape):
        return None
    return Fault(
        f"the shape of the output, {shape_text(shape)}",
        describe(value),
        "Give one value per output. Keras stretches shapes that differ, "
        "and the loss then means something else.",
        SILENT,
    )


def in_reach(
    activation: str, low: float, high: float, value: np.ndarray
) -> Fault | None:
    """Numbers that lie not far beyond what the last activation gives."""
    width = high - low
    if within(value, low - width, high + width):
        return None
    return Fault(
        f"numbers from {low} to {high}, as its {activation} gives",
        between(value),
        "Scale them, images / 255 for example, or choose another last "
        "activation: this one cannot come near.",
        TRAINS,
    )


def class_numbers(
    shape: Shape, value: np.ndarray, ignore_class: int | None = None
) -> Fault | None:
    """One class number for each softmax, or the one that is ignored."""
    classes = shape[-1] if shape else 0
    expected = "class numbers from 0"
    if classes is not None:
        expected += f" to {classes - 1}"
    if not fits_but_last(value.shape[1:], shape[:-1]):
        fix = "One-hot labels go with categorical_crossentropy."
        if not fits(value.shape[1:], shape):
            fix = _AXES
        return Fault(expected, describe(value), fix)
    if value.dtype.kind == "f" and (value != np.floor(value)).any():
        fix = "Give whole numbers: Keras cuts 1.9 to 1."
        received = f"{describe(value)} with fractions"
        return Fault(expected, received, fix, SILENT)
    if ignore_class is not None:
        value = value[value != ignore_class]
    if within(value, 0, np.inf if classes is None else classes - 1):
        return None
    fix = "Number the classes from 0, or widen the last layer."
    return Fault(expected, between(value), fix, SILENT)


def one_hot(shape: Shape, value: np.ndarray) -> Fault | None:
    """A share for each class."""
    if tuple(shape[-1:]) == (1,):
        return Fault(
            "more than one answer: of a single one the share is always 1",
            shape_text(shape),
            "For yes or no use binary_crossentropy and a sigmoid.",
            SILENT,
        )
    expected = f"one-hot labels {shape_text(shape)}"
    if not fits(value.shape[1:], shape):
        fix = "Class numbers go with sparse_categorical_crossentropy."
        if not fits_but_last(value.shape[1:], shape[:-1]):
            fix = _AXES
        return Fault(expected, describe(value), fix)
    if within(value, 0, 1) and np.allclose(
        value.sum(axis=-1), 1, atol=1e-3
    ):
        return None
    return Fault(
        expected,
        f"{describe(value)} whose rows do not sum to 1",
        "If a sample can have several labels, use binary_crossentropy and "
        "a sigmoid.",
        TRAINS,
    )


def numbers_or_one_hot(shape: Shape, value: np.ndarray) -> Fault | None:
    """What Keras takes for class numbers by its axes, or for shares."""
    as_numbers = value.ndim <= len(shape) or value.shape[-1] == 1
    return (class_numbers if as_numbers else one_hot)(shape, value)


def yes_or_no(shape: Shape, value: np.ndarray) -> Fault | None:
    """0 or 1, or something between."""
    if not within(value, -_ROUNDING, 1 + _ROUNDING):
        return Fault(
            "labels from 0 to 1",
            between(value),
            "Divide a mask of 0 and 255 by 255; write (labels + 1) / 2 for "
            "-1 and 1; for several classes use a softmax and "
            "sparse_categorical_crossentropy.",
            SILENT,
        )
    return like_the_output(shape, value)


def one_of_two(shape: Shape, value: np.ndarray) -> Fault | None:
    """-1 or 1; Keras turns 0 into -1 if there is nothing else."""
    found = set(np.unique(value).tolist())
    if found <= {-1, 1} or found <= {0, 1}:
        return like_the_output(shape, value)
    return Fault(
        "labels -1 and 1, or 0 and 1",
        between(value),
        "For several classes use categorical_hinge, with one-hot labels.",
        SILENT,
    )


def not_below_zero(shape: Shape, value: np.ndarray) -> Fault | None:
    """Counts and the like: Keras cuts what is below, or goes on."""
    if within(value, 0, np.inf):
        return like_the_output(shape, value)
    return Fault(
        "numbers from 0 on",
        between(value),
        "This loss is for counts and sizes; for others use "
        "mean_squared_error.",
        SILENT,
    )


def never_zero(shape: Shape, value: np.ndarray) -> Fault | None:
    """What can be a hundred per cent."""
    if (value != 0).all():
        return like_the_output(shape, value)
    return Fault(
        "numbers without 0",
        f"{describe(value)} with 0",
        "Use mean_absolute_error: of 0 any error is endlessly many per "
        "cent.",
        SILENT,
    )


def directions(shape: Shape, value: np.ndarray) -> Fault | None:
    """Vectors, of which the loss reads the direction alone."""
    if tuple(shape[-1:]) != (1,):
        return like_the_output(shape, value)
    return Fault(
        "vectors of more than one number",
        describe(value),
        "Use mean_squared_error: of one number only the sign counts.",
        SILENT,
    )


#: What each loss of Keras reads. Of a loss of one's own nothing is known.
LOSSES: dict[str, Callable[..., Fault | None]] = {
    "crossentropy": numbers_or_one_hot,
    "sparse_categorical_crossentropy": class_numbers,
    "categorical_crossentropy": one_hot,
    "categorical_focal_crossentropy": one_hot,
    "categorical_hinge": one_hot,
    "binary_crossentropy": yes_or_no,
    "binary_focal_crossentropy": yes_or_no,
    "hinge": one_of_two,
    "squared_hinge": one_of_two,
    "poisson": not_below_zero,
    "mean_squared_logarithmic_error": not_below_zero,
    "mean_squared_error": like_the_output,
    "mean_absolute_error": like_the_output,
    "mean_absolute_percentage_error": never_zero,
    "huber": like_the_output,
    "log_cosh": like_the_output,
    "cosine_similarity": directions,
    "kl_divergence": yes_or_no,
    "dice": yes_or_no,
    "tversky": yes_or_no,
}


# Of one weight, by the values that the loss gives for a sample


def not_below(value: np.ndarray) -> Fault | None:
    """Weights that make an error count more or less."""
    if not within(value, 0, np.inf):
        fix = "Weigh from 0 on: with less, training makes errors grow."
        return Fault("weights from 0 on", between(value), fix, TRAINS)
    if value.any():
        return None
    fix = "Weigh some with more than 0: nothing is learned from these."
    expected = "weights, some of them above 0"
    return Fault(expected, "nothing but 0", fix, TRAINS)


def weights_of_samples(shape: Shape, value: np.ndarray) -> Fault | None:
    """One for each sample, or one for each value that the loss gives."""
    given = tuple(value.shape[1:])
    with_axis = (*shape, 1)  # which Keras drops
    if stretches(given, shape) or (given, tuple(shape)) == ((), (1,)):
        return None
    if given[-1:] == (1,) and stretches(given, with_axis):
        return None
    fix = "Give one number for each sample."
    if shape and not given:
        fix = (
            f"Add the axes: weights[:{', None' * len(shape)}]. Keras would "
            "hand them out along another axis than that of the samples."
        )
    expected = f"one weight per sample, {shape_text((1,) * len(shape))}"
    return Fault(expected, describe(value), fix, SILENT)


def weights_of_a_batch(axes: int, value: np.ndarray) -> Fault | None:
    """All the same, where a loss has one value for all samples."""
    if not value.size or value.min() == value.max():
        return None
    mend = f"Build the loss with axis={tuple(range(1, axes))}"
    if axes == 1:
        mend = "Give the output an axis, with Reshape((1,))"
    return Fault(
        "a loss with one value per sample, which weights can weigh",
        "a loss with one value for the whole batch",
        f"{mend}: as it is, Keras multiplies its one value by the mean of "
        "the weights, and no sample counts more than another.",
        TRAINS,
    )


def counted(value: np.ndarray, weights: Any) -> np.ndarray:
    """A target with an entry that counts in place of those of weight 0."""
    if not is_plain(weights):
        return value
    wide = [at for at, size in enumerate(weights.shape, 1) if size != 1]
    shape = weights.shape[: max([1, *wide])]  # no axes of 1 behind
    weights = weights.reshape(shape)
    fitting = shape == value.shape[: len(shape)]
    if not fitting or weights.all() or not weights.any():
        return value
    counts = weights.reshape(*shape, *(1,) * (value.ndim - len(shape))) != 0
    return np.where(counts, value, value[tuple(np.argwhere(weights)[0])])
