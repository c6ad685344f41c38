"""What `check` cannot see, each told to whoever reads of it."""

#: What `check` cannot see, by kind: each is told to the user as a limit.
LIMITS = {
    "It is not told whether fit or predict comes next: inputs alone, and a "
    "model that is not compiled, are checked as for predict.": (
        "a_model_that_is_not_compiled",
        "forgotten_targets",
    ),
    "Metrics are not held against the labels and answers they compare.": (
        "accuracy_of_logits",
        "accuracy_of_labels_of_minus_one_and_one",
        "exact_accuracy_of_one_hot_rows",
        "categorical_accuracy_of_class_numbers",
    ),
    "Numbers are not followed through arithmetic inside the model.": (
        "ids_that_the_model_moves_below_the_table",
    ),
}
BEYOND = {name: why for why, names in LIMITS.items() for name in names}
#: Changes of random pairs of these kinds.
CHANGES_BEYOND = ("a_metric_for_other_targets", "ids_below_the_table")
