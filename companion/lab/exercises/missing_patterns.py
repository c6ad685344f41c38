"""Checkers of the sheet *Practice: every pattern of gaps*."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    global_state,
    tried,
    wrong_inputs,
)
from companion.lab.gaussians import (
    COVARIANCE,
    INPUTS,
    MEAN,
    gaussian_rows,
)
from companion.lab.limits import gaussian_expectation, skill_score

Inputs = dict[str, np.ndarray]
Batch = tuple[Inputs, np.ndarray]
#: What the name of a mask ends with.
_PRESENT = "_present"
#: How far the share of hidden rows may be from the rate.
_NEAR = 0.06


@exercise
def hidden_by_chance(
    hide: Callable[..., Batch],
    name: str = "sensor",
    shape: tuple[int, ...] = (3,),
    rate: float = 0.3,
    seed: int = 0,
) -> Iterator[str]:
    """A row loses value and mask together, by the rng alone.

    Args:
        hide: A batch, an rng, the name of an input and a rate, to a batch.
        name: The input that is hidden.
        shape: Shape of one of its rows.
        rate: Share of the rows that lose it.
        seed: Decides the rows.

    Raises:
        Hint: If other rows are hidden than the rng says, or anything else
            is changed.
    """
    clean, state = _rows(40, name, shape, seed), global_state()

    def made(number: int) -> Generator[str, None, Any]:
        rng = np.random.default_rng([seed, number])
        return (yield from tried(hide, _copied(clean), rng, name, rate))

    first = yield from made(0)
    yield from _wrong_form(first, clean)
    yield from _wrong_hiding(clean, first, name)
    if global_state() != state:
        yield (
            "Your function draws from np.random, whose state the whole "
            "program shares. Draw from the rng that it is handed."
        )
    if not _same((yield from made(0)), first):
        yield (
            "Two rngs in the same state hide different rows: something "
            "else than the rng decides."
        )
    draws = []
    for number in range(200):
        draws.append((yield from made(number)))
    lost = np.array([_lost(clean, draw, name) for draw in draws])
    yield from _wrong_chance(lost, rate)


def _rows(
    count: int, name: str, shape: tuple[int, ...], seed: int
) -> Batch:
    """A batch in which some rows lack an input; ``numbers`` counts them."""
    rng = np.random.default_rng([seed, 1])
    there = np.arange(count) % 5 != 3
    values = rng.uniform(1, 2, (count, *shape)).astype("float32")
    values[~there] = 0
    rows = np.arange(count, dtype="float32")[:, None]
    inputs = {
        "numbers": rows,
        name: values,
        name + _PRESENT: there[:, None].astype("float32"),
    }
    return inputs, 10 * rows


def _copied(batch: Batch) -> Batch:
    inputs, targets = batch
    return {n: np.array(x) for n, x in inputs.items()}, np.array(targets)


def _same(one: Batch, other: Batch) -> bool:
    """Whether two batches hold the same numbers under the same names."""
    return set(one[0]) == set(other[0]) and all(
        np.array_equal(array_of(a), array_of(b))
        for a, b in [
            (one[1], other[1]),
            *((one[0][name], other[0][name]) for name in one[0]),
        ]
    )


def _wrong_form(batch: Any, asked: Batch) -> Iterator[str]:
    """What is no pair of inputs and targets, or of other names or sizes."""
    if not isinstance(batch, tuple) or len(batch) != 2:
        yield (
            "A batch is a tuple (inputs, targets); what comes back is a "
            f"{type(batch).__name__}."
        )
    inputs, targets = batch
    if not isinstance(inputs, Mapping):
        yield f"Inputs are a dict; yours are a {type(inputs).__name__}."
    if set(inputs) != set(asked[0]):
        yield (
            f"The inputs of a batch should be {', '.join(asked[0])}; yours "
            f"are {', '.join(map(str, inputs))}."
        )
    shapes = {name: array_of(inputs[name]).shape for name in asked[0]}
    for name, values in asked[0].items():
        if shapes[name][1:] != values.shape[1:]:
            yield (
                f"A row of {name} has the shape {values.shape[1:]}; yours "
                f"has {shapes[name][1:]}."
            )
    told = array_of(targets)
    if not told.ndim:
        yield f"Targets are an array; yours are a {type(targets).__name__}."
    sizes = {shape[0] for shape in shapes.values()} | {len(told)}
    if len(sizes) > 1:
        yield (
            f"The arrays of one batch have {sorted(sizes)} rows. All need "
            "the same number."
        )


def _mask(inputs: Inputs, name: str) -> np.ndarray:
    return array_of(inputs[name + _PRESENT]).reshape(-1)


def _lost(clean: Batch, batch: Batch, name: str) -> np.ndarray:
    """Which of the rows that had an input have lost it."""
    had = _mask(clean[0], name) == 1
    lost: np.ndarray = _mask(batch[0], name)[had] == 0
    return lost


def _wrong_hiding(clean: Batch, batch: Batch, name: str) -> Iterator[str]:
    """The first mistake in what is hidden, or in what is not."""
    (before, targets), (inputs, found) = clean, batch
    if len(found) != len(targets):
        yield (
            f"Of {len(targets)} rows {len(found)} come back. A row that "
            f"loses {name} stays in the batch."
        )
    for what, old, new in (
        ("The targets", targets, found),
        ("The input numbers", before["numbers"], inputs["numbers"]),
    ):
        if not np.array_equal(old, array_of(new)):
            yield f"{what} changed, and only {name} should be hidden."
    mask = _mask(inputs, name)
    if not np.isin(mask, (0, 1)).all():
        yield "A mask holds 0 and 1, and nothing else."
    had = _mask(before, name) == 1
    if mask[~had].any():
        yield (
            f"A row that had no {name} has a mask of 1 now. What is "
            "missing already stays missing."
        )
    values, old = (
        array_of(each[name]).reshape(len(mask), -1)
        for each in (inputs, before)
    )
    zero, gone = values[had] == 0, mask[had] == 0
    if not (zero | (values == old)[had]).all():
        yield (
            f"Other numbers stand in {name} now. Some rows become 0, and "
            "the rest stays as it was."
        )
    yield from _unlike(zero, gone, name)


def _unlike(zero: np.ndarray, gone: np.ndarray, name: str) -> Iterator[str]:
    """Values and masks that do not say the same.

    Args:
        zero: ``(rows, values)``, which values are hidden.
        gone: ``(rows,)``, which masks are 0.
        name: The input.

    Yields:
        At most one hint.
    """
    if zero.any() and not gone.any():
        yield (
            f"{name} becomes 0 in some rows and {name}{_PRESENT} stays 1: "
            "the model is told that a true 0 was measured."
        )
    elif gone.any() and not zero.any():
        yield (
            f"{name}{_PRESENT} becomes 0 in some rows, and the values of "
            f"{name} are still there."
        )
    elif (zero.any(axis=1) != zero.all(axis=1)).any():
        yield (
            f"In some rows a part of {name} is 0 and a part is not. A row "
            "keeps the input as a whole, or loses it as a whole."
        )
    elif (zero.all(axis=1) != gone).any():
        yield (
            "Value and mask are not hidden in the same rows. Draw once for "
            "both."
        )


def _wrong_share(lost: np.ndarray, rate: float) -> Iterator[str]:
    share = float(lost.mean())
    if abs(share - rate) < _NEAR:
        return
    told = f"The rate is {rate:.0%}, and {share:.0%} of the rows are hidden"
    if abs(share - (1 - rate)) < _NEAR:
        yield f"{told}. The rate is the share that is hidden, not kept."
    yield f"{told}. Does every row have that chance?"


def _wrong_chance(lost: np.ndarray, rate: float) -> Iterator[str]:
    """What is wrong with the rows of many draws, ``(draws, rows)``."""
    if not lost.any():
        yield "No row is hidden, whatever the rng draws."
    if (lost == lost[0]).all():
        yield "Every rng hides the same rows. Draw them from the rng."
    if (lost.any(axis=1) == lost.all(axis=1)).all():
        yield (
            "All rows of a batch are hidden, or none of them. Draw for "
            "each row."
        )
    yield from _wrong_share(lost, rate)
    each = lost.mean(axis=0)
    worst = int(np.abs(each - rate).argmax())
    if abs(each[worst] - rate) > 0.2:
        yield (
            f"Over all, {rate:.0%} of the rows are hidden, but one row is "
            f"hidden in {each[worst]:.0%} of {len(lost)} draws. Every row "
            "should have the same chance."
        )


@exercise
def gaps_anew(
    batches_of: Callable[..., keras.utils.PyDataset],
    num_rows: int = 100,
    batch_size: int = 32,
    rate: float = 0.3,
    seed: int = 0,
) -> Iterator[str]:
    """The mask follows the value; seed, epoch and index decide the gaps.

    Args:
        batches_of: The class, called with inputs by name, targets, batch
            size, rate and seed.
        num_rows: Rows to feed.
        batch_size: Rows in a batch.
        rate: Share of the rows that lose the input ``sensor``.
        seed: Decides the gaps.

    Raises:
        Hint: If value and mask differ, a row is left out, or the gaps
            depend on anything but seed, epoch and index.
    """
    clean, state = _rows(num_rows, "sensor", (2,), seed), global_state()
    given = _copied(clean)  # what the class is handed, in every object

    def new(seed: int = seed) -> Generator[str, None, Any]:
        made = yield from tried(batches_of, *given, batch_size, rate, seed)
        yield from _wrong_start(made)
        return made

    batches = yield from new()
    epochs = [(yield from _epoch(batches, clean))]
    yield from _wrong_hiding(clean, _whole(epochs[0]), "sensor")
    for _ in range(19):
        epochs.append((yield from _epoch(batches, clean)))
    if not _same(given, clean):
        yield (
            "The arrays that came in are changed. A slice of an array is "
            "no copy: writing into it writes into the array."
        )
    if global_state() != state:
        yield (
            "The class draws from np.random, or sets its seed, and so "
            "changes what every other part of a program draws. Make a "
            "np.random.default_rng of your own."
        )
    lost = np.array([_lost(clean, _whole(e), "sensor") for e in epochs])
    if lost.any():
        yield from _same_again(lost)
        yield from _same_places(epochs[0], clean)
    yield from _wrong_share(lost, rate)
    yield from _depends_on_more(new, clean, lost[0])
    other = yield from _epoch((yield from new(seed + 1)), clean)
    if np.array_equal(_lost(clean, _whole(other), "sensor"), lost[0]):
        yield "Another seed hides the same rows: the seed is not used."


def _wrong_start(batches: Any) -> Iterator[str]:
    """What Keras does before the first epoch begins, and fails."""
    if not isinstance(batches, keras.utils.PyDataset):
        yield (
            "A keras.utils.PyDataset is asked for; yours is a "
            f"{type(batches).__name__}."
        )
    yield from tried(
        batches.__getitem__,
        0,
        advice="Keras asks for a batch before the first epoch begins.",
    )
    yield from _told(batches, "on_epoch_end")


def _told(batches: keras.utils.PyDataset, event: str) -> Iterator[str]:
    """Tells a data set that an epoch begins or ends."""
    yield from tried(
        lambda: [getattr(batches, event)()], who=f"Your {event}"
    )


def _epoch(
    batches: keras.utils.PyDataset, clean: Batch, turned: bool = False
) -> Generator[str, None, list[Batch]]:
    """The batches of an epoch, asked for in order or the other way."""
    yield from _told(batches, "on_epoch_begin")
    count = yield from tried(batches.__len__)
    if not isinstance(count, (int, np.integer)):
        yield (
            "The number of batches should be a whole number; yours is a "
            f"{type(count).__name__}."
        )
    fed: list[Any] = [None] * count
    for index in range(count)[:: -1 if turned else 1]:
        batch = yield from tried(batches.__getitem__, index)
        yield from _wrong_form(batch, clean)
        fed[index] = _copied(batch)
    yield from _told(batches, "on_epoch_end")
    rows = np.concatenate([inputs["numbers"] for inputs, _ in fed])
    missed = np.setdiff1d(clean[0]["numbers"], rows)
    if len(missed):
        yield f"{len(missed)} of {len(clean[1])} rows never come."
    if len(rows) > len(clean[1]):
        yield f"Some of {len(clean[1])} rows come twice in an epoch."
    return fed


def _whole(epoch: Sequence[Batch]) -> Batch:
    """All batches of an epoch as one, its rows in order."""
    order = np.argsort(np.vstack([x["numbers"] for x, _ in epoch])[:, 0])
    return {
        name: np.vstack([inputs[name] for inputs, _ in epoch])[order]
        for name in epoch[0][0]
    }, np.vstack([targets for _, targets in epoch])[order]


def _same_again(lost: np.ndarray) -> Iterator[str]:
    """Epochs that hide what another has hidden, ``(epochs, rows)``."""
    if (lost[0] != lost[-1]).any() and (lost[:-1] <= lost[1:]).all():
        yield "What is hidden once stays hidden in all later epochs."
    for one, other in itertools.combinations(range(len(lost)), 2):
        if np.array_equal(lost[one], lost[other]):
            yield (
                f"Epochs {one} and {other} hide the same rows. Where they "
                "are drawn, what says which epoch it is?"
            )
    still = int((lost == lost[0]).all(axis=0).sum())
    if still > 3:
        yield (
            f"Of {lost.shape[1]} rows {still} are the same in all of "
            f"{len(lost)} epochs, hidden or not. Is each batch drawn anew?"
        )


def _same_places(epoch: Sequence[Batch], clean: Batch) -> Iterator[str]:
    """Batches that differ in their rows, but not in what is hidden."""
    had, masks = _mask(clean[0], "sensor") == 1, []
    for inputs, _ in epoch:
        rows = inputs["numbers"][:, 0].astype(int)
        masks.append((had[rows], _mask(inputs, "sensor")))
    full = [pair for pair in masks if len(pair[0]) == len(masks[0][0])]
    if len(full) > 1 and all(
        np.array_equal(one[a & b], other[a & b])
        for (a, one), (b, other) in itertools.pairwise(full)
    ):
        yield (
            "All batches of an epoch hide the same places. Where they are "
            "drawn, what says which batch it is?"
        )


def _depends_on_more(
    new: Callable[[], Generator[str, None, Any]],
    clean: Batch,
    first: np.ndarray,
) -> Iterator[str]:
    """What else than seed, epoch and index the gaps depend on."""
    again = yield from _epoch((yield from new()), clean)
    if not np.array_equal(_lost(clean, _whole(again), "sensor"), first):
        yield (
            "Two objects with the same seed hide different rows in the "
            "first epoch."
        )
    batches = yield from new()
    yield from _told(batches, "on_epoch_begin")
    if not _same(batches[0], batches[0]):
        yield (
            "Batch 0, asked for twice in a row, is not the same twice: "
            "asking changes something."
        )
    turned = yield from _epoch((yield from new()), clean, turned=True)
    if not np.array_equal(_lost(clean, _whole(turned), "sensor"), first):
        yield (
            "Asked for in another order, the batches hide other rows. "
            "Keras asks early, and in any order."
        )


class _Rows(NamedTuple):
    """Rows of some inputs of a Gaussian, each of mean 0.

    Attributes:
        names: Names of the inputs.
        covariance: Of the target, then of the inputs.
        values: float32 ``(rows, inputs)``.
        targets: float32 ``(rows, 1)``.
    """

    names: Sequence[str]
    covariance: np.ndarray
    values: np.ndarray
    targets: np.ndarray

    @property
    def patterns(self) -> list[tuple[int, ...]]:
        """What may be there, from all inputs to none."""
        return [*itertools.product((1, 0), repeat=len(self.names))]

    def fed(self, masks: np.ndarray, told: Any = None) -> Inputs:
        """Values with gaps, and masks, which may be others."""
        told = masks if told is None else np.full_like(masks, told)
        hidden = np.where(masks > 0, self.values, 0)
        batch: Inputs = {}
        for place, name in enumerate(self.names):
            batch[name] = hidden[:, [place]].astype("float32")
            batch[name + _PRESENT] = told[:, [place]].astype("float32")
        return batch


@exercise
def every_pattern(
    train: Callable[[Inputs, np.ndarray], keras.Model],
    names: tuple[str, ...] = ("a", "b", "c"),
    share: float = 0.9,
    seed: int = 0,
) -> Iterator[str]:
    """In every pattern the model comes near the best possible score.

    Args:
        train: Complete rows by name and targets, to a trained model.
        names: Which inputs of `companion.lab.gaussians` there are.
        share: What is asked for in each pattern, of the best possible.
        seed: Decides the rows.

    Raises:
        Hint: If the model is worse in a pattern.
    """
    rows, test = _gaussian(names, seed)
    inputs = dict(zip(names, np.hsplit(rows.values, len(names))))
    model = yield from tried(train, inputs, rows.targets)
    scores = yield from _scores(model, test)
    beyond = scores.pop((0,) * len(names))
    if min(scores.values()) < share:
        yield from _why_worse(model, test, scores, share)
    if beyond < -0.1:
        yield (
            "Where nothing is there, the squared error is "
            f"{1 - beyond:.2f} times that of always answering the mean. "
            "Did the model meet such rows in training?"
        )


def _gaussian(names: Sequence[str], seed: int) -> tuple[_Rows, _Rows]:
    """Rows to train on, and to test."""
    places = [INPUTS.index(name) for name in names]
    parts = [0, *(1 + place for place in places)]
    train, _, test = (
        _Rows(
            names,
            COVARIANCE[np.ix_(parts, parts)],
            (each.complete - MEAN[1:])[:, places].astype("float32"),
            each.targets,
        )
        for each in gaussian_rows(seed, num_train=8000, num_test=2000)
    )
    return train, test


def _scores(
    model: Any, test: _Rows, told: float | None = None
) -> Generator[str, None, dict[tuple[int, ...], float]]:
    """The score of each pattern, also where the model is told another."""
    parts = [
        test.fed(np.tile(pattern, (len(test.targets), 1)), told)
        for pattern in test.patterns
    ]
    batch = {name: np.vstack([p[name] for p in parts]) for name in parts[0]}
    yield from wrong_inputs(model, batch)
    answers = yield from answers_of(model, batch)
    asked = (len(parts) * len(test.targets), 1)
    if answers.shape != asked:
        yield (
            f"For {asked[0]} rows the answers should be {asked}; yours are "
            f"{answers.shape}."
        )
    guesses = np.split(answers, len(parts))
    return {
        pattern: _score(each, test, pattern)
        for pattern, each in zip(test.patterns, guesses)
    }


def _score(
    guesses: np.ndarray, test: _Rows, pattern: tuple[int, ...]
) -> float:
    """How near the best possible guesses are, from 0 to 1.

    Where nothing is there, no guess beats the mean. The score is then the
    share by which the error is smaller than that of the mean, at most 0.
    """
    mean = np.eye(1, len(pattern) + 1)[0] * MEAN[0]
    masks = np.tile(pattern, (len(guesses), 1))
    best = gaussian_expectation(mean, test.covariance, test.values, masks)
    error, constant, least = (
        float(np.mean((each - test.targets) ** 2))
        for each in (guesses, MEAN[0], best)
    )
    return skill_score(error, constant, least if any(pattern) else 0)


def _why_worse(
    model: keras.Model,
    test: _Rows,
    scores: Mapping[tuple[int, ...], float],
    share: float,
) -> Iterator[str]:
    """What can be said of a model that fails in a pattern."""
    worst = min(scores, key=scores.__getitem__)
    there = " and ".join(itertools.compress(test.names, worst))
    told = (
        f"Where {there} {'is' if sum(worst) == 1 else 'are'} there and "
        f"nothing else, the score is {scores[worst]:.3f}, and {share} is "
        "asked for."
    )
    every = np.ones_like(test.values)
    without = yield from answers_of(model, test.fed(every, 0))
    if not differs(
        without, (yield from answers_of(model, test.fed(every)))
    ):
        yield (
            f"{told} The masks make no difference to the model, so a gap "
            "is a true 0 for it."
        )
    lies = yield from _scores(model, test, 1)
    least = min(lies[pattern] for pattern in scores)
    if least > max(scores[worst], 0) + 0.2:
        yield (
            f"{told} With masks of 1 in the gaps it would be at least "
            f"{least:.2f}. Which masks did the model meet in training?"
        )
    whole = scores[(1,) * len(worst)]
    if scores[worst] < 0 < share <= whole:
        yield (
            f"{told} With all inputs it is {whole:.2f}. Which patterns did "
            "the model meet in training?"
        )
    yield (
        f"{told} Was training long enough, and did it show enough rows of "
        "this pattern?"
    )
