"""Joining the features of several branches into one tensor.

`fuse` is the door: Keras' own merging layers, and three that Keras does not
have. Those are layers of their own, written in ``keras.ops``, and come back
from a saved file in safe mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from companion.errors import ContractError, Problem
from companion.rules import choice_problem

_serialisable = keras.saving.register_keras_serializable("companion")
Shape = tuple[int | None, ...]


@_serialisable
class GatedFusion(keras.layers.Layer):
    """A weighted mean of the branches, with weights that depend on them.

    Each branch is brought to the same width. A gate looks at all of them
    and shares out, for every feature of every sample, a weight of 1 among
    the branches. So one input can decide which of the others counts.

    Source: the gated multimodal unit of Arevalo et al.
    (https://arxiv.org/abs/1702.01992); for more than two branches the
    gates are a softmax. Taught in the chapter *Merging*.

    Args:
        units: Width of the result.

    Call arguments:
        inputs: Two or more float32 ``(batch, features)``.

    Returns:
        float32 ``(batch, units)``.

    Example:
        >>> image, text = keras.Input((64,)), keras.Input((32,))
        >>> GatedFusion(16)([image, text]).shape
        (None, 16)
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes one layer per branch, and the gate."""
        count = len(input_shape)
        dtype = self.dtype_policy
        self.values = [
            keras.layers.Dense(
                self.units, "tanh", name=f"values_{number}", dtype=dtype
            )
            for number in range(count)
        ]
        self.gate = keras.layers.Dense(
            count * self.units, name="gate", dtype=dtype
        )
        for layer, shape in zip(self.values, input_shape):
            build_inside(self, layer, shape)
        widths = [shape[-1] or 0 for shape in input_shape]
        build_inside(self, self.gate, (None, sum(widths)))

    def call(self, inputs: Sequence[Any]) -> Any:
        """Weighs the branches and adds them up."""
        values = ops.stack(
            [layer(x) for layer, x in zip(self.values, inputs)], axis=1
        )
        gates = self.gate(ops.concatenate(inputs, axis=-1))
        gates = ops.reshape(gates, (-1, len(inputs), self.units))
        return ops.sum(ops.softmax(gates, axis=1) * values, axis=1)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """``(batch, units)``."""
        return (input_shape[0][0], self.units)

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the layer again."""
        return {**super().get_config(), "units": self.units}


@_serialisable
class FiLM(keras.layers.Layer):
    """Features scaled and shifted by what another branch says.

    The second tensor, the condition, gives one factor and one summand for
    every feature of the first: ``(1 + scale) * features + shift``. At the
    start both are 0 and the features pass as they are. A mask of the
    features is handed on, one of the condition is not.

    Source: feature-wise linear modulation, Perez et al.
    (https://arxiv.org/abs/1709.07871). Taught in the chapter *Merging*.

    Call arguments:
        inputs: ``[features, condition]``: float32
            ``(batch, ..., features)``, also the feature maps of an image,
            and float32 ``(batch, width)``.

    Returns:
        float32, the shape of the features.

    Example:
        >>> maps, label = keras.Input((8, 8, 64)), keras.Input((10,))
        >>> FiLM()([maps, label]).shape
        (None, 8, 8, 64)
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the layer that turns the condition into both."""
        features, condition = input_shape
        self.modulation = keras.layers.Dense(
            2 * (features[-1] or 0),
            kernel_initializer="zeros",
            name="modulation",
            dtype=self.dtype_policy,
        )
        build_inside(self, self.modulation, condition)

    def call(self, inputs: Sequence[Any]) -> Any:
        """Scales and shifts the features."""
        features, condition = inputs
        scale, shift = ops.split(self.modulation(condition), 2, axis=-1)
        between = (1,) * (len(features.shape) - 2)
        shape = (-1, *between, features.shape[-1])
        return (1 + ops.reshape(scale, shape)) * features + ops.reshape(
            shift, shape
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the features, if they have one."""
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The shape of the features."""
        return tuple(input_shape[0])


@_serialisable
class CrossAttention(keras.layers.Layer):
    """Features that look something up in a sequence.

    For each sample the first tensor asks, and every step of the second
    answers; what is asked for counts most. The answer is added to what
    asked. Steps that a mask leaves out (``mask_zero=True``) do not count;
    where it leaves out all of them, nothing is added.

    Source: attention, Vaswani et al. (https://arxiv.org/abs/1706.03762);
    between inputs of two kinds, Tsai et al.
    (https://arxiv.org/abs/1906.00295). Taught in the chapter *Attending*.

    Args:
        num_heads: Questions asked side by side.
        key_dim: Width of a question.

    Call arguments:
        inputs: ``[query, sequence]``: float32 ``(batch, features)`` or
            ``(batch, queries, features)``, and float32
            ``(batch, steps, width)``.

    Returns:
        float32, the shape of the query.

    Example:
        >>> image, words = keras.Input((64,)), keras.Input((20, 32))
        >>> CrossAttention()([image, words]).shape
        (None, 64)
    """

    def __init__(
        self, num_heads: int = 4, key_dim: int = 16, **options: Any
    ) -> None:
        super().__init__(**options)
        self.num_heads = num_heads
        self.key_dim = key_dim

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the attention."""
        query, sequence = (tuple(shape) for shape in input_shape)
        self.attention = keras.layers.MultiHeadAttention(
            self.num_heads,
            self.key_dim,
            name="attention",
            dtype=self.dtype_policy,
        )
        build_inside(self, self.attention, _with_steps(query), sequence)

    def call(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """Adds to the query what it finds in the sequence."""
        # Attention of Keras takes the mask off what it is given. From the
        # copies it may: other layers still see the mask.
        query, sequence = map(ops.copy, inputs)
        asked = ops.expand_dims(query, 1) if query.ndim == 2 else query
        seen = None if mask is None else mask[1]
        if seen is None:
            found = self.attention(asked, sequence)
        else:
            found = self._found_among(seen, asked, sequence)
        return query + ops.reshape(found, ops.shape(query))

    def _found_among(self, seen: Any, asked: Any, sequence: Any) -> Any:
        """The answer of the steps that count; zeros if none does.

        Attention to no step at all is not defined. So where none counts
        all are asked, and what they answer is thrown away.
        """
        seen = ops.cast(seen, "bool")
        any_seen = ops.any(seen, axis=1, keepdims=True)
        asks_all = ops.logical_not(any_seen)
        found = self.attention(
            asked, sequence, value_mask=ops.logical_or(seen, asks_all)
        )
        any_seen = ops.expand_dims(any_seen, 2)
        return ops.where(any_seen, found, ops.zeros_like(found))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the query, if it has one."""
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The shape of the query."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the layer again."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
        }


def build_inside(
    outer: keras.Layer, layer: keras.Layer, *shapes: Shape
) -> None:
    """Builds a layer of another one, and freezes it if that is frozen.

    Keras freezes what is inside a layer when ``trainable`` is set, and
    what is built later not always: `MultiHeadAttention` hands nothing on.
    """
    layer.build(*shapes)
    layer.trainable = outer.trainable


def _with_steps(shape: Shape) -> Shape:
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


#: How to make the layer, given the width of the first tensor.
_FUSIONS: dict[str, Callable[[int], keras.Layer]] = {
    "concatenate": lambda width: keras.layers.Concatenate(),
    "add": lambda width: keras.layers.Add(),
    "average": lambda width: keras.layers.Average(),
    "multiply": lambda width: keras.layers.Multiply(),
    "gated": GatedFusion,
    "film": lambda width: FiLM(),
    "cross_attention": lambda width: CrossAttention(),
}


def fuse(
    tensors: Sequence[keras.KerasTensor], how: str = "concatenate"
) -> keras.KerasTensor:
    """Joins the features of several branches.

    Taught in the chapters *Several inputs*, *Merging* and *Attending*.

    Args:
        tensors: Two or more float32 ``(batch, features)``. Of one width
            for ``"add"``, ``"average"`` and ``"multiply"``. For ``"film"``
            two: the features, also ``(batch, ..., features)``, and what
            they depend on. For ``"cross_attention"`` two: what asks, and
            a sequence ``(batch, steps, width)`` that answers.
        how: ``"concatenate"``, ``"add"``, ``"average"``, ``"multiply"``,
            or one of ours: ``"gated"`` (`GatedFusion`, as wide as the
            first tensor), ``"film"`` (`FiLM`), ``"cross_attention"``
            (`CrossAttention`).

    Returns:
        float32 ``(batch, features)``; ``"concatenate"`` adds up the
        widths, all others keep the shape of the first tensor.

    Raises:
        ContractError: If there is only one tensor, one has no axis of
            features, the shapes do not meet, or ``how`` is unknown.

    Example:
        >>> image, text = keras.Input((64,)), keras.Input((32,))
        >>> fuse([image, text]).shape
        (None, 96)
        >>> fuse([image, text], how="gated").shape
        (None, 64)
    """
    listed = isinstance(tensors, (list, tuple))
    ContractError.raise_if(_fusion_problem(tensors if listed else [], how))
    return _FUSIONS[how](tensors[0].shape[-1])(list(tensors))


#: What makes a tensor of some rank meet a vector per sample.
_TO_VECTORS = (
    "Bring each to (batch, features): GlobalMaxPooling2D for an image, "
    "GlobalMaxPooling1D for a sequence, Flatten for (1, n)."
)


def _fusion_problem(
    tensors: Sequence[keras.KerasTensor], how: str
) -> Problem | None:
    shapes = [tuple(tensor.shape) for tensor in tensors]
    unknown = choice_problem("how", how, _FUSIONS, of="fuse")
    if unknown:
        return unknown
    if len(shapes) < 2:
        expected, received = (
            "at least two tensors in a list",
            f"{len(shapes)}",
        )
        fix = "A single branch needs no fusion: use its tensor as it is."
    else:
        branches = [f"branch {n}: {s}" for n, s in enumerate(shapes)]
        received = ", ".join(branches)
        expected, fix = _mismatch(shapes, how)
    return Problem("fuse", expected, received, fix) if expected else None


def _mismatch(shapes: list[Shape], how: str) -> tuple[str, str]:
    """What shapes a fusion expects, and what to do; empty if they fit."""
    ranks = [len(shape) for shape in shapes]
    two = len(shapes) == 2
    if 1 in ranks:
        return (
            "branches with at least two axes, (batch, features)",
            "Add an axis: keras.layers.Reshape((1,)) for a number, "
            "category_branch for a category.",
        )
    if how == "film":
        fits = two and ranks[1] == 2
        expected = (
            "two branches: the features, and (batch, width) that they "
            "depend on"
        )
        fix = "Pool the second to a vector; join several conditions first."
    elif how == "cross_attention":
        fits = two and ranks[0] in (2, 3) and ranks[1] == 3
        expected = (
            "two branches: what asks, and a sequence (batch, steps, width)"
        )
        fix = "Leave the sequence unpooled, or Reshape((-1, channels))."
    elif how == "gated":
        fits = set(ranks) == {2}
        expected, fix = "branches (batch, features)", _TO_VECTORS
    elif len(set(ranks)) > 1:
        fits, fix = False, _TO_VECTORS
        expected = "branches with the same number of axes"
    elif how == "concatenate":
        fits = _alike([shape[:-1] for shape in shapes])
        expected = "branches that differ in the last axis alone"
        fix = "Pool or reshape them to (batch, features) first."
    else:
        fits, expected = _alike(shapes), "branches of one width"
        fix = (
            "Put a Dense layer of the same width at the end of each "
            'branch, or use how="concatenate".'
        )
    return ("", "") if fits else (expected, fix)


def _alike(shapes: Sequence[Shape]) -> bool:
    """Whether every axis has one length, but for those of any length."""
    return all(len(set(axis) - {None}) <= 1 for axis in zip(*shapes))
