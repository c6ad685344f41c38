import json
import pickle
import random
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from catalogue import BATCH, GENERATORS, IDS, N

HERE = Path(__file__).parent
EPOCHS = 3


@pytest.fixture(params=GENERATORS.values(), ids=GENERATORS)
def make(request):
    return request.param


def leaves(batch):
    """Every array of a batch, in a fixed order."""
    for part in batch:
        yield from part.values() if isinstance(part, dict) else [part]


def same(a, b):
    return all(
        x.dtype == y.dtype and np.array_equal(x, y)
        for x, y in zip(leaves(a), leaves(b), strict=True)
    )


def test_a_batch_depends_on_seed_epoch_and_index_alone(make):
    one, other = make(), make()
    one.epoch = other.epoch = 2
    backwards = [other[i] for i in reversed(range(len(other)))][::-1]

    assert all(same(one[i], batch) for i, batch in enumerate(backwards))


def test_every_sample_comes_once_per_epoch(make):
    batches = make()

    for epoch in range(EPOCHS):
        batches.epoch = epoch
        seen = np.concatenate([batch[0]["id"] for batch in batches])
        assert sorted(seen) == list(IDS)
    assert len(batches) == -(-N // BATCH)


def test_dropping_the_last_batch_leaves_full_ones(make):
    sizes = {len(batch[0]["id"]) for batch in make(drop_last=True)}

    assert sizes == {BATCH}


def test_rows_of_all_parts_belong_together(make):
    batches = make()
    if batches.transforms or "numbers" not in batches.inputs:
        pytest.skip("nothing to compare by id")

    for batch in batches:
        expected = batches.inputs["numbers"].take(batch[0]["id"])
        np.testing.assert_array_equal(batch[0]["numbers"], expected)


def test_floats_leave_as_float32(make):
    kinds = {leaf.dtype for leaf in leaves(make()[0])}

    assert kinds <= {
        np.dtype(k) for k in ("float32", "int64", "int32", "u1")
    }


def test_it_comes_back_the_same_from_pickle(make):
    batches = make()
    batches.epoch = 1
    loaded = pickle.loads(pickle.dumps(batches))

    assert all(same(a, b) for a, b in zip(batches, loaded, strict=True))


def test_global_random_state_is_neither_set_nor_drawn(make):
    np.random.seed(5)
    random.seed(5)
    numbers, builtin = np.random.get_state()[1].tolist(), random.getstate()
    list(make())

    assert np.random.get_state()[1].tolist() == numbers
    assert random.getstate() == builtin


def test_in_order_repeats_itself_whatever_keras_calls(make):
    ordered = make().in_order()
    first = list(ordered)
    ordered.on_epoch_end()
    ordered.on_epoch_begin()
    ordered.on_epoch_end()

    assert all(same(a, b) for a, b in zip(first, ordered, strict=True))
    seen = np.concatenate([batch[0]["id"] for batch in first])
    np.testing.assert_array_equal(seen, IDS)


@pytest.mark.parametrize("pad", [False, True])
def test_shards_share_an_epoch_out(make, pad):
    shards = [make(shard=(rank, 3), pad=pad) for rank in range(3)]

    fed = [
        np.concatenate([batch[0]["id"] for batch in shard])
        for shard in shards
    ]
    ids, times = np.unique(np.concatenate(fed), return_counts=True)

    assert len({len(shard) for shard in shards}) == 1
    assert len({len(rows) for rows in fed}) == 1
    assert len(ids) == (N if pad else N - N % 3)
    assert times.sum() - len(ids) == (-N % 3 if pad else 0)


def test_iterate_is_the_stream_that_fit_is_fed(make):
    batches = make()
    expected = []
    for epoch in range(EPOCHS):
        batches.epoch = epoch
        expected += list(batches)

    stream = batches.iterate(epochs=EPOCHS)
    assert all(same(a, b) for a, b in zip(stream, expected, strict=True))
    rest = batches.iterate(epoch=1, index=2)
    expected = expected[len(batches) + 2 : 2 * len(batches)]
    assert all(same(a, b) for a, b in zip(rest, expected, strict=True))


@pytest.mark.parametrize("drop_last", [False, True])
def test_a_tf_dataset_gives_the_same_batches(make, drop_last):
    """Also twice, and whatever epoch the generator is in."""
    batches = make(drop_last=drop_last)
    dataset = batches.to_tf_dataset(epochs=2)
    batches.epoch = 5
    expected = list(batches.iterate(epochs=2))

    for _ in range(2):
        given = list(dataset.as_numpy_iterator())
        assert all(same(a, b) for a, b in zip(given, expected, strict=True))
    assert dataset.cardinality() == len(expected)


MODES = {
    "0 threads": dict(workers=0),
    "1 thread": dict(workers=1),
    "4 threads": dict(workers=4),
    "4 processes": dict(workers=4, use_multiprocessing=True),
}


@pytest.fixture(scope="module")
def fed():
    """What fit was fed, by row and mode; from a process of its own."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("what records the batches is a step of TensorFlow")
    script = HERE / "feed_in_every_mode.py"
    done = subprocess.run(
        [sys.executable, script, json.dumps(MODES), str(EPOCHS)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", GENERATORS)
def test_fit_is_fed_the_same_in_every_mode(fed, name, mode):
    """As often as asked, and exactly what the naive loop gives."""
    from feed_in_every_mode import digest

    batches = GENERATORS[name]()
    expected = []
    for epoch in range(EPOCHS):
        batches.epoch = epoch
        expected += [digest(batch) for batch in batches]

    assert fed[name][mode]["seen"] == expected
    assert fed[name][mode]["epoch"] == EPOCHS
    assert fed[name][mode]["validation epoch"] == 0


@pytest.mark.slow
def test_epochs_differ_where_rows_are_shuffled(fed):
    seen = fed["arrays"]["1 thread"]["seen"]
    batches = len(seen) // EPOCHS
    epochs = [set(seen[i * batches :][:batches]) for i in range(EPOCHS)]

    assert not epochs[0] & epochs[1] and not epochs[1] & epochs[2]


@pytest.mark.slow
def test_batches_were_made_where_the_mode_says(fed):
    """Else the test above would compare one mode with itself."""
    for mode in MODES:
        kind = "process" if "processes" in mode else "thread"
        assert fed["where"][mode] == [kind]
