"""Books and their readers: ratings made by a rule that is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from companion.errors import DataError, Problem

AGES = ("under 20", "20 to 39", "40 to 59", "60 and over")
REGIONS = ("north", "east", "south", "west")
GENRES = ("crime", "fantasy", "history", "humour", "travel")
#: Users and products that training has, and how many come as new ones.
KNOWN_USERS, NEW_USERS = 240, 60
KNOWN_PRODUCTS, NEW_PRODUCTS = 160, 40
#: Stars around which ratings lie.
_CENTRE = 3.2
#: Stars that a price of ten euros more counts for, in some region.
_SLOPES = (-0.3, -0.15, 0.0, 0.15)
#: Stars that ten books more in a year count for.
_HABIT = -0.1
#: Standard deviations of the number of an age group and a genre; of what
#: no column tells: the mood of a user, the quality of a product, the taste
#: of one for the style of the other; and of chance.
_TABLE, _MOOD, _QUALITY, _TASTE, _CHANCE = 0.25, 0.2, 0.2, 0.25, 0.2


@dataclass(frozen=True)
class Ratings:
    """Who rated which product, and how.

    Attributes:
        user: str ``(ratings,)``, such as "user 017".
        age: str ``(ratings,)``, of the user, one of `AGES`.
        region: str ``(ratings,)``, of the user, one of `REGIONS`.
        activity: float32 ``(ratings, 1)``, how many books the user reads
            in a year, 0 to 40.
        product: str ``(ratings,)``, such as "product 104".
        genre: str ``(ratings,)``, of the product, one of `GENRES`.
        price: float32 ``(ratings, 1)``, of the product, 5 to 35 euros.
        stars: float32 ``(ratings, 1)``, the rating, about 1 to 5, with
            fractions: what is to be predicted.
        best: float64 ``(ratings, 1)``, the best that anyone can predict:
            all but chance, and of a new user or product only what its
            columns tell.
    """

    user: np.ndarray
    age: np.ndarray
    region: np.ndarray
    activity: np.ndarray
    product: np.ndarray
    genre: np.ndarray
    price: np.ndarray
    stars: np.ndarray
    best: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """All but ``stars`` and ``best``, as a model is fed it, by name."""
        answers = ("stars", "best")
        return {k: v for k, v in vars(self).items() if k not in answers}


def ratings(
    seed: int = 0,
    num_train: int = 28_000,
    num_validation: int = 3_000,
    num_test: int = 4_000,
) -> dict[str, Ratings]:
    """Ratings of books, to train, to validate, and for four tests.

    A rating is the sum of

    - a number for each pair of age group and genre;
    - the price, which counts differently in each region;
    - the activity: who reads much is harder to please;
    - what no column tells: a mood of the user, a quality of the product,
      and a taste of the user times a style of the product;
    - chance.

    Taught in the chapter *A recommender*.

    Args:
        seed: Decides users, products, and every draw.
        num_train: Ratings to train on.
        num_validation: Ratings to validate on, by the same users.
        num_test: Ratings in each test, if there are as many pairs.

    Returns:
        Six parts by name. They are "train" and "validation"; "known",
        other pairs of users and products that training has; "new users",
        "new products" and "both new", of which training has no rating. No
        pair of a user and a product comes twice.

    Raises:
        DataError: If there are not so many pairs.

    Example:
        >>> parts = ratings()
        >>> for name, part in parts.items():
        ...     print(name, part.stars.shape)
        train (28000, 1)
        validation (3000, 1)
        known (4000, 1)
        new users (4000, 1)
        new products (4000, 1)
        both new (2400, 1)
        >>> str(parts["train"].user[0]), str(parts["train"].genre[0])
        ('user 043', 'humour')
    """
    asked = num_train + num_validation
    DataError.raise_if(_size_problem(asked + num_test))
    rng = np.random.default_rng([seed, 9])
    users, products, told = _columns(rng)
    hidden, known = _hidden(rng)
    chance = rng.normal(0, _CHANCE, told.shape)
    tables = {"stars": told + hidden + chance, "best": told + known}
    parts = _cells(rng, told.shape)
    train, validation, parts["known"] = np.split(
        parts["known"], [num_train, asked]
    )
    tests = {name: cells[:num_test] for name, cells in parts.items()}
    parts = {"train": train, "validation": validation, **tests}
    return {
        name: _rated(cells, users, products, tables)
        for name, cells in parts.items()
    }


def _size_problem(asked: int) -> Problem | None:
    pairs = KNOWN_USERS * KNOWN_PRODUCTS
    if asked <= pairs:
        return None
    return Problem(
        "num_train",
        f"at most {pairs} ratings of known users and products, one a pair",
        f"{asked}, with those to validate and to test",
        "Ask for fewer.",
    )


def _rated(
    cells: np.ndarray,
    users: dict[str, np.ndarray],
    products: dict[str, np.ndarray],
    tables: dict[str, np.ndarray],
) -> Ratings:
    """The ratings in some cells of a table of users and products."""
    user, product = np.divmod(cells, tables["stars"].shape[1])
    stars, best = (
        tables[name].reshape(-1, 1) for name in ("stars", "best")
    )
    return Ratings(
        **{name: column[user] for name, column in users.items()},
        **{name: column[product] for name, column in products.items()},
        stars=stars[cells].astype("float32"),
        best=best[cells],
    )


def _columns(
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Columns of users and products, and the stars that they tell.

    The stars are float64 ``(users, products)``.
    """
    num_users = KNOWN_USERS + NEW_USERS
    num_products = KNOWN_PRODUCTS + NEW_PRODUCTS
    age = rng.integers(len(AGES), size=num_users)
    region = rng.integers(len(REGIONS), size=num_users)
    activity = rng.integers(0, 41, (num_users, 1)).astype("float32")
    genre = rng.integers(len(GENRES), size=num_products)
    price = rng.integers(5, 36, (num_products, 1)).astype("float32")
    table = rng.normal(0, _TABLE, (len(AGES), len(GENRES)))
    told = (
        _CENTRE
        + table[np.ix_(age, genre)]
        + np.outer(np.array(_SLOPES)[region], (price - 20) / 10)
        + _HABIT * (activity - 20) / 10
    )
    users = {
        "user": _names("user", num_users),
        "age": np.array(AGES)[age],
        "region": np.array(REGIONS)[region],
        "activity": activity,
    }
    products = {
        "product": _names("product", num_products),
        "genre": np.array(GENRES)[genre],
        "price": price,
    }
    return users, products, told


def _names(word: str, count: int) -> np.ndarray:
    return np.array([f"{word} {n:03d}" for n in range(1, count + 1)])


def _hidden(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stars that no column tells: all, and those that can be known.

    Both are float64 ``(users, products)``. Ratings of a user tell the mood
    and the taste; of one who is new, 0 is the best guess of both.
    """
    users = rng.normal(size=(2, KNOWN_USERS + NEW_USERS))
    users *= np.array([[_MOOD], [_TASTE]])
    products = rng.normal(size=(2, KNOWN_PRODUCTS + NEW_PRODUCTS))
    products *= np.array([[_QUALITY], [1]])
    everything = _of_both(users, products)
    users[:, KNOWN_USERS:] = 0
    products[:, KNOWN_PRODUCTS:] = 0
    return everything, _of_both(users, products)


def _of_both(users: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Mood and quality added, taste and style multiplied."""
    (mood, taste), (quality, style) = users, products
    return np.add.outer(mood, quality) + np.outer(taste, style)


def _cells(
    rng: np.random.Generator, shape: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Pairs of user and product, in random order, by which are new.

    A pair is the number of its cell in a table of users and products.
    """
    number = np.arange(np.prod(shape)).reshape(shape)
    known, new = np.split(number, [KNOWN_USERS])
    blocks = {
        "known": known[:, :KNOWN_PRODUCTS],
        "new users": new[:, :KNOWN_PRODUCTS],
        "new products": known[:, KNOWN_PRODUCTS:],
        "both new": new[:, KNOWN_PRODUCTS:],
    }
    return {k: rng.permutation(v.ravel()) for k, v in blocks.items()}
