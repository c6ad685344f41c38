import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from companion.lab import pages, progress
from companion.lab.claims import as_html

ROOT = Path(__file__).parent.parent


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter that measures its own seed."""
    page = new_notebook(
        cells=[
            new_markdown_cell("# A chapter"),
            new_code_cell("seed = 0", metadata={"tags": ["parameters"]}),
            new_code_cell(
                "from companion.lab.claims import claim\n"
                "claim('the seed is small', seed, at_most=4, reference=0)\n"
            ),
            new_code_cell("claim('it is not negative', seed, at_least=0)"),
        ]
    )
    page.metadata["language_info"] = {"name": "python", "version": "3.9"}
    nbformat.write(page, tmp_path / "chapter.ipynb")
    monkeypatch.setattr(pages, "BOOK", tmp_path)
    monkeypatch.setattr(pages, "PROOFS", tmp_path / "proofs.json")
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["pages", *arguments])
    return pages.main()


@pytest.mark.slow
def test_a_page_keeps_its_outputs_and_no_version(book, monkeypatch):
    assert run(monkeypatch, "execute") == 0

    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    assert page.metadata.language_info == {"name": "python"}
    assert [claim["holds"] for claim in pages.claims_of(page)] == [
        True,
        True,
    ]
    assert page.cells[-1].execution_count == 3


@pytest.mark.slow
def test_proofs_hold_what_every_seed_measured(book, monkeypatch, capsys):
    """A claim fails with seed 5, and keeps one of its cell from running.

    The claim of the next cell still gets measured there.
    """
    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    page.cells[2].source += "claim('it is a number', seed, at_least=0)"
    nbformat.write(page, book / "chapter.ipynb")

    assert run(monkeypatch, "proofs", "chapter") == 1

    rows = pages.json.loads(pages.PROOFS.read_text())
    proofs = {row["claim"]: row for row in rows}
    small, stopped = proofs["the seed is small"], proofs["it is a number"]
    positive = proofs["it is not negative"]
    assert small["values"] == positive["values"] == list(pages.SEEDS)
    assert stopped["values"] == list(pages.SEEDS)[:-1]
    assert (small["bound"], small["reference"]) == ("at most 4", 0)
    assert (positive["bound"], positive["reference"]) == (
        "at least 0",
        None,
    )
    assert [p["holds"] for p in (small, stopped, positive)] == [
        False,
        False,
        True,
    ]
    assert small["seconds"] > 0
    assert "✗ the seed is small" in capsys.readouterr().out


def test_a_page_without_claims_is_not_run_for_proofs(book):
    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    page.cells[2:] = [new_code_cell("raise RuntimeError('it was run')")]
    nbformat.write(page, book / "sheet.ipynb")

    assert pages.prove(book / "sheet.ipynb") == []


def test_proofs_of_other_chapters_are_kept(book):
    pages._merge([{"chapter": "b", "claim": "old"}], {"b"})
    pages._merge([{"chapter": "a", "claim": "x"}], {"a"})
    pages._merge([{"chapter": "b", "claim": "new"}], {"b"})

    rows = pages.json.loads(pages.PROOFS.read_text())
    assert [row["claim"] for row in rows] == ["x", "new"]


def test_a_chapter_that_does_not_exist_is_named(book):
    with pytest.raises(
        FileNotFoundError, match="one of chapter. Rec.*: no"
    ):
        pages.notebooks(["no"])


@pytest.mark.parametrize("task", ["execute", "proofs"])
def test_a_chapter_that_does_not_exist_stops_the_command(
    book, monkeypatch, capsys, task
):
    """Before any other page runs."""
    before = (book / "chapter.ipynb").read_text()

    with pytest.raises(SystemExit) as left:
        run(monkeypatch, task, "chapter", "no")

    assert left.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("A chapter must be one of chapter. Received: no")
    assert (book / "chapter.ipynb").read_text() == before
    assert not pages.PROOFS.exists()


@pytest.mark.parametrize("arguments", [["execute"], ["proofs", "chapter"]])
def test_a_folder_without_the_book_is_named(
    tmp_path, monkeypatch, capsys, arguments
):
    """As where the package is installed, and the book is not."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as left:
        run(monkeypatch, *arguments)

    assert left.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"Received: none in {tmp_path / 'book'}. Run this from" in last
    assert not list(tmp_path.iterdir())


def test_a_seed_cell_without_a_seed_is_refused(book):
    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    page.cells[1].source = "seeds = [0]"

    with pytest.raises(ValueError, match="must have a line seed = 0"):
        pages.with_seed(page, 3)


@pytest.mark.slow
def test_a_crash_is_no_proof(book, monkeypatch):
    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    page.cells[3].source += "\n{}['gone']"
    nbformat.write(page, book / "chapter.ipynb")

    with pytest.raises(RuntimeError, match="chapter, seed 1: KeyError"):
        run(monkeypatch, "proofs")


TRAINS = """
import time
import keras
from companion.lab import progress
from companion.lab.claims import claim
from companion.lab.drawing import show_model
progress._PAUSE = 0
x = keras.Input((2,), name="row")
model = keras.Model(x, keras.layers.Dense(1)(x))
model.compile(loss="mse")
rows = keras.ops.ones((8, 2))
print("before")
history = model.fit(rows, rows[:, :1], epochs=3, validation_split=0.5,
                    verbose=0, callbacks=[progress.Progress()])
print("after")
len(history.epoch)
"""


@pytest.mark.slow
def test_a_page_that_trains_is_stored_clean_and_compares(book):
    """The line of progress is gone; what differs is not compared."""
    path = book / "chapter.ipynb"
    page = nbformat.read(path, as_version=4)
    cells = [TRAINS, "show_model(model)"]
    cells += ["claim('it is later', time.time() - 1e9, at_least=1)"]
    page.cells = [new_code_cell(source) for source in cells]
    page.cells[0].metadata = {"mystnb": {"image": {"width": "50%"}}}
    page.cells[1].metadata = {"tags": ["a"]}
    nbformat.write(page, path)

    pages.execute(path)

    trained, drawn, claimed = nbformat.read(path, as_version=4).cells
    told = [output.get("text") or output.data for output in trained.outputs]
    assert told == ["before\nafter\n", {"text/plain": "3"}]
    assert trained.metadata == {"mystnb": {"image": {"width": "50%"}}}
    alt = "A model with 1 input and 1 output. Input row (2); Dense 1; "
    alt += "output (1)."
    assert drawn.metadata.mystnb.image == {"alt": alt}
    assert drawn.metadata.tags == ["a"]
    assert pages.descriptions_of(drawn) == [alt]
    assert 'class="measured"' in claimed.outputs[0].data["text/html"]
    command = [sys.executable, "-m", "pytest", "--nbval", str(path)]
    command += ["-c", "pyproject.toml", "-p", "no:warnings"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_new_proofs_show_in_the_stored_page(book, monkeypatch, capsys):
    record = {"value": 0.5, "bound": "at least 0", "holds": True}
    records = [{**record, "claim": claim} for claim in ("a", "b")]
    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    page.cells[2].outputs = [
        new_output(
            "display_data",
            {"text/html": "old", "text/plain": each["claim"]},
            metadata={"claim": each},
        )
        for each in records
    ]
    nbformat.write(page, book / "chapter.ipynb")
    row = {"chapter": "chapter", "values": [0.1, 0.2], **records[0]}
    monkeypatch.setattr(pages, "prove", lambda path: [row])

    assert run(monkeypatch, "proofs", "chapter") == 0

    page = nbformat.read(book / "chapter.ipynb", as_version=4)
    shown = [o.data["text/html"] for o in page.cells[2].outputs]
    assert shown == [as_html(each, [row]) for each in records]
    assert "0.100 to 0.200" in shown[0] and "not yet" in shown[1]
    assert page.cells[2].outputs[0].data["text/plain"] == "a"


@pytest.fixture
def line(monkeypatch):
    """What a notebook would show, state by state."""
    states = []
    handle = SimpleNamespace(
        update=lambda data, raw: states.append(data),
    )

    def display(data, raw, display_id):
        states.append(data)
        return handle

    shell = SimpleNamespace(kernel=None)
    monkeypatch.setattr(progress, "get_ipython", lambda: shell)
    monkeypatch.setattr(progress, "display", display)
    monkeypatch.setattr(progress, "_PAUSE", 0)
    return states


def trained(**options):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss="mse")
    rows = keras.ops.ones((8, 2))
    model.fit(
        rows,
        rows[:, :1],
        batch_size=2,
        epochs=2,
        validation_split=0.5,
        verbose=0,
        callbacks=[progress.Progress()],
        **options,
    )


@pytest.mark.slow
def test_progress_says_how_far_a_training_is(line):
    trained()

    first, *states, last = line
    assert first == last == {}
    states = [state["text/plain"] for state in states]
    assert len(states) == 2 * (2 + 1)
    begun = r"epoch 1 of 2, step 1 of 2; \d+ s; loss "
    assert re.match(begun, states[0])
    assert states[-1].startswith("epoch 2 of 2, done; ")
    assert "; val_loss " in states[-1]


@pytest.mark.slow
def test_progress_does_not_keep_a_training_waiting(line, monkeypatch):
    monkeypatch.setattr(progress, "_PAUSE", 1000)

    trained()

    assert len(line) == 3 and line[1]


@pytest.mark.slow
def test_progress_is_silent_outside_of_a_notebook(capfd, monkeypatch):
    trained()
    monkeypatch.setattr(
        progress, "get_ipython", lambda: object()
    )  # ipython
    trained()

    assert capfd.readouterr() == ("", "")
