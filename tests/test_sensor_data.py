"""The recordings: of a watch, of the simulated cart, and from files."""

import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from companion.errors import DataError
from companion.lab import cart
from companion.lab.cart import RADARS, cart_rides, cart_system
from companion.lab.kalman import kalman_filter
from companion.lab.recordings import read_channels, read_recording
from companion.lab.watch import EXERCISES, SIDES, watch, watch_parts

# The watch


@pytest.fixture(scope="module")
def recordings():
    return watch()


def test_each_person_did_each_exercise_with_each_arm_once(recordings):
    done = zip(recordings.person, recordings.exercise, recordings.side)

    people = range(1, 11)
    everything = itertools.product(people, range(7), range(2))
    assert sorted(done) == sorted(everything)
    assert (len(EXERCISES), len(SIDES)) == (7, 2)


def test_both_sensors_read_at_the_same_moments(recordings):
    assert list(recordings.sensors) == list(recordings.rates)
    for readings in recordings.sensors.values():
        assert {r.dtype for r in readings} == {np.dtype("float32")}
        assert {r.shape[1] for r in readings} == {3}
        assert all(np.isfinite(r).all() for r in readings)
    lengths, others = (
        [len(r) for r in readings]
        for readings in recordings.sensors.values()
    )
    assert lengths == others
    assert (min(lengths), max(lengths)) == (474, 1309)


def test_the_accelerometer_reads_gravity_when_the_arm_is_still(recordings):
    """So its unit is g, and that of the gyroscope is not degrees."""
    turns = np.concatenate(recordings.gyroscope)
    reads = np.concatenate(recordings.accelerometer)

    still = np.linalg.norm(turns, axis=1) < 0.2
    assert 0.01 < still.mean() < 0.1
    gravity = np.linalg.norm(reads[still], axis=1)
    assert 0.97 < np.median(gravity) < 1.03
    assert 5 < np.percentile(abs(turns), 99) < 15


def test_gravity_tells_the_arm(recordings):
    along = np.array([r[:, 0].mean() for r in recordings.accelerometer])

    left = recordings.side == SIDES.index("left")
    assert along[left].mean() > 0.3 and along[~left].mean() < -0.3


def test_the_slow_gyroscope_leaves_out_every_second_reading(recordings):
    slow = watch(slow_gyroscope=True)

    assert slow.rates == {"accelerometer": 25, "gyroscope": 12.5}
    for one, other in zip(slow.gyroscope, recordings.gyroscope):
        np.testing.assert_array_equal(one, other[::2])
    for one, other in zip(slow.accelerometer, recordings.accelerometer):
        np.testing.assert_array_equal(one, other)


def test_some_recordings_stay_together(recordings):
    right = recordings.take(recordings.side == 1)
    few = recordings.take(np.array([5, 2]))

    assert len(right.person) == 70 and set(right.side) == {1}
    for row, at in enumerate((5, 2)):
        assert few.person[row] == recordings.person[at]
        assert few.exercise[row] == recordings.exercise[at]
        for name, readings in recordings.sensors.items():
            assert few.sensors[name][row] is readings[at]


@pytest.mark.parametrize("seed", [0, 1])
def test_recordings_of_a_person_are_in_one_part(recordings, seed):
    parts = watch_parts(seed)

    together = np.sort(np.concatenate(parts))
    assert np.array_equal(together, np.arange(140))
    people = [set(recordings.person[part]) for part in parts]
    assert [len(p) for p in people] == [6, 2, 2]
    assert len(set.union(*people)) == 10
    assert not np.array_equal(parts[0], watch_parts(seed + 2)[0])


@pytest.mark.slow
def test_both_sensors_tell_more_than_each(recordings):
    """What the chapter on sensors is about."""
    ends = [range(100, len(r), 100) for r in recordings.accelerometer]
    rows = np.repeat(np.arange(140), list(map(len, ends)))
    features = {
        name: np.array(
            [
                _summary(readings[row][end - 50 : end])
                for row, end in zip(rows, itertools.chain(*ends))
            ]
        )
        for name, readings in recordings.sensors.items()
    }
    features["both"] = np.hstack(list(features.values()))
    score = {
        name: np.mean([_score(recordings, rows, x, n) for n in range(3)])
        for name, x in features.items()
    }
    assert score["both"] > 0.75
    assert score["both"] - 0.02 > score["accelerometer"] > 0.6
    assert score["both"] - 0.02 > score["gyroscope"] > 0.6


def _summary(window):
    steps = abs(np.diff(window, axis=0)).mean(axis=0)
    together = np.corrcoef(window.T)[np.triu_indices(3, 1)]
    return np.hstack([window.mean(0), window.std(0), steps, together])


def _score(recordings, rows, features, seed):
    """Of a linear model, for people that it has not met."""
    train, validation, test = watch_parts(seed)
    fit, new = np.isin(rows, train), np.isin(rows, [*validation, *test])
    exercise = recordings.exercise[rows]
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=300)
    )
    model.fit(features[fit], exercise[fit])
    return model.score(features[new], exercise[new])


# The cart


@pytest.fixture(scope="module")
def rides():
    return cart_rides()


def test_the_cart_has_been_moving_for_long():
    system = cart_system()
    move = system.transition

    after = move @ system.covariance @ move.T + system.noise
    np.testing.assert_allclose(after, system.covariance, atol=1e-12)


def test_states_are_as_the_system_says(rides):
    system = cart_system()
    states = np.concatenate([r.states for r in rides]).astype("float64")

    for step in (0, 50, 99):
        spread = np.cov(states[:, step].T)
        scale = np.sqrt(np.diag(system.covariance))
        far = (spread - system.covariance) / np.outer(scale, scale)
        assert abs(far).max() < 0.05
    test = rides[2]
    first = test.future[:, 0] - test.states[:, -1] @ system.transition.T
    np.testing.assert_allclose(
        np.cov(first.T), system.noise, rtol=0.2, atol=1e-6
    )


def test_the_accelerometer_reads_how_fast_the_velocity_changes(rides):
    """In metres a second squared, if steps are a fiftieth of a second."""
    train = rides[0]
    velocity = train.states[:, :, cart.STATES.index("velocity")]
    changes = (velocity[:, 2:] - velocity[:, :-2]) * cart.RATE / 2
    reads = train.accelerometer[:, 1:-1, 0]

    slope, offset = np.polyfit(changes.ravel(), reads.ravel(), 1)
    assert abs(slope - 1) < 0.03 and abs(offset) < 0.02
    assert abs(np.std(reads - changes) - 4) < 0.1


@pytest.mark.parametrize("radar", RADARS)
def test_the_radar_reads_every_second_step(radar):
    train, *_ = cart_rides(radar=radar, num_validation=1, num_test=1)
    states = train.states[:, ::2]
    reads = cart_system(radar).sensors["radar"].read(states.reshape(-1, 3))
    off = train.radar - reads.reshape(train.radar.shape)

    np.testing.assert_allclose(np.nanmean(off, (0, 1)), 0, atol=0.005)
    np.testing.assert_allclose(np.nanstd(off, (0, 1)), (0.1, 0.5), 0.01)


def test_a_radar_beside_the_track_sees_a_distance():
    system = cart_system("beside")
    states = np.random.default_rng(0).normal(size=(20, 3))
    reads = system.sensors["radar"].read(states)

    there = np.stack([states[:, 0] - 0.05, np.full(20, 0.1)], axis=1)
    distance = np.linalg.norm(there, axis=1)
    np.testing.assert_allclose(reads[:, 0], distance)
    later = states + 1e-6 * np.array([1, 0, 0]) * states[:, 1:2]
    moved = system.sensors["radar"].read(later)[:, 0] - distance
    np.testing.assert_allclose(reads[:, 1], moved / 1e-6, atol=1e-4)


@pytest.mark.parametrize("radar", RADARS)
def test_slopes_are_those_of_the_readings(radar):
    states = np.random.default_rng(1).normal(size=(20, 3))
    for sensor in cart_system(radar).sensors.values():
        slope = sensor.slope(states)
        for n, nudge in enumerate(1e-6 * np.eye(3)):
            up, down = (sensor.read(states + s * nudge) for s in (1, -1))
            np.testing.assert_allclose(
                slope[:, :, n], (up - down) / 2e-6, atol=1e-5
            )


def test_radar_readings_drop_out_in_bursts(rides):
    train = rides[0]
    lost = np.isnan(train.radar)

    np.testing.assert_array_equal(lost[..., 0], lost[..., 1])
    lost = lost[..., 0]
    assert abs(lost.mean() - 0.3) < 0.01
    assert abs(lost[:, 0].mean() - 0.3) < 0.03
    ends = lost[:, :-1] & ~lost[:, 1:]
    assert abs(ends.sum() / lost[:, :-1].sum() - 1 / 5) < 0.01
    assert not np.isnan(train.accelerometer).any()


def test_the_same_rides_wherever_the_radar_stands(rides):
    beside = cart_rides(radar="beside")
    for one, other in zip(rides, beside):
        np.testing.assert_array_equal(one.states, other.states)
        np.testing.assert_array_equal(one.future, other.future)
        np.testing.assert_array_equal(
            one.accelerometer, other.accelerometer
        )
        np.testing.assert_array_equal(
            np.isnan(one.radar), np.isnan(other.radar)
        )
    assert not np.array_equal(rides[0].states, cart_rides(1)[0].states)
    assert not np.array_equal(rides[1].states, rides[2].states[:1000])


@pytest.mark.parametrize("steps, radar", [(1, 1), (10, 5), (15, 8)])
def test_rides_have_the_length_that_is_asked_for(steps, radar):
    *_, test = cart_rides(0, "ahead", 1, 1, 3, steps=steps, horizon=0)

    assert test.inputs["accelerometer"].shape == (3, steps, 1)
    assert test.inputs["radar"].shape == (3, radar, 2)
    assert test.states.shape == (3, steps, 3)
    assert test.future.shape == (3, 0, 3)
    assert {a.dtype for a in vars(test).values()} == {np.dtype("float32")}


def test_neither_sensor_alone_suffices(rides):
    test, system = rides[2], cart_system()

    def error(*names):
        """Of the velocity, after the first steps."""
        readings = {name: test.inputs[name] for name in names}
        found = kalman_filter(system, readings, 100)
        off = found.means[:, 20:, 1] - test.states[:, 20:, 1]
        return np.sqrt(np.mean(off**2))

    both = error("accelerometer", "radar")
    assert both < 0.45 * test.states[..., 1].std()
    assert error("accelerometer") > 1.25 * both
    assert error("radar") > 1.35 * both


@pytest.mark.parametrize(
    "setting", [{"radar": "above"}, {"steps": 0}, {"horizon": -1}]
)
def test_a_cart_that_does_not_exist_is_refused(setting):
    with pytest.raises(DataError) as caught:
        cart_rides(num_train=1, **setting)
    assert next(iter(setting)) in str(caught.value)


# Windows in text files


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_for_each_channel_makes_windows(tmp_path):
    windows = np.random.default_rng(0).normal(size=(4, 6, 3))
    files = [tmp_path / f"body_acc_{axis}_train.txt" for axis in "xyz"]
    for file, channel in zip(files, np.moveaxis(windows, 2, 0)):
        np.savetxt(file, channel, fmt="%16.7e")
    read = read_channels(files)

    assert read.dtype == np.float32
    np.testing.assert_allclose(read, windows, rtol=1e-6)
    gap = write(tmp_path / "gap.txt", " 1 nan\n\n 2 3\n\n")
    np.testing.assert_array_equal(
        read_channels([gap])[..., 0], [[1, np.nan], [2, 3]]
    )


@pytest.mark.parametrize(
    "text, where, expected, received",
    [
        ("1 2\n3 x\n", 'y.txt", line 2', "numbers", "text"),
        ("1,2\n3,4\n", 'y.txt", line 1', "numbers", "text"),
        ("1 2\n3 4 5\n", 'y.txt", line 2', "2 numbers", "3"),
        ("1 2\n3 4\n5 6\n", 'y.txt"', "2 lines of 2", "3 lines of 2"),
        ("1 2 3\n3 4 5\n", 'y.txt"', "2 lines of 2", "2 lines of 3"),
        ("\n", 'y.txt"', "lines of numbers", "none"),
    ],
)
def test_a_channel_that_does_not_fit_is_named(
    tmp_path, text, where, expected, received
):
    files = [
        write(tmp_path / "x.txt", "1 2\n3 4\n"),
        write(tmp_path / "y.txt", text),
    ]
    with pytest.raises(DataError) as caught:
        read_channels(files)
    (problem,) = caught.value.problems
    assert problem.where.endswith(where)
    assert problem.expected.startswith(expected)
    assert problem.received == received
    with pytest.raises(DataError, match="one file or more"):
        read_channels([])


# Readings with time stamps

SLOW = "time,x\n" + "".join(f"{n / 10},{n}\n" for n in range(40))


def recording_of(tmp_path, quick, slow=SLOW, **settings):
    files = {
        "quick": write(tmp_path / "quick.csv", quick),
        "slow": write(tmp_path / "slow.csv", slow),
    }
    rates = {"quick": 20, "slow": 5}
    return read_recording(files, rates, 0.25, **settings)


def lines(times, values, header="time,x"):
    rows = [f"{t},{v}" for t, v in zip(times, values)]
    return "\n".join([header, *rows, ""])


def test_sensors_are_read_on_one_clock(tmp_path):
    times = 1 + np.sort(np.random.default_rng(0).uniform(0, 2, 300))
    quick = lines(times, 3 * times)
    recording = recording_of(tmp_path, quick)

    assert recording.start == times[0]
    assert recording.rates == {"quick": 20, "slow": 5}
    for name, factor in (("quick", 3), ("slow", 10)):
        values = recording.sensors[name]
        rate = recording.rates[name]
        count = int((times[-1] - times[0]) * rate) + 1
        assert values.shape == (count, 1) and values.dtype == np.float32
        moments = times[0] + np.arange(count) / rate
        np.testing.assert_allclose(
            values[:, 0], factor * moments, rtol=1e-5
        )


def test_a_clock_that_fits_is_not_changed(tmp_path):
    """Also where 0.1 + 0.2 is not 0.3."""
    times = np.arange(40) / 20
    values = np.random.default_rng(0).normal(size=40)
    recording = recording_of(tmp_path, lines(times, values))

    np.testing.assert_allclose(
        recording.sensors["quick"][:, 0], values, rtol=1e-6
    )
    np.testing.assert_array_equal(
        recording.sensors["slow"][:, 0], np.arange(0, 20, 2)
    )


def test_long_gaps_are_gaps(tmp_path):
    times = np.r_[0, 0.1, 0.2, 0.4, 0.8, 0.9]
    recording = recording_of(tmp_path, lines(times, 10 * times))

    expected = np.arange(19) / 2
    expected[9:16] = np.nan  # between 0.4 and 0.8 seconds
    np.testing.assert_allclose(
        recording.sensors["quick"][:, 0], expected, atol=1e-5
    )


def test_readings_beside_a_gap_are_kept(tmp_path):
    """Where 0.1 + 4 / 20 is above 0.3, and 0.1 + 14 / 20 below 0.8."""
    times = np.r_[0.1, 0.2, 0.3, 0.8, 0.9, 1.0]
    recording = recording_of(tmp_path, lines(times, 10 * times))

    expected = 1 + np.arange(19) / 2
    expected[5:14] = np.nan
    np.testing.assert_allclose(
        recording.sensors["quick"][:, 0], expected, rtol=1e-5
    )


def test_the_last_reading_is_kept(tmp_path):
    """Where (1.2 - 0.1) * 20 is below 22."""
    times = np.arange(1, 13) / 10
    recording = recording_of(tmp_path, lines(times, 10 * times))

    values = recording.sensors["quick"][:, 0]
    np.testing.assert_allclose(values, 1 + np.arange(23) / 2, rtol=1e-5)


def test_an_empty_cell_is_a_gap_of_its_channel(tmp_path):
    rows = [
        f"{n / 10},{n},{n if n in (1, 2, 6, 7, 8) else ''}"
        for n in range(10)
    ]
    quick = "\n".join(["time,x,y", *rows, "", "", ""])
    recording = recording_of(tmp_path, quick)

    x, y = recording.sensors["quick"].T
    np.testing.assert_allclose(x, np.arange(19) / 2, atol=1e-5)
    gaps = [0, 1, *range(5, 12), 17, 18]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(y)), gaps)


def test_columns_are_chosen_by_name(tmp_path):
    rows = "".join(f"{n},{2 * n},{n / 10},a\n" for n in range(30))
    recording = recording_of(
        tmp_path,
        "\ufeffx,y,when,note\n" + rows,
        SLOW.replace("time", "when"),
        time="when",
        channels={"quick": ["y", "x"]},
    )

    assert recording.sensors["quick"].shape == (59, 2)
    np.testing.assert_allclose(recording.sensors["quick"][2], [2, 1])
    assert recording.sensors["slow"].shape == (15, 1)


def test_dates_are_a_clock(tmp_path):
    dates = [f"2026-05-01T10:00:{n / 10:06.3f}" for n in range(30)]
    late = [f"2026-05-01 12:00:{1 + n / 10:06.3f}+02:00" for n in range(30)]
    recording = recording_of(
        tmp_path, lines(dates, range(30)), lines(late, range(30))
    )

    assert recording.start == 1_777_629_601
    np.testing.assert_allclose(
        recording.sensors["quick"][:3, 0], [10, 10.5, 11]
    )
    np.testing.assert_allclose(
        recording.sensors["slow"][:3, 0], [0, 2, 4], atol=1e-4
    )


@pytest.mark.parametrize(
    "quick, where, expected, received",
    [
        (lines([9, 9.1], "01"), 'sensor "quick"', "a clock that", "5.1 s"),
        (lines([-2, -1.9], "01"), 'sensor "slow"', "a clock that", "1.9 s"),
        (lines([0, 2, 1], "abc"), "line 4", "time to go on", "1 s before"),
        (lines([0, 1, 1], "abc"), "line 4", "time to go on", "line 3 a"),
        (lines([0, 1, "?"], "012"), "time, line 4", "a time", "something"),
        ("time,x\n0,0\n\n1,a\n", '"x", line 4', "a finite", "something"),
        (lines([0, 1, ""], "012"), "time, line 4", "a time", "something"),
        (lines(["a", "b"], "01"), "time, line 2", "a time", "2 lines"),
        (lines([0, 0.1], "0x"), '"x", line 3', "a finite", "something"),
        (lines([0, "", 2], ["", "", "i"]), '"x", line 4', "a fin", "some"),
        (lines([0, 0.1], ["inf", 1]), '"x", line 2', "a finite", "some"),
        (lines([0, 1], "01", "t,x"), "quick.csv", 'column "time"', "none"),
        ("time,x,x\n0,1,2\n", "quick.csv", 'column "x"', "2 among"),
        ("time\n0\n1\n", "quick.csv", "beside the time", "time"),
        ("time,x\n0,1\n1,2,3\n", "quick.csv", "a table", "Expected 2"),
        ("", "quick.csv", "a table", "No columns"),
        ("time,x\n", "quick.csv", "two readings", "0"),
        ("time,x\n1,1\n", "quick.csv", "two readings", "1"),
        (lines([0, 20, 40], "012"), "quick.csv", "at most 0.25", "20 s"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(
    tmp_path, quick, where, expected, received
):
    with pytest.raises(DataError) as caught:
        recording_of(tmp_path, quick)
    problem = caught.value.problems[0]
    assert where in problem.where
    assert problem.where.startswith('sensor "')
    assert expected in problem.expected
    assert received in problem.received


def test_all_files_are_looked_at(tmp_path):
    with pytest.raises(DataError) as caught:
        recording_of(
            tmp_path, "t,x\n0,1\n1,2\n", "time,y\n0,1\n0,2\n",
            channels={"slow": ["x"]},
        )  # fmt: skip
    places = [problem.where for problem in caught.value.problems]
    assert [place.split(",")[0] for place in places] == [
        'sensor "quick"', 'sensor "slow"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rates, gap, where",
    [
        ({}, 1, 'rates, sensor "slow"'),
        ({"slow": 0}, 1, 'rates, sensor "slow"'),
        ({"slow": "5"}, 1, 'rates, sensor "slow"'),
        ({"slow": 5}, -1, "longest_gap"),
        ({"slow": 5}, None, "longest_gap"),
    ],
)
def test_rates_and_gaps_are_numbers_above_zero(tmp_path, rates, gap, where):
    file = write(tmp_path / "slow.csv", SLOW)
    with pytest.raises(DataError) as caught:
        read_recording({"slow": file}, rates, gap)
    assert [p.where for p in caught.value.problems] == [where]
    with pytest.raises(DataError, match="one file or more"):
        read_recording({}, {}, 1)
