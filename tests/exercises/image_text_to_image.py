"""Answers to *Practice: image and text to image*, wrong ones and others.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_COINS = "rng.random(len(targets)) < 0.5"
_IMAGE = "    image[coins] = image[coins, :, ::-1]\n"
_TARGET = "    target[coins] = target[coins, :, ::-1]\n"
_BATCH = '{**inputs, "image": image}'
_LAST = 'channels, 3, padding="same", activation="sigmoid"'
_ANSWER = "return keras.Model([image, text], edited)"
_CLIP = "image = np.clip(edited[0], 0, 1)"
_STEP = (
    "    for text in instructions:\n"
    '        batch = {"image": image[None], "text": text[None]}\n'
)

MUTANTS = {
    "image-text-to-image-1: the inputs alone": (
        "test",
        "Only the inputs are flipped",
        (_TARGET, ""),
    ),
    "image-text-to-image-1: the targets alone": (
        "test",
        "Only the targets are flipped",
        (_IMAGE, ""),
    ),
    "image-text-to-image-1: two coins": (
        "test",
        "each has a coin of its own",
        (_TARGET, f"    coins = {_COINS}\n{_TARGET}"),
    ),
    "image-text-to-image-1: one coin for the batch": (
        "test",
        "In a batch all pairs are flipped or none",
        (_COINS, "np.repeat(rng.random(), len(targets)) < 0.5"),
    ),
    "image-text-to-image-1: upside down": (
        "test",
        "Which axis is that of the columns",
        ("[coins, :, ::-1]", "[coins, ::-1]"),
    ),
    "image-text-to-image-1: along two axes": (
        "test",
        "turned by half",
        ("[coins, :, ::-1]", "[coins, ::-1, ::-1]"),
    ),
    "image-text-to-image-1: along the channels": (
        "test",
        "in other colours",
        ("[coins, :, ::-1]", "[coins, :, :, ::-1]"),
    ),
    "image-text-to-image-1: shifted by a column": (
        "test",
        "neither as they were nor flipped",
        ("image[coins, :, ::-1]", "np.roll(image[coins], 1, axis=2)"),
    ),
    "image-text-to-image-1: rows and columns change places": (
        "test",
        "A flip changes no shape",
        (_BATCH, '{**inputs, "image": image.swapaxes(1, 2)}'),
    ),
    "image-text-to-image-1: draws from np.random": (
        "test",
        "The coins come from np.random",
        ("rng.random(", "np.random.random("),
    ),
    "image-text-to-image-1: an rng without a seed": (
        "test",
        "from something else than the rng",
        ("rng.random(", "np.random.default_rng().random("),
    ),
    "image-text-to-image-1: a fixed rng": (
        "test",
        "not a fixed one",
        ("rng.random(", "np.random.default_rng(0).random("),
    ),
    "image-text-to-image-1: the arrays are changed": (
        "test",
        "would be flipped again in the next epoch",
        (".copy()", ""),
    ),
    "image-text-to-image-1: the dict is changed": (
        "test",
        "The dict that came in is changed",
        (
            f"return {_BATCH}, target",
            'inputs["image"] = image\n    return inputs, target',
        ),
    ),
    "image-text-to-image-1: all are flipped": (
        "test",
        "Every pair is flipped",
        (_COINS, "np.ones(len(targets), bool)"),
    ),
    "image-text-to-image-1: one in four": (
        "test",
        "One half should be flipped",
        ("< 0.5", "< 0.25"),
    ),
    "image-text-to-image-1: the texts are dropped": (
        "test",
        "Hand on what you do not change",
        ("**inputs, ", ""),
    ),
    "image-text-to-image-1: the texts are flipped too": (
        "test",
        "The texts changed too",
        (
            _BATCH,
            '{"image": image, "text": inputs["text"][:, ::-1]}',
        ),
    ),
    "image-text-to-image-1: the targets are dropped": (
        "test",
        "give back both",
        (f"return {_BATCH}, target", f"return {_BATCH}"),
    ),
    "image-text-to-image-1: an array for a dict": (
        "test",
        "yours have the type ndarray",
        (f"return {_BATCH}", "return image"),
    ),
    "image-text-to-image-1: no return": (
        "test",
        "Your flip_both gives back nothing",
        (f"return {_BATCH}, target", f"batch = {_BATCH}, target"),
    ),
    "image-text-to-image-1: a name that is not there": (
        "test",
        "Your flip_both stops in line 5 of its cell. KeyError: 'images'",
        ('inputs["image"]', 'inputs["images"]'),
    ),
    "image-text-to-image-1: always nine columns": (
        "hidden",
        "Your flip_both stops in line 6 of its cell. IndexError",
        (
            _IMAGE,
            "    image[coins] = image[coins][:, :, range(8, -1, -1)]\n",
        ),
    ),
    "image-text-to-image-2: padding alone": (
        "test",
        "2 times too small",
        ("height // 8, width // 8", "4, 4"),
    ),
    "image-text-to-image-2: as it was": (
        "test",
        "come out as (18, 18, 3)",
        (', padding="same"', ""),
        ("height // 8, width // 8", "4, 4"),
    ),
    "image-text-to-image-2: always from eight by eight": (
        "hidden",
        "Images of (24, 40, 1) come out as (64, 64, 1)",
        ("height // 8, width // 8", "8, 8"),
    ),
    "image-text-to-image-2: always three channels": (
        "hidden",
        "the last layer makes 3 channels",
        ("channels, 3,", "3, 3,"),
    ),
    "image-text-to-image-2: one row of pixels": (
        "test",
        "height, width and channels are asked for",
        (_ANSWER, f"edited = layers.Flatten()(edited)\n    {_ANSWER}"),
    ),
    "image-text-to-image-2: the text is left out": (
        "test",
        "Whatever the text is",
        ("(maps), text])", "(maps), keras.ops.zeros_like(text)])"),
    ),
    "image-text-to-image-2: a part of the text": (
        "test",
        "Number 100 of the text makes no difference",
        ("(maps), text])", "(maps), text[:, :10]])"),
    ),
    "image-text-to-image-2: the image is left out": (
        "test",
        "Whatever the image is",
        ("[layers.Flatten()(maps), text]", "[text, text]"),
    ),
    "image-text-to-image-2: any number is a pixel": (
        "test",
        "Which activation stays between 0 and 1",
        (', activation="sigmoid"', ""),
    ),
    "image-text-to-image-2: a share of each channel": (
        "test",
        "A softmax is for classes",
        ("sigmoid", "softmax"),
    ),
    "image-text-to-image-2: half of the range": (
        "test",
        "An image needs all from 0 to 1",
        (_ANSWER, _ANSWER.replace("edited", "0.5 * edited")),
    ),
    "image-text-to-image-2: a name is missing": (
        "test",
        "should be called image and text",
        (', name="image"', ""),
    ),
    "image-text-to-image-2: no return": (
        "test",
        "Your build gives back nothing",
        (_ANSWER, _ANSWER.removeprefix("return ")),
    ),
    "image-text-to-image-2: the tensor that comes out": (
        "test",
        "has the type KerasTensor",
        (_ANSWER, "return edited"),
    ),
    "image-text-to-image-2: too few numbers for the maps": (
        "test",
        "Your build stops in line 15 of its cell. ValueError",
        ("Dense(rows * columns * 32", "Dense(100"),
    ),
    "image-text-to-image-3: the original each time": (
        "test",
        "Each step begins with the original image",
        ("image[None]", "original[None]"),
        (_FIRST, f"{_FIRST}    original = image\n"),
    ),
    "image-text-to-image-3: all instructions in one text": (
        "test",
        "Only the first instruction is carried out",
        (
            _FIRST,
            f"{_FIRST}    instructions = [np.concatenate(instructions)]\n",
        ),
    ),
    "image-text-to-image-3: no clipping": (
        "test",
        "Nothing is clipped",
        (_CLIP, "image = edited[0]"),
    ),
    "image-text-to-image-3: clipped at the end": (
        "test",
        "Clipped at the end alone",
        (_CLIP, "image = edited[0]"),
        ("return image", "return np.clip(image, 0, 1)"),
    ),
    "image-text-to-image-3: clipped before the model alone": (
        "test",
        "Each step is clipped but the last",
        (_CLIP, "image = edited[0]"),
        ("image[None]", "np.clip(image, 0, 1)[None]"),
    ),
    "image-text-to-image-3: from the last to the first": (
        "test",
        "from the last to the first",
        ("in instructions", "in instructions[::-1]"),
    ),
    "image-text-to-image-3: one step too few": (
        "test",
        "The last instruction is left out",
        ("in instructions", "in instructions[:-1]"),
    ),
    "image-text-to-image-3: the edits go nowhere": (
        "test",
        "The image comes back as it was",
        (_CLIP, "np.clip(edited[0], 0, 1)"),
    ),
    "image-text-to-image-3: no axis of the batch": (
        "test",
        "A model takes a batch, also of one image",
        ("image[None]", "image"),
    ),
    "image-text-to-image-3: the axis of the batch is left": (
        "test",
        "the axis of the batch is still there",
        ("return image", "return image[None]"),
    ),
    "image-text-to-image-3: every step is given back": (
        "test",
        "You give back 4 images",
        (_FIRST, f"{_FIRST}    steps = []\n"),
        (_CLIP, f"{_CLIP}\n        steps.append(image)"),
        ("return image", "return steps"),
    ),
    "image-text-to-image-3: the image is changed": (
        "test",
        "The image that came in is changed",
        (_CLIP, "image[:] = np.clip(edited[0], 0, 1)"),
    ),
    "image-text-to-image-3: no return": (
        "test",
        "Your edit gives back nothing",
        ("    return image\n", ""),
    ),
    "image-text-to-image-3: the model itself": (
        "test",
        "The image is (4, 4, 3); you give back ()",
        ("return image", "return model"),
    ),
    "image-text-to-image-3: another model": (
        "hidden",
        "the model that is handed to your function",
        ("model.predict", "checks.stand_in().predict"),
    ),
    "image-text-to-image-3: always an instruction": (
        "hidden",
        "Your edit stops in line 7 of its cell. UnboundLocalError",
        ("return image", "return np.clip(edited[0], 0, 1)"),
    ),
    "image-text-to-image-1: always one half": (
        "test",
        "about the same number of pairs",
        (
            "rng.random(len(targets)) < 0.5",
            "rng.permutation(len(targets)) < len(targets) // 2",
        ),
    ),
    "image-text-to-image-2: both ends of the text": (
        "test",
        "Number 51 of the text",
        (
            "layers.Flatten()(maps), text]",
            "layers.Flatten()(maps), text[:, :1], text[:, -1:]]",
        ),
    ),
    "image-text-to-image-3: cut above alone": (
        "hidden",
        "Pixels below 0 are left",
        ("np.clip(edited[0], 0, 1)", "np.minimum(edited[0], 1)"),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "image-text-to-image-1: chosen by where": (
        (
            _FIRST,
            f"{_FIRST}    inputs, targets = batch\n"
            "    coins = rng.integers(2, size=(len(targets), 1, 1, 1))\n\n"
            "    def flipped(x):\n"
            "        return np.where(coins, np.flip(x, axis=2), x)\n\n"
            '    image = flipped(inputs["image"])\n'
            "    return dict(inputs, image=image), flipped(targets)\n",
        ),
    ),
    "image-text-to-image-1: pair by pair": (
        (
            _FIRST,
            f"{_FIRST}    inputs, targets = batch\n"
            '    pairs = list(zip(inputs["image"], targets))\n'
            "    for row, pair in enumerate(pairs):\n"
            "        if rng.choice([True, False]):\n"
            "            pairs[row] = [np.fliplr(x) for x in pair]\n"
            "    image, targets = map(np.stack, zip(*pairs))\n"
            '    return inputs | {"image": image}, targets\n',
        ),
    ),
    "image-text-to-image-1: functions of TensorFlow": (
        (
            _FIRST,
            f"{_FIRST}    import tensorflow as tf\n\n"
            "    inputs, targets = batch\n"
            "    coins = rng.binomial(1, 0.5, len(targets)) == 1\n"
            "    image, target = (\n"
            "        tf.where(\n"
            "            coins[:, None, None, None],\n"
            "            tf.image.flip_left_right(x),\n"
            "            x,\n"
            "        )\n"
            '        for x in (inputs["image"], targets)\n'
            "    )\n"
            '    return {**inputs, "image": image}, target\n',
        ),
    ),
    "image-text-to-image-2: cut and enlarged at the end": (
        (', padding="same"', ""),
        ("height // 8, width // 8", "4, 4"),
        (
            _ANSWER,
            "edited = layers.Resizing(height, width)(edited)\n"
            f"    {_ANSWER}",
        ),
    ),
    "image-text-to-image-2: strides in place of pooling and copies": (
        ('3, padding="same", activation="relu"', '3, 1, "same"'),
        (
            "layers.UpSampling2D()",
            'layers.Conv2DTranspose(8, 2, 2, "same")',
        ),
        ("layers.MaxPooling2D()", 'layers.Conv2D(16, 3, 2, "same")'),
    ),
    "image-text-to-image-2: a builder of the companion": (
        (
            _FIRST,
            f"{_FIRST}    from companion.building import editing\n\n"
            "    return editing.image_text_to_image(\n"
            "        image_shape, length, filters=(8, 16)\n"
            "    )\n",
        ),
    ),
    "image-text-to-image-2: the text is added to every pixel": (
        (
            _FIRST,
            f"{_FIRST}"
            '    image = keras.Input(image_shape, name="image")\n'
            '    text = keras.Input((length,), name="text")\n'
            "    color = layers.Dense(\n"
            '        image_shape[-1], kernel_initializer="zeros"\n'
            "    )(text)\n"
            "    maps = layers.Conv2D(\n"
            '        image_shape[-1], 3, padding="same"\n'
            "    )(image) + color[:, None, None, :]\n"
            "    edited = keras.ops.clip(maps, 0, 1)\n"
            "    return keras.Model([text, image], edited)\n",
        ),
    ),
    "image-text-to-image-3: the model is called": (
        ("model.predict(batch, verbose=0)", "np.asarray(model(batch))"),
    ),
    "image-text-to-image-3: tensors to the end": (
        ("model.predict(batch, verbose=0)", "model(batch)"),
        ("np.clip(", "keras.ops.clip("),
        ("image[None]", "keras.ops.expand_dims(image, 0)"),
        ("text[None]", "keras.ops.expand_dims(text, 0)"),
    ),
    "image-text-to-image-3: each step calls the next": (
        (
            _FIRST,
            f"{_FIRST}    if len(instructions) == 0:\n"
            "        return image\n"
            "    first, *rest = instructions\n"
            "    batch = [image[np.newaxis], np.array([first])]\n"
            "    edited = model.predict_on_batch(batch)[0]\n"
            "    return edit(model, edited.clip(0, 1), rest)\n",
        ),
    ),
}
