"""`notifier explain`: show what happened to one event, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from cli.language import say
from cli.operations import event_history as inquiries
from cli.operations import event_json, event_view, screen, stack, times
from cli.operations.aws_errors import UnansweredError
from cli.operations.event_history import EventHistory
from cli.operations.metrics import Depth
from cli.operations.stack import Stack
from cli.operations.timeline import Timeline

# If there are more events with this type and id, only the last ones are shown in full.
TOLD: Final = 5


@click.command(short_help="Show what happened to one event, and why.")
@click.argument("event", nargs=-1, required=True, metavar="EVENT_ID | TYPE ID")
@click.option("--since", type=times.Moment(), default="7d", show_default=True, help="How far to look back in the log.")
@stack.option
@screen.as_json
def explain(event: tuple[str, ...], since: float, stack_name: str | None, as_json: bool) -> None:
    """Show what happened to one event, and why: one timeline of all its deliveries.

    An event is identified by its own `event_id`, or else by the id that SNS gave its message. If you have neither, give
    the type and the id that were published:

    \b
      notifier explain 8f1e6c1a-5c0d-5f0b-9d7e-2f4f0d1c9a11
      notifier explain order.created 1042

    Reads the function's log and the state table, asks Slack for links if you may read the token, and reads the
    dead-letter queue if the other sources are not enough.

    Exit status: 0 the event was found, 1 it was not found, 2 the command was misused or could not look.
    """  # noqa: D301 - \b is what keeps these lines apart
    if len(event) > 2:
        raise click.UsageError(say("Give one EVENT_ID, or a TYPE and an ID."))
    deployed = stack.find(stack_name)
    function = deployed.configuration()
    with screen.working(say("Looking for it")) as report:
        inquiry = inquiries.of(deployed, since, report, function)
        found = inquiry.of_type(*event)[-TOLD:] if len(event) == 2 else inquiry.of_name(event[0])
        open_end = not found or any(trail.queued for one in found for trail in one.trails)
        depth = inquiry.waiting() if open_end else None
        hints = [] if found else inquiry.hints(depth, event[0])
        linked = _links(deployed, function, found, inquiry) if found else {}
    if as_json:
        events = [event_json.document(one, linked) for one in found]
        screen.print_json({"events": events, "queue": asdict(depth) if depth else None, "notes": inquiry.notes})
    else:
        _show(found, linked, depth, inquiry.notes, stack_name)
    if not found:
        for line in [say("Nothing is known of {event}.", event=" ".join(event))] + [f"· {hint}" for hint in hints]:
            click.echo(line, err=True)
        raise click.exceptions.Exit(1)


def _links(
    deployed: Stack, function: Mapping[str, Any], found: Sequence[Timeline], inquiry: EventHistory
) -> event_view.Links:
    from cli.operations import links  # imports slack-sdk and boto3 only for this command

    steps = [step for one in found for trail in one.trails for step in trail.steps]
    messages = {(step.channel, step.ts) for step in steps if step.channel and step.ts}
    inquiry.say(say("asking Slack for links"))
    try:
        return links.read(deployed, function.get("Environment", {}).get("Variables", {}), messages) if messages else {}
    except UnansweredError as error:
        inquiry.notes.append(error.message)
        return {}


def _show(
    found: Sequence[Timeline],
    linked: event_view.Links,
    depth: Depth | None,
    notes: Sequence[str],
    stack_name: str | None,
) -> None:
    console = screen.console()
    for one in found:
        screen.print_whole(event_view.draw(one, linked, stack_name, console.width))
        console.print()
    if found and depth:
        console.print(say("The intake queue holds {messages}.", messages=depth.words), style="dim")
    for note in notes:
        console.print(note, style="yellow", markup=False)
