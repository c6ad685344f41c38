"""Questions about the model alone, and about what ``compile`` was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion import graph
from companion.checking.case import Case
from companion.checking.reading import tuple_of
from companion.checking.report import Row
from companion.errors import place
from companion.rules import FAILS, SILENT, TRAINS


def _undeclared(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Models whose inputs cannot be checked by name."""
    if not case.demands["input"]:
        yield Row.of(
            "model",
            "a model that declares its inputs",
            type(case.model).__name__,
            "Only Keras' own run is checked. For the rest build it from "
            "named inputs: keras.Model([a, b], y).",
            outcome=TRAINS,
        )
    unnamed = graph.unnamed_inputs(case.model)
    if unnamed and len(case.demands["input"]) > 1:
        by_position = case.batches[0].positional
        yield Row.of(
            "model",
            "a name for every Input",
            f"{len(unnamed)} without one",
            'Name it: keras.Input(..., name="zone"). Without names data '
            "can only be fed by position.",
            outcome=TRAINS if by_position else FAILS,
            seen=True,
        )


def _not_adapted(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A layer that should have learned from data before training."""
    for layer in graph.layers_not_adapted(case.model):
        yield Row.of(
            place("layer", layer.name),
            "a layer that was adapted to training rows",
            f"a {type(layer).__name__} that has seen no data",
            "Call layer.adapt(rows) before you train. Until then it "
            "changes nothing.",
            outcome=SILENT,
        )


def _frozen(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Weights that will not learn, or will in spite of all."""
    model = case.model
    if model.compiled and model.weights and not model.trainable_weights:
        yield Row.of(
            "model",
            "weights that can be trained",
            "none: all layers are frozen",
            "Set layer.trainable = True, then compile again.",
            outcome=TRAINS,
        )
    for layer in graph.changed_since_training(model)[:1]:
        yield Row.of(
            place("layer", layer.name),
            "what it was when the model was compiled",
            f"trainable={layer.trainable} since then",
            "Compile again: a model that was trained goes on as before.",
            outcome=SILENT,
        )


def _one_row(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """One row, from which BatchNormalization takes its own mean."""
    values = [v for part in case.part("input") for v in part.values()]
    alone = any(getattr(value, "shape", ())[:1] == (1,) for value in values)
    batched = keras.layers.BatchNormalization
    if alone and graph.has_layer(case.model, batched):
        yield Row.of(
            "batch",
            "more than one row, for the BatchNormalization",
            "a batch of one row",
            "Use drop_last=True, or another batch_size: of one row it "
            "makes 0.",
            outcome=TRAINS,
        )


# What compile was given


def _by_name(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Arguments of ``compile`` that name anything but an output."""
    given = graph.compiled_with(case.model)
    outputs = list(graph.outputs_of(case.model))
    if not outputs or graph.own_code(case.model):
        return
    for argument in ("loss", "metrics", "weighted_metrics"):
        named = given[argument]
        named = named if isinstance(named, Mapping) else ()
        strange = [name for name in named if name not in outputs]
        if strange:
            stops = argument == "loss"
            logs = not stops and len(outputs) == 1
            why = " Keras logs it under another name." if logs else ""
            yield Row.of(
                argument,
                f"only names of outputs: {', '.join(outputs)}",
                ", ".join(map(str, strange)),
                f"Name it after an output.{why}",
                outcome=FAILS if stops or len(outputs) > 1 else TRAINS,
                seen=case.training,
            )
    yield from _loss_weights(given, outputs, case.training)


def _loss_weights(
    given: Mapping[str, Any], outputs: list[str], seen: bool
) -> Iterator[Row]:
    weights, losses = given["loss_weights"], given["loss"]
    if not isinstance(weights, Mapping):
        return
    losses = list(losses) if isinstance(losses, Mapping) else outputs
    wide = [n for n, w in weights.items() if isinstance(w, np.float64)]
    received = f"weights for {', '.join(map(str, weights))}"
    if set(weights) < set(losses):
        fix, outcome = "Give each loss its weight: Keras stops.", FAILS
    elif set(weights) != set(losses):
        fix = (
            "Give each loss its weight by name: Keras hands out others in "
            "alphabetical order."
        )
        outcome = SILENT
    elif wide and len(wide) < len(weights):  # all of one type run
        received = f"float64 of NumPy for {', '.join(wide)}"
        fix = "Make it a plain number: float(weight). TensorFlow stops."
        outcome = FAILS
    else:
        return
    expected = f"one weight for each of {', '.join(losses)}"
    yield Row.of(
        "loss_weights", expected, received, fix, outcome=outcome, seen=seen
    )


def _in_order(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Lists for outputs that are a dict, which Keras sorts by name."""
    outputs = list(graph.outputs_of(case.model))
    count = len(getattr(case.model, "outputs", None) or [])
    given = graph.compiled_with(case.model)
    named = graph.has_dict_outputs(case.model)
    by_name = isinstance(given["loss_weights"], Mapping)
    if by_name and _is_list(given["loss"]):
        yield _of_order("loss_weights", outputs, "a dict beside a list")
    parts = (*tuple_of(case.reading.batches[0]), None, None)
    given = {"targets": parts[1], "sample weights": parts[2], **given}
    for argument, values in given.items():
        if not _is_list(values):
            continue
        each = argument not in ("metrics", "weighted_metrics")
        several = count > 1 and len(values) == count
        if argument == "loss" and outputs and len(values) != count:
            received = f"{len(values)} for {count} outputs"
            yield _of_order(argument, outputs, received)
        elif several and (each or any(map(_is_list, values))):
            if named and outputs != sorted(outputs):
                yield _of_order(argument, outputs, "a list")
        elif several and not each:
            received = "a list with one for each output"
            yield _of_order(argument, outputs, received)


def _some_targets(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Targets of the outputs that have a loss, and of no other.

    Keras sorts by name what is a dict, and hands out the rest in order.
    """
    outputs = graph.outputs_of(case.model)
    asked = list(graph.losses_of(case.model))
    given = (*tuple_of(case.reading.batches[0]), None)[1]
    loss = graph.compiled_with(case.model)["loss"]
    if graph.has_dict_outputs(case.model):
        mixed = _is_list(given)
    else:
        mixed = isinstance(given, dict) and _is_list(loss)
    if not mixed or asked == sorted(asked):
        return
    if len(given) == len(asked) < len(outputs):
        yield Row.of(
            "targets",
            f"one for each output, by name: {', '.join(outputs)}",
            f"{len(given)} for {len(outputs)} outputs",
            "Give those without a loss too: Keras hands out some of them "
            "in the order of the sorted names.",
            outcome=SILENT,
        )


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _of_order(argument: str, outputs: list[str], received: str) -> Row:
    named = ", ".join(f'"{name}": ...' for name in outputs)
    why = (
        "Keras hands out a list in the order of the sorted names, or in "
        "part."
    )
    if "metrics" in argument:
        why = "Keras gives each output one of the list."
    return Row.of(
        argument,
        "a dict by the names of the outputs",
        received,
        f"Give each by its name: {{{named}}}. {why}",
        outcome=TRAINS if "metrics" in argument else SILENT,
    )


OF_THE_MODEL = (
    _undeclared,
    _not_adapted,
    _frozen,
    _one_row,
    _by_name,
    _in_order,
    _some_targets,
)
