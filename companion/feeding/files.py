"""A sample's part in a file of its own: a column that reads files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.listing import Paths, told
from companion.feeding.readers import (
    MODES,
    ImageReader,
    NumpyReader,
    RecordReader,
    pillow,
)
from companion.rules import choice_problem, count_problem
from companion.values import describe, type_as_fed

_Reader = Callable[..., Any]
_OF = "FileColumn"
#: What becomes of a file that cannot be read.
_BAD = ("raise", "skip")
#: Threads that read images, if as many processors are there.
_THREADS = 4
#: Seconds of work before a progress bar is shown.
_PATIENCE = 2.0


class FileColumn:
    """Rows that are files: each is read when its batch is taken.

    `FileColumn.npy`, `json`, `literal` and `image` read the usual kinds.
    Any function of a path reads another kind: it returns the array of one
    sample.

    A file that cannot be read, has another shape than the rest, or holds
    NaN is never fed. By default it is an error, which names the file and
    the reason. With ``bad="skip"`` every file is read once at the start,
    and `MultiInputGenerator` leaves the rows of bad ones out of all its
    columns: batches stay full, its ``report()`` counts them, and
    ``bad_files`` says which they are and why.

    Taught in the chapter *Samples spread over files*.

    Args:
        paths: The files, one per sample: a list, a column of pandas, or
            what `pair_files` gives.
        reader: A function of a path that returns a number or an array,
            for every file of the same shape.
        bad: ``"raise"`` or ``"skip"``.
        allow_nan: Whether a file may hold NaN or infinity.
        threads: How many files are read at a time; more than 1 helps
            where decoding takes long, as of images.

    Raises:
        DataError: If there are no paths, no file under one of them, or
            the first file is bad; in a batch, if a file is bad.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> paths = [Path(folder.name, f"{n}.csv") for n in range(3)]
        >>> for n, path in enumerate(paths):
        ...     _ = path.write_text(f"{n},{n + 1}")
        >>> column = FileColumn(
        ...     paths, lambda path: np.loadtxt(path, delimiter=",")
        ... )
        >>> column.take(np.array([2, 0])).tolist()
        [[2.0, 3.0], [0.0, 1.0]]
        >>> folder.cleanup()
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        reader: _Reader,
        *,
        bad: str = "raise",
        allow_nan: bool = False,
        threads: int = 1,
    ) -> None:
        fix = "Pass a function: path -> array."
        DataError.raise_if(
            choice_problem("bad", bad, _BAD, of=_OF),
            count_problem("threads", threads, 1, "Give 1 or more.", of=_OF),
            None
            if callable(reader)
            else Problem(_OF, "a reader", type(reader).__name__, fix),
        )
        self.paths = _existing(paths)
        self.reader, self.bad = reader, bad
        self.allow_nan, self.threads = allow_nan, int(threads)
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._found: dict[int, str] = {}
        if bad == "skip":
            self._form, self._found = self._all_forms()
        else:
            self._form = _form(self._one(self.paths[0]))

    @classmethod
    def npy(cls, paths: Sequence[str | Path], **options: Any) -> FileColumn:
        """Arrays that ``np.save`` wrote, read without pickle.

        Args:
            paths: As above.
            **options: ``bad``, ``allow_nan`` and ``threads``, as above.

        Returns:
            A column ``(files, *shape)``, floats as float32.
        """
        return cls(paths, NumpyReader(), **options)

    @classmethod
    def json(
        cls,
        paths: Sequence[str | Path],
        field: str | Sequence[str],
        dtype: str = "float32",
        **options: Any,
    ) -> FileColumn:
        """A field of the JSON object in each file.

        Args:
            paths: As above.
            field: Its key; a list of keys for one inside another.
            dtype: ``"float32"``, a type of whole numbers, ``"bool"``, or
                ``"str"`` for texts, which `read` collects for
                `TableEncoder`.
            **options: ``bad``, ``allow_nan`` and ``threads``, as above.

        Returns:
            A column ``(files,)``, or ``(files, numbers)`` of lists.
        """
        return cls(paths, RecordReader(_keys(field), dtype), **options)

    @classmethod
    def literal(
        cls,
        paths: Sequence[str | Path],
        field: str | Sequence[str],
        dtype: str = "float32",
        **options: Any,
    ) -> FileColumn:
        """A field of the Python dict that is written in each file.

        Nothing in the file is run, as ``eval`` would: it may hold numbers,
        texts, lists and dicts alone. JSON is read faster, and by others.

        Args:
            paths: As above.
            field: As for `json`.
            dtype: As for `json`.
            **options: ``bad``, ``allow_nan`` and ``threads``, as above.

        Returns:
            A column ``(files,)``, or ``(files, numbers)`` of lists.
        """
        reader = RecordReader(_keys(field), dtype, literal=True)
        return cls(paths, reader, **options)

    @classmethod
    def image(
        cls,
        paths: Sequence[str | Path],
        shape: tuple[int, int, int],
        *,
        resize: bool = False,
        **options: Any,
    ) -> FileColumn:
        """Images, by Pillow: ``pip install pillow``.

        An image is turned the way its camera was held (EXIF), and brought
        to grey or to red, green and blue; transparency is dropped.

        Args:
            paths: As above.
            shape: Height, width and channels of every image: 1 channel
                for grey, 3 for colours.
            resize: Whether images of another size are brought to this
                one, whatever their proportions; otherwise they are bad.
            **options: ``bad``, ``allow_nan`` and ``threads``, as above;
                threads are as many as processors, at most 4.

        Returns:
            A column ``(files, height, width, channels)``, float32 from 0
            to 1.

        Raises:
            ImportError: If Pillow is not installed.

        Example:
            >>> import tempfile
            >>> from PIL import Image
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = Path(folder, "white.png")
            ...     Image.new("L", (8, 6), "white").save(path)
            ...     column = FileColumn.image([path], shape=(6, 8, 1))
            ...     batch = column.take(np.array([0, 0]))
            >>> batch.shape, batch.dtype, float(batch.min())
            ((2, 6, 8, 1), dtype('float32'), 1.0)
        """
        pillow()
        DataError.raise_if(*_shape_problems(shape))
        height, width, channels = map(int, shape)
        reader = ImageReader((height, width, channels), resize)
        threads = min(_THREADS, os.cpu_count() or 1)
        return cls(paths, reader, **{"threads": threads} | options)

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        shape, dtype = self._form
        return f"{_OF}({len(self)} files, {dtype} {shape})"

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Reads these files, in this order: ``(batch, *shape)``."""
        paths = [self.paths[row] for row in rows.tolist()]
        if len(paths) and hasattr(self.reader, "many"):
            try:
                taken = self.reader.many(paths)
                if _form(taken[0]) == self._form and self._complete(taken):
                    return taken
            except Exception:  # of a file that the next lines name
                pass
        shape, dtype = self._form
        taken = np.empty((len(paths), *shape), dtype)
        if hasattr(self.reader, "fill"):
            each = [
                slice(n, None, self.threads) for n in range(self.threads)
            ]
            places = [taken[part] for part in each]
            list(self._each(self._fill, places, [paths[x] for x in each]))
            return taken
        for place, values in enumerate(self._each(self._one, paths)):
            if (form := _form(values)) != self._form:
                self._refuse(paths[place], _unlike(form, self._form))
            taken[place] = values.tolist() if dtype.hasobject else values
        return taken

    def read(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Reads all at once, for what is small: labels, names, numbers.

        Args:
            rows: Which rows; all if absent.

        Returns:
            ``(rows, *shape)``.

        Example:
            >>> import tempfile
            >>> folder = tempfile.TemporaryDirectory()
            >>> paths = [Path(folder.name, f"{n}.json") for n in range(2)]
            >>> for path, place in zip(paths, ["lab", "field"]):
            ...     _ = path.write_text('{"place": "' + place + '"}')
            >>> FileColumn.json(paths, "place", "str").read().tolist()
            ['lab', 'field']
            >>> folder.cleanup()
        """
        rows = np.arange(len(self)) if rows is None else rows
        pieces = [
            self.take(x)
            for x in _batches(with_progress(rows, len(rows), "read files"))
        ]
        return np.concatenate(pieces) if pieces else self.take(rows)

    @property
    def bad_files(self) -> dict[int, str]:
        """Why a row is skipped, by its number; empty unless asked for."""
        return dict(self._found)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_pool": None}

    def _one(self, path: str | Path) -> np.ndarray:
        """The array of a file, or an error that names it."""
        try:
            values = np.asarray(self.reader(path))
        except DataError:
            raise
        except Exception as error:  # of any kind: the reader is anyone's
            told = re.sub(" at 0x[0-9a-f]+", "", str(error)).rstrip(".")
            self._refuse(path, f"{type(error).__name__}: {told}", error)
        if values.dtype.kind == "O":  # also if a return was forgotten
            kind = (
                "objects" if values.shape else type(values.item()).__name__
            )
            self._refuse(path, f"a reader that gives {kind}, not an array")
        if not self._complete(values):
            self._refuse(path, "NaN or infinity among its numbers")
        return values

    def _refuse(
        self, path: Any, received: str, error: Exception | None = None
    ) -> None:
        expected = getattr(self.reader, "expected", None)
        fix = getattr(self.reader, "fix", None)
        raise DataError.of(
            str(path),
            expected or "a file that the reader can read",
            received,
            fix or "Mend the file, or leave its row out.",
        ) from error

    def _complete(self, values: np.ndarray) -> bool:
        fractions = values.dtype.kind == "f"
        return (
            self.allow_nan
            or not fractions
            or bool(np.isfinite(values).all())
        )

    def _fill(self, rows: np.ndarray, paths: Sequence[Any]) -> None:
        read: Any = self.reader
        for row, path in zip(rows, paths):
            read.fill(row, path)

    def _each(self, read: _Reader, *columns: Any) -> Iterator:
        """What is read, file by file, in several threads if so asked."""
        if self.threads == 1 or len(columns[0]) < 2:
            return map(read, *columns)
        if self._pool is None or self._pool[0] != os.getpid():
            # A process that was forked has the pool, and not its threads.
            self._pool = os.getpid(), ThreadPoolExecutor(self.threads)
        return self._pool[1].map(read, *columns)

    def _all_forms(self) -> tuple[tuple, dict[int, str]]:
        """The commonest shape and type, and why a row is bad."""
        forms: dict[int, tuple] = {}
        found: dict[int, str] = {}
        for row in with_progress(
            range(len(self)), len(self), "look at files"
        ):
            try:
                forms[row] = _form(self._one(self.paths[row]))
            except DataError as error:
                found[row] = error.problems[0].received
        if not forms:
            path = self.paths[0]
            self._refuse(path, f"{found[0]}; and no other can be read")
        common = Counter(forms.values()).most_common(1)[0][0]
        for row, form in forms.items():
            if form != common:
                found[row] = _unlike(form, common)
        return common, dict(sorted(found.items()))


def _form(values: np.ndarray) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type as fed: what all files of a column share."""
    values = np.asarray(values)
    if values.dtype.kind == "U":  # of any length
        return values.shape, np.dtype(object)
    return values.shape, type_as_fed(values.dtype)


def _keys(field: str | Sequence[str]) -> tuple[str, ...]:
    return (field,) if isinstance(field, str) else tuple(field)


def _unlike(form: tuple, common: tuple) -> str:
    return f"{form[1]} {form[0]}, others have {common[1]} {common[0]}"


def _batches(rows: Any, size: int = 256) -> Iterator[np.ndarray]:
    waiting = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == size:
            yield np.array(waiting)
            waiting = []
    if waiting:
        yield np.array(waiting)


def with_progress(steps: Iterable[Any], count: int, what: str) -> Any:
    """The same, with a progress bar if it takes long and tqdm is there.

    Args:
        steps: What is gone through.
        count: How many there are.
        what: What is done with each, as the bar says it.
    """
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return steps
    # In a file of log lines a bar would be thousands of them.
    settings = {"leave": False, "delay": _PATIENCE, "disable": None}
    return tqdm(steps, what, count, **settings)


def _shape_problems(shape: Any) -> Iterator[Problem | None]:
    fix = "Give height, width and channels: shape=(32, 32, 3)."
    axes = shape if isinstance(shape, (tuple, list)) else ()
    for axis in axes:
        yield count_problem("axis", axis, 1, fix, of=f"{_OF}.image")
    if len(axes) != 3 or axes[2] not in MODES:
        expected = "three numbers, the last of them 1 or 3"
        yield Problem(f"{_OF}.image, shape", expected, f"{shape}", fix)


def _existing(paths: Any) -> Sequence[str | Path]:
    """The paths, if there is a file under each."""
    if isinstance(paths, Paths):  # they were listed
        return paths
    fix = "Give a list of files, one per sample."
    alone = isinstance(paths, (str, os.PathLike))
    if alone or not hasattr(paths, "__len__") or not len(paths):
        received = describe(paths)
        raise DataError.of(_OF, "a list of paths", received, fix)
    missing = [
        path
        for path in paths
        if not isinstance(path, (str, os.PathLike))
        or not Path(path).is_file()
    ]
    fix = "A relative path begins in the folder where Python was started."
    DataError.raise_if(told(_OF, "files", "no file", missing, fix))
    return list(paths)
