"""The laws of templates: what may be written, what values may do, and how far either goes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import TemplateError
from handler.model import Leaf, LeafContext, Row
from handler.templating import MAX_OUTPUT, Templates

ROW: dict[str, Any] = {
    "number": "A-17",
    "items": "a column, not a method",
    "amount": Decimal("1234.5"),
    "empty": None,
    "open": True,
    "at": datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
    "day": date(2026, 1, 5),
    "huge": Decimal("1E+999999"),
}
CONTEXT: dict[str, Any] = {"order": Row(ROW), "rows": [Row(sku="TEA-1"), Row(sku="TEA-2")], "id": 7, "many": [0] * 201}


def leaf(source: str, context: LeafContext = "mrkdwn") -> Leaf:
    return Leaf(context, source, "f.yaml:3 text")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("*{{ order.number }}*", "*A-17*"),
        ("({{ '<!here> & co' }})", "(&lt;!here&gt; &amp; co)"),
        ("{{ order.items }}", "a column, not a method"),
        ("{{ order['number'] }} {{ rows[1].sku }} {{ order.number[:1] }}", "A-17 TEA-2 A"),
        ("[{{ order.empty }}]", "[]"),
        ("{{ order.empty | default('none') }}", "none"),
        ("{{ order.open }} {{ order.at }} {{ order.day }}", "true 2026-01-05 10:00 UTC 2026-01-05"),
        ("{{ order.at.year }}", "2026"),
        ("{{ order.amount }} {{ order.amount * 1.1 }} {{ 7 / 2 }}", "1234.5 1357.95 3.5"),
        ("{{ order.amount | money('JPY') }}", "¥1,235"),
        ("{{ order.amount | money('eur') }}", "€1,234.50"),
        ("{{ (0 - order.amount) | money('CHF') }}", "-1,234.50 CHF"),
        ("{{ order.amount | round(1) }} {{ 2.5 | round }}", "1234.5 3"),
        ("{{ rows | join(', ', 'sku') }}", "TEA-1, TEA-2"),
        ("{% for row in rows %}{{ loop.index }}. {{ row.sku }} {% endfor %}", "1. TEA-1 2. TEA-2 "),
        ("{% if order.amount > 1000 %}high{% else %}low{% endif %}", "high"),
        ("{{ 'yes' if order.coupon is defined else 'no' }}", "no"),
        ("{{ order.number ~ '!' }}", "A-17!"),
        ("{{ range(3) | join('-') }}", "0-1-2"),
        ("{{ 'ab' * 2 }} {{ 7 % 4 }} {{ 2 ** 10 }}", "abab 3 1024"),
    ],
)
def test_what_a_template_can_say(source: str, text: str) -> None:
    assert Templates().render(leaf(source), CONTEXT) == text


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("{{ order.nmae }}", "TEMPLATE_UNDEFINED", "there is no nmae"),
        ("{{ order.numbr }}", "TEMPLATE_UNDEFINED", "nearest: number"),
        ("{{ ordr.number }}", "TEMPLATE_UNDEFINED", "nearest: order"),
        ("{{ rows[9].sku }}", "TEMPLATE_UNDEFINED", "no element 9"),
        ("{{ order.empty.name }}", "TEMPLATE_UNDEFINED", "an empty value has no name"),
        ("{{ ''.__class__ }}", "TEMPLATE_UNDEFINED", "__class__"),
        ("{{ order.number.format }}", "TEMPLATE_UNDEFINED", "format"),
        ("{{ order.__init__ }}", "TEMPLATE_UNDEFINED", "__init__"),
        ("{{ order.number.upper() }}", "TEMPLATE_FORBIDDEN", "use a filter"),
        ("{{ self._TemplateReference__context }}", "TEMPLATE_FORBIDDEN", "self"),
        ("{% if false %}{{ order | attr('x') }}{% endif %}", "TEMPLATE_FORBIDDEN", "no filter attr"),
        ("{{ 1 if false else (1 is callable) }}", "TEMPLATE_FORBIDDEN", "no test callable"),
        ("{{ 1e999999 }}", "TEMPLATE_FORBIDDEN", "too large"),
        ("{{ rows.append(1) }}", "TEMPLATE_FORBIDDEN", "use a filter"),
        ("{% set x = 1 %}", "TEMPLATE_FORBIDDEN", "set"),
        ("{% set x %}a{% endset %}", "TEMPLATE_FORBIDDEN", "set"),
        ("{% include 'x' %}", "TEMPLATE_FORBIDDEN", "include"),
        ("{% import 'x' as x %}", "TEMPLATE_FORBIDDEN", "import"),
        ("{% extends 'x' %}", "TEMPLATE_FORBIDDEN", "extends"),
        ("{% macro m() %}{% endmacro %}", "TEMPLATE_FORBIDDEN", "macro"),
        ("{% call m() %}{% endcall %}", "TEMPLATE_FORBIDDEN", "call"),
        ("{% filter upper %}a{% endfilter %}", "TEMPLATE_FORBIDDEN", "filter"),
        ("{{ {'a': 1} }}", "TEMPLATE_FORBIDDEN", "literal"),
        ("{{ '%s' % 1 }}", "TEMPLATE_FORBIDDEN", "numbers"),
        ("{% for a in rows %}{% for b in rows %}{% for c in rows %}{% endfor %}{% endfor %}{% endfor %}",
         "TEMPLATE_FORBIDDEN", "2 deep"),
        ("{{ order | attr('number') }}", "TEMPLATE_FORBIDDEN", "no filter attr"),
        ("{{ order | pprint }}", "TEMPLATE_FORBIDDEN", "no filter pprint"),
        ("{{ 1 is defind }}", "TEMPLATE_FORBIDDEN", "nearest: defined"),
        ("{{ lipsum }}", "TEMPLATE_UNDEFINED", "lipsum"),
        ("{{ order.number", "TEMPLATE_SYNTAX", "`}}` is missing at the end"),
        ("{% if %}", "TEMPLATE_SYNTAX", "an expression is missing before `%}`"),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "TEMPLATE_LIMIT", "digits"),
        ("{{ order.amount ** 10000 }}", "TEMPLATE_LIMIT", "digits"),
        ("{{ 10 ** 90 * 10 ** 90 }}", "TEMPLATE_LIMIT", "digits"),
        ("{{ 'a' * 100000 }}", "TEMPLATE_LIMIT", "characters"),
        ("{{ 100000 * 'a' }}", "TEMPLATE_LIMIT", "characters"),
        ("{{ order.huge }}", "TEMPLATE_LIMIT", "digits"),
        ("{{ range(10 ** 12) | length }}", "TEMPLATE_LIMIT", "200 elements"),
        ("{% for a in range(200) %}{% for b in range(200) %}xx{% endfor %}{% endfor %}", "TEMPLATE_LIMIT", "40000"),
        ("{% for a in many %}{% endfor %}", "TEMPLATE_LIMIT", "rows[:200]"),
        ("{{ many | join }}", "TEMPLATE_LIMIT", "rows[:200]"),
        ("{% for a in order.number %}{% endfor %}", "TEMPLATE_FAILED", "a text is not a list"),
        ("{% for a in order.empty %}{% endfor %}", "TEMPLATE_FAILED", "an empty value is not a list"),
        ("{% for a in order.itms %}{% endfor %}", "TEMPLATE_UNDEFINED", "there is no itms"),
        ("{{ order.number | join('-') }}", "TEMPLATE_FAILED", "a text is not a list"),
        ("{{ [1] | each }}", "TEMPLATE_FORBIDDEN", "no filter each"),
        ("{{ 1 / 0 }}", "TEMPLATE_FAILED", "divided by 0"),
        ("{{ order.number + 1 }}", "TEMPLATE_FAILED", "+ does not work with a text and a number"),
        ("{{ order }}", "TEMPLATE_FAILED", "a row cannot be shown"),
        ("{{ rows }}", "TEMPLATE_FAILED", "a list cannot be shown"),
        ("{{ order.number | money('JPY') }}", "TEMPLATE_FAILED", "a number is needed"),
        ("{{ 1 | round(1000000) }}", "TEMPLATE_LIMIT", "10 decimals"),
    ],
)  # fmt: skip
def test_what_a_template_cannot_do_has_a_code_and_a_place(source: str, code: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templates().render(leaf(source), CONTEXT)
    assert caught.value.code == code
    assert caught.value.detail.startswith("f.yaml:3 text: ")
    assert says in caught.value.detail


def test_an_error_never_quotes_a_value_of_a_row() -> None:
    secret = {"order": {"name": "CANARY", "n": "CANARY"}}
    for source in ("{{ order.nmae }}", "{{ order.name + 1 }}", "{{ order.name | money('JPY') }}", "{{ order }}"):
        with pytest.raises(TemplateError) as caught:
            Templates().render(leaf(source), secret)
        assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "path"), [("a/b?c#d", "a%2Fb%3Fc%23d"), ("山", "%E5%B1%B1"), (7, "7"), ("%2e", "%252e")]
)
def test_a_value_in_an_address_is_encoded_whole(value: object, path: str) -> None:
    assert Templates().render(leaf("/customers/{{ x }}", "url"), {"x": value}) == f"/customers/{path}"


@pytest.mark.parametrize("value", ["", None, ".", ".."])
def test_a_value_that_would_change_the_path_is_refused(value: object) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_URL"):
        Templates().render(leaf("/customers/{{ x }}", "url"), {"x": value})


def test_plain_text_is_not_escaped() -> None:
    assert Templates().render(leaf("{{ x }}", "plain"), {"x": "<VIP> & co"}) == "<VIP> & co"


@pytest.mark.parametrize(
    ("source", "value"),
    [("order.amount > 1000", True), ("order.empty", None), ("order.number", "A-17"), ("rows", CONTEXT["rows"])],
)
def test_an_expression_keeps_its_value(source: str, value: object) -> None:
    assert Templates().evaluate(leaf(source, "expression"), CONTEXT) == value


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", "TEMPLATE_SYNTAX"),
        ("{{ id }}", "TEMPLATE_SYNTAX"),
        ("id }}{{ id", "TEMPLATE_SYNTAX"),
        ("id) }}{{ (id", "TEMPLATE_SYNTAX"),
        ("order.nothing", "TEMPLATE_UNDEFINED"),
        ("nothing", "TEMPLATE_UNDEFINED"),
        ("order.empty > 3", "TEMPLATE_FAILED"),
    ],
)  # fmt: skip
def test_a_bad_expression_has_a_code(source: str, code: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templates().evaluate(leaf(source, "expression"), CONTEXT)
    assert caught.value.code == code


def test_check_tells_the_names_that_a_leaf_needs() -> None:
    assert Templates().check(leaf("{{ order.x }} {% for i in rows %}{{ i }}{% endfor %}")) == {"order", "rows"}


HOSTILE = st.text(alphabet="<>&!@#|*_~`{}%\"'\\\n\u202e\u0000a山😀", max_size=30)


@given(HOSTILE)
def test_no_value_can_mention_link_or_become_a_template(value: str) -> None:
    text = Templates().render(leaf("{{ x }}"), {"x": value})
    assert "<" not in text
    assert ">" not in text
    assert "\u202e" not in text
    assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == "".join(
        " " if c == "\n" else c for c in value if c not in "\u202e\u0000"
    )


@given(HOSTILE.filter(lambda value: value.strip("\u202e\u0000") not in ("", ".", "..")))
def test_no_value_can_leave_its_part_of_a_path(value: str) -> None:
    path = Templates().render(leaf("/c/{{ x }}/orders", "url"), {"x": value})
    assert path.count("/") == 3
    assert not set(path) & set("?#\\ \n<>\"'")


def test_output_at_the_limit_is_taken() -> None:
    assert len(Templates().render(leaf("{{ x }}"), {"x": "x" * MAX_OUTPUT})) == MAX_OUTPUT
