"""Make the messages of one notification for one event: enrich, decide whether to post, route, render."""

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
from handler.model import Event, Message, Notification, Record, Replication
from handler.outcome import Rule
from handler.stages import footers
from handler.stages.enrich import Enriched, Fetch, enrich
from handler.stages.freshness import STALE, Freshness, SkipError, stale_lookup
from handler.stages.render import Content, is_wanted, render
from handler.stages.route import channels, checked_id
from handler.templating import EXHAUSTED, Templates, translating_errors
from handler.templating.text import mrkdwn, on_one_line
from handler.time_limit import SECONDS

# The message of an event that is older than this shows the time of the event.
LATE: Final = timedelta(minutes=10)
MAX_THREAD_KEY: Final = 200


@frozen
class Composition:
    """The messages of one notification, not sent yet. If there are none, `rule` says why and `where` is its place.

    `milliseconds` is the duration of the lookups and of the rendering.
    """

    event: Event
    messages: Sequence[Message] = ()
    rule: Rule | None = None
    where: str = ""
    milliseconds: dict[str, float] | None = None


@frozen
class Composer:
    """Makes messages. It reads from the databases and the APIs, and changes nothing."""

    stage: Stage
    templates: Templates
    sources: Callable[[Templates], Fetch]  # what fetches the lookups, with the templates that render their parameters
    replicating: Callable[[str], Replication | None]
    now: Callable[[], datetime]

    def __call__(
        self,
        record: Record,
        event: Event,
        notification: Notification,
        extra_footers: Sequence[str] = (),
        seconds: float = SECONDS,
    ) -> Composition:
        """Return the messages of an event for this notification. Raises NotifierError.

        `extra_footers` are added at the end of each message. All expressions of the template together may use `seconds`
        of processor time.
        """
        with translating_errors(f"{notification.name}.yaml", EXHAUSTED), self.templates.budget.notification(seconds):
            composer = self.localized(notification)
            return composer._compose(record, event, notification, extra_footers)  # noqa: SLF001 - of the same class

    def localized(self, notification: Notification) -> Composer:
        """Return the composer with the time zone and the language of a notification. The budget is the same."""
        templates = self.templates.in_locale(notification.locale(self.stage.locale))
        return self if templates is self.templates else replace(self, templates=templates)

    def _compose(
        self, record: Record, event: Event, notification: Notification, extra_footers: Sequence[str]
    ) -> Composition:
        began = time.perf_counter()
        with translating_errors(f"{notification.name}.yaml: id"), self.templates.budget.running():
            event = replace(event, id=checked_id(notification.id, event))
        if event.polled and event.polled.digest:
            return Composition(event, [self.plain(notification, footers.digest(event, self.templates))])
        now = self.now()
        freshness = Freshness(_age(record, now), self.replicating)
        try:
            enriched = enrich(event, notification, self.sources(self.templates), now, self.stage.vars, freshness)
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
        """Return a message with this text instead of the template's content.

        It goes to the first channel of the last route, because the last route is usually the one without a condition.
        """
        alias = notification.routes[-1].channels[0]
        destination, footer = self.stage.destination(alias)
        shown = mrkdwn(on_one_line(f"{self.stage.prefix} {text}".strip()))
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
        rendered: dict[str, Content] = {}  # rendered once for all channels with the same footer
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
    """A later read may edit the message before this one does, so it records when its rows were read."""
    return replace(message, read_at=now.timestamp()) if message.update else message


def _without_stale_row(enriched: Enriched, stale: str) -> Enriched:
    """A stale row counts as a row that has not appeared yet."""
    return replace(enriched, context={**enriched.context, stale: None}, awaited=STALE) if stale else enriched


def _age(record: Record, now: datetime) -> float:
    return max(0.0, (now - record.sent_at).total_seconds()) if record.sent_at else 0.0


def _within_limits(message: Message) -> Message:
    """Replace a message that is too large for Slack by plain text, as is done for one that Slack has refused."""
    try:
        limits.check(message.text, message.blocks)
    except TemplateError as error:
        return replace(plain(message, error.detail), warnings=(*message.warnings, str(error)))
    return message


def wall_clock() -> datetime:
    """Return the time in UTC by the clock of the execution environment."""
    return datetime.fromtimestamp(time.time(), UTC)
