"""Decide what to do if a row is missing or stale because the replica lags: wait, or do what the template says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import MAX_EMAX, MIN_EMIN, Decimal
from decimal import Context as Arithmetic
from typing import Final

from handler.errors import EventError, SourceError
from handler.frozen import frozen
from handler.model import Event, Lookup, Notification, Replication, SqlLookup, Value
from handler.outcome import Rule
from handler.templating import Context, Templates
from handler.templating.coercion import as_number, as_time

# With these codes a lookup may just have come too early.
MISSING: Final = frozenset({"ROW_NOT_FOUND", "API_NOT_FOUND"})
STALE: Final = "ROW_STALE"
_LOOKUP_NAME: Final = re.compile(r"\w+")
# A row's time has whole seconds, milliseconds or microseconds: its microseconds are divisible by one of these, or not.
_PRECISIONS: Final = (1_000_000, 1_000)
# More digits than the longest text that counts as a number, and any exponent that an API may send.
_EXACT_ARITHMETIC: Final = Arithmetic(prec=210, Emin=MIN_EMIN, Emax=MAX_EMAX)


class SkipError(Exception):
    """The row never appeared, and the template says to skip the event. `where` is the place of that rule."""

    def __init__(self, rule: Rule, where: str) -> None:
        super().__init__(rule, where)
        self.rule = rule
        self.where = where


@frozen
class Freshness:
    """The age of the event in seconds, and a function that asks whether a replica follows its primary."""

    age: float
    replicating: Callable[[str], Replication | None]

    def on_missing(self, lookup: Lookup, error: SourceError) -> None:
        """Return if the message is posted without the lookup's result.

        Raises SourceError to try again, SourceError with `given_up` to park the event, and SkipError to skip it.
        """
        if isinstance(lookup, SqlLookup):
            self._require_replication(lookup)
        if self.age < lookup.wait:
            raise error
        if lookup.missing == "skip":
            raise SkipError(Rule(error.code), lookup.where)
        if lookup.missing == "park":
            detail = f"{error.detail}, after {self.age:.0f} s"
            raise SourceError(error.code, detail, given_up=True)

    def _require_replication(self, lookup: SqlLookup) -> None:
        """Wait while replication is stopped, because no row can appear before it is started again."""
        state = self.replicating(lookup.database)
        if state is not None and not state.running:
            raise SourceError("DB_NOT_REPLICATING", f"{lookup.where}: database {lookup.database}")


def stale_lookup(
    event: Event, notification: Notification, context: Context, templates: Templates, freshness: Freshness
) -> str:
    """Return the name of the lookup with a stale row, if the message is posted without it; empty if no row is stale.

    Otherwise a stale row raises the errors of `Freshness.on_missing`. Raises EventError, TemplateError.
    """
    if notification.version is None or event.version is None:
        return ""
    named = _LOOKUP_NAME.search(notification.version.source)
    lookup = next((one for one in notification.lookups if named and one.name == named[0]), None)
    if lookup is None or context[lookup.name] is None:
        return ""
    version = templates.evaluate(notification.version, context)
    if version is None or not is_stale(version, event.version):
        return ""
    freshness.on_missing(lookup, SourceError(STALE, f"{lookup.where}: the row has not reached the event's version"))
    return lookup.name


def is_stale(row: Value, event: int | str) -> bool:
    """Whether a row's version is older than the event's.

    Both must be numbers or both must be times, in any form that handler/templating/coercion.py reads. They are compared
    at the row's precision, because a column cuts off what it cannot store: fractions, or the time of day in UTC.
    Raises EventError (EVENT_VERSION).
    """
    row_number, wanted = as_number(row), as_number(event)
    if row_number is not None and wanted is not None:
        decimals = max(-int(row_number.as_tuple().exponent), 0)
        return _EXACT_ARITHMETIC.add(row_number, Decimal((0, (1,), -decimals))) <= wanted
    at, then = as_time(row), as_time(event)
    if at is not None and then is not None:
        return _is_before(at, then)
    if not is_version(row):
        raise EventError("EVENT_VERSION", f"the row's value is neither a number nor a time, but a {type(row).__name__}")
    raise EventError("EVENT_VERSION", "one is a number, and the other a time or a text that is neither")


def is_version(row: Value) -> bool:
    """Whether a row's value is a number or a time, so that it can be compared with an event's version."""
    return as_number(row) is not None or as_time(row) is not None


def _is_before(row: date, event: date) -> bool:
    if not isinstance(row, datetime):
        return row < (_in_utc(event).date() if isinstance(event, datetime) else event)
    wanted = event if isinstance(event, datetime) else datetime.combine(event, time.min, UTC)
    for precision in _PRECISIONS:
        if row.microsecond % precision == 0:
            wanted = wanted.replace(microsecond=wanted.microsecond - wanted.microsecond % precision)
            break
    return row < wanted


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that datetime can represent
        return moment
