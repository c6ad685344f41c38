"""Checkers of the sheet *Practice: stop, go on, and speed*."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, global_state, tried

_Batch = tuple[dict[str, np.ndarray], np.ndarray]
#: Epochs and seeds whose orders are compared.
_EPOCHS, _SEEDS = 12, 12


@exercise
def cost_of_a_stop(
    goes_on: Callable[[int, int, int], Any],
    cases: Iterable[tuple[int, int, int]] = (
        (1000, 64, 20),
        (1000, 64, 5),
        (1024, 64, 40),
        (1000, 64, 32),
    ),
) -> Iterator[str]:
    """Where a training goes on, and how many batches come again.

    Args:
        goes_on: Rows, batch size and the number of batches before the
            stop, to an epoch from 0 and to batches that come again.
        cases: What to ask.

    Raises:
        Hint: If one answer is wrong.
    """
    for rows, size, stop in cases:
        steps = math.ceil(rows / size)
        case = f"{rows} rows in batches of {size}, stopped after {stop}"
        given = yield from tried(goes_on, rows, size, stop)
        found = array_of(given)
        if found.shape != (2,):
            yield "Give back two whole numbers: an epoch, and batches."
        epoch, again = found.tolist()
        if not (_whole(epoch) and _whole(again)):
            yield f"{case}: {epoch} and {again} are not whole numbers."
        right = (stop - 1) // steps
        if stop % steps == 0 and (epoch, again) == (right + 1, 0):
            yield (
                f"{case}: the last batch of an epoch was learned, but its "
                "backup is written only after it."
            )
        if epoch == right + 1:
            yield f"{case}: epochs are counted from 0. Yours: {epoch}."
        short = divmod(stop, max(rows // size, 1))
        if (epoch, again) == short != (right, stop - right * steps):
            yield f"{case}: the shorter batch of each epoch counts as well."
        if epoch != right:
            yield f"{case}: epoch {epoch} is not the one that was stopped."
        if again != stop - right * steps:
            yield (
                f"{case}: the epoch is begun again from its first batch. "
                f"Yours: {again} batches come a second time."
            )


def _whole(number: Any) -> bool:
    return isinstance(number, (int, float)) and number % 1 == 0


@exercise
def a_stream_that_goes_on(
    stream: Callable[..., Any],
    num_rows: int = 50,
    batch_size: int = 8,
    seed: int = 0,
) -> Iterator[str]:
    """A generator without end, which begins at any epoch.

    Args:
        stream: Inputs by name, targets, batch size, seed and the first
            epoch, to an iterator of batches.
        num_rows: Rows to feed.
        batch_size: Rows in a batch.
        seed: Decides the orders.

    Raises:
        Hint: If rows are lost, or a later start feeds another order.
    """
    ids = np.arange(num_rows)
    steps = math.ceil(num_rows / batch_size)

    def new(seed: int = seed, epoch: int = 0) -> Any:
        inputs = {"id": ids.copy(), "half": ids / 2}
        return stream(inputs, 10 * ids, batch_size, seed, epoch)

    state = global_state()
    made = yield from tried(
        stream, {"id": ids, "half": ids / 2}, 10 * ids, batch_size, seed, 0
    )
    if not hasattr(made, "__next__"):
        yield (
            "Your function should give back a generator. What it gives "
            f"back has the type {type(made).__name__}."
        )
    batches = yield from tried(
        lambda: list(islice(made, _EPOCHS * steps)), who="Your generator"
    )
    yield from _wrong_batches(batches, num_rows, batch_size)
    orders = [
        tuple(_rows(batches[steps * n : steps * (n + 1)]))
        for n in range(_EPOCHS)
    ]
    yield from _wrong_orders(orders, new, num_rows, steps, seed)
    yield from _wrong_sizes(batches, num_rows, batch_size)
    if global_state() != state:
        yield (
            "Your generator draws from np.random itself, or sets its seed, "
            "and so changes what the rest of a program draws."
        )


def _wrong_batches(
    batches: list[_Batch], num_rows: int, batch_size: int
) -> Iterator[str]:
    """Too few batches, or such as belong to no model."""
    steps = math.ceil(num_rows / batch_size)
    if len(batches) < _EPOCHS * steps:
        yield (
            f"{_EPOCHS} epochs of {num_rows} rows need {_EPOCHS * steps} "
            f"batches of {batch_size}, and your generator ends after "
            f"{len(batches)}."
        )
    for batch in batches:
        if not isinstance(batch, tuple) or len(batch) != 2:
            yield "A batch is a tuple (inputs, targets)."
        inputs, targets = batch
        if not isinstance(inputs, dict) or set(inputs) != {"id", "half"}:
            yield "Inside a batch, inputs are a dict of every input."
        if np.size(targets) == 0:
            yield "There is an empty batch."
        if not np.array_equal(10 * inputs["id"], targets) or (
            not np.array_equal(inputs["id"], 2 * inputs["half"])
        ):
            yield (
                "Inputs and targets of a batch are not the same rows: "
                "index all with the same row numbers."
            )


def _wrong_sizes(
    batches: list[_Batch], num_rows: int, batch_size: int
) -> Iterator[str]:
    """Batches that are shorter than they need be."""
    steps = math.ceil(num_rows / batch_size)
    for number, (_, targets) in enumerate(batches):
        left = num_rows - number % steps * batch_size
        if len(targets) != min(batch_size, left):
            yield (
                f"Batch {number} should hold {min(batch_size, left)} rows, "
                f"and holds {len(targets)}. Only the last batch of an "
                "epoch may be shorter."
            )


def _wrong_orders(
    orders: list[tuple[int, ...]],
    new: Callable[..., Any],
    num_rows: int,
    steps: int,
    seed: int,
) -> Generator[str, None, None]:
    """Rows that are lost, and orders that come again or do not."""
    for order in orders:
        if sorted(order) != list(range(num_rows)):
            yield (
                f"The {steps} batches of an epoch should hold each of the "
                f"{num_rows} rows once. Yours hold {len(set(order))} "
                "different rows."
            )
    if len(set(orders)) < _EPOCHS:
        yield f"Among {_EPOCHS} epochs, two have the same order."

    def order_of(seed: int, epoch: int) -> Generator[str, None, Any]:
        batches = new(seed, epoch)
        return (
            yield from tried(
                lambda: tuple(_rows(islice(batches, steps))),
                who=f"Your generator with seed={seed}, epoch={epoch}",
            )
        )

    if (yield from order_of(seed, 0)) != orders[0]:
        yield (
            "A second generator with the same seed begins with another "
            "order."
        )
    for epoch in range(1, _EPOCHS):
        if (yield from order_of(seed, epoch)) != orders[epoch]:
            yield (
                f"Begun with epoch={epoch}, your generator feeds another "
                "order than in that epoch of a training that never "
                "stopped."
            )
    for other in range(seed + 1, seed + _SEEDS):
        for epoch in range(_EPOCHS):
            order = yield from order_of(other, epoch)
            if order == orders[epoch]:
                yield "Another seed gives the same order."
            if order in orders:
                yield (
                    f"Epoch {epoch} of seed {other} has the order of epoch "
                    f"{orders.index(order)} of seed {seed}: two trainings "
                    "share orders."
                )


def _rows(batches: Iterable[_Batch]) -> list[int]:
    return [int(row) for inputs, _ in batches for row in inputs["id"]]


@exercise
def decoded_once(
    remembered: Callable[..., Any],
    num_paths: int = 6,
    seed: int = 0,
) -> Iterator[str]:
    """Photos are decoded once, as long as there is room for them.

    Args:
        remembered: A function of a path, and how many photos there is
            room for, to a function of a path.
        num_paths: How many photos there are.
        seed: Decides their pixels.

    Raises:
        Hint: If photos are decoded again, mixed up, or all are kept.
    """
    decoder = _Decoder(num_paths, seed)
    read = yield from tried(remembered, decoder, num_paths)
    if not callable(read):
        yield (
            "A function of a path is asked for; what you give back has the "
            f"type {type(read).__name__}."
        )
    if decoder.count:
        yield "Photos are decoded before anybody has asked for one."
    for _ in range(3):
        for path in decoder.paths:
            photo = yield from tried(
                read, path, who="Your function of a path"
            )
            if not np.array_equal(photo, decoder.pixels[path]):
                yield (
                    f"{path} is asked for, and other pixels are given back."
                )
    if decoder.count > num_paths:
        yield (
            f"{num_paths} photos, with room for all, are decoded "
            f"{decoder.count} times in three epochs."
        )
    yield from _changed(remembered, num_paths, seed)
    first = decoder.paths[0]
    other = yield from tried(
        remembered, _Decoder(num_paths, seed + 1), num_paths
    )
    if np.array_equal(other(first), read(first)):
        yield (
            "Two functions with different decoders share what they keep: "
            "one hands out the photos of the other."
        )
    yield from _too_much_kept(remembered, num_paths, seed)


def _changed(
    remembered: Callable[..., Any], num_paths: int, seed: int
) -> Iterator[str]:
    """A photo that is another after what was handed out was changed."""
    decoder = _Decoder(num_paths, seed)
    read = yield from tried(remembered, decoder, num_paths)
    path = decoder.paths[0]
    for _ in range(3):  # as it was decoded, and as it was kept
        photo = yield from tried(read, path, who="Your function of a path")
        if not np.array_equal(photo, decoder.pixels[path]):
            yield (
                "A photo that was changed after it was handed out, as "
                "noise in place does, is handed out changed the next time."
            )
        yield from tried(
            lambda photo=photo: [photo.__setitem__(slice(None), 0)],
            who="Changing a photo in place",
        )


def _too_much_kept(
    remembered: Callable[..., Any], num_paths: int, seed: int
) -> Generator[str, None, None]:
    """More photos kept than there is room for, or fewer."""
    room = num_paths // 2

    def decoded(count: int) -> Generator[str, None, int]:
        """How many are decoded if so many come in turn, twice."""
        decoder = _Decoder(num_paths, seed)
        read = yield from tried(remembered, decoder, room)
        for path in 2 * decoder.paths[:count]:
            yield from tried(
                read,
                path,
                who=f"With room for {room} of {count} photos your function",
            )
        return decoder.count

    for count in (num_paths, room + 1):
        least = 2 * count - room
        found = yield from decoded(count)
        if found < least:
            yield (
                f"With room for {room} of {count} photos, at least {least} "
                f"must be decoded in two epochs. You decode {found}: more "
                "are kept than there is room for."
            )
    found = yield from decoded(room)
    if found > room:
        yield (
            f"With room for {room}, {room} photos in turn are decoded "
            f"{found} times in two epochs."
        )


class _Decoder:
    """Makes pixels for each path, and counts."""

    def __init__(self, num_paths: int, seed: int) -> None:
        rng = np.random.default_rng([seed, num_paths])
        self.paths = [f"{n % 2}/{n // 2}.jpg" for n in range(num_paths)]
        self.pixels = {
            path: rng.integers(1, 255, (4, 4, 3)).astype("uint8")
            for path in self.paths
        }
        self.count = 0

    def __call__(self, path: str) -> np.ndarray:
        self.count += 1
        return self.pixels[path].copy()
