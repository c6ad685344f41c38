"""Cases of sample weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from companion.lab.contract_cases import models as m
from companion.lab.contract_cases.case import (
    NOTHING,
    OTHER,
    Case,
    Given,
    cases,
    each,
)
from companion.lab.contract_cases.models import (
    BOTH,
    DRAWN,
    GAP,
    HIDDEN,
    KINDS,
    PAIR,
    REAL,
    THREE,
    WORDS,
    X,
    Y,
)
from companion.rules import FAILS, NAN, SILENT, TRAINS


def _weighted(make: m.Maker, weights: Any) -> Given:
    return Given(make, {"x": X}, Y, weights)


def _of_yes(loss: str, **over: Any) -> m.Maker:
    loss = getattr(keras.losses, loss)(**over)
    return m.of_x(loss=loss, last=m.dense(1, "sigmoid"))


def _of_shape(shape: tuple) -> m.Maker:
    last = m.part(keras.layers.Reshape, shape)
    return m.of_x((2,), m.dense(1), last=last)


_weight = cases("sample weights", "sample weight", _weighted, m.of_x())
BELOW = np.where(KINDS == 0, -1.0, 1.0)
SOME = 1.0 * (KINDS > 1)
STEPS = np.linspace(0, 1, 25).reshape(5, 5, 1)
LATER = Given(m.of_x(), {"x": X[1:]}, Y[1:], Y[1:])

CASES: tuple[Case, ...] = (
    _weight(
        "a list in place of an array", FAILS, Y.tolist(), Y, np.asarray
    ),
    _weight("words", FAILS, WORDS, KINDS, lambda v: 1 + (v == "air")),
    _weight("a gap (NaN or infinity)", NAN, Y * GAP[:, 0], Y, LATER),
    _weight("a masked array", SILENT, HIDDEN, Y, lambda v: v.filled(0)),
    _weight(
        "fewer rows than the inputs", SILENT, Y[1:], Y, LATER, stops=True
    ),
    _weight(
        "weights below 0",
        TRAINS,
        BELOW,
        1 + BELOW,
        np.abs,
        apart="Keras makes the errors of these rows grow, as it is told.",
    ),
    _weight("weights that are all 0", TRAINS, 0 * Y, SOME, apart=NOTHING),
    _weight(
        "three weights per sample", SILENT, THREE, Y[:, None], Y, stops=True
    ),
    *each(
        "weights that differ, for a loss of the whole batch",
        "Dice Tversky",
        lambda name, loss: _weight(
            name,
            TRAINS,
            *[
                Given(_of_yes(loss, **over), {"x": X}, SOME, weights)
                for over, weights in (
                    ({}, Y),
                    ({}, np.ones_like(Y)),
                    ({"axis": (1,)}, Y),
                )
            ],
            apart=OTHER,
        ),
    ),
    _weight(
        "weights that differ, for an output without an axis",
        TRAINS,
        Y,
        np.ones_like(Y),
        Y,
        _of_shape(()),
        _of_shape((1,)),
        apart=OTHER,
    ),
    _weight(
        "one weight per sample where a sample has steps",
        SILENT,
        *[
            Given(m.of_x((5, 1)), {"x": STEPS}, STEPS**2, weights)
            for weights in (Y[:5], np.tile(Y[:5], (5, 1)), Y[:5, None])
        ],
    ),
    _weight(
        "a column of weights, outputs and targets in lists of one",
        SILENT,
        *[
            Given(m.of_x(listed=True), {"x": X}, [Y], weights)
            for weights in (Y[:, None], Y, Y[:, None][:, 0])
        ],
    ),
    _weight(
        "a name for the only output",
        FAILS,
        {"dense": Y},
        Y,
        lambda weights: weights["dense"],
        where="sample weights",
    ),
    _weight(
        "a name that no output has",
        FAILS,
        *[
            Given(m.of_two(outputs=dict), BOTH, PAIR, {"tip": Y, name: Y})
            for name in ("total", "pay", "pay")
        ],
        where='sample weight "pay"',
    ),
    _weight(
        "weights for a GAN",
        FAILS,
        *[
            Given(m.of_gan, m.Batches((DRAWN, REAL, *more)))
            for more in ([{"image": Y}], [], [])
        ],
        where='sample weight "image"',
    ),
)
