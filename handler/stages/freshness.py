"""A replica lags behind the event: what is missing or stale is waited for, and what follows when it never comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import MAX_EMAX, MIN_EMIN, Decimal
from decimal import Context as Arithmetic
from typing import Final

from handler.errors import EventError, SourceError
from handler.frozen import frozen
from handler.model import Event, Lookup, Notification, Replication, Rule, SqlLookup, Value
from handler.templating import Context, Templates
from handler.templating.reading import moment, number

# Codes of a lookup that may only be too early.
MISSING: Final = frozenset({"ROW_NOT_FOUND", "API_NOT_FOUND"})
STALE: Final = "ROW_STALE"
_LOOKUP_NAME: Final = re.compile(r"\w+")
# Times of a row have microseconds, milliseconds or whole seconds: by what they leave over when divided.
_PRECISIONS: Final = (1_000_000, 1_000)
# The digits of the longest text that is a number, and some more; and any exponent that an API may send.
_EXACT_ARITHMETIC: Final = Arithmetic(prec=210, Emin=MIN_EMIN, Emax=MAX_EMAX)


class SkipError(Exception):
    """The template wants nothing posted about what never came; `where` is the rule's place."""

    def __init__(self, rule: Rule, where: str) -> None:
        super().__init__(rule, where)
        self.rule = rule
        self.where = where


@frozen
class Freshness:
    """How old an event is, in seconds, and how to ask a database whether it follows its primary."""

    age: float
    replicating: Callable[[str], Replication | None]

    def on_missing(self, lookup: Lookup, error: SourceError) -> None:
        """Return where the message goes out without the lookup; else raise what becomes of it.

        Raises SourceError, given up or not, and SkipError.
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
        """A replica that has stopped is waited for: no row can come before somebody starts it again."""
        state = self.replicating(lookup.database)
        if state is not None and not state.running:
            raise SourceError("DB_NOT_REPLICATING", f"{lookup.where}: database {lookup.database}")


def stale_lookup(
    event: Event, notification: Notification, context: Context, templates: Templates, freshness: Freshness
) -> str:
    """Return the lookup whose row is stale, where the message goes out without it; empty where it is fresh.

    Raises as `Freshness.on_missing` does for a row that is stale, EventError, TemplateError.
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

    Both are numbers or both are times, in any form that handler/templating/reading.py reads. They are compared at the
    row's precision, because a column cuts off what it cannot hold: fractions, or the time of day in UTC. Raises
    EventError (EVENT_VERSION).
    """
    row_number, wanted = number(row), number(event)
    if row_number is not None and wanted is not None:
        decimals = max(-int(row_number.as_tuple().exponent), 0)
        return _EXACT_ARITHMETIC.add(row_number, Decimal((0, (1,), -decimals))) <= wanted
    at, then = moment(row), moment(event)
    if at is not None and then is not None:
        return _is_before(at, then)
    if not is_version(row):
        raise EventError("EVENT_VERSION", f"the row's value is neither a number nor a time, but a {type(row).__name__}")
    raise EventError("EVENT_VERSION", "one is a number, and the other a time or a text that is neither")


def is_version(row: Value) -> bool:
    """Whether a row's value can be compared with some event's version."""
    return number(row) is not None or moment(row) is not None


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
    except OverflowError:  # at an end of the calendar
        return moment
