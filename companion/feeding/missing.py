"""Inputs that may be missing: a value and its mask, two named inputs.

The mask is 1 where the value is there, 0 where it is not, and carries the
name of its input with ``_present`` behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import StoredColumn
from companion.feeding.transforms import Batch
from companion.values import describe, in_chunks

#: What the name of a mask ends with.
PRESENT = "_present"
_EACH = ("sample", "value")


def presence(values: Any, each: str = "sample") -> np.ndarray:
    """Which values are there: 1, or 0 for NaN and None.

    Taught in the chapter *Inputs that may be missing*.

    Args:
        values: Array ``(samples, ...)``, table or series of pandas, or a
            list with None for each sample that is missing.
        each: ``"sample"`` for one mask per sample, whose values must all
            be there or all be missing; ``"value"`` for one per value.

    Returns:
        float32 ``(samples, 1)``, or the shape of the values.

    Raises:
        DataError: If a sample is there in part, samples have different
            shapes, or ``each`` is unknown.

    Example:
        >>> presence(np.array([0.5, np.nan])).tolist()
        [[1.0], [0.0]]
        >>> readings = np.array([[1.0, np.nan], [2.0, 3.0]])
        >>> presence(readings, each="value").tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    if each not in _EACH:
        expected = f"each to be one of {', '.join(_EACH)}"
        raise DataError.of(
            "presence", expected, f"each={each!r}", "Choose one of them."
        )
    array, there = filled("presence", values)
    if each == "value":
        return np.broadcast_to(there, np.shape(array)).astype("float32")
    fix = 'Give each value a mask of its own: each="value".'
    return _of_samples("presence", there, fix)


def with_presence(
    inputs: Mapping[str, Any], missing: Sequence[str] | Mapping[str, Any]
) -> dict[str, Any]:
    """Inputs, and for each that may be missing a second one, its mask.

    A gap becomes 0, or an empty text, and its mask says that it does not
    count. Give it to a layer that reads both, `ReplaceMissing` or
    `masked_fusion`: a 0 without its mask is a value like any other.

    Taught in the chapter *Inputs that may be missing*.

    Args:
        inputs: Array ``(samples, ...)`` under each name, table or series
            of pandas, a list with None for each sample that is missing,
            or a column.
        missing: Names of the inputs that may be missing; or a dict with
            the mask of each, 0 or 1, ``(samples,)``, ``(samples, 1)`` or
            one for each value, where you know better than the gaps.

    Returns:
        The inputs, and each mask as float32, under the name of its input
        with ``_present`` behind it. Arrays without gaps are not copied;
        lists, objects and the types of pandas alone become arrays.

    Raises:
        DataError: If an input has gaps and no mask, a mask says that a
            gap is there, has another shape or other numbers than 0 and 1,
            or belongs to no input, or a name is taken.

    Example:
        >>> fed = with_presence(
        ...     {"year": np.array([1990, 2001]), "score": [[0.5], None]},
        ...     missing=["score"],
        ... )
        >>> {name: values.tolist() for name, values in fed.items()}
        {'year': [1990, 2001], 'score': [[0.5], [0.0]], \
'score_present': [[1.0], [0.0]]}
    """
    missing = [missing] if isinstance(missing, str) else missing
    masks: Mapping[str, Any] = (
        missing if isinstance(missing, Mapping) else dict.fromkeys(missing)
    )
    DataError.raise_if(*_name_problems(inputs, masks))
    fed: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, values in inputs.items():
        try:
            if name in masks:
                fed |= _with_mask(name, values, masks[name])
            else:
                fed[name] = _without_gaps(name, values)
        except DataError as error:
            problems += error.problems
    DataError.raise_if(*problems)
    return fed


def _name_problems(
    inputs: Mapping[str, Any], masks: Mapping[str, Any]
) -> Iterator[Problem]:
    for name in masks:
        if name not in inputs:
            expected = f"one of the inputs {', '.join(inputs)}"
            fix = "Name the input itself, not its mask."
            yield Problem("missing", expected, repr(name), fix)
        if name + PRESENT in inputs:
            expected = f"the name {name + PRESENT} to be free for the mask"
            fix = f'Take it out and pass missing={{"{name}": mask}}.'
            yield Problem(place("input", name), expected, "it twice", fix)


def _without_gaps(name: str, values: Any) -> Any:
    """An input of which nobody said that it may be missing."""
    rows = _all_of_row(known(values) if _has_rows(values) else np.ones(1))
    if rows.all():
        return values
    raise DataError.of(
        place("input", name),
        "a value in every place, or a mask",
        f"gaps in {np.count_nonzero(~rows)} of {len(rows)} rows",
        f'Add "{name}" to missing, or fill the gaps.',
    )


def _with_mask(name: str, values: Any, given: Any) -> dict[str, Any]:
    """An input without its gaps, and its mask."""
    where = place("input", name)
    array, there = filled(where, values)
    if given is None:
        mask = _of_samples(
            where,
            there,
            "Give each value a mask of its own: missing="
            f'{{"{name}": presence(values, each="value")}}.',
        )
    else:
        shape = getattr(array, "shape", there.shape)
        mask = _checked(where, np.asarray(given), shape, there)
    return {name: array, name + PRESENT: mask}


def _of_samples(where: str, there: np.ndarray, fix: str) -> np.ndarray:
    """A mask per sample, of which none is there in part."""
    whole = _all_of_row(there)
    torn = np.flatnonzero(whole != _any_of_row(there))
    if torn.size:
        raise DataError.of(
            where,
            "samples that are there as a whole, or missing as a whole",
            f"{torn.size} of {len(there)} rows with gaps in part, "
            f"the first is row {torn[0]}",
            fix,
        )
    return whole[:, None].astype("float32")


def _checked(
    where: str, mask: np.ndarray, shape: Sequence[int], there: np.ndarray
) -> np.ndarray:
    """A mask that was given, if it fits the values and their gaps."""
    count = len(there)
    expected, received = "a mask of 0 and 1", describe(mask)
    fitting = (count, 1), (count,), tuple(shape[: mask.ndim or 1])
    if mask.shape not in fitting:
        expected = f"a mask ({count},), or one for each value"
        fix = "Give 1 where the value is there, 0 where it is missing."
        raise DataError.of(where, expected, received, fix)
    if mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
        raise DataError.of(where, expected, received, "Write (mask > 0.5).")
    axes = (*mask.shape, *(1,) * there.ndim)[: there.ndim]
    torn = mask.reshape(axes).astype(bool) & ~there
    rows = np.flatnonzero(_any_of_row(torn))
    if rows.size:
        expected = "a value wherever the mask is 1"
        received = f"gaps in {rows.size} rows, the first is row {rows[0]}"
        fix = "Set the mask to 0 there, or fill the gaps."
        raise DataError.of(where, expected, received, fix)
    mask = mask[:, None] if mask.ndim == 1 else mask
    return mask.astype("float32")


def known(values: Any) -> np.ndarray:
    """Where a value is neither NaN nor None: bool, the axes of values.

    An axis along which there can be no gap is 1 long.
    """
    if hasattr(values, "isna"):
        return ~np.asarray(values.isna())
    array = values
    if isinstance(values, (list, tuple)):
        array = np.fromiter(values, object)
    elif not isinstance(getattr(values, "dtype", None), np.dtype):
        array = np.asarray(values)
    if array.dtype.kind in "fcmM":
        parts = [~np.isnan(chunk) for chunk in in_chunks(array)]
        return np.concatenate(parts) if parts else array.astype(bool)
    if array.dtype.kind == "O":
        flat = [_is_known(each) for each in array.ravel()]
        return np.array(flat, bool).reshape(array.shape)
    return np.ones((len(array), *(1,) * (array.ndim - 1)), bool)


def _is_known(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":  # of pandas
        return False
    return hasattr(value, "__len__") or value == value


def filled(where: str, values: Any) -> tuple[Any, np.ndarray]:
    """The values with 0 in every gap, or an empty text; what is `known`.

    Args:
        where: The place, by name, for the message.
        values: As for `with_presence`.

    Raises:
        DataError: If there are no rows, or rows of different shapes.
    """
    listed = isinstance(values, (list, tuple))
    if not _has_rows(values):
        foreign = hasattr(values, "__array__")  # a number of NumPy
        if isinstance(values, StoredColumn) and not foreign:
            return values, np.ones(len(values), bool)
        expected = "an array or a list, one row per sample"
        fix = "Convert it first: np.asarray(values)."
        raise DataError.of(where, expected, describe(values), fix)
    there, dtype = known(values), getattr(values, "dtype", None)
    plain = isinstance(dtype, np.dtype) and dtype.kind != "O"
    if plain and there.all():
        return values, there
    if hasattr(dtype, "na_value"):  # of pandas, which might round ids
        values = values.astype(object)
    array = np.fromiter(values, object) if listed else np.asarray(values)
    if array.dtype.kind == "O":
        return _of_objects(where, array, there)
    array = np.array(array)
    array[~np.broadcast_to(there, array.shape)] = 0
    return array, there


def _of_objects(
    where: str, array: np.ndarray, there: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same of objects, which may be arrays or lists themselves."""
    cells = array[there].tolist()
    words = any(isinstance(each, (str, bytes)) for each in cells)
    try:
        some = np.fromiter(cells, object) if words else np.array(cells)
    except ValueError as error:
        expected, received = "samples of one shape", "several shapes"
        fix = "Pad, crop or resize them first."
        raise DataError.of(where, expected, received, fix) from error
    inside = np.ones(len(some), bool)
    if some.ndim > 1:
        some, inside = filled(where, some)
    words = some.dtype.kind in "USO"
    whole = np.full(
        array.shape + some.shape[1:],
        "" if words else 0,
        object if words else some.dtype,
    )
    deep = np.zeros(array.shape + inside.shape[1:], bool)
    whole[there], deep[there] = some, inside
    return whole, deep


def _has_rows(values: Any) -> bool:
    listed = isinstance(values, (list, tuple))
    return listed or getattr(values, "ndim", 0) > 0


class ModalityDropout:
    """A transform that makes inputs missing at random, sample by sample.

    A model that never met a missing input in training does badly where one
    is missing. This shows it some, anew in every epoch: the mask becomes
    0, and the value as well, so that nothing of it is left. Arrays are
    changed in place, as those of a batch are its own; read-only ones,
    views and those that the batch has twice are copied.

    Source: ModDrop, Neverova et al. (https://arxiv.org/abs/1501.00102).
    Taught in the chapter *Every pattern of gaps*.

    Args:
        rates: Share of the samples that lose the input, 0 to 1, by its
            name. Its mask must be in the batch, see `with_presence`.
        keep_one: Whether a sample keeps at least one input of those that
            it has. An input without a mask is always kept.

    Raises:
        DataError: If a rate is not a number from 0 to 1, or the batch
            has no such input or no mask for it.

    Example:
        >>> inputs = {
        ...     "score": np.ones((4, 1), "float32"),
        ...     "score_present": np.ones((4, 1), "float32"),
        ...     "year": np.ones((4, 1), "float32"),
        ... }
        >>> lose = ModalityDropout({"score": 0.5})
        >>> (changed,) = lose((inputs,), np.random.default_rng(1))
        >>> changed["score_present"].ravel().tolist()
        [1.0, 1.0, 0.0, 1.0]
    """

    def __init__(
        self, rates: Mapping[str, float], keep_one: bool = True
    ) -> None:
        named = isinstance(rates, Mapping) and len(rates) > 0
        wrong: dict[str, Any] = {"rates": rates}
        if named:
            wrong = {n: r for n, r in rates.items() if not _is_share(r)}
        DataError.raise_if(
            *(
                Problem(
                    f"ModalityDropout, {name}",
                    "a share from 0 to 1, by the name of an input",
                    f"{rate!r}",
                    'Write ModalityDropout({"score": 0.3}).',
                )
                for name, rate in wrong.items()
            )
        )
        self.rates = dict(rates)
        self.keep_one = keep_one

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Sets masks and values of some samples to 0."""
        inputs = dict(batch[0])
        DataError.raise_if(*self._problems(inputs))
        names = list(self.rates)
        rates = np.array([self.rates[name] for name in names])
        there = np.stack(
            [_any_value(inputs[n + PRESENT]) for n in names], 1
        )
        drawn = rng.random(there.shape)
        lost = there & (drawn < rates)
        if self.keep_one and not self._another(inputs):
            self._keep_one(inputs, lost, there, drawn)
        for name, rows in zip(names, lost.T):
            if rows.any():
                for key in (name, name + PRESENT):
                    inputs[key] = _own(inputs[key], batch)
                    inputs[key][rows] = 0
        return (inputs, *batch[1:])

    def _another(self, inputs: Mapping[str, Any]) -> bool:
        """Whether an input cannot be missing."""
        return any(
            name + PRESENT not in inputs
            for name in inputs
            if not name.endswith(PRESENT)
        )

    def _keep_one(
        self,
        inputs: Mapping[str, Any],
        lost: np.ndarray,
        there: np.ndarray,
        drawn: np.ndarray,
    ) -> None:
        """Gives one back, each with the same chance, where none is left."""
        left = (there & ~lost).any(axis=1)
        for name in inputs:
            of = name.removesuffix(PRESENT)
            if name != of and of not in self.rates:
                left |= _any_value(inputs[name])
        rows = np.flatnonzero(~left & lost.any(axis=1))
        # Given that it was lost, a number is even between 0 and its rate.
        rates = np.maximum(list(self.rates.values()), 1e-12)
        drawn = np.where(lost[rows], drawn[rows] / rates, -1)
        lost[rows, drawn.argmax(axis=1)] = False

    def _problems(self, inputs: Mapping[str, Any]) -> Iterator[Problem]:
        for name in self.rates:
            for key in (name, name + PRESENT):
                if key not in inputs:
                    yield Problem(
                        "ModalityDropout",
                        f'an input "{key}" in the batch',
                        ", ".join(inputs),
                        f'with_presence(inputs, missing=["{name}"]) '
                        "makes both.",
                    )


def _is_share(rate: Any) -> bool:
    number = isinstance(rate, (int, float, np.number))
    return number and not isinstance(rate, bool) and 0 <= rate <= 1


def _own(values: Any, batch: Batch) -> np.ndarray:
    """An array to change: itself, if nobody else reads it."""
    array = np.asarray(values)
    parts = (p.values() if isinstance(p, Mapping) else [p] for p in batch)
    places = sum(each is values for part in parts for each in part)
    alone = places == 1 and array.flags.owndata and array.flags.writeable
    return array if alone else array.copy()


def _any_value(mask: np.ndarray) -> np.ndarray:
    return _any_of_row(np.asarray(mask, bool))


def _any_of_row(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.any(axis=tuple(range(1, values.ndim))))


def _all_of_row(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.all(axis=tuple(range(1, values.ndim))))
