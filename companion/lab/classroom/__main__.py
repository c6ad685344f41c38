"""``python -m companion.lab.classroom make`` and ``... grade``."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from companion.lab.classroom.assignments import (
    make_classroom,
    practice_sheets,
    read_sheets,
)
from companion.lab.classroom.errors import ClassroomError
from companion.lab.classroom.grades import Row, grade
from companion.lab.classroom.sandbox import Limits

CLASSROOM = Path("_build/classroom")
PRACTICE, SHEETS = Path("book/exercises"), Path("_build/sheets")


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        told = f'a whole number is needed, SEED=2026; not "{text}"'
        raise argparse.ArgumentTypeError(told) from None


def _seconds(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,4}", text):
        told = f'1 second or more, SECONDS=30; not "{text}"'
        raise argparse.ArgumentTypeError(told)
    return int(text)


def _folder(text: str) -> Path:
    """A path; `make` does not know what ~ is."""
    return Path(text).expanduser()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="companion.lab.classroom")
    parser.add_argument("--classroom", type=_folder, default=CLASSROOM)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="sheets for students")
    make.add_argument("seed", type=_seed)
    make.add_argument("--sheets", type=_folder, default=Path("book/graded"))
    score = commands.add_parser("grade", help="scores and feedback")
    score.add_argument("submissions", type=_folder)
    score.add_argument("--sheet", help="default: the folder's name")
    score.add_argument("--id", default="(.+)", help="regular expression")
    score.add_argument("--seconds", type=_seconds, default=Limits.cell)
    score.add_argument("--trusted", action="store_true")
    commands.add_parser("practice", help="practice sheets to fill in")
    return parser.parse_args()


def _make(given: argparse.Namespace) -> None:
    zipped = make_classroom(
        given.seed, read_sheets(given.sheets), given.classroom
    )
    for what, where in (
        ("for students", "release"),
        ("after the last submission", "solution"),
        ("for a lab without a network", zipped.name),
        ("for nbgrader", "gradebook.db"),
    ):
        print(f"{given.classroom / where}  {what}")


def _grade(given: argparse.Namespace) -> None:
    sheet = given.sheet or given.submissions.resolve().name
    begun = time.monotonic()
    rows = grade(
        given.submissions,
        sheet,
        given.classroom,
        pattern=given.id,
        limits=_limits(given.seconds),
        trusted=given.trusted,
        tell=_tell,
    )
    print(f"{len(rows)} graded in {time.monotonic() - begun:.0f} s")
    print(given.classroom / "scores" / sheet / "grades.csv")
    print(given.classroom / "feedback")


def _practice(given: argparse.Namespace) -> None:
    practice_sheets(PRACTICE, SHEETS)
    print(f"Open them: {Path(sys.executable).parent}/jupyter lab {SHEETS}")


def _limits(seconds: int) -> Limits:
    """Those of a notebook, in the same proportions as usual."""
    return Limits(cell=seconds, total=4 * seconds, clock=16 * seconds)


def _tell(row: Row) -> None:
    score = f"{row.score:g}/{row.max_score:g}"
    print(f"{row.school_id:16}  {score:>6}  {row.notes}", flush=True)


_COMMANDS = {"make": _make, "grade": _grade, "practice": _practice}


def main() -> int:
    """Does what the command line says; 2 if that cannot be done."""
    given = _arguments()
    # nbgrader starts programs that lie beside Python.
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    try:
        _COMMANDS[given.command](given)
    except ClassroomError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
