"""The whole local cloud: AWS, a database with its replica, the sample API, Slack, and the application built for it.

The function has no code for it: every address is a parameter of template.yaml, every secret is in Secrets Manager.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.language import say
from lab import sam
from lab.api import RunningApi, running_api
from lab.aws import Aws, running_aws
from lab.databases import MARIADB, Pair, Product
from lab.processes import Child, child, free_port, wait_until
from lab.slack import Control
from lab.tables import Source, Step, Tables, sample_shop, silently
from lab.tls import Authority

START_SECONDS: Final = 30
SLACK_TOKEN: Final = "xoxb-lab-token"
API_TOKEN: Final = "lab-api-token"
# The names of the webhook secrets, and the stand-in's channels that the webhooks post to.
WEBHOOKS: Final = {"orders": "ORDERS", "payments": "PAYMENTS", "support": "OPS", "fallback": "FALLBACK"}

_VARIABLES: Final = {
    "STAGE": "Stage",
    "DATABASES": "Databases",
    "APIS": "Apis",
    "SLACK": "Slack",
}


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """The running parts. `page` is the URL that shows Slack in a browser; `parameters` are those for template.yaml."""

    folder: Path
    aws: Aws
    slack: Control
    page: str
    api: RunningApi
    tables: Tables
    parameters: Mapping[str, str]
    processes: Mapping[str, Child | None]

    @property
    def database(self) -> Pair:
        """The cloud's own database servers. Raises LookupError if its function reads another database."""
        if not self.tables.pair:
            raise LookupError("this cloud has no database of its own")
        return self.tables.pair

    def ended(self) -> str:
        """Return the names of the parts whose process has ended, each with the end of its log; empty if all run."""
        pair = self.tables.pair
        servers = [pair.primary, pair.replica] if pair else []
        gone = [say("The {name} database has ended.", name=server.name) for server in servers if not server.running]
        gone += [
            say("{name} has ended (status {status}).", name=name, status=process.status) + process.log_tail()
            for name, process in self.processes.items()
            if process and not process.running
        ]
        return "\n".join(gone)

    def build(self, templates: Path | None = None) -> Path:
        """Build the application with the real `sam build`, and return the built template."""
        return sam.build(self.folder, templates=templates)

    def deploy(self, template: Path, stack: str = "notifier", **changes: str) -> dict[str, str]:
        """Deploy a built template with the real `sam deploy` and changed parameters. Return the stack's outputs."""
        return sam.deploy(self.aws, template, {**self.parameters, **changes}, folder=self.folder, stack=stack)

    def environment(self, catalog: Path, **changes: str) -> dict[str, str]:
        """Return the function's environment variables, to run it here without a deployment."""
        queue = self.aws.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
        given = {f"NOTIFIER_{variable}": self.parameters[name] for variable, name in _VARIABLES.items()}
        return {
            **self.aws.env,
            **given,
            "NOTIFIER_DEAD_LETTER_QUEUE_URL": queue,
            "NOTIFIER_STATE_TABLE": self.aws.create_state_table("state"),
            "NOTIFIER_CATALOG": str(catalog),
            "POWERTOOLS_SERVICE_NAME": "notifier",
            **changes,
        }


@contextmanager
def local_cloud(
    folder: Path, step: Step = silently, product: Product = MARIADB, source: Source = sample_shop
) -> Iterator[LocalCloud]:
    """Start every part, and end them all with the block or with this process.

    `product` is the kind of database, and `source` where its tables come from.
    """
    authority = Authority.create(folder / "tls")
    with ExitStack() as parts:
        tables = parts.enter_context(source(folder, authority, step, product))
        with step(say("Starting Slack, the sample API and AWS")):
            slack, page, standin = parts.enter_context(_slack(folder, authority))
            api = parts.enter_context(
                running_api(folder / "api.log", required_header=f"Authorization=Bearer {API_TOKEN}")
            )
            aws = parts.enter_context(running_aws(folder))
        _store_secrets(aws, slack, tables.logins)
        network = aws.create_network()
        parameters = {
            "Stage": "demo",
            "SubnetIds": ",".join(network.subnets),
            "SecurityGroupIds": network.security_group,
            "Databases": tables.databases,
            "Apis": f"default={api.url};header=Authorization",
            "Slack": f"bot;api={slack.url}/api/;ca={authority.ca}",
        }
        processes = {"Slack": standin, "The sample API": api.process, "The local AWS": aws.process}
        yield LocalCloud(folder, aws, slack, page, api, tables, parameters, processes)


@contextmanager
def _slack(folder: Path, authority: Authority) -> Iterator[tuple[Control, str, Child]]:
    """Run the Slack stand-in, and yield its control, the URL of its page, and its process."""
    certificate = authority.issue("slack", "localhost", "127.0.0.1")
    port, page, log = free_port(), free_port(), folder / "slack.log"
    command = [sys.executable, "-m", "lab.slack", "--port", str(port)]
    command += ["--cert", str(certificate.cert), "--key", str(certificate.key), "--plain-port", str(page)]
    with child(command, cwd=sam.ROOT, log=log) as process:
        slack = Control(f"https://localhost:{port}", authority.ca)
        try:
            wait_until(slack.healthy, "Slack", START_SECONDS, process)
            yield slack, f"http://127.0.0.1:{page}/", process
        finally:
            slack.close()


def _store_secrets(aws: Aws, slack: Control, logins: Mapping[str, str]) -> None:
    """Store the function's credentials in Secrets Manager. A name that begins with / is the full name of the secret."""
    stored = {"slack-token": SLACK_TOKEN, "apis/default": API_TOKEN, **logins}
    for name, channel in WEBHOOKS.items():
        stored[f"webhooks/{name}"] = f"{slack.url}/services/T0LAB/B0LAB{channel}/lab-secret"
    client = aws.client("secretsmanager")
    for name, value in stored.items():
        whole = name.removeprefix("/") if name.startswith("/") else f"notifier/{name}"
        client.create_secret(Name=whole, SecretString=value)
