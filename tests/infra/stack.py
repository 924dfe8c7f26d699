"""The template as CloudFormation sees it: translated by SAM, then resolved for one set of parameters."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.aws import REGION, TOOLS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
IMAGE_TEMPLATE = ROOT / "template-image.yaml"
ABSENT = object()


@cache
def translated(template: Path = TEMPLATE) -> dict[str, Any]:
    """Return a template as translated by SAM."""
    command = [TOOLS / "sam/bin/python", Path(__file__).with_name("translate.py"), template]
    env = {"PATH": os.defpath, "AWS_DEFAULT_REGION": REGION}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def resolved(**given: object) -> dict[str, Any]:
    """Return the template for these parameters: conditions are evaluated, and excluded parts removed.

    References to resources stay readable: `${Queue}` for a Ref, `${Queue.Arn}` for a GetAtt.
    """
    return _resolver(given).template(translated())


def refused(**given: object) -> list[str]:
    """Return the messages of the template's rules that these parameters violate."""
    return _resolver(given).refusals(translated())


def _resolver(given: Mapping[str, object]) -> Resolver:
    template = translated()
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    return Resolver(template["Conditions"], {**defaults, **given, "AWS::NoValue": ABSENT})


class Resolver:
    def __init__(self, conditions: Mapping[str, Any], parameters: Mapping[str, object]) -> None:
        self.conditions = conditions
        self.parameters = parameters

    def template(self, template: Mapping[str, Any]) -> dict[str, Any]:
        return {
            section: {name: self.value(part) for name, part in template.get(section, {}).items() if self.included(part)}
            for section in ("Resources", "Outputs")
        }

    def refusals(self, template: Mapping[str, Any]) -> list[str]:
        """Return the messages of the rules that the parameters violate."""
        return [
            assertion["AssertDescription"]
            for rule in template.get("Rules", {}).values()
            if self.value(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def included(self, part: Mapping[str, Any]) -> bool:
        return "Condition" not in part or self.holds(part["Condition"])

    def holds(self, condition: str) -> bool:
        return bool(self.value(self.conditions[condition]))

    def value(self, node: Any) -> Any:
        match node:
            case {"Condition": str(name)} if len(node) == 1:
                return self.holds(name)
            case dict() if len(node) == 1 and re.match("Ref$|Fn::", next(iter(node))):
                [(function, argument)] = node.items()
                return self.functions[function](argument)
            case dict():
                values = {key: self.value(child) for key, child in node.items()}
                return {key: child for key, child in values.items() if child is not ABSENT}
            case list():
                return [value for value in map(self.value, node) if value is not ABSENT]
            case _:
                return node

    @property
    def functions(self) -> dict[str, Callable[[Any], Any]]:
        """Return CloudFormation's functions of one argument, by their long names; an unknown one is an error."""
        return {
            "Ref": lambda name: self.parameters.get(name, f"${{{name}}}"),
            "Fn::GetAtt": lambda parts: f"${{{'.'.join(parts)}}}",
            "Fn::Sub": self._sub,
            "Fn::If": lambda parts: self.value(parts[1] if self.holds(parts[0]) else parts[2]),
            "Fn::Equals": lambda parts: self.value(parts[0]) == self.value(parts[1]),
            "Fn::Not": lambda parts: not self.value(parts[0]),
            "Fn::And": lambda parts: all(map(self.value, parts)),
            "Fn::Or": lambda parts: any(map(self.value, parts)),
            "Fn::Join": lambda parts: parts[0].join(map(str, self.value(parts[1]))),
            "Fn::Split": lambda parts: self.value(parts[1]).split(parts[0]),
            "Fn::Select": lambda parts: self.value(parts[1])[int(parts[0])],
        }

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        known = {name: self.value(part) for name, part in given.items()}
        return re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found[1], self.value({"Ref": found[1]}))), text)
