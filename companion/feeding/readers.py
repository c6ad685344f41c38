"""One file to an array: what each kind of file must be.

A reader is a function of a path. It raises any error; `FileColumn` adds
which file it was.
"""

from __future__ import annotations

import ast
import functools
import io
import itertools
import json
import math
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from companion.errors import DataError, Problem
from companion.values import type_as_fed

#: Bytes of the largest file that is read as text.
MOST_TEXT = 2**20
#: Bytes of the largest file of numbers: more belongs in a memory map.
_MOST_NUMBERS = 2**31
#: Bytes asked for at once: of a text, of any file, of a large file.
_SMALL, _PIECE, _LARGE = 2**12, 2**16, 2**24
#: Numbers with a sign of their type: truth, whole, with a fraction.
_NUMBERS = "biuf"
#: What Pillow calls images of 8 bits, by the number of channels.
MODES = {1: "L", 3: "RGB"}
# A named pipe would wait for ever; Windows would change line ends.
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


def read_bytes(path: str | Path, most: int, about: int = _PIECE) -> bytes:
    """All of a file, in as few calls of the system as there can be.

    Args:
        path: The file.
        most: How many bytes it may have.
        about: How many it probably has, or more.

    Raises:
        OSError: If it cannot be read, as a folder.
        ValueError: If it has more bytes.
    """
    handle = os.open(path, _FLAGS)
    try:
        content = os.read(handle, about)
        if len(content) < about:  # the usual case
            return content
        status, pieces = os.fstat(handle), [content]
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise ValueError(f"more than {most} bytes, or no end at all")
        while content := os.read(handle, _LARGE):
            pieces.append(content)
        return b"".join(pieces)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class NumpyReader:
    """An array of numbers that ``np.save`` wrote."""

    expected: ClassVar[str] = "an array of numbers, saved by np.save"
    fix: ClassVar[str] = "Write it again: np.save(path, array)."

    def __call__(self, path: str | Path) -> np.ndarray:
        """Reads one file; never by pickle, which could run code."""
        return _array(read_bytes(path, _MOST_NUMBERS))

    def many(self, paths: Sequence[str | Path]) -> np.ndarray:
        """Several at once: all but the first are compared, not parsed."""
        first = read_bytes(paths[0], _MOST_NUMBERS)
        start, shape, fortran, dtype = _header(_head(first))
        head, size = first[:start], start + _bytes_of(shape, dtype)
        if fortran or len(first) != size:
            raise ValueError("another order or size")  # read one by one
        whole = np.empty((len(paths), *shape), type_as_fed(dtype))
        rows = whole.reshape(len(paths), -1)
        others = (read_bytes(x, _MOST_NUMBERS, size + 1) for x in paths[1:])
        for row, content in zip(rows, itertools.chain([first], others)):
            if len(content) != size or not content.startswith(head):
                raise ValueError("another header")  # read one by one
            row[:] = np.frombuffer(content, dtype, offset=start)
        return whole


def _array(content: bytes) -> np.ndarray:
    """The array in a file of NumPy, if its header tells the truth."""
    start, shape, fortran, dtype = _header(_head(content))
    there = len(content) - start
    if min(shape, default=0) < 0 or _bytes_of(shape, dtype) != there:
        raise ValueError(f"{there} bytes for {shape} of {dtype}")
    values = np.frombuffer(content, dtype, offset=start)
    return values.reshape(shape, order="F" if fortran else "C")


def _bytes_of(shape: tuple[int, ...], dtype: np.dtype) -> int:
    return math.prod(shape) * dtype.itemsize


def _head(content: bytes) -> bytes:
    """What comes before the numbers, as the format counts it."""
    if not content.startswith(b"\x93NUMPY"):
        raise ValueError("its first bytes are not those of a .npy file")
    size = 2 if content[6:7] == b"\x01" else 4
    length = int.from_bytes(content[8 : 8 + size], "little")
    return content[: 8 + size + length]


@functools.lru_cache(16)
def _header(head: bytes) -> tuple[int, tuple[int, ...], bool, np.dtype]:
    """Where the numbers begin, their shape, order and type."""
    file = io.BytesIO(head)
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"version {version} of the format")
    shape, fortran, dtype = readers[version](file)
    if dtype.kind not in _NUMBERS:
        raise ValueError(f"its type is {dtype}")
    return len(head), shape, fortran, dtype


@dataclass(frozen=True)
class RecordReader:
    """A field of a record in a small file of text.

    Args:
        field: The keys that lead to it.
        dtype: What it is: a number's type, or ``"str"``.
        literal: Whether the file holds a literal of Python, not JSON.
    """

    field: tuple[str, ...]
    dtype: str = "float32"
    literal: bool = False

    @property
    def expected(self) -> str:
        """What a file must have."""
        kind = "a Python literal" if self.literal else "JSON"
        return f"{kind} with {'.'.join(self.field)}, of type {self.dtype}"

    @property
    def fix(self) -> str:
        """What to do with another."""
        if self.literal:
            return "Write it as JSON: json.dump(record, file)."
        return "Mend the file, or leave its row out."

    def __call__(self, path: str | Path) -> np.ndarray:
        """Reads one file; nothing in it is run."""
        return _typed(self._value(path), self.dtype)

    def many(self, paths: Sequence[str | Path]) -> np.ndarray:
        """Several at once: their types are looked at together."""
        values = [self._value(path) for path in paths]
        kinds = {*map(type, values)}
        if len(kinds) > 1 and kinds != {int, float}:  # true would become 1
            raise ValueError("several types")  # read one by one
        return _typed(values, self.dtype)

    def _value(self, path: str | Path) -> Any:
        text = read_bytes(path, MOST_TEXT, _SMALL).decode()
        text = text.removeprefix("\ufeff")  # which Windows may write
        value = ast.literal_eval(text) if self.literal else _decode(text)
        for key in self.field:
            if not isinstance(value, dict) or key not in value:
                raise ValueError(f"there is no {key!r}")
            value = value[key]
        return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A record whose keys come once each."""
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key comes twice")
    return record


_decode = json.JSONDecoder(object_pairs_hook=_once).decode


def _typed(value: Any, dtype: str) -> np.ndarray:
    """A number, a text or a list of these, of the type that was asked."""
    words = dtype == "str"
    found = np.asarray(value)  # of lists of several lengths an error
    if found.dtype.kind not in ("U" if words else _NUMBERS):
        raise ValueError(f"its type is {type(value).__name__}")
    array = found.astype(dtype)
    if not words and array.dtype.kind in "iub" and (array != found).any():
        raise ValueError(f"a number that {dtype} does not have")
    return array


@dataclass(frozen=True)
class ImageReader:
    """An image, by Pillow.

    Args:
        shape: Height, width and channels: 1 for grey, 3 for colours.
        resize: Whether another size is brought to this one.
    """

    shape: tuple[int, int, int]
    resize: bool = False

    def __call__(self, path: str | Path) -> np.ndarray:
        """Reads one file: float32 from 0 to 1."""
        row = np.empty(self.shape, "float32")
        self.fill(row, path)
        return row

    def fill(self, row: np.ndarray, path: str | Path) -> None:
        """Reads one file into its place in a batch: nothing is copied.

        Raises:
            DataError: If it is damaged, too large or of another size.
        """
        Image, _ = pillow()  # noqa: N806
        image = self._opened(path)
        height, width, _ = self.shape
        if self.resize and image.size != (width, height):
            size = width, height
            image = image.resize(size, Image.Resampling.BILINEAR)
        if image.size != (width, height):
            raise DataError.of(
                str(path),
                f"an image {height} pixels high and {width} wide",
                f"{image.height} high and {image.width} wide",
                "Pass resize=True, or the shape that all images have.",
            )
        pixels = np.asarray(image).reshape(self.shape)
        np.divide(pixels, np.float32(255), out=row)

    def _opened(self, path: str | Path) -> Any:
        """The image, upright, grey or in colours."""
        Image, ImageOps = pillow()  # noqa: N806
        try:
            with Image.open(path) as image:
                most = Image.MAX_IMAGE_PIXELS
                DataError.raise_if(_opened_problem(path, image, most))
                image.load()
                if image.getexif():  # it would be copied
                    image = ImageOps.exif_transpose(image)
                if image.mode == "P":  # its colours may be transparent
                    image = image.convert("RGBA")
                mode = MODES[self.shape[2]]
                return image if image.mode == mode else image.convert(mode)
        except DataError:
            raise
        except Exception as error:  # of any kind, if a file is damaged
            raise DataError.of(
                str(path),
                "an image that Pillow can read",
                f"{type(error).__name__}: {error}".rstrip("."),
                "Mend the file, or leave its row out.",
            ) from error


def pillow() -> tuple[Any, Any]:
    """The modules of Pillow that are used.

    Raises:
        ImportError: If Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            "FileColumn.image needs Pillow: pip install pillow."
        ) from error
    return Image, ImageOps


def _opened_problem(
    path: str | Path, image: Any, most: Any
) -> Problem | None:
    """What its first bytes tell of an image, before it is read."""
    pixels = image.width * image.height
    if image.mode[0] in "IF":
        expected, received = "8 bits per channel", f"mode {image.mode}"
        fix = "Divide its numbers, and save it with 8 bits."
    elif most and pixels > most:
        expected = f"at most {most} pixels, the limit of Pillow"
        received, fix = f"{pixels} pixels", "Make it smaller."
    else:
        return None
    return Problem(str(path), expected, received, fix)
