"""Ray reads and prepares on local workers, and `fit` gets named arrays.

``python ray_data.py FOLDER`` prints what came, and the loss.
"""

import sys
import time

import keras
import ray

from companion import FileColumn, MultiInputGenerator, check, pair_files

root = sys.argv[1]
pairs = pair_files(root, readings="s_{id}.npy", meta="m_{id}.json")
readings = FileColumn.npy(pairs["readings"])
sums = FileColumn.json(pairs["meta"], "sum")


def read(batch):
    """Workers call this: row numbers to named arrays."""
    rows = batch["id"]
    return {
        "id": rows,
        "readings": readings.take(rows),
        "sum": sums.take(rows),
    }


# On a cluster that runs already: ray.init(address="auto").
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
dataset = ray.data.range(len(pairs)).map_batches(read, batch_size=40)


def batches():
    """What Ray gives is a dict of named arrays: the batch of this book."""
    for batch in dataset.iter_batches(
        batch_size=32, local_shuffle_buffer_size=100, local_shuffle_seed=0
    ):
        yield {"readings": batch["readings"]}, batch["sum"]


local = MultiInputGenerator({"readings": readings}, sums)
begin = time.perf_counter()
for _ in local:
    pass
alone = time.perf_counter() - begin
begin = time.perf_counter()
came = [
    row
    for batch in dataset.iter_batches(batch_size=32)
    for row in batch["id"]
]
together = time.perf_counter() - begin
print(f"one process: {alone:.3f} s, two workers: {together:.3f} s")
print(f"{len(came)} samples came, {len(set(came))} different")

inputs = keras.Input((4,), name="readings")
model = keras.Model([inputs], keras.layers.Dense(1)(inputs))
model.compile(keras.optimizers.Adam(0.1), "mse")
check(model, batches)
losses = [
    model.fit(batches(), shuffle=False, verbose=0).history["loss"][0]
    for _ in range(2)  # a generator gives one epoch
]
print(f"the loss {'fell' if losses[1] < losses[0] else 'did not fall'}")
ray.shutdown()
