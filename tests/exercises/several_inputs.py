"""Wrong answers to the sheet *Practice: several inputs*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
"""

MUTANTS = {
    "several-inputs-1: an input has no name": (
        "test",
        "needs a name",
        ('(1,), name="express"', "(1,)"),
    ),
    "several-inputs-1: an input is not in the list": (
        "test",
        "keras.Model does not know it",
        ("[image, numbers, express]", "[image, numbers]"),
    ),
    "several-inputs-1: an input is left out": (
        "test",
        "The inputs should be",
        ("[*branches, dense_branch(express)]", "branches"),
        ("[image, numbers, express]", "[image, numbers]"),
    ),
    "several-inputs-1: the third branch leads nowhere": (
        "test",
        "Whatever express says",
        ("[*branches, dense_branch(express)]", "branches"),
    ),
    "several-inputs-1: built on a dict": (
        "test",
        "built on a dict",
        (
            "[image, numbers, express]",
            '{"image": image, "numbers": numbers, "express": express}',
        ),
    ),
    "several-inputs-1: no softmax": (
        "test",
        "are no probabilities",
        ("classes_head(features, 6)", "keras.layers.Dense(6)(features)"),
    ),
    "several-inputs-1: too few classes": (
        "test",
        "six bands need",
        ("features, 6", "features, 5"),
    ),
    "several-inputs-2: only the image is mended": (
        "test",
        "has an input called numbers",
        ('"numbers"', '"number"'),
    ),
    "several-inputs-2: only the name is mended": (
        "test",
        "one axis more",
        ("parcels.images", "parcels.images[..., 0]"),
    ),
    "several-inputs-2: the axis at the wrong end": (
        "test",
        "not at the end",
        ("parcels.images", "parcels.images[:, None, ..., 0]"),
    ),
    "several-inputs-2: the zones are fed along": (
        "test",
        "gives the answer away",
        (
            '"numbers": parcels.numbers',
            '"numbers": parcels.numbers, "zone": parcels.zones',
        ),
    ),
    "several-inputs-2: only the first 8,000 rows": (
        "hidden",
        "8000 rows of numbers",
        ("parcels.numbers", "parcels.numbers[:8000]"),
    ),
    "several-inputs-2: always the training parcels": (
        "hidden",
        "8000 rows of image",
        ("parcels.images", "train.images"),
        ("parcels.numbers", "train.numbers"),
    ),
    "several-inputs-2: the numbers in another order": (
        "test",
        "The rows of numbers are not those",
        ("parcels.numbers", "parcels.numbers[::-1]"),
    ),
    "several-inputs-3: targets without a last axis": (
        "test",
        "Give the targets a last axis",
        ("[:, None]", ""),
    ),
    "several-inputs-3: more than 3, not at least": (
        "test",
        "of band 3 or more come out as 0",
        ("bands >= 3", "bands > 3"),
    ),
    "several-inputs-3: the bands as targets": (
        "test",
        "should be 0 and 1",
        ("(parcels.bands >= 3)", "parcels.bands"),
    ),
    "several-inputs-3: softmax over one unit": (
        "test",
        "always 1",
        (
            "binary_head(features)",
            'keras.layers.Dense(1, activation="softmax")(features)',
        ),
    ),
    "several-inputs-3: two probabilities": (
        "test",
        "One probability of yes is enough",
        ("binary_head(features)", "classes_head(features, 2)"),
    ),
    "several-inputs-3: no activation": (
        "test",
        "lets others through",
        (
            "binary_head(features)",
            "keras.layers.Rescaling(9, 9)(binary_head(features))",
        ),
    ),
    "several-inputs-3: mean squared error": (
        "test",
        "The loss mean_squared_error",
        ("binary_crossentropy", "mse"),
    ),
    "several-inputs-3: the loss for classes": (
        "test",
        "The loss categorical_crossentropy",
        ("binary_crossentropy", "categorical_crossentropy"),
    ),
    "several-inputs-3: not compiled": (
        "test",
        "not compiled",
        (
            'model.compile(optimizer="adam", loss="binary_crossentropy")',
            "",
        ),
    ),
    "several-inputs-3: always no is a half": (
        "test",
        "always_no gives 0.5. ",
        ("(parcels.bands < 3).mean()", "0.5"),
    ),
    "several-inputs-3: the share of yes": (
        "test",
        "you want that of no",
        ("bands < 3", "bands >= 3"),
    ),
    "several-inputs-3: the share in the training parcels": (
        "hidden",
        "always_no gives 0.7",
        ("(parcels.bands < 3)", "(train.bands < 3)"),
    ),
}
