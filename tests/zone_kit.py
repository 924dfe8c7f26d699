"""Shared by the tests of local time: servers with one time zone that has daylight saving time.

Rules of the zones: the IANA time zone database, https://www.iana.org/time-zones (2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from lab.databases import Pair

# The clock changes in Berlin: the Unix times of the last Sundays of March and October, 01:00 UTC.
SUMMER, WINTER = 7200, 3600
CHANGES: Final = [
    (int(datetime.fromisoformat(f"{day}T01:00:00Z").timestamp()), offset)
    for day, offset in [
        ("2025-03-30", SUMMER),
        ("2025-10-26", WINTER),
        ("2026-03-29", SUMMER),
        ("2026-10-25", WINTER),
        ("2027-03-28", SUMMER),
        ("2027-10-31", WINTER),
    ]
]


@contextmanager
def knowing_berlin(pair: Pair) -> Iterator[None]:
    """Load the rules of Europe/Berlin into both servers until the block ends."""
    with pair.primary.connect("mysql") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO time_zone (use_leap_seconds) VALUES ('N')")
        zone = cursor.lastrowid
        cursor.execute("INSERT INTO time_zone_name VALUES ('Europe/Berlin', %s)", (zone,))
        for offset in (WINTER, SUMMER):
            kind = (zone, offset // 3600, offset, offset == SUMMER, "CET")
            cursor.execute("INSERT INTO time_zone_transition_type VALUES (%s, %s, %s, %s, %s)", kind)
        for moment, offset in CHANGES:
            change = (zone, moment, offset // 3600)
            cursor.execute("INSERT INTO time_zone_transition VALUES (%s, %s, %s)", change)
    pair.wait_for_replica()
    yield
    with pair.primary.connect("mysql") as connection, connection.cursor() as cursor:
        for table in ("time_zone_transition", "time_zone_transition_type", "time_zone_name", "time_zone"):
            cursor.execute(f"DELETE FROM {table} WHERE time_zone_id = %s", (zone,))
    pair.wait_for_replica()
