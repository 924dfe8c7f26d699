"""Findings that write a whole expression or a whole sample for one, out of what the template itself names."""

from __future__ import annotations

import pytest

from cli.compiler import name_usage

from .conftest import Compile

TEMPLATE = """\
id: {id}
channel: orders
lookups:
  order: {{sql: "SELECT number, total FROM orders WHERE id = :id"}}
  items: {{sql: "SELECT sku, quantity FROM items WHERE order_id = :id", expect: many}}
  customer: {{get: "/customers/{{{{ order.number }}}}", on_failure: without}}
text: {text}
{more}"""
SAMPLES = """\
samples:
  one:
    id: 1
    lookups:
      order: {number: 5, total: 7}
      items: [{sku: a, quantity: 1}]
      customer: {name: Zoë, mail: z@example.com}
"""


def template(text: str, more: str = SAMPLES, kind: str = "integer") -> str:
    return TEMPLATE.format(id=kind, text=text, more=more)


@pytest.mark.parametrize(
    ("text", "more", "fix"),
    [
        (
            "'{{ items.sku }}'",
            "",
            ("write {{ (items | first).sku }}", "write {{ item.sku }} within {% for item in items %}"),
        ),
        ("x", "blocks: [{section: '{{ items.sku }}'}]\n", ("{{ item.sku }} within", "or `for: item in items`")),
        (
            "x",
            "blocks: [{section: '{{ items.sku | upper }}'}]\n",
            ("{{ (items | first).sku | upper }}", "{{ item.sku }} within"),
        ),
        ("x", "when: items.sku == 'a'\n", ("write (items | first).sku",)),
        ("x", "blocks: [{for: 'order in items', section: '{{ items.sku }}'}]\n", ()),
    ],
)
def test_a_column_of_a_list_is_that_of_an_element(
    compiled: Compile, text: str, more: str, fix: tuple[str, ...]
) -> None:
    found = compiled(template(text, more + SAMPLES)).findings
    assert any(all(words in one.fix for words in fix) for one in found), found


@pytest.mark.parametrize(
    ("name", "taken", "singular"),
    [
        ("items", (), "item"),
        ("entries", (), "entry"),
        ("a.rows", (), "row"),
        ("stock", (), "one"),
        ("items", ("item",), "one"),
    ],
)
def test_an_element_is_called_after_its_list(name: str, taken: tuple[str, ...], singular: str) -> None:
    assert name_usage.element(name, taken) == singular


@pytest.mark.parametrize(
    ("kind", "identity"), [("integer", "1"), ("uuid", "00000000-0000-0000-0000-000000000000"), ("{pattern: 'A'}", "…")]
)
def test_a_template_without_samples_is_given_one_to_fill_in(compiled: Compile, kind: str, identity: str) -> None:
    text = template("'{{ customer.name if customer else 1 }}{{ customer.mail if customer else 2 }}'", "", kind)
    (finding,) = compiled(text).findings
    assert (finding.code, finding.line) == ("KEY_MISSING", 1)
    first, *lines = finding.fix.splitlines()
    assert first.startswith("let `notifier sample` take one")
    assert lines == [
        "samples:",
        "  an example:",
        f"    id: {identity}",
        "    lookups:",
        "      order: {number: …, total: …}",
        "      items: [{sku: …, quantity: …}]",
        "      customer: {name: …, mail: …}",
    ]
    if kind == "integer":  # it needs no more than its values
        assert compiled(text + "\n".join(lines)).findings == ()


def test_a_sample_without_a_lookup_is_told_what_that_finds(compiled: Compile) -> None:
    (finding,) = compiled(template("x", SAMPLES.replace("      items: [{sku: a, quantity: 1}]\n", ""))).findings
    assert finding.fix == "add `items:` with what it finds: [{sku: …, quantity: …}]"
