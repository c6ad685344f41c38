"""What a model asks of its batches, by name.

What reads a value decides what it must be: an input is read by layers, a
target by a loss. A layer, or a model with a training step of its own,
registers here what it asks for.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from companion import rules
from companion.building.gan import ConditionalGAN, made_tensors
from companion.building.masked import MaskedFusion, ReplaceMissing
from companion.checking import targets
from companion.graph import (
    LossOf,
    inputs_of,
    is_averaged_by_words,
    last_activation,
    losses_of,
    outputs_of,
    own_code,
    readers,
    reads,
)
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
_ARITHMETIC = (
    "Add",
    "Subtract",
    "Multiply",
    "Divide",
    "TrueDivide",
    "Log",
    "Log1p",
    "Mod",
    "Cast",
)
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
        free: Whether an axis may have any length.
        any_size: Whether the numbers may be as large as they like.
        optional: Whether nothing may come under this name.
    """

    text: str
    form: Rule
    rules: tuple[Rule, ...]
    whole: tuple[Rule, ...] = ()
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
    losses, own = losses_of(model), own_code(model)
    outputs = outputs_of(model).items()
    of_name = {
        name: LossOf() if own else losses.get(name) for name, _ in outputs
    }
    return {
        "input": demanded_inputs(model),
        "target": {n: _target(of_name[n], t, model) for n, t in outputs},
        "sample weight": {n: _weight(of_name[n], t) for n, t in outputs},
    }


def demanded_inputs(network: keras.Model) -> dict[str, Demand]:
    """What a network asks of each of its inputs."""
    return {
        name: _demanded(network, tensor)
        for name, tensor in inputs_of(network).items()
    }


def _demanded(network: keras.Model, tensor: keras.KerasTensor) -> Demand:
    spec, found = Spec.of(tensor), list(reads(network, tensor))
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
    if is_averaged_by_words(network, tensor):
        asked.append(rules.some_word)
    whole = (rules.held_in_float32,) if spec.dtype == "float32" else ()
    scaled = any(isinstance(layer, _SCALING) for layer in layers)
    scaled = scaled or bool(names & set(_ARITHMETIC))
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
    return (rules.ids_of_table(*tokens)[1],)


def _target(
    loss: LossOf | None, output: keras.KerasTensor, model: keras.Model
) -> Demand:
    """What a loss of Keras reads; of another nothing is known."""
    text = "one row per sample"
    if loss is None and not model.compiled:
        return Demand(text, targets.numbers, (targets.without_gaps,))
    rule = targets.LOSSES.get(loss.name) if loss else None
    if loss is None or rule is None:
        optional = loss is None or bool(own_code(model))
        return Demand(text, targets.anything, (), optional=optional)
    takes = inspect.signature(rule).parameters
    settings = {n: v for n, v in loss.settings.items() if n in takes}
    read = [functools.partial(rule, output.shape[1:], **settings)]
    reached = last_activation(output)
    if rule is targets.like_the_output and reached in _RANGES:
        reach = reached, *_RANGES[reached]
        read.append(functools.partial(targets.in_reach, *reach))
    return Demand(
        text,
        targets.numbers,
        (targets.without_gaps, *read),
        (rules.held_in_float32,),
    )


def _weight(loss: LossOf | None, output: keras.KerasTensor) -> Demand:
    """One for each value that a loss of Keras gives."""
    asked: tuple[Rule, ...] = (targets.without_gaps, targets.not_below)
    text, own = "one number per sample", loss == LossOf()
    if loss is None or not (own or loss.name in targets.LOSSES):
        return Demand(text, targets.numbers, asked)
    left = loss.left_of(output.ndim)
    shape = tuple(output.shape[axis] for axis in left if axis)
    rule: Rule = functools.partial(targets.weights_of_samples, shape)
    if own:  # it may give a single value
        rule = rules.mild(rule)
    elif 0 not in left:
        rule = functools.partial(targets.weights_of_a_batch, output.ndim)
    return Demand(text, targets.numbers, (*asked, rule))


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
    for layer in readers(gan.discriminator, tensor):
        if isinstance(layer, keras.layers.Embedding):
            whole.append(_of_every_class(layer.input_dim))
    return replace(demand, rules=(*demand.rules, *more), whole=tuple(whole))


def _of_every_class(num_classes: int) -> rules.Rule:
    """No class is left out, where a sample has one label."""
    rule = rules.every_class(num_classes)
    return lambda labels: (
        None if labels.size > len(labels) else rule(labels.ravel())
    )
