"""What parameters ask of a network is read from them."""

from __future__ import annotations

import pytest

from cli.planning.request import Request, read

GIVEN = {
    "SubnetIds": "subnet-1,subnet-2",
    "SecurityGroupIds": "sg-1",
    "Databases": "default=mysql://db.internal/shop, billing=mysql://b.internal:3307/billing",
    "Apis": "default=https://api.internal/v1, b=dns://b.internal:8080, c=cloudmap://shop.internal/orders, d=http://d",
    "MaximumConcurrency": "7",
}
PORTS = {"database default": 3306, "database billing": 3307, "API default": 443, "API b": 8080, "API d": 80}


def test_ports_are_those_that_are_written() -> None:
    assert read(GIVEN) == Request(("subnet-1", "subnet-2"), ("sg-1",), 7, PORTS)


@pytest.mark.parametrize(
    ("given", "reserved", "queue", "polls"),
    [
        ({}, 0, True, False),
        ({"Polls": "on", "ReservedConcurrency": "9"}, 9, True, True),
        ({"Polls": "on", "Intake": "queue-live"}, 0, True, True),
        ({"Polls": "off", "Intake": "direct"}, 0, False, False),
        ({"Polls": "on", "Intake": "direct-live"}, 0, False, True),
        ({"Polls": "on", "Intake": "drain"}, 0, False, True),
    ],
)
def test_what_runs_beside_the_events_is_read(given: dict[str, str], reserved: int, queue: bool, polls: bool) -> None:
    found = read({**GIVEN, **given})
    assert (found.reserved, found.queue, found.polls) == (reserved, queue, polls)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ReservedConcurrency": "some"}, "ReservedConcurrency is some, and no number"),
        ({"SubnetIds": ""}, "SubnetIds is not known"),
        ({"SecurityGroupIds": ""}, "SecurityGroupIds is not known"),
        ({"MaximumConcurrency": "many"}, "no number"),
        ({"Databases": "mysql://db/shop"}, "Databases, entry 1"),
        ({"Databases": "default=mysql://db/shop;tz=Tokio"}, "tz= is not the name of a time zone"),
        ({"Apis": "default=ftp://x"}, "Apis, default"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read({**GIVEN, **given})
