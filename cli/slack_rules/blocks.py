"""Block Kit for messages: one specification per block type, and the rules that look at several blocks at once.

From docs.slack.dev/reference/block-kit/blocks. The types that are newest, or that a notifier has no use for, are
accepted as they come. `alert` is missing: Slack documents it for modals alone.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any, Final

from cli.slack_rules.elements import CELL, COLUMN, ID, INTERACTIVE, RICH_TEXT, image, mrkdwn, plain, plain_text, prose
from cli.slack_rules.schema import Problem, Problems, Spec, array, boolean, nullable, record, string, tagged

Block = dict[str, Any]

BLOCKS_PER_MESSAGE: Final = 50
MARKDOWN_CHARACTERS: Final = 12_000  # over all markdown blocks of a message


def block(required: dict[str, Spec], optional: dict[str, Spec] | None = None, *, either: tuple[str, ...] = ()) -> Spec:
    """A block with these keys, and a block_id."""
    return record(required, {**(optional or {}), "block_id": ID}, either=either)


AS_IT_COMES: Final = record({}, {"block_id": ID}, more=True)

BLOCKS: Final[dict[str, Spec]] = {
    "header": block({"text": plain(150)}),
    "section": block(
        {},
        {
            "text": prose(3000),
            "fields": array(prose(2000), 10),
            "accessory": tagged({**INTERACTIVE, "image": image()}),
            "expand": boolean,
        },
        either=("text", "fields"),
    ),
    "divider": block({}),
    "context": block(
        {"elements": array(tagged({"mrkdwn": mrkdwn(3000), "plain_text": plain_text(3000), "image": image()}), 10)}
    ),
    "actions": block({"elements": array(tagged(INTERACTIVE), 25)}),
    "image": image(title=plain(2000), block_id=ID),
    "markdown": block({"text": string(MARKDOWN_CHARACTERS)}),
    "table": block({"rows": array(array(CELL, 20), 100)}, {"column_settings": array(nullable(COLUMN), 20)}),
    "rich_text": RICH_TEXT,
    "card": AS_IT_COMES,
    "carousel": AS_IT_COMES,
    "container": record(
        {"child_blocks": array(record({"type": string()}, more=True), 10)}, {"block_id": ID}, more=True
    ),
    "context_actions": AS_IT_COMES,
    "data_table": AS_IT_COMES,
    "data_visualization": AS_IT_COMES,
    "file": AS_IT_COMES,
    "input": AS_IT_COMES,
    "plan": AS_IT_COMES,
    "task_card": AS_IT_COMES,
    "video": AS_IT_COMES,
}
MESSAGE: Final = array(tagged(BLOCKS), BLOCKS_PER_MESSAGE, least=0)


def block_problems(blocks: Any, at: str = "/blocks") -> list[Problem]:
    """Return what is wrong with the blocks of a message; empty if Slack takes them."""
    return list(MESSAGE(blocks, at)) or [*_repeated_ids(blocks, at), *_too_much_markdown(blocks, at)]


def count_tables(blocks: list[Block]) -> int:
    """How many tables there are, those inside containers too."""
    inner = chain.from_iterable(each["child_blocks"] for each in blocks if each["type"] == "container")
    return sum(each["type"] in {"table", "data_table"} for each in chain(blocks, inner))


def count_characters(blocks: list[Block]) -> int:
    """How many characters all the strings of the blocks have, `type` aside."""
    total = 0
    waiting: list[Any] = [blocks]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += (each for key, each in value.items() if key != "type")
    return total


def _repeated_ids(blocks: list[Block], at: str) -> Problems:
    yield from _repeated("block_id", blocks, at)
    for index, each in enumerate(blocks):
        if each["type"] == "actions":
            yield from _repeated("action_id", each["elements"], f"{at}/{index}/elements")


def _repeated(key: str, items: list[Block], at: str) -> Problems:
    counts = Counter(item[key] for item in items if key in item)
    yield from (Problem(f"`{key}` must be unique: {each}", at) for each, count in counts.items() if count > 1)


def _too_much_markdown(blocks: list[Block], at: str) -> Problems:
    if sum(len(each["text"]) for each in blocks if each["type"] == "markdown") > MARKDOWN_CHARACTERS:
        yield Problem(f"markdown blocks must have less than {MARKDOWN_CHARACTERS + 1} characters together", at)
