"""Looks for a message when it is unknown whether Slack took it: in its thread, and in its channel.

A message is known by the key in its metadata, which is no secret: every app and member can read it.
https://docs.slack.dev/messaging/message-metadata, https://docs.slack.dev/reference/methods/conversations.history
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from handler.adapters.slack_transport import PooledWebClient
from handler.errors import SlackError
from handler.model import Message, Receipt

# Slack's clock is not ours, and a message is older than the moment at which its answer was missed.
EARLY_SECONDS: Final = 60.0
# Slack advises at most 200 a page, and allows some 50 pages a minute.
PAGE: Final = 200
MAX_PAGES: Final = 5

# The app may be allowed to post to a channel and still not to read it.
_REFUSED: Final = frozenset({"SLACK_CONFIG", "SLACK_CONTENT"})
_UNREADABLE: Final = frozenset({"missing_scope"})

Page = Callable[..., Any]


def metadata(mark: str) -> dict[str, Any] | None:
    """What a message carries so that it can be found by `mark`; an empty one needs nothing."""
    return {"event_type": "notifier", "event_payload": {"key": mark}} if mark else None


def receipt(channel: str, message: Mapping[str, Any]) -> Receipt:
    """The receipt of a message as Slack shows it. The first message of a thread is no reply to itself."""
    ts, thread_ts = str(message["ts"]), str(message.get("thread_ts") or "")
    return Receipt(channel, ts, thread_ts="" if thread_ts == ts else thread_ts)


def find(client: PooledWebClient, message: Message, since: float) -> Receipt | None:
    """Return the receipt of the message with this mark that was posted after `since`, a Unix time.

    A reply is looked for in its channel too: it stands there where its thread was gone, or had not begun, when it was
    posted. Raises SlackError: SLACK_UNREADABLE where the channel cannot be read, or not far enough.
    """
    asked = {
        "channel": message.destination,
        "oldest": f"{max(since - EARLY_SECONDS, 0.0):.6f}",
        "include_all_metadata": True,
        "limit": PAGE,
    }
    found = None
    if message.thread_ts:
        try:
            found = _look(client.conversations_replies, {**asked, "ts": message.thread_ts}, message)
        except SlackError as error:
            if error.reason != "thread_not_found":
                raise
    return found or _look(client.conversations_history, asked, message)


def _look(page: Page, asked: Mapping[str, Any], message: Message) -> Receipt | None:
    for found in _messages(page, asked):
        if message.mark and _mark(found) == message.mark:
            return receipt(message.destination, found)
    return None


def _mark(found: Any) -> object:
    match found:
        case {"ts": str(), "metadata": {"event_payload": {"key": key}}}:
            return key
    return None


def _messages(page: Page, asked: Mapping[str, Any]) -> Iterator[Any]:
    """The messages of all pages. Not to find one counts only where none is left out."""
    more: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        said = _read(page, {**asked, **more})
        yield from said["messages"]
        cursor = (said.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        more = {"cursor": str(cursor)}
    raise SlackError("SLACK_UNREADABLE", f"more than {MAX_PAGES * PAGE} messages came after it")


def _read(page: Page, asked: Mapping[str, Any]) -> Any:
    """Ask once. A read whose outcome is unknown can be repeated."""
    try:
        return page(**asked)
    except SlackError as error:
        if error.code in _REFUSED or error.reason in _UNREADABLE:
            raise SlackError("SLACK_UNREADABLE", error.reason) from None
        if error.code == "SLACK_AMBIGUOUS":
            raise SlackError("SLACK_UNAVAILABLE", error.reason) from None
        raise
