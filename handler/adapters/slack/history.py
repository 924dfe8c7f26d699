"""Searches a message's thread and channel when it is unknown whether Slack accepted the message.

The key in its metadata identifies a message. It is not a secret: every app and member can read it.
https://docs.slack.dev/messaging/message-metadata, https://docs.slack.dev/reference/methods/conversations.history
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from handler.adapters.slack.transport import PooledWebClient
from handler.errors import SlackError
from handler.model import Message, Receipt

# Slack's clock differs from the function's, and a message is older than the time at which its answer was missed.
CLOCK_SKEW_SECONDS: Final = 60.0
# Slack recommends at most 200 messages a page, and allows about 50 pages a minute.
PAGE_SIZE: Final = 200
MAX_PAGES: Final = 5

# An app that may post to a channel may still not be allowed to read it.
_REFUSED: Final = frozenset({"SLACK_CONFIG", "SLACK_CONTENT"})
_UNREADABLE: Final = frozenset({"missing_scope"})

Page = Callable[..., Any]


def metadata(mark: str) -> dict[str, Any] | None:
    """Return the metadata by which a message can be found; None if `mark` is empty."""
    return {"event_type": "notifier", "event_payload": {"key": mark}} if mark else None


def receipt(channel: str, message: Mapping[str, Any]) -> Receipt:
    """Return the receipt of a message as Slack lists it. The first message of a thread is not a reply."""
    ts, thread_ts = str(message["ts"]), str(message.get("thread_ts") or "")
    return Receipt(channel, ts, thread_ts="" if thread_ts == ts else thread_ts)


def find(client: PooledWebClient, message: Message, since: float) -> Receipt | None:
    """Return the receipt of the message with this mark if it was posted after `since`, a Unix time, else None.

    Searches for a reply in its channel too: it was posted there if its thread was gone or did not exist yet. Raises
    SlackError: SLACK_UNREADABLE if the channel cannot be read, or not far enough back.
    """
    parameters = {
        "channel": message.destination,
        "oldest": f"{max(since - CLOCK_SKEW_SECONDS, 0.0):.6f}",
        "include_all_metadata": True,
        "limit": PAGE_SIZE,
    }
    found = None
    if message.thread_ts:
        try:
            found = _search(client.conversations_replies, {**parameters, "ts": message.thread_ts}, message)
        except SlackError as error:
            if error.reason != "thread_not_found":
                raise
    return found or _search(client.conversations_history, parameters, message)


def _search(page: Page, parameters: Mapping[str, Any], message: Message) -> Receipt | None:
    for found in _messages(page, parameters):
        if message.mark and _mark(found) == message.mark:
            return receipt(message.destination, found)
    return None


def _mark(found: Any) -> object:
    match found:
        case {"ts": str(), "metadata": {"event_payload": {"key": key}}}:
            return key
    return None


def _messages(page: Page, parameters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the messages of all pages. Raises SLACK_UNREADABLE if there are too many pages to be sure."""
    cursor_parameter: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        answer = _read(page, {**parameters, **cursor_parameter})
        yield from answer["messages"]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        cursor_parameter = {"cursor": str(cursor)}
    raise SlackError("SLACK_UNREADABLE", f"more than {MAX_PAGES * PAGE_SIZE} messages came after it")


def _read(page: Page, parameters: Mapping[str, Any]) -> Any:
    """Read one page. A read whose outcome is unknown can be repeated."""
    try:
        return page(**parameters)
    except SlackError as error:
        if error.code in _REFUSED or error.reason in _UNREADABLE:
            raise SlackError("SLACK_UNREADABLE", error.reason) from None
        if error.code == "SLACK_AMBIGUOUS":
            raise SlackError("SLACK_UNAVAILABLE", error.reason) from None
        raise
