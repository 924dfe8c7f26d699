"""Makes the content of a new template from the options (a Wish) and from what a database knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from cli.compiler.files import printable
from cli.language import say
from cli.new_template import choosing, draft, fields, rows, tables
from cli.new_template.asking import Asking
from cli.new_template.draft import Source, Words
from cli.new_template.fields import Field
from cli.new_template.picking import Picking, split
from cli.new_template.rows import Sampled
from cli.new_template.tables import Table
from cli.preview.connections import Connections
from cli.preview.selection import nearest
from cli.privacy.masking import Masking
from cli.privacy.rules import Rules
from cli.privacy.usage import Usage
from cli.sampling.from_row import event_id
from cli.sampling.target import Target
from handler.catalog import Stage
from handler.model import Notification, Value

TITLE: Final = 60
_BRACES: Final = ("{{", "{%", "{#")
_NUMBER: Final = re.compile(r"[0-9]{1,18}|1[0-9]{19}|[1-9][0-9]{18}")
_MESSAGE: Final = "message"


class MistakenError(Exception):
    """The new template has errors even before it has a sample, because of the options. Lint shows them."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `notifier new`. An empty one is asked for, or has a default."""

    table: str = ""
    id_column: str = ""
    columns: str = ""
    channel: str = ""
    title: str = ""
    description: str = ""
    owner: str = ""
    every: str = ""
    row_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class NewContent:
    """A new notification in a folder. Its methods raise click.UsageError and MistakenError."""

    name: str
    wish: Options
    folder: Path
    stages: tuple[Stage, ...]
    rules: Rules
    asking: Asking

    @property
    def language(self) -> str:
        """Return the language of the message."""
        return self.wish.language or self.stages[0].locale.language

    @property
    def aliases(self) -> list[str]:
        """Return the channel aliases of the stages."""
        return [*dict.fromkeys(alias for stage in self.stages for alias in stage.channels)]

    def of_data(self) -> Sampled:
        """Return a template that shows the event's own `data`."""
        keys = split(self.wish.columns or self.asking.text(say("Keys of `data`, separated by commas"), _MESSAGE))
        for key in keys:
            if not (key.isascii() and key.isidentifier()) or fields.is_secret(key):
                raise click.UsageError(say("{name} cannot be a key of `data` here.", name=printable(key)))
        typed = self.wish.row_id or "1"
        row_id = int(typed) if _NUMBER.fullmatch(typed) else typed
        text = draft.of_data(self._words(""), keys, rows.id_form(None, row_id), self._style)
        data: dict[str, Value] = dict.fromkeys(keys, rows.TEXT)
        target, notification = self._target(text)
        return rows.sampled(target, notification, rows.Found(row_id, {}, data, rows.EXAMPLE), self.rules, self.stages)

    def of_table(self, connected: Connections, database: str) -> Sampled:
        """Return a template that shows a row of a table. Also raises SourceError, ConfigError."""
        picking = Picking.of(connected.database, database, self.rules, self.asking)
        table = picking.table(self.wish.table)
        key = picking.id_column(self.wish.id_column, table)
        known = picking.fields(table, key)
        is_one = choosing.is_one_row(table, key)
        if self.wish.every and not is_one:
            raise click.UsageError(
                say(
                    "A poll finds rows by an id of their own, and {column} has several rows for one.",
                    column=printable(key),
                )
            )
        column = table.column(key)
        if self.wish.every and column and not fields.is_number(column):
            raise click.UsageError(
                say(
                    "A poll finds rows by whole numbers, and {column} is {type}. Choose with --id-column.",
                    column=printable(key),
                    type=column.written,
                )
            )
        shown = picking.columns(split(self.wish.columns), known, table, key)
        shown = [one for one in shown if is_one or not one.is_long]
        row_id = self._row(connected, database, table, key)
        words = self._words(fields.label_of(table.comment, "") if self.language == "ja" else "")
        source = Source(table, key, is_one, choosing.created(table), database)
        form = rows.id_form(table.column(key), 1 if row_id is None else row_id)

        def text(columns: Sequence[Field]) -> str:
            return draft.of_table(words, source, choosing.with_heading(columns), form, self._style)

        target, notification = self._target(text(shown))
        if row_id is None:
            found = rows.invented(source, shown)
        else:
            found = rows.found(notification, self.stages[0], row_id, connected)
        if empty := found.empty:
            shown = [replace(one, may_lack=one.may_lack or one.name in empty) for one in shown]
            target, notification = self._target(text(shown))
        return rows.sampled(target, notification, found, self.rules, self.stages)

    @property
    def _style(self) -> draft.Style:
        return draft.Style(self.language, has_schema=(self.folder / ".schema.json").exists())

    def _target(self, text: str) -> tuple[Target, Notification]:
        target = Target(self.name, text.encode())
        if target.notification is None:
            raise MistakenError(target.content)
        return target, target.notification

    def _row(self, connected: Connections, database: str, table: Table, key: str) -> int | str | None:
        """Return the id of the row for the sample; None if the table is empty."""
        column = table.column(key)
        newest = "" if self.wish.row_id else tables.newest_id(connected.database, database, table, key)
        if newest is None:
            click.echo(say("{table} has no row yet: the sample is made up.", table=printable(table.name)))
            return None

        def check(typed: str) -> str:
            if column and fields.is_number(column) and not _NUMBER.fullmatch(typed):
                raise click.UsageError(say("{column} is a whole number. Write --id 1042", column=printable(key)))
            return typed

        typed = check(self.wish.row_id) if self.wish.row_id else self.asking.text(
            say("Row for the sample"), str(newest), check, shown=self._shown(newest, table, key)
        )  # fmt: skip
        return int(typed) if column and fields.is_number(column) else typed

    def _shown(self, newest: int | str, table: Table, key: str) -> str:
        """What stands for the newest id in the question, if it may not be shown."""
        masking = Masking(self.rules, Usage(behind={("id",): ((table.name, key),)}))
        return say("the newest") if event_id(newest, masking) != newest else ""

    def _words(self, title: str) -> Words:
        """Return the texts of the template that do not come from the row. Asks for those that no option gives."""
        wish, asking, aliases = self.wish, self.asking, self.aliases
        if asking.is_on and aliases and not wish.channel:
            click.echo(say("Channels: {names}", names=", ".join(aliases)))

        def channel(alias: str) -> str:
            if alias not in aliases and aliases:
                raise click.UsageError(
                    say(
                        "No stage has the channel {alias}. {known}",
                        alias=printable(alias),
                        known=nearest(alias, aliases),
                    )
                )
            return alias

        one = aliases[0] if len(aliases) == 1 else ""
        usual = title[:TITLE] or self.name.replace(".", " ").replace("_", " ").strip().capitalize()[:TITLE]
        return Words(
            title=wish.title or asking.text(say("Title"), usual, checked_title),
            channel=channel(wish.channel) if wish.channel else asking.text(say("Channel"), one, channel),
            description=wish.description or asking.text(say("What it is for (may stay empty)")),
            owner=wish.owner or asking.text(say("Owner: a team or a person (may stay empty)")),
            language=wish.language,
            every=wish.every,
        )


def checked_title(title: str) -> str:
    """Return the title, if a message can start with it. Raises click.UsageError otherwise."""
    if len(title) > TITLE or not title.isprintable() or any(one in title for one in _BRACES):
        raise click.UsageError(
            say("A title is one line of at most {count} characters, without {braces}.", count=TITLE, braces="{{ }}")
        )
    return title
