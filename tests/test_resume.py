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


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Where a training that was never stopped has left its weights."""
    folder = tmp_path_factory.mktemp("whole")
    with start(folder) as run:
        run.communicate(timeout=120)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [(), ("processes",), ("files", "processes")], ids=str
)
def test_killed_and_started_again_ends_with_the_same_weights(
    tmp_path, whole, options
):
    stopped = tmp_path / "stopped"
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


IDS = np.arange(12, dtype="float32")[:, None]


def fresh():
    return MultiInputGenerator(
        {"x": IDS}, IDS, batch_size=3, shuffle=True, seed=0
    )


def compiled(**options):
    x = keras.Input((1,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile(
        optimizer=keras.optimizers.SGD(1e-3, **options), loss="mse"
    )
    model.optimizer.build(model.trainable_variables)
    return model


def begin(batches, epoch, model, restored=0, steps=None):
    """What Keras calls as a ``fit`` begins, which restores some steps."""
    callback = FollowEpoch(batches)
    callback.set_params({"steps": steps})
    callback.set_model(model)
    model.optimizer.variables[0].assign(restored)  # batches learned from
    callback.on_train_begin()
    callback.on_epoch_begin(epoch)
    return callback


def test_without_following_the_epoch_other_rows_are_fed():
    """What the callback is for: a new generator begins with epoch 0."""
    followed, forgotten = fresh(), fresh()
    callback = begin(followed, 3, compiled(), restored=12)

    assert (followed.epoch, forgotten.epoch) == (3, 0)
    assert followed[0][0]["x"].tolist() != forgotten[0][0]["x"].tolist()
    assert callback.batches is followed


def test_a_fit_that_begins_at_epoch_0_goes_on_where_the_generator_is():
    batches, model = fresh(), compiled()
    batches.epoch = 5

    callback = begin(batches, 0, model)
    assert batches.epoch == 5
    callback.on_epoch_end(0)
    callback.on_epoch_begin(1)
    assert batches.epoch == 6
    callback.on_epoch_end(1)
    callback.on_train_end()
    assert batches.epoch == 7
    begin(batches, 2, model)
    assert batches.epoch == 2


@pytest.mark.parametrize("together", [None, 2, 3, 4, 5])
def test_a_backup_from_between_two_epochs_is_no_reason_for_a_warning(
    together, recwarn
):
    """Also where gradients still wait to be applied at its end."""
    model = compiled(gradient_accumulation_steps=together)
    model.fit(fresh(), epochs=2, shuffle=False, verbose=0)
    steps = int(model.optimizer.variables[0])

    assert steps == 8
    begin(fresh(), 2, compiled(gradient_accumulation_steps=together), steps)
    assert not [w for w in recwarn if w.category is ContractWarning]


@pytest.mark.parametrize(("steps", "epoch"), [(5, 1), (7, 1), (1, 0)])
def test_a_backup_from_within_an_epoch_is_answered_with_a_warning(
    steps, epoch
):
    batches = fresh()

    words = (
        f"expected {4 * epoch} steps, .* {epoch} epochs.*: {steps} steps"
    )
    with pytest.warns(ContractWarning, match=words):
        callback = begin(batches, epoch, compiled(), restored=steps)
    assert callback.batches.epoch == epoch


@pytest.mark.parametrize("steps", [3, 5])
def test_an_epoch_of_another_length_is_answered_with_a_warning(steps):
    words = f"FollowEpoch: expected steps_per_epoch=4.*: {steps} steps"
    with pytest.warns(ContractWarning, match=words):
        begin(fresh(), 0, compiled(), steps=steps)


def test_a_model_that_has_learned_elsewhere_is_followed_without_a_warning(
    recwarn,
):
    """Nothing was restored: the steps are those of another training."""
    model = compiled()
    model.optimizer.variables[0].assign(7)

    begin(fresh(), 0, model, restored=7)
    assert not [w for w in recwarn if w.category is ContractWarning]


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


@pytest.mark.slow
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
