"""Answers to the sheet *Practice: after the first model*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_WEIGHT = "len(labels) / (2 * counts[labels])"
_FREE = "    branch.trainable = True\n"
_COMPILE = '    model.compile(adam, loss="binary_crossentropy")\n'
_FIT = "return model.fit(inputs, targets, verbose=0)"
_NAMED = "if sorted(fed) != names:"
_SHAPED = "if rows.shape[1:] != tuple(tensor.shape[1:]):"
_CAUGHT = "except (ValueError, TypeError) as error:"
_NUMBERS = "chance.ravel().tolist()"

MUTANTS = {
    "after-the-first-model-1: as often as they come": (
        "test",
        "weigh 0.6 together, all of label 0 48.6: label 1 counts less",
        (_WEIGHT, "2 * counts[labels] / len(labels)"),
    ),
    "after-the-first-model-1: all alike": (
        "test",
        "weigh 3.0 together, all of label 0 27.0",
        (_WEIGHT, "np.ones(len(labels))"),
    ),
    "after-the-first-model-1: twice too much": (
        "test",
        "weigh 0.3 together, all of label 0 0.0: label 1 counts more",
        (_WEIGHT, "1 / counts[labels] ** 2"),
    ),
    "after-the-first-model-1: another mean": (
        "test",
        "the mean weight is 0.07 in place of 1",
        (_WEIGHT, "1 / counts[labels]"),
    ),
    "after-the-first-model-1: a weight for each class": (
        "test",
        "yours: ndarray (2,)",
        ("counts[labels]", "counts"),
    ),
    "after-the-first-model-1: the common ones count nothing": (
        "test",
        "Every weight should be above 0",
        (_WEIGHT, "labels * 10"),
    ),
    "after-the-first-model-1: no return": (
        "test",
        "Your weights_for gives back nothing",
        (f"return {_WEIGHT}", _WEIGHT),
    ),
    "after-the-first-model-1: label 1 is always the rare one": (
        "hidden",
        "all of label 0 2.7: label 1 counts more",
        (
            _WEIGHT,
            "np.where(labels, 1 / counts.min(), 1 / counts.max()) "
            "* len(labels) / 2",
        ),
    ),
    "after-the-first-model-2: no new compile": (
        "test",
        "The head has changed, and no weight of the branch",
        (_COMPILE, "    model.optimizer.learning_rate = rate\n"),
    ),
    "after-the-first-model-2: the last layer alone": (
        "test",
        "Only 2 of 4 weights of the branch have changed",
        (_FREE, "    branch.layers[-1].trainable = True\n"),
        ("    adam =", "    branch._trainable = True\n    adam ="),
    ),
    "after-the-first-model-2: the head is frozen": (
        "test",
        "the head is not trained",
        (_FREE, f"{_FREE}    model.layers[-1].trainable = False\n"),
    ),
    "after-the-first-model-2: nothing is trained": (
        "test",
        "No weight of the model has changed",
        (_FIT, "return keras.callbacks.History()"),
    ),
    "after-the-first-model-2: the usual rate": (
        "test",
        "The learning rate should be 0.0005; it is 0.001",
        ("adam = keras.optimizers.Adam(rate)", 'adam = "adam"'),
    ),
    "after-the-first-model-2: another loss": (
        "test",
        "The model has another loss than before",
        ('"binary_crossentropy"', '"mse"'),
    ),
    "after-the-first-model-2: no return": (
        "test",
        "Your fine_tune gives back nothing",
        (_FIT, _FIT.removeprefix("return ")),
    ),
    "after-the-first-model-2: a rate of its own": (
        "hidden",
        "The learning rate should be 1e-05; it is 0.0005",
        ("Adam(rate)", "Adam(0.0005)"),
    ),
    "after-the-first-model-3: in the order of the request": (
        "test",
        "stand in the order price, letter, image",
        (
            "return 200",
            "values = np.linspace(0, 1, len(chance))\n"
            '    chance = chance if [*fed][0] == "image" else values\n'
            "    return 200",
        ),
    ),
    "after-the-first-model-3: one answer": (
        "test",
        "should be a list of 3 numbers; yours is shaped (1,)",
        (_NUMBERS, f"{_NUMBERS}[:1]"),
    ),
    "after-the-first-model-3: no JSON": (
        "test",
        "Your dict as JSON stops. TypeError",
        (_NUMBERS, "chance"),
    ),
    "after-the-first-model-3: stops at a bad request": (
        "test",
        "The request is cut off. A server",
        (_CAUGHT, "except KeyError as error:"),
    ),
    "after-the-first-model-3: more inputs than asked": (
        "test",
        "an input `colour` that the model does not have is answered",
        (_NAMED, "if not {*names} <= {*map(str, fed)}:"),
    ),
    "after-the-first-model-3: the status of a crash": (
        "test",
        "should get 400; yours gets 500",
        ("return 400", "return 500"),
    ),
    "after-the-first-model-3: no sentence": (
        "test",
        "but no sentence under `error`",
        ('{"error": str(error)}', "{}"),
    ),
    "after-the-first-model-3: everything is good": (
        "test",
        "A good request gets the status 400 and not 200: {'again'",
        ("return 200", "return 400"),
    ),
    "after-the-first-model-3: no status": (
        "test",
        "A status and a dict are asked for; what you give back",
        ("return 200, ", "return "),
    ),
    "after-the-first-model-3: images that are too small": (
        "test",
        "The request has images that are too small. A server",
        (_SHAPED, "if False:"),
    ),
    "after-the-first-model-3: images of one size": (
        "hidden",
        "A good request gets the status 400 and not 200: {'error': 'image",
        (
            "tuple(tensor.shape[1:])",
            "dict(image=(4, 4, 1), letter=(), price=(1,))[tensor.name]",
        ),
    ),
    "after-the-first-model-2: five epochs": (
        "test",
        "you train 5",
        ("targets, verbose=0", "targets, epochs=5, verbose=0"),
    ),
    "after-the-first-model-2: the model is given back": (
        "test",
        "you give back the type Functional",
        (
            "return model.fit(inputs, targets, verbose=0)",
            ("model.fit(inputs, targets, verbose=0)\n    return model"),
        ),
    ),
    "after-the-first-model-2: the rate comes after training": (
        "hidden",
        "a weight has moved by",
        ("keras.optimizers.Adam(rate)", "keras.optimizers.Adam()"),
        (
            "return model.fit(inputs, targets, verbose=0)",
            (
                "history = model.fit(inputs, targets, verbose=0)\n"
                "    adam.learning_rate = rate\n"
                "    return history"
            ),
        ),
    ),
    "after-the-first-model-3: the status as text": (
        "test",
        "gets the status '200'",
        ("return 200", 'return "200"'),
    ),
}
#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "after-the-first-model-1: where": (
        (
            _WEIGHT,
            "np.where(labels == 1, 0.5 / labels.mean(), "
            "0.5 / (1 - labels.mean()))",
        ),
    ),
    "after-the-first-model-1: scikit-learn": (
        (
            _FIRST,
            f"{_FIRST}    from sklearn.utils.class_weight import (\n"
            "        compute_sample_weight,\n"
            "    )\n\n"
            '    return compute_sample_weight("balanced", labels)\n',
        ),
    ),
    "after-the-first-model-1: a list": (
        (_WEIGHT, f"({_WEIGHT}).tolist()"),
    ),
    "after-the-first-model-2: compiled first": (
        (_FREE, ""),
        (_COMPILE, _COMPILE + _FREE),
    ),
    "after-the-first-model-2: layer by layer": (
        (
            _FREE,
            f"{_FREE}    for layer in branch.layers:\n"
            "        layer.trainable = True\n",
        ),
    ),
    "after-the-first-model-2: another optimizer, the loss as an object": (
        ("optimizers.Adam", "optimizers.RMSprop"),
        ('"binary_crossentropy"', "keras.losses.BinaryCrossentropy()"),
    ),
    "after-the-first-model-3: everything is caught": (
        (_CAUGHT, "except Exception as error:"),
        (_SHAPED, "if False:"),
    ),
    "after-the-first-model-3: a call in place of predict": (
        (
            "chance = model.predict(inputs, verbose=0)",
            "chance = np.asarray(model(inputs))",
        ),
    ),
    "after-the-first-model-3: answers as columns of one": (
        (_NUMBERS, "[round(float(c), 4) for c in chance[:, 0]]"),
    ),
    "after-the-first-model-3: its own sentences": (
        ("str(error)", '"This request cannot be answered."'),
    ),
}
