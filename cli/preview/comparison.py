"""What is approved of a notification, and what its samples post now: as approved, changed, new, or unused."""

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
    """How a sample compares with what is approved."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    UNUSED = "unused"  # approved, but there is no such sample any more
    FAILED = "failed"  # no message can be made


@dataclass(frozen=True, slots=True)
class Compared:
    """One sample: its name as the file has it, the approved lines and those of now. `error` says why there are none."""

    notification: str
    sample: str
    verdict: Verdict
    before: Lines = ()
    after: Lines = ()
    error: str = ""

    @property
    def title(self) -> str:
        """What --approve takes for it."""
        return f"{self.notification}/{self.sample}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of one notification in the stage of its file. `problem` says why the file cannot be read."""

    notification: str
    file: Path
    approved: Approved
    samples: tuple[Compared, ...] = ()
    problem: UnreadableError | None = None

    @property
    def place(self) -> str:
        """Its file, with the line of the problem."""
        return f"{shown(self.file)}{f':{self.problem.line}' if self.problem and self.problem.line else ''}"

    @property
    def is_good(self) -> bool:
        """Whether the template makes exactly what is approved."""
        return not self.problem and all(one.verdict is Verdict.SAME for one in self.samples)

    def accepting(self, wanted: Sequence[Compared]) -> Approved:
        """Return what is approved once these samples are; what was approved of the others stays."""
        result = self.approved
        for one in wanted:
            kept = one.verdict is not Verdict.UNUSED
            result = result.with_sample(one.sample, one.after) if kept else result.without(one.sample)
        return result.in_order(one.sample for one in self.samples)


class Comparer:
    """Compares templates with the approved files of a folder, in the stage that a file names, else in the first."""

    def __init__(self, folder: Path, stages: Sequence[Stage]) -> None:
        self._folder = folder
        self._stages = {one.name: one for one in stages}
        self._previews: dict[str, Previews] = {}

    def compare(self, template: Template) -> Comparison:
        """Return the comparison of a template without errors. Raises OSError for a file that may not be read."""
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
        """Return the comparison for a file of approved messages that has no template any more."""
        file = approved.path(self._folder, name)
        found, problem = _read(file)
        unused = (Compared(name, sample, Verdict.UNUSED, lines) for sample, lines in found.samples.items())
        return Comparison(name, file, found, tuple(unused), problem)

    def _made(self, template: Template, stage: Stage) -> Iterator[Compared]:
        """What each sample posts now, not compared yet."""
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
