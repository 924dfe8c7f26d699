"""What people write who know Markdown, HTML or other templates: a finding each, with the line as it is right."""

from __future__ import annotations

import json
import random
import re
import textwrap
from collections.abc import Collection

import pytest

from cli.compiler import RULES, Finding, interactive, slack_markup
from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Scalar, ScalarStyle
from cli.compiler.reader import read_yaml
from cli.compiler.slack_markup import rules

from .conftest import Compile

STAGE = """\
channels: {orders: C0ORDERS01}
fallback: C0FALLBACK
mentions: {oncall: S024BE7LD, tanaka: U024BE7LH, sales-team: S024BE7LF, x: U024BE7LG, ada: U024BE7LJ}
vars: {base: "https://shop.example.org"}
"""
FRAME = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT number, total, note, url FROM orders WHERE id = :id"}}
  customer: {{sql: "SELECT name, tier FROM customers WHERE id = :id", expect: optional}}
  items: {{sql: "SELECT sku FROM items WHERE id = :id", expect: many}}
text: {text}
{blocks}
samples:
  one:
    id: 42
    lookups:
      order: {{number: A-17, total: 5200, note: soon, url: "https://shop.example.org/a"}}
      customer: {{name: Ada, tier: gold}}
      items: [{{sku: TEA-1}}]
"""
MARKDOWN, BRACKETS, MENTION = "MARKUP_MARKDOWN", "MARKUP_BRACKETS", "MARKUP_MENTION"
BRACES, PLAIN, BOUNDARY = "MARKUP_BRACES", "MARKUP_PLAIN", "MARKUP_BOUNDARY"

# The rule, the code, what is written in mrkdwn, and how it is right; empty: the line is to be left out.
MRKDWN = [
    ("two signs", MARKDOWN, "a **bold** word", "a *bold* word"),
    ("two signs", MARKDOWN, "a **bold** and a **second**", "a *bold* and a *second*"),
    ("two signs", MARKDOWN, "**{{ order.number }}**", "*{{ order.number }}*"),
    ("two signs", MARKDOWN, "注文**X**を", "注文 *X* を"),
    ("two signs", MARKDOWN, "**Note:** soon", "*Note:* soon"),
    ("two signs", MARKDOWN, "__very__ late", "*very* late"),
    ("two signs", MARKDOWN, "was ~~100~~ 80", "was ~100~ 80"),
    ("three signs", MARKDOWN, "***both***", "*_both_*"),
    ("three signs", MARKDOWN, "___both___", "*_both_*"),
    ("link", MARKDOWN, "[Open](https://a.example.org/x_y)", "<https://a.example.org/x_y|Open>"),
    ("link", MARKDOWN, '[Open](https://a.example.org "Title")', "<https://a.example.org|Open>"),
    ("link", MARKDOWN, "[Tea](https://a.example.org/T_(x))", "<https://a.example.org/T_(x)|Tea>"),
    ("link", MARKDOWN, "[Mail](mailto:a@example.org)", "<mailto:a@example.org|Mail>"),
    ("link", MARKDOWN, "[Open](www.example.org)", "<https://www.example.org|Open>"),
    ("link", MARKDOWN, "[Open]({{ order.url }})", "{{ order.url | link('Open') }}"),
    (
        "link",
        MARKDOWN,
        "[{{ order.number }}](https://a.example.org/{{ id }})",
        "{{ ('https://a.example.org/' ~ id) | link(order.number) }}",
    ),
    ("link", MARKDOWN, "[a]({{ vars.base }}/{{ id }})", "{{ (vars.base ~ '/' ~ id) | link('a') }}"),
    ("link", MARKDOWN, "[a](https://a.example.org/{id})", "{{ ('https://a.example.org/' ~ id) | link('a') }}"),
    ("link", MARKDOWN, "![Chart](https://a.example.org/c.png)", "<https://a.example.org/c.png|Chart>"),
    ("link", MARKDOWN, "[Open](/orders/5)", "Open"),
    ("heading", MARKDOWN, "# New order", "*New order*"),
    ("heading", MARKDOWN, "### New **order** ###", "*New order*"),
    ("heading", MARKDOWN, "## {{ order.number }}", "*{{ order.number }}*"),
    ("heading", MARKDOWN, "# 注文", "*注文*"),
    ("rule", MARKDOWN, "---", ""),
    ("rule", MARKDOWN, "***", ""),
    ("rule", MARKDOWN, "* * *", ""),
    ("table", MARKDOWN, "| --- | :---: |", ""),
    ("table", MARKDOWN, "---|---", ""),
    ("fence", MARKDOWN, "```sql\nSELECT 1\n```", "```\nSELECT 1\n```"),
    ("html", MARKDOWN, "<b>late</b> now", "*late* now"),
    ("html", MARKDOWN, "<strong>late</strong>", "*late*"),
    ("html", MARKDOWN, "<i>late</i>", "_late_"),
    ("html", MARKDOWN, "<del>late</del>", "~late~"),
    ("html", MARKDOWN, "<code>late</code>", "`late`"),
    ("html", MARKDOWN, "<u>late</u>", "late"),
    ("html", MARKDOWN, "<b>{{ order.number }}</b>", "*{{ order.number }}*"),
    ("anchor", MARKDOWN, '<a href="https://a.example.org">Open</a>', "<https://a.example.org|Open>"),
    ("brackets", MARKDOWN, "one<br>two", "one\ntwo"),
    ("brackets", MARKDOWN, "one <br/> two", "one\ntwo"),
    ("brackets", MARKDOWN, "one <div> two", "one two"),
    ("brackets", MARKDOWN, "one <!-- not shown --> two", "one two"),
    ("entity", MARKDOWN, "5&nbsp;kg &mdash; tea", "5\u00a0kg — tea"),
    ("brackets", BRACKETS, "<@tanaka> please", "{{ 'tanaka' | mention }} please"),
    ("brackets", BRACKETS, "<@tanaka|Tanaka> please", "{{ 'tanaka' | mention }} please"),
    ("brackets", BRACKETS, "<@channel> please", "<!channel> please"),
    ("brackets", BRACKETS, "<@S024BE7LD> please", "<!subteam^S024BE7LD> please"),
    ("brackets", BRACKETS, "<#orders>", "<#C0123456789>"),
    ("brackets", BRACKETS, "<!chanel> look", "<!channel> look"),
    ("brackets", BRACKETS, "<!channels> look", "<!channel> look"),
    ("brackets", BRACKETS, "<!Here> look", "<!here> look"),
    ("brackets", BRACKETS, "<!all> look", "<!channel> look"),
    ("brackets", BRACKETS, "<!everybody> look", "<!everyone> look"),
    ("brackets", BRACKETS, "<!oncall> look", "{{ 'oncall' | mention }} look"),
    ("brackets", BRACKETS, "<!subteam^x> look", "{{ 'x' | mention }} look"),
    ("brackets", BRACKETS, "<Open|https://a.example.org>", "<https://a.example.org|Open>"),
    ("brackets", BRACKETS, "<www.example.org|Open>", "<https://www.example.org|Open>"),
    ("brackets", BRACKETS, "<a@example.org>", "<mailto:a@example.org|a@example.org>"),
    ("unclosed", BRACKETS, "<https://a.example.org now", "<https://a.example.org> now"),
    ("unclosed", BRACKETS, "<https://a.example.org|Open it", "<https://a.example.org|Open it>"),
    ("unclosed", BRACKETS, "<https://a.example.orgを開く、<!here>", "<https://a.example.orgを開く>、<!here>"),
    ("person", MENTION, "@tanaka please", "{{ 'tanaka' | mention }} please"),
    ("person", MENTION, "@Tanaka, please", "{{ 'tanaka' | mention }}, please"),
    ("person", MENTION, "cc @sales-team.", "cc {{ 'sales-team' | mention }}."),
    ("person", MENTION, "@channel please", "<!channel> please"),
    ("person", MENTION, "@channelの皆さん", "<!channel>の皆さん"),
    ("person", MENTION, "確認をお願いします@here", "確認をお願いします<!here>"),
    ("person", MENTION, "＠everyone", "<!everyone>"),
    ("person", MENTION, "@田中 お願いします", "{{ 'oncall' | mention }} お願いします"),
    ("person", MENTION, "*@ada* late", "*{{ 'ada' | mention }}* late"),
    ("person", MENTION, "@tanakaさんに確認", "{{ 'tanaka' | mention }}さんに確認"),
    ("person", MENTION, "@田中さんに確認", "{{ 'oncall' | mention }}さんに確認"),
    ("person", MENTION, "@スズキさん", "{{ 'oncall' | mention }}さん"),
    ("person of a row", MENTION, "@{{ order.note }} please", "{{ order.note | mention_person }} please"),
    ("person of a row", MENTION, "*@{{order.note | lower}}*", "*{{ order.note | lower | mention_person }}*"),
    ("person of a row", MENTION, "@{{ order.note }}{{ id }}", "{{ order.note | mention_person }}{{ id }}"),
    ("person of a row", MENTION, "担当＠{{ order.note }}", "担当{{ order.note | mention_person }}"),
    ("person of a row", MENTION, "@{{ 'oncall' | mention }} please", "{{ 'oncall' | mention }} please"),
    ("channel", MENTION, "see #orders today", "see <#C0123456789> today"),
    ("channel", MENTION, "(#orders-eu)", "(<#C0123456789>)"),
    ("placeholder", BRACES, "Order {id}", "Order {{ id }}"),
    ("placeholder", BRACES, "Order { order.number }", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order ${order.number}", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order #{order.number}", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order %(id)s", "Order {{ id }}"),
    ("placeholder", BRACES, "Order [[ order.number ]]", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order $order.number", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order %order.number%", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order {number}", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order {order}", "Order {{ order.number }}"),
    ("placeholder", BRACES, "Order {order.nubmer}", "Order {{ order.number }}"),
    ("placeholder", BRACES, "for {customer.name}", "for {{ customer.name if customer else '-' }}"),
    ("placeholder", BRACES, "for {order.total | money('JPY')}", "for {{ order.total | money('JPY') }}"),
    ("placeholder", BRACES, "注文{id}を", "注文{{ id }}を"),
    ("placeholder", BRACES, "https://a.example.org/{id}", "https://a.example.org/{{ id }}"),
    ("placeholder", BRACES, "{{ order.number }}: {id}", "{{ order.number }}: {{ id }}"),
    ("erb", BRACES, "Order <%= order.number %>", "Order {{ order.number }}"),
    ("brackets", BRACES, "Order <order.number>", "Order {{ order.number }}"),
    ("brackets", BRACES, "<https://a.example.org/{id}|Open>", "{{ ('https://a.example.org/' ~ id) | link('Open') }}"),
    ("emphasis", BOUNDARY, "注文*X*を", "注文 *X* を"),
    ("emphasis", BOUNDARY, "注文*{{ order.number }}*を", "注文 *{{ order.number }}* を"),
    ("emphasis", BOUNDARY, "*{{ order.number }}*件", "*{{ order.number }}* 件"),
    ("emphasis", BOUNDARY, "合計*5,200円*", "合計 *5,200円*"),
    ("emphasis", BOUNDARY, "「*重要*」", "「 *重要* 」"),
    ("emphasis", BOUNDARY, "*重要*：至急", "*重要* ：至急"),
    ("emphasis", BOUNDARY, "a*b*c", "a *b* c"),
    ("emphasis", BOUNDARY, "very*late*", "very *late*"),
    ("emphasis", BOUNDARY, "_重要_です", "_重要_ です"),
    ("emphasis", BOUNDARY, "~中止~です", "~中止~ です"),
    ("emphasis", BOUNDARY, "is *late * now", "is *late* now"),
    ("emphasis", BOUNDARY, "is: * late *", "is: *late*"),
    ("emphasis", BOUNDARY, "is: * late*", "is: *late*"),
    ("emphasis", BOUNDARY, "* late *", "*late*"),
    ("emphasis over two lines", BOUNDARY, "*late since\nMonday* again", "*late since*\n*Monday* again"),
    ("open fence", BOUNDARY, "``` x", "``` x```"),
    ("open fence", BOUNDARY, "```x``` ```", "```x```"),
    ("currency", "CURRENCY_UNKNOWN", "{{ order.total | money('YEN') }}", "{{ order.total | money('JPY') }}"),
    ("currency", "CURRENCY_UNKNOWN", "{{ order.total | money('RMB') }}", "{{ order.total | money('CNY') }}"),
    ("currency", "CURRENCY_UNKNOWN", "{{ order.total | money('usb') }}", "{{ order.total | money('USD') }}"),
    (
        "currency",
        "CURRENCY_UNKNOWN",
        "{{ order.total | money(currency='EUT') }}",
        "{{ order.total | money(currency='EUR') }}",
    ),
]
# The same in the texts between quotes of an expression.
QUOTED = [
    (MARKDOWN, "{{ '**late**' if id else 'fine' }}", "{{ '*late*' if id else 'fine' }}"),
    (MARKDOWN, "{{ order.note | default('~~none~~') }}", "{{ order.note | default('~none~') }}"),
    (BOUNDARY, "{{ '注文*X*を' if id else '-' }}", "{{ '注文 *X* を' if id else '-' }}"),
    (PLAIN, "{{ 'a &amp; b' if id else '-' }}", "{{ 'a & b' if id else '-' }}"),
    (MENTION, "{{ '@channel' if id else '-' }}", None),
    (BRACKETS, "{{ '<!here>' if id else '-' }}", None),
    (BRACKETS, "{{ '<https://a.example.org|x>' if id else '-' }}", None),
]
PLAIN_TEXT = [
    ("emphasis", PLAIN, "a *bold* word", "a bold word"),
    ("emphasis", PLAIN, "an _italic_ word", "an italic word"),
    ("emphasis", PLAIN, "a ~struck~ word", "a struck word"),
    ("emphasis", PLAIN, "注文*X*を", "注文Xを"),
    ("two signs", PLAIN, "a **bold** word", "a bold word"),
    ("code", PLAIN, "run `this` now", "run this now"),
    ("link", PLAIN, "[Open](https://a.example.org) it", "Open it"),
    ("heading", PLAIN, "## Order", "Order"),
    ("html", PLAIN, "<b>late</b>", "late"),
    ("anchor", PLAIN, "<a href='https://a.example.org'>Open</a>", "Open"),
    ("brackets", PLAIN, "<https://a.example.org|Open> it", "Open it"),
    ("brackets", PLAIN, "Late <!here>", "Late"),
    ("brackets", PLAIN, "<@U012AB3CD> is late", "is late"),
    ("brackets", PLAIN, "a<br>b", "ab"),
    ("entity", PLAIN, "Tea &amp; cups", "Tea & cups"),
    ("person", MENTION, "Late @channel", "Late"),
    ("person", MENTION, "Late (@tanaka)", "Late (tanaka)"),
    ("person of a row", MENTION, "Late @{{ order.note }}", "Late {{ order.note }}"),
    ("placeholder", BRACES, "Order {id}", "Order {{ id }}"),
    ("erb", BRACES, "Order <%= id %>", "Order {{ id }}"),
    ("brackets", BRACES, "Order <id>", "Order {{ id }}"),
]
PLACES = {
    "mrkdwn": (
        "- section: {}",
        "- context: {}",
        "- context: [{}]",
        "- fields: {{Label: {}}}",
        "- {{type: section, text: {{type: mrkdwn, text: {}}}}}",
        "- {{for: item in items, section: {}}}",
    ),
    "plain": (
        "- header: {}",
        "- table: {{rows: [[{}]]}}",
        "- image: {{url: 'https://a.example.org/x.png', alt: {}}}",
        "- image: {{url: 'https://a.example.org/x.png', alt: x, title: {}}}",
        "- {{type: header, text: {{type: plain_text, text: {}}}}}",
        "- {{type: rich_text, elements: [{{type: rich_text_section, elements: [{{type: text, text: {}}}]}}]}}",
    ),
}
MARKDOWN_BLOCK = [
    ("emphasis", MARKDOWN, "a *bold* word", "a **bold** word"),
    ("brackets", BRACKETS, "<https://a.example.org|Open> it", "[Open](https://a.example.org) it"),
    ("group", MENTION, "Late @channel", "Late"),
]
ADDRESSES = [
    ("placeholder", BRACES, "https://a.example.org/{order.number}", "https://a.example.org/{{ order.number }}"),
    ("erb", BRACES, "https://a.example.org/<%= id %>", "https://a.example.org/{{ id }}"),
]
LABELS = [("bold label", MARKDOWN, "*Total*", "Total")]

# What follows the line in a fix.
NOTES = re.compile(
    r"; the alias stands under `mentions` in _stages/|; list under `people` in _stages/ whom .*"
    r"|; the id is in the channel's details in Slack"
    r"|; (?:a|an|for a) (?:`header`|`image`|link|mention) .*"
)


NAMES = slack_markup.Names(
    ("id", "type", "data", "event", "now", "vars", "order", "customer", "items"),
    {"order": ("number", "total", "note", "url"), "customer": ("name", "tier")},
    frozenset({"customer"}),
)


def looked_at(reading: slack_markup.Reading, text: str, style: ScalarStyle = "literal") -> tuple[Finding, ...]:
    """What is found in a text that begins in the first line of a file."""
    report = Report()
    slack_markup.check(reading, Scalar(Place("f.yaml", 1, 1, "text"), text, text, style), NAMES, report)
    return report.findings()


def the_fix(findings: Collection[Finding], code: str) -> str:
    """The line as it is right, which every finding of a line shows."""
    assert {one.code for one in findings} == {code}
    fixes = {NOTES.sub("", one.fix) for one in findings}
    assert len(fixes) == 1
    return fixes.pop()


def compiled_findings(compiled: Compile, text: str = "Hello", blocks: str = "") -> tuple[Finding, ...]:
    source = FRAME.format(text=text, blocks=blocks and f"blocks:\n  {blocks}")
    return compiled(source, {"_stages/test.yaml": STAGE}).findings


@pytest.mark.parametrize(("_rule", "code", "text", "right"), MRKDWN)
def test_a_line_of_mrkdwn_has_a_finding_and_the_right_line_has_none(
    _rule: str, code: str, text: str, right: str
) -> None:
    findings = looked_at("mrkdwn", f"first line\n{text}\nlast line\n")
    fix = the_fix(findings, code)
    assert {one.line for one in findings} == {3}
    assert fix == f"write {right}" if right else fix.startswith("leave the line out; ")
    assert looked_at("mrkdwn", f"first line\n{right}\nlast line\n") == ()


def test_the_right_lines_render(compiled: Compile) -> None:
    lines = "\n".join(right for _, _, _, right in MRKDWN if "\n" not in right)
    assert compiled_findings(compiled, "|\n" + textwrap.indent(lines, "  ")) == ()


@pytest.mark.parametrize(("code", "text", "right"), QUOTED)
def test_texts_in_expressions_are_looked_at(code: str, text: str, right: str | None) -> None:
    fix = the_fix(looked_at("mrkdwn", text), code)
    if right is None:
        assert " outside the quotes" in fix
    else:
        assert fix == f"write {right}"
        assert looked_at("mrkdwn", right) == ()


def test_a_sign_before_the_name_of_a_channel_has_a_finding() -> None:
    fix = the_fix(looked_at("mrkdwn", "see #{{ order.channel }} now"), MENTION)
    right = "{% if order.channel == 'orders' %}<#C0123456789>{% else %}{{ order.channel }}{% endif %}"
    assert fix == f"leave the # out, or write the id of each channel: {right}"
    assert looked_at("mrkdwn", f"see {right} now") == ()


def test_a_date_that_is_none_has_a_finding() -> None:
    for text in ("<!date^1392734382>", "<!date^2026-01-05^{date}|5 Jan>", "<!date^1392734382^{date}>"):
        assert "{{ order.at | datetime }}" in the_fix(looked_at("mrkdwn", text), BRACKETS)


def test_texts_that_an_expression_does_not_show_are_left_alone() -> None:
    for text in ("{{ 1 if order.note == '**x**' else 2 }}", "{{ order.note | trim('**x**') }}", "{{ '@here' | code }}"):
        assert looked_at("mrkdwn", text) == ()


@pytest.mark.parametrize("place", PLACES["mrkdwn"])
def test_every_place_of_mrkdwn_is_looked_at(compiled: Compile, place: str) -> None:
    findings = compiled_findings(compiled, blocks=place.format('"a **bold** word"'))
    assert the_fix(findings, MARKDOWN).endswith('"a *bold* word"')


@pytest.mark.parametrize("place", PLACES["plain"])
def test_every_place_of_plain_text_is_looked_at(compiled: Compile, place: str) -> None:
    findings = compiled_findings(compiled, blocks=place.format('"a *bold* word"'))
    assert the_fix(findings, PLAIN).endswith('"a bold word"')


@pytest.mark.parametrize("place", ["- markdown: {}", "- {{type: markdown, text: {}}}"])
def test_every_markdown_block_is_looked_at(compiled: Compile, place: str) -> None:
    findings = compiled_findings(compiled, blocks=place.format('"a *bold* word"'))
    assert the_fix(findings, MARKDOWN).endswith('"a **bold** word"')


@pytest.mark.parametrize(
    ("reading", "code", "text", "right"),
    [
        *(("plain", *row[1:]) for row in PLAIN_TEXT),
        *(("markdown", *row[1:]) for row in MARKDOWN_BLOCK),
        *(("url", *row[1:]) for row in ADDRESSES),
    ],
)
def test_what_is_written_elsewhere_has_a_finding_and_what_is_right_has_none(
    reading: slack_markup.Reading, code: str, text: str, right: str
) -> None:
    fix = the_fix(looked_at(reading, text, "quoted"), code)
    assert fix == f'write text: "{right}"'
    assert looked_at(reading, right) == ()


def test_what_is_right_elsewhere_renders(compiled: Compile) -> None:
    headers = [f"- header: {json.dumps(right)}" for _, _, _, right in PLAIN_TEXT]
    texts = [f"- markdown: {json.dumps(right)}" for _, _, _, right in MARKDOWN_BLOCK]
    addresses = [f"- buttons: {{Open: {json.dumps(right)}}}" for _, _, _, right in ADDRESSES]
    assert compiled_findings(compiled, blocks="\n  ".join((*headers, *texts, *addresses))) == ()


@pytest.mark.parametrize(
    ("block", "code", "label"),
    [
        ("- fields: {{{}: x}}", MARKDOWN, "Total"),
        ("- buttons: {{{}: 'https://a.example.org'}}", PLAIN, "Total"),
        ("- buttons: {{Open: 'https://a.example.org/{{id}}'}}", BRACES, ""),
    ],
)
def test_labels_and_addresses_are_looked_at(compiled: Compile, block: str, code: str, label: str) -> None:
    fix = the_fix(compiled_findings(compiled, blocks=block.format(f'"*{label}*"')), code)
    assert fix == (f'write the label "{label}"' if label else 'write Open: "https://a.example.org/{{ id }}"')
    assert not label or compiled_findings(compiled, blocks=block.format(label)) == ()


def test_a_placeholder_is_found_wherever_a_value_can_stand(compiled: Compile) -> None:
    source = FRAME.format(text="Hello", blocks="thread: order-{id}")
    [finding] = compiled(source, {"_stages/test.yaml": STAGE}).findings
    assert (finding.code, finding.fix) == (BRACES, 'write thread: "order-{{ id }}"')
    loop = "- {for: item in items, section: 'Article {item.sku}'}"
    assert the_fix(compiled_findings(compiled, blocks=loop), BRACES) == 'write section: "Article {{ item.sku }}"'


def test_wordings_and_prefixes_are_looked_at(compiled: Compile) -> None:
    labels = "status:\n  1: '**paid**'\n  2: '<!here>'\n"
    stage = f"{STAGE}prefix: '**[test]**'\n"
    found = compiled(
        FRAME.format(text="Hello", blocks=""), {"_labels.yaml": labels, "_stages/test.yaml": stage}
    ).findings
    assert [(one.file, one.line, one.code) for one in found] == [
        ("_labels.yaml", 2, MARKDOWN),
        ("_labels.yaml", 3, BRACKETS),
        ("_stages/test.yaml", 5, MARKDOWN),
    ]
    assert found[0].fix == 'write 1: "*paid*"'


def test_every_rule_has_an_example() -> None:
    silent = {"address", "mailbox", "emoji"}
    of = {
        "mrkdwn": MRKDWN,
        "plain": PLAIN_TEXT,
        "markdown": MARKDOWN_BLOCK,
        "url": ADDRESSES,
        "label": [*MRKDWN, *LABELS],
    }
    for reading, examples in of.items():
        named = {rule.name for rule in rules.RULES[reading]} - silent  # type: ignore[index]
        named -= {"code", "channel of a row"} if reading in ("mrkdwn", "label") else set()
        named -= {"code", "link", "two signs"} if reading == "markdown" else set()
        assert named <= {example[0] for example in examples}, reading


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("Hello @tanaka", 7, 13),
        ('"Hello @tanaka"', 7, 14),
        ('"a \\"b\\" @tanaka"', 7, 16),
        ("|\n  Hello\n  {{ id }} @tanaka", 9, 12),
        ("|\n  `@tanaka`\n  x @tanaka", 9, 5),
    ],
)
def test_the_place_is_that_of_the_mistake(compiled: Compile, text: str, line: int, column: int) -> None:
    [finding] = compiled_findings(compiled, text)
    assert (finding.line, finding.column) == (line, column)


def test_a_mistake_elsewhere_does_not_hide_those_of_markup(compiled: Compile) -> None:
    source = FRAME.format(text='"{{ order.nubmer | }} **x**"', blocks="").replace("channel: orders", "chanel: orders")
    assert {one.code for one in compiled(source).findings} >= {"KEY_UNKNOWN", "TEMPLATE_SYNTAX", MARKDOWN}


BUTTON = "{type: button, text: {type: plain_text, text: Go}, action_id: go}"


def unanswered(elements: str) -> tuple[Finding, ...]:
    report = Report()
    node = read_yaml("f.yaml", f"[{{type: actions, elements: [{elements}]}}]", report)
    assert node
    interactive.check(node, report)
    return report.findings()


@pytest.mark.parametrize("kind", sorted(interactive.ELEMENTS))
def test_what_nothing_answers_is_a_finding(kind: str) -> None:
    [finding] = unanswered(BUTTON.replace("button", kind))
    assert (finding.code, finding.severity) == ("ACTION_UNANSWERED", "warning")
    assert f"`{kind}`" in finding.message
    assert "`url: https://...`" in finding.fix


def test_it_is_found_where_a_message_has_one(compiled: Compile) -> None:
    for block in (
        f"- {{type: actions, elements: [{BUTTON}]}}",
        f"- {{type: section, text: {{type: mrkdwn, text: Hello}}, accessory: {BUTTON}}}",
        f"- {{if: order.total > 1, do: [{{type: actions, elements: [{BUTTON}]}}]}}",
    ):
        assert {one.code for one in compiled_findings(compiled, blocks=block)} == {"ACTION_UNANSWERED"}
    opens = BUTTON.replace("{type", "{url: 'https://a.example.org', type", 1)
    assert compiled_findings(compiled, blocks=f"- {{type: actions, elements: [{opens}]}}") == ()


def test_what_opens_an_address_is_none() -> None:
    option = "{text: {type: plain_text, text: Go}, value: go, url: 'https://a.example.org'}"
    assert unanswered(f"{{type: overflow, options: [{option}]}}") == ()
    assert unanswered("{type: workflow_button, text: {type: plain_text, text: Go}}") == ()


def test_the_codes_are_those_of_the_rules() -> None:
    used = {code for _, code, _, _ in (*MRKDWN, *PLAIN_TEXT, *MARKDOWN_BLOCK, *ADDRESSES)}
    assert {code for code in RULES if code.startswith("MARKUP_")} <= used


# What people write and Slack shows as it is meant.
FINE = """\
3 pieces @{{ order.total | money('EUR') }} and ＠{{ order.total | number }}円
Ticket #{{ id }} of {{ order.note }}@{{ order.note }}, #{{ order.number }}
New order *A-17* from _Berlin_, ~100~ 80 EUR
*Order {{ order.number }}*: {{ order.total | money('JPY') }}
*{{ order.number }}*, *{{ order.total }}*
({{ order.number }}) *paid*!
Size {{ order.number }}*{{ order.total }}*{{ id }}
{{ order.number }}*{{ order.total }}*cm
5 * 3 * 2 = 30
2*3*4 = 24
5*10*20cm
2**3**4
a*b
3 < 5 and 5 > 3
a < b > c
C# and F#
Order #5 is #1 of 3
# of items: 3
# 5
# {{ order.number }}
@types/node and git@github.com and @5pm
colour #fff, #00ff00, #ABCDEF and #c0ffee
mail a@example.com or first.last+tag@mail.example.co.jp
@ 10:00, and 3 @ 5.00
twitter.com/@acme and https://medium.com/@acme/post
snake_case_name and __init__.py and _private
`**code**` and `@channel` and `{id}` and `<@tanaka>`
```**code** @channel {id} # not a heading```
> a quoted line
>>> a quoted rest
• item
- item
* item
* item with *bold*
1. first
:white_check_mark: done :flag-jp: :+1: :skin-tone-2:
https://a.example.org/x_y_z~w*v/?q=a_b#part
<https://a.example.org/x_y_z|Open *now*>
<https://a.example.org>
<mailto:a@example.org|Mail>
<slack://channel?team=T012&id=C012>
<tel:+81312345678|Call>
<!here> <!channel> <!everyone> <!here|here>
<!subteam^S024BE7LD> <!subteam^S024BE7LD|@oncall>
<@U012AB3CD> <@W012AB3CD|ada> <#C0123456789> <#C0123456789|orders>
<!date^1392734382^{date_short}|18 Feb>
a &lt;b&gt; &amp; c
/orders/5_6/x_y.csv
C:\\Users\\x_y\\z_w
SELECT COUNT(*) FROM a WHERE SUM(*) > 2
SELECT * FROM a; SELECT * FROM b
0 9 * * 1-5 and */10 9-16 * * 1-5
*.csv and *.txt
rm -rf /tmp/*/x*/y
**kwargs and *args
[x] done, [ ] open, [1] and [note](see below)
[INFO] started (2 s)
{"json": 1} and {} and {0} and {unknown} and {a b}
$5.00, $HOME, ${HOME}, 100%, 50%off
Total: 9:00~18:00 and 10~20
~20 minutes, ~30 km
*1 see below, *2 and above
price*1 and weight*2
-----
a -- b --- c
a | b | c
x_1 + y_2 = z_3
f(a*b*c) = g(x_y_z)
*bold*: and *bold*, and (*bold*) and "*bold*" - *bold*/*bold*
_italic_. *_both_* ~*struck*~
R&D, AT&T
注文 *X* を受け付けました
:package: {{ order.note }} 様のご注文 *{{ order.number }}* を出荷しました（{{ order.total | money('JPY') }}）
*商品（3点）*
*【至急】* 対応をお願いします
営業時間 9:00~18:00（月~金）
10~20個、30~40個
東京~大阪~名古屋
売上_2024_確定.csv
顧客_ID と 注文_ID
価格*1は税込*2です
※1 税込 ＊注意
メールは a@example.co.jp まで
#5 の注文、#1042番
合計 5,200円 (税込)
<!channel> 至急確認してください
<https://a.example.org|注文を開く> を確認
> お客様の声
「{{ order.note }}」とのことです
{{ order.total | money('CNH') }} {{ order.total | money(order.note) }}
{{ 'sold out' if id else 'low *stock*' }}
"""
FINE_PLAIN = """\
Order {{ order.number }}: 2*3*4
Path: /var/log/app_*/err_*.log
5 * 3 * 2
snake_case_name
9:00~18:00 and ~20 minutes~
C# & F#, R&D < 5
a@example.com
#orders
:tea: Tea
* required
Note [1] (see below)
注文 #5（至急）
売上_2024_確定.csv
"""
FINE_MARKDOWN = """\
# Heading
**bold** and __bold__ and _italic_ and ~~struck~~
***both***
* item
- item
[Open](https://a.example.org/x_y) <https://a.example.org>
| a | b |
| --- | --- |
---
`*code*` and *italic words
2 * 3 * 4
/var/log/app_*/err_*.log
a@example.com
"""


@pytest.mark.parametrize("line", [one for one in FINE.splitlines() if one.strip()])
def test_what_slack_shows_as_it_is_meant_is_left_alone(line: str) -> None:
    assert looked_at("mrkdwn", line) == ()


@pytest.mark.parametrize("line", FINE_PLAIN.splitlines())
def test_what_is_plain_is_left_alone(line: str) -> None:
    assert looked_at("plain", line) == ()


@pytest.mark.parametrize("line", FINE_MARKDOWN.splitlines())
def test_markdown_is_left_alone_in_a_markdown_block(line: str) -> None:
    assert looked_at("markdown", line) == ()


def test_code_of_several_lines_is_left_alone() -> None:
    assert looked_at("mrkdwn", "```\n**x** @channel {id}\n# heading\n---\n```\n{% if id %}```{% endif %}") == ()


PARTS = (
    "*", "**", "_", "__", "~", "~~", "`", "```", " ", " ", "注文", "bold", "1", "{{ id }}", "{% if id %}",
    "{% endif %}", "{{ '**x**' if id else '@here' }}", "<", ">", "|", "https://a.example.org", "[x]", "(https://a.example.org)",
    "）", "。", "#", "## ", "@tanaka", "@", "<!here>", "<@U012AB3CD>", "{id}", "{", "}", "&lt;", "&nbsp;", "---", "<b>",
    "</b>", "<https://a.example.org|", "{{", "}}", "'", "\\", "*x*",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_written_the_right_line_has_no_such_finding(seed: int) -> None:
    numbers = random.Random(seed)
    for _ in range(10):
        text = "".join(numbers.choice(PARTS) for _ in range(numbers.randint(1, 14))).strip() or "x"
        for reading in ("mrkdwn", "plain", "markdown"):
            for finding in looked_at(reading, text):
                written = NOTES.sub("", finding.fix)
                if written.startswith("write ") and "outside the quotes" not in written:
                    again = {(one.code, one.message) for one in looked_at(reading, written.removeprefix("write "))}
                    assert (finding.code, finding.message) not in again, text
