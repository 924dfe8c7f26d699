"""The identities of what a poll sends are a contract: applications publish with the same ones."""

from __future__ import annotations

import json

import pytest

from handler.model import Digest, Record
from handler.polling.messages import event, request, requested
from handler.polling.state import PolledEvent, PolledRow

DIGEST = Digest(7, 120, 1, 5, 130)


@pytest.mark.parametrize(
    ("finding", "epoch", "identity"),
    [
        (PolledRow(1042, late=False), 0, "order.created/1042"),
        (PolledRow(1042, late=True), 0, "order.created/1042"),
        (PolledRow(1042, late=False), 2, "order.created/1042/2"),
        (DIGEST, 0, "order.created/digest/5-130/7"),
        (DIGEST, 2, "order.created/digest/5-130/7/2"),
    ],
)
def test_the_identity_says_what_was_found_and_how_often_ids_have_restarted(
    finding: PolledEvent, epoch: int, identity: str
) -> None:
    assert json.loads(event("order.created", finding, epoch))["event_id"] == identity


def test_the_longest_identity_fits_into_an_event() -> None:
    highest = 2**63 - 1
    longest = event("x" * 128, Digest(10**6, highest, highest, highest - 1, highest), 999)
    assert len(json.loads(longest)["event_id"]) <= 200


def test_a_request_is_known_by_its_beginning() -> None:
    body = request("order.created")
    assert Record("r", body).requests_poll
    assert requested(body) == "order.created"
    assert not Record("r", event("order.created", DIGEST, 0)).requests_poll
