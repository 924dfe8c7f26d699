"""`srv://service.namespace`, `srv://_api._tcp.name`: each SRV record is an instance with its own port."""

from __future__ import annotations

import re
import time
from typing import Final

from handler.addresses import Origin
from handler.discovery.dns import Dns, SrvRecord
from handler.discovery.uri import Path, Uri
from handler.frozen import frozen
from handler.instances import Endpoint, Listing, ResolveError, ResolveFailure
from handler.problems import together

# `namespace/service` as in cloudmap://. A name has a service before its zone, so most names have two dots or more. If a
# name has fewer, a slash at the end marks a base path.
_OTHER_FORM: Final = re.compile(r"srv://((?!_)[^./]+(?:\.[^./]+)?)/([^/]+)")


@frozen
class SrvRecords:
    """The SRV records of a name, and the addresses of their targets.

    A lower priority is tried first. Weights are ignored: AWS Cloud Map gives all records the same weight, and an
    environment makes one request at a time.
    """

    dns: Dns
    name: str

    def resolve(self, seconds: float) -> Listing:
        """Return an endpoint for each target that has an address. Raises ResolveError."""
        until = time.monotonic() + seconds
        services, ttl = self.dns.srv(self.name, seconds)
        endpoints: list[Endpoint] = []
        trouble = ResolveError(ResolveFailure.EMPTY, f"SRV {self.name}")
        for service in services:
            try:
                addresses = service.addresses or self._addresses(service, until)
            except ResolveError as error:  # a task that has just stopped must not hide the others
                trouble = error
                continue
            endpoints += [Endpoint(service.target, host, service.port, service.priority) for host in addresses]
        if not endpoints:
            raise trouble
        return Listing(tuple(endpoints), ttl)

    def _addresses(self, service: SrvRecord, until: float) -> tuple[str, ...]:
        left = until - time.monotonic()
        if left <= 0:
            raise ResolveError(ResolveFailure.TIMEOUT, f"A {service.target}")
        return self.dns.addresses(service.target, left)[0]


def services(dns: Dns) -> Path:
    """Return the reader of srv:// addresses."""

    def read(uri: Uri) -> Origin:
        together(
            lambda: uri.allow_options("host", "scheme"),
            lambda: _name(uri),
            lambda: uri.instance_scheme,
            lambda: uri.authority,
        )
        return Origin(uri.text, SrvRecords(dns, uri.host), uri.instance_scheme, uri.authority, uri.path.rstrip("/"))

    return read


def _name(uri: Uri) -> None:
    if uri.port or uri.query:
        raise ValueError("write srv://service.namespace or srv://_api._tcp.name, without a port: the records carry it")
    if other := _OTHER_FORM.fullmatch(uri.text):
        right = f"srv://{other[2]}.{other[1]}"
        raise ValueError(f"write {right}; or, where every path begins with /{other[2]}, {uri.text}/")
