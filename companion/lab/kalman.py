"""The Kalman filter: the best possible estimate from noisy sensors.

For a linear system with Gaussian noise no estimate has a smaller expected
squared error (R. E. Kalman, Journal of Basic Engineering 82, 1960). If a
sensor is not linear, the filter is extended: each reading is taken as
linear around what is expected, which may be far from the best possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from companion.errors import DataError, Problem, place
from companion.lab.consistency import squared_distance
from companion.lab.systems import Sensor, System
from companion.rules import count_problem
from companion.values import describe


@dataclass(frozen=True)
class Estimates:
    """What is known of the state, from all readings up to each step.

    Attributes:
        means: float64 ``(recordings, steps, states)``, the estimates.
        covariances: float64 ``(recordings, steps, states, states)``, of
            their errors, as the filter believes.
        surprise: float64 ``(recordings, steps)``, how far the readings of
            a step were from what was expected: squared, in units of what
            was expected of chance (normalised innovation squared, NIS).
        readings: int64 ``(recordings, steps)``, how many there were.
    """

    means: np.ndarray
    covariances: np.ndarray
    surprise: np.ndarray
    readings: np.ndarray


def kalman_filter(
    system: System, readings: Mapping[str, np.ndarray], steps: int
) -> Estimates:
    """The state at each step, from all readings up to that step.

    All recordings are filtered at once. A reading that is NaN is left
    out, channel by channel, and a sensor that is not named is not read;
    neither is an approximation. The estimates are the best possible if
    every sensor is linear, readings are missing for reasons that have
    nothing to do with the state, and the system is as it is described.
    With any other sensor this is the extended Kalman filter.

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        system: How the state moves, and how it is read.
        readings: For each sensor that is read, by name, float
            ``(recordings, readings, channels)``, NaN where one is
            missing. Reading ``n`` is of step ``n * every``.
        steps: How many steps to filter.

    Returns:
        Estimates of the state, and how sure they are.

    Raises:
        DataError: If there is no such sensor, or its readings do not fit.

    Example:
        >>> from companion.lab.systems import linear_sensor
        >>> one = np.eye(1)
        >>> walk = System(one, one, np.zeros(1), one, {
        ...     "level": linear_sensor(one, one)
        ... })
        >>> level = np.array([[[2.0], [np.nan], [np.nan]]])
        >>> estimates = kalman_filter(walk, {"level": level}, steps=3)
        >>> estimates.means[0, :, 0], estimates.covariances[0, :, 0, 0]
        (array([1., 1., 1.]), array([0.5, 1.5, 2.5]))
    """
    DataError.raise_if(*_reading_problems(system, readings, steps))
    count = len(next(iter(readings.values())))
    means = np.tile(np.asarray(system.mean, "float64"), (count, 1))
    covariances = np.tile(system.covariance, (count, 1, 1))
    kept = []
    for step in range(steps):
        if step:
            means, covariances = _moved(system, means, covariances)
        due = {
            name: values[:, step // system.sensors[name].every]
            for name, values in readings.items()
            if step % system.sensors[name].every == 0
        }
        surprise, there = np.zeros(count), np.zeros(count, "int64")
        if due:
            means, covariances, surprise, there = _corrected(
                [system.sensors[name] for name in due],
                np.hstack(list(due.values())),
                means,
                covariances,
            )
        kept.append((means, covariances, surprise, there))
    return Estimates(*(np.stack(part, axis=1) for part in zip(*kept)))


def forecast(
    system: System, means: np.ndarray, covariances: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The state at the next steps, without further readings.

    From the estimates of the Kalman filter of a linear system these are
    the best possible forecasts, and the state is normally distributed
    around them.

    Taught in the chapter *Two sensors and their future*.

    Args:
        system: How the state moves.
        means: float ``(recordings, states)``, of the state now.
        covariances: float ``(recordings, states, states)``, of the state
            now.
        steps: How many steps to look ahead.

    Returns:
        Means, float64 ``(recordings, steps, states)``, and covariances,
        float64 ``(recordings, steps, states, states)``.

    Example:
        >>> one = np.eye(1)
        >>> walk = System(one, one, np.zeros(1), one)
        >>> means, covariances = forecast(walk, one, one[None], steps=2)
        >>> means[0, :, 0], covariances[0, :, 0, 0]
        (array([1., 1.]), array([2., 3.]))
    """
    kept = []
    for _ in range(steps):
        means, covariances = _moved(system, means, covariances)
        kept.append((means, covariances))
    ahead, spread = (np.stack(part, axis=1) for part in zip(*kept))
    return ahead, spread


def expected_readings(
    sensor: Sensor, means: np.ndarray, covariances: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What a sensor will read, if the state is known so well.

    Taught in the chapter *Two sensors and their future*.

    Args:
        sensor: The sensor.
        means: float ``(recordings, steps, states)``, as of `forecast`.
        covariances: float ``(recordings, steps, states, states)``.

    Returns:
        Means, float64 ``(recordings, steps, channels)``, and covariances,
        float64 ``(recordings, steps, channels, channels)``, the noise of
        the sensor included.

    Example:
        >>> from companion.lab.systems import linear_sensor
        >>> means, covariances = np.zeros((1, 1, 1)), np.ones((1, 1, 1, 1))
        >>> double = linear_sensor(2 * np.eye(1), np.eye(1))
        >>> expected_readings(double, means, covariances)[1].ravel()
        array([5.])
    """
    size = means.shape[-1]
    flat, spread = (
        means.reshape(-1, size),
        covariances.reshape(-1, size, size),
    )
    slopes = sensor.slope(flat)
    chance = slopes @ spread @ slopes.swapaxes(1, 2) + sensor.noise
    expected = sensor.read(flat)
    lead, channels = means.shape[:-1], expected.shape[-1]
    return (
        expected.reshape(*lead, channels),
        chance.reshape(*lead, channels, channels),
    )


def _moved(
    system: System, means: np.ndarray, covariances: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step on, without a reading."""
    move = system.transition
    return means @ move.T, move @ covariances @ move.T + system.noise


def _corrected(
    sensors: list[Sensor],
    values: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The state with the readings of a step; surprise and their number.

    What is missing has slope 0, noise 1 of its own and no surprise: its
    gain is 0, and what is there is not touched by it.
    """
    there = ~np.isnan(values)
    expected = np.hstack([sensor.read(means) for sensor in sensors])
    slopes = np.concatenate([s.slope(means) for s in sensors], axis=1)
    slopes = slopes * there[:, :, None]
    noise = block_diag(*(sensor.noise for sensor in sensors))
    noise = np.where(
        there[:, :, None] & there[:, None, :], noise, np.eye(len(noise))
    )
    across = slopes @ covariances
    chance = across @ slopes.swapaxes(1, 2) + noise
    surprise = np.where(there, values - expected, 0.0)
    gains = np.linalg.solve(chance, across).swapaxes(1, 2)
    keep = np.eye(means.shape[1]) - gains @ slopes
    # Joseph's form: it stays symmetric and positive.
    covariances = keep @ covariances @ keep.swapaxes(1, 2)
    covariances = covariances + gains @ noise @ gains.swapaxes(1, 2)
    return (
        means + (gains @ surprise[:, :, None])[:, :, 0],
        covariances,
        squared_distance(surprise, chance),
        there.sum(axis=1),
    )


def _reading_problems(
    system: System, readings: Mapping[str, np.ndarray], steps: int
) -> Iterator[Problem | None]:
    yield count_problem("steps", steps, 1, "Count those of a recording.")
    if not readings:
        yield Problem("readings", "a sensor or more", "none", "Name one.")
    counts = [len(values) for values in readings.values()]
    for name, values in readings.items():
        if name not in system.sensors:
            one = f"one of {', '.join(system.sensors)}"
            yield Problem(
                place("sensor", name), one, "another", "Rename it."
            )
            continue
        sensor = system.sensors[name]
        due = -(-steps // sensor.every)
        shape = (counts[0], due, len(sensor.noise))
        if values.shape != shape:
            yield Problem(
                place("sensor", name),
                f"shape {shape}: recordings, readings, channels",
                describe(values),
                "Readings start at step 0; leave gaps as NaN.",
            )
