"""Break the mathematics of a page in every small way, and tell which of that its checks do not notice.

A check is the statement below the comment that names its equation. A mutant is a page where one term has another
sign, is doubled or is transposed, where an operand is left out, or where a function of the package returns such a
result. What a check depends on is run again for each, and nothing else.
"""

from __future__ import annotations

import ast
import itertools

import numpy as np
from page_statements import needs

RULES = {"-": np.negative, "2": lambda value: value * 2, "T": lambda value: np.swapaxes(value, -1, -2)}
TERMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.UnaryOp, ast.Constant)
# What is no mathematics: formats, the choice of data, options, indices and names, and arguments that are sizes.
NO_TERMS = {"format_spec", "ifs", "iter", "keywords", "slice", "target", "targets"}
SIZED = {"arange", "dropout_mask", "empty", "eye", "indices", "ones", "zeros"}
ORDERED = {"product", "range", "reshape", "transpose"}
# Most wrong formulas fit no shape, and some leave a list or a number for an array: the example fails, with no result.
NO_RESULT = (ArithmeticError, AssertionError, AttributeError, IndexError, TypeError, ValueError)


class Change:
    """Applies a rule to what is a number, or a matrix for the transpose, and keeps whether that made another one."""

    def __init__(self, rule):
        self.rule, self.is_felt = rule, False

    def __call__(self, value):
        if not is_number(value) or (self.rule == "T" and np.ndim(value) < 2):
            return value
        changed = RULES[self.rule](value)
        self.is_felt = self.is_felt or not same(value, changed)
        return changed

    def of(self, function, place):
        """Return a function with the change in its result, or in what stands at a place of several results."""

        def changed(*args, **kwargs):
            value = function(*args, **kwargs)
            if isinstance(value, tuple):
                return (*value[:place], *map(self, value[place : place + 1]), *value[place + 1 :])
            return self(value) if place == 0 else value

        return changed


class Kept(list):
    """Keeps what it is given, and gives it back."""

    def __call__(self, value):
        self.append(np.copy(value))
        return value


def is_number(value):
    return isinstance(value, (int, float, complex, np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "iufc"


def same(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)


class Spot:
    """Where a term stands: in a field of a node, which may be a list."""

    def __init__(self, node, field, place):
        value = getattr(node, field)
        self.where, self.key = (value, place) if isinstance(value, list) else (vars(node), field)
        self.term = self.where[self.key]
        self.is_result = isinstance(node, (ast.Expr, ast.Tuple))
        self.is_arithmetic = isinstance(node, (ast.BinOp, ast.UnaryOp)) or isinstance(self.term, ast.BinOp)
        self.is_term = isinstance(self.term, TERMS) and field != "func" and not isinstance(node, ast.Expr)

    def put(self, term, function=None):
        """Put a term here, or a call with it."""
        self.where[self.key] = ast.Call(ast.Name(function, ast.Load()), [term], []) if function else term


def spots(node, around=()):
    """Yield each spot of a term behind those around it."""
    called = getattr(node, "func", None)
    name = getattr(called, "attr", getattr(called, "id", ""))
    is_size = getattr(node, "attr", "") in ("shape", "size") or name in SIZED | ORDERED
    for field, value in ast.iter_fields(node):
        if field in NO_TERMS or (is_size and field != "func"):
            continue
        for place, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST):
                path = (*around, Spot(node, field, place))
                if path[-1].is_term:
                    yield path
                yield from spots(child, path)


def mutants(statement):
    """Yield a name for each mutant of a statement, its change and its spots, while the statement's code is that."""
    for path in list(spots(statement.tree)):
        spot, text = path[-1], ast.unparse(path[-1].term)
        if not (statement.label or spot.is_arithmetic):
            continue  # of what is computed before a check, only formulas are its mathematics
        spot.put(spot.term, "_change")
        statement.compile()
        for rule in RULES:
            yield f"{rule} {text}", Change(rule), path
        for operand in (spot.term.left, spot.term.right) if isinstance(spot.term, ast.BinOp) else ():
            spot.put(operand)
            statement.compile()
            yield f"{ast.unparse(operand)} for {text}", None, path
        spot.put(spot.term)
    statement.compile()


def run(path, check, **names):
    """Return what a check prints after the statements of its path."""
    for statement in path:
        exec(statement.code, names)
    return repr(eval(check.code, names))


def fails(path, check, names, change):
    """Tell whether a check notices a change; any other error would be one of the mutation itself."""
    try:
        return run(path, check, **names, _change=change) != check.want
    except NO_RESULT:
        return True


def is_felt_around(around, statement, path, check, names, change):
    """Tell whether each larger term around a change became another number: under a square, -x makes none."""
    for spot in around:
        spot.put(spot.term, "_keep")
        statement.compile()
        before, after = Kept(), Kept()
        run(path, check, **names, _change=lambda value: value, _keep=before)
        run(path, check, **names, _change=change, _keep=after)
        spot.put(spot.term)
        statement.compile()
        if len(before) == len(after) and all(is_number(a) and same(a, b) for a, b in zip(before, after)):
            return False
    return True


def survivors(page):
    """Return the mutants of a page that no check notices, each as the label or line, and what is wrong there."""
    paths = {check: needs(page, check) for check in page if check.label}
    found = []
    for statement in page:
        if statement.label:
            names = {}
            for before in paths[statement]:
                exec(before.code, names)
            assert run([], statement, **names) == statement.want, f"not all that {statement.label} needs was found"
            checks = [([], statement, names)]
        else:
            checks = [(paths[check], check, {}) for check in paths if statement in paths[check]]
        if not checks or (statement.is_data and not statement.label):
            continue
        for name, change, (*around, _) in mutants(statement):
            if any(fails(*check, change) or (change and not change.is_felt) for check in checks):
                continue
            around = [spot for spot in around if spot.is_term and not spot.is_result]
            if change is None or is_felt_around(around, statement, *checks[0], change):
                found.append((statement.label or statement.source.splitlines()[0], name))
    return found


def functions(page):
    """Yield each wrong result of the functions that a page has from the package, and whether a check notices it."""
    paths = {check: needs(page, check) for check in page if check.label}
    for statement in page:
        node = statement.tree.body[0]
        for alias in node.names if isinstance(node, ast.ImportFrom) and node.module.startswith("tinynet") else ():
            name, whole = alias.name, statement.code
            checks = [check for check in paths if any(name in user.uses for user in (*paths[check], check))]
            for place, rule in itertools.product(range(3), RULES):
                change, wrong = Change(rule), f"{statement.source}\n{name} = _change.of({name}, {place})"
                statement.code = compile(wrong, "page", "exec")
                is_noticed = any(fails(paths[check], check, {}, change) or not change.is_felt for check in checks)
                if change.is_felt:
                    yield f"{rule} {name}[{place}]", is_noticed
            statement.code = whole
