"""Starts and wires everything that a soak needs: the real function in processes, and what it talks to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from handler.adapters.state.table import to_attributes
from handler.polling import state_item
from handler.polling.id_cursor import IdCursor
from handler.polling.schedule import Schedule
from handler.polling.state import PollState
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.state_item import Item
from lab import shop
from lab.aws import Aws, running_aws
from lab.databases import Pair
from lab.function import running_function
from lab.processes import free_port
from lab.queue import ACCOUNT, Api, EventSource, Queue, VirtualClock, serving
from lab.slack import Control
from lab.soak import parts
from lab.soak.credentials import Credentials
from lab.soak.events import POLL
from lab.tcp_fault_proxy import TcpFaultProxy, switched
from lab.tls import Authority

TABLE: Final = "state"
# As in template.yaml; tests/soak/test_soak.py compares them.
MAX_RECEIVES: Final = 50
VISIBILITY_SECONDS: Final = 360.0


@dataclass(frozen=True, slots=True)
class Mode:
    """How the function posts, and what it does about posts with an unknown outcome."""

    webhook: bool = False
    read_back: bool = True

    @property
    def stage(self) -> str:
        """The stage of the templates: with channels, or with webhooks."""
        return "soak-webhook" if self.webhook else "soak"

    @property
    def slack(self) -> str:
        """The beginning of the setting that selects this mode."""
        return f"{'webhook' if self.webhook else 'bot'};ambiguous={'read-back' if self.read_back else 'repost'}"


@dataclass(frozen=True, slots=True)
class Rig:
    """The running parts. `to_slack` and `to_ledger` are the proxies through which the function reaches them.

    A message appears in its channel's history after `history_lag` seconds.
    """

    mode: Mode
    clock: VirtualClock
    source: EventSource
    dead: Queue
    slack: Control
    to_slack: TcpFaultProxy
    to_ledger: TcpFaultProxy
    aws: Aws
    database: Pair
    credentials: Credentials
    history_lag: float


@contextmanager
def running_rig(
    folder: Path,
    mode: Mode,
    *,
    workers: int,
    seed: int,
    database: Pair | None = None,
    history_lag: float = 2.0,
) -> Iterator[Rig]:
    """Start every part, and end them all with the block or with this process.

    `database` is a running pair with the sample shop; the rows that were written to it are removed afterwards.
    """
    authority = Authority.create(folder / "tls")
    clock, dead = VirtualClock(folder / "clock"), Queue("dead-letters")
    queue = Queue(
        "events",
        visibility=VISIBILITY_SECONDS,
        max_receives=MAX_RECEIVES,
        dead_letters=dead,
        random=Random(f"queue {seed}"),
    )
    with (
        parts.lent(database) if database else parts.database(folder, authority) as pair,
        running_aws(folder) as aws,
        parts.slack(folder, authority) as (slack, port),
        switched(free_port(), port) as to_slack,
        switched(free_port(), int(aws.endpoint.rpartition(":")[2])) as to_ledger,
        serving(Api({queue.name: queue, dead.name: dead}, clock)) as sqs,
    ):
        environment = {
            **aws.env,
            "NOTIFIER_STAGE": mode.stage,
            "NOTIFIER_SLACK": f"{mode.slack};api=https://localhost:{to_slack.port}/api/;ca={authority.ca}",
            **_store(aws, pair),
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{to_ledger.port}",
            "AWS_ENDPOINT_URL_SQS": sqs,
            "NOTIFIER_QUEUE_URL": f"{sqs}/{ACCOUNT}/{queue.name}",
            "NOTIFIER_DEAD_LETTER_QUEUE_URL": f"{sqs}/{ACCOUNT}/{dead.name}",
            "NOTIFIER_MAX_RECEIVES": str(MAX_RECEIVES),
            "NOTIFIER_CATALOG": str(parts.catalog(folder)),
            "POWERTOOLS_SERVICE_NAME": "notifier",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        log = folder / "function.log"
        with closing(
            EventSource(queue, clock, lambda: running_function(environment, log=log, clock=clock.file), workers)
        ) as source:
            slack.configure(history_lag=history_lag)
            clock.follow(slack.advance)
            credentials = Credentials(slack, aws.client("secretsmanager"), f"https://localhost:{to_slack.port}")
            yield Rig(mode, clock, source, dead, slack, to_slack, to_ledger, aws, pair, credentials, history_lag)


def begin_poll(rig: Rig, now: float) -> None:
    """Give the poll a state without any row, as if it had run before there were rows."""
    born = Schedule(began_at=now, state_known_at=now, scanned_at=now)
    for sort, values in ((SCHEDULE, born.values()), (STATE, state_item.values(PollState(IdCursor.at(0))))):
        item = Item(partition(POLL), sort, values, expires_at=0)
        rig.aws.client("dynamodb").put_item(TableName=TABLE, Item=to_attributes(item))


def _store(aws: Aws, pair: Pair) -> dict[str, str]:
    """Create the ledger's table and the database's secret, and return the settings that name them."""
    login = {"username": pair.reader.user, "password": pair.reader.password}
    aws.client("secretsmanager").create_secret(Name="notifier/databases/default", SecretString=json.dumps(login))
    return {
        "NOTIFIER_DATABASES": f"default=mysql://localhost:{pair.replica.port}/{shop.SCHEMA};ca={pair.ca}",
        "NOTIFIER_STATE_TABLE": aws.create_state_table(TABLE),
    }
