"""Weights of rows and of losses, the losses of two answers, metrics."""

import keras
import numpy as np
from judge import Given, fails, runs, silent
from models import (
    ONES,
    PARCEL,
    TWO,
    Batches,
    N,
    X,
    classifier,
    of_two,
    parcel,
)

RISING = np.linspace(0, 1, N)
SQUARES = {"price": "mse", "days": "mse"}
PAIR = [ONES, ONES]


def weighed(weights):
    """Rows of the only answer, with weights."""
    fit = {"sample_weight": weights}
    return Given(parcel(), PARCEL, ONES, fit)


def two_weighed(weights, targets=TWO):
    """Two answers by name, or in order if the targets are not by name."""
    by_name = targets is TWO
    model = of_two(SQUARES if by_name else ["mse", "mse"], by_name)
    return Given(model, X, targets, {"sample_weight": weights})


# Weights of rows


@runs
def weights_in_a_column():
    return weighed(RISING[:, None])


def trained_by(weights):
    """How far the answers are from 1 before and after ten epochs."""
    model = parcel()
    gaps = [np.abs(model.predict(PARCEL, verbose=0) - 1).mean()]
    fit = {"sample_weight": weights, "epochs": 10, "verbose": 0}
    model.fit(PARCEL, ONES, **fit)
    gaps.append(np.abs(model.predict(PARCEL, verbose=0) - 1).mean())
    return gaps


def stays(weights):
    before, after = trained_by(weights)
    return before == after


def flees(weights):
    before, after = trained_by(weights)
    return after > 2 * before


@silent(lambda: stays(0 * ONES))
def weights_that_are_all_0():
    return weighed(0 * ONES)


@silent(lambda: flees(-ONES))
def weights_below_0():
    return weighed(-ONES)


@silent(lambda: False)
def a_gap_in_the_weights():
    """The loss is NaN, which the judge takes for silent."""
    return weighed(np.where(RISING > 0.5, np.nan, 1.0))


@fails
def weights_in_words():
    return weighed(np.array(["high", "low"] * 4))


@fails
def weights_as_plain_numbers():
    return weighed([1.0] * N)


@fails
def weights_by_the_name_of_the_only_answer():
    return weighed({"price": ONES})


@runs
def a_weight_for_each_step():
    steps = keras.Input((5, 1), name="x")
    model = keras.Model([steps], keras.layers.Dense(1)(steps))
    model.compile("sgd", "mse")
    weights = np.tile(RISING[:, None], 5)
    data = {"x": np.ones((N, 5, 1))}
    targets = np.ones((N, 5, 1))
    return Given(model, data, targets, {"sample_weight": weights})


# Weights of losses that have one value for several rows

PIXELS = np.linspace(0, 1, N * 6).reshape(N, 2, 3, 1)


def segmenting(weights, **over):
    """Yes or no for each pixel, by the share of it that is found."""
    x = keras.Input((2, 3, 1), name="x")
    dense = keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")
    model = keras.Model([x], dense(x))
    model.compile("sgd", keras.losses.Dice(**over))
    mask = PIXELS > 0.5
    return Given(model, {"x": PIXELS}, mask, {"sample_weight": weights})


def weighed_loss(make, weights):
    given = make(weights)
    return given.model.evaluate(
        given.data, given.targets, sample_weight=weights, verbose=0
    )


def are_averaged(make, weights=RISING):
    """Whether weights and the same in reverse are one."""
    losses = [weighed_loss(make, w) for w in (weights, weights[::-1])]
    return np.isclose(*losses)


@silent(lambda: are_averaged(segmenting))
def weights_of_rows_for_one_share_of_the_batch():
    return segmenting(RISING)


@runs
def the_same_weight_for_one_share_of_the_batch():
    return segmenting(2 * ONES)


def a_share_each(weights):
    return segmenting(weights, axis=(1, 2, 3))


@runs
def weights_of_rows_for_a_share_each():
    assert not are_averaged(a_share_each)
    return a_share_each(RISING)


@silent(lambda: are_averaged(a_share_each, RISING[:, None, None]))
def weights_with_axes_for_a_share_each():
    return a_share_each(RISING[:, None, None])


def shares_of_kinds(weights):
    return segmenting(weights, axis=(0, 1, 2))


@silent(lambda: are_averaged(shares_of_kinds))
def weights_of_rows_for_a_share_of_each_kind():
    return shares_of_kinds(RISING)


def without_an_axis(weights):
    x = keras.Input((1,), name="x")
    model = keras.Model([x], keras.layers.Reshape(())(x))
    model.compile("sgd", "mse")
    return Given(model, {"x": RISING}, ONES, {"sample_weight": weights})


@silent(lambda: are_averaged(without_an_axis))
def weights_of_rows_for_an_answer_without_an_axis():
    return without_an_axis(RISING)


def alike_along_steps(weights):
    steps = keras.Input((5, 3), name="x")
    model = keras.Model([steps], keras.layers.Dense(3)(steps))
    model.compile("sgd", keras.losses.CosineSimilarity(axis=1))
    data = np.linspace(-1, 1, N * 15).reshape(N, 5, 3)
    return Given(model, {"x": data}, data, {"sample_weight": weights})


@runs
def a_weight_for_each_direction_along_steps():
    return alike_along_steps(np.tile(RISING[:, None], 3))


@fails
def a_weight_for_each_step_of_directions_along_steps():
    return alike_along_steps(np.tile(RISING[:, None], 5))


# Weights of several answers


@runs
def weights_of_rows_for_two_answers():
    return two_weighed(RISING)


@runs
def weights_in_a_list_for_targets_in_a_list():
    return two_weighed(PAIR, PAIR)


@fails
def weights_in_a_tuple_for_targets_in_a_list():
    return two_weighed(tuple(PAIR), PAIR)


@fails
def weights_by_name_for_targets_in_order():
    return two_weighed(TWO, PAIR)


@fails
def weights_and_targets_by_name_for_answers_in_order():
    model = of_two(["mse", "mse"], as_dict=False)
    return Given(model, X, TWO, {"sample_weight": TWO})


@fails
def weights_of_another_name():
    return two_weighed({"price": ONES, "time": ONES})


@runs
def weights_of_a_name_too_many_in_batches():
    batch = X, TWO, TWO | {"time": ONES}
    return Given(of_two(SQUARES), Batches(batch), fit={"shuffle": False})


@runs
def no_weights_for_one_of_two_answers():
    return two_weighed({"price": RISING, "days": None})


# Losses of two answers


def of_nought(model, data, targets):
    """What `evaluate` finds if all answers are 0."""
    model.set_weights([0 * values for values in model.get_weights()])
    return model.evaluate(data, targets, verbose=0, return_dict=True)


def evaluated(loss, as_dict=True, **compiled):
    """Where a price of 3 and 1 day are right."""
    right = {"price": 3 * ONES, "days": ONES}
    targets = right if as_dict else list(right.values())
    return of_nought(of_two(loss, as_dict, **compiled), X, targets)


PRICE_TWICE = 2 * 3**2 + 1


@silent(lambda: evaluated(["mse", "mae"])["loss"] == 3 + 1**2)
def losses_in_order_for_answers_by_name():
    """They go to the names in alphabetical order."""
    return Given(of_two(["mse", "mae"]), X, TWO)


@silent(lambda: evaluated(["mse"], as_dict=False)["loss"] == 3**2)
def one_loss_in_a_list_for_two_answers():
    return Given(of_two(["mse"], as_dict=False), X, PAIR)


@fails
def a_loss_for_an_answer_that_is_none():
    return Given(of_two({"price": "mse", "time": "mse"}), X, TWO)


@fails
def a_loss_by_name_for_one_of_two_answers_in_order():
    return Given(of_two({"price": "mse"}, as_dict=False), X, PAIR)


@silent(
    lambda: (
        evaluated(SQUARES, loss_weights=[2.0, 1.0])["loss"] != PRICE_TWICE
    )
)
def loss_weights_in_order_for_losses_by_name():
    model = of_two(SQUARES, loss_weights=[2.0, 1.0])
    return Given(model, X, TWO)


BY_NAME = {"price": 2.0, "days": 1.0}


@silent(
    lambda: (
        evaluated(["mse", "mse"], False, loss_weights=BY_NAME)["loss"]
        != PRICE_TWICE
    )
)
def loss_weights_by_name_for_losses_in_order():
    model = of_two(["mse", "mse"], False, loss_weights=BY_NAME)
    return Given(model, X, PAIR)


@fails
def a_loss_weight_for_one_of_two_losses():
    return Given(of_two(SQUARES, loss_weights={"price": 2.0}), X, TWO)


@fails
def one_loss_weight_for_two_losses():
    model = of_two(["mse", "mse"], False, loss_weights=0.5)
    return Given(model, X, PAIR)


@runs
def one_loss_weight_for_one_loss_of_two_answers():
    return Given(of_two("mse", loss_weights=np.float64(0.5)), X, TWO)


@silent(
    lambda: (
        of_nought(parcel(loss_weights={"cost": 2.0}), PARCEL, ONES)["loss"]
        == 2
    )
)
def a_loss_weight_of_another_name_for_the_only_answer():
    return Given(parcel(loss_weights={"cost": 2.0}), PARCEL, ONES)


# Targets of two answers


@silent(
    lambda: (
        of_nought(of_two(SQUARES), X, [3 * ONES, ONES])["price_loss"] == 1
    )
)
def targets_in_order_for_answers_by_name():
    return Given(of_two(SQUARES), X, PAIR)


@runs
def one_target_in_a_tuple_for_one_loss_by_name():
    return Given(of_two({"price": "mse"}), X, (ONES,))


# Metrics


@fails
def a_metric_for_an_answer_that_is_none():
    return Given(of_two(SQUARES, metrics={"cost": "mae"}), X, TWO)


@fails
def one_metric_for_two_answers():
    return Given(of_two(SQUARES, metrics=["mae"]), X, TWO)


def is_logged(name, metrics):
    return name in evaluated(SQUARES, metrics=metrics)


@silent(lambda: not is_logged("price_mae", [["mae"], ["mape"]]))
def metrics_in_order_for_answers_by_name():
    model = of_two(SQUARES, metrics=[["mae"], ["mape"]])
    return Given(model, X, TWO)


@silent(
    lambda: (
        not evaluated("mse", False, metrics=["mae", "mape"]).get("days_mae")
    )
)
def as_many_metrics_as_answers():
    """Each answer gets one of them, though a list is for all."""
    model = of_two("mse", False, metrics=["mae", "mape"])
    return Given(model, X, PAIR)


@runs
def metrics_by_name_for_one_of_two_answers_in_order():
    model = of_two(["mse", "mse"], False, weighted_metrics={"days": "mae"})
    return Given(model, X, PAIR)


KINDS = np.arange(N) % 3


def measured(loss, metric, classes=3, **last):
    model = classifier(loss, classes, **last)
    model.compile("sgd", loss, metrics=[metric])
    return model


def accuracy(bias, label, **options):
    """Of a model whose answer is the bias."""
    made = keras.initializers.Constant(bias)
    options |= {"kernel_initializer": "zeros", "bias_initializer": made}
    model = measured("mse", "accuracy", 1, **options)
    labels = label * ONES
    return model.evaluate(X, labels, verbose=0, return_dict=True)[
        "accuracy"
    ]


LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


@silent(lambda: accuracy(0.2, 1, activation=None) == 0)
def accuracy_of_logits():
    """A logit above 0 is a yes, and one above 0.5 is taken for it."""
    return Given(
        measured(LOGITS, "accuracy", 1, activation=None), X, KINDS % 2
    )


@silent(lambda: accuracy(-5.0, -1, activation="tanh") == 0)
def accuracy_of_labels_of_minus_one_and_one():
    model = measured("hinge", "accuracy", 1, activation="tanh")
    return Given(model, X, np.array([-1, 1] * 4))


def exact_matches():
    metric = keras.metrics.Accuracy()
    metric.update_state([[1.0, 0.0]], [[0.99, 0.01]])
    return float(metric.result())


@silent(lambda: exact_matches() == 0)
def exact_accuracy_of_one_hot_rows():
    loss = "categorical_crossentropy"
    model = measured(loss, keras.metrics.Accuracy())
    return Given(model, X, np.eye(3)[KINDS])


def right_classes():
    metric = keras.metrics.CategoricalAccuracy()
    metric.update_state([2, 1], [[0.0, 0, 1], [0, 1, 0]])
    return float(metric.result())


@silent(lambda: right_classes() < 1)
def categorical_accuracy_of_class_numbers():
    loss = "sparse_categorical_crossentropy"
    return Given(measured(loss, "categorical_accuracy"), X, KINDS)


@fails
def auc_of_class_numbers():
    loss = "sparse_categorical_crossentropy"
    return Given(measured(loss, keras.metrics.AUC()), X, KINDS)
