import pickle
import re
import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import DataError, MultiInputGenerator, check, split_rows
from companion.feeding.windows import cut_windows

#: No message may show it.
READING = 12345.625


def recorded(steps, channels=2, dtype="float64", value=READING):
    return np.full((steps, channels), value, dtype)


def stamped(number, steps, rate):
    """Readings that tell their recording, and when they were taken."""
    return np.stack([np.full(steps, number), np.arange(steps) / rate], 1)


def all_of(column):
    return column.take(np.arange(len(column)))


def naive(recordings, rate, seconds, every, horizon, counts):
    """The same by a plain loop: windows, the last reading, the future."""
    steps, stride, ahead = (
        round(x * rate) for x in (seconds, every, horizon)
    )
    found = [
        (values[at : at + steps], values[at + steps : at + steps + ahead])
        for values, count in zip(recordings, counts)
        for at in range(0, count * stride, stride)
    ]
    windows, futures = map(np.array, zip(*found))
    return windows, windows[:, -1], futures


# What is cut


@settings(max_examples=150, deadline=None)
@given(
    lasting=st.lists(st.integers(0, 12), min_size=1, max_size=5),
    seconds=st.integers(1, 4),
    every=st.integers(1, 5),
    horizon=st.integers(0, 3),
    ratio=st.integers(1, 4),
    unit=st.sampled_from([1.0, 0.04, 1 / 3, 60.0]),
)
def test_windows_are_those_of_a_plain_loop(
    lasting, seconds, every, horizon, ratio, unit
):
    spans = seconds * unit, every * unit, horizon * unit
    counts = [max(0, (n - seconds - horizon) // every + 1) for n in lasting]
    rates = {"slow": 1 / unit, "fast": ratio / unit}
    sensors = {
        name: [
            stamped(number, round(n * unit * rate), rate)
            for number, n in enumerate(lasting)
        ]
        for name, rate in rates.items()
    }

    def cut():
        return cut_windows(
            sensors,
            seconds=spans[0],
            every=spans[1],
            horizon=spans[2],
            rates=rates,
        )

    if sum(counts) == 0:
        with pytest.raises(DataError, match="as long as a window"):
            cut()
        return
    windows = cut()

    assert len(windows) == sum(counts)
    assert windows.recording.dtype == "int64"
    assert windows.start.dtype == "float64"
    for name, rate in rates.items():
        expected, last, future = naive(sensors[name], rate, *spans, counts)
        found = all_of(windows.columns[name])
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, expected.astype("float32"))
        np.testing.assert_array_equal(
            all_of(windows.last(name)), last.astype("float32")
        )
        if horizon:
            np.testing.assert_array_equal(
                all_of(windows.future(name)), future.astype("float32")
            )
        # No window has readings of another recording or moment.
        assert (found[:, :, 0] == windows.recording[:, None]).all()
        np.testing.assert_allclose(found[:, 0, 1], windows.start, 1e-6)


def test_rows_can_be_taken_in_any_order_and_twice():
    windows = cut_windows(
        {"a": [stamped(0, 9, 1), stamped(1, 2, 1), stamped(2, 6, 1)]},
        seconds=3,
        every=2,
    )

    taken = windows.columns["a"].take(np.array([5, 0, 3, 5]))

    assert windows.recording.tolist() == [0, 0, 0, 0, 2, 2]
    assert windows.start.tolist() == [0, 2, 4, 6, 0, 2]
    assert taken[:, 0].tolist() == [[2, 2], [0, 0], [0, 6], [2, 2]]
    assert repr(windows) == "Windows(6, readings in each: a 3)"


def test_without_rates_a_reading_counts_as_a_second():
    sensors = {"a": [recorded(10)], "b": [recorded(10)]}

    alone = cut_windows(sensors, seconds=4, every=2)
    given_ = cut_windows(sensors, seconds=0.4, every=0.2, rates=10)

    for windows in (alone, given_):
        assert len(windows) == 4
        assert {all_of(x).shape for x in windows.columns.values()} == {
            (4, 4, 2)
        }


def test_settings_may_be_numbers_of_numpy():
    windows = cut_windows(
        {"a": [recorded(100)]},
        seconds=np.float32(0.3),
        every=np.array(0.1),
        rates=np.int64(10),
    )

    assert len(windows) == 98


@pytest.mark.parametrize(
    ("kind", "fed"),
    [
        ("float16", "float32"),
        (">f8", "float32"),
        ("int16", "int16"),
        (">i4", "int32"),
        ("bool", "bool"),
    ],
)
def test_floats_leave_as_float32_and_the_rest_as_it_is(kind, fed):
    values = (np.arange(12).reshape(6, 2) % 3).astype(kind)

    taken = all_of(
        cut_windows({"a": [values]}, seconds=4, every=2).columns["a"]
    )

    assert taken.dtype == fed and taken.dtype.isnative
    np.testing.assert_array_equal(taken, [values[:4], values[2:]])


def test_labels_of_steps_are_cut_alike():
    labels = [np.arange(6), np.arange(10, 14)]
    windows = cut_windows(
        {"a": [recorded(6), recorded(4)], "label": labels},
        seconds=2,
        every=2,
        horizon=1,
    )

    assert all_of(windows.columns["label"]).tolist() == [
        [0, 1],
        [2, 3],
        [10, 11],
    ]
    assert all_of(windows.last("label")).tolist() == [1, 3, 11]
    assert all_of(windows.future("label")).tolist() == [[2], [4], [12]]


def test_frames_of_a_camera_are_recordings_too():
    frames = np.arange(5 * 2 * 3).reshape(5, 2, 3) * 1.0

    windows = cut_windows({"camera": [frames]}, seconds=2, every=3)

    np.testing.assert_array_equal(
        all_of(windows.columns["camera"]), [frames[:2], frames[3:]]
    )


def test_sensors_may_differ_by_a_reading_of_the_slowest():
    rates = {"a": 4, "b": 2}

    def cut(steps):
        sensors = {"a": [recorded(40)], "b": [recorded(steps)]}
        return cut_windows(sensors, rates=rates, seconds=1, every=1)

    assert [len(cut(steps)) for steps in (19, 20, 21)] == [9, 10, 10]
    for steps in (18, 22):
        with pytest.raises(DataError, match="begin and end together"):
            cut(steps)


# Gaps


def with_gaps():
    values = np.arange(12.0).reshape(6, 2) + 1
    values[1, 0], values[4] = np.nan, np.inf
    return values


def test_gaps_become_zeros_with_a_mask():
    windows = cut_windows(
        {"a": [with_gaps()], "b": [recorded(6)]},
        seconds=2,
        every=2,
        horizon=1,
        missing=["a"],
    )
    columns = {name: all_of(x) for name, x in windows.columns.items()}

    assert [*columns] == ["a", "b", "a_present"]
    assert columns["a"].tolist() == [[[1, 2], [0, 0]], [[5, 6], [7, 8]]]
    assert columns["a_present"].dtype == "float32"
    assert columns["a_present"].tolist() == [[1, 0], [1, 1]]
    assert all_of(windows.last("a_present")).tolist() == [0, 1]
    assert all_of(windows.last("a")).tolist() == [[0, 0], [7, 8]]
    assert all_of(windows.future("a_present")).tolist() == [[1], [0]]
    assert all_of(windows.future("a")).tolist() == [[[5, 6]], [[0, 0]]]


def test_what_is_fed_is_a_copy():
    values = with_gaps()
    windows = cut_windows({"a": [values]}, seconds=6, every=1, missing="a")

    all_of(windows.columns["a"])[:] = -1

    np.testing.assert_array_equal(values, with_gaps())


def test_the_first_gap_is_found_in_a_long_recording():
    values = np.ones((3_000_000, 2), "float32")
    values[2_500_000, 1] = np.nan

    with pytest.raises(DataError, match="first in row 2500000"):
        cut_windows({"a": [values]}, seconds=2, every=1)


# Memory, files and processes


def test_recordings_are_not_copied():
    recordings = [np.ones((1_000_000, 3), "float32") for _ in range(3)]

    tracemalloc.start()
    windows = cut_windows({"a": recordings}, seconds=50, every=25)
    batches = MultiInputGenerator(windows.columns, batch_size=512)
    for index in range(0, len(batches), 10):
        batches[index]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(windows) == 119_997
    assert peak < 5e6  # of 36 MB


def test_memory_does_not_grow_with_the_number_of_windows():
    recordings = [np.ones((2_000_000, 1), "uint8")]

    tracemalloc.start()
    windows = cut_windows({"a": recordings}, seconds=1, every=1)
    windows.columns["a"].take(np.arange(100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(windows) == 2_000_000
    assert peak < 3e6  # row numbers would be 16 MB


def sizes(windows):
    return len(pickle.dumps(windows.columns))


def again(windows):
    return pickle.loads(pickle.dumps(windows))


@pytest.fixture
def table(tmp_path):
    """A file with one recording after the other, four columns wide."""
    path = tmp_path / "recordings.npy"
    np.save(path, np.arange(40_000.0).reshape(10_000, 4))
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize(
    "parts",
    [
        lambda table: {"a": np.split(table, 100)},
        lambda table: {
            "a": np.split(table[:, :3], 100),
            "b": np.split(table[:, 3:], 100),
        },
        lambda table: {"a": np.split(table[1::2], 100)},
        lambda table: {"a": np.split(table[::-1], 100)},
        lambda table: {"a": np.split(np.asarray(table), 100)},
    ],
    ids=["rows", "columns", "every second", "backwards", "as arrays"],
)
def test_memory_maps_are_pickled_as_their_place(table, parts):
    windows = cut_windows(parts(table), seconds=10, every=10)

    loaded = again(again(windows))

    assert sizes(windows) < 0.15 * table.nbytes
    for name, column in windows.columns.items():
        found = loaded.columns[name]
        np.testing.assert_array_equal(all_of(found), all_of(column))
        files = {id(values.base) for values in found.recordings}
        assert len(files) == 1  # opened once, not 100 times


def test_each_recording_may_have_a_file_of_its_own(tmp_path):
    for number in range(3):
        values = stamped(number, 5000, 1)
        np.save(tmp_path / f"{number}.npy", values)
    maps = [np.load(x, mmap_mode="r") for x in sorted(tmp_path.iterdir())]
    windows = cut_windows({"a": maps}, seconds=2, every=2)

    loaded = again(windows)

    assert sizes(windows) < 2000
    np.testing.assert_array_equal(
        all_of(loaded.columns["a"]), all_of(windows.columns["a"])
    )


def test_a_map_changed_in_memory_keeps_its_changes(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((6, 1)))
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[1] = 7
    windows = cut_windows({"a": np.split(changed, 2)}, seconds=3, every=1)

    assert all_of(again(windows).columns["a"])[0].tolist() == [
        [0],
        [7],
        [0],
    ]


def test_a_map_in_the_order_of_fortran_is_pickled_right(tmp_path):
    values = np.asfortranarray(np.arange(24.0).reshape(12, 2))
    np.save(tmp_path / "x.npy", values)
    whole = np.load(tmp_path / "x.npy", mmap_mode="r")
    windows = cut_windows({"a": [whole]}, seconds=4, every=4)

    np.testing.assert_array_equal(
        all_of(again(windows).columns["a"]), values.reshape(3, 4, 2)
    )


def test_arrays_in_memory_are_pickled_as_they_are():
    windows = cut_windows(
        {"a": [with_gaps()]}, seconds=2, every=1, missing="a"
    )

    for name, column in again(windows).columns.items():
        np.testing.assert_array_equal(
            all_of(column), all_of(windows.columns[name])
        )


# In training


def watch():
    """Eight recordings of four people, two sensors at two rates."""
    rng = np.random.default_rng(0)
    lasting = rng.integers(4, 9, 8)
    sensors = {
        "push": [rng.normal(size=(50 * n, 3)) for n in lasting],
        "turn": [rng.normal(size=(25 * n, 2)) for n in lasting],
        "place": [rng.normal(size=(25 * n, 1)) for n in lasting],
    }
    return cut_windows(
        sensors,
        rates={"push": 50, "turn": 25, "place": 25},
        seconds=2,
        every=0.4,
        horizon=0.2,
    )


def inputs_of(windows):
    return {name: windows.columns[name] for name in ("push", "turn")}


def test_people_are_on_one_side_of_a_split():
    windows, people = watch(), np.repeat(np.arange(4), 2)
    of_windows = people[windows.recording]

    parts = split_rows(
        len(windows), [0.5, 0.25, 0.25], seed=0, groups=of_windows
    )

    met = [set(of_windows[part].tolist()) for part in parts]
    assert sum(map(len, met)) == len(set.union(*met)) == 4


def test_the_generator_feeds_windows_and_their_futures():
    windows = watch()
    batches = MultiInputGenerator(
        inputs_of(windows),
        targets=windows.future("place"),
        rows=np.arange(0, len(windows), 2),
        batch_size=8,
        shuffle=True,
        seed=0,
    )

    loaded = pickle.loads(pickle.dumps(batches))
    for index in range(len(batches)):
        rows = batches.rows(index)
        inputs, target = batches[index]
        for name, values in inputs.items():
            expected = windows.columns[name].take(rows)
            np.testing.assert_array_equal(values, expected)
            np.testing.assert_array_equal(loaded[index][0][name], expected)
        np.testing.assert_array_equal(
            target, windows.future("place").take(rows)
        )
        assert target.shape[1:] == (5, 1)


def forecaster():
    keras.utils.set_random_seed(0)
    inputs = [
        keras.Input((100, 3), name="push"),
        keras.Input((50, 2), name="turn"),
    ]
    read = [keras.layers.GlobalAveragePooling1D()(x) for x in inputs]
    x = keras.layers.concatenate(read)
    future = keras.layers.Reshape((5, 1))(keras.layers.Dense(5)(x))
    model = keras.Model(inputs, future)
    model.compile("sgd", "mse")
    return model


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_windows_train_as_arrays_do(workers):
    windows = watch()
    columns = inputs_of(windows), windows.future("place")
    batches = MultiInputGenerator(*columns, batch_size=16, workers=workers)
    model, plain = forecaster(), forecaster()

    check(model, batches)
    model.fit(
        batches, epochs=1, steps_per_epoch=2, shuffle=False, verbose=0
    )
    arrays = {name: all_of(column) for name, column in columns[0].items()}
    plain.fit(
        {name: values[:32] for name, values in arrays.items()},
        all_of(columns[1])[:32],
        batch_size=16,
        shuffle=False,
        verbose=0,
    )

    for ours, theirs in zip(model.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_a_mask_weighs_the_steps_of_a_future():
    windows = cut_windows(
        {"a": [with_gaps()]}, seconds=1, every=1, horizon=2, missing=["a"]
    )
    batches = MultiInputGenerator(
        windows.columns,
        windows.future("a"),
        windows.future("a_present"),
        batch_size=4,
    )

    assert batches[0][2].tolist() == [[0, 1], [1, 1], [1, 0], [0, 1]]


# Bad input

TWO = {"a": [recorded(100)], "b": [recorded(50)]}
GAP = recorded(100)
GAP[37, 1] = np.nan


@pytest.mark.parametrize(
    ("sensors", "changed", "words"),
    [
        ([recorded(9)], {}, "sensors: expected a dict .* a list of 1"),
        ({}, {}, "sensors: expected a dict"),
        (
            {"a": recorded(100)},
            {},
            r'sensor "a": expected a list of recordings.*float64 \(100, 2\)'
            r".*Write \[recording\]",
        ),
        ({"a": []}, {}, 'sensor "a": expected a list .* a list of 0'),
        (
            {"a": [recorded(100).tolist()]},
            {},
            'sensor "a", recording 0: .*Received: list. Convert it first',
        ),
        (
            {"a": [recorded(100), recorded(100)[:, 0]]},
            {},
            r'"a", recording 1: .*float64 \(100,\)',
        ),
        (
            {"a": [recorded(100)[:, 0]]},
            {},
            r'"a", recording 0: expected an array \(steps, channels\).*'
            r"Add the axis of channels: recording\[:, None\]",
        ),
        (
            {"a": [recorded(100), recorded(100, 3)]},
            {},
            r'"a", recording 1: expected float32 in channels \(2,\), as in '
            r"recording 0. Received: float64 \(100, 3\)",
        ),
        (
            {"a": [recorded(100), recorded(100, dtype="int64")]},
            {},
            r'"a", recording 1: .*Received: int64 \(100, 2\).*same type',
        ),
        (
            {"a": [recorded(100).astype(str)]},
            {},
            '"a", recording 0: expected numbers',
        ),
        (
            {"a": [np.ma.masked_invalid(GAP)]},
            {},
            '"a", recording 0: expected an array without a mask',
        ),
        (
            {"b": [recorded(100)], "a": [recorded(100), GAP]},
            {},
            '"a", recording 1: expected a number in each place. Received: '
            r"float64 \(100, 2\) with NaN or infinity, first in row 37. "
            "Name the sensor in missing",
        ),
        (
            {"a": [recorded(9), recorded(9)], "b": [recorded(9)]},
            {},
            'recording 1: .*Received: 9 s of "a", none of "b"',
        ),
        (
            {"a": [recorded(9), recorded(9)], "b": [recorded(9)] * 3},
            {},
            'recording 2: .*Received: none of "a", 9 s of "b"',
        ),
        (
            TWO,
            {},
            "recording 0: expected sensors that begin and end together, to "
            '1 s. Received: 100 s of "a", 50 s of "b". Cut them .* rates',
        ),
        (
            {"a": [recorded(9), recorded(8)]},
            {"seconds": 10},
            "seconds: expected a recording as long as a window and its "
            "horizon. Received: 2 in all, the longest of 9 s",
        ),
        ({"a": [recorded(9)]}, {"horizon": 8}, "a window and its horizon"),
        (
            TWO,
            {"rates": {"a": 25, "b": 12.5}},
            "every: expected a whole number of readings of each sensor. "
            "Received: every=1, which is 25 and 12.5 readings. Write 0.96 "
            "or 1.04",
        ),
        (
            TWO,
            {"rates": {"a": 2, "b": 1}, "horizon": 0.2},
            "horizon: .*horizon=0.2, which is 0.4 and 0.2 readings. "
            r"Write 1\.",
        ),
        (
            TWO,
            {"rates": {"a": 25, "b": 24.9}},
            "Resample the sensors",
        ),
        (
            TWO,
            {"rates": {"a": 2}},
            r'rates\["b"\]: expected a number above 0. Received: .*None',
        ),
        (TWO, {"rates": 0}, r'rates\["a"\]: expected a number above 0'),
        (TWO, {"rates": "25"}, r'rates\["b"\]: .*=\'25\''),
        (TWO, {"seconds": 0}, "seconds: expected a number above 0. .*=0"),
        (TWO, {"seconds": True}, "seconds: expected a number above 0"),
        (TWO, {"seconds": [2]}, "seconds: expected a number above 0"),
        (TWO, {"every": -1}, "every: expected a number above 0. .*=-1"),
        (TWO, {"every": np.nan}, "every: expected a number above 0. .*nan"),
        (TWO, {"every": np.inf}, "every: expected a number above 0. .*inf"),
        (TWO, {"horizon": -1}, "horizon: expected a number above 0, or 0"),
        (
            TWO,
            {"missing": ["a", "c"]},
            "missing: expected one of a, b, without a mask so far. "
            "Received: 'c'",
        ),
        (
            TWO | {"a_present": TWO["a"]},
            {"missing": ["a"]},
            "missing: expected one of a, b, a_present, without a mask",
        ),
    ],
)
def test_what_cannot_be_cut_is_told_with_its_place(sensors, changed, words):
    with pytest.raises(DataError, match=words) as error:
        cut_windows(sensors, **{"seconds": 2, "every": 1, **changed})

    assert str(READING)[:5] not in str(error.value)


def test_all_settings_are_told_at_once():
    with pytest.raises(DataError) as error:
        cut_windows(TWO, seconds=0, every=0, horizon=-1, rates=0)

    assert len(error.value.problems) == 5


@settings(max_examples=100, deadline=None)
@given(
    first=st.sampled_from([100, 100 / 3, 44.1, 25, 12.5, 1, 1 / 3600]),
    up=st.integers(1, 9),
    down=st.integers(1, 9),
    share=st.floats(0.01, 20),
)
def test_the_seconds_that_a_message_names_are_accepted(
    first, up, down, share
):
    rates = {"a": first, "b": first * up / down}
    sensors = {
        name: [recorded(round(1000 * rate / first))]
        for name, rate in rates.items()
    }
    spans = {"every": down / first, "rates": rates}
    seconds = share * down / first
    try:
        cut_windows(sensors, seconds=seconds, **spans)
    except DataError as error:
        fix = error.problems[0].fix
        near = [float(x) for x in re.findall(r"\d[\d.e+-]*\d|\d", fix)]
        assert near and min(abs(np.array(near) - seconds)) < down / first
        for each in near:
            cut_windows(sensors, seconds=each, **spans)


def test_a_future_needs_a_horizon():
    windows = cut_windows({"a": [recorded(9)]}, seconds=2, every=1)

    with pytest.raises(
        DataError, match="horizon: expected seconds to look"
    ):
        windows.future("a")
