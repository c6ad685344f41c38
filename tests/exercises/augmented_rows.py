"""Wrong answers to the sheet *Practice: augmented rows*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
"""

_NUMBERS = 'layers.Dense(num_numbers, "sigmoid")(features)'
_CATEGORY = 'layers.Dense(count, "softmax")(features)'
_FAR = '    if far({}):\n        return "{}"\n'
_COLUMNS = _FAR.format("marginal_distances", "columns")
_PAIRS = _FAR.format("correlation_distance", "pairs")
_COPIES = (
    "    if np.median(distances) < 0.5 * np.median(usual):\n"
    '        return "copies"\n'
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
        "lift, activation tanh: does it reach every value",
        ('"lift": "sigmoid"', '"lift": "tanh"'),
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
        "the model fails for one of the labels 0 to 2",
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
    "augmented-rows-3: exact copies alone": (
        "test",
        "real rows with a little noise: you say fair",
        (
            "np.median(distances) < 0.5 * np.median(usual)",
            "not distances.any()",
        ),
    ),
    "augmented-rows-3: nearest among the unseen": (
        "test",
        "real rows in another order: you say fair",
        ("nearest(rows, real)", "nearest(rows, unseen)"),
    ),
    "augmented-rows-3: copies are the far ones": (
        "test",
        "new rows: you say copies",
        ("np.median(distances) <", "np.median(distances) >"),
    ),
    "augmented-rows-3: a little farther is too far": (
        "test",
        "new rows: you say columns",
        ("> 1.5 *", "> 1.0 *"),
    ),
    "augmented-rows-3: pairs that are near": (
        "test",
        "new rows: you say pairs",
        (
            "if far(correlation_distance)",
            "if not far(correlation_distance)",
        ),
    ),
    "augmented-rows-3: no look at pairs": (
        "test",
        "each column in another order: you say fair",
        (_PAIRS, ""),
    ),
    "augmented-rows-3: no look at columns": (
        "test",
        "the rule about columns comes first",
        (_COLUMNS, ""),
    ),
    "augmented-rows-3: columns before copies": (
        "test",
        "the rule about copies comes first",
        (_COLUMNS, ""),
        (_COPIES, _COLUMNS + _COPIES),
    ),
    "augmented-rows-3: a fixed limit for pairs": (
        "test",
        "where all tables are small: you say pairs",
        (
            "if far(correlation_distance)",
            "if correlation_distance(rows, real) > 0.2",
        ),
    ),
    "augmented-rows-3: a fixed limit for columns": (
        "test",
        "where all tables are small: you say columns",
        (
            "if far(marginal_distances)",
            "if marginal_distances(rows, real).mean() > 0.2",
        ),
    ),
    "augmented-rows-3: a fixed limit for copies": (
        "test",
        "all of it times 100: you say fair",
        ("0.5 * np.median(usual)", "0.2"),
    ),
}
