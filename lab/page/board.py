"""The page's state: items by key, and their changes.

A reader first gets the complete state and then the differences, so it needs no further protocol after a reset or a lost
connection.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from lab.page.facts import NAMES, Fact

if TYPE_CHECKING:  # the stand-in serves this page, so it imports this module
    from lab.slack.standin import StandIn
    from lab.slack.workspace import Message

Item = dict[str, Any]
ANSWER_SECONDS: Final = 60.0
HEARTBEAT_SECONDS: Final = 15.0  # longest silence of a stream, in seconds; only a write shows that a reader has gone


class Board:
    """Holds the facts and the questions, and reads everything else from the stand-in."""

    def __init__(self, slack: StandIn) -> None:
        self._slack = slack
        self._facts: dict[str, Fact] = {}
        self._asked: dict[int, tuple[Item, asyncio.Future[Item]]] = {}
        self._gallery: dict[str, Item] = {}
        self._numbers = itertools.count(1)
        self._readers: set[asyncio.Event] = set()

    def items(self) -> dict[str, Item]:
        """Return all items: channels, messages oldest first, facts in order of arrival, notifications.

        A direct message adds its conversation to the channels.
        """
        config, used = self._slack.config, {each.channel for each in self._slack.workspace}
        listed = [each for each in config.conversations if each in config.channels or each.id in used]
        channels = {f"channel:{each.id}": {"kind": "channel", **asdict(each)} for each in listed}
        messages = {f"message:{each.channel}:{each.ts}": _message(each) for each in self._slack.workspace}
        return {**channels, **messages, **self._facts, **self._gallery}

    def add(self, facts: list[Fact]) -> None:
        """Add facts. A fact replaces the previous one about the same thing (facts.NAMES)."""
        self._facts.update({self._key(fact): fact for fact in facts})
        self.announce()

    def replace(self, kind: str, facts: list[Fact]) -> None:
        """Replace all facts of this kind."""
        self._facts = {key: fact for key, fact in self._facts.items() if fact["kind"] != kind}
        self.add(facts)

    def exhibit(self, items: dict[str, Item]) -> None:
        """Replace the notifications and their stages (cli.preview.gallery)."""
        self._gallery = items
        self.announce()

    async def ask(self, question: Item) -> Item:
        """Add a question of the page, and return its answer. Raises TimeoutError if nobody answers in time."""
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._asked[number] = (question, future)
        try:
            return await asyncio.wait_for(future, ANSWER_SECONDS)
        finally:
            self._asked.pop(number, None)

    def questions(self) -> list[Item]:
        """Return the unanswered questions with their numbers, oldest first."""
        return [
            {"number": number, "question": question}
            for number, (question, future) in self._asked.items()
            if not future.done()
        ]

    def answer(self, number: int, answer: Item) -> None:
        """Answer a question, if somebody still waits for the answer."""
        _, future = self._asked.get(number, (None, None))
        if future and not future.done():
            future.set_result(answer)

    def clear(self) -> None:
        """Remove facts, questions and notifications. Question numbers go on, so no answer meets a later one."""
        self._facts.clear()
        for number in self._asked:
            self.answer(number, {"error": "everything was reset"})
        self._gallery = {}
        self.announce()

    def announce(self) -> None:
        """Wake the readers, so that they look for changes."""
        for reader in self._readers:
            reader.set()

    async def changes(self) -> AsyncGenerator[Item]:
        """Yield {"set": items, "gone": keys}: first everything, then the differences; both are empty in a heartbeat."""
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
        names = [fact[name] for name in NAMES.get(str(fact["kind"]), ())]
        return ":".join(map(str, (fact["kind"], *(names or [next(self._numbers)]))))


def _new(known: dict[str, Item], items: dict[str, Item]) -> Iterator[tuple[str, Item]]:
    return ((key, item) for key, item in items.items() if known.get(key) != item)


def _message(message: Message) -> Item:
    """Return a message as Slack would show it."""
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
