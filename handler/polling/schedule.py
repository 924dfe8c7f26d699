"""When a poll runs next, and how its last run went. It is small, and is stored apart from the poll's state."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from handler.errors import ConfigError, NotifierError
from handler.frozen import frozen
from handler.model import Poll
from handler.polling import cron, stored_names
from handler.polling.run import RunResult
from handler.state_item import Item

# How long a lease lasts. No invocation lasts longer (Timeout in template.yaml), so a run whose lease has expired has
# ended.
LEASE_SECONDS: Final = 90.0
# After a failure the next run follows after a minute; after more failures in a row, later, but within this time.
_LONGEST_PAUSE: Final = 900.0
# There is a tick in each minute, but not always at the same second.
_EARLY_SECONDS: Final = 30.0
# How much clocks may differ.
_SKEW_SECONDS: Final = 60.0
# Where the clock is set back, the interval between two times of a cron expression is longer than usual by up to this.
_CHANGE_SECONDS: Final = 2 * 3600.0
# A poll is overdue if it has not read its table this long after its time.
_OVERDUE_SECONDS: Final = 900.0
_OVERDUE_FAILURES: Final = 10
# A poll whose state is fuller (RunResult.full) may soon give up ids.
NEARLY_FULL: Final = 0.7
REUSED: Final = "POLL_IDS_REUSED"
ON_HOLD: Final = frozenset(
    {"POLL_STATE_LOST", "POLL_STATE_UNREADABLE", "POLL_IDS_SPARSE", "POLL_VALUES_UNFIT", REUSED}
    | {"POLL_CURSOR_CHANGED", "POLL_TIMES_UNFIT"}
)
PAUSED: Final = "paused"
# Values of `start_mode`. `above` says which rows a request is about.
REWIND: Final = "rewind"  # find the rows above it again, and leave the others as they are
RESEND: Final = "resend"  # count only the rows up to it as seen
# Values of `above_kind`.
ID: Final = "id"
TIME: Final = "time"  # whole microseconds since 1970


@frozen
class Schedule:
    """When a poll runs next, how its last run went, and what an operator asked for. Times are Unix seconds; 0 is never.

    Times: `began_at` is when the poll first ran; `state_known_at` when it was first known to have a state. The poll is
    due at `due_at`, which was set under `plan` (Poll.plan), unless another run holds the lease until `leased_until`.
    `scanned_at` is when its new ids were last read; `complete_at` when the last complete run began
    (RunResult.complete).

    Outcome: `more` is 1 if the last run left work to the next one. `failures` counts the failed runs since the last
    successful one; `code` and `detail` are of the last failure. A poll with a reason in `held` does not run.

    Requests: `starts` counts the changes that operators asked for; the next run carries out the last one. If
    `start_mode` is empty, it counts all present rows as seen. Otherwise the request is about the rows `above` an id or
    a time (`above_kind`). `reuse_dismissed` is 1 if the next run forgets all signs that ids were reused. `epoch`
    counts how many times the ids restarted.

    Counters since the last start: `found` new rows, `late` ones among them, and `given_up` ids that the poll stopped
    looking for because the state was too large. `full` is RunResult.full.
    """

    began_at: float = 0.0
    state_known_at: float = 0.0
    due_at: float = 0.0
    plan: str = ""
    leased_until: float = 0.0
    scanned_at: float = 0.0
    complete_at: float = 0.0
    more: int = 0
    failures: int = 0
    code: str = ""
    detail: str = ""
    held: str = ""
    starts: int = 0
    start_mode: str = ""
    above: int = 0
    above_kind: str = ID
    reuse_dismissed: int = 0
    epoch: int = 0
    found: int = 0
    late: int = 0
    given_up: int = 0
    full: float = 0.0

    @classmethod
    def of(cls, item: Item | None) -> Schedule:
        """Return the schedule in an item; None is that of a poll that has never run."""
        defaults = {one.name: one.default for one in fields(cls)}
        known = stored_names.SCHEDULE_FIELDS
        found = {known[name]: value for name, value in (item.values if item else {}).items() if name in known}
        return cls(**{name: value for name, value in found.items() if _is_like(value, defaults[name])})  # type: ignore[arg-type]

    def values(self) -> dict[str, str | float | bytes]:
        """Return the values of the item."""
        return {name: getattr(self, field) for name, field in stored_names.SCHEDULE_FIELDS.items()}

    @property
    def is_on_hold(self) -> bool:
        """Whether the poll cannot continue until an operator acts."""
        return self.code in ON_HOLD and self.held != PAUSED

    @property
    def is_paused(self) -> bool:
        """Whether an operator has paused the poll."""
        return self.held == PAUSED

    @property
    def is_nearly_full(self) -> bool:
        """Whether the poll may soon give up ids that can still appear within the longest transaction."""
        return self.full >= NEARLY_FULL and not self.held

    def is_leased(self, now: float) -> bool:
        """Return whether a run is under way."""
        return now < self.leased_until <= now + LEASE_SECONDS + _SKEW_SECONDS

    def is_due(self, now: float, poll: Poll) -> bool:
        """Return whether a run may begin."""
        return not (self.held or self.is_leased(now) or now + _EARLY_SECONDS < self._effective_due_at(now, poll))

    def _effective_due_at(self, now: float, poll: Poll) -> float:
        """Return the due time by the poll's present interval or cron expression; 0 means at once.

        A due time that is too far in the future was set when the interval was longer, or by a wrong clock, and does not
        count. Neither does one that was set by another cron expression: then the first time of the new expression after
        the last scan counts.
        """
        if not poll.cron:
            furthest = poll.every
        elif self.failures:
            furthest = _LONGEST_PAUSE
        elif self.due_at <= self.scanned_at or self.scanned_at > now + _SKEW_SECONDS:
            return 0.0
        elif self.plan != poll.plan:
            return _following(poll, self.scanned_at + _EARLY_SECONDS) or 0.0
        else:
            furthest = poll.every + _CHANGE_SECONDS
        return self.due_at if self.due_at <= now + furthest + _SKEW_SECONDS else 0.0

    def is_overdue(self, now: float, poll: Poll) -> bool:
        """Return whether the table should have been read long ago, or reading has failed many times in a row."""
        since = self.scanned_at or self.began_at
        is_late = bool(since) and now - self._expected(since, poll) > _OVERDUE_SECONDS
        return not self.held and (is_late or self.failures >= _OVERDUE_FAILURES)

    def _expected(self, since: float, poll: Poll) -> float:
        """Return when the table should have been read next after `since`."""
        if poll.cron and self.plan == poll.plan and not self.failures:
            return max(self.due_at, since)
        return (_following(poll, since + _EARLY_SECONDS) if poll.cron else None) or since + poll.every

    def leased(self, now: float, state: Item | None) -> Schedule:
        """Return the schedule with a lease for a run that starts now.

        If there is a `state`, the schedule records that, so that a later run notices if the state is lost. If the
        schedule was lost instead, its `starts` and `epoch` are restored from the state.
        """
        return replace(
            self,
            began_at=self.began_at or now,
            state_known_at=self.state_known_at or (now if state else 0.0),
            leased_until=now + LEASE_SECONDS,
            more=0,
            starts=max(self.starts, int(state.number(stored_names.STARTS)) if state else 0),
            epoch=max(self.epoch, int(state.number(stored_names.EPOCH)) if state else 0),
        )

    def started(self) -> Schedule:
        """Return a schedule whose next run counts the present rows as seen. A paused poll stays paused."""
        held = PAUSED if self.is_paused else ""
        return Schedule(leased_until=self.leased_until, held=held, starts=self.starts + 1, epoch=self.epoch)

    def rebased(self, above: int | None = None, above_kind: str = ID) -> Schedule:
        """Return a schedule whose next run starts the poll anew after its ids restarted: rows get new identities.

        Rows with an id, or a time, greater than `above` count as new. If it is None, all present rows count as seen.
        """
        again = replace(self.started(), epoch=self.epoch + 1)
        return again if above is None else replace(again, start_mode=RESEND, above=above, above_kind=above_kind)

    def rewound(self, above: int, above_kind: str = ID) -> Schedule:
        """Return a schedule whose next run finds the rows with ids, or times, greater than `above` again."""
        return replace(self, starts=self.starts + 1, start_mode=REWIND, above=above, above_kind=above_kind)

    def due(self, now: float, every: float | None) -> Schedule:
        """Return a schedule whose next run is due now. If the interval `every` is known, later runs keep their times.

        The times of a cron expression do not depend on the due time, so that is reset: otherwise, after a change of the
        expression, the run would wait for a time of the new one.
        """
        if every is None or self.plan or now >= self.due_at:
            return replace(self, due_at=0.0)
        return replace(self, due_at=min(self.due_at - every, now))

    def paused(self) -> Schedule:
        """Return a schedule that is paused."""
        return replace(self, held=PAUSED)

    def resumed(self) -> Schedule:
        """Return a schedule whose next run is due at once, for whatever reason the poll did not run.

        A poll that was paused while on hold for reused ids is on hold again: ending the pause does not say that this
        was a false alarm.
        """
        if self.is_paused and self.code == REUSED:
            return replace(self, held=REUSED)
        reuse_dismissed = int(self.code == REUSED or self.reuse_dismissed)
        return replace(self, held="", code="", detail="", failures=0, due_at=0.0, reuse_dismissed=reuse_dismissed)

    def after(self, ran: RunResult, now: float, poll: Poll) -> Schedule:
        """Return the schedule after a run. The next is due at the poll's next time, or at once if there is more to do.

        Raises ConfigError as cron.following does.
        """
        counted = replace(
            self,
            state_known_at=self.state_known_at or now,
            leased_until=0.0,
            scanned_at=now if ran.scanned else self.scanned_at,
            complete_at=self._run_began_at if ran.complete else self.complete_at,
            more=int(ran.more),
            reuse_dismissed=0,
            found=self.found + ran.found,
            late=self.late + ran.late,
            given_up=self.given_up + ran.given_up,
            full=self.full if ran.full is None else ran.full,
        )
        if ran.failure:
            return counted.failed(ran.failure, now, poll.every)
        due_at = now if ran.more else self._next(now, poll)
        return replace(counted, due_at=due_at, plan=poll.plan, failures=0, code="", detail="")

    @property
    def _run_began_at(self) -> float:
        """When the run that holds the lease began."""
        return self.leased_until - LEASE_SECONDS

    def _next(self, now: float, poll: Poll) -> float:
        """Return the poll's next time after this run, which ends now."""
        if poll.cron:
            # Times between the start of a run and its end are still due. A run that began a little early was for the
            # time shortly after its start.
            due_at = self._effective_due_at(self._run_began_at, poll)
            is_early = self._run_began_at < due_at <= self._run_began_at + _EARLY_SECONDS
            return cron.following(poll.cron, poll.time_zone, due_at if is_early else self._run_began_at)
        following = self.due_at + poll.every  # so that the ticks' delays do not add up
        return following if now < following <= now + poll.every else now + poll.every

    def failed(self, failure: NotifierError, now: float, every: float) -> Schedule:
        """Return the schedule after a failed run. The pause before the next run doubles with each failure in a row."""
        pause = min(60.0 * 2 ** min(self.failures, 10), _LONGEST_PAUSE, every)
        return replace(
            self,
            due_at=now + pause,
            leased_until=0.0,
            failures=self.failures + 1,
            code=failure.code,
            detail=failure.detail,
            held=REUSED if failure.code == REUSED else "",
        )


def _following(poll: Poll, at: float) -> float | None:
    """Return the first time of the poll's cron expression after `at`; None if it is invalid. A run then reports why."""
    try:
        return cron.following(poll.cron, poll.time_zone, at)
    except ConfigError:
        return None


def _is_like(value: object, default: object) -> bool:
    """Return whether a value is a text, or a number, like the default."""
    return isinstance(value, str) if isinstance(default, str) else isinstance(value, int | float)
