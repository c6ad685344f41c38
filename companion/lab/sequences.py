"""Sequences of different lengths, with a second input beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Of each soil, how moist it is without rain, in percent, and how many
#: points it gains for each millimetre of rain a day.
SOILS = {
    "sand": (8.0, 1.0),
    "loam": (14.0, 2.0),
    "clay": (20.0, 3.0),
    "peat": (26.0, 4.0),
}
#: Standard deviation of what is added by chance, in points.
NOISE = 1.0
_FEWEST_DAYS, _MOST_DAYS = 4, 30


@dataclass(frozen=True)
class Fields:
    """Fields with a rain gauge each.

    Attributes:
        rain: float32 ``(days,)`` per field, whole millimetres of each day,
            0 on a dry day; 4 to 30 days.
        soils: int32 ``(fields,)``, which of `SOILS`.
        moisture: float32 ``(fields,)``, in percent: what is to be
            predicted.
    """

    rain: list[np.ndarray]
    soils: np.ndarray
    moisture: np.ndarray

    def take(self, rows: np.ndarray) -> Fields:
        """Some of the fields.

        Args:
            rows: int or bool ``(rows,)``, which.
        """
        chosen = np.arange(len(self.rain))[rows]
        rain = [self.rain[row] for row in chosen]
        return Fields(rain, self.soils[chosen], self.moisture[chosen])


def fields(
    seed: int = 0,
    num_train: int = 4_000,
    num_validation: int = 1_000,
    num_test: int = 2_000,
) -> tuple[Fields, Fields, Fields]:
    """Fields to train on, to validate on and to test on.

    The moisture follows `right_moisture`, with noise of a known size, so
    the best possible error is known. Soil and rain have nothing to do with
    each other. About one field in twenty is dry on every day.

    Taught in the chapter *Two things are called a mask*.

    Args:
        seed: Decides every draw.
        num_train: Fields to train on.
        num_validation: Fields to validate on.
        num_test: Fields to test on.

    Returns:
        Training, validation and test fields.

    Example:
        >>> train, validation, test = fields()
        >>> len(train.rain), train.soils.shape, train.moisture.dtype
        (4000, (4000,), dtype('float32'))
        >>> min(map(len, train.rain)), max(map(len, train.rain))
        (4, 30)
    """
    rng = np.random.default_rng([seed, 8])
    train, validation, test = (
        _draw(rng, count) for count in (num_train, num_validation, num_test)
    )
    return train, validation, test


def _draw(rng: np.random.Generator, count: int) -> Fields:
    days = rng.integers(_FEWEST_DAYS, _MOST_DAYS + 1, count)
    often = rng.uniform(0.05, 0.8, count)  # wet days, as a share of all
    amounts = np.ceil(rng.exponential(8, (count, _MOST_DAYS)))
    wet = rng.random(amounts.shape) < often[:, None]
    amounts = np.where(wet, amounts, 0).astype("float32")
    rain = [row[:length] for row, length in zip(amounts, days)]
    soils = rng.integers(len(SOILS), size=count, dtype="int32")
    noise = rng.normal(0, NOISE, count)
    moisture = (right_moisture(rain, soils) + noise).astype("float32")
    return Fields(rain, soils, moisture)


def right_moisture(rain: list[np.ndarray], soils: np.ndarray) -> np.ndarray:
    """The rule behind the fields, without the noise.

    Args:
        rain: float ``(days,)`` per field, in millimetres.
        soils: int ``(fields,)``, which of `SOILS`.

    Returns:
        float64 ``(fields,)``, in percent.

    Example:
        >>> right_moisture([np.array([6.0, 0.0, 3.0])], np.array([1]))
        array([20.])
    """
    dry, gains = np.array(list(SOILS.values()))[soils].T
    return dry + gains * np.array([np.mean(days) for days in rain])
