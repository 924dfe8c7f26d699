"""Reads JSON documents from HTTP APIs: GET only, bounded in time and size, at addresses that only the deployment gives.

A template chooses the path below an API's base, never the host, and nothing that it can say leads above the base.
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
from handler.adapters import api_answers
from handler.adapters.balanced import MAX_PARALLEL, Balanced, Reply
from handler.adapters.credential import Credential
from handler.adapters.http_exchange import Deadline, Exchange, Limits
from handler.addresses import ApiAddress
from handler.api_path import stays_below
from handler.discovery.endpoints import Endpoints
from handler.errors import SourceError, TemplateError
from handler.instances import ResolveError
from handler.model import Value
from handler.ports import Secrets

# For one lookup, with its second attempts. To find the instances takes up to a second more (discovery/cache.py).
LIMITS: Final = Limits(connect=1.0, total=3.0, size=262_144)

# What the secret of an API matches, and that in words.
HEADER_VALUE: Final = (re.compile(r"[!-~]+( [!-~]+)*"), "one line of visible ASCII")

Tls = Callable[[str], ssl.SSLContext]
Report = Callable[[str, Mapping[str, int]], None]
Observe = Callable[[Reply], None]
T = TypeVar("T")


def unheard(api: str, counts: Mapping[str, int]) -> None:
    """A report that nobody reads."""


def unseen(reply: Reply) -> None:
    """An observer that does not look."""


class HttpApis:
    """The APIs of a deployment, by name. Each keeps one connection to an instance: it is for one thread."""

    def __init__(
        self,
        addresses: Mapping[str, ApiAddress],
        secrets: Secrets,
        tls: Tls,
        limits: Limits = LIMITS,
        report: Report = unheard,
        observe: Observe = unseen,
    ) -> None:
        """`tls` makes the context for an API's CA file. The addresses are as handler/settings lets them pass.

        `report` is told after each invocation what discovery did for an API, in the words of discovery/endpoints.py.
        `observe` is given each reply that `get` takes for the API's, before the document is read out of it.
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

        Raises SourceError (API_*) where none has a document, TemplateError (TEMPLATE_URL), ConfigError.
        """
        return self._api(api).get_all(path)

    @contextmanager
    def invocation(self) -> Iterator[Callable[[str], None]]:
        """Yield what begins to find the instances of an API ahead of its use; nothing of that outlives the block."""
        try:
            yield self._ahead
        finally:
            for name, api in self._apis.items():
                api.endpoints.settle()
                if counts := api.endpoints.counted():
                    self._report(name, counts)

    def _ahead(self, api: str) -> None:
        if api in self._apis:
            self._apis[api].endpoints.ahead()

    def _api(self, name: str) -> _HttpApi:
        if name not in self._apis:
            raise SourceError("API_UNKNOWN", f"{name}; deployed: {', '.join(sorted(self._apis)) or 'none'}")
        return self._apis[name]


class _HttpApi:
    """One API. Its TLS context and its secret are read when the first template asks for it."""

    def __init__(self, address: ApiAddress, secrets: Secrets, tls: Tls, limits: Limits, observe: Observe) -> None:
        self._address = address
        self._tls = tls
        self._limits = limits
        self._observe = observe
        # A 403 may be about one path, which must not keep the others waiting.
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
        """Fetch the path, as it has to be written, with the headers that the API asks for."""
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
        # As urllib3 will send it: it writes %e3 as %E3, and encodes what may not stand in a URL.
        url = parse_url(f"{origin.scheme}://{origin.authority}{origin.base}{target}").url
        try:
            return aws.signed(url, headers, origin.sign, origin.region)
        except aws.failures() as error:
            raise SourceError("API_DENIED", f"{self._address.name}: not signed, {aws.reason(error)}") from None

    @cached_property
    def _instances(self) -> Balanced:
        origin = self._address.origin
        context = self._tls(self._address.ca) if origin.scheme == "https" else None
        # The certificate must name the API by its logical name, where the address is only a way there.
        name = re.sub(r":\d+$", "", origin.authority).strip("[]")
        exchange = Exchange(context, self._limits, connections=1, hosts=4 * MAX_PARALLEL, server_name=name)
        return Balanced(self._address, self.endpoints, exchange)


def _check_path(api: str, path: str) -> None:
    if not stays_below(path):
        raise TemplateError("TEMPLATE_URL", f"{api}: a path begins with /, is percent-encoded, and has no . or ..")
