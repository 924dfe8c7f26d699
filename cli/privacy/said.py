"""The values that a template says itself: what it compares a column with, and the codes of its labels.

A value that equals one of them may stay in a sample: so the sample takes the same branch as the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from jinja2 import nodes

from cli.compiler.syntax import parsed
from cli.privacy.rules import plain
from handler.model import Group, Leaf, Notification

Said = Mapping[str, frozenset[str]]
_NOTHING: Final[Mapping[str, Mapping[str, str]]] = {}


def said(notification: Notification, labels: Mapping[str, Mapping[str, str]] = _NOTHING) -> Said:
    """Return the constants by the name of the column or key (`rules.plain`) that they are compared with."""
    leaves: list[nodes.Template] = []
    loops: dict[str, str] = {}
    for part in _parts(notification):
        if isinstance(part, Leaf):
            leaves.append(parsed(part))
        elif part.over:
            loops[part.name] = _last(parsed(part.over), {})
    for tree in leaves:
        for loop in tree.find_all(nodes.For):
            if isinstance(loop.target, nodes.Name):
                loops[loop.target.name] = _last(loop.iter, {})
    found: dict[str, set[str]] = {}
    for tree in leaves:
        for names, constants in _comparisons(tree, labels, loops):
            for name in names:
                found.setdefault(plain(name), set()).update(constants)
    return {name: frozenset(values) for name, values in found.items() if values}


def _parts(value: Any) -> Iterator[Leaf | Group]:
    if isinstance(value, Leaf | Group):
        yield value
    if is_dataclass(value) and not isinstance(value, Leaf):
        value = [getattr(value, one.name) for one in fields(value)]
    if isinstance(value, Mapping):
        value = [*value.values()]
    for one in value if isinstance(value, list | tuple) else ():
        yield from _parts(one)


def _comparisons(
    tree: nodes.Node, labels: Mapping[str, Mapping[str, str]], loops: Mapping[str, str]
) -> Iterator[tuple[list[str], set[str]]]:
    for comparison in tree.find_all(nodes.Compare):
        sides = [comparison.expr, *(operand.expr for operand in comparison.ops)]
        constants = {str(one.value) for side in sides for one in _constants(side)}
        yield [name for side in sides if (name := _last(side, loops))], constants
    for call in tree.find_all(nodes.Filter):
        if call.name == "label" and call.node and call.args and isinstance(call.args[0], nodes.Const):
            yield [name for name in [_last(call.node, loops)] if name], {*labels.get(str(call.args[0].value), ())}


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    """The constants of one side: itself, or the elements of a list. Arguments of filters are compared with nothing."""
    match node:
        case nodes.Const(value=str() | int() | float()):
            yield node
        case nodes.List(items=items) | nodes.Tuple(items=items):
            for item in items:
                yield from _constants(item)


def _last(node: nodes.Node, loops: Mapping[str, str]) -> str:
    """The name of the column that an expression reads, whatever filters come after it; empty if it is none."""
    match node:
        case nodes.Getattr(attr=name):
            return name
        case nodes.Getitem(arg=nodes.Const(value=str() as name)):
            return name
        case nodes.Getitem(node=inner) | nodes.Filter(node=nodes.Node() as inner):
            return _last(inner, loops)
        case nodes.Name(name=name):
            return loops.get(name, name)
        case nodes.Template(body=[nodes.Output(nodes=parts)]):
            return next((name for part in parts if (name := _last(part, loops))), "")
        case _:
            return ""
