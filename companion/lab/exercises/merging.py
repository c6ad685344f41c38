"""Checkers of the sheet *Practice: merging*."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from companion.lab.exercises import exercise


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
        Hint: If an input is not pooled, or does not count.
    """
    shapes = {"maps": maps, "words": words, "numbers": (numbers,)}
    tensors = {n: keras.Input(shape, name=n) for n, shape in shapes.items()}
    joined = join(*tensors.values())
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
    batch = {n: rng.normal(size=(2, *shapes[n])) for n in shapes}
    for name in ("maps", "words"):
        for place in (0, -1):
            moved = {**batch, name: batch[name].copy()}
            moved[name][:, place] += 10
            if np.allclose(model(batch), model(moved)):
                yield (
                    f"A part of {name} does not count: pooling takes all "
                    "places together, it does not pick one."
                )


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
            yield f"{counts}: {name} are left out."
    for name, count in {"maps": maps[0], "words": words[0]}.items():
        if given == asked - right[name] + count:
            yield (
                f"{counts}: {name} are pooled over the wrong axis. The "
                "last one holds the features, and should stay."
            )
    for name, shape in {"maps": maps, "words": words}.items():
        if given == asked - right[name] + np.prod(shape):
            yield (
                f"{counts}: {name} are flattened, with features for every "
                "single place. Pool them over the places."
            )
    yield f"{counts}. Is there a size in your code that fits one case only?"


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
    model = build(width)
    if any(isinstance(x, keras.layers.Lambda) for x in model.layers):
        yield (
            "There is still a Lambda layer. What it holds is Python code, "
            "and a saved model should not bring code along."
        )
    rng = np.random.default_rng(seed)
    batch = {
        name: rng.normal(size=(rows, width)).astype("float32")
        for name in ("signal", "gate")
    }
    signal, gate = batch.values()
    found = {tensor.name: tensor.shape for tensor in model.inputs}
    if found != dict.fromkeys(batch, (None, width)):
        yield f"For width {width} your inputs are {found}."
    answers = np.asarray(model(batch))
    if answers.shape == (rows, 1):
        yield (
            "You get one number per row: the products are summed up. Keep "
            "them apart, one per feature."
        )
    if np.allclose(answers, signal + gate):
        yield "This adds up. A gate of 0 should close, so multiply."
    if not np.allclose(answers, signal * gate, atol=1e-6):
        yield "The answer is not signal times gate, feature by feature."
    yield from _not_registered(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            model.save(path)
            loaded = keras.models.load_model(path)
        except (NotImplementedError, TypeError, ValueError):
            yield (
                "The model cannot be saved and loaded. Can Keras write "
                "down every argument of your own layer?"
            )
            return
    if not np.allclose(answers, loaded(batch)):
        yield "The loaded model gives other answers than the saved one."


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

    Args:
        build: Makes a model with inputs left and right.
        rows: Samples to try it on.
        seed: Decides these samples.

    Raises:
        Hint: If a view has no effect or its place matters.
    """
    model = build()
    found = {tensor.name: tensor.shape[1:] for tensor in model.inputs}
    if found != dict.fromkeys(["left", "right"], (8, 8, 1)):
        yield f"The inputs should be left and right; yours are {found}."
    rng = np.random.default_rng(seed)
    left, right = rng.random((2, rows, 8, 8, 1), dtype="float32")
    answers = np.asarray(model({"left": left, "right": right}))
    if answers.shape != (rows, 1):
        yield f"One number per pair, please; you get {answers.shape}."
    if answers.min() < 0 or answers.max() > 1:
        yield (
            "A probability lies between 0 and 1. Which activation keeps it "
            "there?"
        )
    for name, other in {
        "left": {"left": right, "right": right},
        "right": {"left": left, "right": left},
    }.items():
        if np.allclose(answers, model(other)):
            yield f"The view {name} makes no difference to the answer."
    if not _shared(model):
        yield (
            "Each view has weights of its own: two branches learn apart. "
            "How often do you make the branch, and how often is it called?"
        )
    swapped = model({"left": right, "right": left})
    if not np.allclose(answers, swapped, atol=1e-5):
        kinds = {type(layer).__name__ for layer in model.layers}
        first = kinds & {"Concatenate", "Subtract"}
        yield (
            "The answer changes if the views change places. "
            + (f"To {first.pop()} the order matters. " if first else "")
            + "Join them in a way in which they do not."
        )


def _shared(model: keras.Model) -> list[str]:
    """Names of the layers with weights that are called more than once."""
    return [
        layer["name"]
        for layer in model.get_config()["layers"]
        if len(layer["inbound_nodes"]) > 1
        and model.get_layer(layer["name"]).count_params()
    ]
