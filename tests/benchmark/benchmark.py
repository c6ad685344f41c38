"""How fast each route feeds, in one process and taking turns.

``make benchmark`` prints a table and writes ``_build/benchmark.json`` and
``_build/benchmark.png``. Figures are medians; only their ratios within one
run mean something, since machines differ and are shared.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
from file_routes import OF_IMAGES, OF_PACKED, OF_PAIRS, Files
from routes import BEST, OF_TEXTS, ROUTES, TAUGHT, Route, Rows

from companion.lab.timing import median_seconds

OUT = Path(__file__).parent.parent.parent / "_build"
BUILT_FOR = """What the peers are built for, and this package does not do:
  tf.data  pipelines that run in C++, on files and on several machines
  torch    samples that are slow to make, in many worker processes
  Grain    checkpoints in mid-epoch of data that many hosts read"""


def small_model() -> keras.Model:
    a, b = keras.Input((10,), name="a"), keras.Input((20,), name="b")
    dense = keras.layers.Dense
    joined = keras.layers.Concatenate()(
        [dense(32, "relu")(a), dense(32, "relu")(b)]
    )
    model = keras.Model([a, b], dense(1)(joined))
    model.compile(optimizer="adam", loss="mse")
    return model


def loop(data: Any, size: int) -> Callable[[], None]:
    """Goes through the data once, and does nothing with it."""

    def once() -> None:
        for _ in data:
            pass

    return once


def fit(data: Any, size: int) -> Callable[[], None]:
    """An epoch of training."""
    model = small_model()

    def once() -> None:
        if isinstance(data, Rows):
            model.fit(data.inputs, data.y, batch_size=size, verbose=0)
        else:
            model.fit(data, verbose=0, shuffle=False)

    return once


def measure(
    workload: str, routes: list[Route], rows: Any, size: int, passes: int
) -> list[dict[str, Any]]:
    """Seconds of each route, taking turns, after one pass to warm up."""
    run = fit if workload.startswith("fit") else loop
    once = {r.name: run(r.make(rows, size), size) for r in routes}
    seconds = median_seconds(once, passes)
    speed = {name: len(rows) / taken for name, taken in seconds.items()}

    def best(*kinds: str) -> float | None:
        found = [speed[r.name] for r in routes if r.kind in kinds]
        return max(found, default=None)

    def ratio(name: str, to: float | None) -> float | None:
        return None if to is None else round(speed[name] / to, 3)

    return [
        {
            "workload": workload,
            "route": route.name,
            "kind": route.kind,
            "samples_per_second": round(speed[route.name]),
            "ratio_to_limit": ratio(route.name, best("limit")),
            "ratio_to_best_peer": ratio(route.name, best(TAUGHT, BEST)),
            "ratio_to_best_peer_as_taught": ratio(route.name, best(TAUGHT)),
        }
        for route in routes
    ]


def table(results: list[dict[str, Any]]) -> str:
    """The results as text, one workload after the other."""
    head = ("samples/s", "of limit", "of best peer", "of peer as taught")
    lines, workload = [], None
    for row in results:
        if row["workload"] != workload:
            workload = row["workload"]
            lines += [
                "",
                f"{workload:30}" + "".join(f"{h:>19}" for h in head),
            ]
        ratios = [
            "-" if row[key] is None else f"{row[key]:.2f}"
            for key in row
            if key.startswith("ratio")
        ]
        values = [f"{row['samples_per_second']:,}", *ratios]
        lines.append(
            f"  {row['route']:28}" + "".join(f"{v:>19}" for v in values)
        )
    return "\n".join(lines)


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Bars of samples per second, one panel per workload."""
    workloads = list(dict.fromkeys(row["workload"] for row in results))
    figure, axes = plt.subplots(
        len(workloads), 1, figsize=(8, 3.6 * len(workloads)), squeeze=False
    )
    for axis, workload in zip(axes.flat, workloads):
        rows = [row for row in results if row["workload"] == workload][::-1]
        axis.barh(
            [row["route"] for row in rows],
            [row["samples_per_second"] for row in rows],
            color=[
                "#c8641e" if r["kind"] == "ours" else "#3568a8"
                for r in rows
            ],
        )
        axis.set_xscale("log")
        axis.set_title(workload)
        axis.set_xlabel("samples per second")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit-rows", type=int, default=32_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=4_000)
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)

    # Keras says so whenever an iterable without a length ends.
    warnings.filterwarnings("ignore", message="Your input ran out of data")
    routes = [route for route in ROUTES if route.is_there]
    absent = sorted({r.needs for r in ROUTES if not r.is_there})
    in_fit = [route for route in routes if route.fit]
    alone = [route for route in routes if route.pipeline]
    few, many = Rows.draw(options.fit_rows), Rows.draw(options.rows)
    passes = options.passes
    results = measure("fit, batches of 32", in_fit, few, 32, passes)
    for size in (32, 256):
        workload = f"pipeline, batches of {size}"
        results += measure(workload, alone, many, size, passes)
    texts = Rows.images_and_texts(options.texts)
    padding = [route for route in OF_TEXTS if route.is_there]
    workload = "images and texts, batches of 32"
    results += measure(workload, padding, texts, 32, passes)

    with tempfile.TemporaryDirectory() as folder:
        pairs = Files.pairs(Path(folder, "pairs"), options.pairs)
        routes = [route for route in OF_PAIRS if route.is_there]
        workload = "pairs of files, batches of 32"
        results += measure(workload, routes, pairs, 32, passes)
        workload = "the same, packed"
        results += measure(workload, OF_PACKED, pairs, 32, passes)
        images = Files.images(Path(folder, "images"), options.images)
        routes = [route for route in OF_IMAGES if route.is_there]
        workload = "JPEGs of 256 x 256, batches of 32"
        results += measure(workload, routes, images, 32, passes)

    options.out.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (options.out / "benchmark.json").write_text(text)
    draw(results, options.out / "benchmark.png")
    print(table(results))
    if absent:
        print(f"\nAbsent: {', '.join(absent)} (pip install -e .[bench])")
    print(f"\n{BUILT_FOR}")
    return results


if __name__ == "__main__":
    main()
