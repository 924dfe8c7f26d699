"""From a folder of templates to a catalog and to everything that is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from cli.compiler import files, stages, template
from cli.compiler.encoding import encode
from cli.compiler.findings import Finding, Report
from cli.compiler.rehearsal import rehearse
from cli.compiler.samples import Sample
from cli.compiler.stages import Stage
from cli.compiler.template import Template
from cli.compiler.watching import WatchingTemplates

STAGES: Final = "_stages"
_EVENT_TYPE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_STAGE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Compilation:
    """A folder, compiled.

    `catalog` is the document that handler/catalog.py reads; files with errors are not in it, so it is to be shipped
    only where `errors` is 0. `files` were looked at; `templates` and `stages` are what could be read of them.
    """

    catalog: dict[str, Any]
    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    templates: tuple[Template, ...]
    stages: tuple[Stage, ...]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Every sample of every template."""
        return tuple(sample for one in self.templates for sample in one.samples)

    @property
    def errors(self) -> int:
        """How many findings stop a build."""
        return sum(finding.severity == "error" for finding in self.findings)


def compile_templates(folder: Path) -> Compilation:
    """Compile every template and stage of a folder. Mistakes are findings; nothing is raised for them."""
    report = Report()
    stage_files = files.listed(folder, STAGES, _STAGE, report)
    found_stages = tuple(stage for file in stage_files if (stage := _stage(folder, file, report)))
    template_files = files.listed(folder, "", _EVENT_TYPE, report)
    templates = WatchingTemplates()
    found, sound = [], []
    for file in template_files:
        before = report.errors
        if one := _template(folder, file, templates, found_stages, report):
            found.append(one)
            sound += [one.notification] if report.errors == before else []
    names = tuple(file.as_posix() for file in (*template_files, *stage_files))
    return Compilation(encode(sound, found_stages), report.findings(), names, tuple(found), found_stages)


def _stage(folder: Path, file: PurePath, report: Report) -> Stage | None:
    before = report.errors
    node = files.read(folder, file, report)
    stage = stages.read(file.stem, node, report) if node else None
    return stage if report.errors == before else None


def _template(
    folder: Path, file: PurePath, templates: WatchingTemplates, known: tuple[Stage, ...], report: Report
) -> Template | None:
    node = files.read(folder, file, report)
    one = template.read(file.stem, node, templates, report) if node else None
    if one:
        rehearse(one, templates, report)
        stages.check_alias(one.notification.channel, one.channel, known, report)
    return one
