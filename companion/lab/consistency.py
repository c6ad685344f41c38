"""Whether a filter errs as much as it believes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2


def squared_distance(
    errors: np.ndarray, covariances: np.ndarray
) -> np.ndarray:
    """Errors, squared, in units of what a filter expects of them.

    Of the errors of a state this is the normalised estimation error
    squared, NEES. If the filter is right, it has a chi-square distribution
    with as many degrees of freedom as there are numbers in the state.

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        errors: float ``(..., states)``.
        covariances: float ``(..., states, states)``, what is expected.

    Returns:
        float64 ``(...)``.

    Example:
        >>> squared_distance(np.array([3.0]), np.array([[4.0]])).item()
        2.25
    """
    solved = np.linalg.solve(covariances, errors[..., None])[..., 0]
    return np.sum(errors * solved, axis=-1)


class Consistency(NamedTuple):
    """How large errors are beside what was expected, and what may be.

    Attributes:
        ratio: 1 if errors are as large as the filter believes; above 1 if
            it is too sure of itself.
        low: What the ratio may be by chance, at least.
        high: At most.
    """

    ratio: float
    low: float
    high: float


def consistency(
    distances: np.ndarray, freedom: int | np.ndarray, share: float = 0.99
) -> Consistency:
    """Whether a filter errs as much as it believes (NEES, NIS).

    The sum of independent squared distances has a chi-square distribution.
    Independent are the errors of different recordings, and the surprises
    of all steps; errors at successive steps are not.

    Taught in the chapter
    *Several sensors: how good can it get?*.

    Args:
        distances: float, of any shape: those of `squared_distance`, or
            the surprise of `Estimates`.
        freedom: How many numbers each of them is made of: the same for
            all, or an array of the same shape.
        share: The share of right filters that stay within the bounds.

    Returns:
        The ratio and its bounds.

    Example:
        >>> result = consistency(np.full(1000, 3.1), freedom=3)
        >>> [round(number, 2) for number in result]
        [1.03, 0.93, 1.07]
    """
    total = int(np.broadcast_to(freedom, distances.shape).sum())
    tail = (1 - share) / 2
    low, high = chi2.ppf([tail, 1 - tail], total) / total
    return Consistency(
        float(distances.sum() / total), float(low), float(high)
    )
