"""What a case is, and how cases are written."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from IPython.utils.capture import capture_output

from companion.checking.contract import check
from companion.errors import ContractError, Problem
from companion.lab.contract_cases.models import Maker
from companion.rules import FAILS, NAN, SILENT, TRAINS

#: What `check` only reminds of.
NOTE = "note"
#: What Keras does, as the page says it.
_SAID = {
    FAILS: "stops with an error",
    SILENT: "trains on something else, without a word",
    NAN: "trains, with a loss of NaN",
    TRAINS: "runs (a warning)",
    NOTE: "runs (a reminder)",
}
#: Why training before and after the advice cannot be compared.
OTHER = "the advice changes the model"
NOTHING = "before the advice nothing is learned"


@dataclass(frozen=True)
class Given:
    """A model and its data, as `check` gets them.

    Args:
        make: Makes the model anew.
        data: What ``fit`` takes, or a function that makes it.
        targets: The targets, if ``data`` is arrays.
        weights: The sample weights, if ``data`` is arrays.
        steps: Batches that ``fit`` asks for, if ``data`` is a function.
    """

    make: Maker
    data: Any
    targets: Any = None
    weights: Any = None
    steps: int | None = None

    def model(self) -> keras.Model:
        """The model, with names and weights as in a new process."""
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        return self.make()

    def asked(self) -> dict[str, Any]:
        """What `check` is asked."""
        return {
            "model": self.model(),
            "data": self.data,
            "targets": self.targets,
            "sample_weights": self.weights,
            "steps": self.steps,
        }


@dataclass(frozen=True)
class Case:
    """Something that `check` looks for.

    Args:
        group: What it belongs to, a heading of the page.
        name: What is given, in plain words.
        where: The place in the report.
        outcome: What Keras may do with it, as the rule says.
        given: It.
        almost: The nearest thing that is fine.
        advised: The same data after the advice was followed.
        apart: Why training before and after the advice cannot be
            compared; empty if it can.
        stops: Whether Keras stops, although it might go on in silence
            with other data.
    """

    group: str
    name: str
    where: str
    outcome: str
    given: Given
    almost: Given
    advised: Given
    apart: str = ""
    stops: bool = False

    @property
    def keras(self) -> str:
        """What Keras does, in words."""
        if self.stops:
            return "stops with an error; with other data it may not"
        return _SAID[self.outcome]


def told(case: Case) -> Problem:
    """What `check` says at the place of a case, without showing it."""
    with warnings.catch_warnings(), capture_output():
        warnings.simplefilter("ignore")
        try:
            rows = check(**case.given.asked(), run=False).rows
            found = [row.problem for row in rows]
        except ContractError as error:
            found = list(error.problems)
    return next(problem for problem in found if problem.where == case.where)


def cases(group: str, where: str, given: Callable, make: Any) -> Callable:
    """Makes cases of one place in the data.

    Args:
        group: What the cases belong to.
        where: The place.
        given: From what makes a model, and values, to what is given.
        make: What makes the model, if a case does not say.
    """
    usual, there = make, where

    def case(
        name: str,
        outcome: str,
        values: Any,
        almost: Any,
        advice: Any = None,
        make: Any = usual,
        then: Any = None,
        where: str = there,
        apart: str = "",
        stops: bool = False,
    ) -> Case:
        """The advice is what to do with the values, or what comes of it.

        Without one, the nearest thing that is fine comes of it.
        """
        advised = almost if advice is None else advice
        if callable(advice) and not callable(values):
            advised = advice(values)
        parts = [
            found if isinstance(found, Given) else given(maker, found)
            for maker, found in (
                (make, values),
                (make, almost),
                (then or make, advised),
            )
        ]
        bad, fine, mended = parts
        return Case(
            group, name, where, outcome, bad, fine, mended, apart, stops
        )

    return case


def rows(data: Any) -> int:
    """Rows of an array, or of the first of several."""
    first = next(iter(data.values())) if isinstance(data, dict) else data
    several = isinstance(first, (list, tuple)) and hasattr(
        first[0], "shape"
    )
    return len(first[0] if several else first)


def each(text: str, losses: str, case: Callable) -> list[Case]:
    """The same with each of some losses."""
    return [case(f"{text}: {loss}", loss) for loss in losses.split()]
