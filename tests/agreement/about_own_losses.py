"""Losses of one's own, and targets that do not count."""

import keras
import numpy as np
from judge import Given, fails, runs, silent
from keras import losses, ops
from models import Batches, N, X, classifier

KINDS = np.arange(N) % 3
RISING = np.linspace(0, 1, N)
#: Yes or no, and -1 where nobody knows; weights that leave these out.
SOME = np.where(KINDS == 2, -1.0, KINDS)
KNOWN = 1.0 * (KINDS < 2)


def given(model, targets, weights=None):
    fit = {} if weights is None else {"sample_weight": weights}
    return Given(model, X, targets, fit)


# Targets that do not count


@runs
def labels_of_minus_one_with_a_weight_of_0():
    return given(classifier("bce", 1), SOME, KNOWN)


@silent(lambda: losses.binary_crossentropy([[-1.0]], [[0.1]])[0] < 0)
def labels_of_minus_one_that_count():
    return given(classifier("bce", 1), SOME, np.ones(N))


@runs
def labels_of_minus_one_with_a_weight_of_0_in_a_later_batch():
    batches = [(X, KINDS % 2, np.ones(N)), (X, SOME, KNOWN)]
    return Given(
        classifier("bce", 1), Batches(*batches), fit={"shuffle": False}
    )


@runs
def pixels_of_255_with_a_weight_of_0():
    x = keras.Input((2, 3, 1), name="x")
    model = keras.Model(
        [x], keras.layers.Conv2D(1, 1, activation="sigmoid")(x)
    )
    model.compile("sgd", "bce")
    data = np.linspace(0, 1, N * 6).reshape(N, 2, 3, 1)
    mask = np.where(data > 0.8, 255.0, data > 0.4)
    weights = 1.0 * (data[..., 0] <= 0.8)
    return Given(model, {"x": data}, mask, {"sample_weight": weights})


@runs
def a_price_of_nothing_with_a_weight_of_0():
    model = classifier("mape", 1, activation=None)
    return given(model, 1.0 * KINDS, 1.0 * (KINDS > 0))


@runs
def tags_of_minus_one_behind_a_mask():
    words = keras.Input((5,), dtype="int32", name="x")
    vectors = keras.layers.Embedding(4, 3, mask_zero=True)(words)
    tags = keras.layers.Dense(1, activation="sigmoid")(vectors)
    model = keras.Model([words], tags)
    model.compile("sgd", "bce")
    ids = np.array([[1, 2, 3, 0, 0]] * N)
    labels = np.where(ids == 0, -1.0, ids % 2)[..., None]
    return Given(model, {"x": ids}, labels)


# Classes of one's own


class Known(losses.SparseCategoricalCrossentropy):
    """Passes over -1."""

    def call(self, wanted, given):
        found = super().call(ops.maximum(wanted, 0), given)
        return found * ops.cast(wanted >= 0, found.dtype)


@runs
def a_loss_of_keras_that_reads_other_labels():
    return given(classifier(Known()), KINDS - 1)


class Twice(losses.Loss):
    """Wraps a function, under the name that Keras has for its own."""

    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def call(self, wanted, given):
        return 2 * self.fn(wanted, given)


@runs
def a_loss_that_holds_a_function():
    loss = Twice(losses.binary_crossentropy)
    return given(classifier(loss, 1), (KINDS % 2)[:, None])


class Needy(losses.Loss):
    def __init__(self, power):
        super().__init__()
        self.power = power

    def call(self, wanted, given):
        return ops.abs(wanted - given) ** self.power


@fails
def a_class_of_loss_that_must_be_made_first():
    return given(classifier(Needy, 1), KINDS)


class Whole(losses.Loss):
    """One number for a batch, which needs no other reduction."""

    def __init__(self):
        super().__init__(reduction="none")

    def call(self, wanted, given):
        return ops.mean(ops.abs(wanted - given))


@runs
def a_loss_of_one_number_without_a_reduction():
    model = classifier(Whole(), 1, activation=None)
    return given(model, RISING[:, None])


@runs
def a_share_of_the_batch_without_a_reduction():
    loss = losses.Dice(reduction=None)
    return given(classifier(loss, 1), (KINDS % 2)[:, None])


class Each(losses.Loss):
    def call(self, wanted, given):
        return ops.mean(ops.square(wanted - given), axis=-1)


def spread_of_answers(targets):
    """How far answers are from each other after much training."""
    model = classifier(Each(), 1, activation=None)
    model.compile(keras.optimizers.Adam(0.1), Each())
    model.fit(X, targets, epochs=150, verbose=0)
    return float(np.std(model.predict(X, verbose=0)))


@silent(lambda: spread_of_answers(X["x"][:, 0]) < 0.01)
def targets_without_an_axis_for_a_loss_of_ones_own():
    return given(classifier(Each(), 1, activation=None), RISING)


@runs
def targets_with_an_axis_for_a_loss_of_ones_own():
    return given(classifier(Each(), 1, activation=None), RISING[:, None])


# Their weights


def segmenting(loss):
    x = keras.Input((2, 3, 1), name="x")
    model = keras.Model([x], keras.layers.Conv2D(1, 1)(x))
    model.compile("sgd", loss)
    return model


PHOTOS = {"x": np.linspace(0, 1, N * 6).reshape(N, 2, 3, 1)}


def per_image(wanted, given):
    return ops.mean(ops.square(wanted - given), axis=(1, 2, 3))


def of_all(wanted, given):
    return ops.mean(ops.square(wanted - given))


def weighed(loss, weights):
    fit = {"sample_weight": weights}
    return Given(segmenting(loss), PHOTOS, PHOTOS["x"] ** 2, fit)


def are_averaged(loss, weights):
    found = [
        segmenting_loss(loss, each) for each in (weights, weights[::-1])
    ]
    return np.isclose(*found)


def segmenting_loss(loss, weights):
    keras.utils.set_random_seed(0)
    return segmenting(loss).evaluate(
        PHOTOS["x"], PHOTOS["x"] ** 2, sample_weight=weights, verbose=0
    )


@runs
def a_weight_for_each_image_of_a_loss_of_ones_own():
    assert not are_averaged(per_image, RISING)
    return weighed(per_image, RISING)


@silent(lambda: are_averaged(per_image, RISING[:, None, None]))
def weights_with_axes_for_a_loss_of_ones_own():
    return weighed(per_image, RISING[:, None, None])


@silent(lambda: are_averaged(of_all, RISING))
def weights_for_a_loss_of_one_number():
    return weighed(of_all, RISING)


@runs
def a_weight_for_each_series_of_flat_targets():
    """Keras takes the last axis off the answers, as the targets have it."""
    steps = keras.Input((5, 2), name="x")
    model = keras.Model([steps], keras.layers.Dense(1)(steps))
    model.compile("sgd", "mse")
    data = {"x": np.linspace(0, 1, N * 10).reshape(N, 5, 2)}
    fit = {"sample_weight": RISING}
    return Given(model, data, data["x"][..., 0], fit)


# The last activation


@runs
def an_idle_layer_behind_a_softmax():
    """As mixed precision asks for, and to give an output a name."""
    x = keras.Input((2,), name="x")
    shares = keras.layers.Dense(3, activation="softmax")(x)
    named = keras.layers.Activation("linear", dtype="float32", name="kind")
    model = keras.Model([x], named(shares))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return given(model, KINDS)


class Shares(keras.layers.Dense):
    def call(self, inputs):
        return ops.softmax(super().call(inputs))


@runs
def a_layer_of_ones_own_that_makes_shares():
    x = keras.Input((2,), name="x")
    model = keras.Model([x], Shares(3)(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return given(model, KINDS)


def answers_of_one_softmax():
    model = classifier("bce", 1, activation="softmax")
    model.fit(X, KINDS % 2, epochs=20, verbose=0)
    return model.predict(X, verbose=0)


@silent(lambda: np.allclose(answers_of_one_softmax(), 1))
def a_softmax_of_a_single_answer():
    return given(classifier("bce", 1, activation="softmax"), KINDS % 2)


def below_0(name):
    """Whether two answers below 0 are the same to a loss."""
    loss = getattr(losses, name)
    found = [float(loss([[1.0]], [[x]])[0]) for x in (-0.1, -0.9)]
    return found[0] == found[1]


@silent(lambda: below_0("binary_crossentropy"))
def a_tanh_for_yes_or_no():
    return given(classifier("bce", 1, activation="tanh"), KINDS % 2)


def share_of_logits():
    return float(losses.dice([[1.0]], [[9.0]]))


@silent(lambda: share_of_logits() < 0.5 * float(losses.dice([1.0], [1.0])))
def numbers_of_any_size_for_a_share():
    model = classifier(losses.Dice(axis=(1,)), 1, activation=None)
    return given(model, (KINDS % 2)[:, None])


def loss_of_the_sure(loss):
    """Of shares that are right and sure: next to nothing is due."""
    sure = np.array([[0.0, 1.0]])
    return float(loss(sure, sure))


FOCAL = losses.CategoricalFocalCrossentropy


@silent(
    lambda: (
        loss_of_the_sure(FOCAL(from_logits=True))
        > 9 * loss_of_the_sure(FOCAL())
    )
)
def a_softmax_for_a_focal_loss_of_logits():
    model = classifier(FOCAL(from_logits=True))
    return given(model, np.eye(3)[KINDS])


@runs
def a_softmax_over_as_many_places_as_there_are():
    words = keras.Input((None,), dtype="int32", name="x")
    places = keras.layers.Dense(1)(keras.layers.Embedding(9, 3)(words))
    shares = keras.layers.Softmax()(keras.layers.Flatten()(places))
    model = keras.Model([words], shares)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return Given(model, {"x": np.tile(np.arange(6), (N, 1))}, KINDS)
