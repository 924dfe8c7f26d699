"""Check each API: which instances are found, and which of them accept a connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from handler.adapters import tls
from handler.adapters.http import api_answers
from handler.adapters.http.api import HttpApis
from handler.addresses import ApiAddress
from handler.errors import NotifierError
from handler.health.model import Check, Subject, attempt, failed
from handler.instances import Endpoint, ResolveError

RESOLVE_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 1.0
# Maximum number of instances to connect to.
ASKED: Final = 10


def checks(subject: Subject) -> Iterator[Check]:
    """Look up each API's instances without a cache and connect to them; report APIs that are not deployed."""
    yield from subject.undeployed("API", "API_UNKNOWN", subject.settings.apis)
    for address in subject.settings.apis.values():
        yield attempt(f"API {address.name}", partial(_api, subject, address))


def _api(subject: Subject, address: ApiAddress) -> Check | str:
    try:
        listing = address.origin.resolver.resolve(RESOLVE_SECONDS)
        found = listing.found()
    except ResolveError as error:
        check = failed(f"API {address.name}", api_answers.unresolved(address, error))
        return replace(check, remedy=error.remedy or check.remedy)
    silent = {one: why for one in found[:ASKED] if (why := _connection_failure(address, one))}
    seen = f"{len(found)} found by {address.origin.text.partition('://')[0]}: " + ", ".join(
        f"{one.host}:{one.port}" for one in found[:ASKED]
    )
    if not silent and listing.left_out:
        cause = f"{listing.left_out} more are registered without an address or a port, and are never asked"
        remedy = "register them with AWS_INSTANCE_IPV4 and AWS_INSTANCE_PORT, or write ;port= in Apis"
        return Check(f"API {address.name}", "warning", seen, cause, remedy)
    if not silent:
        _check_identity(subject, address)
        return seen
    failures = ", ".join(f"{one.host}:{one.port} ({why})" for one, why in silent.items())
    all_failed = len(silent) == min(len(found), ASKED)
    remedy = "check that its tasks run, its port in Apis, and the security groups: the function's out, the API's in"
    return Check(
        f"API {address.name}", "failed" if all_failed else "warning", seen, f"no answer from {failures}", remedy
    )


def _check_identity(subject: Subject, address: ApiAddress) -> None:
    """Request the base path, and check that the answer has the identity. Raises SourceError (API_WRONG_SERVICE)."""
    if not address.identity[0]:
        return
    apis = HttpApis({address.name: address}, subject.secrets, tls.context)
    try:
        with apis.invocation():
            apis.get(address.name, "/")
    except NotifierError as error:
        if error.code == "API_WRONG_SERVICE":
            raise


def _connection_failure(address: ApiAddress, endpoint: Endpoint) -> str:
    """Return why an instance accepts no connection (with TLS if the API uses it); empty if it accepts one."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), CONNECT_SECONDS) as connection:
            if address.origin.scheme == "https":
                host = address.origin.authority.rpartition("]")[2].partition(":")[0] or endpoint.host
                with tls.context(address.ca).wrap_socket(connection, server_hostname=host):
                    return ""
    except OSError as error:
        return str(getattr(error, "verify_message", "") or error.strerror or type(error).__name__)
    return ""
