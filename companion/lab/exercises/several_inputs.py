"""Checkers of the sheet *Practice: several inputs*."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from companion.lab import datasets
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    costs_of,
    differs,
    numbers_of,
    shake,
    tried,
    wrong_inputs,
)

_SHAPES = {"image": (8, 8, 1), "numbers": (2,), "express": (1,)}
#: Probabilities of yes on which a loss is tried, each for yes and for no.
_TRIED = np.array([[0.02], [0.3], [0.6], [0.95]], "float32")


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
    model = yield from tried(
        build,
        advice="If inputs are not connected: compare the list that "
        "keras.Model gets with the inputs you made.",
    )
    batch, others = _parcels(rows, seed), _parcels(rows, seed + 100)
    yield from _wrong_form(model, batch)
    answers = yield from answers_of(model, batch)
    if answers.shape != (rows, 6):
        yield (
            f"For {rows} parcels the model gives {answers.shape}; six "
            f"bands need ({rows}, 6). How wide is the last layer?"
        )
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    if answers.min() < 0 or not np.allclose(answers.sum(1), 1, atol=1e-4):
        yield (
            "The six numbers of a parcel are no probabilities: they should "
            "be at least 0 and add up to 1. Which activation does that?"
        )
    for name, values in others.items():
        changed = yield from answers_of(model, {**batch, name: values})
        if not differs(answers, changed):
            yield (
                f"Whatever {name} says, the answer stays the same. Follow "
                "it through your layers: where does it end?"
            )


def _parcels(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Parcels, the first half by express or not; numbers from 0 to 1.

    A model need not scale its numbers, and softmax of large ones is deaf.
    """
    rng = np.random.default_rng(seed)
    parcels, _ = datasets.parcels(seed, num_train=rows, num_test=1)
    express = (np.arange(rows) < rows // 2) ^ (seed >= 100)
    return {
        "image": parcels.images,
        "numbers": rng.random((rows, 2), "float32"),
        "express": express[:, None].astype("float32"),
    }


def _wrong_form(
    model: keras.Model, batch: dict[str, np.ndarray]
) -> Iterator[str]:
    """What is no model on a list of three inputs with names and shapes."""
    if isinstance(getattr(model, "input", None), dict):
        yield (
            "The model is built on a dict of inputs, so a key too many is "
            "fed in place of another. Pass keras.Model a list."
        )
    names = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    if any(name.startswith("keras_tensor") for name in names):
        yield (
            f"The inputs are called {', '.join(names)}: Keras made up what "
            "was not given. Each keras.Input needs a name."
        )
    yield from wrong_inputs(model, batch)
    tensors = getattr(model, "inputs", None) or []
    found = {tensor.name: tensor.shape[1:] for tensor in tensors}
    if found != _SHAPES:
        yield f"The inputs should be {_SHAPES}; yours are {found}."


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
    rights = {name: x.copy() for name, x in parcels.inputs.items()}
    batch = yield from tried(feed, parcels)
    if not isinstance(batch, dict):
        yield "A model with named inputs is fed a dict: name to array."
    for name in parcels.inputs:
        if name not in batch:
            yield (
                f"You feed {', '.join(map(str, batch))}, but the model has "
                f"an input called {name}. Compare letter by letter."
            )
    for name in batch.keys() - parcels.inputs.keys():
        yield (
            f"The model has no input {name}. Leave it out: only inputs "
            "belong in the dict, and never what gives the answer away."
        )
    for name, right in rights.items():
        given = yield from numbers_of(batch[name], f"The rows of {name}")
        yield from _wrong_rows(name, np.atleast_1d(given), right)


def _wrong_rows(
    name: str, given: np.ndarray, right: np.ndarray
) -> Iterator[str]:
    """What the rows of an input lack."""
    if len(given) != len(right):
        yield (
            f"Of {len(right)} parcels you feed {len(given)} rows of "
            f"{name}. Feed all that the function is given."
        )
    if given.shape != right.shape:
        yield (
            f"Under {name} you feed {given.shape}; the model expects "
            f"{right.shape}. Which part of the parcels has that shape?"
        )
    if np.array_equal(given, right[:, ::-1]):
        yield (
            f"The rows of {name} are there, but inside a row the order is "
            "another one than the model expects: print one row."
        )
    if not np.allclose(given, right):
        yield (
            f"The rows of {name} are not those of the parcels that the "
            "function is given."
        )


@exercise
def three_or_more(
    targets: Callable[[datasets.Parcels], np.ndarray],
    build: Callable[[], keras.Model],
    always_no: Callable[[datasets.Parcels], float],
    count: int = 8000,
    turned: bool = False,
    seed: int = 0,
) -> Iterator[str]:
    """Targets, model and loss fit a question with the answer yes or no.

    Args:
        targets: Parcels to 0 (no) and 1 (yes), ``(samples, 1)``.
        build: Makes the compiled model.
        always_no: The share of parcels for which "no" is right.
        count: How many parcels to try it on.
        turned: Whether band 0 becomes 5, and so on: then yes is common.
        seed: Decides these parcels.

    Raises:
        Hint: If one of the three is wrong.
    """
    parcels, _ = datasets.parcels(seed, num_train=count, num_test=1)
    if turned:
        parcels = dataclasses.replace(parcels, bands=5 - parcels.bands)
    right = (parcels.bands >= 3)[:, None]
    given = yield from tried(targets, parcels)
    yield from _wrong_targets(array_of(given), right)
    model = yield from tried(build)
    yield from _wrong_yes_or_no(model, seed)
    found = yield from tried(always_no, parcels)
    share = array_of(found)
    if share.size != 1 or share.dtype.kind not in "fiu":
        yield "always_no should give one number, a share."
    if np.isclose(share.item(), right.mean()):
        yield "always_no gives the share of yes; you want that of no."
    if not np.isclose(share.item(), 1 - right.mean()):
        yield (
            f"always_no gives {share.item():.3g}. Yes and no are not "
            "equally common: count the parcels for which no is right."
        )


def _wrong_targets(given: np.ndarray, right: np.ndarray) -> Iterator[str]:
    shape, count = given.shape, len(right)
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
    if not given[right].all():
        yield f"{at_least}: some parcels of band 3 or more come out as 0."
    yield f"{at_least}: the targets should be 0 and 1, and 0 for all below."


def _wrong_yes_or_no(model: Any, seed: int) -> Iterator[str]:
    batch, others = _parcels(20, seed), _parcels(20, seed + 100)
    del batch["express"], others["express"]
    yield from wrong_inputs(model, batch)
    first = yield from answers_of(model, batch)
    if first.shape != (20, 1):
        yield (
            f"For 20 parcels the model gives {first.shape}. One "
            "probability of yes for each is enough: (20, 1)."
        )
    yield from _wrong_loss(model)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    if (
        min(first.min(), answers.min()) < 0
        or max(first.max(), answers.max()) > 1
    ):
        yield (
            "An answer should be a probability, between 0 and 1; the last "
            "layer lets others through."
        )
    if not differs(answers, answers[:1]):
        yield (
            f"Every parcel gets {answers[0, 0]:.3g}, whatever the weights "
            "are. What does the activation of the last layer do to a "
            "single number?"
        )
    for name, values in others.items():
        changed = {**batch, name: values}
        if not differs(answers, (yield from answers_of(model, changed))):
            yield (
                f"Whatever {name} says, the answer stays the same. Follow "
                "it through your layers: where does it end?"
            )


def _wrong_loss(model: keras.Model) -> Iterator[str]:
    if not model.compiled:
        yield "The model is not compiled yet; the loss is part of the task."
    yes = yield from costs_of(model, np.ones_like(_TRIED), _TRIED)
    no = yield from costs_of(model, np.zeros_like(_TRIED), _TRIED)
    found = np.concatenate([yes, no])
    wanted = -np.log(np.concatenate([_TRIED, 1 - _TRIED]).ravel())
    if not np.allclose(found / found[0], wanted / wanted[0], rtol=1e-2):
        yield (
            f"For a yes, your loss asks {yes[0]:.3g} of a model that said "
            f"2 %, and {yes[-1]:.3g} of one that said 95 %; cross-entropy "
            f"asks {wanted[0]:.3g} and {wanted[3]:.3g}. Which loss is for "
            "a probability of yes, and what does it take for a "
            "probability?"
        )
