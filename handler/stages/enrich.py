"""From an event to the context that its template renders: the event itself, and what the lookups found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from typing import Final

from handler.errors import SourceError, TemplateError
from handler.frozen import frozen
from handler.model import ApiLookup, Event, Leaf, Lookup, Notification, Row, SqlLookup, Value
from handler.ports import Api, Database
from handler.stages.freshness import MISSING, Freshness
from handler.templating import Context, DiagnosedError, Diagnosis, Templates

# A message shows a few dozen rows at the very most; Slack takes 50 blocks.
MAX_ROWS: Final = 100

# How much memory the lookups of one message may take together. When an event is done, only its messages are kept.
MAX_BYTES: Final = 16 << 20

_NO_VARIABLES: Final[Mapping[str, Value]] = {}

Fetch = Callable[[Lookup, Context], Value]


@frozen
class Enriched:
    """The context of a template, and the names of the lookups that it has to do without.

    `awaited` is the code of what has not come yet, where the message goes out all the same and is edited later.
    """

    context: Context
    left_out: tuple[str, ...] = ()
    awaited: str = ""


def enrich(
    event: Event,
    notification: Notification,
    fetch: Fetch,
    now: datetime,
    variables: Mapping[str, Value] = _NO_VARIABLES,
    freshness: Freshness | None = None,
) -> Enriched:
    """Run the lookups in order, each seeing the ones before it.

    Without `freshness` nothing is given up. Raises SourceError, TemplateError, SkipError.
    """
    context = event_context(event, now, variables)
    left_out: list[str] = []
    awaited = ""
    bytes_left = MAX_BYTES
    for lookup in notification.lookups:
        try:
            context[lookup.name] = fetch(lookup, context)
            bytes_left -= _memory_within(bytes_left, lookup, context)
        except (SourceError, TemplateError) as error:
            if isinstance(error, SourceError) and _may_be_left_out(lookup):
                left_out.append(lookup.name)
            elif isinstance(error, SourceError) and error.code in MISSING and freshness:
                freshness.on_missing(lookup, error)
                awaited = error.code
            elif not awaited or error.retry:  # what needs a row that has not come is missing too
                raise
            context[lookup.name] = None
    return Enriched(context, tuple(left_out), awaited)


def _memory_within(bytes_left: int, lookup: Lookup, context: Context) -> int:
    """How much memory a lookup's values take. Raises SourceError (ROWS_TOO_LARGE) if that much is no longer left."""
    size = memory_size(context[lookup.name])
    if size > bytes_left:
        raise SourceError(
            "ROWS_TOO_LARGE", f"{lookup.where}: more than {MAX_BYTES >> 20} MiB together with earlier lookups"
        )
    return size


def memory_size(value: Value) -> int:
    """How many bytes of memory a value takes, the names of columns and keys aside."""
    total, rest = 0, [value]
    while rest:
        one = rest.pop()
        total += sys.getsizeof(one)
        if isinstance(one, Mapping):
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
    return total


def _may_be_left_out(lookup: Lookup) -> bool:
    return isinstance(lookup, ApiLookup) and lookup.on_failure == "without"


def event_context(event: Event, now: datetime, variables: Mapping[str, Value]) -> dict[str, Value]:
    """Return what every template knows before its first lookup."""
    facts: dict[str, Value] = {
        "type": event.type,
        "id": event.id,
        "event_id": event.identity,
        "version": event.version,
        "occurred_at": event.occurred_at,
    }
    known: dict[str, Value] = {"id": event.id, "type": event.type, "data": copy(event.data), "event": Row(facts)}
    return {**known, "now": now, "vars": Row(variables)}


@frozen
class Sources:
    """Fetches a lookup from the database or the API that it names."""

    database: Database
    api: Api
    templates: Templates

    def __call__(self, lookup: Lookup, context: Context) -> Value:
        """Return a row, a list of rows, an API's document, or None where `expect: optional` finds nothing.

        Raises SourceError, which names the lookup's place, TemplateError, ConfigError.
        """
        try:
            return self._rows(lookup, context) if isinstance(lookup, SqlLookup) else self._document(lookup, context)
        except SourceError as error:
            raise SourceError(error.code, f"{lookup.where}: {error.detail}") from None

    def _rows(self, lookup: SqlLookup, context: Context) -> Value:
        parameters = {name: self._bound(leaf, context) for name, leaf in lookup.bind.items()}
        limit = MAX_ROWS if lookup.expect == "many" else 1
        rows = self.database.select(lookup.database, lookup.sql, {"id": context["id"], **parameters}, limit)
        if lookup.expect == "many":
            return list(rows)
        if not rows and lookup.expect == "one":
            raise SourceError("ROW_NOT_FOUND", "no row for this id")
        return rows[0] if rows else None

    def _bound(self, leaf: Leaf, context: Context) -> Value:
        value = self.templates.evaluate(leaf, context)
        if isinstance(value, list | Mapping):
            raise DiagnosedError(Diagnosis("not_bindable", owner=type(value).__name__), leaf.where)
        return value

    def _document(self, lookup: ApiLookup, context: Context) -> Value:
        path = self.templates.render(lookup.path, context)
        if lookup.all:
            return self.api.get_all(lookup.api, path)
        try:
            document = self.api.get(lookup.api, path)
        except SourceError as error:
            if error.code == "API_NOT_FOUND" and lookup.expect == "optional":
                return None
            raise
        if not isinstance(document, list if lookup.expect == "many" else dict):
            kind = "a list" if lookup.expect == "many" else "an object"
            raise SourceError("API_BAD_ANSWER", f"the answer is not {kind}")
        return document
