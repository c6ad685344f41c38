"""What a model asks of its batches, by name.

What reads a value decides what it must be: an input is read by layers, a
target by a loss. A layer, or a model with a training step of its own,
registers here what it asks for.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from companion import graph, rules
from companion.building.gan import ConditionalGAN, made_tensors
from companion.building.masked import MaskedFusion, ReplaceMissing
from companion.checking import targets
from companion.graph import LossOf, inputs_of, last_activation
from companion.rules import Rule, Spec

#: Layers of which numbers of any size make numbers of a common one.
_SCALING = (
    keras.layers.Normalization,
    keras.layers.Rescaling,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.UnitNormalization,
    keras.layers.Discretization,
    keras.layers.Hashing,
    keras.layers.IntegerLookup,
    keras.layers.Embedding,
)
#: Operations that arithmetic on an input is made of.
_ARITHMETIC = {"Add", "Subtract", "Multiply", "Divide", "TrueDivide"}
_ARITHMETIC |= {"Log", "Log1p", "Mod", "Cast"}
#: Lowest and highest number that an activation gives.
_RANGES = {
    "sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, np.inf),
    "softplus": (0, np.inf),
    "exponential": (0, np.inf),
}
#: Operations that look for gaps, or fill them.
_FILLING = ("NanToNum", "Isnan", "Isfinite", "Where")
#: Rules of losses that read one axis, which may be another.
_OF_LAST_AXIS = (targets.one_hot, targets.directions)
#: Rules of losses that stop at what no weight takes out.
_OF_ALL = (targets.class_numbers, targets.numbers_or_one_hot)
#: Layers that pass over what stands behind a mask of 0.
MASKED = (ReplaceMissing, MaskedFusion)


@dataclass(frozen=True)
class Demand:
    """What the values of one name must be.

    Args:
        text: The same in words, as a report shows it.
        form: Asked of the type and the axes of any array or tensor.
        rules: Asked of the numbers in each batch and in whole arrays.
        whole: Asked of whole arrays alone.
        counted: Like ``rules``, of entries whose weight is not 0.
        free: Whether an axis may have any length.
        any_size: Whether the numbers may be as large as they like.
        optional: Whether nothing may come under this name.
    """

    text: str
    form: Rule
    rules: tuple[Rule, ...]
    whole: tuple[Rule, ...] = ()
    counted: tuple[Rule, ...] = ()
    free: bool = False
    any_size: bool = True
    optional: bool = False


#: By part of a batch, then by name. A part that is absent is refused.
Demands = Mapping[str, Mapping[str, Demand]]


@functools.singledispatch
def demands_of(model: keras.Model) -> Demands:
    """What a model asks for, by part of a batch and name.

    Of targets and weights nothing is known where a class of one's own
    reads them.
    """
    losses, own = graph.losses_of(model), graph.own_code(model)
    outputs = graph.outputs_of(model).items()
    of_name = {
        name: LossOf() if own else losses.get(name) for name, _ in outputs
    }
    return {
        "input": demanded_inputs(model),
        "target": {n: _target(of_name[n], t, model) for n, t in outputs},
        "sample weight": {name: _WEIGHT for name, _ in outputs},
    }


def demanded_inputs(network: keras.Model) -> dict[str, Demand]:
    """What a network asks of each of its inputs."""
    return {
        name: _demanded(network, tensor)
        for name, tensor in inputs_of(network).items()
    }


def _demanded(network: keras.Model, tensor: keras.KerasTensor) -> Demand:
    spec, found = Spec.of(tensor), list(graph.reads(network, tensor))
    layers = [read.node.operation for read in found]
    others = [each for each in layers if not isinstance(each, MASKED)]
    names = {type(layer).__name__ for layer in others}
    asked = [
        rule
        for layer, read in zip(layers, found)
        for rule in read_by(layer, read.place)
    ]
    complete = rules.complete(spec)
    if any(
        not type(layer).__module__.startswith("keras") for layer in others
    ):
        complete = rules.mild(complete)  # one's own may fill them
    if (others or not layers) and not names & set(_FILLING):
        asked.insert(0, complete)
    if spec.dtype.startswith(("int", "uint")):
        asked.append(rules.held_by(spec.dtype))
    if graph.is_averaged_by_words(network, tensor):
        asked.append(rules.some_word)
    whole = (rules.held_in_float32,) if spec.dtype == "float32" else ()
    scaled = any(isinstance(layer, _SCALING) for layer in layers)
    scaled = scaled or bool(names & _ARITHMETIC)
    whole_numbers = not spec.dtype.startswith("float")
    return Demand(
        str(spec),
        spec.fault if layers else targets.anything,  # an input unread
        tuple(asked) * (spec.dtype != "string"),
        whole,
        free=None in spec.shape,
        any_size=scaled or whole_numbers,
        optional=tensor._keras_history.operation.optional,
    )


@functools.singledispatch
def read_by(layer: Any, place: int) -> tuple[Rule, ...]:
    """What a layer asks of an input it reads as it is.

    Args:
        layer: What reads it.
        place: As which of its tensors, from 0.
    """
    return ()


@read_by.register
def _(layer: keras.layers.Embedding, place: int) -> tuple[Rule, ...]:
    return rules.ids_of_table(layer.input_dim)


@read_by.register
def _(layer: ReplaceMissing, place: int) -> tuple[Rule, ...]:
    return (rules.zero_or_one,) * (place == 1)


@read_by.register
def _(layer: MaskedFusion, place: int) -> tuple[Rule, ...]:
    return (rules.zero_or_one,) * (place >= len(layer.values))


@read_by.register
def _(layer: keras.layers.CategoryEncoding, place: int) -> tuple[Rule, ...]:
    tokens = layer.num_tokens, "CategoryEncoding", "num_tokens"
    return (rules.ids_of_table(*tokens)[1],) * (place == 0)


def _target(
    loss: LossOf | None, output: keras.KerasTensor, model: keras.Model
) -> Demand:
    """What a loss of Keras reads; of another nothing is known."""
    text = "one row per sample"
    if loss is None and not model.compiled:
        return Demand(text, targets.numbers, (targets.without_gaps,))
    rule = targets.LOSSES.get(loss.name) if loss else None
    if loss is None or rule is None:
        optional = loss is None or bool(graph.own_code(model))
        return Demand(text, targets.anything, (), optional=optional)
    if loss.settings.get("axis", -1) != -1 and rule in _OF_LAST_AXIS:
        rule = targets.like_the_output
    settings = loss.settings.items()
    ignored = {n: v for n, v in settings if n == "ignore_class"}
    read: list[Rule] = [
        functools.partial(rule, output.shape[1:], **ignored)
    ]
    reached = last_activation(output)
    if rule is targets.like_the_output and reached in _RANGES:
        reach = reached, *_RANGES[reached]
        read.append(functools.partial(targets.in_reach, *reach))
    if graph.is_masked(output):  # what is wrong may stand behind it
        read = list(map(rules.mild, read))
    gaps, whole = targets.without_gaps, (rules.held_in_float32,)
    if rule in _OF_ALL:
        return Demand(text, targets.numbers, (gaps, *read), whole)
    return Demand(text, targets.numbers, (gaps,), whole, tuple(read))


#: One for each value that a loss gives, which a question looks at.
_WEIGHT = Demand(
    "one number per sample",
    targets.numbers,
    (targets.without_gaps, targets.not_below),
)


# A model with a training step of its own


@demands_of.register
def _(gan: ConditionalGAN) -> Demands:
    """What is drawn by one network, what is real by the other."""
    return {
        "input": demanded_inputs(gan.generator_network),
        "target": {
            name: _as_made(gan, name, demand)
            for name, demand in demanded_inputs(gan.discriminator).items()
        },
    }


def _as_made(gan: ConditionalGAN, name: str, demand: Demand) -> Demand:
    """What is real must be such as can be made, and of every class."""
    made = made_tensors(gan.generator_network, gan.discriminator)
    activation = last_activation(made[name]) if name in made else ""
    more, whole = [], [*demand.whole]
    if activation in _RANGES:
        more = [rules.reached_by(activation, *_RANGES[activation])]
    tensor = inputs_of(gan.discriminator)[name]
    for layer in graph.readers(gan.discriminator, tensor):
        if isinstance(layer, keras.layers.Embedding):
            whole.append(_of_every_class(layer.input_dim))
    return replace(demand, rules=(*demand.rules, *more), whole=tuple(whole))


def _of_every_class(num_classes: int) -> rules.Rule:
    """No class is left out, where a sample has one label."""
    rule = rules.every_class(num_classes)
    return lambda labels: (
        None if labels.size > len(labels) else rule(labels.ravel())
    )
