"""Corrects an expression that can be parsed, in its syntax tree: brackets before a filter, `~` for `+`, and so on.

Each function takes the text of an expression and returns the corrected one; empty if there is nothing to correct.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from cli.compiler.unparse import unparse
from handler.templating import FILTERS

_READER: Final = Environment(autoescape=False)  # noqa: S701 - it reads expressions, and never renders one
_ARITHMETIC: Final = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
_ORDER: Final = {"gt": ">", "gteq": ">=", "lt": "<", "lteq": "<="}
# Filters that turn a number or a time into a text, with which nothing can be computed.
FORMATS: Final = frozenset({"ago", "date", "datetime", "money", "number", "plural", "time", "weekday"})
# Functions of other languages, in small letters, with the number of arguments -> an expression here.
_FUNCTIONS: Final[dict[tuple[str, int], Callable[..., nodes.Expr]]] = {
    ("if", 3): nodes.CondExpr,
    ("iff", 3): nodes.CondExpr,
    ("concat", 2): lambda *texts: nodes.Concat([*texts]),
    ("concat", 3): lambda *texts: nodes.Concat([*texts]),
    ("coalesce", 2): lambda value, instead: _filter(value, "default", instead),
    ("ifnull", 2): lambda value, instead: _filter(value, "default", instead),
    ("len", 1): lambda value: _filter(value, "length"),
    ("count", 1): lambda value: _filter(value, "length"),
    ("size", 1): lambda value: _filter(value, "length"),
    ("str", 1): lambda value: value,
    ("now", 0): lambda: nodes.Name("now", "load"),
}  # fmt: skip


def parsed(code: str) -> nodes.Expr | None:
    """Return the tree of an expression; None if it cannot be parsed."""
    try:
        parser = Parser(_READER, code, state="variable")
        tree = parser.parse_expression()
    except (TemplateSyntaxError, ValueError, RecursionError):
        return None
    return tree if parser.stream.eos else None


def rewritten(code: str, transformer: NodeTransformer) -> str:
    """Return an expression as changed by `transformer`; empty if nothing changes."""
    tree = parsed(code)
    before = parsed(code)
    if tree is None:
        return ""
    changed = transformer.visit(tree)
    try:
        return "" if changed == before else unparse(changed)
    except KeyError:  # an element that templates do not allow
        return ""


def bracketed(code: str) -> str:
    """`(a * b) | money('EUR')` for `a * b | money('EUR')`."""
    return rewritten(code, _Brackets())


def misread(code: str) -> str:
    """Like `bracketed`, but only where nothing else can be meant: a number is combined with a formatted one."""
    return rewritten(code, _Brackets(_is_misread))


def joined(code: str) -> str:
    """`a ~ b` for `a + b`, everywhere in the expression."""
    return rewritten(code, _Joins())


def unformatted(code: str) -> str:
    """`a > 100` for `a > 100 | money('EUR')`: the filter would turn a compared number into a text."""
    return rewritten(code, _Comparisons())


def as_expression(code: str) -> str:
    """`b if a else c` for `IF(a, b, c)`, and the like for other functions of SQL and of spreadsheets."""
    return rewritten(code, _Functions())


def with_else(code: str) -> str:
    """`a if b else '-'` for `a if b`."""
    return rewritten(code, _Elses())


def with_default(code: str) -> str:
    """Return the expression with `default('-')`, which is shown if it is empty."""
    tree = parsed(code)
    return unparse(_filter(tree, "default", nodes.Const("-"))) if tree else ""


def guarded(code: str, owner: str, *, bare: bool) -> str:
    """`a.b if a else '-'` for `a.b`, or `a and a.b` where the expression is `bare`, such as a condition.

    If `owner` is used only in the condition of an `if`, that condition is guarded.
    """
    tree, guard = parsed(code), parsed(owner)
    if tree is None or guard is None:
        return ""
    match tree:
        case nodes.CondExpr() if not _uses(tree.expr1, owner) and _uses(tree.test, owner):
            tree.test = nodes.And(guard, tree.test)
        case nodes.CondExpr() if _uses(tree.expr1, owner):
            tree.test = nodes.And(guard, tree.test)
            tree.expr2 = tree.expr2 or nodes.Const("-")
        case nodes.CondExpr(expr2=nodes.Expr() as last):
            tree.expr2 = nodes.CondExpr(guard, last, nodes.Const("-"))
        case _ if bare:
            tree = nodes.And(guard, tree)
        case _:
            tree = nodes.CondExpr(guard, tree, nodes.Const("-"))
    try:
        return unparse(tree)
    except KeyError:
        return ""


def _uses(node: nodes.Node | None, owner: str) -> bool:
    """Return whether an expression reads an attribute of `owner`."""
    return node is not None and any(isinstance(one, nodes.Getattr) and unparse(one.node) == owner for one in _all(node))


def with_zero(code: str) -> str:
    """`(a.b | default(0)) + 1` for `a.b + 1`: 0 for each operand that may be empty."""
    return rewritten(code, _Zeros())


def with_numbers(code: str) -> str:
    """`a > 100` for `a > '100'`: removes quotes around a number that is compared or computed with."""
    return rewritten(code, _Numbers())


def with_first(code: str, owner: str) -> str:
    """`(items | first).name` for `items.name`."""
    changed = re.sub(rf"(?<![\w.]){re.escape(owner)}(?=\.\w)", f"({owner} | first)", code)
    return "" if changed == code else changed


def renamed(code: str, name: str, right: str) -> str:
    """Return an expression with a name replaced by another name or expression; empty if it does not use the name."""
    pattern = rf"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?<![\w.]){re.escape(name)}(?!\w)(?!\s*=[^=])"
    changed = re.sub(pattern, lambda match: match[1] or right, code)
    return "" if changed == code else changed


def with_column(code: str, owner: str, column: str, right: str) -> str:
    """Return an expression with another column of `owner`; empty if it does not use this one."""
    changed = re.sub(rf"(?<![\w.])({re.escape(owner)}\.){re.escape(column)}\b", rf"\g<1>{right}", code)
    return "" if changed == code else changed


def renamed_part(code: str, path: str, right: str) -> str:
    """Return an expression with a path such as `order.note.x` replaced; empty if it does not use the path."""
    changed = re.sub(rf"(?<![\w.]){re.escape(path)}\b", right, code)
    return "" if changed == code else changed


def columns(code: str) -> Iterator[tuple[str, str]]:
    """Yield each `name.column` of an expression, once."""
    tree = parsed(code)
    found: dict[tuple[str, str], None] = {}
    for node in _all(tree) if tree else ():
        match node:
            case (
                nodes.Getattr(node=nodes.Name(name=name), attr=column)
                | nodes.Getitem(node=nodes.Name(name=name), arg=nodes.Const(value=str() as column))
            ):
                found[name, column] = None
    yield from found


def names(code: str) -> frozenset[str]:
    """Return the names that an expression uses."""
    tree = parsed(code)
    found = {node.name for node in _all(tree) if isinstance(node, nodes.Name)} if tree else set()
    return frozenset(found - {"range"})


def filters(code: str) -> Iterator[nodes.Filter]:
    """Yield each filter of an expression, the outermost first."""
    tree = parsed(code)
    if tree:
        yield from filters_of(tree)


def filters_of(tree: nodes.Expr) -> Iterator[nodes.Filter]:
    """Yield each filter of a tree, the outermost first."""
    yield from (node for node in _all(tree) if isinstance(node, nodes.Filter))


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _filter(value: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, [*arguments], [], None, None)


def _innermost(node: Any) -> nodes.Filter:
    """Return the first filter of a chain: `round` in `x | round | money('EUR')`."""
    while isinstance(node.node, nodes.Filter):
        node = node.node
    return node  # type: ignore[no-any-return]


def _is_misread(node: Any) -> bool:
    """Return whether the right operand is a formatted number, or a literal number with a filter."""
    value = _innermost(node.right).node
    is_number = isinstance(value, nodes.Const) and isinstance(value.value, int | float)
    if isinstance(node, nodes.Add):  # with a text on its left, a `+` joins, and that is right
        return is_number and not isinstance(node.left, nodes.Const | nodes.Filter | nodes.Add)
    return is_number or any(one.name in FORMATS for one in (node.right, _innermost(node.right)))


class _Brackets(NodeTransformer):
    """Moves the filters of a right operand to the whole operation, innermost first."""

    def __init__(self, is_meant: Callable[[nodes.BinExpr], bool] = lambda _: True) -> None:
        self._is_meant = is_meant

    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        node = super().generic_visit(node, *args, **kwargs)
        match node:
            case nodes.BinExpr() if isinstance(node, _ARITHMETIC) and _is_known_filter(node.right):
                if self._is_meant(node):
                    return self._around(node)
            case nodes.CondExpr(expr2=nodes.Filter() as last) if _is_known_filter(last) and _is_plain_choice(node):
                inner: Any = _innermost(last)
                node.expr2, inner.node = inner.node, node
                return last
        return node

    def _around(self, node: Any) -> nodes.Node:
        outer, inner = node.right, _innermost(node.right)
        node.right, inner.node = inner.node, node
        return outer  # type: ignore[no-any-return]


def _is_known_filter(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Filter) and node.name in FILTERS


def _is_plain_choice(node: nodes.CondExpr) -> bool:
    """Return whether a conditional chooses between a value and a literal number, and only the number is formatted."""
    inner = _innermost(node.expr2).node
    is_number = isinstance(inner, nodes.Const) and isinstance(inner.value, int | float)
    return is_number and isinstance(node.expr1, nodes.Getattr | nodes.BinExpr)


class _Joins(NodeTransformer):
    def visit_Add(self, node: nodes.Add) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        parts = [*(one for side in (node.left, node.right) for one in _texts(side))]
        return nodes.Concat(parts)


def _texts(node: nodes.Expr) -> list[nodes.Expr]:
    return node.nodes if isinstance(node, nodes.Concat) else [node]


class _Comparisons(NodeTransformer):
    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        if any(one.op in _ORDER for one in node.ops):
            node.expr = _plain(node.expr)
            for operand in node.ops:
                operand.expr = _plain(operand.expr)
        return node


def _plain(node: nodes.Expr) -> nodes.Expr:
    while isinstance(node, nodes.Filter) and node.name in FORMATS and node.node:
        node = node.node
    return node


_COMPUTED: Final = (nodes.Getattr, nodes.Getitem, nodes.Name)


class _Zeros(NodeTransformer):
    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        node = super().generic_visit(node, *args, **kwargs)
        if isinstance(node, _ARITHMETIC):
            node.left, node.right = _or_zero(node.left), _or_zero(node.right)
        if isinstance(node, nodes.Neg | nodes.Pos):
            node.node = _or_zero(node.node)
        if isinstance(node, nodes.Compare) and any(one.op in _ORDER for one in node.ops):
            node.expr = _or_zero(node.expr)
            for operand in node.ops:
                operand.expr = _or_zero(operand.expr)
        return node


def _or_zero(node: nodes.Expr) -> nodes.Expr:
    return _filter(node, "default", nodes.Const(0)) if isinstance(node, _COMPUTED) else node


class _Numbers(NodeTransformer):
    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        node = super().generic_visit(node, *args, **kwargs)
        if isinstance(node, _ARITHMETIC):
            node.left, node.right = _number(node.left), _number(node.right)
        if isinstance(node, nodes.Compare) and any(one.op in _ORDER for one in node.ops):
            node.expr = _number(node.expr)
            for operand in node.ops:
                operand.expr = _number(operand.expr)
        return node


def _number(node: nodes.Expr) -> nodes.Expr:
    text = node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text):
        return node
    return nodes.Const(float(text) if "." in text else int(text))


class _Functions(NodeTransformer):
    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        name = node.node.name.lower() if isinstance(node.node, nodes.Name) else ""
        make = None if node.kwargs else _FUNCTIONS.get((name, len(node.args)))
        return make(*node.args) if make else node


class _Elses(NodeTransformer):
    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        node.expr2 = node.expr2 or nodes.Const("-")
        return node
