"""Parses a leaf to Jinja's syntax tree, for checks before it is rendered."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, nodes

from handler.model import Leaf

_READER: Final = Environment(autoescape=False)  # noqa: S701 - it reads templates, and never renders one


def parsed(leaf: Leaf) -> nodes.Template:
    """Return the syntax tree of a leaf that the function's templates have accepted."""
    return _READER.parse(f"{{{{ {leaf.source}\n }}}}" if leaf.context == "expression" else leaf.source)


def loops(node: nodes.Node) -> int:
    """Return how deep loops are nested."""
    return isinstance(node, nodes.For) + max(map(loops, node.iter_child_nodes()), default=0)
