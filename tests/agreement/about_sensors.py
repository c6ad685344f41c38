"""Windows of recordings, several sensors, futures, and files as rows."""

import json
import tempfile
from pathlib import Path

import keras
import numpy as np
from judge import Given, fails, runs, silent
from models import N

from companion import (
    FileColumn,
    MultiInputGenerator,
    cut_windows,
    gaussian_loss,
    open_packed,
    pack,
    pair_files,
    sensor_fusion,
    step_before,
    with_presence,
)

RNG = np.random.default_rng(0)
SHAPES = {"push": (4, 3), "turn": (2, 2)}
PUSH, TURN = RNG.normal(size=(N, 4, 3)), RNG.normal(size=(N, 2, 2))
NUMBER, FUTURE = RNG.normal(size=(N, 1)), RNG.normal(size=(N, 5, 1))
NAN = np.nan


def fused(loss="mse", **answer):
    model = sensor_fusion(SHAPES, units=4, **answer or {"num_values": 1})
    model.compile("sgd", loss)
    return model


def given(push=PUSH, turn=TURN, targets=NUMBER, model=None, **more):
    data = {"push": push, "turn": turn} | more
    return Given(model or fused(), data, targets)


def of_windows(gaps=False):
    """Two recordings of two sensors, at two rates, in windows."""
    push = [RNG.normal(size=(20, 3)), RNG.normal(size=(12, 3))]
    turn = [RNG.normal(size=(10, 2)), RNG.normal(size=(6, 2))]
    if gaps:
        turn[0][3] = NAN
    windows = cut_windows(
        {"push": push, "turn": turn},
        rates={"push": 2, "turn": 1},
        seconds=2,
        every=1,
        horizon=1,
        missing=["turn"] if gaps else [],
    )
    batches = MultiInputGenerator(
        windows.columns, windows.future("push"), batch_size=4
    )
    return Given(fused(future=(2, 3)), batches)


# What is meant


@runs
def two_sensors_and_a_number():
    return given()


@runs
def two_sensors_and_a_future():
    return given(targets=FUTURE, model=fused(future=(5, 1)))


@runs
def two_sensors_and_a_class():
    loss = "sparse_categorical_crossentropy"
    return given(targets=np.arange(N) % 3, model=fused(loss, num_classes=3))


@runs
def a_mean_and_a_spread():
    model = fused(gaussian_loss, num_values=1, spread=True)
    return given(model=model)


@runs
def a_future_with_means_and_spreads():
    model = fused(gaussian_loss, future=(5, 1), spread=True)
    return given(targets=FUTURE, model=model)


@runs
def a_future_that_is_told_step_by_step():
    model = fused(
        gaussian_loss, future=(5, 1), spread=True, step_by_step=True
    )
    before = step_before(FUTURE)
    return given(targets=FUTURE, model=model, before=before)


@runs
def windows_and_the_readings_after_them():
    return of_windows()


@runs
def windows_with_gaps_and_their_masks():
    model = sensor_fusion(
        SHAPES, future=(2, 3), mask_each="reading", units=4
    )
    model.compile("sgd", "mse")
    batches = of_windows(gaps=True).data
    inputs = {**batches.inputs}
    inputs["push_present"] = np.ones((len(inputs["push"]), 4))
    fed = MultiInputGenerator(inputs, batches.columns["target"][""])
    return Given(model, fed)


@runs
def a_dead_sensor_behind_its_mask():
    model = fused(num_values=1, mask_each="sensor")
    dead = np.where(np.arange(N)[:, None, None] < 3, NAN, TURN)
    data = with_presence({"push": PUSH, "turn": dead}, ["push", "turn"])
    return Given(model, data, NUMBER)


# What is not


@silent(
    lambda: np.isfinite(
        fused().evaluate({"push": PUSH, "turn": TURN}, FUTURE, verbose=0)
    )
)
def a_whole_future_for_one_number():
    return given(targets=FUTURE)


@silent(
    lambda: np.isfinite(
        fused().evaluate(
            {"push": PUSH, "turn": TURN}, FUTURE[..., 0], verbose=0
        )
    )
)
def a_future_in_a_row_for_one_number():
    return given(targets=FUTURE[..., 0])


@fails
def a_future_of_another_length():
    return given(targets=FUTURE[:, :4], model=fused(future=(5, 1)))


@silent(lambda: False)
def a_dead_sensor_without_a_mask():
    return given(turn=np.where(np.arange(N)[:, None, None] < 3, NAN, TURN))


@fails
def sensors_whose_names_were_exchanged():
    return given(push=TURN, turn=PUSH)


@fails
def another_rate_than_the_model_knows():
    return given(turn=np.repeat(TURN, 2, axis=1))


@fails
def a_sensor_with_fewer_windows():
    return given(turn=TURN[:-1])


@fails
def the_step_before_left_out():
    return given(
        targets=FUTURE, model=fused(future=(5, 1), step_by_step=True)
    )


# Files


FOLDER = tempfile.TemporaryDirectory()  # goes when the tests end


def files(name):
    """A folder with two files for each sample."""
    folder = Path(FOLDER.name, name)
    folder.mkdir(exist_ok=True)
    for n in range(N):
        np.save(folder / f"push_{n}.npy", PUSH[n])
        record = json.dumps({"turn": TURN[n].ravel().tolist()})
        (folder / f"turn_{n}.json").write_text(record)
    return folder


def of_files(folder, shape=(4, 3), bad="raise"):
    pairs = pair_files(folder, push="push_{id}.npy", turn="turn_{id}.json")
    push = keras.Input(shape, name="push")
    turn = keras.Input((4,), name="turn")
    joined = keras.layers.Concatenate()(
        [keras.layers.Flatten()(push), turn]
    )
    model = keras.Model([push, turn], keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    columns = {
        "push": FileColumn.npy(pairs["push"], bad=bad),
        "turn": FileColumn.json(pairs["turn"], "turn", bad=bad),
    }
    return Given(model, MultiInputGenerator(columns, NUMBER, batch_size=2))


@runs
def arrays_and_records_in_files():
    return of_files(files("whole"))


@runs
def files_that_were_packed():
    given = of_files(files("to pack"))
    folder = Path(FOLDER.name, "packed")
    if not folder.exists():
        pack(given.data, folder)
    batches = MultiInputGenerator(**open_packed(folder), batch_size=2)
    return Given(given.model, batches)


@runs
def a_broken_file_that_is_skipped():
    folder = files("skipped")
    (folder / "push_3.npy").write_bytes(b"")
    return of_files(folder, bad="skip")


@fails
def a_file_that_broke_after_the_start():
    folder = files("broken")
    given = of_files(folder)
    (folder / "push_1.npy").write_bytes(b"")
    return given


@fails
def a_file_of_another_shape():
    folder = files("another shape")
    np.save(folder / "push_1.npy", PUSH[1][:2])
    return of_files(folder)


@fails
def files_for_another_model():
    return of_files(files("another model"), shape=(3, 3))
