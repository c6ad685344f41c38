"""The exercise sheets: their form, and what their tests let through."""

import copy
import functools
import importlib
import re
from pathlib import Path

import keras
import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

from companion.lab import exercises as exercises_of_lab
from companion.lab.exercises import NOTHING_YET, Hint

FOLDER = Path(__file__).parent.parent / "book" / "exercises"
SHEETS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted(FOLDER.glob("*/*.ipynb"))
}
#: One module per sheet, beside this file.
ANSWERS = [
    importlib.import_module(f"exercises.{path.stem}")
    for path in sorted((Path(__file__).parent / "exercises").glob("*.py"))
]
MUTANTS = {k: v for each in ANSWERS for k, v in each.MUTANTS.items()}
#: Other solutions that are as good, as edits.
ALSO_RIGHT = {k: v for each in ANSWERS for k, v in each.ALSO_RIGHT.items()}
KINDS = ["Warm-up", "Repair", "Apply"]
HEADING = re.compile(r"^## (\d)\. ([\w-]+): (.+)$", re.MULTILINE)


def tags(cell):
    return cell.metadata.get("tags", [])


def role(cell):
    """What a cell is in the eyes of nbgrader and of a reader."""
    grading = cell.metadata.get("nbgrader")
    if grading is None:
        return cell.cell_type
    if grading["solution"]:
        return "answer"
    if not grading["grade"]:
        return "given"
    return "hidden" if "BEGIN HIDDEN TESTS" in cell.source else "test"


def exercises(sheet):
    """Heading, kind, title and cells of each exercise."""
    found = []
    for cell in sheet.cells:
        heading = HEADING.search(cell.source)
        if cell.cell_type == "markdown" and heading:
            found.append((cell, *heading.group(2, 3), []))
        elif found:
            found[-1][-1].append(cell)
    return found


def problems_of_cell(cell):
    """What nbgrader or the book would stumble over."""
    grading, kind = cell.metadata.get("nbgrader"), role(cell)
    if "nbval-ignore-output" in tags(cell):
        yield "in a sheet every output is compared"
    if grading is None:
        return
    if cell.id != grading["grade_id"]:
        yield f"the grade_id is another: {grading['grade_id']}"
    if grading["locked"] == (kind == "answer"):
        yield "answers can be edited, everything else is locked"
    if kind in ("test", "hidden") and not grading.get("points"):
        yield "a test gives points"
    if kind == "answer" and "### BEGIN SOLUTION" not in cell.source:
        yield "no ### BEGIN SOLUTION"
    wanted = {"answer": ["hide-input"], "hidden": ["remove-cell"]}
    if kind != "given" and tags(cell) != wanted.get(kind, []):
        yield f"the tags of this {kind} are {wanted.get(kind, [])}"


def problems_of_sheet(sheet):
    """Pairs of a cell and what is wrong there."""
    for cell in sheet.cells:
        for problem in problems_of_cell(cell):
            yield cell, problem
    try:
        MetadataValidator().validate_nb(copy.deepcopy(sheet))
    except ValidationError as error:
        yield sheet.cells[0], f"nbgrader: {error}"
    kinds = [kind for _, kind, _, _ in exercises(sheet)]
    if not 2 <= len(kinds) <= 4 or kinds != sorted(kinds, key=KINDS.index):
        yield sheet.cells[0], f"2 to 4 exercises in order, not {kinds}"
    for heading, kind, _, cells in exercises(sheet):
        roles = [role(cell) for cell in cells]
        graded = [r for r in roles if r in ("answer", "test", "hidden")]
        for missing in {"answer", "test", "hidden"} - set(graded):
            yield heading, f"this exercise has no cell of kind {missing}"
        if graded != sorted(graded, key=["answer", "test", "hidden"].index):
            yield (
                heading,
                "first the answer, then the test, then the hidden",
            )
        if kind == "Repair" and "given" not in roles:
            yield heading, "nothing is given to be repaired"


def problems(sheets):
    """What is wrong with the form of the sheets, by sheet and cell."""
    titles, ids = {}, {}
    for name, sheet in sheets.items():
        for cell, problem in problems_of_sheet(sheet):
            yield f"{name}, cell {cell.id}: {problem}"
        for heading, _, title, _ in exercises(sheet):
            where = f"{name}, cell {heading.id}"
            if titles.setdefault(title, where) != where:
                yield f"{where}: named like the one in {titles[title]}"
        for cell in sheet.cells:
            where = f"{name}, cell {cell.id}"
            if ids.setdefault(cell.id, where) != where:
                yield f"{where}: the same id as in {ids[cell.id]}"


def run(cell, names):
    """Runs the code of a cell, without IPython's own commands."""
    code = re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)
    try:
        exec(compile(code, cell.id, "exec"), names)
    except Exception:
        if "raises-exception" not in tags(cell):
            raise


def failure(name, sheet):
    """Where a sheet with its solutions fails, or nothing."""
    names = {"__name__": "sheet"}
    for cell in sheet.cells:
        if cell.cell_type == "code":
            try:
                run(cell, names)
            except Exception as error:
                return f"{name}, cell {cell.id}: {error}"


def without_solutions(sheet, hidden=True):
    """What students get; with the hidden tests left in for grading."""
    blank, _ = ClearSolutions().preprocess(copy.deepcopy(sheet), {})
    if not hidden:
        blank, _ = ClearHiddenTests().preprocess(blank, {})
    return blank


@functools.cache
def set_up(name):
    """The names a sheet has before its first exercise. Run once."""
    names = {"__name__": "sheet"}
    for cell in SHEETS[name].cells:
        if HEADING.search(cell.source):
            return names
        if cell.cell_type == "code":
            run(cell, names)


def cell_of(exercise, kind):
    """A sheet's name, and the cell of one kind in one of its exercises."""
    sheet = f"practice-{exercise.rsplit('-', 1)[0]}"
    (cell,) = [
        cell
        for cell in SHEETS[sheet].cells
        if cell.id == f"{exercise}-{kind}"
    ]
    return sheet, cell


def first_hint(exercise, answer):
    """Which test of an exercise stops an answer, and with what hint."""
    sheet, _ = cell_of(exercise, "answer")
    names = dict(set_up(sheet))
    keras.utils.set_random_seed(0)  # whatever was tried before
    exec(compile(answer, exercise, "exec"), names)
    for kind in ("test", "hidden"):
        try:
            run(cell_of(exercise, kind)[1], names)
        except Hint as hint:
            return kind, str(hint)
    return None, ""


def edited(exercise, edits):
    """The solution of an exercise, changed here and there."""
    answer = cell_of(exercise, "answer")[1].source
    for old, new in edits:
        assert old in answer, f"{exercise}: the solution has no {old!r}"
        answer = answer.replace(old, new)
    return answer


@functools.cache
def outcome(mutant):
    """What becomes of a wrong answer."""
    exercise, _ = mutant.split(": ")
    return first_hint(exercise, edited(exercise, MUTANTS[mutant][2:]))


EXERCISES = [
    cell.id.removesuffix("-answer")
    for sheet in SHEETS.values()
    for cell in sheet.cells
    if role(cell) == "answer"
]
every_sheet = pytest.mark.parametrize("name", SHEETS)
every_exercise = pytest.mark.parametrize("exercise", EXERCISES)


def test_the_form_of_the_sheets_is_right():
    assert list(problems(SHEETS)) == []
    assert len(EXERCISES) >= 30


@pytest.mark.slow
@every_exercise
def test_the_solution_passes(exercise, capsys):
    answer = cell_of(exercise, "answer")[1].source

    assert first_hint(exercise, answer) == (None, "")
    assert capsys.readouterr().out.count("✓") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("other", ALSO_RIGHT)
def test_another_good_answer_passes(other):
    exercise, _ = other.split(": ")

    answer = edited(exercise, ALSO_RIGHT[other])
    assert first_hint(exercise, answer) == (None, "")


@every_exercise
def test_there_are_other_good_answers(exercise):
    others = [key for key in ALSO_RIGHT if key.startswith(f"{exercise}: ")]

    assert len(others) >= 3


def test_no_sheet_imports_another():
    """What two of them need belongs to a concept of its own."""
    folder = Path(exercises_of_lab.__file__).parent
    sheets = {
        name.removeprefix("practice-").replace("-", "_") for name in SHEETS
    }
    found = {
        (sheet, name)
        for sheet in sheets
        for name in sheets - {sheet}
        if f"exercises.{name} " in (folder / f"{sheet}.py").read_text()
    }

    assert found == set()


@every_exercise
def test_an_empty_answer_is_told_so(exercise):
    sheet, answer = cell_of(exercise, "answer")
    blank = without_solutions(SHEETS[sheet])
    (stub,) = [cell for cell in blank.cells if cell.id == answer.id]

    assert "raise NotImplementedError()" in stub.source
    assert first_hint(exercise, stub.source) == ("test", NOTHING_YET)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_answer_gets_its_hint(mutant):
    kind, hint = outcome(mutant)

    assert kind == MUTANTS[mutant][0], hint
    assert MUTANTS[mutant][1] in hint


@pytest.mark.slow
@every_exercise
def test_wrong_answers_get_hints_of_their_own(exercise):
    mutants = [m for m in MUTANTS if m.startswith(f"{exercise}: ")]
    hints = [outcome(mutant)[1] for mutant in mutants]

    assert len(set(hints)) == len(mutants) >= 3
    for mutant in mutants:
        fragment = MUTANTS[mutant][1]
        assert sum(fragment in hint for hint in hints) == 1, fragment


@pytest.mark.slow
@every_sheet
def test_some_wrong_answers_pass_all_but_the_hidden_tests(name):
    prefix = name.removeprefix("practice-")
    kinds = [
        MUTANTS[mutant][0]
        for mutant in MUTANTS
        if mutant.rsplit("-", 1)[0] == prefix
    ]

    assert "hidden" in kinds and kinds.count("test") > kinds.count("hidden")


@every_sheet
def test_students_get_neither_solutions_nor_hidden_tests(name):
    sheet = without_solutions(SHEETS[name], hidden=False)
    text = "\n".join(cell.source for cell in sheet.cells)

    assert "SOLUTION" not in text and "HIDDEN" not in text
    for _, _, _, cells in exercises(SHEETS[name]):
        for cell in cells:
            if role(cell) == "hidden":
                tests = cell.source.splitlines()[1:-1]
                assert "\n".join(tests) not in text


def spoilt(name="practice-feeding"):
    """A sheet to be spoilt, among all the others."""
    sheets = {**SHEETS, name: copy.deepcopy(SHEETS[name])}
    return sheets, {cell.id: cell for cell in sheets[name].cells}


def test_a_sheet_without_a_hidden_test_is_refused():
    sheets, cells = spoilt()
    sheets["practice-feeding"].cells.remove(cells["feeding-2-hidden"])

    assert list(problems(sheets)) == [
        "practice-feeding, cell feeding-2-task: "
        "this exercise has no cell of kind hidden"
    ]


def test_two_exercises_of_one_name_are_refused():
    sheets, cells = spoilt()
    task = cells["feeding-1-task"]
    task.source = task.source.replace("how many batches", "a third input")

    (problem,) = problems({k: sheets[k] for k in sorted(sheets)[::-1]})
    assert "named like the one in practice-" in problem
    assert "practice-feeding, cell feeding-1-task" in problem


@pytest.mark.parametrize(
    ("cell", "spoil", "problem"),
    [
        (
            "feeding-1-test",
            lambda cell: cell.metadata.nbgrader.pop("points"),
            "a test gives points",
        ),
        (
            "feeding-1-answer",
            lambda cell: cell.metadata.update(tags=[]),
            "the tags of this answer are ['hide-input']",
        ),
        (
            "feeding-1-answer",
            lambda cell: cell.update(source="def steps(): pass"),
            "no ### BEGIN SOLUTION",
        ),
        (
            "feeding-1-test",
            lambda cell: cell.metadata.nbgrader.update(grade_id="x"),
            "the grade_id is another: x",
        ),
        (
            "feeding-set-up",
            lambda cell: cell.metadata.update(tags=["nbval-ignore-output"]),
            "in a sheet every output is compared",
        ),
        (
            "feeding-3-task",
            lambda cell: cell.update(source="## 3. Warm-up: again"),
            "not ['Warm-up', 'Repair', 'Warm-up']",
        ),
        (
            "feeding-2-given",
            lambda cell: cell.metadata.pop("nbgrader"),
            "nothing is given to be repaired",
        ),
        (
            "feeding-3-answer",
            lambda cell: cell.metadata.nbgrader.update(
                grade_id="feeding-1-answer"
            ),
            "nbgrader: Duplicate grade id: feeding-1-answer",
        ),
    ],
)
def test_other_spoilt_sheets_are_refused(cell, spoil, problem):
    sheets, cells = spoilt()
    spoil(cells[cell])

    found = list(problems(sheets))
    assert all(text.startswith("practice-feeding, cell ") for text in found)
    assert any(text.endswith(problem) or problem in text for text in found)


def test_an_id_in_two_sheets_is_refused():
    sheets = {**SHEETS, "practice-more": SHEETS["practice-feeding"]}

    found = list(problems(sheets))
    assert (
        "practice-more, cell feeding-1-answer: "
        "the same id as in practice-feeding, cell feeding-1-answer"
    ) in found


def test_a_sheet_whose_solution_fails_is_refused():
    sheets, cells = spoilt()
    answer = cells["feeding-1-answer"]
    answer.source = answer.source.replace("math.ceil", "math.floor")

    found = failure("practice-feeding", sheets["practice-feeding"])
    assert found.startswith("practice-feeding, cell feeding-1-test: 1000 ")
