"""What checkers ask of a model that makes samples of a label and noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from companion.graph import inputs_of, is_built_by_dict
from companion.lab.exercises.answers import shake, tried

#: Spreads of the noise on weights: the last layers reach both their ends.
_SPREADS = (0.3, 3.0, 30.0)


def labels_and_noise(
    num_classes: int, latent_dim: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Every label once, each with a noise of its own.

    Args:
        num_classes: How many labels there are.
        latent_dim: How many numbers of noise.
        seed: Decides the noise.

    Returns:
        int32 ``(labels,)`` and float32 ``(labels, latent_dim)``, by name.

    Example:
        >>> labels_and_noise(3, 5)["noise"].shape
        (3, 5)
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(num_classes, latent_dim))
    return {
        "label": np.arange(num_classes, dtype="int32"),
        "noise": noise.astype("float32"),
    }


def wrong_inputs(model: Any, latent_dim: int) -> Iterator[str]:
    """Hints about the inputs of a model of label and noise.

    Args:
        model: What the answer built.
        latent_dim: How many numbers of noise it was asked to take.

    Yields:
        One hint for each mistake.

    Example:
        >>> label = keras.Input((), dtype="int32", name="label")
        >>> noise = keras.Input((3,), name="noise")
        >>> model = keras.Model([label, noise], noise + 1)
        >>> list(wrong_inputs(model, latent_dim=3))
        []
    """
    if not isinstance(model, keras.Model):
        yield (
            "A keras.Model is asked for; what you give back has the type "
            f"{type(model).__name__}."
        )
    if not inputs_of(model):
        yield (
            "Your model names no inputs: it is not known what it takes. "
            "Pass keras.Model a list of inputs, and the output."
        )
    if is_built_by_dict(model):
        yield (
            "Your inputs are in a dict, so a key too many is fed in place "
            "of another. Pass keras.Model a list."
        )
    inputs = inputs_of(model)
    if inputs.keys() != {"label", "noise"}:
        yield (
            f"Your inputs are called {', '.join(inputs)}. The data come "
            "under the names label and noise."
        )
    label, noise = inputs["label"], inputs["noise"]
    if label.shape != (None,):
        yield (
            f"Your label has the shape {label.shape[1:]}. A label is one "
            "number, without an axis of its own: its shape is ()."
        )
    if "int" not in label.dtype:
        yield (
            f"Your label is {label.dtype}. It says which one, and there is "
            "nothing between 3 and 4: its type is int32."
        )
    if noise.shape != (None, latent_dim):
        yield (
            f"With latent_dim={latent_dim} your noise has the shape "
            f"{noise.shape[1:]}. Is its size fixed?"
        )


def unknown_labels(
    model: keras.Model, num_classes: int, latent_dim: int
) -> Iterator[str]:
    """A hint if a model of label and noise fails for one of the labels.

    Args:
        model: What the answer built.
        num_classes: How many labels it was asked to know.
        latent_dim: How many numbers of noise it takes.

    Yields:
        One hint at most.
    """
    advice = (
        f"With num_classes={num_classes} it was called with each of the "
        f"labels 0 to {num_classes - 1}. How many does it know?"
    )
    batch = labels_and_noise(num_classes, latent_dim)
    yield from tried(model, batch, advice=advice)


def labels_without_weights(
    model: keras.Model, larger: keras.Model
) -> Iterator[str]:
    """A hint if nothing is learned for each label by itself.

    Args:
        model: What the answer built.
        larger: The same for three labels more.

    Yields:
        One hint at most.
    """
    if larger.count_params() == model.count_params():
        yield (
            "Three labels more, and your model has no weight more. Is a "
            "label an amount to it? Then 4 lies between 3 and 5, and "
            "nothing is learned for 4 alone."
        )
    if _number(larger.trainable_variables) == _number(
        model.trainable_variables
    ):
        yield (
            "Three labels more, and no more weights that training changes. "
            "What your model holds for a label stays as it was drawn: is "
            "that layer frozen?"
        )


def _number(variables: list[Any]) -> int:
    return sum(int(np.prod(variable.shape)) for variable in variables)


def nothing_learned(
    model: keras.Model, batch: dict[str, np.ndarray], seed: int
) -> Iterator[str]:
    """A hint if no gradient reaches some of the weights.

    Args:
        model: What the answer built.
        batch: Its inputs, by name.
        seed: Decides in which direction the outputs are to move.

    Yields:
        One hint at most.
    """
    rng = np.random.default_rng([seed, 1])
    variables = [v.value for v in model.trainable_variables]
    with tf.GradientTape() as tape:
        made = keras.tree.flatten(model(batch))
        total = sum(
            tf.reduce_sum(part * rng.normal(size=part.shape))
            for part in made
        )
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(total, variables)
    ):
        if gradient is None or not np.any(tf.convert_to_tensor(gradient)):
            yield (
                "The gradient of the output never reaches the weights "
                f"{variable.path}, so nothing would be learned there. What "
                "stands between them and the output?"
            )


def extremes(
    model: keras.Model, batch: dict[str, np.ndarray], seed: int
) -> list[Any]:
    """What a model makes with weights of ordinary size, and with large.

    Args:
        model: What the answer built; its weights are others afterwards.
        batch: Its inputs, by name.
        seed: Decides the weights.

    Returns:
        One output for each of three sizes of weights.
    """
    made = []
    for place, spread in enumerate(_SPREADS):
        shake(model, seed + place, spread)
        made.append(keras.tree.map_structure(np.asarray, model(batch)))
    return made
