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

from companion.checking.demands import Demand, Demands, demands_of
from companion.checking.reading import (
    NamedBatch,
    comes_in_batches,
    count_batches,
    opened,
    read,
    whole_arrays,
)
from companion.checking.report import Report, Row, show
from companion.errors import ContractError, ContractWarning, Problem, place
from companion.graph import loss_weights_of
from companion.rules import Fault, count_problem, first_fault
from companion.values import describe

#: An input this many times as large as another deserves a warning.
_UNSCALED = 1000
#: Batches to read where an axis may have any length.
_FREE_BATCHES = 10
#: Rows that tell how large an input is.
_ROWS = 1000


@dataclass(frozen=True)
class Case:
    """What is compared: a model's demands, and the batches of data."""

    model: keras.Model
    demands: Demands
    data: Any
    batches: list[NamedBatch]
    whole: Mapping[str, Mapping[str, np.ndarray]]
    steps: int | None

    def part(self, role: str) -> list[dict[str, Any]]:
        """One part of each batch, by name."""
        return [batch.by_role[role] for batch in self.batches]


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
    demands, data = demands_of(model), opened(data)
    names = list(demands["input"]), list(demands["target"])
    count = _how_many(demands, batches)
    with np.errstate(over="ignore"):  # told below, of the whole arrays
        read_batches = read(data, targets, count, *names)
    case = Case(
        model, demands, data, read_batches, whole_arrays(data), steps
    )
    rows = [row for part in PARTS for row in part(case)]
    rows += [row for question in QUESTIONS for row in question(case, rows)]
    report = Report(tuple(_latest(rows)))
    if report.problems:
        show(report)
        raise ContractError(report.problems)
    for problem in report.warnings:
        warnings.warn(str(problem), ContractWarning, stacklevel=2)
    return report


def _how_many(demands: Demands, batches: int) -> int:
    """More batches where an axis may have any length.

    TensorFlow learns the lengths from the first two batches alone.
    """
    fix = "Leave it out to read two."
    ContractError.raise_if(count_problem("batches", batches, 1, fix))
    free = any(d.free for d in demands["input"].values())
    return max(batches, _FREE_BATCHES) if free and batches > 1 else batches


def _latest(rows: list[Row]) -> list[Row]:
    """One row for each place: a later one stands in for its ``ok``."""
    kept: dict[str, Row] = {}
    for row in rows:
        where = row.problem.where
        if where not in kept or kept[where].verdict == "ok":
            kept[where] = row
    return list(kept.values())


# The parts of a batch, value by value


def _inputs(case: Case) -> Iterator[Row]:
    yield from _part(case, "input")


def _targets(case: Case) -> Iterator[Row]:
    """One row per target, or for their absence."""
    given = case.part("target")[0]
    demanded = case.demands["target"]
    loss = getattr(case.model, "loss", None)
    if given or "sample weight" not in case.demands:
        if "" in given and len(demanded) == 1:  # a lone one needs no name
            demanded = {"": next(iter(demanded.values()))}
        yield from _part(case, "target", demanded)
    elif loss and comes_in_batches(case.data):
        yield Row.of(
            "target",
            "targets for the loss",
            "inputs alone",
            "Return (inputs, targets). Only predict does without.",
        )


def _weights(case: Case) -> Iterator[Row]:
    given = case.part("sample weight")[0]
    demanded = case.demands.get("sample weight")
    if demanded is None:
        for name, value in given.items():
            yield Row.of(
                place("sample weight", name),
                f"no sample weights for a {type(case.model).__name__}",
                describe(value),
                "Leave them out, or draw the rows that count more often.",
            )
    elif given:
        if "" in given:
            demanded = {"": next(iter(demanded.values()))}
        yield from _part(case, "sample weight", demanded)


PARTS = (_inputs, _targets, _weights)


def _part(
    case: Case, role: str, demanded: Mapping[str, Demand] | None = None
) -> Iterator[Row]:
    """A row per name that is asked for, then one per name that is not."""
    demanded = case.demands[role] if demanded is None else demanded
    batches = case.part(role)
    given = list(dict.fromkeys(itertools.chain(*batches)))
    extra = [name for name in given if name not in demanded]
    missing = [
        name
        for name, demand in demanded.items()
        if name not in given and not demand.optional
    ]
    for name, demand in demanded.items():
        if name in missing:
            yield _missing(place(role, name), demand.text, name, extra)
        elif name in given:
            yield _row(case, role, name, demand)
    for name in extra:
        value = next(b[name] for b in batches if name in b)
        yield _extra(role, name, value, list(demanded), missing)


def _row(case: Case, role: str, name: str, demand: Demand) -> Row:
    """What is said of the values of one name, in batches and whole."""
    where, rules = place(role, name), demand.rules
    received = describe(case.part(role)[0].get(name))
    if not comes_in_batches(case.data):
        rules += demand.whole
    if name in case.whole.get(role, {}):
        fault = first_fault(case.whole[role][name], rules + demand.whole)
        if fault:
            return Row(fault.at(where), fault.verdict)
    for batch, part in zip(case.batches, case.part(role)):
        value = part.get(name)
        fault = first_fault(value, rules) or _unequal(
            value, *_rows_of(case.demands["input"], batch.by_role["input"])
        )
        if fault:
            return Row(fault.at(where), fault.verdict)
    return Row(Problem(where, demand.text, received, ""), "ok")


def _missing(where: str, expected: str, name: str, extra: list[str]) -> Row:
    meant = _closest(name, extra)
    fix = "Add it to the data under this name."
    if meant:
        fix = f'Is it called "{meant}" in the data? Rename it.'
    return Row.of(where, expected, "nothing under this name", fix)


def _extra(
    role: str,
    name: str,
    value: Any,
    expected: list[str],
    missing: list[str],
) -> Row:
    meant = _closest(name, missing)
    fix = "Leave it out. Some models would be fed it in place of another."
    if meant:
        fix = f'Is it meant for "{meant}"? Rename it.'
    return Row.of(
        place(role, name),
        f"only the {role}s of the model: {', '.join(expected)}",
        describe(value),
        fix,
    )


def _closest(name: str, names: list[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, names, 1)), None)


def _unequal(value: Any, first: str, count: int | None) -> Fault | None:
    """More or fewer rows than the first input of the same batch."""
    if count is None or len(value) == count:
        return None
    return Fault(
        f'{count} rows, as in input "{first}"',
        f"{len(value)} rows",
        "Row i of every array must belong to sample i.",
    )


def _rows_of(
    demanded: Mapping[str, Demand], batch: Mapping[str, Any]
) -> tuple[str, int | None]:
    """Name and rows of the first input with as many axes as it should."""
    for name, demand in demanded.items():
        value = batch.get(name)
        if isinstance(value, np.ndarray) and value.ndim == demand.axes:
            return name, len(value)
    return "", None


# Questions about several values at once


def _uneven(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A free axis whose length the first two batches do not give away."""
    for name, demand in case.demands["input"].items():
        values = [batch.get(name) for batch in case.part("input")]
        shapes = [getattr(value, "shape", ())[1:] for value in values]
        later = [shape for shape in shapes if shape != shapes[0]]
        if not demand.free or not later or later[0] == shapes[1]:
            continue
        yield Row.of(
            place("input", name),
            f"{demand.text}, of different lengths from the first batches "
            "on",
            f"twice {shapes[0]}, later {later[0]}",
            "TensorFlow learns the shape from the first two batches. Pad "
            "all to one length, or use tf.data with a signature.",
        )


def _unscaled(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """The largest input, if it dwarfs the smallest and is not scaled."""
    if any(row.verdict == "problem" for row in rows):
        return
    sizes = {}
    for name, demand in case.demands["input"].items():
        if demand.any_size:
            continue
        values = case.part("input")[0][name][:_ROWS].astype("float64")
        size = np.abs(values).max(initial=0)
        if size > 0:
            sizes[name] = size
    ranked = sorted(sizes, key=lambda name: sizes[name])
    if not sizes or sizes[ranked[-1]] < _UNSCALED * sizes[ranked[0]]:
        return
    yield Row.of(
        place("input", ranked[-1]),
        "inputs of about the same size",
        f'values over {_UNSCALED} times those of "{ranked[0]}"',
        "Scale it: a Normalization layer, adapted to training rows.",
        verdict="warning",
    )


def _loss_weights(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Loss weights named after anything but the losses."""
    given = loss_weights_of(case.model)
    if not isinstance(given, Mapping):
        return
    losses = case.model.loss
    if not isinstance(losses, Mapping):
        losses = case.demands["target"]
    wide = [n for n, w in given.items() if isinstance(w, np.float64)]
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
        return
    expected = f"one weight for each of {', '.join(losses)}"
    yield Row.of("loss_weights", expected, received, fix)


def _too_short(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Data that ends before ``fit`` stops asking."""
    steps, data = case.steps, case.data
    if steps is None or isinstance(data, keras.utils.PyDataset):
        return
    found = count_batches(data, steps) if comes_in_batches(data) else steps
    if found >= steps:
        return
    yield Row.of(
        "steps",
        f"{steps} batches",
        f"{found} batches",
        "Begin again when the data ends (while True), or use a PyDataset: "
        "Keras logs an empty epoch as loss 0, then trains on the first two "
        "batches again.",
    )


def _by_position(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Inputs of one shape that only their order tells apart."""
    specs = [demand.text for demand in case.demands["input"].values()]
    if not case.batches[0].positional or len(set(specs)) == len(specs):
        return
    yield Row.of(
        "inputs",
        f"the order {', '.join(case.demands['input'])}",
        "arrays without names",
        "Feed a dict: inputs of one shape can change places unseen.",
        verdict="note",
    )


def _reordered(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """What no check can see: how ``fit`` will be called."""
    if not isinstance(case.data, keras.utils.PyDataset):
        return
    yield Row.of(
        "fit",
        "shuffle=False",
        "a PyDataset",
        "Pass it to fit, which would reorder the batches.",
        verdict="note",
    )


QUESTIONS: tuple[Callable[[Case, Sequence[Row]], Iterator[Row]], ...] = (
    _uneven,
    _unscaled,
    _loss_weights,
    _too_short,
    _by_position,
    _reordered,
)
