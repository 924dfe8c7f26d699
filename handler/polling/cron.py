"""The next time of a cron expression in a time zone. cronsim finds the local time; this module finds its Unix time.

cronsim gets no time zone: with one it skips times where the clock moves by less than an hour (Lord Howe), and goes back
to past times within an hour that comes twice (docs/decisions/0026).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from handler.errors import ConfigError

_MINUTE = timedelta(minutes=1)


def following(expression: str, time_zone: str, at: float) -> float:
    """Return the first time of an expression after `at`, both as Unix seconds.

    A local time that the clock skips comes when the clock is set forward. One that the clock shows twice comes once,
    the first time. With `*` for the hour, the times follow the clock: skipped ones do not come, and those of an hour
    that is repeated come twice.

    Raises ConfigError (CATALOG_INVALID) for an expression that never comes or is invalid, or an unknown time zone. Lint
    finds these before a deployment.
    """
    zone = _zone(time_zone)
    if expression.split()[1:2] == ["*"]:
        return _of_each_hour(expression, zone, at)
    local = datetime.fromtimestamp(at, zone).replace(tzinfo=None)
    return next(moment for digits in _times(expression, local) if (moment := _first(digits, zone)) > at)


def _of_each_hour(expression: str, zone: tzinfo, at: float) -> float:
    """The next time with `*` for the hour: after the clock is changed, its new offset counts, so hours can repeat."""
    offset = _offset(zone, at)
    moment = _after(expression, at, offset)
    if (later := _offset(zone, moment)) == offset:
        return moment
    before, change = int(at), int(moment)  # the clock changes after `before`, and at or before `change`
    while change - before > 1:
        middle = (before + change) // 2
        before, change = (middle, change) if _offset(zone, middle) == offset else (before, middle)
    return _after(expression, change - 1.0, later)


def _after(expression: str, at: float, offset: timedelta) -> float:
    """Return the first time after `at` on a clock that always has this offset."""
    local = (datetime.fromtimestamp(at, UTC) + offset).replace(tzinfo=None)
    return (next(_times(expression, local)) - offset).replace(tzinfo=UTC).timestamp()


def _first(digits: datetime, zone: tzinfo) -> float:
    """Return when the clock first shows this local time, or when it skips it."""
    moment = digits.replace(tzinfo=zone)
    while moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        moment += _MINUTE  # a clock is set forward to a whole minute
    return moment.timestamp()


def _times(expression: str, after: datetime) -> Iterator[datetime]:
    """Iterate over the local times of an expression."""
    from cronsim import CronSim, CronSimError

    try:
        yield from CronSim(expression, after)
    except CronSimError as error:
        raise _invalid(f"{error}: {expression}") from None
    raise _invalid(f"never comes: {expression}")


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC  # needs no time zone database
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _invalid(f"no time zone {name}") from None


def _offset(zone: tzinfo, at: float) -> timedelta:
    return datetime.fromtimestamp(at, zone).utcoffset() or timedelta()


def _invalid(why: str) -> ConfigError:
    return ConfigError("CATALOG_INVALID", f"the `every` of a poll: {why}")
