"""`check` is held against `fit`, situation by situation."""

import about_batches  # noqa: F401
import about_inputs  # noqa: F401
import about_models  # noqa: F401
import about_targets  # noqa: F401
import pytest
from judge import SITUATIONS, verdict, what_check_says, what_keras_does

from companion import ContractError, ContractWarning, Problem

#: Where `check` does not agree with `fit` yet. What is mended leaves this
#: list, and nothing joins it.
NOT_YET = {
    **dict.fromkeys(
        (
            "a_name_too_many",
            "batches_for_predict",
            "columns_without_an_axis",
            "numbers_of_bfloat16",
            "whole_numbers_for_a_mask",
            "texts_as_objects_for_an_axis_of_one",
            "a_series_for_each_input",
            "a_sparse_tensor",
            "a_gap_that_the_model_fills",
            "two_flags_of_which_one_is_set",
            "nested_inputs",
            "an_optional_input_that_is_absent",
            "a_sequential_model_without_an_input",
            "a_subclassed_model",
            "targets_of_a_step_of_ones_own",
            "a_loss_of_the_model_that_needs_no_targets",
            "a_class_that_the_loss_ignores",
            "a_loss_that_leaves_gaps_out",
        ),
        "false alarm",
    ),
    **dict.fromkeys(
        (
            "a_dict_of_another_kind",
            "a_data_set_without_shapes",
            "texts_as_objects_with_an_axis",
            "frames_in_batches",
            "ids_that_the_model_moves_out_of_the_table",
            "an_input_called_by_the_name_of_its_tensor",
            "a_dict_for_a_single_answer",
            "weights_with_three_columns",
            "none_in_the_place_of_weights",
            "a_weight_for_each_series",
        ),
        "missed failure",
    ),
    **dict.fromkeys(
        (
            "whole_numbers_first",
            "three_labels_for_hinge",
            "whole_labels_first",
            "a_metric_of_another_name",
            "weights_that_go_to_time_steps",
        ),
        "missed silence",
    ),
    **dict.fromkeys(
        ("a_length_that_is_a_float",),
        "crash",
    ),
}
every_situation = pytest.mark.parametrize(
    "situation", SITUATIONS.values(), ids=SITUATIONS
)


@pytest.mark.slow
@every_situation
def test_check_agrees_with_fit(situation):
    truth, words = what_keras_does(situation)
    assert truth == situation.truth, words

    said, words = what_check_says(situation)
    expected = NOT_YET.get(situation.name, "agreed")
    assert verdict(truth, said) == expected, words


def test_what_is_not_agreed_on_is_a_situation():
    assert set(NOT_YET) <= set(SITUATIONS)


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
    ("check", "told"),
    [
        (accept, {"agreed", "missed failure", "missed silence"}),
        (refuse, {"false alarm", "agreed"}),
        (warn, {"agreed", "missed failure"}),
        (crash, {"crash"}),
    ],
)
def test_a_check_that_knows_nothing_is_told(check, told):
    """Else the judge would agree with anybody."""
    found = set()
    for truth in ("runs", "fails", "silent"):
        situation = next(s for s in SITUATIONS.values() if s.truth == truth)
        said, _ = what_check_says(situation, check)
        found.add(verdict(truth, said))

    assert found == told
