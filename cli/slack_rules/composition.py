"""The parts of elements and blocks: texts, images, options, confirmation dialogs.

From docs.slack.dev/reference/block-kit/composition-objects. Lengths are in characters.
"""

from __future__ import annotations

from typing import Final

from cli.slack_rules.schema import Spec, array, boolean, choice, record, string, tagged, union, url

ID: Final = string(255)  # block_id, action_id
URL_CHARACTERS: Final = 3000
OPTIONS: Final = 100  # in a menu, and in each of its groups
OPTION_GROUPS: Final = 100
# A button or an option opens any URL that the reader's system can open, such as mailto:. Slack documents no list.
ADDRESS: Final = url(URL_CHARACTERS)
# Slack downloads the image from the internet.
IMAGE_ADDRESS: Final = url(URL_CHARACTERS, "http", "https")

# slack-icon-object
ICONS: Final = (
    "archive", "book", "bookmark", "bot", "bug", "calendar", "call", "caret-left", "caret-right", "check", "clipboard",
    "code", "comment", "compass", "copy", "cube", "download", "edit", "email", "eye-closed", "eye-open", "file", "flag",
    "folder", "gear", "globe", "heart", "help", "image", "info", "key", "lightbulb", "link", "map", "mobile",
    "new-window", "pin", "plus", "refine", "refresh", "rocket", "save", "screen", "share", "sparkle", "star",
    "star-filled", "tag", "thumbs-down", "thumbs-up", "trash", "upload", "user", "warning",
)  # fmt: skip


def plain_text(most: int) -> Spec:
    """Return the specification of a `plain_text` object, without its type."""
    return record({"text": string(most)}, {"emoji": boolean})


def mrkdwn(most: int) -> Spec:
    """Return the specification of a `mrkdwn` object, without its type."""
    return record({"text": string(most)}, {"verbatim": boolean})


def plain(most: int) -> Spec:
    """Return the specification of a text object that must be `plain_text`."""
    return tagged({"plain_text": plain_text(most)})


def prose(most: int) -> Spec:
    """Return the specification of a text object of either type. Slack documents no rule against spaces only."""
    return union(tagged({"plain_text": plain_text(most), "mrkdwn": mrkdwn(most)}))


def image(**more: Spec) -> Spec:
    """Return the specification of an image: an element, or with further keys a block."""
    slack_file = record({}, {"id": ID, "url": ADDRESS}, either=("id", "url"), exclusive=("id", "url"))
    sources = {"image_url": IMAGE_ADDRESS, "slack_file": slack_file}
    return record({"alt_text": string(2000)}, {**sources, **more}, either=(*sources,), exclusive=(*sources,))


# The page says that `text` is plain_text, but has mrkdwn in its example.
CONFIRM: Final = record(
    {"title": plain(100), "text": prose(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
FILTER: Final = record(
    {},
    {
        "include": array(choice("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
    either=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
DISPATCH: Final = record({}, {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"))})
ICON: Final = tagged({"icon": record({"name": choice(*ICONS)})})
_INPUT_PARAMETER: Final = record({"name": string(), "value": string(least=0)})
WORKFLOW: Final = record(
    {"trigger": record({"url": url()}, {"customizable_input_parameters": array(_INPUT_PARAMETER, least=0)})}
)


def option(text: Spec, **more: Spec) -> Spec:
    """Return the specification of an option. Slack calls its `value` unique, but accepts duplicates."""
    return record({"text": text, "value": string(150)}, {"description": text, **more})
