"""Many small files, once, to one file for each input."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import is_random
from companion.feeding.files import FileColumn, with_progress
from companion.feeding.generators import MultiInputGenerator
from companion.feeding.transforms import ROLES

_MANIFEST = "manifest.json"
#: Changes when what is written can no longer be read as before.
_VERSION = 1
_AGAIN = "Remove the folder, and pack again."
#: The parts of a batch, as `MultiInputGenerator` calls them.
_PARTS = ("inputs", "targets", "sample_weights")


def pack(batches: MultiInputGenerator, folder: str | Path) -> Path:
    """Writes the rows of a generator to one file per input.

    Each file is a plain ``.npy``, which NumPy maps into memory: a row is
    then found without opening a file. A folder is complete or not there:
    work that was interrupted leaves one whose name ends in ``.partial``,
    which the next `pack` removes.

    Taught in the chapter *Samples spread over files*.

    Args:
        batches: What to write, in the order of its rows. Transforms and
            random columns belong to training, and cannot be packed.
        folder: Where to; it must not exist.

    Returns:
        The folder.

    Raises:
        DataError: If the folder is there already, a column is random,
            there are transforms, a file is bad, or the disk is full.

    Example:
        >>> import tempfile
        >>> numbers = np.arange(6.0).reshape(3, 2)
        >>> batches = MultiInputGenerator({"x": numbers}, np.arange(3))
        >>> with tempfile.TemporaryDirectory() as place:
        ...     packed = open_packed(pack(batches, Path(place, "packed")))
        ...     again = MultiInputGenerator(**packed, batch_size=2)
        ...     inputs, targets = again[1]
        >>> inputs["x"].tolist(), targets.tolist()
        ([[4.0, 5.0]], [2])
    """
    folder = Path(folder)
    if not isinstance(batches, MultiInputGenerator):
        received = type(batches).__name__
        fix = "Make one of it: MultiInputGenerator(inputs, targets)."
        raise DataError.of("pack", "a MultiInputGenerator", received, fix)
    DataError.raise_if(*_unfit(batches, folder))
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        manifest = {
            "version": _VERSION,
            "source": _fingerprints(batches),
            "columns": _write(batches, partial),
        }
        text = json.dumps(manifest, indent=1)
        (partial / _MANIFEST).write_text(text, encoding="utf-8")
        os.replace(partial, folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise DataError.of(
            f"pack, {folder}",
            "room to write to",
            f"{type(error).__name__}: {error.strerror}",
            "Nothing was kept. Free some space, or pack elsewhere.",
        ) from error
    except BaseException:  # also if someone stops it
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def open_packed(
    folder: str | Path,
    *,
    source: MultiInputGenerator | None = None,
    verify: bool = False,
) -> dict[str, Any]:
    """What `pack` wrote, as memory maps.

    Taught in the chapter *Samples spread over files*.

    Args:
        folder: Where it is.
        source: The generator that reads the files themselves: whether they
            are still those that were packed, by name, size and time.
        verify: Whether every byte is compared with its checksum, which
            reads all of it once.

    Returns:
        Arguments for `MultiInputGenerator`: ``inputs``, and ``targets``
        and ``sample_weights`` if there were any; each a dict of arrays by
        name, or one array.

    Raises:
        DataError: If the folder is not complete, has another version, was
            changed, or no longer belongs to ``source``.
    """
    folder = Path(folder)
    manifest = _manifest(folder)
    if source is not None:
        then, now = manifest["source"], _fingerprints(source)
        changed = [n for n in {**then, **now} if then.get(n) != now.get(n)]
        if changed:
            raise DataError.of(
                f"packed {folder}",
                "the files that were packed",
                f"others now for {', '.join(changed)}",
                "Remove the folder, and pack again.",
            )
    parts: dict[str, Any] = {}
    for entry in manifest["columns"]:
        values = _mapped(folder, entry, verify)
        if entry["name"] == "":
            parts[entry["part"]] = values
        else:
            parts.setdefault(entry["part"], {})[entry["name"]] = values
    return parts


def _unfit(
    batches: MultiInputGenerator, folder: Path
) -> Iterator[Problem | None]:
    """What cannot be packed, and where to."""
    where = "pack"
    if folder.exists():
        expected, fix = "a folder that is not there", "Remove it first."
        yield Problem(where, expected, str(folder), fix)
    if batches.transforms:
        fix = "Pack without transforms, and pass them to train."
        yield Problem(where, "rows as they are", "transforms", fix)
    for role, part in batches.columns.items():
        for name, column in part.items():
            if is_random(column):
                expected, fix = "rows that stay the same", "Leave it out."
                received = type(column).__name__
                yield Problem(place(role, name), expected, received, fix)


class _Writer:
    """A file of one column, written batch after batch."""

    def __init__(self, path: Path, where: str, count: int) -> None:
        self.path, self.where, self.count = path, where, count
        self.checksum = 0
        self._file: BinaryIO | None = None

    def add(self, rows: Any) -> None:
        """Writes these rows, and before the first of them what they are."""
        if self._file is None:
            self._file = self.path.open("wb")
            _head(self._file, self.where, rows, self.count)
        content = np.ascontiguousarray(rows).tobytes()
        self.checksum = zlib.crc32(content, self.checksum)
        self._file.write(content)

    def close(self) -> None:
        """Leaves nothing in memory that should be on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def _write(
    batches: MultiInputGenerator, folder: Path
) -> list[dict[str, Any]]:
    """Writes every column, a batch at a time; what it wrote."""
    ordered = batches.in_order()
    count = ordered.report()["fed"]
    writers: dict[tuple[str, str], _Writer] = {}
    for part, role in zip(_PARTS, ROLES):
        for name in batches.columns.get(role, ()):
            path = folder / f"{part}_{len(writers)}.npy"
            where = place(role, name)
            writers[part, name] = _Writer(path, where, count)
    try:
        stream = with_progress(ordered.iterate(), len(ordered), "pack")
        for batch in stream:
            for writer, rows in zip(writers.values(), _leaves(batch)):
                writer.add(rows)
    finally:
        for writer in writers.values():
            writer.close()
    return [
        {
            "part": part,
            "name": name,
            "file": writer.path.name,
            "bytes": writer.path.stat().st_size,
            "crc": writer.checksum,
        }
        for (part, name), writer in writers.items()
    ]


def _leaves(batch: tuple[Any, ...]) -> Iterator[Any]:
    for part in batch:
        yield from part.values() if isinstance(part, dict) else [part]


def _head(file: Any, where: str, rows: Any, count: int) -> None:
    """Begins a file as ``np.save`` would."""
    if not isinstance(rows, np.ndarray) or rows.dtype.hasobject:
        expected, fix = "numbers", "Make ids of texts first, as PaddedText."
        raise DataError.of(where, expected, "texts", fix)
    form = {
        "descr": np.lib.format.dtype_to_descr(rows.dtype),
        "fortran_order": False,
        "shape": (count, *rows.shape[1:]),
    }
    np.lib.format.write_array_header_1_0(file, form)


def _fingerprints(batches: MultiInputGenerator) -> dict[str, str]:
    """A digest of the files of each column, by its place."""
    return {
        place(role, name): _fingerprint(column)
        for role, part in batches.columns.items()
        for name, column in part.items()
        if isinstance(column, FileColumn)
    }


def _fingerprint(column: FileColumn) -> str:
    """Names, sizes and times, which change with the files."""
    digest = hashlib.sha256()
    for path in column.paths:
        name, now = os.path.basename(path), os.stat(path)
        told = name, now.st_size, now.st_mtime_ns
        digest.update(repr(told).encode())
    return digest.hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    where = f"packed {folder}"
    try:
        text = (folder / _MANIFEST).read_text(encoding="utf-8")
        manifest = json.loads(text)
        version = manifest["version"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        expected, fix = "a folder that pack has written", _AGAIN
        received = f"no {_MANIFEST} that can be read"
        raise DataError.of(where, expected, received, fix) from error
    if version != _VERSION:
        expected, fix = f"version {_VERSION}", _AGAIN
        raise DataError.of(where, expected, f"version {version}", fix)
    return manifest


def _mapped(
    folder: Path, entry: dict[str, Any], verify: bool
) -> np.ndarray:
    """A file of the folder as a memory map, if it is as it was written."""
    path = folder / entry["file"]
    try:
        size = path.stat().st_size
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        expected, fix = "a file that pack has written", _AGAIN
        received = f"{type(error).__name__}: {error}".rstrip(".")
        raise DataError.of(str(path), expected, received, fix) from error
    same = size == entry["bytes"]
    if same and verify:
        checksum = 0
        for start in range(0, len(values), 4096):
            content = values[start : start + 4096].tobytes()
            checksum = zlib.crc32(content, checksum)
        same = checksum == entry["crc"]
    if not same:
        expected, fix = "the bytes that were written", _AGAIN
        raise DataError.of(str(path), expected, "others", fix)
    return values
