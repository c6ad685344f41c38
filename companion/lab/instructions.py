"""Handwritten digits, and instructions whose result is known exactly."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from companion.lab.datasets import Digits, digits

#: What can be asked, and what it does to images ``(samples, 8, 8, 1)``.
STEPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rotate left": lambda images: np.rot90(images, 1, (1, 2)),
    "rotate right": lambda images: np.rot90(images, -1, (1, 2)),
    "mirror": lambda images: images[:, :, ::-1],
    "flip": lambda images: images[:, ::-1],
    "invert": lambda images: 1 - images,
}
#: One pair of steps in so many is never used in training.
_HELD_OUT = 5


@dataclass(frozen=True)
class Instructed:
    """Digits, instructions, and what exactly comes out.

    Attributes:
        images: float32 ``(samples, 8, 8, 1)``, 0 (paper) to 1 (ink).
        texts: str ``(samples,)``: "rotate left then invert".
        results: float32 ``(samples, 8, 8, 1)``, the image after it.
    """

    images: np.ndarray
    texts: np.ndarray
    results: np.ndarray


def instructed_digits(
    seed: int = 0, num_train: int = 20_000, num_test: int = 2_000
) -> tuple[Instructed, Instructed, Instructed]:
    """Digits and instructions of one or two steps.

    Taught in the chapter *Image and text to image*.

    Args:
        seed: Decides which digits are kept for the tests, which pairs of
            steps are held out, and every draw.
        num_train: Samples to train on.
        num_test: Samples in each of the two tests.

    Returns:
        Training; a test of the same instructions on other digits; a test
        of pairs of steps that training does not have, on those digits.

    Example:
        >>> train, test, held_out = instructed_digits()
        >>> train.images.shape, str(train.texts[0])
        ((20000, 8, 8, 1), 'rotate right then mirror')
        >>> set(train.texts) & set(held_out.texts)
        set()
    """
    rng = np.random.default_rng([seed, 6])
    learn_from, others = digits(seed)
    pairs = [*itertools.permutations(STEPS, 2)]
    order = rng.permutation(len(pairs))
    kept = len(pairs) // _HELD_OUT
    new = [pairs[n] for n in order[:kept]]
    known = [
        *((step,) for step in STEPS),
        *(pairs[n] for n in order[kept:]),
    ]
    return (
        _draw(learn_from, known, num_train, rng),
        _draw(others, known, num_test, rng),
        _draw(others, new, num_test, rng),
    )


def _draw(
    written: Digits,
    asked: list[tuple[str, ...]],
    count: int,
    rng: np.random.Generator,
) -> Instructed:
    """Samples over these digits, with these instructions."""
    images = written.images[rng.integers(len(written.images), size=count)]
    picked = rng.integers(len(asked), size=count)
    results = images.copy()
    for number, steps in enumerate(asked):
        of_it = picked == number
        for step in steps:
            results[of_it] = STEPS[step](results[of_it])
    texts = np.array([" then ".join(asked[number]) for number in picked])
    return Instructed(images, texts, results)
