"""Every sample through the function's own stages: what only shows when a message is made, with its line.

Lookups that may be missing are left out once each, so that an unguarded use shows before the API is down at night.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cli.compiler.findings import RULES, Place, Report
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.samples import Sample, may_be_missing
from cli.compiler.template import Template
from cli.compiler.watching import WatchingTemplates
from handler.errors import NotifierError, SourceError
from handler.model import Event, Leaf, Lookup, Notification, Row, Value
from handler.stages import limits
from handler.stages.enrich import Fetch, Sources, enrich
from handler.stages.render import render, speaks
from handler.templating import Context, Templates

# `now` in every sample, so that the same template gives the same message tomorrow.
NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)

_EMPTY: Final = "an empty value has no "  # the words of handler/templating/language.py
_NO_TEXT: Final = Leaf("plain", "-", "")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A database and an API that know one answer."""

    lookup: Lookup
    answer: Value

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:  # noqa: ARG002 - the port's
        rows = self.answer if isinstance(self.answer, list) else [self.answer]
        return [row for row in rows if isinstance(row, dict)]

    def get(self, api: str, path: str) -> Value:  # noqa: ARG002 - the port's
        if self.answer is None:
            raise SourceError("API_NOT_FOUND" if self.lookup.expect == "optional" else "API_UNAVAILABLE")
        return self.answer


def answering(answers: Mapping[str, Value], templates: Templates) -> Fetch:
    """Return the function's own sources over the answers of a sample, so that bindings and paths are made as well."""

    def fetch(lookup: Lookup, context: Context) -> Value:
        answer = _Answer(lookup, answers[lookup.name])
        return Sources(answer, answer, templates)(lookup, context)

    return fetch


def rehearse(template: Template, templates: WatchingTemplates, report: Report) -> None:
    """Report what goes wrong when the samples are rendered."""
    for sample in template.samples:
        problems = [*_problems(template, sample, templates)]
        for problem in problems:
            report.add(*problem.finding())
        if not problems:
            _without_each(template, sample, templates, report)
    for where in sorted(templates.blanks & template.nodes.keys()):
        message = "an empty value (None) is shown as nothing in one of the samples"
        report.add(template.nodes[where].place, "VALUE_EMPTY", message)


def _without_each(template: Template, sample: Sample, templates: WatchingTemplates, report: Report) -> None:
    for lookup in template.notification.lookups:
        if may_be_missing(lookup) and sample.answers[lookup.name] is not None:
            without = replace(sample, answers={**sample.answers, lookup.name: None})
            for problem in _problems(template, without, templates):
                report.add(*problem.unguarded(lookup.name))


@dataclass(frozen=True, slots=True)
class _Problem:
    """An error of a stage, with the place and the leaf that it speaks of."""

    code: str
    message: str
    place: Place
    node: Scalar | None = None

    def finding(self) -> tuple[Place, str, str, str]:
        """The place, code, message and fix of a finding."""
        message, _, fix = self.message.partition("; ")
        if message.startswith(_EMPTY):
            fix = RULES["LOOKUP_UNGUARDED"].remedy
        return self.place, self.code, message, fix

    def unguarded(self, name: str) -> tuple[Place, str, str, str]:
        """The same, as a use of the lookup `name` that fails where it finds nothing."""
        source = self.node.text if self.node else ""
        found = re.search(rf"\b{name}\.\w+", source)
        value = found.group() if found else f"{name}.name"
        fix = f"write {{{{ {value} if {name} else '-' }}}}" if "{{" in source else f"write {name} and {value}"
        place = place_of_word(self.node, name) if self.node else self.place
        return place, "LOOKUP_UNGUARDED", f"`{name}` may be missing, and then: {self.message}", fix


def _problems(template: Template, sample: Sample, templates: Templates) -> Iterator[_Problem]:
    """Make each part of the message alone, so that one mistake does not hide the next; then all of it."""
    notification = template.notification
    try:
        event = Event(sample.event, sample.id, "sample", data=sample.data)
        context = enrich(event, notification, answering(sample.answers, templates), NOW).context
    except NotifierError as failure:
        yield _located(failure, template, template.text)
        return
    failed = False
    for place, part in _parts(template):
        for error in _failures(part, context, templates):
            failed = True
            yield _located(error, template, place)
    if not failed:
        for error in _failures(notification, context, templates):
            yield _located(error, template, (*template.blocks, template.text)[0])


def _parts(template: Template) -> Iterator[tuple[Place, Notification]]:
    notification = template.notification
    yield template.text, replace(notification, text=_NO_TEXT, blocks=())
    yield template.text, replace(notification, when=None, blocks=())
    for place, block in zip(template.blocks, notification.blocks, strict=True):
        yield place, replace(notification, when=None, text=_NO_TEXT, blocks=(block,))


def _failures(part: Notification, context: Context, templates: Templates) -> Iterator[NotifierError]:
    try:
        speaks(part, context, templates)
        content = render(part, context, templates)
        limits.check(content.text, content.blocks)
    except NotifierError as error:
        yield error


def _located(error: NotifierError, template: Template, place: Place) -> _Problem:
    """Find the leaf that an error names; what names none belongs to the part that was made."""
    where = max((where for where in template.nodes if error.detail.startswith(where)), key=len, default="")
    if not where:
        return _Problem(error.code, error.detail.replace("blocks[0]", place.path or "blocks", 1), place)
    node = template.nodes[where]
    message = error.detail.removeprefix(where).removeprefix(": ") or "it comes out empty"
    return _Problem(error.code, message, place_of_word(node, message.partition(";")[0]), node)
