import keras
import numpy as np
import pytest

from companion import (
    ContractError,
    binary_head,
    classes_head,
    conditional_generator,
    image_branch,
    image_text_classifier,
    number_head,
    projection_discriminator,
    tabular_augmenter,
    text_branch,
)

ROW = {"numbers": (2,)}
WITHOUT_NOISE = "Without noise, one label gives one result."


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: conditional_generator(latent_dim=0), "latent_dim=0. With"),
        (lambda: conditional_generator(latent_dim=-1), WITHOUT_NOISE),
        (lambda: tabular_augmenter(2, latent_dim=2.5), "latent_dim=2.5"),
        (lambda: tabular_augmenter(2, latent_dim=True), WITHOUT_NOISE),
        (lambda: conditional_generator(latent_dim=(3,)), "a whole number"),
        (
            lambda: conditional_generator((8, 0, 1)),
            r"image_shape: expected a tuple of whole numbers, at least 1. "
            r"Received: image_shape=\(8, 0, 1\). Give one size as a number",
        ),
        (lambda: conditional_generator(8), "a tuple.*image_shape=8"),
        (lambda: conditional_generator(()), r"image_shape=\(\)"),
        (
            lambda: conditional_generator(num_classes=0),
            "conditional_generator, num_classes: expected a whole number, "
            "at least 1. Received: num_classes=0. Give one size",
        ),
        (lambda: conditional_generator(units=64), "a tuple.*units=64"),
        (lambda: conditional_generator(units=(8, 0)), r"units=\(8, 0\)"),
        (lambda: tabular_augmenter(0), "augmenter, num_numbers: expected"),
        (lambda: tabular_augmenter(2, num_classes=0), "num_classes=0"),
        (
            lambda: tabular_augmenter(2, {"colour": 0}),
            r'augmenter, categories\["colour"\]: expected a whole number',
        ),
        *(
            (
                lambda name=name: tabular_augmenter(2, {name: 3}),
                "categories: expected names of their own.*the name "
                f"'{name}'. Rename it.*label, noise, numbers are taken",
            )
            for name in ("label", "noise", "numbers")
        ),
        (
            lambda: projection_discriminator({}),
            "projection_discriminator, shapes: expected a dict with a "
            "shape for each part but the label. Received: shapes for "
            "nothing by name. Give them by name",
        ),
        (lambda: projection_discriminator((8, 8, 1)), "nothing by name"),
        (
            lambda: projection_discriminator({"label": (2,), **ROW}),
            "discriminator, shapes: expected names of their own, .*"
            "Received: the name 'label'. Rename it, here and "
            "in the data; label, logit are taken",
        ),
        (
            lambda: projection_discriminator({"logit": (2,)}),
            "the name 'logit'. Rename it",
        ),
        *(
            (
                lambda name=name: projection_discriminator({name: (2,)}),
                "discriminator, shapes: expected names of their own, "
                f".*Received: the name {name!r}. Rename it, ",
            )
            for name in ("a/b", "/", "", 3)
        ),
        *(
            (
                lambda name=name: tabular_augmenter(2, {name: 2}),
                "tabular_augmenter, categories: expected names of their "
                "own, of letters A to Z, digits.*Received: the "
                f"name {name!r}. Rename it, here and in the data",
            )
            for name in ("a/b", "", 3, "marital status", "größe", "a:b")
        ),
        (
            lambda: projection_discriminator({"numbers": ()}),
            r'discriminator, shapes\["numbers"\]: expected a tuple',
        ),
        (lambda: projection_discriminator({"numbers": 2}), "a tuple"),
        (lambda: projection_discriminator({"numbers": (2, -1)}), "tuple"),
        (lambda: projection_discriminator(ROW, 2.0), "num_classes=2.0"),
        (lambda: projection_discriminator(ROW, units=[0]), r"units=\[0\]"),
    ],
)
def test_impossible_sizes_and_names_are_refused(build, words):
    with pytest.raises(ContractError, match=words):
        build()


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (
            lambda: conditional_generator((0, 1), 0, 0, (0,)),
            ["image_shape", "latent_dim", "num_classes", "units"],
        ),
        (
            lambda: tabular_augmenter(0, {"noise": 0}, 0, 0, (0,)),
            [
                "num_numbers",
                'categories["noise"]',
                "num_classes",
                "latent_dim",
                "units",
                "categories",
            ],
        ),
        (
            lambda: projection_discriminator({"label": (0,)}, 0, (0,)),
            ['shapes["label"]', "num_classes", "units", "shapes"],
        ),
    ],
)
def test_all_that_is_wrong_is_told_at_once(build, where):
    with pytest.raises(ContractError) as caught:
        build()

    told = [
        problem.where.split(", ")[1] for problem in caught.value.problems
    ]
    assert told == where


@pytest.mark.parametrize(
    "build",
    [
        lambda n: conditional_generator((n(4), n(3), n(1)), n(2), n(3), ()),
        lambda n: tabular_augmenter(n(2), {"a": n(3)}, n(2), n(4), (n(5),)),
        lambda n: projection_discriminator(
            {"a": [n(2)]}, n(3), [n(4), n(5)]
        ),
    ],
)
def test_numbers_of_numpy_are_numbers(build, tmp_path):
    model = build(np.int64)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")

    shapes = [weight.shape for weight in build(int).weights]
    assert [weight.shape for weight in loaded.weights] == shapes


def test_features_are_hidden_between_the_layers_alone():
    discriminator = projection_discriminator(ROW, 3, (8, 7, 6), dropout=0.3)

    kinds = [type(layer).__name__ for layer in discriminator.layers]
    rates = [
        layer.rate
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert rates == [0.3, 0.3]
    assert kinds.index("Dropout") > kinds.index("LeakyReLU")


def test_one_label_gives_as_many_results_as_there_is_noise():
    image_generator = conditional_generator((2, 2, 1), 3, 4, (8,))
    label = np.array([1, 1, 1, 2])
    noise = np.array([[0.5] * 3, [0.5] * 3, [-0.5] * 3, [0.5] * 3])

    first, same, other, of_other_label = image_generator.predict_on_batch(
        {"label": label, "noise": noise}
    )

    np.testing.assert_allclose(first, same, rtol=1e-6)
    assert not np.allclose(first, other, rtol=1e-3)
    assert not np.allclose(first, of_other_label, rtol=1e-3)


@pytest.mark.parametrize("name", ["_a.b-c", "income>50k"])
def test_a_name_that_is_not_refused_works(name, tmp_path):
    row_generator = tabular_augmenter(2, {name: 2}, 3, 4, (4,))
    row_generator.compile("sgd", "mse")
    data = {"label": np.zeros(3, "int32"), "noise": np.ones((3, 4))}
    targets = {"numbers": np.ones((3, 2)), name: np.ones((3, 2))}
    row_generator.train_on_batch(data, targets)

    row_generator.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")

    row = loaded.predict_on_batch(data)
    discriminator = projection_discriminator({name: (2,)}, 3, (4,))
    logits = discriminator.predict_on_batch(
        {"label": data["label"], name: row[name]}
    )
    assert logits.shape == (3, 1)


@pytest.mark.parametrize(
    ("head", "name", "least"),
    [
        (classes_head, "num_classes", 2),
        (binary_head, "num_labels", 1),
        (number_head, "num_values", 1),
        (classes_head, "units", 0),
        (binary_head, "units", 0),
        (number_head, "units", 0),
    ],
)
def test_a_head_refuses_what_is_no_size(head, name, least):
    options = {"num_classes": 3} if head is classes_head else {}
    for size in (least - 1, -1, 2.0, True, None, "3", (3,)):
        with pytest.raises(ContractError) as caught:
            head(keras.Input((4,)), **options | {name: size})

        (problem,) = caught.value.problems
        assert problem.where == f"{head.__name__}, {name}"
        assert problem.expected == f"a whole number, at least {least}"
        assert problem.received == f"{name}={size!r}"


def test_a_single_class_is_a_question_of_yes_or_no():
    words = "num_classes=1. Give how many; for one yes-or-no"
    with pytest.raises(ContractError, match=words):
        classes_head(keras.Input((4,)), 1)


@pytest.mark.parametrize("head", [classes_head, binary_head, number_head])
def test_a_head_takes_numbers_of_numpy(head):
    answer = head(keras.Input((4,)), np.int64(2), units=np.int32(8))

    assert answer.shape == (None, 2)
    assert type(answer._keras_history.operation.units) is int


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 9), (9, 1), (2, 2), (None, 1), (1, None)]
)
def test_an_image_of_any_size_has_features(size):
    image = keras.Input((*size, 2))
    model = keras.Model([image], image_branch(image, (4, 5, 6)))

    pixels = np.ones((3, *(length or 8 for length in size), 2))

    assert model.predict_on_batch(pixels).shape == (3, 6)


PLACES = np.zeros((3, 16, 14, 1), "float32")
PLACES[0, 5, 5] = PLACES[1, 9, 7] = 1  # one dot, here or there


def seen(pooling):
    """Features of one dot in two places, and of none."""
    image = keras.Input((16, 14, 1))
    keras.utils.set_random_seed(0)
    features = image_branch(image, (4, 5), pooling)
    return keras.Model([image], features).predict_on_batch(PLACES)


@pytest.mark.parametrize("pooling", ["max", "average", "flatten"])
def test_only_flat_features_tell_where_something_is(pooling):
    here, there, nowhere = seen(pooling)

    assert here.shape == ((8 * 7 * 5,) if pooling == "flatten" else (5,))
    assert np.allclose(here, there, atol=1e-6) == (pooling != "flatten")
    assert not np.allclose(here, nowhere, atol=1e-3)


def test_poolings_are_what_their_names_say():
    flat = seen("flatten").reshape(3, 8 * 7, 5)

    np.testing.assert_allclose(seen("max"), flat.max(1), atol=1e-6)
    np.testing.assert_allclose(seen("average"), flat.mean(1), atol=1e-6)


READERS = ("lstm", "mean", "transformer")
TEXTS = np.array([[1, 2, 3, 0, 0, 0], [4, 5, 0, 0, 0, 0], [6] * 6], "int32")


def reading(how, length=6, **options):
    """A text branch with weights that are all random."""
    text = keras.Input((length,), dtype="int32", name="text")
    model = keras.Model([text], text_branch(text, 9, how, 4, **options))
    rng = np.random.default_rng(0)
    model.set_weights(
        [rng.standard_normal(w.shape, "float32") for w in model.weights]
    )
    return model


@pytest.mark.parametrize("length", [6, None])
@pytest.mark.parametrize("how", ["lstm", "mean"])
def test_more_padding_changes_no_features(how, length):
    model, longer = reading(how, length), reading(how, length and 12)
    padded = np.pad(TEXTS, [(0, 0), (0, 6)])

    features = model.predict_on_batch(TEXTS)

    assert features.shape == (3, 4)
    np.testing.assert_allclose(
        longer.predict_on_batch(padded), features, atol=1e-6
    )


@pytest.mark.parametrize("how", READERS)
def test_what_stands_for_padding_does_not_leak(how):
    model = reading(how)
    features = model.predict_on_batch(TEXTS)
    table, *others = model.get_weights()
    is_padding = np.arange(9)[:, None] == 0

    model.set_weights([table + 5 * is_padding, *others])
    np.testing.assert_array_equal(model.predict_on_batch(TEXTS), features)
    model.set_weights([table + 5 * ~is_padding, *others])
    moved = model.predict_on_batch(TEXTS)
    assert (np.abs(moved - features).max(axis=1) > 1e-3).all()


def test_places_of_padding_do_not_leak():
    """What a transformer learned of the last places, in a short text."""
    model = reading("transformer")
    features = model.predict_on_batch(TEXTS)
    order = model.get_layer(index=2)

    (places,) = order.get_weights()
    order.set_weights([places + 5 * (np.arange(6)[:, None] > 2)])

    moved = model.predict_on_batch(TEXTS)
    np.testing.assert_allclose(moved[:2], features[:2], atol=1e-6)
    assert not np.allclose(moved[2], features[2], atol=1e-3)


@pytest.mark.parametrize("how", READERS)
def test_the_order_of_the_words_counts_but_for_the_mean(how):
    model = reading(how)
    turned = np.array([[3, 1, 2, 0, 0, 0]], "int32")

    features = model.predict_on_batch(TEXTS[:1])

    same = np.allclose(model.predict_on_batch(turned), features, atol=1e-5)
    assert same == (how == "mean")


@pytest.mark.parametrize("how", READERS)
def test_every_word_counts(how):
    """Also the first, and the last before padding."""
    model = reading(how)
    features = model.predict_on_batch(TEXTS)

    for place in (0, 1):
        other = TEXTS.copy()
        other[:2, place] = 8
        moved = model.predict_on_batch(other)
        assert (np.abs(moved - features)[:2].max(axis=1) > 1e-3).all()


def test_a_mean_is_that_of_the_words():
    model = reading("mean")
    (table,) = model.get_weights()

    np.testing.assert_allclose(
        model.predict_on_batch(TEXTS),
        [table[[1, 2, 3]].mean(0), table[[4, 5]].mean(0), table[6]],
        atol=1e-6,
    )


def tokens(*shape):
    return keras.Input(shape, dtype="int32")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: text_branch(tokens(6), 9, "gru"),
            "text_branch: expected how to be one of lstm, mean, transfo",
        ),
        (lambda: text_branch(tokens(6), 1), "num_tokens=1. Give how many"),
        (lambda: text_branch(tokens(6), 9.0), "num_tokens=9.0"),
        (lambda: text_branch(tokens(6), 9, width=0), "width=0. Give a"),
        (
            lambda: text_branch(tokens(None), 9, "transformer"),
            'texts of one length for how="transformer". Received: '
            r"\(batch, None\). Give the text a length",
        ),
        (
            lambda: text_branch(tokens(), 9),
            r"tokens \(batch, tokens\). Received: \(batch,\)",
        ),
        (
            lambda: text_branch(tokens(6, 2), 9, "transformer"),
            r"tokens \(batch, tokens\). Received: \(batch, 6, 2\)",
        ),
        (
            lambda: image_branch(keras.Input((8, 8, 1)), pooling="mean"),
            "image_branch: expected pooling to be one of max, average, fl",
        ),
    ],
)
def test_what_no_branch_can_read_is_refused(build, words):
    with pytest.raises(ContractError, match=words):
        build()


CLASSIFIER = dict(
    image_shape=(8, 6, 1), length=6, num_tokens=9, num_classes=3
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            dict(image_shape=(8, 6)),
            "classifier, image_shape: expected a tu",
        ),
        (dict(image_shape=8), "image_shape=8"),
        (dict(length=0), "length=0. .*None for any"),
        (dict(num_tokens=1), "num_tokens=1. Give how many ids"),
        (dict(num_classes=1), "num_classes=1. Give how many"),
        (dict(how="sum"), "how to be one of concatenate, add.*'sum'"),
        (dict(reader="gru"), "reader to be one of lstm, mean, tr.*'gru'"),
        (dict(pooling=None), "pooling to be one of .*pooling=None"),
        (dict(filters=()), r"filters=\(\)"),
        (dict(filters=32), "filters=32"),
        (dict(width=0), "image_text_classifier, width: expected"),
        (dict(width=2.0), "width=2.0"),
        (
            dict(length=None, reader="transformer"),
            "texts of one length.*Give the text a length, or read it in an",
        ),
        (dict(how="cross_attention"), "what asks, and a sequence"),
    ],
)
def test_no_classifier_is_built_of_impossible_choices(options, words):
    with pytest.raises(ContractError, match=words):
        image_text_classifier(**CLASSIFIER | options)


def test_a_classifier_tells_all_that_is_wrong_with_it_at_once():
    wrong = dict(length=0, reader="a", pooling="b", filters=3, width=0)

    with pytest.raises(ContractError) as caught:
        image_text_classifier(**CLASSIFIER | wrong | {"image_shape": 8})

    assert len(caught.value.problems) == 6
    assert all(
        problem.where.startswith("image_text_classifier")
        for problem in caught.value.problems
    )


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "average", "flatten"])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "how", ["concatenate", "add", "average", "multiply", "gated", "film"]
)
def test_an_answer_depends_on_image_and_text(how, reader, pooling):
    keras.utils.set_random_seed(0)
    choices = dict(how=how, reader=reader, pooling=pooling)
    model = image_text_classifier(
        **CLASSIFIER, **choices, filters=(4,), width=8
    )
    rng = np.random.default_rng(0)
    model.set_weights(
        [w + rng.standard_normal(w.shape) for w in model.get_weights()]
    )
    data = {"image": rng.random((3, 8, 6, 1), "float32"), "text": TEXTS}
    hidden = keras.Model(model.inputs, model.layers[-1].input)

    features = hidden.predict_on_batch(data)

    assert features.shape == (3, 8)
    for name in data:
        other = data | {name: data[name][[1, 2, 0]]}
        moved = np.abs(hidden.predict_on_batch(other) - features)
        assert moved.max() > 1e-2, name
    sums = model.predict_on_batch(data).sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-5)


@pytest.mark.parametrize("reader", READERS)
def test_a_classifier_takes_numbers_of_numpy(reader, tmp_path):
    n = np.int64
    model = image_text_classifier(
        (n(8), n(6), n(1)),
        n(6),
        n(9),
        n(3),
        reader=reader,
        filters=(n(2), n(3)),
        width=n(1),
    )

    model.save(tmp_path / "model.keras")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.output_shape == (None, 3)
