"""Checkers of the sheet *Practice: several inputs*."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from companion.lab import datasets
from companion.lab.exercises import exercise
from companion.lab.exercises.outputs import loss_name

_SHAPES = {"image": (8, 8, 1), "numbers": (2,), "express": (1,)}


@exercise
def third_input(
    build: Callable[[], keras.Model], rows: int = 8, seed: int = 0
) -> Iterator[str]:
    """The model takes three named inputs and gives six probabilities.

    Args:
        build: Makes the model.
        rows: Samples to try it on.
        seed: Decides these samples.

    Raises:
        Hint: If an input is missing, nameless or without effect, or if the
            answer is no six probabilities.
    """
    try:
        model = build()
    except ValueError as error:
        if "not connected to `inputs`" not in str(error):
            raise
        yield (
            "An input leads to the answer, but keras.Model does not know "
            "it: look at the list you pass as its first argument."
        )
        return
    if isinstance(model.input, dict):
        yield (
            "The model is built on a dict of inputs, so a key too many is "
            "fed in place of another. Pass keras.Model a list."
        )
    names = [tensor.name for tensor in model.inputs]
    if any(name.startswith("keras_tensor") for name in names):
        yield (
            f"The inputs are called {', '.join(names)}: Keras made up what "
            "was not given. Each keras.Input needs a name."
        )
    found = {tensor.name: tensor.shape[1:] for tensor in model.inputs}
    if found != _SHAPES:
        yield f"The inputs should be {_SHAPES}; yours are {found}."
    rng = np.random.default_rng(seed)
    batch = {
        name: rng.normal(size=(rows, *shape)).astype("float32")
        for name, shape in _SHAPES.items()
    }
    answers = np.asarray(model(batch))
    if answers.shape != (rows, 6):
        yield (
            f"For {rows} parcels the model gives {answers.shape}; six "
            f"bands need ({rows}, 6). How wide is the last layer?"
        )
    if answers.min() < 0 or not np.allclose(answers.sum(1), 1, atol=1e-4):
        yield (
            "The six numbers of a parcel are no probabilities: they should "
            "be at least 0 and add up to 1. Which activation does that?"
        )
    for name, values in batch.items():
        if np.allclose(answers, model({**batch, name: -values})):
            yield (
                f"Whatever {name} says, the answer stays the same: its "
                "branch does not lead to the end."
            )


@exercise
def batch_that_fits(
    feed: Callable[[datasets.Parcels], dict[str, np.ndarray]],
    count: int = 8000,
    seed: int = 0,
) -> Iterator[str]:
    """The batch fits the model: all rows, by the right names.

    Args:
        feed: Makes of parcels what the model is fed.
        count: How many parcels to try it on.
        seed: Decides these parcels.

    Raises:
        Hint: If a name, a shape, the rows or their values do not fit.
    """
    parcels, _ = datasets.parcels(seed, num_train=count, num_test=1)
    batch = feed(parcels)
    if not isinstance(batch, dict):
        yield "A model with named inputs is fed a dict: name to array."
    for name in parcels.inputs:
        if name not in batch:
            yield (
                f"You feed {', '.join(batch)}, but the model has an input "
                f"called {name}. Compare letter by letter."
            )
    for name in batch.keys() - parcels.inputs.keys():
        yield (
            f"The model has no input {name}. Leave it out: only inputs "
            "belong in the dict, and never what gives the answer away."
        )
    shape = np.shape(batch["image"])
    if len(shape) == 3:
        yield (
            f"Your image array is {shape}. A convolution wants one axis "
            "more, the last, for the channels."
        )
    if shape[1:] == (1, 8, 8):
        yield (
            f"Your image array is {shape}: the axis for the channels is "
            "there, but not at the end."
        )
    for name, right in parcels.inputs.items():
        if len(batch[name]) != count:
            yield (
                f"Of {count} parcels you feed {len(batch[name])} rows of "
                f"{name}. Feed all that the function is given."
            )
        if not np.array_equal(batch[name], right):
            yield (
                f"The rows of {name} are not those of the parcels that "
                "the function is given."
            )


@exercise
def three_or_more(
    targets: Callable[[datasets.Parcels], np.ndarray],
    build: Callable[[], keras.Model],
    always_no: Callable[[datasets.Parcels], float],
    count: int = 8000,
    seed: int = 0,
) -> Iterator[str]:
    """Targets, model and loss fit a question with the answer yes or no.

    Args:
        targets: Parcels to 0 (no) and 1 (yes), ``(samples, 1)``.
        build: Makes the compiled model.
        always_no: The share of parcels for which "no" is right.
        count: How many parcels to try it on.
        seed: Decides these parcels.

    Raises:
        Hint: If one of the three is wrong.
    """
    parcels, _ = datasets.parcels(seed, num_train=count, num_test=1)
    right = (parcels.bands >= 3)[:, None]
    yield from _wrong_targets(targets(parcels), right)
    yield from _wrong_yes_or_no(build(), parcels.inputs)
    share = always_no(parcels)
    if np.isclose(share, right.mean()):
        yield "always_no gives the share of yes; you want that of no."
    if not np.isclose(share, 1 - right.mean()):
        yield (
            f"always_no gives {share:.3g}. Yes and no are not equally "
            "common: count the parcels for which no is right."
        )


def _wrong_targets(given: Any, right: np.ndarray) -> Iterator[str]:
    shape, count = np.shape(given), len(right)
    if shape == (count,):
        yield (
            f"The targets are ({count},), the model answers ({count}, 1). "
            "Beside each other, as in answers == targets, they spread to "
            f"({count}, {count}). Give the targets a last axis."
        )
    if shape != right.shape:
        yield f"The targets should be ({count}, 1); yours are {shape}."
    at_least = "Band 3 or more is yes, everything below is no"
    if np.array_equal(given, right):
        return
    if not np.asarray(given)[right].all():
        yield f"{at_least}: some parcels of band 3 or more come out as 0."
    yield f"{at_least}: the targets should be 0 and 1, and 0 for all below."


def _wrong_yes_or_no(
    model: keras.Model, inputs: dict[str, np.ndarray]
) -> Iterator[str]:
    if model.output_shape != (None, 1):
        yield (
            f"The model gives {model.output_shape}. One probability of yes "
            "is enough: (None, 1)."
        )
    last = getattr(model.layers[-1], "activation", None)
    if last is keras.activations.softmax:
        yield (
            "A softmax shares 1 among the units of its layer. With one "
            "unit there is nothing to share: the answer is always 1."
        )
    if not model.compiled:
        yield "The model is not compiled yet; the loss is part of the task."
    loss = loss_name(model.loss)
    if loss != "binary_crossentropy":
        yield (
            f"The loss {loss} is meant for another kind of answer. Which "
            "one is for a probability of yes?"
        )
    answers = np.asarray(model({n: rows[:5] for n, rows in inputs.items()}))
    if answers.min() < 0 or answers.max() > 1:
        yield (
            "An answer should be a probability, between 0 and 1; the last "
            "layer lets others through."
        )
