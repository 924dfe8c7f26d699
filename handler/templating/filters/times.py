"""Filters for dates and times, in the time zone and the language of the template."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Any, Final

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from handler.errors import ConfigError
from handler.frozen import frozen
from handler.model import Locale
from handler.templating.coercion import as_time, normalize
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.filters.wording import WORDINGS, Wording

# A TIME column, which can be negative, and has up to 838 hours.
# https://dev.mysql.com/doc/refman/8.4/en/time.html
_TIME_OF_DAY: Final = re.compile(r"(-?)([0-9]{1,3})(:[0-5][0-9])(?::[0-5][0-9](?:\.[0-9]{1,6})?)?")


@frozen
class Times:
    """The filters for one locale. A value is a time, a date, or what handler/templating/coercion.py reads as one.

    A text without a time zone is in UTC, as columns are. Dates without a time of day have no time zone. A time that the
    zone would move out of the calendar (before year 1, or after 9999) is shown in its own zone.
    """

    locale: Locale

    def date(self, value: Any, style: str = "medium") -> str:
        """The date: `short` (no year), `medium`, `long` (with the weekday) or `iso`.

        {{ order.at | date }} -> 5 Jan 2026
        {{ order.at | date('short') }} -> Mon 5 Jan
        {{ order.at | date('long') }} -> Monday, 5 January 2026
        {{ '2026-01-05' | date('iso') }} -> 2026-01-05
        ja: {{ order.at | date }} -> 2026年1月5日
        ja: {{ order.at | date('short') }} -> 1月5日(月)
        ja: {{ order.at | date('long') }} -> 2026年1月5日(月)
        """
        return self._wording.date(self._local(value), style)

    def time(self, value: Any) -> str:
        """The time of day, in 24 hours. That of a TIME column is in no time zone.

        {{ order.at | time }} -> 10:00
        {{ '09:30:00' | time }} -> 09:30
        ja: {{ order.at | time }} -> 19:00
        ja: {{ '09:30:00' | time }} -> 09:30
        """
        if alone := _TIME_OF_DAY.fullmatch(normalize(value)):
            return f"{alone[1]}{alone[2]:>02}{alone[3]}"
        return f"{self._local_time(value):%H:%M}"

    def datetime(self, value: Any, style: str = "medium") -> str:
        """The date, in the same styles, and the time of day.

        {{ order.at | datetime }} -> 5 Jan 2026, 10:00
        {{ '2026-01-05T19:00:00+09:00' | datetime('iso') }} -> 2026-01-05 10:00
        ja: {{ order.at | datetime }} -> 2026年1月5日 19:00
        ja: {{ order.at | datetime('short') }} -> 1月5日(月) 19:00
        """
        local = self._local_time(value)
        between = " " if style == "iso" else self._wording.date_from_time
        return f"{self._wording.date(local, style)}{between}{local:%H:%M}"

    def weekday(self, value: Any, style: str = "long") -> str:
        """The day of the week, `long` or `short`.

        {{ order.at | weekday }} -> Monday
        {{ order.at | weekday('short') }} -> Mon
        ja: {{ order.at | weekday }} -> 月曜日
        ja: （{{ order.at | weekday('short') }}） -> （月）
        """
        return self._wording.weekday(self._local(value), style)

    @pass_context
    def ago(self, context: Context, value: Any) -> str:
        """How long ago a time was, or how soon it will be, counted from `now` in whole units.

        {{ order.at | ago }} -> 2 hours ago
        {{ '2026-01-05T12:03:00Z' | ago }} -> in 3 minutes
        {{ '2026-01-04' | ago }} -> 1 day ago
        ja: {{ order.at | ago }} -> 2時間前
        ja: {{ '2026-01-05T12:03:00Z' | ago }} -> 3分後
        """
        now = context.resolve("now")
        if isinstance(now, Undefined):
            str(now)  # a strict undefined raises its own message
        present, then = self._local_time(now), self._local(value)
        if isinstance(then, dt.datetime):
            return self._wording.ago((present - then).total_seconds())
        return self._wording.days_ago((present.date() - then).days)

    @property
    def _wording(self) -> Wording:
        return WORDINGS.get(self.locale.language, WORDINGS["en"])

    def _local_time(self, value: Any) -> dt.datetime:
        local = self._local(value)
        if not isinstance(local, dt.datetime):
            raise DiagnosedError(Diagnosis("no_time_of_day"))
        return local

    def _local(self, value: Any) -> dt.date:
        """The time in the locale's time zone; a date alone stays as it is."""
        known = as_time(value)
        if known is None:
            is_time_alone = _TIME_OF_DAY.fullmatch(normalize(value))
            raise DiagnosedError(Diagnosis("no_date" if is_time_alone else "not_a_time"))
        if not isinstance(known, dt.datetime):
            return known
        zone = _zone(self.locale.time_zone)
        try:
            return known.astimezone(zone)
        except (OverflowError, ValueError):  # before the year 1, or after 9999
            return known


@cache
def _zone(name: str) -> dt.tzinfo:
    """Raises ConfigError for an unknown zone: the machine may lack it, which is not a mistake in a template."""
    if name == "UTC":
        return dt.UTC  # needs neither the import of zoneinfo, which is slow, nor the time zone database
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        problem = f"the time zone {name} is not known here; correct it, or ship the package tzdata"
        raise ConfigError("CONFIG_INVALID", problem) from None
