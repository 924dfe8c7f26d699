"""A replica lags behind the event: what is missing or stale is waited for, and what follows when it never comes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from handler.errors import EventError, SourceError
from handler.model import Event, Lookup, Notification, SqlLookup, Value
from handler.ports import Replicating
from handler.templating import Context, Templates

# Codes of a lookup that may only be too early.
MISSING: Final = frozenset({"ROW_NOT_FOUND", "API_NOT_FOUND"})
STALE: Final = "ROW_STALE"
_NAME: Final = re.compile(r"\w+")
# Times of a row have microseconds, milliseconds or whole seconds: by what they leave over when divided.
_PRECISIONS: Final = (1_000_000, 1_000)


class SkipError(Exception):
    """The template wants nothing posted about what never came. `code` is the rule, `where` its place."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(code, where)
        self.code = code
        self.where = where


@dataclass(frozen=True, slots=True)
class Lateness:
    """How old an event is, in seconds, and who knows whether its replica follows."""

    age: float
    replicating: Replicating

    def bear(self, lookup: Lookup, error: SourceError) -> None:
        """Return where the message goes out without the lookup; else raise what becomes of it.

        Raises SourceError, given up or not, and SkipError.
        """
        if isinstance(lookup, SqlLookup):
            self._require_replication(lookup)
        if self.age < lookup.wait:
            raise error
        if lookup.missing == "skip":
            raise SkipError(error.code, lookup.where)
        if lookup.missing == "park":
            detail = f"{error.detail}, after {self.age:.0f} s"
            raise SourceError(error.code, detail, given_up=True)

    def _require_replication(self, lookup: SqlLookup) -> None:
        """A replica that has stopped is waited for: no row can come before somebody starts it again."""
        state = self.replicating.replicating(lookup.database)
        if state is not None and not state.running:
            raise SourceError("DB_NOT_REPLICATING", f"{lookup.where}: database {lookup.database}")


def require_fresh(
    event: Event, notification: Notification, context: Context, templates: Templates, lateness: Lateness
) -> str:
    """Return the lookup whose row is stale, where the message goes out without it; empty where it is fresh.

    Raises as `Lateness.bear` does for a row that is stale, EventError, TemplateError.
    """
    if notification.version is None or event.version is None:
        return ""
    named = _NAME.search(notification.version.source)
    lookup = next((one for one in notification.lookups if named and one.name == named[0]), None)
    if lookup is None or context[lookup.name] is None:
        return ""
    version = templates.evaluate(notification.version, context)
    if version is None or not is_stale(version, event.version):
        return ""
    lateness.bear(lookup, SourceError(STALE, f"{lookup.where}: the row has not reached version {event.version}"))
    return lookup.name


def is_stale(row: Value, event: int | str) -> bool:
    """Whether a row's version is older than the event's.

    Whole numbers are compared as such. Times, or texts that are one in ISO 8601, are compared at the row's precision: a
    column without fractions of a second has cut them off. Raises EventError (EVENT_VERSION).
    """
    if isinstance(row, int) and not isinstance(row, bool):
        return row < _number(event)
    if isinstance(row, str):  # as an API sends a time
        row = _time(row)
    if isinstance(row, datetime):
        said = _time(event)
        for precision in _PRECISIONS:
            if row.microsecond % precision == 0:
                said = said.replace(microsecond=said.microsecond - said.microsecond % precision)
                break
        return row < said
    raise EventError("EVENT_VERSION", f"the row's is a {type(row).__name__}")


def _number(version: int | str) -> int:
    try:
        return int(version)
    except ValueError:
        raise EventError("EVENT_VERSION", "the row's is a number, the event's is not") from None


def _time(version: int | str) -> datetime:
    try:
        moment = datetime.fromisoformat(version) if isinstance(version, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise EventError("EVENT_VERSION", "one of the two is not a time such as 2026-01-05T10:00:00Z")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
