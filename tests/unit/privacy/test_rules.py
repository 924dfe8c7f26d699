"""Which entry of _privacy.yaml decides for a value, and what is masked without one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cli.compiler import compile_templates
from cli.compiler.personal import constants
from cli.privacy.decision import decide
from cli.privacy.rules import KEEP, Named, Rules, plain


def rules(**lists: str) -> Rules:
    return Rules(tuple(Named(text, kind) for kind, texts in lists.items() for text in texts.split()))


@pytest.mark.parametrize(
    ("lists", "path", "entry"),
    [
        ({"keep": "note"}, "order.note", "note"),
        ({"keep": "note"}, "order.notes", None),
        ({"keep": "note"}, "note", "note"),
        ({"keep": "customer_name"}, "order.customerName", "customer_name"),
        ({"keep": "customerName"}, "order.customer_name", "customerName"),
        ({"keep": "Customer-Name"}, "order.CUSTOMER NAME", "Customer-Name"),
        ({"name": "氏名"}, "order.氏名", "氏名"),
        ({"name": "*番号"}, "order.電話番号", "*番号"),
        ({"keep": "number", "id": "*ber"}, "order.number", "number"),
        ({"keep": "*_number", "id": "card_*"}, "order.card_number", "*_number"),
        ({"keep": "a_*", "id": "*_b"}, "order.a_b", "*_b"),  # alike: the one that masks
        ({"keep": "order.*", "email": "email"}, "order.email", "email"),
        ({"text": "note", "keep": "order.note"}, "order.note", "order.note"),
        ({"text": "note", "keep": "order.note"}, "ticket.note", "note"),
        ({"name": "customer"}, "customer.tier", None),  # the name of a lookup
        ({"name": "customer"}, "order.customer.tier", "customer"),
        ({"name": "customer", "keep": "tier"}, "order.customer.tier", "tier"),
        ({"keep": "meta", "email": "email"}, "order.meta.email", "email"),
        ({"keep": "x"}, "order.a.x", "x"),
        ({"keep": "a.x"}, "order.a.x", "a.x"),
        ({"keep": "a.x"}, "order.b.x", None),
    ],
)
def test_the_most_exact_entry_decides(lists, path, entry) -> None:
    found = rules(**lists).of(tuple(path.split(".")))
    assert (found.text if found else None) == entry


NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Zoë", "text"), ("山田", "text"), ("🎁", "text"), ("DE", "text"), ("a\nb", "text"),
        ("", KEEP), (" - ", KEEP), ("...", KEEP), (None, KEEP), (1, KEEP), (Decimal("1.5"), KEEP), (True, KEEP),
        (NOW, KEEP), (date(2026, 1, 2), KEEP),
    ],
)  # fmt: skip
def test_without_a_rule_texts_are_masked(value, kind) -> None:
    assert decide(("order", "x"), value, Rules(), {}).kind == kind


@pytest.mark.parametrize("value", ["Zoë", 5, Decimal(5), True, NOW, NOW.date()])
def test_with_a_rule_everything_is_masked(value) -> None:
    assert decide(("order", "x"), value, rules(id="x"), {}).kind == "id"
    assert decide(("order", "x"), value, rules(keep="x"), {}).kind == KEEP


TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT status, tags, amount FROM orders WHERE id = :id"}}
  items: {{sql: "SELECT kind FROM items WHERE order_id = :id", expect: many}}
{more}
samples:
  one: {{id: 1, lookups: {{order: {{status: paid, tags: a, amount: 1}}, items: [{{kind: big}}]}}}}
"""
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"


@pytest.mark.parametrize(
    ("more", "name", "values"),
    [
        ("text: \"{{ 'a' if order.status == 'paid' else 'b' }}\"", "status", {"paid"}),
        ("text: \"{{ 'a' if 'paid' != order['status'] else 'b' }}\"", "status", {"paid"}),
        ("text: \"{{ 'a' if order.status in ['paid', 'sent'] else 'b' }}\"", "status", {"paid", "sent"}),
        ("text: \"{{ 'a' if (order.status | lower) == 'paid' else 'b' }}\"", "status", {"paid"}),
        ("text: x\nwhen: order.status == 'paid'", "status", {"paid"}),
        ("text: x\nwhen: order.amount == 5", "amount", {"5"}),
        ("text: \"{{ order.status | label('states') }}\"", "status", {"1", "paid"}),
        ("text: x\nblocks:\n  - if: order.tags == 'b'\n    divider:", "tags", {"b"}),
        ("text: x\nblocks:\n  - for: it in items\n    if: it.kind == 'big'\n    section: y", "kind", {"big"}),
        ("text: \"{% for it in items %}{{ '!' if it.kind == 'big' else '-' }}{% endfor %}\"", "kind", {"big"}),
        ("text: \"{{ order.status | default('paid') }}\"", "status", None),  # shown, and not compared
        ("text: \"{{ 'a' if order.amount | default('paid') == 1 else 'b' }}\"", "amount", {"1"}),
    ],
)
def test_what_the_template_compares_with_may_stay(tmp_path: Path, more: str, name: str, values) -> None:
    (tmp_path / "_stages").mkdir()
    (tmp_path / "_stages/test.yaml").write_text(STAGE)
    (tmp_path / "_labels.yaml").write_text("states: {1: new, paid: paid}\n")
    (tmp_path / "order.created.yaml").write_text(TEMPLATE.format(more=more))
    compilation = compile_templates(tmp_path)
    [template] = compilation.templates
    known = constants(template.notification, compilation.stages)
    assert known.get(plain(name)) == values
    for value in values or ():
        assert decide(("order", name), value, rules(text=name), known).why == "compared"
        assert decide(("order", name), f"{value} x", rules(text=name), known).kind == "text"
