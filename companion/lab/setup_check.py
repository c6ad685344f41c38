"""Is this machine ready? What ``python -m companion`` tries."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import keras
import numpy as np

import companion


def versions() -> str:
    """Python, Keras and its backend."""
    for line in metadata.requires("many-inputs") or []:
        name, _, least = line.partition(">=")
        if name == "keras" and _parts(keras.__version__) < _parts(least):
            raise RuntimeError(f"Keras {keras.__version__}, not {least}")
    return (
        f"Python {platform.python_version()}, Keras {keras.__version__} on "
        f"{keras.backend.backend()}, NumPy {np.__version__}"
    )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def train_and_reload() -> str:
    """A model with two inputs: fed, checked, trained, saved, loaded."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((64, 2))
    batches = companion.MultiInputGenerator(
        inputs={"image": rng.random((64, 8, 8, 1)), "numbers": numbers},
        targets=numbers.sum(axis=1, keepdims=True),
    )
    image = keras.Input((8, 8, 1), name="image")
    values = keras.Input((2,), name="numbers")
    features = companion.fuse(
        [companion.image_branch(image), companion.dense_branch(values)]
    )
    model = keras.Model([image, values], companion.number_head(features))
    model.compile(optimizer="adam", loss="mse")
    companion.check(model, batches)
    model.fit(batches, shuffle=False, verbose=0)
    inputs = batches[0][0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    np.testing.assert_allclose(
        loaded.predict_on_batch(inputs),
        model.predict_on_batch(inputs),
        rtol=1e-5,
    )
    return "a two-input model trains, saves and loads"


def book_tools() -> str:
    """What the notebooks need besides the companion."""
    # Imported here: scikit-learn and matplotlib may be absent.
    from companion.lab import datasets, plots

    train, _ = datasets.parcels(num_train=10, num_test=10)
    plots.show_images(train.images, train.bands)
    return f"the data of the book is there ({len(train.images)} parcels)"


STEPS: dict[Callable[[], str], str] = {
    versions: "Install what the package needs: pip install -e .",
    train_and_reload: "Install its versions anew: pip install -U keras",
    book_tools: 'Install the tools of the book: pip install -e ".[book]"',
}


def main() -> int:
    """Runs every step. Returns the number of steps that failed."""
    if hasattr(sys.stdout, "reconfigure"):  # a terminal without ✓
        sys.stdout.reconfigure(errors="replace")
    begin = time.perf_counter()
    failed = 0
    for step, remedy in STEPS.items():
        try:
            print(f"✓ {step()}", flush=True)
        except Exception as error:
            failed += 1
            print(f"✗ {step.__doc__}")
            print(f"  {type(error).__name__}: {error}")
            print(f"  {remedy}")
    seconds = time.perf_counter() - begin
    print(f"{'Ready' if not failed else 'Not ready'} ({seconds:.0f} s).")
    return failed
