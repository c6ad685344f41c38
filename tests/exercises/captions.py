"""Answers to the sheet *Practice: captions*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_WHOLE = "[start, *caption, end]"
_ROW = "row[:place] = whole[:place]"
_NEXT = "np.array(whole[1:])"
_PASS = "    while True:\n        for"
_IMAGE = "image = images[image_row[pairs]]"
_INPUTS = '{"image": image, "words": words[pairs]}'
_ARGMAX = "int(np.argmax(model(inputs)[0]))"
#: What stands behind an answer that came back before.
_REST = "def rest(images, image_row, words, next_words, batch_size):\n"
_STOP = "        if word == end:\n            break\n"

MUTANTS = {
    "captions-1: the next word stands in the input": (
        "test",
        "the answer stands in the input",
        (_ROW, "row[:place + 1] = whole[:place + 1]"),
    ),
    "captions-1: no end": (
        "test",
        "never learns to stop",
        (_WHOLE, "[start, *caption]"),
    ),
    "captions-1: no start": (
        "test",
        "lacks the start",
        (_ROW, "row[:place - 1] = whole[1:place]"),
    ),
    "captions-1: padding is a next word": (
        "test",
        "padding is no word",
        (_WHOLE, "[start, *caption, end] + (length - 4) * [0]"),
    ),
    "captions-1: zeros before the words": (
        "test",
        "begins with padding",
        (_ROW, "row[length - place :] = whole[:place]"),
    ),
    "captions-1: the last word alone": (
        "test",
        "should hold [1, 5], then zeros",
        (_ROW, "row[0] = whole[place - 1]"),
    ),
    "captions-1: one-hot rows": (
        "test",
        "Each sample has one next word",
        (_NEXT, "np.eye(10)[whole[1:]]"),
    ),
    "captions-1: as long as the longest": (
        "test",
        "should be (4, 6); yours are (4, 4)",
        ("(len(places), length)", "(len(places), len(places))"),
    ),
    "captions-1: not padded": (
        "test",
        "Your rows have different lengths",
        (
            "return words, ",
            "return [whole[:place] for place in places], ",
        ),
    ),
    "captions-1: the words once more": (
        "test",
        "The next words are [5, 3, 8, 2]; yours are [1, 5, 3, 8]",
        (_NEXT, "np.array(whole[:-1])"),
    ),
    "captions-1: the first sample is left out": (
        "test",
        "you make 3 rows of words and 4 next words",
        ("return words,", "return words[1:],"),
    ),
    "captions-1: floats": (
        "test",
        "yours are float64",
        (', "int32")', ")"),
    ),
    "captions-1: one array": (
        "test",
        "Yours: a ndarray",
        (f"return words, {_NEXT}", "return words"),
    ),
    "captions-1: the list is changed": (
        "test",
        "The list that came in is changed",
        (_WHOLE, "caption\n    whole.insert(0, start)\n    whole += [end]"),
    ),
    "captions-1: no return": (
        "test",
        "gives back nothing",
        ("return words", "words"),
    ),
    "captions-1: an error": (
        "test",
        "stops in line 7 of its cell",
        (_ROW, "row[:place] = whole"),
    ),
    "captions-1: start and end are 1 and 2": (
        "hidden",
        "The next words are [4, 4, 7, 6, 3, 9]",
        (_WHOLE, "[1, *caption, 2]"),
    ),
    "captions-2: the number of the pair": (
        "test",
        "not the number of its image",
        (_IMAGE, "image = images[np.arange(15)[pairs] % len(images)]"),
    ),
    "captions-2: more pairs than images": (
        "test",
        "A batch cannot be made. IndexError",
        (_IMAGE, "image = images[np.arange(15)[pairs]]"),
    ),
    "captions-2: inputs in a list": (
        "test",
        "The inputs of a batch are a list",
        (_INPUTS, "[image, words[pairs]]"),
    ),
    "captions-2: a batch in a list": (
        "test",
        "A batch is a list",
        ("yield inputs, next_words[pairs]", "yield [inputs, next_words]"),
    ),
    "captions-2: without next words": (
        "test",
        "A batch is a dict",
        ("yield inputs, next_words[pairs]", "yield inputs"),
    ),
    "captions-2: one pass": (
        "test",
        "The stream ends after 4 batches. `fit` goes on",
        ("while True", "for _ in range(1)"),
    ),
    "captions-2: the last pairs are left out": (
        "test",
        "3 of 15 pairs do not come",
        (
            "range(0, len(words), batch_size)",
            "range(0, len(words) - batch_size, batch_size)",
        ),
    ),
    "captions-2: return in place of yield": (
        "test",
        "You give back one tuple",
        ("yield", "return"),
    ),
    "captions-2: nothing comes back": (
        "test",
        "gives back nothing",
        (_PASS, "    def stream():\n      while True:\n        for"),
    ),
    "captions-2: other names": (
        "test",
        "yours are called picture, words",
        ('"image"', '"picture"'),
    ),
    "captions-2: one pair in a batch": (
        "test",
        "without the axis that counts pairs",
        ("slice(begin, begin + batch_size)", "begin"),
    ),
    "captions-2: the first word alone": (
        "test",
        "the input words is (); as it came, it is (2,)",
        ('"words": words[pairs]', '"words": words[pairs, 0]'),
    ),
    "captions-2: all pairs in a batch": (
        "test",
        "A batch holds 15 pairs",
        ("slice(begin, begin + batch_size)", "slice(None)"),
    ),
    "captions-2: all next words": (
        "test",
        "In one batch there are [4, 15] rows",
        ("next_words[pairs]", "next_words"),
    ),
    "captions-2: the next words of other pairs": (
        "test",
        "the next word of another pair",
        ("next_words[pairs]", "next_words[::-1][pairs]"),
    ),
    "captions-2: always four pairs": (
        "hidden",
        "The stream ends after 0 batches",
        (
            "    while True:",
            "    while batch_size == 4:",
        ),
    ),
    "captions-3: the loop goes on after the end": (
        "test",
        "Your loop goes on after the end",
        (_STOP, ""),
    ),
    "captions-3: the end is kept": (
        "test",
        "The end is no word of the caption",
        (_STOP, "        if word == end:\n            length = 0\n"),
        ("(1, length)", "(1, 5)"),
    ),
    "captions-3: the start is kept": (
        "test",
        "The start is no word of the caption",
        ("return caption", "return [start, *caption]"),
    ),
    "captions-3: no greatest length": (
        "test",
        "stops in line 7 of its cell. ValueError",
        ("while len(caption) < length", "while True"),
    ),
    "captions-3: no end at all": (
        "test",
        "The loop needs an end",
        ("while len(caption) < length", "while True"),
        (
            "        words[0, : len(so_far)] = so_far\n",
            "        so_far = so_far[:length]\n"
            "        words[0, : len(so_far)] = so_far\n",
        ),
    ),
    "captions-3: one word too few": (
        "test",
        "a full row of words still gives a next word",
        ("len(caption) < length", "len(caption) < length - 1"),
    ),
    "captions-3: the last word alone": (
        "test",
        "words that no caption begins with",
        ("[start, *caption]", "[start, *caption][-1:]"),
    ),
    "captions-3: the least likely word": (
        "test",
        "Take the likeliest word",
        ("np.argmax", "np.argmin"),
    ),
    "captions-3: no axis of rows": (
        "test",
        "Received: (2, 2, 1), (1, 5)",
        ("image[None]", "image"),
    ),
    "captions-3: words as they are": (
        "test",
        "Received: (1, 2, 2, 1), (1, 1)",
        ("(1, length)", "(1, len(caption) + 1)"),
    ),
    "captions-3: inputs in a list": (
        "test",
        "wants its inputs by name",
        ('{"image": image[None], "words": words}', "[image[None], words]"),
    ),
    "captions-3: other names": (
        "test",
        "The inputs are called image and words",
        ('"words": words', '"text": words'),
    ),
    "captions-3: no return": (
        "test",
        "gives back nothing",
        ("return caption", "caption"),
    ),
    "captions-3: at most five words": (
        "hidden",
        "may have up to 8 words",
        ("len(caption) < length", "len(caption) < 5"),
    ),
    "captions-1: three things": (
        "test",
        "Yours: a tuple of 3",
        (
            "return words, np.array(whole[1:])",
            "return words, np.array(whole[1:]), len(words)",
        ),
    ),
    "captions-2: the last batch is filled up": (
        "test",
        "1 of 15 pairs come twice",
        (
            "slice(begin, begin + batch_size)",
            "np.arange(begin, begin + batch_size) % len(words)",
        ),
    ),
    "captions-2: paler images": (
        "test",
        "Feed the images as they come",
        (
            "image = images[image_row[pairs]]",
            "image = images[image_row[pairs]] / 255",
        ),
    ),
    "captions-3: floats": (
        "test",
        "Ids are whole numbers",
        ("return caption", "return [float(word) for word in caption]"),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "captions-1: a function of Keras": (
        (
            _FIRST,
            f"{_FIRST}"
            "    whole = [start] + caption + [end]\n"
            "    cut = [whole[:n] for n in range(1, len(whole))]\n"
            "    return keras.utils.pad_sequences(\n"
            '        cut, length, padding="post"\n'
            "    ), whole[1:]\n",
        ),
    ),
    "captions-1: a triangle": (
        (
            _FIRST,
            f"{_FIRST}"
            "    whole = np.array([start, *caption, end])\n"
            "    count = len(whole) - 1\n"
            "    words = np.tril(np.tile(whole[:-1], (count, 1)))\n"
            "    words = np.pad(words, ((0, 0), (0, length - count)))\n"
            "    return words, whole[1:]\n",
        ),
    ),
    "captions-1: lists": (
        (f"return words, {_NEXT}", "return words.tolist(), whole[1:]"),
    ),
    "captions-1: tensors, the next words in a column": (
        (
            f"return words, {_NEXT}",
            "tensor = keras.ops.convert_to_tensor\n"
            "    return [tensor(words), tensor(whole[1:])[:, None]]",
        ),
    ),
    "captions-2: another order in each pass": (
        (
            "    while True:\n",
            "    rng = np.random.default_rng(0)\n    while True:\n"
            "        order = rng.permutation(len(words))\n",
        ),
        ("pairs = slice(begin, ", "pairs = order[begin : "),
        ("begin + batch_size)", "begin + batch_size]"),
    ),
    "captions-2: the same pass again and again": (
        (
            _FIRST,
            f"{_FIRST}"
            "    import itertools\n\n"
            "    cuts = range(batch_size, len(words), batch_size)\n"
            "    parts = np.split(np.arange(len(words)), cuts)\n"
            "    return itertools.cycle(\n"
            "        (\n"
            "            {\n"
            '                "words": words[p],\n'
            '                "image": images[image_row[p]],\n'
            "            },\n"
            "            next_words[p],\n"
            "        )\n"
            "        for p in parts\n"
            "    )\n\n\n"
            f"{_REST}",
        ),
    ),
    "captions-2: tensors": (
        (_IMAGE, f"{_IMAGE[:8]}keras.ops.convert_to_tensor({_IMAGE[8:]})"),
    ),
    "captions-2: an iterator with a method": (
        (
            _FIRST,
            f"{_FIRST}"
            "    class Stream:\n"
            "        begin = 0\n\n"
            "        def __iter__(self):\n"
            "            return self\n\n"
            "        def __next__(self):\n"
            "            pairs = np.arange(len(words))[self.begin :]\n"
            "            pairs = pairs[:batch_size]\n"
            "            self.begin += batch_size\n"
            "            if self.begin >= len(words):\n"
            "                self.begin = 0\n"
            "            image = images.take(image_row[pairs], axis=0)\n"
            '            inputs = {"image": image, "words": words[pairs]}\n'
            "            return inputs, next_words[pairs]\n\n"
            "    return Stream()\n\n\n"
            f"{_REST}",
        ),
    ),
    "captions-3: predict, and a sorted row": (
        (
            _ARGMAX,
            "np.argsort(model.predict(inputs, verbose=0), axis=1)[0, -1]",
        ),
    ),
    "captions-3: a for loop over places": (
        (
            _FIRST,
            f"{_FIRST}"
            "    words = np.zeros((1, length + 1), int)\n"
            "    words[0, 0] = start\n"
            "    for place in range(length):\n"
            "        chances = model.predict_on_batch(\n"
            '            {"image": np.expand_dims(image, 0),\n'
            '             "words": words[:, :length]}\n'
            "        )\n"
            "        words[0, place + 1] = chances.argmax(-1)[0]\n"
            "        if words[0, place + 1] == end:\n"
            "            return words[0, 1 : place + 1]\n"
            "    return words[0, 1:]\n",
        ),
    ),
    "captions-3: by recursion": (
        (
            _FIRST,
            f"{_FIRST}"
            "    def rest(so_far):\n"
            "        if len(so_far) > length:\n"
            "            return []\n"
            "        row = so_far + [0] * (length - len(so_far))\n"
            "        row = keras.ops.convert_to_tensor([row])\n"
            '        given = {"words": row, "image": image[None]}\n'
            "        word = int(keras.ops.argmax(model(given), -1)[0])\n"
            "        return [] if word == end else [\n"
            "            word, *rest([*so_far, word])\n"
            "        ]\n\n"
            "    return tuple(rest([start]))\n",
        ),
    ),
    "captions-3: predict with the names of its arguments": (
        ("model(inputs)[0]", "model.predict(x=inputs, verbose=0)[0]"),
    ),
}
