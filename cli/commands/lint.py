"""`notifier lint`: check the templates without posting anything."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from cli import github, language
from cli.compiler import Compilation, Finding, Severity, compile_templates, files, personal
from cli.compiler.folder import STAGES
from cli.external_findings import Checked
from cli.language import plural, say
from cli.operations import screen
from cli.preview import selection

FORMATS: Final = ("text", "json", "github")
EXAMPLE: Final = "mysql://reader@replica.example.org/shop"
DEMO: Final = "demo"
_COLOURS: Final[dict[Severity, str]] = {"error": "bold red", "warning": "yellow"}


@click.command(short_help="Check the templates and stages.")
@click.argument("path", type=click.Path(path_type=Path), default=selection.FOLDER, envvar=selection.VARIABLE)
@click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], help="How to print. Default: text.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document: --format json.")
@click.option(
    "--db",
    "databases",
    multiple=True,
    metavar="[NAME=]URL",
    help=f"Also check against this read replica, such as {EXAMPLE}, or `{DEMO}` for that of the demo that runs here.",
)
@click.option("--slack", is_flag=True, help="Also let Slack check the messages of the samples. It posts nothing.")
@click.option("--pii", is_flag=True, help="Warn of what looks personal in the samples, by _privacy.yaml.")
def lint(path: Path, form: str, as_json: bool, databases: tuple[str, ...], slack: bool, pii: bool) -> None:
    """Check the templates and stages in the folder PATH, or only the file or the notification PATH.

    Without PATH it is the folder that NOTIFIER_TEMPLATES names, else the folder templates.

    Reads every file, renders every sample as the function would, and prints each mistake with its place and how to fix
    it. Needs no database, no Slack and no AWS account.

    With --db, a database says which tables and columns there are, which may be NULL or long, and which lookups read a
    whole table. Only SELECT, EXPLAIN and SHOW run. The password comes from NOTIFIER_DB_PASSWORD, or is asked for.

    With --slack, Slack's method blocks.validate looks at the samples, with the token in SLACK_BOT_TOKEN if it is set.

    With --format github, the findings are annotations of a pull request, and a table in the summary of the job.

    Exit status: 0 no errors (there may be warnings), 1 errors, or a database or Slack did not answer, 2 the command was
    misused.
    """
    form = FORMATS[1] if as_json else form
    if form == "json":  # JSON is always English
        click.get_current_context().with_resource(language.speaking(language.ENGLISH))
    folder, file = _split(path)
    compilation = compile_templates(folder)
    if pii:
        compilation = personal.with_findings(compilation, folder)
    if file:
        compilation = _alone(compilation, file)
    asked = _asked(folder, compilation, databases, slack=slack)
    findings = {*compilation.findings, *(one for one in asked.findings if not file or one.file == file)}
    compilation = replace(compilation, findings=tuple(sorted(findings)))
    _PRINTED[form](compilation, folder)
    for note in (*asked.notes, *asked.failures):
        click.echo(github.harmless(note), err=True)
    if compilation.errors or asked.failures:
        raise click.exceptions.Exit(1)


def _asked(folder: Path, compilation: Compilation, databases: Sequence[str], *, slack: bool) -> Checked:
    """Return what the databases and Slack find. Raises click.UsageError."""
    found = [_of_databases(folder, compilation, databases)] if databases else []
    found += [_of_slack(compilation)] if slack else []
    joined = (sum((getattr(one, name) for one in found), ()) for name in ("findings", "notes", "failures"))
    return Checked(*joined)


def _of_databases(folder: Path, compilation: Compilation, databases: Sequence[str]) -> Checked:
    from cli.preview.connections import connect
    from cli.schema_check import check

    if DEMO in databases and len(databases) > 1:
        raise click.UsageError(say("`--db {demo}` stands alone: the demo has one database", demo=DEMO))
    given = () if DEMO in databases else databases
    with connect(given, ()) as connections, screen.working(say("Asking the databases")):
        return check(folder, compilation, connections.database)


def _of_slack(compilation: Compilation) -> Checked:
    from cli import slack_validation

    try:
        with screen.working(say("Asking Slack")):
            found = slack_validation.validate(slack_validation.rendered(compilation), slack_validation.Validator())
    except slack_validation.SlackUnansweredError as error:
        return Checked(failures=(str(error),))
    left = say("Slack asked to wait, so {count} messages were not checked. Try again later.", count=found.unasked)
    return Checked(found.findings, failures=(left,) if found.unasked else ())


def _split(path: Path) -> tuple[Path, str]:
    """Return the folder of templates, and the one file below it to check; an empty name means all files."""
    if not path.exists():
        path = _named(path)
    if path.is_dir():
        return path, ""
    if path.suffix not in (".yaml", ".yml"):
        raise click.BadParameter(
            say("{path} is neither a folder nor a .yaml file", path=files.shown(path)), param_hint="PATH"
        )
    path = path.absolute()
    folder = path.parent.parent if path.parent.name == STAGES else path.parent
    return files.from_here(folder), files.shown(path.relative_to(folder))


def _named(path: Path) -> Path:
    """Return the file of the notification with this name, in the default folder. Raises click.BadParameter."""
    folder = Path(os.environ.get(selection.VARIABLE) or selection.FOLDER)
    if (file := folder / f"{path}.yaml").is_file():
        return file
    raise click.BadParameter(
        say(
            "there is no {path}. Name a folder, a file or a notification; {variable} names the usual folder",
            path=files.shown(path),
            variable=selection.VARIABLE,
        ),
        param_hint="PATH",
    )


def _alone(compilation: Compilation, file: str) -> Compilation:
    """Return the compilation with the findings of one file. All files are compiled, as they share stages and labels."""
    findings = tuple(one for one in compilation.findings if one.file == file)
    if not findings and file not in (*compilation.files, *files.SHARED):
        raise click.BadParameter(say("{file} is not read: its name begins with a dot", file=file), param_hint="PATH")
    templates = tuple(one for one in compilation.templates if f"{one.notification.name}.yaml" == file)
    return replace(compilation, findings=findings, files=(file,), templates=templates)


def show(compilation: Compilation, folder: Path = Path()) -> None:
    """Print the findings, with paths relative to `folder`, and a summary line."""
    show_findings(compilation.findings, folder)
    Console(highlight=False, soft_wrap=True).print(Text(_summary(compilation)))


def show_findings(findings: Iterable[Finding], folder: Path = Path()) -> None:
    """Print the findings, with paths relative to `folder`."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        # A fix of several lines starts in the first column, so that it can be copied into a file.
        console.print(_line(finding, folder), Text(f"  {say('fix: {remedy}', remedy=finding.fix)}", "dim"), sep="\n")


def _show_json(compilation: Compilation, folder: Path) -> None:  # noqa: ARG001 - as the others
    click.echo(json.dumps(_document(compilation), ensure_ascii=False, indent=2))


def _annotate(compilation: Compilation, folder: Path) -> None:
    within = github.within(folder, os.environ)
    for line in github.lines(compilation.findings, within):
        click.echo(line)
    counted = _summary(compilation)
    click.echo(counted)
    if path := os.environ.get(github.SUMMARY):
        try:
            with Path(path).open("a", encoding="utf-8") as summary:
                summary.write(github.summary(compilation.findings, within, counted))
        except OSError as error:
            click.echo(say("The summary of the job cannot be written: {cause}", cause=error.strerror), err=True)


def _line(finding: Finding, folder: Path) -> Text:
    place = f"{files.shown(folder / finding.file)}:{finding.line}:{finding.column}: "
    severity = say("warning: ") if finding.severity == "warning" else ""
    return Text.assemble(place, (finding.code, _COLOURS[finding.severity]), f" {severity}{finding.message}")


def _summary(compilation: Compilation) -> str:
    stages = sum(file.startswith(f"{STAGES}/") for file in compilation.files)
    templates = plural("{count} template", "{count} templates", len(compilation.files) - stages)
    counted = say(", ").join((templates, plural("{count} stage", "{count} stages", stages)))
    if len(compilation.files) == 1:
        [counted] = compilation.files
    severities = Counter(finding.severity for finding in compilation.findings)
    found = []
    if severities["error"]:
        found.append(plural("{count} error", "{count} errors", severities["error"]))
    if severities["warning"]:
        found.append(plural("{count} warning", "{count} warnings", severities["warning"]))
    return f"{counted}: {say(', ').join(found) or say('no findings')}"


def _document(compilation: Compilation) -> dict[str, object]:
    findings = [document(finding) for finding in compilation.findings]
    return {"files": compilation.files, "errors": compilation.errors, "findings": findings}


def document(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON values."""
    return {**asdict(finding), "severity": finding.severity}


_PRINTED: Final[dict[str, Callable[[Compilation, Path], None]]] = {
    "text": show,
    "json": _show_json,
    "github": _annotate,
}
