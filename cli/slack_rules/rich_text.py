"""Rich text: its blocks, and the elements of a line.

From docs.slack.dev/reference/block-kit/blocks/rich-text-block and the pages of its elements. Slack documents no lengths
here. The style `code` is in Slack's own types, but not on its pages.
"""

from __future__ import annotations

from typing import Any, Final

from cli.slack_rules.composition import ID
from cli.slack_rules.schema import Problems, Spec, array, boolean, choice, integer, number, record, string, tagged, url

_STYLES: Final = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
_STYLE: Final = record({}, dict.fromkeys(_STYLES, boolean))
_TEXT: Final = string()
_MADE_BY_MODEL: Final[dict[str, Spec]] = {"from_llm": boolean}


def _inline(required: dict[str, Spec], optional: dict[str, Spec] | None = None) -> Spec:
    return record(required, {**(optional or {}), "style": _STYLE})


def _texts(*keys: str) -> dict[str, Spec]:
    return dict.fromkeys(keys, _TEXT)


def _seconds(value: Any, at: str) -> Problems:
    """Check seconds since 1970. The page asks for a number, but a fixture of Slack's own SDK has a string of digits."""
    return iter(()) if isinstance(value, str) and value.isdecimal() else number()(value, at)


_CITED: Final = tagged(
    {
        kind: record({}, _texts(*keys))
        for kind, keys in {
            "file": ("descriptor", "file_id"),
            "external": ("app_name", "app_icon_url"),
            "web": ("display_name", "title", "snippet"),
            "message": ("channel", "message_ts"),
            "memory": ("memory_id",),
        }.items()
    },
    "citation_type",
)
_PREVIEW: Final = {"full_size_preview_enabled": boolean, **_texts("icon_url", "product_name")}
_PREFORMATTED: Final[dict[str, Spec]] = {
    "text": _inline({"text": _TEXT}),
    "link": _inline(
        {"url": url()},
        {"text": _TEXT, "unsafe": boolean, "is_slack_url": boolean, "truncated": boolean, **_MADE_BY_MODEL},
    ),
}
INLINE: Final[dict[str, Spec]] = {
    **_PREFORMATTED,
    # `skin_tone` and `url` occur in messages that Slack returns.
    "emoji": _inline({"name": _TEXT}, {**_texts("unicode", "url"), "skin_tone": integer(1, 6)}),
    "user": _inline({"user_id": _TEXT}, _MADE_BY_MODEL),
    "usergroup": _inline({"usergroup_id": _TEXT}),
    "team": _inline({"team_id": _TEXT}),
    "channel": _inline({"channel_id": _TEXT}, {"tab_id": _TEXT, **_MADE_BY_MODEL}),
    "broadcast": _inline({"range": choice("here", "channel", "everyone")}),
    "color": _inline({"value": _TEXT}),
    "date": _inline({"timestamp": _seconds, "format": _TEXT}, _texts("timezone", "url", "fallback")),
    "tag": _inline(
        {"text": _TEXT},
        {"color": choice("gray", "brown", "purple", "indigo", "blue", "green", "yellow", "orange", "red")},
    ),
    "attachment_mention": _inline(
        {"url": _TEXT},
        {
            **_texts("text", "app_id", "entity_id", "channel_id", "ts", "icon_name", "reference_object_type"),
            **_PREVIEW,
        },
    ),
    "canvas": _inline(
        {"file_id": _TEXT},
        {**_texts("label", "section_id", "text", "url"), "hide_title": boolean, "is_skill_invocation": boolean},
    ),
    "canvas_message_unfurl": _inline(_texts("root_message_ts", "root_message_channel")),
    "canvas_user_mention": _inline({"user_id": _TEXT}, _texts("thread_id")),
    "citation": _inline(
        {"url": _TEXT, "text": _TEXT, "index": number(), "details": _CITED},
        {**_MADE_BY_MODEL, "is_slack_url": boolean},
    ),
    "file": _inline({"file_id": _TEXT}, {**_texts("text", "url"), "is_skill_invocation": boolean}),
    "list_record": _inline({"file_id": _TEXT}, _texts("record_id", "view_id", "text", "url")),
    "message_mention": _inline(_texts("channel_id", "message_ts"), _texts("author_id", "thread_ts", "text", "url")),
    "salesforce_data_field": _inline(
        {"salesforce_record_id": _TEXT},
        {
            **_texts("salesforce_field_label", "salesforce_field_api_name"),
            "salesforce_include_field_label": boolean,
        },
    ),
    "work_object_mention": _inline(_texts("entity_id", "app_id", "text", "url"), _PREVIEW),
    "workflow_mention": _inline(
        _texts("workflow_id", "function_trigger_id", "text"), _texts("url", "channel_id", "ts")
    ),
}

_BORDER: Final = {"border": integer(0)}  # off or on: 0 and 1 in Slack's own types
_LINE: Final = array(tagged(INLINE), least=0)
_SECTION: Final = record({"elements": _LINE})
_LIST: Final = record(
    {"elements": array(tagged({"rich_text_section": _SECTION}), least=0), "style": choice("bullet", "ordered")},
    {"indent": integer(0, 8), "offset": integer(0), **_BORDER},
)
_CODE: Final = record({"elements": array(tagged(_PREFORMATTED), least=0)}, {"language": _TEXT, **_BORDER})
_PARTS: Final = tagged(
    {
        "rich_text_section": _SECTION,
        "rich_text_quote": record({"elements": _LINE}, _BORDER),
        "rich_text_preformatted": _CODE,
        "rich_text_list": _LIST,
    }
)
# A rich_text object without its type: a block, a cell of a table, or a part of another block.
RICH_TEXT: Final = record({"elements": array(_PARTS)}, {"block_id": ID})
