"""Two handwritten digits, and a question about them in words."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from companion.lab.datasets import Digits, all_digits

#: What can be asked, and the words for it.
QUESTIONS = {
    "left": ("the left digit", "the digit on the left", "the first digit"),
    "right": (
        "the right digit",
        "the digit on the right",
        "the second digit",
    ),
    "larger": (
        "the larger digit",
        "the greater of the two",
        "the larger one",
    ),
    "smaller": (
        "the smaller digit",
        "the lesser of the two",
        "the smaller one",
    ),
}
#: How a question begins.
OPENINGS = ("what is", "tell me", "please read", "i would like to know", "")
#: Where the rows of the next writer begin.
_WRITERS = (
    130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667,
)  # fmt: skip
_VALIDATION, _TEST = 2, 3


@dataclass(frozen=True)
class DigitQuestions:
    """Pairs of digits, questions, and the right answers.

    Attributes:
        images: float32 ``(samples, 8, 16, 1)``, two digits side by side, 0
            (paper) to 1 (ink).
        texts: str ``(samples,)``, the question, 3 to 10 words.
        answers: int32 ``(samples,)``, 0 to 9: what is to be predicted.
        digits: int32 ``(samples, 2)``, the digits that were meant: all
            that a perfect reader could learn from the image.
        kinds: int32 ``(samples,)``, which of `QUESTIONS` is asked: all
            that can be learned from the text.
        known_wording: bool ``(samples,)``, whether training has a question
            in the same words.
    """

    images: np.ndarray
    texts: np.ndarray
    answers: np.ndarray
    digits: np.ndarray
    kinds: np.ndarray
    known_wording: np.ndarray


def digit_questions(
    seed: int = 0,
    num_train: int = 12_000,
    num_validation: int = 2_000,
    num_test: int = 4_000,
) -> tuple[DigitQuestions, DigitQuestions, DigitQuestions]:
    """Questions about two digits, to train, to validate and to test.

    The digits are real, the questions are put together from `OPENINGS` and
    `QUESTIONS`. The digits stand in fourteen blocks, of 13 writers: two
    blocks are kept to validate and three to test, so at most one writer is
    in two parts. One wording in five is asked in the test alone.

    Source of the digits: see `companion.lab.datasets.digits`. They stand
    in the order in which they were written; where a new writer begins is
    read from the labels, as the scikit-learn MOOC does
    (https://inria.github.io/scikit-learn-mooc/). Taught in the chapter
    *Image and text*.

    Args:
        seed: Decides the writers, the wordings, and every draw.
        num_train: Samples to train on.
        num_validation: Samples to validate on.
        num_test: Samples to test on.

    Returns:
        Training, validation and test samples.

    Example:
        >>> train, validation, test = digit_questions()
        >>> train.images.shape, test.images.shape
        ((12000, 8, 16, 1), (4000, 8, 16, 1))
        >>> str(train.texts[0]), int(train.answers[0]) in train.digits[0]
        ('tell me the digit on the left', True)
    """
    rng = np.random.default_rng([seed, 5])
    written = all_digits()
    writers = np.digitize(np.arange(len(written.labels)), _WRITERS)
    parts = np.split(
        rng.permutation(len(_WRITERS) + 1),
        [_VALIDATION, _VALIDATION + _TEST],
    )
    validation, test, train = (np.isin(writers, part) for part in parts)
    wordings = [
        (kind, f"{opening} {words}".strip())
        for kind, options in enumerate(QUESTIONS.values())
        for opening, words in itertools.product(OPENINGS, options)
    ]
    order = rng.permutation(len(wordings))
    known = [wordings[n] for n in order[len(wordings) // 5 :]]
    return (
        _draw(written.take(train), known, num_train, rng, known),
        _draw(written.take(validation), known, num_validation, rng, known),
        _draw(written.take(test), wordings, num_test, rng, known),
    )


def _draw(
    written: Digits,
    asked: list[tuple[int, str]],
    count: int,
    rng: np.random.Generator,
    known: list[tuple[int, str]],
) -> DigitQuestions:
    """Samples over these digits, with these questions."""
    pairs = rng.choice(len(written.labels), (count, 2))
    questions = [asked[n] for n in rng.integers(len(asked), size=count)]
    kinds, texts = map(np.array, zip(*questions))
    digits, halves = written.labels[pairs], written.images[pairs]
    return DigitQuestions(
        images=np.concatenate([halves[:, 0], halves[:, 1]], axis=2),
        texts=texts,
        answers=right_answers(digits, kinds),
        digits=digits,
        kinds=kinds.astype("int32"),
        known_wording=np.isin(texts, [text for _, text in known]),
    )


def right_answers(digits: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """The rule behind the questions, exactly.

    Args:
        digits: int ``(samples, 2)``, left and right.
        kinds: int ``(samples,)``, which of `QUESTIONS`.

    Returns:
        int32 ``(samples,)``.

    Example:
        >>> digits = np.array([[3, 7]] * 4)
        >>> right_answers(digits, np.arange(4)).tolist()
        [3, 7, 7, 3]
    """
    left, right = digits.T
    options = [
        left,
        right,
        np.maximum(left, right),
        np.minimum(left, right),
    ]
    return np.choose(kinds, options).astype("int32")
