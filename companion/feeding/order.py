"""Which rows are fed when: a function of seed and epoch alone.

No rows are read here, and nothing here knows Keras.
"""

from __future__ import annotations

import functools
import threading
import zlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from companion.errors import DataError, Problem
from companion.rules import count_problem, seed_problem
from companion.values import is_count

#: Keeps the draws within a window apart from all other draws.
_WINDOW = zlib.crc32(b"window")
#: Row numbers below this fit into 32 bits.
_NARROW = 2**31
#: Batches, and rows, that are looked up at once: each alone costs more.
_PAGE_BATCHES, _PAGE_ROWS = 64, 2**16


@dataclass(frozen=True)
class Blocks:
    """Shuffling by blocks, for rows that do not fit in memory.

    A full shuffle reads rows from all over a file, which a disk does
    slowly. Here blocks of neighbouring rows are shuffled, then the rows of
    ``mixed`` blocks among each other: each epoch has an order of its own,
    every row comes once, and what is read at a time lies together. Little
    is held: 4 bytes a block, and the row numbers of a few groups.

    A batch mixes rows of ``mixed`` blocks, of two such groups if it lies
    between them, of more if it is larger than a group. If neighbours are
    alike, such as rows sorted by class, take smaller blocks, or more.

    Taught in the chapter *Feeding*.

    Args:
        size: Rows in a block.
        mixed: Blocks whose rows are shuffled among each other.

    Raises:
        DataError: If either is no whole number, at least 1.

    Example:
        >>> order = Order(6, shuffle=Blocks(2, mixed=1), seed=0)
        >>> order.batch(epoch=0, first=0, last=1).tolist()
        [4, 5, 1, 0, 3, 2]
    """

    size: int = 256
    mixed: int = 64

    def __post_init__(self) -> None:
        fix = "256 rows in a block, 64 blocks mixed, are a good start."
        DataError.raise_if(
            count_problem("size", self.size, 1, fix, of="Blocks"),
            count_problem("mixed", self.mixed, 1, fix, of="Blocks"),
        )
        object.__setattr__(self, "size", int(self.size))
        object.__setattr__(self, "mixed", int(self.mixed))

    def within(self, samples: int) -> Blocks:
        """The same, no larger than so many samples need."""
        size = min(self.size, samples)
        return Blocks(size, min(self.mixed, -(-samples // size)))


class _Kept:
    """The last few results, each made once whatever the threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made under this key, or makes it."""
        kept = self._values.get(key)
        if kept is not None:
            return kept
        with self._lock:
            if key not in self._values:
                while len(self._values) >= self._most:
                    del self._values[next(iter(self._values))]
                self._values[key] = make()
            return self._values[key]

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._values.clear()

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return _Kept, (self._most,)  # pickled empty


@dataclass(frozen=True, eq=False)
class Order:
    """The order of the samples, epoch by epoch, on one shard.

    A full shuffle holds 4 bytes a row for the latest epoch (8 beyond
    2**31 rows), `Blocks` 4 bytes a block and a few groups of rows, no
    shuffle next to nothing; chosen rows 8 bytes each.

    Args:
        samples: How many an epoch has, on all shards together.
        batch_size: Samples in a batch.
        shuffle: Whether each epoch has an order of its own; or `Blocks`.
        seed: Decides the order and every other random draw.
        drop_last: Whether a last, shorter batch is left out.
        shard: Rank and count, if several processes share an epoch.
        pad: Whether shards are filled up, or the last samples left out.
        chosen: int ``(samples,)``, the rows to feed, if not all.
        classes: int ``(samples,)``, the class of each sample, from 0 on,
            if each class is to come as often as any other.

    Example:
        >>> order = Order(5, batch_size=2, shard=(1, 2), pad=True)
        >>> order.batch(epoch=0, first=0, last=2).tolist(), len(order)
        ([1, 3, 0], 2)
    """

    samples: int
    batch_size: int = 32
    shuffle: bool | Blocks = False
    seed: int | None = None
    drop_last: bool = False
    shard: tuple[int, int] = (0, 1)
    pad: bool = False
    chosen: np.ndarray | None = field(default=None, repr=False)
    classes: np.ndarray | None = field(default=None, repr=False)
    _epochs: _Kept = field(
        default_factory=lambda: _Kept(1), init=False, repr=False
    )
    _windows: _Kept = field(
        default_factory=lambda: _Kept(4), init=False, repr=False
    )
    _pages: _Kept = field(
        default_factory=lambda: _Kept(4), init=False, repr=False
    )

    def __len__(self) -> int:
        """Batches in an epoch; the same on every shard."""
        if self.drop_last:
            return self.per_shard // self.batch_size
        return -(-self.per_shard // self.batch_size)

    @functools.cached_property
    def per_shard(self) -> int:
        """Samples of one epoch on one shard, before `drop_last`."""
        count = self.shard[1]
        if self.pad:
            return -(-self.samples // count)
        return self.samples // count

    def batch(self, epoch: int, first: int, last: int) -> np.ndarray:
        """Row numbers of batches ``first`` to ``last``, in one piece.

        Returns:
            int64 ``(rows,)``. They are shared: nobody may change them.
        """
        size, page = self.batch_size, self._page
        number = first // page
        if (last - 1) // page > number:
            return self._rows_at(epoch, first * size, last * size)
        rows = self._pages.get(
            (epoch, number),
            lambda: self._rows_at(
                epoch, number * page * size, (number + 1) * page * size
            ),
        )
        return rows[
            (first - number * page) * size : (last - number * page) * size
        ]

    @functools.cached_property
    def _page(self) -> int:
        """Batches whose rows are looked up at once."""
        return max(1, min(_PAGE_BATCHES, _PAGE_ROWS // self.batch_size))

    def _rows_at(self, epoch: int, first: int, last: int) -> np.ndarray:
        """Row numbers of samples ``first`` to ``last`` of this shard."""
        rank, count = self.shard
        places = rank + count * np.arange(first, min(last, self.per_shard))
        if self.pad:
            places %= self.samples
        if self.shuffle is True:
            order = self._epochs.get(epoch, lambda: self._permuted(epoch))
            places = order.take(places).astype("int64")
        elif self.shuffle:
            blocks = self.shuffle.within(self.samples)
            places = self._in_windows(blocks, epoch, places)
        return places if self.chosen is None else self.chosen[places]

    def _permuted(self, epoch: int) -> np.ndarray:
        """Every sample of an epoch, in the order fed."""
        rng = _generator(self.seed, epoch)
        if self.classes is not None:
            return _balanced(self.classes, rng)
        return _shuffled(self.samples, rng)

    def _in_windows(
        self, blocks: Blocks, epoch: int, places: np.ndarray
    ) -> np.ndarray:
        """Samples shuffled by blocks, from the windows that hold them."""
        window = blocks.size * blocks.mixed
        count = -(-self.samples // blocks.size)
        missing = count * blocks.size - self.samples

        def make() -> tuple[np.ndarray, int]:
            order = _shuffled(count, _generator(self.seed, epoch))
            short = int(np.argmax(order == count - 1)) // blocks.mixed
            return order, (short + 1) * window - missing

        # The last block may be short, wherever it comes: from the end of
        # its window on, every place is that many samples nearer.
        order, end = self._epochs.get(epoch, make)
        shifted = places + missing * (places >= end)
        numbers = shifted // window
        rows = np.empty_like(places)
        for number in np.unique(numbers):
            found = numbers == number
            rows[found] = self._window(blocks, epoch, order, int(number))[
                shifted[found] % window
            ]
        return rows

    def _window(
        self, blocks: Blocks, epoch: int, order: np.ndarray, number: int
    ) -> np.ndarray:
        """The samples of some blocks, shuffled among each other."""

        def make() -> np.ndarray:
            first = number * blocks.mixed
            mixed = order[first : first + blocks.mixed].astype("int64")
            rows = mixed[:, None] * blocks.size + np.arange(blocks.size)
            rows = rows[rows < self.samples]
            _generator(self.seed, epoch, number, _WINDOW).shuffle(rows)
            return rows

        return self._windows.get((epoch, number), make)

    def rng(
        self, epoch: int, index: int, where: str
    ) -> np.random.Generator:
        """Random numbers for one thing in one batch."""
        key = zlib.crc32(where.encode())
        return _generator(self.seed, epoch, index, self.shard[0], key)

    def places(
        self, epoch: int, index: int, epochs: int
    ) -> Iterator[tuple[int, int]]:
        """Epoch and number of each batch, from any place on."""
        fix = "An epoch has as many batches as len(batches)."
        DataError.raise_if(
            count_problem("epoch", epoch, 0, fix, of="iterate"),
            count_problem(
                "index", index, 0, fix, of="iterate", at_most=len(self)
            ),
            count_problem("epochs", epochs, 0, fix, of="iterate"),
        )
        return (
            (int(epoch) + turn, number)
            for turn in range(epochs)
            for number in range(0 if turn else index, len(self))
        )

    def counts(self) -> dict[str, int]:
        """What one epoch feeds, repeats and leaves out."""
        rank, count = self.shard
        fed = self.per_shard
        if self.drop_last:
            fed = len(self) * self.batch_size
        unpadded = max(0, -(-(self.samples - rank) // count))
        return {
            "samples": self.samples,
            "fed": fed,
            "repeated": max(0, fed - unpadded),
            "left out": self.samples - min(self.samples, fed * count),
            "batches": len(self),
        }

    def forget(self) -> None:
        """Lets go of the latest epoch; it is made again when needed."""
        for kept in (self._epochs, self._windows, self._pages):
            kept.clear()

    def in_order(self) -> Order:
        """The same rows unshuffled, all of them."""
        return replace(self, shuffle=False, drop_last=False, classes=None)

    def problems(self, random: bool) -> Iterator[Problem | None]:
        """Settings that make no order, told before any is used."""
        size_fix = "32 is a good start."
        yield count_problem("batch_size", self.batch_size, 1, size_fix)
        if not _is_shard(self.shard):
            expected = "(rank, count) with a rank from 0 to count - 1"
            fix = "The first of four processes has shard=(0, 4)."
            yield Problem("shard", expected, f"shard={self.shard!r}", fix)
        received = f"shuffle={self.shuffle!r}"
        if not isinstance(self.shuffle, (bool, Blocks)):
            expected = "True, False or Blocks(size, mixed)"
            fix = "Pass shuffle=True; Blocks() for data larger than memory."
            yield Problem("shuffle", expected, received, fix)
        if self.classes is not None and self.shuffle is not True:
            expected = "shuffle=True, to draw rows anew in each epoch"
            fix = "Pass shuffle=True and a seed."
            yield Problem("balance", expected, received, fix)
        if random:
            yield seed_problem(self.seed)

    def empty(self) -> Problem | None:
        """Why there is not a single batch."""
        samples = self.samples
        if len(self) > 0:
            return None
        if samples == 0:
            where, expected = "data", "at least one row"
            fix = "Look at where the data is loaded: it is empty."
        elif self.per_shard == 0:
            where = "shard"
            expected = f"at least {self.shard[1]} rows, one for each shard"
            fix = "Use fewer shards, or pad=True."
        else:
            where, samples = "drop_last", self.per_shard
            expected = f"enough rows for one batch of {self.batch_size}"
            fix = "Use a smaller batch_size, or drop_last=False."
        return Problem(where, expected, f"{samples} rows", fix)


def _generator(seed: int | None, *key: int) -> np.random.Generator:
    """A generator of random numbers for one place in the stream."""
    return np.random.default_rng([int(seed or 0), *key])


def _shuffled(count: int, rng: np.random.Generator) -> np.ndarray:
    """The numbers below ``count`` in random order, in few bytes."""
    numbers = np.arange(count, dtype=_width(count))
    rng.shuffle(numbers)
    numbers.flags.writeable = False
    return numbers


def _width(count: int) -> str:
    """The smallest type that holds the numbers below ``count``."""
    return "int32" if count < _NARROW else "int64"


def _balanced(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many samples of each class, all of a class in turn."""
    by_class = np.argsort(classes, kind="stable").astype(
        _width(len(classes))
    )
    ends = np.cumsum(np.bincount(classes))
    members = np.split(by_class, ends[:-1])
    quotas = _quotas(len(classes), len(members))
    order = np.concatenate(
        [np.resize(rng.permutation(m), q) for m, q in zip(members, quotas)]
    )
    rng.shuffle(order)
    return order


def _quotas(samples: int, classes: int) -> np.ndarray:
    """How many samples of each class make a balanced epoch."""
    return np.diff(np.arange(classes + 1) * samples // classes)


def _is_shard(shard: Any) -> bool:
    return (
        isinstance(shard, tuple)
        and len(shard) == 2
        and is_count(shard[1], 1)
        and is_count(shard[0], 0, shard[1] - 1)
    )
