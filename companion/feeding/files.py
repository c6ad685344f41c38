"""Images in files, and the texts that belong to them."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.images import scaled
from companion.rules import count_problem
from companion.values import describe

#: Files that are images, by how their names end, in small letters.
_IMAGES = (".jpg", ".jpeg", ".png")
_JSON_LINES = (".jsonl", ".ndjson", ".json")
#: Lines or files that a message names.
_NAMED = 3
#: What Pillow calls images of 8 bits, by the number of channels.
_MODES = {1: "L", 3: "RGB"}


def captioned_images(
    folder: str | Path,
    captions: str | Path,
    *,
    file: str = "file_name",
    text: str = "text",
) -> tuple[list[Path], list[str]]:
    r"""The images of a folder, each with the text that describes it.

    An image with several captions comes once for each. Every JPEG and PNG
    in the folder must have one.

    Taught in the chapter *Captions*.

    Args:
        folder: Where the images are, also in folders inside.
        captions: A file in UTF-8 with a line for each caption: CSV with a
            header, or JSON lines if its name ends in ``.jsonl``,
            ``.ndjson`` or ``.json``.
        file: The column with the name of the image, within the folder.
        text: The column with the caption.

    Returns:
        Paths and texts, in the order of the lines. The paths are what
        `ImageFiles` takes; the texts, as ids, go to `PaddedText`.

    Raises:
        DataError: If a column is missing, a line cannot be read or has no
            caption, a name leads out of the folder or to no file, or an
            image has no caption.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     captions = Path(folder, "captions.csv")
        ...     _ = captions.write_text("file_name,text\ncat.png,a cat")
        ...     Path(folder, "cat.png").touch()
        ...     paths, texts = captioned_images(folder, captions)
        >>> paths[0].name, texts
        ('cat.png', ['a cat'])
    """
    folder, captions = Path(folder), Path(captions)
    lines = _lines_of(captions)
    told = functools.partial(_told, captions.name)
    DataError.raise_if(*_line_problems(told, lines, (file, text)))
    names = [os.path.normpath(line[file]) for line in lines.values()]
    DataError.raise_if(*_file_problems(told, folder, names))
    texts = [line[text] for line in lines.values()]
    return [folder / name for name in names], texts


def _lines_of(captions: Path) -> dict[int, dict[str, Any]]:
    """What each line holds, by its number."""
    found, read = {}, 0

    def each(text: str) -> Iterator[str]:
        nonlocal read
        for line in io.StringIO(text, newline=""):
            read += 1
            yield line

    try:
        lines = each(captions.read_text("utf-8-sig"))
        records: Iterable[Any] = csv.DictReader(lines, strict=True)
        if captions.suffix.lower() in _JSON_LINES:
            records = (dict(json.loads(x)) for x in lines if x.strip())
        for record in records:
            found[read] = record
    except (OSError, ValueError, TypeError, csv.Error) as error:
        where = captions.name + f", line {read}" * bool(read)
        expected = "CSV with a header, or a JSON object in each line"
        received = str(error).partition(": line")[0]
        fix = "Mend this line." if read else "Save it there, in UTF-8."
        raise DataError.of(where, expected, received, fix) from error
    return found


def _told(
    where: str,
    expected: str,
    received: str,
    wrong: Sequence[Any],
    fix: str,
) -> Problem | None:
    """A problem of several lines or files, of which it names the first."""
    if not wrong:
        return None
    named = ", ".join(map(str, wrong[:_NAMED]))
    more = len(wrong) - _NAMED
    named += f" and {more} more" * (more > 0)
    return Problem(where, expected, f"{received} {named}", fix)


def _line_problems(
    told: Callable, lines: dict[int, dict], columns: tuple[str, ...]
) -> Iterator[Problem | None]:
    """Lines that lack something, or have too much."""
    if not lines:
        fix = "Look at where it was written: it is empty."
        yield told("a line for each caption", "none in", ["it"], fix)
        return
    fields = ", ".join(filter(None, next(iter(lines.values()))))
    longer = [n for n, line in lines.items() if None in line]
    fix = "Put captions that hold a comma in quotes."
    yield told(f"the fields {fields}", "more in line", longer, fix)
    for column in columns:
        empty = [n for n, x in lines.items() if _is_empty(x.get(column))]
        fix = f"Write one, or name another of these columns: {fields}."
        yield told(f"a text under {column}", "none in line", empty, fix)


def _is_empty(value: Any) -> bool:
    return not isinstance(value, str) or not value.strip()


def _file_problems(
    told: Callable, folder: Path, names: list[str]
) -> Iterator[Problem | None]:
    """Captions without an image, and images without a caption."""
    known = sorted({*names})
    outside = [name for name in known if _leads_out(name)]
    fix = "Move these images into the folder, or name the one above."
    yield told("names within the folder", "also", outside, fix)
    missing = [name for name in known if not (folder / name).is_file()]
    fix = "Look at the names, or leave these lines out."
    yield told("images that are in the folder", "no file", missing, fix)
    images = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix.lower() in _IMAGES
    }
    bare, fix = sorted(images - {*known}), "Write one, or move the image."
    yield told("a caption for each image", "none for", bare, fix)


def _leads_out(name: str) -> bool:
    return os.path.isabs(name) or name.split(os.sep)[0] == os.pardir


class ImageFiles:
    """Images that are read from their files, a batch at a time.

    Pillow reads them: ``pip install pillow``. An image is turned the way
    its camera was held (EXIF), and brought to grey or to red, green and
    blue; transparency is dropped. Threads read ahead with ``workers=`` of
    the generator.

    Taught in the chapter *Captions*.

    Args:
        paths: The files, one per sample.
        shape: Height, width and channels of every image: 1 channel for
            grey, 3 for colours.
        resize: Whether images of another size are brought to this one,
            whatever their proportions; otherwise they are refused.

    Raises:
        DataError: If a file is not there, or ``shape`` is no such size; in
            a batch, if a file is damaged, larger than Pillow's limit, of
            more than 8 bits, or of another size.
        ImportError: If Pillow is not installed.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "white.png")
        ...     Image.new("L", (8, 6), "white").save(path)
        ...     column = ImageFiles([path], shape=(6, 8, 1))
        ...     batch = column.take(np.array([0, 0]))
        >>> batch.shape, batch.dtype, float(batch.min())
        ((2, 6, 8, 1), dtype('float32'), 1.0)
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        shape: tuple[int, int, int],
        *,
        resize: bool = False,
    ) -> None:
        _pillow()
        DataError.raise_if(*_shape_problems(shape))
        self.paths = _existing(paths)
        self.shape = tuple(map(int, shape))
        self._read = functools.partial(
            read_image, shape=self.shape, resize=resize
        )

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Reads these images: float32 ``(batch, *shape)`` from 0 to 1."""
        images = np.empty((len(rows), *self.shape), "float32")
        for place, row in enumerate(rows):
            images[place] = self._read(self.paths[row])
        return images

    def __repr__(self) -> str:
        return f"ImageFiles({len(self)} files, shape={self.shape})"


def read_image(
    path: Path, shape: tuple[int, ...], resize: bool = False
) -> np.ndarray:
    """One image of a file, as `ImageFiles` feeds it.

    Args:
        path: The file.
        shape: Height, width and channels.
        resize: Whether another size is brought to this one.

    Returns:
        float32 ``shape``, from 0 to 1.

    Raises:
        DataError: If the file cannot be read, or is of another size.
    """
    Image, ImageOps = _pillow()  # noqa: N806
    height, width, channels = shape
    try:
        with Image.open(path) as opened:
            most = Image.MAX_IMAGE_PIXELS
            DataError.raise_if(_opened_problem(path, opened, most))
            image = ImageOps.exif_transpose(opened)
            if image.mode == "P":  # its colours may be transparent
                image = image.convert("RGBA")
            image = image.convert(_MODES[channels])
    except DataError:
        raise
    except Exception as error:  # of any kind, if a file is damaged
        raise DataError.of(
            str(path),
            "an image that Pillow can read",
            f"{type(error).__name__}: {error}".rstrip("."),
            "Mend the file, or leave its row out.",
        ) from error
    if resize:
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    if image.size != (width, height):
        raise DataError.of(
            str(path),
            f"an image {height} pixels high and {width} wide",
            f"{image.height} high and {image.width} wide",
            "Pass resize=True, or the shape that all images have.",
        )
    return scaled(np.asarray(image)).reshape(shape)


def _pillow() -> tuple[Any, Any]:
    """The modules of Pillow that are used."""
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            "ImageFiles needs Pillow to read images: pip install pillow."
        ) from error
    return Image, ImageOps


def _opened_problem(path: Path, image: Any, most: Any) -> Problem | None:
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


def _shape_problems(shape: Any) -> Iterator[Problem | None]:
    fix = "Give height, width and channels: shape=(32, 32, 3)."
    axes = shape if isinstance(shape, (tuple, list)) else ()
    for axis in axes:
        yield count_problem("axis", axis, 1, fix, of="ImageFiles")
    if len(axes) != 3 or axes[2] not in _MODES:
        expected = "three numbers, the last of them 1 or 3"
        yield Problem("ImageFiles, shape", expected, f"{shape}", fix)


def _existing(paths: Any) -> list[Path]:
    """The paths, if there is a file under each."""
    where, fix = "ImageFiles", "Give a list of files, one per sample."
    alone = isinstance(paths, (str, os.PathLike))
    if alone or not len(paths):
        received = describe(paths)
        raise DataError.of(where, "a list of paths", received, fix)
    missing = [
        path
        for path in paths
        if not isinstance(path, (str, os.PathLike))
        or not Path(path).is_file()
    ]
    fix = "A relative path begins in the folder where Python was started."
    DataError.raise_if(_told(where, "files", "no file", missing, fix))
    return list(map(Path, paths))
