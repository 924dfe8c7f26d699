"""Every sample through the function's own stages: what only shows when a message is made, with its line.

Lookups that may be missing are left out once each, so that an unguarded use shows before the API is down at night.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cli.compiler.answers import answering
from cli.compiler.findings import RULES, Place, Report
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.samples import Sample, may_be_missing
from cli.compiler.template import Template
from cli.compiler.watching import WatchingTemplates
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Event, Leaf, Notification
from handler.stages import limits
from handler.stages.enrich import enrich
from handler.stages.render import render, speaks
from handler.stages.route import channels
from handler.templating import Context, Templates

# `now` in every sample, so that the same template gives the same message tomorrow.
NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)

_EMPTY: Final = "an empty value has no "  # the words of handler/templating/language.py
_CURRENCY: Final = "a currency is a code"  # those of handler/templating/filters/numbers.py
_BLOCK: Final = re.compile(r"^blocks\[\d+\]")  # a block of a loop is not the block that the file shows
_NO_STAGE: Final = Stage("", {}, "")
_NO_TEXT: Final = Leaf("plain", "-", "")

_Finding = tuple[Place, str, str, str]  # place, code, message, fix


def rehearse(template: Template, stages: Sequence[Stage], report: Report) -> None:
    """Report what goes wrong when the samples are rendered, in any stage; what differs between them names the stage."""
    found: dict[_Finding, list[str]] = {}
    for stage in stages or (_NO_STAGE,):
        for finding in _rehearsed(template, stage):
            found.setdefault(finding, []).append(stage.name)
    for (place, code, message, fix), names in found.items():
        everywhere = len(set(names)) == max(len(stages), 1)
        report.add(place, code, message if everywhere else f"{message} (in stage {', '.join(sorted(set(names)))})", fix)


def _rehearsed(template: Template, stage: Stage) -> Iterator[_Finding]:
    templates = WatchingTemplates(stage.locale)
    for sample in template.samples:
        problems = [*_problems(template, sample, stage, templates)]
        yield from (problem.finding() for problem in problems)
        if not problems:
            yield from _without_each(template, sample, stage, templates)
    for where in sorted(templates.blanks & template.nodes.keys()):
        message = "an empty value (None) is shown as nothing in one of the samples"
        yield template.nodes[where].place, "VALUE_EMPTY", message, ""


def _without_each(template: Template, sample: Sample, stage: Stage, templates: WatchingTemplates) -> Iterator[_Finding]:
    for lookup in template.notification.lookups:
        if may_be_missing(lookup) and sample.answers[lookup.name] is not None:
            without = replace(sample, answers={**sample.answers, lookup.name: None})
            for problem in _problems(template, without, stage, templates, silence_is_fine=True):
                yield problem.unguarded(lookup.name)


@dataclass(frozen=True, slots=True)
class _Problem:
    """An error of a stage, with the place and the leaf that it speaks of."""

    code: str
    message: str
    place: Place
    node: Scalar | None = None

    def finding(self) -> _Finding:
        """The place, code, message and fix of a finding."""
        message, _, fix = self.message.partition("; ")
        if message.startswith(_EMPTY):
            fix = RULES["LOOKUP_UNGUARDED"].remedy
        if message.startswith(_CURRENCY):
            fix = "write money('EUR'), or name a column that holds such a code"
        if message.endswith(" is empty"):
            fix = RULES["VALUE_EMPTY"].remedy
        return self.place, self.code, message, fix

    def unguarded(self, name: str) -> _Finding:
        """The same, as a use of the lookup `name` that fails where it finds nothing."""
        source = self.node.text if self.node else ""
        found = re.search(rf"\b{name}\.\w+", source)
        value = found.group() if found else f"{name}.name"
        fix = f"write {{{{ {value} if {name} else '-' }}}}" if "{{" in source else f"write {name} and {value}"
        place = place_of_word(self.node, name) if self.node else self.place
        return place, "LOOKUP_UNGUARDED", f"`{name}` may be missing, and then: {self.message}", fix


def _problems(
    template: Template, sample: Sample, stage: Stage, templates: Templates, *, silence_is_fine: bool = False
) -> Iterator[_Problem]:
    """Make each part of the message alone, so that one mistake does not hide the next; then all of it."""
    notification = template.notification
    try:
        event = Event(sample.event, sample.id, "sample", data=sample.data)
        context = enrich(event, notification, answering(sample.answers, templates), NOW, stage.vars).context
    except NotifierError as failure:
        yield _located(failure, template, template.text)
        return
    if silence_is_fine and _is_silent(notification, context, templates):
        return
    failed = False
    for place, part in _parts(template):
        for error in _failures(part, context, templates):
            failed = True
            yield _located(error, template, place)
    if not failed:
        for error in _failures(notification, context, templates, stage.prefix):
            yield _located(error, template, (*template.blocks, template.text)[0])


def _is_silent(notification: Notification, context: Context, templates: Templates) -> bool:
    """Whether `when` keeps the message from being posted at all."""
    try:
        return not speaks(notification, context, templates)
    except NotifierError:
        return False


def _parts(template: Template) -> Iterator[tuple[Place, Notification]]:
    notification = template.notification
    yield template.text, replace(notification, text=_NO_TEXT, blocks=(), routes=())
    yield template.text, replace(notification, text=_NO_TEXT, blocks=(), when=None)
    yield template.text, replace(notification, when=None, blocks=(), routes=())
    for place, block in zip(template.blocks, notification.blocks, strict=True):
        yield place, replace(notification, when=None, text=_NO_TEXT, blocks=(block,), routes=())


def _failures(part: Notification, context: Context, templates: Templates, prefix: str = "") -> Iterator[NotifierError]:
    try:
        speaks(part, context, templates)
        channels(part, context, templates)
        content = render(part, context, templates, prefix=prefix)
        limits.check(content.text, content.blocks)
    except NotifierError as error:
        yield error


def _located(error: NotifierError, template: Template, place: Place) -> _Problem:
    """Find the leaf that an error names; what names none belongs to the part that was made."""
    where = max((where for where in template.nodes if error.detail.startswith(where)), key=len, default="")
    if not where:
        return _Problem(error.code, _BLOCK.sub(place.path or "blocks", error.detail), place)
    node = template.nodes[where]
    message = error.detail.removeprefix(where).removeprefix(": ") or "it comes out empty"
    return _Problem(error.code, message, place_of_word(node, message.partition(";")[0]), node)
