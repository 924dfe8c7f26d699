"""Reduces botocore's models of AWS services (botocore/model.py) to the operations that the function calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def of_operations(model: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """Return a service's model with only these operations, the shapes that they need, and no documentation.

    All errors of the service stay: AWS also answers with errors that only other operations declare, such as
    AccessDeniedException. The operations have the names of AWS's API. Raises KeyError for an unknown operation.
    """
    kept = {name: model["operations"][name] for name in sorted(operations)}
    errors = {name for name, shape in model["shapes"].items() if shape.get("exception")}
    shapes = _reached(errors.union(_references(kept)), model["shapes"])
    pruned: dict[str, Any] = without_documentation({**model, "operations": kept, "shapes": shapes})
    return pruned


def without_documentation(node: Any) -> Any:
    """Return a part of a model, or of the endpoint rules, without its documentation."""
    match node:
        case dict():
            return {
                key: without_documentation(value)
                for key, value in node.items()
                if not (key == "documentation" and isinstance(value, str))  # not a member of that name
            }
        case list():
            return [without_documentation(value) for value in node]
        case _:
            return node


def _reached(names: Collection[str], shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes with these names, those of their members, and so on, in the order of the model."""
    found: set[str] = set()
    ahead = set(names)
    while ahead:
        name = ahead.pop()
        found.add(name)
        ahead |= set(_references(shapes[name])) - found
    return {name: shape for name, shape in shapes.items() if name in found}


def _references(node: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a model refers to: `"shape": "Name"`."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        if key == "shape" and isinstance(child, str):
            yield child
        else:
            yield from _references(child)
