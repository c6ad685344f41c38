"""What is fed to models whose inputs may be missing, or are categories."""

import keras
import numpy as np
import pandas as pd
from judge import Given, fails, runs, silent
from keras import layers
from models import ONES, N

from companion import (
    ModalityDropout,
    MultiInputGenerator,
    ReplaceMissing,
    TableEncoder,
    masked_fusion,
    presence,
    with_presence,
)

NAN = np.nan
ROWS = np.arange(N)[:, None]
X = np.linspace(0, 1, 2 * N).reshape(N, 2)
#: Every third row is missing.
GAPS = np.where(ROWS % 3 == 0, NAN, X)
MASK = presence(GAPS)
ALWAYS = np.ones((N, 1))


def scored(how="token", shape=(2,), mask=(1,), dtype="float32"):
    """An input that may be missing, beside one that is always there."""
    x = keras.Input(shape, name="x", dtype=dtype)
    there = keras.Input(mask, name="x_present")
    always = keras.Input((1,), name="always")
    if how in ("mean", "gated", "attention"):
        parts = {"x": x, "always": always}
        known = masked_fusion(parts, {"x": there}, how, units=4)
    else:
        known = ReplaceMissing(how)([x, there])
    return compiled([x, there, always], known, always)


def compiled(inputs, *made):
    flat = [layers.Flatten()(each) for each in made]
    joined = layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    model = keras.Model(inputs, layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    return model


def given(x=GAPS, there=MASK, model=None, **more):
    data = {"x": x, "x_present": there, "always": ALWAYS} | more
    return Given(model or scored(), data, ONES)


def in_batches(x=GAPS, there=MASK, model=None, **options):
    inputs = {"x": x, "x_present": there, "always": ALWAYS}
    batches = MultiInputGenerator(inputs, ONES, batch_size=2, **options)
    return Given(model or scored(), batches, fit={"shuffle": False})


# A gap. Where it is seen the loss is NaN, which the judge takes for silent.


@silent(lambda: False)
def gaps_where_no_mask_was_declared():
    x = keras.Input((2,), name="x")
    return Given(compiled([x], x), {"x": GAPS}, ONES)


@silent(lambda: False)
def gaps_in_an_input_that_is_always_there():
    return given(X, always=GAPS[:, :1])


@silent(lambda: False)
def gaps_in_a_branch_without_a_mask_of_a_fusion():
    return given(X, always=GAPS[:, :1], model=scored("mean"))


@silent(lambda: False)
def gaps_where_the_mask_is_1():
    return given(there=MASK * 0 + 1)


@silent(lambda: False)
def gaps_where_the_mask_of_a_fusion_is_1():
    return given(there=MASK * 0 + 1, model=scored("attention"))


@silent(lambda: False)
def a_gap_where_the_mask_is_1_in_the_last_batch():
    there = MASK.copy()
    there[6] = 1
    return in_batches(there=there)


@silent(lambda: False)
def infinity_where_the_mask_is_1():
    return given(np.where(ROWS == 1, np.inf, GAPS))


@runs
def gaps_behind_a_mask():
    return given()


@runs
def gaps_behind_a_mask_and_zeros_for_them():
    return given(model=scored("zeros"))


@runs
def gaps_behind_the_mask_of_a_mean():
    return given(model=scored("mean"))


@runs
def gaps_behind_the_mask_of_gates():
    return given(model=scored("gated"))


@runs
def gaps_behind_the_mask_of_attention():
    return in_batches(model=scored("attention"))


@runs
def gaps_behind_a_mask_in_a_model_inside():
    x, there = keras.Input((2,)), keras.Input((1,))
    inner = keras.Model([there, x], ReplaceMissing()([x, there]))
    x = keras.Input((2,), name="x")
    there = keras.Input((1,), name="x_present")
    model = compiled([x, there], inner([there, x]))
    return Given(model, {"x": GAPS, "x_present": MASK}, ONES)


@runs
def gaps_that_are_scaled_before_a_mask_covers_them():
    scale = layers.Normalization(mean=[0.5, 0.5], variance=[1.0, 1.0])
    x = keras.Input((2,), name="x")
    there = keras.Input((1,), name="x_present")
    model = compiled([x, there], ReplaceMissing()([scale(x), there]))
    return Given(model, {"x": GAPS, "x_present": MASK}, ONES)


@silent(lambda: False)
def gaps_that_a_dense_layer_reads_before_a_mask_covers_them():
    """The first loss is a number, the gradient is none."""
    x = keras.Input((2,), name="x")
    there = keras.Input((1,), name="x_present")
    always = keras.Input((1,), name="always")
    parts = {"x": layers.Dense(3)(x), "always": always}
    fused = masked_fusion(parts, {"x": there}, units=4)
    return in_batches(model=compiled([x, there, always], fused))


@silent(lambda: False)
def gaps_behind_a_mask_that_another_layer_passes_over():
    x = keras.Input((2,), name="x")
    there = keras.Input((1,), name="x_present")
    known = ReplaceMissing()([x, there])
    model = compiled([x, there], known, layers.Dense(2)(x))
    return Given(model, {"x": GAPS, "x_present": MASK}, ONES)


STEPS = np.ones((N, 3, 2))
STEPS[:, 2] = NAN


@runs
def a_mask_for_each_step():
    there = np.tile([1.0, 1, 0], (N, 1))
    return given(STEPS, there, scored(shape=(3, 2), mask=(3,)))


@silent(lambda: False)
def a_mask_for_each_step_that_misses_one():
    there = np.tile([1.0, 0, 1], (N, 1))
    return given(STEPS, there, scored(shape=(3, 2), mask=(3,)))


@runs
def a_mask_for_each_value():
    x = np.where(np.eye(N, 2), NAN, X)
    return given(x, presence(x, each="value"), scored(mask=(2,)))


# Masks


@runs
def a_mask_of_booleans():
    return given(there=MASK > 0)


@runs
def a_mask_of_whole_numbers():
    return given(there=MASK.astype("uint8"))


@runs
def a_mask_without_its_last_axis():
    return given(there=MASK[:, 0])


@silent(lambda: False)
def a_mask_without_its_last_axis_that_covers_nothing():
    return given(there=MASK[:, 0] * 0 + 1)


@fails
def a_mask_for_each_value_in_place_of_one():
    return given(there=np.repeat(MASK, 3, axis=1), model=scored(mask=(2,)))


@fails
def a_mask_of_fewer_rows():
    return given(there=MASK[:3])


@fails
def a_mask_of_words():
    return given(there=np.where(MASK > 0, "yes", "no"))


@fails
def a_mask_that_is_missing():
    data = {"x": GAPS, "always": ALWAYS}
    return Given(scored(), data, ONES)


def counts_as_there(number):
    """Whether a layer takes any number but 0 for a 1."""
    value, mask = np.ones((1, 1)), np.full((1, 1), number)
    return float(ReplaceMissing()([value, mask])[0, 0]) == 1


@silent(lambda: counts_as_there(0.1))
def a_mask_of_shares():
    return given(X, 0.1 + 0.8 * MASK)


@silent(lambda: counts_as_there(-1.0))
def a_mask_of_minus_1_and_1():
    return given(X, 2 * MASK - 1, scored("gated"))


@silent(lambda: counts_as_there(NAN))
def a_mask_with_a_gap():
    return given(X, np.where(MASK, 1, NAN))


@silent(lambda: float(ReplaceMissing()([ALWAYS, ALWAYS * 0])[0, 0]) == 0)
def an_input_where_its_mask_should_be():
    """Of one shape: the model cannot know."""
    there = keras.Input((1,), name="x_present")
    x = keras.Input((1,), name="x")
    model = compiled([x, there], ReplaceMissing()([there, x]))
    data = {"x": 3 * X[:, :1], "x_present": MASK}
    return Given(model, data, ONES)


# All of it is missing


@runs
def all_inputs_missing():
    data = with_presence({"x": X * NAN, "y": X * NAN}, ["x", "y"])
    x, y = keras.Input((2,), name="x"), keras.Input((2,), name="y")
    masks = {n: keras.Input((1,), name=f"{n}_present") for n in "xy"}
    fused = masked_fusion({"x": x, "y": y}, masks, units=4)
    return Given(compiled([x, y, *masks.values()], fused), data, ONES)


@runs
def all_of_a_batch_missing():
    return in_batches(np.where(ROWS < 4, NAN, X), (ROWS >= 4) * 1.0)


@runs
def inputs_that_are_lost_at_random():
    lose = ModalityDropout({"x": 0.5})
    data = with_presence({"x": GAPS}, ["x"])
    return in_batches(*data.values(), transforms=[lose], seed=0)


# Whole numbers, with a mask and without


@runs
def ids_of_which_some_are_missing():
    x = keras.Input((), dtype="int32", name="x")
    there = keras.Input((1,), name="x_present")
    ids = layers.Embedding(4, 2)(ReplaceMissing()([x, there]))
    data = with_presence(
        {"x": [n % 4 if n else None for n in range(N)]}, "x"
    )
    return Given(compiled([x, there], ids), data, ONES)


# Categories

TABLE = pd.DataFrame({"zone": list("aabbccab"), "size": range(N)})
ENCODER = TableEncoder(["size"], ["zone"]).adapt(TABLE)


def looked_up(rows=None, one_hot=False):
    """A table of numbers and one column of categories."""
    size = keras.Input((1,), name="numbers")
    zone = keras.Input((4,) if one_hot else (), dtype="int32", name="zone")
    rows = rows or ENCODER.sizes["zone"]
    return compiled([size, zone], layers.Embedding(rows, 2)(zone), size)


@runs
def a_table_that_is_encoded():
    return Given(looked_up(), ENCODER(TABLE), ONES)


@runs
def categories_that_training_did_not_have():
    new = TABLE.assign(zone=list("azbbcca") + [None])
    return Given(looked_up(), ENCODER(new), ONES)


@fails
def categories_beyond_the_embedding():
    return Given(looked_up(4), ENCODER(TABLE), ONES)


@runs
def categories_given_as_floats():
    """Whole ones, which Keras turns back into whole numbers."""
    inputs = ENCODER(TABLE)
    inputs["zone"] = inputs["zone"].astype("float32")
    return Given(looked_up(), inputs, ONES)


@silent(lambda: bool(np.array(2.9).astype("int32") == 2))
def categories_given_as_fractions():
    inputs = ENCODER(TABLE)
    inputs["zone"] = inputs["zone"] + 0.5
    return Given(looked_up(), inputs, ONES)


def looks_up_each_0_and_1():
    """Whether the model sees two rows of its table, and no others."""
    table = layers.Embedding(4, 2)
    rows = table(np.eye(4, dtype="int32")).numpy().reshape(-1, 2)
    return len(np.unique(rows, axis=0)) == 2


@silent(looks_up_each_0_and_1)
def one_hot_rows_for_an_embedding():
    rows = np.eye(4, dtype="int32")[ENCODER(TABLE)["zone"] - 2]
    data = {"numbers": ALWAYS, "zone": rows}
    return Given(looked_up(4, one_hot=True), data, ONES)


@fails
def one_hot_rows_for_an_embedding_of_one_id():
    rows = np.eye(5, dtype="int32")[ENCODER(TABLE)["zone"]]
    return Given(looked_up(), {"numbers": ALWAYS, "zone": rows}, ONES)


@fails
def categories_as_words():
    data = {"numbers": ALWAYS, "zone": TABLE["zone"].to_numpy()}
    return Given(looked_up(), data, ONES)


# Columns of pandas


@fails
def nullable_whole_numbers_without_gaps():
    sizes = TABLE["size"].astype("Int64")
    data = ENCODER(TABLE) | {"numbers": sizes}
    return Given(looked_up(), data, ONES)


@fails
def nullable_whole_numbers_with_gaps():
    sizes = TABLE["size"].astype("Int64").where(TABLE["size"] > 2)
    data = ENCODER(TABLE) | {"numbers": sizes}
    return Given(looked_up(), data, ONES)


@runs
def nullable_whole_numbers_with_a_mask():
    sizes = TABLE["size"].astype("Int64").where(TABLE["size"] > 2)
    data = with_presence({"x": sizes, "always": ALWAYS}, ["x"])
    return Given(scored(shape=(1,)), data, ONES)


@fails
def a_column_of_dates():
    days = pd.Series(pd.date_range("2024-01-01", periods=N))
    data = ENCODER(TABLE) | {"numbers": days}
    return Given(looked_up(), data, ONES)
