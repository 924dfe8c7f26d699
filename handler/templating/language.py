"""The small language of templates: what an author can write, and what a dot or a bracket reads.

Jinja's sandbox prevents escapes, but not the use of memory and time; and with method calls, a column named `items`
could not be read. So a template can read data and apply filters, and nothing else (docs/decisions/0004). The result of
each operation is limited and charged (handler/templating/operations.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isinf
from typing import TYPE_CHECKING, Any, Final, cast

from jinja2 import StrictUndefined, TemplateRuntimeError, Undefined, nodes
from jinja2.parser import Parser
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from handler.model import EventData, Locale, Row
from handler.templating import position
from handler.templating.budget import Budget
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.filters import FILTERS, TESTS, filters, loop_elements
from handler.templating.operations import GUARD, Operations
from handler.templating.suggestions import UnknownNameError, suggest
from handler.templating.text import is_huge

if TYPE_CHECKING:
    from handler.templating.kinds import Kind

# More than any message needs, and less than where Jinja or Python fail: Python accepts 100 nested blocks or 200 nested
# brackets, and each level here can become two brackets.
MAX_DEPTH: Final = 50
MAX_NODES: Final = 3_000
MAX_LOOP_DEPTH: Final = 2

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For,
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Filter, nodes.Test, nodes.Keyword, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
)  # fmt: skip
# Other nodes of Jinja, which are refused. Those not listed are statements.
_REFUSED_KINDS: Final[dict[type[nodes.Node], Kind]] = {
    nodes.Dict: "dict_literal",
    nodes.Call: "call",
    nodes.Assign: "set_statement",
    nodes.AssignBlock: "set_statement",
}
# Tags whose nodes have different names.
_TAGS: Final[dict[type[nodes.Node], str]] = {
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.FromImport: "from",
    nodes.ScopedEvalContextModifier: "autoescape",
}
_DATE_PARTS: Final = frozenset({"year", "month", "day", "hour", "minute", "second"})
_MAX_BOUNDS: Final = 3  # of range: from, to, step
_LOOP_PARTS: Final = frozenset({"index", "index0", "first", "last", "length", "revindex", "previtem", "nextitem"})


def forbidden(tree: nodes.Template) -> Diagnosis | None:
    """Return the first part of `tree` that templates cannot use, or None."""
    return _forbidden(tree, loops=0)


def oversized(tree: nodes.Template) -> Diagnosis | None:
    """Return in which way `tree` is too large to compile, or None."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    for number, (node, depth) in enumerate(waiting):  # the list grows in the loop, but not much beyond this limit
        if depth > MAX_DEPTH:
            return Diagnosis("nested_too_deep", limit=MAX_DEPTH, line=node.lineno)
        if number >= MAX_NODES:
            return Diagnosis("too_many_parts", limit=MAX_NODES)
        if isinstance(node, nodes.Const) and isinstance(node.value, int) and is_huge(node.value):
            return Diagnosis("number_too_large", line=node.lineno)
        waiting += ((child, depth + 1) for child in node.iter_child_nodes())
    return None


def _forbidden(node: nodes.Node, loops: int) -> Diagnosis | None:
    loops += isinstance(node, nodes.For)
    if problem := _forbidden_here(node, loops):
        return problem
    return next((problem for child in node.iter_child_nodes() if (problem := _forbidden(child, loops))), None)


def _forbidden_here(node: nodes.Node, loops: int) -> Diagnosis | None:
    line = node.lineno or 0  # some statements have none
    match node:
        case nodes.Filter() | nodes.Test() | nodes.Call() if node.dyn_args or node.dyn_kwargs:
            return Diagnosis("arguments_unpacked", line=line)
        case nodes.Filter() | nodes.Test() | nodes.Call() if repeated := _repeated_argument(node):
            return Diagnosis("argument_repeated", repeated, getattr(node, "name", "range"), line=line)
        case nodes.For() if loops > MAX_LOOP_DEPTH or node.recursive:
            return Diagnosis("loops_too_deep", limit=MAX_LOOP_DEPTH, line=line)
        case nodes.Filter() if node.name not in FILTERS:
            return Diagnosis("filter_unknown", node.name, suggestions=suggest(node.name, FILTERS), line=line)
        case nodes.Test() if node.name not in TESTS:
            return Diagnosis("test_unknown", node.name, suggestions=suggest(node.name, TESTS), line=line)
        case nodes.Const(value=float() as number) if isinf(number):
            return Diagnosis("number_infinite", line=line)
        case nodes.Name(name="self"):
            return Diagnosis("self_used", "self", line=line)
    if isinstance(node, _ALLOWED) or _is_range(node):
        return None
    tag = _TAGS.get(type(node), type(node).__name__.lower())
    return Diagnosis(_REFUSED_KINDS.get(type(node), "statement"), tag, line=line)


def _repeated_argument(node: nodes.Filter | nodes.Test | nodes.Call) -> str:
    """The name of an argument that is given twice, or empty."""
    named = [str(argument.key) for argument in node.kwargs]
    return next((one for one in named if named.count(one) > 1), "")


def _is_range(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "range"


def _range(*bounds: Any, **named: Any) -> Any:
    for bound in bounds:
        if isinstance(bound, Undefined):
            str(bound)  # a strict undefined raises its own message
    if named or not 1 <= len(bounds) <= _MAX_BOUNDS or not all(isinstance(bound, int) for bound in bounds):
        raise DiagnosedError(Diagnosis("range_invalid"))
    if bounds[2:] == (0,):
        raise DiagnosedError(Diagnosis("range_invalid"))
    return loop_elements(range(*bounds))


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """A Jinja environment in which a dot or a bracket reads only data, and every number and text is limited."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self, finalize: Callable[[Any], Any] | None, locale: Locale, budget: Budget) -> None:
        # Not optimized: what Jinja computes during compilation is not charged.
        super().__init__(undefined=StrictUndefined, finalize=finalize, keep_trailing_newline=True, optimized=False)
        self.operations = Operations(budget, self.getitem)
        own = {**filters(locale), **position.LISTS}
        self.filters = {name: self.operations.charged_filter(name, function) for name, function in own.items()}
        self.filters |= {name: self.operations.limit_to_place(function) for name, function in position.FILTERS.items()}
        self.filters |= {GUARD + name: function for name, function in self.operations.guards().items()}
        self.tests = {**{name: self.tests[name] for name in TESTS}, **self.operations.tests()}
        self.globals = {"range": _range}

    def read(self, source: str) -> nodes.Template:
        """Return the tree of a template; raises TemplateSyntaxError, DiagnosedError."""
        try:
            return self.parse(source)
        except ValueError:  # Python refuses numbers of more than 4,300 digits
            raise DiagnosedError(Diagnosis("number_too_large")) from None

    def parse_expression(self, source: str) -> nodes.Expr:
        """Return the tree of a bare expression; raises TemplateSyntaxError, DiagnosedError."""
        parser = Parser(self, source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            after = parser.stream.current
            raise DiagnosedError(Diagnosis("unexpected", str(after.value), line=after.lineno))
        return expression

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a key: `order.items` is the column, even though the value has a method of this name."""
        if isinstance(obj, datetime | date) and attribute in _DATE_PARTS and hasattr(obj, attribute):
            return getattr(obj, attribute)
        if isinstance(obj, LoopContext) and attribute in _LOOP_PARTS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read a key of a row, or an index or slice of a list or a text."""
        if isinstance(obj, Undefined):
            return obj[argument]  # raises its own message
        if isinstance(argument, Undefined):
            str(argument)  # raises its own message
        if isinstance(obj, Mapping) and isinstance(argument, str | int):
            absent: Kind = "data_absent" if isinstance(obj, EventData) else "key_absent"
            return obj[argument] if argument in obj else self._undefined(Diagnosis(absent), argument, obj)
        if isinstance(obj, list | tuple | str | range) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self._undefined(Diagnosis("element_absent"), argument)
        # Not for a list: converting deeply repeated lists to text takes practically forever.
        part = argument if isinstance(argument, str | int) else "such part"
        return self._undefined(Diagnosis("part_absent", owner=type_of(obj)), part)

    def _undefined(self, diagnosis: Diagnosis, name: str | int | slice, within: Any = None) -> Undefined:
        """An undefined value, which raises its error when it is used. It suggests a Row's columns, never other keys."""

        def error(_message: str | None) -> UnknownNameError:
            known = within if isinstance(within, Row) and within.named else None
            return UnknownNameError(diagnosis, name, known)

        return self.undefined(exc=cast("type[TemplateRuntimeError]", error))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's
        """Compute with decimals; refuse a huge number or text before it is made."""
        return self.operations.binary(operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:  # noqa: ARG002 - Jinja's
        """Compute the sign of a number."""
        return self.operations.unary(operator, arg)
