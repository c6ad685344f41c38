"""Cases of the model alone, and of what compile was given."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from companion.lab.contract_cases import models as m
from companion.lab.contract_cases.case import NOTHING, Case, Given, cases
from companion.lab.contract_cases.models import BOTH, KINDS, PAIR, X, layers
from companion.rules import FAILS, SILENT, TRAINS


def _one_model(make: Any, values: m.Maker) -> Given:
    return Given(values, {"x": X}, KINDS)


def _two_models(make: Any, values: m.Maker) -> Given:
    return Given(values, BOTH, PAIR)


def _in_order(make: Any, values: m.Maker) -> Given:
    return Given(values, BOTH, [*PAIR.values()])


_model = cases("model and compile", "model", _one_model, None)
_pair = cases("model and compile", "loss", _two_models, None)
_list = cases("model and compile", "loss", _in_order, None)
SQUARES = {"tip": "mse", "pay": "mse"}
_by_name = partial(m.of_two, outputs=dict, loss=SQUARES)
_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
_squares = keras.losses.MeanSquaredError


def _reshaped(loss: Any) -> m.Maker:
    last = partial(layers.Reshape, (3,))
    return m.of_x((2,), m.dense(3, "softmax"), loss=loss, last=last)


CASES: tuple[Case, ...] = (
    _model("a class that declares no inputs", TRAINS, m.of_own, m.of_x()),
    _list(
        "inputs without names",
        FAILS,
        m.of_two(named=False),
        m.of_two(),
        where="model",
    ),
    _model(
        "a Normalization that was not adapted",
        SILENT,
        m.of_x((2,), layers.Normalization),
        m.of_x((2,), m.adapted),
        where='layer "normalization"',
    ),
    _model(
        "a model of which all layers are frozen",
        TRAINS,
        m.frozen(),
        m.of_x(),
        apart=NOTHING,
    ),
    _model(
        "a layer that was frozen after training",
        SILENT,
        m.frozen(after=True, again=False),
        m.frozen(after=True),
        where='layer "dense"',
    ),
    _model(
        "numbers of any size for a loss of shares",
        SILENT,
        m.of_classes(last=m.dense(3)),
        m.of_classes(_logits, m.dense(3)),
        m.of_classes(),
        where='output "dense"',
    ),
    _model(
        "a softmax for a single answer",
        SILENT,
        m.of_x(last=m.dense(1, "softmax")),
        m.of_x(last=m.dense(1, "sigmoid")),
        where='output "dense"',
    ),
    _model(
        "a tanh for a loss that reads shares",
        SILENT,
        m.of_classes(last=m.dense(3, "tanh")),
        m.of_classes(),
        where='output "dense"',
    ),
    _model(
        "a softmax for a loss that makes its own",
        SILENT,
        _reshaped(_logits),
        _reshaped("sparse_categorical_crossentropy"),
        where='output "reshape"',
    ),
    _model(
        "a loss that is not reduced to one number",
        SILENT,
        m.of_x(loss=_squares(reduction=None)),
        m.of_x(loss=_squares()),
        m.of_x(),
        where="loss",
    ),
    _pair(
        "losses in a list, outputs in a dict",
        SILENT,
        m.of_two(outputs=dict, loss=["mse", "mae"]),
        m.of_two(outputs=dict),
        m.of_two(outputs=dict, loss={"tip": "mse", "pay": "mae"}),
    ),
    _list(
        "one loss in a list for two outputs",
        SILENT,
        m.of_two(loss=["mse"]),
        m.of_two(loss=["mse", "mse"]),
        m.of_two(loss=SQUARES),
    ),
    _pair(
        "loss weights under a name that no output has",
        SILENT,
        _by_name(loss_weights={"tip": 1, "total": 10}),
        _by_name(loss_weights={"tip": 1, "pay": 10}),
        where="loss_weights",
    ),
    _pair(
        "loss weights of NumPy's type float64",
        FAILS,
        _by_name(loss_weights={"tip": 1.0, "pay": np.float64(2)}),
        _by_name(loss_weights={"tip": 1.0, "pay": np.float32(2)}),
        _by_name(loss_weights={"tip": 1.0, "pay": float(np.float64(2))}),
        where="loss_weights",
    ),
    _list(
        "loss weights in a dict, losses in a list",
        SILENT,
        m.of_two(loss=["mse"] * 2, loss_weights={"tip": 1.0, "pay": 9.0}),
        m.of_two(loss=["mse"] * 2, loss_weights=[1.0, 9.0]),
        m.of_two(loss=SQUARES, loss_weights={"tip": 1.0, "pay": 9.0}),
        where="loss_weights",
    ),
    _pair(
        "metrics under a name that no output has",
        FAILS,
        _by_name(metrics={"total": ["mae"]}),
        _by_name(metrics={"pay": ["mae"]}),
        where="metrics",
    ),
    _list(
        "as many metrics in a list as outputs",
        TRAINS,
        m.of_two(metrics=["mae", "mape"]),
        m.of_two(metrics=[["mae"], ["mape"]]),
        m.of_two(metrics={"tip": ["mae", "mape"], "pay": ["mae", "mape"]}),
        where="metrics",
    ),
)
