"""Numbers and categories of a table, encoded as training rows teach."""

import datetime
import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from companion import (
    DataError,
    MultiInputGenerator,
    ReplaceMissing,
    TableEncoder,
    category_branch,
    check,
    dense_branch,
    fuse,
    number_head,
    presence,
    with_presence,
)

NAN = np.nan
ON_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="texts need TensorFlow"
)


def objects(*rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def same(found, expected):
    """Names, values and types."""
    assert list(found) == list(expected)
    for name, values in found.items():
        assert values.dtype == expected[name].dtype
        np.testing.assert_array_equal(values, expected[name])


def encoded(column, rows=None, **options):
    """Ids of a column of categories, of the training rows or others."""
    encoder = TableEncoder(categories=["x"], **options)
    encoder.adapt({"x": column})
    ids = encoder({"x": column if rows is None else rows})["x"]
    assert ids.dtype == "int32"
    return ids.tolist()


def scaled(column, rows=None):
    """The same of one column of numbers."""
    encoder = TableEncoder(["x"]).adapt({"x": column})
    numbers = encoder({"x": column if rows is None else rows})["numbers"]
    assert numbers.dtype == "float32" and numbers.ndim == 2
    return numbers[:, 0].tolist()


TABLE = {
    "zone": np.array(["near", "far", "near", "sea", "near"]),
    "kilograms": np.array([1.0, 3.0, 2.0, NAN, 6.0]),
    "floor": np.array([3, -1, 3, 0, 0]),
    "pieces": np.array([1, 2, 1, 5, 1]),
    "fragile": np.array([True, False, False, True, False]),
}
NUMBERS, CATEGORIES = ["pieces", "kilograms"], ["zone", "floor", "fragile"]


def encoder_of(table=None, **options):
    encoder = TableEncoder(NUMBERS, CATEGORIES, **options)
    return encoder.adapt(TABLE if table is None else table)


def test_a_table_becomes_one_input_of_numbers_and_ids_for_each_category():
    encoder = encoder_of()

    inputs = encoder(TABLE)

    assert list(inputs) == ["numbers", *CATEGORIES]
    assert inputs["numbers"].shape == (5, 2)
    pieces, kilograms = inputs["numbers"].T
    np.testing.assert_allclose(pieces, (TABLE["pieces"] - 2) / 2.4**0.5)
    np.testing.assert_allclose(
        kilograms, (TABLE["kilograms"] - 3) / 3.5**0.5, rtol=1e-6
    )
    assert inputs["zone"].tolist() == [2, 4, 2, 3, 2]
    assert inputs["floor"].tolist() == [2, 4, 2, 3, 3]
    assert inputs["fragile"].tolist() == [3, 2, 2, 3, 2]
    assert encoder.sizes == {"zone": 5, "floor": 5, "fragile": 4}
    assert encoder.categories["floor"] == [3, 0, -1]
    assert encoder.numbers["kilograms"] == (3.0, pytest.approx(3.5**0.5))
    assert list(encoder_of(name="scaled")(TABLE))[0] == "scaled"


FORMS = {
    "a frame": pd.DataFrame(TABLE),
    "a frame with labels": pd.DataFrame(TABLE, index=[9, 7, 5, 3, 1]),
    "a frame with more columns": pd.DataFrame(TABLE).assign(id=range(5)),
    "nullable types": pd.DataFrame(TABLE).convert_dtypes(),
    "objects": pd.DataFrame(TABLE).astype(object),
    "categories": pd.DataFrame(TABLE).astype(
        dict.fromkeys(CATEGORIES, "category")
    ),
    "lists": {name: values.tolist() for name, values in TABLE.items()},
    "arrays of objects": {
        name: values.astype(object) for name, values in TABLE.items()
    },
    "bytes": TABLE | {"zone": TABLE["zone"].astype("S")},
    "small types": TABLE
    | {
        "floor": TABLE["floor"].astype("int8"),
        "pieces": TABLE["pieces"].astype("uint16"),
    },
}


@pytest.mark.parametrize("table", FORMS.values(), ids=FORMS)
def test_a_table_of_any_form_is_encoded_the_same(table):
    before = pickle.dumps(table)

    encoder = encoder_of(table)

    same(encoder(table), encoder_of()(TABLE))
    same(encoder(TABLE), encoder_of()(table))
    assert pickle.dumps(table) == before
    assert encoder.get_config() == encoder_of().get_config()


@pytest.mark.parametrize(
    ("column", "ids"),
    [
        (np.array(["b", "a", "b"]), [2, 3, 2]),
        (np.array(["a", "a", "a"]), [2, 2, 2]),
        (objects("b", None, "b"), [2, 0, 2]),
        (objects("b", NAN, "b"), [2, 0, 2]),
        (objects("b", pd.NA, "b"), [2, 0, 2]),
        (np.array(["b", "", "b"]), [2, 0, 2]),
        (["b", None, "b"], [2, 0, 2]),
        (pd.Series(["b", None, "b"]), [2, 0, 2]),
        (pd.Series(["b", None, "b"], dtype="string"), [2, 0, 2]),
        (pd.Series(["b", None, "b"], dtype=object), [2, 0, 2]),
        (pd.Series(["b", None, "b"], dtype="category"), [2, 0, 2]),
        (pd.Categorical(["b", None, "b"]), [2, 0, 2]),
        (np.array([7, -1, 7]), [2, 3, 2]),
        (np.array([0, 0, 5], "uint8"), [2, 2, 3]),
        (objects(7, None, 7), [2, 0, 2]),
        (objects(np.int64(7), None, np.int64(7)), [2, 0, 2]),
        ([7, None, 7], [2, 0, 2]),
        (pd.Series([7, None, 7], dtype="Int64"), [2, 0, 2]),
        (pd.Series([2**60, None, 2**60 + 1], dtype="Int64"), [3, 0, 2]),
        (pd.Series(pd.Categorical([7, None, 7], [7, 8])), [2, 0, 2]),
        (np.array([True, False, True]), [2, 3, 2]),
        (objects(True, None, np.True_), [2, 0, 2]),
        (pd.Series([True, None, True], dtype="boolean"), [2, 0, 2]),
        (pd.Series(pd.Categorical([True, None, True])), [2, 0, 2]),
        (np.array(["[UNK]", "", "[UNK]"]), [2, 0, 2]),
    ],
    ids=repr,
)
def test_categories_get_ids_and_gaps_0(column, ids):
    assert encoded(column) == ids
    assert encoded(column, unknown="error") == ids
    config = json.loads(json.dumps(_adapted(column).get_config()))
    again = TableEncoder.from_config(config)({"x": column})["x"]
    assert again.tolist() == ids
    assert _adapted(column).sizes["x"] == max(ids) + 1


def _adapted(column):
    return TableEncoder(categories=["x"]).adapt({"x": column})


@ON_TENSORFLOW
@pytest.mark.parametrize("kind", ["texts", "whole numbers"])
def test_ids_are_those_of_the_layers_of_keras(kind):
    """Also among categories that are equally common."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(-3, 12, 60)
    new, gap = np.array([99, -(2**40), 0, 5]), 10**6
    layer = keras.layers.IntegerLookup(mask_token=gap, oov_token=10**7)
    if kind == "texts":
        layer = keras.layers.StringLookup(mask_token="")
        numbers, new = numbers.astype(str), new.astype(str)
    layer.adapt(numbers)

    encoder = _adapted(numbers)

    for rows in (numbers, new):
        np.testing.assert_array_equal(
            encoder({"x": rows})["x"], layer(rows)
        )
    assert encoder.sizes["x"] == layer.vocabulary_size()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.array([1.0, 3, NAN]), [-1, 1, NAN]),
        (np.array([1.0, 3, NAN], "float16"), [-1, 1, NAN]),
        (np.array([1, 3]), [-1, 1]),
        (np.array([False, True]), [-1, 1]),
        ([1, 3, None], [-1, 1, NAN]),
        (objects(1, 3.0, None), [-1, 1, NAN]),
        (pd.Series([1, 3, None]), [-1, 1, NAN]),
        (pd.Series([1, 3, None], dtype="Int64"), [-1, 1, NAN]),
        (pd.Series([1, 3, None], dtype="Float64"), [-1, 1, NAN]),
        (pd.Series([1, 3, None], dtype=object), [-1, 1, NAN]),
        (pd.Series([0, 1, None], dtype="boolean"), [-1, 1, NAN]),
    ],
    ids=repr,
)
def test_numbers_are_scaled_and_gaps_stay(column, expected):
    np.testing.assert_array_equal(scaled(column), expected)


def test_numbers_are_scaled_in_float64():
    """Seconds since 1970, of which float32 holds every 128th."""
    times = 1.7e9 + 60.0 * np.arange(101)

    found = scaled(times)

    expected = (times - times.mean()) / times.std()
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    many = 1000 + np.random.default_rng(0).random(10**5).astype("float32")
    mean = TableEncoder(["x"]).adapt({"x": many}).numbers["x"][0]
    assert mean == pytest.approx(many.astype("float64").mean(), rel=1e-12)


def test_numbers_are_scaled_as_the_layer_of_keras_scales_them():
    rows = np.random.default_rng(0).normal(3, 2, (50, 2))
    layer = keras.layers.Normalization()
    layer.adapt(rows)

    encoder = TableEncoder(["a", "b"]).adapt(
        {"a": rows[:, 0], "b": rows[:, 1]}
    )

    found = encoder({"a": rows[:9, 0], "b": rows[:9, 1]})["numbers"]
    np.testing.assert_allclose(found, layer(rows[:9]), rtol=1e-4, atol=1e-6)


# Other rows than those of training

NEW = TABLE | {
    "zone": np.array(["moon", "near", "", "mars", "moon"]),
    "floor": np.array([3, 99, 0, -1, -2]),
}


def test_a_new_category_gets_an_id_of_its_own():
    encoder = encoder_of()

    inputs = encoder(NEW)

    assert inputs["zone"].tolist() == [1, 2, 0, 1, 1]
    assert inputs["floor"].tolist() == [2, 1, 3, 4, 1]
    assert encoder.unknown_share(NEW) == {
        "zone": 0.6,
        "floor": 0.4,
        "fragile": 0.0,
    }
    assert set(encoder.unknown_share(TABLE).values()) == {0.0}


def test_a_new_category_may_be_refused():
    encoder = encoder_of(unknown="error")
    same(encoder(TABLE), encoder_of()(TABLE))

    with pytest.raises(DataError) as caught:
        encoder(NEW)

    assert [str(problem) for problem in caught.value.problems] == [
        f'column "{name}": expected categories of the training rows. '
        f"Received: others in {count} of 5 rows, first in row {first}. "
        'Mend them, or give unknown categories an id: unknown="id".'
        for name, count, first in (("zone", 3, 0), ("floor", 2, 1))
    ]
    assert encoder.unknown_share(NEW)["zone"] == 0.6


def test_rows_that_are_not_for_training_teach_nothing():
    encoder = encoder_of()
    learned = json.dumps(encoder.get_config())
    alone = encoder(TABLE)

    encoder(NEW), encoder.unknown_share(NEW)

    assert json.dumps(encoder.get_config()) == learned
    same(encoder(TABLE), alone)
    for row in range(5):  # nor do the rows beside it
        one = {name: values[[row]] for name, values in TABLE.items()}
        same(encoder(one), {n: v[[row]] for n, v in alone.items()})


def test_the_order_of_rows_does_not_matter():
    turned = {name: values[::-1] for name, values in TABLE.items()}

    assert encoder_of(turned).get_config() == encoder_of().get_config()


def test_what_was_learned_can_be_learned_anew():
    encoder = encoder_of()
    half = {name: values[:3] for name, values in TABLE.items()}

    encoder.adapt(half)

    assert encoder.get_config() == encoder_of(half).get_config()
    with pytest.raises(DataError):
        encoder.adapt(half | {"kilograms": np.ones(3)})
    assert encoder.get_config() == encoder_of(half).get_config()


def test_it_comes_back_from_json():
    encoder = encoder_of(unknown="error", name="scaled")

    config = json.loads(json.dumps(encoder.get_config()))
    again = TableEncoder.from_config(config)

    same(again(TABLE), encoder(TABLE))
    assert again.sizes == encoder.sizes
    assert again.get_config() == encoder.get_config()
    with pytest.raises(DataError, match="of the training rows"):
        again(NEW)
    again.adapt({name: values[:3] for name, values in TABLE.items()})
    assert again.sizes["zone"] == 4


@pytest.mark.parametrize(
    ("numbers", "categories"), [([], ["zone"]), (["pieces"], [])]
)
def test_numbers_or_categories_may_be_left_out(numbers, categories):
    encoder = TableEncoder(numbers, categories).adapt(TABLE)

    names = ["numbers"] * len(numbers) + categories
    assert list(encoder(TABLE)) == names
    config = json.loads(json.dumps(encoder.get_config()))
    same(TableEncoder.from_config(config)(TABLE), encoder(TABLE))


def test_a_column_without_any_value_is_all_gaps():
    rows = dict.fromkeys(TABLE, np.full(3, NAN))

    inputs = encoder_of()(rows)

    assert np.isnan(inputs["numbers"]).all()
    assert all(not inputs[name].any() for name in CATEGORIES)


# What is refused

A_DAY = datetime.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            np.array([1.0, 2.0]),
            'column "x": expected categories: texts, whole numbers or boo'
            r"leans. Received: float64 \(2,\). If these are whole numbers: "
            r'table\["x"\].astype\("Int64"\). Give amounts as numbers',
        ),
        (np.array([1.0, NAN]), r"float64 \(2,\). If these are whole"),
        (pd.Series([1, None]), r"float64 \(2,\)"),
        (pd.Series([0.5, 2], dtype="Float64"), r"Float64 \(2,\)"),
        (objects(1, 0.5), r"object \(2,\)"),
        (objects("a", 1), r"object \(2,\)"),
        (objects(("a",), ("b",)), r"object \(2,\)"),
        (np.array(["2024", "2025"], "M8[D]"), "of a date give a part"),
        (np.array([1, 2], "M8[ns]"), r"datetime64\[ns\] \(2,\)"),
        (np.array([1, 2], "m8[ns]"), r"timedelta64\[ns\]"),
        (pd.Series(pd.to_datetime(["2024", None])), "such as the month"),
        (pd.Series(pd.to_datetime(["2024"], utc=True)), "such as the mon"),
        (objects(A_DAY, None), "such as the month"),
        (objects(None, None), "some category. Received: gaps in every ro"),
        (np.array(["", ""]), "gaps in every row. Leave the column out"),
        (np.array([NAN, NAN]), "gaps in every row"),
    ],
    ids=repr,
)
def test_what_is_no_category_is_refused(column, words):
    with pytest.raises(DataError, match=words):
        encoded(column)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            np.array([2.0, 2.0, NAN]),
            'column "x": expected columns that are not the same in every',
        ),
        (np.array([NAN, NAN]), 'column "x": expected at least one row'),
        (np.array([2.0]), "never change"),
        (np.array([1e30, -1e30]), "squares fit into float32"),
        (np.array(["1", "2"]), 'column "x": expected numbers.*words'),
        (pd.Series(["1", None]), 'column "x": expected numbers'),
        (np.array(["2024", "2025"], "M8[D]"), "dates. Convert it first"),
        (pd.Series(pd.to_datetime(["2024", None])), "dates. Convert it"),
        (objects(A_DAY, A_DAY), "dates as objects. Convert it"),
        (objects([1, 2], [3]), 'column "x": expected samples of one shape'),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused(column, words):
    with pytest.raises(DataError, match=words):
        scaled(column)


@pytest.mark.parametrize(
    ("column", "rows", "words"),
    [
        (
            ["a"],
            [1],
            'column "x": expected texts, as in training. Received: a list '
            r'of 1. Convert it: table\["x"\].astype\(str\).',
        ),
        (
            np.array([1]),
            np.array(["1"]),
            r"whole numbers, as in training. Received: <U1 \(1,\). Convert "
            r'it: table\["x"\].astype\("int64"\).',
        ),
        (["a"], np.array([1.0]), "categories: texts, whole numbers"),
    ],
)
def test_another_type_than_in_training_is_refused(column, rows, words):
    with pytest.raises(DataError, match=words):
        encoded(column, rows)
    with pytest.raises(DataError, match=words):
        _adapted(column).unknown_share({"x": rows})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"pieces": np.ones(3)},
            "table: expected the columns pieces, zone. Received: none "
            "called zone. Rename",
        ),
        (pd.DataFrame({"a": [1]}), "none called pieces, zone"),
        ({}, "none called pieces, zone"),
        (None, "none called pieces, zone"),
        (
            {"pieces": np.ones(3), "zone": np.array(["a"] * 2)},
            r"one length, at least one row. Received: pieces: \(3,\), "
            r"zone: \(2,\). Look",
        ),
        ({"pieces": [], "zone": []}, r"pieces: \(0,\), zone: \(0,\)"),
        (pd.DataFrame({"pieces": [], "zone": []}), r"pieces: \(0,\)"),
        (
            {"pieces": np.ones((2, 1)), "zone": np.array([["a"]] * 2)},
            r"columns \(samples,\).*pieces: \(2, 1\), zone: \(2, 1\)",
        ),
        (
            pd.DataFrame(
                [[1, 2, "a"]], columns=["pieces", "pieces", "zone"]
            ),
            r"pieces: \(1, 2\)",
        ),
        ({"pieces": 3.0, "zone": "near"}, r"pieces: \(\), zone: \(\)"),
    ],
)
def test_a_table_without_its_columns_is_refused(table, words):
    with pytest.raises(DataError, match=words):
        TableEncoder(["pieces"], ["zone"]).adapt(table)
    encoder = TableEncoder(["pieces"], ["zone"]).adapt(TABLE)
    for ask in (encoder, encoder.unknown_share):
        with pytest.raises(DataError, match=words):
            ask(table)


def test_all_columns_that_are_wrong_are_told_at_once():
    wrong = TABLE | {
        "pieces": np.ones(5),
        "kilograms": TABLE["zone"],
        "floor": np.full(5, 0.5),
    }

    with pytest.raises(DataError) as caught:
        encoder_of(wrong)
    assert [problem.where for problem in caught.value.problems] == [
        f'column "{name}"' for name in ("pieces", "kilograms", "floor")
    ]
    wrong["zone"] = np.arange(5)
    with pytest.raises(DataError) as caught:
        encoder_of()(wrong)
    assert len(caught.value.problems) == 3  # one value is a value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {},
            "TableEncoder: expected lists of names.*Received: none. Write",
        ),
        (dict(numbers="kilograms"), "Received: a single text. Write Table"),
        (dict(categories="zone"), "Received: a single text"),
        (
            dict(numbers=["a", "b", "a"]),
            "expected each name once. Received: 'a' twice",
        ),
        (dict(numbers=["a"], categories=["b", "a"]), "'a' twice"),
        (dict(categories=["numbers"]), "Received: 'numbers' twice"),
        (dict(categories=["a"], name="a"), "Received: 'a' twice"),
        (
            dict(numbers=["a"], unknown="drop"),
            "unknown to be one of id, error. Received: unknown='drop'",
        ),
        (dict(numbers=["a"], unknown=None), "Received: unknown=None"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options, words):
    with pytest.raises(DataError, match=words):
        TableEncoder(**options)


def test_a_number_may_be_called_as_the_input():
    encoder = TableEncoder(["numbers"]).adapt({"numbers": np.array([1, 3])})

    assert encoder({"numbers": np.array([2])})["numbers"].tolist() == [
        [0.0]
    ]


def test_before_it_has_seen_training_rows_it_knows_nothing():
    encoder = TableEncoder(NUMBERS, CATEGORIES)

    for ask in (
        lambda: encoder(TABLE),
        lambda: encoder.unknown_share(TABLE),
        lambda: encoder.sizes,
        encoder.get_config,
    ):
        with pytest.raises(
            DataError,
            match=r"TableEncoder: expected training rows. Received: none "
            r"yet. Call encoder.adapt\(training_rows\) first.",
        ):
            ask()


# Into a model


def test_ids_fit_the_embeddings_and_gaps_the_masks():
    encoder = encoder_of()
    fed = encoder(NEW)
    there = presence(fed["numbers"], each="value")
    inputs = with_presence(fed, {"numbers": there})
    made = {
        name: keras.Input((2,), name=name)
        for name in ("numbers", "numbers_present")
    }
    branches = [dense_branch(ReplaceMissing("token")(list(made.values())))]
    for name, size in encoder.sizes.items():
        made[name] = keras.Input((), dtype="int32", name=name)
        branches.append(category_branch(made[name], size))
    model = keras.Model(list(made.values()), number_head(fuse(branches)))
    model.compile("sgd", "mse")

    assert (
        check(model, inputs, targets=np.ones(5), run=False).problems == ()
    )
    batches = MultiInputGenerator(inputs, np.ones(5), batch_size=2)
    assert batches[0][0]["zone"].dtype == "int32"
    for name, ids in fed.items():
        if name in encoder.sizes:
            assert ids.max() < encoder.sizes[name]


WITHOUT_PANDAS = """
import sys
sys.modules["pandas"] = None
import numpy as np
from companion import TableEncoder, with_presence
table = {"a": np.array([1.0, np.nan, 3.0]), "b": np.array(["x", "y", "x"])}
encoder = TableEncoder(["a"], ["b"]).adapt(table)
filled = with_presence(table, ["a"])["a"]
print(encoder(table)["b"].tolist(), filled.tolist())
"""


@pytest.mark.slow
def test_arrays_need_no_pandas():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS],
        capture_output=True,
        text=True,
    )

    assert done.stdout == "[2, 3, 2] [1.0, 0.0, 3.0]\n", done.stderr
