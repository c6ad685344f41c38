"""What is asked of a whole run of the tests: how long pages took, and what
they left behind. Tests may run in several processes; this is asked once.
"""

from pathlib import Path

BOOK = Path(__file__).parent.parent / "book"
#: Seconds a page may take on two cores that nothing else keeps busy.
LIMIT, SHEET_LIMIT = 60, 12
#: How many times longer on a machine that is shared, as most are; and in a
#: run of all tests, where another process trains on the same two cores.
SHARED, BESIDE_OTHERS = 2, 3
#: Chapters that train a model of some size may take longer.
LONGER = {"conditional-generator": 150, "image-text-to-image": 150}


def limit_of(page: str, patience: int) -> float:
    """Seconds after which a page is too slow, by its name."""
    sheet = page.startswith("practice-")
    return patience * (SHEET_LIMIT if sheet else LONGER.get(page, LIMIT))


def files_of_book() -> set[Path]:
    """Every file in the folder of the book."""
    return {path for path in BOOK.rglob("*") if path.is_file()}


def faults(
    seconds: dict[str, float], before: set[Path], after: set[Path]
) -> list[str]:
    """Pages that were too slow, and files that came or went."""
    late = [
        f"{page}: {taken:.0f} s, at most {limit_of(page, BESIDE_OTHERS)} s"
        for page, taken in seconds.items()
        if taken > limit_of(page, BESIDE_OTHERS)
    ]
    changed = sorted(path.name for path in before ^ after)
    return late + [f"{name}: a file that came or went" for name in changed]
