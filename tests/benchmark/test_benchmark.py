"""The benchmark measures what it says: small, but whole."""

import json
import tracemalloc

import benchmark
import checking
import large
import numpy as np
import pytest
import scale
from file_routes import OF_IMAGES, OF_PACKED, OF_PAIRS, Files
from PIL import Image
from routes import OF_TEXTS, ROUTES, Rows

EACH = [
    pytest.param(route, rows, id=f"{route.name}, {kind}")
    for kind, routes, rows in (
        ("numbers", ROUTES, Rows.draw(70)),
        ("texts", OF_TEXTS, Rows.images_and_texts(70)),
    )
    for route in routes
    if route.is_there and route.name not in ("arrays", "resident batch")
]


def arrays_of(part):
    if isinstance(part, dict):
        part = part.values()
    if isinstance(part, (tuple, list)) or not hasattr(part, "shape"):
        return [array for piece in part for array in arrays_of(piece)]
    return [np.asarray(part)]


@pytest.mark.parametrize(("route", "rows"), EACH)
def test_a_route_feeds_every_row_once_and_whole(route, rows):
    fed = [arrays_of(batch) for batch in route.make(rows, 32)]
    *inputs, y = map(np.concatenate, zip(*fed))

    count = 64 if route.name == "shuffled once" else 70
    assert len(y) == count
    place = {value: row for row, value in enumerate(rows.y[:, 0].tolist())}
    taken = [place[value] for value in y[:, 0].tolist()]
    assert len(set(taken)) == count and taken != sorted(taken)
    for given, expected in zip(inputs, rows.inputs.values(), strict=True):
        np.testing.assert_array_equal(given, expected[taken])


OF_FILES = [
    pytest.param(route, make, id=route.name)
    for make, routes in (
        (Files.pairs, [*OF_PAIRS, *OF_PACKED]),
        (Files.images, OF_IMAGES),
    )
    for route in routes
    if route.is_there and not route.name.startswith("bytes")
]


@pytest.mark.parametrize(("route", "make"), OF_FILES)
def test_a_route_reads_every_file_once_and_whole(tmp_path, route, make):
    files = make(tmp_path / "files", 20)
    fed = [arrays_of(batch) for batch in route.make(files, 8)]

    values, rows = map(np.concatenate, zip(*fed))

    taken = rows.astype(int).tolist()
    assert sorted(taken) == list(range(20)) and taken != sorted(taken)
    if make == Files.pairs:
        expected = [np.load(files.sensor(row)) for row in taken]
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    else:
        expected = [np.asarray(Image.open(files.image(r))) for r in taken]
        # TensorFlow and Pillow decode JPEG a little differently.
        assert np.abs(values * 255 - expected).mean() < 2


@pytest.mark.slow
def test_results_are_written_with_their_ratios(tmp_path, capsys):
    sizes = ["--rows", "640", "--fit-rows", "320", "--passes", "2"]
    sizes += ["--texts", "320", "--pairs", "64", "--images", "8"]
    results = benchmark.main([*sizes, "--out", str(tmp_path)])

    assert json.loads((tmp_path / "benchmark.json").read_text()) == results
    assert (tmp_path / "benchmark.png").stat().st_size > 0
    for workload in {row["workload"] for row in results}:
        rows = [row for row in results if row["workload"] == workload]
        ours = next(r for r in rows if r["kind"] == "ours")
        limits = [r for r in rows if r["kind"] == "limit"]
        if not limits:
            assert workload.startswith("JPEGs")
            assert ours["ratio_to_best_peer"] > 0
            continue
        limit = max(r["samples_per_second"] for r in limits)
        share = ours["samples_per_second"] / limit
        assert ours["ratio_to_limit"] == pytest.approx(share, abs=0.01)
    printed = capsys.readouterr().out
    assert "generator" in printed and "What the peers are built" in printed


@pytest.mark.slow
def test_packed_rows_in_blocks_teach_what_a_full_shuffle_teaches(capsys):
    found = large.main(200_000)

    loss = {name: each[0] for name, each in found.items()}
    assert loss["Blocks(mixed=256)"] < 1.02 * loss["full shuffle"]
    # So few rows are few blocks: with ten million the two are equal.
    assert loss["Blocks()"] < 1.05 * loss["full shuffle"]
    told = capsys.readouterr().out
    assert all(f"{name} " in told for name in found)


def test_the_cost_of_an_order_is_measured(capsys, monkeypatch):
    monkeypatch.setattr(
        scale,
        "alone",
        lambda rows, name: scale.measure(int(rows), scale.SHUFFLES[name]),
    )
    found = scale.main(["--sizes", "200000"])

    by_order = {row["order"]: row for row in found}
    assert list(by_order) == list(scale.SHUFFLES)
    held = {name: row["bytes_per_row"] for name, row in by_order.items()}
    assert 4 <= held["full shuffle"] < 5
    assert max(held["in order"], held["Blocks(256, mixed=64)"]) < 3
    met = {n: row["classes_in_a_batch"] for n, row in by_order.items()}
    assert met["in order"] < 2 < met["Blocks(256, mixed=64)"]
    assert "Noise alone" in capsys.readouterr().out


def test_memory_is_watched_no_longer_than_asked():
    held, peak = scale.memory(lambda: bytearray(1000))

    assert 1000 <= held <= peak < 10_000
    assert not tracemalloc.is_tracing()


@pytest.mark.slow
def test_the_cost_of_a_check_is_measured_on_all_that_is_named():
    found = checking.main(small=True)

    assert len(found) == 9
    assert all(took > 0 for took in found.values())
    slower = [name for name in found if name.endswith(": check")]
    for name in slower:  # Keras runs a batch
        assert found[name] > found[f"{name}(run=False)"]
