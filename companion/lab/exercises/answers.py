"""What checkers ask of answers: run them, and compare what comes out."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

import keras
import numpy as np

from companion.graph import inputs_of

#: Losses that measure how far off a number is.
DISTANCES = {
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "log_cosh",
}
#: What a probability may differ by, and still be the same.
_SAME = 1e-6


def tried(
    answer: Callable[..., Any],
    *given: Any,
    who: str = "",
    advice: str = "",
) -> Generator[str, None, Any]:
    """What an answer gives back; a hint if it stops, or gives nothing.

    The ``NotImplementedError`` of an answer that is still missing comes
    through as it is; one that Keras raises does not.

    Args:
        answer: A function, or a model.
        given: What it is called with.
        who: What to call it, if the learner did not write it.
        advice: A sentence for those whose answer stops.

    Yields:
        At most one hint.

    Returns:
        What the answer gives back.

    Example:
        >>> next(tried(lambda x: None, 3))
        'Your function gives back nothing: does it end with `return`?'
        >>> print(next(tried(lambda x: x + "", 3)))
        Your function stops in line 1 of its cell. TypeError: ...
    """
    name = who or f"Your {_kind_of(answer)}"
    try:
        with warnings.catch_warnings(action="ignore"):
            result = answer(*given)
    except Exception as error:
        if _is_missing(answer, error):
            raise
        place = "" if who else _place(answer, error)
        yield f"{name} stops{place}. {_told(error)} {advice}".strip()
        return None
    if result is None:
        yield f"{name} gives back nothing: does it end with `return`?"
    return result


def _kind_of(answer: Any) -> str:
    if isinstance(answer, keras.Model):
        return "model"
    name = getattr(answer, "__name__", "function")
    return name if name.isidentifier() else "function"


def _code_of(answer: Any) -> Any:
    """The code of a function, a method, or what a class begins with."""
    made = answer
    if isinstance(answer, type):
        made = vars(answer).get("__init__")
    return getattr(made, "__code__", None)


def _is_missing(answer: Any, error: Exception) -> bool:
    """Whether the learner's own cell says that there is no answer yet."""
    code = _code_of(answer)
    (*_, last) = traceback.extract_tb(error.__traceback__)
    return (
        isinstance(error, NotImplementedError)
        and code is not None
        and last.filename == code.co_filename
    )


def _place(answer: Any, error: Exception) -> str:
    """The line of an answer in which it stopped, if that is known."""
    code = _code_of(answer)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    return f" in line {lines[-1]} of its cell" if lines else ""


#: Where TensorFlow says a graph was made, up to what went wrong in it.
_GRAPH = r"Graph execution error:.*line \d+, in [^\n]*\n"


def _told(error: Exception) -> str:
    """An error in one sentence: what Keras says, without its frame."""
    text, _, _ = str(error).partition("Arguments received by")
    text = re.sub(_GRAPH, "", text, flags=re.DOTALL)
    text = re.sub(r"\x1b\[\d*m|\{\{.*?\}\}|\[Op:\w+\]|\[\[\]\]", "", text)
    text = " ".join(text.split())
    if len(text) > 300:
        text = f"{text[:300]} ..."
    return f"{type(error).__name__}: {text.rstrip('.')}."


def array_of(values: Any) -> np.ndarray:
    """Values as an array; of objects if they are no array at all.

    Args:
        values: Anything.

    Returns:
        An array, empty if NumPy refuses the values.

    Example:
        >>> array_of([[1, 2], [3]]).shape
        (0,)
    """
    try:
        return np.asarray(values)
    except Exception:
        return np.empty(0)


def numbers_of(values: Any, what: str) -> Generator[str, None, np.ndarray]:
    """Values as an array; a hint if they are no numbers.

    Args:
        values: Anything.
        what: What to call them, in the plural.

    Yields:
        At most one hint.

    Returns:
        An array, empty if NumPy refuses the values.

    Example:
        >>> next(numbers_of(["a"], "The means"))
        'The means should be numbers; NumPy reads yours as <U1.'
    """
    found = array_of(values)
    if found.dtype.kind not in "biuf":
        kind = found.dtype
        yield f"{what} should be numbers; NumPy reads yours as {kind}."
    return found


def wrong_inputs(model: Any, batch: dict[str, np.ndarray]) -> Iterator[str]:
    """What is no model, or has inputs of other names than the batch.

    Args:
        model: What the answer gave back.
        batch: What the model will be fed, by name.

    Yields:
        A hint for each mistake.

    Example:
        >>> next(wrong_inputs("model", {}))
        'A keras.Model is asked for; what you give back has the type str.'
    """
    if not isinstance(model, keras.Model):
        yield (
            "A keras.Model is asked for; what you give back has the type "
            f"{type(model).__name__}."
        )
    names = inputs_of(model)  # none, for a model of a class of its own
    if names and sorted(names) != sorted(batch):
        yield (
            f"The inputs should be called {' and '.join(batch)}; yours are "
            f"called {', '.join(names)}."
        )


def answers_of(
    model: keras.Model, batch: dict[str, np.ndarray]
) -> Generator[str, None, np.ndarray]:
    """What a model answers; a hint if that is not one array of numbers.

    Args:
        model: The model.
        batch: Its inputs, by name.

    Yields:
        At most one hint.

    Returns:
        Its output.
    """
    answers = yield from tried(model, batch)
    if isinstance(answers, (list, tuple, dict)):
        yield f"One output is asked for; your model has {len(answers)}."
    found = array_of(answers)
    if found.dtype.kind == "f" and not np.all(np.isfinite(found)):
        yield "Your model gives NaN or infinity in place of numbers."
    return found


def loss_name(loss: Any) -> str:
    """The name of a loss, however it was written.

    Args:
        loss: What ``compile`` takes as the loss of one output.

    Returns:
        A name with underscores; ``"none"`` if there is no loss.

    Example:
        >>> loss_name("mse"), loss_name(keras.losses.MeanSquaredError())
        ('mean_squared_error', 'mean_squared_error')
    """
    found = keras.losses.get(loss)
    found = getattr(found, "fn", found)  # the function in a loss
    name = getattr(found, "name", None) or getattr(found, "__name__", None)
    return name or "none"


def wrong_step(
    model: keras.Model,
    batch: dict[str, np.ndarray],
    targets: np.ndarray,
    fed: dict[str, np.ndarray] | None = None,
    nan: str = "After one step of training a weight is NaN.",
) -> Iterator[str]:
    """A step of training that fails, makes NaN, or changes nothing.

    Args:
        model: What was built, compiled.
        batch: Inputs on which answers are compared.
        targets: What to train on.
        fed: Inputs to train on, if they are others.
        nan: What to say of a weight that is NaN afterwards.
    """
    if not model.compiled:
        yield (
            "The model is not compiled: an optimizer and a loss are part "
            "of the task."
        )
    before = yield from answers_of(model, batch)
    model.run_eagerly = True  # one step is not worth making a graph
    yield from tried(
        model.train_on_batch,
        batch if fed is None else fed,
        targets,
        who="A step of training",
    )
    if not all(np.isfinite(w).all() for w in model.get_weights()):
        yield nan
    after = yield from answers_of(model, batch)
    if np.array_equal(before, after):
        yield "After one step of training the answers are as before."


def costs_of(
    model: keras.Model, targets: np.ndarray, answers: np.ndarray
) -> Generator[str, None, np.ndarray]:
    """What the loss of a compiled model asks of single answers.

    Args:
        model: What was built, compiled, with one output.
        targets: What is right, ``(samples, ...)``.
        answers: What a model might have said, in the same order.

    Yields:
        At most one hint.

    Returns:
        float ``(samples,)``.
    """
    found = []
    for right, said in zip(targets, answers):
        one = keras.ops.convert_to_tensor(right[None])
        other = keras.ops.convert_to_tensor(said[None])
        cost = yield from tried(
            lambda y, y_pred: model.compute_loss(y=y, y_pred=y_pred),
            one,
            other,
            who="The loss",
        )
        found.append(float(cost))
    return np.array(found)


def wrong_cost_of_classes(
    model: keras.Model, targets: np.ndarray, count: int
) -> Iterator[str]:
    """A loss that is not for probabilities of classes and these targets.

    Args:
        model: What was built, compiled, with one output.
        targets: How class 0 and class 1 are written, ``(2, ...)``.
        count: How many classes there are.

    Yields:
        At most one hint.
    """
    costs = []
    for said in (0.98, 0.02, 1e-6):  # of the right class
        answers = np.full((2, count), 1e-6, "float32")
        answers[[0, 1], [0, 1]], answers[[0, 1], [1, 0]] = said, 1 - said
        costs.append((yield from costs_of(model, targets, answers)))
    right, wrong, worst = costs
    if not (np.all(wrong > 20 * right) and np.all(worst > 2 * wrong)):
        yield (
            "Your loss asks "
            f"{right[0]:.3g} of a model that gives the right class 98 %, "
            f"and {wrong[0]:.3g} of one that gives it 2 %; cross-entropy "
            "asks 0.0202 and 3.91. Which loss is for targets like these, "
            "and does it take probabilities?"
        )


def wrong_cost_of_numbers(
    model: keras.Model, targets: np.ndarray, off: float
) -> Iterator[str]:
    """A loss that does not say how far off a number is.

    Args:
        model: What was built, compiled, with one output.
        targets: Numbers to train on, ``(samples, ...)``.
        off: How far off other answers are.

    Yields:
        At most one hint.
    """
    right = yield from costs_of(model, targets, targets)
    for other in (targets - off, targets + off):
        costs = yield from costs_of(model, targets, other)
        if not np.all(costs > right):
            row = int(np.argmin(costs - right))
            said, true = np.ravel(other[row])[0], np.ravel(targets[row])[0]
            yield (
                f"If {true:.3g} is right, your loss asks no more of a "
                f"model that says {said:.3g} than of one that says "
                f"{true:.3g}. Which loss measures how far off a number is?"
            )


def shake(model: keras.Model, seed: int, spread: float = 0.3) -> None:
    """Adds noise to each weight, so that weights of 0 hide no path.

    Args:
        model: A model that was called before; changed in place.
        seed: Decides the noise.
        spread: Spread of the noise on a number that a layer adds; on one
            that it multiplies with, less the more inputs the layer has.
    """
    rng = np.random.default_rng(seed)
    for weight in model.trainable_variables:
        shape = tuple(weight.shape)
        noise = rng.normal(0, spread / np.prod(shape[:-1]) ** 0.5, shape)
        weight.assign(keras.ops.convert_to_numpy(weight) + noise)


def differs(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether any number of two answers is not the same.

    Args:
        one: An answer.
        other: An answer of the same shape.

    Returns:
        True if some number differs by more than float32 may.
    """
    return bool(np.max(np.abs(one - other)) > _SAME)


def global_state() -> Any:
    """What NumPy draws from if nobody hands it a generator."""
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2:]
