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


def best_means(known: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The best predictions of anyone who knows only ``known``.

    For each value of what is known, the mean of its answers: no function
    of ``known`` has a smaller squared error on these rows.

    Taught in the chapter *Outputs*.

    Args:
        known: int ``(samples,)``, all that an input tells, from 0.
        answers: float ``(samples,)``, the right numbers.

    Returns:
        float64 ``(samples,)``.

    Example:
        >>> best_means(np.array([0, 0, 1]), np.array([2.0, 4.0, 7.0]))
        array([3., 3., 7.])
    """
    sums = np.bincount(known, weights=answers)
    return (sums / np.maximum(np.bincount(known), 1))[known]


def skill_score(error: float, constant: float, best: float) -> float:
    """How far from a constant answer to the best possible one.

    With it, answers to different questions can be compared: 0 for always
    the same answer, 1 for the best possible, below 0 for worse than
    always the same.

    Taught in the chapters *Outputs* and *Merging*.

    Args:
        error: Error or loss of a model.
        constant: That of the best answer that is always the same.
        best: The smallest error that anyone can reach.

    Returns:
        A share, at most 1 but for chance.

    Example:
        >>> skill_score(error=2.0, constant=5.0, best=1.0)
        0.75
    """
    return float((constant - error) / (constant - best))
