"""Checkers of the sheet *Practice: your own data*."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, tried

_PARTS = ("training", "validation", "test")
_ABOUT_EQUAL = 0.01


@exercise
def split_by_month(
    split: Callable[[np.ndarray, int, int], Any],
    num_months: int = 8,
    num_validation: int = 2,
    num_test: int = 3,
    seed: int = 0,
) -> Iterator[str]:
    """Later months validate and test, and no month is in two parts.

    Args:
        split: Months and two numbers of months to three parts.
        num_months: How many months there are.
        num_validation: How many of them validate.
        num_test: How many of them test.
        seed: Decides how many rows a month has, and their order.

    Raises:
        Hint: If a row is lost or comes twice, or is in another part.

    Example:
        >>> split_by_month(lambda months, validation, test: months)
        Traceback (most recent call last):
        companion.lab.exercises.Hint: Three parts are asked for; ...
    """
    rng = np.random.default_rng([seed, 11])
    names = [f"{2019 + n // 12}-{n % 12 + 1:02}" for n in range(9, 99)]
    names = names[:num_months]
    months = rng.permutation(
        np.repeat(names, rng.integers(2, 9, num_months))
    )
    given = months.copy()
    made = yield from tried(split, given, num_validation, num_test)
    parts = yield from _as_parts(made, len(months))
    if not np.array_equal(given, months):
        yield "The months that came in are changed. Leave them as they are."
    yield from _wrong_rows(parts, len(months))
    yield from _wrong_months(parts, months, names)
    wanted = [num_months - num_validation - num_test]
    wanted += [num_validation, num_test]
    for name, rows, count in zip(_PARTS, parts, wanted):
        found = len(np.unique(months[rows]))
        if found != count:
            yield f"The {name} part has {found} months in place of {count}."


def _as_parts(
    made: Any, count: int
) -> Generator[str, None, list[np.ndarray]]:
    """Three lists of row numbers; masks are as good."""
    parts = yield from tried(
        lambda: list(made), who="A loop over the parts"
    )
    if len(parts) != len(_PARTS):
        yield (
            "Three parts are asked for; what you give back has "
            f"{len(parts)}."
        )
    rows = [array_of(part) for part in parts]
    for name, part in zip(_PARTS, rows):
        if part.ndim != 1 or part.dtype.kind not in "iub" or not part.size:
            yield (
                f"The {name} part should be an array of row numbers; yours "
                f"has the type {part.dtype} and the shape {part.shape}."
            )
    found = yield from tried(
        lambda: [np.arange(count)[part] for part in rows],
        who="Taking these rows",
    )
    return found


def _wrong_rows(parts: list[np.ndarray], count: int) -> Iterator[str]:
    every = np.concatenate(parts)
    if len(np.unique(every)) < len(every):
        yield "Some rows come twice, in one part or in two."
    if len(every) < count:
        yield f"{count - len(every)} of {count} rows are in no part."


def _wrong_months(
    parts: list[np.ndarray], months: np.ndarray, names: list[str]
) -> Iterator[str]:
    """Months in two parts, or parts in another order."""
    held = [set(months[rows].tolist()) for rows in parts]
    shared = (held[0] & held[1]) | (held[1] & held[2]) | (held[0] & held[2])
    if shared:
        yield (
            f"Rows of {min(shared)} are in two parts. All rows of a month "
            "belong into one."
        )
    if names[-1] not in held[2]:
        yield f"The last month is {names[-1]}, and it does not test."
    if max(held[0]) > min(held[1]) or max(held[1]) > min(held[2]):
        yield (
            "A month of one part is later than a month of the part after "
            "it: training, then validation, then test."
        )


@exercise
def scales_of_training(
    scaled: Callable[[np.ndarray, np.ndarray], Any],
    num_rows: int = 300,
    seed: int = 0,
) -> Iterator[str]:
    """Scales come from training rows, and hold for every later row.

    Args:
        scaled: Training rows and later rows to both, scaled.
        num_rows: How many training rows there are.
        seed: Decides the numbers.

    Raises:
        Hint: If later rows decide anything, or training rows are not
            scaled.
    """
    rng = np.random.default_rng([seed, 12])
    train = rng.normal([50, 0.2, -3], [20, 0.05, 1], (num_rows, 3))
    train[0] += [99, 0.3, -6]  # one row far from all others
    later = np.vstack([train[:4], rng.normal(80, 30, (8, 3))])
    copies = train.copy(), later.copy()
    one, many = yield from _pair(scaled, *copies)
    if not np.array_equal(train, copies[0]) or not np.array_equal(
        later, copies[1]
    ):
        yield "The arrays that came in are changed. Make new ones."
    other, _ = yield from _pair(scaled, train, later[5:])
    if not np.allclose(one, other, atol=1e-4):
        yield (
            "The same training rows become other numbers when the later "
            "rows are others: later rows take part in the scale."
        )
    _, alone = yield from _pair(scaled, train, later[6:7])
    if not np.allclose(alone, many[6:7], atol=1e-4):
        yield (
            "A later row becomes other numbers when it comes alone. In use "
            "a model is asked for one row."
        )
    yield from _wrong_scale(one)
    if not np.allclose(many[:4], one[:4], atol=1e-4):
        yield (
            "A row that is in both arrays becomes one thing in training "
            "and another later."
        )


def _pair(
    scaled: Callable[..., Any], train: np.ndarray, later: np.ndarray
) -> Generator[str, None, tuple[np.ndarray, np.ndarray]]:
    """What becomes of training rows and of later ones."""
    made = yield from tried(scaled, train, later)
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        yield (
            "Two arrays are asked for, training rows and later rows; what "
            f"you give back has the type {type(made).__name__}."
        )
    one, many = array_of(made[0]), array_of(made[1])
    for name, found, rows in (
        ("training", one, train),
        ("later", many, later),
    ):
        if found.shape != rows.shape:
            yield (
                f"The {name} rows are shaped {rows.shape}; yours become "
                f"{found.shape}."
            )
        if found.dtype.kind != "f" or not np.isfinite(found).all():
            yield f"The {name} rows do not become finite numbers."
    return one, many


def _wrong_scale(one: np.ndarray) -> Iterator[str]:
    means, spreads = one.mean(axis=0), one.std(axis=0)
    if np.abs(means).max() > _ABOUT_EQUAL:
        yield (
            "Each column of the training rows should have the mean 0; of "
            f"yours one has {means[np.abs(means).argmax()]:.2f}."
        )
    if np.abs(spreads - 1).max() > _ABOUT_EQUAL:
        far = spreads[np.abs(spreads - 1).argmax()]
        yield (
            "Each column of the training rows should have the standard "
            f"deviation 1; of yours one has {far:.2f}."
        )


@exercise
def one_raw_sample(
    predict: Callable[[Path, Path, str], Any],
    asked: tuple[int, ...] = (2, 0),
    seed: int = 0,
) -> Iterator[str]:
    """A saved model predicts one sample from its raw files.

    Args:
        predict: Path of a model, folder and name of a sample, to a number.
        asked: Which of the samples are asked for.
        seed: Decides the files and the weights of the model.

    Raises:
        Hint: If the number is not that of the model for this sample.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng([seed, 13])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs, late = _write_samples(folder, rng, max(asked) + 3)
        model = _small_model(rng)
        model.save(folder / "model.keras")
        right = np.ravel(model(inputs))
        for row in asked:
            made = yield from tried(
                predict, folder / "model.keras", folder, _sample(row)
            )
            yield from _wrong_number(made, row, right)
            hasty = {**inputs, "news": late}
            yield from _told_apart(made, row, right, model, hasty)


_COLUMNS = ["revenue", "price_to_earnings", "debt_to_equity"]


def _sample(row: int) -> str:
    return f"2024-0{row + 1}_S00{9 - row}"


def _write_samples(
    folder: Path, rng: np.random.Generator, count: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Raw files in a folder; what they hold, and the late news."""
    inputs = {
        "indicators": rng.normal(0, 1, (count, 5, 2)).astype("float32"),
        "fundamentals": rng.uniform(0, 2, (count, 3)).astype("float32"),
        "news": np.round(rng.normal(0, 0.5, (count, 4)), 3),
    }
    late = np.round(rng.normal(0, 0.5, (count, 4)), 3)
    with open(folder / "table.csv", "w", newline="") as file:
        table = csv.writer(file)
        # Another order for each count of samples, and never the model's.
        order = np.roll([*_COLUMNS[::-1], "sample"], count)
        table.writerow(order)
        for row in rng.permutation(count):
            numbers = inputs["fundamentals"][row].tolist()
            told = dict(zip(_COLUMNS, numbers), sample=_sample(row))
            table.writerow([told[name] for name in order])
    for row in range(count):
        name = _sample(row)
        np.save(folder / f"{name}.npy", inputs["indicators"][row])
        record = {
            "after": late[row].tolist(),
            "before": inputs["news"][row].tolist(),
        }
        (folder / f"{name}.json").write_text(json.dumps(record))
    return inputs, late


def _small_model(rng: np.random.Generator) -> keras.Model:
    """A model of which every number of every input changes the answer."""
    layers = keras.layers
    indicators = keras.Input((5, 2), name="indicators")
    fundamentals = keras.Input((3,), name="fundamentals")
    news = keras.Input((4,), name="news")
    joined = layers.Concatenate()(
        [layers.Flatten()(indicators), fundamentals, news]
    )
    answer = layers.Dense(1, activation="sigmoid")(joined)
    model = keras.Model([indicators, fundamentals, news], answer)
    model.set_weights([rng.normal(0, 0.5, (17, 1)), np.zeros(1)])
    return model


def _wrong_number(made: Any, row: int, right: np.ndarray) -> Iterator[str]:
    if array_of(made).ndim:
        yield (
            "One number is asked for; yours has the shape "
            f"{array_of(made).shape}. A model answers a batch: take the "
            "answer out of it."
        )
    if array_of(made).dtype.kind not in "fiu":
        yield (
            "One number is asked for; what you give back has the type "
            f"{type(made).__name__}."
        )
    others = [n for n in range(len(right)) if n != row]
    if np.isclose(made, right[others], atol=1e-5).any():
        yield f"Your number is that of another sample than {_sample(row)}."


def _told_apart(
    made: Any,
    row: int,
    right: np.ndarray,
    model: keras.Model,
    hasty: dict[str, np.ndarray],
) -> Iterator[str]:
    """Whether the number is that of inputs that were read wrongly."""
    if np.isclose(made, right[row], atol=1e-5):
        return
    late = np.ravel(model(hasty))[row]
    if np.isclose(made, late, atol=1e-5):
        yield (
            "Your number is that of news which is not known yet when the "
            "model is asked."
        )
    yield (
        f"For {_sample(row)} the model says {right[row]:.4f}, you say "
        f"{float(made):.4f}. Compare each array that you feed with what "
        "the task says of its input."
    )
