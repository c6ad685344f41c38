"""Rows beyond the first batch, and batches with rows of their own."""

import keras
import numpy as np
import tensorflow as tf
from judge import Given, fails, runs
from keras import layers, ops
from models import Batches

ROWS = 80
NUMBERS = np.linspace(0, 1, ROWS * 4).reshape(ROWS, 4)
PRICES = np.linspace(0, 1, ROWS)[:, None]


def with_a_late(value, values=NUMBERS, place=(70, 1)):
    values = values.copy()
    values[place] = value
    return values


def joined(x, made, **options):
    model = keras.Model([x], layers.Dense(1)(made))
    model.compile("sgd", "mse", **options)
    return model


class Filled(layers.Layer):
    def call(self, values):
        return ops.where(ops.isnan(values), 0.0, values)


def filling(*before):
    x = keras.Input((4,), name="x")
    made = x
    for layer in before:
        made = layer(made)
    return joined(x, Filled()(made))


@runs
def a_late_gap_that_a_layer_fills():
    return Given(filling(), {"x": with_a_late(np.nan)}, PRICES)


@runs
def a_late_gap_that_a_layer_fills_behind_another():
    scale = layers.Normalization(mean=0.5, variance=0.1)
    return Given(filling(scale), {"x": with_a_late(np.nan)}, PRICES)


@runs
def a_late_infinity_that_is_cut():
    x = keras.Input((4,), name="x")
    model = joined(x, ops.clip(x, -3.0, 3.0))
    return Given(model, {"x": with_a_late(np.inf)}, PRICES)


IDS = np.arange(ROWS * 3).reshape(ROWS, 3) % 9


class Looked(layers.Layer):
    """Tables inside, as of words and of their places."""

    def __init__(self):
        super().__init__()
        self.words = layers.Embedding(9, 2)
        self.places = layers.Embedding(3, 2)

    def call(self, ids):
        return self.words(ids) + self.places(ops.arange(3))


def of_words():
    x = keras.Input((3,), dtype="int32", name="x")
    return joined(x, layers.GlobalAveragePooling1D()(Looked()(x)))


@runs
def ids_of_a_table_inside_a_layer():
    return Given(of_words(), {"x": IDS}, PRICES)


@fails
def a_late_id_beyond_a_table_inside_a_layer():
    return Given(of_words(), {"x": with_a_late(9, IDS)}, PRICES)


def of_a_column():
    x = keras.Input((4,), name="x")
    looked = layers.Embedding(5, 2)(x[:, 0])
    return joined(x, layers.Concatenate()([looked, x[:, 1:]]))


MIXED = np.hstack([np.arange(ROWS)[:, None] % 5, NUMBERS[:, 1:]])


@runs
def ids_in_a_column_of_numbers():
    return Given(of_a_column(), {"x": MIXED}, PRICES)


@fails
def a_late_id_beyond_a_table_in_a_column_of_numbers():
    data = {"x": with_a_late(5, MIXED, (70, 0))}
    return Given(of_a_column(), data, PRICES)


def without_an_input():
    model = keras.Sequential([layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@runs
def classes_for_a_model_without_an_input():
    return Given(without_an_input(), NUMBERS, np.arange(ROWS) % 3)


@fails
def a_late_class_too_many_for_a_model_without_an_input():
    kinds = with_a_late(3, np.arange(ROWS) % 3, 70)
    return Given(without_an_input(), NUMBERS, kinds)


# Batches with rows of their own


class Summed(layers.Layer):
    """Adds to each node what its edges bring."""

    def compute_output_shape(self, nodes_shape, edges_shape):
        return nodes_shape

    def call(self, nodes, edges):
        brought = tf.gather(nodes, edges[:, 0])
        count = tf.shape(nodes)[0]
        sums = tf.math.unsorted_segment_sum(brought, edges[:, 1], count)
        return nodes + sums


def of_nodes_and_edges():
    nodes = keras.Input((4,), name="nodes")
    edges = keras.Input((2,), dtype="int32", name="edges")
    made = layers.Dense(1)(Summed()(nodes, edges))
    model = keras.Model([nodes, edges], made)
    model.compile("sgd", "mse")
    return model


@runs
def nodes_and_their_edges():
    edges = np.stack([np.arange(14) % 9, np.arange(14) % 5], 1)
    batch = {"nodes": NUMBERS[:9], "edges": edges}, PRICES[:9]
    data = Batches(batch, batch)
    return Given(of_nodes_and_edges(), data, fit={"shuffle": False})


def of_pairs():
    parts = [keras.Input((1,), name=name) for name in ("left", "right")]
    model = keras.Model(parts, layers.Dense(1)(layers.Concatenate()(parts)))
    model.compile("sgd", "mse")
    return model


@fails
def inputs_of_unequal_rows_that_are_joined():
    batch = {"left": PRICES[:9], "right": PRICES[:7]}, PRICES[:9]
    return Given(of_pairs(), Batches(batch), fit={"shuffle": False})


# Lengths, and data sets that are iterators too


def of_two_sequences():
    words = layers.Embedding(9, 3)
    asked, said = (
        keras.Input((None,), dtype="int32", name=name)
        for name in ("asked", "said")
    )
    state = layers.GRU(3)(words(asked))
    steps = layers.GRU(3, return_sequences=True)(
        words(said), initial_state=state
    )
    shares = layers.Dense(9, activation="softmax")(steps)
    model = keras.Model([asked, said], shares)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@runs
def lengths_that_change_late_in_a_data_set_that_says_so():
    def batches():
        for asked, said in zip((3, 4, 5, 6, 7), (6, 6, 6, 7, 6)):
            ids = {"asked": np.ones((4, asked)), "said": np.ones((4, said))}
            yield ids, np.ones((4, said))

    ids = tf.TensorSpec((None, None), tf.int32)
    data = tf.data.Dataset.from_generator(
        batches, output_signature=({"asked": ids, "said": ids}, ids)
    )
    return Given(of_two_sequences(), data)


class Flow(keras.utils.PyDataset):
    """Hands out its batches in a loop as well, as older ones do."""

    def __init__(self):
        super().__init__()
        self.next = 0

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return NUMBERS[:8], PRICES[:8]

    def __iter__(self):
        return self

    def __next__(self):
        self.next += 1
        return self[self.next]


@runs
def a_data_set_that_is_an_iterator_too():
    x = keras.Input((4,), name="x")
    return Given(joined(x, x), Flow(), fit={"shuffle": False})


# Calls of models and layers


@runs
def a_model_called_by_names_in_another_order():
    few = keras.Input((), dtype="int32", name="few")
    many = keras.Input((), dtype="int32", name="many")
    looked = [layers.Embedding(9, 2)(many), layers.Embedding(3, 2)(few)]
    inner = keras.Model([many, few], layers.Concatenate()(looked))
    fed = [keras.Input((), dtype="int32", name=name) for name in ("a", "b")]
    made = inner({"few": fed[0], "many": fed[1]})
    model = keras.Model(fed, layers.Dense(1)(made))
    model.compile("sgd", "mse")
    data = {"a": np.arange(ROWS) % 3, "b": np.arange(ROWS) % 9}
    return Given(model, data, PRICES)


@runs
def counts_with_weights():
    ids = keras.Input((3,), dtype="int32", name="ids")
    weights = keras.Input((3,), name="weights")
    counted = layers.CategoryEncoding(9, output_mode="count")
    made = layers.Dense(1)(counted(ids, count_weights=weights))
    model = keras.Model([ids, weights], made)
    model.compile("sgd", "mse")
    return Given(model, {"ids": IDS, "weights": 20.0 * IDS}, PRICES)


class Weighing(keras.Model):
    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return ops.mean(self.loss(y, y_pred) * (1.0 + y[:, 0]))


@runs
def a_loss_of_several_numbers_that_a_model_weighs_itself():
    loss = keras.losses.MeanSquaredError(reduction=None)
    x = keras.Input((4,), name="x")
    model = Weighing([x], layers.Dense(1)(x))
    model.compile("sgd", loss)
    return Given(model, {"x": NUMBERS}, PRICES)
