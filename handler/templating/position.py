"""Finds the exact position of each expression in a text, and limits what its value can do there.

Slack reads `<...>` as a link or a mention, backticks as code, and `>` at the start of a line as a quote. Therefore an
expression inside the author's own `<...>` is an error; inside the author's code, a value loses its backticks;
and except between ```, its line breaks become spaces, so that it cannot begin a line or leave a quote. Line breaks that
the author writes stay, in the text and in expressions such as `join` with a line break as its separator.

All paths through `{% if %}` and `{% for %}` count: a position is possible if one path leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from jinja2 import Environment, nodes, pass_environment
from jinja2.filters import make_attrgetter

from handler.model import LeafContext
from handler.templating.budget import clip
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.filters import lists
from handler.templating.filters.arguments import check_arguments
from handler.templating.text import on_one_line, without_backticks

# Filters that only compiled templates use. The space in the name keeps them out of authors' reach.
_ONE_LINE: Final = "in a line"
_IN_CODE: Final = "in code"
_JOIN: Final = "join lines"

# Filters whose result has no line break if their value has none.
_WITHOUT_NEW_LINES: Final = frozenset({"lower", "title", "trim", "truncate", "truncate_width", "upper"})
_FENCE: Final = "```"
_TOKEN: Final = re.compile(r"```|[`\n<>]|&gt;|[ \t]+|&|[^`\n<>& \t]+")


class _Position(NamedTuple):
    """A position in a text: inside `<...>`, in code (with its delimiter), on a quoted line, at the start of a line."""

    in_markup: bool = False
    code: str = ""
    quoted: bool = False
    start: bool = True


_Positions = frozenset[_Position]


def fit_expressions(tree: nodes.Template, context: LeafContext) -> None:
    """Rewrite every expression of `tree` for its position. Raises DiagnosedError for one that is not allowed there."""
    if context == "mrkdwn":
        positions: dict[nodes.Expr, _Positions] = {}
        _collect(tree.body, frozenset({_Position()}), positions)
        _rewrite_expressions(tree, lambda expression: _for_mrkdwn(expression, positions[expression]))
    elif context == "plain":
        _rewrite_expressions(tree, _for_plain_text)


def _collect(body: Iterable[nodes.Node], before: _Positions, found: dict[nodes.Expr, _Positions]) -> _Positions:
    """Collect the possible positions of each expression in `found`; return those of the text after `body`."""
    positions = before
    for node in body:
        match node:
            case nodes.Output():
                positions = _output(node, positions, found)
            case nodes.If():
                branches = [node.body, *(one.body for one in node.elif_), node.else_]
                positions = frozenset().union(*(_collect(branch, positions, found) for branch in branches))
            case nodes.For():
                entered = positions
                while (again := entered | _collect(node.body, entered, found)) != entered:
                    entered = again
                positions = entered | _collect(node.else_, positions, found)
    return positions


def _output(node: nodes.Output, positions: _Positions, found: dict[nodes.Expr, _Positions]) -> _Positions:
    for part in node.nodes:
        if isinstance(part, nodes.TemplateData):
            positions = frozenset(_advance(position, part.data) for position in positions)
        else:
            _refuse_misplaced(part, positions)
            found[part] = found.get(part, frozenset()) | positions
            positions = frozenset(position._replace(start=False) for position in positions)
    return positions


def _advance(position: _Position, text: str) -> _Position:
    for symbol in _TOKEN.findall(text):
        position = _advance_by(position, symbol)
    return position


def _advance_by(position: _Position, symbol: str) -> _Position:
    in_markup, code, quoted, start = position
    if symbol.isspace() and symbol != "\n":
        return position
    match symbol:
        case "\n":
            return _Position(in_markup, code, quoted, start=True) if code == _FENCE else _Position(in_markup)
        case "<" | ">":
            in_markup, quoted = symbol == "<", quoted or (symbol == ">" and start and not in_markup)
        case "&gt;":
            quoted = quoted or start
        case "```" | "`" if code != _FENCE or symbol == _FENCE:
            code = "" if code else symbol
    return _Position(in_markup, code, quoted, start=False)


def _refuse_misplaced(expression: nodes.Expr, positions: _Positions) -> None:
    if any(position.in_markup for position in positions):
        raise DiagnosedError(Diagnosis("expression_in_markup", line=expression.lineno))
    if _has_quote(expression) and not all(
        position.start and not position.quoted and not position.code for position in positions
    ):
        raise DiagnosedError(Diagnosis("quote_not_first", line=expression.lineno))


def _has_quote(expression: nodes.Node) -> bool:
    filters = [*expression.find_all(nodes.Filter), *([expression] if isinstance(expression, nodes.Filter) else [])]
    return any(one.name == "quote" for one in filters)


def _for_plain_text(expression: nodes.Expr) -> Any:
    if _has_quote(expression):
        raise DiagnosedError(Diagnosis("quote_in_plain", line=expression.lineno))
    return _one_line(expression)


def _rewrite_expressions(tree: nodes.Template, rewrite: Callable[[nodes.Expr], Any]) -> None:
    for output in tree.find_all(nodes.Output):
        output.nodes = [one if isinstance(one, nodes.TemplateData) else rewrite(one) for one in output.nodes]


def _for_mrkdwn(expression: nodes.Expr, positions: _Positions) -> Any:
    if not any(position.code for position in positions):
        return _one_line(expression)
    is_fenced = all(position.code == _FENCE and not position.quoted for position in positions)
    return _apply(expression if is_fenced else _one_line(expression), _IN_CODE)


def _one_line(node: Any) -> Any:
    """The same expression, in which every value is put on one line. Texts of the author stay as they are."""
    match node:
        case nodes.Const():
            return node
        case nodes.Concat():
            node.nodes = [*map(_one_line, node.nodes)]
        case nodes.Add() | nodes.Mul() | nodes.And() | nodes.Or():
            node.left, node.right = _one_line(node.left), _one_line(node.right)
        case nodes.CondExpr():
            node.expr1, node.expr2 = _one_line(node.expr1), node.expr2 and _one_line(node.expr2)
        case nodes.Filter(name="default"):
            node.node = _one_line(node.node)
            _one_line_arguments(node, node.args, "instead")
        case nodes.Filter(name="join"):
            node.name = _JOIN
            _one_line_arguments(node, node.args[:1], "separator")
        case nodes.Filter() if node.name in _WITHOUT_NEW_LINES:
            node.node = _one_line(node.node)
        case _:
            return _apply(node, _ONE_LINE)
    return node


def _one_line_arguments(node: nodes.Filter, positional: Sequence[nodes.Expr], named: str) -> None:
    node.args = [*map(_one_line, positional), *node.args[len(positional) :]]
    for argument in node.kwargs:
        if argument.key == named:
            argument.value = _one_line(argument.value)


def _apply(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_environment
def _join(environment: Environment, elements: Any, separator: str = "", attribute: str | None = None) -> Any:
    """`join`, with each element on one line."""
    if elements is None:
        return None
    column = make_attrgetter(environment, attribute)
    return lists.join(
        environment, [on_one_line(clip(column(element))) for element in lists.loop_elements(elements)], separator
    )


FILTERS: Final[Mapping[str, Callable[[Any], Any]]] = {_ONE_LINE: on_one_line, _IN_CODE: without_backticks}
LISTS: Final[Mapping[str, Callable[..., Any]]] = {_JOIN: check_arguments("join", _join)}
