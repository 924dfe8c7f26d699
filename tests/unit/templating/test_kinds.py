"""Every kind of mistake has a code and words, is raised by something that an author can write, and names its parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

import pytest

from cli import diagnoses, language
from handler.block_kit import expand, fit, limits
from handler.errors import CODES, TemplateError
from handler.model import EventData, IdRule, Leaf, LeafContext, Notification, Route, Row
from handler.stages import id_pattern, render
from handler.stages.enrich import Sources
from handler.stages.id_pattern import MAX_DEPTH, MAX_PATTERN
from handler.templating import DiagnosedError, Templates, diagnosis, kinds, messages, translate_error
from handler.templating.diagnosis import Diagnosis
from handler.templating.kinds import Kind
from handler.templating.language import MAX_NODES
from handler.templating.unusable import Unusable
from handler.time_limit import TimeLimit
from tests.unit.templating.examples import LOCALES

WHERE = "f.yaml:3 text"
VALUES: dict[str, Any] = {
    "data": EventData(coupon="TEA"),
    "order": Row(number="A-1", total=Decimal(5), note=None, day=date(2026, 1, 5)),
    "document": {"key": 1},
    "rows": [Row(sku="TEA")],
    "many": [1] * 300,
    "long": "x" * 40_000,
    "at": datetime(2026, 1, 5, 10, tzinfo=UTC),
    "day": date(2026, 1, 5),
    "infinite": Decimal("Infinity"),
    "huge": Decimal("1E+200"),
    "unusable": Unusable("it cannot be read"),
    "now": datetime(2026, 1, 5, 12, tzinfo=UTC),
}
LOOPS = "{%% for a in range(200) %%}{%% for b in range(200) %%}%s{%% endfor %%}{%% endfor %%}"

# By kind: a text that an author can write, with the context that it stands in.
TEXTS: dict[str, tuple[str, LeafContext]] = {
    "bare_expression": ("1) }}{{ (2", "expression"),
    "expression_incomplete": ("1 +", "expression"),
    "expression_missing": ("{% if %}", "plain"),
    "unexpected": ("{{ 1 } }}", "plain"),
    "expected": ("{{ order.number order.total }}", "plain"),
    "unclosed": ("{{ order.number", "plain"),
    "block_unclosed": ("{% if order %}x", "plain"),
    "comment_unclosed": ("{# x", "plain"),
    "raw_unclosed": ("{% raw %} x", "plain"),
    "name_missing": ("{{ order. }}", "plain"),
    "tag_missing": ("{% %}", "plain"),
    "tag_unknown": ("{% unknown %}", "plain"),
    "tag_unexpected": ("{% if order %}{% endfor %}", "plain"),
    "target_invalid": ("{% for 1 in rows %}{% endfor %}", "plain"),
    "tests_chained": ("{{ 1 is even is odd }}", "plain"),
    "arguments_unreadable": ("{{ 1 | number(decimals=2, 3) }}", "plain"),
    "character_invalid": ("{{ a² }}", "plain"),
    "argument_repeated": ("{{ 1 | number(decimals=1, decimals=2) }}", "plain"),
    "unreadable": (r"{{ '\x' }}", "plain"),
    "arguments_unpacked": ("{{ 1 | number(*rows) }}", "plain"),
    "loops_too_deep": ("{% for a in rows recursive %}{% endfor %}", "plain"),
    "filter_unknown": ("{{ 1 | mony }}", "plain"),
    "test_unknown": ("{{ 1 is strange }}", "plain"),
    "number_infinite": ("{{ 1e999 }}", "plain"),
    "self_used": ("{{ self }}", "plain"),
    "dict_literal": ("{{ {'a': 1} }}", "plain"),
    "call": ("{{ order.number.upper() }}", "plain"),
    "set_statement": ("{% set x = 1 %}", "plain"),
    "statement": ("{% autoescape true %}{% endautoescape %}", "plain"),
    "percent_on_text": ("{{ '%s' % 1 }}", "plain"),
    "nested_too_deep": ("{{ " + "not " * 60 + "1 }}", "plain"),
    "too_many_parts": ("{{ 1 }}" * MAX_NODES, "plain"),
    "number_too_large": ("{{ 1" + "0" * 200 + " }}", "plain"),
    "result_too_long": ("{{ 9 ** 999 }}", "plain"),
    "too_many_digits": ("{{ huge }}", "plain"),
    "text_too_long": ("x" * 40_001 + "{{ 1 }}", "plain"),
    "too_many_trimmed": ("{{ 'a' | trim('-' * 101) }}", "plain"),
    "too_many_elements": ("{% for a in many %}{% endfor %}", "plain"),
    "decimals_invalid": ("{{ 1 | round(100) }}", "plain"),
    "repeat_too_long": ("{{ 'x' * 100000 }}", "plain"),
    "too_much_text": (LOOPS % "{{ (long | upper)[:1] }}", "plain"),
    "list_too_long": ("{{ (many * 30 + many * 30) | length }}", "plain"),
    "name_unknown": ("{{ ordr }}", "plain"),
    "key_absent": ("{{ order.nmber }}", "plain"),
    "data_absent": ("{{ data.copon }}", "plain"),
    "element_absent": ("{{ rows[7] }}", "plain"),
    "part_absent": ("{{ order.note.x }}", "plain"),
    "labels_unknown": ("{{ 'a' | label('nothing') }}", "plain"),
    "list_empty": ("{{ ([] | first) | upper }}", "plain"),
    "else_missing": ("{{ (1 if false).x }}", "plain"),
    "previous_absent": ("{% for a in rows %}{{ loop.previtem }}{% endfor %}", "plain"),
    "next_absent": ("{% for a in rows %}{{ loop.nextitem }}{% endfor %}", "plain"),
    "not_showable": ("{{ order }}", "plain"),
    "no_time_of_day": ("{{ day | time }}", "plain"),
    "no_date": ("{{ '09:30:00' | date }}", "plain"),
    "not_a_time": ("{{ 'x' | date }}", "plain"),
    "size_invalid": ("{{ 'x' | truncate(0) }}", "plain"),
    "mask_unknown": ("{{ 'x' | mask('all') }}", "plain"),
    "style_unknown": ("{{ at | date('shrt') }}", "plain"),
    "not_a_list": ("{% for a in order.number %}{% endfor %}", "plain"),
    "neither_list_nor_text": ("{{ 1 | length }}", "plain"),
    "not_a_currency": ("{{ 1 | money('EURO') }}", "plain"),
    "not_finite": ("{{ infinite | number }}", "plain"),
    "not_a_number": ("{{ 'x' | number }}", "plain"),
    "argument_unknown": ("{{ 1 | number(places=2) }}", "plain"),
    "argument_unwanted": ("{{ 'x' | upper(1) }}", "plain"),
    "too_many_arguments": ("{{ 1 | number(1, 2, 3) }}", "plain"),
    "argument_twice": ("{{ 1 | number(1, decimals=2) }}", "plain"),
    "argument_missing": ("{{ 1 | money }}", "plain"),
    "argument_not_plain": ("{{ 1 | number(rows) }}", "plain"),
    "operands": ("{{ 1 + 'x' }}", "plain"),
    "operand": ("{{ -order.number }}", "plain"),
    "not_comparable": ("{{ 1 < 'x' }}", "plain"),
    "date_and_time": ("{{ at < day }}", "plain"),
    "not_a_container": ("{{ 1 in 2 }}", "plain"),
    "not_in_text": ("{{ 1 in 'x' }}", "plain"),
    "not_unpackable": ("{% for a, b in [1] %}{% endfor %}", "plain"),
    "range_invalid": ("{{ range(1, 2, 0) }}", "plain"),
    "slice_invalid": ("{{ rows['x':] }}", "plain"),
    "call_invalid": ("{{ 1 is even(2) }}", "plain"),
    "division_by_zero": ("{{ 1 / 0 }}", "plain"),
    "failed": ("{% for a, b in [[1, 2, 3]] %}{% endfor %}", "plain"),
    "markup_in_address": ("https://x.example/{{ 'a' | code }}", "url"),
    "address_part_empty": ("https://x.example/{{ '' }}", "url"),
    "address_too_long": ("https://x.example/{{ long }}", "url"),
    "expression_in_markup": ("<{{ 1 }}>", "mrkdwn"),
    "quote_not_first": ("a {{ 'x' | quote }}", "mrkdwn"),
    "quote_in_plain": ("{{ 'x' | quote }}", "plain"),
    "value_unusable": ("{{ unusable }}", "plain"),
}  # fmt: skip
# By kind: a pattern of ids.
PATTERNS = {
    "pattern_unreadable": "x{99999999999}",
    "pattern_unreadable_at": "[",
    "pattern_looks_ahead": "(?=a).*",
    "pattern_forbids": "(?!a).*",
    "pattern_refers": r"(a)\1",
    "pattern_depends": "(a)?(?(1)b|c)",
    "pattern_atomic": "(?>a)",
    "pattern_possessive": "a++",
    "pattern_too_long": "a" * (MAX_PATTERN + 1),
    "pattern_too_large": "(a{200}){200}",
    "pattern_too_deep": "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
}
MRKDWN = {"type": "mrkdwn", "text": "x" * 2000}
# By kind: the blocks of a message.
BLOCKS: dict[str, list[dict[str, Any]]] = {
    "too_many_blocks": [{"type": "divider"}] * 51,
    "too_many_tables": [{"type": "table", "rows": []}] * 2,
    "too_many_charts": [{"type": "data_visualization"}] * 3,
    "too_many_block_elements": [{"type": "context", "elements": [MRKDWN] * 11}],
    "too_many_characters": [{"type": "header", "text": {"text": "x" * 151}}],
    "too_many_characters_in_all": [{"type": "section", "text": MRKDWN}] * 7,
    "part_empty": [{"type": "header", "text": {"text": ""}}],
}


def spoken(source: str, context: LeafContext) -> None:
    templates = Templates(locale=LOCALES["en"])
    leaf = Leaf(context, source, WHERE)
    (templates.evaluate if context == "expression" else templates.render)(leaf, VALUES)


def nothing_to_say() -> None:
    text = Leaf("mrkdwn", "{{ '' }}", WHERE)
    render.render(Notification("n", "n", IdRule("integer"), (Route(("a",)),), text), VALUES, Templates())


def unbound() -> None:
    Sources(None, None, Templates())._bound(Leaf("expression", "rows", WHERE), VALUES)  # type: ignore[arg-type]


def as_raised(error: Exception) -> Callable[[], None]:
    def raising() -> None:
        raise translate_error(error, WHERE)

    return raising


def checked(blocks: list[dict[str, Any]]) -> Callable[[], None]:
    return lambda: limits.check("x", blocks)


CASES: dict[str, Callable[[], Any]] = {
    **{
        kind: lambda source=source, context=context: spoken(source, context)
        for kind, (source, context) in TEXTS.items()
    },
    **{kind: lambda pattern=pattern: id_pattern.IdPattern(pattern) for kind, pattern in PATTERNS.items()},
    **{kind: checked(blocks) for kind, blocks in BLOCKS.items()},
    "message_empty": nothing_to_say,
    "not_bindable": unbound,
    "recursion": as_raised(RecursionError()),
    "memory": as_raised(MemoryError()),
    "time_over": as_raised(TimeLimit(1.4)._error()),
    "described": as_raised(TemplateError("TEMPLATE_URL", "billing: a path begins with /")),
}
# What this version of Python and the language of templates never lead to: another check refuses the cause before.
UNREACHED = {"unsafe", "undefined", "pattern_part", "pattern_matches_nothing"}
# What Python and Jinja say, and no author understands.
FOREIGN = re.compile(
    r"unsupported operand|positional|object|NoneType|Decimal|datetime\.|not iterable|\(\) |token|print statement|"
    r"statement block|codec|Error\b|instances of"
)


def diagnosed(kind: str) -> DiagnosedError:
    with pytest.raises(DiagnosedError) as caught:
        CASES[kind]()
    return caught.value


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_is_raised_and_said_in_our_own_words(kind: str) -> None:
    error = diagnosed(kind)
    assert error.diagnosis.kind == kind
    assert error.detail.endswith(messages.text(error.diagnosis))
    assert error.code in CODES
    assert kind == "failed" or not FOREIGN.search(error.detail), error.detail


def test_each_kind_has_a_case_and_each_case_a_kind() -> None:
    assert set(CASES) | UNREACHED == set(kinds.KINDS)
    assert len(set(kinds.KINDS)) == len(kinds.KINDS)
    assert set(kinds.CODE.values()) <= CODES.keys()


def test_each_kind_has_words() -> None:
    assert messages.ENGLISH.kinds.keys() == set(kinds.KINDS)


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("name", language.LANGUAGES)
def test_the_words_of_each_language_use_the_fields_of_a_diagnosis(name: str, kind: Kind) -> None:
    with language.speaking(name):
        message, fix = diagnoses.words(Diagnosis(kind, "-"))  # raises KeyError for another field
    assert message
    assert "; " not in message
    assert not Template(fix).get_identifiers()


@pytest.mark.parametrize(
    ("source", "name", "owner", "line"),
    [
        ("a\n{{ 1 | mony }}", "mony", "", 2),
        ("a\n\n{{ self }}", "self", "", 3),
        ("{% if now %}\n{% endfor %}", "endfor", "if", 2),
        ("a\n{{ 1 | money }}", "currency", "money", 0),
        ("{{ order.nmber }}", "nmber", "", 0),
        ("{{ order[order.number] }}", "", "", 0),  # a computed name is not kept
        ("{{ order.note.x }}", "x", "NoneType", 0),
    ],
)
def test_a_diagnosis_names_its_parts(source: str, name: str, owner: str, line: int) -> None:
    with pytest.raises(DiagnosedError) as caught:
        spoken(source, "plain")
    found = caught.value.diagnosis
    assert (found.name, found.owner, found.line) == (name, owner, line)
    assert caught.value.where == WHERE


def test_an_error_keeps_the_first_place_that_it_gets() -> None:
    error = DiagnosedError(Diagnosis("memory"), WHERE)
    assert translate_error(error, "g.yaml") is error


def test_a_path_is_data_until_it_is_shown() -> None:
    error = diagnosed("too_many_characters")
    assert error.diagnosis.path == ("blocks", 0, "text", "text")
    assert error.detail == "blocks[0].text.text has 151 of at most 150 characters"


SOURCES = [
    *Path(diagnosis.__file__).parent.rglob("*.py"),
    Path(id_pattern.__file__),
    *(Path(module.__file__) for module in (expand, fit, limits, render)),
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_module_of_the_language_raises_words(path: Path) -> None:
    """Errors of templates are made of a Diagnosis, whose kind is written out and known."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "TemplateError", f"{path.name}:{node.lineno}"
            if node.func.id == "Diagnosis" and isinstance(node.args[0], ast.Constant):
                assert node.args[0].value in kinds.KINDS
