"""Parameters that do not fit each other are named before anything is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from cli.planning.problems import _parameters
from cli.planning.request import Request


def found(**wishes: Any) -> dict[str, tuple[str, str, str]]:
    checks = _parameters(Request((), (), **wishes))
    return {check.name: (check.state, check.cause, check.remedy) for check in checks}


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ({}, set()),
        ({"queue": False}, set()),
        ({"queue": False, "reserved": 5}, set()),  # with direct intake all of it is for events
        ({"polls": True}, {"polls"}),
        ({"reserved": 6}, {"concurrency"}),
        ({"polls": True, "reserved": 7}, {"polls", "concurrency"}),
    ],
)
def test_what_fits_is_well(wishes: dict[str, Any], names: set[str]) -> None:
    states = {name: state for name, (state, _, _) in found(**wishes).items()}
    assert states == dict.fromkeys(names, "ok")


def test_polls_need_a_queue() -> None:
    state, cause, remedy = found(polls=True, queue=False)["polls"]
    assert (state, "no queue" in cause, "Intake=queue" in remedy) == ("failed", True, True)


@pytest.mark.parametrize(("polls", "reserved", "enough"), [(False, 5, 6), (True, 5, 7), (True, 6, 7)])
def test_what_is_reserved_leaves_room_beside_the_queue(polls: bool, reserved: int, enough: int) -> None:
    state, cause, remedy = found(polls=polls, reserved=reserved)["concurrency"]
    assert (state, f"Reserve {enough} or more" in cause, bool(remedy)) == ("failed", True, True)
