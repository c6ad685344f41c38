"""Sequences to features, and several sensors to an answer or a future."""

import keras
import numpy as np
import pytest
from scipy.stats import norm

from companion import ContractError
from companion.building.sequences import (
    MASKS_EACH,
    PLACES,
    SEQUENCE_READERS,
    MeanAndSpread,
    draw_futures,
    gaussian_loss,
    sensor_fusion,
    sequence_branch,
    step_before,
)

SHAPES = {"push": (12, 3), "turn": (6, 2)}
RNG = np.random.default_rng(0)
BATCH = {
    name: RNG.normal(size=(4, *shape)).astype("float32")
    for name, shape in SHAPES.items()
}


@pytest.mark.parametrize("how", SEQUENCE_READERS)
def test_what_came_last_counts(how):
    sequence = keras.Input((12, 3))
    model = keras.Model(sequence, sequence_branch(sequence, how, 5))
    other = BATCH["push"].copy()
    other[:, -1] += 1

    answers = model(BATCH["push"])

    assert answers.shape == (4, 5)
    assert not np.allclose(answers, model(other))


@pytest.mark.parametrize("place", PLACES)
def test_a_fixed_value_counts_wherever_it_comes_in(place):
    inputs = keras.Input((12, 3)), keras.Input((2,))
    features = sequence_branch(
        inputs[0], "lstm", 5, beside=inputs[1], place=place
    )
    model = keras.Model(inputs, features)

    one, other = (
        model([BATCH["push"], np.full((4, 2), value, "float32")])
        for value in (0, 1)
    )

    assert features.shape == (None, 7 if place == "end" else 5)
    assert not np.allclose(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        ({"num_classes": 7}, (4, 7)),
        ({"num_values": 2}, (4, 2)),
        ({"num_values": 2, "spread": True}, (4, 4)),
        ({"future": (20, 1)}, (4, 20, 1)),
        ({"future": (20, 1), "spread": True}, (4, 20, 2)),
        ({"future": (5, 2), "step_by_step": True}, (4, 5, 2)),
    ],
    ids=str,
)
@pytest.mark.parametrize("mask_each", [None, *MASKS_EACH])
def test_sensors_give_a_class_a_value_or_a_future(
    tmp_path, answer, shape, mask_each
):
    model = sensor_fusion(SHAPES, mask_each=mask_each, units=8, **answer)
    batch = dict(BATCH)
    for name, (steps, _) in SHAPES.items():
        length = {"sensor": 1, "reading": steps}.get(mask_each)
        if length:
            batch[f"{name}_present"] = np.ones((4, length))
    if "step_by_step" in answer:
        batch["before"] = np.ones((4, 5, 2))

    answers = model.predict(batch, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert answers.shape == shape
    assert np.allclose(again.predict(batch, verbose=0), answers)
    if answer.get("spread"):
        assert (np.split(answers, 2, axis=-1)[1] > 0).all()


def test_a_dead_sensor_has_no_influence():
    model = sensor_fusion(SHAPES, num_values=1, mask_each="sensor", units=8)
    dead = {
        "push_present": np.ones((4, 1)),
        "turn_present": np.zeros((4, 1)),
    }
    other = {**BATCH, "turn": BATCH["turn"] + 9}

    assert np.allclose(model({**BATCH, **dead}), model({**other, **dead}))


def test_a_mask_of_readings_is_read():
    model = sensor_fusion(
        SHAPES, num_values=1, mask_each="reading", units=8
    )
    whole = {
        f"{n}_present": np.ones((4, k)) for n, (k, _) in SHAPES.items()
    }
    torn = {**whole, "turn_present": np.arange(24).reshape(4, 6) % 2.0}

    assert not np.allclose(
        model({**BATCH, **whole}), model({**BATCH, **torn})
    )


def stepwise(**options):
    return sensor_fusion(
        SHAPES, future=(5, 1), units=8, step_by_step=True, **options
    )


def test_a_step_is_told_the_steps_before_it_and_none_after():
    """Or the training would show each step its own answer."""
    model = stepwise()
    future = RNG.normal(size=(4, 5, 1))
    other = future.copy()
    other[:, 2] += 9

    one, two = (
        np.asarray(model({**BATCH, "before": step_before(each)}))
        for each in (future, other)
    )

    same = np.isclose(one, two).all(axis=(0, 2))
    assert same.tolist() == [True, True, True, False, False]


def test_steps_of_a_drawn_future_belong_together():
    """A model that repeats the step before, plus noise of 1: a walk."""
    before = keras.Input((5, 1), name="before")
    past = keras.Input((3, 1), name="past")
    spread = keras.ops.ones_like(before)
    walk = keras.Model(
        [past, before], keras.layers.Concatenate()([before, spread])
    )

    futures = draw_futures(walk, {"past": np.zeros((2, 3, 1))}, 4000, 0)
    again = draw_futures(walk, {"past": np.zeros((2, 3, 1))}, 4000, 0)

    assert futures.shape == (2, 4000, 5, 1)
    np.testing.assert_array_equal(futures, again)
    variance = futures[..., 0].var(axis=(0, 1))
    np.testing.assert_allclose(variance, [1, 2, 3, 4, 5], rtol=0.1)
    assert not np.array_equal(futures[0], futures[1])


@pytest.mark.parametrize(
    "model",
    [
        lambda: stepwise(),
        lambda: sensor_fusion(SHAPES, future=(5, 1), spread=True),
    ],
    ids=["without a spread", "without the step before"],
)
def test_a_model_that_cannot_be_drawn_from_is_refused(model):
    with pytest.raises(ContractError, match="spread=True, step_by_step"):
        draw_futures(model(), BATCH, 2, 0)


def test_the_loss_is_that_of_a_normal_distribution():
    truth, mean = RNG.normal(size=(2, 4, 5, 1)).astype("float32")
    spread = RNG.uniform(0.5, 2, (4, 5, 1)).astype("float32")
    right = -norm(mean, spread).logpdf(truth)[..., 0]

    found = gaussian_loss(truth, np.concatenate([mean, spread], -1))

    constant = 0.5 * np.log(2 * np.pi)
    assert np.allclose(np.asarray(found) + constant, right, atol=1e-5)


def test_half_of_the_numbers_pass_as_they_are():
    given = np.array([[-3.0, -30.0]], "float32")

    mean, spread = np.asarray(MeanAndSpread()(given))[0]

    assert mean == -3
    assert 0 < spread < 0.01


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of num_classes, num_values and future"),
        ({"num_classes": 2, "num_values": 1}, "num_classes and num_values"),
        ({"num_classes": 2, "spread": True}, "numbers or a future"),
        ({"future": (20,)}, "future"),
        ({"num_values": 1, "step_by_step": True}, "a future to go through"),
        ({"num_values": 1, "mask_each": "step"}, "mask_each to be one of"),
        ({"num_values": 1, "reader": "rnn"}, "how to be one of lstm"),
    ],
    ids=str,
)
def test_an_answer_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(ContractError, match=words):
        sensor_fusion(SHAPES, **options)


def test_a_sensor_without_channels_is_told_by_name():
    with pytest.raises(ContractError, match="push"):
        sensor_fusion({"push": (12,), "turn": (6, 2)}, num_values=1)


def test_a_convolution_has_no_state_to_start_from():
    with pytest.raises(ContractError, match="an LSTM or a GRU"):
        sequence_branch(
            keras.Input((12, 3)),
            "convolution",
            beside=keras.Input((2,)),
            place="state",
        )
