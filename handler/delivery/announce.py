"""Carries out what is planned for the notice about a broken template (notices.py): counts, posts, edits.

Each event is counted in two steps: first an item says that it was, then the tally grows. So an event that comes again,
after a failure or a kill between any two steps, is never counted twice; at worst it is not counted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from handler.delivery import notices
from handler.delivery.delivery import Delivery, Notice, ended_by
from handler.delivery.notices import Act, Standing
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase
from handler.delivery.tallies import Tally, decode
from handler.delivery.throttle import pause_after
from handler.errors import ConfigError, NotifierError, named
from handler.outcome import End, Outcome, Repeated, Rule, Suppressed

if TYPE_CHECKING:
    from handler.delivery.send import Deliverer

# How often another worker may be faster before the event is left for later, which is then no longer counted. Of forty
# workers that count at once, each is the fastest one time in forty.
_ATTEMPTS: Final = 200


def announce(by: Deliverer, delivery: Delivery, notice: Notice) -> Outcome:
    """Bring the notice about a broken template as far as it gets now. Raises nothing."""
    announcement = _Announcement(by, delivery, notice)
    try:
        return announcement.run()
    except Exception as error:  # noqa: BLE001 - a defect that one delivery meets must not touch its neighbours
        return delivery.outcome(ended_by(named(error)))


class _Announcement:
    """What one event that failed does to the notice about its problem."""

    def __init__(self, by: Deliverer, delivery: Delivery, notice: Notice) -> None:
        self._by = by
        self._delivery = delivery
        self._notice = notice

    def run(self) -> Outcome:
        """Count the event, and post or edit the notice if that is due. Raises NotifierError."""
        if self._was_told_by_an_earlier_version():
            return self._ended(Repeated(Phase.DELIVERED.upper()))
        is_new = self._by.tallies.is_new(self._notice.problem, self._delivery.event.identity, self._by.now())
        act, tally, record = self._planned(is_new=is_new)
        if act == "post":
            return self._posted(tally, is_new=is_new)
        if act == "edit" and record:
            return self._ended(Suppressed(Rule.COUNTED, self._edited(tally, record)))
        return self._ended(_counted(is_new=is_new))

    def _planned(self, *, is_new: bool) -> tuple[Act, Tally, DeliveryRecord | None]:
        """Count the event, and return what to do then; the tally and the notice's record are as they are stored."""
        by, problem = self._by, self._notice.problem
        channel = by.throttle.state(self._delivery.message.destination)
        item, began, record = by.tallies.read(problem), 0.0, None
        for _ in range(_ATTEMPTS):
            tally = decode(item) if item else None
            if tally and tally.began != began:
                began, record = tally.began, self._record(tally)
            plan = notices.plan(Standing(tally, record, is_new, by.policy, channel, by.now()))
            if tally and not plan.tally:
                return plan.act, tally, record
            if plan.tally:
                item = by.tallies.write(problem, plan.tally, item)
                if item is None:
                    return plan.act, plan.tally, record
        raise NotifierError("LEDGER_BUSY", "too many workers count events of one notice at once")

    def _record(self, tally: Tally) -> DeliveryRecord | None:
        key = self._key(tally)
        stored = self._by.ledger.of_event(key.event).get(key)
        return stored.record if stored else None

    def _key(self, tally: Tally) -> DeliveryKey:
        message = self._delivery.message
        return notices.key_of_notice(self._notice.problem, tally.began, message.notification, message.channel)

    def _posted(self, tally: Tally, *, is_new: bool) -> Outcome:
        """Post the notice as any message is posted, unless another event does so at this moment."""
        message = self._notice.write(str(self._delivery.event.id), tally.more, tally.since)
        outcome = self._by(replace(self._delivery, message=message, own_key=self._key(tally)))
        return replace(outcome, end=_counted(is_new=is_new)) if isinstance(outcome.end, Repeated) else outcome

    def _edited(self, tally: Tally, record: DeliveryRecord) -> str:
        """Edit the notice, and return why that failed. The next edit tells of the same events too."""
        message = self._notice.write(record.event_id, tally.more, tally.since)
        try:
            self._by.slack.edit(message, record.ts)
        except NotifierError as error:
            if error.code == "SLACK_RATE_LIMITED":
                with suppress(ConfigError):
                    self._by.throttle.pause(message.destination, pause_after(error))
            return f"the notice was not edited: {error.code}"
        return ""

    def _was_told_by_an_earlier_version(self) -> bool:
        """Whether an earlier attempt at this event, by a version with a notice for each event, has posted it."""
        if self._delivery.record.attempt == 1:
            return False
        own = self._delivery.key
        stored = self._by.ledger.of_event(own.event).get(own)
        return stored is not None and stored.record.phase is Phase.DELIVERED

    def _ended(self, end: End) -> Outcome:
        return self._delivery.outcome(end)


def _counted(*, is_new: bool) -> End:
    return Suppressed(Rule.COUNTED) if is_new else Repeated(Rule.COUNTED.value)
