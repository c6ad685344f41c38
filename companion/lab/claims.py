"""Claims: sentences of the book that a cell checks."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.display import display

#: Key of a claim in the metadata of an output.
METADATA = "claim"
#: What the claims measured with other seeds, beside the page that runs.
_PROOFS = Path("proofs.json")
_UNPROVEN = "other seeds: not yet, make proofs runs them; "
#: Colour of the line of a bound: seen on white and on black.
_BOUND = "#d9730d"


def claim(
    text: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    reference: float | None = None,
    reference_is: str = "best possible",
) -> None:
    """Checks a sentence and shows that it holds.

    The row shown names the claim and its bound; a notebook also shows what
    was measured, and the spread over five other seeds. The value goes into
    the metadata of the output, too, from where ``make proofs`` collects it
    seed by seed, into the file that the spread comes from.

    Args:
        text: The claim, a sentence; unique in its chapter.
        value: What was measured.
        at_least: The value must not be lower. Give this or ``at_most``.
        at_most: The value must not be higher.
        reference: A value to compare with, if one is known.
        reference_is: Which kind: the best possible value, what chance
            gives, what real data give, and so on.

    Raises:
        AssertionError: If the claim does not hold.
        ValueError: If there is not exactly one bound.

    Example:
        >>> claim("two is more than one", 2, at_least=1)
        ✓ two is more than one (at least 1)
    """
    if (at_least is None) == (at_most is None):
        raise ValueError(
            "A claim has one bound: at_least or at_most. "
            f"Received: at_least={at_least}, at_most={at_most}"
        )
    if at_least is not None:
        holds, bound = value >= at_least, f"at least {at_least:g}"
    elif at_most is not None:
        holds, bound = value <= at_most, f"at most {at_most:g}"
    record = {
        "claim": text,
        "value": float(value),
        "bound": bound,
        "reference": None if reference is None else float(reference),
        "reference_is": None if reference is None else reference_is,
        "holds": bool(holds),
    }
    proofs = json.loads(_PROOFS.read_text()) if _PROOFS.exists() else []
    display(_Line(record, proofs), metadata={METADATA: record})
    if not holds:
        raise AssertionError(
            f"The claim must hold: {text}, {bound}. "
            f"Received: value={value:g}"
        )


def as_html(
    record: Mapping[str, Any], proofs: Sequence[Mapping[str, Any]]
) -> str:
    """A claim as a notebook shows it, set off by a rule.

    What differs between machines and seeds is marked with a class of its
    own, ``measured``: when outputs are compared, it is left out.

    Args:
        record: What the claim put into the metadata of its output.
        proofs: The rows of ``proofs.json``. The one of the same claim and
            bound tells the spread, if there is one.

    Returns:
        A paragraph of HTML.
    """
    values = [
        value
        for proof in proofs
        if (proof["claim"], proof["bound"])
        == (record["claim"], record["bound"])
        for value in proof["values"]
    ]
    ends = [min(values), max(values)] if values else []
    measured, *spread = _written([record["value"], *ends])
    seeds = "" if values or not proofs else _UNPROVEN
    if spread:
        count = "five" if len(values) == 5 else str(len(values))
        count += " other seed" if len(values) == 1 else " other seeds"
        seeds = f"{count}: {' to '.join(dict.fromkeys(spread))}; "
    beside = ""
    if record.get("reference") is not None:
        (number,) = _written([record["reference"]])
        beside = f"; {record['reference_is']}: {number}"
    style = "border-left: 0.25rem solid; padding-left: 0.75rem"
    return (
        f'<p style="{style}">{_sign(record)} {html.escape(record["claim"])}'
        + _marked(f": {measured}")
        + f" ({_marked(seeds)}{html.escape(record['bound'])}"
        + f"{_marked(html.escape(beside))})"
        + (_dots(record, values) if values else "")
        + "</p>"
    )


def _dots(record: Mapping[str, Any], values: Sequence[float]) -> str:
    """The seeds as dots, the bound as a line, the reference dashed."""
    bound, beside = _number(record["bound"]), record.get("reference")
    marks = [bound] if beside is None else [bound, beside]
    ends = [x for x in (*values, *marks) if math.isfinite(x)]
    low, high = min(ends), max(ends)
    width = high - low or 1.0

    def across(x: float) -> str:
        share = (min(max(x, low), high) - low) / width
        return f"{6 + 108 * share:.1f}"

    shapes = [
        f'<line x1="{across(mark)}" x2="{across(mark)}" y1="1" y2="15" '
        f'stroke="{colour}" stroke-width="2"{dashed}/>'
        for mark, colour, dashed in zip(
            marks, (_BOUND, "currentColor"), ("", ' stroke-dasharray="3 2"')
        )
    ] + [
        f'<circle cx="{across(value)}" cy="8" r="3.5" fill="currentColor" '
        'fill-opacity="0.55"/>'
        for value in values
        if not math.isnan(value)
    ]
    words = f"each seed a dot, the bound {record['bound']} a line"
    words += "" if beside is None else f", {record['reference_is']} dashed"
    return (
        '<svg class="measured" role="img" width="120" height="16" '
        f'style="display: block" aria-label="{html.escape(words)}">'
        f"{''.join(shapes)}</svg>"
    )


def _number(bound: str) -> float:
    """The number of a bound, as of "at least 0.5"."""
    return float(bound.rpartition(" ")[2])


def _sign(record: Mapping[str, Any]) -> str:
    return "✓" if record["holds"] else "✗"


def _marked(words: str) -> str:
    return f'<span class="measured">{words}</span>' if words else ""


def _written(values: Sequence[float]) -> list[str]:
    """Numbers to be compared: the largest in three digits, all alike."""
    largest = max(abs(value) for value in values)
    places = 2
    if math.isfinite(largest) and largest > 0:
        places = min(max(2 - math.floor(math.log10(largest)), 0), 4)
    return [f"{round(value, places) + 0.0:,.{places}f}" for value in values]


class _Line:
    """A claim in a line: in a terminal as text, in a notebook with more."""

    def __init__(
        self,
        record: Mapping[str, Any],
        proofs: Sequence[Mapping[str, Any]],
    ) -> None:
        self.record, self.proofs = record, proofs

    def __repr__(self) -> str:
        record = self.record
        return f"{_sign(record)} {record['claim']} ({record['bound']})"

    def _repr_html_(self) -> str:
        return as_html(self.record, self.proofs)
