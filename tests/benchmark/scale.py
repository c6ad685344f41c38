"""What an epoch's order costs as rows grow: seconds, bytes, and mixing.

``make benchmark`` prints a table. Each line is measured in a process of
its own, so that one cannot profit from the memory of another.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

from companion import Blocks, MultiInputGenerator, Noise

SIZES = (10**6, 10**7, 10**8)
BATCH, CLASSES, LOOKS = 32, 10, 2000
SHUFFLES: dict[str, bool | Blocks] = {
    "in order": False,
    "full shuffle": True,
    "Blocks(256, mixed=64)": Blocks(),
    "Blocks(256, mixed=4)": Blocks(mixed=4),
}


class Ids:
    """A column that gives the numbers of its rows, and holds nothing."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: np.ndarray) -> np.ndarray:
        return rows


def seconds(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def memory(do: Callable[[], object]) -> tuple[int, int]:
    """Bytes that are held afterwards, and at most meanwhile."""
    tracemalloc.start()
    try:
        kept = do()  # noqa: F841, held until it is counted
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def three_of(batches: MultiInputGenerator) -> MultiInputGenerator:
    """The generator, after its first batches."""
    for index in range(3):
        batches[index]
    return batches


def measure(rows: int, shuffle: bool | Blocks) -> dict[str, float]:
    """The first batch of an epoch, then more; what is held; what is met.

    ``classes`` are those met in a batch, of ten, if the rows are sorted by
    class: the fewer, the less is mixed.
    """

    def fresh() -> MultiInputGenerator:
        return MultiInputGenerator(
            {"id": Ids(rows)}, batch_size=BATCH, shuffle=shuffle, seed=0
        )

    batches = fresh()
    first = seconds(lambda: batches[0])
    looks = range(1, min(LOOKS, len(batches)))
    others = seconds(lambda: [batches[i] for i in looks])
    met = [
        len(np.unique(batches[i][0]["id"] * CLASSES // rows)) for i in looks
    ]
    held, peak = memory(lambda: three_of(fresh()))
    return {
        "first_batch_seconds": first,
        "batch_microseconds": others / len(looks) * 1e6,
        "bytes_per_row": held / rows,
        "peak_megabytes": peak / 1e6,
        "classes_in_a_batch": float(np.mean(met)),
    }


def measure_file(rows: int, shuffle: bool | Blocks) -> float:
    """Samples a second from a memory map of ten numbers a row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        file = np.lib.format.open_memmap(
            path, "w+", dtype="float32", shape=(rows, 10)
        )
        file[:] = 1
        del file
        batches = MultiInputGenerator(
            {"x": np.load(path, mmap_mode="r")},
            batch_size=BATCH,
            shuffle=shuffle,
            seed=0,
        )
        batches[0]
        looks = np.linspace(1, len(batches) - 200, 20).astype(int)
        taken = seconds(
            lambda: [batches[i + k] for i in looks for k in range(200)]
        )
        return len(looks) * 200 * BATCH / taken


def measure_noise() -> float:
    """Megabytes for an epoch of 10**11 samples that are all drawn."""
    noise = {"z": Noise(2)}
    _, peak = memory(
        lambda: MultiInputGenerator(noise, length=10**11, seed=0)[0]
    )
    return peak / 1e6


def alone(*arguments: str) -> dict[str, float]:
    """What a process of its own measures."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: list[str] | None = None) -> list[dict[str, object]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--one", nargs=2)
    options = parser.parse_args(arguments)
    if options.one:
        rows, name = int(options.one[0]), options.one[1]
        print(json.dumps(measure(rows, SHUFFLES[name])))
        return []
    head = ("first batch", "others", "held", "peak", "classes met")
    print(f"\n{'rows, order':34}" + "".join(f"{h:>13}" for h in head))
    found: list[dict[str, object]] = []
    for rows in options.sizes:
        for name in SHUFFLES:
            one = alone(str(rows), name)
            found.append({"rows": rows, "order": name, **one})
            cells = (
                f"{one['first_batch_seconds']:.3f} s",
                f"{one['batch_microseconds']:.1f} us",
                f"{one['bytes_per_row']:.2f} B/row",
                f"{one['peak_megabytes']:.1f} MB",
                f"{one['classes_in_a_batch']:.1f} of {CLASSES}",
            )
            place = f"{rows:.0e} {name}".replace("e+0", "e")
            print(f"  {place:32}" + "".join(f"{c:>13}" for c in cells))
    rows = min(options.sizes[-1], 10**7)
    print(f"\nA memory map of {rows:,} rows of ten numbers, samples/s")
    for name, shuffle in SHUFFLES.items():
        print(f"  {name:32}{measure_file(rows, shuffle):>13,.0f}")
    print(f"\nNoise alone, 10**11 samples: {measure_noise():.1f} MB")
    return found


if __name__ == "__main__":
    main()
