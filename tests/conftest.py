"""Set-up of all tests: a silent TensorFlow, no network, a tidy book."""

import os
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Before anything imports TensorFlow; the kernels of notebooks inherit it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
_paths = [str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, _paths))

_seconds: dict[str, float] = defaultdict(float)
_files_before: set[Path] = set()


def files_of_book() -> set[Path]:
    """Every file in the folder of the book."""
    return {path for path in (ROOT / "book").rglob("*") if path.is_file()}


def pytest_sessionstart():
    """Remembers what is in the book before its pages run."""
    _files_before.update(files_of_book())


def pytest_runtest_logreport(report):
    """Adds up the seconds of each page that nbval runs."""
    path, _, _ = report.nodeid.partition("::")
    if path.endswith(".ipynb"):
        _seconds[Path(path).stem] += report.duration


@pytest.fixture
def page_seconds():
    """Seconds per page, for the pages that ran in this session."""
    return dict(_seconds)


@pytest.fixture
def files_before():
    """The files of the book when the session began."""
    return set(_files_before)
