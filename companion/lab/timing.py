"""How long things take, side by side, on a machine that is never quiet."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def median_seconds(
    actions: Mapping[str, Callable[[], object]], passes: int = 3
) -> dict[str, float]:
    """Median seconds of each action; they take turns.

    Each runs once more than it is counted: the first time warms up. Only
    the ratios within one call mean something, since machines differ and
    are shared.

    Taught in the chapter *Stop, go on, and speed*.

    Args:
        actions: Name to a function without arguments.
        passes: How often each is counted, at least once.

    Returns:
        Name to seconds, in the order given.

    Example:
        >>> seconds = median_seconds({"sum": lambda: sum(range(1000))})
        >>> 0 < seconds["sum"] < 1
        True
    """
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(passes + 1):
        for name, act in actions.items():
            begin = time.perf_counter()
            act()
            taken[name].append(time.perf_counter() - begin)
    return {name: statistics.median(t[1:]) for name, t in taken.items()}
