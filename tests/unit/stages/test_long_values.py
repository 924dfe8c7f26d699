"""A value of any length is shown as far as there is room, with a mark where it is cut, wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from handler.block_kit import limits
from handler.errors import TemplateError
from handler.model import Group, Leaf, LeafContext
from handler.stages.compose import MAX_THREAD_KEY
from handler.stages.render import TEXT_CHARACTERS, Content, render
from handler.templating import FILTERS, LongAddressError, Templates
from handler.templating.graphemes import cut
from tests.kit import expression, notification

SIZES = (39_000, 45_000, 2_000_000)
ALPHABETS = {"ascii": "log&<>", "japanese": "注文ガ", "emoji": "👍🏽👨‍👩‍👧🇯🇵é"}


def value(alphabet: str, size: int) -> str:
    return (ALPHABETS[alphabet] * size)[:size]


LONG = [pytest.param(value(name, size), id=f"{name}-{size}") for name in ALPHABETS for size in SIZES]


def leaf(source: str, context: LeafContext = "mrkdwn") -> Leaf:
    return Leaf(context, source, "order.created.yaml:9 blocks[0]")


def marked(source: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": leaf(source)}


def plain(source: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": leaf(source, "plain")}


def cell(source: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": leaf(source, "plain")}


SAFE_URL = "https://shop.example.org/orders"
PLACES: Mapping[str, Any] = {
    "section": {"type": "section", "text": marked("*{{ o.log }}*")},
    "fields": {"type": "section", "fields": [marked("*Log*\n{{ o.log }}")]},
    "all fields": {"type": "section", "fields": [marked(f"*{n}*\n{{{{ o.log }}}}") for n in range(10)]},
    "header": {"type": "header", "text": plain("Log {{ o.log }}")},
    "context": {"type": "context", "elements": [marked("{{ o.log }}")]},
    "button": {"type": "actions", "elements": [{"type": "button", "text": plain("{{ o.log }}"), "url": SAFE_URL}]},
    "image": {"type": "image", "image_url": SAFE_URL, "alt_text": leaf("{{ o.log }}", "plain")},
    "image title": {"type": "image", "image_url": SAFE_URL, "alt_text": "log", "title": plain("{{ o.log }}")},
    "cell": {"type": "table", "rows": [[{"type": "raw_text", "text": "Log"}], [cell("{{ o.log }}")]]},
    "cells": {"type": "table", "rows": [[cell("{{ o.log }}") for _ in range(20)] for _ in range(10)]},
    "rich text": {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": leaf("{{ o.log }}", "plain")}]}
        ],
    },
    "loop": Group([{"type": "section", "text": marked("{{ row.log }}")}], name="row", over=expression("rows")),
    "table loop": {
        "type": "table",
        "rows": [Group([[cell("{{ row.log }}"), cell("{{ loop.index }}")]], name="row", over=expression("rows"))],
    },
}  # fmt: skip
MARKED = {"section", "fields", "all fields", "context", "loop"}


def made(block: Any, log: str, text: str = "Log") -> Content:
    context = {"o": {"log": log}, "rows": [{"log": log}] * 5}
    templates = Templates()
    with templates.budget.notification():
        return render(notification(text, blocks=[block] if block else []), context, templates)


def strings(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    inner = tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ()
    return [text for one in inner for text in strings(one)]


@pytest.mark.parametrize("log", LONG)
@pytest.mark.parametrize("place", PLACES)
def test_a_long_value_is_cut_in_every_place_of_a_message(place: str, log: str) -> None:
    content = made(PLACES[place], log)
    limits.check(content.text, content.blocks)
    texts = [text for text in strings(content.blocks) if "…" in text]
    assert texts
    assert all(re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", text) for text in texts if place in MARKED)
    assert all(not text.rstrip("…*").endswith(("\u200d", "👨")) for text in texts)


@pytest.mark.parametrize("log", LONG)
def test_a_long_value_is_cut_in_the_text_and_in_a_thread_key(log: str) -> None:
    content = made(None, log, "Log: {{ o.log }} and {{ o.log | upper }}")
    limits.check(content.text, content.blocks)
    assert content.text.count("…") == 2
    assert len(content.text) <= TEXT_CHARACTERS
    key = Templates().render(leaf("order {{ o.log }}", "plain"), {"o": {"log": log}}, MAX_THREAD_KEY)
    assert len(key) <= MAX_THREAD_KEY
    assert key.endswith("…")


# What a filter is given beside the long value, where it takes anything; and what it shows of one.
ARGUMENTS = {
    "default": "('-')", "join": "(', ')", "label": "('none')", "link": "(o.log)", "money": "('EUR')",
    "plural": "('a', 'b')", "truncate": "(1000000)", "truncate_width": "(1000000)", "trim": "('x')",
}  # fmt: skip
# These take no text of any length: dates, and numbers.
NO_TEXT = {"abs", "ago", "date", "datetime", "money", "number", "plural", "round", "time", "weekday"}
# These show something short of any text, or what is not there is an error of the template.
SHORT = {"first", "label", "last", "length", "mask", *NO_TEXT}


@pytest.mark.parametrize("log", LONG)
@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_long_value_passes_through_every_filter(name: str, log: str) -> None:
    said = f"{'[o.log, o.log]' if name == 'join' else 'o.log'} | {name}{ARGUMENTS.get(name, '')}"
    try:
        content = made({"type": "section", "text": marked(f"{{{{ {said} }}}}")}, log)
    except TemplateError as error:
        assert name in NO_TEXT | {"label"}
        assert error.code in ("TEMPLATE_FAILED", "TEMPLATE_UNDEFINED")
        return
    assert name not in NO_TEXT
    limits.check(content.text, content.blocks)
    text = content.blocks[0]["text"]["text"]
    is_right = text.endswith(("…", "`")) if name not in SHORT else len(text) <= 32
    assert is_right, f"{name} neither cuts a long value with a mark, nor is it listed in SHORT"


def test_as_much_as_possible_of_a_long_value_is_shown() -> None:
    content = made(None, "x" * 50_000, "Log: {{ o.log }}")
    assert content.text == "Log: " + "x" * (TEXT_CHARACTERS - 6) + "…"


def test_short_values_stay_whole_beside_a_long_one() -> None:
    templates = Templates()
    text = templates.render(leaf("{{ a }} {{ b }} {{ c }}"), {"a": "a" * 30, "b": "b" * 900, "c": "c" * 50_000}, 200)
    assert text == f"{'a' * 30} {'b' * 83}… {'c' * 83}…"


def button(url: str) -> dict[str, Any]:
    return {"type": "button", "text": plain("Open {{ id }}"), "url": leaf(url, "url")}


@pytest.mark.parametrize("log", LONG)
def test_an_address_that_is_too_long_is_never_cut_into_another_one(log: str) -> None:
    block = {"type": "actions", "elements": [button(f"{SAFE_URL}/{{{{ id }}}}"), button(f"{SAFE_URL}/{{{{ o.log }}}}")]}
    content = render(notification("Log", blocks=[block]), {"o": {"log": log}, "id": 7}, Templates())
    assert [one["url"] for one in content.blocks[0]["elements"]] == [f"{SAFE_URL}/7"]
    assert content.blocks[1]["elements"][0]["text"] == "Open 7: left out, as its address is too long"


def test_a_block_that_is_nothing_but_a_long_address_is_left_out() -> None:
    context = {"o": {"log": "x" * 5_000}, "id": 7}
    image = {"type": "image", "image_url": leaf(f"{SAFE_URL}/{{{{ o.log }}}}", "url"), "alt_text": "A <chart>"}
    actions = {"type": "actions", "elements": [button(f"{SAFE_URL}/{{{{ o.log }}}}")]}
    content = render(notification("Log", blocks=[image, actions]), context, Templates())
    assert [block["elements"][0]["text"] for block in content.blocks] == [
        "A &lt;chart&gt;: left out, as its address is too long",
        "Open 7: left out, as its address is too long",
    ]


def test_an_address_to_ask_that_is_too_long_is_a_final_error() -> None:
    with pytest.raises(LongAddressError) as caught:
        Templates().render(leaf("/orders/{{ x }}", "url"), {"x": "山" * 2_000_000})
    assert not caught.value.retry
    assert caught.value.detail == "order.created.yaml:9 blocks[0]: the address is longer than 40,000 characters"


def test_what_is_cut_is_the_beginning_of_the_value() -> None:
    log = value("emoji", 2_000_000)
    assert made(None, log, "{{ o.log }}").text == cut(log, TEXT_CHARACTERS)
