"""Does the data fit the model? Ask before training, by name.

Keras reads a batch by position or by name, adds and removes axes,
converts types, and is silent about most of it. `check` compares what a
model declares with what a data set gives, and tells every mismatch at once.
"""

from __future__ import annotations

import difflib
import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion.columns import class_problem
from companion.errors import (
    ContractError,
    ContractWarning,
    Problem,
    place,
)
from companion.gan import ConditionalGAN, last_activation, made_tensors
from companion.reading import (
    Parts,
    comes_in_batches,
    count_batches,
    describe,
    gaps,
    opened,
    read,
)
from companion.report import Report, Row, show

#: An input this many times as large as another deserves a warning.
_UNSCALED = 1000
#: Layers that bring an input to a common scale.
_SCALING = (keras.layers.Normalization, keras.layers.Rescaling)
#: Layers that pass on the numbers they get.
_PASSING = (keras.layers.Reshape, keras.layers.Flatten)
#: A layer that looks its input up in a table, by number.
_TABLE = keras.layers.Embedding
#: Lowest and highest number that an activation gives.
_RANGES = {
    "sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, np.inf),
    "softplus": (0, np.inf),
    "exponential": (0, np.inf),
}
#: Kinds of NumPy types that an Input of a type reads.
_READABLE = {"f": "biuf", "i": "biu", "u": "biu", "b": "b", "s": "O"}
#: Batches to read where an axis may have any length.
_FREE_BATCHES = 10
#: Rows that tell how large an input is.
_ROWS = 1000


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
        return f"{self.dtype} {_shape_text(self.shape)}"

    @classmethod
    def of(cls, tensor: keras.KerasTensor) -> Spec:
        """What an ``Input`` declares."""
        return cls(tuple(tensor.shape[1:]), str(tensor.dtype))

    def problem(self, where: str, value: Any) -> Problem | None:
        """What is wrong with the type, rank or shape of a batch."""
        if not isinstance(value, np.ndarray):
            fix = "Convert it first: np.asarray(values)."
        elif value.dtype.kind not in self._readable_kinds:
            fix = self._conversion(value.dtype.kind)
        elif value.ndim == 0 or not _fits(value.shape[1:], self.shape):
            fix = self._reshaping(value.shape)
        else:
            return None
        return Problem(where, str(self), describe(value), fix)

    @property
    def _readable_kinds(self) -> str:
        kind = "f" if "float" in self.dtype else self.dtype[0]
        return _READABLE.get(kind, "")

    def _conversion(self, kind: str) -> str:
        if self.dtype == "string":
            return "Convert it: values.astype(object)."
        fix = f'Convert it: values.astype("{self.dtype}").'
        if kind == "f" and self.dtype.startswith(("int", "uint")):
            return f"{fix} Keras would cut 2.9 to 2 without a word."
        return fix

    def _reshaping(self, shape: tuple[int, ...]) -> str:
        if _fits(shape, self.shape):
            return "Add the batch axis: values[None] for a single sample."
        if shape and _fits((*shape[1:], 1), self.shape):
            return "Add the last axis: values[..., None]."
        if shape[-1:] == (1,) and _fits(shape[1:-1], self.shape):
            return "Drop the last axis: values[..., 0]."
        if len(shape) == 1 + len(self.shape):
            return "Change the shape of the Input, or of the data."
        return (
            f"The data has {len(shape)} axes, the model expects "
            f"{1 + len(self.shape)}: reshape it."
        )


def check(
    model: keras.Model,
    data: Any,
    *,
    targets: Any = None,
    steps: int | None = None,
    batches: int = 2,
) -> Report:
    """Compares what a model declares with what a data set gives.

    Nothing is trained and nothing is changed. Arrays are looked at whole,
    also those inside a `MultiInputGenerator`; of other data the first
    batches are read. If the model is compiled, the targets are compared
    with its outputs and losses; those of a `ConditionalGAN` with what its
    discriminator reads and what its generator network can make.

    Taught in the chapter *Several inputs*.

    Args:
        model: A model with named inputs, or a `ConditionalGAN`.
        data: What ``fit`` takes: arrays, a ``PyDataset``, a
            ``tf.data.Dataset``; or a function that makes an iterator of
            batches.
        targets: The targets, if ``data`` is arrays.
        steps: Batches that ``fit`` will ask for in all, that is
            ``epochs * steps_per_epoch``, if ``data`` is a function or a
            ``tf.data.Dataset``: there must be as many.
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
    gan = model if isinstance(model, ConditionalGAN) else None
    if gan:
        model = gan.generator_network
    inputs, outputs = _inputs_of(model), _outputs_of(model)
    wanted = _inputs_of(gan.discriminator) if gan else outputs
    data = opened(data)
    count = _batches_to_read(inputs, batches)
    read_batches = read(data, targets, count, list(inputs), list(wanted))
    whole = getattr(data, "_companion_arrays", {})
    rows = [
        *_input_rows(model, inputs, read_batches, whole),
        *(
            _real_rows(gan, inputs, read_batches, whole, data)
            if gan
            else _target_rows(
                model, inputs, outputs, read_batches, whole, data
            )
        ),
        *_loss_weight_rows(model, outputs),
        *_step_rows(data, steps),
        *_notes(inputs, read_batches[0], data),
    ]
    report = Report(tuple(rows))
    if report.problems:
        show(report)
        raise ContractError(report.problems)
    for problem in report.warnings:
        warnings.warn(str(problem), ContractWarning, stacklevel=2)
    return report


# What the model declares


def _inputs_of(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """The inputs by name."""
    tensors = getattr(model, "inputs", None) or []
    made = getattr(model, "input", None)
    named = all(isinstance(t, keras.KerasTensor) for t in tensors)
    if not tensors or not named:
        raise ContractError(
            Problem(
                "model",
                "a model that declares its inputs",
                type(model).__name__,
                "Build it from named inputs: keras.Model([a, b], y).",
            )
        )
    inputs = {tensor.name: tensor for tensor in tensors}
    keys = set(made) if isinstance(made, Mapping) else set(inputs)
    parts = made if isinstance(made, (list, tuple)) else []
    nested = any(isinstance(p, (Mapping, list, tuple)) for p in parts)
    if nested or keys != set(inputs):
        raise ContractError(
            Problem(
                "model",
                "a model built from a list of named inputs",
                f"inputs nested, or under other keys: {sorted(keys)}",
                "Give each Input the name that the data has for it, and "
                "build keras.Model([a, b], y).",
            )
        )
    return inputs


def _outputs_of(
    model: keras.Model,
) -> dict[str, tuple[tuple[int | None, ...], str | None]]:
    """Shape after the batch axis, and loss, of each output by name."""
    made = getattr(model, "output", None)
    if isinstance(made, Mapping):
        tensors = dict(made)
    else:
        names = getattr(model, "output_names", None) or [""]
        tensors = dict(zip(names, model.outputs))
    losses = getattr(model, "loss", None)
    if isinstance(losses, (list, tuple)):
        losses = dict(zip(tensors, losses))
    elif not isinstance(losses, Mapping):
        losses = dict.fromkeys(tensors, losses)
    return {
        name: (tuple(tensor.shape[1:]), _loss_name(losses.get(name)))
        for name, tensor in tensors.items()
    }


def _loss_name(loss: Any) -> str | None:
    if loss is None or isinstance(loss, str):
        return loss
    return getattr(loss, "name", None) or getattr(loss, "__name__", None)


def _layers_reading(
    model: keras.Model, tensor: keras.KerasTensor
) -> Iterator[Any]:
    """What reads an input as it is: also inside a model, or reshaped."""
    graph = getattr(model, "_functional", None) or model  # Sequential
    for node in itertools.chain(*graph._nodes_by_depth.values()):
        places = [
            number
            for number, read_tensor in enumerate(node.input_tensors)
            if read_tensor is tensor
        ]
        if not places:
            continue
        layer = node.operation
        if isinstance(layer, keras.Model) and getattr(
            layer, "inputs", None
        ):
            for number in places:
                yield from _layers_reading(layer, layer.inputs[number])
            continue
        yield layer
        if isinstance(layer, _PASSING) or not isinstance(
            layer, keras.Layer
        ):
            yield from _layers_reading(model, node.outputs[0])


def _table_lengths(
    model: keras.Model, inputs: Mapping[str, keras.KerasTensor]
) -> dict[str, int | None]:
    """Rows of the smallest Embedding that looks up the ids of an input."""
    return {
        name: min(
            (
                layer.input_dim
                for layer in _layers_reading(model, tensor)
                if isinstance(layer, _TABLE)
            ),
            default=None,
        )
        for name, tensor in inputs.items()
    }


def _batches_to_read(
    inputs: Mapping[str, keras.KerasTensor], batches: int
) -> int:
    """More of them where an axis may have any length.

    TensorFlow learns the lengths from the first two batches alone.
    """
    if batches < 1:
        raise ContractError(
            Problem(
                "batches",
                "a number of batches to read, at least 1",
                f"batches={batches}",
                "Leave it out to read two.",
            )
        )
    free = any(None in tensor.shape[1:] for tensor in inputs.values())
    return max(batches, _FREE_BATCHES) if free and batches > 1 else batches


# Rows of the report


def _input_rows(
    model: keras.Model,
    inputs: dict[str, keras.KerasTensor],
    batches: list[Parts],
    whole: Mapping[str, Mapping[str, np.ndarray]],
) -> list[Row]:
    """One row per input, then one per name the model does not have."""
    rows = _part_rows(
        "input",
        _expected(inputs),
        [batch.inputs for batch in batches],
        whole.get("input", {}),
        _asks_of("input", inputs, _table_lengths(model, inputs)),
        [_rows_of(inputs, batch.inputs) for batch in batches],
    )
    for name, tensor in inputs.items():
        values = [batch.inputs.get(name) for batch in batches]
        where = place("input", name)
        problem = _uneven(where, Spec.of(tensor), values)
        rows = _replace(rows, where, problem, "problem")
    if all(row.verdict == "ok" for row in rows):
        unscaled = _unscaled(model, inputs, batches[0].inputs)
        if unscaled:
            rows = _replace(rows, unscaled.where, unscaled, "warning")
    return rows


def _expected(inputs: Mapping[str, keras.KerasTensor]) -> dict[str, str]:
    return {name: str(Spec.of(t)) for name, t in inputs.items()}


def _asks_of(
    role: str,
    inputs: Mapping[str, keras.KerasTensor],
    lengths: Mapping[str, int | None],
) -> Callable[[str, Any], Problem | None]:
    """The question what is wrong with the values for an input."""

    def problem_of(name: str, value: Any) -> Problem | None:
        where, spec = place(role, name), Spec.of(inputs[name])
        return spec.problem(where, value) or _value_problem(
            where, spec, lengths[name], value
        )

    return problem_of


def _real_rows(
    gan: ConditionalGAN,
    drawn: Mapping[str, keras.KerasTensor],
    batches: list[Parts],
    arrays: Mapping[str, Mapping[str, np.ndarray]],
    data: Any,
) -> list[Row]:
    """One row per input of a discriminator, which the targets are for."""
    judge = gan.discriminator
    inputs = _inputs_of(judge)
    lengths = _table_lengths(judge, inputs)
    fits = _asks_of("target", inputs, lengths)
    made = made_tensors(gan.generator_network, judge)
    activations = {name: last_activation(t) for name, t in made.items()}
    known = arrays.get("target", {})
    if not comes_in_batches(data):
        known = batches[0].targets

    def problem_of(name: str, value: Any) -> Problem | None:
        where = place("target", name)
        problem = fits(name, value) or _range_problem(
            where, activations.get(name, ""), value
        )
        classes = lengths[name]
        whole = value is known.get(name)
        if problem or not (classes and whole):
            return problem
        several = value.size > len(value)  # as in a text
        flat = value.ravel()
        return None if several else class_problem(where, flat, classes)

    rows = _part_rows(
        "target",
        _expected(inputs),
        [batch.targets for batch in batches],
        known,
        problem_of,
        [_rows_of(drawn, batch.inputs) for batch in batches],
    )
    for name, value in batches[0].weights.items():
        unread = Problem(
            place("sample weight", name),
            "no sample weights for a ConditionalGAN",
            describe(value),
            "Leave them out, or draw the rows that count more often.",
        )
        rows.append(Row(unread, "problem"))
    return rows


def _target_rows(
    model: keras.Model,
    inputs: dict[str, keras.KerasTensor],
    outputs: dict[str, tuple[tuple, str | None]],
    batches: list[Parts],
    whole: Mapping[str, Mapping[str, np.ndarray]],
    data: Any,
) -> list[Row]:
    """One row per target and sample weight, or for their absence."""
    compiled = bool(getattr(model, "compiled", False) and model.loss)
    first = batches[0]
    if not first.targets:
        if not compiled or not comes_in_batches(data):
            return []
        forgotten = Problem(
            "target",
            "targets for the loss",
            "inputs alone",
            "Return (inputs, targets). Only predict does without.",
        )
        return [Row(forgotten, "problem")]
    rows = [_rows_of(inputs, batch.inputs) for batch in batches]

    def target_problem(name: str, value: Any) -> Problem | None:
        where = place("target", name)
        shape, loss = outputs[name or next(iter(outputs))]
        return _label_problem(where, value) or (
            _loss_problem(where, value, shape, loss) if compiled else None
        )

    def weight_problem(name: str, value: Any) -> Problem | None:
        return _label_problem(place("sample weight", name), value)

    alone = "" in first.targets and len(outputs) == 1
    names = [""] if alone else list(outputs)
    found = _part_rows(
        "target",
        dict.fromkeys(names, "one row per sample"),
        [batch.targets for batch in batches],
        whole.get("target", {}),
        target_problem,
        rows,
    )
    if not first.weights:
        return found
    return found + _part_rows(
        "sample weight",
        dict.fromkeys(first.weights, "one number per sample"),
        [batch.weights for batch in batches],
        whole.get("sample weight", {}),
        weight_problem,
        rows,
    )


def _loss_weight_rows(
    model: keras.Model, outputs: Mapping[str, Any]
) -> list[Row]:
    """A row if loss weights are named after anything but the losses."""
    compiled = getattr(model, "_compile_loss", None)
    given = getattr(compiled, "_user_loss_weights", None)
    if not isinstance(given, Mapping):
        return []
    losses = model.loss if isinstance(model.loss, Mapping) else outputs
    wide = [n for n, w in given.items() if isinstance(w, np.float64)]
    expected = f"one weight for each of {', '.join(losses)}"
    received = f"weights for {', '.join(given)}"
    if set(given) != set(losses):
        fix = (
            "Give each loss its weight by name: Keras hands out others in "
            "alphabetical order."
        )
    elif wide:
        received = f"float64 of NumPy for {', '.join(wide)}"
        fix = "Make it a plain number: float(weight). TensorFlow stops."
    else:
        return []
    unfit = Problem("loss_weights", expected, received, fix)
    return [Row(unfit, "problem")]


def _part_rows(
    role: str,
    expected: Mapping[str, str],
    batches: Sequence[Mapping[str, Any]],
    whole: Mapping[str, np.ndarray],
    problem_of: Callable[[str, Any], Problem | None],
    counts: Sequence[tuple[str, int | None]],
) -> list[Row]:
    """A row per expected name, then one per name that was not."""
    given = list(dict.fromkeys(itertools.chain(*batches)))
    extra = [name for name in given if name not in expected]
    missing = [name for name in expected if name not in given]
    rows = []
    for name, text in expected.items():
        where = place(role, name)
        values = [batch.get(name) for batch in batches]
        problem = None
        if name in missing:
            problem = _missing(where, text, name, extra)
        for value, (first, count) in zip(values, counts):
            problem = problem or problem_of(name, value)
            problem = problem or _unequal(where, value, first, count)
        if name in whole:
            problem = problem or problem_of(name, whole[name])
        ok = Problem(where, text, describe(values[0]), "")
        rows.append(Row(problem or ok, "problem" if problem else "ok"))
    for name in extra:
        first_value = next(b[name] for b in batches if name in b)
        rows.append(
            Row(
                _extra(role, name, first_value, list(expected), missing),
                "problem",
            )
        )
    return rows


def _replace(
    rows: list[Row], where: str, problem: Problem | None, verdict: str
) -> list[Row]:
    """The rows, with a problem in place of the ``ok`` at its place."""
    return [
        Row(problem, verdict)
        if problem and row.verdict == "ok" and row.problem.where == where
        else row
        for row in rows
    ]


def _step_rows(data: Any, steps: int | None) -> list[Row]:
    """A row if the data ends before ``fit`` stops asking."""
    if steps is None or isinstance(data, keras.utils.PyDataset):
        return []
    found = count_batches(data, steps) if comes_in_batches(data) else steps
    if found >= steps:
        return []
    short = Problem(
        "steps",
        f"{steps} batches",
        f"{found} batches",
        "Begin again when the data ends (while True), or use a PyDataset: "
        "Keras logs an empty epoch as loss 0, then trains on the first two "
        "batches again.",
    )
    return [Row(short, "problem")]


def _notes(
    inputs: Mapping[str, keras.KerasTensor], batch: Parts, data: Any
) -> list[Row]:
    """What no check can see, but a reader can."""
    rows = []
    specs = [Spec.of(tensor) for tensor in inputs.values()]
    if batch.positional and len(set(specs)) < len(specs):
        order = Problem(
            "inputs",
            f"the order {', '.join(inputs)}",
            "arrays without names",
            "Feed a dict: inputs of one shape can change places unseen.",
        )
        rows.append(Row(order, "note"))
    if isinstance(data, keras.utils.PyDataset):
        reordered = Problem(
            "fit",
            "shuffle=False",
            "a PyDataset",
            "Pass it to fit, which would reorder the batches.",
        )
        rows.append(Row(reordered, "note"))
    return rows


# Problems


def _missing(
    where: str, expected: str, name: str, extra: list[str]
) -> Problem:
    meant = _closest(name, extra)
    fix = "Add it to the data under this name."
    if meant:
        fix = f'Is it called "{meant}" in the data? Rename it.'
    return Problem(where, expected, "nothing under this name", fix)


def _extra(
    role: str,
    name: str,
    value: Any,
    expected: list[str],
    missing: list[str],
) -> Problem:
    meant = _closest(name, missing)
    fix = "Leave it out. Some models would be fed it in place of another."
    if meant:
        fix = f'Is it meant for "{meant}"? Rename it.'
    return Problem(
        place(role, name),
        f"only the {role}s of the model: {', '.join(expected)}",
        describe(value),
        fix,
    )


def _closest(name: str, names: list[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, names, 1)), None)


def _value_problem(
    where: str, spec: Spec, table_length: int | None, value: np.ndarray
) -> Problem | None:
    """Values that the model would read as something else, or choke on."""
    found = gaps(value)
    if found:
        return Problem(
            where,
            f"{spec} without NaN or infinity",
            f"{describe(value)} with {found}",
            "Fill the gaps, or feed a mask that says where they are: one "
            "NaN makes every weight NaN.",
        )
    if table_length and _is_one_hot(value, table_length):
        return Problem(
            where,
            "one category number per sample for its Embedding",
            f"{describe(value)}, one-hot",
            "Give the number: values.argmax(axis=-1). An Embedding looks "
            "up every 0 and 1.",
        )
    if table_length and not _within(value, 0, table_length - 1):
        return Problem(
            where,
            f"ids from 0 to {table_length - 1}, the rows of its Embedding",
            f"ids from {value.min()} to {value.max()}",
            "Number the categories from 0, or enlarge input_dim.",
        )
    if spec.dtype.startswith(("int", "uint")):
        limits = np.iinfo(spec.dtype)
        if not _within(value, limits.min, limits.max):
            return Problem(
                where,
                f"{spec.dtype}, from {limits.min} to {limits.max}",
                f"numbers from {value.min()} to {value.max()}",
                'Declare a wider Input: dtype="int64".',
            )
    return None


def _range_problem(
    where: str, activation: str, value: np.ndarray
) -> Problem | None:
    """Real values that what is generated can never have."""
    low, high = _RANGES.get(activation, (-np.inf, np.inf))
    if _within(value, low, high):
        return None
    above = f"from {low} to {high}" if high < np.inf else f"from {low} on"
    return Problem(
        where,
        f"numbers {above}, as the {activation} of the generator network",
        f"numbers from {value.min():g} to {value.max():g}",
        "Scale them, or choose another last activation: the discriminator "
        "would tell real from generated by their size alone.",
    )


def _unequal(
    where: str, value: Any, first: str, count: int | None
) -> Problem | None:
    """More or fewer rows than the first input of the same batch."""
    if count is None or len(value) == count:
        return None
    return Problem(
        where,
        f'{count} rows, as in input "{first}"',
        f"{len(value)} rows",
        "Row i of every array must belong to sample i.",
    )


def _uneven(where: str, spec: Spec, values: list) -> Problem | None:
    """A free axis whose length the first two batches do not give away."""
    shapes = [getattr(value, "shape", ())[1:] for value in values]
    later = [shape for shape in shapes if shape != shapes[0]]
    if None not in spec.shape or not later or later[0] == shapes[1]:
        return None
    return Problem(
        where,
        f"{spec}, of different lengths from the first batches on",
        f"twice {shapes[0]}, later {later[0]}",
        "TensorFlow learns the shape from the first two batches. Pad all "
        "to one length, or use tf.data with a signature.",
    )


def _unscaled(
    model: keras.Model,
    inputs: Mapping[str, keras.KerasTensor],
    batch: Mapping[str, np.ndarray],
) -> Problem | None:
    """The largest input, if it dwarfs the smallest and is not scaled."""
    sizes = {}
    for name, tensor in inputs.items():
        layers = _layers_reading(model, tensor)
        if not str(tensor.dtype).startswith("float") or any(
            isinstance(layer, (*_SCALING, _TABLE)) for layer in layers
        ):
            continue
        size = np.abs(batch[name][:_ROWS].astype("float64")).max(initial=0)
        if size > 0:
            sizes[name] = size
    ranked = sorted(sizes, key=lambda name: sizes[name])
    if not sizes or sizes[ranked[-1]] < _UNSCALED * sizes[ranked[0]]:
        return None
    return Problem(
        place("input", ranked[-1]),
        "inputs of about the same size",
        f'values over {_UNSCALED} times those of "{ranked[0]}"',
        "Scale it: a Normalization layer, adapted to training rows.",
    )


def _label_problem(where: str, value: Any) -> Problem | None:
    """What is wrong with targets or weights whatever the loss."""
    if not isinstance(value, np.ndarray):
        fix = "Convert it first: np.asarray(values)."
    elif value.ndim == 0 or value.dtype.kind not in "biuf":
        fix = "Give numbers, one row per sample; number the classes from 0."
    elif found := gaps(value):
        return Problem(
            where,
            "numbers without NaN or infinity",
            f"{describe(value)} with {found}",
            "Leave these samples out: the loss would be NaN.",
        )
    else:
        return None
    return Problem(where, "an array of numbers", describe(value), fix)


def _loss_problem(
    where: str,
    value: np.ndarray,
    shape: tuple[int | None, ...],
    loss: str | None,
) -> Problem | None:
    """Targets that the loss reads as something else, or not at all."""
    classes, axes = (shape[-1] or 0) if shape else 0, value.shape[1:]
    received = describe(value)
    between = (
        f"numbers from {value.min(initial=0)} to {value.max(initial=0)}"
    )
    if loss == "sparse_categorical_crossentropy":
        expected = f"class numbers from 0 to {classes - 1}"
        if not _same_but_last(axes, shape[:-1]):
            fix = "One-hot labels go with categorical_crossentropy."
        elif not _within(value, 0, classes - 1):
            received = between
            fix = "Number the classes from 0, or widen the last layer."
        else:
            return None
    elif loss == "categorical_crossentropy" and axes != shape:
        expected = f"one-hot labels {_shape_text(shape)}"
        fix = "Class numbers go with sparse_categorical_crossentropy."
    elif loss == "binary_crossentropy" and not _within(value, 0, 1):
        expected, received = "labels from 0 to 1", between
        fix = "For several classes use sparse_categorical_crossentropy."
    elif loss and not _same_but_last(axes, shape):
        expected = f"the shape of the output, {_shape_text(shape)}"
        fix = (
            "Give one value per output. Keras stretches shapes that "
            "differ, and the loss then means something else."
        )
    else:
        return None
    return Problem(where, expected, received, fix)


# Small questions about values


def _rows_of(
    inputs: Mapping[str, keras.KerasTensor], batch: Mapping[str, Any]
) -> tuple[str, int | None]:
    """Name and rows of the first input with as many axes as it should."""
    for name, tensor in inputs.items():
        value = batch.get(name)
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            continue
        if value.ndim == len(tensor.shape):
            return name, len(value)
    return "", None


def _within(values: np.ndarray, low: float, high: float) -> bool:
    return values.size == 0 or bool(
        low <= values.min() and values.max() <= high
    )


def _is_one_hot(values: np.ndarray, classes: int) -> bool:
    return (
        values.ndim > 1
        and values.shape[-1] == classes > 1
        and _within(values, 0, 1)
        and bool((values.sum(axis=-1) == 1).all())
    )


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        want is None or size == want for size, want in zip(shape, expected)
    )


def _same_but_last(
    axes: tuple[int, ...], shape: tuple[int | None, ...]
) -> bool:
    """Equal, but for a last axis of 1, which Keras adds or drops."""
    dropped = axes[-1:] == (1,) and _fits(axes[:-1], shape)
    return _fits(axes, shape) or _fits((*axes, 1), shape) or dropped


def _shape_text(shape: tuple[int | None, ...]) -> str:
    axes = ", ".join(["batch", *map(str, shape)])
    return f"({axes}{'' if shape else ','})"
