"""What Slack would refuse is found by lint, at its place; what Slack takes in raw blocks is sent as it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.compiler.answers import answering
from cli.compiler.render_samples import NOW
from cli.compiler.slack_check import FOOTER_ROOM
from handler import catalog
from handler.model import Event
from handler.stages.enrich import enrich
from handler.stages.render import TEXT_CHARACTERS, render
from handler.templating import Templates

from .conftest import Compile

TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, total, at, note FROM orders WHERE id = :id"}
  items: {sql: "SELECT sku FROM items WHERE order_id = :id", expect: many}
text: Hi
blocks:
  - %s
samples:
  one:
    id: 1
    lookups:
      order: {number: A-17, total: 12.5, at: 2026-01-05T10:00:00Z, note: null}
      items: [{sku: a}, {sku: b}, {sku: c}]
"""
LINE = 8


def sent(compiled: Compile, block: str) -> list[dict[str, Any]]:
    """The blocks of the sample, made as the function makes them of the catalog."""
    compilation = compiled(TEMPLATE % block)
    assert compilation.findings == ()
    loaded = catalog.read(json.loads(json.dumps(compilation.catalog)), "test")
    (notification,) = loaded.notifications["order.created"]
    templates, sample = Templates(locale=loaded.stage.locale), compilation.templates[0].samples[0]
    event = Event(sample.event, sample.id, "e1", data=sample.data)
    context = enrich(event, notification, answering(sample.answers, templates), NOW, loaded.stage.vars).context
    made: list[dict[str, Any]] = json.loads(json.dumps(render(notification, context, templates).blocks))
    return made


def rich(*elements: str) -> str:
    return f"{{type: rich_text, elements: [{{type: rich_text_section, elements: [{', '.join(elements)}]}}]}}"


@pytest.mark.parametrize(
    ("element", "made"),
    [
        ("{type: text, text: ' '}", {"type": "text", "text": " "}),
        ('{type: text, text: "first line\\n"}', {"type": "text", "text": "first line\n"}),
        ('{type: text, text: "\\n"}', {"type": "text", "text": "\n"}),
        ('{type: text, text: "  {{ order.number }} \\n"}', {"type": "text", "text": "  A-17 \n"}),
        ('{type: text, text: "{{ order.number }}\\n\\n"}', {"type": "text", "text": "A-17\n\n"}),
    ],
)
def test_white_space_in_raw_blocks_is_kept(compiled: Compile, element: str, made: dict[str, Any]) -> None:
    [block] = sent(compiled, rich("{type: text, text: a}", element))
    assert block["elements"][0]["elements"][1] == made


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("12.5", 12.5),
        ("-3", -3),
        ("'{{ order.total }}'", 12.5),
        ("'{{ order.total * 2 }}'", 25),
        ("'{{- id -}}'", 1),
        ("'{{ order.number | length }}'", 4),
        ("\"{{ '12.50' }}\"", 12.5),
    ],
)
def test_numbers_stand_where_slack_takes_them(compiled: Compile, value: str, made: float) -> None:
    [block] = sent(compiled, f"{{type: table, rows: [[{{type: raw_number, value: {value}, text: x}}]]}}")
    assert block["rows"][0][0]["value"] == made


def test_a_time_becomes_the_seconds_of_a_date(compiled: Compile) -> None:
    [block] = sent(compiled, rich("{type: date, timestamp: '{{ order.at }}', format: '{date_short}', fallback: x}"))
    assert block["elements"][0]["elements"][0]["timestamp"] == 1767607200


def test_null_is_kept(compiled: Compile) -> None:
    cells = "[{type: raw_text, text: a}, {type: raw_text, text: b}]"
    [block] = sent(compiled, f"{{type: table, rows: [{cells}], column_settings: [null, {{align: right}}]}}")
    assert block["column_settings"] == [None, {"align": "right"}]


@pytest.mark.parametrize("value", ["order.number", "order.note", "items", "true"])
def test_only_a_number_becomes_one(compiled: Compile, value: str) -> None:
    block = f"{{type: table, rows: [[{{type: raw_number, value: '{{{{ {value} }}}}', text: x}}]]}}"
    [finding] = compiled(TEMPLATE % block).findings
    assert (finding.line, finding.code) == (LINE, "TEMPLATE_FAILED")
    assert "a number is needed here" in finding.message


def test_a_block_id_may_hold_an_expression_and_is_unique_in_a_loop(compiled: Compile) -> None:
    block = "{{for: i in items, type: section, block_id: '{}', text: {{type: mrkdwn, text: x}}}}"
    assert [one["block_id"] for one in sent(compiled, block.format("item"))] == ["item", "item-2", "item-3"]
    assert [one["block_id"] for one in sent(compiled, block.format("i-{{ i.sku }}"))] == ["i-a", "i-b", "i-c"]


LINKS = [
    "mailto:shop@example.org",
    "mailto:shop@example.org?subject={{ order.number }}",
    "slack://open",
    "slack://channel?team=T012AB3CD&id=C0123456789",
    "slack://app?id={{ order.number }}",
]


@pytest.mark.parametrize("address", LINKS)
def test_links_may_open_a_mail_or_slack(compiled: Compile, address: str) -> None:
    shown = address.replace("{{ order.number }}", "A-17")
    raw = f"{{type: actions, elements: [{{type: button, text: {{type: plain_text, text: x}}, url: '{address}'}}]}}"
    assert sent(compiled, raw)[0]["elements"][0]["url"] == shown
    assert sent(compiled, f"buttons: {{Open: '{address}'}}")[0]["elements"][0]["url"] == shown
    assert sent(compiled, rich(f"{{type: link, url: '{address}'}}"))[0]["elements"][0]["elements"][0]["url"] == shown


@pytest.mark.parametrize(
    "address",
    ["mailto:{{ order.number }}", "mailto:shop", "slack://{{ order.number }}", "slack:open", "tel:5", "javascript:x()"],
)
def test_what_a_link_opens_comes_from_no_row(compiled: Compile, address: str) -> None:
    assert [one.code for one in compiled(TEMPLATE % f"buttons: {{Open: '{address}'}}").findings] == ["TEMPLATE_URL"]


@pytest.mark.parametrize("address", LINKS)
def test_an_image_comes_from_the_web(compiled: Compile, address: str) -> None:
    block = f"image: {{url: '{address}', alt: x}}"
    assert [one.code for one in compiled(TEMPLATE % block).findings] == ["TEMPLATE_URL"]


BUTTON = "{type: button, text: {type: plain_text, text: x}, url: 'https://a.example', action_id: a}"


@pytest.mark.parametrize(
    ("block", "part", "fix"),
    [
        ("{type: image, image_url: 'https://a.example/b.png'}", "alt_text", "add `alt_text`"),
        (
            "{type: actions, elements: [{type: button, text: Open, url: 'https://a.example'}]}",
            "`elements[0].text`",
            "write {type: plain_text, text: ...}",
        ),
        (f"{{type: actions, elements: [{BUTTON}, {BUTTON}]}}", "unique", "write another `action_id` for each"),
        ("{type: section, text: {type: mrkdwn, txet: x}}", "`text`", "write `text`"),
        ("{type: section, text: {type: mrkdwn, text: x, size: 3}}", "`text`", "remove `size`"),
        ("{type: header, text: {type: mrkdwn, text: x}}", "`text.type`", "the types here are: plain_text"),
        ("{type: section}", "`text` or `fields`", "add `text` or `fields`"),
        (
            f"{{type: actions, elements: [{BUTTON[:-1]}, value: 5}}]}}",
            "`elements[0].value`",
            "write a text; a number needs quotes",
        ),
        (
            f"{{type: actions, elements: [{BUTTON[:-1]}, style: dangr}}]}}",
            "`elements[0].style`",
            "write `danger`",
        ),
    ],
)
def test_what_slack_would_refuse_is_a_finding(compiled: Compile, block: str, part: str, fix: str) -> None:
    findings = compiled(TEMPLATE % block).findings
    assert {(one.line, one.code) for one in findings} == {(LINE, "SLACK_REFUSES")}
    assert any(part in one.message and one.fix == fix for one in findings), findings


def test_the_finding_stands_at_the_part(compiled: Compile) -> None:
    block = "type: actions\n    elements:\n      - type: button\n        text: Open\n        url: https://a.example"
    [finding] = compiled(TEMPLATE % block).findings
    assert (finding.line, finding.column) == (LINE + 3, 15)


EDITED = """\
id: integer
channel: orders
text: |
  {}
thread: order-{{{{ id }}}}
update: true
samples:
  one: {{id: 1}}
"""


def test_the_text_of_an_edit_has_its_own_limit(compiled: Compile) -> None:
    most = 4_000 - FOOTER_ROOM
    assert compiled(EDITED.format("x" * (most - 50))).findings == ()
    [finding] = compiled(EDITED.format("x" * (most + 1))).findings
    assert (finding.line, finding.code) == (3, "SLACK_REFUSES")
    without = EDITED.replace("update: true\n", "")
    assert compiled(without.format("x" * 5_000)).findings == ()


def test_a_text_is_cut_with_its_prefix_and_its_footers(compiled: Compile) -> None:
    compilation = compiled(EDITED.format("{{ data.note }}").replace("{id: 1}", "{id: 1, data: {note: x}}"))
    assert compilation.findings == ()
    notification = compilation.templates[0].notification
    context = {"data": {"note": "y" * 5_000}}
    made = render(notification, context, Templates(), ["z" * 300], "[staging]")
    assert len(made.text) <= TEXT_CHARACTERS
    assert made.text.startswith("[staging] yyy")
    assert made.text.endswith(f"_{'z' * 300}_")


def test_a_message_that_is_edited_once_its_row_has_come_has_the_limit_of_an_edit(compiled: Compile) -> None:
    lookup = "lookups:\n  order: {{sql: SELECT number FROM orders WHERE id = :id, missing: {}}}\ntext: |"
    sample = "{id: 1, lookups: {order: {number: A}}}"
    source = EDITED.replace("thread: order-{{{{ id }}}}\nupdate: true\n", "").replace("{{id: 1}}", sample)
    long = source.replace("{}", "x" * 4_000)
    assert compiled(long.replace("text: |", lookup.format("park"))).findings == ()
    found = compiled(long.replace("text: |", lookup.format("render"))).findings
    assert {one.code for one in found} == {"SLACK_REFUSES"}


def test_a_part_of_several_kinds_has_one_finding_for_one_mistake(compiled: Compile) -> None:
    [finding] = compiled(TEMPLATE % "{type: section, text: {type: mrkdwn, text: x, size: 3}}").findings
    assert finding.message == "Slack would refuse `text`: invalid additional property: size"
