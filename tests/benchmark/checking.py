"""What `check` costs: on large arrays, on a generator, on a large model.

``python tests/benchmark/checking.py`` prints medians of five, in seconds;
of the large model, ResNet-50 on batches of 32 images, of one. ``small``
takes a hundredth of the rows and a small model.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable

import keras
import numpy as np

from companion import ContractWarning, MultiInputGenerator, check

GIGABYTE = 2**30 // (4 * 64)  # rows of 64 numbers of float32


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Median of several runs."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def two_inputs() -> keras.Model:
    """64 numbers and one, to one number."""
    numbers = keras.Input((64,), name="numbers")
    zone = keras.Input((1,), name="zone")
    joined = keras.layers.Concatenate()([numbers, zone])
    model = keras.Model([numbers, zone], keras.layers.Dense(1)(joined))
    model.compile("adam", "mse")
    return model


class Hidden(keras.utils.PyDataset):
    """Batches whose arrays `check` cannot look into."""

    def __init__(self, batches: MultiInputGenerator) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple:
        return self.batches[index]


def resnet(small: bool) -> keras.Model:
    """An image and one number, to one of ten classes."""
    image = keras.Input((224, 224, 3), name="image")
    zone = keras.Input((1,), name="zone")
    if small:
        features = keras.layers.GlobalAveragePooling2D()(image)
    else:
        network = keras.applications.ResNet50(
            include_top=False, weights=None, pooling="avg"
        )
        features = network(image)
    joined = keras.layers.Concatenate()([features, zone])
    answer = keras.layers.Dense(10, activation="softmax")(joined)
    model = keras.Model([image, zone], answer)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def arrays(rows: int) -> dict[str, np.ndarray]:
    """Rows for the first model."""
    rng = np.random.default_rng(0)
    return {
        "numbers": rng.random((rows, 64), dtype="float32"),
        "zone": rng.random((rows, 1), dtype="float32"),
    }


def main(small: bool) -> dict[str, float]:
    """Seconds of each."""
    warnings.simplefilter("ignore", ContractWarning)
    rows = GIGABYTE // (100 if small else 1)
    data, model = arrays(rows), two_inputs()
    targets = np.ones(rows, "float32")
    hidden = Hidden(MultiInputGenerator(data, targets, batch_size=32))
    images = {
        "image": np.zeros((32, 224, 224, 3), "float32"),
        "zone": np.ones((32, 1), "float32"),
    }
    classes, large = np.zeros(32, "int64"), resnet(small)
    once = 5 if small else 1

    def check_large(run: bool) -> float:
        return seconds(
            lambda: check(large, images, targets=classes, run=run), once
        )

    size = f"{data['numbers'].nbytes / 2**30:.2f} GiB"
    return {
        f"arrays of {size}: read once": seconds(
            lambda: [np.isfinite(part).all() for part in data.values()]
        ),
        "arrays: check": seconds(
            lambda: check(model, data, targets=targets)
        ),
        "arrays: check(run=False)": seconds(
            lambda: check(model, data, targets=targets, run=False)
        ),
        "PyDataset: three batches": seconds(
            lambda: [hidden[n] for n in (0, 1, len(hidden) - 1)]
        ),
        "PyDataset: check": seconds(lambda: check(model, hidden)),
        "PyDataset: check(run=False)": seconds(
            lambda: check(model, hidden, run=False)
        ),
        "large model: check": check_large(run=True),
        "large model: check(run=False)": check_large(run=False),
        "large model: two epochs of fit, one batch each": seconds(
            lambda: large.fit(images, classes, epochs=2, verbose=0), 1
        ),
    }


if __name__ == "__main__":
    for name, took in main("small" in sys.argv[1:]).items():
        print(f"{name:48} {took:8.3f} s")
