"""Limits the result of each operation of a template before it is made, and charges it to the budget.

Every operation passes through this module: Jinja's sandbox calls it for arithmetic, each filter and test has a wrapper,
and `check` puts a filter in the place of what Jinja would write as plain Python (`~`, comparisons, slices). A new
filter is limited like the others: it gets no text that is longer than a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import wraps
from itertools import islice
from typing import Any, Final, cast

from jinja2 import Undefined, nodes
from jinja2.visitor import NodeTransformer

from handler.templating import arithmetic
from handler.templating.budget import MAX_SEQUENCE, MAX_TEXT, Budget, clipped, joined
from handler.templating.cutting import cut
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.filters import each
from handler.templating.text import Mrkdwn, show

CHECKED: Final = "checked "  # the blank keeps these filters out of templates' reach
# Filters that get a text of any length uncut, and never return a longer one.
WHOLE: Final = frozenset({"default", "first", "last", "length", "mask"})


def check(tree: nodes.Template) -> None:
    """Put a filter of `Operations.checked` around each operation in `tree` that Jinja would write as plain Python."""
    _Checks().visit(tree)


class _Checks(NodeTransformer):
    """Replaces nodes from the innermost outwards."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        return _call("concat", nodes.List(node.nodes))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        node.expr = _call("compared", node.expr)
        for operand in node.ops:
            operand.expr = _call("compared", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _call("slice", node.node, *(one or nodes.Const(None) for one in bounds))

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        """A list: a tuple can be a key, and hashing one that contains another one again and again never ends."""
        self.generic_visit(node)
        return nodes.List(node.items, lineno=node.lineno) if node.ctx == "load" else node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        node.iter = _call("each", node.iter)
        return node


def _call(name: str, value: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", value), CHECKED + name, list(arguments), [], None, None, lineno=value.lineno)


class Operations:
    """The operations of one environment. `getitem` is how it reaches a part of a value."""

    def __init__(self, budget: Budget, getitem: Callable[[Any, Any], Any]) -> None:
        self._budget = budget
        self._getitem = getitem

    def placed(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a filter that fits a value to its place, and is given no more of it than the text has room for."""
        made, budget = self._budget.made, self._budget

        def fitted(value: Any) -> Any:
            return made(function(clipped(value, budget.room)))

        return fitted

    def filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter that takes no text longer than a message, nor lists beside its value, and that is charged."""
        made = self._budget.made
        own = 1 + hasattr(function, "jinja_pass_arg")  # the value, and what Jinja puts before it
        whole = name in WHOLE
        anything = name == "default"

        @wraps(function)
        def counted(*values: Any, **named: Any) -> Any:
            if anything:
                return made(function(*values, **named))
            if len(values) > own or named:
                _require_plain(name, (*values[own:], *named.values()))
                values = (*values[:own], *map(clipped, values[own:]))
                named = {key: clipped(value) for key, value in named.items()}
            if not whole:
                values = (*map(clipped, values[:own]), *values[own:])
            return made(clipped(function(*values, **named)))

        return counted

    def checked(self) -> dict[str, Callable[..., Any]]:
        """Return the filters that `check` puts into templates, by name."""
        return {"concat": self._concat, "compared": self._compared, "slice": self._slice, "each": each}

    def tests(self) -> dict[str, Callable[..., Any]]:
        """Return the tests that compute something; `'%9d' is even` would be formatting."""
        return {
            "even": lambda value: _number(value) % 2 == 0,
            "odd": lambda value: _number(value) % 2 == 1,
            "in": lambda value, known: self._compared(value) in self._compared(known),
        }

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        """Count in decimals, and bound texts, lists and numbers before they are made."""
        left, right = arithmetic.decimal(left), arithmetic.decimal(right)
        if sign == "%" and isinstance(left, str):
            raise DiagnosedError(Diagnosis("percent_on_text"))
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return self._budget.made(joined((left, right)))
        if sign == "+" and isinstance(left, list) and isinstance(right, list):
            self._budget.list_of(len(left) + len(right))
        if sign == "*" and (size := _length(left, right)):
            if size > MAX_SEQUENCE:
                raise DiagnosedError(Diagnosis("repeat_too_long", limit=MAX_SEQUENCE))
            self._budget.list_of(size)
        self._budget.charge(1)
        try:
            return arithmetic.binary(sign, left, right)
        except TypeError:
            raise DiagnosedError(Diagnosis("operands", sign, type_of(left), type_of(right))) from None

    def unary(self, sign: str, value: Any) -> Any:
        """Put a sign before a number."""
        self._budget.charge(1)
        try:
            return arithmetic.unary(sign, value)
        except TypeError:
            raise DiagnosedError(Diagnosis("operand", sign, type_of(value))) from None

    def _concat(self, values: list[Any]) -> str:
        return self._budget.made(joined(show(clipped(value)) for value in values))  # type: ignore[no-any-return]

    def _compared(self, value: Any) -> Any:
        self._budget.compared(value)
        return value

    def _slice(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        value = value.plain if isinstance(value, Mrkdwn) else value
        if not isinstance(value, str | list | tuple | range):
            return self._getitem(value, slice(start, stop, step))  # this raises the right error
        places = range(*_bounds(slice(start, stop, step), len(value)))
        if isinstance(value, str):
            return self._budget.made(_part(value, places))
        self._budget.list_of(len(places))
        return [value[place] for place in places]


def _require_plain(name: str, arguments: Sequence[Any]) -> None:
    for argument in arguments:
        if isinstance(argument, list | tuple | dict):
            raise DiagnosedError(Diagnosis("argument_not_plain", owner=name))


def _bounds(bounds: slice[Any, Any, Any], size: int) -> tuple[int, int, int]:
    for bound in (bounds.start, bounds.stop, bounds.step):
        if isinstance(bound, Undefined):
            str(bound)  # a strict undefined raises its own message
    try:
        return bounds.indices(size)
    except (TypeError, ValueError):  # no whole numbers, or a step of 0
        raise DiagnosedError(Diagnosis("slice_invalid")) from None


def _part(text: str, places: range) -> str:
    """The characters at these places, as far as a message can show them."""
    if places.step == 1:
        return cut(text[places.start : min(places.stop, places.start + MAX_TEXT + 1)], MAX_TEXT)
    return cut("".join(text[place] for place in islice(places, MAX_TEXT + 1)), MAX_TEXT)


def _number(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # a strict undefined raises its own message
    if not isinstance(value, int | Decimal | float):
        raise DiagnosedError(Diagnosis("not_a_number"))
    return value


def _length(left: Any, right: Any) -> int:
    """The length of what `text * times` makes; 0 for numbers."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * times
    return 0
