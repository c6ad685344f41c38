"""What is compared: what a model asks for, and what was read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion import graph
from companion.checking.demands import Demand, Demands, demands_of
from companion.checking.reading import (
    ROLES,
    NamedBatch,
    Reading,
    named,
    opened,
    read,
    whole_arrays,
)
from companion.checking.targets import numbers
from companion.feeding.generators import MultiInputGenerator
from companion.rules import TRAINS

#: A loss, the output it reads, the name that its targets have, they
#: themselves, what the loss gives for them, and whether one for each row.
Asked = tuple[Any, keras.KerasTensor, str, Any, np.ndarray, bool]
#: Batches from which TensorFlow learns types and lengths.
_LEARNED = 2


@dataclass(frozen=True)
class Case:
    """A model's demands, and the batches of data."""

    model: keras.Model
    demands: Demands
    reading: Reading
    batches: list[NamedBatch]
    whole: Mapping[str, Mapping[str, np.ndarray]]
    steps: int | None
    training: bool

    @functools.cached_property
    def first_rows(self) -> list[tuple[str, int | None]]:
        """Of each batch, name and rows of the first input that fits."""
        return [
            _first(self.demands["input"], b) for b in self.part("input")
        ]

    @functools.cached_property
    def first_rows_whole(self) -> tuple[str, int | None]:
        """The same of whole arrays."""
        return _first(self.demands["input"], self.whole["input"])

    @functools.cached_property
    def asked(self) -> list[Asked]:
        """Each loss that can be asked what it gives for some rows."""
        asked: list[Asked] = []
        given = self.part("target")[0]
        outputs = graph.outputs_of(self.model)
        for name, loss in graph.asked_losses(self.model).items():
            at, output = name if name in given else "", outputs[name]
            if numbers(wanted := given.get(at)) is None:
                if found := graph.values_of(loss, wanted, output):
                    asked.append((loss, output, at, wanted, *found))
        return asked

    def value(self, role: str, name: Any) -> Any:
        """An array whole, else what the first batch under it has."""
        if not self.reading.in_batches and name in self.whole[role]:
            return self.whole[role][name]
        return next(b[name] for b in self.part(role) if name in b)

    def runs(self, role: str, index: int = 0) -> bool:
        """Whether Keras reads this part of a batch when it is asked."""
        read = self.training or role == "input"
        return read and index in self.reading.run

    def part(self, role: str) -> list[dict[str, Any]]:
        """One part of each batch, by name."""
        return [batch.by_role[role] for batch in self.batches]


def case_of(
    model: keras.Model,
    data: Any,
    parts: tuple[Any, Any],
    size: int,
    count: int,
    steps: int | None,
) -> Case:
    """Reads the model and the data.

    Args:
        model: As `check` gets it, like the others.
        data: What ``fit`` takes.
        parts: Targets and sample weights, if ``data`` is arrays.
        size: Rows of a batch, if ``data`` is arrays.
        count: How many batches to read.
        steps: How many ``fit`` will ask for.
    """
    demands, nested = demands_of(model), graph.is_nested(model)
    names = {role: list(demands.get(role, {})) for role in ROLES}
    fixed = {t.shape[0] for t in graph.inputs_of(model).values()} - {None}

    with np.errstate(over="ignore"):  # told below, of the whole arrays
        data = opened(data)
        if _are_alike(demands, data):
            count = min(count, _LEARNED)
        rows = max(fixed, default=None)
        reading = read(data, parts, count, rows, size)
        batches = [
            named(reading, b, names, nested) for b in reading.batches
        ]
        whole = whole_arrays(reading, names, nested)
    training = reading.has_targets or _trains_alone(model)
    training = model.compiled and training
    return Case(model, demands, reading, batches, whole, steps, training)


def _trains_alone(model: keras.Model) -> bool:
    """Whether a model trains without targets."""
    own = bool(graph.own_code(model))
    return own or getattr(model, "loss", None) is None


def _are_alike(demands: Demands, data: Any) -> bool:
    """Whether all batches are of one kind, so that a few tell of all."""
    free = any(demand.free for demand in demands["input"].values())
    ours = isinstance(data, MultiInputGenerator) and not data.transforms
    return ours and not free


def _first(
    demanded: Mapping[str, Demand], batch: Mapping[str, Any]
) -> tuple[str, int | None]:
    """Name and rows of the first input that has the axes it should."""
    for name, demand in demanded.items():
        value = batch.get(name)
        fault = demand.form(value)
        fitting = fault is None or fault.outcome == TRAINS
        if isinstance(value, np.ndarray) and fitting:
            return name, len(value)
    return "", None
