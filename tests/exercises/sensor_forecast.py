"""Answers to *Practice: two sensors and their future*, wrong and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_DECODER = "layers.GRU(16, return_sequences=True)(series)"
_TARGETS = "future[..., None]"
_MODEL = "return keras.Model(tensors, answer), targets"
_LAST = "before[:, 0] = last"
_BEFORE = "before[:, 1:] = future[:, :-1]"
_EMPTY = "np.empty_like(future)"
_Z = "NormalDist().inv_cdf(0.5 + share / 2)"
_FACTOR = "np.quantile(errors, share) / z"
_COVERAGE = "np.mean(errors <= z)"
#: What stands behind an answer that came back before.
_REST_1 = "def rest(inputs, future):\n"
_REST_2 = "def rest(future, last):\n"
_REST_3 = "def rest(mean, spread, truth, share):\n"

MUTANTS = {
    "sensor-forecast-1: one number, as it was": (
        "test",
        "have the shape (40, 1), and targets (40, 20)",
        ("layers.Dense(1)(series)", "layers.Dense(1)(joined)"),
        (_TARGETS, "future"),
    ),
    "sensor-forecast-1: one number, and one more axis": (
        "test",
        "have the shape (40, 1), and targets (40, 20, 1)",
        ("layers.Dense(1)(series)", "layers.Dense(1)(joined)"),
    ),
    "sensor-forecast-1: no axis for the channel": (
        "test",
        "have the shape (40, 20, 1), and targets (40, 20):",
        (_TARGETS, "future"),
    ),
    "sensor-forecast-1: the last step alone": (
        "test",
        "have the shape (40, 16), and targets (40, 20, 1)",
        (", return_sequences=True", ""),
        ("layers.Dense(1)(series)", "series"),
    ),
    "sensor-forecast-1: the mean of each future": (
        "test",
        "The futures hold 800 numbers, and your targets hold 40",
        ("layers.Dense(1)(series)", "layers.Dense(1)(joined)"),
        (_TARGETS, "future.mean(axis=1, keepdims=True)"),
    ),
    "sensor-forecast-1: the future backwards": (
        "test",
        "Your targets are other numbers than the futures",
        (_TARGETS, "future[:, ::-1, None]"),
    ),
    "sensor-forecast-1: no step differs": (
        "test",
        "All steps of a prediction are the same number",
        (_DECODER, "layers.Dense(16, activation='relu')(series)"),
    ),
    "sensor-forecast-1: the accelerometer alone": (
        "test",
        "do not depend on the input radar",
        (
            "layers.Concatenate()([layers.GRU(16)(x) for x in tensors])",
            "layers.GRU(16)(tensors[0])",
        ),
    ),
    "sensor-forecast-1: no names": (
        "test",
        "The inputs should be called accelerometer and radar",
        (", name=name", ""),
    ),
    "sensor-forecast-1: the model alone": (
        "test",
        "Give back two things",
        (_MODEL, "return keras.Model(tensors, answer)"),
    ),
    "sensor-forecast-1: the other way round": (
        "test",
        "what you give back has the type ndarray",
        (_MODEL, "return targets, keras.Model(tensors, answer)"),
    ),
    "sensor-forecast-1: no return": (
        "test",
        "Your series_model gives back nothing",
        (_MODEL, "keras.Model(tensors, answer)"),
    ),
    "sensor-forecast-1: an error of Keras": (
        "test",
        "Your series_model stops in line 7 of its cell",
        ("(joined)\n    series", "(tensors[0])\n    series"),
    ),
    "sensor-forecast-1: always 20 steps": (
        "hidden",
        "have the shape (40, 20, 1), and targets (40, 7, 1)",
        ("future.shape[1]", "20"),
    ),
    "sensor-forecast-2: as it was": (
        "test",
        "Each step is told its own value, which is the answer",
        (_EMPTY, "future.copy()"),
        (f"    {_LAST}\n    {_BEFORE}\n", ""),
    ),
    "sensor-forecast-2: the step after": (
        "test",
        "told the value of the step after it",
        (_LAST, "before[:, -1] = last"),
        (_BEFORE, "before[:, :-1] = future[:, 1:]"),
    ),
    "sensor-forecast-2: turned round": (
        "test",
        "what is pushed out at the end comes in again at the start",
        (_EMPTY, "np.roll(future, 1, axis=1)"),
        (f"    {_LAST}\n    {_BEFORE}\n", ""),
    ),
    "sensor-forecast-2: the first is told itself": (
        "test",
        "The first step is told its own value",
        (_LAST, "before[:, 0] = future[:, 0]"),
    ),
    "sensor-forecast-2: the first is told 0": (
        "test",
        "The first step is told 0",
        (_LAST, "before[:, 0] = 0"),
    ),
    "sensor-forecast-2: the rows are moved": (
        "test",
        "The rows are moved, and not the steps",
        (_LAST, "before[0] = future[-1]"),
        (_BEFORE, "before[1:] = future[:-1]"),
    ),
    "sensor-forecast-2: the last value for all": (
        "test",
        "Every step is told `last`",
        (_BEFORE, "before[:] = last[:, None]"),
    ),
    "sensor-forecast-2: two steps before": (
        "test",
        "something else than the step before",
        (
            _BEFORE,
            "before[:, 1] = last\n    before[:, 2:] = future[:, :-2]",
        ),
    ),
    "sensor-forecast-2: one step is lost": (
        "test",
        "What comes back has the shape (30, 7, 1)",
        ("return before", "return before[:, 1:]"),
    ),
    "sensor-forecast-2: in place": (
        "test",
        "The arrays that came in are changed. They are the targets",
        (_EMPTY, "future"),
        (
            f"    {_LAST}\n    {_BEFORE}\n",
            f"    {_BEFORE}\n    {_LAST}\n",
        ),
    ),
    "sensor-forecast-2: no return": (
        "test",
        "Your told gives back nothing",
        ("return before", "before"),
    ),
    "sensor-forecast-2: one channel": (
        "hidden",
        "Only the first step is wrong",
        (_LAST, "before[:, 0] = last[:, :1]"),
    ),
    "sensor-forecast-3: those outside": (
        "test",
        "You count the truths that lie outside",
        (_COVERAGE, "np.mean(errors > z)"),
    ),
    "sensor-forecast-3: in percent": (
        "test",
        "Yours is in percent",
        (_COVERAGE, f"100 * {_COVERAGE}"),
    ),
    "sensor-forecast-3: too much at each end": (
        "test",
        "You leave out 20% at each end",
        (_Z, "NormalDist().inv_cdf(share)"),
    ),
    "sensor-forecast-3: the upper end alone": (
        "test",
        "You look at the upper end only",
        (_COVERAGE, "np.mean(truth <= mean + z * spread)"),
    ),
    "sensor-forecast-3: one spread": (
        "test",
        "Your interval is one spread to each side",
        (_Z, "1.0"),
    ),
    "sensor-forecast-3: errors without their spread": (
        "test",
        "; yours is 0.",
        (" / spread", ""),
    ),
    "sensor-forecast-3: as far as the coverage is off": (
        "test",
        "Twice the spread does not cover twice as much",
        (_FACTOR, "share / coverage"),
    ),
    "sensor-forecast-3: the standard deviation": (
        "test",
        "would be right for a normal distribution",
        (_FACTOR, "np.sqrt(np.mean(errors**2))"),
    ),
    "sensor-forecast-3: upside down": (
        "test",
        "The factor is upside down",
        (_FACTOR, "z / np.quantile(errors, share)"),
    ),
    "sensor-forecast-3: the width of the interval": (
        "test",
        "How many spreads wide was the interval before",
        (_FACTOR, "np.quantile(errors, share)"),
    ),
    "sensor-forecast-3: nothing changes": (
        "test",
        "A factor of 1 changes nothing",
        (_FACTOR, "1.0"),
    ),
    "sensor-forecast-3: a share at one end": (
        "test",
        "How large are the errors, in units of the spread",
        (_FACTOR, "np.quantile(errors, 0.5 + share / 2) / z"),
    ),
    "sensor-forecast-3: a factor for each step": (
        "test",
        "one factor for all spreads",
        (_FACTOR, "np.quantile(errors, share, axis=0) / z"),
        ("coverage, factor\n", "np.array([coverage, *factor.ravel()])\n"),
    ),
    "sensor-forecast-3: the spreads are changed": (
        "test",
        "The arrays that came in are changed. Leave them",
        ("return coverage", "spread *= factor\n    return coverage"),
    ),
    "sensor-forecast-3: no return": (
        "test",
        "Your calibrated gives back nothing",
        ("return coverage, factor", "coverage, factor"),
    ),
    "sensor-forecast-3: always 80%": (
        "hidden",
        "Your interval is that for 80%",
        (_Z, "1.2816"),
    ),
    "sensor-forecast-1: each step from one sensor": (
        "test",
        "Step 10 of the predictions does not",
        (
            "answer = layers.Dense(1)(series)",
            (
                "sizes = [10, future.shape[1] - 10]\n"
                "    parts = [\n"
                "        layers.Dense(n)(layers.GRU(8)(x)) for n, x "
                "in zip(sizes, tensors)\n"
                "    ]\n"
                "    answer = layers.Concatenate()(parts)[..., None]"
            ),
        ),
    ),
    "sensor-forecast-1: two numbers in turn": (
        "test",
        "Two steps of a prediction",
        (
            "answer = layers.Dense(1)(series)",
            (
                "answer = keras.ops.tile(layers.Dense(2)(joined), "
                "(1, 10))[..., None]"
            ),
        ),
    ),
    "sensor-forecast-1: an axis of its own": (
        "test",
        "or (40, 20, 1) is asked for",
        ("future[..., None]", "future[:, None]"),
    ),
    "sensor-forecast-2: texts": (
        "test",
        "What the steps are told should be numbers",
        ("return before", "return before.astype(str)"),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "sensor-forecast-1: a dense layer of as many numbers": (
        (
            "layers.Dense(1)(series)",
            "layers.Dense(future.shape[1])(joined)",
        ),
        (_TARGETS, "future"),
    ),
    "sensor-forecast-1: all numbers at once, then steps": (
        (
            "layers.Dense(1)(series)",
            "layers.Reshape((-1, 1))(\n"
            "        layers.Dense(future.shape[1])(joined)\n"
            "    )",
        ),
    ),
    "sensor-forecast-1: a layer for each step": (
        (
            "layers.Dense(1)(series)",
            "layers.Concatenate()(\n"
            "        [layers.Dense(1)(joined) for _ in future.T]\n"
            "    )",
        ),
        (_TARGETS, "future.tolist()"),
    ),
    "sensor-forecast-1: the builder of the companion": (
        (
            _FIRST,
            f"{_FIRST}"
            "    from companion import sensor_fusion\n\n"
            "    shapes = {k: x.shape[1:] for k, x in inputs.items()}\n"
            "    steps = future.shape[1]\n"
            "    model = sensor_fusion(shapes, future=(steps, 1))\n"
            "    return model, np.expand_dims(future, -1)\n\n\n"
            f"{_REST_1}",
        ),
    ),
    "sensor-forecast-1: convolutions that write a series": (
        (
            "layers.GRU(16)(x) for",
            "layers.Flatten()(layers.Conv1D(8, 3)(x)) for",
        ),
        ("(future.shape[1])(joined)", "(1)(joined)"),
        (
            _DECODER,
            "layers.Conv1DTranspose(16, future.shape[1])(series)",
        ),
    ),
    "sensor-forecast-2: the last value in front, the last step off": (
        (
            _FIRST,
            f"{_FIRST}"
            "    whole = np.concatenate([last[:, None], future], axis=1)\n"
            "    return whole[:, :-1]\n\n\n"
            f"{_REST_2}",
        ),
    ),
    "sensor-forecast-2: turned round, then put right": (
        (_EMPTY, "np.roll(future, 1, axis=1)"),
        (f"    {_BEFORE}\n", ""),
    ),
    "sensor-forecast-2: in a loop, as lists": (
        (
            _FIRST,
            f"{_FIRST}"
            "    rows = zip(future.tolist(), last.tolist())\n"
            "    return [[first, *row[:-1]] for row, first in rows]\n\n\n"
            f"{_REST_2}",
        ),
    ),
    "sensor-forecast-2: padded, as a tensor": (
        (
            _FIRST,
            f"{_FIRST}"
            "    zeros = keras.ops.pad(future, ((0, 0), (1, 0), (0, 0)))\n"
            "    first = np.arange(future.shape[1])[:, None] == 0\n"
            "    return zeros[:, :-1] + first * last[:, None]\n\n\n"
            f"{_REST_2}",
        ),
    ),
    "sensor-forecast-3: a search for the factor": (
        (
            _FACTOR,
            "1.0\n"
            "    low, high = 0.01, 100.0\n"
            "    for _ in range(40):\n"
            "        factor = (low + high) / 2\n"
            "        if np.mean(errors <= factor * z) < share:\n"
            "            low = factor\n"
            "        else:\n"
            "            high = factor",
        ),
    ),
    "sensor-forecast-3: conformal, one rank more": (
        (
            _FACTOR,
            "np.sort(errors, axis=None)[\n"
            "        int(np.ceil((errors.size + 1) * share)) - 1\n"
            "    ] / z",
        ),
    ),
    "sensor-forecast-3: both ends, and a list": (
        (
            _COVERAGE,
            "np.logical_and(\n"
            "        mean - z * spread < truth, truth < mean + z * spread\n"
            "    ).sum() / truth.size",
        ),
        ("return coverage, factor", "return [float(coverage), factor]"),
    ),
    "sensor-forecast-3: the quantile of SciPy, a loop": (
        (
            _FIRST,
            f"{_FIRST}"
            "    from scipy.stats import norm\n\n"
            "    z = -norm.ppf((1 - share) / 2)\n"
            "    sizes = []\n"
            "    for m, s, t in zip(mean.flat, spread.flat, truth.flat):\n"
            "        sizes.append(abs(t - m) / s / z)\n"
            "    inside = sum(size < 1 for size in sizes)\n"
            "    factor = sorted(sizes)[round(share * len(sizes))]\n"
            "    return inside / len(sizes), factor\n\n\n"
            f"{_REST_3}",
        ),
    ),
}
