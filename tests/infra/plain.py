"""Reads the templates in infra/, which use no transform, and resolves them for one set of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from tests.infra.stack import ABSENT, ROOT, Resolver

FOLDER: Final = ROOT / "infra/discovery"
ZONES: Final = ("zone-a", "zone-b", "zone-c")  # the value of Fn::GetAZs
# Not every YAML file in infra/ is a template: Slack's manifest is none.
PLAIN: Final = sorted(
    path for path in (ROOT / "infra").rglob("*.yaml") if path.read_text("utf-8").startswith("AWSTemplateFormatVersion:")
)
BALANCED: Final = ("alb", "nlb")
REGISTERED: Final = ("cloudmap", "dns", "srv", "apigateway")
PATHS: Final = (*BALANCED, *REGISTERED)
FILES: Final = (*PATHS, "service")

# Values for parameters that have no default and need more than a readable placeholder.
REQUIRED: Final = {
    "Namespace": "shop.internal",
    "Image": "example.org/orders:1",
    "SubnetIds": ["subnet-1", "subnet-2"],
}


class _Template(yaml.SafeLoader):
    """A YAML loader for CloudFormation's short forms, such as !Ref."""


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Template.add_multi_constructor("!", _long_form)


class PlainResolver(Resolver):
    """Resolves the functions that only templates in infra/ use. `${import:name}` stands for another stack's output."""

    @property
    def functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            **super().functions,
            "Fn::GetAZs": lambda _: list(ZONES),
            "Fn::Cidr": lambda parts: _blocks(self.value(parts[0]), int(parts[1]), int(self.value(parts[2]))),
            "Fn::ImportValue": lambda name: f"${{import:{self.value(name)}}}",
            "Fn::Split": self._split,
        }

    def _split(self, parts: list[Any]) -> list[str]:
        """Leave an imported value whole: its parts are not known."""
        text = self.value(parts[1])
        return [text] * 10 if text.startswith("${import:") else text.split(parts[0])


def _blocks(block: str, count: int, bits: int) -> list[str]:
    """Return Fn::Cidr: the first `count` subnets of the block, each with `bits` host bits."""
    return list(islice(map(str, IPv4Network(block).subnets(new_prefix=32 - bits)), count))


def template(name: str) -> dict[str, Any]:
    """Return a template below infra/ by its file name without the suffix."""
    [path] = [path for path in PLAIN if path.stem == name]
    return read(path)


@cache
def read(path: Path) -> dict[str, Any]:
    """Return a template as it is written, with functions in their long forms."""
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Template)
    return loaded


def stack(name: str, **given: object) -> dict[str, Any]:
    """Return the template for these parameters: conditions are evaluated, and excluded parts removed."""
    return _resolver(name, given).template(template(name))


def of_type(name: str, kind: str, **given: object) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a type such as EC2::Subnet, by logical id."""
    resources = stack(name, **given)["Resources"]
    return {key: part["Properties"] for key, part in resources.items() if part["Type"] == f"AWS::{kind}"}


def outputs(name: str, **given: object) -> dict[str, Any]:
    return {key: output["Value"] for key, output in stack(name, **given)["Outputs"].items()}


def refusals(name: str, **given: object) -> list[str]:
    """Return the messages of the template's rules that these parameters violate."""
    return _resolver(name, given).refusals(template(name))


def _resolver(name: str, given: Mapping[str, object]) -> PlainResolver:
    declared = template(name).get("Parameters", {})
    defaults = {key: part["Default"] for key, part in declared.items() if "Default" in part}
    return PlainResolver(
        template(name).get("Conditions", {}), {**defaults, **REQUIRED, **given, "AWS::NoValue": ABSENT}
    )
