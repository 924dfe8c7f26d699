"""The arithmetic of maximum, reserved and provisioned concurrency with the account's."""

from __future__ import annotations

import pytest

from cli.concurrency_plan import problems


@pytest.mark.parametrize(
    ("maximum", "reserved", "provisioned", "unreserved"),
    [
        (5, 0, 0, 1000),
        (5, 6, 0, 994),
        (5, 6, 6, 994),
        (5, 0, 900, 1000),
        (10, 0, 0, 10),
    ],
)
def test_what_fits_is_no_problem(maximum: int, reserved: int, provisioned: int, unreserved: int) -> None:
    assert problems(maximum, reserved, provisioned, unreserved) == []


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((5, 5, 0, 995), "Reserve 6 or more, or nothing"),
        ((5, 4, 0, 996), "Reserve 6 or more, or nothing"),
        ((5, 6, 7, 994), "7 are kept warm, and 6 reserved"),
        ((5, 0, 901, 1000), "it keeps 100"),
        ((11, 0, 0, 10), "lower it, reserve for this function"),
    ],
)
def test_what_does_not_fit_is_told_with_what_to_do(numbers: tuple[int, int, int, int], says: str) -> None:
    [problem] = problems(*numbers)
    assert says in problem


@pytest.mark.parametrize("numbers", [(5, 0, 0, 6), (5, 7, 0, 993), (5, 7, 7, 993)])
def test_the_schedule_of_the_polls_has_one_beside_the_queue(numbers: tuple[int, int, int, int]) -> None:
    assert problems(*numbers, polls=True) == []


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((5, 6, 0, 994), "need one each. Reserve 7 or more, or nothing"),
        ((5, 5, 0, 995), "uses up the receive count of good events. Reserve 7 or more, or nothing"),
        ((5, 0, 0, 5), "MaximumConcurrency is 5, and with Polls=on the schedule needs one more, and the account has 5"),
    ],
)
def test_what_leaves_no_room_for_the_schedule_is_told(numbers: tuple[int, int, int, int], says: str) -> None:
    [problem] = problems(*numbers, polls=True)
    assert says in problem
