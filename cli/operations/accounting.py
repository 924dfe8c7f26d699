"""Decides whether every event is accounted for. Pure: works on the rows of the state table and on the Evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cli.operations.rows import Row
from handler.delivery.backoff import JITTER, LONGEST_SECONDS
from handler.delivery.records import Phase

# A delivery may show no progress for this much longer than the longest pause between two attempts.
SLACK_SECONDS: Final = 3600.0
# With direct intake, Lambda retries an event for this long (MaximumEventAgeInSeconds in template.yaml).
DIRECT_SECONDS: Final = 21_600.0
# At the edges of the time window, an event may be published inside and seen outside, or the reverse.
LEAST_DIFFERENCE: Final = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What distinguishes a late delivery from a lost one.

    `queued` is how many messages the intake queue holds (None: no queue). None of them was sent before `oldest_at`
    (None: unknown). `idle`: nothing shows that the function reads the queue. `parked` are the events in the dead-letter
    queue.
    """

    queued: int | None
    oldest_at: float | None = None
    idle: bool = False
    parked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accounting:
    """Deliveries by outcome, each counted once: received = delivered + suppressed + parked + queued + lost.

    `late` are queued ones that should have been retried by now. `events` is how many events these deliveries belong to,
    `queued_events` those with a queued one. `notices` are posted messages about broken templates. They are not
    deliveries: one notice stands for any number of parked events.
    """

    delivered: int
    suppressed: int
    parked: int
    queued: int
    late: int
    lost: Sequence[Row]
    events: int
    parked_events: int
    queued_events: int
    notices: int

    @property
    def received(self) -> int:
        """Return the number of all deliveries."""
        return self.delivered + self.suppressed + self.parked + self.queued + len(self.lost)


def patience(visibility_seconds: float | None) -> float:
    """Return for how many seconds a delivery may show no progress; None stands for direct intake."""
    if visibility_seconds is None:
        return DIRECT_SECONDS + SLACK_SECONDS
    return LONGEST_SECONDS * (1 + JITTER) + visibility_seconds + SLACK_SECONDS


def overdue(rows: Iterable[Row], now: float, seconds: float) -> list[Row]:
    """Return the deliveries that have not ended, and whose next attempt is more than `seconds` overdue.

    Notices are not among them: the next event with the same problem posts the notice.
    """
    open_ones = [row for row in rows if not row.final and not row.key.notice]
    return [row for row in open_ones if now > max(row.record.at, row.record.until) + seconds]


def is_at_work(worked_at: Iterable[float], now: float, seconds: float) -> bool:
    """Return whether the function has tried every waiting message in the last `seconds`, by the times `worked_at`.

    `seconds` is the patience with a delivery. Work at the very start or end of this time proves nothing: the function
    may have stopped soon after, or started just now, and a message can wait for its next attempt as long as the longest
    pause.
    """
    pause = seconds - SLACK_SECONDS
    known = now - pause  # CloudWatch is some minutes late
    return any(now - seconds + pause <= at <= known - pause for at in worked_at)


def close(rows: Sequence[Row], late: Sequence[Row], evidence: Evidence) -> Accounting:
    """Count the outcomes. `rows` are of deliveries and notices, `late` those of them that are overdue."""
    deliveries = current(rows)
    phases = Counter(row.record.phase for row in deliveries if row.final)
    ours = {row.key for row in deliveries}
    late = [row for row in late if row.key in ours]
    given_up = [row for row in late if row.key.event in evidence.parked]
    lost = [row for row in late if row.key.event not in evidence.parked and _is_lost(row, evidence)]
    parked = {row.key.event for row in deliveries if row.record.phase is Phase.PARKED}
    queued = [row for row in deliveries if not row.final and row not in given_up and row not in lost]
    return Accounting(
        delivered=phases[Phase.DELIVERED],
        suppressed=phases[Phase.SUPPRESSED],
        parked=phases[Phase.PARKED] + len(given_up),
        queued=len(queued),
        late=len(late) - len(given_up) - len(lost),
        lost=lost,
        events=len({row.key.event for row in deliveries}),
        queued_events=len({row.key.event for row in queued}),
        parked_events=len(parked | {row.key.event for row in given_up}),
        notices=len([row for row in rows if row.key.notice and row.record.phase is Phase.DELIVERED]),
    )


def current(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of deliveries, without rows that a replay has replaced.

    An event that was parked before it had a channel has a row without one. Its replay writes rows with channels.
    """
    newest: dict[tuple[str, str], float] = {}
    for row in rows:
        if row.key.channel and not row.key.notice:
            for name in (row.key.notification, ""):
                newest[row.key.event, name] = max(row.record.at, newest.get((row.key.event, name), 0.0))

    def left_behind(row: Row) -> bool:
        return not row.key.channel and newest.get((row.key.event, row.key.notification), 0.0) > row.record.at

    return [row for row in rows if not row.key.notice and not left_behind(row)]


def difference(published: int, seen: int, queued: int, tolerance: float) -> int:
    """Return how many events are missing (positive) or too many (negative); 0 within the tolerance, such as 0.01.

    `seen` is how many the state table knows, `queued` how many the queue holds; some may be in both.
    """
    allowed = max(LEAST_DIFFERENCE, tolerance * published)
    missing, extra = published - seen - queued, seen - published
    if missing > allowed:
        return missing
    return -extra if extra > allowed else 0


def _is_lost(row: Row, evidence: Evidence) -> bool:
    """Return whether nothing can continue a delivery, because its message is in no queue."""
    if not evidence.queued:
        return True
    return not evidence.idle and evidence.oldest_at is not None and evidence.oldest_at > row.record.at
