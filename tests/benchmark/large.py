"""Data larger than memory should be: packed rows, block-wise order.

``python tests/benchmark/large.py [ROWS]`` packs rows of 50 numbers sorted
by label (10 million make 2 GB), trains an epoch in the order of `Blocks`
and one in a full shuffle, and prints losses, seconds and the memory that
is this process's own, beyond what it held before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from companion import Blocks, MultiInputGenerator, open_packed, pack

WIDTH, CLASSES, BATCH = 50, 10, 1024


class Sorted:
    """Rows about a centre of their class, all of a class together."""

    def __init__(self, rows: int, targets: bool) -> None:
        self.rows, self.targets = rows, targets
        self.centres = np.random.default_rng(0).normal(
            size=(CLASSES, WIDTH)
        )

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: np.ndarray) -> np.ndarray:
        labels = rows * CLASSES // self.rows
        if self.targets:
            return labels.astype("int32")
        rng = np.random.default_rng(rows[0])
        noise = rng.standard_normal((len(rows), WIDTH), "float32")
        return (self.centres[labels] + 3 * noise).astype("float32")


def private() -> float:
    """Megabytes of this process that no file stands behind."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Most(keras.callbacks.Callback):
    """The most private memory while a model trains."""

    megabytes = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch % 100 == 0:
            self.megabytes = max(self.megabytes, private())


def trained(
    parts: dict[str, Any], shuffle: bool | Blocks
) -> tuple[float, float, float]:
    """Loss on 50,000 rows after an epoch, seconds, and private memory."""
    batches = MultiInputGenerator(
        **parts, batch_size=BATCH, shuffle=shuffle, seed=0
    )
    keras.utils.set_random_seed(0)
    x = keras.Input((WIDTH,), name="x")
    model = keras.Model([x], keras.layers.Dense(CLASSES)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # To 0 within the epoch: what the last rows were then matters little.
    rate = keras.optimizers.schedules.CosineDecay(0.003, len(batches))
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)
    before, most, begin = private(), Most(), time.perf_counter()
    batches = MultiInputGenerator(
        **parts, batch_size=BATCH, shuffle=shuffle, seed=0
    )
    model.fit(batches, shuffle=False, verbose=0, callbacks=[most])
    seconds = time.perf_counter() - begin
    rng = np.random.default_rng(1)
    rows = np.sort(rng.choice(len(parts["targets"]), 50_000))
    test = {"x": parts["inputs"]["x"][rows]}, parts["targets"][rows]
    error = model.evaluate(*test, batch_size=BATCH, verbose=0)
    return error, seconds, most.megabytes - before


def main(rows: int) -> dict[str, tuple[float, float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        source = MultiInputGenerator(
            {"x": Sorted(rows, False)}, Sorted(rows, True), batch_size=4096
        )
        begin, before = time.perf_counter(), private()
        parts = open_packed(pack(source, Path(folder, "packed")))
        print(f"packed in {time.perf_counter() - begin:.0f} s, ", end="")
        print(f"{private() - before:.0f} MB more")
        orders = {
            "Blocks()": Blocks(),
            "Blocks(mixed=256)": Blocks(mixed=256),
            "full shuffle": True,
        }
        found = {
            name: trained(parts, each) for name, each in orders.items()
        }
    for name, (loss, seconds, megabytes) in found.items():
        print(
            f"{name:18} loss {loss:.4f}, {seconds:.0f} s, "
            f"{megabytes:.0f} MB more"
        )
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
