"""Each suggestion is right: pasted where it says, it removes its finding, and no other one comes."""

from __future__ import annotations

from collections import Counter

import pytest

from cli.compiler import RULES, Finding
from cli.compiler.findings import OF_DATABASE
from handler.errors import CODES
from handler.templating import kinds
from tests.unit.templating.test_kinds import BLOCKS, PATTERNS, TEXTS, UNREACHED

from .conftest import Compile
from .test_mistakes import GOOD, MISTAKES

Key = tuple[int, str, str]

# What a template of test_kinds.py reads, as the samples of a template.
FRAME = """\
id: integer
channel: orders
lookups:
  order:
    sql: SELECT number, total, note, day FROM orders WHERE id = :id
  rows: {sql: SELECT sku FROM items WHERE order_id = :id, expect: many}
  document: {get: "/documents/{{ id }}"}
  other: {get: "/others/{{ id }}"}
text: |
  Order
  TEXT
samples:
  one:
    id: 1
    data: {key: 1, at: 2026-01-05T10:00:00Z, day: 2026-01-05}
    lookups:
      order: {number: A-1, total: 5, note: null, day: 2026-01-05}
      rows: [{sku: TEA}]
      document: {key: 1}
      other: {name: x}
"""
# By kind, another text than that of test_kinds.py, whose values lint does not have.
OTHER = {
    "no_time_of_day": "{{ data.day | time }}",
    "style_unknown": "{{ data.at | date('shrt') }}",
    "date_and_time": "{{ data.at < data.day }}",
    "too_many_elements": "{% for a in range(300) %}x{% endfor %}",
    "list_too_long": "{{ (('x' * 9000 ~ 'y') * 9) | length }}",
    "too_many_digits": "{{ 10 ** 190 }}",
    "name_unknown": "{{ ordr.number }}",
}
# By kind, what an author writes after reading the fix, where that is more than one exact change.
BY_HAND = {
    "data_absent": "{{ data.copon | default('-') }}",
    "expression_missing": "{% if order.total > 100 %}x{% endif %}",
    "block_unclosed": "{% if order %}x{% endif %}",
    "comment_unclosed": "{# x #}",
    "raw_unclosed": "{% raw %} x{% endraw %}",
    "name_missing": "{{ order.number }}",
    "tag_missing": "{% if order %}x{% endif %}",
    "tag_unknown": "{% if order %}x{% endif %}",
    "target_invalid": "{% for item in rows %}{% endfor %}",
    "tests_chained": "{{ 1 is even and 1 is odd }}",
    "arguments_unreadable": "{{ 1 | number(2, grouping=false) }}",
    "character_invalid": "{{ id }}",
    "argument_repeated": "{{ 1 | number(decimals=1) }}",
    "unreadable": "{{ 'x' }}",
    "arguments_unpacked": "{{ 1 | number(2) }}",
    "loops_too_deep": "{% for a in rows %}{% endfor %}",
    "number_infinite": "{{ 1e9 }}",
    "self_used": "{{ order.number }}",
    "dict_literal": "{{ 1 }}",
    "set_statement": "{{ 1 }}",
    "statement": "x",
    "percent_on_text": "{{ 'No. ' ~ 1 }}",
    "nested_too_deep": "{{ not 1 }}",
    "too_many_parts": "{{ 1 }}",
    "number_too_large": "{{ 100 }}",
    "result_too_long": "{{ 9 ** 9 }}",
    "too_many_digits": "{{ 10 ** 9 }}",
    "text_too_long": "x {{ 1 }}",
    "too_many_trimmed": "{{ 'a' | trim('-') }}",
    "too_many_elements": "{% for a in range(200) %}x{% endfor %}",
    "decimals_invalid": "{{ 1 | round(10) }}",
    "repeat_too_long": "{{ 'x' * 100 }}",
    "list_too_long": "{{ ('x' * 9) | length }}",
    "element_absent": "{{ rows[7].sku if rows | length > 7 else '-' }}",
    "list_empty": "{{ (rows | first).sku if rows else '-' }}",
    "previous_absent": "{% for a in rows %}{{ loop.previtem.sku if not loop.first else '-' }}{% endfor %}",
    "next_absent": "{% for a in rows %}{{ loop.nextitem.sku if not loop.last else '-' }}{% endfor %}",
    "no_time_of_day": "{{ data.day | date }}",
    "no_date": "{{ '09:30:00' | time }}",
    "not_a_time": "{{ order.day | date }}",
    "size_invalid": "{{ 'x' | truncate(80) }}",
    "not_a_list": "{% for a in rows %}x{% endfor %}",
    "neither_list_nor_text": "{{ rows | length }}",
    "not_a_currency": "{{ 1 | money('EUR') }}",
    "not_a_number": "{{ order.total | number }}",
    "argument_not_plain": "{{ 1 | number(2) }}",
    "operand": "{{ -order.total }}",
    "not_comparable": "{{ 'a' if 1 < 2 else 'b' }}",
    "date_and_time": "{{ 'a' if data.day < order.day else 'b' }}",
    "not_a_container": "{{ 1 in [2] }}",
    "not_in_text": "{{ '1' in 'x' }}",
    "not_unpackable": "{% for item in rows %}x{% endfor %}",
    "range_invalid": "{% for a in range(0, 10, 2) %}x{% endfor %}",
    "slice_invalid": "{% for a in rows[:5] %}x{% endfor %}",
    "call_invalid": "{{ 1 is even }}",
    "division_by_zero": "{{ 1 / 2 }}",
    "failed": "{% for a in [[1, 2, 3]] %}x{% endfor %}",
    "expression_in_markup": "{{ 'https://a.example' | link }}",
    "quote_not_first": "a\n  {{ 'x' | quote }}",
}
# Kinds that no text of a sample leads to, and where they are tested: they come from values that only a server sends, or
# are about addresses, ids and sizes.
ELSEWHERE = {
    "too_much_text", "not_finite", "value_unusable", "quote_in_plain", "labels_unknown", "undefined", "unsafe",
    "markup_in_address", "address_part_empty", "address_too_long", "message_empty", "not_bindable", "recursion",
    "memory", "time_over", "described", "bare_expression", "else_missing", *PATTERNS, *BLOCKS,
    *UNREACHED,
}  # fmt: skip
# Codes that are about a file or a folder, or about what another file says: no single change is right.
OF_FILES = {
    "FILE_NAME", "FILE_MISSING", "FILE_UNREADABLE", "EVENT_TYPE_SIMILAR", "POLL_UNSEEN", "QUERY_CHANGE_HIDDEN",
    "QUERY_JOIN", "QUERY_SERVER", "SAMPLE_PERSONAL",
}  # fmt: skip


def key(finding: Finding) -> Key:
    return finding.line, finding.code, finding.message


def pasted(source: str, finding: Finding) -> str:
    """The template after the change that a finding describes."""
    assert finding.edit
    lines = source.split("\n")
    line, at = lines[finding.line - 1], finding.column - 1
    assert line[at:].startswith(finding.edit.old), (line, finding)
    lines[finding.line - 1] = line[:at] + finding.edit.new + line[at + len(finding.edit.old) :]
    return "\n".join(lines)


def wrong_edits(compiled: Compile, source: str) -> list[str]:
    """What is wrong with the edits of the findings of a template."""
    before = compiled(source).findings
    known = Counter(map(key, before))
    found = []
    for finding in before:
        if finding.edit and finding.file.startswith("order.created"):
            if finding.edit.new not in finding.fix:
                found.append(f"the fix does not show the edit: {finding}")
            after = Counter(map(key, compiled(pasted(source, finding)).findings))
            if after[key(finding)] >= known[key(finding)]:
                found.append(f"still there: {finding} {finding.edit}")
            found += [f"new after {finding.edit}: {other}" for other in after - known]
    return found


@pytest.mark.parametrize(("good", "bad"), [(good, bad) for good, bad, *_ in MISTAKES])
def test_each_edit_removes_its_finding(compiled: Compile, good: str, bad: str) -> None:
    assert wrong_edits(compiled, GOOD.replace(good, bad, 1)) == []


def text_of(kind: str) -> str:
    source, _ = TEXTS[kind]
    return OTHER.get(kind, "{{ 1 + }}" if kind == "expression_incomplete" else source)


@pytest.mark.parametrize("kind", sorted(TEXTS.keys() - ELSEWHERE))
def test_a_kind_of_mistake_is_found_and_its_fix_is_right(compiled: Compile, kind: str) -> None:
    source = FRAME.replace("TEXT", text_of(kind))
    found = [one for one in compiled(source).findings if one.severity == "error"]
    assert found
    assert all(one.fix != remedy(one.code) for one in found), "the fix says no more than its code"
    assert wrong_edits(compiled, source) == []
    if any(one.edit is None for one in found):
        assert not [one for one in compiled(FRAME.replace("TEXT", BY_HAND[kind])).findings if one.severity == "error"]


def remedy(code: str) -> str:
    return RULES[code].remedy if code in RULES else CODES[code].remedy


def test_each_kind_and_each_code_has_a_case() -> None:
    assert set(kinds.KINDS) == TEXTS.keys() | ELSEWHERE
    assert BY_HAND.keys() <= TEXTS.keys() - ELSEWHERE
    assert RULES.keys() == {code for _, _, _, code, *_ in MISTAKES if code in RULES} | OF_FILES | OF_DATABASE
