"""Answers to *Practice: every pattern of gaps*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_KEPT = "rng.random(len(targets)) >= rate"
_BOTH = '(name, f"{name}_present")'
_COPY = "inputs[key].copy()"
_BACK = "return hidden, targets"
_RNG = "np.random.default_rng([self.seed, self.epoch, index])"
_DRAWN = "rng.random((len(self.targets[rows]), 1)) >= self.rate"
_NAMES = '("sensor", "sensor_present")'
_WHERE = "np.where(kept, batch[name], 0)"
_COUNTED = "self.epoch += 1"
_BEGINNING = "        self.seed, self.epoch = seed, 0\n"
_DROPOUT = "ModalityDropout(rates, keep_one=False)"
_MODEL = "keras.Model(tensors, layers.Dense(1)(hidden))"
_SHORT = ("epochs=8", "epochs=2")
_UNTRAINED = ("epochs=8", "epochs=0")
#: What stands behind an answer that came back before.
_REST = "def rest(batch, rng, name, rate):\n"

MUTANTS = {
    "missing-patterns-1: the mask stays": (
        "test",
        "sensor becomes 0 in some rows and sensor_present stays 1",
        (_BOTH, "(name,)"),
    ),
    "missing-patterns-1: the value stays": (
        "test",
        "and the values of sensor are still there",
        (_BOTH, '(f"{name}_present",)'),
    ),
    "missing-patterns-1: drawn twice": (
        "test",
        "Draw once for both",
        (
            "        hidden[key][~kept]",
            f"        kept = {_KEPT}\n        hidden[key][~kept]",
        ),
    ),
    "missing-patterns-1: drawn for each value": (
        "test",
        "a part of sensor is 0 and a part is not",
        (
            "hidden[key][~kept] = 0",
            "hidden[key][rng.random(hidden[key].shape) < rate] = 0",
        ),
    ),
    "missing-patterns-1: drawn for the batch": (
        "test",
        "All rows of a batch are hidden, or none",
        (
            "rng.random(len(targets))",
            "rng.random() + np.zeros(len(targets))",
        ),
    ),
    "missing-patterns-1: kept with the rate": (
        "test",
        "The rate is 30%, and 70% of the rows are hidden",
        (">= rate", "< rate"),
    ),
    "missing-patterns-1: always a half": (
        "test",
        "The rate is 30%, and 49% of the rows are hidden",
        (">= rate", ">= 0.5"),
    ),
    "missing-patterns-1: only late rows": (
        "test",
        "one row is hidden in 100% of 200 draws",
        (
            _KEPT,
            "np.arange(len(targets)) < "
            "len(targets) * (1 - rate) + rng.integers(-2, 3)",
        ),
    ),
    "missing-patterns-1: always the same rows": (
        "test",
        "Every rng hides the same rows",
        ("rng.random(len", "np.random.default_rng(0).random(len"),
    ),
    "missing-patterns-1: never": (
        "test",
        "No row is hidden, whatever the rng draws",
        ("[~kept] = 0", "[~kept] *= 1"),
    ),
    "missing-patterns-1: draws from the whole program": (
        "test",
        "Your function draws from np.random, whose state",
        ("rng.random(len", "np.random.random(len"),
    ),
    "missing-patterns-1: an rng of its own": (
        "test",
        "something else than the rng decides",
        ("rng.random(len", "np.random.default_rng().random(len"),
    ),
    "missing-patterns-1: what is missing comes back": (
        "test",
        "What is missing already stays missing",
        (_COPY, "np.ones_like(inputs[key])"),
    ),
    "missing-patterns-1: hidden by minus one": (
        "test",
        "Other numbers stand in sensor now",
        ("[~kept] = 0", '[~kept] = 0 if "_" in key else -1'),
    ),
    "missing-patterns-1: a mask of minus one": (
        "test",
        "A mask holds 0 and 1",
        ("[~kept] = 0", '[~kept] = -1 if "_" in key else 0'),
    ),
    "missing-patterns-1: the rows are left out": (
        "test",
        "A row that loses sensor stays in the batch",
        (
            _BACK,
            "return {k: x[kept] for k, x in inputs.items()}, targets[kept]",
        ),
    ),
    "missing-patterns-1: the targets stay longer": (
        "test",
        "The arrays of one batch have [30, 40] rows",
        (_BACK, "return {k: x[kept] for k, x in inputs.items()}, targets"),
    ),
    "missing-patterns-1: all inputs": (
        "test",
        "The input numbers changed, and only sensor should be hidden",
        (_BOTH, "inputs"),
    ),
    "missing-patterns-1: the targets": (
        "test",
        "The targets changed, and only sensor should be hidden",
        (_BACK, "return hidden, np.where(kept[:, None], targets, 0)"),
    ),
    "missing-patterns-1: the inputs alone": (
        "test",
        "what comes back is a dict",
        (_BACK, "return hidden"),
    ),
    "missing-patterns-1: some inputs are left out": (
        "test",
        "yours are sensor, sensor_present.",
        ("hidden = dict(inputs)", "hidden = {}"),
    ),
    "missing-patterns-1: inputs in a list": (
        "test",
        "Inputs are a dict; yours are a list",
        (_BACK, "return list(hidden.values()), targets"),
    ),
    "missing-patterns-1: no return": (
        "test",
        "Your hide gives back nothing",
        (_BACK, "hidden, targets"),
    ),
    "missing-patterns-1: an error": (
        "test",
        "Your hide stops in line 4 of its cell. TypeError",
        (_KEPT, "rng.random(targets) >= rate"),
    ),
    "missing-patterns-1: always the sensor": (
        "hidden",
        "Your hide stops in line 7 of its cell. KeyError",
        (_BOTH, '("sensor", "sensor_present")'),
    ),
    "missing-patterns-2: as it was, the mask": (
        "test",
        "the model is told that a true 0 was measured",
        (_NAMES, '("sensor",)'),
    ),
    "missing-patterns-2: the mask alone": (
        "test",
        "and the values of sensor are still there",
        (_NAMES, '("sensor_present",)'),
    ),
    "missing-patterns-2: the same in every epoch": (
        "test",
        "Epochs 0 and 1 hide the same rows",
        ("self.epoch, index]", "index]"),
    ),
    "missing-patterns-2: two sets of gaps in turn": (
        "test",
        "Epochs 0 and 2 hide the same rows",
        ("self.epoch, index]", "self.epoch % 2, index]"),
    ),
    "missing-patterns-2: the same in every batch": (
        "test",
        "All batches of an epoch hide the same places",
        (", index]", "]"),
    ),
    "missing-patterns-2: nothing is hidden": (
        "test",
        "The rate is 30%, and 0% of the rows are hidden",
        (">= self.rate", ">= 0"),
    ),
    "missing-patterns-2: the seed is not used": (
        "test",
        "the seed is not used",
        ("[self.seed, self.epoch", "[self.epoch"),
    ),
    "missing-patterns-2: no seed at all": (
        "test",
        "Two objects with the same seed hide different rows",
        (
            _BEGINNING,
            f"{_BEGINNING}"
            "        fresh = np.random.default_rng()\n"
            "        self.seed = int(fresh.integers(2**40))\n",
        ),
    ),
    "missing-patterns-2: draws from the whole program": (
        "test",
        "The class draws from np.random, or sets its seed",
        (_RNG, "np.random.RandomState"),
        ("rng.random((", "np.random.random(("),
    ),
    "missing-patterns-2: asking changes something": (
        "test",
        "Batch 0, asked for twice in a row, is not the same twice",
        (
            _BEGINNING,
            f"{_BEGINNING}        self.rng = np.random.default_rng(seed)\n",
        ),
        (_RNG, "self.rng"),
    ),
    "missing-patterns-2: the order counts": (
        "test",
        "Asked for in another order, the batches hide other rows",
        (_COUNTED, "pass"),
        (
            "        rng = ",
            "        if index == len(self) - 1:\n"
            "            self.epoch += 1\n"
            "        rng = ",
        ),
    ),
    "missing-patterns-2: the arrays are changed": (
        "test",
        "A slice of an array is no copy",
        (f"batch[name] = {_WHERE}", "batch[name][~kept[:, 0]] = 0"),
    ),
    "missing-patterns-2: a copy is changed for good": (
        "test",
        "What is hidden once stays hidden",
        (
            "self.inputs, self.targets = inputs, targets",
            "self.targets = targets\n"
            "        copies = [x.copy() for x in inputs.values()]\n"
            "        self.inputs = dict(zip(inputs, copies))",
        ),
        (f"batch[name] = {_WHERE}", "batch[name][~kept[:, 0]] = 0"),
    ),
    "missing-patterns-2: drawn for each reading": (
        "test",
        "a part of sensor is 0 and a part is not",
        (
            _WHERE,
            'np.where(rng.random((len(kept), 2 if name == "sensor" else 1))'
            " < 0.7, batch[name], 0)",
        ),
    ),
    "missing-patterns-2: kept with the rate": (
        "test",
        "The rate is 30%, and 70% of the rows are hidden",
        (">= self.rate", "< self.rate"),
    ),
    "missing-patterns-2: the last rows are left out": (
        "test",
        "4 of 100 rows never come",
        (
            "math.ceil(len(self.targets) / self.size)",
            "len(self.targets) // self.size",
        ),
    ),
    "missing-patterns-2: some rows come twice": (
        "test",
        "Some of 100 rows come twice",
        (
            "rows = slice(index * self.size, (index + 1) * self.size)",
            "rows = np.arange(index * 32, index * 32 + 32) % 100",
        ),
    ),
    "missing-patterns-2: a list of inputs and targets": (
        "test",
        "what comes back is a list",
        (
            "return batch, self.targets[rows]",
            "return [batch, self.targets]",
        ),
    ),
    "missing-patterns-2: all targets": (
        "test",
        "The arrays of one batch have [32, 100] rows",
        ("return batch, self.targets[rows]", "return batch, self.targets"),
    ),
    "missing-patterns-2: one reading": (
        "test",
        "A row of sensor has the shape (2,); yours has (1,)",
        (
            "        return batch",
            '        batch["sensor"] = '
            'batch["sensor"][:, :1]\n        return batch',
        ),
    ),
    "missing-patterns-2: no return": (
        "test",
        "Your __getitem__ gives back nothing",
        ("return batch, self.targets[rows]", "batch, self.targets[rows]"),
    ),
    "missing-patterns-2: no number of batches": (
        "test",
        "Your __len__ gives back nothing",
        ("return math", "math"),
    ),
    "missing-patterns-2: a number with a fraction": (
        "test",
        "should be a whole number; yours is a float",
        ("math.ceil(len(self.targets) / self.size)", "100 / 32"),
    ),
    "missing-patterns-2: nothing is drawn before the first epoch": (
        "test",
        "Keras asks for a batch before the first epoch begins",
        ("def on_epoch_end", "def on_epoch_begin"),
        (_COUNTED, "self.now = getattr(self, 'now', 0) + 1"),
        ("self.seed, self.epoch, index", "self.seed, self.now, index"),
    ),
    "missing-patterns-2: an error at the end of an epoch": (
        "test",
        "Your on_epoch_end stops. AttributeError",
        (_COUNTED, "self.epochs += 1"),
    ),
    "missing-patterns-2: an error at the start": (
        "test",
        "Your HidesSensor stops in line 6 of its cell. NameError",
        ("self.rate = batch_size, rate", "self.rate = size, rate"),
    ),
    "missing-patterns-2: no data set": (
        "test",
        "A keras.utils.PyDataset is asked for",
        ("class HidesSensor(keras.utils.PyDataset)", "class HidesSensor"),
    ),
    "missing-patterns-2: always three in ten": (
        "hidden",
        "The rate is 60%, and",
        (">= self.rate", ">= 0.3"),
    ),
    "missing-patterns-3: complete rows": (
        "test",
        "Which patterns did the model meet in training?",
        (f"        transforms=[{_DROPOUT}],\n", ""),
        ("epochs=8", "epochs=4"),
    ),
    "missing-patterns-3: the masks stay": (
        "test",
        "Which masks did the model meet in training?",
        (
            _DROPOUT,
            "lambda batch, rng: ({name: x * ("
            "name not in inputs or rng.random(x.shape) < 0.5)"
            " for name, x in batch[0].items()}, batch[1])",
        ),
        ("epochs=8", "epochs=4"),
    ),
    "missing-patterns-3: the masks are not read": (
        "test",
        "The masks make no difference to the model",
        (
            "layers.Concatenate()(tensors)",
            "layers.Concatenate()([x for x in tensors if x.name in rates])",
        ),
        _SHORT,
    ),
    "missing-patterns-3: no curve": (
        "test",
        "Was training long enough, and did it show enough rows",
        (', activation="relu"', ""),
        _SHORT,
    ),
    "missing-patterns-3: something is always there": (
        "test",
        "Did the model meet such rows in training?",
        (", keep_one=False", ""),
    ),
    "missing-patterns-3: values alone": (
        "test",
        "yours are called a, b, c.",
        (
            "    return model",
            "    tensors = {t.name: t for t in model.inputs}\n"
            "    values = [tensors[name] for name in inputs]\n"
            "    mean = layers.Average()(values)\n"
            "    return keras.Model(values, layers.Dense(1)(mean))",
        ),
        _UNTRAINED,
    ),
    "missing-patterns-3: two numbers per row": (
        "test",
        "the answers should be (16000, 1); yours are (16000, 2)",
        ("layers.Dense(1)", "layers.Dense(2)"),
        _UNTRAINED,
    ),
    "missing-patterns-3: what fit gives back": (
        "test",
        "has the type History",
        ("    model.fit", "    history = model.fit"),
        ("return model", "return history"),
        _UNTRAINED,
    ),
    "missing-patterns-3: training ends in NaN": (
        "test",
        "gives NaN or infinity",
        ("CosineDecay(0.01", "CosineDecay(1e30"),
        ("epochs=8", "epochs=1"),
    ),
    "missing-patterns-3: no return": (
        "test",
        "Your train_model gives back nothing",
        ("    return model\n", ""),
        _UNTRAINED,
    ),
    "missing-patterns-3: an error of Keras": (
        "test",
        "Your train_model stops in line 20 of its cell. ValueError",
        ('"mse"', '"no_such_loss"'),
    ),
    "missing-patterns-3: always three inputs": (
        "hidden",
        "Your train_model stops in line 2 of its cell. ValueError",
        (_FIRST, "    a, b, c = inputs\n"),
    ),
    "missing-patterns-1: no targets": (
        "test",
        "Targets are an array",
        ("return hidden, targets", "return hidden, None"),
    ),
    "missing-patterns-2: the index times the epoch": (
        "test",
        "are the same in all of 20 epochs",
        (
            "[self.seed, self.epoch, index]",
            "[self.seed, self.epoch * index]",
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "missing-patterns-1: in place": ((_COPY, "inputs[key]"),),
    "missing-patterns-1: the transform of the companion": (
        (
            _FIRST,
            f"{_FIRST}"
            "    lose = ModalityDropout({name: rate}, keep_one=False)\n"
            "    return lose(batch, rng)\n\n\n"
            f"{_REST}",
        ),
    ),
    "missing-patterns-1: a fixed number of rows": (
        (
            _FIRST,
            f"{_FIRST}"
            "    inputs, targets = batch\n"
            "    count = len(targets)\n"
            "    lost = rng.choice(\n"
            "        count, round(rate * count), replace=False\n"
            "    )\n"
            "    hidden = {}\n"
            "    for key, values in inputs.items():\n"
            "        hidden[key] = values.copy()\n"
            "        if key.startswith(name):\n"
            "            hidden[key][lost] = 0\n"
            "    return hidden, targets\n\n\n"
            f"{_REST}",
        ),
    ),
    "missing-patterns-1: times a column of chances": (
        (
            _FIRST,
            f"{_FIRST}"
            "    inputs, targets = batch\n"
            '    key = name + "_present"\n'
            "    mask = inputs[key] * rng.binomial(\n"
            "        1, 1 - rate, inputs[key].shape\n"
            "    )\n"
            "    axes = (-1,) + (1,) * (inputs[name].ndim - 1)\n"
            "    value = inputs[name] * mask.reshape(axes)\n"
            "    return inputs | {name: value, key: mask}, targets\n\n\n"
            f"{_REST}",
        ),
    ),
    "missing-patterns-1: a loop over the rows, and tensors": (
        (
            _FIRST,
            f"{_FIRST}"
            "    inputs, targets = batch\n"
            "    both = {k: x.tolist() for k, x in inputs.items()}\n"
            "    for row in range(len(targets)):\n"
            "        if rng.uniform() < rate:\n"
            "            zeros = np.zeros_like(inputs[name][row])\n"
            "            both[name][row] = zeros.tolist()\n"
            '            both[name + "_present"][row] = [0.0]\n'
            "    tensor = keras.ops.convert_to_tensor\n"
            "    return {k: tensor(x) for k, x in both.items()}, targets\n"
            "\n\n"
            f"{_REST}",
        ),
    ),
    "missing-patterns-2: only epochs that began are counted": (
        ("= seed, 0\n", "= seed, 0\n        self.begun = False\n"),
        (
            f"        {_COUNTED}\n",
            "        self.epoch += self.begun\n"
            "        self.begun = False\n\n"
            "    def on_epoch_begin(self):\n"
            "        self.begun = True\n",
        ),
    ),
    "missing-patterns-2: counted at the beginning": (
        ("on_epoch_end", "on_epoch_begin"),
    ),
    "missing-patterns-2: all rows drawn when an epoch ends": (
        (
            _BEGINNING,
            f"{_BEGINNING}        self.on_epoch_end()\n",
        ),
        (
            f"        {_COUNTED}\n",
            f"        {_COUNTED}\n"
            "        rng = np.random.default_rng([self.seed, self.epoch])\n"
            "        self.kept = rng.random(self.targets.shape)"
            " >= self.rate\n",
        ),
        (f"        rng = {_RNG}\n", ""),
        (_DRAWN, "self.kept[rows]"),
    ),
    "missing-patterns-2: the order is shuffled, too": (
        (
            "rows = slice(index * self.size, (index + 1) * self.size)",
            "order = np.random.default_rng([self.seed, self.epoch, 99])\n"
            "        order = order.permutation(len(self.targets))\n"
            "        rows = order[index * self.size :][: self.size]",
        ),
    ),
    "missing-patterns-2: the data set of the companion": (
        (
            "class HidesSensor(",
            "def HidesSensor(inputs, targets, size, rate, seed):\n"
            "    return MultiInputGenerator(\n"
            "        inputs,\n"
            "        targets,\n"
            "        batch_size=size,\n"
            "        seed=seed,\n"
            "        transforms=[\n"
            '            ModalityDropout({"sensor": rate})\n'
            "        ],\n"
            "    )\n\n\n"
            "class Other(",
        ),
    ),
    "missing-patterns-3: gaps drawn once, by hand": (
        (
            "    rates = ",
            "    rng = np.random.default_rng(seed)\n"
            "    fed = {}\n"
            "    for name, values in inputs.items():\n"
            "        mask = (rng.random(values.shape) < 0.6) * 1.0\n"
            "        fed[name] = values * mask\n"
            '        fed[name + "_present"] = mask\n'
            "    rates = ",
        ),
        ("    fed = with_presence(inputs, missing=list(inputs))\n", ""),
        (f"        transforms=[{_DROPOUT}],\n", ""),
    ),
    "missing-patterns-3: the fusion of the companion": (
        (
            f"    model = {_MODEL}\n",
            "    from companion import dense_branch, masked_fusion\n\n"
            "    made = {tensor.name: tensor for tensor in tensors}\n"
            "    hidden = masked_fusion(\n"
            "        {name: dense_branch(made[name]) for name in inputs},\n"
            '        {name: made[name + "_present"] for name in inputs},\n'
            "    )\n"
            "    hidden = layers.Dense(32, activation='relu')(hidden)\n"
            f"    model = {_MODEL}\n",
        ),
    ),
    "missing-patterns-3: a regression for each pattern": (
        (
            _FIRST,
            f"{_FIRST}"
            "    names, count = list(inputs), len(inputs)\n"
            "    columns = np.hstack([*inputs.values()])\n"
            "    columns = np.hstack([columns, np.ones_like(targets)])\n"
            "    weights = np.zeros((2**count, count + 1))\n"
            "    for number in range(2**count):\n"
            "        there = [number >> bit & 1 for bit in range(count)]\n"
            "        used = np.flatnonzero([*there, 1])\n"
            "        weights[number, used] = np.linalg.lstsq(\n"
            "            columns[:, used], targets[:, 0]\n"
            "        )[0]\n\n"
            "    class Regressions(keras.Model):\n"
            "        def call(self, fed):\n"
            "            masks = [\n"
            '                fed[f"{name}_present"] for name in names\n'
            "            ]\n"
            "            number = sum(\n"
            '                2**bit * keras.ops.cast(mask[:, 0], "int32")\n'
            "                for bit, mask in enumerate(masks)\n"
            "            )\n"
            "            chosen = keras.ops.take(\n"
            '                weights.astype("float32"), number, axis=0\n'
            "            )\n"
            "            rows = [fed[name] for name in names]\n"
            "            rows = [*rows, keras.ops.ones_like(rows[0])]\n"
            "            rows = keras.ops.concatenate(rows, axis=1)\n"
            "            return keras.ops.sum(\n"
            "                rows * chosen, axis=1, keepdims=True\n"
            "            )\n\n"
            "    return Regressions()\n\n\n"
            "def rest(inputs, targets):\n",
        ),
    ),
    "missing-patterns-3: every pattern of every row, by hand": (
        (
            _FIRST,
            f"{_FIRST}"
            "    import itertools\n\n"
            "    masks = [*itertools.product((0, 1), repeat=len(inputs))]\n"
            "    masks = np.repeat(masks, len(targets), axis=0)\n"
            "    fed = {}\n"
            "    for place, (name, values) in enumerate(inputs.items()):\n"
            "        mask = masks[:, [place]].astype('float32')\n"
            "        values = np.tile(values, (2 ** len(inputs), 1))\n"
            "        fed[name] = values * mask\n"
            '        fed[name + "_present"] = mask\n'
            "    tensors = [keras.Input((1,), name=name) for name in fed]\n"
            "    hidden = layers.Concatenate()(tensors)\n"
            "    hidden = layers.Dense(64, activation='tanh')(hidden)\n"
            "    hidden = layers.Dense(64, activation='tanh')(hidden)\n"
            f"    model = {_MODEL}\n"
            "    model.compile(keras.optimizers.Adam(0.002), 'mse')\n"
            "    targets = np.tile(targets, (2 ** len(inputs), 1))\n"
            "    model.fit(fed, targets, 500, epochs=8, verbose=0)\n"
            "    return model\n\n\n"
            "def rest(inputs, targets):\n",
        ),
    ),
}
