"""A poll that finds nothing, compared with its floor; and one that finds many rows, with a bare query of their ids.

The floor of an empty poll is one statement that reads the same ids, one GetItem of the state and one PutItem of the
schedule, with the same clients. Both floors use the same replica and the same local AWS.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pymysql

from bench.measure import interleaved, ratio, report, timed
from bench.poll_cost import cost
from bench.poll_rig import NAME, Rig, create_table, insert
from handler import aws
from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.state.table import to_attributes
from handler.addresses import DatabaseAddress
from handler.discovery.dns import Dns
from handler.discovery.names import CachedNames
from handler.model import Poll
from handler.polling import messages, statements
from handler.polling.run import BATCH
from handler.polling.state import PolledRow
from handler.polling.stored_names import SCHEDULE, STATE, partition
from lab.aws import Aws, running_aws
from lab.databases import Pair, replicated_pair
from lab.shop import SCHEMA
from lab.tls import Authority

EMPTY_ROUNDS: Final = 200
FULL_ROUNDS: Final = {10_000: 30, 100_000: 15}
SENT_ROUNDS: Final = 5
# An empty poll reads the ids of the last 30 days again, at most ten pages of them; here this many.
AGAIN: Final = (1_000, 90_000)
AT_MOST: Final = 2.0
# The maximum ratio to the bare query: a poll handles at least half as many rows per second.
ROWS_AT_MOST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that the polls of all sides use."""

    pair: Pair
    aws: Aws
    database: Replicas
    state: str
    queue: str

    def rig(self, rows: int, poll: Poll) -> Rig:
        """Return a poll of a new table with this many rows, none of which it has seen."""
        create_table(self.pair, poll.table, rows)
        rig = Rig(self.database, self.aws.create_state_table(f"{self.state}-{poll.table}"), self.queue, poll)
        rig.forget()
        return rig


def main() -> None:
    """Measure, print, and save the results."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name, _parts(Path(name)) as parts:
        print("The machine's load before: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
        _empty(parts)
        _full(parts)
        _sent(parts)


@contextmanager
def _parts(folder: Path) -> Iterator[Parts]:
    authority = Authority.create(folder / "tls")
    with replicated_pair(folder / "database", authority) as pair, running_aws(folder) as running:
        os.environ.update(running.env)
        queue = running.client("sqs").create_queue(QueueName="events")["QueueUrl"]
        address = DatabaseAddress("default", "localhost", SCHEMA, pair.replica.port, str(pair.ca))
        names = CachedNames(Dns())
        database = Replicas({"default": address}, _Login(pair), tls.context, names)
        yield Parts(pair, running, database, "state", queue)
        database.close()


class _Login:
    """ports.Secrets with only the login of the replica."""

    def __init__(self, pair: Pair) -> None:
        self._login = f'{{"username": "{pair.reader.user}", "password": "{pair.reader.password}"}}'

    def get(self, _name: str, *, fresh: bool = False) -> str:  # noqa: ARG002
        return self._login


def _poll(table: str, digest_rows: int | None = 100) -> Poll:
    sql = f"SELECT id, at AS created FROM {table}"
    return Poll(sql, 60.0, digest_rows=digest_rows, created=True, table=table)


def _empty(parts: Parts) -> None:
    sides: dict[str, Callable[[], float]] = {}
    for again in AGAIN:
        rig = parts.rig(again, _poll(f"polled_{again}"))
        rig.run()
        rig.run()
        print(f"A poll that finds nothing among {again:,} ids: {cost(parts.database, rig.run).line}")
        insert(parts.pair, rig.poll.table, 10)
        print(f"The same with ten new rows: {cost(parts.database, rig.run).line}")
        rig.run()
        sides[f"empty poll, {again:,} ids again"] = timed(rig.run)
        sides[f"floor, {again:,} ids again"] = timed(_floor(parts, rig))
    samples = interleaved(sides, EMPTY_ROUNDS)
    ratios = {
        f"empty poll / floor, {again:,} ids again": ratio(
            samples[f"empty poll, {again:,} ids again"], samples[f"floor, {again:,} ids again"]
        )
        for again in AGAIN
    }
    report("poll", samples, ratios, AT_MOST)


def _floor(parts: Parts, rig: Rig) -> Callable[[], None]:
    """Return the floor: one statement for the same ids, one GetItem of the state, one PutItem of the schedule."""
    client = aws.client("dynamodb")
    items = {item.sort: item for item in rig.table.items(partition(NAME))}
    where = {"TableName": rig.state_table}
    key = {"pk": {"S": partition(NAME)}, "sk": {"S": STATE}}
    schedule = {**to_attributes(items[SCHEDULE]), "sk": {"S": "floor"}}
    sql = statements.ids_page(rig.poll.sql, bounded=False)

    def floor() -> None:
        assert client.get_item(**where, Key=key, ConsistentRead=True)["Item"]
        assert parts.database.select("default", sql, {"after": 0, "count": 1_000_000}, 10_000)
        client.put_item(**where, Item=schedule)

    return floor


def _full(parts: Parts) -> None:
    """Measure finding and storing rows: all are new, and a single digest reports them."""
    sides: dict[str, Callable[[], float]] = {}
    for count in FULL_ROUNDS:
        sides |= _finding(parts, count)
    samples: dict[str, Sequence[float]] = {}
    for count, rounds in FULL_ROUNDS.items():
        samples |= interleaved({name: side for name, side in sides.items() if f"{count:,}" in name}, rounds)
    for count in FULL_ROUNDS:
        median = sorted(samples[_side(count)])[len(samples[_side(count)]) // 2]
        print(f"  {count / median * 1000:,.0f} rows a second through a poll that finds {count:,}")
    ratios = {
        f"poll / bare query, {count:,} rows": ratio(samples[_side(count)], samples[_bare_side(count)])
        for count in sorted(FULL_ROUNDS, reverse=True)
    }
    report("poll_rows", samples, ratios, ROWS_AT_MOST, script="poll")


def _side(count: int) -> str:
    return f"poll that finds {count:,} rows"


def _bare_side(count: int) -> str:
    return f"bare query for {count:,} ids"


def _finding(parts: Parts, count: int) -> dict[str, Callable[[], float]]:
    rig = parts.rig(count, _poll(f"found_{count}"))

    def found() -> float:
        rig.forget()
        return timed(lambda: _require(rig.run().found, count))()

    bare = _bare(parts.pair, rig.poll.table)
    return {_side(count): found, _bare_side(count): timed(lambda: _require(len(bare()), count))}


def _sent(parts: Parts) -> None:
    """Measure sending: each row is an event, until the queue has accepted all. Both sides send the same messages."""
    count = 1_000
    rig = parts.rig(count, _poll("sent", digest_rows=None))
    bare, client, purged = _bare(parts.pair, rig.poll.table), aws.client("sqs"), parts.aws.client("sqs")

    def sent() -> float:
        purged.purge_queue(QueueUrl=parts.queue)
        rig.forget()
        return timed(lambda: _require(rig.run().found, count))()

    def floor() -> None:
        ids = [id_ for (id_,) in bare()]
        bodies = [messages.event(NAME, PolledRow(id_, late=False), 0) for id_ in ids]
        for start in range(0, len(bodies), BATCH):
            entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies[start : start + BATCH])]
            client.send_message_batch(QueueUrl=parts.queue, Entries=entries)

    sides = {"poll that sends 1,000 rows": sent, "bare query and calls of the queue": timed(floor)}
    samples = interleaved(sides, SENT_ROUNDS)
    over = ratio(samples["poll that sends 1,000 rows"], samples["bare query and calls of the queue"])
    report("poll_sent", samples, {"poll / bare query and calls, 1,000 rows": over}, ROWS_AT_MOST, script="poll")


def _bare(pair: Pair, table: str) -> Callable[[], Sequence[Any]]:
    """Return a query of a table's ids by PyMySQL alone, over a persistent connection."""
    connection = pymysql.connect(
        host="localhost", port=pair.replica.port, user=pair.reader.user, password=pair.reader.password,
        database=SCHEMA, ssl_ca=str(pair.ca), autocommit=True,
    )  # fmt: skip

    def read() -> Sequence[Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} WHERE id > 0 ORDER BY id")
            return cursor.fetchall()

    return read


def _require(found: int, wanted: int) -> None:
    assert found == wanted, (found, wanted)


if __name__ == "__main__":
    main()
