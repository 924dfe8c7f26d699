"""What filters are given: an argument that is missing, unknown or one too many, or a text without its quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import Parameter
from typing import Final

from jinja2 import nodes

from cli.compiler import syntax
from cli.compiler.expressions import Correction, replaced
from handler.model import Leaf
from handler.templating import FILTERS, messages
from handler.templating.filters.arguments import find_problem, parameters

_WRITTEN: Final = r"\{\{ .* \| %s\((.*?)\) \}\}"  # in a filter's docstring


def wrong(leaf: Leaf) -> Iterator[Correction]:
    """Yield what to write for each filter of a sound leaf with the wrong arguments, as `money` without a currency."""
    for node in syntax.parsed(leaf).find_all(nodes.Filter):
        named = [str(argument.key) for argument in node.kwargs]
        if problem := find_problem(node.name, FILTERS[node.name], len(node.args), named):
            yield Correction(node.lineno, messages.text(problem), _complete(leaf, node.name))


def quotes(leaf: Leaf, name: str) -> str:
    """Return what to write where a name is a whole argument of a filter, as in `mask(tail)`; else nothing."""
    for node in syntax.parsed(leaf).find_all(nodes.Filter):
        if any(isinstance(one, nodes.Name) and one.name == name for one in node.args):
            pattern = rf"(\|\s*{node.name}\s*\([^()]*?)\b{name}\b"
            right = replaced(leaf, pattern, lambda match: f"{match[1]}'{name}'")
            return f"write {right}; a text needs quotes" if right else f"write '{name}'; a text needs quotes"
    return ""


def completed(leaf: Leaf, name: str) -> str:
    """Return the expression in which a filter stands without what it needs, with an example of that; else nothing."""
    if not _required(name):
        return ""
    pattern = rf"(\|\s*){name}\b(?:\s*\(\s*\))?(?!\s*\()"
    return replaced(leaf, pattern, lambda match: match[1] + _written(name))


def _required(name: str) -> list[str]:
    return [one.name for one in parameters(FILTERS[name]).values() if one.default is Parameter.empty]


def _written(name: str) -> str:
    shown = re.search(_WRITTEN % name, FILTERS[name].__doc__ or "")
    return f"{name}({shown[1]})" if shown else name


def _complete(leaf: Leaf, name: str) -> str:
    return f"write {completed(leaf, name) or _written(name)}"
