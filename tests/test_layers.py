import functools

import keras
import numpy as np
import pytest

from companion import (
    ContractError,
    CrossAttention,
    FiLM,
    GatedFusion,
    ReplaceMissing,
    fuse,
)
from companion.building.masked import MaskedFusion

WIDE, NARROW = keras.Input((64,)), keras.Input((32,))
HOWS = (
    "concatenate",
    "add",
    "average",
    "multiply",
    "gated",
    "film",
    "cross_attention",
)
MAP, STEPS = keras.Input((8, 8, 64)), keras.Input((20, 32))


@pytest.mark.parametrize(
    ("tensors", "how", "words"),
    [
        ([WIDE], "concatenate", "at least two tensors in a list"),
        (WIDE, "concatenate", "at least two tensors in a list"),
        ([WIDE, NARROW], "sum", "how to be one of concatenate, add.*'sum'"),
        (
            [WIDE, MAP],
            "concatenate",
            r"same number of axes. Received: branch 0: \(None, 64\), "
            r"branch 1: \(None, 8, 8, 64\). .*GlobalMaxPooling2D",
        ),
        ([WIDE, NARROW], "add", "branches of one width.*Dense layer"),
        (
            [MAP, keras.Input((4, 8, 64))],
            "concatenate",
            "differ in the last axis alone.*Pool or reshape",
        ),
        ([WIDE, STEPS], "gated", "(batch, features).*GlobalMaxPooling1D"),
        ([STEPS, STEPS], "gated", "(batch, features).*Bring each to"),
        ([MAP, STEPS], "film", r"features, and \(batch, width\).*Pool the"),
        ([WIDE, NARROW, NARROW], "film", "expected two branches: the feat"),
        (
            [WIDE, NARROW],
            "cross_attention",
            r"what asks, and a sequence \(batch, steps, width\). Received: "
            r"branch 0: \(None, 64\), branch 1: \(None, 32\). .*unpooled",
        ),
        ([WIDE, STEPS, STEPS], "cross_attention", "expected two branches"),
        ([MAP, STEPS], "cross_attention", "expected two branches"),
        *(
            (
                [keras.Input(()), other],
                how,
                r"at least two axes, \(batch, features\). Received: "
                r"branch 0: \(None,\), branch 1: .*"
                r"Add an axis: keras.layers.Reshape\(\(1,\)\) for a number",
            )
            for how in HOWS
            for other in (keras.Input(()), NARROW)
        ),
        ([STEPS, keras.Input(())], "film", "expected branches with at le"),
    ],
)
def test_what_cannot_be_joined_is_refused(tensors, how, words):
    with pytest.raises(ContractError, match=words):
        fuse(tensors, how)


@pytest.mark.parametrize("how", ["add", "average", "multiply"])
def test_other_fusions_keep_the_width(how):
    assert fuse([WIDE, WIDE], how).shape == (None, 64)


def test_an_axis_of_any_length_meets_any_other():
    free, fixed = keras.Input((None, 8)), keras.Input((10, 8))

    assert fuse([free, fixed]).shape[-1] == 16


RNG = np.random.default_rng(0)
A, B, C = (RNG.standard_normal((6, w), "float32") for w in (4, 3, 5))
SEQUENCE = RNG.standard_normal((6, 7, 5), "float32")


def called(layer, *tensors):
    return keras.ops.convert_to_numpy(layer(list(tensors)))


def softmax(x, axis):
    x = np.exp(x - x.max(axis=axis, keepdims=True))
    return x / x.sum(axis=axis, keepdims=True)


def randomised(layer, *shapes):
    """The layer with weights that are all random, also where it has 0."""
    layer.build([(None, *shape) for shape in shapes])
    layer.set_weights(
        [RNG.standard_normal(w.shape, "float32") for w in layer.weights]
    )
    return layer


def weights_of(layer):
    return {
        "/".join(w.path.split("/")[-2:]): keras.ops.convert_to_numpy(w)
        for w in layer.weights
    }


def test_gates_share_out_one_among_the_branches():
    """Against the formula of the paper, written with NumPy."""
    layer = randomised(GatedFusion(8), (4,), (3,), (5,))
    w = weights_of(layer)

    values = [
        np.tanh(x @ w[f"values_{n}/kernel"] + w[f"values_{n}/bias"])
        for n, x in enumerate((A, B, C))
    ]
    gates = np.concatenate([A, B, C], 1) @ w["gate/kernel"] + w["gate/bias"]
    gates = softmax(gates.reshape(6, 3, 8), axis=1)
    np.testing.assert_allclose(
        called(layer, A, B, C),
        (gates * np.stack(values, 1)).sum(1),
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize("axes", [(), (2,), (3, 2)])
def test_the_condition_scales_and_shifts_every_feature(axes):
    features = RNG.standard_normal((6, *axes, 4), "float32")
    layer = randomised(FiLM(), (*axes, 4), (3,))
    w = weights_of(layer)

    both = B @ w["modulation/kernel"] + w["modulation/bias"]
    scale, shift = np.split(both.reshape(6, *[1] * len(axes), 8), 2, -1)
    np.testing.assert_allclose(
        called(layer, features, B),
        (1 + scale) * features + shift,
        rtol=1e-4,
        atol=1e-5,
    )


def test_before_training_the_features_pass_as_they_are():
    np.testing.assert_array_equal(called(FiLM(), A, B), A)


@pytest.mark.parametrize(
    "reader", [keras.layers.GlobalAveragePooling1D(), keras.layers.LSTM(3)]
)
def test_the_mask_of_the_features_is_handed_on(reader):
    words = np.array([[1, 2, 0, 0], [3, 4, 5, 0]])
    vectors = keras.layers.Embedding(9, 4, mask_zero=True)(words)
    joined = randomised(FiLM(), (4, 4), (3,))([vectors, B[:2]])

    read = reader(joined)

    without = keras.ops.convert_to_numpy(joined)
    np.testing.assert_allclose(read, reader(without, mask=words != 0))
    assert not np.allclose(read, reader(without))


def test_the_mask_of_the_condition_is_not_handed_on():
    features = RNG.standard_normal((2, 5, 4), "float32")
    table = keras.layers.Embedding(9, 3, mask_zero=True)
    joined = FiLM()([features, table(np.array([0, 1]))])

    read = keras.layers.GlobalAveragePooling1D()(joined)

    np.testing.assert_allclose(read, features.mean(1), atol=1e-6)


def test_attention_is_a_weighted_mean_of_the_steps():
    """One head, against the formula of the paper."""
    layer = randomised(CrossAttention(num_heads=1, key_dim=2), (4,), (7, 5))
    w = {name.split("/")[0]: [] for name in weights_of(layer)}
    for name, value in weights_of(layer).items():
        w[name.split("/")[0]].append(value)

    def project(x, part):
        kernel, bias = w[part]
        return x @ kernel.reshape(kernel.shape[0], -1) + bias.reshape(-1)

    query = project(A[:, None], "query")
    key, value = project(SEQUENCE, "key"), project(SEQUENCE, "value")
    share = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(2), axis=-1)
    kernel, bias = w["attention_output"]
    found = (share @ value) @ kernel.reshape(2, 4) + bias
    np.testing.assert_allclose(
        called(layer, A, SEQUENCE), A + found[:, 0], rtol=1e-4, atol=1e-5
    )


def test_steps_that_a_mask_leaves_out_do_not_count():
    words = keras.Input((5,), dtype="int32", name="words")
    asks = keras.Input((4,), name="asks")
    table = keras.layers.Embedding(9, 3, mask_zero=True)
    answer = fuse([asks, table(words)], "cross_attention")
    model = keras.Model([words, asks], answer)
    data = {"words": np.array([[1, 2, 0, 0, 0]]), "asks": A[:1]}
    before = model.predict(data, verbose=0)

    (vectors,) = table.get_weights()
    padding = np.arange(9)[:, None] == 0
    table.set_weights([vectors + 5 * padding])
    np.testing.assert_array_equal(model.predict(data, verbose=0), before)
    table.set_weights([vectors + 5 * ~padding])
    assert not np.array_equal(model.predict(data, verbose=0), before)


@pytest.mark.parametrize("shape", [(4,), (2, 4)])
def test_padding_does_not_count_either_for_the_next_who_asks(shape):
    """Attention of Keras takes the mask off the sequence."""
    words = keras.Input((5,), dtype="int32", name="words")
    asks = keras.Input(shape, name="asks")
    table = keras.layers.Embedding(9, 3, mask_zero=True)
    sequence, answer = table(words), asks
    for _ in range(3):
        answer = fuse([answer, sequence], "cross_attention")
    pooled = keras.layers.GlobalAveragePooling1D()(sequence)
    model = keras.Model([words, asks], [answer, pooled])
    data = {"words": PADDED[::2], "asks": RNG.random((2, *shape))}
    before = model.predict_on_batch(data)

    (vectors,) = table.get_weights()
    table.set_weights([vectors + 5 * (np.arange(9)[:, None] == 0)])

    for one, other in zip(model.predict_on_batch(data), before):
        np.testing.assert_array_equal(one, other)


def asking_words():
    """A vector that asks, and words that answer but for padding."""
    words = keras.Input((5,), dtype="int32", name="words")
    asks = keras.Input((4,), name="asks")
    vectors = keras.layers.Embedding(9, 3, mask_zero=True)(words)
    layer = CrossAttention(2, 3, name="attention")
    model = keras.Model([words, asks], layer([asks, vectors]))
    model.set_weights(
        [RNG.standard_normal(w.shape, "float32") for w in model.weights]
    )
    return model


PADDED = np.array([[1, 2, 0, 0, 0], [0] * 5, [0, 0, 0, 0, 3]])


def test_padding_alone_adds_nothing():
    model = asking_words()

    first, padding, last = model.predict_on_batch(
        {"words": PADDED, "asks": A[:3]}
    )
    without = model.predict_on_batch(
        {"words": PADDED[::2], "asks": A[:3:2]}
    )

    np.testing.assert_array_equal(padding, A[1])
    np.testing.assert_allclose([first, last], without, rtol=1e-5)
    assert not np.isclose(first, A[0]).any()


@pytest.mark.parametrize("words", [PADDED, PADDED[1:2]])
def test_padding_alone_teaches_nothing(words):
    """Every weight stays finite, and as it is where all is padding."""
    model = asking_words()
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse")

    data = {"words": words, "asks": A[: len(words)]}
    model.train_on_batch(data, np.zeros((len(words), 4)))

    after = model.get_weights()
    same = [np.array_equal(*pair) for pair in zip(before, after)]
    assert all(np.isfinite(weights).all() for weights in after)
    assert all(same) == (not words.any())


#: Nothing counts for the first sample, everything for the others.
FIRST_OUT = np.repeat(np.arange(6)[:, None] > 0, 7, axis=1)


def masked(layer, *tensors):
    mask = keras.ops.convert_to_tensor(FIRST_OUT)
    answer = layer(list(tensors), mask=[None, mask])
    return keras.ops.convert_to_numpy(answer)


def test_a_mask_of_padding_alone_may_also_be_given():
    layer = CrossAttention(2, 3)

    answer = masked(layer, A, SEQUENCE)

    np.testing.assert_array_equal(answer[0], A[0])
    np.testing.assert_allclose(
        answer[1:], called(layer, A, SEQUENCE)[1:], rtol=1e-4, atol=1e-5
    )


def test_attention_never_has_nothing_to_look_at(monkeypatch):
    """What it gives then is not the same with every Keras backend."""
    layer = randomised(CrossAttention(2, 3), (4,), (7, 5))
    attend, seen = layer.attention.call, []

    def watched(*tensors, value_mask, **options):
        seen.append(keras.ops.convert_to_numpy(value_mask))
        return attend(*tensors, value_mask=value_mask, **options)

    monkeypatch.setattr(layer.attention, "call", watched)
    masked(layer, A, SEQUENCE)

    assert seen[0].any(axis=1).all()


def test_a_sequence_may_ask_a_sequence():
    asks = RNG.standard_normal((6, 2, 4), "float32")
    layer = randomised(CrossAttention(2, 3), (2, 4), (7, 5))

    whole = called(layer, asks, SEQUENCE)
    alone = called(layer, asks[:, 0], SEQUENCE)
    np.testing.assert_allclose(whole[:, 0], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (GatedFusion(8), [(2, 4), (2, 3)]),
        (FiLM(), [(2, 9, 4), (2, 3)]),
        (CrossAttention(2, 3), [(2, 4), (2, 7, 5)]),
    ],
)
def test_the_output_shape_is_known_before_the_layer_runs(layer, shapes):
    tensors = [np.ones(shape, "float32") for shape in shapes]

    assert (
        layer.compute_output_shape(shapes) == called(layer, *tensors).shape
    )
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


#: Each layer of ours, and the shapes that it joins.
OURS = {
    "gated": (lambda **options: GatedFusion(4, **options), [(4,), (3,)]),
    "film": (FiLM, [(5, 4), (3,)]),
    "cross_attention": (
        lambda **options: CrossAttention(2, 3, **options),
        [(4,), (5, 3)],
    ),
    "replace_missing": (
        functools.partial(ReplaceMissing, "token"),
        [(4,), (1,)],
    ),
    **{
        f"masked_{how}": (
            functools.partial(MaskedFusion, 4, how),
            [(4,), (3,), (1,), (1,)],
        )
        for how in ("mean", "gated", "attention")
    },
}


def joining(how, set_before=True, set_after=True, **options):
    """A model of one of our layers, and a head to train."""
    make, shapes = OURS[how]
    layer = make(name="ours", **options)
    layer.trainable = layer.trainable and set_before
    parts = [
        keras.Input(shape, name=f"part_{number}")
        for number, shape in enumerate(shapes)
    ]
    answer = layer(parts)
    layer.trainable = layer.trainable and set_after
    head = keras.layers.Dense(1, name="head", dtype="float32")
    return keras.Model(parts, head(keras.layers.Flatten()(answer)))


def examples_for(model):
    """Any numbers; 0 or 1 for a mask, (batch, 1)."""
    rng = np.random.default_rng(0)
    return {
        part.name: rng.integers(0, 2, (6, 1)).astype("float32")
        if part.shape[1:] == (1,)
        else rng.standard_normal((6, *part.shape[1:]), "float32")
        for part in model.inputs
    }


def trained(model):
    """The same model after one step."""
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(examples_for(model), np.ones((6, 1)))
    return model


def as_built(model, folder):
    return model


def loaded(model, folder):
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras", safe_mode=True)


def cloned(model, folder):
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    return clone


def weights_inside(model, name="ours"):
    return model.get_layer(name).get_weights()


def equal(some, others):
    return all(map(np.array_equal, some, others))


#: On a CPU, JAX has no attention in float16.
HALF = "float16" if keras.backend.backend() == "tensorflow" else "bfloat16"


@pytest.fixture
def policy():
    """Sets the type of new layers until the test ends."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("again", "when"),
    [
        (as_built, "trainable"),
        (as_built, "set_before"),
        (as_built, "set_after"),
        (loaded, "set_after"),
        (cloned, "set_after"),
    ],
)
@pytest.mark.parametrize("how", OURS)
def test_what_is_frozen_stays_frozen(how, again, when, tmp_path):
    model = again(joining(how, **{when: False}), tmp_path)
    before = weights_inside(model), weights_inside(model, "head")

    trained(model)

    assert len(model.trainable_variables) == len(before[1]) == 2
    assert equal(weights_inside(model), before[0])
    assert not equal(weights_inside(model, "head"), before[1])


@pytest.mark.slow
@pytest.mark.parametrize("again", [loaded, cloned])
@pytest.mark.parametrize("how", OURS)
def test_what_was_frozen_can_learn_again(how, again, tmp_path):
    model = again(joining(how, trainable=False), tmp_path)
    before = weights_inside(model)

    model.get_layer("ours").trainable = True
    trained(model)

    assert len(model.trainable_variables) == len(model.weights)
    assert not equal(weights_inside(model), before)


@pytest.mark.slow
@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("again", [as_built, loaded, cloned])
@pytest.mark.parametrize("how", OURS)
def test_all_inside_computes_in_one_type(
    how, again, everywhere, policy, tmp_path
):
    policy(f"mixed_{HALF}" if everywhere else "float32")
    options = {} if everywhere else {"dtype": f"mixed_{HALF}"}
    built = joining(how, **options)
    policy("float32")

    model = again(built, tmp_path)

    layer = model.get_layer("ours")
    inside = layer._flatten_layers()
    assert {part.compute_dtype for part in inside} == {HALF}
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    data = examples_for(model)
    np.testing.assert_array_equal(
        model.predict_on_batch(data), built.predict_on_batch(data)
    )
