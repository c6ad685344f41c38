"""Checkers of the sheet *Practice: several outputs*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    array_of,
    differs,
    loss_name,
    numbers_of,
    shake,
    tried,
    wrong_inputs,
)

_Arrays = Mapping[str, np.ndarray]


@exercise
def balanced_weights(
    balance: Callable[[dict[str, np.ndarray]], Any],
    classes: tuple[int, ...] = (0, 1, 2),
    names: tuple[str, str, str] = ("kind", "price", "share"),
    rows: int = 200,
    seed: int = 0,
) -> Iterator[str]:
    """Each weighted loss is of the same size before training.

    Args:
        balance: Labels by output, to loss weights by output.
        classes: The class numbers that occur.
        names: Of the outputs; the first one has the class numbers.
        rows: How many labels there are.
        seed: Decides them.

    Raises:
        Hint: If a weight is no number, or the losses differ in size.
    """
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.full(len(classes), 3.0))
    drawn = (
        rng.choice(classes, rows, p=chance),
        rng.normal(900, 150, (rows, 1)),
        rng.uniform(0, 1, (rows, 1)),
    )
    labels = dict(sorted(zip(names, drawn)))
    given = {name: values.copy() for name, values in labels.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        made = yield from tried(balance, given)
    if not all(np.array_equal(given[n], labels[n]) for n in labels):
        yield "The labels that came in are changed. Make new arrays."
    if not isinstance(made, Mapping) or set(made) != set(labels):
        yield f"Give back a dict with a weight for each of {list(labels)}."
    for name, weight in made.items():
        yield from _no_number(name, weight)
    kind, *numbers = names
    shares = np.bincount(labels[kind]) / rows
    shares = shares[shares > 0]
    constant = {name: labels[name].var() for name in numbers}
    constant[kind] = -np.sum(shares * np.log(shares))
    yield from _not_of_one_size(made, labels, constant, kind)


def _no_number(name: str, weight: Any) -> Iterator[str]:
    if isinstance(weight, np.generic) or np.ndim(weight):
        yield (
            f"The weight of {name} has the type {type(weight).__name__}. "
            "TensorFlow wants a plain number: write float(...)."
        )
    if not isinstance(weight, (int, float)):
        yield f"The weight of {name} is {weight!r}, not a number."
    if np.isnan(weight):
        yield (
            f"The weight of {name} is NaN. A class that never occurs has "
            "the share 0, and 0 times the logarithm of 0 is NaN."
        )
    if not 0 < weight < np.inf:
        yield f"The weight of {name} is {weight:g}; it should be above 0."


def _not_of_one_size(
    made: Mapping[str, float],
    labels: _Arrays,
    constant: Mapping[str, float],
    kind: str,
) -> Iterator[str]:
    """Losses that are not balanced, and by what mistake."""
    numbers = {name: x for name, x in labels.items() if name != kind}
    count = labels[kind].max() + 1
    others = {
        "A larger loss gets a larger weight. It should be held back": {
            name: 1 / size for name, size in constant.items()
        },
        "The loss is the squared error, and you use the spread (std)": {
            **constant,
            **{name: values.std() for name, values in numbers.items()},
        },
        "The best constant answer is the mean of the labels, not 0": {
            **constant,
            **{n: np.mean(values**2) for n, values in numbers.items()},
        },
        "Keras takes the natural logarithm, and you another": {
            **constant,
            kind: constant[kind] / np.log(2),
        },
        "The classes are not equally common. Use the share of each": {
            **constant,
            kind: np.log(count),
        },
        "A class number is no amount. Its loss is a crossentropy": {
            **constant,
            kind: labels[kind].var(),
        },
    }
    if _of_one_size(made, constant):
        return
    for hint, sizes in others.items():
        if _of_one_size(made, sizes):
            yield f"{hint}."
    told = ", ".join(
        f"{name} {made[name] * size:.3g}" for name, size in constant.items()
    )
    yield (
        "Weight times the loss of the best constant answer should be the "
        f"same for all. Yours: {told}."
    )


def _of_one_size(
    made: Mapping[str, float], sizes: Mapping[str, float]
) -> bool:
    products = [made[name] * size for name, size in sizes.items()]
    return bool(np.allclose(products, products[0], rtol=1e-3, atol=0))


@exercise
def rare_bands_count_more(
    fit_arguments: Callable[..., Any],
    per_class: Mapping[int, float] | None = None,
    rows: int = 60,
    seed: int = 0,
) -> Iterator[str]:
    """A rare band counts more, and each margin counts once.

    Args:
        fit_arguments: Bands, margins and weights by class, to what `fit`
            takes as ``y`` and ``sample_weight``.
        per_class: Class to weight, as ``class_weight`` takes it.
        rows: How many rows there are.
        seed: Decides them.

    Raises:
        Hint: If a label or a weight is wrong, or Keras refuses them.
    """
    per_class = per_class or {0: 1.0, 1: 1.0, 2: 2.0, 3: 5.0}
    rng = np.random.default_rng(seed)
    bands = rng.integers(0, 4, rows)
    margins = rng.normal(0, 2, (rows, 1)).astype("float32")
    made = yield from tried(
        fit_arguments, bands.copy(), margins.copy(), dict(per_class)
    )
    if not isinstance(made, Mapping) or set(made) != {"y", "sample_weight"}:
        yield "Give back a dict with the keys y and sample_weight."
    for key, values in made.items():
        if not isinstance(values, Mapping) or set(values) != {
            "band",
            "margin",
        }:
            yield f"{key} needs an array for each output: band and margin."
    weights = {
        name: np.ones(rows) if each is None else each  # as Keras reads it
        for name, each in made["sample_weight"].items()
    }
    yield from _other_arrays(made["y"], weights, bands, margins)
    wanted = np.array([per_class.get(int(b), 1.0) for b in bands])
    yield from _other_weights(weights, wanted)
    yield from _refused(made, margins)


def _other_arrays(
    labels: Mapping[str, Any],
    given: Mapping[str, Any],
    bands: np.ndarray,
    margins: np.ndarray,
) -> Iterator[str]:
    for name, right in {"band": bands, "margin": margins}.items():
        found = array_of(labels[name])
        if not np.array_equal(np.ravel(found), np.ravel(right)):
            yield f"The labels under {name} should stay as they are."
        weights = yield from numbers_of(
            given[name], f"The weights under {name}"
        )
        if weights.size != len(bands):
            yield (
                f"{len(bands)} rows need as many weights; under {name} "
                f"there are {weights.size}."
            )


def _other_weights(made: _Arrays, wanted: np.ndarray) -> Iterator[str]:
    band, margin = (np.ravel(made[name]) for name in ("band", "margin"))
    if np.allclose(margin, wanted):
        yield "The margins count once, whatever the band of their row is."
    if not np.allclose(margin, 1):
        yield "Each weight of a margin should be 1."
    if np.allclose(band, 1):
        yield "All bands count the same so far."
    row = int(np.argmax(~np.isclose(band, wanted)))
    if not np.allclose(band, wanted):
        yield (
            f"The band of row {row} should have the weight "
            f"{wanted[row]:g}; yours is {band[row]:g}."
        )


def _refused(made: Mapping[str, Any], x: np.ndarray) -> Iterator[str]:
    """Whether Keras takes these arguments."""
    row = keras.Input((1,), name="row")
    band = keras.layers.Dense(4, activation="softmax")(row)
    margin = keras.layers.Dense(1)(row)
    model = keras.Model(row, {"band": band, "margin": margin})
    losses = {"band": "sparse_categorical_crossentropy", "margin": "mse"}
    model.compile("sgd", losses, run_eagerly=True)

    def fit() -> Any:
        return model.fit(x, verbose=0, shuffle=False, **made)

    yield from tried(fit, who="fit with your arguments")


@exercise
def two_outputs(
    build: Callable[[], keras.Model],
    targets_and_weights: Callable[..., tuple[dict, dict]],
    rows: int = 100,
    seed: int = 0,
) -> Iterator[str]:
    """Two outputs by name, and no unknown price counts.

    Args:
        build: Makes the compiled model.
        targets_and_weights: Bands and prices, both ``(samples,)``, to
            targets and sample weights by output.
        rows: How many parcels there are.
        seed: Decides them.

    Raises:
        Hint: If an output, a loss, a target or a weight is wrong.
    """
    model = yield from tried(build)
    rng = np.random.default_rng(seed)
    yield from _wrong_model(model, rng)
    bands, prices = rng.integers(0, 6, rows), rng.uniform(3, 30, rows)
    prices[rng.random(rows) < 0.3] = np.nan
    before = prices.copy()
    made = yield from tried(targets_and_weights, bands, prices)
    if not np.array_equal(prices, before, equal_nan=True):
        yield "Your function changes the prices it is given. Copy them."
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        yield "Give back two dicts: the targets, then the weights."
    targets, weights = yield from _by_name(made, rows)
    known = ~np.isnan(before)
    if not np.array_equal(targets["band"], bands):
        yield "The bands are all known: hand them on as they are."
    if not np.allclose(targets["price"][known], before[known]):
        yield "Prices that are known should stay as they are."
    if not np.allclose(weights["band"], 1):
        yield "Every band is known, so each has the weight 1."
    right = (known, known / known.mean())
    if not any(np.allclose(weights["price"], each) for each in right):
        yield "The weight of a price is 1 if it is known, and 0 if not."


def _by_name(
    made: Any, rows: int
) -> Generator[str, None, list[dict[str, np.ndarray]]]:
    """Both dicts, each with a flat array for each output."""
    found: list[dict[str, np.ndarray]] = []
    for part in made:
        if not isinstance(part, Mapping) or set(part) != {"band", "price"}:
            names = list(part) if isinstance(part, Mapping) else part
            yield f"Both dicts need band and price; one has {names}."
        found.append({})
        for name, given in part.items():
            read = yield from numbers_of(given, f"What is under {name}")
            values = found[-1][name] = np.ravel(read)
            if len(values) != rows:
                yield (
                    f"Of {rows} rows {len(values)} are left under {name}. "
                    "Leave every row in: its band is known."
                )
            if not np.isfinite(values).all():
                bad = "NaN" if np.isnan(values).any() else "infinity"
                yield (
                    f"There is {bad} under {name}. A weight of 0 does not "
                    f"help there: 0 times {bad} is NaN. Put a number."
                )
    return found


def _wrong_model(
    model: keras.Model, rng: np.random.Generator
) -> Iterator[str]:
    batch = {
        "image": rng.uniform(0, 1, (20, 8, 8, 1)).astype("float32"),
        "numbers": rng.uniform(0, [9000, 90], (20, 2)).astype("float32"),
    }
    yield from wrong_inputs(model, batch)
    answers: Any = yield from tried(model, batch)
    if not isinstance(answers, dict):
        parts = answers if isinstance(answers, (list, tuple)) else [answers]
        names = getattr(model, "output_names", map(str, range(len(parts))))
        answers = dict(zip(names, parts))
    if answers.keys() != {"band", "price"}:
        yield (
            f"The outputs are called {', '.join(answers)}. Pass "
            "keras.Model a dict, or name the last layers, so that band and "
            "price go by name."
        )
    shapes = {name: tuple(each.shape[1:]) for name, each in answers.items()}
    if shapes != {"band": (6,), "price": (1,)}:
        yield f"Six probabilities and one number, please; yours: {shapes}."
    if not model.compiled:
        yield "The model is not compiled yet; the losses are in the task."
    yield from _wrong_answers(model, batch)
    yield from _wrong_losses(model)


def _wrong_answers(
    model: keras.Model, batch: dict[str, np.ndarray]
) -> Iterator[str]:
    def answered(fed: _Arrays) -> list[np.ndarray]:
        made = model.predict_on_batch(fed)
        made = made.values() if isinstance(made, dict) else made
        return sorted(made, key=np.size)  # the price, then the band

    yield from tried(answered, batch, who="Your model")
    shake(model, 1)
    price, band = answered(batch)
    if band.min() < 0 or not np.allclose(band.sum(axis=1), 1, atol=1e-3):
        yield (
            "The six numbers of a band should be probabilities that add "
            "up to 1. Which activation makes them?"
        )
    if not differs(price, price[:1]):
        yield "The price is the same for all parcels."
    for name, values in batch.items():
        other = answered({**batch, name: values[::-1].copy()})
        if not any(map(differs, other, (price, band))):
            yield f"The answers do not depend on the input {name}."
    for weight in model.trainable_variables:
        weight.assign(30 * keras.ops.convert_to_numpy(weight))
    if np.abs(answered(batch)[0]).max() <= 1:
        yield (
            "However large its weights are, your model gives no price "
            "above 1. What does the activation of that layer let through?"
        )


def _wrong_losses(model: keras.Model) -> Iterator[str]:
    losses = model.loss
    if not isinstance(losses, dict):
        yield "Give each output a loss of its own: a dict, name to loss."
    if losses.keys() != {"band", "price"}:
        yield f"Losses go by the names of the outputs; yours: {[*losses]}."
    name = yield from tried(loss_name, losses["band"], who="Keras")
    if name != "sparse_categorical_crossentropy":
        yield "Bands are class numbers. Which loss takes those?"
    if getattr(losses["band"], "from_logits", False):
        yield (
            "`from_logits=True` takes the answers for logits. Yours are "
            "probabilities already: a softmax would come twice."
        )
    costs = yield from tried(_costs, losses["price"], who="The price loss")
    if not costs[0] < min(costs[1:]):
        yield "A price is a number. Which loss measures how far off it is?"
    config = yield from tried(model.get_compile_config, who="Keras")
    weights = config["loss_weights"]
    if not isinstance(weights, dict):
        yield "Give each output a loss weight by its name, in a dict."
    if weights != {"band": 1, "price": 0.1}:
        yield (
            f"The loss weights are {weights}. A squared price is larger "
            "than a cross-entropy: which of the two has to be held back?"
        )


def _costs(loss: Any) -> list[float]:
    """What a loss asks of 3, 2.5 and 3.5 where 3 is right."""
    said = np.array([[3.0], [2.5], [3.5]], "float32")
    cost = keras.losses.get(loss)
    return [float(np.mean(cost(said[:1], each[None]))) for each in said]
