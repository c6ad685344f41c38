"""Rules that are wrong on purpose: each is told from the right ones.

The three modules that decide what a value must be are changed in one place
at a time: a comparison, a number, an outcome, a line that is left out. The
rows of ``rule_rows.py`` are asked of each such mutant, in this process and
without a file being touched. One that passes them all lives, and shows what
no row looks at.
"""

import ast
import copy
import itertools
import types

import pytest
import rule_rows

from companion import rules
from companion.checking import demands, targets

MODULES = {
    rules: rule_rows.of_rules,
    targets: rule_rows.of_targets,
    demands: rule_rows.of_demands,
}
OUTCOMES = "FAILS", "SILENT", "TRAINS", "NAN"
COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COUNTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Pow: ast.Mult,
}
#: Lines that can be left out. Without a definition nothing would load.
LINES = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.If,
    ast.For,
    ast.Return,
    ast.Continue,
)


def changes(node):
    """What can be wrong with a node: what it becomes, in words."""
    kind = type(node)
    if kind is ast.Compare:
        for at, operator in enumerate(node.ops):
            other = COMPARED[type(operator)]
            yield other.__name__, _with(node, "ops", at, other())
    elif kind is ast.BoolOp:
        yield "and, or", ast.BoolOp(_other_of(node.op), node.values)
        for at in range(len(node.values)):
            rest = [v for n, v in enumerate(node.values) if n != at]
            less = ast.BoolOp(node.op, rest) if rest[1:] else rest[0]
            yield f"without part {at}", less
    elif kind is ast.BinOp and type(node.op) in COUNTED:
        other = COUNTED[type(node.op)]
        yield other.__name__, ast.BinOp(node.left, other(), node.right)
    elif kind is ast.UnaryOp and isinstance(node.op, ast.Not):
        yield "without not", node.operand
    elif kind is ast.IfExp:
        yield "body", node.body
        yield "else", node.orelse
    elif kind is ast.If:
        no = ast.UnaryOp(ast.Not(), node.test)
        yield "if not", ast.If(no, node.body, node.orelse)
    elif kind is ast.Constant and isinstance(node.value, bool):
        yield str(not node.value), ast.Constant(not node.value)
    elif kind is ast.Constant and isinstance(node.value, (int, float)):
        for step in (1, -1):
            yield f"{step:+}", ast.Constant(node.value + step)
    elif kind is ast.Name and node.id in OUTCOMES:
        for other in OUTCOMES:
            if other != node.id and isinstance(node.ctx, ast.Load):
                yield other, ast.Name(other, ast.Load())
    elif kind in (ast.Tuple, ast.List, ast.Set) and len(node.elts) > 1:
        for at in range(len(node.elts)):
            yield f"without {at}", _without(node, at, "elts")
    elif kind is ast.Dict:
        for at in range(len(node.keys)):
            yield f"without {at}", _without(node, at, "keys", "values")
    elif kind is ast.Call and len(node.args) > 1:
        yield "swapped", _with(node, "args", 0, node.args[1], node.args[0])
    if isinstance(node, LINES) and not _is_text(node):
        yield "left out", ast.Pass()


def _with(node, field, at, *values):
    changed = list(getattr(node, field))
    changed[at : at + len(values)] = values
    return _replaced(node, **{field: changed})


def _without(node, at, *fields):
    kept = {}
    for field in fields:
        found = getattr(node, field)
        kept[field] = [v for n, v in enumerate(found) if n != at]
    return _replaced(node, **kept)


def _replaced(node, **fields):
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _other_of(operator):
    return ast.Or() if isinstance(operator, ast.And) else ast.And()


def _is_text(node):
    value = getattr(node, "value", None)
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _places(node):
    """Where in a tree something can be changed: parent, field, index."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        if isinstance(value, ast.AST):
            yield node, field, None
            yield from _places(value)
        elif isinstance(value, list):
            for at, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield node, field, at
                    yield from _places(child)


def _types(tree):
    """What only readers of types look at: ``Rule = Callable[...]``."""
    lines = [
        line
        for line in tree.body
        if isinstance(getattr(line, "value", None), ast.Subscript)
    ]
    return {id(node) for line in lines for node in ast.walk(line)}


def mutants(module):
    """Each mutant of a module: its name, and the code of the whole."""
    with open(module.__file__) as file:
        tree = ast.parse(file.read())
    named, spoken = {}, _types(tree)
    for outer in ast.walk(tree):
        for inner in ast.walk(outer):
            if isinstance(outer, (ast.FunctionDef, ast.ClassDef)):
                named[id(inner)] = outer.name
    for parent, field, at in list(_places(tree)):
        held = getattr(parent, field)
        node = held if at is None else held[at]
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        if id(node) in spoken:
            continue
        text = " ".join(ast.unparse(node).split())[:99]
        for what, other in changes(node):
            _put(parent, field, at, other)
            code = compile(
                ast.fix_missing_locations(copy.deepcopy(tree)),
                module.__file__,
                "exec",
            )
            _put(parent, field, at, node)
            yield f"{named.get(id(node), '')}: {text} > {what}", code


def _put(parent, field, at, node):
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


def lives(module, code):
    """Whether a mutant passes all rows."""
    mutant = types.ModuleType(module.__name__)
    mutant.__file__ = module.__file__
    try:
        exec(code, vars(mutant))
        rows = MODULES[module](mutant)
        return all(rule_rows.agrees(*row) for row in rows)
    except Exception:
        return False


#: Mutants that do what the module does, by what they change.
THE_SAME = {
    "only time is saved: smaller types hold less": [
        "held_in_float32: kind not in 'fiu' or size < 4 or (kind, size) == "
        "('f', 4) > without part 1",
        "held_in_float32: kind not in 'fiu' or size < 4 or (kind, size) == "
        "('f', 4) > without part 2",
        "held_in_float32: 4 > -1",
        "held_in_float32: 4 > +1",
        "held_in_float32: (kind, size) > without 0",
        "held_in_float32: (kind, size) > without 1",
        "held_in_float32: ('f', 4) > without 0",
        "held_in_float32: ('f', 4) > without 1",
    ],
    "whole numbers are never infinite, and have no fractions": [
        "held_in_float32: kind == 'f' and (np.isinf(fed) & "
        "np.isfinite(chunk)).any() > without part 0",
        "class_numbers: value.dtype.kind == 'f' and (value != "
        "np.floor(value)).any() > without part 0",
    ],
    "only time is saved: nothing changes if all weights count": [
        "counted: not fitting or weights.all() or (not weights.any()) > "
        "without part 1",
    ],
    "a single weight is alike with any axes": [
        "counted: 1 > -1",
    ],
    "None comes back at the end of a function as well": [
        "held_in_float32: return None > left out",
        "anything: return None > left out",
        "numbers: return None > left out",
    ],
    "shares over 1 that sum to 1 go with some below 0": [
        "one_hot: 1 > +1",
    ],
    "the sum is as near to 1 as 1 to the sum": [
        "one_hot: np.allclose(value.sum(axis=-1), 1, atol=0.001) > swapped",
    ],
    "the axis of 1 is told by another condition too": [
        ": (((), (1,)), ((1,), ())) > without 1",
        ": ((1,), ()) > without 0",
        ": ((1,), ()) > without 1",
        ": 1 > +1",
        ": 1 > -1",
        "weights_of_samples: 1 > +1",
        "weights_of_samples: 1 > -1",
        "weights_of_samples: given[-1:] == (1,) and stretches(given, "
        "with_axis) > without part 0",
        "weights_of_samples: shape and (not given) > without part 0",
    ],
    "ids are never called large": [
        ": (keras.layers.Normalization, keras.layers.Rescaling, "
        f"keras.layers.BatchNormalization, keras.layers. > without {place}"
        for place in (6, 7)
    ],
    "without a loss there is no rule": [
        "_target: loss is None or rule is None > without part 0",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_every_mutant_is_told(module):
    same = set(itertools.chain(*THE_SAME.values()))
    alive = [name for name, code in mutants(module) if lives(module, code)]

    assert [name for name in alive if name not in same] == []
