"""The statements of a page, and which of them a check depends on."""

from __future__ import annotations

import ast
import doctest
import re

SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
CHANGING = {"append", "backward", "forward", "step", "update"}  # methods that change their object or arguments


class Statement:
    """A statement of a page: which names it uses and makes, and whose objects it changes."""

    def __init__(self, source, label, want):
        self.source, self.label, self.want = source.strip(), label, want.strip()
        self.tree = ast.parse(source)
        self.uses = used_names(self.tree)
        self.makes, self.changes = written_names(self.tree)
        self.changes |= self.uses & {"rng"}
        if isinstance(self.tree.body[0], (ast.For, ast.AugAssign)):
            self.makes, self.changes = set(), self.changes | self.makes
        self.is_data = "rng" in self.uses or self.uses <= {"np", "tn"}  # numbers that were drawn, or chosen
        self.compile()

    def compile(self):
        tree = ast.Expression(self.tree.body[0].value) if self.label else self.tree
        self.code = compile(ast.fix_missing_locations(tree), "page", "eval" if self.label else "exec")


def statements(text):
    """Return the statements of a page."""
    text = re.sub("^```.*$", "", text, flags=re.MULTILINE)
    lines = text.splitlines()
    page = []
    for example in doctest.DocTestParser().get_examples(text):
        label = re.fullmatch(">>> # ([a-z-]+)", lines[example.lineno - 1])
        page.append(Statement(example.source, label and label[1], example.want))
    return page


def used_names(node, own=frozenset()):
    """Return the names that a node needs from the page, without those that are its `own`."""
    if isinstance(node, ast.Name):
        return {node.id} - own if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, SCOPES):
        inner = list(ast.walk(node))
        own = own | {name.arg for name in inner if isinstance(name, ast.arg)}
        own = own | {name.id for name in inner if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    return set().union(*(used_names(child, own) for child in ast.iter_child_nodes(node)))


def written_names(node):
    """Return the names that a node makes, and those whose object it changes."""
    makes, changes = set(), set()
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}, changes
    if isinstance(node, SCOPES):
        return makes, changes
    if isinstance(node, ast.alias):
        makes.add(node.asname or node.name)
    elif isinstance(getattr(node, "ctx", None), ast.Store) and not isinstance(node, (ast.Tuple, ast.List)):
        (makes if isinstance(node, ast.Name) else changes).add(root(node))
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in CHANGING:
        changes |= {root(node.func), *(argument.id for argument in node.args if isinstance(argument, ast.Name))}
    for child in ast.iter_child_nodes(node):
        makes, changes = (old | new for old, new in zip((makes, changes), written_names(child)))
    return makes, changes


def root(node):
    """Return the name that a chain of attributes, indices and calls begins with."""
    while not isinstance(node, ast.Name):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id


def needs(page, check):
    """Return the statements that a check depends on, in their order."""
    names, found = check.uses, []
    for statement in reversed(page[: page.index(check)]):
        if (statement.makes | statement.changes) & names:
            names = (names - statement.makes) | statement.uses
            found.append(statement)
    return found[::-1]
