"""The templates in infra/, which use no transform: read as they are, and resolved for one set of parameters."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import yaml

from tests.infra.stack import ABSENT, ROOT, Resolver

FOLDER: Final = ROOT / "infra/discovery"
# Not every YAML in infra/ is a template: Slack's manifest is none.
PLAIN: Final = sorted(
    path for path in (ROOT / "infra").rglob("*.yaml") if path.read_text("utf-8").startswith("AWSTemplateFormatVersion:")
)
BALANCED: Final = ("alb", "nlb")
REGISTERED: Final = ("cloudmap", "dns", "srv", "apigateway")
PATHS: Final = (*BALANCED, *REGISTERED)
FILES: Final = (*PATHS, "service")

# What has no default, and is more than a name that stays readable.
REQUIRED: Final = {
    "Namespace": "shop.internal",
    "Image": "example.org/orders:1",
    "SubnetIds": ["subnet-1", "subnet-2"],
}


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, such as !Ref."""


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name == "Ref" else f"Fn::{name}": value}


_Template.add_multi_constructor("!", _long_form)


@cache
def template(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), _Template)
    return loaded


def stack(name: str, **given: object) -> dict[str, Any]:
    """The template for these parameters: conditions are decided, and what they exclude is gone."""
    defaults = {key: part["Default"] for key, part in template(name)["Parameters"].items() if "Default" in part}
    parameters = {**defaults, **REQUIRED, **given, "AWS::NoValue": ABSENT}
    return Resolver(template(name).get("Conditions", {}), parameters).template(template(name))
