"""Questions about several values at once, or about the model alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from companion import graph
from companion.checking.case import Case
from companion.checking.demands import MASKED
from companion.checking.losses import OF_LOSSES
from companion.checking.reading import (
    PYDATASET,
    TF_DATA,
    count_batches,
    tuple_of,
)
from companion.checking.report import Row
from companion.checking.settings import OF_THE_MODEL
from companion.errors import place
from companion.rules import NAN, SILENT, TRAINS
from companion.values import describe, in_chunks, is_plain

#: An input this many times as large as another deserves a warning.
_UNSCALED = 1000
#: Rows that tell how large an input is.
_ROWS = 1000
#: Kinds of values that may be NaN, each with that of a mask.
_MASKED = ("fb", "fi", "fu", "ff")


# Batch after batch


def _in_turn(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """What changes from batch to batch, and may not."""
    if not case.reading.in_batches:
        return
    for role in case.demands:
        for name in case.part(role)[0]:
            values = [part.get(name) for part in case.part(role)]
            arrays = [v for v in values if isinstance(v, np.ndarray)]
            if len(arrays) == len(values):
                yield from _axes_in_turn(case, role, name, arrays)
                yield from _types_in_turn(place(role, name), arrays)


def _axes_in_turn(
    case: Case, role: str, name: str, arrays: list[np.ndarray]
) -> Iterator[Row]:
    first = arrays[0]
    for index, later in enumerate(arrays):
        if later.ndim != first.ndim:
            yield Row.of(
                place(role, name),
                "as many axes in every batch",
                f"{describe(first)}, later {describe(later)}",
                "Give all batches the axes of the Input: values[..., None] "
                "adds one.",
                seen=case.runs(role, index),
            )
            return


def _types_in_turn(where: str, arrays: list[np.ndarray]) -> Iterator[Row]:
    """TensorFlow gives all batches the types of the first."""
    first = arrays[0].dtype
    if first.kind not in "biu":
        return
    for later in arrays[1:]:
        if later.dtype == first or later.dtype.kind not in "biuf":
            continue
        with np.errstate(invalid="ignore"):
            cut = (later.astype(first) != later).any()
        if cut:
            yield Row.of(
                where,
                "numbers of one type in every batch",
                f"{first} first, later {later.dtype} with others",
                'Convert all batches: values.astype("float32"). TensorFlow '
                "gives them the type of the first: 0.9 becomes 0.",
                outcome=SILENT,
            )
            return


def _none_inside(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """None for the weights, which a PyDataset cannot feed."""
    batch = tuple_of(case.reading.batches[0])
    if case.reading.kind == PYDATASET and batch[-1] is None:
        yield Row.of(
            "batch",
            "arrays in every part",
            f"{len(batch)} parts, the last of them None",
            "Leave it out: return inputs, targets.",
            seen=True,
        )


def _dict_for_one(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Names for the targets of a model whose only answer has none."""
    if not graph.has_lone_output(case.model) or graph.own_code(case.model):
        return
    parts = tuple_of(case.reading.batches[0])[1:]
    for role, part in zip(("target", "sample weight"), parts):
        if isinstance(part, dict):
            name = next(iter(part), "...")
            yield Row.of(
                f"{role}s",
                "an array for the only output",
                f"a dict with {', '.join(map(str, part))}",
                f'Give it without a name: {role.split()[-1]}s["{name}"].',
                seen=case.runs(role),
            )


def _uneven(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A free axis whose length the first two batches do not give away."""
    if case.reading.kind == TF_DATA:  # it knows by its signature
        return
    for name, demand in case.demands["input"].items():
        values = [batch.get(name) for batch in case.part("input")]
        shapes = [getattr(value, "shape", ())[1:] for value in values]
        later = [n for n, shape in enumerate(shapes) if shape != shapes[0]]
        if not demand.free or not later or later[0] == 1:
            continue
        yield Row.of(
            place("input", name),
            f"{demand.text}, of different lengths from the first batches "
            "on",
            f"twice {shapes[0]}, later {shapes[later[0]]}",
            "TensorFlow learns the shape from the first two batches. Pad "
            "all to one length, or use tf.data with a signature.",
            seen=case.runs("input", later[0]),
        )


def _empty(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """No rows at all, on which Keras trains without a word."""
    for index, part in enumerate(case.part("input")):
        for name, value in part.items():
            if getattr(value, "shape", (None,))[:1] == (0,):
                yield Row.of(
                    place("input", name),
                    "at least one row",
                    "none" + f" in batch {index}" * case.reading.in_batches,
                    "Look at where the rows are chosen: none is left.",
                    outcome=TRAINS if index else SILENT,
                )
                return


def _too_short(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Data that ends before ``fit`` stops asking."""
    steps, reading = case.steps, case.reading
    if steps is None or reading.kind == PYDATASET or not reading.in_batches:
        return
    found = count_batches(reading, steps)
    if found >= steps:
        return
    yield Row.of(
        "steps",
        f"{steps} batches",
        f"{found} batches",
        "Begin again when the data ends (while True), or use a PyDataset: "
        "Keras logs an empty epoch as loss 0, then trains on the first two "
        "batches again.",
        outcome=SILENT,
    )


def _without_axes(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A data set of TensorFlow that does not say how many axes it has."""
    if case.reading.kind != TF_DATA:
        return
    specs = keras.tree.flatten(case.reading.data.element_spec)
    shapes = [getattr(spec, "shape", None) for spec in specs]
    if any(s is not None and s.rank is None for s in shapes):
        yield Row.of(
            "data",
            "a data set that knows its axes",
            "<unknown>, as from_generator makes it of types alone",
            "Give from_generator an output_signature with tf.TensorSpec("
            "shape=(None, ...), dtype=...).",
        )


# Sizes, order, arguments of fit


def _unscaled(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """The largest input, if it dwarfs the smallest and is not scaled."""
    if any(row.verdict == "problem" for row in rows):
        return
    sizes = {}
    for name, demand in case.demands["input"].items():
        value = case.part("input")[0].get(name)
        if demand.any_size or not is_plain(value):
            continue
        values = np.abs(value[:_ROWS].astype("float64"))
        size = np.nan_to_num(values, posinf=0).max(initial=0)
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
        outcome=TRAINS,
    )


def _by_position(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Inputs of one shape that only their order tells apart."""
    specs = [demand.text for demand in case.demands["input"].values()]
    if not case.batches[0].positional or len(set(specs)) == len(specs):
        return
    yield Row.note(
        "inputs",
        f"the order {', '.join(case.demands['input'])}",
        "arrays without names",
        "Feed a dict: inputs of one shape can change places unseen.",
    )


def _reordered(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """What no check can see: how ``fit`` will be called."""
    if case.reading.kind != PYDATASET:
        return
    yield Row.note(
        "fit",
        "shuffle=False",
        "a PyDataset",
        "Pass it to fit, which would reorder the batches.",
    )


def _in_its_own_order(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """An OrderedDict for a model built from a dict, which is sorted."""
    fed = tuple_of(case.reading.batches[0])[0]
    read_by_order = graph.is_built_by_dict(case.model)
    kept = isinstance(fed, OrderedDict) and list(fed) != sorted(fed)
    if kept and read_by_order:
        yield Row.of(
            "inputs",
            f"a dict with {', '.join(case.demands['input'])}",
            f"an OrderedDict with {', '.join(fed)}",
            "Make it a plain dict: dict(inputs). Keras sorts the keys of "
            "the model, and not those of an OrderedDict.",
            outcome=SILENT,
        )


def _behind_a_mask(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Gaps where a mask says that a value is there."""
    whole = case.whole.get("input", {})
    for name, mask in _masked_inputs(case.model):
        for index, part in enumerate([whole, *case.part("input")]):
            value = part.get(name)
            found = _gaps_seen(value, part.get(mask))
            if value is None or not found:
                continue
            batch = index > 0 and case.reading.in_batches
            at = f" in batch {index - 1}" if batch else ""
            yield Row.of(
                place("input", name),
                f'numbers wherever "{mask}" is 1',
                f"{describe(value)} with NaN or infinity in {found} of "
                f"{len(value)} rows where it is 1{at}",
                "Set the mask to 0 there: "
                f'with_presence(inputs, missing=["{name}"]).',
                outcome=NAN,
            )
            break


def _masked_inputs(model: keras.Model) -> Iterator[tuple[str, str]]:
    """Inputs that a layer reads beside a mask, and the mask of each.

    Such a layer gets its values first, then as many masks.
    """
    found: dict[Any, dict[int, str]] = {}
    for name, tensor in graph.inputs_of(model).items():
        for read in graph.reads(model, tensor):
            if isinstance(read.node.operation, MASKED):
                found.setdefault(read.node, {})[read.place] = name
    for node, names in found.items():
        count = len(node.input_tensors) // 2
        for number in range(count):
            if {number, number + count} <= set(names):
                yield names[number], names[number + count]


def _gaps_seen(value: Any, mask: Any) -> int:
    """Rows with a gap that the mask does not cover."""
    if not is_plain(value) or not is_plain(mask):
        return 0
    if value.ndim == 0 or value.dtype.kind + mask.dtype.kind not in _MASKED:
        return 0
    axes = (*mask.shape, *(1,) * value.ndim)[: value.ndim]
    try:
        there = np.broadcast_to(mask.reshape(axes), value.shape)
    except ValueError:  # told by its shape
        return 0
    count, inner = 0, tuple(range(1, value.ndim))
    for values, seen in zip(in_chunks(value), in_chunks(there)):
        bad = ~np.isfinite(values) & seen.astype(bool)
        count += int(bad.any(axis=inner).sum())
    return count


QUESTIONS: tuple[Callable[[Case, Sequence[Row]], Iterator[Row]], ...] = (
    _in_turn,
    _none_inside,
    _dict_for_one,
    _behind_a_mask,
    _uneven,
    _empty,
    _without_axes,
    _unscaled,
    _too_short,
    _by_position,
    _in_its_own_order,
    _reordered,
    *OF_THE_MODEL,
    *OF_LOSSES,
)
