"""What a template says of its columns: which values it compares them with, and what it uses them for.

A value that equals one of these may stay in a sample: so the sample takes the same branch as the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final

from jinja2 import nodes

from cli.compiler.syntax import parsed
from cli.privacy import source_columns
from cli.privacy.rules import Path, plain
from handler.model import Group, Leaf, Locale, Notification

_NOWHERE: Final = Locale()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a template says, by the names of columns and keys (`rules.plain`).

    `values` has the constants that they are compared with, and `currencies` those that are currencies of amounts.
    `names` are all that it reads. `behind` has the columns of tables that a column of a SELECT is made of.
    """

    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    behind: Mapping[Path, tuple[Path, ...]] = field(default_factory=dict)


def said(notification: Notification, locale: Locale = _NOWHERE) -> Usage:
    """Return what a template says; `locale` has the codes of its labels, and the aliases of its mentions."""
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
    currencies: set[str] = set()
    for tree in leaves:
        for names, constants in _comparisons(tree, locale, loops):
            for name in names:
                found.setdefault(plain(name), set()).update(constants)
        currencies |= {plain(name) for name in _currencies(tree, loops)}
    values = {name: frozenset(values) for name, values in found.items() if values}
    read = frozenset(plain(name) for tree in leaves for name in _names(tree))
    return Usage(values, frozenset(currencies), read, source_columns.behind(notification))


def _parts(value: Any) -> Iterator[Leaf | Group]:
    if isinstance(value, Leaf | Group):
        yield value
    if is_dataclass(value) and not isinstance(value, Leaf):
        value = [getattr(value, one.name) for one in fields(value)]
    if isinstance(value, Mapping):
        value = [*value.values()]
    for one in value if isinstance(value, list | tuple) else ():
        yield from _parts(one)


def _comparisons(tree: nodes.Node, locale: Locale, loops: Mapping[str, str]) -> Iterator[tuple[list[str], set[str]]]:
    for comparison in tree.find_all(nodes.Compare):
        sides = [comparison.expr, *(operand.expr for operand in comparison.ops)]
        constants = {str(one.value) for side in sides for one in _constants(side)}
        yield [name for side in sides if (name := _last(side, loops))], constants
    for call in tree.find_all(nodes.Filter):
        if call.node and (known := _known(call, locale)):
            yield [name for name in [_last(call.node, loops)] if name], {*known}


def _known(call: nodes.Filter, locale: Locale) -> Mapping[str, object]:
    """What a filter knows of values: the codes of a group of labels, or the aliases of mentions."""
    match call:
        case nodes.Filter(name="label", args=[nodes.Const(value=group), *_]):
            return locale.labels.get(str(group), {})
        case nodes.Filter(name="mention"):
            return locale.mentions
    return {}


def _currencies(tree: nodes.Node, loops: Mapping[str, str]) -> Iterator[str]:
    """The columns that say in which currency an amount is."""
    for call in tree.find_all(nodes.Filter):
        if call.name == "money":
            given = [*call.args, *(one.value for one in call.kwargs)]
            yield from (name for one in given if (name := _last(one, loops)))


def _names(tree: nodes.Node) -> Iterator[str]:
    """Every name that may be a key: behind a dot, or in quotes, as in `row['key']` and `join(', ', 'key')`."""
    for read in tree.find_all(nodes.Getattr):
        yield read.attr
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str):
            yield constant.value


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    """Yield the constants of one side: the literal, or the elements of a list. Arguments of filters do not count."""
    match node:
        case nodes.Const(value=str() | int() | float()):
            yield node
        case nodes.List(items=items) | nodes.Tuple(items=items):
            for item in items:
                yield from _constants(item)


def _last(node: nodes.Node, loops: Mapping[str, str]) -> str:
    """Return the name of the column that an expression reads, ignoring filters after it; empty if there is none."""
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
