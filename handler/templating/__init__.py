"""The template language: a small, bounded Jinja. Each text of a template (a leaf) is rendered for its place in Slack.

    language                   the Jinja environment, and which parts of Jinja templates can use
    filters/                   the filters and tests
    position                   where exactly an expression stands, and what its value must not do there
    operations, budget         limit what each operation makes, and all of them together
    text, fitting, graphemes   turn values into text, and cut long ones without splitting a character
    coercion                   reads numbers and times from texts

A mistake of an author is data first, and becomes text in one place:

    diagnosis           one mistake as data: its kind and the names that it concerns. DiagnosedError carries it
    kinds               every kind of mistake, and its error code
    messages, english   make the message and the fix of a kind. cli/diagnoses.py has another
    error_translation   turns the errors of Python and Jinja into diagnoses
"""

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
from handler.templating.diagnosis import DiagnosedError as DiagnosedError
from handler.templating.diagnosis import Diagnosis as Diagnosis
from handler.templating.error_translation import EXHAUSTED as EXHAUSTED
from handler.templating.error_translation import LongAddressError as LongAddressError
from handler.templating.error_translation import diagnose
from handler.templating.error_translation import translate_error as translate_error
from handler.templating.error_translation import translating_errors as translating_errors
from handler.templating.filters import FILTERS as FILTERS
from handler.templating.fitting import ShownValue, fit
from handler.templating.graphemes import cut
from handler.templating.language import TemplateEnvironment, forbidden, oversized
from handler.templating.suggestions import suggest
from handler.templating.suggestions import suggestion as suggestion
from handler.templating.text import FINALIZERS, Finalizers, Mrkdwn, show

# Characters of a leaf. Longer values are cut; if the template's own words alone are longer, that is an error.
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
    """Compiles each leaf on first use, and keeps it for the life of the execution environment. Not thread-safe.

    Everything that a leaf computes is charged to `budget`: within `budget.notification()` all leaves share one budget;
    outside, each evaluation has its own.
    """

    def __init__(
        self, finalizers: Finalizers = FINALIZERS, locale: Locale = _UTC, budget: Budget | None = None
    ) -> None:
        self.locale = locale
        self.budget = budget or Budget()
        self._finalizers = finalizers
        self._by_locale = {_key(locale): self}  # shared by all of them
        self._shorteners = {context: _shortener(context, finalize) for context, finalize in finalizers.items()}
        self._environments = {
            context: TemplateEnvironment(self._bounded(context, finalize), locale, self.budget)
            for context, finalize in finalizers.items()
        }
        self._compiled: dict[Leaf, _Compiled] = {}

    def in_locale(self, locale: Locale) -> Templates:
        """Return the templates of another time zone and language of the same stage. They share this budget.

        Those of each locale are made once and kept, so a leaf that is rendered in one locale is compiled once.
        """
        found = self._by_locale.get(_key(locale))
        if found is None:
            found = Templates(self._finalizers, locale, self.budget)
            found._by_locale = self._by_locale
            self._by_locale[_key(locale)] = found
        return found

    def check(self, leaf: Leaf) -> frozenset[str]:
        """Return the names that a leaf takes from its context; raises DiagnosedError if it is not valid."""
        return self._within_budget(leaf, lambda compiled: compiled.names)

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        """Return the text of a leaf, escaped for its context.

        If it is longer than `limit` characters (MAX_OUTPUT by default), its values are cut, the longest first, each
        with a visible mark. The template's own words are never cut: if they alone are longer than `limit`, so is the
        result; if they are longer than MAX_OUTPUT, TEMPLATE_LIMIT is raised. An address is not cut either: a long one
        raises LongAddressError.
        """
        self.budget.text_limit = size = MAX_OUTPUT if limit is None else limit

        def text(compiled: _Compiled) -> str:
            shown = fit(compiled.run(context), size, self._shorteners[leaf.context])
            if leaf.context == "url" and len(shown) > size:
                raise _too_long(size)
            return shown

        return self._within_budget(leaf, text)

    def evaluate(self, leaf: Leaf, context: Context) -> Value:
        """Return the value of a bare expression, such as `when` or `bind`."""
        value: Value = self._within_budget(leaf, lambda compiled: compiled.run(context))
        return value

    def _within_budget(self, leaf: Leaf, work: Callable[[_Compiled], T]) -> T:
        """Apply `work` to the compiled leaf within the budget. Every error names the place of the leaf."""
        try:
            if self.budget.is_running:
                return work(self._get(leaf))
            with self.budget.running():
                return work(self._get(leaf))
        except Exception as error:  # noqa: BLE001 - an author's text can make Python raise anything
            raise translate_error(error, leaf.where, leaf.source) from None

    def _bounded(self, context: LeafContext, finalize: Callable[[Any], str] | None) -> Callable[..., Any] | None:
        """The same finalizer, limited to the length of the text. Its result keeps the value, which may be cut later."""
        if finalize is None:
            return None
        is_address = context == "url"
        charge = self.budget.charge

        @pass_context  # so that Jinja does not call it during compilation, when nothing is charged
        def bounded(_: Any, value: Any) -> ShownValue:
            room = self.budget.text_limit
            if isinstance(value, str) and len(value) > room:
                if is_address:
                    raise _too_long(room)
                value = cut(value, room)
            text = finalize(value)
            charge(getsizeof(text))
            return ShownValue(text, value)

        return bounded

    def _get(self, leaf: Leaf) -> _Compiled:
        compiled = self._compiled.get(leaf)
        if compiled is None:
            compiled = self._compiled[leaf] = _compile(self._environments[leaf.context], leaf)
        return compiled


def _key(locale: Locale) -> tuple[str, str]:
    """What tells the locales of one stage apart."""
    return locale.time_zone, locale.language


def _compile(environment: TemplateEnvironment, leaf: Leaf) -> _Compiled:
    expression = leaf.context == "expression"
    tree = _parse_bracketed(environment, leaf) if expression else environment.read(leaf.source)
    if expression and not _is_one_expression(tree):
        raise DiagnosedError(Diagnosis("bare_expression"))
    if problem := oversized(tree) or forbidden(tree):
        raise DiagnosedError(problem)
    position.fit_expressions(tree, leaf.context)
    names = _names(environment, tree)
    if expression:
        tree.body = [nodes.Assign(nodes.Name(_RESULT, "store"), environment.parse_expression(leaf.source), lineno=1)]
    operations.insert_guards(tree)
    tree.set_environment(environment)
    template = environment.template_class.from_code(environment, environment.compile(tree), {**environment.globals})

    def run(context: Context) -> Any:
        _require_names(names, context)
        known = template.new_context(dict(context))
        pieces = template.root_render_func(known)
        return _expression_value(pieces, known.vars) if expression else pieces

    return _Compiled(run, names)


def _parse_bracketed(environment: TemplateEnvironment, leaf: Leaf) -> nodes.Template:
    """The tree of a template that holds only the expression, in {{ }} and brackets that the author did not write."""
    try:
        return environment.read(f"{{{{ ({leaf.source}\n) }}}}")
    except TemplateSyntaxError as error:
        found = diagnose(error)
        if (found.kind, found.name) == ("unexpected", ")"):
            found = Diagnosis("expression_incomplete", line=found.line)
        raise DiagnosedError(found) from None


def _names(environment: TemplateEnvironment, tree: nodes.Template) -> frozenset[str]:
    """The names that a tree takes from its context."""
    tracker = TrackingCodeGenerator(environment)
    tracker.optimizer = None  # it would compute constants without charging them
    tracker.visit(tree)
    return frozenset(tracker.undeclared_identifiers) - environment.globals.keys()


def _expression_value(pieces: Iterable[str], variables: Mapping[str, Any]) -> Any:
    """The value of an expression. An undefined value raises its error; markup becomes its plain text."""
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


def _shortener(context: LeafContext, finalize: Callable[[Any], str] | None) -> Callable[[Any, int], str]:
    """How a context shows a value in a number of characters. An address is returned whole, even if it is too long."""

    def shorten(value: Any, size: int) -> str:
        if finalize is None or context == "url":
            return str(value)
        if isinstance(value, Mrkdwn) and len(value.markup) > size:
            value = value.shortened(size)
        return finalize(value if isinstance(value, Mrkdwn) else cut(show(value), size))

    return shorten


def _require_names(names: Iterable[str], context: Context) -> None:
    for name in sorted(names):
        if name not in context:
            raise DiagnosedError(Diagnosis("name_unknown", name, suggestions=suggest(name, context)))


def _too_long(size: int) -> LongAddressError:
    return LongAddressError(Diagnosis("address_too_long", limit=size))
