"""How inputs and targets are put together: names, places, parts."""

import collections
import dataclasses
import types
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from judge import Given, fails, runs, silent
from models import ONES, PARCEL, Batches, N, endless, of_one, parcel


def in_batches(model, *batches):
    return Given(model, Batches(*batches), fit={"shuffle": False})


def gap(*names, as_dict=False):
    """Numbers minus zone, at first; the inputs are in this order."""
    inputs = {name: keras.Input((1,), name=name) for name in names}
    between = keras.layers.Subtract()([inputs["numbers"], inputs["zone"]])
    scaled = keras.layers.Dense(1, kernel_initializer="ones")(between)
    model = keras.Model(
        inputs if as_dict else list(inputs.values()), scaled
    )
    model.compile("sgd", "mse")
    return model


NUMBERS, ZONE = np.full((N, 1), 3.0), np.full((N, 1), 2.0)
THREE_TWO = {"numbers": NUMBERS, "zone": ZONE}
TWO_THREE = {"zone": ZONE, "numbers": NUMBERS}


def off(model, data):
    """Whether the model does not find that 3 minus 2 is 1."""
    return model.predict(data, verbose=0)[0, 0] != 1


# Containers

Named = collections.namedtuple("Named", ["numbers", "zone"])


@runs
def inputs_with_names_in_order():
    return Given(parcel(), Named(**PARCEL), ONES)


@silent(lambda: off(gap("zone", "numbers"), Named(**THREE_TWO)))
def inputs_with_names_in_another_order():
    return Given(gap("zone", "numbers"), Named(**THREE_TWO), ONES)


@runs
def inputs_and_targets_with_names():
    pair = collections.namedtuple("Pair", ["inputs", "targets"])
    return in_batches(parcel(), pair(PARCEL, ONES))


@fails
def a_dataclass_for_the_inputs():
    @dataclasses.dataclass
    class Parcel:
        numbers: Any
        zone: Any

    return in_batches(parcel(), (Parcel(**PARCEL), ONES))


@fails
def a_view_of_a_dict_in_batches():
    return in_batches(parcel(), (types.MappingProxyType(PARCEL), ONES))


@fails
def a_dict_of_a_class_of_ones_own():
    class Sample(dict):
        pass

    return Given(parcel(), Sample(PARCEL), ONES)


@runs
def a_dict_with_a_default():
    data = collections.defaultdict(list, PARCEL)
    return in_batches(parcel(), (data, ONES))


TURNED = collections.OrderedDict(TWO_THREE)


@runs
def an_ordered_dict_for_a_list_of_inputs():
    return Given(gap("numbers", "zone"), TURNED, ONES)


@silent(lambda: off(gap("numbers", "zone", as_dict=True), TURNED))
def an_ordered_dict_for_a_dict_of_inputs():
    return Given(gap("numbers", "zone", as_dict=True), TURNED, ONES)


@runs
def a_dict_in_another_order_for_a_dict_of_inputs():
    return Given(gap("numbers", "zone", as_dict=True), TWO_THREE, ONES)


@silent(lambda: off(gap("zone", "numbers"), [TWO_THREE]))
def a_dict_in_a_list():
    return Given(gap("zone", "numbers"), [TWO_THREE], ONES)


@fails
def a_dict_in_a_dict():
    return Given(parcel(), {"inputs": PARCEL}, ONES)


@fails
def a_dict_of_data_sets():
    rows = tf.data.Dataset.from_tensor_slices
    data = {name: rows(x).batch(4) for name, x in PARCEL.items()}
    return Given(parcel(), data, ONES)


@fails
def pairs_from_zip():
    return Given(parcel(), zip([PARCEL], [ONES]))


# Names


@fails
def no_names():
    return Given(parcel(), {}, ONES)


@fails
def numbers_for_names():
    return Given(parcel(), dict(enumerate(PARCEL.values())), ONES)


@fails
def names_and_a_number():
    return Given(parcel(), PARCEL | {0: ONES}, ONES)


@fails
def names_in_capitals():
    data = {name.title(): values for name, values in THREE_TWO.items()}
    return Given(gap("numbers", "zone", as_dict=True), data, ONES)


@runs
def names_with_spaces_and_dots():
    names = "living area", "zone.code"
    inputs = [keras.Input((1,), name=name) for name in names]
    total = keras.layers.Add()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(total))
    model.compile("sgd", "mse")
    return Given(model, dict(zip(names, (NUMBERS, ZONE))), ONES)


def renamed():
    inputs = {k: keras.Input((1,), name=v) for k, v in zip("ab", "cd")}
    total = keras.layers.Add()(list(inputs.values()))
    model = keras.Model(inputs, keras.layers.Dense(1)(total))
    model.compile("sgd", "mse")
    return model


@runs
def the_keys_of_the_model():
    return Given(renamed(), {"a": NUMBERS, "b": ZONE}, ONES)


@fails
def the_names_of_inputs_under_other_keys():
    return Given(renamed(), {"c": NUMBERS, "d": ZONE}, ONES)


@runs
def a_name_too_many_that_sorts_last():
    data = THREE_TWO | {"zoo": ONES}
    return Given(gap("numbers", "zone", as_dict=True), data, ONES)


def of_a_lone_input(kind):
    x = keras.Input((1,), name="x")
    last = keras.layers.Dense(1)
    if kind is keras.Sequential:
        model = kind([x, last])
    else:
        model = kind(x, last(x))
    model.compile("sgd", "mse")
    return model


@runs
def a_name_too_many_for_a_lone_input():
    data = {"area": NUMBERS, "x": ZONE}
    return Given(of_a_lone_input(keras.Model), data, ONES)


@runs
def a_name_too_many_for_a_sequential_model():
    data = {"area": NUMBERS, "x": ZONE}
    return Given(of_a_lone_input(keras.Sequential), data, ONES)


# Places


@runs
def an_array_for_a_list_of_one():
    return Given(of_one((1,)), NUMBERS, ONES)


@runs
def a_list_for_a_lone_input():
    return Given(of_a_lone_input(keras.Model), [NUMBERS], ONES)


@runs
def a_tuple_of_one_in_batches():
    return in_batches(of_one((1,)), ((NUMBERS,), ONES))


@fails
def a_list_of_one_in_batches():
    return in_batches(of_one((1,)), ([NUMBERS], ONES))


@runs
def places_for_a_dict_of_inputs():
    model = gap("numbers", "zone", as_dict=True)
    return Given(model, [NUMBERS, ZONE], ONES)


@fails
def places_for_a_dict_that_is_not_sorted():
    model = gap("zone", "numbers", as_dict=True)
    return Given(model, [ZONE, NUMBERS], ONES)


def side_by_side():
    inputs = keras.Input((2,)), keras.Input((1,))
    return keras.Model(inputs, keras.layers.Concatenate()(inputs))


SWAPPED = [np.full((N, 1), 3.0), np.full((N, 2), 2.0)]


@silent(lambda: side_by_side().predict(SWAPPED, verbose=0)[0, 0] == 3)
def widths_in_the_wrong_order():
    return Given(parcel(), SWAPPED, ONES)


@fails
def an_array_too_many():
    return Given(parcel(), [*PARCEL.values(), ONES], ONES)


# Batches


@runs
def a_batch_that_is_a_list():
    return in_batches(parcel(), [PARCEL, ONES])


@fails
def a_list_for_a_batch_of_a_generator():
    data = endless([PARCEL, ONES])
    return Given(parcel(), data, fit={"steps_per_epoch": 2})


@fails
def four_parts():
    return in_batches(parcel(), (PARCEL, ONES, ONES, ONES))


@runs
def none_for_weights_from_a_generator():
    data = endless((PARCEL, ONES, None))
    return Given(parcel(), data, fit={"steps_per_epoch": 2})


@fails
def inputs_of_other_rows():
    return in_batches(parcel(), (PARCEL | {"zone": ZONE[:3]}, ONES))


UPWARDS = np.arange(4.0)[:, None]
ONE_ZONE = {"numbers": UPWARDS, "zone": ZONE[:1]}


def gaps_to_one_zone():
    answers = gap("numbers", "zone").predict(
        Batches((ONE_ZONE,)), verbose=0
    )
    return answers.ravel().tolist()


@silent(lambda: gaps_to_one_zone() == [-2, -1, 0, 1])
def a_row_that_is_stretched():
    return in_batches(gap("numbers", "zone"), (ONE_ZONE, np.ones(4)))


TO_ONE_TARGET = {"numbers": UPWARDS, "zone": 0 * UPWARDS}, np.zeros(1)


def loss_to_one_target():
    data = Batches(TO_ONE_TARGET)
    return gap("numbers", "zone").evaluate(data, verbose=0)


@silent(lambda: loss_to_one_target() == np.mean(UPWARDS**2))
def a_target_that_is_stretched():
    return in_batches(gap("numbers", "zone"), TO_ONE_TARGET)
