"""Everything that the page shows, as items under keys, and how they change.

A reader gets the whole at first and then the differences, so it is right again after a reset or a lost connection
without any further word between the two.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from lab.page.facts import Fact

if TYPE_CHECKING:  # the stand-in serves this page, so it imports this module
    from lab.slack.standin import StandIn
    from lab.slack.workspace import Message

Item = dict[str, Any]
HEARTBEAT_SECONDS: Final = 15.0  # how long a stream may be silent; a reader that has gone is noticed then


class Board:
    """Holds the facts and the wishes, and looks at the stand-in for the rest."""

    def __init__(self, slack: StandIn) -> None:
        self._slack = slack
        self._facts: dict[str, Fact] = {}
        self._wishes: list[Fact] = []
        self._gallery: dict[str, Item] = {}
        self._numbers = itertools.count(1)
        self._readers: set[asyncio.Event] = set()

    def items(self) -> dict[str, Item]:
        """Return all items: channels, messages oldest first, facts in the order that they came, notifications."""
        channels = {f"channel:{each.id}": {"kind": "channel", **asdict(each)} for each in self._slack.config.channels}
        messages = {f"message:{each.channel}:{each.ts}": _message(each) for each in self._slack.workspace}
        return {**channels, **messages, **self._facts, **self._gallery}

    def add(self, facts: list[Fact]) -> None:
        """Add facts; one about a message takes the place of the last about it."""
        self._facts.update({self._key(fact): fact for fact in facts})
        self.announce()

    def replace(self, kind: str, facts: list[Fact]) -> None:
        """Make these the only facts of their kind."""
        self._facts = {key: fact for key, fact in self._facts.items() if fact["kind"] != kind}
        self.add(facts)

    def exhibit(self, items: dict[str, Item]) -> None:
        """Make these the notifications and their stages (cli.preview.gallery)."""
        self._gallery = items
        self.announce()

    def wish(self, event: Fact) -> Fact:
        """Note that somebody wants this event to be published, and return it with its number."""
        numbered = {"number": next(self._numbers), **event}
        self._wishes.append(numbered)
        return numbered

    def wishes(self, after: int) -> list[Fact]:
        """Return the wishes with a higher number, oldest first."""
        return [each for each in self._wishes if int(each["number"]) > after]

    def clear(self) -> None:
        """Forget facts, wishes and notifications. Numbers go on, so that nobody takes a new wish for an old one."""
        self._facts.clear()
        self._wishes.clear()
        self._gallery = {}
        self.announce()

    def announce(self) -> None:
        """Let the readers look for what has changed."""
        for reader in self._readers:
            reader.set()

    async def changes(self) -> AsyncGenerator[Item]:
        """Yield {"set": items, "gone": keys}: everything at first, then what differs; nothing does in a heartbeat."""
        known: dict[str, Item] = {}
        changed = asyncio.Event()
        self._readers.add(changed)
        try:
            while True:
                changed.clear()
                items = self.items()
                yield {"set": dict(_new(known, items)), "gone": [key for key in known if key not in items]}
                known = items
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_SECONDS)
        finally:
            self._readers.discard(changed)

    def _key(self, fact: Fact) -> str:
        if fact["kind"] == "delivery":
            return f"delivery:{fact['channel']}:{fact['ts']}"
        return f"{fact['kind']}:{next(self._numbers)}"


def _new(known: dict[str, Item], items: dict[str, Item]) -> Iterator[tuple[str, Item]]:
    return ((key, item) for key, item in items.items() if known.get(key) != item)


def _message(message: Message) -> Item:
    """Return what Slack would show of a message."""
    return {
        "kind": "message",
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "edited": message.edited > 0,
    }
