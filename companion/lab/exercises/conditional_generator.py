"""Checkers of the sheet *Practice: a conditional generator*."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import cdist

from companion import conditional_generator, projection_discriminator
from companion.lab import datasets
from companion.lab.evaluation import nearest
from companion.lab.exercises import exercise

Batch = Mapping[str, tf.Tensor]
Networks = tuple[keras.Model, keras.Model]


def wrong_inputs(model: keras.Model, latent_dim: int) -> Iterator[str]:
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
    if isinstance(model.input, dict):
        yield (
            "Your inputs are in a dict, so a key too many is fed in place "
            "of another. Pass keras.Model a list."
        )
    inputs = {tensor.name: tensor for tensor in model.inputs}
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
    labels = np.arange(num_classes, dtype="int32")
    try:
        model(
            {"label": labels, "noise": np.zeros((num_classes, latent_dim))}
        )
    except (tf.errors.InvalidArgumentError, ValueError):
        yield (
            f"With num_classes={num_classes} the model fails for one of "
            f"the labels 0 to {num_classes - 1}. How many does it know?"
        )


@exercise
def images_in_colour(
    build: Callable[[tuple[int, ...], int, int], keras.Model],
    image_shape: tuple[int, int, int] = (16, 16, 3),
    latent_dim: int = 32,
    num_classes: int = 10,
    seed: int = 0,
) -> Iterator[str]:
    """A label and noise become an image from -1 to 1.

    Args:
        build: Makes the model of an image shape, a number of noise numbers
            and a number of labels.
        image_shape: Height, width and channels of the image.
        latent_dim: Numbers of noise.
        num_classes: Number of labels.
        seed: Decides the noise.

    Raises:
        Hint: If an input is wrong or does not count, or if the images have
            another shape or range.
    """
    model = build(image_shape, latent_dim, num_classes)
    yield from wrong_inputs(model, latent_dim)
    yield from _wrong_image_shape(model.output_shape, image_shape)
    yield from unknown_labels(model, num_classes, latent_dim)
    larger = build(image_shape, latent_dim, num_classes + 3)
    yield from unknown_labels(larger, num_classes + 3, latent_dim)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(num_classes, latent_dim))
    labels = np.arange(num_classes, dtype="int32")
    images = np.asarray(
        model({"label": labels, "noise": 0 * noise + noise[0]})
    )
    if np.allclose(images, images[0], atol=1e-6):
        yield "The label changes nothing: from one noise, one image."
    if larger.count_params() == model.count_params():
        yield (
            "Three labels more, and your model has no weight more. Is a "
            "label an amount to it? Then 4 lies between 3 and 5, and "
            "nothing is learned for 4 alone."
        )
    images = np.asarray(model({"label": 0 * labels, "noise": noise}))
    if np.allclose(images, images[0], atol=1e-6):
        yield (
            "The noise changes nothing: for each label there is one image, "
            "and no other."
        )
    # Much noise reaches both ends of the last activation.
    pixels = np.asarray(model({"label": labels, "noise": 100 * noise}))
    if np.abs(pixels).max() > 1:
        yield (
            f"There are pixels from {pixels.min():.1f} to "
            f"{pixels.max():.1f}. Which activation ends at -1 and at 1?"
        )
    if pixels.min() >= 0:
        yield (
            "No pixel is ever below 0, so the darker half of each colour "
            "cannot be drawn. Look at the last activation."
        )


def _wrong_image_shape(
    given: tuple, image_shape: tuple[int, int, int]
) -> Iterator[str]:
    if given == (None, *image_shape):
        return
    height, width, channels = image_shape
    asked = f"(batch, {height}, {width}, {channels}) is asked for"
    if len(given) == 2:
        yield (
            f"{asked}. Your pixels lie in one row, {given}: no layer says "
            "which ones are neighbours."
        )
    if given == (None, height, width):
        yield f"{asked}. Yours, {given}, have no axis for the colours."
    if given[1] == channels:
        yield f"{asked}. In yours, {given}, the colours come first."
    yield (
        f"{asked} for image_shape={image_shape}. You get {given}: is a "
        "size fixed?"
    )


class _Watch(keras.layers.Layer):
    """Hands on what it gets, and remembers whether it was in training."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bool] = []

    def call(self, values: Any, training: bool | None = None) -> Any:
        self.seen.append(bool(training))
        return values


#: Step sizes of both optimisers; far apart, to tell them from each other.
_RATES = (0.4, 0.1)
#: What a network may have learned by in place of its own loss.
_LEARNED = {
    "image generator": {
        "target 0": (
            "The image generator learns to be found out: the target in its "
            "loss is 0, as if it were the discriminator."
        ),
        "both": (
            "The image generator is moved by both losses, and one undoes "
            "what the other does. Only its own should reach it."
        ),
        "other labels": (
            "The drawn images are judged under other labels than those "
            "they were drawn for."
        ),
        "probability": (
            "The discriminator answers with any number, above 0 for real, "
            "and your loss takes it for a probability."
        ),
        "other step size": (
            "The image generator moves with the step size of the second "
            "optimiser. Which of the two is its own?"
        ),
        "unknown": (
            "The image generator does not move by the gradient of its "
            "loss: the target is 1 for every drawn image."
        ),
    },
    "discriminator": {
        "both": (
            "The discriminator is moved by both losses, and so learns to "
            "be deceived. Only its own should reach it."
        ),
        "the other": (
            "The discriminator moves by the loss of the image generator "
            "in place of its own."
        ),
        "opposite": (
            "The discriminator learns the opposite: its targets are 0 for "
            "real and 1 for drawn."
        ),
        "drawn alone": (
            "The discriminator learns from the drawn images alone."
        ),
        "real alone": (
            "The discriminator learns from the real images alone."
        ),
        "other labels": (
            "To the discriminator, the drawn images come with the labels "
            "of the real ones."
        ),
        "unknown": (
            "The discriminator does not move by the gradient of its loss: "
            "what it got wrong about real images, plus what it got wrong "
            "about drawn ones."
        ),
    },
}


@exercise
def one_loss_each(
    step: Callable[..., Any],
    num_drawn: int = 12,
    num_real: int = 12,
    seed: int = 0,
) -> Iterator[str]:
    """Each loss moves the weights of its own network.

    Two small networks take one step of plain gradient descent, and what
    each moved by is compared with gradients computed here.

    Args:
        step: One training step, as in the chapter.
        num_drawn: Rows of labels and noise.
        num_real: Rows of real images.
        seed: Decides the weights and the rows.

    Raises:
        Hint: If a network does not learn, or learns something else.
    """
    rng = np.random.default_rng(seed)
    networks, watches = _small_networks(rng)
    drawn = {
        "label": tf.constant(rng.integers(3, size=num_drawn), "int32"),
        "noise": tf.constant(rng.normal(size=(num_drawn, 4)), "float32"),
    }
    real = {
        "label": tf.constant(rng.integers(3, size=num_real), "int32"),
        "image": tf.constant(rng.random((num_real, 4, 4, 1)), "float32"),
    }
    optimizers = [keras.optimizers.SGD(rate) for rate in _RATES]
    before = [network.get_weights() for network in networks]
    try:
        step(*networks, optimizers, drawn, real)
    except ValueError as error:
        yield from _refused_by_optimizer(str(error))
        raise
    after = [network.get_weights() for network in networks]
    yield from _not_in_training(watches)
    moved = [_vector(network.trainable_variables) for network in networks]
    for network, weights in zip(networks, before):
        network.set_weights(weights)
    begun = [_vector(network.trainable_variables) for network in networks]
    yield from _not_moved(begun, moved)
    known = _known_gradients(networks, before, after, drawn, real)
    for name, old, new, rate in zip(_LEARNED, begun, moved, _RATES):
        fitting = (
            mistake
            for mistake, gradient in known[name]
            if np.allclose(new, old - rate * gradient, atol=1e-5)
        )
        mistake = next(fitting, "unknown")
        if mistake:
            yield _LEARNED[name][mistake]


def _small_networks(
    rng: np.random.Generator,
) -> tuple[Networks, list[_Watch]]:
    """An image generator and a discriminator, each with a watch."""
    made = (
        conditional_generator((4, 4, 1), 4, 3, units=[8]),
        projection_discriminator({"image": (4, 4, 1)}, 3, [8], dropout=0),
    )
    watches = [_Watch(), _Watch()]
    maker, judge = (
        keras.Model(network.inputs, watch(network.output))
        for network, watch in zip(made, watches)
    )
    for weights in maker.trainable_variables + judge.trainable_variables:
        weights.assign(rng.normal(0, 0.7, weights.shape))
    for watch in watches:
        watch.seen.clear()
    return (maker, judge), watches


def _vector(arrays: Sequence[Any]) -> np.ndarray:
    """All numbers of some arrays in one."""
    return np.concatenate(
        [np.ravel(tf.convert_to_tensor(a)) for a in arrays]
    )


def _refused_by_optimizer(message: str) -> Iterator[str]:
    if message.startswith("No gradients"):
        yield (
            "From the weights of one network, no path leads to the loss. "
            "Whatever depends on them has to happen while a tape records."
        )
    if "optimizer" in message:
        yield (
            "One optimiser is handed the weights of both networks. It "
            "keeps account of those it began with: use the second one, too."
        )


def _not_in_training(watches: list[_Watch]) -> Iterator[str]:
    for name, watch in zip(_LEARNED, watches):
        if not all(watch.seen):
            yield (
                f"The {name} is called as if it had been trained already: "
                "layers such as BatchNormalization and Dropout have to be "
                "told that this is training."
            )


def _not_moved(
    begun: list[np.ndarray], moved: list[np.ndarray]
) -> Iterator[str]:
    for name, old, new in zip(_LEARNED, begun, moved):
        if np.array_equal(old, new):
            yield (
                f"The {name} has the same weights after the step as "
                "before. Whose weights does each gradient belong to?"
            )


def _known_gradients(
    networks: Networks,
    before: list[list[np.ndarray]],
    after: list[list[np.ndarray]],
    drawn: Batch,
    real: Batch,
) -> dict[str, list[tuple[str, np.ndarray]]]:
    """Pairs of a mistake and a gradient, by network; "" is no mistake.

    Both networks may change at once, or one of them before the other.
    """
    found: dict[str, list] = {name: [] for name in _LEARNED}
    for weights in (
        (before[0], before[1]),
        (before[0], after[1]),
        (after[0], before[1]),
    ):
        for network, arrays in zip(networks, weights):
            network.set_weights(arrays)
        for sure in (0.9, 1.0):
            with tf.GradientTape(persistent=True) as tape:
                losses = _losses(networks, drawn, real, sure)
            for network, (name, table) in zip(networks, losses.items()):
                for mistake, loss in table.items():
                    gradient = tape.gradient(
                        loss,
                        network.trainable_variables,
                        unconnected_gradients="zero",
                    )
                    found[name].append((mistake, _vector(gradient)))
    return found


def _losses(
    networks: Networks, drawn: Batch, real: Batch, sure: float
) -> dict[str, dict[str, tf.Tensor]]:
    """The loss of each network under "", and what comes of mistakes."""
    maker, judge = networks
    images = maker(drawn, training=True)
    on_real = judge(real, training=True)
    on_drawn = judge(
        {"label": drawn["label"], "image": images}, training=True
    )
    labels = tf.constant(np.resize(real["label"], drawn["label"].shape))
    mislabelled = judge({"label": labels, "image": images}, training=True)

    def loss(
        target: float, answers: tf.Tensor, from_logits: bool = True
    ) -> tf.Tensor:
        compare = keras.losses.BinaryCrossentropy(from_logits=from_logits)
        return compare(target * tf.ones_like(answers), answers)

    made = loss(1, on_drawn)
    judged = loss(sure, on_real) + loss(0, on_drawn)
    return {
        "image generator": {
            "": made,
            "target 0": loss(0, on_drawn),
            "other step size": _RATES[1] / _RATES[0] * made,
            "both": made + judged,
            "other labels": loss(1, mislabelled),
            "probability": loss(1, on_drawn, from_logits=False),
        },
        "discriminator": {
            "": judged,
            "both": made + judged,
            "the other": made,
            "opposite": loss(1 - sure, on_real) + made,
            "drawn alone": loss(0, on_drawn),
            "real alone": loss(sure, on_real),
            "other labels": loss(sure, on_real) + loss(0, mislabelled),
        },
    }


@exercise
def copies_found(
    copies: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    num_unseen: int = 225,
    seed: int = 0,
) -> Iterator[str]:
    """Copies are found, with noise on them or without.

    Args:
        copies: Images, training images and unseen real ones to a Boolean
            for each of the images.
        num_unseen: How many unseen images to hand over.
        seed: Decides which images are training images.

    Raises:
        Hint: If something else is found.
    """
    train, test = datasets.digits(seed)
    real, unseen = train.images, test.images[:num_unseen]
    limit = np.quantile(nearest(unseen, real)[0], 0.01)
    images = _honest_and_copied(real, test.images[num_unseen:], seed)
    distances, _ = nearest(images, real)
    clear = np.abs(distances - limit) > 0.05 * limit
    images, right = images[clear], distances[clear] < limit
    found = np.asarray(copies(images, real, unseen))
    if found.shape != right.shape:
        yield (
            f"For {len(images)} images you give back {found.shape}. One "
            f"answer per image is asked for: ({len(images)},)."
        )
    if found.dtype != bool:
        yield (
            f"Your answers are {found.dtype}: is each image a copy, True "
            "or False?"
        )
    if not np.array_equal(found, right):
        for hint, answer in _mistaken(images, real, unseen).items():
            if np.array_equal(found, answer):
                yield hint
        yield (
            f"Of {right.sum()} copies you miss {(right & ~found).sum()}, "
            f"and {(found & ~right).sum()} others you take for copies. "
            "What do you compare with what?"
        )
    in_bytes = copies(255 * images, 255 * real, 255 * unseen)
    if not np.array_equal(in_bytes, right):
        yield (
            "The same images with pixels from 0 to 255 get other answers: "
            "a limit in your code is a fixed number."
        )


def _honest_and_copied(
    real: np.ndarray, honest: np.ndarray, seed: int
) -> np.ndarray:
    """Unseen images and copies, three of them exact, in any order."""
    rng = np.random.default_rng([seed, 1])
    copied = real[rng.choice(len(real), 80, replace=False)]
    spread = np.maximum(np.linspace(-0.002, 0.06, 80), 0)
    noise = rng.normal(size=copied.shape) * spread[:, None, None, None]
    return rng.permutation(np.concatenate([honest, copied + noise]))


def _mistaken(
    images: np.ndarray, real: np.ndarray, unseen: np.ndarray
) -> dict[str, np.ndarray]:
    """What comes of some mistakes: hint to answer."""
    distances, usual = nearest(images, real)[0], nearest(unseen, real)[0]
    limit, half, most = np.quantile(usual, [0.01, 0.5, 0.99])
    means, usual_means = (
        cdist(
            some.reshape(len(some), -1), real.reshape(len(real), -1)
        ).mean(axis=1)
        for some in (images, unseen)
    )
    return {
        "You have it the other way round: a copy lies nearer than the "
        "limit.": (distances > limit),
        "You find exact copies alone. With a little noise on it, a copy is "
        "still a copy.": (distances == 0),
        "Nothing is a copy to you. Compared with themselves, real images "
        "lie at 0; and a copy has its original in real alone.": (
            distances < 0
        ),
        "Your limit is made of the images in question, so some are always "
        "copies. Unseen images show what is usual.": (
            distances < np.quantile(distances, 0.01)
        ),
        "Your limit is the nearest of all unseen images, and one odd image "
        "decides it. A share of 0.01 lies below the limit.": (
            distances < usual.min()
        ),
        "Your limit is one that half of all unseen images fall short of, "
        "so half of what is honest is called a copy.": (distances < half),
        "Your limit is at the wrong end: 99 of 100 unseen images lie "
        "nearer.": (distances < most),
        "The answers come in order of distance. Leave them in the order of "
        "the images.": (np.sort(distances) < limit),
        "You take the mean distance to all real images. A copy has one "
        "near neighbour, whatever the others do.": (
            means < np.quantile(usual_means, 0.01)
        ),
    }
