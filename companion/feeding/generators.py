"""Batches for several inputs, by name: the data generator.

In the code of this project *generator* means the **data generator**, and
its variable is ``batches``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.columns import ArrayColumn, Column, is_random
from companion.feeding.order import Order
from companion.feeding.parts import Parts
from companion.feeding.streams import tf_dataset
from companion.values import as_fed

Batch = tuple[Any, ...]
Transform = Callable[[Batch, np.random.Generator], Batch]


class MultiInputGenerator(keras.utils.PyDataset):
    """Feeds several named inputs to ``fit``, ``evaluate``, ``predict``.

    A batch is a function of ``(seed, epoch, index)`` alone: the same with
    any number of threads or processes. Every sample comes exactly once per
    epoch; the samples are shuffled, not the batches, so pass
    ``shuffle=False`` to ``fit``: it would only reorder the batches again,
    from Python's global random state.

    Taught in the chapter *Feeding*.

    Args:
        inputs: Name of an input to its rows: an array
            ``(samples, ...)``, or a column such as
            `Noise`.
        targets: One array or column, or a dict by name of output; absent
            for ``predict``.
        sample_weights: Like ``targets``: float ``(samples,)``.
        batch_size: Samples in a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: Needed when anything is random: shuffling, a random column, a
            transform.
        transforms: Functions ``f(batch, rng) -> batch``, applied in order
            to the tuple that a batch is. Each has a generator of its own.
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

    def __init__(
        self,
        inputs: Mapping[str, Any],
        targets: Any = None,
        sample_weights: Any = None,
        *,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int | None = None,
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
        random = shuffle or bool(transforms) or self._parts.is_random
        order = Order(
            self._parts.samples,
            batch_size,
            shuffle,
            seed,
            drop_last,
            shard,
            pad,
        )
        problems = [
            *self._parts.problems,
            *_transform_problems(transforms),
            *order.problems(random),
        ]
        if problems:
            raise DataError(problems)
        self.order = replace(order, batch_size=int(batch_size))
        empty = self.order.empty()
        if empty:
            raise DataError(empty)
        self.transforms = tuple(transforms)
        self.epoch = 0
        self._epoch_begun = False
        self._advances = True

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.order.samples} samples, "
            f"{len(self)} batches of {self.order.batch_size}: "
            f"{', '.join(self.inputs)})"
        )

    def __len__(self) -> int:
        """Batches in an epoch; the same on every shard."""
        return len(self.order)

    def __getitem__(self, index: int) -> Batch:
        """The batch ``(inputs,)`` or ``(inputs, targets[, weights])``."""
        if not 0 <= index < len(self):
            raise IndexError(
                f"index must be from 0 to {len(self) - 1}. "
                f"Received: index={index}"
            )
        return self._batch(self.epoch, index)

    def iterate(
        self, epoch: int = 0, index: int = 0, epochs: int = 1
    ) -> Iterator[Batch]:
        """The stream of batches from any place on, as a plain iterator.

        It neither reads nor moves the epoch of the generator, so a run
        that stopped goes on exactly where it was.

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
        places = self.order.places(epoch, index, epochs)
        return (self._batch(*where) for where in places)

    def report(self) -> dict[str, int]:
        """Counts of one epoch on this shard.

        Returns:
            ``samples`` in the data; of these, ``fed`` to this shard, of
            which ``repeated`` come a second time because of ``pad``;
            ``left out`` of the epoch on all shards together; ``batches``.

        Example:
            >>> MultiInputGenerator(
            ...     {"x": np.arange(10)}, batch_size=2, shard=(0, 3)
            ... ).report()
            {'samples': 10, 'fed': 3, 'repeated': 0, 'left out': 1, \
'batches': 2}
        """
        return self.order.counts()

    def to_tf_dataset(self, epochs: int = 1) -> Any:
        """The same batches in the same order, as a ``tf.data.Dataset``.

        Rows of up to 64 batches are gathered at once, and TensorFlow cuts
        them: the fastest way into ``fit`` on a processor. To train, pass
        the same ``epochs`` here and to ``fit``, and
        ``steps_per_epoch=len(batches)``: each reading of the data set
        begins with epoch 0, so that a data set of one epoch would have the
        same order every time.

        Args:
            epochs: How many epochs to go through, from epoch 0 on.

        Returns:
            A ``tf.data.Dataset`` of batches; the same whenever it is read.

        Raises:
            ImportError: If TensorFlow is not installed.
        """
        return tf_dataset(self, epochs)

    @property
    def inputs(self) -> dict[str, Column]:
        """The columns of the inputs, by name."""
        return self.columns["input"]

    @property
    def columns(self) -> dict[str, dict[str, Column]]:
        """Every column by part and name; a lone one has the name ``""``."""
        return self._parts.by_role()

    def in_order(self) -> MultiInputGenerator:
        """The same rows unshuffled, all of them, the same at every pass.

        For validation and ``predict``: both would otherwise advance the
        epoch, and the order of predictions would not be that of the rows.
        Transforms are applied, the same way at every pass.

        Example:
            >>> batches = MultiInputGenerator(
            ...     {"x": np.arange(5)}, shuffle=True, seed=0, batch_size=3
            ... )
            >>> [batch[0]["x"].tolist() for batch in batches.in_order()]
            [[0, 1, 2], [3, 4]]
        """
        ordered = copy.copy(self)
        ordered.order = self.order.in_order()
        ordered.epoch = 0
        ordered._advances = False
        return ordered

    def on_epoch_begin(self) -> None:
        """Called by Keras before an epoch."""
        self._epoch_begun = True

    def on_epoch_end(self) -> None:
        """Called by Keras after an epoch, and once before the first.

        The epoch advances here and not in ``on_epoch_begin``: Keras starts
        its workers before it calls that one. It advances only after an
        epoch that began: the first call belongs to none.
        """
        if self._epoch_begun and self._advances:
            self.epoch += 1
        self._epoch_begun = False

    def _batch(self, epoch: int, index: int) -> Batch:
        """A batch as it is fed: a function of its place alone."""
        batch = self.gathered(epoch, index, index + 1)
        for number, transform in enumerate(self.transforms):
            where = f"transform {number}"
            batch = transform(batch, self.order.rng(epoch, index, where))
            problem = _lost(where, batch, list(self.inputs))
            if problem:
                raise DataError(problem)
        return _all_as_fed(batch) if self.transforms else batch

    def gathered(self, epoch: int, first: int, last: int) -> Batch:
        """The rows of batches ``first`` to ``last``, in one piece each.

        As they are before any transform.
        """
        if epoch not in self.order.known:
            self._parts.refuse_new_lengths()
        rows = self.order.batch(epoch, first, last)

        def fetch(where: str, column: Column) -> np.ndarray:
            try:
                if isinstance(column, ArrayColumn):
                    return column.take(rows)
                if is_random(column):
                    values = self._drawn(column, where, rows, epoch, first)
                else:
                    values = column.take(rows)
                return _counted(as_fed(values), len(rows))
            except Exception as error:
                raise DataError(
                    Problem(
                        f"{where}, batch {first} of epoch {epoch}",
                        "rows that can be read",
                        f"{type(error).__name__}: {error}",
                        "Look at the column of this name.",
                    )
                ) from error

        return self._parts.map(fetch)

    def _drawn(
        self, column: Any, where: str, rows: np.ndarray, *place: int
    ) -> np.ndarray:
        """Rows of a random column, batch by batch, each with its rng."""
        epoch, first = place
        size = self.order.batch_size
        pieces = [
            column.draw(
                rows[start : start + size],
                self.order.rng(epoch, first + start // size, where),
            )
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(pieces)


def _transform_problems(transforms: Any) -> Iterator[Problem]:
    listed = isinstance(transforms, (tuple, list))
    if not listed or not all(map(callable, transforms)):
        yield Problem(
            "transforms",
            "a list of functions f(batch, rng) -> batch",
            type(transforms).__name__,
            "Write transforms=[f], also for one.",
        )


def _lost(where: str, batch: Any, inputs: list[str]) -> Problem | None:
    """What a transform did not hand on."""
    if not isinstance(batch, tuple):
        return Problem(
            where,
            "a tuple, as the batch it was given",
            type(batch).__name__,
            "End it with: return inputs, targets.",
        )
    if set(inputs) <= set(batch[0]):
        return None
    return Problem(
        where,
        f"the inputs {', '.join(inputs)} to be kept",
        f"{', '.join(map(str, batch[0]))}",
        "Return every name it got; it may add others.",
    )


def _all_as_fed(batch: Batch) -> Batch:
    return tuple(
        {name: as_fed(values) for name, values in part.items()}
        if isinstance(part, dict)
        else as_fed(part)
        for part in batch
    )


def _counted(values: np.ndarray, count: int) -> np.ndarray:
    if len(values) != count:
        raise ValueError(f"{len(values)} rows for {count} row numbers")
    return values
