"""Batches for several inputs, by name: the data generator.

In the code of this project *generator* means the **data generator**, and
its variable is ``batches``.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.columns import ArrayColumn, Column, as_column, is_random
from companion.errors import DataError, Problem

Batch = tuple[Any, ...]
Transform = Callable[[Batch, np.random.Generator], Batch]

#: Rank of this process. Part of every random key, so that the numbers a
#: single process draws stay the same once several share the work.
_RANK = 0


class MultiInputGenerator(keras.utils.PyDataset):
    """Feeds several named inputs to ``fit``, ``evaluate``, ``predict``.

    A batch is a function of ``(seed, epoch, index)`` alone: the same with
    any number of threads or processes. Every sample comes exactly once per
    epoch; the samples are shuffled, not the batches, so pass
    ``shuffle=False`` to ``fit``: it would only reorder the batches again,
    from Python's global random state.

    Taught in the chapter *Several inputs*.

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
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.transforms = tuple(transforms)
        self.drop_last = drop_last
        self.length = length
        self.epoch = 0
        self._epoch_begun = False
        self._advances = True
        self._order = (-1, np.empty(0, "int64"))
        self._parts, problems = _columns_of(
            {
                "input": inputs,
                "target": targets,
                "sample weight": sample_weights,
            }
        )
        problems += self._setting_problems()
        problems += self._length_problems()
        problems = problems or self._empty_problems()
        if problems:
            raise DataError(problems)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.num_samples} samples, "
            f"{len(self)} batches of {self.batch_size}: "
            f"{', '.join(self.inputs)})"
        )

    def __len__(self) -> int:
        """Batches in an epoch."""
        if self.drop_last:
            return self.num_samples // self.batch_size
        return -(-self.num_samples // self.batch_size)

    def __getitem__(self, index: int) -> Batch:
        """The batch ``(inputs,)`` or ``(inputs, targets[, weights])``."""
        if not 0 <= index < len(self):
            raise IndexError(
                f"index must be from 0 to {len(self) - 1}. "
                f"Received: index={index}"
            )
        epoch = self.epoch  # another thread may advance it meanwhile
        start = index * self.batch_size
        rows = self._rows(epoch)[start : start + self.batch_size]

        def fetch(name: str, column: Column) -> np.ndarray:
            if is_random(column):
                return column.draw(rows, self._rng(epoch, index, name))
            return column.take(rows)

        batch: Batch = tuple(
            {name: fetch(name, column) for name, column in part.items()}
            if isinstance(part, dict)
            else fetch(role, part)
            for role, part in self._parts.items()
        )
        for place, transform in enumerate(self.transforms):
            rng = self._rng(epoch, index, f"transform {place}")
            batch = transform(batch, rng)
        return batch

    @property
    def inputs(self) -> dict[str, Column]:
        """The columns of the inputs, by name."""
        return self._parts["input"]

    @property
    def num_samples(self) -> int:
        """Samples in the data, also those that ``drop_last`` leaves out."""
        lengths = self._lengths()
        return next(iter(lengths.values())) if lengths else self.length or 0

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays of inputs that reach the model as they are, by name.

        Empty if there are transforms: these may change anything.
        """
        if self.transforms:
            return {}
        return {
            name: column.values
            for name, column in self.inputs.items()
            if isinstance(column, ArrayColumn)
        }

    def in_order(self) -> MultiInputGenerator:
        """The same rows unshuffled, all of them, the same at every pass.

        For validation and ``predict``: both would otherwise advance the
        epoch, and the order of predictions would not be that of the rows.

        Example:
            >>> batches = MultiInputGenerator(
            ...     {"x": np.arange(5)}, shuffle=True, seed=0, batch_size=3
            ... )
            >>> [batch[0]["x"].tolist() for batch in batches.in_order()]
            [[0, 1, 2], [3, 4]]
        """
        ordered = copy.copy(self)
        ordered.shuffle = False
        ordered.drop_last = False
        ordered.epoch = 0
        ordered._advances = False
        ordered._order = (-1, np.empty(0, "int64"))
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

    def _rows(self, epoch: int) -> np.ndarray:
        """Row numbers of one epoch, in the order they are fed."""
        known, order = self._order
        if known != epoch:
            order = np.arange(self.num_samples)
            if self.shuffle:
                _generator(self.seed, epoch).shuffle(order)
            self._order = (epoch, order)
        return order

    def _rng(
        self, epoch: int, index: int, name: str
    ) -> np.random.Generator:
        key = zlib.crc32(name.encode())
        return _generator(self.seed, epoch, index, _RANK, key)

    def _columns(self) -> Iterator[tuple[str, Column]]:
        """Every column with its place: ``'input "image"'``."""
        for role, part in self._parts.items():
            if isinstance(part, dict):
                for name, column in part.items():
                    yield f'{role} "{name}"', column
            elif part is not None:
                yield role, part

    def _lengths(self) -> dict[str, int]:
        """Rows of each stored column, by place."""
        return {
            where: len(column)
            for where, column in self._columns()
            if not is_random(column)
        }

    def _setting_problems(self) -> list[Problem]:
        problems = []
        if not _is_count(self.batch_size, 1):
            problems.append(
                Problem(
                    "batch_size",
                    "a whole number, at least 1",
                    f"batch_size={self.batch_size!r}",
                    "32 is a good start.",
                )
            )
        random = self.shuffle or bool(self.transforms)
        random = random or any(is_random(c) for _, c in self._columns())
        if random and not _is_count(self.seed, 0):
            problems.append(
                Problem(
                    "seed",
                    "a whole number, at least 0, because rows are "
                    "shuffled, drawn or transformed at random",
                    f"seed={self.seed!r}",
                    "Pass seed=0, or any other number: the same seed gives "
                    "the same batches again.",
                )
            )
        return problems

    def _length_problems(self) -> list[Problem]:
        lengths = self._lengths()
        if not lengths and not _is_count(self.length, 1):
            return [
                Problem(
                    "length",
                    "the number of samples in an epoch, because every "
                    "column is random",
                    f"length={self.length!r}",
                    "Pass length=1000, for example.",
                )
            ]
        if lengths and self.length is not None:
            return [
                Problem(
                    "length",
                    "no length: the arrays have one already",
                    f"length={self.length!r}",
                    "Leave it out.",
                )
            ]
        first, expected = next(iter(lengths.items()), ("length", 1))
        return [
            Problem(
                where,
                f"{expected} rows, one per sample, as in {first}",
                f"{length} rows",
                "Row i of every array must belong to sample i.",
            )
            for where, length in lengths.items()
            if length != expected
        ]

    def _empty_problems(self) -> list[Problem]:
        if len(self) > 0:
            return []
        if self.num_samples == 0:
            return [
                Problem(
                    "data",
                    "at least one row",
                    "0 rows",
                    "Look at where the data is loaded: it is empty.",
                )
            ]
        return [
            Problem(
                "drop_last",
                f"enough rows for one batch of {self.batch_size}",
                f"{self.num_samples} rows",
                "Use a smaller batch_size, or drop_last=False.",
            )
        ]


def _generator(seed: int | None, *key: int) -> np.random.Generator:
    """A generator of random numbers for one place in the stream."""
    return np.random.default_rng([int(seed or 0), *key])


def _is_count(value: Any, at_least: int) -> bool:
    whole = isinstance(value, (int, np.integer))
    return whole and not isinstance(value, bool) and bool(value >= at_least)


def _columns_of(
    parts: dict[str, Any],
) -> tuple[dict[str, Any], list[Problem]]:
    """Columns of each part that is there, and what is wrong with them."""
    columns: dict[str, Any] = {}
    problems: list[Problem] = []
    for role, part in parts.items():
        if part is None and role != "input":
            continue
        named = isinstance(part, Mapping)
        if role == "input" and not (named and part):
            problems.append(
                Problem(
                    "inputs",
                    "a dict from the name of each input to its rows",
                    "an empty dict" if named else type(part).__name__,
                    'Name each as in the model: {"image": images, ...}.',
                )
            )
            part, named = {}, True
        columns[role] = {}
        for name, values in part.items() if named else [("", part)]:
            where = f'{role} "{name}"' if name else role
            try:
                columns[role][name] = as_column(where, values)
            except DataError as error:
                problems += error.problems
        if not named:
            columns[role] = columns[role].get("")
    if "sample weight" in columns and "target" not in columns:
        problems.append(
            Problem(
                "sample_weights",
                "targets to weigh",
                "no targets",
                "Pass targets as well, or leave sample_weights out.",
            )
        )
    return columns, problems
