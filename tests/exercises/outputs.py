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
        "it fails: too many indices",
        (
            "np.ravel(predicted) - np.ravel(prices)",
            "predicted[:, 0] - np.ravel(prices)",
        ),
    ),
    "outputs-3: outputs without names": (
        "test",
        "so that band and price go by name",
        (
            "image, numbers], answers",
            "image, numbers], [*answers.values()]",
        ),
    ),
    "outputs-3: five bands": (
        "test",
        "Six probabilities and one number",
        ("features, 6", "features, 5"),
    ),
    "outputs-3: not compiled": (
        "test",
        "not compiled",
        ("model.compile(", "dict("),
    ),
    "outputs-3: one loss for both": (
        "test",
        "a loss of its own",
        (
            '{"band": "sparse_categorical_crossentropy", "price": "mse"}',
            '"mse"',
        ),
    ),
    "outputs-3: the one-hot loss for class numbers": (
        "test",
        "Bands are class numbers",
        ("sparse_", ""),
    ),
    "outputs-3: a loss of classes for the price": (
        "test",
        "A price is a number",
        ("mse", "binary_crossentropy"),
    ),
    "outputs-3: no loss weights": (
        "test",
        "no weights yet",
        ('loss_weights={"band": 1, "price": 0.1},', ""),
    ),
    "outputs-3: loss weights swapped": (
        "test",
        "which of the two has to be held back",
        ('"band": 1, "price": 0.1', '"band": 0.1, "price": 1'),
    ),
    "outputs-3: NaN is left in": (
        "test",
        "0 times NaN is NaN",
        ("np.where(known, prices, 0)", "prices"),
    ),
    "outputs-3: the band has no weight either": (
        "test",
        "Every band is known",
        ("np.ones(len(bands))", "known.astype(float)"),
    ),
    "outputs-3: rows are dropped": (
        "test",
        " are left under price",
        ("np.where(known, prices, 0)", "prices[known]"),
        ("known.astype(float)", "np.ones(known.sum())"),
    ),
    "outputs-3: an unknown price has a weight": (
        "test",
        "and 0 if not",
        ("known.astype(float)", "np.ones(len(bands))"),
    ),
    "outputs-3: the prices are overwritten": (
        "test",
        "Copy them",
        ("targets =", "prices[~known] = 0\n    targets ="),
    ),
    "outputs-3: prices are rounded": (
        "test",
        "should stay as they are",
        (
            "np.where(known, prices, 0)",
            "np.where(known, prices, 0).round()",
        ),
    ),
    "outputs-3: no key for the band": (
        "test",
        "Both dicts need band and price",
        ('{"band": np.ones(len(bands)), ', "{"),
    ),
    "outputs-3: weights for a hundred rows": (
        "hidden",
        "Of 37 rows 100 are left",
        ("np.ones(len(bands))", "np.ones(100)"),
    ),
}
