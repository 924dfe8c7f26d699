"""The state table over a local DynamoDB: who wins, what expires, what survives, and what a lost answer leaves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from handler import aws
from handler.adapters.state.table import StateTable
from handler.errors import ConfigError
from handler.ports import StateTable as Port
from handler.state_item import Item
from lab.cloud import LocalCloud

NOW = 1_770_000_000.5
LATER = int(NOW) + 3600


@pytest.fixture(scope="module")
def dynamodb(running_cloud: LocalCloud) -> Any:
    return running_cloud.aws.client("dynamodb")


@pytest.fixture
def name(dynamodb: Any) -> Iterator[str]:
    created = f"state-{secrets.token_hex(4)}"
    dynamodb.create_table(
        TableName=created,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield created
    dynamodb.delete_table(TableName=created)


@pytest.fixture
def table(name: str, running_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateTable]:
    for variable, value in running_cloud.aws.env.items():
        monkeypatch.setenv(variable, value)
    aws._session.cache_clear()
    made = StateTable(name, lambda: NOW)
    yield made
    made._client.close()
    aws._session.cache_clear()


def item(revision: int = 1, *, expires_at: int = LATER, sort: str = "n#c", **values: str | float) -> Item:
    return Item("event#1", sort, values, expires_at, revision)


def test_it_fits_the_ports(table: StateTable) -> None:
    port: Port = table
    assert port


def test_a_first_revision_is_written_once(table: StateTable) -> None:
    first = item(phase="sending", until=1.5, doubts=0, ts="")
    assert table.swap(first) is None
    assert table.swap(item(phase="sending", until=9.5)) == first
    assert table.items("event#1") == [first]


def test_a_revision_takes_the_place_of_the_one_before_it_alone(table: StateTable) -> None:
    assert table.swap(item(phase="sending")) is None
    second = item(2, phase="delivered")
    assert table.swap(second) is None
    for overtaken in (item(1, phase="late"), item(2, phase="late"), item(4, phase="early")):
        assert table.swap(overtaken) == second
    assert table.items("event#1") == [second]


def test_one_of_many_who_write_the_same_at_once_wins(table: StateTable) -> None:
    """Two workers in one step of a clock write equal items: it is not the values that tell them apart."""
    for revision in range(1, 6):
        with ThreadPoolExecutor(16) as pool:
            standing = list(pool.map(table.swap, [item(revision, owner="same")] * 16))
        assert [one for one in standing if one is None] == [None]


def test_values_stay_what_they_are(table: StateTable) -> None:
    values: dict[str, str | float] = {
        "empty": "", "text": "日本 😀 \n", "zero": 0, "negative": -7, "large": 2**60, "half": 0.5, "third": 1 / 3,
        "tiny": 5e-7, "time": 1_770_000_000.123456,
    }  # fmt: skip
    assert table.swap(item(**values)) is None
    (found,) = table.items("event#1")
    assert found.values == values
    assert [type(found.values[name]) for name in ("zero", "negative", "large", "half")] == [int, int, int, float]


def test_bytes_are_kept_and_an_item_may_never_expire(table: StateTable, name: str, dynamodb: Any) -> None:
    values: dict[str, str | float | bytes] = {"packed": bytes(range(256)) * 1000, "empty": "", "count": 3}
    first = Item("poll#t", "state", values, 0)
    assert table.swap(first) is None
    assert table.items("poll#t") == [first]
    assert "expires_at" not in dynamodb.scan(TableName=name)["Items"][0]
    assert table.swap(Item("poll#t", "state", {}, 0)) == first
    assert table.swap(Item("poll#t", "state", {"packed": b""}, 0).following(first)) is None
    (found,) = table.items("poll#t")
    assert (found.binary("packed"), found.number("count")) == (b"", 3)
    assert (found.binary("count"), found.text("packed")) == (b"", "")


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_many_items_are_read_by_their_keys(table: StateTable, count: int) -> None:
    made = [Item(f"poll#{number}", "schedule", {"n": number}, 0) for number in range(0, count, 2)]
    assert [table.swap(one) for one in made] == [None] * len(made)
    table.swap(Item("poll#0", "state", {}, 0))
    found = table.get([(f"poll#{number}", "schedule") for number in range(count)])
    assert sorted(found, key=lambda one: one.number("n")) == made


def test_what_has_expired_is_not_read_by_its_key(table: StateTable) -> None:
    table.swap(item(expires_at=int(NOW)))
    assert table.get([("event#1", "n#c")]) == []


def test_what_a_newer_version_wrote_survives(table: StateTable) -> None:
    table.swap(item(phase="waiting", invented_later="x", counted_later=3))
    (old,) = table.items("event#1")
    assert table.swap(item(phase="sending").following(old)) is None
    (new,) = table.items("event#1")
    assert (new.revision, new.values) == (2, {"phase": "sending", "invented_later": "x", "counted_later": 3})


def test_a_value_of_another_kind_is_no_stumbling_block(table: StateTable, name: str, dynamodb: Any) -> None:
    numbers = {"revision": {"N": "1"}, "expires_at": {"N": str(LATER)}}
    flags = {"flag": {"BOOL": True}, "list": {"L": []}, "none": {"NULL": True}}
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "event#1"}, "sk": {"S": "n#c"}, **numbers, **flags})
    assert table.items("event#1") == [item()]


def test_what_has_expired_is_gone_before_it_is_deleted(table: StateTable) -> None:
    assert table.swap(item(phase="parked", expires_at=int(NOW))) is None
    assert table.items("event#1") == []
    anew = item(phase="sending")
    assert table.swap(anew) is None
    assert table.items("event#1") == [anew]


def test_what_was_deleted_since_it_was_read_does_not_keep_its_successor_out(table: StateTable) -> None:
    """As when the outcome of a post is written and the table was restored meanwhile."""
    assert table.swap(item(7, phase="delivered")) is None
    assert table.swap(item(7, phase="late")) == item(7, phase="delivered")


def test_a_partition_is_read_to_its_end(table: StateTable) -> None:
    large = "x" * 300_000  # a page ends after a megabyte
    many = [item(sort=f"n{number}#c", pad=large) for number in range(5)]
    for one in [*many, replace(many[0], partition="event#10")]:
        assert table.swap(one) is None
    assert table.items("event#1") == many
    assert table.items("event#2") == []


def test_a_write_whose_answer_was_lost_is_known_again(table: StateTable) -> None:
    """The client repeats it, and finds the item that it wrote itself."""
    requests = _lose_first_answer(table._client)
    assert table.swap(item(phase="sending")) is None
    assert len(requests) == 2
    assert table.swap(item(2, phase="delivered")) is None


def test_a_write_whose_answer_was_lost_may_have_been_overtaken(table: StateTable) -> None:
    taken = item(2, owner="another")
    _lose_first_answer(table._client, lambda: table.swap(taken))
    assert table.swap(item(1, owner="us")) == taken


def test_a_table_that_is_not_there_is_named(table: StateTable, dynamodb: Any) -> None:
    with pytest.raises(ConfigError, match=r"^LEDGER_UNAVAILABLE: ResourceNotFoundException$") as raised:
        StateTable("no-such-table").items("event#1")
    assert raised.value.retry


def _lose_first_answer(client: Any, meanwhile: Any = None) -> list[Any]:
    """Let the first request arrive, and its answer not."""
    requests: list[Any] = []

    def send(request: Any, **_: Any) -> None:
        requests.append(request)
        if len(requests) > 1:
            return
        URLLib3Session().send(request)
        if meanwhile:
            meanwhile()
        raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register("before-send.dynamodb.PutItem", send)
    return requests
