"""Silent traps of Keras: what happens without the check, and what it says.

Each trap has two tests. The first shows what today's Keras does; when a
later one mends it, that test says so. The second shows the check.
"""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from companion import (
    ContractError,
    ContractWarning,
    MultiInputGenerator,
    check,
)

N = 8


def subtract(inputs="list"):
    """a - b: tells at once whether the inputs arrived as they should."""
    a, b = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    answer = keras.layers.Subtract()([a, b])
    if inputs == "dict":
        return keras.Model({"a": a, "b": b}, answer)
    return keras.Model([a, b], answer)


def column(value, n=N):
    return np.full((n, 1), value, "float32")


class Batches(keras.utils.PyDataset):
    """Hands out the batches it was given."""

    def __init__(self, *batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def mended(happens, what):
    """Fails with a sentence if Keras no longer does something."""
    if not happens:
        pytest.fail(f"This Keras has mended the trap: {what}")


def refused(model, data, words, **options):
    with pytest.raises(ContractError, match=words):
        check(model, data, **options)


# An extra key, with a model built on a dict

EXTRA = {"a": column(100), "b": column(3), "Id": column(5)}


def test_keras_feeds_an_extra_key_in_place_of_an_input():
    with pytest.warns(UserWarning, match="structure of `inputs`"):
        answer = subtract("dict").predict_on_batch(EXTRA)

    mended(answer[0, 0] == 5 - 100, "an extra key is fed as an input")
    assert subtract("list").predict_on_batch(EXTRA)[0, 0] == 97


def test_check_refuses_an_extra_key():
    refused(subtract("dict"), EXTRA, 'input "Id": expected only the inputs')


# fit reorders the batches of a PyDataset


class Seen(keras.Model):
    def __init__(self):
        super().__init__()
        self.seen = []

    def train_step(self, data):
        self.seen.append(int(data[0]["a"][0, 0]))
        return {"loss": 0.0}


def seen_by_fit(**options):
    batches = Batches(*[({"a": column(i)}, column(0)) for i in range(20)])
    model = Seen()
    model.compile(optimizer="sgd", run_eagerly=True)
    model.fit(batches, verbose=0, **options)
    return model.seen


def test_keras_reorders_the_batches_of_a_pydataset():
    mended(seen_by_fit() != list(range(20)), "fit reorders batches")
    assert seen_by_fit(shuffle=False) == list(range(20))


def test_check_reminds_of_shuffle():
    report = check(subtract(), Batches(({"a": column(1), "b": column(2)},)))

    (note,) = [row for row in report.rows if row.verdict == "note"]
    assert (note.problem.where, note.problem.expected) == (
        "fit",
        "shuffle=False",
    )


# Two inputs of one shape change places


def test_keras_takes_inputs_of_one_shape_in_any_order():
    model = subtract()

    right = model.predict_on_batch([column(100), column(3)])[0, 0]
    swapped = model.predict_on_batch([column(3), column(100)])[0, 0]
    mended((right, swapped) == (97, -97), "a list is fed by position")


def test_check_says_that_only_the_order_decides():
    report = check(subtract(), [column(3), column(100)])

    assert report.rows[-1].verdict == "note"
    assert report.rows[-1].problem.expected == "the order a, b"
    assert "Feed a dict" in report.rows[-1].problem.fix


def test_names_put_inputs_in_their_places():
    data = {"b": column(3), "a": column(100)}

    assert subtract().predict_on_batch(data)[0, 0] == 97
    assert all(row.verdict == "ok" for row in check(subtract(), data).rows)


# Ids


def lookup(*shape, dtype="int32"):
    ids = keras.Input(shape, dtype=dtype, name="ids")
    table = keras.layers.Embedding(5, 1)
    model = keras.Model([ids], table(ids))
    table.set_weights([np.arange(5.0)[:, None]])
    return model


def test_keras_cuts_float_ids():
    looked_up = lookup().predict_on_batch({"ids": np.array([2.9])})

    mended(looked_up.item() == 2, "float ids are cut")


def test_check_refuses_float_ids():
    refused(lookup(), {"ids": np.array([2.9])}, "would cut 2.9 to 2")


def test_keras_takes_an_id_below_0_for_the_last_row():
    looked_up = lookup().predict_on_batch({"ids": np.array([-1])})

    mended(looked_up.item() == 4, "id -1 is the last row")


@pytest.mark.parametrize("bad", [-1, 5])
def test_check_refuses_ids_beyond_the_embedding(bad):
    refused(lookup(), {"ids": np.array([0, bad])}, "ids from 0 to 4, the")


@pytest.mark.parametrize(
    ("shift", "ids"),
    [(lambda x: x - 1, [1, 5]), (lambda x: x % 5, [3, 77])],
    ids=["counted from 1", "hashed"],
)
def test_ids_that_the_model_changes_first_are_its_own_business(shift, ids):
    ids_in = keras.Input((), dtype="int32", name="ids")
    table = keras.layers.Embedding(5, 1)
    model = keras.Model([ids_in], table(shift(ids_in)))
    data = {"ids": np.array(ids)}

    assert np.isfinite(model.predict_on_batch(data)).all()
    assert check(model, data).problems == ()


ONE_HOT = np.eye(5, dtype="int32")


def test_keras_looks_up_every_0_and_1_of_a_one_hot_row():
    looked_up = lookup(5).predict_on_batch({"ids": ONE_HOT})

    mended(looked_up.shape == (5, 5, 1), "one-hot rows are looked up")


def test_check_refuses_one_hot_rows_for_an_embedding():
    refused(lookup(5), {"ids": ONE_HOT}, "one-hot. Give the number: val")


def test_keras_drops_the_last_axis_for_a_scalar_input():
    looked_up = lookup().predict_on_batch({"ids": np.array([[1], [2]])})

    mended(looked_up.shape == (2, 1), "(n, 1) passes for (n,)")


def test_check_asks_for_the_declared_axes():
    with pytest.warns(ContractWarning, match="Drop the last axis"):
        check(lookup(), {"ids": np.array([[1], [2]])})


# Targets


def regression(outputs=1):
    x = keras.Input((2,), name="x")
    model = keras.Model([x], keras.layers.Dense(outputs)(x))
    model.compile(optimizer="sgd", loss="mse")
    return model


X = {"x": np.ones((N, 2), "float32")}


def test_keras_stretches_targets_of_another_shape():
    loss = regression().evaluate(X, np.ones((N, 100)), verbose=0)

    mended(np.isfinite(loss), "(n, 100) targets for one output")


def test_check_refuses_targets_that_would_be_stretched():
    words = r"target: expected the shape of the output, \(batch, 1\)"
    refused(regression(), X, words, targets=np.ones((N, 100)))


@pytest.mark.parametrize("targets", [np.ones(N), np.ones((N, 1))])
def test_a_missing_last_axis_is_no_problem(targets):
    """Keras adds it, and the loss is the same."""
    model = regression()
    model.set_weights([np.zeros((2, 1)), np.zeros(1)])

    assert model.evaluate(X, targets, verbose=0) == 1
    assert check(model, X, targets=targets).problems == ()


def classifier(loss, classes=3):
    x = keras.Input((2,), name="x")
    activation = "softmax" if classes > 1 else "sigmoid"
    answer = keras.layers.Dense(classes, activation=activation)(x)
    model = keras.Model([x], answer)
    model.compile(optimizer="sgd", loss=loss)
    return model


CLASSES = np.arange(N) % 3
WRONG_LABELS = {
    "one-hot for sparse": (
        classifier("sparse_categorical_crossentropy"),
        np.eye(3)[CLASSES],
        "class numbers from 0 to 2.*go with categorical_crossentropy",
    ),
    "numbers for one-hot": (
        classifier(keras.losses.CategoricalCrossentropy()),
        CLASSES,
        r"one-hot labels \(batch, 3\).*go with sparse_categorical",
    ),
    "from 1 instead of 0": (
        classifier("sparse_categorical_crossentropy"),
        CLASSES + 1,
        "class numbers from 0 to 2. Received: numbers from 1 to 3",
    ),
    "several classes for two": (
        classifier("binary_crossentropy", 1),
        CLASSES,
        "labels from 0 to 1. Received: numbers from 0 to 2",
    ),
}


@pytest.mark.parametrize(
    ("model", "labels", "words"), WRONG_LABELS.values(), ids=WRONG_LABELS
)
def test_labels_that_do_not_fit_the_loss_are_refused(model, labels, words):
    refused(model, X, words, targets=labels)


def own_loss(y_true, y_pred):
    """A loss of one's own, of which nothing is known."""
    return keras.ops.mean(keras.ops.square(y_pred), axis=-1)


SPARSE = keras.losses.SparseCategoricalCrossentropy
RIGHT_LABELS = {
    "a class by its name": ("SparseCategoricalCrossentropy", CLASSES),
    "a loss with a name of its own": (SPARSE(name="band"), CLASSES),
    "a function": (keras.losses.sparse_categorical_crossentropy, CLASSES),
    "a loss of one's own": (own_loss, np.ones((N, 7))),
    "an alias": ("kld", np.full((N, 3), 1 / 3)),
}


@pytest.mark.parametrize(
    ("loss", "labels"), RIGHT_LABELS.values(), ids=RIGHT_LABELS
)
def test_labels_that_the_loss_reads_pass_however_it_is_written(
    loss, labels
):
    model = classifier(loss)

    assert np.isfinite(model.evaluate(X, labels, verbose=0))
    assert check(model, X, targets=labels).problems == ()


@pytest.mark.parametrize("alias", ["bce", "BCE", "BinaryCrossentropy"])
def test_labels_are_compared_with_a_loss_under_another_name(alias):
    words = "labels from 0 to 1. Received: numbers from 0 to 2"
    refused(classifier(alias, 1), X, words, targets=CLASSES)


def test_an_output_without_a_loss_needs_no_targets():
    x = keras.Input((2,), name="x")
    price = keras.layers.Dense(1, name="price")(x)
    two = keras.layers.Dense(2, name="two")(x)
    model = keras.Model([x], {"price": price, "two": two})
    model.compile(loss={"price": "mse"})
    targets = {"price": np.ones((N, 1))}

    assert np.isfinite(model.evaluate(X, targets, verbose=0))
    assert check(model, X, targets=targets).problems == ()


def test_misnamed_sample_weights_are_refused():
    model = two_outputs(None)
    targets = {"band": column(0), "price": column(0)}
    weights = {"band": np.ones(N), "amount": np.ones(N)}
    data = Batches(({"x": column(1)}, targets, weights))

    refused(model, data, 'sample weight "price": .* nothing under this')


def test_keras_takes_any_number_for_a_yes_or_no():
    model = classifier("binary_crossentropy", 1)

    loss = model.evaluate(X, CLASSES, verbose=0)
    mended(np.isfinite(loss), "labels 0 to 2 in a binary loss")


def test_keras_says_little_when_targets_are_forgotten():
    with pytest.raises(ValueError, match="None values not supported"):
        regression().fit(Batches((X,)), verbose=0, shuffle=False)


def test_check_warns_that_there_are_no_targets():
    """They may be forgotten; for `predict` there need not be any."""
    with pytest.warns(ContractWarning, match="target: .* Only predict"):
        check(regression(), Batches((X,)))


def test_losses_by_output_are_compared_by_output():
    x = keras.Input((2,), name="x")
    price = keras.layers.Dense(1, name="price")(x)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(x)
    model = keras.Model([x], {"price": price, "kind": kind})
    model.compile(
        loss={"price": "mse", "kind": "sparse_categorical_crossentropy"}
    )
    targets = {"price": np.ones((N, 1)), "kind": CLASSES}

    assert check(model, X, targets=targets).problems == ()
    wrong = targets | {"kind": CLASSES + 1}
    refused(model, X, 'target "kind": .*numbers from 1 to 3', targets=wrong)


# Loss weights under a name that no output has


def two_outputs(loss_weights):
    x = keras.Input((1,), name="x")
    answers = {
        name: keras.layers.Dense(
            1, kernel_initializer=keras.initializers.Constant(answer)
        )(x)
        for name, answer in [("band", 1), ("price", 2)]
    }
    model = keras.Model([x], answers)
    losses = dict.fromkeys(answers, "mse")
    model.compile("sgd", loss=losses, loss_weights=loss_weights)
    return model


TWO_TARGETS = {"x": column(1)}, {"band": column(0), "price": column(0)}


def test_keras_hands_out_misnamed_loss_weights_by_the_alphabet():
    by_name = two_outputs({"band": 1, "price": 10})
    misnamed = two_outputs({"band": 1, "amount": 10})

    # Errors are 1 squared for the band and 2 squared for the price.
    assert by_name.evaluate(*TWO_TARGETS, verbose=0)[0] == 1 + 10 * 4
    loss = misnamed.evaluate(*TWO_TARGETS, verbose=0)[0]
    mended(loss == 10 * 1 + 4, "weights are handed out by the alphabet")


@pytest.mark.parametrize(
    "weights", [{"band": 1, "amount": 10}, {"band": 1}, {"Band": 1}]
)
def test_check_refuses_misnamed_loss_weights(weights):
    x, y = TWO_TARGETS

    words = "loss_weights: expected one weight for each of band, price"
    refused(two_outputs(weights), x, words, targets=y)


def test_check_refuses_a_loss_weight_that_tensorflow_cannot_use():
    x, y = TWO_TARGETS
    model = two_outputs({"band": 1.0, "price": np.float64(10)})

    with pytest.raises(TypeError, match="float64 .*float32"):
        model.fit(x, y, verbose=0)
    refused(model, x, "loss_weights: .* float64 of NumPy", targets=y)


@pytest.mark.parametrize(
    "weights", [{"price": 10, "band": 1}, [1, 10], None]
)
def test_loss_weights_that_fit_pass(weights):
    x, y = TWO_TARGETS

    assert not check(two_outputs(weights), x, targets=y).problems


def test_an_output_without_a_loss_needs_no_weight():
    model = two_outputs(None)
    model.compile("sgd", loss={"band": "mse"}, loss_weights={"band": 2})

    assert not check(model, TWO_TARGETS[0], targets=TWO_TARGETS[1]).problems


# Forms of a batch


def test_keras_takes_a_flat_batch_for_targets_and_weights():
    flat = Batches((column(1), column(2), column(3)))
    model = subtract()
    model.compile(optimizer="sgd", loss="mse")

    with pytest.raises(ValueError, match="expects 2 named input"):
        model.fit(flat, verbose=0, shuffle=False)


def test_check_says_how_a_flat_batch_is_read():
    flat = Batches((column(1), column(2), column(3)))

    refused(subtract(), flat, "Only the first array would be an input")


def test_keras_cannot_read_a_list_inside_a_batch():
    model = subtract()
    model.compile(optimizer="sgd", loss="mse")
    listed = Batches(([column(1), column(2)], column(3)))

    with pytest.raises(TypeError, match="output_signature"):
        model.fit(listed, verbose=0, shuffle=False)


def test_check_asks_for_a_dict_in_place_of_a_list():
    listed = Batches(([column(1), column(2)], column(3)))

    words = 'takes a list for one tensor. Feed a dict: {"a": ..., "b": ...}'
    refused(subtract(), listed, words)


def test_a_python_generator_must_yield_tuples():
    def batches():
        yield [{"a": column(1), "b": column(2)}, column(3)]

    model = subtract()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(ValueError, match="must return a tuple"):
        model.fit(batches(), verbose=0, shuffle=False)
    refused(model, batches, "round brackets")


def test_unbatched_samples_are_told_from_batches():
    data = {"a": column(1)[:, 0], "b": column(2)[:, 0]}
    unbatched = tf.data.Dataset.from_tensor_slices(
        {name: values[:, None] for name, values in data.items()}
    )

    with pytest.warns(ContractWarning, match="Add the batch axis"):
        check(subtract(), unbatched)


def test_none_is_no_input():
    refused(subtract(), {"a": column(1), "b": None}, "Received: NoneType")


# Gaps


# Numbers that float32 does not hold


def passed_on(values):
    """What a model of float32 makes of numbers, as Keras feeds them."""
    x = keras.Input((1,), name="x")
    same = keras.Model([x], keras.layers.Activation("linear")(x))
    return same, same.predict({"x": values}, verbose=0)


MINUTES = (1.7e9 + 60 * np.arange(N))[:, None]


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint32"])
def test_keras_merges_large_whole_numbers(dtype):
    values = MINUTES.astype(dtype)
    model, seen = passed_on(values)

    mended(len(np.unique(seen)) < N, "float32 merges Unix times")
    for data in ({"x": values}, MultiInputGenerator({"x": values})):
        with pytest.warns(
            ContractWarning, match="2\\*\\*24.*of them equal to others"
        ):
            report = check(model, data)
        assert report.problems == ()


def test_the_advice_on_large_whole_numbers_helps():
    since = MINUTES - MINUTES[0]
    model, seen = passed_on(since)

    np.testing.assert_array_equal(seen, since)
    assert check(model, {"x": since}).warnings == ()


@pytest.mark.parametrize(
    "pair",
    [
        np.array([20_000_000.0, 20_000_001.0]),
        np.array([1_700_000_000, 1_700_000_001]),
        np.array([2**60, 2**60 + 1]),
    ],
    ids=["beside one that stays", "integers", "beyond float64"],
)
def test_two_numbers_that_become_one_are_told(pair):
    data = {"x": pair[:, None]}
    with pytest.warns(ContractWarning, match="1 of them equal to others"):
        check(passed_on(data["x"])[0], data)


def test_rows_that_are_not_fed_are_not_looked_at():
    values = np.ones((N, 1))
    values[0] = np.nan
    rows = np.arange(1, N)
    model = passed_on(np.ones((N, 1)))[0]

    fed = MultiInputGenerator({"x": values}, rows=rows)
    assert check(model, fed).problems == ()
    refused(model, MultiInputGenerator({"x": values}), "NaN")
    values[3] = np.nan
    refused(model, fed, "NaN or infinity in 1 of 7 rows")


@pytest.mark.parametrize("value", [2.0**24, 2.0**60, 1e9 + 0.5, 0.1, -7e30])
def test_numbers_that_lose_nothing_or_little_pass(value):
    data = {"x": np.full((N, 1), value)}

    assert check(passed_on(data["x"])[0], data).warnings == ()


def test_keras_makes_infinity_of_numbers_beyond_float32():
    values = np.full((N, 1), 1e39)
    with np.errstate(over="ignore"):
        model, seen = passed_on(values)

    mended(np.isinf(seen).all(), "1e39 becomes infinity")
    for data in ({"x": values}, MultiInputGenerator({"x": values})):
        refused(model, data, "expected numbers that float32 can hold")
    refused(regression(), X, "target: .*float32 can hold", targets=values)


# Masked arrays


def test_keras_passes_over_the_mask_of_an_array():
    masked = np.ma.masked_equal(np.array([[1.0], [-999.0]]), -999)
    model, seen = passed_on(masked)

    mended(seen.ravel().tolist() == [1, -999], "a mask is passed over")
    refused(
        model, {"x": masked}, 'input "x": expected an array without a m'
    )
    targets = np.ma.masked_less(np.ones(N), 2)
    refused(regression(), X, "target: .*without a mask", targets=targets)


def test_one_nan_makes_every_weight_nan():
    model = regression()
    x = {"x": np.where(np.arange(N)[:, None] == 3, np.nan, X["x"])}

    model.fit(x, column(1), verbose=0)

    assert all(np.isnan(w).all() for w in model.get_weights())
    refused(model, x, "NaN or infinity in 1 of 8 rows", targets=column(1))


# Data that ends too soon


def three_batches():
    for _ in range(3):
        yield X, column(1)


def test_keras_goes_on_with_less_when_data_ends_too_soon():
    """An epoch without a batch is logged as loss 0: the best of all."""
    with pytest.warns(UserWarning, match="ran out of data"):
        history = regression().fit(
            three_batches(),
            epochs=5,
            steps_per_epoch=2,
            verbose=0,
            shuffle=False,
        )

    mended(0.0 in history.history["loss"], "an empty epoch has loss 0")


def test_check_counts_what_fit_will_ask_for():
    refused(
        regression(),
        three_batches,
        "steps: expected 10 batches. Received: 3 batches",
        steps=10,
    )
    assert check(regression(), three_batches, steps=3).problems == ()
    dataset = tf.data.Dataset.from_tensors((X, column(1)))
    refused(regression(), dataset, "steps: .*1 batches", steps=2)
    assert check(regression(), dataset.repeat(), steps=9).problems == ()


# A discriminator that is set aside after it was compiled


def test_keras_looks_at_trainable_in_the_first_training_step():
    """Keras 2 looked when the model was compiled."""
    learned = {}
    for first in ("flag", "step"):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(optimizer="sgd", loss="mse")
        if first == "step":
            model.train_on_batch(column(1), column(9))
        model.trainable = False
        before = model.get_weights()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The model does not have any")
            model.train_on_batch(column(1), column(9))
        after = model.get_weights()
        learned[first] = not all(map(np.array_equal, before, after))
    mended(
        learned == {"flag": False, "step": True},
        "what counts is the flag before the first step",
    )


# Lengths that the first two batches do not give away


def texts(*lengths):
    return [({"t": np.ones((2, n))}, np.ones(2)) for n in lengths]


def average():
    t = keras.Input((None,), name="t")
    answer = keras.ops.mean(t, axis=1, keepdims=True)
    return keras.Model([t], answer)


def test_keras_learns_a_length_from_the_first_two_batches():
    model = average()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(tf.errors.OpError, match="an element of shape"):
        model.evaluate(Batches(*texts(3, 3, 4)), verbose=0)


def test_check_reads_on_where_lengths_are_free():
    refused(average(), Batches(*texts(3, 3, 4)), r"twice \(3,\), later")
    for lengths in ((3, 4, 5), (3, 3, 3)):
        assert check(average(), Batches(*texts(*lengths))).problems == ()
