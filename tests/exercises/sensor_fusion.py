"""Answers to *Practice: several sensors*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_STRIDE = "round(every * rates[name])"
_STEPS = "round(seconds * rates[name])"
_STARTS = "range(0, last + 1, stride)"
_BACK = "return {name: each[:count] for name, each in windows.items()}"
_SPLIT = "train, test = windows[~is_new], windows[is_new]"
_SCALED = "return (train - mean) / spread, (test - mean) / spread"
_MASKED = "branches += [features * present, present]"
_LOSS = '"sparse_categorical_crossentropy"'

MUTANTS = {
    "sensor-fusion-1: the stride of the fast sensor for both": (
        "test",
        "Window 1 of turn begins 2.4 s after the recording",
        (_STRIDE, "round(every * max(rates.values()))"),
    ),
    "sensor-fusion-1: as many readings of each": (
        "test",
        "Windows of turn should be (windows, 25, 3)",
        (_STEPS, "round(seconds * max(rates.values()))"),
    ),
    "sensor-fusion-1: no overlap": (
        "test",
        "Window 1 of push begins 2 s after the recording",
        (_STRIDE, "steps"),
    ),
    "sensor-fusion-1: a window without a partner": (
        "hidden",
        "of push and",
        (_BACK, "return windows"),
    ),
    "sensor-fusion-1: the last window is missing": (
        "test",
        "Look at the last one: where does it end?",
        (_STARTS, "list(range(0, last + 1, stride))[:-1]"),
    ),
    "sensor-fusion-1: one window more, of the end": (
        "test",
        "Window 7 of push begins 7.2 s after the recording",
        (_STARTS, "[*range(0, last + 1, stride), last]"),
    ),
    "sensor-fusion-1: time runs along the channels": (
        "test",
        "Yours are (7, 3, 50)",
        ("np.stack(pieces)", "np.stack(pieces).swapaxes(1, 2)"),
    ),
    "sensor-fusion-1: the readings are sorted": (
        "test",
        "A window of push is not a piece of the recording",
        ("np.stack(pieces)", "np.stack(pieces)[:, ::-1]"),
    ),
    "sensor-fusion-1: the readings are changed": (
        "test",
        "The readings that came in are changed",
        (
            "        last = ",
            "        readings -= readings.mean(axis=0)\n        last = ",
        ),
    ),
    "sensor-fusion-1: a list": (
        "test",
        "you give back a list",
        (_BACK, "return list(windows.values())"),
    ),
    "sensor-fusion-1: other names": (
        "test",
        "yours holds push_windows, turn_windows",
        (_BACK, 'return {n + "_windows": x for n, x in windows.items()}'),
    ),
    "sensor-fusion-1: no return": (
        "test",
        "Your cut gives back nothing",
        (_BACK, "count"),
    ),
    "sensor-fusion-2: the scale of everybody": (
        "test",
        "Your scale has seen the test",
        ("train.mean(", "windows.mean("),
        ("train.std(", "windows.std("),
    ),
    "sensor-fusion-2: the test has a scale of its own": (
        "test",
        "The test has a scale of its own",
        (
            "(test - mean) / spread",
            "(test - test.mean((0, 1))) / test.std((0, 1))",
        ),
    ),
    "sensor-fusion-2: split by window": (
        "test",
        "The training has other windows than it should",
        (
            "is_new = np.isin(person, new_people)",
            "is_new = np.random.default_rng(0).permutation("
            "np.isin(person, new_people))",
        ),
    ),
    "sensor-fusion-2: everybody trains": (
        "test",
        "yours are (120, 8, 3)",
        (_SPLIT, "train, test = windows, windows[is_new]"),
    ),
    "sensor-fusion-2: turned round": (
        "test",
        "yours are (40, 8, 3)",
        (_SPLIT, "train, test = windows[is_new], windows[~is_new]"),
    ),
    "sensor-fusion-2: one number for all channels": (
        "test",
        "each channel should have mean 0 and spread 1",
        ("(axis=(0, 1))", "()"),
    ),
    "sensor-fusion-2: each window by itself": (
        "test",
        "Each window is scaled by itself",
        (
            _SCALED,
            "return tuple("
            "(x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)"
            " for x in (train, test))",
        ),
    ),
    "sensor-fusion-2: each step by itself": (
        "test",
        "Each step of a window has a scale of its own",
        ("(axis=(0, 1))", "(axis=0)"),
    ),
    "sensor-fusion-2: the windows are changed": (
        "test",
        "The windows that came in are changed",
        (
            _FIRST,
            f"{_FIRST}    windows -= windows.mean()\n",
        ),
    ),
    "sensor-fusion-2: the test is not scaled": (
        "test",
        "The test should be scaled with mean and spread of the training",
        ("(test - mean) / spread", "test"),
    ),
    "sensor-fusion-2: one array": (
        "test",
        "Give back two arrays",
        (_SCALED, "return (train - mean) / spread"),
    ),
    "sensor-fusion-2: always people 2 and 4": (
        "hidden",
        "The training should have the windows (120, 8, 3)",
        ("np.isin(person, new_people)", "np.isin(person, (2, 4))"),
    ),
    "sensor-fusion-3: dead sensors count": (
        "test",
        "The mask of push is 0, and its readings still change",
        (_MASKED, "branches += [features, present]"),
    ),
    "sensor-fusion-3: the mask leads nowhere": (
        "test",
        "its mask leads nowhere",
        (_MASKED, "branches += [features]"),
    ),
    "sensor-fusion-3: masks alone": (
        "test",
        "although it works",
        (_MASKED, "branches += [present]"),
    ),
    "sensor-fusion-3: no softmax": (
        "test",
        "are no probabilities",
        (', activation="softmax"', ""),
    ),
    "sensor-fusion-3: classes are one-hot": (
        "test",
        "A step of training stops. ValueError: Arguments `target`",
        (_LOSS, '"categorical_crossentropy"'),
    ),
    "sensor-fusion-3: not compiled": (
        "test",
        "The model is not compiled",
        (f'    model.compile("adam", {_LOSS})\n', ""),
    ),
    "sensor-fusion-3: the masks have other names": (
        "test",
        "The inputs should be called push and push_present",
        ("_present", "_mask"),
    ),
    "sensor-fusion-3: nothing works, and the model divides by it": (
        "test",
        "NaN or infinity",
        (
            "joined = layers.Concatenate()(branches)",
            "joined = sum(branches[::2]) / sum(branches[1::2])",
        ),
    ),
    "sensor-fusion-3: no return": (
        "test",
        "Your build gives back nothing",
        ("    return model\n", ""),
    ),
    "sensor-fusion-3: always five classes": (
        "hidden",
        "3 classes need (12, 3)",
        ("Dense(num_classes", "Dense(5"),
    ),
    "sensor-fusion-1: as many as of the first sensor": (
        "hidden",
        "3 of turn and 2 of push",
        (
            "count = min(len(each) for each in windows.values())",
            "count = len(next(iter(windows.values())))",
        ),
    ),
    "sensor-fusion-1: cut off, not rounded": (
        "hidden",
        "Windows of sound should be (windows, 115, 3)",
        ("round(", "int("),
    ),
    "sensor-fusion-3: two softmaxes": (
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
    "sensor-fusion-3: all of them or none": (
        "test",
        "is the only sensor that works",
        (
            "joined = layers.Concatenate()(branches)",
            (
                "joined = layers.Concatenate()(branches)\n"
                "    for present in branches[1::2]:\n"
                "        joined = joined * present"
            ),
        ),
    ),
    "sensor-fusion-3: the first steps alone": (
        "test",
        "The last step of push",
        (
            'activation="relu")(readings)',
            'activation="relu")(readings[:, :2])',
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "sensor-fusion-1: the builder of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion import cut_windows\n\n"
            "    found = cut_windows(\n"
            "        {n: [x] for n, x in sensors.items()},\n"
            "        seconds=seconds, every=every, rates=rates,\n"
            "    )\n"
            "    rows = np.arange(len(found))\n"
            "    return {n: c.take(rows) for n, c in found.columns.items()}"
            "\n",
        ),
    ),
    "sensor-fusion-1: a view of NumPy": (
        (
            "np.stack(pieces)",
            "np.lib.stride_tricks.sliding_window_view("
            "readings, steps, axis=0)[::stride].swapaxes(1, 2)",
        ),
    ),
    "sensor-fusion-1: one table of places": (
        (
            "np.stack(pieces)",
            "readings[np.array(starts)[:, None] + np.arange(steps)]",
        ),
    ),
    "sensor-fusion-2: a layer of Keras": (
        (
            _SCALED,
            "scale = layers.Normalization()\n"
            "    scale.adapt(train)\n"
            "    return np.asarray(scale(train)), np.asarray(scale(test))",
        ),
    ),
    "sensor-fusion-2: scikit-learn": (
        (
            _SCALED,
            "from sklearn.preprocessing import StandardScaler\n"
            "    rows = train.reshape(-1, 3)\n"
            "    scale = StandardScaler().fit(rows)\n"
            "    return [\n"
            "        scale.transform(x.reshape(-1, 3)).reshape(x.shape)\n"
            "        for x in (train, test)\n"
            "    ]",
        ),
    ),
    "sensor-fusion-2: a spread that counts one less": (
        ("train.std(axis=(0, 1))", "train.std(axis=(0, 1), ddof=1)"),
    ),
    "sensor-fusion-2: person by person": (
        (
            "np.isin(person, new_people)",
            "np.array([each in new_people for each in person])",
        ),
    ),
    "sensor-fusion-3: the builder of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion.building.sequences import (\n"
            "        sensor_fusion,\n"
            "    )\n\n"
            "    model = sensor_fusion(\n"
            "        sensors, num_classes=num_classes, units=8,\n"
            '        mask_each="sensor",\n'
            "    )\n"
            f'    model.compile("adam", {_LOSS})\n'
            "    return model\n",
        ),
    ),
    "sensor-fusion-3: zeros in place of dead readings": (
        (
            "        features = layers.Conv1D",
            "        there = keras.ops.expand_dims(present, 1)\n"
            "        readings = keras.ops.where(there > 0, readings, 0.0)\n"
            "        features = layers.Conv1D",
        ),
        (_MASKED, "branches += [features, present]"),
        ("inputs += [readings,", "inputs += [given,"),
        (
            "        readings = keras.Input(shape, name=name)",
            "        readings = given = keras.Input(shape, name=name)",
        ),
    ),
    "sensor-fusion-3: recurrent layers, and a mean": (
        (
            'features = layers.Conv1D(16, 2, activation="relu")(readings)',
            "features = layers.Reshape(shape)(readings)",
        ),
        (
            "layers.GlobalAveragePooling1D()(features)",
            "layers.GRU(16)(features)",
        ),
        (
            "joined = layers.Concatenate()(branches)",
            "joined = sum(branches[::2]) / (1 + sum(branches[1::2]))",
        ),
    ),
    "sensor-fusion-3: logits that add up": (
        (_MASKED, "branches += [layers.Dense(32)(features) * present]"),
        ("layers.Concatenate()(branches)", "layers.Add()(branches)"),
    ),
}
