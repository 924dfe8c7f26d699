"""Build the context for rendering a template: the event, and the results of the lookups."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from handler.errors import SourceError, TemplateError
from handler.frozen import frozen
from handler.model import ApiLookup, Event, EventData, Leaf, Lookup, Notification, Row, SqlLookup, Value
from handler.ports import Api, Database
from handler.stages.freshness import MISSING, Freshness
from handler.templating import Context, DiagnosedError, Diagnosis, Templates

# A message shows a few dozen rows at most, because Slack accepts 50 blocks.
MAX_ROWS: Final = 100

# Maximum memory of all lookups of one message together. After the event, only its messages are kept.
MAX_BYTES: Final = 16 << 20

_NO_VARIABLES: Final[Mapping[str, Value]] = {}

Fetch = Callable[[Lookup, Context], Value]


@frozen
class Enriched:
    """The context of a template. `left_out` are the lookups that failed and that the message is posted without.

    If the message is posted before its row appears, `awaited` is the code (such as ROW_NOT_FOUND); it is edited later.
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
    """Run the lookups in order. Each lookup can use the results of those before it.

    Without `freshness` a missing row is always an error. Raises SourceError, TemplateError, SkipError.
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
            elif not awaited or error.retry:  # a lookup that needs the missing row is missing too
                raise
            context[lookup.name] = None
    return Enriched(context, tuple(left_out), awaited)


def _memory_within(bytes_left: int, lookup: Lookup, context: Context) -> int:
    """Return the size of a lookup's values in bytes. Raises SourceError (ROWS_TOO_LARGE) if it exceeds `bytes_left`."""
    size = memory_size(context[lookup.name])
    if size > bytes_left:
        raise SourceError(
            "ROWS_TOO_LARGE", f"{lookup.where}: more than {MAX_BYTES >> 20} MiB together with earlier lookups"
        )
    return size


def memory_size(value: Value) -> int:
    """Return how many bytes of memory a value takes, without the names of its columns and keys."""
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
    """Return the names that every template can use before its first lookup."""
    facts: dict[str, Value] = {
        "type": event.type,
        "id": event.id,
        "event_id": event.identity,
        "version": event.version,
        "occurred_at": event.occurred_at,
    }
    known: dict[str, Value] = {"id": event.id, "type": event.type, "data": EventData(event.data), "event": Row(facts)}
    return {**known, "now": now, "vars": Row(variables)}


@frozen
class Sources:
    """Fetches a lookup from the database or the API that it names."""

    database: Database
    api: Api
    templates: Templates

    def __call__(self, lookup: Lookup, context: Context) -> Value:
        """Return a row, a list of rows, or an API's document; None if `expect: optional` finds nothing.

        Raises SourceError with the lookup's place in the template, TemplateError, ConfigError.
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
