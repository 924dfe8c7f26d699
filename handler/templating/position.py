"""Finds where exactly in a text an expression stands, and what its value must not do there.

Slack reads `<...>` as a link or a mention, backticks as code, and `>` at the start of a line as a quote. So a value
never stands inside the author's own `<...>`; inside the author's code it has no backticks; and its line breaks are
spaces, so that it can neither begin a line nor leave a quote. The line breaks that the author writes stay, in the text
and in expressions such as `join` with a line break as its separator.

All paths through `{% if %}` and `{% for %}` count: a position that one path leads to is possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from jinja2 import Environment, nodes, pass_environment
from jinja2.filters import make_attrgetter

from handler.model import LeafContext
from handler.templating.budget import clipped
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.filters import lists
from handler.templating.filters.arguments import checked
from handler.templating.text import in_code, in_line

# Filters that only compiled templates name: a blank keeps them out of authors' reach.
_LINE: Final = "in a line"
_CODE: Final = "in code"
_JOIN: Final = "join lines"

# Filters that never add a line break to a text.
_KEEPING: Final = frozenset({"lower", "title", "trim", "truncate", "truncate_width", "upper"})
_FENCE: Final = "```"
_MARK: Final = re.compile(r"```|[`\n<>]|&gt;|[ \t]+|&|[^`\n<>& \t]+")


class _Spot(NamedTuple):
    """A place in a text: inside `<...>`, inside code (and its sign), on a quoted line, at the start of a line."""

    inside: bool = False
    code: str = ""
    quoted: bool = False
    start: bool = True


_Spots = frozenset[_Spot]


def place(tree: nodes.Template, context: LeafContext) -> None:
    """Make every expression of `tree` fit its place in a text. Raises DiagnosedError where that is impossible."""
    if context == "mrkdwn":
        spots: dict[nodes.Expr, _Spots] = {}
        _walk(tree.body, frozenset({_Spot()}), spots)
        _rewrite(tree, lambda expression: _fitting(expression, spots[expression]))
    elif context == "plain":
        _rewrite(tree, _without_quote)


def _walk(body: Iterable[nodes.Node], before: _Spots, found: dict[nodes.Expr, _Spots]) -> _Spots:
    """Note where each expression may stand, and return where the text that follows `body` may stand."""
    spots = before
    for node in body:
        match node:
            case nodes.Output():
                spots = _output(node, spots, found)
            case nodes.If():
                branches = [node.body, *(one.body for one in node.elif_), node.else_]
                spots = frozenset().union(*(_walk(branch, spots, found) for branch in branches))
            case nodes.For():
                entered = spots
                while (again := entered | _walk(node.body, entered, found)) != entered:
                    entered = again
                spots = entered | _walk(node.else_, spots, found)
    return spots


def _output(node: nodes.Output, spots: _Spots, found: dict[nodes.Expr, _Spots]) -> _Spots:
    for part in node.nodes:
        if isinstance(part, nodes.TemplateData):
            spots = frozenset(_after(spot, part.data) for spot in spots)
        else:
            _check(part, spots)
            found[part] = found.get(part, frozenset()) | spots
            spots = frozenset(spot._replace(start=False) for spot in spots)
    return spots


def _after(spot: _Spot, text: str) -> _Spot:
    for mark in _MARK.findall(text):
        spot = _step(spot, mark)
    return spot


def _step(spot: _Spot, mark: str) -> _Spot:
    inside, code, quoted, start = spot
    if mark.isspace() and mark != "\n":
        return spot
    match mark:
        case "\n":
            return _Spot(inside, code, quoted, start=True) if code == _FENCE else _Spot(inside)
        case "<" | ">":
            inside, quoted = mark == "<", quoted or (mark == ">" and start and not inside)
        case "&gt;":
            quoted = quoted or start
        case "```" | "`" if code != _FENCE or mark == _FENCE:
            code = "" if code else mark
    return _Spot(inside, code, quoted, start=False)


def _check(expression: nodes.Expr, spots: _Spots) -> None:
    if any(spot.inside for spot in spots):
        raise DiagnosedError(Diagnosis("expression_in_markup", line=expression.lineno))
    if _quotes(expression) and not all(spot.start and not spot.quoted and not spot.code for spot in spots):
        raise DiagnosedError(Diagnosis("quote_not_first", line=expression.lineno))


def _quotes(expression: nodes.Node) -> bool:
    filters = [*expression.find_all(nodes.Filter), *([expression] if isinstance(expression, nodes.Filter) else [])]
    return any(one.name == "quote" for one in filters)


def _without_quote(expression: nodes.Expr) -> Any:
    if _quotes(expression):
        raise DiagnosedError(Diagnosis("quote_in_plain", line=expression.lineno))
    return _flat(expression)


def _rewrite(tree: nodes.Template, fitting: Callable[[nodes.Expr], Any]) -> None:
    for output in tree.find_all(nodes.Output):
        output.nodes = [one if isinstance(one, nodes.TemplateData) else fitting(one) for one in output.nodes]


def _fitting(expression: nodes.Expr, spots: _Spots) -> Any:
    if not any(spot.code for spot in spots):
        return _flat(expression)
    fenced = all(spot.code == _FENCE and not spot.quoted for spot in spots)
    return _filtered(expression if fenced else _flat(expression), _CODE)


def _flat(node: Any) -> Any:
    """The same expression, in which each part that is not the author's own text is written in one line."""
    match node:
        case nodes.Const():
            return node
        case nodes.Concat():
            node.nodes = [*map(_flat, node.nodes)]
        case nodes.Add() | nodes.Mul() | nodes.And() | nodes.Or():
            node.left, node.right = _flat(node.left), _flat(node.right)
        case nodes.CondExpr():
            node.expr1, node.expr2 = _flat(node.expr1), node.expr2 and _flat(node.expr2)
        case nodes.Filter(name="default"):
            node.node = _flat(node.node)
            _flat_arguments(node, node.args, "instead")
        case nodes.Filter(name="join"):
            node.name = _JOIN
            _flat_arguments(node, node.args[:1], "separator")
        case nodes.Filter() if node.name in _KEEPING:
            node.node = _flat(node.node)
        case _:
            return _filtered(node, _LINE)
    return node


def _flat_arguments(node: nodes.Filter, positional: Sequence[nodes.Expr], named: str) -> None:
    node.args = [*map(_flat, positional), *node.args[len(positional) :]]
    for argument in node.kwargs:
        if argument.key == named:
            argument.value = _flat(argument.value)


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_environment
def _join(environment: Environment, elements: Any, separator: str = "", attribute: str | None = None) -> Any:
    """`join`, with each element in one line."""
    if elements is None:
        return None
    column = make_attrgetter(environment, attribute)
    return lists.join(environment, [in_line(clipped(column(element))) for element in lists.each(elements)], separator)


FILTERS: Final[Mapping[str, Callable[[Any], Any]]] = {_LINE: in_line, _CODE: in_code}
LISTS: Final[Mapping[str, Callable[..., Any]]] = {_JOIN: checked("join", _join)}
