"""The order of the stages: every record is prepared in one thread, then the messages are delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from handler.catalog import Catalog
from handler.errors import NotifierError, TemplateError, named
from handler.fallback import plain
from handler.model import Event, Message, Notification, Outcome, Record, State
from handler.ports import Discovery, Park, Sink
from handler.stages import limits
from handler.stages.deliver import Attempt, Delivery, deliver, failed, posting
from handler.stages.enrich import Enriched, Fetch, enrich
from handler.stages.parse import parse
from handler.stages.render import render, speaks
from handler.stages.route import channels, checked_id
from handler.stages.settle import settle
from handler.templating import Templates

# A stage is not begun with less: what a lookup that has to connect anew, and what one post, can take at most.
PREPARE_SECONDS: Final = 12.0
POST_SECONDS: Final = 10.0

Remaining = Callable[[], float]  # seconds until the invocation is killed
Ahead = Callable[[str], None]  # begins to find an API's instances, beside what comes before its lookup


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that a batch passes through, wired once."""

    catalog: Catalog
    templates: Templates
    fetch: Fetch
    discovery: Discovery
    sink: Sink
    park: Park
    max_receives: int
    ignore_unknown: bool
    now: Callable[[], datetime]

    def run(self, records: Sequence[Record], remaining: Remaining) -> list[Outcome]:
        """Bring every record as far as it gets; one that fails never touches its neighbours."""
        with self.discovery.invocation() as ahead:
            prepared = [step for record in records for step in self._prepare(record, remaining, ahead)]
        deliveries = [step for step in prepared if isinstance(step, Delivery)]
        ended = [step for step in prepared if isinstance(step, Outcome)]
        ended += deliver(deliveries, in_time(posting(self.sink), remaining))
        return settle(ended, self.park, self.max_receives)

    def _prepare(self, record: Record, remaining: Remaining, ahead: Ahead) -> list[Delivery | Outcome]:
        event = None
        try:
            _require(remaining, PREPARE_SECONDS)
            event = parse(record, self.now())
            notifications = self.catalog.route(event.type)
        except Exception as error:  # noqa: BLE001 - one record never touches its neighbours
            problem = named(error)
            if problem.code == "EVENT_TYPE_UNKNOWN" and self.ignore_unknown:
                return [Outcome(record, State.SUPPRESSED, problem.code, problem.detail, event)]
            return [failed(record, problem, event)]
        return [step for notification in notifications for step in self._notify(record, event, notification, ahead)]

    def _notify(
        self, record: Record, event: Event, notification: Notification, ahead: Ahead
    ) -> list[Delivery | Outcome]:
        try:
            event = replace(event, id=checked_id(notification.id, event))
            for api in notification.apis:
                ahead(api)
            stage = self.catalog.stage
            enriched = enrich(event, notification, self.fetch, self.now(), stage.vars)
            if not speaks(notification, enriched.context, self.templates):
                return [_silent(record, event, notification, "WHEN")]
            aliases = channels(notification, enriched.context, self.templates)
            messages = [self._message(notification, alias, enriched) for alias in aliases]
        except Exception as error:  # noqa: BLE001 - one record never touches its neighbours
            return [failed(record, named(error), event, notification.name)]
        if not messages:
            return [_silent(record, event, notification, "NO_ROUTE")]
        return [Delivery(record, event, message) for message in messages]

    def _message(self, notification: Notification, alias: str, enriched: Enriched) -> Message:
        destination, remark = self.catalog.stage.destination(alias)
        notes = [f"Could not be read: {name}" for name in enriched.without] + ([remark] if remark else [])
        content = render(notification, enriched.context, self.templates, notes, self.catalog.stage.prefix)
        return _within_limits(
            Message(notification.name, alias, destination, content.text, content.blocks, tuple(notes))
        )


def _silent(record: Record, event: Event, notification: Notification, rule: str) -> Outcome:
    """Why nothing is posted: `when` did not hold, or no route did."""
    where = notification.when.where if rule == "WHEN" and notification.when else notification.text.where
    return Outcome(record, State.SUPPRESSED, rule, where, event, notification.name)


def _within_limits(message: Message) -> Message:
    """A message that Slack would refuse for its size is posted as plain text, as one that it did refuse is."""
    try:
        limits.check(message.text, message.blocks)
    except TemplateError as error:
        return replace(plain(message, error.detail), remarks=(*message.remarks, str(error)))
    return message


def in_time(attempt: Attempt, remaining: Remaining) -> Attempt:
    """An attempt that is not begun when the invocation could be killed in its middle."""

    def attempted(delivery: Delivery) -> Outcome:
        try:
            _require(remaining, POST_SECONDS)
        except NotifierError as error:
            return delivery.ended(error)
        return attempt(delivery)

    return attempted


def _require(remaining: Remaining, seconds: float) -> None:
    if remaining() < seconds:
        raise NotifierError("TIME_SHORT", f"less than {seconds:.0f} s are left")
