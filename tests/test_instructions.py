"""Instructions with an exact rule, and letters that fonts edit."""

import numpy as np
import pytest

from companion.lab.edits import letter_edits
from companion.lab.glyphs import glyphs
from companion.lab.instructions import STEPS, instructed_digits


@pytest.fixture(scope="module")
def samples():
    return instructed_digits(3, num_train=400, num_test=200)


def test_each_result_is_what_its_words_say(samples):
    """One image at a time, by loops over pixels."""
    moves = {
        "rotate left": lambda image, y, x: image[x][7 - y],
        "rotate right": lambda image, y, x: image[7 - x][y],
        "mirror": lambda image, y, x: image[y][7 - x],
        "flip": lambda image, y, x: image[7 - y][x],
        "invert": lambda image, y, x: 1 - image[y][x],
    }
    for part in samples:
        for image, text, result in zip(
            part.images[..., 0], part.texts, part.results[..., 0]
        ):
            for step in text.split(" then "):
                move = moves[step]
                image = np.array(
                    [
                        [move(image, y, x) for x in range(8)]
                        for y in range(8)
                    ]
                )
            assert np.array_equal(image, result)


def test_new_pairs_are_made_of_known_steps(samples):
    train, test, held_out = samples

    assert set(test.texts) <= set(train.texts) | set(STEPS)
    assert not set(held_out.texts) & set(train.texts)
    assert {s for text in held_out.texts for s in text.split(" then ")} <= {
        *STEPS
    }
    assert set(STEPS) <= set(train.texts)


def test_no_digit_is_in_both(samples):
    train, test, held_out = samples
    seen = {image.tobytes() for image in train.images}

    for part in test, held_out:
        assert not seen & {image.tobytes() for image in part.images}


def test_a_seed_draws_the_same_and_no_other_state_moves():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    one, other = (instructed_digits(5, 50, 20)[0] for _ in range(2))
    different = instructed_digits(6, 50, 20)[0]

    assert np.array_equal(one.images, other.images)
    assert one.texts.tolist() == other.texts.tolist()
    assert one.texts.tolist() != different.texts.tolist()
    assert np.array_equal(before, np.random.get_state()[1])


def test_letters_to_test_are_new_in_every_font():
    letters = letter_edits(1, num_train=3000, num_test=300)
    drawn = glyphs()
    drawn = drawn.take(
        np.array([name.startswith("latin") for name in drawn.names])
    )

    def bases(rows):
        return set(np.char.lower(drawn.bases[rows.ravel()]))

    assert not bases(letters.train) & bases(letters.test)
    assert len(letters.images) == len(drawn)


def test_each_instruction_is_about_as_frequent():
    letters = letter_edits(1, num_train=3000, num_test=300)
    _, counts = np.unique(letters.train_texts, return_counts=True)

    assert len(counts) == 12
    assert counts.max() < 1.5 * counts.min()
