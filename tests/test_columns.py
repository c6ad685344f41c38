import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from companion import DataError, Labels, Noise, RandomColumn, StoredColumn
from companion.feeding.columns import ArrayColumn, as_column, is_random

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
        (pd.DataFrame({"a": [1.0]}), "Received: DataFrame. Convert it"),
        (pd.Series([1.0]), "Received: Series"),
        (Noise, "Received: type"),
        (np.array(["a"]), "Received: <U1"),
        ([1, 2, 3], "Received: list. Convert it first: np.asarray"),
        (np.array(3.0), r"Received: float64 \(\)"),
        (np.array([[1], [1, 2]], dtype=object), "Received: object"),
        (np.array([1j]), "Received: complex128"),
        (None, "Received: NoneType"),
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
