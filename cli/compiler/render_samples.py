"""Renders every sample through the function's own stages, to find what only fails then, each with its line.

Each lookup that may be missing is left out once, so that an unguarded use is found before an API is down or the replica
is late.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cli.compiler import pasting, rewriting, sample_columns, slack_check
from cli.compiler.answers import answering
from cli.compiler.findings import Place, Report
from cli.compiler.pasting import Pasted
from cli.compiler.problems import Parts, Problem, located
from cli.compiler.recording import Blank, RecordingTemplates
from cli.compiler.samples import Sample, may_be_missing
from cli.compiler.template import Template
from cli.language import say
from handler.block_kit import limits
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Event, Group, Leaf, Notification, Row, Tree
from handler.stages.compose import MAX_THREAD_KEY
from handler.stages.enrich import Fetch, enrich
from handler.stages.freshness import Freshness, is_version
from handler.stages.render import is_wanted, render
from handler.stages.route import channels
from handler.templating import Context, Templates

# `now` in every sample, so that the same template always gives the same message.
NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)

_NO_STAGE: Final = Stage("", {}, "")
_NOTHING: Final[Mapping[str, Collection[str]]] = {}
_NO_TEXT: Final = Leaf("plain", "-", "")


# The replication state is unknown: a missing row counts as one that never came.
_WAITED: Final = Freshness(math.inf, lambda _: None)


def rehearse(
    template: Template, stages: Sequence[Stage], report: Report, unmet: Mapping[str, Collection[str]] = _NOTHING
) -> None:
    """Report what fails when the samples are rendered, in any stage. A message names the stages if it is not in all.

    `unmet` has the names that each stage lacks. They are reported already, so uses of them are not.
    """
    found: dict[Parts, list[str]] = {}
    for stage in stages or (_NO_STAGE,):
        for finding in _rehearsed(template, stage, unmet.get(stage.name, ())):
            found.setdefault(finding, []).append(stage.name)
    for parts, names in found.items():
        everywhere = len(set(names)) == max(len(stages), 1)
        message = parts.message
        if not everywhere:
            message = say("{message} (in stage {stages})", message=message, stages=", ".join(sorted(set(names))))
        report.add(parts.place, parts.code, message, parts.fix, parts.edit)


def _rehearsed(template: Template, stage: Stage, unmet: Collection[str]) -> Iterator[Parts]:
    """Yield each cause once, for the first sample (or missing lookup) in which it fails."""
    templates = _recording(template, stage)
    failed: set[tuple[Place, str, str]] = set()
    empty: dict[Blank, str] = {}
    for sample in template.samples:
        problems = [one for one in _problems(template, sample, stage, templates) if not _uses(one, unmet)]
        places = {problem.place for problem in problems}
        for problem in problems:
            found = sample_columns.finding(problem, template, sample) or problem.finding()
            cause = (found.place, found.code, "" if problem.part else found.message)
            if cause not in failed:
                failed.add(cause)
                yield found
        empty = {**dict.fromkeys(templates.taken_blanks(), say("sample `{name}`", name=sample.name)), **empty}
        yield from _without_each(template, sample, stage, templates, places, empty, unmet)
    yield from _shown_as_nothing(template, empty, {place for place, _, _ in failed})


def outcome(template: Template, sample: Sample, stage: Stage) -> tuple[list[Problem], list[Blank]]:
    """Return what fails, and which expressions are empty, when a sample is rendered; both empty if it posts nothing."""
    templates = _recording(template, stage)
    return [*_problems(template, sample, stage, templates, silence_is_fine=True)], templates.taken_blanks()


def enriched(template: Template, sample: Sample, stage: Stage, fetch: Fetch) -> Context:
    """Return the context of a sample: the names that expressions can use. Raises NotifierError."""
    event = Event(sample.event, sample.id, "sample", data=Row(sample.data))
    return enrich(event, template.notification, fetch, NOW, stage.vars, _WAITED).context


def instead_of(template: Template, blank: Blank) -> Pasted | None:
    """Return what to write so that an empty expression shows something; None if its position is unknown."""
    node, part = template.nodes.get(blank.where), blank.part
    if node is None:
        return None
    right = rewriting.with_else(part.code) if blank.is_undefined else rewriting.with_default(part.code)
    return pasting.paste(node, part, part.with_code(right) if right else "")


def _recording(template: Template, stage: Stage) -> RecordingTemplates:
    return RecordingTemplates(template.notification.locale(stage.locale), {*_lists(template.notification.blocks)})


def _uses(problem: Problem, names: Collection[str]) -> bool:
    return problem.part is not None and any(re.search(rf"\b{re.escape(name)}\b", problem.part.code) for name in names)


def _without_each(
    template: Template,
    sample: Sample,
    stage: Stage,
    templates: RecordingTemplates,
    failed: Collection[Place],
    empty: dict[Blank, str],
    unmet: Collection[str],
) -> Iterator[Parts]:
    """Yield what fails only if a lookup finds nothing. Add expressions that are empty then to `empty`."""
    for lookup in template.notification.lookups:
        if may_be_missing(lookup) and sample.answers[lookup.name] is not None:
            without = replace(sample, answers={**sample.answers, lookup.name: None})
            for problem in _problems(template, without, stage, templates, silence_is_fine=True):
                if problem.place not in failed and not _uses(problem, unmet):
                    yield problem.unguarded(lookup.name, sample.answers)
            for blank in templates.taken_blanks():
                where = say("sample `{name}` without `{lookup}`", name=sample.name, lookup=lookup.name)
                empty.setdefault(blank, where)


def _shown_as_nothing(template: Template, empty: dict[Blank, str], failed: Collection[Place]) -> Iterator[Parts]:
    """Yield a warning for each expression that is empty, with the first sample in which it is."""
    for blank, sample in empty.items():
        pasted = instead_of(template, blank)
        if pasted is None or pasted.place in failed:
            continue
        message = say("this is empty, and shows nothing in {sample}", sample=sample)
        if blank.is_undefined:
            message = say("this `if` has no `else`, and shows nothing in {sample}", sample=sample)
        fix = say("write {code}", code=pasted.text) if pasted.text else ""
        yield Parts(pasted.place, "VALUE_EMPTY", message, fix, pasted.edit)


def _lists(tree: Tree | Sequence[Tree]) -> Iterator[str]:
    """Yield the `where` of each list that a block loops over."""
    match tree:
        case Group():
            if tree.over:
                yield tree.over.where
            yield from _lists(tree.blocks)
        case dict():
            yield from _lists([*tree.values()])
        case list() | tuple():
            for one in tree:
                yield from _lists(one)


def _problems(
    template: Template, sample: Sample, stage: Stage, templates: RecordingTemplates, *, silence_is_fine: bool = False
) -> Iterator[Problem]:
    """Render each part of the message alone, so that one mistake does not hide the next; then the whole message."""
    notification = template.notification
    fetch = answering(sample.answers, templates)
    try:
        with templates.raising():
            context = enriched(template, sample, stage, fetch)
        templates.taken_failures()  # drop those of lookups that are missing because a row they depend on is
    except NotifierError as failure:
        yield from [*_failed(templates, template)] or [located(failure, template, template.text)]
        try:
            context = enriched(template, sample, stage, fetch)
        except NotifierError:
            return
        templates.taken_failures()
    if silence_is_fine and _is_silent(notification, context, templates):
        return
    failed = False
    for place, part in _parts(template):
        raised = [located(error, template, place) for error in _failures(part, context, templates)]
        found = [*_failed(templates, template)] or raised  # a stand-in can make a message empty, or too long
        failed = failed or bool(found)
        yield from found
    if template.is_whole and not failed:
        for error in _failures(notification, context, templates, stage.prefix):
            failed = True
            yield located(error, template, (*template.blocks, template.text)[0])
    if template.is_whole and not failed:
        yield from slack_check.problems(template, context, templates, stage)
    yield from _unfit_version(template, context, templates)


def _failed(templates: RecordingTemplates, template: Template) -> Iterator[Problem]:
    for failure in templates.taken_failures():
        yield located(failure.error, template, template.text, failure.part)


def _is_silent(notification: Notification, context: Context, templates: RecordingTemplates) -> bool:
    """Return whether `when` prevents the post."""
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


def _unfit_version(template: Template, context: Context, templates: RecordingTemplates) -> Iterator[Problem]:
    """Yield a `version` that cannot be compared with an event's. A missing row has no version to check."""
    version = template.notification.version
    if version is None or context[version.source.partition(".")[0].strip()] is None:
        return
    value = templates.evaluate(version, context)
    if failed := [*_failed(templates, template)]:
        yield from failed
    elif value is not None and not is_version(value):
        message = say("`version` takes a whole number or a time")
        fix = say("name a column that counts changes, or dates the last one")
        yield Problem("VALUE_INVALID", message, fix, template.nodes[version.where].place)
