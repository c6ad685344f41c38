"""Reads the first batches of whatever ``fit`` takes.

Keras takes arrays, data sets and functions, and batches of several forms.
Here they become a `Reading`: the batches as Keras would get them, to be run
by Keras, and part by part and by name, to be looked at by rules.
"""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from companion.errors import ContractError
from companion.feeding.columns import ArrayColumn
from companion.feeding.generators import MultiInputGenerator
from companion.graph import by_path
from companion.rules import FAILS, SILENT, Fault
from companion.values import describe, is_array, is_plain, new_extremes

_PARTS = "(inputs,), (inputs, targets) or (inputs, targets, weights)"
#: The parts of a batch, in their order.
ROLES = ("input", "target", "sample weight")
#: Rows of arrays that Keras takes for a batch if nothing else is said.
_BATCH = 32
#: Forms of batches that Keras runs, of those that a data set has.
_FORMS = 3
#: Names that a message gives as an example.
_NAMED = 3

ARRAYS, PYDATASET = "arrays", "PyDataset"
TF_DATA, FUNCTION = "tf.data.Dataset", "function"


@dataclass(frozen=True)
class Reading:
    """The first batches, as Keras would get them.

    Args:
        kind: In which of four ways the data comes.
        data: The data itself: a data set, if a function made one.
        batches: What was read; of arrays, a batch of their first rows.
        rows: How many rows a batch has, if the model says so.
        size: How many a batch of arrays has.
        whole: The arrays, if ``data`` is arrays.
        steps: How many batches of arrays were read: a second one may be
            short, or hold what the first does not.
    """

    kind: str
    data: Any
    batches: list[Any]
    rows: int | None = None
    size: int = _BATCH
    whole: tuple = ()
    steps: int = 1

    @property
    def in_batches(self) -> bool:
        """Whether data comes batch by batch, and not as whole arrays."""
        return self.kind != ARRAYS

    @property
    def has_targets(self) -> bool:
        """Whether there is anything beside the inputs."""
        parts = tuple_of(self.batches[0])
        return len(parts) > 1 and parts[1] is not None

    def arguments(self, *, training: bool) -> dict[str, Any]:
        """What to pass to ``fit``, or to ``predict``, to run these."""
        steps = "steps_per_epoch" if training else "steps"
        if self.kind != ARRAYS:
            return {"x": self._again(), steps: len(self.run)}
        x, y, weights = self.batches[0]
        fed = {"x": x, "batch_size": self.size}
        fed[steps] = self.steps
        labels = {"y": y, "sample_weight": weights}
        return fed | labels if training else fed

    @functools.cached_property
    def run(self) -> list[int]:
        """Which batches Keras runs: the first, and those of other forms.

        How many rows they have makes a form only if the model says how
        many. Of many forms a few are enough.
        """
        axes = slice(0 if self.rows else 1, None)

        def form(leaf: Any) -> tuple:
            shape = tuple(getattr(leaf, "shape", ()))
            dtype = getattr(leaf, "dtype", type(leaf))
            return len(shape), *shape[axes], str(dtype)

        forms = [keras.tree.map_structure(form, b) for b in self.batches]
        new = [n for n, found in enumerate(forms) if found not in forms[:n]]
        return new if new == [0] else sorted({0, 1, *new[:_FORMS], new[-1]})

    def _again(self) -> Any:
        """The same batches, in a data set of the same kind."""
        # TensorFlow learns types and lengths from the first two.
        numbers = self.run if len(self.run) > 1 else range(2)
        batches = [b for n, b in enumerate(self.batches) if n in numbers]
        if self.kind == PYDATASET:
            return Batches(*batches)
        if self.kind == FUNCTION:
            return (batch for batch in batches)
        import tensorflow as tf

        return tf.data.Dataset.from_generator(
            lambda: iter(batches), output_signature=self.data.element_spec
        )


class Batches(keras.utils.PyDataset):
    """Hands out the batches it was given."""

    def __init__(self, *batches: Any) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def read(
    data: Any,
    parts: tuple[Any, Any],
    count: int,
    rows: int | None,
    size: int = _BATCH,
) -> Reading:
    """The first batches of anything that ``fit`` takes.

    Args:
        data: Arrays, a data set, or a function that makes an iterator of
            batches.
        parts: Targets and sample weights, if ``data`` is arrays.
        count: How many batches to read, at least 1; if more, the last of a
            ``PyDataset`` too.
        rows: Rows of a batch, if the model says how many.
        size: Rows of a batch, if ``data`` is arrays.

    Raises:
        ContractError: If the data cannot be read, or there is none.
    """
    kind = kind_of_data(data)
    if kind == ARRAYS:
        if isinstance(data, Iterator):
            raise ContractError.of(
                "data",
                "something that can be read more than once",
                type(data).__name__,
                "A Python iterator would lose the batches that are "
                "checked. Pass the function that makes it, without "
                "calling it.",
            )
        whole = (data, *parts)
        more = [] if rows else telling_rows(whole, size)
        head = first_rows(whole, rows or size, rows is not None, more)
        steps = 2 if rows or more else 1
        return Reading(kind, data, [head], rows, rows or size, whole, steps)
    for name, given in zip(("targets", "sample_weights"), parts):
        if given is not None:
            expected = f"no {name}: the batches bring their own"
            fix = "Leave them out."
            raise ContractError.of(name, expected, describe(given), fix)
    each = _read_each(data, kind)
    batches = list(itertools.islice(each, count))
    if not batches:
        fix = "Look at where the data is loaded: it is empty."
        raise ContractError.of("data", "at least one batch", "none", fix)
    if count > 1:
        batches += _last_of(data, kind, len(batches), rows)
    return Reading(kind, data, batches, rows)


def opened(data: Any) -> Any:
    """The data set that a function makes, if it makes one."""
    if kind_of_data(data) != FUNCTION:
        return data
    try:
        made = data()
    except Exception as error:
        raise _unreadable(0, error) from error
    return made if kind_of_data(made) in (PYDATASET, TF_DATA) else data


def kind_of_data(data: Any) -> str:
    """In which of four ways data comes."""
    if isinstance(data, keras.utils.PyDataset):  # it may iterate, too
        return PYDATASET
    if isinstance(data, Iterator):  # also one over a tf.data.Dataset
        return ARRAYS
    if hasattr(data, "element_spec"):
        return TF_DATA
    return FUNCTION if callable(data) else ARRAYS


def first_rows(
    arrays: Any, rows: int, with_last: bool, more: list[int]
) -> Any:
    """The rows of a first batch, of whatever kinds the arrays are.

    Where the model says how many rows a batch has, a last short batch of
    as many as remain is added to them, elsewhere a batch of `more` rows.
    What cannot be cut stays whole.
    """

    def cut(values: Any) -> Any:
        held = values.iloc if hasattr(values, "iloc") else values
        if values is None or len(values) <= rows:
            return values
        rest = len(values) % rows if with_last else 0
        if more:
            return held[np.r_[:rows, np.resize(more, rows)]]
        if not rest:
            return held[:rows]
        return held[np.r_[:rows, len(values) - rest : len(values)]]

    try:
        return keras.tree.map_structure(cut, arrays)
    except Exception:  # sparse tensors, text, numbers: Keras tells
        return arrays


def telling_rows(arrays: Any, rows: int) -> list[int]:
    """Rows that hold what none of the first does, and Keras may stop at.

    That is the first number that is not finite, and the smallest and the
    largest whole number of a column.
    """
    leaves = [x for x in keras.tree.flatten(arrays) if x is not None]
    if not leaves or not all(is_plain(x) and x.ndim for x in leaves):
        return []
    count = min(map(len, leaves))
    found = {row for x in leaves for row in new_extremes(x, rows)}
    return sorted(row for row in found if row < count)[:rows]


def _read_each(data: Any, kind: str) -> Iterator[Any]:
    """Batches, with the place where one could not be read."""
    read = 0
    try:
        for batch in _batches_of(data, kind):
            yield batch
            read += 1
    except ContractError:
        raise
    except Exception as error:
        raise _unreadable(read, error) from error


def length_of(data: keras.utils.PyDataset) -> int | None:
    """How many batches there are; None means that they never end."""
    try:
        return data.num_batches
    except TypeError as error:
        raise ContractError.of(
            "data",
            "a whole number of batches from __len__",
            f"{type(error).__name__}: {error}",
            "Return math.ceil(rows / size): np.ceil gives a float.",
        ) from error


def _last_of(
    data: Any, kind: str, read: int, rows: int | None
) -> list[Any]:
    """The last batch, where it is known which it is, and was not read."""
    if kind == TF_DATA and rows:  # it may be short
        number = int(data.cardinality())  # below 0 if it is not known
        last = data.skip(max(read, number - 1)).take(1)
        return list(last) if number > read else []
    length = length_of(data) if kind == PYDATASET else None
    if length is None or length <= read:
        return []
    try:
        return [data[length - 1]]
    except Exception as error:
        raise _unreadable(length - 1, error) from error


def _unreadable(index: int, error: Exception) -> ContractError:
    return ContractError.of(
        f"batch {index}",
        "a batch that can be read",
        f"{type(error).__name__}: {' '.join(str(error).split())}",
        "Mend what makes it: the traceback above leads there.",
    )


def _batches_of(data: Any, kind: str) -> Iterable[Any]:
    if kind == PYDATASET:
        length = length_of(data)
        indices = itertools.count() if length is None else range(length)
        return (data[index] for index in indices)
    if kind == TF_DATA:
        return data
    batches = data()
    if not isinstance(batches, types.GeneratorType):
        expected = "a function that makes a generator or a data set"
        received = f"one that returns {describe(batches)}"
        fix = "Write it with yield: Keras takes no other iterator."
        raise ContractError.of("data", expected, received, fix)
    return batches


def count_batches(reading: Reading, most: int) -> int:
    """How many batches there are, up to ``most``."""
    each = _read_each(reading.data, reading.kind)
    return sum(1 for _ in itertools.islice(each, most))


# Part by part, by name


@dataclass(frozen=True)
class NamedBatch:
    """One batch: each part by name, with NumPy arrays where possible.

    A part without names has the single name ``""``. An absent one is
    empty; one that cannot be named is too, and `faults` says why.
    """

    by_role: dict[str, dict[Any, Any]]
    positional: bool
    faults: dict[str, Fault] = field(default_factory=dict)


def named(
    reading: Reading,
    batch: Any,
    names: Mapping[str, list[str]],
    nested: bool,
) -> NamedBatch:
    """A batch part by part, as the model has names for them.

    Args:
        reading: What the batch was read from.
        batch: One of its batches.
        names: Names of the inputs, targets and sample weights.
        nested: Whether inputs are given within inputs.
    """
    parts = tuple_of(batch)
    fault = _form_fault(reading, batch, parts, names["input"])
    if fault:
        return NamedBatch({role: {} for role in ROLES}, False, {"": fault})
    by_role, faults = {}, {}
    for role, part in zip(ROLES, (*parts, None, None)):
        fault = None if nested else _lost_names(part, names[role])
        if not reading.in_batches:
            part = framed(part)
        if nested and role == "input":
            by_role[role] = by_path(viewed(part))
            continue
        found = fault or _by_name(viewed(part), names[role], role)
        if isinstance(found, Fault):
            faults[role], found = found, {}
        by_role[role] = found
    positional = isinstance(parts[0], (list, tuple))
    return NamedBatch(by_role, positional, faults)


def tuple_of(batch: Any) -> tuple:
    """The parts of a batch. A lone dict or array is the inputs."""
    return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def viewed(part: Any) -> Any:
    """The same structure with NumPy arrays in place of tensors.

    Whatever NumPy cannot show stays as it is: masked arrays, sparse and
    ragged tensors, texts of a library, arrays in a file.
    """
    if isinstance(part, dict):
        return {name: viewed(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)) and any(map(_is_part, part)):
        return tuple(map(viewed, part))
    if np.ma.isMaskedArray(part) or not is_array(part):
        return part
    is_text = getattr(part.dtype, "name", "") == "string"
    plain = isinstance(part, (np.ndarray, np.generic))
    in_memory = plain or hasattr(part, "device")
    return np.asarray(part) if in_memory and not is_text else part


def framed(part: Any) -> Any:
    """Frames and series as Keras feeds them, where it takes arrays."""
    if isinstance(part, dict):
        return {name: framed(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)) and any(map(_is_part, part)):
        return tuple(map(framed, part))
    if not hasattr(part, "iloc"):
        return part
    values = part.to_numpy()
    return values[:, None] if values.ndim == 1 else values


def whole_arrays(
    reading: Reading, names: Mapping[str, list[str]], nested: bool
) -> dict[str, dict[Any, np.ndarray]]:
    """What can be looked at whole, by part and name.

    That is arrays and tensors in memory, and what a generator feeds as it
    is; with transforms nothing, since these may change anything.
    """
    data = reading.data
    if isinstance(data, MultiInputGenerator):
        return {} if data.transforms else _of_columns(data)
    if reading.in_batches:
        return {}
    parts = named(reading, reading.whole, names, nested).by_role
    return {
        role: {n: v for n, v in part.items() if isinstance(v, np.ndarray)}
        for role, part in parts.items()
    }


def _of_columns(data: MultiInputGenerator) -> dict[str, dict[Any, Any]]:
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


def _is_part(value: Any) -> bool:
    framed = hasattr(value, "iloc")
    return framed or is_array(value) or isinstance(value, (dict, tuple))


def _form_fault(
    reading: Reading, batch: Any, parts: tuple, names: list[str]
) -> Fault | None:
    """A batch whose parts Keras would take for something else."""
    example = ", ".join(f'"{name}": ...' for name in names[:_NAMED])
    received = ", ".join(map(describe, parts[:4]))
    expected, fix = _PARTS, f"Feed a dict: {{{example}}}."
    if not reading.in_batches:
        return None
    if isinstance(batch, list) and reading.kind != PYDATASET:
        expected, received = f"a tuple {_PARTS}", describe(batch)
        fix = (
            "Write it with round brackets, or none: yield inputs, targets."
        )
    elif not 1 <= len(parts) <= 3:
        received = f"{len(parts)} parts"
        fix = f"Put the inputs into a dict: {{{example}}}."
    elif any(isinstance(part, list) for part in parts):
        expected += ", each a dict, a tuple or an array"
        fix = f"TensorFlow takes a list for one tensor. {fix}"
    elif len(names) > 1 and is_array(parts[0]):
        expected += f", with {len(names)} inputs in the first place"
        fix = f"Only the first array would be an input. {fix}"
    else:
        return None
    return Fault(expected, received, fix, FAILS)


def _lost_names(part: Any, names: list[str]) -> Fault | None:
    """Names that Keras passes over: it goes by the order alone."""
    fields = getattr(part, "_fields", None)
    if fields and set(fields) == set(names) and list(fields) != names:
        received = f"a named tuple in the order {', '.join(fields)}"
        fix = "Feed a dict: inputs._asdict()."
    elif isinstance(part, (list, tuple)) and any(
        isinstance(value, dict) for value in part
    ):
        received = f"a {type(part).__name__} of dicts"
        fix = "Feed one dict, with an array for each input."
    else:
        return None
    expected = f"a dict with {', '.join(names[:_NAMED])}"
    fix = f"{fix} Keras goes by the order alone."
    return Fault(expected, received, fix, SILENT)


def _by_name(part: Any, names: list[str], role: str) -> dict | Fault:
    """A part by name: of a dict, of arrays in the model's order, of one."""
    lone = role != "input"
    if part is None and lone:
        return {}
    if isinstance(part, dict):
        return part
    several = isinstance(part, (tuple, list)) and any(map(_is_part, part))
    if several and len(part) == len(names):
        return dict(zip(names, part))
    if lone and not several:
        return {"": part}
    if not several and len(names) < 2:
        return {name: part for name in names}
    received = f"{len(part)} arrays" if several else describe(part)
    fix = (
        f'Feed a dict: {{"{names[0]}": ...}}.' if names else "Feed a dict."
    )
    if isinstance(part, Mapping):
        fix = f"Make it a dict: dict({role}s)."
    expected = f"{len(names)} {role}s by name: {', '.join(names)}"
    return Fault(expected, received, fix)
