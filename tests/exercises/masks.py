"""Answers to the sheet *Practice: two kinds of masks*, wrong and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_TOTAL = "np.where(counts, values, 0).sum(axis=1)"
_NUMBER = "counts.sum(axis=1)"
_JOINED = "layers.Concatenate()([rain, temperature])"
_MASKED = "layers.Masking(-1.0)(rain)"
_POOLED = "layers.GlobalAveragePooling1D()(hidden, mask=is_day)"
_INPUTS = "[rain, temperature], layers"
_WHERE = "ops.where(has_sensor > 0, sensor, 0.0)"
_ALL = "[numbers, readings, has_sensor]"
_COMPILED = '    model.compile("adam", "mse")\n'

MUTANTS = {
    "masks-1: the mask is not used": (
        "test",
        "Your mean is taken over all 4 steps",
        (_FIRST, f"{_FIRST}    return values.mean(axis=1)\n"),
    ),
    "masks-1: divided by all steps": (
        "test",
        "divide by all 4. Of the first row 3 steps count",
        ("np.maximum(number, 1)", "mask.shape[1]"),
    ),
    "masks-1: the mask turned round": (
        "test",
        "True is a step that counts",
        ("counts, values, 0", "counts, 0, values"),
        ("np.maximum(number, 1)", "mask.shape[1]"),
    ),
    "masks-1: the other steps, all of them right": (
        "test",
        "Look at the first row",
        ("mask[:, :, None]", "~mask[:, :, None]"),
    ),
    "masks-1: nothing by nothing": (
        "test",
        "What do you divide by there?",
        ("np.maximum(number, 1)", "number"),
    ),
    "masks-1: times the mask": (
        "test",
        "NaN times 0 is NaN. Put another number",
        (_TOTAL, "(values * counts).sum(axis=1)"),
    ),
    "masks-1: NaN counts as zero": (
        "test",
        "What stands in a step that does not count changes a mean",
        (
            "    counts = ",
            "    mask = mask | np.isnan(values[:, :, 0])\n    counts = ",
        ),
        ("counts, values, 0", "counts, np.nan_to_num(values), 0"),
    ),
    "masks-1: the values are changed": (
        "test",
        "works in place",
        (_FIRST, f"{_FIRST}    values[~mask] = 0\n"),
    ),
    "masks-1: one mean of all rows": (
        "test",
        "the means should be (3, 2)",
        (_FIRST, f"{_FIRST}    return values[mask].mean(axis=0)\n"),
    ),
    "masks-1: no return": (
        "test",
        "Your masked_mean gives back nothing",
        ("return total", "total"),
    ),
    "masks-1: the mask has no axis for the channels": (
        "test",
        "Your masked_mean stops in line 4 of its cell. ValueError",
        ("mask[:, :, None]", "mask"),
    ),
    "masks-1: always two channels": (
        "hidden",
        "Your masked_mean stops in line 7 of its cell. IndexError",
        (
            "return total / np.maximum(number, 1)",
            "means = total / np.maximum(number, 1)\n"
            "    return np.stack([means[:, 0], means[:, 1]], axis=1)",
        ),
    ),
    "masks-2: as it was": (
        "test",
        "although Masking makes a mask",
        (_JOINED, f"layers.Concatenate()([{_MASKED}, temperature])"),
        (", mask=is_day", ""),
    ),
    "masks-2: no mask at all": (
        "test",
        "Where in your model is it said",
        (", mask=is_day", ""),
    ),
    "masks-2: zeros are padding": (
        "test",
        "A dry day at 0 degrees makes no difference",
        ("ops.not_equal(rain, -1.0)", "(rain > 0) | (temperature != 0)"),
    ),
    "masks-2: the temperature is left out": (
        "test",
        "The input temperature makes no difference",
        (_JOINED, "layers.Concatenate()([rain, 0 * temperature])"),
    ),
    "masks-2: the rain says only which days there are": (
        "test",
        "The input rain makes no difference",
        (_JOINED, "layers.Concatenate()([0 * rain, temperature])"),
    ),
    "masks-2: the last day alone": (
        "test",
        "The input rain of day 1 makes no difference",
        (
            _POOLED,
            "keras.ops.sum(hidden * ops.cast(is_day & ~ops.pad("
            'is_day[:, 1:], ((0, 0), (0, 1))), "float32")[:, :, None], 1)',
        ),
    ),
    "masks-2: the first day alone": (
        "test",
        "The input rain of day 2 makes no difference",
        (_POOLED, "hidden[:, 0]"),
    ),
    "masks-2: the first three days": (
        "test",
        "The input rain of the last day makes no difference",
        (
            _POOLED,
            "ops.sum(hidden[:, :3] * "
            'ops.cast(is_day[:, :3, None], "float32"), axis=1)',
        ),
    ),
    "masks-2: rows of one length": (
        "test",
        "Your input rain takes (None, 9, 1) only",
        ('(None, 1), name="rain"', '(9, 1), name="rain"'),
    ),
    "masks-2: a name is missing": (
        "test",
        "should be called rain and temperature",
        (', name="temperature"', ""),
    ),
    "masks-2: a number for each day": (
        "test",
        "the answers should be (10, 1); yours are (10, 9, 1)",
        (_POOLED, "hidden"),
    ),
    "masks-2: a mean of no number": (
        "test",
        "Your model gives NaN or infinity",
        ("ops.not_equal(rain, -1.0)", "rain > 100"),
    ),
    "masks-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "masks-3: times the flag": (
        "test",
        "What replaces a number, whatever it is?",
        (_WHERE, "sensor * has_sensor"),
    ),
    "masks-3: only NaN is replaced": (
        "test",
        "other numbers in sensor still change the answer",
        (_WHERE, "ops.where(ops.isnan(sensor), 0.0, sensor)"),
    ),
    "masks-3: the sensor is left out": (
        "test",
        "The input sensor makes no difference in rows",
        (_WHERE, "0 * ops.nan_to_num(sensor)"),
    ),
    "masks-3: NaN is another number": (
        "test",
        "gives another answer than a number does",
        (
            _WHERE,
            "ops.where(has_sensor > 0, sensor, "
            'ops.cast(ops.isnan(sensor), "float32"))',
        ),
    ),
    "masks-3: replaced after a layer": (
        "test",
        "Replace the readings before the first layer",
        (
            _WHERE,
            "ops.where(has_sensor > 0, layers.Dense(8)(sensor), 0.0)",
        ),
    ),
    "masks-3: the flag ends there": (
        "test",
        "Let has_sensor itself go on to the end",
        (_ALL, "[numbers, readings]"),
    ),
    "masks-3: the numbers are left out": (
        "test",
        "numbers makes no difference in rows that have a sensor",
        (_ALL, "[readings, has_sensor]"),
    ),
    "masks-3: not compiled": (
        "test",
        "The model is not compiled",
        (_COMPILED, ""),
    ),
    "masks-3: a loss for classes": (
        "test",
        "A step of training stops",
        ('"mse"', '"no_such_loss"'),
    ),
    "masks-3: a step that does nothing": (
        "test",
        "the answers are as before",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "masks-3: a name is missing": (
        "test",
        "should be called numbers and sensor and has_sensor",
        (', name="has_sensor"', ""),
    ),
    "masks-3: two answers in a row": (
        "test",
        "the answers should be (12, 1); yours are (12, 2)",
        ("layers.Dense(1)", "layers.Dense(2)"),
    ),
    "masks-3: no return": (
        "test",
        "Your build_model gives back nothing",
        ("    return model\n", ""),
    ),
    "masks-3: always four readings": (
        "hidden",
        "Your model stops. ValueError",
        ("(num_readings,)", "(4,)"),
    ),
    "masks-2: frost is padding": (
        "test",
        "A dry day at -1 degrees",
        ("ops.not_equal(rain, -1.0)", "(rain >= 0) & (temperature >= 0)"),
    ),
    "masks-3: the numbers count beside a sensor alone": (
        "test",
        "in rows that have no sensor",
        (
            "answer = layers.Dense(1)(hidden)",
            "answer = layers.Dense(1)(hidden) * has_sensor",
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "masks-1: a loop over the rows": (
        (
            _FIRST,
            f"{_FIRST}    means = np.zeros((len(values), "
            "values.shape[2]))\n"
            "    for row, counts in enumerate(mask):\n"
            "        if counts.any():\n"
            "            means[row] = values[row, counts].mean(axis=0)\n"
            "    return means\n",
        ),
    ),
    "masks-1: a masked array of NumPy": (
        (
            _FIRST,
            f"{_FIRST}    hidden = np.broadcast_to(~mask[:, :, None], "
            "values.shape)\n"
            "    means = np.ma.array(values, mask=hidden).mean(axis=1)\n"
            "    return means.filled(0)\n",
        ),
    ),
    "masks-1: 0/0, and mended later": (
        ("return total / np.maximum(number, 1)", "means = total / number"),
        ("    ### END", "    return np.nan_to_num(means)\n    ### END"),
    ),
    "masks-1: functions of Keras": (
        (
            _FIRST,
            f"{_FIRST}    counts = mask[:, :, None]\n"
            "    total = ops.sum(ops.where(counts, values, 0), axis=1)\n"
            '    number = ops.sum(ops.cast(counts, "float32"), axis=1)\n'
            "    return ops.divide_no_nan("
            'ops.cast(total, "float32"), number)\n',
        ),
    ),
    "masks-2: a recurrent layer": (
        (_POOLED, "layers.GRU(8)(hidden, mask=is_day)"),
    ),
    "masks-2: sum and number by hand": (
        (
            _POOLED,
            "ops.sum(ops.where(is_day[:, :, None], hidden, 0.0), axis=1)"
            ' / ops.sum(ops.cast(is_day, "float32"), axis=1)[:, None]',
        ),
    ),
    "masks-2: Masking of both values at once": (
        (_JOINED, f"layers.Masking([-1.0, 0.0])({_JOINED})"),
        (", mask=is_day", ""),
    ),
    "masks-2: both masked": (
        (
            _JOINED,
            f"layers.Concatenate()([{_MASKED}, layers.Masking(-99.0)("
            "ops.where(is_day[:, :, None], temperature, -99.0))])",
        ),
        (", mask=is_day", ""),
    ),
    "masks-2: a branch for each sensor": (
        (
            _POOLED,
            "layers.Concatenate()([layers.LSTM(4)(sensor, mask=is_day)"
            " for sensor in (rain, temperature)])",
        ),
    ),
    "masks-2: the largest of the days, the others far below": (
        (
            _POOLED,
            "ops.max(ops.where(is_day[:, :, None], hidden, -1e9), axis=1)"
            " + layers.GlobalAveragePooling1D()(hidden, mask=is_day)",
        ),
    ),
    "masks-3: a vector that is learned for the absent sensor": (
        (
            _ALL,
            "[numbers, readings, layers.Dense(4)(1 - has_sensor)]",
        ),
    ),
    "masks-3: branches that are multiplied": (
        (
            f"layers.Concatenate()({_ALL})",
            "layers.Dense(8)(numbers) * (1 + layers.Dense(8)("
            "layers.Concatenate()([readings, has_sensor])))",
        ),
    ),
    "masks-3: NaN filled first, then times the flag": (
        (_WHERE, "ops.nan_to_num(sensor) * has_sensor"),
    ),
    "masks-3: a class of its own": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Rows(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            '            self.hidden = layers.Dense(8, "tanh")\n'
            "            self.last = layers.Dense(1)\n\n"
            "        def call(self, inputs):\n"
            '            there = inputs["has_sensor"]\n'
            '            seen = ops.where(there > 0, inputs["sensor"], 0.0)'
            "\n"
            '            joined = [inputs["numbers"], seen, there]\n'
            "            joined = ops.concatenate(joined, axis=1)\n"
            "            return self.last(self.hidden(joined))\n\n"
            "    model = Rows()\n"
            '    model.compile("sgd", "mae")\n'
            "    return model\n",
        ),
    ),
}
