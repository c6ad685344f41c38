"""Answers to the sheet *Practice: a conditional generator*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited. Then others that are
right.
"""

_EMBEDDING = "layers.Embedding(num_classes, latent_dim)(label)"
_RESHAPE = "layers.Reshape(image_shape)(pixels)"
_DRAW = "images = image_generator(drawn, training=True)\n"
_DRAWN_LOSS = "loss(tf.zeros_like(on_drawn), on_drawn)"
_REAL_LOSS = "loss(0.9 * tf.ones_like(on_real), on_real)"
_LIMIT = "np.quantile(usual, 0.01)"
_UNIT = "return rows / np.linalg.norm(rows, axis=1, keepdims=True)"
_TURNED = "nearest(unit(real), unit(images))"
_NORM = "    features = layers.LayerNormalization()(features)"

MUTANTS = {
    "conditional-generator-1: sigmoid": (
        "test",
        "No pixel ever comes below 0.0",
        ("tanh", "sigmoid"),
    ),
    "conditional-generator-1: no activation": (
        "test",
        "Which activation ends at -1 and at 1",
        ('size, activation="tanh"', "size"),
    ),
    "conditional-generator-1: the darker half alone": (
        "test",
        "No pixel ever comes above 0.0",
        ("tanh", "sigmoid"),
        (_RESHAPE, "layers.Reshape(image_shape)(pixels - 1)"),
    ),
    "conditional-generator-1: half of the range": (
        "test",
        "No pixel ever comes below -0.5",
        (_RESHAPE, "layers.Reshape(image_shape)(0.5 * pixels)"),
    ),
    "conditional-generator-1: labels that stay as they were drawn": (
        "test",
        "is that layer frozen?",
        (
            "layers.Embedding(num_classes, latent_dim)(label)",
            "layers.Embedding(\n"
            "        num_classes, latent_dim, trainable=False\n"
            "    )(label)",
        ),
    ),
    "conditional-generator-1: no gradient comes through": (
        "test",
        "so nothing would be learned there",
        (
            _EMBEDDING,
            f"keras.ops.stop_gradient({_EMBEDDING})",
        ),
    ),
    "conditional-generator-1: nothing is given back": (
        "test",
        "Your image_generator_for gives back nothing",
        ("return keras.Model", "keras.Model"),
    ),
    "conditional-generator-1: the noise is left out": (
        "test",
        "The noise changes nothing",
        ("layers.Concatenate()([wanted, noise])", "wanted"),
    ),
    "conditional-generator-1: the label is left out": (
        "test",
        "The label changes nothing",
        ("layers.Concatenate()([wanted, noise])", "noise"),
    ),
    "conditional-generator-1: the label as a number": (
        "test",
        "Is a label an amount to it?",
        (
            _EMBEDDING,
            "layers.Reshape((1,))(\n"
            '        keras.ops.cast(label, "float32") / num_classes\n'
            "    )",
        ),
    ),
    "conditional-generator-1: an axis for the label": (
        "test",
        "its shape is ()",
        ("keras.Input((), ", "keras.Input((1,), "),
        (_EMBEDDING, f"layers.Flatten()({_EMBEDDING})"),
    ),
    "conditional-generator-1: no type for the label": (
        "test",
        "Your label is float32",
        ('dtype="int32", ', ""),
    ),
    "conditional-generator-1: inputs in a dict": (
        "test",
        "Your inputs are in a dict",
        ("[label, noise]", '{"label": label, "noise": noise}'),
    ),
    "conditional-generator-1: an input without a name": (
        "test",
        "under the names label and noise",
        (', name="noise"', ""),
    ),
    "conditional-generator-1: pixels in one row": (
        "test",
        "Your pixels lie in one row",
        (_RESHAPE, "pixels"),
    ),
    "conditional-generator-1: no colours": (
        "test",
        "have no axis for the colours",
        ("math.prod(image_shape)", "math.prod(image_shape[:2])"),
        ("Reshape(image_shape)", "Reshape(image_shape[:2])"),
    ),
    "conditional-generator-1: colours first": (
        "test",
        "the colours come first",
        ("Reshape(image_shape)", "Reshape(image_shape[::-1])"),
    ),
    "conditional-generator-1: one label too few": (
        "test",
        "With num_classes=10 it was called",
        ("Embedding(num_classes", "Embedding(num_classes - 1"),
    ),
    "conditional-generator-1: always ten labels": (
        "test",
        "With num_classes=13 it was called",
        ("Embedding(num_classes", "Embedding(10"),
    ),
    "conditional-generator-1: always 32 numbers of noise": (
        "hidden",
        "With latent_dim=5 your noise has the shape (32,)",
        ("keras.Input((latent_dim,)", "keras.Input((32,)"),
    ),
    "conditional-generator-1: always three colours": (
        "hidden",
        "You get (None, 8, 12, 3)",
        (
            "size = math.prod(image_shape)",
            "image_shape = (*image_shape[:2], 3)\n"
            "    size = math.prod(image_shape)",
        ),
    ),
    "conditional-generator-2: as it was given": (
        "test",
        "The image generator has the same weights",
        (
            "weights = image_generator.trainable_variables",
            "weights = discriminator.trainable_variables",
        ),
    ),
    "conditional-generator-2: the image generator is not in training": (
        "test",
        "The image generator is called as if it had been trained",
        ("(drawn, training=True)", "(drawn)"),
    ),
    "conditional-generator-2: the discriminator is not in training": (
        "test",
        "The discriminator is called as if it had been trained",
        ("(real, training=True)", "(real)"),
    ),
    "conditional-generator-2: drawn before the tape records": (
        "test",
        "no path leads to the loss",
        (
            "    ### BEGIN SOLUTION\n",
            f"    {_DRAW}",
        ),
        (f"        {_DRAW}", ""),
    ),
    "conditional-generator-2: the wrong target for drawn images": (
        "test",
        "The image generator learns to be found out",
        ("loss(tf.ones_like(on_drawn)", "loss(tf.zeros_like(on_drawn)"),
    ),
    "conditional-generator-2: both losses for the image generator": (
        "test",
        "The image generator is moved by both losses",
        (
            f"judge_loss += {_DRAWN_LOSS}",
            f"judge_loss += {_DRAWN_LOSS}\n        made_loss += judge_loss",
        ),
    ),
    "conditional-generator-2: both losses for the discriminator": (
        "test",
        "The discriminator is moved by both losses",
        (
            f"judge_loss += {_DRAWN_LOSS}",
            f"judge_loss += {_DRAWN_LOSS} + made_loss",
        ),
    ),
    "conditional-generator-2: the labels of the real images": (
        "test",
        "The drawn images are judged under other labels",
        ('drawn["label"]', 'real["label"]'),
    ),
    "conditional-generator-2: a loss for probabilities": (
        "test",
        "your loss takes it for a probability",
        (
            "loss(tf.ones_like(on_drawn)",
            "keras.losses.BinaryCrossentropy()(tf.ones_like(on_drawn)",
        ),
    ),
    "conditional-generator-2: one optimiser": (
        "test",
        "One optimiser is handed the weights of both",
        ("optimizers[1]", "optimizers[0]"),
    ),
    "conditional-generator-2: each with the other optimiser": (
        "test",
        "the step size of the second optimiser",
        ("optimizers[1]", "optimizers[2 - 2]"),
        ("optimizers[0]", "optimizers[1]"),
    ),
    "conditional-generator-2: a target that is less than 1": (
        "test",
        "the target is 1 for every drawn image",
        (
            "loss(tf.ones_like(on_drawn)",
            "loss(0.9 * tf.ones_like(on_drawn)",
        ),
    ),
    "conditional-generator-2: the other loss for the discriminator": (
        "test",
        "by the loss of the image generator in place of its own",
        ("gradient(judge_loss", "gradient(made_loss"),
    ),
    "conditional-generator-2: labels of real images to judge by": (
        "test",
        "To the discriminator, the drawn images come with",
        (
            f"        judge_loss += {_DRAWN_LOSS}\n",
            '        labelled["label"] = real["label"]\n'
            "        on_drawn = discriminator(labelled, training=True)\n"
            f"        judge_loss += {_DRAWN_LOSS}\n",
        ),
    ),
    "conditional-generator-2: drawn images alone": (
        "test",
        "learns from the drawn images alone",
        (_REAL_LOSS, "0.0"),
    ),
    "conditional-generator-2: real images alone": (
        "test",
        "learns from the real images alone",
        (f"        judge_loss += {_DRAWN_LOSS}\n", ""),
    ),
    "conditional-generator-2: targets the wrong way round": (
        "test",
        "The discriminator learns the opposite",
        ("0.9 * tf.ones_like(on_real)", "tf.zeros_like(on_real)"),
        ("zeros_like(on_drawn)", "ones_like(on_drawn)"),
    ),
    "conditional-generator-2: the mean of two losses": (
        "test",
        "what it got wrong about real images, plus what",
        (
            f"judge_loss += {_DRAWN_LOSS}",
            f"judge_loss = 0.5 * (judge_loss + {_DRAWN_LOSS})",
        ),
    ),
    "conditional-generator-2: the discriminator is left frozen": (
        "test",
        "weights of the discriminator are no longer trainable",
        (
            "    weights = image_generator.trainable_variables\n",
            "    discriminator.trainable = False\n"
            "    weights = image_generator.trainable_variables\n",
        ),
    ),
    "conditional-generator-2: frozen when all is done": (
        "test",
        "weights of the image generator are no longer trainable",
        (
            "    ### END SOLUTION",
            "    image_generator.trainable = False\n    ### END SOLUTION",
        ),
    ),
    "conditional-generator-2: the discriminator stays": (
        "test",
        "The discriminator has the same weights",
        (
            "    optimizers[1].apply_gradients("
            "zip(other_gradients, other_weights))\n",
            "",
        ),
    ),
    "conditional-generator-3: the wrong side": (
        "test",
        "It is the other way round",
        ("distances <", "distances >"),
    ),
    "conditional-generator-3: the distance of the chapter": (
        "test",
        "Of the paler copies you find 0%",
        (_UNIT, "return rows"),
    ),
    "conditional-generator-3: each image with mean 0": (
        "test",
        "Of the paler copies you find 3%",
        (_UNIT, "return rows - rows.mean(axis=1, keepdims=True)"),
    ),
    "conditional-generator-3: equal, and nothing else": (
        "test",
        "With a little noise on it, a copy is still a copy",
        (f"distances < {_LIMIT}", "distances < 1e-5"),
    ),
    "conditional-generator-3: real images and themselves": (
        "test",
        "Which distance has a copy from its original?",
        (f"distances < {_LIMIT}", "distances < -distances"),
    ),
    "conditional-generator-3: a limit from the images": (
        "test",
        "Of the first 9 images alone",
        (_LIMIT, "np.quantile(distances, 0.28)"),
    ),
    "conditional-generator-3: the middle of the unseen": (
        "test",
        "at most 3 in 100 may be",
        (_LIMIT, "np.median(usual)"),
    ),
    "conditional-generator-3: one answer per training image": (
        "test",
        "One answer per image is asked for",
        ("nearest(unit(images), unit(real))", _TURNED),
    ),
    "conditional-generator-3: numbers of images": (
        "test",
        "True or False?",
        (f"distances < {_LIMIT}", "np.argsort(distances)"),
    ),
    "conditional-generator-3: nothing is given back": (
        "test",
        "Your copies gives back nothing",
        ("return distances", "distances"),
    ),
    "conditional-generator-3: paler by a number that is fixed": (
        "test",
        "a limit in your code is a fixed number",
        (_UNIT, "return rows"),
        (
            f"distances < {_LIMIT}",
            f"(distances < {_LIMIT}) | (images.max((1, 2, 3)) < 0.85)",
        ),
    ),
    "conditional-generator-1: a class of its own": (
        "test",
        "Your model names no inputs",
        (
            "    label = keras.Input",
            (
                "    class Images(keras.Model):\n"
                "        pass\n"
                "\n"
                "    return Images()\n"
                "    label = keras.Input"
            ),
        ),
    ),
    "conditional-generator-1: the output in a dict": (
        "test",
        "yours is a dict of 1",
        (
            "keras.Model([label, noise], images)",
            'keras.Model([label, noise], {"image": images})',
        ),
    ),
    "conditional-generator-1: ten labels at most": (
        "test",
        "It was asked for 13 labels",
        (
            "    label = keras.Input",
            ("    assert num_classes < 13\n    label = keras.Input"),
        ),
    ),
    "conditional-generator-2: a name that is not there": (
        "test",
        "name 'los' is not defined",
        ("made_loss = loss(", "made_loss = los("),
    ),
}

#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "conditional-generator-1: the label one-hot": (
        (
            "layers.Embedding(num_classes, latent_dim)(label)",
            'layers.CategoryEncoding(num_classes, "one_hot")(label)',
        ),
    ),
    "conditional-generator-1: a sigmoid, then stretched": (
        ("tanh", "sigmoid"),
        ("(image_shape)(pixels)", "(image_shape)(2 * pixels - 1)"),
    ),
    "conditional-generator-1: the noise first": (
        ("[label, noise], images", "[noise, label], images"),
    ),
    "conditional-generator-2: quite certain of real images": (
        ("0.9 * tf", "tf"),
    ),
    "conditional-generator-2: as a graph": (
        ("def step", "@tf.function\ndef step"),
    ),
    "conditional-generator-2: the discriminator first": (
        (" as tape, tf.GradientTape()", ""),
        (
            "        made_loss = loss(tf.ones_like(on_drawn), on_drawn)\n",
            "",
        ),
        ("    gradients = tape.gradient(made_loss, weights)\n", ""),
        (
            "    optimizers[0].apply_gradients(zip(gradients, weights))\n",
            "",
        ),
        (
            "    ### END SOLUTION",
            "    with tf.GradientTape() as tape:\n"
            "        images = image_generator(drawn, training=True)\n"
            '        labelled["image"] = images\n'
            "        on_drawn = discriminator(labelled, training=True)\n"
            "        made_loss = loss(tf.ones_like(on_drawn), on_drawn)\n"
            "    gradients = tape.gradient(made_loss, weights)\n"
            "    optimizers[0].apply_gradients(zip(gradients, weights))\n",
        ),
    ),
    "conditional-generator-3: by squared distance": (
        ("distances <", "distances**2 <"),
        ("np.quantile(usual", "np.quantile(usual**2"),
    ),
    "conditional-generator-1: another bend between the bounds": (
        ("tanh", "softsign"),
    ),
    "conditional-generator-1: cut off at the bounds, after a norm": (
        ('"relu")(features)', '"relu")(features)\n' + _NORM),
        ("tanh", "hard_tanh"),
    ),
    "conditional-generator-1: a last layer that begins at 0": (
        (
            'activation="tanh")',
            'activation="tanh", kernel_initializer="zeros")',
        ),
    ),
    "conditional-generator-1: the label scales the noise": (
        (
            "layers.Concatenate()([wanted, noise])",
            "wanted * noise + wanted",
        ),
    ),
    "conditional-generator-1: convolutions": (
        (
            "    size = math.prod(image_shape)\n",
            "    height, width, channels = image_shape\n"
            "    size = height * width * 4\n",
        ),
        ('activation="tanh")', 'activation="relu")'),
        (
            _RESHAPE,
            "layers.Conv2DTranspose(\n"
            '        channels, 3, padding="same", activation="tanh"\n'
            "    )(layers.Reshape((height, width, 4))(pixels))",
        ),
    ),
    "conditional-generator-2: a flag, set back in the end": (
        (
            "    weights = image_generator.trainable_variables\n",
            "    discriminator.trainable = False\n"
            "    weights = image_generator.trainable_variables\n",
        ),
        (
            "    other_weights =",
            "    discriminator.trainable = True\n    other_weights =",
        ),
    ),
    "conditional-generator-2: one tape that answers twice": (
        (
            "tf.GradientTape() as tape, tf.GradientTape() as other_tape",
            "tf.GradientTape(persistent=True) as tape",
        ),
        ("other_tape.gradient", "tape.gradient"),
    ),
    "conditional-generator-2: softplus of the logits": (
        (
            "loss(tf.ones_like(on_drawn), on_drawn)",
            "tf.reduce_mean(tf.math.softplus(-on_drawn))",
        ),
        (
            "loss(tf.zeros_like(on_drawn), on_drawn)",
            "tf.reduce_mean(tf.math.softplus(on_drawn))",
        ),
    ),
    "conditional-generator-3: each image by its brightest pixel": (
        (_UNIT, "return rows / rows.max(axis=1, keepdims=True)"),
    ),
    "conditional-generator-3: by correlation": (
        (
            _UNIT,
            "rows = rows - rows.mean(axis=1, keepdims=True)\n"
            "        return rows / rows.std(axis=1, keepdims=True)",
        ),
    ),
    "conditional-generator-3: the angle, in a table": (
        (
            "    distances, _ = nearest(unit(images), unit(real))\n",
            "    cosines = unit(images) @ unit(real).T\n"
            "    distances = 1 - cosines.max(axis=1)\n",
        ),
        (
            "    usual, _ = nearest(unit(unseen), unit(real))\n",
            "    usual = 1 - (unit(unseen) @ unit(real).T).max(axis=1)\n",
        ),
    ),
    "conditional-generator-3: half the distance of the nearest unseen": (
        (_LIMIT, "0.9 * np.sort(usual)[2]"),
    ),
}
