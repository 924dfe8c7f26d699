"""`notifier poll run`: run a poll now, or show what its next run would do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli import compiler
from cli.commands.bundle import ROOT
from cli.compiler.files import printable
from cli.operations import polls, runs, screen, stack
from cli.operations.polls import Status, remedy
from cli.operations.refusals import UnansweredError
from cli.operations.runs import Asking, Outcome
from cli.operations.stack import Stack
from cli.preview import selection
from handler.polling.run import MAX_EVENTS


@click.command(short_help="Run a poll now, or show what its next run would do.")
@click.argument("type_", metavar="TYPE")
@click.option("--dry-run", is_flag=True, help="Show what the next run would do. Nothing is changed, nothing is sent.")
@click.option(
    "--wait",
    type=click.IntRange(10, 600),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the run to end.",
)
@selection.templates("templates", ROOT / selection.FOLDER)
@stack.option
@screen.as_json
def run(type_: str, dry_run: bool, wait: int, templates: Path, stack_name: str | None, as_json: bool) -> None:
    """Run a poll now, regardless of its interval, and show the result. Later runs keep their times.

    If another run is in progress, the command waits for its end: two runs never overlap. Ctrl-C ends the wait, not the
    run. A poll that is paused, or on hold because ids are used again, does not run.

    With --dry-run the function reads the table as the next run would, and says which ids are new. It works on a poll
    that never ran, is paused, or is on hold.

    It needs lambda:InvokeFunction on the function, lambda:ListEventSourceMappings, and dynamodb:Query on the state
    table; for a run also dynamodb:GetItem and dynamodb:PutItem.

    Exit status: 0 it ran, 1 the run failed or would fail, or the poll does not run, 2 the command was misused or could
    not look.
    """
    deployed = stack.find(stack_name)
    if dry_run:
        _preview(deployed, type_, as_json)
        return
    polls.require(deployed, type_)
    try:
        outcome = _ran(deployed, type_, wait, templates)
    except KeyboardInterrupt:
        click.echo(f"\nA run that was asked for takes place all the same: notifier poll status {type_}", err=True)
        raise click.exceptions.Exit(130) from None
    if as_json:
        screen.print_json(runs.document(outcome))
    else:
        _show(outcome)
    if outcome.failed:
        raise click.exceptions.Exit(1)


def _ran(deployed: Stack, type_: str, wait: int, templates: Path) -> Outcome:
    from cli.doctoring import outside

    with screen.working(f"Running {type_}") as say:
        qualifier, _ = outside.invoked(deployed)
        asking = Asking(deployed, type_, wait, say)
        return asking.run(_interval(type_, templates), lambda: runs.tick(deployed, qualifier))


def _interval(type_: str, templates: Path) -> float | None:
    """The interval of the poll, if a template has it; a cron expression says by itself when the next run is."""
    poll = compiler.compile_templates(templates).polls.get(type_)
    return poll.every if poll and not poll.cron else None


def _show(outcome: Outcome) -> None:
    status = outcome.status
    if outcome.seen is not None:
        click.echo(f"{status.name} has taken the rows that are there as seen, and posts none of them: {outcome.seen}.")
    if outcome.found:
        sent = "" if outcome.unsent else ", and sent"
        click.echo(f"{status.name} has found {_rows(outcome.found, outcome.late)}{sent}.")
    elif outcome.seen is None and not outcome.failed:
        click.echo(f"{status.name} has found no new row.")
    if outcome.unsent:
        click.echo(f"{_rows(outcome.unsent)} not sent yet. The next run sends them first.")
    if outcome.more:
        click.echo(f"There may be more: the next run follows at once. See it with: notifier poll status {status.name}")
    if outcome.failed:
        _show_failure(status)


def _show_failure(status: Status) -> None:
    click.echo(f"The run has failed with {status.schedule.code}: {status.schedule.detail or status.meaning}")
    click.echo(f"To do: {status.remedy}")


def _preview(deployed: Stack, type_: str, as_json: bool) -> None:
    from cli.doctoring import inside, outside

    with screen.working(f"Looking what {type_} would find"):
        qualifier, _ = outside.invoked(deployed)
        answer = inside.ask(deployed, qualifier, {"dry_run": type_})
        said = _said(answer, type_)
        schedule = polls.read(deployed, type_, None).schedule
    code = said["code"]
    found = {
        **said,
        "remedy": remedy(code) if code else "",
        "paused": schedule.is_paused,
        "on_hold": schedule.code if schedule.is_on_hold else "",
    }
    if as_json:
        screen.print_json(found)
    else:
        for line in _lines(found):
            click.echo(line)
    if code:
        raise click.exceptions.Exit(1)


def _said(answer: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """What the function answers. Raises UnansweredError, ClickException."""
    if "dry_run" not in answer:
        failed = [one for one in answer.get("checks", []) if one["state"] == "failed"]
        why = f"{failed[0]['cause']}. To do: {failed[0]['remedy']}" if failed else "it is older than this command"
        raise UnansweredError(f"The function cannot say what the poll would do: {why}")
    if answer["dry_run"] is None:
        raise click.ClickException(f"No template that is deployed has a poll {type_}. Has it been deployed?")
    said: dict[str, Any] = answer["dry_run"]
    return said


def _lines(found: Mapping[str, Any]) -> list[str]:
    name = found["poll"]
    lines = []
    if found["unsent"]:
        lines.append(f"{_rows(found['unsent'])} of an earlier run not sent yet; they are sent first.")
    if found["starts"] and (found["seen"] or not found["code"]):
        more = "" if found["all_seen"] else ", the highest ones; lower ones are not looked for"
        lines.append(f"{_rows(found['seen'])} would count as seen{more}, and not be posted.")
    if found["found"]:
        late = f", {found['late']} of them late" if found["late"] else ""
        lines.append(f"{_rows(found['found'])} would be found{late}: {_ids(found)}.")
        lines.append(
            "One summary would be posted for them." if found["summary"] else "Each would be a message of its own."
        )
    elif not found["starts"] and not found["code"]:
        lines.append("No new row would be found.")
    if found["given_up"]:
        lines.append(f"{found['given_up']} rows or ids would be given up: they do not fit, or are not usable.")
    if found["more"]:
        lines.append(f"There may be more: one look takes at most 20 s, and about {MAX_EVENTS} rows.")
    if found["code"]:
        lines += [f"It would fail with {found['code']}: {found['detail'] or polls.meaning(found['code'])}"]
        lines += [f"To do: {found['remedy']}"]
    if found["paused"]:
        lines.append(f"It is paused. Let it run with: notifier poll resume {name}")
    elif found["on_hold"] and found["on_hold"] != found["code"]:
        lines.append(f"It is on hold: {found['on_hold']}. To do: {remedy(found['on_hold'])}")
    return [f"If {name} ran now:", *(f"  {line}" for line in lines)]


def _ids(found: Mapping[str, Any]) -> str:
    if found["found"] == 1:
        return f"id {_id(found['lowest'])}"
    if 0 < found["found"] == len(found["ids"]):
        return "ids " + ", ".join(map(_id, found["ids"]))
    some = f", from the lowest on {', '.join(map(_id, found['ids']))}" if found["ids"] else ""
    return f"ids {_id(found['lowest'])} to {_id(found['highest'])}{some}"


def _id(id_: int | str) -> str:
    return printable(str(id_))


def _rows(count: int, late: int = 0) -> str:
    rows = "1 row" if count == 1 else f"{count} rows"
    return rows + (f" ({late} late)" if late else "")
