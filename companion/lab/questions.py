"""Two handwritten digits, and a question about them in words."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

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
_WRITERS_TO_TEST = 3


@dataclass(frozen=True)
class DigitQuestions:
    """Pairs of digits, questions, and the right answers.

    Attributes:
        images: float32 ``(samples, 8, 16, 1)``, two digits side by side, 0
            (paper) to 1 (ink).
        texts: str ``(samples,)``, the question, 2 to 10 words.
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
    seed: int = 0, num_train: int = 12_000, num_test: int = 4_000
) -> tuple[DigitQuestions, DigitQuestions]:
    """Questions about two digits; those to test are of other writers.

    The digits are real, the questions are put together from `OPENINGS` and
    `QUESTIONS`. The test digits are those of three writers, of whom no
    digit is in the training. One wording in five is asked in the test
    alone; there each wording is as frequent as any other.

    Source of the digits: see `companion.lab.datasets.digits`. They stand
    in the order in which they were written; where a new writer begins is
    read from the labels, as the scikit-learn MOOC does
    (https://inria.github.io/scikit-learn-mooc/). Taught in the chapter
    *Image and text*.

    Args:
        seed: Decides the writers to test, the wordings, and every draw.
        num_train: Samples to train on.
        num_test: Samples to test on.

    Returns:
        Training and test samples.

    Example:
        >>> train, test = digit_questions()
        >>> train.images.shape, test.images.shape
        ((12000, 8, 16, 1), (4000, 8, 16, 1))
        >>> str(train.texts[0]), int(train.answers[0]) in train.digits[0]
        ('please read the smaller one', True)
    """
    rng = np.random.default_rng([seed, 5])
    writers = np.digitize(np.arange(1797), _WRITERS)
    to_test = rng.choice(len(_WRITERS) + 1, _WRITERS_TO_TEST, replace=False)
    rows = np.arange(1797)
    unseen = np.isin(writers, to_test)
    wordings = [
        (kind, f"{opening} {words}".strip())
        for kind, options in enumerate(QUESTIONS.values())
        for opening, words in itertools.product(OPENINGS, options)
    ]
    known = rng.permutation(len(wordings)) >= len(wordings) // 5
    everything = np.arange(len(wordings))
    return (
        _draw(
            rows[~unseen],
            everything[known],
            num_train,
            rng,
            wordings,
            known,
        ),
        _draw(rows[unseen], everything, num_test, rng, wordings, known),
    )


def _draw(
    rows: np.ndarray,
    asked: np.ndarray,
    count: int,
    rng: np.random.Generator,
    wordings: list[tuple[int, str]],
    known: np.ndarray,
) -> DigitQuestions:
    """Samples over these digits and these wordings."""
    bunch = load_digits()
    pairs = rng.choice(rows, (count, 2))
    wording = rng.choice(asked, count)
    kinds, texts = zip(*(wordings[n] for n in wording))
    digits = bunch.target[pairs].astype("int32")
    halves = (bunch.images[pairs] / 16).astype("float32")
    return DigitQuestions(
        images=np.concatenate([halves[:, 0], halves[:, 1]], 2)[..., None],
        texts=np.array(texts),
        answers=right_answers(digits, np.array(kinds)),
        digits=digits,
        kinds=np.array(kinds, "int32"),
        known_wording=known[wording],
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
