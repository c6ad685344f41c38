"""What comes batch after batch, and does not stay as it began."""

import keras
import numpy as np
import tensorflow as tf
from about_forms import in_batches
from about_inputs import passed_on
from judge import Given, fails, runs, silent
from models import ONES, PARCEL, Batches, endless, of_one, parcel


def rows(n):
    """A batch of n rows for `parcel`."""
    inputs = {"numbers": np.ones((n, 2)), "zone": np.ones((n, 1))}
    return inputs, np.ones(n)


def each(*columns):
    """A batch for each array, for an input of one number."""
    return [({"x": np.array([column]).T},) for column in columns]


def trained(batches):
    """The same with targets."""
    return [(*batch, np.ones(len(batch[0]["x"]))) for batch in batches]


def ending(*batches):
    """A function that makes a generator of these batches, and no more."""

    def make():
        yield from batches

    return make


def steps(length):
    """A batch of four series of so many steps."""
    return {"x": np.ones((4, length, 1))}, np.ones(4)


def of_steps():
    """A model of series of any length."""
    return of_one((None, 1), keras.layers.GlobalAveragePooling1D())


# Sizes


@runs
def a_short_last_batch():
    return in_batches(parcel(), rows(4), rows(4), rows(2))


@runs
def an_empty_last_batch():
    return in_batches(parcel(), rows(4), rows(4), rows(0))


@runs
def a_short_last_batch_for_a_size_that_is_fixed():
    x = keras.Input((1,), batch_size=4, name="x")
    model = keras.Model([x], keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    data = {"x": np.ones((10, 1))}
    return Given(model, data, np.ones(10), {"batch_size": 4})


def with_a_state():
    x = keras.Input((3, 1), batch_size=4, name="x")
    state = keras.layers.LSTM(2, stateful=True)(x)
    model = keras.Model([x], keras.layers.Dense(1)(state))
    model.compile("sgd", "mse")
    return model


def series(n):
    pairs = {"x": np.ones((n, 3, 1))}, np.ones(n)
    return tf.data.Dataset.from_tensor_slices(pairs).batch(4)


@runs
def full_batches_for_a_state():
    return Given(with_a_state(), series(8))


@fails
def a_short_last_batch_for_a_state():
    return Given(with_a_state(), series(10))


@runs
def a_length_that_changes_in_the_second_batch():
    return in_batches(of_steps(), steps(3), steps(5), steps(4))


@fails
def a_length_that_changes_in_the_third_batch():
    return in_batches(of_steps(), steps(3), steps(3), steps(4))


@fails
def targets_that_gain_an_axis():
    return in_batches(parcel(), (PARCEL, ONES), (PARCEL, ONES[:, None]))


# Names and types

MORE = PARCEL | {"id": ONES}


@fails
def a_name_that_joins_in_the_second_batch():
    return in_batches(parcel(), (PARCEL, ONES), (MORE, ONES))


@fails
def a_name_that_leaves_in_the_third_batch():
    batches = (MORE, ONES), (MORE, ONES), (PARCEL, ONES)
    return in_batches(parcel(), *batches)


@runs
def names_in_another_order_in_the_second_batch():
    turned = dict(reversed(PARCEL.items()))
    return in_batches(parcel(), (PARCEL, ONES), (turned, ONES))


@fails
def weights_that_join_in_the_second_batch():
    return in_batches(parcel(), (PARCEL, ONES), (PARCEL, ONES, ONES))


FRACTIONS_LATE = each([1, 2], [3, 4], [0.5, 0.5])


@silent(lambda: passed_on(Batches(*FRACTIONS_LATE))[-1] == 0)
def fractions_in_the_third_batch():
    return in_batches(of_one((1,)), *trained(FRACTIONS_LATE))


A_GAP_LATE = each([1, 2], [3, 4], [5, np.nan])


@silent(lambda: np.isfinite(passed_on(Batches(*A_GAP_LATE))).all())
def a_gap_after_whole_numbers():
    """It turns into the least of all whole numbers."""
    scaled = of_one((1,), lambda x: x / 1e19)
    return in_batches(scaled, *trained(A_GAP_LATE))


@runs
def numbers_as_texts_after_numbers():
    batches = each([1.5, 2.5], ["3.5", "4.5"])
    return in_batches(of_one((1,)), *trained(batches))


# Generators


def steps_of_five():
    model = parcel()
    data = ending(rows(4), rows(4), rows(4))()
    model.fit(data, steps_per_epoch=5, shuffle=False, verbose=0)
    return int(model.optimizer.iterations.numpy())


@silent(lambda: steps_of_five() < 5)
def a_generator_that_ends_in_the_first_epoch():
    data = ending(rows(4), rows(4), rows(4))
    return Given(parcel(), data, fit={"steps_per_epoch": 5})


@fails
def a_generator_without_batches():
    return Given(parcel(), ending())


@fails
def a_generator_of_none():
    return Given(parcel(), endless(None), fit={"steps_per_epoch": 2})


# Batches that are read one by one


@fails
def a_batch_that_cannot_be_read():
    class Broken(Batches):
        def __getitem__(self, index):
            if index == 1:
                raise OSError("the file is gone")
            return super().__getitem__(index)

    data = Broken(rows(4), rows(4), rows(4))
    return Given(parcel(), data, fit={"shuffle": False})


@fails
def a_length_that_is_too_large():
    class Boasting(Batches):
        def __len__(self):
            return 5

    return Given(parcel(), Boasting(rows(4), rows(4), rows(4)))


@runs
def batches_without_end():
    class Endless(Batches):
        @property
        def num_batches(self):
            return None

        def __getitem__(self, index):
            return super().__getitem__(index % len(self))

    data = Endless(rows(4), rows(4))
    return Given(parcel(), data, fit={"steps_per_epoch": 3})


@runs
def batches_of_two_workers():
    class Shared(Batches):
        def __init__(self, *batches):
            keras.utils.PyDataset.__init__(self, workers=2)
            self.batches = batches

    return Given(parcel(), Shared(rows(4), rows(4), rows(4)))


@fails
def targets_beside_batches():
    return Given(parcel(), Batches((PARCEL,)), ONES)


# Data sets


def described(numbers, zone, targets):
    """A data set that says these shapes of a generator."""
    inputs = {
        "numbers": tf.TensorSpec(numbers),
        "zone": tf.TensorSpec(zone),
    }
    return tf.data.Dataset.from_generator(
        ending(rows(4), rows(4)),
        output_signature=(inputs, tf.TensorSpec(targets)),
    )


@runs
def a_generator_with_shapes():
    data = described((None, 2), (None, 1), (None,))
    return Given(parcel(), data)


@runs
def a_generator_with_axes_alone():
    data = described((None, None), (None, None), (None,))
    return Given(parcel(), data)


@fails
def a_generator_with_a_target_of_any_shape():
    return Given(parcel(), described((None, 2), (None, 1), None))


@fails
def a_generator_with_another_width():
    return Given(parcel(), described((None, 3), (None, 1), (None,)))


def nothing():
    return tf.data.Dataset.from_tensor_slices((PARCEL, ONES)).take(0)


@silent(
    lambda: (
        not parcel()
        .fit(nothing().batch(4), shuffle=False, verbose=0)
        .history
    )
)
def a_data_set_without_rows():
    return Given(parcel(), nothing().batch(4))


@fails
def a_data_set_that_is_batched_twice():
    data = tf.data.Dataset.from_tensor_slices((PARCEL, ONES))
    return Given(parcel(), data.batch(4).batch(2))


@fails
def targets_beside_a_data_set():
    data = tf.data.Dataset.from_tensor_slices(PARCEL).batch(4)
    return Given(parcel(), data, ONES)


@runs
def a_data_set_zipped_of_others():
    slices = tf.data.Dataset.from_tensor_slices
    inputs = {name: slices(values) for name, values in PARCEL.items()}
    data = tf.data.Dataset.zip((inputs, slices(ONES)))
    return Given(parcel(), data.batch(4))


@runs
def series_in_ragged_batches():
    lengths = [2, 3, 4, 5]
    x = tf.RaggedTensor.from_row_lengths(tf.ones((14, 1)), lengths)
    data = tf.data.Dataset.from_tensor_slices(({"x": x}, np.ones(4)))
    return Given(of_steps(), data.ragged_batch(2))
