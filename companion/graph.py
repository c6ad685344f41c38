"""What Keras knows of a model: its inputs, who reads them, its losses.

Whatever is private to Keras is asked for here, and nowhere else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from companion.errors import ContractError

#: Layers and operations that pass on the numbers they get.
_PASSING = ("Reshape", "Flatten", "Squeeze", "ExpandDims", "Transpose")


def inputs_of(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """The inputs by name."""
    tensors = getattr(model, "inputs", None) or []
    made = getattr(model, "input", None)
    named = all(isinstance(t, keras.KerasTensor) for t in tensors)
    if not tensors or not named:
        raise ContractError.of(
            "model",
            "a model that declares its inputs",
            type(model).__name__,
            "Build it from named inputs: keras.Model([a, b], y).",
        )
    inputs = {tensor.name: tensor for tensor in tensors}
    keys = set(made) if isinstance(made, Mapping) else set(inputs)
    parts = made if isinstance(made, (list, tuple)) else []
    nested = any(isinstance(p, (Mapping, list, tuple)) for p in parts)
    if nested or keys != set(inputs):
        raise ContractError.of(
            "model",
            "a model built from a list of named inputs",
            f"inputs nested, or under other keys: {sorted(keys)}",
            "Give each Input the name that the data has for it, and "
            "build keras.Model([a, b], y).",
        )
    return inputs


def outputs_of(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """The outputs by name."""
    made = getattr(model, "output", None)
    if isinstance(made, Mapping):
        return dict(made)
    names = getattr(model, "output_names", None) or [""]
    return dict(zip(names, model.outputs))


def losses_of(model: keras.Model) -> dict[str, str]:
    """Name of the loss of each output; empty where there is none."""
    names = list(outputs_of(model))
    given = getattr(model, "loss", None)
    if isinstance(given, (list, tuple)):
        given = dict(zip(names, given))
    elif not isinstance(given, Mapping):
        given = dict.fromkeys(names, given)
    return {name: loss_name(given.get(name)) for name in names}


def loss_name(loss: Any) -> str:
    """The function behind a loss, however it was written."""
    found = keras.losses.get(loss)
    function = getattr(found, "fn", found)
    return getattr(function, "__name__", type(function).__name__) * bool(
        loss
    )


def loss_weights_of(model: keras.Model) -> Any:
    """What ``compile`` was given as loss weights."""
    compiled = getattr(model, "_compile_loss", None)
    return getattr(compiled, "_user_loss_weights", None)


def readers(model: keras.Model, tensor: keras.KerasTensor) -> Iterator[Any]:
    """What reads an input as it is: also inside a model, or reshaped."""
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
            for number in places:
                yield from readers(reader, reader.inputs[number])
        elif type(reader).__name__ in _PASSING:
            yield from readers(model, node.outputs[0])
        else:
            yield reader


def last_activation(tensor: keras.KerasTensor) -> str:
    """Name of the activation that a tensor comes from; empty if none.

    Layers that only change the shape are passed over.
    """
    layer = tensor._keras_history.operation
    if type(layer).__name__ in _PASSING:
        return last_activation(layer.input)
    return getattr(getattr(layer, "activation", None), "__name__", "")
