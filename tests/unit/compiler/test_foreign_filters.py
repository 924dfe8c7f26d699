"""What people write who know the filters of other languages, and what lint says to write here."""

from __future__ import annotations

import re

import pytest

from .conftest import Compile

FRAME = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT name, total, day, at, note FROM orders WHERE id = :id"}
  items: {sql: "SELECT sku, price FROM items WHERE order_id = :id", expect: many}
text: |
  Order
  {{ EXPRESSION }}
samples:
  one:
    id: 1
    lookups:
      order: {name: Ada, total: 12.50, day: 2026-01-05, at: 2026-01-05T10:00:00Z, note: null}
      items: [{sku: TEA, price: 1.50}]
"""
# What is written, and what lint says to write instead.
RIGHT = [
    # formats of strftime, PHP, Java and moment.js
    ("order.at | format('%d.%m.%Y %H:%M')", "order.at | datetime"),
    ("order.at | format('YYYY-MM-DD')", "order.at | date('iso')"),
    ("order.at | strftime('%H:%M')", "order.at | time"),
    ("order.day | strftime('%d')", "order.day | date"),
    ("order.at | strftime('%d.%m.%Y')", "order.at | date"),
    ("order.at.strftime('%H:%M')", "order.at | time"),
    ("order.at | date('%d %b')", "order.at | date"),
    ("order.at | date('d.m.Y')", "order.at | date"),
    ("order.at | date:'Y-m-d'", "order.at | date('iso')"),
    ('order.at | date: "%H:%M"', "order.at | time"),
    ("order.at | date_format('%H:%M')", "order.at | time"),
    ("order.at | to_char('YYYY')", "order.at | date"),
    ("order.at | datetimeformat('medium')", "order.at | datetime('medium')"),
    ("order.at | dateformat", "order.at | date"),
    ("order.at.isoformat()", "order.at | datetime('iso')"),
    ("'%d.%m.%Y' | format(order.at)", "order.at | date"),
    # formats of printf and Python
    ("order.total | format('%.2f')", "order.total | number(2)"),
    ("order.total | format('0.00')", "order.total | number(2)"),
    ("'%.2f' | format(order.total)", "order.total | number(2)"),
    ("'No. %d of %s' | format(id, order.name)", "'No. ' ~ id ~ ' of ' ~ order.name"),
    ('"{:,.2f}".format(order.total)', "order.total | number(2)"),
    ('"%.2f" % order.total', "order.total | number(2)"),
    ("order.total.toFixed(2)", "order.total | number(2)"),
    ("order.total | floatformat(2)", "order.total | number(2)"),
    ("order.total | intcomma", "order.total | number"),
    ("order.total | currency('EUR')", "order.total | money('EUR')"),
    # times
    ("order.at | timesince", "order.at | ago"),
    ("order.at | timeago", "order.at | ago"),
    ("order.day | age", "order.day | ago"),
    ("order.day | day_of_week", "order.day | weekday"),
    # texts
    ("order.name | capitalize", "order.name | title"),
    ("order.name | capfirst", "order.name | title"),
    ("order.name | lstrip", "order.name | trim"),
    ("order.name | upcase", "order.name | upper"),
    ("order.name | uper", "order.name | upper"),
    ("order.name | truncatechars(5)", "order.name | truncate(5)"),
    # missing values
    ("order.note | default_if_none('-')", "order.note | default('-')"),
    ("order.note | nvl('-')", "order.note | default('-')"),
    # lists
    ("items | count", "items | length"),
    ("items | join(', ')", "items | join(', ', 'sku')"),
    ("items | last", "(items | last).sku"),
]
# What no filter does here, and a word of what does.
ADVICE = [
    ("order.day | format('%d')", "a time with date, time or datetime"),
    ("order.total | format", "a number with number or money"),
    ("'%05d' | format(id)", "a number with number or money"),
    ("order.at | timezone('Asia/Tokyo')", "`time_zone`"),
    ("order.at | year", "in the SQL"),
    ("order.day | add_days(1)", "DATE_ADD"),
    ("order.total | floor", "round"),
    ("order.total | int", "round"),
    ("order.total | string", "leave it out"),
    ("order.total | usd", "money('USD')"),
    ("order.total | times(2)", "order.total * 2"),
    ("order.total | divided_by(2)", "compute with signs"),
    ("order.total | percent", "%"),
    ("order.name | replace('a', 'b')", "REPLACE"),
    ("order.name.replace('a', 'b')", "REPLACE"),
    ("order.name | split(' ')", "SUBSTRING"),
    ("order.name | escape", "escaped already"),
    ("order.name | safe", "escaped already"),
    ("order.name | urlencode", "encoded already"),
    ("order.name | nl2br", "leave it out"),
    ("order.name | append('x')", "~"),
    ("order.name.startswith('A')", "in the SQL"),
    ("order.name | contains('A')", " in order.name"),
    ("order.name | ljust(20)", "`table`"),
    ("order.name | tojson", "by its name"),
    ("order.name | yesno('a,b')", " if "),
    ("order.name | t", "label"),
    ("items | sum('price')", "SUM"),
    ("items | sort('price')", "ORDER BY"),
    ("items | where('sku', 'TEA')", "WHERE"),
    ("items | map(attribute='sku') | join(', ')", "join(', ', 'sku')"),
    ("items | take(3)", "rows[:3]"),
    ("order | attr('name')", "by its name"),
]


def the_fix(compiled: Compile, expression: str) -> str:
    [finding] = compiled(FRAME.replace("EXPRESSION", expression)).findings
    return finding.fix


@pytest.mark.parametrize(("written", "right"), RIGHT)
def test_what_does_it_here_is_told_and_passes(compiled: Compile, written: str, right: str) -> None:
    assert re.match(rf"write {re.escape(f'{{{{ {right} }}}}')}(?:;|$)", the_fix(compiled, written))
    assert compiled(FRAME.replace("EXPRESSION", right)).findings == ()


@pytest.mark.parametrize(("written", "word"), ADVICE)
def test_where_no_filter_does_it_another_way_is_told(compiled: Compile, written: str, word: str) -> None:
    fix = the_fix(compiled, written)
    assert word in fix
    assert "nearest" not in fix
    assert not fix.startswith("write {{")
