"""Runs code that strangers wrote, where it can do little harm.

On Linux each notebook runs under ``bwrap`` (bubblewrap), in mount, process,
network and user name spaces of its own: it sees the programs of the system
and this Python environment, read-only, and an empty folder in memory that
is gone afterwards. It is stopped when its time is over. What comes back is
text, of limited length; it is never run, and never read as HTML.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from nbformat import NotebookNode
from nbformat.v4 import new_output

import companion
from companion.lab.classroom.errors import ClassroomError

#: The outputs of a cell, and whether they were cut.
Told = tuple[list[NotebookNode], bool]
RUNNER = Path(__file__).with_name("runner.py")
#: Where a notebook runs, inside.
HOME = "/home/student"
#: What reading a line that is none of the runner's may raise.
_ODD = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
#: Bytes of a line of the runner: more than it writes of a cell.
LONGEST = 2 * 2**20
#: Read-only inside, as far as the system has them.
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/alternatives")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime")
INSTALL = (
    "Install it (Debian, Ubuntu: `apt-get install bubblewrap`), or run "
    "`make grade ... TRUSTED=1`, with no protection at all."
)


@dataclass(frozen=True)
class Limits:
    """What a notebook may use.

    Args:
        cell: Seconds of processor time for a cell.
        total: Seconds of processor time for a whole notebook.
        clock: Seconds by the clock, for one that only waits; long, so that
            a busy machine costs nobody points.
        memory: Bytes of address space, of each process.
        file: Bytes of a file.
        characters: What is kept of the output of a cell.
    """

    cell: int = 15
    total: int = 60
    clock: int = 240
    memory: int = 8 * 2**30
    file: int = 64 * 2**20
    characters: int = 20_000


@dataclass
class Outcome:
    """What came of a notebook.

    Args:
        outputs: For each cell, its outputs in the form of a notebook; an
            error, where the cell was not run.
        notes: What a teacher should know, as sentences.
    """

    outputs: list[list[NotebookNode]]
    notes: list[str] = field(default_factory=list)


def command(*, trusted: bool = False) -> list[str]:
    """The command that starts the runner.

    Args:
        trusted: Without ``bwrap``.

    Returns:
        The command and its arguments.

    Raises:
        ClassroomError: If ``bwrap`` is needed and is not there.
    """
    run = [sys.executable, "-P", str(RUNNER)]
    if trusted:
        return run
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise ClassroomError.of(
            "grading", "the program bwrap", "none on the PATH", INSTALL
        )
    return [bwrap, *_walls(), "--", *run]


def _walls() -> Iterator[str]:
    """What ``bwrap`` is told: what is shared, and what is empty."""
    yield from ("--unshare-user", "--unshare-all", "--cap-drop", "ALL")
    yield from ("--uid", "65534", "--gid", "65534", "--hostname", "sheet")
    yield from ("--die-with-parent", "--new-session")
    yield from ("--proc", "/proc", "--dev", "/dev")
    # Before what is shown: this environment may lie in one of them.
    for folder in ("/dev/shm", "/tmp", HOME):
        yield from ("--size", str(2**28), "--tmpfs", folder)
    for name in SYSTEM:
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    package = str(Path(companion.__file__).parent)
    for path in (*SYSTEM_FILES, sys.base_prefix, sys.prefix, package):
        if os.path.exists(path):
            yield from ("--ro-bind", path, path)
    # Also what bwrap made: who grades as root could write to /proc/sys,
    # and /dev has room for half of the memory.
    for folder in ("/", "/proc", "/dev"):
        yield from ("--remount-ro", folder)
    yield from ("--chdir", HOME)


def environment(home: str) -> dict[str, str]:
    """The variables a notebook sees: none of the teacher's own.

    Args:
        home: Its folder.
    """
    return {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_TOP_PAD_": "67108864",
        "MPLBACKEND": "agg",
        "NBGRADER_EXECUTION": "autograde",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
    }


def require(*, trusted: bool = False) -> None:
    """Tries one cell, so that no student pays for a missing program.

    Args:
        trusted: Without ``bwrap``.

    Raises:
        ClassroomError: If nothing can be run here.
    """
    lines, message = _run(["1"], Limits(), trusted=trusted)
    if not lines:
        raise ClassroomError.of(
            "grading",
            "a notebook that runs under bwrap",
            message.strip() or "nothing",
            "A container may forbid user name spaces: see the page "
            "*Classroom*. " + INSTALL,
        )


def run(
    cells: list[str],
    limits: Limits | None = None,
    *,
    trusted: bool = False,
) -> Outcome:
    """Runs the code cells of a notebook, one after another.

    Args:
        cells: Their code.
        limits: What they may use.
        trusted: Without ``bwrap``: they can do all that you can.

    Returns:
        The outputs of each cell, and notes.

    Raises:
        ClassroomError: If ``bwrap`` is needed and is not there.
    """
    limits = limits or Limits()
    lines, _ = _run(cells, limits, trusted=trusted)
    done: dict[int, Told] = {}
    for line in lines:
        read = _read(line, limits.characters)
        if read is not None and read[0] in range(len(cells)):
            done.setdefault(*read)
    notes = []
    left = [k for k in range(1, len(cells) + 1) if k - 1 not in done]
    if left:
        notes.append(
            f"The notebook ended in code cell {left[0]}: it crashed, or "
            f"used up its time."
        )
    if any(cut for _, cut in done.values()):
        notes.append(f"Output was cut at {limits.characters} characters.")
    missing = [
        failure("NotRunError", "The notebook ended before this cell.")
    ]
    outputs = [done.get(k, (missing, False))[0] for k in range(len(cells))]
    return Outcome(outputs, notes)


def _run(
    cells: list[str], limits: Limits, *, trusted: bool
) -> tuple[list[bytes], str]:
    """Lines of the runner, and what else was said on the way."""
    given = json.dumps({"cells": cells, "limits": asdict(limits)}).encode()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as answers,
        tempfile.TemporaryFile() as messages,
    ):
        process = subprocess.Popen(
            command(trusted=trusted),
            stdin=subprocess.PIPE,
            stdout=answers,
            stderr=messages,
            cwd=folder,
            env=environment(folder if trusted else HOME),
            start_new_session=True,
        )
        _wait(process, given, limits.clock)
        return _text(answers, limits.file).splitlines(), _text(
            messages, 2000
        ).decode(errors="replace")


def _wait(
    process: subprocess.Popen[bytes], given: bytes, most: int
) -> None:
    """Waits for the end, or makes one; nothing it started is left."""
    try:
        process.communicate(given, timeout=most)
    except subprocess.TimeoutExpired:
        pass
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def _text(file: IO[bytes], most: int) -> bytes:
    file.seek(0)
    return file.read(most)


def plain(text: object) -> str:
    r"""A text that can be written to a file, whatever is in it.

    Args:
        text: From a submission.

    Example:
        >>> plain("half a \ud83d")
        'half a ?'
    """
    return str(text).encode(errors="replace").decode()


def failure(name: str, message: str, *lines: str) -> NotebookNode:
    """The output of a cell that failed.

    Args:
        name: The name of the error.
        message: What it says.
        lines: Its traceback, if there is one.
    """
    return new_output(
        "error",
        ename=name,
        evalue=message,
        traceback=list(lines) or [f"{name}: {message}"],
    )


def _read(line: bytes, most: int) -> tuple[int, Told] | None:
    """A cell's number and what is told of it, or None.

    An answer can write to where the runner writes. So nothing is taken for
    granted, and all that is kept is text, of limited length.
    """
    if len(line) > LONGEST:
        return None
    try:
        told = json.loads(line)
        outputs = []
        text = plain(told["text"])
        cut = bool(told["cut"]) or len(text) > most
        if text:
            kept = text[:most]
            outputs.append(new_output("stream", name="stdout", text=kept))
        if told["error"]:
            error = told["error"]
            given = error["ename"], error["evalue"], *error["traceback"]
            outputs.append(failure(*map(plain, given)))
        return int(told["cell"]), (outputs, cut)
    except _ODD:
        return None
