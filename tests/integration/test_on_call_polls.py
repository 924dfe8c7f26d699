"""`notifier poll` on a stack of the local AWS, with runs that write the real state table. The polled table is a set."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import inside
from cli.operations import runs, stack
from cli.operations.aws_errors import UnansweredError
from handler.adapters.state.intake_queue import IntakeQueue
from handler.adapters.state.table import StateTable
from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling.dispatch import Polls
from handler.polling.dry_run import dry_run
from handler.polling.schedule import Schedule
from handler.polling.stored_names import partition
from handler.state_item import Item
from lab.aws import Aws, running_aws
from tests.operations_kit import OnCall, polled_stack, write_templates

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
    with polled_stack(aws, monkeypatch) as on_call:
        yield on_call


@pytest.fixture
def templates(tmp_path: Path) -> str:
    return write_templates(tmp_path, TYPE, TEMPLATE)


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
        self.polls = Polls({TYPE: POLL}, self, self.table, self.queue, lambda: self.now)

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
        self.tick()
        return [json.loads(message["Body"]) for message in self.on_call.taken("QueueUrl")]

    def tick(self) -> None:
        """A tick, and the run that it asks for."""
        self.polls.tick()
        requests = [message["Body"] for message in self.on_call.taken("QueueUrl")]
        self.polls.run(requests, lambda: 60.0)

    def events(self) -> list[str]:
        """The identities of the events that are in the queue, which are taken from it."""
        return [json.loads(message["Body"])["event_id"] for message in self.on_call.taken("QueueUrl")]

    @property
    def schedule(self) -> Schedule:
        return Schedule.of(self.table.get([(partition(TYPE), "schedule")])[0])

    def write(self, schedule: Schedule) -> None:
        """Write the schedule, as a run does."""
        (item,) = self.table.get([(partition(TYPE), "schedule")])
        assert self.table.swap(Item(item.partition, item.sort, schedule.values(), 0).following(item)) is None

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
def test_a_poll_on_hold_is_started_again(on_call: OnCall, templates: str, loss: str) -> None:
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


def test_a_pause_on_hold_ends_on_hold(on_call: OnCall) -> None:
    function = Function(on_call, {1})
    function.minute()
    function.write(replace(function.schedule, held="POLL_IDS_REUSED", code="POLL_IDS_REUSED"))
    assert on_call.run("poll", "pause", TYPE).exit_code == 0
    answer = on_call.run("poll", "resume", TYPE)
    said = " ".join(answer.output.split())
    assert (answer.exit_code, "on hold as before: POLL_IDS_REUSED. To do: " in said) == (1, True)
    assert "notifier poll rebase" in said
    assert on_call.run("poll", "resume", TYPE).exit_code == 0
    assert function.schedule.reuse_dismissed == 1


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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Function]:
    """Functions that are invoked by `poll run`, in place of the one of the stack, which does nothing."""
    found: list[Function] = []

    def tick(*_: object) -> None:
        for function in found:
            function.now = time.time()
            function.tick()

    monkeypatch.setattr(runs, "tick", tick)
    monkeypatch.setattr(runs, "_PAUSE_SECONDS", 0.01)
    return found


def test_a_poll_runs_when_somebody_says_so(on_call: OnCall, asked: list[Function]) -> None:
    function = Function(on_call, {1, 2}, now=time.time() - 60)
    function.minute()
    due = function.schedule.due_at
    asked.append(function)
    assert due > time.time()
    answer = on_call.run("poll", "run", TYPE)
    assert (answer.exit_code, answer.stdout) == (0, "order.created has found no new row.\n")
    function.ids |= {4, 9}
    answer = on_call.run("poll", "run", TYPE)
    assert (answer.exit_code, answer.stdout) == (0, "order.created: 2 rows found and sent.\n")
    assert function.events() == ["order.created/4", "order.created/9"]
    assert on_call.asked("poll", "run", TYPE) == {
        "poll": TYPE, "seen": None, "found": 0, "late": 0, "unsent": 0, "more": False,
        "code": "", "detail": "", "remedy": "",
    }  # fmt: skip


def test_a_run_that_fails_says_what_to_do(on_call: OnCall, asked: list[Function]) -> None:
    function = Function(on_call, {1})
    function.minute()
    asked.append(function)
    function.error = SourceError("DB_DENIED", "SELECT on orders")
    answer = on_call.run("poll", "run", TYPE)
    assert answer.exit_code == 1
    assert "The run has failed with DB_DENIED: SELECT on orders" in answer.output
    assert "To do: GRANT SELECT on what the template reads" in answer.output


@pytest.mark.parametrize("command", [("start",), ("rebase",), ("rebase", "--resend", "--to", "1")])
def test_a_run_that_carries_out_a_start_says_how_many_rows_it_took_as_seen(
    on_call: OnCall, asked: list[Function], command: tuple[str, ...]
) -> None:
    function = Function(on_call, {1, 2, 3})
    function.minute()
    asked.append(function)
    assert on_call.run("poll", command[0], TYPE, *command[1:], "--yes").exit_code == 0
    answer = on_call.run("poll", "run", TYPE)
    resends = "--resend" in command
    assert f"has taken the rows that are there as seen, and posts none of them: {1 if resends else 3}." in answer.stdout
    assert (": 2 rows found and sent." in answer.stdout) == resends
    assert function.events() == (["order.created/2/1", "order.created/3/1"] if resends else [])


@pytest.mark.parametrize("held", ["paused", "reused", "never ran"])
def test_a_poll_that_does_not_run_says_what_lets_it(on_call: OnCall, asked: list[Function], held: str) -> None:
    function = Function(on_call, {1})
    if held != "never ran":
        function.minute()
        changed = {"held": "paused"} if held == "paused" else {"held": "POLL_IDS_REUSED", "code": "POLL_IDS_REUSED"}
        function.write(replace(function.schedule, **changed))
    asked.append(function)
    before = function.table.items(partition(TYPE))
    answer = on_call.run("poll", "run", TYPE)
    assert answer.exit_code == 1
    said = {"paused": "notifier poll resume", "reused": "`notifier poll rebase`", "never ran": "has ever run here"}
    assert said[held] in " ".join(answer.output.split())
    assert function.table.items(partition(TYPE)) == before


def test_a_run_waits_for_one_that_is_under_way(
    on_call: OnCall, asked: list[Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    function = Function(on_call, {1})
    function.minute()
    asked.append(function)
    standing = function.schedule
    function.write(replace(standing, leased_until=time.time() + 60))
    pauses: list[float] = []

    def pause(self: object, end: float, why: str) -> None:
        pauses.append(end)
        assert function.events() == []
        if len(pauses) == 3:
            function.write(standing)

    function.ids.add(2)
    monkeypatch.setattr(runs.Asking, "_wait", pause)
    answer = on_call.run("poll", "run", TYPE)
    assert (answer.exit_code, len(pauses)) == (0, 3)
    assert function.events() == ["order.created/2"]


@pytest.mark.parametrize("case", ["no run", "killed", "under way", "interrupted"])
def test_waiting_for_a_run_ends(
    on_call: OnCall, asked: list[Function], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    function = Function(on_call, {1})
    function.minute()
    standing = function.schedule
    if case == "under way":
        function.write(replace(standing, leased_until=time.time() + 60))

    def tick(*_: object) -> None:
        if case == "killed":
            function.write(replace(standing, leased_until=time.time() - 1))
        if case == "interrupted":
            raise KeyboardInterrupt

    monkeypatch.setattr(runs, "tick", tick)
    clock = iter(range(0, 100_000, 20))
    monkeypatch.setattr(runs, "monotonic", lambda: next(clock))
    answer = on_call.run("poll", "run", TYPE)
    said = {
        "no run": (2, "After 120 s no run has ended"),
        "killed": (2, "was killed, or ran out of time"),
        "under way": (2, "another run has been under way all the time"),
        "interrupted": (130, "A run that was asked for takes place all the same"),
    }
    assert answer.exit_code == said[case][0], answer.output
    assert said[case][1] in " ".join(answer.output.split())


def test_the_tick_goes_to_the_function_of_the_stack(on_call: OnCall) -> None:
    deployed = stack.find(on_call.stack)
    runs.tick(deployed, "$LATEST")
    absent = replace(deployed, function="absent")
    with pytest.raises(UnansweredError, match="ask the function to run the poll"):
        runs.tick(absent, "$LATEST")


@pytest.fixture
def previewed(monkeypatch: pytest.MonkeyPatch) -> list[Function]:
    """Functions that answer for that of the stack, as handler.health does."""
    found: list[Function] = []

    def ask(deployed: object, qualifier: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        (function,) = found
        if asked["dry_run"] != TYPE:
            return {"dry_run": None}
        said = dry_run(TYPE, POLL, function, function.table, lambda: function.now, lambda: 60.0)
        answer: dict[str, Any] = json.loads(json.dumps({"dry_run": asdict(said)}))
        return answer

    monkeypatch.setattr(inside, "ask", ask)
    return found


@pytest.mark.parametrize(
    ("ids", "lines"),
    [
        (set(), ["No new row would be found."]),
        ({9}, ["1 row would be found: id 9.", "Each would be a message of its own."]),
        ({4, 9}, ["2 rows would be found: ids 4, 9.", "Each would be a message of its own."]),
        (
            set(range(3, 23)),
            [
                "20 rows would be found: ids 3 to 22, from the lowest on 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.",
                "Each would be a message of its own.",
            ],
        ),
    ],
)
def test_a_dry_run_shows_what_a_run_would_find(
    on_call: OnCall, previewed: list[Function], ids: set[int], lines: list[str]
) -> None:
    function = Function(on_call, {1, 2})
    previewed.append(function)
    new = on_call.run("poll", "run", TYPE, "--dry-run")
    assert (new.exit_code, "2 rows would count as seen, and not be posted." in new.stdout) == (0, True)
    function.minute()
    function.ids |= ids
    before = function.table.items(partition(TYPE))
    answer = on_call.run("poll", "run", TYPE, "--dry-run")
    assert (answer.exit_code, answer.stdout.splitlines()[1:]) == (0, [f"  {line}" for line in lines])
    assert on_call.asked("poll", "run", TYPE, "--dry-run")["found"] == len(ids)
    assert (function.table.items(partition(TYPE)), function.events()) == (before, [])


@pytest.mark.parametrize("held", ["paused", "reused", "lost"])
def test_a_dry_run_of_a_poll_that_does_not_run_says_so(on_call: OnCall, previewed: list[Function], held: str) -> None:
    function = Function(on_call, {1})
    function.minute()
    previewed.append(function)
    function.ids.add(2)
    if held == "lost":
        function.lose("state")
    else:
        changed = {"held": "paused"} if held == "paused" else {"held": "POLL_IDS_REUSED", "code": "POLL_IDS_REUSED"}
        function.write(replace(function.schedule, **changed))
    answer = on_call.run("poll", "run", TYPE, "--dry-run")
    said = {
        "paused": "It is paused. Let it run with: notifier poll resume order.created",
        "reused": "It is on hold: POLL_IDS_REUSED. To do: run `notifier poll rebase`",
        "lost": "It would fail with POLL_STATE_LOST",
    }
    assert answer.exit_code == (1 if held == "lost" else 0)
    assert said[held] in " ".join(answer.stdout.split())
    assert ("id 2." in answer.stdout) == (held != "lost")
    assert "would count as seen" not in answer.stdout


def test_a_dry_run_of_what_is_not_deployed_says_so(
    on_call: OnCall, previewed: list[Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    previewed.append(Function(on_call))
    answer = on_call.run("poll", "run", "order.unknown", "--dry-run")
    assert (answer.exit_code, "No template that is deployed has a poll order.unknown" in answer.output) == (1, True)
    old = {"checks": [{"name": "x", "state": "ok"}]}
    broken = {"checks": [{"name": "x", "state": "failed", "cause": "CATALOG_INVALID", "remedy": "deploy again"}]}
    for found, said in ((old, "it is older than this command"), (broken, "CATALOG_INVALID. To do: deploy again")):
        monkeypatch.setattr(inside, "ask", lambda *_, answer=found: answer)
        answer = on_call.run("poll", "run", TYPE, "--dry-run")
        assert (answer.exit_code, said in " ".join(answer.output.split())) == (2, True)


def test_a_rewind_says_what_it_concerns_and_asks(on_call: OnCall) -> None:
    function = Function(on_call, {1, 2})
    function.minute()
    function.ids |= {4, 9}
    function.minute()
    before = function.table.items(partition(TYPE))
    answer = on_call.run("poll", "rewind", TYPE, "--to", "1")
    said = " ".join(answer.output.split())
    assert answer.exit_code == 1
    assert "finds 3 ids again that it has seen, from 2 to 9" in said
    assert "What was posted or parked in the last 30 days is not posted again" in said
    assert "Find the rows above id 1 again?" in said
    assert function.table.items(partition(TYPE)) == before
    answer = on_call.run("poll", "rewind", TYPE, "--to", "1", "--yes")
    assert (answer.exit_code, "notifier poll run order.created" in answer.output) == (0, True)
    again = on_call.run("poll", "rewind", TYPE, "--to", "0", "--yes")
    assert (again.exit_code, "An earlier start, rebase or rewind of" in again.output) == (1, True)
    assert [event["event_id"] for event in function.minute()] == [
        "order.created/2", "order.created/4", "order.created/9",
    ]  # fmt: skip


@pytest.mark.parametrize("case", ["never ran", "lost", "nothing above", "reused", "paused"])
def test_a_rewind_that_makes_no_sense_is_refused(on_call: OnCall, case: str) -> None:
    function = Function(on_call, {1, 2})
    if case != "never ran":
        function.minute()
    if case == "lost":
        function.lose("state")
    if case == "reused":
        function.write(replace(function.schedule, held="POLL_IDS_REUSED", code="POLL_IDS_REUSED"))
    if case == "paused":
        function.write(function.schedule.paused())
    answer = on_call.run("poll", "rewind", TYPE, "--to", "2" if case == "nothing above" else "1", "--yes")
    said = {
        "never ran": "has ever run here",
        "lost": "no state that can be read",
        "nothing above": "There is nothing to rewind: order.created has read ids up to 2, and --to is 2.",
        "reused": "is on hold: POLL_IDS_REUSED",
        "paused": "finds them with its next run",
    }
    assert (answer.exit_code, said[case] in " ".join(answer.output.split())) == (0 if case == "paused" else 1, True)


def test_a_rebase_is_the_way_on_when_ids_are_used_again(on_call: OnCall, templates: str) -> None:
    function = Function(on_call, {1, 2})
    function.minute()
    function.write(replace(function.schedule, held="POLL_IDS_REUSED", code="POLL_IDS_REUSED"))
    answer = on_call.run("poll", "start", TYPE, "--yes")
    assert (answer.exit_code, "notifier poll rebase order.created" in " ".join(answer.output.split())) == (1, True)
    asking = on_call.run("poll", "rebase", TYPE)
    assert (asking.exit_code, "Rows get new identities from now on. Continue?" in asking.output) == (1, True)
    assert function.minute() == []
    assert on_call.run("poll", "rebase", TYPE, "--yes").exit_code == 0
    assert on_call.asked("poll", "status", "--templates", templates)[0]["condition"] == "starting"
    assert function.minute() == []
    function.ids.add(3)
    assert [event["event_id"] for event in function.minute()] == ["order.created/3/1"]


@pytest.mark.parametrize("options", [("--resend",), ("--to", "5"), ("--resend", "--to", "-1")])
def test_a_rebase_takes_its_options_together(on_call: OnCall, options: tuple[str, ...]) -> None:
    answer = on_call.run("poll", "rebase", TYPE, *options, "--yes")
    assert answer.exit_code == 2


@pytest.mark.parametrize(("full", "shown"), [(0.05, False), (0.1, True), (0.73, True)])
def test_how_full_the_state_is_is_shown_once_it_matters(
    on_call: OnCall, templates: str, full: float, shown: bool
) -> None:
    function = Function(on_call, {1})
    function.minute()
    function.write(replace(function.schedule, full=full))
    (found,) = on_call.asked("poll", "status", "--templates", templates)
    assert (found["condition"], found["full"]) == ("ok", full)
    output = on_call.run("poll", "status", "--templates", templates).output
    assert (f"{full:.0%} of the room for them" in output) == shown
