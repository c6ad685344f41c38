"""Answers to the sheet *Practice: attending*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_STABLE = "    scores = scores - scores.max(axis=1, keepdims=True)\n"
_MASKING = "    marked = layers.Masking()(card)\n"
_ATTENTION = "layers.MultiHeadAttention(2, 8)(asking, lines)"
_POOLED = (
    "    place = keras.Input((2,), name='place')\n"
    "    stations = keras.Input((None, 3), name='stations')\n"
    "    one = layers.Dense(16, 'relu')(place)\n"
    "    all = layers.GlobalAveragePooling1D()(\n"
    "        layers.Dense(16, 'relu')(stations)\n"
    "    )\n"
)

MUTANTS = {
    "attending-1: no root": (
        "test",
        "the numbers without the root",
        (" / np.sqrt(keys.shape[1])", ""),
    ),
    "attending-1: no softmax": (
        "test",
        "without a softmax",
        (_STABLE, ""),
        ("(weights / weights.sum(axis=1, keepdims=True))", "scores"),
    ),
    "attending-1: weights over the queries": (
        "test",
        "over the queries",
        ("axis=1", "axis=0"),
    ),
    "attending-1: the best alone": (
        "test",
        "the values with the largest product",
        (
            _FIRST,
            f"{_FIRST}    return values[(queries @ keys.T).argmax(1)]\n",
        ),
    ),
    "attending-1: the weights": (
        "test",
        "the values are still to come",
        (" @ values", ""),
    ),
    "attending-1: one sum for all": (
        "test",
        "you give back (2,)",
        (" @ values", " @ values)"),
        ("return (weights", "return sum((weights"),
    ),
    "attending-1: not divided": (
        "test",
        "the division by their sum is not",
        ("(weights / weights.sum(axis=1, keepdims=True))", "weights"),
    ),
    "attending-1: in place": (
        "test",
        "The arrays that came in are changed",
        (_FIRST, f"{_FIRST}    queries -= 1\n    queries += 0.5\n"),
    ),
    "attending-1: large numbers": (
        "test",
        "queries a thousand times as large",
        (_STABLE, ""),
    ),
    "attending-1: no return": (
        "test",
        "Your attend gives back nothing",
        ("return (", "("),
    ),
    "attending-1: always a width of four": (
        "hidden",
        "The first query should find",
        ("np.sqrt(keys.shape[1])", "2"),
    ),
    "attending-2: no mask": (
        "test",
        "Which layer can mark such lines",
        (_MASKING, "    marked = card\n"),
    ),
    "attending-2: masked after the dense layer": (
        "test",
        "zeros after a card, the answers change. A Masking layer marks",
        (
            _MASKING
            + '    of_card = layers.Dense(32, activation="relu")(marked)\n',
            '    of_card = layers.Dense(32, activation="relu")(card)\n'
            "    of_card = layers.Masking()(of_card)\n",
        ),
    ),
    "attending-2: the first five lines": (
        "test",
        "With 4 lines of zeros before a card",
        (_MASKING, "    marked = layers.Masking()(card[:, :5])\n"),
    ),
    "attending-2: a line with a zero in its second column": (
        "test",
        "does not depend on line 1 of card",
        (
            _MASKING,
            "    marked = keras.ops.not_equal(card[:, :, 1], 0)\n",
        ),
        ("(marked)", "(card)"),
        (
            "(of_parcels, of_card)",
            "(of_parcels, of_card, key_mask=marked)",
        ),
    ),
    "attending-2: the card is not asked": (
        "test",
        "does not depend on line 0 of card",
        ("(of_parcels, of_card)", "(of_parcels, of_parcels)"),
    ),
    "attending-2: a cost per parcel": (
        "test",
        "One number per sample is asked for",
        ("layers.GlobalAveragePooling1D()(product)", "product"),
    ),
    "attending-2: an input of another name": (
        "test",
        "should be called card and parcels",
        ('name="card"', 'name="rates"'),
    ),
    "attending-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "attending-2: nine lines at most": (
        "hidden",
        "With 2 lines of zeros before a card",
        (_MASKING, "    marked = layers.Masking()(card[:, :9])\n"),
    ),
    "attending-3: read in order": (
        "test",
        "The stations in another order",
        (
            _ATTENTION,
            "layers.Add()([asking, layers.LSTM(32)(lines)[:, None]])",
        ),
    ),
    "attending-3: only added up": (
        "test",
        "adds something of the place to something of the stations",
        (
            _FIRST,
            f"{_FIRST}{_POOLED}"
            "    both = layers.Concatenate()([one, all])\n"
            "    return keras.Model([place, stations],"
            " layers.Dense(1)(both))\n",
        ),
    ),
    "attending-3: always six stations": (
        "test",
        "It should take any number of stations",
        (
            "(None, 3)",
            "(6, 3)",
        ),
        (_ATTENTION, "layers.Dense(32)(layers.Flatten()(lines))[:, None]"),
    ),
    "attending-3: the place asks itself": (
        "test",
        "does not depend on line 0 of stations",
        ("(asking, lines)", "(asking, asking)"),
    ),
    "attending-3: the place is left out": (
        "test",
        "does not depend on place",
        ("(asking, lines)", "(lines, lines)"),
        ("layers.Flatten()(found)", "layers.GlobalMaxPooling1D()(found)"),
    ),
    "attending-3: an answer per station": (
        "test",
        "One number per sample is asked for",
        ("(asking, lines)", "(lines, asking)"),
        ("layers.Flatten()(found)", "layers.Add()([found, lines])"),
    ),
    "attending-3: no axis for the query": (
        "test",
        "when calling MultiHeadAttention",
        ("layers.Reshape((1, 32))(", "("),
    ),
    "attending-3: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "attending-3: six stations at most": (
        "hidden",
        "does not depend on line 6 of stations",
        ("(stations)", "(stations[:, :6])"),
    ),
    "attending-1: cut off at 700": (
        "test",
        "With 3000 added to each key",
        (
            "scores - scores.max(axis=1, keepdims=True)",
            "np.clip(scores, -700, 700)",
        ),
    ),
}

ALSO_RIGHT = {
    "attending-1: softmax of SciPy": (
        (
            _FIRST,
            f"{_FIRST}    from scipy.special import softmax\n\n"
            "    scores = queries @ keys.T / keys.shape[-1] ** 0.5\n"
            "    return softmax(scores, axis=1) @ values\n",
        ),
    ),
    "attending-1: operations of Keras": (
        (
            _FIRST,
            f"{_FIRST}    scores = keras.ops.matmul(queries, keys.T)\n"
            "    scores = scores / keys.shape[1] ** 0.5\n"
            "    weights = keras.ops.softmax(scores, axis=-1)\n"
            "    return keras.ops.matmul(weights, values)\n",
        ),
    ),
    "attending-1: query by query": (
        (
            _FIRST,
            f"{_FIRST}    found = []\n"
            "    for query in queries:\n"
            "        score = keys @ query / np.sqrt(len(query))\n"
            "        weight = np.exp(score - score.max())\n"
            "        found.append(\n"
            "            sum(w * v for w, v in zip(weight, values))\n"
            "            / sum(weight)\n"
            "        )\n"
            "    return found\n",
        ),
    ),
    "attending-2: the attention gets the mask": (
        (_MASKING, "    marked = card\n"),
        (
            "(of_parcels, of_card)",
            "(\n"
            "        of_parcels,\n"
            "        of_card,\n"
            "        value_mask=keras.ops.any(card != 0, axis=-1),\n"
            "    )",
        ),
    ),
    "attending-2: the attention of the companion": (
        (
            "layers.MultiHeadAttention(1, 32)(of_parcels, of_card)",
            "CrossAttention(num_heads=2, key_dim=8)([of_parcels, of_card])",
        ),
        (_FIRST, f"{_FIRST}    from companion import CrossAttention\n\n"),
    ),
    "attending-2: weights of one's own": (
        (_MASKING, "    marked = card\n"),
        (
            "layers.MultiHeadAttention(1, 32)(of_parcels, of_card)",
            "keras.ops.matmul(\n"
            "        keras.ops.softmax(\n"
            "            keras.ops.where(\n"
            "                keras.ops.any(card != 0, axis=-1)[:, None],\n"
            "                keras.ops.matmul(\n"
            "                    of_parcels,\n"
            "                    keras.ops.transpose(of_card, (0, 2, 1)),\n"
            "                ),\n"
            "                -1e9,\n"
            "            ),\n"
            "            axis=-1,\n"
            "        ),\n"
            "        of_card,\n"
            "    )",
        ),
    ),
    "attending-3: fuse of the companion": (
        (
            _ATTENTION,
            'fuse([asking, lines], how="cross_attention")',
        ),
        (_FIRST, f"{_FIRST}    from companion import fuse\n\n"),
    ),
    "attending-3: pooled, then a hidden layer": (
        (
            _FIRST,
            f"{_FIRST}{_POOLED}"
            "    both = layers.Concatenate()([one, all])\n"
            "    hidden = layers.Dense(16, 'relu')(both)\n"
            "    return keras.Model([place, stations],"
            " layers.Dense(1)(hidden))\n",
        ),
    ),
    "attending-3: the place beside each station": (
        (
            _FIRST,
            f"{_FIRST}"
            "    place = keras.Input((2,), name='place')\n"
            "    stations = keras.Input((None, 3), name='stations')\n"
            "    away = stations[..., :2] - place[:, None]\n"
            "    pairs = layers.Concatenate()([away, stations])\n"
            "    each = layers.Dense(16, 'relu')(pairs)\n"
            "    found = layers.GlobalAveragePooling1D()(each)\n"
            "    return keras.Model([stations, place],"
            " layers.Dense(1)(found))\n",
        ),
    ),
}
