"""What a check found: text when printed, a table in a notebook."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass

from companion.checking.entries import more_about
from companion.errors import Problem
from companion.rules import FAILS, Fault

_COLUMNS = ("name", "model expects", "data gives", "verdict", "what to do")
_SIGNS = {
    "ok": "✓ ok",
    "problem": "✗ problem",
    "warning": "! warning",
    "note": "· note",
}


@dataclass(frozen=True)
class Row:
    """One line of a report: a place and a verdict on it.

    Args:
        problem: The place, and what is wrong there.
        verdict: One of the words above.
        outcome: What Keras does with it; empty if nothing is wrong.
        seen: Whether it is in what Keras runs first.
    """

    problem: Problem
    verdict: str
    outcome: str = ""
    seen: bool = False

    @classmethod
    def of(
        cls,
        where: str,
        expected: str,
        received: str,
        fix: str,
        *,
        outcome: str = FAILS,
        seen: bool = False,
    ) -> Row:
        """The row of something that is wrong, in its four parts."""
        fault = Fault(expected, received, fix, outcome)
        return cls.of_fault(where, fault, seen)

    @classmethod
    def of_fault(cls, where: str, fault: Fault, seen: bool) -> Row:
        """The row of what a rule says of a place."""
        return cls(fault.at(where), fault.verdict, fault.outcome, seen)

    @classmethod
    def note(cls, *texts: str) -> Row:
        """The row of something that no check can see."""
        return cls(Problem(*texts), "note")

    @property
    def gravity(self) -> int:
        """How grave it is, from 0 for ``ok`` on."""
        return ("ok", "note", "warning", "problem").index(self.verdict)

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of the line, in the order of the columns."""
        p = self.problem
        sign = _SIGNS[self.verdict]
        return p.where, p.expected, p.received, sign, p.fix


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
        return self._with("problem")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What runs, but will probably not train well."""
        return self._with("warning")

    def _with(self, verdict: str) -> tuple[Problem, ...]:
        return tuple(r.problem for r in self.rows if r.verdict == verdict)

    @property
    def more(self) -> list[str]:
        """Lines that say where the book has more about what was found.

        Problems are left out: the error that follows ends with theirs.
        """
        return [] if self.problems else more_about(self.warnings)

    def __repr__(self) -> str:
        table = [_COLUMNS, *(row.cells for row in self.rows)]
        widths = [max(map(len, texts)) for texts in zip(*table)]
        lines = [
            "  ".join(map(str.ljust, cells, widths)).rstrip()
            for cells in table
        ]
        return "\n".join([*lines, *self.more])

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
            f"<tbody>{''.join(lines)}</tbody></table>"
            f"{''.join(f'<p>{line}</p>' for line in self.more)}</div>"
        )


def show(report: Report) -> None:
    """Displays the table, if there is a notebook to display it in."""
    if "IPython" in sys.modules:
        from IPython import display, get_ipython

        if hasattr(get_ipython(), "kernel"):
            display.display(report)
