"""Checkers of the sheet *Practice: augmented rows*."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.lab import datasets
from companion.lab.exercises import exercise
from companion.lab.exercises.conditional_generator import (
    unknown_labels,
    wrong_inputs,
)

#: Column to the activations that reach its values and no others.
_RIGHT = {
    "light": {"sigmoid", "hard_sigmoid"},
    "cold": {"linear"},
    "rent": {"softplus", "exponential"},
    "facing": {"tanh", "hard_tanh", "softsign"},
    "area": {"linear"},
    "heating": {"softmax"},
    "extras": {"sigmoid"},
    "lift": {"sigmoid"},
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
        units, activation = layer_of(column, count)
        if units != count:
            yield (
                f"{column}: with units={units}, each row gets {units} "
                f"of these, and this column takes {count}."
            )
        found = keras.activations.get(activation).__name__
        if found not in _RIGHT[column]:
            reason = (
                "does it reach every value of the column, and no other?"
            )
            yield (
                f"{column}, activation {activation}: "
                + _HINTS.get((column, found), reason)
            )


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
    model = build(num_numbers, categories, num_classes, latent_dim)
    if {"numbers", *categories} & {tensor.name for tensor in model.inputs}:
        yield (
            "A row still goes in, and all that can come out is made of "
            "it. What should a new row be made of?"
        )
    yield from wrong_inputs(model, latent_dim)
    yield from _wrong_parts(
        model.output, {"numbers": num_numbers, **categories}
    )
    yield from unknown_labels(model, num_classes, latent_dim)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(num_classes, latent_dim))
    labels = np.arange(num_classes, dtype="int32")
    for what, drawn in {
        "noise": {"label": 0 * labels, "noise": noise},
        "label": {"label": labels, "noise": 0 * noise + noise[0]},
    }.items():
        for name, part in model(drawn).items():
            if np.allclose(part, part[:1], atol=1e-6):
                yield (
                    f"Another {what}, the same {name}: this part of the "
                    f"row does not depend on the {what}."
                )
    # Much noise reaches both ends of the last activation.
    row = model({"label": labels, "noise": 100 * noise})
    yield from _wrong_values({n: np.asarray(v) for n, v in row.items()})


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


def _wrong_values(row: Mapping[str, np.ndarray]) -> Iterator[str]:
    numbers = row["numbers"]
    if numbers.min() < 0 or numbers.max() > 1:
        yield (
            f"Your numbers go from {numbers.min():.1f} to "
            f"{numbers.max():.1f}. Which activation promises 0 to 1?"
        )
    for name, shares in row.items():
        totals = shares.sum(axis=1)
        if name != "numbers" and not np.allclose(totals, 1, atol=1e-4):
            yield (
                f"The probabilities of one {name} add up to "
                f"{totals[0]:.2f}. A row has one {name}, so they should "
                "share 1."
            )


#: Right and given verdict to what speaks against it.
_REASONS = {
    ("fair", "copies"): (
        "They lie about as far from the real rows as unseen ones do, and "
        "copies lie much nearer."
    ),
    ("fair", "columns"): (
        "Their columns lie about as far from the real ones as those of "
        "unseen rows. Too far begins at 1.5 times that."
    ),
    ("fair", "pairs"): (
        "Their correlations lie about as far from the real ones as those "
        "of unseen rows. Too far begins at 1.5 times that."
    ),
    ("copies", "fair"): (
        "Each of them lies on a real row, or right beside one. Columns and "
        "pairs do not show that: what does?"
    ),
    ("copies", "columns"): (
        "Columns are wrong as well, but the rule about copies comes first."
    ),
    ("columns", "pairs"): (
        "Pairs are wrong as well, but the rule about columns comes first."
    ),
    ("pairs", "fair"): (
        "Each column by itself is perfect, but the values in a row do not "
        "belong together."
    ),
}


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
        given = verdict(*rows)
        if given not in ("copies", "columns", "pairs", "fair"):
            yield (
                f"You say {given!r} of {name}. The four verdicts are "
                "copies, columns, pairs and fair."
            )
        if given != right:
            reason = "Go through the rules, one by one."
            yield f"{name}: you say {given}. " + _REASONS.get(
                (right, given), reason
            )


def _tables(
    seed: int,
) -> dict[str, tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Name to right verdict, rows in question, real and unseen rows."""
    rng = np.random.default_rng([seed, 1])
    train, test = datasets.wines(seed)
    real, (unseen, new) = train.rows, np.split(test.rows, [44])
    noisy = real + rng.normal(0, 0.02, real.shape)
    mixed = rng.permuted(real, axis=0)
    cultivars = [real[train.labels == c] for c in range(3)]
    means = np.stack([rows.mean(axis=0) for rows in cultivars])
    few = real[:12], test.rows[12:24]
    return {
        "new rows": ("fair", new, real, unseen),
        "real rows in another order": ("copies", real[::-1], real, unseen),
        "real rows with a little noise": ("copies", noisy, real, unseen),
        "each column in another order": ("pairs", mixed, real, unseen),
        "one row per cultivar, over and over": (
            "columns",
            means[train.labels],
            real,
            unseen,
        ),
        "real rows of one cultivar": ("copies", cultivars[0], real, unseen),
        "new rows, where all tables are small": (
            "fair",
            test.rows[:12],
            *few,
        ),
        "real rows with a little noise, all of it times 100": (
            "copies",
            100 * noisy,
            100 * real,
            100 * unseen,
        ),
    }


def three_tables(seed: int = 0) -> dict[str, np.ndarray]:
    """Three tables of 45 wines, of which one is real and unseen.

    Args:
        seed: Decides which wines are kept for the test, and every draw.

    Returns:
        Name to float ``(45, 15)``. The real one holds the test wines from
        the 45th on.

    Example:
        >>> {name: rows.shape for name, rows in three_tables().items()}
        {'A': (45, 15), 'B': (45, 15), 'C': (45, 15)}
    """
    rng = np.random.default_rng([seed, 2])
    train, test = datasets.wines(seed)
    noisy = train.rows + rng.normal(0, 0.02, train.rows.shape)
    return {
        "A": rng.permuted(train.rows, axis=0)[:45],
        "B": test.rows[44:],
        "C": rng.permutation(noisy)[:45],
    }
