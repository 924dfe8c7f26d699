"""What a sample says that its SELECT would never return is found before the database has to say so."""

from __future__ import annotations

import pytest

from cli.compiler.sql.columns import columns
from tests.unit.compiler.conftest import Compile

TEMPLATE = """
id: integer
channel: orders
lookups:
  order: {sql: "SELECT %s FROM orders AS o WHERE o.id = :id"}
text: "{{ order.number }}"
samples:
  one:
    id: 1
    lookups:
      order: {number: A-17}
"""


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT a, t.b, c AS d, `e`, COUNT(*) AS n FROM t WHERE id = %(id)s", ("a", "b", "d", "e", "n")),
        ("SELECT a FROM t WHERE b LIKE '50%%' AND id = %(id)s UNION SELECT c FROM t", ("a",)),
        ("WITH x AS (SELECT a FROM t WHERE id = %(id)s) SELECT a AS z FROM x", ("z",)),
        ("SELECT * FROM t WHERE id = %(id)s", ()),
        ("SELECT a, t.* FROM t WHERE id = %(id)s", ()),
        ("SELECT COUNT(*) FROM t WHERE id = %(id)s", ()),
        ("SELECT FROM WHERE", ()),
    ],
)
def test_the_columns_of_a_select_are_those_that_its_text_names(sql: str, names: tuple[str, ...]) -> None:
    assert columns(sql) == names


def test_a_sample_with_a_column_that_the_select_has_not_is_a_mistake(compiled: Compile) -> None:
    (finding,) = compiled(TEMPLATE % "o.nmuber").findings
    assert (finding.code, finding.line) == ("SAMPLE_INVALID", 11)
    assert finding.message == "the SELECT of `order` returns no `number`"
    assert "nearest: nmuber" in finding.fix


@pytest.mark.parametrize("select", ["o.number", "o.nmuber AS number", "number, amount", "CONCAT(a, b) AS number"])
def test_a_sample_of_the_selects_own_columns_is_fine(compiled: Compile, select: str) -> None:
    assert not compiled(TEMPLATE % select).findings


LACKING = """
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, amount, currency, note FROM orders WHERE id = :id"}
  items: {sql: "SELECT sku, quantity FROM items WHERE order_id = :id", expect: many}
text: "{{ order.number }}: {{ order.amount | money(order.currency) }}"
blocks:
  - header: "{{ order.amount }}"
  - for: item in items
    section: "{{ item.quantity }} × {{ item.sku }}"
  - section: "{% for one in items %}{{ one.quantity }}{% endfor %}"
  - section: "{{ (items | first).quantity }}"
samples:
  a card:
    id: 1
    lookups:
      order: {ORDER}
      items: [{sku: a, quantity: 1}, {ITEM}]
"""


@pytest.mark.parametrize(
    ("order", "item", "said"),
    [
        ("number: A, amount: 5, currency: EUR", "sku: b, quantity: 2", []),  # no text uses `note`
        (
            "number: A",
            "sku: b, quantity: 2",
            [(18, "lookups.order lacks `amount`, `currency`, which", "add amount: …, currency: …")],
        ),
        (
            "number: A, amount: 5, currency: EUR",
            "sku: b",
            [(19, "lookups.items lacks `quantity`, which", "add quantity: …")],
        ),
        (
            "amount: 5, currency: EUR",
            "sku: b",
            [(18, "lookups.order lacks `number`, which", ""), (19, "lookups.items lacks `quantity`, which", "")],
        ),
    ],
)
def test_a_column_that_a_sample_lacks_is_told_once_at_the_sample(
    compiled: Compile, order: str, item: str, said: list[tuple[int, str, str]]
) -> None:
    found = compiled(LACKING.replace("ORDER", order).replace("ITEM", item)).findings
    assert [(one.code, one.line) for one in found] == [("SAMPLE_INVALID", line) for line, _, _ in said]
    for one, (_, message, fix) in zip(found, said, strict=True):
        assert one.message.startswith("sample `a card`: ")
        assert message in one.message
        assert fix in one.fix


def test_a_column_that_neither_has_is_a_mistake_of_the_text(compiled: Compile) -> None:
    text = LACKING.replace("ORDER", "number: A, amount: 5, currency: EUR").replace("ITEM", "sku: b, quantity: 2")
    (finding,) = compiled(text.replace('header: "{{ order.amount', 'header: "{{ order.amuont')).findings
    assert (finding.code, finding.line) == ("TEMPLATE_UNDEFINED", 9)
