"""Checkers of the sheet *Practice: image and text to image*."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    answers_of,
    array_of,
    differs,
    global_state,
    shake,
    tried,
    wrong_inputs,
)

Inputs = dict[str, np.ndarray]
Batch = tuple[Inputs, np.ndarray]
#: Random generators that a transform is tried with.
_DRAWS = 40


@exercise
def same_size(
    build: Callable[[tuple[int, int, int], int], keras.Model],
    image_shape: tuple[int, int, int] = (64, 64, 3),
    length: int = 100,
    seed: int = 0,
) -> Iterator[str]:
    """The image comes out in its own size, and image and text count.

    Args:
        build: Shape of an image and numbers of a text, to a model.
        image_shape: Height, width and channels.
        length: Numbers of a text.
        seed: Decides weights and samples.

    Raises:
        Hint: If the size is another, an input does not count, or a number
            is no pixel.
    """
    model = yield from tried(build, image_shape, length)
    rng = np.random.default_rng(seed)
    batch = {
        "image": rng.random((2, *image_shape), dtype="float32"),
        "text": rng.normal(size=(2, length)).astype("float32"),
    }
    yield from wrong_inputs(model, batch)
    pixels = yield from answers_of(model, batch)
    yield from _wrong_size(pixels.shape, batch["image"].shape)
    shake(model, seed)
    pixels = yield from answers_of(model, batch)
    for name, values in batch.items():
        turned = {**batch, name: values[::-1]}
        if not differs(pixels, (yield from answers_of(model, turned))):
            yield f"Whatever the {name} is, the same image comes out."
    for place in (0, length - 1, length // 2):
        moved = {**batch, "text": batch["text"].copy()}
        moved["text"][:, place] += 1
        if not differs(pixels, (yield from answers_of(model, moved))):
            yield (
                f"Number {place + 1} of the text makes no difference: your "
                "model reads other numbers only."
            )
    found = []
    for turn in range(1, 5):
        shake(model, seed + turn, spread=3)
        found.append((yield from answers_of(model, batch)))
    yield from _no_pixels(np.concatenate(found))


def _wrong_size(given: tuple, asked: tuple) -> Iterator[str]:
    """How the size that comes out differs from the one that went in."""
    if given == asked:
        return
    sizes = f"Images of {asked[1:]} come out as {given[1:]}"
    if len(given) != len(asked):
        yield f"{sizes}: height, width and channels are asked for."
    if given[:-1] == asked[:-1]:
        yield f"{sizes}: the last layer makes {given[-1]} channels."
    by = asked[1] / given[1]
    if by == round(by) > 1 and by == asked[2] / given[2]:
        yield (
            f"{sizes}: {by:.0f} times too small. From which size does the "
            "decoder set out, and how often is it doubled?"
        )
    yield (
        f"{sizes}. Go through the sizes layer by layer: which layers "
        "change them, and by how much?"
    )


def _no_pixels(pixels: np.ndarray) -> Iterator[str]:
    """Numbers out of 0 to 1, or a part of it that is never reached."""
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):
        yield (
            f"With other weights there are pixels from {low:.1f} to "
            f"{high:.1f}. Which activation stays between 0 and 1?"
        )
    if pixels.shape[-1] > 1 and np.allclose(pixels.sum(-1), 1, atol=1e-4):
        yield (
            "The channels of each pixel add up to 1, so no pixel can be "
            "white or black. A softmax is for classes."
        )
    if low > 0.2 or high < 0.8:
        yield (
            f"With weights of any size your pixels go from {low:.2f} to "
            f"{high:.2f}. An image needs all from 0 to 1."
        )


@exercise
def flipped_in_pairs(
    flip_both: Callable[[Batch, np.random.Generator], Batch],
    rows: int = 64,
    size: tuple[int, int] = (6, 9),
    seed: int = 0,
) -> Iterator[str]:
    """Half of the pairs are flipped left to right, both images alike.

    Args:
        flip_both: The transform.
        rows: Samples in the batch.
        size: Height and width of the images.
        seed: Decides the images and the coins.

    Raises:
        Hint: If a pair is changed in another way, or by other chances.
    """
    batch, clean = _pairs(rows, size, seed), _pairs(rows, size, seed)
    image, state = batch[0]["image"], global_state()
    result = yield from tried(flip_both, batch, np.random.default_rng(seed))
    yield from _no_batch(result, clean)
    if batch[0].keys() != clean[0].keys() or batch[0]["image"] is not image:
        yield (
            "The dict that came in is changed: something was put into it "
            "or taken out. Make a new dict."
        )
    for given, was in zip(_arrays(batch), _arrays(clean)):
        if not np.array_equal(given, was):
            yield (
                "The arrays that came in are changed as well, and would "
                "be flipped again in the next epoch. Make new ones."
            )
    if global_state() != state:
        yield (
            "The coins come from np.random, whose state the whole program "
            "shares. Draw from the rng that is handed to your function."
        )
    coins = []
    for number in [seed, *range(seed, seed + _DRAWS)]:
        rng = np.random.default_rng(number)
        found = yield from tried(flip_both, _pairs(rows, size, seed), rng)
        image, target = (
            _flips(np.asarray(new), was)
            for new, was in zip(_arrays(found), _arrays(clean))
        )
        yield from _wrong_pair(image, target, found, clean)
        coins.append(image)
    yield from _wrong_coins(np.array(coins))


def _no_batch(result: Any, clean: Batch) -> Iterator[str]:
    """What is no tuple of inputs and targets, or lacks one."""
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
    if sorted(inputs) != sorted(clean[0]):
        yield (
            "Of the inputs image and text you give back "
            f"{', '.join(inputs) or 'none'}. Hand on what you do not "
            "change."
        )
    shapes = array_of(inputs["image"]).shape, array_of(targets).shape
    for name, shape in zip(("image", "targets"), shapes):
        if shape != clean[1].shape:
            yield (
                f"The array {name} had the shape {clean[1].shape}, and now "
                f"has {shape}. A flip changes no shape."
            )


def _wrong_pair(
    image: np.ndarray, target: np.ndarray, found: Batch, clean: Batch
) -> Iterator[str]:
    """Pairs, each flipped or not, of which something is wrong."""
    for name, flips in {"images": image, "targets": target}.items():
        for way, hint in _OTHER_WAYS.items():
            if (flips == way).any():
                yield f"Some {name} are {hint}"
    if not np.array_equal(array_of(found[0]["text"]), clean[0]["text"]):
        yield "The texts changed too; only the images are flipped."
    if image.any() and not target.any():
        yield (
            "Only the inputs are flipped. The model would learn to flip "
            "some images back: its targets have to follow."
        )
    if target.any() and not image.any():
        yield "Only the targets are flipped; their images are not."
    if not np.array_equal(image, target):
        yield (
            "In some pairs one image is flipped and the other is not: "
            "each has a coin of its own. Toss one per pair."
        )


def _wrong_coins(coins: np.ndarray) -> Iterator[str]:
    """Coins, a row per random generator, that do not fall as they should.

    The first two rows are of the same random generator.
    """
    if not np.array_equal(coins[0], coins[1]):
        yield (
            "The same rng state gives other flips: your function draws "
            "from something else than the rng it is handed."
        )
    share = coins[1:].mean()
    if share in (0, 1):
        yield f"{'Every' if share else 'No'} pair is flipped, at any time."
    if (coins[1:] == coins[1]).all():
        yield (
            "Every rng flips the same pairs. Use the rng that is handed to "
            "your function, not a fixed one."
        )
    if (coins == coins[:, :1]).all():
        yield (
            "In a batch all pairs are flipped or none. Toss a coin for "
            "each pair."
        )
    if not 0.45 < share < 0.55:
        yield f"One half should be flipped; you flip {share:.0%} of them."
    if len(set(coins[1:].sum(axis=1))) < 4:
        yield (
            f"In {_DRAWS} batches about the same number of pairs is "
            "flipped. If each pair has a coin of its own, that number "
            "differs from batch to batch."
        )


#: What else can become of an image, by the number that stands for it.
_OTHER_WAYS = {
    2: "upside down. Which axis is that of the columns?",
    3: "turned by half: flipped along two axes. Which one is asked for?",
    4: "in other colours: the last axis is that of the channels.",
    5: "neither as they were nor flipped: other pixels come out.",
}


def _flips(new: np.ndarray, was: np.ndarray) -> np.ndarray:
    """What became of each image: 0 as it was, 1 flipped, or more."""
    ways = [
        was,
        was[:, :, ::-1],
        was[:, ::-1],
        was[:, ::-1, ::-1],
        was[..., ::-1],
    ]
    fits = [np.all(np.isclose(new, w), axis=(1, 2, 3)) for w in ways]
    return np.argmax([*fits, np.ones(len(was), bool)], axis=0)


def _arrays(batch: Batch) -> list[np.ndarray]:
    return [batch[0]["image"], batch[1]]


def _pairs(rows: int, size: tuple[int, int], seed: int) -> Batch:
    rng = np.random.default_rng([seed, 1])
    image, target = rng.random((2, rows, *size, 3), dtype="float32")
    return {"image": image, "text": rng.integers(1, 9, (rows, 5))}, target


#: What the words of the stand-in do: ``factor * pixel + shift``.
RULES = {1: (2.0, 0.0), 2: (1.0, -0.25), 3: (-1.0, 1.0), 4: (1.0, 0.5)}


def stand_in(
    rules: Mapping[int, tuple[float, float]] = RULES,
) -> keras.Model:
    """A model that edits an image by a rule that is known.

    It reads the first word of a text, as a model does that was trained on
    single instructions, and does not keep its pixels between 0 and 1.

    Args:
        rules: From the id of a word, 1 or more, to factor and shift: a
            pixel becomes ``factor * pixel + shift``.

    Returns:
        A model with the inputs ``image``, float32 ``(batch, height, width,
        3)``, and ``text``, int32 ``(batch, tokens)``. Its output has the
        shape of the image.

    Example:
        >>> image = np.full((1, 2, 2, 3), 0.4, "float32")
        >>> double = np.array([[1, 0, 0]])
        >>> edited = stand_in()({"image": image, "text": double})
        >>> print(f"{float(edited[0, 0, 0, 0]):.1f}")
        0.8
    """
    image = keras.Input((None, None, 3), name="image")
    text = keras.Input((None,), dtype="int32", name="text")
    table = keras.layers.Embedding(max(rules) + 1, 2)
    rule = table(text[:, 0])[:, None, None, :]
    edited = rule[..., :1] * image + rule[..., 1:]
    model = keras.Model([image, text], edited, name="stand_in")
    rows = [rules.get(word, (1.0, 0.0)) for word in range(max(rules) + 1)]
    table.set_weights([np.array(rows, "float32")])
    return model


@exercise
def one_after_the_other(
    edit: Callable[..., np.ndarray],
    words: Sequence[int] = (1, 2, 3, 4),
    rules: Mapping[int, tuple[float, float]] = RULES,
    shape: tuple[int, int, int] = (4, 4, 3),
    length: int = 3,
    seed: int = 0,
) -> Iterator[str]:
    """Instructions are carried out in turn, within 0 and 1.

    Args:
        edit: A model, an image and instructions, to the edited image.
        words: The word of each instruction.
        rules: What the words do, see `stand_in`.
        shape: Height, width and channels.
        length: Tokens of an instruction, padding included.
        seed: Decides the image.

    Raises:
        Hint: If another image comes out.
    """
    image = np.random.default_rng(seed).random(shape, dtype="float32")
    instructions = [
        np.array([word] + (length - 1) * [0], "int32") for word in words
    ]
    given = image.copy()
    advice = "A model takes a batch, also of one image and one text."
    result = yield from tried(
        edit,
        *(stand_in(rules), given, instructions),
        advice=advice if instructions else "",
    )
    if not np.array_equal(given, image):
        yield (
            "The image that came in is changed as well: copy it, or make "
            "a new one at each step."
        )
    edited = array_of(result)
    yield from _no_image(edited, shape, len(words))
    steps = [rules[word] for word in words]
    right = _carried_out(image, steps)
    if np.allclose(edited, right, atol=1e-5):
        return
    for hint, other in _other_images(image, steps).items():
        if np.allclose(edited, other, atol=1e-5):
            yield hint
    yield (
        f"After {len(words)} instructions the image is another one. Does "
        "each step take the image of the step before, and the model that "
        "is handed to your function?"
    )


def _no_image(
    edited: np.ndarray, shape: tuple[int, int, int], steps: int
) -> Iterator[str]:
    """Shapes that are not that of one image."""
    if edited.shape == (1, *shape):
        yield (
            f"You give back {edited.shape}: the axis of the batch is still "
            "there. The image went in without it."
        )
    if edited.shape in {(n, *shape) for n in (steps, steps + 1)}:
        yield (
            f"You give back {len(edited)} images; the last one is asked "
            "for, after all steps."
        )
    if edited.shape != shape:
        yield f"The image is {shape}; you give back {edited.shape}."


def _carried_out(
    image: np.ndarray,
    steps: Sequence[tuple[float, float]],
    between: tuple[float, float] = (0, 1),
) -> np.ndarray:
    """The image after all steps, each clipped."""
    for factor, shift in steps:
        image = np.clip(factor * image + shift, *between)
    return image


def _other_images(
    image: np.ndarray, steps: Sequence[tuple[float, float]]
) -> dict[str, np.ndarray]:
    """What comes of some mistakes: hint to image."""
    anything = (-np.inf, np.inf)
    free = _carried_out(image, steps, anything)
    return {
        "Nothing is clipped: pixels beyond 0 and 1 are left.": free,
        "Pixels below 0 are left. Clip at both ends.": _carried_out(
            image, steps, (-np.inf, 1)
        ),
        "Pixels above 1 are left. Clip at both ends.": _carried_out(
            image, steps, (0, np.inf)
        ),
        "Clipped at the end alone. A step then begins with pixels that no "
        "image has; clip after each step.": np.clip(free, 0, 1),
        "Each step is clipped but the last.": _carried_out(
            _carried_out(image, steps[:-1]), steps[-1:], anything
        ),
        "Only the first instruction is carried out. A model that was "
        "trained on single instructions needs one call for each.": (
            _carried_out(image, steps[:1])
        ),
        "Each step begins with the original image, so only the last "
        "instruction is seen.": _carried_out(image, steps[-1:]),
        "The instructions are carried out from the last to the first.": (
            _carried_out(image, steps[::-1])
        ),
        "The last instruction is left out.": (
            _carried_out(image, steps[:-1])
        ),
        "The image comes back as it was.": image,
    }
