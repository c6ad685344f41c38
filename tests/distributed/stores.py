"""Columns of data that lies in a store already, a few lines each.

Each opens its store anew in every process, and is asked for a whole batch
of rows at once.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import zarr


class HDF5Rows:
    """Rows of a dataset in an HDF5 file."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        with h5py.File(path) as file:
            self.count = len(file[name])

    def __len__(self):
        return self.count

    def take(self, rows):
        rising, places = np.unique(rows, return_inverse=True)
        with h5py.File(self.path) as file:  # h5py wants rows in order
            return file[self.name][rising][places]


class ZarrRows:
    """Rows of an array of zarr, in a folder or in the cloud."""

    def __init__(self, path):
        self.path = path
        self.count = zarr.open_array(path, mode="r").shape[0]

    def __len__(self):
        return self.count

    def take(self, rows):
        return zarr.open_array(self.path, mode="r").oindex[rows]


class ArrowRows:
    """Rows of a column of an Arrow file, as Hugging Face writes it."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.count = len(self._column())

    def _column(self):
        with pa.memory_map(str(self.path)) as file:  # nothing is read yet
            return pa.ipc.open_stream(file).read_all()[self.name]

    def __len__(self):
        return self.count

    def take(self, rows):
        return np.array(self._column().take(rows).to_pylist())


class SQLRows:
    """Numbers from SQLite; the first column of the query is an id."""

    def __init__(self, path, query):
        self.path, self.query = path, query
        found = self._found(f"SELECT id FROM ({query})")
        self.ids = np.array([id_ for (id_,) in found])

    def _found(self, query, values=()):
        with closing(sqlite3.connect(self.path)) as file:
            return file.execute(query, values).fetchall()

    def __len__(self):
        return len(self.ids)

    def take(self, rows):
        wanted = self.ids[rows].tolist()
        marks = ", ".join("?" * len(wanted))
        found = self._found(
            f"SELECT * FROM ({self.query}) WHERE id IN ({marks})", wanted
        )
        values = {id_: numbers for id_, *numbers in found}
        return np.array([values[id_] for id_ in wanted])


def write(folder: Path, numbers: np.ndarray) -> dict:
    """The same numbers in each store; a column of each."""
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = numbers
    zarr.create_array(folder / "x.zarr", data=numbers)
    table = pa.table({"x": list(numbers)})
    with pa.OSFile(str(folder / "x.arrow"), "wb") as file:
        with pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
    with sqlite3.connect(folder / "x.db") as file:
        file.execute(
            "CREATE TABLE x (id INTEGER PRIMARY KEY, a REAL, b REAL)"
        )
        rows = [(7 * n, *row) for n, row in enumerate(numbers.tolist())]
        file.executemany("INSERT INTO x VALUES (?, ?, ?)", rows)
    return {
        "HDF5": HDF5Rows(folder / "x.h5", "x"),
        "zarr": ZarrRows(folder / "x.zarr"),
        "Arrow": ArrowRows(folder / "x.arrow", "x"),
        "SQLite": SQLRows(folder / "x.db", "SELECT id, a, b FROM x"),
    }
