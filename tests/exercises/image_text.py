"""Answers to the sheet *Practice: image and text*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_SEQUENCES = "    return keras.utils.pad_sequences(tokens, length"
_MASKED = "num_tokens, 32, mask_zero=True"
_ASKED = "layers.LSTM(32)(words)"
_READ = "layers.GlobalAveragePooling1D()(words)"
_SEEN = "layers.GlobalAveragePooling2D()(seen)"
_PRESENT = 'keras.ops.cast(text != 0, "float32")[:, :, None]'
_LOSS = '"sparse_categorical_crossentropy"'

MUTANTS = {
    "image-text-1: as pad_sequences does unless told": (
        "test",
        "Both are what pad_sequences does unless told",
        (_FIRST, f"{_FIRST}{_SEQUENCES})\n"),
    ),
    "image-text-1: zeros before the words": (
        "test",
        "They belong after them",
        (_FIRST, f'{_FIRST}{_SEQUENCES}, truncating="post")\n'),
    ),
    "image-text-1: the last words are kept": (
        "test",
        "Keep the first",
        (_FIRST, f'{_FIRST}{_SEQUENCES}, padding="post")\n'),
    ),
    "image-text-1: padded with minus one": (
        "test",
        "You pad with -1",
        (
            'np.zeros((len(tokens), length), dtype="int32")',
            'np.full((len(tokens), length), -1, dtype="int32")',
        ),
    ),
    "image-text-1: no truncation": (
        "test",
        "Your rows are 6 long, as the longest text",
        (_FIRST, f"{_FIRST}    length = max(map(len, tokens))\n"),
    ),
    "image-text-1: floats": (
        "test",
        "yours are float64",
        (', dtype="int32"', ""),
    ),
    "image-text-1: still a list": (
        "test",
        "You give back a list",
        ("return rows", "return rows.tolist()"),
    ),
    "image-text-1: the lists are changed": (
        "test",
        "The lists that came in are changed",
        (
            "        words = text[:length]\n",
            "        text += [0] * (length - len(text))\n"
            "        words = text[:length]\n",
        ),
    ),
    "image-text-1: no return": (
        "test",
        "Your pad gives back nothing",
        ("return rows", "rows"),
    ),
    "image-text-1: rows of several lengths": (
        "test",
        "Your pad stops in line 3 of its cell. ValueError",
        (_FIRST, f"{_FIRST}    return np.array(tokens)\n"),
    ),
    "image-text-1: one text": (
        "test",
        "should be (5, 4); yours is (4,)",
        ("return rows", "return rows[0]"),
    ),
    "image-text-1: something else": (
        "test",
        "should be (5, 4); yours is ()",
        ("return rows", "return dict"),
    ),
    "image-text-1: the words are sorted": (
        "test",
        "Look at the text [5, 3]",
        ("= words", "= sorted(words)"),
    ),
    "image-text-1: always four tokens": (
        "hidden",
        "should be (5, 5)",
        (_FIRST, f"{_FIRST}    length = 4\n"),
    ),
    "image-text-2: no mask": (
        "test",
        "The same texts, padded to 6 and to 12 tokens, get different "
        "answers. Which layer sees the ids",
        (", mask_zero=True", ""),
    ),
    "image-text-2: zeros are masked after the embedding": (
        "test",
        "Masking looks for vectors of zeros",
        (", mask_zero=True", ""),
        (_ASKED, "layers.LSTM(32)(layers.Masking()(words))"),
    ),
    "image-text-2: a mask that the largest response ignores": (
        "test",
        "although Embedding makes a mask",
        (_ASKED, "keras.ops.max(words, axis=1)"),
    ),
    "image-text-2: the text is left out": (
        "test",
        "Whatever the words of the text are",
        ("asked])", "keras.ops.ones_like(asked)])"),
    ),
    "image-text-2: the image is left out": (
        "test",
        "Whatever the image shows",
        ("Multiply()([seen, asked])", "Dense(32)(asked)"),
    ),
    "image-text-2: the first word alone": (
        "test",
        "Word 2 of a text makes no difference",
        (_ASKED, "words[:, 0]"),
    ),
    "image-text-2: what was padding before is padding no more": (
        "test",
        "The same texts, padded to 3 and to 12 tokens",
        (", mask_zero=True", ""),
        (_ASKED, "layers.LSTM(32)(words[:, :6])"),
    ),
    "image-text-2: one length of texts": (
        "test",
        "Your input text takes (None, 12) only",
        ("keras.Input((None,)", "keras.Input((12,)"),
    ),
    "image-text-2: a name is missing": (
        "test",
        "should be called image and text",
        (', name="text"', ""),
    ),
    "image-text-2: no return": (
        "test",
        "Your build gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "image-text-2: the answer itself": (
        "test",
        "has the type KerasTensor",
        ("return keras.Model([image, text], answer)", "return answer"),
    ),
    "image-text-2: two outputs": (
        "test",
        "your model has 2",
        ("[image, text], answer", "[image, text], [answer, asked]"),
    ),
    "image-text-2: an image and a text do not meet": (
        "test",
        "Your build stops in line 9 of its cell. ValueError",
        ("layers.Dense(32)(", "layers.Dense(31)("),
    ),
    "image-text-2: infinite answers": (
        "test",
        "gives NaN or infinity",
        ("text], answer)", "text], answer / 0)"),
    ),
    "image-text-2: eleven digits": (
        "test",
        "10 classes need (12, 10)",
        ("Dense(10", "Dense(11"),
    ),
    "image-text-2: always fifty words": (
        "hidden",
        "is not in [0, 50)",
        (_MASKED, "50, 32, mask_zero=True"),
    ),
    "image-text-3: one label per row as if one hot": (
        "test",
        "The loss stops. ValueError: Arguments `target`",
        (_LOSS, '"categorical_crossentropy"'),
    ),
    "image-text-3: a class number is no amount": (
        "test",
        "The loss stops. InvalidArgumentError",
        (_LOSS, '"mse"'),
    ),
    "image-text-3: the loss turned round": (
        "test",
        "Your loss is no lower",
        (
            _LOSS,
            "lambda labels, answers: keras.ops.max(answers, axis=1)",
        ),
    ),
    "image-text-3: not compiled": (
        "test",
        "The model is not compiled",
        (f'    model.compile("adam", {_LOSS})\n', ""),
    ),
    "image-text-3: compiled without a loss": (
        "test",
        "The loss stops. ValueError: No loss to compute",
        (f", {_LOSS}", ""),
    ),
    "image-text-3: no softmax": (
        "test",
        "are no probabilities",
        (', activation="softmax")', ")"),
    ),
    "image-text-3: the padding counts": (
        "test",
        "Which layer sees the ids",
        (", mask_zero=True", ""),
    ),
    "image-text-3: the words are flattened": (
        "test",
        "Your build_classifier stops in line 8 of its cell. ValueError",
        (", mask_zero=True", ""),
        (_READ, "layers.Dense(16)(layers.Flatten()(words))"),
    ),
    "image-text-3: the image is left out": (
        "test",
        "Whatever the image shows",
        ("[seen, read]", "[read, read]"),
    ),
    "image-text-3: the text is left out": (
        "test",
        "Whatever the words of the text are",
        ("[seen, read]", "[seen, seen]"),
    ),
    "image-text-3: a step that does nothing": (
        "test",
        "the answers are as before",
        ('"adam"', "keras.optimizers.SGD(0.0)"),
    ),
    "image-text-3: no return": (
        "test",
        "Your build_classifier gives back nothing",
        ("    return model\n", ""),
    ),
    "image-text-3: always four classes": (
        "hidden",
        "3 classes need (8, 3)",
        ("Dense(num_classes", "Dense(4"),
    ),
    "image-text-2: no softmax": (
        "test",
        "The 10 numbers of a row are no probabilities",
        (', activation="softmax"', ""),
    ),
    "image-text-2: the id 1 is padding as well": (
        "test",
        "A word with the id 1",
        ("mask_zero=True)(text)", ")(text)"),
        ("layers.LSTM(32)(words)", "layers.LSTM(32)(words, mask=text > 1)"),
    ),
    "image-text-3: probabilities taken for logits": (
        "test",
        "probabilities once more",
        (
            '"sparse_categorical_crossentropy"',
            (
                "keras.losses.SparseCategoricalCrossentropy(from_logits=T"
                "rue)"
            ),
        ),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "image-text-1: a function of Keras": (
        (
            _FIRST,
            f'{_FIRST}{_SEQUENCES}, padding="post", truncating="post")\n',
        ),
    ),
    "image-text-1: a ragged tensor": (
        (
            _FIRST,
            f"{_FIRST}    import tensorflow as tf\n\n"
            "    ragged = tf.ragged.constant(tokens)\n"
            "    return ragged.to_tensor(shape=(None, length))\n",
        ),
    ),
    "image-text-1: one long list": (
        (
            _FIRST,
            f"{_FIRST}    zeros = length * [0]\n"
            "    padded = [(text + zeros)[:length] for text in tokens]\n"
            '    return np.array(padded, "int32")\n',
        ),
    ),
    "image-text-2: the mean of the words": (
        (_ASKED, "layers.GlobalAveragePooling1D()(words)"),
    ),
    "image-text-2: padding times zero, in a sum": (
        (", mask_zero=True", ""),
        (_ASKED, f"keras.ops.sum(words * {_PRESENT}, axis=1)"),
    ),
    "image-text-2: the words are counted": (
        (
            "    asked = ",
            "    count = layers.CategoryEncoding(\n"
            '        num_tokens, "count"\n'
            "    )(text)\n"
            "    asked = ",
        ),
        (_ASKED, "layers.Dense(32)(count[:, 1:])"),
    ),
    "image-text-2: a recurrent layer in both directions": (
        (_ASKED, "layers.Bidirectional(layers.GRU(16))(words)"),
    ),
    "image-text-2: attention, then the largest response to words": (
        (
            _ASKED,
            "keras.ops.max("
            "layers.MultiHeadAttention(2, 8)(words, words)"
            f" - 1e9 * (1 - {_PRESENT}), axis=1)",
        ),
    ),
    "image-text-2: a dict of inputs": (
        ("[image, text], answer", '{"text": text, "image": image}, answer'),
    ),
    "image-text-3: a builder of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion.building import models\n\n"
            "    model = models.image_text_classifier(\n"
            "        image_shape, None, num_tokens, num_classes\n"
            "    )\n"
            f'    model.compile("sgd", {_LOSS}, metrics=["accuracy"])\n'
            "    return model\n",
        ),
    ),
    "image-text-3: logits inside the loss": (
        (
            _LOSS,
            "keras.losses.SparseCategoricalCrossentropy()",
        ),
        ('"adam"', "keras.optimizers.AdamW(0.01)"),
    ),
    "image-text-3: a loss written by hand": (
        (
            _LOSS,
            "lambda labels, answers: -keras.ops.log(keras.ops.sum("
            "answers * keras.ops.one_hot("
            'keras.ops.cast(keras.ops.ravel(labels), "int32"),'
            " num_classes), axis=1))",
        ),
    ),
    "image-text-3: the text scales the image from nothing": (
        (
            "layers.Concatenate()([seen, read])",
            "seen * (1 + layers.Dense("
            '16, kernel_initializer="zeros")(read))',
        ),
    ),
    "image-text-3: a class of its own": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Reader(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            "            self.words = layers.Embedding(num_tokens, 8)\n"
            "            self.seen = layers.Dense(8)\n"
            "            self.last = layers.Dense(num_classes)\n\n"
            "        def call(self, inputs):\n"
            '            text, image = inputs["text"], inputs["image"]\n'
            f"            there = {_PRESENT}\n"
            "            words = self.words(text) * there\n"
            "            seen = self.seen(layers.Flatten()(image))\n"
            "            both = keras.ops.sum(words, axis=1) + seen\n"
            "            return keras.ops.softmax(self.last(both))\n\n"
            "    model = Reader()\n"
            f'    model.compile("adam", {_LOSS})\n'
            "    return model\n",
        ),
    ),
}
