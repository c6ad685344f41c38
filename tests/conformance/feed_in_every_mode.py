"""Records what a model is fed, for each generator and worker mode.

Run as a program, in a process of its own: worker processes are started
from it, and a hang ends with it.
"""

import hashlib
import json
import sys

import keras
import numpy as np
from catalogue import GENERATORS


def digest(batch):
    """A short name for the contents of a batch."""
    summary = hashlib.sha256()
    for part in batch:
        named = part if isinstance(part, dict) else {"": part}
        for name, values in sorted(named.items()):
            values = np.asarray(values)
            summary.update(f"{name} {values.dtype} {values.shape}".encode())
            summary.update(np.ascontiguousarray(values).tobytes())
    return summary.hexdigest()[:12]


class Recorder(keras.Model):
    """Learns nothing; writes down every batch it is given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def train_step(self, data):
        self.seen.append(digest(part for part in data if part is not None))
        return {"loss": 0.0}

    def test_step(self, data):
        return {"loss": 0.0}


def feed(make, mode, epochs):
    """Trains on a generator, with validation in between."""
    batches, validation = make(**mode), make(**mode).in_order()
    model = Recorder()
    model.compile(optimizer="sgd", run_eagerly=True)
    model.fit(
        batches,
        epochs=epochs,
        validation_data=validation,
        shuffle=False,
        verbose=0,
    )
    return {
        "seen": model.seen,
        "epoch": batches.epoch,
        "validation epoch": validation.epoch,
    }


def main():
    """Prints what was fed as one line of JSON."""
    modes, epochs = json.loads(sys.argv[1]), int(sys.argv[2])
    fed = {
        name: {mode: feed(make, modes[mode], epochs) for mode in modes}
        for name, make in GENERATORS.items()
    }
    print(json.dumps(fed))


if __name__ == "__main__":
    main()
