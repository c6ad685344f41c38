"""Models that declare inputs in another way, or train in their own."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from judge import Given, fails, runs
from models import ONES, PARCEL, Batches, N, parcel


@runs
def a_loaded_model():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        parcel().save(path)
        loaded = keras.models.load_model(path)
    return Given(loaded, PARCEL, ONES)


def half_named():
    numbers, zone = keras.Input((2,), name="numbers"), keras.Input((1,))
    joined = keras.layers.Concatenate()([numbers, zone])
    model = keras.Model([numbers, zone], keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    return model, zone.name


@fails
def an_input_without_a_name():
    return Given(half_named()[0], PARCEL, ONES)


@fails
def an_input_called_by_the_name_of_its_tensor():
    model, name = half_named()
    data = {"numbers": PARCEL["numbers"], name: PARCEL["zone"]}
    return Given(model, data, ONES)


@runs
def nested_inputs():
    left, right = (keras.Input((2,), name=n) for n in ("left", "right"))
    zone = keras.Input((1,), name="zone")
    joined = keras.layers.Concatenate()([left, right, zone])
    inputs = {"pair": (left, right), "zone": zone}
    model = keras.Model(inputs, keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    pair = (PARCEL["numbers"], PARCEL["numbers"])
    return Given(model, {"pair": pair, "zone": PARCEL["zone"]}, ONES)


class Sum(keras.layers.Layer):
    """Adds the second, if there is one."""

    def call(self, first, second=None):
        return first if second is None else first + second


def without(optional):
    """An input that may be absent, and is."""
    numbers = keras.Input((2,), name="numbers")
    more = keras.Input((2,), name=optional, optional=True)
    total = keras.layers.Dense(1)(Sum()(numbers, more))
    model = keras.Model([numbers, more], total)
    model.compile("sgd", "mse")
    data = {"numbers": PARCEL["numbers"], optional: None}
    return Given(model, data, ONES)


@runs
def an_optional_input_that_is_absent():
    return without("other_numbers")


@fails
def an_optional_input_that_is_absent_and_first_by_name():
    return without("more")


@runs
def a_sequential_model():
    layers = [
        keras.Input((4, 4, 1)),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "mse", metrics=["mae"])
    return Given(model, np.ones((N, 4, 4, 1)), ONES)


@runs
def a_sequential_model_without_an_input():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return Given(model, np.ones((N, 2)), ONES)


class Subclassed(keras.Model):
    """It takes a dict, and declares no inputs."""

    def __init__(self):
        super().__init__()
        self.last = keras.layers.Dense(1)

    def call(self, inputs):
        parts = [inputs["numbers"], inputs["zone"]]
        return self.last(keras.ops.concatenate(parts, axis=-1))


@runs
def a_subclassed_model():
    model = Subclassed()
    model.compile("sgd", "mse")
    return Given(model, PARCEL, ONES)


class OwnStep(keras.Model):
    """A training step that reads targets no output is called after."""

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            gap = self(inputs) - tf.cast(targets["cost"], "float32")
            loss = tf.reduce_mean(tf.square(gap))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


@runs
def targets_of_a_step_of_ones_own():
    targets = {"cost": ONES[:, None], "kind": ONES}
    return Given(parcel(OwnStep, loss=None), PARCEL, targets)


class OwnLoss(keras.Model):
    """A loss that compares what comes out with what goes in."""

    def compute_loss(
        self, x, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return keras.ops.mean(keras.ops.square(x["zone"] - y_pred))


@runs
def a_loss_of_the_model_that_needs_no_targets():
    zone = keras.Input((1,), name="zone")
    model = OwnLoss({"zone": zone}, keras.layers.Dense(1)(zone))
    model.compile("sgd", "mse")
    batch = ({"zone": np.ones((N, 1), "float32")},)
    return Given(model, Batches(batch), fit={"shuffle": False})
