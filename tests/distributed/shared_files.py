"""The files that every engine here reads: arrays and records."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

COUNT = 240


def write_files(folder: Path, count: int = COUNT) -> None:
    """Readings ``(4,)`` in ``s_<id>.npy``, their sum in ``m_<id>.json``."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        readings = rng.normal(size=4).astype("float32")
        np.save(folder / f"s_{number}.npy", readings)
        record = {"id": number, "sum": float(readings.sum())}
        (folder / f"m_{number}.json").write_text(json.dumps(record))
