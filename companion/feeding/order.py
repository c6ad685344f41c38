"""Which rows are fed when: a function of seed and epoch alone.

No rows are read here, and nothing here knows Keras.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from companion.errors import DataError, Problem
from companion.values import is_count


@dataclass(frozen=True)
class Order:
    """The order of the samples, epoch by epoch, on one shard.

    Args:
        samples: How many there are in the data.
        batch_size: Samples in a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: What the order and all other chance is made of.
        drop_last: Whether a last, shorter batch is left out.
        shard: Rank and count, if several processes share an epoch.
        pad: Whether shards are filled up, or the last samples left out.

    Example:
        >>> order = Order(5, batch_size=2, shard=(1, 2), pad=True)
        >>> order.rows(epoch=0).tolist(), len(order)
        ([1, 3, 0], 2)
    """

    samples: int
    batch_size: int = 32
    shuffle: bool = False
    seed: int | None = None
    drop_last: bool = False
    shard: tuple[int, int] = (0, 1)
    pad: bool = False
    known: dict[int, np.ndarray] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __len__(self) -> int:
        """Batches in an epoch; the same on every shard."""
        if self.drop_last:
            return self.per_shard // self.batch_size
        return -(-self.per_shard // self.batch_size)

    @property
    def per_shard(self) -> int:
        """Samples of one epoch on one shard, before `drop_last`."""
        count = self.shard[1]
        return (
            -(-self.samples // count)
            if self.pad
            else (self.samples // count)
        )

    def rows(self, epoch: int) -> np.ndarray:
        """Row numbers of one epoch, in the order fed."""
        if epoch not in self.known:
            order = np.arange(self.samples)
            if self.shuffle:
                _generator(self.seed, epoch).shuffle(order)
            rank, count = self.shard
            order = np.resize(order, self.per_shard * count)[rank::count]
            self.known.clear()
            self.known[epoch] = order
            return order
        return self.known[epoch]

    def batch(self, epoch: int, first: int, last: int) -> np.ndarray:
        """Row numbers of batches ``first`` to ``last``, in one piece."""
        size = self.batch_size
        return self.rows(epoch)[first * size : last * size]

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
        for name, value, last in (
            ("epoch", epoch, None),
            ("index", index, len(self)),
            ("epochs", epochs, None),
        ):
            if not is_count(value, 0) or (last and value > last):
                most = f" and at most {last}, its batches" * bool(last)
                raise DataError(
                    Problem(
                        f"iterate: {name}",
                        f"a whole number, at least 0{most}",
                        f"{name}={value!r}",
                        "An epoch has as many batches as len(batches).",
                    )
                )
        return (
            (epoch + turn, number)
            for turn in range(epochs)
            for number in range(0 if turn else index, len(self))
        )

    def counts(self) -> dict[str, int]:
        """What one epoch feeds, repeats and leaves out."""
        rank, count = self.shard
        fed = self.per_shard
        if self.drop_last:
            fed = len(self) * self.batch_size
        places = rank + count * np.arange(fed)
        return {
            "samples": self.samples,
            "fed": fed,
            "repeated": int((places >= self.samples).sum()),
            "left out": self.samples - min(self.samples, fed * count),
            "batches": len(self),
        }

    def in_order(self) -> Order:
        """The same rows unshuffled, all of them."""
        return replace(self, shuffle=False, drop_last=False, known={})

    def problems(self, random: bool) -> Iterator[Problem]:
        """Settings that make no order, told before any is used."""
        if not is_count(self.batch_size, 1):
            yield Problem(
                "batch_size",
                "a whole number, at least 1",
                f"batch_size={self.batch_size!r}",
                "32 is a good start.",
            )
        if not _is_shard(self.shard):
            yield Problem(
                "shard",
                "(rank, count) with a rank from 0 to count - 1",
                f"shard={self.shard!r}",
                "The first of four processes has shard=(0, 4).",
            )
        # NumPy takes seeds in pieces of 32 bits: a larger one would be the
        # same as a smaller seed in another epoch.
        if random and not is_count(self.seed, 0, 2**32 - 1):
            yield Problem(
                "seed",
                "a whole number from 0 to 2**32 - 1, because rows are "
                "shuffled, drawn or transformed at random",
                f"seed={self.seed!r}",
                "Pass seed=0, or any other number: the same seed gives "
                "the same batches again.",
            )

    def empty(self) -> Problem | None:
        """Why there is not a single batch."""
        received = f"{self.samples} rows"
        if len(self) > 0:
            return None
        if self.samples == 0:
            return Problem(
                "data",
                "at least one row",
                received,
                "Look at where the data is loaded: it is empty.",
            )
        if self.per_shard == 0:
            return Problem(
                "shard",
                f"at least {self.shard[1]} rows, one for each shard",
                received,
                "Use fewer shards, or pad=True.",
            )
        return Problem(
            "drop_last",
            f"enough rows for one batch of {self.batch_size}",
            f"{self.per_shard} rows",
            "Use a smaller batch_size, or drop_last=False.",
        )


def _generator(seed: int | None, *key: int) -> np.random.Generator:
    """A generator of random numbers for one place in the stream."""
    return np.random.default_rng([int(seed or 0), *key])


def _is_shard(shard: Any) -> bool:
    return (
        isinstance(shard, tuple)
        and len(shard) == 2
        and is_count(shard[1], 1)
        and is_count(shard[0], 0)
        and bool(shard[0] < shard[1])
    )
