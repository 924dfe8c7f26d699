"""Secrets from AWS Secrets Manager or SSM Parameter Store, cached for minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import field, replace
from functools import cached_property
from typing import Any, Final

from handler import aws
from handler.addresses import SecretsAddress
from handler.errors import ConfigError
from handler.frozen import frozen

# A rotated secret is used after at most so many seconds, or at once if the old one is refused (`fresh`).
MAX_AGE_SECONDS: Final = 300
# While the store is down, the last known value is used for up to an hour: most outages are shorter, and few rotations
# are urgent. The store is asked again every half minute, not before each use.
MAX_STALE_SECONDS: Final = 3600
RETRY_SECONDS: Final = 30

# Errors about the secret, as opposed to failures of the store: after one of these the cached value is dropped.
_REFUSALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidRequestException",  # marked for deletion
        "ParameterNotFound",
        "ResourceNotFoundException",
    }
)
_JSON_WHITESPACE: Final = dict.fromkeys(map(ord, "\t\n\r"))


class _StoreDownError(ConfigError):
    """The store did not answer, or failed."""


@frozen
class _CachedSecret:
    """A value, when it was read, and until when it is used without reading it again; seconds of the clock."""

    value: str = field(repr=False)
    read_at: float
    use_until: float


class SecretStore:
    """ports.Secrets. A secret `name` is `<prefix>/<name>` in Secrets Manager, and `/<prefix>/<name>` in SSM.

    A name that begins with a / is the secret's full name in the store after this /, without the prefix.

    Thread-safe. It uses the wall clock, which keeps running while the execution environment is frozen.
    """

    def __init__(self, address: SecretsAddress, clock: Callable[[], float] = time.time) -> None:
        self._kind = address.store
        self._prefix = address.prefix
        self._clock = clock
        self._cache: dict[str, _CachedSecret] = {}
        self._reading = threading.Lock()

    def get(self, name: str, *, fresh: bool = False) -> str:
        """Return the secret, which is at most 300 s old, or up to an hour while the store is down.

        `fresh` always reads from the store and never returns a cached value, because that one was refused.
        Raises ConfigError (CONFIG_UNAVAILABLE, CONFIG_SECRET_FORMAT).
        """
        with self._reading:
            known = None if fresh else self._cache.get(name)
            now = self._clock()
            if known and now < known.use_until:
                return known.value
            try:
                value = self._read(name)
            except _StoreDownError:
                if not known or now - known.read_at >= MAX_STALE_SECONDS:
                    raise
                self._cache[name] = replace(known, use_until=now + RETRY_SECONDS)
                return known.value
            except ConfigError:
                self._cache.pop(name, None)
                raise
            self._cache[name] = _CachedSecret(value, read_at=now, use_until=now + MAX_AGE_SECONDS)
            return value

    def _read(self, name: str) -> str:
        path = self._path(name)
        try:
            value = self._fetch(path)
        except aws.failures() as error:
            raise _unavailable(path, error) from None
        return _text(path, value)

    def _path(self, name: str) -> str:
        if name.startswith("/"):
            return name.removeprefix("/")
        return f"{self._prefix}/{name}" if self._kind == "secretsmanager" else f"/{self._prefix}/{name}"

    def _fetch(self, path: str) -> object:
        if self._kind == "ssm":
            return self._client.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
        return self._client.get_secret_value(SecretId=path).get("SecretString")  # a binary secret has none

    @cached_property
    def _client(self) -> Any:
        return aws.client(self._kind)


def _unavailable(path: str, error: BaseException) -> ConfigError:
    reason = aws.reason(error)
    kind = ConfigError if reason in _REFUSALS else _StoreDownError
    return kind("CONFIG_UNAVAILABLE", f"secret {path}: {reason}")


def _text(path: str, value: object) -> str:
    """Return the secret without the white space around it, which editors and `echo` add. JSON may have lines."""
    text = value.strip() if isinstance(value, str) else ""
    shown = text.translate(_JSON_WHITESPACE) if text.startswith("{") else text
    if not text or not shown.isprintable():
        raise ConfigError("CONFIG_SECRET_FORMAT", f"secret {path}: it is empty, binary, or has a control character")
    return text
