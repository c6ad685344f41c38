"""Random pairs of a model and data, on which `check` is held against `fit`.

A seed draws a small model and data that is right for it; at most one thing
is changed. Keras is the judge again: it fails, or it trains, and then its
weights are compared with those of the same model trained by hand, batch by
batch, on what was meant. ``python tests/agreement --pair 7`` replays one.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from changes import CHANGES, IN_BATCHES, NotHereError, need
from drawing import ROWS, SIZE, Answer, Column, Random, answer, column
from judge import Given, verdict, what_check_says, what_keras_does
from keras import layers
from limits import CHANGES_BEYOND
from models import Batches, endless

from companion import check

INPUTS = ("width", "zone", "age", "image", "open", "words")
OUTPUTS = ("price", "kind", "sold", "risk")
ARRAYS = ("arrays", "tensors", "frames")
FORMS = (*IN_BATCHES, *ARRAYS, "tf.data")
RATE = 0.05
#: The parts of a batch, each by name: inputs, targets, weights or None.
Parts = dict[str, dict[str, Any] | None]


@dataclass
class Pair:
    """A model, the batches it gets, and those that are meant."""

    columns: dict[str, Column]
    answers: dict[str, Answer]
    #: Of what the model is built, and what it gives.
    built: str = "list"
    gives: str = "list"
    wrapped: bool = False
    unnamed: str = ""
    compiled: dict[str, Any] = field(default_factory=dict)
    #: In which form the data comes, and what holds each of its parts.
    form: str = "arrays"
    held: dict[str, str | Callable] = field(default_factory=dict)
    given: list[Parts] = field(default_factory=list)
    meant: list[Parts] = field(default_factory=list)
    convert: Callable[[Any], Any] | None = None
    deliver: Callable[[list[tuple]], Any] | None = None
    fit: dict[str, Any] = field(default_factory=dict)
    steps: int = ROWS // SIZE
    #: The change; whether it does harm that no weights show.
    change: str = "nothing"
    harmful: bool = False

    def fresh(self) -> Given:
        """Model and data with names and weights as in a new process."""
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        self.model = self.made()
        self.before = self.model.get_weights()
        data, targets, weights = self.data()
        fit = {} if weights is None else {"sample_weight": weights}
        return Given(self.model, data, targets, self.fit | fit)

    def made(self) -> keras.Model:
        """The model, compiled."""
        inputs, read, outputs = {}, [], {}
        for name, part in self.columns.items():
            called = None if name == self.unnamed else name
            x = keras.Input(part.shape, dtype=part.dtype, name=called)
            inputs[name] = x
            read.append(part.read(x))
        joined = layers.Concatenate()(read) if len(read) > 1 else read[0]
        for name, part in self.answers.items():
            x = joined
            if part.steps:
                x = layers.RepeatVector(part.steps)(joined)
            last = layers.Dense(part.width, part.activation, name=name)
            outputs[name] = last(x)
        model = keras.Model(
            pack(inputs, self.built), pack(outputs, self.gives)
        )
        model = Wrapped(model) if self.wrapped else model
        model.compile(keras.optimizers.SGD(RATE), **self.compiled)
        return model

    def data(self) -> tuple[Any, Any, Any]:
        """Data; targets and weights, where they do not come with it."""
        packed = [
            {
                role: pack(self._converted(part), self.held[role])
                for role, part in batch.items()
                if part is not None
            }
            for batch in self.given
        ]
        batches = [tuple(batch.values()) for batch in packed]
        if self.deliver:
            return self.deliver(batches), None, None
        match self.form:
            case "PyDataset":
                return Batches(*batches), None, None
            case "generator":
                return endless(*batches), None, None
            case "tf.data":
                rows = tf.data.Dataset.from_tensor_slices(batches[0])
                return rows.batch(SIZE), None, None
        roles = ("inputs", "targets", "weights")
        return tuple(packed[0].get(role) for role in roles)

    def _converted(self, part: dict[str, Any]) -> dict[str, Any]:
        convert = self.convert or (lambda x: x)
        return {name: convert(x) for name, x in part.items()}

    def harm(self) -> bool:
        """Whether Keras did not train on what was meant."""
        found = self.model.get_weights()
        self.model.set_weights(self.before)
        train_by_hand(self)
        return self.harmful or not all(
            np.allclose(one, other, rtol=1e-4, atol=1e-5)
            for one, other in zip(found, self.model.get_weights())
        )

    # What changes are made of

    @property
    def weighed(self) -> bool:
        return self.given[0]["weights"] is not None

    def pick(self, rng: Random, role: str, kinds: Iterable[str]) -> str:
        """An input of one of these kinds, or an output that is read."""
        drawn = self.columns if role == "inputs" else self.answers
        names = [
            name
            for name, part in drawn.items()
            if part.kind in kinds
            and getattr(part, "loss", role) is not None
        ]
        need(names)
        return str(rng.choice(names))

    def bend(
        self,
        role: str,
        name: str,
        how: Callable[[Any], Any],
        meant: bool = False,
        only_last: bool = False,
    ) -> None:
        """Changes the values of one name; if `meant`, on purpose."""
        need(not only_last or len(self.given) > 1)
        for batches in (self.given, self.meant)[: 1 + meant]:
            for batch in batches[-1 if only_last else 0 :]:
                batch[role] = batch[role] | {name: how(batch[role][name])}
        self.change += f" ({name})"

    def weigh(self, rng: Random) -> None:
        """Adds sample weights; for a series, one for each step."""
        weights = {
            name: rng.integers(
                1, 9, (ROWS, part.steps)[: 1 + bool(part.steps)]
            )
            for name, part in self.answers.items()
        }
        for batches in (self.given, self.meant):
            shown = {
                name: (weights[name] / 4).astype("float32")
                for name in batches[0]["targets"]
            }
            for batch, cut in zip(
                batches, _cut(len(batches), weights=shown)
            ):
                batch |= cut
        if self.gives == "list" and rng.random() < 0.9:
            # Keras takes no dict of weights there.
            self.held |= dict.fromkeys(("targets", "weights"), "tuple")


class Wrapped(keras.Model):
    """A subclass, which declares neither inputs nor outputs."""

    def __init__(self, inner: keras.Model) -> None:
        super().__init__()
        self.inner = inner

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


def pack(part: dict[str, Any], held: str | Callable) -> Any:
    """The values of a part in a container of this kind."""
    match held:
        case "dict":
            return dict(part)
        case "list":
            return list(part.values())
        case "tuple":
            return tuple(part.values())
        case "lone":
            return next(iter(part.values()))
        case "nested":
            first, second, *rest = part
            pair = {"pair": (part[first], part[second])}
            return pair | {name: part[name] for name in rest}
    return held(part)


def frame(x: Any) -> Any:
    """A table of pandas, of numbers with at most two axes."""
    if x.ndim > 2 or x.dtype == object:
        return x
    return pd.Series(x) if x.ndim == 1 else pd.DataFrame(x)


def train_by_hand(pair: Pair) -> None:
    """The steps of ``fit``, on what was meant, without ``fit``."""
    model = pair.model
    for step in range(pair.steps):
        batch = pair.meant[step % len(pair.meant)]
        inputs = {
            name: tf.constant(batch["inputs"][name], dtype=part.dtype)
            for name, part in pair.columns.items()
        }
        with tf.GradientTape() as tape:
            given = model(pack(inputs, pair.built), training=True)
            if not isinstance(given, dict):
                several = isinstance(given, (list, tuple))
                given = given if several else [given]
                given = dict(zip(pair.answers, given))
            loss = 0.0
            for name, part in pair.answers.items():
                if part.loss is not None:
                    wanted = batch["targets"][name]
                    wanted = part.full(wanted, given[name])
                    weight = (batch["weights"] or {}).get(name)
                    loss += part.share * part.exact(
                        wanted, given[name], sample_weight=weight
                    )
        weights = model.trainable_variables
        for one, slope in zip(weights, tape.gradient(loss, weights)):
            if slope is not None:
                one.assign_sub(RATE * tf.convert_to_tensor(slope))


# What is right


def right(rng: Random) -> Pair:
    """A model, and data that is right for it."""
    count = rng.choice(4, p=[0.35, 0.35, 0.2, 0.1]) + 1
    inputs = rng.permutation(INPUTS)[:count]
    outputs = rng.permutation(OUTPUTS)[: rng.choice([1, 1, 2, 3])]
    pair = Pair(
        {str(name): column(rng) for name in inputs},
        {str(name): answer(rng) for name in outputs},
    )
    several = len(outputs) > 1
    more = ["lone"] * (count == 1) + ["nested"] * (count > 2)
    pair.built = str(rng.choice(["list", "list", "dict", *more]))
    gives = ["list", "dict"] if several else ["lone", "lone", "list"]
    pair.gives = str(rng.choice(gives))
    pair.wrapped = pair.gives != "list" and rng.random() < 0.05
    pair.form = str(rng.choice(FORMS))
    _hold(pair, rng)
    _compile(pair, rng)
    _deal(pair, rng)
    return pair


def _hold(pair: Pair, rng: Random) -> None:
    """What may hold the inputs and targets of such a model."""
    in_order = ["tuple"] + ["list"] * (pair.form in ARRAYS)
    sorted_names = list(pair.columns) == sorted(pair.columns)
    inputs = ["dict"]
    if pair.built == "nested":
        inputs = ["nested"]
    elif len(pair.columns) == 1:
        inputs += ["lone"]
    elif pair.built == "list" or sorted_names:  # else Keras refuses
        inputs += in_order
    if pair.wrapped and pair.built in ("list", "lone"):
        inputs.remove("dict")
    targets = [pair.gives]
    if pair.gives == "list":
        targets = in_order + ["dict"] * (len(pair.answers) > 1)
    pair.held["inputs"] = str(rng.choice(inputs))
    pair.held["targets"] = pair.held["weights"] = str(rng.choice(targets))


def _compile(pair: Pair, rng: Random) -> None:
    """The losses, their weights and metrics, in one of the ways to ask."""
    answers, compiled = pair.answers, pair.compiled
    if len(answers) == 1:
        (name, part), *_ = answers.items()
        ways = [part.loss, part.loss, [part.loss], {name: part.loss}]
        compiled["loss"] = ways[rng.integers(4)]
        if part.metric:
            compiled["metrics"] = [part.metric]
        return
    if rng.random() < 0.3:
        unread = answers[str(rng.choice(list(answers)))]
        unread.loss = unread.metric = None
    losses = {name: part.loss for name, part in answers.items()}
    way = "dict"
    if pair.gives == "dict":
        losses = {name: x for name, x in losses.items() if x is not None}
    elif None in losses.values() or rng.random() < 0.5:
        way = "list"
    compiled["loss"] = pack(losses, way)
    if rng.random() < 0.4:
        for part in answers.values():
            part.share = float(rng.choice([0.5, 1.0, 2.0]))
        shares = {name: answers[name].share for name in losses}
        compiled["loss_weights"] = pack(shares, way)
    metrics = {
        n: [part.metric] for n, part in answers.items() if part.metric
    }
    if metrics:
        compiled["metrics"] = metrics


def _deal(pair: Pair, rng: Random) -> None:
    """The right rows, in batches of four or as a whole."""
    parts = {
        "inputs": {n: part.values for n, part in pair.columns.items()},
        "targets": {n: part.values for n, part in pair.answers.items()},
        "weights": None,
    }
    pair.meant = _cut(ROWS // SIZE, **parts)
    if pair.gives == "dict" and rng.random() < 0.5:
        asked = [n for n, part in pair.answers.items() if part.loss]
        parts["targets"] = {n: parts["targets"][n] for n in asked}
    in_batches = pair.form in IN_BATCHES
    pair.given = _cut(ROWS // SIZE if in_batches else 1, **parts)
    if rng.random() < 0.3:
        pair.weigh(rng)
    if in_batches:  # Keras takes no other texts there
        for name, part in pair.columns.items():
            if part.kind == "text":
                pair.bend("inputs", name, tf.convert_to_tensor)
    makers = {"tensors": tf.convert_to_tensor, "frames": frame}
    pair.convert = makers.get(pair.form)
    pair.fit = {
        "PyDataset": {"shuffle": False},
        "generator": {"steps_per_epoch": pair.steps},
        "tf.data": {},
    }.get(pair.form, {"batch_size": SIZE, "shuffle": False})


def _cut(count: int, **parts: dict[str, Any] | None) -> list[Parts]:
    """As many batches of the same size."""
    size = ROWS // count
    return [
        {
            role: part and {n: x[at : at + size] for n, x in part.items()}
            for role, part in parts.items()
        }
        for at in range(0, ROWS, size)
    ]


# All pairs

#: Seeds in a row take these in turn.
TURNS = (*["nothing"] * 10, *CHANGES)


def pair(seed: int) -> Pair:
    """The pair of a seed."""
    rng = np.random.default_rng(seed)
    name = TURNS[seed % len(TURNS)]
    for _ in range(5000):
        made = right(rng)
        made.change = name
        try:
            CHANGES.get(name, lambda pair, rng: None)(made, rng)
            made.data()
        except NotHereError:
            continue
        except Exception:  # before `fit`: there is nothing to judge
            if made.form in (*ARRAYS, "tf.data"):
                continue
            raise
        return made
    raise ValueError(f"no place for the change {name}")


def describe(pair: Pair) -> str:
    """A pair in words: the change, the model, the data."""
    inputs = [
        f"{name}: {part.kind} {part.shape}"
        for name, part in pair.columns.items()
    ]
    outputs = [
        f"{name}: {part.exact.name if part.loss else None} "
        f"({'3, ' * bool(part.steps)}{part.width})"
        for name, part in pair.answers.items()
    ]
    held = [getattr(kind, "__name__", kind) for kind in pair.held.values()]
    return (
        f"{pair.change}; {'wrapped ' * pair.wrapped}{pair.built} of "
        f"{', '.join(inputs)}; {pair.gives} of {', '.join(outputs)}; "
        f"{pair.form} of {', '.join(held[: 2 + pair.weighed])}"
    )


def judged(seed: int, check: Callable = check) -> tuple[str, str]:
    """How it is called what `check` says of a pair, and all in words."""
    made = pair(seed)
    truth, keras_words = what_keras_does(made)
    said, words = what_check_says(made, check)
    kind = verdict(truth, said)
    if kind == "missed silence" and made.change.startswith(CHANGES_BEYOND):
        kind = "limit"
    told = f"{kind:15} --pair {seed} {truth}, {said}: {describe(made)}"
    for who, text in (("Keras", keras_words), ("check", words)):
        if text:
            told += f"\n    {textwrap.shorten(f'{who}: {text}', 300)}"
    return kind, told


def main_pairs(
    count: int, first: int = 0, check: Callable = check
) -> Counter[str]:
    """Prints the disagreements; how often each verdict was found."""
    tf.get_logger().setLevel("ERROR")  # every pair traces a function anew
    found: Counter[str] = Counter()
    for seed in range(first, first + count):
        kind, text = judged(seed, check)
        found[kind] += 1
        if kind not in ("agreed", "limit"):
            print(text)
    return found
