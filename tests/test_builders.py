import keras
import numpy as np
import pytest

from companion import (
    ContractError,
    conditional_generator,
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
                "categories: expected names of their own. Received: a "
                f"category called {name}. Rename it",
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
            lambda: projection_discriminator({"label": (), **ROW}),
            "Received: shapes for label, numbers",
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
