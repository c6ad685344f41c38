"""Sets what `check` says of a situation against what `fit` does with it.

Keras is the judge: it trains a model for one epoch, and fails, or runs. If
it runs and trains on something else than was meant, the situation shows so
itself. ``python tests/agreement`` prints a line a situation; with names,
of these alone.
"""

from __future__ import annotations

import inspect
import os
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from limits import BEYOND

from companion import ContractError, ContractWarning, check

#: What `fit` does, and what `check` may say of it.
AGREED = {
    "runs": ("accepted", "warned"),
    "fails": ("refused",),
    "silent": ("refused", "warned"),
}
#: How it is called if `check` says something else.
DISAGREED = {
    "runs": "false alarm",
    "fails": "missed failure",
    "silent": "missed silence",
}


@dataclass
class Given:
    """A model and the data for it, as ``fit`` would get them."""

    model: keras.Model
    data: Any
    targets: Any = None
    fit: dict[str, Any] = field(default_factory=dict)
    predict: bool = False


@dataclass(frozen=True)
class Situation:
    """What is given, and what Keras does with it."""

    name: str
    truth: str
    make: Callable[[], Given]
    harm: Callable[[], bool] | None = None

    def fresh(self) -> Given:
        """Model and data with names and weights as in a new process."""
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        return self.make()


SITUATIONS: dict[str, Situation] = {}


def _situation(truth: str, harm: Callable[[], bool] | None = None) -> Any:
    def note(make: Callable[[], Given]) -> Callable[[], Given]:
        name = make.__name__
        if name in SITUATIONS:
            raise ValueError(f"two situations are called {name}")
        SITUATIONS[name] = Situation(name, truth, make, harm)
        return make

    return note


#: ``fit`` runs, and trains on what was meant.
runs = _situation("runs")
#: ``fit`` stops with an error.
fails = _situation("fails")


def silent(harm: Callable[[], bool]) -> Any:
    """``fit`` runs on something else than was meant; `harm` shows it."""
    return _situation("silent", harm)


def what_keras_does(situation: Situation) -> tuple[str, str]:
    """``runs``, ``fails`` or ``silent``, and Keras' words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = situation.fresh()
        data = (
            given.data() if inspect.isfunction(given.data) else given.data
        )
        options = {"verbose": 0, **given.fit}
        try:
            if given.predict:
                given.model.predict(data, **options)
                return "runs", ""
            history = given.model.fit(data, given.targets, **options)
        except Exception as error:
            return "fails", f"{type(error).__name__}: {error}"
        if situation.harm and situation.harm():
            return "silent", ""
        losses = history.history.get("loss", [])
        return "runs" if np.isfinite(losses).all() else "silent", ""


def what_check_says(
    situation: Situation, check: Callable = check
) -> tuple[str, str]:
    """``accepted``, ``warned``, ``refused`` or ``crashed``; its words."""
    given = situation.fresh()
    asked = {}
    if given.targets is not None:
        asked["targets"] = given.targets
    if "sample_weight" in given.fit:
        asked["sample_weights"] = given.fit["sample_weight"]
    steps = given.fit.get("steps_per_epoch")
    batched = inspect.isfunction(given.data)
    if steps and (batched or hasattr(given.data, "element_spec")):
        asked["steps"] = steps * given.fit.get("epochs", 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check(given.model, given.data, **asked)
        except ContractError as error:
            return "refused", str(error)
        except Exception as error:
            return "crashed", f"{type(error).__name__}: {error}"
    told = [
        str(warning.message)
        for warning in caught
        if warning.category is ContractWarning
    ]
    return ("warned", " / ".join(told)) if told else ("accepted", "")


def verdict(truth: str, said: str) -> str:
    """``agreed``, or how the disagreement is called."""
    if said == "crashed":
        return "crash"
    return "agreed" if said in AGREED[truth] else DISAGREED[truth]


def main(names: list[str]) -> int:
    """Prints what was found; the number of disagreements."""
    found = Counter()
    for name in names or SITUATIONS:
        situation = SITUATIONS[name]
        truth, keras_words = what_keras_does(situation)
        said, words = what_check_says(situation)
        kind = verdict(truth, said)
        if kind != "agreed" and name in BEYOND:
            kind = "limit"
        if truth != situation.truth:
            kind = "wrong truth"
        found[kind] += 1
        print(f"{kind:15} {name:45} {truth:7} {said}")
        for who, text in (("Keras", keras_words), ("check", words)):
            if text and kind != "agreed":
                print(textwrap.shorten(f"    {who}: {text}", 200))
    print(dict(found))
    return sum(found.values()) - found["agreed"] - found["limit"]
