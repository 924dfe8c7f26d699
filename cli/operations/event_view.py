"""Draws a timeline for a terminal, to be read from top to bottom; what to do is at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.language import later, say
from cli.operations import times
from cli.operations.line_breaks import Words
from cli.operations.log_steps import Step, Tone
from cli.operations.remedies import OF_EITHER, OF_THE_EVENT, remedy
from cli.operations.selection import Selection
from cli.operations.timeline import Timeline, Trail
from handler.errors import CODES

_COLOURS: Final[dict[Tone, str]] = {"good": "green", "bad": "bold red", "waiting": "yellow", "quiet": "cyan"}
# Columns: of the tree in a line; before the text of a step; the least for that text; before the word of a step.
TREE: Final = 8
BEFORE_TEXT: Final = TREE + 36
LEAST_TEXT: Final = 20
BEFORE_WORD: Final = 22
# A delivery that waits for hours is tried fifty times. More than this many equal steps are folded.
ALIKE: Final = 4
# The sign and the words for the state of a delivery.
_STANDS: Final = {
    "delivered": ("✔", later("delivered"), "bold green"),
    "suppressed": ("○", later("suppressed: nothing was to be posted"), "bold cyan"),
    "parked": ("✖", later("parked"), "bold red"),
    "repeated": ("✔", later("done before"), "bold green"),
}
# Links to the messages, by channel and ts.
Links = Mapping[tuple[str, str], str]
_QUEUED: Final = ("…", later("still in the queue"), "bold yellow")


def draw(timeline: Timeline, links: Links, stack: str | None, width: int) -> RenderableType:
    """Draw an event's deliveries, each with its steps, and with what to do if it is parked.

    `stack` is the value of --stack, for suggested commands. Texts are at most `width` wide; links and commands are
    never broken, so that they can be copied: the console must be wider than any of them.
    """
    tree = Tree(_title(timeline), guide_style="dim")
    for trail in timeline.trails:
        branch = tree.add(_heading(trail))
        for step in _folded(trail.steps):
            branch.add(step if isinstance(step, Text) else _step(step, timeline.received, links, width))
        for advice in _advice(trail, timeline.identity, stack, width):
            branch.add(advice)
    return tree


def _title(timeline: Timeline) -> Group:
    what = f"{timeline.type} {timeline.id}".strip() or say("an event that could not be read")
    how = later("found by its poll {day}") if timeline.origin == "poll" else later("received {day}")
    received = say(how, day=times.day(timeline.received)) if timeline.received else ""
    return Group(
        Text.assemble((what, "bold"), ("   event_id ", "dim"), timeline.identity),
        Text.assemble((received, "dim")),
    )


def _heading(trail: Trail) -> Text:
    sign, words, style = _STANDS.get(trail.state, _QUEUED)
    name = trail.notification or say("the event itself")
    where = f" → {trail.channel}" if trail.channel else ""
    kind = say(" (notice about the broken template)") if trail.notice else ""
    return Text.assemble((f"{sign} ", style), (f"{name}{where}", "bold"), kind, "   ", (say(words), style))


def _folded(steps: Sequence[Step]) -> Iterator[Step | Text]:
    """Yield the steps. Of many equal ones in a row, yield the first, a count, and the last."""
    for word, alike in groupby(steps, key=lambda step: step.word):
        found = list(alike)
        if len(found) <= ALIKE:
            yield from found
            continue
        yield found[0]
        more = say("… {count} times more {word}", count=len(found) - 2, word=say(word))
        yield Text(f"{'':{BEFORE_WORD}}{more}", "dim")
        yield found[-1]


def _step(step: Step, began: float, links: Links, width: int) -> Group:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(width=12, justify="right", style="dim", no_wrap=True)
    grid.add_column(width=13, no_wrap=True)
    grid.add_column(width=max(width - BEFORE_TEXT, LEAST_TEXT), overflow="fold")
    offset = f"+{times.span(step.at - began)}" if began else ""
    facts = " · ".join(step.facts)
    gap = (
        ("  " if cell_len(step.text) + cell_len(facts) < width - BEFORE_TEXT - 2 else "\n")
        if step.text and facts
        else ""
    )
    text = Words.assemble(step.text, gap, (facts, "dim"))
    grid.add_row(times.clock(step.at), offset, Text(say(step.word), _COLOURS[step.tone]), text)
    if not (step.channel and step.ts):
        return Group(grid)
    link = links.get((step.channel, step.ts)) or say("message {ts} in {channel}", ts=step.ts, channel=step.channel)
    return Group(grid, Text(link, "underline", no_wrap=True))


def _advice(trail: Trail, identity: str, stack: str | None, width: int) -> Iterator[RenderableType]:
    if trail.state != "parked":
        return
    known = CODES.get(trail.code)
    if known:
        yield _words((f"{trail.code}: ", "bold"), say(known.meaning), width)
        yield _words((say("To do: "), "bold"), remedy(trail.code), width)
    if trail.code in OF_THE_EVENT:
        return
    if trail.code in OF_EITHER:
        yield _words(("", ""), say("Or, if the template is wrong, correct and deploy it."), width)
    command = Selection(event_ids=(identity,)).command(stack)
    yield Text.assemble((say("Then:  "), "bold"), command, no_wrap=True)


def _words(label: tuple[str, str], words: str, width: int) -> RenderableType:
    return Constrain(Words.assemble(label, words), max(width - TREE, LEAST_TEXT))
