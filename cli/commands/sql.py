"""`notifier sql`: show the tables of a database, or run a SELECT as the function would."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from cli import running
from cli.commands.emit import as_id
from cli.language import say
from cli.operations import screen
from cli.preview import connections

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from rich.text import Text

    from cli.preview.connections import Connections
    from handler.model import Row, Value

# The most rows of a SELECT, as for a lookup; and in a terminal, the most characters of each value.
ROWS: Final = 100
WIDTH: Final = 100
# The most tables or columns that are listed. There may be more of them than rows that a lookup may find.
LISTED: Final = 5_000
NEAREST: Final = 10
_GAP: Final = 2
# A table name with `*` as a wildcard.
_TABLE: Final = re.compile(r"[^\W\d][\w$*-]*|\*")
TABLES: Final = """
SELECT table_name AS `table`, table_rows AS `rows`, table_comment AS comment
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name LIKE %(pattern)s
ORDER BY table_name
"""
COLUMNS: Final = """
SELECT column_name AS name, column_type AS type, is_nullable = 'YES' AS nullable, column_key AS `key`,
  column_comment AS comment
FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = %(table)s
ORDER BY ordinal_position
"""
_CHANGE: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_KEYS: Final = {"PRI": "primary", "UNI": "unique", "MUL": "index"}


@click.command(short_help="Show the tables of a database, or run a SELECT on it.")
@click.argument("select", metavar="[SELECT|TABLE]", default="")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@connections.database_options
@click.option("--database", "name", metavar="NAME", help="Which one, if there are several. Default: default.")
@screen.as_json
def sql(select: str, values: tuple[str, ...], databases: tuple[str, ...], name: str | None, as_json: bool) -> None:
    """Show the tables of a database, the columns of one TABLE, or the rows that a SELECT finds.

    SELECT can be any that is allowed in a lookup, with or without parameters. Give a value for each parameter. The
    database is read as the function reads it, with its limits and its checks:

    \b
      notifier sql
      notifier sql 'order*'
      notifier sql orders
      notifier sql "SELECT id, number FROM orders ORDER BY id DESC LIMIT 5"
      notifier sql "SELECT * FROM orders WHERE id = :id" id=1042 --db mysql://reader@replica.example.org/shop

    Without --db, it is the read replica of the demo that runs here, with its function's account. At most 100 rows are
    printed. With --json, numbers with a fraction and times are texts. The number of a table's rows is the server's
    estimate.

    Exit status: 0 it ran, 1 the SELECT is not allowed or the database refused it, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    given = dict(map(_value, values))
    table = select if _TABLE.fullmatch(select) else "" if select else "*"
    statement = "" if table else _statement(select, given)
    with connections.connect(databases, ()) as connected:
        ask = _Ask(connected, _chosen(connected, name))
        if table and "*" in table:
            _show_tables(ask.tables(table), as_json=as_json)
        elif table:
            _show_columns(table, ask.columns(table), as_json=as_json)
        else:
            _show_rows(ask(statement, given, ROWS + 1), as_json=as_json)


class _Ask:
    """Queries one database. Raises click.ClickException if it refuses the SELECT."""

    def __init__(self, connected: Connections, name: str) -> None:
        self._connected = connected
        self._name = name

    def __call__(self, statement: str, given: Mapping[str, Value], limit: int) -> list[Row]:
        from cli import diagnoses
        from handler.errors import CODES, NotifierError

        try:
            return self._connected.database.select(self._name, statement, given, limit)
        except NotifierError as error:
            remedy = say("fix: {remedy}", remedy=say(CODES[error.code].remedy))
            fix = "" if error.code == "QUERY_INVALID" else f"\n  {remedy}"  # which is to run it by hand
            raise click.ClickException(f"{diagnoses.told(error)}{fix}") from None

    def tables(self, pattern: str) -> list[Row]:
        """Return the tables whose names match a pattern with `*`."""
        escaped = pattern.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        return self(TABLES, {"pattern": escaped.replace("*", "%")}, LISTED)

    def columns(self, table: str) -> list[dict[str, Any]]:
        """Return the columns of a table. If there is none, raises click.UsageError, which names similar tables."""
        if found := self(COLUMNS, {"table": table}, LISTED):
            return [{**row, "nullable": bool(row["nullable"])} for row in found]
        names = [str(row["table"]) for row in self.tables("*")]
        near = get_close_matches(table, names, NEAREST) or names[:NEAREST]
        raise click.UsageError(
            say(
                "There is no table {table} that you may read. Known: {names}.",
                table=table,
                names=", ".join(near) or "-",
            )
        )


def _chosen(connected: Connections, name: str | None) -> str:
    """Return the name of the database: `name`, else the only one, else `default`. Raises click.UsageError."""
    known = connected.names
    chosen = name or (known[0] if len(known) == 1 else "default")
    if not known:
        raise click.UsageError(say("The function has no database. Name one with --db."))
    if chosen not in known:
        raise click.UsageError(say("Name a database with --database: {names}.", names=", ".join(known)))
    return chosen


def _show_tables(tables: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        screen.print_json({"tables": [*map(_plain, tables)]})
        return
    if not tables:
        click.echo(say("No tables: the schema is empty, or the account may read none of it."))
        return
    rows = [[row["table"], row["rows"], row["comment"]] for row in tables]
    _print([say("table"), say("rows (about)"), say("comment")], rows)


def _show_columns(table: str, columns: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        screen.print_json({"table": table, "columns": [*map(_plain, columns)]})
        return
    rows = [
        [row["name"], row["type"], "NULL" if row["nullable"] else "", _KEYS.get(str(row["key"]), ""), row["comment"]]
        for row in columns
    ]
    _print([say("column"), say("type"), "NULL", say("key"), say("comment")], rows)


def _value(text: str) -> tuple[str, int | str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.UsageError(
            say("`{text}` is not a value for a parameter. Write id=1042, and the SELECT in quotes.", text=text)
        )
    return name, as_id(value)


def _statement(select: str, given: Mapping[str, object]) -> str:
    """Return the SQL with PyMySQL's parameters. It finds one row more than is shown, to know whether there are more."""
    from cli.compiler.sql import read_by_hand
    from cli.preview import poll_trial

    query = read_by_hand(select, given, ROWS + 1)
    if query.problems:
        lines = [
            f"{one.message}\n  {say('fix: {remedy}', remedy=one.fix)}" if one.fix else one.message
            for one in query.problems
        ]
        demo = running.chosen() if _CHANGE.match(select) else None
        if demo and demo.login:
            change = f'{poll_trial.command(demo.login)} "…"'
            lines.append(say("To change a row of the demo that runs here: {command}", command=change))
        raise click.ClickException("\n".join(lines))
    return query.sql


def _show_rows(rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        screen.print_json(_plain({"rows": rows[:ROWS], "more": len(rows) > ROWS}))
        return
    if not rows:
        click.echo(say("no rows"))
        return
    _print(rows[0], [row.values() for row in rows[:ROWS]])
    if len(rows) > ROWS:
        more = say("and more: these are the first {count}. Narrow it with WHERE, or sort it.", count=ROWS)
        click.secho(more, fg="yellow")


def _print(names: Iterable[str], rows: Sequence[Iterable[Value]]) -> None:
    """Print a table. Columns whose first value is a number end below each other.

    No UUID, number or time is broken: lines are as long as that takes.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from handler.stages.route import UUID

    rows = [[*row] for row in rows]
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="bold", pad_edge=False)
    room = 0
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        is_whole = not any(isinstance(one, str) and not UUID.fullmatch(one) for one in values)
        is_number = isinstance(values[0], int | Decimal)
        table.add_column(Text(name), overflow="fold", justify="right" if is_number else "left", no_wrap=is_whole)
        room += max([Text(name).cell_len, *(_cell(one).cell_len for one in values if is_whole)]) + _GAP
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(highlight=False, width=max(Console().width, room)).print(table)


def _cell(value: Value) -> Text:
    from rich.text import Text

    if value is None:
        return Text("NULL", "dim")
    text = value.isoformat(" ").replace("+00:00", "Z") if isinstance(value, datetime) else str(_plain(value))
    # A terminal would do what a control character says.
    cell = Text("".join(one if one == "\n" or unicodedata.category(one)[0] != "C" else "\ufffd" for one in text))
    cell.truncate(WIDTH, overflow="ellipsis")
    return cell


def _plain(value: Any) -> Any:
    """Return a value as a JSON type."""
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return value
