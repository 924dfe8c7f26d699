"""What Slack takes as a block, and what it says of something that is none."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from lab.slack import Control

MRKDWN = {"type": "mrkdwn", "text": "a"}
PLAIN = {"type": "plain_text", "text": "a"}
BUTTON = {"type": "button", "text": PLAIN}
OPTION = {"text": PLAIN, "value": "v"}
URL = "https://example.com/a.png"


@pytest.fixture
def slack(url: str) -> WebClient:
    return WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[])


def section(**keys: Any) -> dict[str, Any]:
    return {"type": "section", "text": MRKDWN, **keys}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def rich_text(*sections: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(sections)}


def inlines(kind: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "elements": list(elements)}


TEXT = {"type": "text", "text": "a", "style": {"bold": True}}
RICH_TEXT = rich_text(
    inlines("rich_text_section", TEXT, {"type": "emoji", "name": "tada"}, {"type": "user", "user_id": "U1"}),
    inlines("rich_text_quote", {"type": "link", "url": URL}),
    inlines("rich_text_preformatted", TEXT),
    {"type": "rich_text_list", "style": "ordered", "elements": [inlines("rich_text_section", TEXT)]},
)
ACCEPTED: dict[str, dict[str, Any]] = {
    "context": {"type": "context", "elements": [MRKDWN, PLAIN, {"type": "image", "image_url": URL, "alt_text": "a"}]},
    "verbatim": section(text={**MRKDWN, "verbatim": True}, expand=True),
    "emoji": {"type": "header", "text": {**PLAIN, "emoji": False}},
    "button": actions({**BUTTON, "url": URL, "style": "danger", "action_id": "a", "accessibility_label": "b"}),
    "users select": actions({"type": "users_select", "placeholder": PLAIN}),
    "option groups": section(
        accessory={"type": "static_select", "option_groups": [{"label": PLAIN, "options": [OPTION]}]}
    ),
    "rich text": RICH_TEXT,
    "table": {"type": "table", "rows": [[RICH_TEXT, {"type": "raw_number", "value": -1.5, "text": "-1.5"}]]},
    "columns": {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]], "column_settings": [None]},
    "slack file": {"type": "image", "alt_text": "a", "slack_file": {"id": "F123"}, "title": PLAIN},
    "card": {"type": "card", "title": MRKDWN},
    "carousel": {"type": "carousel", "elements": [{"type": "card", "title": MRKDWN}]},
    "chart": {
        "type": "data_visualization",
        "title": "a",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1.5}]},
    },
}


@pytest.mark.parametrize("block", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_slack_documents_is_accepted(slack: WebClient, control: Control, block: dict[str, Any]) -> None:
    slack.chat_postMessage(channel="orders", text="x", blocks=[block])
    assert control.messages()[0]["blocks"] == [block]


# one block (for the first two: several), Slack's sentence, and the place of it within the blocks
REFUSED: list[tuple[Any, str, str]] = [
    ([{"type": "divider", "block_id": "b"}] * 2, "`block_id` must be unique: b", ""),
    (["divider"], "must be an object", "/0"),
    ({"type": "fancy"}, "unsupported type: fancy", "/0/type"),
    ({"type": "alert", "text": MRKDWN}, "unsupported type: alert", "/0/type"),
    ({"text": MRKDWN}, "missing required field: type", "/0"),
    ({"type": "header"}, "missing required field: text", "/0"),
    ({"type": "image", "image_url": URL}, "missing required field: alt_text", "/0"),
    ({"type": "image", "alt_text": "a"}, "must define either `image_url` or `slack_file`", "/0"),
    ({"type": "section"}, "must define either `text` or `fields`", "/0"),
    ({"type": "divider", "colour": 1}, "invalid additional property: colour", "/0"),
    (section(text={**MRKDWN, "emoji": True}), "invalid additional property: emoji", "/0/text"),
    (section(text={**MRKDWN, "text": ""}), "must be more than 0 characters", "/0/text/text"),
    (section(text={**MRKDWN, "text": 5}), "must provide a string", "/0/text/text"),
    (section(text="bare"), "must be an object", "/0/text"),
    (section(fields=[]), "must have at least 1 items", "/0/fields"),
    (section(fields=MRKDWN), "must be an array", "/0/fields"),
    (section(expand="yes"), "must be a boolean", "/0/expand"),
    ({"type": "header", "text": MRKDWN}, "unsupported type: mrkdwn", "/0/text/type"),
    (actions({**BUTTON, "text": MRKDWN}), "unsupported type: mrkdwn", "/0/elements/0/text/type"),
    (actions({**BUTTON, "url": "not an address"}), "must be a valid URL", "/0/elements/0/url"),
    (actions({**BUTTON, "style": "loud"}), "must be one of: primary, danger", "/0/elements/0/style"),
    (actions(*[{**BUTTON, "action_id": "a"}] * 2), "`action_id` must be unique: a", "/0/elements"),
    ({"type": "context", "elements": []}, "must have at least 1 items", "/0/elements"),
    ({"type": "context", "elements": [BUTTON]}, "unsupported type: button", "/0/elements/0/type"),
    ({"type": "table", "rows": [[]]}, "must have at least 1 items", "/0/rows/0"),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]},
        "must be more than 0 characters",
        "/0/rows/0/0/text",
    ),
    (rich_text({"type": "paragraph"}), "unsupported type: paragraph", "/0/elements/0/type"),
    (rich_text(inlines("rich_text_section", {"type": "b"})), "unsupported type: b", "/0/elements/0/elements/0/type"),
]


@pytest.mark.parametrize(("blocks", "sentence", "place"), REFUSED, ids=[f"{row[1]} {row[2]}" for row in REFUSED])
def test_what_slack_refuses_is_named_with_its_place(
    slack: WebClient, control: Control, blocks: Any, sentence: str, place: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel="orders", text="x", blocks=blocks if isinstance(blocks, list) else [blocks])
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"][-1] == f"[ERROR] {sentence} [json-pointer:/blocks{place}]"
    assert control.messages() == []


def test_a_text_object_is_named_before_what_is_wrong_inside_it(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel="orders", text="x", blocks=[section(text={**MRKDWN, "text": "a" * 3001})])
    assert refused.value.response["errors"] == [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ]


WORDS: list[tuple[dict[str, Any], str]] = [
    ({}, "no_text"),
    ({"text": " \n"}, "no_text"),
    ({"text": "", "blocks": []}, "no_text"),
    ({"text": {"a": 1}}, "invalid_arguments"),
    ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
    ({"text": "x", "blocks": '{"type": "divider"}'}, "invalid_blocks_format"),
    ({"text": "x", "attachments": 3}, "invalid_attachments"),
    ({"text": "x", "attachments": ["a"]}, "invalid_attachments"),
    ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
    ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_schema"),
    ({"text": "x", "metadata": {"event_type": "a", "event_payload": 1}}, "invalid_metadata_schema"),
]


@pytest.mark.parametrize(("arguments", "word"), WORDS)
def test_a_message_that_is_none(slack: WebClient, arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        slack.api_call("chat.postMessage", json={"channel": "orders", **arguments})
    assert refused.value.response["error"] == word
