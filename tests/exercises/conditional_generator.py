"""Wrong answers to the sheet *Practice: a conditional generator*.

Exercise and mistake: the test that finds it, a piece of the hint, and how
the solution is edited.
"""

_EMBEDDING = "layers.Embedding(num_classes, latent_dim)(label)"
_RESHAPE = "layers.Reshape(image_shape)(pixels)"
_DRAW = "images = image_generator(drawn, training=True)\n"
_DRAWN_LOSS = "loss(tf.zeros_like(on_drawn), on_drawn)"
_REAL_LOSS = "loss(0.9 * tf.ones_like(on_real), on_real)"
_LIMIT = "np.quantile(usual, 0.01)"

MUTANTS = {
    "conditional-generator-1: sigmoid": (
        "test",
        "No pixel is ever below 0",
        ("tanh", "sigmoid"),
    ),
    "conditional-generator-1: no activation": (
        "test",
        "Which activation ends at -1 and at 1",
        ('size, activation="tanh"', "size"),
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
        "With num_classes=10 the model fails",
        ("Embedding(num_classes", "Embedding(num_classes - 1"),
    ),
    "conditional-generator-1: always ten labels": (
        "test",
        "With num_classes=13 the model fails",
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
        "You have it the other way round",
        ("distances <", "distances >"),
    ),
    "conditional-generator-3: equal, and nothing else": (
        "test",
        "You find exact copies alone",
        (f"distances < {_LIMIT}", "distances == 0"),
    ),
    "conditional-generator-3: real images and themselves": (
        "test",
        "Compared with themselves, real images lie at 0",
        ("nearest(unseen, real)", "nearest(real, real)"),
    ),
    "conditional-generator-3: a limit from the images": (
        "test",
        "Unseen images show what is usual",
        ("nearest(unseen, real)", "nearest(images, real)"),
    ),
    "conditional-generator-3: the nearest of all": (
        "test",
        "one odd image decides it",
        (_LIMIT, "usual.min()"),
    ),
    "conditional-generator-3: the middle one": (
        "test",
        "half of what is honest is called a copy",
        (_LIMIT, "np.median(usual)"),
    ),
    "conditional-generator-3: the wrong end": (
        "test",
        "Your limit is at the wrong end",
        (_LIMIT, "np.quantile(usual, 0.99)"),
    ),
    "conditional-generator-3: in another order": (
        "test",
        "Leave them in the order of the images",
        ("distances <", "np.sort(distances) <"),
    ),
    "conditional-generator-3: the mean of all distances": (
        "test",
        "A copy has one near neighbour",
        (
            "def copies(images, real, unseen):",
            "def nearest(images, real):\n"
            "    a, b = (x.reshape(len(x), -1) for x in (images, real))\n"
            "    gaps = [np.linalg.norm(b - row, axis=1) for row in a]\n"
            "    return np.mean(gaps, axis=1), None\n\n\n"
            "def copies(images, real, unseen):",
        ),
    ),
    "conditional-generator-3: one answer per training image": (
        "test",
        "One answer per image is asked for",
        ("nearest(images, real)", "nearest(real, images)"),
    ),
    "conditional-generator-3: numbers of images": (
        "test",
        "True or False?",
        (f"distances < {_LIMIT}", "np.argsort(distances)"),
    ),
    "conditional-generator-3: which image in place of how far": (
        "test",
        "What do you compare with what",
        ("distances, _ = nearest", "_, distances = nearest"),
    ),
    "conditional-generator-3: a limit that is fixed": (
        "test",
        "a limit in your code is a fixed number",
        (_LIMIT, "0.6"),
    ),
}
