"""`notifier sql`: a SELECT on the replica of the running demo, as its function would run it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from cli import running
from cli.commands.emit import as_id
from cli.operations import screen, stack
from cli.operations.refusals import UnansweredError

if TYPE_CHECKING:  # what a command needs that is not misused
    from rich.text import Text

    from handler.adapters.database.replica import Replicas
    from handler.model import Row, Value

# As many as a lookup may find, and in a terminal no more columns of each value than these.
ROWS: Final = 100
WIDTH: Final = 100
# What there is to ask for.
TABLES: Final = """
SELECT table_name AS `table`, GROUP_CONCAT(column_name ORDER BY ordinal_position SEPARATOR ', ') AS columns
FROM information_schema.columns
WHERE table_schema = DATABASE()
GROUP BY table_name ORDER BY table_name
"""


@click.command(short_help="Run a SELECT on the replica of a running demo.")
@click.argument("select", default="")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@screen.as_json
def sql(select: str, values: tuple[str, ...], as_json: bool) -> None:
    """Run a SELECT on the read replica of the running demo, with the function's account, and print the rows.

    SELECT can be any that is allowed in a lookup, with or without parameters. Give a value for each parameter. Without
    SELECT, the tables and their columns are printed:

    \b
      notifier sql
      notifier sql "SELECT id, number FROM orders ORDER BY id DESC LIMIT 5"
      notifier sql "SELECT * FROM orders WHERE id = :id" id=1042

    At most 100 rows are printed. With --json, numbers with a fraction and times are texts.

    Exit status: 0 it ran, 1 the SELECT is not allowed or the database refused it, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    given = dict(map(_value, values))
    statement = _statement(select, given) if select else TABLES
    demo = running.chosen()
    if demo is None:
        raise click.UsageError(running.absent())
    os.environ.update(demo.environment)
    rows = _rows(statement, given, demo.stack)
    found = {"rows": rows[:ROWS], "more": len(rows) > ROWS}
    if as_json:
        screen.print_json(_plain(found))
    else:
        _show(rows)


def _value(text: str) -> tuple[str, int | str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.UsageError(f"`{text}` is not a value for a parameter. Write id=1042, and the SELECT in quotes.")
    return name, as_id(value)


def _statement(select: str, given: Mapping[str, object]) -> str:
    """The SQL as PyMySQL takes it. It may find one row more than is shown."""
    from cli.compiler.sql import read_by_hand

    query = read_by_hand(select, given, ROWS + 1)
    if query.problems:
        lines = (f"{one.message}\n  fix: {one.fix}" if one.fix else one.message for one in query.problems)
        raise click.ClickException("\n".join(lines))
    return query.sql


def _rows(statement: str, given: Mapping[str, Value], name: str) -> list[Row]:
    from handler.errors import CODES, NotifierError

    try:
        replicas = _replicas(stack.find(name).configuration().get("Environment", {}).get("Variables", {}))
        return replicas.select("default", statement, given, ROWS + 1)
    except NotifierError as error:
        remedy = CODES[error.code].remedy
        fix = "" if error.code == "QUERY_INVALID" else f"\n  fix: {remedy}"  # which is to run it by hand
        raise click.ClickException(f"{error.code} {error.detail}{fix}") from None


def _replicas(variables: Mapping[str, str]) -> Replicas:
    """The databases of a function with these variables, with its own account, limits and trust."""
    from handler.adapters import tls
    from handler.adapters.database.replica import Replicas
    from handler.adapters.state.secret_store import SecretStore
    from handler.discovery.names import CachedNames
    from handler.discovery.paths import DNS, PATHS
    from handler.settings import Settings

    settings = Settings.from_environment(variables, PATHS)
    if "default" not in settings.databases:
        raise UnansweredError("The function has no database.")
    secrets = SecretStore(settings.secrets)
    return Replicas(settings.databases, secrets, tls.context, CachedNames(DNS))


def _show(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not rows:
        console.print("no rows")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for name, value in rows[0].items():
        numbers = isinstance(value, int | Decimal)
        table.add_column(Text(name), overflow="fold", justify="right" if numbers else "left")
    for row in rows[:ROWS]:
        table.add_row(*map(_cell, row.values()))
    console.print(table)
    if len(rows) > ROWS:
        console.print(f"and more: these are the first {ROWS}. Narrow it with WHERE, or sort it.", style="yellow")


def _cell(value: Value) -> Text:
    from rich.text import Text

    if value is None:
        return Text("NULL", "dim")
    cell = Text(value.isoformat(" ").replace("+00:00", "Z") if isinstance(value, datetime) else str(_plain(value)))
    cell.truncate(WIDTH, overflow="ellipsis")
    return cell


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
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
