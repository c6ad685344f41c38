"""Answers to *Practice: inputs that may be missing*, wrong and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_COLUMN = 'np.array(values, dtype="float32")[:, None]'
_THERE = "~np.isnan(column)"
_FILLED = "np.where(there, column, 0)"
_MASK = 'there.astype("float32")'
_CHOICE = "ops.where(present > 0, score, 0.0)"
_READ = "[table, known, present]"
_PART = "ReplaceMissing()([values[name], masks[name]])"
_JOINED = "layers.Concatenate()([*known.values(), *masks.values()])"
_COMPILED = '    model.compile("adam", "mse")\n'
#: A mask with as many axes as its value, as the value's type.
_WIDE = (
    "ops.cast(ops.reshape(masks[name], "
    "(-1, *(1,) * len(shapes[name]))), values[name].dtype)"
)
#: Three vectors and their masks, side by side.
_VECTORS = (
    "    vectors = ops.stack(\n"
    "        [layers.Dense(8)(part) for part in known.values()], axis=1\n"
    "    )\n"
    "    there = ops.stack(list(masks.values()), axis=1)\n"
)

MUTANTS = {
    "masked-inputs-1: NaN stays": (
        "test",
        "NaN is left in score",
        (_FILLED, "column"),
    ),
    "masked-inputs-1: one where it is missing": (
        "test",
        "Your mask is 1 in the gaps",
        (_MASK, '(~there).astype("float32")'),
    ),
    "masked-inputs-1: zeros are gaps": (
        "test",
        "Given a list, a value of 0 counts as a gap",
        (_THERE, "np.nan_to_num(column) != 0"),
    ),
    "masked-inputs-1: a mask of ones": (
        "test",
        "Given a list, the mask of a gap is 1; it should be 0",
        (_MASK, "np.ones_like(column)"),
    ),
    "masked-inputs-1: the array is changed": (
        "test",
        "Given an array, your function changes it",
        (
            _COLUMN,
            "np.asarray(values, dtype=float)[:, None]",
        ),
        (_FILLED, "column"),
        ("    return {", "    column[~there] = 0\n    return {"),
    ),
    "masked-inputs-1: the list is changed": (
        "test",
        "Given a list, your function changes it",
        (
            "    column = ",
            "    for place, each in enumerate(values):\n"
            "        values[place] = np.nan if each is None else each / 2\n"
            "    column = ",
        ),
    ),
    "masked-inputs-1: a mask of true and false": (
        "test",
        "score_present should hold floats, not bool",
        (_MASK, "there"),
    ),
    "masked-inputs-1: one axis": (
        "test",
        "score should be (6, 1); yours: (6,)",
        ("[:, None]", ""),
    ),
    "masked-inputs-1: rows with gaps are left out": (
        "test",
        "score should be (6, 1); yours: (4, 1)",
        (_FILLED, "column[there][:, None]"),
    ),
    "masked-inputs-1: values are scaled": (
        "test",
        "the value 63 becomes 0.63",
        (_FILLED, "np.where(there, column / 100, 0)"),
    ),
    "masked-inputs-1: a tuple": (
        "test",
        "you give back a tuple",
        ("    return {", f"    return {_FILLED}, there\n    return {{"),
    ),
    "masked-inputs-1: another name": (
        "test",
        "yours holds score, score_mask",
        ("_present", "_mask"),
    ),
    "masked-inputs-1: no return": (
        "test",
        "Your fed gives back nothing",
        ("    return {", "    {"),
    ),
    "masked-inputs-1: a list is no array": (
        "test",
        "Your fed stops in line 4 of its cell. TypeError",
        (_COLUMN, "np.array(values)[:, None]"),
    ),
    "masked-inputs-1: an array is no list": (
        "test",
        "Given an array, the mask of a gap is 1",
        (
            _FIRST,
            f"{_FIRST}    known = [each is not None for each in values]\n",
        ),
        (_THERE, "np.array(known)[:, None]"),
        (_FILLED, "np.nan_to_num(column)"),
    ),
    "masked-inputs-1: values below zero are gaps": (
        "hidden",
        "the mask of -3.5 is 0; it should be 1",
        (_THERE, "column >= 0"),
    ),
    "masked-inputs-2: as it was": (
        "test",
        "NaN in score makes an answer NaN",
        (_CHOICE, "layers.Multiply()([score, present])"),
    ),
    "masked-inputs-2: only NaN is replaced": (
        "test",
        "other values in score still change the answer",
        (_CHOICE, "ops.where(ops.isnan(score), 0.0, score)"),
    ),
    "masked-inputs-2: NaN is another number": (
        "test",
        "gives another answer than a number does",
        (
            _CHOICE,
            "ops.where(present > 0, score, "
            'ops.cast(ops.isnan(score), "float32"))',
        ),
    ),
    "masked-inputs-2: the mask goes no further": (
        "test",
        "A score of 0 that is there and a gap get the same answer",
        (_READ, "[table, known]"),
    ),
    "masked-inputs-2: the choice comes after a layer": (
        "test",
        "after one step of training with NaN in the gaps a weight is NaN",
        (_CHOICE, "ops.where(present > 0, layers.Dense(8)(score), 0.0)"),
    ),
    "masked-inputs-2: the choice turned round": (
        "test",
        "the choice is turned round",
        (_CHOICE, "ops.where(present > 0, 0.0, score)"),
    ),
    "masked-inputs-2: the score is left out": (
        "test",
        "The input score makes no difference where score_present is 1",
        (_READ, "[table, present]"),
    ),
    "masked-inputs-2: the table is left out": (
        "test",
        "The input table makes no difference in rows with a score",
        (_READ, "[known, present]"),
    ),
    "masked-inputs-2: a gap hides the table": (
        "test",
        "The input table makes no difference in rows without a score",
        (_READ, "[ops.where(present > 0, table, 0.0), known, present]"),
    ),
    "masked-inputs-2: a name is missing": (
        "test",
        "should be called table and score and score_present",
        (', name="score_present"', ""),
    ),
    "masked-inputs-2: no number per row": (
        "test",
        "the answers should be (12, 1); yours are (12, 16)",
        ("layers.Dense(1)(hidden)", "hidden"),
    ),
    "masked-inputs-2: the answer itself": (
        "test",
        "has the type KerasTensor",
        (
            "return keras.Model([table, score, present], "
            "layers.Dense(1)(hidden))",
            "return layers.Dense(1)(hidden)",
        ),
    ),
    "masked-inputs-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "masked-inputs-2: an error of Python": (
        "test",
        "Your build stops in line 6 of its cell",
        (_CHOICE, "score if present > 0 else 0.0"),
    ),
    "masked-inputs-2: always three columns": (
        "hidden",
        "Your model stops. ValueError",
        ("(num_columns,)", "(3,)"),
    ),
    "masked-inputs-3: times the masks": (
        "test",
        "NaN in table makes an answer NaN",
        (_PART, f"values[name] * {_WIDE}"),
    ),
    "masked-inputs-3: the image is not masked": (
        "test",
        "Where image_present is 0, other values in image",
        (
            "        for name in values\n    }\n    known",
            "        for name in values\n    }\n"
            '    known["image"] = values["image"]\n    known',
        ),
    ),
    "masked-inputs-3: the ids are not masked": (
        "test",
        "Where text_present is 0, other values in text",
        ('num_tokens, 8)(known["text"])', 'num_tokens, 8)(values["text"])'),
    ),
    "masked-inputs-3: one mask for all": (
        "test",
        "The input table makes no difference where it alone is there",
        (
            _PART,
            "ReplaceMissing()([values[name], "
            'masks["table"] * masks["image"] * masks["text"]])',
        ),
    ),
    "masked-inputs-3: a text without an image is lost": (
        "test",
        "The input text makes no difference where it alone is there",
        (
            _PART,
            f"{_PART}\n        if name != 'text' else ReplaceMissing()("
            '[values["text"], masks["text"] * masks["image"]])',
        ),
    ),
    "masked-inputs-3: one input at a time": (
        "test",
        "The input image makes no difference where all three are there",
        (
            _PART,
            f"{_PART}\n        if name != 'image' else ReplaceMissing()("
            '[values["image"], masks["image"] * (1 - masks["table"])])',
        ),
    ),
    "masked-inputs-3: divided by the number of inputs": (
        "test",
        "Where none of them is there, the answer is NaN",
        (
            f"    joined = {_JOINED}\n",
            f"{_VECTORS}"
            "    joined = ops.sum(vectors * there, axis=1)"
            " / ops.sum(there, axis=1)\n",
        ),
    ),
    "masked-inputs-3: a mean over no word": (
        "test",
        "Where only table and image are there, the answer is NaN",
        (
            "num_tokens, 8)",
            "num_tokens, 8, mask_zero=True)",
        ),
        (
            "layers.Flatten()(words)",
            "layers.GlobalAveragePooling1D()(words)",
        ),
    ),
    "masked-inputs-3: chosen after the layers": (
        "test",
        "Which layer with weights reads a value before the gaps are filled",
        (_PART, "values[name]"),
        (
            _JOINED,
            "layers.Concatenate()([*masks.values(), *("
            "ReplaceMissing()([layers.Dense(8)(part), masks[name]])"
            " for name, part in known.items())])",
        ),
    ),
    "masked-inputs-3: not compiled": (
        "test",
        "The model is not compiled",
        (_COMPILED, ""),
    ),
    "masked-inputs-3: a loss for classes": (
        "test",
        "A step of training stops. ValueError",
        ('"mse"', '"no_such_loss"'),
    ),
    "masked-inputs-3: a step that does nothing": (
        "test",
        "the answers are as before where table alone is there",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "masked-inputs-3: the masks have no names": (
        "test",
        "yours are called table, image, text, keras_tensor",
        (', name=f"{name}_present"', ""),
    ),
    "masked-inputs-3: an input that is optional": (
        "test",
        "yours are called table, image, text.",
        ("[*values.values(), *masks.values()]\n", "[*values.values()]\n"),
        (_PART, "values[name]"),
        (_JOINED, "layers.Concatenate()([*known.values()])"),
        (
            'keras.Input(shapes["table"], name="table")',
            'keras.Input(shapes["table"], name="table", optional=True)',
        ),
    ),
    "masked-inputs-3: two numbers per row": (
        "test",
        "the answers should be (32, 1); yours are (32, 2)",
        ("layers.Dense(1)", "layers.Dense(2)"),
    ),
    "masked-inputs-3: shapes do not meet": (
        "test",
        "Your build_model stops in line 17 of its cell. ValueError",
        (
            '    known["image"] = layers.Flatten()(known["image"])\n',
            "",
        ),
    ),
    "masked-inputs-3: no return": (
        "test",
        "Your build_model gives back nothing",
        ("    return model\n", ""),
    ),
    "masked-inputs-3: always the same image": (
        "hidden",
        "Your model stops. ValueError",
        ('keras.Input(shapes["image"]', "keras.Input((8, 8, 1)"),
    ),
    "masked-inputs-1: infinity in the gaps": (
        "test",
        "holds infinity",
        ("np.where(there, column, 0)", "np.where(there, column, np.inf)"),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "masked-inputs-1: the mean in the gaps": (
        (_FILLED, "np.where(there, column, 50.5)"),
    ),
    "masked-inputs-1: a function of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion import with_presence\n\n"
            "    column = np.array(values, dtype=float)[:, None]\n"
            "    return with_presence({name: column}, missing=[name])\n",
        ),
    ),
    "masked-inputs-1: a series of pandas": (
        (
            _FIRST,
            f"{_FIRST}    import pandas\n\n"
            '    series = pandas.Series(values, dtype="float64")\n'
            "    return {\n"
            '        name + "_present": series.notna().to_frame()'
            ".to_numpy(float),\n"
            "        name: series.fillna(0).to_frame().to_numpy(),\n"
            "    }\n",
        ),
    ),
    "masked-inputs-1: a loop, and tensors": (
        (
            _FIRST,
            f"{_FIRST}    rows, masks = [], []\n"
            "    for each in values:\n"
            "        gap = each is None or each != each\n"
            "        rows.append([0.0 if gap else float(each)])\n"
            "        masks.append([0.0 if gap else 1.0])\n"
            "    tensor = ops.convert_to_tensor\n"
            '    return {name: tensor(rows), name + "_present": '
            "tensor(masks)}\n",
        ),
    ),
    "masked-inputs-2: a learned token": (
        (_CHOICE, 'ReplaceMissing("token")([score, present])'),
    ),
    "masked-inputs-2: a learned token, and no mask behind it": (
        (_CHOICE, 'ReplaceMissing("token")([score, present])'),
        (_READ, "[table, known]"),
    ),
    "masked-inputs-2: NaN filled first, then times the mask": (
        (_CHOICE, "ops.nan_to_num(score) * present"),
    ),
    "masked-inputs-2: a branch for each case": (
        (
            "    hidden = ",
            "    known = layers.Concatenate()([table, known])\n"
            "    with_score = layers.Dense(16, 'tanh')(known)\n"
            "    without = layers.Dense(16, 'tanh')(table)\n"
            "    chosen = ops.where(present > 0, with_score, without)\n"
            "    hidden = ",
        ),
        (', activation="tanh")(joined)', ")(chosen)"),
    ),
    "masked-inputs-2: the fusion of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion import masked_fusion\n\n",
        ),
        (
            "    joined = layers.Concatenate()([table, known, present])\n",
            "    joined = masked_fusion(\n"
            '        {"table": table, "score": known}, {"score": present}\n'
            "    )\n",
        ),
    ),
    "masked-inputs-2: a class of its own": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Films(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            '            self.hidden = layers.Dense(8, "tanh")\n'
            "            self.last = layers.Dense(1)\n\n"
            "        def call(self, inputs):\n"
            '            there = inputs["score_present"]\n'
            "            known = ops.where(\n"
            '                there > 0, inputs["score"], -1.0\n'
            "            )\n"
            '            rows = [inputs["table"], known, there]\n'
            "            rows = ops.concatenate(rows, axis=-1)\n"
            "            return self.last(self.hidden(rows))\n\n"
            "    return Films()\n",
        ),
    ),
    "masked-inputs-3: the fusion of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion import masked_fusion\n\n",
        ),
        (_JOINED, "masked_fusion(known, masks)"),
    ),
    "masked-inputs-3: attention, then a mean": (
        (
            _FIRST,
            f"{_FIRST}    from companion import masked_fusion\n\n",
        ),
        (_JOINED, 'masked_fusion(known, masks, how="attention")'),
    ),
    "masked-inputs-3: a mean of those that are there": (
        (
            f"    joined = {_JOINED}\n",
            f"{_VECTORS}"
            "    number = ops.maximum(ops.sum(there, axis=1), 1.0)\n"
            "    joined = ops.sum(vectors * there, axis=1) / number\n",
        ),
    ),
    "masked-inputs-3: NaN filled first, then times the masks": (
        (
            _PART,
            "(values[name] if name == 'text' else "
            f"ops.nan_to_num(values[name])) * {_WIDE}",
        ),
    ),
    "masked-inputs-3: convolution, words in order, learned tokens": (
        (
            _PART,
            "ReplaceMissing('zeros' if name == 'text' else 'token')"
            "([values[name], masks[name]])",
        ),
        (
            'layers.Flatten()(known["image"])',
            "layers.GlobalAveragePooling2D()(layers.Conv2D("
            '8, 3, activation="relu")(known["image"]))',
        ),
        ("layers.Flatten()(words)", "layers.GRU(16)(words)"),
    ),
    "masked-inputs-3: a sum of branches, each where it is there": (
        (
            _JOINED,
            "ops.sum(ops.stack([ops.where(masks[name] > 0, "
            "layers.Dense(16)(part), 0.0) "
            "for name, part in known.items()]), axis=0)",
        ),
    ),
    "masked-inputs-3: a class of its own, one layer": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Products(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            "            self.words = layers.Embedding(num_tokens, 4)\n"
            "            self.last = layers.Dense(1)\n\n"
            "        def call(self, inputs):\n"
            "            parts = []\n"
            "            for name in shapes:\n"
            "                part = inputs[name]\n"
            '                there = inputs[name + "_present"] > 0\n'
            '                if name == "text":\n'
            "                    part = self.words(part)\n"
            "                size = ops.shape(part)[0], -1\n"
            "                part = ops.reshape(part, size)\n"
            "                parts.append(ops.where(there, part, 0.0))\n"
            "            return self.last(ops.concatenate(parts, -1))\n\n"
            "    model = Products()\n"
            '    model.compile("sgd", "mae")\n'
            "    return model\n",
        ),
    ),
}
