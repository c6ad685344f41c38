"""What a model is made of, box by box.

It is read from the model's ``get_config``, which is public and names every
call of every layer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from companion.errors import ContractError
from companion.graph import inputs_of, outputs_of

#: A call of a layer: the layer's name, and which of its calls.
Key = tuple[str, int]
#: Longer ways through a model are told in fewer boxes.
LONGEST = 12
#: Layers told in the small print of the layer before, and their words.
_SMALL_PRINT = {
    "Activation": "",
    "BatchNormalization": "batch norm",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "GaussianNoise": "noise",
    "GroupNormalization": "group norm",
    "LayerNormalization": "layer norm",
    "LeakyReLU": "leaky relu",
    "ReLU": "relu",
    "Softmax": "softmax",
    "SpatialDropout1D": "dropout",
    "SpatialDropout2D": "dropout",
}
_MODELS = ("Functional", "Sequential")
_UNNAMED_INPUT = re.compile(r"(keras_tensor|input_layer)(_\d+)?")


@dataclass
class Step:
    """One call of a layer, or an input, or an output.

    Attributes:
        kind: The class of the layer, ``input`` or ``output``.
        title: What it is, in a few words: ``Dense 64``.
        notes: Small print: the activation, dropout.
        shape: What it hands on, without the samples: ``8×8×1``.
        reads: The calls whose results it reads, each once.
        shared: Whether its layer is called elsewhere in the model, too.
    """

    kind: str
    title: str
    notes: list[str] = field(default_factory=list)
    shape: str = ""
    reads: list[Key] = field(default_factory=list)
    shared: bool = False


@dataclass
class Box:
    """Steps that are drawn together, one below the other.

    Attributes:
        steps: At least one.
        mains: Numbers of the boxes it stands below.
        sides: Numbers of the other boxes it reads, and of the step in this
            box that does.
        row: How many boxes lie above it, on the longest way.
    """

    steps: list[Step]
    mains: list[int] = field(default_factory=list)
    sides: list[tuple[int, int]] = field(default_factory=list)
    row: int = 0

    @property
    def kind(self) -> str:
        """``input``, ``output``, ``merge``, ``model`` or ``layers``."""
        first = self.steps[0].kind
        if first in ("input", "output"):
            return first
        if len(self.mains) > 1 or (self.sides and len(self.steps) == 1):
            return "merge"
        return "model" if first in _MODELS else "layers"

    @property
    def shape(self) -> str:
        """What it hands on."""
        return self.steps[-1].shape

    @property
    def sources(self) -> list[int]:
        """Numbers of all boxes that it reads."""
        return [*self.mains, *(source for source, _ in self.sides)]


def from_top(boxes: Sequence[Box]) -> list[int]:
    """The numbers of boxes, each after those that it reads."""
    return sorted(range(len(boxes)), key=lambda n: boxes[n].row)


def outline_of(model: keras.Model) -> list[Box]:
    """The boxes of a model.

    Args:
        model: A model made of layers that are called on inputs.

    Returns:
        A box for each input, each call of a layer, each output. Small
        layers are in the small print of the one before. Where the way
        through the model is long, layers that follow each other share a
        box while the size of the maps, or of the sequence, stays.

    Raises:
        ContractError: If the model has no such graph.
    """
    steps = _steps_of(model)
    boxes = _boxed(steps, compact=False)
    if max(box.row for box in boxes) > LONGEST:
        boxes = _boxed(steps, compact=True)
    return boxes


def _steps_of(model: keras.Model) -> dict[Key, Step]:
    """All calls by layer and number, each after those that it reads."""
    inputs, outputs = inputs_of(model), outputs_of(model)
    if not inputs or not outputs:
        raise ContractError.of(
            f'model "{model.name}"',
            "layers called on inputs, as in keras.Model(inputs, outputs)",
            f"a {type(model).__name__} without such a graph",
            "Draw the models that it is made of.",
        )
    graph = keras.Model(model.inputs, model.outputs, name=model.name)
    config = graph.get_config()
    for masks in (False, True):  # masks by themselves are not shown
        steps = _calls_of(config["layers"], masks)
        starts = _add_inputs(steps, config["input_layers"], inputs, model)
        ends = _add_outputs(steps, config["output_layers"], outputs, model)
        steps = _in_order(steps, ends)
        if steps.keys() >= starts:
            break
    return steps


def _calls_of(
    layers: Sequence[Mapping[str, Any]], masks: bool
) -> dict[Key, Step]:
    """What the configuration of layers says of each of their calls."""
    steps = {}
    for layer in layers:
        calls = layer["inbound_nodes"] or [{}]
        title, notes = _words(layer)
        for number, call in enumerate(calls):
            if not masks:
                kwargs = dict(call.get("kwargs", {}), mask=None)
                call = {**call, "kwargs": kwargs}
            reads = list(dict.fromkeys(key for key, _ in _tensors_in(call)))
            step = Step(layer["class_name"], title, notes, reads=reads)
            step.shared = len(calls) > 1
            steps[layer["name"], number] = step
    for layer in layers:
        for key, shape in _tensors_in(layer["inbound_nodes"]):
            steps[key].shape = _size(shape)
    return steps


def _tensors_in(found: Any) -> Iterator[tuple[Key, Sequence[Any]]]:
    """Where each tensor in a configuration comes from, and its shape."""
    if isinstance(found, (list, tuple)):
        for part in found:
            yield from _tensors_in(part)
    elif isinstance(found, Mapping):
        if found.get("class_name") == "__keras_tensor__":
            settings = found["config"]
            name, call, _ = settings["keras_history"]
            yield (name, call), settings["shape"]
        else:
            yield from _tensors_in(list(found.values()))


def _add_inputs(
    steps: dict[Key, Step],
    places: Sequence[Sequence[Any]],
    inputs: Mapping[str, keras.KerasTensor],
    model: keras.Model,
) -> set[Key]:
    """Tells inputs from layers, and returns which they are."""
    names = {id(tensor): name for name, tensor in inputs.items()}
    for tensor, (layer, call, _) in zip(model.inputs, places):
        name = names[id(tensor)]
        title = "input" if _UNNAMED_INPUT.fullmatch(name) else name
        notes = [] if "float" in tensor.dtype else [tensor.dtype]
        shape = _size(tensor.shape)
        steps[layer, call] = Step("input", title, notes, shape)
    return {(layer, call) for layer, call, _ in places}


def _add_outputs(
    steps: dict[Key, Step],
    places: Sequence[Sequence[Any]],
    outputs: Mapping[str, keras.KerasTensor],
    model: keras.Model,
) -> list[Key]:
    """Adds a step for each output, and returns which they are."""
    names = {id(tensor): name for name, tensor in outputs.items()}
    ends = [("", number) for number in range(len(places))]
    for end, tensor, (layer, call, _) in zip(ends, model.outputs, places):
        # Keras counts the calls of a model from 1 here.
        read = layer, call - (steps[layer, 0].kind == "Functional")
        name = names.get(id(tensor), "")
        made_up = not name or _is_made_up(name, steps[read].kind)
        title = "output" if made_up else name
        steps[read].shape = _size(tensor.shape)
        steps[end] = Step("output", title, [], steps[read].shape, [read])
    return ends


def _in_order(
    steps: Mapping[Key, Step], ends: Sequence[Key]
) -> dict[Key, Step]:
    """Each step after those it reads; what meets first stands together."""
    done: dict[Key, Step] = {}
    waiting = list(reversed(ends))
    while waiting:
        key = waiting[-1]
        first = [read for read in steps[key].reads if read not in done]
        if first:
            waiting.append(first[0])
        else:
            done[key] = steps[waiting.pop()]
    return done


def _boxed(steps: Mapping[Key, Step], compact: bool) -> list[Box]:
    """Steps in boxes; in fewer of them, if compact."""
    readers = Counter(key for step in steps.values() for key in step.reads)
    above: dict[Key, set[Key]] = {}
    boxes: list[Box] = []
    place: dict[Key, int] = {}
    for key, step in steps.items():
        above[key] = {*step.reads}.union(*(above[k] for k in step.reads))
        mains = _mains(step, readers, above)
        box = boxes[place[mains[0]]] if mains else None
        alone = len(mains) == 1 and readers[mains[0]] == 1
        if box and alone and _may_join(step, box, compact):
            place[key] = place[mains[0]]
            _join(step, box)
        else:
            place[key] = len(boxes)
            box = Box([step], [place[main] for main in mains])
            boxes.append(box)
        line = len(box.steps) - 1
        sides = [place[read] for read in step.reads if read not in mains]
        box.sides += [(number, line) for number in sides]
    _set_rows(boxes)
    return boxes


def _mains(
    step: Step,
    readers: Mapping[Key, int],
    above: Mapping[Key, set[Key]],
) -> list[Key]:
    """The branches that end in a step; others are read from the side.

    That is what nothing else reads, and what is read first, unless the way
    goes on from there through another: then it is a skip.
    """
    ends = {key for key in step.reads if readers[key] == 1}
    skipped = set[Key]().union(*(above[key] for key in ends))
    ends |= {*step.reads[:1]} - skipped
    return [key for key in step.reads if key in ends]


def _may_join(step: Step, box: Box, compact: bool) -> bool:
    last = box.steps[-1]
    if last.kind == "input" or step.kind == "output":
        return False
    if step.kind in _SMALL_PRINT and len(step.reads) == 1:
        return True
    whole = {*_MODELS} & {step.kind, last.kind} or len(box.mains) > 1
    same_size = _without_width(step.shape) == _without_width(last.shape)
    return compact and not whole and same_size


def _without_width(shape: str) -> str:
    return shape.rpartition("×")[0]


def _join(step: Step, box: Box) -> None:
    """A step as a line of its own, or as small print of the last one."""
    last = box.steps[-1]
    if step.kind in _SMALL_PRINT and len(step.reads) == 1:
        small = _SMALL_PRINT[step.kind]
        words = step.title.replace(step.kind, small).strip()
        notes = last.notes + [words] * bool(words) + step.notes
        box.steps[-1] = replace(last, notes=notes, shape=step.shape)
    else:
        box.steps.append(step)


def _set_rows(boxes: list[Box]) -> None:
    """How deep each box lies; a source may have a later number."""
    moved = True
    while moved:
        moved = False
        for box in boxes:
            rows = [boxes[source].row for source in box.sources]
            row = 1 + max(rows, default=-1)
            box.row, moved = row, moved or row != box.row


def _words(layer: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Title and small print of a layer."""
    kind, config = layer["class_name"], layer["config"]
    if kind in _MODELS:
        count = sum(
            inner["class_name"] != "InputLayer"
            for inner in config["layers"]
        )
        name = config["name"]
        title = "Model" if _is_made_up(name, kind) else name
        return title, [f"a model of {count} layer{'s' * (count > 1)}"]
    inner = config.get("layer")
    if isinstance(inner, Mapping):  # Bidirectional, TimeDistributed
        title, notes = _words(inner)
        return f"{kind} {title}", notes
    activation = config.get("activation") or "linear"
    if isinstance(activation, Mapping):
        activation = activation["class_name"]
    usual = activation == "linear" or "recurrent_activation" in config
    notes = [] if usual else [activation]
    sizes = ", ".join(filter(None, _sizes(config)))
    return f"{kind} {sizes}".strip(), notes


def _sizes(config: Mapping[str, Any]) -> Iterator[str]:
    if "input_dim" in config:
        yield f"{config['input_dim']}×{config['output_dim']}"
    for name in ("units", "filters", "rate"):
        yield str(config.get(name) or "")
    if "num_heads" in config:
        yield f"{config['num_heads']} heads"
    for name in ("kernel_size", "pool_size", "size"):
        yield "×".join(map(str, _flat(config.get(name))))
    strides = _flat(config.get("strides"))
    if "pool_size" not in config and any(step != 1 for step in strides):
        yield f"stride {strides[0]}"


def _flat(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _size(shape: Sequence[Any]) -> str:
    """A shape without its samples: ``8×8×1``."""
    sizes = ["any" if size is None else str(size) for size in shape[1:]]
    return "×".join(sizes) or "1 value"


def _is_made_up(name: str, kind: str) -> bool:
    """Whether Keras made a name from a kind: ``dense_3``."""
    plain = name.replace("_", "")
    return bool(re.fullmatch(re.escape(kind.lower()) + r"\d*", plain))
