"""Every sample through the function's own stages: what only shows when a message is made, with its line.

Lookups that may be missing are left out once each, so that an unguarded use shows before the API is down at night, or
the replica late.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cli.compiler import lacking, slack_check
from cli.compiler.answers import answering
from cli.compiler.findings import Place, Report
from cli.compiler.problems import Parts, Problem, located
from cli.compiler.samples import Sample, may_be_missing
from cli.compiler.template import Template
from cli.compiler.watching import WatchingTemplates
from handler.block_kit import limits
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Event, Leaf, Notification, Row
from handler.stages.compose import MAX_THREAD_KEY
from handler.stages.enrich import enrich
from handler.stages.freshness import Freshness, is_version
from handler.stages.render import is_wanted, render
from handler.stages.route import channels
from handler.templating import Context, Templates

# `now` in every sample, so that the same template gives the same message tomorrow.
NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)

_NO_STAGE: Final = Stage("", {}, "")
_NO_TEXT: Final = Leaf("plain", "-", "")


# No replica says anything of itself: a row that is missing is taken for one that never came.
_WAITED: Final = Freshness(math.inf, lambda _: None)


def rehearse(template: Template, stages: Sequence[Stage], report: Report) -> None:
    """Report what goes wrong when the samples are rendered, in any stage; what differs between them names the stage."""
    found: dict[Parts, list[str]] = {}
    for stage in stages or (_NO_STAGE,):
        for finding in _rehearsed(template, stage):
            found.setdefault(finding, []).append(stage.name)
    for (place, code, message, fix), names in found.items():
        everywhere = len(set(names)) == max(len(stages), 1)
        report.add(place, code, message if everywhere else f"{message} (in stage {', '.join(sorted(set(names)))})", fix)


def _rehearsed(template: Template, stage: Stage) -> Iterator[Parts]:
    templates = WatchingTemplates(template.notification.locale(stage.locale))
    for sample in template.samples:
        problems = [*_problems(template, sample, stage, templates)]
        yield from (lacking.finding(problem, template, sample) or problem.finding() for problem in problems)
        if not problems:
            yield from _without_each(template, sample, stage, templates)
    for where in sorted(templates.blanks & template.nodes.keys()):
        message = "an empty value (None) is shown as nothing in one of the samples"
        yield template.nodes[where].place, "VALUE_EMPTY", message, ""


def _without_each(template: Template, sample: Sample, stage: Stage, templates: WatchingTemplates) -> Iterator[Parts]:
    for lookup in template.notification.lookups:
        if may_be_missing(lookup) and sample.answers[lookup.name] is not None:
            without = replace(sample, answers={**sample.answers, lookup.name: None})
            for problem in _problems(template, without, stage, templates, silence_is_fine=True):
                yield problem.unguarded(lookup.name, sample.answers)


def _problems(
    template: Template, sample: Sample, stage: Stage, templates: Templates, *, silence_is_fine: bool = False
) -> Iterator[Problem]:
    """Make each part of the message alone, so that one mistake does not hide the next; then all of it."""
    notification = template.notification
    try:
        event = Event(sample.event, sample.id, "sample", data=Row(sample.data))
        fetch = answering(sample.answers, templates)
        context = enrich(event, notification, fetch, NOW, stage.vars, _WAITED).context
    except NotifierError as failure:
        yield located(failure, template, template.text)
        return
    if silence_is_fine and _is_silent(notification, context, templates):
        return
    failed = False
    for place, part in _parts(template):
        for error in _failures(part, context, templates):
            failed = True
            yield located(error, template, place)
    if not failed:
        for error in _failures(notification, context, templates, stage.prefix):
            failed = True
            yield located(error, template, (*template.blocks, template.text)[0])
    if not failed:
        yield from slack_check.problems(template, context, templates, stage)
    yield from _unfit_version(template, context, templates)


def _is_silent(notification: Notification, context: Context, templates: Templates) -> bool:
    """Whether `when` keeps the message from being posted at all."""
    try:
        return not is_wanted(notification, context, templates)
    except NotifierError:
        return False


def _parts(template: Template) -> Iterator[tuple[Place, Notification]]:
    whole, text = template.notification, template.text
    bare = replace(whole, when=None, routes=(), text=_NO_TEXT, blocks=(), thread=None)
    yield text, replace(bare, when=whole.when)
    yield text, replace(bare, routes=whole.routes)
    yield text, replace(bare, text=whole.text)
    yield template.thread or text, replace(bare, thread=whole.thread)
    for place, block in zip(template.blocks, whole.blocks, strict=True):
        yield place, replace(bare, blocks=(block,))


def _failures(part: Notification, context: Context, templates: Templates, prefix: str = "") -> Iterator[NotifierError]:
    try:
        with templates.budget.notification(), templates.budget.running():
            is_wanted(part, context, templates)
            channels(part, context, templates)
            if part.thread:
                templates.render(part.thread, context, MAX_THREAD_KEY)
            content = render(part, context, templates, prefix=prefix)
        limits.check(content.text, content.blocks)
    except NotifierError as error:
        yield error


def _unfit_version(template: Template, context: Context, templates: Templates) -> Iterator[Problem]:
    """A version that no event's can be compared with. That of a row which is missing is never asked for."""
    version = template.notification.version
    if version is None or context[version.source.partition(".")[0].strip()] is None:
        return
    try:
        value = templates.evaluate(version, context)
        if value is not None and not is_version(value):
            message = "`version` takes a whole number or a time"
            fix = "name a column that counts changes, or dates the last one"
            yield Problem("VALUE_INVALID", message, fix, template.nodes[version.where].place)
    except NotifierError as error:
        yield located(error, template, template.text)
