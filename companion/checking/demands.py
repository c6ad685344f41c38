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

from companion import rules
from companion.building.gan import ConditionalGAN, made_tensors
from companion.graph import (
    inputs_of,
    last_activation,
    losses_of,
    outputs_of,
    readers,
)
from companion.rules import Rule, Spec

#: Layers that bring an input to a common scale, or look it up.
_SCALING = (
    keras.layers.Normalization,
    keras.layers.Rescaling,
    keras.layers.BatchNormalization,
    keras.layers.Embedding,
)


@dataclass(frozen=True)
class Demand:
    """What the values of one name must be.

    Args:
        text: The same in words, as a report shows it.
        rules: Asked of every batch and of whole arrays.
        whole: Asked of whole arrays alone.
        axes: How many axes a batch has, if an ``Input`` declares it.
        free: Whether one of them may have any length.
        any_size: Whether the numbers may be as large as they like.
        optional: Whether nothing may come under this name.
    """

    text: str
    rules: tuple[Rule, ...]
    whole: tuple[Rule, ...] = ()
    axes: int | None = None
    free: bool = False
    any_size: bool = True
    optional: bool = False


#: By part of a batch, then by name. A part that is absent is refused.
Demands = Mapping[str, Mapping[str, Demand]]


@functools.singledispatch
def demands_of(model: keras.Model) -> Demands:
    """What a model asks for, by part of a batch and name."""
    inputs = demanded_inputs(model)
    losses, compiled = losses_of(model), getattr(model, "loss", None)
    targets = {
        name: Demand(
            "one row per sample",
            (rules.numbers, *_read_by_loss(losses[name], tensor)),
            (rules.held_in_float32,),
            optional=bool(compiled) and not losses[name],
        )
        for name, tensor in outputs_of(model).items()
    }
    weight = Demand("one number per sample", (rules.numbers,))
    return {
        "input": inputs,
        "target": targets,
        "sample weight": dict.fromkeys(targets, weight),
    }


def demanded_inputs(network: keras.Model) -> dict[str, Demand]:
    """What a network asks of each of its inputs."""
    return {
        name: _demanded(network, tensor)
        for name, tensor in inputs_of(network).items()
    }


def _demanded(network: keras.Model, tensor: keras.KerasTensor) -> Demand:
    spec, layers = Spec.of(tensor), list(readers(network, tensor))
    asked = [rule for layer in layers for rule in read_by(layer)]
    whole_numbers = spec.dtype.startswith(("int", "uint"))
    held = [rules.held_by(spec.dtype)] if whole_numbers else []
    whole = (rules.held_in_float32,) if spec.dtype == "float32" else ()
    scaled = any(isinstance(layer, _SCALING) for layer in layers)
    return Demand(
        str(spec),
        (spec.fault, rules.complete(spec), *asked, *held),
        whole,
        axes=1 + len(spec.shape),
        free=None in spec.shape,
        any_size=scaled or not spec.dtype.startswith("float"),
    )


@functools.singledispatch
def read_by(layer: Any) -> tuple[Rule, ...]:
    """What a layer asks of an input it reads as it is."""
    return ()


@read_by.register
def _(layer: keras.layers.Embedding) -> tuple[Rule, ...]:
    return rules.ids_of_table(layer.input_dim)


def _read_by_loss(loss: str, output: keras.KerasTensor) -> tuple[Rule, ...]:
    rule = rules.LOSSES.get(loss)
    return (functools.partial(rule, output.shape[1:]),) if rule else ()


# A model with a training step of its own

#: Lowest and highest number that an activation gives.
_RANGES = {
    "sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, np.inf),
    "softplus": (0, np.inf),
    "exponential": (0, np.inf),
}


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
