"""The page of faults has all of them, and each test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/faults.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)::(\w+)`", PAGE)))


@cache
def defined_in(file: str) -> set[str]:
    """The names of a file's tests, without running it."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_fault_has_its_row() -> None:
    rows = re.findall(r"^\| ([0-9]+) \|.*`tests/", PAGE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 48))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert name in defined_in(file)
