"""What Slack takes of a message as a whole, which depends on the method that sends it.

From docs.slack.dev/reference/methods/chat.postMessage and chat.update, unless a comment says otherwise.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from cli.slack_rules.blocks import block_problems, count_characters, count_tables
from cli.slack_rules.schema import Problem

# `invalid_attachments` with `only_one_table_allowed`, of a `table` and of a `data_table` alike. The pages of both no
# longer say so; they still limit what all tables of a message hold together.
TABLES: Final = 1
# Slack does not publish it. msg_blocks_too_long was met from about here on (slackapi/bolt-js#2509).
BLOCKS_CHARACTERS: Final = 13_200


class Method(Enum):
    """How a message is sent. The value is the most characters of its `text`."""

    POST = ("chat.postMessage", 40_000)
    WEBHOOK = ("webhook", 40_000)
    UPDATE = ("chat.update", 4_000)

    @property
    def text_characters(self) -> int:
        """The most characters of `text`. Above, Slack answers `msg_too_long`."""
        return self.value[1]


def message_problems(text: str, blocks: list[Any], method: Method) -> list[Problem]:
    """Return what is wrong with a message; empty if Slack takes it."""
    found = block_problems(blocks)
    if not text.strip() and not blocks:
        found.append(Problem("no_text", "/text"))
    if len(text) > method.text_characters:
        found.append(Problem(f"must be less than {method.text_characters + 1} characters", "/text"))
    if found:
        return found
    if count_tables(blocks) > TABLES:
        found.append(Problem("only_one_table_allowed", "/blocks"))
    if count_characters(blocks) > BLOCKS_CHARACTERS:
        found.append(Problem(f"must be less than {BLOCKS_CHARACTERS + 1} characters together", "/blocks"))
    return found
