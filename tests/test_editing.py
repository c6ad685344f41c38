"""An image and a text to an image; pixels that look pixels up."""

import keras
import numpy as np
import pytest

from companion import ContractError, image_text_to_image
from companion.building.editing import PixelAttention

HOWS = ("concatenate", "film", "attention")
RNG = np.random.default_rng(0)
#: On a CPU, JAX has no attention in float16.
HALF = "float16" if keras.backend.backend() == "tensorflow" else "bfloat16"


def small(shape=(6, 6, 2), how="film", num_tokens=9, **options):
    """A small editor, with weights that are all random."""
    options = {"length": 5, "filters": (8, 9), "width": 6} | options
    keras.utils.set_random_seed(0)
    model = image_text_to_image(
        shape, num_tokens=num_tokens, how=how, **options
    )
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if not isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights(
                [
                    w + 0.3 * rng.standard_normal(w.shape)
                    for w in layer.get_weights()
                ]
            )
    return model


def fed(model, rows=4):
    image, text = model.inputs
    rng = np.random.default_rng(2)
    data = {"image": rng.random((rows, *image.shape[1:]), "float32")}
    shape = rows, *text.shape[1:]
    if text.dtype == "int32":
        data["text"] = rng.integers(1, 9, shape, "int32")
    else:
        data["text"] = rng.standard_normal(shape, "float32")
    return data


# The editor


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape",
    [(8, 8, 1), (7, 9, 3), (5, 1, 2), (1, 1, 1), (2, 3, 1), (13, 6, 3)],
)
@pytest.mark.parametrize("how", HOWS)
def test_what_comes_out_has_the_size_of_what_goes_in(shape, how):
    model = small(shape, how, filters=(3, 4, 5))

    edited = model.predict_on_batch(fed(model))

    assert model.output_shape == (None, *shape)
    assert edited.shape == (4, *shape) and edited.dtype == "float32"
    assert edited.min() >= 0 and edited.max() <= 1
    assert edited.std() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("filters", [(3,), (3, 4), [2, 3, 4, 5]])
def test_there_are_as_many_levels_as_filters(filters):
    model = small((9, 10, 1), filters=filters)

    kinds = [type(layer).__name__ for layer in model.layers]
    levels = len(filters)
    assert kinds.count("MaxPooling2D") == levels - 1
    assert kinds.count("UpSampling2D") == levels - 1
    assert kinds.count("FiLM") == 2 * levels - 1
    assert model.predict_on_batch(fed(model)).shape == (4, 9, 10, 1)


def test_inputs_are_named_and_typed():
    words, vector = small(), small(num_tokens=None, length=7)

    for model, length, dtype in (
        (words, 5, "int32"),
        (vector, 7, "float32"),
    ):
        image, text = model.inputs
        assert (image.name, text.name) == ("image", "text")
        assert image.shape == (None, 6, 6, 2)
        assert (text.shape, text.dtype) == ((None, length), dtype)


WORDS = [(how, 9) for how in HOWS]
VECTORS = [("concatenate", None), ("film", None)]


@pytest.mark.parametrize(("how", "num_tokens"), WORDS + VECTORS)
def test_what_comes_out_depends_on_image_and_text(how, num_tokens):
    model = small(how=how, num_tokens=num_tokens)
    data = fed(model)
    edited = model.predict_on_batch(data)

    for name in data:
        turned = data | {name: data[name][::-1]}
        moved = np.abs(model.predict_on_batch(turned) - edited)
        assert moved.max(axis=(1, 2, 3)).min() > 1e-3, name


@pytest.mark.parametrize("how", HOWS)
def test_the_order_of_the_words_counts(how):
    model = small(how=how)
    data = fed(model)
    data["text"] = np.tile(np.array([[1, 2, 3, 4, 5]], "int32"), (4, 1))

    turned = data | {"text": data["text"][:, ::-1]}

    edited, other = map(model.predict_on_batch, (data, turned))
    assert np.abs(edited - other).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS)
def test_padding_is_ignored(how):
    """Longer texts of the same words, and another vector for padding."""
    model, longer = (small(how=how, length=length) for length in (6, 12))
    longer.set_weights(model.get_weights())
    data = fed(model)
    data["text"][0, 2:] = data["text"][1, 4:] = 0
    more = data | {"text": np.pad(data["text"], [(0, 0), (0, 6)])}

    edited = model.predict_on_batch(data)

    np.testing.assert_allclose(
        longer.predict_on_batch(more), edited, atol=1e-5
    )
    (table,) = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Embedding)
    ]
    (vectors,) = table.get_weights()
    table.set_weights([vectors + (np.arange(9) == 0)[:, None]])
    np.testing.assert_array_equal(model.predict_on_batch(data), edited)
    table.set_weights([vectors + 1])
    assert not np.allclose(model.predict_on_batch(data), edited, atol=1e-4)


@pytest.mark.parametrize("closed", [True, False])
def test_where_the_gate_is_closed_the_image_stays(closed):
    """All that is new goes through the gate."""
    model = small()
    kernel, bias = model.get_layer("gate").get_weights()
    far = -99 if closed else 99
    model.get_layer("gate").set_weights([0 * kernel, 0 * bias + far])
    data = fed(model)

    edited = model.predict_on_batch(data)

    same = np.isclose(edited, data["image"], atol=1e-6)
    assert same.all() if closed else same.mean() < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(image_shape=8), "image_shape: expected a tuple of 3 whole"),
        (dict(image_shape=(8, 8)), r"image_shape=\(8, 8\)"),
        (dict(image_shape=(8, 0, 1)), r"image_shape=\(8, 0, 1\)"),
        (dict(image_shape=(None, None, 1)), "image_shape=.None, None, 1"),
        (dict(filters=()), r"filters: expected a tuple.*filters=\(\)"),
        (dict(filters=(8, 2.0)), r"filters=\(8, 2.0\)"),
        (dict(filters=8), "filters=8"),
        (dict(length=0), "length=0. Give a length"),
        (dict(length=None), "length=None. Give a length"),
        (dict(width=0), "width=0. Give a width"),
        (dict(how="add"), "one of concatenate, film, attention.*'add'"),
        (dict(how=None), "how=None. Choose one"),
        (dict(num_tokens=1), "num_tokens: expected a whole number, at le"),
        (dict(num_tokens=0), "num_tokens=0. .*None for a text that is a v"),
        (
            dict(how="attention"),
            "words to look at, num_tokens of them. Received: "
            'num_tokens=None. Give num_tokens, or use how="film"',
        ),
    ],
)
def test_impossible_sizes_and_ways_are_refused(options, words):
    with pytest.raises(ContractError, match=words) as caught:
        image_text_to_image(**options)

    (problem,) = caught.value.problems
    assert problem.where.startswith("image_text_to_image")


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(ContractError) as caught:
        image_text_to_image((8,), 0, 1, "add", (), 0)

    assert len(caught.value.problems) == 6


@pytest.mark.parametrize("how", HOWS)
def test_numbers_of_numpy_are_numbers(how, tmp_path):
    n = np.int64
    model = image_text_to_image(
        (n(4), n(3), n(1)), n(3), n(5), how, (n(2), n(3)), n(4)
    )

    model.save(tmp_path / "model.keras")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.output_shape == (None, 4, 3, 1)


# Pixels that look pixels up


IMAGES = RNG.random((6, 4, 3, 2), "float32")
PIXELS = 4 * 3
#: How pixels move, and whether ink and paper are swapped.
EDITS = {
    "keep it": (lambda x: x, False),
    "turn it round": (lambda x: np.rot90(x, 2, axes=(1, 2)), False),
    "mirror it": (lambda x: x[:, :, ::-1], False),
    "shift it": (lambda x: np.roll(x, (1, 2), axis=(1, 2)), False),
    "invert it": (lambda x: x, True),
    "mirror and invert it": (lambda x: x[:, :, ::-1], True),
}


def taught():
    """A layer that knows all edits: the text is which of them, one-hot.

    The keys stand on a circle, one for each old pixel. A question far out
    beside one of them gets all of its answer from there.
    """
    layer = PixelAttention(key_dim=2)
    layer.build([(None, 4, 3, 2), (None, len(EDITS))])
    turns = 2 * np.pi * np.arange(2 * PIXELS) / (2 * PIXELS)
    circle = np.stack([np.cos(turns), np.sin(turns)])
    places = np.arange(PIXELS).reshape(1, 4, 3)
    shown = [
        move(places).ravel() + PIXELS * inverted
        for move, inverted in EDITS.values()
    ]
    questions = [1e5 * circle[:, old].T.ravel() for old in shown]
    keys, kernel, bias = layer.weights
    keys.assign(circle)
    kernel.assign(np.stack(questions))
    bias.assign(np.zeros(bias.shape))
    return layer


def called(layer, *tensors):
    return keras.ops.convert_to_numpy(layer(list(tensors)))


@pytest.mark.parametrize("number", range(len(EDITS)), ids=EDITS)
def test_what_moves_pixels_or_swaps_ink_and_paper_is_exact(number):
    move, inverted = list(EDITS.values())[number]
    text = np.eye(len(EDITS), dtype="float32")[[number] * 6]

    edited = called(taught(), IMAGES, text)

    moved = move(IMAGES)
    wanted = 1 - moved if inverted else moved
    np.testing.assert_allclose(edited, wanted, atol=1e-6)


def test_each_text_edits_its_own_image():
    """All edits in one batch."""
    edited = called(taught(), IMAGES, np.eye(6, dtype="float32"))

    for image, result, (move, inverted) in zip(
        IMAGES, edited, EDITS.values()
    ):
        moved = move(image[None])[0]
        wanted = 1 - moved if inverted else moved
        np.testing.assert_allclose(result, wanted, atol=1e-6)


def randomised(**options):
    layer = PixelAttention(key_dim=3, **options)
    layer.build([(None, 4, 3, 2), (None, 5)])
    layer.set_weights(
        [RNG.standard_normal(w.shape) for w in layer.get_weights()]
    )
    return layer


TEXTS = RNG.standard_normal((6, 5), "float32")


def test_pixels_are_looked_up_as_the_formula_says():
    """Pixel by pixel, against the formula of attention in NumPy."""
    layer = randomised()
    keys, kernel, bias = layer.get_weights()

    edited = called(layer, IMAGES, TEXTS)

    for image, text, result in zip(IMAGES, TEXTS, edited):
        old = np.concatenate([image.reshape(12, 2)] * 2)
        old[12:] = 1 - old[12:]
        for question, pixel in zip(
            (text @ kernel + bias).reshape(12, 3), result.reshape(12, 2)
        ):
            share = np.exp(question @ keys)
            np.testing.assert_allclose(
                pixel, share @ old / share.sum(), rtol=1e-4, atol=1e-5
            )


def test_the_shape_is_known_before_the_layer_runs():
    layer = PixelAttention(key_dim=3)
    shapes = [(6, 4, 3, 2), (6, 5)]

    assert layer.compute_output_shape(shapes) == (6, 4, 3, 2)
    again = PixelAttention.from_config(layer.get_config())
    assert again.key_dim == 3
    assert again.get_config() == layer.get_config()


def editor(**options):
    """A model of the layer alone, and a head to train."""
    image = keras.Input((4, 3, 2), name="image")
    text = keras.Input((5,), name="text")
    edited = PixelAttention(3, name="ours", **options)([image, text])
    head = keras.layers.Dense(1, name="head", dtype="float32")
    flat = keras.layers.Flatten()(edited)
    return keras.Model([image, text], head(flat))


DATA = {"image": IMAGES, "text": TEXTS}


@pytest.mark.parametrize("when", ["made", "built", "loaded"])
def test_what_is_frozen_stays_frozen(when, tmp_path):
    model = editor(trainable=when != "made")
    model.get_layer("ours").trainable = False
    if when == "loaded":
        model.save(tmp_path / "model.keras")
        model = keras.models.load_model(tmp_path / "model.keras")
    before = model.get_layer("ours").get_weights()

    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(DATA, np.ones((6, 1)))

    assert len(model.trainable_variables) == 2
    after = model.get_layer("ours").get_weights()
    assert all(map(np.array_equal, before, after))


def test_a_frozen_layer_is_frozen_as_soon_as_it_is_built():
    model = editor(trainable=False)

    assert len(model.trainable_variables) == 2
    model.get_layer("ours").trainable = True
    assert len(model.trainable_variables) == 5


def test_every_weight_learns():
    model = editor()
    before = model.get_weights()

    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(DATA, np.ones((6, 1)))

    after = model.get_weights()
    assert not any(map(np.array_equal, before, after))


@pytest.mark.parametrize("again", ["built", "loaded"])
def test_all_inside_computes_in_one_type(again, tmp_path):
    model = editor(dtype=f"mixed_{HALF}")
    expected = model.predict_on_batch(DATA)
    if again == "loaded":
        model.save(tmp_path / "model.keras")
        model = keras.models.load_model(tmp_path / "model.keras")

    layer = model.get_layer("ours")
    inside = layer._flatten_layers()
    assert {part.compute_dtype for part in inside} == {HALF}
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    assert layer.output.dtype == HALF
    np.testing.assert_array_equal(model.predict_on_batch(DATA), expected)


@pytest.mark.parametrize(
    ("image", "text", "received"),
    [
        ((None, 4, 1), (5,), r"\(batch, None, 4, 1\) and \(batch, 5\)"),
        ((4, 4), (5,), r"\(batch, 4, 4\) and"),
        ((4, 4, 1), (7, 5), r"and \(batch, 7, 5\). Give the image a size"),
    ],
)
def test_other_shapes_are_refused(image, text, received):
    with pytest.raises(
        ContractError, match=f"PixelAttention: .*{received}"
    ):
        PixelAttention()([keras.Input(image), keras.Input(text)])
