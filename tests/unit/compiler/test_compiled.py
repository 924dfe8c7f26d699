"""What a template becomes: the function's own types, and Block Kit in full."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import write
from cli.compiler.answers import answering
from handler.catalog import Catalog, load, read
from handler.model import WAIT_SECONDS, ApiLookup, Event, IdRule, Leaf, Notification, Route, SqlLookup
from handler.stages.enrich import enrich
from handler.stages.render import Content, render
from handler.templating import Templates

from .conftest import FILE, Compile
from .test_schema import problems

BASE = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, url, note FROM orders WHERE id = :id"}
text: "*{{ order.number }}*"
samples:
  one: {id: 1, lookups: {order: {number: "<!channel> & co", url: "a/b?c", note: null}}}
"""

RICH_TEXT = """\
type: rich_text
  elements:
    - type: rich_text_section
      elements:
        - {type: text, text: "{{ id }}", style: {bold: true}}
        - {type: link, url: "https://a.example/?q={{ order.url }}", text: "{{ order.number }}"}
"""
BUTTON = """\
type: actions
  elements:
    - type: button
      action_id: go
      style: primary
      url: https://a.example/{{ id }}
      text: {type: plain_text, text: Go}
      value: '5'
"""


def notification(compiled: Compile, text: str) -> Notification:
    compilation = compiled(text)
    assert compilation.findings == ()
    return catalog(compilation.catalog).notifications["order.created"][0]


def catalog(document: dict[str, Any]) -> Catalog:
    return read(json.loads(json.dumps(document)), "test")


def rendered(compiled: Compile, text: str) -> Content:
    compilation = compiled(text)
    assert compilation.findings == ()
    template, templates = compilation.templates[0], Templates()
    sample = template.samples[0]
    event = Event(sample.event, sample.id, "e1", data=sample.data)
    now = datetime(2026, 1, 5, tzinfo=UTC)
    context = enrich(event, template.notification, answering(sample.answers, templates), now).context
    return render(template.notification, context, templates)


def blocks(compiled: Compile, yaml: str) -> list[dict[str, Any]]:
    indented = "".join(f"  {line}\n" for line in yaml.splitlines())
    return rendered(compiled, f"{BASE}blocks:\n{indented}").blocks


def test_the_catalog_is_what_the_function_reads(compiled: Compile, tmp_path: Path) -> None:
    text = """\
id: {pattern: "[A-Z]{2}[0-9]+"}
channel: orders
lookups:
  order:
    sql: |
      SELECT number, customer FROM orders -- all of them
      WHERE code = :id AND note LIKE '%x'
    db: archive
  lines: {sql: "SELECT sku FROM lines WHERE number = :number", bind: {number: order.number}, expect: many}
  customer: {get: "/c/{{ order.customer }}", expect: optional, on_failure: without}
when: order.number
text: Order {{ order.number }}
blocks: [divider]
samples:
  one: {id: AB1, lookups: {order: {number: 5, customer: 7}, lines: [{sku: a}], customer: null}}
"""
    compilation = compiled(text)
    assert compilation.findings == ()
    write(compilation, tmp_path / "catalog.json")
    loaded = load(tmp_path / "catalog.json", "test")
    assert loaded.notifications == {
        "order.created": (
            Notification(
                name="order.created",
                event="order.created",
                id=IdRule("pattern", "[A-Z]{2}[0-9]+"),
                routes=(Route(("orders",)),),
                text=Leaf("mrkdwn", "Order {{ order.number }}", f"{FILE}:12 text"),
                lookups=(
                    SqlLookup(
                        "order",
                        "SELECT number, customer FROM orders  \nWHERE code = %(id)s AND note LIKE '%%x'",
                        {},
                        "archive",
                        "one",
                        f"{FILE}:4 lookups.order",
                    ),
                    SqlLookup(
                        "lines",
                        "SELECT sku FROM lines WHERE number = %(number)s",
                        {"number": Leaf("expression", "order.number", f"{FILE}:9 lookups.lines.bind.number")},
                        "default",
                        "many",
                        f"{FILE}:9 lookups.lines",
                    ),
                    ApiLookup(
                        "customer",
                        Leaf("url", "/c/{{ order.customer }}", f"{FILE}:10 lookups.customer.get"),
                        "default",
                        "optional",
                        "without",
                    ),
                ),
                when=Leaf("expression", "order.number", f"{FILE}:11 when"),
                blocks=({"type": "divider"},),
            ),
        )
    }
    assert loaded.stage.channels == {"orders": "C0ORDERS01", "payments": "payments-webhook"}
    assert loaded.stage.fallback == "C0FALLBACK"
    assert compilation.templates[0].notification == loaded.notifications["order.created"][0]


def test_threads_and_lateness_are_in_the_catalog(compiled: Compile) -> None:
    text = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, updated_at FROM orders WHERE id = :id", wait: 2h, missing: skip}
  items: {sql: "SELECT sku FROM items WHERE id = :id", wait: 90}
  customer: {get: "/c/{{ id }}", wait: 45s, missing: render}
  tags: {get: "/t/{{ id }}"}
thread: order-{{ order.number }}
update: true
version: order.updated_at
text: Order {{ id }}
samples:
  one:
    id: 1
    lookups:
      order: {number: 5, updated_at: 2026-01-05T10:00:00Z}
      items: {sku: a}
      customer: null
      tags: {}
"""
    one = notification(compiled, text)
    assert one.thread == Leaf("exact", "order-{{ order.number }}", f"{FILE}:8 thread")
    assert one.update
    assert one.version == Leaf("expression", "order.updated_at", f"{FILE}:10 version")
    assert one.previous is None
    assert [(lookup.wait, lookup.missing) for lookup in one.lookups] == [
        (7200.0, "skip"),
        (90.0, "park"),
        (45.0, "render"),
        (WAIT_SECONDS, "park"),
    ]


def test_the_same_templates_make_the_same_bytes(compiled: Compile, tmp_path: Path) -> None:
    write(compiled(BASE), tmp_path / "one.json")
    write(compiled(BASE), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.parametrize(
    ("yaml", "block"),
    [
        ("- header: Order {{ id }}", {"type": "header", "text": {"type": "plain_text", "text": "Order 1"}}),
        (
            "- section: '*{{ order.number }}*'",
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*&lt;!channel&gt; &amp; co*", "verbatim": True},
            },
        ),
        (
            "- fields: {Number: '{{ id }}', NO: 5, '12:30': x}",
            {
                "type": "section",
                "fields": [
                    {"type": "mrkdwn", "text": "*Number*\n1", "verbatim": True},
                    {"type": "mrkdwn", "text": "*NO*\n5", "verbatim": True},
                    {"type": "mrkdwn", "text": "*12:30*\nx", "verbatim": True},
                ],
            },
        ),
        (
            "- context: Seen {{ id }}",
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Seen 1", "verbatim": True}]},
        ),
        (
            "- context: [a, '{{ id }}']",
            {
                "type": "context",
                "elements": [
                    {"type": "mrkdwn", "text": "a", "verbatim": True},
                    {"type": "mrkdwn", "text": "1", "verbatim": True},
                ],
            },
        ),
        ("- divider", {"type": "divider"}),
        ("- divider:", {"type": "divider"}),
        ("- {type: divider}", {"type": "divider"}),
    ],
)
def test_short_forms_become_block_kit(compiled: Compile, yaml: str, block: dict[str, Any]) -> None:
    assert blocks(compiled, yaml) == [block]


@pytest.mark.parametrize(
    ("yaml", "block"),
    [
        (
            "{type: section, text: {type: mrkdwn, text: '{{ order.number }}', verbatim: false}}",
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "&lt;!channel&gt; &amp; co", "verbatim": True},
            },
        ),
        (
            "{type: header, text: {type: plain_text, text: '{{ order.number }}', emoji: true}}",
            {"type": "header", "text": {"type": "plain_text", "text": "<!channel> & co", "emoji": True}},
        ),
        (
            "{type: image, image_url: 'https://a.example/{{ order.url }}', alt_text: '{{ order.number }}'}",
            {"type": "image", "image_url": "https://a.example/a%2Fb%3Fc", "alt_text": "<!channel> & co"},
        ),
        (
            RICH_TEXT,
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "1", "style": {"bold": True}},
                            {"type": "link", "url": "https://a.example/?q=a%2Fb%3Fc", "text": "<!channel> & co"},
                        ],
                    }
                ],
            },
        ),
        (
            BUTTON,
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "go",
                        "style": "primary",
                        "url": "https://a.example/1",
                        "text": {"type": "plain_text", "text": "Go"},
                        "value": "5",
                    }
                ],
            },
        ),
        ("{type: markdown, text: '# Title'}", {"type": "markdown", "text": "# Title"}),
    ],
)
def test_raw_blocks_keep_their_form(compiled: Compile, yaml: str, block: dict[str, Any]) -> None:
    assert blocks(compiled, f"- {yaml}") == [block]


@pytest.mark.parametrize(
    ("yaml", "code"),
    [
        ("{type: section, text: {type: '{{ id }}', text: x}}", "TEMPLATE_FORBIDDEN"),
        ("{type: section, text: {type: mrkdwn, '{{ id }}': x}}", "TEMPLATE_FORBIDDEN"),
        ("{type: markdown, text: '{{ id }}'}", "TEMPLATE_FORBIDDEN"),
        ("{type: rich_text, elements: [{type: user, user_id: '{{ id }}'}]}", "TEMPLATE_FORBIDDEN"),
        ("{type: actions, elements: [{type: button, url: 'https://x.jp', value: '{{ id }}'}]}", "TEMPLATE_FORBIDDEN"),
        ("{type: image, image_url: '{{ id }}', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: 'https://{{ id }}/', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: 'https://a.example{{ id }}', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: 'https://a@{{ id }}/', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: 'javascript:{{ id }}', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: '//a.example/', alt_text: x}", "TEMPLATE_URL"),
        ("{type: image, image_url: 'https://a.example/{{ order.note }}', alt_text: x}", "TEMPLATE_URL"),
        ("{type: context, elements: null}", "VALUE_INVALID"),
        ("{type: context, elements: {type: mrkdwn, text: x}}", "VALUE_INVALID"),
        ("{type: section, fields: x}", "VALUE_INVALID"),
        ("{type: section, text: }", "SLACK_REFUSES"),
        ("{type: section, text: {type: mrkdwn, text: null}}", "VALUE_INVALID"),
        ("{type: image, image_url: , alt_text: x}", "TEMPLATE_URL"),
        ("{type: sectoin, text: {type: mrkdwn, text: x}}", "VALUE_INVALID"),
    ],
)
def test_expressions_stand_only_where_their_context_is_known(compiled: Compile, yaml: str, code: str) -> None:
    assert [finding.code for finding in compiled(f"{BASE}blocks:\n  - {yaml}\n").findings] == [code]


def test_a_value_that_looks_like_a_template_stays_a_value(compiled: Compile) -> None:
    text = BASE.replace('"<!channel> & co"', "'{{ 7 * 7 }} {% if x %} \"quoted\" : #'")
    assert rendered(compiled, text).text == '*{{ 7 * 7 }} {% if x %} "quoted" : #*'


def test_texts_without_expressions_are_plain_strings(compiled: Compile) -> None:
    one = notification(compiled, BASE + "blocks:\n  - section: |\n      just words\n  - header: 5\n")
    assert one.blocks == (
        {"type": "section", "text": {"type": "mrkdwn", "text": "just words", "verbatim": True}},
        {"type": "header", "text": {"type": "plain_text", "text": "5"}},
    )


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-01-05", date(2026, 1, 5)),
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05 10:00:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T10:00:00.25+09:00", datetime(2026, 1, 5, 1, 0, 0, 250_000, tzinfo=UTC)),
        ("'2026-01-05'", "2026-01-05"),
        ("2026-01", "2026-01"),
        ("10:00:00", "10:00:00"),
        ("NO", "NO"),
        ("9.50", Decimal("9.50")),
        ("[1, {a: null}]", [1, {"a": None}]),
        ("true", True),
    ],
)
def test_samples_hold_what_rows_hold(compiled: Compile, written: str, value: object) -> None:
    sample = compiled(BASE.replace("note: null", f"note: {written}")).samples[0]
    row = sample.answers["order"]
    assert isinstance(row, dict)
    assert row["note"] == value
    assert type(row["note"]) is type(value)


@pytest.mark.parametrize(
    ("written", "data"), [("null", {}), ("", {}), ("{}", {}), ("{source: shop}", {"source": "shop"})]
)
def test_a_sample_without_extras_may_say_null_as_an_event_may(compiled: Compile, written: str, data: object) -> None:
    compilation = compiled(BASE.replace("id: 1,", f"id: 1, data: {written},", 1))
    assert [one.data for one in compilation.samples] == [data]
    assert problems(BASE.replace("id: 1,", f"id: 1, data: {written},", 1)) == []


def test_an_id_is_what_the_template_declares(compiled: Compile) -> None:
    compilation = compiled(BASE.replace("id: 1,", "id: '1',", 1))
    assert (compilation.samples[0].event, compilation.samples[0].id) == ("order.created", 1)


@pytest.mark.parametrize(
    "pattern",
    [
        *("[A-Z]{2}[0-9]+", "[(*+)]+x", r"a\(b\)+", "(a|b)?[^]*]+", "[0-9]{1,20}-[a-z]*", "1"),
        *("(a+)+b", "(-[0-9]{2}){2}", ".*.*.*.*.*x", "(?i)[a-z]+"),
    ],
)
def test_ordinary_patterns_are_fine(compiled: Compile, pattern: str) -> None:
    compilation = compiled(BASE.replace("id: integer", f"id: {{pattern: '{pattern}'}}"))
    assert {finding.message for finding in compilation.findings} <= {f"the id is not text that matches {pattern}"}


@pytest.mark.parametrize("pattern", ["(?#[)(a+)+b(?#])", "(?x)(a+) +b", "a?" * 26 + "b", "(?:aa|a)" * 26 + "b"])
def test_no_pattern_keeps_lint_from_its_end(compiled: Compile, pattern: str) -> None:
    source = BASE.replace("id: integer", f"id: {{pattern: '{pattern}'}}").replace("id: 1,", f"id: '{'a' * 40}',")
    (finding,) = {(one.code, one.message) for one in compiled(source).findings}
    assert finding == ("SAMPLE_INVALID", f"the id is not text that matches {pattern}")
