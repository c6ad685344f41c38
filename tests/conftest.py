"""Set-up of all tests: a silent TensorFlow, no network, a tidy book."""

import os
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
import whole_run

ROOT = Path(__file__).parent.parent
#: Of Chromium, which opens the built book.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

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


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium, which a test starts with options of its own."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed: apt install chromium"
    with sync_playwright() as playwright:
        yield (
            lambda **options: playwright.chromium.launch_persistent_context(
                tmp_path_factory.mktemp("profile"),
                executable_path=chromium,
                args=FLAGS,
                **options,
            )
        )
