# ruff: noqa: E501 - a table
"""Every filter with every kind of value: what it shows, or which error it raises, and that the error holds no value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from handler.errors import TemplateError
from handler.templating import FILTERS

from .examples import rendered

ARGUMENTS: Final = {
    "label": "('order_status')",
    "money": "('EUR')",
    "plural": "('a', 'b')",
    "truncate": "(3)",
    "truncate_width": "(3)",
}
VALUES: Final[dict[str, Any]] = {
    "none": None,
    "true": True,
    "zero": 0,
    "whole": 4711,
    "negative": -5,
    "decimal": Decimal("9876.50"),
    "huge": Decimal("1E+999999"),
    "tiny": Decimal("4.9E-324"),
    "not a number": Decimal("NaN"),
    "empty": "",
    "blank": " ",
    "text": "Ab c",
    "numeric text": "9876.5",
    "grouped": "9,876",
    "full-width": "４７１１",
    "epoch": 1767590400,
    "ISO 8601": "2026-01-05T05:20:00Z",
    "TIME column": "-25:30:00",
    "datetime": datetime(2026, 1, 5, 5, 20, tzinfo=UTC),
    "last datetime": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "date": date(2026, 1, 4),
    "list": [31, 32],
    "empty list": [],
    "row": {"sku": 1},
}
# In the order of VALUES. F, L and U are TEMPLATE_FAILED, TEMPLATE_LIMIT and TEMPLATE_UNDEFINED.
CODES: Final = {"F": "TEMPLATE_FAILED", "L": "TEMPLATE_LIMIT", "U": "TEMPLATE_UNDEFINED"}
TABLE: Final = """
abs            | '' | F | '0' | '4711' | '5' | '9876.50' | L | L | F | '' | '' | F | '9876.5' | F | '4711' | '1767590400' | F | F | F | F | F | F | F | F
ago            | '' | F | F | F | F | F | F | F | F | '' | '' | F | F | F | F | '6 hours ago' | '6 hours ago' | F | '6 hours ago' | 'in 7979 years' | '1 day ago' | F | F | F
code           | '' | '`true`' | '`0`' | '`4711`' | '`-5`' | '`9876.50`' | L | L | '`NaN`' | '' | '' | '`Ab c`' | '`9876.5`' | '`9,876`' | '`４７１１`' | '`1767590400`' | '`2026-01-05T05:20:00Z`' | '`-25:30:00`' | '`2026-01-05 05:20 UTC`' | '`9999-12-31 23:59 UTC`' | '`2026-01-04`' | F | F | F
date           | '' | F | F | F | F | F | F | F | F | '' | '' | F | F | F | F | '5 Jan 2026' | '5 Jan 2026' | F | '5 Jan 2026' | '31 Dec 9999' | '4 Jan 2026' | F | F | F
datetime       | '' | F | F | F | F | F | F | F | F | '' | '' | F | F | F | F | '5 Jan 2026, 05:20' | '5 Jan 2026, 05:20' | F | '5 Jan 2026, 05:20' | '31 Dec 9999, 23:59' | F | F | F | F
default        | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | ' ' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
first          | '' | F | F | F | F | F | F | F | F | U | ' ' | 'A' | '9' | '9' | '４' | F | '2' | '-' | F | F | F | '31' | U | F
join           | '' | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | F | '3132' | '' | F
label          | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | ' ' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
last           | '' | F | F | F | F | F | F | F | F | U | ' ' | 'c' | '5' | '6' | '１' | F | 'Z' | '0' | F | F | F | '32' | U | F
length         | '' | F | F | F | F | F | F | F | F | '0' | '1' | '4' | '6' | '5' | '4' | F | '20' | '9' | F | F | F | '2' | '0' | '1'
link           | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | '' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
lower          | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'nan' | '' | ' ' | 'ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05t05:20:00z' | '-25:30:00' | '2026-01-05 05:20 utc' | '9999-12-31 23:59 utc' | '2026-01-04' | F | F | F
mask           | '' | '••••ue' | '••••' | '••••11' | '••••5' | '••••.50' | L | L | '••••N' | '' | '' | '•••• c' | '••••6.5' | '••••76' | '••••１１' | '••••0400' | '••••:00Z' | '••••0:00' | '•••• UTC' | '•••• UTC' | '••••1-04' | F | F | F
mention        | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | ' ' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
mention_person | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | ' ' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
money          | '' | F | '€0.00' | '€4,711.00' | '-€5.00' | '€9,876.50' | L | L | F | '' | '' | F | '€9,876.50' | F | '€4,711.00' | '€1,767,590,400.00' | F | F | F | F | F | F | F | F
number         | '' | F | '0' | '4,711' | '-5' | '9,876.50' | L | L | F | '' | '' | F | '9,876.5' | F | '4,711' | '1,767,590,400' | F | F | F | F | F | F | F | F
plural         | '' | F | '0 b' | '4,711 b' | '-5 b' | '9,876.50 b' | L | L | F | '' | '' | F | '9,876.5 b' | F | '4,711 b' | '1,767,590,400 b' | F | F | F | F | F | F | F | F
quote          | '' | '> true' | '> 0' | '> 4711' | '> -5' | '> 9876.50' | L | L | '> NaN' | '' | '' | '> Ab c' | '> 9876.5' | '> 9,876' | '> ４７１１' | '> 1767590400' | '> 2026-01-05T05:20:00Z' | '> -25:30:00' | '> 2026-01-05 05:20 UTC' | '> 9999-12-31 23:59 UTC' | '> 2026-01-04' | F | F | F
round          | '' | F | '0' | '4711' | '-5' | '9877' | L | L | F | '' | '' | F | '9877' | F | '4711' | '1767590400' | F | F | F | F | F | F | F | F
time           | '' | F | F | F | F | F | F | F | F | '' | '' | F | F | F | F | '05:20' | '05:20' | '-25:30' | '05:20' | '23:59' | F | F | F | F
title          | '' | 'True' | '0' | '4711' | '-5' | '9876.50' | L | L | 'Nan' | '' | ' ' | 'Ab C' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05t05:20:00z' | '-25:30:00' | '2026-01-05 05:20 Utc' | '9999-12-31 23:59 Utc' | '2026-01-04' | F | F | F
trim           | '' | 'true' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NaN' | '' | '' | 'Ab c' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
truncate       | '' | 'tr…' | '0' | '47…' | '-5' | '98…' | L | L | 'NaN' | '' | ' ' | 'Ab…' | '98…' | '9,…' | '４７…' | '17…' | '20…' | '-2…' | '20…' | '99…' | '20…' | F | F | F
truncate_width | '' | 'tr…' | '0' | '47…' | '-5' | '98…' | L | L | 'NaN' | '' | ' ' | 'Ab…' | '98…' | '9,…' | '４…' | '17…' | '20…' | '-2…' | '20…' | '99…' | '20…' | F | F | F
upper          | '' | 'TRUE' | '0' | '4711' | '-5' | '9876.50' | L | L | 'NAN' | '' | ' ' | 'AB C' | '9876.5' | '9,876' | '４７１１' | '1767590400' | '2026-01-05T05:20:00Z' | '-25:30:00' | '2026-01-05 05:20 UTC' | '9999-12-31 23:59 UTC' | '2026-01-04' | F | F | F
weekday        | '' | F | F | F | F | F | F | F | F | '' | '' | F | F | F | F | 'Monday' | 'Monday' | F | 'Monday' | 'Friday' | 'Sunday' | F | F | F
"""
ROWS: Final = [[cell.strip() for cell in line.split(" | ")] for line in TABLE.strip().splitlines()]
CELLS: Final = [(row[0], kind, cell) for row in ROWS for kind, cell in zip(VALUES, row[1:], strict=True)]


def test_the_table_has_every_filter() -> None:
    assert {row[0] for row in ROWS} == set(FILTERS)


@pytest.mark.parametrize(("name", "kind", "cell"), CELLS)
def test_a_filter_shows_a_value_or_says_what_it_needs(name: str, kind: str, cell: str) -> None:
    value = VALUES[kind]
    source = f"{{{{ x | {name}{ARGUMENTS.get(name, '')} }}}}"
    if cell not in CODES:
        assert rendered(source, x=value) == cell.strip("'")
        return
    with pytest.raises(TemplateError) as caught:
        rendered(source, x=value)
    assert caught.value.code == CODES[cell]
    # Beside types, such as TypeError's, words alone: nothing that a row holds.
    assert not any(
        part in caught.value.detail for part in ("4711", "9876", "9,876", "Ab c", "05:20", "25:30", "sku", "31")
    )
