"""In order within a channel: what fails one delivery holds those behind it, unless it concerns that one alone."""

from __future__ import annotations

import pytest

from handler.delivery.channels import deliver
from handler.delivery.delivery import Delivery
from handler.errors import CODES
from handler.model import Event, Message, Record
from handler.outcome import Delivered, Outcome, Retry

ALONE = {"SLACK_RATE_LIMITED", "LEDGER_BUSY", "THREAD_BUSY", "ROW_STUB"}


def delivery(event: str, channel: str) -> Delivery:
    return Delivery(
        Record(event, "{}"), Event("order.created", 1, event), Message("order.created", channel, channel, "x")
    )


@pytest.mark.parametrize("code", sorted(code for code, one in CODES.items() if one.retry))
def test_a_failure_holds_the_channel_unless_it_concerns_one_delivery(code: str) -> None:
    def attempt(one: Delivery) -> Outcome:
        is_first = one.event.identity == "a"
        return one.outcome(Retry(code, "detail", 9.0) if is_first else Delivered())

    found = deliver([delivery("a", "C1"), delivery("b", "C1"), delivery("c", "C2"), delivery("d", "C1")], attempt)
    ends = {outcome.record.id: outcome.end for outcome in found}
    held = Retry("SLACK_HELD", f"behind {code}", 9.0)
    behind = Delivered() if code in ALONE else held
    assert ends == {"a": Retry(code, "detail", 9.0), "b": behind, "c": Delivered(), "d": behind}
