"""Systems that move by chance, and the sensors that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import expm


@dataclass(frozen=True)
class Sensor:
    """What a sensor reads of a state, how exactly, and how often.

    Attributes:
        read: What it would read without noise: a function from states,
            float ``(recordings, states)``, to readings, float
            ``(recordings, channels)``.
        slope: How that changes with the state: a function from the same
            states to float ``(recordings, channels, states)``.
        noise: float ``(channels, channels)``, covariance of the noise.
        every: It reads at step 0 and at each ``every``-th step after.
    """

    read: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    noise: np.ndarray
    every: int = 1


def linear_sensor(
    matrix: np.ndarray, noise: np.ndarray, every: int = 1
) -> Sensor:
    """A sensor that reads weighted sums of the state.

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        matrix: float ``(channels, states)``, the weights.
        noise: float ``(channels, channels)``, covariance of the noise.
        every: It reads at step 0 and at each ``every``-th step after.

    Example:
        >>> thermometer = linear_sensor(np.eye(1), np.array([[0.25]]))
        >>> thermometer.read(np.array([[20.0]]))
        array([[20.]])
    """
    matrix = np.asarray(matrix, "float64")

    def slope(states: np.ndarray) -> np.ndarray:
        return np.broadcast_to(matrix, (len(states), *matrix.shape))

    return Sensor(lambda states: states @ matrix.T, slope, noise, every)


@dataclass(frozen=True)
class System:
    """How a state moves on, and what is known of it.

    Attributes:
        transition: float ``(states, states)``: the next state is this
            matrix times the state, plus chance.
        noise: float ``(states, states)``, covariance of that chance.
        mean: float ``(states,)``, of the state at step 0.
        covariance: float ``(states, states)``, of the state at step 0.
        sensors: Each sensor, by its name.
    """

    transition: np.ndarray
    noise: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    sensors: Mapping[str, Sensor] = field(default_factory=dict)


def in_steps(
    rates: np.ndarray, chance: np.ndarray, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """How a system moves in a step, from how it moves at each moment.

    The state changes by the matrix ``rates`` times the state, plus white
    noise. Between steps that is solved exactly (C. F. Van Loan, IEEE
    Transactions on Automatic Control 23, 1978).

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        rates: float ``(states, states)``, in a second.
        chance: float ``(states, states)``, how much variance the noise
            adds in a second.
        seconds: Length of a step.

    Returns:
        The transition and the noise of a `System`, float64 ``(states,
        states)`` each.

    Example:
        >>> rates, chance = np.array([[0, 1], [0, 0]]), np.diag([0, 3])
        >>> transition, noise = in_steps(rates, chance, seconds=2)
        >>> transition.round(6).tolist(), noise.round(6).tolist()
        ([[1.0, 2.0], [0.0, 1.0]], [[8.0, 6.0], [6.0, 6.0]])
    """
    size = len(rates)
    both = np.block([[-rates, chance], [np.zeros_like(rates), rates.T]])
    solved = expm(both * seconds)
    transition = solved[size:, size:].T
    return transition, transition @ solved[:size, size:]
