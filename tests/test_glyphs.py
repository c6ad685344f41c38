"""Letters of fonts, edits of them, and questions about digits."""

import random
import unicodedata

import numpy as np
import pytest
from sklearn.datasets import load_digits

from companion.lab.edits import glyph_edits, letter_edits
from companion.lab.glyphs import ALPHABETS, FONTS, MARKS, glyphs
from companion.lab.questions import (
    OPENINGS,
    QUESTIONS,
    digit_questions,
    right_answers,
)

SETS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def drawn():
    return glyphs()


@pytest.fixture(scope="module")
def edits(drawn):
    return glyph_edits(drawn)


# Glyphs


def test_every_letter_is_drawn_once_in_each_font(drawn):
    fonts = list(zip(drawn.families, drawn.bold, drawn.slanted))

    pairs = set(zip(drawn.letters, fonts))
    assert set(fonts) == set(FONTS) and len(FONTS) == 12
    assert len(pairs) == len(drawn) == 12 * len(set(drawn.letters))
    assert len(set(drawn.letters)) > 500


def test_base_and_mark_are_those_of_unicode(drawn):
    for letter, base, mark in zip(drawn.letters, drawn.bases, drawn.marks):
        assert unicodedata.category(letter) in ("Lu", "Ll")
        accent = MARKS.get(mark, "")
        assert base + accent == unicodedata.normalize("NFD", letter)
        assert letter == unicodedata.normalize("NFC", base + accent)
    assert set(drawn.marks) == {"plain", *MARKS}


def test_no_two_glyphs_are_told_by_the_same_words(drawn):
    """Unicode has some Greek letters twice."""
    keys = set(
        zip(
            drawn.bases,
            drawn.marks,
            drawn.families,
            drawn.bold,
            drawn.slanted,
        )
    )

    assert len(keys) == len(drawn)


def test_every_name_says_alphabet_and_case(drawn):
    for letter, name in zip(drawn.letters, drawn.names):
        alphabet, case, word, *_ = name.split()
        assert alphabet in ALPHABETS and word == "letter"
        assert case == ("capital" if letter.isupper() else "small")
        assert unicodedata.lookup(name) == letter


def test_nothing_is_cut_at_the_edge_and_nothing_blank(drawn):
    edges = np.ones((32, 32, 1), bool)
    edges[1:-1, 1:-1] = False

    assert drawn.images.dtype == "uint8"
    assert not drawn.images[:, edges].any()
    assert drawn.images.max(axis=(1, 2, 3)).min() > 200
    assert np.median(drawn.images) == 0  # paper


def images_of(drawn, letter, families):
    chosen = (drawn.letters == letter) & np.isin(drawn.families, families)
    return drawn.images[chosen]


@pytest.mark.parametrize(
    ("names", "families"),
    [
        (("B", "BETA", "VE"), ("sans", "serif", "mono")),
        (("O", "OMICRON", "O"), ("sans", "serif", "mono")),
        (("A", "ALPHA", "A"), ("sans", "mono")),
    ],
)
def test_some_letters_look_the_same_in_three_alphabets(
    drawn, names, families
):
    """No reader of images can tell such letters apart."""
    same = [
        images_of(
            drawn,
            unicodedata.lookup(f"{alphabet} capital letter {name}"),
            families,
        )
        for alphabet, name in zip(ALPHABETS, names)
    ]

    assert len(same[0]) == 4 * len(families)
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same[0], same[2])


def test_rows_are_taken_by_number_or_by_mask(drawn):
    few = drawn.take(drawn.letters == "é")

    assert len(few) == 12 and set(few.bases) == {"e"}
    assert set(few.names) == {"latin small letter e with acute"}
    np.testing.assert_array_equal(
        drawn.take(np.array([3, 0])).images, drawn.images[[3, 0]]
    )


def test_nobody_can_paint_into_the_glyphs_of_others(drawn):
    with pytest.raises(ValueError, match="read-only"):
        drawn.images[0] = 255


def test_a_glyph_has_the_size_asked_for():
    small = glyphs(16)

    assert small.images.shape == (len(glyphs()), 16, 16, 1)


# Edits


def made_by(text, base, mark, family, bold, slanted):
    """A glyph after an instruction, as a reader would carry it out."""
    if text.startswith("add a"):
        assert mark == "plain"
        mark = text.split()[-1]
    elif text == f"remove the {mark}":
        mark = "plain"
    elif text == "remove its serifs":
        assert family == "serif"
        family = "sans"
    elif text == "give it serifs":
        assert family == "sans"
        family = "serif"
    elif text in ("make it bold", "make it light"):
        assert bold == (text == "make it light")
        bold = not bold
    elif text in ("slant it", "make it upright"):
        assert slanted == (text == "make it upright")
        slanted = not slanted
    elif text == "make it a capital":
        base = base.upper()
    else:
        assert text == "make it small"
        base = base.lower()
    letter = unicodedata.normalize("NFC", base + MARKS.get(mark, ""))
    return letter, base, mark, family, bold, slanted


def described(drawn, row):
    return (
        drawn.bases[row],
        drawn.marks[row],
        drawn.families[row],
        drawn.bold[row],
        drawn.slanted[row],
    )


def test_every_edit_does_what_its_words_say(drawn, edits):
    for (before, after), text in zip(*edits):
        assert made_by(text, *described(drawn, before)) == (
            drawn.letters[after],
            *described(drawn, after),
        )


def test_all_edits_are_there(drawn, edits):
    """Counted anew, for one letter in one font."""
    rows, texts = edits
    (row,) = np.flatnonzero(
        (drawn.letters == "e")
        & (drawn.families == "sans")
        & ~drawn.bold
        & ~drawn.slanted
    )

    found = dict(zip(texts[rows[:, 0] == row], rows[rows[:, 0] == row, 1]))
    added = (
        "a grave,a circumflex,a macron,a breve,a dot,a diaeresis,a caron"
    )
    assert set(found) == {
        "add an acute",
        "add a tilde",
        *(f"add {word}" for word in added.split(",")),
        "make it a capital",
        "make it bold",
        "slant it",
        "give it serifs",
    }
    letters = {drawn.letters[after] for after in found.values()}
    assert letters == set("éẽèêēĕėëěEe")


OPPOSITES = {
    "make it bold": "make it light",
    "slant it": "make it upright",
    "make it a capital": "make it small",
    "give it serifs": "remove its serifs",
    **{
        f"add {'an' if word == 'acute' else 'a'} {word}": (
            f"remove the {word}"
        )
        for word in MARKS
    },
}


def test_every_edit_has_its_opposite(edits):
    rows, texts = edits
    steps = set(zip(*rows.T.tolist(), texts.tolist()))
    opposite = OPPOSITES | {back: on for on, back in OPPOSITES.items()}

    assert set(opposite) == set(texts)
    for before, after, text in steps:
        assert (after, before, opposite[text]) in steps


def test_an_instruction_has_one_result_and_changes_the_image(drawn, edits):
    rows, texts = edits
    asked = set(zip(rows[:, 0], texts))

    assert len(asked) == len(rows) == len(texts)
    changed = drawn.images[rows[:, 0]] != drawn.images[rows[:, 1]]
    assert changed.any(axis=(1, 2, 3)).all()


def test_edits_of_some_glyphs_lead_to_these_alone(drawn):
    few = drawn.take(np.isin(drawn.letters, ["e", "é"]) & ~drawn.bold)

    rows, texts = glyph_edits(few)

    assert rows.max() < len(few)
    assert set(texts) == {
        "add an acute",
        "remove the acute",
        "slant it",
        "make it upright",
        "give it serifs",
        "remove its serifs",
    }


@pytest.fixture(scope="module")
def letters():
    return letter_edits(0, 6000, 300)


@pytest.fixture(scope="module")
def latin(drawn):
    return drawn.take(np.char.startswith(drawn.names, "latin"))


def test_letters_to_test_are_not_in_training(letters, latin):
    """In no case, with no accent, in no font, before or after."""
    train, test = (
        set(np.char.lower(latin.bases[rows]).ravel())
        for rows in (letters.train, letters.test)
    )

    assert not train & test
    assert len(test) >= 5
    assert letters.images.dtype == "float32"
    np.testing.assert_allclose(
        letters.images, latin.images / 255, rtol=1e-6
    )


def test_letters_are_edited_as_glyphs_are(letters, latin):
    known = set(map(tuple, glyph_edits(latin)[0].tolist()))
    for rows, texts in (
        (letters.train, letters.train_texts),
        (letters.test, letters.test_texts),
    ):
        assert set(map(tuple, rows.tolist())) <= known
        for (before, after), text in zip(rows, texts):
            assert made_by(text, *described(latin, before)) == (
                latin.letters[after],
                *described(latin, after),
            )


def test_twelve_instructions_are_equally_frequent_in_training(letters):
    texts, counts = np.unique(letters.train_texts, return_counts=True)

    assert len(texts) == 12 and set(letters.test_texts) <= set(texts)
    np.testing.assert_allclose(counts, 500, atol=110)  # 5 deviations


def test_a_seed_decides_the_letters(letters):
    again, other = letter_edits(0, 6000, 300), letter_edits(1, 6000, 300)

    for part in vars(letters):
        same = getattr(letters, part), getattr(again, part)
        np.testing.assert_array_equal(*same)
    assert not np.array_equal(letters.test, other.test)


# Questions


@pytest.fixture(scope="module")
def asked():
    sizes = dict(num_train=900, num_validation=400, num_test=2000)
    return dict(zip(SETS, digit_questions(0, **sizes)))


def writers_of(samples):
    """Of each half of each image: who wrote it, found by its pixels."""
    bunch = load_digits()
    starts = "130 256 386 516 646 776 915 1029 1157 1287 1415 1545 1667"
    places = {
        (image / 16).astype("float32").tobytes(): row
        for row, image in enumerate(bunch.images)
    }
    halves = np.split(samples.images[..., 0], 2, axis=2)
    rows = np.array(
        [[places[h.tobytes()] for h in half] for half in halves]
    )
    assert (bunch.target[rows.T] == samples.digits).all()
    return set(np.digitize(rows, [int(n) for n in starts.split()]).ravel())


@pytest.mark.parametrize("seed", range(4))
def test_no_writer_is_in_two_sets(seed):
    samples = digit_questions(seed, 900, 400, 600)

    train, validation, test = map(writers_of, samples)

    assert not train & validation and not test & (train | validation)
    assert (len(train), len(validation), len(test)) == (9, 2, 3)


def test_a_seed_chooses_other_writers_and_wordings(asked):
    other = digit_questions(1, 400, 50, 50)

    assert writers_of(other[2]) != writers_of(asked["test"])
    assert set(other[0].texts) != set(asked["train"].texts)


@pytest.mark.parametrize("name", SETS)
def test_answers_are_those_of_a_reader(asked, name):
    """Found from the words of each question."""
    samples = asked[name]
    for text, answer, (left, right) in zip(
        samples.texts, samples.answers, samples.digits
    ):
        if "larger" in text or "greater" in text:
            assert answer == max(left, right)
        elif "smaller" in text or "lesser" in text:
            assert answer == min(left, right)
        elif "left" in text or "first" in text:
            assert answer == left
        else:
            assert "right" in text or "second" in text
            assert answer == right


def test_right_answers_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    digits, kinds = rng.integers(0, 10, (200, 2)), rng.integers(0, 4, 200)

    loop = []
    for (left, right), kind in zip(digits.tolist(), kinds.tolist()):
        name = list(QUESTIONS)[kind]
        larger = left if left > right else right
        by_name = {"left": left, "right": right, "larger": larger}
        loop.append(by_name.get(name, left + right - larger))

    answers = right_answers(digits, kinds)
    assert answers.tolist() == loop and answers.dtype == "int32"


def test_kinds_are_those_of_the_words(asked):
    for samples in asked.values():
        options = [list(QUESTIONS.values())[kind] for kind in samples.kinds]
        for text, words in zip(samples.texts, options):
            opening, found = next(
                (text.removesuffix(w).strip(), w)
                for w in words
                if text.endswith(w)
            )
            assert opening in OPENINGS
            assert 3 <= len(text.split()) <= 10


def test_one_wording_in_five_is_new_in_the_test(asked):
    train, test = set(asked["train"].texts), asked["test"]
    everything = len(OPENINGS) * sum(map(len, QUESTIONS.values()))

    assert (len(train), everything) == (48, 60)
    assert set(asked["validation"].texts) <= train
    assert asked["train"].known_wording.all()
    assert asked["validation"].known_wording.all()
    known = [text in train for text in test.texts]
    assert test.known_wording.tolist() == known
    assert len(set(test.texts)) == everything
    assert np.mean(known) == pytest.approx(0.8, abs=0.03)


def test_images_are_two_digits_side_by_side(asked):
    for samples, size in zip(asked.values(), (900, 400, 2000)):
        assert samples.images.shape == (size, 8, 16, 1)
        assert samples.images.dtype == "float32"
        assert (samples.images.min(), samples.images.max()) == (0, 1)
        assert {
            a.dtype.name for a in (samples.answers, samples.digits)
        } == {"int32"}


def test_a_seed_decides_everything_and_nothing_else_is_touched():
    random.seed(3), np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()

    first, again, other = (
        digit_questions(seed, 60, 20, 20) for seed in (5, 5, 6)
    )

    assert before == (random.getstate(), np.random.get_state()[1].tolist())
    for one, two, three in zip(first, again, other):
        for part in vars(one):
            np.testing.assert_array_equal(
                getattr(one, part), getattr(two, part)
            )
        assert not np.array_equal(one.images, three.images)
