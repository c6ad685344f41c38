"""Checkers of the sheet *Practice: a recommender*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    global_state,
    shake,
    tried,
    wrong_cost_of_numbers,
    wrong_inputs,
    wrong_step,
)

Batch = dict[str, np.ndarray]
#: Share of the ids that are to be hidden, and how far chance may lead.
_HIDDEN, _CHANCE = 0.1, 0.02
#: What float32 may change in a dot product.
_ROUNDED = 1e-4


@exercise
def best_unrated(
    recommend: Callable[[np.ndarray, np.ndarray, np.ndarray, int], Any],
    sizes: tuple[int, int, int] = (5, 12, 4),
    count: int = 3,
    seed: int = 0,
) -> Iterator[str]:
    """Each user gets the best products that are not rated, best first.

    Args:
        recommend: Vectors of users and of products, what is rated, and a
            count, to numbers of products ``(users, count)``.
        sizes: How many users and products, and how long a vector is.
        count: How many products each user gets.
        seed: Decides vectors and what is rated.

    Raises:
        Hint: If a product is rated already, or not among the best.

    Example:
        >>> best_unrated(lambda *given: np.zeros((5, 3), int))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: User 0 gets product 0 more than once.
    """
    rng = np.random.default_rng(seed)
    num_users, num_products, width = sizes
    users = rng.normal(0, 1, (num_users, width))
    products = rng.normal(0, 1, (num_products, width))
    # The last user likes nothing: even the best is far below 0.
    products[:, 0], users[-1, 0] = 1 + abs(products[:, 0]), -20
    scores = users @ products.T
    # What each user would like best is rated already, and some of the rest.
    rated = scores >= np.sort(scores, axis=1)[:, [-2]]
    rated |= rng.random(rated.shape) < 0.2
    given = users.copy(), products.copy(), rated.copy()
    result = yield from tried(recommend, *given, count)
    if not all(map(np.array_equal, given, (users, products, rated))):
        yield "An array that came in is changed. Work on a copy."
    found = array_of(result)
    if found.shape != (num_users, count) or found.dtype.kind not in "iu":
        yield (
            f"Whole numbers of shape {(num_users, count)} are asked for; "
            f"yours are {found.dtype} {found.shape}."
        )
    if found.min() < 0 or found.max() >= num_products:
        yield f"Products have numbers from 0 to {num_products - 1}."
    yield from _wrong_products(found, scores, rated)
    yield from _wrong_order(found, users, products, rated)


def _wrong_products(
    found: np.ndarray, scores: np.ndarray, rated: np.ndarray
) -> Iterator[str]:
    """Products that come twice, or are rated."""
    for user, row in enumerate(found):
        numbers, times = np.unique(row, return_counts=True)
        if times.max() > 1:
            number = numbers[times.argmax()]
            yield f"User {user} gets product {number} more than once."
        if rated[user, row].any():
            yield (
                f"User {user} gets product {row[rated[user, row]][0]}, and "
                "has rated it already."
            )


def _wrong_order(
    found: np.ndarray,
    users: np.ndarray,
    products: np.ndarray,
    rated: np.ndarray,
) -> Iterator[str]:
    """Products that are not the best, or not in order."""
    count, scores = found.shape[1], users @ products.T
    right = _best(scores, rated, count)
    if np.array_equal(found, right):
        return
    lengths = np.linalg.norm(products, axis=1)
    distances = np.linalg.norm(users[:, None] - products, axis=2)
    for hint, other in (
        (
            "These are the products that each user would like least.",
            _best(-scores, rated, count),
        ),
        (
            "You divide by the length of a product's vector. A long vector "
            "belongs to a product with strong effects: take the dot "
            "product itself.",
            _best(scores / lengths, rated, count),
        ),
        (
            "These are the products whose vectors are nearest. The dot "
            "product is asked for.",
            _best(-distances, rated, count),
        ),
    ):
        if np.array_equal(np.sort(found), np.sort(other)):
            yield hint
    if np.array_equal(np.sort(found), np.sort(right)):
        yield "The products are right, but the best should come first."
    user = int(np.any(found != right, axis=1).argmax())
    yield (
        f"For user {user} the products should be {right[user].tolist()}; "
        f"yours are {found[user].tolist()}."
    )


def _best(scores: np.ndarray, rated: np.ndarray, count: int) -> np.ndarray:
    order: np.ndarray = np.argsort(-np.where(rated, -np.inf, scores))
    return order[:, :count]


@exercise
def ids_forgotten(
    forget: Callable[[tuple[Any, ...], np.random.Generator], Any],
    names: tuple[str, str] = ("user", "product"),
    weights: bool = False,
    seed: int = 0,
) -> Iterator[str]:
    """One id in ten becomes 1, for users and for products independently.

    Args:
        forget: A batch and a random number generator, to a batch.
        names: The inputs that hold ids.
        weights: Whether the batch has sample weights.
        seed: Decides ids and what is hidden.

    Raises:
        Hint: If another share is hidden, the same rows for both, or
            something else is changed.
    """
    batch, copy = (_ratings(names, weights, seed) for _ in range(2))
    state = global_state()
    changed = yield from tried(forget, batch, np.random.default_rng(seed))
    if global_state() != state:
        yield (
            "You draw from np.random itself. Draw from rng, the generator "
            "that you were handed: then a run can be repeated."
        )
    if not _same(batch, copy):
        yield (
            "The batch that came in is changed: the generator still owns "
            "its dict and its arrays. Make new ones."
        )
    yield from _wrong_batch(changed, batch)
    hidden = yield from _hidden(changed[0], batch[0], names)
    both = float(np.mean(hidden[0] & hidden[1]))
    if both > 3 * _HIDDEN**2:
        yield (
            f"User and product are hidden together in {both:.0%} of the "
            "rows. Draw for each of them by itself."
        )
    if both < _HIDDEN**2 / 3:
        yield (
            f"User and product both are hidden in {both:.1%} of the rows; "
            "drawn independently, that happens in 1%."
        )
    again = yield from tried(forget, batch, np.random.default_rng(seed))
    if not _same(again, changed):
        yield "With the same rng, other rows are hidden. Where is it from?"
    other = yield from tried(forget, batch, np.random.default_rng(seed + 1))
    if _same(other, changed):
        yield (
            "The same rows are hidden whatever rng says. Then the model "
            "never learns these ids. Draw anew, from rng."
        )


def _ratings(
    names: tuple[str, str], weights: bool, seed: int
) -> tuple[Any, ...]:
    """Inputs, targets and perhaps weights of many ratings."""
    rng = np.random.default_rng(seed)
    rows = 5000
    inputs = {n: rng.integers(2, 50, rows).astype("int32") for n in names}
    inputs["age"] = rng.integers(0, 4, rows).astype("int32")
    inputs["price"] = rng.random((rows, 1), dtype="float32")
    stars = rng.random((rows, 1), dtype="float32")
    return (inputs, stars, np.ones(rows)) if weights else (inputs, stars)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return list(one[0]) == list(other[0]) and all(
        np.array_equal(a, b)
        for a, b in zip(
            [*one[0].values(), *one[1:]], [*other[0].values(), *other[1:]]
        )
    )


def _wrong_batch(changed: Any, batch: tuple[Any, ...]) -> Iterator[str]:
    """What is no batch, or lacks a part of it."""
    parts = ["inputs", "targets", "sample weights"][: len(batch)]
    if not isinstance(changed, tuple) or len(changed) != len(batch):
        kind = type(changed).__name__
        if isinstance(changed, tuple):
            kind = f"tuple of {len(changed)}"
        yield (
            f"The batch is a tuple of {', '.join(parts)}. You give back a "
            f"{kind}."
        )
    inputs = changed[0]
    if not isinstance(inputs, dict) or set(inputs) != set(batch[0]):
        yield (
            f"The inputs are a dict with {', '.join(batch[0])}; give back "
            "all of them."
        )
    if not all(map(np.array_equal, changed[1:], batch[1:])):
        yield "Targets and weights should stay as they are."


def _hidden(
    inputs: Batch, given: Batch, names: tuple[str, str]
) -> Generator[str, None, list[np.ndarray]]:
    """Where the ids are hidden, for each of both names."""
    for name in set(given) - set(names):
        if not np.array_equal(inputs[name], given[name]):
            yield f"The input {name} is no user and no product: keep it."
    places = []
    for name in names:
        ids = array_of(inputs[name])
        if ids.shape != given[name].shape or ids.dtype.kind != "i":
            yield (
                f"The ids of {name} should stay whole numbers "
                f"{given[name].shape}; yours are {ids.dtype} {ids.shape}."
            )
        hidden = ids != given[name]
        if (ids[hidden] != 1).any():
            other = ids[hidden & (ids != 1)][0]
            yield (
                f"A hidden {name} should have id 1, which someone new "
                f"gets; yours has {other}."
            )
        share = float(hidden.mean())
        if abs(share - _HIDDEN) > _CHANCE:
            yield (
                f"{share:.0%} of the ids of {name} are hidden; one in ten "
                "is asked for."
            )
        places.append(hidden)
    return places


@exercise
def two_towers(
    build: Callable[[int, int], Any],
    num_users: int = 30,
    num_products: int = 20,
    seed: int = 0,
) -> Iterator[str]:
    """The answer is the dot product of what the two towers give.

    Args:
        build: How many ids of users and of products there are, to a
            compiled model, and the two towers.
        num_users: How many ids of users there are.
        num_products: How many ids of products there are.
        seed: Decides weights and rows.

    Raises:
        Hint: If an answer is another than the dot product, an input does
            not count, or the model cannot be trained.
    """
    result = yield from tried(build, num_users, num_products)
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        yield (
            "Three models are asked for: return model, user_tower, "
            "product_tower."
        )
    model, *towers = result
    batch = _pairs(num_users, num_products, seed)
    sides = [
        {name: batch[name] for name in names}
        for names in (("user", "age"), ("product", "price"))
    ]
    yield from wrong_inputs(model, batch)
    for tower, side in zip(towers, sides):
        yield from wrong_inputs(tower, side)
    yield from answers_of(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    if answers.shape != (len(batch["user"]), 1):
        yield (
            f"For {len(batch['user'])} pairs the answers should be "
            f"{(len(batch['user']), 1)}; yours are {answers.shape}."
        )
    vectors = yield from _vectors(towers, sides)
    yield from _alike(towers, sides)
    yield from _not_the_product(model, towers, answers, vectors)
    yield from _unread(model, batch, answers)
    stars = np.linspace(1, 5, len(batch["user"]), dtype="float32")
    yield from wrong_step(model, batch, stars[:, None])
    some = np.array([[1.0], [3.0], [5.0]], "float32")
    yield from wrong_cost_of_numbers(model, some, 0.5)


def _pairs(num_users: int, num_products: int, seed: int) -> Batch:
    """Every user id with some product, and every product id."""
    rng = np.random.default_rng(seed)
    rows = np.arange(2 * max(num_users, num_products))
    numbers = rng.normal(0, 1, (2, len(rows), 1)).astype("float32")
    return {
        "user": (rows % num_users).astype("int32"),
        "age": numbers[0],
        "product": rng.permutation(rows % num_products).astype("int32"),
        "price": numbers[1],
    }


def _vectors(
    towers: list[Any], sides: list[Batch]
) -> Generator[str, None, list[np.ndarray]]:
    """What the towers give for the rows of their sides."""
    vectors = []
    for tower, side in zip(towers, sides):
        found = yield from answers_of(tower, side)
        vectors.append(found)
    shapes = [found.shape for found in vectors]
    if len(shapes[0]) != 2 or shapes[0] != shapes[1]:
        yield (
            "Both towers should give vectors of one length, (batch, "
            f"width); yours give {shapes[0]} and {shapes[1]}."
        )
    return vectors


def _alike(towers: list[Any], sides: list[Batch]) -> Iterator[str]:
    """Two ids that a tower gives the same vector."""
    for tower, side in zip(towers, sides):
        (name, ids), (other, numbers) = side.items()
        every = np.arange(ids.max() + 1, dtype="int32")
        same = np.repeat(numbers[:1], len(every), axis=0)
        found = yield from answers_of(tower, {name: every, other: same})
        if len(np.unique(found, axis=0)) < len(every):
            yield (
                f"Among the {len(every)} ids of {name} two have the same "
                f"vector, with the same {other}."
            )


def _not_the_product(
    model: keras.Model,
    towers: list[Any],
    answers: np.ndarray,
    vectors: list[np.ndarray],
) -> Iterator[str]:
    """Answers that are another number than the dot product."""
    product = np.sum(vectors[0] * vectors[1], axis=1, keepdims=True)
    if np.allclose(answers, product, atol=_ROUNDED, rtol=_ROUNDED):
        return
    of_model = {id(weight) for weight in model.weights}
    if not of_model >= {id(w) for tower in towers for w in tower.weights}:
        yield (
            "A tower has weights that are not in the model, so training "
            "the model does not train it. Make both from the same tensors."
        )
    unit = product / np.prod(
        [np.linalg.norm(v, axis=1, keepdims=True) for v in vectors], axis=0
    )
    if np.allclose(answers, unit, atol=_ROUNDED, rtol=_ROUNDED):
        yield (
            "Your answer is the dot product of vectors of length 1. Let "
            "the towers give them at that length, or do not divide."
        )
    yield (
        "The answer is not the dot product of the two vectors. What comes "
        "after the Dot, or beside it, is lost when a shop looks up vectors."
    )


def _unread(
    model: keras.Model, batch: Batch, answers: np.ndarray
) -> Iterator[str]:
    """An input that makes no difference."""
    for name, values in batch.items():
        turned = {**batch, name: np.roll(values, 1, axis=0)}
        if not differs(answers, (yield from answers_of(model, turned))):
            yield f"The input {name} makes no difference."
    user = ("user", "age")
    moved = {k: np.roll(v, 1, axis=0) for k, v in batch.items()}
    users = {**batch, **{name: moved[name] for name in user}}
    products = {**moved, **{name: batch[name] for name in user}}
    one = yield from answers_of(model, users)
    other = yield from answers_of(model, products)
    both = yield from answers_of(model, moved)
    if np.allclose(one + other, answers + both, atol=_ROUNDED):
        yield (
            "Your answer is a number of the user plus a number of the "
            "product: every user likes the same products best."
        )
