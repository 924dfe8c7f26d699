"""From an event and one of its notifications to the messages that follow: enrich, decide, route, render."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from handler.block_kit import limits
from handler.block_kit.fallback import plain
from handler.catalog import Stage
from handler.errors import TemplateError
from handler.frozen import frozen
from handler.model import Event, Message, Notification, Record, Rule
from handler.ports import Api, Database
from handler.stages import footers
from handler.stages.enrich import Enriched, Sources, enrich
from handler.stages.freshness import STALE, Freshness, SkipError, stale_lookup
from handler.stages.render import Content, is_wanted, render
from handler.stages.route import channels, checked_id
from handler.templating import EXHAUSTED, Templates, explaining
from handler.templating.text import in_line, mrkdwn
from handler.time_limit import SECONDS

# Older than this, a message says from when it is.
LATE: Final = timedelta(minutes=10)
MAX_THREAD_KEY: Final = 200


@frozen
class Composition:
    """The messages of one notification, none of which was sent. Without any, `rule` says why, and `where` it stands.

    `milliseconds` is what the lookups and the rendering took.
    """

    event: Event
    messages: Sequence[Message] = ()
    rule: Rule | None = None
    where: str = ""
    milliseconds: dict[str, float] | None = None


@frozen
class Composer:
    """What a message is made with. Nothing here has an effect outside."""

    stage: Stage
    templates: Templates
    database: Database
    api: Api
    now: Callable[[], datetime]

    def __call__(
        self,
        record: Record,
        event: Event,
        notification: Notification,
        extra_footers: Sequence[str] = (),
        seconds: float = SECONDS,
    ) -> Composition:
        """Return the messages that the notification makes of an event. Raises NotifierError.

        All that its author wrote may take `seconds` of the processor's time together.
        """
        with explaining(f"{notification.name}.yaml", EXHAUSTED), self.templates.budget.notification(seconds):
            return self._compose(record, event, notification, extra_footers)

    def _compose(
        self, record: Record, event: Event, notification: Notification, extra_footers: Sequence[str]
    ) -> Composition:
        began = time.perf_counter()
        with explaining(f"{notification.name}.yaml: id"), self.templates.budget.running():
            event = replace(event, id=checked_id(notification.id, event))
        if event.polled and event.polled.digest:
            return Composition(event, [self.plain(notification, footers.digest(event, self.templates))])
        now = self.now()
        fetch = Sources(self.database, self.api, self.templates)
        freshness = Freshness(_age(record, now), self.database.replicating)
        try:
            enriched = enrich(event, notification, fetch, now, self.stage.vars, freshness)
            stale = stale_lookup(event, notification, enriched.context, self.templates, freshness)
        except SkipError as skip:
            return Composition(event, rule=skip.rule, where=skip.where)
        looked_up = time.perf_counter()
        with self.templates.budget.running():
            lines = [*extra_footers, *self._late_footers(record, event, now)]
            composition = self._render(event, notification, _without_stale_row(enriched, stale), lines)
        took = {"lookup": looked_up - began, "render": time.perf_counter() - looked_up}
        composition = replace(composition, messages=[_with_read_at(message, now) for message in composition.messages])
        return replace(composition, milliseconds={name: round(1000 * seconds, 1) for name, seconds in took.items()})

    def plain(self, notification: Notification, text: str) -> Message:
        """Return a message of one text, in place of what the template would show.

        It goes to the first channel of the last route, which is the one for all that no other route is for.
        """
        alias = notification.routes[-1].channels[0]
        destination, footer = self.stage.destination(alias)
        shown = mrkdwn(in_line(f"{self.stage.prefix} {text}".strip()))
        return Message(notification.name, alias, destination, shown, warnings=(footer,) if footer else ())

    def _render(
        self, event: Event, notification: Notification, enriched: Enriched, lines: Sequence[str]
    ) -> Composition:
        context, templates = enriched.context, self.templates
        if not is_wanted(notification, context, templates):
            return Composition(event, rule=Rule.WHEN, where=notification.when.where if notification.when else "")
        aliases = channels(notification, context, templates)
        if not aliases:
            return Composition(event, rule=Rule.NO_ROUTE, where=notification.text.where)
        thread = templates.render(notification.thread, context, MAX_THREAD_KEY) if notification.thread else ""
        lines = [*lines, *footers.left_out(enriched.left_out, templates)]
        rendered: dict[str, Content] = {}  # one for all channels that need the same footer
        made = [self._message(notification, alias, enriched, lines, thread, rendered) for alias in aliases]
        return Composition(event, made)

    def _message(
        self,
        notification: Notification,
        alias: str,
        enriched: Enriched,
        lines: Sequence[str],
        thread: str,
        rendered: dict[str, Content],
    ) -> Message:
        destination, footer = self.stage.destination(alias)
        lines = [*lines, *([footer] if footer else [])]
        if footer not in rendered:
            rendered[footer] = render(notification, enriched.context, self.templates, lines, self.stage.prefix)
        content = rendered[footer]
        message = Message(
            notification.name,
            alias,
            destination,
            content.text,
            content.blocks,
            tuple(lines),
            thread=thread.strip()[:MAX_THREAD_KEY],
            update=notification.update,
            stub=bool(enriched.awaited),
        )
        return _within_limits(message)

    def _late_footers(self, record: Record, event: Event, now: datetime) -> list[str]:
        at = event.occurred_at or record.first_sent_at
        lines = [footers.late(at, self.templates)] if at and now - at > LATE else []
        return [*lines, footers.found_late(self.templates)] if event.polled and event.polled.late else lines


def _with_read_at(message: Message, now: datetime) -> Message:
    """A message that may be outrun by another one about the same thing says when it was read."""
    return replace(message, read_at=now.timestamp()) if message.update else message


def _without_stale_row(enriched: Enriched, stale: str) -> Enriched:
    """A row that is out of date counts as one that has not come."""
    return replace(enriched, context={**enriched.context, stale: None}, awaited=STALE) if stale else enriched


def _age(record: Record, now: datetime) -> float:
    return max(0.0, (now - record.sent_at).total_seconds()) if record.sent_at else 0.0


def _within_limits(message: Message) -> Message:
    """A message that Slack would refuse for its size is posted as plain text, as one that it did refuse is."""
    try:
        limits.check(message.text, message.blocks)
    except TemplateError as error:
        return replace(plain(message, error.detail), warnings=(*message.warnings, str(error)))
    return message


def wall_clock() -> datetime:
    """Return the time, by the clock that an execution environment has."""
    return datetime.fromtimestamp(time.time(), UTC)
