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
    seed=st.integers(0, 2**32 - 1),
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
        np.random.default_rng([seed, epoch]).shuffle(order)
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


def test_a_batch_size_of_few_bits_counts_all_batches():
    batches = MultiInputGenerator(
        {"x": np.zeros(999)}, batch_size=np.uint8(9)
    )

    assert len(batches) == 111


def test_random_columns_are_drawn_anew_in_every_epoch():
    batches = MultiInputGenerator({"z": Noise(3)}, length=4, seed=0)

    first = next(batches.iterate(epoch=0))[0]["z"]
    second = next(batches.iterate(epoch=1))[0]["z"]
    assert not np.allclose(first, second)


def test_a_batch_belongs_to_one_epoch_even_if_it_ends_meanwhile():
    """Another thread may advance the epoch while rows are read."""

    class Slow:
        def __len__(self):
            return N

        def take(self, rows):
            batches.epoch += 1
            return rows

    batches = MultiInputGenerator(
        {"a": Slow(), "b": IDS}, shuffle=True, seed=0, batch_size=N
    )
    inputs = batches[0][0]
    np.testing.assert_array_equal(inputs["a"], inputs["b"])


def test_the_worker_settings_reach_keras():
    batches = MultiInputGenerator(
        {"x": X}, workers=3, use_multiprocessing=True, max_queue_size=7
    )

    assert batches.workers == 3
    assert batches.use_multiprocessing is True
    assert batches.max_queue_size == 7


def test_a_shard_feeds_every_count_th_sample_of_the_epoch():
    whole = MultiInputGenerator({"id": IDS}, shuffle=True, seed=0)
    shards = [
        MultiInputGenerator(
            {"id": IDS}, shuffle=True, seed=0, batch_size=2, shard=(rank, 3)
        )
        for rank in range(3)
    ]
    order = sum(rows_of(whole), [])[:9]  # one of ten is left out

    for rank, shard in enumerate(shards):
        assert sum(rows_of(shard), []) == order[rank::3]
        assert len(shard) == 2


def test_padded_shards_feed_everything_and_the_first_samples_again():
    shards = [
        MultiInputGenerator(
            {"id": IDS}, batch_size=2, shard=(r, 4), pad=True
        )
        for r in range(4)
    ]

    fed = sum((sum(rows_of(shard), []) for shard in shards), [])
    assert sorted(fed) == sorted([*IDS, 0, 1])
    assert {len(shard) for shard in shards} == {2}
    assert [shard.report()["repeated"] for shard in shards] == [0, 0, 1, 1]


def test_there_may_be_more_padded_shards_than_samples():
    shards = [
        MultiInputGenerator({"id": IDS[:2]}, shard=(rank, 5), pad=True)
        for rank in range(5)
    ]

    assert [rows_of(shard) for shard in shards] == [
        [[0]],
        [[1]],
        [[0]],
        [[1]],
        [[0]],
    ]


def test_shards_draw_numbers_of_their_own():
    drawn = [
        MultiInputGenerator(
            {"z": Noise(4)}, length=8, seed=0, shard=(rank, 2)
        )[0][0]["z"]
        for rank in range(2)
    ]

    assert not np.allclose(*drawn)


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        (dict(), (10, 10, 0, 0, 3)),
        (dict(drop_last=True), (10, 8, 0, 2, 2)),
        (dict(shard=(1, 3)), (10, 3, 0, 1, 1)),
        (dict(shard=(1, 4), pad=True), (10, 3, 0, 0, 1)),
        (dict(shard=(3, 4), pad=True), (10, 3, 1, 0, 1)),
    ],
)
def test_a_report_counts_what_is_fed(options, counts):
    batches = MultiInputGenerator({"id": IDS}, batch_size=4, **options)

    assert tuple(batches.report().values()) == counts


def test_iterate_goes_on_from_any_place_and_moves_nothing():
    batches = MultiInputGenerator(
        {"id": IDS, "z": Noise(2)}, shuffle=True, seed=0, batch_size=4
    )
    stream = list(batches.iterate(epochs=3))

    for epoch, index in ((0, 1), (1, 0), (2, 2), (1, 3)):
        rest = list(batches.iterate(epoch, index, epochs=3 - epoch))
        expected = stream[3 * epoch + index :]
        assert [r[0]["id"].tolist() for r in rest] == [
            e[0]["id"].tolist() for e in expected
        ]
        for one, other in zip(rest, expected):
            np.testing.assert_array_equal(one[0]["z"], other[0]["z"])
    assert batches.epoch == 0


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            dict(index=4),
            "iterate: index: .*at most 3, its batches.*index=4",
        ),
        (dict(index=-1), "index=-1"),
        (dict(epoch=-1), "epoch=-1"),
        (dict(epochs=1.5), "epochs=1.5"),
    ],
)
def test_iterate_from_nowhere_is_refused_at_once(place, words):
    batches = MultiInputGenerator({"id": IDS}, batch_size=4)

    with pytest.raises(DataError, match=words):
        batches.iterate(**place)


def test_a_column_that_gains_rows_is_refused():
    class Growing:
        rows = 10

        def __len__(self):
            return self.rows

        def take(self, rows):
            return rows

    growing = Growing()
    batches = MultiInputGenerator({"x": growing}, batch_size=4)
    growing.rows = 11

    with pytest.raises(
        DataError, match="10 rows, as at the start.* 11 rows"
    ):
        batches[0]


def test_a_column_that_fails_is_named_with_its_batch():
    class Broken:
        def __len__(self):
            return 10

        def take(self, rows):
            raise OSError("disk gone")

    batches = MultiInputGenerator({"a": IDS, "b": Broken()}, batch_size=4)

    with pytest.raises(
        DataError,
        match='input "b", batch 1 of epoch 0: .*OSError: disk gone',
    ):
        batches[1]


def test_a_transform_that_loses_an_input_is_refused():
    def lose(batch, rng):
        inputs, *rest = batch
        return {"a": inputs["a"]}, *rest

    batches = MultiInputGenerator(
        {"a": IDS, "b": IDS}, transforms=[lose], seed=0
    )

    with pytest.raises(
        DataError, match="transform 0: expected the inputs a, b .*: a. "
    ):
        batches[0]


def test_a_transform_that_returns_no_batch_is_refused():
    batches = MultiInputGenerator(
        {"a": IDS}, transforms=[lambda batch, rng: None], seed=0
    )

    with pytest.raises(
        DataError, match="transform 0: .*Received: NoneType"
    ):
        batches[0]


class Doubled:
    """A column of one's own, in the type that Python counts in."""

    def __init__(self, extra=0):
        self.extra = extra

    def __len__(self):
        return N

    def take(self, rows):
        return np.append(rows, [0] * self.extra) * 2.0


def test_floats_of_columns_and_transforms_of_ones_own_become_float32():
    def halve(batch, rng):
        inputs, targets = batch
        return {"x": inputs["x"].astype("float64") / 2}, targets.tolist()

    batches = MultiInputGenerator({"x": Doubled()}, Doubled())
    assert [part.dtype for part in (batches[0][0]["x"], batches[0][1])] == [
        "float32",
        "float32",
    ]
    changed = MultiInputGenerator(
        {"x": Doubled()}, Doubled(), transforms=[halve], seed=0
    )
    inputs, targets = changed[0]
    assert (inputs["x"].dtype, targets.dtype) == ("float32", "float32")
    assert inputs["x"].tolist() == IDS.tolist()


def test_a_column_that_gives_other_rows_than_asked_is_named():
    batches = MultiInputGenerator({"x": Doubled(extra=1)}, batch_size=4)

    with pytest.raises(DataError, match='"x", batch 0 .* 5 rows for 4 row'):
        batches[0]


def test_an_input_and_a_target_of_one_name_draw_apart():
    inputs, targets = MultiInputGenerator(
        {"z": Noise(4)}, {"z": Noise(4)}, length=5, seed=0
    )[0]

    assert not np.allclose(inputs["z"], targets["z"])


def test_large_batches_are_gathered_a_few_at_a_time(monkeypatch):
    """`to_tf_dataset` never holds more than a fixed number of bytes."""
    batches = MultiInputGenerator(
        {"x": np.zeros((40, 1000), "float32")}, batch_size=4
    )
    spans = []
    gather = MultiInputGenerator.gathered

    def watched(self, epoch, first, last):
        spans.append(last - first)
        return gather(self, epoch, first, last)

    monkeypatch.setattr(MultiInputGenerator, "gathered", watched)
    monkeypatch.setattr("companion.feeding.streams._GATHER_BYTES", 50_000)
    assert len(list(batches.to_tf_dataset())) == 10
    assert max(spans) == 3


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
    "seed of more than 32 bits": (
        dict(inputs={"a": X}, shuffle=True, seed=2**32),
        r"0 to 2\*\*32 - 1.*seed=4294967296",
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
    "names that are no words": (
        dict(inputs={0: X, 1: X}),
        "inputs: expected a dict from the name.*Received: the names 0, 1",
    ),
    "a list of targets": (
        dict(inputs={"a": X}, targets=[IDS, IDS]),
        "targets: expected a dict from the name.*Received: list. Name each",
    ),
    "an empty dict of targets": (
        dict(inputs={"a": X}, targets={}),
        "targets: expected a dict.*Received: an empty dict",
    ),
    "a transform without a list": (
        dict(inputs={"a": X}, transforms=len, seed=0),
        "transforms: expected a list of functions",
    ),
    "a masked array": (
        dict(inputs={"a": np.ma.masked_less(X, 3)}),
        'input "a": expected an array without a mask',
    ),
    "words": (
        dict(inputs={"a": np.array(["b"])}),
        "number words and categ",
    ),
    "no input": (dict(inputs={}), "Received: an empty dict"),
    "shard out of range": (
        dict(inputs={"a": X}, shard=(4, 4)),
        r"shard: expected .*rank from 0 to count - 1. .*shard=\(4, 4\)",
    ),
    "shard that is no pair": (dict(inputs={"a": X}, shard=2), "shard=2"),
    "more shards than rows": (
        dict(inputs={"a": X}, shard=(0, 11)),
        "shard: expected at least 11 rows.*10 rows. Use fewer shards",
    ),
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
    with pytest.raises(DataError, match=words) as caught:
        MultiInputGenerator(**arguments)

    assert len(caught.value.problems) == 1


def test_every_reason_is_told_at_once():
    with pytest.raises(DataError) as caught:
        MultiInputGenerator(
            {"a": X, "b": X[:9], "c": [1]}, batch_size=0, shuffle=True
        )

    where = [problem.where for problem in caught.value.problems]
    assert where == ['input "c"', 'input "b"', "batch_size", "seed"]
