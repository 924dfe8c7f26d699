"""What the floors of the benches do: the same as the function, and for other events."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.endpoint import Endpoint
from urllib3 import HTTPHeaderDict

from bench import quota, rig, slack, warm_event
from bench.events import TYPE, batch, function, identity, record
from bench.floor import Floor, check, recorded
from handler import app, aws
from handler.adapters.http.exchange import Answer, Exchange
from handler.adapters.slack.senders import SlackBot
from handler.adapters.state.table import StateTable
from handler.delivery.delivery import Delivery
from handler.delivery.records import DeliveryKey
from handler.delivery.throttle import FRESH_SECONDS
from handler.model import Event, Message, Record
from handler.stages.parse import records
from tests.kit import deliverer_to
from tests.unit.adapters.canary import FakeSecrets

NUMBER = 1042
TEXT = "New order *T-001042* from Zoë &lt;VIP&gt;"
MORE = "much more"
BLOCKS = ({"type": "section", "text": {"type": "mrkdwn", "text": MORE}},)


@dataclass
class Outside:
    """A DynamoDB that takes every write, and a Slack that says yes to every post; what they were asked."""

    puts: list[dict[str, Any]] = field(default_factory=list)
    posts: list[tuple[str, str, bytes, Mapping[str, str]]] = field(default_factory=list)
    says: bytes = slack.BODY

    def request(self, method: str, url: str, *, body: bytes, headers: Any) -> Any:
        """Take a post, as urllib3 does."""
        self.posts.append((method, url, body, headers))
        return SimpleNamespace(json=lambda: json.loads(self.says))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    made = Outside()

    def put(_endpoint: Endpoint, operation: Any, request: dict[str, Any]) -> Any:
        assert operation.name == "PutItem"
        made.puts.append(json.loads(request["body"]))
        return SimpleNamespace(status_code=200), {}

    def send(_exchange: Exchange, method: str, url: str, headers: Any, body: bytes, *, deadline: Any) -> Answer:
        made.request(method, url, body=body, headers=headers)
        return Answer(200, HTTPHeaderDict(), made.says)

    monkeypatch.setattr(Endpoint, "make_request", put)
    monkeypatch.setattr(Exchange, "send", send)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    aws._session.cache_clear()
    yield made
    aws._session.cache_clear()


def delivered(times: int = 1) -> Callable[[], None]:
    """Deliver an event as the function does, from its ledger to its client of Slack."""
    table = StateTable("state")
    sink = SlackBot(FakeSecrets({"slack-token": "xoxb-1"}), "https://slack.test/api/", ssl.create_default_context())
    deliverer = deliverer_to(sink, table, lambda: 1_764_000_000.25)
    message = Message(TYPE, "orders", "C0LABORDERS", TEXT, blocks=BLOCKS)
    delivery = Delivery(Record("r", "{}"), Event(TYPE, NUMBER, identity(NUMBER)), message)

    def act() -> None:
        for _ in range(times):
            deliverer(delivery)

    return act


def floor(outside: Outside) -> Floor:
    return Floor(None, aws.client("dynamodb"), outside)  # type: ignore[arg-type]


def shape(put: Mapping[str, Any]) -> Mapping[str, Any]:
    """A write without what is new in each: the time, and who wrote it, of which the lengths stay."""
    item = {**put["Item"], "at": list(put["Item"]["at"]), "written_by": len(put["Item"]["written_by"]["S"])}
    return {**put, "Item": item}


def test_the_floor_writes_and_posts_for_an_event_what_the_function_does(outside: Outside) -> None:
    known = recorded(delivered())
    ours = Outside(list(outside.puts), list(outside.posts))
    outside.puts.clear()
    outside.posts.clear()
    floor(outside).deliver(known, identity(NUMBER), TEXT)
    assert [shape(put) for put in outside.puts] == [shape(put) for put in ours.puts]
    assert outside.posts == ours.posts
    assert MORE.encode() in outside.posts[0][2]


def test_what_is_recorded_are_two_writes_under_conditions(outside: Outside) -> None:
    """So that the comparison above is not one of two mistakes."""
    known = recorded(delivered())
    for put, phase in ((known.claim, "sending"), (known.ending, "delivered")):
        assert put["Item"]["phase"] == {"S": phase}
        assert "attribute_not_exists" in put["ConditionExpression"]
        assert put["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_each_event_of_the_floor_is_another_one(outside: Outside) -> None:
    known = recorded(delivered())
    outside.puts.clear()
    bare = floor(outside)
    for number in (1, 2):
        bare.deliver(known, identity(number), f"order {number}")
    assert [put["Item"]["pk"]["S"] for put in outside.puts] == [
        DeliveryKey(identity(number), "", "").partition for number in (1, 1, 2, 2)
    ]
    assert len({put["Item"]["written_by"]["S"] for put in outside.puts}) == len(outside.puts)
    assert [json.loads(body)["text"] for _, _, body, _ in outside.posts[1:]] == ["order 1", "order 2"]


@pytest.mark.parametrize("times", [0, 2])
def test_only_one_event_can_be_recorded(outside: Outside, times: int) -> None:
    with pytest.raises(ValueError, match="unpack"):
        recorded(delivered(times))


def test_a_post_that_slack_refuses_ends_the_floor(outside: Outside) -> None:
    known = recorded(delivered())
    outside.puts.clear()
    outside.says = b'{"ok":false,"error":"channel_not_found"}'
    with pytest.raises(RuntimeError, match="channel_not_found"):
        floor(outside).deliver(known, identity(2), TEXT)
    assert len(outside.puts) == 1


def test_the_floor_may_say_nothing_else_than_the_function(outside: Outside) -> None:
    known = recorded(delivered())
    check(known, TEXT)
    with pytest.raises(RuntimeError, match=r"the floor posts .*shorter.* where the function posts .*Zo"):
        check(known, "shorter")


def test_an_event_of_a_batch_is_known_by_its_number() -> None:
    (enveloped,) = records(batch(NUMBER))
    (raw,) = records({"Records": [record(NUMBER, {"type": TYPE, "id": 1, "event_id": identity(NUMBER)})]})
    assert json.loads(enveloped.body)["MessageId"] == json.loads(raw.body)["event_id"] == identity(NUMBER)


def test_events_apart_are_further_apart_than_the_state_of_the_channels_is_known() -> None:
    assert 2 * warm_event.PAUSE_SECONDS > FRESH_SECONDS


class CountingSlack:
    """A stand-in's count of posts."""

    def __init__(self) -> None:
        self.posts = 7

    def request(self, method: str, url: str) -> Any:
        assert (method, url) == ("GET", "https://localhost/api/")
        return SimpleNamespace(data=str(self.posts).encode())


def posting(made: int, expected: int) -> float:
    """The value of a sample of 1.5 ms that makes so many posts where so many are expected."""
    counting = CountingSlack()
    one = rig.Rig(None, "https://localhost/api/", "", Path(), Path(), counting)  # type: ignore[arg-type]

    def sample() -> float:
        counting.posts += made
        return 1.5

    return one.posting(sample, expected)()


@pytest.mark.parametrize("expected", [1, 10])
def test_a_round_that_posts_as_expected_counts(expected: int) -> None:
    assert posting(expected, expected) == 1.5


@pytest.mark.parametrize(("made", "expected"), [(0, 1), (2, 1), (0, 10), (9, 10), (11, 10)])
def test_a_round_that_posts_too_little_or_too_much_fails(made: int, expected: int) -> None:
    with pytest.raises(RuntimeError, match=f"made {made} posts instead of {expected}"):
        posting(made, expected)


@pytest.mark.parametrize(
    ("share", "members", "wall", "processor", "expected"),
    [
        (0.25, None, 10.0, 0.0, 10.0),  # all of it was waiting
        (0.25, None, 10.0, 10.0, 40.0),  # none of it was
        (0.25, None, 10.0, 4.0, 22.0),  # 6 of waiting, and 4 at a quarter
        (1.0, None, 10.0, 4.0, 10.0),
        (0.25, Path("cgroup.procs"), 10.0, 4.0, 10.0),  # measured under the quota already
    ],
)
def test_a_time_under_a_quota_is_measured_or_calculated(
    share: float, members: Path | None, wall: float, processor: float, expected: float
) -> None:
    assert quota.Quota(share, members).milliseconds(wall, processor) == pytest.approx(expected)


@pytest.mark.parametrize(("megabytes", "share"), [(256, 256 / 1769), (1769, 1.0), (3008, 1.0)])
def test_where_no_group_can_be_made_the_share_is_known_all_the_same(
    megabytes: int, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is no file system of groups has none of their files."""
    monkeypatch.setattr(quota, "_GROUPS", tmp_path)
    with quota.quota(megabytes) as found:
        assert found == quota.Quota(share, None)
        assert found.how.startswith("calculation")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failures", [[], [{"itemIdentifier": "r-1042"}]])
def test_a_record_that_is_to_come_again_ends_the_bench(
    failures: list[Mapping[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does the function print anything between what the bench prints."""

    def handler(payload: Any, _context: Any) -> Any:
        assert payload == batch(NUMBER)
        print("metrics")
        return {"batchItemFailures": failures}

    monkeypatch.setattr(app, "lambda_handler", handler)
    monkeypatch.setattr(app.logger.registered_handler, "stream", None)  # what the bench puts there goes with the test
    with pytest.raises(RuntimeError, match="r-1042") if failures else nullcontext():
        function()(batch(NUMBER))
    assert capsys.readouterr().out == ""
