"""Whatever the way to train, `fit` is fed what `iterate` gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ways_to_train import (
    BACKEND,
    WAYS,
    complete,
    expected,
    recorder,
    threads_on_an_unbuilt_model,
)

HERE = Path(__file__).parent
HERE_TOO = [
    name
    for name, (_, of_tensorflow) in WAYS.items()
    if BACKEND == "tensorflow" or not of_tensorflow
]


@pytest.fixture(scope="module")
def fed():
    """The rows of each step, by way; from a process of its own."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            HERE / "ways_to_train.py",
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", HERE_TOO)
def test_epochs_come_in_order_and_every_row_once(fed, name):
    assert complete(fed[name])
    assert fed[name] == expected()


def test_a_lost_or_repeated_row_would_be_told():
    steps = expected()
    assert complete(steps)

    steps[3][0] = steps[4][0]
    assert not complete(steps)
    assert not complete(expected()[:-1])


@pytest.mark.skipif(BACKEND != "jax", reason="a trap of Keras on JAX")
def test_keras_on_jax_feeds_batches_twice_unless_the_model_is_built():
    """The day this fails, the sentence about it can go from the pages."""
    model = recorder()
    threads_on_an_unbuilt_model(model)

    assert not complete(model.seen)
