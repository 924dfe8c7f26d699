"""Collects what is needed to balance a stack: rows, queue depths, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cli.language import later, say
from cli.operations import accounting, dlq, metrics, rows
from cli.operations.accounting import Accounting, Evidence
from cli.operations.aws_errors import UnansweredError
from cli.operations.metrics import Depth
from cli.operations.screen import Say
from cli.operations.stack import Stack

# CloudWatch has the sum of a minute only some minutes later.
METRIC_LAG_SECONDS: Final = 300.0
# At most this many messages of the dead-letter queue are searched for events that SQS has given up.
LETTERS: Final = 10_000
_IDLE: Final = later(
    "CloudWatch does not show that the function has worked on the queue for long enough to try every message again. "
    "While the queue holds messages, late deliveries are not counted as lost."
)


@dataclass(frozen=True, slots=True)
class Result:
    """The balance from `since` to `until` (Unix seconds). `queue` is None with direct intake.

    `published` is how many events the topic accepted until `until` minus the metric's delay, without ignored ones
    (None: unknown, or not comparable). `seen` is how many events were seen by then, and `difference` how many are
    missing or too many beyond the tolerance.
    """

    stack: str
    since: float
    until: float
    books: Accounting
    queue: Depth | None
    dead_letters: Depth
    tolerance: float
    published: int | None = None
    seen: int = 0
    difference: int = 0
    notes: Sequence[str] = field(default_factory=list)

    @property
    def unrecorded(self) -> int:
        """Return how many messages in the queue belong to events without a queued delivery in the state table.

        The function has not received them yet, or is working on them, or ended before it wrote a row. Each counts as
        one queued delivery. While the function works on a batch, deliveries that have just ended may be counted here,
        too.
        """
        return max(0, self.queue.total - self.books.queued_events) if self.queue else 0

    @property
    def queued(self) -> int:
        """Return how many deliveries have not ended."""
        return self.books.queued + self.unrecorded

    @property
    def received(self) -> int:
        """Return the number of all deliveries: delivered + suppressed + parked + queued + lost."""
        return self.books.received + self.unrecorded

    @property
    def unbalanced(self) -> int:
        """Return how much is not accounted for: lost deliveries, and events that are missing or too many."""
        return len(self.books.lost) + abs(self.difference)


def run(stack: Stack, since: float, now: float, tolerance: float, report: Say) -> Result:
    """Compute a stack's balance. Raises UnansweredError."""
    notes: list[str] = []
    found = list(rows.since(stack, since, now, lambda count: report(say("{count:,} items", count=count))))
    queue = metrics.depth(stack, stack.queue) if stack.queue else None
    dead_letters = metrics.depth(stack, stack.dead_letters)
    patience = accounting.patience(queue.visibility_seconds if queue and not stack.is_draining else None)
    late = accounting.overdue(found, now, patience)
    evidence = Evidence(queue.total if queue else None)
    if late:
        report(say("looking for those that are late"))
        evidence = replace(_waiting(stack, queue, now, patience, notes), parked=_parked(stack, dead_letters, notes))
    closed = accounting.close(found, late, evidence)
    report(say("reading the topic's metric"))
    until = now - METRIC_LAG_SECONDS
    seen = len({row.key.event for row in accounting.current(found) if since <= row.record.at <= until})
    published = _published(stack, since, until, notes)
    difference = (
        0 if published is None else accounting.difference(published, seen, queue.total if queue else 0, tolerance)
    )
    return Result(
        stack.name, since, now, closed, queue, dead_letters, tolerance, published, seen, difference, tuple(notes)
    )


def _waiting(stack: Stack, queue: Depth | None, now: float, patience: float, notes: list[str]) -> Evidence:
    """Return what the queue tells about which late deliveries are lost."""
    if queue is None:
        return Evidence(None)
    if metrics.is_paused(stack):
        notes.append(say("The event source mapping is disabled: the function takes nothing from the queue."))
        return Evidence(queue.total, idle=True)
    if not queue.total:
        return Evidence(0)
    progress = metrics.progress(stack, now - patience, now)
    idle = not accounting.is_at_work(progress.worked_at, now, patience)
    if idle:
        notes.append(say(_IDLE))
    return Evidence(queue.total, progress.oldest_at, idle)


def _parked(stack: Stack, dead_letters: Depth, notes: list[str]) -> frozenset[str]:
    """Return the identities of the events in the dead-letter queue."""
    if not dead_letters.total:
        return frozenset()
    with dlq.opened(stack, LETTERS, 0, lambda _: None) as box:
        if box.more:
            notes.append(say("Of the dead-letter queue, {count} messages were looked at: it has more.", count=LETTERS))
        return frozenset(letter.event_id for letter in box.held.values())


def _published(stack: Stack, since: float, until: float, notes: list[str]) -> int | None:
    """Return how many messages the topic accepted; None if that cannot be compared with the events seen."""
    try:
        if metrics.is_filtered(stack):
            notes.append(say("The subscription filters the topic's events, so their number is not compared."))
            return None
        found = metrics.published(stack, since, until)
        ignored = metrics.ignored(stack, since, until) if found else 0
    except UnansweredError as error:
        notes.append(say("Not compared with what was published: {why}", why=error.message))
        return None
    if found is None:
        notes.append(say("CloudWatch knows of no message on the topic in this time, so nothing is compared."))
        return None
    if ignored:
        notes.append(say("Not counted: {count:,} events on the topic that have no template.", count=ignored))
    return max(0, found - ignored)
