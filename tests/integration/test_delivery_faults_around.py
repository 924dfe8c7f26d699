"""Rows, accounts, secrets, deployments and the machine under the real function, while events come (docs/faults.md)."""

from __future__ import annotations

import json
import resource
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handler.errors import CODES
from lab.function import RunningFunction, running_function
from lab.queue.records import payload
from tests.delivery_kit import HOUR, Line
from tests.delivery_parts import ORDERS, USER

HANDLER = Path(__file__).parents[2] / "handler"
OTHER = "shop.faults_other"
EXTRA = f"ALTER TABLE {OTHER} MODIFY extra"


@pytest.fixture
def database(line: Line) -> Iterator[Any]:
    """The pair of servers, which agree again afterwards."""
    yield line.cloud.database
    line.cloud.database.heal()


# Rows that are late, old, or never come


def test_a_row_that_the_replica_has_later_is_in_the_message(line: Line, database: Any) -> None:
    """On a connection that was open before."""
    line.publish("fault.row")
    line.run()
    database.replica.delay(3600)
    try:
        line.insert(33, "late but there")
        line.publish("fault.row", 33, event_id="early")
        line.run_one()
        assert line.codes("retry") == ["ROW_NOT_FOUND"]
    finally:
        database.replica.delay(0)
    database.wait_for_replica()
    line.run()
    assert line.texts()[1:] == ["row early: late but there"]
    assert {ended.died for ended in line.ended} == {False}


def test_a_row_that_never_comes_is_given_up_when_the_template_says_so(line: Line) -> None:
    message = line.publish("fault.row", 999)
    line.run()
    (parked,) = line.dead.messages
    assert parked.attributes["code"] == "ROW_NOT_FOUND"
    assert 60 <= parked.sent_at - message.sent_at < 180
    assert len(line.ended) > 2
    assert line.texts() == []


def test_a_replica_that_has_stopped_is_waited_for_and_told_by_a_metric(line: Line, database: Any) -> None:
    line.insert(35, "old", 1)
    database.wait_for_replica()
    database.replica.stop_applying()
    line.insert(35, "new", 2)
    line.publish("fault.state", 35, version=2)
    line.run_until(lambda: len(line.ended) > 8)
    assert set(line.codes("retry")) == {"DB_NOT_REPLICATING"}
    assert line.metrics("NotReplicating")
    database.replica.start_applying()
    database.wait_for_replica()
    line.run()
    assert [text.splitlines()[0] for text in line.texts()] == ["state of 35: new"]
    assert line.parked() == []


# Accounts


@contextmanager
def limited(line: Line, connections: int) -> Iterator[None]:
    change = f"ALTER USER {USER}@'%' WITH MAX_USER_CONNECTIONS {{}}"
    line.cloud.database.primary.query(change.format(connections))
    line.cloud.database.wait_for_replica()
    try:
        yield
    finally:
        line.cloud.database.primary.query(change.format(0))
        line.cloud.database.wait_for_replica()


def close_idle_connections(line: Line) -> None:
    """As the server does after the `wait_timeout` of a session (two minutes), in a time that is not its own."""
    replica, idle = line.cloud.database.replica, "user = %s AND command = 'Sleep'"
    for (number,) in replica.query(f"SELECT id FROM information_schema.processlist WHERE {idle}", USER):
        replica.query(f"KILL {number}")


def test_where_one_connection_is_allowed_two_workers_deliver_everything(line: Line) -> None:
    line.warm()
    close_idle_connections(line)
    for minute in (3, 6, 9):
        line.source.agenda.at(line.now() + 60 * minute, lambda: close_idle_connections(line))
    with limited(line, 1):
        for number in range(20):
            line.publish("fault.row", event_id=f"event-{number}")
        line.run()
    assert "DB_BUSY" in line.codes("retry")
    posts = Counter(text.splitlines()[0] for text in line.texts(ORDERS))
    assert posts == {f"row event-{number}: a note": 1 for number in range(20)}
    assert line.parked() == []


@pytest.mark.parametrize(
    ("broken", "mended", "code"),
    [
        (f"REVOKE SELECT ON {OTHER} FROM {USER}@'%'", f"GRANT SELECT ON {OTHER} TO {USER}@'%'", "DB_DENIED"),
        (f"ALTER TABLE {OTHER} DROP extra", f"ALTER TABLE {OTHER} ADD extra VARCHAR(100)", "QUERY_INVALID"),
        (f"{EXTRA} VARBINARY(100)", f"{EXTRA} VARCHAR(100)", "ROW_VALUE_UNSUPPORTED"),
    ],
    ids=["a right", "a column", "a type"],
)
def test_what_is_taken_away_parks_its_events_and_others_flow(line: Line, broken: str, mended: str, code: str) -> None:
    line.insert(1)
    line.publish("fault.other", event_id="before")
    line.cloud.database.wait_for_replica()
    line.run()
    line.cloud.database.primary.query(broken)
    line.cloud.database.wait_for_replica()
    try:
        line.publish("fault.other", event_id="after")
        line.publish("fault.row", event_id="neighbour")
        line.run()
    finally:
        line.cloud.database.primary.query(mended)
        line.cloud.database.wait_for_replica()
    assert line.parked() == [code]
    said, neighbour, notice = sorted(line.texts(), key=lambda text: ("could not be shown" in text, text))
    assert (said, neighbour) == ("other before: an extra", "row neighbour: a note")
    assert f"fault.other 1 could not be shown: {code}" in notice


# Settings, secrets and deployments


def test_a_cold_start_without_the_secret_store_waits_for_it(line: Line) -> None:
    line.restart()
    line.to_secrets.set("refuse")
    line.publish("fault.row", event_id="cold")
    line.run_one()
    assert line.codes("retry") == ["CONFIG_UNAVAILABLE"]
    assert line.metrics("ConfigurationErrors")
    assert line.texts() == []
    line.to_secrets.set("pass")
    line.run()
    assert line.texts() == ["row cold: a note"]


def test_a_bad_template_that_is_deployed_over_a_full_queue_harms_nobody_else(line: Line, tmp_path: Path) -> None:
    """One of them has a version before it that still works, the other has none."""
    for number in range(3):
        for name in ("fault.plain", "fault.layout", "fault.payment"):
            line.publish(name, event_id=f"{name}-{number}")
    catalog = json.loads(line.catalog.read_text())
    for one in catalog["notifications"]:
        before = dict(one)
        if one["name"] in ("fault.plain", "fault.layout"):
            one["text"] = {**one["text"], "source": "{{ row.nmae }}"}
        one["previous"] = before if one["name"] == "fault.plain" else None
    bad = tmp_path / "catalog.json"
    bad.write_text(json.dumps(catalog))
    line.restart(NOTIFIER_CATALOG=str(bad))
    try:
        line.run()
    finally:
        line.restart(NOTIFIER_CATALOG=str(line.catalog))
    said = Counter(text.partition("-")[0] for text in line.texts())
    assert said["plain fault.plain"] == said["payment fault.payment"] == 3
    assert line.posts("fault.plain.yaml is broken: TEMPLATE_UNDEFINED") == 3
    assert line.posts("fault.layout 1 could not be shown: TEMPLATE_UNDEFINED") == 1, "one notice for all three"
    assert line.parked() == ["TEMPLATE_UNDEFINED"] * 3
    assert {message.attributes["notification"] for message in line.dead.messages} == {"fault.layout"}


def newer(folder: Path) -> Path:
    """The function as its next version may be: it has another word for a phase, and writes down more."""
    shutil.copytree(HANDLER, folder / "handler", ignore=shutil.ignore_patterns("__pycache__"))
    records = folder / "handler/delivery/records.py"
    source = records.read_text()
    changed = source.replace('Phase.SENDING: "sending"', 'Phase.SENDING: "posting"')
    changed = changed.replace(
        "        DeliveryItem.AT: record.at,\n", '        "mood": "cheerful",\n        DeliveryItem.AT: record.at,\n'
    )
    assert changed.count('"posting"') == changed.count("mood") == 1
    records.write_text(changed)
    return folder


def test_two_versions_of_the_function_share_one_queue_and_one_table(line: Line, tmp_path: Path) -> None:
    folder, made = newer(tmp_path), iter([True, False])

    @contextmanager
    def either() -> Iterator[RunningFunction]:
        artefact = folder if next(made) else None
        with running_function(
            line.settings, artefact=artefact, log=line.folder / "log", clock=line.source.clock.file
        ) as function:
            yield function

    line.restart()
    line.start = either
    line.warm()
    line.slack.order("delay", seconds=2.0, method="chat.postMessage", text="event-5")  # until both have met it
    messages = [line.publish(event_id=f"event-{number}") for number in range(10)]
    for _ in range(3):
        line.later(2)
        for message in messages:
            line.put(message.body, name=message.id)
    try:
        line.run()
    finally:
        line.restart()
    assert next(made, None) is None
    assert Counter(line.texts(ORDERS)) == {f"plain event-{number}": 1 for number in range(10)}
    assert set(line.codes("retry")) == {"LEDGER_BUSY"}
    assert {row["phase"] for row in line.rows()} == {"delivered"}
    assert any("mood" in row for row in line.rows())
    assert line.parked() == []


# The machine


@pytest.mark.parametrize("minutes", [-10, 10])
def test_clocks_that_are_wrong_by_ten_minutes_lose_nothing_and_let_the_ledger_stand(line: Line, minutes: int) -> None:
    line.warm()
    wrong = line.source.environments[1]._function
    assert wrong, "the second one has not started"
    wrong.shift(wall=60 * minutes)
    try:
        messages = [
            line.publish(event_id=f"event-{number}", occurred_at=datetime.fromtimestamp(line.now(), UTC).isoformat())
            for number in range(10)
        ]
        line.later(2)
        for message in messages:
            line.put(message.body, name=message.id)
        line.run()
    finally:
        wrong.shift(wall=-60 * minutes)
    posts = Counter(text.partition("\n")[0] for text in line.texts(ORDERS))  # by one of the clocks it is late
    assert len(posts) == 10
    assert set(posts.values()) <= {1, 2}
    assert {row["phase"] for row in line.rows()} == {"delivered"}
    assert line.parked() == []


def cramped(command: list[str]) -> list[str]:
    """A command that can write no byte into any file."""
    return ["/bin/sh", "-c", 'ulimit -f 0; exec "$@" 2>/dev/null', "sh", *command]


def open_files(function: RunningFunction) -> int:
    return len(list(Path(f"/proc/{function.pid}/fd").iterdir()))


def test_a_full_disk_and_no_free_file_are_named_and_pass(line: Line) -> None:
    """Nothing is written to the disk; what cannot be opened is an error of the part that it was for."""

    def invoke(function: RunningFunction) -> tuple[str, str]:
        line.publish("fault.row")
        messages = line.source.queue.receive(line.now())
        line.source.queue._messages.clear()
        done = function.invoke(payload(messages, "events"))
        assert done.error is None, done
        (end,) = [one for one in done.logs if one.get("message") in {"delivered", "retry", "parked"}]
        return end["message"], end.get("code", "")

    with running_function(line.settings, prefix=cramped, clock=line.source.clock.file) as function:
        assert invoke(function) == ("delivered", "")
        opened, limits = open_files(function), resource.prlimit(function.pid, resource.RLIMIT_NOFILE)
        line.later(HOUR)  # all connections are to be opened anew
        resource.prlimit(function.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        message, code = invoke(function)
        assert message == "retry"
        assert code in CODES.keys() - {"INTERNAL"}
        resource.prlimit(function.pid, resource.RLIMIT_NOFILE, limits)
        for _ in range(20):
            line.later(120)
            assert invoke(function) == ("delivered", "")
        assert open_files(function) <= opened + 2  # the clients of the queues are made when they are needed
