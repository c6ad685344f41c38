import datetime
import pickle
import re
import subprocess
import sys
import tracemalloc

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf

from companion import (
    DataError,
    Labels,
    MultiInputGenerator,
    Noise,
)
from companion.feeding.columns import (
    ArrayColumn,
    RandomColumn,
    StoredColumn,
    as_column,
    is_random,
)

ROWS = np.array([3, 0, 3])


@pytest.mark.parametrize(
    ("given", "leaves"),
    [
        ("float64", "float32"),
        ("float16", "float32"),
        ("float32", "float32"),
        (">f8", "float32"),
        ("longdouble", "float32"),
        ("uint8", "uint8"),
        ("int64", "int64"),
        ("bool", "bool"),
    ],
)
def test_floats_leave_as_float32_and_the_rest_as_it_is(given, leaves):
    values = np.arange(8).reshape(4, 2).astype(given)

    taken = ArrayColumn(values).take(ROWS)

    assert taken.dtype == leaves
    np.testing.assert_array_equal(taken, values[ROWS])


def test_an_array_is_not_copied():
    values = np.zeros((4, 2))

    assert ArrayColumn(values).values is values


@pytest.mark.parametrize(
    "values",
    [
        np.asfortranarray(np.arange(12.0).reshape(4, 3)),
        np.arange(20.0).reshape(4, 5)[:, 1:4],
        np.arange(24.0).reshape(2, 3, 4).T,
    ],
    ids=["Fortran", "columns", "transposed"],
)
def test_rows_are_taken_right_however_they_lie_in_memory(values):
    taken = ArrayColumn(values).take(ROWS)

    np.testing.assert_array_equal(taken, values[ROWS])


def test_rows_apart_in_memory_do_not_cost_a_copy_of_all():
    column = ArrayColumn(np.zeros((2, 300_000), "float32").T)

    tracemalloc.start()
    column.take(ROWS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100_000


@pytest.fixture
def memory_map(tmp_path):
    path = tmp_path / "values.npy"
    np.save(path, np.arange(40.0).reshape(10, 4))
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize(
    "part", [slice(None), slice(2, None), slice(3, 7)], ids=str
)
def test_a_memory_map_pickles_as_its_place_in_the_file(memory_map, part):
    column = ArrayColumn(memory_map[part])

    pickled = pickle.dumps(column)
    loaded = pickle.loads(pickled)

    assert b"values.npy" in pickled
    assert memory_map[part].tobytes() not in pickled
    np.testing.assert_array_equal(loaded.values, memory_map[part])


def test_a_map_that_skips_rows_still_pickles_right(memory_map):
    loaded = pickle.loads(pickle.dumps(ArrayColumn(memory_map[::2])))

    np.testing.assert_array_equal(loaded.values, memory_map[::2])


def test_a_map_changed_in_memory_keeps_its_changes(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[1] = 7

    loaded = pickle.loads(pickle.dumps(ArrayColumn(changed)))

    assert loaded.values.tolist() == [0, 7, 0]


def test_noise_has_the_asked_shape_mean_0_and_deviation_1():
    drawn = Noise((20, 5)).draw(np.arange(100), np.random.default_rng(0))

    assert drawn.shape == (100, 20, 5)
    assert drawn.dtype == "float32"
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05


def test_labels_come_as_often_as_asked():
    rng = np.random.default_rng(0)

    drawn = Labels(3, [0.5, 0.5, 0.0]).draw(np.arange(1000), rng)

    assert drawn.dtype == "int32"
    assert drawn.shape == (1000,)
    share = np.bincount(drawn, minlength=3) / 1000
    np.testing.assert_allclose(share, [0.5, 0.5, 0.0], atol=0.05)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_labels_as_in_the_data_come_as_often_as_there(dtype):
    labels = np.array([2, 1, 2, 0, 2, 1, 2, 2], dtype)

    column = Labels.as_in(labels, 3)

    assert column.num_classes == 3
    assert column.probabilities.tolist() == [1 / 8, 2 / 8, 5 / 8]
    drawn = column.draw(np.arange(4000), np.random.default_rng(0))
    assert drawn.dtype == "int32"
    share = np.bincount(drawn, minlength=3) / 4000
    np.testing.assert_allclose(share, column.probabilities, atol=0.03)


@pytest.mark.parametrize("column", [Noise(3), Labels(3)])
def test_random_columns_draw_from_the_generator_they_get(column):
    first, second, other = (
        column.draw(np.arange(50), np.random.default_rng(seed))
        for seed in (0, 0, 1)
    )

    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Noise(0), "Noise, axis: expected a whole number"),
        (lambda: Noise(2.5), "axis=2.5"),
        (lambda: Noise(True), "axis=True"),
        (lambda: Labels(0), "num_classes=0"),
        (lambda: Labels(2.5), "num_classes=2.5"),
        (lambda: Labels(2, [0.5, 0.6]), "2 numbers, sum 1.1"),
        (lambda: Labels(2, [1.0]), "1 numbers, sum 1"),
        (lambda: Labels(2, [1.5, -0.5]), "probabilities that add up to 1"),
        (
            lambda: Labels.as_in(np.array([0, 2, 0]), 4),
            "Labels: expected samples of every class from 0 to 3. "
            "Received: none of class 1, 3. Add some, or number the classes",
        ),
        (
            lambda: Labels.as_in(np.ma.masked_less([0, 1], 1), 2),
            "without a mask",
        ),
        (
            lambda: Labels.as_in(np.array([0, 1, 2]), 2),
            "numbers from 0 to 1. Received: class 2. Number the classes",
        ),
        (lambda: Labels.as_in(np.array([-1, 0, 1]), 2), "class -1"),
        (
            lambda: Labels.as_in(np.array([0.0, 1.0]), 2),
            r"0 to 1, one per sample. Received: float64 \(2,\)",
        ),
        (lambda: Labels.as_in(np.eye(2, dtype=int), 2), r"int64 \(2, 2\)"),
        (lambda: Labels.as_in(np.array([0]), 0), "num_classes=0"),
        (lambda: Labels.as_in(np.array([0]), 1.0), "num_classes=1.0"),
    ],
)
def test_impossible_columns_are_refused(make, words):
    with pytest.raises(DataError, match=words):
        make()


def test_numbers_of_numpy_are_numbers():
    rng = np.random.default_rng(0)
    shares = (np.arange(1, 8) / 28).astype("float32")

    assert Noise(np.int64(4)).draw(ROWS, rng).shape == (3, 4)
    assert Labels(np.int64(7), shares).draw(ROWS, rng).shape == (3,)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (Noise, "Received: type"),
        (pd.DataFrame, "Received: type"),
        (np.array("a"), r"Received: <U1 \(\)"),
        ([1, 2, 3], "Received: list. Convert it first: np.asarray"),
        (np.array(3.0), r"Received: float64 \(\)"),
        (np.array([[1], [1, 2]], dtype=object), "Received: object"),
        (np.array([1j]), "Received: complex128"),
        (None, "Received: NoneType"),
        (np.ma.masked_equal(["a", "b"], "a"), "without a mask"),
    ],
)
def test_what_no_model_can_read_is_refused_by_name(values, words):
    with pytest.raises(DataError, match=f'input "x": expected .*{words}'):
        as_column('input "x"', values)


def test_columns_of_ones_own_are_taken_as_they_are():
    class Squares:
        def __len__(self):
            return 10

        def take(self, rows):
            return rows**2

    squares = Squares()

    assert as_column("x", squares) is squares
    assert isinstance(squares, StoredColumn) and not is_random(squares)
    assert isinstance(Noise(2), RandomColumn) and is_random(Noise(2))


# Tables and series of pandas

INT_GAPS = pd.array([3, pd.NA, 5], "Int64")
FLOAT_GAPS = pd.array([3, pd.NA, 5], "Float64")
WORDS = ["red", "blue", "red"]
DATES = pd.to_datetime(["2024-01-01", "2024-01-03", None])
DAYS = [datetime.date(2024, 1, 1), datetime.date(2024, 1, 3), None]


@pytest.mark.parametrize(
    ("columns", "dtype", "rows"),
    [
        ({"a": [1, 2], "b": [3, 4]}, "int64", [[1, 3], [2, 4]]),
        ({"b": [1, 2], "a": [3.5, 4]}, "float32", [[1, 3.5], [2, 4]]),
        ({"a": [1, 2], "b": [True, False]}, "int64", [[1, 1], [2, 0]]),
        ({"a": [True, False]}, "bool", [[True], [False]]),
        ({"a": np.array([1, 2], "uint8")}, "uint8", [[1], [2]]),
        ({"a": pd.array([1, 2], "Int32")}, "int32", [[1], [2]]),
        ({"a": pd.array([1, 2], "Float64")}, "float32", [[1], [2]]),
        ({"a": pd.array([True, False], "boolean")}, "bool", [[1], [0]]),
        (
            {"a": pd.array([1, 2], "Int64"), "b": [0.5, 1]},
            "float32",
            [[1, 0.5], [2, 1]],
        ),
        (
            {"a": FLOAT_GAPS, "b": [1, 2, 3]},
            "float32",
            [[3, 1], [np.nan, 2], [5, 3]],
        ),
        ({"a": [1.0, None]}, "float32", [[1], [np.nan]]),
        (
            {"a": pd.arrays.SparseArray([0.0, 2.0]), "b": [1, 1]},
            "float32",
            [[0, 1], [2, 1]],
        ),
        ({7: [1, 2], ("x", "y"): [3, 4]}, "int64", [[1, 3], [2, 4]]),
    ],
)
def test_a_table_is_one_input_with_its_columns_in_order(
    columns, dtype, rows
):
    table = pd.DataFrame(columns)
    table.index = table.index + 10  # rows are numbered, not named

    taken = as_column("x", table).take(np.arange(len(table)))

    assert taken.dtype == dtype
    np.testing.assert_array_equal(taken, rows)


def test_columns_of_one_name_are_all_fed():
    table = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])

    assert as_column("x", table).take(np.array([1])).tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("series", "dtype", "rows"),
    [
        (pd.Series([1.5, 2]), "float32", [1.5, 2]),
        (pd.Series([1, 2], dtype="uint8"), "uint8", [1, 2]),
        (pd.Series([1, 2], dtype="Int64"), "int64", [1, 2]),
        (pd.Series([True, False], dtype="boolean"), "bool", [1, 0]),
        (pd.Series(FLOAT_GAPS), "float32", [3, np.nan, 5]),
        (pd.Series([1, 2], index=["chunks", "dtype"]), "int64", [1, 2]),
    ],
)
def test_a_series_is_fed_as_its_values(series, dtype, rows):
    taken = as_column("x", series).take(np.arange(len(series)))

    assert taken.dtype == dtype
    np.testing.assert_array_equal(taken, rows)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_table_of_one_type_is_not_copied(dtype):
    table = pd.DataFrame(np.zeros((5, 3), dtype))

    column = as_column("x", table)

    assert np.shares_memory(column.values, table[1].to_numpy())


def trained(shape, data, targets=None):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape, name="x")
    x = keras.layers.Reshape((1,))(inputs) if shape == () else inputs
    model = keras.Model({"x": inputs}, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    model.fit(data, targets, batch_size=None, shuffle=False, verbose=0)
    return [w.numpy().tolist() for w in model.weights]


@pytest.mark.parametrize("shape", [(1,), ()])
def test_a_series_trains_as_keras_trains_on_it(shape):
    x = pd.Series(np.linspace(0, 1, 4))
    batches = MultiInputGenerator({"x": x}, 2 * x, x + 1, batch_size=4)

    plain = np.asarray(x)[:, None]
    keras_alone = tf.data.Dataset.from_tensors(
        ({"x": plain}, 2 * plain, x + 1)
    )

    assert trained(shape, batches) == trained(shape, keras_alone)


def test_a_table_is_split_shuffled_and_pickled_as_an_array_is():
    table = pd.DataFrame({"a": np.arange(6), "b": np.arange(6) * 0.5})
    feeds = [
        MultiInputGenerator(
            {"x": x},
            shuffle=True,
            seed=0,
            rows=np.array([5, 1, 3]),
            batch_size=2,
        )
        for x in (table, table.to_numpy())
    ]
    feeds[0] = pickle.loads(pickle.dumps(feeds[0]))

    for read in (list, lambda feed: list(feed.in_order())):
        for (of_table,), (of_array,) in zip(*map(read, feeds)):
            np.testing.assert_array_equal(of_table["x"], of_array["x"])
    streams = [feed.to_tf_dataset(epoch=1) for feed in feeds]
    for (of_table,), (of_array,) in zip(*streams):
        np.testing.assert_array_equal(of_table["x"], of_array["x"])


# Tensors


@pytest.mark.parametrize(
    ("tensor", "dtype"),
    [
        (tf.constant([[1.5], [2.0]]), "float32"),
        (tf.constant([[1.5], [2.0]], "bfloat16"), "float32"),
        (tf.constant([[1], [2]], "int32"), "int32"),
        (tf.Variable([[1.5], [2.0]]), "float32"),
        (tf.constant([[1.5], [2.0]], "bfloat16").numpy(), "float32"),
    ],
)
def test_a_tensor_is_fed_as_an_array(tensor, dtype):
    taken = as_column("x", tensor).take(np.array([0]))

    assert type(taken) is np.ndarray
    assert taken.dtype == dtype
    np.testing.assert_array_equal(taken, np.asarray(tensor)[:1])


#: JAX, once imported, warns of processes; they are started elsewhere.
JAX = """
import jax.numpy as jnp
import numpy as np
from jax.experimental import sparse

from companion import DataError
from companion.feeding.columns import as_column

for dtype in ("float32", "bfloat16", "int32", "bool"):
    tensor = jnp.array([[1], [0]], dtype)
    taken = as_column("x", tensor).take(np.array([0]))
    expected = "float32" if "float" in dtype else dtype
    assert type(taken) is np.ndarray and taken.dtype == expected
    assert taken.tolist() == [[1]]
values = sparse.BCOO.fromdense(jnp.eye(2))
try:
    as_column("x", values)
except DataError as error:
    values = eval(error.problems[0].fix.split(": ")[1].rstrip("."))
assert as_column("x", values).take(np.array([1])).tolist() == [[0, 1]]
"""
PROCESSES = """
import keras
import numpy as np

from companion import MultiInputGenerator

texts = np.array(["red", "blue", "grün", "red"])
layer = keras.layers.TextVectorization(output_mode="multi_hot")
layer.adapt(texts)
inputs = keras.Input((1,), name="x", dtype="string")
model = keras.Model({"x": inputs}, layer(inputs))
for several in dict(workers=2), dict(workers=2, use_multiprocessing=True):
    batches = MultiInputGenerator({"x": texts}, batch_size=1, **several)
    found = model.predict(batches, verbose=0)
    np.testing.assert_array_equal(found, layer(texts))
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", [JAX, PROCESSES], ids=["JAX", "texts"])
def test_in_a_process_of_its_own(program):
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr


# Texts

TEXTS = np.array(["red", "blue", "grün", "red"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        TEXTS,
        TEXTS.astype(">U4"),
        TEXTS.astype(object),
        np.char.encode(TEXTS),
        np.char.encode(TEXTS).astype(object),
        tf.constant(TEXTS),
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype=object),
    ],
    ids=[*"U>OS", "bytes", "tensor", "str", "string", "object"],
)
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_texts_reach_a_model_however_they_are_held(values, axes, shape):
    if axes == 2:
        values = np.asarray(values)[:, None]
    batches = MultiInputGenerator({"x": values}, np.ones(4), batch_size=3)
    inputs = keras.Input(shape, name="x", dtype="string")
    layer = keras.layers.StringLookup(vocabulary=["grün", "red"])
    ids = keras.layers.Reshape((1,))(layer(inputs))
    model = keras.Model({"x": inputs}, ids)
    expected = [[2], [0], [1], [2]]

    for data in (
        batches,
        batches.to_tf_dataset(),
        pickle.loads(pickle.dumps(batches)),
    ):
        assert model.predict(data, verbose=0).tolist() == expected


def test_texts_are_refused_where_keras_cannot_take_them(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")

    with pytest.raises(DataError, match="expected numbers, one row"):
        as_column("x", TEXTS)


# What is refused, and the line that mends it

MENDED = {
    "integers with gaps": pd.Series(INT_GAPS),
    "booleans with gaps": pd.Series([True, pd.NA], dtype="boolean"),
    "category": pd.Series(WORDS, dtype="category"),
    "numbers as categories": pd.Series([3, 4, 3], dtype="category"),
    "dates": pd.Series(DATES),
    "dates with a zone": pd.Series(DATES).dt.tz_localize("UTC"),
    "durations": pd.Series(DATES) - DATES[0],
    "periods": pd.Series(DATES).dt.to_period("M"),
    "Python dates": pd.Series(DAYS, dtype=object),
    "Python times": pd.Series(list(DATES), dtype=object),
    "several types": pd.Series(["a", 1, None, pd.NA], dtype=object),
    "words and numbers": pd.Series(["a", 1.5, 2.5], dtype=object),
    "numbers and None": pd.Series([1, None], dtype=object),
    "numbers and NA": pd.Series([1.5, pd.NA], dtype=object),
}
ALONE = {
    "texts and None": pd.Series(["red", None]),
    "texts and NA": pd.Series(["red", pd.NA], dtype="string"),
    "lists": pd.Series([[1], [1.5, 2]]),
    "NumPy dates": DATES.to_numpy(),
    "NumPy dates in two columns": DATES.to_numpy().reshape(-1, 1),
    "NumPy months": np.array(["2024-01", "2024-03"], "M8[M]"),
    "NumPy durations": np.array([1, 36], "m8[h]"),
    "Python dates in NumPy": np.array(DAYS, object),
    "NumPy lists": np.array([[1], [1.5, 2]], object),
    "NumPy texts and None": np.array(["red", None], object),
    "NumPy numbers as objects": np.array([1, 2.5], object),
    "NumPy numbers and None": np.array([1, None], object),
    "NumPy numbers and NA": np.array([[1, pd.NA]], object),
    "NumPy several types": np.array(["a", 1], object),
    "a mixed table as NumPy": np.array([["a", 1], ["b", 2]], object),
    "ragged": tf.ragged.constant([[1], [1, 2]]),
    "sparse": tf.sparse.from_dense([[1, 0], [0, 2]]),
    "scipy": scipy.sparse.csr_matrix(np.eye(2)),
    "scipy coordinates": scipy.sparse.coo_array(np.eye(2)),
    "a list": [1, 2, 3],
    "a mask": np.ma.masked_less([1, 2, 3], 2),
}


def mended(given, where="input"):
    """The column, once each message was followed, and the fixes."""
    names = {"pd": pd, "np": np, "tf": tf, "keras": keras}
    fixes = []
    while True:
        try:
            return as_column(where, given, texts=where == "input"), fixes
        except DataError as error:
            assert len(fixes) < 4, error
            (problem, *_) = error.problems
        fix = re.search(
            r"(?::|,) (table\[.*|values.*|.*values.*)", problem.fix
        )
        fixes.append(fix[1].rstrip(".").split(", and feed")[0])
        if fixes[-1].startswith("table["):
            exec(fixes[-1], names | {"table": given})
        else:
            given = eval(fixes[-1], names | {"values": given})


@pytest.mark.parametrize("given", MENDED.values(), ids=MENDED)
def test_what_a_message_says_mends_a_series_and_a_column(given):
    alone, of_series = mended(given)
    table = pd.DataFrame({"kept": range(len(given)), "age": given})
    beside, of_table = mended(table)

    assert len(of_series) == len(of_table) == 1
    taken = np.asarray(alone.take(np.arange(len(given))), "float32")
    assert taken.shape == given.shape and np.isfinite(taken).any()
    np.testing.assert_array_equal(
        beside.take(np.arange(len(given)))[:, 1], taken
    )


@pytest.mark.parametrize("given", ALONE.values(), ids=ALONE)
def test_what_a_message_says_mends_an_array(given):
    column, fixes = mended(given)

    assert 1 <= len(fixes) <= 2
    assert len(column.take(np.array([0, 1, 0]) % len(column))) == 3


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        TEXTS.astype(object),
        TEXTS.reshape(2, 2),
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="string"),
        pd.Series([*TEXTS[:3], None]),
        np.array([*TEXTS[:3], None], object),
    ],
)
def test_words_become_the_numbers_of_classes(given):
    column, fixes = mended(given, "target")

    taken = column.take(np.arange(len(given)))
    assert len(fixes) == 1 and taken.shape == given.shape
    assert set(taken.ravel()) == set(range(len(pd.unique(np.ravel(given)))))


@pytest.mark.parametrize(
    ("given", "expected", "received", "fix"),
    [
        (
            pd.DataFrame({"age": INT_GAPS}),
            "numbers, one row per sample",
            "Int64 (3,), integers with gaps",
            "table['age'] = table['age'].fillna(0)",
        ),
        (
            pd.DataFrame({"age": pd.Categorical(WORDS)}),
            "numbers, one row per sample",
            "category (3,), categories",
            "table['age'] = table['age'].cat.codes",
        ),
        (
            pd.DataFrame({"age": WORDS}, dtype=object),
            "numbers, one row per sample",
            "object (3,), words",
            "table['age'] = pd.factorize(table['age'])[0]",
        ),
        (
            pd.DataFrame({"age": pd.Series(DATES, dtype="M8[ns]")}),
            "numbers, one row per sample",
            "datetime64[ns] (3,), dates",
            "table['age'] = (table['age'] - table['age'].min()) / "
            "pd.Timedelta(days=1)",
        ),
        (
            pd.DataFrame({"age": [[1], [1, 2.5], [1]]}),
            "numbers, one row per sample",
            "object (3,), sequences",
            "keras.utils.pad_sequences(table['age'], dtype=\"float32\")",
        ),
        (
            pd.DataFrame({"age": [[1], [], None]}),
            "numbers, one row per sample",
            "object (3,), sequences of ids",
            "PaddedText(table['age'], length=...)",
        ),
        (
            [[1], [1, 2]],
            "numbers or texts, one row per sample",
            "object (2,), sequences of ids",
            "PaddedText(values, length=...)",
        ),
        (
            DATES.to_numpy("M8[s]"),
            "numbers or texts, one row per sample",
            "datetime64[s] (3,), dates",
            '(values - np.datetime64("2000-01-01")) / '
            'np.timedelta64(1, "D")',
        ),
        (
            tf.ragged.constant([[1], [1, 2]]),
            "a NumPy array or a column",
            "RaggedTensor",
            "values.to_tensor()",
        ),
    ],
)
def test_a_message_has_four_parts(given, expected, received, fix):
    with pytest.raises(DataError) as caught:
        as_column('input "x"', given)

    (problem,) = caught.value.problems
    column = ", column 'age'" * isinstance(given, pd.DataFrame)
    assert problem.where == 'input "x"' + column
    assert problem.expected == expected
    assert problem.received == received
    assert problem.fix == f"Convert it first: {fix}."


def test_every_column_that_cannot_be_fed_is_told():
    table = pd.DataFrame({"city": WORDS, "age": [1, 2, 3], "day": DATES})

    with pytest.raises(DataError) as caught:
        MultiInputGenerator({"x": table}, targets=np.array(WORDS))

    assert [problem.where for problem in caught.value.problems] == [
        "input \"x\", column 'city'",
        "input \"x\", column 'day'",
        "target",
    ]
    assert "red" not in str(caught.value)
