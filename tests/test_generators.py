import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import DataError, MultiInputGenerator, Noise

N = 10
X = np.arange(N * 2.0).reshape(N, 2)
IDS = np.arange(N)


def rows_of(batches, name="id"):
    return [batch[0][name].tolist() for batch in batches]


def a_pass(batches):
    """What Keras does to a data set in one epoch, without Keras."""
    batches.on_epoch_begin()
    seen = sum(rows_of(batches), [])
    batches.on_epoch_end()
    return seen


@given(
    n=st.integers(1, 60),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 5),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
)
@settings(derandomize=True, deadline=None)
def test_batches_equal_a_naive_loop(
    n, batch_size, seed, epoch, shuffle, drop_last
):
    ids, targets = np.arange(n), np.arange(n) * 0.5
    options = dict(batch_size=batch_size, drop_last=drop_last)
    if drop_last and n < batch_size:
        with pytest.raises(DataError, match="drop_last"):
            MultiInputGenerator({"id": ids}, targets, **options)
        return
    batches = MultiInputGenerator(
        {"id": ids}, targets, shuffle=shuffle, seed=seed, **options
    )
    batches.epoch = epoch

    order = list(range(n))
    if shuffle:
        order = batches._rows(epoch).tolist()
        assert sorted(order) == list(range(n))
    expected = []
    while order:
        rows, order = order[:batch_size], order[batch_size:]
        if len(rows) == batch_size or not drop_last:
            expected.append(rows)

    assert len(batches) == len(expected)
    for index, rows in enumerate(expected):
        inputs, answers = batches[index]
        assert inputs["id"].tolist() == rows
        assert answers.dtype == "float32"
        np.testing.assert_array_equal(answers, targets[rows])


def test_every_sample_comes_once_per_epoch_in_a_new_order():
    batches = MultiInputGenerator(
        {"id": IDS}, shuffle=True, seed=0, batch_size=3
    )

    passes = [a_pass(batches) for _ in range(4)]

    assert all(sorted(seen) == list(range(N)) for seen in passes)
    assert len({tuple(seen) for seen in passes}) == 4


def test_the_seed_decides_the_order():
    def order(seed):
        batches = MultiInputGenerator({"id": IDS}, shuffle=True, seed=seed)
        return rows_of(batches)

    assert order(1) == order(1) != order(2)


def test_samples_are_shuffled_not_batches():
    batches = MultiInputGenerator(
        {"id": np.arange(100)}, shuffle=True, seed=0, batch_size=10
    )

    spread = [np.ptp(rows) for rows in rows_of(batches)]

    assert min(spread) > 10


def test_the_epoch_advances_only_after_an_epoch_that_began():
    batches = MultiInputGenerator({"id": IDS})

    batches.on_epoch_end()  # Keras calls it once before the first epoch
    assert batches.epoch == 0
    a_pass(batches)
    assert batches.epoch == 1
    batches.on_epoch_end()
    assert batches.epoch == 1


def test_in_order_gives_all_rows_in_order_at_every_pass():
    batches = MultiInputGenerator(
        {"id": IDS, "noise": Noise(2)},
        shuffle=True,
        seed=0,
        batch_size=4,
        drop_last=True,
    )
    a_pass(batches)

    ordered = batches.in_order()
    noise = [rows_of(ordered, "noise") for _ in range(2) if a_pass(ordered)]

    assert sum(rows_of(ordered), []) == list(range(N))
    assert noise[0] == noise[1]
    assert (batches.epoch, len(batches), len(ordered)) == (1, 2, 3)


def test_a_batch_is_inputs_then_targets_then_weights():
    weights = np.ones(N)
    named = {"a": IDS, "b": X}

    assert len(MultiInputGenerator({"x": X})[0]) == 1
    assert len(MultiInputGenerator({"x": X}, IDS)[0]) == 2
    _, targets, sample_weights = MultiInputGenerator(
        {"x": X}, named, {"a": weights, "b": weights}
    )[0]
    assert list(targets) == list(sample_weights) == ["a", "b"]


def test_a_transform_gets_the_batch_and_a_generator_of_its_own():
    def jitter(batch, rng):
        inputs, targets = batch
        return {"x": inputs["x"] + rng.random()}, targets

    options = dict(transforms=[jitter, jitter], seed=3, batch_size=4)
    first, again = (
        MultiInputGenerator({"x": X}, IDS, **options) for _ in range(2)
    )

    moved = first[0][0]["x"] - X[:4]
    np.testing.assert_array_equal(first[0][0]["x"], again[0][0]["x"])
    assert np.ptp(moved) < 1e-6 and moved.max() > 0
    assert not np.allclose(moved[0], (first[1][0]["x"] - X[4:8])[0])


def test_each_random_column_draws_numbers_of_its_own():
    inputs = MultiInputGenerator(
        {"a": Noise(4), "b": Noise(4)}, length=6, seed=0
    )[0][0]

    assert not np.allclose(inputs["a"], inputs["b"])


def test_a_loop_over_batches_ends_after_one_epoch():
    batches = MultiInputGenerator({"id": IDS}, batch_size=4)

    assert rows_of(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    for index in (-1, 3):
        with pytest.raises(IndexError, match="index must be from 0 to 2"):
            batches[index]


def test_arrays_are_named_unless_a_transform_may_change_them():
    same = [lambda batch, rng: batch]

    assert list(MultiInputGenerator({"x": X}).arrays) == ["x"]
    assert (
        MultiInputGenerator({"x": X}, transforms=same, seed=0).arrays == {}
    )
    assert (
        MultiInputGenerator({"z": Noise(2)}, length=3, seed=0).arrays == {}
    )


ONE_SHORT = r'input "b": expected 10 rows.*as in input "a".* 9 rows'
BAD = {
    "unequal lengths": (dict(inputs={"a": X, "b": X[:9]}), ONE_SHORT),
    "unequal target": (
        dict(inputs={"a": X}, targets=IDS[:9]),
        'target: expected 10 rows.*as in input "a".* 9 rows',
    ),
    "empty data": (
        dict(inputs={"a": X[:0]}),
        "data: expected at least one row. Received: 0 rows",
    ),
    "batch size 0": (
        dict(inputs={"a": X}, batch_size=0),
        "batch_size: expected a whole number.*batch_size=0",
    ),
    "batch size True": (dict(inputs={"a": X}, batch_size=True), "=True"),
    "shuffle without seed": (
        dict(inputs={"a": X}, shuffle=True),
        "seed: expected a whole number.*seed=None. Pass seed=0",
    ),
    "noise without seed": (dict(inputs={"a": X, "z": Noise(2)}), "seed: "),
    "transform without seed": (
        dict(inputs={"a": X}, transforms=[lambda b, r: b]),
        "seed: ",
    ),
    "negative seed": (dict(inputs={"a": X}, shuffle=True, seed=-1), "=-1"),
    "Python list": (
        dict(inputs={"a": [1, 2], "b": X}),
        'input "a": expected a NumPy array or a column. Received: list',
    ),
    "inputs without names": (
        dict(inputs=[X, X]),
        "inputs: expected a dict.*Received: list",
    ),
    "no input": (dict(inputs={}), "Received: an empty dict"),
    "random without length": (
        dict(inputs={"z": Noise(2)}, seed=0),
        "length: expected the number of samples.*length=None",
    ),
    "length twice": (
        dict(inputs={"a": X}, length=5),
        "length: expected no",
    ),
    "weights without targets": (
        dict(inputs={"a": X}, sample_weights=IDS),
        "sample_weights: expected targets",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_data_that_cannot_be_fed_is_refused_by_name(arguments, words):
    with pytest.raises(DataError, match=words):
        MultiInputGenerator(**arguments)


def test_every_reason_is_told_at_once():
    with pytest.raises(DataError) as caught:
        MultiInputGenerator(
            {"a": X, "b": X[:9], "c": [1]}, batch_size=0, shuffle=True
        )

    where = [problem.where for problem in caught.value.problems]
    assert where == ['input "c"', "batch_size", "seed", 'input "b"']
