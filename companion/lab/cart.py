"""A cart between two springs, pushed by wind, watched by two sensors.

All of it is known exactly: see `cart_system`, which is what the Kalman
filter of `companion.lab.kalman` needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from companion.errors import DataError
from companion.lab.systems import Sensor, System, in_steps, linear_sensor
from companion.rules import choice_problem, count_problem

#: Steps in a second; the accelerometer reads at every one.
RATE = 50.0
#: The radar reads at every second step only.
RADAR_EVERY = 2
#: Readings in a second, by name of the sensor.
RATES = {"accelerometer": RATE, "radar": RATE / RADAR_EVERY}
#: What the state is: metres from rest, metres a second, and the push of
#: the wind, as the acceleration it gives, in metres a second squared.
STATES = ("position", "velocity", "push")
#: Where the radar stands: at the end of the track, where it sees the
#: position itself, or beside it.
RADARS = ("ahead", "beside")
#: Swings in a second of the cart on its springs, and how much friction
#: brakes them: 0 not at all, 1 so that it no longer swings.
_FREQUENCY, _DAMPING = 1.0, 0.3
#: Standard deviation of the push, and the seconds after which it is
#: forgotten.
_PUSH, _MEMORY = 4.0, 0.3
#: Standard deviation of the noise: of the accelerometer, rattled by the
#: rails, in metres a second squared; of the radar, in metres and metres a
#: second.
_ACCELEROMETER_NOISE, _RADAR_NOISE = 4.0, (0.1, 0.5)
#: Where a radar beside the track stands: metres along it, and away.
_ALONG, _AWAY = 0.05, 0.1
#: The share of radar readings that drop out, and how many in a row.
_DROPPED, _IN_A_ROW = 0.3, 5
_Rng = np.random.Generator


@dataclass(frozen=True)
class Rides:
    """Recordings of the cart, each of two sensors.

    Attributes:
        accelerometer: float32 ``(rides, steps, 1)``, in metres a second
            squared, at each step.
        radar: float32 ``(rides, ceil(steps / 2), 2)``, at each second
            step, from step 0: how far the cart is, in metres, and how fast
            that changes, in metres a second. NaN where a reading dropped
            out.
        states: float32 ``(rides, steps, 3)``, the truth: see `STATES`.
        future: float32 ``(rides, horizon, 3)``, the states after that.
    """

    accelerometer: np.ndarray
    radar: np.ndarray
    states: np.ndarray
    future: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The readings, by name of the sensor."""
        return {"accelerometer": self.accelerometer, "radar": self.radar}


def cart_rides(
    seed: int = 0,
    radar: str = "ahead",
    num_train: int = 4_000,
    num_validation: int = 1_000,
    num_test: int = 2_000,
    steps: int = 100,
    horizon: int = 20,
) -> tuple[Rides, Rides, Rides]:
    """Rides to train on, to validate on and to test on.

    100 steps take two seconds, in which the cart swings twice; it has been
    moving for long when a ride begins. Neither sensor alone suffices: the
    accelerometer is rattled, and the radar is noisy, slow, and drops out:
    three readings in ten, both channels at once, about five in a row.

    The same seed draws the same rides wherever the radar stands.

    Taught in the chapters *Several sensors: how good can it get?* and
    *Two sensors and their future*.

    Args:
        seed: Decides every draw.
        radar: One of `RADARS`. ``"ahead"`` makes everything linear, and
            the Kalman filter the best possible. From ``"beside"`` the
            radar sees the distance to a cart that passes by, and cannot
            tell one side from the other.
        num_train: Rides to train on.
        num_validation: Rides to validate on.
        num_test: Rides to test on.
        steps: Length of a ride.
        horizon: How many steps after its end are known.

    Returns:
        Training, validation and test rides.

    Raises:
        DataError: If there is no such radar, or a ride has no step.

    Example:
        >>> train, validation, test = cart_rides()
        >>> train.accelerometer.shape, train.radar.shape
        ((4000, 100, 1), (4000, 50, 2))
        >>> test.states.shape, test.future.shape
        ((2000, 100, 3), (2000, 20, 3))
    """
    DataError.raise_if(
        count_problem("steps", steps, 1, "100 steps take two seconds."),
        count_problem("horizon", horizon, 0, "20 steps take 0.4 seconds."),
    )
    system = cart_system(radar)
    rng = np.random.default_rng([seed, 10])
    train, validation, test = (
        _draw(rng, system, count, steps, horizon)
        for count in (num_train, num_validation, num_test)
    )
    return train, validation, test


def cart_system(radar: str = "ahead") -> System:
    """How the cart moves and how it is read, exactly.

    The acceleration of the cart is the push of the wind, less what springs
    and friction take away. The push is noise with a short memory (an
    Ornstein-Uhlenbeck process). Steps are no approximation: see
    `companion.lab.systems.in_steps`.

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        radar: One of `RADARS`, as in `cart_rides`.

    Returns:
        The system, with the sensors "accelerometer" and "radar". Its
        ``covariance`` is that of a cart that has been moving for long.

    Raises:
        DataError: If there is no such radar.

    Example:
        >>> system = cart_system()
        >>> system.transition.shape, system.sensors["radar"].every
        ((3, 3), 2)
        >>> np.sqrt(np.diag(system.covariance)).round(2)
        array([0.11, 0.47, 4.  ])
    """
    DataError.raise_if(
        choice_problem("radar", radar, RADARS, of="cart_system")
    )
    rates = _rates()
    chance = np.diag([0, 0, 2 * _PUSH**2 / _MEMORY])
    transition, noise = in_steps(rates, chance, 1 / RATE)
    rattle = np.array([[_ACCELEROMETER_NOISE**2]])
    blur = np.diag(np.square(_RADAR_NOISE))
    radars = {
        "ahead": linear_sensor(np.eye(2, 3), blur, RADAR_EVERY),
        "beside": Sensor(_beside, _beside_slope, blur, RADAR_EVERY),
    }
    return System(
        transition=transition,
        noise=noise,
        mean=np.zeros(3),
        covariance=solve_continuous_lyapunov(rates, -chance),
        sensors={
            "accelerometer": linear_sensor(rates[1:2], rattle),
            "radar": radars[radar],
        },
    )


def _rates() -> np.ndarray:
    """How fast each number of the state changes with each other one."""
    swing = 2 * np.pi * _FREQUENCY
    pulled = [-(swing**2), -2 * _DAMPING * swing, 1]
    return np.array([[0, 1, 0], pulled, [0, 0, -1 / _MEMORY]])


def _beside(states: np.ndarray) -> np.ndarray:
    """Distance to a radar beside the track, and how fast it changes."""
    along = states[:, 0] - _ALONG
    distance = np.hypot(along, _AWAY)
    return np.stack([distance, along / distance * states[:, 1]], axis=1)


def _beside_slope(states: np.ndarray) -> np.ndarray:
    along = states[:, 0] - _ALONG
    distance = np.hypot(along, _AWAY)
    slope = np.zeros((len(states), 2, 3))
    slope[:, 0, 0] = slope[:, 1, 1] = along / distance
    slope[:, 1, 0] = states[:, 1] * _AWAY**2 / distance**3
    return slope


def _draw(
    rng: _Rng, system: System, count: int, steps: int, horizon: int
) -> Rides:
    states = np.empty((count, steps + horizon, 3))
    states[:, 0] = _normal(rng, system.covariance, count)
    for step in range(1, steps + horizon):
        moved = states[:, step - 1] @ system.transition.T
        states[:, step] = moved + _normal(rng, system.noise, count)
    past, future = np.split(states, [steps], axis=1)
    accelerometer, radar = (
        _read(rng, system.sensors[name], past)
        for name in ("accelerometer", "radar")
    )
    radar[_dropped(rng, *radar.shape[:2])] = np.nan
    arrays = accelerometer, radar, past, future
    return Rides(*(array.astype("float32") for array in arrays))


def _read(rng: _Rng, sensor: Sensor, states: np.ndarray) -> np.ndarray:
    """What a sensor reads during rides, with noise."""
    due = states[:, :: sensor.every]
    read = sensor.read(due.reshape(-1, due.shape[-1]))
    read += _normal(rng, sensor.noise, len(read))
    return read.reshape(*due.shape[:2], -1)


def _normal(rng: _Rng, covariance: np.ndarray, count: int) -> np.ndarray:
    root = np.linalg.cholesky(covariance)
    return rng.normal(size=(count, len(root))) @ root.T


def _dropped(rng: _Rng, count: int, readings: int) -> np.ndarray:
    """Which readings drop out, bool ``(count, readings)``, in bursts."""
    ends = 1 / _IN_A_ROW
    begins = ends * _DROPPED / (1 - _DROPPED)
    chance = rng.random((count, readings))
    dropped = chance < _DROPPED
    for n in range(1, readings):
        likely = np.where(dropped[:, n - 1], 1 - ends, begins)
        dropped[:, n] = chance[:, n] < likely
    return dropped
