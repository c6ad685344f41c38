"""Checkers of the sheet *Practice: feeding*."""

from __future__ import annotations

import math
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, global_state, tried

Batch = tuple[dict[str, np.ndarray], np.ndarray]
#: Share of a normal distribution beyond so many times its spread.
_BEYOND = {2: 0.0455, 3: 0.0027}


@exercise
def steps_per_epoch(
    steps: Callable[[int, int, bool], int],
    sizes: Iterable[tuple[int, int]] = ((1000, 64), (1024, 64), (10, 64)),
) -> Iterator[str]:
    """The number of batches in an epoch is right.

    Args:
        steps: Number of rows, batch size and whether the last, shorter
            batch is left out, to the number of batches.
        sizes: Pairs of a number of rows and a batch size.

    Raises:
        Hint: If one number is wrong.

    Example:
        >>> def answer(num_rows, batch_size, drop_last):
        ...     return len(range(0, num_rows, batch_size))
        >>> steps_per_epoch(answer)
        Traceback (most recent call last):
        companion.lab.exercises.Hint: With drop_last ... Yours: 16.
    """
    for rows, size in sizes:
        full, rest = divmod(rows, size)
        case = f"{rows} rows in batches of {size}"
        given = yield from _number(steps, rows, size, False, case)
        if rest and given == full:
            yield (
                f"{case}: {rest} rows are left for a shorter batch, "
                f"and it counts as well. Yours: {given}."
            )
        if not rest and given == full + 1:
            yield (
                f"{case}: nothing is left after the full batches, so there "
                f"is no shorter one. Yours: {given}."
            )
        if given != math.ceil(rows / size):
            yield f"{case}: {given} batches do not hold each row once."
        given = yield from _number(steps, rows, size, True, case)
        if given != full:
            yield (
                f"With drop_last only full batches count: {case}. "
                f"Yours: {given}."
            )


def _number(
    steps: Callable[[int, int, bool], int],
    rows: int,
    size: int,
    drop_last: bool,
    case: str,
) -> Generator[str, None, int]:
    """What an answer counts; a hint if that is no whole number."""
    given = yield from tried(steps, rows, size, drop_last)
    number = array_of(given)
    if number.shape or number.dtype.kind not in "biuf":
        yield (
            f"{case}, drop_last={drop_last}: one number is asked for; you "
            f"give back the type {type(given).__name__}."
        )
    if not np.isfinite(number) or number != np.round(number):
        yield f"{case}: {given} is not a whole number of batches."
    return int(number)


@exercise
def every_row_once(
    batches_of: Callable[..., keras.utils.PyDataset],
    num_rows: int = 100,
    batch_size: int = 32,
    seed: int = 0,
) -> Iterator[str]:
    """Every row comes once an epoch, in an order made from the seed.

    Args:
        batches_of: The class, called with inputs by name, targets, batch
            size and seed.
        num_rows: Rows to feed.
        batch_size: Rows in a batch.
        seed: Decides the orders.

    Raises:
        Hint: If a row is left out, or its place in the epoch depends on
            anything but seed, epoch and index.
    """
    ids = np.arange(num_rows)

    def new(seed: int = seed) -> keras.utils.PyDataset:
        return batches_of({"id": ids}, 10 * ids, batch_size, seed)

    states = [global_state()]
    batches = yield from tried(
        batches_of, {"id": ids}, 10 * ids, batch_size, seed
    )
    first = yield from _fed(batches)
    states.append(global_state())
    second = yield from _fed(batches)
    states.append(global_state())
    yield from _wrong_rows(first, num_rows, batch_size)
    if np.array_equal(_rows(first), _rows(second)):
        yield (
            "Two epochs have the same order: it is made once and kept. "
            "Where does Keras ask for a batch, and what is the epoch then?"
        )
    if _members(first) == _members(second):
        yield (
            "The batches change places, but the same rows share a batch in "
            "every epoch. Shuffle the rows before you cut."
        )
    if len(set(states)) > 1:
        yield (
            "The class draws from np.random itself, or sets its seed, and "
            "so changes what every other part of a program draws. Make a "
            "np.random.default_rng of your own."
        )
    yield from _depends_on_more(new)
    yield from _orders_that_repeat(new(), new(seed + 1))


def _fed(
    batches: keras.utils.PyDataset,
) -> Generator[str, None, list[Batch]]:
    """An epoch; a hint if it cannot be fed, or a batch has another form."""
    epoch = yield from tried(_epoch, batches, who="An epoch of your class")
    for batch in epoch:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            yield (
                "A batch should be a tuple of two, (inputs, targets); "
                f"yours is a {type(batch).__name__}."
            )
        inputs, targets = batch
        if not isinstance(inputs, Mapping) or set(inputs) != {"id"}:
            yield (
                "The inputs of a batch should be a dict with the names "
                "that came in, here id."
            )
        shapes = {array_of(inputs["id"]).shape, array_of(targets).shape}
        if len(shapes) > 1 or len(shapes.pop()) != 1:
            yield (
                "In a batch each array has as many rows as the batch; "
                f"yours have the shapes {array_of(inputs['id']).shape} and "
                f"{array_of(targets).shape}."
            )
    return [(inputs, array_of(y)) for inputs, y in epoch]


def _wrong_rows(
    epoch: list[Batch], num_rows: int, batch_size: int
) -> Iterator[str]:
    """Rows that are missing, come twice, or lost their target."""
    rows = _rows(epoch)
    if len(epoch) < math.ceil(num_rows / batch_size):
        yield (
            f"{num_rows} rows, and an epoch feeds {len(rows)} of them: the "
            "last, shorter batch is missing. Look at __len__."
        )
    if any(len(targets) == 0 for _, targets in epoch):
        yield (
            f"{num_rows} rows in batches of {batch_size} need fewer than "
            f"{len(epoch)} batches: the last one is empty."
        )
    if not np.array_equal(np.sort(rows), np.arange(num_rows)):
        yield (
            "Some rows come twice in an epoch and others never. All "
            "batches of an epoch have to be cut from one order."
        )
    if not np.array_equal(10 * rows, np.concatenate([y for _, y in epoch])):
        yield (
            "Inputs and targets of a batch are not the same rows. Index "
            "both with the same row numbers."
        )


def _depends_on_more(
    new: Callable[[], keras.utils.PyDataset],
) -> Iterator[str]:
    """What else than seed, epoch and index an order depends on."""
    one, other = new(), new()
    other.on_epoch_end()
    again, expected = _rows(_epoch(new())), _rows(_epoch(one))
    if not np.array_equal(again, expected):
        yield (
            "Two objects with the same seed begin with different orders. "
            "What is the order made from?"
        )
    one = new()
    if not np.array_equal(one[0][1], one[0][1]):
        yield (
            "Batch 0, asked for twice in a row, is not the same twice: "
            "asking changes something. Keras asks early, and in any order."
        )
    if not np.array_equal(_rows(_epoch(other)), expected):
        yield (
            "Keras calls on_epoch_end once before the first epoch, and you "
            "count it. Count only epochs that on_epoch_begin announced."
        )


def _orders_that_repeat(
    one: keras.utils.PyDataset, other: keras.utils.PyDataset
) -> Iterator[str]:
    """Three epochs of two seeds, of which some have the same order."""
    orders, others = (
        [tuple(_rows(_epoch(batches))) for _ in range(3)]
        for batches in (one, other)
    )
    if orders[0] == others[0]:
        yield "Another seed gives the same order: the seed is not used."
    if len(set(orders)) < 3:
        yield (
            "Three epochs have only two orders, which take turns. What "
            "does the order forget of the number of the epoch?"
        )
    if set(orders) & set(others):
        yield (
            "An epoch of one seed has the order of another epoch of the "
            "next seed: seed and epoch can stand in for each other, so "
            "that two trainings share most of their orders."
        )


@exercise
def noise_on_images(
    noisy: Callable[[Batch, np.random.Generator], Batch],
    rows: int = 64,
    side: int = 8,
    seed: int = 0,
) -> Iterator[str]:
    """The images get noise of spread 0.1, from the rng they come with.

    Args:
        noisy: The transform.
        rows: Samples in the batch.
        side: Height and width of the images.
        seed: Decides the noise.

    Raises:
        Hint: If the noise is another, or anything else is changed.
    """
    clean = _batch(rows, side, seed)
    batch, state = _batch(rows, side, seed), global_state()
    handed = batch[0]["image"]
    result = yield from tried(noisy, batch, np.random.default_rng(seed))
    if not isinstance(result, tuple) or len(result) != 2:
        yield (
            "A batch is a tuple, here (inputs, targets), and your function "
            "has to give back both."
        )
    inputs, targets = result
    if not isinstance(inputs, Mapping):
        yield (
            "The inputs are a dict, name to array; yours have the type "
            f"{type(inputs).__name__}."
        )
    if set(inputs) != set(clean[0]):
        yield (
            "The inputs were image and numbers, and you give back "
            f"{', '.join(inputs) or 'none'}. Hand on what you do not "
            "change, and nothing else."
        )
    image = array_of(inputs["image"])
    if image.shape != handed.shape:
        yield (
            f"The images came in as {handed.shape}, and you give back "
            f"{image.shape}."
        )
    if not np.array_equal(handed, clean[0]["image"]):
        yield (
            "The array of images that came in is changed as well. If it "
            "is that of your data, the noise adds up from epoch to epoch."
        )
    if not np.array_equal(inputs["numbers"], clean[0]["numbers"]):
        yield "The numbers changed too; only the images get noise."
    if not np.array_equal(targets, clean[1]):
        yield "The targets changed too; only the images get noise."
    if global_state() != state:
        yield (
            "The noise comes from np.random, whose state the whole program "
            "shares. Draw from the rng that is handed to your function."
        )
    drawn = []
    for number in (seed, seed, seed + 1):
        rng = np.random.default_rng(number)
        made = yield from tried(noisy, _batch(rows, side, seed), rng)
        drawn.append(array_of(made[0]["image"]))
    first, again, other = drawn
    if not np.array_equal(first, again):
        yield (
            "The same rng state gives other noise: your function draws "
            "from something else than the rng it is handed."
        )
    if np.array_equal(first, other):
        yield (
            "Every rng gives the same noise, so each batch would get it. "
            "Use the rng that is handed to your function, not a fixed one."
        )
    yield from _wrong_noise(image - clean[0]["image"])
    if 0 <= image.min() and image.max() <= 1:
        yield (
            "After the noise every pixel is still from 0 to 1: what went "
            "beyond was cut off, so the noise on paper and on ink has "
            "only one sign."
        )


def _wrong_noise(noise: np.ndarray) -> Iterator[str]:
    within = np.std(noise, axis=(1, 2, 3)).min()
    steps = [np.std(np.diff(noise, axis=axis)) for axis in (0, 1, 2)]
    if min(within, *steps) < 1e-3:
        yield (
            "Many pixels share one number. Draw as many numbers as there "
            "are pixels in the batch."
        )
    if abs(np.mean(noise)) > 0.02:
        yield (
            f"On average the noise is {np.mean(noise):.2f}, so the images "
            "get lighter or darker. It should be about 0."
        )
    if not 0.09 < np.std(noise) < 0.11:
        yield f"The spread should be 0.1; yours is {np.std(noise):.2f}."
    for times, expected in _BEYOND.items():
        share = np.mean(np.abs(noise) > times * np.std(noise))
        if not 0.4 * expected < share < 1.6 * expected:
            yield (
                f"{share:.1%} of your noise is further from 0 than {times} "
                "times its spread. Of a normal distribution it is about "
                f"{expected:.1%}."
            )


def _batch(rows: int, side: int, seed: int) -> Batch:
    rng = np.random.default_rng([seed, 1])
    inputs = {
        "image": rng.random((rows, side, side, 1), dtype="float32"),
        "numbers": rng.random((rows, 2), dtype="float32"),
    }
    return inputs, np.arange(rows)


def _epoch(batches: keras.utils.PyDataset) -> list[Batch]:
    """The batches of an epoch, as ``fit`` asks for them."""
    batches.on_epoch_begin()
    fed = [batches[index] for index in range(len(batches))]
    batches.on_epoch_end()
    return fed


def _rows(epoch: list[Batch]) -> np.ndarray:
    return np.concatenate([inputs["id"] for inputs, _ in epoch])


def _members(epoch: list[Batch]) -> set[frozenset[int]]:
    return {frozenset(inputs["id"].tolist()) for inputs, _ in epoch}
