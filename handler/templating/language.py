"""The small language of templates: what may be written, what a dot reaches, and how far arithmetic goes.

Jinja's sandbox stops code from escaping, not from eating memory or time; and method calls make a column named `items`
a trap. So a template may read data and apply filters, and do nothing else (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isinf
from typing import Any, Final, cast

from jinja2 import StrictUndefined, TemplateRuntimeError, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from handler.errors import TemplateError
from handler.model import Locale, Row
from handler.templating import position
from handler.templating.filters import FILTERS, TESTS, each, filters
from handler.templating.nearest import UnknownNameError, nearest
from handler.templating.text import Mrkdwn

# Far above what a message needs, far below what a worker notices.
MAX_SEQUENCE: Final = 10_000  # characters or elements that `*` may make
MAX_DIGITS: Final = 100  # of a number that `*` or `**` may make
MAX_LOOP_DEPTH: Final = 2

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For,
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Filter, nodes.Test, nodes.Keyword, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
)  # fmt: skip
_INSTEAD: Final[dict[type[nodes.Node], str]] = {
    nodes.Dict: "{ } literals; name one value after the other",
    nodes.Call: "a call; use a filter: {{ name | upper }}",
    nodes.Assign: "{% set %}; compute it in the SQL, or write the expression where it is used",
    nodes.AssignBlock: "{% set %}; compute it in the SQL, or write the expression where it is used",
}
_EACH: Final = "each element"  # the blank keeps it out of templates' reach
_DATE_PARTS: Final = frozenset({"year", "month", "day", "hour", "minute", "second"})
_LOOP_PARTS: Final = frozenset({"index", "index0", "first", "last", "length", "revindex", "previtem", "nextitem"})


def forbidden(tree: nodes.Template) -> str:
    """Return what in `tree` templates may not use, as a phrase with what to write instead; empty if all is well."""
    return _forbidden(tree, loops=0)


def _forbidden(node: nodes.Node, loops: int) -> str:
    loops += isinstance(node, nodes.For)
    if problem := _problem(node, loops):
        return problem
    return next((problem for child in node.iter_child_nodes() if (problem := _forbidden(child, loops))), "")


def _problem(node: nodes.Node, loops: int) -> str:
    match node:
        case nodes.Filter() | nodes.Test() | nodes.Call() if node.dyn_args or node.dyn_kwargs:
            return "templates cannot use * and ** before an argument; write each argument"
        case nodes.For() if loops > MAX_LOOP_DEPTH or node.recursive:
            return f"loops may stand in one another {MAX_LOOP_DEPTH} deep, and may not call themselves"
        case nodes.Filter() if node.name not in FILTERS:
            return f"there is no filter {node.name}; {nearest(node.name, FILTERS)}"
        case nodes.Test() if node.name not in TESTS:
            return f"there is no test {node.name}; {nearest(node.name, TESTS)}"
        case nodes.Const(value=float() as number) if isinf(number):
            return "a number is too large"
        case nodes.Name(name="self"):
            return "templates cannot use self"
    if isinstance(node, _ALLOWED) or _is_range(node):
        return ""
    return "templates cannot use " + _INSTEAD.get(type(node), f"{{% {type(node).__name__.lower()} %}}")


def _is_range(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "range"


def bound_loops(tree: nodes.Template) -> None:
    """Let every loop of `tree` pass filters.MAX_ELEMENTS elements at most: two in one another must not take seconds."""
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _EACH, [], [], None, None)


def _range(*bounds: int) -> Any:
    return each(range(*bounds))


class Language(ImmutableSandboxedEnvironment):
    """A Jinja environment in which a dot or a bracket reaches data alone, and every number and text is bounded."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, finalize: Callable[[Any], Any] | None, locale: Locale) -> None:
        super().__init__(undefined=StrictUndefined, finalize=finalize, keep_trailing_newline=False)
        self.filters = {**filters(locale), **position.FILTERS, _EACH: each}
        self.tests = {name: self.tests[name] for name in TESTS}
        self.globals = {"range": _range}

    def expression(self, source: str) -> Callable[..., Any]:
        """Compile a bare expression; an undefined result is an error, not None, and markup is its plain text."""
        run = self.compile_expression(source, undefined_to_none=False)

        def evaluate(**context: object) -> Any:
            value = run(**context)
            if isinstance(value, Undefined):
                str(value)  # a strict undefined raises its own message
            return value.plain if isinstance(value, Mrkdwn) else value

        return evaluate

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`order.items` is the column, whatever methods the value has."""
        if isinstance(obj, datetime | date) and attribute in _DATE_PARTS and hasattr(obj, attribute):
            return getattr(obj, attribute)
        if isinstance(obj, LoopContext) and attribute in _LOOP_PARTS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A key of a row, or a place or slice of a list or a text."""
        if isinstance(obj, Undefined):
            return obj[argument]  # raises its own message
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self._unknown("there is no {}", argument, obj)
        if isinstance(obj, list | tuple | str | range) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self._unknown("there is no element {}", argument)
        return self._unknown(_kind(obj) + " has no {}", argument)

    def _unknown(self, words: str, name: object, within: Any = None) -> Undefined:
        """What is undefined, and says so when it is used. Of a Row it suggests names; other keys are data."""

        def error(_message: str | None) -> UnknownNameError:
            known = within if isinstance(within, Row) and within.named else None
            return UnknownNameError("TEMPLATE_UNDEFINED", words, name, known)

        return self.undefined(exc=cast("type[TemplateRuntimeError]", error))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Count in decimals, and refuse what would make a huge number or text before it is made."""
        left, right = _decimal(left), _decimal(right)
        if operator == "%" and isinstance(left, str):
            raise TemplateError("TEMPLATE_FORBIDDEN", "% is for numbers; put a text together with ~")
        if operator == "*" and _length(left, right) > MAX_SEQUENCE:
            raise TemplateError("TEMPLATE_LIMIT", f"* may make {MAX_SEQUENCE} characters")
        if operator in ("*", "**") and _digits(operator, left, right) > MAX_DIGITS:
            raise TemplateError("TEMPLATE_LIMIT", f"{operator} may make numbers of {MAX_DIGITS} digits")
        return _decimal(super().call_binop(context, operator, left, right))


def _decimal(value: Any) -> Any:
    """A float can only come from a literal or a division: rows hold Decimals, which do not mix with floats."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _length(left: Any, right: Any) -> int:
    """The length of what `text * times` makes; 0 for numbers."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * times
    return 0


def _digits(operator: str, left: Any, right: Any) -> float:
    if not isinstance(left, int | Decimal) or not isinstance(right, int | Decimal):
        return 0
    if operator == "**":
        return _magnitude(left) * abs(float(right))
    return _magnitude(left) + _magnitude(right)


def _magnitude(number: int | Decimal) -> int:
    """The digits of a number before and after its point, as an upper bound."""
    return number.bit_length() // 3 + 1 if isinstance(number, int) else abs(number.adjusted()) + 1


def _kind(value: Any) -> str:
    return "an empty value" if value is None else f"a {type(value).__name__}"
