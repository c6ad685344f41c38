"""What is changed in a pair of a model and right data for it.

A change bends what the model gets, and says nothing of what Keras makes of
it: weights tell. Some change what is `meant` as well; some are `harmful` by
themselves, as weights would not show it.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pandas as pd
import tensorflow as tf
from drawing import SIZE, Random
from keras.losses import MeanAbsoluteError
from models import Batches

if TYPE_CHECKING:
    from pairs import Pair

Change = Callable[["Pair", Random], None]
CHANGES: dict[str, Change] = {}
IN_BATCHES = ("PyDataset", "generator")

FLOATS = ("numbers", "number", "one", "series", "free")
IDS = ("id", "words")
NUMBERS = (*FLOATS, *IDS, "count")
AXES = ("numbers", "one", "gaps", "series", "free", "pixels", "mask")
REAL = ("real", "vectors")
TARGETS = (
    *(*REAL, "counts", "amounts"),
    *("yes_no", "signs", "one_hot", "shares"),
)
LABELS = ("yes_no", "signs", "classes")


class NotHereError(Exception):
    """A change for which this model, or its data, leave no place."""


def need(condition: Any) -> None:
    if not condition:
        raise NotHereError


def change(make: Change) -> Change:
    """Notes a change under its name."""
    CHANGES[make.__name__] = make
    return make


# Values


def of(
    role: str,
    kinds: Iterable[str],
    harmful: bool = False,
    meant: bool = False,
    only_last: bool = False,
    forms: Iterable[str] | None = None,
    **bends: Callable[[Any, Any], Any],
) -> None:
    """Notes changes of the values of one input, or of one target."""

    def noted(how: Callable[[Any, Any], Any]) -> Change:
        def make(pair: Pair, rng: Random) -> None:
            need(pair.form in (forms or [pair.form]))
            name = pair.pick(rng, role, kinds)
            part = (pair.columns | pair.answers)[name]
            bend = lambda x: how(x, part)  # noqa: E731
            pair.bend(role, name, bend, meant, only_last)
            pair.harmful = harmful

        return make

    CHANGES.update({name: noted(how) for name, how in bends.items()})


def put(value: Any) -> Callable[[Any, Any], Any]:
    """Another value in every second place."""

    def bend(x: Any, part: Any) -> Any:
        x = np.array(x)
        x.flat[::2] = value(part) if callable(value) else value
        return x

    return bend


def as_type(dtype: Any) -> Callable[[Any, Any], Any]:
    return lambda x, _: x.astype(dtype)


def with_a_gap(x: Any, part: Any) -> Any:
    return put(np.nan)(x.astype("float32"), part)


def masked(x: Any, part: Any) -> Any:
    return np.ma.masked_greater(put(9e6)(x, part), 1e6)


def from_one_on(x: Any, part: Any) -> Any:
    need(x.max() == part.width - 1)  # else nobody can tell
    return x + 1


def in_a_frame(x: Any, _: Any) -> Any:
    need(isinstance(x, np.ndarray) and x.ndim < 3)
    return pd.Series(x) if x.ndim == 1 else pd.DataFrame(x)


def dates(x: Any, _: Any) -> Any:
    return np.full(x.shape, "2026-01-01", dtype="datetime64[ns]")


for role, kinds, real in (
    ("inputs", NUMBERS, FLOATS),
    ("targets", TARGETS, REAL),
):
    bends = {
        "in_float64": as_type("float64"),
        "in_float16": as_type("float16"),
        "in_bfloat16": as_type(ml_dtypes.bfloat16),
        "in_another_order_of_bytes": as_type(">f4"),
        "as_objects": as_type(object),
        "in_words": as_type("U"),
        "as_tensors": lambda x, _: tf.constant(x),
        "in_lists": lambda x, _: x.tolist(),
        "in_a_frame": in_a_frame,
        "as_dates": dates,
        "with_gaps": with_a_gap,
        "of_other_rows": lambda x, _: x[1:],
        "in_another_memory": lambda x, _: np.asfortranarray(x)[::-1][::-1],
    }
    of(role, kinds, **{f"{role}_{name}": x for name, x in bends.items()})
    seen = ("arrays", *IN_BATCHES)  # tensors have lost the mask
    of(role, real, forms=seen, **{f"{role}_that_are_masked": masked})
    whole = {
        f"{role}_in_whole_numbers": lambda x, _: np.round(x).astype(int)
    }
    of(role, real, meant=True, **whole)


def wider(x: Any, _: Any) -> Any:
    if x.ndim == 1:
        return np.stack([x, x[::-1]], axis=-1)
    return np.concatenate([x, x[::-1, ..., :1]], axis=-1)


def narrower(x: Any, _: Any) -> Any:
    need(x.shape[-1] > 1)
    return x[..., 1:]


of(
    "inputs",
    AXES,
    a_column_too_many=wider,
    a_column_too_few=narrower,
    an_axis_too_few=lambda x, _: x[..., 0],
    an_axis_too_many=lambda x, _: x[:, None].repeat(2, axis=1),
    an_axis_of_one_in_front=lambda x, _: x[:, None],
    rows_at_the_end=lambda x, _: np.moveaxis(x, 0, -1),
)
of(
    "inputs",
    ("series", "free", "pixels"),
    axes_in_another_order=lambda x, _: x.swapaxes(1, -1),
)
of(
    "inputs",
    (*NUMBERS, "pixels", "text"),
    an_axis_of_one=lambda x, _: x[..., None],
)
of("inputs", AXES, only_last=True, wider_in_a_later_batch=wider)
of(
    "inputs",
    ("one", "count"),
    only_last=True,
    an_axis_less_in_a_later_batch=lambda x, _: x[:, 0],
)
of(
    "inputs",
    (*FLOATS, *IDS),
    only_last=True,
    another_type_in_a_later_batch=as_type("float64"),
)
of("inputs", FLOATS, infinite_inputs=put(np.inf))
of("inputs", ["gaps"], meant=True, gaps_that_are_filled=put(np.nan))
of("inputs", ["pixels"], pixels_in_floats=as_type("float32"))
of(
    "inputs",
    (*IDS, "count"),
    whole_numbers_in_floats=as_type("float32"),
    whole_numbers_in_one_byte=as_type("int8"),
    whole_numbers_in_eight_bytes=as_type("int64"),
)
of(
    "inputs",
    (*IDS, "count"),
    harmful=True,
    fractions_for_whole_numbers=lambda x, _: x + 0.5,
)
of(
    "inputs",
    ["count"],
    harmful=True,
    numbers_beyond_int32=lambda x, _: x + np.int64(2**40),
)
of(
    "inputs",
    ["mask"],
    a_mask_in_floats=as_type("float32"),
    a_mask_in_whole_numbers=as_type("int64"),
    a_mask_in_objects=as_type(object),
)
of("inputs", IDS, ids_beyond_the_table=put(lambda part: part.table))
of("inputs", IDS, harmful=True, ids_below_the_table=put(-2))
of("inputs", ["id"], one_hot_ids=lambda x, part: np.eye(part.table + 1)[x])


def texts(dtype: str) -> Callable[[Any, Any], Any]:
    def bend(x: Any, _: Any) -> Any:
        x = x.numpy().astype(str) if tf.is_tensor(x) else x
        return x.astype(dtype)

    return bend


of(
    "inputs",
    ["text"],
    texts_in_numpy=texts("U"),
    texts_in_bytes=texts("S"),
    texts_in_objects=texts("O"),
    texts_in_tensors=lambda x, _: tf.convert_to_tensor(x),
    texts_in_a_frame=in_a_frame,
    numbers_for_texts=lambda x, _: np.arange(len(x)),
)


def stretched(x: Any, part: Any) -> Any:
    """Seven columns, of which one is right."""
    need(part.width == 1 and not part.steps)
    x = x.reshape(-1, 1)
    return np.concatenate([x, np.tile(x[::-1], 6)], axis=1)


def fractions(x: Any, part: Any) -> Any:
    """Half classes, which only a loss that is known refuses."""
    need(part.exact.name != "doubled")
    return x + 0.5


def first_column(x: Any, part: Any) -> Any:
    """An axis less; "crossentropy" would read it as numbers of classes."""
    need(not (part.kind == "one_hot" and part.loss == "crossentropy"))
    return x[..., 0]


of(
    "targets",
    (*TARGETS, "classes"),
    targets_with_an_axis_of_one=lambda x, _: x[..., None],
    targets_with_an_axis_less=first_column,
)
# The signs of errors, and thus weights, may be the same by chance.
of(
    "targets",
    (*TARGETS, "classes"),
    harmful=True,
    targets_that_are_wider=wider,
)
of("targets", REAL, harmful=True, targets_that_are_stretched=stretched)
of("targets", ["known"], meant=True, gaps_left_out=put(np.nan))
of("targets", ["counts"], counts_below_zero=put(-3))
of(
    "targets",
    ["classes"],
    a_class_too_many=put(lambda part: part.width),
    a_class_below_zero=put(-2),
    classes_from_one_on=from_one_on,
    classes_in_floats=as_type("float32"),
    classes_in_one_byte=as_type("int8"),
    classes_as_one_hot=lambda x, part: np.eye(part.width)[x],
)
of(
    "targets",
    ["classes"],
    harmful=True,
    fractions_for_classes=fractions,
)
of(
    "targets",
    ["one_hot", "shares"],
    one_hot_as_classes=lambda x, _: x.argmax(-1),
)
of(
    "targets",
    LABELS,
    labels_in_words=lambda x, _: np.where(x > 0, "a", "b"),
)
of("targets", ["yes_no", "signs"], three_labels=put(2))
of(
    "targets",
    ["yes_no"],
    labels_of_minus_one=lambda x, _: 2 * x - 1,
    labels_in_percent=lambda x, _: 100 * x,
    labels_of_true_and_false=as_type(bool),
)
of("targets", ["yes_no"], meant=True, soft_labels=lambda x, _: 0.75 * x)
of("targets", ["signs"], zeros_and_ones_for_hinge=lambda x, _: (x + 1) // 2)


def _turn(pair: Pair, role: str, name: str) -> None:
    """Whole numbers in all batches but the last, which has fractions."""
    need(len(pair.given) > 1)
    for batches in (pair.given, pair.meant):
        for number, batch in enumerate(batches, start=1):
            x = np.round(batch[role][name])
            last = number == len(batches)
            x = x + 0.5 if last else x.astype("int64")
            batch[role] = batch[role] | {name: x}


@change
def fractions_after_whole_numbers(pair: Pair, rng: Random) -> None:
    _turn(pair, "inputs", pair.pick(rng, "inputs", FLOATS))


@change
def fractions_after_whole_targets(pair: Pair, rng: Random) -> None:
    name = pair.pick(rng, "targets", REAL)
    # Its slope is the same for 0 and 0.5: no weights show what is lost.
    need(not isinstance(pair.answers[name].exact, MeanAbsoluteError))
    _turn(pair, "targets", name)


@change
def another_length_in_a_later_batch(pair: Pair, rng: Random) -> None:
    name = pair.pick(rng, "inputs", ["free", "words"])
    need(None in pair.columns[name].shape)
    pair.bend("inputs", name, lambda x: x[:, :3], True, only_last=True)


@change
def another_length_in_each_batch(pair: Pair, rng: Random) -> None:
    need(len(pair.given) > 1)
    name = pair.pick(rng, "inputs", ["free", "words"])
    need(None in pair.columns[name].shape)
    for batches in (pair.given, pair.meant):
        for length, batch in enumerate(batches, start=2):
            x = batch["inputs"][name][:, :length]
            batch["inputs"] = batch["inputs"] | {name: x}


# Rows


def _rows(batches: list[dict], rows: Any) -> None:
    for batch in batches:
        for role, part in batch.items():
            batch[role] = part and {n: x[rows] for n, x in part.items()}


@change
def a_single_sample(pair: Pair, rng: Random) -> None:
    need(pair.form == "arrays")
    _rows(pair.given, 0)


@change
def fewer_rows_in_the_last_batch(pair: Pair, rng: Random) -> None:
    need(len(pair.given) > 1)
    _rows([pair.given[-1], pair.meant[-1]], slice(3))


@change
def no_rows_in_the_last_batch(pair: Pair, rng: Random) -> None:
    need(len(pair.given) > 1)
    _rows(pair.given[-1:], slice(0))
    pair.steps = 2


@change
def no_rows_at_all(pair: Pair, rng: Random) -> None:
    _rows(pair.given, slice(0))
    pair.harmful = True


# Names


def _rename(pair: Pair, rng: Random, role: str, how: Callable) -> str:
    need(pair.held[role] == "dict")
    name = str(rng.choice(list(pair.given[0][role])))
    for batch in pair.given:
        batch[role] = how(batch[role], name)
    pair.change += f" ({name})"
    return name


def _area(part: dict, name: str) -> dict:
    return {"area": 9 * np.ones((len(part[name]), 1), "float32")}


def without(part: dict, name: str) -> dict:
    return {n: x for n, x in part.items() if n != name}


def misspelt(part: dict, name: str) -> dict:
    return {n + "s" * (n == name): x for n, x in part.items()}


RENAMED = {
    "without_a_name": without,
    "with_a_misspelt_name": misspelt,
    "with_a_name_too_many": lambda part, n: part | _area(part, n),
    "with_another_name_first": lambda part, n: _area(part, n) | part,
    "in_reverse": lambda part, _: dict(reversed(part.items())),
    "that_are_none": lambda part, n: part | {n: None},
}
DICTS = (
    collections.UserDict,
    collections.OrderedDict,
    types.MappingProxyType,
)


def _renamed(role: str, how: Callable) -> Change:
    return lambda pair, rng: _rename(pair, rng, role, how) and None


def _held(role: str, before: str, after: Any, *forms: str) -> Change:
    """Another container for a part."""

    def make(pair: Pair, rng: Random) -> None:
        need(
            pair.held[role] == before
            and pair.form in (forms or [pair.form])
        )
        pair.held[role] = after

    return make


for role in ("inputs", "targets"):
    for name, how in RENAMED.items():
        CHANGES[f"{role}_{name}"] = _renamed(role, how)
    for kind in DICTS:
        CHANGES[f"{role}_in_{kind.__name__}"] = _held(role, "dict", kind)
    CHANGES[f"{role}_in_lists_in_batches"] = _held(
        role, "tuple", "list", *IN_BATCHES
    )


def records(part: dict) -> list[dict]:
    """A dict for each sample."""
    rows = zip(*part.values())
    return [dict(zip(part, row)) for row in rows]


CHANGES["records"] = _held("inputs", "dict", records, "arrays")
CHANGES["a_dict_for_a_lone_answer"] = _held("targets", "lone", "dict")


@change
def targets_of_some_of_the_answers(pair: Pair, rng: Random) -> None:
    """Of those with a loss: by name for a list, in order for a dict."""
    read = [n for n, part in pair.answers.items() if part.loss is not None]
    need(1 < len(read) < len(pair.answers))
    need(not pair.weighed and not pair.wrapped)
    need(pair.gives == "dict" or isinstance(pair.compiled["loss"], list))
    for batch in pair.given:
        batch["targets"] = {name: batch["targets"][name] for name in read}
    pair.held["targets"] = "dict" if pair.gives == "list" else "tuple"


@change
def an_array_too_few(pair: Pair, rng: Random) -> None:
    need(pair.held["inputs"] in ("list", "tuple"))
    for batch in pair.given:
        batch["inputs"] = dict(list(batch["inputs"].items())[:-1])


@change
def an_array_too_many(pair: Pair, rng: Random) -> None:
    need(pair.held["inputs"] in ("list", "tuple"))
    for batch in pair.given:
        batch["inputs"] |= _area(batch["inputs"], next(iter(pair.columns)))


@change
def an_input_without_a_name(pair: Pair, rng: Random) -> None:
    need(pair.built == "list")
    pair.unnamed = str(rng.choice(list(pair.columns)))


@change
def inputs_in_one_array(pair: Pair, rng: Random) -> None:
    kinds = {part.kind for part in pair.columns.values()}
    need(len(pair.columns) > 1 and kinds <= {"numbers", "one", "gaps"})
    pair.held["inputs"] = lambda part: np.hstack(list(part.values()))


# Batches


def deal(batches: Iterable[tuple]) -> Any:
    """A function that makes a generator, which ends."""
    batches = list(batches)

    def make() -> Any:
        yield from batches

    return make


def _deliver(
    pair: Pair, make: Callable[[list[tuple]], Any], *forms: str
) -> None:
    need(pair.form in forms)
    pair.deliver = make


def _changed(how: Callable[[tuple], Any], weighed: bool) -> Change:
    """Each batch in another form."""

    def make(pair: Pair, rng: Random) -> None:
        need(pair.form in IN_BATCHES and pair.weighed == weighed)
        put = deal if pair.form == "generator" else lambda x: Batches(*x)
        pair.deliver = lambda packed: put(map(how, packed))

    return make


CHANGES["batches_in_lists"] = _changed(list, False)
CHANGES["a_part_too_many"] = _changed(lambda batch: (*batch, 1), True)
CHANGES["none_for_weights"] = _changed(lambda batch: (*batch, None), False)


@change
def inputs_and_targets_as_one(pair: Pair, rng: Random) -> None:
    need(not pair.weighed)
    _deliver(pair, lambda packed: packed[0], "arrays")


def _slices(packed: list[tuple]) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(packed[0])


@change
def a_data_set_without_batches(pair: Pair, rng: Random) -> None:
    _deliver(pair, _slices, "tf.data")


@change
def a_data_set_without_shapes(pair: Pair, rng: Random) -> None:
    def make(packed: list[tuple]) -> Any:
        dtypes = tf.nest.map_structure(
            lambda x: tf.as_dtype(x.dtype), packed
        )
        return tf.data.Dataset.from_generator(deal(packed), dtypes[0])

    _deliver(pair, make, "PyDataset")
    pair.fit = {}


@change
def a_data_set_that_repeats(pair: Pair, rng: Random) -> None:
    _deliver(pair, lambda x: _slices(x).batch(SIZE).repeat(), "tf.data")
    pair.fit, pair.steps = {"steps_per_epoch": 5}, 5


@change
def a_data_set_that_ends(pair: Pair, rng: Random) -> None:
    need(pair.form == "tf.data")
    pair.fit, pair.steps = {"steps_per_epoch": 5}, 5


@change
def a_length_that_is_a_float(pair: Pair, rng: Random) -> None:
    class Rounded(Batches):
        def __len__(self) -> Any:
            return np.ceil(3.0)

    _deliver(pair, lambda packed: Rounded(*packed), "PyDataset")


@change
def no_batches(pair: Pair, rng: Random) -> None:
    _deliver(pair, lambda packed: Batches(), "PyDataset")


@change
def a_generator_of_nothing(pair: Pair, rng: Random) -> None:
    _deliver(pair, lambda packed: deal([]), "generator")


@change
def a_generator_that_ends_in_time(pair: Pair, rng: Random) -> None:
    _deliver(pair, deal, "generator")


@change
def a_generator_that_ends(pair: Pair, rng: Random) -> None:
    _deliver(pair, deal, "generator")
    pair.fit = {"steps_per_epoch": 3, "epochs": 2}
    pair.steps = 6


# Sample weights


def of_weights(series: bool, **bends: Callable[[Any], Any]) -> None:
    """Notes changes of the weights of one answer."""

    def noted(how: Callable[[Any], Any]) -> Change:
        def make(pair: Pair, rng: Random) -> None:
            pair.weigh(rng)
            parts = pair.answers.items()
            names = [
                n for n, x in parts if x.loss and series == (x.steps > 0)
            ]
            need(names)
            pair.bend("weights", str(rng.choice(names)), how)

        return make

    CHANGES.update({name: noted(how) for name, how in bends.items()})


of_weights(
    False,
    weights_with_an_axis_of_one=lambda w: w[:, None],
    weights_with_three_columns=lambda w: np.tile(w[:, None], 3),
    weights_in_float64=lambda w: w.astype("float64"),
    weights_of_other_rows=lambda w: w[1:],
    weights_with_gaps=lambda w: with_a_gap(w, None),
    weights_in_words=lambda w: w.astype("U"),
)
of_weights(
    True,
    weights_of_steps_with_an_axis_of_one=lambda w: w[..., None],
    weights_of_too_few_steps=lambda w: w[:, 1:],
)


@change
def a_weight_for_each_series(pair: Pair, rng: Random) -> None:
    """With as many rows as steps, it would go to the steps."""
    pair.weigh(rng)
    names = [n for n, x in pair.answers.items() if x.steps and x.loss]
    need(names)
    rows = int(rng.choice([3, 4]))
    _rows([*pair.given, *pair.meant], slice(rows))
    pair.steps = len(pair.given)
    pair.bend("weights", names[0], lambda w: w[:, :1], meant=True)
    pair.bend("weights", names[0], lambda w: w[:, 0])


@change
def weights_for_some_of_the_answers(pair: Pair, rng: Random) -> None:
    need(len(pair.given[0]["targets"]) > 1)
    pair.weigh(rng)
    name = _rename(pair, rng, "weights", without)
    need(pair.answers[name].loss)
    for batch in pair.meant:
        batch["weights"] = without(batch["weights"], name)


@change
def one_weight_for_all_answers(pair: Pair, rng: Random) -> None:
    need(len(pair.answers) > 1)
    need(not any(part.steps for part in pair.answers.values()))
    pair.weigh(rng)
    pair.held["weights"] = "lone"
    for batch in (*pair.given, *pair.meant):
        one = batch["weights"][next(iter(pair.given[0]["weights"]))]
        batch["weights"] = dict.fromkeys(batch["weights"], one)


@change
def weights_in_lists(pair: Pair, rng: Random) -> None:
    need(pair.form in IN_BATCHES)
    pair.weigh(rng)
    need(pair.held["weights"] == "tuple")
    pair.held["weights"] = "list"


# What the model is compiled with


def _asked(pair: Pair, option: str, kind: type) -> Any:
    asked = pair.compiled.get(option)
    need(isinstance(asked, kind))
    return asked


def _misspell(pair: Pair, rng: Random, option: str) -> None:
    asked = _asked(pair, option, dict)
    name = str(rng.choice(list(asked)))
    pair.compiled[option] = misspelt(asked, name)
    pair.change += f" ({name})"


@change
def a_loss_of_another_name(pair: Pair, rng: Random) -> None:
    _misspell(pair, rng, "loss")


@change
def a_loss_weight_of_another_name(pair: Pair, rng: Random) -> None:
    """The weights may go where they should, thanks to the alphabet."""
    _misspell(pair, rng, "loss_weights")
    pair.harmful = True


@change
def a_metric_of_another_name(pair: Pair, rng: Random) -> None:
    if len(pair.answers) == 1:
        metrics = _asked(pair, "metrics", list)
        pair.compiled["metrics"] = {"cost": metrics}
    else:
        _misspell(pair, rng, "metrics")
    pair.harmful = True


@change
def a_metric_for_other_targets(pair: Pair, rng: Random) -> None:
    name = pair.pick(rng, "targets", ["classes"])
    pair.compiled["metrics"] = ["categorical_accuracy"]
    if len(pair.answers) > 1:
        pair.compiled["metrics"] = {name: ["categorical_accuracy"]}
    pair.harmful = True


@change
def metrics_that_are_weighted(pair: Pair, rng: Random) -> None:
    need("metrics" in pair.compiled)
    pair.compiled["weighted_metrics"] = pair.compiled.pop("metrics")


@change
def loss_weights_of_numpy(pair: Pair, rng: Random) -> None:
    asked = _asked(pair, "loss_weights", dict)
    made = {name: np.float64(weight) for name, weight in asked.items()}
    pair.compiled["loss_weights"] = made


@change
def a_loss_weight_of_numpy(pair: Pair, rng: Random) -> None:
    asked = _asked(pair, "loss_weights", dict)
    name = str(rng.choice(list(asked)))
    made = asked | {name: np.float64(asked[name])}
    pair.compiled["loss_weights"] = made


@change
def loss_weights_in_reverse(pair: Pair, rng: Random) -> None:
    asked = _asked(pair, "loss_weights", dict)
    pair.compiled["loss_weights"] = dict(reversed(asked.items()))


@change
def a_loss_weight_too_few(pair: Pair, rng: Random) -> None:
    pair.compiled["loss_weights"] = _asked(pair, "loss_weights", list)[1:]
