"""The chosen dead letters, grouped by code, for a terminal and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.language import later, say
from cli.operations import times
from cli.operations.dead_letters import DeadLetter, Sender
from cli.operations.line_breaks import Words
from cli.operations.remedies import remedy
from cli.operations.selection import NONE
from handler.errors import CODES

# This many are shown of each code; --json lists all.
SHOWN: Final = 10
# Why a letter without a code is in the dead-letter queue, and what to do.
_SENDERS: Final[dict[Sender, tuple[str, str]]] = {
    "function": (later("the function parked it"), later("look it up with `notifier explain`")),
    "queue": (
        later("SQS gave up: it was delivered too often, and the function never came to an end with it"),
        later("look for timeouts and crashes in the function's log"),
    ),
    "topic": (later("SNS could not deliver it"), later("check the subscription, and the policy of what it leads to")),
    "lambda": (
        later("Lambda gave up after its last attempt"),
        later("look for timeouts and crashes in the function's log"),
    ),
}


def cause(letter: DeadLetter) -> tuple[str, str]:
    """Return why a letter is in the queue, and what to do first."""
    if known := CODES.get(letter.code):
        return say(known.meaning), remedy(letter.code)
    meaning, first = _SENDERS[letter.sender]
    return say(meaning), say(first)


def groups(chosen: Sequence[DeadLetter]) -> list[tuple[str, list[DeadLetter]]]:
    """Return the letters by code: most frequent code first, oldest letter first."""
    found: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in sorted(chosen, key=lambda letter: letter.parked_at):
        found[letter.code or NONE].append(letter)
    return sorted(found.items(), key=lambda group: (-len(group[1]), group[0]))


def picture(chosen: Sequence[DeadLetter]) -> RenderableType:
    """Return the letters as tables for the terminal."""
    return Group(*(part for code, letters in groups(chosen) for part in _group(code, letters)))


def document(letter: DeadLetter) -> dict[str, Any]:
    """Return a letter as JSON values, without its body and its SQS receipt."""
    told = asdict(letter)
    for name in ("receipt", "bodies", "typed", "own_identity"):
        del told[name]
    return {**told, **{name: times.iso(told[name]) for name in ("parked_at", "first_sent_at")}}


def _group(code: str, letters: Sequence[DeadLetter]) -> Iterator[RenderableType]:
    yield Text.assemble(
        "\n", (say("without a code") if code == NONE else code, "bold red"), (f"  {len(letters)} ×", "bold")
    )
    for meaning, first in sorted({cause(letter) for letter in letters}):
        yield Padding(Words(meaning), (0, 0, 0, 2))
        yield Padding(Words.assemble((say("first: "), "dim"), first), (0, 0, 0, 2))
    yield Padding(_table(letters[:SHOWN]), (0, 0, 0, 2))
    if len(letters) > SHOWN:
        more, until = len(letters) - SHOWN, times.short(letters[-1].parked_at)
        yield Text(say("  … and {count} more, until {time}", count=more, time=until), "dim")


def _table(letters: Sequence[DeadLetter]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(say("parked"), no_wrap=True)
    table.add_column(say("event"))
    table.add_column("event_id", style="dim", max_width=36, overflow="fold")
    table.add_column(say("detail"), style="dim", ratio=1)
    for one in letters:
        event = f"{one.type} {one.id}".strip() or say("not readable")
        detail = one.detail if one.bodies else say("holds no event: it can only be looked at and deleted")
        table.add_row(times.short(one.parked_at), event, one.event_id or one.message_id, detail)
    return table
