"""What Slack accepts in a whole message, which depends on the API method.

From docs.slack.dev/reference/methods/chat.postMessage and chat.update, unless a comment says otherwise.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from cli.slack_rules.blocks import block_problems, count_characters, count_tables
from cli.slack_rules.schema import Problem

# More give `invalid_attachments` with `only_one_table_allowed`, for `table` and `data_table` alike. Their pages no
# longer say so, but still limit the size of all tables of a message together.
TABLES: Final = 1
# Not published by Slack. `msg_blocks_too_long` was seen from about this size on (slackapi/bolt-js#2509).
BLOCKS_CHARACTERS: Final = 13_200


class Method(Enum):
    """An API method that sends a message. The value is its name, and the most characters of `text`."""

    POST = ("chat.postMessage", 40_000)
    WEBHOOK = ("webhook", 40_000)
    UPDATE = ("chat.update", 4_000)

    @property
    def text_characters(self) -> int:
        """Return the most characters of `text`. For more, Slack answers `msg_too_long`."""
        return self.value[1]


def message_problems(text: str, blocks: list[Any], method: Method) -> list[Problem]:
    """Return what is wrong with a message; empty if Slack accepts it."""
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
