"""The tools take what they need of an error from its diagnosis; they never take its detail apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli

# What is done to a text to find something in it.
METHODS = {
    "partition", "rpartition", "split", "rsplit", "splitlines", "removeprefix", "removesuffix", "startswith",
    "endswith", "find", "rfind", "index", "rindex", "count", "replace", "strip", "lstrip", "rstrip",
}  # fmt: skip
PATTERNS = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
MODULES = sorted(Path(cli.__file__).parent.rglob("*.py"))


def is_detail(node: ast.AST) -> bool:
    """Whether an expression is the `detail` of an error."""
    return isinstance(node, ast.Attribute) and node.attr == "detail"


def taken_apart(source: str) -> Iterator[int]:
    """The lines in which a detail is searched, cut or compared in part."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=arguments):
                if (name in METHODS and is_detail(owner)) or (name in PATTERNS and any(map(is_detail, arguments))):
                    yield node.lineno
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]) if is_detail(right):
                yield node.lineno
            case ast.Subscript(value=owner) if is_detail(owner):
                yield node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.as_posix().rpartition("/cli/")[2])
def test_no_tool_takes_the_words_of_an_error_apart(path: Path) -> None:
    assert [*taken_apart(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "error.detail.partition('; ')",
        "error.detail.startswith(where)",
        "re.search(pattern, error.detail)",
        "PATTERN.sub('', error.detail)",
        "'x' in error.detail",
        "error.detail[3:]",
    ],
)
def test_what_takes_them_apart_is_found(source: str) -> None:
    assert [*taken_apart(source)] == [1]
