"""The regular expressions match the same in every Python that the project runs on."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import cli
import handler
import lab.databases
from lab.databases import dump

# Python before 3.11.5 loses matches of a possessive quantifier behind a group: (?:ab|c)*+ in place of (?>(?:ab|c)*).
# https://github.com/python/cpython/issues/106052
SIMPLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN"}


def modules() -> Iterator[Any]:
    for package in (handler, cli, lab.databases):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not one.name.endswith(("__main__", ".app")):
                yield import_module(one.name)


def patterns() -> dict[str, re.Pattern[Any]]:
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }


def possessive_groups(parsed: Any) -> Iterator[Any]:
    for kind, argument in parsed:
        if str(kind) == "POSSESSIVE_REPEAT":
            repeated = argument[2]
            if len(repeated) != 1 or str(repeated[0][0]) not in SIMPLE:
                yield repeated
        yield from _inside(argument)


def _inside(argument: Any) -> Iterator[Any]:
    if isinstance(argument, re._parser.SubPattern):  # type: ignore[attr-defined]
        yield from possessive_groups(argument)
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _inside(part)


@pytest.mark.parametrize(
    ("pattern", "found"), [("(?:ab|c)*+", 1), ("(?>(?:ab|c)*)[ab]++", 0), ("x(?=(?:ab)++|c)", 1), ("((?:a*)?+)", 1)]
)
def test_a_possessive_quantifier_behind_a_group_is_seen(pattern: str, found: int) -> None:
    assert len([*possessive_groups(re._parser.parse(pattern))]) == found  # type: ignore[attr-defined]


def test_no_possessive_quantifier_stands_behind_a_group() -> None:
    known = patterns()
    assert dump in [*modules()]
    assert len(known) > 100
    wrong = [name for name, one in known.items() if [*possessive_groups(re._parser.parse(one.pattern, one.flags))]]  # type: ignore[attr-defined]
    assert wrong == []
