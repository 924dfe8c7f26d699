"""Everything that a soak needs, started and wired: the real function in processes, and what it talks to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from lab import mariadb, shop
from lab.aws import Aws, running_aws
from lab.function import RunningFunction, running_function
from lab.processes import child, free_port, wait_until
from lab.queue import ACCOUNT, Api, EventSource, Queue, VirtualClock, serving
from lab.slack import Control
from lab.soak.events import FIRST_ORDER
from lab.switch import Switch, switched
from lab.tls import Authority

START_SECONDS: Final = 30.0
TEMPLATES: Final = Path(__file__).with_name("templates")
TABLE: Final = "state"
# As in template.yaml; tests/soak/test_rig.py compares them.
MAX_RECEIVES: Final = 50
VISIBILITY_SECONDS: Final = 360.0

READER: Final = ("chat:write", "channels:history")
CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("C0LABORDERS", ""),
    "payments": ("C0LABPAYMENTS", ""),
    "audit": ("C0LABAUDIT", ""),
    "tickets": ("C0LABOPS", ""),
    "old": ("C0LABARCHIVED", "archived"),
    "fallback": ("C0LABFALLBACK", ""),
}


@dataclass(frozen=True, slots=True)
class Mode:
    """How the function posts, and what it does about a post of which nobody knows."""

    webhook: bool = False
    read_back: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """The settings that say so."""
        return {
            "NOTIFIER_STAGE": "soak-webhook" if self.webhook else "soak",
            "NOTIFIER_SLACK_MODE": "webhook" if self.webhook else "bot",
            "NOTIFIER_ON_AMBIGUOUS": "read-back" if self.read_back else "repost",
        }


@dataclass(slots=True)
class Credentials:
    """The token and the webhooks' secret that Slack knows by now; the function reads them from the secret store."""

    number: int = 1

    @property
    def token(self) -> str:
        """The bot token."""
        return f"xoxb-soak-{self.number}"

    def webhook(self, channel: str) -> str:
        """The path of a channel's webhook."""
        return f"T0LAB/B0{channel.upper()}/soak-secret-{self.number}"


@dataclass(frozen=True, slots=True)
class Rig:
    """The parts. `to_slack` and `to_ledger` are the ways there that the function takes.

    A message is in its channel's history after `history_lag` seconds.
    """

    mode: Mode
    clock: VirtualClock
    source: EventSource
    dead: Queue
    slack: Control
    to_slack: Switch
    to_ledger: Switch
    aws: Aws
    database: mariadb.Pair
    credentials: Credentials
    history_lag: float

    def store_credentials(self) -> None:
        """Put the credentials that Slack knows by now into the secret store."""
        secrets = {"slack-token": self.credentials.token}
        base = f"https://localhost:{self.to_slack.port}/services"
        for channel in CHANNELS:
            secrets[f"webhooks/{channel}"] = f"{base}/{self.credentials.webhook(channel)}"
        client = self.aws.client("secretsmanager")
        known = {one["Name"] for page in client.get_paginator("list_secrets").paginate() for one in page["SecretList"]}
        for name, value in secrets.items():
            if f"notifier/{name}" in known:
                client.put_secret_value(SecretId=f"notifier/{name}", SecretString=value)
            else:
                client.create_secret(Name=f"notifier/{name}", SecretString=value)

    def renew_credentials(self) -> None:
        """Let Slack refuse the credentials of before, and know new ones, which the function has yet to be given."""
        before = Credentials(self.credentials.number)
        self.credentials.number += 1
        channels = [(name, identity) for name, (identity, _) in CHANNELS.items()]
        self.slack.configure(
            tokens=[
                {"value": before.token, "refused": "token_revoked"},
                {"value": self.credentials.token, "scopes": READER},
            ],
            webhooks=[
                webhook
                for name, identity in channels
                for webhook in (
                    {"path": before.webhook(name), "channel": identity, "refused": "no_active_hooks"},
                    {"path": self.credentials.webhook(name), "channel": identity},
                )
            ],
        )


@contextmanager
def running_rig(
    folder: Path,
    mode: Mode,
    *,
    workers: int,
    seed: int,
    database: mariadb.Pair | None = None,
    history_lag: float = 2.0,
) -> Iterator[Rig]:
    """Start every part; all of it ends with the block, or with this process.

    A `database` that runs already, with the sample shop, is given back without the rows that were written to it.
    """
    authority = Authority.create(folder / "tls")
    clock = VirtualClock(folder / "clock")
    dead = Queue("dead-letters")
    queue = Queue(
        "events",
        visibility=VISIBILITY_SECONDS,
        max_receives=MAX_RECEIVES,
        dead_letters=dead,
        random=Random(f"queue {seed}"),
    )
    catalog = _catalog(folder)
    with (
        _database(folder, authority) if database is None else _lent(database) as database,
        running_aws(folder) as aws,
        _slack(folder, authority) as (slack, port),
        switched(free_port(), port) as to_slack,
        switched(free_port(), int(aws.endpoint.rpartition(":")[2])) as to_ledger,
    ):
        aws.create_state_table(TABLE)
        login = {"username": database.reader.user, "password": database.reader.password}
        aws.client("secretsmanager").create_secret(Name="notifier/databases/default", SecretString=json.dumps(login))
        environment = {
            **aws.env,
            **mode.environment,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{to_ledger.port}",
            "NOTIFIER_DATABASES": f"default=mysql://localhost:{database.replica.port}/{shop.SCHEMA};ca={database.ca}",
            "NOTIFIER_SLACK_API_URL": f"https://localhost:{to_slack.port}/api/",
            "NOTIFIER_CA_BUNDLE": str(authority.ca),
            "NOTIFIER_STATE_TABLE": TABLE,
            "NOTIFIER_MAX_RECEIVES": str(MAX_RECEIVES),
            "NOTIFIER_CATALOG": str(catalog),
            "POWERTOOLS_SERVICE_NAME": "notifier",
            "POWERTOOLS_METRICS_NAMESPACE": "Notifier",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

        @contextmanager
        def started() -> Iterator[RunningFunction]:
            with running_function(environment, log=folder / "function.log", clock=clock.file) as function:
                yield function

        source = EventSource(queue, clock, started, workers)
        with closing(source), serving(Api({"events": queue, "dead-letters": dead}, clock, source.lock)) as sqs:
            environment["AWS_ENDPOINT_URL_SQS"] = sqs
            environment["NOTIFIER_QUEUE_URL"] = f"{sqs}/{ACCOUNT}/events"
            environment["NOTIFIER_DEAD_LETTER_QUEUE_URL"] = f"{sqs}/{ACCOUNT}/dead-letters"
            parts = (mode, clock, source, dead, slack, to_slack, to_ledger, aws, database)
            rig = Rig(*parts, Credentials(0), history_lag)
            slack.configure(
                channels=[
                    {"id": identity, "name": name, **({"rule": rule} if rule else {})}
                    for name, (identity, rule) in CHANNELS.items()
                ],
                history_lag=history_lag,
            )
            rig.renew_credentials()
            rig.store_credentials()
            clock.follow(slack.advance)
            yield rig


@contextmanager
def _database(folder: Path, authority: Authority) -> Iterator[mariadb.Pair]:
    """Run a pair of our own."""
    with mariadb.replicated_pair(folder / "database", authority) as database:
        shop.load(database.primary)
        database.wait_for_replica()
        yield database


@contextmanager
def _lent(database: mariadb.Pair) -> Iterator[mariadb.Pair]:
    try:
        yield database
    finally:
        database.primary.query(f"DELETE FROM {shop.SCHEMA}.orders WHERE id >= %s", FIRST_ORDER)
        database.heal()


def _catalog(folder: Path) -> Path:
    """Compile the soak's templates, as a build does."""
    from cli import compiler

    compilation = compiler.compile_templates(TEMPLATES)
    if compilation.errors:
        raise ValueError(f"the soak's templates are wrong: {compilation.findings}")
    compiler.write(compilation, folder / "catalog.json")
    return folder / "catalog.json"


@contextmanager
def _slack(folder: Path, authority: Authority) -> Iterator[tuple[Control, int]]:
    """Run the stand-in over TLS, and give its control and its port."""
    certificate = authority.issue("slack", "localhost", "127.0.0.1")
    port, log = free_port(), folder / "slack.log"
    command = [sys.executable, "-m", "lab.slack", "--port", str(port)]
    command += ["--cert", str(certificate.cert), "--key", str(certificate.key)]
    with (
        child(command, log=log, grace_seconds=1) as process,
        closing(Control(f"https://localhost:{port}", authority.ca)) as slack,
    ):
        wait_until(slack.healthy, "Slack", START_SECONDS, process)
        yield slack, port
