"""`notifier poll`: how the polls of a deployment are, and whether they run."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from cli import compiler
from cli.bundle import ROOT
from cli.operations import polls, screen, stack, times
from cli.operations.polls import Status
from handler.model import Poll
from handler.polling.schedule import Schedule

_STYLES: Final = {"ok": "green", "running": "green", "new": "yellow", "paused": "yellow"}
# A time that is no further away than this is shown without its day.
_SAME_DAY: Final = 12 * 3600.0


@click.group(short_help="Show how polls are doing; pause, resume or start one.")
def poll() -> None:
    """Show how the polls of a deployment are doing; pause, resume or start a poll.

    A poll turns new rows of a table into events. Its name is the type of these events.
    """


@poll.command(short_help="Show when each poll runs, and what it has found.")
@click.argument("types", nargs=-1, metavar="[TYPE]...")
@click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT / "templates",
    help="The folder whose templates have polls. Default: that of this checkout.",
)
@stack.option
@screen.as_json
def status(types: tuple[str, ...], templates: Path, stack_name: str | None, as_json: bool) -> None:
    """Show when each poll runs, how its last run went, and what it has found.

    Without TYPE it shows the polls of the templates here. A poll is one of:

    \b
      new        it has never run; its first run posts nothing
      starting   its next run takes the rows that are there as seen
      ok, running
      failing    its last runs have failed; it is tried again by itself
      overdue    it should have read its table long ago
      on hold    it cannot go on before somebody does what its code says
      paused     it waits for `notifier poll resume`

    Exit status: 0 all polls run or are paused, 1 one is failing, overdue or on hold, 2 the command could not look.
    """  # noqa: D301 - \b is what keeps these lines apart
    deployed = stack.find(stack_name)
    declared = compiler.compile_templates(templates).polls
    with screen.working("Reading the state table"):
        found = [polls.read(deployed, name, declared.get(name)) for name in types or sorted(declared)]
    polls.refuse_unknown(found, declared)
    now = time.time()
    if as_json:
        screen.print_json([polls.document(one, now) for one in found])
    elif found:
        for one in found:
            screen.console().print(_drawn(one, now))
    else:
        click.echo("No template here has `poll:`.")
    if any(one.condition(now) in ("failing", "overdue", "on hold") for one in found):
        raise click.exceptions.Exit(1)


@poll.command(short_help="Take the rows that are there as seen, and go on with later ones.")
@click.argument("type_", metavar="TYPE")
@click.option("--ids-again", is_flag=True, help="The ids of the table begin again, or are used again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack.option
def start(type_: str, ids_again: bool, yes: bool, stack_name: str | None) -> None:
    """Start a poll again: its next run takes the rows that are there as seen, and posts none of them.

    This is for a poll whose state is lost, and for a table whose ids begin again, after TRUNCATE or a restored backup.
    Then later rows get identities of their own (`order.created/1042/1`), so that a row is not taken for an earlier one
    with the same id. A poll that is on hold because ids are used again does so by itself; else say --ids-again.

    Rows that appeared since the last run, and those that were found and not sent, are not posted.

    Exit status: 0 it is started, 1 it was not, 2 the command was misused or could not look.
    """
    deployed = stack.find(stack_name)
    polls.require(deployed, type_)
    if not yes:
        skipped = "the rows that were added since its last run, and those that were found and are not sent yet"
        click.confirm(f"The poll {type_} skips for good {skipped}. Continue?", abort=True)
    polls.change(deployed, type_, partial(Schedule.started, ids_again=ids_again))
    click.echo(f"{type_} starts again with its next run. See it with: notifier poll status {type_}")


@poll.command(short_help="Stop a poll until it is resumed.")
@click.argument("type_", metavar="TYPE")
@stack.option
def pause(type_: str, stack_name: str | None) -> None:
    """Stop a poll until it is resumed. Rows that appear meanwhile are found afterwards.

    A run that is already under way finishes as usual.

    Exit status: 0 it is paused, 1 it was not, 2 the command was misused or could not look.
    """
    polls.change(stack.find(stack_name), type_, Schedule.paused)
    click.echo(f"{type_} is paused. Continue it with: notifier poll resume {type_}")


@poll.command(short_help="Continue a poll that was paused, or is on hold.")
@click.argument("type_", metavar="TYPE")
@stack.option
def resume(type_: str, stack_name: str | None) -> None:
    """Continue a poll that was paused, or is on hold because ids seemed to be used again.

    It continues from where it was: rows that appeared meanwhile are found. If ids are indeed used again, rows with an
    id that was seen before are passed over; then use `start` instead.

    Exit status: 0 it continues, 1 it does not, 2 the command was misused or could not look.
    """
    polls.change(stack.find(stack_name), type_, Schedule.resumed)
    click.echo(f"{type_} continues with the next tick. See it with: notifier poll status {type_}")


def _drawn(one: Status, now: float) -> Text:
    """A poll in a few lines, which may be as narrow as the terminal is."""
    schedule, condition = one.schedule, one.condition(now)
    drawn = Text.assemble((one.name, "bold"), "  ", (condition, _STYLES.get(condition, "bold red")))
    every = f"{_every(one.poll)}, " if one.poll else ""
    last = f"read {_when(schedule.looked_at, now)}" if schedule.looked_at else "never read"
    due = "with the next tick" if schedule.due_at <= now else _when(schedule.due_at, now)
    drawn.append(f"\n  {every}{last}, next {'-' if schedule.held else due}")
    if one.state:
        drawn.append(f"\n  {_rows(one)} found, highest id {one.state.cursor.top}, {one.gaps} lower ones missing")
    if schedule.code:
        drawn.append(f"\n  {schedule.code}: {schedule.detail or one.meaning}", "red")
        drawn.append(f"\n  To do: {one.remedy}")
    return drawn


def _every(poll: Poll) -> str:
    if not poll.cron:
        return f"every {times.span(poll.every)}"
    return f"at {poll.cron} ({poll.time_zone or 'time zone of the stage'})"


def _when(at: float, now: float) -> str:
    return times.clock(at) if abs(at - now) < _SAME_DAY else times.short(at)


def _rows(one: Status) -> str:
    schedule = one.schedule
    counts = {"late": schedule.late, "ids given up": schedule.given_up}
    more = [f"{count} {word}" for word, count in counts.items() if count]
    rows = "1 row" if schedule.found == 1 else f"{schedule.found} rows"
    return rows + (f" ({', '.join(more)})" if more else "")
