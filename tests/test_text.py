"""Texts of different lengths become rows of ids, and nothing is lost."""

import pickle
import re
import time

import keras
import numpy as np
import pandas as pd
import pytest

from companion import (
    DataError,
    MultiInputGenerator,
    PaddedText,
    adapted,
    check,
)

LISTS = [[4, 2], [3], [5, 6, 7]]
ROWS = np.array([2, 0, 2])
ALL = np.arange(3)
ON_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="texts need TensorFlow"
)


def objects(rows):
    array = np.empty(len(rows), object)
    array[:] = [np.array(row) for row in rows]
    return array


@pytest.mark.parametrize(
    "tokens",
    [
        LISTS,
        tuple(map(tuple, LISTS)),
        [np.array(row, "uint8") for row in LISTS],
        objects(LISTS),
        pd.Series(LISTS, index=[7, 8, 9]),
        pd.Series(objects(LISTS)),
    ],
    ids="lists tuples arrays objects series series-of-arrays".split(),
)
def test_texts_of_any_container_become_rows(tokens):
    column = PaddedText(tokens, 4)

    assert len(column) == 3
    taken = column.take(ROWS)
    assert taken.dtype == "int32"
    assert taken.tolist() == [[5, 6, 7, 0], [4, 2, 0, 0], [5, 6, 7, 0]]


def test_an_array_of_texts_of_one_length_is_padded_too():
    column = PaddedText(np.array([[1, 2], [3, 4]]), 3)

    assert column.take(ALL[:2]).tolist() == [[1, 2, 0], [3, 4, 0]]
    mixed = np.array([[1, 2], [3, 4]], object)
    assert PaddedText(mixed, 2).take(ALL[:2]).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("padding", ["post", "pre"])
@pytest.mark.parametrize(
    ("truncate", "pads"), [("end", "post"), ("start", "pre")]
)
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_rows_are_those_of_keras_when_all_is_said(
    padding, truncate, pads, length
):
    expected = keras.utils.pad_sequences(
        LISTS, length, padding=padding, truncating=pads
    )

    column = PaddedText(LISTS, length, padding=padding, truncate=truncate)

    np.testing.assert_array_equal(column.take(ALL), expected)
    assert column.truncated == sum(len(row) > length for row in LISTS)


def test_what_is_cut_is_told():
    cut = PaddedText(LISTS, 1, truncate="end")

    assert repr(cut) == "PaddedText(3 rows of 1 ids, 2 of them cut)"
    assert repr(PaddedText(LISTS, 3)) == "PaddedText(3 rows of 3 ids)"
    assert pickle.loads(pickle.dumps(cut)).truncated == 2


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(255, "uint8"), (256, "uint16"), (2**16, "uint32")],
)
def test_rows_take_the_least_memory_and_leave_as_int32(largest, dtype):
    column = PaddedText([[1], [largest]], 2)

    assert column.values.dtype == dtype
    assert column.take(ALL[:2]).tolist() == [[1, 0], [largest, 0]]
    loaded = pickle.loads(pickle.dumps(column))
    assert loaded.values.dtype == dtype
    np.testing.assert_array_equal(
        loaded.take(ROWS % 2), column.take(ROWS % 2)
    )


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([[1], [2, 0]], "ids from 1 on: 0 is padding.*small in row 1"),
        ([[0], [2, 1]], "ids from 0 to 2, the first too small in row 0"),
        (np.array([[1, 2], [3, 0]]), "row 1.*padded already is fed as it"),
        ([[1], [3, -1]], "ids from -1 to 3, the first too small in row 1"),
        (
            [[1], [2], [10, 9]],
            "ids below 10.*too large in row 2.*input_dim",
        ),
        ([[1], [2**40]], "ids below 10.*too large in row 1"),
        (
            [[1], [], []],
            r"none in 2 of 3 texts, first in row 1.*else \[1\]",
        ),
        (np.zeros((2, 0), int), "none in 2 of 2 texts"),
        ([[1], None], "NoneType in row 1. Leave such rows out"),
        (pd.Series([[1], None]), "NoneType in row 1. Leave such rows out"),
        ([[1], float("nan")], "float in row 1. Leave such rows out"),
        ([[1], [2.5]], r"float64 \(1,\) in row 1.*TextVectorization"),
        (np.ones((2, 2)), r"float64 \(2,\) in row 0"),
        ([[1], ["a", "b"]], r"<U1 \(2,\) in row 1.*TextVectorization"),
        (["a b", "c"], "str in row 0.*TextVectorization"),
        (np.array(["a b"]), "str_ in row 0.*TextVectorization"),
        ([[True]], r"bool \(1,\) in row 0"),
        ([[1], [2, None]], r"object \(2,\) in row 1"),
        ([[1], [2, [3]]], "lists in a list in row 1"),
        ([[[1, 2]], [[3, 4]]], "lists in a list in row 0"),
        ([[2**70]], r"object \(1,\) in row 0"),
        ([1, 2], "int in row 0. Give a list of lists"),
        (np.array([1, 2]), "int64 in row 0. Give a list of lists"),
        ([[1], {2}], "set in row 1"),
        ({1: [2]}, "Received: dict"),
        (iter([[1]]), "Received: list_iterator"),
        ([], "Received: a list of 0"),
        (7, "Received: int"),
        (np.ma.masked_equal([[1, 2]], 1), "without a mask"),
        ([[1, 2, 3, 4], [1], [1] * 9], "2 of 3 longer, the first in row 0"),
        (
            [[1], [1] * 9],
            'the longest of 9 ids. Pass truncate="end" to keep',
        ),
    ],
)
def test_what_is_no_text_of_ids_is_refused(tokens, words):
    with pytest.raises(DataError, match=words) as caught:
        PaddedText(tokens, 3, num_tokens=10)

    assert all(p.where == "PaddedText" for p in caught.value.problems)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(DataError) as caught:
        PaddedText([[], [0], [9], [1] * 7], 3, num_tokens=5)

    assert len(caught.value.problems) == 4


def test_the_cures_of_the_messages_work():
    texts = [[], [0, 2]]

    shifted = [[i + 1 for i in ids] for ids in texts]
    filled = [ids if len(ids) else [1] for ids in shifted]

    assert PaddedText(filled, 2).take(ALL[:2]).tolist() == [[1, 0], [1, 3]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(length=0), "length=0"),
        (dict(length=2.0), "length=2.0"),
        (dict(padding="end"), "'post' or 'pre'. Received: 'end'"),
        (
            dict(truncate="post"),
            "'end' or 'start' or None. Received: 'post'",
        ),
        (dict(truncate=True), "Received: True"),
        (dict(num_tokens=1), "num_tokens=1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, words):
    with pytest.raises(DataError, match=words):
        PaddedText(LISTS, **{"length": 3} | settings)


TEXTS = np.array(["a red cat", "a dog", "the cat sat on a mat"])


@ON_TENSORFLOW
def test_strings_become_ids_by_a_layer_of_keras():
    number = adapted(keras.layers.TextVectorization(ragged=True), TEXTS[:2])
    size = number.vocabulary_size()

    column = PaddedText(number(TEXTS), 6, num_tokens=size)

    padded = adapted(
        keras.layers.TextVectorization(output_sequence_length=6), TEXTS[:2]
    )
    np.testing.assert_array_equal(column.take(ALL), padded(TEXTS))
    of_lists = PaddedText(number(TEXTS).to_list(), 6)
    np.testing.assert_array_equal(column.take(ALL), of_lists.take(ALL))
    with pytest.raises(
        DataError, match="none in 1 of 2 texts, first in row"
    ):
        PaddedText(number(np.array(["a", ""])), 6)


def reader(num_tokens, length=4):
    text = keras.Input((length,), dtype="int32", name="text")
    vectors = keras.layers.Embedding(num_tokens, 2, mask_zero=True)(text)
    pooled = keras.layers.GlobalAveragePooling1D()(vectors)
    model = keras.Model([text], keras.layers.Dense(1)(pooled))
    model.compile("sgd", "mse")
    return model


@ON_TENSORFLOW
def test_a_model_learns_from_it_and_check_looks_at_every_row():
    """Also at rows beyond the first batches."""
    texts = [[1, 2]] * 500 + [[7]]
    batches = MultiInputGenerator(
        {"text": PaddedText(texts, 4)},
        np.ones(501),
        shuffle=True,
        seed=0,
    )

    check(reader(8), batches)
    history = reader(8).fit(batches, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    with pytest.raises(ValueError, match="ids from 0 to 7"):
        check(reader(7), batches)


def test_another_number_of_ids_than_the_model_reads_is_told():
    batches = MultiInputGenerator(
        {"text": PaddedText(LISTS, 3)}, np.ones(3), batch_size=2
    )

    with pytest.raises(ValueError, match=re.escape("int32 (batch, 4)")):
        check(reader(8), batches, run=False)


@pytest.mark.slow
def test_a_million_texts_take_seconds_and_a_batch_the_time_of_an_array():
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 21, 10**6)
    ids = rng.integers(1, 5000, lengths.sum())
    texts = [a.tolist() for a in np.split(ids, np.cumsum(lengths)[:-1])]

    begin = time.perf_counter()
    column = PaddedText(texts, 20)
    assert time.perf_counter() - begin < 10

    assert column.values.nbytes == 2 * 20 * 10**6
    rows = rng.permutation(10**6)[:64]
    for row, taken in zip(rows, column.take(rows)):
        assert taken[taken > 0].tolist() == texts[row]
