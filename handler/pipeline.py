"""The order of the stages. One thread prepares all records; then a pool of threads delivers the messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from handler.catalog import Catalog
from handler.delivery.announce import announce
from handler.delivery.channels import Attempt, deliver
from handler.delivery.delivery import Delivery, Notice, ended_by, failed
from handler.delivery.finish import Finisher
from handler.delivery.send import Deliverer
from handler.errors import EventError, NotifierError, named
from handler.frozen import frozen
from handler.model import Event, Message, Notification, Record
from handler.outcome import Outcome, Rule, Suppressed
from handler.ports import Api
from handler.stages import broken_template, footers
from handler.stages.compose import Composer, Composition
from handler.stages.parse import named_types, parse
from handler.time_limit import PREVIOUS_SECONDS

if TYPE_CHECKING:  # polls are loaded only if there is one to run
    from handler.polling.dispatch import Polls

# Minimum time left to begin a stage: the longest duration of a lookup with a new connection, and of one post.
PREPARE_SECONDS: Final = 12.0
POST_SECONDS: Final = 10.0

Remaining = Callable[[], float]  # seconds until the invocation is killed
Prefetch = Callable[[str], None]  # starts to look up an API's instances in the background
Prepared = Delivery | Outcome


@frozen
class Pipeline:
    """Everything that a batch passes through, built once. `preparations` run in the init phase."""

    catalog: Catalog
    composer: Composer
    api: Api
    deliverer: Deliverer
    finisher: Finisher
    ignore_unknown: bool
    polls: Callable[[], Polls]
    preparations: Sequence[Callable[[], object]] = ()

    def run(self, records: Sequence[Record], remaining: Remaining) -> list[Outcome]:
        """Process every record as far as possible. A record that fails never affects the others of its batch."""
        with self.deliverer.invocation(), self.api.invocation() as prefetch:
            prepared = [step for record in records for step in self._prepare(record, remaining, prefetch)]
        deliveries = [step for step in prepared if isinstance(step, Delivery)]
        ended = [step for step in prepared if isinstance(step, Outcome)]
        ended += deliver(deliveries, with_time_check(self._deliver, remaining))
        return self.finisher(ended)

    def _prepare(self, record: Record, remaining: Remaining, prefetch: Prefetch) -> list[Prepared]:
        event = None
        try:
            _require_time(remaining, PREPARE_SECONDS)
            event = parse(record, self.composer.now())
            notifications = self.catalog.route(event.type)
        except Exception as error:  # noqa: BLE001 - one record never affects the others
            problem = named(error)
            if self.ignore_unknown and isinstance(problem, EventError) and not self._is_known(record):
                detail = problem.detail if problem.code == Rule.UNKNOWN_TYPE else problem.code
                return [Outcome(record, Suppressed(Rule.UNKNOWN_TYPE, detail), event)]
            return [failed(record, problem, event)]
        return [step for notification in notifications for step in self._notify(record, event, notification, prefetch)]

    def _is_known(self, record: Record) -> bool:
        """Whether the record names a type with a template. True also if the record cannot be read at all."""
        return bool(record.problem) or not named_types(record).isdisjoint(self.catalog.notifications)

    def _notify(self, record: Record, event: Event, notification: Notification, prefetch: Prefetch) -> list[Prepared]:
        """Return the deliveries of a notification. If its template is broken, use its previous version or a notice."""
        for api in notification.apis:
            prefetch(api)
        try:
            return _prepared(record, notification, self.composer(record, event, notification))
        except Exception as error:  # noqa: BLE001 - one record never affects the others
            problem = named(error)
        if problem.retry or problem.given_up or isinstance(problem, EventError):
            return [failed(record, problem, event, notification.name)]
        return self._previous_version(record, event, notification, problem) or self._broken_template_notice(
            record, event, notification, problem
        )

    def _previous_version(
        self, record: Record, event: Event, notification: Notification, problem: NotifierError
    ) -> list[Prepared]:
        """Return the deliveries of the template before its last change, with a footer; empty if that fails too."""
        before = notification.previous
        if before is None:
            return []
        if len(notification.routes) == 1 and notification.routes[0].when is None:
            before = replace(before, routes=notification.routes)  # the change may have been to the channel
        footer = footers.previous_version(notification.name, problem, self.composer.localized(before).templates)
        try:
            return _prepared(record, before, self.composer(record, event, before, [footer], PREVIOUS_SECONDS))
        except Exception:  # noqa: BLE001 - the problem of the newer version is reported
            return []

    def _broken_template_notice(
        self, record: Record, event: Event, notification: Notification, problem: NotifierError
    ) -> list[Prepared]:
        """Park the event, and tell the channel about it: once for all events with this problem."""
        templates = self.composer.localized(notification).templates
        text = broken_template.writer(event, notification.name, problem, templates)

        def write(event_id: str, more: int, since: float) -> Message:
            return self.composer.plain(notification, text(event_id, more, since))

        message = write(str(event.id), 0, 0.0)
        notice = Notice(broken_template.problem_digest(problem, notification, message.destination), write)
        return [failed(record, problem, event, notification.name), Delivery(record, event, message, notice)]

    def _deliver(self, delivery: Delivery) -> Outcome:
        return announce(self.deliverer, delivery, delivery.notice) if delivery.notice else self.deliverer(delivery)


def _prepared(record: Record, notification: Notification, composition: Composition) -> list[Prepared]:
    if composition.rule:
        return [Outcome(record, Suppressed(composition.rule, composition.where), composition.event, notification.name)]
    took = composition.milliseconds or {}
    return [Delivery(record, composition.event, message, milliseconds=took) for message in composition.messages]


def with_time_check(attempt: Attempt, remaining: Remaining) -> Attempt:
    """Return an attempt that first checks that it can end before the invocation is killed."""

    def attempt_in_time(delivery: Delivery) -> Outcome:
        try:
            _require_time(remaining, POST_SECONDS)
        except NotifierError as error:
            return delivery.outcome(ended_by(error))
        return attempt(delivery)

    return attempt_in_time


def _require_time(remaining: Remaining, seconds: float) -> None:
    if remaining() < seconds:
        raise NotifierError("TIME_SHORT", f"less than {seconds:.0f} s are left")
