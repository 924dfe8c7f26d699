"""The catalogue says of each notification what its file and the stages say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.compiler.sql import reading
from cli.preview import catalogue
from cli.preview.catalogue import Channel, Entry, Lookup, Mentioned, Polled, Route, Staged
from cli.preview.selection import select

FOLDER = Path("templates")
STAGES = {
    "production": "channels: {orders: C0ORDERS01, payments: C0PAYMENTS}\nfallback: C0FALLBACK\n"
    "mentions: {oncall: S01234567, ada: U01234567, all: here}\n",
    "quiet": "channels: {rest: C0REST0001}\nfallback: C0FALLBACK\nredirect: rest\n"
    "mentions: {oncall: U0WATCHER1, ada: U0WATCHER1, all: U0WATCHER1}\n",
}
RICH = """\
description: A payment failed.
owner: 決済チーム
event: order.failed
id: {pattern: "[A-Z]{2}[0-9]+"}
route:
  - {when: order.total >= 1000, channel: [payments, orders]}
  - {channel: payments}
time_zone: Asia/Tokyo
language: ja
lookups:
  order:
    sql: |
      SELECT number, total, status FROM orders -- all of them
      WHERE number = :id AND note LIKE '5%'
  items:
    sql: SELECT i.sku FROM order_items AS i JOIN products AS p ON p.sku = i.sku WHERE i.number = :number LIMIT 5
    bind: {number: order.number}
    expect: many
    db: shop
  customer: {get: "crm:/customers/{{ order.number }}", expect: optional}
when: order.status == 6
thread: order-{{ order.number }}
update: true
version: order.total
text: "{{ order.number }} {{ ('ada' if customer else 'oncall') | mention }}"
blocks:
  - section: "{{ order.number }} <!here> {{ 'oncall' | mention }} {{ items | join(attribute='sku') }}"
samples:
  one:
    id: AB12
    lookups: {order: {number: AB12, total: 5, status: 6}, items: [{sku: a}], customer: null}
  二つ目:
    id: AB13
    lookups: {order: {number: AB13, total: 5, status: 6}, items: [], customer: {name: Ada}}
"""
SMALL = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT number, who FROM orders WHERE id = :id"}}
text: "{text}"
{more}samples:
  one: {{id: 1, lookups: {{order: {{number: A-1, who: ada}}}}}}
"""


RICH_TEXT = """\
- type: rich_text
    elements:
      - type: rich_text_section
        elements:
          - {type: user, user_id: U024BE7LH}
          - {type: usergroup, usergroup_id: S024BE7LD}
          - {type: broadcast, range: here}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_stages").mkdir()
    for name, text in STAGES.items():
        (tmp_path / f"_stages/{name}.yaml").write_text(text)
    return tmp_path


def entry(folder: Path, text: str) -> Entry:
    (folder / "order.created.yaml").write_text(text)
    selection = select("order.created", folder, ["all"])
    assert [str(one) for one in selection.compilation.findings] == []
    [found] = catalogue.entries(selection)
    return found


def test_an_entry_has_everything_that_the_file_says(folder: Path) -> None:
    found = entry(folder, RICH)
    assert found == Entry(
        name="order.created",
        file="order.created.yaml",
        event="order.failed",
        description="A payment failed.",
        owner="決済チーム",
        language="ja",
        time_zone="Asia/Tokyo",
        id="pattern",
        pattern="[A-Z]{2}[0-9]+",
        when="order.status == 6",
        routes=(Route("order.total >= 1000", ("payments", "orders")), Route("", ("payments",))),
        stages=(
            Staged(
                "production",
                (Channel("payments", "C0PAYMENTS", "listed"), Channel("orders", "C0ORDERS01", "listed")),
                (Mentioned("ada", "U01234567"), Mentioned("oncall", "S01234567"), Mentioned("", "here")),
            ),
            Staged(
                "quiet",
                (Channel("payments", "C0REST0001", "redirected"), Channel("orders", "C0REST0001", "redirected")),
                (Mentioned("ada", "U0WATCHER1"), Mentioned("oncall", "U0WATCHER1"), Mentioned("", "here")),
            ),
        ),
        lookups=(
            Lookup(
                "order",
                "sql",
                "SELECT number, total, status FROM orders  \nWHERE number = :id AND note LIKE '5%'",
                "default",
                ("orders",),
                "one",
            ),
            Lookup(
                "items",
                "sql",
                "SELECT i.sku FROM order_items AS i JOIN products AS p ON p.sku = i.sku "
                "WHERE i.number = :number LIMIT 5",
                "shop",
                ("order_items", "products"),
                "many",
            ),
            Lookup("customer", "get", "/customers/{{ order.number }}", "crm", (), "optional"),
        ),
        thread="order-{{ order.number }}",
        update=True,
        version="order.total",
        samples=("one", "二つ目"),
    )


@pytest.mark.parametrize(
    ("text", "blocks", "named", "by_row"),
    [
        ("nobody", "", [], False),
        ("{{ 'oncall' | mention }} {{ 'oncall' | mention }}", "", ["oncall"], False),
        ("{% if order.who %}{{ 'ada' | mention }}{% else %}<!channel>{% endif %}", "", ["ada", "=channel"], False),
        ("{{ order.who | mention }}", "", [], True),
        ("{{ order.who | mention_person }}", "", [], True),
        ("{{ (order.who if order.who else 'ada') | mention }}", "", ["ada"], True),
        ("<@U024BE7LH> <!subteam^S024BE7LD|@ops> <!here|here>", "", ["=U024BE7LH", "=S024BE7LD", "=here"], False),
        ("{{ '<' }}!here> &lt;!here&gt;", "", [], False),
        ("a", "- if: order.who\n    section: \"{{ 'ada' | mention }}\"", ["ada"], False),
        ("a", "- fields: {Who: \"{{ 'ada' | mention }}\", Also: <!here>}", ["ada", "=here"], False),
        ("a", "- context: [<!here>, x]", ["=here"], False),
        ("a", "- markdown: Hello <!here>", ["=here"], False),
        (
            "a",
            RICH_TEXT,
            ["=U024BE7LH", "=S024BE7LD", "=here"],
            False,
        ),
    ],
)
def test_mentions_are_those_of_expressions_and_of_the_words(
    folder: Path, text: str, blocks: str, named: list[str], by_row: bool
) -> None:
    found = entry(folder, SMALL.format(text=text, more=f"blocks:\n  {blocks}\n" if blocks else ""))
    for staged in found.stages:
        assert [one.alias or f"={one.wakes}" for one in staged.mentions] == named
        assert all(one.wakes for one in staged.mentions)
    assert found.by_row == by_row


@pytest.mark.parametrize(
    ("poll", "expected"),
    [
        ("every: 5m, sql: SELECT id FROM orders", Polled(300.0, "", "", "default", "", "orders", "id", "", "")),
        (
            'every: "0 9 * * 1-5", time_zone: Asia/Tokyo, db: shop, sql: SELECT o.id FROM orders AS o',
            Polled(None, "0 9 * * 1-5", "Asia/Tokyo", "shop", "", "orders", "id", "", ""),
        ),
        (
            "every: 1h, sql: \"SELECT o.id, o.paid_at AS at FROM orders AS o WHERE o.note LIKE '5%'\"",
            Polled(3600.0, "", "", "default", "", "orders", "id", "", "paid_at"),
        ),
    ],
)
def test_a_poll_says_when_it_reads_which_table(folder: Path, poll: str, expected: Polled) -> None:
    found = entry(folder, SMALL.format(text="a {{ order.number }}", more=f"poll: {{{poll}}}\n")).poll
    assert found
    assert found.source.startswith("SELECT ")
    assert found.source in poll
    assert replace(found, source="") == expected


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT a FROM t WHERE b = :id", ("t",)),
        ("SELECT a FROM (SELECT a FROM t AS x UNION SELECT a FROM u) AS y JOIN t ON 1 = 1", ("t", "u")),
        ("WITH w AS (SELECT a FROM 注文) SELECT a FROM w JOIN v ON v.a = w.a", ("v", "注文")),
        ("SELECT NOW() FROM DUAL WHERE :id <> ''", ()),
        ("SELECT (", ()),
    ],
)
def test_tables_are_those_that_a_select_names(sql: str, tables: tuple[str, ...]) -> None:
    assert sorted(reading.tables(sql)) == sorted(tables)


GOOD = SMALL.format(text="a {{ order.number }}", more="")
# Whether a file with an error says what it is about.
BROKEN = [
    ("id: [", False),
    ("", False),
    ("id: integer\nchannel: orders\ntext: a\n", False),
    (GOOD.replace("order.number", "order.numbr"), False),
    (GOOD.replace("channel: orders", "channel: '#Orders'"), False),
    (GOOD.replace("SELECT number, who", "DELETE"), False),
    (GOOD.replace("samples:", "blocks: [{headr: x}]\nsamples:"), False),
    (GOOD.replace("channel: orders", "channel: nowhere"), True),
    (GOOD.replace("a {{", "{{ 'nobody' | mention }} {{"), True),
    (GOOD.replace("number: A-1,", "numbr: A-1,"), True),
]


@pytest.mark.parametrize(("text", "says"), BROKEN)
def test_a_file_with_errors_is_an_entry_that_counts_them(folder: Path, text: str, says: bool) -> None:
    (folder / "order.created.yaml").write_text(text)
    selection = select("", folder, ["production"])
    [found] = catalogue.entries(selection)
    assert (found.name, found.file, bool(found.event)) == ("order.created", "order.created.yaml", says)
    assert found.errors == selection.compilation.errors > 0


def test_what_a_stage_does_not_have_is_said(folder: Path) -> None:
    text = GOOD.replace("channel: orders", "channel: nowhere").replace("a {{", "{{ 'nobody' | mention }} {{")
    (folder / "order.created.yaml").write_text(text)
    [found] = catalogue.entries(select("", folder, ["production"]))
    assert found.stages == (
        Staged("production", (Channel("nowhere", "C0FALLBACK", "fallback"),), (Mentioned("nobody", ""),)),
    )


def test_the_document_is_plain_json() -> None:
    selection = select("", FOLDER, [])
    found = catalogue.entries(selection)
    document = json.loads(json.dumps(catalogue.document(selection, found)))
    assert document["stages"] == ["production"]
    assert [one["name"] for one in document["notifications"]] == sorted(one.name for one in found)
    assert {one["file"] for one in document["notifications"]} == {
        one.name for one in Path("templates").glob("[!_]*.yaml")
    }
