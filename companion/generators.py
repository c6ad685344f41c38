"""Batches for several inputs, by name: the data generator.

In the code of this project *generator* means the **data generator**, and
its variable is ``batches``.
"""

from __future__ import annotations

import copy
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.columns import (
    ArrayColumn,
    Column,
    as_column,
    is_count,
    is_random,
)
from companion.errors import ContractWarning, DataError, Problem, place

Batch = tuple[Any, ...]
Transform = Callable[[Batch, np.random.Generator], Batch]

#: Bytes that `to_tf_dataset` gathers at once, and batches at most.
_GATHER_BYTES, _GATHER_BATCHES = 2**24, 64


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
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.transforms = transforms
        self.drop_last = drop_last
        self.shard = shard
        self.pad = pad
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
        self.num_samples = self._count_samples()
        if problems:
            raise DataError(problems)
        self.batch_size = int(batch_size)
        self.transforms = tuple(transforms)
        empty = self._empty_problem()
        if empty:
            raise DataError(empty)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.num_samples} samples, "
            f"{len(self)} batches of {self.batch_size}: "
            f"{', '.join(self.inputs)})"
        )

    def __len__(self) -> int:
        """Batches in an epoch; the same on every shard."""
        if self.drop_last:
            return self._shard_size // self.batch_size
        return -(-self._shard_size // self.batch_size)

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
        for name, value, last in (
            ("epoch", epoch, None),
            ("index", index, len(self)),
            ("epochs", epochs, None),
        ):
            if not is_count(value, 0) or (last and value > last):
                raise DataError(
                    Problem(
                        f"iterate: {name}",
                        "a whole number, at least 0"
                        + (
                            f" and at most {last}, its batches" * bool(last)
                        ),
                        f"{name}={value!r}",
                        "An epoch has as many batches as len(batches).",
                    )
                )
        places = (
            (epoch + turn, number)
            for turn in range(epochs)
            for number in range(0 if turn else index, len(self))
        )
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
        rank, count = self.shard
        fed = self._shard_size
        if self.drop_last:
            fed = len(self) * self.batch_size
        places = rank + count * np.arange(fed)
        seen = min(self.num_samples, fed * count)
        return {
            "samples": self.num_samples,
            "fed": fed,
            "repeated": int((places >= self.num_samples).sum()),
            "left out": self.num_samples - seen,
            "batches": len(self),
        }

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
        try:
            import tensorflow as tf
        except ImportError as error:
            raise ImportError(
                "to_tf_dataset needs TensorFlow. Install it, or pass the "
                "generator itself to fit."
            ) from error
        example = self._batch(0, 0)
        leaves = tf.nest.flatten(example)
        size = sum(leaf.nbytes for leaf in leaves)
        stride = max(1, min(_GATHER_BATCHES, _GATHER_BYTES // max(size, 1)))
        if self.transforms:
            stride = 1

        def read(epoch: np.ndarray, first: np.ndarray) -> list[np.ndarray]:
            last = min(int(first) + stride, len(self))
            if self.transforms:
                return tf.nest.flatten(self._batch(int(epoch), int(first)))
            return tf.nest.flatten(
                self._gather(int(epoch), int(first), last)
            )

        def fetch(epoch: Any, first: Any) -> Any:
            kinds = [leaf.dtype for leaf in leaves]
            values = tf.numpy_function(read, [epoch, first], kinds)
            for value, leaf in zip(values, leaves):
                value.set_shape((None, *leaf.shape[1:]))
            return tf.nest.pack_sequence_as(example, values)

        def one_epoch(epoch: Any) -> Any:
            starts = tf.data.Dataset.range(0, len(self), stride)
            pieces = starts.map(lambda first: fetch(epoch, first))
            return pieces.rebatch(self.batch_size)

        dataset = tf.data.Dataset.range(epochs).flat_map(one_epoch)
        cardinality = tf.data.experimental.assert_cardinality
        return dataset.apply(cardinality(epochs * len(self))).prefetch(8)

    @property
    def inputs(self) -> dict[str, Column]:
        """The columns of the inputs, by name."""
        return self._parts["input"]

    @property
    def _companion_arrays(self) -> dict[str, dict[str, np.ndarray]]:
        """Arrays that are fed as they are, by part and name, for `check`.

        Empty if there are transforms: these may change anything.
        """
        if self.transforms:
            return {}
        return {
            role: {
                name: column.values
                for name, column in (
                    part if isinstance(part, dict) else {"": part}
                ).items()
                if isinstance(column, ArrayColumn)
            }
            for role, part in self._parts.items()
        }

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

    @property
    def _shard_size(self) -> int:
        """Samples of one epoch on one shard, before `drop_last`."""
        count = self.shard[1]
        if self.pad:
            return -(-self.num_samples // count)
        return self.num_samples // count

    def _batch(self, epoch: int, index: int) -> Batch:
        """A batch as it is fed: a function of its place alone."""
        batch = self._gather(epoch, index, index + 1)
        for number, transform in enumerate(self.transforms):
            where = f"transform {number}"
            rng = self._rng(epoch, index, where)
            batch = transform(batch, rng)
            if not isinstance(batch, tuple):
                raise DataError(
                    Problem(
                        where,
                        "a tuple, as the batch it was given",
                        type(batch).__name__,
                        "End it with: return inputs, targets.",
                    )
                )
            lost = set(self.inputs) - set(batch[0])
            if lost:
                raise DataError(
                    Problem(
                        where,
                        f"the inputs {', '.join(self.inputs)} to be kept",
                        f"{', '.join(map(str, batch[0]))}",
                        "Return every name it got; it may add others.",
                    )
                )
        if self.transforms:
            batch = tuple(
                {name: _as_fed(values) for name, values in part.items()}
                if isinstance(part, dict)
                else _as_fed(part)
                for part in batch
            )
        return batch

    def _gather(self, epoch: int, first: int, last: int) -> Batch:
        """The rows of batches ``first`` to ``last``, in one piece each."""
        size = self.batch_size
        rows = self._rows(epoch)[first * size : last * size]

        def fetch(where: str, column: Column) -> np.ndarray:
            try:
                if isinstance(column, ArrayColumn):
                    return column.take(rows)
                if not is_random(column):
                    return _as_fed(column.take(rows), len(rows))
                pieces = [
                    column.draw(
                        rows[(index - first) * size :][:size],
                        self._rng(epoch, index, where),
                    )
                    for index in range(first, last)
                ]
                return _as_fed(np.concatenate(pieces), len(rows))
            except Exception as error:
                raise DataError(
                    Problem(
                        f"{where}, batch {first} of epoch {epoch}",
                        "rows that can be read",
                        f"{type(error).__name__}: {error}",
                        "Look at the column of this name.",
                    )
                ) from error

        return tuple(
            {
                name: fetch(place(role, name), column)
                for name, column in part.items()
            }
            if isinstance(part, dict)
            else fetch(role, part)
            for role, part in self._parts.items()
        )

    def _rows(self, epoch: int) -> np.ndarray:
        """Row numbers of this shard in one epoch, in the order fed."""
        known, order = self._order
        if known != epoch:
            self._still_as_long()
            order = np.arange(self.num_samples)
            if self.shuffle:
                _generator(self.seed, epoch).shuffle(order)
            rank, count = self.shard
            size = self._shard_size * count
            order = np.resize(order, size)[rank::count]
            self._order = (epoch, order)
        return order

    def _rng(
        self, epoch: int, index: int, where: str
    ) -> np.random.Generator:
        key = zlib.crc32(where.encode())
        return _generator(self.seed, epoch, index, self.shard[0], key)

    def _count_samples(self) -> int:
        lengths = self._lengths()
        return next(iter(lengths.values())) if lengths else self.length or 0

    def _still_as_long(self) -> None:
        """Refuses columns that lost or gained rows since they came."""
        for where, length in self._lengths().items():
            if length != self.num_samples:
                raise DataError(
                    Problem(
                        where,
                        f"{self.num_samples} rows, as at the start",
                        f"{length} rows",
                        "Make a new generator when the data changes.",
                    )
                )

    def _columns(self) -> Iterator[tuple[str, Column]]:
        """Every column with its place: ``'input "image"'``."""
        for role, part in self._parts.items():
            if isinstance(part, dict):
                for name, column in part.items():
                    yield place(role, name), column
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
        if not is_count(self.batch_size, 1):
            problems.append(
                Problem(
                    "batch_size",
                    "a whole number, at least 1",
                    f"batch_size={self.batch_size!r}",
                    "32 is a good start.",
                )
            )
        if not _is_shard(self.shard):
            problems.append(
                Problem(
                    "shard",
                    "(rank, count) with a rank from 0 to count - 1",
                    f"shard={self.shard!r}",
                    "The first of four processes has shard=(0, 4).",
                )
            )
        listed = isinstance(self.transforms, (tuple, list))
        if not listed or not all(map(callable, self.transforms)):
            problems.append(
                Problem(
                    "transforms",
                    "a list of functions f(batch, rng) -> batch",
                    type(self.transforms).__name__,
                    "Write transforms=[f], also for one.",
                )
            )
        random = self.shuffle or bool(self.transforms)
        random = random or any(is_random(c) for _, c in self._columns())
        # NumPy takes seeds in pieces of 32 bits: a larger one would be the
        # same as a smaller seed in another epoch.
        if random and not is_count(self.seed, 0, 2**32 - 1):
            problems.append(
                Problem(
                    "seed",
                    "a whole number from 0 to 2**32 - 1, because rows are "
                    "shuffled, drawn or transformed at random",
                    f"seed={self.seed!r}",
                    "Pass seed=0, or any other number: the same seed gives "
                    "the same batches again.",
                )
            )
        return problems

    def _length_problems(self) -> list[Problem]:
        lengths = self._lengths()
        columns = any(True for _ in self._columns())
        if columns and not lengths and not is_count(self.length, 1):
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

    def _empty_problem(self) -> Problem | None:
        if len(self) > 0:
            return None
        received = f"{self.num_samples} rows"
        if self.num_samples == 0:
            return Problem(
                "data",
                "at least one row",
                received,
                "Look at where the data is loaded: it is empty.",
            )
        if self._shard_size == 0:
            return Problem(
                "shard",
                f"at least {self.shard[1]} rows, one for each shard",
                received,
                "Use fewer shards, or pad=True.",
            )
        return Problem(
            "drop_last",
            f"enough rows for one batch of {self.batch_size}",
            f"{self._shard_size} rows",
            "Use a smaller batch_size, or drop_last=False.",
        )


def _generator(seed: int | None, *key: int) -> np.random.Generator:
    """A generator of random numbers for one place in the stream."""
    return np.random.default_rng([int(seed or 0), *key])


def _as_fed(values: Any, count: int | None = None) -> np.ndarray:
    """An array of ``count`` rows, floats as float32, the type of Keras."""
    values = np.asarray(values)
    if count is not None and len(values) != count:
        raise ValueError(f"{len(values)} rows for {count} row numbers")
    if values.dtype.kind == "f":
        return values.astype("float32", copy=False)
    return values


def _is_shard(shard: Any) -> bool:
    return (
        isinstance(shard, tuple)
        and len(shard) == 2
        and is_count(shard[1], 1)
        and is_count(shard[0], 0)
        and bool(shard[0] < shard[1])
    )


def _columns_of(
    parts: dict[str, Any],
) -> tuple[dict[str, Any], list[Problem]]:
    """Columns of each part that is there, and what is wrong with them."""
    columns: dict[str, Any] = {}
    problems: list[Problem] = []
    for role, part in parts.items():
        if part is None and role != "input":
            continue
        problem = _part_problem(role, part)
        if problem:
            problems.append(problem)
            continue
        named = isinstance(part, Mapping)
        found = {}
        for name, values in part.items() if named else [("", part)]:
            where = place(role, name)
            try:
                found[name] = as_column(where, values)
            except DataError as error:
                problems += error.problems
        columns[role] = found if named else found.get("")
    if "sample weight" in columns and parts["target"] is None:
        problems.append(
            Problem(
                "sample_weights",
                "targets to weigh",
                "no targets",
                "Pass targets as well, or leave sample_weights out.",
            )
        )
    columns.setdefault("input", {})
    return columns, problems


def _part_problem(role: str, part: Any) -> Problem | None:
    """A part that is not columns by name, nor (but for inputs) one."""
    if isinstance(part, Mapping):
        if part and all(isinstance(n, str) and n for n in part):
            return None
        received = "an empty dict"
        if part:
            received = f"the names {', '.join(map(repr, part))}"
    elif role == "input" or isinstance(part, (tuple, list)):
        received = type(part).__name__
    else:
        return None
    return Problem(
        f"{role}s",
        f"a dict from the name of each {role} to its rows",
        received,
        'Name each as in the model: {"image": images, ...}.'
        if role == "input"
        else "Name each as the output of the model, or pass one array.",
    )


class FollowEpoch(keras.callbacks.Callback):
    """Tells a generator which epoch a resumed training is in.

    Put it after ``BackupAndRestore``, which resumes at whole epochs: the
    number of steps that the restored optimiser has taken says how many
    epochs are behind it. Then the weights at the end are those of a run
    that was never stopped, unless the model draws random numbers of its
    own, as ``Dropout`` does: Keras does not save where those are.

    A backup from within an epoch (``save_freq=100``) is answered with a
    ``ContractWarning``: Keras repeats that epoch, and from then on the
    number of steps does not tell the epoch any more.

    Taught in the chapter *Feeding*.

    Args:
        batches: The generator that ``fit`` is given.

    Example:
        >>> batches = MultiInputGenerator({"x": np.arange(6)})
        >>> callbacks = [
        ...     keras.callbacks.BackupAndRestore("backup"),
        ...     FollowEpoch(batches),
        ... ]
    """

    def __init__(self, batches: MultiInputGenerator) -> None:
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras once it has restored what was saved."""
        optimizer = self.model.optimizer
        # Gradients that wait to be applied are not counted as a step.
        together = optimizer.gradient_accumulation_steps or 1
        least = int(optimizer.iterations) * together
        length = len(self.batches)
        epoch = -(-least // length)
        if epoch * length >= least + together:
            epoch = least // length
            within = Problem(
                "FollowEpoch",
                f"a multiple of {length} steps, the batches of an epoch",
                f"{least} steps",
                "Keras repeats the epoch from its first batch. Save at "
                'whole epochs: save_freq="epoch" in BackupAndRestore.',
            )
            warnings.warn(str(within), ContractWarning, stacklevel=2)
        self.batches.epoch = epoch
