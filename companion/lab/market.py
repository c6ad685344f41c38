"""Simulated stocks, month by month, by a rule that is known exactly.

Real prices are close to unpredictable. These are drawn so that three kinds
of input tell something, and so that the best possible answer of anyone who
knows some of them can be computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from companion.errors import DataError, Problem
from companion.rules import choice_problem

#: The inputs, by name.
INPUTS = ("indicators", "fundamentals", "news")
#: What is measured on each trading day: the change of the price in per
#: cent, the shares traded (1 is as usual), the range of prices in per cent.
INDICATORS = ("change", "volume", "range")
#: What is known of a company: revenue in million euros, and two ratios.
FUNDAMENTALS = ("revenue", "price_to_earnings", "debt_to_equity")
#: What articles are about.
TOPICS = (
    "products",
    "orders",
    "research",
    "staff",
    "suppliers",
    "rivals",
    "courts",
    "strikes",
)
#: Trading days in a month.
DAYS = 20
#: Million euros of revenue between the large companies and the small.
LARGE = 1_000.0
#: Spreads: of a daily change, of the logarithm of each ratio, of a tone.
_CHANGE, _RATIOS, _TONE = 1.5, np.array([0.4, 0.5]), 0.3
#: The middle of each ratio.
_USUAL = np.array([15.0, 0.8])
#: How much good news on each topic counts; the squares add up to 1.
_TOPIC_WEIGHTS = np.array([3, 3, 2, 1, 1, -2, -2, -2]) / 6
#: How much each part counts. Chance has a spread of 1. News counts more
#: for a small company than for a large one.
_MOVE, _VALUE, _NEWS_SMALL, _NEWS_LARGE = 1.2, 0.9, 1.8, 0.3
#: How strongly the news of the next morning tells what has happened.
_HINDSIGHT = 0.5


@dataclass(frozen=True)
class Market:
    """Stocks at the end of a month, and which rose in the next one.

    Attributes:
        month: str ``(samples,)``, such as "2021-04", in order.
        company: str ``(samples,)``, such as "S017".
        indicators: float32 ``(samples, 20, 3)``, the `INDICATORS` on each
            of 20 trading days.
        fundamentals: float32 ``(samples, 3)``, the `FUNDAMENTALS`.
        news: float32 ``(samples, 8)``, the tone of all articles of the
            month on each of `TOPICS`, about -1 to 1.
        next_morning: float32 ``(samples, 8)``, the tone of the articles on
            the morning after the month that is to be predicted.
        up: int32 ``(samples,)``, 1 if the price rose in the next month:
            what is to be predicted.
    """

    month: np.ndarray
    company: np.ndarray
    indicators: np.ndarray
    fundamentals: np.ndarray
    news: np.ndarray
    next_morning: np.ndarray
    up: np.ndarray

    def __len__(self) -> int:
        return len(self.up)

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The three inputs, as a model is fed them, by name."""
        return {name: getattr(self, name) for name in INPUTS}

    def take(self, rows: np.ndarray) -> Market:
        """Some of the samples.

        Args:
            rows: int or bool ``(rows,)``, which.
        """
        return Market(*(getattr(self, f.name)[rows] for f in fields(self)))


def market(
    seed: int = 0, num_companies: int = 100, num_months: int = 50
) -> Market:
    """Simulated stocks: three inputs, and a best answer that is known.

    Whether a price rises is decided by the sum of

    - the change of the price on the day of the month on which most shares
      were traded: it goes on in the same direction;
    - the value: a low price for the earnings and little debt are good;
    - the news, which counts much for a small company and little for one
      with a revenue of more than a billion euros;
    - chance.

    Two months have nothing in common but the sizes of the companies.

    Taught in the chapter *Your own data*.

    Args:
        seed: Decides every draw.
        num_companies: Half of them are small; an even number.
        num_months: How often each is looked at.

    Returns:
        The samples, month by month.

    Raises:
        DataError: If the number of companies is odd.

    Example:
        >>> stocks = market()
        >>> stocks.indicators.shape, stocks.news.shape
        ((5000, 20, 3), (5000, 8))
        >>> str(stocks.month[0]), str(stocks.company[0])
        ('2019-01', 'S001')
    """
    DataError.raise_if(_half_problem(num_companies))
    rng = np.random.default_rng([seed, 19])
    count = num_companies * num_months
    size = rng.permutation(np.arange(num_companies) % 2 == 0)
    news = np.round(rng.normal(0, _TONE, (count, len(TOPICS))), 3)
    stocks = {
        "month": np.repeat(_months(num_months), num_companies),
        "company": np.tile(_companies(num_companies), num_months),
        "indicators": _indicators(rng, count),
        "fundamentals": _fundamentals(rng, np.tile(size, num_months)),
        "news": news.astype("float32"),
    }
    parts = _parts(*(stocks[name] for name in INPUTS))
    up = sum(parts.values()) + rng.normal(size=count) > 0
    told = _HINDSIGHT * np.where(up[:, None], 1, -1) * _TOPIC_WEIGHTS
    morning = np.round(rng.normal(0, _TONE, news.shape) + told, 3)
    return Market(
        **stocks,
        next_morning=morning.astype("float32"),
        up=up.astype("int32"),
    )


def chance_of_up(stocks: Market, known: Iterable[str]) -> np.ndarray:
    """The best possible answer of anyone who knows some of the inputs.

    The probability that a price rises, given these inputs. Nobody who
    knows only these can expect more right answers than by saying yes where
    it is above one half, nor a smaller cross-entropy than by saying this
    probability itself.

    Taught in the chapter *Your own data*.

    Args:
        stocks: The samples.
        known: Names of `INPUTS`; none for no input at all.

    Returns:
        float64 ``(samples,)``, 0 to 1.

    Raises:
        DataError: If there is no input of that name.

    Example:
        >>> stocks = market(num_months=20)
        >>> for known in ([], ["news"], INPUTS):
        ...     best = chance_of_up(stocks, known)
        ...     right = np.maximum(best, 1 - best).mean()
        ...     print(len(known), "known:", f"{right:.0%} right")
        0 known: 50% right
        1 known: 65% right
        3 known: 84% right
    """
    known = list(known)
    DataError.raise_if(
        *(
            choice_problem("known", name, INPUTS, of="chance_of_up")
            for name in known
        )
    )
    parts = _parts(**stocks.inputs)
    tone = stocks.news @ _TOPIC_WEIGHTS / _TONE
    # As many companies are small as large.
    weights: list[np.ndarray | float] = [_NEWS_SMALL, _NEWS_LARGE]
    if "fundamentals" in known:
        weights = [_news_weight(stocks.fundamentals)]
    return np.mean(
        [_given(known, parts, weight * tone, weight) for weight in weights],
        axis=0,
    )


def _given(
    known: list[str],
    parts: dict[str, np.ndarray],
    told: np.ndarray,
    weight: np.ndarray | float,
) -> np.ndarray:
    """The chance, if the size of the company is known."""
    parts = {**parts, "news": told}
    spreads = dict(zip(INPUTS, (_MOVE, _VALUE, weight)))
    sure = sum((parts[name] for name in known), np.zeros(len(told)))
    left = 1 + sum(s**2 for n, s in spreads.items() if n not in known)
    return ndtr(sure / np.sqrt(left))


def _parts(
    indicators: np.ndarray, fundamentals: np.ndarray, news: np.ndarray
) -> dict[str, np.ndarray]:
    """What each input adds to the sum that decides; chance is left out."""
    change, volume = indicators[..., 0], indicators[..., 1]
    busiest = volume.argmax(axis=1)
    moved = change[np.arange(len(change)), busiest] / _CHANGE
    ratios = np.log(fundamentals[:, 1:].astype("float64") / _USUAL)
    cheap = -(ratios / _RATIOS).sum(axis=1) / np.sqrt(2)
    tone = news @ _TOPIC_WEIGHTS / _TONE
    return {
        "indicators": _MOVE * moved,
        "fundamentals": _VALUE * cheap,
        "news": _news_weight(fundamentals) * tone,
    }


def _news_weight(fundamentals: np.ndarray) -> np.ndarray:
    large = fundamentals[:, 0] > LARGE
    return np.where(large, _NEWS_LARGE, _NEWS_SMALL)


def _half_problem(num_companies: int) -> Problem | None:
    if num_companies % 2 == 0:
        return None
    fix = "Ask for one more: half of the companies are small."
    return Problem(
        "num_companies", "an even number", str(num_companies), fix
    )


def _months(count: int) -> np.ndarray:
    return np.array(
        [f"{2019 + n // 12}-{n % 12 + 1:02}" for n in range(count)]
    )


def _companies(count: int) -> np.ndarray:
    return np.array([f"S{n:03}" for n in range(1, count + 1)])


def _indicators(rng: np.random.Generator, count: int) -> np.ndarray:
    """Days of which one is much busier than all the others."""
    change = rng.normal(0, _CHANGE, (count, DAYS))
    volume = rng.uniform(0.5, 1.5, (count, DAYS))
    busiest = rng.integers(DAYS, size=count)
    volume[np.arange(count), busiest] = rng.uniform(3, 5, count)
    spread = rng.gamma(4, 0.5, (count, DAYS))
    days = np.stack([change, volume, spread], axis=-1)
    return np.round(days, 2).astype("float32")


def _fundamentals(
    rng: np.random.Generator, large: np.ndarray
) -> np.ndarray:
    """Revenue from 10 to 300 million, or from 3,000 million; two ratios."""
    low = np.where(large, 3.5, 1.0)
    revenue = 10 ** rng.uniform(low, low + 1.5)
    ratios = _USUAL * np.exp(rng.normal(0, _RATIOS, (len(large), 2)))
    numbers = np.column_stack([revenue, ratios])
    return np.round(numbers, 2).astype("float32")
