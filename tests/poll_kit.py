"""What the tests of polls share: a store and a queue that can fail at every step, as a killed function does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from handler.polling.id_cursor import IdCursor
from handler.polling.poll import Digest, Finding, PolledRow, PollState
from handler.polling.seen import Seen


class CrashError(Exception):
    """The function was killed here."""


class ConflictError(Exception):
    """Another run has written the state."""


@dataclass
class Kept:
    """The state as it is stored, and what the queue has accepted. After `effects_left` steps the function is killed."""

    state: PollState = field(default_factory=lambda: PollState(IdCursor.at(0), looked_at=0.0))
    sent: list[Finding] = field(default_factory=list)
    effects_left: int = -1

    def save(self, state: PollState) -> PollState:
        self._step()
        if (state.epoch, state.revision) != (self.state.epoch, self.state.revision):
            raise ConflictError
        self.state = replace(state, revision=state.revision + 1)
        self._step()
        return self.state

    def send(self, findings: Sequence[Finding], epoch: int) -> None:
        self._step()
        self.sent += findings
        self._step()

    def rows(self) -> set[int]:
        """The rows that were reported one by one, without duplicates, as the ledger removes them."""
        return {finding.id for finding in self.sent if isinstance(finding, PolledRow)}

    def digests(self) -> list[Digest]:
        """The digests, each of them once; a digest that was sent twice must not have changed."""
        found = {finding for finding in self.sent if isinstance(finding, Digest)}
        assert len({digest.number for digest in found}) == len(found)
        return list(found)

    def _step(self) -> None:
        self.effects_left -= 1
        if self.effects_left == 0:
            raise CrashError


def seen(ids: Iterable[int]) -> Seen:
    """A set of ids, from words as a database gives them."""
    words: dict[int, int] = {}
    for id_ in ids:
        words[id_ // 64] = words.get(id_ // 64, 0) | 1 << id_ % 64
    return Seen.of(words.items())
