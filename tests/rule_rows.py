"""Rows for rules and demands: what each says of a value at its edges.

A row is what was found and what should be: nothing, a plain value, or of a
fault its outcome and words of it. The rows take the module to be asked, so
that ``test_mutants.py`` can hand them one that is wrong on purpose.
"""

import contextlib
import functools

import keras
import numpy as np

from companion import (
    ConditionalGAN,
    ReplaceMissing,
    masked_fusion,
    projection_discriminator,
    values,
)
from companion.rules import Fault

FAILS, SILENT, TRAINS, NAN = "fails", "silent", "trains", "a loss of NaN"


def a(*values, dtype=None):
    return np.array(values, dtype)


@contextlib.contextmanager
def in_chunks_of(count):
    """Arrays are looked at in pieces of so many numbers."""
    before, values._CHUNK = values._CHUNK, count
    try:
        yield
    finally:
        values._CHUNK = before


def agrees(found, expected):
    """Whether a row is as it should be, its words in their order."""
    if not hasattr(found, "outcome") or not isinstance(expected, tuple):
        return type(found) is type(expected) and found == expected
    outcome, *words = expected
    text = f"{found.expected} / {found.received} / {found.fix}"
    places = [text.find(word) for word in words]
    in_order = -1 not in places and places == sorted(places)
    return found.outcome == outcome and in_order


def failing(rows):
    """The rows that are not as they should be."""
    return [
        (number, found, expected)
        for number, (found, expected) in enumerate(rows)
        if not agrees(found, expected)
    ]


# rules.py


def of_rules(r):
    yield from _of_settings(r)
    yield from _of_specs(r)
    yield from _of_values(r)
    yield from _of_generated(r)


def _of_settings(r):
    fault = r.Fault("more", "less", "Add.", TRAINS)
    yield r.Fault("more", "less", "Add.").outcome, FAILS
    yield fault.verdict, "warning"
    yield r.Fault("more", "less", "Add.", SILENT).verdict, "problem"
    yield str(fault.at("x")), "x: expected more. Received: less. Add."

    def broken(value):
        return Fault(value, "", "")

    def fine(value):
        return None

    yield r.first_fault("x", [fine, broken, fine]).expected, "x"
    yield r.first_fault("x", [fine]), None
    yield r.first_fault("x", []), None
    problem = r.count_problem("size", 0, 1, "Add.")
    text = "size: expected a whole number, at least 1. Received: size=0. "
    yield str(problem), text + "Add."
    yield r.count_problem("size", 1, 1, "Add."), None
    problem = r.count_problem("size", 3, 1, "Add.", of="Noise", at_most=2)
    text = "Noise, size: expected a whole number, at least 1 and at most 2."
    yield str(problem), f"{text} Received: size=3. Add."
    yield r.count_problem("size", 2, 1, "Add.", at_most=2), None
    yield from _of_choices(r)
    yield r.seed_problem(0), None
    yield r.seed_problem(2**32 - 1), None
    text = (
        "seed: expected a whole number, at least 0 and at most 4294967295"
    )
    for seed in (-1, 2**32, 1.0, None):
        yield str(r.seed_problem(seed)).startswith(text), True
    yield "up to 2**32 - 1" in r.seed_problem(-1).fix, True


def _of_choices(r):
    """One of some words; sizes in a tuple."""
    choose = functools.partial(r.choice_problem, "how", of="merge")
    for word in "ab":
        yield choose(word, {"a": 1, "b": 2}), None
    for other in ("c", "", 1, ["a"]):
        text = "merge: expected how to be one of a, b. Received: how="
        found = str(choose(other, {"a": 1, "b": 2}))
        yield found, f"{text}{other!r}. Choose one of them."
    sizes = functools.partial(r.sizes_problem, "units", of="head")
    end = "Give one size as a number, several in brackets."
    text = "head, units: expected a tuple of"
    for value in ((1,), [2, 1], (np.int64(3), 1, 1)):
        yield sizes(value), None
    for value in ((), 3, "ab", (1, 0), (0,), (1.0,), {1: 2}):
        words = f"{text} whole numbers, at least 1. Received: units="
        yield str(sizes(value)), f"{words}{value!r}. {end}"
    yield sizes((), at_least=0), None
    yield sizes((1,), at_least=2) is None, False
    yield sizes((1, 1), at_least=2), None
    yield sizes((4, 4, 1), axes=3), None
    for value in ((4, 4), (4, 4, 1, 1), (4, 4, 0)):
        words = f"{text} 3 whole numbers, at least 1. Received: units="
        yield str(sizes(value, axes=3)), f"{words}{value!r}. {end}"


def _of_specs(r):
    row = r.Spec((2,), "float32")
    yield str(row), "float32 (batch, 2)"
    x = keras.KerasTensor((None, 3, 1), "int32")
    yield r.Spec.of(x) == r.Spec((3, 1), "int32"), True
    yield hash(row) == hash(r.Spec((2,), "float32")), True
    yield row.fault(np.ones((3, 2))), None
    yield row.fault(np.ones((3, 2), int)), None
    yield row.fault(np.ones((0, 2))), None
    masked = np.ma.masked_less(np.ones((3, 2)), 0)
    yield (
        row.fault(masked),
        (SILENT, "without a mask / a masked array (3, "),
    )
    yield row.fault([1.0]), (FAILS, str(row), "a list of 1", "np.asarray")
    yield row.fault(None), (FAILS, "NoneType")
    yield from _of_kinds(r, row)
    yield from _of_texts(r)
    yield from _of_shapes(r)


def _of_kinds(r, row):
    """Numbers, and what is none."""
    yield row.fault(np.ones((3, 2), bool)), None
    yield row.fault(np.ones((3, 2), "uint8")), None
    yield (
        row.fault(np.ones((3, 2), complex)),
        (SILENT, f"{row} / complex128 (3, 2)"),
    )
    days = np.ones((3, 2), "datetime64[D]")
    yield (
        row.fault(days),
        (FAILS, f"{row} / datetime64[D] (3, 2)", "first_day"),
    )
    yield (
        row.fault(days - days),
        (FAILS, "timedelta64", "Count the days: v"),
    )
    yield row.fault(np.ones((3, 2), object)), (FAILS, 'astype("float32")')
    for kind in ("U1", "S1"):
        yield row.fault(np.ones((3, 2), kind)), (FAILS, "np.unique(values")
    fields = np.ones((3, 2), [("a", int)])
    yield row.fault(fields), (FAILS, "an array of its own")
    for dtype in ("int32", "uint8"):
        ids, convert = r.Spec((), dtype), f'values.astype("{dtype}")'
        yield ids.fault(a(1, 2)), None
        yield (
            ids.fault(a(1.0, 2.0)),
            (TRAINS, f"{dtype} (batch,) / float64 (2,)", convert),
        )
        yield (
            ids.fault(a(1.0, 2.5)),
            (SILENT, f"{ids} / float64 (2,) with fraction"),
        )
        yield "np.rint(values)." in ids.fault(a(0.5)).fix, True
        yield dtype in ids.fault(a(0.5)).fix, True
    yield r.Spec((), "int32").fault(keras.ops.ones(2)), None
    texts = keras.ops.convert_to_tensor(["1", "2"], "string")
    to_number = "If these are numbers: tf.strings.to_number(values)."
    yield r.Spec((), "int32").fault(texts), (FAILS, to_number)
    yield r.Spec((), "bool").fault(a(1.0, 2.5)), None
    with in_chunks_of(4):
        for each in (a(0, 0, 0, 0, 0.5), a(0.5, 0, 0, 0, 0)):
            found = r.Spec((), "int32").fault(each)
            yield found, (SILENT, "with fractions")
    yield r.Spec((2,), "int32").fault(a([0.5])), (SILENT, "with fractions")


def _of_texts(r):
    word, pair = r.Spec((), "string"), r.Spec((2,), "string")
    words = a("a", "b", dtype=object)
    yield word.fault(words), None
    convert = "Make it a tensor of texts: tf.constant(values)."
    yield word.fault(a("a", "b")), (FAILS, "string (batch,)", convert)
    numbered = "Make it a tensor of texts: tf.as_string(values)."
    yield word.fault(a(1, 2)), (FAILS, numbered)
    yield (
        word.fault(a("a", "b")[:, None]),
        (FAILS, f"{word} / <U1 (2, 1)", convert),
    )
    yield word.fault(words[:, None]), (FAILS, convert)
    yield word.fault(keras.ops.ones(2)), None
    yield pair.fault(words), (FAILS, "object (2,)")
    column = r.Spec((1,), "string")  # Keras adds the axis of objects
    yield column.fault(words), None
    yield column.fault(keras.ops.ones(2)), (TRAINS, "Add the last axis")


def _of_shapes(r):
    row, one, ids = (
        r.Spec((2,), "int8"),
        r.Spec((1,), "int8"),
        r.Spec((), ""),
    )
    image, free = r.Spec((2, 3, 1), "int8"), r.Spec((None, 3), "int8")
    change = "Change the shape of the Input, or of the data."

    def ones(*shape):
        return np.ones(shape, "int8")

    yield ids.fault(ones(3)), None
    yield ids.fault(ones()), (FAILS, "Add the batch axis: values[None]")
    yield row.fault(ones(2)), (FAILS, "Add the batch axis")
    yield row.fault(ones(3)), (FAILS, "has 1 axes, the model expects 2")
    yield image.fault(ones(2, 3, 1)), (FAILS, "Add the batch axis")
    yield one.fault(ones()), (FAILS, "has 0 axes, the model expects 2")
    yield (
        image.fault(ones(4, 2, 3)),
        (TRAINS, "Add the last axis", ", None"),
    )
    yield (
        one.fault(ones(3)),
        (TRAINS, "Add the last axis: values[..., None]"),
    )
    yield ids.fault(ones(3, 1)), (TRAINS, "Drop the last axis", "[..., 0]")
    yield row.fault(ones(3, 2, 1)), (TRAINS, "Drop the last axis")
    yield ids.fault(ones(3, 2)), (FAILS, "has 2 axes, the model expects 1")
    yield (
        row.fault(ones(4, 3)),
        (SILENT, "int8 (batch, 2)", "(4, 3)", change),
    )
    yield row.fault(ones(4, 1)), (SILENT, change)
    yield one.fault(ones(4, 2)), (SILENT, change)
    yield image.fault(ones(4, 2, 3, 2)), (SILENT, change)
    yield (
        row.fault(ones(4, 2, 2)),
        (FAILS, "has 3 axes, the model expects 2"),
    )
    yield row.fault(ones(4, 3, 1)), (FAILS, "has 3 axes")
    yield free.fault(ones(4, 9, 3)), None
    yield free.fault(ones(4, 9, 2)), (SILENT, "(batch, None, 3)")
    yield free.fault(ones(9, 3)), (FAILS, "Add the batch axis")
    yield free.fault(ones(4, 9, 3, 1)), (TRAINS, "Drop the last axis")
    thin = r.Spec((None, 1), "int8")
    yield thin.fault(ones(4, 9)), (TRAINS, "Add the last axis")


def _of_values(r):
    row = r.Spec((2,), "float32")
    yield r.unmasked(a(1)), None
    masked = np.ma.masked_less(a(1, 2), 2)
    yield r.unmasked(masked), (SILENT, "a masked array (2,)", "filled(0)")
    for kind in (bool, "uint8", int, float):
        yield r.rows_of_numbers(np.ones(2, kind)), None
    yield (
        r.rows_of_numbers(np.ones(())),
        (FAILS, "per sample / float64 ()", "Pad rows"),
    )
    yield r.rows_of_numbers(a("a")), (FAILS, "an array of numbers with one")
    gap = a([1, np.nan], [np.inf, 1], [0, 1])
    yield r.complete(row)(np.ones((2, 2))), None
    yield r.complete(row)(np.ones((2, 2), int)), None
    words = (
        "float32 (batch, 2) without NaN or infinity / float64 (3, 2) with"
    )
    yield (
        r.complete(row)(gap),
        (NAN, words, "NaN or infinity in 2 of 3 rows"),
    )
    small, wide = r.held_by("int8"), r.held_by("uint16")
    yield small(a(-128, 127)), None
    yield (
        small(a(-128, 128)),
        (SILENT, "int8, from -128 to 127 / numbers fr"),
    )
    yield (
        small(a(-129, 127)),
        (SILENT, "numbers from -129 to 127", '"int64"'),
    )
    yield small(a(dtype=int)), None
    yield wide(a(0, 65535)), None
    yield wide(a(-1)), (SILENT, "uint16, from 0 to 65535")
    yield r.between(a(3, 1, 2)), "numbers from 1 to 3"
    yield from _of_ids(r)
    mild = r.mild(r.complete(r.Spec((), "float32")))
    yield mild(a(np.nan)), (TRAINS, "without NaN")
    yield mild(a(1.0)), None
    yield from _of_large(r)


def _of_ids(r):
    not_one_hot, in_table = r.ids_of_table(3)
    yield in_table(a(0, 2)), None
    yield in_table(a(dtype=int)), None
    yield (
        in_table(a(-1, 2)),
        (SILENT, "ids from 0 to 2, the rows of its Emb", "from 0."),
    )
    yield (
        in_table(a(0, 3)),
        (SILENT, "Embedding / ids from 0 to 3", "enlarge input_dim"),
    )
    other = r.ids_of_table(3, "CategoryEncoding", "num_tokens")[1]
    yield other(a(3)), (SILENT, "of its CategoryEncoding", "e num_tokens.")
    yield not_one_hot(a(0, 1, 2)), None
    yield (
        not_one_hot(np.eye(3)),
        (SILENT, "/ float64 (3, 3), one-hot", "values.argmax(axis=-1)"),
    )
    yield not_one_hot(np.eye(2)), None
    yield not_one_hot(a([0, 1, 1])), None
    yield not_one_hot(a([0, 2, -1])), None
    yield (
        r.ids_of_table(2)[0](np.eye(2)),
        (TRAINS, "one category number per"),
    )
    yield r.ids_of_table(1)[0](np.ones((2, 1))), None
    yield r.some_word(a([0, 2], [1, 0])), None
    yield (
        r.some_word(a([0, 2], [0, 0], [0, 0])),
        (NAN, "an id other", "int64 (3, 2) with 0 alone in 2 of 3", "= 1"),
    )
    yield r.some_word(a([[0], [2]], [[0], [0]])), (NAN, "in 1 of 2 rows")
    yield r.some_word(a([[0], [2]], [[1], [0]])), None
    for mask in (a(0, 1), a(0.0), a(1), a(True, False), a([[0], [1]])):
        yield r.zero_or_one(mask), None
    for mask in (a(0, 1, 2), a(0, 0.5), a(-1, 0), a([0, 1], [1, 9])):
        low, high = mask.min(), mask.max()
        told = f"a mask: 1 where / numbers from {low} to {high}"
        yield r.zero_or_one(mask), (SILENT, *told.split(" / "), "> 0.5)")
    yield r.zero_or_one(a(1, np.nan)), (SILENT, "numbers from nan to nan")


def _of_large(r):
    held = r.held_in_float32
    whole = (
        TRAINS,
        "whole numbers up to 2**24",
        "1 of them equal to others",
    )
    start = 2**24
    for dtype in ("float64", "int64", "uint32", "int32"):
        yield held(a(start, start + 1, dtype=dtype)), whole
        yield held(a(start - 1, start, dtype=dtype)), None
        yield held(a(1, start + 1, dtype=dtype)), None
    yield held(a(start, start, start + 2.0)), None
    yield held(a(-start, -start - 1.0)), whole
    yield held(a(start + 1.0, start)), whole
    yield held(a(start + 0.5, start + 1.5)), None
    yield held(a(start, start + 1.0, 0.5)), whole
    three = a(2 * start, 2 * start + 1, 2 * start + 8)
    yield held(three), (TRAINS, "int64 (3,), 1 of them equal")
    yield (
        held(a(4 * start, 4 * start + 1, 4 * start + 2)),
        (TRAINS, ", 2 of"),
    )
    yield held(a(2.0**53, 2.0**53 + 2)), None
    yield held(a(2.0**52, 2.0**52 + 1)), whole
    yield held(a(2**60, 2**60 + 1)), whole
    yield held(a(start, start + 1, dtype="float32")), None
    yield (
        held(a(1e39)),
        (NAN, "up to 3.4e38 / float64 (1,) with larger ones"),
    )
    yield held(a(-1e39, 1.0)), (NAN, "take the logarithm")
    yield held(a(3.4e38, 1.0)), None
    yield held(a(np.inf, np.nan, 1.0)), None
    yield held(a(1, 2, dtype="uint8")), None
    yield held(a(6e4, dtype="float16")), None
    yield held(a("a")), None
    yield held(a(True)), None
    yield held(a(dtype=float)), None
    zeros = a(0.0, 0, 0, 0)
    with in_chunks_of(4):
        yield held(a(*zeros, start, start + 1)), whole
        yield held(a(*zeros, 1.0, 1e39)), (NAN, "with larger ones")
        yield held(a(start - 1, *zeros[1:], start, start + 1)), whole
        seen = a(start, start + 2, *zeros[2:], start, start + 1)
        yield held(seen), None  # one look is enough
        yield held(a(*seen, 1e39)), (NAN, "with larger ones")


def _of_generated(r):
    inf = np.inf
    yield r.reached_by("tanh", -1, 1)(a(-1, 1)), None
    below = r.reached_by("tanh", -1, 1)(a(-1.5, 1))
    yield (
        below,
        (SILENT, "numbers from -1 to 1, as the tanh of the", "-1.5"),
    )
    yield r.reached_by("tanh", -1, 1)(a(0, 2)), (SILENT, "from 0 to 2 /")
    above = r.reached_by("relu", 0, inf)
    yield above(a(0, 1e9)), None
    yield above(a(-1, 1)), (SILENT, "numbers from 0 on, as the relu of the")
    three = r.every_class(3)
    yield three(a(0, 1, 2, 1)), None
    yield three(a(2, 1, 0, dtype="uint8")), None
    yield (
        three(a(0.0, 1, 2)),
        (SILENT, "from 0 to 2, one per sample / float"),
    )
    yield three(a([0, 1, 2])), (SILENT, "one per sample / int64 (1, 3)")
    yield r.every_class(2)(a(False, True)), None
    yield three(a(0, 1, 2, 3)), (SILENT, "numbers from 0 to 2 / class 3")
    yield three(a(-1, 0, 1, 2)), (SILENT, "class -1", "Number the classes")
    yield three(a(-2, -1)), (SILENT, "class -2")
    yield (
        three(a(1, 2)),
        (SILENT, "of every class from 0 to 2 / none of cla"),
    )
    yield three(a(1)), (SILENT, "none of class 0, 2 /")
    yield r.every_class(9)(a(8)), (SILENT, "class 0, 1, 2, 3, 4 /")


# targets.py


def of_targets(t):
    yield t.anything("x"), None
    numbers = "an array of numbers"
    yield t.numbers(a(1.0, 2)), None
    yield t.numbers(a(True)), None
    yield (
        t.numbers(np.ma.masked_less(a(1, 2), 2)),
        (SILENT, "without a mask"),
    )
    yield (
        t.numbers([1, 2]),
        (FAILS, f"{numbers} / a list of 2", "np.asarray"),
    )
    yield (
        t.numbers(a(1.0)[0]),
        (FAILS, numbers, "float64 ()", "one row per"),
    )
    yield t.numbers(a("a")), (FAILS, numbers, "<U1 (1,)", "from 0")
    gap = (
        NAN,
        "infinity / float64 (2,) with NaN or infinity in 1 of 2",
        "samples out",
    )
    yield t.without_gaps(a(np.inf, 1)), gap
    yield t.without_gaps(a(1, 2)), None
    yield from _of_losses(t)
    yield from _of_reach(t)
    yield from _of_classes(t)
    yield from _of_crossentropy(t)
    yield from _of_weights(t)
    yield from _of_counted(t)


def _of_losses(t):
    shape, other = a([1.0, 2.0]), a([1.0, 2.0, 3.0])
    output = "the shape of the output, (batch, 2) /"
    stretched = (SILENT, output, "(1, ", "stretches")
    yield t.like_the_output((2,), shape), None
    yield t.like_the_output((1,), a(1.0)), None
    yield t.like_the_output((), a([1.0])), None
    yield t.like_the_output((2, 1), shape), None
    yield t.like_the_output((2,), other), stretched
    yield t.like_the_output((2,), a([1.0])), stretched
    half, over = a([0, 1.0]), a([0, 1.5])
    yield t.yes_or_no((2,), half), None
    yield t.yes_or_no((2,), over), (SILENT, "labels from 0 to 1", "to 1.5")
    yield (
        t.yes_or_no((2,), a([-0.5, 1])),
        (SILENT, "numbers from -0.5 to 1"),
    )
    yield t.yes_or_no((2,), a([0.5] * 3)), stretched
    yield t.one_of_two((1,), a(-1, 1)), None
    yield t.one_of_two((1,), a(0, 1)), None
    yield t.one_of_two((1,), a(1, 1)), None
    two = (SILENT, "or 0 and 1 / numbers from", "categorical_hinge")
    for labels in (a(-1, 0), a(0, 2), a(-1, 0.5), a(-2, 1), a(-1, 2)):
        yield t.one_of_two((1,), labels), two
    yield t.one_of_two((2,), a([1, -1, 1])), stretched
    yield t.not_below_zero((1,), a(0, 1e9)), None
    yield (
        t.not_below_zero((1,), a(-0.5, 0)),
        (SILENT, "from 0 on / numbers from -0.5"),
    )
    yield t.not_below_zero((2,), other), stretched
    yield t.never_zero((1,), a(-1, 0.5)), None
    yield t.never_zero((1,), a(1, 0)), (SILENT, "without 0", "(2,) with 0")
    yield t.never_zero((2,), other), stretched
    yield t.directions((2,), shape), None
    yield t.directions((1,), a(1.0)), (SILENT, "than one number / float64")
    yield t.directions((2,), other), stretched
    yield t.directions((), a(1.0)), None
    yield t.directions((5, 1), np.ones((2, 5, 1))), (SILENT, "vectors of")
    yield t.like_the_output((None,), other), None
    for name in LIKE_THE_OUTPUT:
        yield t.LOSSES[name] is t.like_the_output, True
    for rule, names in OTHERS.items():
        for name in names:
            yield t.LOSSES[name] is getattr(t, rule), True


LIKE_THE_OUTPUT = "mean_squared_error", "mean_absolute_error"
LIKE_THE_OUTPUT += "huber", "log_cosh"
OTHERS = {
    "class_numbers": ["sparse_categorical_crossentropy"],
    "numbers_or_one_hot": ["crossentropy"],
    "one_hot": [
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_hinge",
    ],
    "yes_or_no": [
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "kl_divergence",
        "dice",
        "tversky",
    ],
    "one_of_two": ["hinge", "squared_hinge"],
    "not_below_zero": ["poisson", "mean_squared_logarithmic_error"],
    "never_zero": ["mean_absolute_percentage_error"],
    "directions": ["cosine_similarity"],
}


def _of_reach(t):
    reach = functools.partial(t.in_reach, "tanh", -1, 1)
    yield reach(a(-3, 3)), None
    yield (
        reach(a(-3, 3.5)),
        (TRAINS, "numbers from -1 to 1, as its tanh", "from -3.0 to 3.5"),
    )
    yield reach(a(-3.5, 3)), (TRAINS, "images / 255")
    yield t.in_reach("relu", 0, np.inf, a(-9e9, 9e9)), None


def _of_classes(t):
    classes = functools.partial(t.class_numbers, (3,))
    span = "class numbers from 0 to 2"
    yield classes(a(0, 2)), None
    yield classes(a([0], [2])), None
    yield classes(a(0.0, 2.0)), None
    yield (
        classes(a(0, 3)),
        (SILENT, f"{span} / numbers from 0 to 3", "widen"),
    )
    yield classes(a(-1, 2)), (SILENT, "numbers from -1 to 2")
    yield classes(a(-1, 2), ignore_class=-1), None
    yield classes(a(9, 2), ignore_class=9), None
    yield (
        classes(a(-1, 2), ignore_class=0),
        (SILENT, "numbers from -1 to 2"),
    )
    yield classes(a(0, 2), ignore_class=0), None
    yield classes(a(0, 1.5)), (SILENT, span, "float64 (2,) with fractions")
    yield (
        classes(np.eye(3)),
        (FAILS, span, "(3, 3)", "categorical_crossentr"),
    )
    steps = functools.partial(t.class_numbers, (5, 3))
    yield steps(np.ones((2, 5))), None
    yield steps(np.ones((2, 4))), (FAILS, span)
    yield steps(np.ones(2)), (FAILS, span)
    yield t.class_numbers((None, 3), np.ones((2, 5))), None
    yield t.class_numbers((), a(0)), (SILENT, "from 0 to -1")
    one_hot = functools.partial(t.one_hot, (3,))
    text = "one-hot labels (batch, 3)"
    yield one_hot(np.eye(3)), None
    yield one_hot(a([0.5, 0.5, 0])), None
    yield one_hot(a([0.5, 0.5005, 0])), None
    yield (
        one_hot(a([0.5, 0.502, 0])),
        (TRAINS, text, "whose rows do not sum"),
    )
    yield (
        one_hot(a([1, 1, 0])),
        (TRAINS, f"{text} / int64 (1,", "several labels"),
    )
    yield one_hot(a([2, -1, 0])), (TRAINS, text)
    yield one_hot(a([1.0, 0, 0], [0, 0, 0])), (TRAINS, text)
    yield one_hot(a([1.0, -0.5, 0.5])), (TRAINS, text)
    yield t.one_hot((None, 3), np.eye(3)[None]), None
    yield (
        one_hot(a(0, 1, 2)),
        (FAILS, f"{text} / int64", "sparse_categorical_crossentro"),
    )
    yield one_hot(np.ones((2, 2)) / 2), (FAILS, text)
    yield t.one_hot((1,), a([1.0])), (SILENT, "always 1 / (batch, 1) / For")
    yield t.one_hot((2, 1), a([1.0])), (SILENT, "more than one answer")
    yield one_hot(np.ones((2, 4))), (FAILS, "let the model flatten or pool")
    many = functools.partial(t.one_hot, (5, 3))
    yield many(np.eye(3)), (FAILS, "Give a label for each answer")
    yield many(np.ones((2, 5))), (FAILS, "sparse_categorical_crossentropy")
    yield classes(np.ones((2, 4))), (FAILS, span, "let the model flatten")
    free = functools.partial(t.class_numbers, (None, 3))
    yield free(np.ones((2, 5, 3))), (FAILS, span, "One-hot labels go with")
    free = functools.partial(t.one_hot, (None, 3))
    yield free(np.ones((2, 5))), (FAILS, "Class numbers go with sparse")
    free = functools.partial(t.class_numbers, (None,))
    yield free(a(0, 99)), None
    yield (
        free(a(-1, 99)),
        (SILENT, "class numbers from 0 / numbers from -1"),
    )


def _of_crossentropy(t):
    """Class numbers or shares, as Keras chooses by the axes."""
    choose = functools.partial(t.numbers_or_one_hot, (3,))
    yield choose(a(0, 2)), None
    yield choose(a([0], [2])), None
    yield choose(np.eye(3)), None
    yield choose(a(0, 1.5)), (SILENT, "from 0 to 2", "with fractions")
    yield choose(a([0], [3])), (SILENT, "class numbers from 0 to 2")
    yield choose(np.ones((2, 3))), (TRAINS, "one-hot", "do not sum to 1")
    yield choose(np.ones((2, 2))), (FAILS, "one-hot labels (batch, 3)")
    steps = functools.partial(t.numbers_or_one_hot, (5, 3))
    yield steps(np.ones((2, 5))), None
    yield steps(np.eye(3)[np.ones((2, 5), int)]), None


def _of_weights(t):
    yield t.not_below(a(0, 1)), None
    yield t.not_below(a(0.5)), None
    below = (
        TRAINS,
        "weights from 0 on / numbers from -1 to 1",
        "Weigh from",
    )
    yield t.not_below(a(-1, 1)), below
    yield (
        t.not_below(a(0, 0)),
        (TRAINS, "above 0 / nothing but 0", "nothing is learned"),
    )
    for shape, given in ONE_WEIGHT_EACH:
        yield t.weights_of_samples(shape, np.ones((4, *given))), None
    each = "one weight per sample, (batch,) /"
    yield (
        t.weights_of_samples((), np.ones((4, 3))),
        (SILENT, each, "Give one"),
    )
    yield t.weights_of_samples((), np.ones((4, 2, 1))), (SILENT, each)
    axes = (
        SILENT,
        "(batch, 1, 1) / float64 (4,)",
        "weights[:, None, None]",
    )
    yield t.weights_of_samples((5, 6), np.ones(4)), axes
    other = (SILENT, "one weight per sample, (batch, 1)", "Give one number")
    yield t.weights_of_samples((5,), np.ones((4, 3))), other
    yield (
        t.weights_of_samples((1, 1), np.ones((4, 1))),
        (SILENT, "Give one"),
    )
    yield t.weights_of_samples((1, 1), np.ones(4)), (SILENT, "Add the axes")
    yield t.weights_of_samples((5,), np.ones((4, 5, 2))), other
    yield t.weights_of_samples((5,), np.ones((4, 6, 1))), other
    yield t.weights_of_samples((5,), np.ones((4, 1, 5))), other
    batch = functools.partial(t.weights_of_a_batch, 4)
    for alike in (a(2, 2), a([2, 2], [2, 2]), a(), a(2)):
        yield batch(alike), None
    told = (TRAINS, "per sample", "whole batch / Build", "axis=(1, 2, 3)")
    for apart in (a(2, 3), a([2, 2], [3, 3]), a(0, 1e-9)):
        yield batch(apart), told
    yield t.weights_of_a_batch(2, a(2, 3)), (TRAINS, "axis=(1,):")
    yield t.weights_of_a_batch(1, a(2, 3)), (TRAINS, "Reshape((1,)):")


def _of_counted(t):
    """Entries that a weight of 0 takes out are like one that counts."""
    labels = a(7, 1, -1)

    def count(labels, *weights):
        return t.counted(labels, a(*weights)).tolist()

    yield count(labels, 0, 1, 0), [1, 1, 1]
    yield count(labels, [0], [0.5], [1]), [1, 1, -1]
    yield count(labels, [[0]], [[2]], [[0]]), [1, 1, 1]
    yield count(labels, 0, 0, 0), [7, 1, -1]
    yield count(labels, 1, 1, 1), [7, 1, -1]
    yield count(labels, 0, 1), [7, 1, -1]
    yield t.counted(a(7), a(0)).tolist(), [7]
    yield t.counted(labels, None).tolist(), [7, 1, -1]
    steps = a([7, 1], [2, 3])
    yield count(steps, 0, 1), [[2, 3], [2, 3]]
    yield count(steps, [0, 1], [1, 0]), [[1, 1], [2, 1]]
    yield count(steps, [[0], [1]], [[1], [0]]), [[1, 1], [2, 1]]


#: Shapes of the values of a loss and of weights, without the samples.
ONE_WEIGHT_EACH = [
    ((), ()),
    ((), (1,)),
    ((1,), ()),
    ((5,), (5,)),
    ((5,), (1,)),
    ((5, 6), (1, 6)),
    ((None,), (7,)),
    ((5,), (5, 1)),
    ((5,), (1, 1)),
]


# demands.py


def of_demands(d):
    """Of models, each made once: what they ask for."""
    x = keras.Input((2,), name="x")
    own = keras.Model([x], OwnLayer()(x))
    (filled,) = d.demands_of(own)["input"]["x"].rules
    yield filled(a([np.nan, 1])), (TRAINS, "without NaN")
    inputs = d.demands_of(everything())["input"]
    for name, expected in INPUTS.items():
        asked = inputs[name]
        yield (
            (
                asked.text,
                asked.free,
                asked.any_size,
                asked.optional,
                len(asked.rules),
                len(asked.whole),
            ),
            expected,
        )
    yield list(inputs), list(INPUTS)
    yield from _of_inputs(inputs)
    yield from _of_words(d)
    yield from _of_masks(d)
    for layer, model in by_layer().items():
        asked = d.demands_of(model)["input"]["x"]
        yield (layer, asked.any_size), (layer, layer != "Dense")
        gap = a([np.nan])
        found = [rule(gap) for rule in asked.rules]
        yield (layer, any(found)), (layer, layer not in FILLING)
    yield from _of_targets(d)
    yield from _of_gan(d)
    plain = d.Demand("text", nothing, ())
    parts = plain.whole, plain.free, plain.any_size, plain.optional
    yield parts, ((), False, True, False)


def nothing(value):
    return None


def _of_inputs(inputs):
    """Rules in their order, each asked of what only it refuses."""
    yield (
        inputs["number"].form(np.ones((3, 1))),
        (SILENT, "float32 (batch,"),
    )
    yield inputs["unread"].form("anything"), None
    (complete,) = inputs["number"].rules
    yield complete(a([np.nan, 1])), (NAN, "float32 (batch, 2) without NaN")
    (whole,) = inputs["number"].whole
    yield whole(a(1e39)), (NAN, "float32 can hold")
    complete, one_hot, table, held = inputs["id"].rules
    yield complete(a(np.nan)), (NAN, "int32 (batch,) without")
    yield one_hot(np.eye(5)), (SILENT, "one-hot")
    yield (
        table(a(5)),
        (SILENT, "ids from 0 to 4, the rows of its Embedding"),
    )
    yield table(a(4)), None
    yield held(a(2**31)), (SILENT, "int32, from -2147483648 to 2147483647")
    _, table, held = inputs["token"].rules
    words = "from 0 to 3, the rows of its CategoryEncoding", "num_tokens"
    yield table(a(4)), (SILENT, *words)
    yield held(a(256)), (SILENT, "uint8, from 0 to 255")


def _of_words(d):
    """A mean over steps, with a mask of the zeros and without."""
    for masked in (True, False):
        words = keras.Input((3,), dtype="int32", name="x")
        vectors = keras.layers.Embedding(5, 1, mask_zero=masked)(words)
        mean = keras.layers.GlobalAveragePooling1D()(vectors)
        asked = d.demands_of(keras.Model([words], mean))["input"]["x"]
        found = [rule(a([1, 0, 0], [0, 0, 0])) for rule in asked.rules]
        yield any(found), masked
        yield not masked or found[-1].outcome == NAN, True


def _of_masks(d):
    """Of a value, its mask, and a value without: what a gap is told."""
    gap, half = a([np.nan] * 2), a([0.5])
    for name, (change, *expected) in MASKED.items():
        asked = d.demands_of(masked(change))["input"].values()
        for demand, value, (count, *outcome) in zip(
            asked, (gap, half, gap), expected
        ):
            faults = [rule(value) for rule in demand.rules]
            told = [fault.outcome for fault in faults if fault]
            yield (name, len(faults), *told), (name, count, *outcome)


def masked(change):
    x = keras.Input((2,), name="x")
    present = keras.Input((1,), name="x_present")
    always = keras.Input((2,), name="always")
    made = [keras.layers.Dense(1)(each) for each in change(x, present)]
    both = {"x": x, "always": always}
    fused = masked_fusion(both, {"x": present}, units=4)
    return keras.Model([x, present, always], [fused, *made])


#: What else is made of both; how many rules, and what they tell.
MASKED = {
    "fused": (lambda *_: [], (0,), (1, SILENT), (1, NAN)),
    "replaced": (
        lambda *both: [ReplaceMissing()(both)],
        (0,),
        (2, SILENT, SILENT),
        (1, NAN),
    ),
    "read": (lambda *both: both, (1, NAN), (2, SILENT), (1, NAN)),
    "own": (
        lambda x, _: [OwnLayer()(x)],
        (1, TRAINS),
        (1, SILENT),
        (1, NAN),
    ),
    "filled": (
        lambda x, _: [keras.ops.nan_to_num(x)],
        (0,),
        (1, SILENT),
        (1, NAN),
    ),
}


class OwnLayer(keras.layers.Layer):
    """It may do anything with a gap."""

    def call(self, x):
        return x


#: Text, free, any size, optional, rules, rules of wholes.
INPUTS = {
    "number": ("float32 (batch, 2)", False, False, False, 1, 1),
    "half": ("float16 (batch, 2)", False, False, False, 1, 0),
    "steps": ("float32 (batch, None, 1)", True, False, False, 1, 1),
    "id": ("int32 (batch,)", False, True, False, 4, 0),
    "token": ("uint8 (batch, 1)", False, True, False, 3, 0),
    "count": ("int64 (batch, 1)", False, True, False, 2, 0),
    "word": ("string (batch,)", False, True, False, 0, 0),
    "unread": ("float32 (batch, 2)", False, False, False, 1, 1),
    "maybe": ("float32 (batch, 2)", False, False, True, 1, 1),
}


@functools.cache
def everything():
    """A model with inputs of every kind."""
    layers, made = keras.layers, {}
    for name, (text, *_) in INPUTS.items():
        dtype, shape = text.split(" ", 1)
        axes = (
            shape.strip("()").replace("batch", "").strip(", ").split(", ")
        )
        sizes = [None if n == "None" else int(n) for n in axes if n]
        optional = name == "maybe"
        made[name] = keras.Input(
            sizes, dtype=dtype, name=name, optional=optional
        )
    read = [
        layers.Dense(1)(made["number"]),
        layers.Dense(1)(made["half"]),
        layers.GlobalAveragePooling1D()(made["steps"]),
        layers.Embedding(5, 1)(made["id"]),
        layers.CategoryEncoding(4)(made["token"]),
        layers.Dense(1)(keras.ops.cast(made["count"], "float32")),
        layers.StringLookup(vocabulary=["a"])(made["word"]),
        layers.Dense(1)(made["maybe"]),
    ]
    return keras.Model(list(made.values()), read)


FILLING = {"NanToNum", "Isnan", "Isfinite", "Where"}


@functools.cache
def by_layer():
    """A model for each layer or operation that decides what is asked."""
    layers, ops = keras.layers, keras.ops
    changes = {
        "Dense": layers.Dense(1),
        "Normalization": layers.Normalization(mean=[0.0], variance=[1.0]),
        "Rescaling": layers.Rescaling(2),
        "BatchNormalization": layers.BatchNormalization(),
        "LayerNormalization": layers.LayerNormalization(),
        "UnitNormalization": layers.UnitNormalization(),
        "Discretization": layers.Discretization(bin_boundaries=[0.5]),
        "Hashing": layers.Hashing(5),
        "IntegerLookup": layers.IntegerLookup(vocabulary=[1]),
        "Embedding": layers.Embedding(5, 1),
        "Add": lambda x: x + 1,
        "Subtract": lambda x: x - 1,
        "Multiply": lambda x: x * 2,
        "Divide": lambda x: ops.divide(x, 2),
        "TrueDivide": lambda x: x / 2,
        "Log": ops.log,
        "Log1p": ops.log1p,
        "Mod": lambda x: x % 2,
        "Cast": lambda x: ops.cast(x, "float16"),
        "NanToNum": lambda x: ops.nan_to_num(x) * x,
        "Isnan": lambda x: ops.cast(ops.isnan(x), "float32") * x,
        "Isfinite": lambda x: ops.cast(ops.isfinite(x), "float32") * x,
        "Where": lambda x: ops.where(x > 0, x, 0) * x,
    }
    found = {}
    for name, change in changes.items():
        whole = name in ("Hashing", "IntegerLookup")
        dtype = "int64" if whole else "float32"
        x = keras.Input((1,), name="x", dtype=dtype)
        found[name] = keras.Model([x], change(x))
    return found


class Own(keras.Model):
    def train_step(self, data):
        return {}


@functools.cache
def compiled(loss, kind=keras.Model):
    """Two outputs, of which the first has a loss."""
    x = keras.Input((2,), name="x")
    steps = keras.Input((5, 2), name="steps")
    first = keras.layers.Dense(3, name="first")(x)
    other = keras.layers.Dense(3, name="other")(steps)
    model = kind([x, steps], [first, other])
    if loss:
        model.compile("sgd", loss={"first": loss})
    return model


def _own_loss(wanted, given):
    return given


def _ignoring():
    return keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)


IGNORING = _ignoring()


def _of_targets(d):
    text = "one row per sample"

    def asked(loss, role="target", name="first", kind=keras.Model):
        return d.demands_of(compiled(loss, kind))[role][name]

    def parts(demand):
        return (
            demand.text,
            len(demand.rules),
            len(demand.whole),
            demand.optional,
            demand.form("x") is not None,
        )

    yield parts(asked(None)), (text, 1, 0, False, True)
    yield parts(asked("mse")), (text, 1, 1, False, True)
    yield parts(asked("crossentropy")), (text, 2, 1, False, True)
    yield asked("crossentropy").counted, ()
    sparse = asked("sparse_categorical_crossentropy")
    yield parts(sparse), (text, 2, 1, False, True)
    yield parts(asked(_own_loss)), (text, 0, 0, False, False)
    yield parts(asked("mse", kind=Own)), (text, 0, 0, True, False)
    yield parts(asked(None, kind=Own)), (text, 0, 0, True, False)
    bounded = keras.Input((2,), name="x")
    bounded = keras.Model(
        [bounded], keras.layers.Dense(3, "sigmoid", name="first")(bounded)
    )
    for loss, rules in {"mse": 2, "mape": 1, "bce": 1}.items():
        bounded.compile("sgd", loss)
        asked_for = d.demands_of(bounded)["target"]["first"]
        found = asked_for.counted
        yield (loss, len(found)), (loss, rules)
        yield len(asked_for.rules), 1
        if loss == "mse":
            yield found[0](np.ones((4, 2))), (SILENT, "(batch, 3)")
            far = np.full((4, 3), 255)
            yield found[1](far), (TRAINS, "from 0 to 1, as its sigmoid")
            yield found[1](far / 255), None
    (squares,) = asked("mse").counted
    yield squares(np.ones((4, 3))), None
    yield squares(np.ones((4, 2))), (SILENT, "(batch, 3)")
    without = asked("mse", name="other")
    yield parts(without), (text, 0, 0, True, False)
    yield asked(None).rules[0](a(np.nan)), (NAN, "without NaN")
    gap, read = sparse.rules
    yield gap(a(np.nan)), (NAN, "without NaN")
    yield read(a(0, 3)), (SILENT, "class numbers from 0 to 2")
    yield read(a(-1)), (SILENT, "class numbers")
    yield sparse.whole[0](a(1e39)), (NAN, "float32 can hold")
    yield asked(IGNORING).rules[1](a(-1, 2)), None
    number = "one number per sample"
    weight = asked("mse", "sample weight")
    yield parts(weight), (number, 2, 0, False, True)
    gap, below = weight.rules
    yield gap(a(np.nan)), (NAN, "without NaN")
    yield below(a(-1)), (TRAINS, "weights from 0 on")
    for loss in (keras.losses.CategoricalCrossentropy, keras.losses.Dice):
        (shares,) = asked(loss()).counted
        yield (
            shares(np.full((4, 3), 0.5)) is None,
            loss is keras.losses.Dice,
        )
        (shares,) = asked(loss(axis=1)).counted
        yield shares(np.full((4, 3), 0.5)), None
    yield shares(np.full((4, 3), 5)), (SILENT, "labels from 0 to 1")
    (shares,) = asked("categorical_crossentropy").counted
    yield shares(np.full((4, 3), 0.5)), (TRAINS, "do not sum to 1")
    steps = keras.Input((5, 2), name="x")
    steps = keras.Model([steps], keras.layers.Dense(1, name="first")(steps))
    steps.compile("sgd", keras.losses.CosineSimilarity(axis=1))
    (along,) = d.demands_of(steps)["target"]["first"].counted
    yield along(np.ones((4, 5, 1))), None
    (along,) = asked(keras.losses.CosineSimilarity(axis=1)).counted
    yield along(np.ones((4, 2))), (SILENT, "the shape of the output")
    ids = keras.Input((5,), dtype="int32", name="ids")
    words = keras.layers.Embedding(4, 2, mask_zero=True)(ids)
    tags = keras.layers.Dense(1, "sigmoid", name="first")(words)
    tags = keras.Model([ids], tags)
    tags.compile("sgd", "bce")
    (hidden,) = d.demands_of(tags)["target"]["first"].counted
    yield hidden(np.full((4, 5, 1), -1)), (TRAINS, "labels from 0 to 1")


# A GAN

#: What the last activation can make, and nearly.
REACHED = {
    "sigmoid": [(0, 1, True), (-0.5, 1, False), (0, 1.5, False)],
    "softmax": [(0, 1, True), (-0.5, 1, False), (0, 1.5, False)],
    "tanh": [(-1, 1, True), (-1.5, 1, False), (-1, 1.5, False)],
    "relu": [(0, 99, True), (-0.5, 1, False)],
    "softplus": [(0, 99, True), (-0.5, 1, False)],
    "exponential": [(0, 99, True), (-0.5, 1, False)],
    "linear": [(-99, 99, True)],
}


@functools.cache
def gan(activation, axes=()):
    """A GAN of rows of two numbers in three classes."""
    label = keras.Input(axes, dtype="int32", name="label")
    noise = keras.Input((2,), name="noise")
    table = keras.layers.Embedding(3, 2)(label)
    table = keras.layers.Flatten()(table)
    both = keras.layers.Concatenate()([table, noise])
    made = keras.layers.Dense(2, activation, name="row")(both)
    judge = projection_discriminator({"row": (2,)}, 3, (4,))
    if axes:
        real = keras.Input(axes, dtype="int32", name="label")
        row = keras.Input((2,), name="row")
        read = keras.layers.Flatten()(keras.layers.Embedding(3, 2)(real))
        read = keras.layers.Concatenate()([read, row])
        judge = keras.Model([real, row], keras.layers.Dense(1)(read))
    return ConditionalGAN(keras.Model([label, noise], {"row": made}), judge)


def _of_gan(d):
    for activation, tried in REACHED.items():
        asked = d.demands_of(gan(activation))
        yield list(asked), ["input", "target"]
        yield list(asked["input"]), ["label", "noise"]
        yield sorted(asked["target"]), ["label", "row"]
        row = asked["target"]["row"]
        for low, high, passes in tried:
            found = [rule(a([low, high])) for rule in row.rules]
            yield (
                (activation, low, high, not any(found)),
                (activation, low, high, passes),
            )
    label = asked["target"]["label"]
    yield len(label.rules), 4
    (every,) = label.whole
    yield every(a(0, 1, 2)), None
    yield every(a(0, 1)), (SILENT, "none of class 2")
    yield every(a([0], [2])), (SILENT, "none of class 1")
    yield every(a([0, 1], [0, 1])), None
    yield len(row.whole), 1
    asked = d.demands_of(gan("linear", (2,)))
    yield len(asked["target"]["label"].whole), 1
