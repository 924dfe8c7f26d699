"""Which blocks and elements may stand where, as Slack's pages say under "Surfaces" and "Compatible elements".

Typed from docs.slack.dev/reference/block-kit/blocks and .../block-elements, as they stood in October 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from cli.compiler.raw_blocks import BLOCK_TYPES
from cli.slack_rules import MODAL_ONLY, block_problems

IN_MESSAGES: Final = {
    "actions", "card", "carousel", "container", "context", "context_actions", "data_table", "data_visualization",
    "divider", "file", "header", "image", "input", "markdown", "plan", "rich_text", "section", "table", "task_card",
    "video",
    "call",  # docs.slack.dev/apis/web-api/using-the-calls-api
}  # fmt: skip
IN_MODALS_ALONE: Final = {
    "alert", "email_text_input", "file_input", "number_input", "url_text_input", "rich_text_input",
}  # fmt: skip
MENUS: Final = {
    f"{many}{source}_select"
    for many in ("", "multi_")
    for source in ("static", "external", "users", "conversations", "channels")
}
SECTION: Final = {
    "button", "checkboxes", "datepicker", "image", "overflow", "radio_buttons", "timepicker", "workflow_button", *MENUS,
}  # fmt: skip
INLINE: Final = {
    "attachment_mention", "broadcast", "canvas", "canvas_message_unfurl", "canvas_user_mention", "channel", "citation",
    "color", "date", "emoji", "file", "link", "list_record", "message_mention", "salesforce_data_field", "tag", "team",
    "text", "user", "usergroup", "work_object_mention", "workflow_mention",
}  # fmt: skip
PARTS: Final = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
CELLS: Final = {"raw_text", "raw_number", "rich_text"}
CHARTS: Final = {"pie", "bar", "area", "line"}


def within(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(parts)}


# a place, a message with something there, the pointer to it, and what may stand there
PLACES: Final[dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str, set[str]]]] = {
    "message": (lambda one: one, "", IN_MESSAGES),
    "accessory": (lambda one: {"type": "section", "accessory": one}, "/accessory", SECTION),
    "actions": (
        lambda one: {"type": "actions", "elements": [one]},
        "/elements/0",
        (SECTION - {"image"}) | {"datetimepicker"},
    ),
    "input": (
        lambda one: {"type": "input", "element": one},
        "/element",
        {"checkboxes", "datepicker", "datetimepicker", "plain_text_input", "radio_buttons", "timepicker", *MENUS},
    ),
    "context": (
        lambda one: {"type": "context", "elements": [one]},
        "/elements/0",
        {"image", "mrkdwn", "plain_text"},
    ),
    "context actions": (
        lambda one: {"type": "context_actions", "elements": [one]},
        "/elements/0",
        {"feedback_buttons", "icon_button"},
    ),
    "buttons of a card": (lambda one: {"type": "card", "actions": [one]}, "/actions/0", {"button"}),
    "icon of a card": (lambda one: {"type": "card", "slack_icon": one}, "/slack_icon", {"icon"}),
    "carousel": (lambda one: {"type": "carousel", "elements": [one]}, "/elements/0", {"card"}),
    "container": (
        lambda one: {"type": "container", "child_blocks": [one]},
        "/child_blocks/0",
        {
            "actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table",
            "video",
        },
    ),
    "cell": (lambda one: {"type": "table", "rows": [[one]]}, "/rows/0/0", CELLS),
    "cell of a data table": (
        lambda one: {"type": "data_table", "rows": [[one], [one]]},
        "/rows/1/0",
        {*CELLS, "action_cell"},
    ),
    "chart": (lambda one: {"type": "data_visualization", "chart": one}, "/chart", CHARTS),
    "rich text": (within, "/elements/0", PARTS),
    "line": (
        lambda one: within({"type": "rich_text_section", "elements": [one]}),
        "/elements/0/elements/0",
        INLINE,
    ),
    "quote": (
        lambda one: within({"type": "rich_text_quote", "elements": [one]}),
        "/elements/0/elements/0",
        INLINE,
    ),
    "code": (
        lambda one: within({"type": "rich_text_preformatted", "elements": [one]}),
        "/elements/0/elements/0",
        {"text", "link"},
    ),
    "list": (
        lambda one: within({"type": "rich_text_list", "elements": [one]}),
        "/elements/0/elements/0",
        {"rich_text_section"},
    ),
    "source of a task": (lambda one: {"type": "task_card", "sources": [one]}, "/sources/0", {"url"}),
}  # fmt: skip
KNOWN: Final = IN_MODALS_ALONE.union(*(allowed for _, _, allowed in PLACES.values()))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_takes_what_slack_documents_and_nothing_else(place: str) -> None:
    message, pointer, allowed = PLACES[place]
    taken = set()
    for kind in KNOWN:
        found = block_problems([message({"type": kind})])
        if not any(one.pointer == f"/blocks/0{pointer}/type" and "unsupported" in one.message for one in found):
            taken.add(kind)
    assert taken == allowed


def test_templates_name_the_same_blocks() -> None:
    assert BLOCK_TYPES == IN_MESSAGES


def test_what_modals_alone_can_hold_is_known_as_such() -> None:
    assert MODAL_ONLY == IN_MODALS_ALONE
