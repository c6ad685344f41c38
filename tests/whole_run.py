"""What is asked of a whole run of the tests: how long pages took, and what
they left behind. Where tests run in several processes, it is asked once.
"""

import json
from pathlib import Path

BOOK = Path(__file__).parent.parent / "book"
#: Seconds a page may take on two cores that nothing else keeps busy, and
#: how many times longer on a machine that is shared, as most are.
LIMIT, SHEET_LIMIT, PATIENCE = 60, 12, 2


def limit_of(page: str) -> float:
    """Seconds after which a page is too slow, by its name.

    A chapter that trains a model of some size says in its own metadata
    that it may take longer: ``{"book": {"seconds": 150}}``.
    """
    if page.startswith("practice-"):
        return PATIENCE * SHEET_LIMIT
    metadata = json.loads((BOOK / f"{page}.ipynb").read_text())["metadata"]
    return PATIENCE * metadata.get("book", {}).get("seconds", LIMIT)


def files_of_book() -> set[Path]:
    """Every file in the folder of the book."""
    return {path for path in BOOK.rglob("*") if path.is_file()}


def faults(
    seconds: dict[str, float], before: set[Path], after: set[Path]
) -> list[str]:
    """Pages that were too slow, and files that came or went."""
    late = [
        f"{page}: {taken:.0f} s, at most {limit_of(page):.0f}"
        for page, taken in seconds.items()
        if taken > limit_of(page)
    ]
    changed = sorted(path.name for path in before ^ after)
    return late + [f"{name}: a file that came or went" for name in changed]
