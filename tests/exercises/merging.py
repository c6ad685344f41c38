"""Wrong answers to the sheet *Practice: merging*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
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

MUTANTS = {
    "merging-1: the maps are flattened": (
        "test",
        "maps are flattened",
        (_POOL_MAPS, "layers.Flatten()(maps)"),
    ),
    "merging-1: the words are flattened": (
        "test",
        "words are flattened",
        (_POOL_WORDS, "layers.Flatten()(words)"),
    ),
    "merging-1: the numbers are left out": (
        "test",
        "numbers are left out",
        ("        numbers,\n", ""),
    ),
    "merging-1: the words are left out": (
        "test",
        "words are left out",
        (f"        {_POOL_WORDS},\n", ""),
    ),
    "merging-1: the words are pooled over the wrong axis": (
        "test",
        "words are pooled over the wrong axis",
        (_POOL_WORDS, "keras.ops.mean(words, axis=2)"),
    ),
    "merging-1: flattened, then a dense layer": (
        "test",
        "need none",
        (_POOL_MAPS, "layers.Dense(32)(layers.Flatten()(maps))"),
    ),
    "merging-1: one place is picked": (
        "test",
        "A part of maps does not count",
        (_POOL_MAPS, "maps[:, 0, 0]"),
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
        "the products are summed up",
        ("Multiply()", "Dot(1)"),
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
    "merging-2: always four features": (
        "hidden",
        "For width 7 your inputs are",
        ("(width,)", "(4,)"),
    ),
    "merging-3: two branches": (
        "test",
        "Each view has weights of its own",
        (
            "branch(left), branch(right)",
            "image_branch(left), image_branch(right)",
        ),
    ),
    "merging-3: one branch, but side by side": (
        "test",
        "To Concatenate the order matters",
        ('how="multiply"', 'how="concatenate"'),
    ),
    "merging-3: one branch, but left minus right": (
        "test",
        "To Subtract the order matters",
        (
            'fuse([branch(left), branch(right)], how="multiply")',
            "layers.Subtract()([branch(left), branch(right)])",
        ),
    ),
    "merging-3: an input without a name": (
        "test",
        "should be left and right",
        (', name="right"', ""),
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
    "merging-3: no activation": (
        "test",
        "lies between 0 and 1",
        ("binary_head(both)", "layers.Rescaling(9, 9)(binary_head(both))"),
    ),
}
