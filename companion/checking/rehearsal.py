"""Lets Keras itself run the first batches, and leaves no trace of it.

No rule knows all that Keras asks for. So its own ``fit`` (or ``predict``)
runs one step, uncompiled, on the batches that were read. Before that every
Keras object that the model holds is noted down, afterwards all of it is
put back: weights, metrics, optimizer, random state, compiled functions.
"""

from __future__ import annotations

import contextlib
import random
import re
import types
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion.checking.entries import WORDS
from companion.checking.reading import Reading
from companion.graph import global_names, tensorflow_random

#: Types whose contents are put back, each by its own plain methods: those
#: of Keras would note the change.
_CONTAINERS = (list, OrderedDict, dict, set, deque)
#: What an error says of places in TensorFlow, not of what is wrong.
_PLACES = re.compile(
    r"\x1b\[\d*m|\{\{.*?\}\}|\[\[.*?\]\]"
    r"|Traceback \(most recent call last\):(\n+[ \t].*)*"
)
#: What stands in an array, which no message of ours shows.
_CONTENTS = re.compile(
    r"(; (dict|tuple): |\bx=|\bvalue=|- y: |array\().*", re.DOTALL
)
_NOISE = re.compile(
    r"^(Exception encountered|Graph execution error|Detected at|Arguments "
    r"received|•|\d+ root error|$)"
)
_WIDEST = 300
#: Arrays in a batch, beyond which Keras would take minutes to begin.
_MOST_ARRAYS = 1000
_TOO_MANY = f"more than {_MOST_ARRAYS} arrays in a batch"

#: What to do about what Keras says, where it is known.
_CURES = WORDS["cures"]
_UNKNOWN = "Mend what Keras names here; no rule of check found more."


@dataclass(frozen=True)
class Rehearsal:
    """How the first batches went.

    Args:
        ran: Whether Keras got to the end of them.
        words: What it said if not: type and message of its error.
        loss: The loss of the last step; None after ``predict``.
        spoiled: Whether a weight is not a number any more.
    """

    ran: bool
    words: str = ""
    loss: float | None = None
    spoiled: bool = False


def rehearse(
    model: keras.Model, reading: Reading, *, training: bool
) -> Rehearsal:
    """Runs ``fit`` or ``predict`` on the first batches."""
    if len(keras.tree.flatten(reading.batches[0])) > _MOST_ARRAYS:
        return Rehearsal(False, _TOO_MANY)
    data = reading.arguments(training=training)
    with as_it_was(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.run_eagerly = True
        model.train_function = model.predict_function = None
        for name in ("train_step", "predict_step"):
            step = getattr(type(model), name)
            if hasattr(step, "python_function"):  # a tf.function
                plain = types.MethodType(step.python_function, model)
                setattr(model, name, plain)
        try:
            if not training:
                model.predict(verbose=0, **data)
                return Rehearsal(True)
            were = _spoiled(model)
            history = model.fit(verbose=0, shuffle=False, **data).history
            spoiled = _spoiled(model) and not were
        except Exception as error:
            return Rehearsal(False, in_words(error))
    losses = np.ravel(history.get("loss", []))
    loss = float(losses[-1]) if losses.size else None
    return Rehearsal(True, loss=loss, spoiled=spoiled)


def _spoiled(model: keras.Model) -> bool:
    """Whether any weight is not a number."""
    weights = (w for w in model.get_weights() if w.dtype.kind == "f")
    return not all(np.isfinite(w).all() for w in weights)


def in_words(error: Exception) -> str:
    """Type of an error and what it says is wrong, without its places."""
    text = _PLACES.sub("", str(error))
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if not _NOISE.match(line)]
    words = _CONTENTS.sub("", " ".join(telling[:3])).rstrip(" .,:;")
    if len(words) > _WIDEST:
        words = f"{words[:_WIDEST]}..."
    return f"{type(error).__name__}: {words}"


def cure(words: str) -> str:
    """What to do about what Keras said."""
    known = (fix for said, fix in _CURES.items() if said in words)
    return next(known, _UNKNOWN)


@contextlib.contextmanager
def as_it_was(*models: keras.Model) -> Iterator[None]:
    """Puts back what models hold, and where all libraries draw from."""
    kept = _Kept()
    for held in (*models, global_names()):
        kept.note(held)
    drawn, ours = [random, tensorflow_random()], np.random.get_state()
    states = [(draw, draw.getstate()) for draw in drawn if draw]
    try:
        yield
    finally:
        kept.put_back()
        np.random.set_state(ours)
        for draw, state in states:
            draw.setstate(state)


class _Kept:
    """What Keras' objects held, from a model on."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}
        self.contents: list[tuple[Any, Any, Any]] = []
        self.values: list[tuple[keras.Variable, np.ndarray]] = []

    def note(self, root: Any) -> None:
        """Notes an object, and all that it holds."""
        ahead = [root]
        while ahead:
            # TensorFlow wraps the dicts and lists that a layer holds.
            value = ahead.pop()
            value = getattr(value, "__wrapped__", value)
            if id(value) in self.seen:
                continue
            self.seen[id(value)] = value  # held: an id is given once
            if hasattr(value, "assign") and hasattr(value, "numpy"):
                self.values.append((value, np.array(value.numpy())))
                continue
            kinds = (k for k in _CONTAINERS if isinstance(value, k))
            kind = next(kinds, None)
            if kind:
                self.contents.append((value, kind, kind(value)))
            if kind or isinstance(value, tuple):
                parts = value.values() if isinstance(value, dict) else value
                ahead.extend(parts)
            if _is_open(value):
                ahead.append(vars(value))

    def put_back(self) -> None:
        """The same objects hold the same again."""
        for value, kind, contents in self.contents:
            kind.clear(value)
            add = "update" if hasattr(kind, "update") else "extend"
            getattr(kind, add)(value, contents)
        for variable, numbers in self.values:
            if numbers.shape == tuple(variable.shape):  # it had a value
                variable.assign(numbers)


def _is_open(value: Any) -> bool:
    """Whether an object is one of Keras, or of a class made from one.

    Or a list that TensorFlow made for one, which holds the real one.
    """
    known = {kind.__module__.split(".")[0] for kind in type(value).__mro__}
    held = "keras" in known or isinstance(value, _CONTAINERS)
    return held and hasattr(value, "__dict__")
