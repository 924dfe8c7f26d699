"""The page of faults has all of them, each test that it names is there, and each family of bad input has ten cases."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from math import prod
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/faults.md").read_text()
FAULTS, _, FAMILIES = PAGE.partition("\n## Bad input\n")
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(\w+)`")
NAMED = sorted(set(TEST.findall(PAGE)))
CASES = 10


def rows(page: str) -> dict[int, str]:
    """The numbered rows of a table."""
    return {int(number): row for number, row in re.findall(r"^\| ([0-9]+) \| (.*) \|$", page, re.MULTILINE)}


@cache
def defined_in(file: str) -> set[str]:
    """The names of a file's tests, without running it."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def cases(file: str, name: str) -> int:
    """How often a test runs; one that Hypothesis feeds runs often enough."""
    test = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)
    if hasattr(test, "hypothesis"):
        return CASES
    return prod(len(mark.args[1]) for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize")


@pytest.mark.parametrize(("page", "count"), [(FAULTS, 47), (FAMILIES, 31)], ids=["faults", "families"])
def test_each_has_its_row_with_a_test(page: str, count: int) -> None:
    assert list(rows(page)) == list(range(1, count + 1))
    assert [number for number, row in rows(page).items() if not TEST.search(row)] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert name in defined_in(file)


@pytest.mark.parametrize("number", rows(FAMILIES))
def test_a_family_has_ten_cases(number: int) -> None:
    assert sum(cases(*named) for named in TEST.findall(rows(FAMILIES)[number])) >= CASES
