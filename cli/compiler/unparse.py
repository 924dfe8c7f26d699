"""Turns the syntax tree of an expression back into text, with brackets where operators need them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jinja2 import nodes

# Precedence levels, from loosest to tightest. An operand that binds more loosely than its operator gets brackets.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _ADD, _JOIN, _MULTIPLY, _POWER, _SIGN, _FILTER, _ATOM = range(12)

_COMPARISONS: Final = {
    "eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in",
}  # fmt: skip
_BINARY: Final[dict[type[nodes.Node], tuple[str, int]]] = {
    nodes.Or: ("or", _OR),
    nodes.And: ("and", _AND),
    nodes.Add: ("+", _ADD),
    nodes.Sub: ("-", _ADD),
    nodes.Mul: ("*", _MULTIPLY),
    nodes.Div: ("/", _MULTIPLY),
    nodes.FloorDiv: ("//", _MULTIPLY),
    nodes.Mod: ("%", _MULTIPLY),
    nodes.Pow: ("**", _POWER),
}
_CONSTANTS: Final[dict[Any, str]] = {None: "none", True: "true", False: "false"}


def unparse(node: nodes.Node) -> str:
    """Return the text of an expression of the template language. Raises KeyError for any other node."""
    return _written(node)[0]


def quoted(text: str, mark: str = "'") -> str:
    """Return a text as a quoted literal of an expression."""
    if mark in text:
        mark = '"' if mark == "'" and '"' not in text else mark
    return mark + text.replace("\\", "\\\\").replace(mark, f"\\{mark}").replace("\n", "\\n") + mark


def _written(node: Any) -> tuple[str, int]:
    if type(node) in _BINARY:
        sign, level = _BINARY[type(node)]
        return f"{_at(node.left, level)} {sign} {_at(node.right, level + 1)}", level
    return _FORMS[type(node)](node)


def _at(node: nodes.Node, level: int) -> str:
    """Return the text of an operand, in brackets if it binds more loosely than `level`."""
    text, own = _written(node)
    return text if own >= level else f"({text})"


def _constant(node: nodes.Const) -> tuple[str, int]:
    value = node.value
    if isinstance(value, str):
        return quoted(value), _ATOM
    return (_CONSTANTS[value] if value is None or isinstance(value, bool) else str(value)), _ATOM


def _choice(node: nodes.CondExpr) -> tuple[str, int]:
    otherwise = f" else {_at(node.expr2, _CHOICE)}" if node.expr2 else ""
    return f"{_at(node.expr1, _OR)} if {_at(node.test, _OR)}{otherwise}", _CHOICE


def _comparison(node: nodes.Compare) -> tuple[str, int]:
    operands = (f" {_COMPARISONS[one.op]} {_at(one.expr, _ADD)}" for one in node.ops)
    return _at(node.expr, _ADD) + "".join(operands), _COMPARE


def _negation(node: nodes.Not) -> tuple[str, int]:
    if isinstance(node.node, nodes.Test):
        text = _test(node.node)[0]
        return text.replace(" is ", " is not ", 1) if text.count(" is ") == 1 else f"not ({text})", _NOT
    return f"not {_at(node.node, _NOT)}", _NOT


def _part(node: nodes.Getitem) -> tuple[str, int]:
    if isinstance(node.arg, nodes.Slice):
        bounds = [unparse(one) if one else "" for one in (node.arg.start, node.arg.stop)]
        step = f":{unparse(node.arg.step)}" if node.arg.step else ""
        return f"{_at(node.node, _ATOM)}[{bounds[0]}:{bounds[1]}{step}]", _ATOM
    return f"{_at(node.node, _ATOM)}[{unparse(node.arg)}]", _ATOM


def _arguments(node: nodes.Filter | nodes.Test | nodes.Call) -> str:
    given = [*map(unparse, node.args), *(f"{one.key}={unparse(one.value)}" for one in node.kwargs)]
    return f"({', '.join(given)})" if given else ""


def _filter(node: nodes.Filter) -> tuple[str, int]:
    value = _at(node.node, _FILTER) if node.node else ""
    return f"{value} | {node.name}{_arguments(node)}", _FILTER


def _test(node: nodes.Test) -> tuple[str, int]:
    return f"{_at(node.node, _FILTER)} is {node.name}{_arguments(node)}", _NOT + 1


def _list(node: nodes.List | nodes.Tuple) -> tuple[str, int]:
    items = ", ".join(map(unparse, node.items))
    if isinstance(node, nodes.List):
        return f"[{items}]", _ATOM
    return f"({items}{',' * (len(node.items) == 1)})", _ATOM


_FORMS: Final[dict[type[nodes.Node], Callable[[Any], tuple[str, int]]]] = {
    nodes.Name: lambda node: (node.name, _ATOM),
    nodes.Const: _constant,
    nodes.Getattr: lambda node: (f"{_at(node.node, _ATOM)}.{node.attr}", _ATOM),
    nodes.Getitem: _part,
    nodes.Call: lambda node: (f"{_at(node.node, _ATOM)}{_arguments(node) or '()'}", _ATOM),
    nodes.List: _list,
    nodes.Tuple: _list,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Not: _negation,
    nodes.Neg: lambda node: (f"-{_at(node.node, _FILTER)}", _SIGN),
    nodes.Pos: lambda node: (f"+{_at(node.node, _FILTER)}", _SIGN),
    nodes.Compare: _comparison,
    nodes.CondExpr: _choice,
    nodes.Concat: lambda node: (" ~ ".join(_at(one, _MULTIPLY) for one in node.nodes), _JOIN),
}
