"""Checkers of the sheet *Practice: attending*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import keras
import numpy as np

from companion.graph import has_layer
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    shake,
    tried,
    wrong_inputs,
)

Batch = dict[str, np.ndarray]


@exercise
def attention_by_hand(
    attend: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    queries: int = 3,
    steps: int = 5,
    width: int = 4,
    features: int = 2,
    seed: int = 0,
) -> Iterator[str]:
    """Each query finds the weighted mean of the values.

    Args:
        attend: Queries, keys and values to what is found.
        queries: How many ask.
        steps: How many are asked.
        width: Of a query and a key.
        features: Width of a value.
        seed: Decides the numbers.

    Raises:
        Hint: If something else is found.

    Example:
        >>> attention_by_hand(lambda q, k, v: np.zeros((3, 2)))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: The first query should find ...
    """
    rng = np.random.default_rng(seed)
    given = (
        rng.normal(size=(queries, width)),
        rng.normal(size=(steps, width)),
        rng.normal(size=(steps, features)),
    )
    kept = [array.copy() for array in given]
    found = array_of((yield from tried(attend, *given)))
    if not all(map(np.array_equal, given, kept)):
        yield "The arrays that came in are changed. Leave them as they are."
    yield from _wrong_finding(found, given)
    queries_, keys_, values_ = given
    for what, far in {
        "queries a thousand times as large": (1000 * queries_, keys_),
        "3000 added to each key": (queries_, keys_ + 3000),
    }.items():
        found = array_of((yield from tried(attend, *far, values_)))
        if not np.allclose(found, _attended(*far, values_), atol=1e-2):
            yield (
                f"With {what}, the answer is wrong, or NaN: exp of a "
                "large number is infinite. Only differences count in a "
                "softmax. What can you subtract first?"
            )


def _attended(
    queries: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    scaled: bool = True,
    axis: int = -1,
) -> np.ndarray:
    """What is found, in the right way or in a wrong one."""
    scores = queries @ keys.T
    if scaled:
        scores = scores / np.sqrt(keys.shape[1])
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return (weights / weights.sum(axis=axis, keepdims=True)) @ values


def _wrong_finding(
    found: np.ndarray, given: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> Iterator[str]:
    """The first mistake in the shape or the numbers."""
    queries, keys, values = given
    right = _attended(*given)
    scores = queries @ keys.T / np.sqrt(keys.shape[1])
    if found.shape == (len(queries), len(keys)):
        yield (
            f"You give back {found.shape}, one number for each query and "
            "step. Those can be weights; the values are still to come."
        )
    if found.shape != right.shape:
        yield (
            f"One row per query and one column per feature of a value is "
            f"asked for, {right.shape}; you give back {found.shape}."
        )
    if np.allclose(found, right, atol=1e-5):
        return
    for hint, wrong in {
        "These are the numbers without the root: divide the products by "
        "the root of the width of a key.": _attended(*given, scaled=False),
        "Your weights add up to 1 over the queries. For each query, they "
        "should add up to 1 over the steps.": _attended(*given, axis=0),
        "These are the products as weights, without a softmax.": (
            scores @ values
        ),
        "These weights do not add up to 1: exp is there, the division by "
        "their sum is not.": (
            np.exp(scores - scores.max(axis=1, keepdims=True)) @ values
        ),
        "These are the values with the largest product. Softmax takes "
        "all of them, by weight.": values[scores.argmax(axis=1)],
    }.items():
        if np.allclose(found, wrong, atol=1e-5):
            yield hint
    yield (
        f"The first query should find {right[0].round(3).tolist()}; "
        f"yours finds {found[0].round(3).tolist()}."
    )


@exercise
def padding_is_not_asked(
    build: Callable[[], keras.Model],
    lines: int = 5,
    padding: int = 4,
    seed: int = 0,
) -> Iterator[str]:
    """Lines of zeros change nothing; all other lines do.

    Args:
        build: Makes a model of card and parcels.
        lines: Lines of a card.
        padding: Lines of zeros after them.
        seed: Decides weights and samples.

    Raises:
        Hint: If padding counts, or something else does not.
    """
    model = yield from tried(build)
    rng = np.random.default_rng(seed)
    batch = {
        "card": rng.uniform(0.2, 1, (4, lines, 11)).astype("float32"),
        "parcels": rng.uniform(0.2, 1, (4, 3, 11)).astype("float32"),
    }
    for first in (0, 1):  # a line holds zeros, and is no line of zeros
        batch["card"][:, first::2, first::2] = 0
    answers = yield from _shaken_answers(model, batch, seed)
    yield from _what_is_ignored(model, batch, answers)
    zeros = np.zeros((4, padding, 11), "float32")
    for name, places in {
        "after": (batch["card"], zeros),
        "before": (zeros, batch["card"]),
    }.items():
        longer = {**batch, "card": np.concatenate(places, axis=1)}
        if differs(answers, (yield from answers_of(model, longer))):
            changed = f"With {padding} lines of zeros {name} a card"
            yield f"{changed}, the answers change. {_why_it_counts(model)}"


def _why_it_counts(model: keras.Model) -> str:
    """What can be said of a model whose answer padding changes."""
    if has_layer(model, keras.layers.Masking):
        return (
            "A Masking layer marks lines that are all zeros where it "
            "stands. Is a padded line still all zeros there, and does the "
            "attention get the mark?"
        )
    return (
        "Which layer can mark such lines, and where must it stand so that "
        "the attention sees the mark?"
    )


def _shaken_answers(
    model: keras.Model, batch: Batch, seed: int
) -> Generator[str, None, np.ndarray]:
    """Answers of one number per sample, after noise on all weights."""
    yield from wrong_inputs(model, batch)
    yield from answers_of(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    asked = (len(next(iter(batch.values()))), 1)
    if answers.shape != asked:
        yield (
            f"One number per sample is asked for, {asked}; you get "
            f"{answers.shape}."
        )
    return answers


def _what_is_ignored(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """A line of an input that changes nothing."""
    for name, values in batch.items():
        lines = values.shape[1] if values.ndim == 3 else 1
        for line in range(lines):
            moved = values.copy()
            if lines > 1:
                moved[:, line] *= 2  # zeros in it stay zeros
            else:
                moved += 1
            found = yield from answers_of(model, {**batch, name: moved})
            if not differs(answers, found):
                which = f"line {line} of {name}" if lines > 1 else name
                yield f"The answer does not depend on {which}."


@exercise
def place_asks_stations(
    build: Callable[[], keras.Model],
    stations: int = 6,
    seed: int = 0,
) -> Iterator[str]:
    """A place asks any number of stations, in any order.

    Args:
        build: Makes a model of place and stations.
        stations: How many there are.
        seed: Decides weights and samples.

    Raises:
        Hint: If the order matters, an input does not count, or a station
            counts the same whatever the place is.
    """
    model = yield from tried(build)
    rng = np.random.default_rng(seed)
    batch = {
        "place": rng.normal(size=(5, 2)).astype("float32"),
        "stations": rng.normal(size=(5, stations, 3)).astype("float32"),
    }
    yield from wrong_inputs(model, batch)
    fewer = {**batch, "stations": batch["stations"][:, :2]}
    answers = yield from _shaken_answers(model, batch, seed)
    yield from tried(
        model, fewer, advice="It should take any number of stations."
    )
    yield from _what_is_ignored(model, batch, answers)
    turned = {**batch, "stations": batch["stations"][:, ::-1]}
    found = yield from answers_of(model, turned)
    if not np.allclose(answers, found, atol=1e-4):
        yield (
            "The stations in another order get another answer. Which "
            "layer looks at the order, or at one station alone?"
        )
    yield from _only_a_sum(model, batch, answers)


def _only_a_sum(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """An answer made of one part per input, added up."""
    place, stations = batch["place"][::-1], batch["stations"][::-1]
    here = yield from answers_of(model, {**batch, "place": place})
    there = yield from answers_of(model, {**batch, "stations": stations})
    both = yield from answers_of(
        model, {"place": place, "stations": stations}
    )
    if np.allclose(answers + both, here + there, atol=1e-4):
        yield (
            "A change of the stations changes the answer by the same "
            "amount at every place: your model adds something of the "
            "place to something of the stations."
        )
