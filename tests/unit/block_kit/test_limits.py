"""Each limit of Slack's is accepted at its edge and refused one past it, by name."""

from __future__ import annotations

from typing import Any

import pytest

from handler.block_kit.limits import check
from handler.errors import TemplateError


def text(size: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * size}


def section(**parts: Any) -> dict[str, Any]:
    return {"type": "section", **parts}


def button(label: int = 1, url: int = 1, value: int = 1) -> dict[str, Any]:
    return {"type": "button", "text": text(label), "url": "x" * url, "value": "x" * value}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


EDGES = [
    ("blocks[0].text.text", 3000, lambda n: [section(text=text(n))]),
    ("blocks[0].fields", 10, lambda n: [section(fields=[text(1)] * n)]),
    ("blocks[0].fields[1].text", 2000, lambda n: [section(fields=[text(1), text(n)])]),
    ("blocks[0].text.text", 150, lambda n: [{"type": "header", "text": text(n)}]),
    ("blocks[0].elements", 10, lambda n: [{"type": "context", "elements": [text(1)] * n}]),
    ("blocks[0].elements", 25, lambda n: [actions(*[button()] * n)]),
    ("blocks[0].elements[0].text.text", 75, lambda n: [actions(button(label=n))]),
    ("blocks[0].elements[0].url", 3000, lambda n: [actions(button(url=n))]),
    ("blocks[0].elements[0].value", 2000, lambda n: [actions(button(value=n))]),
    ("blocks[0].image_url", 3000, lambda n: [{"type": "image", "image_url": "x" * n, "alt_text": "x"}]),
    ("blocks[0].alt_text", 2000, lambda n: [{"type": "image", "image_url": "x", "alt_text": "x" * n}]),
    ("blocks[0].block_id", 255, lambda n: [section(text=text(1), block_id="x" * n)]),
    ("blocks[0].rows", 100, lambda n: [{"type": "table", "rows": [[]] * n}]),
    ("blocks[0].rows[1]", 20, lambda n: [{"type": "table", "rows": [[], [text(1)] * n]}]),
    ("blocks", 50, lambda n: [{"type": "divider"}] * n),
    ("blocks", 12_000, lambda n: [section(text=text(2000))] * 5 + [section(text=text(n - 10_000))]),
]


@pytest.mark.parametrize(("place", "limit", "blocks"), EDGES)
def test_a_limit_is_taken_and_one_more_is_named(place: str, limit: int, blocks: Any) -> None:
    check("text", blocks(limit))
    with pytest.raises(TemplateError) as caught:
        check("text", blocks(limit + 1))
    assert caught.value.code == "BLOCK_LIMIT"
    assert caught.value.detail.startswith(f"{place} has {limit + 1} of at most {limit} ")


def test_the_text_has_a_limit_too() -> None:
    check("x" * 40_000, [])
    with pytest.raises(TemplateError, match="text has 40001 of at most 40000 characters"):
        check("x" * 40_001, [])


def test_an_empty_text_is_named() -> None:
    with pytest.raises(TemplateError, match=r"blocks\[1\].text.text is empty"):
        check("text", [{"type": "divider"}, {"type": "header", "text": text(0)}])


@pytest.mark.parametrize("odd", [None, 7, "x", {}])
def test_a_list_that_is_none_is_left_to_slack(odd: object) -> None:
    check("text", [{"type": "context", "elements": odd}, {"type": "section", "fields": odd, "text": odd}])


def test_blocks_that_are_not_known_are_left_to_slack() -> None:
    check("text", [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}])
