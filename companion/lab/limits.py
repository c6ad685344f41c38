"""The best possible score: what no model can beat on this data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from companion.errors import DataError, Problem
from companion.values import describe


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

    Taught in the chapter *Several outputs*.

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

    Taught in the chapters *Outputs* and *Several outputs*.

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


def gaussian_expectation(
    mean: np.ndarray,
    covariance: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray,
) -> np.ndarray:
    """The best predictions from whichever inputs of a Gaussian are there.

    Target and inputs are jointly Gaussian; the target is the first
    coordinate. For each row, its expectation given the inputs that the
    mask names: no function of them has a smaller expected squared error.

    That holds if values are missing by chance, or for reasons that can be
    seen in the row (missing at random). If a value is missing because of
    what it is (missing not at random), the gap itself says something, and
    a model that reads the mask may do better.

    Taught in the chapter *Every pattern of gaps*.

    Args:
        mean: float ``(1 + inputs,)``, of the target, then of the inputs.
        covariance: float ``(1 + inputs, 1 + inputs)``, in that order.
        values: float ``(samples, inputs)``. What is masked is not read.
        mask: 0 or 1 ``(samples, inputs)``, 1 where a value is there.

    Returns:
        float64 ``(samples, 1)``.

    Raises:
        DataError: If the shapes do not fit, or a value that should be
            there is NaN.

    Example:
        >>> mean, covariance = np.zeros(2), np.array([[1, 0.5], [0.5, 1]])
        >>> values, mask = np.array([[2.0], [np.nan]]), np.array([[1], [0]])
        >>> gaussian_expectation(mean, covariance, values, mask).tolist()
        [[1.0], [0.0]]
    """
    DataError.raise_if(
        *_misshapen(covariance, mask, mean=mean, values=values)
    )
    DataError.raise_if(_gap_problem(values, mask))
    expected = np.empty((len(mask), 1))
    for there, rows in _patterns(mask):
        weights = _weights(covariance, there)
        known = values[np.ix_(rows, there)] - mean[1:][there]
        expected[rows, 0] = mean[0] + known @ weights
    return expected


def gaussian_risk(covariance: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What is left to chance if some inputs of a Gaussian are known.

    The variance of the target, given the inputs that the mask names: the
    expected squared error of `gaussian_expectation`, which no model beats.
    It depends on the mask alone, not on the values. If values are missing
    because of what they are, it is not exact.

    Taught in the chapter *Every pattern of gaps*.

    Args:
        covariance: float ``(1 + inputs, 1 + inputs)``, the target first.
        mask: 0 or 1 ``(samples, inputs)``, 1 where a value is there.

    Returns:
        float64 ``(samples, 1)``.

    Raises:
        DataError: If the shapes do not fit.

    Example:
        >>> covariance = np.array([[1, 0.5], [0.5, 1]])
        >>> gaussian_risk(covariance, np.array([[1], [0]])).tolist()
        [[0.75], [1.0]]
    """
    DataError.raise_if(*_misshapen(covariance, mask))
    risk = np.empty((len(mask), 1))
    for there, rows in _patterns(mask):
        explained = covariance[0, 1:][there] @ _weights(covariance, there)
        risk[rows] = covariance[0, 0] - explained
    return risk


def _patterns(mask: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each pattern of the mask, bool ``(inputs,)``, and its rows."""
    patterns, which = np.unique(
        np.asarray(mask).astype(bool), axis=0, return_inverse=True
    )
    for number, there in enumerate(patterns):
        yield there, np.flatnonzero(which == number)


def _weights(covariance: np.ndarray, there: np.ndarray) -> np.ndarray:
    """What each input that is there counts for."""
    inputs = covariance[1:, 1:][np.ix_(there, there)]
    return np.linalg.solve(inputs, covariance[1:, 0][there])


def _misshapen(
    covariance: np.ndarray, mask: np.ndarray, **more: np.ndarray
) -> Iterator[Problem]:
    """What does not have a place for each input, and for the target."""
    size = len(covariance)
    shapes: dict[str, tuple[int, ...]] = {
        "covariance": (size, size),
        "mask": (len(mask), size - 1),
        "mean": (size,),
        "values": (len(mask), size - 1),
    }
    fix = (
        "Mean and covariance have the target first, and then a place for "
        "each input."
    )
    given = {"covariance": covariance, "mask": mask, **more}
    for name, array in given.items():
        if array.shape != shapes[name]:
            yield Problem(
                name, f"shape {shapes[name]}", describe(array), fix
            )


def _gap_problem(values: np.ndarray, mask: np.ndarray) -> Problem | None:
    """NaN that the mask says is a value."""
    if not np.isnan(values[mask.astype(bool)]).any():
        return None
    return Problem(
        "values",
        "a number wherever the mask is 1",
        f"{describe(values)} with NaN there",
        "Make the mask from the values: ~np.isnan(values).",
    )
