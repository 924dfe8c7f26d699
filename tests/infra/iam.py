"""Decides requests as IAM does, from the statements of one policy or one role.

The statements are resolved (`tests.infra.plain`, `tests.infra.stack`), so `${Queue.Arn}` stands for an ARN. Elements
that our policies do not use raise an error.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """An action on a resource, and the request context by condition keys such as kms:ViaService."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], request: Request) -> bool:
    """Return whether a statement allows the request and none denies it."""
    effects = {one["Effect"] for one in statements if _speaks_of(one, request) and _holds(one, request.context)}
    return effects == {"Allow"}


def trusts(statements: Iterable[Statement], service: str, context: Mapping[str, str]) -> bool:
    """Return whether a role's trust policy lets an AWS service assume the role."""
    return any(_lets_in(one, service) and _holds(one, context) for one in statements)


def _lets_in(trust: Statement, service: str) -> bool:
    if trust["Effect"] != "Allow" or trust["Action"] != "sts:AssumeRole":
        raise ValueError(f"not understood: {trust}")
    return service in _list(trust["Principal"]["Service"])


def _speaks_of(statement: Statement, request: Request) -> bool:
    if unknown := statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise ValueError(f"not understood: {sorted(unknown)}")
    # Actions are case-insensitive, resources are not.
    actions, resources = _list(statement["Action"]), _list(statement["Resource"])
    return any(_like(one.lower(), request.action.lower()) for one in actions) and any(
        _like(one, request.resource) for one in resources
    )


def _holds(statement: Statement, context: Mapping[str, str]) -> bool:
    """Return whether every condition holds; one on a key that is missing in the request never does."""
    return all(
        key in context and any(_OPERATORS[operator](one, context[key]) for one in _list(expected))
        for operator, keys in statement.get("Condition", {}).items()
        for key, expected in keys.items()
    )


def _like(pattern: str, text: str) -> bool:
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(sign, re.escape(sign)) for sign in pattern), text) is not None


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# IAM compares ARNs part by part; none of our patterns would match across a colon.
_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": str.__eq__,
    "StringLike": _like,
    "ArnLike": _like,
    "ArnEquals": _like,
}
