"""Answers to the sheet *Practice: several sensors*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_SLOW = "steps[:, ::every, 1:3] = np.nan_to_num(slow)"
_STATES = "layers.GRU(16, return_sequences=True)(readings)"
_MODEL = "keras.Model([readings], layers.Dense(1)(states))"
_WEIGHTS = "weights = 1 / noise**2"
_SUM = "weights = weights / weights.sum(axis=1, keepdims=True)"
_MEAN = "return (weights * readings).sum(axis=1, keepdims=True)"
_TOLD = "layers.Dot(axes=1)([weights, read])"
_UNTRAINED = ("epochs=5", "epochs=0")
#: What stands behind an answer that came back before.
_REST = "def rest(fast, slow, every):\n"

MUTANTS = {
    "sensor-filter-1: without the mask": (
        "test",
        "There are 3 channels; 4 are asked for",
        ("return steps", "return steps[..., :3]"),
    ),
    "sensor-filter-1: steps last": (
        "test",
        "The array should be (3, 8, 4); yours is (3, 4, 8)",
        ("return steps", "return steps.transpose(0, 2, 1)"),
    ),
    "sensor-filter-1: the gaps stay": (
        "test",
        "one NaN makes every answer of a network NaN",
        ("np.nan_to_num(slow)", "slow"),
    ),
    "sensor-filter-1: the gaps are filled in place": (
        "test",
        "The arrays that came in are changed",
        (_SLOW, "steps[:, ::every, 1:3] = np.nan_to_num(slow, copy=False)"),
    ),
    "sensor-filter-1: the slow sensor first": (
        "test",
        "The fast sensor comes last",
        ("return steps", "return np.roll(steps, -1, axis=2)"),
    ),
    "sensor-filter-1: one step late": (
        "test",
        "The slow readings stand one step late",
        ("::every, 1:3", "1::every, 1:3"),
        ("::every, 3", "1::every, 3"),
    ),
    "sensor-filter-1: no fast readings": (
        "test",
        "Channel 0 is not what the fast sensor read",
        ("steps[..., :1] = fast", "pass"),
    ),
    "sensor-filter-1: one after the other": (
        "test",
        "Reading n belongs to step 2 * n",
        ("::every, 1:3", ": slow.shape[1], 1:3"),
        ("::every, 3", ": slow.shape[1], 3"),
    ),
    "sensor-filter-1: the last one is held": (
        "test",
        "Between two slow readings the last one is repeated",
        (
            _SLOW,
            "steps[:, :, 1:3] = np.repeat(\n"
            "        np.nan_to_num(slow), every, axis=1\n"
            "    )",
        ),
    ),
    "sensor-filter-1: gaps of one": (
        "test",
        "At step 2 of row 0 the slow channels hold [1.0, 1.0]",
        ("np.nan_to_num(slow)", "np.nan_to_num(slow, nan=1)"),
    ),
    "sensor-filter-1: the mask of gaps": (
        "test",
        "The mask is the other way round",
        (
            "    return steps",
            "    steps[..., 3] = 1 - steps[..., 3]\n    return steps",
        ),
    ),
    "sensor-filter-1: the mask of the times": (
        "test",
        "also where its reading dropped out",
        ("= np.isfinite(slow[..., 0])", "= 1"),
    ),
    "sensor-filter-1: a mask of the drop-outs among the readings": (
        "test",
        "At step 0 of row 0 the mask is 0; 1 is asked for",
        ("np.isfinite(slow[..., 0])", "np.isnan(slow[..., 0])"),
    ),
    "sensor-filter-1: no return": (
        "test",
        "Your align gives back nothing",
        ("return steps", "steps"),
    ),
    "sensor-filter-1: an error": (
        "test",
        "into shape (3,4,1)",
        ("::every, 1:3", "::every, 1:2"),
    ),
    "sensor-filter-1: always every second step": (
        "hidden",
        "into shape (3,5,2)",
        ("::every", "::2"),
    ),
    "sensor-filter-2: as it was": (
        "test",
        "Which argument of the layer gives a state at every step?",
        (_STATES, "layers.Bidirectional(layers.GRU(16))(readings)"),
    ),
    "sensor-filter-2: both directions": (
        "test",
        "the model looks into the future",
        (_STATES, f"layers.Bidirectional({_STATES[:-10]})(readings)"),
    ),
    "sensor-filter-2: no memory": (
        "test",
        "the model remembers nothing",
        (_STATES, 'layers.Dense(16, activation="relu")(readings)'),
    ),
    "sensor-filter-2: one step late": (
        "test",
        "your answers come too late",
        (
            _STATES,
            "layers.GRU(16, return_sequences=True)(\n"
            "        layers.ZeroPadding1D((1, 0))(readings)\n"
            "    )[:, :-1]",
        ),
    ),
    "sensor-filter-2: one channel": (
        "test",
        "Channel 1 makes no difference to the answers",
        ("True)(readings)", "True)(readings[:, :, :1])"),
    ),
    "sensor-filter-2: not compiled": (
        "test",
        "The model is not compiled",
        ('    model.compile("adam", loss="mse")\n', ""),
    ),
    "sensor-filter-2: a learning rate of 0": (
        "test",
        "After one step of training the answers are as before",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "sensor-filter-2: two numbers at each step": (
        "test",
        "The answers should be (6, 30, 1); yours are (6, 30, 2)",
        ("layers.Dense(1)", "layers.Dense(2)"),
    ),
    "sensor-filter-2: another name": (
        "test",
        "The inputs should be called readings; yours are called series",
        ('name="readings"', 'name="series"'),
    ),
    "sensor-filter-2: the layers alone": (
        "test",
        "what you give back has the type KerasTensor",
        ("return model", "return states"),
    ),
    "sensor-filter-2: no return": (
        "test",
        "Your estimator gives back nothing",
        ("return model", "model"),
    ),
    "sensor-filter-2: no such loss": (
        "test",
        "Your estimator stops in line 6 of its cell. ValueError",
        ('"adam"', '"no_such_optimizer"'),
    ),
    "sensor-filter-2: always thirty steps": (
        "hidden",
        "expected shape=(None, 30, 2), found shape=(6, 21, 2)",
        ("(steps, channels)", "(30, channels)"),
        ("def estimator(30, channels)", "def estimator(steps, channels)"),
    ),
    "sensor-filter-3: the plain mean": (
        "test",
        "Your estimate is the plain mean",
        (_WEIGHTS, "weights = np.ones_like(noise)"),
    ),
    "sensor-filter-3: by standard deviation": (
        "test",
        "weights go by the variance",
        (_WEIGHTS, "weights = 1 / noise"),
    ),
    "sensor-filter-3: by the variance itself": (
        "test",
        "the noisier reading counts more",
        (_WEIGHTS, "weights = noise**2"),
    ),
    "sensor-filter-3: the surest alone": (
        "test",
        "You take the surest reading alone",
        (
            _WEIGHTS,
            "least = noise.min(axis=1, keepdims=True)\n"
            "    weights = (noise == least) * 1.0",
        ),
    ),
    "sensor-filter-3: weights of any sum": (
        "test",
        "Your weights do not add up to 1",
        (_SUM, "pass"),
    ),
    "sensor-filter-3: one axis": (
        "test",
        "they would make (50, 50) numbers",
        (_MEAN, _MEAN.replace(", keepdims=True", "")),
    ),
    "sensor-filter-3: not summed": (
        "test",
        "The estimates should be (50, 1); yours are (50, 2)",
        (_MEAN, "return weights * readings"),
    ),
    "sensor-filter-3: by the fourth power": (
        "test",
        "Look at row 0: it reads",
        (_WEIGHTS, "weights = 1 / noise**4"),
    ),
    "sensor-filter-3: no return of the weighted mean": (
        "test",
        "Your weigh gives back nothing",
        (_MEAN, _MEAN.replace("return ", "")),
    ),
    "sensor-filter-3: the noise is not read": (
        "test",
        "The input noise makes no difference to it",
        (
            'hidden = layers.Dense(32, activation="relu")(told)',
            "hidden = layers.Dense(32)(0 * told)",
        ),
        ("epochs=5", "epochs=1"),
    ),
    "sensor-filter-3: the readings are not read": (
        "test",
        "The input readings makes no difference to it",
        (_TOLD, "layers.Dense(1)(weights)"),
        ("epochs=5", "epochs=1"),
    ),
    "sensor-filter-3: trained on zeros": (
        "test",
        "Always answering 0 would do about as well",
        ("model.fit(rows, truth", "model.fit(rows, 0 * truth"),
        (_TOLD, "layers.Dense(1)(layers.Concatenate()([weights, read]))"),
        ("epochs=5", "epochs=2"),
    ),
    "sensor-filter-3: too short": (
        "test",
        "Was training long enough?",
        ("epochs=5", "epochs=1"),
        ("Adam(0.01)", "Adam(0.001)"),
        ("batch_size=100", "batch_size=250"),
    ),
    "sensor-filter-3: a number for each sensor": (
        "test",
        "the answers should be (2000, 1); yours are (2000, 2)",
        (_TOLD, "layers.Multiply()([weights, read])"),
        _UNTRAINED,
    ),
    "sensor-filter-3: unnamed inputs": (
        "test",
        "The inputs should be called readings and noise",
        ('name="noise"', 'name="sigma"'),
        ('"noise": noise', '"sigma": noise'),
        _UNTRAINED,
    ),
    "sensor-filter-3: training ends in NaN": (
        "test",
        "gives NaN or infinity",
        ("Adam(0.01)", "Adam(1e38)"),
        ("epochs=5", "epochs=1"),
    ),
    "sensor-filter-3: no model comes back": (
        "test",
        "Your train_network gives back nothing",
        ("    return model\n", ""),
        _UNTRAINED,
    ),
    "sensor-filter-3: always two sensors": (
        "hidden",
        "Your train_network stops in line",
        ("sensors = readings.shape[1]", "sensors = 2"),
        ("epochs=5", "epochs=4"),
    ),
    "sensor-filter-1: a reading of 0 is a gap": (
        "test",
        "A reading of 0 has the mask 0",
        ("np.isfinite(slow[..., 0])", "np.nan_to_num(slow[..., 0]) != 0"),
    ),
    "sensor-filter-1: texts": (
        "test",
        "Readings and mask should be numbers",
        ("return steps", "return steps.astype(str)"),
    ),
    "sensor-filter-2: a loss for probabilities": (
        "test",
        "Which loss measures how far off",
        ('loss="mse"', 'loss="binary_crossentropy"'),
    ),
    "sensor-filter-3: the formula inside": (
        "test",
        "it holds the formula",
        (
            "estimate = layers.Dot(axes=1)([weights, read])",
            (
                "weights = told**-2.0\n"
                "    weights /= keras.ops.sum(weights, axis=1, "
                "keepdims=True)\n"
                "    estimate = layers.Dot(axes=1)([weights, read])"
            ),
        ),
        (
            (
                "    model.fit(rows, truth, batch_size=100, "
                "epochs=5, verbose=0)\n"
            ),
            "",
        ),
    ),
    "sensor-filter-3: the noise is changed": (
        "test",
        "An array that came in is changed",
        ("weights = 1 / noise**2", ("noise **= -2\n    weights = noise")),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "sensor-filter-1: a loop over the steps": (
        (
            _FIRST,
            f"{_FIRST}"
            "    rows = []\n"
            "    for step in range(fast.shape[1]):\n"
            "        read = np.full((len(slow), 2), np.nan)\n"
            "        if step % every == 0:\n"
            "            read = slow[:, step // every]\n"
            "        there = ~np.isnan(read[:, :1])\n"
            "        read = np.where(there, read, 0)\n"
            "        rows.append(np.hstack([fast[:, step], read, there]))\n"
            "    return np.stack(rows, axis=1)\n\n\n"
            f"{_REST}",
        ),
    ),
    "sensor-filter-1: repeated, then hidden by the mask": (
        (
            _FIRST,
            f"{_FIRST}"
            "    count = fast.shape[1]\n"
            "    held = np.repeat(slow, every, axis=1)[:, :count]\n"
            "    due = np.arange(count)[None, :, None] % every == 0\n"
            "    there = np.isfinite(held[..., :1]) & due\n"
            "    held = np.where(there, held, 0)\n"
            "    return np.concatenate([fast, held, there], axis=-1)\n\n\n"
            f"{_REST}",
        ),
    ),
    "sensor-filter-1: zeros put between, as a tensor": (
        (
            _FIRST,
            f"{_FIRST}"
            "    both = np.dstack([slow, np.isfinite(slow[..., :1])])\n"
            "    both = np.nan_to_num(both)\n"
            "    zeros = np.zeros((len(slow), every - 1, 3))\n"
            "    parts = []\n"
            "    for reading in range(slow.shape[1]):\n"
            "        parts += [both[:, [reading]], zeros]\n"
            "    steps = np.concatenate(parts, axis=1)\n"
            "    steps = steps[:, : fast.shape[1]]\n"
            "    tensor = keras.ops.convert_to_tensor\n"
            "    return tensor(np.concatenate([fast, steps], axis=2))\n\n\n"
            f"{_REST}",
        ),
    ),
    "sensor-filter-2: convolutions that look back": (
        (
            _STATES,
            'layers.Conv1D(16, 5, padding="causal", activation="tanh")(\n'
            "        readings\n"
            "    )",
        ),
    ),
    "sensor-filter-2: attention that looks back": (
        (
            _STATES,
            "layers.Dense(16)(readings)\n"
            "    states += layers.MultiHeadAttention(2, 8)(\n"
            "        states, states, use_causal_mask=True\n"
            "    )",
        ),
    ),
    "sensor-filter-2: two layers, and a class of its own": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Estimator(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            "            each = {'return_sequences': True}\n"
            "            self.first = layers.LSTM(8, **each)\n"
            "            self.second = layers.GRU(8, **each)\n"
            "            self.last = layers.Dense(1)\n\n"
            "        def call(self, inputs):\n"
            '            states = self.first(inputs["readings"])\n'
            "            return self.last(self.second(states))\n\n"
            "    model = Estimator()\n"
            '    model.compile("sgd", keras.losses.Huber())\n'
            "    return model\n",
        ),
    ),
    "sensor-filter-2: any number of steps": (
        ("keras.Input((steps, channels)", "keras.Input((None, channels)"),
    ),
    "sensor-filter-3: one reading after the other": (
        (
            f"    {_WEIGHTS}\n",
            "    estimate, variance = readings[:, :1], noise[:, :1] ** 2\n"
            "    for n in range(1, readings.shape[1]):\n"
            "        other = noise[:, n : n + 1] ** 2\n"
            "        gain = variance / (variance + other)\n"
            "        new = readings[:, n : n + 1]\n"
            "        estimate = estimate + gain * (new - estimate)\n"
            "        variance = (1 - gain) * variance\n"
            "    return estimate\n\n\n"
            "def other(readings, noise):\n"
            f"    {_WEIGHTS}\n",
        ),
    ),
    "sensor-filter-3: products of what others add": (
        (
            _WEIGHTS,
            "weights = np.prod(noise**2, axis=1)[:, None] / noise**2",
        ),
        (
            "layers.Dot(axes=1)([weights, read])",
            "keras.ops.sum(weights * read, axis=1, keepdims=True)",
        ),
    ),
    "sensor-filter-3: dense layers alone": (
        (
            "    hidden = layers.Dense(32",
            "    joined = layers.Concatenate()([read, told])\n"
            "    wide = layers.Dense(128, activation='relu')(joined)\n"
            "    wide = layers.Dense(128, activation='relu')(wide)\n"
            "    hidden = layers.Dense(32",
        ),
        (_TOLD, "layers.Dense(1)(wide)"),
        ("Adam(0.01)", "Adam(0.003)"),
        ("epochs=5", "epochs=25"),
    ),
}
