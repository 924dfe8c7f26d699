"""Block Kit for messages: a specification for each block type, and rules about several blocks together.

From docs.slack.dev/reference/block-kit/blocks, as of October 2026. Slack's changelog was read up to 2026-09-01; its
newest entry about blocks is of 2026-06-29 (`container`). Each page names the surfaces of its block; here are the blocks
of messages. If pages are contradictory or incomplete, whatever they may mean is accepted:

- Some workspaces refuse `pending` for a `task_card` on its own, but its page has it in the example.
- The tasks of a `plan` have no `type` in its page's example, and have one in Slack's own types.
- The page of `file` names messages, and says that it cannot be added directly; the guide to remote files adds one.
- The children of a `container` are those of its page, although some workspaces refuse `file`, `input`, `rich_text`.
- `call` has no page, but is in the guide to the Calls API.
- No page mentions empty lists. They are refused, except for a line or a list of rich text.
- null is accepted for an optional key of `video`, as its page says, and for a column without settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from cli.language import say
from cli.slack_rules.composition import (
    ADDRESS,
    ICON,
    ID,
    IMAGE_ADDRESS,
    image,
    mrkdwn,
    plain,
    plain_text,
    prose,
)
from cli.slack_rules.data import DATA_TABLE, DATA_VISUALIZATION, TABLE
from cli.slack_rules.elements import BUTTON, FEEDBACK_BUTTONS, ICON_BUTTON, IN_ACTIONS, IN_INPUT, IN_SECTION
from cli.slack_rules.rich_text import RICH_TEXT
from cli.slack_rules.schema import (
    Problem,
    Problems,
    Spec,
    anything,
    array,
    boolean,
    choice,
    integer,
    nullable,
    record,
    string,
    tagged,
    url,
)

Block = dict[str, Any]

BLOCKS_PER_MESSAGE: Final = 50
CHARTS_PER_MESSAGE: Final = 2
MARKDOWN_CHARACTERS: Final = 12_000  # in all markdown blocks of a message together
# According to Slack's page, only modals show these.
MODAL_ONLY: Final = frozenset({"alert"})


def block(
    required: dict[str, Spec],
    optional: dict[str, Spec] | None = None,
    *,
    either: tuple[str, ...] = (),
    exclusive: tuple[str, ...] = (),
) -> Spec:
    """Return the specification of a block with these keys and a block_id."""
    return record(required, {**(optional or {}), "block_id": ID}, either=either, exclusive=exclusive)


_IMAGE: Final = tagged({"image": image()})
_RICH_TEXT: Final = tagged({"rich_text": RICH_TEXT})
_SECURE: Final = url(3000, "https")
_SOURCE: Final = tagged({"url": record({"url": ADDRESS, "text": string()})})
# `icon` and `hide_title` are accepted, although not on the page.
_TASK_KEYS: Final = {
    "details": _RICH_TEXT,
    "output": _RICH_TEXT,
    "sources": array(_SOURCE, least=0),
    "status": choice("pending", "in_progress", "complete", "error"),
    "icon": record({"type": choice("icon"), "name": string()}),
    "hide_title": boolean,
}
_TASK: Final = {"task_id": string(), "title": string()}

_CARD: Final = block(
    {},
    {
        "hero_image": _IMAGE,
        "icon": _IMAGE,
        "slack_icon": ICON,
        "title": prose(150),
        "subtitle": prose(150),
        "body": prose(200),
        "subtext": prose(200),
        "actions": array(tagged({"button": BUTTON}), 3),
    },
    either=("hero_image", "title", "actions", "body"),
    exclusive=("icon", "slack_icon"),
)
# The page of `video` says "less than" 200 and 50 characters.
_VIDEO: Final = block(
    {"alt_text": string(), "title": plain(199), "thumbnail_url": IMAGE_ADDRESS, "video_url": _SECURE},
    {
        "title_url": nullable(_SECURE),
        "description": nullable(plain(199)),
        "author_name": nullable(string(49)),
        "provider_name": nullable(string()),
        "provider_icon_url": nullable(IMAGE_ADDRESS),
    },
)

# The blocks that a container may hold.
_CHILDREN: Final[dict[str, Spec]] = {
    "actions": block({"elements": array(tagged(IN_ACTIONS), 25)}),
    "context": block(
        {"elements": array(tagged({"mrkdwn": mrkdwn(3000), "plain_text": plain_text(3000), "image": image()}), 10)}
    ),
    "divider": block({}),
    "file": block({"external_id": string(), "source": choice("remote")}),
    "header": block({"text": plain(150)}, {"level": integer(1, 4)}),
    "image": image(title=plain(2000), block_id=ID),
    "input": block(
        {"label": plain(2000), "element": tagged(IN_INPUT)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "section": block(
        {},
        {
            "text": prose(3000),
            "fields": array(prose(2000), 10),
            "accessory": tagged({**IN_SECTION, "image": image()}),
            "expand": boolean,
        },
        either=("text", "fields"),
    ),
    "table": TABLE,
    "video": _VIDEO,
}
BLOCKS: Final[dict[str, Spec]] = {
    **_CHILDREN,
    "call": block({"call_id": string()}, {"api_decoration_available": boolean, "call": anything}),
    "card": _CARD,
    "carousel": block({"elements": array(tagged({"card": _CARD}), 10)}),
    "container": block(
        {"child_blocks": array(tagged(_CHILDREN), 10)},
        {
            "title": plain(150),
            "rich_text_title": _RICH_TEXT,
            "subtitle": prose(150),
            "icon": _IMAGE,
            "width": choice("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        either=("title", "rich_text_title"),
    ),
    "context_actions": block(
        {"elements": array(tagged({"feedback_buttons": FEEDBACK_BUTTONS, "icon_button": ICON_BUTTON}), 5)}
    ),
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "markdown": block({"text": string(MARKDOWN_CHARACTERS)}),
    # `status` is accepted and shows nothing. It is not on the page.
    "plan": block(
        {"title": string()},
        {
            "tasks": array(record(_TASK, {**_TASK_KEYS, "type": choice("task_card"), "block_id": ID}), least=0),
            "status": _TASK_KEYS["status"],
        },
    ),
    "task_card": block(_TASK, _TASK_KEYS),
}
MESSAGE: Final = array(tagged(BLOCKS), BLOCKS_PER_MESSAGE, least=0)
# The key for blocks inside a block, and the key for elements whose action_ids must differ.
_NESTED: Final = {"container": "child_blocks", "carousel": "elements"}
_ELEMENTS: Final = {"actions": "elements", "context_actions": "elements", "card": "actions"}


def block_problems(blocks: Any, at: str = "/blocks") -> list[Problem]:
    """Return what is wrong with the blocks of a message; empty if Slack accepts them."""
    return list(MESSAGE(blocks, at)) or [
        *_repeated("block_id", _with_own_ids(blocks), at),
        *_repeated_actions(blocks, at),
        *_too_much_markdown(blocks, at),
        *_too_many_charts(blocks, at),
    ]


def count_tables(blocks: list[Block]) -> int:
    """Return the number of tables, including those in containers."""
    return sum(each["type"] in {"table", "data_table"} for each, _ in _all_blocks(blocks, ""))


def count_characters(blocks: list[Block]) -> int:
    """Return the number of characters in all strings of the blocks, except for `type`.

    A `data_table` does not count: its own page allows more than a whole message was seen to hold.
    """
    total = 0
    waiting: list[Any] = [blocks]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict) and value.get("type") != "data_table":
            waiting += (each for key, each in value.items() if key != "type")
    return total


def _all_blocks(blocks: list[Block], at: str) -> Iterator[tuple[Block, str]]:
    """Yield the blocks, and those inside them, with JSON pointers."""
    for index, each in enumerate(blocks):
        yield each, f"{at}/{index}"
        if key := _NESTED.get(each["type"]):
            yield from _all_blocks(each[key], f"{at}/{index}/{key}")


def _with_own_ids(blocks: list[Block]) -> list[Block]:
    # Slack ignores the block_id of markdown.
    return [each for each, _ in _all_blocks(blocks, "") if each["type"] != "markdown"]


def _repeated_actions(blocks: list[Block], at: str) -> Problems:
    for each, where in _all_blocks(blocks, at):
        if each["type"] == "data_table":
            cells = chain.from_iterable(each["rows"])
            yield from _repeated("action_id", [cell["element"] for cell in cells if "element" in cell], f"{where}/rows")
        elif key := _ELEMENTS.get(each["type"]):
            yield from _repeated("action_id", each.get(key, []), f"{where}/{key}")


def _repeated(key: str, items: list[Block], at: str) -> Problems:
    counts = Counter(item[key] for item in items if key in item)
    for each, count in counts.items():
        if count > 1:
            yield Problem(f"`{key}` must be unique: {each}", at, say("write another `{key}` for each", key=key))


def _too_much_markdown(blocks: list[Block], at: str) -> Problems:
    if sum(len(each["text"]) for each in blocks if each["type"] == "markdown") > MARKDOWN_CHARACTERS:
        yield Problem(f"markdown blocks must have less than {MARKDOWN_CHARACTERS + 1} characters together", at)


def _too_many_charts(blocks: list[Block], at: str) -> Problems:
    if sum(each["type"] == "data_visualization" for each in blocks) > CHARTS_PER_MESSAGE:
        yield Problem(f"no more than {CHARTS_PER_MESSAGE} data_visualization blocks allowed", at)
