"""Texts as rows of ids, all of one length.

An id is the number of a word. Id 0 stands for no word at all: it fills up
what a text is shorter than the others.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from companion.errors import DataError, Problem
from companion.feeding.columns import ArrayColumn
from companion.rules import count_problem, unmasked
from companion.values import as_array, describe

_WHERE = "PaddedText"
#: As many ids as int32, the type of what is fed, can tell apart.
_MOST = 2**31
_WORDS = (
    "Give each word its id: keras.layers.TextVectorization makes ids of "
    "texts."
)
_FROM_1 = (
    "Number the words from 1: if 0 is one, add 1 to every id. An array "
    "that is padded already is fed as it is."
)
_FEWER = (
    "Enlarge num_tokens and the input_dim of the Embedding, or give rare "
    "words the id of the unknown word."
)


class PaddedText(ArrayColumn):
    """Texts of different lengths, as rows of ids of one length.

    Id 0 is padding, as for ``Embedding(mask_zero=True)``, and never a word.

    ``keras.utils.pad_sequences`` makes such rows too, and says nothing of
    what it changes: it pads at the start unless it is told otherwise, cuts
    longer texts at their start, cuts the float 2.9 to 2, and lets id 0
    pass for a word. Here each of these is chosen, or refused.

    The rows are kept in the smallest type that holds the ids, a quarter to
    a half of int32.

    Taught in the chapter *Image and text*.

    Args:
        tokens: The ids of each text, from 1 on: a list of lists or arrays,
            the same as an object array or a series of pandas, a ragged
            tensor, or an int array ``(samples, ids)``.
        length: Ids in a row.
        padding: Where shorter texts are filled with 0: ``"post"``, at the
            end, or ``"pre"``, at the start.
        truncate: Which part of longer texts is dropped: ``"end"``, or
            ``"start"``. If absent, longer texts are refused.
        num_tokens: How many ids there are, 0 included: the ``input_dim``
            of the ``Embedding``. If given, larger ids are refused.

    Attributes:
        values: unsigned int ``(samples, length)``, the rows.
        truncated: How many texts were cut.

    Raises:
        DataError: If there is no text, a text has no id, an id is no whole
            number, below 1 or too large, or a text too long.

    Example:
        >>> column = PaddedText([[4, 2], [3], [5, 6, 7]], length=3)
        >>> column.take(np.array([2, 1])).tolist()
        [[5, 6, 7], [3, 0, 0]]
        >>> PaddedText([[4, 2], [5, 6, 7]], length=2, truncate="end")
        PaddedText(2 rows of 2 ids, 1 of them cut)

        Keras numbers the words, of training rows alone:

        >>> import keras
        >>> from companion import adapted
        >>> texts = np.array(["a red cat", "a dog"])
        >>> number = adapted(
        ...     keras.layers.TextVectorization(ragged=True), texts
        ... )
        >>> column = PaddedText(
        ...     number(texts), length=4, num_tokens=number.vocabulary_size()
        ... )
        >>> (column.take(np.array([0, 1])) > 0).astype(int).tolist()
        [[1, 1, 1, 0], [1, 1, 0, 0]]

        ``TextVectorization(output_sequence_length=4)`` pads by itself, and
        cuts longer texts without a word; its array is fed as it is.
    """

    def __init__(
        self,
        tokens: Any,
        length: int,
        *,
        padding: str = "post",
        truncate: str | None = None,
        num_tokens: int | None = None,
    ) -> None:
        DataError.raise_if(
            *_setting_problems(length, padding, truncate, num_tokens)
        )
        texts = _texts(tokens)
        lengths = np.fromiter(map(len, texts), "int64", len(texts))
        cut = lengths > length
        if truncate:
            ends = {"end": slice(length), "start": slice(-length, None)}
            kept = ends[truncate]
            texts = [ids[kept] for ids in texts]
            lengths = np.minimum(lengths, length)
        ids = _joined(texts, lengths)
        DataError.raise_if(
            *_id_problems(ids, lengths, num_tokens or _MOST),
            _length_problem(lengths, length),
        )
        super().__init__(_padded(ids, lengths, length, padding))
        self.truncated = int(cut.sum())

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns these rows as int32 ``(batch, length)``."""
        return super().take(rows).astype("int32")

    def __repr__(self) -> str:
        rows, length = self.values.shape
        cut = f", {self.truncated} of them cut" * bool(self.truncated)
        return f"{_WHERE}({rows} rows of {length} ids{cut})"

    def __reduce__(self) -> tuple:
        return _from_rows, (self.values, self.truncated)


def _from_rows(values: np.ndarray, truncated: int) -> PaddedText:
    """A column of rows that were padded before."""
    column = PaddedText.__new__(PaddedText)
    ArrayColumn.__init__(column, values)
    column.truncated = truncated
    return column


def _setting_problems(
    length: Any, padding: Any, truncate: Any, num_tokens: Any
) -> Iterator[Problem | None]:
    fix = "Give the number of ids in a row, for example length=20."
    yield count_problem("length", length, 1, fix, of=_WHERE)
    if num_tokens is not None:
        fix = "Give the input_dim of the Embedding."
        counted = functools.partial(count_problem, of=_WHERE, at_most=_MOST)
        yield counted("num_tokens", num_tokens, 2, fix)
    for name, value, known in (
        ("padding", padding, ("post", "pre")),
        ("truncate", truncate, ("end", "start", None)),
    ):
        if value not in known:
            where, expected = (
                f"{_WHERE}, {name}",
                " or ".join(map(repr, known)),
            )
            fix = "Choose the end of a text, or its start."
            yield Problem(where, expected, repr(value), fix)


def _texts(tokens: Any) -> list[Any]:
    """A list with the ids of each text, in whatever holds them."""
    masked = unmasked(tokens)
    DataError.raise_if(masked and masked.at(_WHERE))
    if hasattr(tokens, "to_list"):  # a ragged tensor, a series of pandas
        tokens = tokens.to_list()
    if hasattr(tokens, "__array__"):
        array = np.atleast_1d(np.asarray(tokens))
        tokens = array.tolist() if array.dtype.kind == "O" else [*array]
    DataError.raise_if(_form_problem(tokens))
    return tokens


def _joined(texts: list[Any], lengths: np.ndarray) -> np.ndarray:
    """The ids of all texts, one after the other."""
    # An empty list would make floats of all.
    filled = [*itertools.compress(texts, lengths)] or [np.empty(0, int)]
    try:
        ids = np.concatenate(filled)
    except ValueError:  # lists within a list
        ids = np.array(None)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise DataError(_type_problem(texts))
    return ids


def _form_problem(tokens: Any) -> Problem | None:
    """What is no list of lists."""
    fix, received = "Give a list of lists of ids.", describe(tokens)
    if isinstance(tokens, (list, tuple)) and len(tokens):
        wrong = {kind for kind in {*map(type, tokens)} if not _holds(kind)}
        if not wrong:
            return None
        types = [*map(type, tokens)]
        row, kind = next((n, k) for n, k in enumerate(types) if k in wrong)
        received = f"{kind.__name__} in row {row}"
        if issubclass(kind, (str, bytes)):
            fix = _WORDS
        elif kind.__name__ in ("NoneType", "NAType", "float"):
            fix = "Leave such rows out, or give the id of the unknown word."
    return Problem(_WHERE, "a list of ids for each text", received, fix)


def _holds(kind: type) -> bool:
    """Whether what is of a type can hold the ids of a text."""
    others = str, bytes, dict, np.generic
    return hasattr(kind, "__getitem__") and not issubclass(kind, others)


def _type_problem(texts: list[Any]) -> Problem:
    """A text whose ids are no whole numbers."""
    received = "ids of several types"
    for row, ids in enumerate(texts):
        found = as_array(ids)
        if len(ids) and (found.ndim != 1 or found.dtype.kind not in "iu"):
            what = describe(found) if found.ndim == 1 else "lists in a list"
            received = f"{what} in row {row}"
            break
    return Problem(_WHERE, "a whole number for each word", received, _WORDS)


def _id_problems(
    ids: np.ndarray, lengths: np.ndarray, beyond: int
) -> Iterator[Problem]:
    """Texts without a word, and ids that no word has."""
    if not lengths.all():
        row, of = int(lengths.argmin()), f"{len(lengths)} texts"
        yield Problem(
            _WHERE,
            "at least one id in every text",
            f"none in {(lengths == 0).sum()} of {of}, first in row {row}",
            "Give them the id of the unknown word: [ids if len(ids) else "
            "[1] for ids in tokens].",
        )
    for wrong, how, expected, fix in (
        (ids < 1, "small", "ids from 1 on: 0 is padding", _FROM_1),
        (ids >= beyond, "large", f"ids below {beyond}", _FEWER),
    ):
        if wrong.any():
            ends = np.cumsum(lengths)
            row = int(np.searchsorted(ends, wrong.argmax(), "right"))
            received = f"ids from {ids.min()} to {ids.max()}"
            received += f", the first too {how} in row {row}"
            yield Problem(_WHERE, expected, received, fix)


def _length_problem(lengths: np.ndarray, length: int) -> Problem | None:
    longer = lengths > length
    if not longer.any():
        return None
    return Problem(
        _WHERE,
        f"texts of at most {length} ids",
        f"{longer.sum()} of {len(lengths)} longer, the first in row "
        f"{longer.argmax()}, the longest of {lengths.max()} ids",
        f'Pass truncate="end" to keep the first {length} ids of each, '
        f'truncate="start" to keep the last, or a larger length.',
    )


def _padded(
    ids: np.ndarray, lengths: np.ndarray, length: int, padding: str
) -> np.ndarray:
    """The ids in rows, with 0 where a text has none."""
    places, kept = np.arange(length), np.minimum(lengths, length)[:, None]
    filled = places < kept
    if padding == "pre":
        filled = places >= length - kept
    rows = np.zeros(filled.shape, np.min_scalar_type(ids.max()))
    rows[filled] = ids
    return rows
