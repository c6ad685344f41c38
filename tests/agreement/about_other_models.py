"""Models built, joined, frozen and compiled in other ways."""

import keras
import numpy as np
from judge import Given, fails, runs, silent
from keras import layers, ops
from models import ONES, PARCEL, TWO, N, X, of_one, parcel

KINDS = np.arange(N) % 3
ROWS = X["x"]
COLUMN = ONES[:, None]


def compiled(inputs, outputs, loss="mse", **options):
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss, **options)
    return model


def answering(answers, targets, loss="mse", **options):
    """A model with these answers to two numbers."""
    x = keras.Input((2,), name="x")
    return Given(compiled([x], answers(x), loss, **options), X, targets)


def one(name=None):
    return layers.Dense(1, name=name)


# Inputs


def half_read():
    read, unread = (keras.Input((1,), name=n) for n in ("read", "unread"))
    return compiled([read, unread], one()(read))


@runs
def another_width_for_an_input_that_nothing_reads():
    data = {"read": COLUMN, "unread": np.ones((N, 3))}
    return Given(half_read(), data, ONES)


@runs
def a_gap_in_an_input_that_nothing_reads():
    data = {"read": COLUMN, "unread": np.nan * COLUMN}
    return Given(half_read(), data, ONES)


@fails
def nothing_for_an_input_that_nothing_reads():
    return Given(half_read(), {"read": COLUMN}, ONES)


class Sum(layers.Layer):
    """Adds the second, if there is one."""

    def call(self, first, second=None):
        return first if second is None else first + second


def with_optional(**data):
    first = keras.Input((2,), name="first")
    second = keras.Input((2,), name="second", optional=True)
    model = compiled([first, second], one()(Sum()(first, second)))
    return Given(model, data, ONES)


@runs
def an_optional_input_that_is_there():
    return with_optional(first=ROWS, second=ROWS)


@fails
def an_optional_input_that_is_not_named():
    return with_optional(first=ROWS)


# Answers


@runs
def an_answer_in_a_dict():
    return answering(lambda x: {"price": one()(x)}, ONES)


@runs
def an_answer_and_its_target_by_a_key():
    return answering(lambda x: {"price": one()(x)}, {"price": ONES})


def nested(x):
    return {"span": (one("low")(x), one("high")(x)), "days": one("days")(x)}


SPAN = {"span": [ONES, ONES], "days": ONES}


@runs
def nested_answers():
    losses = {"span": ("mse", "mae"), "days": "mse"}
    return answering(nested, SPAN, losses)


@fails
def losses_of_nested_answers_by_their_layers():
    losses = dict.fromkeys(("low", "high", "days"), "mse")
    return answering(nested, SPAN, losses)


def renamed(x):
    """The keys are not the names of the layers."""
    return {"price": one("cost")(x), "days": one("time")(x)}


@runs
def keys_that_are_not_the_names_of_layers():
    return answering(renamed, TWO, {"price": "mse", "days": "mse"})


@fails
def targets_by_layers_that_have_other_keys():
    return answering(renamed, {"cost": ONES, "time": ONES})


def in_order(x):
    return [one("price")(x), one("days")(x)]


@runs
def targets_by_layers_for_answers_in_order():
    return answering(in_order, TWO, ["mse", "mse"])


@fails
def a_target_by_one_layer_for_two_losses():
    return answering(in_order, {"price": ONES}, ["mse", "mse"])


def twice(x):
    last = one("price")
    return [last(x), last(layers.Dense(2)(x))]


@runs
def two_answers_of_one_layer():
    return answering(twice, [ONES, ONES], ["mse", "mse"])


@runs
def one_target_by_name_for_two_answers_of_one_layer():
    """Both answers have the name, and both are trained on the target."""
    return answering(twice, {"price": ONES}, {"price": "mse"})


# Sequential and subclassed models


@runs
def a_dict_by_the_input_of_a_sequential_model():
    model = keras.Sequential([keras.Input((2,), name="x"), one()])
    model.compile("sgd", "mse")
    return Given(model, X, ONES)


@fails
def a_loss_by_the_layer_of_a_sequential_model():
    model = keras.Sequential([keras.Input((2,)), one("price")])
    model.compile("sgd", {"price": "mse"})
    return Given(model, ROWS, ONES)


def inner(first):
    """A model of ids in a model."""
    ids = keras.Input((), dtype="int32", name="ids")
    table = keras.Model(ids, layers.Embedding(3, 2)(ids - first))
    return of_one((), table, dtype="int32")


@runs
def ids_that_a_model_in_the_model_moves():
    return Given(inner(1), {"x": KINDS + 1}, ONES)


@fails
def ids_beyond_the_table_of_a_model_in_the_model():
    return Given(inner(0), {"x": KINDS + 1}, ONES)


class TwoArguments(keras.Model):
    """It takes its inputs one by one, and Keras gives them as one."""

    def __init__(self):
        super().__init__()
        self.last = one()

    def call(self, numbers, zone):
        return self.last(ops.concatenate([numbers, zone], axis=-1))


@fails
def a_subclassed_model_of_two_arguments():
    model = TwoArguments()
    model.compile("sgd", "mse")
    return Given(model, PARCEL, ONES)


class TwoAnswers(keras.Model):
    """It takes and gives dicts."""

    def __init__(self):
        super().__init__()
        self.price, self.days = one(), one()

    def call(self, inputs, training=False):
        x = inputs["x"]
        return {"price": self.price(x), "days": self.days(x)}


def subclassed(data, targets):
    model = TwoAnswers()
    model.compile("sgd", {"price": "mse", "days": "mae"})
    return Given(model, data, targets)


@runs
def a_subclassed_model_of_two_answers():
    return subclassed(X | {"id": np.arange(N)}, TWO)


@fails
def a_name_that_a_subclassed_model_does_not_find():
    return subclassed({"numbers": ROWS}, TWO)


# Steps and losses of one's own


class WeighedStep(keras.Model):
    """A step that expects weights."""

    def train_step(self, data):
        inputs, targets, weights = data
        return super().train_step((inputs, targets, weights))


@fails
def no_weights_for_a_step_that_expects_them():
    return Given(parcel(WeighedStep), PARCEL, ONES)


class LossOfNames(keras.Model):
    """A loss of one answer and two targets."""

    def compute_loss(
        self, x, y=None, y_pred=None, sample_weight=None, training=True
    ):
        low, high = y["low"][:, None], y["high"][:, None]
        outside = ops.relu(low - y_pred) + ops.relu(y_pred - high)
        return ops.mean(outside)


@runs
def two_targets_of_a_loss_of_ones_own():
    targets = {"low": 0 * ONES, "high": ONES}
    return Given(parcel(LossOfNames, loss=None), PARCEL, targets)


class Small(layers.Layer):
    """Adds a loss of what passes."""

    def call(self, x):
        self.add_loss(ops.mean(ops.square(x)))
        return x


@runs
def a_loss_that_a_layer_adds_and_no_targets():
    return answering(lambda x: Small()(one()(x)), None, None)


# What is trained


@fails
def a_model_that_is_not_compiled():
    model = parcel()
    return Given(keras.Model(model.inputs, model.outputs), PARCEL, ONES)


@runs
def a_loss_without_an_optimizer():
    model = parcel()
    model.compile(loss="mse")
    return Given(model, PARCEL, ONES)


@fails
def an_optimizer_of_another_model():
    optimizer = keras.optimizers.Adam()
    parcel(optimizer=optimizer).fit(PARCEL, ONES, verbose=0)
    return Given(parcel(optimizer=optimizer), PARCEL, ONES)


def learns(model):
    """Whether the first kernel moves."""
    before = model.get_weights()[0]
    model.fit(PARCEL, ONES, verbose=0)
    return bool(np.any(before != model.get_weights()[0]))


def frozen(trained, and_compiled=False):
    """A model that was frozen after it was compiled."""
    model = parcel()
    if trained:
        model.fit(PARCEL, ONES, verbose=0)
    model.trainable = False
    if and_compiled:
        model.compile("sgd", "mse")
    return model


@silent(lambda: not learns(frozen(trained=False, and_compiled=True)))
def a_frozen_model():
    return Given(frozen(trained=False, and_compiled=True), PARCEL, ONES)


@silent(lambda: not learns(frozen(trained=False)))
def a_model_that_was_frozen_in_another():
    """So the judge of a GAN is, which was compiled to be trained."""
    judge = frozen(trained=False)
    keras.Model(judge.inputs, judge.outputs).compile("sgd", "mse")
    return Given(judge, PARCEL, ONES)


@silent(lambda: learns(frozen(trained=True)))
def a_model_that_was_frozen_after_training():
    return Given(frozen(trained=True), PARCEL, ONES)


def unfrozen():
    """It was trained while its first layer was frozen."""
    numbers, zone = keras.Input((2,), name="numbers"), keras.Input((1,))
    base = layers.Dense(2, trainable=False)
    joined = layers.Concatenate()([base(numbers), zone])
    model = compiled({"numbers": numbers, "zone": zone}, one()(joined))
    model.fit(PARCEL, ONES, verbose=0)
    base.trainable = True
    return model


@silent(lambda: not learns(unfrozen()))
def a_layer_that_was_unfrozen_after_training():
    return Given(unfrozen(), PARCEL, ONES)


@runs
def a_model_without_weights():
    return answering(lambda x: ops.sum(x, -1, keepdims=True), ONES)
