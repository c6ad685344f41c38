"""Checkers of the sheet *Practice: augmented rows*."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.graph import inputs_of
from companion.lab import datasets
from companion.lab.evaluation import (
    correlation_distance,
    marginal_distances,
    nearest,
)
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import differs, shake, tried
from companion.lab.exercises.label_and_noise import (
    extremes,
    labels_and_noise,
    labels_without_weights,
    nothing_learned,
    unknown_labels,
    wrong_inputs,
)

#: Column to the lowest and the highest value it may hold.
_BOUNDS = {
    "light": (0, 1),
    "cold": (-np.inf, np.inf),
    "rent": (0, np.inf),
    "facing": (-1, 1),
    "area": (-np.inf, np.inf),
    "heating": (0, 1),
    "extras": (0, 1),
    "lift": (0, 1),
}
_COUNTS = {
    "light": 1,
    "cold": 1,
    "rent": 1,
    "facing": 1,
    "area": 1,
    "heating": 4,
    "extras": 3,
    "lift": 1,
}
_HINTS = {
    ("light", "linear"): "a share above 1 or below 0 would come out.",
    ("light", "tanh"): "a tanh goes down to -1, and no share is negative.",
    ("cold", "relu"): "a relu gives nothing below 0, and winters do.",
    ("cold", "tanh"): "no flat would be warmer than 1 degree.",
    ("rent", "linear"): "some flats would pay you for living there.",
    ("rent", "relu"): (
        "a relu gives 0 itself, and where it does, it learns nothing more."
    ),
    ("rent", "sigmoid"): "a sigmoid ends at 1. No rent would be higher.",
    ("facing", "sigmoid"): (
        "a sigmoid begins at 0, so no flat would face north."
    ),
    ("facing", "linear"): "some would face farther north than due north.",
    ("area", "sigmoid"): (
        "scaled like this, about half of the numbers are below 0, and a "
        "sigmoid never comes there."
    ),
    ("area", "softplus"): (
        "an area is above 0, but scaled like this it may lie below."
    ),
    ("heating", "sigmoid"): (
        "each kind would get a share of its own, and a flat several kinds "
        "or none. Which activation makes them share 1?"
    ),
    ("extras", "softmax"): (
        "a softmax makes the units share 1, so that a balcony would push "
        "out the garden."
    ),
    ("lift", "softmax"): (
        "a softmax over one unit is always 1: every house has a lift."
    ),
}


@exercise
def last_layers(
    layer_of: Callable[[str, int], tuple[int, str | None]],
    counts: Mapping[str, int] = _COUNTS,
) -> Iterator[str]:
    """Each column can reach its values, and no others.

    Args:
        layer_of: A column and how many values it takes in a row, to units
            and activation of the last layer.
        counts: Column to the number of values.

    Raises:
        Hint: If a column has the wrong width or cannot have its values.

    Example:
        >>> last_layers(lambda column, count: (count, "relu"))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: light, activation relu: ...
    """
    for column, count in counts.items():
        made = yield from tried(layer_of, column, count)
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            yield f"{column}: give back units and activation."
        units, activation = made
        if units != count:
            yield (
                f"{column}: with units={units!r}, each row gets {units!r} "
                f"of these, and this column takes {count}."
            )
        bend = yield from tried(
            keras.activations.get, activation, who=f"{column}: Keras"
        )
        fault = _wrong_values_of(bend, column, count)
        if fault:
            name = getattr(bend, "__name__", str(activation))
            yield f"{column}, activation {name}: " + _HINTS.get(
                (column, name), fault
            )


def _wrong_values_of(
    bend: Callable[[Any], Any], column: str, count: int
) -> str:
    """What a column cannot hold after an activation, or must not hold."""
    rng = np.random.default_rng(0)
    rows = rng.choice([-1000.0, -5.0, -1.0, 0.5, 5.0, 1000.0], (500, count))
    with warnings.catch_warnings(action="ignore"):  # a softmax of one unit
        values = np.asarray(bend(rows.astype("float32")))
    low, high = _BOUNDS[column]
    if values.min() < low:
        return f"it can give {values.min():.2g}, and no such value occurs."
    if values.max() > high:
        return f"it can give {values.max():.2g}, and no such value occurs."
    if column == "rent" and values[rows > -10].min() <= 0:
        return "a rent of 0 would come out."
    if column == "heating":
        shared = np.allclose(values.sum(axis=1), 1, atol=1e-4)
        return "" if shared else "the kinds of one flat do not share 1."
    if values.min() > max(low, -50) + 0.05:
        return f"nothing below {values.min():.2g} ever comes out."
    if values.max() < min(high, 50) - 0.05:
        return f"nothing above {values.max():.2g} ever comes out."
    if count > 1 and not (values > 0.5).all(axis=1).any():
        return (
            "one value pushes out the others, and they may come together."
        )
    return ""


@exercise
def rows_from_noise(
    build: Callable[[int, Mapping[str, int], int, int], keras.Model],
    num_numbers: int = 12,
    categories: Mapping[str, int] | None = None,
    num_classes: int = 3,
    latent_dim: int = 16,
    seed: int = 0,
) -> Iterator[str]:
    """A label and noise become a new row.

    Args:
        build: Makes the model of the number of columns with numbers, of
            name and number of values of each category, of the number of
            labels and the number of noise numbers.
        num_numbers: Columns with numbers.
        categories: Name to number of values; ``{"colour": 3}`` if absent.
        num_classes: Number of labels.
        latent_dim: Numbers of noise.
        seed: Decides the noise.

    Raises:
        Hint: If an input or a part of the row is wrong, or if a part does
            not depend on both inputs.
    """
    categories = categories or {"colour": 3}
    sizes = {"numbers": num_numbers, **categories}
    given = num_numbers, categories, num_classes, latent_dim
    model = yield from tried(build, *given)
    if set(sizes) & set(inputs_of(model)):
        yield (
            "A row still goes in, and all that can come out is made of "
            "it. What should a new row be made of?"
        )
    yield from wrong_inputs(model, latent_dim)
    yield from _wrong_parts(model.output, sizes)
    yield from unknown_labels(model, num_classes, latent_dim)
    more = num_numbers, categories, num_classes + 3, latent_dim
    larger = yield from tried(
        build, *more, advice=f"It was asked for {num_classes + 3} labels."
    )
    yield from unknown_labels(larger, num_classes + 3, latent_dim)
    batch = labels_and_noise(num_classes, latent_dim, seed)
    shake(model, seed)  # weights of 0 hide no path
    for what, drawn in {
        "noise": batch | {"label": 0 * batch["label"]},
        "label": batch | {"noise": 0 * batch["noise"] + 1},
    }.items():
        for name, part in model(drawn).items():
            if not differs(np.asarray(part), np.asarray(part)[:1]):
                yield (
                    f"Another {what}, the same {name}: this part of the "
                    f"row does not depend on the {what}."
                )
    yield from labels_without_weights(model, larger)
    yield from nothing_learned(model, batch, seed)
    many = labels_and_noise(num_classes, 40 * latent_dim, seed)
    noise = many["noise"].reshape(-1, latent_dim)
    label = np.repeat(batch["label"], 40)
    made = extremes(model, {"label": label, "noise": noise}, seed)
    joined = {
        name: np.concatenate([m[name] for m in made]) for name in sizes
    }
    yield from _wrong_numbers(joined.pop("numbers"))
    for name, shares in joined.items():
        yield from _wrong_shares(name, shares)


def _wrong_parts(output: Any, sizes: Mapping[str, int]) -> Iterator[str]:
    """Parts of a row without name, with another name or size."""
    if not isinstance(output, dict):
        yield (
            "The parts of a row have no names, and the discriminator goes "
            "by name. Pass keras.Model a dict of outputs."
        )
    for name in output:
        if name not in sizes:
            yield f"Nobody asked for {name}; a row has {', '.join(sizes)}."
    for name, size in sizes.items():
        if name not in output:
            yield f"Your row has no {name}: it has {', '.join(output)}."
        if output[name].shape != (None, size):
            yield (
                f"For {name}, {(None, size)} is asked for, and you get "
                f"{output[name].shape}. Is a size fixed?"
            )


def _wrong_numbers(numbers: np.ndarray) -> Iterator[str]:
    """Numbers out of 0 to 1, or that never come near one of the two."""
    low, high = numbers.min(), numbers.max()
    if low < 0 or high > 1:
        yield (
            f"With other weights your numbers go from {low:.1f} to "
            f"{high:.1f}. Which activation promises 0 to 1?"
        )
    totals = numbers.sum(axis=1)
    if numbers.shape[1] > 1 and np.allclose(totals, totals[0], atol=1e-3):
        yield (
            f"The numbers of each row add up to {totals[0]:.1f}: where one "
            "is high, the others must be low. Each should be free."
        )
    if low > 0.05 or high < 0.95:
        yield (
            "Even with large weights, your numbers only go from "
            f"{low:.2f} to {high:.2f}. Each should reach all from 0 to 1."
        )


def _wrong_shares(name: str, shares: np.ndarray) -> Iterator[str]:
    """Shares of a category that are no probabilities, or never sure."""
    if shares.min() < -1e-6:
        yield (
            f"A {name} can get a probability of {shares.min():.1f}, and "
            "nothing is less likely than never."
        )
    totals = shares.sum(axis=1)
    if not np.allclose(totals, 1, atol=1e-3):
        far = totals[np.abs(totals - 1).argmax()]
        yield (
            f"The probabilities of one {name} add up to {far:.2f}. A row "
            f"has one {name}, so they should share 1."
        )
    if shares.max() < 0.9:
        yield (
            f"No {name} ever gets more than {shares.max():.2f}, not even "
            "with large weights."
        )


#: Right and given verdict to what speaks against it.
_REASONS = {
    ("fair", "copies"): (
        "They lie about as far from the real rows as unseen ones do, and "
        "copies lie much nearer."
    ),
    ("fair", "columns"): (
        "Their columns lie about as far from the real ones as those of "
        "unseen rows. Honest tables differ by chance, too."
    ),
    ("fair", "pairs"): (
        "Their correlations lie about as far from the real ones as those "
        "of unseen rows. Honest tables differ by chance, too."
    ),
    ("copies", "fair"): (
        "Each of them lies on a real row, or right beside one. Columns and "
        "pairs do not show that: what does?"
    ),
    ("columns", "fair"): (
        "The values of single columns are not those of wines."
    ),
    ("columns", "pairs"): (
        "Pairs are wrong as well, but single columns come first."
    ),
    ("pairs", "fair"): (
        "Each column by itself is perfect, but the values in a row do not "
        "belong together."
    ),
}
_VERDICTS = ("copies", "columns", "pairs", "fair")


@exercise
def verdicts(
    verdict: Callable[[np.ndarray, np.ndarray, np.ndarray], str],
    seed: int = 0,
) -> Iterator[str]:
    """Each table gets the verdict that it deserves.

    Args:
        verdict: Rows in question, real rows and unseen ones to one of
            ``copies``, ``columns``, ``pairs`` and ``fair``.
        seed: Decides the tables.

    Raises:
        Hint: If a table gets another verdict.
    """
    for name, (right, *rows) in _tables(seed).items():
        given = yield from tried(verdict, *rows)
        if not isinstance(given, str):
            yield (
                "One word for the whole table is asked for; what you give "
                f"back has the type {type(given).__name__}."
            )
        if given not in _VERDICTS:
            yield (
                f"You say {given!r} of {name}. The four verdicts are "
                "copies, columns, pairs and fair."
            )
        if given != right:
            reason = "Which distances of practice tables look like that?"
            yield f"{name}: you say {given}. " + _REASONS.get(
                (right, given), reason
            )


Table = tuple[str, np.ndarray, np.ndarray, np.ndarray]


def _tables(seed: int) -> dict[str, Table]:
    """Name to right verdict, rows in question, real and unseen rows."""
    rng = np.random.default_rng([seed, 1])
    train, _ = datasets.wines(seed)
    real, (unseen, new) = train.rows, _honest(seed)
    means = np.stack(
        [real[train.labels == c].mean(axis=0) for c in range(3)]
    )
    others, lucky = _honest(seed, nearest_first=True)
    beside = (real, unseen)
    near = _beside(real, 0.055, rng)
    tables: dict[str, Table] = {
        "new rows": ("fair", new, *beside),
        "real rows in another order": ("copies", real[::-1], *beside),
        "real rows with some noise": ("copies", near, *beside),
        "each column in another order": (
            "pairs",
            rng.permuted(real, axis=0),
            *beside,
        ),
        "one row per cultivar, over and over": (
            "columns",
            means[train.labels],
            *beside,
        ),
        "new rows, all numbers too low": ("columns", _low(new), *beside),
        "new rows that happen to be near": ("fair", lucky, real, others),
    }
    tables["real rows with some noise, times 100"] = (
        "copies",
        100 * near,
        100 * real,
        100 * unseen,
    )
    return tables


def _beside(
    real: np.ndarray, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """Copies, their numbers with noise."""
    noise = rng.normal(0, spread, real.shape)
    noise[:, 12:] = 0  # the colour stays
    return real + noise


def _low(rows: np.ndarray) -> np.ndarray:
    """The same rows, on a scale that is too short."""
    return np.concatenate([0.6 * rows[:, :12], rows[:, 12:]], axis=1)


def _ratios(
    rows: np.ndarray, real: np.ndarray, unseen: np.ndarray
) -> np.ndarray:
    """Three distances of rows, each divided by that of unseen rows."""
    given, usual = (
        np.array(
            [
                np.median(nearest(each, real)[0]),
                marginal_distances(each, real).mean(),
                correlation_distance(each, real),
            ]
        )
        for each in (rows, unseen)
    )
    return given / usual


@functools.cache
def _honest(seed: int, nearest_first: bool = False) -> list[np.ndarray]:
    """Two parts of the unseen wines, in all three distances fair.

    Of many ways to part them, the one in which both lie equally far from
    the training wines; or the one in which the second part lies nearest.
    """
    train, test = datasets.wines(seed)
    rng = np.random.default_rng([seed, 4])
    far = nearest(test.rows, train.rows)[0]

    def rank(order: np.ndarray) -> float:
        unseen, new = (
            np.median(far[rows]) for rows in (order[:44], order[44:])
        )
        return new / unseen if nearest_first else abs(new - unseen)

    orders = [rng.permutation(len(far)) for _ in range(200)]
    for order in sorted(orders, key=rank):
        unseen, new = np.split(test.rows[order], [44])
        if _ratios(new, train.rows, unseen).max() < 1.25:
            return [unseen, new]
    raise LookupError(f"No fair tables for seed={seed}")


def practice_tables(seed: int = 0) -> dict[str, tuple[str, np.ndarray]]:
    """Tables of wines of which it is known what is wrong with them.

    Args:
        seed: Decides which wines are kept for the test, and every draw.

    Returns:
        Name to a verdict and rows, float ``(rows, 15)``.

    Example:
        >>> [verdict for verdict, _ in practice_tables().values()]
        ['fair', 'fair', 'copies', 'copies', 'columns', 'pairs']
    """
    rng = np.random.default_rng([seed, 2])
    train, _ = datasets.wines(seed)
    other, new = _honest(seed)
    real = train.rows
    return {
        "A": ("fair", new),
        "B": ("fair", other),
        "C": ("copies", _beside(real, 0.02, rng)[:45]),
        "D": ("copies", _beside(real, 0.05, rng)[:45]),
        "E": ("columns", _low(new)),
        "F": ("pairs", rng.permuted(real, axis=0)[:45]),
    }


def three_tables(seed: int = 0) -> dict[str, np.ndarray]:
    """Three tables of 45 wines, of which one is real and unseen.

    Args:
        seed: Decides which wines are kept for the test, and every draw.

    Returns:
        Name to float ``(45, 15)``.

    Example:
        >>> {name: rows.shape for name, rows in three_tables().items()}
        {'A': (45, 15), 'B': (45, 15), 'C': (45, 15)}
    """
    rng = np.random.default_rng([seed, 3])
    train, test = datasets.wines(seed)
    return {
        "A": rng.permuted(train.rows, axis=0)[:45],
        "B": test.rows[44:],
        "C": rng.permutation(_beside(train.rows, 0.03, rng))[:45],
    }
