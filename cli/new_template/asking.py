"""Asks the person at the terminal. Without a terminal, defaults apply, and options without a default are required."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from cli.language import plural, say

if TYPE_CHECKING:
    from cli.new_template.tables import TableName

_SHOWN: Final = 20


def is_there() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks questions if `is_on`; otherwise uses the defaults."""

    is_on: bool

    def refuse_missing(self, given: Mapping[str, object]) -> None:
        """Raise click.UsageError for needed options that are missing, if nobody can be asked."""
        missing = [name for name, value in given.items() if not value]
        if missing and not self.is_on:
            raise click.UsageError(say("Nobody can be asked here, so add {options}.", options=", ".join(missing)))

    def text(self, question: str, default: str = "", check: Callable[[str], str] = str, shown: str = "") -> str:
        """Return an answer that `check` takes, or the default, which is `shown` as itself or as that.

        `check` raises click.UsageError for another answer.
        """
        while self.is_on:
            answer: str = click.prompt(question, default=default, show_default=shown or bool(default))
            try:
                return check(answer.strip())
            except click.UsageError as error:
                click.echo(error.format_message())
        return check(default)

    def confirmed(self, question: str) -> bool:
        """Ask for yes or no. Return True if nobody can be asked."""
        return not self.is_on or click.confirm(question, default=True)

    def table(self, tables: Sequence[TableName]) -> str:
        """Ask for a table of the list. What is typed filters the list, until one table is left."""
        found = list(tables)
        while True:
            _show(found)
            typed: str = click.prompt(say("Table (a number, or a part of its name)")).strip()
            if typed.isdecimal() and 0 < int(typed[:9]) <= len(found):
                return found[int(typed) - 1].name
            exact = [one for one in tables if one.name.casefold() == typed.casefold()]
            like = exact or [one for one in tables if typed.casefold() in f"{one.name} {one.comment}".casefold()]
            if len(like) == 1:
                return like[0].name
            if not like:
                click.echo(say("No table has `{text}` in its name.", text=typed))
            found = like or list(tables)


def _show(tables: Sequence[TableName]) -> None:
    from rich.table import Table
    from rich.text import Text

    from cli.operations.screen import console

    shown = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for justify in ("right", "left", "right", "left"):
        shown.add_column(justify=justify, overflow="fold")
    for number, one in enumerate(tables[:_SHOWN], 1):
        rows = "" if one.rows is None else plural("about 1 row", "about {count} rows", one.rows)
        shown.add_row(str(number), Text(one.name), rows, Text(one.comment, "dim"))
    console().print(shown)
    if len(tables) > _SHOWN:
        click.echo(say("… and {count} more: type a part of the name.", count=len(tables) - _SHOWN))
