"""Layers learn from training rows, and only from rows that can teach."""

import re

import keras
import numpy as np
import pandas as pd
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


def test_all_rows_count():
    rows = np.array([[0.0], [1.0], [5.0]])

    scale = adapted(layers.Normalization(), rows)

    np.testing.assert_allclose(np.asarray(scale.mean), [[2]])


def test_half_precision_is_scaled_like_any_other():
    """Its squares would be infinite, and every answer 0."""
    rows = np.linspace(0, 255, 1000, dtype="float16")[:, None]

    scaled = np.asarray(adapted(layers.Normalization(), rows)(rows))

    assert scaled.std() == pytest.approx(1, abs=1e-3)


def test_many_rows_are_added_up_without_loss():
    """Keras alone adds up float32 rows in float32, and is far off."""
    rows = np.full((1_000_000, 2), 1000, "float32")
    rows[::2] += 1

    scale = adapted(layers.Normalization(), rows)

    np.testing.assert_allclose(np.asarray(scale.mean), [[1000.5] * 2])
    np.testing.assert_allclose(np.asarray(scale.variance), [[0.25] * 2])
    scale.adapt(rows)
    lost = np.abs(np.asarray(scale.mean) - 1000.5).max()
    assert lost > 1, "This Keras has mended the trap: drop the float64"


def test_a_refused_layer_has_learned_nothing():
    scale = layers.Normalization()

    with pytest.raises(DataError):
        adapted(scale, np.array([[1.0, 5.0], [2.0, 5.0]]))

    assert not scale.built


IMAGES = np.zeros((4, 2, 2, 1))
IMAGES[0, 0, 0] = 1
CONSTANT = "1 of 2 never change: 1. Leave them out"
NARROW = (
    "of their size, or more. Received: float64 (60, 2), in which 1 of 2 "
)
MINUTE = 1.7e9 + np.arange(60.0)  # seconds since 1970
NOTHING = "no value in 1 of 2 rows"
GAPS = {
    "NaN": (np.array([1.0, np.nan]), "NaN or infinity in 1 of 2 rows"),
    "infinity": (np.array([[1.0], [np.inf]]), "infinity in 1 of 2 rows"),
    "None": (np.array(["a", None]), NOTHING),
    "NaN in text": (np.array(["a", np.nan], dtype=object), NOTHING),
    "NA of pandas": (np.array([pd.NA, "a"]), NOTHING),
    "a list": (np.array(["a", [1]], dtype=object), NOTHING),
}
BAD = {
    "no such layer": (
        layers.Rescaling(2.0),
        ROWS,
        "layer: expected a layer that learns from data. Received: Rescal",
    ),
    "a class": (
        layers.Normalization,
        ROWS,
        "Received: the class Normalization. Make one: Normalization().",
    ),
    "a mean given": (
        layers.Normalization(mean=0.0, variance=1.0),
        ROWS,
        "Normalization with a mean given. Leave out mean and variance",
    ),
    "a list": (
        layers.Normalization(),
        [[1.0], [2.0]],
        "training rows: expected a NumPy array. Received: a list of 2",
    ),
    "a masked array": (
        layers.Normalization(),
        np.ma.masked_less(ROWS, 2),
        "Received: a masked array (2, 2). Fill the gaps",
    ),
    "no rows": (
        layers.Normalization(),
        np.zeros((0, 2)),
        "at least one row. Received: float64 (0, 2)",
    ),
    "a single value": (
        layers.StringLookup(),
        np.array("a"),
        "at least one row. Received: <U1 ()",
    ),
    "text to scale": (
        layers.Normalization(),
        np.array(["a", "b"]),
        "numbers, to learn their mean and spread. Received: <U1 (2,). For "
        "text use StringLookup",
    ),
    "objects to scale": (
        layers.Normalization(),
        np.array([[1], [2]], dtype=object),
        'Received: object (2, 1). Convert it: values.astype("float32")',
    ),
    "fractions as categories": (
        layers.IntegerLookup(),
        np.array([2.9, 2.1]),
        "whole numbers, one per category. Received: float64 (2,)",
    ),
    "no axis of columns": (
        layers.Normalization(),
        np.arange(4.0),
        "Write rows[:, None], or use Normalization(axis=None): otherwise",
    ),
    "samples as columns": (
        layers.Normalization(axis=0),
        ROWS,
        "with axis=(0,). Use Normalization(), which keeps the last axis",
    ),
    "samples as columns, from the end": (
        layers.Normalization(axis=-2),
        ROWS,
        "each sample has a mean of its own",
    ),
    "a column that never changes": (
        layers.Normalization(),
        np.array([[1.0, 5.0], [2.0, 5.0]]),
        CONSTANT,
    ),
    "a column that differs by what float64 rounds": (
        layers.Normalization(),
        np.array([[1.0, 0.1 + 0.2], [2.0, 0.3]]),
        CONSTANT,
    ),
    "pixels that never change": (
        layers.Normalization(axis=(1, 2, 3)),
        IMAGES,
        "in which 3 of 4 never change: 1, 2, 3. ",
    ),
    "many columns that never change": (
        layers.Normalization(),
        np.ones((2, 9)),
        "9 of 9 never change: 0, 1, 2, 3, 4, ...",
    ),
    "a minute of times": (
        layers.Normalization(),
        np.stack([np.arange(60.0), MINUTE], axis=1),
        f"{NARROW}spread less: 1. Subtract a fixed reference first, in "
        "float64: rows - rows[0], and the same row from all later ones",
    ),
    "large numbers, one of which is larger by 1": (
        layers.Normalization(),
        np.array([[10**8], [10**8 + 1]]),
        "Received: int64 (2, 1), in which 1 of 1 spread less: 0. Subtract",
    ),
    "numbers below 0 that spread little": (
        layers.Normalization(),
        np.array([[-1.0], [-1.000001]]),
        "1 of 1 spread less: 0",
    ),
    "a range that a single row makes": (
        layers.Normalization(axis=None),
        np.append(np.ones(10_000), 1.00001),
        "1 of 1 spread less: 0",
    ),
    "pixels that spread little": (
        layers.Normalization(axis=(1, 2, 3)),
        1 + 1e-7 * IMAGES + np.arange(4.0).reshape(4, 1, 1, 1) * 1e-7,
        "4 of 4 spread less: 0, 1, 2, 3. ",
    ),
    "squares that are too large": (
        layers.Normalization(),
        np.array([[1e20], [3e20]]),
        "numbers whose squares fit into float32. Received: float64 (2, 1). "
        "Divide them by a large number first",
    ),
    "numbers too large": (
        layers.Normalization(),
        np.array([[1e39], [3.0]]),
        "numbers that fit into float32. Received: float64 (2, 1). Divide",
    ),
    "numbers too far below 0": (
        layers.Normalization(),
        np.array([[-1e39], [-2e39]]),
        "numbers that fit into float32",
    ),
    "numbers too large for bins": (
        layers.Discretization(num_bins=2),
        np.array([1.0, 2.0, 1e39]),
        "numbers that fit into float32",
    ),
}
BAD |= {
    f"a gap: {name}": (layers.StringLookup(), rows, words)
    for name, (rows, words) in GAPS.items()
}


@pytest.mark.parametrize(("layer", "rows", "words"), BAD.values(), ids=BAD)
def test_rows_that_would_teach_something_wrong_are_refused(
    layer, rows, words
):
    with pytest.raises(DataError, match=re.escape(words)):
        adapted(layer, rows)


def test_columns_of_either_fault_are_told_at_once():
    rows = np.stack([MINUTE, np.ones(60), np.arange(60.0)], axis=1)

    with pytest.raises(DataError) as caught:
        adapted(layers.Normalization(), rows)

    equal, narrow = map(str, caught.value.problems)
    assert "1 of 3 never change: 1. " in equal
    assert "1 of 3 spread less: 0. " in narrow


GOOD = {
    "pixels, all alike": (layers.Normalization(), IMAGES),
    "integers": (layers.Normalization(), np.array([[1], [2]])),
    "a day of times": (
        layers.Normalization(),
        1.7e9 + np.arange(0.0, 86_400, 600)[:, None],
    ),
    "a minute of times, after the cure": (
        layers.Normalization(),
        (MINUTE - MINUTE[0])[:, None],
    ),
    "numbers as large as they may be": (
        layers.Discretization(num_bins=2),
        np.array([1.0, -2.0, np.finfo("float32").max], "float64"),
    ),
    "halves": (layers.Normalization(), ROWS.astype("float16")),
    "zeros but for one": (
        layers.Normalization(axis=None),
        np.append(np.zeros(10_000), 1e-3),
    ),
    "yes and no": (layers.Normalization(), np.array([[True], [False]])),
    "one column": (layers.Normalization(axis=None), np.arange(4.0)),
    "category numbers": (layers.IntegerLookup(), np.array([7, 7, 9])),
    "bins": (layers.Discretization(num_bins=2), np.arange(9.0)),
}


@pytest.mark.parametrize(("layer", "rows"), GOOD.values(), ids=GOOD)
def test_rows_that_can_teach_are_taken(layer, rows):
    assert np.isfinite(np.asarray(adapted(layer, rows)(rows))).all()


@pytest.mark.parametrize("share", [3e-6, 1e-5, 1e-4, 1e-2])
def test_what_is_taken_is_scaled_as_it_should_be(share):
    """To a tenth of a standard deviation, however small it is."""
    rng = np.random.default_rng(0)
    rows = 1.7e9 * (1 + share * rng.standard_normal((1000, 1)))

    scaled = np.asarray(adapted(layers.Normalization(), rows)(rows))

    wanted = (rows - rows.mean()) / rows.std()
    assert np.abs(scaled - wanted).max() < 0.1


def test_what_keras_learns_from_a_column_that_spreads_too_little():
    """Why it is refused: a row as it is fed may be anywhere."""
    rows = 1.7e9 + np.linspace(-60, 60, 1000)[:, None]
    scale = layers.Normalization()
    scale.adapt(rows)

    scaled = np.asarray(scale(rows))

    off = np.abs(scaled - (rows - rows.mean()) / rows.std()).max()
    assert off > 1, "This Keras has mended the trap: drop the refusal"


def test_what_keras_learns_from_a_column_that_never_changes():
    """Why it is refused; if a later Keras mends it, so says this test."""
    scale = layers.Normalization()
    scale.adapt(np.array([[5.0], [5.0]]))

    large = float(np.asarray(scale(np.array([[5.5]]))).item())
    assert large > 1e6, "This Keras has mended the trap: drop the refusal"


def test_what_a_model_does_that_has_run_before_its_layer_learned():
    """It keeps the old numbers, as the docstring says, until compiled."""
    x = keras.Input((2,), name="x")
    scale = adapted(layers.Normalization(), ROWS)
    model = keras.Model([x], scale(x))
    before = model.predict({"x": ROWS}, verbose=0)

    adapted(scale, 10 * ROWS)

    same = np.array_equal(model.predict({"x": ROWS}, verbose=0), before)
    assert same, "This Keras has mended the trap: drop the warning"
    model.compile()
    assert not np.array_equal(model.predict({"x": ROWS}, verbose=0), before)
