"""A training that can be killed and started again, run as a program.

``python resume.py FOLDER EPOCHS [processes] [files]`` trains, backs up
after each epoch, and saves the final weights. It prints a line after every
batch, so that a test can kill it in the middle of an epoch.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np

from companion import FileColumn, FollowEpoch, MultiInputGenerator, Noise


class Tell(keras.callbacks.Callback):
    """Says where the training is, and leaves time to be killed there."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        print(f"{self.epoch} {batch}", flush=True)
        time.sleep(0.02)


def main():
    folder, epochs = Path(sys.argv[1]), int(sys.argv[2])
    processes = "processes" in sys.argv
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((22, 3))
    column = numbers
    if "files" in sys.argv:
        paths = [folder / f"{row}.npy" for row in range(len(numbers))]
        for path, row in zip(paths, numbers):
            np.save(path, row)
        column = FileColumn.npy(paths)
    batches = MultiInputGenerator(
        {"numbers": column, "noise": Noise(2)},
        numbers.sum(axis=1, keepdims=True),
        batch_size=4,
        shuffle=True,
        seed=0,
        workers=4 if processes else 1,
        use_multiprocessing=processes,
    )
    keras.utils.set_random_seed(0)
    x = keras.Input((3,), name="numbers")
    z = keras.Input((2,), name="noise")
    joined = keras.layers.Concatenate()([x, z])
    model = keras.Model([x, z], keras.layers.Dense(1)(joined))
    model.compile(optimizer="adam", loss="mse")
    model.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(folder / "backup"),
            FollowEpoch(batches),
            Tell(),
        ],
    )
    np.savez(folder / "final.npz", *model.get_weights())


if __name__ == "__main__":
    main()
