"""Grades submissions: `make grade`.

nbgrader keeps the gradebook and writes the feedback; what it does not do is
to run each notebook apart from everything else, and to go on when one of
them is no notebook at all.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.apps import NbGraderAPI  # type: ignore[import-untyped]

from companion.lab.classroom import sandbox
from companion.lab.classroom.assignments import (
    course,
    exercises,
    kind_of,
    without_solutions,
)
from companion.lab.classroom.errors import ClassroomError
from companion.lab.classroom.submissions import (
    Submission,
    collect,
    grade_id,
    mend,
)

#: Notebooks that run at once.
AT_ONCE = 2
#: Columns that other systems read, and the column of grades.csv in each;
#: "sheet" stands for the name of the sheet.
MAPS = {
    "moodle": {
        "ID number": "school_id",
        "sheet": "score",
        "Feedback comments": "notes",
    },
    "canvas": {
        "Student": "",
        "ID": "",
        "SIS User ID": "school_id",
        "SIS Login ID": "",
        "Section": "",
        "sheet": "score",
    },
}


@dataclass
class Row:
    """The grade of one student.

    Args:
        school_id: Names the student.
        score: Points.
        max_score: Points of a faultless sheet.
        notes: What a teacher should know.
        exercises: Points by exercise, ``exercise 1`` and so on.
    """

    school_id: str
    score: float
    max_score: float
    notes: str
    exercises: dict[str, float] = field(default_factory=dict)

    def cells(self) -> dict[str, Any]:
        """The row as it stands in ``grades.csv``."""
        own = {k: v for k, v in vars(self).items() if k != "exercises"}
        return own | self.exercises


def grade(
    folder: Path,
    sheet: str,
    classroom: Path,
    *,
    pattern: str = "(.+)",
    limits: sandbox.Limits | None = None,
    trusted: bool = False,
    tell: Callable[[Row], object] = lambda row: None,
) -> list[Row]:
    """Grades all submissions of a sheet, and writes scores and feedback.

    Args:
        folder: Holds a file or a folder for each student.
        sheet: The name of the sheet.
        classroom: What `make classroom` made.
        pattern: Where in the name of a submission the id is.
        limits: What a notebook may use.
        trusted: Without ``bwrap``: notebooks can do all that you can.
        tell: Is called with each row, as soon as it is there.

    Returns:
        A row for each student.

    Raises:
        ClassroomError: If nothing can be graded: no such sheet, nothing
            handed in, no ``bwrap``. A single bad submission raises nothing.
    """
    source, released = (
        _sheet_of(classroom / kind, sheet) for kind in ("source", "release")
    )
    blank = without_solutions(source)
    submissions = collect(folder, pattern)
    sandbox.require(trusted=trusted)

    def run(submission: Submission) -> NotebookNode:
        try:
            notebook = mend(submission, blank, released)
            return executed(submission, notebook, limits, trusted=trusted)
        except Exception as error:  # the others are graded all the same
            submission.notebook = None
            submission.notes.append(f"Not run: {type(error).__name__}.")
            notebook = mend(submission, blank, released)
            return executed(submission, notebook)

    nbgrader = course(classroom)
    rows = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for submission, notebook in zip(
            submissions, pool.map(run, submissions)
        ):
            try:
                _hand_over(nbgrader, submission, notebook, sheet)
                points = _points(nbgrader, submission, sheet)
            except Exception as error:
                note = f"nbgrader stopped: {type(error).__name__}."
                submission.notes.append(note)
                points = {}
            rows.append(_row(submission, source, points))
            tell(rows[-1])
    write_scores(rows, classroom / "scores" / sheet, sheet)
    return rows


def _sheet_of(folder: Path, sheet: str) -> NotebookNode:
    path = folder / sheet / f"{sheet}.ipynb"
    if not path.exists():
        known = sorted(each.name for each in folder.glob("*"))
        raise ClassroomError.of(
            "the sheet",
            f"one of {', '.join(known)}" if known else "a classroom",
            f'"{sheet}"',
            "Say which: SHEET=name. `make classroom` makes them.",
        )
    return nbformat.read(path, as_version=4)


def executed(
    submission: Submission,
    notebook: NotebookNode,
    limits: sandbox.Limits | None = None,
    *,
    trusted: bool = False,
) -> NotebookNode:
    """Runs a mended notebook; its outputs are put into it.

    Args:
        submission: Notes are added to it.
        notebook: The sheet with a student's answers.
        limits: What it may use.
        trusted: Without ``bwrap``.

    Returns:
        The same notebook, with the notes on top.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if submission.notebook is None:
        told = sandbox.failure("NotRunError", submission.notes[0])
        outcome = sandbox.Outcome([[told] for _ in cells])
    else:
        sources = [cell.source for cell in cells]
        outcome = sandbox.run(sources, limits, trusted=trusted)
        submission.notes += [*outcome.notes, *_failures(cells, outcome)]
    for cell, outputs in zip(cells, outcome.outputs):
        cell.outputs = outputs
    lines = "".join(f"- {note}\n" for note in submission.notes)
    if lines:
        notebook.cells.insert(0, new_markdown_cell(lines))
    return notebook


def _failures(
    cells: list[NotebookNode], outcome: sandbox.Outcome
) -> Iterator[str]:
    """Cells of the sheet that stopped, by the name of the error."""
    found: dict[str, list[str]] = {}
    for cell, outputs in zip(cells, outcome.outputs):
        for output in outputs:
            if output.output_type == "error":
                where = grade_id(cell) or "a cell of their own"
                found.setdefault(output.ename[:40], []).append(where)
    for name, places in found.items():
        if name.isidentifier():  # students choose it; a table shows it
            yield f"{name} in {', '.join(dict.fromkeys(places))}."


def _hand_over(
    nbgrader: NbGraderAPI,
    submission: Submission,
    notebook: NotebookNode,
    sheet: str,
) -> None:
    """Gives a notebook that has run to nbgrader: scores, then feedback."""
    root = Path(nbgrader.coursedir.root)
    path = root / "submitted" / submission.school_id / sheet
    path.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path / f"{sheet}.ipynb")
    for step in (nbgrader.autograde, nbgrader.generate_feedback):
        done = step(sheet, submission.school_id)
        if not done["success"]:
            raise RuntimeError(done.get("log", ""))


def _points(
    nbgrader: NbGraderAPI, submission: Submission, sheet: str
) -> dict[str, float]:
    """Points of a student by cell, as the gradebook has them."""
    with nbgrader.gradebook as gradebook:
        found = gradebook.find_submission_notebook(
            sheet, sheet, submission.school_id
        )
        return {each.cell.name: each.score for each in found.grades}


def _row(
    submission: Submission, source: NotebookNode, points: dict[str, float]
) -> Row:
    parts = {
        f"exercise {number}": sum(points.get(c.id, 0) for c in cells)
        for number, (_, _, cells) in enumerate(exercises(source), 1)
    }
    largest = sum(
        cell.metadata.nbgrader["points"]
        for cell in source.cells
        if kind_of(cell) in ("test", "hidden")
    )
    notes = " ".join(submission.notes)
    return Row(
        submission.school_id, sum(parts.values()), largest, notes, parts
    )


def write_scores(rows: Iterable[Row], folder: Path, sheet: str) -> None:
    """Writes ``grades.csv``, and a file for each system that reads one.

    Args:
        rows: A row for each student.
        folder: Where to.
        sheet: The name of the sheet, for the head of a column.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = [row.cells() for row in rows]
    _write_table(folder / "grades.csv", table)
    for system, columns in MAPS.items():
        _write_table(
            folder / f"{system}.csv",
            [
                {
                    (sheet if head == "sheet" else head): row.get(name, "")
                    for head, name in columns.items()
                }
                for row in table
            ],
        )


def _write_table(path: Path, table: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
