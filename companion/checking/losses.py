"""Questions about what a loss reads, and about what it gives."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from companion import graph
from companion.checking import targets
from companion.checking.case import Case
from companion.checking.reading import tuple_of
from companion.checking.report import Row
from companion.errors import place
from companion.rules import SILENT
from companion.values import describe, is_plain, shape_text

#: Losses that read shares, beside those whose names say so.
_OF_SHARES = ("kl_divergence", "dice", "tversky")
_SHARES = ("softmax", "sigmoid", "hard_sigmoid")
#: Activations of which a loss of several classes makes shares.
_POSITIVE = ("exponential", "softplus", "relu")
_TAKEN = "Keras takes any number for a share."


def _shares(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A loss that reads shares, and an output that gives none."""
    outputs, own = graph.outputs_of(case.model), graph.own_code(case.model)
    for name, loss in graph.losses_of(case.model).items():
        found = graph.last_activation(outputs[name])
        fault = _of_activation(loss, outputs[name], found)
        if loss.name and fault and not own:
            expected, fix = f"{fault[0]}, for {loss.name}", fault[1]
            where = place("output", name)
            yield Row.of(where, expected, found, fix, outcome=SILENT)


def _of_activation(
    loss: graph.LossOf, output: keras.KerasTensor, found: str
) -> tuple[str, str] | None:
    """What the last activation should be, and what to do about it."""
    if found == "softmax" and output.shape[-1] == 1:
        why = "Change it: of a single answer a softmax always makes 1."
        return "a sigmoid as its last activation", why
    logits = loss.name.endswith("crossentropy")
    if loss.reads_logits:
        if found not in _SHARES or _sees_shares(loss, output):
            return None
        return "no activation", f"Leave from_logits=True out. {_TAKEN}"
    fine = not found or found in _SHARES
    fine = fine or (found in _POSITIVE and "binary" not in loss.name)
    if fine or not (logits or loss.name in _OF_SHARES):
        return None
    fix = "Add it, or say from_logits=True." if logits else "Add it."
    return (
        "a softmax or a sigmoid as its last activation",
        f"{fix} {_TAKEN}",
    )


def _sees_shares(loss: graph.LossOf, output: keras.KerasTensor) -> bool:
    """Whether Keras finds by itself that these are no logits."""
    plain = "focal" not in loss.name and output.dtype == "float32"
    plain = plain and loss.settings.get("ignore_class") is None
    return plain and graph.comes_at_once(output)


def _unreduced(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A loss of several numbers, of which Keras takes the sum."""
    fine = [loss for loss, *_, values, _ in case.asked if not values.ndim]
    for loss in keras.tree.flatten(graph.compiled_with(case.model)["loss"]):
        own = type(loss).__call__ is not keras.losses.Loss.__call__
        several = getattr(loss, "reduction", "sum") in (None, "none")
        if several and not own and not any(loss is one for one in fine):
            yield Row.of(
                "loss",
                "a loss that is one number",
                "reduction=None",
                "Leave it out: Keras would take steps by the sum of all "
                "rows, and log their mean.",
                outcome=SILENT,
            )
            return


def _weighed(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Weights that a loss hands out to anything but samples."""
    role = "sample weight"
    if graph.own_code(case.model) or not any(case.part(role)):
        return
    for _, output, at, _, values, by_sample in case.asked:
        rule = functools.partial(targets.weights_of_a_batch, output.ndim)
        if by_sample:
            shape = values.shape[1:]
            rule = functools.partial(targets.weights_of_samples, shape)
        for part in (case.whole.get(role, {}), *case.part(role)):
            name = at if at in part else ""
            weights = part.get(name)
            if not is_plain(weights) or targets.numbers(weights):
                continue  # told elsewhere
            if fault := rule(weights):
                yield Row.of_fault(place(role, name), fault, False)
                break


def _column_of_weights(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """A column of weights, and a list with a single output."""
    parts = (*tuple_of(case.reading.batches[0]), None)
    listed = isinstance(parts[1], (list, tuple))
    if not graph.has_list_of_one(case.model) or not listed:
        return
    if [by_sample for *_, by_sample in case.asked] == [False]:
        return  # their mean is all it takes
    for name, value in case.part("sample weight")[0].items():
        if getattr(value, "ndim", 1) == 2 and value.shape[1] == 1:
            yield Row.of(
                place("sample weight", name),
                "one number per sample, (batch,)",
                describe(value),
                "Drop the last axis: weights[:, 0]. Keras stacks a list of "
                "one output, and every row would get the mean weight.",
                outcome=SILENT,
            )


def _flat(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """Targets that a loss of one's own sets each against every answer."""
    for loss, output, at, wanted, values, _ in case.asked:
        known = graph.loss_of(loss, output).name
        if known or wanted.ndim != output.ndim - 1 or output.shape[-1] != 1:
            continue
        column = np.asarray(wanted)[..., None]
        found = graph.values_of(loss, column, output)
        if found and not np.isclose(found[0].mean(), values.mean()):
            yield Row.of(
                place("target", at),
                f"the axes of the output, {shape_text(output.shape[1:])}",
                describe(wanted),
                "Add the last axis: targets[..., None]. This loss gets "
                "them as they are, and sets each against every answer.",
                outcome=SILENT,
            )


OF_LOSSES = (_shares, _unreduced, _column_of_weights, _weighed, _flat)
