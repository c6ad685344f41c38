"""Masks of steps in Keras: which layers hand them on, read or lose them."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from companion.lab.sequences import NOISE, SOILS, fields, right_moisture

READINGS = np.array([[[5], [0], [3], [-1]], [[2], [-1], [-1], [-1]]], "f4")
LONGER = np.pad(READINGS, ((0, 0), (0, 3), (0, 0)), constant_values=-1)
MASK = [[True, True, True, False], [True, False, False, False]]
OTHER = np.ones_like(READINGS)


class MaskOf(layers.Layer):
    """Gives back the mask of its input, or None."""

    def call(self, inputs, mask=None):
        return mask

    def compute_mask(self, inputs, mask=None):
        return None


def masked(readings=READINGS, value=-1.0):
    return layers.Masking(value)(readings)


def mask_of(tensor):
    mask = MaskOf()(tensor)
    return None if mask is None else np.asarray(mask).tolist()


def mask_in_model(function):
    """The mask that a functional model hands to the layer after."""
    days, other = keras.Input((4, 1)), keras.Input((4, 1))
    mask = MaskOf()(function(layers.Masking(-1.0)(days), other))
    if mask is None:
        return None
    return np.asarray(keras.Model([days, other], mask)([READINGS, OTHER]))


KEPT = {
    "Dense": lambda x, other: layers.Dense(2)(x),
    "Dropout": lambda x, other: layers.Dropout(0.5)(x),
    "Rescaling": lambda x, other: layers.Rescaling(2.0)(x),
    "ReLU": lambda x, other: layers.ReLU()(x),
    "LayerNormalization": lambda x, other: layers.LayerNormalization()(x),
    "BatchNormalization": lambda x, other: layers.BatchNormalization()(x),
    "LSTM": lambda x, other: layers.LSTM(2, return_sequences=True)(x),
    "GRU": lambda x, other: layers.GRU(2, return_sequences=True)(x),
    "Bidirectional": lambda x, other: layers.Bidirectional(
        layers.GRU(2, return_sequences=True)
    )(x),
    "TimeDistributed": lambda x, other: layers.TimeDistributed(
        layers.Dense(2)
    )(x),
    "attention": lambda x, other: layers.MultiHeadAttention(1, 2)(x, x),
    "attention to another": lambda x, other: layers.MultiHeadAttention(
        1, 2
    )(x, other),
    "Add, both masked": lambda x, other: layers.Add()([x, x]),
    "Multiply, both masked": lambda x, other: layers.Multiply()([x, x]),
    "Concatenate, both masked": lambda x, other: layers.Concatenate()(
        [x, x]
    ),
}
#: These read the mask, or lose it: without a warning.
NONE_LEFT = {
    "LSTM": lambda x, other: layers.LSTM(2)(x),
    "GRU": lambda x, other: layers.GRU(2)(x),
    "mean": lambda x, other: layers.GlobalAveragePooling1D()(x),
    "times a number": lambda x, other: x * 2.0,
    "some steps": lambda x, other: x[:, :2],
    "a function": lambda x, other: ops.relu(x),
    "a mean by hand": lambda x, other: ops.mean(x, axis=1),
    "attention of another": lambda x, other: layers.MultiHeadAttention(
        1, 2
    )(other, x),
    "Add, one masked": lambda x, other: layers.Add()([x, other]),
    "Multiply, one masked": lambda x, other: layers.Multiply()([x, other]),
}
WARNED = {
    "Flatten": layers.Flatten,
    "Reshape": lambda: layers.Reshape((2, 2)),
    "Permute": lambda: layers.Permute((2, 1)),
    "Conv1D": lambda: layers.Conv1D(2, 3),
    "MaxPooling1D": layers.MaxPooling1D,
    "GlobalMaxPooling1D": layers.GlobalMaxPooling1D,
    "ZeroPadding1D": layers.ZeroPadding1D,
    "EinsumDense": lambda: layers.EinsumDense("abc,cd->abd", (None, 2)),
}


# Warnings are errors here: what is kept or lost below, is so in silence.


@pytest.mark.parametrize("name", KEPT)
def test_a_layer_hands_the_mask_on(name):
    assert mask_of(KEPT[name](masked(), OTHER)) == MASK
    assert np.array_equal(mask_in_model(KEPT[name]), MASK)


@pytest.mark.parametrize("name", NONE_LEFT)
def test_no_mask_is_left_and_nobody_warns(name):
    assert mask_of(NONE_LEFT[name](masked(), OTHER)) is None
    assert mask_in_model(NONE_LEFT[name]) is None


@pytest.mark.parametrize("name", WARNED)
def test_a_layer_loses_the_mask_with_a_warning(name):
    with pytest.warns(UserWarning, match="does not support masking"):
        assert mask_of(WARNED[name]()(masked())) is None


def test_what_a_layer_would_compute_is_no_sign_that_it_keeps_it():
    mask = MaskOf()(masked())

    assert layers.Flatten().compute_mask(masked(), mask) is mask


def test_beside_an_unmasked_sequence_every_step_counts():
    def function(x, other):
        return layers.Concatenate()([x, other])

    assert np.all(mask_of(function(masked(), OTHER)))
    assert np.all(mask_in_model(function))


def test_an_unmasked_sequence_after_a_masked_one_counts_whole():
    both = layers.Concatenate(axis=1)([masked(), OTHER])

    assert mask_of(both) == [row + 4 * [True] for row in MASK]


def test_a_model_inside_a_model_warns_and_the_mask_gets_through():
    rain = keras.Input((None, 1))
    with pytest.warns(UserWarning, match="does not support masking"):
        inside = keras.Sequential([layers.Dense(2)])(masked(rain))
        model = keras.Model(rain, layers.LSTM(2)(inside))

        assert ignores_padding(model)


def ignores_padding(model):
    return np.allclose(model(READINGS), model(LONGER), atol=1e-6)


# Attention


class AttentionFirst(layers.Layer):
    """Reads the days with attention, and then with an LSTM."""

    def __init__(self, copied):
        super().__init__()
        self.copied = copied
        self.masking = layers.Masking(-1.0)
        self.attention = layers.MultiHeadAttention(1, 2)
        self.lstm = layers.LSTM(2)

    def call(self, rain):
        days = self.masking(rain)
        asked = ops.copy(days) if self.copied else days
        self.attention(asked, asked)
        return self.lstm(days)


def test_attention_takes_the_mask_off_what_it_was_given():
    days = masked()
    layers.MultiHeadAttention(1, 2)(days, days)

    assert mask_of(days) is None
    assert not ignores_padding(AttentionFirst(copied=False))
    assert ignores_padding(AttentionFirst(copied=True))


def test_in_a_functional_model_other_layers_keep_the_mask():
    rain = keras.Input((None, 1))
    days = masked(rain)
    attended = layers.MultiHeadAttention(1, 2)(days, days)
    beside = layers.LSTM(2)(days)
    after = layers.GlobalAveragePooling1D()(layers.Add()([days, attended]))

    assert ignores_padding(
        keras.Model(rain, layers.Concatenate()([beside, after]))
    )


# The loss


def scores(output, rain, targets):
    model = keras.Model(rain, output)
    model.compile(loss="mse", metrics=["mae"], run_eagerly=True)
    return model.evaluate(READINGS, targets, verbose=0)


def by_step(change):
    """Scores with targets 0, and with absurd ones where padding is."""
    rain = keras.Input((None, 1))
    output = layers.Dense(1)(change(layers.Dense(2)(masked(rain))))
    zeros = np.zeros_like(READINGS)
    absurd = np.where(READINGS == -1, 1000, zeros)
    return scores(output, rain, zeros), scores(output, rain, absurd)


def test_loss_and_metric_leave_padded_steps_out():
    zeros, absurd = by_step(layers.Identity())

    assert zeros == absurd


def test_the_loss_is_the_mean_of_the_steps_that_count():
    rain = keras.Input((None, 1))
    found = scores(layers.Identity()(masked(rain)), rain, 0 * READINGS)

    assert found == pytest.approx([(25 + 0 + 9 + 4) / 4, (5 + 3 + 2) / 4])


@pytest.mark.parametrize(
    "change",
    [
        lambda days: days * 2.0,
        lambda days: layers.Add()(
            [days, layers.MultiHeadAttention(1, 2)(days, days)]
        ),
    ],
)
def test_a_loss_that_sees_no_mask_counts_padded_steps(change):
    zeros, absurd = by_step(change)

    assert absurd[0] > 1000 * zeros[0] and absurd[1] > 10 * zeros[1]


# Padding, true values, and rows without a step


def test_before_or_after_is_the_same_with_a_mask():
    lstm = layers.LSTM(3)
    before = np.roll(READINGS[:1], 1, axis=1)

    assert np.allclose(lstm(masked(before)), lstm(masked(READINGS[:1])))
    assert not np.allclose(lstm(before), lstm(READINGS[:1]))


def test_a_step_is_masked_if_all_channels_have_the_value():
    rain = np.array([[[0, 0], [0, 7], [7, 0]]], "float32")

    assert mask_of(masked(rain, 0.0)) == [[False, True, True]]


def test_nan_masks_nothing():
    rain = np.array([[[np.nan], [1.0]]], "float32")

    assert mask_of(masked(rain, np.nan)) == [[True, True]]


def test_a_mask_handed_over_counts():
    mean = layers.GlobalAveragePooling1D()

    assert np.allclose(mean(READINGS, mask=np.array(MASK)), [[8 / 3], [2]])


def test_a_row_without_a_step_is_nan_or_the_initial_state():
    nothing = masked(np.full((1, 4, 1), -1, "float32"))

    assert np.isnan(layers.GlobalAveragePooling1D()(nothing)).all()
    assert not np.any(layers.LSTM(2)(nothing))


# The fields of the book


def test_the_moisture_is_the_rule_and_noise_of_the_size_that_is_told():
    train, _, _ = fields(seed=3)
    noise = train.moisture - right_moisture(train.rain, train.soils)

    assert abs(noise.mean()) < 0.1
    assert noise.std() == pytest.approx(NOISE, rel=0.05)
    assert set(train.soils.tolist()) == set(range(len(SOILS)))


def test_rain_is_whole_millimetres_and_some_fields_are_dry():
    train, _, _ = fields()
    dry = np.mean([not days.any() for days in train.rain])
    amounts = np.concatenate(train.rain)

    assert amounts.dtype == "float32" and amounts.min() == 0
    assert np.array_equal(amounts, amounts.round())
    assert 0.02 < dry < 0.1


def test_soil_and_rain_have_nothing_to_do_with_each_other():
    train, _, _ = fields()
    means = np.array([days.mean() for days in train.rain])
    lengths = np.array([len(days) for days in train.rain])

    for what in (means, lengths):
        assert abs(np.corrcoef(what, train.soils)[0, 1]) < 0.05


def test_some_fields_are_taken_whole():
    train, _, _ = fields(num_train=5)
    few = train.take(np.array([3, 0]))

    assert [*map(len, few.rain)] == [len(train.rain[n]) for n in (3, 0)]
    assert few.soils.tolist() == train.soils[[3, 0]].tolist()
    assert few.moisture.tolist() == train.moisture[[3, 0]].tolist()
    assert len(train.take(np.zeros(5, bool)).rain) == 0


def test_the_seed_decides_the_fields():
    one, again, other = (fields(seed)[0] for seed in (0, 0, 1))

    assert np.array_equal(one.moisture, again.moisture)
    assert not np.array_equal(one.moisture, other.moisture)
