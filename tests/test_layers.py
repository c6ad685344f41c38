import keras
import numpy as np
import pytest

from companion import (
    ContractError,
    CrossAttention,
    FiLM,
    GatedFusion,
    fuse,
)

WIDE, NARROW = keras.Input((64,)), keras.Input((32,))
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
        ([WIDE, STEPS], "gated", "same number of axes.*GlobalMaxPooling1D"),
        ([STEPS, STEPS], "gated", "same number of axes.*Bring each to"),
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
