"""What only shows when a sample is rendered."""

from __future__ import annotations

import pytest

from .conftest import Compile

TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT number, customer_id FROM orders WHERE id = :id", expect: {expect}}}
  tags: {{sql: "SELECT name FROM tags WHERE order_id = :id", expect: many}}
  customer: {{get: "/customers/{{{{ {path} }}}}", expect: optional, on_failure: {on_failure}}}
text: {text}
samples:
  there: {{id: 1, lookups: {{order: {{number: A, customer_id: 7}}, tags: [{{name: new}}], customer: {{name: Zoë}}}}}}
"""
GUARDED = "Order {{ order.number if order else '-' }} {{ customer.name if customer else '-' }}"


def codes(compiled: Compile, text: str = GUARDED, **changes: str) -> list[tuple[int, str]]:
    parts = {"expect": "one", "path": "order.customer_id", "on_failure": "retry", "text": f'"{text}"'}
    return [(finding.line, finding.code) for finding in compiled(TEMPLATE.format(**{**parts, **changes})).findings]


def test_guarded_uses_are_fine(compiled: Compile) -> None:
    assert codes(compiled) == []
    assert codes(compiled, on_failure="without") == []


@pytest.mark.parametrize("on_failure", ["retry", "without"])
def test_a_lookup_that_may_be_missing_has_to_be_guarded(compiled: Compile, on_failure: str) -> None:
    assert codes(compiled, "{{ order.number }} {{ customer.name }}", on_failure=on_failure) == [(7, "LOOKUP_UNGUARDED")]


def test_a_path_that_uses_a_missing_row_is_unguarded(compiled: Compile) -> None:
    assert codes(compiled, expect="optional") == [(6, "LOOKUP_UNGUARDED")]
    assert codes(compiled, expect="optional", path="order.customer_id if order else id") == []


def test_a_missing_lookup_that_is_shown_as_nothing_is_a_warning(compiled: Compile) -> None:
    assert codes(compiled, "Order {{ id }} {{ customer.name if customer }}") == [(7, "VALUE_EMPTY")]


def test_an_empty_list_is_no_missing_lookup(compiled: Compile) -> None:
    assert codes(compiled, "Order {{ id }}{% for tag in tags %} {{ tag.name }}{% endfor %}") == []


def test_a_path_that_comes_out_empty_is_found(compiled: Compile) -> None:
    assert codes(compiled, path="order.number[1:]") == [(6, "TEMPLATE_URL")]


def test_only_the_sample_that_fails_is_needed_to_find_a_mistake(compiled: Compile) -> None:
    text = TEMPLATE.format(
        expect="one", path="order.customer_id", on_failure="retry", text='"{{ tags[0].name }} {{ order.number }}"'
    )
    second = "  bare: {id: 2, lookups: {order: {number: B, customer_id: 7}, tags: [], customer: null}}\n"
    assert compiled(text).findings == ()
    findings = compiled(text + second).findings
    assert [finding.code for finding in findings] == ["TEMPLATE_UNDEFINED"]


def test_a_message_may_not_be_empty_in_any_sample(compiled: Compile) -> None:
    assert codes(compiled, "{{ customer.name if customer else '' }}") == [(7, "LOOKUP_UNGUARDED")]


def test_all_blocks_together_are_held_to_slacks_limit(compiled: Compile) -> None:
    parts = {"expect": "one", "path": "id", "on_failure": "retry", "text": "Hi"}
    blocks = "blocks:\n" + f"  - section: {'x' * 2_900}\n" * 5
    findings = compiled(TEMPLATE.format(**parts).replace("samples:", blocks + "samples:")).findings
    assert [finding.code for finding in findings] == ["BLOCK_LIMIT"]
    assert "characters in all" in findings[0].message


def test_a_limit_names_the_block_in_the_file(compiled: Compile) -> None:
    parts = {"expect": "one", "path": "id", "on_failure": "retry", "text": "Hi"}
    blocks = f"blocks:\n  - divider\n  - section: Hi\n  - header: {'x' * 151}\n"
    findings = compiled(TEMPLATE.format(**parts).replace("samples:", blocks + "samples:")).findings
    assert [(finding.code, finding.line) for finding in findings] == [("BLOCK_LIMIT", 11)]
    assert findings[0].message == "blocks[2].text.text has 151 of at most 150 characters"


LATE = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, customer_id FROM orders WHERE id = :id", missing: %s}
  customer: {sql: "SELECT name FROM customers WHERE id = :c", bind: {c: order.customer_id}}
thread: order-{{ id }}
version: order.number
text: "%s"
samples:
  one: {id: 1, lookups: {order: {number: 5, customer_id: 7}, customer: {name: Zoë}}}
"""


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("5", True),
        ("5.25", True),
        ("'5'", True),
        ("2026-01-05", True),
        ("2026-01-05T10:00:00Z", True),
        ("'Mon, 05 Jan 2026 10:00:00 GMT'", True),
        ("0001-01-01T00:00:00Z", True),
        ("'0001-01-01T00:00:00+09:00'", True),
        ("null", True),
        ("true", False),
        ("soon", False),
        ("09:30:00", False),
        ("[5]", False),
    ],
)
def test_a_version_is_what_the_function_can_compare(compiled: Compile, version: str, fits: bool) -> None:
    text = LATE % ("park", "Order of {{ customer.name }}")
    findings = compiled(text.replace("number: 5", f"number: {version}")).findings
    assert [(finding.code, finding.line) for finding in findings] == ([] if fits else [("VALUE_INVALID", 7)])


GUARDED_NUMBER = "Order {{ order.number if order else id }}"


@pytest.mark.parametrize(
    ("missing", "text", "fixes"),
    [
        ("park", "Order {{ order.number }} of {{ customer.name }}", []),
        ("skip", "Order {{ order.number }} of {{ customer.name }}", []),
        ("render", "Order {{ order.number }}", ["write {{ order.number if order else '-' }}"]),
        ("render", GUARDED_NUMBER, []),
        # What needs a row that has not come is missing with it.
        (
            "render",
            f"{GUARDED_NUMBER} of {{{{ customer.name }}}}",
            ["write {{ customer.name if customer else '-' }}"],
        ),
        ("render", f"{GUARDED_NUMBER} of {{{{ customer.name if customer else 'somebody' }}}}", []),
    ],
)
def test_a_message_that_is_posted_without_its_row_has_to_be_guarded(
    compiled: Compile, missing: str, text: str, fixes: list[str]
) -> None:
    findings = compiled(LATE % (missing, text)).findings
    assert [finding.fix for finding in findings] == fixes
    assert {finding.code for finding in findings} <= {"LOOKUP_UNGUARDED"}
    assert all("`order` may be missing" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("text", "codes"), [("{{ customer.name }}", ["LOOKUP_UNGUARDED"]), ("{{ customer.name if customer else '-' }}", [])]
)
def test_an_api_that_has_nothing_yet_is_left_out_too(compiled: Compile, text: str, codes: list[str]) -> None:
    whole = TEMPLATE.format(expect="one", path="order.customer_id", on_failure="retry", text=f'"{text}"')
    findings = compiled(whole.replace("expect: optional", "missing: render")).findings
    assert [finding.code for finding in findings] == codes


SILENT = """
id: integer
channel: orders
lookups:
  card: {sql: "SELECT number FROM cards WHERE id = :id", expect: optional}
when: %s
text: "{{ card.number }}"
samples:
  one:
    id: 1
    lookups:
      card: {number: A-17}
"""


@pytest.mark.parametrize("when", ["card", "card is not none", "card and card.number == 'A-17'"])
def test_a_message_that_is_not_posted_needs_no_guard(compiled: Compile, when: str) -> None:
    assert not compiled(SILENT % when).findings


def test_a_message_that_is_posted_does(compiled: Compile) -> None:
    assert {finding.code for finding in compiled(SILENT % "id > 0").findings} == {"LOOKUP_UNGUARDED"}
