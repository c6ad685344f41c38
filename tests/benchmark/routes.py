"""The ways to get batches of two inputs and a target, side by side.

Each route is a function of the rows and the batch size that returns
something to loop over once per epoch, and to pass to ``fit``. Peers stand
here twice: as their own tutorials show them, and at their best, which
means that a whole batch is fetched at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion import MultiInputGenerator

SEED = 0


@dataclass(frozen=True)
class Rows:
    """Two inputs and a target: float32, 10, 20 and 1 numbers wide."""

    a: np.ndarray
    b: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, count: int) -> Rows:
        rng = np.random.default_rng(SEED)
        return cls(
            *(rng.random((count, w), "float32") for w in (10, 20, 1))
        )

    def batch(self, rows: Any) -> tuple:
        return {"a": self.a[rows], "b": self.b[rows]}, self.y[rows]

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Route:
    """A way to feed, and what kind it is."""

    name: str
    kind: str  # ours, keras, peer as taught, peer at its best, limit
    make: Callable[[Rows, int], Any]
    needs: str = "numpy"
    pipeline: bool = True
    fit: bool = True

    @property
    def is_there(self) -> bool:
        return importlib.util.find_spec(self.needs) is not None


class Again:
    """Something to loop over any number of times."""

    def __init__(self, make: Callable[[], Iterator]) -> None:
        self.make = make

    def __iter__(self) -> Iterator:
        return iter(self.make())


def companion(rows: Rows, size: int) -> MultiInputGenerator:
    return MultiInputGenerator(
        {"a": rows.a, "b": rows.b},
        rows.y,
        batch_size=size,
        shuffle=True,
        seed=SEED,
    )


def companion_tf(rows: Rows, size: int) -> Any:
    return companion(rows, size).to_tf_dataset()


class Bare(keras.utils.PyDataset):
    """A PyDataset as the documentation of Keras writes it."""

    def __init__(self, rows: Rows, size: int) -> None:
        super().__init__()
        self.rows, self.size = rows, size
        self.order = np.random.default_rng(SEED).permutation(len(rows))

    def __len__(self) -> int:
        return -(-len(self.rows) // self.size)

    def __getitem__(self, index: int) -> tuple:
        start = index * self.size
        return self.rows.batch(self.order[start : start + self.size])


def arrays(rows: Rows, size: int) -> Rows:
    return rows


def one_shuffle(rows: Rows, size: int) -> Again:
    """The generator that many snippets show: shuffled once, tail lost."""
    order = np.random.default_rng(SEED).permutation(len(rows))

    def make():
        for start in range(0, len(rows) - size + 1, size):
            taken = order[start : start + size]
            yield (rows.a[taken], rows.b[taken]), rows.y[taken]

    return Again(make)


def tf_rows(rows: Rows, size: int) -> Any:
    import tensorflow as tf

    whole = ({"a": rows.a, "b": rows.b}, rows.y)
    dataset = tf.data.Dataset.from_tensor_slices(whole)
    dataset = dataset.shuffle(len(rows), seed=SEED).batch(size)
    return dataset.prefetch(tf.data.AUTOTUNE)


def tf_gathered(rows: Rows, size: int) -> Any:
    import tensorflow as tf

    a, b, y = map(tf.constant, (rows.a, rows.b, rows.y))
    dataset = tf.data.Dataset.range(len(rows))
    dataset = dataset.shuffle(len(rows), seed=SEED).batch(size)
    return dataset.map(
        lambda rows: (
            {"a": tf.gather(a, rows), "b": tf.gather(b, rows)},
            tf.gather(y, rows),
        )
    ).prefetch(tf.data.AUTOTUNE)


def torch_taught(rows: Rows, size: int) -> Any:
    import torch

    class Samples(torch.utils.data.Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            return rows.batch(index)

    return torch.utils.data.DataLoader(
        Samples(), batch_size=size, shuffle=True
    )


def torch_best(rows: Rows, size: int) -> Any:
    import torch

    data = torch.utils.data
    tensors = Rows(*map(torch.from_numpy, (rows.a, rows.b, rows.y)))

    class Batches(data.Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, indices):
            return tensors.batch(torch.as_tensor(indices))

    sampler = data.BatchSampler(data.RandomSampler(rows), size, False)
    return data.DataLoader(Batches(), sampler=sampler, batch_size=None)


def grain_taught(rows: Rows, size: int) -> Any:
    import grain

    class Samples:
        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            return rows.batch(index)

    dataset = grain.MapDataset.source(Samples()).shuffle(seed=SEED)
    return dataset.batch(size).to_iter_dataset()


def grain_best(rows: Rows, size: int) -> Any:
    """One element is a batch, fetched in one call, without threads."""
    import grain

    options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    dataset = grain.MapDataset.source(Bare(rows, size))
    return dataset.to_iter_dataset(options)


def resident(rows: Rows, size: int) -> Any:
    """One batch that is already where the model needs it."""
    import tensorflow as tf

    batch = tf.nest.map_structure(tf.constant, rows.batch(slice(size)))
    dataset = tf.data.Dataset.from_tensors(batch)
    return dataset.repeat(-(-len(rows) // size))


def numpy_take(rows: Rows, size: int) -> Again:
    """Nothing but the copying of the rows."""
    order = np.random.default_rng(SEED).permutation(len(rows))

    def make():
        for start in range(0, len(rows), size):
            taken = order[start : start + size]
            yield (
                rows.a.take(taken, 0),
                rows.b.take(taken, 0),
                rows.y.take(taken, 0),
            )

    return Again(make)


TAUGHT, BEST = "peer as taught", "peer at its best"
ROUTES = [
    Route("generator", "ours", companion),
    Route("to_tf_dataset", "ours", companion_tf, "tensorflow"),
    Route("arrays", "keras", arrays, pipeline=False),
    Route("bare PyDataset", "keras", Bare),
    Route("shuffled once", "keras", one_shuffle, fit=False),
    Route("tf.data, rows", TAUGHT, tf_rows, "tensorflow"),
    Route("tf.data, gathered", BEST, tf_gathered, "tensorflow"),
    Route("torch", TAUGHT, torch_taught, "torch"),
    Route("torch, batched", BEST, torch_best, "torch"),
    Route("Grain", TAUGHT, grain_taught, "grain"),
    Route("Grain, batched", BEST, grain_best, "grain"),
    Route(
        "resident batch", "limit", resident, "tensorflow", pipeline=False
    ),
    Route("numpy.take", "limit", numpy_take, fit=False),
]
