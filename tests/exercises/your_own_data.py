"""Answers to the sheet *Practice: your own data*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_PARTS = "[np.flatnonzero(part) for part in (training, validation, test)]"
_FIRST = "    ### BEGIN SOLUTION\n"
_SCALED = "[(rows - mean) / spread for rows in (train, later)]"
_LEARNED = "mean, spread = train.mean(axis=0), train.std(axis=0)"
_ANSWER = "model.predict(inputs, verbose=0)[0, 0]"
_ROW = "table.loc[[sample], columns]"

MUTANTS = {
    "your-own-data-1: at random": (
        "test",
        "are in two parts. All rows of a month",
        (
            _FIRST,
            f"{_FIRST}    rows = np.random.default_rng(0).permutation("
            "len(months))\n"
            "    return np.split(rows, [len(rows) // 2, -5])\n",
        ),
    ),
    "your-own-data-1: the first months test": (
        "test",
        "and it does not test",
        ("(training, validation, test)", "(test, validation, training)"),
    ),
    "your-own-data-1: training in the middle": (
        "test",
        "A month of one part is later than a month of the part after it",
        ("(training, validation, test)", "(validation, training, test)"),
    ),
    "your-own-data-1: validation tests, too": (
        "test",
        "Some rows come twice",
        ("months >= first_test", "months >= first_validation"),
        ("~training & ~test", "~training & (months < first_test)"),
    ),
    "your-own-data-1: a month is lost": (
        "test",
        "rows are in no part",
        (
            "~training & ~test",
            "~training & ~test & (months > first_validation)",
        ),
    ),
    "your-own-data-1: numbers of months in another order": (
        "test",
        "The validation part has 3 months in place of 2",
        ("in_order[-num_test]", "in_order[-num_validation]"),
    ),
    "your-own-data-1: the months themselves": (
        "test",
        "should be an array of row numbers; yours has the type <U7",
        ("np.flatnonzero(part)", "months[part]"),
    ),
    "your-own-data-1: two parts": (
        "test",
        "Three parts are asked for; what you give back has 2",
        ("(training, validation, test)", "(training, test)"),
    ),
    "your-own-data-1: always three months": (
        "hidden",
        "The validation part has 2 months in place of 1",
        ("in_order[-num_test]", "in_order[-3]"),
    ),
    "your-own-data-2: each by its own": (
        "test",
        "A later row becomes other numbers when it comes alone",
        (
            _SCALED,
            "[(rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9) "
            "for rows in (train, later)]",
        ),
    ),
    "your-own-data-2: both together": (
        "test",
        "later rows take part in the scale",
        (
            _LEARNED,
            _LEARNED.replace("train.", "np.vstack([train, later])."),
        ),
    ),
    "your-own-data-2: the mean alone": (
        "test",
        "the standard deviation 1; of yours one has",
        (" / spread", ""),
    ),
    "your-own-data-2: from 0 to 1": (
        "test",
        "should have the mean 0; of yours one has 0.6",
        (
            _LEARNED,
            "mean = train.min(axis=0)\n    spread = np.ptp(train, axis=0)",
        ),
    ),
    "your-own-data-2: in place": (
        "test",
        "The arrays that came in are changed",
        (
            f"return {_SCALED}",
            "for rows in (train, later):\n"
            "        rows -= mean\n"
            "        rows /= spread\n"
            "    return train, later",
        ),
    ),
    "your-own-data-2: training rows alone": (
        "test",
        "Two arrays are asked for",
        (_SCALED, "(train - mean) / spread"),
    ),
    "your-own-data-2: later rows are left as they are": (
        "test",
        "becomes one thing in training and another later",
        (_SCALED, "[(train - mean) / spread, later.copy()]"),
    ),
    "your-own-data-2: learned from some rows": (
        "hidden",
        "should have the mean 0; of yours one has 0.1",
        (_LEARNED, _LEARNED.replace("train.", "train[:300].")),
    ),
    "your-own-data-3: the news that came later": (
        "test",
        "news which is not known yet when the model is asked",
        ('record["before"]', 'record["after"]'),
    ),
    "your-own-data-3: columns as the file has them": (
        "test",
        "For 2024-03_S007 the model says",
        (_ROW, "table.loc[[sample]]"),
    ),
    "your-own-data-3: an array": (
        "test",
        "yours has the shape (1, 1)",
        (_ANSWER, "model.predict(inputs, verbose=0)"),
    ),
    "your-own-data-3: no axis of samples": (
        "test",
        "'str' object has no attribute 'shape'",
        ("[None]", ""),
    ),
    "your-own-data-3: no return": (
        "test",
        "Your predict gives back nothing",
        (f"return {_ANSWER}", _ANSWER),
    ),
    "your-own-data-3: always one sample": (
        "test",
        "Your number is that of another sample",
        (_FIRST, f'{_FIRST}    sample = "2024-02_S008"\n'),
    ),
    "your-own-data-3: some names are refused": (
        "hidden",
        "ValueError: not this one",
        (
            _FIRST,
            f'{_FIRST}    if sample.endswith("8"):\n'
            '        raise ValueError("not this one")\n',
        ),
    ),
    "your-own-data-3: columns backwards": (
        "hidden",
        "For 2024-02_S008",
        (
            'table.loc[[sample], columns].to_numpy("float32")',
            'table.loc[[sample]].to_numpy("float32")[:, ::-1]',
        ),
    ),
}
#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "your-own-data-1: masks": (("np.flatnonzero(part)", "part"),),
    "your-own-data-1: a loop over months": (
        (
            _FIRST,
            f"{_FIRST}    names = sorted(set(months.tolist()))\n"
            "    last = len(names) - num_test\n"
            "    cuts = [0, last - num_validation, last, len(names)]\n"
            "    return tuple(\n"
            "        [n for n, m in enumerate(months) if m in names[a:b]]\n"
            "        for a, b in zip(cuts, cuts[1:])\n"
            "    )\n",
        ),
    ),
    "your-own-data-1: pandas": (
        (
            _FIRST,
            f"{_FIRST}    number = pd.Series(months).rank(method='dense')\n"
            "    left = number.max() - number\n"
            "    which = 2 - (left >= num_test).astype(int)\n"
            "    which -= left >= num_test + num_validation\n"
            "    return [np.where(which == n)[0] for n in range(3)]\n",
        ),
    ),
    "your-own-data-2: a layer of Keras": (
        (
            _FIRST,
            f"{_FIRST}    layer = keras.layers.Normalization()\n"
            "    layer.adapt(train)\n"
            "    return layer(train), layer(later)\n",
        ),
    ),
    "your-own-data-2: scikit-learn": (
        (
            _FIRST,
            f"{_FIRST}    from sklearn import preprocessing\n\n"
            "    scaler = preprocessing.StandardScaler().fit(train)\n"
            "    return scaler.transform(train), scaler.transform(later)\n",
        ),
    ),
    "your-own-data-2: divided by n - 1": (
        ("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
    ),
    "your-own-data-3: a float": ((_ANSWER, f"float({_ANSWER})"),),
    "your-own-data-3: a list of inputs, and a call": (
        (
            _ANSWER,
            "np.asarray(model([inputs[t.name] for t in model.inputs]))"
            ".item()",
        ),
    ),
    "your-own-data-3: a row chosen by a mask": (
        ('index_col="sample"', "dtype=None"),
        (_ROW, 'table[table["sample"] == sample][columns]'),
    ),
}
