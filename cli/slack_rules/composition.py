"""What elements and blocks are made of: texts, images, options, confirmations.

From docs.slack.dev/reference/block-kit/composition-objects. Lengths are in characters.
"""

from __future__ import annotations

from typing import Final

from cli.slack_rules.schema import Spec, array, boolean, choice, record, string, tagged, union, url

ID: Final = string(255)  # block_id, action_id
URL_CHARACTERS: Final = 3000
OPTIONS: Final = 100  # of a menu, and of each of its groups
OPTION_GROUPS: Final = 100
# A button or an option opens whatever the reader's system can open, such as mailto:. Slack documents no list.
ADDRESS: Final = url(URL_CHARACTERS)
# Slack fetches an image from the internet.
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
    """The rest of a `plain_text` object."""
    return record({"text": string(most)}, {"emoji": boolean})


def mrkdwn(most: int) -> Spec:
    """The rest of a `mrkdwn` object."""
    return record({"text": string(most)}, {"verbatim": boolean})


def plain(most: int) -> Spec:
    """A text object that has to be `plain_text`."""
    return tagged({"plain_text": plain_text(most)})


def prose(most: int) -> Spec:
    """A text object of either kind. Slack documents no rule against a text of blanks alone."""
    return union(tagged({"plain_text": plain_text(most), "mrkdwn": mrkdwn(most)}))


def image(**more: Spec) -> Spec:
    """An image: an element, or with further keys a block."""
    slack_file = record({}, {"id": ID, "url": ADDRESS}, either=("id", "url"), exclusive=("id", "url"))
    sources = {"image_url": IMAGE_ADDRESS, "slack_file": slack_file}
    return record({"alt_text": string(2000)}, {**sources, **more}, either=(*sources,), exclusive=(*sources,))


# The page calls `text` plain_text, and its example has mrkdwn.
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
    """An option whose text and description are such text objects. Slack calls `value` unique, and takes twins."""
    return record({"text": text, "value": string(150)}, {"description": text, **more})
