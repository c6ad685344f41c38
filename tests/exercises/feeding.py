"""Wrong answers to the sheet *Practice: feeding*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
"""

MUTANTS = {
    "feeding-1: always rounds down": (
        "test",
        "it counts as well",
        ("math.ceil(num_rows / batch_size)", "num_rows // batch_size"),
    ),
    "feeding-1: always one more": (
        "test",
        "1024 rows in batches of 64: nothing is left",
        ("math.ceil(num_rows / batch_size)", "num_rows // batch_size + 1"),
    ),
    "feeding-1: drop_last is ignored": (
        "test",
        "only full batches count",
        ("if drop_last", "if False"),
    ),
    "feeding-1: a batch too many": (
        "test",
        "do not hold each row once",
        (
            "math.ceil(num_rows / batch_size)",
            "1 + -(-num_rows // batch_size)",
        ),
    ),
    "feeding-1: not a whole number": (
        "test",
        "not a whole number",
        ("math.ceil(num_rows / batch_size)", "num_rows / batch_size"),
    ),
    "feeding-1: rounds half to even": (
        "hidden",
        "1088 rows in batches of 64: nothing is left",
        (
            "math.ceil(num_rows / batch_size)",
            "round(num_rows / batch_size + 0.5)",
        ),
    ),
    "feeding-2: the last batch is missing": (
        "test",
        "last, shorter batch is missing",
        (
            "math.ceil(len(self.targets) / self.size)",
            "len(self.targets) // self.size",
        ),
    ),
    "feeding-2: order drawn once": (
        "test",
        "made once and kept",
        ("[self.seed, self.epoch]", "self.seed"),
    ),
    "feeding-2: another order for each batch": (
        "test",
        "Some rows come twice",
        ("[self.seed, self.epoch]", "[self.seed, self.epoch, index]"),
    ),
    "feeding-2: batches shuffled, not rows": (
        "test",
        "Shuffle the rows before you cut",
        (
            "order = rng.permutation(len(self.targets))",
            "order = np.arange(len(self.targets))\n"
            "        index = rng.permutation(len(self))[index]",
        ),
    ),
    "feeding-2: draws from np.random": (
        "test",
        "default_rng of your own",
        (
            "self.epoch, self.begun = 0, False",
            "self.epoch, self.begun = 0, False\n"
            "        self.order = np.random.permutation(len(targets))",
        ),
        (
            "self.epoch += self.begun",
            "self.order = np.random.permutation(self.order)",
        ),
        (
            "order = rng.permutation(len(self.targets))",
            "order = self.order",
        ),
    ),
    "feeding-2: the seed is not used": (
        "test",
        "the seed is not used",
        ("[self.seed, self.epoch]", "self.epoch"),
    ),
    "feeding-2: no seed at all": (
        "test",
        "begin with different orders",
        (
            "self.epoch, self.begun = 0, False",
            "self.epoch, self.begun = 0, False\n"
            "        fresh = np.random.default_rng()\n"
            "        self.start = int(fresh.integers(2**40))",
        ),
        ("[self.seed, self.epoch]", "[self.start, self.epoch]"),
    ),
    "feeding-2: asking for a batch changes it": (
        "test",
        "asking changes something",
        (
            "self.epoch, self.begun = 0, False",
            "self.epoch, self.begun = 0, False\n"
            "        self.rng = np.random.default_rng(seed)",
        ),
        (
            "        batch =",
            "        rows = self.rng.permutation(rows)\n        batch =",
        ),
    ),
    "feeding-2: counts the end before the first epoch": (
        "test",
        "Count only epochs that on_epoch_begin announced",
        ("+= self.begun", "+= 1"),
    ),
    "feeding-2: targets of other rows": (
        "test",
        "Index both with the same row numbers",
        (
            "self.targets[rows]",
            "self.targets[index * self.size : (index + 1) * self.size]",
        ),
    ),
    "feeding-2: one batch too many if all are full": (
        "hidden",
        "the last one is empty",
        (
            "math.ceil(len(self.targets) / self.size)",
            "len(self.targets) // self.size + 1",
        ),
    ),
    "feeding-2: two orders in turn": (
        "test",
        "which take turns",
        ("[self.seed, self.epoch]", "[self.seed, self.epoch % 2]"),
    ),
    "feeding-2: seed plus epoch": (
        "test",
        "can stand in for each other",
        ("[self.seed, self.epoch]", "self.seed + self.epoch"),
    ),
    "feeding-2: a name that is not there": (
        "test",
        "An epoch of your class stops. AttributeError",
        ("self.targets[rows]", "self.labels[rows]"),
    ),
    "feeding-3: draws from np.random": (
        "test",
        "Draw from the rng that is handed",
        ("rng.normal", "np.random.normal"),
    ),
    "feeding-3: changes the images in place": (
        "test",
        "the noise adds up",
        (
            'return {**inputs, "image": inputs["image"] + noise}, targets',
            'inputs["image"] += noise\n    return inputs, targets',
        ),
    ),
    "feeding-3: the numbers are dropped": (
        "test",
        "you give back image. Hand on",
        ("{**inputs, ", "{"),
    ),
    "feeding-3: the targets are dropped": (
        "test",
        "give back both",
        ("noise}, targets", "noise}"),
    ),
    "feeding-3: noise on the numbers too": (
        "test",
        "The numbers changed too",
        (
            '{**inputs, "image": inputs["image"] + noise}',
            "{name: x + rng.normal(0, 0.1, x.shape)"
            " for name, x in inputs.items()}",
        ),
    ),
    "feeding-3: an rng without a seed": (
        "test",
        "from something else than the rng",
        ("rng.normal", "np.random.default_rng().normal"),
    ),
    "feeding-3: a fixed rng": (
        "test",
        "not a fixed one",
        ("rng.normal", "np.random.default_rng(0).normal"),
    ),
    "feeding-3: one number for the whole batch": (
        "test",
        "share one number",
        (', inputs["image"].shape', ""),
    ),
    "feeding-3: never negative": (
        "test",
        "lighter or darker",
        ("noise}", "abs(noise)}"),
    ),
    "feeding-3: another spread": (
        "test",
        "The spread should be 0.1",
        ("0.1", "0.01"),
    ),
    "feeding-3: pixels cut at paper and ink": (
        "test",
        "what went beyond was cut off",
        (
            'inputs["image"] + noise}',
            'np.clip(inputs["image"] + noise, 0, 1)}',
        ),
    ),
    "feeding-3: uniform noise": (
        "test",
        "0.0% of your noise is further from 0 than 2 times",
        ("rng.normal(0, 0.1,", "rng.uniform(-0.1732, 0.1732,"),
    ),
    "feeding-3: noise cut at twice its spread": (
        "test",
        "further from 0 than 3 times",
        (
            "    return {",
            "    noise = np.clip(noise, -0.2, 0.2)\n    return {",
        ),
    ),
    "feeding-3: forgets to return": (
        "test",
        "does it end with `return`",
        ("return {**inputs", "changed = {**inputs"),
    ),
    "feeding-1: no return": (
        "test",
        "Your steps gives back nothing",
        ("return math.ceil", "math.ceil"),
    ),
    "feeding-1: an error": (
        "test",
        "Your steps stops in line 5 of its cell",
        ("math.ceil", "math.cel"),
    ),
    "feeding-1: the rest as well": (
        "test",
        "you give back the type tuple",
        (
            "return math.ceil(num_rows / batch_size)",
            "return divmod(num_rows, batch_size)",
        ),
    ),
    "feeding-2: no targets": (
        "test",
        "a tuple of two, (inputs, targets)",
        ("return batch, self.targets[rows]", "return batch"),
    ),
    "feeding-2: other names": (
        "test",
        "the names that came in",
        ("{name: x[rows]", '{f"{name}s": x[rows]'),
    ),
    "feeding-2: one target for a batch": (
        "test",
        "as many rows as the batch",
        (
            "return batch, self.targets[rows]",
            "return batch, self.targets[rows[0]]",
        ),
    ),
    "feeding-3: an array in place of the inputs": (
        "test",
        "The inputs are a dict",
        (
            '{**inputs, "image": inputs["image"] + noise}',
            'inputs["image"] + noise',
        ),
    ),
    "feeding-3: the noise comes back as well": (
        "test",
        "you give back image, numbers, noise",
        ("{**inputs,", '{**inputs, "noise": noise,'),
    ),
}

ALSO_RIGHT = {
    "feeding-2: order made when the epoch begins": (
        ("self.begun = True", "self.begun, self.now = True, self.epoch"),
        ("self.epoch])", "getattr(self, 'now', 0)])"),
    ),
    "feeding-3: noise as float32": (
        ("+ noise}", '+ noise.astype("float32")}'),
    ),
    "feeding-1: by division of negative numbers": (
        ("math.ceil(num_rows / batch_size)", "-(-num_rows // batch_size)"),
    ),
    "feeding-1: counts the starts": (
        (
            "math.ceil(num_rows / batch_size)",
            "len(range(0, num_rows, batch_size))",
        ),
    ),
    "feeding-1: one more if there is a rest": (
        (
            "math.ceil(num_rows / batch_size)",
            "num_rows // batch_size + (num_rows % batch_size > 0)",
        ),
    ),
    "feeding-2: seed and epoch in one large number": (
        ("[self.seed, self.epoch]", "1000 * self.seed + self.epoch"),
    ),
    "feeding-2: by sorting random numbers": (
        (
            "rng.permutation(len(self.targets))",
            "np.argsort(rng.random(len(self.targets)))",
        ),
    ),
    "feeding-3: changes the dict it was handed": (
        (
            'return {**inputs, "image": inputs["image"] + noise}, targets',
            'inputs["image"] = inputs["image"] + noise\n'
            "    return inputs, targets",
        ),
    ),
    "feeding-3: a standard normal, made smaller": (
        (
            'rng.normal(0, 0.1, inputs["image"].shape)',
            '0.1 * rng.standard_normal(inputs["image"].shape)',
        ),
    ),
    "feeding-3: a tensor": (
        (
            'inputs["image"] + noise',
            'keras.ops.add(inputs["image"], noise)',
        ),
    ),
}
