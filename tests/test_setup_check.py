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
