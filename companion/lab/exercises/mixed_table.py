"""Checkers of the sheet *Practice: numbers and categories*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from companion.graph import has_layer, inputs_of
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    shake,
    tried,
    wrong_cost_of_numbers,
    wrong_inputs,
    wrong_step,
)

Batch = dict[str, np.ndarray]
Texts = Sequence[str | None]
#: What float32 may change if a number is scaled twice.
_ROUNDED = 1e-3


@exercise
def ids_from_training(
    ids_of: Callable[[list[str | None], list[str | None]], np.ndarray],
    training: Texts = ("sea", "road", None, "sea", "rail", "sea", "road"),
    new: Texts = ("rail", "air", "road", None, "sea", "air", "rail"),
) -> Iterator[str]:
    """Each category of training has an id, gaps have 0, the others 1.

    Args:
        ids_of: Texts of training rows and of other rows, None for a gap,
            to an int32 array of ids for the others.
        training: Texts of training rows.
        new: Texts of other rows, with a gap, a category that training
            lacks, and one that it has.

    Raises:
        Hint: If an id is another.

    Example:
        >>> ids_from_training(lambda training, new: np.ones(7, "int32"))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: A gap should get id 0; yours is 1.
    """
    known = {word for word in training if word is not None}
    ids = yield from _ids(ids_of, training, new)
    yield from _wrong_ids(ids, known, new)
    for others in (new[::-1], training, new[:1]):
        again = yield from _ids(ids_of, training, others)
        yield from _wrong_ids(again, known, others)
        first = dict(zip(new, ids.tolist()))
        for word, number in zip(others, again.tolist()):
            if first.get(word, number) != number:
                yield (
                    f"{word!r} has id {first[word]} among some rows and "
                    f"{number} among others. Only the training rows may "
                    "decide which id a category has."
                )


def _ids(
    ids_of: Any, training: Texts, new: Texts
) -> Generator[str, None, np.ndarray]:
    """The ids of an answer, one for each row."""
    given = list(training), list(new)
    result = yield from tried(ids_of, *given)
    if given != (list(training), list(new)):
        yield "A list that came in is changed. Leave both as they are."
    ids = array_of(result)
    if isinstance(result, (list, tuple)) or ids.dtype.kind not in "iu":
        kind = f"a {type(result).__name__}"
        if isinstance(result, np.ndarray):
            kind = f"an array of {ids.dtype}"
        yield f"An array of whole numbers is asked for; yours is {kind}."
    if ids.shape != (len(new),):
        yield (
            f"For {len(new)} texts the ids should be ({len(new)},); yours "
            f"are {ids.shape}."
        )
    return ids


def _wrong_ids(
    ids: np.ndarray, known: set[str], new: Texts
) -> Iterator[str]:
    """A gap, an unknown or a known category with an id that is not its."""
    seen: dict[int, str] = {}
    for word, number in zip(new, ids.tolist()):
        if word is None and number != 0:
            yield f"A gap should get id 0; yours is {number}."
        elif word is not None and word not in known and number != 1:
            yield (
                f"Training does not have {word!r}, so its id should be 1; "
                f"yours is {number}."
            )
        elif word in known and not 2 <= number < len(known) + 2:
            yield (
                f"Training has {len(known)} categories, so their ids are 2 "
                f"to {len(known) + 1}; {word!r} has id {number}."
            )
        elif word in known and seen.setdefault(number, word) != word:
            yield f"{word!r} and {seen[number]!r} have the same id."


@exercise
def units_ignored(
    build: Callable[[np.ndarray, int], keras.Model],
    num_columns: int = 3,
    num_categories: int = 6,
    seed: int = 0,
) -> Iterator[str]:
    """The units of the numbers make no difference; each input does.

    Args:
        build: Numbers of the training rows, ``(rows, columns)``, and how
            many ids there are, to a model of numbers and a category.
        num_columns: How many numbers a row has.
        num_categories: How many ids there are.
        seed: Decides weights and rows.

    Raises:
        Hint: If the units count, or an input does not.
    """
    rng = np.random.default_rng(seed)
    training = rng.normal(3, 1, (200, num_columns)).astype("float32")
    batch = {
        "numbers": training[:24],
        "category": (np.arange(24) % num_categories).astype("int32")[
            :, None
        ],
    }
    given = training.copy()
    model = yield from tried(build, given, num_categories)
    if not np.array_equal(given, training):
        yield "The training rows that came in are changed: make new arrays."
    yield from _wrong_form(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    alone = {name: values[:1] for name, values in batch.items()}
    found = yield from answers_of(model, alone)
    if not _close(answers[:1], found):
        yield (
            "A row gets another answer when it is alone in the batch: its "
            "scale comes from the rows beside it."
        )
    yield from _wrong_units(build, model, training, batch)
    yield from _unread(model, batch, answers)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=_ROUNDED, atol=_ROUNDED))


def _wrong_form(model: Any, batch: Batch) -> Iterator[str]:
    """Inputs of other names, or answers of another shape."""
    yield from wrong_inputs(model, batch)
    answers = yield from answers_of(model, batch)
    rows = len(batch["numbers"])
    if answers.shape != (rows, 1):
        yield (
            f"For {rows} rows the answers should be {(rows, 1)}; yours are "
            f"{answers.shape}."
        )


def _wrong_units(
    build: Any, model: keras.Model, training: np.ndarray, batch: Batch
) -> Iterator[str]:
    """Other units, in training and in use, that change an answer."""
    answers = yield from answers_of(model, batch)
    num_categories = int(batch["category"].max()) + 1
    last = np.arange(training.shape[1]) == training.shape[1] - 1
    for factor, shift, why in (
        (1000, 0, "in thousandths of the unit"),
        (np.where(last, 60, 1), 0, "with one column in another unit"),
        (1.8, 32, "on a scale with another zero, as Fahrenheit's,"),
    ):
        in_units = (training * factor + shift).astype("float32")
        other = yield from tried(build, in_units, num_categories)
        yield from answers_of(other, batch)  # some make their weights now
        pairs = zip(other.trainable_variables, model.trainable_variables)
        for copy, weight in pairs:
            copy.assign(weight)
        numbers = (batch["numbers"] * factor + shift).astype("float32")
        found = yield from answers_of(other, {**batch, "numbers": numbers})
        if not _close(answers, found):
            yield _why_units_count(model, why)


def _why_units_count(model: keras.Model, why: str) -> str:
    """What can be said of a model whose answer the units change."""
    changed = (
        f"The same rows, {why} in training and in use, get other answers"
    )
    layers = keras.layers
    if has_layer(model, layers.BatchNormalization):
        return (
            f"{changed}. BatchNormalization learns its scale while the "
            "model trains. Which layer learns it before, with adapt?"
        )
    if has_layer(model, layers.LayerNormalization):
        return (
            f"{changed}. LayerNormalization takes mean and spread of each "
            "row, over its columns. Each column needs its own."
        )
    if has_layer(model, layers.Normalization):
        return (
            f"{changed}, although there is a Normalization. Has it learned "
            "from the training rows, each column by itself?"
        )
    return f"{changed}. What learns the scale of a column from training?"


def _unread(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """A column or the category that makes no difference."""
    for column in range(batch["numbers"].shape[1]):
        moved = batch["numbers"].copy()
        moved[:, column] += 1
        found = yield from answers_of(model, {**batch, "numbers": moved})
        if not differs(answers, found):
            yield f"Column {column} of the numbers makes no difference."
    ids = batch["category"]
    turned = (ids + 1) % (ids.max() + 1)
    found = yield from answers_of(model, {**batch, "category": turned})
    if not differs(answers, found):
        yield "The category makes no difference."
    alone = np.arange(ids.max() + 1, dtype="int32")[:, None]
    yield from _alike(model, batch, "category", alone)


def _alike(
    model: keras.Model, batch: Batch, name: str, ids: np.ndarray
) -> Iterator[str]:
    """Two ids, one in each row, that a model takes for the same."""
    numbers = np.repeat(batch["numbers"][:1], len(ids), axis=0)
    found = yield from answers_of(model, {"numbers": numbers, name: ids})
    _, first, which = np.unique(
        found, return_index=True, return_inverse=True
    )
    like = first[np.ravel(which)]
    for number in np.flatnonzero(like != np.arange(len(ids)))[:1]:
        yield (
            f"With the same numbers, {name} {ids[like[number], 0]} and "
            f"{name} {ids[number, 0]} get the same answer."
        )


@exercise
def reads_several_genres(
    build: Callable[[int, int], keras.Model],
    num_numbers: int = 4,
    num_genres: int = 12,
    seed: int = 0,
) -> Iterator[str]:
    """Every genre counts, their order and the padding do not.

    Args:
        build: How many numbers a film has and how many ids of genres
            there are, to a compiled model.
        num_numbers: Width of the input ``numbers``.
        num_genres: Ids of genres, with 0 for padding.
        seed: Decides weights and films.

    Raises:
        Hint: If order or padding count, a genre does not, a film without
            a genre gives NaN, or training fails.
    """
    model = yield from tried(build, num_numbers, num_genres)
    batch = _films(num_numbers, num_genres, seed)
    yield from wrong_inputs(model, batch)
    genres = inputs_of(model).get("genres")
    if genres is not None and None not in genres.shape[1:]:
        yield (
            f"Your input genres takes {genres.shape} only. A size that "
            "differs from batch to batch is None."
        )
    yield from _no_genre(model, batch)
    yield from _wrong_form(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    yield from _padding(model, batch, answers)
    yield from _ignored(model, batch, answers, num_genres)
    yield from _order(model, batch, answers)
    shares = np.linspace(0, 1, len(batch["numbers"]), dtype="float32")
    yield from wrong_step(model, batch, shares[:, None])
    some = np.array([[0.25], [0.5], [0.75]], "float32")
    yield from wrong_cost_of_numbers(model, some, 0.2)


def _films(num_numbers: int, num_genres: int, seed: int) -> Batch:
    """Films with none to four genres, padded with 0 to four."""
    rng = np.random.default_rng(seed)
    genres = np.zeros((20, 4), "int32")
    for row, count in enumerate(np.arange(20) % 5):
        genres[row, :count] = 1 + rng.choice(
            num_genres - 1, count, replace=False
        )
    numbers = rng.normal(0, 1, (20, num_numbers))
    return {"numbers": numbers.astype("float32"), "genres": genres}


def _no_genre(model: Any, batch: Batch) -> Iterator[str]:
    """A film without any genre that has no answer."""
    result = yield from tried(model, batch)
    found = array_of(result)
    bad = ~np.isfinite(found) if found.dtype.kind == "f" else np.zeros(1)
    none = ~batch["genres"].any(axis=1)
    if bad.any() and not bad[~none].any():
        yield (
            "A film without any genre gets NaN: a mean over no genre is "
            "0/0. What could be taken in place of the mean?"
        )


def _padding(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """Padding that changes an answer."""
    longer = {**batch, "genres": np.pad(batch["genres"], ((0, 0), (0, 3)))}
    if _close(answers, (yield from answers_of(model, longer))):
        return
    changed = (
        "The same genres, padded to 4 and to 7 ids, get different answers"
    )
    if has_layer(model, keras.layers.Embedding):
        yield (f"{changed}. What does the Embedding give for id 0?")
    yield f"{changed}: id 0 is no genre."


def _order(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """An order of genres that changes an answer."""
    turned = batch["genres"].copy()
    for row in turned:
        count = np.count_nonzero(row)
        row[:count] = row[:count][::-1]
    found = yield from answers_of(model, {**batch, "genres": turned})
    if not _close(answers, found):
        yield (
            "Drama, Crime and Crime, Drama get different answers: the "
            "order of the genres counts."
        )


def _ignored(
    model: keras.Model, batch: Batch, answers: np.ndarray, num_genres: int
) -> Iterator[str]:
    """A number or genre that makes no difference; answers past 0 to 1."""
    genres = batch["genres"]
    for column in range(batch["numbers"].shape[1]):
        moved = batch["numbers"].copy()
        moved[:, column] += 1
        found = yield from answers_of(model, {**batch, "numbers": moved})
        if not differs(answers, found):
            yield f"Column {column} of the numbers makes no difference."
    for place in range(genres.shape[1]):
        there = genres[:, place] > 0
        other = genres.copy()
        other[there, place] = other[there, place] % (num_genres - 1) + 1
        found = yield from answers_of(model, {**batch, "genres": other})
        if not differs(answers, found):
            yield f"Genre {place + 1} of a film makes no difference."
    alone = np.arange(num_genres, dtype="int32")[:, None]
    yield from _alike(model, batch, "genres", alone)
    far = {**batch, "numbers": 100 * batch["numbers"]}
    found = yield from answers_of(model, far)
    if found.min() < 0 or found.max() > 1:
        yield (
            "The answer is the share of critics who liked the film. Yours "
            "leaves 0 to 1: which activation keeps it there?"
        )
