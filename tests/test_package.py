"""Promises about the package as a whole."""

import ast
import inspect
import io
import os
import re
import shutil
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
CORE = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if "lab" not in path.relative_to(PACKAGE).parts
    and path.name != "__main__.py"  # the set-up check tries the lab
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements.txt").read_text()


def name_of(path):
    """A module as the tests call it: ``feeding/order``."""
    return str(path.relative_to(PACKAGE).with_suffix(""))


#: What `make` installs.
EXTRAS = ["book", "test", "classroom"]


def numbers_of_code_lines(source):
    """Lines that hold code: no blank lines, comments or docstrings."""
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
    return code - text


def lines_of_code(path):
    return len(numbers_of_code_lines(path.read_text()))


def lengths_of_functions(path):
    """Lines of code of each function; one inside another counts twice."""
    source = path.read_text()
    code = numbers_of_code_lines(source)
    return [
        len(code & set(range(node.lineno, node.end_lineno + 1)))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]


def test_the_package_is_small():
    lengths = sorted(n for path in CORE for n in lengths_of_functions(path))

    assert sum(map(lines_of_code, CORE)) <= 7700
    assert max(map(lines_of_code, CORE)) <= 350
    assert lengths[int(0.9 * len(lengths))] <= 25
    assert len(companion.__all__) <= 50


def test_the_budget_covers_every_module():
    """Also those in folders: a new one is counted without being told."""
    names = set(map(name_of, CORE))

    assert {"errors", "feeding/order", "building/gan"} <= names
    assert {"checking/contract", "__init__"} <= names
    assert not any(name.startswith("lab") for name in names)


def test_lines_are_counted_as_code_alone(tmp_path):
    path = tmp_path / "x.py"
    path.write_text(
        '"""Text.\n\nMore."""\n\n# why\nx = [\n    1,\n]\n\n\n'
        'def f():\n    """Text."""\n\n    return 1\n'
    )

    assert lines_of_code(path) == 5
    assert lengths_of_functions(path) == [2]


def test_all_names_are_there_in_order_and_documented():
    assert companion.__all__ == sorted(companion.__all__)
    for name in companion.__all__:
        thing = getattr(companion, name)
        assert inspect.getdoc(thing), name
        assert f"companion.{name}" in (ROOT / "book/api.md").read_text()


def imported_at_top(path):
    """Modules that are loaded as soon as this one is."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_nothing_but_numpy_and_keras_is_loaded_at_once(path):
    """What else is needed is imported where it is used."""
    allowed = {"companion", "keras", "numpy", *sys.stdlib_module_names}

    assert {m.split(".")[0] for m in imported_at_top(path)} <= allowed


@pytest.mark.slow
def test_import_linter_tells_of_an_import_in_the_wrong_direction(tmp_path):
    """The contracts in pyproject.toml hold, and can be broken."""
    copy = tmp_path / "companion"
    shutil.copytree(PACKAGE, copy)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def linted():
        return subprocess.run(
            [Path(sys.executable).parent / "lint-imports", "--no-cache"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    kept = linted()
    assert kept.returncode == 0, kept.stdout
    for module, wrong in (
        ("values.py", "import companion.rules"),
        ("feeding/order.py", "import companion.building.heads"),
        ("graph.py", "import companion.lab.claims"),
        ("utils.py", ""),
    ):
        path = copy / module
        before = path.read_text() if path.exists() else ""
        path.write_text(before + f"\n{wrong}\n")
        assert linted().returncode == 1, module
        path.write_text(before) if before else path.unlink()


FORBIDDEN = r"\beval\(|\bexec\(|\bpickle\.load|allow_pickle=True|Lambda\("


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
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


@pytest.mark.slow
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
        for _ in range(2)
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


@pytest.mark.slow
def test_the_ten_lines_of_the_readme_run(tmp_path):
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
    program = tmp_path / "readme.py"
    program.write_text("\n".join(blocks))

    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True
    )

    assert len(blocks) == 3 and done.returncode == 0, done.stderr
    assert "image" in done.stdout and "numbers" in done.stdout
