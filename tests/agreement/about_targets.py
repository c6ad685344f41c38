"""Targets, the losses that read them, sample weights and metrics."""

import keras
import numpy as np
from judge import Given, fails, runs, silent
from keras import ops
from models import (
    ONES,
    PARCEL,
    TWO,
    Batches,
    N,
    X,
    classifier,
    endless,
    of_one,
    of_two,
    parcel,
)

KINDS = np.arange(N) % 3
SPARSE = keras.losses.SparseCategoricalCrossentropy


def trained_on(batch):
    """The loss of a model that answers 0 with series of five steps."""
    steps = keras.Input((5, 1), name="x")
    nought = keras.layers.Dense(1, kernel_initializer="zeros")(steps)
    model = keras.Model([steps], nought)
    model.compile("sgd", "mse")
    return model, model.evaluate(Batches(batch), verbose=0)


# One output


@fails
def a_dict_for_a_single_answer():
    return Given(parcel(), PARCEL, {"price": ONES})


@runs
def targets_with_an_axis_of_one():
    return Given(parcel(), PARCEL, ONES[:, None])


@silent(
    lambda: np.isfinite(
        parcel().evaluate(PARCEL, np.ones((N, 7)), verbose=0)
    )
)
def targets_that_are_stretched():
    return Given(parcel(), PARCEL, np.ones((N, 7)))


@fails
def targets_of_other_rows():
    return Given(parcel(), PARCEL, np.ones(N - 1))


@fails
def words_for_classes():
    words = np.array(["air", "sea"] * 4)
    return Given(classifier("sparse_categorical_crossentropy"), X, words)


@fails
def forgotten_targets():
    return Given(parcel(), Batches((PARCEL,)), fit={"shuffle": False})


@runs
def a_class_of_loss_by_its_name():
    return Given(classifier("SparseCategoricalCrossentropy"), X, KINDS)


@runs
def a_loss_with_a_name_of_its_own():
    return Given(classifier(SPARSE(name="kind_loss")), X, KINDS)


@runs
def a_loss_in_a_function():
    def doubled(wanted, given):
        loss = keras.losses.sparse_categorical_crossentropy
        return 2.0 * loss(wanted, given)

    return Given(classifier(doubled), X, KINDS)


@fails
def class_numbers_for_a_one_hot_loss():
    return Given(classifier("CategoricalCrossentropy"), X, KINDS)


@fails
def one_hot_rows_for_a_sparse_loss():
    model = classifier("sparse_categorical_crossentropy")
    return Given(model, X, np.eye(3)[KINDS])


@runs
def a_class_that_the_loss_ignores():
    model = classifier(SPARSE(ignore_class=-1))
    return Given(model, X, np.where(KINDS == 2, -1, KINDS))


@runs
def logits():
    model = classifier(SPARSE(from_logits=True), activation=None)
    return Given(model, X, KINDS)


@silent(lambda: keras.losses.binary_crossentropy([[2.0]], [[0.999]])[0] < 0)
def three_labels_for_a_yes_or_no():
    return Given(classifier("bce", 1), X, KINDS)


def hinge_of_label_0(answer):
    """Beside labels 1 and 2: of 0 and 1 alone Keras makes -1 and 1."""
    labels, answers = [[0.0], [1.0], [2.0]], [[answer]] * 3
    return float(keras.losses.hinge(labels, answers)[0])


@silent(lambda: hinge_of_label_0(-5.0) == hinge_of_label_0(5.0) == 1)
def three_labels_for_hinge():
    model = classifier(keras.losses.Hinge(), 1, activation=None)
    return Given(model, X, KINDS)


@runs
def labels_of_minus_one_and_one():
    model = classifier("hinge", 1, activation="tanh")
    return Given(model, X, np.array([-1, 1] * 4))


@runs
def a_loss_that_leaves_gaps_out():
    def of_the_known(wanted, given):
        known = ops.logical_not(ops.isnan(wanted))
        gap = ops.where(known, ops.where(known, wanted, 0.0) - given, 0.0)
        return ops.mean(ops.square(gap), axis=-1)

    wanted = np.ones((N, 3))
    wanted[2, 1] = np.nan
    model = classifier(of_the_known, activation=None)
    return Given(model, X, wanted)


@runs
def one_number_for_three_quantiles():
    def pinball(wanted, given):
        shares = ops.convert_to_tensor([0.1, 0.5, 0.9])
        gap = wanted - given
        larger = ops.maximum(shares * gap, (shares - 1) * gap)
        return ops.mean(larger, axis=-1)

    model = classifier(pinball, activation=None)
    return Given(model, X, ONES[:, None])


@runs
def letters_for_steps_of_sound():
    sound = keras.Input((5, 3), name="x")
    letters = keras.layers.Dense(4, activation="softmax")(sound)
    model = keras.Model([sound], letters)
    model.compile("sgd", keras.losses.CTC())
    data = {"x": np.ones((N, 5, 3))}
    return Given(model, data, np.ones((N, 2), "int32"))


def labels_that_turn_to_fractions():
    x = {"x": np.ones((2, 1))}
    return endless((x, np.array([0, 0])), (x, np.array([0.5, 0.5])))


def loss_of_whole_labels_first():
    x = keras.Input((1,), name="x")
    nought = keras.layers.Dense(1, kernel_initializer="zeros")(x)
    model = keras.Model([x], nought)
    model.compile("sgd", "mse")
    data = labels_that_turn_to_fractions()()
    return model.evaluate(data, steps=2, verbose=0)


@silent(lambda: loss_of_whole_labels_first() == 0)
def whole_labels_first():
    data = labels_that_turn_to_fractions()
    return Given(of_one((1,)), data, fit={"steps_per_epoch": 2})


# Several outputs


@runs
def answers_by_name():
    return Given(of_two({"price": "mse", "days": "mae"}), X, TWO)


@runs
def an_answer_without_a_loss():
    return Given(of_two({"price": "mse"}), X, {"price": ONES})


@runs
def a_loss_that_is_none():
    model = of_two(["mse", None], as_dict=False)
    return Given(model, X, {"price": ONES})


@runs
def targets_without_a_loss():
    model = of_two(["mse", None], as_dict=False)
    return Given(model, X, [ONES, ONES])


def answers_learned(names, gives, losses, targets):
    """What answers of 0 are drawn to: half of the target they get."""
    x, half = keras.Input((2,), name="x"), keras.optimizers.SGD(0.25)
    made = {
        name: keras.layers.Dense(1, name=name, kernel_initializer="zeros")
        for name in names
    }
    answers = {name: layer(x) for name, layer in made.items()}
    answers = answers if gives is dict else list(answers.values())
    model = keras.Model([x], answers)
    model.compile(half, losses)
    model.fit(X, targets, verbose=0)
    return model, [float(layer.bias[0]) for layer in made.values()]


SOLD = ("sold", "kind", "price")
LISTED, BY_NAME = ["mse", "mse", None], {"sold": "mse", "kind": "mse"}
SOME = {"sold": 2 * ONES, "kind": 4 * ONES}


@silent(lambda: answers_learned(SOLD, list, LISTED, SOME)[1] == [2, 1, 0])
def targets_by_name_for_some_of_the_answers_in_a_list():
    model, _ = answers_learned(SOLD, list, LISTED, SOME)
    return Given(model, X, SOME)


@runs
def targets_by_name_for_all_of_the_answers_in_a_list():
    targets = SOME | {"price": ONES}
    model, learned = answers_learned(SOLD, list, LISTED, targets)
    assert learned == [1, 2, 0]
    return Given(model, X, targets)


@silent(
    lambda: (
        answers_learned(SOLD, dict, BY_NAME, [*SOME.values()])[1]
        == [2, 1, 0]
    )
)
def targets_in_a_list_for_some_of_the_answers_by_name():
    targets = [*SOME.values()]
    model, _ = answers_learned(SOLD, dict, BY_NAME, targets)
    return Given(model, X, targets)


@runs
def targets_by_name_for_some_of_the_answers_by_name():
    model, learned = answers_learned(SOLD, dict, BY_NAME, SOME)
    assert learned == [1, 2, 0]
    return Given(model, X, SOME)


KIND = {"kind": 2 * ONES}


@silent(
    lambda: (
        answers_learned(SOLD, list, ["mse", None, None], KIND)[1]
        == [1, 0, 0]
    )
)
def a_target_in_the_place_of_another():
    losses = ["mse", None, None]
    return Given(answers_learned(SOLD, list, losses, KIND)[0], X, KIND)


@runs
def losses_in_a_list():
    return Given(of_two(["mse", "mae"], as_dict=False), X, (ONES, ONES))


def loss_by_other_weights(weights):
    model = of_two({"price": "mse", "days": "mse"}, loss_weights=weights)
    zero = [np.zeros_like(w) for w in model.get_weights()]
    model.set_weights(zero)
    targets = {"price": 2 * ONES, "days": ONES}
    return model.evaluate(X, targets, verbose=0)[0]


@silent(
    lambda: (
        loss_by_other_weights({"price": 1, "time": 10})
        != loss_by_other_weights({"price": 1, "days": 10})
    )
)
def loss_weights_of_another_name():
    losses = {"price": "mse", "days": "mse"}
    return Given(
        of_two(losses, loss_weights={"price": 1, "time": 10}), X, TWO
    )


def logged_under_another_name():
    model = parcel(metrics={"cost": ["mae"]})
    return model.fit(PARCEL, ONES, verbose=0).history


@silent(lambda: "mae" in logged_under_another_name())
def a_metric_of_another_name():
    return Given(parcel(metrics={"cost": ["mae"]}), PARCEL, ONES)


# Sample weights


@runs
def a_weight_for_each_row():
    batch = PARCEL, ONES, np.linspace(0, 1, N)
    return Given(parcel(), Batches(batch), fit={"shuffle": False})


@fails
def weights_with_three_columns():
    batch = PARCEL, ONES, np.ones((N, 3))
    return Given(parcel(), Batches(batch), fit={"shuffle": False})


@fails
def weights_for_one_of_two_answers():
    batch = X, TWO, {"price": ONES}
    model = of_two({"price": "mse", "days": "mse"})
    return Given(model, Batches(batch), fit={"shuffle": False})


@fails
def none_in_the_place_of_weights():
    batch = PARCEL, ONES, None
    return Given(parcel(), Batches(batch), fit={"shuffle": False})


@fails
def a_weight_for_each_series():
    batch = {"x": np.ones((4, 5, 1))}, np.ones((4, 5, 1)), np.ones(4)
    steps = keras.Input((5, 1), name="x")
    model = keras.Model([steps], keras.layers.Dense(1)(steps))
    model.compile("sgd", "mse")
    return Given(model, Batches(batch), fit={"shuffle": False})


def five_series_of_five_steps():
    """Only the second series has an error, and its weight is 0."""
    wanted = np.zeros((5, 5, 1))
    wanted[1] = 1.0
    weights = np.array([1.0, 0, 0, 0, 0])
    return {"x": np.ones((5, 5, 1))}, wanted, weights


@silent(lambda: trained_on(five_series_of_five_steps())[1] > 0.01)
def weights_that_go_to_time_steps():
    batch = five_series_of_five_steps()
    model, _ = trained_on(batch)
    return Given(model, Batches(batch), fit={"shuffle": False})


@fails
def weights_in_a_list():
    pair = [ONES, ONES]
    model = of_two(["mse", "mse"], as_dict=False)
    return Given(
        model, endless((X, pair, pair)), fit={"steps_per_epoch": 2}
    )
