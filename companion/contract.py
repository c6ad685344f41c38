"""Does the data fit the model? Ask before training, by name.

Keras reads a batch by position or by name, adds and removes axes,
converts types, and is silent about most of it. `check` compares what a
model declares with what a data set gives, and tells every mismatch at once.
"""

from __future__ import annotations

import difflib
import html
import itertools
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion.errors import ContractError, ContractWarning, Problem

#: An input this many times as large as another deserves a warning.
_UNSCALED = 1000
#: Layers that bring an input to a common scale.
_SCALING = (keras.layers.Normalization, keras.layers.Rescaling)
#: Layers that pass on the numbers they get.
_PASSING = (keras.layers.Reshape, keras.layers.Flatten)
#: Which kinds of NumPy types an Input of a type reads without loss.
_READABLE = {"f": "biuf", "i": "biu", "u": "bu", "b": "b", "s": "SUO"}
#: A layer that looks its input up in a table, by number.
_TABLE = keras.layers.Embedding
#: Rows that tell how large an input is.
_ROWS = 1000
#: Numbers looked at in one go.
_CHUNK = 2**22

_COLUMNS = ("name", "model expects", "data gives", "verdict", "what to do")
_SIGNS = {"ok": "✓ ok", "problem": "✗ problem", "warning": "! warning"}


@dataclass(frozen=True)
class Spec:
    """Shape and type of one input, without its rows.

    Args:
        shape: Axes after the batch axis; ``None`` for any length.
        dtype: Name of the type, such as ``"float32"``.

    Example:
        >>> print(Spec((8, 8, 1), "float32"))
        float32 (batch, 8, 8, 1)
    """

    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        axes = ", ".join(["batch", *map(str, self.shape)])
        return f"{self.dtype} ({axes}{'' if self.shape else ','})"

    @classmethod
    def of(cls, tensor: keras.KerasTensor) -> Spec:
        """What an ``Input`` declares."""
        return cls(tuple(tensor.shape[1:]), str(tensor.dtype))

    def problem(self, where: str, value: Any) -> Problem | None:
        """What is wrong with the type, rank or shape of a batch."""
        if not isinstance(value, np.ndarray):
            fix = "Convert it first: np.asarray(values)."
        elif value.dtype.kind not in _READABLE[self.dtype[0]]:
            fix = f'Convert it: values.astype("{self.dtype}").'
            if value.dtype.kind == "f":
                fix = f"{fix} Keras would cut 2.9 to 2 without a word."
        elif not _fits(value.shape[1:], self.shape) or value.ndim == 0:
            fix = self._reshaping(value.shape)
        else:
            return None
        return Problem(where, str(self), _describe(value), fix)

    def _reshaping(self, shape: tuple[int, ...]) -> str:
        if _fits(shape, self.shape):
            return "Add the batch axis: values[None] for a single sample."
        if _fits((*shape[1:], 1), self.shape):
            return "Add the last axis: values[..., None]."
        if shape[-1:] == (1,) and _fits(shape[1:-1], self.shape):
            return "Drop the last axis: values[..., 0]."
        if len(shape) == 1 + len(self.shape):
            return "Change the shape of the Input, or of the data."
        return (
            f"The data has {len(shape)} axes, the model expects "
            f"{1 + len(self.shape)}: reshape it."
        )


@dataclass(frozen=True)
class Row:
    """One line of a report: a place, or something found there."""

    where: str
    expected: str
    received: str
    verdict: str = "ok"
    fix: str = ""

    @classmethod
    def of(cls, problem: Problem, verdict: str = "problem") -> Row:
        """The line of a problem or of a warning."""
        return cls(
            problem.where,
            problem.expected,
            problem.received,
            verdict,
            problem.fix,
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of the line, in the order of the columns."""
        verdict = _SIGNS[self.verdict]
        return (self.where, self.expected, self.received, verdict, self.fix)


@dataclass(frozen=True, repr=False)
class Report:
    """What `check` found: text when printed, a table in a notebook.

    Args:
        rows: One per input, and one for everything else that was found.
    """

    rows: tuple[Row, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What would fail, or go wrong without a word."""
        return self._found("problem")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What runs, but will probably not train well."""
        return self._found("warning")

    def _found(self, verdict: str) -> tuple[Problem, ...]:
        return tuple(
            Problem(row.where, row.expected, row.received, row.fix)
            for row in self.rows
            if row.verdict == verdict
        )

    def __repr__(self) -> str:
        table = [_COLUMNS, *(row.cells for row in self.rows)]
        widths = [max(map(len, texts)) for texts in zip(*table)]
        return "\n".join(
            "  ".join(map(str.ljust, cells, widths)).rstrip()
            for cells in table
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
        lines = []
        for row in self.rows:
            first, *others = map(html.escape, row.cells)
            data = "".join(f"<td>{text}</td>" for text in others)
            lines.append(f'<tr><th scope="row">{first}</th>{data}</tr>')
        return (
            '<div style="overflow-x: auto">'
            '<table style="text-align: left">'
            "<caption>Does the data fit the model?</caption>"
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table></div>"
        )


def check(
    model: keras.Model,
    data: Any,
    *,
    targets: Any = None,
    batches: int = 2,
) -> Report:
    """Compares what a model declares with what a data set gives.

    Nothing is trained and nothing is changed. Arrays are looked at whole,
    also those inside a `MultiInputGenerator`; of other data the first
    batches are read.

    Taught in the chapter *Several inputs*.

    Args:
        model: A model with named inputs.
        data: What ``fit`` takes: arrays, a ``PyDataset``, a
            ``tf.data.Dataset``; or a function that makes an iterator of
            batches.
        targets: The targets, if ``data`` is arrays.
        batches: How many batches to read.

    Returns:
        A report, which a notebook shows as a table with the columns name,
        model expects, data gives, verdict, what to do.

    Raises:
        ContractError: If ``fit`` would fail, or feed something else than
            what was meant. It lists every reason.

    Example:
        >>> image = keras.Input((8, 8, 1), name="image")
        >>> numbers = keras.Input((2,), name="numbers")
        >>> flat = keras.layers.Flatten()(image)
        >>> both = keras.layers.Concatenate()([flat, numbers])
        >>> model = keras.Model([image, numbers], both)
        >>> data = {"image": np.zeros((5, 8, 8)), "number": np.ones((5, 2))}
        >>> try:
        ...     check(model, data)
        ... except ContractError as error:
        ...     [problem.where for problem in error.problems]
        ['input "image"', 'input "numbers"', 'input "number"']
    """
    names = [tensor.name for tensor in _inputs_of(model)]
    read = [_unpack(batch) for batch in _read(data, targets, batches)]
    if not read:
        raise ContractError(_NO_BATCH)
    inputs = [_named(batch[0], names) for batch in read]
    whole = getattr(data, "arrays", {})
    rows = [
        *_input_rows(model, inputs, whole),
        *_target_rows(model, inputs[0], read[0][1]),
    ]
    report = Report(tuple(rows))
    if report.problems:
        _show(report)
        raise ContractError(report.problems)
    for problem in report.warnings:
        warnings.warn(str(problem), ContractWarning, stacklevel=2)
    return report


_NO_BATCH = Problem(
    "data",
    "at least one batch",
    "none",
    "Look at where the data is loaded: it is empty.",
)


def _inputs_of(model: keras.Model) -> Sequence[keras.KerasTensor]:
    inputs = getattr(model, "inputs", None)
    if inputs:
        return inputs
    raise ContractError(
        Problem(
            "model",
            "a model that declares its inputs",
            type(model).__name__,
            "Build it from named inputs: keras.Model([image, text], y).",
        )
    )


# Reading what fit takes


def _read(data: Any, targets: Any, count: int) -> list:
    """The first batches of anything that ``fit`` takes, as they come."""
    if isinstance(data, keras.utils.PyDataset):
        return [data[index] for index in range(min(count, len(data)))]
    if hasattr(data, "element_spec"):  # a tf.data.Dataset
        return list(data.take(count))
    if isinstance(data, Iterator):
        raise ContractError(
            Problem(
                "data",
                "something that can be read more than once",
                type(data).__name__,
                "A Python iterator would lose the batches that are checked."
                " Pass the function that makes it, without calling it.",
            )
        )
    if callable(data):
        return list(itertools.islice(data(), count))
    return [(data, targets)]


def _unpack(batch: Any) -> tuple[Any, Any]:
    """Inputs and targets of a batch, as arrays."""
    if not isinstance(batch, tuple):
        batch = (batch,)
    inputs, targets = (*batch, None)[:2]
    return _arrays(inputs), _arrays(targets)


def _arrays(value: Any) -> Any:
    """The same structure with NumPy arrays in place of tensors."""
    if isinstance(value, Mapping):
        return {name: _arrays(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)) and any(map(_is_tensor, value)):
        return type(value)(map(_arrays, value))
    return np.asarray(value) if _is_tensor(value) else value


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "__array__")


def _named(inputs: Any, names: list[str]) -> dict[str, Any]:
    """Inputs by name: of a dict, a list in the model's order, an array."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    several = isinstance(inputs, (list, tuple))
    values = list(inputs) if several else [inputs]
    if len(values) == len(names):
        return dict(zip(names, values))
    raise ContractError(
        Problem(
            "inputs",
            f"{len(names)} inputs by name: {', '.join(names)}",
            f"{len(values)} arrays" if several else _describe(inputs),
            'Feed a dict: {"' + names[0] + '": ..., ...}.',
        )
    )


# Looking at it


def _input_rows(
    model: keras.Model,
    batches: list[dict[str, Any]],
    whole: Mapping[str, np.ndarray],
) -> Iterator[Row]:
    """One row per input, then one per name the model does not have."""
    first = batches[0]
    names = [tensor.name for tensor in model.inputs]
    extra = [name for name in first if name not in names]
    unscaled = _unscaled(model, first)
    for tensor in model.inputs:
        name, spec = tensor.name, Spec.of(tensor)
        where = f'input "{name}"'
        if name in first:
            values = [batch.get(name) for batch in batches]
            if name in whole:
                values.append(whole[name])
            problem = _first_problem(
                where, spec, _table_length(model, tensor), values
            ) or _unequal(model, name, batches)
        else:
            problem = Problem(
                where,
                str(spec),
                "nothing under this name",
                f'Is it called "{meant}" in the data? Rename it.'
                if (meant := _closest(name, extra))
                else "Add it to the data under this name.",
            )
        if problem:
            yield Row.of(problem)
        elif name in unscaled:
            yield Row.of(unscaled[name], "warning")
        else:
            yield Row(where, str(spec), _describe(first[name]))
    missing = [name for name in names if name not in first]
    for name in extra:
        yield Row.of(
            Problem(
                f'input "{name}"',
                f"only the inputs of the model: {', '.join(names)}",
                _describe(first[name]),
                f'Is it meant for "{meant}"? Rename it.'
                if (meant := _closest(name, missing))
                else "Leave it out. Some models would be fed it in place "
                "of an input.",
            )
        )


def _closest(name: str, names: list[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, names, 1)), None)


def _target_rows(
    model: keras.Model, inputs: dict[str, Any], targets: Any
) -> Iterator[Row]:
    """One row per target, if there are targets."""
    if targets is None:
        return
    _, rows = _first_rows(model, inputs)
    named = targets if isinstance(targets, Mapping) else {"": targets}
    for name, value in named.items():
        where = f'target "{name}"' if name else "target"
        expected, received = "one row per sample", _describe(value)
        fix = ""
        if not isinstance(value, np.ndarray):
            fix = "Convert it first: np.asarray(values)."
        elif rows is not None and value.shape[:1] != (rows,):
            expected = f"{rows} rows, as in the inputs"
            fix = "Row i of every array must belong to sample i."
        elif _count_nan(value):
            received += f" with {_nan_text(value)}"
            fix = "Leave these samples out: the loss would be NaN."
        verdict = "problem" if fix else "ok"
        yield Row(where, expected, received, verdict, fix)


def _first_problem(
    where: str, spec: Spec, table_length: int | None, values: list
) -> Problem | None:
    for value in values:
        problem = spec.problem(where, value)
        if problem:
            return problem
        if _count_nan(value):
            return Problem(
                where,
                f"{spec} without NaN",
                f"{_describe(value)} with {_nan_text(value)}",
                "Fill the gaps, or feed a mask that says where they are: "
                "one NaN makes every weight NaN.",
            )
        if table_length and not _within(value, table_length):
            return Problem(
                where,
                f"ids from 0 to {table_length - 1}, the rows of its "
                "Embedding",
                f"ids from {value.min()} to {value.max()}",
                "Number the categories from 0, or enlarge input_dim.",
            )
    return None


def _unequal(
    model: keras.Model, name: str, batches: list[dict[str, Any]]
) -> Problem | None:
    """An input with more or fewer rows than the first of its batch."""
    for batch in batches:
        first, rows = _first_rows(model, batch)
        received = len(batch[name])
        if rows not in (None, received):
            return Problem(
                f'input "{name}"',
                f'{rows} rows, as in input "{first}"',
                f"{received} rows",
                "Row i of every array must belong to sample i.",
            )
    return None


def _first_rows(
    model: keras.Model, batch: Mapping[str, Any]
) -> tuple[str, int | None]:
    """Name and rows of the first input with as many axes as it should."""
    for tensor in model.inputs:
        value = batch.get(tensor.name)
        if not isinstance(value, np.ndarray):
            continue
        if value.ndim == len(tensor.shape):
            return tensor.name, len(value)
    return "", None


def _unscaled(
    model: keras.Model, batch: Mapping[str, Any]
) -> dict[str, Problem]:
    """The largest input, if it dwarfs the smallest and is not scaled."""
    sizes = {
        tensor.name: size
        for tensor in model.inputs
        if (size := _size(model, tensor, batch.get(tensor.name)))
    }
    ranked = sorted(sizes, key=lambda name: sizes[name])
    if not sizes or sizes[ranked[-1]] < _UNSCALED * sizes[ranked[0]]:
        return {}
    return {
        ranked[-1]: Problem(
            f'input "{ranked[-1]}"',
            "inputs of about the same size",
            f'values over {_UNSCALED} times those of "{ranked[0]}"',
            "Scale it: a Normalization layer, adapted to training rows.",
        )
    }


def _size(
    model: keras.Model, tensor: keras.KerasTensor, value: Any
) -> float | None:
    """Largest number of an input that reaches the model unscaled."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        return None
    layers = list(_layers_reading(model, tensor))
    if any(isinstance(layer, (*_SCALING, _TABLE)) for layer in layers):
        return None
    return float(np.abs(value[:_ROWS]).max(initial=0))


def _layers_reading(
    model: keras.Model, tensor: keras.KerasTensor
) -> Iterator[keras.Layer]:
    """Layers that read an input as it is, or only reshaped."""
    for layer in model.layers:
        for node in layer._inbound_nodes:
            if not any(read is tensor for read in node.input_tensors):
                continue
            yield layer
            if isinstance(layer, _PASSING):
                yield from _layers_reading(model, node.outputs[0])


def _table_length(
    model: keras.Model, tensor: keras.KerasTensor
) -> int | None:
    """Rows of the smallest Embedding that looks up an input's ids."""
    lengths = [
        layer.input_dim
        for layer in _layers_reading(model, tensor)
        if isinstance(layer, _TABLE)
    ]
    return min(lengths, default=None)


def _within(ids: np.ndarray, length: int) -> bool:
    return ids.size == 0 or bool(0 <= ids.min() and ids.max() < length)


def _count_nan(values: np.ndarray) -> int:
    """Rows with NaN, looked at in chunks so that a huge file fits."""
    if values.dtype.kind != "f" or values.size == 0:
        return 0
    step = max(1, _CHUNK * len(values) // values.size)
    axes = tuple(range(1, values.ndim))
    return sum(
        int(np.isnan(values[start : start + step]).any(axis=axes).sum())
        for start in range(0, len(values), step)
    )


def _nan_text(values: np.ndarray) -> str:
    return f"NaN in {_count_nan(values)} of {len(values)} rows"


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        want is None or size == want for size, want in zip(shape, expected)
    )


def _describe(value: Any) -> str:
    """Type and shape of a value, never what is in it."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return type(value).__name__


# Showing it


def _show(report: Report) -> None:
    """Displays the table, if there is a notebook to display it in."""
    if "IPython" in sys.modules:
        from IPython import display, get_ipython

        if hasattr(get_ipython(), "kernel"):
            display.display(report)
