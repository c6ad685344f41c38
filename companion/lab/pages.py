"""Runs the pages of the book: ``make notebooks`` and ``make proofs``.

``python -m companion.lab.pages execute [CHAPTER ...]`` runs pages in place
and stores their outputs; ``... proofs [CHAPTER ...]`` runs chapters with
other seeds, collects what their claims measured in ``proofs.json``, and
writes the new spreads into their stored outputs.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from nbformat import NotebookNode

from companion.lab.claims import METADATA, as_html
from companion.lab.drawing import ALT

BOOK = Path("book")
PROOFS = BOOK / "proofs.json"
#: Other seeds than the one stored in a page. They are never chosen.
SEEDS = (1, 2, 3, 4, 5)
#: Tags of cells whose code a reader does not see at once.
FOLDED = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
#: Folders of notebooks that are no pages of the book.
_NO_PAGES = {".ipynb_checkpoints", "graded"}
_NO_WORDS = re.compile(r"`[^`]*`|\(https?:[^)]*\)")
_SEED_LINE = re.compile(r"^seed = \d+$", re.MULTILINE)


def notebooks(names: list[str] | None = None) -> list[Path]:
    """Pages with code: all of them, or those with these names.

    Args:
        names: File names without their ending.

    Returns:
        Paths, in alphabetical order.

    Raises:
        FileNotFoundError: If there is no page at all, or none of a name.
    """
    found = {
        path.stem: path
        for path in sorted(BOOK.rglob("*.ipynb"))
        if not _NO_PAGES & set(path.parts)
    }
    if not found:
        raise FileNotFoundError(
            "The folder of the book must hold notebooks (*.ipynb). "
            f"Received: none in {BOOK.resolve()}. Run this from the root "
            "of the repository, as make does."
        )
    unknown = sorted(set(names or []) - set(found))
    if unknown:
        raise FileNotFoundError(
            f"A chapter must be one of {', '.join(found)}. "
            f"Received: {', '.join(unknown)}"
        )
    return [found[name] for name in names or found]


def execute(path: Path) -> None:
    """Runs a page in place and stores its outputs.

    Args:
        path: The notebook.
    """
    page = nbformat.read(path, as_version=4)
    _run(page, path)
    _tidy(page)
    nbformat.write(_normalised(page), path)


def _run(
    page: NotebookNode, path: Path, *, allow_errors: bool = False
) -> None:
    nbclient.NotebookClient(
        page,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        allow_errors=allow_errors,
        record_timing=False,
        coalesce_streams=True,
    ).execute()


def _tidy(page: NotebookNode) -> None:
    """Takes away empty outputs; figures give cells their description."""
    for cell in page.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [o for o in cell.outputs if o.get("data") != {}]
        words = descriptions_of(cell)
        if words:
            book = cell.metadata.setdefault("mystnb", NotebookNode())
            image = book.setdefault("image", NotebookNode())
            image["alt"] = " ".join(words)


def descriptions_of(cell: NotebookNode) -> list[str]:
    """What the figures of a code cell say for those who cannot see them.

    Args:
        cell: An executed cell.

    Returns:
        A text for each figure that brings its own, as `show_model` does.
    """
    found = [o.get("metadata", {}).get(ALT) for o in cell.outputs]
    return [words for words in found if words]


def _normalised(page: NotebookNode) -> NotebookNode:
    """The same page without what differs between machines.

    What the tests hold the page to, under ``book``, stays.
    """
    own = {"book": page.metadata.book} if "book" in page.metadata else {}
    page.metadata = NotebookNode(
        kernelspec={
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        language_info={"name": "python"},
        **own,
    )
    return page


def claims_of(page: NotebookNode) -> Iterator[dict[str, Any]]:
    """What the claims of an executed page recorded, in order.

    Args:
        page: An executed notebook.

    Yields:
        One record per claim: claim, value, bound, reference, holds.
    """
    for cell in page.cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get(METADATA)
            if record:
                yield dict(record)


def size_of(page: NotebookNode) -> dict[str, int]:
    """How much there is to read on a page.

    Args:
        page: A notebook.

    Returns:
        The number of ``words`` of prose, without code and addresses, of
        ``cells`` whose code is seen at once, and of their ``lines``.
    """
    prose = "\n".join(
        cell.source for cell in page.cells if cell.cell_type == "markdown"
    )
    seen = [
        cell
        for cell in page.cells
        if cell.cell_type == "code"
        and not FOLDED & set(cell.metadata.get("tags", []))
    ]
    return {
        "words": len(_NO_WORDS.sub("", prose).split()),
        "cells": len(seen),
        "lines": sum(len(cell.source.splitlines()) for cell in seen),
    }


def with_seed(page: NotebookNode, seed: int) -> bool:
    """Sets the seed of a page in its cell tagged ``parameters``.

    Args:
        page: A notebook; changed in place.
        seed: The new seed.

    Returns:
        Whether there is such a cell.

    Raises:
        ValueError: If that cell has no line ``seed = 0``.
    """
    for cell in page.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source, count = _SEED_LINE.subn(
                f"seed = {seed}", cell.source
            )
            if not count:
                raise ValueError(
                    "The cell tagged parameters must have a line seed = 0."
                    f" Received: {cell.source!r}"
                )
            return True
    return False


def prove(path: Path) -> list[dict[str, Any]]:
    """Runs a chapter once per seed and collects its claims.

    Args:
        path: The notebook.

    Returns:
        One row per claim: chapter, claim, one value per seed, bound,
        reference (median) and its kind, whether it holds every time,
        seconds of the fastest run: on a shared machine the others waited.
    """
    seconds, runs = [], []
    for seed in SEEDS:
        page = nbformat.read(path, as_version=4)
        if not with_seed(page, seed) or not _has_claims(page):
            return []
        begin = time.perf_counter()
        _run(page, path, allow_errors=True)
        seconds.append(time.perf_counter() - begin)
        _refuse_crashes(page, f"{path.stem}, seed {seed}")
        runs.append(list(claims_of(page)))
        print(f"{path.stem}: seed {seed}, {seconds[-1]:.0f} s", flush=True)
    rows = []
    for text in dict.fromkeys(r["claim"] for run in runs for r in run):
        # A claim that fails stops its cell: others of it have no record.
        records = [r for run in runs for r in run if r["claim"] == text]
        beside = [r["reference"] for r in records]
        beside = [value for value in beside if value is not None]
        rows.append(
            {
                "chapter": path.stem,
                "claim": text,
                "values": [round(r["value"], 4) for r in records],
                "bound": records[0]["bound"],
                "reference": round(statistics.median(beside), 4)
                if beside
                else None,
                "reference_is": records[0]["reference_is"],
                "holds": len(records) == len(runs)
                and all(r["holds"] for r in records),
                "seconds": round(min(seconds), 1),
            }
        )
    return rows


def _show_spreads(path: Path) -> None:
    """Writes the spreads of ``proofs.json`` into stored outputs."""
    proofs = json.loads(PROOFS.read_text())
    page = nbformat.read(path, as_version=4)
    for cell in page.cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get(METADATA)
            if record:
                output.data["text/html"] = as_html(record, proofs)
    nbformat.write(page, path)


def _has_claims(page: NotebookNode) -> bool:
    return any("claim(" in cell.source for cell in page.cells)


def _refuse_crashes(page: NotebookNode, where: str) -> None:
    """A claim that fails is a result; any other error is a crash."""
    for cell in page.cells:
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if output.get("ename", "AssertionError") != "AssertionError":
                raise RuntimeError(
                    f"{where}: {output.ename}: {output.evalue}"
                )


def _merge(rows: list[dict[str, Any]], chapters: set[str]) -> None:
    """Writes the rows of these chapters beside those of the others."""
    kept = json.loads(PROOFS.read_text()) if PROOFS.exists() else []
    kept = [row for row in kept if row["chapter"] not in chapters]
    merged = sorted(kept + rows, key=lambda row: row["chapter"])
    PROOFS.write_text(
        json.dumps(merged, indent=1, ensure_ascii=False) + "\n"
    )


def main() -> int:
    """The command line. Returns 1 if a claim does not hold.

    Leaves with 2, and says why, if there is no such page.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["execute", "proofs"])
    parser.add_argument("chapters", nargs="*")
    arguments = parser.parse_args()
    try:
        paths = notebooks(arguments.chapters)
    except FileNotFoundError as error:
        parser.error(str(error))
    if arguments.task == "execute":
        for path in paths:
            print(path, flush=True)
            execute(path)
        return 0
    rows = [row for path in paths for row in prove(path)]
    _merge(rows, {path.stem for path in paths})
    for path in paths:
        if any(row["chapter"] == path.stem for row in rows):
            _show_spreads(path)
    for row in rows:
        sign = "✓" if row["holds"] else "✗"
        print(sign, row["claim"], row["bound"], row["values"])
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
