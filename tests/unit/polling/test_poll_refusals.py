"""A state table or a queue that refuses at any step of a run, also after it has done what it was asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest

from handler.errors import ConfigError
from handler.model import Poll
from tests.poll_kit import Killable
from tests.polls_kit import Function, OneTable

STEPS = range(1, 15)


@dataclass
class Refusing(Killable):
    """Refuses at one of its steps, or `lasting`: from that one on."""

    lasting: bool = False

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.lasting):
            raise ConfigError("LEDGER_UNAVAILABLE", "down")


@pytest.mark.parametrize("digest_rows", [None, 2])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("step", STEPS)
def test_each_row_is_sent_once_whatever_refuses_when(step: int, lasting: bool, digest_rows: int | None) -> None:
    """Or again with the same identity and the same rows, which the ledger makes one."""
    rows = OneTable()
    function = Function(rows, {"order.created": Poll("SELECT id FROM orders", 60.0, digest_rows=digest_rows)})
    function.run()
    for minute in range(8):
        rows.add(*range(10 * minute + 1, 10 * minute + 4))
        refusing = Refusing(function.table, function.queue, step if minute == 1 else 10_000, lasting)
        function.killable.table = function.killable.queue = refusing
        with suppress(ConfigError):  # the tick itself
            function.run()
    once = {event["event_id"]: event for event in function.sent}
    assert all(once[event["event_id"]] == event for event in function.sent)
    digests = [event["notifier"]["digest"]["count"] for event in once.values() if "digest" in event["notifier"]]
    singles = {event["id"] for event in once.values() if "digest" not in event["notifier"]}
    assert singles <= rows.ids
    assert len(singles) + sum(digests) == len(rows.ids)
    assert function.code() == ""
