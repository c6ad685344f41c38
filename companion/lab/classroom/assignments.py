"""What students and teachers get: `make classroom`.

A sheet is a notebook in the folder ``book/graded/``: a page of exercises
with answers, tests and hidden tests, as nbgrader knows them. Here it is
checked, drawn for a seed, solved once to see that it can be, and handed to
nbgrader.
"""

from __future__ import annotations

import copy
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI  # type: ignore[import-untyped]
from nbgrader.preprocessors import (  # type: ignore[import-untyped]
    ClearHiddenTests,
    ClearSolutions,
    LimitOutput,
    OverwriteCells,
    SaveAutoGrades,
)
from traitlets.config import Config

import companion
from companion.errors import Problem
from companion.lab.classroom import sandbox
from companion.lab.classroom.errors import ClassroomError
from companion.lab.classroom.redraw import choices, parameters_of, redraw
from companion.lab.classroom.submissions import grade_id

Sheets = Mapping[str, NotebookNode]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADING = re.compile(r"^## \d+\. (.+)$", re.MULTILINE)
_SOLUTION = re.compile(
    r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL
)
_MARKS = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
_PACKED = re.compile(r"classroom-.+\.zip")
#: What `make classroom` makes, beside the zip file.
MADE = {
    "release",
    "solution",
    "source",
    "wheels",
    "gradebook.db",
    "nbgrader_config.py",
}
#: What every exercise has, in this order.
KINDS = ["answer", "test", "hidden"]
CONFIG = '''"""For nbgrader's own commands, run in this folder."""

c = get_config()  # noqa: F821
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
'''
READ_ME = """\
Graded sheets, to be solved without a network.

Unpack this on a machine with Python, JupyterLab and the packages of
requirements.txt (with a folder of wheels:
pip install --no-index --find-links wheels -r requirements.txt).
Open the notebooks here: the folder companion beside them is all they need.
"""


def read_sheets(folder: Path) -> dict[str, NotebookNode]:
    """Reads all sheets of a folder.

    Args:
        folder: Holds a notebook for each sheet.

    Returns:
        Name to notebook.

    Raises:
        ClassroomError: If there is none, or one that cannot be read.
    """
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise ClassroomError.of(
            f'the folder "{folder}"',
            "a notebook for each graded sheet",
            "none",
            "Say where your sheets are: SHEETS=folder.",
        )
    return {path.stem: _sheet(path) for path in paths}


def _sheet(path: Path) -> NotebookNode:
    """A sheet whose cells have the ids that nbgrader knows them by."""
    try:
        sheet = nbformat.read(path, as_version=4)
        sheet.nbformat_minor = max(sheet.nbformat_minor, 5)
        for number, cell in enumerate(sheet.cells):
            known = grade_id(cell) or ""
            if _ID.fullmatch(known):
                cell.id = known
            cell.setdefault("id", f"cell-{number}")
        sheet.cells[0]
    except Exception as error:
        raise ClassroomError.of(
            f'the sheet "{path}"',
            "a notebook with cells",
            type(error).__name__,
            "Open it in JupyterLab, or take it out of the folder.",
        ) from error
    return sheet


def kind_of(cell: NotebookNode) -> str:
    """What a cell is for: an answer, a test, a hidden test, given, text.

    Args:
        cell: A cell of a sheet.
    """
    grading = cell.metadata.get("nbgrader")
    if not grading:
        return "text" if cell.cell_type == "markdown" else "free"
    if grading.get("solution"):
        return "answer"
    if not grading.get("grade"):
        return "given"
    return "hidden" if "BEGIN HIDDEN TESTS" in cell.source else "test"


def exercises(
    sheet: NotebookNode,
) -> list[tuple[NotebookNode, str, list[NotebookNode]]]:
    """Heading, title and cells of each exercise.

    Args:
        sheet: A notebook; an exercise begins with ``## 1. Its title``.
    """
    found: list[tuple[NotebookNode, str, list[NotebookNode]]] = []
    for cell in sheet.cells:
        heading = _HEADING.search(cell.source)
        if cell.cell_type == "markdown" and heading:
            found.append((cell, heading[1], []))
        elif found:
            found[-1][-1].append(cell)
    return found


def problems(sheets: Sheets) -> list[Problem]:
    """What is wrong with the form of sheets, by sheet and cell.

    Args:
        sheets: Name to notebook, not yet drawn.

    Returns:
        A problem for each mistake.
    """
    found = []
    titles: dict[str, tuple[NotebookNode, str]] = {}
    names: dict[str, tuple[NotebookNode, str]] = {}
    for sheet_name, sheet in sheets.items():
        found += [
            Problem(f"{sheet_name}, cell {cell.id}", *told)
            for cell, *told in _problems_of(sheet)
        ]
        once = [(c, title, titles) for c, title, _ in exercises(sheet)]
        once += [
            (cell, name, names)
            for cell in sheet.cells
            if (name := grade_id(cell))
        ]
        for cell, name, seen in once:
            where = f"{sheet_name}, cell {cell.id}"
            first, there = seen.setdefault(name, (cell, where))
            if first is not cell:
                found.append(
                    Problem(
                        where,
                        "a name of its own",
                        f'"{name}", as in {there}',
                        "Rename one of them.",
                    )
                )
    return found


def _problems_of(
    sheet: NotebookNode,
) -> Iterator[tuple[NotebookNode, str, str, str]]:
    """Cell, what is expected, what was found, what to do."""
    for cell in sheet.cells:
        yield from ((cell, *told) for told in _problems_of_cell(cell))
    parameters = parameters_of(sheet)
    if parameters is None or not exercises(sheet):
        yield (
            sheet.cells[0],
            "a cell tagged `parameters` and exercises `## 1. Title`",
            "one without" if parameters else "no such cell",
            "Look at the page *Classroom*: it shows a sheet.",
        )
        return
    try:
        constants = choices(parameters.source)
    except ClassroomError as error:
        for told in error.problems:
            yield parameters, told.expected, told.received, told.fix
        return
    for heading, _, cells in exercises(sheet):
        kinds = [kind_of(c) for c in cells if kind_of(c) in KINDS]
        in_order = kinds == sorted(kinds, key=KINDS.index)
        if not in_order or set(kinds) != set(KINDS):
            yield (
                heading,
                f"cells of the kinds {', '.join(KINDS)}, in this order",
                ", ".join(kinds) or "none",
                "Without a hidden test an answer can be made to fit.",
            )
        solutions = " ".join(map(solution_of, cells))
        if not set(re.findall(r"\w+", solutions)) & set(constants):
            yield (
                heading,
                f"a solution with one of {', '.join(constants)} in it",
                "none of them",
                "Otherwise last year's answer passes.",
            )


def _problems_of_cell(
    cell: NotebookNode,
) -> Iterator[tuple[str, str, str]]:
    kind = kind_of(cell)
    is_parameters = "parameters" in cell.metadata.get("tags", [])
    if kind == "free" and not is_parameters:
        yield (
            "code that is locked, or an answer",
            "a cell without nbgrader's metadata",
            "Give it a grade_id, and lock it.",
        )
    if kind == "answer" and not solution_of(cell):
        yield ("### BEGIN SOLUTION", "none", "Mark the solution.")
    is_test = kind in ("test", "hidden")
    if is_test and not cell.metadata.nbgrader.get("points"):
        yield ("points", "none", "Say what the test is worth.")
    if grade_id(cell) not in (None, cell.id):
        yield (
            "a grade_id like the id of the cell",
            str(grade_id(cell)),
            "Make them the same.",
        )


def solution_of(cell: NotebookNode) -> str:
    """The lines of a cell that students do not get.

    Args:
        cell: A cell of a sheet.
    """
    return "\n".join(_SOLUTION.findall(cell.source))


def without_solutions(
    sheet: NotebookNode, *, hidden: bool = True
) -> NotebookNode:
    """A sheet to be answered.

    Args:
        sheet: A notebook with solutions; it stays as it is.
        hidden: Whether to leave the hidden tests in, for grading.

    Returns:
        A new notebook.
    """
    blank, _ = ClearSolutions().preprocess(copy.deepcopy(sheet), {})
    if not hidden:
        blank, _ = ClearHiddenTests().preprocess(blank, {})
    return blank


def solved(name: str, sheet: NotebookNode) -> NotebookNode:
    """Runs a sheet with its solutions.

    Args:
        name: Of the sheet, for messages.
        sheet: A notebook that was drawn.

    Returns:
        A new notebook with outputs, without hidden tests: to be handed out
        after the last submission.

    Raises:
        ClassroomError: If a cell fails; it is named.
    """
    solution = copy.deepcopy(sheet)
    cells = [c for c in solution.cells if c.cell_type == "code"]
    outcome = sandbox.run([c.source for c in cells], trusted=True)
    for cell, outputs in zip(cells, outcome.outputs):
        cell.outputs = outputs
        for output in outputs:
            if output.output_type == "error":
                raise ClassroomError.of(
                    f"{name}, cell {cell.id}",
                    "a solution that passes its tests",
                    f"{output.ename}: {output.evalue}",
                    "Repair the solution, or the test.",
                )
    solution.cells = [c for c in solution.cells if kind_of(c) != "hidden"]
    for cell in solution.cells:
        cell.source = _MARKS.sub("", cell.source).rstrip()
    return solution


def course(folder: Path) -> NbGraderAPI:
    """nbgrader, at work in a folder.

    Args:
        folder: Holds ``source``, ``release``, ``gradebook.db`` and so on.
    """
    config = Config()
    config.CourseDirectory.root = str(folder.resolve())
    config.NbGraderAPI.log_level = "ERROR"
    config.Exchange.root = str(folder.resolve() / "exchange")
    # By itself nbgrader runs a submission in a kernel, with all that you
    # may do. Ours have run, elsewhere: only the points are counted here.
    config.Autograde.sanitize_preprocessors = [OverwriteCells]
    config.Autograde.autograde_preprocessors = [LimitOutput, SaveAutoGrades]
    # Nothing of a submission is read as HTML on a feedback page.
    config.HTMLExporter.sanitize_html = True
    return NbGraderAPI(config=config)


def practice_sheets(source: Path, folder: Path) -> None:
    """Copies of sheets without solutions and hidden tests.

    One that is there already stays as it is: it may hold answers.

    Args:
        source: A folder for each sheet.
        folder: Where to.

    Raises:
        ClassroomError: If nbgrader refuses a sheet.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = course(folder.parent)
    work.coursedir.source_directory = str(source.resolve())
    work.coursedir.release_directory = folder.name
    for sheet in sorted(path.name for path in source.iterdir()):
        if not (folder / sheet).exists():
            _release(work, sheet)


def make_classroom(seed: int, sheets: Sheets, folder: Path) -> Path:
    """Makes all that a class needs.

    Args:
        seed: Such as the year.
        sheets: Name to notebook.
        folder: Where to; what was made there before is replaced, but
            nothing else: no submissions, no scores.

    Returns:
        The zip file for a lab without a network.

    Raises:
        ClassroomError: If a sheet is no good, or grades would be lost.
    """
    ClassroomError.raise_if(*problems(sheets))
    _require_free(folder)
    drawn = {name: redraw(sheet, seed) for name, sheet in sheets.items()}
    solutions = {name: solved(name, sheet) for name, sheet in drawn.items()}
    shutil.rmtree(folder, ignore_errors=True)
    for name, sheet in drawn.items():
        _write(sheet, folder / "source" / name / f"{name}.ipynb")
        _write(solutions[name], folder / "solution" / f"{name}.ipynb")
        _release(course(folder), name)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    return _packed(folder, seed)


def _require_free(folder: Path) -> None:
    """Refuses a folder with more in it than `make_classroom` put there."""
    others = {path.name for path in folder.glob("[!.]*")} - MADE
    others = {name for name in others if not _PACKED.fullmatch(name)}
    if others:
        raise ClassroomError.of(
            f'the folder "{folder}"',
            "a classroom without submissions, scores or files of yours",
            ", ".join(sorted(others)),
            "Keep it elsewhere (move the folder), then make a new one.",
        )


def _release(work: NbGraderAPI, sheet: str) -> None:
    done = work.generate_assignment(sheet)
    if not done["success"]:
        raise ClassroomError.of(
            sheet, "an assignment for nbgrader", done["log"], ""
        )


def _write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def _packed(folder: Path, seed: int) -> Path:
    """All sheets and the package, in one file."""
    path = folder / f"classroom-{seed}.zip"
    package = Path(companion.__file__).parent
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", READ_ME)
        for sheet in sorted(folder.glob("release/*/*.ipynb")):
            file.write(sheet, sheet.name)
        for source in sorted(package.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                file.write(source, source.relative_to(package.parent))
        requirements = package.parent / "requirements.txt"
        if requirements.exists():
            file.write(requirements, requirements.name)
    return path
