"""Pairs of images, and in words what was done to one to get the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from companion.feeding.images import scaled
from companion.lab.glyphs import MARKS, Glyphs, glyphs

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


@dataclass(frozen=True)
class LetterEdits:
    """Latin letters before and after an instruction, to train and to test.

    Attributes:
        images: float32 ``(glyphs, 32, 32, 1)``, 0 (paper) to 1 (ink).
        train: int64 ``(samples, 2)``, the glyph before and after.
        train_texts: str ``(samples,)``, the instruction.
        test: int64 ``(samples, 2)``, of letters that training lacks.
        test_texts: str ``(samples,)``.
    """

    images: np.ndarray
    train: np.ndarray
    train_texts: np.ndarray
    test: np.ndarray
    test_texts: np.ndarray


#: What the chapter teaches, of all that can be done to a letter.
_TAUGHT = re.compile(
    r".*(acute|grave|dot|caron)|make it (bold|light|upright)|slant it"
)


def letter_edits(
    seed: int = 0, num_train: int = 28_800, num_test: int = 500
) -> LetterEdits:
    """Twelve instructions for Latin letters, each as frequent in training.

    An acute, grave, dot or caron is added or removed, a letter made bold,
    light, slanted or upright. A fifth of the letters, capital and small,
    with every accent and in every font, is kept for the test.

    Taught in the chapter *Image and text to image*.

    Args:
        seed: Decides which letters are kept, and every draw.
        num_train: Samples to train on.
        num_test: Samples to test on.

    Returns:
        Letters and edits.

    Example:
        >>> letters = letter_edits()
        >>> letters.images.shape[1:], letters.test.shape
        ((32, 32, 1), (500, 2))
    """
    rng = np.random.default_rng([seed, 7])
    drawn = glyphs()
    latin = [name.startswith("latin") for name in drawn.names]
    drawn = drawn.take(np.array(latin))
    rows, texts = glyph_edits(drawn)
    taught = np.array([bool(_TAUGHT.fullmatch(text)) for text in texts])
    rows, texts = rows[taught], texts[taught]
    bases = np.char.lower(drawn.bases)
    known = rng.permutation(np.unique(bases))
    kept = known[: len(known) // 5]
    unseen = np.isin(bases[rows[:, 0]], kept)
    _, kinds = np.unique(texts[~unseen], return_inverse=True)
    chances = 1 / np.bincount(kinds)[kinds]
    learned = rng.choice(
        np.flatnonzero(~unseen), num_train, p=chances / chances.sum()
    )
    asked = rng.choice(np.flatnonzero(unseen), num_test)
    return LetterEdits(
        scaled(drawn.images),
        rows[learned],
        texts[learned],
        rows[asked],
        texts[asked],
    )
