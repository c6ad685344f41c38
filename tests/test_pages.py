import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from companion.lab import pages


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter that measures its own seed."""
    page = new_notebook(
        cells=[
            new_markdown_cell("# A chapter"),
            new_code_cell("seed = 0", metadata={"tags": ["parameters"]}),
            new_code_cell(
                "from companion.lab.claims import claim\n"
                "claim('the seed is small', seed, at_most=4, limit=0)\n"
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
    assert (small["bound"], small["limit"]) == ("at most 4", 0)
    assert (positive["bound"], positive["limit"]) == ("at least 0", None)
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
