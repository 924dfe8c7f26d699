"""What CloudFormation does to the resources of a stack when its template or its parameters change.

Derived from two resolved templates and the resource schemas of cfn-lint: a resource is replaced if its type or a
create-only property changes, or if such a property refers to a resource that is replaced.
 https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from lab.aws import REGION, TOOLS
from tests.infra import plain
from tests.infra.stack import ABSENT, Resolver, translated

RELEASED: Final = Path(__file__).with_name("released")
STACK: Final = "notifier"
# Each deployment of changed code publishes a new version, and none is deleted.
PUBLISHED: Final = "AWS::Lambda::Version"

Stack = Mapping[str, Any]
_REQUIRED: Final = {
    "Databases": "default=mysql://replica.shop.internal:3306/shop",
    "SubnetIds": ["subnet-1", "subnet-2"],
    "SecurityGroupIds": ["sg-1"],
    "AWS::NoValue": ABSENT,
}


@dataclass(frozen=True)
class Effect:
    """Logical ids: `new` are created, `gone` are deleted, `kept` leave the stack but stay in the account.

    A resource in both `new` and `kept` exists twice afterwards, once outside the stack.
    """

    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    @property
    def touched(self) -> frozenset[str]:
        """Return all logical ids."""
        return self.new | self.gone | self.kept


def notifier(path: Path, **given: object) -> Stack:
    """Return the notifier's own stack from this template, called `notifier`."""
    template = translated(path)
    defaults = {name: one.get("Default") for name, one in template["Parameters"].items()}
    return Resolver(template["Conditions"], {**defaults, **_REQUIRED, **given}).template(template)


def beside(path: Path, **given: object) -> Stack:
    """Return a stack that is deployed beside the notifier's."""
    template = plain.read(path)
    defaults = {name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one}
    parameters = {**defaults, "Notifier": STACK, **given, "AWS::NoValue": ABSENT}
    return plain.PlainResolver(template["Conditions"], parameters).template(template)


def parameters(path: Path) -> dict[str, Any]:
    """Return a template's parameters, whether or not it is for SAM."""
    found: dict[str, Any] = plain.read(path)["Parameters"]
    return found


def effect(before: Stack, after: Stack) -> Effect:
    """Return the effect of the update, without versions of the function."""
    old, new = _resources(before), _resources(after)
    replaced = _replaced(old, new)
    removed = old.keys() - new.keys()
    kept = {name for name in replaced if _stays(new[name], "UpdateReplacePolicy")}
    kept |= {name for name in removed if _stays(old[name], "DeletionPolicy")}
    return Effect(frozenset(replaced), frozenset(removed - kept), frozenset(kept))


def changed_outputs(before: Stack, after: Stack) -> set[str]:
    """Return the outputs that are added, removed or changed, also because their resource was replaced."""
    anew = effect(before, after).new
    old, new = ({name: one["Value"] for name, one in stack["Outputs"].items()} for stack in (before, after))
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return differing | {name for name, value in new.items() if _named(value) & anew}


def refused_exports(before: Stack, after: Stack) -> set[str]:
    """Return the exports that CloudFormation refuses to change or remove while another stack imports them."""
    exported = {name: one["Export"]["Name"] for name, one in before["Outputs"].items() if "Export" in one}
    held = changed_outputs(before, after) & exported.keys()
    return {exported[name].replace("${AWS::StackName}", STACK) for name in held}


def imported(stack: Stack) -> set[str]:
    """Return the exports that a stack imports."""
    return set(re.findall(r"\$\{import:([^}]+)\}", json.dumps(stack)))


def _resources(stack: Stack) -> dict[str, Any]:
    return {name: one for name, one in stack["Resources"].items() if one["Type"] != PUBLISHED}


def _stays(resource: Mapping[str, Any], policy: str) -> bool:
    return str(resource.get(policy, "Delete")).startswith("Retain")


def _replaced(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    both = old.keys() & new.keys()
    found: set[str] = set()
    while more := {name for name in both - found if _is_another(old[name], new[name], found)}:
        found |= more
    return found


def _is_another(old: Mapping[str, Any], new: Mapping[str, Any], replaced: set[str]) -> bool:
    if old["Type"] != new["Type"]:
        return True
    before, after = list(_fixed(old)), list(_fixed(new))
    return before != after or bool(_named(after) & replaced)


def _fixed(resource: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values of create-only properties."""
    for path in created_with()[resource["Type"]]:
        value: Any = resource.get("Properties", {})
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        yield value


def _named(value: Any) -> set[str]:
    """Return the resources that a resolved value refers to."""
    return set(re.findall(r"\$\{(\w+)[.}]", json.dumps(value)))


@cache
def created_with() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the paths of the create-only properties, by resource type."""
    [folder] = (TOOLS / "sam").glob("lib/python*/site-packages/cfnlint/data/schemas")
    files = json.loads((folder / f"providers/{REGION}.json").read_text("utf-8"))
    places = {kind: _schema(folder, name).get("createOnlyProperties", ()) for kind, name in files.items()}
    return {
        kind: tuple(tuple(place.removeprefix("/properties/").split("/")) for place in found)
        for kind, found in places.items()
    }


def _schema(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"resources/{name}.json").read_text("utf-8"))
    return found
