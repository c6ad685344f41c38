"""The best possible score: what no model can beat on this data."""

from __future__ import annotations

import numpy as np


def best_accuracy(known: np.ndarray, answers: np.ndarray) -> float:
    """The highest accuracy that anyone can reach who knows only ``known``.

    For each value of what is known, the best answer is the commonest one;
    all others are wrong, for lack of knowledge. The limit is exact for
    these rows: no function of ``known`` scores more.

    Taught in the chapter *Several inputs*.

    Args:
        known: int ``(samples,)``, all that an input tells.
        answers: int ``(samples,)``, the right classes, from 0.

    Returns:
        A share from 0 to 1.

    Example:
        >>> coins = np.array([0, 0, 0, 1, 1])
        >>> best_accuracy(coins, np.array([0, 0, 1, 1, 1]))
        0.8
    """
    right = sum(
        np.bincount(answers[known == value]).max()
        for value in np.unique(known)
    )
    return float(right / len(answers))
