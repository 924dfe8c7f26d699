"""Picks the table, the key and the columns of a new template: from options, answers, or defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click

from cli.language import say
from cli.new_template import choosing, fields, tables
from cli.new_template.asking import Asking
from cli.new_template.fields import Field
from cli.new_template.quoting import is_writable
from cli.new_template.tables import Table, TableName
from cli.preview.selection import nearest
from cli.privacy.rules import Rules
from handler.ports import Database


@dataclass(frozen=True, slots=True)
class Picking:
    """Picks in one database, whose tables are listed once. Its methods raise SourceError and click.UsageError."""

    database: Database
    name: str
    rules: Rules
    asking: Asking
    known: Mapping[str, TableName] = field(default_factory=dict)

    @classmethod
    def of(cls, database: Database, name: str, rules: Rules, asking: Asking) -> Picking:
        """Return a Picking with the list of tables."""
        known = {one.name: one for one in tables.names(database, name)}
        if not known:
            raise click.ClickException(say("The database has no table that this account may read."))
        return cls(database, name, rules, asking, known)

    def table(self, wanted: str) -> Table:
        """Return the table with this name; without a name, ask for one."""
        name = wanted or self.asking.table([*self.known.values()])
        folded = {one.casefold(): one for one in self.known}
        if name not in self.known and name.casefold() not in folded:
            raise click.UsageError(
                say("The database has no table {name}. {known}", name=_shown(name), known=nearest(name, self.known))
            )
        found = name if name in self.known else folded[name.casefold()]
        if not is_writable(found):
            raise _unwritable(found)
        return self._read(found)

    def id_column(self, wanted: str, table: Table) -> str:
        """Return the column with the event's id."""

        def check(name: str) -> str:
            column = table.column(name)
            if column is None:
                raise _no_column(name, table)
            if not is_writable(column.name):
                raise _unwritable(column.name)
            if not fields.is_number(column) and not fields.is_text(column):
                raise click.UsageError(
                    say(
                        "{column} is {type}, and an event's id is a whole number or a text. Choose with --id-column.",
                        column=_shown(column.name),
                        type=column.written,
                    )
                )
            return column.name

        if wanted:
            return check(wanted)
        usual = choosing.usual_id(table)
        if not usual and not self.asking.is_on:
            raise click.UsageError(
                say("{table} has no key that can be an event's id. Choose with --id-column.", table=_shown(table.name))
            )
        return self.asking.text(say("Column with the event's id"), usual, check)

    def fields(self, table: Table, key: str) -> dict[str, Field]:
        """Return the fields that can be shown, with names from other tables in place of their ids."""
        small = [one for one in table.columns if fields.is_code(one) and not fields.is_masked(one, table, self.rules)]
        codes = tables.codes(self.database, self.name, table, key, small)
        found = fields.of(table, self.rules, codes)
        wanted = choosing.references(table, self.known, key)
        read = {to: self._read(to) for to in dict.fromkeys(to for to, _ in wanted.values()) if to in self.known}
        return choosing.named(found, {name: (read[to], column) for name, (to, column) in wanted.items() if to in read})

    def columns(self, wanted: Sequence[str], found: Mapping[str, Field], table: Table, key: str) -> list[Field]:
        """Return the fields that the message shows."""
        if wanted:
            return _named(wanted, found, table)
        usual = choosing.telling(found, key, self.rules, table.name)
        if not self.asking.is_on:
            return usual
        click.echo(say("Columns of {table}: {names}", table=table.name, names=", ".join(found)))

        def check(typed: str) -> str:
            _named(split(typed), found, table)
            return typed

        answer = self.asking.text(
            say("Columns to show, separated by commas"), ", ".join(one.column.name for one in usual), check
        )
        return _named(split(answer), found, table)

    def _read(self, name: str) -> Table:
        return tables.read(self.database, self.name, self.known[name])


def split(text: str) -> list[str]:
    """Split a text at commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _named(wanted: Sequence[str], found: Mapping[str, Field], table: Table) -> list[Field]:
    """Return the fields of these columns, in this order."""
    shown = []
    for name in wanted:
        column = table.column(name)
        if column is None:
            raise _no_column(name, table)
        if fields.is_secret(column.name):
            raise click.UsageError(
                say("{column} has the name of a secret, which no message shows.", column=_shown(column.name))
            )
        if column.name not in found:
            raise click.UsageError(
                say("{column} is {type}, which no message can show.", column=_shown(column.name), type=column.written)
            )
        shown.append(found[column.name])
    if sum(not one.is_long for one in shown) > choosing.MOST + 1:
        raise click.UsageError(say("Name at most {count} columns, so that people read them.", count=choosing.MOST + 1))
    return [*dict.fromkeys(shown)]


def _unwritable(name: str) -> click.UsageError:
    return click.UsageError(
        say("{name} has a sign in its name that the SQL of a template cannot hold.", name=_shown(name))
    )


def _no_column(name: str, table: Table) -> click.UsageError:
    known = nearest(name, [one.name for one in table.columns])
    return click.UsageError(
        say("{table} has no column {name}. {known}", table=_shown(table.name), name=_shown(name), known=known)
    )


def _shown(name: str) -> str:
    from cli.compiler.files import printable

    return printable(name)
