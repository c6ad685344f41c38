"""A training killed in mid-epoch ends as one that was never stopped."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from companion import ContractWarning, FollowEpoch, MultiInputGenerator

PROGRAM = Path(__file__).parent / "programs" / "resume.py"
EPOCHS = 4


def start(folder, *options):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, PROGRAM, folder, str(EPOCHS), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def weights(folder):
    with np.load(folder / "final.npz") as file:
        return [file[name] for name in file.files]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("processes",)], ids=str)
def test_killed_and_started_again_ends_with_the_same_weights(
    tmp_path, options
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    with start(whole) as run:
        run.communicate(timeout=120)

    with start(stopped, *options) as run:
        for line in run.stdout:
            if line == "2 3\n":  # the fourth batch of the third epoch
                run.kill()
                break
        assert run.wait(timeout=60) == -9
    assert not (stopped / "final.npz").exists()

    with start(stopped, *options) as run:
        printed, _ = run.communicate(timeout=120)
    assert printed.startswith("2 0\n")  # that epoch is done again, whole
    for one, other in zip(weights(whole), weights(stopped), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_following_the_epoch_other_rows_are_fed():
    """What the callback is for: a new generator begins with epoch 0."""
    ids = np.arange(12, dtype="float32")[:, None]

    def fresh():
        return MultiInputGenerator(
            {"x": ids}, ids, batch_size=3, shuffle=True, seed=0
        )

    x = keras.Input((1,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile(optimizer="sgd", loss="mse")
    model.fit(fresh(), epochs=3, shuffle=False, verbose=0)

    followed, forgotten = fresh(), fresh()
    callback = FollowEpoch(followed)
    callback.set_model(model)
    callback.on_train_begin()

    assert (followed.epoch, forgotten.epoch) == (3, 0)
    assert followed[0][0]["x"].tolist() != forgotten[0][0]["x"].tolist()


@pytest.mark.parametrize("together", [2, 3, 4, 5])
def test_gradient_accumulation_is_counted_in_steps(together):
    """Also where gradients still wait at the end of an epoch."""
    ids = np.arange(12, dtype="float32")[:, None]
    batches = MultiInputGenerator({"x": ids}, ids, batch_size=3)
    x = keras.Input((1,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    optimizer = keras.optimizers.SGD(
        1e-3, gradient_accumulation_steps=together
    )
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(batches, epochs=2, shuffle=False, verbose=0)

    callback = FollowEpoch(batches)
    callback.set_model(model)
    batches.epoch = 0
    callback.on_train_begin()

    assert batches.epoch == 2


@pytest.mark.parametrize(("steps", "epoch"), [(5, 1), (7, 1), (1, 0)])
def test_a_backup_from_within_an_epoch_is_answered_with_a_warning(
    steps, epoch
):
    ids = np.arange(12, dtype="float32")[:, None]
    batches = MultiInputGenerator({"x": ids}, ids, batch_size=3)
    x = keras.Input((1,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile(optimizer="sgd", loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(steps)

    callback = FollowEpoch(batches)
    callback.set_model(model)
    with pytest.warns(ContractWarning, match=f"multiple of 4.*: {steps} "):
        callback.on_train_begin()
    assert batches.epoch == epoch


MEMORY = """
import resource, sys
import numpy as np
from companion import MultiInputGenerator, Noise

def resident():
    with open("/proc/self/status") as status:
        line = next(l for l in status if l.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

batches = MultiInputGenerator(
    {"a": np.zeros((16000, 10), "float32"), "z": Noise(20)},
    np.zeros((16000, 1), "float32"), batch_size=32, shuffle=True, seed=0,
)
def epoch():
    batches.on_epoch_begin()
    for batch in batches:
        pass
    batches.on_epoch_end()
epoch()
before = resident()
for _ in range(20):
    epoch()
print(20 * len(batches), batches.epoch, resident() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs Linux"
)
def test_memory_does_not_grow_with_batches_and_epochs():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        capture_output=True,
        text=True,
        timeout=120,
    )

    fed, epochs, grown = done.stdout.split()
    assert (int(fed), int(epochs)) == (10_000, 21)
    assert float(grown) < 10  # MB
