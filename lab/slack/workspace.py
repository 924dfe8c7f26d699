"""The accepted messages, by channel and ts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from lab.slack.content import Content

MICROSECONDS: Final = 1_000_000
TS_STEP_MICROSECONDS: Final = 100
GONE: Final = "gone"  # a record in the journal: the channel and the ts of a deleted message


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `ts` identifies it in its channel; our own times are Unix seconds.

    `via` is the API that it came by, `options` are the arguments besides the content (`unfurl_links`, `link_names`,
    ...); `edited` is the time of the last update, 0 for none. The thread of a `locked` message accepts no replies.
    """

    channel: str
    ts: str
    text: str
    via: Literal["token", "webhook"]
    received_at: float
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    thread_ts: str = ""
    edited: float = 0.0
    locked: bool = False


class Workspace:
    """The messages, oldest first. With a `journal` file they survive the process."""

    def __init__(self, journal: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self._clock = clock
        self._messages: dict[tuple[str, str], Message] = {}
        self._last: dict[str, int] = {}
        if journal:
            journal.parent.mkdir(parents=True, exist_ok=True)
        for line in _read(journal) if journal else ():
            self._replay(line)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages.values())

    def find(self, channel: str, ts: str) -> Message | None:
        """Return the message with this channel and ts."""
        return self._messages.get((channel, ts))

    def in_channel(self, channel: str) -> list[Message]:
        """Return the messages of a channel, replies included, oldest first."""
        return [message for message in self if message.channel == channel]

    def parent(self, channel: str, ts: str) -> Message | None:
        """Return the first message of the thread that the message with this ts is in, or would start."""
        found = self.find(channel, ts)
        return self.find(channel, found.thread_ts) if found and found.thread_ts else found

    def post(
        self,
        channel: str,
        content: Content,
        *,
        via: Literal["token", "webhook"],
        thread_ts: str = "",
        options: dict[str, Any] | None = None,
    ) -> Message:
        """Keep a new message. A reply to a reply joins its thread; a reply to nothing becomes a message of its own.

        Slack does the latter if the parent is gone: it responds ok, and leaves out thread_ts.
        """
        parent = self.parent(channel, thread_ts)
        message = Message(
            channel=channel,
            ts=self._next_ts(channel),
            text=content.text or "",
            via=via,
            received_at=self._clock(),
            blocks=content.blocks or [],
            attachments=content.attachments or [],
            metadata=content.metadata or {},
            options=options or {},
            thread_ts=parent.ts if parent else "",
        )
        return self._keep(message)

    def edit(self, message: Message, content: Content, options: dict[str, Any] | None = None) -> Message:
        """Change the content and the options of a message; what is left out stays."""
        given = {name: value for name, value in asdict(content).items() if value is not None}
        options = {**message.options, **(options or {})}
        return self._keep(replace(message, edited=self._clock(), options=options, **given))

    def lock(self, message: Message) -> None:
        """Lock the thread of a message: it accepts no more replies."""
        self._keep(replace(message, locked=True))

    def delete(self, message: Message) -> None:
        """Remove a message. Replies to it stay, but no new one can join them."""
        del self._messages[message.channel, message.ts]
        self._write({GONE: [message.channel, message.ts]})

    def clear(self) -> None:
        """Remove all messages."""
        self._messages.clear()
        self._last.clear()
        if self._journal:
            self._journal.unlink(missing_ok=True)

    def _replay(self, line: dict[str, Any]) -> None:
        if GONE in line:
            self._messages.pop(tuple(line[GONE]), None)
        else:
            self._add(Message(**line))

    def _add(self, message: Message) -> None:
        self._messages[message.channel, message.ts] = message
        self._last[message.channel] = max(_microseconds(message.ts), self._last.get(message.channel, 0))

    def _keep(self, message: Message) -> Message:
        self._add(message)
        self._write(asdict(message))
        return message

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal:
            with self._journal.open("a") as lines:
                lines.write("\n" + json.dumps(line))

    def _next_ts(self, channel: str) -> str:
        """Return a ts later than all others of the channel: seconds, then a counter, such as "1732263600.000100"."""
        now = int(self._clock()) * MICROSECONDS
        ts = max(now, self._last.get(channel, 0)) + TS_STEP_MICROSECONDS
        return f"{ts // MICROSECONDS}.{ts % MICROSECONDS:06d}"


def _microseconds(ts: str) -> int:
    return int(ts.replace(".", ""))


def _read(journal: Path) -> Iterator[dict[str, Any]]:
    """Yield the records that an earlier process wrote. A line that was cut off by a kill is skipped."""
    for line in journal.read_text().splitlines() if journal.exists() else ():
        with suppress(ValueError):
            yield json.loads(line)
