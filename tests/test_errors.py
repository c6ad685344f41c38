import pickle

import pytest

from companion import ContractError, DataError
from companion.errors import CompanionError, Problem

AGE = Problem('input "age"', "100 rows", "99 rows", "Add one.")
NAME = Problem('input "name"', "numbers", "str", "Number them.")


def test_a_problem_says_where_expected_received_and_what_to_do():
    assert str(AGE) == (
        'input "age": expected 100 rows. Received: 99 rows. Add one.'
    )


@pytest.mark.parametrize("kind", [DataError, ContractError])
def test_an_error_is_a_value_error_that_keeps_its_problems(kind):
    error = kind([AGE, NAME])

    assert isinstance(error, ValueError)
    assert error.problems == (AGE, NAME)


def test_one_problem_is_told_in_one_line():
    assert str(DataError(AGE)) == str(AGE)


def test_several_problems_are_counted_and_listed():
    assert str(DataError([AGE, NAME])).splitlines() == [
        "2 problems:",
        f"  1. {AGE}",
        f"  2. {NAME}",
    ]


def test_an_error_comes_back_whole_from_a_worker_process():
    error = pickle.loads(pickle.dumps(ContractError([AGE, NAME])))

    assert isinstance(error, CompanionError)
    assert error.problems == (AGE, NAME)
