"""Limits the result of each operation of a template before it is computed, and charges it to the budget.

Every operation passes through this module: Jinja's sandbox calls it for arithmetic, each filter and test has a wrapper,
and `insert_guards` adds a filter wherever Jinja would generate plain Python (`~`, comparisons, slices, loops). A new
filter is limited like the others: it never gets a text that is longer than a message.
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
from handler.templating.budget import MAX_SEQUENCE, MAX_TEXT, Budget, clip, join_clipped
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.filters import loop_elements
from handler.templating.graphemes import cut
from handler.templating.text import Mrkdwn, show

GUARD: Final = "checked "  # the space keeps these filters out of templates' reach
# Filters that get a text of any length, uncut. They never return a longer one.
UNCLIPPED: Final = frozenset({"default", "first", "last", "length", "mask"})


def insert_guards(tree: nodes.Template) -> None:
    """Wrap each operation in `tree` for which Jinja would generate plain Python in a filter of `Operations.guards`."""
    _GuardInserter().visit(tree)


class _GuardInserter(NodeTransformer):
    """Replaces nodes, the innermost first."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        return _guard("concat", nodes.List(node.nodes))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        node.expr = _guard("compared", node.expr)
        for operand in node.ops:
            operand.expr = _guard("compared", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _guard("slice", node.node, *(one or nodes.Const(None) for one in bounds))

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        """Make it a list. A tuple can be a key, and hashing deeply repeated tuples takes practically forever."""
        self.generic_visit(node)
        return nodes.List(node.items, lineno=node.lineno) if node.ctx == "load" else node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja finds it by this name
        self.generic_visit(node)
        node.iter = _guard("each", node.iter)
        return node


def _guard(name: str, value: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", value), GUARD + name, list(arguments), [], None, None, lineno=value.lineno)


class Operations:
    """The operations of one environment. `getitem` reads a part of a value, as the environment does."""

    def __init__(self, budget: Budget, getitem: Callable[[Any, Any], Any]) -> None:
        self._budget = budget
        self._getitem = getitem

    def limit_to_place(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a filter that adapts a value to its place; it gets no more of a text than the message can show."""
        charge_value, budget = self._budget.charge_value, self._budget

        def fitted(value: Any) -> Any:
            return charge_value(function(clip(value, budget.text_limit)))

        return fitted

    def charged_filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter with clipped texts and a charged result. It refuses lists and rows as arguments."""
        charge_value = self._budget.charge_value
        leading = 1 + hasattr(function, "jinja_pass_arg")  # the value, and the argument that Jinja may pass before it
        is_unclipped = name in UNCLIPPED
        takes_anything = name == "default"

        @wraps(function)
        def counted(*values: Any, **named: Any) -> Any:
            if takes_anything:
                return charge_value(function(*values, **named))
            if len(values) > leading or named:
                _refuse_collections(name, (*values[leading:], *named.values()))
                values = (*values[:leading], *map(clip, values[leading:]))
                named = {key: clip(value) for key, value in named.items()}
            if not is_unclipped:
                values = (*map(clip, values[:leading]), *values[leading:])
            return charge_value(clip(function(*values, **named)))

        return counted

    def guards(self) -> dict[str, Callable[..., Any]]:
        """Return the filters that `insert_guards` puts into templates, by name."""
        return {"concat": self._concat, "compared": self._compared, "slice": self._slice, "each": loop_elements}

    def tests(self) -> dict[str, Callable[..., Any]]:
        """Return the tests that compute something. In plain Jinja, `'%9d' is even` would format a text."""
        return {
            "even": lambda value: _number(value) % 2 == 0,
            "odd": lambda value: _number(value) % 2 == 1,
            "in": lambda value, known: self._compared(value) in self._compared(known),
        }

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        """Compute an operator with decimals, after checking the size of the text, list or number that it makes."""
        left, right = arithmetic.decimal(left), arithmetic.decimal(right)
        if sign == "%" and isinstance(left, str):
            raise DiagnosedError(Diagnosis("percent_on_text"))
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return self._budget.charge_value(join_clipped((left, right)))
        if sign == "+" and isinstance(left, list) and isinstance(right, list):
            self._budget.charge_list(len(left) + len(right))
        if sign == "*" and (size := _repeated_length(left, right)):
            if size > MAX_SEQUENCE:
                raise DiagnosedError(Diagnosis("repeat_too_long", limit=MAX_SEQUENCE))
            self._budget.charge_list(size)
        self._budget.charge(1)
        try:
            return arithmetic.binary(sign, left, right)
        except TypeError:
            raise DiagnosedError(Diagnosis("operands", sign, type_of(left), type_of(right))) from None

    def unary(self, sign: str, value: Any) -> Any:
        """Apply the sign `+` or `-` to a number."""
        self._budget.charge(1)
        try:
            return arithmetic.unary(sign, value)
        except TypeError:
            raise DiagnosedError(Diagnosis("operand", sign, type_of(value))) from None

    def _concat(self, values: list[Any]) -> str:
        return self._budget.charge_value(join_clipped(show(clip(value)) for value in values))  # type: ignore[no-any-return]

    def _compared(self, value: Any) -> Any:
        self._budget.charge_comparison(value)
        return value

    def _slice(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        value = value.plain if isinstance(value, Mrkdwn) else value
        if not isinstance(value, str | list | tuple | range):
            return self._getitem(value, slice(start, stop, step))  # this raises the right error
        places = range(*_bounds(slice(start, stop, step), len(value)))
        if isinstance(value, str):
            return self._budget.charge_value(_characters(value, places))
        self._budget.charge_list(len(places))
        return [value[place] for place in places]


def _refuse_collections(name: str, arguments: Sequence[Any]) -> None:
    for argument in arguments:
        if isinstance(argument, list | tuple | dict):
            raise DiagnosedError(Diagnosis("argument_not_plain", owner=name))


def _bounds(bounds: slice[Any, Any, Any], size: int) -> tuple[int, int, int]:
    for bound in (bounds.start, bounds.stop, bounds.step):
        if isinstance(bound, Undefined):
            str(bound)  # a strict undefined raises its own message
    try:
        return bounds.indices(size)
    except (TypeError, ValueError):  # bounds that are not whole numbers, or a step of 0
        raise DiagnosedError(Diagnosis("slice_invalid")) from None


def _characters(text: str, places: range) -> str:
    """The characters at these places, cut to MAX_TEXT."""
    if places.step == 1:
        return cut(text[places.start : min(places.stop, places.start + MAX_TEXT + 1)], MAX_TEXT)
    return cut("".join(text[place] for place in islice(places, MAX_TEXT + 1)), MAX_TEXT)


def _number(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # a strict undefined raises its own message
    if not isinstance(value, int | Decimal | float):
        raise DiagnosedError(Diagnosis("not_a_number"))
    return value


def _repeated_length(left: Any, right: Any) -> int:
    """The length of the result of `text * times`; 0 for numbers."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * times
    return 0
