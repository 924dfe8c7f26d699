"""The state table while DynamoDB fails. What it does else: tests/integration/test_state_table.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from handler import aws
from handler.adapters.state.table import StateTable
from handler.errors import ConfigError
from handler.state_item import Item
from tests.unit.adapters.canary import CANARY, safe
from tests.unit.adapters.scripted import Step, answer, closed, reset, scripted

ITEM = Item("event#1", "n#c", {"phase": "sending", "note": CANARY}, 1_770_003_600)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], StateTable]]:
    """Make a table at an address."""

    def make(url: str) -> StateTable:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        return StateTable("state")

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    aws._session.cache_clear()
    yield make
    aws._session.cache_clear()


def refusal(word: str, status: int = 400) -> Step:
    return answer(
        status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{word}", "message": CANARY}).encode()
    )


@pytest.mark.parametrize(
    ("step", "reason", "requests"),
    [
        (refusal("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException", 2),
        (refusal("ThrottlingException"), "ThrottlingException", 2),
        (refusal("InternalServerError", 500), "InternalServerError", 2),
        (answer(503, b"<html>"), "503", 2),
        (reset, "ConnectionClosedError", 2),
        (refusal("AccessDeniedException"), "AccessDeniedException", 1),
        (refusal("ValidationException"), "ValidationException", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failure_is_named_and_tried_twice_at_most(
    table: Callable[[str], StateTable], step: Step, reason: str, requests: int
) -> None:
    for use in (lambda it: it.swap(ITEM), lambda it: it.items("event#1"), lambda it: it.get([("event#1", "n#c")])):
        with scripted(step) as server:
            with pytest.raises(ConfigError) as raised:
                use(table(server.url))
            assert str(raised.value) == f"LEDGER_UNAVAILABLE: {reason}"
            assert raised.value.retry
            assert len(server.requests) == requests
        safe(raised.value)


def test_a_table_that_cannot_be_reached_is_named(table: Callable[[str], StateTable]) -> None:
    with closed() as server, pytest.raises(ConfigError, match="LEDGER_UNAVAILABLE: EndpointConnectionError"):
        table(server.url).swap(ITEM)


def test_a_refusal_that_does_not_say_what_stands_there_is_no_success(table: Callable[[str], StateTable]) -> None:
    with (
        scripted(refusal("ConditionalCheckFailedException")) as server,
        pytest.raises(ConfigError, match="LEDGER_UNAVAILABLE: ConditionalCheckFailedException without the item"),
    ):
        table(server.url).swap(ITEM)


def batch(found: list[str], left: list[str]) -> Step:
    """An answer to a list of keys of the partition `p`."""
    items = [{"pk": {"S": "p"}, "sk": {"S": sort}, "revision": {"N": "1"}} for sort in found]
    keys = {"state": {"Keys": [{"pk": {"S": "p"}, "sk": {"S": sort}} for sort in left], "ConsistentRead": True}}
    answered = {"Responses": {"state": items}, "UnprocessedKeys": keys if left else {}}
    return answer(200, json.dumps(answered).encode())


def test_keys_that_were_left_out_are_asked_for_again(table: Callable[[str], StateTable]) -> None:
    with scripted(batch(["a"], ["b", "c"]), batch([], ["b", "c"]), batch(["b"], [])) as server:
        found = table(server.url).get([("p", "a"), ("p", "b"), ("p", "c")])
        asked = [json.loads(request.body)["RequestItems"]["state"] for request in server.requests]
    assert [one.sort for one in found] == ["a", "b"]
    assert [[key["sk"]["S"] for key in one["Keys"]] for one in asked] == [["a", "b", "c"], ["b", "c"], ["b", "c"]]
    assert all(one["ConsistentRead"] for one in asked)


def test_keys_that_are_left_out_again_and_again_are_an_error(table: Callable[[str], StateTable]) -> None:
    with scripted(*[batch([], ["b"])] * 5) as server, pytest.raises(ConfigError, match="left out items 5 times"):
        table(server.url).get([("p", "b")])
