"""Pairs of images, and in words what was done to one to get the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from companion.lab.glyphs import MARKS, Glyphs

#: What tells a glyph: base letter, mark, family, bold, slanted.
_Key = tuple[str, str, str, bool, bool]


def glyph_edits(drawn: Glyphs) -> tuple[np.ndarray, np.ndarray]:
    """Every edit of one step that the fonts know the result of.

    An accent is added or removed, a letter made bold, light, slanted,
    upright, a capital or small, and given serifs or not. What comes out is
    not made up: it is the glyph that the font has. Every edit has its
    opposite. The few that change no pixel are left out.

    Taught in the chapter *Image and text to image*.

    Args:
        drawn: The glyphs.

    Returns:
        int64 ``(edits, 2)``, the glyph before and after, and str
        ``(edits,)``, the instruction: "add an acute".

    Example:
        >>> from companion.lab.glyphs import glyphs
        >>> drawn = glyphs()
        >>> rows, texts = glyph_edits(drawn)
        >>> before, after = drawn.letters[rows[0]]
        >>> str(before), str(texts[0]), str(after)
        ('A', 'add an acute', '\u00c1')
    """
    keys: list[_Key] = [
        (base, mark, family, bool(bold), bool(slanted))
        for base, mark, family, bold, slanted in zip(
            drawn.bases.tolist(),
            drawn.marks.tolist(),
            drawn.families.tolist(),
            drawn.bold,
            drawn.slanted,
        )
    ]
    places = {key: row for row, key in enumerate(keys)}
    edits = [
        (row, places[wanted], text)
        for row, key in enumerate(keys)
        for text, wanted in _instructions(*key)
        if wanted in places
        and (drawn.images[places[wanted]] != drawn.images[row]).any()
    ]
    before, after, texts = zip(*edits)
    return np.stack([before, after], axis=1), np.array(texts)


def _instructions(
    base: str, mark: str, family: str, bold: bool, slanted: bool
) -> Iterator[tuple[str, _Key]]:
    """What can be done to a glyph, and which glyph that would be."""
    if mark == "plain":
        for word in MARKS:
            text = f"add {'an' if word == 'acute' else 'a'} {word}"
            yield text, (base, word, family, bold, slanted)
    else:
        text = f"remove the {mark}"
        yield text, (base, "plain", family, bold, slanted)
    other = base.swapcase()
    if other.swapcase() == base:
        text = "make it small" if base.isupper() else "make it a capital"
        yield text, (other, mark, family, bold, slanted)
    text = "make it light" if bold else "make it bold"
    yield text, (base, mark, family, not bold, slanted)
    text = "make it upright" if slanted else "slant it"
    yield text, (base, mark, family, bold, not slanted)
    if family == "sans":
        yield "give it serifs", (base, mark, "serif", bold, slanted)
    elif family == "serif":
        yield "remove its serifs", (base, mark, "sans", bold, slanted)
