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
        "compare the list that keras.Model gets",
        ("[image, numbers, express]", "[image, numbers]"),
    ),
    "several-inputs-1: an input is left out": (
        "test",
        "The inputs should be called",
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
    "several-inputs-2: the names still exchanged": (
        "test",
        "Under image you feed (8000, 2);",
        ('"image": parcels.images', '"image": parcels.numbers'),
        ('"numbers": parcels.numbers', '"numbers": parcels.images'),
    ),
    "several-inputs-2: a name of its own": (
        "test",
        "has an input called numbers",
        ('"numbers"', '"number"'),
    ),
    "several-inputs-2: the columns still exchanged": (
        "test",
        "print one row",
        ("parcels.numbers", "parcels.numbers[:, ::-1]"),
    ),
    "several-inputs-2: no axis for the channels": (
        "test",
        "Under image you feed (8000, 8, 8);",
        ("parcels.images", "parcels.images[..., 0]"),
    ),
    "several-inputs-2: nothing is given back": (
        "test",
        "does it end with `return`?",
        ("return {", "batch = {"),
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
        "Every parcel gets 1",
        (
            "binary_head(features)",
            'keras.layers.Dense(1, activation="softmax")(features)',
        ),
    ),
    "several-inputs-3: two probabilities": (
        "test",
        "One probability of yes for each",
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
        "your loss asks 0.96",
        ("binary_crossentropy", "mse"),
    ),
    "several-inputs-3: the loss for classes": (
        "test",
        "your loss asks 1.19e-07",
        ("binary_crossentropy", "categorical_crossentropy"),
    ),
    "several-inputs-3: the loss takes logits": (
        "test",
        "your loss asks 0.683",
        (
            '"binary_crossentropy"',
            "keras.losses.BinaryCrossentropy(from_logits=True)",
        ),
    ),
    "several-inputs-3: the image leads nowhere": (
        "test",
        "Whatever image says",
        ("image_branch(image)", "0 * image_branch(image)"),
    ),
    "several-inputs-3: an input without a name": (
        "test",
        "The inputs should be called image and numbers",
        ('(2,), name="numbers"', "(2,)"),
    ),
    "several-inputs-3: the model is not given back": (
        "test",
        "does it end with `return`?",
        ("    return model\n", ""),
    ),
    "several-inputs-3: the share as a text": (
        "test",
        "one number, a share",
        ("(parcels.bands < 3).mean()", '"most of them"'),
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
    "several-inputs-1: a class of its own": (
        "test",
        "The inputs should be {",
        (
            ("    return keras.Model([image, numbers, express], band)"),
            (
                "    class Own(keras.Model):\n"
                "        def call(self, inputs):\n"
                "            return "
                'keras.ops.softmax(inputs["image"][:, 0, :6, 0])\n'
                "\n"
                "    return Own()"
            ),
        ),
    ),
    "several-inputs-2: the images are changed": (
        "test",
        "The rows of image are not those",
        ("    return {", ("    parcels.images[:] = 0\n    return {")),
    ),
    "several-inputs-2: what sorting gives back": (
        "test",
        "NumPy reads yours as object",
        ('"numbers": parcels.numbers', '"numbers": parcels.numbers.sort()'),
    ),
}

#: Other answers that are as good.
ALSO_RIGHT = {
    "several-inputs-1: the inputs in another order": (
        ("[image, numbers, express]", "[express, image, numbers]"),
    ),
    "several-inputs-1: a table of two rows for express": (
        (
            "dense_branch(express)",
            "keras.layers.Flatten()(keras.layers.Embedding(2, 4)(express))",
        ),
    ),
    "several-inputs-1: everything flat in one layer": (
        (
            "    branches = [image_branch(image), dense_branch(numbers)]\n",
            "",
        ),
        (
            "fuse([*branches, dense_branch(express)])",
            "keras.layers.Concatenate()("
            "[keras.layers.Flatten()(image), numbers, express])",
        ),
    ),
    "several-inputs-1: softmax as a layer of its own": (
        (
            "classes_head(features, 6)",
            "keras.layers.Softmax()(keras.layers.Dense(6)(features))",
        ),
    ),
    "several-inputs-2: the names in another order": (
        (
            '{"image": parcels.images, "numbers": parcels.numbers}',
            '{"numbers": parcels.numbers, "image": parcels.images}',
        ),
    ),
    "several-inputs-2: what the parcels call their inputs": (
        (
            '{"image": parcels.images, "numbers": parcels.numbers}',
            "parcels.inputs",
        ),
    ),
    "several-inputs-2: as float64": (
        ("parcels.numbers", 'parcels.numbers.astype("float64")'),
    ),
    "several-inputs-3: targets are true or false": (
        ('.astype("float32")', ""),
    ),
    "several-inputs-3: the loss as an object": (
        ('"binary_crossentropy"', "keras.losses.BinaryCrossentropy()"),
    ),
    "several-inputs-3: the loss in a list": (
        ('"binary_crossentropy"', '["binary_crossentropy"]'),
    ),
    "several-inputs-3: a sigmoid written out": (
        (
            "binary_head(features)",
            "keras.ops.sigmoid(keras.layers.Dense(1)(features))",
        ),
    ),
}
