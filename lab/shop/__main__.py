"""`python -m lab.shop`: put the shop's tables into your own database."""

from __future__ import annotations

import sys

import click
import pymysql

from lab.shop.database import Target, drop, fill
from lab.shop.generator import generate


@click.command()
@click.option(
    "--url",
    envvar="MYSQL_URL",
    required=True,
    metavar="mysql://USER:PASSWORD@HOST:PORT/SCHEMA?ca=FILE",
    help="An existing schema, and an account that may create tables in it. Default: the variable MYSQL_URL.",
)
@click.option("--replace", is_flag=True, help="Drop the shop's own tables first.")
def main(url: str, replace: bool) -> None:
    """Put the sample shop into a schema of a MySQL 8 or MariaDB server.

    The tests then read it there instead of starting MariaDB. They want an account that can only read, and TLS with a
    certificate for the server's name:

    \b
      CREATE USER 'notifier'@'%' IDENTIFIED BY '...' REQUIRE SSL WITH MAX_USER_CONNECTIONS 20;
      GRANT SELECT ON shop.* TO 'notifier'@'%';
      MYSQL_URL='mysql://notifier:...@HOST:3306/shop?ca=/path/to/ca.pem' make test
    """  # noqa: D301 - click wants the control character \b itself, which keeps lines apart
    try:
        target = Target.parse(url)
        with target.connect() as connection:
            if replace:
                drop(connection)
            fill(connection, generate())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except (pymysql.err.OperationalError, pymysql.err.ProgrammingError) as error:
        sys.exit(f"{target.host}:{target.port} refused: {error.args[-1]}")
    click.echo(f"The shop is in schema {target.schema} on {target.host}:{target.port}")


if __name__ == "__main__":
    main()
