"""Compiles a folder of templates to a catalog, and collects all findings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final, TypeVar

from cli.compiler import (
    addresses,
    channels,
    events,
    files,
    labels,
    privacy,
    stage_requirements,
    stages,
    template,
    threads,
)
from cli.compiler.encoding import encode
from cli.compiler.findings import OF_SLACK, Finding, Report
from cli.compiler.nodes import Node
from cli.compiler.render_samples import rehearse
from cli.compiler.samples import Sample
from cli.compiler.template import Template
from cli.privacy.rules import Rules
from handler import catalog
from handler.catalog import Stage
from handler.model import IdRule, Notification, Poll
from handler.templating import Templates

STAGES: Final = "_stages"
LABELS: Final = PurePath(files.LABELS)
PRIVACY: Final = PurePath(files.PRIVACY)
_OF_STAGES: Final = frozenset({"vars", "mentions", "labels"})  # kinds of a Need: cli/compiler/stage_requirements.py
_NO_STAGE: Final = Stage("", {}, "")
_Shared = TypeVar("_Shared")
_STAGE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result of compiling a folder.

    `catalog` is the document that handler/catalog.py reads. Files with errors are not in it, so ship it only if
    `errors` is 0. `files` were read; `templates` and `stages` are those that could be compiled. `privacy` has the rules
    of _privacy.yaml: without that file there are no rules, and None means that it has errors.
    """

    catalog: dict[str, Any]
    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    templates: tuple[Template, ...]
    stages: tuple[Stage, ...]
    privacy: Rules | None = None

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Return every sample of every template."""
        return tuple(sample for one in self.templates for sample in one.samples)

    @property
    def polls(self) -> dict[str, Poll]:
        """Return the polls, by the type of the events that they make."""
        found = [one.notification for one in self.templates]
        return {one.event: one.poll for one in found if one.poll}

    @property
    def errors(self) -> int:
        """Return how many findings stop a build."""
        return sum(finding.severity == "error" for finding in self.findings)

    def rehearsed(self) -> Iterator[tuple[Template, Stage]]:
        """Yield each template without an error, with the stage to render it in: production, else the first.

        What the template needs and the stage lacks is filled in.
        """
        wrong = {finding.file for finding in self.findings if finding.severity == "error"}
        known = {one.name: one for one in self.stages}
        usual = known.get(stages.PRODUCTION) or next(iter(self.stages), _NO_STAGE)
        for one in self.templates:
            if f"{one.notification.name}.yaml" not in wrong:
                yield one, stage_requirements.completed(usual, one.needs)


@dataclass(frozen=True, slots=True)
class Checked:
    """The template of a file (None if it cannot be compiled) and its findings. `of` has everything they depend on."""

    of: tuple[bytes, tuple[Stage, ...], Collection[str]]
    template: Template | None
    findings: tuple[Finding, ...]


Memory = dict[PurePath, Checked]


def compile_templates(folder: Path, memory: Memory | None = None) -> Compilation:
    """Compile every template and stage of a folder. Mistakes become findings, never exceptions.

    With a `memory`, a file that has not changed since the last call is not checked again, and its template is the same
    object as then. Start with an empty memory; each call updates it.
    """
    report = Report()
    shared = _labels(folder, report)
    rules = _privacy(folder, report)
    stage_files = files.listed(folder, STAGES, _STAGE, report)
    found_stages = tuple(stage for file in stage_files if (stage := _stage(folder, file, shared or {}, report)))
    unread = _OF_STAGES if not found_stages else frozenset({"labels"} if shared is None else ())
    template_files = files.listed(folder, "", template.EVENT_TYPE, report)
    checked = {
        file: _template(file, content, found_stages, unread, (memory or {}).get(file))
        for file in template_files
        if (content := files.load(folder, file, report)) is not None
    }
    if memory is not None:
        memory.clear()
        memory.update(checked)
    found = [one.template for one in checked.values() if one.template]
    sound = [one.template.notification for one in checked.values() if one.template and not _has_errors(one.findings)]
    for one in checked.values():
        report.take(one.findings)
    events.check(found, report)
    names = tuple(file.as_posix() for file in (*template_files, *stage_files))
    return Compilation(encode(sound, found_stages), report.findings(), names, tuple(found), found_stages, rules)


def id_rules(folder: Path) -> dict[str, list[IdRule]]:
    """Return the id forms that the templates of a folder accept, by event type. Checks nothing else."""
    report = Report()
    rules: dict[str, list[IdRule]] = {}
    for file in files.listed(folder, "", template.EVENT_TYPE, report):
        node = files.read(folder, file, report)
        if node and (taken := template.takes(file.stem, node)):
            rules.setdefault(taken[0], []).append(taken[1])
    return rules


def of_type(folder: Path, event_type: str) -> Iterator[Template]:
    """Yield the templates of a folder for an event type, as far as they can be read. No sample is rendered."""
    for file in files.listed(folder, "", template.EVENT_TYPE, Report()):
        node = files.read(folder, file, Report())
        taken = template.takes(file.stem, node) if node else None
        if node and taken and taken[0] == event_type and (one := template.read(file.stem, node, Templates(), Report())):
            yield one


def compile_version(name: str, version: str, content: bytes, known: tuple[Stage, ...]) -> Notification | None:
    """Return the notification in an earlier version of a template; None if it cannot be rendered with today's stages.

    Findings about how Slack treats a message do not matter: the function posted that version as it is. Its positions
    name the version: `order.created.yaml@1a2b3c4:12 text`.
    """
    report = Report()
    node = files.parse(f"{name}.yaml@{version}", content, report)
    one = _checked(name, node, known, report) if node else None
    wrong = _has_errors(found for found in report.findings() if found.code not in OF_SLACK)
    return one.notification if one and not wrong else None


def check(name: str, content: bytes, known: tuple[Stage, ...]) -> tuple[Finding, ...]:
    """Return the findings in this content for a template of this name, in place of what is in the file now."""
    report = Report()
    node = files.parse(f"{name}.yaml", content, report)
    if node:
        _checked(name, node, known, report)
    return report.findings()


def _labels(folder: Path, report: Report) -> labels.Labels | None:
    """Return the labels; None after reporting a finding."""
    none: labels.Labels = {}
    return _shared(folder, LABELS, labels.read, none, report)


def _privacy(folder: Path, report: Report) -> Rules | None:
    """Return the privacy rules; None after reporting a finding."""
    return _shared(folder, PRIVACY, privacy.read, Rules(), report)


def _shared(
    folder: Path, file: PurePath, read: Callable[[Node, Report], _Shared], none: _Shared, report: Report
) -> _Shared | None:
    """Return what `read` makes of a shared file; `none` if there is no such file, None after reporting a finding."""
    if not os.path.lexists(folder / file):
        return none
    before = report.errors
    node = files.read(folder, file, report) if files.is_readable(folder, file, report) else None
    found = read(node, report) if node else None
    return found if report.errors == before else None


def _stage(folder: Path, file: PurePath, shared: labels.Labels, report: Report) -> Stage | None:
    before = report.errors
    node = files.read(folder, file, report)
    stage = stages.read(file.stem, node, shared, report) if node else None
    if stage is None or report.errors > before:
        return None
    return catalog.read(encode((), (stage,)), stage.name).stage  # samples use exactly what the function will read


def _template(
    file: PurePath, content: bytes, known: tuple[Stage, ...], unread: Collection[str], before: Checked | None
) -> Checked:
    of = (content, known, unread)
    if before and before.of == of:
        return before
    report = Report()
    node = files.parse(file.as_posix(), content, report)
    one = _checked(file.stem, node, known, report, unread) if node else None
    return Checked(of, one, report.findings())


def _has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _checked(
    name: str, node: Node, known: tuple[Stage, ...], report: Report, unread: Collection[str] = ()
) -> Template | None:
    """Return the template. Its needs of the kinds in `unread` are not checked: those files have findings already."""
    one = template.read(name, node, Templates(), report)
    if one is None:
        return None
    channels.check(one.channels, known, report)
    threads.check(one.thread, one.channels, known, report)
    before = report.errors
    addresses.check(one.bases, known, report)
    has_addresses = report.errors == before
    needs_read = [need for need in one.needs if need.kind not in unread]
    stage_requirements.check(needs_read, known, report)
    if has_addresses and len(needs_read) == len(one.needs):
        unmet = {stage.name: [need.name for need in stage_requirements.lacking(stage, needs_read)] for stage in known}
        rehearse(one, [stage_requirements.completed(stage, needs_read) for stage in known], report, unmet)
    return one if one.is_whole else None
