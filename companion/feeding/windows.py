"""Long recordings of sensors as windows of one length.

A window is a place in a recording, and is copied when a batch is taken.
Time is counted in seconds, from the first reading of a recording on; each
sensor has its own number of readings in a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import ArrayColumn, as_column
from companion.feeding.missing import PRESENT
from companion.rules import NUMBERS, Fault
from companion.values import as_array, describe, in_chunks, type_as_fed

_WHERE = "cut_windows"
#: How far a number of readings may be from a whole one, as a share of it.
_ROUNDED = 1e-6
#: Readings of the slowest sensor, within which all meet again.
_MOST = 200


@dataclass(frozen=True, eq=False, repr=False)
class WindowColumn:
    """The windows of one sensor: a column.

    Args:
        recordings: Arrays ``(steps, ...)``; they are not copied.
        ends: int64 ``(recordings + 1,)``, how many windows come before
            each recording, and how many there are.
        stride: Readings from one window to the next.
        steps: Readings in a window.
        ahead: Readings in the horizon after it.
        begin: Readings between the place of a window and the first that
            is taken.
        reads: What is done with the readings of a batch, in turn.
    """

    recordings: Sequence[np.ndarray]
    ends: np.ndarray
    stride: int
    steps: int
    ahead: int
    begin: int = 0
    reads: tuple[Callable[[np.ndarray], np.ndarray], ...] = ()

    def __len__(self) -> int:
        return int(self.ends[-1])

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns a copy of these windows, ``(batch, steps, ...)``."""
        numbers = np.searchsorted(self.ends, rows, "right") - 1
        starts = (rows - self.ends[numbers]) * self.stride + self.begin
        dtype, shape = _form(self.recordings[0])
        taken = np.empty((len(rows), self.steps, *shape), dtype)
        places = zip(taken, numbers.tolist(), starts.tolist())
        for window, number, start in places:
            end = start + self.steps
            window[...] = self.recordings[number][start:end]
        for read in self.reads:
            taken = read(taken)
        return taken

    def __getstate__(self) -> dict[str, Any]:
        maps: dict[int, ArrayColumn] = {}
        packed = [_packed(values, maps) for values in self.recordings]
        return vars(self) | {"recordings": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        unpacked = [*map(_unpacked, state["recordings"])]
        vars(self).update(state | {"recordings": unpacked})


def _packed(values: np.ndarray, maps: dict[int, ArrayColumn]) -> Any:
    """A recording, or its place in a memory map that many may share."""
    whole = values
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if not isinstance(whole, np.memmap):
        return values
    column = maps.setdefault(id(whole), ArrayColumn(whole))
    offset = values.ctypes.data - whole.ctypes.data
    return values.shape, values.dtype, column, offset, values.strides


def _unpacked(packed: Any) -> np.ndarray:
    if isinstance(packed, np.ndarray):
        return packed
    shape, dtype, column, *where = packed
    return np.ndarray(shape, dtype, column.values, *where)


def _form(values: np.ndarray) -> tuple[np.dtype, tuple[int, ...]]:
    """Type of a reading as fed, and its shape."""
    return type_as_fed(values.dtype), values.shape[1:]


def _mask(readings: np.ndarray) -> np.ndarray:
    """1 for a reading with a number in each channel: (batch, steps)."""
    channels = tuple(range(2, readings.ndim))
    return np.isfinite(readings).all(axis=channels).astype("float32")


def _filled(readings: np.ndarray) -> np.ndarray:
    readings[_mask(readings) == 0] = 0
    return readings


def _first(readings: np.ndarray) -> np.ndarray:
    return readings[:, 0]


@dataclass(frozen=True, eq=False, repr=False)
class Windows:
    """Windows of several sensors, as `cut_windows` makes them.

    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        columns: A column ``(windows, steps, ...)`` by name of each sensor,
            and a mask ``(windows, steps)`` of each that may have gaps.
        ends: int64 ``(recordings + 1,)``, how many windows come before
            each recording, and how many there are.
        every: Seconds from one window to the next.

    Example:
        >>> height = np.arange(6.0)[:, None]
        >>> windows = cut_windows(
        ...     {"height": [height]}, seconds=3, every=1, horizon=1
        ... )
        >>> windows.start.tolist(), windows.recording.tolist()
        ([0.0, 1.0, 2.0], [0, 0, 0])
        >>> rows = np.array([1])
        >>> windows.columns["height"].take(rows).tolist()
        [[[1.0], [2.0], [3.0]]]
        >>> windows.last("height").take(rows).tolist()
        [[3.0]]
        >>> windows.future("height").take(rows).tolist()
        [[[4.0]]]
    """

    columns: dict[str, WindowColumn]
    ends: np.ndarray
    every: float

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __repr__(self) -> str:
        steps = (f"{n} {each.steps}" for n, each in self.columns.items())
        return f"Windows({len(self)}, readings in each: {', '.join(steps)})"

    @property
    def recording(self) -> np.ndarray:
        """int64 ``(windows,)``, the number of the recording of each."""
        return np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))

    @property
    def start(self) -> np.ndarray:
        """float64 ``(windows,)``, seconds since the recording began."""
        rows = np.arange(len(self))
        return (rows - self.ends[self.recording]) * self.every

    def last(self, name: str) -> WindowColumn:
        """The last reading of each window: a column ``(windows, ...)``.

        Args:
            name: A name in ``columns``.
        """
        column = self.columns[name]
        begin, reads = column.begin + column.steps - 1, column.reads
        return replace(column, begin=begin, steps=1, reads=(*reads, _first))

    def future(self, name: str) -> WindowColumn:
        """The readings after each window, over the horizon.

        Args:
            name: A name in ``columns``.

        Returns:
            A column ``(windows, readings in the horizon, ...)``.

        Raises:
            DataError: If there is no horizon.
        """
        column = self.columns[name]
        if column.ahead == 0:
            where, expected = f"{_WHERE}, horizon", "seconds to look ahead"
            raise DataError.of(where, expected, "0", "Pass horizon=1.0.")
        begin = column.begin + column.steps
        return replace(column, begin=begin, steps=column.ahead)


def cut_windows(
    sensors: Mapping[str, Sequence[np.ndarray]],
    *,
    seconds: float,
    every: float,
    horizon: float = 0.0,
    rates: Mapping[str, float] | float = 1.0,
    missing: Sequence[str] = (),
) -> Windows:
    """Cuts recordings of one sensor or several into windows.

    All sensors are cut at the same moments: where a recording begins, and
    from there on every so many seconds, as long as the window and the
    horizon after it lie within the recording. A window of 2 seconds has
    the readings from its start on, without the one 2 seconds later.

    No reading is copied before its batch is taken, and recordings can be
    memory maps. A recording too short for one window has none.

    Windows of one recording are alike: split by recording or by person,
    as in the example, never by window. Scales are learned from training
    recordings alone: ``adapted(keras.layers.Normalization(),
    np.concatenate(training_recordings))``.

    ``keras.utils.timeseries_dataset_from_array`` cuts one array, and takes
    several recordings in it for one.

    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        sensors: Recordings by name of the sensor, in the same order for
            all: a list of arrays ``(steps, channels)``. A label for each
            step is one more sensor, of whole numbers ``(steps,)``.
        seconds: Length of a window.
        every: Seconds from one window to the next.
        horizon: Seconds after a window that must lie in the recording, for
            `Windows.future`.
        rates: Readings in a second: one number, or one by name of each
            sensor. If absent, each reading counts as a second.
        missing: Names of sensors that may have gaps. A reading with NaN or
            infinity becomes 0 in all channels, and a second column, with
            ``_present`` behind the name, has 1 for a reading and 0 for a
            gap. A gap of another sensor is an error.

    Returns:
        `Windows`; its ``columns`` go to `MultiInputGenerator`. Floats
        leave as float32, integers and booleans keep their type.

    Raises:
        DataError: If a recording is no such array, has other channels than
            the first, a gap, or no partner of the same duration (to one
            reading of the slowest sensor); if a setting is no whole number
            of readings of each sensor; or if no recording is long enough.

    Example:
        >>> from companion import MultiInputGenerator, split_rows
        >>> windows = cut_windows(
        ...     {  # four recordings of 10 seconds
        ...         "push": [np.zeros((500, 3)) for _ in range(4)],
        ...         "turn": [np.zeros((250, 2)) for _ in range(4)],
        ...     },
        ...     rates={"push": 50, "turn": 25},
        ...     seconds=2,
        ...     every=1,
        ... )
        >>> windows
        Windows(36, readings in each: push 100, turn 50)
        >>> people = np.array(["Ada", "Ada", "Bo", "Cy"])
        >>> labels = np.array([0, 1, 0, 1])
        >>> train, test = split_rows(
        ...     36, [0.75, 0.25], seed=0, groups=people[windows.recording]
        ... )
        >>> batches = MultiInputGenerator(
        ...     windows.columns,
        ...     targets=labels[windows.recording],
        ...     rows=train,
        ...     shuffle=True,
        ...     seed=0,
        ... )
        >>> batches[0][0]["turn"].shape
        (27, 50, 2)
    """
    missing = [missing] if isinstance(missing, str) else missing
    DataError.raise_if(*_name_problems(sensors, missing))
    hertz: Any = rates
    if not isinstance(rates, Mapping):
        hertz = dict.fromkeys(sensors, rates)
    spans = {"every": every, "seconds": seconds, "horizon": horizon}
    DataError.raise_if(
        *(_number_problem(*span) for span in spans.items()),
        *(_number_problem(f'rates["{n}"]', hertz.get(n)) for n in sensors),
    )
    rate = np.array([float(hertz[name]) for name in sensors])
    DataError.raise_if(*(_span_problem(*x, rate) for x in spans.items()))
    recordings = {
        name: _recordings(place("sensor", name), given, name in missing)
        for name, given in sensors.items()
    }
    together = zip_longest(*recordings.values(), fillvalue=())
    lengths = np.array([[*map(len, one)] for one in together])
    cuts = np.rint(np.outer([*spans.values()], rate)).astype("int64")
    counts = (lengths - cuts[1] - cuts[2]) // cuts[0] + 1
    counts = counts.min(axis=1).clip(0)
    lasting, step = lengths / rate, 1 / rate.min()
    DataError.raise_if(_time_problem([*sensors], lasting, step, counts))
    ends = np.concatenate([[0], np.cumsum(counts)])
    columns: dict[str, WindowColumn] = {}
    for name, cut in zip(sensors, cuts.T.tolist()):
        columns[name] = WindowColumn(recordings[name], ends, *cut)
    for name in missing:
        columns[name + PRESENT] = replace(columns[name], reads=(_mask,))
        columns[name] = replace(columns[name], reads=(_filled,))
    return Windows(columns, ends, float(every))


def _name_problems(sensors: Any, missing: Any) -> Iterator[Problem]:
    """Sensors without names, and names without a sensor."""
    if not isinstance(sensors, Mapping) or not sensors:
        expected = "a dict from the name of each sensor to its recordings"
        fix = 'Name each as in the model: {"push": [recording, ...]}.'
        yield Problem("sensors", expected, describe(sensors), fix)
        return
    for name in missing:
        if name not in sensors or name + PRESENT in sensors:
            expected = f"one of {', '.join(sensors)}, without a mask so far"
            fix = "Name the sensor itself; its mask is made here."
            yield Problem(f"{_WHERE}, missing", expected, repr(name), fix)


def _number_problem(setting: str, value: Any) -> Problem | None:
    """A setting that is no number above 0; a horizon may be 0."""
    number, zero = as_array(value), setting == "horizon"
    if number.ndim == 0 and number.dtype.kind in NUMBERS[1:]:
        if 0 < number < math.inf or (zero and number == 0):
            return None
    where, received = f"{_WHERE}, {setting}", f"{setting}={value!r}"
    expected = "a number above 0" + ", or 0" * zero
    fix = "Give seconds, and rates in readings per second."
    return Problem(where, expected, received, fix)


def _span_problem(
    setting: str, seconds: float, rate: np.ndarray
) -> Problem | None:
    """Seconds that are no whole number of readings of each sensor."""
    if _divides(seconds, rate):
        return None
    units = (n / rate.min() for n in range(1, _MOST))
    unit = next((each for each in units if _divides(each, rate)), math.nan)
    near = [seconds // unit * unit, (seconds // unit + 1) * unit]
    fix = f"Write {' or '.join(f'{x:.8g}' for x in near if x)}."
    if math.isnan(unit):
        fix = "Resample the sensors: they never have a reading together."
    readings = " and ".join(f"{x:g}" for x in seconds * rate)
    received = f"{setting}={seconds:g}, which is {readings} readings"
    expected = "a whole number of readings of each sensor"
    return Problem(f"{_WHERE}, {setting}", expected, received, fix)


def _divides(seconds: float, rate: np.ndarray) -> bool:
    readings = seconds * rate
    off = abs(readings - np.rint(readings))
    return bool((off <= _ROUNDED * readings).all())


def _recordings(where: str, given: Any, masked: bool) -> list[np.ndarray]:
    """The recordings of a sensor, if each is as it should be."""
    if not isinstance(given, (list, tuple)) or not given:
        expected = "a list of recordings, arrays (steps, channels)"
        fix = "Write [recording] for one, np.split(values, ends) for many."
        raise DataError.of(where, expected, describe(given), fix)
    recordings: list[np.ndarray] = []
    for number, each in enumerate(given):
        at = f"{where}, recording {number}"
        column: Any = as_column(at, each, texts=False)
        recordings.append(np.asarray(column.values))
        fault = _fault(recordings[-1], recordings[0], masked)
        DataError.raise_if(fault and fault.at(at))
    return recordings


def _fault(
    values: np.ndarray, first: np.ndarray, masked: bool
) -> Fault | None:
    """What makes an array no recording with the channels of the first."""
    dtype, shape = _form(first)
    received = describe(values)
    if dtype.kind == "f" and not shape:
        expected = "an array (steps, channels)"
        fix = "Add the axis of channels: recording[:, None]."
    elif _form(values) != (dtype, shape):
        expected = f"{dtype} in channels {shape}, as in recording 0"
        fix = "Give all recordings the same type and channels."
    elif not masked and not _is_finite(values):
        flat = values.reshape(len(values), -1)
        expected = "a number in each place"
        row = np.isfinite(flat).all(axis=1).argmin()
        received += f" with NaN or infinity, first in row {row}"
        fix = "Name the sensor in missing, or cut the recording there."
    else:
        return None
    return Fault(expected, received, fix)


def _is_finite(values: np.ndarray) -> bool:
    """Whether there is no gap, found with little memory."""
    return all(np.isfinite(chunk).all() for chunk in in_chunks(values))


def _time_problem(
    names: list[str], lasting: np.ndarray, step: float, counts: np.ndarray
) -> Problem | None:
    """Sensors that were not on for the same time, or all too short."""
    apart = np.ptp(lasting, axis=1) > step * (1 + _ROUNDED)
    if apart.any():
        number = int(apart.argmax())
        where = f"recording {number}"
        expected = f"sensors that begin and end together, to {step:g} s"
        each = [f"{x:g} s" if x else "none" for x in lasting[number]]
        received = ", ".join(f'{x} of "{n}"' for x, n in zip(each, names))
        fix = "Cut them to the time that all share, or set rates."
    elif not counts.any():
        where, longest = f"{_WHERE}, seconds", lasting.min(axis=1).max()
        expected = "a recording as long as a window and its horizon"
        received = f"{len(counts)} in all, the longest of {longest:g} s"
        fix = "Choose a shorter window, or a shorter horizon."
    else:
        return None
    return Problem(where, expected, received, fix)
