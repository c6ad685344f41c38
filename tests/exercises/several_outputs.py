"""Answers to the sheet *Practice: several outputs*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_WEIGHTS = "np.array([per_class.get(int(b), 1.0) for b in bands])"
_BY_LOGITS = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"

MUTANTS = {
    "several-outputs-1: the loss itself": (
        "test",
        "A larger loss gets a larger weight",
        ("float(1 / loss)", "float(loss)"),
    ),
    "several-outputs-1: the standard deviation": (
        "test",
        "and you use the spread (std)",
        ("values.var()", "values.std()"),
    ),
    "several-outputs-1: the mean square": (
        "test",
        "the mean of the labels, not 0",
        ("values.var()", "np.mean(values**2)"),
    ),
    "several-outputs-1: logarithm to the base of 2": (
        "test",
        "Keras takes the natural logarithm",
        ("np.log(", "np.log2("),
    ),
    "several-outputs-1: all classes equally common": (
        "test",
        "The classes are not equally common",
        ("counts / counts.sum()", "np.ones(len(counts)) / len(counts)"),
    ),
    "several-outputs-1: class numbers as amounts": (
        "test",
        "A class number is no amount",
        ('values.dtype.kind in "iu"', "False"),
    ),
    "several-outputs-1: numbers of NumPy": (
        "test",
        "write float(...)",
        ("float(1 / loss)", "1 / loss"),
    ),
    "several-outputs-1: by the number of classes": (
        "test",
        "should be the same for all. Yours: price",
        ("-np.sum(share * np.log(share))", "len(counts)"),
    ),
    "several-outputs-1: without names": (
        "test",
        "a weight for each of",
        ("return weights", "return list(weights.values())"),
    ),
    "several-outputs-1: below 0": (
        "test",
        "it should be above 0",
        ("-np.sum(", "np.sum("),
    ),
    "several-outputs-1: a class that never occurs": (
        "hidden",
        "A class that never occurs",
        (
            "_, counts = np.unique(values, return_counts=True)",
            "counts = np.bincount(values)",
        ),
    ),
    "several-outputs-2: margins of rare bands count more": (
        "test",
        "The margins count once",
        ("np.ones(len(margins))", "band_weights"),
    ),
    "several-outputs-2: no weights of margins": (
        "test",
        "sample_weight needs an array for each output",
        ('            "margin": np.ones(len(margins)),\n', ""),
    ),
    "several-outputs-2: margins do not count": (
        "test",
        "Each weight of a margin should be 1",
        ("np.ones(len(margins))", "np.zeros(len(margins))"),
    ),
    "several-outputs-2: all bands count once": (
        "test",
        "All bands count the same",
        (_WEIGHTS, "np.ones(len(bands))"),
    ),
    "several-outputs-2: the inverse": (
        "test",
        "should have the weight",
        (_WEIGHTS, f"1 / {_WEIGHTS}"),
    ),
    "several-outputs-2: a weight for each class": (
        "test",
        "there are 4",
        (_WEIGHTS, "np.array([*per_class.values()])"),
    ),
    "several-outputs-2: the name of an argument": (
        "test",
        "the keys y and sample_weight",
        ('"sample_weight"', '"sample_weights"'),
    ),
    "several-outputs-2: the labels are weighted": (
        "test",
        "The labels under margin should stay",
        ('"margin": margins}', '"margin": 2 * margins}'),
    ),
    "several-outputs-2: every class is listed": (
        "hidden",
        "Your fit_arguments stops in line",
        ("per_class.get(int(b), 1.0)", "per_class[int(b)]"),
    ),
    "several-outputs-3: an input without a name": (
        "test",
        "The inputs should be called image and numbers",
        (', name="numbers"', ""),
    ),
    "several-outputs-3: no softmax": (
        "test",
        "probabilities that add up to 1",
        ("classes_head(features, 6)", "number_head(features, 6)"),
    ),
    "several-outputs-3: two softmaxes": (
        "test",
        "takes the answers for logits",
        ('"sparse_categorical_crossentropy"', _BY_LOGITS),
    ),
    "several-outputs-3: the image is left out": (
        "test",
        "do not depend on the input image",
        (
            "fuse([image_branch(image), dense_branch(scaled)])",
            "dense_branch(scaled)",
        ),
    ),
    "several-outputs-3: no return": (
        "test",
        "Your build gives back nothing",
        ("    return model\n", ""),
    ),
    "several-outputs-3: outputs without names": (
        "test",
        "so that band and price go by name",
        (
            "image, numbers], answers",
            "image, numbers], [*answers.values()]",
        ),
    ),
    "several-outputs-3: five bands": (
        "test",
        "Six probabilities and one number",
        ("features, 6", "features, 5"),
    ),
    "several-outputs-3: not compiled": (
        "test",
        "not compiled",
        ("model.compile(", "dict("),
    ),
    "several-outputs-3: one loss for both": (
        "test",
        "a loss of its own",
        (
            '{"band": "sparse_categorical_crossentropy", "price": "mse"}',
            '"mse"',
        ),
    ),
    "several-outputs-3: the one-hot loss for class numbers": (
        "test",
        "Bands are class numbers",
        ("sparse_", ""),
    ),
    "several-outputs-3: a loss of classes for the price": (
        "test",
        "A price is a number",
        ("mse", "binary_crossentropy"),
    ),
    "several-outputs-3: no loss weights": (
        "test",
        "Give each output a loss weight",
        ('loss_weights={"band": 1, "price": 0.1},', ""),
    ),
    "several-outputs-3: loss weights swapped": (
        "test",
        "which of the two has to be held back",
        ('"band": 1, "price": 0.1', '"band": 0.1, "price": 1'),
    ),
    "several-outputs-3: NaN is left in": (
        "test",
        "0 times NaN is NaN",
        ("np.where(known, prices, 0)", "prices"),
    ),
    "several-outputs-3: the band has no weight either": (
        "test",
        "Every band is known",
        ("np.ones(len(bands))", "known.astype(float)"),
    ),
    "several-outputs-3: rows are dropped": (
        "test",
        " are left under price",
        ("np.where(known, prices, 0)", "prices[known]"),
        ("known.astype(float)", "np.ones(known.sum())"),
    ),
    "several-outputs-3: an unknown price has a weight": (
        "test",
        "and 0 if not",
        ("known.astype(float)", "np.ones(len(bands))"),
    ),
    "several-outputs-3: the prices are overwritten": (
        "test",
        "Copy them",
        ("targets =", "prices[~known] = 0\n    targets ="),
    ),
    "several-outputs-3: prices are rounded": (
        "test",
        "should stay as they are",
        (
            "np.where(known, prices, 0)",
            "np.where(known, prices, 0).round()",
        ),
    ),
    "several-outputs-3: no key for the band": (
        "test",
        "Both dicts need band and price",
        ('{"band": np.ones(len(bands)), ', "{"),
    ),
    "several-outputs-3: weights for a hundred rows": (
        "hidden",
        "Of 37 rows 100 are left",
        ("np.ones(len(bands))", "np.ones(100)"),
    ),
    "several-outputs-1: the first output has the classes": (
        "hidden",
        "Yours: age",
        ('values.dtype.kind in "iu"', "name == list(labels)[0]"),
        ("values.var()", "np.var(values)"),
    ),
    "several-outputs-1: the labels are changed": (
        "test",
        "labels that came in are changed",
        (
            "loss = values.var()",
            (
                "values -= values.mean()\n"
                "            loss = np.mean(values**2)"
            ),
        ),
    ),
    "several-outputs-2: weights as texts": (
        "test",
        "The weights under band should be numbers",
        ('"band": band_weights', '"band": band_weights.astype(str)'),
    ),
    "several-outputs-3: an infinity": (
        "test",
        "There is infinity under price",
        ("np.where(known, prices, 0)", "np.where(known, prices, np.inf)"),
    ),
    "several-outputs-3: a text": (
        "test",
        "What is under price should be numbers",
        ("np.where(known, prices, 0)", 'np.where(known, prices, "lost")'),
    ),
    "several-outputs-3: a price below 1": (
        "test",
        "gives no price above 1",
        (
            "number_head(features)",
            'keras.layers.Dense(1, activation="sigmoid")(features)',
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "several-outputs-1: the first output has the weight 1": (
        (
            "    return weights",
            "    first = next(iter(weights.values()))\n"
            "    return {n: w / first for n, w in weights.items()}",
        ),
    ),
    "several-outputs-1: by Keras": (
        (
            "-np.sum(share * np.log(share))",
            "keras.losses.CategoricalCrossentropy()("
            "share[None], share[None])",
        ),
    ),
    "several-outputs-1: by a mean of squares": (
        ("values.var()", "((values - values.mean()) ** 2).mean()"),
    ),
    "several-outputs-2: by a table of weights": (
        (
            _WEIGHTS,
            "np.ones(1 + max([*per_class, *bands]))\n"
            "    band_weights[list(per_class)] = list(per_class.values())\n"
            "    band_weights = band_weights[bands]",
        ),
    ),
    "several-outputs-2: weights as columns": (
        (_WEIGHTS, f"{_WEIGHTS}[:, None]"),
    ),
    "several-outputs-2: one class after the other": (
        (
            _WEIGHTS,
            "np.ones(len(bands), 'float32')\n"
            "    for number, weight in per_class.items():\n"
            "        band_weights[bands == number] = weight",
        ),
    ),
    "several-outputs-3: class numbers as a column": (
        ('"band": bands,', '"band": bands[:, None],'),
    ),
    "several-outputs-3: weights as columns": (
        ("known.astype(float)", "known.astype(float)[:, None]"),
    ),
    "several-outputs-3: the mean over the known": (
        ("known.astype(float)", "known / known.mean()"),
    ),
    "several-outputs-3: outputs named by their layers": (
        (
            "classes_head(features, 6)",
            "keras.layers.Dense(6, 'softmax', name='band')(features)",
        ),
        (
            "number_head(features)",
            "keras.layers.Dense(1, name='price')(features)",
        ),
        ("numbers], answers", "numbers], list(answers.values())"),
    ),
    "several-outputs-3: an absolute error, an object": (
        ('"mse"', "keras.losses.MeanAbsoluteError()"),
    ),
    "several-outputs-2: no weights for margins": (
        ("np.ones(len(margins))", "None"),
    ),
    "several-outputs-3: a loss of its own": (
        (
            "def build():\n",
            "def squared(right, said):\n"
            "    return keras.ops.mean((right - said) ** 2, axis=-1)\n\n\n"
            "def build():\n",
        ),
        ('"price": "mse"', '"price": squared'),
    ),
    "several-outputs-3: a class of its own": (
        (
            "    model = keras.Model([image, numbers], answers)\n",
            (
                "    class Own(keras.Model):\n"
                "        def __init__(self):\n"
                "            super().__init__()\n"
                "            self.flat = keras.layers.Flatten()\n"
                "            self.band = keras.layers.Dense(6, "
                'activation="softmax")\n'
                "            self.price = keras.layers.Dense(1)\n"
                "\n"
                "        def call(self, inputs):\n"
                '            parts = [self.flat(inputs["image"]), '
                'inputs["numbers"] / 1000]\n'
                "            both = keras.ops.concatenate(parts, "
                "axis=1)\n"
                '            return {"band": self.band(both), '
                '"price": self.price(both)}\n'
                "\n"
                "    model = Own()\n"
            ),
        ),
    ),
}
