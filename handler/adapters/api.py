"""Reads JSON documents from HTTP APIs: GET only, bounded in time and size, at addresses that only the deployment gives.

A template chooses the path below an API's base, never the host, and nothing that it can say leads above the base.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from handler.adapters import api_answers
from handler.adapters.credential import Credential
from handler.adapters.http_connection import ExchangeError
from handler.adapters.http_exchange import Answer, Deadline, Exchange, Limits
from handler.errors import SourceError, TemplateError
from handler.model import ApiAddress, Value
from handler.ports import Secrets

# For one lookup, with its second attempts.
LIMITS: Final = Limits(connect=1.0, total=3.0, size=262_144)

_SECRET: Final = re.compile(r"[!-~]+( [!-~]+)*")
# Visible ASCII, but neither what begins a fragment nor what some servers read as a slash.
_PATH: Final = re.compile(r"/[!\"$-\[\]-~]*")

Tls = Callable[[str], ssl.SSLContext]


class HttpApis:
    """The APIs of a deployment, by name. Each keeps one connection: it is for one thread."""

    def __init__(
        self, addresses: Mapping[str, ApiAddress], secrets: Secrets, tls: Tls, limits: Limits = LIMITS
    ) -> None:
        """`tls` makes the context for an API's CA file. The addresses are as handler/settings.py lets them pass."""
        self._apis = {name: _HttpApi(address, secrets, tls, limits) for name, address in addresses.items()}

    def get(self, api: str, path: str) -> Value:
        """GET `path`, percent-encoded and beginning with a slash, below the API's base, and return the document.

        Raises SourceError (API_*), TemplateError (TEMPLATE_URL), ConfigError.
        """
        if api not in self._apis:
            raise SourceError("API_UNKNOWN", f"{api}; deployed: {', '.join(sorted(self._apis)) or 'none'}")
        return self._apis[api].get(path)


class _HttpApi:
    """One API. Its TLS context and its secret are read when the first template asks for it."""

    def __init__(self, address: ApiAddress, secrets: Secrets, tls: Tls, limits: Limits) -> None:
        self._address = address
        self._tls = tls
        self._limits = limits
        self._secret = Credential(secrets, f"apis/{address.name}", _SECRET, "one line of visible ASCII")

    def get(self, path: str) -> Value:
        _check_path(self._address.name, path)
        deadline = Deadline.after(self._limits.total)
        if not self._address.header:
            return self._fetch(path, {}, deadline)
        return self._secret.use(lambda secret: self._fetch(path, self._authority(secret), deadline), "API_DENIED")

    def _authority(self, secret: str) -> dict[str, str]:
        bare_token = self._address.header.lower() == "authorization" and " " not in secret
        return {self._address.header: f"Bearer {secret}" if bare_token else secret}

    def _fetch(self, path: str, authority: Mapping[str, str], deadline: Deadline) -> Value:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **authority}
        if self._address.host:
            headers["Host"] = self._address.host
        try:
            answer = self._send(self._address.url.rstrip("/") + path, headers, deadline)
        except ExchangeError as error:
            raise api_answers.broken_off(self._address.name, error) from None
        return api_answers.document(self._address.name, answer)

    def _send(self, url: str, headers: Mapping[str, str], deadline: Deadline) -> Answer:
        try:
            return self._exchange.send("GET", url, headers, deadline=deadline)
        except ExchangeError as error:
            if not error.kept:
                raise
        # The one kept connection was dead and is gone, so that this opens a new one; a GET may be sent again.
        return self._exchange.send("GET", url, headers, deadline=deadline)

    @cached_property
    def _exchange(self) -> Exchange:
        context = self._tls(self._address.ca) if self._address.url.startswith("https:") else None
        # The certificate must name the API by its logical name, where the address is only a way there.
        return Exchange(context, self._limits, connections=1, server_name=self._address.host.partition(":")[0])


def _check_path(api: str, path: str) -> None:
    """Refuse what a server, or a proxy before it, could read as a way out of the base: also `%2e%2e` and `..;`."""
    steps = re.split(r"[/\\]", unquote(path.partition("?")[0]))
    if not _PATH.fullmatch(path) or any(step.partition(";")[0] in {".", ".."} for step in steps):
        raise TemplateError("TEMPLATE_URL", f"{api}: a path begins with /, is percent-encoded, and has no . or ..")
