"""A case for each thing that `check` looks for.

A case holds what is given, the nearest thing that is fine, and the same
data after the advice was followed. What `check` says of it stands nowhere
here: `told` asks. The page *What check looks for* shows the cases, and the
tests hold them against Keras.
"""

from __future__ import annotations

import html

from companion.lab.contract_cases import (
    batches,
    compiled,
    inputs,
    targets,
    weights,
)
from companion.lab.contract_cases.case import Case, told

CASES: tuple[Case, ...] = (
    *inputs.CASES,
    *targets.CASES,
    *weights.CASES,
    *batches.CASES,
    *compiled.CASES,
)


GROUPS = tuple(dict.fromkeys(case.group for case in CASES))


class Table:
    """The cases of a group: a table in a notebook, text when printed.

    Cases of which `check` says the same share a line.
    """

    columns = (
        "what is given",
        "what Keras does",
        "what check expects",
        "what to do",
    )

    def __init__(self, group: str) -> None:
        self.group = group
        names: dict[tuple[str, ...], list[str]] = {}
        for case in CASES:
            if case.group == group:
                problem = told(case)
                said = case.keras, problem.expected, problem.fix
                names.setdefault(said, []).append(case.name)
        self.lines = [
            (_joined(each), *said) for said, each in names.items()
        ]

    def __repr__(self) -> str:
        return "\n".join(" | ".join(line) for line in self.lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{n}</th>' for n in self.columns)
        lines = []
        for line in self.lines:
            first, *others = map(html.escape, line)
            data = "".join(f"<td>{text}</td>" for text in others)
            lines.append(f'<tr><th scope="row">{first}</th>{data}</tr>')
        return (
            '<div style="overflow-x: auto">'
            '<table style="text-align: left">'
            f"<caption>What check looks for: {self.group}</caption>"
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table></div>"
        )


def table(group: str) -> Table:
    """The cases of a group, for a page.

    Example:
        >>> str(table("batches")).splitlines()[0].split(" | ")[:2]
        ['a list of inputs', 'stops with an error']
    """
    return Table(group)


def _joined(names: list[str]) -> str:
    """Several names in one; what they begin with is said once."""
    begin = names[0].split(": ")[0] + ": "
    several = all(name.startswith(begin) for name in names)
    if not several:
        return "; ".join(names)
    return begin + ", ".join(name.removeprefix(begin) for name in names)
