"""`for`, `if` and `do` inside blocks in Slack's own form, and what becomes of values that are long, many or empty."""

from __future__ import annotations

from typing import Any

import pytest

from cli.slack_rules import block_problems
from handler.block_kit.limits import check
from handler.errors import TemplateError
from tests.unit.compiler.conftest import Compile
from tests.unit.compiler.test_forms import BASE, blocks

LINES = [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 2}]


def made(compiled: Compile, yaml: str, items: list[dict[str, Any]] | None = None, **order: Any) -> list[dict[str, Any]]:
    """What the function makes of blocks, for such rows of `items` and such columns of `order`."""
    rows = LINES if items is None else items
    row = {"number": "A-17", "total": 5, "note": "soon", **order}
    text = (
        BASE.partition("samples:")[0] + f"samples: {{one: {{id: 1, lookups: {{order: {row!r}, items: {rows!r}}}}}}}\n"
    )
    return blocks(compiled(text + f"blocks:\n{yaml}"))


CONTAINER = """\
  - type: container
    title: {type: plain_text, text: "{{ order.number }}"}
    child_blocks:
      - {for: item in items, type: section, text: {type: mrkdwn, text: "{{ item.sku }}"}}
      - {if: order.total > 9, type: divider}
      - for: item in items
        if: item.quantity > 1
        do:
          - {type: header, text: {type: plain_text, text: "{{ item.sku }}!"}}
          - {type: divider}
"""


def test_the_children_of_a_container_are_repeated(compiled: Compile) -> None:
    (container,) = made(compiled, CONTAINER)
    assert container["title"]["text"] == "A-17"
    kinds = [child["type"] for child in container["child_blocks"]]
    assert kinds == ["section", "section", "header", "divider"]
    assert [child["text"]["text"] for child in container["child_blocks"][:3]] == ["a", "b", "b!"]


def test_a_container_without_children_is_left_out(compiled: Compile) -> None:
    assert made(compiled, CONTAINER, items=[]) == []


def test_a_title_that_is_empty_is_a_dash(compiled: Compile) -> None:
    (container,) = made(compiled, CONTAINER, number="")
    assert container["title"] == {"type": "plain_text", "text": "–"}


CAROUSEL = """\
  - type: carousel
    elements:
      - for: item in items
        type: card
        title: {type: mrkdwn, text: "{{ item.sku }}"}
        subtitle: {type: plain_text, text: "{{ order.note }}"}
        actions: [{if: item.quantity > 1, type: button, text: {type: plain_text, text: Go}}]
"""


def test_the_cards_of_a_carousel_are_repeated(compiled: Compile) -> None:
    (carousel,) = made(compiled, CAROUSEL)
    assert [card["title"]["text"] for card in carousel["elements"]] == ["a", "b"]
    assert ["actions" in card for card in carousel["elements"]] == [False, True]


def test_a_text_that_a_card_can_lack_is_left_out(compiled: Compile) -> None:
    (carousel,) = made(compiled, CAROUSEL, note="")
    assert all("subtitle" not in card for card in carousel["elements"])


def test_a_long_text_of_a_card_is_cut_to_the_cards_limit(compiled: Compile) -> None:
    (carousel,) = made(compiled, CAROUSEL, note="x" * 500)
    assert {len(card["subtitle"]["text"]) for card in carousel["elements"]} == {150}


def test_an_image_stays_without_its_title(compiled: Compile) -> None:
    yaml = """\
  - type: image
    image_url: https://example.org/a.png
    alt_text: a lamp
    title: {type: plain_text, text: "{{ order.note }}"}
"""
    assert made(compiled, yaml, note="") == [
        {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a lamp"}
    ]


CHART = """\
  - type: data_visualization
    title: "Pieces of {{ order.number }}"
    chart:
      type: bar
      series:
        - name: "{{ order.note }}"
          data: [{for: item in items, label: "{{ item.sku }}", value: "{{ item.quantity }}"}]
      axis_config:
        categories: [{for: item in items, do: ["{{ item.sku }}"]}]
        x_label: "{{ order.note }}"
"""


def test_the_points_of_a_chart_are_repeated(compiled: Compile) -> None:
    (chart,) = made(compiled, CHART)
    assert chart["title"] == "Pieces of A-17"
    assert chart["chart"]["axis_config"] == {"categories": ["a", "b"], "x_label": "soon"}
    assert chart["chart"]["series"] == [
        {"name": "soon", "data": [{"label": "a", "value": 1}, {"label": "b", "value": 2}]}
    ]


def test_long_and_empty_texts_of_a_chart(compiled: Compile) -> None:
    (chart,) = made(compiled, CHART, items=[{"sku": "x" * 30, "quantity": 1}, {"sku": "", "quantity": 1}], note="")
    assert [len(label) for label in chart["chart"]["axis_config"]["categories"]] == [20, 1]
    assert chart["chart"]["series"][0]["name"] == "–"
    assert "x_label" not in chart["chart"]["axis_config"]


def test_a_chart_of_nothing_is_left_out(compiled: Compile) -> None:
    assert made(compiled, CHART, items=[]) == []


DATA_TABLE = """\
  - type: data_table
    caption: "Items of {{ order.number }}"
    rows:
      - [{type: raw_text, text: SKU}, {type: raw_text, text: Pieces}]
      - for: item in items
        do:
          - [{type: raw_text, text: "{{ item.sku }}"}, {type: raw_number, value: 1, text: "{{ item.quantity }}"}]
"""


def test_the_rows_of_a_data_table_are_repeated(compiled: Compile) -> None:
    (table,) = made(compiled, DATA_TABLE)
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [["SKU", "Pieces"], ["a", "1"], ["b", "2"]]


def test_a_data_table_of_a_head_alone_is_left_out(compiled: Compile) -> None:
    assert made(compiled, DATA_TABLE, items=[]) == []


def test_a_data_table_has_no_more_rows_than_slack_takes(compiled: Compile) -> None:
    twice = DATA_TABLE + DATA_TABLE[DATA_TABLE.index("      - for") :]
    (table,) = made(compiled, twice, items=[{"sku": "a", "quantity": 1}] * 110)
    assert len(table["rows"]) == 201
    assert table["rows"][-1][0]["text"] == "… and 21 more"


def test_cells_that_are_too_long_together_are_cut(compiled: Compile) -> None:
    (table,) = made(compiled, DATA_TABLE, items=[{"sku": "x" * 900, "quantity": 1}] * 60)
    assert len(table["rows"]) == 61
    assert sum(len(cell["text"]) for row in table["rows"] for cell in row) <= 20_000


WIDE = """\
  - type: table
    rows:
      - for: item in items
        do: [[{cells}]]
""".replace("{cells}", ", ".join(['{type: raw_text, text: "{{ item.sku }}"}'] * 10))


def test_rows_are_removed_where_cells_cannot_be_cut_further(compiled: Compile) -> None:
    (table,) = made(compiled, WIDE, items=[{"sku": "x" * 40, "quantity": 1}] * 99)
    texts = [cell["text"] for row in table["rows"] for cell in row]
    assert sum(map(len, texts)) <= 10_000
    assert len(table["rows"]) > 30
    assert table["rows"][-1][0]["text"] == f"… and {100 - len(table['rows'])} more"
    assert block_problems([table]) == []


def test_options_and_elements_are_repeated(compiled: Compile) -> None:
    yaml = """\
  - type: actions
    elements:
      - for: item in items
        type: button
        text: {type: plain_text, text: "{{ item.sku }}"}
      - type: static_select
        placeholder: {type: plain_text, text: "{{ order.note }}"}
        options: [{for: 'n in [1, 2]', text: {type: plain_text, text: "{{ n }}"}, value: x}]
"""
    (actions,) = made(compiled, yaml, note="")
    assert [element["type"] for element in actions["elements"]] == ["button", "button", "static_select"]
    assert [option["text"]["text"] for option in actions["elements"][2]["options"]] == ["1", "2"]
    assert "placeholder" not in actions["elements"][2]


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("{type: carousel, elements: [{do: [{type: card}]}]}", "`do` stands under `for` or `if`"),
        (
            "{type: carousel, elements: [{for: x in items, type: card, do: [{type: card}]}]}",
            "`do` holds what is repeated, so `type` goes into it",
        ),
        ("{type: carousel, elements: [{for: items, type: card}]}", "`for` takes a name, `in`, and a list"),
        (
            "{type: actions, elements: [{type: overflow, options: [{value: '{{ order.total }}'}]}]}",
            "TEMPLATE_FORBIDDEN",
        ),
        ("{type: alert, text: {type: mrkdwn, text: x}}", "Slack shows a block of type `alert` in modals only"),
    ],
)
def test_a_slip_inside_a_block_is_named(compiled: Compile, yaml: str, message: str) -> None:
    findings = compiled(f"{BASE}blocks:\n  - {yaml}\n").findings
    assert any(message in str(finding) for finding in findings), findings


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        (
            "{type: input, label: {type: plain_text, text: a}, element: {type: number_input}}",
            "`element.type`: unsupported type: number_input, which modals can hold and messages cannot",
        ),
        (
            "{type: carousel, elements: [{for: x in items, type: card, subtitle: {type: plain_text, text: a}}]}",
            "Slack would refuse `elements[]`: must define either `hero_image` or `title`",
        ),
    ],
)
def test_what_slack_refuses_inside_a_block_is_named(compiled: Compile, yaml: str, message: str) -> None:
    findings = compiled(f"{BASE}blocks:\n  - {yaml}\n").findings
    assert [message in str(finding) for finding in findings] == [True], findings


def test_two_tables_are_too_many_inside_a_container_too() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    with pytest.raises(TemplateError, match="blocks has 2 of at most 1 tables"):
        check("text", [table, {"type": "container", "child_blocks": [table]}])
