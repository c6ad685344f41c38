"""Simulated stocks: what is drawn, and what can be known."""

import numpy as np
import pytest

from companion.errors import DataError
from companion.lab.market import (
    INPUTS,
    LARGE,
    TOPICS,
    Market,
    chance_of_up,
    market,
)


@pytest.fixture(scope="module")
def stocks():
    return market(seed=3, num_companies=200, num_months=100)


def cross_entropy(chance, up):
    return -np.mean(np.log(np.where(up == 1, chance, 1 - chance)))


def test_every_company_comes_once_a_month_in_order(stocks):
    pairs = list(zip(stocks.month, stocks.company))

    assert pairs == sorted(set(pairs))
    assert len(stocks) == len(pairs) == 200 * 100
    assert stocks.month[0] == "2019-01" and stocks.month[-1] == "2027-04"


def test_shapes_and_types_are_those_of_the_docstring(stocks):
    told = {k: (v.shape[1:], str(v.dtype)) for k, v in vars(stocks).items()}

    assert told == {
        "month": ((), "<U7"),
        "company": ((), "<U4"),
        "indicators": ((20, 3), "float32"),
        "fundamentals": ((3,), "float32"),
        "news": ((len(TOPICS),), "float32"),
        "next_morning": ((len(TOPICS),), "float32"),
        "up": ((), "int32"),
    }
    assert list(stocks.inputs) == list(INPUTS)


def test_the_seed_decides_everything():
    one, same, other = (market(seed, 10, 5) for seed in (1, 1, 2))

    for name, values in vars(one).items():
        assert np.array_equal(values, getattr(same, name))
    for name in (*INPUTS, "next_morning"):
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_taken_rows_belong_together(stocks):
    rows = np.array([7, 3, 7])

    taken = stocks.take(rows)

    assert isinstance(taken, Market) and len(taken) == 3
    for name, values in vars(stocks).items():
        assert np.array_equal(getattr(taken, name), values[rows])


def test_one_day_is_much_busier_and_sizes_have_a_gap(stocks):
    volume = np.sort(stocks.indicators[..., 1], axis=1)
    revenue = stocks.fundamentals[:, 0]

    assert (volume[:, -1] >= 2 * volume[:, -2]).all()
    assert not np.any((revenue > LARGE / 3) & (revenue < 3 * LARGE))
    assert np.mean(revenue > LARGE) == 0.5
    large = revenue.reshape(100, 200) > LARGE
    assert (large == large[0]).all()  # a company keeps its size
    assert (stocks.fundamentals > 0).all()  # logarithms are taken


@pytest.mark.parametrize(
    "known",
    [[], *([name] for name in INPUTS), INPUTS[:2], INPUTS[1:], INPUTS],
)
def test_what_is_called_a_chance_is_one(stocks, known):
    """Of ten groups by chance, each rises as often as the chance says."""
    chance = chance_of_up(stocks, known)

    assert chance.dtype == "float64" and chance.shape == stocks.up.shape
    for rows in np.array_split(np.argsort(chance), 10):
        expected = chance[rows].mean()
        spread = np.sqrt(expected * (1 - expected) / len(rows))
        assert abs(stocks.up[rows].mean() - expected) < 4 * spread


def test_who_knows_more_answers_better(stocks):
    known = [[], ["news"], ["news", "fundamentals"], INPUTS]
    losses = [
        cross_entropy(chance_of_up(stocks, names), stocks.up)
        for names in known
    ]

    assert np.all(np.diff(losses) < -0.02)


@pytest.mark.parametrize("known", [["indicators"], ["news"], INPUTS])
def test_bolder_and_more_timid_answers_are_worse(stocks, known):
    chance = chance_of_up(stocks, known)
    best = cross_entropy(chance, stocks.up)

    told = np.clip(chance, 1e-9, 1 - 1e-9)
    odds = np.log(told / (1 - told))
    for factor in (0.7, 1.4):
        other = 1 / (1 + np.exp(-factor * odds))
        assert cross_entropy(other, stocks.up) > best


def test_news_moves_small_companies_more(stocks):
    """So no sum of what each input says by itself is the best answer."""
    small = stocks.fundamentals[:, 0] < LARGE
    told = chance_of_up(stocks, ["news"]) > 0.5

    right = told == stocks.up
    assert right[small].mean() - right[~small].mean() > 0.1


def test_the_news_of_the_next_morning_tells_what_has_happened(stocks):
    late = stocks.next_morning @ np.array([3, 3, 2, 1, 1, -2, -2, -2])
    best = chance_of_up(stocks, INPUTS) > 0.5

    right = np.mean((late > 0) == stocks.up)
    assert right > np.mean(best == stocks.up) + 0.05


def test_an_unknown_input_is_refused(stocks):
    with pytest.raises(DataError, match="known.*prices"):
        chance_of_up(stocks, ["news", "prices"])


def test_an_odd_number_of_companies_is_refused():
    """The best answer without the size counts on as many of each."""
    with pytest.raises(DataError, match="even number.*Received: 7"):
        market(num_companies=7)
