"""The `data` of a notification's events: what its template reads, and what a poll's event would have for a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from jinja2 import nodes

from cli.compiler import syntax
from cli.compiler.samples import Sample
from handler.model import Leaf, Notification, Poll, Value
from handler.ports import Database

Data = Mapping[str, Value]
# The value as the poll itself reads it: a text.
_WATCHED: Final = (
    "SELECT CONVERT(found.watched USING utf8mb4) AS watched FROM ({select}) AS found WHERE found.id = %(id)s"
)


@dataclass(frozen=True, slots=True)
class UsedData:
    """The keys of `data` that a template reads, the `data` of its samples, and the poll that makes its events."""

    keys: tuple[str, ...]
    samples: tuple[Data, ...]
    poll: Poll | None = None

    @classmethod
    def of(cls, one: Notification, samples: Iterable[Sample], polls: Mapping[str, Poll]) -> UsedData:
        """`polls` are those of the folder, by the type of their events."""
        return cls(
            tuple(dict.fromkeys(_keys(one))), tuple(each.data for each in samples), one.poll or polls.get(one.event)
        )

    @property
    def example(self) -> Data:
        """The `data` of a sample with all that the template needs, made up without samples; empty if it reads none."""
        if self.keys and not self.samples:
            return dict.fromkeys(self.keys, "…")
        return next((one for one in self.samples if self.keys and one and not self.lacking(one)), {})

    @property
    def needed(self) -> str:
        """The example as JSON, if the template cannot do without `data`; else empty."""
        return written(self.example) if self.lacking({}) else ""

    def lacking(self, data: Data) -> tuple[str, ...]:
        """The keys that the template reads, that all samples have, and that these `data` lack."""
        return tuple(key for key in self.keys if key not in data and all(key in one for one in self.samples))

    def of_row(self, row_id: int | str, data: Data, database: Database) -> Data:
        """Return the `data` with what the poll's event about a change of this row would have, if that is needed.

        `new` is the value that the row has by now, `old` another one: that of a sample, else None, as for a new row.
        Raises SourceError.
        """
        if not self.poll or not self.poll.is_watching or not self.lacking(data):
            return data
        select = _WATCHED.format(select=self.poll.sql)
        rows = database.select(self.poll.database, select, {"id": row_id}, 1)
        if not rows:
            return data
        new = rows[0]["watched"]
        old = next((one["old"] for one in self.samples if one.get("old", new) != new), None)
        return {"old": old, "new": new, **data}


def written(data: Data) -> str:
    """Return `data` as an application would publish them: times and decimals are texts in JSON."""
    return json.dumps(data, default=str, ensure_ascii=False)


def _keys(one: Notification) -> Iterator[str]:
    for leaf in _leaves(one):
        for node in syntax.parsed(leaf).find_all((nodes.Getattr, nodes.Getitem)):
            match node:
                case nodes.Getattr(node=nodes.Name(name="data"), attr=key):
                    yield key
                case nodes.Getitem(node=nodes.Name(name="data"), arg=nodes.Const(value=str() as key)):
                    yield key


def _leaves(value: Any) -> Iterator[Leaf]:
    if isinstance(value, Leaf):
        yield value
        return
    if is_dataclass(value):
        value = [getattr(value, one.name) for one in fields(value)]
    if isinstance(value, Mapping):
        value = [*value.values()]
    for one in value if isinstance(value, list | tuple) else ():
        yield from _leaves(one)
