"""Templates: string leaves in a small, bounded Jinja, each rendered for the one context in which Slack reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError

from handler.errors import TemplateError
from handler.model import Leaf, Locale, Value
from handler.templating import position
from handler.templating.cutting import cut
from handler.templating.filters import FILTERS as FILTERS
from handler.templating.language import Language, bound_loops, forbidden
from handler.templating.nearest import UnknownNameError
from handler.templating.nearest import nearest as nearest
from handler.templating.text import FINALIZERS, Finalizers, Mrkdwn

# Slack takes at most 40,000 characters of text in a message; a leaf that makes more is a mistake in the template.
# https://docs.slack.dev/reference/methods/chat.postMessage
MAX_OUTPUT: Final = 40_000

Context = Mapping[str, Value]
_UTC: Final = Locale()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A leaf ready to run, and the top-level names that it uses."""

    run: Callable[..., Any]
    names: frozenset[str]


class Templates:
    """Compiles leaves on first use, and keeps them for the life of the execution environment. For one thread."""

    def __init__(self, finalizers: Finalizers = FINALIZERS, locale: Locale = _UTC) -> None:
        self.locale = locale
        self._longest: int | None = None
        self._languages = {
            context: Language(self._cutting(finalize), locale) for context, finalize in finalizers.items()
        }
        self._compiled: dict[Leaf, _Compiled] = {}

    def check(self, leaf: Leaf) -> frozenset[str]:
        """Return the names that a leaf takes from its context; raises TemplateError where it is not allowed."""
        return self._get(leaf).names

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        """Return the text of a leaf, escaped for its context; at most MAX_OUTPUT characters, else TEMPLATE_LIMIT.

        Where it is longer than `limit` its values are cut, the longest first, each with a visible mark; the template's
        own words are not. A text whose own words are too many stays too long.
        """
        compiled = self._get(leaf)
        with _explaining(leaf):
            _require(compiled.names, context)
            text = _joined(compiled.run(**context))
            longest = limit
            while limit is not None and longest and len(text) > limit:
                longest //= 2
                text = self._with_values_of(longest, compiled, context)
            return text

    def _with_values_of(self, longest: int, compiled: _Compiled, context: Context) -> str:
        self._longest = longest
        try:
            return _joined(compiled.run(**context))
        finally:
            self._longest = None

    def _cutting(self, finalize: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
        """The same finalizer, for values that have been cut where the text would be too long."""
        if finalize is None:
            return None

        def cutting(value: Any) -> Any:
            longest = self._longest
            if longest is not None:
                if isinstance(value, Mrkdwn) and len(value.markup) > longest:
                    value = value.shortened(longest)
                if type(value) is str:
                    value = cut(value, longest)
            return finalize(value)

        return cutting

    def evaluate(self, leaf: Leaf, context: Context) -> Value:
        """Return the value of a bare expression, such as `when` or `bind`."""
        compiled = self._get(leaf)
        with _explaining(leaf):
            _require(compiled.names, context)
            value: Value = compiled.run(**context)
            return value

    def _get(self, leaf: Leaf) -> _Compiled:
        if leaf not in self._compiled:
            with _explaining(leaf):
                self._compiled[leaf] = _compile(self._languages[leaf.context], leaf)
        return self._compiled[leaf]


def _compile(language: Language, leaf: Leaf) -> _Compiled:
    expression = leaf.context == "expression"
    tree = language.parse(f"{{{{ ({leaf.source}\n) }}}}" if expression else leaf.source)
    if expression and not _is_one_expression(tree):
        raise TemplateError("TEMPLATE_SYNTAX", "one bare expression goes here, without {{ }}")
    if problem := forbidden(tree):
        raise TemplateError("TEMPLATE_FORBIDDEN", problem)
    position.place(tree, leaf.context)
    bound_loops(tree)
    names = frozenset(meta.find_undeclared_variables(tree)) - language.globals.keys()
    if expression:
        return _Compiled(language.expression(leaf.source), names)
    template = language.template_class.from_code(language, language.compile(tree), {**language.globals})
    return _Compiled(template.generate, names)


def _is_one_expression(tree: nodes.Template) -> bool:
    match tree.body:
        case [nodes.Output(nodes=[nodes.TemplateData()])]:
            return False
        case [nodes.Output(nodes=[_])]:
            return True
        case _:
            return False


def _joined(pieces: Iterator[str]) -> str:
    parts: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise TemplateError("TEMPLATE_LIMIT", f"more than {MAX_OUTPUT} characters come out")
        parts.append(piece)
    return "".join(parts)


def _require(names: Iterable[str], context: Context) -> None:
    for name in sorted(names):
        if name not in context:
            raise TemplateError("TEMPLATE_UNDEFINED", f"{name} is not known; {nearest(name, context)}")


@contextmanager
def _explaining(leaf: Leaf) -> Iterator[None]:
    """Name the leaf's place in every error, and never a value from its row."""
    try:
        yield
    except UnknownNameError as error:
        raise TemplateError(error.code, f"{leaf.where}: {error.told(leaf.source)}") from None
    except TemplateError as error:
        raise TemplateError(error.code, f"{leaf.where}: {error.detail}") from None
    except TemplateSyntaxError as error:
        raise TemplateError("TEMPLATE_SYNTAX", f"{leaf.where}: {error.message}") from None
    except UndefinedError as error:
        raise TemplateError("TEMPLATE_UNDEFINED", f"{leaf.where}: {error.message}") from None
    except SecurityError as error:
        raise TemplateError("TEMPLATE_FORBIDDEN", f"{leaf.where}: {error.message}") from None
    except TypeError as error:  # names types, never values
        raise TemplateError("TEMPLATE_FAILED", f"{leaf.where}: {error}") from None
    except (ArithmeticError, ValueError, LookupError, RecursionError) as error:
        raise TemplateError("TEMPLATE_FAILED", f"{leaf.where}: {type(error).__name__}") from None
