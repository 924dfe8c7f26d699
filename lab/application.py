"""`python -m lab.application`: change tables of a local cloud as an application does, without publishing an event."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import click
import pymysql

from lab.databases import Pair
from lab.databases.pair import SCHEMA

USER: Final = "application"
# An option file, which MySQL's and MariaDB's clients and PyMySQL read: it keeps the password off the command line.
_LOGIN: Final = """[client]
host={host}
port={port}
user={user}
password={password}
database={schema}
ssl-ca={ca}
"""


def create_account(pair: Pair, file: Path) -> None:
    """Create an account that may read and write the primary's tables, and write its login into an option file."""
    password = secrets.token_urlsafe(24)
    primary = pair.primary
    primary.query("CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", USER, password)
    primary.query(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.* TO %s@'%%'", USER)
    login = _LOGIN.format(host=primary.host, port=primary.port, user=USER, password=password, schema=SCHEMA, ca=pair.ca)
    file.touch(mode=0o600)
    file.write_text(login)


def execute(login: Path, sql: str, *args: object) -> tuple[int, int]:
    """Run a statement as the application. Return the number of changed rows, and the id of an inserted row."""
    with pymysql.connect(read_default_file=str(login), autocommit=True) as connection, connection.cursor() as cursor:
        rows = cursor.execute(sql, args or None)
        return 0 if cursor.description else rows, int(cursor.lastrowid or 0)  # a SELECT changes nothing


@click.command()
@click.argument("login", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("sql")
def main(login: Path, sql: str) -> None:
    """Change rows of a running demo by one statement of SQL on its primary, such as UPDATE, and publish no event.

    LOGIN is the option file that the demo names.
    """
    try:
        changed, _ = execute(login, sql)
    except pymysql.MySQLError as error:
        raise click.ClickException(f"nothing was changed: {error}") from None
    click.echo(
        f"Rows changed: {changed}. {'A poll of the table finds them within two minutes.' if changed else ''}".rstrip()
    )


if __name__ == "__main__":
    main()
