"""Cases of batches: their form, and one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from companion.lab.contract_cases import models as m
from companion.lab.contract_cases.case import NOTE, Case, Given, cases
from companion.lab.contract_cases.models import (
    BOTH,
    COLUMN,
    KINDS,
    RIGHT,
    X,
    Y,
    layers,
)
from companion.rules import FAILS, SILENT, TRAINS


def _fed(make: m.Maker, data: Any) -> Given:
    return Given(make, data)


def _long(*steps: int) -> m.Batches:
    batches = [({"x": np.ones((2, n, 1))}, np.ones(2)) for n in steps]
    return m.Batches(*batches)


_batch = cases("batches", "batch", _fed, m.of_x())
_batch_of_two = cases("batches", "batch", _fed, m.of_two())
ONE, TWO = ({"x": X}, Y), (BOTH, (Y, Y))
ENDLESS = Given(m.of_x(), m.endless(ONE))
FINE, BOTH_FINE = m.Batches(ONE), m.Batches(TWO)

CASES: tuple[Case, ...] = (
    _batch_of_two(
        "a list of inputs",
        FAILS,
        m.Batches(([COLUMN, RIGHT], (Y, Y))),
        m.Batches(((COLUMN, RIGHT), (Y, Y))),
        BOTH_FINE,
    ),
    _batch_of_two(
        "one array for two inputs",
        FAILS,
        m.Batches((COLUMN, RIGHT, Y)),
        BOTH_FINE,
    ),
    _batch_of_two(
        "more than three parts",
        FAILS,
        m.Batches((COLUMN, RIGHT, Y, Y)),
        BOTH_FINE,
    ),
    _batch(
        "a list in place of a tuple, from a generator",
        FAILS,
        m.endless([*ONE]),
        m.endless(ONE),
    ),
    _batch(
        "None in place of the weights",
        FAILS,
        m.Batches((*ONE, None)),
        m.Batches((*ONE, Y)),
        FINE,
    ),
    _batch(
        "axes that come and go",
        FAILS,
        m.Batches(({"x": X[:, 0]}, Y), ({"x": COLUMN}, Y)),
        m.Batches(({"x": COLUMN}, Y), ({"x": COLUMN[1:]}, Y[1:])),
        m.Batches(({"x": COLUMN}, Y), ({"x": COLUMN}, Y)),
        m.of_x((1,)),
        where='input "x"',
    ),
    _batch(
        "whole numbers first, fractions later",
        SILENT,
        m.Batches(({"x": X}, KINDS), ONE),
        m.Batches(({"x": X}, KINDS), ({"x": X}, 1.0 * KINDS)),
        m.Batches(({"x": X}, 1.0 * KINDS), ONE),
        where="target",
    ),
    _batch(
        "a length that changes after the second batch",
        FAILS,
        _long(3, 3, 4),
        _long(3, 4, 5),
        _long(4, 4, 4),
        m.of_x((None, 1), layers.GlobalAveragePooling1D),
        where='input "x"',
    ),
    _batch(
        "a batch without rows",
        SILENT,
        m.Batches(({"x": X[:0]}, Y[:0]), ONE),
        m.Batches(({"x": X[:1]}, Y[:1]), ONE),
        FINE,
        where='input "x"',
    ),
    _batch(
        "one row, and a BatchNormalization",
        TRAINS,
        m.Batches(({"x": X[:1]}, Y[:1])),
        m.Batches(({"x": X[:2]}, Y[:2])),
        FINE,
        m.of_x((2,), layers.BatchNormalization),
        apart="the advice changes the batch",
    ),
    _batch(
        "a generator that ends too soon",
        SILENT,
        *[
            Given(m.of_x(), m.endless(ONE, times=times), steps=4)
            for times in (3, 4, np.inf)
        ],
        where="steps",
    ),
    _batch(
        "a data set of TensorFlow without axes",
        FAILS,
        m.without_axes(ONE),
        m.with_axes(ONE),
        where="data",
    ),
    _batch("no batch at all", FAILS, m.Batches(), FINE, where="data"),
    _batch(
        "a length that is no whole number",
        FAILS,
        m.Halved(ONE, ONE),
        FINE,
        where="data",
    ),
    _batch(
        "targets beside a data set",
        FAILS,
        Given(m.of_x(), FINE, Y),
        FINE,
        where="targets",
    ),
    _batch("a PyDataset", NOTE, FINE, m.endless(ONE), ENDLESS, where="fit"),
)
