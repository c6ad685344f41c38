"""Inputs that may be absent: a stand-in, or a fusion without them."""

import functools
import warnings

import keras
import numpy as np
import pytest
from keras import layers

from companion import (
    ContractError,
    ContractWarning,
    ModalityDropout,
    MultiInputGenerator,
    ReplaceMissing,
    check,
    masked_fusion,
)
from companion.building.masked import MaskedFusion

RNG = np.random.default_rng(0)
STAND_INS, HOWS = ("zeros", "token"), ("mean", "gated", "attention")
#: On a CPU, JAX has no attention in float16.
HALF = "float16" if keras.backend.backend() == "tensorflow" else "bfloat16"


def called(layer, *tensors):
    return keras.ops.convert_to_numpy(layer(list(tensors)))


def randomised(layer, *shapes):
    """The layer with weights that are all random, also where it has 0."""
    layer.build([(None, *shape) for shape in shapes])
    layer.set_weights(
        [RNG.standard_normal(w.shape, "float32") for w in layer.weights]
    )
    return layer


def fill(values, mask, other):
    """The values, with another number wherever the mask is 0."""
    ends = (1,) * (values.ndim - mask.ndim)
    shape = (*mask.shape, *ends)[: values.ndim]
    return np.where(mask.reshape(shape), values, other).astype("float32")


# A stand-in


@pytest.mark.parametrize("stand_in", STAND_INS)
@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ((), ()),
        ((), (1,)),
        ((3,), ()),
        ((3,), (1,)),
        ((3,), (3,)),
        ((5, 3), ()),
        ((5, 3), (1,)),
        ((5, 3), (5,)),
        ((5, 3), (5, 1)),
        ((5, 3), (1, 3)),
        ((5, 3), (5, 3)),
        ((4, 4, 2), (1,)),
        ((4, 4, 2), (4, 4)),
    ],
)
def test_a_mask_may_have_any_of_the_first_axes(stand_in, value, mask):
    values = RNG.standard_normal((8, *value), "float32")
    there = np.resize([1, 0, 0, 1, 1], (8, *mask)).astype("float32")
    layer = randomised(ReplaceMissing(stand_in), value, mask)

    chosen = called(layer, fill(values, there, np.nan), there)

    (token,) = layer.get_weights() or [0.0]
    np.testing.assert_array_equal(chosen, fill(values, there, token))
    parts = [keras.Input(value, name="x"), keras.Input(mask, name="there")]
    assert ReplaceMissing(stand_in)(parts).shape == (None, *value)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32"])
def test_zeros_keep_the_type_of_the_value(dtype):
    ids, there = np.array([[3, 4], [5, 6]], dtype), np.array([1, 0])
    x = keras.Input((2,), dtype=dtype)
    mask = keras.Input((), dtype="bool")

    assert ReplaceMissing()([x, mask]).dtype == dtype
    chosen = called(ReplaceMissing(), ids, there)
    assert chosen.dtype == dtype and chosen.tolist() == [[3, 4], [0, 0]]


def test_an_embedding_reads_ids_of_which_some_are_missing():
    ids = keras.Input((), dtype="int32", name="ids")
    there = keras.Input((1,), name="there")
    table = layers.Embedding(9, 2)
    model = keras.Model([ids, there], table(ReplaceMissing()([ids, there])))

    data = {"ids": np.array([7, 7]), "there": np.array([[1], [0]])}

    seven, zero = model.predict_on_batch(data)
    rows = keras.ops.convert_to_numpy(table.embeddings)
    np.testing.assert_array_equal([seven, zero], rows[[7, 0]])


def maybe(layer, **compiled):
    """Two inputs and their masks, joined, and a number as the answer."""
    parts = [keras.Input((3,), name="x"), keras.Input((2,), name="y")]
    masks = [keras.Input((1,), name=f"{n}_present") for n in "xy"]
    if isinstance(layer, MaskedFusion):
        joined = layer([*parts, *masks])
    else:
        joined = layer([parts[0], masks[0]])
        joined = layers.Concatenate()([joined, parts[1], *masks])
    answer = layers.Dense(1, name="head", dtype="float32")(joined)
    model = keras.Model([*parts, *masks], answer)
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    return model


#: A sample with both, with either one, and with none.
THERE = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], "float32")
X, Y = (RNG.standard_normal((4, n), "float32") for n in (3, 2))


def data_of(behind_x=np.nan, behind_y=np.nan, there=THERE):
    x, y = there[:, :1], there[:, 1:]
    return {
        "x": fill(X[: len(there)], x, behind_x),
        "y": fill(Y[: len(there)], y, behind_y),
        "x_present": x,
        "y_present": y,
    }


def trained(model, data):
    """The loss of a step, and the weights after it."""
    loss = model.train_on_batch(data, np.ones((len(data["x"]), 1)))
    return loss, model.get_weights()


def same(some, others):
    return all(map(np.array_equal, some, others))


def finite(weights):
    return all(np.isfinite(each).all() for each in weights)


def test_a_token_stands_in_when_a_model_predicts():
    """Not in training alone, as a dropout does."""
    model = maybe(ReplaceMissing("token", name="token"))
    before = model.predict_on_batch(data_of(behind_y=0))

    model.get_layer("token").set_weights([np.array([5.0, 5, 5])])

    after = model.predict_on_batch(data_of(behind_y=0))
    changed = (before != after).ravel()
    assert changed.tolist() == [False, False, True, True]
    head = model.get_layer("head").get_weights()[0]
    np.testing.assert_allclose(
        (after - before)[2:, 0], head[:3].sum() * 5, rtol=1e-4
    )
    data = data_of(behind_y=0)
    for training in (True, False):
        same = model(
            [data[n.name] for n in model.inputs], training=training
        )
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(same), after, rtol=1e-5
        )


def test_a_token_is_learned_from_samples_that_lack_the_input():
    model = maybe(ReplaceMissing("token", name="token"))
    complete = data_of(there=np.ones((4, 2), "float32"))

    trained(model, complete)
    assert not model.get_layer("token").get_weights()[0].any()
    trained(model, data_of(behind_y=0))
    assert model.get_layer("token").get_weights()[0].all()


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_steps_of_padding_stay_left_out_but_for_a_stand_in(stand_in):
    """Else the mean over a missing text would be NaN."""
    words = keras.Input((4,), dtype="int32", name="words")
    there = keras.Input((1,), name="there")
    vectors = layers.Embedding(5, 3, mask_zero=True)(words)
    known = ReplaceMissing(stand_in, name="ours")([vectors, there])
    mean = layers.GlobalAveragePooling1D()(known)
    model = keras.Model([words, there], [vectors, mean])
    weights = [np.array([1.0, 2, 3])] * (stand_in == "token")
    model.get_layer("ours").set_weights(weights)
    ids = np.array([[1, 2, 0, 0], [0, 0, 0, 0]])

    vectors, means = model.predict_on_batch(
        {"words": ids, "there": np.array([[1.0], [0]])}
    )

    expected = vectors[0, :2].mean(axis=0)
    np.testing.assert_allclose(means[0], expected, rtol=1e-5)
    np.testing.assert_array_equal(means[1], [*weights, np.zeros(3)][0])


# A fusion


@pytest.mark.parametrize("how", HOWS)
def test_a_branch_that_is_there_alone_is_all_there_is(how):
    """Attention has nobody else to look at."""
    layer = randomised(MaskedFusion(8, how), (3,), (2,), (1,), (1,))
    weights = {
        "/".join(w.path.split("/")[-2:]): keras.ops.convert_to_numpy(w)
        for w in layer.weights
    }

    fused = called(layer, *data_of().values())

    for row, (number, x) in {1: (0, X), 2: (1, Y)}.items():
        value = x[row] @ weights[f"values_{number}/kernel"]
        value += weights[f"values_{number}/bias"]
        alone = np.maximum(value, 0)
        if how == "attention":
            found = alone + weights[f"{layer.name}/places"][number]
            alone = found + _attending_itself(layer.attention, found)
        np.testing.assert_allclose(fused[row], alone, rtol=1e-3, atol=1e-4)


def _attending_itself(attention, vector):
    """What attention finds if there is one place to look at."""
    *_, (kernel, bias), (last, shift) = np.array(
        attention.get_weights(), object
    ).reshape(4, 2)
    value = np.einsum("f,fhd->hd", vector, kernel) + bias
    return np.einsum("hd,hdf->f", value, last) + shift


@pytest.mark.parametrize("how", HOWS)
def test_without_any_branch_the_result_is_learned(how):
    model = maybe(MaskedFusion(8, how, name="fusion"))
    layer = model.get_layer("fusion")
    empty = data_of(there=0 * THERE)
    before = model.get_weights()

    _, after = trained(model, empty)

    assert finite(after)
    nothing = keras.ops.convert_to_numpy(layer.nothing)
    assert nothing.all()
    changed = [not np.array_equal(*pair) for pair in zip(before, after)]
    assert sum(changed) == 2  # and the bias of the head
    fused = called(layer, *empty.values())
    np.testing.assert_array_equal(fused, np.tile(nothing, (4, 1)))


MAKERS = {
    stand_in: functools.partial(ReplaceMissing, stand_in)
    for stand_in in STAND_INS
} | {how: functools.partial(MaskedFusion, 8, how) for how in HOWS}
every_layer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@pytest.mark.parametrize("policy", ["float32", f"mixed_{HALF}"])
@every_layer
def test_what_is_behind_a_mask_of_0_changes_nothing(make, policy):
    """Neither the answer nor what is learned from it."""
    model = maybe(make(dtype=policy))
    fused = "MaskedFusion" in {type(x).__name__ for x in model.layers}
    start = model.get_weights()
    found = []
    for behind in (0, np.nan, np.inf, 7.0):
        model.set_weights(start)
        data = data_of(behind, behind if fused else 0)
        answer = model.predict_on_batch(data)
        loss, learned = trained(model, data)
        found.append([answer, loss, *learned])

    assert finite(found[0])
    assert all(same(found[0], other) for other in found[1:])


@every_layer
def test_a_branch_that_is_absent_teaches_nothing_to_what_made_it(make):
    x, y = keras.Input((3,), name="x"), keras.Input((2,), name="y")
    masks = [keras.Input((1,), name=f"{n}_present") for n in "xy"]
    made = layers.Dense(4, name="branch")(x)
    layer = make()
    if isinstance(layer, MaskedFusion):
        answer = layer([made, y, *masks])
    else:
        answer = layer([made, masks[0]])
    answer = layers.Dense(1)(answer)
    model = keras.Model([x, y, *masks], answer)
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)

    before = model.get_layer("branch").get_weights()
    trained(model, data_of(3.0, there=np.array([[0, 1], [0, 0]])))
    assert same(before, model.get_layer("branch").get_weights())
    trained(model, data_of(3.0))
    assert not same(before, model.get_layer("branch").get_weights())


@every_layer
def test_it_comes_back_from_a_file_in_safe_mode(make, tmp_path):
    model = maybe(make())
    _, weights = trained(model, data_of(behind_y=0))
    answer = model.predict_on_batch(data_of(behind_y=0))

    model.save(tmp_path / "model.keras")
    path = tmp_path / "model.keras"
    loaded = keras.models.load_model(path, safe_mode=True)

    assert same(loaded.get_weights(), weights)
    np.testing.assert_array_equal(
        loaded.predict_on_batch(data_of(behind_y=0)), answer
    )
    layer = make()
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@every_layer
def test_the_declared_shape_and_type_are_the_actual_ones(make):
    for policy in ("float32", f"mixed_{HALF}"):
        (layer,) = (
            each
            for each in maybe(make(dtype=policy)).layers
            if isinstance(each, (ReplaceMissing, MaskedFusion))
        )
        tensors = [data_of()[n] for n in ("x", "y", "x_present")]
        tensors = [*tensors, data_of()["y_present"]]
        if isinstance(layer, ReplaceMissing):
            tensors = tensors[::2]

        answer = layer(tensors)

        assert layer.output.dtype == layer.compute_dtype
        assert keras.backend.standardize_dtype(answer.dtype) == (
            layer.compute_dtype
        )
        assert tuple(answer.shape) == (4, *layer.output.shape[1:])


@every_layer
def test_what_is_frozen_before_it_is_built_stays_frozen(make):
    layer = make(name="ours")
    layer.trainable = False
    model = maybe(layer)
    before = layer.get_weights()

    _, after = trained(model, data_of(behind_y=0))

    assert len(model.trainable_variables) == 2
    assert same(layer.get_weights(), before)


def test_a_branch_without_a_mask_is_always_there():
    x, y = keras.Input((3,), name="x"), keras.Input((2,), name="y")
    there = keras.Input((1,), name="x_present")
    data = data_of() | {"y": Y}
    for order in (("x", "y"), ("y", "x")):
        keras.utils.set_random_seed(0)
        parts = {name: {"x": x, "y": y}[name] for name in order}
        fused = masked_fusion(parts, {"x": there}, "mean", units=8)
        model = keras.Model([x, y, there], fused)
        layer = model.get_layer(index=-1)
        ones = dict(x=data["x_present"], y=np.ones((4, 1), "float32"))

        expected = called(
            layer, *(data[n] for n in order), *(ones[n] for n in order)
        )

        found = model.predict_on_batch(
            {name: data[name] for name in ("x", "y", "x_present")}
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert np.isfinite(found).all() and found.any(axis=1).all()


@pytest.mark.parametrize("how", HOWS)
def test_three_branches_of_any_width(how):
    widths = {"x": 3, "y": 1, "z": 7}
    parts = {n: keras.Input((w,), name=n) for n, w in widths.items()}
    masks = {n: keras.Input((1,), name=f"{n}_there") for n in "zx"}

    fused = masked_fusion(parts, masks, how, units=5)

    assert fused.shape == (None, 5)
    model = keras.Model([*parts.values(), *masks.values()], fused)
    data = {n: np.ones((2, w)) for n, w in widths.items()}
    data |= {f"{n}_there": np.zeros((2, 1)) for n in masks}
    before = model.predict_on_batch(data)
    data["z"] = data["z"] * np.nan
    np.testing.assert_array_equal(model.predict_on_batch(data), before)


# What is refused

SCORE, TABLE = keras.Input((1,)), keras.Input((8,))
MASK, STEPS = keras.Input((1,)), keras.Input((5, 3))
BOTH = {"score": SCORE, "table": TABLE}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: ReplaceMissing("mean"),
            "stand_in to be one of zeros, token. Received: stand_in='mean'",
        ),
        (
            lambda: ReplaceMissing()([TABLE, STEPS]),
            r"the first axes of the value, or \(batch, 1\). Received: a "
            r"value \(None, 8\) and a mask \(None, 5, 3\). Give the ma",
        ),
        (
            lambda: ReplaceMissing()([TABLE, SCORE[:, None]]),
            "a mask of the",
        ),
        (lambda: ReplaceMissing()([SCORE, TABLE]), r"a mask \(None, 8\)"),
        (lambda: ReplaceMissing()([STEPS, TABLE]), r"a mask \(None, 8\)"),
        (
            lambda: ReplaceMissing()([keras.Input(()), TABLE]),
            r"a value \(None,\) and a mask \(None, 8\)",
        ),
        (
            lambda: MaskedFusion(0),
            "units: expected a whole number.*units=0",
        ),
        (
            lambda: MaskedFusion(4, "sum"),
            "one of mean, gated, attention. Received: how='sum'",
        ),
        (lambda: masked_fusion(BOTH, {}, "add"), "Received: how='add'"),
        (lambda: masked_fusion(BOTH, {}, units=2.5), "units=2.5"),
        (
            lambda: masked_fusion({"score": SCORE}, {"score": MASK}),
            "dict with at least two branches.*Received: 1. For a single",
        ),
        (
            lambda: masked_fusion([SCORE, TABLE], {}),
            "two branches, by name. Received: a list of 2.",
        ),
        (
            lambda: masked_fusion(SCORE, {}),
            r"Received: float32 \(None, 1\)",
        ),
        (
            lambda: masked_fusion(BOTH, [MASK]),
            "present: expected a dict of masks, by name. Received: a list",
        ),
        (lambda: masked_fusion(BOTH, None), "Received: NoneType. Write pr"),
        (
            lambda: masked_fusion(BOTH, {"scores": MASK}),
            'present "scores": expected one of score, table. Received: a '
            "mask for 'scores'. Give a mask as",
        ),
        (
            lambda: masked_fusion(BOTH, {"score": keras.Input(())}),
            r'present "score": expected a mask \(batch, 1\)..*\(None,\)',
        ),
        (
            lambda: masked_fusion(BOTH, {"table": TABLE}),
            r"\(None, 8\). Giv",
        ),
        (
            lambda: masked_fusion({**BOTH, "steps": STEPS}, {}),
            r'features "steps": expected features \(batch, features\). Rec'
            r"eived: \(None, 5, 3\). Pool it",
        ),
    ],
)
def test_what_cannot_be_masked_is_refused(make, words):
    with pytest.raises(ContractError, match=words):
        make()


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(ContractError) as caught:
        masked_fusion(
            {"steps": STEPS, "score": SCORE},
            {"score": TABLE, "image": MASK},
        )

    assert len(caught.value.problems) == 3


# What `check` says of masks


def masked_model(value=(2,), mask=(1,), fused=False, inside=False):
    """An input, perhaps read in a model inside, and its mask."""
    x, there = keras.Input(value, name="x"), keras.Input(mask, name="there")
    always = keras.Input((2,), name="always")
    if fused:
        known = masked_fusion({"x": x, "a": always}, {"x": there}, units=4)
    elif inside:
        a, b = keras.Input(value), keras.Input(mask)
        known = keras.Model([b, a], ReplaceMissing()([a, b]))([there, x])
    else:
        known = ReplaceMissing()([x, there])
    flat = (
        layers.GlobalAveragePooling1D() if value[1:] else layers.Flatten()
    )
    flat = flat(known)
    answer = layers.Dense(1)(layers.Concatenate()([flat, always]))
    model = keras.Model([x, there, always], answer)
    model.compile("sgd", "mse")
    return model


ROWS = 6
HOLE = np.where(np.arange(ROWS)[:, None] == 4, np.nan, np.ones((ROWS, 2)))
COVERED = (np.arange(ROWS) != 4)[:, None]


def told(model, data, targets=None):
    """What `check` says, place by place, without running Keras."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContractWarning)
        try:
            report = check(model, data, targets=targets, run=False)
        except ContractError as error:
            return [str(problem) for problem in error.problems]
    return [str(problem) for problem in report.warnings]


def given(x, there, **more):
    always = np.ones((ROWS, 2))
    return {"x": x, "there": there, "always": always, **more}


@pytest.mark.parametrize("kind", [{}, {"fused": True}, {"inside": True}])
def test_a_gap_is_fine_behind_a_mask_and_told_in_front_of_it(kind):
    model, targets = masked_model(**kind), np.ones(ROWS)

    for mask in (COVERED, 1.0 * COVERED, COVERED.astype("uint8")):
        assert told(model, given(HOLE, mask), targets) == []
    (words,) = told(model, given(HOLE, COVERED[:, 0]))
    assert words.endswith("Add the last axis: values[..., None].")
    (words,) = told(model, given(HOLE, COVERED | True), targets)
    assert words == (
        'input "x": expected numbers wherever "there" is 1. Received: '
        "float64 (6, 2) with NaN or infinity in 1 of 6 rows where it is 1. "
        'Set the mask to 0 there: with_presence(inputs, missing=["x"]).'
    )


def test_an_input_that_is_always_there_may_have_no_gap():
    data = given(np.ones((ROWS, 2)), COVERED, always=HOLE)

    for fused in (True, False):
        (words,) = told(masked_model(fused=fused), data)
        assert words.startswith('input "always": expected float32')


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ((), ()),
        ((), (1,)),
        ((5,), (5,)),
        ((5, 3), (5,)),
        ((5, 3), (5, 3)),
        ((5, 3), (1, 3)),
        ((None, 3), (None,)),
    ],
)
def test_a_mask_of_steps_or_values_covers_each_by_itself(value, mask):
    model = masked_model(value, mask) if value else scalar_model(mask)
    value, mask = ([n or 5 for n in shape] for shape in (value, mask))
    there = np.resize([True, False, True], (ROWS, *mask))
    gaps = fill(np.ones((ROWS, *value)), there, np.nan)
    assert np.isnan(gaps).any()

    assert told(model, given(gaps, there)) == []
    gaps[0] = np.nan
    (words,) = told(model, given(gaps, there))
    assert "in 1 of 6 rows" in words


def scalar_model(mask):
    x, there = keras.Input((), name="x"), keras.Input(mask, name="there")
    always = keras.Input((2,), name="always")
    known = keras.ops.expand_dims(ReplaceMissing()([x, there]), -1)
    answer = layers.Dense(1)(layers.Concatenate()([known, always]))
    return keras.Model([x, there, always], answer)


def test_a_gap_far_from_the_first_rows_is_told():
    x = np.ones((500, 2))
    x[400] = np.nan
    there = np.ones((500, 1))
    data = {"x": x, "there": there, "always": np.ones((500, 2))}
    batches = MultiInputGenerator(data, np.ones(500))

    assert "in 1 of 500 rows" in told(masked_model(), data)[0]
    assert "in 1 of 500 rows" in told(masked_model(), batches)[0]
    there[400] = 0
    assert told(masked_model(), batches) == []


def test_a_gap_in_a_batch_is_told_with_its_number():
    class Second(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            mask = COVERED if index == 0 else COVERED | True
            return given(HOLE, mask), np.ones(ROWS)

    (words,) = told(masked_model(), Second())
    assert "of 6 rows where it is 1 in batch 1. Set" in words


@pytest.mark.parametrize(
    ("x", "there"),
    [
        (HOLE, COVERED[:3]),
        (HOLE, np.float64(1)),
        (np.float64(np.nan), COVERED),
        (HOLE, np.array(["yes"] * ROWS)),
        (HOLE, COVERED.astype(object)),
        (HOLE.astype(object), COVERED),
        (HOLE, np.ones((ROWS, 2))),
        (HOLE, None),
        (HOLE.tolist(), COVERED),
        (HOLE[:0], COVERED[:0]),
    ],
)
def test_what_is_no_mask_is_told_and_breaks_nothing(x, there):
    assert told(masked_model(), given(x, there))


def test_a_mask_of_other_numbers_is_told():
    for mask, numbers in (
        (0.5 + COVERED, "0.5 to 1.5"),
        (-1 + COVERED, "-1 to 0"),
        (np.where(COVERED, 1, np.nan), "nan to nan"),
    ):
        (words,) = told(masked_model(), given(np.ones((ROWS, 2)), mask))
        assert words == (
            'input "there": expected a mask: 1 where the value is there, '
            f"0 where it is missing. Received: numbers from {numbers}. "
            "Write (mask > 0.5): any number but 0 counts as there."
        )


def test_check_reads_masks_after_a_transform():
    x = HOLE * 1.0
    x[4] = 0
    batches = MultiInputGenerator(
        {"x": x, "x_present": 1.0 * COVERED, "y": np.ones((ROWS, 2))},
        np.ones(ROWS),
        transforms=[ModalityDropout({"x": 0.5})],
        seed=0,
    )
    x, y = keras.Input((2,), name="x"), keras.Input((2,), name="y")
    there = keras.Input((1,), name="x_present")
    fused = masked_fusion({"x": x, "y": y}, {"x": there}, units=4)
    model = keras.Model([x, y, there], layers.Dense(1)(fused))
    model.compile("sgd", "mse")

    assert check(model, batches).problems == ()
    history = model.fit(batches, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
