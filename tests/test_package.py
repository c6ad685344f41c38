"""Promises about the package as a whole."""

import ast
import inspect
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import companion

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "companion"
CORE = sorted(PACKAGE.glob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements.txt").read_text()
#: What `make` installs.
EXTRAS = ["book", "test", "classroom"]


def lines_of_code(path):
    """Lines that hold code: no blank lines, comments or docstrings."""
    source = path.read_text()
    text = set()
    for node in ast.walk(ast.parse(source)):
        is_text = isinstance(node, ast.Expr) and isinstance(
            node.value, ast.Constant
        )
        if is_text and isinstance(node.value.value, str):
            text |= set(range(node.lineno, node.end_lineno + 1))
    skipped = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - text)


def test_the_package_is_small():
    assert sum(map(lines_of_code, CORE)) < 2500
    assert len(companion.__all__) <= 50


def test_lines_are_counted_as_code_alone(tmp_path):
    path = tmp_path / "x.py"
    path.write_text('"""Text.\n\nMore."""\n\n# why\nx = [\n    1,\n]\n')

    assert lines_of_code(path) == 3


def test_all_names_are_there_in_order_and_documented():
    assert companion.__all__ == sorted(companion.__all__)
    for name in companion.__all__:
        thing = getattr(companion, name)
        assert inspect.getdoc(thing), name
        assert f"companion.{name}" in (ROOT / "book/api.md").read_text()


ALLOWED = {
    "errors": set(),
    "columns": {"errors"},
    "builders": {"errors"},
    "gan": {"errors"},
    "contract": {"columns", "errors", "gan", "reading", "report"},
    "reading": {"errors"},
    "report": {"errors"},
    "preparation": {"errors", "reading"},
    "generators": {"columns", "errors"},
    "layers": {"errors"},
    "branches": set(),
    "heads": set(),
}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_imports_go_in_one_direction(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module)
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    at_top = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            at_top |= {alias.name for alias in node.names}
            at_top.add(getattr(node, "module", ""))
    own = {m.split(".")[1] for m in imported if m.startswith("companion.")}

    assert not {m for m in at_top if (m or "").startswith("tensorflow")}
    if path.stem in ALLOWED:
        assert own <= ALLOWED[path.stem]
    elif path.stem != "__main__":  # the set-up check tries the lab as well
        assert "lab" not in own
    assert path.stem in {*ALLOWED, "__init__", "__main__"}


FORBIDDEN = r"\beval\(|\bexec\(|\bpickle\.load|allow_pickle=True|Lambda\("


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem
)
def test_nothing_runs_code_that_came_as_data(path):
    assert not re.search(FORBIDDEN, path.read_text())
    assert path.stem != "utils"


BARE_IMPORT = """
import os, random, sys, warnings
import keras, numpy
numpy.random.seed(1); random.seed(1)
state = lambda: (
    dict(os.environ), random.getstate(),
    numpy.random.get_state()[1].tolist(),
    list(warnings.filters), sys.path[:], keras.config.floatx(),
)
before, modules = state(), set(sys.modules)
import companion
assert state() == before, "the process was changed"
new = {name.split(".")[0] for name in set(sys.modules) - modules}
print(sorted(new & {"sklearn", "matplotlib", "pandas", "IPython", "scipy"}))
"""


def test_importing_the_package_changes_nothing():
    done = subprocess.run(
        [sys.executable, "-c", BARE_IMPORT], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
    assert done.stderr == ""


IMPORT_TIME = """
import time, keras
begin = time.perf_counter()
import companion
print(time.perf_counter() - begin)
"""


@pytest.mark.slow
def test_the_package_adds_little_to_the_import_of_keras():
    seconds = [
        float(
            subprocess.run(
                [sys.executable, "-c", IMPORT_TIME],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(3)
    ]

    assert min(seconds) <= 0.2


def by_name(lines):
    return {str(r.name) + str(r.marker): r for r in map(Requirement, lines)}


def pip_lines():
    (pip,) = [d for d in ENVIRONMENT["dependencies"] if isinstance(d, dict)]
    return pip["pip"]


def test_the_environment_names_what_the_project_asks_for():
    """The same requirement stands in both files, letter by letter."""
    extras = PROJECT["optional-dependencies"]
    asked = by_name(
        sum((extras[e] for e in EXTRAS), PROJECT["dependencies"])
    )
    named = by_name(line for line in pip_lines() if line[0] != "-")

    assert f"-e .[{','.join(EXTRAS)}]" in pip_lines()
    assert {r.name.removesuffix("-cpu") for r in named.values()} == {
        "tensorflow",
        "numpy",
        "jupyter",
        "nbval",
        "matplotlib",
        "jupyter-book",
    }
    for key, requirement in named.items():
        assert asked[key] == requirement


def test_the_lock_meets_every_requirement():
    locked = dict(
        line.lower().replace("_", "-").split("==")
        for line in LOCK.splitlines()
        if not line.startswith("#")
    )
    extras = PROJECT["optional-dependencies"]
    for line in sum((extras[e] for e in EXTRAS), PROJECT["dependencies"]):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            version = locked[requirement.name.lower()]
            assert requirement.specifier.contains(version), line


def test_what_is_installed_meets_every_requirement():
    for line in metadata.requires("many-inputs"):
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate({"extra": extra}) for extra in EXTRAS
        ):
            installed = metadata.version(requirement.name)
            assert requirement.specifier.contains(installed), line


def test_no_list_names_a_host_or_a_path():
    for text in (LOCK, (ROOT / "environment.yml").read_text()):
        assert "://" not in text and "file:" not in text


def test_the_top_level_is_small():
    listed = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    top = {path.split("/")[0] for path in listed}
    assert {"companion", "book", "tests"} <= top

    assert len([name for name in top if not name.startswith(".")]) <= 14
