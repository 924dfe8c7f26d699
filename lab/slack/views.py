"""A message as Slack returns it, and the identity of the app."""

from __future__ import annotations

from typing import Any, Final

from lab.slack.config import TEAM
from lab.slack.workspace import Message

USER: Final = "U0LABBOT"
BOT: Final = "B0LABBOT"
APP: Final = "A0LAB"


def message_view(message: Message, *, metadata: bool = True) -> dict[str, Any]:
    """Return the `message` of a response; `metadata` says whether to include that too."""
    author = {"user": USER} if message.via == "token" else {"subtype": "bot_message"}
    optional = {
        "blocks": message.blocks,
        "attachments": message.attachments,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata if metadata else {},
        "edited": {"user": USER, "ts": f"{message.edited:.6f}"} if message.edited else {},
    }
    return {
        "type": "message",
        **author,
        "bot_id": BOT,
        "app_id": APP,
        "team": TEAM,
        "ts": message.ts,
        "text": message.text,
        **{key: value for key, value in optional.items() if value},
    }
