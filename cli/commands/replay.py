"""`notifier replay`: send events in the dead-letter queue again, after their cause is fixed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Final

import click
from rich.text import Text

from cli.language import later, say
from cli.operations import dlq, dlq_view, resend, screen, stack, times
from cli.operations.dead_letters import DeadLetter
from cli.operations.dlq import DlqReader
from cli.operations.resend import Sent
from cli.operations.selection import Selection

# One run looks at this many dead letters at most.
LIMIT: Final = 10_000
_TWOFOLD: Final = later("{event} was sent and is still parked too: sent again, it would post nothing.")


@click.command(short_help="Send the events in the dead-letter queue again.")
@click.option("--code", "codes", multiple=True, metavar="CODE", help="Only this code; NONE: events without a code.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only events of this type.")
@click.option("--event-id", "event_ids", multiple=True, metavar="ID", help="Only this event_id or message id.")
@click.option("--since", type=times.Moment(), help="Only events parked since: 90m, 24h, 7d, or 2026-01-05T10:00.")
@click.option("--until", type=times.Moment(), help="Only events parked until then.")
@click.option("--all", "everything", is_flag=True, help="All events.")
@click.option("--send", is_flag=True, help="Send them. Without this option, they are only shown.")
@click.option("--per-second", type=click.FloatRange(0.1, 100), default=10, show_default=True, help="The highest rate.")
@stack.option
@screen.as_json
def replay(
    codes: tuple[str, ...],
    types: tuple[str, ...],
    event_ids: tuple[str, ...],
    since: float | None,
    until: float | None,
    everything: bool,
    send: bool,
    per_second: float,
    stack_name: str | None,
    as_json: bool,
) -> None:
    """Send the events in the dead-letter queue again.

    Without --send it only shows the events, grouped by the code that says why they were parked. --send needs a filter,
    or --all. An event must match every filter that is given. If a filter is given several times, one match is enough:

    \b
      notifier replay
      notifier replay --code SLACK_CONFIG --since 24h --send

    Each event is sent unchanged, and the same ledger applies: what was delivered before is not posted again. Late
    messages say when their event happened. An event leaves the dead-letter queue only after it is in the intake, so
    that it is not lost after Ctrl-C. An event that still cannot succeed is parked again.

    Exit status: 0 the events were sent or shown, 1 an event could not be sent or was not found, 2 the command was
    misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    selection = Selection(tuple(code.upper() for code in codes), types, event_ids, since, until, everything)
    if selection.empty and send:
        raise click.UsageError(say("Say which: --code, --type, --event-id, --since, --until, or --all."))
    deployed = stack.find(stack_name)
    with (
        screen.working(say("Reading the dead-letter queue")) as report,
        dlq.opened(
            deployed, LIMIT, 1 / per_second if send else 0, lambda count: report(say("{count} messages", count=count))
        ) as box,
    ):
        found = list(box.held.values())
        chosen = [letter for letter in found if selection.picks(letter)]
        done = _send(box, [letter for letter in chosen if letter.bodies], per_second, report) if send else None
    if as_json:
        screen.print_json(_document(chosen, len(found), done, selection.command(stack_name)))
    else:
        _show(chosen, len(found), done, selection.command(stack_name))
        if box.more:
            told = say("No more than {count} were looked at: run it again for the rest.", count=LIMIT)
            screen.console().print(told, style="yellow")
    unsendable = any(not letter.bodies for letter in chosen)
    unknown = any(not any(letter.is_about(name) for letter in found) for name in event_ids)
    if unsendable or unknown or (done and not done.complete):
        raise click.exceptions.Exit(1)


def _send(box: DlqReader, chosen: Sequence[DeadLetter], per_second: float, report: screen.Say) -> Sent:
    return resend.chosen(
        box,
        chosen,
        per_second,
        lambda count: report(say("{count} of {chosen} sent again", count=count, chosen=len(chosen))),
    )


def _show(chosen: Sequence[DeadLetter], found: int, done: Sent | None, command: str) -> None:
    console = screen.console()
    counted = (say("In the dead-letter queue: "), (str(found), "bold"), say(", chosen: "), (str(len(chosen)), "bold"))
    console.print(Text.assemble(*counted))
    if chosen and done is None:
        console.print(dlq_view.picture(chosen))
        console.print(f"\n{say('Nothing was sent. This sends them again:')}\n")
        console.print(f"  {command}", style="bold", soft_wrap=True, markup=False)
    if done is not None:
        console.print(_told(done, len(chosen)))


def _told(done: Sent, chosen: int) -> Text:
    told = Text(say("{count} sent again", count=len(done.sent)), "bold green" if done.complete else "bold")
    told = Text.assemble(told, say(", {count} of the chosen still parked.", count=chosen - len(done.sent)))
    if done.interrupted:
        stopped = say("Stopped as you asked; the rest is untouched: the same command goes on with it.")
        told.append(f"\n{stopped}", "yellow")
    if done.problem:
        told.append(f"\n{done.problem}", "red")
    for letter in done.twofold:
        told.append(f"\n{say(_TWOFOLD, event=letter.event_id)}", "yellow")
    if done.sent:
        command = f"notifier explain {shlex.quote(done.sent[0].event_id)}"
        told.append(f"\n{say('The history of one: {command}', command=command)}", "dim")
    return told


def _document(chosen: Sequence[DeadLetter], found: int, done: Sent | None, command: str) -> dict[str, Any]:
    sent = {letter.message_id for letter in done.sent} if done else set()
    letters = [{**dlq_view.document(one), "sent": one.message_id in sent} for one in chosen]
    by_code = {code: len(those) for code, those in dlq_view.groups(chosen)}
    result = {"sent": len(sent), "interrupted": done.interrupted, "problem": done.problem} if done else None
    return {
        "found": found,
        "chosen": len(chosen),
        "codes": by_code,
        "letters": letters,
        "result": result,
        "command": command,
    }
