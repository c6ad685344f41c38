"""Tables of numbers and categories, encoded as training rows teach.

Numbers are scaled as by a ``Normalization`` layer, categories numbered as
by a ``StringLookup`` or ``IntegerLookup`` with a token for gaps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.columns import as_column
from companion.feeding.missing import filled, known
from companion.feeding.preparation import learning_faults
from companion.rules import choice_problem
from companion.values import describe

#: Ids that are no category: nothing in the cell; not in training rows.
MISSING_ID, UNKNOWN_ID = 0, 1
_POLICIES = ("id", "error")
_WHOLE = (int, np.integer, np.bool_)


class TableEncoder:
    """Numbers and categories of a table, as inputs of a model.

    Numbers become a single input, each column scaled to mean 0 and
    standard deviation 1 of its training rows; a gap stays NaN, for
    `with_presence`. Every column of categories becomes an input of its
    own, of ids: 0 for a gap or an empty text, 1 for a category that
    training did not have, from 2 on the categories, the commonest first.

    Taught in the chapter *Numbers and categories*.

    Args:
        numbers: Columns of numbers.
        categories: Columns of categories: texts, whole numbers, booleans.
        unknown: What becomes of a category that training did not have:
            ``"id"`` gives it id 1, ``"error"`` refuses it.
        name: Name of the input with the numbers.

    Attributes:
        numbers: Mean and standard deviation of each column of numbers, by
            its name.
        categories: Categories of each column, by its name, in the order of
            their ids.

    Raises:
        DataError: If no column is named, one is named twice, or the
            policy is unknown.

    Example:
        >>> table = {
        ...     "kilograms": np.array([1.0, 3.0, 2.0]),
        ...     "zone": np.array(["near", "far", "near"]),
        ... }
        >>> encoder = TableEncoder(["kilograms"], ["zone"]).adapt(table)
        >>> new = {"kilograms": np.array([2.0]), "zone": np.array(["sea"])}
        >>> {name: ids.tolist() for name, ids in encoder(new).items()}
        {'numbers': [[0.0]], 'zone': [1]}
        >>> encoder.sizes
        {'zone': 4}
    """

    def __init__(
        self,
        numbers: Sequence[str] = (),
        categories: Sequence[str] = (),
        *,
        unknown: str = "id",
        name: str = "numbers",
    ) -> None:
        of = "TableEncoder"
        DataError.raise_if(
            _names_problem(of, numbers, categories, name),
            choice_problem("unknown", unknown, _POLICIES, of=of),
        )
        self.unknown, self.name = unknown, name
        self._numbers, self._categories = list(numbers), list(categories)
        self.numbers: dict[str, tuple[float, float]] = {}
        self.categories: dict[str, list[Any]] = {}

    def adapt(self, table: Any) -> TableEncoder:
        """Learns scales and categories.

        Args:
            table: Training rows alone: a DataFrame of pandas, or a dict
                of arrays ``(samples,)``. Gaps are passed over.

        Returns:
            The encoder itself.

        Raises:
            DataError: If a column is absent, holds a single value or
                nothing, dates, or fractions as categories.
        """
        DataError.raise_if(*self._absent(table))

        def learn(column: str) -> Any:
            teach = _scale if column in self._numbers else _words
            return teach(column, table[column])

        learned = _each([*self._numbers, *self._categories], learn)
        self.numbers = {name: learned[name] for name in self._numbers}
        self.categories = {name: learned[name] for name in self._categories}
        return self

    def __call__(self, table: Any) -> dict[str, np.ndarray]:
        """Encodes any rows as the training rows taught.

        Args:
            table: As for `adapt`, training rows or others.

        Returns:
            float32 ``(samples, columns)`` under the name for the numbers,
            and int32 ``(samples,)`` for each column of categories.

        Raises:
            DataError: If `adapt` comes first, a column is absent or holds
                something else than in training, or a category is new and
                the policy is ``"error"``.
        """
        encoded = self._encoded(table)
        inputs: dict[str, np.ndarray] = {}
        if self._numbers:
            scaled = [encoded.pop(name) for name in self._numbers]
            inputs[self.name] = np.stack(scaled, axis=1).astype("float32")
        if self.unknown == "error":
            DataError.raise_if(
                *(_unknown_problem(n, ids) for n, ids in encoded.items())
            )
        return inputs | encoded

    def _encoded(self, table: Any) -> dict[str, np.ndarray]:
        """Each column by itself."""
        DataError.raise_if(*self._absent(table), self._unlearned())

        def encode(column: str) -> np.ndarray:
            values = table[column]
            if column in self.numbers:
                mean, spread = self.numbers[column]
                return (_numbers(column, values) - mean) / spread
            return _ids(column, values, self.categories[column])

        return _each([*self._numbers, *self._categories], encode)

    @property
    def sizes(self) -> dict[str, int]:
        """How many ids each column of categories has, for an embedding."""
        DataError.raise_if(self._unlearned())
        return {
            name: UNKNOWN_ID + 1 + len(words)
            for name, words in self.categories.items()
        }

    def unknown_share(self, table: Any) -> dict[str, float]:
        """Share of the rows whose category training did not have.

        Args:
            table: As for `adapt`.

        Returns:
            A number from 0 to 1 for each column of categories.
        """
        encoded = self._encoded(table)
        return {
            name: float(np.mean(encoded[name] == UNKNOWN_ID))
            for name in self.categories
        }

    def get_config(self) -> dict[str, Any]:
        """What was learned, as numbers and texts that JSON can hold."""
        DataError.raise_if(self._unlearned())
        return {
            "numbers": self.numbers,
            "categories": self.categories,
            "unknown": self.unknown,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TableEncoder:
        """The encoder again, without the training rows.

        Args:
            config: What `get_config` gave, also after a way through JSON.

        Example:
            >>> table = {"zone": np.array(["near", "far", "near"])}
            >>> encoder = TableEncoder(categories=["zone"]).adapt(table)
            >>> again = TableEncoder.from_config(encoder.get_config())
            >>> again(table)["zone"].tolist()
            [2, 3, 2]
        """
        encoder = cls(
            list(config["numbers"]),
            list(config["categories"]),
            unknown=config["unknown"],
            name=config["name"],
        )
        encoder.numbers = {
            n: (m, s) for n, (m, s) in config["numbers"].items()
        }
        encoder.categories = dict(config["categories"])
        return encoder

    def _unlearned(self) -> Problem | None:
        if self.numbers or self.categories:
            return None
        fix = "Call encoder.adapt(training_rows) first."
        return Problem("TableEncoder", "training rows", "none yet", fix)

    def _absent(self, table: Any) -> Iterator[Problem]:
        """Columns that are not there, and tables without rows."""
        named = hasattr(table, "__getitem__")
        names = list(getattr(table, "columns", table)) if named else []
        wanted = [*self._numbers, *self._categories]
        absent = [each for each in wanted if each not in names]
        if absent:
            expected = f"the columns {', '.join(wanted)}"
            received = f"none called {', '.join(absent)}"
            fix = "Rename the columns, or read the file again."
            yield Problem("table", expected, received, fix)
            return
        shapes = {each: np.shape(table[each]) for each in wanted}
        shape = shapes[wanted[0]]
        if len(shape) != 1 or 0 in shape or len(set(shapes.values())) > 1:
            expected = "columns (samples,) of one length, at least one row"
            received = ", ".join(f"{n}: {s}" for n, s in shapes.items())
            fix = "Look at where the table is made."
            yield Problem("table", expected, received, fix)


def _names_problem(
    of: str, numbers: Any, categories: Any, name: str
) -> Problem | None:
    """Columns that are no list, are none, or come twice."""
    expected, received = "lists of names of columns", "a single text"
    fix = 'Write TableEncoder(numbers=["weight"], categories=["zone"]).'
    if isinstance(numbers, str) or isinstance(categories, str):
        return Problem(of, expected, received, fix)
    counts = Counter([*numbers, *categories])
    counts[name] += name in categories
    twice = [repr(each) for each, count in counts.items() if count > 1]
    if twice:
        expected, received = "each name once", ", ".join(twice) + " twice"
    elif numbers or categories:
        return None
    else:
        received = "none"
    return Problem(of, expected, received, fix)


def _each(
    columns: Sequence[str], make: Callable[[str], Any]
) -> dict[str, Any]:
    """What is made of each column; all that is wrong is told at once."""
    made: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in columns:
        try:
            made[column] = make(column)
        except DataError as error:
            problems += error.problems
    DataError.raise_if(*problems)
    return made


def _numbers(column: str, values: Any) -> np.ndarray:
    """float64, NaN in every gap."""
    where = f'column "{column}"'
    array, there = filled(where, values)
    column_: Any = as_column(where, array, texts=False)
    numbers = np.asarray(column_.values, "float64")
    return np.where(there, numbers, np.nan)


def _scale(column: str, values: Any) -> tuple[float, float]:
    """Mean and standard deviation, of numbers that have both."""
    numbers = _numbers(column, values)
    numbers = numbers[np.isfinite(numbers)]
    faults = learning_faults(keras.layers.Normalization(axis=None), numbers)
    DataError.raise_if(*(f.at(f'column "{column}"') for f in faults))
    return float(numbers.mean()), float(numbers.std())


def _cells(column: str, values: Any) -> tuple[list[Any], np.ndarray]:
    """The categories that are there, and where."""
    there = known(values)
    dtype = getattr(values, "dtype", None)
    own = hasattr(dtype, "na_value")  # of pandas, which might round ids
    whole = values.astype(object) if own else values
    kind = object if dtype is None else None  # a list, perhaps mixed
    cells = np.asarray(whole, kind)[there].tolist()
    types = set(map(type, cells))
    if types == {bytes}:
        return [cell.decode() for cell in cells], there
    if getattr(dtype, "kind", "O") not in "mM":  # whole nanoseconds
        if all(issubclass(each, str) for each in types):
            return cells, there
        if all(issubclass(each, _WHOLE) for each in types):
            return np.array(cells).tolist(), there
    raise DataError.of(
        f'column "{column}"',
        "categories: texts, whole numbers or booleans",
        describe(values),
        f'If these are whole numbers: table["{column}"].astype("Int64"). '
        "Give amounts as numbers=[...]; of a date give a part, "
        "such as the month.",
    )


def _words(column: str, values: Any) -> list[Any]:
    """Categories, the commonest first, as the layers of Keras sort them."""
    counts = Counter(_cells(column, values)[0])
    del counts[""]
    if not counts:
        fix = "Leave the column out: there is nothing to learn from."
        where, expected = f'column "{column}"', "some category"
        raise DataError.of(where, expected, "gaps in every row", fix)
    return sorted(counts, key=lambda word: (counts[word], word))[::-1]


def _ids(column: str, values: Any, words: Sequence[Any]) -> np.ndarray:
    """int32, the place of each category among those of training."""
    cells, there = _cells(column, values)
    texts = isinstance(words[0], str)
    if cells and isinstance(cells[0], str) != texts:
        kind = "str" if texts else '"int64"'
        raise DataError.of(
            f'column "{column}"',
            f"{'texts' if texts else 'whole numbers'}, as in training",
            describe(values),
            f'Convert it: table["{column}"].astype({kind}).',
        )
    places = {word: id_ for id_, word in enumerate(words, UNKNOWN_ID + 1)}
    places[""] = MISSING_ID
    ids = np.full(len(there), MISSING_ID, "int32")
    ids[there] = [places.get(cell, UNKNOWN_ID) for cell in cells]
    return ids


def _unknown_problem(column: str, ids: np.ndarray) -> Problem | None:
    new = np.flatnonzero(ids == UNKNOWN_ID)
    if not new.size:
        return None
    return Problem(
        f'column "{column}"',
        "categories of the training rows",
        f"others in {new.size} of {len(ids)} rows, first in row {new[0]}",
        'Mend them, or give unknown categories an id: unknown="id".',
    )
