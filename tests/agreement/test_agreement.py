"""`check` is held against `fit`, situation by situation."""

import inspect

import about_batches  # noqa: F401
import about_forms  # noqa: F401
import about_frames  # noqa: F401
import about_image_text  # noqa: F401
import about_inputs  # noqa: F401
import about_late_rows  # noqa: F401
import about_layers  # noqa: F401
import about_losses  # noqa: F401
import about_missing  # noqa: F401
import about_models  # noqa: F401
import about_other_models  # noqa: F401
import about_own_losses  # noqa: F401
import about_sensors  # noqa: F401
import about_streams  # noqa: F401
import about_targets  # noqa: F401
import about_weights  # noqa: F401
import pytest
from judge import SITUATIONS, verdict, what_check_says, what_keras_does
from limits import BEYOND, LIMITS

from companion import ContractError, ContractWarning, check
from companion.errors import Problem

every_situation = pytest.mark.parametrize(
    "situation", SITUATIONS.values(), ids=SITUATIONS
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of models that it makes
@every_situation
def test_check_agrees_with_fit(situation):
    truth, words = what_keras_does(situation)
    assert truth == situation.truth, words

    said, words = what_check_says(situation)
    found = verdict(truth, said)
    assert (found == "agreed") is (situation.name not in BEYOND), words


def test_limits_are_few_and_told_to_whoever_reads_of_check():
    told = " ".join(inspect.getdoc(check).split())

    assert len(LIMITS) <= 5
    assert set(BEYOND) <= set(SITUATIONS)
    for limit in LIMITS:
        assert limit in told


def accept(model, data, **asked):
    """A check that finds nothing."""


def refuse(model, data, **asked):
    """A check that finds something everywhere."""
    raise ContractError(Problem("data", "nothing", "something", "Go."))


def crash(model, data, **asked):
    raise KeyError("data")


def warn(model, data, **asked):
    import warnings

    warnings.warn("it may", ContractWarning, stacklevel=2)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (accept, {"agreed", "missed failure", "missed silence"}),
        (refuse, {"false alarm", "agreed"}),
        (warn, {"agreed", "missed failure"}),
        (crash, {"crash"}),
    ],
)
def test_a_check_that_knows_nothing_is_told(broken, told):
    """Else the judge would agree with anybody."""
    found = set()
    for truth in ("runs", "fails", "silent"):
        situation = next(s for s in SITUATIONS.values() if s.truth == truth)
        said, _ = what_check_says(situation, broken)
        found.add(verdict(truth, said))

    assert found == told
