"""What IAM decides about a request, by the statements of one policy or of one role.

The statements are resolved (`tests.infra.plain`, `tests.infra.stack`), so `${Queue.Arn}` stands for an ARN. What our
own policies do not use is an error here, and no guess.
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
    """An action on a resource, and what the context of the request says by condition keys such as kms:ViaService."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], request: Request) -> bool:
    """Whether a statement allows it and none denies it."""
    effects = {one["Effect"] for one in statements if _speaks_of(one, request) and _holds(one, request.context)}
    return effects == {"Allow"}


def trusts(statements: Iterable[Statement], service: str, context: Mapping[str, str]) -> bool:
    """Whether a role's trust policy lets an AWS service take the role."""
    return any(_lets_in(one, service) and _holds(one, context) for one in statements)


def _lets_in(trust: Statement, service: str) -> bool:
    if trust["Effect"] != "Allow" or trust["Action"] != "sts:AssumeRole":
        raise ValueError(f"not understood: {trust}")
    return service in _list(trust["Principal"]["Service"])


def _speaks_of(statement: Statement, request: Request) -> bool:
    if unknown := statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise ValueError(f"not understood: {sorted(unknown)}")
    # Actions are compared without regard to case, resources are not.
    actions, resources = _list(statement["Action"]), _list(statement["Resource"])
    return any(_like(one.lower(), request.action.lower()) for one in actions) and any(
        _like(one, request.resource) for one in resources
    )


def _holds(statement: Statement, context: Mapping[str, str]) -> bool:
    """Whether every condition holds; one on a key that the request does not have never does."""
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


# Of an ARN IAM compares part by part; none of our patterns would match across a colon.
_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": str.__eq__,
    "StringLike": _like,
    "ArnLike": _like,
    "ArnEquals": _like,
}
