"""Checkers of the sheet *Practice: two sensors and their future*."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist
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
    wrong_inputs,
)

_SENSORS = {"accelerometer": (12, 1), "radar": (6, 2)}
#: How far two shares, or a factor and its right value, may be apart.
_SAME, _NEAR = 0.003, 0.01


@exercise
def one_shape(
    series_model: Callable[..., tuple[keras.Model, np.ndarray]],
    sensors: Mapping[str, tuple[int, int]] | None = None,
    horizon: int = 20,
    seed: int = 0,
) -> Iterator[str]:
    """Predictions and targets have one shape, a number for each step.

    Args:
        series_model: Arrays by name and futures, to a model and targets.
        sensors: Steps and channels of each sensor, by name.
        horizon: Steps of a future.
        seed: Decides the numbers.

    Raises:
        Hint: If the shapes differ, targets are lost, or the steps of a
            prediction cannot differ.
    """
    rng = np.random.default_rng([seed, 20])
    inputs = {
        name: rng.normal(size=(40, *shape)).astype("float32")
        for name, shape in (sensors or _SENSORS).items()
    }
    future = rng.normal(size=(40, horizon)).astype("float32")
    made = yield from tried(series_model, inputs, future.copy())
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        yield (
            "Give back two things: the model, and the targets. Yours is a "
            f"{type(made).__name__}."
        )
    model = made[0]
    yield from wrong_inputs(model, inputs)
    targets = yield from numbers_of(made[1], "Targets")
    yield from _wrong_targets(targets, future)
    answers = yield from answers_of(model, inputs)
    if answers.shape != targets.shape:
        yield (
            f"Predictions have the shape {answers.shape}, and targets "
            f"{targets.shape}: they should have one shape."
        )
    yield from _wrong_steps(model, inputs, seed)


def _wrong_targets(
    targets: np.ndarray, future: np.ndarray
) -> Iterator[str]:
    """Targets that are not all numbers of the futures, in order."""
    if targets.size != future.size:
        yield (
            f"The futures hold {future.size} numbers, and your targets "
            f"hold {targets.size}. None should be lost or made up."
        )
    if not np.array_equal(targets.ravel(), future.ravel()):
        yield (
            "Your targets are other numbers than the futures, or stand in "
            "another order. Only the shape may change."
        )
    if targets.shape not in (future.shape, (*future.shape, 1)):
        yield (
            f"Your targets have the shape {targets.shape}; "
            f"{future.shape} or {(*future.shape, 1)} is asked for."
        )


def _wrong_steps(
    model: keras.Model, inputs: dict[str, np.ndarray], seed: int
) -> Iterator[str]:
    """Steps that cannot differ, or that do not depend on an input."""
    shake(model, seed)
    answers = yield from answers_of(model, inputs)
    steps = answers.reshape(len(answers), -1)
    if not differs(steps, steps[:, :1]):
        yield (
            "All steps of a prediction are the same number, whatever the "
            "weights are: nothing tells one step from the next."
        )
    if len(np.unique(steps, axis=1).T) < steps.shape[1]:
        yield (
            "Two steps of a prediction are the same number in every row, "
            "whatever the weights are. Each step can be another number."
        )
    for name, readings in inputs.items():
        other = inputs | {name: readings[::-1] + 1}
        changed = yield from answers_of(model, other)
        if not differs(answers, changed):
            yield f"The predictions do not depend on the input {name}."
        same = ~np.any(steps != changed.reshape(steps.shape), axis=0)
        if same.any():
            yield (
                f"Step {same.argmax()} of the predictions does not depend "
                f"on the input {name}."
            )


@exercise
def told_the_step_before(
    told: Callable[[np.ndarray, np.ndarray], np.ndarray],
    channels: int = 1,
    seed: int = 0,
) -> Iterator[str]:
    """Each step is told the step before it, and never its own answer.

    Args:
        told: Futures ``(rows, steps, channels)`` and the last known values
            ``(rows, channels)``, to what each step is told.
        channels: Numbers in each step.
        seed: Decides the numbers.

    Raises:
        Hint: If a step is told anything else.
    """
    rng = np.random.default_rng([seed, 21])
    future = rng.normal(size=(30, 8, channels)).astype("float32")
    last = rng.normal(size=(30, channels)).astype("float32")
    given = future.copy(), last.copy()
    found = yield from tried(told, *given)
    if not (
        np.array_equal(given[0], future) and np.array_equal(given[1], last)
    ):
        yield (
            "The arrays that came in are changed. They are the targets, "
            "too: make an array of your own."
        )
    before = yield from numbers_of(found, "What the steps are told")
    if before.shape != future.shape:
        yield (
            f"What comes back has the shape {before.shape}; the futures "
            f"have {future.shape}, and each step is told something."
        )
    right = np.concatenate([last[:, None], future[:, :-1]], axis=1)
    if not np.allclose(before, right, atol=1e-6):
        yield from _told_wrong(before, future, last)


def _told_wrong(
    before: np.ndarray, future: np.ndarray, last: np.ndarray
) -> Iterator[str]:
    """What the steps are told in place of the step before."""

    def is_told(place: Any, values: np.ndarray) -> bool:
        return bool(np.allclose(before[place], values, atol=1e-6))

    first, rest = np.s_[:, 0], np.s_[:, 1:]
    if is_told(np.s_[:], future):
        yield (
            "Each step is told its own value, which is the answer. To draw "
            "a future nobody can tell it."
        )
    if is_told(np.s_[:, :-1], future[:, 1:]):
        yield "Each step is told the value of the step after it."
    if is_told(np.s_[1:], future[:-1]):
        yield (
            "The rows are moved, and not the steps: each row is told the "
            "future of another ride."
        )
    if is_told(np.s_[:], np.broadcast_to(last[:, None], future.shape)):
        yield "Every step is told `last`. Only the first one should be."
    if is_told(rest, future[:, :-1]):
        yield from _first_wrong(is_told, first, future)
    yield (
        "Some steps are told something else than the step before. Print "
        "one row of the future, `last`, and what you give back."
    )


def _first_wrong(
    is_told: Callable[[Any, np.ndarray], bool],
    first: Any,
    future: np.ndarray,
) -> Iterator[str]:
    """All is right but the first step."""
    if is_told(first, future[:, -1]):
        yield (
            "The first step is told the last step of its own future: what "
            "is pushed out at the end comes in again at the start."
        )
    if is_told(first, future[:, 0]):
        yield "The first step is told its own value, and that is an answer."
    if is_told(first, np.zeros_like(future[:, 0])):
        yield (
            "The first step is told 0, and it should be told `last`: that "
            "value is known."
        )
    yield (
        "Only the first step is wrong. It should be told `last`, each row "
        "and each channel its own."
    )


class _Forecasts(NamedTuple):
    """Means, spreads and truths, float32 ``(rows, steps, channels)``."""

    mean: np.ndarray
    spread: np.ndarray
    truth: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Distance to the mean, in units of the spread."""
        return np.abs(self.truth - self.mean) / self.spread

    def covered(self, z: float) -> float:
        """The share of truths within so many spreads."""
        return float(np.mean(self.errors <= z))


def _forecasts(
    shape: tuple[int, ...], seed: int
) -> tuple[_Forecasts, _Forecasts]:
    """To validate and to test: spreads too small, large errors common."""
    rng = np.random.default_rng([seed, 22])
    made = []
    for _ in range(2):
        mean = rng.normal(size=shape)
        spread = rng.uniform(0.5, 2, shape)
        truth = mean + 1.6 * spread * rng.standard_t(2.5, shape)
        arrays = (x.astype("float32") for x in (mean, spread, truth))
        made.append(_Forecasts(*arrays))
    return made[0], made[1]


@exercise
def covers_what_it_says(
    calibrated: Callable[..., tuple[float, float]],
    share: float = 0.8,
    shape: tuple[int, ...] = (1500, 20, 1),
    seed: int = 0,
) -> Iterator[str]:
    """The coverage is counted, and rescaled spreads cover the share.

    Args:
        calibrated: Means, spreads, truths and a share, to the coverage of
            the intervals and the factor that puts it right.
        share: What the intervals should cover.
        shape: Of the three arrays.
        seed: Decides the numbers.

    Raises:
        Hint: If the coverage is another, or the rescaled spreads cover
            something else on the same or on new rows.
    """
    rows, new = _forecasts(shape, seed)
    given = _Forecasts(*(each.copy() for each in rows))
    made = yield from tried(calibrated, *given, share)
    if not all(map(np.array_equal, given, rows)):
        yield "The arrays that came in are changed. Leave them as they are."
    found = array_of(made)
    if found.shape != (2,) or found.dtype.kind not in "fi":
        yield (
            "Give back two numbers: the coverage, and one factor for all "
            f"spreads. As an array, yours has the shape {found.shape}."
        )
    coverage, factor = map(float, found)
    z = NormalDist().inv_cdf(0.5 + share / 2)
    if not abs(coverage - rows.covered(z)) <= _SAME:
        yield from _wrong_coverage(coverage, rows, share)
    reached = rows.covered(factor * z)
    if not abs(reached - share) <= _NEAR:
        yield from _wrong_factor(factor, rows, share, reached)
    if abs(new.covered(factor * z) - share) > 5 * _NEAR:
        yield "On new rows the rescaled spreads cover another share."


def _wrong_coverage(
    coverage: float, rows: _Forecasts, share: float
) -> Iterator[str]:
    """What was counted in place of the coverage."""

    def is_that(number: float) -> bool:
        return abs(coverage - number) <= _SAME

    z = NormalDist().inv_cdf(0.5 + share / 2)
    told = f"The coverage for {share:.0%} should be {rows.covered(z):.3f}"
    if is_that(1 - rows.covered(z)):
        yield f"{told}. You count the truths that lie outside."
    if is_that(100 * rows.covered(z)):
        yield f"{told}: a share, from 0 to 1. Yours is in percent."
    if is_that(rows.covered(NormalDist().inv_cdf(share))):
        yield (
            f"{told}. You leave out {1 - share:.0%} at each end: an "
            "interval leaves out that share at both ends together."
        )
    if is_that(float(np.mean(rows.truth <= rows.mean + z * rows.spread))):
        yield f"{told}. You look at the upper end only."
    if is_that(rows.covered(1)):
        yield f"{told}. Your interval is one spread to each side."
    if is_that(rows.covered(NormalDist().inv_cdf(0.9))):
        yield f"{told}. Your interval is that for 80%."
    yield f"{told}; yours is {coverage:.3f}."


def _wrong_factor(
    factor: float, rows: _Forecasts, share: float, reached: float
) -> Iterator[str]:
    """Where a factor comes from that does not put the coverage right."""
    z = NormalDist().inv_cdf(0.5 + share / 2)
    right = float(np.quantile(rows.errors, share))
    told = (
        f"With your factor the intervals cover {reached:.1%} of these "
        f"truths, and {share:.0%} is asked for."
    )
    causes = {
        share / rows.covered(z): (
            "Twice the spread does not cover twice as much."
        ),
        float(np.sqrt(np.mean(rows.errors**2))): (
            "The standard deviation of the errors would be right for a "
            "normal distribution. Here a few errors are very large."
        ),
        z / right: "The factor is upside down.",
        right: "How many spreads wide was the interval before?",
        1.0: "A factor of 1 changes nothing.",
    }
    for number, cause in causes.items():
        if abs(factor - number) <= _SAME * number:
            yield f"{told} {cause}"
    yield f"{told} How large are the errors, in units of the spread?"
