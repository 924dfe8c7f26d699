"""Each mistake in a template: its line, its code, what it says, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.compiler import template
from cli.compiler.findings import Report
from cli.compiler.reader import read_yaml
from cli.compiler.render_samples import rehearse
from handler.templating import Templates

from .conftest import FILE, Compile

GOOD = """\
id: integer
channel: orders
lookups:
  order:
    sql: |
      SELECT number, total, note
      FROM orders
      WHERE id = :id
  customer:
    get: /customers/{{ order.number }}
    on_failure: without
when: order.total > 0
text: |
  New order
  *{{ order.number }}*
blocks:
  - header: "Order {{ order.number }}"
  - fields:
      Total: "{{ order.total }}"
samples:
  one:
    id: 1
    lookups:
      order: {number: A-1, total: 5, note: null}
      customer: {name: Zoë}
"""
HEADER = 'header: "Order {{ order.number }}"'
TEXT = "text: |\n  New order\n  *{{ order.number }}*\n"
WORDS = "New order\n  *{{ order.number }}*"
NUMBER = "*{{ order.number }}*"
CORPUS = Path(__file__).parent / "corpus" / "refused_expressions.txt"
EXPRESSIONS = [line for line in CORPUS.read_text("utf-8").splitlines() if line and not line.startswith("//")]

# What of GOOD is replaced, by what, and the line, code, message and fix that follow.
MISTAKES = [
    # Keys
    ("id: integer\n", "", 1, "KEY_MISSING", "`id` is missing", ""),
    (TEXT, "", 1, "KEY_MISSING", "`text`", ""),
    ("text: |", "message: |", 13, "KEY_UNKNOWN", "`message`", "write `text`"),
    ("id: integer", "id: integer\nchanel: x", 2, "KEY_UNKNOWN", "`chanel`", "remove it: `channel` stands here already"),
    ("id: integer", "id: integer\nsql: x", 2, "KEY_UNKNOWN", "`sql`", "the keys here are: id, text"),
    ("id: integer", "id: integer\nid: uuid", 2, "KEY_DUPLICATE", "line 1", "remove one"),
    ("id: integer", "id: integer\n'{{ x }}': 1", 2, "TEMPLATE_FORBIDDEN", "no {{ }}", ""),
    ("    on_failure: without", "    on_falure: without", 11, "KEY_UNKNOWN", "in `lookups.customer`", "`on_failure`"),
    ("sql: |", "sql: {SELECT a, b FROM t}\n    db: |", 5, "VALUE_INVALID", "takes a text", ""),
    ("  order:", "  extra: {sql: SELECT a, b FROM t}\n  order:", 4, "KEY_UNKNOWN", "a comma ended", "into quotes"),
    ("id: integer", "ID: integer", 1, "KEY_UNKNOWN", "no key `ID`", "write `id`"),
    ("channel: orders", "Channel: orders", 2, "KEY_UNKNOWN", "no key `Channel`", "write `channel`"),
    ("samples:", "sample:", 20, "KEY_UNKNOWN", "no key `sample`", "write `samples`"),
    ("when: order.total > 0", "if: order.total > 0", 12, "KEY_UNKNOWN", "no key `if`", "write `when`"),
    ("blocks:", "attachments:", 16, "KEY_UNKNOWN", "no key `attachments`", "write `blocks`"),
    # Owner
    ("id: integer", "id: integer\nowner: [Ada, Zoë]", 2, "VALUE_INVALID", "not a list", "write owner: Payments team"),
    ("id: integer", "id: integer\nowner:", 2, "VALUE_INVALID", "empty", "write owner: Payments team"),
    ("id: integer", "id: integer\nowner: #payments", 2, "VALUE_INVALID", "comment", "#payments"),
    ("id: integer", "id: integer\nowner: '{{ id }}'", 2, "TEMPLATE_FORBIDDEN", "as it stands", ""),
    ("id: integer", "id: integer\nowner: |\n  Ada\n  Zoë", 2, "VALUE_INVALID", "one line", "a team or a person"),
    ("id: integer", f"id: integer\nowner: {'決' * 81}", 2, "VALUE_INVALID", "at most 80", "a team or a person"),
    ("id: integer", "id: integer\nteam: Payments", 2, "KEY_UNKNOWN", "`team`", "write `owner`"),
    # Identity and channel
    ("id: integer", "id: int", 1, "VALUE_INVALID", "integer, uuid", "write `integer`"),
    ("id: integer", "id:", 1, "VALUE_INVALID", "empty", ""),
    ("id: integer", "id: [integer]", 1, "VALUE_INVALID", "not a list", ""),
    ("id: integer", "id: {}", 1, "KEY_MISSING", "`pattern`", ""),
    ("id: integer", "id: {pattern: '['}", 1, "VALUE_INVALID", "cannot be read", ""),
    ("id: integer", "id: {pattern: '(?=a).*'}", 1, "VALUE_INVALID", "look-around", ""),
    ("id: integer", "id: {pattern: '(a)b\\1'}", 1, "VALUE_INVALID", "refers to a group", ""),
    ("id: integer", "id: {pattern: 'a++'}", 1, "VALUE_INVALID", "possessive", ""),
    ("id: integer", f"id: {{pattern: '{'(' * 900}'}}", 1, "VALUE_INVALID", "deep", ""),
    ("id: integer", f"id: {{pattern: '{'(' * 5000}'}}", 1, "VALUE_INVALID", "longer than", ""),
    ("id: integer", "id: {pattern: '[A-Z]+'}", 22, "SAMPLE_INVALID", "[A-Z]+", ""),
    ("channel: orders", "channel: #orders", 2, "VALUE_INVALID", "comment", "write channel: orders"),
    ("channel: orders", "channel: '#Orders'", 2, "VALUE_INVALID", "not an alias", "write orders"),
    ("channel: orders", "channel: '@Orders'", 2, "VALUE_INVALID", "not an alias", "write orders"),
    ("channel: orders", "channel: 'our orders'", 2, "VALUE_INVALID", "not an alias", "write an alias from _stages/"),
    ("channel: orders", "channel: C0ORDERS01", 2, "VALUE_INVALID", "a channel's id", "_stages/"),
    ("channel: orders", "channel: '{{ order.region }}'", 2, "TEMPLATE_FORBIDDEN", "as it stands", ""),
    ("channel: orders", "channel: nowhere", 2, "CHANNEL_UNKNOWN", "stage test", "add `nowhere: C...`"),
    # Lookups
    ("  order:\n", "  id:\n", 4, "NAME_RESERVED", "`id`", "another name"),
    ("  order:\n", "  upper:\n", 4, "NAME_RESERVED", "`upper`", ""),
    ("  order:\n", "  loop:\n", 4, "NAME_RESERVED", "`loop`", ""),
    ("  order:\n", "  not:\n", 4, "NAME_RESERVED", "`not`", ""),
    ("  order:\n", "  my-order:\n", 4, "VALUE_INVALID", "cannot be used", "letters"),
    ("    on_failure: without", "    sql: SELECT 1", 9, "VALUE_INVALID", "both", ""),
    ("    get: /customers/{{ order.number }}\n", "", 9, "VALUE_INVALID", "neither", "`sql` for the database"),
    ("    on_failure: without", "    on_failure: never", 11, "VALUE_INVALID", "retry, without", ""),
    ("    on_failure: without", "    bind: {x: id}", 11, "KEY_UNKNOWN", "`bind`", ""),
    ("id = :id", "id = :id\n    expect: optionl", 9, "VALUE_INVALID", "one, optional, many", "write `optional`"),
    ("id = :id", "id = :id\n    expect: maybe", 9, "VALUE_INVALID", "optional", "write one of: one, optional, many"),
    ("id = :id", "id = :id\n    db: 'A B'", 9, "VALUE_INVALID", "`A B`", ""),
    ("/customers/{{ order", "/customers/{{ customer", 10, "TEMPLATE_UNDEFINED", "not looked up yet", "move it above"),
    ("/customers/{{ order", "/customers/{{ ordr", 10, "TEMPLATE_UNDEFINED", "`ordr`", "nearest: order"),
    ("get: /customers", "get: https://host/customers", 10, "TEMPLATE_URL", "begins with /", ""),
    ("get: /customers", "get: //host/customers", 10, "TEMPLATE_URL", "neither a host", ""),
    ("get: /customers/", "get: customers/", 10, "TEMPLATE_URL", "begins with /", ""),
    ("get: /customers/{{ order.number }}", "get: '{{ order.number }}'", 10, "TEMPLATE_URL", "begins with /", ""),
    ("get: /customers/", "get: /a b/", 10, "TEMPLATE_URL", "a blank", ""),
    ("get: /customers/", "get: /a\\b/", 10, "TEMPLATE_URL", "", ""),
    ("get: /customers/", "get: /客/", 10, "TEMPLATE_URL", "", ""),
    ("get: /customers/", "get: /%zz/", 10, "TEMPLATE_URL", "", ""),
    ("get: /customers/", "get: /../customers/", 10, "TEMPLATE_URL", "steps", ""),
    ("get: /customers/", "get: /%2e%2E/customers/", 10, "TEMPLATE_URL", "steps", ""),
    ("get: /customers/{{ order.number }}", "get: /customers/..", 10, "TEMPLATE_URL", "steps", ""),
    ("get: /customers/", "get: /customers/{{ order.note }}/", 10, "TEMPLATE_URL", "empty", ""),
    # SQL
    ("FROM orders", "FROM orders; DROP TABLE x", 7, "QUERY_FORBIDDEN", "second statement", ""),
    ("id = :id", "id = :idd", 8, "QUERY_FORBIDDEN", "`:idd`", "nearest: id"),
    ("id = :id", "id = {{ id }}", 8, "QUERY_FORBIDDEN", "never pasted", "`:name`"),
    ("id = :id", "id = 1", 6, "QUERY_FORBIDDEN", "no parameter", ":id"),
    ("number, total, note\n", "number, SLEEP(1)\n", 6, "QUERY_FORBIDDEN", "SLEEP", ""),
    ("FROM orders", "FORM orders", 7, "QUERY_INVALID", "near `orders`", ""),
    ("number, total, note\n", "*\n", 6, "QUERY_STAR", "every column", "name the columns"),
    ("sql: |\n      SELECT", "sql: >\n      -- all\n      SELECT", 5, "QUERY_FORBIDDEN", "hides the rest", "`sql: |`"),
    ("id = :id", "id = :id\n    bind: {cid: id}", 6, "QUERY_FORBIDDEN", "no `:cid`", ""),
    ("id = :id", "id = :id OR a = :c\n    bind: {c: order.x}", 9, "TEMPLATE_UNDEFINED", "not looked up yet", ""),
    ("id = :id", "id = :id OR a = :c\n    bind: {c: '{{ id }}'}", 9, "TEMPLATE_SYNTAX", "bare", "write id"),
    ("id = :id", "id = :id OR a = :c\n    bind: {c: data.x}", 9, "TEMPLATE_UNDEFINED", "no x", ""),
    ("id = :id", "id = :id OR a = :c\n    bind: {c: data}", 9, "TEMPLATE_BIND", "an object", ""),
    ("id = :id", "id = :id\n    bind: {id: type}", 9, "NAME_RESERVED", "`id`", ""),
    # Expressions
    ("when: order.total > 0", "when: '{{ order.total > 0 }}'", 12, "TEMPLATE_SYNTAX", "bare", "write order.total > 0"),
    ("when: order.total > 0", "when: order.total >", 12, "TEMPLATE_SYNTAX", "not complete", ""),
    ("when: order.total > 0", "when: ordr.total > 0", 12, "TEMPLATE_UNDEFINED", "`ordr`", "nearest: order"),
    ("when: order.total > 0", "when: order.totl > 0", 12, "TEMPLATE_UNDEFINED", "no totl", "nearest: total"),
    ("when: order.total > 0", "when: order.total > 'a'", 12, "TEMPLATE_FAILED", "a number with a text", ""),
    (NUMBER, "{{ order.nmber }}", 15, "TEMPLATE_UNDEFINED", "the row `order` has no nmber", "nearest: number"),
    (NUMBER, "{{ customer.nmae if customer else '-' }}", 15, "TEMPLATE_UNDEFINED", "`customer` has no nmae", "name"),
    (NUMBER, "{{ data.x }}", 15, "TEMPLATE_UNDEFINED", "`data` has no x", "publish the event with it"),
    (
        NUMBER, "{{ order.x }} {{ customer.x }}",
        15, "TEMPLATE_UNDEFINED", "the row `order` has no x", "add it to the SELECT",
    ),
    (NUMBER, "{{ now | strftime('%d.%m.%Y') }}", 15, "TEMPLATE_FORBIDDEN", "strftime", "write {{ now | date }}"),
    # A table of the SQL, or its alias, in place of the lookup's name
    (NUMBER, "{{ order.o.number }}", 15, "TEMPLATE_UNDEFINED", "without their table", "write {{ order.number }}"),
    (NUMBER, "{{ o.total }}", 15, "TEMPLATE_UNDEFINED", "`o` is not", "write {{ order.total }}"),
    (NUMBER, "{{ o.total * o.total }}", 15, "TEMPLATE_UNDEFINED", "`o` is not", "{{ order.total * order.total }}"),
    (NUMBER, "{{ p.Number | upper }}", 15, "TEMPLATE_UNDEFINED", "`p` is not", "{{ order.number | upper }}"),
    ("when: order.total > 0", "when: o.total > 0", 12, "TEMPLATE_UNDEFINED", "`o`", "write order.total > 0"),
    (NUMBER, "{{ o.colour }}", 15, "TEMPLATE_UNDEFINED", "`o` is not", ""),
    (NUMBER, "{{ order.number }", 15, "TEMPLATE_SYNTAX", "`}}` is missing", "write {{ order.number }}"),
    (NUMBER, "{{ order.number | uper }}", 15, "TEMPLATE_FORBIDDEN", "uper", "number | upper }}; nearest: upper"),
    (NUMBER, "{{ order.total | mony(vars.x) }}", 15, "TEMPLATE_FORBIDDEN", "mony", "{{ order.total | money(vars.x) }}"),
    (NUMBER, "{{ order.total | mony }}", 15, "TEMPLATE_FORBIDDEN", "mony", "write {{ order.total | money('EUR') }}"),
    (NUMBER, "{{ order.total | zzzzzzz }}", 15, "TEMPLATE_FORBIDDEN", "zzzzzzz", "known: abs"),
    (NUMBER, "{% include 'x' %}", 15, "TEMPLATE_FORBIDDEN", "include", ""),
    (NUMBER, "{{ order.number.upper() }}", 15, "TEMPLATE_FORBIDDEN", "call a", "write {{ order.number | upper }}"),
    (NUMBER, "{{ MONEY(order.total, 'JPY') }}", 15, "TEMPLATE_FORBIDDEN", "call a", "{{ order.total | money('JPY') }}"),
    (NUMBER, "{{ money(order.total) }}", 15, "TEMPLATE_FORBIDDEN", "call a", "{{ order.total | money('EUR') }}"),
    (
        NUMBER, "{{ order.number.strip().upper() }}",
        15, "TEMPLATE_FORBIDDEN", "call a", "{{ order.number | trim | upper }}",
    ),
    (NUMBER, "{{ vars.x }}", 15, "STAGE_INCOMPLETE", "stage test has no `x` under `vars`", "_stages/test.yaml"),
    (
        NUMBER, "{{ '@oncall' | mention }}",
        15, "STAGE_INCOMPLETE", "no `@oncall` under `mentions`", "write {{ 'oncall' | mention }}",
    ),
    (NUMBER, "{{ order.note }}", 15, "VALUE_EMPTY", "shows nothing in sample `one`", "{{ order.note | default('-') }}"),
    (NUMBER, "{{ 'x' if order.note }}", 15, "VALUE_EMPTY", "has no `else`", "write {{ 'x' if order.note else '-' }}"),
    (NUMBER, "{{ order.note.x }}", 15, "TEMPLATE_UNDEFINED", "has no x", "write {{ order.note | default('-') }}"),
    (
        NUMBER, "{{ order.note.x | upper }}", 15,
        "TEMPLATE_UNDEFINED", "is a column", "{{ order.note | upper | default('-') }}",
    ),
    (NUMBER, "{{ 1 if order.note.x }}", 15, "TEMPLATE_UNDEFINED", "", "write {{ 1 if order.note else '-' }}"),
    (
        "when: order.total > 0", "when: order.note.x > 0", 12,
        "TEMPLATE_UNDEFINED", "", "write order.note | default(0) > 0",
    ),
    (NUMBER, "{{ customer.name }}", 15, "LOOKUP_UNGUARDED", "missing", "{{ customer.name if customer else '-' }}"),
    (
        "when: order.total > 0", "when: customer.name == 'x'",
        12, "LOOKUP_UNGUARDED", "may be missing", "customer and customer.name",
    ),
    (WORDS, "{{ customer.name if customer else '' }}", 14, "LOOKUP_UNGUARDED", "empty", ""),
    (WORDS, "{# nothing #}", 14, "MESSAGE_EMPTY", "empty", "never empty"),
    # Slips in expressions
    (NUMBER, "{{ order.total | money }}", 15, "TEMPLATE_FAILED", "no `currency`", "{{ order.total | money('EUR') }}"),
    (NUMBER, "{{ order.total | money() }}", 15, "TEMPLATE_FAILED", "`money`", "write {{ order.total | money('EUR') }}"),
    (NUMBER, "{{ order.total | money('EURO') }}", 15, "TEMPLATE_FAILED", "three letters", "total | money('EUR') }}"),
    (NUMBER, "{{ id | money('euro') }}", 15, "TEMPLATE_FAILED", "three letters", "write {{ id | money('EUR') }}"),
    (NUMBER, "{{ id | money(currency='円') }}", 15, "TEMPLATE_FAILED", "three letters", "(currency='JPY') }}"),
    (NUMBER, "{{ id | money('$') }}", 15, "TEMPLATE_FAILED", "three letters", "money('"),
    (NUMBER, "{{ id | money('') }}", 15, "TEMPLATE_FAILED", "three letters", "money('"),
    (NUMBER, "{{ id | money(order.number) }}", 15, "TEMPLATE_FAILED", "three letters", "name a column"),
    (NUMBER, "{{ order.number|truncate }}", 15, "TEMPLATE_FAILED", "no `size`", "{{ order.number | truncate(8) }}"),
    (
        NUMBER, "{{ id | plural(many='x') }}",
        15, "TEMPLATE_FAILED", "no `one`", "write {{ id | plural('item', many='x') }}",
    ),
    ("when: order.total > 0", "when: order.total | money == 'x'", 12, "TEMPLATE_FAILED", "", "total | money('EUR') =="),
    ("Total: \"{{ order.total", "Total: \"{{ order.total | money", 19, "TEMPLATE_FAILED", "`money`", "('EUR') }}"),
    (NUMBER, "{{ order.number | mask(tail) }}", 15, "TEMPLATE_UNDEFINED", "`tail`", "order.number | mask('tail') }}"),
    (NUMBER, "{{ order.total | money(EUR) }}", 15, "TEMPLATE_UNDEFINED", "`EUR`", "('EUR') }}; a text needs quotes"),
    (NUMBER, "{{ 'a' if id = 1 }}", 15, "TEMPLATE_SYNTAX", "no `=`: here it is `==`", "write {{ 'a' if id == 1 }}"),
    (NUMBER, "{{ id | number(decimals=2) if id = 1 }}", 15, "TEMPLATE_SYNTAX", "`=`", "(decimals=2) if id == 1 }}"),
    (NUMBER, "{{ '=' if id = 1 }}", 15, "TEMPLATE_SYNTAX", "", "write {{ '=' if id == 1 }}"),
    (NUMBER, "{% if id === 1 %}x{% endif %}", 15, "TEMPLATE_SYNTAX", "no `===`", "write {% if id == 1 %}"),
    (NUMBER, "{{ 'a' if id&&id }}", 15, "TEMPLATE_SYNTAX", "no `&&`: here it is `and`", "write {{ 'a' if id and id }}"),
    (NUMBER, "{{ id = }}", 15, "TEMPLATE_SYNTAX", "not complete", "write {{ id }}"),
    ("when: order.total > 0", "when: order.total = 5", 12, "TEMPLATE_SYNTAX", "no `=`", "write order.total == 5"),
    ("when: order.total > 0", "when: order.number == “A”", 12, "TEMPLATE_SYNTAX", "not “", "write order.number == 'A'"),
    (NUMBER, "{{ id | default(‘-’) }}", 15, "TEMPLATE_SYNTAX", "straight quotes", "write {{ id | default('-') }}"),
    (NUMBER, "“{{ id | default(“-”) }}”", 15, "TEMPLATE_SYNTAX", "straight", "write {{ id | default('-') }}"),
    (NUMBER, "{{ id ｜ default（'｜'） }}", 15, "TEMPLATE_SYNTAX", "no `｜`", "write {{ id | default('｜') }}"),
    (WORDS, "A\n  注文 ｛｛ id ｝｝ です", 15, "TEMPLATE_SYNTAX", "ordinary braces", "write 注文 {{ id }} です"),
    (NUMBER, "*{{ id ｝｝*", 15, "TEMPLATE_SYNTAX", "ordinary braces", "write *{{ id }}*"),
    (NUMBER, "｛% if id %｝x{% endif %}", 15, "TEMPLATE_SYNTAX", "ordinary braces", "write {% if id %}x{% endif %}"),
    (NUMBER, "｛｛ id ｜ default（“-”） ｝｝", 15, "TEMPLATE_SYNTAX", "braces", "write {{ id | default('-') }}"),
    (TEXT, "text: ｛｛ id ｝｝\n", 13, "TEMPLATE_SYNTAX", "braces", 'write text: "{{ id }}"'),
    (HEADER, "context: [｛｛ id ｝｝]", 17, "TEMPLATE_SYNTAX", "braces", 'write - "{{ id }}"'),
    ("when: order.total > 0", "when: ｛｛ order.total ｝｝", 12, "TEMPLATE_SYNTAX", "bare", "write order.total"),
    # Texts
    (TEXT, "text:\n", 13, "VALUE_INVALID", "empty", ""),
    (TEXT, "text: ''\n", 13, "VALUE_INVALID", "empty", ""),
    (TEXT, "text: # of orders\n", 13, "VALUE_INVALID", "comment", 'write text: "# of orders"'),
    (TEXT, "text: :warning: failed\n", 13, "YAML_SYNTAX", "`: `", 'text: ":warning: failed"'),
    (TEXT, "text: {{ order.number }}\n", 13, "YAML_SYNTAX", "`{`", 'text: "{{ order.number }}"'),
    (TEXT, "text: Order #5 of {{ id }}\n", 13, "VALUE_INVALID", "a comment", 'text: "Order #5 of {{ id }}"'),
    (TEXT, "text: “Order” {{ id }}\nblock: x\n", 14, "KEY_UNKNOWN", "`block`", "remove it: `blocks`"),
    (TEXT, "text: “Order {{ id }}”\n", 13, "VALUE_INVALID", "curly quotes", 'write text: "Order {{ id }}"'),
    (TEXT, "text: *bold*\n", 13, "YAML_FORBIDDEN", "alias", 'text: "*bold*"'),
    # Blocks
    (HEADER, "headr: x", 17, "KEY_UNKNOWN", "`headr` in `blocks[0]`", "write `header`"),
    (HEADER, "text: x", 17, "KEY_UNKNOWN", "`text` in `blocks[0]`", "write `section`"),
    (HEADER, "header: x\n    section: y", 17, "VALUE_INVALID", "a block is one of", ""),
    (HEADER, "{}", 17, "VALUE_INVALID", "a block is one of", ""),
    (f"- {HEADER}", "- dividr", 17, "VALUE_INVALID", "a block is one of", ""),
    (HEADER, "divider: x", 17, "VALUE_INVALID", "no value", "`- divider`"),
    (HEADER, "header: {type: plain_text, text: Paid}", 17, "VALUE_INVALID", "takes a text", 'write header: "Paid"'),
    (HEADER, "section: {type: mrkdwn, text: 'a: b'}", 17, "VALUE_INVALID", "takes a text", 'write section: "a: b"'),
    (HEADER, "context: [{type: mrkdwn, text: a}]", 17, "VALUE_INVALID", "takes a text", 'write - "a"'),
    (HEADER, "section:\n      text: a\n      if: id > 5", 18, "VALUE_INVALID", "takes a text",
     'write section: "a"; `if` stands beside `section`, not within it'),
    (HEADER, "when: id > 5\n    section: x", 17, "KEY_UNKNOWN", "no key `when`", "write `if`"),
    ("blocks:\n", "blocks: {blocks: [divider]}\nno:\n", 16, "VALUE_INVALID", "a second `blocks`", "remove the inner"),
    (HEADER, "section: [a]", 17, "VALUE_INVALID", "takes a text", ""),
    (f"- {HEADER}\n", f"-{HEADER}\n", 17, "YAML_SYNTAX", "a blank is missing after the `-`", "write - header"),
    ("blocks:\n", "blocks: x\nno:\n", 16, "VALUE_INVALID", "takes a list", ""),
    ("      Total:", "      '{{ x }}':", 19, "TEMPLATE_FORBIDDEN", "as it stands", ""),
    (HEADER, f"header: {'x' * 151}", 17, "BLOCK_LIMIT", "151 of at most 150", "shorten this text"),
    (HEADER, f"section: {'x' * 3001}", 17, "BLOCK_LIMIT", "blocks[0].text.text", ""),
    (HEADER, f"fields: {{A: {'x' * 2001}}}", 17, "BLOCK_LIMIT", "fields[0]", ""),
    (HEADER, "fields: {" + ", ".join(f"L{n}: x" for n in range(11)) + "}", 17, "BLOCK_LIMIT", "11 of", "leave some"),
    (HEADER, "context: [" + ", ".join("x" * 11) + "]", 17, "BLOCK_LIMIT", "11 of at most 10", ""),
    (HEADER, "header: x" + "\n  - divider" * 50, 17, "BLOCK_LIMIT", "of at most 50", "leave some out"),
    (HEADER, "type: dividr", 17, "VALUE_INVALID", "no block of type `dividr`", "write `divider`"),
    (HEADER, "type:", 17, "VALUE_INVALID", "no block of type ``", ""),
    (HEADER, "{type: table, rows: [[1.5]]}", 17, "SLACK_REFUSES", "refuse `rows[0][0]`: must be an object", ""),
    (HEADER, "header:Paid", 17, "VALUE_INVALID", "a blank is missing", "write header: Paid"),
    (HEADER, "header：支払い", 17, "VALUE_INVALID", "full-width", "write header: 支払い"),
    (HEADER, "header:Paid: 5", 17, "KEY_UNKNOWN", "a blank is missing", "write header: Paid"),
    (HEADER, "header: “Paid”", 17, "VALUE_INVALID", "curly quotes", 'write header: "Paid"'),
    (HEADER, "image: {url: '{{ order.number }}', alt: x}", 17, "TEMPLATE_URL", "begins with https", "vars.name"),
    (HEADER, "image: {url: 'https://{{ id }}.example.org/', alt: x}", 17, "TEMPLATE_URL", "begins with", ""),
    (HEADER, "image: {url: 'https://example.org/x.png'}", 17, "KEY_MISSING", "`alt`", ""),
    (HEADER, "image: https://example.org/x.png", 17, "VALUE_INVALID", "`key: value` lines", ""),
    (HEADER, "buttons: {Open: 'javascript:alert(1)'}", 17, "TEMPLATE_URL", "begins with https://", ""),
    (HEADER, "buttons: {Open: '{{ order.number }}/x'}", 17, "TEMPLATE_URL", "begins with https://", ""),
    (HEADER, "buttons: {Open: '{{ vars.admin }}/x'}", 17, "STAGE_INCOMPLETE", "no `admin` under `vars`", ""),
    (HEADER, "buttons: {'{{ id }}': 'https://example.org'}", 17, "TEMPLATE_FORBIDDEN", "as it stands", ""),
    (HEADER, "buttons: [Open]", 17, "VALUE_INVALID", "`key: value` lines", ""),
    (HEADER, "buttons: {Open:}", 17, "VALUE_INVALID", "empty", ""),
    (HEADER, f"buttons: {{{'x' * 76}: 'https://example.org'}}", 17, "BLOCK_LIMIT", "76 of at most 75", ""),
    (HEADER, "buttons: {" + ", ".join(f"B{n}: 'https://example.org'" for n in range(26)) + "}",
     17, "BLOCK_LIMIT", "26 of at most 25", ""),
    (HEADER, "markdown: '{{ order.number }}'", 17, "TEMPLATE_FORBIDDEN", "as it stands", ""),
    # Loops, conditions, tables
    (HEADER, "for: items\n    section: z", 17, "VALUE_INVALID", "a name, `in`, and a list", "write for: item in items"),
    (HEADER, "for: x in\n    section: z", 17, "VALUE_INVALID", "a name, `in`, and a list", ""),
    (HEADER, "for: [x]\n    section: z", 17, "VALUE_INVALID", "a name, `in`, and a list", ""),
    (HEADER, "for: x in y\n    section: z", 17, "TEMPLATE_UNDEFINED", "`y`", ""),
    (HEADER, "for: order in order\n    section: z", 17, "NAME_RESERVED", "something else here", ""),
    (HEADER, "for: id in order\n    section: z", 17, "NAME_RESERVED", "`id`", ""),
    (HEADER, "for: upper in order\n    section: z", 17, "NAME_RESERVED", "`upper`", ""),
    (HEADER, "for: a.b in order\n    section: z", 17, "VALUE_INVALID", "`a.b`", "letters"),
    (HEADER, "for: x in order\n    section: '{{ x }}'", 17, "TEMPLATE_FAILED", "not a list", ""),
    (HEADER, "for: x in [1]\n    section: '{{ y }}'", 18, "TEMPLATE_UNDEFINED", "`y`", ""),
    (HEADER, "for: x in [1]\n    section: '{{ x.y }}'", 18, "TEMPLATE_UNDEFINED", "no y", ""),
    (HEADER, "section: '{{ loop.index }}'", 17, "TEMPLATE_UNDEFINED", "`loop`", ""),
    (HEADER, "for: x in [1]\n    do: [divider]\n  - section: '{{ x }}'", 19, "TEMPLATE_UNDEFINED", "`x`", ""),
    (HEADER, "for: a in [1]\n    do:\n    - for: b in [1]\n      do:\n      - {for: 'c in [1]', section: x}",
     21, "VALUE_INVALID", "2 deep", "loop once"),
    (HEADER, "for: a in [1]\n    section: '{% for b in [1] %}{% for c in [1] %}x{% endfor %}{% endfor %}'",
     18, "VALUE_INVALID", "2 deep", ""),
    (HEADER, "table: {}", 17, "VALUE_INVALID", "either `row`", ""),
    (HEADER, "fields: {}", 17, "VALUE_INVALID", "is empty", ""),
    (HEADER, "buttons: {}", 17, "VALUE_INVALID", "is empty", ""),
    (HEADER, "context: []", 17, "VALUE_INVALID", "is empty", ""),
    (HEADER, "if: id\n    do: []", 18, "VALUE_INVALID", "is empty", ""),
    (HEADER, "if: order.totl > 1\n    section: z", 17, "TEMPLATE_UNDEFINED", "no totl", "nearest: total"),
    (HEADER, "if: '{{ order.total }}'\n    section: z", 17, "TEMPLATE_SYNTAX", "bare", "write order.total"),
    (HEADER, "if: order.total", 17, "VALUE_INVALID", "a block is one of", ""),
    (HEADER, "do: [divider]", 17, "VALUE_INVALID", "under `for` or `if`", ""),
    (HEADER, "if: id\n    do: [divider]\n    header: x", 17, "VALUE_INVALID", "`header` goes into it", ""),
    (HEADER, "if: id\n    do: x", 18, "VALUE_INVALID", "takes a list", ""),
    (HEADER, "if: id\n    headr: x", 18, "KEY_UNKNOWN", "`headr`", "write `header`"),
    (HEADER, "table: [[a]]", 17, "VALUE_INVALID", "`key: value` lines", ""),
    (HEADER, "table: {head: [a]}", 17, "VALUE_INVALID", "either `row` with `for`, or `rows`", ""),
    (HEADER, "table: {row: [a]}", 17, "VALUE_INVALID", "`for` says over what", ""),
    (HEADER, "table: {rows: [[a]], for: 'x in [1]'}", 17, "VALUE_INVALID", "not with `rows`", ""),
    (HEADER, "table: {rows: [[]]}", 17, "VALUE_INVALID", "1 to 20", ""),
    (HEADER, "table: {rows: [[" + ", ".join("a" * 21) + "]]}", 17, "VALUE_INVALID", "21 cells", "fewer"),
    (HEADER, "table: {rows: [[a]]}\n  - table: {rows: [[b]]}", 17, "VALUE_INVALID", "one table at most", ""),
    (HEADER, "for: x in [1]\n    table: {rows: [[a]]}", 18, "VALUE_INVALID", "one table at most", ""),
    (HEADER, "table: {for: 'x in [1]', row: ['{{ y }}']}", 17, "TEMPLATE_UNDEFINED", "`y`", ""),
    # Routes and events
    ("channel: orders\n", "", 1, "KEY_MISSING", "`channel`", "an alias"),
    ("channel: orders", "channel: []", 2, "VALUE_INVALID", "no channel", ""),
    ("channel: orders", "channel: [orders, orders]", 2, "VALUE_INVALID", "twice", ""),
    ("channel: orders", "channel: [orders, nowhere]", 2, "CHANNEL_UNKNOWN", "`nowhere`", ""),
    ("channel: orders", "channel: orders\nroute: [{channel: orders}]", 3, "VALUE_INVALID", "both", "remove one"),
    ("channel: orders", "route: []", 2, "VALUE_INVALID", "no route", ""),
    ("channel: orders", "route: {channel: orders}", 2, "VALUE_INVALID", "takes a list", ""),
    ("channel: orders", "route: [{when: id}]", 2, "KEY_MISSING", "`channel`", ""),
    ("channel: orders", "route: [{channel: orders}, {when: id, channel: orders}]", 2, "VALUE_INVALID", "no event", ""),
    ("channel: orders", "route: [{when: ordr.total, channel: orders}]", 2, "TEMPLATE_UNDEFINED", "`ordr`", ""),
    ("channel: orders", "route: [{when: order.totl, channel: orders}]", 2, "TEMPLATE_UNDEFINED", "no totl", ""),
    ("channel: orders", "route: [{channel: nowhere}]", 2, "CHANNEL_UNKNOWN", "`nowhere`", ""),
    ("id: integer", "id: integer\nevent: Order.Created", 2, "VALUE_INVALID", "not an event type", ""),
    # Threads
    ("channel: orders", "channel: orders\nupdate: true", 3, "KEY_MISSING", "no `thread`", 'thread: "order-{{ id }}"'),
    ("channel: orders", "channel: orders\nthread: a\nupdate: yes", 4, "VALUE_INVALID", "`true`", "write update: true"),
    ("channel: orders", "channel: orders\nthread: a\nupdate: Off", 4, "VALUE_INVALID", "`true`", "write update: false"),
    ("channel: orders", "channel: orders\nthread: a\nupdate: [x]", 4, "VALUE_INVALID", "`true`", ""),
    ("channel: orders", "channel: orders\ntread: a", 3, "KEY_UNKNOWN", "`tread`", "write `thread`"),
    ("channel: orders", "channel: orders\nthread:", 3, "VALUE_INVALID", "empty", ""),
    ("channel: orders", "channel: orders\nthread: '{{ ordr.x }}'", 3, "TEMPLATE_UNDEFINED", "`ordr`", "nearest: order"),
    ("channel: orders", "channel: orders\nthread: '{{ order.nmber }}'", 3, "TEMPLATE_UNDEFINED", "no nmber", "number"),
    (
        "channel: orders", "channel: orders\nthread: '{{ order.note }}'",
        3, "VALUE_EMPTY", "shows nothing", 'order.note | default("-")',
    ),
    ("channel: orders", "channel: orders\nthread: '{{ customer.name }}'", 3, "LOOKUP_UNGUARDED", "may be missing", ""),
    ("channel: orders", "channel: payments\nthread: a", 3, "THREAD_WEBHOOK", "to `payments` by", "`threads: ignore`"),
    (
        "channel: orders", "thread: a\nroute: [{when: id == 2, channel: [orders, payments]}, {channel: orders}]",
        2, "THREAD_WEBHOOK", "stage test posts to `payments` by a webhook", "_stages/test.yaml",
    ),
    # Lateness
    ("id = :id", "id = :id\n    wait: 5 min", 9, "VALUE_INVALID", "`lookups.order.wait`", "write wait: 5m"),
    ("id = :id", "id = :id\n    wait:", 9, "VALUE_INVALID", "empty", ""),
    ("id = :id", "id = :id\n    wiat: 5m", 9, "KEY_UNKNOWN", "`wiat`", "write `wait`"),
    ("id = :id", "id = :id\n    missing: rendr", 9, "VALUE_INVALID", "park, skip, render", "write `render`"),
    ("id = :id", "id = :id\n    missing: render", 13, "LOOKUP_UNGUARDED", "`order`", "write order and order.total"),
    ("id = :id", "id = :id\n    expect: many\n    wait: 5m", 10, "VALUE_INVALID", "expect: many", "remove `wait`"),
    ("on_failure: without", "expect: optional\n    missing: skip", 12, "VALUE_INVALID", "is an answer", "expect: one"),
    ("get: /customers", "wait: 5m\n    get_all: /customers", 10, "KEY_UNKNOWN", "`wait`", "the keys here are"),
    ("id: integer", "id: integer\nversion: event.version", 2, "VALUE_INVALID", "one column", "order.updated_at"),
    ("id: integer", "id: integer\nversion: order", 2, "VALUE_INVALID", "one column", ""),
    ("id: integer", "id: integer\nversion: order.total + 1", 2, "VALUE_INVALID", "one column", ""),
    ("id: integer", "id: integer\nversion: '{{ order.total }}'", 2, "TEMPLATE_SYNTAX", "bare", "write order.total"),
    ("id: integer", "id: integer\nversion: ordr.total", 2, "TEMPLATE_UNDEFINED", "`ordr`", "nearest: order"),
    ("id: integer", "id: integer\nversion: order.totl", 2, "TEMPLATE_UNDEFINED", "no totl", "nearest: total"),
    ("id: integer", "id: integer\nversion: order.number", 2, "VALUE_INVALID", "a whole number or a time", "dates"),
    # Stages
    (NUMBER, "{{ 'oncall' | mention }}", 15, "STAGE_INCOMPLETE", "`oncall` under `mentions`", "_stages/test.yaml"),
    (NUMBER, "{{ id | label('x') }}", 15, "STAGE_INCOMPLETE", "_labels.yaml has no `x`", "add `x:`"),
    ("when: order.total > 0", "when: vars.x == 1", 12, "STAGE_INCOMPLETE", "`x` under `vars`", ""),
    # Samples
    ("    id: 1\n", "", 22, "KEY_MISSING", "`id` is missing in `samples.one`", ""),
    ("    id: 1\n", "    id: x\n", 22, "SAMPLE_INVALID", "integer", ""),
    ("    id: 1\n", "    id: true\n", 22, "SAMPLE_INVALID", "whole number", ""),
    ("    id: 1\n", "    id: 1.5\n", 22, "SAMPLE_INVALID", "whole number", ""),
    ("    id: 1\n", "    id: 1\n    data: 5\n", 23, "SAMPLE_INVALID", "`data`", "data: {source: shop}"),
    ("      customer: {name: Zoë}\n", "", 24, "SAMPLE_INVALID", "no `customer`", "add `customer:`"),
    ("customer: {name: Zoë}", "customr: {name: Zoë}", 25, "SAMPLE_INVALID", "no lookup `customr`", "nearest: customer"),
    ("customer: {name: Zoë}", "customer: [1]", 25, "SAMPLE_INVALID", "expect: one", "{column: value}, or null"),
    ("order: {number: A-1, total: 5, note: null}", "order: null", 24, "SAMPLE_INVALID", "expect: one", ""),
    ("id = :id\n", "id = :id\n    expect: many\n", 25, "SAMPLE_INVALID", "expect: many", "[{column: value}"),
    ("number: A-1", "number: 2026-02-30", 24, "SAMPLE_INVALID", "no such day", "quote it"),
    ("number: A-1, ", "", 24, "SAMPLE_INVALID", "sample `one`: lookups.order lacks `number`, which", "add number: …"),
    # Slack's markup
    (NUMBER, "**{{ order.number }}**", 15, "MARKUP_MARKDOWN", "", "write *{{ order.number }}*"),
    (NUMBER, "<!chanel> x", 15, "MARKUP_BRACKETS", "", "write <!channel> x"),
    (NUMBER, "@tanaka x", 15, "MARKUP_MENTION", "", "{{ 'tanaka' | mention }}"),
    (NUMBER, "{order.number}", 15, "MARKUP_BRACES", "", "write {{ order.number }}"),
    (HEADER, 'header: "*Order* {{ order.number }}"', 17, "MARKUP_PLAIN", "", 'header: "Order {{ order.number }}"'),
    (NUMBER, "注文*{{ order.number }}*を", 15, "MARKUP_BOUNDARY", "", "write 注文 *{{ order.number }}* を"),
    (NUMBER, "{{ order.total | money('YEN') }}", 15, "CURRENCY_UNKNOWN", "", "money('JPY')"),
    (
        HEADER,
        "{type: actions, elements: [{type: button, text: {type: plain_text, text: x}}]}",
        17,
        "ACTION_UNANSWERED",
        "",
        "url",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "words", ["“quoted” 「{{ id }}」", "｛{{ id }}｝", "割引率｛％｝ {{ id }}", "{{ '“=”' }}", "a = b && c ｜ d"]
)
def test_such_signs_are_fine_outside_of_expressions(compiled: Compile, words: str) -> None:
    assert compiled(GOOD.replace(NUMBER, words)).findings == ()


def test_the_good_template_has_no_findings(compiled: Compile) -> None:
    assert compiled(GOOD).findings == ()


@pytest.mark.parametrize(("good", "bad", "line", "code", "message", "fix"), MISTAKES)
def test_a_mistake_is_found_where_it_is(
    compiled: Compile, good: str, bad: str, line: int, code: str, message: str, fix: str
) -> None:
    assert good in GOOD
    findings = compiled(GOOD.replace(good, bad, 1)).findings
    found = [finding for finding in findings if finding.code == code and finding.line == line]
    assert found, [str(finding) for finding in findings]
    assert any(message in finding.message and fix in finding.fix for finding in found), found
    assert {finding.file for finding in findings} == {FILE}


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("items.length", "items | length"),
        ("items.size > 1", "(items | length) > 1"),
        ("items.count", "(items | first).count"),  # a column of each element
    ],
)
def test_a_list_is_counted_by_a_filter(compiled: Compile, written: str, right: str) -> None:
    lookup = "  items: {sql: 'SELECT sku, count FROM items WHERE order_id = :id', expect: many}\n  order:\n"
    source = GOOD.replace("  order:\n", lookup, 1).replace(
        "customer: {", "items: [{sku: A, count: 2}]\n      customer: {"
    )
    (finding,) = compiled(source.replace(NUMBER, f"{{{{ {written} }}}}")).findings
    assert finding.edit
    assert finding.edit.new == f"{{{{ {right} }}}}"
    assert compiled(source.replace(NUMBER, finding.edit.new)).findings == ()


@pytest.mark.parametrize(("right", "wrong"), [("id:", "ID:"), ("channel:", "Channel:"), ("samples:", "Sample:")])
def test_a_misspelt_key_is_not_missing_as_well(compiled: Compile, right: str, wrong: str) -> None:
    (finding,) = compiled(GOOD.replace(f"\n{right}", f"\n{wrong}") if right != "id:" else f"{wrong}{GOOD[3:]}").findings
    assert (finding.code, finding.fix) == ("KEY_UNKNOWN", f"write `{right[:-1]}`")


@pytest.mark.parametrize(("right", "wrong"), [("order", "ordr"), ("customer", "Customers")])
def test_a_misspelt_lookup_of_a_sample_is_not_missing_as_well(compiled: Compile, right: str, wrong: str) -> None:
    (finding,) = compiled(GOOD.replace(f"      {right}: {{", f"      {wrong}: {{")).findings
    assert (finding.code, finding.message) == ("SAMPLE_INVALID", f"there is no lookup `{wrong}`")


@pytest.mark.parametrize("line", EXPRESSIONS)
def test_unsafe_and_wrong_expressions_are_refused(compiled: Compile, line: str) -> None:
    code, text = line[:19].strip(), line[19:]
    start, end = GOOD.index("text: |"), GOOD.index("blocks:")
    findings = compiled(GOOD[:start] + f"text: |\n  {text}\n" + GOOD[end:]).findings
    assert code in {finding.code for finding in findings}


@pytest.mark.parametrize("samples", ["{}", "\n  {}"])
def test_one_sample_is_needed(compiled: Compile, samples: str) -> None:
    findings = compiled(GOOD[: GOOD.index("samples:")] + f"samples: {samples}\n").findings
    assert [finding.code for finding in findings] == ["SAMPLE_INVALID"]


def test_a_template_with_an_error_is_not_in_the_catalog(compiled: Compile) -> None:
    assert [one["name"] for one in compiled(GOOD).catalog["notifications"]] == ["order.created"]
    assert compiled(GOOD.replace("order.number", "order.nmber")).catalog["notifications"] == []


def test_a_template_with_a_warning_is(compiled: Compile) -> None:
    compilation = compiled(GOOD.replace(NUMBER, "{{ order.note }}"))
    assert [finding.severity for finding in compilation.findings] == ["warning"]
    assert compilation.errors == 0
    assert len(compilation.catalog["notifications"]) == 1


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("5 minutes", "5m"), ("90 sec", "90s"), ("1h30m", "90m"), ("1.5h", "90m"), ("2 hours", "2h"), ("1d", "2h"),
        ("3h", "2h"), ("999999s", "2h"), ("0", "1s"), ("0s", "1s"), ("500ms", "1s"), ("-5", "5s"), ("１０秒", "10s"),
        ("2時間", "2h"), ("soon", "5m"), ("9" * 5000, "2h"), ("1:30", "31s"),
    ],
)  # fmt: skip
def test_a_time_in_another_form_is_corrected(compiled: Compile, written: str, right: str) -> None:
    (finding,) = compiled(GOOD.replace("id = :id", f"id = :id\n    wait: {written}")).findings
    assert (finding.line, finding.code, finding.fix) == (9, "VALUE_INVALID", f"write wait: {right}")
    assert finding.message == "`lookups.order.wait` takes a time from 1s to 2h, such as 30s, 5m or 2h"


@pytest.mark.parametrize(
    ("stage", "codes"),
    [
        ("channels: {orders: orders-webhook}\nfallback: C0FALLBACK\n", ["THREAD_WEBHOOK"]),
        ("channels: {orders: orders-webhook}\nfallback: C0FALLBACK\nthreads: ignore\n", []),
        ("channels: {orders: orders-webhook}\nfallback: C0FALLBACK\nredirect: C0REDIRECT\n", []),
        ("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nredirect: try-webhook\n", ["THREAD_WEBHOOK"]),
        ("channels: {orders: C0ORDERS01}\nfallback: fallback-webhook\n", []),
        ("channels: {payments: C0PAYMENTS}\nfallback: a-webhook\n", ["CHANNEL_UNKNOWN", "THREAD_WEBHOOK"]),
    ],
)
def test_a_thread_needs_a_channel_where_the_stage_posts(compiled: Compile, stage: str, codes: list[str]) -> None:
    text = GOOD.replace("id: integer", "id: integer\nthread: order-{{ id }}")
    findings = compiled(text, {"_stages/other.yaml": stage}).findings
    assert sorted(finding.code for finding in findings) == codes
    assert all("stage other" in finding.message for finding in findings)


def test_several_mistakes_are_found_at_once(compiled: Compile) -> None:
    bad = GOOD.replace("id: integer", "id: int").replace("FROM orders", "FROM x.orders").replace(HEADER, "headr: x")
    codes = [finding.code for finding in compiled(bad).findings]
    assert codes == ["VALUE_INVALID", "QUERY_FORBIDDEN", "KEY_UNKNOWN"]
    bad = GOOD.replace(NUMBER, "{{ order.a }}").replace(HEADER, "header: '{{ order.b }}'").replace("total }}", "c }}")
    assert [finding.line for finding in compiled(bad).findings] == [15, 17, 19]


@given(
    start=st.integers(0, len(GOOD)),
    cut=st.integers(0, 12),
    put=st.sampled_from(
        [
            *("", "{{", "}}", "{%", " | x", "null", "[]", "{}", ": ", "- ", "'", '"', "#", "\t", "\n", "~", "5"),
            *("｛｛", "｝｝", "“", "’", " = ", " && ", "｜", " | money", " | mask(x)"),
        ]
    ),
)
def test_whatever_is_edited_becomes_a_template_or_a_finding(start: int, cut: int, put: str) -> None:
    report = Report()
    node = read_yaml(FILE, GOOD[:start] + put + GOOD[start + cut :], report)
    one = template.read("order.created", node, Templates(), report) if node else None
    if one is None:
        assert report.findings()
    else:
        rehearse(one, (), report)


def test_no_finding_shows_a_value_of_a_sample(compiled: Compile) -> None:
    for bad in ("{{ order.x }}", "{{ order.number + 1 }}", "{{ order.number.y }}", "{{ order }}"):
        findings = compiled(GOOD.replace("A-1", "canary").replace(NUMBER, bad)).findings
        assert findings
        assert "canary" not in str(findings)
