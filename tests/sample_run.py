"""Runs every sample of a template folder through the whole pipeline, as deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from cli.compiler import Compilation
from cli.compiler.answers import answering
from cli.compiler.render_samples import NOW
from cli.compiler.samples import Sample
from handler import catalog
from handler.model import Message, Notification, Record
from handler.outcome import Outcome
from handler.stages.compose import Composer
from handler.templating import Templates
from tests.kit import FakeSlack, pipeline, plenty


@dataclass(frozen=True, slots=True)
class Run:
    """The run of one sample in one stage: what was posted, and how it ended."""

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
    sink = FakeSlack()
    wired = pipeline(notification, sink=sink)
    sources = partial(answering, sample.answers)
    made = Composer(stage, Templates(locale=stage.locale), sources, lambda _: None, lambda: NOW)
    event = {"type": sample.event, "id": sample.id, "data": sample.data}
    record = Record("r1", json.dumps(event, default=str, ensure_ascii=False))
    return Run(stage.name, sample, sink.posted, [*replace(wired, composer=made).run([record], plenty)])
