"""What a run of a poll asks of the database, the state table and the queue: no more than is known to be needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from bench.poll_cost import Cost, cost
from bench.poll_rig import Rig, create_table, insert
from handler import aws
from handler.adapters.database.replica import Replicas
from handler.model import Poll
from handler.polling import id_scan
from lab.aws import Aws, running_aws
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.replica_kit import replicas

GUARDED = Poll("SELECT id, at AS created FROM polled", 60.0, digest_rows=None, created=True, table="polled")
OF_A_VIEW = replace(GUARDED, sql="SELECT id, at AS created FROM polled_view", table="polled_view")
ONLY_IDS = Poll("SELECT id FROM polled", 60.0, digest_rows=None)
READ, WRITTEN, SENT = "Query", "PutItem", "SendMessageBatch"


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@dataclass
class Polling:
    """A poll of a table of 250 rows, which has run twice, and what its next runs cost."""

    rig: Rig
    pair: Pair

    def next(self, rows: int = 0) -> Cost:
        if rows:
            insert(self.pair, "polled", rows)
        return cost(self.rig.database, lambda: self._found(rows))

    def _found(self, rows: int) -> None:
        assert self.rig.run().found == rows


@pytest.fixture
def database(database_pair: Pair, reader: Target) -> Iterator[Replicas]:
    create_table(database_pair, "polled", 250)
    database_pair.primary.query(f"CREATE VIEW {SCHEMA}.polled_view AS SELECT * FROM {SCHEMA}.polled")
    database_pair.wait_for_replica()
    adapter = replicas(reader)
    yield adapter
    adapter.close()
    database_pair.primary.query(f"DROP VIEW {SCHEMA}.polled_view")
    database_pair.primary.query(f"DROP TABLE {SCHEMA}.polled")


def polling(database: Replicas, pair: Pair, local_aws: Aws, monkeypatch: pytest.MonkeyPatch, poll: Poll) -> Polling:
    for variable, value in local_aws.env.items():
        monkeypatch.setenv(variable, value)
    aws._session.cache_clear()
    queue = local_aws.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    rig = Rig(database, local_aws.create_state_table("state"), queue, poll)
    rig.forget()
    assert rig.run().found == 250
    rig.run()
    return Polling(rig, pair)


@pytest.mark.parametrize(
    ("poll", "rows", "pages", "statements", "calls"),
    [
        # the sentinels, the counter, the ids
        (GUARDED, 0, 10_000, 3, {READ: 1, WRITTEN: 2}),
        (OF_A_VIEW, 0, 10_000, 3, {READ: 1, WRITTEN: 2}),
        (ONLY_IDS, 0, 10_000, 1, {READ: 1, WRITTEN: 2}),
        # and a sentinel among the new rows; the rows are saved before they are sent, and once more when they are sent
        (GUARDED, 10, 10_000, 4, {READ: 1, WRITTEN: 4, SENT: 1}),
        (ONLY_IDS, 10, 10_000, 1, {READ: 1, WRITTEN: 4, SENT: 1}),
        (ONLY_IDS, 25, 10_000, 1, {READ: 1, WRITTEN: 4, SENT: 3}),
        # one statement for the ids above the highest one, and one for each page that is read again
        (GUARDED, 0, 100, 6, {READ: 1, WRITTEN: 2}),
        (GUARDED, 10, 100, 7, {READ: 1, WRITTEN: 4, SENT: 1}),
    ],
)
def test_a_run_asks_no_more_than_it_needs(
    database: Replicas,
    database_pair: Pair,
    local_aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    poll: Poll,
    rows: int,
    pages: int,
    statements: int,
    calls: Mapping[str, int],
) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", pages)
    one = polling(database, database_pair, local_aws, monkeypatch, poll)
    spent = one.next(rows)
    assert (spent.statements, spent.calls, spent.connections) == (statements, calls, 0), spent.line
    assert spent.database_bytes < 6_000 + 200 * rows
    assert spent.aws_bytes < 8_000 + 400 * rows


def test_an_idle_run_keeps_its_size(
    database: Replicas, database_pair: Pair, local_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many runs came before, and whatever they found."""
    one = polling(database, database_pair, local_aws, monkeypatch, GUARDED)
    first = one.next()
    for _ in range(5):
        one.next(40)
    last = one.next()
    assert replace(last, database_bytes=0, aws_bytes=0) == replace(first, database_bytes=0, aws_bytes=0)
    assert last.aws_bytes < first.aws_bytes + 1_000


def test_a_run_after_a_lost_connection_opens_one(
    database: Replicas, database_pair: Pair, local_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost counts it."""
    one = polling(database, database_pair, local_aws, monkeypatch, GUARDED)
    one.next()
    database.close()
    assert cost(database, lambda: None).connections == 0  # the status opened it
    assert cost(database, lambda: _reconnected(database, one)).connections == 1


def _reconnected(database: Replicas, one: Polling) -> None:
    database.close()
    one.rig.run()
