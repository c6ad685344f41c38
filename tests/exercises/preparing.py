"""Answers to the sheet *Practice: preparing inputs*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_MEAN = "    return mean, squares / count - mean**2"
_SCALE = 'scale.adapt(train.map(lambda inputs, bands: inputs["numbers"]))'
_WORDS = 'lookup.adapt(train.map(lambda inputs, bands: inputs["region"]))'

MUTANTS = {
    "preparing-1: the mean of the means": (
        "test",
        "the mean of the batches' means",
        ("count += len(batch)", "count += 1"),
        ("batch.sum(axis=0)", "batch.mean(axis=0)"),
        ("(batch**2).sum(axis=0)", "(batch**2).mean(axis=0)"),
    ),
    "preparing-1: the standard deviation": (
        "test",
        "yours is the standard deviation",
        ("squares / count - mean**2", "(squares / count - mean**2) ** 0.5"),
    ),
    "preparing-1: within batches alone": (
        "test",
        "how rows differ within a batch",
        ("(batch**2).sum(axis=0)", "len(batch) * batch.var(axis=0)"),
        ("squares / count - mean**2", "squares / count"),
    ),
    "preparing-1: one row less": (
        "test",
        "You divide by one row less",
        (
            "squares / count - mean**2",
            "(squares - count * mean**2) / (count - 1)",
        ),
    ),
    "preparing-1: one number for all columns": (
        "test",
        "3 numbers each",
        ("mean = total / count", "mean = np.mean(total / count)"),
        ("squares / count - mean**2", "np.mean(squares) / count - mean**2"),
    ),
    "preparing-1: the mean alone": (
        "test",
        "Give back two arrays",
        (_MEAN, "    return mean"),
    ),
    "preparing-1: the first batch is skipped": (
        "test",
        "Your mean is not that of all rows",
        (
            "for batch in batches:",
            "next(batches)\n    for batch in batches:",
        ),
    ),
    "preparing-1: variance around 0": (
        "test",
        "Your variance is not that of all rows",
        ("squares / count - mean**2", "squares / count"),
    ),
    "preparing-2: all batches": (
        "test",
        "The scale is that of all batches",
        ("dataset.take(num_train)", "dataset"),
    ),
    "preparing-2: the vocabulary of all batches": (
        "test",
        "a word of the test rows",
        (_WORDS, _WORDS.replace("train.map", "dataset.map")),
    ),
    "preparing-2: the first batch": (
        "test",
        "that of the first batch alone",
        (_SCALE, _SCALE.replace("train.map", "train.take(1).map")),
    ),
    "preparing-2: words of the first batches": (
        "test",
        "which training rows have",
        (_WORDS, _WORDS.replace("train.map", "train.take(1).map")),
    ),
    "preparing-2: one batch after the other": (
        "test",
        "each `adapt` begins anew",
        (
            _SCALE,
            "for inputs, _ in train:\n"
            '        scale.adapt(inputs["numbers"].numpy())',
        ),
    ),
    "preparing-2: never adapted": (
        "test",
        "it never learned",
        (_SCALE, "pass"),
    ),
    "preparing-2: layers under other names": (
        "test",
        "a dict of two layers, numbers and region",
        ('"region": lookup}', '"words": lookup}'),
    ),
    "preparing-2: as in the message": (
        "test",
        "has no attribute 'shape'",
        (_SCALE, "scale.adapt(train)"),
    ),
    "preparing-2: always three batches": (
        "hidden",
        "does not scale by the training rows",
        ("take(num_train)", "take(3)"),
    ),
    "preparing-3: grams as they are": (
        "test",
        "measured in another unit",
        ("[scale(numbers), ", "[numbers, "),
    ),
    "preparing-3: the region is not read": (
        "test",
        "With every word changed",
        ("lookup(region)]", "0.0 * lookup(region)]"),
    ),
    "preparing-3: an unknown word stops it": (
        "test",
        "Your model stops",
        ("StringLookup(", "StringLookup(num_oov_indices=0, "),
    ),
    "preparing-3: not compiled": (
        "test",
        "The model is not compiled",
        (
            'model.compile("adam", "sparse_categorical_crossentropy")',
            "pass",
        ),
    ),
    "preparing-3: no probabilities": (
        "test",
        "Three probabilities per row",
        (', activation="softmax"', ""),
    ),
    "preparing-3: inputs without names": (
        "test",
        "The inputs should be called",
        (', name="numbers"', ', name="table"'),
    ),
    "preparing-1: always three columns": (
        "hidden",
        "could not be broadcast",
        (
            "count, total, squares = 0, 0.0, 0.0",
            "count, total, squares = 0, np.zeros(3), 0.0",
        ),
    ),
    "preparing-1: texts": (
        "test",
        "The means should be numbers",
        ("return mean, squares", "return mean.astype(str), squares"),
    ),
    "preparing-2: a layer of another kind": (
        "test",
        "A StringLookup is asked for",
        ("layers.StringLookup()", "layers.TextVectorization()"),
    ),
    "preparing-3: a column is not read": (
        "test",
        "Column 1 of the numbers",
        ("[scale(numbers), ", "[scale(numbers)[:, :1], "),
    ),
    "preparing-3: two softmaxes": (
        "test",
        "cross-entropy asks",
        (
            '"sparse_categorical_crossentropy"',
            (
                "keras.losses.SparseCategoricalCrossentropy(from_logi"
                "ts=True)"
            ),
        ),
    ),
    "preparing-3: the rows that came in are changed": (
        "test",
        "that came in are changed",
        (
            'scale.adapt(train["numbers"])',
            ('scale.adapt(train["numbers"])\n    train["numbers"] -= 1'),
        ),
    ),
}

ALSO_RIGHT = {
    "preparing-1: all in one pass, shifted": (
        (
            _MEAN,
            "    wide = squares / count - 2 * mean * total / count\n"
            "    return mean, wide + mean**2",
        ),
    ),
    "preparing-1: all rows at once": (
        (
            "    count, total, squares = 0, 0.0, 0.0\n",
            "    rows = np.concatenate(list(batches))\n"
            "    return [rows.mean(axis=0), rows.var(axis=0)]\n"
            "    count, total, squares = 0, 0.0, 0.0\n",
        ),
    ),
    "preparing-1: by the mean of squares around the first row": (
        (
            "    count, total, squares = 0, 0.0, 0.0\n",
            "    count, total, squares, zero = 0, 0.0, 0.0, None\n",
        ),
        (
            '        batch = np.asarray(batch, "float64")\n',
            "        zero = batch[:1] if zero is None else zero\n"
            "        batch = batch - zero\n",
        ),
        (
            "return mean, squares",
            "return mean + zero[0], squares",
        ),
    ),
    "preparing-2: from arrays": (
        (
            _SCALE,
            "rows = np.concatenate("
            '[x["numbers"] for x, _ in train.as_numpy_iterator()])\n'
            "    scale.adapt(rows)",
        ),
    ),
    "preparing-2: a scale that is given": (
        (
            "    scale = layers.Normalization()\n",
            "    rows = np.concatenate("
            '[x["numbers"] for x, _ in train.as_numpy_iterator()])\n'
            "    scale = layers.Normalization(\n"
            "        mean=rows.mean(axis=0), variance=rows.var(axis=0)\n"
            "    )\n",
        ),
        (_SCALE, "pass"),
    ),
    "preparing-2: unbatched": (
        (_WORDS, _WORDS.replace("train.map", "train.unbatch().map")),
    ),
    "preparing-3: an embedding": (
        ('StringLookup(output_mode="one_hot")', "StringLookup()"),
        ("lookup(region)]", "layers.Embedding(9, 4)(lookup(region))]"),
    ),
    "preparing-3: scaled by Rescaling": (
        ("layers.Normalization()", "None"),
        (
            'scale.adapt(train["numbers"])',
            'mean = train["numbers"].mean(axis=0)\n'
            '    std = train["numbers"].std(axis=0)\n'
            "    scale = layers.Rescaling(\n"
            "        (1 / std).tolist(), (-mean / std).tolist()\n"
            "    )",
        ),
    ),
    "preparing-3: the inputs in another order, the loss as an object": (
        ("[numbers, region], answer", "[region, numbers], answer"),
        (
            '"sparse_categorical_crossentropy"',
            "keras.losses.SparseCategoricalCrossentropy()",
        ),
    ),
}
