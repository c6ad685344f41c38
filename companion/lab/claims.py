"""Claims: sentences of the book that a cell checks."""

from __future__ import annotations

import html

from IPython.display import display

#: Key of a claim in the metadata of an output.
METADATA = "claim"


def claim(
    text: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    limit: float | None = None,
) -> None:
    """Checks a sentence and shows that it holds.

    The row shown names the claim and its bound. The measured value goes
    into the metadata of the output, from where ``make proofs`` collects it
    over several seeds; the status page of the book shows them all.

    Args:
        text: The claim, a sentence; unique in its chapter.
        value: What was measured.
        at_least: The value must not be lower. Give this or ``at_most``.
        at_most: The value must not be higher.
        limit: The best possible value, if it is known.

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
        "limit": None if limit is None else float(limit),
        "holds": bool(holds),
    }
    line = f"{'✓' if holds else '✗'} {text} ({bound})"
    display(_Line(line), metadata={METADATA: record})
    if not holds:
        raise AssertionError(
            f"The claim must hold: {text}, {bound}. "
            f"Received: value={value:g}"
        )


class _Line:
    """A line of text, set off by a rule in a notebook."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        style = "border-left: 0.25rem solid; padding-left: 0.75rem"
        return f'<p style="{style}">{html.escape(self.text)}</p>'
