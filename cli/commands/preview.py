"""`notifier preview`: show what a notification would post, without posting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.language import plural, say
from cli.operations import screen
from cli.preview import connections, events, selection

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from rich.console import Console

    from cli.preview.runs import Run
    from cli.preview.selection import Selection


@click.command(short_help="Show what would be posted, before anybody gets it.")
@click.argument("what", default="")
@selection.options
@click.option("--sample", "samples", multiple=True, metavar="NAME", help="Only the samples of this name.")
@click.option("--id", "row_id", metavar="ID", help="The real row with this id, in place of samples.")
@click.option("--data", metavar="JSON", help="With --id: the `data` of the event, a JSON object.")
@connections.options
@click.option(
    "--diff",
    "revision",
    metavar="[REV]",
    is_flag=False,
    flag_value="HEAD",
    help="Only what differs from the templates at this revision of git. Default: HEAD, the last commit.",
)
@click.option("--builder", is_flag=True, help="Print a link to Slack's Block Kit Builder for each message.")
@click.option("--serve", is_flag=True, help="Show all of the folder on a page, which follows your edits.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="With --serve: the page's port. Default: 8800, else a free one."
)
@screen.as_json
def preview(
    what: str,
    folder: Path,
    stage_names: tuple[str, ...],
    samples: tuple[str, ...],
    row_id: str | None,
    data: str | None,
    databases: tuple[str, ...],
    apis: tuple[str, ...],
    revision: str | None,
    builder: bool,
    serve: bool,
    port: int | None,
    as_json: bool,
) -> None:
    """Show what would be posted for WHAT: a notification, an event type, or the file of a template (default: all).

    The messages are those that the function itself would post, for every sample or for a real row. Nothing is posted:

    \b
      notifier preview order.created
      notifier preview order.created --stage all --sample "a regular customer"
      notifier preview order.created --id 1042
      notifier preview order.created --id 1042 --db mysql://reader@replica.example.org/shop
      notifier preview order.created --diff
      notifier preview --serve

    With --builder, the links hold the messages of samples. Real rows never stand in a link.
    With --serve, a page on this machine shows every notification, before and after an edit, until Ctrl-C.

    Exit status: 0 all could be made, 1 a template has errors or a message cannot be made, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    if serve:
        _refuse_beside_serve(what, row_id, samples, builder or as_json or revision is not None)
        _serve(folder, port, databases, apis)
        return
    if port is not None:
        raise click.UsageError(say("--port is of --serve."))
    form = _form(as_json=as_json, builder=builder, revision=revision)
    if row_id is None:
        if data:
            raise click.UsageError(say("--data is of a real row. Name the row with --id"))
    else:
        _refuse_row(what, samples, form)
    extras = events.extras(data) if data else {}
    chosen = selection.select(what, folder, stage_names)
    if revision is not None:
        failed = _print_differences(chosen, what, samples, revision)
    else:
        made = _of_samples(chosen, samples) if row_id is None else _of_row(chosen, row_id, extras, databases, apis)
        report = _print_json if as_json else _print_links if builder else _print
        failed = report(chosen, made)
    if failed or chosen.findings:
        raise click.exceptions.Exit(1)


def _form(*, as_json: bool, builder: bool, revision: str | None) -> str:
    """Return the option that chooses the output format, such as `--json`; empty if there is none."""
    given = {"--json": as_json, "--builder": builder, "--diff": revision is not None}
    forms = [name for name, is_given in given.items() if is_given]
    if len(forms) > 1:
        raise click.UsageError(say("Choose one of {names}.", names=", ".join(forms)))
    return "".join(forms)


def _refuse_row(what: str, samples: Sequence[str], form: str) -> None:
    if not what:
        raise click.UsageError(say("--id needs the notification: notifier preview order.created --id 1042"))
    if samples:
        raise click.UsageError(say("Choose one of {names}.", names="--sample, --id"))
    if form == "--builder":
        raise click.UsageError(say("--builder takes samples alone: a real row must not stand in a link."))
    if form == "--diff":
        raise click.UsageError(say("--diff compares samples, and not a real row."))


def _refuse_beside_serve(what: str, row_id: str | None, samples: Sequence[str], is_in_a_form: bool) -> None:
    if what or samples or row_id is not None or is_in_a_form:
        raise click.UsageError(
            say("--serve shows all of a folder. Leave out the name, --sample, --id, --diff, --builder and --json.")
        )


def _serve(folder: Path, port: int | None, databases: Sequence[str], apis: Sequence[str]) -> None:
    """Serve the page. It can show real rows if there is a database or an API to read them from."""
    from cli import running
    from cli.preview.serve import serve

    there = databases or apis or running.chosen()
    with _explained(), connections.connect(databases, apis) if there else nullcontext() as connected:
        serve(folder, port, connected)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn an error of the options into a ClickException. An error of the row is shown in its preview instead."""
    from handler.errors import CODES, NotifierError

    try:
        yield
    except NotifierError as error:
        raise click.ClickException(f"{error}\n  {say('fix: {remedy}', remedy=say(CODES[error.code].remedy))}") from None


def _of_samples(chosen: Selection, samples: Sequence[str]) -> Iterable[Run]:
    from cli.preview import runs

    return runs.of_samples(chosen, samples)


def _of_row(
    chosen: Selection, row_id: str, data: Mapping[str, Any], databases: Sequence[str], apis: Sequence[str]
) -> Iterable[Run]:
    """Read the row, and show meanwhile where it is read from."""
    from cli.preview import runs

    with (
        _explained(),
        connections.connect(databases, apis) as connected,
        screen.working(say("Reading from {place}", place=connected.place)),
    ):
        return [*runs.of_row(chosen, row_id, data, connected)]


def _print(chosen: Selection, made: Iterable[Run]) -> int:
    """Print the previews. Return how many failed."""
    from cli.commands.lint import show_findings
    from cli.preview.events import NEEDS_DATA, again
    from cli.preview.mrkdwn import View
    from cli.preview.panels import shown

    console = screen.console()
    if len(chosen.templates) > 1:
        _print_head(console, chosen)
    show_findings(chosen.findings, chosen.folder)
    messages = silent = failed = 0
    for run in made:
        view = View.of(run.stage, clickable=console.is_terminal)
        fix = say(NEEDS_DATA) if run.wanted else ""
        console.print(*shown(run.preview, view, fix), sep="\n")
        if line := again(data=run.wanted) if run.wanted else _extras(run):
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True, style="dim")
        console.print()
        messages += len(run.preview.messages)
        failed += run.preview.error is not None
        silent += run.preview.rule is not None
    counted = [plural("1 message", "{count} messages", messages)]
    counted += [plural("1 posts nothing", "{count} post nothing", silent)] if silent else []
    counted += [plural("1 cannot be made", "{count} cannot be made", failed)] if failed else []
    broken = len(chosen.templates) + len(chosen.unread) - len(chosen.whole)
    counted += [plural("1 template has errors", "{count} templates have errors", broken)] if broken else []
    console.print(say(", ").join(counted), markup=False)
    return failed


def _extras(run: Run) -> str:
    """Say which `data` the event of a row has."""
    from cli.preview.event_data import written

    return say("data: {data}. --data gives other values", data=written(run.data)) if run.data else ""


def _print_head(console: Console, chosen: Selection) -> None:
    parts = [
        plural("1 notification", "{count} notifications", len(chosen.templates)),
        plural("1 sample", "{count} samples", sum(len(one.samples) for one in chosen.templates)),
    ]
    stages = ", ".join(one.name for one in chosen.stages)
    console.print(say("{what}, in stage {stages}", what=say(", ").join(parts), stages=stages), markup=False)
    console.print()


def _print_json(chosen: Selection, made: Iterable[Run]) -> int:
    from cli.commands.lint import document as of_finding
    from cli.preview import document

    events_of = {one.notification.name: one.notification.event for one in chosen.templates}
    broken: dict[str, list[dict[str, object]]] = {}
    for finding in chosen.findings:
        broken.setdefault(finding.file.removesuffix(".yaml"), []).append(of_finding(finding))
    documents = [
        {"notification": name, "event": events_of.get(name), "findings": findings} for name, findings in broken.items()
    ]
    runs = list(made)
    documents += [document.of_run(run) for run in runs]
    screen.print_json(documents)
    return sum(run.preview.error is not None for run in runs)


def _print_links(chosen: Selection, made: Iterable[Run]) -> int:
    """Print the links; without headings if the output is a pipe or a file."""
    from cli.commands.lint import show_findings
    from cli.preview import builder
    from cli.preview.panels import alike, purpose, title

    show_findings(chosen.findings, chosen.folder)
    on_terminal = screen.console().is_terminal
    failed = 0
    for run in made:
        failed += run.preview.error is not None
        for same in alike(run.preview.messages):
            link = builder.link(same[0])
            if on_terminal or link.problem:
                click.echo(f"{title(same)} · {purpose(run.preview)}", err=not on_terminal)
            if link.problem:
                failed += 1
                click.echo(f"  {link.problem}", err=True)
            else:
                click.echo(link.address)
        if run.preview.error:
            click.echo(f"{purpose(run.preview)}: {run.preview.error}", err=True)
    return failed


def _print_differences(chosen: Selection, what: str, samples: Sequence[str], revision: str) -> int:
    """Print what differs from a revision. Return 0, because a difference is not a failure."""
    from cli.commands.lint import show_findings
    from cli.preview import runs
    from cli.preview.difference import compare
    from cli.preview.revision import checked_out

    console = screen.console()
    with checked_out(chosen.folder, revision) as folder:
        before = selection.earlier(chosen, what, folder)
    runs.refuse_unknown(samples, before, chosen)
    show_findings(chosen.findings, chosen.folder)
    notes = [say("At {revision}: {finding}", revision=revision, finding=one) for one in before.findings]
    known = {one.name for one in before.stages}
    notes += [
        say("Stage {name} cannot be read at {revision}.", name=one.name, revision=revision)
        for one in chosen.stages
        if one.name not in known
    ]
    for note in notes:
        console.print(note, style="yellow", markup=False)
    found = 0
    for one in compare(before, chosen, samples):
        console.print(*one.shown(), sep="\n")
        console.print()
        found += 1
    counted = plural("1 message differs", "{count} messages differ", found)
    console.print(say("{counted} from {revision}", counted=counted, revision=revision), markup=False)
    return 0
