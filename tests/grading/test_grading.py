"""Thirty submissions, good and bad, graded as a teacher does it."""

import copy
import csv
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from companion.lab.classroom import sandbox
from companion.lab.classroom.assignments import (
    read_sheets,
    without_solutions,
)
from companion.lab.classroom.redraw import redraw

ROOT = Path(__file__).parent.parent.parent
SHEET = "several-inputs"
LEFT = "/tmp/left-by-a-sheet"  # there is a /tmp inside, but another one
SECRET = ROOT / "book" / "graded" / f"{SHEET}.ipynb"
pytestmark = pytest.mark.grading

#: An answer that is as good as the solution, in another style.
OTHERWISE = """\
def build():
    inputs = [
        keras.Input((8,), name="notes"),
        keras.Input((20,), name="slide"),
    ]
    parts = [keras.Sequential([keras.layers.Dense(9)])(i) for i in inputs]
    logits = keras.layers.Dense(10)(keras.layers.add(parts))
    return keras.Model(inputs, keras.ops.softmax(logits))
"""
#: What each way to answer exercise 1 is, instead of the solution.
WRONG = {
    "one-input-ignored": """\
def build():
    first = keras.Input((20,), name="slide")
    second = keras.Input((8,), name="notes")
    answer = keras.layers.Dense(10, activation="softmax")(first)
    return keras.Model([first, second], answer)
""",
    "logits": """\
def build():
    first = keras.Input((20,), name="slide")
    second = keras.Input((8,), name="notes")
    both = keras.layers.Concatenate()([first, second])
    return keras.Model([first, second], keras.layers.Dense(10)(both))
""",
    "raises": 'def build():\n    raise ValueError("I give up")\n',
    "syntax": "def build(:\n    return\n",
    "too-much-memory": (
        "def build():\n    return bytearray(9 * 2**30)  # 9 GB\n"
    ),
    "endless": "def build():\n    while True:\n        pass\n",
    "endless-output": (
        'def build():\n    while True:\n        print("x" * 10_000)\n'
    ),
}


def answers(**texts):
    """Edits a submission: the text of answers, by exercise."""

    def edit(notebook):
        for cell in notebook.cells:
            for name, text in texts.items():
                if cell.id == f"{SHEET}-{name.removeprefix('x')}-answer":
                    cell.source = text
        return notebook

    return edit


def replaced(exercise, old, new):
    """Edits an answer of the solution."""

    def edit(notebook):
        (cell,) = [
            each
            for each in notebook.cells
            if each.id == f"{SHEET}-{exercise}-answer"
        ]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)
        return notebook

    return edit


def before_all(*sources):
    """Puts cells of the student's own on top."""

    def edit(notebook):
        notebook.cells[:0] = [new_code_cell(each) for each in sources]
        return notebook

    return edit


def without(kind):
    """Deletes all cells of a kind."""

    def edit(notebook):
        notebook.cells = [c for c in notebook.cells if kind not in c.id]
        return notebook

    return edit


def tampered(notebook):
    """Every test passes, and is worth more."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "pass"
            cell.metadata.nbgrader.points = 100
    return notebook


def test_cells_first(notebook):
    """Cells in another order."""
    notebook.cells.sort(key=lambda cell: "-test" not in cell.id)
    return notebook


test_cells_first.__test__ = False
KILLED = "import os\n\nos._exit(1)"
STUBBORN = """\
import signal

signal.signal(signal.SIGPROF, signal.SIG_IGN)
while True:
    pass
"""
LOUD = 'import warnings\n\nwarnings.warn("loud")\nprint("x" * 50_000_000)'
CURIOUS = (
    f"open({str(SECRET)!r}).read()",
    'import socket\n\nsocket.create_connection(("127.0.0.1", PORT), 1)',
    f"open({LEFT!r}, 'w').close()",
)
#: What must not open for writing. As root a program could have the kernel
#: run something through the first; the second holds half of the memory.
SHUT = ("/proc/sys/kernel/core_pattern", "/dev/more", "/usr/more", "/more")
CURIOUS += (
    "import os\n\n"
    f"for path in {SHUT}:\n"
    "    try:\n"
    "        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))\n"
    "        print('OPEN:', path)\n"
    "    except OSError as error:\n"
    "        print('SHUT:', path)\n",
)

#: Id to: what it begins with, the edit, points by exercise, a note.
SUBMISSIONS = {
    "s01-right": ("solution", None, (3, 2, 3, 4), ""),
    "s02-otherwise": ("solution", answers(x1=OTHERWISE), (3, 2, 3, 4), ""),
    "s03-own-cell": (
        "solution",
        lambda it: before_all("MANY = 10")(
            replaced(1, "Dense(10", "Dense(MANY")(it)
        ),
        (3, 2, 3, 4),
        "",
    ),
    "s04-loud": (
        "solution",
        before_all(LOUD),
        (3, 2, 3, 4),
        "Output was cut at 20000 characters.",
    ),
    "s05-shuffled": ("solution", test_cells_first, (3, 2, 3, 4), ""),
    "s06-blank": ("blank", None, (0, 0, 0, 0), "NotImplementedError in"),
    "s07-empty": ("empty", None, (0, 0, 0, 0), "Missing, put back"),
    "s08-first-only": (
        "solution",
        answers(x2="", x3="", x4=""),
        (3, 0, 0, 0),
        "NameError in several-inputs-2-test",
    ),
    "s09-one-ignored": (
        "solution",
        answers(x1=WRONG["one-input-ignored"]),
        (1, 2, 3, 4),
        "AssertionError in several-inputs-1-hidden.",
    ),
    "s10-logits": (
        "solution",
        answers(x1=WRONG["logits"]),
        (1, 2, 3, 4),
        "AssertionError in several-inputs-1-hidden.",
    ),
    "s11-no-bias": (
        "solution",
        replaced(2, "20 + 1", "20"),
        (3, 1, 3, 4),
        "AssertionError in several-inputs-2-hidden.",
    ),
    "s12-not-scaled": (
        "solution",
        replaced(3, " / 16.0", ""),
        (3, 2, 1, 4),
        "AssertionError in several-inputs-3-hidden.",
    ),
    "s13-in-place": (
        "solution",
        replaced(3, "    return", "    table[:, 0] += 1\n    return"),
        (3, 2, 1, 4),
        "AssertionError in several-inputs-3-hidden.",
    ),
    "s14-untrained": (
        "solution",
        replaced(4, "epochs=20", "epochs=0"),
        (3, 2, 3, 0),
        "AssertionError in several-inputs-4-test",
    ),
    "s15-raises": (
        "solution",
        answers(x1=WRONG["raises"]),
        (0, 2, 3, 4),
        "ValueError in several-inputs-1-test, several-inputs-1-hidden.",
    ),
    "s16-syntax": (
        "solution",
        answers(x1=WRONG["syntax"]),
        (0, 2, 3, 4),
        "SyntaxError in several-inputs-1-answer.",
    ),
    "s17-memory": (
        "solution",
        answers(x1=WRONG["too-much-memory"]),
        (0, 2, 3, 4),
        "MemoryError in",
    ),
    "s18-endless": (
        "solution",
        answers(x1=WRONG["endless"]),
        (0, 2, 3, 4),
        "CellTimeoutError in",
    ),
    "s19-endless-output": (
        "solution",
        answers(x1=WRONG["endless-output"]),
        (0, 2, 3, 4),
        "CellTimeoutError in",
    ),
    "s20-stubborn": (
        "solution",
        answers(x3=STUBBORN),
        (3, 2, 0, 0),
        "or used up its time",
    ),
    "s21-killed": (
        "solution",
        answers(x3=KILLED),
        (3, 2, 0, 0),
        "The notebook ended in code cell 9",
    ),
    "s22-tampered": ("blank", tampered, (0, 0, 0, 0), "Changed, and rest"),
    "s23-no-tests": (
        "solution",
        lambda it: without("-hidden")(without("-test")(it)),
        (3, 2, 3, 4),
        "Missing, put back",
    ),
    "s24-no-answers": (
        "solution",
        without("4-answer"),
        (3, 2, 3, 0),
        "Missing, put back: several-inputs-4-answer.",
    ),
    "s25-last-year": (
        "last year",
        None,
        (0, 0, 0, 0),
        "sheet of SEED=2025",
    ),
    "s26-curious": (
        "solution",
        before_all(*CURIOUS),
        (3, 2, 3, 4),
        "FileNotFoundError in a cell of their own.",
    ),
    "s27-pdf": (b"%PDF-1.7\n\x00\xff", None, (0,) * 4, "not a notebook"),
    "s28-half": ("half", None, (0, 0, 0, 0), "not a notebook"),
    "s29-odd": (
        b'{"cells": [{"source": 3}], "metadata": 1, "nbformat": 4}',
        None,
        (0, 0, 0, 0),
        "not a notebook",
    ),
    "s30-none": (None, None, (0, 0, 0, 0), "there are 0"),
}


def classroom(folder, seed):
    """What `make classroom` makes."""
    done = subprocess.run(
        [sys.executable, "-m", "companion.lab.classroom"]
        + ["--classroom", str(folder), "make", str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def hand_in(name, folder, beginnings, port):
    """Writes a submission: a file, or for every third one a folder."""
    begin, edit, _, _ = SUBMISSIONS[name]
    content = begin
    if begin == "half":
        content = json.dumps(beginnings["solution"]).encode()[:3000]
    elif isinstance(begin, str):
        notebook = copy.deepcopy(beginnings[begin])
        notebook = edit(notebook) if edit else notebook
        text = nbformat.writes(notebook).replace("PORT", str(port))
        content = text.encode()
    if content is None or int(name[1:3]) % 3 == 0:
        (folder / name).mkdir()
        path = folder / name / "my work.ipynb"
    else:
        path = folder / f"{name}.ipynb"
    if content is not None:
        path.write_bytes(content)


def read(folder, kind, name=SHEET):
    return nbformat.read(folder / kind / f"{name}.ipynb", as_version=4)


def answered(blank, solution):
    """What a student hands in who knows the solutions."""
    notebook = copy.deepcopy(blank)
    known = {each.id: each for each in solution.cells}
    for each in notebook.cells:
        if "-answer" in each.id:
            each.source = known[each.id].source
    return notebook


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Rows by id, the folder, and how long it took."""
    sandbox.require()  # fails without bwrap, and says what to install
    root = tmp_path_factory.mktemp("class")
    this = classroom(root / "2026", 2026)
    blank = read(this, f"release/{SHEET}")
    last = redraw(read_sheets(ROOT / "book" / "graded")[SHEET], 2025)
    beginnings = {
        "solution": answered(blank, read(this, "solution")),
        "blank": blank,
        "last year": answered(without_solutions(last, hidden=False), last),
        "empty": new_notebook(),
    }
    folder = root / SHEET
    folder.mkdir()
    # Whoever reaches this has the network of the teacher's machine.
    server = socket.create_server(("127.0.0.1", 0))
    for name in SUBMISSIONS:
        hand_in(name, folder, beginnings, server.getsockname()[1])
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "companion.lab.classroom"]
        + ["--classroom", str(this), "grade", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begun
    server.close()
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    with (this / "scores" / SHEET / "grades.csv").open() as file:
        rows = {row["school_id"]: row for row in csv.DictReader(file)}
    return rows, this, seconds


def test_all_thirty_are_graded(graded):
    rows, _, seconds = graded

    assert list(rows) == sorted(SUBMISSIONS)
    assert len(rows) == 30
    assert seconds <= 6 * 60


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_the_score_is_right(graded, name):
    _, _, points, note = SUBMISSIONS[name]
    row = graded[0][name]
    found = tuple(float(row[f"exercise {n}"]) for n in (1, 2, 3, 4))

    assert (found, row["notes"]) == (points, row["notes"])
    assert float(row["score"]) == sum(points)
    assert float(row["max_score"]) == 12
    assert note in row["notes"]
    assert bool(row["notes"]) == bool(note), "a reason, and no other"


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_there_is_a_feedback_page_with_the_score(graded, name):
    rows, folder, _ = graded
    page = folder / "feedback" / name / SHEET / f"{SHEET}.html"
    text = page.read_text()

    assert f"Score: {float(rows[name]['score'])} / 12.0" in text
    assert page.stat().st_size < 2_000_000


def test_nothing_is_left_outside(graded):
    """The curious one got nowhere, and wrote nothing."""
    notes = graded[0]["s26-curious"]["notes"]

    assert "ConnectionRefusedError" in notes  # of a network of its own
    assert not Path(LEFT).exists()
    outputs = (graded[1] / "submitted/s26-curious").rglob("*.ipynb")
    text = next(outputs).read_text()
    assert "BEGIN SOLUTION" not in text
    assert [path for path in SHUT if f"SHUT: {path}\\n" not in text] == []


def test_other_systems_get_their_columns(graded):
    _, folder, _ = graded
    for system, id_column in (("moodle", "ID number"), ("canvas", "SIS")):
        path = folder / "scores" / SHEET / f"{system}.csv"
        with path.open() as file:
            table = list(csv.DictReader(file))
        (column,) = [name for name in table[0] if id_column in name][:1]
        scores = {row[column]: float(row[SHEET]) for row in table}
        assert scores["s01-right"] == 12
        assert len(scores) == 30


def test_a_new_classroom_does_not_destroy_grades(graded):
    _, folder, _ = graded
    with pytest.raises(AssertionError, match="Received: .*submitted"):
        classroom(folder, 2027)
    assert re.search("sqlite", (folder / "nbgrader_config.py").read_text())
