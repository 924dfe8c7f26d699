"""Renders the messages of a notification for a sample or a real row, as the function does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from cli.compiler.answers import answering
from cli.compiler.render_samples import NOW
from cli.compiler.samples import Sample
from handler.catalog import Stage
from handler.errors import NotifierError, named
from handler.model import Lookup, Message, Notification, Record, Value
from handler.outcome import Rule
from handler.ports import Api, Database
from handler.stages.compose import Composer, wall_clock
from handler.stages.enrich import Fetch, Sources
from handler.stages.parse import parse
from handler.templating import Context, Templates


@dataclass(frozen=True, slots=True)
class Preview:
    """What a notification would post in one stage.

    `name` is that of the sample, or `id 1042` for a real row. If there are no messages, `rule` says why nothing would
    be posted, or `error` why they cannot be made; `where` is the position in the template. `answers` has the result of
    each lookup, by its name.
    """

    notification: str
    stage: str
    name: str
    messages: tuple[Message, ...] = ()
    rule: Rule | None = None
    where: str = ""
    error: NotifierError | None = None
    answers: Mapping[str, Value] = field(default_factory=dict)


class Previews:
    """Makes previews for one stage, whose language and time zone are loaded once.

    `footers` are lines that are added at the end of each message.
    """

    def __init__(self, stage: Stage, footers: Sequence[str] = ()) -> None:
        self._stage = stage
        self._footers = footers
        self._templates = Templates(locale=stage.locale)

    def of_sample(self, notification: Notification, sample: Sample) -> Preview:
        """Return the preview of a sample. It is the same every day, because `now` is fixed."""
        sources = partial(answering, sample.answers)
        composer = Composer(self._stage, self._templates, sources, lambda _: None, lambda: NOW)
        return self._preview(composer, notification, sample.name, event_of(sample))

    def of_row(
        self,
        notification: Notification,
        row_id: int | str,
        database: Database,
        api: Api,
        data: Mapping[str, Value] | None = None,
        now: Callable[[], datetime] = wall_clock,
    ) -> Preview:
        """Return the preview for the event with this id and `data`, with what the database and the API return."""
        found: dict[str, Value] = {}

        def recording(templates: Templates) -> Fetch:
            fetch = Sources(database, api, templates)

            def recorded(lookup: Lookup, context: Context) -> Value:
                found[lookup.name] = None
                found[lookup.name] = fetch(lookup, context)
                return found[lookup.name]

            return recorded

        composer = Composer(self._stage, self._templates, recording, database.replicating, now)
        event = {"type": notification.event, "id": row_id, **({"data": data} if data else {})}
        with api.invocation():
            return self._preview(composer, notification, f"id {row_id}", event, found)

    def failed(self, notification: Notification, row_id: int | str, error: NotifierError) -> Preview:
        """Return the preview for a row of whose event not even the extras can be read."""
        return Preview(notification.name, self._stage.name, f"id {row_id}", error=error)

    def _preview(
        self,
        composer: Composer,
        notification: Notification,
        name: str,
        event: Mapping[str, Any],
        answers: Mapping[str, Value] | None = None,
    ) -> Preview:
        made = partial(Preview, notification.name, self._stage.name, name, answers={} if answers is None else answers)
        record = Record("preview", json.dumps(event, default=str, ensure_ascii=False))
        try:
            composition = composer(record, parse(record, composer.now()), notification, self._footers)
        except Exception as error:  # noqa: BLE001 - as the pipeline does
            return made(error=named(error))
        return made(messages=tuple(composition.messages), rule=composition.rule, where=composition.where)


def event_of(sample: Sample) -> dict[str, Any]:
    """Return the event of a sample as an application would publish it."""
    extras = {"data": dict(sample.data)} if sample.data else {}
    return {"type": sample.event, "id": sample.id, **extras}
