"""Answers to the sheet *Practice: a recommender*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_SCORES = "    scores = users @ products.T\n"
_UNRATED = "    scores = np.where(rated, -np.inf, scores)\n"
_BEST = "np.argsort(-scores, axis=1)[:, :count]"
_COPY = "dict(batch[0])"
_DRAWN = "rng.random(len(inputs[name])) < 0.1"
_HIDE = "np.where(hidden, 1, inputs[name])"
_GIVEN = "inputs, *batch[1:]"
_DOT = "layers.Dot(axes=1)(vectors)"
_LENGTH = "layers.Dense(8)(known)"
_TOWER = "keras.Model([ids, number], vectors[-1])"
_COMPILED = '    model.compile("adam", "mse")\n'

MUTANTS = {
    "recommender-1: what is rated counts": (
        "test",
        "and has rated it already",
        (_UNRATED, ""),
    ),
    "recommender-1: the worst": (
        "test",
        "would like least",
        ("np.argsort(-scores", "np.argsort(scores"),
        ("-np.inf", "np.inf"),
    ),
    "recommender-1: the best comes last": (
        "test",
        "the best should come first",
        (_BEST, "np.argsort(scores, axis=1)[:, -count:]"),
    ),
    "recommender-1: by angle": (
        "test",
        "You divide by the length",
        (
            _SCORES,
            _SCORES
            + "    scores = scores / np.linalg.norm(products, axis=1)\n",
        ),
    ),
    "recommender-1: the nearest": (
        "test",
        "whose vectors are nearest",
        (
            _SCORES,
            "    apart = users[:, None] - products\n"
            "    scores = -np.linalg.norm(apart, axis=2)\n",
        ),
    ),
    "recommender-1: all of them": (
        "test",
        "yours are int64 (5, 12)",
        ("[:, :count]", ""),
    ),
    "recommender-1: scores in place of numbers": (
        "test",
        "yours are float64 (5, 3)",
        (_BEST, "-np.sort(-scores, axis=1)[:, :count]"),
    ),
    "recommender-1: the best of all users": (
        "test",
        "For user 0 the products should be",
        (
            _UNRATED,
            "    scores = scores.sum(axis=0) + np.zeros_like(scores)\n"
            + _UNRATED,
        ),
    ),
    "recommender-1: counted from 1": (
        "test",
        "numbers from 0 to 11",
        (_BEST, f"{_BEST} + 12"),
    ),
    "recommender-1: the mark is changed": (
        "test",
        "An array that came in is changed",
        ("    return", "    rated[:] = True\n    return"),
    ),
    "recommender-1: the same product again": (
        "test",
        "more than once",
        (_BEST, "np.argsort(-scores, axis=1)[:, [0] * count]"),
    ),
    "recommender-1: always three": (
        "hidden",
        "yours are int64 (8, 3)",
        (":count]", ":3]"),
    ),
    "recommender-2: the dict that came in": (
        "test",
        "The batch that came in is changed",
        (_COPY, "batch[0]"),
    ),
    "recommender-2: other random numbers": (
        "test",
        "You draw from np.random itself",
        ("rng.random(", "np.random.random("),
    ),
    "recommender-2: the gap": (
        "test",
        "A hidden user should have id 1",
        ("hidden, 1", "hidden, 0"),
    ),
    "recommender-2: both together": (
        "test",
        "User and product are hidden together",
        ("    for name", f"    hidden = {_DRAWN}\n    for name"),
        (f"        hidden = {_DRAWN}\n", ""),
        ("len(inputs[name]))", 'len(inputs["user"]))'),
    ),
    "recommender-2: all but one in ten": (
        "test",
        "89% of the ids of user are hidden",
        ("< 0.1", "> 0.1"),
    ),
    "recommender-2: users alone": (
        "test",
        "0% of the ids of product are hidden",
        ('["user", "product"]', '["user"]'),
    ),
    "recommender-2: ages, too": (
        "test",
        "The input age is no user and no product",
        ('["user", "product"]', '["user", "product", "age"]'),
    ),
    "recommender-2: always the same rows": (
        "test",
        "whatever rng says",
        ("rng.random(", "np.random.default_rng(len(name)).random("),
    ),
    "recommender-2: new random numbers": (
        "test",
        "With the same rng, other rows are hidden",
        ("rng.random(", "np.random.default_rng().random("),
    ),
    "recommender-2: fractions": (
        "test",
        "should stay whole numbers (5000,); yours are float64",
        ("hidden, 1,", "hidden, 1.0,"),
    ),
    "recommender-2: inputs alone": (
        "test",
        "You give back a dict",
        (_GIVEN, "inputs"),
    ),
    "recommender-2: the ids alone": (
        "test",
        "give back all of them",
        (_COPY, '{n: batch[0][n] for n in ("user", "product")}'),
    ),
    "recommender-2: targets are hidden": (
        "test",
        "Targets and weights should stay",
        (_GIVEN, "inputs, *(0 * part for part in batch[1:])"),
    ),
    "recommender-2: weights are lost": (
        "hidden",
        "You give back a tuple of 2",
        (_GIVEN, "inputs, batch[1]"),
    ),
    "recommender-3: a number beside the product": (
        "test",
        "What comes after the Dot, or beside it",
        (_DOT, f"layers.Dense(1)(vectors[0]) + {_DOT}"),
    ),
    "recommender-3: vectors of length 1": (
        "test",
        "dot product of vectors of length 1",
        ("layers.Dot(axes=1)", "layers.Dot(axes=1, normalize=True)"),
    ),
    "recommender-3: towers of their own": (
        "test",
        "weights that are not in the model",
        (_TOWER, f"keras.Model([ids, number], {_LENGTH})"),
    ),
    "recommender-3: a sum": (
        "test",
        "every user likes the same products best",
        (
            _LENGTH,
            "layers.Dense(2)(known)",
        ),
        (
            "        towers.append",
            "        one = keras.ops.ones_like(vectors[-1][:, :1])\n"
            "        own = vectors[-1][:, :1]\n"
            "        pair = [one, own] if towers else [own, one]\n"
            "        vectors[-1] = layers.Concatenate()(pair)\n"
            "        towers.append",
        ),
    ),
    "recommender-3: the ages are left out": (
        "test",
        "The input age makes no difference",
        (
            "[learned, number]",
            "[learned, 0 * number]",
        ),
    ),
    "recommender-3: vectors of two lengths": (
        "test",
        "yours give (60, 4) and (60, 8)",
        (
            _TOWER,
            "keras.Model(\n"
            "            [ids, number],\n"
            "            vectors[-1][:, :4] if len(towers) == 0 "
            "else vectors[-1],\n"
            "        )",
        ),
    ),
    "recommender-3: all dot products": (
        "test",
        "should be (60, 1); yours are (60, 60)",
        (
            _DOT,
            "keras.ops.matmul(\n"
            "        vectors[0], keras.ops.transpose(vectors[1])\n"
            "    )",
        ),
    ),
    "recommender-3: the model alone": (
        "test",
        "Three models are asked for",
        ("return model, *towers", "return model"),
    ),
    "recommender-3: the towers change places": (
        "test",
        "The inputs should be called user and age",
        ("return model, *towers", "return model, *towers[::-1]"),
    ),
    "recommender-3: not compiled": (
        "test",
        "The model is not compiled",
        (_COMPILED, ""),
    ),
    "recommender-3: a step that does nothing": (
        "test",
        "the answers are as before",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "recommender-3: no return": (
        "test",
        "Your build gives back nothing",
        ("    return model, *towers\n", ""),
    ),
    "recommender-3: always thirty users": (
        "hidden",
        "is not in [0, 30)",
        ("Embedding(size, 4)", "Embedding(30, 4)"),
    ),
    "recommender-2: never both": (
        "test",
        "drawn independently, that happens",
        (
            ("        hidden = rng.random(len(inputs[name])) < 0.1\n"),
            (
                '        if name == "user":\n'
                "            hidden = rng.random(len(inputs[name]))\n"
                "            drawn, hidden = hidden, hidden < 0.1\n"
                "        else:\n"
                "            hidden = drawn > 0.9\n"
            ),
        ),
    ),
    "recommender-3: ten vectors for all": (
        "test",
        "ids of user two have the same",
        (
            "layers.Embedding(size, 4)(ids)",
            "layers.Embedding(size, 4)(ids % 10)",
        ),
    ),
    "recommender-3: a loss for probabilities": (
        "test",
        "Which loss measures how far off",
        ('"mse"', '"binary_crossentropy"'),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "recommender-1: sorted user by user": (
        (
            _FIRST,
            f"{_FIRST}"
            "    best = []\n"
            "    for user, seen in zip(users, rated):\n"
            "        left = np.flatnonzero(~seen)\n"
            "        order = np.argsort(products[left] @ user)[::-1]\n"
            "        best.append(left[order[:count]])\n"
            "    return np.array(best)\n",
        ),
    ),
    "recommender-1: by Keras": (
        (
            _BEST,
            "keras.ops.top_k(scores, count)[1].numpy()",
        ),
    ),
    "recommender-1: a list of lists": ((_BEST, f"{_BEST}.tolist()"),),
    "recommender-1: angles, of products of one length": (
        (
            _SCORES,
            _SCORES
            + "    lengths = np.linalg.norm(users, axis=1)\n"
            + "    scores /= lengths[:, None]\n",
        ),
    ),
    "recommender-2: drawn as yes or no": (
        (_DRAWN, "rng.binomial(1, 0.1, inputs[name].shape) == 1"),
    ),
    "recommender-2: exactly one in ten": (
        (_DRAWN, "rng.permutation(len(inputs[name])) % 10 == 0"),
    ),
    "recommender-2: a copy that is written into": (
        (
            f"        inputs[name] = {_HIDE}\n",
            "        inputs[name] = inputs[name].copy()\n"
            "        inputs[name][hidden] = 1\n",
        ),
    ),
    "recommender-2: a new dict": (
        (
            _FIRST,
            f"{_FIRST}"
            "    def hide(ids):\n"
            "        hidden = rng.random(ids.shape) < 0.1\n"
            "        return np.where(hidden, 1, ids)\n\n"
            "    inputs = batch[0]\n"
            '    both = {n: hide(inputs[n]) for n in ("user", "product")}\n'
            "    return (inputs | both,) + batch[1:]\n",
        ),
    ),
    "recommender-3: multiplied and added up": (
        (
            _DOT,
            "keras.ops.sum(\n"
            "        vectors[0] * vectors[1], axis=1, keepdims=True\n"
            "    )",
        ),
    ),
    "recommender-3: towers that are called": (
        (
            _DOT,
            "layers.Dot(axes=1)(\n"
            "        [towers[0](inputs[:2]), towers[1](inputs[2:])]\n"
            "    )",
        ),
    ),
    "recommender-3: deep towers, of length 1 at their ends": (
        (
            _LENGTH,
            "layers.UnitNormalization()(\n"
            "            layers.Dense(16)(\n"
            '                layers.Dense(32, activation="relu")(known)\n'
            "            )\n"
            "        )",
        ),
    ),
    "recommender-3: another loss": (
        (
            _COMPILED,
            "    model.compile(keras.optimizers.AdamW(0.01), "
            'keras.losses.Huber(), metrics=["mae"])\n',
        ),
    ),
}
