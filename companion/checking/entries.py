"""Where the book says more about a problem: the troubleshooting pages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files

from companion.errors import Problem

#: Texts on problems and errors, which are no code.
WORDS = tomllib.loads(files(__package__).joinpath("words.toml").read_text())
#: Page, then entry, then words that only its problem has.
_WORDS = WORDS["entries"]


def entry_of(said: str) -> str | None:
    """The page and the anchor of the entry on a problem, if there is one.

    Args:
        said: The problem, as `check` says it.

    Example:
        >>> entry_of("batch: expected a dict. Received: a list of 2. "
        ...          "TensorFlow takes a list for one tensor.")
        'troubleshooting-data.html#trouble-list'
    """
    for page, entries in _WORDS.items():
        for name, words in entries.items():
            if re.search(words, said):
                return f"troubleshooting-{page}.html#trouble-{name}"
    return None


def more_about(problems: Iterable[Problem]) -> list[str]:
    """A line for each entry of the book on some of these problems."""
    found = dict.fromkeys(entry_of(str(problem)) for problem in problems)
    return [f"See {entry} in the book." for entry in found if entry]
