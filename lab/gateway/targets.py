"""The tasks behind the gateway, found through Cloud Map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.gateway.signature import Account

SECONDS: Final = 2.0


class NoTargetError(Exception):
    """No task is registered, or the registry could not be asked."""


class Targets:
    """One service of a namespace. It is looked up for each request: AWS does not document what API Gateway caches.

    Only healthy instances are used: "API Gateway distributes requests across healthy resources".
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
    """

    def __init__(self, registry: str, namespace: str, service: str, region: str) -> None:
        self._question = {"NamespaceName": namespace, "ServiceName": service, "HealthStatus": "HEALTHY"}
        self._turns: Counter[frozenset[tuple[str, str]]] = Counter()
        account = Account()  # the lab's registry accepts any credentials
        self._client: Any = boto3.client(
            "servicediscovery",
            endpoint_url=registry,
            region_name=region,
            aws_access_key_id=account.access_key,
            aws_secret_access_key=account.secret_key,
            config=Config(
                proxies={},
                inject_host_prefix=False,
                retries={"total_max_attempts": 1},
                connect_timeout=SECONDS,
                read_timeout=SECONDS,
            ),
        )

    def next(self, attributes: Mapping[str, str]) -> str:
        """Return the address and port of the next task with these attributes (round robin). Blocks.

        Raises NoTargetError.
        """
        try:
            instances = self._client.discover_instances(**self._question, QueryParameters=attributes)["Instances"]
        except (BotoCoreError, ClientError) as error:
            raise NoTargetError from error
        found = sorted(target for one in instances if (target := _target(one["Attributes"])))
        if not found:
            raise NoTargetError
        asked_for = frozenset(attributes.items())
        self._turns[asked_for] += 1
        return found[self._turns[asked_for] % len(found)]


def _target(attributes: dict[str, str]) -> str:
    address, port = attributes.get("AWS_INSTANCE_IPV4"), attributes.get("AWS_INSTANCE_PORT")
    return f"{address}:{port}" if address and port else ""
