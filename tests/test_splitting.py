"""Rows are split into parts that share nothing but what was asked for."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import DataError
from companion.feeding.splitting import split_rows

SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.one_of(
    st.integers(2, 9),
    st.lists(st.integers(1, 9), min_size=2, max_size=6).map(
        lambda weights: [weight / sum(weights) for weight in weights]
    ),
)


def as_list(shares):
    if isinstance(shares, int):
        return np.full(shares, 1 / shares)
    return np.array(shares)


def split_or_empty(rows, shares, **options):
    """The parts; none if one of them would have had no row."""
    try:
        return split_rows(rows, shares, **options)
    except DataError as error:
        (problem,) = error.problems
        assert problem.where == "shares"
        return None


def assert_is_a_split(parts, rows, shares):
    assert len(parts) == len(as_list(shares))
    for part in parts:
        assert part.dtype == "int64" and part.size
        assert (np.diff(part) > 0).all()
    assert sorted(np.concatenate(parts)) == list(range(rows))


@given(rows=st.integers(1, 300), shares=SHARES, seed=SEEDS)
@settings(derandomize=True, deadline=None)
def test_every_row_is_in_one_part_of_the_size_asked_for(rows, shares, seed):
    parts = split_or_empty(rows, shares, seed=seed)

    exact = rows * as_list(shares)
    if parts is None:
        assert exact.min() < 1
        return
    assert_is_a_split(parts, rows, shares)
    assert np.abs([len(p) for p in parts] - exact).max() < 1 + 1e-6


@pytest.mark.slow
@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=200),
    kind=st.sampled_from(["int8", "float32", "bool", "<U3", "O"]),
    shares=SHARES,
    seed=SEEDS,
)
@settings(derandomize=True, deadline=None)
def test_every_part_has_its_share_of_each_class(labels, kind, shares, seed):
    labels = np.array(labels).astype(kind)

    parts = split_or_empty(len(labels), shares, seed=seed, labels=labels)

    classes, wanted = sorted(set(labels.tolist())), as_list(shares)
    if parts is None:
        assert len(labels) * wanted.min() < 1 + len(classes)
        return
    assert_is_a_split(parts, len(labels), shares)
    for one in classes:
        counts = [(labels[part] == one).sum() for part in parts]
        exact = (labels == one).sum() * wanted
        assert np.abs(counts - exact).max() < 1 + 1e-6
    sizes = [len(part) for part in parts]
    assert np.abs(sizes - len(labels) * wanted).max() <= len(classes)


@given(
    groups=st.lists(st.integers(0, 30), min_size=1, max_size=200),
    kind=st.sampled_from(["int64", "<U3", "O"]),
    shares=SHARES,
    seed=SEEDS,
)
@settings(derandomize=True, deadline=None)
def test_a_group_is_in_one_part_whole(groups, kind, shares, seed):
    groups = np.array(groups).astype(kind)

    parts = split_or_empty(len(groups), shares, seed=seed, groups=groups)

    largest = max(np.unique(groups, return_counts=True)[1])
    exact = len(groups) * as_list(shares)
    if parts is None:
        assert exact.min() < largest
        return
    assert_is_a_split(parts, len(groups), shares)
    kinds = [set(groups[part].tolist()) for part in parts]
    assert len(set.union(*kinds)) == sum(map(len, kinds))
    surplus = [len(part) for part in parts] - exact
    assert surplus.max() <= largest


def test_shares_are_met_by_small_groups_after_large_ones():
    groups = np.repeat(np.arange(103), [400, 300, 200, *[1] * 100])

    train, test = split_rows(1000, [0.7, 0.3], seed=0, groups=groups)

    assert (len(train), len(test)) == (700, 300)


def test_small_classes_are_spread_over_the_parts():
    """Each alone would go to the first, and leave it too large."""
    labels = np.repeat(np.arange(50), 2)

    parts = split_rows(100, 4, seed=0, labels=labels)

    assert [len(part) for part in parts] == [25] * 4


def test_any_class_of_a_single_row_may_be_the_one_to_test():
    labels = np.arange(10)

    tested = {
        split_rows(10, [0.9, 0.1], seed=seed, labels=labels)[1].item()
        for seed in range(100)
    }

    assert tested == {*range(10)}


OPTIONS = {
    "rows": {},
    "labels": {"labels": np.arange(200) % 3},
    "groups": {"groups": np.arange(200) // 3},
    "groups of other sizes": {
        "groups": np.sqrt(np.arange(200)).astype(int)
    },
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("shares", [[0.8, 0.2], 5], ids=str)
def test_the_seed_alone_decides(options, shares):
    def split(seed):
        parts = split_rows(200, shares, seed=seed, **options)
        return [part.tolist() for part in parts]

    np.random.seed(0)
    before = np.random.get_state()[1].tolist()
    first = split(3)
    np.random.rand()
    assert split(3) == first
    assert split(np.uint32(3)) == first
    assert split(4) != first
    np.random.seed(0)
    split(3)
    assert np.random.get_state()[1].tolist() == before


def test_any_row_may_come_into_any_part():
    """Over a hundred seeds, each of ten rows tests about twenty times."""
    tested = np.concatenate(
        [split_rows(10, [0.8, 0.2], seed=seed)[1] for seed in range(100)]
    )

    counts = np.bincount(tested, minlength=10)
    assert counts.sum() == 200
    assert 8 <= counts.min() and counts.max() <= 36


def test_classes_may_be_numbers_or_names():
    numbers = np.arange(60) % 3
    names = np.array(["a", "b", "c"])[numbers]
    one = split_rows(60, [0.5, 0.5], seed=0, labels=numbers)

    for other in (names, names.tolist(), pd.Series(names)):
        parts = split_rows(60, [0.5, 0.5], seed=0, labels=other)
        np.testing.assert_array_equal(parts, one)


def test_objects_without_an_order_are_groups():
    mixed = np.array([1, "a", 2.5, "a", 1, b"c"], dtype=object)

    parts = split_rows(6, 2, seed=0, groups=mixed)

    assert sorted(len({*mixed[part]}) for part in parts) == [2, 2]


@pytest.mark.slow
def test_shares_may_be_rounded():
    """A millionth that is lacking would be 6 rows here."""
    parts = split_rows(6_000_000, [0.333333] * 3, seed=0)

    assert [len(part) for part in parts] == [2_000_000] * 3


def test_every_row_may_be_a_part_of_its_own():
    assert_is_a_split(split_rows(300, 300, seed=0), 300, 300)


GROUPS = np.arange(10) // 2
GOOD = dict(rows=10, shares=[0.8, 0.2], seed=0)
BAD = {
    "rows that are no count": (
        dict(rows=10.0),
        "rows: expected a whole number, at least 1. Received: rows=10.0. "
        "Pass the length of an input: len(images).",
    ),
    "no rows": (dict(rows=0), "Received: rows=0"),
    "rows True": (dict(rows=True), "Received: rows=True"),
    "one part": (
        dict(shares=1),
        "shares: expected two parts or more. Received: a list of 1. "
        "Four fifths",
    ),
    "shares True": (
        dict(shares=True),
        "shares: expected a list of numbers",
    ),
    "parts below 0": (
        dict(shares=np.int8(-2)),
        "shares: expected a list of numbers",
    ),
    "more parts than rows": (
        dict(shares=11),
        "shares: expected at least one row in every part. Received: 10 "
        "rows, none of them in part 10. Use fewer parts",
    ),
    "more shares than rows": (dict(shares=[1 / 16] * 16), "none of them"),
    "a single share": (
        dict(shares=[1.0]),
        "shares: expected two parts or more. Received: a list of 1",
    ),
    "a share alone": (
        dict(shares=0.8),
        "shares: expected a list of numbers, or a number of parts. "
        "Received: float. Four fifths and one fifth are [0.8, 0.2]",
    ),
    "shares as texts": (dict(shares=["0.8", "0.2"]), "a list of numbers"),
    "shares in lists": (dict(shares=[[1], [2, 3]]), "a list of numbers"),
    "shares by name": (dict(shares={"a": 0.5}), "Received: dict"),
    "a share of 0": (
        dict(shares=[1.0, 0.0]),
        "expected shares above 0. Received: a list of 2. Four",
    ),
    "a share below 0": (
        dict(shares=[1.2, -0.2]),
        "expected shares above 0",
    ),
    "a share of NaN": (
        dict(shares=[0.5, np.nan]),
        "expected shares above 0",
    ),
    "percent": (
        dict(shares=(80, 20)),
        "shares: expected shares that add up to 1, not to 100. Received: a "
        "tuple of 2. ",
    ),
    "too much by a little": (
        dict(shares=[0.8, 0.200002]),
        "add up to 1, not to 1.000002",
    ),
    "a part without rows": (
        dict(shares=[0.98, 0.01, 0.01]),
        "shares: expected at least one row in every part. Received: 10 "
        "rows, none of them in part 1. Use fewer parts, or shares that "
        "are less unequal.",
    ),
    "fewer groups than parts": (
        dict(shares=6, groups=GROUPS),
        "Received: 10 rows, none of them in part 5. Use fewer parts, or "
        "shares that are less unequal. A group is never divided.",
    ),
    "a seed below 0": (
        dict(seed=-1),
        "seed: expected a whole number, at least 0 and at most 4294967295. "
        "Received: seed=-1. Pass seed=0",
    ),
    "a seed of more than 32 bits": (dict(seed=2**32), "seed=4294967296"),
    "no seed": (dict(seed=None), "Received: seed=None"),
    "labels and groups": (
        dict(labels=GROUPS, groups=GROUPS),
        "labels: expected labels or groups, not both. Received: both. "
        "Leave the labels out",
    ),
    "labels too few": (
        dict(labels=GROUPS[:9]),
        "labels: expected one value for each of 10 rows. Received: int64 "
        "(9,). Take them in the order",
    ),
    "groups too many": (
        dict(groups=["a"] * 11),
        "groups: expected one value for each of 10 rows. Received: a list "
        "of 11",
    ),
    "one-hot labels": (
        dict(labels=np.eye(10)),
        "labels: expected one value for each of 10 rows. Received: float64 "
        "(10, 10). Take them in the order of the rows, one axis long: of "
        "one-hot classes values.argmax(axis=1)",
    ),
    "one group for all": (
        dict(groups="a"),
        "one value for each of 10 rows",
    ),
    "groups in lists": (
        dict(groups=[[1], [2, 3]]),
        "one value for each of 10 rows",
    ),
    "masked labels": (
        dict(labels=np.ma.masked_less(GROUPS, 2)),
        "labels: expected an array without a mask. Received: a masked "
        "array (10,). Fill the gaps",
    ),
    "labels with NaN": (
        dict(labels=np.where(GROUPS > 2, np.nan, 1.0)),
        "labels: expected one value for each of 10 rows. Received: "
        "float64 (10,) with NaN or infinity in 4 of 10 rows. Leave these",
    ),
    "groups with None": (
        dict(groups=[None, *"abcdefghi"]),
        "Received: a list of 10 with no value in 1 of 10 rows",
    ),
    "groups with NA of pandas": (
        dict(groups=pd.Series([pd.NA, *"abcdefghi"], dtype="string")),
        "no value in 1 of 10 rows",
    ),
    "days with a gap": (
        dict(groups=np.array(["2024-01-01", "NaT"] * 5, "datetime64[D]")),
        "with no value in 5 of 10 rows",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_arguments_that_make_no_parts_are_refused(arguments, words):
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        split_rows(**GOOD | arguments)

    assert len(caught.value.problems) == 1


def test_every_reason_is_told_at_once():
    with pytest.raises(DataError) as caught:
        split_rows(
            10, [0.8, 0.3], seed=-1, labels=[1, None], groups=np.eye(2)
        )

    where = [problem.where for problem in caught.value.problems]
    assert where == [
        "shares",
        "seed",
        "labels",
        "labels",
        "groups",
    ]


def test_shares_are_looked_at_even_without_a_number_of_rows():
    with pytest.raises(DataError) as caught:
        split_rows(None, 1, seed=None)

    where = [problem.where for problem in caught.value.problems]
    assert where == ["rows", "shares", "seed"]
