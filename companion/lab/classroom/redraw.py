"""Constants of a graded sheet, drawn anew for each class.

A sheet has one cell with the tag ``parameters``. Each line of it names a
constant and what it may be, as a place in a tuple or in a range::

    UNITS = range(17, 48)[0]
    NAME = ("photo", "scan", "sketch")[0]

So the sheet runs as it is. `redraw` takes another place for each seed, and
writes the values where the names stood: in tasks, answers and tests. What
a learner wrote last year has last year's values in it.
"""

from __future__ import annotations

import ast
import copy
import re
import zlib
from functools import partial
from typing import Any

from nbformat import NotebookNode

from companion.lab.classroom.errors import ClassroomError

TAG = "parameters"


def parameters_of(sheet: NotebookNode) -> NotebookNode | None:
    """The cell that says what is drawn, or None.

    Args:
        sheet: A notebook.
    """
    tagged = (c for c in sheet.cells if TAG in c.metadata.get("tags", []))
    return next(tagged, None)


def choices(source: str) -> dict[str, tuple[Any, ...]]:
    r"""What each constant may be.

    Args:
        source: The code of the cell with the tag ``parameters``.

    Returns:
        Name to values, at least two.

    Raises:
        ClassroomError: If a line is no place in a tuple or a range, or
            there is nothing to choose.

    Example:
        >>> choices('WIDTH = range(3, 6)[0]\nNAME = ("age", "size")[1]')
        {'WIDTH': (3, 4, 5), 'NAME': ('age', 'size')}
    """
    found = {}
    line, received = 1, source
    try:
        for each in ast.parse(source).body:
            line, received = each.lineno, ast.unparse(each)
            name, values = _choice(each)
            found[name] = values
    except (SyntaxError, TypeError, ValueError):
        raise ClassroomError.of(
            f"the parameters, line {line}",
            "a place in a tuple or a range with two values or more, each "
            "once: `N = range(3, 9)[0]`",
            received,
            "Write what the constant may be.",
        ) from None
    return found


def _choice(line: ast.stmt) -> tuple[str, tuple[Any, ...]]:
    """Name and values of one line; a ValueError for any other line."""
    match line:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Subscript(value=ast.Tuple() as listed),
        ):
            values = tuple(ast.literal_eval(listed))
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Subscript(
                value=ast.Call(func=ast.Name(id="range"), args=ends)
            ),
        ):
            values = tuple(range(*map(ast.literal_eval, ends)))
        case _:
            raise ValueError
    if len(values) < 2 or len(set(values)) < len(values):
        raise ValueError  # another year would not differ
    return name, values


def drawn(source: str, seed: int) -> dict[str, Any]:
    """The value of each constant for a seed.

    Consecutive seeds differ in every constant: each seed takes the next
    of its values, from a beginning that depends on the name.

    Args:
        source: The code of the cell with the tag ``parameters``.
        seed: Such as the year.

    Returns:
        Name to value; ``SEED`` is among them.

    Example:
        >>> drawn("WIDTH = range(3, 6)[0]", 2026)
        {'SEED': 2026, 'WIDTH': 4}
        >>> drawn("WIDTH = range(3, 6)[0]", 2027)
        {'SEED': 2027, 'WIDTH': 5}
    """
    return {"SEED": seed} | {
        name: values[(zlib.crc32(name.encode()) + seed) % len(values)]
        for name, values in choices(source).items()
    }


def redraw(sheet: NotebookNode, seed: int) -> NotebookNode:
    """A sheet with the values of a seed in place of its constants.

    Args:
        sheet: A notebook with a cell tagged ``parameters``.
        seed: Such as the year.

    Returns:
        A new notebook without that cell.

    Raises:
        ClassroomError: If a line of that cell cannot be read.
    """
    sheet = copy.deepcopy(sheet)
    parameters = parameters_of(sheet)
    values = drawn(parameters.source if parameters else "", seed)
    names = re.compile(rf"\b({'|'.join(values)})\b")
    sheet.cells = [cell for cell in sheet.cells if cell is not parameters]
    for cell in sheet.cells:
        # Single quotes, by repr, may also stand in a text in double ones.
        write = repr if cell.cell_type == "code" else str
        texts = {name: write(value) for name, value in values.items()}
        cell.source = names.sub(partial(_text, texts), cell.source)
    sheet.metadata["classroom"] = {"seed": seed}
    return sheet


def _text(texts: dict[str, str], found: re.Match[str]) -> str:
    return texts[found[1]]
