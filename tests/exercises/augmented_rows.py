"""Answers to the sheet *Practice: augmented rows*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited. Then others that are
right.
"""

_NUMBERS = 'layers.Dense(num_numbers, "sigmoid")(features)'
_CATEGORY = 'layers.Dense(count, "softmax")(features)'
_COLUMNS = (
    "    if times_usual(marginal_distances) > 1.6:\n"
    '        return "columns"\n'
)
_PAIRS = (
    "    if times_usual(correlation_distance) > 1.5:\n"
    '        return "pairs"\n'
)

MUTANTS = {
    "augmented-rows-1: no end for a share": (
        "test",
        "a share above 1 or below 0",
        ('"light": "sigmoid"', '"light": None'),
    ),
    "augmented-rows-1: no frost": (
        "test",
        "a relu gives nothing below 0, and winters do",
        ('"cold": "linear"', '"cold": "relu"'),
    ),
    "augmented-rows-1: rents below 0": (
        "test",
        "pay you for living there",
        ("softplus", "linear"),
    ),
    "augmented-rows-1: rents of 0": (
        "test",
        "a relu gives 0 itself",
        ("softplus", "relu"),
    ),
    "augmented-rows-1: no rent above 1": (
        "test",
        "No rent would be higher",
        ("softplus", "sigmoid"),
    ),
    "augmented-rows-1: nothing faces north": (
        "test",
        "no flat would face north",
        ("tanh", "sigmoid"),
    ),
    "augmented-rows-1: an area is above 0": (
        "test",
        "scaled like this it may lie below",
        ('"area": "linear"', '"area": "softplus"'),
    ),
    "augmented-rows-1: several heatings": (
        "test",
        "Which activation makes them share 1",
        ("softmax", "sigmoid"),
    ),
    "augmented-rows-1: one extra at most": (
        "test",
        "a balcony would push out the garden",
        ('"extras": "sigmoid"', '"extras": "softmax"'),
    ),
    "augmented-rows-1: always a lift": (
        "test",
        "every house has a lift",
        ('"lift": "sigmoid"', '"lift": "softmax"'),
    ),
    "augmented-rows-1: something else for a lift": (
        "test",
        "lift, activation tanh: it can give -1, and no such value",
        ('"lift": "sigmoid"', '"lift": "tanh"'),
    ),
    "augmented-rows-1: rents a little below 0": (
        "test",
        "rent, activation elu: it can give -1",
        ("softplus", "elu"),
    ),
    "augmented-rows-1: a softmax for one share": (
        "test",
        "light, activation softmax: nothing below 1 ever",
        ('"light": "sigmoid"', '"light": "softmax"'),
    ),
    "augmented-rows-1: an activation that Keras lacks": (
        "test",
        "facing: Keras stops. ValueError",
        ('"tanh"', '"tangent"'),
    ),
    "augmented-rows-1: no units": (
        "test",
        "light: give back units and activation",
        ("return count, activations[column]", "return activations[column]"),
    ),
    "augmented-rows-1: one unit for the heating": (
        "test",
        "heating: with units=1",
        ("return count", "return 3 if column == 'extras' else 1"),
    ),
    "augmented-rows-1: always four heatings": (
        "hidden",
        "heating: with units=4",
        ("return count", "return 4 if column == 'heating' else count"),
    ),
    "augmented-rows-2: a row goes in": (
        "test",
        "A row still goes in",
        ('"noise"', '"numbers"'),
    ),
    "augmented-rows-2: an input without a name": (
        "test",
        "under the names label and noise",
        (', name="label"', ""),
    ),
    "augmented-rows-2: an axis for the label": (
        "test",
        "its shape is ()",
        ("keras.Input((), ", "keras.Input((1,), "),
        ("(label)\n", "(label)\n    wanted = layers.Flatten()(wanted)\n"),
    ),
    "augmented-rows-2: one label too few": (
        "test",
        "with each of the labels 0 to 2",
        ("Embedding(num_classes", "Embedding(num_classes - 1"),
    ),
    "augmented-rows-2: outputs without names": (
        "test",
        "the discriminator goes by name",
        ("[label, noise], row", "[label, noise], list(row.values())"),
    ),
    "augmented-rows-2: no category": (
        "test",
        "Your row has no colour",
        (f"        row[name] = {_CATEGORY}\n", "        pass\n"),
    ),
    "augmented-rows-2: the noise comes out as well": (
        "test",
        "Nobody asked for noise",
        ("row)", 'row | {"noise": noise})'),
    ),
    "augmented-rows-2: the class in place of probabilities": (
        "test",
        "For colour, (None, 3) is asked for",
        (_CATEGORY, 'layers.Dense(1, "sigmoid")(features)'),
    ),
    "augmented-rows-2: numbers of any size": (
        "test",
        "Which activation promises 0 to 1",
        ('num_numbers, "sigmoid"', "num_numbers"),
    ),
    "augmented-rows-2: numbers that share 1": (
        "test",
        "where one is high, the others must be low",
        ('num_numbers, "sigmoid"', 'num_numbers, "softmax"'),
    ),
    "augmented-rows-2: the upper half of the numbers": (
        "test",
        "your numbers only go from 0.50",
        (_NUMBERS, f"0.5 + 0.5 * {_NUMBERS}"),
    ),
    "augmented-rows-2: less likely than never": (
        "test",
        "nothing is less likely than never",
        (
            _CATEGORY,
            "(lambda x: x + (1 - keras.ops.sum(x, 1, keepdims=True))"
            " / count)(layers.Dense(count)(features))",
        ),
    ),
    "augmented-rows-2: never sure": (
        "test",
        "No colour ever gets more than 0.67",
        (_CATEGORY, f"0.5 * {_CATEGORY} + 0.5 / count"),
    ),
    "augmented-rows-2: the label as an amount": (
        "test",
        "Is a label an amount to it?",
        (
            "layers.Embedding(num_classes, latent_dim)(label)",
            "layers.Reshape((1,))(\n"
            '        keras.ops.cast(label, "float32") / num_classes\n'
            "    )",
        ),
    ),
    "augmented-rows-2: labels that stay as they were drawn": (
        "test",
        "is that layer frozen?",
        (
            "Embedding(num_classes, latent_dim)",
            "Embedding(num_classes, latent_dim, trainable=False)",
        ),
    ),
    "augmented-rows-2: nothing is given back": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "augmented-rows-2: probabilities one by one": (
        "test",
        "so they should share 1",
        ("softmax", "sigmoid"),
    ),
    "augmented-rows-2: the noise is left out": (
        "test",
        "Another noise, the same numbers",
        ("layers.Concatenate()([wanted, noise])", "wanted"),
    ),
    "augmented-rows-2: the label is left out": (
        "test",
        "Another label, the same numbers",
        ("layers.Concatenate()([wanted, noise])", "noise"),
    ),
    "augmented-rows-2: the category by label alone": (
        "test",
        "Another noise, the same colour",
        (_CATEGORY, 'layers.Dense(count, "softmax")(wanted)'),
    ),
    "augmented-rows-2: always twelve numbers": (
        "hidden",
        "For numbers, (None, 5) is asked for",
        ("Dense(num_numbers", "Dense(12"),
    ),
    "augmented-rows-2: no category but the colour": (
        "hidden",
        "Your row has no region",
        ("categories.items()", '[("colour", categories["colour"])]'),
    ),
    "augmented-rows-3: a sentence for a verdict": (
        "test",
        "The four verdicts are",
        ('"fair"', '"It is fair."'),
    ),
    "augmented-rows-3: nothing is given back": (
        "test",
        "Your verdict gives back nothing",
        ('    return "fair"\n', ""),
    ),
    "augmented-rows-3: near copies alone": (
        "test",
        "real rows with some noise: you say fair",
        ("< 0.65", "< 0.2"),
    ),
    "augmented-rows-3: what is a little near is copied": (
        "test",
        "new rows that happen to be near: you say copies",
        ("< 0.65", "< 0.9"),
    ),
    "augmented-rows-3: nearest among the unseen": (
        "test",
        "real rows in another order: you say fair",
        ("nearest(rows, real)", "nearest(rows, rows[::-1] + 1)"),
    ),
    "augmented-rows-3: copies are the far ones": (
        "test",
        "new rows: you say copies",
        ("< 0.65", "> 0.65"),
    ),
    "augmented-rows-3: a little farther is too far": (
        "test",
        "new rows: you say columns",
        ("(marginal_distances) > 1.6", "(marginal_distances) > 0.6"),
    ),
    "augmented-rows-3: pairs that are near": (
        "test",
        "new rows: you say pairs",
        ("(correlation_distance) > 1.5", "(correlation_distance) < 1.5"),
    ),
    "augmented-rows-3: no look at pairs": (
        "test",
        "each column in another order: you say fair",
        (_PAIRS, ""),
    ),
    "augmented-rows-3: no look at columns": (
        "test",
        "single columns come first",
        (_COLUMNS, ""),
    ),
    "augmented-rows-3: a fixed limit for copies": (
        "test",
        "real rows with some noise, times 100: you say fair",
        ("times_usual(typical) < 0.65", "typical(rows, real) < 0.3"),
    ),
    "augmented-rows-1: units as text": (
        "test",
        "with units='1'",
        ("return count", "return str(count)"),
    ),
    "augmented-rows-2: a class of its own": (
        "test",
        "Your model names no inputs",
        (
            "    label = keras.Input",
            (
                "    class Rows(keras.Model):\n"
                "        pass\n"
                "\n"
                "    return Rows()\n"
                "    label = keras.Input"
            ),
        ),
    ),
    "augmented-rows-2: three labels at most": (
        "test",
        "It was asked for 6 labels",
        (
            "    label = keras.Input",
            ("    assert num_classes < 6\n    label = keras.Input"),
        ),
    ),
    "augmented-rows-3: a verdict for each row": (
        "test",
        "One word for the whole table",
        ('return "fair"', 'return np.full(len(rows), "fair")'),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "augmented-rows-1: a rent as a power": (("softplus", "exponential"),),
    "augmented-rows-1: both ends sooner": (
        ('"light": "sigmoid"', '"light": "hard_sigmoid"'),
        ('"tanh"', '"softsign"'),
    ),
    "augmented-rows-1: no activation": (('"linear"', "None"),),
    "augmented-rows-2: the builder of the companion": (
        (
            "    ### BEGIN SOLUTION\n",
            "    from companion import tabular_augmenter\n\n"
            "    return tabular_augmenter(\n"
            "        num_numbers, categories, num_classes, latent_dim\n"
            "    )\n",
        ),
    ),
    "augmented-rows-1: a rent by a square root": (
        ("softplus", "squareplus"),
    ),
    "augmented-rows-1: functions in place of names": (
        ('"tanh"', "keras.activations.hard_tanh"),
        ('"lift": "sigmoid"', '"lift": keras.activations.hard_sigmoid'),
    ),
    "augmented-rows-1: steeper above 0 than below": (
        ('"cold": "linear"', '"cold": "leaky_relu"'),
    ),
    "augmented-rows-2: one-hot labels, a product": (
        (
            "layers.Embedding(num_classes, latent_dim)(label)",
            "layers.Dense(latent_dim)(\n"
            "        layers.CategoryEncoding(num_classes, 'one_hot')(\n"
            "            label\n"
            "        )\n"
            "    )",
        ),
        (
            "layers.Concatenate()([wanted, noise])",
            "wanted * noise + wanted",
        ),
    ),
    "augmented-rows-2: logits, then a softmax of its own": (
        (
            _CATEGORY,
            "layers.Softmax()(layers.Dense(count)(features))",
        ),
        ('num_numbers, "sigmoid"', 'num_numbers, "hard_sigmoid"'),
    ),
    "augmented-rows-2: a layer for each part": (
        (
            "layers.Dense(count",
            'layers.Dense(count, name=f"last_{name}", activation=',
        ),
        ('activation=, "softmax")', 'activation="softmax")'),
        ("[label, noise], row", "[noise, label], row"),
    ),
    "augmented-rows-3: means in place of medians": (
        ("np.median", "np.mean"),
    ),
    "augmented-rows-3: other limits": (
        ("< 0.65", "< 0.75"),
        ("> 1.6", "> 1.75"),
        ("> 1.5", "> 1.6"),
    ),
    "augmented-rows-3: the largest share of near rows": (
        (
            "np.median(nearest(rows, real)[0])",
            "np.quantile(nearest(rows, real)[0], 0.4)",
        ),
    ),
    "augmented-rows-3: a table of verdicts": (
        (
            "    if times_usual(typical) < 0.65:\n"
            '        return "copies"\n',
            "    words = {\n"
            '        "copies": times_usual(typical) < 0.65,\n'
            '        "columns": times_usual(marginal_distances) > 1.6,\n'
            '        "pairs": times_usual(correlation_distance) > 1.5,\n'
            '        "fair": True,\n'
            "    }\n"
            "    return next(word for word in words if words[word])\n",
        ),
    ),
}
