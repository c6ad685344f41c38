"""Where the rows of one input come from.

A column is asked for *a whole batch of rows at once*. There are two kinds:

* a **stored** column has a length and gives its rows: ``take(rows)``;
* a **random** column invents them: ``draw(rows, rng)``.

An array, or a memory-mapped file, is a stored column as it is; so is an
array that reads from a file when it is indexed (HDF5, zarr). Tables of
pandas and tensors become arrays.
"""

from __future__ import annotations

import contextlib
import datetime
import math
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import keras
import numpy as np

from companion.errors import DataError, Problem
from companion.rules import (
    count_problem,
    every_class,
    first_fault,
    rows_of_numbers,
    unmasked,
)
from companion.values import as_array, type_as_fed

if TYPE_CHECKING:
    from typing_extensions import TypeIs


@runtime_checkable
class StoredColumn(Protocol):
    """A column that holds its rows.

    ``take`` gets row numbers, an int64 array ``(batch,)``, and returns an
    array whose first axis has that length. It must give the same rows for
    the same numbers, in any thread or process. The row numbers are
    read-only, since other columns get the same: sort a copy.
    """

    def __len__(self) -> int: ...

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns the rows with these numbers."""
        ...


@runtime_checkable
class RandomColumn(Protocol):
    """A column that draws its rows anew for each batch.

    ``draw`` gets row numbers and a NumPy generator of its own. All its
    randomness must come from that generator.
    """

    def draw(
        self, rows: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Returns one new row for each of these numbers."""
        ...


Column = StoredColumn | RandomColumn


def is_random(column: Column) -> TypeIs[RandomColumn]:
    """Whether a column draws its rows instead of holding them."""
    return hasattr(column, "draw")


class ArrayColumn:
    """Rows of an array or of a memory-mapped file.

    Floats of any size leave as float32, the type of Keras. Integers and
    booleans keep their type, in the byte order of this machine. Texts
    leave as a tensor of strings, the one form that Keras takes in a batch.

    Args:
        values: array ``(samples, ...)``. A memory-mapped array whose rows
            lie together in the file is sent to worker processes as its
            path and place, not as its contents.

    Example:
        >>> column = ArrayColumn(np.array([[1.0], [2.0], [3.0]]))
        >>> column.take(np.array([2, 0])).tolist()
        [[3.0], [1.0]]
        >>> column.take(np.array([0])).dtype
        dtype('float32')
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.dtype = type_as_fed(values.dtype)
        self._plain = np.asarray(values)  # a map would make maps of rows
        self._ready = values.dtype == self.dtype
        self._texts = values.dtype.kind in "OSU"
        flags = values.flags
        self._compact = flags.c_contiguous and flags.aligned

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns the rows with these numbers, floats as float32."""
        if self._compact:  # twice as fast as values[rows]
            taken = self._plain.take(rows, 0)
        else:  # take would first copy the whole array
            taken = self._plain[rows]
        taken = taken if self._ready else taken.astype(self.dtype)
        if self._texts:
            return keras.ops.convert_to_tensor(taken, "string")
        return taken

    def __reduce__(self) -> tuple[Callable, tuple]:
        place = _place_in_file(self.values)
        if place is None:
            return ArrayColumn, (self.values,)
        return _open_array_column, place


def _place_in_file(values: np.ndarray) -> tuple | None:
    """Path, dtype, offset and shape of a memory-mapped array, or None."""
    whole: Any = values
    mapped = isinstance(values, np.memmap) and values.flags.c_contiguous
    if not mapped or whole.mode == "c":  # c: changed in memory alone
        return None
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    if whole.filename is None:
        return None
    # A slice inherits the offset of the whole map; its own place in the
    # file follows from the distance in memory.
    offset = whole.offset + values.ctypes.data - whole.ctypes.data
    return str(whole.filename), values.dtype, offset, values.shape


def _open_array_column(
    path: str, dtype: np.dtype, offset: int, shape: tuple[int, ...]
) -> ArrayColumn:
    return ArrayColumn(
        np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)
    )


class SlicedColumn:
    """Rows of an array that reads from its file when it is indexed.

    Made for datasets of h5py, which take row numbers in rising order, each
    once, and for arrays of zarr. They are asked for a whole batch at once.

    Args:
        values: What has ``shape``, ``dtype`` and ``values[rows]``.
    """

    def __init__(self, values: Any) -> None:
        self.values = values

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns the rows with these numbers."""
        rising, places = np.unique(rows, return_inverse=True)
        return np.asarray(self.values[rising])[places]


class Noise:
    """Standard normal numbers, drawn anew for each batch.

    Args:
        shape: Shape of one sample: an int or a tuple.

    Raises:
        DataError: If an axis is shorter than 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Noise(32).draw(np.arange(4), rng).shape
        (4, 32)
    """

    def __init__(self, shape: int | Sequence[int]) -> None:
        axes = shape if isinstance(shape, (tuple, list)) else (shape,)
        fix = "Give the width of the noise, for example Noise(32)."
        DataError.raise_if(
            *(count_problem("axis", n, 1, fix, of="Noise") for n in axes)
        )
        self.shape = tuple(map(int, axes))

    def draw(
        self, rows: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draws float32 ``(batch, *shape)``, mean 0, deviation 1."""
        return rng.standard_normal((len(rows), *self.shape), "float32")


class Labels:
    """Class numbers, drawn anew for each batch.

    Args:
        num_classes: How many classes there are; labels run from 0 to
            ``num_classes - 1``.
        probabilities: float ``(classes,)``, how often each class comes;
            all equally often if absent.

    Raises:
        DataError: If there is no class, or the probabilities are not one
            number per class that add up to 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Labels(2, [0.0, 1.0]).draw(np.arange(3), rng).tolist()
        [1, 1, 1]
    """

    def __init__(
        self, num_classes: int, probabilities: Sequence[float] | None = None
    ) -> None:
        fix = "Give the number of classes."
        DataError.raise_if(
            count_problem("num_classes", num_classes, 1, fix, of="Labels")
        )
        if probabilities is not None and not _are_probabilities(
            probabilities, num_classes
        ):
            expected = f"{num_classes} probabilities that add up to 1"
            total = math.fsum(probabilities)
            received = f"{len(probabilities)} numbers, sum {total:g}"
            fix = "Divide the counts of the classes by their sum."
            raise DataError.of("Labels", expected, received, fix)
        self.num_classes = int(num_classes)
        self.probabilities = None
        if probabilities is not None:
            shares = np.asarray(probabilities, "float64")
            self.probabilities = shares / shares.sum()

    @classmethod
    def as_in(cls, labels: np.ndarray, num_classes: int) -> Labels:
        """Labels that come as often as they do in the data.

        Args:
            labels: int ``(samples,)``, from 0 to ``num_classes - 1``.
            num_classes: How many classes there are.

        Raises:
            DataError: If there is no class, a label is out of range, or a
                class is missing.

        Example:
            >>> Labels.as_in(np.array([0, 1, 1, 1]), 2).probabilities
            array([0.25, 0.75])
        """
        drawn = cls(num_classes)
        labels = np.asanyarray(labels)
        fault = unmasked(labels) or every_class(num_classes)(labels)
        DataError.raise_if(fault and fault.at("Labels"))
        _, counts = np.unique(labels, return_counts=True)
        drawn.probabilities = counts / counts.sum()
        return drawn

    def draw(
        self, rows: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draws int32 ``(batch,)``."""
        return rng.choice(
            self.num_classes, len(rows), p=self.probabilities
        ).astype("int32")


def _are_probabilities(values: Sequence[float], count: int) -> bool:
    return (
        len(values) == count
        and min(values) >= 0
        and math.isclose(math.fsum(values), 1.0, abs_tol=1e-6)
    )


def as_column(where: str, values: Any, *, texts: bool = True) -> Column:
    """Makes a column of what a user passed, or says why it cannot.

    A series of pandas is fed as ``(samples,)``, its values as NumPy has
    them. Keras would make ``(samples, 1)`` of it; a model takes both, since
    Keras adds or drops a last axis of 1. A table is fed as
    ``(samples, columns)``, in one type for all its columns.

    Args:
        where: The place, by name, for the message: ``'input "image"'``.
        values: An array, also one in a file, a tensor, a table or series
            of pandas, or a column.
        texts: Whether texts can be fed there. It takes TensorFlow: on JAX
            they never reach Keras.

    Returns:
        A column.

    Raises:
        DataError: If ``values`` is none of these, an array without rows,
            or of a type that no model can read: for each such column of a
            table, with the line that mends it.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"age": [41, 7], "height": [1.8, 1.2]})
        >>> column = as_column('input "person"', table)
        >>> column.take(np.array([1])).tolist()
        [[7.0, 1.2000000476837158]]
        >>> as_column('input "day"', pd.to_datetime(pd.Series(["2020"])))
        Traceback (most recent call last):
        ...
        companion.errors.DataError: input "day": expected numbers ...
    """
    # Tables and tensors of other libraries have a `take` as well.
    foreign = isinstance(values, type) or hasattr(values, "__array__")
    column = isinstance(values, (StoredColumn, RandomColumn))
    if column and not foreign:
        return values
    texts = texts and keras.config.backend() == "tensorflow"
    table = hasattr(values, "iloc") and not isinstance(values, type)
    # Arrays that lie in a file tell how they are cut up in it.
    sliced = hasattr(values, "chunks") and hasattr(values, "dtype")
    if table:
        values, sliced = _of_pandas(where, values, texts), False
    elif not sliced:
        values = _of_tensor(where, values, texts)
    words = not sliced and values.ndim and values.dtype.kind in "OSU"
    rules = (unmasked,) if words else (unmasked, rows_of_numbers)
    fault = first_fault(values, rules)
    DataError.raise_if(fault and fault.at(where))
    return SlicedColumn(values) if sliced else ArrayColumn(values)


_TEXTS = tomllib.loads(
    files(__package__).joinpath("cures.toml").read_text()
)
_DENSE, _HELD, _CURES = _TEXTS["dense"], _TEXTS["held"], _TEXTS["series"]
_NUMPY_CURES = _CURES | _TEXTS["array"]


def _of_pandas(where: str, table: Any, texts: bool) -> np.ndarray:
    """The array of a table or series, or how to mend each column."""
    if table.ndim == 1:
        DataError.raise_if(_unreadable(where, "values", table, texts))
        return table.to_numpy()
    kinds, problems = [], []
    for name, column in table.items():
        at, x = f"{where}, column {name!r}", f"table[{name!r}]"
        problems.append(_unreadable(at, x, column, texts=False))
        kinds.append(column.iloc[:0].to_numpy().dtype)
    DataError.raise_if(*problems)
    # A view, and no copy, if all columns lie together.
    return table.to_numpy(np.result_type("bool", *kinds))


def _of_tensor(where: str, values: Any, texts: bool) -> np.ndarray:
    """The array of a tensor, or how to make one."""
    array = None
    if isinstance(values, (list, tuple)) and not as_array(values).shape:
        array = np.fromiter(values, object)  # of unequal lengths
    if hasattr(values, "__array__") and not isinstance(values, type):
        with contextlib.suppress(Exception):  # on another device, symbolic
            array = np.asanyarray(values)
    if array is None:
        cures = [_DENSE[name] for name in _DENSE if hasattr(values, name)]
        fix = f"Convert it first: {[*cures, 'np.asarray(values)'][0]}."
        expected = "a NumPy array or a column"
        received = type(values).__name__
        raise DataError.of(where, expected, received, fix)
    if array.dtype.kind == "V" and "float" in array.dtype.name:  # bfloat16
        array = array.astype("float32")
    DataError.raise_if(_unreadable(where, "values", array, texts))
    return array


def _unreadable(
    where: str, x: str, values: Any, texts: bool
) -> Problem | None:
    """What is no number, and the line that makes numbers of it."""
    held = _held(values)
    if not held or (texts and held == "words"):
        return None
    if texts and held == "words with gaps":
        held = "texts with gaps"
    numpy = isinstance(values, np.ndarray)
    cure = (_NUMPY_CURES if numpy else _CURES)[held].format(x)
    if x != "values" and not held.startswith("sequences"):
        cure = f"{x} = {cure}"
    expected = f"numbers{' or texts' * texts}, one row per sample"
    received = f"{values.dtype} {values.shape}, {held}"
    return Problem(where, expected, received, f"Convert it first: {cure}.")


def _held(values: Any) -> str:
    """What an array or series holds that is no number; else empty."""
    kind, name = values.dtype.kind, values.dtype.name.partition("[")[0]
    found = _HELD.get(name, _HELD.get(kind, ""))
    if found:
        return found
    if kind in "biu" and hasattr(values, "isna") and values.isna().any():
        return f"{'booleans' if kind == 'b' else 'integers'} with gaps"
    if kind in "SU" and isinstance(values, np.ndarray):
        return "words"
    return _held_as_objects(values) if kind in "OSU" else ""


def _held_as_objects(values: Any) -> str:
    """What Python objects are, with None, NaN and NA as gaps."""
    objects = np.asarray(values, object).ravel()
    types = set(map(type, objects))
    words = {kind for kind in types if issubclass(kind, (str, bytes))}
    numbers = any(type(x) is float and x == x for x in objects)
    gaps = {"NoneType", "NAType", "" if numbers else "float"}
    others = {kind for kind in types - words if kind.__name__ not in gaps}
    if words and not others:
        return "words" if types == words else "words with gaps"
    if any(issubclass(kind, datetime.date) for kind in types):
        return "dates as objects"
    if not any(hasattr(kind, "__len__") for kind in others):
        return "objects"
    return "sequences of ids" if _are_ids(objects) else "sequences"


def _are_ids(rows: np.ndarray) -> bool:
    """Whether no row holds anything but whole numbers."""
    filled = [as_array(row) for row in rows if hasattr(row, "__len__")]
    return all(row.dtype.kind in "iu" for row in filled if row.size)
