"""Random inputs and outputs of a model, each with values right for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

Random = np.random.Generator
#: Rows of all data, and of a batch.
ROWS, SIZE = 12, 4
#: Steps of a series: as many as rows of some batches, which is a trap.
STEPS = 3


def eighths(rng: Random, *shape: int) -> np.ndarray:
    """Numbers that float16 holds as well."""
    return (rng.integers(-16, 17, shape) / 8).astype("float32")


# Inputs

KINDS = {
    "numbers": "float32",
    "number": "float32",
    "one": "float32",
    "gaps": "float32",
    "pixels": "float32",
    "series": "float32",
    "free": "float32",
    "count": "int32",
    "id": "int32",
    "words": "int32",
    "mask": "bool",
    "text": "string",
}
#: What may become of numbers before a layer reads them.
SCALED = (
    lambda x: x,
    lambda x: x * 2.0 - 1.0,
    lambda x: layers.Rescaling(0.5)(x),
    lambda x: layers.Normalization(mean=0.5, variance=2.0)(x),
    lambda x: layers.Dense(2)(x),
)
WAYS = np.array(["by air", "by sea", "by road"], dtype=object)


@dataclass
class Column:
    """An input: what it declares, right values, and what reads it."""

    kind: str
    shape: tuple
    values: np.ndarray
    read: Callable[[Any], Any]
    #: One more than the largest id, if it holds ids.
    table: int = 0

    @property
    def dtype(self) -> str:
        return KINDS[self.kind]


def flat(x: Any) -> Any:
    return layers.Flatten()(x)


def pooled(x: Any) -> Any:
    return layers.GlobalAveragePooling1D()(x)


def column(rng: Random) -> Column:
    """An input of some kind."""
    kind = str(rng.choice(list(KINDS)))
    width, one_way = int(rng.integers(1, 4)), rng.random() < 0.5
    if kind in ("id", "words"):
        return _ids(rng, kind, free=one_way)
    if kind == "text":
        shape = () if one_way else (1,)
        values = WAYS[rng.integers(0, len(WAYS), ROWS)]
        return Column(kind, shape, values, _looked_up)
    scaled = SCALED[rng.integers(len(SCALED))]
    shape, read = {
        "numbers": ((width,), scaled),
        "number": ((), lambda x: scaled(ops.expand_dims(x, axis=-1))),
        "one": ((1,), scaled),
        "gaps": ((width,), ops.nan_to_num),
        "pixels": ((4, 4, width), _developed(one_way)),
        "series": ((4, width), pooled if one_way else _convolved),
        "free": ((4, width), pooled),
        "count": ((1,), lambda x: ops.cast(x, "float32") / 9.0),
        "mask": ((3,), lambda x: ops.cast(x, "float32")),
    }[kind]
    values = eighths(rng, ROWS, *shape)
    match kind:
        case "gaps":
            values[rng.random(values.shape) < 0.3] = np.nan
        case "pixels":
            values = rng.integers(0, 256, values.shape).astype("uint8")
        case "count":
            values = rng.integers(0, 9, values.shape).astype("int32")
        case "mask":
            values = rng.random(values.shape) < 0.7
        case "free":
            shape = (None, width)
    return Column(kind, shape, values, read)


def _developed(by_a_layer: bool) -> Callable:
    if by_a_layer:
        return lambda x: flat(layers.Rescaling(1 / 255)(x))
    return lambda x: flat(layers.Conv2D(1, 3)(x / 255.0))


def _convolved(x: Any) -> Any:
    return flat(layers.Conv1D(1, 2)(x))


def _looked_up(x: Any) -> Any:
    ids = layers.StringLookup(vocabulary=list(WAYS))(x)
    return flat(layers.Embedding(4, 2)(ops.reshape(ids, (-1, 1))))


def _ids(rng: Random, kind: str, free: bool) -> Column:
    """Ids of a table, some of them counted from -1."""
    size, shift = int(rng.integers(4, 8)), int(rng.integers(2))
    one = kind == "id"

    def read(x: Any) -> Any:
        table = layers.Embedding(size, 2, mask_zero=not one and not shift)
        vectors = table(x + shift if shift else x)
        return vectors if one else pooled(vectors)

    axes = (ROWS,) if one else (ROWS, 4)
    values = rng.integers(-shift, size - shift, axes).astype("int32")
    if not one:  # no text is padding alone, of which the mean is NaN
        values[:, 0] = np.maximum(values[:, 0], 1 - shift)
    shape = () if one else (None,) if free else (4,)
    return Column(kind, shape, values, read, size - shift)


# Outputs


def quantiles(wanted: Any, given: Any) -> Any:
    """One number for three answers."""
    gap = wanted - given
    shares = ops.convert_to_tensor([0.1, 0.5, 0.9])
    return ops.mean(ops.maximum(shares * gap, (shares - 1) * gap), axis=-1)


def of_the_known(wanted: Any, given: Any) -> Any:
    """Gaps do not count."""
    known = ops.logical_not(ops.isnan(wanted))
    gap = ops.where(known, ops.where(known, wanted, 0.0) - given, 0.0)
    return ops.mean(ops.square(gap), axis=-1)


def doubled(wanted: Any, given: Any) -> Any:
    loss = keras.losses.sparse_categorical_crossentropy
    return 2.0 * loss(wanted, given)


OWN = {f.__name__: f for f in (quantiles, of_the_known, doubled)}
#: Losses: the activation and the kind of targets that fit; options.
LOSSES: dict[str, tuple] = {
    "MeanSquaredError": (None, "real"),
    "MeanAbsoluteError": (None, "real"),
    "Huber": (None, "real", {"delta": 2.0}),
    "LogCosh": (None, "real"),
    "MeanAbsolutePercentageError": (None, "amounts"),
    "MeanSquaredLogarithmicError": ("softplus", "counts"),
    "Poisson": ("softplus", "counts"),
    "CosineSimilarity": (None, "vectors"),
    "KLDivergence": ("softmax", "shares"),
    "BinaryCrossentropy": ("sigmoid", "yes_no", {"from_logits": True}),
    "BinaryFocalCrossentropy": ("sigmoid", "yes_no"),
    "Dice": ("sigmoid", "yes_no", {"axis": (1,)}),
    "CategoricalCrossentropy": (
        *("softmax", "one_hot"),
        {"label_smoothing": 0.125},
    ),
    "CategoricalFocalCrossentropy": ("softmax", "one_hot"),
    "CategoricalHinge": (None, "one_hot"),
    "SparseCategoricalCrossentropy": (
        *("softmax", "classes"),
        {"ignore_class": -1},
    ),
    "Hinge": ("tanh", "signs"),
    "SquaredHinge": ("tanh", "signs"),
    "quantiles": (None, "quantiles"),
    "of_the_known": (None, "known"),
    "doubled": ("softmax", "classes"),
}
METRICS = {
    "real": ("mae", "mse"),
    "yes_no": ("accuracy", "binary_accuracy"),
    "one_hot": ("accuracy", "categorical_accuracy"),
    "classes": ("accuracy", "sparse_categorical_accuracy"),
}
WIDE = ("one_hot", "classes", "shares", "vectors", "quantiles")


class Own(keras.losses.Loss):
    """A function as a loss, for training by hand."""

    def __init__(self, function: Callable) -> None:
        super().__init__(name=function.__name__)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)


@dataclass
class Answer:
    """An output: its last layer, its loss, and right targets."""

    kind: str
    width: int
    steps: int
    activation: str | None
    values: np.ndarray
    #: As `compile` gets it, and as it is meant.
    loss: Any
    exact: Any
    metric: str | None = None
    share: float = 1.0

    def full(self, targets: np.ndarray, given: Any) -> np.ndarray:
        """Targets with all axes; the number of a class has none."""
        less = targets.ndim < given.ndim and self.kind != "classes"
        return targets[..., None] if less else targets


def answer(rng: Random) -> Answer:
    """An output with some loss, asked for in one of its spellings."""
    name = str(rng.choice(list(LOSSES)))
    activation, kind, *rare = LOSSES[name]
    options = rare[0] if rare and rng.random() < 0.4 else {}
    if options.get("from_logits"):
        activation = None
    width = 3 if kind in WIDE or rng.random() < 0.2 else 1
    steps = STEPS if name != "Dice" and rng.random() < 0.15 else 0
    axes = (ROWS, steps) if steps else (ROWS,)
    values = _targets(rng, kind, *axes, width)
    if "ignore_class" in options:
        values = np.where(rng.random(values.shape) < 0.3, -1, values)
    if width == 1 and not steps and rng.random() < 0.5:
        values = values[..., 0]
    if name in OWN:
        loss, exact = OWN[name], Own(OWN[name])
    else:
        exact = getattr(keras.losses, name)(**options)
        snake = exact.name.removesuffix("_loss")
        ways = [name, snake, getattr(keras.losses, snake), exact]
        if name.endswith("Crossentropy") and "Focal" not in name:
            if kind != "yes_no" or width == 1:  # else Keras takes another
                ways.append("crossentropy")
        loss = exact if options else ways[rng.integers(len(ways))]
    made = Answer(kind, width, steps, activation, values, loss, exact)
    if kind in METRICS and not options and rng.random() < 0.4:
        made.metric = str(rng.choice(METRICS[kind]))
    return made


def _targets(rng: Random, kind: str, *shape: int) -> np.ndarray:
    """Right targets for an output of this shape."""
    classes = rng.integers(0, shape[-1], shape[:-1])
    match kind:
        case "classes":
            return classes
        case "one_hot":
            return np.eye(shape[-1], dtype="float32")[classes]
        case "shares":
            return 0.25 * np.eye(3)[classes] + 0.25
        case "counts" | "amounts":
            return rng.integers(1, 6, shape)
        case "yes_no":
            return rng.integers(0, 2, shape)
        case "signs":
            return rng.choice([-1, 1], shape)
        case "quantiles":
            return eighths(rng, *shape[:-1], 1)
    values = eighths(rng, *shape)
    if kind == "known":
        values[rng.random(shape) < 0.3] = np.nan
    return values
