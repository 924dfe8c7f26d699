"""Makes the sample of a new template from what its lookup finds, with personal values masked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from cli.compiler.personal import constants
from cli.new_template.draft import Source
from cli.new_template.fields import Field, is_currency, is_number
from cli.new_template.quoting import as_name
from cli.new_template.tables import Column
from cli.preview.compose import Previews
from cli.preview.connections import Connections
from cli.privacy.masking import Masking
from cli.privacy.rules import Rules
from cli.sampling.from_row import Taken, taken
from cli.sampling.target import Target
from handler.catalog import Stage
from handler.model import Notification, Value
from handler.stages.route import UUID

_ROWS: Final = 10
_WIDEST: Final = 100
_CODE: Final = re.compile(r"[A-Za-z0-9._-]+")
TEXT: Final = "Lorem ipsum"
EXAMPLE: Final = "an example"
_INVENTED: Final[Mapping[str, Value]] = {
    "decimal": Decimal("12.50"),
    "float": Decimal("12.50"),
    "double": Decimal("12.50"),
    "date": date(2001, 1, 5),
    "datetime": datetime(2001, 1, 5, 10, tzinfo=UTC),
    "timestamp": datetime(2001, 1, 5, 10, tzinfo=UTC),
    "time": "10:00:00",
    "year": 2001,
    "uuid": "00000000-0000-4000-8000-000000000001",
    "inet4": "192.0.2.1",
    "inet6": "2001:db8::1",
}

IdForm = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a sample is made of: the event's id and `data`, what the lookup found, and its name (empty: by its id)."""

    row_id: int | str
    answers: Mapping[str, Value]
    data: Mapping[str, Value] = field(default_factory=dict)
    name: str = ""

    @property
    def empty(self) -> frozenset[str]:
        """Return the columns that are empty in at least one row."""
        rows: list[Any] = []
        for answer in self.answers.values():
            rows += answer if isinstance(answer, list) else [answer]
        return frozenset(key for row in rows for key, value in row.items() if value is None or value == "")


@dataclass(frozen=True, slots=True)
class Sampled:
    """A template's content with its sample."""

    content: bytes
    sample: str
    taken: Taken


def id_form(column: Column | None, row_id: int | str) -> IdForm:
    """Return the value of `id` in the template, for a column (None: for an event without a row)."""
    if column is None or not is_number(column):
        if isinstance(row_id, int) and column is None:
            return "integer"
        if UUID.fullmatch(str(row_id)):
            return "uuid"
        width = column.width if column and column.width else _WIDEST
        signs = "[A-Za-z0-9._-]" if _CODE.fullmatch(str(row_id)) else "."
        return {"pattern": f"{signs}{{1,{width}}}"}
    return "integer"


def found(notification: Notification, stage: Stage, row_id: int | str, connections: Connections) -> Found:
    """Return what the lookup finds for an event with this id. Raises NotifierError."""
    preview = Previews(stage).of_row(notification, row_id, connections.database, connections.api)
    answers = {one.name: preview.answers.get(one.name) for one in notification.lookups}
    if preview.error and None in answers.values():
        raise preview.error
    return Found(row_id, answers)


def invented(source: Source, fields: Sequence[Field]) -> Found:
    """Return a fictitious row for an empty table."""
    row: dict[str, Value] = {one.name: _value(one) for one in (*fields, *source.beside(fields))}
    column = source.table.column(source.key)
    row_id = 1 if column is None or is_number(column) else "A-1"
    if not row:
        row[as_name(source.key)] = row_id
    return Found(row_id, {source.lookup: row if source.is_one else [row]}, name=EXAMPLE)


def sampled(
    target: Target, notification: Notification, found: Found, rules: Rules, stages: tuple[Stage, ...]
) -> Sampled:
    """Return the template with a masked sample. Raises InsertionError, UnwritableError."""
    made = taken(found.row_id, found.data, found.answers, _ROWS, Masking(rules, constants(notification, stages)))
    name = found.name or f"id {made.sample['id']}"
    return Sampled(target.with_sample(name, made.sample), name, made)


def _value(one: Field) -> Value:
    if one.join:
        return TEXT
    if is_currency(one):
        return "EUR"
    if one.codes:
        return one.codes[0]
    if is_number(one.column) or one.column.type == "bit":
        return 1
    return _INVENTED.get(one.column.type, TEXT)
