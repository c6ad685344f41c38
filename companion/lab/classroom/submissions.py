"""What students hand in: found, read, and put back in order.

A submission is a file ``<id>.ipynb``, or a folder ``<id>`` with one
notebook in it, of any name. Nothing in it is trusted: cells of the sheet
are taken from the sheet, and of what was handed in only text is kept.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode, reader
from nbformat.v4 import new_code_cell

from companion.errors import Problem
from companion.lab.classroom.errors import ClassroomError
from companion.lab.classroom.sandbox import plain

#: What an id may look like; it becomes the name of a folder.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
#: Bytes of a notebook that is still read.
LARGEST = 20 * 2**20
#: Cells of a notebook, and characters in them: far more than an answer
#: has, and few enough to write a feedback page in seconds.
MOST_CELLS, MOST_TEXT = 500, 200_000


@dataclass
class Submission:
    """What one student handed in.

    Args:
        school_id: Names the student, as the school does.
        notebook: What was handed in; None if it cannot be read.
        notes: What a teacher should know, as sentences.
    """

    school_id: str
    notebook: NotebookNode | None = None
    notes: list[str] = field(default_factory=list)


def collect(folder: Path, pattern: str = "(.+)") -> list[Submission]:
    """Reads all that was handed in; what cannot be read has a note.

    Args:
        folder: Holds a file or a folder for each student.
        pattern: Regular expression for the name of the file (without its
            ending) or folder; its first group is the id.

    Returns:
        A submission for each id, in the order of the ids.

    Raises:
        ClassroomError: If there is no such folder, nothing in it, a name
            without an id, or no group in the expression.
    """
    expression = _expression(pattern)
    places: dict[str, list[Path]] = {}
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    for entry in entries:
        if not entry.name.startswith("."):
            found = _id_of(entry, expression)
            places.setdefault(found, []).append(entry)
    ClassroomError.raise_if(
        *(
            _nameless(entry, found)
            for found in places
            if not ID.fullmatch(found)
            for entry in places[found]
        )
    )
    if not places:
        raise ClassroomError.of(
            f'the folder "{folder}"',
            "a notebook for each student, named by the school's id",
            "nothing",
            "Give `make grade` the folder: SUBMISSIONS=folder.",
        )
    return [_read(name, places[name]) for name in sorted(places)]


def _expression(pattern: str) -> re.Pattern[str]:
    try:
        expression = re.compile(pattern)
        if expression.groups:
            return expression
    except re.error:
        pass
    raise ClassroomError.of(
        "the option ID",
        r"a regular expression with a group: ID='_(\d+)_'",
        f'"{pattern}"',
        "Put brackets around what is the id.",
    )


def _id_of(entry: Path, expression: re.Pattern[str]) -> str:
    """The id in a name, or "" if there is none."""
    name = entry.name if entry.is_dir() else entry.stem
    found = expression.search(name)
    return found[1] or "" if found else ""


def _nameless(entry: Path, found: str) -> Problem:
    return Problem(
        f'the submission "{entry.name}"',
        "an id of letters (a to z), digits and . _ @ - in its name",
        f'"{found}"' if found else "a name without one",
        "Rename it, or say where the id is: ID='regular expression'.",
    )


def _read(school_id: str, entries: list[Path]) -> Submission:
    files = [file for entry in entries for file in _notebooks(entry)]
    if len(files) != 1:
        note = f"One notebook is asked for; there are {len(files)}."
        return Submission(school_id, notes=[note])
    try:
        read = _content(files[0])
    except Exception:  # whatever it is, the others are graded
        read = "The file is not a notebook."
    if isinstance(read, str):
        return Submission(school_id, notes=[read])
    return Submission(school_id, read)


def _content(path: Path) -> NotebookNode | str:
    """A notebook, or what is wrong with it."""
    if path.stat().st_size > LARGEST:
        return f"The file is larger than {LARGEST // 2**20} MiB."
    # By hand: nbformat's own check takes minutes where cells are many.
    notebook = reader.reads(path.read_text(encoding="utf-8"))
    parts = (
        notebook.nbformat == 4
        and isinstance(notebook.metadata, dict)
        and isinstance(notebook.cells, list)
    )
    if not parts or not all(map(_is_cell, notebook.cells)):
        return "The file is not a notebook."
    text = sum(len(cell.source) for cell in notebook.cells)
    if len(notebook.cells) > MOST_CELLS or text > MOST_TEXT:
        return (
            f"The notebook has more than {MOST_CELLS} cells, or "
            f"{MOST_TEXT} characters in them."
        )
    return notebook


def _is_cell(cell: NotebookNode) -> bool:
    """Whether there is in it what is read here; the rest may be odd."""
    return (
        isinstance(cell.source, str)
        and isinstance(cell.metadata, dict)
        and cell.cell_type in ("code", "markdown", "raw")
    )


def _notebooks(entry: Path) -> Iterator[Path]:
    """Files, not links: those could lead anywhere."""
    is_folder = entry.is_dir() and not entry.is_symlink()
    inside = entry.rglob("*.ipynb") if is_folder else [entry]
    for path in inside:
        parts = path.relative_to(entry.parent).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def grade_id(cell: NotebookNode) -> str | None:
    """The name under which nbgrader knows a cell, or None.

    Args:
        cell: A cell, whatever its metadata holds.

    Example:
        >>> grade_id(new_code_cell(metadata={"nbgrader": "spoilt"}))
    """
    grading = cell.metadata.get("nbgrader")
    known = isinstance(grading, dict) and grading.get("grade_id")
    return known if isinstance(known, str) else None


def mend(
    submission: Submission, sheet: NotebookNode, released: NotebookNode
) -> NotebookNode:
    """A sheet with the answers of a student.

    All cells of the sheet are there, in their order, with their tests. Own
    cells of the student stay behind the cell they followed. Notes tell of
    what was missing or changed.

    Args:
        submission: What was handed in; notes are added to it.
        sheet: The sheet with its hidden tests, without solutions.
        released: The sheet as it was handed out.

    Returns:
        A new notebook.
    """
    names = [grade_id(cell) for cell in sheet.cells]
    found, own = _sorted_out(submission.notebook, set(names))
    mended = copy.deepcopy(sheet)
    mended.cells = own.get(None, [])
    missing, changed = [], []
    for name, cell, given in zip(names, sheet.cells, released.cells):
        cell = copy.deepcopy(cell)
        mended.cells.append(cell)
        if name is None:
            continue
        if name not in found:
            missing.append(name)
        elif cell.metadata.nbgrader["solution"]:
            cell.source = found[name]
        elif found[name].strip() != given.source.strip():
            changed.append(name)
        mended.cells += own.get(name, [])
    if submission.notebook is not None:
        _tell(submission, "Missing, put back", missing)
        _tell(submission, "Changed, and restored", changed)
        _tell_edition(submission, sheet)
    return mended


def _sorted_out(
    notebook: NotebookNode | None, names: set[str | None]
) -> tuple[dict[str, str], dict[str | None, list[NotebookNode]]]:
    """Text of the sheet's cells by name, and what else stands behind them.

    Of two cells of one name the last counts; the other is run before it.
    """
    cells = notebook.cells if notebook else []
    last = {grade_id(cell): cell for cell in cells}
    found: dict[str, str] = {}
    own: dict[str | None, list[NotebookNode]] = {}
    behind = None
    for cell in cells:
        name = grade_id(cell)
        if name is not None and name in names and cell is last[name]:
            found[name] = plain(cell.source)
            behind = name
        elif cell.cell_type == "code":
            own.setdefault(behind, []).append(_own(cell))
    return found, own


def _own(cell: NotebookNode) -> NotebookNode:
    return new_code_cell(plain(cell.source))


def _tell(submission: Submission, what: str, names: list[str]) -> None:
    if names:
        submission.notes.append(f"{what}: {', '.join(names)}.")


def _tell_edition(submission: Submission, sheet: NotebookNode) -> None:
    """Says when the sheet of another class was handed in."""
    assert submission.notebook is not None
    about = submission.notebook.metadata.get("classroom")
    seed = about.get("seed") if isinstance(about, dict) else None
    own = sheet.metadata["classroom"]["seed"]
    if isinstance(seed, int) and seed != own:
        submission.notes.append(
            f"This is the sheet of SEED={str(seed)[:12]}."
        )
