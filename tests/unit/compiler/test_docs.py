"""docs/templates.md says what is true: each example compiles, each key, filter and code is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.compiler import RULES, lookups, template
from cli.compiler.blocks import SHORT_FORMS
from cli.compiler.files import MAX_BYTES
from handler.errors import CODES
from handler.stages import limits
from handler.stages.enrich import MAX_ROWS
from handler.templating import FILTERS
from handler.templating.filters import MAX_ELEMENTS, TESTS

from .conftest import Compile

DOCS = Path("docs/templates.md").read_text("utf-8")
# An example's words after ```yaml, and its text.
EXAMPLES = re.findall(r"^```yaml(.*)\n((?:.*\n)*?)```$", DOCS, re.MULTILINE)

# What an example that shows a part of a template leaves out.
REST = {
    "id": "id: integer\n",
    "channel": "channel: orders\n",
    "lookups": 'lookups: {order: {sql: "SELECT number, total FROM orders WHERE id = :id"}}\n',
    "text": "text: Order {{ id }}\n",
    "samples": "samples: {one: {id: 42, lookups: {order: {number: A-17, total: 5200}}}}\n",
}
# What a template is to blame for when an event fails.
BLAMED = (
    "EVENT_TYPE_UNKNOWN", "EVENT_ID_INVALID", "TOO_MANY_ROWS", "DB_DENIED", "DB_UNKNOWN", "API_NOT_FOUND",
    "API_BAD_ANSWER", "API_UNKNOWN",
)  # fmt: skip
BLAMED_KINDS = ("TEMPLATE_", "MESSAGE_", "BLOCK_", "QUERY_", "ROW_")


def completed(example: str) -> str:
    there = re.findall(r"^(\w+):", example, re.MULTILINE)
    return "".join(part for key, part in REST.items() if key not in there) + example


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 12


@pytest.mark.parametrize(("words", "example"), EXAMPLES)
def test_each_example_compiles_or_has_the_finding_that_it_shows(compiled: Compile, words: str, example: str) -> None:
    if words.strip() == "stage":
        compilation = compiled(completed(""), {"_stages/example.yaml": example})
    else:
        compilation = compiled(completed(example))
    shown = re.fullmatch(r" finding=([A-Z_]+)", words)
    assert {finding.code for finding in compilation.findings} == ({shown[1]} if shown else set())


def test_the_codes_are_those_of_the_program() -> None:
    rows = [row(code, rule.meaning, rule.remedy, rule.severity == "warning") for code, rule in RULES.items()]
    blamed = [code for code in CODES if code in BLAMED or code.startswith(BLAMED_KINDS)]
    rows += [row(code, CODES[code].meaning, CODES[code].remedy) for code in blamed]
    table = DOCS.partition("| code | meaning | what to do |\n| --- | --- | --- |\n")[2]
    assert table.splitlines() == rows


def row(code: str, meaning: str, remedy: str, warning: bool = False) -> str:
    name = f"`{code}` (warning)" if warning else f"`{code}`"
    return f"| {name} | {cell(meaning)} | {cell(remedy)} |"


def cell(text: str) -> str:
    return re.sub(r"([|<])", r"\\\1", text)


@pytest.mark.parametrize(
    "name",
    [
        *template.REQUIRED,
        *template.OPTIONAL,
        *("sql", "bind", "db", "get", "on_failure", "expect"),
        *lookups.EXPECT,
        *lookups.ON_FAILURE,
        *SHORT_FORMS,
        *FILTERS,
        "channels",
        "fallback",
    ],
)
def test_every_word_of_the_format_is_explained(name: str) -> None:
    assert re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", DOCS) or f"{name}:" in DOCS


def test_the_filters_and_tests_are_all_that_there_are() -> None:
    for title, names in (("Filters", FILTERS), ("Tests", TESTS)):
        listed = re.search(rf"\*\*{title}\*\*: (.*?)\.\n", DOCS, re.DOTALL)
        assert listed
        assert set(re.findall(r"`(?:is )?(\w+)`", listed[1])) == set(names)


def test_the_words_that_names_cannot_be_are_those_of_the_program(compiled: Compile) -> None:
    for word in ("id", "type", "data", "event", "now", "vars", "loop", *FILTERS, "not", "range"):
        text = completed(f'lookups: {{{word}: {{sql: "SELECT a FROM t WHERE id = :id"}}}}\n')
        assert "NAME_RESERVED" in {finding.code for finding in compiled(text).findings}, word


def test_the_limits_are_those_of_the_program() -> None:
    assert f"at most {limits.MAX_BLOCKS} blocks and about {limits.MAX_TOTAL:,} characters" in DOCS
    assert f"at most {MAX_BYTES // 1024} KiB" in DOCS
    assert f"at most {MAX_ROWS} rows" in DOCS
    assert f"`LIMIT` above {MAX_ROWS}" in DOCS
    assert f"list of at most {MAX_ELEMENTS} elements" in DOCS
