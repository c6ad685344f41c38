"""What holds the numbers and texts: frames, tensors, arrays of any type."""

import tempfile
from decimal import Decimal
from pathlib import Path

import jax.numpy as jnp
import keras
import numpy as np
import pandas as pd
import scipy.sparse
import tensorflow as tf
from about_inputs import WAYS, looked_up, passed_on, table
from judge import Given, fails, runs, silent
from models import ONES, Batches, N, X, endless, of_one, parcel


def one(x):
    """Something for an input of one number."""
    return Given(of_one((1,)), {"x": x}, ONES)


def two(x):
    """Something for an input of two numbers."""
    return Given(of_one((2,)), {"x": x}, ONES)


COUNTED = np.arange(N)[:, None]
FRAME = pd.DataFrame({"width": ONES, "height": ONES})

# Frames and series


@runs
def a_frame_for_the_only_input():
    return Given(of_one((2,)), FRAME, ONES)


@fails
def a_frame_for_two_inputs():
    return Given(parcel(), FRAME.assign(zone=ONES), ONES)


@fails
def columns_of_nullable_numbers():
    return two(FRAME.astype("Float64"))


@runs
def nullable_numbers_outside_of_a_series():
    return one(FRAME["width"].astype("Float64").array)


@fails
def targets_of_nullable_numbers():
    return Given(of_one((2,)), X, FRAME["width"].astype("Int64"))


@fails
def a_column_of_categories():
    return one(pd.Series([1, 2] * 4, dtype="category"))


@runs
def categories_outside_of_a_series():
    return one(pd.Categorical([1, 2] * 4))


@fails
def a_series_of_durations():
    return one(pd.Series(pd.to_timedelta(range(N), unit="h")))


@runs
def flags_beside_float64():
    return two(FRAME.assign(height=[True, False] * 4))


@fails
def flags_beside_float32():
    return two(FRAME.astype("float32").assign(height=[True, False] * 4))


@fails
def flags_beside_whole_numbers():
    return two(FRAME.astype("int64").assign(height=[True, False] * 4))


@fails
def a_series_of_texts():
    return Given(looked_up((1,)), {"x": pd.Series(list(WAYS))}, ONES)


@runs
def rows_with_labels_in_another_order():
    """Inputs and targets belong together by place, not by label."""
    rising = pd.Series(np.arange(N) / N)
    return Given(
        of_one((1,)), {"x": rising}, rising.set_axis(range(N, 0, -1))
    )


# Tensors


@runs
def arrays_of_jax():
    return Given(of_one((2,)), {"x": jnp.ones((N, 2))}, jnp.ones(N))


@runs
def arrays_and_tensors_in_turn():
    array, tensor = np.ones((N, 2)), tf.ones((N, 2))
    batches = Batches(({"x": array}, ONES), ({"x": tensor}, tf.ones(N)))
    return Given(of_one((2,)), batches, fit={"shuffle": False})


@runs
def a_sparse_tensor_for_a_dense_input():
    return two(tf.sparse.from_dense(np.eye(N, 2)))


def of_counts():
    """A model of an input that is declared to be sparse."""
    return of_one((5,), keras.layers.Dense(2), sparse=True)


@runs
def a_dense_array_for_a_sparse_input():
    return Given(of_counts(), {"x": np.eye(N, 5)}, ONES)


@runs
def sparse_tensors_from_a_generator():
    counts = tf.sparse.from_dense(np.eye(N, 5, dtype="float32"))
    data = endless(({"x": counts}, ONES))
    return Given(of_counts(), data, fit={"steps_per_epoch": 2})


@runs
def a_sparse_matrix():
    return two(scipy.sparse.csr_matrix(np.eye(N, 2)))


@fails
def a_sparse_matrix_in_batches():
    batch = {"x": scipy.sparse.csr_matrix(np.eye(N, 5))}, ONES
    return Given(of_counts(), Batches(batch), fit={"shuffle": False})


WORDS = [[1, 2], [3]] * 4


@runs
def rows_of_any_length():
    words = tf.ragged.constant(WORDS)
    return Given(table(9, shape=(None,)), {"x": words}, ONES)


@runs
def rows_of_any_length_for_a_ragged_input():
    mean = keras.layers.GlobalAveragePooling1D()
    model = of_one((None, 1), mean, ragged=True)
    words = tf.ragged.constant(WORDS, dtype="float32")
    return Given(model, {"x": tf.expand_dims(words, -1)}, ONES)


@fails
def rows_of_any_length_for_a_width():
    return two(tf.ragged.constant(WORDS, dtype="float32"))


@fails
def arrays_of_any_length_as_objects():
    words = np.empty(N, dtype=object)
    words[:] = [np.array(row) for row in WORDS]
    return Given(table(9, shape=(None,)), {"x": words}, ONES)


# Lists and single values


@fails
def rows_in_lists():
    return two([[1.0, 2.0]] * N)


@fails
def targets_in_a_list():
    return Given(of_one((2,)), X, [1.0] * N)


@fails
def nothing_for_an_input():
    return one(None)


def history_of_nothing():
    nothing = {"x": np.ones((0, 1))}
    return of_one((1,)).fit(nothing, np.ones(0), verbose=0).history


@silent(lambda: history_of_nothing() == {})
def no_rows():
    return Given(of_one((1,)), {"x": np.ones((0, 1))}, np.ones(0))


# Texts


@fails
def texts_of_a_fixed_length():
    return Given(looked_up(()), {"x": WAYS.astype("U")}, ONES)


@fails
def texts_in_bytes():
    return Given(looked_up(()), {"x": WAYS.astype("S")}, ONES)


@runs
def texts_in_a_tensor():
    texts = tf.constant(WAYS.tolist())[:, None]
    return Given(looked_up((1,)), {"x": texts}, ONES)


def texts_in_batches(texts):
    batch = {"x": texts}, ONES
    data = endless(batch)
    return Given(looked_up(()), data, fit={"steps_per_epoch": 2})


@fails
def texts_as_objects_in_batches():
    return texts_in_batches(WAYS)


@runs
def texts_in_tensors_in_batches():
    return texts_in_batches(tf.constant(WAYS))


@fails
def texts_in_a_tensor_for_numbers():
    return one(tf.constant([["1"], ["2"]] * 4))


@fails
def a_text_that_is_missing():
    texts = np.array(["by air", None] * 4, dtype=object)
    return Given(looked_up(()), {"x": texts}, ONES)


@fails
def numbers_for_texts():
    return Given(looked_up((1,)), {"x": COUNTED}, ONES)


# Types of numbers


@fails
def numbers_as_objects():
    return one(COUNTED[:, 0].astype(object))


@fails
def targets_of_decimals():
    return Given(of_one((2,)), X, np.array([Decimal("1.5")] * N))


TURNED = np.array([[3.0 + 4.0j]] * N)


@silent(lambda: passed_on({"x": TURNED})[0] == 3)
def complex_numbers():
    return one(TURNED)


@runs
def flags_for_numbers():
    return one(COUNTED > 3)


@runs
def numbers_of_the_other_byte_order():
    return one(COUNTED.astype(">f4"))


@runs
def numbers_mapped_from_a_file():
    path = Path(tempfile.mkdtemp()) / "numbers"
    kept = np.memmap(path, "float32", "w+", shape=(N, 2))
    kept[:] = 1
    return two(kept)


@fails
def numbers_of_longdouble():
    return one(COUNTED.astype(np.longdouble))


@silent(lambda: np.isinf(passed_on({"x": COUNTED + 1e300})).all())
def numbers_beyond_float32():
    return one(COUNTED + 1e300)


@fails
def records():
    kind = [("width", "f4"), ("height", "f4")]
    return two(np.array([(1.0, 2.0)] * N, dtype=kind))


@runs
def ids_of_uint64():
    return Given(table(N), {"x": np.arange(N, dtype="uint64")}, ONES)


def looked_up_as_one(*ids):
    """Whether a table gives the same for these ids."""
    return np.ptp(table(N).predict({"x": np.array(ids)}, verbose=0)) == 0


@silent(lambda: looked_up_as_one(3, 3 + 2**32))
def ids_beyond_int32():
    return Given(table(N), {"x": np.arange(N) + 2**32}, ONES)


@silent(lambda: looked_up_as_one(1.0, 1.5))
def fractions_for_ids():
    return Given(table(N), {"x": np.arange(N) / 2}, ONES)
