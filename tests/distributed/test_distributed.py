"""Engines and stores that the book names, each run as the page shows it."""

import os
import pickle
import re
import socket
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from companion import MultiInputGenerator

HERE = Path(__file__).parent
pytestmark = pytest.mark.distributed
pytest.importorskip("ray", reason="make test-distributed installs it")
pytest.importorskip("zarr", reason="make test-distributed installs it")
sys.path.insert(0, str(HERE))

from shared_files import COUNT, write_files  # noqa: E402
from stores import write  # noqa: E402

NUMBERS = np.random.default_rng(0).normal(size=(30, 2))
ALL = f"{COUNT} samples came, {COUNT} different\nthe loss fell\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("files")
    write_files(path)
    return path


def started(script, *arguments):
    variables = {
        key: value
        for key, value in os.environ.items()
        if key != "KERAS_BACKEND"
    }
    return subprocess.Popen(
        [sys.executable, HERE / script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables | {"PYTHONPATH": str(HERE)},
        text=True,
    )


def said(process):
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors[-3000:]
    return out


def test_the_page_shows_what_these_programs_print():
    page = HERE.parent.parent / "book" / "bigger-than-one-machine.md"

    assert page.read_text().count(f"```text\n{ALL}```") == 2


@pytest.mark.parametrize("script", ["tfdata_service.py", "ray_data.py"])
def test_workers_hand_every_sample_to_one_training(folder, script):
    told = said(started(script, folder))

    assert told.endswith(ALL)
    # On one machine the workers cost more than they bring.
    alone, together = re.search(r"s: (.*) s, .*: (.*) s", told).groups()
    assert float(alone) < float(together)


def test_two_processes_share_the_samples_and_end_with_one_model(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [
        started("jax_data_parallel.py", folder, port, rank)
        for rank in (0, 1)
    ]

    told = [said(process) for process in both]

    rows, weights, losses = (
        [re.search(rf"{what}: (.*)", each)[1] for each in told]
        for what in ("samples", "weights", "losses")
    )
    first, second = (set(map(int, re.findall(r"\d+", x))) for x in rows)
    assert not first & second and len(first | second) == COUNT
    assert weights[0] == weights[1]
    begun, *_, ended = map(float, re.findall(r"[0-9.]+", losses[0]))
    assert ended < 0.1 * begun


@pytest.mark.parametrize("name", ["HDF5", "zarr", "Arrow", "SQLite"])
def test_a_store_is_a_column_in_any_process(tmp_path, name):
    column = write(tmp_path, NUMBERS)[name]
    batches = MultiInputGenerator(
        {"x": column}, batch_size=8, shuffle=True, seed=0
    )
    arrays = MultiInputGenerator(
        {"x": NUMBERS}, batch_size=8, shuffle=True, seed=0
    )

    context = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        fed = list(pool.map(batches.__getitem__, range(len(batches))))

    assert pickle.loads(pickle.dumps(column)).take(np.array([3])).any()
    for (inputs,), (expected,) in zip(fed, arrays, strict=True):
        np.testing.assert_array_equal(inputs["x"], expected["x"])
