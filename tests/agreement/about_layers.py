"""Layers that read an input, and how the model runs them."""

import keras
import numpy as np
from judge import Given, fails, runs, silent
from keras import layers, ops
from models import ONES, PARCEL, N, of_one, parcel

KINDS = np.arange(N) % 3
COLUMN = KINDS[:, None]
WORDS = np.array(["by air", "by sea"] * 4, dtype=object)


def read(values, change, shape=(), **declared):
    """An input that a layer reads, or several do."""
    return Given(of_one(shape, change, **declared), {"x": values}, ONES)


def looked_up(values, lookup, rows, dtype):
    """The numbers that a layer finds, in a table of so many rows."""
    table = layers.Embedding(rows, 2)
    return read(values, lambda x: table(lookup(x)), dtype=dtype)


def seen(values, change, dtype="float32", **options):
    """What a layer makes of the values, as Keras feeds them."""
    x = keras.Input(np.shape(values)[1:], dtype=dtype)
    return keras.Model(x, change(x)).predict(values, verbose=0)


# Layers that learn from data first


LARGE = 100.0 + np.arange(2 * N).reshape(N, 2)


@silent(lambda: (seen(LARGE, layers.Normalization()) == LARGE).all())
def a_normalization_that_has_seen_no_data():
    return read(LARGE, layers.Normalization(), (2,))


def adapted(values):
    layer = layers.Normalization()
    layer.adapt(values)
    return layer


@runs
def a_normalization_of_large_numbers():
    return read(LARGE, adapted(LARGE), (2,))


@fails
def a_normalization_that_has_seen_another_width():
    return read(np.ones((N, 2)), adapted(np.ones((N, 3))), (2,))


@runs
def a_normalization_behind_another_shape():
    parts = [layers.Reshape((2, 1)), adapted(LARGE[..., None])]
    return read(LARGE, keras.Sequential([*parts, layers.Flatten()]), (2,))


@fails
def a_lookup_that_has_seen_no_words():
    return looked_up(WORDS, layers.StringLookup(), 3, "string")


@runs
def words_that_a_lookup_does_not_know():
    lookup = layers.StringLookup(vocabulary=["by rail"])
    return looked_up(WORDS, lookup, 2, "string")


@fails
def words_that_a_lookup_has_no_place_for():
    lookup = layers.StringLookup(vocabulary=["by air"], num_oov_indices=0)
    return looked_up(WORDS, lookup, 2, "string")


@fails
def a_lookup_that_finds_more_than_the_table_has():
    """Place 0 is for the unknown, which a table of two forgets."""
    lookup = layers.StringLookup(vocabulary=["by air", "by sea"])
    return looked_up(WORDS, lookup, 2, "string")


def vectorized(layer):
    def change(x):
        vectors = layers.Embedding(5, 2)(layer(x))
        return layers.GlobalAveragePooling1D()(vectors)

    return read(WORDS, change, dtype="string")


@runs
def texts_that_are_cut_into_words():
    layer = layers.TextVectorization(output_sequence_length=2)
    layer.adapt(["by air", "by sea"])
    return vectorized(layer)


@fails
def texts_for_a_layer_that_has_seen_none():
    return vectorized(layers.TextVectorization(output_sequence_length=2))


@runs
def words_that_are_hashed():
    return looked_up(WORDS, layers.Hashing(5), 5, "string")


@fails
def numbers_that_a_lookup_has_no_place_for():
    lookup = layers.IntegerLookup(vocabulary=[10, 20], num_oov_indices=0)
    return looked_up(KINDS + 10, lookup, 3, "int64")


@fails
def bins_that_have_seen_no_data():
    return looked_up(
        1.0 * KINDS, layers.Discretization(num_bins=3), 3, "float32"
    )


@runs
def numbers_in_bins():
    bins = layers.Discretization(bin_boundaries=[0.5, 1.5])
    return looked_up(1.0 * KINDS, bins, 3, "float32")


# Ids


def table(ids):
    vectors = seen(ids, layers.Embedding(3, 2), "int32")
    return vectors[0].tolist() == vectors[1].tolist()


@silent(lambda: table(np.array([-1, 2])))
def an_id_of_minus_one():
    """It is the last row of the table, as in NumPy."""
    return read(KINDS - 1, layers.Embedding(3, 2), dtype="int32")


@fails
def an_id_before_the_last_row_of_the_table():
    return read(KINDS - 4, layers.Embedding(3, 2), dtype="int32")


@runs
def ids_that_are_cut_to_the_table():
    def cut(x):
        return layers.Embedding(3, 2)(ops.clip(x, 0, 2))

    return read(np.arange(N), cut, dtype="int32")


@runs
def two_ids_in_one():
    def joined(x):
        return layers.Embedding(9, 2)(3 * x[:, 0] + x[:, 1])

    return read(np.stack([KINDS, KINDS], 1), joined, (2,), dtype="int32")


@runs
def ids_in_an_input_of_floats():
    return read(1.0 * KINDS, layers.Embedding(3, 2))


@fails
def ids_for_a_table_of_two_inputs():
    """The second input has an id too many."""
    table = layers.Embedding(3, 2)
    inputs = [keras.Input((), dtype="int32", name=n) for n in ("a", "b")]
    both = layers.Dot(-1)([table(x) for x in inputs])
    model = keras.Model(inputs, layers.Dense(1)(both))
    model.compile("sgd", "mse")
    return Given(model, {"a": KINDS, "b": KINDS + 1}, ONES)


def encoding(mode="one_hot"):
    return layers.CategoryEncoding(3, output_mode=mode)


@silent(lambda: not seen(np.array([[3], [-1]]), encoding(), "int32").any())
def ids_beyond_a_one_hot_encoding():
    return read(COLUMN + 1, encoding(), (1,), dtype="int32")


@silent(
    lambda: (
        seen(np.array([[1, 5]]), encoding("multi_hot"), "int32").sum() == 1
    )
)
def ids_beyond_a_multi_hot_encoding():
    pair = np.array([[1, 5]] * N)
    return read(pair, encoding("multi_hot"), (2,), dtype="int32")


@silent(lambda: np.isnan(mean_of_words().predict(PADDING, verbose=0)).all())
def a_text_of_padding_alone():
    return Given(mean_of_words(), PADDING, ONES)


def mean_of_words():
    vectors = layers.Embedding(3, 2, mask_zero=True)
    mean = layers.GlobalAveragePooling1D()
    return of_one((4,), lambda x: mean(vectors(x)), dtype="int32")


PADDING = {"x": np.zeros((N, 4), "int32")}


# Gaps, scales, noise


class Filled(layers.Layer):
    """Takes the mean of what is there."""

    def call(self, x):
        known = ops.logical_not(ops.isnan(x))
        total = ops.sum(ops.where(known, x, 0.0), -1, keepdims=True)
        count = ops.sum(ops.cast(known, x.dtype), -1, keepdims=True)
        return total / ops.maximum(count, 1)


GAPS = np.array([[1.0, np.nan]] * N)


@runs
def a_gap_that_a_layer_of_ones_own_leaves_out():
    return read(GAPS, Filled(), (2,))


@silent(lambda: np.isnan(seen(GAPS, lambda x: 0 * x)).any())
def a_gap_that_is_multiplied_by_0():
    return read(GAPS, lambda x: x * np.array([1.0, 0.0]), (2,))


def remembered(skipped):
    def change(x):
        return layers.LSTM(2)(layers.Masking(skipped)(x))

    return change


@runs
def steps_that_are_skipped():
    steps = np.ones((N, 3, 1))
    steps[:, 2] = -1
    return read(steps, remembered(-1.0), (3, 1))


@silent(lambda: np.isnan(seen(GAPS[..., None], remembered(np.nan))).any())
def steps_of_gaps_that_are_to_be_skipped():
    """NaN is not equal to NaN, and so no step is skipped."""
    return read(GAPS[..., None], remembered(np.nan), (2, 1))


@runs
def large_numbers_of_which_only_the_direction_counts():
    return read(LARGE, layers.UnitNormalization(), (2,))


@runs
def numbers_with_noise():
    noise = keras.Sequential(
        [layers.Dropout(0.5), layers.GaussianNoise(0.1)]
    )
    return read(np.ones((N, 2)), noise, (2,))


def normalized_alone(values):
    layer = layers.BatchNormalization()
    return ops.convert_to_numpy(layer(np.array([values]), training=True))


@silent(lambda: not normalized_alone([5.0, 7.0]).any())
def one_row_for_a_batch_normalization():
    """Its mean is itself, and nothing of it is left."""
    model = of_one((2,), layers.BatchNormalization())
    return Given(model, {"x": np.ones((1, 2))}, np.ones(1))


# How the model runs


@runs
def a_model_that_runs_eagerly():
    return Given(parcel(run_eagerly=True), PARCEL, ONES)


@runs
def more_steps_in_one_than_there_are():
    return Given(parcel(steps_per_execution=20), PARCEL, ONES)


@runs
def a_model_that_xla_compiles():
    return Given(parcel(jit_compile=True), PARCEL, ONES)


def by_xla(ids):
    table = layers.Embedding(3, 2, embeddings_initializer="identity")
    model = of_one((), table, dtype="int32")
    model.compile("sgd", "mse", jit_compile=True)
    return model, {"x": ids}


def answers_of_xla(ids):
    model, data = by_xla(np.array(ids))
    return model.predict(data, verbose=0)


@silent(lambda: np.ptp(answers_of_xla([2, 3, 9])) == 0)
def ids_beyond_a_table_that_xla_looks_up():
    """They are cut to the last row."""
    return Given(*by_xla(KINDS + 1), ONES)


def with_policy(policy):
    keras.config.set_dtype_policy(policy)
    try:
        return parcel()
    finally:
        keras.config.set_dtype_policy("float32")


@runs
def numbers_for_mixed_float16():
    return Given(with_policy("mixed_float16"), PARCEL, ONES)


@silent(lambda: False)
def numbers_beyond_float16():
    """The loss is NaN, which the judge takes for silent."""
    large = {name: 1e6 * values for name, values in PARCEL.items()}
    return Given(with_policy("mixed_float16"), large, ONES)


@runs
def an_input_of_float64():
    return read(np.ones((N, 1)), None, (1,), dtype="float64")
