"""Selects letters of the dead-letter queue by the options of `replay`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cli.operations import times
from cli.operations.dead_letters import DeadLetter

# The value of --code for letters without a code: SQS, SNS and Lambda give no reason.
NONE: Final = "NONE"


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters. A letter must match each filter that is set; of several codes, types or ids, one is enough."""

    codes: Sequence[str] = ()
    types: Sequence[str] = ()
    event_ids: Sequence[str] = ()
    since: float | None = None
    until: float | None = None
    everything: bool = False

    @property
    def empty(self) -> bool:
        """Return whether no filter is set."""
        return not (self.everything or self.codes or self.types or self.event_ids or self.since or self.until)

    def picks(self, letter: DeadLetter) -> bool:
        """Return whether a letter matches."""
        return (
            (not self.codes or not {letter.code or NONE, *letter.also}.isdisjoint(self.codes))
            and (not self.types or letter.type in self.types)
            and (not self.event_ids or any(letter.is_about(name) for name in self.event_ids))
            and (self.since is None or letter.parked_at >= self.since)
            and (self.until is None or letter.parked_at <= self.until)
        )

    def arguments(self) -> list[str]:
        """Return the options for the same selection, with absolute times."""
        named = [("--code", one) for one in self.codes] + [("--type", one) for one in self.types]
        named += [("--event-id", one) for one in self.event_ids]
        bounds = (("--since", self.since), ("--until", self.until))
        named += [(name, times.iso(at)) for name, at in bounds if at is not None]
        return [word for pair in named for word in pair] + (["--all"] if self.everything or not named else [])

    def command(self, stack: str | None) -> str:
        """Return the command that sends these letters again; `stack` is the value of --stack."""
        named = ["--stack", stack] if stack else []
        return shlex.join(["notifier", "replay", *named, *self.arguments(), "--send"])
