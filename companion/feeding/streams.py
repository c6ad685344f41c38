"""Other ways into ``fit``: as a data set of TensorFlow, and resumed."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from companion.errors import ContractWarning, Problem

#: Bytes that `tf_dataset` gathers at once, and batches at most.
_GATHER_BYTES, _GATHER_BATCHES = 2**24, 64


def tf_dataset(batches: Any, epochs: int) -> Any:
    """What `MultiInputGenerator.to_tf_dataset` gives back."""
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "to_tf_dataset needs TensorFlow. Install it, or pass the "
            "generator itself to fit."
        ) from error
    example = next(batches.iterate())
    leaves = tf.nest.flatten(example)
    size = sum(leaf.nbytes for leaf in leaves)
    stride = max(1, min(_GATHER_BATCHES, _GATHER_BYTES // max(size, 1)))
    if batches.transforms:
        stride = 1

    def read(epoch: np.ndarray, first: np.ndarray) -> list[np.ndarray]:
        place = int(epoch), int(first)
        if batches.transforms:
            return tf.nest.flatten(next(batches.iterate(*place)))
        last = min(int(first) + stride, len(batches))
        return tf.nest.flatten(batches.gathered(*place, last))

    def fetch(epoch: Any, first: Any) -> Any:
        kinds = [leaf.dtype for leaf in leaves]
        values = tf.numpy_function(read, [epoch, first], kinds)
        for value, leaf in zip(values, leaves):
            value.set_shape((None, *leaf.shape[1:]))
        return tf.nest.pack_sequence_as(example, values)

    def one_epoch(epoch: Any) -> Any:
        starts = tf.data.Dataset.range(0, len(batches), stride)
        pieces = starts.map(lambda first: fetch(epoch, first))
        return pieces.rebatch(batches.order.batch_size)

    dataset = tf.data.Dataset.range(epochs).flat_map(one_epoch)
    cardinality = tf.data.experimental.assert_cardinality
    return dataset.apply(cardinality(epochs * len(batches))).prefetch(8)


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
