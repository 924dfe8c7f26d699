"""Puts the shop into a database: the lab's own, or any MySQL or MariaDB server given by a URL."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql

from lab.shop.generator import generate
from lab.shop.records import Shop

if TYPE_CHECKING:  # the sample API reads the rows too, and needs no database server
    from lab.databases import Server

SCHEMA: Final = "shop"
SCHEMA_FILE: Final = Path(__file__).with_name("schema.sql")


class Target(NamedTuple):
    """A schema of a database server, and an account for it. `ca` is a PEM file to verify it with; empty: unverified."""

    host: str
    port: int
    schema: str
    user: str
    password: str
    ca: str

    def __repr__(self) -> str:
        """Leave out the password, because a failing test prints its values."""
        return f"Target({self.user}@{self.host}:{self.port}/{self.schema})"

    @classmethod
    def parse(cls, url: str) -> Target:
        """Read `mysql://user:password@host:port/schema?ca=FILE`. Raises ValueError without repeating the URL."""
        parts = urlsplit(url)
        schema = parts.path.strip("/")
        if parts.scheme != "mysql" or not (parts.hostname and parts.username and schema):
            raise ValueError("the database's URL is not of the form mysql://user:password@host:port/schema?ca=FILE")
        [ca] = parse_qs(parts.query).get("ca", [""])
        user, password = unquote(parts.username), unquote(parts.password or "")
        return cls(parts.hostname, parts.port or 3306, schema, user, password, ca)

    def connect(self) -> pymysql.Connection[Any]:
        """Return a new connection, verified if there is a `ca`."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.schema,
            autocommit=True,
            ssl=ssl.create_default_context(cafile=self.ca) if self.ca else None,
        )


def load(primary: Server) -> None:
    """Create and fill schema `shop` on the lab's primary. It takes about a second."""
    primary.query(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}")
    with primary.connect(SCHEMA) as connection:
        fill(connection, generate())


def fill(connection: pymysql.Connection[Any], shop: Shop) -> None:
    """Create the tables in the connection's schema, and insert all rows. Raises OperationalError if a table exists."""
    with connection.cursor() as cursor:
        for statement in _statements():
            cursor.execute(statement)
        for name, rows in tables(shop):
            columns = rows[0]._fields
            places = ", ".join(["%s"] * len(columns))
            # PyMySQL combines this into few statements with many rows each.
            cursor.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows)


def drop(connection: pymysql.Connection[Any]) -> None:
    """Drop the shop's tables, if they exist, from the connection's schema."""
    with connection.cursor() as cursor:
        for table in fields(Shop):
            cursor.execute(f"DROP TABLE IF EXISTS {table.name}")


def tables(shop: Shop) -> Iterator[tuple[str, Sequence[Any]]]:
    """Return each table's name and rows."""
    return ((table.name, getattr(shop, table.name)) for table in fields(shop))


def _statements() -> list[str]:
    return [statement for statement in SCHEMA_FILE.read_text(encoding="utf-8").split(";\n") if statement.strip()]
