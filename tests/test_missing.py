"""What is missing becomes a mask, and inputs get lost on purpose."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest

from companion import (
    DataError,
    ModalityDropout,
    MultiInputGenerator,
    Noise,
    PaddedText,
    presence,
    with_presence,
)
from companion.feeding.columns import as_column

NAN = np.nan
#: Rows with both values, with one, and with none.
TORN = np.array([[1.0, 2], [1, NAN], [NAN, NAN], [NAN, 4]])


def objects(*rows):
    array = np.empty(len(rows), object)
    for number, row in enumerate(rows):
        array[number] = row
    return array


def same(found, expected):
    """Values, type and shape, also of texts."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


# Which values are there

TWO = [[1.0], [0.0]]
DAYS = np.array(["2024-01-01", "NaT"], "datetime64[D]")
#: Two samples, of which the second is missing, in every form there is.
MISSING_SECOND = {
    "floats": np.array([0.5, NAN]),
    "float16": np.array([0.5, NAN], "float16"),
    "rows": np.array([[1.0, 2], [NAN, NAN]]),
    "images": np.stack([np.ones((2, 2, 1)), np.full((2, 2, 1), NAN)]),
    "a list": [0.5, None],
    "a list of NaN": [0.5, NAN],
    "a tuple": (0.5, None),
    "a list of rows": [[1.0, 2.0], None],
    "a list of arrays": [np.ones((2, 2), "uint8"), None],
    "a list of texts": ["a", None],
    "objects": np.array([1, None], object),
    "objects with NA": np.array([1, pd.NA], object),
    "arrays as objects": objects(np.ones(3), None),
    "a column of objects": np.array([["a"], [None]], object),
    "rows of gaps": [[1, 2], [None, None]],
    "dates": DAYS,
    "a series": pd.Series([0.5, None], index=[7, 3]),
    "whole numbers with gaps": pd.Series([1, None], dtype="Int64"),
    "booleans with gaps": pd.Series([True, None], dtype="boolean"),
    "texts of pandas": pd.Series(["a", None], dtype="string"),
    "a series of texts": pd.Series(["a", None]),
    "a series of objects": pd.Series(["a", None], dtype=object),
    "categories": pd.Series(["a", None], dtype="category"),
    "dates of pandas": pd.Series(pd.to_datetime(["2024-01-01", None])),
    "an extension array": pd.array([1, None], dtype="Int64"),
    "a table": pd.DataFrame({"a": [1, None], "b": [0.5, None]}),
    "a table of types": pd.DataFrame(
        {"a": pd.Series([1, None], dtype="Int64"), "b": ["x", None]}
    ),
    "a tensor": keras.ops.convert_to_tensor(np.array([0.5, NAN])),
}


@pytest.mark.parametrize(
    "values", MISSING_SECOND.values(), ids=MISSING_SECOND
)
def test_a_mask_says_which_samples_are_there(values):
    mask = presence(values)

    same(mask, np.array(TWO, "float32"))
    fed = with_presence({"x": values}, ["x"])
    assert list(fed) == ["x", "x_present"]
    same(fed["x_present"], mask)
    filled = fed["x"]
    assert isinstance(filled, np.ndarray) and len(filled) == 2
    np.testing.assert_array_equal(filled[0], first_of(values))
    if filled.dtype.kind != "M":
        assert not any(filled[1:].ravel())
    assert not pd.isna(filled).any()


def first_of(values):
    return values.iloc[0] if hasattr(values, "iloc") else values[0]


@pytest.mark.parametrize(
    ("values", "filled"),
    [
        ([0.5, None], np.array([0.5, 0])),
        ([1, None], np.array([1, 0])),
        ([True, None], np.array([True, False])),
        (["a", None], np.array(["a", ""], object)),
        ([["a", "b"], None], np.array([["a", "b"], ["", ""]], object)),
        ([None, None], np.zeros(2)),
        ([np.ones(2, "uint8"), None], np.array([[1, 1], [0, 0]], "uint8")),
        ([[1, None], [2, 3]], np.array([[1, 0], [2, 3]])),
        (objects([1.5, NAN], None), np.array([[1.5, 0], [0, 0]])),
        (np.array([0.5, NAN], "float32"), np.array([0.5, 0], "float32")),
        (
            pd.Series([2**60 + 1, None], dtype="Int64"),
            np.array([2**60 + 1, 0]),
        ),
        (pd.Series([0.5, None], dtype="Float64"), np.array([0.5, 0])),
        (
            pd.Series(pd.Categorical([2**60 + 1, None], [2**60 + 1])),
            np.array([2**60 + 1, 0]),
        ),
    ],
)
def test_a_gap_becomes_0_or_an_empty_text(values, filled):
    mask = presence(values, each="value")

    fed = with_presence({"x": values}, {"x": mask})

    same(fed["x"], filled)
    assert mask.shape == filled.shape and mask.dtype == "float32"
    assert (filled[mask == 0] == filled.dtype.type()).all() or (
        filled[mask == 0] == ""
    ).all()


@pytest.mark.parametrize(
    ("values", "mask"),
    [
        ([[1.0, NAN], [NAN, 2.0]], [[1, 0], [0, 1]]),
        (np.array([[1, 2], [3, 4]]), [[1, 1], [1, 1]]),
        (np.array([NAN, 2.0]), [0, 1]),
        (np.array([["a", None], ["b", "c"]], object), [[1, 0], [1, 1]]),
        (pd.DataFrame({"a": [NAN, 2.0], "b": [3, 4]}), [[0, 1], [1, 1]]),
        (np.array([[[1.0]], [[NAN]]]), [[[1]], [[0]]]),
    ],
)
def test_each_value_may_have_a_mask_of_its_own(values, mask):
    same(presence(values, each="value"), np.array(mask, "float32"))


@pytest.mark.parametrize("each", ["sample", "value"])
@pytest.mark.parametrize(
    "values",
    [[], np.empty(0), np.empty((0, 3)), np.empty((0, 2, 2), "uint8")],
)
def test_without_samples_there_is_an_empty_mask(values, each):
    shape = np.shape(values) if each == "value" else (0, 1)

    assert presence(values, each).shape == shape
    fed = with_presence({"x": values}, ["x"])
    assert fed["x"].shape == np.shape(values)
    assert fed["x_present"].shape == (0, 1)


@pytest.mark.parametrize(
    ("values", "each", "words"),
    [
        (
            TORN,
            "sample",
            "presence: expected samples that are there as a whole, or "
            "missing as a whole. Received: 2 of 4 rows with gaps in part, "
            "the first is row 1. Give each value a mask of its own: each=",
        ),
        ([[1, None], [1, 2]], "sample", "1 of 2 rows.*is row 0"),
        (TORN, "column", "sample, value. Received: each='column'. Choose"),
        (
            [[1], [2, 3], None],
            "sample",
            "of one shape. Received: sever.*Pad",
        ),
        ([[1], [2, 3]], "value", "of one shape"),
        (0.5, "sample", "one row per sample. Received: float. Convert"),
        (None, "sample", "Received: NoneType"),
        ("text", "sample", "Received: str"),
        (np.array(NAN), "sample", r"Received: float64 \(\)"),
        ({"a": [1]}, "sample", "Received: dict"),
    ],
)
def test_what_has_no_mask_is_refused(values, each, words):
    with pytest.raises(DataError, match=words):
        presence(values, each)


# Inputs with their masks


def test_the_mask_comes_behind_its_input():
    fed = with_presence(
        {"year": np.array([1, 2]), "score": [[0.5], None], "n": [1, 2]},
        missing=["score"],
    )

    assert list(fed) == ["year", "score", "score_present", "n"]
    same(fed["score"], np.array([[0.5], [0]]))
    same(fed["score_present"], np.array(TWO, "float32"))
    assert fed["n"] == [1, 2]  # as it was given
    one = with_presence({"score": [1, None]}, missing="score")
    assert list(one) == ["score", "score_present"]
    assert with_presence({"n": [1]}, []) == {"n": [1]}


def test_what_has_no_gap_is_not_copied(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.ones((5, 3), "float32"))
    mapped = np.load(path, mmap_mode="r")
    arrays = {
        "mapped": mapped,
        "floats": np.ones((5, 2)),
        "ids": np.arange(5),
        "images": np.zeros((5, 2, 2, 3), "uint8"),
        "series": pd.Series([1.0, 2, 3, 4, 5]),
    }

    fed = with_presence(arrays, list(arrays))

    assert all(fed[name] is values for name, values in arrays.items())
    assert all(fed[f"{n}_present"].all() for n in arrays)
    assert as_column("x", fed["mapped"]).values is mapped


@pytest.mark.parametrize(
    "values", MISSING_SECOND.values(), ids=MISSING_SECOND
)
def test_what_was_given_is_left_as_it_was(values):
    before = pickle.dumps(values)

    fed = with_presence({"x": values}, ["x"])["x"]

    assert pickle.dumps(values) == before
    if hasattr(values, "__array__"):
        assert not np.shares_memory(fed, np.asarray(values))


def test_columns_pass_as_they_are():
    text, noise = PaddedText([[1], [2, 3]], 2), Noise(3)
    inputs = {"text": text, "noise": noise, "title": text}

    fed = with_presence(inputs, {"title": [0, 1]})

    assert fed["text"] is text and fed["noise"] is noise
    assert fed["title"] is text
    assert fed["title_present"].tolist() == [[0.0], [1.0]]
    assert with_presence(inputs, ["text"])["text_present"].all()
    with pytest.raises(DataError, match=r"\(2,\).*float64 \(3,\)"):
        with_presence(inputs, {"title": np.ones(3)})
    with pytest.raises(DataError, match="one row per sample.*Noise"):
        with_presence(inputs, ["noise"])


@pytest.mark.parametrize(
    "mask",
    [
        [1, 0],
        [True, False],
        np.array([1.0, 0]),
        np.array([[1], [0]], "uint8"),
        pd.Series([True, False], index=[5, 6]),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "values",
    [
        np.array([0.5, NAN]),
        np.array([0.5, -999.0]),
        np.array([3, 4]),
        np.array([[1.0, 2], [NAN, NAN]]),
        np.array([[1.0, 2], [NAN, 3]]),
        np.zeros((2, 4, 4, 3), "uint8"),
        ["a", None],
        ["a", "b"],
    ],
    ids=str,
)
def test_a_mask_of_your_own_is_kept(values, mask):
    fed = with_presence({"x": values}, {"x": mask})

    same(fed["x_present"], np.array(TWO, "float32"))
    assert not pd.isna(np.asarray(fed["x"], object)).any()


@pytest.mark.parametrize(
    ("values", "mask"),
    [
        (np.ones((4, 3), int), np.ones((4, 3))),
        (np.ones((4, 3)), np.eye(4, 3)),
        (np.ones((4, 3, 2)), np.eye(4, 3)),
        (np.ones((4, 3, 2), "uint8"), np.ones((4, 3, 2), bool)),
        (np.where(np.eye(4, 3), 1, NAN), np.eye(4, 3)),
        (TORN, TORN > 1),
    ],
)
def test_a_mask_for_each_value_or_step_is_kept(values, mask):
    fed = with_presence({"x": values}, {"x": mask})

    same(fed["x_present"], mask.astype("float32"))


@pytest.mark.parametrize(
    ("inputs", "missing", "words"),
    [
        (
            {"x": [1, None]},
            [],
            'input "x": expected a value in every place, or a mask. '
            'Received: gaps in 1 of 2 rows. Add "x" to missing, or fill',
        ),
        ({"x": np.array([[1, NAN], [2, 3]])}, [], "gaps in 1 of 2 rows"),
        ({"x": pd.Series([1, None], dtype="Int64")}, [], "gaps in 1 of 2"),
        ({"x": np.array([1, pd.NA], object)}, [], "gaps in 1 of 2 rows"),
        (
            {"x": np.ones(2)},
            ["y"],
            "missing: expected one of the inputs x. Received: 'y'. Name",
        ),
        ({"x": np.ones(2)}, {"x_present": [1, 0]}, "Received: 'x_present'"),
        (
            {"x": np.ones(2), "x_present": np.ones(2)},
            ["x"],
            'input "x": expected the name x_present to be free for the '
            'mask.*pass missing={"x": mask}',
        ),
        (
            {"x": TORN},
            ["x"],
            'input "x": expected samples that are.*2 of 4 rows.*Give each '
            r'value a mask of its own: missing={"x": presence\(values, '
            r'each="value"\)}\.',
        ),
        (
            {"x": np.ones(3)},
            {"x": np.ones(2)},
            r'input "x": expected a mask \(3,\), or one for each value. '
            r"Received: float64 \(2,\). Give 1 where",
        ),
        ({"x": np.ones((3, 2))}, {"x": np.ones((3, 3))}, r"\(3, 3\)"),
        ({"x": np.ones((3, 2))}, {"x": np.ones((3, 2, 1))}, r"\(3, 2, 1\)"),
        ({"x": np.ones((3, 2), int)}, {"x": np.ones((3, 5))}, r"\(3, 5\)"),
        ({"x": np.ones((3, 2))}, {"x": np.ones((2, 3))}, r"\(2, 3\)"),
        ({"x": np.ones(3)}, {"x": 1}, r"Received: int64 \(\)"),
        (
            {"x": np.ones(2)},
            {"x": [0.2, 0.9]},
            r"expected a mask of 0 and 1. Received: float64 \(2,\). Write "
            r"\(mask > 0.5\)",
        ),
        ({"x": np.ones(2)}, {"x": [1, NAN]}, "a mask of 0 and 1"),
        ({"x": np.ones(2)}, {"x": ["yes", "no"]}, "a mask of 0 and 1"),
        ({"x": np.ones(2)}, {"x": [1, None]}, "a mask of 0 and 1"),
        (
            {"x": [1, None, None, 2]},
            {"x": [1, 0, 1, 1]},
            "expected a value wherever the mask is 1. Received: gaps in 1 "
            "rows, the first is row 2. Set the mask to 0 there, or fill",
        ),
        ({"x": TORN}, {"x": [1, 1, 0, 0]}, "gaps in 1 rows.*is row 1"),
        ({"x": [[1], [2, 3], None]}, ["x"], 'input "x": .*of one shape'),
        ({"x": 3.0}, ["x"], 'input "x": expected an array or a list'),
    ],
)
def test_what_cannot_be_masked_is_refused(inputs, missing, words):
    with pytest.raises(DataError, match=words):
        with_presence(inputs, missing)


def test_all_that_is_wrong_is_told_at_once():
    inputs = {"x": [1, None], "y": TORN, "z": np.ones(2), "fine": [1]}

    with pytest.raises(DataError) as caught:
        with_presence(inputs, {"y": None, "z": [1, 2]})

    places = [problem.where for problem in caught.value.problems]
    assert places == ['input "x"', 'input "y"', 'input "z"']


def test_the_cures_of_the_messages_work():
    each = {"x": presence(TORN, each="value")}

    fed = with_presence({"x": TORN}, each)

    assert fed["x"].tolist() == [[1, 2], [1, 0], [0, 0], [0, 4]]
    assert (fed["x_present"] == (fed["x"] > 0)).all()


def test_rows_of_words_stay_as_they_are():
    """Rows of different lengths, which PaddedText will take."""
    tokens = [[1, 2], [3]]

    assert with_presence({"text": tokens}, [])["text"] is tokens


# Inputs that get lost

ROWS = 4000
RATES = {"a": 0.5, "b": 0.2}


def batch_of(present=("a", "b"), rows=ROWS, shape=(2,), **more):
    inputs = {}
    for name in present:
        inputs[name] = np.ones((rows, *shape), "float32")
        inputs[f"{name}_present"] = np.ones((rows, 1), "float32")
    return inputs | more, np.arange(rows)


def lost(batch, rates=RATES, seed=0, **settings):
    """The inputs after a dropout, and what was lost of each."""
    rng = np.random.default_rng(seed)
    inputs, *_ = ModalityDropout(rates, **settings)(batch, rng)
    gone = {n: inputs[f"{n}_present"][:, 0] == 0 for n in rates}
    return inputs, gone


def near(share, rate, rows=ROWS):
    """Within five standard deviations of chance."""
    return abs(share - rate) < 5 * (rate * (1 - rate) / rows) ** 0.5


@pytest.mark.parametrize("keep_one", [False, True])
def test_inputs_are_lost_as_often_as_asked(keep_one):
    batch = batch_of(c=np.ones((ROWS, 1)))

    _, gone = lost(batch, keep_one=keep_one)

    assert near(gone["a"].mean(), 0.5) and near(gone["b"].mean(), 0.2)
    assert near((gone["a"] & gone["b"]).mean(), 0.1)  # independently


def test_the_last_input_is_kept_each_with_the_same_chance():
    before, free = lost(batch_of(), keep_one=False)
    after, kept = lost(batch_of(), keep_one=True)

    none = free["a"] & free["b"]
    assert none.any() and not (kept["a"] & kept["b"]).any()
    for name in RATES:  # nothing else is given back
        np.testing.assert_array_equal(kept[name][~none], free[name][~none])
    assert near(kept["a"][none].mean(), 0.5, none.sum())


@pytest.mark.parametrize("rate", [0, 1, 1.0, np.float32(1)])
def test_nothing_or_everything_may_be_lost(rate):
    batch = batch_of(c=np.ones((ROWS, 1)))

    _, gone = lost(batch, {"a": rate})

    assert (gone["a"] == (rate == 1)).all()
    inputs, gone = lost(batch_of(), {"a": 1, "b": 1})
    assert (gone["a"] ^ gone["b"]).all()
    assert near(gone["a"].mean(), 0.5)


def test_what_is_lost_leaves_nothing_behind():
    inputs, gone = lost(batch_of(shape=(3, 2)), keep_one=False)

    for name, rows in gone.items():
        assert not inputs[name][rows].any()
        assert inputs[name][~rows].all()
        assert inputs[f"{name}_present"][~rows].all()


def test_what_is_absent_stays_so_and_counts_as_lost():
    inputs, targets = batch_of()
    absent = np.arange(ROWS) % 2 == 0
    inputs["a"][absent] = inputs["a_present"][absent] = 0

    changed, gone = lost((inputs, targets))

    assert gone["a"][absent].all()
    assert not (gone["a"] & gone["b"]).any()
    assert near(gone["a"][~absent].mean(), 0.5 - 0.05, ROWS // 2)

    inputs, targets = batch_of()
    inputs["a"][absent] = inputs["a_present"][absent] = 0
    inputs["b"][:] = inputs["b_present"][:] = 0
    _, gone = lost((inputs, targets))
    np.testing.assert_array_equal(gone["a"], absent)


def test_an_input_without_a_rate_may_be_the_one_that_is_kept():
    inputs, targets = batch_of(("a", "c"))
    there = np.arange(ROWS) % 2
    inputs["c_present"][:, 0] = there

    changed, gone = lost((inputs, targets), {"a": 1.0})

    np.testing.assert_array_equal(gone["a"], there)
    assert changed["c"] is inputs["c"]


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
def test_types_stay_and_the_arrays_of_the_caller_too(dtype):
    values = np.ones((50, 4), dtype)
    mask = np.ones((50, 1), dtype)
    for array in (values, mask):
        array.flags.writeable = False
    batch = {"a": values, "a_present": mask}, np.arange(50), np.ones(50)

    inputs, gone = lost(batch, {"a": 0.5}, keep_one=False)
    _, *rest = ModalityDropout({"a": 0.5})(batch, np.random.default_rng(0))

    assert gone["a"].any() and values.all() and mask.all()
    assert inputs["a"].dtype == inputs["a_present"].dtype == dtype
    assert batch[0]["a"] is values and batch[0]["a_present"] is mask
    assert rest[0] is batch[1] and rest[1] is batch[2]


def test_only_an_array_of_the_batch_alone_is_changed_in_place():
    values, whole = np.ones((50, 2)), np.ones((99, 1))
    batch = {"a": values, "a_present": whole[:50]}, values  # to restore

    inputs, gone = lost(batch, {"a": 0.5}, keep_one=False)

    assert gone["a"].any() and not inputs["a"].all()
    assert values.all() and whole.all()
    batch = {"a": values, "a_present": np.ones((50, 1))}, np.arange(50)
    inputs, gone = lost(batch, {"a": 0.5}, keep_one=False)
    assert inputs["a"] is values and not values.all()


@pytest.mark.parametrize("shape", [(1,), (3,), ()])
def test_masks_of_steps_or_values_become_0_in_whole_rows(shape):
    inputs = {
        "a": np.ones((50, 3)),
        "a_present": np.ones((50, *shape)),
        "b": np.ones(50),
    }

    changed, _ = ModalityDropout({"a": 0.5})(
        (inputs, None), np.random.default_rng(0)
    )

    there = changed["a_present"].reshape(50, -1)
    assert (there == there[:, :1]).all() and 0 < there.mean() < 1
    np.testing.assert_array_equal(changed["a"].any(axis=1), there[:, 0])


def test_it_is_a_function_of_the_random_numbers_alone():
    np.random.seed(3)
    state = np.random.get_state()[1].tolist()
    drop = ModalityDropout(RATES)

    first = drop(batch_of(), np.random.default_rng(1))[0]
    again = pickle.loads(pickle.dumps(drop))(
        batch_of(), np.random.default_rng(1)
    )[0]
    other = drop(batch_of(), np.random.default_rng(2))[0]

    assert np.random.get_state()[1].tolist() == state
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
        assert not np.array_equal(values, other[name])
    assert list(first) == list(batch_of()[0])


def generator(**options):
    x = np.where(np.arange(40)[:, None] % 5 == 0, NAN, np.ones((40, 2)))
    inputs = with_presence({"x": x, "y": np.ones((40, 1))}, ["x", "y"])
    return MultiInputGenerator(
        {"id": np.arange(40)} | inputs,
        np.arange(40),
        batch_size=16,
        transforms=[ModalityDropout({"x": 0.5, "y": 0.5})],
        seed=0,
        **options,
    )


def masks_of(batches, epoch=0):
    batches.epoch = epoch
    return np.concatenate([both_masks(inputs) for inputs, _ in batches])


def both_masks(inputs):
    names = "x_present", "y_present"
    return np.hstack([np.asarray(inputs[name]) for name in names])


def test_a_generator_loses_others_in_each_epoch():
    first, again = masks_of(generator()), masks_of(generator())
    other = masks_of(generator(), epoch=1)

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not first[::5, 0].any() and first[:, 0].any()


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="records in a step"
)
@pytest.mark.parametrize("workers", [0, 1, 4])
def test_workers_make_no_difference(workers):
    seen = []

    class Recorder(keras.Model):
        def train_step(self, data):
            seen.append(both_masks(data[0]))
            return {"loss": 0.0}

    model = Recorder()
    model.compile("sgd", run_eagerly=True)
    model.fit(
        generator(workers=workers), epochs=2, shuffle=False, verbose=0
    )

    expected = [masks_of(generator(), epoch) for epoch in (0, 1)]
    np.testing.assert_array_equal(
        np.concatenate(seen), np.concatenate(expected)
    )


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (
            0.3,
            "rates: expected a share from 0 to 1, by.*Received: 0.3. Wri",
        ),
        ({}, "Received: {}"),
        (None, "Received: None"),
        ([("a", 0.5)], "ModalityDropout, rates"),
        ({"a": 1.5}, "ModalityDropout, a: expected a share.*Received: 1.5"),
        ({"a": -0.1}, "Received: -0.1"),
        ({"a": NAN}, "Received: nan"),
        ({"a": "0.5"}, "Received: '0.5'"),
        ({"a": True}, "Received: True"),
        ({"a": None}, "Received: None"),
    ],
)
def test_rates_that_are_no_shares_are_refused(rates, words):
    with pytest.raises(DataError, match=words):
        ModalityDropout(rates)


def test_all_wrong_rates_are_told():
    with pytest.raises(DataError) as caught:
        ModalityDropout({"a": 2, "b": 0.5, "c": -1})

    assert len(caught.value.problems) == 2


def test_an_input_or_mask_that_is_not_there_is_told():
    drop = ModalityDropout({"a": 0.5, "z": 0.5})

    with pytest.raises(DataError) as caught:
        drop(({"a": np.ones(2)},), np.random.default_rng(0))

    assert [str(problem) for problem in caught.value.problems] == [
        f'ModalityDropout: expected an input "{key}" in the batch. Received'
        f': a. with_presence(inputs, missing=["{name}"]) makes both.'
        for key, name in (
            ("a_present", "a"),
            ("z", "z"),
            ("z_present", "z"),
        )
    ]
    batches = MultiInputGenerator(
        {"a": np.ones(2)}, transforms=[drop], seed=0
    )
    with pytest.raises(DataError, match=r"transform 0 \(ModalityDropout\)"):
        batches[0]
