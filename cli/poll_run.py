"""`notifier poll run`: run a poll now, or show what its next run would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from cli import compiler
from cli.commands.bundle import ROOT
from cli.compiler.files import printable
from cli.language import later, plural, say
from cli.operations import polls, runs, screen, stack
from cli.operations.aws_errors import UnansweredError
from cli.operations.polls import Status, remedy
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
        still = say(
            "A run that was asked for takes place all the same: {command}", command=f"notifier poll status {type_}"
        )
        click.echo(f"\n{still}", err=True)
        raise click.exceptions.Exit(130) from None
    if as_json:
        screen.print_json(runs.document(outcome))
    else:
        _show(outcome)
    if outcome.failed:
        raise click.exceptions.Exit(1)


def _ran(deployed: Stack, type_: str, wait: int, templates: Path) -> Outcome:
    from cli.doctor import outside

    with screen.working(say("Running {name}", name=type_)) as progress:
        qualifier, _ = outside.invoked(deployed)
        asking = Asking(deployed, type_, wait, progress)
        return asking.run(_interval(type_, templates), lambda: runs.tick(deployed, qualifier))


def _interval(type_: str, templates: Path) -> float | None:
    """Return the poll's interval in seconds, if a template has it; None for a cron expression, which sets the times."""
    poll = compiler.compile_templates(templates).polls.get(type_)
    return poll.every if poll and not poll.cron else None


def _show(outcome: Outcome) -> None:
    status = outcome.status
    if outcome.seen is not None:
        seen = later("{name} has taken the rows that are there as seen, and posts none of them: {count}.")
        click.echo(say(seen, name=status.name, count=outcome.seen))
    if outcome.found:
        found = later("{name} has found {rows}.") if outcome.unsent else later("{name}: {rows} found and sent.")
        click.echo(say(found, name=status.name, rows=_rows(outcome.found, outcome.late)))
    elif outcome.seen is None and not outcome.failed:
        click.echo(say("{name} has found no new row.", name=status.name))
    if outcome.unsent:
        click.echo(say("{rows} not sent yet. The next run sends them first.", rows=count_rows(outcome.unsent)))
    if outcome.more:
        more = later("There may be more: the next run follows at once. See it with: {command}")
        click.echo(say(more, command=f"notifier poll status {status.name}"))
    if outcome.failed:
        _show_failure(status)


def _show_failure(status: Status) -> None:
    why = status.schedule.detail or status.meaning
    click.echo(say("The run has failed with {code}: {why}", code=status.schedule.code, why=why))
    click.echo(say("To do: ") + status.remedy)


def _preview(deployed: Stack, type_: str, as_json: bool) -> None:
    from cli.doctor import inside, outside

    with screen.working(say("Looking what {name} would find", name=type_)):
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
    """Return the function's answer. Raises UnansweredError, ClickException."""
    if "dry_run" not in answer:
        failed = [one for one in answer.get("checks", []) if one["state"] == "failed"]
        why = say("it is older than this command")
        if failed:
            why = say("{cause}. To do: {remedy}", cause=failed[0]["cause"], remedy=failed[0]["remedy"])
        raise UnansweredError(say("The function cannot say what the poll would do: {why}", why=why))
    if answer["dry_run"] is None:
        none = say("No template that is deployed has a poll {name}. Has it been deployed?", name=type_)
        raise click.ClickException(none)
    said: dict[str, Any] = answer["dry_run"]
    return said


def _lines(found: Mapping[str, Any]) -> list[str]:
    lines = (*_found(found), *_obstacles(found))
    return [say("If {name} ran now:", name=found["poll"]), *(f"  {line}" for line in lines)]


def _found(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield which rows the run would find, and what it would do with them."""
    if found["unsent"]:
        rows = count_rows(found["unsent"])
        yield say("{rows} of an earlier run not sent yet; they are sent first.", rows=rows)
    if found["starts"] and (found["seen"] or not found["code"]):
        yield _seen(count_rows(found["seen"]), whole=found["all_seen"])
    if found["found"]:
        rows, late, ids = count_rows(found["found"]), found["late"], _ids(found)
        if late:
            yield say("{rows} would be found, {late} of them late: {ids}.", rows=rows, late=late, ids=ids)
        else:
            yield say("{rows} would be found: {ids}.", rows=rows, ids=ids)
        yield from _posted(found)
    elif not found["starts"] and not found["code"]:
        yield say("No new row would be found.")
    if found["given_up"]:
        count = found["given_up"]
        yield say("{count} rows or ids would be given up: they do not fit, or are not usable.", count=count)
    if found["more"]:
        yield say("There may be more: one look takes at most 20 s, and about {most} rows.", most=MAX_EVENTS)


def _posted(found: Mapping[str, Any]) -> Iterator[str]:
    """What would be posted for the rows. An older function does not say what `when` does."""
    suppressed, undecided = found.get("suppressed", 0), found.get("undecided", 0)
    posted = found["found"] - suppressed - undecided
    if found["summary"]:
        yield say("One summary would be posted for them.")
    elif not (suppressed or undecided):
        yield say("Each would be a message of its own.")
    elif posted:
        yield plural("1 of them would be a message.", "{count} of them would be messages.", posted)
    if suppressed:
        yield plural(
            "1 of them would post nothing: `when` does not hold.",
            "{count} of them would post nothing: `when` does not hold.",
            suppressed,
        )
    if undecided:
        yield plural(
            "1 of them would post something if its lookups meet `when`.",
            "{count} of them would post something if their lookups meet `when`.",
            undecided,
        )


def _seen(rows: str, *, whole: bool) -> str:
    if whole:
        return say("{rows} would count as seen, and not be posted.", rows=rows)
    return say(
        "{rows} would count as seen, the highest ones; lower ones are not looked for, and not be posted.", rows=rows
    )


def _obstacles(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the run would fail, or not take place."""
    code, held = found["code"], found["on_hold"]
    if code:
        why = found["detail"] or polls.meaning(code)
        yield say("It would fail with {code}: {why}", code=code, why=why)
        yield say("To do: ") + found["remedy"]
    if found["paused"]:
        yield say("It is paused. Let it run with: {command}", command=f"notifier poll resume {found['poll']}")
    elif held and held != code:
        yield say("It is on hold: {code}. To do: {remedy}", code=held, remedy=remedy(held))


def _ids(found: Mapping[str, Any]) -> str:
    if found["found"] == 1:
        return say("id {id}", id=_id(found["lowest"]))
    ids = ", ".join(map(_id, found["ids"]))
    if 0 < found["found"] == len(found["ids"]):
        return say("ids {ids}", ids=ids)
    first, last = _id(found["lowest"]), _id(found["highest"])
    if not ids:
        return say("ids {first} to {last}", first=first, last=last)
    return say("ids {first} to {last}, from the lowest on {ids}", first=first, last=last, ids=ids)


def _id(id_: int | str) -> str:
    return printable(str(id_))


def _rows(count: int, late: int) -> str:
    rows = count_rows(count)
    return say("{rows} ({more})", rows=rows, more=say("{count} late", count=late)) if late else rows


def count_rows(count: int) -> str:
    """Return a number of rows, in words."""
    return plural("1 row", "{count} rows", count)
