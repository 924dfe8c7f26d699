"""Items of polls as the version of 30 November 2026 wrote them: later versions read them the same, and write the same.

stored_polls.json has each item with its attributes as DynamoDB keeps them, and is never written anew by a test.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from handler.model import Digest
from handler.polling import state_item, stored_names
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.id_set import IdSet
from handler.polling.id_values import UNKNOWN, IdValues
from handler.polling.replica_lag import SeenVersion
from handler.polling.schedule import Schedule
from handler.polling.state import Pending, PolledRow, PollState
from handler.polling.time_cursor import StartPosition, TimeCursor, TimedRow
from handler.state_item import Item

STORED: Mapping[str, Mapping[str, Mapping[str, str]]] = json.loads(
    Path(__file__).with_name("stored_polls.json").read_text()
)
AT = 1_795_000_000.25
FIRST = TimedRow("a-1", 1_794_990_000_000_000, "2026-11-18 11:20:00")
LAST = TimedRow("ü-2", 1_795_000_000_000_000, "2026-11-18 14:06:40")

BY_ID = PollState(
    IdCursor(
        130,
        2,
        IdValues(
            {
                "paid": IdSet.containing([3, 128]),
                None: IdSet.containing([4]),
                "new": IdSet.containing([130]),
                UNKNOWN: IdSet.containing([70_000]),
            }
        ),
        (Watermark(AT - 60, 128), Watermark(AT, 130)),
        Sweep(64, 128, AT),
    ),
    Pending((PolledRow(128, True, ("new", "paid"), "paid"), PolledRow(130, key="new"))),
    {3: "2026-11-28 10:00:00", 130: "x"},
    AT - 9,
    7,
    2,
    3,
    129,
    "order.status",
    {3: SeenVersion(AT - 5, AT)},
)
DIGEST = PollState(IdCursor(9, 0, IdValues({UNKNOWN: IdSet.containing([1, 9])})), Digest(7, 120, 1, 5, 130), revision=1)
TIMES = TimeCursor(
    LAST.at,
    "orders.paid_at of orders.id and each of its times",
    "time",
    StartPosition(FIRST.at, "time", FIRST),
    {},
    FIRST.at,
    LAST,
).with_read([FIRST, LAST], LAST.at)
BY_TIME = PollState(
    IdCursor.at(0),
    Pending((PolledRow("a-1", True, key="2026-11-18T11:20:00Z"), PolledRow("ü-2"))),
    revision=4,
    epoch=1,
    starts=2,
    resent_upto=LAST.at,
    timed=TIMES,
)
STATES = {"ids": BY_ID, "digest": DIGEST, "times": BY_TIME}
SCHEDULES = {
    "schedule": Schedule(
        AT - 900,
        AT - 800,
        AT + 60,
        "0 9 * * * Europe/Berlin",
        AT + 90,
        AT - 30,
        AT - 31,
        1,
        2,
        "DB_TIMEOUT",
        "orders: 5 s",
        "paused",
        3,
        "resend",
        LAST.at,
        "time",
        1,
        2,
        40,
        3,
        1,
        0.75,
    ),
    "first_schedule": Schedule(),
}
# What the compressed bytes hold is compared, since another version of zlib may compress them otherwise.
CONTENTS: Mapping[str, Callable[[bytes], object]] = {
    "seen": IdValues.decoded,
    "pending": zlib.decompress,
    "moments": zlib.decompress,
    "timed_seen": bytes,
}


def value(attribute: Mapping[str, str]) -> str | float | bytes:
    """The value of an attribute as DynamoDB keeps it."""
    ((kind, text),) = attribute.items()
    if kind == "B":
        return base64.b64decode(text)
    return text if kind == "S" else json.loads(text)


def stored(name: str) -> Item:
    """One of the stored items."""
    own = ("pk", "sk", "revision")
    partition, sort, revision = (str(value(STORED[name][key])) for key in own)
    values = {key: value(attribute) for key, attribute in STORED[name].items() if key not in own}
    return Item(partition, sort, values, 0, int(revision))


def contents(values: Mapping[str, str | float | bytes]) -> dict[str, tuple[type, object]]:
    """Values with their types, and with what the compressed ones hold."""
    return {name: (type(one), CONTENTS[name](one) if isinstance(one, bytes) else one) for name, one in values.items()}


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_read_as_before(name: str) -> None:
    assert state_item.read(stored(name)) == STATES[name]
    assert state_item.starts(stored(name)) == STATES[name].starts


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_written_as_before(name: str) -> None:
    assert contents(state_item.values(STATES[name])) == contents(stored(name).values)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_read_as_before(name: str) -> None:
    assert Schedule.of(stored(name)) == SCHEDULES[name]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_written_as_before(name: str) -> None:
    assert contents(SCHEDULES[name].values()) == contents(stored(name).values)


def test_each_field_of_a_schedule_is_stored_under_one_name() -> None:
    assert sorted(stored_names.SCHEDULE_FIELDS.values()) == sorted(field.name for field in fields(Schedule))


@pytest.mark.parametrize("name", STORED)
def test_the_keys_of_an_item_are_as_before(name: str) -> None:
    item = stored(name)
    sort = stored_names.STATE if name in STATES else stored_names.SCHEDULE
    assert (item.partition, item.sort) == (stored_names.partition(item.partition.removeprefix("poll#")), sort)


def test_no_name_is_stored_for_two_attributes() -> None:
    names = [one for key, one in vars(stored_names).items() if key.isupper() and isinstance(one, str)]
    assert len({*names}) == len(names)
    assert {*stored_names.SCHEDULE_FIELDS} == {*stored("schedule").values}
