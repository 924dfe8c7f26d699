"""What is written into a sample is read as the same value, of the same type."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.compiler import samples, shape
from cli.compiler.findings import Report
from cli.compiler.reader import read_yaml
from cli.sampling import insertion, yaml_values
from handler.templating.unusable import Unusable


def read(text: str) -> Any:
    report = Report()
    node = read_yaml("a.yaml", text, report)
    assert node
    value = samples.value(shape.at(node, "samples", "one") or node, report)
    assert report.findings() == ()
    return value


def typed(value: Any) -> Any:
    """A value with its types: 1, 1.0 and true are three, and 1.50 is not 1.5."""
    match value:
        case dict():
            return {key: typed(one) for key, one in value.items()}
        case list():
            return [typed(one) for one in value]
    return type(value), str(value)


def returned(answers: dict[str, Any]) -> Any:
    text = insertion.inserted("", "one", {"id": 1, "lookups": answers})
    return read(text)["lookups"]


TEXTS = [
    "", " ", "a", " a", "a ", "NO", "no", "on", "y", "null", "Null", "~", "true", "TRUE", "1", "-1", "0x1f", "010",
    "1e5", "1.5",
    "1_000", "12:30", "2026-01-02", "2026-01-02T03:04:05Z", "-", "- a", "? a", "a: b", "a:", ":a", "a #b", "#a",
    "a, b", "[a]",
    "{a}", "{{ id }}", "{% if %}", "*a", "&a", "!a", "%a", "@a", "`a`", "|", ">", "'a'", '"a"',
    "O'Brien \"Bob\" <!channel>",
    "a\nb", "a\nb\n", "a\n\nb", "\na", "a\n", "a\n\n", "a\n b", "a \nb", "a\r\nb", "a\tb", "\ta", "a\\b", "a\\nb",
    "a\x00b", "\x85",
    "\u2028", "\ufeff", "\xad", "\u200b", "🎁", "👨‍👩‍👧‍👦", "茶", "お茶、です。", "“a”", "<<", "---", "...",
    "=", "a" * 300, "茶\n" * 50, "a's", "Ⅷ",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, 2**63, 10**29, Decimal(0), Decimal("0.0"), Decimal("1.50"), Decimal("-0.01"), Decimal("1E+2"),
    Decimal("1E-9"),
    Decimal(5), Decimal("1e20"), Decimal("123456789012345678901234567890.5"), True, False, None,
]  # fmt: skip
TIMES = [
    date(2026, 1, 2),
    date(1, 1, 1),
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=9))),
]
NESTED = [
    {}, [], [[]], [{}], {"a": {}}, {"a": [1, {"b": "c\nd"}]}, [{"a": 1}, {"b": None}], [[1, 2], [3]],
    {"": 1, "1": 2, "a b: c": 3},
]  # fmt: skip


@pytest.mark.parametrize("value", [*TEXTS, *NUMBERS, *TIMES, *NESTED], ids=repr)
def test_each_value_is_read_as_it_was(value: Any) -> None:
    expected = value.astimezone(UTC) if isinstance(value, datetime) else value
    rows = {"row": {"x": value, "y": 1}, "rows": [{"x": value}, {"x": value, "long": "x" * 150}]}
    assert typed(returned(rows)) == typed(
        {"row": {"x": expected, "y": 1}, "rows": [{"x": expected}, {"x": expected, "long": "x" * 150}]}
    )
    assert typed(returned({"row": {"x": [value, {"z": value}]}})) == typed({"row": {"x": [expected, {"z": expected}]}})


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**29), 10**29),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.decimals(-(10**12), 10**12, places=4, allow_nan=False), st.dates(), st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10).filter(lambda key: key != "<<")
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=4) | st.dictionaries(KEYS, one, max_size=4), max_leaves=12
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_value_is_read_as_it_was(row: dict[str, Any]) -> None:
    assert typed(returned({"row": row, "rows": [row, row]})) == typed({"row": row, "rows": [row, row]})
    assert typed(read(yaml_values.flow({"a": row}))) == typed({"a": row})


@pytest.mark.parametrize("value", [10**30, Decimal(f"1{30 * '0'}.5"), Decimal("1E+100"), {"<<": 1}, b"x"])
def test_what_no_sample_can_hold_is_refused_without_the_value(value: Any) -> None:
    with pytest.raises(yaml_values.UnwritableError) as caught:
        returned({"row": {"x": value}})
    assert str(caught.value) in ("number", "key <<", "bytes")


def test_what_cannot_be_used_is_missing() -> None:
    assert returned({"row": {"a": Unusable("big"), "b": [Unusable("big"), 1]}}) == {"row": {"b": [None, 1]}}


def test_a_sample_reads_well() -> None:
    row = {"number": "T-1", "amount": Decimal("1.50"), "customer": "山田 花子", "at": datetime(2026, 1, 2, tzinfo=UTC)}
    answers = {
        "order": row,
        "items": [{"name": "Matcha 抹茶, 30 g", "quantity": 1}],
        "long": {**row, "note": "x " * 60, "body": "one\ntwo\n"},
        "none": None,
        "empty": [],
    }
    assert insertion.inserted("", "id 1", {"id": 1, "data": {"a": 1}, "lookups": answers}) == (
        "samples:\n"
        "  id 1:\n"
        "    id: 1\n"
        "    data: {a: 1}\n"
        "    lookups:\n"
        "      order: {number: T-1, amount: 1.50, customer: 山田 花子, at: 2026-01-02T00:00:00Z}\n"
        "      items:\n"
        '        - {name: "Matcha 抹茶, 30 g", quantity: 1}\n'
        "      long:\n"
        "        number: T-1\n"
        "        amount: 1.50\n"
        "        customer: 山田 花子\n"
        "        at: 2026-01-02T00:00:00Z\n"
        f'        note: "{"x " * 60}"\n'
        "        body: |\n"
        "          one\n"
        "          two\n"
        "      none: null\n"
        "      empty: []\n"
    )
