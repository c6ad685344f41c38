"""Joining the features of several branches into one tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from companion.errors import ContractError, Problem

_MERGES: dict[str, Callable[[], keras.Layer]] = {
    "concatenate": keras.layers.Concatenate,
    "add": keras.layers.Add,
    "average": keras.layers.Average,
    "multiply": keras.layers.Multiply,
}


def fuse(
    tensors: Sequence[keras.KerasTensor], how: str = "concatenate"
) -> keras.KerasTensor:
    """Joins the features of several branches.

    Taught in the chapter *Several inputs*.

    Args:
        tensors: Two or more float32 ``(batch, features)``. For every
            ``how`` but ``"concatenate"`` they have the same width.
        how: ``"concatenate"``, ``"add"``, ``"average"`` or
            ``"multiply"``.

    Returns:
        float32 ``(batch, features)``; ``"concatenate"`` adds up the
        widths.

    Raises:
        ContractError: If there is only one tensor, the shapes do not meet,
            or ``how`` is unknown.

    Example:
        >>> image, text = keras.Input((64,)), keras.Input((32,))
        >>> fuse([image, text]).shape
        (None, 96)
    """
    listed = isinstance(tensors, (list, tuple))
    problem = _fusion_problem(tensors if listed else [], how)
    if problem:
        raise ContractError(problem)
    return _MERGES[how]()(list(tensors))


def _fusion_problem(
    tensors: Sequence[keras.KerasTensor], how: str
) -> Problem | None:
    if how not in _MERGES:
        return Problem(
            "fuse",
            f"how to be one of {', '.join(_MERGES)}",
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
    if len({len(shape) for shape in shapes}) > 1:
        return Problem(
            "fuse",
            "branches with the same number of axes",
            listed,
            "Bring each to (batch, features): GlobalMaxPooling2D for an "
            "image, GlobalMaxPooling1D for a sequence, Flatten for (1, n).",
        )
    if how == "concatenate":
        if _alike([shape[:-1] for shape in shapes]):
            return None
        return Problem(
            "fuse",
            "branches that differ in the last axis alone",
            listed,
            "Pool or reshape them to (batch, features) first.",
        )
    if _alike(shapes):
        return None
    return Problem(
        "fuse",
        "branches of one width",
        listed,
        "Put a Dense layer of the same width at the end of each branch, or "
        'use how="concatenate".',
    )


def _alike(shapes: Sequence[tuple[int | None, ...]]) -> bool:
    """Whether every axis has one length, but for those of any length."""
    return all(len(set(axis) - {None}) <= 1 for axis in zip(*shapes))
