"""Two workers read files and hand batches to one training: tf.data service.

``python tfdata_service.py FOLDER`` prints how many samples came, how many
different ones, and the loss of an epoch.
"""

import sys
import time

import keras
import numpy as np
import tensorflow as tf

from companion import FileColumn, MultiInputGenerator, pair_files

root = sys.argv[1]
pairs = pair_files(root, readings="s_{id}.npy", meta="m_{id}.json")
readings = FileColumn.npy(pairs["readings"])
sums = FileColumn.json(pairs["meta"], "sum")
batches = MultiInputGenerator({"readings": readings}, sums)

# On one machine, for a trial; each of these is a process on a cluster.
service = tf.data.experimental.service
dispatcher = service.DispatchServer()
address = dispatcher.target.split("://")[1]
workers = [
    service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
    for _ in range(2)
]


def read(rows):
    """Workers call this: rows of the files, as one batch."""
    batch = [rows, readings.take(rows), sums.take(rows)]
    return [np.asarray(part) for part in batch]


def batch_of(index):
    rows = tf.range(index * 32, tf.minimum(index * 32 + 32, len(sums)))
    rows, values, targets = tf.numpy_function(
        read, [rows], [tf.int64, tf.float32, tf.float32]
    )
    values.set_shape([None, 4])  # TensorFlow cannot know
    targets.set_shape([None])
    return {"readings": values}, targets, rows


dataset = tf.data.Dataset.range(len(batches)).map(batch_of)
dataset = dataset.apply(
    service.distribute(
        # Each worker gets other batches, and every batch goes out once.
        processing_mode=service.ShardingPolicy.DYNAMIC,
        service=dispatcher.target,
    )
)

begin = time.perf_counter()
for _ in batches:
    pass
alone = time.perf_counter() - begin
begin = time.perf_counter()
came = np.concatenate([rows.numpy() for _, _, rows in dataset])
together = time.perf_counter() - begin
print(f"one process: {alone:.3f} s, two workers: {together:.3f} s")
print(f"{len(came)} samples came, {len(set(came.tolist()))} different")

inputs = keras.Input((4,), name="readings")
model = keras.Model([inputs], keras.layers.Dense(1)(inputs))
model.compile("adam", "mse")
dataset = dataset.map(lambda inputs, targets, rows: (inputs, targets))
first, last = (
    model.fit(dataset, shuffle=False, verbose=0).history["loss"][0]
    for _ in range(2)
)
print(f"the loss {'fell' if last < first else 'did not fall'}")
