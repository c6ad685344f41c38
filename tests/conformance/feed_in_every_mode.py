"""Records what a model is fed, for each generator and worker mode.

Run as a program, in a process of its own: worker processes are started
from it, and a hang ends with it.
"""

import hashlib
import json
import os
import sys

import keras
import numpy as np
from catalogue import GENERATORS

from companion import MultiInputGenerator


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


class Where:
    """A column whose rows tell whether a process of their own made them."""

    main = os.getpid()

    def __len__(self):
        return 40

    def take(self, rows):
        return np.full(len(rows), int(os.getpid() != self.main))


class Maker(Recorder):
    """Writes down where each batch was made."""

    def train_step(self, data):
        self.seen += np.unique(np.asarray(data[0]["where"])).tolist()
        return {"loss": 0.0}


def where_made(mode):
    """Kinds of workers that made the batches of a training."""
    batches = MultiInputGenerator({"where": Where()}, batch_size=4, **mode)
    model = Maker()
    model.compile(optimizer="sgd", run_eagerly=True)
    model.fit(batches, epochs=2, shuffle=False, verbose=0)
    return sorted({("thread", "process")[k] for k in model.seen})


def main():
    """Prints what was fed as one line of JSON."""
    modes, epochs = json.loads(sys.argv[1]), int(sys.argv[2])
    fed = {
        name: {mode: feed(make, modes[mode], epochs) for mode in modes}
        for name, make in GENERATORS.items()
    }
    fed["where"] = {mode: where_made(modes[mode]) for mode in modes}
    print(json.dumps(fed))


if __name__ == "__main__":
    main()
