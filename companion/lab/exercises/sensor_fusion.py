"""Checkers of the sheet *Practice: several sensors*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    differs,
    numbers_of,
    shake,
    tried,
    wrong_cost_of_classes,
    wrong_inputs,
    wrong_step,
)

Arrays = dict[str, np.ndarray]
#: What the name of a mask ends with.
_PRESENT = "_present"


@exercise
def cut_together(
    cut: Callable[..., Arrays],
    rates: Mapping[str, float] | None = None,
    seconds: float = 2.0,
    every: float = 1.2,
    lasting: float = 9.2,
) -> Iterator[str]:
    """Window by window, all sensors are cut at the same moments.

    Args:
        cut: Readings by name, their rates, the seconds of a window and
            those from one window to the next, to windows by name.
        rates: Readings in a second, by name; whole numbers of readings in
            both times.
        seconds: Length of a window.
        every: From one window to the next.
        lasting: Seconds of the recording.

    Raises:
        Hint: If windows begin elsewhere, or are too many or too few.
    """
    rates = rates or {"push": 25.0, "turn": 12.5}
    # A reading's number in place of what was read: easy to find again.
    given = {
        name: np.arange(np.ceil(lasting * rate), dtype="float32")[:, None]
        * [1, 1, 1]
        for name, rate in rates.items()
    }
    before = {name: each.copy() for name, each in given.items()}
    found = yield from tried(cut, given, rates, seconds, every)
    yield from _wrong_dict(found, list(rates))
    if any(not np.array_equal(given[n], before[n]) for n in given):
        yield "The readings that came in are changed. Leave them alone."
    for name, rate in rates.items():
        windows = yield from numbers_of(found[name], "Readings")
        steps = round(seconds * rate)
        if windows.ndim != 3 or windows.shape[1:] != (steps, 3):
            yield (
                f"Windows of {name} should be (windows, {steps}, 3): "
                f"{seconds:g} s at {rate:g} readings a second. Yours are "
                f"{windows.shape}."
            )
        yield from _wrong_moments(name, windows, rate, every)
    yield from _wrong_count(found, given, rates, seconds, every)


def _wrong_dict(found: Any, names: list[str]) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield (
            "A dict is asked for, windows by name of the sensor; you give "
            f"back a {type(found).__name__}."
        )
    if sorted(map(str, found)) != sorted(names):
        yield (
            f"The dict should hold {' and '.join(names)}; yours holds "
            f"{', '.join(map(str, found))}."
        )


def _wrong_moments(
    name: str, windows: np.ndarray, rate: float, every: float
) -> Iterator[str]:
    """Windows that begin elsewhere, or whose readings are mixed up."""
    if not len(windows):
        yield f"There is no window of {name}."
    starts = windows[:, 0, 0]
    expected = starts[:, None] + np.arange(windows.shape[1])
    if not np.array_equal(windows, expected[:, :, None] * [1, 1, 1]):
        yield (
            f"A window of {name} is not a piece of the recording: its "
            "readings should follow each other, channels as they were."
        )
    for number, start in enumerate(starts / rate):
        if abs(start - number * every) > 1e-6:
            yield (
                f"Window {number} of {name} begins {start:g} s after the "
                f"recording, and should begin at {number * every:g} s. "
                f"How many readings of {name} are {every:g} s?"
            )


def _wrong_count(
    found: Arrays,
    given: Arrays,
    rates: Mapping[str, float],
    seconds: float,
    every: float,
) -> Iterator[str]:
    """Windows without a partner, or one that is missing."""
    counts = {name: len(found[name]) for name in rates}
    if len(set(counts.values())) > 1:
        told = " and ".join(f"{c} of {n}" for n, c in counts.items())
        yield (
            f"You have {told}. A window counts if all sensors have "
            "all of its readings; drop the others."
        )
    most = min(
        (len(given[n]) - round(seconds * r)) // round(every * r) + 1
        for n, r in rates.items()
    )
    (count,) = set(counts.values())
    if count != most:
        yield (
            f"You have {count} windows; {most} lie within the recording. "
            "Look at the last one: where does it end?"
        )


@exercise
def nothing_leaks(
    prepare: Callable[..., tuple[np.ndarray, np.ndarray]],
    new_people: tuple[int, ...] = (2, 4),
    people: int = 6,
    seed: int = 0,
) -> Iterator[str]:
    """New people are in the test alone, and teach the scale nothing.

    Args:
        prepare: Windows, the person of each and the new people, to scaled
            windows of training and test.
        new_people: Who is in the test.
        people: How many people there are, from 1.
        seed: Decides the windows.

    Raises:
        Hint: If the parts or the scale are others.
    """
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(1, people + 1), 20))
    is_new = np.isin(person, new_people)
    windows = rng.normal([1, 20, -3], [2, 0.5, 6], (len(person), 8, 3))
    windows[is_new] = 4 * windows[is_new] + 5  # they move more
    given = windows.copy()
    found = yield from tried(prepare, given, person.copy(), new_people)
    if not np.array_equal(given, windows):
        yield "The windows that came in are changed. Leave them alone."
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        yield "Give back two arrays: training, then test."
    train = yield from numbers_of(found[0], "Training windows")
    test = yield from numbers_of(found[1], "Test windows")
    yield from _wrong_parts(train, test, windows, is_new)
    yield from _wrong_scale(train, test, windows, is_new)


def _wrong_parts(
    train: np.ndarray,
    test: np.ndarray,
    windows: np.ndarray,
    is_new: np.ndarray,
) -> Iterator[str]:
    """Other windows, told by what no scale of channels can change."""
    for name, part, wanted in (
        ("training", train, windows[~is_new]),
        ("test", test, windows[is_new]),
    ):
        if part.shape != wanted.shape:
            yield (
                f"The {name} should have the windows {wanted.shape}; "
                f"yours are {part.shape}."
            )
        axes = (0, 1)
        like = [
            (x - x.mean(axes)) / np.maximum(x.std(axes), 1e-9)
            for x in (part, wanted)
        ]
        if not np.allclose(like[0], like[1], atol=1e-3):
            yield from _why_other(name, part, wanted)


def _why_other(
    name: str, part: np.ndarray, wanted: np.ndarray
) -> Iterator[str]:
    alone = part.std(axis=1)
    if np.allclose(alone, alone.mean(), rtol=1e-2):
        yield (
            "Each window is scaled by itself: the strength of a movement "
            "is lost. One mean and one spread a channel belong to all."
        )
    by_step = part.std(axis=0)
    if np.allclose(by_step, 1, rtol=0.02) and name == "training":
        yield (
            "Each step of a window has a scale of its own. Take mean and "
            "spread over windows and steps, axis=(0, 1)."
        )
    yield (
        f"The {name} has other windows than it should, or in another "
        "order. Which people are in it?"
    )


def _wrong_scale(
    train: np.ndarray,
    test: np.ndarray,
    windows: np.ndarray,
    is_new: np.ndarray,
) -> Iterator[str]:
    axes = (0, 1)
    known = windows[~is_new]
    mean, spread = known.mean(axes), known.std(axes)
    if not np.allclose(train, (known - mean) / spread, atol=0.02):
        whole = (known - windows.mean(axes)) / windows.std(axes)
        if np.allclose(train, whole, atol=0.02):
            yield (
                "Your scale has seen the test: mean and spread are those "
                "of all windows. In use, nobody knows new people before."
            )
        told = ", ".join(f"{x:.3g}" for x in train.mean(axes))
        spreads = ", ".join(f"{x:.3g}" for x in train.std(axes))
        yield (
            "In the training, each channel should have mean 0 and spread "
            f"1. Yours have means {told} and spreads {spreads}."
        )
    if not np.allclose(
        test, (windows[is_new] - mean) / spread, atol=0.05, rtol=1e-2
    ):
        if np.allclose(test.mean(axes), 0, atol=1e-3):
            yield (
                "The test has a scale of its own: new people then look "
                "like known ones, and a single window has no scale at "
                "all. Use the numbers of the training."
            )
        yield (
            "The test should be scaled with mean and spread of the "
            "training, channel by channel."
        )


@exercise
def answers_with_what_is_left(
    build: Callable[..., keras.Model],
    sensors: Mapping[str, tuple[int, int]] | None = None,
    num_classes: int = 5,
    seed: int = 0,
) -> Iterator[str]:
    """Sensors that work count, dead ones do not.

    Args:
        build: Steps and channels by name of the sensor, and the number of
            classes, to a compiled model.
        sensors: Those of the test.
        num_classes: How many classes there are.
        seed: Decides weights and samples.

    Raises:
        Hint: If a dead sensor counts, one that works does not, or the
            model cannot be trained.
    """
    sensors = sensors or {"push": (20, 3), "turn": (10, 3), "pulse": (2, 1)}
    rng = np.random.default_rng(seed)
    batch: Arrays = {}
    for name, shape in sensors.items():
        readings = rng.normal(size=(12, *shape))
        batch[name] = readings.astype("float32")
        batch[name + _PRESENT] = np.ones((12, 1), "float32")
    model = yield from tried(build, dict(sensors), num_classes)
    yield from wrong_inputs(model, batch)
    yield from answers_of(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    if answers.shape != (12, num_classes):
        yield (
            f"For 12 windows the model gives {answers.shape}; "
            f"{num_classes} classes need (12, {num_classes})."
        )
    if answers.min() < 0 or not np.allclose(answers.sum(1), 1, atol=1e-4):
        yield (
            f"The {num_classes} numbers of a window are no probabilities: "
            "they should be at least 0 and add up to 1."
        )
    yield from _wrong_reading(model, batch, list(sensors), answers)
    labels = np.arange(12, dtype="int32") % num_classes
    yield from wrong_step(model, batch, labels)
    yield from wrong_cost_of_classes(model, np.arange(2), num_classes)


def _dead(batch: Arrays, *names: str) -> Arrays:
    masks = {name + _PRESENT: 0 * batch[name + _PRESENT] for name in names}
    return {**batch, **masks}


def _wrong_reading(
    model: keras.Model, batch: Arrays, names: list[str], answers: np.ndarray
) -> Generator[str, None, None]:
    """Sensors that count and should not, or the other way round."""
    for name in names:
        other = {name: batch[name][::-1] + 1}
        found = yield from answers_of(model, {**batch, **other})
        if not differs(answers, found):
            yield (
                f"Whatever {name} reads, the answer stays the same, "
                "although it works."
            )
        last = batch[name].copy()
        last[:, -1] += 5
        found = yield from answers_of(model, {**batch, name: last})
        if not differs(answers, found):
            yield f"The last step of {name} makes no difference."
        alone = _dead(batch, *(other for other in names if other != name))
        left = yield from answers_of(model, alone)
        found = yield from answers_of(model, {**alone, **other})
        if not differs(left, found):
            yield (
                f"Whatever {name} reads, the answer stays the same if it "
                "is the only sensor that works."
            )
        dead = _dead(batch, name)
        without = yield from answers_of(model, dead)
        if not differs(answers, without):
            yield (
                f"The answer is the same with {name} and without: its "
                "mask leads nowhere."
            )
        found = yield from answers_of(model, {**dead, **other})
        if differs(without, found):
            yield (
                f"The mask of {name} is 0, and its readings still change "
                "the answer. A dead sensor sends anything."
            )
    none = yield from answers_of(model, _dead(batch, *names))
    if differs(none, none[:1]):
        yield (
            "All sensors are dead, and yet windows get different "
            "answers: something still reads them."
        )
