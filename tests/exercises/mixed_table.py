"""Answers to the sheet *Practice: numbers and categories*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_WORDS = "sorted({word for word in training if word is not None})"
_IDS = 'np.array([numbers.get(word, 1) for word in new], dtype="int32")'
_ADAPT = "    scale.adapt(training)\n"
_SCALE = "layers.Normalization()"
_VECTORS = "layers.Embedding(num_genres, 8)(genres)"
_TOTAL = "keras.ops.sum(vectors * there[:, :, None], axis=1)"
_HOT = (
    'layers.CategoryEncoding(num_genres, output_mode="multi_hot")'
    "(genres)[:, 1:]"
)

MUTANTS = {
    "mixed-table-1: a gap is a category": (
        "test",
        "A gap should get id 0; yours is",
        ("    numbers[None] = 0\n", ""),
    ),
    "mixed-table-1: an unknown category is a gap": (
        "test",
        "should be 1; yours is 0",
        ("numbers.get(word, 1)", "numbers.get(word, 0)"),
    ),
    "mixed-table-1: an unknown category stops it": (
        "test",
        "KeyError: 'air'",
        ("numbers.get(word, 1)", "numbers[word]"),
    ),
    "mixed-table-1: learned from the other rows": (
        "test",
        "should be 1; yours is 2",
        ("word in training if", "word in new if"),
    ),
    "mixed-table-1: numbered as the other rows come": (
        "test",
        "Only the training rows may",
        (
            _WORDS,
            "list(dict.fromkeys(\n"
            "        [word for word in new if word in training and word]\n"
            "        + [word for word in training if word]\n"
            "    ))",
        ),
    ),
    "mixed-table-1: holes": (
        "test",
        "'road' has id 5",
        ("place + 2", "3 * place + 2"),
    ),
    "mixed-table-1: the length of the word": (
        "test",
        "'road' and 'rail' have the same id",
        ("place + 2", "len(word) % 2 + 2"),
    ),
    "mixed-table-1: fractions": (
        "test",
        "yours is an array of float64",
        ('dtype="int32"', 'dtype="float64"'),
    ),
    "mixed-table-1: a list": (
        "test",
        "yours is a list",
        (_IDS, "[numbers.get(word, 1) for word in new]"),
    ),
    "mixed-table-1: a column": (
        "test",
        "yours are (7, 1)",
        ("    return np", "    return keras.ops.expand_dims"),
        (".expand_dims.array(", ".expand_dims("),
        (', dtype="int32")', ", 1).numpy()"),
    ),
    "mixed-table-1: a list that came in is sorted": (
        "test",
        "Leave both as they are",
        (_FIRST, f"{_FIRST}    new.sort(key=str)\n"),
    ),
    "mixed-table-1: five categories at most": (
        "hidden",
        "'g' and 'h' have the same id",
        ("place + 2", "min(place, 4) + 2"),
    ),
    "mixed-table-2: as it was": (
        "test",
        "in thousandths of the unit in training and in use, get other "
        "answers. What learns the scale",
        ("(scale(numbers))", "(numbers)"),
        (_ADAPT, ""),
        (f"    scale = {_SCALE}\n", ""),
    ),
    "mixed-table-2: a Normalization that has not learned": (
        "test",
        "although there is a Normalization",
        (_ADAPT, ""),
    ),
    "mixed-table-2: by batch": (
        "test",
        "BatchNormalization learns its scale while",
        (_SCALE, "layers.BatchNormalization()"),
        (_ADAPT, ""),
    ),
    "mixed-table-2: by row": (
        "test",
        "LayerNormalization takes mean and spread of each row",
        (_SCALE, "layers.LayerNormalization()"),
        (_ADAPT, ""),
    ),
    "mixed-table-2: by the rows beside it": (
        "test",
        "when it is alone in the batch",
        (
            "(scale(numbers))",
            "(numbers - keras.ops.mean(numbers, axis=0, keepdims=True))",
        ),
    ),
    "mixed-table-2: divided by the largest": (
        "test",
        "as Fahrenheit's",
        ("(scale(numbers))", "(numbers / training.max(axis=0))"),
    ),
    "mixed-table-2: one scale for all columns": (
        "test",
        "with one column in another unit",
        (
            "(scale(numbers))",
            "((numbers - training.mean()) / training.std())",
        ),
        (_ADAPT, ""),
        (f"    scale = {_SCALE}\n", ""),
    ),
    "mixed-table-2: a column is left out": (
        "test",
        "Column 0 of the numbers makes no difference",
        ("(scale(numbers))", "(scale(numbers)[:, 1:])"),
    ),
    "mixed-table-2: the category is left out": (
        "test",
        "The category makes no difference",
        ("layers.Flatten()(vector)", "0 * layers.Flatten()(vector)"),
    ),
    "mixed-table-2: names are missing": (
        "test",
        "should be called numbers and category",
        (', name="numbers"', ""),
    ),
    "mixed-table-2: three answers": (
        "test",
        "should be (24, 1); yours are (24, 3)",
        ("layers.Dense(1)(", "layers.Dense(3)("),
    ),
    "mixed-table-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "mixed-table-2: always six categories": (
        "hidden",
        "is not in [0, 6)",
        ("Embedding(num_categories", "Embedding(6"),
    ),
    "mixed-table-3: a mean over nothing": (
        "test",
        "A film without any genre gets NaN",
        ("num_genres, 8)", "num_genres, 8, mask_zero=True)"),
        (_TOTAL, "layers.GlobalAveragePooling1D()(vectors)"),
    ),
    "mixed-table-3: the padding counts": (
        "test",
        "What does the Embedding give for id 0?",
        (" * there[:, :, None]", ""),
    ),
    "mixed-table-3: padding is a genre": (
        "test",
        "id 0 is no genre",
        (_VECTORS, "keras.ops.one_hot(genres, num_genres)"),
        (" * there[:, :, None]", ""),
    ),
    "mixed-table-3: word by word": (
        "test",
        "order of the genres counts",
        ("num_genres, 8)", "num_genres, 8, mask_zero=True)"),
        (_TOTAL, "layers.LSTM(8)(vectors)"),
    ),
    "mixed-table-3: the first genre alone": (
        "test",
        "Genre 2 of a film makes no difference",
        (_TOTAL, "(vectors * there[:, :, None])[:, 0]"),
    ),
    "mixed-table-3: genres are left out": (
        "test",
        "Genre 1 of a film makes no difference",
        ("[numbers, total]", "[numbers, 0 * total]"),
    ),
    "mixed-table-3: numbers are left out": (
        "test",
        "Column 0 of the numbers makes no difference",
        ("[numbers, total]", "[0 * numbers, total]"),
    ),
    "mixed-table-3: any number": (
        "test",
        "which activation keeps it there",
        (', activation="sigmoid")', ")"),
    ),
    "mixed-table-3: four places": (
        "test",
        "takes (None, 4) only",
        ("keras.Input((None,)", "keras.Input((4,)"),
    ),
    "mixed-table-3: not compiled": (
        "test",
        "The model is not compiled",
        ('    model.compile("adam", "mse")\n', ""),
    ),
    "mixed-table-3: a step that does nothing": (
        "test",
        "the answers are as before",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "mixed-table-3: a loss for classes": (
        "test",
        "A step of training stops",
        ('"mse"', '"no such loss"'),
    ),
    "mixed-table-3: always twelve ids": (
        "hidden",
        "is not in [0, 12)",
        ("Embedding(num_genres", "Embedding(12"),
    ),
    "mixed-table-2: two categories are one": (
        "test",
        "category 1 and category 2",
        (
            "(num_categories, 4)(category)",
            "(2, 4)(keras.ops.minimum(category, 1))",
        ),
    ),
    "mixed-table-2: the training rows are changed": (
        "test",
        "rows that came in are changed",
        (
            "scale.adapt(training)",
            ("scale.adapt(training)\n    training -= 1"),
        ),
    ),
    "mixed-table-3: id 1 is nothing": (
        "test",
        "genres 0 and genres 1",
        ("genres > 0", "genres > 1"),
    ),
    "mixed-table-3: a loss of logits": (
        "test",
        "If 0.25 is right",
        ('"mse"', "keras.losses.BinaryCrossentropy(from_logits=True)"),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "mixed-table-1: a layer of Keras": (
        (
            _FIRST,
            f"{_FIRST}"
            '    lookup = layers.StringLookup(mask_token="")\n'
            '    lookup.adapt([word or "" for word in training])\n'
            '    return np.asarray(lookup([word or "" for word in new]))\n',
        ),
    ),
    "mixed-table-1: the encoder of the companion": (
        (
            _FIRST,
            f"{_FIRST}"
            "    from companion import TableEncoder\n\n"
            '    encoder = TableEncoder(categories=["way"])\n'
            '    encoder.adapt({"way": np.array(training, object)})\n'
            '    return encoder({"way": np.array(new, object)})["way"]\n',
        ),
    ),
    "mixed-table-1: the categories of pandas": (
        (
            _FIRST,
            f"{_FIRST}"
            "    import pandas as pd\n\n"
            "    names = pd.Categorical(training).categories\n"
            "    codes = pd.Categorical(\n"
            "        [w if w in training else None for w in new], names\n"
            "    ).codes\n"
            "    gap = np.array([word is None for word in new])\n"
            "    return np.where(gap, 0, codes.astype(int) + 2)\n",
        ),
    ),
    "mixed-table-2: constants": (
        (
            "(scale(numbers))",
            "((numbers - training.mean(axis=0)) / training.std(axis=0))",
        ),
    ),
    "mixed-table-2: from 0 to 1": (
        (
            "(scale(numbers))",
            "((numbers - training.min(axis=0)) / np.ptp(training, axis=0))",
        ),
    ),
    "mixed-table-2: adapted by the companion, ids one axis long": (
        (
            "    scale = layers.Normalization()\n",
            "    from companion import adapted\n\n"
            "    scale = adapted(layers.Normalization(), training)\n",
        ),
        (_ADAPT, ""),
        ("keras.Input((1,), dt", "keras.Input((), dt"),
        ("layers.Flatten()(vector)", "vector"),
    ),
    "mixed-table-2: one-hot inside the model": (
        (
            "layers.Embedding(num_categories, 4)(category)",
            'layers.CategoryEncoding(num_categories, "one_hot")(category)',
        ),
    ),
    "mixed-table-3: several hot": ((_TOTAL, _HOT),),
    "mixed-table-3: a mean over one genre at least": (
        (
            _TOTAL,
            "keras.ops.sum(vectors * there[:, :, None], axis=1)"
            " / keras.ops.maximum(\n"
            "        keras.ops.sum(there, axis=1, keepdims=True), 1\n"
            "    )",
        ),
    ),
    "mixed-table-3: the largest response to a genre": (
        (
            _TOTAL,
            "keras.ops.max(\n"
            "        keras.ops.relu(layers.Dense(8)(vectors) + 3)\n"
            "        * there[:, :, None],\n"
            "        axis=1,\n"
            "    ) + keras.ops.sum(vectors * there[:, :, None], axis=1)",
        ),
    ),
    "mixed-table-3: another loss": (
        (
            '"mse"',
            'keras.losses.BinaryCrossentropy(), metrics=["mae"]',
        ),
    ),
    "mixed-table-1: ids of one byte": (('dtype="int32"', 'dtype="uint8"'),),
    "mixed-table-2: a class of its own": (
        (
            (
                "    return keras.Model([numbers, category], "
                "layers.Dense(1)(merged))"
            ),
            (
                "    class Own(keras.Model):\n"
                "        def __init__(self):\n"
                "            super().__init__()\n"
                "            self.hidden = layers.Dense(16, "
                'activation="relu")\n'
                "            self.vectors = "
                "layers.Embedding(num_categories, 4)\n"
                "            self.answer = layers.Dense(1)\n"
                "\n"
                "        def call(self, inputs):\n"
                "            vectors = "
                'self.vectors(inputs["category"])[:, 0]\n'
                "            hidden = "
                'self.hidden(scale(inputs["numbers"]))\n'
                "            both = keras.ops.concatenate([hidden, "
                "vectors], axis=1)\n"
                "            return self.answer(both)\n"
                "\n"
                "    return Own()"
            ),
        ),
    ),
}
