"""Letters as fonts draw them, with their Unicode names.

The fonts are the DejaVu fonts that come with matplotlib, the names and
accents are those of Unicode, as Python knows them. Nothing is downloaded.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
#: Family, bold, slanted: the file that draws it.
FONTS = {
    (family, bold, slanted): _FOLDER / f"DejaVu{file}.ttf"
    for family, file, styles in [
        ("sans", "Sans", ("", "-Bold", "-Oblique", "-BoldOblique")),
        ("serif", "Serif", ("", "-Bold", "-Italic", "-BoldItalic")),
        ("mono", "SansMono", ("", "-Bold", "-Oblique", "-BoldOblique")),
    ]
    for file, (bold, slanted) in zip(
        [file + style for style in styles],
        [(False, False), (True, False), (False, True), (True, True)],
    )
}
ALPHABETS = ("latin", "greek", "cyrillic")
#: Accents, by the word for them, as the fonts have them on many letters.
MARKS = {
    "acute": "\u0301",
    "grave": "\u0300",
    "circumflex": "\u0302",
    "tilde": "\u0303",
    "macron": "\u0304",
    "breve": "\u0306",
    "dot": "\u0307",
    "diaeresis": "\u0308",
    "caron": "\u030c",
}


@dataclass(frozen=True)
class Glyphs:
    """Letters, each drawn in one of twelve fonts.

    Attributes:
        images: uint8 ``(glyphs, size, size, 1)``, 0 (paper) to 255 (ink).
        letters: str ``(glyphs,)``, the letter: "é".
        bases: str ``(glyphs,)``, the letter without its mark: "e".
        marks: str ``(glyphs,)``, a word of `MARKS`, or "plain".
        families: str ``(glyphs,)``, "sans", "serif" or "mono".
        bold: bool ``(glyphs,)``.
        slanted: bool ``(glyphs,)``.
    """

    images: np.ndarray
    letters: np.ndarray
    bases: np.ndarray
    marks: np.ndarray
    families: np.ndarray
    bold: np.ndarray
    slanted: np.ndarray

    def __len__(self) -> int:
        return len(self.letters)

    @property
    def names(self) -> list[str]:
        """The name of each letter in Unicode, in small letters."""
        return [unicodedata.name(c).lower() for c in self.letters]

    def take(self, rows: np.ndarray) -> Glyphs:
        """Some of the glyphs.

        Args:
            rows: int or bool ``(rows,)``, which.
        """
        return Glyphs(*(getattr(self, f.name)[rows] for f in fields(self)))


@functools.cache
def glyphs(size: int = 32) -> Glyphs:
    """Every letter, with and without a mark, in each of the fonts.

    Latin, Greek and Cyrillic letters that all twelve fonts have. Some look
    the same in two alphabets: the pixels of B, of the Greek Beta and of
    the Cyrillic Ve are equal. No reader of images can tell them apart.

    Source: the DejaVu fonts (https://dejavu-fonts.github.io; their licence,
    ``LICENSE_DEJAVU``, lies beside them in matplotlib) and the Unicode
    Character Database. FreeType, which draws them, may differ in some grey
    values from one version to the next. Taught in the chapters *Captions*
    and *Image and text to image*.

    Args:
        size: Height and width of an image, in pixels.

    Returns:
        The glyphs, letter by letter.

    Example:
        >>> drawn = glyphs()
        >>> drawn.images.shape[1:], drawn.images.dtype
        ((32, 32, 1), dtype('uint8'))
        >>> drawn.names[0], len(set(drawn.families))
        ('latin capital letter a', 3)
    """
    known = [set(TTFont(path).getBestCmap()) for path in FONTS.values()]
    rows = [
        (letter, *parts, family, bold, slanted)
        for letter in map(chr, sorted(set.intersection(*known)))
        if (parts := _parts(letter))
        for family, bold, slanted in FONTS
    ]
    letters, bases, marks, families, bold, slanted = map(
        np.array, zip(*rows)
    )
    images = np.stack([draw(row[0], FONTS[row[3:]], size) for row in rows])
    drawn = Glyphs(images, letters, bases, marks, families, bold, slanted)
    for field in fields(drawn):  # everyone who asks shares these arrays
        getattr(drawn, field.name).flags.writeable = False
    return drawn


def _parts(letter: str) -> tuple[str, str] | None:
    """Letter and mark, if it is a letter with one of the marks, or none."""
    if unicodedata.category(letter) not in ("Lu", "Ll"):
        return None
    alphabet, *words = unicodedata.name(letter).lower().split()
    if alphabet not in ALPHABETS or words[1:2] != ["letter"]:
        return None
    base, *mark = list(unicodedata.normalize("NFD", letter))
    if not mark:
        return (letter, "plain") if len(words) == 3 else None
    if unicodedata.normalize("NFC", letter) != letter:
        return None  # another number for a letter that is there already
    found = [word for word, accent in MARKS.items() if mark == [accent]]
    return (base, found[0]) if found else None


def draw(letter: str, font: Path, size: int) -> np.ndarray:
    """A letter in a font, centred on its width, on a fixed base line.

    Args:
        letter: What to draw.
        font: A TrueType file.
        size: Height and width in pixels.

    Returns:
        uint8 ``(size, size, 1)``, 0 (paper) to 255 (ink).
    """
    picture = Image.new("L", (2 * size, 2 * size))
    ImageDraw.Draw(picture).text(
        (size, 1.44 * size),
        letter,
        fill=255,
        font=_font(font, int(1.24 * size)),
        anchor="ms",
    )
    return np.asarray(picture.reduce(2))[..., None]


@functools.cache
def _font(path: Path, size: int) -> Any:
    return ImageFont.truetype(
        path, size, layout_engine=ImageFont.Layout.BASIC
    )
