"""Cases of inputs: their values and their names."""

from __future__ import annotations

import collections
from functools import partial
from typing import Any

import keras
import numpy as np

from companion.feeding.missing import with_presence
from companion.lab.contract_cases import models as m
from companion.lab.contract_cases.case import (
    NOTE,
    OTHER,
    Case,
    Given,
    cases,
    rows,
)
from companion.lab.contract_cases.models import (
    BOTH,
    COLUMN,
    GAP,
    HOLE,
    IDS,
    KINDS,
    RIGHT,
    THERE,
    THREE,
    WORDS,
    N,
    X,
    Y,
    layers,
    numbered,
)
from companion.rules import FAILS, NAN, SILENT, TRAINS

PAIRS = np.stack([IDS, KINDS], 1)
TOKENS = np.stack([KINDS + 1, IDS, 0 * IDS], 1)
BLANK = np.where(KINDS[:, None] == 0, 0, TOKENS)
TIMES = 1.7e9 + 60.0 * np.arange(N)[:, None]
OBJECTS = WORDS.astype(object)


DAYS = np.datetime64("2024-01-01") + np.arange(2 * N).reshape(N, 2)
A_DAY = np.timedelta64(1, "D")
as_tensor = partial(keras.ops.convert_to_tensor, dtype="string")
MASKED = np.ma.masked_equal(X, X[3, 0])


def _one_input(make: m.Maker, values: Any) -> Given:
    return Given(make, {"x": values}, Y[: len(values)])


def _two_inputs(make: m.Maker, data: Any) -> Given:
    return Given(make, data, [Y[: rows(data)]] * 2)


def _masked_input(make: m.Maker, data: Any) -> Given:
    return Given(make, data, Y)


_x = partial(cases, "inputs", 'input "x"', _one_input)
_number, _column, _id = _x(m.of_x()), _x(m.of_x((1,))), _x(m.of_ids())
_text, _small = _x(m.of_texts), _x(m.of_scaled("int8"))
_rows_of_ids = _x(m.of_x((4,), m.embedding, layers.Flatten, dtype="int32"))
_words = _x(
    m.of_x(
        (3,),
        partial(layers.Embedding, 4, 2, mask_zero=True),
        layers.GlobalAveragePooling1D,
        dtype="int32",
    )
)
_encoded = _x(m.of_x((1,), m.encoding, dtype="int32"))
_time = _x(m.of_scaled(by=1e-9))
_two = cases("inputs", "inputs", _two_inputs, m.of_two())
_masked, _fused = (
    cases("inputs", 'input "x"', _masked_input, m.of_masked(fused))
    for fused in (False, True)
)

#: A mask as numbers between 0 and 1, and one that covers nothing.
UNSURE = {"x": X, "x_present": 0.2 + 0.6 * THERE}
SURE = {"x": HOLE, "x_present": THERE > 0}
OPEN = {"x": HOLE, "x_present": THERE + (THERE == 0)}
ALWAYS = {"right": RIGHT}
MANY = {f"column {n}": COLUMN for n in range(6)}
Swapped = collections.namedtuple("Swapped", "right left")

CASES: tuple[Case, ...] = (
    _number(
        "a list in place of an array", FAILS, X.tolist(), X, np.asarray
    ),
    _number("words", FAILS, WORDS[PAIRS % 2], PAIRS, numbered),
    _number("dates", FAILS, DAYS, 1e4 + X, lambda v: (v - v.min()) / A_DAY),
    _number("durations", FAILS, DAYS - DAYS[0], X, lambda v: v / A_DAY),
    _number(
        "numbers as Python objects",
        FAILS,
        X.astype(object),
        X.astype("float16"),
        lambda values: values.astype("float32"),
    ),
    _text(
        "texts of the wrong type",
        FAILS,
        WORDS[:, None],
        OBJECTS,
        as_tensor,
    ),
    _text(
        "texts with a last axis of 1",
        FAILS,
        OBJECTS[:, None],
        OBJECTS,
        as_tensor,
    ),
    _number(
        "one sample without a batch axis",
        FAILS,
        X[3],
        X[:1],
        lambda values: values[None],
    ),
    _column(
        "a last axis of 1 is missing",
        TRAINS,
        X[:, 0],
        COLUMN,
        lambda values: values[..., None],
    ),
    _id(
        "a last axis of 1 too many",
        TRAINS,
        IDS[:, None],
        IDS,
        lambda values: values[..., 0],
    ),
    _number(
        "an axis of another length",
        SILENT,
        THREE,
        X,
        THREE,
        then=m.of_x((3,)),
        stops=True,
    ),
    _number(
        "more axes than the Input has",
        FAILS,
        X[:, None],
        X,
        lambda values: values.reshape(N, 2),
    ),
    _number("a gap (NaN or infinity)", NAN, GAP, X, np.nan_to_num),
    _number("a masked array", SILENT, MASKED, X, lambda v: v.filled(0)),
    _number(
        "complex numbers",
        SILENT,
        X + 1j * X,
        X,
        lambda values: np.concatenate([values.real, values.imag], 1),
        then=m.of_x((4,)),
        apart=OTHER,
    ),
    _number(
        "numbers over 3.4e38", NAN, 1e39 * X, 3e38 * X, lambda v: v / 1e39
    ),
    _time(
        "large whole numbers, such as Unix times",
        TRAINS,
        TIMES,
        TIMES - TIMES[0] + 2**23,
        lambda values: values - values[0],
        apart="small numbers train otherwise than large ones",
    ),
    _id(
        "whole numbers stored as floats",
        TRAINS,
        1.0 * IDS,
        IDS,
        lambda values: values.astype("int32"),
    ),
    _id(
        "fractions where the Input wants whole numbers",
        SILENT,
        KINDS + 0.9,
        KINDS + 1,
        lambda values: np.rint(values).astype("int32"),
    ),
    _small(
        "whole numbers too large for the Input's type",
        SILENT,
        100 * PAIRS[:, 1:],
        42 * PAIRS[:, 1:],
        100 * PAIRS[:, 1:],
        then=m.of_scaled("int64"),
    ),
    _id(
        "ids that begin at 1 (Embedding)", SILENT, IDS + 1, IDS, stops=True
    ),
    _id("an id of -1 (Embedding)", SILENT, IDS - 1, IDS),
    _encoded(
        "ids that begin at 1 (CategoryEncoding)",
        SILENT,
        IDS[:, None] + 1,
        IDS[:, None],
    ),
    _rows_of_ids(
        "one-hot rows for an Embedding",
        SILENT,
        np.eye(4, dtype=int)[IDS],
        np.stack([IDS] * 4, 1),
        lambda values: values.argmax(axis=-1),
        then=m.of_ids(),
        apart=OTHER,
    ),
    _words(
        "texts without a word, and a mean that leaves out padding",
        NAN,
        BLANK,
        TOKENS,
        lambda v: np.where(v.any(axis=1)[:, None], v, [1, 0, 0]),
    ),
    _masked(
        "a mask that is neither 0 nor 1 (ReplaceMissing)",
        SILENT,
        UNSURE,
        SURE,
        {"x": X, "x_present": UNSURE["x_present"] > 0.5},
        where='input "x_present"',
    ),
    _fused(
        "a mask that is neither 0 nor 1 (masked_fusion)",
        SILENT,
        UNSURE | ALWAYS,
        SURE | ALWAYS,
        {"x": X, "x_present": UNSURE["x_present"] > 0.5} | ALWAYS,
        where='input "x_present"',
    ),
    _masked(
        "a gap where the mask is 1 (ReplaceMissing)",
        NAN,
        OPEN,
        SURE,
        with_presence({"x": HOLE}, ["x"]),
    ),
    _fused(
        "a gap where the mask is 1 (masked_fusion)",
        NAN,
        OPEN | ALWAYS,
        SURE | ALWAYS,
        with_presence({"x": HOLE} | ALWAYS, ["x"]),
    ),
    _two(
        "an input is missing",
        FAILS,
        {"right": RIGHT},
        BOTH,
        where='input "left"',
    ),
    _two(
        "a name is misspelt",
        FAILS,
        {"left": COLUMN, "rigth": RIGHT},
        BOTH,
        where='input "rigth"',
    ),
    _two(
        "a name too many",
        TRAINS,
        BOTH | {"id": COLUMN},
        BOTH,
        where='input "id"',
    ),
    _two(
        "a name too many, and a model built from a dict",
        SILENT,
        BOTH | {"id": COLUMN},
        BOTH,
        make=m.of_two(dict),
        where='input "id"',
    ),
    _two("a whole table: many names too many", TRAINS, MANY | BOTH, BOTH),
    _two("three arrays for two inputs", FAILS, [COLUMN] * 3, BOTH),
    _two("arrays of one shape without names", NOTE, [*BOTH.values()], BOTH),
    _two(
        "a named tuple in another order",
        SILENT,
        Swapped(RIGHT, COLUMN),
        Swapped(RIGHT, COLUMN)._asdict(),
        lambda part: part._asdict(),
    ),
    _two(
        "an OrderedDict, and a model built from a dict",
        SILENT,
        collections.OrderedDict(right=RIGHT, left=COLUMN),
        collections.OrderedDict(BOTH),
        dict,
        m.of_two(dict),
    ),
    _two(
        "fewer rows than the first input has",
        SILENT,
        BOTH | {"right": RIGHT[1:]},
        BOTH,
        {name: values[1:] for name, values in BOTH.items()},
        where='input "right"',
        stops=True,
    ),
    _two(
        "an input 1,000 times as large as another",
        TRAINS,
        BOTH | {"left": 1000 * RIGHT},
        BOTH | {"left": 999 * RIGHT},
        BOTH | {"left": 1000 * RIGHT},
        then=m.of_two(scaling=partial(m.adapted, 1000 * RIGHT)),
        where='input "left"',
        apart=OTHER,
    ),
)
