import keras
import numpy as np
import pytest
import tensorflow as tf

from companion import (
    ContractError,
    ContractWarning,
    MultiInputGenerator,
    Noise,
    Spec,
    check,
)

N = 6


def good():
    """Data that fits the model below; each test bends one thing."""
    return {
        "image": np.zeros((N, 8, 8, 1), "float32"),
        "numbers": np.ones((N, 2), "float32"),
        "user": np.arange(N, dtype="int32"),
    }


@pytest.fixture(scope="module")
def model():
    image = keras.Input((8, 8, 1), name="image")
    numbers = keras.Input((2,), name="numbers")
    user = keras.Input((), name="user", dtype="int32")
    features = [
        keras.layers.Flatten()(image),
        keras.layers.Dense(3)(numbers),
        keras.layers.Embedding(N, 4)(user),
    ]
    joined = keras.layers.Concatenate()(features)
    return keras.Model(
        [image, numbers, user], keras.layers.Dense(1)(joined)
    )


def bent(**changes):
    data = good() | changes
    return {name: v for name, v in data.items() if v is not None}


def nan_at(row):
    numbers = good()["numbers"]
    numbers[row, 0] = np.nan
    return numbers


IDS = good()["user"]
BAD = {
    "missing name": (
        bent(numbers=None),
        [
            'input "numbers": expected float32 (batch, 2). Received: '
            "nothing under this name. Add it to the data under this name."
        ],
    ),
    "extra name": (
        bent(id=IDS),
        [
            'input "id": expected only the inputs of the model: image, '
            "numbers, user. Received: int32 (6,). Leave it out. Some "
            "models would be fed it in place of an input."
        ],
    ),
    "misspelt name": (
        bent(numbers=None, number=np.ones((N, 2))),
        [
            'input "numbers": expected float32 (batch, 2). Received: '
            'nothing under this name. Is it called "number" in the data? '
            "Rename it.",
            'input "number": expected only the inputs of the model: image, '
            "numbers, user. Received: float64 (6, 2). "
            'Is it meant for "numbers"? Rename it.',
        ],
    ),
    "no channel axis": (
        bent(image=np.zeros((N, 8, 8))),
        [
            'input "image": expected float32 (batch, 8, 8, 1). Received: '
            "float64 (6, 8, 8). Add the last axis: values[..., None]."
        ],
    ),
    "one axis too many": (
        bent(user=IDS[:, None]),
        [
            'input "user": expected int32 (batch,). Received: int32 (6, 1).'
            " Drop the last axis: values[..., 0]."
        ],
    ),
    "single sample": (
        bent(image=np.zeros((8, 8, 1))),
        [
            'input "image": expected float32 (batch, 8, 8, 1). Received: '
            "float64 (8, 8, 1). Add the batch axis: values[None] for a "
            "single sample."
        ],
    ),
    "wrong rank": (
        bent(numbers=np.ones((N, 2, 3, 4))),
        [
            'input "numbers": expected float32 (batch, 2). Received: '
            "float64 (6, 2, 3, 4). The data has 4 axes, the model expects "
            "2: reshape it."
        ],
    ),
    "wrong width": (
        bent(numbers=np.ones((N, 3))),
        [
            'input "numbers": expected float32 (batch, 2). Received: '
            "float64 (6, 3). Change the shape of the Input, or of the data."
        ],
    ),
    "float ids": (
        bent(user=IDS.astype("float32")),
        [
            'input "user": expected int32 (batch,). Received: float32 (6,).'
            ' Convert it: values.astype("int32"). Keras would cut 2.9 to 2 '
            "without a word."
        ],
    ),
    "words for numbers": (
        bent(numbers=np.array([["a", "b"]] * N)),
        [
            'input "numbers": expected float32 (batch, 2). Received: <U1 '
            '(6, 2). Convert it: values.astype("float32").'
        ],
    ),
    "ids too large": (
        bent(user=IDS + 1),
        [
            'input "user": expected ids from 0 to 5, the rows of its '
            "Embedding. Received: ids from 1 to 6. Number the categories "
            "from 0, or enlarge input_dim."
        ],
    ),
    "ids below 0": (
        bent(user=IDS - 1),
        [
            'input "user": expected ids from 0 to 5, the rows of its '
            "Embedding. Received: ids from -1 to 4. Number the categories "
            "from 0, or enlarge input_dim."
        ],
    ),
    "NaN": (
        bent(numbers=nan_at(3)),
        [
            'input "numbers": expected float32 (batch, 2) without NaN. '
            "Received: float32 (6, 2) with NaN in 1 of 6 rows. Fill the "
            "gaps, or feed a mask that says where they are: one NaN makes "
            "every weight NaN."
        ],
    ),
    "Python list": (
        bent(user=[1, 2, 3]),
        [
            'input "user": expected int32 (batch,). Received: a list of 3. '
            "Convert it first: np.asarray(values)."
        ],
    ),
    "None": (
        bent() | {"numbers": None},
        [
            'input "numbers": expected float32 (batch, 2). Received: '
            "NoneType. Convert it first: np.asarray(values)."
        ],
    ),
    "unequal lengths": (
        bent(user=IDS[:4]),
        [
            'input "user": expected 6 rows, as in input "image". Received: '
            "4 rows. Row i of every array must belong to sample i."
        ],
    ),
}


@pytest.mark.parametrize(("data", "messages"), BAD.values(), ids=BAD)
def test_a_mismatch_is_named_with_what_to_do(model, data, messages):
    with pytest.raises(ContractError) as caught:
        check(model, data)

    assert [str(problem) for problem in caught.value.problems] == messages


def test_all_mismatches_are_told_at_once(model):
    data = bent(image=np.zeros((N, 8, 8)), numbers=nan_at(0), user=IDS + 9)

    with pytest.raises(ContractError, match="3 problems") as caught:
        check(model, data)

    assert [problem.where for problem in caught.value.problems] == [
        'input "image"',
        'input "numbers"',
        'input "user"',
    ]


def pydataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return good(), np.zeros(N)

    return Batches()


SOURCES = {
    "arrays by name": lambda: good(),
    "a list of arrays": lambda: list(good().values()),
    "tensors": lambda: {k: tf.constant(v) for k, v in good().items()},
    "a generator of ours": lambda: MultiInputGenerator(good(), IDS),
    "a PyDataset": pydataset,
    "a tf.data.Dataset": lambda: tf.data.Dataset.from_tensor_slices(
        (good(), IDS)
    ).batch(4),
    "a function": lambda: lambda: iter([(good(), IDS)] * 3),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_everything_that_fit_takes_is_read(model, source):
    report = check(model, source())

    inputs = [row for row in report.rows if row.where.startswith("input")]
    assert [row.where for row in inputs] == [
        'input "image"',
        'input "numbers"',
        'input "user"',
    ]
    assert all(row.verdict == "ok" for row in report.rows)
    assert report.problems == report.warnings == ()


def test_one_input_may_come_without_a_name():
    x = keras.Input((2,), name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))

    assert check(model, np.ones((3, 2))).problems == ()
    assert check(
        keras.Sequential([x, keras.layers.Dense(1)]), np.ones((3, 2))
    )


def test_an_iterator_is_refused_unread(model):
    batches = iter([(good(), IDS)])

    with pytest.raises(ContractError, match="Pass the function that makes"):
        check(model, batches)

    assert len(list(batches)) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: [], "data: expected at least one batch. Received: none"),
        (np.ones((3, 2)), "inputs: expected 3 inputs by name: image, num"),
        ([np.ones((3, 2))] * 2, "Received: 2 arrays. Feed a dict"),
    ],
)
def test_data_of_another_structure_is_refused(model, data, words):
    with pytest.raises(ContractError, match=words):
        check(model, data)


def test_a_model_without_declared_inputs_is_refused():
    class Own(keras.Model):
        pass

    with pytest.raises(
        ContractError, match="model that declares its inputs"
    ):
        check(Own(), good())


def test_targets_are_counted_and_looked_at(model):
    report = check(model, good(), targets={"price": np.ones(N)})
    assert report.rows[-1].where == 'target "price"'
    with pytest.raises(ContractError, match="target: expected 6 rows"):
        check(model, good(), targets=np.ones(N - 1))
    with pytest.raises(
        ContractError, match="target: .* NaN in 6 of 6 rows"
    ):
        check(model, good(), targets=np.full(N, np.nan))
    with pytest.raises(ContractError, match="target: .*Received: a list"):
        check(model, good(), targets=[1] * N)


def test_a_generators_arrays_are_looked_at_whole(model):
    data = {name: np.repeat(v, 50, axis=0) for name, v in good().items()}
    data["numbers"][-1] = np.nan
    data["user"][-1] = 77
    batches = MultiInputGenerator(data, batch_size=2)

    with pytest.raises(ContractError) as caught:
        check(model, batches)

    assert [p.where for p in caught.value.problems] == [
        'input "numbers"',
        'input "user"',
    ]


def test_later_batches_are_read_too(model):
    def batches():
        yield good(), IDS
        yield bent(numbers=nan_at(0)), IDS

    with pytest.raises(ContractError, match='"numbers": .* NaN'):
        check(model, batches)
    assert check(model, batches, batches=1).problems == ()


def test_check_changes_nothing(model):
    batches = MultiInputGenerator(
        good() | {"numbers": Noise(2)}, shuffle=True, seed=0, batch_size=2
    )
    weights = [w.copy() for w in model.get_weights()]
    before = np.random.get_state()[1].copy()
    first = batches[0][0]

    check(model, batches)

    assert batches.epoch == 0
    for name, values in batches[0][0].items():
        np.testing.assert_array_equal(values, first[name])
    for was, is_now in zip(weights, model.get_weights()):
        np.testing.assert_array_equal(was, is_now)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def two_number_inputs(*first_layers):
    small = keras.Input((2,), name="small")
    large = keras.Input((2,), name="large")
    features = large
    for layer in first_layers:
        features = layer(features)
    joined = keras.layers.Concatenate()([small, features])
    return keras.Model([small, large], joined)


SMALL_AND_LARGE = {"small": np.ones((3, 2)), "large": np.full((3, 2), 2e3)}


def test_an_unscaled_input_is_a_warning():
    with pytest.warns(ContractWarning, match='input "large": .*over 1000'):
        report = check(two_number_inputs(), SMALL_AND_LARGE)

    assert [row.verdict for row in report.rows] == ["ok", "warning"]
    assert report.problems == ()


@pytest.mark.parametrize(
    "layers",
    [
        (keras.layers.Rescaling(1e-3),),
        (keras.layers.Normalization(mean=[0, 0], variance=[1, 1]),),
        (keras.layers.Reshape((2,)), keras.layers.Rescaling(1e-3)),
    ],
)
def test_an_input_that_the_model_scales_is_no_warning(layers):
    report = check(two_number_inputs(*layers), SMALL_AND_LARGE)

    assert report.warnings == ()


def test_a_report_reads_as_text_and_as_a_table(model):
    report = check(model, good())

    assert str(report).splitlines()[0].split("  ")[0] == "name"
    table = report._repr_html_()
    assert table.count('<th scope="row">') == 3
    assert table.count('<th scope="col">') == 5
    assert "<caption>" in table and "✓ ok" in table
    assert "input &quot;image&quot;" in table


@pytest.mark.parametrize(
    ("shape", "words"),
    [((), "float32 (batch,)"), ((None, 2), "float32 (batch, None, 2)")],
)
def test_a_spec_reads_as_keras_writes_shapes(shape, words):
    assert str(Spec(shape, "float32")) == words


def test_any_length_fits_an_axis_without_one():
    text = keras.Input((None,), name="text")
    model = keras.Model([text], text)

    assert check(model, {"text": np.ones((3, 7))}).problems == ()
