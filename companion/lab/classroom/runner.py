"""Runs the cells of one notebook in this process: a script, not a module.

`companion.lab.classroom.sandbox` starts it, most often inside ``bwrap``.
It reads ``{"cells": [...], "limits": {...}}`` from its input and writes a
line of JSON for each cell to its output, as soon as the cell has run. So
what ran before a crash counts. There is no kernel: starting one, and the
client for it, costs three seconds a notebook and shields from nothing.

It imports nothing of the companion, which would import TensorFlow before
the limits are set.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class CellTimeoutError(BaseException):
    """A cell took too long; no ``except Exception`` catches this."""


class Capped(io.TextIOBase):
    """Keeps the beginning of what is printed, and forgets the rest.

    Args:
        most: Number of characters to keep.
    """

    def __init__(self, most: int) -> None:
        self.left = most
        self.kept: list[str] = []
        self.cut = False

    def writable(self) -> bool:
        """Code may ask."""
        return True

    def write(self, text: str) -> int:
        """Takes all, keeps what there is room for."""
        self.kept.append(text[: self.left])
        self.cut |= len(text) > self.left
        self.left = max(0, self.left - len(text))
        return len(text)


class Shell(InteractiveShell):
    """IPython without a terminal: a traceback is kept, not printed."""

    told: list[str] = []

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """IPython would keep all that is printed, gigabytes of it."""
        yield

    def enable_gui(self, gui: str | None = None) -> None:
        """``%matplotlib inline`` asks for it; nothing is shown here."""

    def _showtraceback(
        self,
        etype: type[BaseException],
        evalue: BaseException | None,
        stb: list[str],
    ) -> None:
        self.told = stb


def _limit(limits: dict[str, int]) -> None:
    """Limits that no code in this process can raise again."""
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["total"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    raise CellTimeoutError("this cell took too long")


def _short(value: object, most: int = 2000) -> str:
    try:
        return str(value)[:most]
    except Exception:  # a student's own exception may fail here
        return ""


def run_cell(
    shell: Shell, source: str, limits: dict[str, int]
) -> dict[str, Any]:
    """What a cell prints, and how it ends.

    Args:
        shell: Keeps the names from cell to cell.
        source: The code.
        limits: Seconds and characters.

    Returns:
        ``text``, ``cut`` (there was more) and ``error``: None, or the name,
        the message and the traceback.
    """
    printed = Capped(limits["characters"])
    shell.told = []
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = printed
    # Processor time: a busy machine costs nobody points. Again each
    # second, for code that catches everything in a loop.
    signal.setitimer(signal.ITIMER_PROF, limits["cell"], 1)
    error: BaseException | None
    try:
        done = shell.run_cell(source)
        error = done.error_before_exec or done.error_in_exec
    except BaseException as outside:  # the signal came between two lines
        error = outside
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout, sys.stderr = before
    told = {
        "ename": type(error).__name__,
        "evalue": _short(error),
        "traceback": [_short(line) for line in shell.told[-50:]],
    }
    return {
        "text": "".join(printed.kept),
        "cut": printed.cut,
        "error": told if error else None,
    }


def main() -> None:
    """Reads the cells, runs them one by one, and tells of each."""
    given = json.load(sys.stdin)
    limits = given["limits"]
    _limit(limits)
    # What a cell prints past Python goes nowhere, and nothing comes in.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGPROF, _too_long)
    config = Config()
    config.HistoryManager.enabled = False
    shell = Shell.instance(config=config)
    for number, source in enumerate(given["cells"]):
        done = run_cell(shell, source, limits)
        answers.write(json.dumps({"cell": number} | done) + "\n")
        answers.flush()
    os._exit(0)  # without waiting for threads that an answer left


if __name__ == "__main__":
    main()
