"""The form in which data comes: arrays, batches, data sets, files."""

import collections
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from judge import Given, fails, runs, silent
from models import ONES, PARCEL, Batches, N, X, endless, of_two, parcel


@runs
def arrays_by_name():
    return Given(parcel(), PARCEL, ONES)


@runs
def arrays_in_order():
    return Given(parcel(), list(PARCEL.values()), ONES)


@runs
def validation_data():
    fit = {"validation_data": (PARCEL, ONES)}
    return Given(parcel(), PARCEL, ONES, fit)


@runs
def arrays_in_a_file():
    path = Path(tempfile.mkdtemp()) / "parcels.h5"
    file = h5py.File(path, "w")
    for name, values in PARCEL.items():
        file[name] = values
    return Given(parcel(), dict(file), ONES, {"shuffle": False})


@fails
def a_dict_of_another_kind():
    return Given(parcel(), collections.UserDict(PARCEL), ONES)


@fails
def a_dict_for_each_sample():
    row = {name: values[0] for name, values in PARCEL.items()}
    return Given(parcel(), [row] * N, ONES)


@fails
def inputs_and_targets_as_one():
    return Given(parcel(), (PARCEL, ONES))


@fails
def a_missing_name():
    return Given(parcel(), {"numbers": PARCEL["numbers"]}, ONES)


@runs
def a_name_too_many():
    return Given(parcel(), PARCEL | {"id": np.arange(N)}, ONES)


def by_a_dict():
    """A model of a dict of inputs: numbers minus zone."""
    inputs = {n: keras.Input((1,), name=n) for n in ("numbers", "zone")}
    gap = keras.layers.Subtract()(list(inputs.values()))
    return keras.Model(inputs, gap)


EXTRA = {
    "numbers": np.full((N, 1), 3.0),
    "zone": np.full((N, 1), 2.0),
    "area": np.full((N, 1), 9.0),
}


@silent(lambda: by_a_dict().predict(EXTRA, verbose=0)[0, 0] != 1)
def a_name_too_many_that_is_fed():
    model = by_a_dict()
    model = keras.Model(model.input, keras.layers.Dense(1)(model.output))
    model.compile("sgd", "mse")
    return Given(model, EXTRA, ONES)


@runs
def tuples_from_a_generator():
    batch = tuple(PARCEL.values()), ONES
    return Given(parcel(), endless(batch), fit={"steps_per_epoch": 2})


@fails
def lists_from_a_generator():
    batch = list(PARCEL.values()), ONES
    return Given(parcel(), endless(batch), fit={"steps_per_epoch": 2})


def three_batches():
    for _ in range(3):
        yield PARCEL, ONES


def logged_losses():
    fit = {"epochs": 2, "steps_per_epoch": 3, "verbose": 0}
    history = parcel().fit(three_batches(), shuffle=False, **fit)
    return history.history["loss"]


@silent(lambda: logged_losses()[1] == 0)
def a_generator_that_ends():
    fit = {"epochs": 2, "steps_per_epoch": 3}
    return Given(parcel(), three_batches, fit=fit)


@runs
def a_repeated_data_set():
    rows = tf.data.Dataset.from_tensor_slices((PARCEL, ONES))
    data = rows.shuffle(N, seed=0).batch(4).repeat().prefetch(1)
    return Given(parcel(), data, fit={"epochs": 2, "steps_per_epoch": 2})


@fails
def a_data_set_without_batches():
    data = tf.data.Dataset.from_tensor_slices((PARCEL, ONES))
    return Given(parcel(), data)


@fails
def a_data_set_without_shapes():
    types = {name: tf.float32 for name in PARCEL}, tf.float32
    data = tf.data.Dataset.from_generator(three_batches, types)
    return Given(parcel(), data)


@fails
def one_tensor_for_two_inputs():
    table = np.linspace(0, 1, 60).reshape(20, 3)
    data = keras.utils.timeseries_dataset_from_array(
        table, table[:, 0], sequence_length=4, batch_size=4
    )
    return Given(parcel(), data)


@fails
def a_length_that_is_a_float():
    class Rounded(Batches):
        def __len__(self):
            return np.ceil(1.0)

    return Given(parcel(), Rounded((PARCEL, ONES)), fit={"shuffle": False})


@fails
def no_batches():
    return Given(parcel(), Batches(), fit={"shuffle": False})


@runs
def batches_for_predict():
    return Given(parcel(), Batches((PARCEL,)), predict=True)


@runs
def dicts_throughout():
    losses = {"price": "mse", "days": "mae"}
    model = of_two(losses, loss_weights={"price": 1.0, "days": 0.5})
    rows = X, {"days": ONES, "price": ONES}, {"days": ONES, "price": ONES}
    data = tf.data.Dataset.from_tensor_slices(rows).batch(4)
    return Given(model, data)
