"""Each limit of Slack: taken at its edge, refused one past it, with the word and the place that Slack gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from lab.slack import Control

Blocks = list[dict[str, Any]]


@pytest.fixture
def slack(url: str) -> WebClient:
    return WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[])


def mrkdwn(length: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "é" * length}


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "😀" * length}


def section(**keys: Any) -> Blocks:
    return [{"type": "section", **({} if "text" in keys or "fields" in keys else {"text": mrkdwn(1)}), **keys}]


def button(**keys: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(1), **keys}


def actions(*elements: dict[str, Any]) -> Blocks:
    return [{"type": "actions", "elements": list(elements)}]


def image(**keys: Any) -> Blocks:
    return [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **keys}]


def select(count: int) -> dict[str, Any]:
    return {"type": "static_select", "options": [option() for _ in range(count)]}


def option(**keys: Any) -> dict[str, Any]:
    return {"text": plain(1), "value": "v", **keys}


def table(rows: int, cells: int, **keys: Any) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows, **keys}


def address(length: int) -> str:
    return "https://example.com/".ljust(length, "x")


def confirm(**keys: Any) -> dict[str, Any]:
    parts = {"title": plain(1), "text": mrkdwn(1), "confirm": plain(1), "deny": plain(1)}
    return {"confirm": {**parts, **keys}}


ELEMENT = "/blocks/0/elements/0"
# what it is, the number, blocks of that size, and the place that Slack names one past it
BLOCK_LIMITS: list[tuple[str, int, Callable[[int], Blocks], str]] = [
    ("blocks in a message", 50, lambda n: [{"type": "divider"}] * n, "/blocks"),
    ("section text", 3000, lambda n: section(text=mrkdwn(n)), "/blocks/0/text/text"),
    ("section plain text", 3000, lambda n: section(text=plain(n)), "/blocks/0/text/text"),
    ("fields", 10, lambda n: section(fields=[mrkdwn(1)] * n), "/blocks/0/fields"),
    ("field text", 2000, lambda n: section(fields=[mrkdwn(1), mrkdwn(n)]), "/blocks/0/fields/1/text"),
    ("header", 150, lambda n: [{"type": "header", "text": plain(n)}], "/blocks/0/text/text"),
    ("context elements", 10, lambda n: [{"type": "context", "elements": [mrkdwn(1)] * n}], "/blocks/0/elements"),
    ("context text", 3000, lambda n: [{"type": "context", "elements": [mrkdwn(n)]}], f"{ELEMENT}/text"),
    ("actions", 25, lambda n: actions(*[button()] * n), "/blocks/0/elements"),
    ("button text", 75, lambda n: actions(button(text=plain(n))), f"{ELEMENT}/text/text"),
    ("button value", 2000, lambda n: actions(button(value="v" * n)), f"{ELEMENT}/value"),
    ("button url", 3000, lambda n: actions(button(url=address(n))), f"{ELEMENT}/url"),
    ("action_id", 255, lambda n: actions(button(action_id="a" * n)), f"{ELEMENT}/action_id"),
    ("confirm title", 100, lambda n: actions(button(**confirm(title=plain(n)))), f"{ELEMENT}/confirm/title/text"),
    ("confirm text", 300, lambda n: actions(button(**confirm(text=mrkdwn(n)))), f"{ELEMENT}/confirm/text/text"),
    ("select options", 100, lambda n: section(accessory=select(n)), "/blocks/0/accessory/options"),
    (
        "option text",
        75,
        lambda n: actions({"type": "checkboxes", "options": [option(text=plain(n))]}),
        f"{ELEMENT}/options/0/text/text",
    ),
    (
        "option value",
        150,
        lambda n: actions({"type": "radio_buttons", "options": [option(value="v" * n)]}),
        f"{ELEMENT}/options/0/value",
    ),
    ("overflow options", 5, lambda n: actions({"type": "overflow", "options": [option()] * n}), f"{ELEMENT}/options"),
    ("block_id", 255, lambda n: [{"type": "divider", "block_id": "b" * n}], "/blocks/0/block_id"),
    ("image url", 3000, lambda n: image(image_url=address(n)), "/blocks/0/image_url"),
    ("image alt text", 2000, lambda n: image(alt_text="a" * n), "/blocks/0/alt_text"),
    ("image title", 2000, lambda n: image(title=plain(n)), "/blocks/0/title/text"),
    ("table rows", 100, lambda n: [table(n, 1)], "/blocks/0/rows"),
    ("table cells", 20, lambda n: [table(1, n)], "/blocks/0/rows/0"),
    (
        "table columns",
        20,
        lambda n: [table(1, 1, column_settings=[{"align": "right"}] * n)],
        "/blocks/0/column_settings",
    ),
    ("markdown", 12_000, lambda n: [{"type": "markdown", "text": "m" * n}], "/blocks/0/text"),
    (
        "markdown together",
        12_000,
        lambda n: [{"type": "markdown", "text": "m"}, {"type": "markdown", "text": "m" * (n - 1)}],
        "/blocks",
    ),
    (
        "container children",
        10,
        lambda n: [{"type": "container", "title": plain(1), "child_blocks": [{"type": "divider"}] * n}],
        "/blocks/0/child_blocks",
    ),
]


@pytest.mark.parametrize(("limit", "blocks", "place"), [pytest.param(*row[1:], id=row[0]) for row in BLOCK_LIMITS])
def test_a_limit_of_blocks(
    slack: WebClient, control: Control, limit: int, blocks: Callable[[int], Blocks], place: str
) -> None:
    slack.chat_postMessage(channel="orders", text="x", blocks=blocks(limit))
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel="orders", text="x", blocks=blocks(limit + 1))
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {message}" for message in answer["errors"]]
    assert answer["errors"][-1].endswith(f"[json-pointer:{place}]")
    assert [message["blocks"] for message in control.messages()] == [blocks(limit)]


# what it is, the number, arguments of that size, and the word one past it
MESSAGE_LIMITS: list[tuple[str, int, Callable[[int], dict[str, Any]], str]] = [
    ("text", 40_000, lambda n: {"text": "é" * n}, "msg_too_long"),
    ("markdown_text", 12_000, lambda n: {"markdown_text": "m" * n}, "msg_too_long"),
    ("attachments", 100, lambda n: {"text": "x", "attachments": [{"text": "a"}] * n}, "too_many_attachments"),
    (
        "characters of all blocks",
        13_200,
        lambda n: {"text": "x", "blocks": section(text=mrkdwn(3000)) * 4 + section(text=mrkdwn(n - 12_000))},
        "msg_blocks_too_long",
    ),
    (
        "metadata",
        8000,
        lambda n: {"text": "x", "metadata": {"event_type": "e", "event_payload": {"k": "v" * (n - 47)}}},
        "metadata_too_large",
    ),
    ("tables", 1, lambda n: {"text": "x", "blocks": [table(1, 1)] * n}, "invalid_attachments"),
    (
        "tables in containers",
        1,
        lambda n: {
            "text": "x",
            "blocks": [{"type": "container", "title": plain(1), "child_blocks": [table(1, 1)] * n}],
        },
        "invalid_attachments",
    ),
    (
        "blocks of an attachment",
        50,
        lambda n: {"text": "x", "attachments": [{"blocks": [{"type": "divider"}] * n}]},
        "invalid_attachments",
    ),
]


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")  # markdown_text stands in its place
@pytest.mark.parametrize(("limit", "arguments", "word"), [pytest.param(*row[1:], id=row[0]) for row in MESSAGE_LIMITS])
def test_a_limit_of_messages(
    slack: WebClient, control: Control, limit: int, arguments: Callable[[int], dict[str, Any]], word: str
) -> None:
    slack.chat_postMessage(channel="orders", **arguments(limit))
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel="orders", **arguments(limit + 1))
    assert refused.value.response["error"] == word
    assert len(control.messages()) == 1


def test_an_edit_takes_less_text_than_a_post(slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C0LABORDERS", text="x" * 4_001)["ts"]
    slack.chat_update(channel="C0LABORDERS", ts=ts, text="x" * 4_000)
    with pytest.raises(SlackApiError) as refused:
        slack.chat_update(channel="C0LABORDERS", ts=ts, text="x" * 4_001)
    assert refused.value.response["error"] == "msg_too_long"
