"""Checkers of the sheet *Practice: after the first model*."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from companion.lab.exercises import exercise
from companion.lab.exercises.answers import array_of, tried

_NAMES = ("image", "letter", "price")


@exercise
def balanced_weights(
    weights_for: Callable[[np.ndarray], Any],
    num_rare: int = 3,
    num_common: int = 27,
    seed: int = 0,
) -> Iterator[str]:
    """Both classes weigh the same in all, and the mean weight is 1.

    Args:
        weights_for: Labels 0 and 1 to weights.
        num_rare: How many labels are 1.
        num_common: How many labels are 0.
        seed: Decides their order.

    Raises:
        Hint: If a weight is another.

    Example:
        >>> balanced_weights(lambda labels: {0: 1, 1: 9})
        Traceback (most recent call last):
        companion.lab.exercises.Hint: A weight for each of 30 labels ...
    """
    labels = np.repeat([1, 0], [num_rare, num_common])
    labels = np.random.default_rng([seed, 21]).permutation(labels)
    made = yield from tried(weights_for, labels.copy())
    weights = array_of(made)
    if weights.shape != labels.shape or weights.dtype.kind not in "fiu":
        yield (
            f"A weight for each of {len(labels)} labels is asked for, "
            f"shaped {labels.shape}; yours: {type(made).__name__} "
            f"{weights.shape}."
        )
    if not np.all(weights > 0):
        yield "Every weight should be above 0: each sample counts."
    rare, common = weights[labels == 1], weights[labels == 0]
    for name, each in (("1", rare), ("0", common)):
        if not np.allclose(each, each[0]):
            yield f"The weights of label {name} are not all the same."
    if rare.sum() < 0.99 * common.sum():
        yield (
            f"All samples of label 1 weigh {rare.sum():.1f} together, all "
            f"of label 0 {common.sum():.1f}: label 1 counts less."
        )
    if rare.sum() > 1.01 * common.sum():
        yield (
            f"All samples of label 1 weigh {rare.sum():.1f} together, all "
            f"of label 0 {common.sum():.1f}: label 1 counts more."
        )
    if not np.isclose(weights.mean(), 1):
        yield (
            "Both classes weigh the same. But the mean weight is "
            f"{weights.mean():.2f} in place of 1, so the loss changes its "
            "size."
        )


@exercise
def tuned_branch(
    fine_tune: Callable[..., Any],
    rate: float = 0.0005,
    width: int = 6,
    seed: int = 0,
) -> Iterator[str]:
    """Fine-tuning changes the branch and the head, at the rate asked for.

    Args:
        fine_tune: Model, its branch, inputs, targets and a learning rate;
            trains the model for an epoch.
        rate: The learning rate.
        width: Features of the branch.
        seed: Decides weights and samples.

    Raises:
        Hint: If a weight stays as it was, or the rate or the loss differ.
    """
    keras.utils.set_random_seed(seed)
    model, branch = _model_with_branch(width)
    branch.trainable = False
    rng = np.random.default_rng([seed, 22])
    inputs = {
        "numbers": rng.normal(size=(160, 5)).astype("float32"),
        "price": rng.normal(size=(160, 1)).astype("float32"),
    }
    targets = (inputs["numbers"][:, 0] > 0).astype("float32")[:, None]
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    # The usual size of batches: another one would make a new graph.
    model.fit(inputs, targets, verbose=0)
    before = [w.copy() for w in model.get_weights()]
    names = [weight.path for weight in model.weights]
    made = yield from tried(fine_tune, model, branch, inputs, targets, rate)
    yield from _unchanged(model, before, names, branch)
    yield from _other_training(model, inputs, targets, rate)
    yield from _too_far(model, before, rate)
    if not isinstance(made, keras.callbacks.History):
        yield (
            "What `fit` returns is asked for, a History; you give back the "
            f"type {type(made).__name__}."
        )
    if len(made.epoch) != 1:
        yield f"One epoch is asked for; you train {len(made.epoch)}."


def _model_with_branch(width: int) -> tuple[keras.Model, keras.Model]:
    layers = keras.layers
    read = keras.Input((5,), name="read")
    hidden = layers.Dense(8, activation="tanh")(read)
    seen = layers.Dense(width, activation="tanh")(hidden)
    branch = keras.Model([read], seen, name="branch")
    numbers = keras.Input((5,), name="numbers")
    price = keras.Input((1,), name="price")
    joined = layers.Concatenate()([branch(numbers), price])
    answer = layers.Dense(1, activation="sigmoid")(joined)
    return keras.Model([numbers, price], answer), branch


def _unchanged(
    model: keras.Model,
    before: list[np.ndarray],
    names: list[str],
    branch: keras.Model,
) -> Iterator[str]:
    after = model.get_weights()
    changed = [not np.array_equal(a, b) for a, b in zip(before, after)]
    inside = {weight.path for weight in branch.weights}
    of_branch = [c for c, name in zip(changed, names) if name in inside]
    if not any(changed):
        yield "No weight of the model has changed: was anything trained?"
    if not any(of_branch):
        yield (
            "The head has changed, and no weight of the branch. When does "
            "`fit` learn which weights it may change?"
        )
    if not all(of_branch):
        yield (
            f"Only {sum(of_branch)} of {len(of_branch)} weights of the "
            "branch have changed."
        )
    if not all(changed):
        yield "The branch has changed, and the head is not trained."


def _other_training(
    model: keras.Model,
    inputs: dict[str, np.ndarray],
    targets: np.ndarray,
    rate: float,
) -> Iterator[str]:
    used = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    if not np.isclose(used, rate):
        yield f"The learning rate should be {rate:g}; it is {used:g}."
    answers = np.clip(np.asarray(model(inputs)), 1e-7, 1 - 1e-7)
    right = np.where(targets == 1, answers, 1 - answers)
    loss = model.compute_loss(y=targets, y_pred=answers)
    if not np.isclose(float(loss), -np.log(right).mean(), rtol=1e-3):
        yield (
            "The model has another loss than before: it was "
            "binary_crossentropy."
        )


def _too_far(
    model: keras.Model, before: list[np.ndarray], rate: float
) -> Iterator[str]:
    """Weights that moved farther than steps of this size go."""
    steps = int(model.optimizer.iterations)
    after = model.get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(before, after))
    if moved > 10 * rate * steps:
        yield (
            f"In {steps} steps at the rate {rate:g} a weight has moved by "
            f"{moved:.2g}. Which rate had the model while `fit` ran?"
        )


@exercise
def answers_requests(
    answer_to: Callable[[keras.Model, str], Any],
    num_rows: int = 3,
    size: int = 4,
    seed: int = 0,
) -> Iterator[str]:
    """Good requests get the model's numbers, bad ones a sentence.

    Args:
        answer_to: A model and a text of JSON to a status and a dict.
        num_rows: Samples in a request.
        size: Height and width of an image.
        seed: Decides weights and samples.

    Raises:
        Hint: If a good request gets other numbers, or a bad one no error.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng([seed, 23])
    model = _served_model(size, rng)
    inputs = {
        "image": rng.uniform(size=(num_rows, size, size, 1)),
        "letter": rng.integers(0, 5, num_rows),
        "price": rng.uniform(1, 9, (num_rows, 1)),
    }
    right = np.ravel(
        model({k: v.astype("float32") for k, v in inputs.items()})
    )
    fed = {name: rows.tolist() for name, rows in inputs.items()}
    for names in (_NAMES, _NAMES[::-1]):
        body = json.dumps({name: fed[name] for name in names})
        yield from _wrong_answer(answer_to, model, body, right)
    for what, body in _bad_requests(fed).items():
        yield from _not_refused(answer_to, model, what, body)


def _served_model(size: int, rng: np.random.Generator) -> keras.Model:
    layers = keras.layers
    image = keras.Input((size, size, 1), name="image")
    letter = keras.Input((), dtype="int32", name="letter")
    price = keras.Input((1,), name="price")
    joined = layers.Concatenate()(
        [layers.Flatten()(image), layers.Embedding(5, 2)(letter), price]
    )
    again = layers.Dense(1, activation="sigmoid")(joined)
    model = keras.Model([image, letter, price], again)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(0, 0.5, tuple(weight.shape)))
    return model


def _bad_requests(fed: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, and a request of that kind."""
    without = {k: v for k, v in fed.items() if k != "price"}
    narrow = [[row[:-1] for row in image] for image in fed["image"]]
    return {
        "is cut off": json.dumps(fed)[:-5],
        "is a list, not an object with names": json.dumps([*fed.values()]),
        "lacks the input price": json.dumps(without),
        "has an input `colour` that the model does not have": json.dumps(
            {**fed, "colour": [1] * len(fed["letter"])}
        ),
        "has words in place of letters' numbers": json.dumps(
            {**fed, "letter": ["A"] * len(fed["letter"])}
        ),
        "has images that are too small": json.dumps(
            {**fed, "image": narrow}
        ),
        "has one price too few": json.dumps(
            {**fed, "price": fed["price"][:-1]}
        ),
    }


def _parts(made: Any) -> Generator[str, None, tuple[int, Mapping]]:
    """The status and the dict of an answer."""
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        yield (
            "A status and a dict are asked for; what you give back has the "
            f"type {type(made).__name__}."
        )
    status, answer = made
    if not isinstance(answer, Mapping):
        yield (
            "The second part should be a dict; yours has the type "
            f"{type(answer).__name__}."
        )
    yield from tried(lambda: json.dumps(answer), who="Your dict as JSON")
    return status, answer


def _wrong_answer(
    answer_to: Callable[..., Any],
    model: keras.Model,
    body: str,
    right: np.ndarray,
) -> Iterator[str]:
    made = yield from tried(answer_to, model, body)
    status, answer = yield from _parts(made)
    if status != 200:
        yield (
            f"A good request gets the status {status!r} and not 200: "
            f"{str(answer)[:200]}"
        )
    numbers = array_of(answer.get("again"))
    if numbers.shape != right.shape:
        yield (
            f"For {len(right)} samples `again` should be a list of "
            f"{len(right)} numbers; yours is shaped {numbers.shape}."
        )
    if numbers.dtype.kind != "f" or not np.allclose(
        numbers, right, atol=1e-3
    ):
        yield (
            "Your numbers are not those of the model. In this request the "
            f"inputs stand in the order {', '.join(json.loads(body))}."
        )


def _not_refused(
    answer_to: Callable[..., Any], model: keras.Model, what: str, body: str
) -> Iterator[str]:
    made = yield from tried(
        answer_to,
        model,
        body,
        advice=f"The request {what}. A server that stops answers nobody.",
    )
    status, answer = yield from _parts(made)
    if status == 200:
        yield f"A request that {what} is answered as if it were good."
    if status != 400:
        yield (
            f"A request that {what} should get 400; yours gets {status!r}."
        )
    told = answer.get("error")
    if not isinstance(told, str) or not told.strip():
        yield (
            f"A request that {what} gets 400, but no sentence under "
            "`error`."
        )
