"""Checkers of the sheet *Practice: several sensors*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    numbers_of,
    shake,
    tried,
    wrong_cost_of_numbers,
    wrong_inputs,
    wrong_step,
)

#: How far an estimate may be from the right one.
_NEAR = 1e-4


@exercise
def side_by_side(
    align: Callable[[np.ndarray, np.ndarray, int], np.ndarray],
    steps: int = 8,
    every: int = 2,
    seed: int = 0,
) -> Iterator[str]:
    """Both sensors have the same steps, and the mask tells of each reading.

    Args:
        align: Readings of the fast and of the slow sensor, and at which
            steps the slow one reads, to one array.
        steps: Readings of the fast sensor.
        every: The slow sensor reads at each step that this divides.
        seed: Decides the readings.

    Raises:
        Hint: If a channel is another.
    """
    fast, slow = _two_rates(steps, every, seed)
    given = fast.copy(), slow.copy()
    result = yield from tried(align, *given, every)
    if not all(map(_equal, given, (fast, slow))):
        yield (
            "The arrays that came in are changed. Make a new array, and "
            "leave what you were given."
        )
    right = _laid_out(fast, slow, every)
    if array_of(result).dtype == bool:
        yield "The array should hold readings; yours is of True and False."
    found = yield from numbers_of(result, "Readings and mask")
    if found.shape == (*right.shape[:2], right.shape[2] - 1):
        yield (
            f"There are {found.shape[2]} channels; {right.shape[2]} are "
            "asked for. The last one is the mask."
        )
    if found.shape != right.shape:
        yield f"The array should be {right.shape}; yours is {found.shape}."
    if np.isnan(found).any():
        yield (
            "There is NaN in your array, and one NaN makes every answer of "
            "a network NaN. Where there is no reading, write 0."
        )
    yield from _wrong_channels(found, fast, slow, every)


def _two_rates(
    steps: int, every: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Readings of one channel, and of two with a drop-out in each row."""
    rng = np.random.default_rng([seed, 2])
    fast = rng.uniform(1, 2, (3, steps, 1)).astype("float32")
    slow = rng.uniform(3, 4, (3, -(-steps // every), 2)).astype("float32")
    slow[[0, 1, 2], [1, 2, 1]] = np.nan
    slow[1, 1] = 0  # read, and not a gap
    return fast, slow


def _laid_out(
    fast: np.ndarray, slow: np.ndarray, every: int, begin: int = 0
) -> np.ndarray:
    """What is asked for; or a later beginning, a usual mistake."""
    steps = np.zeros((*fast.shape[:2], 3), "float32")
    due = steps[:, begin::every]
    count = due.shape[1]
    due[..., :2] = np.nan_to_num(slow[:, :count])
    due[..., 2] = np.isfinite(slow[:, :count, 0])
    return np.concatenate([fast, steps], axis=-1)


def _equal(one: Any, other: Any) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def _wrong_channels(
    found: np.ndarray, fast: np.ndarray, slow: np.ndarray, every: int
) -> Iterator[str]:
    """The first mistake in readings or in the mask."""
    right = _laid_out(fast, slow, every)
    if np.array_equal(found, right):
        return
    mask, there = found[..., 3], right[..., 3]
    if np.array_equal(found, np.roll(right, -1, axis=2)):
        yield "The fast sensor comes last. Put its channel first."
    if np.array_equal(found, _laid_out(fast, slow, every, 1)):
        yield (
            "The slow readings stand one step late: reading 0 belongs to "
            "step 0."
        )
    if not np.array_equal(found[..., :1], fast):
        yield "Channel 0 is not what the fast sensor read."
    crowded = np.nan_to_num(slow[..., 0])
    if np.array_equal(found[:, : slow.shape[1], 1], crowded):
        yield (
            "The slow readings stand in the first steps, one after the "
            f"other. Reading n belongs to step {every} * n."
        )
    if np.all(found[:, 1:every, 1] == found[:, :1, 1]):
        yield (
            "Between two slow readings the last one is repeated, as if it "
            "had been read again. A step without a reading holds 0."
        )
    if not np.array_equal(found[..., 1:3], right[..., 1:3]):
        row, step = np.argwhere(np.any(found != right, axis=2))[0]
        yield (
            f"At step {step} of row {row} the slow channels hold "
            f"{found[row, step, 1:3].tolist()}; "
            f"{right[row, step, 1:3].tolist()} is asked for."
        )
    if np.array_equal(mask, 1 - there):
        yield "The mask is the other way round: 1 means a reading."
    read = np.any(right[..., 1:3] != 0, axis=2)
    if np.array_equal(mask, read):
        yield (
            "A reading of 0 has the mask 0: the mask should tell it from a "
            "step without a reading."
        )
    if mask[:, ::every].all():
        yield (
            "The mask is 1 at every step at which the slow sensor should "
            "read, also where its reading dropped out."
        )
    row, step = np.argwhere(mask != there)[0]
    yield (
        f"At step {step} of row {row} the mask is {mask[row, step]:g}; "
        f"{there[row, step]:g} is asked for."
    )


@exercise
def answers_online(
    build: Callable[[int, int], keras.Model],
    steps: int = 30,
    channels: int = 3,
    seed: int = 0,
) -> Iterator[str]:
    """An answer at each step, from the readings up to it and none later.

    Args:
        build: Steps and channels, to a compiled model.
        steps: Readings in a row.
        channels: Numbers in a reading.
        seed: Decides weights and readings.

    Raises:
        Hint: If an answer depends on other readings.
    """
    model = yield from tried(build, steps, channels)
    rng = np.random.default_rng([seed, 3])
    readings = rng.normal(size=(6, steps, channels)).astype("float32")
    batch, asked = {"readings": readings}, (6, steps, 1)
    yield from wrong_inputs(model, batch)
    before = yield from answers_of(model, batch)
    if before.shape == (6, 1):
        yield (
            "Your model gives one number for each row, (6, 1), and the "
            f"targets are {asked}. Keras stretches one against the other. "
            "Which argument of the layer gives a state at every step?"
        )
    if before.shape != asked:
        yield f"The answers should be {asked}; yours are {before.shape}."
    targets = rng.normal(size=asked).astype("float32")
    yield from wrong_step(model, batch, targets)
    some = np.zeros((3, steps, 1), "float32") + [[[-1]], [[0.5]], [[2]]]
    yield from wrong_cost_of_numbers(model, some.astype("float32"), 0.5)
    shake(model, seed)
    yield from _wrong_memory(model, readings, steps // 2)


def _wrong_memory(
    model: keras.Model, readings: np.ndarray, step: int
) -> Generator[str, None, None]:
    """Readings that should count and do not, or the other way round."""
    before = yield from answers_of(model, {"readings": readings})

    def moved(steps: Any, channels: Any = slice(None)) -> Any:
        """Answers if these readings are others."""
        other = readings.copy()
        other[:, steps, channels] += 1
        return answers_of(model, {"readings": other})

    later = yield from moved(slice(step + 1, None))
    if differs(later[:, : step + 1], before[:, : step + 1]):
        yield (
            f"If the readings after step {step} change, an answer at step "
            f"{step} or before changes: the model looks into the future. "
            "In a cart that is moving there is none to look at."
        )
    now = yield from moved(step)
    if not differs(now[:, step], before[:, step]):
        yield (
            f"If the reading of step {step} changes, the answer at step "
            f"{step} does not: your answers come too late."
        )
    earlier = yield from moved(step - 1)
    if not differs(earlier[:, step], before[:, step]):
        yield (
            f"If the reading of step {step - 1} changes, the answer at "
            f"step {step} does not: the model remembers nothing."
        )
    for channel in range(readings.shape[2]):
        other = yield from moved(step, channel)
        if not differs(other[:, step], before[:, step]):
            yield f"Channel {channel} makes no difference to the answers."


class _Readings(NamedTuple):
    """What sensors of known noise read of a number.

    Attributes:
        readings: float32 ``(rows, sensors)``.
        noise: float32 ``(rows, sensors)``, standard deviations.
        truth: float32 ``(rows, 1)``.
    """

    readings: np.ndarray
    noise: np.ndarray
    truth: np.ndarray

    @property
    def fed(self) -> dict[str, np.ndarray]:
        """The inputs of a model."""
        return {"readings": self.readings, "noise": self.noise}


def _measured(rows: int, sensors: int, seed: int) -> _Readings:
    rng = np.random.default_rng([seed, 4])
    truth = rng.normal(0, 3, (rows, 1))
    level = rng.uniform(-2, 2, (rows, sensors))
    noise = np.exp(level - level.mean(axis=1, keepdims=True))
    readings = truth + noise * rng.normal(size=noise.shape)
    return _Readings(
        *(x.astype("float32") for x in (readings, noise, truth))
    )


def _mean(readings: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A weighted mean of each row, ``(rows, 1)``."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    mean: np.ndarray = (weights * readings).sum(axis=1, keepdims=True)
    return mean


@exercise
def weighed(
    weigh: Callable[[np.ndarray, np.ndarray], np.ndarray],
    sensors: int = 2,
    seed: int = 0,
) -> Iterator[str]:
    """Each reading counts by one over its variance.

    Args:
        weigh: Readings and their noise, to estimates.
        sensors: How many readings there are of each number.
        seed: Decides the readings.

    Raises:
        Hint: If the weights are others.

    Example:
        >>> weighed(lambda x, noise: x.mean(axis=1, keepdims=True))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: Your estimate is the plain mean. ...
    """
    rows = _measured(50, sensors, seed)
    given = rows.readings.copy(), rows.noise.copy()
    result = yield from tried(weigh, *given)
    if not all(map(np.array_equal, given, rows)):
        yield "An array that came in is changed. Make a new one."
    found = yield from numbers_of(result, "Estimates")
    if found.shape == (50,):
        yield (
            "Your estimates are (50,); (50, 1) is asked for. Subtracted "
            "from the truth, (50, 1), they would make (50, 50) numbers."
        )
    if found.shape != (50, 1):
        yield f"The estimates should be (50, 1); yours are {found.shape}."
    right = _mean(rows.readings, rows.noise**-2.0)
    for hint, estimate in _other_estimates(rows).items():
        if np.allclose(found, estimate, atol=_NEAR):
            yield hint
    if not np.allclose(found, right, atol=_NEAR):
        one, noise = (x[0].round(2).tolist() for x in rows[:2])
        yield (
            f"Look at row 0: it reads {one}, with the noise {noise}. Your "
            f"estimate is {found[0, 0]:.2f}, the best one is "
            f"{right[0, 0]:.2f}."
        )


def _other_estimates(rows: _Readings) -> dict[str, np.ndarray]:
    """Hint to the estimates that are usually meant for the best."""
    readings, noise = rows.readings, rows.noise
    surest = noise.argmin(axis=1)[:, None]
    return {
        "Your estimate is the plain mean. A reading that is ten times as "
        "noisy should count less.": _mean(readings, noise**0),
        "Your weights are 1 / noise. The noise is a standard deviation; "
        "weights go by the variance.": _mean(readings, 1 / noise),
        "Your weights grow with the noise: the noisier reading counts "
        "more.": _mean(readings, noise**2),
        "You take the surest reading alone. The other one knows something, "
        "too.": np.take_along_axis(readings, surest, axis=1),
        "Your weights do not add up to 1. Divide by their sum.": np.sum(
            readings / noise**2, axis=1, keepdims=True
        ),
    }


@exercise
def told_the_noise(
    train: Callable[..., keras.Model],
    sensors: int = 2,
    share: float = 1.2,
    seed: int = 0,
) -> Iterator[str]:
    """The network weighs its readings nearly as well as the formula.

    Args:
        train: Readings, noise and truth, to a trained model.
        sensors: How many readings there are of each number.
        share: The most its error may be, as a multiple of the formula's.
        seed: Decides the readings.

    Raises:
        Hint: If its error is larger.
    """
    rows, test = (
        _measured(8000, sensors, seed),
        _measured(2000, sensors, 99),
    )
    model = yield from tried(train, *(x.copy() for x in rows))
    yield from wrong_inputs(model, test.fed)
    answers = yield from answers_of(model, test.fed)
    if answers.shape != (2000, 1):
        yield (
            "For 2000 rows the answers should be (2000, 1); yours are "
            f"{answers.shape}."
        )
    ratio = _error(answers, test) / _error(
        _mean(test.readings, test.noise**-2.0), test
    )
    if not ratio <= share:
        yield from _why_worse(model, test, answers, ratio, share)
    shake(model, seed)
    if not differs((yield from answers_of(model, test.fed)), answers):
        yield (
            "With other weights your model gives the same answers: it "
            "holds the formula, and has learned nothing."
        )


def _error(answers: np.ndarray, rows: _Readings) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((answers - rows.truth) ** 2)))


def _why_worse(
    model: keras.Model,
    test: _Readings,
    answers: np.ndarray,
    ratio: float,
    share: float,
) -> Iterator[str]:
    """What can be said of a network that is worse than the formula."""
    told = (
        f"The error of your model is {ratio:.2f} times the formula's; "
        f"at most {share} is asked for."
    )
    for name, values in test.fed.items():
        other = test.fed | {name: values[::-1].copy()}
        if not differs((yield from answers_of(model, other)), answers):
            yield f"{told} The input {name} makes no difference to it."
    if _error(answers, test) > 0.9 * float(test.truth.std()):
        yield (
            f"{told} Always answering 0 would do about as well. Was it "
            "trained, and on the truth?"
        )
    plain = _mean(test.readings, test.noise**0)
    if _error(answers, test) > 0.9 * _error(plain, test):
        yield (
            f"{told} The plain mean would do about as well. Can your model "
            "multiply a reading by a weight that depends on the noise?"
        )
    yield f"{told} Was training long enough?"
