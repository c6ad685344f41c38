"""One model trained by two processes, each on its shard of the files.

Start it twice: ``python jax_data_parallel.py FOLDER PORT 0`` and the same
with 1. Both print which samples they had, and the same weights.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
root, port, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])

import jax  # noqa: E402

jax.config.update("jax_cpu_collectives_implementation", "gloo")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from companion import FileColumn, MultiInputGenerator, pair_files  # noqa: E402

keras.distribution.initialize(f"127.0.0.1:{port}", 2, rank)
keras.distribution.set_distribution(
    # The generator shards already; Keras would shard a second time.
    keras.distribution.DataParallel(auto_shard_dataset=False)
)

pairs = pair_files(root, readings="s_{id}.npy", meta="m_{id}.json")
batches = MultiInputGenerator(
    {"readings": FileColumn.npy(pairs["readings"])},
    FileColumn.json(pairs["meta"], "sum"),
    batch_size=20,
    shuffle=True,
    seed=0,
    drop_last=True,
    shard=(rank, 2),
)
mine = np.concatenate([batches.rows(n) for n in range(len(batches))])
print("samples:", sorted(mine.tolist()))

keras.utils.set_random_seed(0)
inputs = keras.Input((4,), name="readings")
model = keras.Model([inputs], keras.layers.Dense(1)(inputs))
model.compile(keras.optimizers.SGD(0.1), "mse")
model.test_on_batch(*batches[0])  # on JAX, before the first fit
history = model.fit(batches, epochs=3, shuffle=False, verbose=0)
kernel = model.layers[-1].kernel.value.addressable_data(0)
print("weights:", np.asarray(kernel).ravel().round(5).tolist())
print("losses:", np.round(history.history["loss"], 5).tolist())
