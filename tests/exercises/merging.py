"""Answers to the sheet *Practice: merging*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_POOL_MAPS = "layers.GlobalAveragePooling2D()(maps)"
_POOL_WORDS = "layers.GlobalAveragePooling1D()(words)"
_MULTIPLY = "layers.Multiply()([signal, gate])"
_OWN_LAYER = (
    "def build(width):",
    "class Product(layers.Layer):\n"
    "    def __init__(self, how=None, **options):\n"
    "        super().__init__(**options)\n"
    "        self.how = how\n\n"
    "    def call(self, pair):\n"
    "        return pair[0] * pair[1]\n\n\n"
    "def build(width):",
)
_REGISTERED = (
    "class Product",
    "@keras.saving.register_keras_serializable()\nclass Product",
)
_WITH_CONFIG = (
    "    def call",
    "    def get_config(self):\n"
    '        return {**super().get_config(), "how": self.how}\n\n'
    "    def call",
)
_BOTH = 'fuse([branch(left), branch(right)], how="multiply")'

MUTANTS = {
    "merging-1: the maps are flattened": (
        "test",
        "if maps were flattened",
        (_POOL_MAPS, "layers.Flatten()(maps)"),
    ),
    "merging-1: the words are flattened": (
        "test",
        "if words were flattened",
        (_POOL_WORDS, "layers.Flatten()(words)"),
    ),
    "merging-1: the numbers are left out": (
        "test",
        "as many as without numbers",
        ("        numbers,\n", ""),
    ),
    "merging-1: the words are left out": (
        "test",
        "as many as without words",
        (f"        {_POOL_WORDS},\n", ""),
    ),
    "merging-1: the words are pooled over the wrong axis": (
        "test",
        "if words were pooled over the last axis",
        (_POOL_WORDS, "keras.ops.mean(words, axis=2)"),
    ),
    "merging-1: flattened, then a dense layer": (
        "test",
        "need none",
        (_POOL_MAPS, "layers.Dense(32)(layers.Flatten()(maps))"),
    ),
    "merging-1: one place is picked": (
        "test",
        "the values at place 0, 1 change nothing",
        (_POOL_MAPS, "maps[:, 0, 0]"),
    ),
    "merging-1: the mean of the first column": (
        "test",
        "the values at place 0, 0 change nothing",
        (_POOL_MAPS, "keras.ops.mean(maps, axis=1)[:, 1]"),
    ),
    "merging-1: the mean of the first row": (
        "test",
        "the values at place 1, 0 change nothing",
        (_POOL_MAPS, "keras.ops.mean(maps, axis=2)[:, 0]"),
    ),
    "merging-1: the last word alone": (
        "test",
        "A part of words does not count",
        (_POOL_WORDS, "words[:, -1]"),
    ),
    "merging-1: numbers times zero": (
        "test",
        "Feature 0 of numbers does not count",
        ("        numbers,\n", "        0 * numbers,\n"),
    ),
    "merging-1: one number is written over": (
        "test",
        "Feature 7 of numbers does not count",
        (
            "        numbers,\n",
            "        keras.ops.concatenate(\n"
            "            [numbers[:, :-1], numbers[:, :1]], axis=1\n"
            "        ),\n",
        ),
    ),
    "merging-1: the mean over the batch": (
        "test",
        "another if the row is alone in its batch",
        (
            "        numbers,\n",
            "        numbers - keras.ops.mean(numbers, axis=0),\n",
        ),
    ),
    "merging-1: no vector": (
        "test",
        "One vector per row is asked for",
        (
            _POOL_MAPS,
            "keras.ops.mean(maps, axis=(1, 2))[:, None]",
        ),
        (
            _POOL_WORDS,
            "keras.ops.mean(words, axis=1)[:, None]",
        ),
        (
            "        numbers,\n",
            "        layers.Reshape((1, 8))(numbers),\n",
        ),
    ),
    "merging-1: a list": (
        "test",
        "what you give back has the type list",
        ("return layers.Concatenate()(vectors)", "return vectors"),
    ),
    "merging-1: no return": (
        "test",
        "Your join gives back nothing",
        ("return layers", "layers"),
    ),
    "merging-1: shapes that do not meet": (
        "test",
        "Your join stops in line 3 of its cell. ValueError",
        (
            "    ### BEGIN SOLUTION\n",
            "    ### BEGIN SOLUTION\n"
            "    return layers.Concatenate()([maps, words, numbers])\n",
        ),
    ),
    "merging-1: pooled in squares of four": (
        "hidden",
        "fits one case only",
        (
            _POOL_MAPS,
            "layers.Flatten()(layers.AveragePooling2D(4, 2)(maps))",
        ),
    ),
    "merging-2: still a Lambda layer": (
        "test",
        "still a Lambda layer",
        (_MULTIPLY, "layers.Lambda(lambda x: x[0] * x[1])([signal, gate])"),
    ),
    "merging-2: adds": (
        "test",
        "This adds up",
        ("Multiply", "Add"),
    ),
    "merging-2: the larger one": (
        "test",
        "is not signal times gate",
        ("Multiply", "Maximum"),
    ),
    "merging-2: one number per row": (
        "test",
        "one number per row, not one per feature",
        ("Multiply()", "Dot(1)"),
    ),
    "merging-2: side by side": (
        "test",
        "One number per feature, please",
        ("Multiply", "Concatenate"),
    ),
    "merging-2: an own layer, not registered": (
        "test",
        "does not know your layer Product",
        _OWN_LAYER,
        (_MULTIPLY, "Product()([signal, gate])"),
    ),
    "merging-2: an own layer that holds a function": (
        "test",
        "write down every argument",
        _OWN_LAYER,
        _REGISTERED,
        (_MULTIPLY, "Product(lambda: 0)([signal, gate])"),
    ),
    "merging-2: inputs without names": (
        "test",
        "should be called signal and gate",
        (', name="signal"', ""),
        (', name="gate"', ""),
    ),
    "merging-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "merging-2: the tensor": (
        "test",
        "A keras.Model is asked for",
        ("return keras.Model([signal, gate], passed)", "return passed"),
    ),
    "merging-2: always four features": (
        "hidden",
        "Your input signal has the shape (None, 4)",
        ("(width,)", "(4,)"),
    ),
    "merging-3: two branches": (
        "test",
        "Does each view have weights of its own",
        (
            "branch(left), branch(right)",
            "image_branch(left), image_branch(right)",
        ),
    ),
    "merging-3: one branch, but side by side": (
        "test",
        "does the order matter there",
        ('how="multiply"', 'how="concatenate"'),
    ),
    "merging-3: the pixels are multiplied": (
        "test",
        "mixed pixel by pixel before",
        (_BOTH, "branch(layers.Multiply()([left, right]))"),
    ),
    "merging-3: an input without a name": (
        "test",
        "should be called left and right",
        (', name="right"', ""),
    ),
    "merging-3: larger images": (
        "test",
        "Your input left has the shape (None, 28, 28, 1)",
        ("(8, 8, 1)", "(28, 28, 1)"),
    ),
    "merging-3: one view is not used": (
        "test",
        "view right makes no difference",
        ("branch(right)", "branch(left)"),
    ),
    "merging-3: two probabilities": (
        "test",
        "One number per pair",
        ("binary_head(both)", 'layers.Dense(2, "softmax")(both)'),
    ),
    "merging-3: from -1 to 1": (
        "test",
        "lies between 0 and 1",
        ("binary_head(both)", "layers.Dense(1, 'tanh')(both)"),
    ),
    "merging-3: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
}

ALSO_RIGHT = {
    "merging-1: the largest response": (
        ("GlobalAveragePooling2D", "GlobalMaxPooling2D"),
    ),
    "merging-2: a sign is enough": (
        ("layers.Multiply()([signal, gate])", "signal * gate"),
    ),
    "merging-3: the sum of both views": (('how="multiply"', 'how="add"'),),
    "merging-1: means of Keras' operations": (
        (_POOL_MAPS, "keras.ops.mean(maps, axis=(1, 2))"),
        (_POOL_WORDS, "keras.ops.mean(words, axis=1)"),
    ),
    "merging-1: the smallest of all places": (
        (_POOL_MAPS, "keras.ops.min(maps, axis=(1, 2))"),
        (_POOL_WORDS, "-layers.GlobalMaxPooling1D()(-words)"),
    ),
    "merging-1: places as steps, and another order": (
        (
            _POOL_MAPS,
            "layers.GlobalMaxPooling1D()(\n"
            "            layers.Reshape((-1, maps.shape[-1]))(maps)\n"
            "        )",
        ),
        (
            "layers.Concatenate()(vectors)",
            "keras.ops.concatenate(vectors[::-1], axis=-1)",
        ),
    ),
    "merging-1: fuse of the companion": (
        ("layers.Concatenate()(vectors)", "fuse(vectors)"),
    ),
    "merging-2: an operation of Keras": (
        (_MULTIPLY, "keras.ops.multiply(gate, signal)"),
    ),
    "merging-2: fuse of the companion": (
        (_MULTIPLY, 'fuse([signal, gate], how="multiply")'),
    ),
    "merging-2: an own layer that can be written down": (
        _OWN_LAYER,
        _WITH_CONFIG,
        _REGISTERED,
        (_MULTIPLY, 'Product("times")([signal, gate])'),
    ),
    "merging-2: a model inside": (
        (
            _MULTIPLY,
            "keras.Model([signal, gate], signal * gate)([signal, gate])",
        ),
    ),
    "merging-2: the inputs in another order": (
        ("keras.Model([signal, gate]", "keras.Model([gate, signal]"),
    ),
    "merging-3: views stacked, one branch for each step": (
        (
            _BOTH,
            "layers.GlobalMaxPooling1D()(\n"
            "        layers.TimeDistributed(branch)(\n"
            "            keras.ops.stack([left, right], axis=1)\n"
            "        )\n"
            "    )",
        ),
    ),
    "merging-3: views as one batch": (
        (
            _BOTH,
            "layers.Add()(keras.ops.split(\n"
            "        branch(layers.Concatenate(axis=0)([left, right])), 2\n"
            "    ))",
        ),
    ),
    "merging-3: layers called twice, without a model": (
        (
            "    both = ",
            "    first = layers.Flatten()\n"
            '    second = layers.Dense(16, "relu")\n'
            "    branch = lambda view: second(first(view))\n"
            "    both = ",
        ),
    ),
    "merging-3: how far apart both are": (
        (
            _BOTH,
            "keras.ops.square(branch(left) - branch(right))",
        ),
    ),
    "merging-3: both orders, then their mean": (
        (
            "keras.Model([left, right], binary_head(both))",
            "keras.Model(\n"
            "        [left, right],\n"
            "        layers.Average()([\n"
            "            head(fuse([branch(left), branch(right)])),\n"
            "            head(fuse([branch(right), branch(left)])),\n"
            "        ]),\n"
            "    )",
        ),
        (
            "    both = ",
            '    head = layers.Dense(1, "sigmoid")\n    both = ',
        ),
    ),
    "merging-2: a class of its own, registered": (
        (
            '    signal = keras.Input((width,), name="signal")',
            (
                "    @keras.saving.register_keras_serializable()\n"
                "    class Gate(keras.Model):\n"
                "        def call(self, inputs):\n"
                '            return inputs["signal"] * inputs["gate"]\n'
                "\n"
                "    return Gate()\n"
                '    signal = keras.Input((width,), name="signal")'
            ),
        ),
    ),
    "merging-3: a class of its own": (
        (
            "    view = keras.Input((8, 8, 1))",
            (
                "    class Pair(keras.Model):\n"
                "        def __init__(self):\n"
                "            super().__init__()\n"
                '            self.seen = layers.Dense(8, "tanh")\n'
                '            self.last = layers.Dense(1, "sigmoid")\n'
                "\n"
                "        def call(self, inputs):\n"
                '            views = [inputs[name] for name in ("left", '
                '"right")]\n'
                "            one, other = (\n"
                "                self.seen(layers.Flatten()(v)) for v in "
                "views\n"
                "            )\n"
                "            return self.last(one * other)\n"
                "\n"
                "    return Pair()\n"
                "    view = keras.Input((8, 8, 1))"
            ),
        ),
    ),
}
