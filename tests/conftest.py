"""Set-up of all tests: a silent TensorFlow, no network, a tidy book."""

import os
from collections import defaultdict
from pathlib import Path

import whole_run

ROOT = Path(__file__).parent.parent

# Before anything imports TensorFlow; the kernels of notebooks inherit it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
_paths = [str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, _paths))

_seconds: dict[str, float] = defaultdict(float)
_files_before: set[Path] = set()
_faults: list[str] = []


def pytest_sessionstart():
    """Remembers what is in the book before its pages run."""
    _files_before.update(whole_run.files_of_book())


def pytest_runtest_logreport(report):
    """Adds up the seconds of each page that nbval runs."""
    path, _, _ = report.nodeid.partition("::")
    if path.endswith(".ipynb"):
        _seconds[Path(path).stem] += report.duration


def pytest_sessionfinish(session):
    """Fails the run for pages that were too slow or left something.

    Asked where all reports arrive, not in one of several processes.
    """
    if hasattr(session.config, "workerinput"):
        return
    _faults.extend(
        whole_run.faults(_seconds, _files_before, whole_run.files_of_book())
    )
    if _faults:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    """Says why."""
    if _faults:
        terminalreporter.section("pages", red=True)
        terminalreporter.write_line("\n".join(_faults))
