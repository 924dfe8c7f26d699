"""Lists the texts that a leaf can render to, one for each combination of branches, with an `x` for each value."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Final

from jinja2 import nodes

from cli.compiler import syntax
from handler.model import Leaf
from handler.templating.text import percent_encoded

MAX: Final = 200  # nobody can follow a leaf with more branches


class TooManyError(Exception):
    """A leaf has more than MAX possible texts."""


def of(leaf: Leaf) -> tuple[str, ...]:
    """Return each possible text of a valid leaf once. A loop's body is left out, used once, and used twice.

    Raises TooManyError; DiagnosedError (TEMPLATE_URL) for a literal that a URL cannot contain.
    """
    return _of_all(syntax.parsed(leaf).body)


def _of_all(body: Iterable[nodes.Node]) -> tuple[str, ...]:
    found: tuple[str, ...] = ("",)
    for node in body:
        found = _joined(found, _of(node))
    return found


def _of(node: nodes.Node) -> tuple[str, ...]:
    match node:
        case nodes.Output():
            return ("".join(map(_written, node.nodes)),)
        case nodes.If():
            branches = [node.body, *(one.body for one in node.elif_), node.else_]
            return tuple(text for branch in branches for text in _of_all(branch))
        case nodes.For():
            once = _of_all(node.body)
            return (*_of_all(node.else_), *once, *_joined(once, once))
        case _:
            return ("",)


def _written(part: nodes.Expr) -> str:
    match part:
        case nodes.TemplateData():
            return part.data
        case nodes.Const():
            return percent_encoded(part.value)
        case _:
            return "x"


def _joined(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    if len(before) * len(after) > MAX:
        raise TooManyError
    return tuple(dict.fromkeys(first + then for first, then in product(before, after)))
