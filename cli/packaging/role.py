"""Writes the function's IAM role as files, for roles that are made by hand: `python -m cli.packaging.role`.

They are generated from the roles in template.yaml, and allow what those allow with any parameters. The names of the
queues, of the table and of the function are patterns, since CloudFormation chooses the names later. Replace STACK,
PREFIX, REGION and ACCOUNT.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from cli.packaging.image import ROOT, SOURCE

PERMISSIONS: Final = ROOT / "infra/function-role.json"
TRUST: Final = ROOT / "infra/function-role-trust.json"
# One given role serves the function and the schedule.
_ROLES: Final = ("FunctionRole", "TickRole")
_ARNS: Final = {
    "AWS::SQS::Queue": "arn:aws:sqs:REGION:ACCOUNT:STACK-{name}-*",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:REGION:ACCOUNT:table/STACK-{name}-*",
    "AWS::Serverless::Function": "arn:aws:lambda:REGION:ACCOUNT:function:STACK-{name}-*",
    "AWS::Logs::LogGroup": "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/STACK:*",
}
_PSEUDO: Final = {"AWS::Partition": "aws", "AWS::Region": "REGION", "AWS::AccountId": "ACCOUNT"}
# The secret store depends on the parameter Secrets; each store has its own kind of resource.
_STORES: Final = {"secret:": "secretsmanager", "parameter/": "ssm"}
_ABSENT: Final = object()


@dataclass(frozen=True)
class _Function:
    """A CloudFormation function in its short form, such as `!Ref Queue`."""

    name: str
    argument: Any


class _Template(yaml.SafeLoader):
    """A YAML loader with CloudFormation's functions."""


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> _Function:
    argument = loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value
    return _Function(name, argument)


_Template.add_multi_constructor("!", _short_form)


def permissions(text: str) -> str:
    """Return the policy of a hand-made role, as JSON. `text` is that of template.yaml."""
    template = yaml.load(text, _Template)  # noqa: S506  a SafeLoader
    roles = [template["Resources"][name]["Properties"] for name in _ROLES]
    return _document(
        (policy["PolicyDocument"]["Statement"] for role in roles for policy in role["Policies"]), template["Resources"]
    )


def trust(text: str) -> str:
    """Return the trust policy of the role, as JSON."""
    template = yaml.load(text, _Template)  # noqa: S506  a SafeLoader
    roles = [template["Resources"][name]["Properties"] for name in _ROLES]
    return _document((role["AssumeRolePolicyDocument"]["Statement"] for role in roles), template["Resources"])


def _document(parts: Iterable[list[Any]], resources: Mapping[str, Any]) -> str:
    statements = [_resolved(statement, resources) for part in parts for statement in part]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def _resolved(node: Any, resources: Mapping[str, Any]) -> Any:
    """Resolve the template's functions. What depends on parameters is included if some parameters include it.

    Raises ValueError for a value that only the parameters or the deployment determine.
    """
    match node:
        case _Function("If", [_, then, otherwise]):
            return _with_any_parameters(_resolved(then, resources), _resolved(otherwise, resources))
        case _Function("Ref", "AWS::NoValue"):
            return _ABSENT
        case _Function("Ref", str(name)) if name in _PSEUDO:
            return _PSEUDO[name]
        case _Function("GetAtt" | "Ref", str(name)):
            resource, _, attribute = name.partition(".")
            return _arn(resource, attribute, resources)
        case _Function("Sub", [str(text), _]) | _Function("Sub", str(text)):
            return _filled(text)
        case _Function(name, _):
            raise ValueError(f"!{name}")
        case dict():
            return {key: _resolved(value, resources) for key, value in node.items()}
        case list():
            return [one for one in (_resolved(value, resources) for value in node) if one is not _ABSENT]
        case _:
            return node


def _with_any_parameters(then: Any, otherwise: Any) -> Any:
    found = [one for one in (then, otherwise) if one is not _ABSENT]
    if any(one != found[0] for one in found):
        raise ValueError(f"depends on a parameter: {found}")
    return found[0]


def _arn(resource: str, attribute: str, resources: Mapping[str, Any]) -> str:
    kind = resources.get(resource, {}).get("Type")
    if kind not in _ARNS or attribute not in ("Arn", "Alias"):  # the alias's ARN starts with the function's
        raise ValueError(f"{resource}.{attribute}")
    return _ARNS[kind].format(name=resource)


def _filled(text: str) -> str:
    stores = [store for kind, store in _STORES.items() if f":{kind}" in text]
    known = {**_PSEUDO, "Prefix": "PREFIX", **({"Store": stores[0]} if stores else {})}
    return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)


if __name__ == "__main__":
    source = SOURCE.read_text("utf-8")
    PERMISSIONS.write_text(permissions(source), "utf-8")
    TRUST.write_text(trust(source), "utf-8")
