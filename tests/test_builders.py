import keras
import numpy as np
import pytest

from companion import (
    ContractError,
    binary_head,
    classes_head,
    conditional_generator,
    image_branch,
    number_head,
    projection_discriminator,
    tabular_augmenter,
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
