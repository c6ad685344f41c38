"""Every way to train on a generator, and which rows it was fed.

``python tests/conformance/ways_to_train.py`` prints a table, a line a way;
``KERAS_BACKEND=jax`` before it tries Keras on JAX. With ``--json`` it
prints what was fed, for the tests.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from companion import FollowEpoch, MultiInputGenerator

N, BATCH, EPOCHS = 22, 4, 3
BACKEND = keras.backend.backend()
IDS = np.arange(N, dtype="float32")[:, None]


def fresh(**options):
    """A new generator, as in a new process."""
    settings = dict(batch_size=BATCH, shuffle=True, seed=7)
    return MultiInputGenerator({"x": IDS}, IDS, **{**settings, **options})


class Recorder(keras.Model):
    """A model that trains as any other, and notes the rows of each step."""

    seen: list[list[int]]

    def train_step(self, *given):  # JAX hands over a state as well
        inputs = given[-1][0]
        self.seen.append(np.asarray(inputs["x"])[:, 0].astype(int).tolist())
        return super().train_step(*given)


def recorder(dtype=None, optimizer="sgd"):
    """A compiled model with nothing seen."""
    x = keras.Input((1,), name="x")
    model = Recorder([x], keras.layers.Dense(1, dtype=dtype)(x))
    model.seen = []
    model.compile(
        optimizer=optimizer, loss="mse", run_eagerly=True, jit_compile=False
    )
    return model


class PowerCutError(Exception):
    """The power cut."""


class At(keras.callbacks.Callback):
    """Does something in the middle of every epoch."""

    def __init__(self, what, batch=2):
        super().__init__()
        self.what, self.batch = what, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            self.what(self.model, self.epoch)


def fit(model, batches, *callbacks, epochs=EPOCHS, **options):
    """As a user writes it."""
    model.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*callbacks],
        **options,
    )


def one_fit(model):
    fit(model, fresh())


def three_fits(model):
    batches = fresh()
    for _ in range(EPOCHS):
        fit(model, batches, epochs=1)


def three_fits_followed(model):
    batches = fresh()
    for _ in range(EPOCHS):
        fit(model, batches, FollowEpoch(batches), epochs=1)


def a_loop_over_batches(model):
    batches = fresh()
    for _ in range(EPOCHS):
        for inputs, targets in batches:
            model.seen.append(inputs["x"][:, 0].astype(int).tolist())
            model.train_on_batch(inputs, targets)
    del model.seen[::2]  # the step noted them as well


def a_loop_over_iterate(model):
    batches = fresh()
    for epoch in range(EPOCHS):
        for inputs, targets in batches.iterate(epoch):
            model.train_on_batch(inputs, targets)


def evaluate_within(model):
    batches = fresh()

    def look(model, epoch):
        model.evaluate(batches, verbose=0)
        model.predict(batches, verbose=0)

    fit(model, batches, FollowEpoch(batches), At(look))


def validation_on_the_same(model):
    batches = fresh()
    fit(model, batches, FollowEpoch(batches), validation_data=batches)


def initial_epoch(model):
    fit(model, fresh(), epochs=1)
    batches = fresh()
    fit(model, batches, FollowEpoch(batches), initial_epoch=1)


def resumed(model):
    """Stopped in the second epoch, and gone on with in a new process."""

    def stop(model, epoch):
        if epoch == 1:
            raise PowerCutError

    with tempfile.TemporaryDirectory() as folder:
        backup = Path(folder) / "backup"

        def callbacks(batches):
            restore = keras.callbacks.BackupAndRestore(backup)
            return restore, FollowEpoch(batches)

        batches = fresh()
        try:
            fit(model, batches, *callbacks(batches), At(stop))
        except PowerCutError:
            del model.seen[-3:]  # of the epoch that is done again
        batches = fresh()
        fit(model, batches, *callbacks(batches))


def skipped_steps(model):
    """Float16 gradients that overflow: the optimiser skips the step."""
    scaled = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(1e-6), initial_scale=2.0**40
    )
    half = recorder("mixed_float16", scaled)
    fit(half, fresh(), epochs=1)
    skipped = len(half.seen) - int(np.asarray(scaled.iterations))
    if not skipped:
        raise RuntimeError("no step was skipped")
    batches = fresh()
    fit(half, batches, FollowEpoch(batches), initial_epoch=1)
    model.seen = half.seen


def stopped_within_an_epoch(model):
    """`stop_training` leaves an epoch unfinished: it is fed again."""
    batches = fresh()

    def stop(model, epoch):
        model.stop_training = True

    fit(model, batches, At(stop))
    del model.seen[:]
    fit(model, batches)


def from_the_middle(model):
    """The rest of an epoch from `iterate`, then whole epochs."""
    batches = fresh()
    for inputs, targets in batches.iterate(0):
        model.train_on_batch(inputs, targets)
        if len(model.seen) == 2:
            break
    rest = len(batches) - 2
    fit(model, batches.iterate(0, 2), epochs=1, steps_per_epoch=rest)
    fit(model, batches, FollowEpoch(batches), initial_epoch=1)


def threads(model):
    batches = fresh(workers=4)
    if BACKEND == "jax":  # see threads_on_an_unbuilt_model
        model.test_on_batch(*batches[0])
    fit(model, batches, FollowEpoch(batches))


def threads_on_an_unbuilt_model(model):
    """Keras on JAX reads ahead to build it, and feeds that again."""
    batches = fresh(workers=4)
    fit(model, batches, FollowEpoch(batches))


def processes(model):
    batches = fresh(workers=2, use_multiprocessing=True)
    fit(model, batches, FollowEpoch(batches))


def steps_per_epoch(model):
    batches = fresh()
    fit(model, batches, FollowEpoch(batches), steps_per_epoch=len(batches))


def tf_dataset(model):
    batches = fresh()
    dataset = batches.to_tf_dataset(EPOCHS)
    fit(model, dataset, steps_per_epoch=len(batches))


def tf_dataset_resumed(model):
    batches = fresh()
    steps = {"steps_per_epoch": len(batches)}
    fit(model, batches.to_tf_dataset(1), epochs=1, **steps)
    rest = batches.to_tf_dataset(EPOCHS - 1, epoch=1)
    fit(model, rest, initial_epoch=1, **steps)


def two_devices():
    """Makes two of one processor, before TensorFlow looks at it."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)


def mirrored(model):
    """Two replicas share each batch, half and half."""
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        both = recorder()
    batches = fresh()
    fit(both, batches, FollowEpoch(batches))
    halves = both.seen
    model.seen = [
        one + other for one, other in zip(halves[::2], halves[1::2])
    ]


#: Name, way, and whether it is for TensorFlow alone.
WAYS: dict[str, tuple[Callable, bool]] = {
    "MirroredStrategy, FollowEpoch": (mirrored, True),
    "fit": (one_fit, False),
    "three fits": (three_fits, False),
    "three fits, FollowEpoch": (three_fits_followed, False),
    "a loop over batches": (a_loop_over_batches, False),
    "a loop over iterate": (a_loop_over_iterate, False),
    "evaluate within, FollowEpoch": (evaluate_within, False),
    "validation on the same, FollowEpoch": (validation_on_the_same, False),
    "initial_epoch, FollowEpoch": (initial_epoch, False),
    "resumed, FollowEpoch": (resumed, False),
    "skipped steps, FollowEpoch": (skipped_steps, False),
    "stopped within an epoch": (stopped_within_an_epoch, False),
    "from the middle, FollowEpoch": (from_the_middle, False),
    "4 threads, FollowEpoch": (threads, False),
    "2 processes, FollowEpoch": (processes, True),
    "steps_per_epoch, FollowEpoch": (steps_per_epoch, False),
    "to_tf_dataset": (tf_dataset, True),
    "to_tf_dataset, resumed": (tf_dataset_resumed, True),
}


def expected():
    """The stream, batch by batch."""
    return [
        inputs["x"][:, 0].astype(int).tolist()
        for inputs, _ in fresh().iterate(epochs=EPOCHS)
    ]


def fed():
    """The rows of each step, by way."""
    if BACKEND == "tensorflow":
        two_devices()
    seen = {}
    for name, (way, of_tensorflow) in WAYS.items():
        if of_tensorflow and BACKEND != "tensorflow":
            continue
        model = recorder()
        way(model)
        seen[name] = model.seen
    return seen


def complete(steps):
    """Whether every row came once in each epoch."""
    length = -(-N // BATCH)
    epochs = [
        sorted(sum(steps[start : start + length], []))
        for start in range(0, len(steps), length)
    ]
    return epochs == [list(range(N))] * EPOCHS


def main():
    """Prints a line for each way: epochs in order, and rows complete."""
    seen, right = fed(), expected()
    if "--json" in sys.argv:
        print(json.dumps(seen))
        return
    print(f"{'Keras on ' + BACKEND:40}{'rows once':>12}{'as iterate':>12}")
    for name, steps in seen.items():
        once, same = (
            "yes" if true else "no"
            for true in (complete(steps), steps == right)
        )
        print(f"{name:40}{once:>12}{same:>12}")


if __name__ == "__main__":
    main()
