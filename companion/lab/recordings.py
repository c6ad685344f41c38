"""Recordings of sensors from text files: windows, or moments on a clock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from companion.errors import DataError, Problem, place
from companion.lab.stamps import stamped_table

File = str | os.PathLike[str]
#: How far, in steps, a moment may be from a reading that is of it.
_NEAR = 1e-3


@dataclass(frozen=True)
class Recording:
    """What several sensors read, from one moment on.

    Attributes:
        sensors: By name, float32 ``(readings, channels)``, the first of
            all at the same moment; NaN in a gap.
        rates: Readings in a second, by name.
        start: That moment, in seconds on the clock of the files: since
            1970 (UTC) if they have dates.
    """

    sensors: dict[str, np.ndarray]
    rates: dict[str, float]
    start: float


def read_channels(files: Sequence[File]) -> np.ndarray:
    r"""Windows from text files: one file a channel, one line a window.

    This is how the human-activity set of the UCI repository stores its
    inertial signals: a line has the readings of a window, separated by
    spaces. The word ``nan`` is a gap.

    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        files: Paths, in the order of the channels.

    Returns:
        float32 ``(windows, steps, channels)``.

    Raises:
        DataError: If something is no number, or files or lines are not of
            the same length. It names file and line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = [f"{folder}/x.txt", f"{folder}/y.txt"]
        ...     for file in files:
        ...         _ = Path(file).write_text("0 1 2\n3 4 5\n")
        ...     read_channels(files).shape
        (2, 3, 2)
    """
    DataError.raise_if(_none_problem("files", files))
    channels = [_windows(file) for file in files]
    DataError.raise_if(*_unequal(files, channels))
    return np.stack(channels, axis=-1)


def read_recording(
    files: Mapping[str, File],
    rates: Mapping[str, float],
    longest_gap: float,
    *,
    channels: Mapping[str, Sequence[str]] | None = None,
    time: str = "time",
) -> Recording:
    r"""A recording from tables with time stamps, one file for each sensor.

    Between two readings a line is drawn (linear interpolation), so that
    there is a reading at every moment of a common clock: from the moment
    on at which all sensors read to the moment at which the first one
    ends. Nothing is smoothed: at a rate below that of the file, readings
    are left out.

    Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        files: Path of a CSV file for each sensor, by name. Time is in
            seconds, or a date with time (ISO 8601), which is taken as UTC
            if it says nothing else. An empty cell is a gap.
        rates: Readings in a second for each sensor, as they shall be.
        longest_gap: Between readings further apart than so many seconds,
            no line is drawn: those moments become NaN.
        channels: Names of the columns for each sensor; without it, all
            but the time.
        time: Name of the column with the time stamps.

    Returns:
        The recording.

    Raises:
        DataError: If a column is missing, something is no number, time
            does not go on, or clocks do not overlap. It names sensor, file
            and line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = f"{folder}/level.csv"
        ...     _ = Path(file).write_text("time,m\n0,1\n1,3\n2,5\n5,4")
        ...     read = read_recording({"level": file}, {"level": 1}, 1.5)
        >>> read.sensors["level"][:, 0]
        array([ 1.,  3.,  5., nan, nan,  4.], dtype=float32)
    """
    DataError.raise_if(*_setting_problems(files, rates, longest_gap))
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem | None] = []
    for name, file in files.items():
        where = f"{place('sensor', name)}, {_file(file)}"
        names = (channels or {}).get(name)
        try:
            tables[name] = stamped_table(where, file, time, names)
            problems.append(_gap_problem(where, tables[name], longest_gap))
        except DataError as error:
            problems += error.problems
    DataError.raise_if(*problems)
    start, end = _overlap(tables)
    sensors = {}
    for name, table in tables.items():
        count = int((end - start) * rates[name] + _NEAR) + 1
        moments = start + np.arange(count) / rates[name]
        near = _NEAR / rates[name]
        read = [_at(table[c], moments, longest_gap, near) for c in table]
        sensors[name] = np.stack(read, axis=1).astype("float32")
    return Recording(sensors, {k: float(rates[k]) for k in files}, start)


def _windows(file: File) -> np.ndarray:
    """The lines of a file with numbers, float32 ``(lines, numbers)``."""
    rows: list[np.ndarray] = []
    text = Path(file).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{_file(file)}, line {number}"
        try:
            row = np.array(line.split(), "float32")
        except ValueError:
            fix = "Separate numbers by spaces; write nan for a gap."
            raise DataError.of(where, "numbers", "text", fix) from None
        if rows and len(row) not in (0, len(rows[0])):
            expected = f"{len(rows[0])} numbers, as in the lines before"
            fix = "Every window has the same number of steps."
            raise DataError.of(where, expected, f"{len(row)}", fix)
        if len(row):
            rows.append(row)
    if not rows:
        fix = "Check that it is the right file."
        raise DataError.of(_file(file), "lines of numbers", "none", fix)
    return np.stack(rows)


def _unequal(
    files: Sequence[File], channels: list[np.ndarray]
) -> Iterator[Problem]:
    """Files with other windows than the first."""
    lines, numbers = channels[0].shape
    expected = f"{lines} lines of {numbers}, as in {_file(files[0])}"
    fix = "Every channel has the same windows."
    for file, channel in zip(files, channels):
        if channel.shape != (lines, numbers):
            received = "{} lines of {}".format(*channel.shape)
            yield Problem(_file(file), expected, received, fix)


def _gap_problem(
    where: str, table: pd.DataFrame, longest_gap: float
) -> Problem | None:
    """Readings that are all too far apart, as in another unit of time."""
    apart = float(np.median(np.diff(table.index)))
    if apart <= longest_gap:
        return None
    return Problem(
        where,
        f"readings at most {longest_gap:g} s apart, as a rule",
        f"{apart:g} s (median)",
        "Allow longer gaps, or divide the time by 1000 if it is in "
        "milliseconds.",
    )


def _overlap(tables: Mapping[str, pd.DataFrame]) -> tuple[float, float]:
    """From when to when all sensors read."""
    late = max(tables, key=lambda name: tables[name].index[0])
    early = min(tables, key=lambda name: tables[name].index[-1])
    start, end = tables[late].index[0], tables[early].index[-1]
    if start <= end:
        return float(start), float(end)
    raise DataError.of(
        place("sensor", late),
        f"a clock that overlaps with that of {place('sensor', early)}",
        f"it begins {start - end:g} s after the other ends",
        "Check that both count from the same moment, in the same unit.",
    )


def _at(
    channel: pd.Series, moments: np.ndarray, longest_gap: float, near: float
) -> np.ndarray:
    """A channel at some moments; NaN in a gap that is too long."""
    known = channel.dropna()
    if known.empty:
        return np.full(len(moments), np.nan)
    stamps = known.index.to_numpy()
    after = np.searchsorted(stamps, moments - near)
    before = np.searchsorted(stamps, moments + near, "right") - 1
    last = len(stamps) - 1
    gaps = stamps[after.clip(max=last)] - stamps[before.clip(min=0)]
    lost = (after > last) | (before < 0) | (gaps > longest_gap + near)
    return np.where(lost, np.nan, np.interp(moments, stamps, known))


def _setting_problems(
    files: Mapping[str, File], rates: Mapping[str, float], gap: float
) -> Iterator[Problem | None]:
    yield _none_problem("files", files)
    fix = "Rates are per second, a gap is in seconds."
    given = {f"rates, {place('sensor', k)}": rates.get(k) for k in files}
    for where, value in {**given, "longest_gap": gap}.items():
        if not isinstance(value, Real) or not 0 < value < np.inf:
            yield Problem(where, "a number above 0", f"{value!r}", fix)


def _none_problem(where: str, files: Sized) -> Problem | None:
    if len(files):
        return None
    return Problem(where, "one file or more", "none", "Name the files.")


def _file(file: File) -> str:
    return place("file", os.fspath(file))
