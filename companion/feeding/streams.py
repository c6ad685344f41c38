"""Other ways into ``fit``: as a data set of TensorFlow, and resumed."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import keras
import numpy as np

from companion.errors import ContractWarning, Problem

#: Bytes that `tf_dataset` gathers at once, and batches at most.
_GATHER_BYTES, _GATHER_BATCHES = 2**24, 64


def tf_dataset(batches: Any, epochs: int, first: int) -> Any:
    """What `MultiInputGenerator.to_tf_dataset` gives back."""
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "to_tf_dataset needs TensorFlow. Install it, or pass the "
            "generator itself to fit."
        ) from error
    examples = list(itertools.islice(batches.iterate(first), 2))
    leaves = [tf.nest.flatten(example) for example in examples]
    kinds = [leaf.dtype for leaf in leaves[0]]
    shapes = [_shape_of(*column) for column in zip(*leaves)]
    size = sum(np.asarray(leaf).nbytes for leaf in leaves[0])  # or texts
    stride = max(1, min(_GATHER_BATCHES, _GATHER_BYTES // max(size, 1)))
    if batches.transforms:  # each batch is one piece, of any length
        stride = 1

    def read(epoch: np.ndarray, index: np.ndarray) -> list[np.ndarray]:
        place = int(epoch), int(index)
        if batches.transforms:
            return tf.nest.flatten(next(batches.iterate(*place)))
        last = min(place[1] + stride, len(batches))
        return tf.nest.flatten(batches.gathered(*place, last))

    def fetch(epoch: Any, index: Any) -> Any:
        values = tf.numpy_function(read, [epoch, index], kinds)
        for value, shape in zip(values, shapes):
            value.set_shape(shape)
        return tf.nest.pack_sequence_as(examples[0], values)

    def one_epoch(epoch: Any) -> Any:
        starts = tf.data.Dataset.range(0, len(batches), stride)
        pieces = starts.map(lambda index: fetch(epoch, index))
        if batches.transforms:
            return pieces
        return pieces.rebatch(batches.batch_size)

    dataset = tf.data.Dataset.range(first, first + epochs)
    cardinality = tf.data.experimental.assert_cardinality(
        epochs * len(batches)
    )
    return dataset.flat_map(one_epoch).apply(cardinality).prefetch(8)


def _shape_of(*arrays: np.ndarray) -> tuple[int | None, ...]:
    """What the first batches tell of the shape of all."""
    axes = zip(*(array.shape[1:] for array in arrays))
    return None, *(a[0] if len(set(a)) == 1 else None for a in axes)


class FollowEpoch(keras.callbacks.Callback):
    """Tells a generator which epoch ``fit`` is in, by Keras' own number.

    A generator alone counts the epochs that were fed whole. That is right
    for one ``fit`` after another on TensorFlow. Pass this callback where
    counting is not enough:

    * a training that goes on: with ``BackupAndRestore`` in a new process,
      or with ``initial_epoch``;
    * ``evaluate`` or ``predict`` on the same generator while ``fit`` runs,
      by a callback or as ``validation_data``;
    * a training that stops within an epoch: Keras reads ahead, so that one
      may have been fed although nothing was learned from it;
    * Keras on JAX, a ``tf.distribute`` strategy, or worker processes: Keras
      begins an epoch, to build the model, before the first one.

    A ``fit`` that begins at epoch 0 continues with the generator's own
    epoch; one with a later ``initial_epoch`` feeds that epoch. So the
    weights at the end are those of a run that was never stopped, unless
    the model draws random numbers of its own, as ``Dropout`` does: Keras
    does not save where those are.

    On JAX with ``workers`` above 1 also call
    ``model.test_on_batch(*batches[0])`` first: to build the model, Keras
    reads batches ahead, and feeds them again.

    A ``fit`` that was interrupted does not tell that it ended: pass the
    callback to the next one too, or set ``batches.epoch``.

    A ``ContractWarning`` warns of a backup from within an epoch
    (``save_freq=100``), because Keras repeats that epoch, and a
    ``steps_per_epoch`` that is not the length of the generator, because
    rows would be lost or come twice.

    Taught in the chapter *Stop, go on, and speed*.

    Args:
        batches: The generator that ``fit`` is given.

    Example:
        >>> from companion import MultiInputGenerator
        >>> batches = MultiInputGenerator({"x": np.arange(6)})
        >>> callbacks = [
        ...     keras.callbacks.BackupAndRestore("backup"),
        ...     FollowEpoch(batches),
        ... ]
    """

    def __init__(self, batches: Any) -> None:
        super().__init__()
        self.batches = batches
        self._ahead: int | None = None
        self._steps_before = 0

    def set_model(self, model: keras.Model) -> None:
        """Called by Keras before any callback restores anything."""
        super().set_model(model)
        self._steps_before = self._steps()

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras before the first epoch."""
        self._ahead = None
        length, steps = len(self.batches), self.params.get("steps")
        if steps not in (None, length):
            _warn(
                f"steps_per_epoch={length}, the batches of an epoch",
                f"{steps} steps",
                "Leave it out: rows would be lost or come twice.",
            )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras before it asks for the first batch."""
        if self._ahead is None:
            self._warn_of_steps_beyond(epoch)
            self._ahead = 0 if epoch else self.batches.lead(self)
        self.batches.lead(self, epoch + self._ahead)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras after the epoch and its validation."""
        self.batches.lead(self, epoch + (self._ahead or 0) + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Called by Keras when no epoch follows."""
        self.batches.lead(None)

    def _steps(self) -> int:
        """Batches that the optimiser has learned from."""
        optimizer = self.model.optimizer
        if optimizer is None:
            return 0
        # Gradients that wait to be applied are not counted as a step.
        together = optimizer.gradient_accumulation_steps or 1
        # Plus 0, to read a number from the variable of a strategy too.
        return int(optimizer.iterations + 0) * together

    def _warn_of_steps_beyond(self, epoch: int) -> None:
        """A backup that was taken when an epoch was under way."""
        steps, length = self._steps(), len(self.batches)
        restored = steps != self._steps_before
        if restored and steps > epoch * length and steps % length:
            _warn(
                f"{epoch * length} steps, the batches of {epoch} epochs",
                f"{steps} steps",
                "Keras repeats the epoch from its first batch. Save at "
                'whole epochs: save_freq="epoch" in BackupAndRestore.',
            )


def _warn(expected: str, received: str, fix: str) -> None:
    problem = Problem("FollowEpoch", expected, received, fix)
    warnings.warn(str(problem), ContractWarning, stacklevel=3)
