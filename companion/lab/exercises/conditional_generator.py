"""Checkers of the sheet *Practice: a conditional generator*."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from companion import conditional_generator, projection_discriminator
from companion.lab import datasets
from companion.lab.exercises import exercise
from companion.lab.exercises.answers import (
    array_of,
    differs,
    shake,
    tried,
)
from companion.lab.exercises.label_and_noise import (
    extremes,
    labels_and_noise,
    labels_without_weights,
    nothing_learned,
    unknown_labels,
    wrong_inputs,
)

Batch = Mapping[str, tf.Tensor]
Networks = tuple[keras.Model, keras.Model]


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
        seed: Decides noise and weights.

    Raises:
        Hint: If an input is wrong or does not count, if nothing is learned
            for a label, or if the images have another shape or range.
    """
    model = yield from tried(build, image_shape, latent_dim, num_classes)
    yield from wrong_inputs(model, latent_dim)
    yield from _several_outputs(model.output)
    yield from _wrong_image_shape(model.output_shape, image_shape)
    yield from unknown_labels(model, num_classes, latent_dim)
    larger = yield from tried(
        build,
        *(image_shape, latent_dim, num_classes + 3),
        advice=f"It was asked for {num_classes + 3} labels.",
    )
    yield from unknown_labels(larger, num_classes + 3, latent_dim)
    batch = labels_and_noise(num_classes, latent_dim, seed)
    shake(model, seed)  # weights of 0 hide no path
    made = {
        "label": model(batch | {"noise": 0 * batch["noise"] + 1}),
        "noise": model(batch | {"label": 0 * batch["label"]}),
    }
    for what, images in made.items():
        if not differs(np.asarray(images), np.asarray(images)[:1]):
            yield (
                f"The {what} changes nothing: with {num_classes} of them "
                "you get one image, over and over."
            )
    yield from labels_without_weights(model, larger)
    yield from nothing_learned(model, batch, seed)
    yield from _wrong_pixels(extremes(model, batch, seed))


def _wrong_pixels(images: list[np.ndarray]) -> Iterator[str]:
    """Pixels beyond the two bounds, or that never come near one."""
    low = min(float(np.nanmin(each)) for each in images)
    high = max(float(np.nanmax(each)) for each in images)
    if low < -1.0001 or high > 1.0001:
        yield (
            f"With other weights there are pixels from {low:.1f} to "
            f"{high:.1f}. Which activation ends at -1 and at 1?"
        )
    if low > -0.95:
        yield (
            f"No pixel ever comes below {low:.1f}, not even with large "
            "weights, and the darkest is -1. Look at the last layers."
        )
    if high < 0.95:
        yield (
            f"No pixel ever comes above {high:.1f}, not even with large "
            "weights, and the brightest is 1. Look at the last layers."
        )


def _several_outputs(output: Any) -> Iterator[str]:
    if not isinstance(output, keras.KerasTensor):
        yield (
            "One output is asked for, by itself; yours is a "
            f"{type(output).__name__} of {len(output)}."
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
    learned = [len(network.trainable_variables) for network in networks]
    stops = [
        hint
        for hint in tried(step, *networks, optimizers, drawn, real)
        if " stops" in hint  # it need not give anything back
    ]
    yield from _left_frozen(networks, learned)
    yield from _refused_by_optimizer(stops)
    yield from stops
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


def _left_frozen(networks: Networks, learned: list[int]) -> Iterator[str]:
    """A network that the step has made untrainable, for good."""
    for name, network, count in zip(_LEARNED, networks, learned):
        if len(network.trainable_variables) < count:
            yield (
                f"After your step, weights of the {name} are no longer "
                "trainable, so the next step cannot change them. No flag "
                "is needed: only the weights that are handed to an "
                "optimiser change."
            )


def _refused_by_optimizer(stops: list[str]) -> Iterator[str]:
    if any("No gradients provided" in hint for hint in stops):
        yield (
            "From the weights of one network, no path leads to the loss. "
            "Whatever depends on them has to happen while a tape records."
        )
    if any("Unknown variable" in hint for hint in stops):
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
    """Copies are found, and honest images are left in peace.

    Args:
        copies: Images, training images and unseen real ones to a Boolean
            for each of the images.
        num_unseen: How many unseen images to hand over.
        seed: Decides which images are training images.

    Raises:
        Hint: If copies of one kind are missed, or honest images suspected.
    """
    train, test = datasets.digits(seed)
    real, unseen = train.images, test.images[:num_unseen]
    images, kinds = _images_sent(real, test.images[225:], seed)
    found = yield from _suspected(copies, images, real, unseen)
    yield from _wrong_suspects(found, kinds)
    one_by_one = yield from _suspected(copies, images[:9], real, unseen)
    if not np.array_equal(one_by_one, found[:9]):
        yield (
            "Of the first 9 images alone you suspect others than when all "
            "are there. A limit made of the images in question moves with "
            "them; unseen images show what is usual."
        )
    in_bytes = yield from _suspected(
        copies, *(255 * each for each in (images, real, unseen))
    )
    if np.mean(in_bytes != found) > 0.01:
        yield (
            "The same images with pixels from 0 to 255 get other answers: "
            "a limit in your code is a fixed number."
        )


def _images_sent(
    real: np.ndarray, honest: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Honest images and three kinds of copies, in any order."""
    rng = np.random.default_rng([seed, 1])
    copied = real[rng.choice(len(real), 90, replace=False)]
    exact, noisy, paler = np.split(copied, 3)
    noisy = noisy + rng.normal(0, 0.03, noisy.shape)
    paler = paler * rng.uniform(0.4, 0.8, (len(paler), 1, 1, 1))
    images = np.concatenate([honest, exact, noisy, paler])
    kinds = np.repeat(
        ["honest", "exact", "noisy", "paler"], [len(honest), 30, 30, 30]
    )
    order = rng.permutation(len(images))
    return images[order], kinds[order]


def _suspected(
    copies: Callable[..., Any], *given: np.ndarray
) -> Generator[str, None, np.ndarray]:
    """What an answer suspects: True or False for each image."""
    images = given[0]
    found = array_of((yield from tried(copies, *given)))
    if found.shape != (len(images),):
        yield (
            f"For {len(images)} images you give back {found.shape}. One "
            f"answer per image is asked for: ({len(images)},)."
        )
    if found.dtype != bool:
        yield (
            f"Your answers are {found.dtype}: is each image a copy, True "
            "or False?"
        )
    return found


#: Kind of copy to what may help those who miss it.
_MISSED = {
    "exact": "Which distance has a copy from its original?",
    "noisy": "With a little noise on it, a copy is still a copy.",
    "paler": (
        "All its pixels are multiplied by one number. Which distance stays "
        "the same then?"
    ),
}


def _wrong_suspects(found: np.ndarray, kinds: np.ndarray) -> Iterator[str]:
    """Honest images that are suspected, or copies that are not."""
    shares = {
        kind: np.mean(found[kinds == kind]) for kind in np.unique(kinds)
    }
    if shares["honest"] > 0.9 and shares["exact"] < 0.1:
        yield "It is the other way round: you suspect all but the copies."
    if shares["honest"] > 0.03:
        yield (
            f"{shares['honest']:.0%} of the honest images are suspected, "
            "and at most 3 in 100 may be. How near to the training images "
            "are the unseen ones?"
        )
    for kind, words in _MISSED.items():
        if shares[kind] < 0.9:
            yield (
                f"Of the {kind} copies you find {shares[kind]:.0%}, and at "
                f"least 90 in 100 are asked for. {words}"
            )
