"""Runs every Python block of a Markdown page, and tells what each printed.

Before every block the page's setup is run anew; names that earlier blocks
of the same entry defined stay. Called as ``run_page.py PAGE``, it prints a
JSON list with one object per block.
"""

import contextlib
import io
import json
import re
import sys
import warnings
from pathlib import Path

import keras

#: The heading of the section whose first block is the setup.
SETUP = "The examples use"

_PIECE = re.compile(
    r"^#{2,} (?P<heading>[^\n]+)$"
    r"|^```(?P<language>\w+)\n(?P<content>.*?)^```$"
    r"|^(?P<prose>\S[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)


def blocks_of(page):
    """The Python blocks, with the entry, the label and what must follow."""
    blocks, entry, label, directly = [], "", "", False
    for piece in _PIECE.finditer(page):
        if piece["heading"]:
            entry, label = piece["heading"], ""
        elif piece["prose"]:
            label = piece["prose"]
        elif piece["language"] == "python":
            blocks.append(
                {
                    "entry": entry,
                    "label": label,
                    "code": piece["content"],
                    "expected": "",
                }
            )
        elif piece["language"] == "text" and directly:
            blocks[-1]["expected"] = piece["content"]
        directly = piece["language"] == "python"
    return blocks


def printed_by(code, names):
    """What a block prints: its output, then warnings, then its error.

    Warnings are those that Python shows by default.
    """
    out, error = io.StringIO(), ""
    with warnings.catch_warnings(record=True) as seen:
        with contextlib.redirect_stdout(out):
            try:
                exec(code, names)
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"
    said = [f"{w.category.__name__}: {w.message}" for w in seen]
    return "\n".join(filter(None, [out.getvalue(), *said, error]))


def run(page):
    """Every block but the setup, with what it printed."""
    blocks = blocks_of(page)
    setup = next(b for b in blocks if b["entry"] == SETUP)
    blocks.remove(setup)
    entry, names = None, {}
    for block in blocks:
        if block["entry"] != entry:
            entry, names = block["entry"], {"__name__": "__main__"}
        keras.backend.clear_session(free_memory=False)
        exec(setup["code"], names)
        block["printed"] = printed_by(block["code"], names)
    return blocks


if __name__ == "__main__":
    ran = run(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump(ran, sys.stdout)
