"""Losses of all families, how they are given, and what they ask for."""

import functools

import keras
import numpy as np
from judge import Given, fails, runs, silent
from keras import losses, ops
from models import ONES, PARCEL, N, X, classifier, parcel

KINDS = np.arange(N) % 3
ONE_HOT = np.eye(3)[KINDS]
RISING = np.linspace(0, 1, N)
LINEAR = {"activation": None}
THREE = [0.2, 0.3, 0.5]
SPARSE = "sparse_categorical_crossentropy"
CATEGORICAL = "categorical_crossentropy"
COSINE = "cosine_similarity"


def asked(loss, labels, classes=3, **last):
    """A model of the loss, and labels for it."""
    return Given(classifier(loss, classes, **last), X, labels)


def loss_of(name, wanted, given):
    """The loss of one row."""
    loss = losses.get(name)
    return float(loss(np.array([wanted]), np.array([given]))[0])


def alike(name, wanted, given):
    """The loss of two rows is the same."""
    pairs = zip(wanted, given)
    return len({loss_of(name, *pair) for pair in pairs}) == 1


def of_pixels(loss, labels, **last):
    """An answer for each pixel of an image."""
    image = keras.Input((4, 4, 1), name="x")
    answers = keras.layers.Conv2D(kernel_size=1, **last)(image)
    model = keras.Model([image], answers)
    model.compile("sgd", loss)
    return Given(model, {"x": np.ones((N, 4, 4, 1))}, labels)


# How a loss is given


@runs
def the_short_name_of_a_loss_that_keras_chooses():
    return asked("ce", KINDS)


@runs
def a_loss_that_keras_chooses_by_one_hot_labels():
    return asked("CrossEntropy", ONE_HOT)


@runs
def a_loss_that_keras_chooses_for_yes_or_no():
    return asked("crossentropy", KINDS % 2, 1)


@silent(lambda: loss_of(SPARSE, 1.9, THREE) == loss_of(SPARSE, 1, THREE))
def fractions_for_a_loss_that_keras_chooses():
    return asked("crossentropy", KINDS % 2 + 0.9)


@silent(lambda: alike(SPARSE, [0, 0], [[9.0, 0, 0], [1.0, 0, 0]]))
def numbers_of_any_size_for_a_loss_that_keras_chooses():
    return asked("crossentropy", KINDS, **LINEAR)


@fails
def a_loss_that_is_misspelt():
    return asked("mean_squared", ONE_HOT)


@runs
def a_loss_as_a_partial():
    loss = losses.categorical_crossentropy
    return asked(functools.partial(loss, label_smoothing=0.1), ONE_HOT)


@runs
def a_class_of_loss_without_an_instance():
    return asked(losses.SparseCategoricalCrossentropy, KINDS)


@runs
def a_loss_of_a_class_of_ones_own():
    class Spread(losses.Loss):
        def call(self, wanted, given):
            return ops.square(ops.max(given, -1) - ops.max(wanted, -1))

    return asked(Spread(), np.ones((N, 7)))


@runs
def a_function_with_the_name_of_another_loss():
    def mean_squared_error(wanted, given):
        return ops.mean(ops.square(wanted[:, 3:4] - given), axis=-1)

    return asked(mean_squared_error, np.ones((N, 7)), 1, **LINEAR)


@fails
def no_loss():
    return asked(None, ONE_HOT)


@runs
def a_loss_by_the_name_of_the_only_answer():
    return Given(parcel(loss={"price": "mse"}), PARCEL, ONES)


@fails
def a_loss_by_another_name_for_the_only_answer():
    return Given(parcel(loss={"cost": "mse"}), PARCEL, ONES)


def loss_of_nought(loss):
    """Of a model that answers 0 where 2 is right."""
    model = classifier(loss, 1, kernel_initializer="zeros", **LINEAR)
    return model.evaluate(X, 2 * ONES, verbose=0, return_dict=True)["loss"]


@silent(lambda: loss_of_nought(["mse", "mae"]) == 2**2)
def two_losses_for_the_only_answer():
    return asked(["mse", "mae"], ONES, 1, **LINEAR)


def a_step(reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    model = classifier(loss, 1, kernel_initializer="zeros", **LINEAR)
    model.fit(X, ONES, verbose=0)
    return float(model.get_weights()[1][0])


@silent(lambda: a_step("none") == a_step("sum") != a_step("mean"))
def a_loss_that_is_not_reduced():
    """The mean is logged, and a step is as long as that of the sum."""
    loss = losses.MeanSquaredError(reduction="none")
    return asked(loss, ONES, 1, **LINEAR)


# Classes


@fails
def class_numbers_beyond_the_classes():
    return asked(SPARSE, KINDS + 1)


@fails
def a_class_of_minus_one():
    return asked(SPARSE, KINDS - 1)


@runs
def class_numbers_as_floats():
    return asked(SPARSE, 1.0 * KINDS[:, None])


@silent(lambda: alike(SPARSE, [[1.9], [1.0]], [THREE, THREE]))
def class_numbers_with_fractions():
    return asked(SPARSE, KINDS * 0.9)


@runs
def a_class_for_each_pixel():
    labels = np.arange(N * 16).reshape(N, 4, 4, 1) % 3
    return of_pixels(SPARSE, labels, filters=3, activation="softmax")


@silent(lambda: loss_of("bce", [255.0], [0.99]) < 0)
def a_mask_of_0_and_255():
    mask = np.zeros((N, 4, 4, 1), "uint8")
    mask[:, 1:3] = 255
    return of_pixels("bce", mask, filters=1, activation="sigmoid")


@silent(lambda: loss_of(CATEGORICAL, [1.0], [0.01]) < 1e-6)
def one_answer_for_a_one_hot_loss():
    """It is set against the sum of all answers, which is itself."""
    return asked(CATEGORICAL, KINDS % 2, 1)


@silent(lambda: loss_of(CATEGORICAL, [1.0, 1, 0], [1.0, 1, 0]) > 1)
def several_labels_for_a_one_hot_loss():
    """The right answers cost most, as their sum is taken for 1."""
    labels = np.array([[1, 1, 0]] * N)
    return asked(CATEGORICAL, labels, activation="sigmoid")


@silent(lambda: loss_of(CATEGORICAL, [0.0, 0, 0], THREE) == 0)
def rows_without_a_label_for_a_one_hot_loss():
    return asked(CATEGORICAL, ONE_HOT * (KINDS < 2)[:, None])


@silent(lambda: loss_of(CATEGORICAL, [1.0, 0, 0], [-4.0, 1, 1]) < 1e-6)
def answers_without_a_softmax():
    return asked(CATEGORICAL, ONE_HOT, **LINEAR)


def sure(change):
    """Answers that are sure and right, and what becomes of them."""
    x = keras.Input((3,), name="x")
    eye = keras.initializers.Identity(gain=50)
    answers = keras.layers.Dense(3, "softmax", kernel_initializer=eye)(x)
    model = keras.Model([x], change(answers))
    model.compile("sgd", losses.CategoricalCrossentropy(from_logits=True))
    return Given(model, {"x": ONE_HOT}, ONE_HOT)


def loss_of_the_sure(change):
    given = sure(change)
    return given.model.evaluate(given.data, given.targets, verbose=0)


@runs
def a_softmax_for_a_loss_of_logits():
    """Keras sees it, and takes what the softmax got."""
    return sure(lambda answers: answers)


@silent(lambda: loss_of_the_sure(keras.layers.Reshape((3,))) > 0.5)
def a_softmax_that_a_loss_of_logits_does_not_see():
    return sure(keras.layers.Reshape((3,)))


# Yes or no


@runs
def several_labels_of_yes_or_no():
    labels = np.array([[1, 1, 0]] * N)
    return asked("bce", labels, activation="sigmoid")


@fails
def one_label_for_three_answers_of_yes_or_no():
    return asked("bce", KINDS[:, None] % 2, activation="sigmoid")


@fails
def two_columns_for_one_answer_of_yes_or_no():
    return asked("bce", np.eye(2)[KINDS % 2], 1)


@silent(lambda: alike("bce", [[1.0], [1.0]], [[-9.0], [-0.1]]))
def yes_or_no_without_a_sigmoid():
    return asked("bce", KINDS % 2, 1, **LINEAR)


@runs
def labels_of_0_and_1_for_squared_hinge():
    return asked("squared_hinge", KINDS % 2, 1, activation="tanh")


@fails
def class_numbers_for_categorical_hinge():
    return asked("categorical_hinge", KINDS, **LINEAR)


# Other families


@silent(lambda: loss_of("poisson", [-2.0], [1e-6]) < -20)
def numbers_below_0_for_poisson():
    return asked("poisson", KINDS - 2, 1, activation="softplus")


@silent(lambda: alike("msle", [[-1.0], [-90.0]], [[0.5], [0.5]]))
def numbers_below_0_for_logarithms():
    return asked("msle", KINDS - 2, 1, activation="softplus")


def percentage(last):
    loss = losses.MeanAbsolutePercentageError()
    return float(loss([[0.0], [1.0]], [[1.0], [last]]))


@silent(lambda: percentage(1.0) == percentage(1.01))
def a_target_of_0_for_percentages():
    return asked("mape", KINDS, 1, **LINEAR)


@silent(lambda: alike("kld", [[-1.0, 1], [-9.0, 1]], [[0.5, 0.5]] * 2))
def shares_below_0_for_kl_divergence():
    return asked("kl_divergence", ONE_HOT - 0.5)


@silent(lambda: alike(COSINE, [[1.0], [1.0]], [[0.1], [9.0]]))
def one_number_for_cosine_similarity():
    return asked(COSINE, ONES, 1, **LINEAR)


@runs
def class_numbers_for_circle():
    return asked(losses.Circle(), KINDS, **LINEAR)


@fails
def one_hot_rows_for_circle():
    return asked(losses.Circle(), ONE_HOT, **LINEAR)


@fails
def class_numbers_for_dice():
    return asked(losses.Dice(), KINDS)


# Targets


def loss_of_the_same(width, targets):
    """Of answers that repeat the target of their row, and are right."""
    x = keras.Input((1,), name="x")
    same = keras.Model([x], ops.repeat(x, width, axis=-1))
    same.compile(loss="mse")
    rows = {"x": np.arange(3.0)[:, None]}
    return same.evaluate(rows, targets, verbose=0)


@silent(lambda: loss_of_the_same(3, np.arange(3.0)) > 1)
def a_flat_target_for_as_many_answers_as_rows():
    model = classifier("mse", **LINEAR)
    return Given(model, {"x": np.ones((3, 2))}, np.arange(3.0))


@silent(lambda: loss_of("mse", [2.0], [0.0, 0, 1]) > 1)
def a_class_number_for_each_of_three_answers():
    return asked("mse", KINDS[:, None])


def loss_of_series(targets):
    """Answers for steps that repeat the target of their series."""
    x = keras.Input((5, 1), name="x")
    same = keras.Model([x], x * 1.0)
    same.compile(loss="mse")
    steps = np.repeat(RISING[:, None, None], 5, axis=1)
    return same.evaluate({"x": steps}, targets, verbose=0)


@silent(lambda: loss_of_series(RISING) > 0.1)
def a_flat_target_for_the_steps_of_a_series():
    steps = keras.Input((5, 1), name="x")
    model = keras.Model([steps], keras.layers.Dense(1)(steps))
    model.compile("sgd", "mse")
    return Given(model, {"x": np.ones((N, 5, 1))}, RISING)


@fails
def dates_for_targets():
    days = np.array(["2026-01-01"] * N, dtype="datetime64[D]")
    return asked("mse", days, 1, **LINEAR)


@fails
def nothing_for_each_target():
    return asked("mse", np.array([None] * N), 1, **LINEAR)


@silent(lambda: False)
def a_gap_in_the_targets():
    """The loss is NaN, which the judge takes for silent."""
    wanted = np.where(KINDS == 2, np.nan, RISING)
    return asked("mse", wanted, 1, **LINEAR)
