"""Checkers of the sheet *Practice: image and text*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from companion.graph import has_layer, inputs_of
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    shake,
    tried,
    wrong_inputs,
)

Batch = dict[str, np.ndarray]


@exercise
def padded(
    pad: Callable[[list[list[int]], int], np.ndarray],
    texts: Sequence[Sequence[int]] = (
        (5, 3),
        (7, 2, 9, 4, 8, 6),
        (1,),
        (6, 3, 2, 4),
        (9, 9, 3),
    ),
    length: int = 4,
) -> Iterator[str]:
    """Every text has the same length: first its words, then zeros.

    Args:
        pad: Lists of ids and a length, to an int32 array.
        texts: The ids of each text.
        length: How long all should be.

    Raises:
        Hint: If a row is another.

    Example:
        >>> padded(lambda tokens, length: np.zeros((5, length), "int32"))
        Traceback (most recent call last):
        companion.lab.exercises.Hint: Look at the text [5, 3]: ...
    """
    given = [list(text) for text in texts]
    result = yield from tried(pad, given, length)
    if given != [list(text) for text in texts]:
        yield (
            "The lists that came in are changed: append, extend and += "
            "work in place. Leave them as they are."
        )
    if isinstance(result, (list, tuple)):
        yield (
            f"You give back a {type(result).__name__}. A model is fed one "
            "array, of shape (texts, length)."
        )
    rows = array_of(result)
    yield from _wrong_rows(rows, given, length)
    if rows.dtype != "int32":
        yield f"Ids are whole numbers, int32; yours are {rows.dtype}."


def _wrong_rows(
    rows: np.ndarray, texts: list[list[int]], length: int
) -> Iterator[str]:
    """The first mistake in the shape or the values of padded texts."""
    asked, longest = (len(texts), length), max(map(len, texts))
    if rows.shape == (len(texts), longest) and longest > length:
        yield (
            f"Your rows are {longest} long, as the longest text; {length} "
            "is asked for. Cut what is too long."
        )
    if rows.shape != asked:
        yield f"The array should be {asked}; yours is {rows.shape}."
    right = _laid_out(texts, length)
    if np.array_equal(rows, right):
        return
    for hint, choices in _WRONG_WAYS.items():
        if np.array_equal(rows, _laid_out(texts, length, **choices)):
            yield hint
    wrong = int(np.any(rows != right, axis=1).argmax())
    yield (
        f"Look at the text {texts[wrong]}: at length {length} it becomes "
        f"{rows[wrong].tolist()}. First its words in order, then zeros."
    )


#: Hint to the choices by which its mistake is made.
_WRONG_WAYS: dict[str, dict[str, Any]] = {
    "Zeros stand before the words, and of a text that is too long the last "
    "words are kept. Both are what pad_sequences does unless told.": {
        "before": True,
        "last": True,
    },
    "Zeros stand before the words. They belong after them.": {
        "before": True
    },
    "Of a text that is too long you keep the last words. Keep the first.": {
        "last": True
    },
    "You pad with -1. Only 0 is padding, and Embedding has no row -1.": {
        "fill": -1
    },
}


def _laid_out(
    texts: list[list[int]],
    length: int,
    before: bool = False,
    last: bool = False,
    fill: int = 0,
) -> np.ndarray:
    """Texts of one length, in the right way or in a wrong one."""
    rows = np.full((len(texts), length), fill)
    for row, text in zip(rows, texts):
        words = text[-length:] if last else text[:length]
        begin = length - len(words) if before else 0
        row[begin : begin + len(words)] = words
    return rows


@exercise
def padding_ignored(
    build: Callable[[int], keras.Model],
    num_tokens: int = 50,
    lengths: tuple[int, int] = (6, 12),
    seed: int = 0,
) -> Iterator[str]:
    """Padding makes no difference; every word and the image do.

    Args:
        build: How many ids there are, to a model of image and text.
        num_tokens: How many ids there are.
        lengths: To how many tokens the same texts are padded.
        seed: Decides weights and samples.

    Raises:
        Hint: If padding counts, or something else does not.
    """
    model = yield from tried(build, num_tokens)
    batch = _batch((8, 16, 1), num_tokens, lengths, seed)
    answers = yield from _wrong_answers(model, batch, 10, seed)
    yield from _no_probabilities(answers)
    yield from _wrong_reading(model, batch, lengths[0], num_tokens)


@exercise
def reads_image_and_text(
    build: Callable[[tuple[int, int, int], int, int], keras.Model],
    image_shape: tuple[int, int, int] = (16, 16, 3),
    num_tokens: int = 500,
    num_classes: int = 4,
    lengths: tuple[int, int] = (12, 20),
    seed: int = 0,
) -> Iterator[str]:
    """The model reads image and text, and learns from class numbers.

    Args:
        build: Shape of an image, numbers of ids and of classes, to a
            compiled model.
        image_shape: Height, width and channels.
        num_tokens: How many ids there are.
        num_classes: How many classes there are.
        lengths: To how many tokens the same texts are padded.
        seed: Decides weights and samples.

    Raises:
        Hint: If an input does not count, if padding does, or if the model
            cannot be trained on class numbers.
    """
    model = yield from tried(build, image_shape, num_tokens, num_classes)
    batch = _batch(image_shape, num_tokens, lengths, seed)
    answers = yield from _wrong_answers(model, batch, num_classes, seed)
    yield from _no_probabilities(answers)
    yield from _wrong_reading(model, batch, lengths[0], num_tokens)
    yield from _wrong_training(model, batch, num_classes)


def _no_probabilities(answers: np.ndarray) -> Iterator[str]:
    if answers.min() < 0 or not np.allclose(answers.sum(1), 1, atol=1e-4):
        yield (
            f"The {answers.shape[1]} numbers of a row are no "
            "probabilities: they should be at least 0 and add up to 1. "
            "Which activation does that?"
        )


def _batch(
    image_shape: tuple[int, int, int],
    num_tokens: int,
    lengths: tuple[int, int],
    seed: int,
) -> Batch:
    """Images, and texts of every length up to the shorter of two."""
    rng = np.random.default_rng(seed)
    short, long = lengths
    rows = 2 * short
    text = rng.integers(1, num_tokens, (rows, long))
    text[np.arange(long) > np.arange(rows)[:, None] % short] = 0
    return {
        "image": rng.random((rows, *image_shape), dtype="float32"),
        "text": text.astype("int32"),
    }


def _wrong_answers(
    model: Any, batch: Batch, num_classes: int, seed: int
) -> Generator[str, None, np.ndarray]:
    """Inputs or answers of the wrong form; returns the answers."""
    yield from wrong_inputs(model, batch)
    text = inputs_of(model).get("text")
    if text is not None and None not in text.shape[1:]:
        yield (
            f"Your input text takes {text.shape} only. A size that differs "
            "from batch to batch is None."
        )
    yield from answers_of(model, batch)
    shake(model, seed)
    answers = yield from answers_of(model, batch)
    asked = (len(batch["image"]), num_classes)
    if answers.shape != asked:
        yield (
            f"For {asked[0]} rows the model gives {answers.shape}; "
            f"{num_classes} classes need {asked}. How wide is the last "
            "layer?"
        )
    return answers


def _wrong_reading(
    model: keras.Model, batch: Batch, short: int, num_tokens: int
) -> Iterator[str]:
    """Padding that counts, or an image or a word that does not."""
    text = batch["text"]
    answers = yield from answers_of(model, batch)
    for width in (short, short // 2):
        fits = ~text[:, width:].any(axis=1)
        cut = {"image": batch["image"][fits], "text": text[fits, :width]}
        if differs(answers[fits], (yield from answers_of(model, cut))):
            yield _why_padding_counts(model, width, text.shape[1])
    turned = {**batch, "image": batch["image"][::-1]}
    if not differs(answers, (yield from answers_of(model, turned))):
        yield (
            "Whatever the image shows, the answer stays the same: its "
            "branch does not lead to the end."
        )
    # Of each word another word, and of padding padding.
    other = np.where(text > 0, text % (num_tokens - 1) + 1, 0)
    if not differs(
        answers, (yield from answers_of(model, {**batch, "text": other}))
    ):
        yield (
            "Whatever the words of the text are, the answer stays the same."
        )
    for place in (0, 1, short - 1):
        moved = text.copy()
        moved[:, place] = other[:, place]
        found = yield from answers_of(model, {**batch, "text": moved})
        if not differs(answers, found):
            yield (
                f"Word {place + 1} of a text makes no difference: your "
                "model reads other words only."
            )
    # One word more, with the lowest id that is no padding.
    ends = (text > 0).sum(axis=1)
    rows = ends < short
    longer = text[rows].copy()
    longer[np.arange(len(longer)), ends[rows]] = 1
    more = {"image": batch["image"][rows], "text": longer}
    if not differs(answers[rows], (yield from answers_of(model, more))):
        yield (
            "A word with the id 1 makes no difference, as if it were "
            "padding. Only 0 is padding."
        )


def _why_padding_counts(model: keras.Model, short: int, long: int) -> str:
    """What can be said of a model whose answer padding changes."""
    changed = (
        f"The same texts, padded to {short} and to {long} tokens, get "
        "different answers"
    )
    if any(getattr(layer, "mask_zero", False) for layer in model.layers):
        return (
            f"{changed}, although Embedding makes a mask. A layer after it "
            "does not hand the mask on, or makes no use of it."
        )
    if has_layer(model, keras.layers.Masking):
        return (
            f"{changed}. Masking looks for vectors of zeros, and the "
            "vector that Embedding has learned for id 0 is none."
        )
    return (
        f"{changed}. Which layer sees the ids, and can tell the layers "
        "after it which of them are padding?"
    )


def _wrong_training(
    model: keras.Model, batch: Batch, num_classes: int
) -> Iterator[str]:
    """A model that cannot be trained on class numbers, or learns wrong."""
    if not model.compiled:
        yield (
            "The model is not compiled: an optimizer and a loss are part "
            "of the task."
        )
    labels = np.arange(len(batch["image"]), dtype="int32") % num_classes
    advice = (
        f"The labels are class numbers, {labels.shape}, and the answers "
        f"({len(labels)}, {num_classes}). Which loss takes these two?"
    )
    sure = np.full((num_classes, num_classes), 0.1 / (num_classes - 1))
    np.fill_diagonal(sure, 0.9)
    losses = []
    for shift in range(num_classes):
        claimed = sure[(labels + shift) % num_classes].astype("float32")
        answers = keras.ops.convert_to_tensor(claimed)
        loss = yield from tried(
            model.compute_loss,
            *(None, labels, answers),
            who="The loss",
            advice=advice,
        )
        losses.append(float(loss))
    if losses[0] >= min(losses[1:]):
        yield (
            "Your loss is no lower if the model is sure of the right class "
            f"than if it is sure of a wrong one. {advice}"
        )
    odds = np.log(np.exp(sure).sum(axis=1)).mean()
    if np.isclose(losses[0], odds - 0.9, atol=1e-4):
        yield (
            "Your loss makes probabilities once more of those it gets, as "
            "from logits. Either the model gives probabilities, or the "
            "loss makes them."
        )
    yield from _one_step(model, batch, labels)


def _one_step(
    model: keras.Model, batch: Batch, labels: np.ndarray
) -> Iterator[str]:
    """A step of training that fails, or changes nothing."""
    before = yield from answers_of(model, batch)
    model.run_eagerly = True  # one step is not worth making a graph
    yield from tried(
        model.train_on_batch, batch, labels, who="A step of training"
    )
    after = yield from answers_of(model, batch)
    if np.array_equal(before, after):
        yield "After one step of training the answers are as before."
