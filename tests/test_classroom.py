"""Graded sheets: drawn, checked, handed out, read; without `bwrap`."""

import copy
import csv
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from companion.lab.classroom import sandbox
from companion.lab.classroom.__main__ import main
from companion.lab.classroom.assignments import (
    exercises,
    kind_of,
    make_classroom,
    practice_sheets,
    problems,
    read_sheets,
    solution_of,
    solved,
    without_solutions,
)
from companion.lab.classroom.errors import ClassroomError
from companion.lab.classroom.grades import Row, grade, write_scores
from companion.lab.classroom.redraw import (
    choices,
    drawn,
    parameters_of,
    redraw,
)
from companion.lab.classroom.submissions import Submission, collect, mend

ROOT = Path(__file__).parent.parent
SHEETS = read_sheets(ROOT / "book" / "graded")
every_sheet = pytest.mark.parametrize("name", SHEETS)


def cell(name, source, points=None, solution=False):
    """A cell as nbgrader wants it."""
    grading = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        grading["points"] = points
    return new_code_cell(source, id=name, metadata={"nbgrader": grading})


def sheet(title="Add"):
    """A sheet with one exercise, which needs no TensorFlow."""
    tagged = {"tags": ["parameters"]}
    return new_notebook(
        cells=[
            new_code_cell(
                "N = range(3, 9)[0]", metadata=tagged, id="draws"
            ),
            cell("set-up", "START = 1"),
            new_markdown_cell(f"## 1. {title}\n\nAdd N.", id="task"),
            cell(
                "answer",
                "def add(x):\n    ### BEGIN SOLUTION\n"
                "    return x + N\n    ### END SOLUTION",
                solution=True,
            ),
            cell("test", "assert add(0) == N", 1),
            cell(
                "hidden",
                "# More.\n### BEGIN HIDDEN TESTS\n"
                "assert add(START) == N + 1\n### END HIDDEN TESTS",
                2,
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "3"}},
    )


def pair(seed=2026):
    """A drawn sheet as it is graded, and as it is handed out."""
    source = redraw(sheet(), seed)
    return without_solutions(source), without_solutions(
        source, hidden=False
    )


def cells_of(notebook):
    return {each.id: each for each in notebook.cells}


# What is drawn.


@every_sheet
@pytest.mark.parametrize("seed", [0, 2026])
def test_consecutive_classes_share_no_constant(name, seed):
    source = parameters_of(SHEETS[name]).source
    one, next_one = drawn(source, seed), drawn(source, seed + 1)

    assert len(one) >= 5
    assert not any(one[key] == next_one[key] for key in one)


@every_sheet
def test_the_answers_of_another_class_are_others(name):
    """In each exercise, for classes up to twenty years apart."""
    sheets = [redraw(SHEETS[name], 2026 + years) for years in range(20)]
    solutions = [
        [" ".join(map(solution_of, cells)) for *_, cells in exercises(each)]
        for each in sheets
    ]

    for this, *others in zip(*solutions):
        assert all(this != other for other in others[:3])
        assert len(set(others)) >= 10 or len({this, *others}) > 6


@every_sheet
def test_no_name_of_a_constant_is_left(name):
    text = "\n".join(each.source for each in redraw(SHEETS[name], 1).cells)

    for constant in choices(parameters_of(SHEETS[name]).source):
        assert not re.search(rf"\b{constant}\b", text)


def test_a_drawn_sheet_has_values_where_names_stood():
    found = cells_of(redraw(sheet(), 2026))
    (n,) = re.findall(r"Add (\d)\.", found["task"].source)

    assert "draws" not in found
    assert f"return x + {n}" in found["answer"].source
    assert found["test"].source == f"assert add(0) == {n}"


@pytest.mark.parametrize(
    "line",
    [
        "N = 3",
        "N = (3,)[0]",
        "N = (3, 3)[0]",
        "N = range(3, 3)[0]",
        "N = range(low, 3)[0]",
    ],
)
def test_a_parameter_that_cannot_be_drawn_is_named(line):
    told = f"line 2.*Received: {re.escape(line)}"
    with pytest.raises(ClassroomError, match=told):
        choices(f"M = (1, 2)[0]\n{line}")
    with pytest.raises(ClassroomError, match="Received: N = [(]"):
        choices("N = (")


# Sheets that are refused.


def test_the_form_of_the_sheets_is_right():
    assert problems(SHEETS) == []
    assert len(SHEETS) >= 2
    for each in SHEETS.values():
        assert 3 <= len(exercises(each)) <= 4


def spoil(name, **changes):
    """A sheet with one cell changed, or without it."""
    spoilt = sheet()
    (found,) = [each for each in spoilt.cells if each.id == name]
    if not changes:
        spoilt.cells.remove(found)
    for key, value in changes.items():
        found[key] = value
    return spoilt


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (spoil("hidden"), "one, cell task: expected cells of the kinds"),
        (spoil("test"), "one, cell task: expected cells of the kinds"),
        (spoil("draws"), "one, cell set-up: expected a cell tagged"),
        (spoil("set-up", metadata={}), "one, cell set-up: expected code"),
        (
            spoil("answer", source="def add(x):\n    return x + N"),
            "one, cell answer: expected ### BEGIN SOLUTION",
        ),
        (
            spoil("draws", source="M = (1, 2)[0]"),
            "one, cell task: expected a solution with one of M",
        ),
        (
            spoil("draws", source="N = (3,)[0]"),
            "one, cell draws: expected a place in a tuple",
        ),
        (
            spoil("set-up", metadata={"nbgrader": {}}),
            "one, cell set-up: expected code that is locked",
        ),
        (
            spoil("test", metadata=cell("test", "", 0).metadata),
            "one, cell test: expected points",
        ),
        (
            spoil("test", metadata=cell("other", "", 1).metadata),
            "one, cell test: expected a grade_id like the id",
        ),
    ],
)
def test_a_spoilt_sheet_is_refused(spoilt, told, tmp_path):
    with pytest.raises(ClassroomError, match=re.escape(told)):
        make_classroom(2026, {"one": spoilt}, tmp_path / "class")
    assert not (tmp_path / "class").exists()


def test_two_exercises_of_one_name_are_refused():
    other = sheet()
    for each in other.cells:
        each.id = f"other-{each.id}"
        if "nbgrader" in each.metadata:
            each.metadata.nbgrader.grade_id = each.id
    (problem,) = problems({"one": sheet(), "two": other})

    assert str(problem).startswith("two, cell other-task: expected a name")
    assert '"Add", as in one, cell task' in str(problem)


def test_two_cells_of_one_id_are_refused():
    found = problems({"one": sheet(), "two": sheet("Add again")})

    assert "two, cell answer" in " ".join(map(str, found))


def test_two_cells_of_one_id_in_a_sheet_are_refused():
    twice = sheet()
    twice.cells.append(copy.deepcopy(twice.cells[-1]))

    assert "one, cell hidden: expected a name of its own" in " ".join(
        map(str, problems({"one": twice}))
    )


def test_cells_get_the_ids_that_nbgrader_knows(tmp_path):
    """JupyterLab gives ids that nobody can edit there, or none at all."""
    written = sheet()
    for each in written.cells:
        each.id = f"lab-{each.id}"
    nbformat.write(written, tmp_path / "new.ipynb")
    written.nbformat_minor = 4
    for each in written.cells:
        del each["id"]
    nbformat.write(written, tmp_path / "old.ipynb")

    for read in read_sheets(tmp_path).values():
        assert problems({"one": read}) == []
        assert set(cells_of(sheet())) - set(cells_of(read)) == {
            "draws",
            "task",
        }


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_sheet_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "one.ipynb").write_text(text)
    with pytest.raises(ClassroomError, match=r"one.ipynb.*Open it in"):
        read_sheets(tmp_path)
    nbformat.write(new_notebook(), tmp_path / "one.ipynb")
    with pytest.raises(ClassroomError, match="a notebook with cells"):
        read_sheets(tmp_path)


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(ClassroomError, match=r"Received: thesis.txt"):
        make_classroom(2026, {"one": sheet()}, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_sheet_whose_solution_fails_is_refused():
    spoilt = spoil(
        "hidden", source="### BEGIN HIDDEN TESTS\nassert 0, 'no'"
    )

    with pytest.raises(ClassroomError, match="one, cell hidden.*Error: no"):
        solved("one", redraw(spoilt, 2026))


# What is handed out.


@every_sheet
def test_students_get_neither_solutions_nor_hidden_tests(name):
    source = redraw(SHEETS[name], 2026)
    check_blank(source, without_solutions(source, hidden=False))


def check_blank(source, blank):
    """What is handed out has no line of a solution or hidden test."""
    text = "\n".join(each.source for each in blank.cells)
    secret = [
        line.strip()
        for each in source.cells
        for part in [solution_of(each)]
        + re.findall(
            r"### BEGIN HIDDEN TESTS\n(.*?)### END", each.source, re.DOTALL
        )
        for line in part.splitlines()
    ]
    given = {
        line.strip()
        for each in source.cells
        if kind_of(each) in ("test", "given")
        for line in each.source.splitlines()
    }

    assert len(secret) >= 2
    assert "SOLUTION" not in text and "HIDDEN" not in text
    for line in set(secret) - given:
        assert len(line) < 8 or line not in text, line  # `)` tells nothing


@pytest.fixture
def programs(monkeypatch):
    """As the Makefile does: programs of the environment are found."""
    path = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([path, os.environ["PATH"]]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of nbgrader and its libraries
def test_a_classroom_is_made_and_graded(tmp_path, programs):
    folder = tmp_path / "class"
    packed = make_classroom(2026, {"adding": sheet()}, folder)
    release = folder / "release" / "adding" / "adding.ipynb"
    solution = nbformat.read(folder / "solution/adding.ipynb", as_version=4)

    blank = nbformat.read(release, as_version=4)
    check_blank(redraw(sheet(), 2026), blank)
    assert "hidden" not in cells_of(solution)
    assert cells_of(solution)["answer"].source.count("\n") == 1
    with zipfile.ZipFile(packed) as file:
        names = file.namelist()
        assert file.read("adding.ipynb") == release.read_bytes()
    assert {"README.txt", "companion/__init__.py"} <= set(names)
    assert not any("solution" in name for name in names)

    handed_in = tmp_path / "adding"
    handed_in.mkdir()
    nbformat.write(blank, handed_in / "ben.ipynb")
    answer = cells_of(solution)["answer"].source
    cells_of(blank)["answer"].source = answer
    blank.cells += [
        new_code_cell("print('<script>alert(1)</script>')"),
        new_code_cell(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')"),
    ]
    nbformat.write(blank, handed_in / "anna.ipynb")
    (handed_in / "cleo.ipynb").write_text("no notebook")
    rows = grade(handed_in, "adding", folder, trusted=True)
    assert [(r.school_id, r.score, r.max_score) for r in rows] == [
        ("anna", 3, 3),
        ("ben", 0, 3),
        ("cleo", 0, 3),
    ]
    assert [row.notes for row in rows] == [
        "",
        "NotImplementedError in test, hidden.",
        "The file is not a notebook.",
    ]
    # nbgrader would run it again, where nothing shields from it.
    assert (tmp_path / "runs").read_text() == "x"
    for row in rows:
        path = folder / "feedback" / row.school_id / "adding/adding.html"
        assert f"Score: {row.score} / 3.0" in path.read_text()
        assert "<script>alert" not in path.read_text()
    with pytest.raises(ClassroomError, match="Received: .*submitted"):
        make_classroom(2027, {"adding": sheet()}, folder)


# What comes back.


def test_answers_are_put_into_the_sheet_of_the_teacher():
    graded, released = pair()
    handed_in = copy.deepcopy(released)
    cells_of(handed_in)["answer"].source = "def add(x):\n    return 7"
    cells_of(handed_in)["test"].source = "pass"
    handed_in.cells = [
        each
        for each in handed_in.cells
        if each.id not in ("hidden", "task")
    ]
    handed_in.cells.insert(2, new_code_cell("own = 1"))
    submission = Submission("anna", handed_in)
    mended = mend(submission, graded, released)
    sources = [each.source for each in mended.cells]

    assert sources[0] == "START = 1"
    assert sources[2:4] == ["def add(x):\n    return 7", "own = 1"]
    assert sources[4] == cells_of(graded)["test"].source
    assert "BEGIN HIDDEN TESTS" in sources[5]
    assert submission.notes == [
        "Missing, put back: hidden.",
        "Changed, and restored: test.",
    ]


def test_of_two_answers_the_last_counts_and_tests_come_behind():
    graded, released = pair()
    handed_in = copy.deepcopy(released)
    answer = cells_of(handed_in)["answer"]
    again = copy.deepcopy(answer)
    again.source = "def add(x):\n    return x + 5"
    handed_in.cells = [*handed_in.cells[::-1], again]
    mended = mend(Submission("anna", handed_in), graded, released)
    known = [c.id for c in mended.cells if c.id in cells_of(graded)]

    assert known == [each.id for each in graded.cells]
    assert cells_of(mended)["answer"].source == again.source


def test_spoilt_metadata_is_not_trusted():
    graded, released = pair()
    handed_in = copy.deepcopy(released)
    handed_in.metadata["classroom"] = "spoilt"
    for each in handed_in.cells:
        each.metadata["nbgrader"] = ["spoilt"]
    mended = mend(Submission("anna", handed_in), graded, released)

    test = cells_of(mended)["test"]
    assert test.metadata.nbgrader.points == 1


def test_of_two_answers_the_first_is_still_run():
    graded, released = pair()
    handed_in = copy.deepcopy(released)
    copied = copy.deepcopy(cells_of(handed_in)["answer"])
    copied.source = "import math"
    handed_in.cells.insert(1, copied)
    mended = mend(Submission("anna", handed_in), graded, released)
    sources = [each.source for each in mended.cells]

    assert sources[1] == "import math"
    assert "raise NotImplementedError()" in sources[3]


def test_text_that_no_file_can_hold_is_replaced():
    graded, released = pair()
    handed_in = copy.deepcopy(released)
    cells_of(handed_in)["answer"].source = "x = 'half a \ud83d'"
    mended = mend(Submission("anna", handed_in), graded, released)

    assert cells_of(mended)["answer"].source == "x = 'half a ?'"


def test_the_sheet_of_another_class_is_noted():
    graded, released = pair()
    submission = Submission("anna", pair(2025)[1])
    mend(submission, graded, released)

    assert "This is the sheet of SEED=2025." in submission.notes


def test_what_cannot_be_read_is_noted_and_the_rest_is_read(tmp_path):
    released = pair()[1]
    nbformat.write(released, tmp_path / "anna.ipynb")
    (tmp_path / "ben.ipynb").write_bytes(b"\xff\x00")
    (tmp_path / "cleo").mkdir()
    (tmp_path / "dora.ipynb").symlink_to(tmp_path / "anna.ipynb")
    (tmp_path / "emil").mkdir()
    for name in ("one", "two"):
        nbformat.write(released, tmp_path / "emil" / f"{name}.ipynb")
    (tmp_path / "fay").mkdir()
    nbformat.write(released, tmp_path / "fay" / "any name.ipynb")
    with (tmp_path / "gus.ipynb").open("wb") as file:
        file.truncate(21 * 2**20)
    (tmp_path / "hal").symlink_to(tmp_path / "fay")
    for name, number, source in (("ida", 501, ""), ("jo", 1, "x" * 2**18)):
        cells = [new_code_cell(source) for _ in range(number)]
        nbformat.write(
            new_notebook(cells=cells), tmp_path / f"{name}.ipynb"
        )
    much = "The notebook has more than 500 cells, or 200000 characters in"
    found = {each.school_id: each for each in collect(tmp_path)}

    assert {k: v.notes for k, v in found.items()} == {
        "anna": [],
        "ben": ["The file is not a notebook."],
        "cleo": ["One notebook is asked for; there are 0."],
        "dora": ["One notebook is asked for; there are 0."],
        "emil": ["One notebook is asked for; there are 2."],
        "fay": [],
        "gus": ["The file is larger than 20 MiB."],
        "hal": ["One notebook is asked for; there are 0."],
        "ida": [f"{much} them."],
        "jo": [f"{much} them."],
    }
    assert found["fay"].notebook is not None


def test_an_id_may_be_a_part_of_the_name(tmp_path):
    nbformat.write(pair()[1], tmp_path / "Anna A_4711_sheet.ipynb")

    (found,) = collect(tmp_path, r"_(\d+)_")
    assert found.school_id == "4711"
    with pytest.raises(ClassroomError, match="ID='regular expression'"):
        collect(tmp_path)
    with pytest.raises(ClassroomError, match="SUBMISSIONS=folder"):
        collect(tmp_path / "nowhere")
    for pattern in ("(", "4711"):
        with pytest.raises(ClassroomError, match="regular expression with"):
            collect(tmp_path, pattern)
    (tmp_path / "Jörg.ipynb").write_text("")
    with pytest.raises(ClassroomError, match="2 problems"):
        collect(tmp_path, "_(4711)_sheets|(J.*)")


# Where it runs.


def test_without_bwrap_grading_is_refused(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(ClassroomError, match="apt-get install bubblewrap"):
        sandbox.require()
    sandbox.require(trusted=True)


def test_the_environment_is_shown_wherever_it_lies(monkeypatch):
    """An empty /tmp would hide what was shown in it before."""
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: name)
    words = sandbox.command()
    empty, shown = words.index("/tmp"), words.index(sys.prefix)

    assert words[empty - 1] == "--tmpfs" and words[shown - 1] == "--ro-bind"
    assert empty < shown < words.index("--remount-ro")
    for needed in ("--unshare-all", "--unshare-user", "--new-session"):
        assert needed in words


def test_each_cell_has_its_outputs_and_an_end():
    cells = [
        "x = 1\nprint(x)",
        "import warnings\nwarnings.warn('only a warning')",
        "1 / 0",
        "while True:\n    print('z' * 10_000)",
        "print('y' * 90)",
        "import os\nos._exit(3)",
        "x",
    ]
    limits = sandbox.Limits(cell=1, characters=80)
    outcome = sandbox.run(cells, limits, trusted=True)
    kinds = [
        [o.output_type for o in outputs] for outputs in outcome.outputs
    ]
    names = [outputs[-1].get("ename") for outputs in outcome.outputs]

    assert kinds[:2] == [["stream"], ["stream"]]
    assert (
        outcome.outputs[1][0].name == "stdout"
    )  # stderr would cost points
    assert names[2:4] == ["ZeroDivisionError", "CellTimeoutError"]
    assert outcome.outputs[3][0].text == "z" * 80
    assert outcome.outputs[4][0].text == "y" * 80
    assert names[5:] == ["NotRunError", "NotRunError"]
    assert outcome.notes[0].startswith("The notebook ended in code cell 6")
    assert outcome.notes[1] == "Output was cut at 80 characters."


def test_what_is_written_beside_the_runner_is_no_answer():
    forged = (
        'import os\nos.write(3, b"[]\\n{}\\n{\\"cell\\": 0}\\nnot json\\n")'
    )
    outcome = sandbox.run([forged, "2"], trusted=True)

    assert len(outcome.outputs) == 2
    assert outcome.notes == []


@pytest.mark.parametrize("number", ["1e999", "-1", "7"])
def test_a_forged_number_of_a_cell_hides_no_crash(number):
    line = f'{{"cell": {number}, "text": "", "cut": 0, "error": null}}\n'
    forged = f"import os\nos.write(3, {line.encode()})\nos._exit(1)"
    outcome = sandbox.run([forged], trusted=True)

    assert outcome.outputs[0][0].ename == "NotRunError"
    assert outcome.notes[0].startswith("The notebook ended in code cell 1")


def test_what_comes_back_is_short_whatever_is_written():
    longer = "import sys\nsys.stdout.left = 10**9\nprint('x' * {})"
    cells = [longer.format(30_000), longer.format(3_000_000), "print(1)"]
    outcome = sandbox.run(cells, trusted=True)

    assert outcome.outputs[0][0].text == "x" * 20_000
    assert outcome.outputs[1][0].ename == "NotRunError"
    assert outcome.outputs[2][0].text == "1\n"
    assert outcome.notes[-1].startswith("Output was cut")


def test_a_line_for_pictures_stops_no_answer():
    outcome = sandbox.run(["%matplotlib inline\nprint(7)"], trusted=True)

    assert [output.text for output in outcome.outputs[0]] == ["7\n"]


# Scores.


def test_scores_have_a_column_for_each_system(tmp_path):
    row = Row("4711", 2.5, 3, "A note, with a comma.", {"exercise 1": 2.5})
    write_scores([row], tmp_path, "adding")

    def table(name):
        with (tmp_path / f"{name}.csv").open() as file:
            return list(csv.DictReader(file))

    assert table("grades") == [
        {
            "school_id": "4711",
            "score": "2.5",
            "max_score": "3",
            "notes": "A note, with a comma.",
            "exercise 1": "2.5",
        }
    ]
    (moodle,) = table("moodle")
    assert moodle["ID number"] == "4711" and moodle["adding"] == "2.5"
    (canvas,) = table("canvas")
    assert canvas["SIS User ID"] == "4711" and canvas["adding"] == "2.5"


def test_a_sheet_that_is_not_there_is_told(tmp_path, monkeypatch, capsys):
    arguments = ["classroom", "--classroom", str(tmp_path), "grade", "x"]
    monkeypatch.setattr(sys, "argv", arguments)

    assert main() == 2
    assert "Say which: SHEET=name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["grade", "x", "--seconds", "0"], "1 second or more"),
        (["grade", "x", "--seconds", "-1"], "1 second or more"),
        (["make", ""], "SEED=2026"),
    ],
)
def test_a_number_that_cannot_be_is_told(
    arguments, told, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["classroom", *arguments])

    with pytest.raises(SystemExit):
        main()
    assert told in capsys.readouterr().err


def test_a_home_folder_is_found(tmp_path, monkeypatch, capsys):
    nbformat.write(pair()[1], tmp_path / "Jörg.ipynb")
    for kind in ("source", "release"):
        path = tmp_path / "class" / kind / "one"
        path.mkdir(parents=True)
        nbformat.write(pair()[0], path / "one.ipynb")
    arguments = "classroom --classroom ~/class grade ~ --sheet one".split()
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert main() == 2
    assert "Jörg" in capsys.readouterr().err


@pytest.mark.slow
def test_a_practice_sheet_loses_solutions_and_keeps_answers(
    tmp_path, monkeypatch
):
    """Where nbgrader is: beside Python, as `make` calls it."""
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", programs, prepend=os.pathsep)
    source = tmp_path / "source"
    shutil.copytree(
        ROOT / "book" / "exercises" / "practice-masks",
        source / "practice-masks",
    )

    practice_sheets(source, tmp_path / "build" / "sheets")

    (sheet,) = (tmp_path / "build" / "sheets").rglob("*.ipynb")
    text = sheet.read_text()
    assert "NotImplementedError" in text
    assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text
    sheet.write_text("answers")
    practice_sheets(source, tmp_path / "build" / "sheets")
    assert sheet.read_text() == "answers"
