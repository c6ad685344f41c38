"""Checkers of the sheet *Practice: captions*."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, tried

Samples = tuple[list[list[int]], list[int]]
#: The word that a reader of nonsense writes; no caption has it.
_NONSENSE = 9


@exercise
def samples_of_caption(
    samples: Callable[[list[int], int, int, int], Any],
    caption: Sequence[int] = (5, 3, 8),
    start: int = 1,
    end: int = 2,
    length: int = 6,
) -> Iterator[str]:
    """One caption becomes a sample for each word, the end included.

    Args:
        samples: Ids of a caption, id of the start, id of the end and
            length of a row, to words so far and next words.
        caption: Ids of its words.
        start: Id of the start.
        end: Id of the end.
        length: How long a row of words is.

    Raises:
        Hint: If a row or a next word is another.

    Example:
        >>> def answer(caption, start, end, length):
        ...     return [[start, *caption]], [end]
        >>> samples_of_caption(answer)
        Traceback (most recent call last):
        companion.lab.exercises.Hint: A caption of 3 words makes 4 ...
    """
    given = list(caption)
    result = yield from tried(samples, given, start, end, length)
    if given != list(caption):
        yield (
            "The list that came in is changed: append and += work in "
            "place. Make a list of your own."
        )
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        yield (
            "Give back two things: the words so far, and the next words. "
            f"Yours: {_told(result)}."
        )
    words, following = (np.atleast_1d(array_of(x)) for x in result)
    if len(words) == 0:
        yield (
            "Your rows have different lengths, or there is none. Fill each "
            f"with zeros, up to {length} ids."
        )
    right = _cut_up(given, start, end)
    yield from _wrong_count(words, following, right, end)
    yield from _wrong_next_words(following, right)
    yield from _wrong_rows(words, right, length)
    if {words.dtype.kind, following.dtype.kind} - {"i", "u"}:
        yield (
            f"Ids are whole numbers; yours are {words.dtype} and "
            f"{following.dtype}."
        )


def _told(result: Any) -> str:
    count = (
        f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
    )
    return f"a {type(result).__name__}{count}"


def _cut_up(caption: list[int], start: int, end: int) -> Samples:
    """The words so far and the next words of a caption, not padded."""
    whole = [start, *caption, end]
    count = len(whole)
    return [whole[:n] for n in range(1, count)], whole[1:]


def _wrong_count(
    words: np.ndarray, following: np.ndarray, right: Samples, end: int
) -> Iterator[str]:
    """Samples that are missing, or too many."""
    count = len(right[1])
    asked = f"A caption of {count - 1} words makes {count} samples"
    if following.ndim == 2 and following.shape[1] > 1:
        yield (
            f"The next words are {following.shape}: a row for each sample. "
            "Each sample has one next word, one number."
        )
    following = following.ravel()
    if len(following) > count and not following[count:].any():
        yield (
            f"{asked}; you make {len(following)}. In the last ones the "
            "next word is 0, and padding is no word."
        )
    if len(following) == count - 1 and end not in following:
        yield (
            f"{asked}: after the last word comes the end. Without that "
            "sample the model never learns to stop."
        )
    if len(following) != count or len(words) != count:
        yield (
            f"{asked}; you make {len(words)} rows of words and "
            f"{len(following)} next words."
        )


def _wrong_next_words(
    following: np.ndarray, right: Samples
) -> Iterator[str]:
    found = following.ravel().tolist()
    if found != right[1]:
        yield f"The next words are {right[1]}; yours are {found}."


def _wrong_rows(
    words: np.ndarray, right: Samples, length: int
) -> Iterator[str]:
    """Words so far that hold something else, or stand elsewhere."""
    prefixes, following = right
    if words.shape != (len(prefixes), length):
        yield (
            f"The words so far should be {(len(prefixes), length)}; yours "
            f"are {words.shape}."
        )
    for row, prefix, word in zip(words.tolist(), prefixes, following):
        ids = [number for number in row if number]
        if ids == [*prefix, word] or ids == [*prefix[1:], word]:
            yield (
                f"The row {row} holds {word}, and {word} is the word that "
                "is to be predicted from it: the answer stands in the "
                "input. Stop one word earlier."
            )
        if not ids:
            yield (
                f"The row {row} lacks the start. The first sample would "
                "be a row of padding alone."
            )
        if ids == prefix and row[0] == 0:
            yield (
                f"The row {row} begins with padding. First the words, "
                "then zeros."
            )
        if row != prefix + [0] * (length - len(prefix)):
            yield (
                f"The row {row} should hold {prefix}, then zeros: the next "
                f"word is {word}."
            )


@exercise
def image_of_its_words(
    batches_of: Callable[..., Any],
    lengths: Sequence[int] = (4, 6, 5),
    batch_size: int = 4,
) -> Iterator[str]:
    """Every pair comes once in a pass, with the image of its words.

    Args:
        batches_of: Images, the image of each pair, words so far, next
            words and batch size, to an endless stream of batches.
        lengths: How many pairs each image has.
        batch_size: Pairs in a batch.

    Raises:
        Hint: If a pair is missing, or has another image.
    """
    row = np.repeat(np.arange(len(lengths)), lengths)
    pairs = np.arange(len(row))
    images = np.zeros((len(lengths), 2, 2, 1), "float32")
    images += np.arange(len(lengths))[:, None, None, None]
    words = np.stack([pairs + 1, pairs * 0], axis=1)
    given = images, row, words, pairs + 100, batch_size
    count = -(-len(row) // batch_size)
    batches = yield from _first(batches_of, given, 2 * count)
    for batch in batches:
        yield from _wrong_form(batch, batch_size)
    for begin in (0, count):
        yield from _wrong_pass(batches[begin : begin + count], row)


def _first(
    batches_of: Callable[..., Any], given: Sequence[Any], count: int
) -> Generator[str, None, list[Any]]:
    """The first batches; a hint if there are fewer, or none at all."""
    stream = yield from tried(batches_of, *given)
    sized = isinstance(stream, (tuple, list, dict))
    if sized or not hasattr(stream, "__iter__"):
        yield (
            f"You give back one {type(stream).__name__}. A generator hands "
            "out batch after batch: `yield`, in place of `return`."
        )
    try:
        batches = list(itertools.islice(iter(stream), count))
    except NotImplementedError:  # nothing here yet
        raise
    except Exception as error:
        yield (
            f"A batch cannot be made. {type(error).__name__}: {error}. "
            "Pair by pair: which image belongs to it?"
        )
        return []
    if len(batches) <= count // 2:
        yield (
            f"The stream ends after {len(batches)} batches. `fit` goes on "
            "in the next epoch where it stopped: begin again, for ever."
        )
    if len(batches) < count:
        yield f"The stream ends after {len(batches)} batches."
    return batches


def _wrong_form(batch: Any, batch_size: int) -> Iterator[str]:
    """A batch that is no tuple of named inputs and next words."""
    if not isinstance(batch, tuple) or len(batch) != 2:
        yield (
            f"A batch is a {type(batch).__name__}. Keras wants a tuple of "
            "two: the inputs, then the next words."
        )
    inputs, following = batch
    if not isinstance(inputs, Mapping):
        yield (
            f"The inputs of a batch are a {type(inputs).__name__}. `fit` "
            "refuses a list, and of a tuple it knows the order alone. Make "
            "a dict, by name."
        )
    if set(inputs) != {"image", "words"}:
        yield (
            "The inputs should be called image and words; yours are called "
            f"{', '.join(map(str, inputs))}."
        )
    shapes = [np.shape(x) for x in (*inputs.values(), following)]
    if any(len(shape) == 0 for shape in shapes):
        yield "A batch holds one pair, without the axis that counts pairs."
    for name, axes in {"image": (2, 2, 1), "words": (2,)}.items():
        found = np.shape(inputs[name])[1:]
        if found != axes:
            yield (
                f"For each pair the input {name} is {found}; as it came, "
                f"it is {axes}."
            )
    sizes = {shape[0] for shape in shapes}
    if len(sizes) > 1:
        yield f"In one batch there are {sorted(sizes)} rows."
    if max(sizes) > batch_size:
        yield f"A batch holds {max(sizes)} pairs; {batch_size} are asked."


def _wrong_pass(batches: list[Any], row: np.ndarray) -> Iterator[str]:
    """A pass in which pairs are missing, or have other partners."""
    images, words = (
        _joined([inputs[name] for inputs, _ in batches])
        for name in ("image", "words")
    )
    following = _joined([targets for _, targets in batches])
    pairs = words[:, 0].astype(int) - 1
    if np.any(following.ravel() - 100 != pairs):
        yield "A pair has the next word of another pair."
    if sorted(pairs) != list(range(len(row))):
        missing = len(row) - len(set(pairs.tolist()))
        what = f"{missing} of {len(row)} pairs do not come"
        if not missing:
            what = f"{len(pairs) - len(row)} of {len(row)} pairs come twice"
        yield (
            f"In one pass {what}. The last batch may be shorter than the "
            "others."
        )
    if not np.isin(images, row).all():
        yield (
            f"A pixel of an image is {images.max():.3g}, and none was so "
            "before. Feed the images as they come."
        )
    shown = images[:, 0, 0, 0].astype(int)
    wrong = np.flatnonzero(shown != row[pairs])
    if len(wrong):
        pair = pairs[wrong[0]]
        yield (
            f"Pair {pair} comes with image {shown[wrong[0]]}; its words "
            f"belong to image {row[pair]}. The number of a pair is not "
            "the number of its image: which array knows both?"
        )


def _joined(parts: list[Any]) -> np.ndarray:
    return np.concatenate([np.asarray(part) for part in parts])


class KnownCaptions:
    """Stands in for a trained model: it knows the captions of images.

    It is called as a model of Keras is, or asked with ``predict``. The
    next word is likely, not certain; after words that it has never seen
    comes nonsense.

    Args:
        captions: The ids of each caption, the start and the end included;
            image ``n`` is filled with the number ``n``.
        length: How long a row of words is.
        patience: How often it answers before it refuses.
    """

    def __init__(
        self, captions: list[list[int]], length: int, patience: int = 60
    ) -> None:
        self.captions, self.length = captions, length
        self.patience = patience

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """Probabilities of the next word, as a tensor."""
        return keras.ops.convert_to_tensor(self.predict(inputs))

    def predict(self, x: Any, **options: Any) -> np.ndarray:
        """Probabilities of the next word, ``(rows, ids)``."""
        self.patience -= 1
        if self.patience < 0:
            raise RuntimeError(
                "The model was asked again and again. The loop needs an "
                "end, also where the model never writes the end"
            )
        image, words = self._checked(x)
        chances = np.full((len(image), _NONSENSE + 1), 0.05, "float32")
        for n, (pixels, row) in enumerate(zip(image, words)):
            chances[n, self._next(int(pixels.flat[0]), row.tolist())] = 0.55
        return chances

    predict_on_batch = predict

    def _checked(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        if not isinstance(inputs, Mapping):
            raise ValueError(
                "The model wants its inputs by name, in a dict. "
                f"Received: {type(inputs).__name__}"
            )
        if set(inputs) != {"image", "words"}:
            raise ValueError(
                "The inputs are called image and words. "
                f"Received: {', '.join(inputs)}"
            )
        image, words = (np.asarray(inputs[n]) for n in ("image", "words"))
        shapes = image.shape[1:], words.shape[1:]
        if shapes != ((2, 2, 1), (self.length,)):
            raise ValueError(
                f"The model wants image (rows, 2, 2, 1) and words (rows, "
                f"{self.length}). Received: {image.shape}, {words.shape}"
            )
        return image, words

    def _next(self, image: int, row: list[int]) -> int:
        caption = self.captions[image]
        for count, word in enumerate(caption[1:], 1):
            if row == (caption[:count] + [0] * self.length)[: self.length]:
                return word
        return _NONSENSE


@exercise
def stops_in_time(
    write: Callable[..., Any],
    captions: Sequence[Sequence[int]] = ((5, 3, 8), (4,), ()),
    endless: Sequence[int] = (6, 7, 6, 7, 6, 7, 6),
    length: int = 5,
) -> Iterator[str]:
    """The caption is written word by word, and stops in time.

    Args:
        write: A model, an image, ids of start and end and the length of a
            row, to the ids of a caption.
        captions: Captions that the model ends.
        endless: The words of an image for which it never writes the end.
        length: How long a row of words is.

    Raises:
        Hint: If a caption is another, or does not stop.
    """
    start, end = 1, 2
    known = [[start, *caption, end] for caption in captions]
    known.append([start, *endless])
    for number, whole in enumerate(known):
        model = KnownCaptions(known, length)
        image = np.full((2, 2, 1), number, "float32")
        result = yield from tried(write, model, image, start, end, length)
        ids = array_of(result)
        if ids.ndim != 1:
            yield (
                f"One caption is asked for, a list of ids; yours is of "
                f"shape {ids.shape}."
            )
        asked = [word for word in whole[1 : length + 1] if word != end]
        yield from _wrong_caption(ids.tolist(), asked, (start, end), length)
        if ids.size and ids.dtype.kind not in "iu":
            yield f"Ids are whole numbers; yours are {ids.dtype}."


def _wrong_caption(
    found: list[int], asked: list[int], ends: tuple[int, int], length: int
) -> Iterator[str]:
    """Which mistake writes this caption in place of the right one."""
    start, end = ends
    if found == asked:
        return
    compared = f"The caption is {asked}; you write {found}."
    if found[:1] == [start] and asked[:1] != [start]:
        yield f"{compared} The start is no word of the caption."
    if found == [*asked, end]:
        yield f"{compared} The end is no word of the caption."
    if end in found:
        yield f"{compared} Your loop goes on after the end, which is {end}."
    if _NONSENSE in found:
        yield (
            f"{compared} The model was fed words that no caption begins "
            "with. A row holds the start and all words so far, in order, "
            "then zeros."
        )
    if found == asked[: length - 1]:
        yield (
            f"{compared} One word too few: a full row of words still gives "
            "a next word."
        )
    if found == asked[: len(found)]:
        yield (
            f"{compared} It is cut off: with rows of {length} ids a "
            f"caption may have up to {length} words."
        )
    if found[: len(asked)] == asked:
        yield f"{compared} It is longer than a row of words."
    yield f"{compared} Take the likeliest word each time."
