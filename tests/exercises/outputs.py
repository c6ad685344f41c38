"""Wrong answers to the sheet *Practice: outputs*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
"""

MUTANTS = {
    "outputs-1: softmax over one unit": (
        "test",
        "yes or no, activation softmax: a softmax shares 1",
        ('"yes or no": ("sigmoid"', '"yes or no": ("softmax"'),
    ),
    "outputs-1: two units for yes or no": (
        "test",
        "a layer of 2 units",
        ("count, activation", "max(count, 2), activation"),
    ),
    "outputs-1: softmax for marks": (
        "test",
        "one mark pushes out the others",
        ('"marks": ("sigmoid"', '"marks": ("softmax"'),
    ),
    "outputs-1: the sparse loss for one-hot": (
        "test",
        "the sparse loss wants one class number",
        ('"categorical', '"sparse_categorical'),
    ),
    "outputs-1: the one-hot loss for class numbers": (
        "test",
        "this loss wants a list",
        ('"sparse_categorical', '"categorical'),
    ),
    "outputs-1: relu for a temperature": (
        "test",
        "nothing below 0",
        ("linear", "relu"),
    ),
    "outputs-1: softplus for a temperature": (
        "test",
        "temperature, activation softplus: which values",
        ("linear", "softplus"),
    ),
    "outputs-1: a loss of classes for a temperature": (
        "test",
        "temperature, loss binary_crossentropy: what does the label",
        ('("linear", "mse")', '("linear", "binary_crossentropy")'),
    ),
    "outputs-1: sigmoid for -1 to 1": (
        "test",
        "half of the values lie below",
        ("tanh", "sigmoid"),
    ),
    "outputs-1: no return": (
        "test",
        "Your last_layer gives back nothing",
        ("    return count, activation, loss\n", ""),
    ),
    "outputs-1: without the units": (
        "test",
        "give back units, activation and loss",
        ("return count, activation", "return activation"),
    ),
    "outputs-1: an activation that Keras lacks": (
        "test",
        "pixels: Keras stops. ValueError",
        ('"tanh"', '"tangent"'),
    ),
    "outputs-1: always three marks": (
        "hidden",
        "marks, 12 of them: a layer of 3 units",
        (
            "return count",
            'count = 3 if task == "marks" else count\n    return count',
        ),
    ),
    "outputs-2: still a table of differences": (
        "test",
        "shapes (200, 1) and (200,) the difference is (200, 200)",
        ("np.ravel(predicted) - np.ravel(prices)", "predicted - prices"),
    ),
    "outputs-2: only one pair of shapes": (
        "hidden",
        "shapes (300, 1) and (300, 1) the difference is (300, 300)",
        (
            "np.ravel(predicted) - np.ravel(prices)",
            "predicted[:, 0] - prices",
        ),
    ),
    "outputs-2: the absolute differences": (
        "test",
        "mean of the absolute differences",
        ("np.sqrt(np.mean(difference**2))", "np.mean(np.abs(difference))"),
    ),
    "outputs-2: no root": (
        "test",
        "its root is missing",
        ("np.sqrt(np.mean(difference**2))", "np.mean(difference**2)"),
    ),
    "outputs-2: no return": (
        "test",
        "Your error gives back nothing",
        ("return np.sqrt", "np.sqrt"),
    ),
    "outputs-2: no mean": (
        "test",
        "the mean is missing",
        ("np.mean(", "np.sum("),
    ),
    "outputs-2: one number per row": (
        "test",
        "not one number",
        ("np.sqrt(np.mean(difference**2))", "np.abs(difference)"),
    ),
    "outputs-2: only the first hundred": (
        "test",
        "the last row does not count",
        (
            "np.ravel(predicted) - np.ravel(prices)",
            "predicted[:100, 0] - prices[:100]",
        ),
    ),
    "outputs-2: adds the prices": (
        "test",
        "Square the differences, take their mean",
        ("np.ravel(predicted) -", "np.ravel(predicted) +"),
    ),
    "outputs-2: a vector has no second axis": (
        "hidden",
        "too many indices",
        (
            "np.ravel(predicted) - np.ravel(prices)",
            "predicted[:, 0] - np.ravel(prices)",
        ),
    ),
    "outputs-3: by the alphabet": (
        "test",
        "numbered in alphabetical order",
        ("names.index(word)", "sorted(names).index(word)"),
    ),
    "outputs-3: one-hot rows of what occurs": (
        "test",
        "words of 3 classes should give",
        (
            "    return np.array(",
            "    names = names[:-1]\n    return np.eye(len(names))[",
        ),
        ("for word in words])", "for word in words]]"),
    ),
    "outputs-3: numbers from 1": (
        "test",
        "Your class numbers begin at 1",
        ("names.index(word)", "1 + names.index(word)"),
    ),
    "outputs-3: still words": (
        "test",
        "Your labels are still words",
        ("names.index(word)", "word"),
    ),
    "outputs-3: every second number": (
        "test",
        "Your label says",
        ("names.index(word)", "2 * names.index(word)"),
    ),
    "outputs-3: no return of the labels": (
        "test",
        "Your labels gives back nothing",
        ("return np.array", "np.array"),
    ),
    "outputs-3: softmax is missing": (
        "test",
        "never negative and add up to 1",
        (', activation="softmax"', ""),
    ),
    "outputs-3: the one-hot loss for class numbers": (
        "test",
        "Your labels are class numbers. The loss categorical",
        ("sparse_", ""),
    ),
    "outputs-3: the sparse loss for one-hot rows": (
        "test",
        "Your labels are one-hot rows. The loss sparse",
        ("return np.array(", "return np.eye(len(names))["),
        ("for word in words])", "for word in words]]"),
    ),
    "outputs-3: two softmaxes": (
        "test",
        "takes the answers for logits",
        (
            '"sparse_categorical_crossentropy"',
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        ),
    ),
    "outputs-3: the numbers are left out": (
        "test",
        "do not depend on the input numbers",
        ("[seen, numbers])", "[seen, seen])"),
    ),
    "outputs-3: an input without a name": (
        "test",
        "The inputs should be called image and numbers",
        (', name="numbers"', ""),
    ),
    "outputs-3: not compiled": (
        "test",
        "it needs a loss that fits",
        ("model.compile(", "dict("),
    ),
    "outputs-3: a class is missing": (
        "test",
        "For 30 rows and 3 classes",
        ("Dense(num_classes,", "Dense(num_classes - 1,"),
    ),
    "outputs-3: always three classes": (
        "hidden",
        "For 17 rows and 4 classes",
        ("Dense(num_classes,", "Dense(3,"),
    ),
    "outputs-1: units with a fraction": (
        "test",
        "the units are a whole number",
        ("return count,", "return float(count),"),
    ),
    "outputs-2: a text": (
        "test",
        "Errors should be numbers",
        (
            "return np.sqrt(np.mean(difference**2))",
            "return str(np.sqrt(np.mean(difference**2)))",
        ),
    ),
    "outputs-2: in place": (
        "test",
        "An array that came in is changed",
        (
            "difference = np.ravel(predicted) - np.ravel(prices)",
            (
                "difference = np.ravel(predicted)\n"
                "    difference -= np.ravel(prices)"
            ),
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "outputs-1: absolute error for a temperature": (
        ('("linear", "mse")', '(None, "mean_absolute_error")'),
    ),
    "outputs-1: other functions between the same bounds": (
        ('"tanh"', '"softsign"'),
        ('"yes or no": ("sigmoid"', '"yes or no": ("hard_sigmoid"'),
    ),
    "outputs-1: focal losses": (
        ('"categorical_cross', '"categorical_focal_cross'),
        ('"binary_cross', '"binary_focal_cross'),
    ),
    "outputs-1: objects in place of names": (
        ('"tanh", "mse"', "keras.activations.tanh, keras.losses.Huber()"),
    ),
    "outputs-2: as columns": (
        (
            "np.ravel(predicted) - np.ravel(prices)",
            "np.reshape(predicted, (-1, 1)) - np.reshape(prices, (-1, 1))",
        ),
    ),
    "outputs-2: by Keras": (
        (
            "np.sqrt(np.mean(difference**2))",
            "float(keras.losses.MeanSquaredError()("
            "prices.reshape(-1, 1), predicted.reshape(-1, 1))) ** 0.5",
        ),
    ),
    "outputs-2: in a loop": (
        (
            "np.sqrt(np.mean(difference**2))",
            "(sum(float(d) ** 2 for d in difference)"
            " / len(difference)) ** 0.5",
        ),
    ),
    "outputs-3: class numbers as a column": (
        ("for word in words])", "for word in words])[:, None]"),
    ),
    "outputs-3: one-hot rows": (
        ("return np.array(", "return np.eye(len(names))["),
        ("for word in words])", "for word in words]]"),
        ("sparse_", ""),
    ),
    "outputs-3: a layer looks the words up": (
        (
            "np.array([names.index(word) for word in words])",
            "keras.layers.StringLookup(\n"
            "        vocabulary=names, num_oov_indices=0\n"
            "    )(np.array(words))",
        ),
    ),
    "outputs-3: a softmax of its own, two products": (
        (
            "last(hidden)",
            "keras.layers.Softmax()(keras.layers.Dense(num_classes)(hidden))",
        ),
        (
            "keras.layers.Concatenate()([seen, numbers])",
            "keras.layers.Multiply()(\n"
            "        [seen, keras.layers.Dense(64)(numbers)]\n    )",
        ),
    ),
    "outputs-1: the divergence for one-hot": (
        ('"categorical_crossentropy"),', '"kl_divergence"),'),
    ),
    "outputs-3: the loss in a list": (
        (
            'loss="sparse_categorical_crossentropy"',
            'loss=["sparse_categorical_crossentropy"]',
        ),
    ),
    "outputs-3: a loss of its own": (
        (
            'loss="sparse_categorical_crossentropy"',
            (
                "loss=lambda y, p: "
                "keras.losses.sparse_categorical_crossentropy(y, p)"
            ),
        ),
    ),
}
