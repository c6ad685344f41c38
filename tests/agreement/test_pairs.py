"""Random pairs are what they should be, and `check` agrees on them."""

import textwrap
from collections import Counter

import numpy as np
import pytest
from changes import CHANGES
from judge import what_keras_does
from pairs import TURNS, describe, judged, main_pairs, pair
from test_agreement import accept, refuse

#: Errors of Keras itself, on data that is right.
ERRORS_OF_KERAS = (
    "KeyError: 0",  # weights in a dict, and outputs in a list
    "KeyError: '",  # a metric, beside an output without targets
)
PAIRS, BLOCK = 200, 20


def shown(value):
    """The same with arrays and functions in words."""
    if isinstance(value, dict):
        return {name: shown(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(part) for part in value]
    return repr(np.asarray(value)) if hasattr(value, "shape") else value


@pytest.mark.slow
def test_a_pair_is_made_of_its_seed_alone():
    for seed in range(0, len(TURNS), 7):
        one, other = pair(seed), pair(seed)

        assert describe(one) == describe(other)
        assert shown(one.given) == shown(other.given)
        assert shown(one.meant) == shown(other.meant)


@pytest.mark.slow
def test_seeds_in_a_row_take_every_change():
    made = {pair(seed).change.split(" ")[0] for seed in range(len(TURNS))}

    assert made == {"nothing", *CHANGES}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_keras_trains_on_what_is_right():
    """On what is meant, too: weights agree with those trained by hand."""
    found = Counter()
    for seed in range(4 * len(TURNS)):
        if TURNS[seed % len(TURNS)] == "nothing":
            truth, words = what_keras_does(pair(seed))
            known = truth == "fails" and words.startswith(ERRORS_OF_KERAS)
            assert truth == "runs" or known, describe(pair(seed))
            found[truth] += 1

    assert found["runs"] > 10 * found["fails"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, PAIRS, BLOCK))
def test_check_agrees_with_fit_on_random_pairs(first):
    told = []
    for seed in range(first, first + BLOCK):
        kind, text = judged(seed)
        if kind not in ("agreed", "limit"):
            told.append(text)

    assert not told, "\n" + "\n".join(told)


def told_of(check):
    """What is found on pairs that run, fail, and are silent."""
    names = (
        "nothing",
        "inputs_with_a_misspelt_name",
        "inputs_that_are_masked",
    )
    return Counter(judged(TURNS.index(n), check)[0] for n in names)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_check_that_accepts_all_is_told():
    assert told_of(accept) == {
        "agreed": 1,
        "missed failure": 1,
        "missed silence": 1,
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_check_that_refuses_all_is_told():
    assert told_of(refuse) == {"false alarm": 1, "agreed": 2}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_disagreement_says_how_to_see_it_again(capsys):
    found = main_pairs(1, first=0, check=refuse)

    line = capsys.readouterr().out
    assert found == {"false alarm": 1}
    assert textwrap.shorten(line, 26, placeholder="") == (
        "false alarm --pair 0 runs,"
    )
