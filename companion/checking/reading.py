"""Reads a few batches of whatever ``fit`` takes, part by part, by name.

Keras takes arrays, data sets and functions, and batches of several forms.
Here they all become the same: a list of `NamedBatch`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion.errors import ContractError, Problem
from companion.feeding.columns import ArrayColumn
from companion.feeding.generators import MultiInputGenerator
from companion.values import describe, is_array

_FORMS = "(inputs,), (inputs, targets) or (inputs, targets, weights)"


@dataclass(frozen=True)
class NamedBatch:
    """One batch: each part by name, with NumPy arrays where possible.

    A part without names has the single name ``""``. An absent one is
    empty.
    """

    by_role: dict[str, dict[str, Any]]
    positional: bool


def opened(data: Any) -> Any:
    """The data set that a function makes, if it makes one."""
    made = data() if _is_function(data) else data
    return made if _is_dataset(made) else data


def comes_in_batches(data: Any) -> bool:
    """Whether data comes batch by batch, and not as whole arrays."""
    return _is_dataset(data) or _is_function(data)


def read(
    data: Any,
    targets: Any,
    count: int,
    inputs: list[str],
    outputs: list[str],
) -> list[NamedBatch]:
    """The first batches of anything that ``fit`` takes.

    Args:
        data: Arrays, a ``PyDataset``, a ``tf.data.Dataset``, or a function
            that makes an iterator of batches.
        targets: The targets, if ``data`` is arrays.
        count: How many batches to read, at least 1.
        inputs: Names of the inputs of the model, in its order.
        outputs: Names of its outputs.

    Returns:
        The batches; whole arrays are one batch.

    Raises:
        ContractError: If the data cannot be read, or a batch has a form
            that Keras would take for something else.
    """
    if not comes_in_batches(data):
        if isinstance(data, Iterator):
            raise ContractError.of(
                "data",
                "something that can be read more than once",
                type(data).__name__,
                "A Python iterator would lose the batches that are "
                "checked. Pass the function that makes it, without "
                "calling it.",
            )
        return [_parts((data, targets), inputs, outputs)]
    if targets is not None:
        expected = "no targets: the batches bring their own"
        raise ContractError.of(
            "targets", expected, describe(targets), "Leave them out."
        )
    batches = list(itertools.islice(_iterate(data, count), count))
    if not batches:
        fix = "Look at where the data is loaded: it is empty."
        raise ContractError.of("data", "at least one batch", "none", fix)
    for batch in batches:
        ContractError.raise_if(_form_problem(data, batch, inputs))
    return [_parts(_tuple_of(batch), inputs, outputs) for batch in batches]


def whole_arrays(data: Any) -> dict[str, dict[str, np.ndarray]]:
    """Arrays that a generator feeds as they are, by part and name.

    Empty if there are transforms: these may change anything.
    """
    if not isinstance(data, MultiInputGenerator) or data.transforms:
        return {}
    chosen = data.order.chosen
    return {
        role: {
            name: column.values if chosen is None else column.values[chosen]
            for name, column in columns.items()
            if isinstance(column, ArrayColumn)
            # Rows chosen from a file may not fit in memory.
            if chosen is None or not isinstance(column.values, np.memmap)
        }
        for role, columns in data.columns.items()
    }


def count_batches(data: Any, most: int) -> int:
    """How many batches there are, up to ``most``."""
    return sum(1 for _ in itertools.islice(_iterate(data, most), most))


def _tuple_of(batch: Any) -> tuple:
    """The parts of a batch. A lone dict or array is the inputs."""
    return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def _is_dataset(data: Any) -> bool:
    if isinstance(data, Iterator):  # also one over a tf.data.Dataset
        return False
    return isinstance(data, keras.utils.PyDataset) or hasattr(
        data, "element_spec"
    )


def _is_function(data: Any) -> bool:
    return callable(data) and not _is_dataset(data)


def _iterate(data: Any, count: int) -> Iterable[Any]:
    if isinstance(data, keras.utils.PyDataset):
        # None, in place of a number, means that it never ends.
        length = data.num_batches
        most = count if length is None else min(count, length)
        return (data[index] for index in range(most))
    if _is_dataset(data):
        return data.take(count)
    made: Callable[[], Any] = data
    batches = made()
    if not isinstance(batches, Iterable):
        expected = "a function that makes an iterator of batches"
        received = f"one that returns {describe(batches)}"
        fix = "Return a generator, a data set or a list of batches."
        raise ContractError.of("data", expected, received, fix)
    return batches


def _form_problem(
    data: Any, batch: Any, names: list[str]
) -> Problem | None:
    """A batch whose parts Keras would take for something else."""
    example = ", ".join(f'"{name}": ...' for name in names)
    parts = _tuple_of(batch)
    received = ", ".join(map(describe, parts))
    expected, fix = _FORMS, f"Feed a dict: {{{example}}}."
    if isinstance(batch, list) and not isinstance(
        data, keras.utils.PyDataset
    ):
        expected, received = f"a tuple {_FORMS}", describe(batch)
        fix = (
            "Write it with round brackets, or none: yield inputs, targets."
        )
    elif not 1 <= len(parts) <= 3:
        received = f"{len(parts)} parts"
        fix = f"Put the inputs into a dict: {{{example}}}."
    elif any(isinstance(part, list) for part in parts):
        expected += ", each a dict, a tuple or an array"
        fix = f"TensorFlow takes a list for one tensor. {fix}"
    elif len(names) > 1 and not isinstance(parts[0], (Mapping, tuple)):
        expected += f", with {len(names)} inputs in the first place"
        fix = f"Only the first array would be an input. {fix}"
    else:
        return None
    return Problem("batch", expected, received, fix)


def _parts(
    batch: tuple, inputs: list[str], outputs: list[str]
) -> NamedBatch:
    first, targets, weights = (*batch, None, None)[:3]
    named = {
        "input": _named(_arrays(first), inputs, "inputs"),
        "target": _named(_arrays(targets), outputs, "targets", lone=True),
        "sample weight": _named(
            _arrays(weights), outputs, "sample weights", lone=True
        ),
    }
    return NamedBatch(named, positional=isinstance(first, (list, tuple)))


def _arrays(value: Any) -> Any:
    """The same structure with NumPy arrays in place of tensors."""
    if isinstance(value, Mapping):
        return {name: _arrays(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)) and any(map(is_array, value)):
        return tuple(map(_arrays, value))
    if np.ma.isMaskedArray(value):  # Keras would pass over the mask
        return value
    return np.asarray(value) if is_array(value) else value


def _named(
    part: Any, names: list[str], role: str, *, lone: bool = False
) -> dict[str, Any]:
    """A part by name: of a dict, of arrays in the model's order, of one."""
    if part is None and lone:
        return {}
    if isinstance(part, Mapping):
        return {str(name): value for name, value in part.items()}
    several = isinstance(part, (tuple, list))
    if several and any(map(is_array, part)) and len(part) == len(names):
        return dict(zip(names, part))
    if lone and not (several and any(map(is_array, part))):
        return {"": part}
    if not several and len(names) == 1:
        return {names[0]: part}
    raise ContractError.of(
        role,
        f"{len(names)} {role} by name: {', '.join(names)}",
        f"{len(part)} arrays" if several else describe(part),
        f'Feed a dict: {{"{names[0]}": ...}}.',
    )
