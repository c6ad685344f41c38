"""A smartwatch on the wrist of people who exercise their shoulders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.feeding.splitting import split_rows

_FILE = Path(__file__).parent / "data" / "watch.npz"
#: What is exercised, by its number: the hanging arm swings, is lifted to
#: the side, to the front; turns inwards, turns outwards and rows against
#: a rubber band; rows with a weight.
EXERCISES = (
    "pendulum",
    "abduction",
    "forward elevation",
    "internal rotation",
    "external rotation",
    "trapezius row",
    "bent-over row",
)
#: The arm with the watch, by its number.
SIDES = ("left", "right")
#: Readings in a second.
RATE = 25.0
#: How many people train, validate and test, as shares of all.
_SHARES = [0.6, 0.2, 0.2]


@dataclass(frozen=True)
class Watch:
    """Recordings of a watch, each of one person, exercise and side.

    Attributes:
        accelerometer: float32 ``(steps, 3)`` for each recording, in units
            of the acceleration of gravity (g), along x, y and z. At rest
            it reads gravity alone: 1 g.
        gyroscope: float32 ``(steps, 3)`` for each recording, or half as
            many steps, in radians a second, around x, y and z.
        exercise: int32 ``(recordings,)``, which of `EXERCISES`.
        person: int32 ``(recordings,)``, 1 to 10.
        side: int32 ``(recordings,)``, which of `SIDES`.
        rates: Readings in a second, by name of the sensor.
    """

    accelerometer: list[np.ndarray]
    gyroscope: list[np.ndarray]
    exercise: np.ndarray
    person: np.ndarray
    side: np.ndarray
    rates: dict[str, float]

    @property
    def sensors(self) -> dict[str, list[np.ndarray]]:
        """The readings of each recording, by name of the sensor."""
        return {
            "accelerometer": self.accelerometer,
            "gyroscope": self.gyroscope,
        }

    def take(self, rows: np.ndarray) -> Watch:
        """Some of the recordings.

        Args:
            rows: int or bool ``(rows,)``, which.
        """
        chosen = np.arange(len(self.person))[rows]
        return Watch(
            [self.accelerometer[row] for row in chosen],
            [self.gyroscope[row] for row in chosen],
            self.exercise[chosen],
            self.person[chosen],
            self.side[chosen],
            self.rates,
        )


def watch(slow_gyroscope: bool = False) -> Watch:
    """140 recordings: 10 people, 7 exercises, both arms, once each.

    A recording takes 19 to 52 seconds, about 20 repetitions, at 25
    readings a second. Recordings stand in the order of the file, which is
    mixed. Along x, gravity is mostly positive on the left arm and negative
    on the right.

    Source: D. M. Burns et al., Physiological Measurement 39, 2018, as
    bundled with ``seglearn`` 1.2.5 (BSD); see the README beside the file.
    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        slow_gyroscope: Whether every second reading of the gyroscope is
            left out, so that there are sensors with two rates. The watch
            itself reads both at one rate. Nothing is smoothed before.

    Returns:
        All recordings.

    Example:
        >>> recordings = watch(slow_gyroscope=True)
        >>> len(recordings.person), recordings.rates
        (140, {'accelerometer': 25.0, 'gyroscope': 12.5})
        >>> recordings.accelerometer[0].shape, recordings.gyroscope[0].shape
        ((667, 3), (334, 3))
        >>> EXERCISES[recordings.exercise[0]], SIDES[recordings.side[0]]
        ('pendulum', 'right')
    """
    every = 2 if slow_gyroscope else 1
    with np.load(_FILE) as file:
        ends = np.cumsum(file["lengths"])[:-1]
        accelerometer, gyroscope = (
            np.split(_scaled(file[name], file[f"{name}_scale"]), ends)
            for name in ("accelerometer", "gyroscope")
        )
        exercise, person, side = (
            file[name].astype("int32")
            for name in ("exercise", "person", "side")
        )
    return Watch(
        accelerometer,
        [readings[::every] for readings in gyroscope],
        exercise,
        person,
        side,
        {"accelerometer": RATE, "gyroscope": RATE / every},
    )


def watch_parts(seed: int = 0) -> list[np.ndarray]:
    """Recordings to train, to validate and to test: 6, 2 and 2 people.

    All recordings of a person are in the same part: the question is how
    well a model does for someone it has never met.

    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        seed: Decides which people are kept for validation and test.

    Returns:
        Three arrays, int64 ``(recordings of the part,)``, of rows of
        `watch`.

    Example:
        >>> train, validation, test = watch_parts()
        >>> len(train), len(validation), len(test)
        (84, 28, 28)
        >>> np.unique(watch().person[test])
        array([1, 3], dtype=int32)
    """
    person = watch().person
    return split_rows(len(person), _SHARES, seed=seed, groups=person)


def _scaled(numbers: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (numbers / scale).astype("float32")
