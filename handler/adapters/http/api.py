"""Reads JSON documents from HTTP APIs: GET only, limited in time and size, at addresses that only the deployment sets.

A template chooses the path below an API's base. It cannot choose the host, and no path can lead above the base.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Final, TypeVar

from urllib3.util import parse_url

from handler import aws
from handler.adapters.credential import Credential
from handler.adapters.http import api_answers
from handler.adapters.http.exchange import Deadline, Exchange, Limits
from handler.adapters.http.load_balancing import MAX_PARALLEL, LoadBalancer, Reply
from handler.addresses import ApiAddress
from handler.api_path import stays_below
from handler.discovery.endpoints import Endpoints
from handler.errors import SourceError, TemplateError
from handler.instances import ResolveError
from handler.model import Value
from handler.ports import Secrets

# For one lookup, including retries. Finding the instances takes up to a second more (discovery/cache.py).
LIMITS: Final = Limits(connect=1.0, total=3.0, size=262_144)

# The pattern of an API's secret, and its description.
HEADER_VALUE: Final = (re.compile(r"[!-~]+( [!-~]+)*"), "one line of visible ASCII")

Tls = Callable[[str], ssl.SSLContext]
Report = Callable[[str, Mapping[str, int]], None]
Observe = Callable[[Reply], None]
T = TypeVar("T")


def ignore_report(api: str, counts: Mapping[str, int]) -> None:
    """Discard a report."""


def ignore_reply(reply: Reply) -> None:
    """Discard a reply."""


class HttpApis:
    """The APIs of a deployment, by name. Each keeps one connection per instance. For one thread."""

    def __init__(
        self,
        addresses: Mapping[str, ApiAddress],
        secrets: Secrets,
        tls: Tls,
        limits: Limits = LIMITS,
        report: Report = ignore_report,
        observe: Observe = ignore_reply,
    ) -> None:
        """Use addresses that handler/settings has validated. `tls` makes the context for an API's CA file.

        `report` is called after each invocation with what discovery did for an API (Endpoints.take_counts). `observe`
        is called with each reply that `get` accepts as the API's, before the document is read from it.
        """
        self._report = report
        self._apis = {name: _HttpApi(address, secrets, tls, limits, observe) for name, address in addresses.items()}

    def get(self, api: str, path: str) -> Value:
        """GET `path`, percent-encoded and beginning with a slash, below the API's base, and return the document.

        Raises SourceError (API_*), TemplateError (TEMPLATE_URL), ConfigError.
        """
        return self._api(api).get(path)

    def get_all(self, api: str, path: str) -> list[Value]:
        """GET `path` from every instance; return for each its `instance` id, and its `document` or `error` code.

        Raises SourceError (API_*) if no instance returns a document, TemplateError (TEMPLATE_URL), ConfigError.
        """
        return self._api(api).get_all(path)

    @contextmanager
    def invocation(self) -> Iterator[Callable[[str], None]]:
        """Yield a function that starts to look up the instances of an API early. All look-ups end with the block."""
        try:
            yield self._prefetch
        finally:
            for name, api in self._apis.items():
                api.endpoints.join()
                if counts := api.endpoints.take_counts():
                    self._report(name, counts)

    def _prefetch(self, api: str) -> None:
        if api in self._apis:
            self._apis[api].endpoints.prefetch()

    def _api(self, name: str) -> _HttpApi:
        if name not in self._apis:
            raise SourceError("API_UNKNOWN", f"{name}; deployed: {', '.join(sorted(self._apis)) or 'none'}")
        return self._apis[name]


class _HttpApi:
    """One API. Its TLS context and its secret are loaded at its first request."""

    def __init__(self, address: ApiAddress, secrets: Secrets, tls: Tls, limits: Limits, observe: Observe) -> None:
        self._address = address
        self._tls = tls
        self._limits = limits
        self._observe = observe
        # A 403 may concern only one path; it must not block the others.
        self._secret = Credential(secrets, f"apis/{address.name}", *HEADER_VALUE, hold=0.0)
        self.endpoints = Endpoints(address.origin.resolver)

    def get(self, path: str) -> Value:
        def fetched(target: str, headers: Mapping[str, str]) -> Value:
            reply = self._instances.get(target, headers, Deadline.after(self._limits.total))
            self._observe(reply)
            return api_answers.document(self._address, reply)

        return self._authorised(path, fetched)

    def get_all(self, path: str) -> list[Value]:
        def fetched(target: str, headers: Mapping[str, str]) -> list[Value]:
            replies = self._instances.get_all(target, headers, Deadline.after(self._limits.total))
            return api_answers.documents(self._address, replies)

        return self._authorised(path, fetched)

    def _authorised(self, path: str, fetch: Callable[[str, Mapping[str, str]], T]) -> T:
        """Fetch the path, encoded and signed as needed, with the headers that the API requires."""
        _check_path(self._address.name, path)
        origin = self._address.origin
        target = aws.signable(path) if origin.sign else path

        def attempt(headers: Mapping[str, str]) -> T:
            return fetch(target, self._signed(target, headers) if origin.sign else headers)

        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Host": origin.authority}
        try:
            if not self._address.header:
                return attempt(headers)
            return self._secret.use(lambda secret: attempt({**headers, **self._authority(secret)}), "API_DENIED")
        except ResolveError as error:
            raise api_answers.unresolved(self._address, error) from None

    def _authority(self, secret: str) -> dict[str, str]:
        bare_token = self._address.header.lower() == "authorization" and " " not in secret
        return {self._address.header: f"Bearer {secret}" if bare_token else secret}

    def _signed(self, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        origin = self._address.origin
        # Sign the URL as urllib3 will send it: it writes %e3 as %E3, and encodes characters that a URL may not have.
        url = parse_url(f"{origin.scheme}://{origin.authority}{origin.base}{target}").url
        try:
            return aws.signed(url, headers, origin.sign, origin.region)
        except aws.failures() as error:
            raise SourceError("API_DENIED", f"{self._address.name}: not signed, {aws.reason(error)}") from None

    @cached_property
    def _instances(self) -> LoadBalancer:
        origin = self._address.origin
        context = self._tls(self._address.ca) if origin.scheme == "https" else None
        # The certificate must contain the API's logical name; the address only locates an instance.
        name = re.sub(r":\d+$", "", origin.authority).strip("[]")
        exchange = Exchange(context, self._limits, connections=1, hosts=4 * MAX_PARALLEL, server_name=name)
        return LoadBalancer(self._address, self.endpoints, exchange)


def _check_path(api: str, path: str) -> None:
    if not stays_below(path):
        raise TemplateError("TEMPLATE_URL", f"{api}: a path begins with /, is percent-encoded, and has no . or ..")
