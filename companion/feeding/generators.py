"""Batches for several inputs, by name: the data generator.

In the code of this project *generator* means the **data generator**, and
its variable is ``batches``.
"""

from __future__ import annotations

import copy
import operator
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.columns import ArrayColumn, Column, is_random
from companion.feeding.order import Blocks, Order
from companion.feeding.parts import Parts, balance_problem, rows_problem
from companion.feeding.streams import tf_dataset
from companion.feeding.transforms import (
    Batch,
    Transform,
    told_at,
    transform_problems,
    transformed,
)
from companion.rules import count_problem, rows_of_numbers, unmasked
from companion.values import as_fed

#: Settings that decide which rows are in a batch.
_OF_ORDER = ("batch_size", "shuffle", "seed", "drop_last", "shard", "pad")
_READ_ONLY = (*_OF_ORDER, "rows", "balance", "length")


class MultiInputGenerator(keras.utils.PyDataset):
    """Feeds several named inputs to ``fit``, ``evaluate``, ``predict``.

    A batch is a function of ``(seed, epoch, index)`` alone: the same with
    any number of threads or processes. Every sample comes exactly once per
    epoch, unless ``balance``, ``drop_last`` or ``shard`` says otherwise;
    the samples are shuffled, not the batches, so pass
    ``shuffle=False`` to ``fit``: it would only reorder the batches again,
    from Python's global random state.

    ``fit`` moves the epoch, alone or with `FollowEpoch`. In a loop of your
    own, ``for batch in batches`` goes on to the next epoch at its end, and
    ``batches.iterate(epoch)`` names one. Validate and predict on
    ``batches.in_order()``.

    Taught in the chapter *Feeding*.

    Args:
        inputs: Name of an input to its rows: an array or tensor
            ``(samples, ...)``, also one in a file (memory map, HDF5,
            zarr), a table ``(samples, columns)`` or series ``(samples,)``
            of pandas, or a column such as `Noise`. Texts come as tensors
            of strings, and only with Keras on TensorFlow.
        targets: One array or column, or a dict by name of output; absent
            for ``predict``.
        sample_weights: Like ``targets``: float ``(samples,)``.
        batch_size: Samples in a batch.
        shuffle: Whether each epoch has an order of its own; `Blocks` for
            rows that do not fit in memory.
        seed: Needed when anything is random: shuffling, a random column, a
            transform.
        rows: int ``(rows,)``, the numbers of the rows to feed, such as
            `split_rows` gives; all if absent. No array is copied.
        balance: ``(samples,)``, a label for each row of the data: each
            epoch then has as many samples of each class, so that rows of
            a small class come several times and some of a large one wait
            for another epoch. Needs ``shuffle=True``.
        transforms: Functions ``f(batch, rng) -> batch``, applied in order
            to the tuple that a batch is. Each has a random generator of
            its own, and may change the arrays of the batch in place.
        drop_last: Whether a last, shorter batch is left out.
        shard: ``(rank, count)`` if several processes share the samples:
            this one feeds every ``count``-th sample of the epoch's order,
            from number ``rank`` on. All shards have the same length.
        pad: Whether shards are filled up with the first samples of the
            epoch's order; otherwise the last few samples are left out.
        length: Samples in an epoch; needed only if every column is random.
        workers: Threads or processes that prepare batches.
        use_multiprocessing: Whether workers are processes.
        max_queue_size: Batches prepared ahead.

    Attributes:
        epoch: The epoch that is fed next. ``fit`` moves it, see
            `FollowEpoch`, and so does a loop over the generator; set it to
            begin elsewhere. The settings that decide a batch are
            read-only: to feed other rows, make a new generator.

    Raises:
        DataError: If the data cannot be fed, with every reason at once.

    Example:
        >>> batches = MultiInputGenerator(
        ...     inputs={
        ...         "image": np.zeros((10, 8, 8, 1), "uint8"),
        ...         "numbers": np.zeros((10, 2)),
        ...     },
        ...     targets=np.arange(10),
        ...     batch_size=4,
        ... )
        >>> batches
        MultiInputGenerator(10 samples, 3 batches of 4: image, numbers)
        >>> inputs, targets = batches[2]
        >>> inputs["numbers"].shape, targets.tolist()
        ((2, 2), [8, 9])
    """

    batch_size = property(lambda self: self._order.batch_size)
    shuffle = property(lambda self: self._order.shuffle)
    seed = property(lambda self: self._order.seed)
    drop_last = property(lambda self: self._order.drop_last)
    shard = property(lambda self: self._order.shard)
    pad = property(lambda self: self._order.pad)

    def __init__(
        self,
        inputs: Mapping[str, Any],
        targets: Any = None,
        sample_weights: Any = None,
        *,
        batch_size: int = 32,
        shuffle: bool | Blocks = False,
        seed: int | None = None,
        rows: np.ndarray | None = None,
        balance: np.ndarray | None = None,
        transforms: Sequence[Transform] = (),
        drop_last: bool = False,
        shard: tuple[int, int] = (0, 1),
        pad: bool = False,
        length: int | None = None,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        super().__init__(
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )
        self._parts = Parts(inputs, targets, sample_weights, length)
        problems = [*self._parts.problems, *transform_problems(transforms)]
        if use_multiprocessing and workers > 0:
            problems += self._parts.process_problems()
        samples = self._parts.samples
        if problems:  # there are no rows to choose from
            rows = balance = None
        self._bad_files = {} if problems else self._parts.bad_files()
        choice = _choice(rows, balance, samples, self._bad_files)
        chosen, classes, unfit = choice
        if chosen is not None:
            samples = len(chosen)
        if isinstance(shuffle, np.bool_):
            shuffle = bool(shuffle)
        settings = batch_size, shuffle, seed, drop_last, shard, pad
        order = Order(samples, *settings, chosen, classes)
        draws = any(is_random(column) for _, column in self._parts)
        random = bool(shuffle) or bool(transforms) or draws
        DataError.raise_if(*problems, *unfit, *order.problems(random))
        # NumPy's own small integers would overflow.
        rank, count = map(int, shard)
        self._order = replace(
            order,
            samples=int(samples),
            batch_size=int(batch_size),
            shard=(rank, count),
        )
        DataError.raise_if(self._order.empty())
        self._length = len(self._order)
        self._transforms = tuple(transforms)
        self._epoch = 0
        self._advances = True
        self._begun = self._fed_last = self._counted = False
        self._leader: weakref.ref | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _READ_ONLY:
            raise AttributeError(
                f"{name} is read-only: it decides which rows are in a "
                f"batch. Make a new generator with {name}={value!r}."
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self._order.samples} samples, "
            f"{len(self)} batches of {self.batch_size}: "
            f"{', '.join(self.inputs)})"
        )

    def __len__(self) -> int:
        """Batches in an epoch; the same on every shard."""
        return self._length

    def __getitem__(self, index: int) -> Batch:
        """The batch ``(inputs,)`` or ``(inputs, targets[, weights])``."""
        index = self._number(index)
        if index == self._length - 1:
            self._fed_last = True
        return self._batch(self._epoch, index)

    def __iter__(self) -> Iterator[Batch]:
        """The batches of one epoch; a loop to their end advances it."""
        epoch, fed = self._epoch, 0
        try:
            for batch in self.iterate(epoch):
                fed += 1
                yield batch
        finally:  # also if nobody asks for more than the last batch
            ended = fed == len(self) and self._epoch == epoch
            if ended and not self._is_led():
                self._begun = self._fed_last = self._counted = False
                self._advance()

    def iterate(
        self, epoch: int = 0, index: int = 0, epochs: int = 1
    ) -> Iterator[Batch]:
        """The stream of batches from any place on, as a plain iterator.

        It neither reads nor moves the epoch of the generator, so a run
        that stopped goes on exactly where it was. ``fit`` takes it too,
        with ``steps_per_epoch``: the batches that are left of the epoch.

        Args:
            epoch: The epoch to begin with.
            index: The batch of that epoch to begin with.
            epochs: How many epochs to go through, the first included.

        Returns:
            An iterator of batches.

        Raises:
            DataError: If there is no such place.

        Example:
            >>> batches = MultiInputGenerator(
            ...     {"x": np.arange(6)}, shuffle=True, seed=0, batch_size=2
            ... )
            >>> whole = list(batches.iterate(epochs=2))
            >>> rest = list(batches.iterate(epoch=1, index=1))
            >>> len(whole), len(rest)
            (6, 2)
            >>> rest[0][0]["x"].tolist() == whole[4][0]["x"].tolist()
            True
        """
        places = self._order.places(epoch, index, epochs)
        return (self._batch(*where) for where in places)

    def report(self) -> dict[str, int]:
        """Counts of one epoch on this shard.

        Returns:
            ``samples`` in the data; of these, ``fed`` to this shard, of
            which ``repeated`` come a second time because of ``pad``;
            ``left out`` of the epoch on all shards together; ``batches``.
            With ``balance`` these are draws: which rows come again, or
            not at all, changes with the epoch. If rows were skipped, also
            ``skipped``, those of all shards: see ``bad_files``.

        Example:
            >>> MultiInputGenerator(
            ...     {"x": np.arange(10)}, batch_size=2, shard=(0, 3)
            ... ).report()
            {'samples': 10, 'fed': 3, 'repeated': 0, 'left out': 1, \
'batches': 2}
        """
        counts = self._order.counts()
        if self._bad_files:
            counts["skipped"] = len(self._bad_files)
        return counts

    @property
    def bad_files(self) -> dict[int, str]:
        """Which file is bad, and why, by the number of its row.

        Only a `FileColumn` with ``bad="skip"`` has any.
        """
        return dict(self._bad_files)

    def rows(self, index: int, epoch: int | None = None) -> np.ndarray:
        """The row numbers of a batch: which samples are in it.

        Args:
            index: The number of the batch.
            epoch: The epoch; the one that is fed next if absent.

        Returns:
            int64 ``(batch,)``.

        Raises:
            IndexError: If there is no such batch.

        Example:
            >>> batches = MultiInputGenerator(
            ...     {"x": np.arange(10) * 10}, rows=np.array([9, 8, 7])
            ... )
            >>> batches.rows(0).tolist()
            [9, 8, 7]
        """
        index = self._number(index)
        epoch = self._epoch if epoch is None else operator.index(epoch)
        return self._order.batch(epoch, index, index + 1).copy()

    def _number(self, index: int) -> int:
        """The number of a batch, as Python counts."""
        index = operator.index(index)
        if 0 <= index < self._length:
            return index
        raise IndexError(
            f"index must be from 0 to {self._length - 1}. "
            f"Received: index={index}"
        )

    def to_tf_dataset(self, epochs: int = 1, *, epoch: int = 0) -> Any:
        """The same batches in the same order, as a ``tf.data.Dataset``.

        Rows of up to 64 batches are gathered at once, and TensorFlow cuts
        them: the fastest way into ``fit`` on a processor. To train, pass
        the same ``epochs`` here and to ``fit``, and
        ``steps_per_epoch=len(batches)``: each reading of the data set
        begins with the same epoch, so that a data set of one epoch would
        have the same order every time.

        Args:
            epochs: How many epochs to go through.
            epoch: The epoch to begin with.

        Returns:
            A ``tf.data.Dataset`` of batches; the same whenever it is read.

        Raises:
            ImportError: If TensorFlow is not installed.
            DataError: If there are no such epochs.
        """
        self._order.places(epoch, 0, epochs)  # are there such?
        return tf_dataset(self, epochs, epoch)

    @property
    def epoch(self) -> int:
        """The epoch that is fed next."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        fix = "Set it to the number of the epoch to feed next."
        DataError.raise_if(count_problem("epoch", epoch, 0, fix))
        self._epoch, self._leader, self._counted = int(epoch), None, False

    @property
    def order(self) -> Order:
        """Which rows are fed when."""
        return self._order

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """The functions that change a batch on its way."""
        return self._transforms

    @property
    def inputs(self) -> dict[str, Column]:
        """The columns of the inputs, by name."""
        return self.columns["input"]

    @property
    def columns(self) -> dict[str, dict[str, Column]]:
        """Every column by part and name; a lone one has the name ``""``."""
        return self._parts.by_role()

    def in_order(self) -> MultiInputGenerator:
        """The rows in their own order, each once, the same at every pass.

        ``drop_last`` and ``balance`` do not count here; of a shard these
        are its own rows. For validation and ``predict``: both would
        otherwise advance the epoch, and the order of predictions would not
        be that of the rows. Transforms are applied, the same way at every
        pass.

        Example:
            >>> batches = MultiInputGenerator(
            ...     {"x": np.arange(5)}, shuffle=True, seed=0, batch_size=3
            ... )
            >>> [batch[0]["x"].tolist() for batch in batches.in_order()]
            [[0, 1, 2], [3, 4]]
        """
        ordered = copy.copy(self)
        ordered._order = self._order.in_order()
        ordered._length = len(ordered._order)
        ordered._epoch = 0
        ordered._advances = False
        return ordered

    def on_epoch_begin(self) -> None:
        """Called by Keras before an epoch."""
        self._begun, self._counted = True, False

    def on_epoch_end(self) -> None:
        """Called by Keras after an epoch, and once before the first.

        The epoch advances here and not in ``on_epoch_begin``: Keras starts
        its workers before it calls that one. It advances only after an
        epoch that began and was fed to its last batch: the first call
        belongs to none, and Keras may stop early. (Worker processes do not
        tell which batches they made.) While a `FollowEpoch` leads, this
        does nothing.
        """
        unseen = self.use_multiprocessing and self.workers > 0
        fed = self._begun and (self._fed_last or unseen)
        self._counted = fed and not self._is_led()
        self._begun = self._fed_last = False
        if self._counted:
            self._advance()

    def lead(self, leader: Any, epoch: int | None = None) -> int:
        """For `FollowEpoch`, which alone says then which epoch is next.

        Args:
            leader: The callback, until it is gone; None for none.
            epoch: The epoch to feed next. If absent, the one from before
                ``fit``: Keras may have begun an epoch to build the model,
                which does not count.

        Returns:
            The epoch that is fed next.
        """
        self._leader = None if leader is None else weakref.ref(leader)
        if epoch is None:
            epoch = self._epoch - self._counted
        self._counted = False
        if self._advances and self._epoch != epoch:
            self._epoch = epoch
            self._order.forget()  # TensorFlow keeps a generator for ever
        return self._epoch

    def _is_led(self) -> bool:
        """Whether a callback leads that a stopped ``fit`` has not lost."""
        return self._leader is not None and self._leader() is not None

    def _advance(self) -> None:
        """Moves to the next epoch, but for a generator in order."""
        if self._advances:
            self._epoch += 1
            self._order.forget()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_leader": None}

    def _batch(self, epoch: int, index: int) -> Batch:
        """A batch as it is fed: a function of its place alone."""
        batch = self.gathered(epoch, index, index + 1)
        if not self._transforms:
            return batch
        return transformed(
            batch,
            self._transforms,
            lambda where: self._order.rng(epoch, index, where),
        )

    def gathered(self, epoch: int, first: int, last: int) -> Batch:
        """For `to_tf_dataset`: several batches, in one piece each.

        As they are before any transform.
        """
        rows = self._order.batch(epoch, first, last)

        def fetch(where: str, column: Column) -> np.ndarray:
            if type(column) is ArrayColumn:
                return column.take(rows)
            return self._read(where, column, rows, epoch, first)

        return self._parts.map(fetch)

    def _read(
        self, where: str, column: Column, rows: np.ndarray, *place: int
    ) -> np.ndarray:
        """Rows of a column of one's own, or an error that names it."""
        epoch, first = place
        rows = rows.view()
        rows.flags.writeable = False  # NumPy copies such an index
        try:
            if is_random(column):
                values = self._drawn(column, where, rows, epoch, first)
            elif (count := len(column)) == self._parts.samples:
                values = column.take(rows)
            else:
                raise ValueError(
                    f"{count} rows in all, not as at the start"
                )
            fed = _fed(values, len(rows))
            # A transform may change its batch, never a column's own array.
            return fed.copy() if self._transforms else fed
        except Exception as error:
            at = f"{where}, batch {first} of epoch {epoch}"
            if isinstance(error, DataError):
                raise told_at(at, error) from error
            raise DataError.of(
                at,
                "rows that can be read",
                f"{type(error).__name__}: {error}",
                "Look at the column of this name.",
            ) from error

    def _drawn(
        self, column: Any, where: str, rows: np.ndarray, *place: int
    ) -> np.ndarray:
        """Rows of a random column, batch by batch, each with its rng."""
        epoch, first = place
        size = self.batch_size
        pieces = [
            column.draw(
                rows[start : start + size],
                self._order.rng(epoch, first + start // size, where),
            )
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(pieces)


def _choice(
    rows: Any, balance: Any, samples: int, bad: Mapping[int, str]
) -> tuple[np.ndarray | None, np.ndarray | None, list[Problem]]:
    """Chosen rows, the class of each sample, and what is wrong there."""
    found = rows_problem(rows, samples), balance_problem(balance, samples)
    if any(found):
        return None, None, [problem for problem in found if problem]
    chosen = None if rows is None else rows.astype("int64")
    if bad:
        kept = np.arange(samples) if chosen is None else chosen
        chosen = kept[~np.isin(kept, [*bad])]
    if balance is None:
        return chosen, None, []
    labels = balance if chosen is None else balance[chosen]
    return chosen, np.unique(labels, return_inverse=True)[1], []


def _fed(values: Any, count: int) -> np.ndarray:
    """Rows as they are fed, or what is wrong with them."""
    fault = unmasked(values) or rows_of_numbers(values := as_fed(values))
    if fault:
        raise ValueError(f"{fault.received} for {fault.expected}")
    if len(values) != count:
        raise ValueError(f"{len(values)} rows for {count} row numbers")
    return values
