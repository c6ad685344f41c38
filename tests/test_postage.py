"""The rules of postage, worked by hand and held against least squares."""

import numpy as np
import pytest

from companion.lab import datasets, postage


def worked(zone, grams, centimetres):
    """The four amounts in euros, without arrays."""
    rate = [1, 1.5, 2, 3, 4, 5, 6, 8, 12, 17.5][zone]
    kilograms = grams / 1000
    return [
        2 * zone + 2 * kilograms,
        rate * kilograms,
        6 * kilograms - rate * kilograms,
        3 * kilograms if zone < 5 else 0.3 * centimetres,
    ]


def test_the_rules_are_those_of_the_chapter():
    parcels, _ = datasets.parcels(seed=1, num_train=60, num_test=1)

    found = postage.euros(parcels.zones, parcels.numbers)

    assert set(parcels.zones) == set(range(10))
    for zone, (grams, side), amounts in zip(
        parcels.zones, parcels.numbers, found
    ):
        np.testing.assert_allclose(
            amounts, worked(zone, float(grams), float(side)), rtol=1e-6
        )


def test_every_zone_can_be_asked_of_every_parcel():
    numbers = np.array([[500.0, 20.0], [3000.0, 70.0]])

    grid = postage.euros(np.arange(10)[:, None], numbers)

    assert grid.shape == (10, 2, 4) and grid.dtype == np.float64
    np.testing.assert_array_equal(
        grid[7], postage.euros(np.array([7, 7]), numbers)
    )
    one = postage.euros(3, np.array([1000, 10]))
    assert one.tolist() == [8.0, 3.0, 3.0, 3.0]


def test_over_all_zones_the_margin_is_nothing():
    margins = postage.euros(np.arange(10), np.array([2000.0, 50.0]))[:, 2]

    assert postage.RATES.mean() == postage.SHOP_PRICE
    assert margins.mean() == 0 and margins.min() < 0 < margins.max()


def test_a_sum_learns_the_fee_alone():
    train, test = datasets.parcels(seed=2)
    one_hot = np.eye(10)
    tables = [
        np.concatenate([one_hot[p.zones], p.numbers], axis=1)
        for p in (train, test)
    ]
    answers, right = (
        postage.euros(p.zones, p.numbers) for p in (train, test)
    )

    weights, *_ = np.linalg.lstsq(tables[0], answers, rcond=None)

    error = np.mean((right - tables[1] @ weights) ** 2, axis=0)
    explained = 1 - error / right.var(axis=0)
    assert explained[0] > 0.999
    assert (explained[1:] < 0.75).all() and explained[2] < 0.4


def test_a_shipment_costs_what_its_card_says():
    part, _ = postage.shipments(seed=3, num_train=50, num_test=1)

    for card, parcels, cost, mean in zip(
        part.card, part.parcels, part.cost, part.by_mean
    ):
        rates = {line[:10].argmax(): line[10] for line in card}
        assert set(rates) == set(range(10))
        assert all(0.2 <= rate <= 4 for rate in rates.values())
        zones, weights = parcels[:, :10].argmax(axis=1), parcels[:, 10]
        paid = sum(rates[z] * w for z, w in zip(zones, weights))
        np.testing.assert_allclose(cost, paid, rtol=1e-5)
        usual = np.mean(list(rates.values())) * weights.sum()
        np.testing.assert_allclose(mean, usual, rtol=1e-5)


def test_no_line_of_a_card_has_a_place_of_its_own():
    part, _ = postage.shipments(num_train=2000, num_test=1)

    first = part.card[:, 0, :10].mean(axis=0)

    np.testing.assert_allclose(first, 0.1, atol=0.03)
    assert part.card.dtype == part.cost.dtype == np.float32


@pytest.mark.parametrize("seed", [0, 5])
def test_shipments_are_the_same_again(seed):
    one, other = (
        postage.shipments(seed, num_train=20, num_test=5) for _ in "ab"
    )
    third = postage.shipments(seed + 1, num_train=20, num_test=5)

    for a, b, c in zip(one, other, third):
        np.testing.assert_array_equal(a.cost, b.cost)
        assert not np.array_equal(a.cost, c.cost)
    assert not np.array_equal(one[0].cost[:5], one[1].cost)
