"""The order of an epoch: which rows, when, and what it costs to know."""

import pickle
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import DataError
from companion.feeding import order as module
from companion.feeding.order import Blocks, Order

quickly = settings(derandomize=True, deadline=None, max_examples=60)
SIZES = dict(
    n=st.integers(1, 200),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 5),
)
SHARDS = st.integers(1, 5).flatmap(
    lambda count: st.tuples(st.integers(0, count - 1), st.just(count))
)


def naive(n, seed, epoch, shuffle):
    """All rows of an epoch in lists, one step after the other."""
    rng = np.random.default_rng([seed, epoch])
    if not shuffle:
        return list(range(n))
    if shuffle is True:
        rows = list(range(n))
        rng.shuffle(rows)
        return rows
    blocks = [
        list(range(start, min(start + shuffle.size, n)))
        for start in range(0, n, shuffle.size)
    ]
    rng.shuffle(numbers := list(range(len(blocks))))
    rows = []
    for window, start in enumerate(range(0, len(blocks), shuffle.mixed)):
        mixed = numbers[start : start + shuffle.mixed]
        together = sum((blocks[number] for number in mixed), [])
        key = [seed, epoch, window, module._WINDOW]
        np.random.default_rng(key).shuffle(together)
        rows += together
    return rows


@given(
    **SIZES,
    shuffle=st.one_of(
        st.booleans(),
        st.builds(Blocks, st.integers(1, 30), st.integers(1, 8)),
    ),
    shard=SHARDS,
    pad=st.booleans(),
    pages=st.integers(1, 64),
)
@quickly
def test_batches_are_those_of_a_naive_loop(
    n, batch_size, seed, epoch, shuffle, shard, pad, pages
):
    order = Order(n, batch_size, shuffle, seed, shard=shard, pad=pad)
    object.__setattr__(order, "_page", pages)  # however many are kept

    rows, (rank, count) = naive(n, seed, epoch, shuffle), shard
    rows = rows + rows * count if pad else rows[: n - n % count]
    rows = rows[rank::count][: -(-n // count) if pad else n // count]
    parts = [
        rows[start : start + batch_size]
        for start in range(0, len(rows), batch_size)
    ]

    assert len(order) == len(parts)
    for index, part in reversed(list(enumerate(parts))):
        assert order.batch(epoch, index, index + 1).tolist() == part
    whole = order.batch(epoch, 0, len(parts)) if parts else np.array([])
    assert whole.tolist() == rows


@given(**SIZES, classes=st.integers(1, 6))
@quickly
def test_a_balanced_epoch_has_as_many_of_each_class(
    n, batch_size, seed, epoch, classes
):
    labels = np.random.default_rng(seed).integers(0, classes, n)
    found, labels = np.unique(labels, return_inverse=True)
    order = Order(n, batch_size, True, seed, classes=labels)

    rows = order.batch(epoch, 0, len(order))
    counts = np.bincount(labels[rows], minlength=len(found))
    assert len(rows) == n and np.ptp(counts) <= 1
    for label in range(len(found)):  # within a class all in turn
        times = np.bincount(rows, minlength=n)[labels == label]
        assert np.ptp(times) <= 1
    again = Order(n, batch_size, True, seed, classes=labels)
    np.testing.assert_array_equal(again.batch(epoch, 0, len(order)), rows)


def test_a_balanced_epoch_draws_others_of_a_large_class_each_time():
    labels = np.repeat([0, 1], [90, 10])
    order = Order(100, 100, True, 0, classes=labels)

    fed = [set(order.batch(epoch, 0, 1)) for epoch in range(9)]
    assert len(fed[0] & set(range(90))) == 50
    assert fed[0] != fed[1]
    assert set.union(*fed) == set(range(100))


def test_chosen_rows_alone_are_fed():
    order = Order(3, 2, True, 0, chosen=np.array([70, 80, 90]))

    assert sorted(order.batch(0, 0, 2)) == [70, 80, 90]
    assert order.in_order().batch(5, 0, 2).tolist() == [70, 80, 90]


@pytest.mark.parametrize("shuffle", [False, True, Blocks(4, 2)])
def test_rows_are_int64(shuffle):
    """A column that computes with them must not overflow."""
    for shard in ((0, 1), (1, 2)):
        order = Order(20, 4, shuffle, 0, shard=shard, pad=True)

        assert order.batch(0, 0, 1).dtype == "int64"


def held(order):
    """Bytes that stay when batches of two epochs have been asked for."""
    tracemalloc.start()
    for epoch in range(2):
        for index in range(3):
            order.batch(epoch, index, index + 1)
    bytes_held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return bytes_held, peak


def test_a_full_shuffle_holds_four_bytes_a_row_also_as_epochs_change():
    n = 10**6
    bytes_held, peak = held(Order(n, 32, True, 0))

    assert 4 * n <= bytes_held < 4 * n + 10**6
    assert peak < 4 * n + 10**6


@pytest.mark.parametrize("shard", [(0, 1), (2, 3)])
def test_no_shuffle_holds_nothing_however_many_rows(shard):
    bytes_held, peak = held(Order(10**11, 32, shard=shard))

    assert peak < 10**6 and bytes_held < 10**6


def test_blocks_hold_four_bytes_a_block():
    n = 10**8
    bytes_held, peak = held(Order(n, 32, Blocks(), 0))

    assert bytes_held < 4 * n / 256 + 2e6
    assert peak < 50e6


def test_beyond_two_billion_rows_numbers_are_wider(monkeypatch):
    """The same order, whatever the width."""
    narrow = Order(1000, 1000, True, 3).batch(2, 0, 1)
    monkeypatch.setattr(module, "_NARROW", 999)
    wide = Order(1000, 1000, True, 3)

    np.testing.assert_array_equal(wide.batch(2, 0, 1), narrow)
    assert wide._permuted(0).dtype == "int64"


def test_an_order_is_made_once_whatever_the_threads(monkeypatch):
    made = []

    def slowly(count, rng):
        made.append(count)
        time.sleep(0.05)
        return np.arange(count)

    monkeypatch.setattr(module, "_shuffled", slowly)
    order = Order(100, 10, True, 0)
    threads = [
        threading.Thread(target=order.batch, args=(0, index, index + 1))
        for index in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made == [100]


def test_what_is_held_is_not_pickled_and_can_be_let_go():
    order = Order(10**5, 32, True, 0)
    rows = order.batch(0, 3, 4)

    assert len(pickle.dumps(order)) < 2000
    loaded = pickle.loads(pickle.dumps(order))
    np.testing.assert_array_equal(loaded.batch(0, 3, 4), rows)
    order.forget()
    assert not order._epochs._values and not order._pages._values
    np.testing.assert_array_equal(order.batch(0, 3, 4), rows)


def test_an_order_cannot_be_changed():
    order = Order(10)

    with pytest.raises(AttributeError, match="seed"):
        order.seed = 1


def test_blocks_mix_rows_as_well_as_their_number_allows():
    """Rows sorted by class: how many classes meet in a batch of 32?"""
    n, classes = 100_000, 10

    def met(shuffle):
        order = Order(n, 32, shuffle, 0)
        batches = [order.batch(0, i, i + 1) for i in range(500)]
        return np.mean(
            [len(np.unique(rows * classes // n)) for rows in batches]
        )

    full, mixed, few = met(True), met(Blocks()), met(Blocks(mixed=2))
    assert full > 9 and mixed > 8.5 and few < 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0,), "Blocks, size: expected a whole number.*size=0"),
        ((256, 1.5), "Blocks, mixed: expected a whole number.*mixed=1.5"),
    ],
)
def test_blocks_of_no_size_are_refused(arguments, words):
    with pytest.raises(DataError, match=words):
        Blocks(*arguments)
