"""`notifier poll` for a poll by a time column, on a stack of the local AWS; the polled table is in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.operations import runs
from handler.adapters.state.intake_queue import IntakeQueue
from handler.adapters.state.table import StateTable
from handler.polling import time_scan
from handler.polling.dispatch import Polls
from handler.polling.schedule import Schedule
from handler.polling.stored_names import partition
from handler.state_item import Item
from lab.aws import Aws, running_aws
from tests.operated_polls import START
from tests.operations_kit import OnCall, polled_stack, write_templates
from tests.timed_kit import POLL, Payments
from tests.unit.polling.test_timed_polls import TYPE

TEMPLATE = """
id: {pattern: "[a-z0-9]+"}
channel: orders
poll: {every: 1m, sql: "SELECT id, settled_at AS at FROM payments", longest_transaction: 1h}
text: Payment {{ id }}
samples:
  one: {id: a}
"""


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


class Function:
    """The polls of the stack; a payment `a` was settled an hour ago, `b` a minute later and so on."""

    def __init__(self, on_call: OnCall, monkeypatch: pytest.MonkeyPatch, rows: str = "abcd") -> None:
        self.on_call = on_call
        self.table = StateTable(on_call.outputs["StateTableName"])
        self.began = time.time() - 3600
        self.database = Payments(settled={id_: self.at(n) - START for n, id_ in enumerate(rows)}, now=time.time())
        self.queue = IntakeQueue(on_call.outputs["QueueUrl"])
        self.polls = Polls({TYPE: POLL}, self.database, self.table, self.queue, time.time)
        monkeypatch.setattr(runs, "tick", lambda *_: self.run())
        monkeypatch.setattr(runs, "_PAUSE_SECONDS", 0.01)

    def at(self, minute: int) -> float:
        return float(round(self.began) + 60 * minute)

    def text(self, minute: int) -> str:
        return datetime.fromtimestamp(self.at(minute), UTC).isoformat()

    def run(self) -> None:
        self.polls.tick()
        self.polls.run([message["Body"] for message in self.on_call.taken("QueueUrl")], lambda: 60.0)

    def posted(self) -> list[str]:
        """Run what is due; the ids of the events that are in the queue after it."""
        if not self.schedule.held:
            self.write(replace(self.schedule, due_at=0.0))
        self.polls.tick()
        events = []
        for _ in range(9):
            bodies = [message["Body"] for message in self.on_call.taken("QueueUrl")]
            events += [body.split('"event_id": "')[1].split('"')[0] for body in bodies if "event_id" in body]
            self.polls.run([body for body in bodies if "event_id" not in body], lambda: 60.0)
        return events

    @property
    def schedule(self) -> Schedule:
        return Schedule.of(self.table.get([(partition(TYPE), "schedule")])[0])

    def write(self, schedule: Schedule) -> None:
        (item,) = self.table.get([(partition(TYPE), "schedule")])
        assert self.table.swap(Item(item.partition, item.sort, schedule.values(), 0).following(item)) is None


@pytest.mark.parametrize("command", [("rewind",), ("rebase", "--resend")])
def test_rows_from_a_time_on_come_again(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, templates: str, command: tuple[str, ...]
) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    again = ("poll", command[0], TYPE, *command[1:], "--to")
    said = on_call.run(*again, function.text(2))
    assert said.exit_code == 1
    assert f"from {function.text(2)} on" in " ".join(said.output.split())
    if command == ("rewind",):
        assert "finds 2 rows again that it remembers" in " ".join(said.output.split())
    answer = on_call.run(*again, function.text(2), "--yes")
    assert (answer.exit_code, "with its next run. " in answer.output) == (0, True), answer.output
    (status,) = on_call.asked("poll", "status", "--templates", templates)
    rewinds = command == ("rewind",)
    assert status["condition"] == ("ok" if rewinds else "starting")
    time_text = datetime.fromtimestamp(function.at(2), UTC).isoformat().replace("+00:00", "Z")
    assert status["asked"].startswith(f"{'finds' if rewinds else 'posts'} the rows from {time_text} on")
    shown = on_call.run("poll", "status", "--templates", templates).output
    assert f"asked for: its next run {status['asked']}" in " ".join(shown.split())
    end = "" if rewinds else "/1"
    assert function.posted() == [f"{TYPE}/c{end}", f"{TYPE}/d{end}"]
    (status,) = on_call.asked("poll", "status", "--templates", templates)
    assert (status["condition"], status["asked"]) == ("ok", "")


@pytest.mark.parametrize(
    ("to", "exit_code", "said"),
    [
        (
            "41999",
            1,
            "finds rows by the time settled_at, and 41999 is an id. Write a time with its zone: --to 2026-11-01",
        ),
        ("2026-11-01T00:00:00", 2, "write an id, such as 41999, or 2026-11-01T00:00:00Z, or 2026-11-01T00:00:00+09:00"),
        ("2026-11-01", 2, "or 2026-11-01T00:00:00Z, or"),
        ("yesterday", 2, "or a time with its zone, such as 2026-11-01T00:00:00+09:00"),
        ("-1", 2, "write an id"),
        ("2199-01-01T00:00:00Z", 1, "and --to is later"),
        ("1970-01-01T00:00:00Z", 0, ""),
    ],
)
@pytest.mark.parametrize("command", [("rewind",), ("rebase", "--resend")])
def test_what_cannot_be_meant_is_said(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], to: str, exit_code: int, said: str
) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    answer = on_call.run("poll", command[0], TYPE, *command[1:], f"--to={to}", "--yes")
    if to.startswith("2199") and command != ("rewind",):
        exit_code, said = 0, ""  # rows to come can have such a time
    assert (answer.exit_code, said in " ".join(answer.output.split())) == (exit_code, True), answer.output
    assert len(function.posted()) == (4 if to.startswith("1970") else 0)


def test_a_rewind_to_before_what_is_remembered_says_so(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    said = " ".join(on_call.run("poll", "rewind", TYPE, "--to", "2020-01-01T00:00:00+09:00").output.split())
    first = datetime.fromtimestamp(function.at(0), UTC).isoformat().replace("+00:00", "Z")
    assert f"It does not know which rows have a time before {first}, and finds these too." in said


@pytest.mark.parametrize("command", [("start",), ("rebase",), ("rebase", "--resend"), ("rewind",)])
def test_a_paused_poll_stays_paused(on_call: OnCall, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    assert on_call.run("poll", "pause", TYPE).exit_code == 0
    to = ("--to", function.text(2)) if command[-1] in ("--resend", "rewind") else ()
    answer = on_call.run("poll", command[0], TYPE, *command[1:], *to, "--yes")
    said = " ".join(answer.output.split())
    assert (answer.exit_code, said.endswith(f"It is paused, and runs after: notifier poll resume {TYPE}")) == (0, True)
    assert function.posted() == []
    assert on_call.run("poll", "resume", TYPE).exit_code == 0
    assert len(function.posted()) == (2 if to else 0)


@pytest.mark.parametrize("command", [("start",), ("rebase",), ("rebase", "--resend")])
def test_a_run_that_carries_out_a_start_says_how_many_rows_it_took_as_seen(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    resends = "--resend" in command
    to = ("--to", function.text(1)) if resends else ()
    assert on_call.run("poll", command[0], TYPE, *command[1:], *to, "--yes").exit_code == 0
    said = on_call.run("poll", "run", TYPE).stdout
    assert f"has taken the rows that are there as seen, and posts none of them: {1 if resends else 4}." in said
    assert (": 3 rows found and sent." in said) == resends


def test_a_run_that_leaves_rows_to_the_next_one_says_so(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    function = Function(on_call, monkeypatch)
    function.run()
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 1)
    function.database.settled |= {id_: function.at(10) - START for id_ in "xyz"}
    answer = on_call.run("poll", "run", TYPE)
    assert answer.exit_code == 0
    assert f"{TYPE}: 1 row found and sent." in answer.stdout
    assert "There may be more: the next run follows at once." in answer.stdout
    assert on_call.asked("poll", "run", TYPE)["more"]
    function.posted()
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 10_000)
    answer = on_call.run("poll", "run", TYPE)
    assert answer.stdout == f"{TYPE} has found no new row.\n"


def test_the_status_shows_how_far_behind_a_poll_is(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, templates: str
) -> None:
    (new,) = on_call.asked("poll", "status", "--templates", templates)
    assert new["lag_seconds"] is None
    function = Function(on_call, monkeypatch)
    function.run()
    function.write(replace(function.schedule, complete_at=time.time() - 135))
    (status,) = on_call.asked("poll", "status", "--templates", templates)
    assert 135 <= status["lag_seconds"] < 195
    shown = " ".join(on_call.run("poll", "status", "--templates", templates).output.split())
    assert "complete as of " in shown
    assert "2 min" in shown
    assert "ago: rows that the replica showed by then are found" in shown
