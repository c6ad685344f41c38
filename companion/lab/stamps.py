"""Tables of numbers with a time stamp in each line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from companion.errors import DataError, Problem

File = str | os.PathLike[str] | IO[str]
_NUMBER = "Remove what is no number; leave what is missing empty."
_TIME = "Write seconds, or dates such as 2026-01-31T12:00:00.5."


def stamped_table(
    where: str,
    file: File,
    time: str = "time",
    channels: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""The channels of a CSV file, by their time in seconds.

    Args:
        where: The file and its sensor, as messages name them.
        file: Path of the file. Its first line names the columns.
        time: Name of the column with the time: seconds, or dates.
        channels: Names of the columns; None for all but the time.

    Returns:
        A table of float64 with the seconds as its index, in rising order;
        NaN where a cell is empty.

    Raises:
        DataError: If a column is missing, something is no number, or time
            does not go on from line to line.

    Example:
        >>> import io
        >>> file = io.StringIO("time,x,y\n0.5,1,2\n0.6,3,\n")
        >>> stamped_table("file", file)["x"].to_dict()
        {0.5: 1.0, 0.6: 3.0}
    """
    try:  # as texts: row n is line n + 1
        cells = pd.read_csv(
            file, header=None, dtype=str, skip_blank_lines=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        said = str(error).strip().rpartition("error: ")[2]
        fix = "The first line names the columns; all others have as many."
        raise DataError.of(where, "a table", said, fix) from None
    names = cells.iloc[0].str.strip().tolist()
    cells = cells.iloc[1:].dropna(how="all").set_axis(names, axis=1)
    if channels is None:
        channels = [name for name in names if name != time]
    DataError.raise_if(*_column_problems(where, names, time, channels))
    stamps = _seconds(where, cells[time])
    DataError.raise_if(_order_problem(where, stamps))
    table = {c: _numbers(f'{where}, "{c}"', cells[c]) for c in channels}
    return pd.DataFrame(table).set_axis(stamps.to_numpy(), axis=0)


def _numbers(where: str, cells: pd.Series) -> pd.Series:
    """A column as numbers, NaN where it is empty."""
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    bad = cells.notna() & ~np.isfinite(numbers)
    DataError.raise_if(_wrong(where, bad, "a finite number", _NUMBER))
    return numbers


def _seconds(where: str, cells: pd.Series) -> pd.Series:
    """Time stamps in seconds, whether they are numbers or dates."""
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    if len(numbers) and np.isnan(numbers.iloc[0]):  # dates
        dates = pd.to_datetime(
            cells, format="ISO8601", utc=True, errors="coerce"
        )
        since = dates - pd.Timestamp(0, tz="UTC")
        numbers = since / pd.Timedelta(seconds=1)
    bad = ~np.isfinite(numbers)
    DataError.raise_if(_wrong(f"{where}, time", bad, "a time", _TIME))
    return numbers


def _wrong(
    where: str, bad: pd.Series, expected: str, fix: str
) -> Problem | None:
    """A problem at the first line that is bad."""
    lines = bad.index[bad] + 1
    if not len(lines):
        return None
    count = f", in {len(lines)} lines" if len(lines) > 1 else ""
    at = f"{where}, line {lines[0]}"
    return Problem(at, expected, f"something else{count}", fix)


def _order_problem(where: str, stamps: pd.Series) -> Problem | None:
    """Time that does not go on from line to line."""
    if len(stamps) < 2:
        fix = "A recording has a beginning and an end."
        return Problem(where, "two readings or more", f"{len(stamps)}", fix)
    steps = np.diff(stamps)
    if (steps > 0).all():
        return None
    bad = int(np.argmax(steps <= 0))
    line, before = stamps.index[bad + 1] + 1, stamps.index[bad] + 1
    if steps[bad] == 0:
        received = f"the time of line {before} again"
        fix = "Keep one line of each moment."
    else:
        received = f"{-steps[bad]:g} s before line {before}"
        fix = (
            "Sort the lines by time; if the clock was set back, cut the "
            "recording there."
        )
    at = f"{where}, line {line}"
    return Problem(at, "time to go on", received, fix)


def _column_problems(
    where: str, names: list[str], time: str, channels: Sequence[str]
) -> Iterator[Problem]:
    there = ", ".join(map(str, names))
    fix = "Rename the column, or ask for another."
    if not channels:
        expected = "a column or more beside the time"
        yield Problem(where, expected, there, fix)
    for name in [time, *channels]:
        count = names.count(name)
        if count != 1:
            received = f"{count or 'none'} among {there}"
            yield Problem(where, f'one column "{name}"', received, fix)
