"""Every sample of a folder of templates through the whole pipeline, as it is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cli.compiler import Compilation
from cli.compiler.answers import named
from cli.compiler.rehearsal import NOW
from cli.compiler.samples import Sample
from handler import catalog
from handler.errors import SourceError
from handler.model import ApiLookup, Message, Notification, Record, Row, SqlLookup, Value
from handler.outcome import Outcome
from handler.stages.compose import Composer
from handler.templating import Templates
from tests.kit import FakeApi, FakeDatabase, FakeSlack, pipeline, plenty


@dataclass(frozen=True, slots=True)
class Run:
    """One sample in one stage: what was posted, and how it ended."""

    stage: str
    sample: Sample
    messages: list[Message]
    outcomes: list[Outcome]


def run(compilation: Compilation) -> Iterator[Run]:
    """Yield a run for each sample and stage of a compiled folder, which must have no errors."""
    assert not compilation.errors, compilation.findings
    document = json.loads(json.dumps(compilation.catalog))
    for stage in compilation.stages:
        loaded = catalog.read(document, stage.name)
        known = {one.name: one for each in loaded.notifications.values() for one in each}
        for template in compilation.templates:
            for sample in template.samples:
                yield _run(known[template.notification.name], sample, loaded.stage)


def _run(notification: Notification, sample: Sample, stage: catalog.Stage) -> Run:
    sink, answers = FakeSlack(), _Answers(notification, sample)
    database, api = FakeDatabase(lambda sql, _: answers.rows(sql)), _Api(lambda _: None, answers=answers)
    wired = pipeline(notification, sink=sink)
    composer = Composer(stage, Templates(locale=stage.locale), database, api, lambda: NOW)
    event = {"type": sample.event, "id": sample.id, "data": sample.data}
    record = Record("r1", json.dumps(event, default=str, ensure_ascii=False))
    return Run(stage.name, sample, sink.posted, [*replace(wired, composer=composer, api=api).run([record], plenty)])


class _Answers:
    """What the lookups of a notification find: SQL is known by its text, and APIs are asked in order."""

    def __init__(self, notification: Notification, sample: Sample) -> None:
        lookups = notification.lookups
        self._rows = {one.sql: sample.answers[one.name] for one in lookups if isinstance(one, SqlLookup)}
        self._documents = iter([sample.answers[one.name] for one in lookups if isinstance(one, ApiLookup)])

    def rows(self, sql: str) -> list[Row]:
        answer = named(self._rows[sql])
        return [one for one in (answer if isinstance(answer, list) else [answer]) if isinstance(one, Row)]

    def document(self) -> Value:
        document = next(self._documents)
        if document is None:
            raise SourceError("API_UNAVAILABLE")
        return named(document)


@dataclass
class _Api(FakeApi):
    answers: Any = field(kw_only=True)

    def get(self, api: str, path: str) -> Value:
        document: Value = self.answers.document()
        return document

    def get_all(self, api: str, path: str) -> list[Value]:
        documents = self.answers.document()
        assert isinstance(documents, list)
        return documents
