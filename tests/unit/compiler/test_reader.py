"""YAML without its traps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.compiler.findings import Finding, Report
from cli.compiler.nodes import Mapping, Node, Scalar, Sequence
from cli.compiler.reader import MAX_DEPTH, read_yaml


def read(source: str) -> tuple[Node | None, tuple[Finding, ...]]:
    report = Report()
    return read_yaml("a.yaml", source, report), report.findings()


def only_value(source: str) -> Scalar:
    node, findings = read(source)
    assert not findings
    assert isinstance(node, Mapping)
    value = node.entries[0].value
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-01-05", "2026-01-05"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
        ("e5", "e5"),
        ("9" * 31, "9" * 31),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("9.50", Decimal("9.50")),
        (".5", Decimal("0.5")),
        ("1e3", Decimal("1e3")),
        ("-0.1", Decimal("-0.1")),
        ("1e999", "1e999"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("'null'", "null"),
        ('""', ""),
    ],
)
def test_only_what_everybody_reads_alike_is_not_text(written: str, value: object) -> None:
    found = only_value(f"a: {written}\n").value
    assert found == value
    assert type(found) is type(value)


def test_every_node_knows_its_place() -> None:
    node, _ = read("a: 1\nb:\n  - c:\n      d: x\n")
    assert isinstance(node, Mapping)
    listed = node.entries[1].value
    assert isinstance(listed, Sequence)
    inner = listed.items[0]
    assert isinstance(inner, Mapping)
    deepest = inner.entries[0].value
    assert isinstance(deepest, Mapping)
    place = deepest.entries[0].value.place
    assert (place.line, place.column, place.path) == (4, 10, "b[0].c.d")
    assert str(place) == "a.yaml:4 b[0].c.d"


def test_a_line_of_a_block_text_has_a_place_of_its_own() -> None:
    text = only_value("a: |\n  one\n  two\n")
    assert text.place_of(2).line == 3
    assert only_value('a: "one two"\n').place_of(2).line == 1


def test_a_value_that_is_a_comment_is_remembered_as_one() -> None:
    assert only_value("channel: #orders\n").comment == "#orders"
    assert only_value("channel:\n").comment == ""
    assert only_value("channel: '' #orders\n").comment == ""


@pytest.mark.parametrize(
    ("source", "line", "column", "message", "fix"),
    [
        ("text: :warning: failed\n", 1, 15, "`: ` inside a value", 'write text: ":warning: failed"'),
        ('- header: Paid: "now"\n', 1, 15, "`: ` inside a value", "write - header: 'Paid: \"now\"'"),
        ("text: {{ x }}\n", 1, 8, "opens a mapping", 'write text: "{{ x }}"'),
        ("text: {{ x }} y\n", 1, 8, "opens a mapping", 'write text: "{{ x }} y"'),
        ("text: {% if x %}y{% endif %}\n", 1, 8, "cannot start", 'write text: "{% if x %}y{% endif %}"'),
        ("text: %s\n", 1, 7, "cannot start", 'write text: "%s"'),
        ("text: @here\n", 1, 7, "cannot start", 'write text: "@here"'),
        ("text: `code`\n", 1, 7, "cannot start", 'write text: "`code`"'),
        ("text: [x] done\n", 1, 11, "closed already", 'write text: "[x] done"'),
        ("text: - one\n", 1, 7, "starts a list", 'write text: "- one"'),
        ('text: "say "hi" x"\n', 1, 13, "closed already", ""),
        ("text: 'it's'\n", 1, 11, "closed already", ""),
        ("text: | one\n", 1, 9, "stand alone", ""),
        ("text: > one\n", 1, 9, "stand alone", ""),
        ("a:\n\tb: c\n", 2, 1, "a tab", "blanks instead"),
        ("a: 1\nb: 'x\nc: 2\n", 2, 4, "never closed", ""),
        ('a: "\\d"\n', 1, 4, "backslash", ""),
        ("a: b\nc\nd: e\n", 2, 1, "neither `key: value`", ""),
        ("a:\n  - b: 1\n   - c: 2\n", 3, 4, "does not line up", ""),
        ("sql: SELECT a # the number\n  FROM t\n", 2, 3, "comment above", ""),
        ("id:integer\nchannel: orders\n", 1, 1, "a blank is missing", "write id: integer"),
        ("id: integer\n channel: orders\n", 2, 2, "does not line up", "like the key above"),
        ("a: b\ntext:Hello\nd: e\n", 2, 1, "a blank is missing", "write text: Hello"),
        ("a: b\ntext：こんにちは\nd: e\n", 2, 1, "full-width", "write text: こんにちは"),
        ("a: {b: c\n", 1, 4, "not closed", ""),
        ("a: [b\n", 1, 4, "not closed", ""),
        ("a: \x00\n", 1, 1, "control character", "remove it"),
        ("a: 1\nb: \x07\n", 2, 1, "control character", "remove it"),
    ],
)
def test_each_usual_slip_has_a_plain_sentence(source: str, line: int, column: int, message: str, fix: str) -> None:
    node, findings = read(source)
    assert node is None
    assert len(findings) == 1
    assert (findings[0].code, findings[0].line, findings[0].column) == ("YAML_SYNTAX", line, column)
    assert message in findings[0].message
    assert fix in findings[0].fix


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("text: *bold* x\n", 1, "alias"),
        ("a: &b c\nd: *b\n", 1, "anchor"),
        ("a: !!python/object:os.system x\n", 1, "tag"),
        ("a: ! x\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("&a b: c\n", 1, "anchor"),
        ("a: 1\n<<: {b: 2}\n", 2, "merges"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("%YAML 1.1\n---\na: NO\n", 2, "%YAML"),
        ("%TAG ! tag:example.org,2026:\n---\na: b\n", 2, "%TAG"),
        ("a: " + "[" * 40 + "]" * 40, 1, f"{MAX_DEPTH} deep"),
        ("[" * 60_000, 1, f"{MAX_DEPTH} deep"),
    ],
)
def test_surprising_parts_of_yaml_are_refused(source: str, line: int, message: str) -> None:
    node, findings = read(source)
    assert node is None
    assert [(finding.code, finding.line) for finding in findings] == [("YAML_FORBIDDEN", line)]
    assert message in findings[0].message


def test_a_key_that_stands_twice_is_named_with_both_lines() -> None:
    _, findings = read("a: 1\nb: 2\na: 3\n")
    assert str(findings[0]) == "a.yaml:3:1: KEY_DUPLICATE `a` stands in line 1 already"


@pytest.mark.parametrize("source", ["", "\n", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_file_is_an_empty_value(source: str) -> None:
    node, findings = read(source)
    assert isinstance(node, Scalar)
    assert (node.text, findings) == ("", ())


@given(st.text(alphabet="ab:-#&*!|>'\"%@`{}[], \n\t\\?<=.1~é\u3000", max_size=60))
def test_whatever_stands_in_a_file_is_a_tree_or_a_finding(source: str) -> None:
    node, findings = read(source)
    assert node is not None or findings
    assert all(finding.line >= 1 and finding.column >= 1 and finding.fix for finding in findings)
