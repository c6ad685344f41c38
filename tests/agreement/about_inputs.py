"""What is fed to an input: its shape, its type, what is in it."""

import keras
import ml_dtypes
import numpy as np
import pandas as pd
import tensorflow as tf
from judge import Given, fails, runs, silent
from models import ONES, PARCEL, Batches, N, of_one, parcel


def passed_on(data):
    """What a model of one number makes of it, as Keras feeds it."""
    x = keras.Input((1,), name="x")
    return keras.Model([x], x * 1.0).predict(data, verbose=0).ravel()


# Shapes


@runs
def columns_without_an_axis():
    zone = np.arange(8.0) / N
    return Given(parcel(), PARCEL | {"zone": zone}, ONES)


@fails
def an_axis_that_comes_and_goes():
    flat, tall = np.ones(4), np.ones((4, 1))
    return Given(
        of_one((1,)),
        Batches(({"x": tall}, flat), ({"x": flat}, flat)),
        fit={"shuffle": False},
    )


@fails
def another_width():
    return Given(parcel(), PARCEL | {"numbers": np.ones((N, 3))}, ONES)


@fails
def a_single_sample():
    sample = {"numbers": np.ones(2), "zone": np.ones(1)}
    return Given(parcel(), sample, np.ones(1))


@fails
def images_without_channels():
    flat = keras.layers.Flatten()
    convolved = keras.layers.Conv2D(2, 3)
    model = of_one((6, 6, 3), lambda x: flat(convolved(x)))
    return Given(model, {"x": np.ones((N, 6, 6))}, ONES)


# Types


@runs
def numbers_of_bfloat16():
    numbers = np.ones((N, 2), ml_dtypes.bfloat16)
    return Given(parcel(), PARCEL | {"numbers": numbers}, ONES)


@runs
def whole_numbers_for_a_mask():
    steps = keras.Input((3, 2), name="steps")
    mask = keras.Input((3,), dtype="bool", name="mask")
    state = keras.layers.LSTM(2)(steps, mask=mask)
    model = keras.Model([steps, mask], keras.layers.Dense(1)(state))
    model.compile("sgd", "mse")
    data = {"steps": np.ones((N, 3, 2)), "mask": np.ones((N, 3), "int64")}
    return Given(model, data, ONES)


@fails
def dates():
    days = np.array([["2026-01-01"]] * N, dtype="datetime64[ns]")
    return Given(of_one((1,)), {"x": days}, ONES)


@fails
def words_for_numbers():
    return Given(of_one((1,)), {"x": np.array([["seven"]] * N)}, ONES)


def looked_up(shape):
    """A text that is looked up in a vocabulary of two."""
    text = keras.Input(shape, dtype="string", name="x")
    ids = keras.layers.StringLookup(vocabulary=["by air", "by sea"])(text)
    vectors = keras.layers.Embedding(3, 2)(ids)
    flat = keras.layers.Flatten()(vectors) if shape else vectors
    model = keras.Model([text], keras.layers.Dense(1)(flat))
    model.compile("sgd", "mse")
    return model


WAYS = np.array(["by air", "by sea"] * 4, dtype=object)


@runs
def texts_as_objects():
    return Given(looked_up(()), {"x": WAYS}, ONES)


@runs
def texts_as_objects_for_an_axis_of_one():
    return Given(looked_up((1,)), {"x": WAYS}, ONES)


@fails
def texts_as_objects_with_an_axis():
    return Given(looked_up((1,)), {"x": WAYS[:, None]}, ONES)


@runs
def texts_in_a_data_set():
    rows = {"x": WAYS[:, None].astype("U")}, ONES
    data = tf.data.Dataset.from_tensor_slices(rows).batch(4)
    return Given(looked_up((1,)), data)


@runs
def columns_of_a_frame():
    table = pd.DataFrame({"width": ONES, "height": ONES, "zone": ONES})
    data = {"numbers": table[["width", "height"]], "zone": table[["zone"]]}
    return Given(parcel(), data, table["zone"])


@runs
def a_series_for_each_input():
    table = pd.DataFrame({"x": ONES, "price": ONES})
    return Given(of_one((1,)), {"x": table["x"]}, table["price"])


@fails
def frames_in_batches():
    table = pd.DataFrame({"a": ONES, "b": ONES})
    batch = {"x": table}, ONES
    return Given(of_one((2,)), Batches(batch), fit={"shuffle": False})


@runs
def tensors():
    data = {name: tf.constant(x) for name, x in PARCEL.items()}
    return Given(parcel(), data, tf.ones(N))


@runs
def a_sparse_tensor():
    dense = keras.layers.Dense(2)
    model = of_one((5,), dense, sparse=True)
    counts = tf.sparse.from_dense(np.eye(N, 5, dtype="float32"))
    return Given(model, {"x": counts}, ONES)


def ages_that_turn_to_fractions():
    whole, fractions = np.array([[1], [2]]), np.array([[0.4], [0.9]])
    return Batches(
        ({"x": whole}, np.ones(2)), ({"x": fractions}, np.ones(2))
    )


def fractions_are_cut():
    fed = passed_on(ages_that_turn_to_fractions())
    return fed.tolist() == [1, 2, 0, 0]


@silent(fractions_are_cut)
def whole_numbers_first():
    data = ages_that_turn_to_fractions()
    return Given(of_one((1,)), data, fit={"shuffle": False})


MASKED = np.ma.masked_greater(np.array([[1.0], [999.0]]), 100)


@silent(lambda: 999 in passed_on({"x": MASKED}))
def a_masked_array():
    return Given(of_one((1,)), {"x": MASKED}, np.ones(2))


LARGE = 1.7e9 + np.arange(N)[:, None]


@silent(lambda: len(set(passed_on({"x": LARGE}))) < N)
def numbers_that_float32_merges():
    model = of_one((1,), lambda x: x / 1e9)
    return Given(model, {"x": LARGE}, ONES)


# Gaps


@silent(lambda: False)
def a_gap():
    """The loss is NaN, which the judge takes for silent."""
    return Given(of_one((1,)), {"x": np.array([[np.nan]] * N)}, ONES)


@runs
def a_gap_that_the_model_fills():
    model = of_one((1,), keras.ops.nan_to_num)
    return Given(model, {"x": np.array([[np.nan]] * N)}, ONES)


@runs
def large_numbers_that_the_model_scales():
    image = keras.Input((4, 4, 1), name="image")
    zone = keras.Input((1,), name="zone")
    scaled = keras.layers.Flatten()(image / 127.5 - 1.0)
    joined = keras.layers.Concatenate()([scaled, zone])
    model = keras.Model([image, zone], keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    pixels = np.full((N, 4, 4, 1), 200, "uint8")
    return Given(
        model, {"image": pixels, "zone": 0.1 * ONES[:, None]}, ONES
    )


# Ids


def table(rows, change=None, shape=()):
    """Ids that a table looks up, changed first or not."""
    ids = keras.Input(shape, dtype="int32", name="x")
    vectors = keras.layers.Embedding(rows, 2)(
        change(ids) if change else ids
    )
    if shape:
        vectors = keras.layers.GlobalAveragePooling1D()(vectors)
    model = keras.Model([ids], keras.layers.Dense(1)(vectors))
    model.compile("sgd", "mse")
    return model


@fails
def ids_beyond_the_table():
    return Given(table(N), {"x": np.arange(N) + 1}, ONES)


@runs
def ids_counted_from_minus_one():
    model = table(N, lambda ids: ids + 1)
    return Given(model, {"x": np.arange(N) - 1}, ONES)


def moved_down(by):
    """What a model looks up whose ids are moved down first."""
    keras.utils.set_random_seed(0)
    model = table(N, lambda ids: ids - by)
    return model.predict({"x": np.arange(N)}, verbose=0)


@silent(lambda: np.array_equal(moved_down(1)[0], moved_down(0)[-1]))
def ids_that_the_model_moves_below_the_table():
    """The table is read from its end."""
    model = table(N, lambda ids: ids - 1)
    return Given(model, {"x": np.arange(N)}, ONES)


@runs
def ids_that_are_hashed():
    return Given(table(5, lambda ids: ids % 5), {"x": np.arange(N)}, ONES)


@fails
def ids_that_the_model_moves_out_of_the_table():
    model = table(N + 1, lambda ids: ids + 5)
    return Given(model, {"x": np.arange(N)}, ONES)


def answers_to_one_hot_rows():
    rows = {"x": np.eye(3, dtype="int32")}
    return table(3, shape=(3,)).predict(rows, verbose=0)


@silent(lambda: np.ptp(answers_to_one_hot_rows()) < 1e-6)
def one_hot_rows_for_a_table():
    rows = {"x": np.eye(3, dtype="int32")}
    return Given(table(3, shape=(3,)), rows, np.ones(3))


@runs
def two_flags_of_which_one_is_set():
    flags = np.array([[0, 1], [1, 0]] * 4)
    ids = keras.Input((2,), dtype="int32", name="x")
    flat = keras.layers.Flatten()(keras.layers.Embedding(2, 2)(ids))
    model = keras.Model([ids], keras.layers.Dense(1)(flat))
    model.compile("sgd", "mse")
    return Given(model, {"x": flags}, ONES)


@runs
def words_padded_with_zeros():
    ids = keras.Input((None,), dtype="int32", name="x")
    vectors = keras.layers.Embedding(10, 4, mask_zero=True)(ids)
    state = keras.layers.LSTM(2)(vectors)
    model = keras.Model([ids], keras.layers.Dense(1)(state))
    model.compile("sgd", "mse")
    words = np.array([[1, 2, 3, 0], [9, 0, 0, 0]] * 4)
    return Given(model, {"x": words}, ONES)
