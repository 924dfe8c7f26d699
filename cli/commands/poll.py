"""`notifier poll`: show and control the polls of a deployment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from cli import compiler
from cli.commands.bundle import ROOT
from cli.language import later, say
from cli.operations import polls, rewinds, screen, stack, times
from cli.operations.polls import Status
from cli.operations.rewinds import IdOrTime, To
from cli.poll_run import count_rows, run
from cli.preview import selection
from handler.model import Poll
from handler.polling.schedule import REUSED, Schedule
from handler.polling.state import PollState

_STYLES: Final = {"ok": "green", "running": "green", "new": "yellow", "paused": "yellow"}
# A time that is less than this away is shown without its date.
_SAME_DAY: Final = 12 * 3600.0
# From this share of the space for ids on, `status` shows how full it is.
_SHOWN_FULL: Final = 0.1


@click.group(short_help="Show how polls are doing; run, pause, rewind or start one.")
def poll() -> None:
    """Show the state of a deployment's polls; run, pause, resume, rewind, rebase or start a poll.

    A poll turns new rows of a table into events. Its name is the type of these events.
    """


poll.add_command(run)


@poll.command(short_help="Show when each poll runs, and what it has found.")
@click.argument("types", nargs=-1, metavar="[TYPE]...")
@selection.templates("templates", selection.shipped(ROOT))
@stack.option
@screen.as_json
def status(types: tuple[str, ...], templates: Path, stack_name: str | None, as_json: bool) -> None:
    """Show when each poll runs, how its last run went, and what it has found.

    Without TYPE it shows the polls of the templates here. A poll is one of:

    \b
      new        it has never run; its first run posts nothing
      starting   its next run carries out a `start` or a `rebase`
      ok, running
      failing    its last runs have failed; it is tried again by itself
      overdue    it should have read its table long ago
      on hold    it cannot continue before somebody does what its code says
      paused     it waits for `notifier poll resume`

    Exit status: 0 all polls run or are paused, 1 one is failing, overdue or on hold, 2 the command could not look.
    """  # noqa: D301 - \b is what keeps these lines apart
    deployed = stack.find(stack_name)
    declared = compiler.compile_templates(templates).polls
    with screen.working(say("Reading the state table")):
        found = [polls.read(deployed, name, declared.get(name)) for name in types or sorted(declared)]
    polls.refuse_unknown(found, declared)
    now = time.time()
    if as_json:
        screen.print_json([polls.document(one, now) for one in found])
    elif found:
        for one in found:
            screen.console().print(_drawn(one, now))
    else:
        click.echo(say("No template here has `poll:`."))
    if any(one.condition(now) in ("failing", "overdue", "on hold") for one in found):
        raise click.exceptions.Exit(1)


@poll.command(short_help="Count all rows that exist now as seen, and continue with later ones.")
@click.argument("type_", metavar="TYPE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack.option
def start(type_: str, yes: bool, stack_name: str | None) -> None:
    """Start a poll whose state is lost: its next run counts all rows that exist as seen, and posts none of them.

    Rows that appeared since the last run, and those that were found and not sent, are not posted. If the ids of the
    table begin again, after TRUNCATE or a restored backup, use `rebase` instead. A poll that is paused stays paused.

    Exit status: 0 it is started, 1 it was not, 2 the command was misused or could not look.
    """
    deployed = stack.find(stack_name)
    _require_decided(type_, Schedule.of(polls.require(deployed, type_)))
    if not yes:
        click.confirm(f"{_skips(type_)} {say('Continue?')}", abort=True)
    schedule = polls.change(deployed, type_, lambda schedule: _require_decided(type_, schedule).started())
    click.echo(f"{say('{name} starts again with its next run.', name=type_)} {_then(type_, schedule)}")


@poll.command(short_help="Begin with new identities, because the ids of the table begin again.")
@click.argument("type_", metavar="TYPE")
@click.option("--resend", is_flag=True, help="Post the rows that --to selects again, with new identities.")
@click.option(
    "--to",
    type=IdOrTime(),
    metavar="ID|TIME",
    help="With --resend: the last id not to post; or the first time to post.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack.option
def rebase(type_: str, resend: bool, to: To | None, yes: bool, stack_name: str | None) -> None:
    """Start a poll again because the ids of its table begin again, after TRUNCATE or a restored backup.

    Its next run counts all rows that exist as seen. Later rows get identities of their own (`order.created/1042/1`),
    so that a row is not taken for an earlier one with the same id.

    With --resend the rows above the id --to count as new, and each of them is posted, even if it was posted before with
    its earlier identity. --to 0 posts all rows of the table. For a poll that finds rows by a time, --to is a
    time with its zone, such as 2026-11-01T00:00:00+09:00, and the rows from then on are posted.

    A poll that is paused stays paused.

    Exit status: 0 it is rebased, 1 it was not, 2 the command was misused or could not look.
    """
    if resend == (to is None):
        raise click.UsageError(
            say(
                "--resend and --to must be used together: --to ID posts the rows above it, --to TIME those from then on"
            )
        )
    deployed = stack.find(stack_name)
    polls.require(deployed, type_)
    if to:
        rewinds.require_kind(polls.read(deployed, type_, None), to)
    if not yes:
        says = _skips(type_)
        if to:
            says = say(
                "The poll {name} posts all rows {rows} one by one, even if they were posted before.",
                name=type_,
                rows=to.rows,
            )
        click.confirm(f"{says} {say('Rows get new identities from now on. Continue?')}", abort=True)
    schedule = polls.change(
        deployed, type_, lambda schedule: schedule.rebased(to.above, to.above_kind) if to else schedule.rebased()
    )
    begins = say("{name} begins with new identities with its next run.", name=type_)
    click.echo(f"{begins} {_then(type_, schedule)}")


@poll.command(short_help="Find rows again, and post those that were never posted.")
@click.argument("type_", metavar="TYPE")
@click.option(
    "--to",
    type=IdOrTime(),
    required=True,
    metavar="ID|TIME",
    help="The last id to leave as it is; or the first time to find again.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack.option
def rewind(type_: str, to: To, yes: bool, stack_name: str | None) -> None:
    """Let a poll find rows again, with the same identities as before.

    These are the rows above the id --to. For a poll that finds rows by a time they are those from the time --to on,
    which has a zone: --to 2026-11-01T00:00:00+09:00. `notifier poll run TYPE --dry-run` then shows them.

    Rows that were posted or parked in the last 30 days are not posted again. Only rows that were never posted are:
    those that the first run counted as seen, those that a summary counted, and those whose events were lost. Rows that
    were posted more than 30 days ago are posted again. Each row is a message of its own; there is no summary. A poll
    that watches a column cannot be rewound. A poll that is paused stays paused.

    Exit status: 0 it is rewound, 1 it was not, 2 the command was misused or could not look.
    """
    deployed = stack.find(stack_name)
    polls.require(deployed, type_)
    before = polls.read(deployed, type_, None)
    concerned = rewinds.concerned(before, to)
    if not yes:
        click.echo(concerned)
        click.confirm(say("Find the rows {rows} again?", rows=to.rows), abort=True)
    schedule = polls.change(deployed, type_, lambda schedule: rewinds.rewound(before, schedule, to))
    finds = say("{name} finds them with its next run.", name=type_)
    now = say("Run it now with: {command}", command=f"notifier poll run {type_}")
    click.echo(f"{finds} {_then(type_, schedule, now)}")


@poll.command(short_help="Stop a poll until it is resumed.")
@click.argument("type_", metavar="TYPE")
@stack.option
def pause(type_: str, stack_name: str | None) -> None:
    """Stop a poll until it is resumed. Rows that appear in between are found after that.

    A run that is already under way finishes as usual. What `start`, `rebase` and `rewind` ask for waits, too.

    Exit status: 0 it is paused, 1 it was not, 2 the command was misused or could not look.
    """
    polls.change(stack.find(stack_name), type_, Schedule.paused)
    click.echo(
        say("{name} is paused. Continue it with: {command}", name=type_, command=f"notifier poll resume {type_}")
    )


@poll.command(short_help="Continue a poll that was paused, or is on hold.")
@click.argument("type_", metavar="TYPE")
@stack.option
def resume(type_: str, stack_name: str | None) -> None:
    """Continue a poll that was paused, or is on hold because ids seemed to be used again.

    It continues where it stopped: rows that appeared in between are found. If ids are indeed used again, rows with an
    id that was seen before are skipped; then use `rebase` instead. A poll that was on hold for that, and was paused
    afterwards, is on hold again; the second `resume` says that it was a false alarm.

    Exit status: 0 it continues, 1 it does not, 2 the command was misused or could not look.
    """
    schedule = polls.change(stack.find(stack_name), type_, Schedule.resumed)
    if schedule.held:
        raise click.ClickException(
            say(
                "{name} is no longer paused, and on hold as before: {code}. To do: {remedy}",
                name=type_,
                code=schedule.code,
                remedy=polls.remedy(schedule.code),
            )
        )
    click.echo(f"{say('{name} continues with the next tick.', name=type_)} {_see(type_)}")


def _skips(type_: str) -> str:
    return say(
        "The poll {name} skips for good the rows that were added since its last run, and those that were found and are "
        "not sent yet.",
        name=type_,
    )


def _see(type_: str) -> str:
    return say("See it with: {command}", command=f"notifier poll status {type_}")


def _then(type_: str, schedule: Schedule, running: str = "") -> str:
    """Say what else to do, after a change, so that a run carries it out."""
    if schedule.is_paused:
        return say("It is paused, and runs after: {command}", command=f"notifier poll resume {type_}")
    return running or _see(type_)


def _require_decided(type_: str, schedule: Schedule) -> Schedule:
    """Return the schedule. Raises ClickException if the poll waits for a decision about its ids."""
    if schedule.code == REUSED:
        raise click.ClickException(
            say(
                "{name} is on hold because ids of its table seem to be used again. If they are, give later rows new "
                "identities: {rebase}. If they are not: {resume}",
                name=type_,
                rebase=f"notifier poll rebase {type_}",
                resume=f"notifier poll resume {type_}",
            )
        )
    return schedule


def _drawn(one: Status, now: float) -> Text:
    """Return a poll's state as a few lines, which may wrap in a narrow terminal."""
    schedule, condition = one.schedule, one.condition(now)
    drawn = Text.assemble((one.name, "bold"), "  ", (condition, _STYLES.get(condition, "bold red")))
    drawn.append(f"\n  {say(', ').join(_reads(one, now))}")
    if (lag := one.lag(now)) is not None:
        whole = say(
            "complete as of {time}, {span} ago: rows that the replica showed by then are found",
            time=_when(schedule.complete_at, now),
            span=times.span(lag),
        )
        drawn.append(f"\n  {whole}")
    if one.asked:
        drawn.append(f"\n  {say('asked for: its next run {asked}', asked=one.asked)}", "yellow")
    if one.state:
        drawn.append(f"\n  {say('{rows} found, {read}', rows=_rows(one), read=_read_to(one.state, one.gaps))}")
        if schedule.full >= _SHOWN_FULL:
            full = say("the ids of the longest transaction take {share:.0%} of the room for them", share=schedule.full)
            drawn.append(f"\n  {full}", "bold red" if schedule.is_nearly_full else "")
    if schedule.code:
        drawn.append(f"\n  {schedule.code}: {schedule.detail or one.meaning}", "red")
        drawn.append(f"\n  {say('To do: ')}{one.remedy}")
    return drawn


def _reads(one: Status, now: float) -> Iterator[str]:
    """Yield when a poll reads its table: how often, last time, and next time."""
    schedule = one.schedule
    if one.poll:
        yield _every(one.poll)
    read = _when(schedule.scanned_at, now) if schedule.scanned_at else ""
    yield say("read {time}", time=read) if read else say("never read")
    yield say("next {time}", time="-" if schedule.held else _due(one, now))


def _due(one: Status, now: float) -> str:
    """When it reads next: here, and in the zone of its cron expression."""
    due, poll = one.schedule.due_at, one.poll
    if due <= now:
        return say("with the next tick")
    there = times.there(due, poll.time_zone) if poll and poll.cron and poll.time_zone else ""
    return f"{_when(due, now)} ({there})" if there else _when(due, now)


def _every(poll: Poll) -> str:
    if not poll.cron:
        return say("every {span}", span=times.span(poll.every))
    return say("at {cron} ({zone})", cron=poll.cron, zone=poll.time_zone or say("time zone of the stage"))


def _when(at: float, now: float) -> str:
    """The time and its zone, here."""
    return f"{times.clock(at) if abs(at - now) < _SAME_DAY else times.short(at)} {times.here(at)}"


def _read_to(state: PollState, gaps: int) -> str:
    if state.timed:
        latest = state.timed.latest or say("none yet")
        return say("latest time {time}, {rows} remembered", time=latest, rows=count_rows(len(state.timed.seen)))
    read = say("highest id {id}, {count} lower ones missing", id=state.cursor.top, count=gaps)
    if not state.watched:
        return read
    return say("{read}, changes watched from id {id} on", read=read, id=state.cursor.floor + 1)


def _rows(one: Status) -> str:
    schedule = one.schedule
    given_up = later("{count} given up") if one.poll and one.poll.at else later("{count} ids given up")
    counts = {later("{count} late"): schedule.late, given_up: schedule.given_up}
    more = [say(words, count=count) for words, count in counts.items() if count]
    rows = count_rows(schedule.found)
    return say("{rows} ({more})", rows=rows, more=say(", ").join(more)) if more else rows
