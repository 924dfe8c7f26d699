"""Items as the version of 28 November 2026 wrote them to the state table: each later version has to read them the same.

stored_items.json is what DynamoDB kept, and is never written anew by a test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from handler import aws
from handler.adapters.state_table import StateTable
from handler.delivery.gates import Gates
from handler.delivery.ledger import Entry, Key, Ledger, Phase
from handler.delivery.threads import Threads
from tests.unit.adapters.scripted import answer, scripted

STORED: Mapping[str, list[Any]] = json.loads(Path(__file__).with_name("stored_items.json").read_text())
AT = 1_795_000_000.25
OWNER = "f46effbdcfcff3e143b906fc88d2dc5f"
ABOUT = {"type": "order.created", "id": "1042"}

ENTRIES = {
    ("order.created", "a"): Entry(Phase.SENDING, AT, AT + 20, **ABOUT),
    ("order.created", "b"): Entry(Phase.WAITING, AT, AT + 5, "SLACK_RATE_LIMITED", **ABOUT),
    ("order.created", "c"): Entry(
        Phase.DOUBTFUL, AT, AT + 120, "SLACK_AMBIGUOUS", doubts=1, doubted_at=AT - 8, **ABOUT
    ),
    ("order.created", "d"): Entry(Phase.STUB, AT, channel="C0ORDERS01", ts="1795000000.000100", **ABOUT),
    ("order.created", "e"): Entry(Phase.DELIVERED, AT, channel="C0ORDERS01", ts="1795000000.000200", **ABOUT),
    ("order.created", "f"): Entry(Phase.PARKED, AT, code="SLACK_CONFIG", **ABOUT),
    ("order.created", "g!notice"): Entry(
        Phase.DELIVERED, AT, code="invalid_blocks", channel="C0ORDERS01", ts="1795000000.000300", **ABOUT
    ),
    ("order.quiet", "-"): Entry(Phase.SUPPRESSED, AT, code="WHEN", **ABOUT),
}


@pytest.fixture
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateTable]:
    """A table whose next query finds one stored partition."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    aws._session.cache_clear()
    with scripted(answer(200, json.dumps({"Items": STORED[request.param]}).encode())) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield StateTable("state", lambda: AT)
    aws._session.cache_clear()


@pytest.mark.parametrize("table", ["event#order-1042-paid"], indirect=True)
def test_deliveries_in_every_phase_are_read_as_before(table: StateTable) -> None:
    found = Ledger(table, table).of_event("order-1042-paid")
    assert {(key.notification, key.channel): known.entry for key, known in found.items()} == ENTRIES
    assert {one.phase for one in ENTRIES.values()} == set(Phase)
    assert {key.event for key in found} == {"order-1042-paid"}


def test_a_delivery_has_the_key_and_the_mark_that_it_had() -> None:
    key = Key("order-1042-paid", "order.created", "a")
    assert (key.partition, key.sort, key.mark) == ("event#order-1042-paid", "order.created#a", OWNER)


@pytest.mark.parametrize(
    ("table", "key", "ts", "busy_until"),
    [
        ("thread#C0ORDERS01#order 1042", "order 1042", "1795000000.000200", 0.0),
        ("thread#C0ORDERS01#order 1043", "order 1043", "", AT + 60),
    ],
    indirect=["table"],
)
def test_threads_are_read_as_before(table: StateTable, key: str, ts: str, busy_until: float) -> None:
    thread = Threads(table, table, lambda: AT).join("C0ORDERS01", key, "another")
    assert (thread.ts, thread.busy_until) == (ts, busy_until)


@pytest.mark.parametrize("table", ["gate"], indirect=True)
def test_gates_are_read_as_before(table: StateTable) -> None:
    now = AT
    gates = Gates(table, table, lambda: now)
    gates.refresh()
    assert (gates.closed("C0ORDERS01"), gates.crowded("C0ORDERS01")) == (True, True)
    now = AT + 30.5
    assert (gates.closed("C0ORDERS01"), gates.crowded("C0ORDERS01")) == (False, True)
    now = AT + 32
    assert (gates.closed("C0ORDERS01"), gates.crowded("C0ORDERS01")) == (False, False)
