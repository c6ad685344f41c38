"""Sequences to features, and several sensors to an answer or a future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from companion.building.fusion import fuse
from companion.building.heads import classes_head, number_head
from companion.building.masked import masked_fusion
from companion.errors import ContractError, Problem
from companion.rules import choice_problem, count_problem, sizes_problem

#: Ways to make one vector of a sequence.
SEQUENCE_READERS = ("lstm", "gru", "convolution")
#: What a mask says of a sensor: it is dead, or one reading is missing.
MASKS_EACH = ("sensor", "reading")
#: Where a fixed value meets a sequence.
PLACES = ("end", "steps", "state")
#: The input that tells each step of a future the step before.
BEFORE = "before"
_DRAWS = "draw_futures"
#: How far apart the steps are that a convolution looks at, layer by layer.
_DILATIONS = (1, 2, 4, 8)
#: The smallest standard deviation that is predicted.
_LEAST_SPREAD = 1e-3


def sequence_branch(
    sequence: keras.KerasTensor,
    how: str = "lstm",
    units: int = 32,
    *,
    beside: keras.KerasTensor | None = None,
    place: str = "end",
) -> keras.KerasTensor:
    """A sequence to features, alone or with a fixed value beside it.

    Source: long short-term memory, Hochreiter and Schmidhuber
    (https://doi.org/10.1162/neco.1997.9.8.1735); dilated causal
    convolutions as in van den Oord et al.
    (https://arxiv.org/abs/1609.03499). Taught in the chapter
    *Several sensors: which exercise is this?*.

    Args:
        sequence: float32 ``(batch, steps, channels)``, scaled to about 1.
        how: ``"lstm"`` or ``"gru"``, which read step by step and give
            their last state; ``"convolution"``, layers that look back over
            31 steps without reading one by one, and give the last step.
        units: Length of the vector that comes out.
        beside: float32 ``(batch, features)``, what does not change from
            step to step: a person's height, the type of a machine.
        place: Where it comes in: ``"end"``, beside the result;
            ``"steps"``, beside the channels of every step; ``"state"``, as
            what an LSTM or a GRU starts from.

    Returns:
        float32 ``(batch, units)``; with ``beside`` at the end as much
        wider as that is.

    Raises:
        ContractError: If a choice is unknown, ``units`` no whole number,
            or a tensor has another number of axes.

    Example:
        >>> readings = keras.Input((100, 3))
        >>> sequence_branch(readings, "gru").shape
        (None, 32)
        >>> height = keras.Input((1,))
        >>> sequence_branch(readings, beside=height, place="state").shape
        (None, 32)
    """
    of = "sequence_branch"
    ContractError.raise_if(
        choice_problem("how", how, SEQUENCE_READERS, of=of),
        choice_problem("place", place, PLACES, of=of),
        count_problem("units", units, 1, "Give a width.", of=of),
        _axes_problem(of, sequence, beside, how, place),
    )
    units, state = int(units), None
    if beside is not None and place == "steps":
        sequence = _at_every_step(sequence, beside)
    if beside is not None and place == "state":
        state = keras.layers.Dense(units, activation="tanh")(beside)
    features = _read(sequence, how, units, state)
    if beside is not None and place == "end":
        features = keras.layers.Concatenate()([features, beside])
    return features


def _read(
    sequence: keras.KerasTensor,
    how: str,
    units: int,
    state: keras.KerasTensor | None,
) -> keras.KerasTensor:
    if how == "convolution":
        for dilation in _DILATIONS:
            sequence = keras.layers.Conv1D(
                units,
                3,
                padding="causal",
                dilation_rate=dilation,
                activation="relu",
            )(sequence)
        return sequence[:, -1]
    if how == "gru":
        return keras.layers.GRU(units)(sequence, initial_state=state)
    both = None if state is None else [state, ops.zeros_like(state)]
    return keras.layers.LSTM(units)(sequence, initial_state=both)


def _at_every_step(
    sequence: keras.KerasTensor, beside: keras.KerasTensor
) -> keras.KerasTensor:
    """The value beside the channels of each step."""
    steps = ops.ones_like(sequence[:, :, :1])
    return keras.layers.Concatenate()(
        [sequence, steps * ops.expand_dims(beside, 1)]
    )


def _axes_problem(
    of: str, sequence: Any, beside: Any, how: str, place: str
) -> Problem | None:
    if len(sequence.shape) != 3:
        expected = "a sequence (batch, steps, channels)"
        received = f"{tuple(sequence.shape)}"
        fix = "Add an axis for a single channel: values[..., None]."
    elif beside is not None and len(beside.shape) != 2:
        expected = "beside (batch, features)"
        received = f"{tuple(beside.shape)}"
        fix = "Bring it to one vector per sample first."
    elif beside is not None and place == "state" and how == "convolution":
        expected = "an LSTM or a GRU for a state to start from"
        received = f"how={how!r}"
        fix = 'Use how="gru", or place="steps".'
    else:
        return None
    return Problem(of, expected, received, fix)


@keras.saving.register_keras_serializable("companion")
class MeanAndSpread(keras.layers.Layer):
    """Makes standard deviations of the second half of the numbers.

    The first half are means and pass as they are. Train it with
    `gaussian_loss`.

    Call arguments:
        inputs: float32 ``(batch, ..., 2 * channels)``.

    Returns:
        float32, the same shape; the second half is above 0.
    """

    def call(self, inputs: Any) -> Any:
        """Bends the second half."""
        mean, raw = ops.split(inputs, 2, axis=-1)
        spread = ops.softplus(raw) + _LEAST_SPREAD
        return ops.concatenate([mean, spread], axis=-1)


@keras.saving.register_keras_serializable("companion")
def gaussian_loss(truth: Any, predicted: Any) -> Any:
    """How unlikely the truth is under a mean and a standard deviation.

    The negative logarithm of the density of a normal distribution, without
    its constant. It is smallest if the mean is right and the standard
    deviation is as large as the errors are.

    Source: mean-variance estimation, Nix and Weigend
    (https://doi.org/10.1109/ICNN.1994.374138). Taught in the chapter
    *Two sensors and their future*.

    Args:
        truth: float32 ``(batch, ..., channels)``.
        predicted: float32 ``(batch, ..., 2 * channels)``, means, then
            standard deviations, as `sensor_fusion` gives with ``spread``.

    Returns:
        float32 ``(batch, ...)``, a loss for ``compile``.

    Example:
        >>> truth = ops.array([[0.0]])
        >>> float(gaussian_loss(truth, ops.array([[0.0, 1.0]]))[0])
        0.0
    """
    mean, spread = ops.split(predicted, 2, axis=-1)
    truth = ops.cast(truth, predicted.dtype)
    z = (truth - mean) / spread
    return ops.mean(0.5 * ops.square(z) + ops.log(spread), axis=-1)


def sensor_fusion(
    sensors: Mapping[str, Sequence[int | None]],
    *,
    num_classes: int | None = None,
    num_values: int | None = None,
    future: Sequence[int] | None = None,
    how: str = "concatenate",
    reader: str = "gru",
    units: int = 32,
    mask_each: str | None = None,
    spread: bool = False,
    step_by_step: bool = False,
) -> keras.Model:
    """Several sensors, each with its own length, width and rate.

    A branch per sensor, then they are joined. Exactly one of three answers
    comes out: a class, numbers, or a whole future.

    Taught in the chapters *Several sensors: which exercise is this?* and
    *Two sensors and their future*.

    Args:
        sensors: Name of each sensor to steps and channels, for example
            ``{"accelerometer": (50, 3), "gyroscope": (25, 3)}``.
        num_classes: How many classes, at least 2; train with
            ``sparse_categorical_crossentropy``.
        num_values: How many numbers; train with ``mse``.
        future: Steps and channels of the series to predict; train with
            ``mse``, on targets ``(samples, steps, channels)``.
        how: How the branches are joined, see `fuse`; with a mask for each
            sensor, see `masked_fusion`.
        reader: How a sensor is read, see `sequence_branch`.
        units: Width of each branch, and of the layer before the answer.
        mask_each: Whether each sensor has a mask, an input of its name
            with ``_present`` behind it, 0 where something is missing:
            ``"sensor"``, ``(batch, 1)``, for sensors that die;
            ``"reading"``, ``(batch, steps)``, for single readings that
            drop out, as `cut_windows` gives it.
        spread: Whether numbers, or a future, come as means, then standard
            deviations; train with `gaussian_loss`.
        step_by_step: Whether each step of a future is also told the value
            of the step before it, by an input ``before``: in training
            that is the target, one step later, `step_before`; to predict,
            `draw_futures` draws step after step (autoregressive).

    Returns:
        A model with a float32 input ``(batch, steps, channels)`` for each
        sensor, then the masks, then ``before``, if asked for. Its output
        is float32 ``(batch, classes)``, ``(batch, values)`` or
        ``(batch, steps, channels)``; the last axis is twice as long with
        ``spread``.

    Raises:
        ContractError: If not exactly one answer is asked for, a size is
            not a whole number, or a choice is unknown.

    Example:
        >>> shapes = {"accelerometer": (50, 3), "gyroscope": (25, 3)}
        >>> sensor_fusion(shapes, num_classes=7).output_shape
        (None, 7)
        >>> sensor_fusion(shapes, future=(20, 1)).output_shape
        (None, 20, 1)
    """
    asked = dict(
        num_classes=num_classes, num_values=num_values, future=future
    )
    ContractError.raise_if(
        *_sensor_problems(sensors, asked, spread, step_by_step),
        count_problem(
            "units", units, 1, "Give a width.", of="sensor_fusion"
        ),
        None
        if mask_each is None
        else choice_problem(
            "mask_each", mask_each, MASKS_EACH, of="sensor_fusion"
        ),
    )
    inputs = {
        name: keras.Input(tuple(shape), name=name)
        for name, shape in sensors.items()
    }
    masks = {
        name: keras.Input(
            (1,) if mask_each == "sensor" else (shape[0],),
            name=f"{name}_present",
        )
        for name, shape in sensors.items()
        if mask_each
    }
    features = {}
    for name, readings in inputs.items():
        if mask_each == "reading":
            there = ops.expand_dims(masks[name], -1)
            readings = keras.layers.Concatenate()([readings, there])
        features[name] = sequence_branch(readings, reader, units)
    if mask_each == "sensor":
        gated = "gated" if how == "concatenate" else how
        joined = masked_fusion(features, masks, gated, units)
    elif len(features) == 1:
        (joined,) = features.values()
    else:
        joined = fuse(list(features.values()), how)
    before = []
    if future is not None and step_by_step:
        before = [keras.Input(tuple(future), name=BEFORE)]
    answer = _answer(joined, before, asked, units, 1 + spread)
    if spread:
        answer = MeanAndSpread(name="mean_and_spread")(answer)
    return keras.Model([*inputs.values(), *masks.values(), *before], answer)


def _answer(
    features: keras.KerasTensor,
    before: Sequence[keras.KerasTensor],
    asked: Mapping[str, Any],
    units: int,
    each: int,
) -> keras.KerasTensor:
    """A class, numbers, or a future: so many for each number."""
    if asked["num_classes"] is not None:
        return classes_head(features, asked["num_classes"], units=units)
    if asked["num_values"] is not None:
        return number_head(
            features, each * int(asked["num_values"]), units=units
        )
    steps, channels = map(int, asked["future"])
    series = keras.layers.RepeatVector(steps)(features)
    if before:
        series = keras.layers.Concatenate()([series, *before])
    series = keras.layers.GRU(units, return_sequences=True)(series)
    return keras.layers.Dense(each * channels)(series)


def step_before(future: np.ndarray) -> np.ndarray:
    """A future one step later: what each of its steps is told.

    Also known as teacher forcing. The first step is told 0. Taught in the
    chapter *Two sensors and their future*.

    Args:
        future: float ``(samples, steps, channels)``, the targets.

    Returns:
        float32 of the same shape, the input ``before`` to train with.

    Example:
        >>> step_before(np.array([[[1.0], [2.0], [3.0]]])).ravel().tolist()
        [0.0, 1.0, 2.0]
    """
    later = np.zeros(np.shape(future), "float32")
    later[:, 1:] = np.asarray(future)[:, :-1]
    return later


def draw_futures(
    model: keras.Model, inputs: Mapping[str, Any], count: int, seed: int
) -> np.ndarray:
    """Plausible futures of each window, drawn step after step.

    Each step is drawn from its mean and spread, and told to the next, so
    that the steps of a future belong together. Numbers drawn from all the
    means and spreads at once would be right one by one, and jump from step
    to step.

    Taught in the chapter *Two sensors and their future*.

    Args:
        model: From `sensor_fusion`, with ``spread`` and ``step_by_step``.
        inputs: Arrays ``(samples, ...)`` by name, without ``before``.
        count: Futures of each window.
        seed: What decides the draws.

    Returns:
        float32 ``(samples, count, steps, channels)``.

    Raises:
        ContractError: If the model has no input ``before``, or no spread,
            or ``count`` is no whole number.

    Example:
        >>> model = sensor_fusion(
        ...     {"push": (10, 2)},
        ...     future=(5, 1),
        ...     spread=True,
        ...     step_by_step=True,
        ... )
        >>> past = {"push": np.zeros((4, 10, 2))}
        >>> draw_futures(model, past, count=3, seed=0).shape
        (4, 3, 5, 1)
    """
    shapes = {each.name: each.shape[1:] for each in model.inputs}
    ContractError.raise_if(
        count_problem("count", count, 1, "Give 1 or more.", of=_DRAWS),
        _draws_problem(shapes.get(BEFORE), model.output_shape),
    )
    samples = len(next(iter(inputs.values())))
    steps, channels = shapes[BEFORE]
    rng = np.random.default_rng(seed)
    repeated = {
        name: np.repeat(np.asarray(values), count, axis=0)
        for name, values in inputs.items()
    }
    drawn = np.zeros((samples * count, steps, channels), "float32")
    for step in range(steps):
        fed = repeated | {BEFORE: step_before(drawn)}
        answer = model.predict(fed, batch_size=1024, verbose=0)[:, step]
        mean, spread = np.split(answer, 2, axis=-1)
        drawn[:, step] = mean + spread * rng.standard_normal(mean.shape)
    return drawn.reshape(samples, count, steps, channels)


def _draws_problem(before: Any, answers: Any) -> Problem | None:
    """A model that does not answer step after step, with a spread."""
    if before and tuple(answers[1:]) == (before[0], 2 * before[1]):
        return None
    expected = f'a model with an input "{BEFORE}" and a spread'
    fix = "Build it with spread=True, step_by_step=True."
    return Problem(_DRAWS, expected, f"an output {answers}", fix)


def _sensor_problems(
    sensors: Any, asked: Mapping[str, Any], spread: bool, told: bool
) -> list[Problem | None]:
    """Sensors without a shape, and no answer or several."""
    of = "sensor_fusion"
    given = [name for name, value in asked.items() if value is not None]
    problems: list[Problem | None] = []
    if not isinstance(sensors, Mapping) or not sensors:
        fix = 'Write {"accelerometer": (50, 3), "gyroscope": (25, 3)}.'
        expected = "a dict with steps and channels of each sensor"
        received = type(sensors).__name__
        return [Problem(of, expected, received, fix)]
    for name, shape in sensors.items():
        known = shape
        if isinstance(shape, (tuple, list)) and len(shape) == 2:
            known = (1 if shape[0] is None else shape[0], shape[1])
        where = f'sensors["{name}"]'
        problems.append(sizes_problem(where, known, of=of, axes=2))
    if len(given) != 1:
        expected = "one of num_classes, num_values and future"
        received = " and ".join(given) or "none"
        fix = "Say what the model should answer."
        problems.append(Problem(of, expected, received, fix))
    elif given == ["future"]:
        problems.append(
            sizes_problem("future", asked["future"], of=of, axes=2)
        )
    if spread and given == ["num_classes"]:
        expected, fix = "numbers or a future for a spread", "Leave it out."
        problems.append(Problem(of, expected, "num_classes", fix))
    if told and given != ["future"]:
        expected, fix = (
            "a future to go through step by step",
            "Pass future.",
        )
        received = " and ".join(given) or "none"
        problems.append(Problem(of, expected, received, fix))
    return problems
