"""The ways to feed samples that are files, side by side.

Files have been read once before, so that they lie in the memory of the
system: what is measured is opening, reading and decoding.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image
from routes import BEST, SEED, TAUGHT, Again, Route

from companion import (
    FileColumn,
    MultiInputGenerator,
    listed_files,
    open_packed,
    pack,
    pair_files,
)

SHAPE = (100, 5)
SIDE = 256


@dataclass(frozen=True)
class Files:
    """A folder with a file, or a pair of files, for each sample."""

    folder: Path
    count: int

    def __len__(self) -> int:
        return self.count

    @classmethod
    def pairs(cls, folder: Path, count: int) -> Files:
        """Readings of a sensor as float64, and a small record beside."""
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(SEED)
        for n in range(count):
            np.save(folder / f"s_{n}.npy", rng.random(SHAPE))
            record = {"id": n, "location": "abc"[n % 3], "value": float(n)}
            (folder / f"m_{n}.json").write_text(json.dumps(record))
        return cls(folder, count)

    @classmethod
    def images(cls, folder: Path, count: int) -> Files:
        """JPEGs of 256 x 256 that look like photos: smooth, with noise."""
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(SEED)
        for n in range(count):
            small = rng.integers(0, 256, (16, 16, 3), "uint8")
            image = Image.fromarray(small).resize((SIDE, SIDE))
            noisy = np.asarray(image) + rng.integers(-8, 9, (SIDE, SIDE, 3))
            pixels = noisy.clip(0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / f"{n}.jpg", quality=90)
        return cls(folder, count)

    def sensor(self, row: int) -> str:
        return f"{self.folder}/s_{row}.npy"

    def meta(self, row: int) -> str:
        return f"{self.folder}/m_{row}.json"

    def image(self, row: int) -> str:
        return f"{self.folder}/{row}.jpg"

    def batches(self, size: int) -> Iterator[np.ndarray]:
        order = np.random.default_rng(SEED).permutation(self.count)
        for start in range(0, self.count, size):
            yield order[start : start + size]


def paired(files: Files, size: int) -> MultiInputGenerator:
    pairs = pair_files(
        files.folder, sensor="s_{id}.npy", meta="m_{id}.json"
    )
    return MultiInputGenerator(
        {"sensor": FileColumn.npy(pairs["sensor"])},
        FileColumn.json(pairs["meta"], "value"),
        batch_size=size,
        shuffle=True,
        seed=SEED,
    )


def packed(files: Files, size: int) -> MultiInputGenerator:
    folder = files.folder.with_name("packed")
    if not folder.exists():
        pack(paired(files, size), folder)
    options = dict(batch_size=size, shuffle=True, seed=SEED)
    return MultiInputGenerator(**open_packed(folder), **options)


def seed_example(files: Files, size: int) -> Again:
    """As the article reads them: np.load and eval, sample by sample."""

    def make():
        for rows in files.batches(size):
            sensors = [np.load(files.sensor(row)) for row in rows]
            records = [
                eval(Path(files.meta(row)).read_text()) for row in rows
            ]
            values = [record["value"] for record in records]
            yield np.array(sensors), np.array(values)

    return Again(make)


class OneByOne(keras.utils.PyDataset):
    """A PyDataset that opens file after file."""

    def __init__(self, files: Files, size: int) -> None:
        super().__init__()
        self.files, self.rows = files, list(files.batches(size))

    def __len__(self) -> int:
        return len(self.rows)


class PairDataset(OneByOne):
    """Readings and a value."""

    def __getitem__(self, index: int) -> tuple:
        rows = self.rows[index]
        sensors = np.stack([np.load(self.files.sensor(r)) for r in rows])
        values = []
        for row in rows:
            with open(self.files.meta(row)) as file:
                values.append(json.load(file)["value"])
        inputs = {"sensor": sensors.astype("float32")}
        return inputs, np.array(values, "float32")


class ImageDataset(OneByOne):
    """Images by Pillow."""

    def __getitem__(self, index: int) -> tuple:
        rows = self.rows[index]
        images = [np.asarray(Image.open(self.files.image(r))) for r in rows]
        return {"image": np.stack(images).astype("float32") / 255}, rows


def tf_native(files: Files, size: int) -> Any:
    """Read and decoded by TensorFlow's own operations, in its threads."""
    import tensorflow as tf

    header = os.path.getsize(files.sensor(0)) - 8 * int(np.prod(SHAPE))

    def read(row: Any) -> tuple:
        name = tf.strings.as_string(row)
        folder = f"{files.folder}/"
        content = tf.io.read_file(folder + "s_" + name + ".npy")
        numbers = tf.strings.substr(content, header, -1)
        sensor = tf.reshape(tf.io.decode_raw(numbers, tf.float64), SHAPE)
        text = tf.io.read_file(folder + "m_" + name + ".json")
        value = tf.strings.regex_replace(
            text, r'.*"value": ([-+.0-9e]+).*', r"\1"
        )
        target = tf.strings.to_number(value)
        return {"sensor": tf.cast(sensor, tf.float32)}, target

    dataset = tf.data.Dataset.range(len(files))
    dataset = dataset.shuffle(len(files), seed=SEED)
    dataset = dataset.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.batch(size).prefetch(tf.data.AUTOTUNE)


def tf_images(files: Files, size: int) -> Any:
    import tensorflow as tf

    def read(row: Any) -> tuple:
        name = f"{files.folder}/" + tf.strings.as_string(row) + ".jpg"
        image = tf.io.decode_jpeg(tf.io.read_file(name), 3)
        return {"image": tf.cast(image, tf.float32) / 255}, row

    dataset = tf.data.Dataset.range(len(files))
    dataset = dataset.shuffle(len(files), seed=SEED)
    dataset = dataset.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.batch(size).prefetch(tf.data.AUTOTUNE)


def imaged(files: Files, size: int) -> MultiInputGenerator:
    names = [f"{n}.jpg" for n in range(len(files))]
    paths = listed_files(files.folder, names)
    return MultiInputGenerator(
        {"image": FileColumn.image(paths, (SIDE, SIDE, 3))},
        np.arange(len(files)),
        batch_size=size,
        shuffle=True,
        seed=SEED,
    )


def torch_pairs(workers: int) -> Any:
    def make(files: Files, size: int) -> Any:
        import torch

        class Samples(torch.utils.data.Dataset):
            def __len__(self):
                return len(files)

            def __getitem__(self, row):
                sensor = np.load(files.sensor(row)).astype("float32")
                with open(files.meta(row)) as file:
                    return sensor, json.load(file)["value"]

        return torch.utils.data.DataLoader(
            Samples(), batch_size=size, shuffle=True, num_workers=workers
        )

    return make


def grain_pairs(files: Files, size: int) -> Any:
    import grain

    class Samples:
        def __len__(self):
            return len(files)

        def __getitem__(self, row):
            sensor = np.load(files.sensor(row)).astype("float32")
            with open(files.meta(row)) as file:
                return sensor, np.float32(json.load(file)["value"])

    dataset = grain.MapDataset.source(Samples()).shuffle(seed=SEED)
    return dataset.batch(size).to_iter_dataset()


def read_alone(files: Files, size: int) -> Again:
    """Nothing but the bytes of both files."""

    def content(path: str) -> bytes:
        handle = os.open(path, os.O_RDONLY)
        try:
            return os.read(handle, 2**20)
        finally:
            os.close(handle)

    def make():
        for rows in files.batches(size):
            yield [
                (content(files.sensor(r)), content(files.meta(r)))
                for r in rows.tolist()
            ]

    return Again(make)


def gathered(files: Files, size: int) -> Again:
    """Nothing but the copying of rows out of memory maps."""
    parts = packed(files, size).columns
    sensor = parts["input"]["sensor"].values
    values = parts["target"][""].values

    def make():
        for rows in files.batches(size):
            yield np.asarray(sensor).take(rows, 0), values.take(rows, 0)

    return Again(make)


OF_PAIRS = [
    Route("FileColumn", "ours", paired),
    Route("np.load and eval", "keras", seed_example),
    Route("PyDataset, one by one", "keras", PairDataset),
    Route("tf.data, own operations", BEST, tf_native, "tensorflow"),
    Route("torch", TAUGHT, torch_pairs(0), "torch"),
    Route("torch, 2 workers", BEST, torch_pairs(2), "torch"),
    Route("Grain, threads", TAUGHT, grain_pairs, "grain"),
    Route("bytes of the files", "limit", read_alone),
]
#: The same pairs, once packed: so fast that only NumPy is beside them.
OF_PACKED = [
    Route("packed", "ours", packed),
    Route("memory map, numpy.take", "limit", gathered),
]
OF_IMAGES = [
    Route("FileColumn.image", "ours", imaged, "PIL"),
    Route("PyDataset, one by one", "keras", ImageDataset, "PIL"),
    Route("tf.data, own operations", BEST, tf_images, "tensorflow"),
]
