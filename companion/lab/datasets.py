"""The data of the chapters. Nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

#: Zones from these digits on count as regional, and as remote.
DISTANCES = (2, 7)
#: Weights from these on cost one step more, in grams.
WEIGHTS = (1000, 5000)
#: A longest side from this on costs one step more, in centimetres.
BULKY = 60

# Brackets that parcels are drawn from: lowest and highest value. They leave
# a gap around each limit, so that no parcel is a matter of rounding.
_WEIGHT_BRACKETS = np.array([(100, 900), (1200, 4500), (5500, 19000)])
_SIDE_BRACKETS = np.array([(10, 55), (65, 120)])


@dataclass(frozen=True)
class Digits:
    """Handwritten digits.

    Attributes:
        images: float32 ``(samples, 8, 8, 1)``, 0 (paper) to 1 (ink).
        labels: int32 ``(samples,)``, the digit that was meant.
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Parcels:
    """Parcels and the postage band each belongs to.

    Attributes:
        images: float32 ``(samples, 8, 8, 1)``, the zone digit as written.
        numbers: float32 ``(samples, 2)``, weight in grams and longest side
            in centimetres.
        bands: int32 ``(samples,)``, 0 to 5: what is to be predicted.
        zones: int32 ``(samples,)``, the digit that was meant: all that a
            perfect reader could learn from the image.
        steps: int32 ``(samples,)``, 0 to 3: all that the numbers say about
            the band.
    """

    images: np.ndarray
    numbers: np.ndarray
    bands: np.ndarray
    zones: np.ndarray
    steps: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What a model is fed, by name."""
        return {"image": self.images, "numbers": self.numbers}


def digits(seed: int = 0) -> tuple[Digits, Digits]:
    """Real handwritten digits, three quarters to train and one to test.

    Source: the test part of the UCI set *Optical Recognition of Handwritten
    Digits*, 1,797 images, as bundled with scikit-learn.

    Args:
        seed: Decides which images are kept for the test.

    Returns:
        Training and test digits. No image is in both.

    Example:
        >>> train, test = digits()
        >>> train.images.shape, test.images.shape
        ((1347, 8, 8, 1), (450, 8, 8, 1))
    """
    bunch = load_digits()
    images = (bunch.images / 16).astype("float32")[..., None]
    labels = bunch.target.astype("int32")
    order = np.random.default_rng(seed).permutation(len(labels))
    train, test = np.split(order, [len(order) * 3 // 4])
    return (
        Digits(images[train], labels[train]),
        Digits(images[test], labels[test]),
    )


def parcels(
    seed: int = 0, num_train: int = 8000, num_test: int = 2000
) -> tuple[Parcels, Parcels]:
    """Parcels with a handwritten zone, a weight and a size.

    The digits are real; weight and size are drawn, most parcels light and
    small. Each parcel belongs to the band that `postage_band` says.

    Args:
        seed: Decides which digits are kept for the test, and every draw.
        num_train: Parcels to train on, over training digits.
        num_test: Parcels to test on, over test digits.

    Returns:
        Training and test parcels. No image is in both.

    Example:
        >>> train, test = parcels()
        >>> train.images.shape, train.numbers.shape, train.bands.max()
        ((8000, 8, 8, 1), (8000, 2), np.int32(5))
    """
    rng = np.random.default_rng([seed, 1])
    train, test = digits(seed)
    return (
        _draw_parcels(train, num_train, rng),
        _draw_parcels(test, num_test, rng),
    )


def _draw_parcels(
    written: Digits, count: int, rng: np.random.Generator
) -> Parcels:
    picked = rng.integers(len(written.labels), size=count)
    weights = rng.choice(3, count, p=[0.65, 0.25, 0.1])
    sides = rng.choice(2, count, p=[0.85, 0.15])
    numbers = np.stack(
        [
            rng.uniform(*_WEIGHT_BRACKETS[weights].T),
            rng.uniform(*_SIDE_BRACKETS[sides].T),
        ],
        axis=1,
    ).astype("float32")
    zones = written.labels[picked]
    return Parcels(
        images=written.images[picked],
        numbers=numbers,
        bands=postage_band(zones, numbers),
        zones=zones,
        steps=(weights + sides).astype("int32"),
    )


def postage_band(zones: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The rule behind the parcels, exactly.

    A band is a sum of steps: 0, 1 or 2 for the distance, 0, 1 or 2 for the
    weight, and 1 more if the parcel is bulky.

    Args:
        zones: int ``(samples,)``, 0 to 9.
        numbers: float ``(samples, 2)``, grams and centimetres.

    Returns:
        int32 ``(samples,)``, 0 to 5.

    Example:
        >>> numbers = np.array([[200, 20], [9000, 80]])
        >>> postage_band(np.array([0, 9]), numbers)
        array([0, 5], dtype=int32)
    """
    grams, centimetres = np.asarray(numbers).T
    distance = np.digitize(zones, DISTANCES)
    weight = np.digitize(grams, WEIGHTS)
    return (distance + weight + (centimetres >= BULKY)).astype("int32")
