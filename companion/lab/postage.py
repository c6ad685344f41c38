"""What parcels cost, by rules that join two inputs.

`euros` is about the parcels of `companion.lab.datasets.parcels`, and
`shipments` brings parcels of its own. Each rule is known exactly, so the
best possible score of any model is known, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Euros per kilogram, by zone. Their mean is `SHOP_PRICE`.
RATES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 17.5])
#: Euros per parcel, by zone.
FEES = 2.0 * np.arange(10)
#: Euros that a shop asks its customers per kilogram, in every zone.
SHOP_PRICE = 6.0
#: The first zone that parcels reach by air.
AIR = 5

# What rates of a card, and weights of a shipment, are drawn from.
_CARD = (0.2, 4.0)
_WEIGHTS = (0.1, 5.0)

#: The four rules, in the order of the columns of `euros`.
RULES = ("fee", "rate", "margin", "choice")


def euros(zones: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """What a parcel costs by each rule, or what is left of it.

    - fee: a fee of the zone, plus 2 euros per kilogram;
    - rate: the rate of the zone, times the kilograms;
    - margin: what is left to a shop that pays the rate of the zone and
      asks the same price per kilogram everywhere; below 0 in far zones;
    - choice: the zone chooses what counts: by road 3 euros per kilogram,
      by air 0.30 euros per centimetre of the longest side.

    Taught in the chapter *Merging*.

    Args:
        zones: int ``(...,)``, 0 to 9.
        numbers: float ``(..., 2)``, grams and longest side in centimetres,
            as the parcels have them. Other axes are broadcast.

    Returns:
        float64 ``(..., 4)``, a column for each of `RULES`.

    Example:
        >>> euros(np.array([0, 9]), np.array([2000.0, 50.0])).tolist()
        [[4.0, 2.0, 10.0, 6.0], [22.0, 35.0, -23.0, 15.0]]
    """
    kilograms = np.asarray(numbers)[..., 0] / 1000
    centimetres = np.asarray(numbers)[..., 1].astype("float64")
    rate = RATES[zones]
    columns = np.broadcast_arrays(
        FEES[zones] + 2 * kilograms,
        rate * kilograms,
        (SHOP_PRICE - rate) * kilograms,
        np.where(zones < AIR, 3 * kilograms, 0.3 * centimetres),
    )
    return np.stack(columns, axis=-1).astype("float64")


@dataclass(frozen=True)
class Shipments:
    """Rate cards, parcels, and what each shipment costs.

    Attributes:
        card: float32 ``(samples, 10, 11)``, ten lines in any order: the
            zone (one-hot), and its rate in euros per kilogram.
        parcels: float32 ``(samples, 4, 11)``, four parcels: the zone
            (one-hot), and the weight in kilograms.
        cost: float32 ``(samples, 1)``, the sum over the parcels of rate
            times weight, in euros.
        by_mean: float32 ``(samples, 1)``, the mean rate of the card times
            the weight of all parcels: the best that anyone can say who
            does not look a rate up.
    """

    card: np.ndarray
    parcels: np.ndarray
    cost: np.ndarray
    by_mean: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What a model is fed, by name."""
        return {"card": self.card, "parcels": self.parcels}


def shipments(
    seed: int = 0, num_train: int = 8000, num_test: int = 2000
) -> tuple[Shipments, Shipments]:
    """Shipments of four parcels, each with a rate card of its own.

    Rates, and the order of the card, are drawn anew for each shipment. So
    no rate can be learned; it can only be looked up.

    Taught in the chapter *Attending*.

    Args:
        seed: Decides every draw.
        num_train: Shipments to train on.
        num_test: Shipments to test on.

    Returns:
        Training and test shipments.

    Example:
        >>> train, test = shipments()
        >>> train.card.shape, train.parcels.shape, train.cost.shape
        ((8000, 10, 11), (8000, 4, 11), (8000, 1))
    """
    rng = np.random.default_rng([seed, 9])
    return _draw(rng, num_train), _draw(rng, num_test)


def _draw(rng: np.random.Generator, count: int) -> Shipments:
    zones, one_hot = len(RATES), np.eye(len(RATES), dtype="float32")
    rate = rng.uniform(*_CARD, (count, zones)).astype("float32")  # by zone
    order = rng.permuted(np.tile(np.arange(zones), (count, 1)), axis=1)
    listed = np.take_along_axis(rate, order, axis=1)
    sent_to = rng.integers(zones, size=(count, 4))
    weight = rng.uniform(*_WEIGHTS, (count, 4)).astype("float32")
    paid = np.take_along_axis(rate, sent_to, axis=1) * weight
    mean = rate.mean(axis=1, keepdims=True)
    return Shipments(
        np.concatenate([one_hot[order], listed[..., None]], axis=-1),
        np.concatenate([one_hot[sent_to], weight[..., None]], axis=-1),
        paid.sum(axis=1, keepdims=True),
        mean * weight.sum(axis=1, keepdims=True),
    )
