"""What filters are given: an argument that is missing, or a text without its quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import Parameter, signature
from typing import Final

from jinja2 import nodes

from cli.compiler import syntax
from cli.compiler.expressions import Correction, replaced
from handler.model import Leaf
from handler.templating import FILTERS

_WRITTEN: Final = r"\{\{ .* \| %s\((.*?)\) \}\}"  # in a filter's docstring


def missing(leaf: Leaf) -> Iterator[Correction]:
    """Yield what to write for each filter of a sound leaf that lacks an argument, as `money` without a currency."""
    for node in syntax.parsed(leaf).find_all(nodes.Filter):
        required = [one for one in signature(FILTERS[node.name]).parameters.values() if one.default is Parameter.empty]
        named = {argument.key for argument in node.kwargs}
        lacking = [one.name for one in required[1 + len(node.args) :] if one.name not in named]
        if lacking and node.dyn_args is None and node.dyn_kwargs is None:
            yield Correction(node.lineno, f"`{node.name}` is given no `{lacking[0]}`", _complete(leaf, node.name))


def quotes(leaf: Leaf, name: str) -> str:
    """Return what to write where a name is a whole argument of a filter, as in `mask(tail)`; else nothing."""
    for node in syntax.parsed(leaf).find_all(nodes.Filter):
        if any(isinstance(one, nodes.Name) and one.name == name for one in node.args):
            pattern = rf"(\|\s*{node.name}\s*\([^()]*?)\b{name}\b"
            right = replaced(leaf, pattern, lambda match: f"{match[1]}'{name}'")
            return f"write {right}; a text needs quotes" if right else f"write '{name}'; a text needs quotes"
    return ""


def _complete(leaf: Leaf, name: str) -> str:
    shown = re.search(_WRITTEN % name, FILTERS[name].__doc__ or "")
    arguments = shown[1] if shown else ""
    written = f"{name}({arguments})"
    right = replaced(leaf, rf"(\|\s*){name}\b(?:\s*\(\s*\))?(?!\s*\()", lambda match: match[1] + written)
    return f"write {right or written}"
