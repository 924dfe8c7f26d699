"""Corrects filters and tests that are misspelt, or called as in a spreadsheet or in a program."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from cli.compiler import arguments, foreign_filters, rewriting
from handler.templating import FILTERS
from handler.templating.filters import TESTS

_ALIKE: Final = 0.75  # a slip of the fingers: `ceil` is no `code`
_TESTS: Final = {"null": "none", "nil": "none", "None": "none", "NULL": "none", "numeric": "number", "text": "string"}
_EMPTY: Final = ("empty", "blank", "false", "falsy")


def near(name: str) -> str:
    """Return the filter that a name probably means; empty if none is similar."""
    name = name.lower()
    if found := foreign_filters.meant(name) or foreign_filters.advice(name):
        return found if found in FILTERS else ""
    return next(iter(get_close_matches(name, FILTERS, n=1, cutoff=_ALIKE)), "")


def as_filters(code: str) -> str:
    """Return `value | name(rest)` for `name(value, rest)` and `value.name(rest)`; empty if a call would remain."""
    right = rewriting.as_expression(code) or code
    right = rewriting.rewritten(right, _Methods()) or right
    right = by_format(right) or right
    right = rewriting.rewritten(right, _Calls()) or right
    tree = rewriting.parsed(right)
    if right == code or tree is None or any(one.name not in FILTERS for one in rewriting.filters_of(tree)):
        return ""
    return "" if any(_is_call(one) for one in _calls(tree)) else _completed(right)


def with_filter(code: str, name: str) -> str:
    """Return the expression with the filter that `name` probably means; empty if none is similar."""
    formatted = by_format(code)
    if formatted and not any(one.name == name for one in rewriting.filters(formatted)):
        return _completed(formatted)
    right = near(name)
    return _completed(rewriting.rewritten(code, _Filters(name, right))) if right else ""


def by_format(code: str) -> str:
    """Return the expression with the filters that its formats mean, as `%H:%M` does; empty if it has none."""
    return rewriting.rewritten(code, foreign_filters.Formats())


def with_test(code: str, name: str) -> str:
    """Return the expression with the test that `name` probably means; empty if none is similar."""
    close = get_close_matches(name.lower(), TESTS, n=1)
    right = _TESTS.get(name) or (close[0] if close else "")
    if name in _EMPTY or right:
        return rewriting.rewritten(code, _Tests(name, "" if name in _EMPTY else right))
    return ""


def _completed(code: str) -> str:
    """Return the expression with missing arguments of filters added."""
    for _ in range(len([*rewriting.filters(code)])):
        found = next(arguments.wrong(code), None)
        code = found.right if found else code
    return code


def _calls(tree: nodes.Expr) -> Iterator[nodes.Call]:
    if isinstance(tree, nodes.Call):
        yield tree
    yield from tree.find_all(nodes.Call)


def _is_call(node: nodes.Call) -> bool:
    return not (isinstance(node.node, nodes.Name) and node.node.name == "range")


def methods(code: str) -> list[str]:
    """Return the names of the functions and methods that an expression calls."""
    tree = rewriting.parsed(code)
    named = [one.node for one in _calls(tree)] if tree else []
    return [str(getattr(one, "attr", None) or getattr(one, "name", "")) for one in named]


class _Methods(NodeTransformer):
    """Writes a method that takes a format as a filter."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        match node.node:
            case nodes.Getattr(node=value, attr=name) if name in foreign_filters.FORMATTING:
                return nodes.Filter(value, name, node.args, node.kwargs, None, None)
        return node


class _Calls(NodeTransformer):
    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        match node.node:
            case nodes.Name(name=name) if node.args and _is_call(node) and (filter_name := near(name)):
                return nodes.Filter(node.args[0], filter_name, node.args[1:], node.kwargs, None, None)
            case nodes.Getattr(node=value, attr=name) if filter_name := near(name):
                return nodes.Filter(value, filter_name, node.args, node.kwargs, None, None)
        return node


class _Filters(NodeTransformer):
    def __init__(self, name: str, right: str) -> None:
        self._name, self._right = name, right

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        if node.name == self._name:
            node.name = self._right
            node.args = [] if foreign_filters.is_time_without_style(node) else node.args
        return node


class _Tests(NodeTransformer):
    def __init__(self, name: str, right: str) -> None:
        self._name, self._right = name, right

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        if node.name != self._name:
            return node
        node.name = self._right
        return node if self._right else nodes.Not(node.node)

    def visit_Not(self, node: nodes.Not) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        return node.node.node if isinstance(node.node, nodes.Not) else node
