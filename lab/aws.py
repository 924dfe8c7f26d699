"""AWS on this machine: MiniStack as a child process, on loopback and a free port, until the block ends.

The ordinary `aws` command line and boto3 reach it through `Aws.env`. It keeps its state in memory, and its files in the
given folder. It does not enforce IAM, VPCs, KMS or quotas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from os import defpath, devnull
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import boto3
import botocore.session
from botocore.config import Config

from lab.processes import Child, Prefix, as_is, child, free_port, wait_until

TOOLS: Final = Path(__file__).resolve().parents[1] / ".tools"
MINISTACK: Final = Path(__file__).with_name("ministack.py")
REGION: Final = "us-east-1"
LOOPBACK: Final = "127.0.0.1"
START_SECONDS: Final = 30
PEEK_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Network:
    """The ids of a VPC's private subnets and of the function's security group."""

    subnets: tuple[str, ...]
    security_group: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a queue: when it was sent, how often it was received, and when it is visible (again).

    A message that was received and not deleted is in flight, so it is not `visible`. Times are Unix seconds.
    `attributes` and `system` are the message attributes and SQS's system attributes, as SQS returns them.
    """

    id: str
    body: str
    sent_at: float
    receives: int
    visible_at: float
    visible: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)


class Aws:
    """A running local AWS. `env` has the environment variables with which a program uses it instead of the real AWS."""

    def __init__(self, endpoint: str, log: Path, process: Child | None = None) -> None:
        self.endpoint = endpoint
        self.log = log
        self.process = process
        self.env: Mapping[str, str] = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._session = _session()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service. `close` closes it."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
                # No proxy leads to loopback, and the host prefix that some services add does not work with an IP
                # address.
                config=Config(proxies={}, inject_host_prefix=False, retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def create_network(self) -> Network:
        """Create a VPC with two private subnets in two zones and a security group, for the template's parameters."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zones = {f"{REGION}a": "10.0.0.0/24", f"{REGION}b": "10.0.1.0/24"}
        created = [
            ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=block) for zone, block in zones.items()
        ]
        group = ec2.create_security_group(VpcId=vpc, GroupName="notifier", Description="The notifier's function")
        return Network(tuple(subnet["Subnet"]["SubnetId"] for subnet in created), group["GroupId"])

    def create_state_table(self, name: str) -> str:
        """Create the function's state table as template.yaml defines it, unless it exists."""
        dynamodb = self.client("dynamodb")
        if name not in dynamodb.list_tables()["TableNames"]:
            keys = {"pk": "HASH", "sk": "RANGE"}
            dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            )
        return name

    def clear_tables(self) -> None:
        """Delete the items of all tables."""
        dynamodb = self.client("dynamodb")
        for table in dynamodb.list_tables()["TableNames"]:
            pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
            for key in [item for page in pages for item in page["Items"]]:
                dynamodb.delete_item(TableName=table, Key=key)

    def logs(self, function: str) -> list[str]:
        """Return all lines that a function has logged so far, oldest first."""
        group = self.client("lambda").get_function_configuration(FunctionName=function)["LoggingConfig"]["LogGroup"]
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"].rstrip("\n") for page in pages for event in page["events"]]

    def messages(self, queue: str) -> list[Message]:
        """Return all messages in a queue, including those that are not visible, without receiving them."""
        address = urlsplit(self.endpoint)
        with closing(HTTPConnection(str(address.hostname), address.port, timeout=PEEK_SECONDS)) as connection:
            connection.request("GET", f"/_ministack/sqs/messages?{urlencode({'QueueUrl': queue})}")
            accounts = json.loads(connection.getresponse().read())["messages"]
        found = [one for regions in accounts.values() for queues in regions.values() for one in queues.get(queue, [])]
        return [
            Message(
                id=one["MessageId"],
                body=one["Body"],
                sent_at=float(one["SentTimestamp"]),
                receives=one["ReceiveCount"],
                visible_at=float(one["VisibleAt"]),
                visible=one["IsVisible"],
                attributes=one["MessageAttributes"],
                system=one["Attributes"],
            )
            for one in found
        ]

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


@contextmanager
def running_aws(
    folder: Path,
    *,
    host: str = LOOPBACK,
    port: int | None = None,
    reached_at: int | None = None,
    prefix: Prefix = as_is,
) -> Iterator[Aws]:
    """Run a local AWS, with its files and log in `folder`, until the block ends.

    It binds to `host` and `port` (None: a free port on loopback). `prefix` runs its process elsewhere, such as in a
    network namespace; `reached_at` is then the port of our loopback from which a relay leads there. Raises ChildError
    or TimeoutError, with the end of the log, if it does not start.
    """
    port = port or free_port()
    ours = reached_at or port
    log, environment = folder / "aws.log", _environment(folder, host, port)
    # -P: otherwise modules beside the script, such as lab/queue, would hide those of the standard library.
    command = [str(TOOLS / "ministack/bin/python"), "-P", str(MINISTACK)]
    with child(prefix(command), env=environment, cwd=folder, log=log) as process:
        wait_until(lambda: _healthy(ours), "the local AWS", START_SECONDS, process)
        with closing(Aws(f"http://{LOOPBACK}:{ours}", log, process)) as aws:
            yield aws


def _environment(folder: Path, host: str, port: int) -> dict[str, str]:
    """Return only the variables that MiniStack needs, because the functions that it runs inherit them."""
    return {
        "PATH": defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "S3_DATA_DIR": str(folder / "s3"),
        "BIND_HOST": host,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": host,
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # Listeners on other ports, which nothing here uses.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _session() -> Any:
    """Return a boto3 session that ignores this machine's AWS configuration, such as AWS_PROFILE."""
    nothing = {"profile": (None, None, None, None), "config_file": (None, None, devnull, None)}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nothing))


def _healthy(port: int) -> bool:
    with closing(HTTPConnection(LOOPBACK, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
