"""The plain text in which a message is posted when its layout cannot be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from handler.model import Message

# Slack advises at most 4,000 characters of text. https://docs.slack.dev/reference/methods/chat.postMessage
MAX_TEXT: Final = 3_000
_HALF_ENTITY: Final = re.compile(r"&[a-z]*\Z")


def plain(message: Message, reason: str) -> Message:
    """Return the message as text alone, with the reason and the template that someone has to mend."""
    text = message.text
    if len(text) > MAX_TEXT:
        text = _HALF_ENTITY.sub("", text[:MAX_TEXT]) + "…"
    why = reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return replace(message, blocks=(), text=f"{text}\n_(plain text: {message.notification}.yaml, {why})_")
