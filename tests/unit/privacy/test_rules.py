"""Which entry of _privacy.yaml decides for a value, and what is masked without one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import compile_templates
from cli.compiler.personal import constants
from cli.privacy.decision import decide
from cli.privacy.rules import KEEP, Named, Rules, plain
from cli.privacy.usage import Usage


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
        ({"keep": "*a*b*"}, "order.xaxbx", "*a*b*"),
        ({"keep": "a*a"}, "order.a", None),  # a letter counts once
        ({"keep": "*ab*bc"}, "order.abc", None),
        ({"keep": "*ab*bc"}, "order.xabbc", "*ab*bc"),
        ({"keep": "*aa*aa*"}, "order.aaa", None),
        ({"keep": "a*.x"}, "order.ab.x", "a*.x"),
        ({"keep": "a*.x"}, "order.ab.cd.x", None),  # a star stays within a name
    ],
)
def test_the_most_exact_entry_decides(lists, path, entry) -> None:
    found = rules(**lists).of(tuple(path.split(".")))
    assert (found.text if found else None) == entry


def test_no_rule_takes_long_to_be_read() -> None:
    """Of a pattern that tries all ways, this one would take longer than the universe has been there."""
    assert rules(keep="*a" * 30).of(("order", "a" * 4_000 + "b")) is None


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
    assert decide(("order", "x"), value, rules(id="y"), Usage()).kind == kind


@pytest.mark.parametrize("value", ["Zoë", 5, Decimal("1.5"), True, NOW, NOW.date()])
def test_without_any_rules_everything_is_masked(value) -> None:
    assert decide(("order", "x"), value, Rules(), Usage()).masks


@pytest.mark.parametrize("value", ["Zoë", 5, Decimal(5), True, NOW, NOW.date()])
def test_with_a_rule_everything_is_masked(value) -> None:
    assert decide(("order", "x"), value, rules(id="x"), Usage()).kind == "id"
    assert decide(("order", "x"), value, rules(keep="x"), Usage()).kind == KEEP


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
    assert known.values.get(plain(name)) == values
    for value in values or ():
        assert decide(("order", name), value, rules(text=name), known).why == "compared"
        assert decide(("order", name), f"{value} x", rules(text=name), known).kind == "text"


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("{{ order.amount | money(order.status) }}", "EUR", "currency"),
        ("{{ order.amount | money(currency=order.status) }}", " eur", "currency"),
        ("{{ order.amount | money(order.status | default('EUR')) }}", "ＪＰＹ", "currency"),
        ("{% for it in items %}{{ order.amount | money(it.status) }}{% endfor %}", "JPY", "currency"),
        ("{{ order.amount | money(order.status) }}", "Ines", "rule"),  # no currency
        ("{{ order.amount | default(order.status) }}", "EUR", "rule"),  # shown
        ("{{ order.status | money('EUR') }}", "EUR", "rule"),  # the amount
        ("{{ 'a' if order.status | upper == 'PAID' else 'b' }}", "paid ", "compared"),
        ("{{ order.status | mention }}", "oncall", "compared"),
        ("{{ order.status | mention }}", "ines", "rule"),
        ("{{ order.status | label('states') }}", "1", "compared"),
    ],
)
def test_what_the_template_works_with_may_stay(tmp_path: Path, text: str, value: str, why: str) -> None:
    (tmp_path / "_stages").mkdir()
    (tmp_path / "_stages/test.yaml").write_text(STAGE + "mentions: {oncall: S024BE7LD}\n")
    (tmp_path / "_labels.yaml").write_text("states: {1: new, paid: paid}\n")
    written = TEMPLATE.format(more=f'text: "{text}"').replace("SELECT kind", "SELECT kind, status")
    written = written.replace("status: paid", "status: EUR").replace("kind: big", "kind: big, status: EUR")
    (tmp_path / "order.created.yaml").write_text(written)
    compilation = compile_templates(tmp_path)
    [template] = compilation.templates
    known = constants(template.notification, compilation.stages)
    assert decide(("order", "status"), value, rules(text="status"), known).why == why


LISTS = {"keep": "code status product.name order.link", "name": "name", "email": "email", "phone": "*_phone"}


@pytest.mark.parametrize(
    ("column", "behind", "kind"),
    [
        ("code", [], KEEP),
        ("code", ["customers.email"], "email"),
        ("code", ["orders.status", "customers.email"], "email"),
        ("code", ["orders.unknown"], KEEP),
        ("code", ["products.title", "product.name"], KEEP),
        ("link", ["customers.email"], KEEP),  # with the lookup
        ("x", ["orders.status"], KEEP),
        ("x", ["orders.status", "orders.code"], KEEP),
        ("x", ["orders.status", "orders.unknown"], "text"),
        ("x", [], "text"),
        ("x_email", ["orders.status", "customers.email"], "email"),  # no list has the longer name
        ("email", ["orders.status"], "email"),
    ],
)
def test_the_columns_behind_a_name_decide_too(column: str, behind: list[str], kind: str) -> None:
    paths = tuple(tuple(one.split(".")) for one in behind)
    known = Usage(behind={("order", column): paths})
    assert decide(("order", column), "Ines", rules(**LISTS), known).kind == kind


@pytest.mark.parametrize(
    ("keep", "kind"), [("order_email", KEEP), ("orderemail", "email"), ("order.orderemail", KEEP), ("*mail", "email")]
)
def test_a_longer_name_in_a_list_speaks_for_itself(keep: str, kind: str) -> None:
    column = "orderemail" if "_" not in keep else "order_email"
    known = Usage(behind={("order", column): (("customers", "email"),)})
    assert decide(("order", column), "Ines", rules(keep=keep, email="email"), known).kind == kind


@pytest.mark.parametrize(
    ("keep", "value", "kind"),
    [
        ("x", "A-17", KEEP), ("x", "https://shop.jp/orders/17", KEEP), ("x", "@ines", KEEP), ("x", 5, KEEP),
        ("x", "to ines@shop.jp.", "text"), ("x", "ｉ＠ｓｈｏｐ．ｊｐ", "text"), ("x", "https://shop.jp/?a=1", "text"),
        ("x", "https://ines:pw@localhost/", "text"), ("order.x", "ines@shop.jp", KEEP),
        ("order.x", "https://shop.jp/?a=1", KEEP),
    ],
)  # fmt: skip
def test_a_kept_text_with_an_address_is_masked_unless_the_entry_is_exact(keep: str, value: Any, kind: str) -> None:
    assert decide(("order", "x"), value, rules(keep=keep), Usage()).kind == kind


def test_what_is_compared_is_known_by_any_spelling_of_the_column() -> None:
    known = Usage({"order_status": frozenset({"paid"})})
    assert decide(("order", "orderStatus"), "Paid", Rules(), known).why == "compared"
