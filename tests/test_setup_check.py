import os
import subprocess
import sys

import pytest

from companion.lab import setup_check


def test_a_ready_machine_is_called_ready(capsys):
    assert setup_check.main() == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines] == ["✓", "✓", "✓", "R"]
    assert lines[-1].startswith("Ready")


def test_a_step_that_fails_is_named_with_what_to_do(monkeypatch, capsys):
    def needs_graphviz() -> str:
        """Draws a model."""
        raise ImportError("no graphviz")

    steps = {needs_graphviz: "Install graphviz."}
    monkeypatch.setattr(setup_check, "STEPS", steps)

    assert setup_check.main() == 1
    printed = capsys.readouterr().out
    assert "✗ Draws a model." in printed
    assert "ImportError: no graphviz" in printed
    assert "Install graphviz." in printed
    assert "Not ready" in printed


def test_a_keras_that_is_too_old_is_named(monkeypatch, capsys):
    monkeypatch.setattr(setup_check.keras, "__version__", "3.8.0")

    assert setup_check.main() == 1
    assert "Keras 3.8.0, not 3.15" in capsys.readouterr().out


NO_KERAS = {
    "torch is absent": ("torch", "torch", "No module named 'torch'"),
    "JAX is absent": ("jax", "jax", "No module named 'jax'"),
    "Keras is absent": ("", "keras", "No module named 'keras'"),
    "no such backend": ("tf", None, "Unable to import backend"),
}


@pytest.mark.parametrize(
    ("backend", "absent", "words"), NO_KERAS.values(), ids=NO_KERAS
)
def test_a_keras_that_does_not_start_is_told_in_one_line(
    tmp_path, backend, absent, words
):
    if absent:
        error = f'ModuleNotFoundError("No module named {absent!r}")'
        (tmp_path / f"{absent}.py").write_text(f"raise {error}")
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])

    done = subprocess.run(
        [sys.executable, "-m", "companion"],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert f"Keras does not start. Received: {words}" in done.stderr
    assert "Install what is missing, or set KERAS_BACKEND" in done.stderr
