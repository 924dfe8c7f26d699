"""What blocks are made of: text objects, images, interactive elements, rich text, table cells.

Lengths are in characters, from docs.slack.dev/reference/block-kit (composition objects and block elements).
"""

from __future__ import annotations

from typing import Final

from cli.slack_rules.schema import Spec, anything, array, boolean, choice, number, record, string, tagged, union, url

ID: Final = string(255)  # block_id, action_id
OPTIONS_PER_MENU: Final = 100


def plain_text(most: int) -> Spec:
    """The rest of a `plain_text` object."""
    return record({"text": string(most)}, {"emoji": boolean})


def mrkdwn(most: int) -> Spec:
    """The rest of a `mrkdwn` object."""
    return record({"text": string(most)}, {"verbatim": boolean})


def plain(most: int) -> Spec:
    """A text object that has to be `plain_text`."""
    return tagged({"plain_text": plain_text(most)})


def prose(most: int) -> Spec:
    """A text object of either kind."""
    return union(tagged({"plain_text": plain_text(most), "mrkdwn": mrkdwn(most)}))


def image(**more: Spec) -> Spec:
    """An image: an element, or with further keys a block."""
    slack_file = record({}, {"id": ID, "url": url(3000)}, either=("id", "url"))
    sources = {"image_url": url(3000), "slack_file": slack_file}
    return record({"alt_text": string(2000)}, {**sources, **more}, either=("image_url", "slack_file"))


CONFIRM: Final = record(
    {"title": plain(100), "text": prose(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
OPTION: Final = record({"text": prose(75), "value": string(150)}, {"description": prose(75), "url": url(3000)})
OPTIONS: Final = array(OPTION, OPTIONS_PER_MENU)
OPTION_GROUPS: Final = array(record({"label": plain(75), "options": OPTIONS}), OPTIONS_PER_MENU)
INTERACTION: Final = {"action_id": ID, "confirm": CONFIRM}

BUTTON: Final = record(
    {"text": plain(75)},
    {
        **INTERACTION,
        "url": url(3000),
        "value": string(2000, least=0),
        "style": choice("primary", "danger"),
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "agent_prompt_display": string(),
        "visible_to_user_ids": array(string()),
    },
)
SELECT: Final = record(
    {},
    {**INTERACTION, "options": OPTIONS, "option_groups": OPTION_GROUPS},
    either=("options", "option_groups"),
    more=True,
)
PICKER: Final = record({}, INTERACTION, more=True)


def menu(most: int) -> Spec:
    """A menu of so many options."""
    return record({"options": array(OPTION, most)}, INTERACTION, more=True)


INTERACTIVE: Final = {
    "button": BUTTON,
    "workflow_button": record({"text": plain(75), "workflow": anything}, INTERACTION, more=True),
    "overflow": menu(5),
    "checkboxes": menu(10),
    "radio_buttons": menu(10),
    "static_select": SELECT,
    "multi_static_select": SELECT,
    "external_select": PICKER,
    "multi_external_select": PICKER,
    "users_select": PICKER,
    "multi_users_select": PICKER,
    "conversations_select": PICKER,
    "multi_conversations_select": PICKER,
    "channels_select": PICKER,
    "multi_channels_select": PICKER,
    "datepicker": PICKER,
    "timepicker": PICKER,
    "datetimepicker": PICKER,
}

INLINE: Final = tagged(
    {
        "text": record({"text": string()}, more=True),
        "link": record({"url": url(3000)}, more=True),
        "emoji": record({"name": string()}, more=True),
        "user": record({"user_id": string()}, more=True),
        "usergroup": record({"usergroup_id": string()}, more=True),
        "channel": record({"channel_id": string()}, more=True),
        "broadcast": record({"range": choice("here", "channel", "everyone")}, more=True),
        "color": record({"value": string()}, more=True),
        "date": record({"timestamp": number(), "format": string()}, more=True),
    }
)
RICH_SECTION: Final = record({"elements": array(INLINE, least=0)}, {"border": number(), "language": string()})
RICH_LIST: Final = record(
    {"elements": array(tagged({"rich_text_section": RICH_SECTION})), "style": choice("bullet", "ordered")},
    {"indent": number(), "offset": number(), "border": number()},
)
RICH_TEXT: Final = record(
    {
        "elements": array(
            tagged(
                {
                    "rich_text_section": RICH_SECTION,
                    "rich_text_quote": RICH_SECTION,
                    "rich_text_preformatted": RICH_SECTION,
                    "rich_text_list": RICH_LIST,
                }
            )
        )
    },
    {"block_id": ID},
)

CELL: Final = tagged(
    {
        "raw_text": record({"text": string()}),
        "raw_number": record({"value": number(), "text": string()}),
        "rich_text": RICH_TEXT,
    }
)
COLUMN: Final = record({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})
