"""Checkers of the sheet *Practice: outputs*."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    DISTANCES,
    answers_of,
    array_of,
    differs,
    loss_name,
    numbers_of,
    shake,
    tried,
    wrong_cost_of_classes,
    wrong_inputs,
    wrong_step,
)

_YES_OR_NO = {"binary_crossentropy", "binary_focal_crossentropy"}
_BY_ROW = {
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "kl_divergence",
}
_BY_NUMBER = {"sparse_categorical_crossentropy"}
_FROM_0 = {"sigmoid", "hard_sigmoid"}
#: Task to its activations and the losses that go with them.
_RIGHT = {
    "class number": ({"softmax"}, _BY_NUMBER),
    "one-hot": ({"softmax"}, _BY_ROW),
    "yes or no": (_FROM_0, _YES_OR_NO),
    "marks": (_FROM_0, _YES_OR_NO),
    "temperature": ({"linear"}, DISTANCES),
    "pixels": ({"tanh", "hard_tanh", "softsign"}, DISTANCES),
}
_COUNTS = {
    "class number": 6,
    "one-hot": 6,
    "yes or no": 1,
    "marks": 3,
    "temperature": 1,
    "pixels": 64,
}
_HINTS = {
    ("yes or no", "softmax"): (
        "a softmax shares 1 among the units. With one unit there is "
        "nothing to share, and the answer is always 1."
    ),
    ("marks", "softmax"): (
        "a softmax makes the units share 1, so that one mark pushes out "
        "the others. These may come together."
    ),
    ("temperature", "relu"): (
        "a relu gives nothing below 0, and a temperature may."
    ),
    ("pixels", "sigmoid"): (
        "a sigmoid ends at 0, and half of the values lie below."
    ),
    ("one-hot", "sparse_categorical_crossentropy"): (
        "the sparse loss wants one class number per row; here a row is a "
        "list of 0 and 1."
    ),
    ("class number", "categorical_crossentropy"): (
        "this loss wants a list of 0 and 1 per row; here a row is one "
        "class number."
    ),
}


@exercise
def last_layers(
    last_layer: Callable[[str, int], tuple[int, str | None, str]],
    counts: Mapping[str, int] = _COUNTS,
) -> Iterator[str]:
    """Units, activation and loss fit each task.

    Args:
        last_layer: A task and how many values its answer has, to the
            units and the activation of the last layer, and the loss.
        counts: Task to the number of values.

    Raises:
        Hint: If one of the three does not fit a task.

    Example:
        >>> last_layers(lambda task, count: (count, "softmax", "mse"))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: class number: ...
    """
    for task, count in counts.items():
        made = yield from tried(last_layer, task, count)
        if not isinstance(made, (tuple, list)) or len(made) != 3:
            yield f"{task}: give back units, activation and loss."
        units, activation, loss = made
        found = yield from tried(
            keras.activations.get, activation, who=f"{task}: Keras"
        )
        right_activations, right_losses = _RIGHT[task]
        if not isinstance(units, (int, np.integer)):
            yield (
                f"{task}: the units are a whole number; yours have the "
                f"type {type(units).__name__}."
            )
        if units != count:
            yield (
                f"{task}, {count} of them: a layer of {units} units gives "
                f"{units} values, and {count} are asked for."
            )
        activation = getattr(found, "__name__", str(activation))
        if activation not in right_activations:
            reason = "which values should the layer be able to give?"
            yield (
                f"{task}, activation {activation}: "
                + _HINTS.get((task, activation), reason)
            )
        name = yield from tried(loss_name, loss, who=f"{task}: Keras")
        if name not in right_losses:
            reason = "what does the label of one row look like?"
            yield f"{task}, loss {loss}: " + _HINTS.get(
                (task, name), reason
            )


@exercise
def typical_error(
    error: Callable[[np.ndarray, np.ndarray], float],
    rows: int = 200,
    seed: int = 0,
    with_last_axis: Iterable[tuple[bool, bool]] = ((True, False),),
) -> Iterator[str]:
    """Each price is compared with its own prediction.

    Args:
        error: Predicted and true prices to the root of the mean squared
            difference.
        rows: How many prices there are.
        seed: Decides the prices.
        with_last_axis: For predicted and true prices, whether they are
            ``(samples, 1)`` or ``(samples,)``; one pair per trial.

    Raises:
        Hint: If the error is another.
    """
    rng = np.random.default_rng(seed)
    prices = rng.uniform(5, 50, rows)
    off = rng.normal(1, 2, rows)
    for axes in with_last_axis:
        predicted, true = (
            values[:, None] if axis else values
            for values, axis in zip((prices + off, prices), axes)
        )
        shapes = f"With shapes {predicted.shape} and {true.shape}"
        advice = f"{shapes} it should work, too."
        copies = predicted.copy(), true.copy()
        made = yield from tried(error, *copies, advice=advice)
        given = yield from numbers_of(made, "Errors")
        if not all(map(np.array_equal, copies, (predicted, true))):
            yield "An array that came in is changed. Make a new one."
        off_by_more = predicted.copy()
        off_by_more[-1] += 1000
        last = yield from tried(error, off_by_more, true, advice=advice)
        if given.ndim:
            yield f"{shapes} you get {given.shape}, not one number."
        table = (prices + off)[:, None] - prices
        if np.isclose(given, np.sqrt(np.mean(table**2))):
            yield (
                f"{shapes} the difference is ({rows}, {rows}): every "
                "prediction minus every price. Make the shapes equal."
            )
        if np.isclose(given, float(last)):
            yield f"{shapes} the last row does not count. Use them all."
        yield from _another_mean(float(given), off)


def _another_mean(given: float, off: np.ndarray) -> Iterator[str]:
    """What was computed in place of the root of the mean square."""
    others = {
        "the mean of the absolute differences": np.mean(np.abs(off)),
        "the mean square; its root is missing": np.mean(off**2),
        "the root of the sum; the mean is missing": np.sum(off**2) ** 0.5,
    }
    for name, value in others.items():
        if np.isclose(given, value):
            yield f"This is {name}. The task asks for another."
    if not np.isclose(given, np.mean(off**2) ** 0.5):
        yield "Square the differences, take their mean, then its root."


@exercise
def words_as_labels(
    labels: Callable[[list[str], list[str]], Any],
    build: Callable[[int], keras.Model],
    names: Sequence[str] = ("low", "high", "higher"),
    rows: int = 30,
    seed: int = 0,
) -> Iterator[str]:
    """Words become classes, and the model learns from them.

    Args:
        labels: Words and the names of all classes, in order, to labels.
        build: A number of classes to a compiled model.
        names: The classes; the last one has no row.
        rows: How many words there are.
        seed: Decides the words and the inputs.

    Raises:
        Hint: If a label is wrong, or the model does not fit the labels.
    """
    rng = np.random.default_rng(seed)
    classes = rng.integers(len(names) - 1, size=rows)
    words = [names[number] for number in classes]
    made = yield from tried(labels, words, list(names))
    made = array_of(made)
    yield from _wrong_labels(made, classes, names)
    model = yield from tried(build, len(names))
    batch = {
        "image": rng.uniform(0, 1, (rows, 8, 8, 1)).astype("float32"),
        "numbers": rng.normal(size=(rows, 2)).astype("float32"),
    }
    yield from wrong_inputs(model, batch)
    given = yield from _probabilities(model, batch, len(names))
    for name, values in batch.items():
        other = yield from answers_of(model, {**batch, name: values[::-1]})
        if not differs(given, other):
            yield f"The answers do not depend on the input {name}."
    yield from _wrong_loss(model, made)
    yield from wrong_step(model, batch, made)
    rows_of = [int(np.argmax(classes == number)) for number in (0, 1)]
    yield from wrong_cost_of_classes(model, made[rows_of], len(names))


def _wrong_labels(
    made: np.ndarray, classes: np.ndarray, names: Sequence[str]
) -> Iterator[str]:
    if made.dtype.kind not in "iufb":
        yield "Your labels are still words. A loss needs numbers."
    if made.shape == (len(classes), len(names)):
        if not np.array_equal(np.sort(made)[:, -2:], [[0, 1]] * len(made)):
            yield "A one-hot row has a single 1 and zeros beside it."
        made = made.argmax(axis=1)
    if made.shape not in {(len(classes),), (len(classes), 1)}:
        yield (
            f"{len(classes)} words of {len(names)} classes should give "
            f"({len(classes)},), or one-hot "
            f"({len(classes)}, {len(names)}). Yours are {made.shape}."
        )
    found = np.ravel(made)
    if np.array_equal(found, classes + 1):
        yield "Your class numbers begin at 1. For Keras they begin at 0."
    by_alphabet = [sorted(names).index(names[c]) for c in classes]
    there = sorted({names[c] for c in classes})
    by_presence = [there.index(names[c]) for c in classes]
    if not np.array_equal(found, classes):
        if any(
            np.array_equal(found, x) for x in (by_alphabet, by_presence)
        ):
            yield (
                "Your classes are numbered in alphabetical order. Asked "
                "for is the order of `names`."
            )
        row = int(np.argmax(found != classes))
        yield (
            f'Row {row} is "{names[classes[row]]}", at place '
            f"{classes[row]} of {list(names)}. Your label says "
            f"{found[row]}."
        )


def _probabilities(
    model: keras.Model, batch: dict[str, np.ndarray], count: int
) -> Generator[str, None, np.ndarray]:
    yield from answers_of(model, batch)
    shake(model, 1)
    given = yield from answers_of(model, batch)
    rows = len(batch["numbers"])
    if given.shape != (rows, count):
        yield (
            f"For {rows} rows and {count} classes the answers should be "
            f"({rows}, {count}). Yours are {given.shape}."
        )
    if given.min() < 0 or not np.allclose(given.sum(axis=1), 1, atol=1e-3):
        yield (
            "Probabilities of classes are never negative and add up to 1 "
            "in each row; yours are not. Which activation does that?"
        )
    return given


def _wrong_loss(model: keras.Model, labels: np.ndarray) -> Iterator[str]:
    """What can be said of a loss by its name; of others, by its costs."""
    if not model.compiled:
        yield "The model is not compiled: it needs a loss that fits."
    loss: Any = model.loss
    if isinstance(loss, (list, dict)) and len(loss) == 1:
        (loss,) = loss.values() if isinstance(loss, dict) else loss
    name = yield from tried(loss_name, loss, who="Keras")
    one_hot = labels.ndim == 2 and labels.shape[1] > 1
    if name in (_BY_NUMBER if one_hot else _BY_ROW):
        kind = "one-hot rows" if one_hot else "class numbers"
        yield f"Your labels are {kind}. The loss {name} is not for those."
    if getattr(loss, "from_logits", False):
        yield (
            "`from_logits=True` takes the answers for logits. Yours are "
            "probabilities already: a softmax would come twice."
        )
