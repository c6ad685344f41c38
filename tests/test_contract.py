import keras
import numpy as np
import pytest
import tensorflow as tf

from companion import (
    ConditionalGAN,
    ContractError,
    ContractWarning,
    Labels,
    MultiInputGenerator,
    Noise,
    Spec,
    check,
    conditional_generator,
    projection_discriminator,
    tabular_augmenter,
)

N = 6


def good():
    """Data that fits the model below; each test bends one thing."""
    return {
        "image": np.zeros((N, 8, 8, 1), "float32"),
        "numbers": np.ones((N, 2), "float32"),
        "user": np.arange(N, dtype="int32"),
    }


def build():
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


@pytest.fixture(scope="module")
def model():
    return build()


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
    "words for numbers": (
        bent(numbers=np.array([["a", "b"]] * N)),
        [
            'input "numbers": expected float32 (batch, 2). Received: <U1 '
            "(6, 2). Number the words from 0: np.unique(values, "
            "return_inverse=True)[1]."
        ],
    ),
    "NaN": (
        bent(numbers=nan_at(3)),
        [
            'input "numbers": expected float32 (batch, 2) without NaN '
            "or infinity. Received: float32 (6, 2) with NaN or infinity in "
            "1 of 6 rows. Fill the gaps, or feed a mask that says where "
            "they are: one NaN makes every weight NaN."
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


STRICT = {
    "extra name": (
        bent(id=IDS),
        'input "id": expected only the inputs of the model: image, '
        "numbers, user. Received: int32 (6,). Leave it out. This model "
        "passes over it; one built from a dict would be fed it in place of "
        "another.",
    ),
    "no channel axis": (
        bent(image=np.zeros((N, 8, 8))),
        'input "image": expected float32 (batch, 8, 8, 1). Received: '
        "float64 (6, 8, 8). Add the last axis: values[..., None].",
    ),
    "one axis too many": (
        bent(user=IDS[:, None]),
        'input "user": expected int32 (batch,). Received: int32 (6, 1).'
        " Drop the last axis: values[..., 0].",
    ),
    "whole numbers as floats": (
        bent(user=IDS.astype("float32")),
        'input "user": expected int32 (batch,). Received: float32 (6,). '
        'Convert it: values.astype("int32").',
    ),
}


@pytest.mark.parametrize(("data", "message"), STRICT.values(), ids=STRICT)
def test_what_trains_as_it_is_meant_is_a_warning(data, message):
    """Keras drops a name too many, and adds or drops an axis of 1."""
    model = build()
    model.compile("sgd", "mse")
    with pytest.warns(ContractWarning) as told:
        report = check(model, data, targets=np.ones(N))

    assert report.problems == ()
    assert [str(warning.message) for warning in told] == [message]


def test_all_mismatches_are_told_at_once(model):
    data = bent(image=np.zeros((N, 8, 9)), numbers=nan_at(0), user=IDS + 9)

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


def yields(*batches):
    """A function that makes a generator of these."""

    def make():
        yield from batches

    return make


SOURCES = {
    "arrays by name": lambda: good(),
    "a list of arrays": lambda: list(good().values()),
    "tensors": lambda: {k: tf.constant(v) for k, v in good().items()},
    "a generator of ours": lambda: MultiInputGenerator(good(), IDS),
    "a PyDataset": pydataset,
    "a tf.data.Dataset": lambda: tf.data.Dataset.from_tensor_slices(
        (good(), IDS)
    ).batch(4),
    "a function": lambda: yields(*[(good(), IDS)] * 3),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_everything_that_fit_takes_is_read(model, source):
    report = check(model, source())

    where = [row.problem.where for row in report.rows]
    assert where[:3] == ['input "image"', 'input "numbers"', 'input "user"']
    assert {row.verdict for row in report.rows} <= {"ok", "note"}
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
        (
            lambda: (x for x in ()),
            "data: expected at least one batch. Received: none",
        ),
        (
            lambda: iter([1]),
            "makes a generator .* one that returns list_it",
        ),
        (lambda: [1], "one that returns a list of 1. Write it with yield"),
        (np.ones((3, 2)), "inputs: expected 3 inputs by name: image, num"),
        ([np.ones((3, 2))] * 2, "Received: 2 arrays. Feed a dict"),
    ],
)
def test_data_of_another_structure_is_refused(model, data, words):
    with pytest.raises(ContractError, match=words):
        check(model, data)


class Own(keras.Model):
    """It declares nothing, and reads what it is called with."""

    def call(self, inputs):
        return keras.ops.sum(inputs["numbers"], axis=-1)


class Sick(keras.utils.PyDataset):
    """It has a length, and batches up to a place."""

    def __init__(self, length, batches=()):
        super().__init__()
        self.length, self.batches = length, batches

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return self.batches[index]


def makes_one():
    yield good(), IDS
    raise OSError("the disk\nis gone")


def opens_nothing():
    raise OSError("no such file")


SICK = {
    "the second batch": (makes_one, "batch 1: .*OSError: the disk is gone"),
    "a function": (opens_nothing, "batch 0: .*OSError: no such file"),
    "a function of something": (lambda path: path, "missing 1 required"),
    "the last batch": (
        Sick(20, [(good(), IDS)] * 19),
        "batch 19: .*IndexError.*traceback above",
    ),
    "a length that is a float": (Sick(2.0), "math.ceil"),
    "a length below 0": (Sick(-1), "batch 0: .*should return >= 0"),
    "a class": (keras.utils.PyDataset, "batch 0: .*You need to implement"),
    "a text": ("parcels.csv", "inputs by name: .* Received: str"),
    "nothing": (None, "Received: NoneType"),
    "a batch of nothing": (
        lambda: (None for _ in "a"),
        "Received: NoneType",
    ),
}


@pytest.mark.parametrize(("data", "words"), SICK.values(), ids=SICK)
def test_data_that_cannot_be_read_is_told_with_its_place(
    model, data, words
):
    with pytest.raises(ContractError, match=words):
        check(model, data)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (None, {}, "model: expected a Keras model. Received: NoneType"),
        (build, {}, "model: .* Received: function. Pass it first"),
        (build(), {"steps": "3"}, "steps: expected a whole number"),
        (build(), {"batches": 1.5}, "batches: expected a whole number"),
    ],
)
def test_what_check_cannot_use_is_named(model, options, words):
    with pytest.raises(ContractError, match=words):
        check(model, good(), **options)


@pytest.mark.parametrize("name", [7, None, ("a", "b")])
def test_a_name_that_is_no_text_is_told(name):
    model = build()
    model.compile("sgd", "mse")
    with pytest.raises(ContractError, match=r"nothing under this name"):
        check(model, bent(numbers=None) | {name: IDS}, targets=IDS)


@pytest.mark.slow
def test_thousands_of_names_are_told_in_one_line(model):
    many = {f"column {number}": IDS for number in range(100_000)}

    with pytest.raises(ContractError) as caught:
        check(model, good() | many)

    assert [p.received for p in caught.value.problems] == [
        "more than 1000 arrays in a batch"
    ]
    assert "np.stack" in str(caught.value)


def test_what_changes_between_two_looks_is_looked_at_once():
    looked = []

    class Once(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            looked.append(index)
            return good(), np.ones(N)

    model = build()
    model.compile("sgd", "mse")
    check(model, Once())

    assert looked == [0, 1, 2]


def test_a_model_without_declared_inputs_is_left_to_keras():
    with pytest.warns(ContractWarning, match="declares its inputs"):
        assert check(Own(), good()).problems == ()
    with pytest.raises(ContractError, match="^rows: .*KeyError"):
        check(Own(), bent(numbers=None))


TARGETS = {
    "too few": (
        np.ones(N - 1),
        'target: expected 6 rows, as in input "ima',
    ),
    "NaN": (np.full(N, np.nan), "target: .* NaN or infinity in 6 of 6"),
    "infinity": (np.full(N, np.inf), "target: .* NaN or infinity in 6"),
    "a list": ([1] * N, "target: .*Received: a list of 6. Convert it"),
    "one number": (np.float64(1), r"target: .*Received: float64 \(\)"),
    "words": (np.array(["a"] * N), "number the classes from 0"),
    "a name": ({"price": np.ones(N)}, 'without a name: targets."price"'),
}


@pytest.mark.parametrize(
    ("targets", "words"), TARGETS.values(), ids=TARGETS
)
def test_targets_are_counted_and_looked_at(targets, words):
    x = keras.Input((2,), name="image")
    model = keras.Model([x], keras.layers.Dense(1, name="price")(x))
    data = {"image": np.ones((N, 2))}

    assert check(model, data, targets=np.ones(N)).problems == ()
    with pytest.raises(ContractError, match=words):
        check(model, data, targets=targets)


def test_a_target_under_another_name_is_told():
    x = keras.Input((2,), name="image")
    model = keras.Model([x], {"price": keras.layers.Dense(1)(x)})
    data = {"image": np.ones((N, 2))}

    assert check(model, data, targets={"price": np.ones(N)}).problems == ()
    with pytest.raises(ContractError, match='"price": .*called "prise" in'):
        check(model, data, targets={"prise": np.ones(N)})


def test_a_generators_arrays_are_looked_at_whole(model):
    data = {name: np.repeat(v, 50, axis=0) for name, v in good().items()}
    data["numbers"][-1] = np.nan
    data["user"][-1] = 77
    targets = np.zeros(300)
    targets[-1] = np.nan
    batches = MultiInputGenerator(data, targets, targets, batch_size=2)

    with pytest.raises(ContractError) as caught:
        check(model, batches)

    assert [p.where for p in caught.value.problems] == [
        'input "numbers"',
        'input "user"',
        "target",
        "sample weight",
    ]


def test_a_huge_array_is_looked_at_in_pieces(model, monkeypatch):
    monkeypatch.setattr("companion.values._CHUNK", 4)

    with pytest.raises(ContractError, match='"numbers": .* NaN .* 1 of 6'):
        check(model, bent(numbers=nan_at(N - 1)))


def test_an_attribute_of_ones_own_is_left_alone(model):
    batches = pydataset()
    batches.arrays = 3

    assert check(model, batches).problems == ()


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
    assert report.warnings[0].where == 'input "large"'
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


def nested(*layers):
    """A model whose input is first read inside another model."""
    inner = keras.Input((), dtype="int32")
    features = inner
    for layer in layers:
        features = layer(features)
    ids = keras.Input((), dtype="int32", name="ids")
    return keras.Model([ids], keras.Model([inner], features)(ids))


@pytest.mark.parametrize(
    "model",
    [
        lambda: nested(keras.layers.Embedding(5, 2)),
        lambda: nested(
            keras.layers.Reshape((1,)), keras.layers.Embedding(5, 2)
        ),
        lambda: keras.Sequential(
            [
                keras.Input((), dtype="int32", name="ids"),
                keras.layers.Embedding(5, 2),
            ]
        ),
    ],
)
def test_ids_are_followed_to_their_embedding(model):
    assert check(model(), {"ids": np.array([0, 4])}).rows[0].verdict == "ok"
    with pytest.raises(ContractError, match="ids from 0 to 4.* 0 to 5"):
        check(model(), {"ids": np.array([0, 5])})


def test_the_smallest_of_two_embeddings_sets_the_limit():
    ids = keras.Input((), dtype="int32", name="ids")
    tables = [keras.layers.Embedding(n, 2)(ids) for n in (9, 5, 7)]

    with pytest.raises(ContractError, match="ids from 0 to 4"):
        check(keras.Model([ids], tables), {"ids": np.array([6])})


def test_ids_are_never_called_unscaled():
    ids = keras.Input((), dtype="int32", name="ids")
    number = keras.Input((1,), name="number")
    model = keras.Model(
        [ids, number], [keras.layers.Embedding(10**6, 2)(ids), number]
    )

    report = check(
        model, {"ids": np.array([9**6]), "number": np.ones((1, 1))}
    )
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("dtype", "values"), [("int32", [3_000_000_000]), ("uint8", [300])]
)
def test_whole_numbers_that_would_wrap_around_are_refused(dtype, values):
    x = keras.Input((), dtype=dtype, name="x")

    with pytest.raises(ContractError, match="Declare a wider Input"):
        check(keras.Model([x], x), {"x": np.array(values)})


def test_infinity_is_no_number(model):
    with pytest.raises(ContractError, match="NaN or infinity in 6 of 6"):
        check(model, bent(numbers=np.full((N, 2), np.inf)))


def test_data_that_never_ends_is_read_as_well(model):
    class Endless(keras.utils.PyDataset):
        @property
        def num_batches(self):
            return None

        def __getitem__(self, index):
            return good(), np.zeros(N)

    assert check(model, Endless()).problems == ()


def test_a_function_that_makes_a_data_set_is_opened(model):
    data = good() | {"numbers": nan_at(N - 1)}

    with pytest.raises(ContractError, match='"numbers": .* NaN'):
        check(model, lambda: MultiInputGenerator(data, batch_size=1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(data=lambda: None), "one that returns NoneType"),
        (dict(data=lambda: ((1, 2, 3, 4) for _ in "a")), "batch: .* 4 pa"),
        (
            dict(data=pydataset(), targets=np.ones(N)),
            "targets: expected no",
        ),
        (dict(data=good(), batches=0), "batches: expected .*batches=0"),
        (dict(data={"image": np.array(1.0)}), r'"image": .* float64 \(\)'),
    ],
)
def test_other_misuse_is_named_too(model, arguments, words):
    with pytest.raises(ContractError, match=words):
        check(model, **arguments)


def test_a_model_with_other_keys_than_names_is_fed_by_keys():
    x = keras.Input((2,), name="image")
    with pytest.warns(UserWarning, match="must match the names"):
        model = keras.Model({"img": x}, keras.layers.Dense(1)(x))

    assert check(model, {"img": np.ones((3, 2))}).problems == ()
    with pytest.raises(ContractError, match='"img": .*nothing under this'):
        check(model, {"image": np.ones((3, 2))})


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


def gan(activation="sigmoid"):
    """Four classes of images of two by two pixels."""
    return ConditionalGAN(
        conditional_generator((2, 2, 1), 3, 4, (5,), activation),
        projection_discriminator({"image": (2, 2, 1)}, 4, (5,)),
    )


CLASSES = np.arange(8, dtype="int32") % 4
IMAGES = np.linspace(0, 1, 32, dtype="float32").reshape(8, 2, 2, 1)
DRAWN = {"label": CLASSES, "noise": np.ones((8, 3), "float32")}
REAL = {"label": CLASSES, "image": IMAGES}
GAN_SOURCES = {
    "arrays": lambda drawn, real: {"data": drawn, "targets": real},
    "a generator of ours": lambda drawn, real: {
        "data": MultiInputGenerator(drawn, real, batch_size=3)
    },
    "random columns": lambda drawn, real: {
        "data": MultiInputGenerator(
            {"label": Labels(4), "noise": Noise(3)}, real, seed=0
        )
    },
    "a tf.data.Dataset": lambda drawn, real: {
        "data": tf.data.Dataset.from_tensor_slices((drawn, real)).batch(3)
    },
    "a function": lambda drawn, real: {"data": yields((drawn, real))},
}


@pytest.mark.parametrize("source", GAN_SOURCES.values(), ids=GAN_SOURCES)
def test_what_is_drawn_and_what_is_real_is_checked(source):
    report = check(gan(), **source(DRAWN, REAL))

    shown = [row.problem.where for row in report.rows]
    assert shown[:4] == [
        'input "label"',
        'input "noise"',
        'target "label"',
        'target "image"',
    ]
    assert {row.verdict for row in report.rows} <= {"ok", "note"}
    declared = [row.problem.expected for row in report.rows]
    assert declared[3] == "float32 (batch, 2, 2, 1)"
    with pytest.raises(ContractError, match='"image": .*size alone'):
        check(gan(), **source(DRAWN, REAL | {"image": 255 * IMAGES}))


IDS_OF_4 = "ids from 0 to 3, the rows of its Embedding. Received: "
RENUMBER = " Number the categories from 0, or enlarge input_dim."
SCALE = (
    " Scale them, or choose another last activation: the discriminator "
    "would tell real from generated by their size alone."
)
BAD_FOR_GAN = {
    "a drawn label out of range": (
        DRAWN | {"label": CLASSES + 1},
        REAL,
        f'input "label": expected {IDS_OF_4}ids from 1 to 4.{RENUMBER}',
    ),
    "a real label out of range": (
        DRAWN,
        REAL | {"label": CLASSES - 1},
        f'target "label": expected {IDS_OF_4}ids from -1 to 2. Number the '
        "categories from 0.",
    ),
    "noise of another width": (
        DRAWN | {"noise": np.ones((8, 2), "float32")},
        REAL,
        'input "noise": expected float32 (batch, 3). Received: float32 (8, '
        "2). Change the shape of the Input, or of the data.",
    ),
    "images of another shape": (
        DRAWN,
        REAL | {"image": IMAGES[:, :, 0]},
        'target "image": expected float32 (batch, 2, 2, 1). Received: '
        "float32 (8, 2, 1). The data has 3 axes, the model expects 4: "
        "reshape it.",
    ),
    "images as bytes": (
        DRAWN,
        REAL | {"image": (255 * IMAGES).astype("uint8")},
        'target "image": expected numbers from 0 to 1, as the sigmoid of '
        f"the generator network. Received: numbers from 0 to 255.{SCALE}",
    ),
    "images from -1": (
        DRAWN,
        REAL | {"image": 2 * IMAGES - 1},
        'target "image": expected numbers from 0 to 1, as the sigmoid of '
        f"the generator network. Received: numbers from -1 to 1.{SCALE}",
    ),
    "NaN among the real": (
        DRAWN,
        REAL | {"image": np.full_like(IMAGES, np.nan)},
        'target "image": expected float32 (batch, 2, 2, 1) without NaN or '
        "infinity. Received: float32 (8, 2, 2, 1) with NaN or infinity in "
        "8 of 8 rows. Fill the gaps, or feed a mask that says where they "
        "are: one NaN makes every weight NaN.",
    ),
    "classes without a sample": (
        DRAWN,
        REAL | {"label": CLASSES // 2 * 2},
        'target "label": expected samples of every class from 0 to 3. '
        "Received: none of class 1, 3. Add some, or number the classes "
        "without gaps: from labels alone no network learns what a class "
        "looks like.",
    ),
    "fewer real than drawn": (
        DRAWN,
        {"label": CLASSES, "image": IMAGES[:7]},
        'target "image": expected 8 rows, as in input "label". Received: 7 '
        "rows. Row i of every array must belong to sample i.",
    ),
    "a missing target": (
        DRAWN,
        {"image": IMAGES},
        'target "label": expected int32 (batch,). Received: nothing under '
        "this name. Add it to the data under this name.",
    ),
    "a name too many": (
        DRAWN,
        REAL | {"user": CLASSES},
        'target "user": expected only the targets of the model: label, '
        "image. Received: int32 (8,). Leave it out.",
    ),
}


@pytest.mark.parametrize(
    ("drawn", "real", "message"), BAD_FOR_GAN.values(), ids=BAD_FOR_GAN
)
def test_what_a_gan_cannot_use_is_named(drawn, real, message):
    with pytest.raises(ContractError) as caught:
        check(gan(), drawn, targets=real)

    assert [str(problem) for problem in caught.value.problems] == [message]


@pytest.mark.parametrize(
    ("targets", "where"),
    [
        (None, []),
        (IMAGES, ["target"]),
        (
            {"labels": CLASSES, "image": IMAGES * 2},
            ['target "labels"'],
        ),
        ({"label": [[0], [0, 1]], "image": None}, []),
    ],
    ids=["none", "a bare array", "another name", "no arrays"],
)
def test_all_that_a_gan_cannot_use_is_told_at_once(targets, where):
    drawn = {"label": CLASSES + 1, "noise": np.ones((8, 4))}

    with pytest.raises(ContractError) as caught:
        check(gan(), drawn, targets=targets)

    told = [problem.where for problem in caught.value.problems]
    assert told == [
        'input "label"',
        'input "noise"',
        'target "label"',
        'target "image"',
        *where,
    ]


@pytest.mark.parametrize(
    ("activation", "low", "high", "told"),
    [
        ("sigmoid", 0, 1, None),
        ("sigmoid", -0.1, 1, "from 0 to 1, as the sigmoid"),
        ("tanh", -1, 1, None),
        ("tanh", 0, 1, None),
        ("tanh", -1, 1.5, "from -1 to 1, as the tanh"),
        ("softplus", 0, 900, None),
        ("softplus", -1, 1, "numbers from 0 on, as the softplus"),
        (None, -900, 900, None),
    ],
)
def test_the_last_activation_must_reach_what_is_real(
    activation, low, high, told
):
    real = REAL | {"image": (low + (high - low) * IMAGES).astype("float32")}

    if told is None:
        assert check(gan(activation), DRAWN, targets=real).problems == ()
    else:
        with pytest.raises(ContractError, match=told):
            check(gan(activation), DRAWN, targets=real)


def test_every_part_of_a_row_has_a_range_of_its_own():
    networks = (
        tabular_augmenter(2, {"size": 3}, 4, 3, (5,), activation=None),
        projection_discriminator({"numbers": (2,), "size": (3,)}, 4, (5,)),
    )
    real = {"label": CLASSES, "numbers": np.full((8, 2), 9.0)}
    real["size"] = np.eye(3)[CLASSES % 3]

    assert check(ConditionalGAN(*networks), DRAWN, targets=real)
    with pytest.raises(ContractError, match='"size": .*as the softmax'):
        check(
            ConditionalGAN(*networks),
            DRAWN,
            targets=real | {"size": real["size"] * 2},
        )


def test_a_class_is_missed_in_arrays_and_not_in_single_batches():
    real = REAL | {"label": CLASSES // 2 * 2}
    batches = MultiInputGenerator(DRAWN, real, batch_size=2)
    dataset = tf.data.Dataset.from_tensor_slices((DRAWN, real)).batch(2)

    with pytest.raises(ContractError, match="none of class 1, 3"):
        check(gan(), batches)
    assert check(gan(), dataset).problems == ()


@pytest.mark.parametrize(
    ("shape", "values", "missing"),
    [
        ((1,), CLASSES[:, None], None),
        ((1,), CLASSES[:, None] // 2 * 2, "none of class 1, 3"),
        ((), CLASSES > 1, "none of class 2, 3"),
        ((2,), np.zeros((8, 2), int), None),
    ],
    ids=["with an axis", "some missing", "true or false", "ids of words"],
)
def test_classes_are_missed_where_a_sample_has_one(shape, values, missing):
    drawn = keras.Input(shape, dtype="int32", name="label")
    real = keras.Input(shape, dtype="int32", name="label")
    image = keras.Input((2,), name="image")
    flat = keras.layers.Flatten()
    table, other = (
        keras.layers.Embedding(4, 2),
        keras.layers.Embedding(4, 2),
    )
    dense = keras.layers.Dense(2)
    maker = keras.Model([drawn], dense(flat(table(drawn))))
    features = keras.layers.Concatenate()([flat(other(real)), image])
    judge = keras.Model([real, image], keras.layers.Dense(1)(features))
    gan = ConditionalGAN(maker, judge)
    data = {"label": values}, {"label": values, "image": np.zeros((8, 2))}

    if missing:
        with pytest.raises(ContractError, match=missing):
            check(gan, data[0], targets=data[1])
    else:
        assert check(gan, data[0], targets=data[1]).problems == ()


def test_sample_weights_are_no_part_of_a_gan():
    batches = MultiInputGenerator(
        DRAWN, REAL, {"image": np.ones(8), "label": np.ones(8)}
    )

    with pytest.raises(ContractError, match="2 problems") as caught:
        check(gan(), batches)

    assert str(caught.value.problems[0]).startswith(
        'sample weight "image": expected no sample weights for a '
        "ConditionalGAN. Received: float32 (8,)."
    )


def test_a_compiled_gan_is_checked_without_being_changed():
    compiled = gan()
    compiled.compile()
    before = [w.copy() for w in compiled.get_weights()]

    assert check(compiled, DRAWN, targets=REAL).problems == ()
    for was, is_now in zip(before, compiled.get_weights()):
        np.testing.assert_array_equal(was, is_now)


def test_a_model_whose_outputs_are_a_dict_is_checked_by_name():
    model = tabular_augmenter(2, {"size": 3}, 4, 3, (5,))
    model.compile(
        loss={"numbers": "mse", "size": "categorical_crossentropy"}
    )
    targets = {"numbers": np.ones((8, 2)), "size": np.eye(3)[CLASSES % 3]}

    assert check(model, DRAWN, targets=targets).problems == ()
    with pytest.raises(ContractError) as caught:
        check(model, DRAWN, targets=targets | {"size": CLASSES})
    assert [p.where for p in caught.value.problems] == ['target "size"']
