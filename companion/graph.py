"""What Keras knows of a model: its inputs, who reads them, its losses.

Whatever is private to Keras is asked for here, and nowhere else.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.trainers import compile_utils

#: Layers and operations that pass on the numbers they get.
_PASSING = {"Reshape", "Flatten", "Squeeze", "ExpandDims", "Transpose"}
_PASSING |= {"Identity"}


def inputs_of(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """The inputs by name, or by key or path if they were given so.

    Empty if a model declares none.
    """
    tensors = getattr(model, "inputs", None) or []
    if not all(isinstance(t, keras.KerasTensor) for t in tensors):
        return {}
    made = getattr(model, "input", tensors)
    if isinstance(made, Mapping) or is_nested(model):
        return by_path(made)
    return {tensor.name: tensor for tensor in tensors}


def by_path(made: Any) -> dict[str, Any]:
    """The leaves of a structure, each by the keys that lead to it."""
    if isinstance(made, Mapping) and not any(map(_is_nest, made.values())):
        return dict(made)  # in its own order, which a tree would sort
    leaves = keras.tree.flatten_with_path(made)
    return {".".join(map(str, path)): leaf for path, leaf in leaves}


def is_nested(model: keras.Model) -> bool:
    """Whether inputs were given within inputs."""
    made = getattr(model, "input", None)
    parts = made.values() if isinstance(made, Mapping) else made
    return _is_nest(made) and any(map(_is_nest, parts or ()))


def _is_nest(made: Any) -> bool:
    return isinstance(made, (Mapping, list, tuple))


def is_built_by_dict(model: keras.Model) -> bool:
    """Whether Keras reads a dict by the order of its keys."""
    return isinstance(getattr(model, "input", None), Mapping)


def unnamed_inputs(model: keras.Model) -> list[str]:
    """Inputs whose names Keras made up: one for the tensor, one more."""
    given = {} if is_nested(model) else inputs_of(model)
    made = {n: t._keras_history.operation.name for n, t in given.items()}
    return [name for name, x in given.items() if made[name] != x.name]


def outputs_of(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """The outputs by name; empty if a model declares none."""
    made = answers_of(model)
    if isinstance(made, Mapping):
        return by_path(made)
    names = getattr(model, "output_names", None) or [""]
    return dict(zip(names, getattr(model, "outputs", None) or []))


def answers_of(model: keras.Model) -> Any:
    """What a model gives back: a tensor, a list or a dict of them."""
    return getattr(model, "output", None) if model.built else None


def has_dict_outputs(model: keras.Model) -> bool:
    """Whether answers come by name."""
    return isinstance(answers_of(model), Mapping)


def has_lone_output(model: keras.Model) -> bool:
    """Whether there is one answer, neither in a list nor in a dict."""
    return isinstance(answers_of(model), keras.KerasTensor)


def has_list_of_one(model: keras.Model) -> bool:
    """Whether there is one answer, in a list."""
    made = answers_of(model)
    return isinstance(made, (list, tuple)) and len(made) == 1


def has_layer(model: keras.Model, kind: type) -> bool:
    """Whether any layer, also inside another, is of a kind."""
    return any(isinstance(each, kind) for each in model._flatten_layers())


class LossOf(NamedTuple):
    """What is known of a loss: the function of Keras, and its settings.

    Both are empty for a loss of one's own.
    """

    name: str = ""
    settings: Mapping[str, Any] = {}

    @property
    def reads_logits(self) -> bool:
        """Whether it makes shares of what it gets by itself."""
        return bool(self.settings.get("from_logits", False))


def asked_losses(model: keras.Model) -> dict[str, Any]:
    """What ``compile`` was given as the loss of each output with one."""
    outputs = outputs_of(model)
    given = getattr(model, "loss", None)
    if isinstance(given, (list, tuple)):
        given = dict(zip(outputs, given))
    elif not isinstance(given, Mapping):
        given = dict.fromkeys(outputs, given)
    return {n: given[n] for n in outputs if given.get(n) is not None}


def losses_of(model: keras.Model) -> dict[str, LossOf]:
    """The loss of each output that has one."""
    outputs = outputs_of(model)
    asked = asked_losses(model).items()
    return {name: loss_of(loss, outputs[name]) for name, loss in asked}


def values_of(
    loss: Any, wanted: Any, output: keras.KerasTensor
) -> tuple[np.ndarray, bool] | None:
    """What a loss gives for two rows or more, and whether one for each.

    The loss itself is asked, for as many rows as no other axis has. None
    if it does not say, or does more than Keras knows of.

    Args:
        loss: As ``compile`` was given it.
        wanted: A batch of its targets.
        output: The answer it reads, for which numbers from 0.1 to 0.9
            stand in.
    """
    inner = tuple(np.shape(wanted))[1:]
    axes = [
        size or (inner[at] if at < len(inner) else 1)
        for at, size in enumerate(output.shape[1:])
    ]
    rows = next(n for n in itertools.count(2) if n not in (*axes, *inner))
    given = np.linspace(0.1, 0.9, math.prod((rows, *axes)), dtype="float32")
    given = keras.ops.convert_to_tensor(given.reshape(rows, *axes))
    try:
        found = compile_utils.get_loss(loss, np.asarray(wanted), given)
        if type(found).__call__ is not keras.losses.Loss.__call__:
            return None
        cycled = np.resize(np.asarray(wanted), (rows, *inner))
        cycled = keras.ops.convert_to_tensor(cycled, dtype=found.dtype)
        values = np.asarray(found.call(cycled, given))
        return values, values.shape[:1] == (rows,)
    except Exception:  # it may read what is not here
        return None


def loss_of(loss: Any, output: keras.KerasTensor) -> LossOf:
    """What is known of a loss, however it was written."""
    if str(loss).lower() in ("ce", "crossentropy"):  # Keras chooses
        wide = output.shape[-1] != 1
        return LossOf("crossentropy" if wide else "binary_crossentropy")
    settings: Mapping[str, Any] = {}
    try:
        found: Any = keras.losses.get(loss)
    except Exception:  # misspelt, or a class that cannot be made so
        return LossOf()
    if isinstance(found, functools.partial):
        found, settings = found.func, found.keywords
    elif isinstance(found, keras.losses.Loss):
        if not _is_of_keras(found) or not hasattr(found, "fn"):
            return LossOf()
        found, settings = found.fn, found._fn_kwargs
    name = getattr(found, "__name__", "")
    known = getattr(keras.losses, name, None) is found
    return LossOf(name, settings) if known else LossOf()


def compiled_with(model: keras.Model) -> dict[str, Any]:
    """What ``compile`` was given for each output, by its argument."""
    losses = getattr(model, "_compile_loss", None)
    metrics = getattr(model, "_compile_metrics", None)
    weighted = getattr(metrics, "_user_weighted_metrics", None)
    return {
        "loss": getattr(model, "loss", None),
        "loss_weights": getattr(losses, "_user_loss_weights", None),
        "metrics": getattr(metrics, "_user_metrics", None),
        "weighted_metrics": weighted,
    }


def changed_since_training(model: keras.Model) -> list[keras.layers.Layer]:
    """Layers frozen or unfrozen after the model's first ``fit``."""
    if getattr(model, "train_function", None) is None:
        return []
    was = getattr(model, "_compiled_trainable_state", {})
    return [layer for layer in was if layer.trainable != was[layer]]


def layers_not_adapted(model: keras.Model) -> list[keras.layers.Layer]:
    """Layers that should have learned from data, and pass it on as it is.

    The others stop by themselves.
    """
    return [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.Normalization)
        and layer.built
        and layer.input_mean is None
        and not layer.adapt_mean.numpy().any()
        and (layer.adapt_variance.numpy() == 1).all()
    ]


def own_code(model: keras.Model) -> list[str]:
    """Steps of training that a class of one's own does itself."""
    return [
        name
        for name in ("train_step", "compute_loss")
        if getattr(type(model), name) is not getattr(keras.Model, name)
    ]


def global_names() -> dict[str, Any]:
    """What Keras keeps for all models: names given, seeds drawn."""
    return vars(global_state.GLOBAL_STATE_TRACKER)


def tensorflow_random() -> random.Random | None:
    """Where TensorFlow draws the seeds of operations, if one was set."""
    if "tensorflow" not in sys.modules:
        return None
    from tensorflow.python.eager import context

    return getattr(context.context(), "_rng", None)


def readers(model: keras.Model, tensor: keras.KerasTensor) -> Iterator[Any]:
    """What reads an input as it is: also inside a model, or reshaped."""
    return (read.node.operation for read in reads(model, tensor))


def is_averaged_by_words(
    model: keras.Model, tensor: keras.KerasTensor
) -> bool:
    """Whether a mean over steps passes over the zeros of an input.

    They are masked by an ``Embedding(mask_zero=True)``, and the mean over
    a row of nothing else divides by 0.
    """
    read = {id(each.tensor) for each in reads(model, tensor)}
    means = keras.layers.GlobalAveragePooling1D
    return any(
        id(_masked_zeros(node.input_tensors[0])) in read
        for layer in model._flatten_layers()
        if isinstance(layer, means)
        for node in layer._inbound_nodes
    )


def _masked_zeros(tensor: keras.KerasTensor) -> keras.KerasTensor | None:
    """Of which ids the zeros are masked in what was made of them."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is None:
        return None
    made = mask._keras_history
    if type(made.operation).__name__ != "NotEqual":
        return None
    return made.operation._inbound_nodes[made.node_index].input_tensors[0]


class Read(NamedTuple):
    """A call of a layer that reads an input, and as its which argument."""

    node: Any
    place: int
    tensor: keras.KerasTensor


def reads(model: keras.Model, tensor: keras.KerasTensor) -> Iterator[Read]:
    """Where an input is read, also inside a model, or reshaped."""
    graph = getattr(model, "_functional", None) or model  # Sequential
    for node in itertools.chain(*graph._nodes_by_depth.values()):
        places = [
            number
            for number, read in enumerate(node.input_tensors)
            if read is tensor
        ]
        if not places:
            continue
        reader = node.operation
        if isinstance(reader, keras.Model) and reader.inputs:
            fed = (*node.arguments.args, None)[0]
            names = fed.items() if isinstance(fed, dict) else ()
            named = [name for name, part in names if part is tensor]
            inner = [reader.inputs[place] for place in places]
            if named:  # flattened in the order of the names
                inner = [inputs_of(reader)[name] for name in named]
            for read in inner:
                yield from reads(reader, read)
        elif type(reader).__name__ in _PASSING:
            yield from reads(model, node.outputs[0])
        else:
            for place in places:
                yield Read(node, place, tensor)


def last_activation(tensor: keras.KerasTensor) -> str:
    """Name of the activation that a tensor comes from; empty if none.

    Layers that only change the shape, or nothing, are passed over.
    """
    layer = tensor._keras_history.operation
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    if not comes_at_once(tensor):
        return last_activation(layer.input)
    return name if _is_of_keras(layer) else ""


def comes_at_once(tensor: keras.KerasTensor) -> bool:
    """Whether no layer lies between a tensor and its activation."""
    layer = tensor._keras_history.operation
    activation = getattr(layer, "activation", None)
    idle = isinstance(layer, keras.layers.Activation)
    idle = idle and activation is keras.activations.linear
    return not idle and type(layer).__name__ not in _PASSING


def _is_of_keras(thing: Any) -> bool:
    """Whether it is no class of one's own, which may do anything."""
    return type(thing).__module__.split(".")[0] == "keras"


def is_masked(tensor: keras.KerasTensor) -> bool:
    """Whether a mask leaves steps of it out of the loss."""
    return getattr(tensor, "_keras_mask", None) is not None
