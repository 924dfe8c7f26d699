"""The plain text of a message, posted if Slack refuses its blocks; and footers that are added to a message."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from handler.model import Message

# Slack recommends at most 4,000 characters of text. https://docs.slack.dev/reference/methods/chat.postMessage
MAX_TEXT: Final = 3_000
# So much of the end of a longer text stays, in whole lines: its footers stand there.
_MAX_END: Final = 500
# https://docs.slack.dev/reference/block-kit/blocks
MAX_BLOCKS: Final = 50
_HALF_ENTITY: Final = re.compile(r"&[a-z]*\Z")


def plain(message: Message, reason: str) -> Message:
    """Return the message without blocks. Its text also names the template to repair, and the reason.

    A long text is cut before its last lines.
    """
    text = message.text
    if len(text) > MAX_TEXT:
        _, line_break, end = text[-_MAX_END:].partition("\n")
        text = _HALF_ENTITY.sub("", text[: MAX_TEXT - len(end)]) + "…" + line_break + end
    why = reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return replace(message, blocks=(), text=f"{text}\n_(plain text: {message.notification}.yaml, {why})_")


def context_line(text: str) -> dict[str, Any]:
    """Return a block with one small grey line of mrkdwn."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def with_footer(message: Message, words: str) -> Message:
    """Return the message with a footer. `words` must be written by the program, because they are not escaped."""
    line = f"_{words}_"
    blocks = [*message.blocks, context_line(line)] if 0 < len(message.blocks) < MAX_BLOCKS else message.blocks
    return replace(message, text=f"{message.text}\n{line}", blocks=blocks, warnings=(*message.warnings, words))
