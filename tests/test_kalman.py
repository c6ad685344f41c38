"""The Kalman filter, against conditioning a Gaussian on everything."""

import dataclasses

import numpy as np
import pytest

from companion.errors import DataError
from companion.lab.cart import RADARS, cart_rides, cart_system
from companion.lab.consistency import consistency, squared_distance
from companion.lab.kalman import (
    expected_readings,
    forecast,
    kalman_filter,
)
from companion.lab.systems import System, in_steps, linear_sensor

STEPS, HORIZON = 8, 4


def covariance(rng, size):
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def random_system(rng):
    """Two sensors, of which one reads less often; noise is correlated."""
    size = int(rng.integers(2, 5))
    move = rng.normal(size=(size, size))
    move /= abs(np.linalg.eigvals(move)).max()
    sensors = {
        name: linear_sensor(
            rng.normal(size=(channels, size)),
            covariance(rng, channels),
            every,
        )
        for name, channels, every in [
            ("quick", int(rng.integers(1, 3)), 1),
            ("slow", 2, int(rng.integers(2, 4))),
        ]
    }
    return System(
        move,
        covariance(rng, size),
        rng.normal(size=size),
        covariance(rng, size),
        sensors,
    )


def random_readings(rng, system, recordings=4, missing=0.4):
    """Any numbers will do: filter and conditioning must agree on them."""
    readings = {}
    for name, sensor in system.sensors.items():
        due = len(range(0, STEPS, sensor.every))
        values = 3 * rng.normal(size=(recordings, due, len(sensor.noise)))
        values[rng.random(values.shape) < missing] = np.nan
        readings[name] = values
    return readings


def joint_states(system, steps):
    """Mean and covariance of all states, one after another."""
    size = len(system.mean)
    means, spread = [system.mean], [system.covariance]
    for _ in range(steps - 1):
        means.append(system.transition @ means[-1])
        spread.append(
            system.transition @ spread[-1] @ system.transition.T
            + system.noise
        )
    joint = np.zeros((steps, size, steps, size))
    for early in range(steps):
        block = spread[early]
        for late in range(early, steps):
            joint[late, :, early], joint[early, :, late] = block, block.T
            block = system.transition @ block
    return np.array(means), joint


def everything_read(system, readings, recording, until):
    """All readings up to a step: values, their rows, their noise."""
    size = len(system.mean)
    values, rows, noises = [], [], []
    for name, of_sensor in readings.items():
        sensor = system.sensors[name]
        matrix = sensor.slope(np.zeros((1, size)))[0]
        for n, value in enumerate(of_sensor[recording]):
            if n * sensor.every > until:
                break
            there = ~np.isnan(value)
            row = np.zeros((len(value), STEPS + HORIZON, size))
            row[:, n * sensor.every] = matrix
            values.append(value[there])
            rows.append(row.reshape(len(value), -1)[there])
            noises.append(sensor.noise[np.ix_(there, there)])
    total = sum(map(len, values))
    noise, place = np.zeros((total, total)), 0
    for block in noises:
        end = place + len(block)
        noise[place:end, place:end] = block
        place = end
    return np.concatenate(values), np.concatenate(rows), noise


def conditioned(system, readings, recording, until):
    """All states, given all readings up to a step; and how odd those are.

    The naive way: one Gaussian over all states and readings.
    """
    mean, joint = joint_states(system, STEPS + HORIZON)
    shape, flat = joint.shape, mean.ravel()
    joint = joint.reshape(flat.size, flat.size)
    values, rows, noise = everything_read(
        system, readings, recording, until
    )
    spread = rows @ joint @ rows.T + noise
    gain = joint @ rows.T @ np.linalg.inv(spread)
    off = values - rows @ flat
    known = (flat + gain @ off).reshape(mean.shape)
    left = (joint - gain @ rows @ joint).reshape(shape)
    return known, left, off @ np.linalg.solve(spread, off)


def same(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_the_filter_is_the_conditional_gaussian(seed):
    rng = np.random.default_rng(seed)
    system = random_system(rng)
    readings = random_readings(rng, system)

    found = kalman_filter(system, readings, STEPS)
    for recording in range(4):
        for step in range(STEPS):
            known, left, odd = conditioned(
                system, readings, recording, step
            )
            same(found.means[recording, step], known[step])
            same(found.covariances[recording, step], left[step, :, step])
            same(found.surprise[recording, : step + 1].sum(), odd)
    there = sum(
        np.sum(~np.isnan(values), axis=(1, 2))
        for values in readings.values()
    )
    np.testing.assert_array_equal(found.readings.sum(axis=1), there)


@pytest.mark.parametrize("seed", range(3))
def test_the_forecast_is_the_conditional_gaussian(seed):
    rng = np.random.default_rng([seed, 1])
    system = random_system(rng)
    readings = random_readings(rng, system)

    found = kalman_filter(system, readings, STEPS)
    means, covariances = forecast(
        system, found.means[:, -1], found.covariances[:, -1], HORIZON
    )
    assert means.shape == (4, HORIZON, len(system.mean))
    for recording in range(4):
        known, left, _ = conditioned(system, readings, recording, STEPS)
        for ahead in range(HORIZON):
            at = STEPS + ahead
            same(means[recording, ahead], known[at])
            same(covariances[recording, ahead], left[at, :, at])
    sensor = system.sensors["slow"]
    matrix = sensor.slope(means[:, 0])[0]
    read, spread = expected_readings(sensor, means, covariances)
    same(read[2, 1], matrix @ means[2, 1])
    same(spread[2, 1], matrix @ covariances[2, 1] @ matrix.T + sensor.noise)


@pytest.mark.parametrize("seed", range(3))
def test_a_sensor_without_readings_is_no_sensor(seed):
    rng = np.random.default_rng([seed, 2])
    system = random_system(rng)
    readings = random_readings(rng, system)

    lost = dict(readings, slow=np.full_like(readings["slow"], np.nan))
    quick = {"quick": readings["quick"]}
    one, other = (kalman_filter(system, r, STEPS) for r in (lost, quick))
    for name in ("means", "covariances", "surprise", "readings"):
        same(getattr(one, name), getattr(other, name))


def test_recordings_do_not_touch_one_another():
    rng = np.random.default_rng(3)
    system = random_system(rng)
    readings = random_readings(rng, system)

    both = kalman_filter(system, readings, STEPS)
    second = {name: values[1:2] for name, values in readings.items()}
    alone = kalman_filter(system, second, STEPS)
    same(both.means[1:2], alone.means)
    same(both.covariances[1:2], alone.covariances)


def test_two_small_steps_are_one_large_step():
    rng = np.random.default_rng(4)
    rates, chance = rng.normal(size=(3, 3)), covariance(rng, 3)

    move, noise = in_steps(rates, chance, 0.1)
    far, spread = in_steps(rates, chance, 0.2)
    same(far, move @ move)
    same(spread, move @ noise @ move.T + noise)
    tiny, hardly = in_steps(rates, chance, 1e-6)
    np.testing.assert_allclose((tiny - np.eye(3)) / 1e-6, rates, atol=1e-4)
    np.testing.assert_allclose(hardly / 1e-6, chance, atol=1e-4)


# Consistency


@pytest.fixture(scope="module")
def rides():
    return cart_rides(num_train=1, num_validation=1, num_test=1500)[2]


def ratios(system, rides, names=("accelerometer", "radar")):
    """Of the errors at some steps (NEES), and of all readings (NIS)."""
    readings = {name: rides.inputs[name] for name in names}
    found = kalman_filter(system, readings, 100)
    far = squared_distance(found.means - rides.states, found.covariances)
    return [
        *(consistency(far[:, step], 3, 0.9999) for step in (0, 30, 99)),
        consistency(found.surprise, found.readings, 0.9999),
    ]


def within(ratio):
    return ratio.low <= ratio.ratio <= ratio.high


@pytest.mark.parametrize(
    "names",
    [("accelerometer", "radar"), ("accelerometer",), ("radar",)],
    ids="-".join,
)
def test_the_filter_errs_as_much_as_it_believes(rides, names):
    assert all(map(within, ratios(cart_system(), rides, names)))


def too_sure(system):
    return dataclasses.replace(system, noise=0.8 * system.noise)


def too_loose(system):
    """Springs a fifth weaker."""
    move = system.transition.copy()
    move[1, 0] *= 0.8
    return dataclasses.replace(system, transition=move)


def blunt(system):
    radar = system.sensors["radar"]
    radar = dataclasses.replace(radar, noise=1.2 * radar.noise)
    sensors = dict(system.sensors, radar=radar)
    return dataclasses.replace(system, sensors=sensors)


@pytest.mark.parametrize("wrong", [too_sure, too_loose, blunt])
def test_a_filter_of_another_system_is_told(rides, wrong):
    assert not all(map(within, ratios(wrong(cart_system()), rides)))


def test_drop_outs_read_as_zero_are_told(rides):
    filled = dataclasses.replace(rides, radar=np.nan_to_num(rides.radar))

    assert not all(map(within, ratios(cart_system(), filled)))


def test_bounds_hold_as_often_as_they_say():
    rng = np.random.default_rng(5)
    freedom = rng.integers(0, 4, (2000, 30))
    normal = rng.normal(size=(2000, 30, 3)) ** 2
    far = np.where(np.arange(3) < freedom[..., None], normal, 0).sum(-1)

    held = [within(consistency(*row, 0.9)) for row in zip(far, freedom)]
    assert 0.87 < np.mean(held) < 0.93


def test_future_errors_are_as_large_as_forecast(rides):
    system = cart_system()
    found = kalman_filter(system, rides.inputs, 100)
    means, covariances = forecast(
        system, found.means[:, -1], found.covariances[:, -1], 20
    )
    off = means - rides.future

    for ahead in (0, 9, 19):
        far = squared_distance(off[:, ahead], covariances[:, ahead])
        assert within(consistency(far, 3, 0.9999))
    spread = np.sqrt(np.diagonal(covariances, axis1=2, axis2=3))
    covered = np.mean(abs(off) < 1.2816 * spread, axis=(0, 1))
    np.testing.assert_allclose(covered, 0.8, atol=0.025)
    assert (np.diff(spread[:, :, 0].mean(0)) > 0).all()


# The extended filter


def naive_extended(system, readings, recording, steps):
    """As in a textbook: one recording, readings picked by hand."""
    mean, spread, kept = system.mean, system.covariance, []
    for step in range(steps):
        if step:
            mean = system.transition @ mean
            spread = (
                system.transition @ spread @ system.transition.T
                + system.noise
            )
        off, slopes, noises = [], [], []
        for name, sensor in system.sensors.items():
            value = readings[name][recording, step // sensor.every]
            if step % sensor.every or np.isnan(value).any():
                continue
            off.append(value - sensor.read(mean[None])[0])
            slopes.append(sensor.slope(mean[None])[0])
            noises.append(np.diag(sensor.noise))
        off, slope = np.concatenate(off), np.concatenate(slopes)
        chance = slope @ spread @ slope.T + np.diag(np.concatenate(noises))
        gain = spread @ slope.T @ np.linalg.inv(chance)
        mean = mean + gain @ off
        spread = spread - gain @ slope @ spread
        kept.append(mean)
    return np.array(kept)


@pytest.mark.parametrize("radar", RADARS)
def test_the_extended_filter_is_that_of_the_textbook(radar):
    *_, few = cart_rides(
        radar=radar, num_train=1, num_validation=1, num_test=5
    )
    system = cart_system(radar)

    found = kalman_filter(system, few.inputs, 100)
    for recording in range(5):
        naive = naive_extended(system, few.inputs, recording, 100)
        np.testing.assert_allclose(found.means[recording], naive, atol=1e-8)


def test_the_extended_filter_is_too_sure_of_itself():
    *_, beside = cart_rides(
        radar="beside", num_train=1, num_validation=1, num_test=500
    )

    assert ratios(cart_system("beside"), beside)[2].ratio > 1.3


# Bad input


@pytest.mark.parametrize(
    "change, where, words",
    [
        ({"sonar": np.zeros((2, 8, 1))}, 'sensor "sonar"', "quick, slow"),
        ({"slow": np.zeros((2, 3, 2))}, 'sensor "slow"', "(2, 4, 2)"),
        ({"slow": np.zeros((2, 4, 1))}, 'sensor "slow"', "(2, 4, 2)"),
        ({"slow": np.zeros((3, 4, 2))}, 'sensor "slow"', "(2, 4, 2)"),
    ],
)
def test_readings_that_do_not_fit_are_named(change, where, words):
    one = np.eye(1)
    sensors = {
        "quick": linear_sensor(one, one),
        "slow": linear_sensor(np.ones((2, 1)), np.eye(2), every=2),
    }
    system = System(one, one, np.zeros(1), one, sensors)
    readings = {"quick": np.zeros((2, 8, 1)), "slow": np.zeros((2, 4, 2))}

    kalman_filter(system, readings, 8)
    with pytest.raises(DataError) as caught:
        kalman_filter(system, {**readings, **change}, 8)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert words in problem.expected


@pytest.mark.parametrize("steps", [0, 2.0])
def test_steps_are_counted(steps):
    with pytest.raises(DataError, match="steps"):
        kalman_filter(cart_system(), {}, steps)
    with pytest.raises(DataError, match="sensor or more"):
        kalman_filter(cart_system(), {}, 1)
