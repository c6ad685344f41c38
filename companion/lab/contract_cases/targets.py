"""Cases of targets, by the loss or the network that reads them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from companion.lab.contract_cases import models as m
from companion.lab.contract_cases.case import (
    OTHER,
    Case,
    Given,
    cases,
    each,
    rows,
)
from companion.lab.contract_cases.models import (
    BOTH,
    DRAWN,
    GAP,
    HIDDEN,
    IDS,
    KINDS,
    PAIR,
    REAL,
    THREE,
    WORDS,
    X,
    Y,
    numbered,
)
from companion.rules import FAILS, NAN, SILENT, TRAINS


def _one_target(make: m.Maker, labels: Any) -> Given:
    return Given(make, {"x": X[-rows(labels) :]}, labels)


def _two_targets(make: m.Maker, targets: Any) -> Given:
    return Given(make, BOTH, targets)


def _three(loss: Any) -> m.Maker:
    return m.of_x(loss=loss, last=m.dense(3))


_y = partial(cases, "targets", "target", _one_target)
_answer, _class = _y(m.of_x()), _y(m.of_classes())
_answers = cases("targets", "targets", _two_targets, m.of_two(outputs=dict))
_real = cases(
    "targets",
    'target "image"',
    lambda make, real: Given(make, DRAWN, real),
    m.of_gan,
)

ONE_HOT = np.eye(3)[KINDS]
TWO_EACH = np.minimum(1, ONE_HOT + np.eye(3)[0])
FEWER = Given(m.of_x(), {"x": X}, Y[1:])
NAMED = Given(m.of_x(), {"x": X}, {"dense": Y})
LIKE_THE_OUTPUT = "mean_squared_error mean_absolute_error huber log_cosh"
OF_ONE_HOT = (
    "categorical_crossentropy categorical_focal_crossentropy "
    "categorical_hinge"
)
YES_OR_NO = (
    "binary_crossentropy binary_focal_crossentropy kl_divergence dice "
    "tversky"
)

CASES: tuple[Case, ...] = (
    _answer(
        "a list in place of an array", FAILS, Y.tolist(), Y, np.asarray
    ),
    _class("words for classes", FAILS, WORDS, KINDS, numbered),
    _answer("a gap (NaN or infinity)", NAN, Y * GAP[:, 0], Y, Y[1:]),
    _answer(
        "targets without the last axis, for a loss of one's own",
        SILENT,
        Y,
        Y[:, None],
        lambda v: v[..., None],
        m.of_x(loss=m.SquaredError()),
    ),
    _answer("a masked array", SILENT, HIDDEN, Y, lambda v: v.filled(0)),
    _answer(
        "fewer rows than the inputs", SILENT, FEWER, Y, Y[1:], stops=True
    ),
    *each(
        "three numbers for one answer",
        LIKE_THE_OUTPUT,
        lambda name, loss: _answer(
            name,
            SILENT,
            THREE,
            THREE[:, :1],
            THREE[:, 0],
            m.of_x(loss=loss),
        ),
    ),
    _answer(
        "images of 0 to 255 for a sigmoid",
        TRAINS,
        255 * Y - 255,
        Y,
        lambda v: v / 255,
        m.of_x(last=m.dense(1, "sigmoid")),
        apart=OTHER,
    ),
    _class(
        "class numbers that begin at 1",
        SILENT,
        KINDS + 1,
        KINDS,
        stops=True,
    ),
    _class(
        "class numbers with fractions",
        SILENT,
        KINDS % 2 + 0.9,
        KINDS,
        np.rint,
    ),
    _class(
        "class numbers with fractions: crossentropy",
        SILENT,
        KINDS % 2 + 0.9,
        ONE_HOT,
        np.rint,
        m.of_classes("crossentropy"),
    ),
    _class(
        "one-hot labels for a loss of class numbers",
        FAILS,
        ONE_HOT,
        KINDS[:, None],
        ONE_HOT,
        then=m.of_classes("categorical_crossentropy"),
    ),
    *each(
        "class numbers for a loss of one-hot labels",
        OF_ONE_HOT,
        lambda name, loss: _class(
            name,
            FAILS,
            KINDS,
            ONE_HOT,
            KINDS,
            m.of_classes(loss),
            m.of_classes(),
        ),
    ),
    *each(
        "several labels per sample for a loss of one-hot labels",
        OF_ONE_HOT,
        lambda name, loss: _class(
            name,
            TRAINS,
            TWO_EACH,
            TWO_EACH / TWO_EACH.sum(-1, keepdims=True),
            TWO_EACH,
            m.of_classes(loss),
            m.of_classes("binary_crossentropy", m.dense(3, "sigmoid")),
            apart="the advice changes the loss",
        ),
    ),
    *each(
        "one answer with a loss for several",
        OF_ONE_HOT,
        lambda name, loss: _answer(
            name,
            SILENT,
            KINDS % 2,
            Given(m.of_classes(loss), {"x": X}, ONE_HOT),
            KINDS % 2,
            m.of_classes(loss, m.dense(1, "softmax")),
            m.of_classes("binary_crossentropy", m.dense(1, "sigmoid")),
        ),
    ),
    *each(
        "classes 0, 1 and 2 for a loss of yes or no",
        YES_OR_NO,
        lambda name, loss: _answer(
            name,
            SILENT,
            KINDS,
            KINDS / 2,
            KINDS,
            m.of_classes(loss, m.dense(1, "sigmoid")),
            m.of_classes(),
            apart=OTHER,
        ),
    ),
    *each(
        "classes 0, 1 and 2 for a loss of two classes",
        "hinge squared_hinge",
        lambda name, loss: _answer(
            name,
            SILENT,
            KINDS,
            KINDS % 2,
            ONE_HOT,
            m.of_classes(loss, m.dense(1, "tanh")),
            m.of_classes("categorical_hinge"),
            apart=OTHER,
        ),
    ),
    *each(
        "numbers below 0 for a loss of counts",
        "poisson mean_squared_logarithmic_error",
        lambda name, loss: _answer(
            name, SILENT, -Y, 0 * Y, -Y, m.of_x(loss=loss), m.of_x()
        ),
    ),
    *each(
        "a number 0 for a loss in per cent",
        "mean_absolute_percentage_error",
        lambda name, loss: _answer(
            name,
            SILENT,
            Y - 1,
            Y,
            Y - 1,
            m.of_x(loss=loss),
            m.of_x(loss="mae"),
        ),
    ),
    *each(
        "one number for a loss of directions",
        "cosine_similarity",
        lambda name, loss: _answer(
            name,
            SILENT,
            Y,
            Given(_three(loss), {"x": X}, THREE),
            Y,
            m.of_x(loss=loss),
            m.of_x(),
        ),
    ),
    _answers(
        "a target is missing",
        SILENT,
        {"pay": PAIR["pay"]},
        PAIR,
        make=m.of_two(loss=["mse", None]),
        where='target "tip"',
    ),
    _answers(
        "targets by name for those outputs alone that have a loss",
        SILENT,
        {"tip": Y, "pay": 9 * Y},
        {"tip": Y, "pay": 9 * Y, "use": Y},
        make=m.of_three,
    ),
    _answers("one array for two outputs", FAILS, Y, PAIR),
    _answers(
        "targets in a list, outputs in a dict",
        SILENT,
        [*PAIR.values()],
        PAIR,
    ),
    _answer("a name for the only output", FAILS, NAMED, Y, where="targets"),
    _answers(
        "no targets in the batches of a compiled model",
        TRAINS,
        *[
            Given(m.of_x(), m.Batches(({"x": X}, *more)))
            for more in ([], [Y], [Y])
        ],
        where="target",
        apart="predict needs no targets; fit stops",
    ),
    _real(
        "images from 0 to 255 for a GAN that makes 0 to 1",
        SILENT,
        REAL | {"image": 255 * REAL["image"]},
        REAL,
    ),
    _real(
        "a class without any sample, for a GAN",
        SILENT,
        REAL | {"label": KINDS},
        REAL | {"label": np.sort(IDS)},
        REAL,
        where='target "label"',
    ),
)
