"""Value by value: each part of a batch, as the model asks for it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from companion.building.gan import ConditionalGAN
from companion.checking.case import Case
from companion.checking.demands import Demand
from companion.checking.report import Row
from companion.checking.targets import counted
from companion.errors import Problem, place
from companion.graph import has_lone_output, is_built_by_dict
from companion.rules import FAILS, SILENT, TRAINS, Fault, first_fault
from companion.values import describe, is_plain

#: Names that a report lists; of more it tells how many.
_LISTED = 5


def inputs(case: Case) -> Iterator[Row]:
    """A row per input, one for the form of the batch."""
    if "" in case.batches[0].faults:
        yield Row.of_fault("batch", case.batches[0].faults[""], seen=True)
    elif case.demands["input"]:
        yield from _part(case, "input", case.demands["input"])


def targets(case: Case) -> Iterator[Row]:
    """One row per target, or for their absence."""
    given = case.part("target")[0]
    demanded = case.demands["target"]
    if "" in case.batches[0].faults or not demanded:
        return
    if _is_lone(case, given):
        return
    if "" in given and len(demanded) > 1 and not _needs_all(case):
        yield Row.of(
            "targets",
            f"{len(demanded)} targets: {', '.join(demanded)}",
            f"one array, {describe(given[''])}",
            f'Give each by its name: {{"{next(iter(demanded))}": ...}}.',
            seen=case.runs("target"),
        )
    elif given or "target" in case.batches[0].faults or _needs_all(case):
        yield from _part(case, "target", _for_a_lone_one(given, demanded))
    elif (
        case.reading.in_batches
        and case.model.compiled
        and not all(demand.optional for demand in demanded.values())
    ):
        yield Row.of(
            "target",
            "targets for the loss",
            "inputs alone",
            "Return (inputs, targets). Only predict does without.",
            outcome=TRAINS,
        )


def weights(case: Case) -> Iterator[Row]:
    """One row per sample weight, if there are any."""
    given = case.part("sample weight")[0]
    demanded = case.demands.get("sample weight")
    if demanded is None:
        for name, value in given.items():
            yield Row.of(
                place("sample weight", name),
                f"no sample weights for a {type(case.model).__name__}",
                describe(value),
                "Leave them out, or draw the rows that count more often.",
                seen=case.runs("sample weight"),
            )
    elif not demanded or _is_lone(case, given):  # no names to compare
        return
    elif "" in given and len(demanded) > 1:  # the same for each of them
        any_of = replace(next(iter(demanded.values())), rules=())
        yield from _part(case, "sample weight", {"": any_of})
    elif given or "sample weight" in case.batches[0].faults:
        of_each = _for_a_lone_one(given, demanded)
        yield from _part(case, "sample weight", of_each)


PARTS = (inputs, targets, weights)


def _is_lone(case: Case, given: Mapping[str, Any]) -> bool:
    """Whether names are given to what has none: a question tells."""
    return has_lone_output(case.model) and bool(given) and "" not in given


def _needs_all(case: Case) -> bool:
    """Whether targets are read by a network, and not by losses."""
    return isinstance(case.model, ConditionalGAN)


def _for_a_lone_one(
    given: Mapping[str, Any], demanded: Mapping[str, Demand]
) -> Mapping[str, Demand]:
    """One without a name stands for the only one that is asked for."""
    if "" in given and len(demanded) == 1:
        return {"": next(iter(demanded.values()))}
    return demanded


def _part(
    case: Case, role: str, demanded: Mapping[str, Demand]
) -> Iterator[Row]:
    """A row per name that is asked for, then one per name that is not."""
    if role in case.batches[0].faults:
        fault = case.batches[0].faults[role]
        yield Row.of_fault(f"{role}s", fault, case.runs(role))
        return
    given = list(dict.fromkeys(itertools.chain(*case.part(role))))
    extra = [name for name in given if name not in demanded]
    missing = [
        name
        for name, demand in demanded.items()
        if name not in given and not demand.optional
    ]
    for name, demand in demanded.items():
        if name in missing:
            yield _missing(case, role, name, extra)
        elif name in given:
            yield _row(case, role, name, demand)
    for name in extra[:_LISTED]:
        yield _extra(case, role, name, list(demanded), missing)
    if len(extra) > _LISTED:
        yield Row.of(
            f"{role}s",
            f"{len(demanded)} names",
            f"{len(given)} names",
            "Choose those of the model: {name: data[name] for name in "
            "names}.",
            outcome=_of_extra(case, role, extra),
        )


def _row(case: Case, role: str, name: str, demand: Demand) -> Row:
    """What is said of the values of one name: the gravest of it."""
    where, mild = place(role, name), None
    for fault, seen in _faults(case, role, name, demand):
        row = Row.of_fault(where, fault, seen)
        if row.verdict == "problem":
            return row
        mild = mild or row
    received = describe(case.value(role, name))
    fine = Row(Problem(where, demand.text, received, ""), "ok")
    return mild or fine


def _faults(
    case: Case, role: str, name: str, demand: Demand
) -> Iterator[tuple[Fault, bool]]:
    """What is wrong with the values, and whether Keras will read it.

    Of an array the whole is told, which has been counted to its end.
    """
    found, stops = [], FAILS if case.reading.in_batches else SILENT
    for index, batch in enumerate(case.batches):
        value = batch.by_role[role].get(name)
        if demand.optional and value is None:
            continue
        fault = _fault(value, _weights(batch.by_role, role, name), demand)
        fault = fault or _unequal(value, *case.first_rows[index], stops)
        if fault:
            found.append((fault, case.runs(role, index)))
    if name in case.whole.get(role, {}):
        value = case.whole[role][name]
        weights = _weights(case.whole, role, name)
        fault = _fault(value, weights, demand, demand.whole)
        if not case.reading.in_batches:  # a generator counts its own
            fault = fault or _unequal(value, *case.first_rows_whole, stops)
        if fault:
            alike = [s for f, s in found if f.outcome == fault.outcome]
            yield fault, any(alike)
    yield from found


def _weights(parts: Mapping[str, Any], role: str, name: str) -> Any:
    """The weights of a target, if there are any."""
    given = parts.get("sample weight", {}) if role == "target" else {}
    return given.get(name, given.get(""))


def _fault(
    value: Any, weights: Any, demand: Demand, more: tuple = ()
) -> Fault | None:
    """The gravest thing that is wrong with a value."""
    fault = demand.form(value)
    if fault and fault.outcome != TRAINS:
        return fault
    if is_plain(value) and value.size:
        found = first_fault(value, (*demand.rules, *more))
        seen = counted(value, weights)
        return found or first_fault(seen, demand.counted) or fault
    return fault


def _missing(case: Case, role: str, name: str, extra: list[Any]) -> Row:
    meant, demanded = _closest(name, extra), case.demands[role]
    fix, outcome = "Add it to the data under this name.", FAILS
    if meant:
        fix = f'Is it called "{meant}" in the data? Rename it.'
    of_losses = role == "target" and not _needs_all(case)
    if of_losses and len(demanded) > 1:
        fix += " Keras may take another in its place."
        outcome = SILENT  # it does if there are as many as losses
    return Row.of(
        place(role, name),
        demanded[name].text,
        "nothing under this name",
        fix,
        outcome=outcome,
        seen=case.runs(role),
    )


def _extra(
    case: Case,
    role: str,
    name: Any,
    expected: list[str],
    missing: list[str],
) -> Row:
    meant = _closest(name, missing)
    outcome = _of_extra(case, role, [name])
    fix = f"Leave it out. {_WHY.get((role, outcome), '')}".strip()
    if meant:
        fix, outcome = f'Is it meant for "{meant}"? Rename it.', FAILS
    return Row.of(
        place(role, str(name)),
        f"only the {role}s of the model: {', '.join(expected)}",
        describe(case.value(role, name)),
        fix,
        outcome=outcome,
        seen=case.runs(role),
    )


#: What Keras does with a name too many.
_WHY = {
    ("input", SILENT): "Keras would feed it in place of another.",
    ("input", TRAINS): "This model passes over it; one built from a dict "
    "would be fed it in place of another.",
    ("sample weight", TRAINS): "No output is called so.",
}


def _of_extra(case: Case, role: str, extra: list[Any]) -> str:
    """What Keras does with names that nothing is called by.

    It passes over those of inputs; but a model built from a dict is fed by
    the order of the names.
    """
    if _needs_all(case) and role != "input":
        return SILENT
    if role != "input":
        ignored = role == "sample weight" and case.reading.in_batches
        return TRAINS if ignored else FAILS
    if not is_built_by_dict(case.model):
        return TRAINS
    asked = list(map(str, case.demands["input"]))
    return SILENT if any(str(n) < max(asked) for n in extra) else TRAINS


def _closest(name: Any, names: list[Any]) -> str | None:
    if len(names) > 100 * _LISTED:
        return None
    close = difflib.get_close_matches(str(name), map(str, names), 1)
    return next(iter(close), None)


def _unequal(
    value: Any, first: str, count: int | None, stops: str
) -> Fault | None:
    """More or fewer rows than the first input beside it.

    Inputs of a batch may have rows of their own, as nodes and edges have:
    Keras tells. A single row it repeats.
    """
    shape = tuple(getattr(value, "shape", ()))
    if count is None or not shape or shape[0] in (None, count):
        return None
    return Fault(
        f'{count} rows, as in input "{first}"',
        f"{shape[0]} rows",
        "Row i of every array must belong to sample i.",
        SILENT if shape[0] == 1 else stops,
    )
