"""Four inputs and a target that are jointly Gaussian, with values missing.

What can be known of the target from any of the inputs follows from `MEAN`
and `COVARIANCE`: see `companion.lab.limits.gaussian_expectation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from companion.errors import DataError, Problem

#: The names of the inputs.
INPUTS = ("a", "b", "c", "d")
#: Mean of the target, and of each input.
MEAN = np.array([3.0, 2.0, -1.0, 1.0, -2.0])
#: Covariance of target and inputs, all of variance 1. All inputs together
#: explain 90 % of the target, alone 49, 36, 25 and 16 %. The larger "c"
#: is, the larger is the target; yet with "a" and "b" known it is smaller.
COVARIANCE = np.array(
    [
        [1.0, 0.7, 0.6, 0.5, 0.4],
        [0.7, 1.0, 0.2, 0.7, 0.4],
        [0.6, 0.2, 1.0, 0.6, 0.6],
        [0.5, 0.7, 0.6, 1.0, 0.5],
        [0.4, 0.4, 0.6, 0.5, 1.0],
    ]
)
#: Why a value is missing: by chance; because of another value that is
#: there; because of the value itself.
MECHANISMS = ("mcar", "mar", "mnar")
#: How much of it the value decides, from 0 to 1; the rest is chance.
_STRENGTH = 0.8


@dataclass(frozen=True)
class GaussianRows:
    """Four inputs, of which any may be missing, and a target.

    Attributes:
        values: float32 ``(samples, 4)``, NaN where a value is missing.
        mask: float32 ``(samples, 4)``, 1 where it is there, 0 where not.
        complete: float32 ``(samples, 4)``, the inputs without gaps.
        targets: float32 ``(samples, 1)``, what is to be predicted.
    """

    values: np.ndarray
    mask: np.ndarray
    complete: np.ndarray
    targets: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The values, float32 ``(samples, 1)`` each, by name."""
        return dict(zip(INPUTS, np.split(self.values, len(INPUTS), axis=1)))


def gaussian_rows(
    seed: int = 0,
    mechanism: str = "mcar",
    rate: float = 0.3,
    num_train: int = 12_000,
    num_validation: int = 2_000,
    num_test: int = 4_000,
) -> tuple[GaussianRows, GaussianRows, GaussianRows]:
    """Inputs with gaps, to train, to validate and to test.

    Three mechanisms leave values out (D. Rubin, Biometrika 63, 1976):

    - ``"mcar"``, missing completely at random: each value by chance. Each
      of the 16 patterns occurs, also that with nothing left.
    - ``"mar"``, missing at random: "a" is always there, and the larger it
      is, the more often each of the others is missing. What is seen says
      why.
    - ``"mnar"``, missing not at random: the larger a value is, the more
      often it is missing. That it is missing says something about it.

    The same seed draws the same complete values whatever the mechanism.

    Taught in the chapter *Every pattern of gaps*.

    Args:
        seed: Decides every draw.
        mechanism: One of `MECHANISMS`.
        rate: The share of values that is missing, from 0 to 1, of each
            input that may be missing.
        num_train: Samples to train on.
        num_validation: Samples to validate on.
        num_test: Samples to test on.

    Returns:
        Training, validation and test samples.

    Raises:
        DataError: If there is no such mechanism or rate.

    Example:
        >>> train, validation, test = gaussian_rows()
        >>> train.values.shape, train.targets.shape
        ((12000, 4), (12000, 1))
        >>> round(float(train.mask.mean()), 1)
        0.7
    """
    DataError.raise_if(_mechanism_problem(mechanism), _rate_problem(rate))
    rng = np.random.default_rng([seed, 8])
    train, validation, test = (
        _draw(count, mechanism, rate, rng)
        for count in (num_train, num_validation, num_test)
    )
    return train, validation, test


def _draw(
    count: int, mechanism: str, rate: float, rng: np.random.Generator
) -> GaussianRows:
    root = np.linalg.cholesky(COVARIANCE)
    rows = rng.normal(size=(count, len(MEAN))) @ root.T
    inputs, chance = rows[:, 1:], rng.normal(size=(count, len(INPUTS)))
    # Each value has a score, normal with variance 1, and the highest
    # scores are missing. The mechanism says what the score is made of.
    reason = inputs[:, :1] if mechanism == "mar" else inputs
    scores = _STRENGTH * reason + np.sqrt(1 - _STRENGTH**2) * chance
    if mechanism == "mcar":
        scores = chance
    there = scores <= norm.isf(rate)
    if mechanism == "mar":
        there[:, 0] = True
    complete = (MEAN[1:] + inputs).astype("float32")
    return GaussianRows(
        values=np.where(there, complete, np.float32(np.nan)),
        mask=there.astype("float32"),
        complete=complete,
        targets=(MEAN[0] + rows[:, :1]).astype("float32"),
    )


def _mechanism_problem(mechanism: str) -> Problem | None:
    if mechanism in MECHANISMS:
        return None
    names = ", ".join(map(repr, MECHANISMS))
    fix = "'mcar' leaves values out by chance alone."
    return Problem("mechanism", f"one of {names}", repr(mechanism), fix)


def _rate_problem(rate: float) -> Problem | None:
    if 0 <= rate <= 1:
        return None
    fix = "0.3 leaves out three values in ten."
    return Problem("rate", "a share from 0 to 1", f"{rate:g}", fix)
