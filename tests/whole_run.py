"""What is asked of a whole run of the tests: how long pages took, and what
they left behind. Where tests run in several processes, it is asked once.
"""

import json
import statistics
from pathlib import Path

BOOK = Path(__file__).parent.parent / "book"
#: Seconds a page may take on two cores that nothing else keeps busy, and
#: how many times longer on a machine that is shared, as most are.
LIMIT, SHEET_LIMIT, PATIENCE = 60, 12, 2
#: A slow page is late alone, but on a slow machine all pages are late: a
#: page may be twice as late as the median of at least ten chapters. (The
#: same pages were up to 1.8 times as late as it in one run.)
SPREAD, ENOUGH = 2, 10


def limit_of(page: str, patience: float = PATIENCE) -> float:
    """Seconds after which a page is too slow, by its name.

    A chapter that trains a model of some size says in its own metadata
    that it may take longer: ``{"book": {"seconds": 150}}``.
    """
    if page.startswith("practice-"):
        return patience * SHEET_LIMIT
    metadata = json.loads((BOOK / f"{page}.ipynb").read_text())["metadata"]
    return patience * metadata.get("book", {}).get("seconds", LIMIT)


def patience_with(seconds: dict[str, float]) -> float:
    """How many times longer pages may take on the machine of this run.

    Chapters are compared with what they took when their claims were
    measured, alone. A run of a few pages tells nothing of its machine.
    """
    proofs = json.loads((BOOK / "proofs.json").read_text())
    alone = {proof["chapter"]: proof["seconds"] for proof in proofs}
    late = [seconds[name] / alone[name] for name in seconds.keys() & alone]
    if len(late) < ENOUGH:
        return PATIENCE
    return max(PATIENCE, SPREAD * statistics.median(late))


def files_of_book() -> set[Path]:
    """Every file in the folder of the book."""
    return {path for path in BOOK.rglob("*") if path.is_file()}


def faults(
    seconds: dict[str, float], before: set[Path], after: set[Path]
) -> list[str]:
    """Pages that were too slow, and files that came or went."""
    patience = patience_with(seconds)
    late = [
        f"{page}: {taken:.0f} s, at most {limit_of(page, patience):.0f}"
        for page, taken in seconds.items()
        if taken > limit_of(page, patience)
    ]
    changed = sorted(path.name for path in before ^ after)
    return late + [f"{name}: a file that came or went" for name in changed]
