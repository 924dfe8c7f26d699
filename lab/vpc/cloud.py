"""The whole local cloud inside the VPC: everything that the function reads from and posts to, each in its own host.

    with running_vpc(folder) as vpc, private_cloud(vpc) as cloud:
        cloud.zone.set("api", "A", 5, [vpc.address("task1")])
        with cloud.function(catalog, "dns://api.shop.internal:8080") as function:
            function.invoke(...)

The tests run outside, and reach the control APIs through relays.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from lab import shop
from lab.api import RunningApi, running_api
from lab.aws import Aws, running_aws
from lab.cloud import SLACK_TOKEN
from lab.cloudmap import RunningCloudMap, running_cloudmap
from lab.databases import MARIADB, Pair, Product, replicated_pair
from lab.function import RunningFunction, running_function
from lab.processes import child, wait_until
from lab.sam import ROOT
from lab.slack import Control
from lab.tls import Authority
from lab.vpc.balancer import Balancer, running_balancer
from lab.vpc.expose import exposed
from lab.vpc.vpc import Vpc
from lab.vpc.zone import Zone, running_zone

API_PORT: Final = 8080
HTTPS: Final = 443  # the only ports that the NAT lets out
START_SECONDS: Final = 30
NAMESPACE: Final = "shop.internal"
SERVICE: Final = "api"
DATABASE: Final = "database.shop.internal"
SLACK: Final = "slack.test"
# With the prefix that botocore adds for discovery calls, this is a name that the zone has.
REGISTRY: Final = "servicediscovery.us-east-1.amazonaws.com"
TASKS: Final = ("task1", "task2")


@dataclass(frozen=True, slots=True)
class PrivateCloud:
    """The running parts. No task is registered for the API yet, in the zone, in Cloud Map or at the balancers."""

    vpc: Vpc
    folder: Path
    authority: Authority
    zone: Zone
    balancer: Balancer
    cloudmap: RunningCloudMap
    database: Pair
    aws: Aws
    slack: Control
    tasks: Mapping[str, RunningApi]

    def register(self, task: str, **attributes: str) -> None:
        """Register a task in Cloud Map, as ECS does, with further attributes."""
        own = {"AWS_INSTANCE_IPV4": self.vpc.address(task), "AWS_INSTANCE_PORT": str(API_PORT)}
        self.cloudmap.register(NAMESPACE, SERVICE, task, {**own, **attributes})

    def environment(self, catalog: Path, apis: str, **changes: str) -> dict[str, str]:
        """Return the function's environment variables, with addresses as they are inside the VPC."""
        queue = self.aws.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
        return {
            **self.aws.env,
            "AWS_ENDPOINT_URL": f"http://{self.vpc.address('aws')}:{HTTPS}",
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": f"http://{REGISTRY}:{HTTPS}",
            "RES_OPTIONS": "timeout:1 attempts:2",
            "NOTIFIER_STAGE": "demo",
            "NOTIFIER_DATABASES": f"default=mysql://{DATABASE}:{self.database.replica.port}/{shop.SCHEMA};ca={self.database.ca}",
            "NOTIFIER_APIS": apis,
            "NOTIFIER_SLACK": f"bot;api=https://{SLACK}/api/;ca={self.authority.ca}",
            "NOTIFIER_DEAD_LETTER_QUEUE_URL": queue,
            "NOTIFIER_STATE_TABLE": self.aws.create_state_table("state"),
            "NOTIFIER_CATALOG": str(catalog),
            "POWERTOOLS_SERVICE_NAME": "notifier",
            **changes,
        }

    def function(self, catalog: Path, api: str, **changes: str) -> AbstractContextManager[RunningFunction]:
        """Run an execution environment in host `function`, whose default API is found by this URI."""
        return running_function(
            self.environment(catalog, f"default={api}", **changes),
            prefix=partial(self.vpc.command, "function"),
            cwd=ROOT,
            log=self.folder / "function.log",
        )

    def task(self, host: str, *, service: str = "shop") -> AbstractContextManager[RunningApi]:
        """Run a task in a host where none runs, or a task of another service at the same address."""
        return _task(self.vpc, self.folder, host, service)


@contextmanager
def private_cloud(vpc: Vpc, product: Product = MARIADB) -> Iterator[PrivateCloud]:
    """Start every part in the hosts of a VPC, and end them all with the block or with this process."""
    folder = vpc.folder / "cloud"
    authority = Authority.create(folder / "tls")
    with ExitStack() as parts:
        inside = ["--bind-address=0.0.0.0", "--user=root"]  # root only inside the VPC
        database = parts.enter_context(
            replicated_pair(
                folder / "database",
                authority,
                product,
                name=DATABASE,
                options=inside,
                prefix=partial(vpc.command, "database"),
            )
        )
        shop.load(database.primary)
        database.wait_for_replica()
        zone = parts.enter_context(running_zone(vpc))
        zone.set(DATABASE.partition(".")[0], "A", 5, [vpc.address("database")])
        cloudmap = parts.enter_context(_cloudmap(vpc, folder))
        slack = parts.enter_context(_slack(vpc, folder, authority))
        aws = parts.enter_context(_aws(vpc, folder))
        balancer = parts.enter_context(running_balancer(vpc, port=API_PORT))
        tasks = {host: parts.enter_context(_task(vpc, folder, host, "shop")) for host in TASKS}
        _store_secrets(aws, database)
        yield PrivateCloud(vpc, folder, authority, zone, balancer, cloudmap, database, aws, slack, tasks)


@contextmanager
def _task(vpc: Vpc, folder: Path, host: str, service: str) -> Iterator[RunningApi]:
    address, prefix = vpc.address(host), partial(vpc.command, host)
    with (
        exposed(vpc, host, API_PORT) as ours,
        running_api(
            folder / f"{host}.log",
            name=host,
            service=service,
            host=address,
            port=API_PORT,
            reached_at=ours,
            prefix=prefix,
        ) as api,
    ):
        yield api


@contextmanager
def _cloudmap(vpc: Vpc, folder: Path) -> Iterator[RunningCloudMap]:
    log, prefix = folder / "cloudmap.log", partial(vpc.command, "registry")
    with running_cloudmap(log, host=vpc.address("registry"), port=HTTPS, prefix=prefix) as registry:
        registry.create(NAMESPACE, SERVICE)
        yield registry


@contextmanager
def _aws(vpc: Vpc, folder: Path) -> Iterator[Aws]:
    with (
        exposed(vpc, "aws", HTTPS) as ours,
        running_aws(
            folder, host=vpc.address("aws"), port=HTTPS, reached_at=ours, prefix=partial(vpc.command, "aws")
        ) as aws,
    ):
        yield aws


@contextmanager
def _slack(vpc: Vpc, folder: Path, authority: Authority) -> Iterator[Control]:
    certificate = authority.issue("slack", SLACK, "localhost")
    command = [sys.executable, "-m", "lab.slack", "--host", vpc.address("slack"), "--port", str(HTTPS)]
    command += ["--cert", str(certificate.cert), "--key", str(certificate.key), "--per-second", "0"]
    with (
        exposed(vpc, "slack", HTTPS) as ours,
        child(vpc.command("slack", command), cwd=ROOT, log=folder / "slack.log") as process,
    ):
        slack = Control(f"https://localhost:{ours}", authority.ca)
        try:
            wait_until(slack.healthy, "Slack", START_SECONDS, process)
            yield slack
        finally:
            slack.close()


def _store_secrets(aws: Aws, database: Pair) -> None:
    reader = database.reader
    secrets = {
        "slack-token": SLACK_TOKEN,
        "databases/default": json.dumps({"username": reader.user, "password": reader.password}),
    }
    client = aws.client("secretsmanager")
    for name, value in secrets.items():
        client.create_secret(Name=f"notifier/{name}", SecretString=value)
