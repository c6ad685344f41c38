"""Inputs that may be absent: each comes with a mask that says so.

A mask is an input of its own, 1 where the value is there and 0 where it is
not. Both layers choose with ``ops.where``: multiplying by the mask would
keep a NaN, since NaN times 0 is NaN.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from companion.building.fusion import Shape, build_inside
from companion.errors import ContractError, Problem
from companion.rules import choice_problem, count_problem
from companion.values import describe

_serialisable = keras.saving.register_keras_serializable("companion")

STAND_INS = ("zeros", "token")
WAYS = ("mean", "gated", "attention")
#: What a softmax makes 0 of. A float16 holds it: minus infinity, in every
#: branch, would make NaN.
_NEVER = -6e4


@_serialisable
class ReplaceMissing(keras.layers.Layer):
    """The value where it is there, a stand-in where it is not.

    The stand-in is used in training and in prediction alike.

    Source: a learned token for what is absent, as in He et al.
    (https://arxiv.org/abs/2111.06377). Taught in the chapter *Inputs that
    may be missing*.

    Args:
        stand_in: ``"zeros"``, or ``"token"``: numbers that are learned,
            one for each place of the last axis, 0 at the start.

    Call arguments:
        inputs: ``[value, present]``: ``(batch, ...)``, whole numbers for
            ``"zeros"`` alone, and 0 or 1, ``(batch,)``, ``(batch, 1)`` or
            one for each of the first axes of the value, up to all. What
            stands where the mask is 0 does not count, not even NaN.

    Returns:
        The shape and type of the value. Steps that a mask of Keras leaves
        out (``mask_zero=True``) stay left out, but for a stand-in.

    Raises:
        ContractError: If ``stand_in`` is unknown, or the shape of the
            mask does not meet that of the value.

    Example:
        >>> score, there = keras.Input((1,)), keras.Input((1,))
        >>> ReplaceMissing("token")([score, there]).shape
        (None, 1)
        >>> value = ops.array([[7.0], [float("nan")]])
        >>> chosen = ReplaceMissing()([value, ops.array([[1], [0]])])
        >>> ops.convert_to_numpy(chosen).tolist()
        [[7.0], [0.0]]
    """

    def __init__(self, stand_in: str = "zeros", **options: Any) -> None:
        super().__init__(**options)
        ContractError.raise_if(
            choice_problem(
                "stand_in", stand_in, STAND_INS, of="ReplaceMissing"
            )
        )
        self.stand_in = stand_in

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes the token, if it is learned."""
        ContractError.raise_if(_shape_problem(*input_shape))
        if self.stand_in == "token":
            self.token = self.add_weight(
                shape=tuple(input_shape[0])[1:][-1:],
                initializer="zeros",
                name="token",
            )

    def call(self, inputs: Sequence[Any]) -> Any:
        """Chooses between value and stand-in."""
        value, present = inputs
        if self.stand_in == "token":
            stand_in = ops.cast(self.token, value.dtype)
        else:
            stand_in = ops.zeros_like(value)
        return ops.where(_is_there(present, value), value, stand_in)

    def compute_output_spec(self, inputs: Sequence[Any]) -> Any:
        """The shape and type of the value."""
        return keras.KerasTensor(inputs[0].shape, inputs[0].dtype)

    def compute_mask(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """That of the value, where it is there; a stand-in counts."""
        if mask is None or mask[0] is None:
            return None
        value, present = inputs
        there = ops.any(_is_there(present, value), axis=-1)
        return ops.logical_or(mask[0], ops.logical_not(there))

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the layer again."""
        return {**super().get_config(), "stand_in": self.stand_in}


def _is_there(present: Any, value: Any) -> Any:
    """The mask as booleans, with as many axes as the value."""
    there = ops.cast(present, "bool")
    if len(there.shape) > len(value.shape):  # (batch, 1) for (batch,)
        there = ops.squeeze(there, -1)
    while len(there.shape) < len(value.shape):
        there = ops.expand_dims(there, -1)
    return there


def _shape_problem(value: Shape, present: Shape) -> Problem | None:
    axes = itertools.zip_longest(present[1:], value[1:], fillvalue=1)
    if len(present) <= max(len(value), 2) and all(
        size in (1, whole) or None in (size, whole) for size, whole in axes
    ):
        return None
    return Problem(
        "ReplaceMissing",
        "a mask of the first axes of the value, or (batch, 1)",
        f"a value {tuple(value)} and a mask {tuple(present)}",
        'Give the mask as keras.Input((1,), name="..._present").',
    )


@_serialisable
class MaskedFusion(keras.layers.Layer):
    """Joins the branches that are there, whichever they are.

    What an absent branch holds has no influence. Where all are absent, the
    result is a vector that is learned.

    - ``"mean"``: each branch is brought to one width, and those that are
      there are averaged.
    - ``"gated"``: a weighted mean. A gate looks at all branches that are
      there, and at the masks, and shares out a weight of 1 among them, for
      every feature anew.
    - ``"attention"``: the branches that are there look each other up, then
      they are averaged.

    Source: gates as in Arevalo et al. (https://arxiv.org/abs/1702.01992),
    attention as in Vaswani et al. (https://arxiv.org/abs/1706.03762).
    Taught in the chapter *Inputs that may be missing*.

    Args:
        units: Width of the result.
        how: ``"mean"``, ``"gated"`` or ``"attention"``.

    Call arguments:
        inputs: ``[*features, *masks]``: the float32 ``(batch, features)``
            of each branch, then for each of them a mask, 0 or 1,
            ``(batch, 1)``.

    Returns:
        float32 ``(batch, units)``.

    Raises:
        ContractError: If ``how`` is unknown or ``units`` no whole number.

    Example:
        >>> tensors = [keras.Input((n,)) for n in (8, 4, 1, 1)]
        >>> MaskedFusion(16)(tensors).shape
        (None, 16)
    """

    def __init__(
        self, units: int, how: str = "gated", **options: Any
    ) -> None:
        super().__init__(**options)
        of = "MaskedFusion"
        ContractError.raise_if(
            count_problem("units", units, 1, "Give a width.", of=of),
            choice_problem("how", how, WAYS, of=of),
        )
        self.units = int(units)
        self.how = how

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Makes one layer per branch, and what joins them."""
        count, dtype = len(input_shape) // 2, self.dtype_policy
        shapes = [tuple(shape) for shape in input_shape[:count]]
        self.values = [
            keras.layers.Dense(
                self.units, "relu", name=f"values_{number}", dtype=dtype
            )
            for number in range(count)
        ]
        for layer, shape in zip(self.values, shapes):
            build_inside(self, layer, shape)
        self.nothing = self.add_weight(
            shape=(self.units,), initializer="zeros", name="nothing"
        )
        if self.how == "gated":
            self.gate = keras.layers.Dense(
                count * self.units, name="gate", dtype=dtype
            )
            seen = sum(shape[-1] or 0 for shape in shapes) + count
            build_inside(self, self.gate, (None, seen))
        elif self.how == "attention":
            self.places = self.add_weight(
                shape=(count, self.units), name="places"
            )
            self.attention = keras.layers.MultiHeadAttention(
                4, max(self.units // 4, 1), name="attention", dtype=dtype
            )
            whole = (None, count, self.units)
            build_inside(self, self.attention, whole, whole)

    def call(self, inputs: Sequence[Any]) -> Any:
        """Joins what is there."""
        count = len(inputs) // 2
        masks = [ops.cast(mask, "bool") for mask in inputs[count:]]
        features = [
            ops.where(mask, value, ops.zeros_like(value))
            for mask, value in zip(masks, inputs[:count])
        ]
        there = ops.stack(masks, axis=1)  # (batch, branches, 1)
        values = [layer(x) for layer, x in zip(self.values, features)]
        joined = getattr(self, f"_{self.how}")(
            ops.stack(values, axis=1), there, features
        )
        return ops.where(
            ops.any(there, axis=1),
            joined,
            ops.cast(self.nothing, joined.dtype),
        )

    def _mean(self, values: Any, there: Any, features: Any) -> Any:
        number = ops.sum(ops.cast(there, values.dtype), axis=1)
        total = ops.sum(
            ops.where(there, values, ops.zeros_like(values)), axis=1
        )
        return total / ops.maximum(number, ops.ones_like(number))

    def _gated(self, values: Any, there: Any, features: Any) -> Any:
        masks = ops.cast(there[:, :, 0], values.dtype)
        gates = self.gate(ops.concatenate([*features, masks], axis=-1))
        gates = ops.reshape(gates, (-1, len(features), self.units))
        gates = ops.where(there, gates, ops.full_like(gates, _NEVER))
        return ops.sum(ops.softmax(gates, axis=1) * values, axis=1)

    def _attention(self, values: Any, there: Any, features: Any) -> Any:
        asked = values + ops.cast(self.places, values.dtype)
        found = self.attention(
            asked, asked, attention_mask=ops.swapaxes(there, 1, 2)
        )
        return self._mean(asked + found, there, features)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """``(batch, units)``."""
        return (input_shape[0][0], self.units)

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the layer again."""
        return {
            **super().get_config(),
            "units": self.units,
            "how": self.how,
        }


def masked_fusion(
    features: Mapping[str, keras.KerasTensor],
    present: Mapping[str, keras.KerasTensor],
    how: str = "gated",
    units: int = 64,
) -> keras.KerasTensor:
    """Joins branches of which some may be absent.

    Whichever are there, the result is a vector of one width; also where
    none is.

    Taught in the chapter *Inputs that may be missing*.

    Args:
        features: float32 ``(batch, features)`` of each branch, by name.
        present: For each branch that may be absent, under its name, the
            input that says whether it is there: 0 or 1, ``(batch, 1)``. A
            branch without a mask is always there.
        how: ``"mean"``, ``"gated"`` or ``"attention"``, see
            `MaskedFusion`.
        units: Width of the result.

    Returns:
        float32 ``(batch, units)``.

    Raises:
        ContractError: If there are not two branches, a mask belongs to
            none, a shape is another one, or ``how`` is unknown.

    Example:
        >>> table, score = keras.Input((8,)), keras.Input((1,))
        >>> there = keras.Input((1,), name="score_present")
        >>> masked_fusion(
        ...     {"table": table, "score": score}, {"score": there}
        ... ).shape
        (None, 64)
    """
    ContractError.raise_if(*_fusion_problems(features, present))
    masks = [
        present[name] if name in present else ops.ones_like(branch[:, :1])
        for name, branch in features.items()
    ]
    return MaskedFusion(units, how)([*features.values(), *masks])


def _fusion_problems(features: Any, present: Any) -> list[Problem]:
    """What cannot be joined, each with its name."""
    of = "masked_fusion"
    named = isinstance(features, Mapping)
    if not named or len(features) < 2:
        received = f"{len(features)}" if named else describe(features)
        expected = "a dict with at least two branches, by name"
        fix = "For a single input that may be absent use ReplaceMissing."
        return [Problem(of, expected, received, fix)]
    if not isinstance(present, Mapping):
        fix = 'Write present={"score": score_present}, or {} for none.'
        expected, received = "a dict of masks, by name", describe(present)
        return [Problem(f"{of}, present", expected, received, fix)]
    wrong = [
        Problem(
            f'{of}, features "{name}"',
            "features (batch, features)",
            f"{tuple(tensor.shape)}",
            "Pool it to a vector per sample first.",
        )
        for name, tensor in features.items()
        if len(tensor.shape) != 2
    ]
    fix = 'Give a mask as keras.Input((1,), name="..._present").'
    for name, mask in present.items():
        where = f'{of}, present "{name}"'
        if name not in features:
            names = ", ".join(features)
            received = f"a mask for {name!r}"
            wrong.append(Problem(where, f"one of {names}", received, fix))
        elif tuple(mask.shape[1:]) != (1,):
            expected, received = "a mask (batch, 1)", f"{tuple(mask.shape)}"
            wrong.append(Problem(where, expected, received, fix))
    return wrong
