"""Small models that several situations share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from companion.checking.reading import Batches  # noqa: F401

#: Rows of all data here.
N = 8
ONES = np.ones(N)
#: Two inputs that fit `parcel`.
PARCEL = {"numbers": np.ones((N, 2)), "zone": np.ones((N, 1))}


def parcel(model: Any = keras.Model, **compiled: Any) -> keras.Model:
    """Two inputs of numbers, joined, and one number as the answer."""
    numbers = keras.Input((2,), name="numbers")
    zone = keras.Input((1,), name="zone")
    joined = keras.layers.Concatenate()([numbers, zone])
    made = model(
        [numbers, zone], keras.layers.Dense(1, name="price")(joined)
    )
    made.compile(**{"optimizer": "sgd", "loss": "mse"} | compiled)
    return made


def of_one(shape: tuple, change: Any = None, **options: Any) -> keras.Model:
    """One input ``x``, changed or not, and one number as the answer."""
    x = keras.Input(shape, name="x", **options)
    changed = x if change is None else change(x)
    model = keras.Model([x], keras.layers.Dense(1)(changed))
    model.compile("sgd", "mse")
    return model


def classifier(loss: Any, classes: int = 3, **last: Any) -> keras.Model:
    """Two numbers to classes, or to one answer."""
    x = keras.Input((2,), name="x")
    last = {"activation": "softmax" if classes > 1 else "sigmoid"} | last
    model = keras.Model([x], keras.layers.Dense(classes, **last)(x))
    model.compile("sgd", loss)
    return model


def of_two(loss: Any, as_dict: bool = True, **compiled: Any) -> keras.Model:
    """Two answers, ``price`` and ``days``, by name or in order."""
    x = keras.Input((2,), name="x")
    answers = {
        name: keras.layers.Dense(1, name=name)(x)
        for name in ("price", "days")
    }
    model = keras.Model([x], answers if as_dict else list(answers.values()))
    model.compile("sgd", loss, **compiled)
    return model


X = {"x": np.ones((N, 2))}
TWO = {"price": ONES, "days": ONES}


def endless(*batches: Any) -> Any:
    """A function that makes a generator of these batches, without end."""

    def make() -> Any:
        while True:
            yield from batches

    return make
