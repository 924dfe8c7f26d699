"""Compares the approved messages of a notification with what its samples post now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from cli.compiler.files import shown
from cli.compiler.template import Template
from cli.language import later
from cli.preview import approved
from cli.preview.approved import Approved, Lines, UnreadableError
from cli.preview.compose import Previews
from handler.catalog import Stage


class Verdict(StrEnum):
    """How a sample compares with its approved messages."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    UNUSED = "unused"  # approved, but the sample no longer exists
    FAILED = "failed"  # the message cannot be made


@dataclass(frozen=True, slots=True)
class Compared:
    """One sample: its name in the file, its approved lines and its current ones. `error` says why it has none."""

    notification: str
    sample: str
    verdict: Verdict
    before: Lines = ()
    after: Lines = ()
    error: str = ""

    @property
    def title(self) -> str:
        """Return the sample's name for --approve."""
        return f"{self.notification}/{self.sample}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of a notification, in the stage of its approved file. `problem` says why the file is unreadable."""

    notification: str
    file: Path
    approved: Approved
    samples: tuple[Compared, ...] = ()
    problem: UnreadableError | None = None

    @property
    def place(self) -> str:
        """Return the path of the approved file, with the line of the problem."""
        return f"{shown(self.file)}{f':{self.problem.line}' if self.problem and self.problem.line else ''}"

    @property
    def is_good(self) -> bool:
        """Return whether the template makes exactly what is approved."""
        return not self.problem and all(one.verdict is Verdict.SAME for one in self.samples)

    def accepting(self, wanted: Sequence[Compared]) -> Approved:
        """Return what is approved after accepting these samples. The other samples stay as approved."""
        result = self.approved
        for one in wanted:
            kept = one.verdict is not Verdict.UNUSED
            result = result.with_sample(one.sample, one.after) if kept else result.without(one.sample)
        return result.in_order(one.sample for one in self.samples)


class Comparer:
    """Compares templates with the approved files of a folder, in the stage that each file names, else in the first."""

    def __init__(self, folder: Path, stages: Sequence[Stage]) -> None:
        self._folder = folder
        self._stages = {one.name: one for one in stages}
        self._previews: dict[str, Previews] = {}

    def compare(self, template: Template) -> Comparison:
        """Compare a template without errors with its approved file. Raises OSError."""
        name = template.notification.name
        file = approved.path(self._folder, name)
        found, problem = _read(file)
        if found.stage and found.stage not in self._stages:
            found, problem = Approved(), UnreadableError(later("its stage is not in this folder"))
        stage = self._stages[found.stage or next(iter(self._stages))]
        now = {one.sample: one for one in self._made(template, stage)}
        compared = [_against(found, one) for one in now.values()]
        unused = [
            Compared(name, sample, Verdict.UNUSED, lines)
            for sample, lines in found.samples.items()
            if sample not in now
        ]
        return Comparison(name, file, Approved(stage.name, found.samples), (*compared, *unused), problem)

    def without_template(self, name: str) -> Comparison:
        """Return the comparison for an approved file whose template no longer exists."""
        file = approved.path(self._folder, name)
        found, problem = _read(file)
        unused = (Compared(name, sample, Verdict.UNUSED, lines) for sample, lines in found.samples.items())
        return Comparison(name, file, found, tuple(unused), problem)

    def _made(self, template: Template, stage: Stage) -> Iterator[Compared]:
        """Yield what each sample posts now, before the comparison."""
        if stage.name not in self._previews:
            self._previews[stage.name] = Previews(stage)
        for sample in template.samples:
            preview = self._previews[stage.name].of_sample(template.notification, sample)
            made = partial(Compared, preview.notification, approved.name_of(sample.name))
            if preview.error:
                yield made(Verdict.FAILED, error=str(preview.error))
            else:
                yield made(Verdict.NEW, after=approved.content(preview))


def _against(found: Approved, now: Compared) -> Compared:
    before = found.samples.get(now.sample)
    if before is None:
        return now
    failed = now.verdict is Verdict.FAILED
    verdict = now.verdict if failed else Verdict.SAME if before == now.after else Verdict.CHANGED
    return Compared(now.notification, now.sample, verdict, before, now.after, now.error)


def _read(file: Path) -> tuple[Approved, UnreadableError | None]:
    try:
        return approved.read(file), None
    except UnreadableError as error:
        return Approved(), error
