import pickle

import h5py
import keras
import numpy as np
import pytest

from companion import (
    Blocks,
    DataError,
    FollowEpoch,
    MultiInputGenerator,
    Noise,
)

N = 10
X = np.arange(N * 2.0).reshape(N, 2)
IDS = np.arange(N)


class Count(keras.metrics.Sum):
    """How many rows a model has seen."""

    def __init__(self):
        super().__init__(name="rows")

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(keras.ops.ones(keras.ops.shape(y_pred)[0]))


def rows_of(batches, name="id"):
    return [batch[0][name].tolist() for batch in batches]


def a_pass(batches):
    """What Keras does to a data set in one epoch, without Keras."""
    batches.on_epoch_begin()
    fed = [batches[index] for index in range(len(batches))]
    batches.on_epoch_end()
    return np.concatenate([batch[0]["id"] for batch in fed]).tolist()


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


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            dict(index=4),
            "iterate, index: .*at most 3.*index=4",
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
        DataError, match='input "x", batch 0 .* 11 rows in all, not as at'
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


def lose(batch, rng):
    inputs, *rest = batch
    return {"a": inputs["a"]}, *rest


def fail(batch, rng):
    raise KeyError("label")


TRANSFORMS = {
    "loses an input": (
        lose,
        r"transform 0 \(lose\): expected the inputs a, b to be kept.*: a\.",
    ),
    "fails": (
        fail,
        r"transform 0 \(fail\): .*Received: KeyError: 'label'",
    ),
    "returns nothing": (
        lambda batch, rng: None,
        "transform 0 .*: expected a tuple.*Received: NoneType",
    ),
    "loses the targets": (
        lambda batch, rng: batch[:1],
        "expected the 2 parts of the batch.*Received: 1 parts",
    ),
    "gives four parts": (
        lambda batch, rng: batch * 2,
        "expected the 2 parts of the batch.*Received: 4 parts",
    ),
    "gives inputs without names": (
        lambda batch, rng: (batch[0]["a"], batch[1]),
        r"the inputs a, b to be kept. Received: int64 \(10,\)",
    ),
    "gives no targets": (
        lambda batch, rng: (batch[0], None),
        r"transform 0 \(<lambda>\), target: .*numbers.*Received: object",
    ),
    "gives words": (
        lambda batch, rng: (batch[0] | {"a": ["b"] * 10}, batch[1]),
        'transform 0 .*, input "a": expected an array of numbers',
    ),
    "gives rows of unequal length": (
        lambda batch, rng: (batch[0] | {"a": [[1], [1, 2]]}, batch[1]),
        'input "a": expected an array of numbers.*Pad rows of unequal',
    ),
    "drops rows of the inputs alone": (
        lambda batch, rng: (
            {name: x[:3] for name, x in batch[0].items()},
            batch[1],
        ),
        'target: expected 3 rows, as in input "a". Received: 10 rows',
    ),
    "drops every row": (
        lambda batch, rng: (
            {name: x[:0] for name, x in batch[0].items()},
            batch[1][:0],
        ),
        'input "a": expected a row. Received: 0 rows',
    ),
}


@pytest.mark.parametrize(
    ("transform", "words"), TRANSFORMS.values(), ids=TRANSFORMS
)
def test_a_transform_that_returns_no_batch_is_named(transform, words):
    batches = MultiInputGenerator(
        {"a": IDS, "b": IDS}, IDS, transforms=[transform], seed=0
    )

    with pytest.raises(DataError, match=words):
        batches[0]


def twice(batch, rng):
    """Every row again, with a column more and the weights that it lacks."""
    inputs, targets = batch
    inputs = {name: np.repeat(x, 2, axis=0) for name, x in inputs.items()}
    inputs["more"] = np.ones((len(inputs["x"]), 3))
    return inputs, np.repeat(targets, 2), np.ones(2 * len(targets))


def most(batch, rng):
    """The rows whose number is no multiple of three."""
    inputs, targets = batch
    kept = targets % 3 > 0
    return {name: x[kept] for name, x in inputs.items()}, targets[kept]


def wide(batch, rng):
    """Images of another size in every batch."""
    inputs, targets = batch
    width = rng.integers(2, 9)
    return {"x": np.ones((len(targets), 4, width))}, targets


@pytest.mark.parametrize("transform", [twice, most, wide])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_tf_dataset_gives_what_a_transform_makes(transform, drop_last):
    """Also where it adds, drops or reshapes rows."""
    batches = MultiInputGenerator(
        {"x": X},
        IDS,
        batch_size=4,
        seed=0,
        transforms=[transform],
        drop_last=drop_last,
    )
    dataset = list(batches.to_tf_dataset(epochs=2).as_numpy_iterator())

    assert len(dataset) == 2 * len(batches)
    for given, wanted in zip(dataset, batches.iterate(epochs=2)):
        assert len(given) == len(wanted)
        for name, values in wanted[0].items():
            np.testing.assert_array_equal(given[0][name], values)
        for one, other in zip(given[1:], wanted[1:]):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("transform", [twice, most])
def test_fit_meets_every_row_that_a_transform_makes(transform):
    batches = MultiInputGenerator(
        {"x": X}, IDS, batch_size=4, seed=0, transforms=[transform]
    )
    x = keras.Input((2,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=[Count()], run_eagerly=True)
    history = model.fit(
        batches.to_tf_dataset(), steps_per_epoch=3, verbose=0, shuffle=False
    )

    rows = sum(len(batch[1]) for batch in batches)
    assert history.history["rows"] == [rows]


class Doubled:
    """A column of one's own, in the type that Python counts in."""

    def __init__(self, extra=0):
        self.extra = extra

    def __len__(self):
        return N

    def take(self, rows):
        return np.append(rows, [0] * self.extra) * 2.0


def test_a_transform_in_place_changes_no_data():
    """Also where a column gives a view of what it holds."""

    class Rows:
        held = np.ones((6, 2), "float32")

        def __len__(self):
            return 6

        def take(self, rows):
            return self.held[rows[0] : rows[-1] + 1]

    def clear(batch, rng):
        for values in batch[0].values():
            values[:] = 0
        return batch

    array = np.ones((6, 1), "float32")
    batches = MultiInputGenerator(
        {"a": array, "b": Rows()}, batch_size=4, seed=0, transforms=[clear]
    )

    (first,) = batches[0]

    assert not first["a"].any() and not first["b"].any()
    assert array.all() and Rows.held.all()


def test_what_a_transform_changed_back_to_objects_is_refused():
    """Same length, same names: the type alone tells."""

    def words(batch, rng):
        return ({"a": np.array(["x"] * len(batch[0]["a"]), object)},)

    batches = MultiInputGenerator({"a": X}, seed=0, transforms=[words])

    with pytest.raises(DataError, match="numbers"):
        batches[0]


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
        "at most 4294967295. Received: seed=4294967296",
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
        dict(inputs={"a": np.ones(1)}, targets=np.array(["b"])),
        "target: expected numbers, .* np.unique",
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
        "length: expected a whole number.*length=None",
    ),
    "length twice": (
        dict(inputs={"a": X}, length=5),
        "length: expected no",
    ),
    "shuffle of another kind": (
        dict(inputs={"a": X}, shuffle="blocks", seed=0),
        "shuffle: expected True, False or Blocks.*shuffle='blocks'",
    ),
    "blocks without seed": (
        dict(inputs={"a": X}, shuffle=Blocks()),
        "seed",
    ),
    "rows that are not there": (
        dict(inputs={"a": X}, rows=np.array([3, 10])),
        "rows: expected .* from 0 to 9. Received: numbers from 3 to 10",
    ),
    "rows as a mask": (
        dict(inputs={"a": X}, rows=IDS > 3),
        "rows: expected an array of row numbers.*np.flatnonzero.mask",
    ),
    "no rows": (
        dict(inputs={"a": X}, rows=IDS[:0]),
        "rows: expected at least one row number",
    ),
    "balance without shuffle": (
        dict(inputs={"a": X}, balance=IDS),
        "balance: expected shuffle=True",
    ),
    "balance of blocks": (
        dict(inputs={"a": X}, balance=IDS, shuffle=Blocks(), seed=0),
        "balance: expected shuffle=True.*shuffle=Blocks",
    ),
    "balance of too few labels": (
        dict(inputs={"a": X}, balance=IDS[:9], shuffle=True, seed=0),
        r"balance: expected an array of 10 labels.*int64 \(9,\)",
    ),
    "masked rows": (
        dict(inputs={"a": X}, rows=np.ma.masked_less(IDS, 3)),
        "rows: expected an array of row numbers",
    ),
    "a masked balance": (
        dict(
            inputs={"a": X},
            balance=np.ma.masked_less(IDS, 3),
            shuffle=True,
            seed=0,
        ),
        "balance: expected an array of 10 labels",
    ),
    "balance of objects": (
        dict(
            inputs={"a": X},
            balance=np.array([None, "a"] * 5, dtype=object),
            shuffle=True,
            seed=0,
        ),
        "balance: expected an array of 10 labels.*astype",
    ),
    "balance of fractions": (
        dict(inputs={"a": X}, balance=X[:, 0], shuffle=True, seed=0),
        r"balance: expected an array of 10 labels.*float64 \(10,\)",
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


# What can be set, and what can not


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 3),
        ("shuffle", False),
        ("seed", 1),
        ("drop_last", True),
        ("shard", (0, 2)),
        ("pad", True),
    ],
)
def test_a_setting_can_be_read_and_not_be_set(name, value):
    batches = MultiInputGenerator({"x": X}, shuffle=True, seed=0)

    before = getattr(batches, name)
    with pytest.raises(
        AttributeError, match=f"{name} is read-only.*{value}"
    ):
        setattr(batches, name, value)
    assert getattr(batches, name) == before


@pytest.mark.parametrize("name", ["order", "transforms", "inputs"])
def test_what_is_fed_cannot_be_exchanged(name):
    with pytest.raises(AttributeError):
        setattr(MultiInputGenerator({"x": X}), name, None)


@pytest.mark.parametrize("epoch", [-1, 1.5, True, None])
def test_an_epoch_that_is_none_is_refused(epoch):
    batches = MultiInputGenerator({"x": X})

    with pytest.raises(DataError, match=f"epoch: expected.*epoch={epoch}"):
        batches.epoch = epoch
    assert batches.epoch == 0


def test_a_column_that_sorts_its_rows_is_told_so():
    """It would misalign all the others without a word."""

    class Sorting:
        def __len__(self):
            return N

        def take(self, rows):
            rows.sort()
            return rows

    batches = MultiInputGenerator(
        {"a": Sorting(), "b": IDS}, shuffle=True, seed=0
    )
    with pytest.raises(DataError, match='input "a".*read-only'):
        batches[0]


def test_the_rows_that_are_told_are_ones_own():
    batches = MultiInputGenerator({"id": IDS}, shuffle=True, seed=0)
    before = batches[0][0]["id"].tolist()

    batches.rows(0).sort()
    assert batches[0][0]["id"].tolist() == before


# The epoch


def test_a_loop_to_the_end_advances_the_epoch():
    batches = MultiInputGenerator(
        {"id": IDS, "z": Noise(2)}, shuffle=True, seed=0, batch_size=4
    )
    loops = [list(batches) for _ in range(3)]
    epochs = [list(batches.iterate(epoch)) for epoch in range(3)]

    for loop, epoch in zip(loops, epochs):
        for (one,), (other,) in zip(loop, epoch, strict=True):
            np.testing.assert_array_equal(one["id"], other["id"])
            np.testing.assert_array_equal(one["z"], other["z"])
    next(iter(batches))  # a look at the first batch moves nothing
    assert batches.epoch == 3


def test_an_epoch_that_was_not_fed_to_its_end_does_not_count():
    batches = MultiInputGenerator({"id": IDS}, batch_size=4)

    batches.on_epoch_begin()
    batches[0], batches[1]
    batches.on_epoch_end()
    assert batches.epoch == 0


def test_a_callback_that_is_gone_leads_no_more():
    """`fit` was stopped by an error and did not tell that it ended."""
    batches = MultiInputGenerator({"id": IDS})
    callback = FollowEpoch(batches)

    batches.lead(callback, 2)
    a_pass(batches)
    assert batches.epoch == 2
    del callback
    a_pass(batches)
    assert batches.epoch == 3


def test_a_callback_asks_for_no_fit_that_keras_begins_to_build_a_model():
    """JAX, and strategies, begin an epoch before the first one."""
    batches = MultiInputGenerator({"id": IDS})
    callback = FollowEpoch(batches)

    a_pass(batches)  # to build
    assert batches.lead(callback) == 0

    a_pass(batches)
    batches.lead(None)
    a_pass(batches)  # an epoch of its own
    batches.on_epoch_end()  # fit begins
    assert batches.lead(callback) == 1


def test_what_keras_keeps_for_ever_holds_nothing_large():
    batches = MultiInputGenerator(
        {"x": np.zeros(10_000)}, shuffle=True, seed=0
    )
    batches[0]
    assert batches.order._epochs._values
    assert not batches.in_order().order._epochs._values

    list(batches)
    assert not batches.order._epochs._values
    batches[0]
    bare = len(pickle.dumps(np.zeros(10_000)))
    assert len(pickle.dumps(batches)) < bare + 3000


def test_iterate_feeds_fit_from_the_middle_of_an_epoch():
    batches = MultiInputGenerator({"x": X}, X[:, :1], batch_size=4)
    x = keras.Input((2,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=[Count()], run_eagerly=True)
    history = model.fit(
        batches.iterate(0, 1), steps_per_epoch=2, verbose=0, shuffle=False
    )

    assert history.history["rows"] == [6]


# Which rows


def test_chosen_rows_are_fed_and_no_array_is_copied():
    chosen = np.array([8, 1, 5])
    batches = MultiInputGenerator(
        {"id": IDS, "x": X}, IDS, shuffle=True, seed=0, rows=chosen
    )

    inputs, targets = batches[0]
    assert sorted(inputs["id"]) == [1, 5, 8]
    np.testing.assert_array_equal(inputs["x"], X[inputs["id"]])
    np.testing.assert_array_equal(batches.rows(0), targets)
    assert batches.inputs["x"].values is X
    assert rows_of(batches.in_order()) == [[8, 1, 5]]
    assert batches.report()["samples"] == 3


def test_the_rows_of_a_batch_are_told():
    batches = MultiInputGenerator(
        {"id": IDS}, shuffle=True, seed=0, batch_size=4
    )

    for epoch in range(2):
        for index, (inputs,) in enumerate(batches.iterate(epoch)):
            rows = batches.rows(index, epoch)
            np.testing.assert_array_equal(rows, inputs["id"])
    batches.epoch = 1
    np.testing.assert_array_equal(batches.rows(2), batches.rows(2, 1))
    for index in (3, -1):
        with pytest.raises(IndexError, match=f"from 0 to 2.*index={index}"):
            batches.rows(index)


@pytest.mark.parametrize(
    "labels",
    [IDS >= 8, np.where(IDS >= 8, "rare", "often"), (IDS >= 8) * 7],
    ids=["booleans", "words", "numbers with gaps"],
)
def test_classes_can_be_balanced(labels):
    batches = MultiInputGenerator(
        {"id": IDS}, shuffle=True, seed=0, balance=labels, batch_size=10
    )

    (inputs,) = batches[0]
    assert np.sum(inputs["id"] >= 8) == 5
    assert batches.report()["fed"] == 10
    assert rows_of(batches.in_order()) == [list(range(10))]


def test_balance_goes_with_chosen_rows():
    batches = MultiInputGenerator(
        {"id": IDS},
        shuffle=True,
        seed=0,
        balance=IDS >= 8,
        rows=np.arange(5, 10),
        batch_size=10,
    )

    for _ in range(3):
        (inputs,) = next(iter(batches))
        assert set(inputs["id"]) <= set(range(5, 10))
        assert np.sum(inputs["id"] >= 8) in (2, 3)


# Arrays that read from a file


def test_datasets_of_hdf5_are_read_by_the_batch(tmp_path):
    """h5py takes row numbers in rising order, each of them once."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = X
        file["big"] = IDS.astype(">i4")
        batches = MultiInputGenerator(
            {"x": file["x"], "id": IDS},
            file["big"],
            shuffle=True,
            seed=0,
            balance=IDS >= 8,
            batch_size=10,
        )
        inputs, targets = batches[0]

        np.testing.assert_array_equal(inputs["x"], X[inputs["id"]])
        np.testing.assert_array_equal(targets, inputs["id"])
        assert len(set(targets)) < 10  # a row that comes twice
        assert (inputs["x"].dtype, targets.dtype) == ("float32", "int32")


def test_worker_processes_cannot_share_an_open_file(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = X
        with pytest.raises(
            DataError, match='input "x".*Received: Dataset. Leave out use_m'
        ):
            MultiInputGenerator(
                {"x": file["x"]}, workers=2, use_multiprocessing=True
            )


@pytest.mark.parametrize(
    "dtype", [">i4", ">i8", ">u2", ">f8", ">f4", "<i4"]
)
def test_numbers_of_another_byte_order_arrive_as_they_are(dtype):
    """TensorFlow and JAX would read their bytes backwards."""

    class Column:
        def __len__(self):
            return N

        def take(self, rows):
            return rows.astype(dtype)

    batches = MultiInputGenerator(
        {"array": IDS.astype(dtype), "column": Column()},
        batch_size=4,
    )
    for (inputs,), (given,) in zip(batches, batches.to_tf_dataset()):
        for name in ("array", "column"):
            assert inputs[name].dtype.isnative
            np.testing.assert_array_equal(given[name], inputs[name])
    np.testing.assert_array_equal(batches[1][0]["array"], [4, 5, 6, 7])


# Small integers of NumPy, which overflow


def test_small_integers_of_numpy_count_as_those_of_python():
    batches = MultiInputGenerator(
        {"id": np.arange(1000)},
        batch_size=np.uint8(32),
        shard=(np.uint8(0), np.uint8(1)),
        shuffle=np.True_,
        seed=np.uint8(0),
    )
    plain = MultiInputGenerator(
        {"id": np.arange(1000)}, batch_size=32, shuffle=True, seed=0
    )

    for index in (10, 0, 31):
        (inputs,), (expected,) = batches[np.uint8(index)], plain[index]
        np.testing.assert_array_equal(inputs["id"], expected["id"])
    epochs = [inputs["id"][0] for (inputs,) in plain.iterate(255, epochs=2)]
    again = batches.iterate(np.uint8(255), np.uint8(0), np.uint8(2))
    assert [inputs["id"][0] for (inputs,) in again] == epochs
    noise = MultiInputGenerator(
        {"z": Noise(2)}, length=np.uint8(100), batch_size=9, seed=0
    )
    assert len(noise) == len(list(noise)) == 12


def test_blocks_may_be_larger_than_the_data():
    for blocks in (
        Blocks(np.int32(65536), np.int32(65536)),
        Blocks(10**12, 1),
        Blocks(256, 2**62),
    ):
        batches = MultiInputGenerator(
            {"id": np.arange(1000)}, shuffle=blocks, seed=0
        )
        assert sorted(sum(rows_of(batches), [])) == list(range(1000))


# Loops that end in another way


def test_a_loop_that_is_not_asked_for_more_has_ended_too():
    """As the second of two generators that are zipped."""
    one, other = (
        MultiInputGenerator({"id": IDS}, batch_size=4) for _ in range(2)
    )
    for _ in range(3):
        for _pair in zip(one, other):
            pass
    for _batch in other:
        break

    assert (one.epoch, other.epoch) == (3, 3)


def test_loops_go_on_after_a_fit_that_was_interrupted():
    batches = MultiInputGenerator({"id": IDS}, batch_size=4)
    batches.on_epoch_begin()
    batches[0]  # and no end

    list(batches), list(batches)
    assert batches.epoch == 2
    batches.on_epoch_end()  # the next fit begins
    assert batches.epoch == 2


def test_setting_the_epoch_ends_the_lead_of_a_callback():
    batches = MultiInputGenerator({"id": IDS})
    callback = FollowEpoch(batches)
    batches.lead(callback, 2)

    batches.epoch = 2
    a_pass(batches)
    assert (batches.epoch, callback.batches) == (3, batches)


def test_a_callback_lets_the_order_of_a_past_epoch_go():
    batches = MultiInputGenerator({"x": IDS}, shuffle=True, seed=0)
    batches[0]
    callback = FollowEpoch(batches)
    batches.lead(callback, 1)

    assert not batches.order._epochs._values


def test_in_order_is_led_nowhere():
    ordered = MultiInputGenerator({"id": IDS}).in_order()
    ordered.lead(FollowEpoch(ordered), 3)

    assert ordered.epoch == 0


# Masks, and rows that are no numbers


def test_masked_rows_of_a_column_or_a_transform_are_refused():
    class Masked:
        def __len__(self):
            return N

        def take(self, rows):
            return np.ma.masked_less(rows, 3)

    class Words(Masked):
        def take(self, rows):
            return rows.astype(str)

    def mask(batch, rng):
        return ({"a": np.ma.masked_less(batch[0]["a"], 3)},)

    for inputs, options in (
        ({"a": Masked()}, {}),
        ({"a": Words()}, {}),
        ({"a": IDS}, {"transforms": [mask], "seed": 0}),
    ):
        batches = MultiInputGenerator(inputs, **options)
        with pytest.raises(DataError, match='input "a".*(mask|numbers)'):
            batches[0]
