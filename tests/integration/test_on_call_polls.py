"""`notifier poll` on a stack of the local AWS, with runs that write the real state table. The polled table is a set."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from handler import aws as function_aws
from handler.adapters.queue import IntakeQueue
from handler.adapters.state_table import StateTable
from handler.delivery.item import Item
from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling.polls import Polls, partition
from handler.polling.schedule import Schedule
from lab.aws import Aws, running_aws
from tests.operations_kit import OnCall

TEMPLATE = """
id: integer
channel: orders
poll: {every: 1m, sql: SELECT id FROM orders}
text: Order {{ id }}
samples:
  one: {id: 1}
"""
TYPE = "order.created"
POLL = Poll("SELECT id FROM orders", 60.0)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def on_call(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnCall]:
    for variable, value in aws.env.items():
        monkeypatch.setenv(variable, value)
    function_aws._session.cache_clear()
    yield OnCall.deployed(aws)
    function_aws._session.cache_clear()


@pytest.fixture
def templates(tmp_path: Path) -> str:
    (tmp_path / "_stages").mkdir()
    (tmp_path / "_stages/test.yaml").write_text("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n")
    (tmp_path / f"{TYPE}.yaml").write_text(TEMPLATE)
    return str(tmp_path)


@dataclass
class Function:
    """The polls of the stack, at a moment that is moved on by hand; each run reads the ids in `ids`."""

    on_call: OnCall
    ids: set[int] = field(default_factory=set)
    now: float = field(default_factory=time.time)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.table = StateTable(self.on_call.outputs["StateTableName"])
        self.queue = IntakeQueue(self.on_call.outputs["QueueUrl"])
        self.polls = Polls({TYPE: POLL}, self, self.table, self.table, self.table, self.queue, lambda: self.now)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        if self.error:
            raise self.error
        after = int(str(parameters.get("after", 0)))
        found = sum(1 << id_ for id_ in self.ids if id_ > after and id_ <= int(str(parameters.get("upto", 63))))
        if "found.created" in sql or "LIMIT 1" in sql:
            return []
        return [Row(word=0, bits=found, counted=found.bit_count())] if found else []

    def minute(self) -> list[dict[str, Any]]:
        """A tick, the run that it asks for, and the events that follow."""
        self.now += 60
        self.polls.tick()
        requests = [message["Body"] for message in self.on_call.taken("QueueUrl")]
        self.polls.run(requests, lambda: 60.0)
        return [json.loads(message["Body"]) for message in self.on_call.taken("QueueUrl")]

    def lose(self, sort: str) -> None:
        key = {"pk": {"S": partition(TYPE)}, "sk": {"S": sort}}
        self.on_call.aws.client("dynamodb").delete_item(TableName=self.on_call.outputs["StateTableName"], Key=key)


def test_a_poll_is_shown_from_its_first_run_on(on_call: OnCall, templates: str) -> None:
    asked = ("poll", "status", "--templates", templates)
    (new,) = on_call.asked(*asked)
    assert (new["poll"], new["condition"], new["started"], new["highest_id"]) == (TYPE, "new", None, None)
    function = Function(on_call, {1, 2})
    function.minute()
    function.ids |= {4, 9}
    assert [event["event_id"] for event in function.minute()] == ["order.created/4", "order.created/9"]
    (ok,) = on_call.asked(*asked)
    assert (ok["condition"], ok["code"], ok["rows"]) == ("ok", "", {"found": 2, "late": 0, "given_up": 0})
    assert (ok["highest_id"], ok["missing_ids"], ok["unsent"], ok["every_seconds"]) == (9, 5, False, 60.0)
    shown = on_call.run(*asked).output
    assert "2 rows found, highest id 9, 5 lower ones missing" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_poll_with_a_cron_expression_shows_it(on_call: OnCall, templates: str) -> None:
    file = Path(templates) / f"{TYPE}.yaml"
    file.write_text(file.read_text().replace("every: 1m", 'every: "0 9 * * 1-5"'))
    asked = ("poll", "status", "--templates", templates)
    (new,) = on_call.asked(*asked)
    assert (new["every_seconds"], new["cron"], new["time_zone"]) == (None, "0 9 * * 1-5", None)
    assert "at 0 9 * * 1-5 (time zone of the stage), never read" in on_call.run(*asked).output
    function = Function(on_call, {1, 2})
    poll = replace(POLL, cron="0 9 * * 1-5", every=259_200.0, time_zone="Asia/Tokyo")  # as the stage says
    function.polls = replace(function.polls, polls={TYPE: poll})
    function.minute()
    (ok,) = on_call.asked(*asked)
    assert (ok["condition"], ok["cron"], ok["time_zone"]) == ("ok", "0 9 * * 1-5", "Asia/Tokyo")
    assert ok["next"].endswith("T00:00:00.000+00:00")
    assert "at 0 9 * * 1-5 (Asia/Tokyo), read" in on_call.run(*asked).output


def test_a_poll_that_fails_says_why(on_call: OnCall, templates: str) -> None:
    function = Function(on_call)
    function.minute()
    function.error = SourceError("DB_DENIED", "SELECT on orders")
    function.minute()
    function.minute()
    (found,) = on_call.asked("poll", "status", TYPE, "--templates", templates, status=1)
    assert (found["condition"], found["code"], found["failures"]) == ("failing", "DB_DENIED", 2)
    assert (found["detail"], found["remedy"]) == ("SELECT on orders", "GRANT SELECT on what the template reads")
    shown = on_call.run("poll", "status", "--templates", templates).output
    assert "failing" in shown
    assert "DB_DENIED: SELECT on orders" in shown
    assert "To do: GRANT SELECT on what the template reads" in shown


@pytest.mark.parametrize("loss", ["lost", "damaged"])
def test_a_poll_on_hold_is_started_anew(on_call: OnCall, templates: str, loss: str) -> None:
    function = Function(on_call, {1})
    function.minute()
    (state,) = function.table.get([(partition(TYPE), "state")])
    if loss == "lost":
        function.lose("state")
    else:
        damaged = Item(state.partition, state.sort, {**state.values, "seen": b"x"}, 0)
        assert function.table.swap(replace(damaged, revision=state.revision + 1)) is None
    function.ids |= {2, 3}
    assert function.minute() == []
    (found,) = on_call.asked("poll", "status", "--templates", templates, status=1)
    code = "POLL_STATE_LOST" if loss == "lost" else "POLL_STATE_UNREADABLE"
    assert (found["condition"], found["code"]) == ("on hold", code)
    assert function.minute() == []
    answer = on_call.run("poll", "start", TYPE, "--yes")
    assert (answer.exit_code, "starts again with its next run" in answer.output) == (0, True)
    assert on_call.asked("poll", "status", "--templates", templates)[0]["condition"] == "starting"
    assert function.minute() == []
    function.ids |= {5}
    assert [event["id"] for event in function.minute()] == [5]
    (found,) = on_call.asked("poll", "status", "--templates", templates)
    assert (found["condition"], found["rows"]["found"]) == ("ok", 1)


def test_starting_asks_first(on_call: OnCall) -> None:
    function = Function(on_call)
    function.minute()
    before = function.table.items(partition(TYPE))
    answer = on_call.run("poll", "start", TYPE)
    assert answer.exit_code == 1
    assert "skips for good the rows" in answer.output
    unknown = on_call.run("poll", "start", "order.unknown")
    assert (unknown.exit_code, "Continue?" in unknown.output, "has ever run here" in unknown.output) == (1, False, True)
    assert function.table.items(partition(TYPE)) == before


def test_a_poll_that_never_ran_cannot_be_started(on_call: OnCall) -> None:
    answer = on_call.run("poll", "start", "order.unknown", "--yes")
    assert (answer.exit_code, "has ever run here" in answer.output) == (1, True)


def test_a_name_that_nobody_knows_is_refused(on_call: OnCall, templates: str) -> None:
    answer = on_call.run("poll", "status", "order.craeted", "--templates", templates)
    assert answer.exit_code == 1
    assert "There is no poll order.craeted. Polls of the templates here: order.created." in answer.output


def test_a_poll_of_which_no_template_is_left_is_still_shown(on_call: OnCall, tmp_path: Path) -> None:
    function = Function(on_call)
    function.minute()
    (found,) = on_call.asked("poll", "status", TYPE, "--templates", str(tmp_path))
    assert (found["condition"], found["every_seconds"]) == ("ok", None)
    assert "No template here has `poll:`." in on_call.run("poll", "status", "--templates", str(tmp_path)).output


def test_a_start_that_meets_a_run_is_tried_again(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.operations import polls

    function = Function(on_call)
    function.minute()
    read = polls._schedule
    meetings = iter(range(2))

    def meeting(*arguments: Any) -> Item | None:
        item = read(*arguments)
        if item and next(meetings, None) is not None:
            assert function.table.swap(Item(item.partition, item.sort, {}, 0).following(item)) is None
        return item

    monkeypatch.setattr(polls, "_schedule", meeting)
    assert on_call.run("poll", "start", TYPE, "--yes").exit_code == 0
    (item,) = function.table.get([(partition(TYPE), "schedule")])
    assert Schedule.of(item).starts == 1


def test_a_poll_is_paused_and_resumed(on_call: OnCall, templates: str) -> None:
    function = Function(on_call, {1})
    function.minute()
    answer = on_call.run("poll", "pause", TYPE)
    assert (answer.exit_code, "notifier poll resume order.created" in answer.output) == (0, True)
    function.ids |= {2}
    assert function.minute() == []
    (found,) = on_call.asked("poll", "status", "--templates", templates)
    assert found["condition"] == "paused"
    assert on_call.run("poll", "resume", TYPE).exit_code == 0
    assert [event["id"] for event in function.minute()] == [2]
    for verb in ("pause", "resume"):
        answer = on_call.run("poll", verb, "order.unknown")
        assert (answer.exit_code, "has ever run here" in answer.output) == (1, True)


def test_a_code_of_a_newer_version_is_shown_as_it_is(on_call: OnCall, templates: str) -> None:
    function = Function(on_call)
    function.minute()
    (item,) = function.table.get([(partition(TYPE), "schedule")])
    newer = replace(Schedule.of(item), code="POLL_FROM_LATER", failures=1)
    assert function.table.swap(Item(item.partition, item.sort, newer.values(), 0).following(item)) is None
    answer = on_call.run("poll", "status", "--templates", templates)
    assert answer.exit_code == 1
    assert "failing" in answer.output
    assert "POLL_FROM_LATER" in answer.output
    assert "use the version of this command that was deployed" in answer.output
