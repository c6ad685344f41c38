"""Every rule and question of `check` has a case, and Keras is asked.

The cases stand in ``companion/lab/contract_cases``, the page *What check
looks for* shows them. Here each is told where it should be, its nearest
fine neighbour is not, Keras does what the rule says, and the advice helps.
"""

import ast
import contextlib
import functools
import inspect
import pathlib
import sys
import warnings
from typing import NamedTuple

import keras
import numpy as np
import pytest
import rule_rows

from companion import ContractError, rules
from companion.checking import (
    contract,
    demands,
    losses,
    parts,
    questions,
    settings,
    targets,
)
from companion.graph import has_layer, losses_of, values_of
from companion.lab.contract_cases import CASES, table
from companion.lab.contract_cases.case import NOTE, SILENT
from companion.rules import FAILS, NAN, TRAINS

every_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.group}, {case.name}" for case in CASES]
)
SPEAKING = {
    module: pathlib.Path(module.__file__)
    for module in (rules, targets, parts, questions, settings, losses)
}


# What check says


def asked(given, monkeypatch, *, run):
    """The rows of a report, whether or not it is refused."""
    return rows_of(given.asked(), monkeypatch, run=run)


def rows_of(arguments, monkeypatch, *, run):
    shown = []
    monkeypatch.setattr(contract, "show", shown.append)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            report = contract.check(**arguments, run=run)
        except ContractError as error:
            if not shown:  # the data could not be read at all
                return [contract.Row(p, "problem") for p in error.problems]
            (report,) = shown
    return report.rows


def told(rows, where):
    return [
        row
        for row in rows
        if row.problem.where == where and row.verdict != "ok"
    ]


def is_told(rows, case):
    """Whether the rows tell a case, with its outcome."""
    (row,) = told(rows, case.where)
    read = row.outcome or NOTE if row.verdict == "note" else row.outcome
    return (read or FAILS) == case.outcome


@pytest.mark.slow
@pytest.mark.parametrize("run", [False, True], ids=["rules", "with Keras"])
@every_case
def test_a_case_is_told_and_what_is_nearly_one_is_not(
    case, run, monkeypatch
):
    rows = asked(case.given, monkeypatch, run=run)
    nearly = asked(case.almost, monkeypatch, run=run)

    assert is_told(rows, case)
    assert told(nearly, case.where) == []


@every_case
def test_after_the_advice_nothing_is_told(case, monkeypatch):
    rows = asked(case.advised, monkeypatch, run=False)

    assert {row.verdict for row in rows} <= {"ok", "note"}
    assert told(rows, case.where) == []


# What Keras does


def trained(given):
    """Logs and weights of an epoch; None if Keras stops."""
    model, data = given.model(), given.data
    data = data() if inspect.isfunction(data) else data
    options = {"y": given.targets, "sample_weight": given.weights}
    if inspect.isgenerator(data):
        options = {"steps_per_epoch": 1, "epochs": given.steps or 1}
    elif given.targets is None:
        options = {}
    if not hasattr(data, "element_spec"):  # a graph costs a second
        model.run_eagerly = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            history = model.fit(data, verbose=0, shuffle=False, **options)
        except Exception:
            return None
    return history.history, model.get_weights()


def same_weights(one, other):
    return all(map(np.allclose, one[1], other[1]))


def same(one, other):
    """Whether two trainings logged and learned the same."""
    logs, others = one[0], other[0]
    return (
        logs.keys() == others.keys()
        and all(np.allclose(logs[name], others[name]) for name in logs)
        and same_weights(one, other)
    )


def has_nan(training):
    return any(np.isnan(values).any() for values in training[1])


@pytest.mark.slow
@every_case
def test_keras_does_what_the_rule_says_and_the_advice_helps(case):
    """Where nothing can be compared, the case says why."""
    before, after = trained(case.given), trained(case.advised)

    assert after is not None and not has_nan(after)
    if case.outcome == FAILS or case.stops:
        assert before is None
    elif case.outcome == NAN:
        assert has_nan(before)
    elif not case.apart:
        is_same = same if case.outcome == SILENT else same_weights
        assert has_nan(before) or (
            is_same(before, after) == (case.outcome in (TRAINS, NOTE))
        )


#: Losses that take axes, in ways to ask for them.
OVER = {
    **dict.fromkeys(targets.LOSSES, [{}]),
    "cosine_similarity": [{}, {"axis": 1}, {"axis": -2}, {"axis": (1, 2)}],
    "categorical_crossentropy": [{}, {"axis": 1}],
    "dice": [{}, {"axis": (1, 2)}, {"axis": 0}, {"axis": [0, -1]}],
    "tversky": [{}, {"axis": (1, 2)}, {"axis": 0}],
}


@pytest.mark.parametrize("name", OVER)
def test_a_loss_is_asked_for_the_axes_of_what_it_gives(name):
    """Weights weigh its values, which must be known by their axes."""
    given = np.full((4, 5, 3), 1 / 3, "float32")
    sparse = name == "sparse_categorical_crossentropy"
    wanted = np.ones((4, 5), int) if sparse else given
    for over in OVER[name]:
        if name == "crossentropy":  # a name alone, which Keras reads as
            name = "categorical_crossentropy"
        function = getattr(keras.losses, name)
        if over:
            function = functools.partial(function, **over)
        output = keras.KerasTensor((None, 5, 3))
        values, by_sample = values_of(function, wanted, output)

        shape = list(function(wanted, given).shape)
        assert list(values.shape[by_sample:]) == shape[by_sample:]
        assert by_sample == (shape[:1] == [4])


# Whether nothing is left out


def sites(path):
    """Where a module makes a fault or a row: file and line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "Fault",
            "Row.of",
            "Row.note",
        ):
            yield path.name, node.lineno


class Visited:
    """Notes where it is asked for something, and hands it out."""

    def __init__(self, real, seen):
        self.real, self.seen = real, seen

    def __call__(self, *args, **kwargs):
        self._note()
        return self.real(*args, **kwargs)

    def __getattr__(self, name):
        self._note()
        return getattr(self.real, name)

    def _note(self):
        frame = sys._getframe(2)
        name = pathlib.Path(frame.f_code.co_filename).name
        self.seen.add((name, frame.f_lineno))


class Found(NamedTuple):
    """What was seen while `check` was asked of every case."""

    lines: set
    questions: set
    models: list


@pytest.fixture(scope="module")
def found():
    """Lines that told something, questions that did, and the models."""
    told_by = set()

    def noting(question):
        def ask(case, rows):
            answers = list(question(case, rows))
            if answers:
                told_by.add(question)
            return answers

        return ask

    with pytest.MonkeyPatch.context() as patch, visited(patch) as lines:
        every = tuple(map(noting, questions.QUESTIONS))
        patch.setattr(contract, "QUESTIONS", every)
        models = []
        for case in CASES:
            arguments = case.given.asked()
            models.append(arguments["model"])
            rows_of(arguments, patch, run=False)
    return Found(lines, told_by, models)


@contextlib.contextmanager
def visited(patch):
    """The lines at which something is told in the meantime."""
    lines = set()
    with patch.context() as inner:
        for module in SPEAKING:
            for name in {"Fault", "Row"} & set(vars(module)):
                wrapped = Visited(getattr(module, name), lines)
                inner.setattr(module, name, wrapped)
        yield lines


@pytest.mark.slow
def test_whatever_can_be_told_has_a_case(found, monkeypatch):
    """A line that tells something, and that no case reaches, is missing.

    What only generators are asked has rows alone, and so has what another
    rule tells before.
    """
    expected = {site for path in SPEAKING.values() for site in sites(path)}
    missing = expected - found.lines
    with visited(monkeypatch) as lines:
        for module, rows in ROWS.items():
            list(rows(module))

    assert missing <= lines
    assert {name for name, _ in missing} == {"rules.py"}
    names = {function_at(SPEAKING[rules], line) for _, line in missing}
    assert names == {"rows_of_numbers", "every_class"}


def function_at(path, line):
    """The outermost function that a line stands in."""
    for node in ast.parse(path.read_text()).body:
        if node.lineno <= line <= node.end_lineno:
            return node.name
    return ""


def test_every_question_tells_one_of_the_cases(found):
    assert set(questions.QUESTIONS) == found.questions


def test_every_loss_has_a_case(found):
    losses = [
        loss.name
        for case, model in zip(CASES, found.models)
        for loss in losses_of(model).values()
        if case.where == "target"
    ]

    assert set(targets.LOSSES) <= set(losses)


def test_every_layer_that_asks_for_something_has_a_case(found):
    kinds = set(demands.read_by.registry) - {object}

    assert kinds
    for kind in kinds:
        assert any(has_layer(model, kind) for model in found.models), kind


def test_every_kind_of_model_has_a_case(found):
    for kind in demands.demands_of.registry:
        assert any(isinstance(model, kind) for model in found.models)


def test_no_two_cases_are_the_same():
    names = [(case.group, case.name) for case in CASES]

    assert len(set(names)) == len(names)


# Rules at their edges


ROWS = {
    rules: rule_rows.of_rules,
    targets: rule_rows.of_targets,
    demands: rule_rows.of_demands,
}


@pytest.mark.parametrize("module", ROWS, ids=lambda m: m.__name__)
def test_rules_at_their_edges(module):
    assert rule_rows.failing(ROWS[module](module)) == []


# The page


def test_a_table_reads_as_text_and_as_a_table():
    page = table("sample weights")

    assert str(page).splitlines()[0] == " | ".join(page.lines[0])
    html = page._repr_html_()
    assert html.count('<th scope="row">') == len(page.lines)
    assert html.count('<th scope="col">') == 4
    assert "<caption>" in html and "overflow-x: auto" in html
