"""What to change in a table so that a poll finds it, as SQL to begin with: to try a poll in the demo."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cli.compiler.template import Template

# What stands between double quotes in a shell as it is, and between single quotes in SQL.
_PLAIN: Final = re.compile(r"[^\"'$`\\!\x00-\x1f]{1,64}")
_COLUMN: Final = re.compile(r"(?:\w+\.)?(\w+)")
_ANYTHING: Final = "UPDATE … SET … WHERE id = …"


def statement(one: Template) -> str:
    """Return a statement whose change the poll of a template finds, with … for what only a person knows."""
    poll = one.notification.poll
    if poll is None:
        return ""
    table, key = _plain(poll.table), _value(next((each.id for each in one.samples), None))
    if poll.is_watching:
        column = found[1] if (found := _COLUMN.fullmatch(poll.watched)) else "…"
        return f"UPDATE {table} SET {column} = {_value(_new(one))} WHERE {poll.column} = {key}"  # noqa: S608 - a person runs it
    if poll.at:
        return f"UPDATE {table} SET {poll.at} = UTC_TIMESTAMP() WHERE {poll.column} = {key}"  # noqa: S608 - a person runs it
    return f"INSERT INTO {table} (…) VALUES (…)"  # noqa: S608


def example(templates: Iterable[Template]) -> str:
    """Return a statement for one of the polls, rather one of an UPDATE."""
    found = sorted(filter(None, map(statement, templates)), key=lambda sql: not sql.startswith("UPDATE"))
    return next(iter(found), _ANYTHING)


def command(login: Path | str) -> str:
    """Return the command that takes a statement, between double quotes, as the application of the demo."""
    return f".venv/bin/python -m lab.application {login}"


def _new(one: Template) -> object:
    return next((each.data["new"] for each in one.samples if "new" in each.data), None)


def _value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return f"'{_plain(value)}'" if isinstance(value, str) else "…"


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else "…"
