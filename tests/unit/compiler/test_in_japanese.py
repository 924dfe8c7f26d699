"""Lint finds the same in Japanese as in English, at the same places, with the same edits, and in Japanese words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import language
from cli.compiler import RULES, Compilation, Finding, compile_templates

from . import test_mistakes, test_polls
from .conftest import Compile
from .test_docs import DOCS, JAPANESE, completed, examples, save
from .test_suggestions import ELSEWHERE, FRAME, TEXTS, text_of

LETTERS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
MISTAKES = [test.GOOD.replace(good, bad, 1) for test in (test_mistakes, test_polls) for good, bad, *_ in test.MISTAKES]


def key(finding: Finding) -> tuple[object, ...]:
    return finding.file, finding.line, finding.column, finding.code, str(finding.edit)


def check(compile_again: Callable[[], Compilation]) -> None:
    english = sorted(compile_again().findings, key=key)
    with language.speaking("ja"):
        japanese = sorted(compile_again().findings, key=key)
    assert [*map(key, japanese)] == [*map(key, english)]
    for finding in japanese:
        assert LETTERS.search(finding.message), finding
        assert LETTERS.search(finding.fix), finding


@pytest.mark.parametrize("source", MISTAKES)
def test_a_mistake_is_told(compiled: Compile, source: str) -> None:
    check(lambda: compiled(source))


@pytest.mark.parametrize("kind", sorted(TEXTS.keys() - ELSEWHERE))
def test_a_kind_of_mistake_is_told(compiled: Compile, kind: str) -> None:
    check(lambda: compiled(FRAME.replace("TEXT", text_of(kind))))


@pytest.mark.parametrize(
    ("words", "example"), [one for one in examples(DOCS) if re.fullmatch("(text|yaml) finding=.*", one[0])]
)
def test_the_example_of_a_code_is_told(compiled: Compile, tmp_path: Path, words: str, example: str) -> None:
    if words.startswith("yaml"):
        check(lambda: compiled(completed(example)))
    else:
        save(tmp_path, example)
        check(lambda: compile_templates(tmp_path))


def plain(cell: str) -> str:
    return cell.replace("`", "").replace(r"\|", "|")


@pytest.mark.parametrize("code", RULES)
def test_the_guide_says_of_a_code_what_lint_says(code: str) -> None:
    [row] = re.findall(rf"^\| `{code}`(?:（警告）)? \| (.*) \|$", JAPANESE, re.MULTILINE)
    meaning, remedy = re.split(r" (?<!\\)\| ", row)
    known = language.translations("ja")
    assert plain(meaning) == plain(known[RULES[code].meaning])
    assert plain(remedy) == plain(known[RULES[code].remedy]) or "](" in remedy or "この手引き" in remedy
