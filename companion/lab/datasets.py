"""The data of the chapters. Nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from sklearn.datasets import load_digits, load_wine

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


#: What the colour of a wine is called, from the palest on.
COLOURS = ("pale", "medium", "deep")
#: Colour intensities from which a wine is medium, and deep.
_INTENSITIES = (3.5, 5.5)


@dataclass(frozen=True)
class Digits:
    """Handwritten digits.

    Attributes:
        images: float32 ``(samples, 8, 8, 1)``, 0 (paper) to 1 (ink).
        labels: int32 ``(samples,)``, the digit that was meant.
    """

    images: np.ndarray
    labels: np.ndarray

    def take(self, rows: np.ndarray) -> Digits:
        """Some of the digits.

        Args:
            rows: int or bool ``(rows,)``, which.
        """
        return Digits(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class Wines:
    """Wines of three cultivars: what a laboratory measured, and a colour.

    Attributes:
        numbers: float32 ``(samples, 12)``, each column from 0, its lowest
            value among the training wines, to 1, its highest. A test wine
            may lie outside.
        colour: float32 ``(samples, 3)``, one-hot, as in `COLOURS`.
        labels: int32 ``(samples,)``, the cultivar, 0 to 2.
    """

    numbers: np.ndarray
    colour: np.ndarray
    labels: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """float32 ``(samples, 15)``: numbers and colour side by side."""
        return np.concatenate([self.numbers, self.colour], axis=1)


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
    written = all_digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(written.labels))
    train, test = np.split(order, [len(order) * 3 // 4])
    return written.take(train), written.take(test)


def all_digits() -> Digits:
    """Every handwritten digit, in the order in which they were written.

    Source: as for `digits`.

    Example:
        >>> all_digits().images.shape
        (1797, 8, 8, 1)
    """
    bunch = load_digits()
    images = (bunch.images / 16).astype("float32")[..., None]
    return Digits(images, bunch.target.astype("int32"))


def enlarged(images: np.ndarray, size: int = 28) -> np.ndarray:
    """Images brought to another size, for models that expect it.

    Args:
        images: float32 ``(samples, height, width, channels)``.
        size: Height and width that are asked for.

    Returns:
        float32 ``(samples, size, size, channels)``, within the range of
        ``images``.

    Example:
        >>> enlarged(np.ones((2, 8, 8, 1), "float32")).shape
        (2, 28, 28, 1)
    """
    larger = keras.ops.image.resize(images, (size, size), "bilinear")
    return keras.ops.convert_to_numpy(larger)


def wines(seed: int = 0) -> tuple[Wines, Wines]:
    """Real wines, one half to train and one to test.

    178 wines of three cultivars of one region in Italy. Of the 13 things
    measured, the colour intensity is given in words, as a label on a
    bottle would: pale, medium or deep.

    Source: the UCI set *Wine*, as bundled with scikit-learn. Taught in the
    chapter *Augmented rows*.

    Args:
        seed: Decides which wines are kept for the test.

    Returns:
        Training and test wines. No wine is in both.

    Example:
        >>> train, test = wines()
        >>> train.numbers.shape, train.colour.shape, test.labels.shape
        ((89, 12), (89, 3), (89,))
    """
    bunch = load_wine()
    place = bunch.feature_names.index("color_intensity")
    words = np.digitize(bunch.data[:, place], _INTENSITIES)
    numbers = np.delete(bunch.data, place, axis=1)
    order = np.random.default_rng([seed, 4]).permutation(len(words))
    train, test = np.split(order, 2)
    low, high = numbers[train].min(axis=0), numbers[train].max(axis=0)
    numbers = ((numbers - low) / (high - low)).astype("float32")
    colour = np.eye(len(COLOURS), dtype="float32")[words]
    labels = bunch.target.astype("int32")
    return (
        Wines(numbers[train], colour[train], labels[train]),
        Wines(numbers[test], colour[test], labels[test]),
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
