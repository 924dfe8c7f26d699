"""Faults for single events: orders a fault of Slack for an event's post, and acts once the post has met it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lab.queue import Environment
from lab.soak.fault_log import FaultLog
from lab.soak.rig import Rig
from lab.soak.schedule import EventFault

# How often to ask the stand-in whether a post met its fault, in real seconds: well below the delay that a fault causes.
LOOK_SECONDS: Final = 0.03


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A fault that was ordered from Slack, and that no post has met yet."""

    number: int
    mishap: EventFault


class EventFaults:
    """Orders the planned faults for the events of a batch, and acts once Slack reports that a post met one."""

    def __init__(self, rig: Rig, planned: Mapping[int, Sequence[EventFault]], journal: FaultLog) -> None:
        self._rig = rig
        self._journal = journal
        self._left = {number: list(mishaps) for number, mishaps in planned.items()}
        self._ordered: dict[str, _Ordered] = {}
        self._looked = 0.0

    def order(self, numbers: Sequence[int]) -> None:
        """Order the next fault of each of these events that has none pending. Call this before they are delivered."""
        for number in numbers:
            text = self._journal.events[number].identity
            if text in self._ordered or not self._left.get(number):
                continue
            mishap = self._left[number].pop(0)
            self._order(text, mishap)
            self._ordered[text] = _Ordered(number, mishap)

    def forget_others(self) -> None:
        """Remove all of Slack's orders except these."""
        self._rig.slack.forget()
        for text, ordered in self._ordered.items():
            self._order(text, ordered.mishap)

    def look(self) -> bool:
        """Ask Slack which faults were met. Always return False, so that the event source continues to call it."""
        now = time.monotonic()
        if self._ordered and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            due = {order["text"] for order in self._rig.slack.due()}
            for text in [text for text in self._ordered if text not in due]:
                self._met(self._ordered.pop(text))
        return False

    def _order(self, text: str, mishap: EventFault) -> None:
        method = "webhook" if self._rig.mode.webhook else "chat.postMessage"
        self._rig.slack.order(mishap.fault, method=method, text=text, **mishap.options)

    def _met(self, ordered: _Ordered) -> None:
        mishap = ordered.mishap
        self._journal.met(ordered.number, mishap)
        if not mishap.then:
            return
        holder = self._journal.holder(ordered.number)
        if mishap.then == "ledger":
            self._rig.to_ledger.set("refuse")
            self._later(mishap.seconds, self._journal.period(self._journal.without_ledger))
            self._later(mishap.seconds, lambda: self._rig.to_ledger.set("pass"))
        elif holder and mishap.then == "kill":
            holder.kill()
        elif holder:
            self._freeze(holder, mishap)

    def _freeze(self, holder: Environment, mishap: EventFault) -> None:
        self._journal.frozen(holder)
        holder.freeze()
        self._later(mishap.seconds, holder.thaw)

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        self._rig.source.agenda.at(self._rig.clock.now() + seconds, action)
