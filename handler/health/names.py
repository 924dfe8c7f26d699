"""Check the host names that the function looks up: Slack's, the databases', and those of AWS's services."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import urlsplit

from handler import aws
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS
from handler.errors import NotifierError
from handler.health.model import Check, Subject, attempt

_SHOWN = 4


def checks(subject: Subject) -> Iterator[Check]:
    """Look up each name once, in the same way as the function does. The names of APIs are checked with the APIs."""
    slack = subject.settings.slack
    host = urlsplit(slack.proxy or slack.api_url).hostname or ""
    yield attempt("name of Slack", lambda: _by_system(host, "SLACK_UNAVAILABLE"))
    for database in subject.settings.databases.values():
        yield attempt(f"name of database {database.name}", partial(_by_resolver, database.host))
    services = ["dynamodb", subject.settings.secrets.store, *(["sqs"] if subject.settings.queue_url else [])]
    for service in services:
        yield attempt(f"name of {service}", partial(_service, service))


def _service(service: str) -> str:
    endpoint = urlsplit(aws.client(service).meta.endpoint_url)
    return _by_system(endpoint.hostname or "", "CONFIG_UNAVAILABLE")


def _by_resolver(host: str) -> str:
    return f"{host}: {_shown(CachedNames(DNS).addresses(host))}"


def _by_system(host: str, code: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise NotifierError(code, f"{host} cannot be resolved: the DNS, or a firewall for names") from None
    return f"{host}: {_shown(str(address[0]) for *_, address in found)}"


def _shown(addresses: Iterable[str]) -> str:
    unique = list(dict.fromkeys(addresses))
    return ", ".join(unique[:_SHOWN]) + (", …" if len(unique) > _SHOWN else "")
