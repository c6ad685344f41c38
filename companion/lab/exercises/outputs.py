"""Checkers of the sheet *Practice: outputs*."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise

_DISTANCES = {
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "log_cosh",
}
#: Task to its activation and the losses that go with it.
_RIGHT = {
    "class number": ("softmax", {"sparse_categorical_crossentropy"}),
    "one-hot": ("softmax", {"categorical_crossentropy"}),
    "yes or no": ("sigmoid", {"binary_crossentropy"}),
    "marks": ("sigmoid", {"binary_crossentropy"}),
    "temperature": ("linear", _DISTANCES),
    "pixels": ("tanh", _DISTANCES),
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


def loss_name(loss: Any) -> str:
    """The name of a loss, however it was written.

    Args:
        loss: What ``compile`` takes as the loss of one output.

    Returns:
        A name with underscores; ``"none"`` if there is no loss.

    Example:
        >>> loss_name("mse"), loss_name(keras.losses.MeanSquaredError())
        ('mean_squared_error', 'mean_squared_error')
    """
    found = keras.losses.get(loss)
    name = getattr(found, "name", None) or getattr(found, "__name__", None)
    return name or "none"


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
        units, activation, loss = last_layer(task, count)
        right_activation, right_losses = _RIGHT[task]
        if units != count:
            yield (
                f"{task}, {count} of them: a layer of {units} units gives "
                f"{units} values, and {count} are asked for."
            )
        if (activation or "linear") != right_activation:
            reason = "which values should the layer be able to give?"
            yield (
                f"{task}, activation {activation}: "
                + _HINTS.get((task, str(activation)), reason)
            )
        name = loss_name(loss)
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
        try:
            given = error(predicted, true)
            off_by_more = predicted.copy()
            off_by_more[-1] += 1000
            last = error(off_by_more, true)
        except (IndexError, ValueError) as problem:
            yield f"{shapes} it fails: {problem}."
            return
        if np.ndim(given):
            yield f"{shapes} you get {np.shape(given)}, not one number."
        table = (prices + off)[:, None] - prices
        if np.isclose(given, np.sqrt(np.mean(table**2))):
            yield (
                f"{shapes} the difference is ({rows}, {rows}): every "
                "prediction minus every price. Make the shapes equal."
            )
        if np.isclose(given, last):
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
def two_outputs(
    build: Callable[[], keras.Model],
    targets_and_weights: Callable[..., tuple[dict, dict]],
    rows: int = 100,
    seed: int = 0,
) -> Iterator[str]:
    """Two outputs by name, and no unknown price counts.

    Args:
        build: Makes the compiled model.
        targets_and_weights: Bands and prices, both ``(samples,)``, to
            targets and sample weights by output.
        rows: How many parcels there are.
        seed: Decides them.

    Raises:
        Hint: If an output, a loss, a target or a weight is wrong.
    """
    yield from _wrong_model(build())
    rng = np.random.default_rng(seed)
    bands, prices = rng.integers(0, 6, rows), rng.uniform(3, 30, rows)
    known = rng.random(rows) < 0.7
    prices[~known] = np.nan
    before = prices.copy()
    targets, weights = targets_and_weights(bands, prices)
    if not np.array_equal(prices, before, equal_nan=True):
        yield "Your function changes the prices it is given. Copy them."
    for part in (targets, weights):
        if part.keys() != {"band", "price"}:
            yield f"Both dicts need band and price; one has {list(part)}."
        for name, values in part.items():
            if len(values) != rows:
                yield (
                    f"Of {rows} rows {len(values)} are left under {name}. "
                    "Leave every row in: its band is known."
                )
            if np.isnan(values).any():
                yield (
                    f"There is a NaN under {name}. A weight of 0 does not "
                    "help there: 0 times NaN is NaN. Put a number."
                )
    if not np.array_equal(np.ravel(targets["band"]), bands):
        yield "The bands are all known: hand them on as they are."
    if not np.allclose(np.ravel(targets["price"])[known], prices[known]):
        yield "Prices that are known should stay as they are."
    if not np.array_equal(weights["band"], np.ones(rows)):
        yield "Every band is known, so each has the weight 1."
    if not np.array_equal(weights["price"], known):
        yield "The weight of a price is 1 if it is known, and 0 if not."


def _wrong_model(model: keras.Model) -> Iterator[str]:
    answers = model.output
    if not isinstance(answers, dict):
        answers = dict(zip(model.output_names, model.outputs))
    if answers.keys() != {"band", "price"}:
        yield (
            f"The outputs are called {', '.join(answers)}. Pass "
            "keras.Model a dict, or name the last layers, so that band and "
            "price go by name."
        )
    shapes = {name: answer.shape for name, answer in answers.items()}
    if shapes != {"band": (None, 6), "price": (None, 1)}:
        yield f"Six probabilities and one number, please; yours: {shapes}."
    if not model.compiled:
        yield "The model is not compiled yet; the losses are in the task."
    losses = model.loss
    if not isinstance(losses, dict):
        yield "Give each output a loss of its own: a dict, name to loss."
    if loss_name(losses["band"]) != "sparse_categorical_crossentropy":
        yield "Bands are class numbers. Which loss takes those?"
    if loss_name(losses["price"]) not in _DISTANCES:
        yield "A price is a number. Which loss measures how far off it is?"
    weights = model.get_compile_config()["loss_weights"]
    if not isinstance(weights, dict):
        yield "The losses have no weights yet. Give each output its own."
    if weights != {"band": 1, "price": 0.1}:
        yield (
            f"The loss weights are {weights}. A squared price is larger "
            "than a cross-entropy: which of the two has to be held back?"
        )
