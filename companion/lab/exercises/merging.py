"""Checkers of the sheet *Practice: merging*."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from companion.graph import has_layer, inputs_of
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    differs,
    shake,
    tried,
    wrong_inputs,
)

Batch = dict[str, np.ndarray]


@exercise
def one_vector(
    join: Callable[..., keras.KerasTensor],
    maps: tuple[int, int, int] = (4, 4, 32),
    words: tuple[int, int] = (12, 16),
    numbers: int = 8,
    seed: int = 0,
) -> Iterator[str]:
    """Maps, words and numbers end in one vector.

    Args:
        join: Three Keras tensors to one, ``(batch, features)``.
        maps: Height, width and channels of the first.
        words: Tokens and features of the second.
        numbers: Features of the third.
        seed: Decides the values it is tried on.

    Raises:
        Hint: If an input is not pooled, or a value of it does not count.
    """
    shapes = {"maps": maps, "words": words, "numbers": (numbers,)}
    tensors = {n: keras.Input(shape, name=n) for n, shape in shapes.items()}
    joined = yield from tried(join, *tensors.values())
    if not isinstance(joined, keras.KerasTensor):
        yield (
            "One tensor is asked for; what you give back has the type "
            f"{type(joined).__name__}."
        )
    if len(joined.shape) != 2:
        yield f"One vector per row is asked for; you get {joined.shape}."
    yield from _wrong_count(joined.shape[1], maps, words, numbers)
    model = keras.Model(list(tensors.values()), joined)
    if model.count_params():
        yield (
            f"Your layers learn {model.count_params()} weights. Pooling "
            "and joining need none."
        )
    rng = np.random.default_rng(seed)
    batch = {
        name: rng.normal(size=(3, *shape)).astype("float32")
        for name, shape in shapes.items()
    }
    yield from _mixed_rows(model, batch)
    yield from _what_does_not_count(model, batch)


def _wrong_count(
    given: int, maps: tuple[int, int, int], words: tuple, numbers: int
) -> Iterator[str]:
    """Which mistake gives this many features."""
    right = {"maps": maps[-1], "words": words[-1], "numbers": numbers}
    asked = sum(right.values())
    if given == asked:
        return
    counts = f"You get {given} features, {asked} are asked for"
    for name, count in right.items():
        if given == asked - count:
            yield f"{counts}: as many as without {name}."
    for name, count in {"maps": maps[0], "words": words[0]}.items():
        if given == asked - right[name] + count:
            yield (
                f"{counts}: as many as if {name} were pooled over the last "
                "axis. That one holds the features, and should stay."
            )
    for name, shape in {"maps": maps, "words": words}.items():
        if given == asked - right[name] + np.prod(shape):
            yield (
                f"{counts}: as many as if {name} were flattened, with "
                "features for every single place. Pool over the places."
            )
    yield f"{counts}. Is there a size in your code that fits one case only?"


def _mixed_rows(model: keras.Model, batch: Batch) -> Iterator[str]:
    """A row whose vector depends on other rows of the batch."""
    together = yield from answers_of(model, batch)
    alone = yield from answers_of(
        model, {name: values[:1] for name, values in batch.items()}
    )
    if alone.shape != together[:1].shape or differs(alone, together[:1]):
        yield (
            "The vector of a row is another if the row is alone in its "
            "batch. The first axis holds the rows: leave it as it is."
        )


def _what_does_not_count(model: keras.Model, batch: Batch) -> Iterator[str]:
    """A place or a feature of an input that changes nothing."""
    row = {name: values[:1] for name, values in batch.items()}
    for name, values in row.items():
        *places, features = values.shape[1:]
        for place in itertools.product(*map(range, places)):
            where = (0, *place)
            if places and not (yield from _counts(model, row, name, where)):
                yield (
                    f"A part of {name} does not count: the values at place "
                    f"{', '.join(map(str, place))} change nothing. Pooling "
                    "takes all places together."
                )
        for feature in range(features):
            if not (yield from _counts(model, row, name, (..., feature))):
                yield (
                    f"Feature {feature} of {name} does not count: whatever "
                    "its values are, you get the same vector."
                )


def _counts(
    model: keras.Model, row: Batch, name: str, where: tuple[Any, ...]
) -> Generator[str, None, bool]:
    """Whether other values there give another vector."""
    before = yield from answers_of(model, row)
    for step in (10, -10):
        moved = row[name].copy()
        moved[where] += step
        after = yield from answers_of(model, {**row, name: moved})
        if differs(before, after):
            return True
    return False


@exercise
def loads_again(
    build: Callable[[int], keras.Model],
    width: int = 4,
    rows: int = 5,
    seed: int = 0,
) -> Iterator[str]:
    """The model multiplies, and a saved copy does the same.

    Args:
        build: Features per input to a model with inputs signal and gate.
        width: Features per input.
        rows: Samples to try it on.
        seed: Decides these samples.

    Raises:
        Hint: If it does something else, or cannot be loaded.
    """
    model = yield from tried(build, width)
    rng = np.random.default_rng(seed)
    batch = {
        name: rng.normal(size=(rows, width)).astype("float32")
        for name in ("signal", "gate")
    }
    yield from wrong_inputs(model, batch)
    if has_layer(model, keras.layers.Lambda):
        yield (
            "There is still a Lambda layer. What it holds is Python code, "
            "and a saved model should not bring code along."
        )
    yield from _wrong_shapes(model, (None, width))
    answers = yield from answers_of(model, batch)
    signal, gate = batch.values()
    if answers.shape == (rows, 1):
        yield (
            "You get one number per row, not one per feature. Keep the "
            "products apart."
        )
    if answers.shape != signal.shape:
        yield f"One number per feature, please; you get {answers.shape}."
    if np.allclose(answers, signal + gate):
        yield "This adds up. A gate of 0 should close, so multiply."
    if not np.allclose(answers, signal * gate, atol=1e-6):
        yield "The answer is not signal times gate, feature by feature."
    yield from _not_registered(model)
    loaded = yield from _saved_and_loaded(model)
    if differs(answers, (yield from answers_of(loaded, batch))):
        yield "The loaded model gives other answers than the saved one."


def _wrong_shapes(
    model: keras.Model, asked: tuple[int | None, ...]
) -> Iterator[str]:
    """An input that takes another shape than is asked for."""
    for name, tensor in inputs_of(model).items():
        if tuple(tensor.shape) != asked:
            yield (
                f"Your input {name} has the shape {tensor.shape}; "
                f"{asked} is asked for."
            )


def _saved_and_loaded(
    model: keras.Model,
) -> Generator[str, None, keras.Model]:
    """The model from its own file; a hint if there is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            model.save(path)
            return keras.models.load_model(path)
        except Exception:  # of many kinds, whatever the layer holds
            yield (
                "The model cannot be saved and loaded. Can Keras write "
                "down every argument of your own layer?"
            )
            return model


def _not_registered(model: keras.Model) -> Iterator[str]:
    """Layers that another program could not find by their name."""
    for layer in model.layers:
        kind = type(layer)
        name = keras.saving.get_registered_name(kind)
        if not kind.__module__.startswith("keras") and ">" not in name:
            yield (
                f"A new program does not know your layer {name}, so it "
                "cannot load the model. Register it, or use a layer of "
                "Keras."
            )


@exercise
def views_may_change_places(
    build: Callable[[], keras.Model], rows: int = 6, seed: int = 0
) -> Iterator[str]:
    """Both views go through one branch, and may change places.

    Two branches with weights of their own cannot give the same answer if
    the views change places, unless their weights happen to be the same; so
    each weight gets noise of its own first.

    Args:
        build: Makes a model with inputs left and right.
        rows: Samples to try it on.
        seed: Decides these samples, and the noise.

    Raises:
        Hint: If a view has no effect or its place matters.
    """
    model = yield from tried(build)
    rng = np.random.default_rng(seed)
    left, right = rng.random((2, rows, 8, 8, 1), dtype="float32")
    batch = {"left": left, "right": right}
    yield from wrong_inputs(model, batch)
    yield from _wrong_shapes(model, (None, 8, 8, 1))
    yield from answers_of(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    if answers.shape != (rows, 1):
        yield f"One number per pair, please; you get {answers.shape}."
    yield from _no_probability(answers)
    for name, other in {"left": right, "right": left}.items():
        moved = yield from answers_of(model, {**batch, name: other})
        if not differs(answers, moved):
            yield f"The view {name} makes no difference to the answer."
    swapped = yield from answers_of(model, {"left": right, "right": left})
    if not np.allclose(answers, swapped, atol=1e-4):
        yield _why_places_matter(model)
    halves = np.arange(8)[:, None, None] < 4
    mixed = {
        "left": np.where(halves, right, left),
        "right": np.where(halves, left, right),
    }
    if np.allclose(
        answers, (yield from answers_of(model, mixed)), atol=1e-4
    ):
        yield (
            "If the upper halves of two views change places, the answer "
            "stays the same: the views are mixed pixel by pixel before "
            "anything has looked at each."
        )
    shake(model, seed + 1, spread=3)
    yield from _no_probability((yield from answers_of(model, batch)))


def _no_probability(answers: np.ndarray) -> Iterator[str]:
    if answers.min() < 0 or answers.max() > 1:
        yield (
            "A probability lies between 0 and 1. Which activation keeps it "
            "there?"
        )


def _why_places_matter(model: keras.Model) -> str:
    """What can be said of a model whose answer depends on the order."""
    changed = "The answer changes if the views change places."
    if _called_twice(model):
        return (
            f"{changed} A layer with weights is called for both, as it "
            "should be. What comes after it: does the order matter there?"
        )
    return (
        f"{changed} Does each view have weights of its own? Count how "
        "often you make the branch, and how often it is called."
    )


def _called_twice(model: keras.Model) -> bool:
    """Whether a layer with weights is called more than once, if known."""
    if not inputs_of(model):  # a class of its own
        return False
    return any(
        len(layer["inbound_nodes"]) > 1
        and model.get_layer(layer["name"]).count_params()
        for layer in model.get_config()["layers"]
    )
