"""Groups are expanded, values that are too long are cut, and loops that are too long say how much is missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.block_kit import fit, limits
from handler.errors import TemplateError
from handler.model import Group, Leaf, Locale, Tree
from handler.templating import Templates
from tests.kit import expression, mrkdwn


def section(source: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn(source), "verbatim": True}}


def header(source: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": Leaf("plain", source, "f.yaml:3 blocks[0]")}}


def made(*trees: Tree, room: int = 50, language: str = "en", **context: Any) -> list[dict[str, Any]]:
    return fit.blocks(trees, context, Templates(locale=Locale(language=language)), room, language)


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    return [(block.get("text") or block["elements"][0])["text"] for block in blocks]


ITEMS = [{"sku": "A", "n": 1}, {"sku": "B", "n": 0}, {"sku": "C", "n": 3}]
SKU = section("{{ loop.index }}/{{ loop.length }} {{ item.sku }}")


def test_a_loop_gives_its_blocks_for_each_element() -> None:
    group = Group([SKU, {"type": "divider"}], name="item", over=expression("items"))
    blocks = made(group, items=ITEMS)
    assert [block["type"] for block in blocks] == ["section", "divider"] * 3
    assert texts(blocks[::2]) == ["1/3 A", "2/3 B", "3/3 C"]


def test_if_stands_for_all_blocks_or_for_each_element() -> None:
    assert made(Group([section("x")], when=expression("x > 1")), x=1) == []
    assert len(made(Group([section("x")] * 2, when=expression("x > 1")), x=2)) == 2
    per_element = Group([SKU], when=expression("item.n"), name="item", over=expression("items"))
    assert texts(made(per_element, items=ITEMS)) == ["1/3 A", "3/3 C"]


def test_groups_stand_in_groups() -> None:
    inner = Group([section("{{ order.id }}{{ item }}")], name="item", over=expression("order.items"))
    outer = Group([inner], name="order", over=expression("orders"))
    orders = [{"id": 1, "items": ["a", "b"]}, {"id": 2, "items": ["c"]}]
    assert texts(made(outer, orders=orders)) == ["1a", "1b", "2c"]


@pytest.mark.parametrize(("language", "says"), [("en", "… and 53 more"), ("ja", "… ほか 53 件")])
def test_the_longest_loop_is_cut_and_says_how_much_is_missing(language: str, says: str) -> None:
    long = Group([section("{{ n }}")], name="n", over=expression("many"))
    short = Group([section("{{ n }}")], name="n", over=expression("few"))
    blocks = made(header("top"), short, long, section("end"), language=language, many=list(range(98)), few=[1, 2])
    assert len(blocks) == 50
    assert texts(blocks)[:4] == ["top", "1", "2", "0"]
    assert texts(blocks)[-2:] == [says, "end"]


def test_a_loop_of_much_text_is_cut_to_the_total() -> None:
    group = Group([section("{{ n }}")], name="n", over=expression("many"))
    blocks = made(group, many=["x" * 2900] * 10)
    assert sum(map(limits.characters, blocks)) <= limits.MAX_TOTAL
    assert texts(blocks)[-1] == "… and 6 more"


def test_a_value_is_cut_where_its_text_would_be_too_long_and_the_template_is_not() -> None:
    (block,) = made(section("*{{ a }}* and *{{ b }}*"), a="x" * 5000, b="short")
    text = block["text"]["text"]
    assert len(text) <= 3000
    assert text.startswith("*xxx")
    assert text.endswith("…* and *short*")


def test_escapes_are_never_cut_in_two() -> None:
    (block,) = made(section("{{ a }}"), a="&" * 5000)
    text = block["text"]["text"]
    assert text.replace("&amp;", "").strip("…") == ""
    assert len(text) <= 3000


def table(*rows: Any) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "SKU"}, {"type": "raw_text", "text": "n"}], *rows]}


def test_a_table_has_a_row_for_each_element_and_says_what_it_leaves_out() -> None:
    row = [{"type": "raw_text", "text": Leaf("plain", "{{ item }}", "f")}, {"type": "raw_text", "text": "1"}]
    (block,) = made(table(Group([row], name="item", over=expression("items"))), items=[f"S{n}" for n in range(120)])
    texts = [[cell["text"] for cell in cells] for cells in block["rows"]]
    assert len(texts) == 100
    assert texts[1] == ["S0", "1"]
    assert texts[-1] == ["… and 22 more", "–"]
    limits.check("text", [block])


def test_an_empty_cell_keeps_its_place() -> None:
    row = [{"type": "raw_text", "text": Leaf("plain", "{{ x }}", "f")}, {"type": "raw_text", "text": "1"}]
    (block,) = made(table(row), x=None)
    assert [cell["text"] for cell in block["rows"][1]] == ["–", "1"]


def test_a_second_table_is_refused() -> None:
    with pytest.raises(TemplateError, match="blocks has 2 of at most 1 tables"):
        limits.check("text", [table(), table()])


def test_a_header_is_cut_to_its_own_limit() -> None:
    (block,) = made(header("Order {{ a }}"), a="山" * 400)
    assert len(block["text"]["text"]) <= 150
    assert block["text"]["text"].endswith("…")


def test_words_of_the_template_that_are_too_many_are_an_error_of_the_template() -> None:
    blocks = made(header("x" * 151 + "{{ a }}"), a="y")
    with pytest.raises(TemplateError, match="BLOCK_LIMIT"):
        limits.check("text", blocks)


HOSTILE = st.text(alphabet="<>&!@#|*_~`{}%\"'\\\n\u202e\u0000\u0301\u200da山😀👩‍", max_size=6000)


@settings(max_examples=60)
@given(HOSTILE, st.lists(HOSTILE, max_size=120))
def test_no_value_leaves_slacks_limits(value: str, many: list[str]) -> None:
    loop = Group([section("• {{ one }}")], name="one", over=expression("many"))
    blocks = made(header("H {{ x }}"), section("[{{ x }}] {{ x }}"), loop, x=value, many=many)
    limits.check("text", blocks)


@pytest.mark.parametrize("inside", [False, True])
def test_a_table_that_is_too_full_loses_its_last_rows_wherever_it_stands(inside: bool) -> None:
    """Each cell fits, and the cells of all rows together do not."""
    cell = {"type": "raw_text", "text": "x" * 1_000}
    table: dict[str, Any] = {"type": "table", "rows": [[cell]] * 11}  # below the limit of a message
    container = {"type": "container", "title": {"type": "plain_text", "text": "x"}, "child_blocks": [table]}
    [block] = made(container if inside else table)
    shown = block["child_blocks"][0] if inside else block
    assert limits.cell_characters(shown["rows"]) <= limits.MAX_CELLS["table"]
    assert shown["rows"][-1][0]["text"] == f"… and {11 - len(shown['rows']) + 1} more"
    limits.check("x", [block])
