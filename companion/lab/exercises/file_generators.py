"""Checkers of the sheet *Practice: samples spread over files*."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from companion.feeding.files import FileColumn
from companion.feeding.generators import MultiInputGenerator
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, global_state, tried

Pairs = list[tuple[str, str]]
#: What an iterator gives that has come to its end.
_END = object()
_INPUTS = ("sensor", "floor")


@exercise
def natural_pairs(
    pair: Callable[[list[str]], Any],
    ids: Sequence[int] = (9, 10, 2, 100, 11),
    alone: Sequence[str] = ("sensor_3.npy", "meta_7.json", "notes.txt"),
) -> Iterator[str]:
    """Files are paired by their id, in natural order.

    Args:
        pair: Names of files to a list of pairs.
        ids: Of the samples that have both files.
        alone: Files that belong to no pair.

    Raises:
        Hint: If a pair is wrong, missing or elsewhere.

    Example:
        >>> natural_pairs(lambda names: [])
        Traceback (most recent call last):
        companion.lab.exercises.Hint: 5 samples have both files, ...
    """
    names = [*alone, *(f"meta_{n}.json" for n in ids)]
    names += [f"sensor_{n}.npy" for n in reversed(ids)]
    given = list(names)
    made = yield from tried(pair, given)
    if given != names:
        yield "The list that came in is changed. Make a new one."
    found = yield from _as_pairs(made)
    right = [(f"sensor_{n}.npy", f"meta_{n}.json") for n in sorted(ids)]
    yield from _wrong_pairs(found, right, names)
    if found != right:
        after = next(b for a, b in zip(right, found) if a != b)
        yield (
            f"All pairs are right, but {after[0]} comes too early. Sort by "
            "the number: as text, 10 comes before 9."
        )


def _as_pairs(made: Any) -> Generator[str, None, Pairs]:
    found = yield from tried(lambda: list(made), who="A loop over them")
    if not all(isinstance(x, (tuple, list)) and len(x) == 2 for x in found):
        yield (
            "Each entry should be a pair of two names, such as "
            "('sensor_9.npy', 'meta_9.json')."
        )
    return [tuple(each) for each in found]


def _wrong_pairs(
    found: Pairs, right: Pairs, names: list[str]
) -> Iterator[str]:
    """Pairs that are not there, wrong or missing, in any order."""
    invented = [x for each in found for x in each if x not in names]
    if invented:
        yield f"There is no file {invented[0]}: a pair needs both."
    turned = {(meta, sensor) for sensor, meta in right}
    if turned & set(found):
        yield "The sensor file should come first in a pair."
    for pair in found:
        if pair not in right:
            yield (
                f"{pair[0]} and {pair[1]} do not belong together. What do "
                "the names of one sample share?"
            )
    if len(set(found)) < len(right):
        yield (
            f"{len(right)} samples have both files, and you have "
            f"{len(set(found))} of them."
        )
    for sensor, meta in right:
        if found.count((sensor, meta)) > 1:
            yield f"The pair with {sensor} comes more than once."


@exercise
def batches_of_files(
    batches_of: Callable[..., Iterator[Any]],
    num_samples: int = 10,
    batch_size: int = 4,
    seed: int = 0,
    place: str = "lab",
) -> Iterator[str]:
    """Every sample comes once an epoch, and no file is run.

    Args:
        batches_of: Folder, ids, batch size and seed, to an endless
            iterator of batches.
        num_samples: How many samples there are.
        batch_size: Samples in a batch.
        seed: Decides the orders.
        place: A text that stands in the records.

    Raises:
        Hint: If a sample is lost, an order depends on anything but the
            seed, or a record is run.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = [str(3 * n + 1) for n in range(num_samples)]
        _write(folder, ids, place)
        given = list(ids)
        state = global_state(), random.getstate()

        def epochs(seed: int) -> Generator[str, None, list[np.ndarray]]:
            made = yield from tried(
                batches_of, folder, given, batch_size, seed
            )
            return (yield from _epochs(made, num_samples, batch_size))

        fed = yield from epochs(seed)
        yield from _wrong_orders(fed)
        if given != ids:
            yield (
                "The list of ids that came in is in another order now: "
                "shuffling works in place. Shuffle a copy."
            )
        if (global_state(), random.getstate()) != state:
            drawn = "np.random" if global_state() != state[0] else "random"
            yield (
                f"You draw from {drawn} itself, or set its seed, and so "
                "change what the rest of the program draws. Make a "
                "np.random.default_rng of your own."
            )
        again, other = (yield from epochs(seed)), (yield from epochs(1234))
        if not np.array_equal(fed, again):
            yield "The same seed gives another order: use it."
        if np.array_equal(fed, other):
            yield "Another seed gives the same order: the seed is not used."
        yield from _runs_files(batches_of, folder, ids)


def _write(folder: Path, ids: list[str], place: str) -> None:
    for number, key in enumerate(ids):
        values = np.full((20, 3), number, "float32")
        np.save(folder / f"sensor_{key}.npy", values)
        record = {"place": place, "floor": number % 7, "target": number}
        text = str(record)
        (folder / f"meta_{key}.txt").write_text(text, encoding="utf-8")


def _epochs(
    made: Any, num_samples: int, batch_size: int, count: int = 3
) -> Generator[str, None, list[np.ndarray]]:
    """The targets of some epochs, of which each is whole."""
    if not hasattr(made, "__next__"):
        yield (
            f"A generator is asked for; yours is a {type(made).__name__}. "
            "Does the function contain a `yield`?"
        )
    steps = math.ceil(num_samples / batch_size)
    fed = []
    for number in range(count):
        targets = []
        for step in range(steps):
            batch = yield from tried(next, made, _END, who="Your generator")
            if batch is _END:
                yield (
                    f"The generator ends after {number * steps + step} "
                    "batches. fit asks for more: begin the next epoch."
                )
            targets.append((yield from _targets(batch)))
        fed.append(np.concatenate(targets))
        yield from _wrong_epoch(targets, num_samples, batch_size)
    return fed


def _targets(batch: Any) -> Generator[str, None, np.ndarray]:
    """The targets of a batch whose inputs belong to them."""
    if not isinstance(batch, tuple) or len(batch) != 2:
        yield (
            "fit takes a tuple (inputs, targets) from a generator; yours "
            f"yields a {type(batch).__name__}."
        )
    inputs, targets = batch[0], array_of(batch[1])
    if targets.dtype.kind not in "iuf" or not targets.ndim:
        yield (
            "The targets of a batch should be an array of numbers, one per "
            f"sample; yours: {targets.dtype} of shape {targets.shape}."
        )
    if not isinstance(inputs, dict) or sorted(inputs) != sorted(_INPUTS):
        names = inputs if isinstance(inputs, dict) else [type(inputs)]
        told = ", ".join(map(str, names))
        yield f"Inputs are a dict with sensor and floor; yours: {told}."
    sensor, floor = (array_of(inputs[name]) for name in _INPUTS)
    if targets.size != len(targets) or sensor.shape != (
        len(targets),
        20,
        3,
    ):
        yield (
            f"For {targets.size} targets sensor should be "
            f"({targets.size}, 20, 3); yours is {sensor.shape}."
        )
    if floor.dtype.kind not in "iuf":
        yield f"Floors should be numbers; yours are {floor.dtype}."
    targets = targets.ravel()
    if not np.array_equal(sensor[:, 0, 0], targets):
        yield "Sensors and targets of a batch are of different samples."
    if not np.array_equal(floor.ravel(), targets % 7):
        yield "Floors and targets of a batch are of different samples."
    return targets


def _wrong_epoch(
    targets: list[np.ndarray], num_samples: int, batch_size: int
) -> Iterator[str]:
    if max(map(len, targets)) > batch_size:
        yield f"A batch has more than {batch_size} samples."
    rows = np.concatenate(targets)
    lost = num_samples - len(np.unique(rows))
    if lost:
        yield (
            f"{lost} of {num_samples} samples do not come in an epoch. "
            "The last batch may be shorter; feed it, too."
        )
    if len(rows) > num_samples:
        yield "Some samples come twice in an epoch."


def _wrong_orders(fed: list[np.ndarray]) -> Iterator[str]:
    if np.array_equal(fed[0], fed[1]):
        yield (
            "Two epochs have the same order: it is made once, or made "
            "again from the same seed. Where does an epoch begin?"
        )
    if np.array_equal(fed[0], fed[2]):
        yield "The third epoch has the order of the first."


def _runs_files(
    batches_of: Callable[..., Iterator[Any]], folder: Path, ids: list[str]
) -> Iterator[str]:
    """Whether a record with a command is run."""
    made = folder / "made"
    record = "{'floor': 0, 'place': 'lab', 'target': 0}"
    command = f"[__import__('os').mkdir({str(made)!r}), {record}][1]"
    refused = []
    for text in (command, f"[{record}][0]"):
        (folder / f"meta_{ids[0]}.txt").write_text(text, encoding="utf-8")
        try:
            next(batches_of(folder, ids, len(ids), 0))
        except Exception:  # of any kind: it should be refused
            refused.append(text)
    if made.exists():
        yield (
            "A metadata file contained a command, and reading it made a "
            "folder: the text is run. ast.literal_eval only reads."
        )
    if refused == [command]:
        yield (
            f"A metadata file holds the text [{record}][0], which is no "
            "literal, and is read without an error: is it run?"
        )
    if len(refused) < 2:
        yield (
            "A metadata file that holds no record is read without an "
            "error, so nobody learns that it is damaged."
        )


@exercise
def own_format(
    column_of: Callable[[list[Path]], FileColumn],
    good: Sequence[int] = (0, 1, 2, 4),
    cut: Sequence[int] = (3,),
    long: Sequence[int] = (),
    count: int = 4,
) -> Iterator[str]:
    """Stations are read from their text files, and bad ones are skipped.

    Args:
        column_of: Paths to a column.
        good: Numbers of files that are as they should be.
        cut: Numbers of files whose last line is missing.
        long: Numbers of files whose last line comes twice.
        count: Readings in a good file.

    Raises:
        Hint: If numbers are others, or a bad file is fed.
    """
    with tempfile.TemporaryDirectory() as name:
        total = len(good) + len(cut) + len(long) + 2
        paths = [Path(name, f"station_{n}.txt") for n in range(total)]
        right = {n: _station(paths[n], n, count) for n in good}
        for number in (*cut, *long):
            _station(paths[number], number, count)
            lines = paths[number].read_text().splitlines()
            lines = lines[:-1] if number in cut else lines + lines[-1:]
            paths[number].write_text("\n".join(lines) + "\n")
        paths[-2].write_text("")
        _station(paths[-1], total, count, word="out of order")
        column = yield from tried(column_of, paths, advice=_ADVICE)
        if not isinstance(column, FileColumn):
            yield (
                "A FileColumn is asked for; what you give back has the "
                f"type {type(column).__name__}."
            )
        yield from _wrong_column(column, right, total, cut, long)


_ADVICE = (
    "A bad file is to be skipped, and a good one to be read: see bad= of "
    "FileColumn, and decimal commas."
)


def _station(
    path: Path, seed: int, count: int, word: str = ""
) -> np.ndarray:
    """Writes a file of readings; what it holds."""
    rng = np.random.default_rng([seed, 8])
    values = np.round(rng.uniform(1, 30, (count, 2)), 1)
    lines = [f"{a};{b}".replace(".", ",") for a, b in values]
    if word:
        lines[2] = f"{word};{word}"
    path.write_text("\n".join([f"readings: {len(lines)}", *lines]) + "\n")
    return values


def _wrong_column(
    column: FileColumn,
    right: dict[int, np.ndarray],
    total: int,
    cut: Sequence[int],
    long: Sequence[int],
) -> Iterator[str]:
    if len(column) != total:
        yield (
            f"There are {total} files and the column has {len(column)} "
            "rows. Hand over all; the generator leaves the bad ones out."
        )
    if column.bad != "skip":
        yield "A bad file should be skipped: FileColumn has bad= for it."
    found = set(range(total)) - set(column.bad_files)
    fed = sorted(found - set(right))
    if set(fed) & {*cut, *long}:
        which = "fewer" if fed[0] in cut else "more"
        yield (
            f"station_{fed[0]}.txt has {which} readings than its first "
            "line says, and is fed. Compare the number of lines, and raise "
            "an error."
        )
    if fed:
        told = (
            "is empty" if fed[0] == total - 2 else "has words for numbers"
        )
        yield (
            f"station_{fed[0]}.txt {told}, and it is fed. Let the error "
            "out of your function."
        )
    lost = sorted(set(right) - found)
    if lost:
        reason = column.bad_files[lost[0]].split(".txt: ")[-1]
        yield f"station_{lost[0]}.txt is good, and is skipped: {reason}."
    yield from _wrong_numbers(column, right)


def _wrong_numbers(
    column: FileColumn, right: dict[int, np.ndarray]
) -> Iterator[str]:
    rows = np.array(sorted(right))
    taken = yield from tried(column.take, rows, who="Reading again")
    asked = np.stack([right[row] for row in rows])
    if taken.shape != asked.shape:
        yield (
            f"A file of {asked.shape[1]} readings should become "
            f"{asked.shape[1:]}; yours becomes {taken.shape[1:]}."
        )
    if taken.dtype.kind != "f":
        yield f"The readings should be floats; yours are {taken.dtype}."
    if np.allclose(taken, 10 * asked):
        yield "Your numbers are ten times too large: 1,5 is one and a half."
    if np.allclose(taken, asked[..., ::-1]):
        yield "The two columns have changed places."
    if not np.allclose(taken, asked, atol=1e-4):
        yield "The numbers are others than those in the file."
    fed = MultiInputGenerator({"station": column}, batch_size=2)
    if fed.report()["fed"] != len(right):
        yield f"A generator feeds {fed.report()['fed']} of {len(right)}."
