"""`python -m lab.shop.application`: the shop's application, as far as it writes rows without publishing events."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
import pymysql

from lab.databases import Server
from lab.shop.database import SCHEMA

USER: Final = "application"
# What MySQL's and MariaDB's clients read, and PyMySQL too, so that the password is on no command line.
_LOGIN: Final = """[client]
host={host}
port={port}
user={user}
password={password}
database={schema}
ssl-ca={ca}
"""
_REFUND: Final = """
INSERT INTO refunds (order_id, status, amount, currency, reason, created_at)
SELECT id, 0, amount, currency, 'arrived broken', UTC_TIMESTAMP(6) FROM orders WHERE id = %s
"""
ORDER: Final = 1042


def create_account(primary: Server, password: str, ca: Path, file: Path) -> None:
    """Let the application read and write the shop on the primary, and write its login into a client's option file."""
    primary.query("CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", USER, password)
    primary.query(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.* TO %s@'%%'", USER)
    login = _LOGIN.format(host=primary.host, port=primary.port, user=USER, password=password, schema=SCHEMA, ca=ca)
    file.touch(mode=0o600)
    file.write_text(login)


def request_refund(login: Path, order: int = ORDER) -> int:
    """Insert a refund as the application does, which publishes no event, and return its id."""
    with pymysql.connect(read_default_file=str(login), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(_REFUND, [order])
        return int(cursor.lastrowid)


@click.command()
@click.argument("login", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(login: Path) -> None:
    """Insert a row into the table refunds of a running demo, and publish no event.

    LOGIN is the option file that the demo names.
    """
    try:
        number = request_refund(login)
    except pymysql.MySQLError as error:
        raise click.ClickException(f"the row was not inserted: {error}") from None
    click.echo(f"Row {number} of refunds is about order {ORDER}. The poll finds it within two minutes.")


if __name__ == "__main__":
    main()
