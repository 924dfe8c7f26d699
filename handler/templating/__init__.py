"""Templates: string leaves in a small, bounded Jinja, each rendered for the one context in which Slack reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from sys import getsizeof
from typing import Any, Final, TypeVar

from jinja2 import TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.meta import TrackingCodeGenerator

from handler.frozen import frozen
from handler.model import Leaf, LeafContext, Locale, Value
from handler.templating import budget, operations, position
from handler.templating.budget import Budget
from handler.templating.cutting import cut
from handler.templating.diagnosis import DiagnosedError as DiagnosedError
from handler.templating.diagnosis import Diagnosis as Diagnosis
from handler.templating.explaining import EXHAUSTED as EXHAUSTED
from handler.templating.explaining import LongAddressError as LongAddressError
from handler.templating.explaining import diagnosed
from handler.templating.explaining import explained as explained
from handler.templating.explaining import explaining as explaining
from handler.templating.filters import FILTERS as FILTERS
from handler.templating.fitting import Shown, fitted
from handler.templating.language import Language, forbidden, oversized
from handler.templating.nearest import near
from handler.templating.nearest import nearest as nearest
from handler.templating.text import FINALIZERS, Finalizers, Mrkdwn, show

# Of a leaf; its own words are a mistake in the template where they are more, and values are cut.
MAX_OUTPUT: Final = budget.MAX_TEXT

T = TypeVar("T")
Context = Mapping[str, Value]
_UTC: Final = Locale()
_RESULT: Final = "result"  # the name under which Jinja keeps the value of an expression


@frozen
class _Compiled:
    """A leaf ready to run, and the top-level names that it uses."""

    run: Callable[[Context], Any]
    names: frozenset[str]


class Templates:
    """Compiles leaves on first use, and keeps them for the life of the execution environment. For one thread.

    Whatever a leaf does counts against `budget`: within `budget.notification()` all leaves together, else each alone.
    """

    def __init__(self, finalizers: Finalizers = FINALIZERS, locale: Locale = _UTC) -> None:
        self.locale = locale
        self.budget = Budget()
        self._shorter = {context: _shorter(context, finalize) for context, finalize in finalizers.items()}
        self._languages = {
            context: Language(self._showing(context, finalize), locale, self.budget)
            for context, finalize in finalizers.items()
        }
        self._compiled: dict[Leaf, _Compiled] = {}

    def check(self, leaf: Leaf) -> frozenset[str]:
        """Return the names that a leaf takes from its context; raises DiagnosedError where it is not allowed."""
        return self._counted(leaf, lambda compiled: compiled.names)

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        """Return the text of a leaf, escaped for its context.

        Where it is longer than `limit` (MAX_OUTPUT without one) its values are cut, the longest first, each with a
        visible mark; the template's own words are not. A text whose own words are too many stays too long, and more
        than MAX_OUTPUT of them raise TEMPLATE_LIMIT. An address is never cut: it raises LongAddressError.
        """
        self.budget.room = size = MAX_OUTPUT if limit is None else limit

        def text(compiled: _Compiled) -> str:
            made = fitted(compiled.run(context), size, self._shorter[leaf.context])
            if leaf.context == "url" and len(made) > size:
                raise _too_long(size)
            return made

        return self._counted(leaf, text)

    def evaluate(self, leaf: Leaf, context: Context) -> Value:
        """Return the value of a bare expression, such as `when` or `bind`."""
        value: Value = self._counted(leaf, lambda compiled: compiled.run(context))
        return value

    def _counted(self, leaf: Leaf, work: Callable[[_Compiled], T]) -> T:
        """Work with a leaf within the budget; every error names its place."""
        try:
            if self.budget.is_running:
                return work(self._get(leaf))
            with self.budget.running():
                return work(self._get(leaf))
        except Exception as error:  # noqa: BLE001 - whatever an author's text makes Python raise
            raise explained(error, leaf.where, leaf.source) from None

    def _showing(self, context: LeafContext, finalize: Callable[[Any], str] | None) -> Callable[..., Any] | None:
        """The same finalizer, which shows no more of a value than there is room for, and remembers the value."""
        if finalize is None:
            return None
        is_address = context == "url"
        charge = self.budget.charge

        @pass_context  # so that Jinja does not call it, uncounted, while it compiles
        def showing(_: Any, value: Any) -> Shown:
            room = self.budget.room
            if isinstance(value, str) and len(value) > room:
                if is_address:
                    raise _too_long(room)
                value = cut(value, room)
            text = finalize(value)
            charge(getsizeof(text))
            return Shown(text, value)

        return showing

    def _get(self, leaf: Leaf) -> _Compiled:
        compiled = self._compiled.get(leaf)
        if compiled is None:
            compiled = self._compiled[leaf] = _compile(self._languages[leaf.context], leaf)
        return compiled


def _compile(language: Language, leaf: Leaf) -> _Compiled:
    expression = leaf.context == "expression"
    tree = _expression(language, leaf) if expression else language.read(leaf.source)
    if expression and not _is_one_expression(tree):
        raise DiagnosedError(Diagnosis("bare_expression"))
    if problem := oversized(tree) or forbidden(tree):
        raise DiagnosedError(problem)
    position.place(tree, leaf.context)
    names = _names(language, tree)
    if expression:
        tree.body = [nodes.Assign(nodes.Name(_RESULT, "store"), language.parse_expression(leaf.source), lineno=1)]
    operations.check(tree)
    tree.set_environment(language)
    template = language.template_class.from_code(language, language.compile(tree), {**language.globals})

    def run(context: Context) -> Any:
        _require(names, context)
        known = template.new_context(dict(context))
        pieces = template.root_render_func(known)
        return _value(pieces, known.vars) if expression else pieces

    return _Compiled(run, names)


def _expression(language: Language, leaf: Leaf) -> nodes.Template:
    """The tree of a template whose only part is the expression, between brackets that its author has not written."""
    try:
        return language.read(f"{{{{ ({leaf.source}\n) }}}}")
    except TemplateSyntaxError as error:
        found = diagnosed(error)
        if (found.kind, found.name) == ("unexpected", ")"):
            found = Diagnosis("expression_incomplete", line=found.line)
        raise DiagnosedError(found) from None


def _names(language: Language, tree: nodes.Template) -> frozenset[str]:
    """The names that a tree takes from its context."""
    tracker = TrackingCodeGenerator(language)
    tracker.optimizer = None  # which would compute what is constant, uncounted
    tracker.visit(tree)
    return frozenset(tracker.undeclared_identifiers) - language.globals.keys()


def _value(pieces: Iterable[str], variables: Mapping[str, Any]) -> Any:
    """The value of an expression; one that is undefined is an error, not None, and markup is its plain text."""
    for _ in pieces:
        pass
    value = variables[_RESULT]
    if isinstance(value, Undefined):
        str(value)  # a strict undefined raises its own message
    return value.plain if isinstance(value, Mrkdwn) else value


def _is_one_expression(tree: nodes.Template) -> bool:
    match tree.body:
        case [nodes.Output(nodes=[nodes.TemplateData()])]:
            return False
        case [nodes.Output(nodes=[_])]:
            return True
        case _:
            return False


def _shorter(context: LeafContext, finalize: Callable[[Any], str] | None) -> Callable[[Any, int], str]:
    """How a context shows so many characters of a value; an address stays as it is, and is too long."""

    def shorter(value: Any, size: int) -> str:
        if finalize is None or context == "url":
            return str(value)
        if isinstance(value, Mrkdwn) and len(value.markup) > size:
            value = value.shortened(size)
        return finalize(value if isinstance(value, Mrkdwn) else cut(show(value), size))

    return shorter


def _require(names: Iterable[str], context: Context) -> None:
    for name in sorted(names):
        if name not in context:
            raise DiagnosedError(Diagnosis("name_unknown", name, near=near(name, context)))


def _too_long(size: int) -> LongAddressError:
    return LongAddressError(Diagnosis("address_too_long", limit=size))
