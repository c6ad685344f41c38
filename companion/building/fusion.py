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
        self.values = [
            keras.layers.Dense(self.units, "tanh", name=f"values_{number}")
            for number in range(count)
        ]
        self.gate = keras.layers.Dense(count * self.units, name="gate")
        for layer, shape in zip(self.values, input_shape):
            layer.build(shape)
        widths = [shape[-1] or 0 for shape in input_shape]
        self.gate.build((None, sum(widths)))

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
    start both are 0 and the features pass as they are.

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
        )
        self.modulation.build(condition)

    def call(self, inputs: Sequence[Any]) -> Any:
        """Scales and shifts the features."""
        features, condition = inputs
        scale, shift = ops.split(self.modulation(condition), 2, axis=-1)
        between = (1,) * (len(features.shape) - 2)
        shape = (-1, *between, features.shape[-1])
        return (1 + ops.reshape(scale, shape)) * features + ops.reshape(
            shift, shape
        )

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The shape of the features."""
        return tuple(input_shape[0])


@_serialisable
class CrossAttention(keras.layers.Layer):
    """Features that look something up in a sequence.

    For each sample the first tensor asks, and every step of the second
    answers; what is asked for counts most. The answer is added to what
    asked. Steps that a mask leaves out (``mask_zero=True``) do not count.

    Source: attention, Vaswani et al. (https://arxiv.org/abs/1706.03762);
    between inputs of two kinds, Tsai et al.
    (https://arxiv.org/abs/1906.00295). Taught in the chapter *Merging*.

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
            self.num_heads, self.key_dim, name="attention"
        )
        self.attention.build(_with_steps(query), sequence)

    def call(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """Adds to the query what it finds in the sequence."""
        query, sequence = inputs
        asked = ops.expand_dims(query, 1) if query.ndim == 2 else query
        seen = None if mask is None else mask[1]
        if seen is not None:
            seen = ops.expand_dims(seen, 1)
        found = self.attention(asked, sequence, attention_mask=seen)
        return query + ops.reshape(found, ops.shape(query))

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

    Taught in the chapters *Several inputs* and *Merging*.

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
        ContractError: If there is only one tensor, the shapes do not meet,
            or ``how`` is unknown.

    Example:
        >>> image, text = keras.Input((64,)), keras.Input((32,))
        >>> fuse([image, text]).shape
        (None, 96)
        >>> fuse([image, text], how="gated").shape
        (None, 64)
    """
    listed = isinstance(tensors, (list, tuple))
    problem = _fusion_problem(tensors if listed else [], how)
    if problem:
        raise ContractError(problem)
    return _FUSIONS[how](tensors[0].shape[-1])(list(tensors))


#: What makes a tensor of some rank meet a vector per sample.
_TO_VECTORS = (
    "Bring each to (batch, features): GlobalMaxPooling2D for an image, "
    "GlobalMaxPooling1D for a sequence, Flatten for (1, n)."
)


def _fusion_problem(
    tensors: Sequence[keras.KerasTensor], how: str
) -> Problem | None:
    if how not in _FUSIONS:
        return Problem(
            "fuse",
            f"how to be one of {', '.join(_FUSIONS)}",
            f"how={how!r}",
            "Choose one of them.",
        )
    if len(tensors) < 2:
        return Problem(
            "fuse",
            "at least two tensors in a list",
            f"{len(tensors)}",
            "A single branch needs no fusion: use its tensor as it is.",
        )
    shapes = [tuple(tensor.shape) for tensor in tensors]
    listed = ", ".join(f"branch {n}: {s}" for n, s in enumerate(shapes))
    expected, fix = _mismatch(shapes, how)
    return Problem("fuse", expected, listed, fix) if expected else None


def _mismatch(shapes: list[Shape], how: str) -> tuple[str, str]:
    """What shapes a fusion expects, and what to do; empty if they fit."""
    ranks = [len(shape) for shape in shapes]
    if how == "film":
        if len(shapes) == 2 and ranks[0] > 1 and ranks[1] == 2:
            return "", ""
        return (
            "two branches: the features, and (batch, width) that they "
            "depend on",
            "Pool the second to a vector; join several conditions first.",
        )
    if how == "cross_attention":
        if len(shapes) == 2 and ranks[0] in (2, 3) and ranks[1] == 3:
            return "", ""
        return (
            "two branches: what asks, and a sequence (batch, steps, width)",
            "Leave the sequence unpooled; an image becomes one by "
            "Reshape((-1, channels)).",
        )
    if len(set(ranks)) > 1 or (how == "gated" and ranks[0] != 2):
        return "branches with the same number of axes", _TO_VECTORS
    if how == "gated":
        return "", ""
    if how == "concatenate":
        if _alike([shape[:-1] for shape in shapes]):
            return "", ""
        return (
            "branches that differ in the last axis alone",
            "Pool or reshape them to (batch, features) first.",
        )
    if _alike(shapes):
        return "", ""
    return (
        "branches of one width",
        "Put a Dense layer of the same width at the end of each branch, or "
        'use how="concatenate".',
    )


def _alike(shapes: Sequence[Shape]) -> bool:
    """Whether every axis has one length, but for those of any length."""
    return all(len(set(axis) - {None}) <= 1 for axis in zip(*shapes))
