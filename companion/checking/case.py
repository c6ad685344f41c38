"""What is compared: what a model asks for, and what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion.checking.demands import Demands, demands_of
from companion.checking.reading import (
    ROLES,
    NamedBatch,
    Reading,
    named,
    read,
    whole_arrays,
)
from companion.feeding.generators import MultiInputGenerator
from companion.graph import inputs_of, is_nested, own_code


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

    def runs(self, role: str, index: int = 0) -> bool:
        """Whether Keras reads this part of a batch when it is asked."""
        read = self.training or role == "input"
        return read and index < self.reading.steps

    def part(self, role: str) -> list[dict[str, Any]]:
        """One part of each batch, by name."""
        return [batch.by_role[role] for batch in self.batches]


def case_of(
    model: keras.Model,
    data: Any,
    parts: tuple[Any, Any],
    count: int,
    steps: int | None,
) -> Case:
    """Reads the model and the data.

    Args:
        model: As `check` gets it, like the others.
        data: What ``fit`` takes.
        parts: Targets and sample weights, if ``data`` is arrays.
        count: How many batches to read.
        steps: How many ``fit`` will ask for.
    """
    demands, nested = demands_of(model), is_nested(model)
    names = {role: list(demands.get(role, {})) for role in ROLES}
    fixed = {t.shape[0] for t in inputs_of(model).values()} - {None}

    def may_change(first: Reading) -> bool:
        by_role = named(first, first.batches[0], names, nested).by_role
        return _may_change(demands, by_role, first.data)

    with np.errstate(over="ignore"):  # told below, of the whole arrays
        reading = read(data, parts, count, max(fixed, default=None))
        if count > 1 and may_change(reading):
            reading = reading.further()
        if count > 1:
            reading = reading.to_the_end()
        batches = [
            named(reading, b, names, nested) for b in reading.batches
        ]
        whole = whole_arrays(reading, names, nested)
    training = model.compiled and (
        reading.has_targets or _trains_alone(model)
    )
    return Case(model, demands, reading, batches, whole, steps, training)


def _trains_alone(model: keras.Model) -> bool:
    """Whether a model trains without targets."""
    return bool(own_code(model)) or getattr(model, "loss", None) is None


def _may_change(
    demands: Demands, batch: Mapping[str, Mapping[str, Any]], data: Any
) -> bool:
    """Whether a later batch may be of another kind than the first.

    TensorFlow learns lengths from the first two batches, and types from
    the first alone.
    """
    if any(demand.free for demand in demands["input"].values()):
        return True
    if isinstance(data, MultiInputGenerator) and not data.transforms:
        return False
    return any(
        demands[role][name].fractions
        and value.dtype.kind in "iu"
        and value.dtype.itemsize > 1  # bytes are pixels, and stay so
        for role, part in batch.items()
        for name, value in part.items()
        if name in demands.get(role, {}) and isinstance(value, np.ndarray)
    )
