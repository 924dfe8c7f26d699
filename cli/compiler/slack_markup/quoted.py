"""Finds quoted texts in expressions: those that are shown, and literal currency codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateError, nodes

from cli.compiler import syntax
from cli.compiler.currencies import is_unknown, nearest
from cli.compiler.slack_markup.texts import Found, Remark, strings
from cli.language import say
from handler.model import Leaf

# Filters that show the text before them, at most with other letters.
_KEEPING: Final = frozenset({"default", "lower", "title", "trim", "truncate", "truncate_width", "upper"})
# Filters that show texts among their arguments.
_SHOWING: Final = frozenset({"default", "join", "plural"})
# Errors of the language, which has a finding for each: syntax, nesting depth, a number with too many digits.
_REFUSED: Final = (TemplateError, RecursionError, ValueError)
_MONEY: Final = re.compile(r"\|\s*money\(\s*(?:currency\s*=\s*)?['\"]$")


def shown(source: str) -> Iterator[tuple[int, str]]:
    """Yield each quoted text that a source shows, with its offset; none if the source cannot be parsed.

    `{{ 'sold out' if stock.left == 0 else 'low' }}` shows two.
    """
    try:
        tree = syntax.parsed(Leaf("mrkdwn", source, ""))
        texts = {text for output in tree.find_all(nodes.Output) for part in output.nodes for text in _texts(part)}
    except _REFUSED:
        return
    yield from ((at, written) for at, written in strings(source) if written in texts)


def currencies(source: str) -> Iterator[Found]:
    """Yield each `money('YEN')` whose code is not in ISO 4217."""
    for at, written in strings(source):
        if _MONEY.search(source, 0, at) and is_unknown(written):
            remark = Remark("CURRENCY_UNKNOWN", say("there is no currency `{code}`", code=written), nearest(written))
            yield Found(at, at + len(written), "currency", remark)


def _texts(node: nodes.Node | None) -> Iterator[str]:
    match node:
        case nodes.Const(value=str() as text):
            yield text
        case nodes.CondExpr():
            yield from _texts(node.expr1)
            yield from _texts(node.expr2)
        case nodes.Concat():
            for part in node.nodes:
                yield from _texts(part)
        case nodes.And() | nodes.Or() | nodes.Add():
            yield from _texts(node.left)
            yield from _texts(node.right)
        case nodes.Filter():
            yield from _texts(node.node) if node.name in _KEEPING else ()
            for argument in (*node.args, *(one.value for one in node.kwargs)) if node.name in _SHOWING else ():
                yield from _texts(argument)
