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

from companion import MultiInputGenerator, PaddedText

SEED = 0
#: Ids of a padded text.
LENGTH = 20


@dataclass(frozen=True)
class Rows:
    """The inputs by name, ready to be fed, and the targets.

    Of texts there are also the ids of each, as they were before padding.
    """

    inputs: dict[str, np.ndarray]
    y: np.ndarray
    texts: list[np.ndarray] | None = None

    @classmethod
    def draw(cls, count: int) -> Rows:
        """Two inputs and a target: float32, 10, 20 and 1 numbers wide."""
        rng = np.random.default_rng(SEED)
        a, b, y = (rng.random((count, w), "float32") for w in (10, 20, 1))
        return cls({"a": a, "b": b}, y)

    @classmethod
    def images_and_texts(cls, count: int) -> Rows:
        """Small photos as bytes, and 5 to 20 ids padded to 20."""
        rng = np.random.default_rng(SEED)
        images = rng.integers(0, 256, (count, 32, 32, 3), "uint8")
        lengths = rng.integers(5, LENGTH + 1, count)
        texts = [rng.integers(1, 5000, n, "int32") for n in lengths]
        padded = keras.utils.pad_sequences(texts, LENGTH, padding="post")
        inputs = {"image": images, "text": padded}
        return cls(inputs, rng.random((count, 1), "float32"), texts)

    def batch(self, rows: Any) -> tuple:
        return {n: x[rows] for n, x in self.inputs.items()}, self.y[rows]

    def sample(self, row: int) -> tuple:
        """One row, as the tutorials of peers fetch it: padded alone."""
        inputs, y = self.batch(row)
        if self.texts is not None:
            ids = self.texts[row]
            inputs["text"] = np.pad(ids, (0, LENGTH - len(ids)))
        return inputs, y

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
    inputs: dict[str, Any] = dict(rows.inputs)
    if rows.texts is not None:
        inputs["text"] = PaddedText(rows.texts, LENGTH)
    return MultiInputGenerator(
        inputs,
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


class Padding(Bare):
    """The same, with texts padded as each batch is made."""

    def __getitem__(self, index: int) -> tuple:
        start = index * self.size
        taken = self.order[start : start + self.size]
        texts = [self.rows.texts[row] for row in taken]
        padded = keras.utils.pad_sequences(texts, LENGTH, padding="post")
        images = self.rows.inputs["image"][taken]
        return {"image": images, "text": padded}, self.rows.y[taken]


def arrays(rows: Rows, size: int) -> Rows:
    return rows


def one_shuffle(rows: Rows, size: int) -> Again:
    """The generator that many snippets show: shuffled once, tail lost."""
    order = np.random.default_rng(SEED).permutation(len(rows))

    def make():
        for start in range(0, len(rows) - size + 1, size):
            taken = order[start : start + size]
            inputs, y = rows.batch(taken)
            yield tuple(inputs.values()), y

    return Again(make)


def tf_rows(rows: Rows, size: int) -> Any:
    import tensorflow as tf

    whole = rows.inputs, rows.y
    dataset = tf.data.Dataset.from_tensor_slices(whole)
    dataset = dataset.shuffle(len(rows), seed=SEED).batch(size)
    return dataset.prefetch(tf.data.AUTOTUNE)


def tf_padded(rows: Rows, size: int) -> Any:
    import tensorflow as tf

    def padded(inputs: dict, y: Any) -> tuple:
        text = inputs["text"].to_tensor(shape=(None, LENGTH))
        return {**inputs, "text": text}, y

    texts = tf.ragged.constant([ids.tolist() for ids in rows.texts])
    whole = {**rows.inputs, "text": texts}, rows.y
    dataset = tf.data.Dataset.from_tensor_slices(whole)
    dataset = dataset.shuffle(len(rows), seed=SEED).batch(size)
    return dataset.map(padded).prefetch(tf.data.AUTOTUNE)


def tf_gathered(rows: Rows, size: int) -> Any:
    import tensorflow as tf

    whole = tf.nest.map_structure(tf.constant, (rows.inputs, rows.y))
    dataset = tf.data.Dataset.range(len(rows))
    dataset = dataset.shuffle(len(rows), seed=SEED).batch(size)
    return dataset.map(
        lambda taken: tf.nest.map_structure(
            lambda values: tf.gather(values, taken), whole
        )
    ).prefetch(tf.data.AUTOTUNE)


def torch_taught(rows: Rows, size: int) -> Any:
    import torch

    class Samples(torch.utils.data.Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            return rows.sample(index)

    return torch.utils.data.DataLoader(
        Samples(), batch_size=size, shuffle=True
    )


def torch_best(rows: Rows, size: int) -> Any:
    import torch

    data = torch.utils.data
    inputs = {n: torch.from_numpy(x) for n, x in rows.inputs.items()}
    tensors = Rows(inputs, torch.from_numpy(rows.y))

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
            return rows.sample(index)

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
                *(x.take(taken, 0) for x in rows.inputs.values()),
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

#: The same with texts, which are padded where tutorials pad them.
_PADDED = {
    "bare PyDataset": Route("PyDataset that pads", "keras", Padding),
    "tf.data, rows": Route(
        "tf.data, rows", TAUGHT, tf_padded, "tensorflow"
    ),
}
OF_TEXTS = [
    _PADDED.get(route.name, route) for route in ROUTES if route.pipeline
]
