"""Does the data fit the model? Ask before training, by name.

Keras reads a batch by position or by name, adds and removes axes,
converts types, and is silent about most of it. `check` compares what a
model declares with what a data set gives, lets Keras run the first batch,
and tells every mismatch at once.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import keras

from companion.building.gan import ConditionalGAN
from companion.checking.case import Case, case_of
from companion.checking.entries import more_about
from companion.checking.parts import PARTS
from companion.checking.questions import QUESTIONS
from companion.checking.rehearsal import (
    Rehearsal,
    as_it_was,
    cure,
    rehearse,
)
from companion.checking.report import Report, Row, show
from companion.errors import ContractError, ContractWarning
from companion.graph import own_code
from companion.rules import FAILS, NAN, SILENT, TRAINS, count_problem


def check(
    model: keras.Model,
    data: Any,
    *,
    targets: Any = None,
    sample_weights: Any = None,
    batch_size: int = 32,
    steps: int | None = None,
    batches: int = 10,
    run: bool = True,
) -> Report:
    """Compares what a model declares with what a data set gives.

    Keras itself is asked too: it runs one step on the first batch, as
    ``fit`` would, or ``predict`` where there are no targets or the model
    is not compiled; of arrays one more on the rows that hold extremes or
    gaps, if the first have none of these. Weights, optimizer, metrics,
    random state and the epoch of a generator are afterwards as they were.
    A loss is asked what it gives for some rows. Rules find what Keras does
    in silence, what lies beyond the first batches, and better words.

    Arrays are looked at whole, also those inside a `MultiInputGenerator`;
    of other data the first batches are read, and the last one of a
    ``PyDataset``. The targets of a `ConditionalGAN` are compared with what
    its discriminator reads and what its generator network can make.

    Limits: It is not told whether fit or predict comes next: inputs alone,
    and a model that is not compiled, are checked as for predict. Metrics
    are not held against the labels and answers they compare. Numbers are
    not followed through arithmetic inside the model. The step is run as it
    is written, not compiled into a graph. To read a ``tf.data.Dataset``
    that shuffles moves its order on, and operations of ``tf.random`` draw
    on; objects of your own that a step changes stay changed.

    Taught in the chapter *Several inputs*.

    Args:
        model: A model with named inputs, or a `ConditionalGAN`.
        data: What ``fit`` takes: arrays, a ``PyDataset``, a
            ``tf.data.Dataset``; or a function that makes a generator of
            batches.
        targets: The targets, if ``data`` is arrays.
        sample_weights: The sample weights, if ``data`` is arrays.
        batch_size: Rows of a batch, if ``data`` is arrays, as ``fit`` gets
            it.
        steps: Batches that ``fit`` will ask for in all, that is
            ``epochs * steps_per_epoch``, if ``data`` is a function or a
            ``tf.data.Dataset``: there must be as many.
        batches: How many batches to read at most, beside the last one. Of
            a `MultiInputGenerator`, whose arrays are looked at whole, two
            are enough.
        run: Whether Keras runs these batches. Without it `check` is
            quicker, and knows less: pass False for a model whose step
            takes long.

    Returns:
        A report, which a notebook shows as a table with the columns name,
        model expects, data gives, verdict, what to do.

    Raises:
        ContractError: If ``fit`` would fail, or feed something else than
            what was meant. It lists every reason, and its notes name
            the entries of the book that say more.

    Example:
        >>> import numpy as np
        >>> image = keras.Input((8, 8, 1), name="image")
        >>> numbers = keras.Input((2,), name="numbers")
        >>> flat = keras.layers.Flatten()(image)
        >>> both = keras.layers.Concatenate()([flat, numbers])
        >>> model = keras.Model([image, numbers], both)
        >>> data = {"image": np.zeros((5, 8, 8, 1))}
        >>> data["number"] = np.ones((5, 2))  # misspelt
        >>> try:
        ...     check(model, data)
        ... except ContractError as error:
        ...     [problem.where for problem in error.problems]
        ['input "numbers"', 'input "number"']
    """
    _know_arguments(model, steps, batch_size=batch_size, batches=batches)
    parts = targets, sample_weights
    with as_it_was():  # to read data may draw
        case = case_of(model, data, parts, batch_size, batches, steps)
        rows = [row for part in PARTS for row in part(case)]
        for question in QUESTIONS:
            rows += list(question(case, rows))
    if own_code(model) and not isinstance(model, ConditionalGAN):
        rows = list(map(_softened, rows))
    if run:
        ran = rehearse(model, case.reading, training=case.training)
        rows = _agreed(case, rows, ran)
    report = Report(tuple(_gravest(rows)))
    if report.problems:
        show(report)
        error = ContractError(report.problems)
        for line in more_about(error.problems):
            error.add_note(line)
        raise error
    for problem in report.warnings:
        warnings.warn(str(problem), ContractWarning, stacklevel=2)
    return report


def _know_arguments(model: Any, steps: Any, **counts: Any) -> None:
    """Raises a `ContractError` for what no answer can be given of."""
    if not isinstance(model, keras.Model):
        fix = "Pass it first: check(model, data)."
        received = type(model).__name__
        raise ContractError.of("model", "a Keras model", received, fix)
    fix = "Leave it out."
    found = [count_problem(n, c, 1, fix) for n, c in counts.items()]
    if steps is not None:
        fix = "Pass epochs * steps_per_epoch, or leave it out."
        found.insert(0, count_problem("steps", steps, 1, fix))
    ContractError.raise_if(*found)


def _agreed(case: Case, rows: list[Row], keras_ran: Rehearsal) -> list[Row]:
    """The rows, as far as they agree with what Keras did.

    Where it got through, a rule that says it cannot is wrong. Where it did
    not, and no rule says why, its own words do.
    """
    if keras_ran.ran:
        rows = [_confirmed(row, keras_ran) for row in rows]
    elif not any(row.seen and row.verdict == "problem" for row in rows):
        rows = [*rows, _in_words_of_keras(case, keras_ran.words)]
    known = any(row.outcome in (SILENT, NAN) for row in rows)
    fine = keras_ran.loss is None or math.isfinite(keras_ran.loss)
    if known or (fine and not keras_ran.spoiled):
        return rows
    fix = (
        "Look for numbers that are too large, or that the loss cannot "
        "read: from here on every weight is NaN."
    )
    found = f"{keras_ran.loss} after the first batch"
    if fine:
        found = f"{found}, and weights that are NaN"
    loss = Row.of("loss", "a number", found, fix, outcome=SILENT)
    return [*rows, loss]


def _softened(row: Row) -> Row:
    """A row told as a warning: what it tells of need not come."""
    if row.outcome in (SILENT, NAN):
        return replace(row, verdict="warning", outcome=TRAINS)
    return row


def _confirmed(row: Row, ran: Rehearsal) -> Row:
    """The row of a value that Keras has just run."""
    if not row.seen:
        return row
    if row.outcome == FAILS:
        return replace(row, verdict="ok", outcome="")
    filled = ran.loss is not None and math.isfinite(ran.loss)
    sound = filled and not ran.spoiled
    return _softened(row) if row.outcome == NAN and sound else row


def _in_words_of_keras(case: Case, words: str) -> Row:
    training = "fit" if case.training else "predict"
    where = "first batch" if case.reading.in_batches else "rows"
    return Row.of(
        where if len(case.reading.run) == 1 else "first batches",
        f"what Keras can run in {training}",
        words,
        cure(words),
    )


def _gravest(rows: list[Row]) -> list[Row]:
    """One row for each place: the gravest, or the first of those."""
    kept: dict[str, Row] = {}
    for row in rows:
        where = row.problem.where
        if where not in kept or row.gravity > kept[where].gravity:
            kept[where] = row
    return list(kept.values())
