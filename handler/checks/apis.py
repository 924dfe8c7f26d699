"""Each API: who is found by its path, and which of them takes a connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from typing import Final

from handler.adapters import api_answers, tls
from handler.checks.model import Check, Subject, attempt
from handler.discovery.model import ApiAddress, Endpoint, ResolveError

RESOLVE_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 1.0
# More are found, and not all of them asked.
ASKED: Final = 10


def checks(subject: Subject) -> Iterator[Check]:
    """Find each API's instances anew, past every cache, and knock at each."""
    for address in subject.settings.apis.values():
        yield attempt(f"API {address.name}", partial(_api, address))


def _api(address: ApiAddress) -> Check | str:
    try:
        found = address.origin.resolver.resolve(RESOLVE_SECONDS).endpoints
    except ResolveError as error:
        raise api_answers.unresolved(address, error) from None
    silent = {one: why for one in found[:ASKED] if (why := _knock(address, one))}
    seen = f"{len(found)} found by {address.origin.text.partition('://')[0]}: " + ", ".join(
        f"{one.host}:{one.port}" for one in found[:ASKED]
    )
    if not silent:
        return seen
    told = ", ".join(f"{one.host}:{one.port} ({why})" for one, why in silent.items())
    everyone = len(silent) == min(len(found), ASKED)
    remedy = "check that its tasks run, its port in Apis, and the security groups: the function's out, the API's in"
    return Check(f"API {address.name}", "failed" if everyone else "warning", seen, f"no answer from {told}", remedy)


def _knock(address: ApiAddress, endpoint: Endpoint) -> str:
    """Why an instance does not take a connection, with TLS where that is spoken; empty where it does."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), CONNECT_SECONDS) as connection:
            if address.origin.scheme == "https":
                host = address.origin.authority.rpartition("]")[2].partition(":")[0] or endpoint.host
                with tls.context(address.ca).wrap_socket(connection, server_hostname=host):
                    return ""
    except OSError as error:
        return str(getattr(error, "verify_message", "") or error.strerror or type(error).__name__)
    return ""
