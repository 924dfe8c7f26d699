"""`notifier test`: check that each sample still posts the approved message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.language import say
from cli.preview.selection import ALL, select, templates

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from cli.compiler import Finding
    from cli.preview.comparison import Compared, Comparison
    from cli.preview.selection import Selection


@dataclass(frozen=True, slots=True)
class _Tested:
    """The comparisons, and the errors of templates that cannot be compared. `is_first`: nothing is approved yet."""

    folder: Path
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    is_first: bool

    @property
    def is_good(self) -> bool:
        return not self.findings and all(one.is_good for one in self.comparisons)


@click.command(short_help="Compare each sample's message with the approved one.")
@click.argument("what", default="")
@templates()
@click.option(
    "--approve",
    "name",
    metavar="NAME",
    help="Accept what a notification's samples post now, or one: notification/sample. `all` is for a folder in which "
    "nothing is approved yet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def test(what: str, folder: Path, name: str | None, as_json: bool) -> None:
    """Compare what each sample posts with the message that was approved.

    WHAT is a notification, an event type or a file; all of them without it. Each sample is rendered as the function
    renders it, in the stage `production`, else the first one, and compared with templates/_approved/. What differs is
    shown as a change of the message. Look at it, and accept it with --approve.

    \b
      notifier test
      notifier test order.created
      notifier test --approve "order.created/in yen"

    Exit status: 0 all as approved, 1 a message differs or a template has errors, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    from cli.compiler.files import shown

    try:
        if name is not None:
            _approve(what, folder, name, as_json)
        else:
            _compare(what, folder, as_json)
    except OSError as error:
        place = shown(error.filename or folder)
        raise click.ClickException(say("{file}: {problem}", file=place, problem=error.strerror)) from None


def _compare(what: str, folder: Path, as_json: bool) -> None:
    from cli.operations.screen import print_json
    from cli.preview.approval_report import Screen, document

    tested = _tested(what, folder)
    if as_json:
        print_json({"good": tested.is_good, **document(tested.comparisons), "findings": _findings(tested)})
    else:
        screen = Screen(tested.folder)
        for one in tested.comparisons:
            screen.tell(one, is_first=tested.is_first)
        _show_findings(tested)
        screen.sum_up(tested.comparisons, is_first=tested.is_first)
    if not tested.is_good:
        raise click.exceptions.Exit(1)


def _approve(what: str, folder: Path, name: str, as_json: bool) -> None:
    from cli.operations.screen import print_json
    from cli.preview import approved
    from cli.preview.approval_report import Screen

    notification, _, sample = name.partition("/")
    if what and what not in (name, notification):
        raise click.UsageError(say("Name one thing to approve: {first}, or {second}.", first=name, second=what))
    tested = _tested(what or ("" if name == ALL else notification), folder)
    wanted = _wanted(tested, notification, sample)
    if not tested.findings:
        for one, samples in wanted:
            approved.write(one.file, one.accepting(samples))
            if not as_json:
                Screen(tested.folder).accepted(one, samples)
    if as_json:
        accepted = [each.title for _, samples in wanted for each in samples if not tested.findings]
        print_json({"approved": accepted, "findings": _findings(tested)})
    else:
        _show_findings(tested)
    if tested.findings:
        raise click.exceptions.Exit(1)


def _wanted(tested: _Tested, notification: str, sample: str) -> list[tuple[Comparison, list[Compared]]]:
    """Return the samples to approve. Raises click.UsageError if none match, or if `all` is not allowed here."""
    from cli.preview.comparison import Verdict

    chosen = [one for one in tested.comparisons if one.notification == notification]
    if not chosen and notification == ALL:
        if not tested.is_first:
            raise click.UsageError(
                say("Something is approved in this folder already. Accept one notification or one sample at a time.")
            )
        chosen = [*tested.comparisons]
    elif not chosen and not tested.findings:
        raise click.UsageError(say("There is no notification {name} to approve.", name=notification))
    found = [(one, _of(one, sample)) for one in chosen]
    for one, samples in found:
        if sample and one.problem:
            raise click.ClickException(f"{one.place}: {say(one.problem.message)}")
        for each in samples:
            if each.verdict is Verdict.FAILED:
                raise click.ClickException(f"{each.title}: {each.error}")
    return found


def _of(comparison: Comparison, sample: str) -> list[Compared]:
    """Return the samples that differ from what was approved; only the sample with this name, if one is given."""
    from cli.preview.approved import name_of
    from cli.preview.comparison import Verdict

    named = [one for one in comparison.samples if not sample or one.sample in (sample, name_of(sample))]
    if not named and sample:
        known = ", ".join(one.sample for one in comparison.samples)
        raise click.UsageError(
            say(
                "{notification} has no sample {name}. Known: {known}",
                notification=comparison.notification,
                name=name_of(sample),
                known=known,
            )
        )
    return [one for one in named if one.verdict is not Verdict.SAME]


def _tested(what: str, folder: Path) -> _Tested:
    from cli.preview import approved
    from cli.preview.comparison import Comparer

    files = approved.names(folder)
    if what in files and not (folder / f"{what}.yaml").exists():
        return _Tested(folder, (Comparer(folder, ()).without_template(what),), (), is_first=False)
    selection = select(what, folder, ())
    findings = _errors(selection, what)
    broken = {one.file for one in findings}
    comparer = Comparer(selection.folder, [*selection.stages, *selection.compilation.stages])
    sound = [one for one in selection.templates if not _is_broken(one.notification.name, broken)]
    compared = [comparer.compare(one) for one in sound]
    if not what:
        there = {Path(file).stem for file in selection.compilation.files if "/" not in file}
        compared += [comparer.without_template(name) for name in files if name not in there]
    return _Tested(selection.folder, tuple(compared), findings, is_first=not approved.names(selection.folder))


def _is_broken(name: str, files: Sequence[str] | set[str]) -> bool:
    """Return whether the template, or a file that all templates share, has an error."""
    return f"{name}.yaml" in files or any(file.startswith("_") for file in files)


def _errors(selection: Selection, what: str) -> tuple[Finding, ...]:
    """Return the errors of the chosen templates and of shared files; without `what`, those of the whole folder."""
    chosen = {f"{one.notification.name}.yaml" for one in selection.templates}
    chosen.add(f"{Path(what).stem if what.endswith('.yaml') else what}.yaml")
    return tuple(
        one
        for one in selection.compilation.findings
        if one.severity == "error" and (not what or one.file in chosen or one.file.startswith("_"))
    )


def _show_findings(tested: _Tested) -> None:
    from cli.commands.lint import show_findings

    show_findings(tested.findings, tested.folder)


def _findings(tested: _Tested) -> list[dict[str, object]]:
    from cli.commands.lint import document

    return [document(one) for one in tested.findings]
