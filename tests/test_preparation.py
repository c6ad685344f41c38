"""Layers learn from training rows, and only from rows that can teach."""

import keras
import numpy as np
import pytest
from keras import layers

from companion import DataError, adapted

ROWS = np.array([[1.0, 100.0], [3.0, 300.0]])


def test_numbers_are_scaled_by_mean_and_spread_of_the_rows():
    scale = adapted(layers.Normalization(), ROWS)

    scaled = np.asarray(scale(np.array([[2.0, 100.0], [5.0, 200.0]])))
    np.testing.assert_allclose(scaled, [[0, -1], [3, 0]])


def test_the_same_layer_comes_back_and_lives_in_a_model(tmp_path):
    x = keras.Input((2,), name="x")
    scale = layers.Normalization()
    assert adapted(scale, ROWS) is scale

    keras.Model([x], scale(x)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded({"x": ROWS}), [[-1, -1], [1, 1]])


def test_words_of_the_rows_are_known_and_others_are_not():
    words = adapted(
        layers.TextVectorization(output_sequence_length=3),
        np.array(["do not bend", "do not drop"]),
    )

    known, unknown = np.asarray(words(np.array(["do not", "fold"])))
    assert known.min(initial=9, where=known > 0) > 1
    assert unknown.tolist() == [1, 0, 0]  # 1 stands for any other word


def test_categories_of_the_rows_are_numbered():
    cities = adapted(layers.StringLookup(), np.array(["Rome", "Oslo"]))

    numbers = np.asarray(cities(np.array(["Rome", "Oslo", "Bonn"])))
    assert sorted(numbers.tolist()) == [0, 1, 2] and numbers[2] == 0


IMAGES = np.zeros((4, 2, 2, 1))
IMAGES[0, 0, 0] = 1
BAD = {
    "no such layer": (
        layers.Rescaling(2.0),
        ROWS,
        "layer: expected a layer that learns from data. Received: Rescal",
    ),
    "a class": (
        layers.Normalization,
        ROWS,
        "learns from data. Received: Normalization. Pass Normalization()",
    ),
    "a list": (
        layers.Normalization(),
        [[1.0], [2.0]],
        "a NumPy array without a mask. Received: list",
    ),
    "a masked array": (
        layers.Normalization(),
        np.ma.masked_less(ROWS, 2),
        "without a mask. Received: MaskedArray",
    ),
    "no rows": (
        layers.Normalization(),
        np.zeros((0, 2)),
        r"at least one row. Received: float64 \(0, 2\)",
    ),
    "a gap": (
        layers.Normalization(),
        np.array([[1.0], [np.nan]]),
        r"float64 \(2, 1\), gaps: 1",
    ),
    "a gap for bins": (
        layers.Discretization(num_bins=2),
        np.array([1.0, np.nan, np.inf]),
        "gaps: 2",
    ),
    "a gap in text": (
        layers.StringLookup(),
        np.array(["a", None, float("nan")], dtype=object),
        "gaps: 2",
    ),
    "text to scale": (
        layers.Normalization(),
        np.array(["a", "b"]),
        "numbers, to learn their mean",
    ),
    "no axis of columns": (
        layers.Normalization(),
        np.arange(4.0),
        r"Write rows\[:, None\], or Normalization\(axis=None\)",
    ),
    "samples as columns": (
        layers.Normalization(axis=0),
        ROWS,
        "each sample has a mean of its own",
    ),
    "a column that never changes": (
        layers.Normalization(),
        np.array([[1.0, 5.0], [2.0, 5.0]]),
        "1 of 2 columns never change",
    ),
    "pixels that never change": (
        layers.Normalization(axis=(1, 2, 3)),
        IMAGES,
        "3 of 4 columns never change",
    ),
    "one row": (
        layers.Normalization(),
        ROWS[:1],
        "2 of 2 columns never change",
    ),
}


@pytest.mark.parametrize(("layer", "rows", "words"), BAD.values(), ids=BAD)
def test_rows_that_would_teach_something_wrong_are_refused(
    layer, rows, words
):
    with pytest.raises(DataError, match=words):
        adapted(layer, rows)


GOOD = {
    "pixels, all alike": (layers.Normalization(), IMAGES),
    "integers": (layers.Normalization(), np.array([[1], [2]])),
    "one column": (layers.Normalization(axis=None), np.arange(4.0)),
    "category numbers": (layers.IntegerLookup(), np.array([7, 7, 9])),
}


@pytest.mark.parametrize(("layer", "rows"), GOOD.values(), ids=GOOD)
def test_rows_that_can_teach_are_taken(layer, rows):
    assert np.isfinite(np.asarray(adapted(layer, rows)(rows))).all()


def test_what_keras_learns_from_a_column_that_never_changes():
    """Why it is refused; if a later Keras mends it, so says this test."""
    scale = layers.Normalization()
    scale.adapt(np.array([[5.0], [5.0]]))

    large = float(np.asarray(scale(np.array([[5.5]]))).item())
    assert large > 1e6, "This Keras has mended the trap: drop the refusal"
