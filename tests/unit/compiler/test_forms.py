"""What each form of the format becomes in Slack, with loops, conditions, routes and what a stage has of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cli.compiler import Compilation
from cli.compiler.answers import answering
from cli.compiler.render_samples import NOW
from cli.slack_rules import block_problems
from handler import catalog
from handler.model import Event, Group, Leaf, Route
from handler.stages.enrich import enrich
from handler.stages.render import render
from handler.stages.route import channels
from handler.templating import Templates

from .conftest import FILE, STAGE, Compile

BASE = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, total, note FROM orders WHERE id = :id"}
  items: {sql: "SELECT sku, quantity FROM items WHERE order_id = :id", expect: many}
text: "*{{ order.number }}*"
samples:
  one:
    id: 1
    lookups:
      order: {number: "A&1/2", total: 5, note: null}
      items: [{sku: <a>, quantity: 1}, {sku: b, quantity: 2}, {sku: c, quantity: 3}]
"""
RICH_STAGE = f"""\
{STAGE}vars: {{admin: "https://admin.example.org:8443/shop", limit: 3, live: true}}
mentions: {{oncall: S01234567, ada: U01234567, all: here}}
prefix: ""
"""
STAGE_FILE = "_stages/test.yaml"
ADMIN = "https://admin.example.org:8443/shop"


def blocks(compilation: Compilation) -> list[dict[str, Any]]:
    """The blocks of the first sample, made as the function makes them. Menus that nothing answers are fine here."""
    assert {one.code for one in compilation.findings} <= {"ACTION_UNANSWERED"}
    loaded = catalog.read(json.loads(json.dumps(compilation.catalog)), "test")
    (notification,) = loaded.notifications["order.created"]
    templates = Templates(locale=loaded.stage.locale)
    sample = compilation.templates[0].samples[0]
    event = Event(sample.event, sample.id, "e1", data=sample.data)
    context = enrich(event, notification, answering(sample.answers, templates), NOW, loaded.stage.vars).context
    made = render(notification, context, templates).blocks
    assert block_problems(made) == []
    return made


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def row(*cells: str) -> list[dict[str, str]]:
    return [{"type": "raw_text", "text": cell} for cell in cells]


def button(number: int, label: str, url: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": f"open-{number}", "text": text, "url": url}


DIVIDER = {"type": "divider"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("- markdown: '# **Hi** <x>'", [{"type": "markdown", "text": "# **Hi** <x>"}]),
        (
            "- image: {url: 'https://x.jp/{{ order.number }}.png', alt: 'No {{ id }}', title: '{{ order.number }}'}",
            [{"type": "image", "image_url": "https://x.jp/A%261%2F2.png", "alt_text": "No 1",
              "title": {"type": "plain_text", "text": "A&1/2"}}],
        ),
        (
            "- image: {url: 'https://x.example/a.png', alt: A}",
            [{"type": "image", "image_url": "https://x.example/a.png", "alt_text": "A"}],
        ),
        (
            "- buttons: {Open: '{{ vars.admin }}/o/{{ order.number }}?x={{ id }}', Help: 'https://h.example'}",
            [{"type": "actions", "elements": [button(1, "Open", f"{ADMIN}/o/A%261%2F2?x=1"),
                                              button(2, "Help", "https://h.example")]}],
        ),
        ("- buttons: {Open: '{{vars.admin}}'}", [{"type": "actions", "elements": [button(1, "Open", ADMIN)]}]),
        ("- table: {rows: [[a, 1], [b, true]]}", [{"type": "table", "rows": [row("a", "1"), row("b", "true")]}]),
        (
            "- table:\n    head: [Sku, No]\n    for: item in items\n    row: ['{{ item.sku }}', '{{ loop.index }}']",
            [{"type": "table", "rows": [row("Sku", "No"), row("<a>", "1"), row("b", "2"), row("c", "3")]}],
        ),
        (
            "- table:\n    for: item in items[1:]\n    if: item.quantity > 2\n    row: ['{{ item.sku }}']",
            [{"type": "table", "rows": [row("c")]}],
        ),
        (
            "- for: item in items\n  section: '{{ loop.index }}/{{ loop.length }} {{ item.sku }}'",
            [section("1/3 &lt;a&gt;"), section("2/3 b"), section("3/3 c")],
        ),
        ("- for: item in items\n  if: item.quantity > 1\n  section: '{{ item.sku }}'", [section("b"), section("c")]),
        ("- for: item in items\n  if: loop.last\n  divider:", [DIVIDER]),
        ("- if: order.total > 9\n  section: x\n- if: order.total == 5\n  section: y", [section("y")]),
        ("- if: items\n  do:\n    - divider\n    - section: x", [DIVIDER, section("x")]),
        (
            "- for: n in [1, 2]\n  do: [divider, {for: i in items, if: i.quantity == n, section: '{{ i.sku }}'}]",
            [DIVIDER, section("&lt;a&gt;"), DIVIDER, section("b")],
        ),
        ("- for: item in items[:1]\n  type: section\n  text: {type: mrkdwn, text: '{{ item.sku }}'}",
         [section("&lt;a&gt;")]),
        ("- if: vars.live and id < vars.limit\n  context: '{{ vars.admin }}'",
         [{"type": "context", "elements": [mrkdwn(ADMIN)]}]),
        ("- section: \"{{ 'oncall' | mention }} {{ 'ada' | mention }} {{ 'all' | mention }}\"",
         [section("<!subteam^S01234567> <@U01234567> <!here>")]),
        ("- section: \"{{ id | label('state') }} {{ 2 | label('state') }}\"", [section("*new* 2")]),
    ],
)  # fmt: skip
def test_what_is_written_is_shown(compiled: Compile, written: str, shown: list[dict[str, Any]]) -> None:
    indented = "".join(f"  {line}\n" for line in written.splitlines())
    files = {STAGE_FILE: RICH_STAGE, "_labels.yaml": "state:\n  1: '*new*'\n"}
    assert blocks(compiled(f"{BASE}blocks:\n{indented}", files)) == shown


def test_groups_become_groups_of_the_function(compiled: Compile) -> None:
    written = "  - for: item in items\n    if: item.quantity\n    do: [divider]\n"
    compilation = compiled(f"{BASE}blocks:\n{written}")
    (group,) = catalog.read(compilation.catalog, "test").notifications["order.created"][0].blocks
    over = Leaf("expression", "items", f"{FILE}:14 blocks[0].for")
    when = Leaf("expression", "item.quantity", f"{FILE}:15 blocks[0].if")
    assert group == Group([DIVIDER], when, "item", over)


@pytest.mark.parametrize(
    ("written", "routes"),
    [
        ("channel: orders", [Route(("orders",))]),
        ("channel: [orders, payments]", [Route(("orders", "payments"))]),
        ("route: [{channel: [payments, orders]}]", [Route(("payments", "orders"))]),
        (
            "route: [{when: order.total > 5, channel: payments}, {channel: orders}]",
            [
                Route(("payments",), Leaf("expression", "order.total > 5", f"{FILE}:2 route[0].when")),
                Route(("orders",)),
            ],
        ),
    ],
)
def test_channels_become_routes(compiled: Compile, written: str, routes: list[Route]) -> None:
    compilation = compiled(BASE.replace("channel: orders", written))
    assert compilation.findings == ()
    (notification,) = catalog.read(compilation.catalog, "test").notifications["order.created"]
    assert list(notification.routes) == routes


def test_the_samples_row_decides_the_route(compiled: Compile) -> None:
    text = BASE.replace("channel: orders", "route: [{when: order.total > 4, channel: payments}, {channel: orders}]")
    template = compiled(text).templates[0]
    assert channels(template.notification, {"order": {"total": 5}}, Templates()) == ("payments",)
    assert channels(template.notification, {"order": {"total": 4}}, Templates()) == ("orders",)


def test_several_files_may_name_one_event(compiled: Compile) -> None:
    compilation = compiled(BASE, {"order.large.yaml": f"event: order.created\n{BASE}"})
    assert compilation.findings == ()
    loaded = catalog.read(compilation.catalog, "test")
    assert [one.name for one in loaded.route("order.created")] == ["order.created", "order.large"]
    assert {sample.event for sample in compilation.samples} == {"order.created"}


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ("", {"prefix": "[test]"}),
        ('prefix: ""', {"prefix": ""}),
        ("prefix: <try>", {"prefix": "<try>"}),
        ("redirect: orders", {"prefix": "[test]", "redirect": "C0ORDERS01"}),
        ("redirect: C0ELSEWHERE", {"prefix": "[test]", "redirect": "C0ELSEWHERE"}),
        ("vars: {a: x, b: 5, c: false}", {"prefix": "[test]", "vars": {"a": "x", "b": 5, "c": False}}),
    ],
)
def test_a_stage_is_what_the_function_reads(compiled: Compile, written: str, changed: dict[str, Any]) -> None:
    compilation = compiled(BASE, {STAGE_FILE: f"{STAGE}{written}\n"})
    assert compilation.findings == ()
    bare = catalog.Stage("test", {"orders": "C0ORDERS01", "payments": "payments-webhook"}, "C0FALLBACK")
    assert catalog.read(json.loads(json.dumps(compilation.catalog)), "test").stage == replace(bare, **changed)


def test_production_has_no_prefix(compiled: Compile) -> None:
    compilation = compiled(BASE, {"_stages/production.yaml": STAGE})
    assert catalog.read(compilation.catalog, "production").stage.prefix == ""


def test_a_stage_has_its_locale(compiled: Compile) -> None:
    more = "time_zone: Asia/Tokyo\nlanguage: ja\nmentions: {oncall: S01234567, all: everyone}\n"
    more += "people: {017: U01234567, Ada@Example.org: S01234567}\n"
    compilation = compiled(BASE, {STAGE_FILE: STAGE + more, "_labels.yaml": "state:\n  01: new\n  open: 新規\n"})
    assert compilation.findings == ()
    locale = catalog.read(compilation.catalog, "test").stage.locale
    assert (locale.time_zone, locale.language) == ("Asia/Tokyo", "ja")
    assert locale.mentions == {"oncall": "S01234567", "all": "everyone"}
    assert locale.people == {"017": "U01234567", "Ada@Example.org": "S01234567"}
    assert locale.labels == {"state": {"01": "new", "open": "新規"}}


def test_a_mistake_in_one_stage_names_the_stage(compiled: Compile) -> None:
    text = BASE.replace('"*{{ order.number }}*"', "\"{{ vars.name }}{{ 'x'.y if vars.name == 'bad' }}\"")
    files = {
        STAGE_FILE: f"{STAGE}vars: {{name: good}}\n",
        "_stages/other.yaml": f"{STAGE}vars: {{name: bad}}\n",
        "_stages/third.yaml": STAGE,
    }
    finding, undefined, _ = compiled(text, files).findings
    assert (finding.file, finding.line, finding.code) == (FILE, 6, "STAGE_INCOMPLETE")
    assert (undefined.line, undefined.code) == (6, "TEMPLATE_UNDEFINED")
    assert "stage third" in finding.message
    assert "_stages/third.yaml" in finding.fix
    files["_stages/third.yaml"] = files[STAGE_FILE]
    messages = [one.message for one in compiled(text, files).findings if one.code == "TEMPLATE_UNDEFINED"]
    assert [message.endswith("(in stage other)") for message in messages] == [True]


@pytest.mark.parametrize("address", ["admin.example.org", "ftp://x.example", "https://x.example/", "https://x?y", "5"])
def test_a_variable_that_begins_an_address_has_to_be_one(compiled: Compile, address: str) -> None:
    files = {STAGE_FILE: f"{STAGE}vars: {{admin: {address!r}}}\n"}
    written = "  - buttons: {Open: '{{ vars.admin }}/x'}\n"
    findings = compiled(f"{BASE}blocks:\n{written}", files).findings
    assert [(one.line, one.code) for one in findings] == [(14, "TEMPLATE_URL")]
    assert "_stages/test.yaml" in findings[0].fix


def test_a_variable_elsewhere_in_an_address_is_encoded(compiled: Compile) -> None:
    written = "  - buttons: {Open: 'https://x.example/{{ vars.limit }}?u={{ order.number }}'}\n"
    (actions,) = blocks(compiled(f"{BASE}blocks:\n{written}", {STAGE_FILE: RICH_STAGE}))
    assert actions["elements"][0]["url"] == "https://x.example/3?u=A%261%2F2"
